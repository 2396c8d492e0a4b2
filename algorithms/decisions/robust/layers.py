"""The layers and tables that 'robustness' writes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsWkbTypes

from .... import core
from ...support.inputs.linktable import link_lines
from ...support.io.fields import Shown
from ...support.io.rasterfiles import NO_AMOUNT
from ...support.io.tables import Column, columns
from ...support.io.vectors import numbered_polygons
from ...support.reports.robustness import SHARE_RAMP
from ...support.run import palette, styling
from ...support.run.layertree import UNSEEN
from .inputs import Asked

if TYPE_CHECKING:
    from ....core.decisions.robustness import Robustness
    from ...support.run.job import Job


def outputs_of_kinds() -> dict[str, str]:
    """Return the raster output of each kind of cells."""
    kinds = core.decisions
    return {
        kinds.PATH: "PATH_SHARE",
        kinds.CORRIDOR: "CORRIDOR_SHARE",
        kinds.PINCH: "PINCH_SHARE",
        kinds.BARRIER: "BARRIER_SHARE",
    }


def write_shares(job: Job, found: Robustness, asked: Asked) -> None:
    """Write the share of the runs in which each cell is of a kind; cells that never are have no data.

    Only the first is drawn at first: they lie on one another.
    """
    given = [kind for kind in found.shares if job.given(outputs_of_kinds()[kind])]
    for kind, share in found.shares.items():
        job.write_raster(
            outputs_of_kinds()[kind],
            np.where(share > 0, share, np.float32(np.nan)),
            asked.onto.grid,
            nodata=NO_AMOUNT,
            description=f"Share of the runs in which a cell is {kind}",
            style=styling.surface(SHARE_RAMP),
            place=None if kind in given[:1] else UNSEEN,
        )


def write_links(job: Job, found: Robustness, asked: Asked) -> None:
    """Write the links that some run had: those of the network along their path, others straight."""
    links = found.chain.network.links
    place = {tuple(pair): k for k, pair in enumerate(links.pairs.tolist())}
    paths = link_lines(links, asked.sources.geometries, asked.onto.grid)
    ids, shapes, rows = asked.sources.ids, asked.sources.geometries, []
    lines: list[QgsGeometry] = []
    for number, (a, b) in enumerate(found.links.pairs.tolist()):
        k = place.get((a, b))
        inside = k is not None and bool(links.active[k])
        lines.append(paths[k] if inside else shapes[a - 1].shortestLine(shapes[b - 1]))
        rows.append(
            [
                number + 1,
                ids[a - 1],
                ids[b - 1],
                inside,
                100.0 * found.links.share[number],
                links.cost[k] if inside else None,
                *found.links.cost[number],
                *np.round(found.links.rank[number]).astype(int),
            ]
        )
    names = columns(
        link_id=int,
        from_id=asked.sources.id_type,
        to_id=asked.sources.id_type,
        active=(bool, Shown("In the network as it was judged")),
        share=(float, Shown("Share of the runs", "%", 1)),
        cw_dist=float,
        cost_p5=float,
        cost_p50=float,
        cost_p95=float,
        rank_best=(int, Shown("Rank by centrality, best of 90 % of the runs")),
        rank_worst=(int, Shown("Rank by centrality, worst of 90 % of the runs")),
    )
    style = styling.categories(
        'CASE WHEN "share" >= 90 THEN 1 WHEN "share" >= 50 THEN 2 ELSE 3 END',
        [
            (1, "In nine runs of ten or more", styling.corridor_symbol(1, 3)),
            (2, "In half of the runs or more", styling.corridor_symbol(2, 3)),
            (3, "In fewer", styling.dropped_symbol()),
        ],
    )
    kind = QgsWkbTypes.Type.LineString
    job.write_features("OUTPUT_LINKS", names, rows, lines, kind, asked.onto.crs, style=style)


_LOOKS = {
    "pinch point": palette.PINCH,
    "barrier": palette.BARRIER,
    "corridor": palette.Mark(palette.BELT[1], palette.CORRIDORS[1], palette.WHITE),
}
"""By kind of cells; the first lies on top."""


def write_robust(job: Job, found: Robustness, asked: Asked) -> None:
    """Write the areas that are certain and likely, those of corridors outside the sources."""
    if not job.given("ROBUST"):
        return
    grid, rows, shapes = asked.onto.grid, [], []
    for kind in (one for one in _LOOKS if one in found.shares):
        share = found.shares[kind]
        if kind == core.decisions.CORRIDOR:  # which runs through the sources too
            share = np.where(asked.study.labels > 0, np.float32(0.0), share)
        areas = core.decisions.robust_areas(share)
        shapes += numbered_polygons(areas.labels, grid, job.monitor)
        for certain, share, cells in zip(areas.certain, areas.share, areas.cells):
            word = "certain" if certain else "likely"
            rows.append([len(rows) + 1, kind, word, 100.0 * share, cells * grid.cell_ha])
    names = columns(
        area_id=int,
        kind=str,
        certainty=str,
        share=(float, Shown("Mean share of the runs", "%", 1)),
        area_ha=float,
    )
    entries = []
    for kind, mark in _LOOKS.items():
        if kind in found.shares:
            pale = mark._replace(fill=tuple(255 - (255 - part) // 3 for part in mark.fill[:3]))
            entries.append((f"{kind} certain", f"{kind.capitalize()}, certain", styling.mark_symbol(mark, 0.15)))
            entries.append((f"{kind} likely", f"{kind.capitalize()}, likely", styling.mark_symbol(pale, 0.15)))
    style = styling.categories('"kind" || \' \' || "certainty"', entries)
    job.write_features("ROBUST", names, rows, shapes, QgsWkbTypes.Type.MultiPolygon, asked.onto.crs, style=style)


def run_columns(found: Robustness) -> list[Column]:
    """Return the columns of the table of runs: what each was computed with, and what came of it."""
    names = [Column("run", int)]
    for name in found.inputs:
        names.append(Column(_field(name), float, Shown(name.capitalize(), "", 4)))
    names.append(Column("cr", float))
    for name in found.outcomes:
        label, unit, decimals = _OUTCOMES[name]
        names.append(Column(label.lower().replace(" ", "_"), float, Shown(name.capitalize(), unit, decimals)))
    return names


def _field(name: str) -> str:
    """Return the name of the field of an input: letters, digits and underscores."""
    return re.sub(r"\W+", "_", name.replace(" of ", " ")).strip("_").lower()


_OUTCOMES = {
    "corridors in common": ("Jaccard corridors", "Jaccard", 3),
    "key areas in common": ("Jaccard key", "Jaccard", 3),
    "length": ("Length", "m", 0),
    "resistance": ("Resistance", "mean", 4),
    "equivalent area": ("EC PC ha", "ha", 1),
}
"""Name of the field, unit and decimals of each outcome."""


def write_tables(job: Job, found: Robustness) -> None:
    """Write a row for each run, and the bars of the tornado."""
    parts = [*found.inputs.values(), found.cr, *found.outcomes.values()]
    rows = [[k + 1, *map(_known, row)] for k, row in enumerate(np.column_stack(parts).tolist())]
    job.write_table("TABLE", run_columns(found), rows)
    enough = found.runs >= core.decisions.ENOUGH
    job.write_table(
        "TORNADO",
        columns(
            outcome=str,
            input=str,
            coefficient=float,
            first_order=float,
            enough=bool,
        ),
        [[bar.outcome, bar.factor, _known(bar.coefficient), _known(bar.first_order), enough] for bar in found.bars],
    )


def _known(value: float) -> float | None:
    return None if value != value else value
