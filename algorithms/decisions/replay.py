"""Tool: a run again from its capsule, and whether it comes out the same."""

from __future__ import annotations

import os

import qgis.utils
from qgis.core import QgsProcessing, QgsProcessingOutputString

from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.capsule.declaration import CAPSULE, ENDING
from ..support.inputs import parameters as p
from ..support.io.tables import columns
from ..support.language import tr
from ..support.run.outputs import identity

_TABLE = columns(
    part=str,
    name=str,
    file=str,
    outcome=str,
    against=str,
    compared=int,
    differing=int,
    difference=float,
    relative=float,
    least_jaccard=float,
    note=str,
)


class ReplayAlgorithm(EcoSecNetAlgorithm):
    """Runs what a capsule holds again and compares."""

    NAME = "replay"
    LABEL = "Replay a run"
    GROUP = base.DECISIONS
    TAGS = ("capsule", "reproduce", "verify", "check", "RO-Crate", "重现", "验证", "复核")
    SUMMARY = "Runs a capsule again and says whether the same comes out: the inputs, every output, every number."
    HELP = (
        "<p>CAPSULE of any tool writes down what a run was made of. This tool finds the inputs again, runs the same tool "
        "with the same parameters, compares every output and number, and gives one verdict:</p>"
        "<ul><li><b>identical</b>: all outputs hold the same, to the last bit of rasters and twelve digits of tables;</li>"
        "<li><b>same within tolerance</b>: no value is off by more than TOLERANCE;</li>"
        "<li><b>differs</b>: which output, how many cells or features, by how much at most;</li>"
        "<li><b>inputs changed</b>: which input holds something else now; nothing is run;</li>"
        "<li><b>cannot run</b>: what is missing, with its size and hash.</li></ul>"
        "<p>With 'qgis_process' the last three end with exit code 1, though table and report are written; in a window they "
        "are a message in red.</p>"
        "<p><b>Inputs</b> are known by what they hold, whatever their names: another compression, a GeoPackage for a "
        "shapefile are the same input. A file of the FOLDER that has the name of an input and holds something else is a "
        "changed input, even where the capsule holds the old one: empty FOLDER, or a folder without it, runs the old one. A "
        "shapefile cuts names of fields after ten letters; a layer with longer ones is another one as a shapefile.</p>"
        "<p><b>Outputs</b> are compared with the files of their names in the FOLDER, which are those that were handed in, "
        "else with those in the capsule, else by their hashes alone. Reports (HTML, Word, PDF) are not compared: they hold "
        "the time.</p>"
        "<p>A capsule is data: only tools of this plugin are run, its paths are not used, files are written nowhere but in "
        "the OUTPUT_FOLDER, and only formats that refer to no other files are opened.</p>"
        "<p>Leo et al. 2024, PLOS ONE 19:e0309210, doi:10.1371/journal.pone.0309210 (Process Run Crate, the format of the "
        "metadata).</p>"
    )
    REQUIRES = ("scipy", "networkx")
    METRIC = False

    def declare(self):
        return [
            p.text_input(
                CAPSULE, "Capsule", "A file that the output CAPSULE of a tool wrote.", kind=ENDING, what="Capsules"
            ),
            p.folder_input(
                "FOLDER",
                "Folder of the inputs and outputs",
                "Where to look for inputs that are not in the capsule, and for outputs that were handed in. Empty: the "
                "folder the capsule lies in.",
                optional=True,
            ),
            p.number(
                "TOLERANCE",
                "Tolerance",
                "By how much numbers may differ, as a share of the larger one, or of the mean of the layer or column where "
                "that is larger (what is nearly 0 is the noise of larger values); 0: not at all. Empty: 1e-9 where the code "
                "of the plugin, GDAL, PROJ, numpy, SciPy and numba are the same as then, else 1e-6.",
                low=0.0,
                high=1.0,
                decimals=12,
                optional=True,
                advanced=True,
            ),
            p.folder_output(
                "OUTPUT_FOLDER",
                "Folder for the outputs",
                "The outputs of the run, under the names they had.",
                optional=False,
            ),
            p.table_output("TABLE", "Comparison", "One row for each input, output and number."),
            p.html_output("HTML", "Replay report", "The verdict, and what was compared with what.", default=True),
            QgsProcessingOutputString("VERDICT", "Verdict"),
        ]

    def check(self, job: Job) -> str | None:
        folder = job.text("FOLDER")
        if folder and not os.path.isdir(folder):
            return f"The FOLDER {folder} does not exist. Leave it empty, or give one that does."
        if job.texts("OUTPUT_FOLDER") == [QgsProcessing.TEMPORARY_OUTPUT]:
            return None
        target = job.folder("OUTPUT_FOLDER")
        for one in (folder, os.path.dirname(os.path.abspath(job.text(CAPSULE)))):
            if one and identity(target) == identity(one):
                return (
                    f"{target} may hold what the run gave, which would be replaced. Choose another OUTPUT_FOLDER, such as a "
                    "new folder in it."
                )
        return None

    def execute(self, job: Job) -> None:
        from .replayed.report import replay_page
        from .replayed.run import Replay

        capsule = os.path.abspath(job.text(CAPSULE))
        if not os.path.isfile(capsule):
            raise InputError(f"There is no capsule {capsule}.")
        folder = os.path.abspath(job.text("FOLDER") or os.path.dirname(capsule))
        replay = Replay(job, capsule, folder, self.provider())
        try:
            verdict = replay.verdict()
        finally:
            replay.close()
        job.write_table(
            "TABLE",
            _TABLE,
            [[getattr(one, column.name) for column in _TABLE] for one in replay.findings],
        )
        if job.given("HTML"):
            job.write_html("HTML", replay_page(replay, verdict))
        job.results.update(OUTPUT_FOLDER=job.folder("OUTPUT_FOLDER"), VERDICT=str(verdict))
        if verdict.good:
            job.monitor.info(f"Verdict: {verdict}")
        elif qgis.utils.iface is None:
            job.verdict = f"Verdict: {verdict}"
        else:
            job.feedback.reportError(tr(f"Verdict: {verdict}"))
