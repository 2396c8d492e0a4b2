"""Tool: which links or stepping stones to add to a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.choices import Attack, NetworkObjective
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import dispersal_distance, dispersal_probability, link_layer, source_layer
from ..support.inputs.links import COST_FIELDS, LENGTH_FIELDS
from ..support.inputs.nodes import attribute_field
from ..support.io.tables import Column, columns, kept
from ..support.run import palette, styling
from ..support.run.forecast import Forecast
from .optimisation import report
from .optimisation.candidates import Given, NewLinks, find_candidates, read_network

if TYPE_CHECKING:
    from ...core.network import Optimised

_TABLE = columns(index=str, before=float, after=float, change=float)


class NetworkOptimisationAlgorithm(EcoSecNetAlgorithm):
    """Adds links or stepping stones to a network."""

    NAME = "networkoptimisation"
    LABEL = "Network optimisation"
    GROUP = base.CORRIDORS
    TAGS = ("links to add", "stepping stones", "robustness", "alpha beta gamma", "网络优化", "踏脚石", "鲁棒性")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Finds the links or stepping stones whose addition raises connectivity, efficiency or robustness most."
    HELP = (
        "<p><b>Candidates.</b> With LINKS alone: its inactive links, but for those that run through a third source. With a "
        "resistance surface: new least-cost links between near sources that are not linked. With stepping stones too: "
        "those polygons, each joined by least-cost links to its nearest sources (by cost), and to another stepping stone "
        "where that costs no more than the dearest of these.</p>"
        "<p><b>Objective.</b> <i>Equivalent connectivity</i>, EC(PC): the size of one patch that would connect as much; a "
        "metre of dispersal costs what a metre of the least-cost paths does. <i>Global efficiency</i>: the mean of 1 / "
        "least-cost distance through the network over all pairs of sources; stepping stones are ways, not ends. "
        "<i>Robustness</i>: the mean of the areas under the two curves of the largest component while sources, and while "
        "links, are lost, the most important first; of equal ones the first in the layer. It is the only one that an "
        "addition can lower.</p>"
        "<p><b>How.</b> One at a time, each the one that raises the objective most, all being evaluated exactly anew after "
        "every addition. It stops early where no other one alone raises it. No guarantee holds that they are the best set: "
        "two links may bring only together what neither brings alone. Where there are at most 10,000 sets all are tried, and "
        "the log says how far the additions are from the best one.</p>"
        "<p><b>Before and after</b>: alpha, beta and gamma, efficiency and robustness as in 'centrality' (stepping stones "
        "count as sources), EC(PC) as in 'connectivity' with the distances of the links. The links written go into "
        "'centrality', 'pinchpoints' and the others; with stepping stones merge these with the sources first.</p>"
        "<p>Saura &amp; Pascual-Hortal 2007, doi:10.1016/j.landurbplan.2007.03.005; Latora &amp; Marchiori 2001, "
        "doi:10.1103/PhysRevLett.87.198701; Schneider et al. 2011, doi:10.1073/pnas.1009440108; Holme et al. 2002, "
        "doi:10.1103/PhysRevE.65.056109 (attacks on links).</p>"
    )

    def declare(self):
        return [
            source_layer(),
            p.id_field(),
            link_layer(),
            p.raster(
                "RESISTANCE",
                "Resistance surface",
                "The surface the links were made on, for new least-cost links or stepping stones. Empty: the inactive links "
                "of the layer are the candidates.",
                optional=True,
            ),
            p.vector(
                "STONES",
                "Stepping stones",
                "Polygons that could be added instead of links, such as small patches; they need the resistance surface.",
                optional=True,
            ),
            p.integer("ADD", "Number of links or stepping stones to add", "One after the other.", 3, low=1, high=1000),
            p.choice("OBJECTIVE", "What they are to raise", "The help describes each.", NetworkObjective),
            attribute_field("Stepping stones have it in a field of the same name. For EC(PC)."),
            dispersal_distance("For EC(PC): distance at which dispersal has the probability below."),
            dispersal_probability(),
            p.integer(
                "NEAREST",
                "Nearest sources that are tried",
                "With a resistance surface: a new link joins two sources of which one is among so many nearest ones of the "
                "other that it is not linked with (straight distance); a stepping stone is linked with so many sources.",
                4,
                low=1,
                high=1000,
                advanced=True,
            ),
            p.choice(
                "ATTACK",
                "Which sources and links are lost first",
                "For the robustness. A link's degree is the product of those of its two sources.",
                Attack,
                advanced=True,
            ),
            p.flag(
                "RECALCULATE",
                "Rank them anew after each loss",
                "For the robustness: off ranks them once, for the whole network.",
                advanced=True,
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with those added",
                "All active links, with the order in which a link was added (0 for those that were there) and its gain in "
                "percent of the objective before any.",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.vector_output(
                "OUTPUT_STONES",
                "Stepping stones added",
                "The stepping stones that were chosen, with their order and gain.",
                optional=True,
                default=False,
            ),
            p.table_output("TABLE", "Network before and after", "Each index before and after, and its change."),
            p.html_output(
                "HTML", "Network optimisation report", "Both networks side by side, and the curves.", default=True
            ),
            QgsProcessingOutputNumber("ADDED", "Links or stepping stones added"),
            QgsProcessingOutputNumber("GAIN", "Gain of the objective (%)"),
            QgsProcessingOutputNumber("GAP", "Distance to the best set (%), where all sets were tried"),
        ]

    def measured_in(self, job: Job) -> str:
        return "RESISTANCE" if job.given("RESISTANCE") else "SOURCES"

    def check(self, job: Job) -> str | None:
        if job.given("STONES") and not job.given("RESISTANCE"):
            return (
                "Stepping stones (STONES) are linked by least-cost paths: give the resistance surface too (RESISTANCE)."
            )
        if job.given("OUTPUT_STONES") and not job.given("STONES"):
            return "Stepping stones can be written (OUTPUT_STONES) only where some are given (STONES)."
        # raises for a kernel that there is not
        core.connectivity.dispersal_rate(job.number("DISPERSAL"), job.number("PROBABILITY"))
        return None

    def execute(self, job: Job) -> None:
        given = read_network(job)
        new = find_candidates(job, given)
        metre = float(given.cost.sum() / given.length.sum())
        job.monitor.info(f"A metre of dispersal costs what a metre of the links does: {metre:,.4g} cost units.")
        stones = new.stones.attributes if new.stones else np.empty(0)
        candidates = core.network.Candidates(new.pairs, new.cost, stones)
        what = "stepping stones" if new.stones else "links"
        job.monitor.info(
            f"{len(given.sources.ids)} sources and {len(given.cost)} links; {candidates.count} {what} can be added."
        )
        objective, attack = job.choice("OBJECTIVE", NetworkObjective), job.choice("ATTACK", Attack)
        rate = core.connectivity.dispersal_rate(metre * job.number("DISPERSAL"), job.number("PROBABILITY"))
        found = core.network.optimise(
            core.network.Network(given.attributes, given.links.pairs - 1, given.cost),
            candidates,
            add=job.integer("ADD"),
            objective=objective,
            rules=core.network.Rules(rate, attack, job.flag("RECALCULATE")),
            monitor=Forecast(job.monitor.part(0.6, 0.97), "Fewer additions or candidates (NEAREST) make it shorter."),
        )
        ends = [*given.sources.ids, *(new.stones.ids if new.stones else [])]
        names = _names(found, new, ends)
        unit = "" if job.given("ATTRIBUTE") else "ha"
        said = report.Said(found, objective, attack, unit, names, what, job.integer("ADD"))
        for sentence in said.sentences():
            job.monitor.info(sentence)
        _write_links(job, given, new, found, ends, said.gains)
        _write_stones(job, given, new, found, said.gains)
        job.write_table("TABLE", _TABLE, said.rows())
        if job.given("HTML"):
            shapes = [] if new.stones is None else [new.stones.features[k].geometry() for k in found.order]
            grid = given.raster.grid if given.raster else report.grid_around(given.sources.geometries, given.unit)
            there = [feature.geometry() for feature in given.links.features]
            added = [new.lines[k] for k in np.flatnonzero(found.link_turn)]
            job.write_html("HTML", report.page(said, grid, given.sources.geometries, shapes, there, added))
        first, last = found.values[[0, -1]].tolist()
        job.results.update(ADDED=len(found.order), GAIN=100.0 * (last - first) / first if first else None, GAP=said.gap)


def _names(found: Optimised, new: NewLinks, ends: Sequence) -> list[str]:
    if new.stones:
        return [f"Stepping stone {new.stones.ids[k]}" for k in found.order]
    return [f"Link {ends[a]} - {ends[b]}" for a, b in new.pairs[found.order].tolist()]


def _write_links(job: Job, given: Given, new: NewLinks, found: Optimised, ends: Sequence, gains: np.ndarray) -> None:
    """Write the links that were there, then those added, in the order of the network they are in.

    Of equally important links the first is lost first, so in another order 'centrality' could find another robustness.
    """
    links, kind = given.links, type_of(ends)
    ids = columns(link_id=links.id_type, from_id=kind, to_id=kind)
    measured = columns(cw_dist=float, added=int, gain=float)
    chosen = np.flatnonzero(found.link_turn)
    features = [*links.features, *(new.features[k] for k in chosen if new.features)]
    old, rows = kept(features, measured, "links", job.monitor, ids=ids)
    count = len(links.features)
    for k, turn in zip(chosen, found.link_turn[chosen]):
        if not new.features:
            rows.append([_known(column, new, k) for column in old])
        row = rows[count + np.flatnonzero(chosen == k)[0]]
        for place, column in enumerate(old):
            if column.name == "active":
                row[place] = True
            elif column.name == "reason":
                row[place] = f"kept: added as number {turn}"
    numbers = [new.ids[k] for k in chosen] if new.ids else _numbers(links.ids, len(chosen))
    pairs = [*(links.pairs - 1).tolist(), *new.pairs[chosen].tolist()]
    turns = [0] * count + found.link_turn[chosen].tolist()
    cost = [*given.cost, *new.cost[chosen]]
    lines: list[QgsGeometry] = [feature.geometry() for feature in links.features]
    lines += [new.lines[k] for k in chosen]
    style = styling.categories(
        'CASE WHEN "added" > 0 THEN 1 ELSE 0 END',
        [
            (1, "Added", styling.line_symbol(palette.ADDED, 1.2, halo=palette.WHITE)),
            (0, "There before", styling.corridor_symbol(3, 3)),
        ],
    )
    job.write_features(
        "OUTPUT_LINKS",
        [*ids, *old, *measured],
        (
            [one, ends[a], ends[b], *row, far, turn, gains[turn - 1] if turn else None]
            for one, (a, b), row, far, turn in zip([*links.ids, *numbers], pairs, rows, cost, turns)
        ),
        lines,
        QgsWkbTypes.multiType(lines[0].wkbType()),
        given.crs,
        style=style,
    )


def type_of(ids: Sequence) -> type:
    """Return `int` when every id is a whole number, else `str`."""
    return int if all(isinstance(one, int) for one in ids) else str


def _numbers(ids: Sequence, count: int) -> list:
    """Return ids of new links that no other has."""
    if all(isinstance(one, int) for one in ids):
        return list(range(max(ids) + 1, max(ids) + 1 + count))
    return [f"added {k}" for k in range(1, count + 1)]


def _known(column: Column, new: NewLinks, k: int) -> object:
    """Return what a link that was searched has in a column of the links that were there; None for what it has not."""
    values = {"euc_dist": new.straight[k], **dict.fromkeys(COST_FIELDS, new.cost[k])}
    values |= dict.fromkeys(LENGTH_FIELDS, new.length[k])
    with np.errstate(divide="ignore"):
        values |= {"cwd_euc": new.cost[k] / new.straight[k], "cwd_path": new.cost[k] / new.length[k]}
    value = values.get(column.name)
    return None if value is None else column.kind(value)


def _write_stones(job: Job, given: Given, new: NewLinks, found: Optimised, gains: np.ndarray) -> None:
    if new.stones is None:
        return
    stones = new.stones
    ids = columns(source_id=type_of([*given.sources.ids, *stones.ids]))
    own = columns(attribute=float, degree=int, added=int, gain=float)
    features = [stones.features[k] for k in found.order]
    old, rows = kept(features, own, "stepping stones", job.monitor, ids=ids)
    count = len(given.sources.ids)
    links = core.network.degree(len(given.attributes) + len(found.order), found.network.pairs)[count:]
    job.write_features(
        "OUTPUT_STONES",
        [*ids, *old, *own],
        (
            [stones.ids[k], *row, stones.attributes[k], links[turn], turn + 1, gains[turn]]
            for turn, (k, row) in enumerate(zip(found.order, rows))
        ),
        [feature.geometry() for feature in features],
        QgsWkbTypes.Type.MultiPolygon,
        given.crs,
        style=styling.marked(palette.STONE),
    )
