"""Tool: how far the choice of dispersal distance decides which sources there are."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core import defaults
from ...core.errors import InputError
from ...core.lists import parse_numbers
from .. import base
from ..base import EcoSecNetAlgorithm
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import dispersal_distance, dispersal_probability, iic_threshold, landscape_area
from ..support.inputs.nodes import (
    Nodes,
    check_distances,
    conversion_parameter,
    largest_distance,
    measure,
    measured_in,
    negligible_parameter,
    negligible_probability,
    node_parameters,
    read_nodes,
    where_searched,
)
from ..support.io.fields import Shown
from ..support.io.rasters import metres_per_unit
from ..support.io.tables import columns, kept
from ..support.reports import html
from ..support.reports.charts import Line, line_chart
from ..support.run import styling
from ..support.run.job import Job

GRADES = [
    (1.0, "Always"),
    (0.75, "In three quarters or more"),
    (0.25, "In a quarter or more"),
    (0.0, "Hardly or never"),
]


class DispersalSweepAlgorithm(EcoSecNetAlgorithm):
    """Runs the choice of sources over many settings."""

    NAME = "dispersalsweep"
    LABEL = "Sweep of dispersal distances"
    GROUP = base.SOURCES
    TAGS = ("sensitivity", "threshold", "dPC", "PC", "EC", "robust", "scale", "距离阈值", "敏感性分析", "生态源地")
    SUMMARY = "Shows how far the dispersal distance, the minimum area and the dPC cut decide which sources there are."
    HELP = (
        "<p>There is no standard for the distance threshold of connectivity indices. This tool computes PC, IIC and the "
        "dPC of all sources for every dispersal distance and minimum area, measuring the distances between the sources "
        "only once, and applies every dPC cut.</p>"
        "<p><b>Output</b>: <i>share</i> of the settings in which a source is chosen (large enough, dPC at or above the "
        "cut), its best, worst and median <i>rank</i> of dPC, lowest and highest dPC. Sources with a share of 1 do not "
        "depend on the choice.</p>"
        "<p><b>Table</b>: the indices of every setting, the sources chosen, their overlap (Jaccard) with those of the "
        "distance before, and the rank correlation (Spearman) of dPC with it.</p>"
        "<p>The log and the report say from which distance on the choice no longer matters: the sources chosen overlap "
        "by 0.9 or more and the ranks correlate by 0.95 or more with those of every longer distance.</p>"
        "<p>Without distances given, seven from a fifth to five times the dispersal distance are used. Kernel and "
        "indices as in 'connectivity'; the threshold of IIC follows the distance unless it is given.</p>"
    )

    def declare(self):
        return [
            *node_parameters(),
            dispersal_distance(
                "Centre of the distances when none are given, and the one the report compares with.",
                "Usual dispersal distance",
            ),
            p.text(
                "DISTANCES_LIST",
                "Dispersal distances to try (m)",
                "For example 1000, 2000, 5000, 10000. Empty: from, to and step below.",
                optional=True,
            ),
            p.distance(
                "FROM",
                "Shortest dispersal distance to try",
                "Start of evenly spaced distances.",
                optional=True,
            ),
            p.distance(
                "TO",
                "Longest dispersal distance to try",
                "End of evenly spaced distances.",
                optional=True,
            ),
            p.distance(
                "STEP",
                "Step between the dispersal distances",
                "Between evenly spaced distances.",
                optional=True,
            ),
            p.text(
                "AREAS_LIST",
                "Smallest sources to try (ha)",
                "For example 0, 10, 50, 100. Empty: all sources.",
                optional=True,
            ),
            p.text(
                "DPC_LIST", "Smallest dPC of a source to try (%)", "For example 0.5, 1, 2. Empty: 1.", optional=True
            ),
            dispersal_probability("Dispersal probability at each distance"),
            iic_threshold("Each setting has its own."),
            landscape_area("Needed for PC and IIC; EC does without."),
            conversion_parameter(),
            negligible_parameter(),
            spreading.processes(),
            p.vector_output("OUTPUT", "Sources with stability", "The sources with share, ranks and range of dPC."),
            p.table_output("TABLE", "Settings and their indices", "Indices and chosen sources of every setting."),
            p.html_output("HTML", "Report of the sweep", "Curves of the indices and what they say."),
            QgsProcessingOutputNumber("STABLE", "Sources chosen in every setting"),
            QgsProcessingOutputNumber("SETTLES", "Distance from which on the choice no longer matters"),
        ]

    def measured_in(self, job: Job) -> str:
        return measured_in(job.chosen("DISTANCE"))

    def check(self, job: Job) -> str | None:
        problem = check_distances(job.chosen("DISTANCE"), surface=job.given("RESISTANCE"), table=job.given("DISTANCES"))
        if problem:
            return problem
        if not 0.0 < job.number("PROBABILITY") < 1.0:
            return "The probability at the dispersal distance must lie between 0 and 1; with 0 or 1 there is no kernel."
        _distances(job)
        _numbers(job, "AREAS_LIST", "Minimum areas")
        _numbers(job, "DPC_LIST", "dPC cuts")
        return None

    def execute(self, job: Job) -> None:
        kind, raster = job.chosen("DISTANCE"), job.raster("RESISTANCE")
        nodes = read_nodes(
            job.vector("SOURCES"),
            kind,
            raster,
            id_field=job.field("ID_FIELD"),
            attribute=job.field("ATTRIBUTE"),
            monitor=job.monitor,
        )
        dispersals = _distances(job)
        threshold = job.number("THRESHOLD")
        far = largest_distance(nodes, max(dispersals) if threshold is None else threshold)
        pairs, distances, factor = measure(
            nodes,
            kind,
            far,
            raster=raster,
            table=job.vector("DISTANCES"),
            conversion=job.chosen("COST_CONVERSION"),
            where=where_searched(job, kind, raster),
            monitor=job.monitor,
        )
        hectares = metres_per_unit(nodes.crs) ** 2 / 1e4
        found = core.connectivity.sweep(
            nodes.attributes,
            pairs,
            distances / factor,
            dispersals,
            probability=job.number("PROBABILITY"),
            threshold=threshold,
            areas=np.array([geometry.area() * hectares for geometry in nodes.geometries]),
            minimum_areas=_numbers(job, "AREAS_LIST", "Minimum areas") or [0.0],
            cuts=_numbers(job, "DPC_LIST", "dPC cuts") or [defaults.MIN_DPC],
            landscape=job.number("LANDSCAPE_AREA") or None,
            negligible=negligible_probability(job.number("NEGLIGIBLE"), nodes),
            where=spreading.where_announced(job, each=core.connectivity.needed_bytes(len(nodes.ids), len(pairs))),
            monitor=job.monitor.part(0.5, 0.95),
        )
        sentences, settled = _sentences(found)
        for sentence in sentences:
            job.monitor.info(sentence)
        _write_sources(job, nodes, found)
        header, rows = _table(found)
        job.write_table("TABLE", header, rows)
        job.write_html("HTML", _report(job, nodes, found, sentences, [column.shown.heading for column in header], rows))
        job.results["STABLE"] = int((found.share == 1.0).sum())
        if settled is not None:
            job.results["SETTLES"] = settled


def _numbers(job: Job, name: str, what: str) -> list[float]:
    found = parse_numbers(job.text(name), what)
    if any(one < 0.0 for one in found):
        raise InputError(f"{what} must be 0 or more: {job.text(name)}")
    return sorted(set(found))


def _distances(job: Job) -> list[float]:
    found = _numbers(job, "DISTANCES_LIST", "Dispersal distances")
    steps = [job.number(name) for name in ("FROM", "TO", "STEP")]
    if not found and all(step is not None for step in steps):
        low, high, step = steps
        if not (0.0 < low <= high and step > 0.0):
            raise InputError(f"From {low:g} to {high:g} in steps of {step:g} gives no distances. Check the three.")
        if (high - low) / step > 1000:
            raise InputError(
                f"From {low:g} to {high:g} in steps of {step:g} are over 1,000 distances. Use larger steps."
            )
        found = [low + k * step for k in range(int((high - low) / step * (1 + 1e-9)) + 1)]
    elif not found and any(step is not None for step in steps):
        raise InputError("Evenly spaced distances need all three: from, to and step.")
    if not found:
        found = [job.number("DISPERSAL") * share for share in (0.2, 0.4, 0.6, 1.0, 2.0, 3.0, 5.0)]
    if not min(found) > 0.0:
        raise InputError("Dispersal distances must be above 0.")
    return found


def _sentences(found) -> tuple[list[str], float | None]:
    """Return what the sweep says, and from which distance on all minimum areas and cuts are settled."""
    always = int((found.share == 1.0).sum())
    settings = len(found.landscapes) * found.cuts.size
    sentences = [f"{always} of {found.share.size} sources are chosen in all {settings} settings."]
    starts = []
    for minimum in found.minimum_areas:
        landscapes = found.of_area(minimum)
        for cut in found.cuts:
            start = core.connectivity.settles(landscapes, cut)
            starts.append(start)
            longest = landscapes[-1].dispersal
            if start is None:
                sentences.append(
                    f"With a dPC of at least {cut:g} % and sources of at least {minimum:g} ha the choice of distance "
                    f"matters all the way to {longest:,.6g} m."
                )
                continue
            one = landscapes[start]
            sentences.append(
                f"With a dPC of at least {cut:g} % and sources of at least {minimum:g} ha the choice of distance stops "
                f"mattering from {one.dispersal:,.6g} m on: {int(one.chosen(cut).sum())} sources are chosen there, and up to "
                f"{longest:,.6g} m at least 90 % of them stay in nearly the same order."
            )
    settled = None
    if starts and None not in starts:
        settled = max(found.of_area(found.minimum_areas[0])[start].dispersal for start in starts)
    return sentences, settled


def _table(found) -> tuple[list, list]:
    header = columns(
        dispersal=float,
        min_area=float,
        min_dpc=float,
        sources=int,
        chosen=int,
        NL=int,
        NC=int,
        IIC=float,
        EC_IIC=float,
        PC=float,
        EC_PC=float,
        overlap=float,
        rank_corr=float,
    )
    rows = []
    for minimum in found.minimum_areas:
        landscapes = found.of_area(minimum)
        for before, one in zip([None, *landscapes], landscapes):
            for cut in found.cuts:
                chosen = one.chosen(cut)
                rows.append(
                    (
                        one.dispersal,
                        minimum,
                        float(cut),
                        int(one.present.sum()),
                        int(chosen.sum()),
                        one.binary.links,
                        one.binary.components,
                        one.binary.iic,
                        one.binary.equivalent,
                        one.probable.pc,
                        one.probable.equivalent,
                        None if before is None else core.connectivity.overlap(before.chosen(cut), chosen),
                        None if before is None else core.connectivity.order_agreement(before, one),
                    )
                )
    return header, rows


def _write_sources(job: Job, nodes: Nodes, found) -> None:
    importance = np.array([one.importance for one in found.landscapes])
    present = ~np.isnan(importance).all(axis=0)
    low, high = np.full(present.size, np.nan), np.full(present.size, np.nan)
    low[present], high[present] = np.nanmin(importance[:, present], axis=0), np.nanmax(importance[:, present], axis=0)
    first = columns(source_id=nodes.id_type)
    added = columns(
        share=(float, Shown("Share of the settings")),
        best_rank=int,
        worst_rank=int,
        median_rank=float,
        lowest_dPC=float,
        highest_dPC=float,
        grade=int,
    )
    values = [
        found.share,
        [int(one) if one == one else None for one in found.best_rank],
        [int(one) if one == one else None for one in found.worst_rank],
        found.median_rank,
        low,
        high,
        [1 + next(k for k, (least, _) in enumerate(GRADES) if share >= least) for share in found.share],
    ]
    old, rows = kept(nodes.features, added, "sources", job.monitor, ids=first)
    entries = [(k, name, styling.source_symbol(k, len(GRADES))) for k, (_, name) in enumerate(GRADES, start=1)]
    job.write_features(
        "OUTPUT",
        [*first, *old, *added],
        ([one, *row, *(column[k] for column in values)] for k, (one, row) in enumerate(zip(nodes.ids, rows))),
        nodes.geometries,
        QgsWkbTypes.Type.MultiPolygon,
        nodes.crs,
        style=styling.categories("grade", entries),
    )


def _report(job: Job, nodes: Nodes, found, sentences: list[str], names: list[str], rows: list) -> str:
    distances = [one.dispersal for one in found.of_area(found.minimum_areas[0])]
    total = float(nodes.attributes.sum()) or 1.0
    connected, chosen = [], []
    for minimum in found.minimum_areas:
        landscapes = found.of_area(minimum)
        label = f", at least {minimum:g} ha" if len(found.minimum_areas) > 1 else ""
        connected.append(Line(f"EC(PC){label}", [100 * one.probable.equivalent / total for one in landscapes]))
        connected.append(Line(f"EC(IIC){label}", [100 * one.binary.equivalent / total for one in landscapes]))
        for cut in found.cuts:
            counts = [int(one.chosen(cut).sum()) for one in landscapes]
            chosen.append(Line(f"dPC at least {cut:g} %{label}", counts))
    parts = [
        html.heading("What the sweep says"),
        *(html.paragraph(sentence) for sentence in sentences),
        html.heading("Connected area"),
        line_chart(
            distances,
            connected,
            "Dispersal distance (m)",
            "% of the sources' total",
            "Equivalent connected area by dispersal distance. ",
        ),
    ]
    if found.landscapes[0].probable.pc is not None:
        first = found.of_area(found.minimum_areas[0])
        lines = [Line("PC", [one.probable.pc for one in first]), Line("IIC", [one.binary.iic for one in first])]
        parts.append(
            line_chart(distances, lines, "Dispersal distance (m)", "Index", "PC and IIC by dispersal distance. ")
        )
    parts += [
        html.heading("Sources chosen"),
        line_chart(distances, chosen, "Dispersal distance (m)", "Sources", "Number of sources chosen. "),
        html.heading("All settings"),
        html.table(names, rows),
        html.heading("Method"),
        html.paragraph(
            f"p = exp(-k d) with p = {job.number('PROBABILITY'):g} at the dispersal distance; dPC after Saura and "
            "Pascual-Hortal (2007), doi:10.1016/j.landurbplan.2007.03.005. A source is chosen when it is large enough "
            "and its dPC reaches the cut. Overlap: sources in both choices over those in either (Jaccard). Rank "
            "correlation: Spearman's, of dPC over all sources."
        ),
    ]
    lead = f"{len(nodes.ids)} sources, {len(found.landscapes)} landscapes, {found.cuts.size} dPC cut(s)"
    return html.page("Sweep of dispersal distances", lead, parts)
