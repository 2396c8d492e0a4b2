"""Tool: two or more runs, years or scenarios, side by side."""

from __future__ import annotations

import os

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import Against, PersistenceOf
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.capsule.declaration import ENDING
from ..support.inputs import parameters as p
from ..support.inputs.declarations import dispersal_distance, dispersal_probability
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.run import palette, ramps, styling


class CompareRunsAlgorithm(EcoSecNetAlgorithm):
    """Compares runs of the whole network."""

    NAME = "compareruns"
    LABEL = "Compare runs"
    GROUP = base.DECISIONS
    TAGS = (
        "scenarios",
        "years",
        "change",
        "transition",
        "dEC",
        "PLUS",
        "FLUS",
        "CLUE-S",
        "多期对比",
        "情景",
        "转移矩阵",
    )
    SUMMARY = "Sets networks of several years or scenarios side by side: sources, links, indices, classes, key areas."
    HELP = (
        "<p>Give the runs as a MANIFEST, or land uses as SCENARIOS.</p>"
        "<p><b>MANIFEST</b>: a CSV file (UTF-8) with a row for each run, the first year or the present state first: "
        "<b>name</b>, <b>year</b> (optional), and where its layers are, with paths relative to the table: <b>capsule</b> of "
        "a run of 'securitynetwork', or <b>folder</b> with files called as its outputs (sources.gpkg, mspa.tif, "
        "resistance.tif, links.gpkg, current.tif, pinchpoints.gpkg, barriers.gpkg, landuse.tif), or columns with a layer "
        "each: landuse, mspa, sources, resistance, links, current, pinchpoints, barriers (file.gpkg|layername=name picks one "
        "of several). A column counts more than a folder, a folder more than a capsule. Only the sources and a raster of the "
        "first run are needed; what is not given is not compared.</p>"
        "<p><b>SCENARIOS</b>: land-use rasters, such as PLUS, FLUS or CLUE-S write them. 'securitynetwork' runs for each "
        "with all the other parameters and layers of the run whose capsule is given (RUN_CAPSULE); that run is repeated as "
        "the first. Scenarios are run one after the other.</p>"
        "<p><b>Limits.</b> Natural breaks that are found anew move with the values, so that the numbers of key areas of two "
        "runs mean nothing. Scenarios are classed by the limits of the first run (HOLD_LIMITS). Runs of a MANIFEST have the "
        "classes they were made with; the report says of each whether it was given those of the first (LIMITS_TABLE = BREAKS "
        "of 'securitynetwork'), and warns where not.</p>"
        "<p><b>Sources</b> match where they share at least half of the smaller one. One and one: persistent; one and "
        "several: split; several and one: merged; several and several, joined by matches: regrouped; else lost or new. "
        "<b>Links</b> are the same where they join the same sources, or parts of them; of several the one whose corridor is "
        "most alike. Their paths are compared by the cells within WIDTH of them (Jaccard index) and by the mean distance of "
        "the cells of each path from the other.</p>"
        "<p><b>Indices</b>: EC(PC) is that of the sources (ha) and links, with a probability that falls with the least-cost "
        "distance; a metre of DISPERSAL costs what a metre of the links of all runs does. dEC equal to dA: "
        "the connection has not changed; dEC below dA: the sources have become more isolated (Saura et al. 2011). Efficiency "
        "is per cost unit; robustness is the mean area under the curves of the largest component while sources and while "
        "links are lost by degree.</p>"
        "<p><b>Transitions</b>: hectares of each class before and after; the sums are the totals of both runs, with cells "
        "that one of them has no data for as a class of their own. MSPA has its seven classes and the background.</p>"
        "<p>Each run is compared with the first, or with the one before (AGAINST). The grid is that of the first run "
        "(RESISTANCE, else MSPA, LANDUSE, CURRENT); other grids and coordinate reference systems are brought onto it, and "
        "the run says how, unless they are to be refused (SAME_GRID).</p>"
        "<p>Saura et al. 2011, Ecological Indicators 11:407, doi:10.1016/j.ecolind.2010.06.011 (dEC and dA). Pontius et al. "
        "2004, Agriculture, Ecosystems &amp; Environment 101:251, doi:10.1016/j.agee.2003.09.008 (transition matrix).</p>"
    )
    REQUIRES = ("scipy", "networkx")
    METRIC = False

    def declare(self):
        polygon, line = QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorLine
        return [
            p.text_input(
                "MANIFEST",
                "Manifest of the runs",
                "A row for each run: name, year, and folder, capsule or layers; the first run first.",
                optional=True,
                kind="csv *.txt",
                what="Tables",
            ),
            p.rasters(
                "SCENARIOS",
                "Land uses to run as scenarios",
                "Instead of a manifest: rasters with the classes of the land use of the capsule.",
                classes=True,
                optional=True,
            ),
            p.text_input(
                "RUN_CAPSULE",
                "Capsule of a run to take the parameters of",
                "Written by CAPSULE of 'securitynetwork'. Its land use is the first run; inputs that are not in it are "
                "looked for beside it.",
                optional=True,
                kind=ENDING,
                what="Capsules",
            ),
            p.choice("AGAINST", "Each run is compared with", "The first run, or the one before it in order.", Against),
            p.flag(
                "HOLD_LIMITS",
                "Class scenarios by the limits of the first run",
                "Limits of pinch points and barriers. Without it each run finds its own, and their numbers of key areas "
                "cannot be compared.",
                True,
                advanced=True,
            ),
            p.flag(
                "SAME_GRID",
                "Refuse rasters of another grid",
                "Instead of bringing them onto the grid of the first run.",
                advanced=True,
            ),
            p.distance(
                "WIDTH",
                "Half width of the corridors",
                "Cells so near to the path of a link are its corridor.",
                500.0,
                low=1e-9,
                advanced=True,
            ),
            dispersal_distance(advanced=True),
            dispersal_probability(advanced=True),
            p.choice(
                "PERSISTENCE_OF",
                "Persistence of",
                "What must be in a cell of a run for it to count in the map of persistence.",
                PersistenceOf,
                advanced=True,
            ),
            p.table_output("TABLE", "Runs side by side", "A row for each run: its indices, and what changed."),
            p.vector_output(
                "SOURCES_CHANGE",
                "Changes of the sources",
                "A polygon for each source that is persistent, split, merged, regrouped, lost or new, with the ids of both "
                "runs; that of the run after where there is one.",
                polygon,
                optional=True,
            ),
            p.vector_output(
                "LINKS_CHANGE",
                "Changes of the links",
                "Paths with cost before and after, how far they have moved, and why a link is lost or new.",
                line,
                optional=True,
            ),
            p.table_output(
                "TRANSITIONS", "Transitions of classes", "Hectares by class before and class after.", optional=True
            ),
            p.folder_output(
                "DIFFERENCE",
                "Folder of difference maps",
                "For each comparison: change of the MSPA class (10 x class before + class after), resistance and current "
                "after minus before.",
            ),
            p.raster_output(
                "PERSISTENCE",
                "Persistence",
                "Share of the runs in which a cell is source, corridor or key area; NoData where it is in none.",
                optional=True,
            ),
            p.folder_output(
                "RUNS_FOLDER", "Folder of the scenarios", "Keeps the layers of each scenario in a folder of its name."
            ),
            p.html_output(
                "HTML", "Comparison report", "Maps side by side, indices, flows between classes.", default=True
            ),
            *(
                QgsProcessingOutputNumber(name, label)
                for name, label in (
                    ("RUN_COUNT", "Runs"),
                    ("SOURCES_PERSISTENT", "Sources that stayed (last comparison)"),
                    ("SOURCES_LOST", "Sources lost (last comparison)"),
                    ("SOURCES_NEW", "Sources that are new (last comparison)"),
                    ("LINKS_LOST", "Links lost (last comparison)"),
                    ("LINKS_NEW", "Links that are new (last comparison)"),
                    ("AREA_CHANGE", "Change of the area of the sources, dA (%, last comparison)"),
                    ("EC_CHANGE", "Change of EC(PC), dEC (%, last comparison)"),
                )
            ),
        ]

    def named_in(self, path: str) -> list[str]:
        from .compared.manifest import named_in

        return [] if path.lower().endswith(".zip") else named_in(path)

    def check(self, job: Job) -> str | None:
        if job.given("MANIFEST") == job.given("SCENARIOS"):
            both = "both" if job.given("MANIFEST") else "neither"
            return f"Give either a MANIFEST or SCENARIOS; there is {both}."
        if job.given("SCENARIOS") != job.given("RUN_CAPSULE"):
            return "SCENARIOS and the capsule of the run whose parameters they have (RUN_CAPSULE) belong together. Give both."
        if job.given("RUNS_FOLDER") and not job.given("SCENARIOS"):
            return "Layers can be kept (RUNS_FOLDER) only of SCENARIOS; those of a manifest are there already."
        # raises for a kernel that there is not
        core.connectivity.dispersal_rate(job.number("DISPERSAL"), job.number("PROBABILITY"))
        return None

    def execute(self, job: Job) -> None:
        from .compared.manifest import close, read_manifest
        from .compared.reading import BYTES_PER_CELL, Reader

        room = Room(job)
        runs = []
        try:
            if job.given("MANIFEST"):
                runs = read_manifest(os.path.abspath(job.text("MANIFEST")))
                monitor = job.monitor
            else:
                runs = self._scenarios(job, room)
                monitor = job.monitor.part(len(runs) / (len(runs) + 1), 1.0)
            reader = Reader(runs[0], room.new, job.flag("SAME_GRID"), monitor.part(0.0, 0.3))
            rows, cols = reader.grid.shape
            job.need_memory((BYTES_PER_CELL * len(runs) + 30) * rows * cols)
            read = []
            for number, one in enumerate(runs):
                monitor.step(0.3 * number / len(runs), 1.0)
                read.append(reader.read(one))
        finally:
            close(runs)
        self._compare(job, reader.onto, read, monitor)

    def _scenarios(self, job: Job, room: Room):
        from .compared.scenarios import Scenarios

        scenarios = Scenarios(
            job, os.path.abspath(job.text("RUN_CAPSULE")), job.flag("HOLD_LIMITS"), self.provider(), room.of_run
        )
        try:
            return scenarios.run(job.rasters("SCENARIOS"))
        finally:
            scenarios.close()

    def _compare(self, job: Job, onto, read: list, monitor) -> None:
        from .compared.differences import write_differences
        from .compared.outputs import Compared, write_layers, write_tables
        from .compared.report import comparison_page

        held = self._held(job, onto.grid, read)
        indices = [core.decisions.indices(one.maps, held, monitor=monitor.part(0.3, 0.3)) for one in read]
        pairs = []
        for number in range(1, len(read)):
            other = 0 if job.choice("AGAINST", Against) is Against.FIRST else number - 1
            part = monitor.part(0.3 + 0.4 * (number - 1) / len(read), 0.3 + 0.4 * number / len(read))
            found = core.decisions.Comparison(read[other].maps, read[number].maps, held, monitor=part)
            pairs.append((other, number, found))
        compared = Compared(onto, read, indices, pairs, held)
        for sentence in compared.sentences():
            job.monitor.info(sentence)
        for sentence in compared.warnings():
            job.monitor.warn(sentence)
        write_tables(job, compared)
        write_layers(job, compared)
        write_differences(job, compared)
        share = None
        if job.given("PERSISTENCE") or job.given("HTML"):
            of = job.choice("PERSISTENCE_OF", PersistenceOf)
            share = core.decisions.persistence([one.maps for one in read], held, of, monitor=monitor.part(0.8, 0.9))
            share[share == 0] = np.nan
            ramp = ramps.fixed(palette.SCORE, [100.0 * k / len(read) for k in range(1, len(read) + 1)], "%")
            job.write_raster(
                "PERSISTENCE",
                100.0 * share,
                onto.grid,
                nodata=NO_AMOUNT,
                description=f"Share of {len(read)} runs (%): {of.label.lower()}",
                style=styling.surface(ramp),
            )
        job.results.update(compared.numbers())
        if job.given("HTML"):
            job.write_html("HTML", comparison_page(job, compared, share))

    def _held(self, job: Job, grid, read: list):
        """Return what is the same for all runs."""
        cost, length = (
            sum(float(part.sum()) for part in one) for one in zip(*((r.maps.cost, r.maps.length) for r in read))
        )
        metre = 1.0
        if cost and length:
            metre = cost / length
            job.monitor.info(
                f"A metre of dispersal costs what a metre of the links of all runs does: {metre:,.4g} cost units."
            )
        known = next(iter([*read[0].maps.surfaces.values(), *read[0].maps.classes.values()]))
        inside = np.isfinite(known) if known.dtype.kind == "f" else known != core.decisions.NO_DATA
        if not inside.any():
            raise InputError(f"The rasters of '{read[0].name}' hold only NoData.")
        return core.decisions.Measures(
            grid.cell_size,
            grid.cell_ha,
            job.number("WIDTH"),
            core.connectivity.dispersal_rate(metre * job.number("DISPERSAL"), job.number("PROBABILITY")),
            float(np.count_nonzero(inside) * grid.cell_ha),
        )


class Room:
    """Folders of a run: those that go when it ends, and those that are kept."""

    def __init__(self, job: Job) -> None:
        self._job, self._made = job, 0

    def new(self) -> str:
        """Return a new folder that goes when this run ends."""
        self._made += 1
        beside = self._job.destination("TABLE") or self._job.text("MANIFEST")
        if beside.startswith("memory:") or not os.path.dirname(beside.partition("|")[0]):
            from qgis.core import QgsProcessingUtils

            beside = os.path.join(QgsProcessingUtils.tempFolder(), "compareruns")
        path = self._job.outputs.scratch(os.path.join(os.path.dirname(os.path.abspath(beside)), f"room{self._made}"))
        os.makedirs(path)
        return path

    def of_run(self, name: str) -> str:
        """Return the folder for the layers of a run: kept where that was asked for."""
        if not self._job.given("RUNS_FOLDER") or name.startswith("unpacked "):
            return self.new()
        target = os.path.join(self._job.folder("RUNS_FOLDER"), name)
        self._job.results["RUNS_FOLDER"] = self._job.folder("RUNS_FOLDER")
        path = self._job.outputs.folder(target)
        os.makedirs(path, exist_ok=True)
        return path
