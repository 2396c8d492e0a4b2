"""Tool: grade a surface and keep the places of the highest class as polygons."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.choices import AreaKind, ClassRule
from ...core.grid import Grid
from ...core.monitor import Monitor
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.areatable import area_columns, area_rows, kind_of, line_parts, rule_classes
from ..support.inputs.declarations import (
    key_area_classes,
    largest_key_area,
    link_grade_field,
    rules_output,
    smallest_key_area,
)
from ..support.inputs.limits import area_limit_rows, area_limits, held_limits, read_limits, said
from ..support.inputs.links import active_lines, grade_field
from ..support.inputs.studyarea import read_area, study_area
from ..support.io.rasterfiles import NO_AMOUNT, NO_CLASS
from ..support.io.rasters import require_aligned
from ..support.io.tables import columns
from ..support.io.vectors import VectorSource, burn_mask, is_null, numbered_polygons
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
        "<p><b>Held limits</b>: limits that are found anew move with the values, so that two dates are hardly comparable. "
        "With those of another run (LIMITS, or its table BREAKS) a class means the same in both, also of an overlay, for "
        "which the table keeps max(R).</p>"
        "<p><b>Against a null model</b>: the cells whose p-value of the tool 'nullmodel' is at most 0.05 once corrected for "
        "all cells outside the sources (Benjamini and Hochberg). Their number follows from the data, there are two classes, "
        "and nothing is overlaid. It finds what is more than geometry: currents are high wherever two sources lie close "
        "together.</p>"
        "<p><b>Both rules</b>: the overlay draws pinch points to hard ground, such as the cliffs beside a gully, where the "
        "current is not highest but the resistance is. Those are the places a barrier search finds too, and the same ground "
        "is then to be protected and to be restored. On three real maps built-up land and fields made up 59 to 81 % of the "
        "area of the pinch points with it (of their corridors 9 to 53 %), and 3 to 19 % without. So the overlay marks what "
        "is costly to cross, the current alone what is left to cross. The map of both rules shows where they differ. Where "
        "roads are cells of the resistance, overlay a surface without them, or all areas are roads.</p>"
        "<p><b>Areas</b>: cells of the highest class that touch with an edge or a corner. Their length and width are "
        "those of the smallest rectangle around them, in metres. With links given, each area names the active link with "
        "the longest part inside it, or else the nearest one. An area larger than the largest one is cut: within it the "
        "limit rises until what comes off is small enough, each part as little as it takes, so that every peak keeps "
        "what fits around it. <i>edge_ha</i> is how much of an area lies within 5 cells of the edge of the data, which is "
        "where the resistance ends (without a resistance surface, the raster): paths cannot run beyond it, and currents "
        "crowd along it, because the map ends there and not the landscape. With the areas of the other kind given "
        "(barriers beside pinch points), <i>overlap_ha</i> is how much of an area is both.</p>"
        "<p><b>Agreement</b>: how many of the three rules put a cell into the highest class. Where they disagree, the "
        "place is a matter of the rule, not of the landscape.</p>"
        "<p>Fisher 1958, J. Am. Stat. Assoc. 53, doi:10.1080/01621459.1958.10501479; Benjamini & Hochberg 1995, J. R. Stat. "
        "Soc. B 57:289-300, doi:10.1111/j.2517-6161.1995.tb02031.x.</p>"
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
            p.raster(
                "P_VALUES",
                "P-values of a null model",
                "Raster P of 'nullmodel' for this surface, on the same grid; needed for the rule 'Against a null model'.",
                optional=True,
            ),
            key_area_classes(),
            *held_limits(),
            smallest_key_area(),
            largest_key_area(),
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
            link_grade_field("areas"),
            p.vector(
                "OTHER_AREAS",
                "Key areas of the other kind",
                "Barriers beside pinch points, or the reverse: each area gets the hectares that are both.",
                optional=True,
                advanced=True,
            ),
            study_area(
                "Polygons. Cells outside them are not classified and make no areas: they are the margin in which paths and "
                "currents were computed, so that the map does not end where the study area does. Empty: all cells."
            ),
            p.vector_output(
                "OUTPUT",
                "Key areas",
                "Polygons with kind (pinch point, barrier, key area), area, length, width, mean, maximum, class (field "
                "'level') and the area near the edge of the data; with links, the link and its grade.",
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
            rules_output("RULES", "Key areas by both rules"),
            p.table_output(
                "BREAKS",
                "Limits of the classes",
                "Class, lower and upper limit, cells, area, and the largest resistance of an overlay: what another run takes "
                "to hold these limits (LIMITS_TABLE).",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("COUNT", "Number of key areas"),
            QgsProcessingOutputNumber("AREA_HA", "Area of the key areas (ha)"),
            QgsProcessingOutputNumber("EDGE_HA", "Area near the edge of the data (ha)"),
            QgsProcessingOutputNumber("OVERLAP_HA", "Area that is key area of the other kind too (ha)"),
        ]

    def check(self, job: Job) -> str | None:
        against = job.choice("METHOD", ClassRule) is ClassRule.NULL_MODEL
        if against and not job.given("P_VALUES"):
            return (
                f"The rule '{ClassRule.NULL_MODEL.label}' needs p-values: choose the raster P that 'nullmodel' made of this "
                "surface (P_VALUES), or another rule (METHOD)."
            )
        if against and (job.given("LIMITS") or job.given("LIMITS_TABLE")):
            return "Against a null model there are no limits of values to hold (METHOD, LIMITS)."
        if read_limits(job) is not None and job.given("AGREEMENT"):
            return "AGREEMENT compares rules for the limits, which are held (LIMITS): leave one of them out."
        if job.given("RULES") and not job.given("RESISTANCE"):
            return "RULES compares key areas with and without the overlay: choose the resistance surface (RESISTANCE)."
        if job.given("RULES") and against:
            return "RULES compares key areas with and without the overlay, which there is not against a null model (METHOD)."
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("INPUT")
        resistance, tested = job.raster("RESISTANCE"), job.raster("P_VALUES")
        against = job.choice("METHOD", ClassRule) is ClassRule.NULL_MODEL
        more = (
            2 * job.given("AREA")
            + 12 * (resistance is not None)
            + 12 * job.given("AGREEMENT")
            + 6 * job.given("RULES")
            + 28 * against
        )
        job.need_memory((42 + more) * raster.grid.rows * raster.grid.cols)
        values = raster.read_surface(job.monitor.part(0.0, 0.1))
        inside = read_area(job.vector("AREA"), raster.grid, raster.crs, job.monitor)
        if inside is not None:
            values[~inside] = np.nan
        ground = None
        if resistance is not None:
            require_aligned(raster, resistance)
            ground = resistance.read_surface(job.monitor.part(0.1, 0.2))
        held = None if against else read_limits(job)
        classes, keep = job.integer("CLASSES"), job.integer("KEEP")
        chosen = {
            "cell_ha": raster.grid.cell_ha,
            "method": job.choice("METHOD", ClassRule),
            "p": None,
            "classes": classes,
            "keep": keep,
            "min_area_ha": job.number("MIN_AREA"),
            "max_area_ha": job.number("MAX_AREA") or None,
            "held": held,
        }
        if against:
            require_aligned(raster, tested)
            chosen["p"] = tested.read_surface(job.monitor.part(0.2, 0.22))
        found = core.keyareas.key_areas(values, resistance=ground, **chosen, monitor=job.monitor.part(0.2, 0.45))
        if not against:
            job.monitor.info(said(found.limits, held=held is not None))
        job.write_table("BREAKS", area_limits(), area_limit_rows(found, raster.grid.cell_ha))
        if job.given("RULES"):
            plain = core.keyareas.key_areas(values, **{**chosen, "held": None}, monitor=job.monitor.part(0.45, 0.5))
            both = core.keyareas.compare_rules(found.labels, plain.labels, cell_ha=raster.grid.cell_ha)
            job.monitor.info(both.describe("Two rules"))
            job.write_raster(
                "RULES",
                both.classes,
                raster.grid,
                nodata=NO_CLASS,
                description="Key areas with and without the overlay",
                classes=rule_classes(),
            )
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
            classes=_palette(found.limits, against),
        )
        valid = np.ones(values.shape, dtype=bool) if ground is None else ~np.isnan(ground)
        self._write(job, found, raster, valid)
        job.results["COUNT"] = int(found.area_ha.size)
        job.results["AREA_HA"] = float(found.area_ha.sum())

    def _write(self, job: Job, found, raster, valid: np.ndarray) -> None:
        grid = raster.grid
        shapes = numbered_polygons(found.labels, grid, job.monitor.part(0.7, 0.8))
        links = job.vector("LINKS")
        links = None if links is None else _Links(links, job.field("GRADE_FIELD"), raster.crs, grid, job.monitor)
        measures = core.keyareas.measure_areas(
            found.labels,
            [] if links is None else links.lines,
            valid=valid,
            cell=(grid.dy * grid.metres_per_unit, grid.dx * grid.metres_per_unit),
            monitor=job.monitor.part(0.8, 0.9),
        )
        core.keyareas.report_edge(measures, job.monitor)
        core.keyareas.report_sizes(found.area_ha, grid.cell_ha, job.monitor)
        job.results["EDGE_HA"] = float(measures.edge_ha.sum())
        names, more, kind = area_columns(), [], kind_of(raster.about)
        if links is not None:
            names += columns(**links.kinds)
            more += links.values(measures.link)
        others = job.vector("OTHER_AREAS")
        if others is not None:
            shared_ha = core.keyareas.hectares_in(
                found.labels, burn_mask([others], grid, raster.crs, job.monitor), grid.cell_ha
            )
            names += columns(overlap_ha=float)
            more.append(shared_ha)
            job.results["OVERLAP_HA"] = float(shared_ha.sum())
        job.write_features(
            "OUTPUT",
            names,
            area_rows(found, measures, kind, *more),
            shapes,
            QgsWkbTypes.Type.MultiPolygon,
            raster.crs,
            style=styling.marked(palette.BARRIER if kind is AreaKind.BARRIER else palette.PINCH),
        )


class _Links:
    """The active links as lines on the grid, their ids and grades.

    Attributes
    ----------
    lines : list of list of ndarray
        See `core.keyareas.measure_areas`.
    kinds : dict of str to type
        The columns that an area takes from its link.
    """

    def __init__(self, source: VectorSource, grade: str, crs, grid: Grid, monitor: Monitor) -> None:
        ids, features = active_lines(source, crs, monitor=monitor)
        grade = grade or grade_field(source.field_names)
        self.lines = [line_parts(one.geometry(), grid) for one in features]
        held = {"link_id": ids}
        if grade:
            held["link_grade"] = [one[grade] for one in features]
        self.kinds = {name: _kind(values) for name, values in held.items()}
        self._held = held

    def values(self, positions: np.ndarray) -> list[list]:
        """Return the values of the columns for areas on the links at the positions, -1 for none."""
        return [
            [None if k < 0 or is_null(values[k]) else self.kinds[name](values[k]) for k in positions]
            for name, values in self._held.items()
        ]


def _kind(values: list) -> type:
    known = [value for value in values if not is_null(value)]
    return next((kind for kind in (int, float) if all(isinstance(value, (int, kind)) for value in known)), str)


def _palette(limits: np.ndarray, against: bool) -> list:
    colours = palette.spread(palette.SCORE, limits.size)
    if against:
        return [(1, "1: as in the null model", colours[0]), (2, "2: stands out against it", colours[1])]
    return [(k + 1, f"{k + 1}: up to {limit:.4g}", colours[k]) for k, limit in enumerate(limits)]
