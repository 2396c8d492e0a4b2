"""The core as a package of its own: its page runs, and its list of packages is that of the rooms."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_runs(capsys):
    """The same code that `scripts/wheel` runs with the installed wheel."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.S)
    assert len([line for line in code.splitlines() if line]) <= 20
    found = {}
    exec(compile(code, "docs/python.md", "exec"), found)
    assert re.fullmatch(r"\d+ sources, \d+ links, \d+ pinch points\n", capsys.readouterr().out)
    assert found["areas"].area_ha.size > 0
    # 1 A is sent through each link, and a cell shows the largest of several.
    assert np.nanmax(found["pinch"].current) <= 1.0 + 1e-6
    assert set(found["links"].joined.ravel()) <= set(range(1, found["sources"].labels.max() + 1))


def test_every_room_is_in_the_wheel():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = sorted(path.parent.name for path in (ROOT / "core").glob("*/__init__.py"))
    assert project["tool"]["setuptools"]["packages"] == [
        "ecosecnet.core",
        *(f"ecosecnet.core.{room}" for room in rooms),
    ]


def test_the_face_loads_nothing():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import conftest; from ecosecnet import core; dir(core); "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'networkx', 'numba'})); "
        "core.keyareas.pinchpoints; print('scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "test")], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout.splitlines() == ["[]", "True"]


def test_qgis_notes_the_rooms_that_the_face_loads():
    """It drops what went through `__import__` when the plugin is loaded again; a room that stayed would raise old errors."""
    code = """
import builtins, sys
sys.path.insert(0, sys.argv[1])
import conftest
from ecosecnet import core
load, noted = builtins.__import__, set()
def note(name, globals=None, locals=None, fromlist=(), level=0):
    found = load(name, globals, locals, fromlist, level)
    noted.add(found.__name__ if fromlist else name)
    return found
builtins.__import__ = note
core.sources, core.keyareas
print({"ecosecnet.core.sources", "ecosecnet.core.keyareas"} <= noted)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "test")], capture_output=True, text=True, check=True, cwd="/"
    )
    assert done.stdout == "True\n"


def test_the_face_knows_its_rooms_only():
    from ecosecnet import core

    assert {"circuit", "keyareas", "planning"} <= set(dir(core))
    with pytest.raises(AttributeError, match="no attribute 'kitchen'"):
        core.kitchen  # noqa: B018
