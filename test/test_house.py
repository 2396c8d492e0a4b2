"""The check of the house finds what breaks its rules."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "check_house.py"


@pytest.fixture
def findings(tmp_path, capsys):
    """Return a function that checks a small sound house after some files were written into it."""
    spec = importlib.util.spec_from_file_location("check_house", SCRIPT)
    check = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check)
    check.ROOT = tmp_path

    def run(**written):
        files = {
            "core/__init__.py": "",
            "core/errors.py": "",
            "core/leastcost/__init__.py": "from .graph import CostGraph\n",
            "core/leastcost/graph.py": "from ..errors import InputError\n",
            "core/leastcost/fields.py": "from .graph import CostGraph\n",
            "core/keyareas/__init__.py": "",
            "core/keyareas/barriers.py": "from ..leastcost import CostGraph\nfrom ..leastcost.fields import CostFields\n",
            "algorithms/base.py": "from .. import core\n",
            "algorithms/support/io.py": "",
            **{name.replace("__", "/") + ".py": text for name, text in written.items()},
        }
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        count = check.main()
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == count + 1
        return lines[:-1]

    return run


def test_a_sound_house_has_no_findings(findings):
    assert findings() == []


@pytest.mark.parametrize(
    ("written", "text", "finding"),
    [
        ("core__leastcost__new", "from ..keyareas import barriers", "from a room that is not below"),
        ("core__leastcost__new", "def f():\n    from .. import keyareas", "from a room that is not below"),
        ("core__errors", "from .leastcost.graph import CostGraph", "from a room that is not below"),
        ("core__leastcost__new", "from ... import core", "from the face of core"),
        ("core__leastcost__new", "from .. import something", "from the face of core"),
        ("core__leastcost__new", "from . import CostGraph", "from the face of core/leastcost"),
        ("core__leastcost__new", "from .. import leastcost", "from the face of core/leastcost"),
        ("core__leastcost__new", "import ecosecnet.core.keyareas", "by its full name"),
        ("core__leastcost__new", "from ecosecnet.core import keyareas", "by its full name"),
        ("core__kitchen__new", "", "in a room that ROOMS does not have"),
        ("core__leastcost__new", "from ...algorithms import base", "from a layer above"),
        ("core__leastcost__new", "import osgeo.gdal", "free of QGIS, GDAL and Qt"),
        ("algorithms__support__io", "from .. import base", "from a layer above"),
    ],
)
def test_one_rule_broken_is_one_finding(findings, written, text, finding):
    line = 1 + text.count("\n")
    (found,) = [one for one in findings(**{written: text + "\n"}) if "circle" not in one]
    assert found.startswith(f"{written.replace('__', '/')}.py:{line}: ")
    assert finding in found


def test_a_circle_of_annotations_is_found(findings):
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .fields import CostFields\n"
    (found,) = findings(core__leastcost__graph=text)
    assert "imports in a circle" in found


def test_a_drawer_on_the_ground_floor_is_found(findings):
    assert findings(**{f"core__m{k}": "" for k in range(10)}) == []
    (found,) = findings(core__m10="")
    assert "13 modules lie outside the rooms" in found
