"""How many processes a run gets: what was asked for, what there is, what fits."""

import re

import numpy as np
import pytest
from ecosecnet.algorithms.support.run import memory
from ecosecnet.core import spread
from layerio import read_raster

pytestmark = pytest.mark.qgis


@pytest.fixture
def started(monkeypatch):
    """The numbers of processes that were started; the machine has two cores."""
    found = []
    whole = spread.processes.partials

    def noted(job, numbers, count, *rest):
        found.append(count)
        yield from whole(job, numbers, count, *rest)

    monkeypatch.setattr(spread.processes, "partials", noted)
    monkeypatch.setattr(spread, "cores", lambda: 2)
    return found


@pytest.fixture
def current(run, raster, monkeypatch):
    """Return a function that maps current, and gives it and what was said."""
    from ecosecnet.core.circuit import windows

    monkeypatch.setattr(windows, "_PIECE_CELLS", 2_000)
    path = raster("surface", np.exp(np.random.default_rng(2).normal(size=(24, 30))).astype(np.float32))

    def call(**more):
        out = run("omniscape", RESISTANCE=path, RADIUS=4, BLOCK_SIZE=3, CURRENT="TEMPORARY_OUTPUT", **more)
        return read_raster(out["CURRENT"])[0], run.feedback.textLog()

    return call


def test_one_process_unless_more_are_asked_for(current, started):
    current()
    current(PROCESSES=0)  # all cores but one
    assert started == []


def test_more_than_the_cores_are_reported_and_the_map_is_the_same(current, started):
    alone, _ = current()
    map_, log = current(PROCESSES=64)
    np.testing.assert_array_equal(map_, alone)
    assert started == [2]
    assert "64 processes were asked for, and there are 2 cores: 2 are used." in log
    assert "2 processes share the work." in log


def test_as_many_as_the_memory_holds(current, started, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda: 200_000_000)
    _, log = current(PROCESSES=2)
    assert started == []
    assert re.search(r"2 processes need about 2\d\d MB of memory, and 191 MB are available: 1 is used\.", log)


def test_the_forecast_counts_the_processes(current, started):
    def needed(log):
        return int(log.split("Needs about ")[1].split(" MB")[0])

    assert needed(current(PROCESSES=2)[1]) > needed(current()[1]) + 2 * 100


def test_circuits_between_regions(run, raster, started, tmp_path):
    cells = np.zeros((12, 14), dtype=np.int32)
    cells[:2, :2], cells[9:, 4:6], cells[5, 11:] = 1, 2, 3
    inputs = {
        "RESISTANCE": raster("surface", np.exp(np.random.default_rng(2).normal(size=cells.shape)).astype(np.float32)),
        "FOCAL": raster("focal", cells, nodata=0),
    }
    maps = []
    for count in (1, 2):
        folder = tmp_path / f"maps{count}"
        out = run("currentflow", **inputs, CURRENT="TEMPORARY_OUTPUT", CURRENT_FOLDER=str(folder), PROCESSES=count)
        paths = [out["CURRENT"], *map(str, sorted(folder.glob("*.tif")))]
        maps.append([read_raster(path)[0] for path in paths])
    assert started == [2]
    np.testing.assert_array_equal(*maps)
    assert len(maps[0]) == 4
