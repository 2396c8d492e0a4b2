"""A few runs of the real qgis_process, as a script would call it."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [str(ROOT / "scripts" / "qgis_process")]

pytestmark = [
    pytest.mark.qgis,
    pytest.mark.skipif(
        not (shutil.which("qgis_process.bin") or shutil.which("qgis_process")), reason="qgis_process is not installed"
    ),
]


def call(*arguments):
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def landscape(tmp_path_factory):
    """A small demonstration county, in a folder with blanks and Chinese characters."""
    folder = tmp_path_factory.mktemp("e2e") / "演示 landscape"
    done = call("--json", "run", "ecosecnet:demolandscape", "--SIZE=240", f"--OUTPUT_FOLDER={folder}")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["results"]


def test_whole_chain(landscape, tmp_path):
    report = tmp_path / "report 报告.html"
    done = call(
        "--json",
        "run",
        "ecosecnet:securitynetwork",
        f"--LANDUSE={landscape['LANDUSE']}",
        "--LEGEND=1",
        f"--DEM={landscape['DEM']}",
        f"--ROADS={landscape['ROADS']}",
        f"--MINES={landscape['MINES']}",
        f"--PROTECTED={landscape['REDLINE']}",
        f"--TOWNSHIPS={landscape['TOWNSHIPS']}",
        "--MIN_AREA=20",
        "--DISPERSAL=1000",
        f"--LINKS={tmp_path / 'links.gpkg'}",
        f"--REPORT={report}",
    )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert results["SOURCE_COUNT"] >= 2
    assert results["LINK_COUNT"] >= 1
    assert (tmp_path / "links.gpkg").exists()
    assert "<h1>" in report.read_text(encoding="utf-8")


def test_failure_exits_with_1_and_says_why(landscape, tmp_path):
    target = tmp_path / "foreground.tif"
    done = call(
        "run", "ecosecnet:foreground", f"--INPUT={landscape['LANDUSE']}", "--FOREGROUND=99", f"--OUTPUT={target}"
    )
    assert done.returncode == 1
    assert "has one of the foreground values 99" in done.stderr
    assert "Traceback" not in done.stderr
    assert not target.exists()


def test_cancel_exits_with_1_and_leaves_nothing(landscape, tmp_path):
    target = tmp_path / "county"
    process = subprocess.Popen(
        [*PROGRAM, "run", "ecosecnet:demolandscape", "--SIZE=3000", f"--OUTPUT_FOLDER={target}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for character in iter(lambda: process.stdout.read(1), ""):
        if character == "%" or character == ".":  # the progress has begun to move
            break
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Cancelled" in errors
    assert time.monotonic() - asked < 10  # a second for us, the rest for QGIS to shut down on a busy machine
    assert not target.exists() or not os.listdir(target)
