"""Tool: give every pinch point, barrier, break point and weak source a measure."""

from __future__ import annotations

from qgis.core import QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.landparts import LandCells, cut_areas
from ..support.inputs import actionareas, actionrules
from ..support.inputs import parameters as p
from ..support.inputs.legends import legend, read_scheme, with_data
from ..support.io.categories import read_categories
from ..support.io.rasters import RasterSource, align
from ..support.reports import actionsheet as report

_BYTES = 13
"""Memory a cell: land use and its validity while they are read and looked through."""
_SLOPE_BYTES = 4


class ActionSheetAlgorithm(EcoSecNetAlgorithm):
    """Gives areas measures by rules."""

    NAME = "actionsheet"
    LABEL = "Action sheet"
    GROUP = base.DECISIONS
    TAGS = (
        *("measures", "restoration", "conservation", "action plan", "spreadsheet", "rules"),
        *("措施", "生态修复", "保护保育", "自然恢复", "辅助再生", "生态重建", "项目清单"),
    )
    REQUIRES = ("scipy", "networkx")
    SUMMARY = (
        "Says by rules what is to be done in each pinch point, barrier, break point and weak source, and adds it up."
    )
    HELP = (
        "<p>Every area gets one of four classes of measures: <b>protection and conservation</b> (保护保育), "
        "<b>natural recovery</b> (自然恢复), <b>assisted regeneration</b> (辅助再生), <b>ecological "
        "reconstruction</b> (生态重建), and a measure in words.</p>"
        "<p><b>Areas</b>: what a layer holds is told by the tool that made it, else by its name ('pinch', "
        "'barrier', 'break point', 'source'; 夹点, 障碍, 断裂点, 源地), else write it as TYPES. Points become "
        "discs. Of graded sources the weak ones are those of the lowest grade that are also in the quarter of all "
        "sources with the lowest dPC, where there is a field dPC. Of strategic points only the break points are "
        "taken.</p>"
        "<p><b>Rows</b>: areas are cut along land uses, zones and protected land; each part gets a measure, and the "
        "parts of an area in one zone with one measure are a row. So a barrier of fields and houses has two rows, "
        "each with the hectares its measure is for. Hectares are whole square metres that add up to each area, and "
        "so the sums of any table made of the rows equal the map to the digit. An area that is in two layers stands "
        "in both; the log says how much ground that is.</p>"
        "<p><b>Rules</b>: a table with the columns <i>rule, type, land_use, slope_from, slope_to, protected, "
        "grade_from, grade_to, class, measure, measure_zh, source</i>, of which type, land_use, class and measure "
        "are needed. The first rule that holds is taken; an empty condition always holds, several types or land "
        "uses are parted by semicolons. Land uses are the groups woodland, grassland, wetland, water, cropland, "
        "garden, urban green, built-up, mining, transport, bare and ice, to which every legend is translated, or "
        "codes and names of the map. Slope is the mean of the part, from slope_from to below slope_to; protected is "
        "yes or no. A condition on what is not given does not hold, and the log says on how many hectares that may "
        "matter. <b>Parts without a rule</b> are named, not guessed.</p>"
        "<p>The rules that come with the plugin name their sources; RULES_USED writes them as a table to start "
        "from. Classes follow the Chinese guide for restoration works of mountains, waters, forests, fields, lakes "
        "and grasslands (Ministry of Natural Resources and others, 2020): intact land is protected, slightly damaged "
        "land recovers by itself, damaged land is helped, land that is built on or mined is made anew. Which land "
        "use is which is a judgement: check it on the ground.</p>"
        "<p><b>Costs</b>: a table with the columns <i>measure, per_ha, per_place</i>; measure is one in either "
        "language, the name of a rule, or a class. per_place is due once for each area. Measures without a price "
        "are named.</p>"
        "<p>Gann et al. 2019, Restor. Ecol. 27:S1-S46, doi:10.1111/rec.13035; Hilty et al. 2020, IUCN, "
        "doi:10.2305/IUCN.CH.2020.PAG.30.en.</p>"
    )

    def declare(self):
        return [
            p.vectors(
                "AREAS",
                "Areas (pinch points, barriers, break points, weak sources)",
                "Polygons, and points for break points; several layers.",
                p.Type.TypeVectorAnyGeometry,
            ),
            p.text(
                "TYPES",
                "Types of the layers",
                "What each layer holds, in their order: pinch point; barrier; break point; weak source. Empty: by "
                "the tool that made it, or its name.",
                optional=True,
            ),
            p.raster("LANDUSE", "Land use", "Class raster; its CRS is that of the results.", classes=True),
            legend("It says which group of land uses a class belongs to, and what it is called."),
            p.text(
                "GROUPS",
                "Groups of land uses of own codes",
                "Code and group of each, for example: 1=woodland; 2=cropland. They come before those of the legend.",
                optional=True,
            ),
            p.table("RULES", "Rules", "Table as described in the help. Empty: those of the plugin.", optional=True),
            p.raster(
                "SLOPE", "Slope", "In degrees, as 'terrainfactor' makes it; needed for rules on slope.", optional=True
            ),
            p.vectors("PROTECTED", "Protected areas", "Polygons, such as the red line and reserves.", optional=True),
            p.vector("ZONES", "Townships or villages", "Polygons; rows are cut along their borders.", optional=True),
            p.field(
                "NAME",
                "Fields with the names of the zones",
                "For example the township and the village; each becomes a column. Empty: the field that is surely "
                "the name.",
                "ZONES",
                many=True,
                optional=True,
            ),
            p.table("COST", "Costs of the measures", "Table as described in the help, in any currency.", optional=True),
            p.number(
                "MIN_PART",
                "Smallest part (ha)",
                "Smaller parts take the measure of the largest part of their area in the same zone; their hectares "
                "and land use are kept. 0 gives each part its own.",
                0.1,
                low=0.0,
                decimals=4,
                advanced=True,
            ),
            p.distance("POINT_RADIUS", "Radius of break points", "Points become discs.", 50.0, low=0.1, advanced=True),
            p.vector_output(
                "OUTPUT",
                "Action sheet",
                "Polygons, one for each area, zone and measure: type, priority (grade), zone, class, measure, "
                "hectares, land use, slope, protected area, rule, cost.",
            ),
            p.table_output(
                "TABLE", "Measures by zone and class", "Areas counted once, hectares, cost; the totals equal the map."
            ),
            p.html_output("HTML", "Action sheet as a page", "Map, tables, rules with their sources.", default=True),
            p.text_output(
                "XLSX",
                "Action sheet as a workbook",
                "The sheet, the tables, the rules and the notes, for any spreadsheet.",
                optional=True,
                kind="Excel workbooks (*.xlsx)",
            ),
            p.table_output(
                "RULES_USED",
                "Rules as a table",
                "What RULES takes: to be changed and used.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("COUNT", "Number of areas"),
            QgsProcessingOutputNumber("ROWS", "Rows of the sheet"),
            QgsProcessingOutputNumber("AREA_HA", "Area of all rows (ha)"),
            QgsProcessingOutputNumber("NO_RULE_HA", "Area without a rule (ha)"),
            QgsProcessingOutputNumber("TOTAL_COST", "Cost of all rows, where costs are given"),
        ]

    def measured_in(self, job: Job) -> str:
        return "LANDUSE"

    def check(self, job: Job) -> str | None:
        from ..support.geometry.zonal import parse_names

        actionareas.parse_kinds(job.text("TYPES"))
        parse_names(job.text("GROUPS"))
        return None

    def execute(self, job: Job) -> None:
        from ..support.geometry.zonal import parse_names
        from ..support.geometry.zones import read_zones

        land = job.raster("LANDUSE")
        rules = actionrules.read_rules(job.vector("RULES"))
        prices = actionrules.read_prices(job.vector("COST"))
        job.need_memory((_BYTES + _SLOPE_BYTES * job.given("SLOPE")) * land.grid.rows * land.grid.cols)
        layers = list(zip(job.layers(job.definition("AREAS")), job.vectors("AREAS")))
        areas = actionareas.read_areas(
            layers,
            actionareas.parse_kinds(job.text("TYPES")),
            land.crs,
            radius=job.number("POINT_RADIUS"),
            monitor=job.monitor,
        )
        values, valid = land.read(job.monitor.part(0.0, 0.1))
        scheme = read_scheme(job, land, core.sources.held_codes(values, valid))
        valid = with_data(scheme, values, valid)
        if not valid.any():
            raise InputError(f"'{land.name}' holds only NoData.")
        cells = LandCells(land.grid, values, valid, _slope(job, land))
        zones = None
        if job.given("ZONES"):
            zones = read_zones(job.vector("ZONES"), job.fields("NAME"), land.crs, job.monitor)
        protected = [shape for one in job.vectors("PROTECTED") for shape in one.geometries(land.crs, job.monitor)]
        cut = cut_areas(
            areas.shapes,
            cells,
            zones=() if zones is None else zones.shapes,
            protected=protected if job.given("PROTECTED") else None,
            monitor=job.monitor.part(0.15, 0.85),
        )
        if not cut.codes:
            raise InputError(
                f"No area lies on a land use: all lie outside the raster '{land.name}', or where it has no data. Check "
                "the CRS of both."
            )
        names = read_categories(land).names if scheme is None else scheme.names
        uses = actionrules.land_uses(cut.codes, scheme, names, parse_names(job.text("GROUPS")))
        actionrules.report_rules(rules, prices, uses, job.monitor)
        metres = land.grid.metres_per_unit
        sheet = core.decisions.action_sheet(
            areas.measured(metres),
            cut.parts,
            uses,
            rules,
            prices=prices,
            smallest_ha=job.number("MIN_PART"),
            monitor=job.monitor.part(0.85, 0.9),
        )
        said = report.Said(sheet, areas, uses, cut.shapes, zones, metres)
        self._write(job, said, land)

    def _write(self, job: Job, said: report.Said, land: RasterSource) -> None:
        warnings = said.warnings()
        for sentence in said.sentences():
            (job.monitor.warn if sentence in warnings else job.monitor.info)(sentence)
        job.write_features(
            "OUTPUT",
            said.row_columns(),
            said.rows(),
            said.shapes,
            QgsWkbTypes.Type.MultiPolygon,
            land.crs,
            style=report.class_style(),
        )
        job.write_table("TABLE", said.zone_columns(), said.zone_rows())
        job.write_table("RULES_USED", report.rule_columns(), report.rule_rows(said.sheet.rules))
        if job.given("HTML"):
            lead = f"{report.kinds_in_words(said)}; land use: {land.name}."
            job.write_html("HTML", report.action_page(said, land.grid, report.TITLE, lead))
        if job.given("XLSX"):
            job.write_bytes("XLSX", report.action_workbook(said, report.TITLE))
        sheet = said.sheet
        job.results.update(
            COUNT=len(said.areas.kind),
            ROWS=int(sheet.rule.size),
            AREA_HA=sheet.total_ha,
            NO_RULE_HA=round(float(sheet.hectares[sheet.rule == core.decisions.NO_RULE].sum()), 4),
        )
        if job.given("COST"):
            job.results["TOTAL_COST"] = sheet.total_cost


def _slope(job: Job, land: RasterSource):
    source = job.raster("SLOPE")
    return None if source is None else align(source, land, monitor=job.monitor.part(0.1, 0.15))
