"""The tutorials say what comes out: their own commands are run, and every number they state is compared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {"en": DOCS / "tutorial.md", "zh": DOCS / "zh_CN" / "tutorial.md"}
ROW = re.compile(r"^\| (.+?) \| `([A-Z][A-Z0-9_]*)` \| (.+?) \|$", re.M)


def steps(text):
    """Return (command, [(output, stated)]) of each block of commands of a page and the table below it."""
    parts = re.split(r"```bash\n(.*?)```", text, flags=re.S)
    return [
        (parts[k], [(name, stated) for _, name, stated in ROW.findall(parts[k + 1])]) for k in range(1, len(parts), 2)
    ]


def text_of(language):
    return PAGES[language].read_text(encoding="utf-8")


def plain(stated):
    """Return a stated number without what groups its digits."""
    return stated.replace(",", "")


def run(command, folder):
    """Run a block of a page; returns its results by name. `qgis_process` is that of this checkout."""
    shim = f'qgis_process() {{ "{ROOT}/scripts/qgis_process" "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-e", "-c", shim + command], cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return dict(re.findall(r"^([A-Z][A-Z0-9_]*):\t(.*)$", done.stdout, re.M))


def agrees(stated, found):
    """Say whether a result, rounded to the digits stated, is the stated one."""
    number = plain(stated)
    if not re.fullmatch(r"-?\d+(\.\d+)?", number):
        return stated == found
    decimals = len(number.partition(".")[2])
    return f"{float(found):.{decimals}f}" == number


def test_the_parser_finds_steps_and_numbers():
    found = steps(text_of("en"))
    assert len(found) >= 12
    assert sum(len(rows) for _, rows in found) >= 30


def test_both_languages_have_the_same_commands_and_numbers():
    english, chinese = (steps(text_of(language)) for language in ("en", "zh"))
    assert chinese == english


def test_numbers_in_the_words_are_those_of_the_tables():
    """Bold numbers are results; the digits and units in the tables count."""
    for language in PAGES:
        stated = {plain(value) for _, rows in steps(text_of(language)) for _, value in rows}
        bold = re.findall(r"\*\*(\d[\d,.]*)", text_of(language))
        assert bold
        assert {plain(one).rstrip(".") for one in bold} <= stated


def test_the_readme_states_the_numbers_of_the_tutorial():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    whole = [dict(rows) for command, rows in steps(text_of("en")) if "ecosecnet:securitynetwork" in command]
    kinds = (
        "SOURCE_COUNT",
        "SOURCE_HA",
        "LINK_COUNT",
        "LINK_KM",
        "PINCH_COUNT",
        "PINCH_HA",
        "BARRIER_COUNT",
        "BARRIER_HA",
    )
    printed = [
        re.findall(rf"^ +(\d+) {kind} +([\d,.]+) [hk][am]$", readme, re.M)[0]
        for kind in ("ecological sources", "corridors", "pinch points", "barriers")
    ]
    assert [plain(one) for pair in printed for one in pair] == [plain(whole[0][kind]) for kind in kinds]
    rows = re.findall(r"^ *\| (\d+) ha \| (.*) \|$", readme, re.M)
    assert len(rows) == 2
    for (area, row), numbers in zip(rows, whole):
        found = re.findall(r"([\d,]+), ([\d,.]+) [hk][am]", row)
        assert [plain(one) for pair in found for one in pair] == [plain(numbers[kind]) for kind in kinds], area


@pytest.mark.slow
def test_every_number_comes_out(tmp_path):
    wrong = []
    for command, rows in steps(text_of("en")):
        results = run(command, tmp_path)
        wrong += [
            (name, stated, results.get(name)) for name, stated in rows if not agrees(stated, results.get(name, ""))
        ]
    assert wrong == []


START = f"""
import sys
sys.path[:0] = [{str(ROOT / "test")!r}]
import conftest
from qgis.core import QgsApplication
from qgis.testing import start_app
start_app()
sys.path.append(QgsApplication.pkgDataPath() + "/python/plugins")
from processing.core.Processing import Processing
Processing.initialize()
from ecosecnet.plugin import EcoSecNetPlugin
plugin = EcoSecNetPlugin(None)
plugin.initProcessing()
"""


@pytest.mark.slow
def test_the_examples_of_the_scripts_page_run(tmp_path):
    pytest.importorskip("qgis.core", reason="needs the Python bindings of QGIS")
    text = (DOCS / "scripts.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(bash|python)\n(.*?)```", text, re.S)
    assert {kind for kind, _ in blocks} == {"bash", "python"}
    for kind, block in blocks:
        if kind == "bash":
            run(block, tmp_path)
            continue
        (tmp_path / "example.py").write_text(f"{START}{block}\nsys.stdout.flush()\nimport os\nos._exit(0)\n", "utf-8")
        done = subprocess.run(
            [sys.executable, "example.py"],
            cwd=tmp_path,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        assert re.search(r"^\d+ links, cutoff \d+$", done.stdout, re.M)
