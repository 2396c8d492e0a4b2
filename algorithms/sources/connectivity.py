"""Tool: how much each source contributes to the connectivity of the landscape."""

from __future__ import annotations

import numpy as np
from qgis.core import (
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsWkbTypes,
)

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.distances import inner_points
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    dispersal_distance,
    dispersal_probability,
    iic_threshold,
    landscape_area,
    smallest_dpc,
)
from ..support.inputs.indices import importance_columns, index_rows
from ..support.inputs.nodes import (
    EDGE,
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
from ..support.io.tables import columns, kept
from ..support.run import palette, styling

GRADES = 3


class ConnectivityAlgorithm(EcoSecNetAlgorithm):
    """Computes connectivity indices and the importance of sources."""

    NAME = "connectivity"
    LABEL = "Connectivity and importance of sources"
    GROUP = base.SOURCES
    TAGS = ("dPC", "dIIC", "PC", "IIC", "EC", "Conefor", "Graphab", "betweenness", "景观连通性", "斑块重要性")
    SUMMARY = "Computes PC, IIC and other connectivity indices, and how much of them each source and link contributes."
    HELP = (
        "<p><b>Dispersal</b>: two sources at distance d are linked with the probability p = exp(-k d), where k makes p "
        "equal to the probability given at the dispersal distance. 0.5 makes that distance the median, 0.05 nearly the "
        "longest; 5,000 m at 0.5 is the same kernel as 21,610 m at 0.05. The log draws it.</p>"
        "<p><b>Indices</b>: PC sums a<sub>i</sub> a<sub>j</sub> p*<sub>ij</sub> over all pairs, p* being the largest "
        "product of probabilities over any path; IIC takes 1 / (1 + links of the shortest path) instead, sources "
        "being linked up to the threshold. EC is the square root of the sum: the size of one patch that would connect as "
        "much. PC, IIC and LCP need the area of the landscape; EC and the importances do not.</p>"
        "<p><b>Importance</b>: dPC and dIIC are the per cent lost with the source, with three parts: <i>intra</i> (what "
        "it holds), <i>flux</i> (what it exchanges), <i>connector</i> (what others lose because their best path led "
        "through it). They are exactly what removing the sources one at a time gives. dA is the share of the area. BC, "
        "BC_IIC, BC_PC: betweenness, plain and weighted as in IIC and PC. <i>rank</i> and <i>level</i> (the grade: three "
        "natural breaks, 1 is the highest) follow dPC.</p>"
        "<p><b>Distances</b>: edge to edge is the exact distance between the polygons. With centroids a detour is never "
        "shorter, so hardly any connector fraction can appear. Least cost runs over a resistance surface; the dispersal "
        "distance is then converted to cost with the mean or median resistance.</p>"
        "<p><b>Stepping stones</b>: for every source below the smallest dPC, what it alone would add to those that stay; "
        "<i>stepping</i> is the part the others gain because they reach each other through it.</p>"
        "<p><b>Many sources</b>: with more than 2,000, about two million of the nearest pairs are measured, and paths of "
        "a probability below 0.0001 are left out; the log states the distance and the most that PC can miss. The log "
        "states the memory needed before the run.</p>"
        "<p>Saura &amp; Pascual-Hortal 2007, doi:10.1016/j.landurbplan.2007.03.005; Saura &amp; Rubio 2010, "
        "doi:10.1111/j.1600-0587.2009.05760.x; Bodin &amp; Saura 2010, doi:10.1016/j.ecolmodel.2010.06.017. Links are "
        "d &le; threshold, as in Conefor; weak links are kept, unlike Makurhini's default.</p>"
    )

    def declare(self):
        return [
            *node_parameters(),
            dispersal_distance(),
            dispersal_probability(),
            iic_threshold(),
            landscape_area("Needed for PC, IIC and LCP only."),
            p.flag(
                "LINKS_IMPORTANCE",
                "Compute the importance of the links",
                "Whether to compute dPC and dIIC of every link too; takes about as long again.",
            ),
            smallest_dpc("Sources with a lower dPC are left out of the output."),
            conversion_parameter(),
            negligible_parameter(),
            spreading.processes(),
            p.vector_output(
                "OUTPUT",
                "Sources with importance",
                "The sources with dA, dIIC, dPC, their parts, betweenness and rank.",
            ),
            p.vector_output(
                "LINKS",
                "Links",
                "Lines between sources up to the threshold apart, and the farther ones that carry dPC when it is asked "
                "for: distance, p, dIIC, dPC.",
                QgsProcessing.SourceType.TypeVectorLine,
                optional=True,
                default=False,
            ),
            p.vector_output(
                "STEPPING_STONES",
                "Stepping stones",
                "The sources below the smallest dPC, and by how many per cent PC and EC of the others would rise if one "
                "of them were added.",
                optional=True,
                default=False,
            ),
            p.table_output(
                "INDICES",
                "Connectivity indices",
                "Name, value and meaning of each index.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("IIC", "IIC"),
            QgsProcessingOutputNumber("PC", "PC"),
            QgsProcessingOutputNumber("EC_IIC", "EC(IIC)"),
            QgsProcessingOutputNumber("EC_PC", "EC(PC)"),
            QgsProcessingOutputNumber("NC", "Number of components"),
            QgsProcessingOutputNumber("NL", "Number of links"),
        ]

    def measured_in(self, job: Job) -> str:
        return measured_in(job.chosen("DISTANCE"))

    def check(self, job: Job) -> str | None:
        problem = check_distances(job.chosen("DISTANCE"), surface=job.given("RESISTANCE"), table=job.given("DISTANCES"))
        if problem:
            return problem
        if not job.number("DISPERSAL") > 0.0:
            return "The dispersal distance must be above 0."
        if not 0.0 < job.number("PROBABILITY") < 1.0:
            return "The probability at the dispersal distance must lie between 0 and 1; with 0 or 1 there is no kernel."
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
        threshold = job.number("THRESHOLD")
        negligible = negligible_probability(job.number("NEGLIGIBLE"), nodes)
        far = largest_distance(nodes, job.number("DISPERSAL") if threshold is None else threshold)
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
        dispersal = factor * job.number("DISPERSAL")
        found = core.connectivity.analyse(
            nodes.attributes,
            pairs,
            distances,
            dispersal=dispersal,
            probability=job.number("PROBABILITY"),
            threshold=None if threshold is None else factor * threshold,
            landscape=job.number("LANDSCAPE_AREA") or None,
            links=job.flag("LINKS_IMPORTANCE"),
            negligible=negligible,
            where=spreading.where_announced(job, each=core.connectivity.needed_bytes(len(nodes.ids), len(pairs))),
            monitor=job.monitor.part(0.5, 0.95),
        )
        _explain(job, nodes, found, distances)
        if negligible:
            missed = core.connectivity.most_missed(nodes.attributes, found.probable, negligible)
            job.monitor.info(f"Paths of less than {negligible:g} were left out: PC misses less than {missed:.2g} %.")
        _write_sources(job, nodes, found)
        if job.given("LINKS"):
            _write_links(job, nodes, pairs, distances, found)
        if job.given("STEPPING_STONES"):
            _write_stones(job, nodes, pairs, distances, found)
        rows = index_rows(found)
        job.write_table("INDICES", columns(index=str, value=float, meaning=str), rows)
        for name, key in (("IIC", "IIC"), ("PC", "PC"), ("EC_IIC", "EC(IIC)"), ("EC_PC", "EC(PC)")):
            value = next((value for index, value, _ in rows if index == key), None)
            if value is not None:
                job.results[name] = float(value)
        job.results["NC"], job.results["NL"] = found.binary.components, found.binary.links


def _plain(value: float) -> str:
    """Return a number without an exponent."""
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:,.6g}"


def _explain(job: Job, nodes: Nodes, found, distances: np.ndarray) -> None:
    info = job.monitor.info
    info(f"Kernel p = exp(-k d), k = {found.rate:.6g} per unit of distance:")
    for p_at in (0.9, 0.5, 0.25, 0.1, 0.05, 0.01):
        info(
            f"  {core.connectivity.distance_at(found.rate, p_at):>12,.0f}  p = {p_at:<5g} {'#' * max(1, round(40 * p_at))}"
        )
    info(
        f"{len(nodes.ids):,} sources, {found.binary.links:,} links up to {_plain(found.threshold)}, "
        f"{found.binary.components:,} component(s). EC(PC) = {_plain(found.probable.equivalent)}, "
        f"EC(IIC) = {_plain(found.binary.equivalent)}; all sources together hold {_plain(nodes.attributes.sum())}."
    )
    if found.binary.links == 0 and len(nodes.ids) > 1:
        nearest = f" The nearest two are {_plain(distances.min())} apart." if distances.size else ""
        job.monitor.warn(
            f"No two sources are within {_plain(found.threshold)} of each other, so IIC counts every source on its own."
            f"{nearest} PC still counts the small probabilities of longer ways."
        )
    if core.connectivity.uses_numba(len(nodes.ids)):
        info("Paths around removed sources were searched with numba.")
    if found.probable.pc is None:
        info("PC, IIC and LCP were left out: the area of the landscape is not given. The importances do not need it.")


def _write_sources(job: Job, nodes: Nodes, found) -> None:
    least = job.number("MIN_DPC")
    keep = np.flatnonzero(core.connectivity.important(found.pc.total, least))
    if keep.size < len(nodes.ids):
        job.monitor.info(f"{len(nodes.ids) - keep.size:,} sources with a dPC below {least:g} % were left out.")
    advice = core.connectivity.cut_advice(found.pc.total, least) if least > 0 else ""
    if advice:
        job.monitor.warn(advice if keep.size else f"The output is empty. {advice}")
    grade = core.stats.grades(found.pc.total, GRADES)
    numbers = {"attribute": nodes.attributes, **importance_columns(found)}
    whole = {"component": found.component, "rank": found.rank, "level": grade}
    first = columns(source_id=nodes.id_type)
    added = columns(**dict.fromkeys(numbers, float), **dict.fromkeys(whole, int))
    old, rows = kept([nodes.features[k] for k in keep], added, "sources", job.monitor, ids=first)
    values = [*numbers.values(), *whole.values()]
    job.write_features(
        "OUTPUT",
        [*first, *old, *added],
        ([nodes.ids[k], *row, *(column[k] for column in values)] for k, row in zip(keep, rows)),
        [nodes.geometries[k] for k in keep],
        QgsWkbTypes.Type.MultiPolygon,
        nodes.crs,
        style=styling.graded("level", GRADES, styling.source_symbol),
    )


def _write_links(job: Job, nodes: Nodes, pairs: np.ndarray, distances: np.ndarray, found) -> None:
    written = distances <= found.threshold
    if found.link_pc is not None:
        written |= found.link_pc > 0.0
    kept_links = np.flatnonzero(written)
    blank = np.full(distances.size, np.nan)
    link_iic = blank if found.link_iic is None else found.link_iic
    link_pc = blank if found.link_pc is None else found.link_pc
    if job.chosen("DISTANCE") == EDGE:
        lines = (nodes.geometries[i].shortestLine(nodes.geometries[j]) for i, j in pairs[kept_links])
    else:
        points = [QgsPointXY(x, y) for x, y in inner_points(nodes.geometries)]
        lines = (QgsGeometry.fromPolylineXY([points[i], points[j]]) for i, j in pairs[kept_links])
    job.write_features(
        "LINKS",
        columns(
            from_id=nodes.id_type, to_id=nodes.id_type, distance=float, p=float, linked=bool, dIIC=float, dPC=float
        ),
        (
            (
                nodes.ids[pairs[k, 0]],
                nodes.ids[pairs[k, 1]],
                distances[k],
                found.probabilities[k],
                bool(distances[k] <= found.threshold),
                link_iic[k],
                link_pc[k],
            )
            for k in kept_links
        ),
        lines,
        QgsWkbTypes.Type.LineString,
        nodes.crs,
        style=styling.lines(palette.CORRIDORS[1], 0.4),
    )


def _write_stones(job: Job, nodes: Nodes, pairs: np.ndarray, distances: np.ndarray, found) -> None:
    stay = core.connectivity.important(found.pc.total, job.number("MIN_DPC"))
    if stay.all():
        job.monitor.warn(
            "No source is below the smallest dPC, so there are no stepping stones to look for. Raise the smallest dPC."
        )
    job.need_memory(12.0 * int(stay.sum()) ** 2)
    graph = core.connectivity.PatchGraph.dispersing(nodes.attributes, pairs, distances, found.rate)
    gains = core.connectivity.addition_gains(graph, stay, monitor=job.monitor.part(0.96, 1.0))
    first = columns(source_id=nodes.id_type)
    added = columns(gain_PC=float, stepping=float, gain_EC=float, rank=int)
    old, rows = kept([nodes.features[k] for k in gains.candidates], added, "sources", job.monitor, ids=first)
    values = [gains.gain, gains.stepping, gains.equivalent, core.stats.ranks(gains.gain)]
    job.write_features(
        "STEPPING_STONES",
        [*first, *old, *added],
        (
            [nodes.ids[k], *row, *(column[place] for column in values)]
            for place, (k, row) in enumerate(zip(gains.candidates, rows))
        ),
        [nodes.geometries[k] for k in gains.candidates],
        QgsWkbTypes.Type.MultiPolygon,
        nodes.crs,
        style=styling.marked(palette.STONE),
    )
    if gains.candidates.size:
        best = int(np.argmax(gains.gain))
        job.monitor.info(
            f"Of {gains.candidates.size:,} sources left out, {nodes.ids[gains.candidates[best]]} would raise EC(PC) "
            f"most: by {gains.equivalent[best]:.3g} %."
        )
