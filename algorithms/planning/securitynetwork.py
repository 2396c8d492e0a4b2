"""Tool: the whole way from land cover to key areas and a report."""

from __future__ import annotations

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core import defaults
from ...core.choices import Adjacency, CorrectionMethod, Overlay
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.proximity import margin_parameter
from ..support.inputs import parameters as p
from ..support.inputs.declarations import (
    adjacency,
    barrier_radii,
    corridor_cutoff,
    dispersal_distance,
    dispersal_probability,
    drop_through_sources,
    overlay,
    read_radii,
    smallest_dpc,
    smallest_key_area,
    smallest_source,
)
from ..support.run.memory import FULL
from .network.inputs import NetworkInputs, PolygonDistances

_BYTES_PER_CELL = 130
"""Memory of the run beside that of the least-cost searches: layers, scores, surfaces and labels."""


_CORRECTIONS = (
    CorrectionMethod.NORMALISED,
    CorrectionMethod.MEAN_RATIO,
    CorrectionMethod.MULTIPLY,
    CorrectionMethod.ADD,
)
"""In the order in which this tool lists them: the default first."""


class SecurityNetworkAlgorithm(EcoSecNetAlgorithm):
    """Builds an ecological security network in one run."""

    NAME = "securitynetwork"
    LABEL = "Ecological security network"
    GROUP = base.PLANNING
    TAGS = ("workflow", "ecological security pattern", "report", "生态安全格局", "生态网络", "一键", "报告")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = (
        "Builds the whole network: sources, resistance surface, corridors, pinch points, barriers, tables, report."
    )
    HELP = (
        "<p>Carries out the method of the Liuzhi study (Yang et al.) in one run; the defaults are that study's.</p>"
        "<ol><li><b>Sources</b>: MSPA of the foreground classes; core areas united with the protected land; patches of "
        "the smallest area and more; those whose removal would cost MIN_DPC percent or more of the probability of "
        "connectivity (dPC). They are numbered from the most important.</li>"
        "<li><b>Resistance</b>: land use, elevation, slope, distance from roads and mines scored 1 to 5, weighted (AHP) "
        "and summed; then multiplied by 1 + each correction raster, stretched to 0 to 1 (the study gives no formula).</li>"
        "<li><b>Corridors</b>: least-cost links between neighbouring sources, graded by current-flow centrality (natural "
        "breaks).</li>"
        "<li><b>Key areas</b>: current within the corridors (pinch points) and barrier scores, each in four classes by "
        "natural breaks; the highest class is kept. Only cells of the study area are scored as barriers.</li>"
        "<li><b>Tables</b> by township in which every area is counted once, so that the totals equal the map.</li></ol>"
        "<p>The score table of the study is used with its misprints corrected; each correction is named in the report. Give "
        "SCORES for a table of your own. Without elevation, roads or mines the other weights are scaled up.</p>"
        "<p>Every step is a tool of its own for finer control: foreground, mspa, sources, connectivity, scorefactor, "
        "resistance, linkages, centrality, pinchpoints, barriers, keyareas, tabulate.</p>"
    )

    def declare(self):
        types = QgsProcessing.SourceType
        polygon, line, table = types.TypeVectorPolygon, types.TypeVectorLine, types.TypeVector
        return [
            p.raster(
                "LANDUSE",
                "Land use",
                "Class raster with square cells in a projected CRS; NoData outside the area.",
                classes=True,
            ),
            p.text(
                "FOREGROUND",
                "Land-use values of the foreground",
                "Land-use values that are habitat. Default: woodland, grassland and water of the preset's eight classes.",
                "1,2,6",
            ),
            p.raster("DEM", "Elevation", "In metres; resampled onto the land use where needed.", optional=True),
            p.vector("ROADS", "Roads", "Lines; the distance to them is a resistance factor.", [line], optional=True),
            p.vector(
                "MINES",
                "Mines",
                "Points, lines or polygons; the distance to them is a resistance factor.",
                [types.TypeVectorAnyGeometry],
                optional=True,
            ),
            p.vectors(
                "PROTECTED", "Red line and reserves", "Polygons that are sources beside the core areas.", optional=True
            ),
            p.rasters(
                "CORRECTIONS",
                "Correction rasters",
                "Rock desertification, soil erosion, geohazards and the like: the higher, the more resistance.",
                optional=True,
            ),
            p.vector("TOWNSHIPS", "Townships", "Polygons for the tables (townships, villages).", optional=True),
            p.field(
                "TOWNSHIP_NAME",
                "Name fields of the townships",
                "One field or several, for instance township and village. Empty: the text field that is called name, "
                "township, village, 名称, 乡镇 or the like, if there is one only; else the number of the feature.",
                "TOWNSHIPS",
                many=True,
                optional=True,
            ),
            p.text(
                "LANDUSE_NAMES",
                "Names of the land uses",
                "For the tables: 1=Forest; 2=Grassland. Empty: the names of the preset.",
                optional=True,
            ),
            p.table(
                "SCORES",
                "Table of scores",
                "Columns factor, min, max (or value), score, weight; factors are recognised by their whole name (land "
                "use, land cover, elevation, slope, distance to roads, distance to mines and the like) or are called as a "
                "layer in FACTORS. Empty: the corrected table of the "
                "Liuzhi study.",
                optional=True,
            ),
            p.rasters(
                "FACTORS",
                "Rasters of further factors",
                "Rasters called as in the score table; case, blanks and underscores do not matter.",
                optional=True,
            ),
            margin_parameter(),
            p.choice(
                "CONNECTIVITY",
                "Connectivity of the foreground",
                "Whether foreground cells that touch only at a corner are connected (8) or not (4).",
                ["8", "4"],
                advanced=True,
            ),
            p.integer(
                "EDGE_WIDTH",
                "MSPA edge width (cells)",
                "Depth of the edge between core and background, in cells.",
                1,
                low=1,
                high=100,
                advanced=True,
            ),
            overlay(advanced=True),
            smallest_source(defaults.MIN_AREA_HA),
            p.distance(
                "GAP",
                "Widest gap closed",
                "Gaps up to this width between core or protected cells become part of the source.",
                0.0,
                advanced=True,
            ),
            dispersal_distance(),
            dispersal_probability(),
            smallest_dpc("Patches of less importance do not become sources.", defaults.MIN_DPC),
            p.choice(
                "CORRECTION_METHOD",
                "How corrections act",
                "How a correction raster changes the resistance.",
                _CORRECTIONS,
                advanced=True,
            ),
            adjacency(list(Adjacency)[:4], advanced=True),
            drop_through_sources(advanced=True),
            corridor_cutoff(),
            *barrier_radii(advanced=True),
            p.integer(
                "CLASSES",
                "Number of classes of current and score",
                "Number of classes by natural breaks.",
                defaults.CLASSES,
                low=2,
                high=20,
                advanced=True,
            ),
            p.integer(
                "GRADES",
                "Number of grades of sources and corridors",
                "Number of classes by natural breaks.",
                defaults.GRADES,
                low=1,
                high=5,
                advanced=True,
            ),
            p.flag(
                "BARRIERS_IN_BELT",
                "Barriers in the corridors only",
                "Leave out what lies beyond the corridor cutoff. A disc that would open a shorter way beside a corridor is a "
                "barrier too, so that without this a part of the barriers lies outside; the report says how much.",
                advanced=True,
            ),
            p.flag(
                "OVERLAY_RESISTANCE",
                "Overlay current and score with the resistance",
                "Multiply current and score by the resistance before they are classified, as the study does.",
                True,
                advanced=True,
            ),
            smallest_key_area("MIN_KEY_AREA", defaults.MIN_KEY_AREA_HA, advanced=True),
            p.raster_output(
                "MSPA", "MSPA codes", "Byte codes of GuidosToolbox with the official colours.", optional=True
            ),
            p.vector_output(
                "SOURCES",
                "Ecological sources",
                "Polygons numbered by importance, with area, dPC, dIIC, grade and current-flow centrality.",
                polygon,
                optional=True,
            ),
            p.raster_output(
                "RESISTANCE", "Resistance surface", "The weighted and corrected resistance.", optional=True
            ),
            p.raster_output(
                "CORRIDORS", "Corridor belt", "Cost above the least-cost path, up to the cutoff.", optional=True
            ),
            p.vector_output(
                "LINKS",
                "Ecological corridors",
                "Least-cost paths with cost, effective resistance, centrality and grade; dropped ones with the reason.",
                line,
                optional=True,
            ),
            p.raster_output(
                "CURRENT",
                "Current density",
                "Current at 1 A per link inside its corridor, maximum over links.",
                optional=True,
            ),
            p.vector_output(
                "PINCHPOINTS", "Pinch points", "Areas of the highest class of current.", polygon, optional=True
            ),
            p.raster_output(
                "SCORE",
                "Barrier score",
                "Cost saved per metre restored, the best of all discs that hold the cell.",
                optional=True,
            ),
            p.vector_output(
                "BARRIERS", "Barriers", "Areas of the highest class of barrier score.", polygon, optional=True
            ),
            p.vector_output(
                "PINCH_TABLE",
                "Pinch points by township",
                "Count, area and land use by township; needs townships.",
                table,
                optional=True,
            ),
            p.vector_output(
                "BARRIER_TABLE",
                "Barriers by township",
                "Count, area and land use by township; needs townships.",
                table,
                optional=True,
            ),
            p.html_output("REPORT", "Report", "Maps, tables, warnings and methods on one page.", default=True),
            *(
                QgsProcessingOutputNumber(name, label)
                for name, label in (
                    ("SOURCE_COUNT", "Sources"),
                    ("SOURCE_HA", "Area of the sources (ha)"),
                    ("LINK_COUNT", "Corridors"),
                    ("LINK_KM", "Length of the corridors (km)"),
                    ("PINCH_COUNT", "Pinch points"),
                    ("PINCH_HA", "Area of the pinch points (ha)"),
                    ("BARRIER_COUNT", "Barriers"),
                    ("BARRIER_HA", "Area of the barriers (ha)"),
                )
            ),
        ]

    def check(self, job: Job) -> str | None:
        core.sources.parse_values(job.text("FOREGROUND"))
        return None

    def execute(self, job: Job) -> None:
        from .network.outputs import NetworkOutputs
        from .network.report import network_report

        land = job.raster("LANDUSE")
        inputs = NetworkInputs(job)
        cells = land.grid.rows * land.grid.cols
        needed = core.leastcost.graph_bytes(land.grid.shape) + _BYTES_PER_CELL * cells
        job.need_memory(needed, at_most=needed + core.circuit.most_solver_bytes(cells), where=FULL)
        values, valid = land.read(job.monitor.part(0.0, 0.02))
        scores, corrected = inputs.scores()
        options = self._options(job)
        network = core.planning.security_network(
            values,
            valid,
            land.grid,
            inputs.factors(scores, values, valid),
            scores,
            options,
            distances=PolygonDistances(land.grid),
            protected=inputs.protected(),
            corrections=inputs.corrections(),
            monitor=job.monitor.part(0.1, 0.9),
        )
        outputs = NetworkOutputs(job, network, land)
        outputs.write_layers()
        outputs.write_tables()
        numbers = outputs.report_numbers()
        if job.given("REPORT"):
            job.write_html("REPORT", network_report(outputs, numbers, scores, corrected, options, values, valid))

    def _options(self, job: Job):
        grid = job.raster("LANDUSE").grid
        method = job.choice("CORRECTION_METHOD", _CORRECTIONS)
        return core.planning.Options(
            foreground=core.sources.parse_values(job.text("FOREGROUND")),
            connectivity=job.choice("CONNECTIVITY", (8, 4)),
            edge_width=job.integer("EDGE_WIDTH"),
            overlay=job.choice("OVERLAY", Overlay),
            min_area_ha=job.number("MIN_AREA"),
            gap=job.number("GAP"),
            dispersal=job.number("DISPERSAL"),
            probability=job.number("PROBABILITY"),
            min_dpc=job.number("MIN_DPC"),
            correction=core.resistance.Correction(method),
            adjacency=job.choice("ADJACENCY", Adjacency),
            drop_through_sources=job.flag("DROP_THROUGH_SOURCES"),
            cutoff=job.number("CUTOFF"),
            radii=read_radii(job.number, grid.cell_size),
            grades=job.integer("GRADES"),
            classes=job.integer("CLASSES"),
            barriers_in_belt=job.flag("BARRIERS_IN_BELT"),
            overlay_resistance=job.flag("OVERLAY_RESISTANCE"),
            min_key_area_ha=job.number("MIN_KEY_AREA"),
        )
