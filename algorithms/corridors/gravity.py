"""Tool: interaction strength of linked sources."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from qgis.core import QgsProcessing, QgsWkbTypes

from ... import core
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import link_layer, number_of_grades, source_layer
from ..support.inputs.links import COST_FIELDS, numbers, read_links
from ..support.inputs.sources import Sources, read_polygons, read_sources
from ..support.io.fields import Shown
from ..support.io.rasters import metres_per_unit
from ..support.io.tables import columns, kept
from ..support.io.vectors import is_null, name_ids
from ..support.run import styling


class _Unit(NamedTuple):
    label: str
    short: str
    square_metres: float


_UNITS = (
    _Unit("Square metres", "m2", 1.0),
    _Unit("Hectares", "ha", 1e4),
    _Unit("Square kilometres", "km2", 1e6),
)


class GravityAlgorithm(EcoSecNetAlgorithm):
    """Computes the gravity model on the links."""

    NAME = "gravity"
    LABEL = "Gravity model"
    GROUP = base.CORRIDORS
    TAGS = ("gravity model", "interaction", "corridor importance", "rank", "重力模型", "引力模型")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Ranks links by the interaction of their two ecological sources (gravity model)."
    HELP = (
        "<p><i>G = L<sub>max</sub>&sup2; ln S<sub>a</sub> ln S<sub>b</sub> / (L&sup2; P<sub>a</sub> P<sub>b</sub>)</i> "
        "with the area S of a source, the mean resistance P of its cells, the least-cost distance L "
        "of the link and the largest one L<sub>max</sub>.</p>"
        "<p>Because of the logarithm the values, <b>and the order of the links</b>, depend on the unit of S: in hectares a "
        "large source counts for more beside a small one than in square metres. The unit is a choice, square metres by "
        "default, and stands in the links (<i>size_unit</i>); compare only what has the same. Every source must be larger "
        "than one unit. Without a resistance raster P is 1. <b>Rank</b> 1 is the strongest; the <b>grade</b> is by natural "
        "breaks.</p>"
        "<p>Kong et al. 2010, doi:10.1016/j.landurbplan.2009.11.001.</p>"
    )

    def declare(self):
        return [
            source_layer(),
            p.id_field(),
            link_layer(),
            p.raster(
                "RESISTANCE",
                "Resistance surface",
                "For the mean resistance of each source. Empty: all sources count the same.",
                optional=True,
            ),
            p.field(
                "ATTRIBUTE",
                "Size field of the sources",
                "Field to take instead of the area; every value must be above 1.",
                "SOURCES",
                numeric=True,
                optional=True,
            ),
            p.choice(
                "AREA_UNIT",
                "Unit of the area in the logarithm",
                "The ranks depend on it. Papers seldom state it; compare only with studies that use the same.",
                [unit.label for unit in _UNITS],
            ),
            number_of_grades("Links are graded by natural breaks of their gravity"),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with gravity",
                "The active links with gravity, rank and grade.",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.table_output(
                "MATRIX",
                "Matrix of gravity",
                "A row and a column for each source; empty where no link joins them.",
                optional=True,
                default=False,
            ),
        ]

    def execute(self, job: Job) -> None:
        layer, line_layer = job.vector("SOURCES"), job.vector("LINKS")
        sources, resistance = _sources(job, layer)
        links = read_links(line_layer, sources, monitor=job.monitor)
        pairs = links.pairs - 1
        cost = numbers(links, COST_FIELDS, "least-cost distance")
        size, unit = _size(job, layer, sources)
        strength = core.network.gravity(pairs, cost, size, resistance)
        job.monitor.info(f"Sizes of the sources are in {unit}; with another unit the ranks can differ.")
        rank = np.empty(len(strength), dtype=int)
        rank[np.argsort(-strength, kind="stable")] = np.arange(1, len(strength) + 1)
        added = columns(gravity=float, rank=int, grade=int, size_unit=str)
        old, rows = kept(links.features, added, "links", job.monitor)
        classes = job.integer("CLASSES")
        job.write_features(
            "OUTPUT_LINKS",
            [*old, *added],
            [[*row, *new, unit] for row, *new in zip(rows, strength, rank, core.stats.grades(strength, classes))],
            [feature.geometry() for feature in links.features],
            QgsWkbTypes.Type.MultiLineString,
            line_layer.crs,
            style=styling.graded("grade", classes, styling.corridor_symbol),
        )
        table = np.full((len(sources.ids), len(sources.ids)), np.nan)
        table[pairs[:, 0], pairs[:, 1]] = table[pairs[:, 1], pairs[:, 0]] = strength
        names = columns(
            source_id=sources.id_type, **{f"to_{one}": (float, Shown(f"To source {one}", "", 4)) for one in sources.ids}
        )
        job.write_table("MATRIX", names, [(one, *row) for one, row in zip(sources.ids, table)])


def _sources(job: Job, layer) -> tuple[Sources, np.ndarray | None]:
    """Return the sources and, with a resistance raster, the mean resistance of each."""
    raster = job.raster("RESISTANCE")
    if raster is None:
        ids, features = read_polygons(layer, job.field("ID_FIELD"), monitor=job.monitor)
        return Sources(np.empty((0, 0), dtype=np.int32), ids, [f.geometry() for f in features], features), None
    surface = raster.read_surface(job.monitor)
    sources = read_sources(
        layer,
        raster.grid,
        raster.crs,
        id_field=job.field("ID_FIELD"),
        valid=~np.isnan(surface),
        monitor=job.monitor,
    )
    return sources, core.stats.mean_by_label(sources.labels, surface, len(sources.ids))


def _size(job: Job, layer, sources: Sources) -> tuple[np.ndarray, str]:
    """Return the size of each source, and its unit in words."""
    name = job.field("ATTRIBUTE")
    if not name:
        unit = job.choice("AREA_UNIT", _UNITS)
        metres = metres_per_unit(layer.crs if job.raster("RESISTANCE") is None else job.raster("RESISTANCE").crs)
        area = np.array([geometry.area() * metres**2 for geometry in sources.geometries]) / unit.square_metres
        small = [one for one, value in zip(sources.ids, area) if not value > 1.0]
        if small:
            raise InputError(
                f"Sources {name_ids(small)} are not larger than 1 {unit.short}, and the logarithm of their area is not above "
                "0. Choose a smaller unit of area, or leave these sources out."
            )
        return area, unit.short
    values = [feature[name] for feature in sources.features]
    missing = [one for one, value in zip(sources.ids, values) if is_null(value)]
    if missing:
        raise InputError(f"Sources {name_ids(missing)} have no value in '{name}'.")
    return np.array(values, dtype=np.float64), f"'{name}'"
