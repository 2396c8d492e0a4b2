"""Tool: runs an .ini file of Circuitscape."""

from __future__ import annotations

import os

from qgis.core import QgsProcessingOutputNumber

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.io.outputfolder import OutputFolder
from ..support.run.forecast import announce_files
from .circuitscape.files import Inputs, Outputs, read_text
from .circuitscape.network import NetworkRun
from .circuitscape.raster import RasterRun


class CircuitscapeIniAlgorithm(EcoSecNetAlgorithm):
    """Does what Circuitscape does with its files."""

    NAME = "circuitscapeini"
    LABEL = "Run a Circuitscape .ini"
    GROUP = base.CORRIDORS
    TAGS = ("Circuitscape", "ini", "circuit theory", "current", "network", "电路理论", "电流")
    SUMMARY = "Runs an existing .ini file of Circuitscape and writes the files that Circuitscape writes."
    HELP = (
        "<p>Pairwise, one-to-all, all-to-one and advanced mode on rasters, pairwise and advanced mode on networks. "
        "Rasters may be ASCII grids, also packed with gzip, or GeoTIFFs; relative paths start at the folder of the "
        ".ini.</p>"
        "<p><b>Output</b>: the names start as <i>output_file</i> says: resistances (<i>_resistances.out</i>, "
        "<i>_resistances_3columns.out</i>), maps (<i>_curmap_1_2.asc</i>, <i>_voltmap_1_2.asc</i>, "
        "<i>_cum_curmap.asc</i>, <i>_max_curmap.asc</i>), and for networks <i>_node_currents_1_2.txt</i>, "
        "<i>_branch_currents_1_2.txt</i>, <i>_voltages_1_2.txt</i> and the sums <i>_cum</i>. Files of the same name "
        "are replaced, all at once when everything is done.</p>"
        "<p>An option that Circuitscape does not know, or that means nothing in the mode chosen, is named in the log; "
        "an impossible one stops the run. Options of the solver and of logging change nothing.</p>"
        "<p>Semantics of Circuitscape 4.0.5, checked on its own test cases. Departures: a list of excluded pairs "
        "works; strengths go by id; grids must align (nothing is resampled); several sources or grounds of one cell in "
        "a list add up; the logarithm of a sum is that of the summed currents; NumPy arrays are not read.</p>"
        "<p>McRae et al. 2008, Ecology 89:2712-2724, doi:10.1890/07-1861.1; Anantharaman et al. 2020, "
        "doi:10.21105/jcon.00058.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.text_input(
                "INPUT", "Circuitscape .ini file", "The file of options that Circuitscape is run with.", kind="ini"
            ),
            p.folder_output(
                "OUTPUT_FOLDER", "Folder for the results", "Empty: the folder of output_file, as the .ini says."
            ),
            QgsProcessingOutputNumber("FILES", "Files written"),
        ]

    def named_in(self, path: str) -> list[str]:
        options, _ = core.formats.parse_options(read_text(path, "INPUT"))
        inputs = Inputs(options, os.path.dirname(path))
        names = (one for one in core.formats.FILES if one != "output_file" and getattr(options, one))
        return [file for file in dict.fromkeys(map(inputs.path, names)) if os.path.isfile(file)]

    def execute(self, job: Job) -> None:
        path = os.path.abspath(job.text("INPUT"))
        text = read_text(path, "INPUT")
        options, warnings = core.formats.parse_options(text)
        for warning in warnings:
            job.monitor.warn(warning)
        idle = core.formats.idle_options(text)
        if idle:
            job.monitor.info(f"These options change no result and are passed over: {', '.join(idle)}.")
        inputs = Inputs(options, os.path.dirname(path))
        run = (NetworkRun if options.data_type == "network" else RasterRun)(
            options, inputs, job.monitor.part(0.02, 0.98)
        )
        if isinstance(run, RasterRun):
            job.need_memory(run.memory)
        given = job.given("OUTPUT_FOLDER")
        target = job.folder("OUTPUT_FOLDER") if given else os.path.dirname(inputs.path("output_file"))
        if isinstance(run, RasterRun) and run.maps:
            announce_files(target, run.maps, run.map_bytes, job.monitor)
        out = Outputs(OutputFolder(job.outputs, target), options, job.monitor)
        run.solve(out)
        shown = ", ".join(out.names[:10]) + (f" and {len(out.names) - 10:,} more" if len(out.names) > 10 else "")
        job.monitor.info(f"Written to {target}: {shown}.")
        job.results.update(OUTPUT_FOLDER=target, FILES=len(out.names))
