"""The self-test in a real QGIS."""

import pytest

pytestmark = pytest.mark.qgis


def test_it_passes(run):
    assert run("selftest")["PASSED"] >= 9


def test_it_says_what_fails(run, monkeypatch):
    from ecosecnet.core import planning
    from ecosecnet.core.planning.selftest import Outcome

    monkeypatch.setattr(planning, "self_test", lambda monitor: [Outcome("MSPA", "found 1, expected 2")])
    with pytest.raises(Exception, match="FAIL: MSPA"):
        run("selftest")


def test_a_missing_package_is_told(qgis, monkeypatch):
    import importlib

    from ecosecnet.algorithms.planning import selftest

    def missing(name):
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    versions = dict(selftest._versions())
    assert "sudo apt install python3-scipy" in versions["scipy"]
    assert versions["numba"] == "not installed (optional)"


def test_a_core_that_cannot_be_loaded_is_told(run, monkeypatch):
    from ecosecnet.core import planning

    def broken(monitor):
        raise ModuleNotFoundError("No module named 'scipy'")

    monkeypatch.setattr(planning, "self_test", broken)
    with pytest.raises(Exception, match="FAIL: No module named 'scipy'"):
        run("selftest")
