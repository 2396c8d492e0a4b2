"""What a long run will take is told early, and a full disk leaves nothing behind."""

import os

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


class Listener:
    """Stands for the log."""

    def __init__(self):
        self.told, self.warned, self.fractions = [], [], []

    def cancelled(self):
        return False

    def progress(self, fraction):
        self.fractions.append(fraction)

    def info(self, text):
        self.told.append(text)

    def warn(self, text):
        self.warned.append(text)


@pytest.fixture
def forecast(qgis, monkeypatch):
    from ecosecnet.algorithms.support.run import forecast

    now = [100.0]
    monkeypatch.setattr(forecast.time, "monotonic", lambda: now[0])

    def at(seconds_and_fractions):
        listener = Listener()
        now[0] = 100.0
        monitor = forecast.Forecast(listener, "Take fewer.")
        for seconds, fraction in seconds_and_fractions:
            now[0] = 100.0 + seconds
            monitor.progress(fraction)
        assert listener.fractions == [fraction for _, fraction in seconds_and_fractions]
        return listener

    return at


def test_a_short_run_is_not_spoken_of(forecast):
    listener = forecast([(1.0, 0.1), (5.0, 0.5), (10.0, 1.0)])
    assert not listener.told
    assert not listener.warned


def test_a_long_run_is_told_once(forecast):
    listener = forecast([(0.0, 0.0), (1.0, 0.001), (10.0, 0.01), (20.0, 0.02)])
    assert listener.told == ["At this pace the run takes about 16 minutes more."]
    assert not listener.warned


def test_preparations_do_not_spoil_the_pace(forecast):
    """Half a minute of preparations, then one percent in a second: 95 seconds are left, not 50 minutes."""
    listener = forecast([(30.0, 0.0)] + [(30.0 + k, 0.01 * k) for k in range(1, 40)])
    assert listener.told == ["At this pace the run takes about 2 minutes more."]


def test_a_slower_step_is_told_anew(forecast):
    """The first 30 percent take 3 seconds, as many pairs as follow take ten minutes."""
    first = [(0.1 * k, 0.01 * k) for k in range(31)]
    steps = first + [(3.0 + k, 0.3 + 0.7 * k / 600) for k in range(1, 300)]
    listener = forecast(steps)
    assert 1 <= len(listener.told) <= 3
    assert listener.told[-1] in {f"At this pace the run takes about {m} minutes more." for m in (8, 9, 10)}


def test_steps_at_several_paces_are_not_told_before_one_holds(forecast):
    """Short steps of shares that are guesses, then the work: what is told does not change at once, and ends right."""
    first = [(0.25 * k, 0.04 * k) for k in range(5)] + [(1.0 + k, 0.16 + 0.002 * k) for k in range(1, 5)]
    first += [(5.0 + 0.5 * k, 0.17 + 0.01 * k) for k in range(1, 4)]
    listener = forecast(first + [(6.5 + k, 0.2 + 0.8 * k / 400) for k in range(1, 100)])
    assert len(listener.told) <= 2
    assert listener.told[-1].endswith(("about 6 minutes more.", "about 7 minutes more."))


def test_a_told_time_that_holds_is_told_once(forecast):
    assert len(forecast([(0.5 * k, k / 2400) for k in range(2400)]).told) == 1


def test_progress_that_starts_again_is_measured_anew(forecast):
    listener = forecast([(k, k / 10) for k in range(11)] + [(11 + k, k / 600) for k in range(1, 30)])
    assert listener.told[-1].endswith(("about 9 minutes more.", "about 10 minutes more."))


def test_a_run_of_days_is_warned_of(forecast):
    listener = forecast([(0.0, 0.0), (36.0, 1e-4)])
    assert listener.warned == ["At this pace the run takes about 4 days more. Take fewer."]


def test_maps_that_do_not_fit_are_warned_of(qgis, tmp_path):
    from ecosecnet.algorithms.support.run.forecast import announce_files

    listener = Listener()
    announce_files(str(tmp_path / "not" / "yet"), 3, 2**20, listener)
    assert listener.told[0].startswith("3 maps: at most 3 MB on the disk")
    assert not listener.warned
    announce_files(str(tmp_path), 2, 2.0**60, listener)
    assert "choose another folder" in listener.warned[0]


def test_a_full_disk_leaves_nothing_behind(run, raster, tmp_path):
    resource = pytest.importorskip("resource")
    shape = (300, 300)
    focal = np.zeros(shape, dtype=np.int32)
    focal[10, 10], focal[250, 200], focal[20, 280] = 1, 2, 3
    noise = np.random.default_rng(1).uniform(1, 50, shape).astype(np.float32)
    inputs = {"RESISTANCE": raster("resistance", noise, nodata=-1), "FOCAL": raster("focal", focal, nodata=0)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(Exception, match="is the disk full"):
            run("currentflow", **inputs, CURRENT=str(tmp_path / "c.tif"), CURRENT_FOLDER=str(tmp_path / "maps"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "maps").exists()
    assert not [file for file in os.listdir(tmp_path) if file.startswith("c.")]


@pytest.mark.parametrize(
    ("tool", "options"),
    [
        ("pinchpoints", {"CUTOFF": 500.0, "MODE": 2, "CURRENT": "TEMPORARY_OUTPUT"}),
        ("pinchpoints", {"CUTOFF": 500.0, "CURRENT": "TEMPORARY_OUTPUT"}),
        ("barriers", {"SCORE": "TEMPORARY_OUTPUT"}),
        ("circuitbarriers", {"CUTOFF": 500.0, "GAIN": "TEMPORARY_OUTPUT"}),
        ("cutoffsweep", {"CUTOFFS": "200, 500", "TABLE": "TEMPORARY_OUTPUT"}),
    ],
)
def test_tools_over_links_tell_their_time(run, raster, polygons, monkeypatch, tool, options):
    """With a clock on which every look takes a quarter of an hour, each of them is a long run."""
    from ecosecnet.algorithms.support.run import forecast

    def square(col, row):
        left, top = 500_000 + 30 * col, 2_900_000 - 30 * row
        return f"POLYGON(({left} {top}, {left + 90} {top}, {left + 90} {top - 90}, {left} {top - 90}, {left} {top}))"

    noise = np.random.default_rng(1).uniform(1, 50, (60, 60)).astype(np.float32)
    places = [(3, 3), (50, 4), (4, 50), (50, 50), (28, 28)]
    given = {
        "RESISTANCE": raster("noise", noise),
        "SOURCES": polygons("s", [(square(*place), {"source_id": k}) for k, place in enumerate(places, start=1)]),
    }
    given["LINKS"] = run("linkages", **given, LINKS="TEMPORARY_OUTPUT")["LINKS"]
    now = [0.0]

    def clock():
        now[0] += 900.0
        return now[0]

    monkeypatch.setattr(forecast.time, "monotonic", clock)
    run(tool, **given, **options, OUTPUT_LINKS="TEMPORARY_OUTPUT")
    assert "At this pace the run takes about" in run.feedback.textLog()
