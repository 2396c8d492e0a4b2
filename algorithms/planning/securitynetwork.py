"""Tool: the whole way from land cover to key areas and a report."""

from __future__ import annotations

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import spreading
from ..support.inputs.declarations import corridor_cutoff, read_budgets
from ..support.run.memory import FULL
from ..support.run.resultsfolder import RESULTS
from .network import studyland
from .network.checks import check_run
from .network.factors import NetworkFactors
from .network.inputs import NetworkInputs, PolygonDistances
from .network.landuse import LandUse
from .network.steps import corridors, keyareas, land, measures, resistance, results, robust, sources

_BYTES_PER_CELL = 130
"""Memory of the run beside that of the least-cost searches: layers, scores, surfaces and labels."""


class SecurityNetworkAlgorithm(EcoSecNetAlgorithm):
    """Builds an ecological security network in one run."""

    NAME = "securitynetwork"
    LABEL = "Ecological security network"
    GROUP = base.PLANNING
    TAGS = ("workflow", "ecological security pattern", "report", "生态安全格局", "生态网络", "一键", "报告")
    REQUIRES = ("scipy", "networkx")
    UPRIGHT = False
    CAPSULE_BY_DEFAULT = True
    SUMMARY = (
        "Builds the whole network: sources, resistance surface, corridors, pinch points, barriers, tables, report."
    )
    HELP = (
        "<p>Carries out the method of the Liuzhi study (Yang et al.) in one run; the defaults are that study's.</p>"
        "<ol><li><b>Sources</b>: MSPA of the foreground classes; core areas united with the protected land; patches of "
        "the smallest area and more; those whose removal would cost the smallest dPC or more, a percentage of the "
        "probability of connectivity. They are numbered from the most important.</li>"
        "<li><b>Resistance</b>: land use, elevation, slope, distance from roads and mines scored 1 to 5, weighted (AHP) "
        "and summed; then multiplied by 1 + each correction raster, stretched to 0 to 1 (the study gives no formula).</li>"
        "<li><b>Corridors</b>: least-cost links between neighbouring sources, graded by current-flow centrality (natural "
        "breaks). The study's corridors reach 2000 m, here times the mean resistance of the paths; they end where they "
        "cover a third of the land, unless you give a cutoff.</li>"
        "<li><b>Key areas</b>: current within the corridors (pinch points) and barrier scores, each in four classes by "
        "natural breaks; the highest class is kept. Only cells of the study area are scored as barriers.</li>"
        "<li><b>Measures</b>: what is to be done in each pinch point, barrier and weak source, by the rules "
        "of 'actionsheet' (protect, let recover, help, make anew); needs a legend. "
        "With a BUDGET which barriers to restore first, as 'restorationplan' does.</li>"
        "</ol><p><b>Tables</b> by township count every area once, so that the totals equal the map.</p>"
        "<p><b>Margin</b>: paths and currents crowd along the edge of the map, since they cannot leave it. Where the data "
        "reach beyond the study area ('Study grid' keeps a margin), give its polygons (AREA): everything is computed on all "
        "data, and reported inside only.</p>"
        "<p>Codes alone do not say what they mean: choose the <b>legend</b> of the land use, which fills in foreground, "
        "scores and names, or give FOREGROUND and SCORES. The other factors have classes and weights of the study, with its "
        "misprints corrected; each correction is named in the report. Give SCORES for a table of your own, and WEIGHTS or "
        "JUDGEMENTS (AHP) for weights of your own. Land use alone is enough: what there is no layer for is left out, and the "
        "other weights are scaled up. Vegetation cover, rivers, settlements and distances to classes of the land use come in "
        "where they are given; the study has no classes for them, so that their five classes by natural breaks and their "
        "weight are our judgement.</p>"
        "<p>Sources or a resistance surface of your own (SOURCES_IN, RESISTANCE_IN) take the place of the first two steps. "
        "Rasters in degrees, of other grids, turned or with cells that are not square are brought onto one grid, and the "
        "report lists them; CRS and CELL say onto which.</p>"
        "<p>Every step is a tool of its own for finer control: foreground, mspa, sources, connectivity, scorefactor, "
        "resistance, linkages, centrality, pinchpoints, barriers, keyareas, tabulate, actionsheet, restorationplan.</p>"
    )

    def declare(self):
        # The first page of the dialog: what most runs differ in. All else is advanced, in the order of the steps.
        first = [
            land.land_use(),
            land.legend(),
            resistance.elevation(),
            resistance.roads(),
            sources.protected(),
            land.townships(),
            *sources.numbers(),
            corridor_cutoff(),
        ]
        return [
            *first,
            *land.grid(),
            land.area(),
            *sources.choices(),
            *resistance.choices(),
            *corridors.choices(),
            *keyareas.choices(),
            measures.budget(),
            robust.runs(),
            *land.tables(),
            *results.headings(),
            spreading.processes(),
            *results.outputs(),
        ]

    def check(self, job: Job) -> str | None:
        for name in ("FOREGROUND", "IMPASSABLE", "NOT_RESTORABLE"):
            core.sources.parse_values(job.text(name))
        if job.given("BUDGET"):
            read_budgets(job)
        problem = studyland.check(job) or resistance.check(job) or robust.check(job)
        if problem is None:
            check_run(job, self.parameterDefinitions())
        return problem

    def measured_in(self, job: Job) -> str:
        return "CRS" if studyland.needs_grid(job) else "LANDUSE"

    def execute(self, job: Job) -> None:
        from .network.contextlayers import write_context
        from .network.factorlayers import FactorLayers
        from .network.layers import table_book, write_layers, write_tables
        from .network.maplayers import read_map_layers
        from .network.measures import Measures, bytes_per_cell
        from .network.outputs import NetworkOutputs
        from .network.report.maps import DRAWN, NetworkMaps
        from .network.report.page import network_report

        study = studyland.StudyLand(job)
        cells = study.grid.rows * study.grid.cols
        more = _BYTES_PER_CELL + max(robust.bytes_per_cell(job), bytes_per_cell(job))
        needed = core.leastcost.graph_bytes(study.grid.shape) + more * cells
        each = max(core.leastcost.graph_bytes(study.grid.shape, corridors=False), robust.bytes_of_run(job, cells))
        at_most = each + core.circuit.most_solver_bytes(cells)
        where = spreading.where(job, each=each, kept=max(0, needed - each), at_most=at_most, cause=FULL)
        land_use, values, valid = study.read(job.monitor.part(0.0, 0.02))
        with job.monitor.between(0.02, 0.1):
            use = LandUse(job, values, valid)
            valid = use.valid
            inputs = NetworkInputs(job, study, land_use)
            area = inputs.area(valid)
            layers = read_map_layers(job, study, land_use)
            factors = NetworkFactors(job, study, land_use, use)
            classes = use.classes(factors.table)
            options = core.planning.Options(
                sources.options(job, use.foreground),
                resistance.options(job),
                corridors.options(job),
                keyareas.options(job, study.grid),
            )
            own = inputs.own_sources(valid)
            factor_layers = FactorLayers(job, land_use.grid, valid, factors.scores, mapped=results.mapped(job))
            stays = robust.Stays(job)

            def scored(name, values):
                factor_layers.take(name, values)
                stays.take(name, values)

            corrections, zones, obstacles = inputs.corrections(), inputs.zones(), inputs.obstacles(values, valid)
            distances = PolygonDistances(land_use.grid)
            protected, surface, factor_values = inputs.protected(), inputs.own_surface(), factors.read()
        planner = Measures(job, use, factors)
        built = 0.9 - 0.8 * planner.share
        done = 0.1 + (built - 0.1) * stays.share
        network = core.planning.security_network(
            values,
            valid,
            land_use.grid,
            factor_values,
            factors.scores,
            options,
            distances=distances,
            protected=protected,
            corrections=corrections,
            zones=zones,
            obstacles=obstacles,
            scored=scored,
            own_sources=None if own is None else own.labels,
            own_ids=() if own is None else own.ids,
            own_surface=surface,
            area=area,
            where=where,
            monitor=job.monitor.part(0.1, done),
        )
        stays.run(
            network,
            land_use.grid,
            options,
            distances,
            where,
            job.monitor.part(done, built),
            corrections=list(corrections.values()),
            zones=zones,
            obstacles=obstacles,
            area=area,
        )
        planner.plan(network, land_use.grid, options, obstacles, job.monitor.part(built, 0.9))
        inside = valid if area is None else area
        outputs = NetworkOutputs(job, network, land_use, values, inside, classes, own, layers, planner, stays.found)
        if results.mapped(job):
            job.draft(DRAWN)
        write_layers(outputs)
        write_tables(outputs)
        numbers = outputs.report_numbers()
        with job.monitor.between(0.96, 0.97):
            context = write_context(outputs, study) if results.mapped(job) or job.given(RESULTS) else {}
        if job.given("TABLE_BOOK"):
            job.write_bytes("TABLE_BOOK", table_book(outputs))
        if results.mapped(job):
            maps = NetworkMaps(outputs, context, factor_layers.drawn)
            if results.reported(job):
                document = network_report(maps, outputs, numbers, factors, options, study)
                job.write_document("REPORT", "REPORT_DOCX", document)
            if job.given("MAP_SHEETS"):
                maps.write_sheets(job.monitor.part(0.985, 0.995))
