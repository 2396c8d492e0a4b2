"""Tool: break points, crossings of corridors and midpoints of long links."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import (
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProperty,
    QgsRectangle,
    QgsWkbTypes,
)

from ... import core
from ...core import defaults
from ...core.choices import PointKind
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.barrierlines import (
    BarrierLayer,
    barrier_lines,
    check_levels,
    level_weights,
    read_barrier_lines,
)
from ..support.inputs.declarations import (
    link_grade_field,
    link_layer,
    number_of_grades,
    resistance_surface,
    source_layer,
)
from ..support.inputs.links import Links, grade_field, read_links
from ..support.inputs.sources import read_sources
from ..support.io.fields import Shown
from ..support.io.tables import columns
from ..support.io.vectors import is_bare, is_null, name_ids, vertices
from ..support.run import palette, styling

_TOGETHER = 2.0
"""Cells within which places are one when nothing is said."""

_BYTES_PER_CELL = 22

_CENTRALITY = "current_flow"

_LOOKS = {
    PointKind.BREAK: (palette.BARRIER.fill, "diamond", palette.BARRIER.edge),
    PointKind.CROSSING: (palette.CORRIDORS[1], "square", palette.WHITE),
    PointKind.MIDPOINT: (palette.STONE.fill, "circle", palette.STONE.edge),
}


class StrategicPointsAlgorithm(EcoSecNetAlgorithm):
    """Finds the strategic points of a network."""

    NAME = "strategicpoints"
    LABEL = "Strategic points"
    GROUP = base.CORRIDORS
    TAGS = (
        "break point",
        "stepping stone",
        "crossing",
        "ecological node",
        "road",
        "railway",
        "战略点",
        "断裂点",
        "生态节点",
        "踏脚石",
    )
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Finds break points (corridor and road), crossings of corridors, and stepping-stone sites on long links."
    HELP = (
        "<p>Only <b>active</b> links are used, and nothing counts inside sources.</p>"
        "<p><b>Break points</b>: where a path crosses roads, railways or rivers. From where it meets a line the path is "
        "followed both ways as long as it stays within the distance below of lines of that layer; such a run is one place, "
        "however many carriageways, pieces or copies of lines it meets (<i>crossed</i>). It counts if it changes sides: if "
        "one cannot get from its beginning to its end without crossing a line, within twice that distance around it and "
        "where the resistance has data. A road "
        "that the path weaves along, or that ends at it, is no break point; how many there are is reported. Layers are "
        "looked at one by one, so that a road beside a railway gives two points.</p>"
        "<p><b>Crossings of corridors</b>: where the paths of two links cross or touch. A stretch that both share gives a "
        "point at each of its two ends, where they meet and part, or one in its middle if it is no longer than the distance "
        "below. Paths with a common source do not cross in or beside it.</p>"
        "<p><b>Midpoints</b>: on each path that is long enough outside its sources, the cell of least resistance in the "
        "middle third (the one nearest to the middle of several), a site for a stepping stone. There is none where even that "
        "cell resists more than the path does in the mean.</p>"
        "<p>Points of one kind (break points: of one layer) within the distance below of each other are one place; "
        "<i>links</i> lists all its links, <i>link_id</i> is the most central, whose centrality and grade it has. "
        "<i>Level</i> is the class of the line, that with the largest weight of several.</p>"
        "<p><b>Score</b>: the centrality of the links as a share of the largest, summed over the links of the point; of "
        "break points times the weight of the class over the largest weight, of midpoints times the length of the path over "
        "that of the longest. <b>Grades</b> are natural breaks of the scores of a kind; scores of two kinds are not "
        "comparable.</p>"
        "<p>Yu 1996, Landsc. Urban Plan. 36:1-17, doi:10.1016/S0169-2046(96)00331-X (strategic points); break points and "
        "stepping stones of a network as in doi:10.1002/eco.2620.</p>"
    )

    def declare(self):
        return [
            link_layer(),
            source_layer(),
            p.id_field(),
            resistance_surface(),
            *barrier_lines(),
            p.distance(
                "MIN_LENGTH",
                "Long links",
                "Paths from this length on, outside their sources, get a midpoint.",
                defaults.DISPERSAL,
            ),
            p.distance(
                "TOGETHER",
                "Distance within which places are one",
                "Lines and paths no farther apart run together, and points of a kind are one. Empty: two cells of the "
                "resistance surface, as far as a path of cells may stray from the line it means.",
                optional=True,
                advanced=True,
            ),
            p.field(
                "CENTRALITY",
                "Centrality field of the links",
                "For the score. Empty: 'current_flow' (of 'centrality'), if there is one; else all links count the same.",
                "LINKS",
                numeric=True,
                optional=True,
            ),
            link_grade_field("points", "; else natural breaks of the centrality"),
            number_of_grades("Points of each kind are graded by natural breaks of their score"),
            p.vector_output(
                "OUTPUT",
                "Strategic points",
                "Points with kind, barrier, class, links, centrality, score and grade.",
                QgsProcessing.SourceType.TypeVectorPoint,
            ),
            QgsProcessingOutputNumber("BREAK_POINTS", "Break points"),
            QgsProcessingOutputNumber("CROSSINGS", "Crossings of corridors"),
            QgsProcessingOutputNumber("MIDPOINTS", "Midpoints of long links"),
            QgsProcessingOutputNumber("FOLLOWED", "Lines that are met and not crossed"),
        ]

    def check(self, job: Job) -> str | None:
        cell, together = job.raster("RESISTANCE").grid.cell_size, job.number("TOGETHER")
        if together is not None and together < cell / 2:
            return (
                f"Places within {together:g} m are to be one (TOGETHER), but paths are known to half a cell only; give "
                f"{cell / 2:g} m or more."
            )
        return check_levels(job)

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        grid, crs = raster.grid, raster.crs
        job.need_memory(_BYTES_PER_CELL * grid.rows * grid.cols)
        resistance = raster.read_surface(job.monitor.part(0.0, 0.1))
        sources = read_sources(
            job.vector("SOURCES"),
            grid,
            crs,
            id_field=job.field("ID_FIELD"),
            valid=~np.isnan(resistance),
            minimum=2,
            monitor=job.monitor,
        )
        links = read_links(job.vector("LINKS"), sources, crs, monitor=job.monitor)
        bare = [one for one, feature in zip(links.ids, links.features) if is_bare(feature.geometry())]
        if bare:
            raise InputError(f"Links {name_ids(bare)} have no line. Use the link layer that 'linkages' wrote.")
        together = job.number("TOGETHER") or _TOGETHER * grid.cell_size
        extent = QgsRectangle()
        for feature in links.features:
            extent.combineExtentWith(feature.geometry().boundingBox())
        layers = read_barrier_lines(
            job, extent.buffered(3.0 * together / grid.metres_per_unit), crs, job.monitor.part(0.1, 0.3)
        )
        centrality, graded = _standing(job, links)
        found = core.corridors.strategic_points(
            [vertices(feature.geometry()) for feature in links.features],
            links.pairs,
            centrality if centrality is not None else np.ones(len(links.ids)),
            [core.corridors.BarrierLines(a.lines, b) for a, b in zip(layers, level_weights(job, layers))],
            sources.labels,
            resistance,
            grid=grid,
            together=together,
            min_length=job.number("MIN_LENGTH"),
            classes=job.integer("CLASSES"),
            monitor=job.monitor.part(0.3, 0.95),
        )
        _report(job, found, together)
        kind = type(graded[0]) if graded else int
        names = columns(
            point_id=int,
            kind=str,
            barrier=str,
            level=(str, Shown("Class of the line")),
            link_id=links.id_type,
            links=str,
            centrality=float,
            link_grade=kind,
            score=(float, Shown("Score", "", 4)),
            grade=int,
            crossed=int,
            near_m=float,
            resistance=float,
        )
        rows = [
            _row(number, point, layers, links, centrality, graded) for number, point in enumerate(found.points, start=1)
        ]
        job.write_features(
            "OUTPUT",
            names,
            rows,
            [QgsGeometry.fromPointXY(QgsPointXY(point.x, point.y)) for point in found.points],
            QgsWkbTypes.Type.Point,
            crs,
            style=styling.categories(
                "kind", [(kind.value, kind.label, _symbol(*look)) for kind, look in _LOOKS.items()]
            ),
        )


def _standing(job: Job, links: Links) -> tuple[np.ndarray | None, list | None]:
    """Return the centrality and the grade of each link, None where the links have none."""
    held = links.features[0].fields().names()
    name = job.field("CENTRALITY") or (_CENTRALITY if _CENTRALITY in held else "")
    centrality = None
    if name:
        values = [feature[name] for feature in links.features]
        missing = [one for one, value in zip(links.ids, values) if is_null(value) or not float(value) >= 0.0]
        if missing:
            raise InputError(f"Links {name_ids(missing)} have no number of 0 or more in '{name}' (CENTRALITY).")
        centrality = np.array(values, dtype=np.float64)
    else:
        job.monitor.info("The links have no centrality, so that all count the same. 'centrality' computes it.")
    field = job.field("GRADE_FIELD") or grade_field(held)
    if field:
        graded = [None if is_null(feature[field]) else feature[field] for feature in links.features]
        whole = all(isinstance(one, int) for one in graded if one is not None)
        return centrality, [one if one is None or whole else str(one) for one in graded]
    return centrality, None if centrality is None else core.stats.grades(centrality, defaults.GRADES).tolist()


def _row(
    number: int,
    point: core.corridors.StrategicPoint,
    layers: list[BarrierLayer],
    links: Links,
    centrality: np.ndarray | None,
    graded: list | None,
) -> list:
    first = point.links[0]
    crossed = point.kind is PointKind.BREAK
    return [
        number,
        point.kind.value,
        layers[point.layer].name if crossed else None,
        layers[point.layer].levels[point.line] if crossed else None,
        links.ids[first],
        ", ".join(str(links.ids[k]) for k in point.links),
        math.nan if centrality is None else centrality[first],
        None if graded is None else graded[first],
        point.score,
        point.grade,
        point.count if crossed else None,
        point.near,
        point.resistance,
    ]


def _report(job: Job, found: core.corridors.StrategicPoints, together: float) -> None:
    counts = {kind: found.count(kind) for kind in PointKind}
    job.results.update(
        BREAK_POINTS=counts[PointKind.BREAK],
        CROSSINGS=counts[PointKind.CROSSING],
        MIDPOINTS=counts[PointKind.MIDPOINT],
        FOLLOWED=found.followed,
    )
    said = "; ".join(f"{kind.label}: {count:,}" for kind, count in counts.items())
    job.monitor.info(f"{said}. Places within {together:g} m are one.")
    if found.followed:
        job.monitor.info(
            f"{found.followed:,} times a path meets lines and stays on its side of them, or their end: no break points."
        )
    least = job.number("MIN_LENGTH")
    if not found.long:
        job.monitor.info(
            f"No path is {least:g} m long outside its sources (MIN_LENGTH); the longest has {found.longest:,.0f} m."
        )
    elif found.long > counts[PointKind.MIDPOINT]:
        without = found.long - counts[PointKind.MIDPOINT]
        job.monitor.info(
            f"{without:,} of {found.long:,} long links have no midpoint, as the middle third of their path resists more than "
            "the whole."
        )


def _symbol(fill: palette.Colour, shape: str, edge: palette.Colour):
    """Return the symbol of a kind, larger the higher the grade."""
    symbol = styling.marker_symbol(fill, 3.0, shape, edge)
    symbol.setDataDefinedSize(QgsProperty.fromExpression('max(2.2, 5.0 - 0.8 * "grade")'))
    return symbol
