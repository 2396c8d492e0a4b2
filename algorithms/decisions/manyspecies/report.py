"""What is said of many species: sentences and a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ...support.reports import html
from ...support.reports.maps import Map
from ...support.run import palette
from .inputs import Reader
from .layers import OVERLAP, PERCENTILE_RAMP, SHARE_RAMP, SPECIES, Folders, key_cells, overlap_rows, species_rows

if TYPE_CHECKING:
    from ....core.decisions.species import Together
    from ...support.run.job import Job

_IN_MATRIX = 25
"""Species up to which the overlap is shown as a matrix; the table has all."""

_PAIRS = 40
"""Pairs that are listed otherwise: those that have most in common."""


def sentences(job: Job, reader: Reader, found: Together) -> Iterator[str]:
    """Yield what was found."""
    hectares, complement = reader.grid.cell_ha, found.complement
    ran, failed = len(found.ran), len(found.failed) + len(reader.failed)
    yield f"{ran} species have a network" + (f", {failed} have none (see the table)." if failed else ".")
    half = np.count_nonzero(found.share >= 0.5)
    held = np.count_nonzero(~np.isnan(found.share))
    yield (
        f"Corridors cover {held * hectares:,.1f} ha outside the sources of their species; {half * hectares:,.1f} ha of them "
        "are corridor for half of the species or more, by weight."
    )
    total = int(complement.alone.sum())
    links, picked = sum(int(kept.sum()) for kept in complement.kept), sum(int((t > 0).sum()) for t in complement.turn)
    yield (
        f"Complementary set: {complement.cells * hectares:,.1f} ha ({picked} corridors, with which {links} links of "
        f"{sum(kept.size for kept in complement.kept)} are kept) keep {job.number('KEEP'):g} % of the EC(PC) of every "
        f"species or more. Planned for each species by itself it would be {total * hectares:,.1f} ha in sum; all corridors "
        f"together cover {complement.every * hectares:,.1f} ha."
    )
    key, least = key_cells(job, found)
    if found.key.any():
        yield f"{np.count_nonzero(key) * hectares:,.1f} ha are key area for {least} species or more."


def species_page(job: Job, reader: Reader, folders: Folders, found: Together) -> str:
    """Return the report as one self-contained page."""
    grid, complement = reader.grid, found.complement
    hectares, names = grid.cell_ha, [reader.read[k].row.name for k in found.ran]
    cards = [
        (f"{len(names)}", "species with a network"),
        (f"{complement.cells * hectares:,.1f} ha", "complementary corridors"),
        (f"{int(complement.alone.sum()) * hectares:,.1f} ha", "sum of what each would need by itself"),
    ]
    parts = [html.cards(cards), *map(html.paragraph, sentences(job, reader, found))]
    rows = species_rows(reader, folders, found)
    parts += [html.warning(f"{row[0]} has no network: {row[-1]}") for row in rows if row[-1]]
    parts += _maps(reader, found)
    shown = [k for k, column in enumerate(SPECIES) if column.name not in ("failure", "folder")]
    parts += [
        html.heading("Species"),
        html.table([SPECIES[k].shown.heading for k in shown], [[row[k] for k in shown] for row in rows if not row[-1]]),
    ]
    groups = [reader.read[k].row.text("group") for k in found.ran]
    if any(groups):
        table = [(name or "(none)", *rest) for name, *rest in core.decisions.in_groups(groups, found)]
        headings = ["Group", "Species", "Mean Jaccard index within the group", "with all others"]
        parts += [html.heading("Groups"), html.table(headings, table)]
    parts += [html.heading("Overlap of the corridors"), *_overlap(reader, found, names)]
    parts += [
        html.heading("How to read it"),
        html.paragraph(
            "Current is compared as percentiles within each species: amperes of one are not comparable with those of "
            "another. The complementary set is chosen corridor by corridor, the largest gain for the smallest new area "
            "first; another set may be smaller. A link that lies wholly in corridors chosen for other species is kept with "
            "them."
        ),
    ]
    return html.page("Many species", f"{len(rows)} species on {grid.rows:,} x {grid.cols:,} cells.", parts)


def _maps(reader: Reader, found: Together) -> list[str]:
    grid = reader.grid
    maps = [("Share of the species for which a cell is corridor", found.share, SHARE_RAMP)]
    if found.percentile is not None:
        maps.append(("Mean percentile of the current within each species", found.percentile, PERCENTILE_RAMP))
    parts = []
    for title, values, ramp in maps:
        view = Map(grid).surface(values, ramp)
        scale = view.scale_bar()
        parts.append(
            html.figure(view.png(), f"{title}. The bar is {scale}.", (), [(title, ramp)], overlay=view.overlay())
        )
    if found.key.any():
        most = int(found.key.max())
        colours = palette.spread(palette.SCORE[1:], most)
        view = Map(grid).classes(found.key, [(k + 1, str(k + 1), colours[k]) for k in range(most)])
        scale = view.scale_bar()
        keys = [html.Key(f"{k + 1} species", colours[k]) for k in range(most)] if most <= 12 else []
        caption = f"Species for which a cell is key area. The bar is {scale}."
        parts.append(html.figure(view.png(), caption, keys, overlay=view.overlay()))
    return parts


def _overlap(reader: Reader, found: Together, names: list[str]) -> list[str]:
    if len(names) < 2:
        return [html.paragraph("There is a single species.")]
    if len(names) <= _IN_MATRIX:
        rows = [[name, *found.jaccard[k].tolist()] for k, name in enumerate(names)]
        caption = "Jaccard index: cells that both have, as a share of those that either has."
        return [html.table(["", *names], rows, caption=caption)]
    rows = sorted(overlap_rows(reader, found), key=lambda row: -np.nan_to_num(row[3]))[:_PAIRS]
    caption = f"The {len(rows)} pairs that have most in common; the table has all."
    return [html.table([column.shown.heading for column in OVERLAP], rows, caption=caption)]
