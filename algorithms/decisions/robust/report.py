"""The report of 'robustness'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ...support.reports import html
from ...support.reports.html import Key
from ...support.reports.maps import Map
from ...support.reports.robustness import NINE_OF_TEN, PLURALS, SHARE_RAMP, in_words, tornado_parts, what_varied
from ...support.run.palette import PALE_SOURCE
from .inputs import Asked

if TYPE_CHECKING:
    from ....core.decisions.robustness import Robustness
    from ...support.run.job import Job


def robustness_report(job: Job, found: Robustness, asked: Asked) -> str:
    """Return the report as one page."""
    grid = asked.onto.grid
    cards = [(f"{found.runs:,}", "runs" + (", ended by the tolerance" if found.settled else ""))]
    for kind, many in PLURALS.items():
        if kind in found.stayed and found.stayed[kind].size:
            kept, all_ = int(np.sum(found.stayed[kind] >= NINE_OF_TEN)), found.stayed[kind].size
            cards.append((f"{kept:,} of {all_:,}", f"{many} stay in nine runs of ten"))
            cards.append((f"{100 * found.certain[kind]:.0f} %", f"of the area of the {many} is certain"))
    parts = [html.cards(cards), html.heading("What stays")]
    for kind in (one for one in found.shares if one != core.decisions.PATH):
        parts.append(_share_map(found, asked, kind))
    parts.append(html.heading("In words"))
    parts += [html.paragraph(text) for text in in_words(found)]
    parts += [html.warning(text) for text in job.monitor.warnings]
    parts += tornado_parts(found)
    parts += [
        html.heading("Corridors"),
        _link_table(found, asked),
        html.heading("Sources"),
        _source_table(found, asked),
    ]
    parts += [html.heading("How it was done"), html.paragraph(_method(found))]
    lead = f"{grid.rows:,} rows x {grid.cols:,} columns of {grid.cell_size:.6g} m; seed {job.integer('SEED')}."
    return html.page("Which corridors and key areas survive the judgements", lead, parts)


_TITLES = {"corridor": "Corridors", "pinch point": "Pinch points", "barrier": "Barriers"}


def _share_map(found: Robustness, asked: Asked, kind: str) -> str:
    share = found.shares[kind]
    map_ = Map(asked.onto.grid).surface(np.where(share > 0, share, np.nan), SHARE_RAMP)
    map_.polygons(asked.sources.geometries, PALE_SOURCE.fill, PALE_SOURCE.edge, 0.7, PALE_SOURCE.halo)
    length = map_.scale_bar()
    keys = [Key("Source", PALE_SOURCE.fill, PALE_SOURCE.edge)]
    return html.figure(
        map_.png(),
        f"{_TITLES[kind]}: share of the runs in which a cell is one. White: in none. Bar: {length}.",
        keys,
        [("Share", SHARE_RAMP)],
        overlay=map_.overlay(),
    )


def _link_table(found: Robustness, asked: Asked) -> str:
    ids, links = asked.sources.ids, found.links
    active = {tuple(pair) for pair in found.chain.network.links.joined.tolist()}
    rows = []
    for pair, share, cost, rank in zip(links.pairs.tolist(), links.share, links.cost, links.rank):
        a, b = pair
        rows.append(
            [
                f"{ids[a - 1]} - {ids[b - 1]}",
                "yes" if tuple(pair) in active else "no",
                100.0 * float(share),
                *map(float, cost),
                _span(rank),
            ]
        )
    rows.sort(key=lambda row: (-row[2], row[0]))
    return html.table(
        [
            "Sources",
            "In the network",
            "Share of the runs (%)",
            "Cost distance, 5 % (cost units)",
            "median (cost units)",
            "95 % (cost units)",
            "Rank by centrality, 5 to 95 %",
        ],
        rows,
        caption="Links that some run had, those in most runs first",
    )


def _source_table(found: Robustness, asked: Asked) -> str:
    with_dpc = np.isfinite(found.sources.dpc_rank).any()
    headers = ["Source", "Share of the runs (%)", "Rank by centrality, 5 to 95 %"]
    rows = []
    for k, one in enumerate(asked.sources.ids):
        row = [str(one), 100.0 * float(found.sources.share[k]), _span(found.sources.rank[k])]
        rows.append([*row, _span(found.sources.dpc_rank[k])] if with_dpc else row)
    return html.table(
        [*headers, *(["Rank by dPC, 5 to 95 %"] if with_dpc else [])], rows, caption="Sources with a link"
    )


def _span(rank: np.ndarray) -> str:
    if np.isnan(rank).any():
        return ""
    low, high = (round(float(one)) for one in rank)
    return f"{low}" if low == high else f"{low} to {high}"


def _method(found: Robustness) -> str:
    said = (
        f"Each run draws {what_varied(found.uncertainty)}, overlays the scores, and follows the surface to the "
        "key areas with the same steps as 'securitynetwork'. The draw of a run follows from the seed and its number alone."
    )
    if found.tried:
        cr = found.cr[np.isfinite(found.cr)]
        said += (
            f" {found.tried:,} matrices of judgements were drawn for {found.asked:,} runs; those with a consistency ratio of "
            f"0.1 or more were left out. The ratio of those kept is {cr.mean():.3f} in the mean."
        )
    return said
