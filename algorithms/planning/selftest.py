"""Tool: whether the plugin computes correctly on this computer."""

from __future__ import annotations

import importlib
import os
import platform

import numpy as np
from osgeo import gdal
from qgis.core import Qgis, QgsProcessingOutputNumber
from qgis.PyQt.QtCore import qVersion

from ... import core
from ...core.errors import EcoSecNetError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.addresses import version


class SelfTestAlgorithm(EcoSecNetAlgorithm):
    """Solves problems with known answers and reports the versions in use."""

    NAME = "selftest"
    LABEL = "Self-test"
    GROUP = base.PLANNING
    TAGS = ("test", "version", "installation", "numba", "check", "自检", "版本")
    SUMMARY = "Checks that the plugin computes correctly on this computer, and reports all versions."
    HELP = (
        "<p>Solves small problems whose answers are known: MSPA, dPC, natural breaks, AHP, cost distance, circuits, "
        "centrality and barriers, with numba too where it is installed. It takes some seconds, needs no data and writes "
        "nothing.</p>"
        "<p>The log ends with PASS, or names what fails. Copy it into a report of a problem.</p>"
        "<p><b>numba</b> is optional. With it, least-cost searches, the removal of single sources and MSPA of large rasters "
        "are several times faster, with the same results.</p>"
    )
    REQUIRES = ()
    METRIC = False

    def declare(self):
        return [QgsProcessingOutputNumber("PASSED", "Problems solved correctly")]

    def execute(self, job: Job) -> None:
        for name, found in _versions():
            job.monitor.info(f"{name}: {found}")
        try:
            outcomes = core.planning.self_test(job.monitor)
        except ImportError as error:
            raise EcoSecNetError(f"FAIL: {error}. The list above says what is missing and how to get it.") from None
        for outcome in outcomes:
            job.monitor.info(f"{outcome.name}: {outcome.failure or 'right'}")
        failed = [outcome.name for outcome in outcomes if outcome.failure]
        if failed:
            raise EcoSecNetError(f"FAIL: {', '.join(failed)}. The log says what was found.")
        job.monitor.info(f"PASS: all {len(outcomes)} problems.")
        job.results["PASSED"] = len(outcomes)


def _versions() -> list[tuple[str, str]]:
    return [
        ("EcoSecNet", version()),
        ("QGIS", Qgis.QGIS_VERSION),
        ("Qt", qVersion()),
        ("GDAL", gdal.VersionInfo("RELEASE_NAME")),
        ("System", f"{platform.platform()}, {os.cpu_count()} processors"),
        ("Python", platform.python_version()),
        ("numpy", np.__version__),
        *((name, _version(name)) for name in ("scipy", "networkx", "numba")),
    ]


def _version(package: str) -> str:
    try:
        return importlib.import_module(package).__version__
    except ImportError as error:
        return base.MISSING.get(package, "not installed (optional)") if error.name == package else str(error)
