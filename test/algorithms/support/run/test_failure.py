"""What a run that fails leaves behind: nothing, though QGIS keeps the exception that ended it."""

import gc
import weakref

import numpy as np
import pytest


@pytest.fixture
def jobs(qgis, monkeypatch):
    """Weak references to the jobs of all runs."""
    from ecosecnet.algorithms import base

    found = []

    class Watched(base.Job):
        def __init__(self, *given):
            super().__init__(*given)
            found.append(weakref.ref(self))

    monkeypatch.setattr(base, "Job", Watched)
    return found


@pytest.mark.parametrize("moment", ["_check", "execute"])
def test_a_failed_run_leaves_nothing_in_memory(run, jobs, raster, tmp_path, monkeypatch, moment):
    from ecosecnet.algorithms.sources.mspa import MspaAlgorithm

    held = []

    def fails(self, job):
        values = np.zeros(1000)
        held.append(weakref.ref(values))
        raise ValueError("no such luck")

    monkeypatch.setattr(MspaAlgorithm, moment, fails)
    land = raster("land", np.ones((5, 5)))
    with pytest.raises(Exception, match="no such luck"):
        run("mspa", INPUT=land, OUTPUT=str(tmp_path / "mspa.tif"))
    gc.collect()
    assert jobs
    assert held
    assert [one() for one in jobs + held] == [None] * len(jobs + held)
