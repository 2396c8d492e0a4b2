"""Registers the checkout as the package ``ecosecnet``, whatever its folder is called."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

if "ecosecnet" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["ecosecnet"] = module
    spec.loader.exec_module(module)


def compile_translations():
    """Compile the translations where they are older than what they are made of, as scripts/package does for the zip."""
    for source in (ROOT / "i18n").glob("*.ts"):
        made = source.with_suffix(".qm")
        if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
            subprocess.run(["lrelease", "-silent", source, "-qm", made], check=True)


if shutil.which("lrelease"):
    compile_translations()

REFERENCE = ROOT.parent / "shared" / "reference"


def pytest_sessionfinish(session, exitstatus):
    session.config.exitstatus = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """End a process that has started QGIS before Python takes its objects apart.

    QGIS keeps the exception of each run that fails, with the frames of its callers. Layers that a test gave to such a run
    would be destroyed at the very end, after the data sets of GDAL that they hold: now and then that is a crash.
    """
    if "qgis.testing" in sys.modules and hasattr(config, "exitstatus"):
        shutil.rmtree(os.environ["QGIS_CUSTOM_CONFIG_PATH"], ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.exitstatus)
