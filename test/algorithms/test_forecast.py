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
    from ecosecnet.algorithms.support import forecast

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


def test_a_run_of_days_is_warned_of(forecast):
    listener = forecast([(0.0, 0.0), (36.0, 1e-4)])
    assert listener.warned == ["At this pace the run takes about 4 days more. Take fewer."]


def test_maps_that_do_not_fit_are_warned_of(qgis, tmp_path):
    from ecosecnet.algorithms.support.forecast import announce_files

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
