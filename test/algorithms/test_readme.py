"""The numbers of the README are those of the demonstration as it is now."""

import re
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KINDS = ("ecological sources", "corridors", "pinch points", "barriers")
EXERCISE = re.findall(r"^ +\| (\d+) ha \| (.*) \|$", README, re.M)


def printed(text):
    """Return number and size of each kind in what scripts/demo prints."""
    return [re.findall(rf"^ +(\d+) {kind} +([\d,.]+ [hk][am])$", text, re.M)[0] for kind in KINDS]


def told(row):
    """Return the same of a row of the exercise."""
    return [tuple(cell.split(", ", 1)) for cell in row.split(" | ")]


def test_the_exercise_starts_from_the_demonstration(qgis):
    from qgis.core import QgsApplication

    tool = QgsApplication.processingRegistry().algorithmById("ecosecnet:securitynetwork")
    parameter = tool.parameterDefinition("MIN_AREA")
    (before, start), (after, _) = EXERCISE
    assert f"*{parameter.description()}* from {before} to {after}" in " ".join(README.split())
    assert f"--MIN_AREA={after}`" in README
    assert float(before) == parameter.defaultValue()
    assert told(start) == printed(README)
    assert [kind.capitalize() for kind in KINDS] == re.findall(r"\| Smallest source \| (.*) \|", README)[0].split(" | ")


@pytest.fixture(scope="module")
def small_county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county"))
    made = qgis.run("ecosecnet:demolandscape", {"SIZE": 400, "LOAD": False, "OUTPUT_FOLDER": folder})
    layers = {name: made[name] for name in ("LANDUSE", "DEM", "ROADS", "MINES")}
    return {**layers, "LEGEND": 1, "PROTECTED": [made["REDLINE"], made["RESERVES"]]}


def test_without_small_sources_there_are_fewer_corridors_and_they_are_longer(run, small_county):
    # A county of about a sixth of the area, so with sources of a fifth.
    before, after = (run("securitynetwork", **small_county, MIN_AREA=area) for area in (20, 60))
    assert 2 <= after["SOURCE_COUNT"] <= 0.75 * before["SOURCE_COUNT"]
    assert after["SOURCE_HA"] >= 0.75 * before["SOURCE_HA"]
    assert after["LINK_COUNT"] <= 0.75 * before["LINK_COUNT"]
    assert after["LINK_KM"] / after["LINK_COUNT"] > before["LINK_KM"] / before["LINK_COUNT"]


@pytest.mark.slow
@pytest.mark.parametrize(("area", "row"), EXERCISE, ids=[area for area, _ in EXERCISE])
def test_the_demonstration_gives_the_numbers_of_the_readme(tmp_path, area, row):
    command = [str(ROOT / "scripts" / "demo"), str(tmp_path), f"--MIN_AREA={area}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert printed(done.stdout) == told(row)
