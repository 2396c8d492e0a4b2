"""The Python beside a program is found where QGIS has it."""

import sys

import numpy as np
import pytest
import scipy
from ecosecnet.core.spread import interpreter
from ecosecnet.core.spread.interpreter import candidates, find_python

VERSIONS = f"{sys.version_info[0]} {sys.version_info[1]} {np.__version__} {scipy.__version__}"


@pytest.mark.parametrize(
    ("platform", "executable", "prefix", "expected"),
    [
        # OSGeo4W and the stand-alone installer: the program is QGIS
        ("win32", "C:/OSGeo4W/bin/qgis-bin.exe", "C:/OSGeo4W/apps/Python312", "C:/OSGeo4W/apps/Python312/python.exe"),
        ("win32", "C:/py/python.exe", "C:/py", "C:/py/python.exe"),
        # the bundle of macOS: the prefix may be one without a Python in it
        (
            "darwin",
            "/QGIS.app/Contents/MacOS/QGIS",
            "/nowhere",
            "/QGIS.app/Contents/MacOS/bin/python3",
        ),
        ("linux", "/usr/bin/python3", "/usr", "/usr/bin/python3"),
        ("linux", "", "/usr", "/usr/bin/python3"),
        ("linux", "/home/me/venv/bin/python", "/home/me/venv", "/home/me/venv/bin/python"),
    ],
)
def test_the_first_that_is_there(platform, executable, prefix, expected, tmp_path):
    def inside(path):
        return str(tmp_path) + "/" + path.replace(":", "").lstrip("/") if path else ""

    for path in filter(None, (executable, expected)):
        target = tmp_path / inside(path)[len(str(tmp_path)) + 1 :]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    found = [path for path in candidates(platform, inside(executable), inside(prefix)) if path.is_file()]
    assert found[0].as_posix() == inside(expected)


def test_qgis_itself_is_never_one():
    for platform, executable in (
        ("win32", "C:/bin/qgis-bin.exe"),
        ("darwin", "/A/QGIS"),
        ("linux", "/usr/bin/qgis.bin"),
    ):
        assert not any("qgis" in path.name.lower() for path in candidates(platform, executable, "/usr"))


@pytest.fixture
def stub(tmp_path, monkeypatch):
    """Return a function that puts a program that prints something where the Python of QGIS would be."""
    if sys.platform == "win32":
        pytest.skip("a script is no program there")

    def make(text):
        program = tmp_path / "bin" / "python3"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", "/usr/bin/qgis.bin")
        monkeypatch.setattr(sys, "exec_prefix", str(tmp_path))
        find_python.cache_clear()
        return program

    yield make
    find_python.cache_clear()


def test_it_has_the_same_numpy_and_scipy(stub):
    assert find_python() is not None
    program = stub(f"echo {VERSIONS}")
    assert find_python() == str(program)


@pytest.mark.parametrize(
    "text", [f"echo {VERSIONS}9", "echo 'ModuleNotFoundError: scipy' >&2; exit 1", "exit 0", "sleep 5", "kill -9 $$"]
)
def test_one_that_does_not_answer_or_has_others_is_none(stub, text, monkeypatch):
    monkeypatch.setattr(interpreter, "_QUICK", 0.5)
    stub(text)
    assert find_python() is None
