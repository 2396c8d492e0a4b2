"""Tool: grade a surface and keep the places of the highest class as polygons."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsFeature, QgsGeometry, QgsProcessing, QgsProcessingOutputNumber, QgsSpatialIndex, QgsWkbTypes

from ... import core
from ...core.choices import ClassRule
from ...core.monitor import Monitor
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import key_area_classes, smallest_key_area
from ..support.io.fields import Shown
from ..support.io.rasterfiles import NO_AMOUNT, NO_CLASS
from ..support.io.rasters import require_aligned
from ..support.io.tables import columns
from ..support.io.vectors import VectorSource, is_null, polygonise
from ..support.run import palette, styling


class KeyAreasAlgorithm(EcoSecNetAlgorithm):
    """Makes key areas from a surface."""

    NAME = "keyareas"
    LABEL = "Key areas"
    GROUP = base.KEYAREAS
    TAGS = ("natural breaks", "Jenks", "pinch point", "barrier", "grading", "夹点", "障碍点", "自然断点")
    SUMMARY = "Grades a current, barrier or priority surface and keeps the places of the highest class as polygons."
    HELP = (
        "<p><b>Overlay</b>: with a resistance surface, the product <i>value x R / max(R)</i> is graded instead of the "
        "value; max(R) is the largest resistance under the values. A place then counts more the harder it is to cross. "
        "The areas still report the values of the input.</p>"
        "<p><b>Classes</b>: natural breaks (Fisher-Jenks, the exact optimum), quantiles (equal numbers of cells), or "
        "equal shares of the maximum (with four classes the highest starts above 75 percent of it). A class holds its "
        "upper limit.</p>"
        "<p><b>Areas</b>: cells of the highest class that touch with an edge or a corner. Their length and width are "
        "those of the smallest rectangle around them, in metres. With links given, each area names the link with "
        "the longest part inside it, or else the nearest one.</p>"
        "<p><b>Agreement</b>: how many of the three rules put a cell into the highest class. Where they disagree, the "
        "place is a matter of the rule, not of the landscape.</p>"
        "<p>Fisher 1958, J. Am. Stat. Assoc. 53, doi:10.1080/01621459.1958.10501479.</p>"
    )

    def declare(self):
        return [
            p.raster(
                "INPUT",
                "Surface (current, barrier score, priority ...)",
                "Current, barrier score or another surface where high values matter.",
            ),
            p.raster(
                "RESISTANCE",
                "Resistance surface to overlay",
                "On the same grid. Empty: the surface itself is graded.",
                optional=True,
            ),
            p.choice("METHOD", "Rule for the classes", "How the limits of the classes are found.", ClassRule),
            key_area_classes(),
            smallest_key_area(),
            p.integer(
                "KEEP",
                "Number of highest classes kept",
                "How many classes, from the highest down, become areas.",
                1,
                low=1,
                high=254,
                advanced=True,
            ),
            p.vector(
                "LINKS",
                "Links",
                "Lines of the links; each area is given the id of the link it lies on.",
                (QgsProcessing.SourceType.TypeVectorLine,),
                optional=True,
            ),
            p.field(
                "GRADE_FIELD",
                "Grade field of the links",
                "Copied to the areas, for instance the field 'level' (the grade) that 'naturalbreaks' writes.",
                "LINKS",
                optional=True,
            ),
            p.vector_output(
                "OUTPUT", "Key areas", "Polygons with area, length, width, mean, maximum and class (field 'level')."
            ),
            p.raster_output(
                "CLASSES_RASTER",
                "Class raster",
                "Class of every cell, 1 is the lowest; 0 is NoData.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "AGREEMENT",
                "Agreement of the rules",
                "Number of rules, 0 to 3, that put a cell into the classes kept.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("COUNT", "Number of key areas"),
            QgsProcessingOutputNumber("AREA_HA", "Area of the key areas (ha)"),
        ]

    def execute(self, job: Job) -> None:
        raster = job.raster("INPUT")
        resistance = job.raster("RESISTANCE")
        more = 12 * (resistance is not None) + 12 * job.given("AGREEMENT")
        job.need_memory((42 + more) * raster.grid.rows * raster.grid.cols)
        values = raster.read_surface(job.monitor.part(0.0, 0.1))
        ground = None
        if resistance is not None:
            require_aligned(raster, resistance)
            ground = resistance.read_surface(job.monitor.part(0.1, 0.2))
        classes, keep = job.integer("CLASSES"), job.integer("KEEP")
        found = core.keyareas.key_areas(
            values,
            cell_ha=raster.grid.cell_ha,
            resistance=ground,
            method=job.choice("METHOD", ClassRule),
            classes=classes,
            keep=keep,
            min_area_ha=job.number("MIN_AREA"),
            monitor=job.monitor.part(0.2, 0.5),
        )
        job.monitor.info(f"Upper limits of the classes: {', '.join(f'{limit:g}' for limit in found.limits)}.")
        if not found.area_ha.size:
            job.monitor.warn(f"No area of the highest class has {job.number('MIN_AREA'):g} ha or more.")
        if job.given("AGREEMENT"):
            graded = values if ground is None else core.keyareas.overlay(values, ground)
            votes = core.keyareas.agreement(graded, classes, keep=keep, monitor=job.monitor.part(0.5, 0.7))
            job.write_raster(
                "AGREEMENT",
                votes,
                raster.grid,
                nodata=NO_AMOUNT,
                description="Rules that agree on the highest class, 0 to 3",
                style=styling.classes([(k, f"{k} of 3 rules", palette.SCORE[k + 1]) for k in range(4)]),
            )
        job.write_raster(
            "CLASSES_RASTER",
            found.classes,
            raster.grid,
            nodata=NO_CLASS,
            description="Class, 1 is the lowest",
            classes=_palette(found.limits),
        )
        self._write(job, found, raster)
        job.results["COUNT"] = int(found.area_ha.size)
        job.results["AREA_HA"] = float(found.area_ha.sum())

    def _write(self, job: Job, found, raster) -> None:
        shapes = polygonise(found.labels, raster.grid, job.monitor.part(0.7, 0.85))
        names = columns(
            area_id=int,
            area_ha=float,
            length=float,
            width=float,
            mean=float,
            max=float,
            level=(int, Shown("Class")),
        )
        links = job.vector("LINKS")
        corridors = _Corridors(links, job.field("GRADE_FIELD"), raster.crs, job.monitor) if links is not None else None
        if corridors is not None:
            names += columns(**corridors.kinds)
        rows = []
        metres = raster.grid.metres_per_unit
        for number, shape in shapes.items():
            job.monitor.check()
            k = number - 1
            _, _, _, side, other = shape.orientedMinimumBoundingBox()
            row = [number, found.area_ha[k], metres * max(side, other), metres * min(side, other)]
            row += [found.mean[k], found.maximum[k], found.area_class[k]]
            rows.append(row + (corridors.of(shape) if corridors is not None else []))
        job.write_features(
            "OUTPUT",
            names,
            rows,
            shapes.values(),
            QgsWkbTypes.Type.MultiPolygon,
            raster.crs,
            style=styling.marked(palette.PINCH),
        )


class _Corridors:
    """Finds the link an area lies on."""

    def __init__(self, links: VectorSource, grade: str, crs, monitor: Monitor) -> None:
        self._features = links.shaped(crs, monitor)
        self._id = "link_id" if "link_id" in links.field_names else ""
        self._grade = grade
        self._index = QgsSpatialIndex(QgsSpatialIndex.Flag.FlagStoreFeatureGeometries)
        for k, feature in enumerate(self._features):
            numbered = QgsFeature(k)
            numbered.setGeometry(feature.geometry())
            self._index.addFeature(numbered)
        self.kinds = {"link_id": self._kind(self._id)}
        if grade:
            self.kinds["link_grade"] = self._kind(grade)

    def _kind(self, name: str) -> type:
        values = [f[name] if name else f.id() for f in self._features]
        known = [value for value in values if not is_null(value)]
        return next((kind for kind in (int, float) if all(isinstance(value, (int, kind)) for value in known)), str)

    def of(self, shape: QgsGeometry) -> list:
        """Return the id, and the grade if asked for, of the link with the longest part inside, or the nearest."""
        lengths = {}
        for k in self._index.intersects(shape.boundingBox()):
            lengths[k] = self._features[k].geometry().intersection(shape).length()
        if lengths and max(lengths.values()) > 0:
            best = min(lengths, key=lambda k: (-lengths[k], k))
        elif self._features:
            best = min(self._index.nearestNeighbor(shape, 1))
        else:
            return [None] * len(self.kinds)
        feature = self._features[best]
        values = [feature[self._id] if self._id else feature.id()] + ([feature[self._grade]] if self._grade else [])
        return [None if is_null(value) else kind(value) for kind, value in zip(self.kinds.values(), values)]


def _palette(limits: np.ndarray) -> list:
    colours = palette.spread(palette.SCORE, limits.size)
    return [(k + 1, f"{k + 1}: up to {limit:.4g}", colours[k]) for k, limit in enumerate(limits)]
