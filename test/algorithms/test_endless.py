"""Parameters with which a run would not end are refused with their number, or the run says its time and can be stopped."""

import time

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def net(run, raster, polygons):
    """Three sources on 100 x 120 cells, with their links."""

    def square(col, row, side=270):
        left, top = 500_000 + 30 * col, 2_900_000 - 30 * row
        right, bottom = left + side, top - side
        return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"

    places = [(5, 5), (90, 8), (50, 80)]
    given = {
        "RESISTANCE": raster("r", np.random.default_rng(0).uniform(1, 9, (100, 120)).astype(np.float32)),
        "SOURCES": polygons("s", [(square(*place), {"source_id": k}) for k, place in enumerate(places, start=1)]),
    }
    return {**given, "LINKS": run("linkages", **given, LINKS="TEMPORARY_OUTPUT")["LINKS"]}


TEMPORARY = "TEMPORARY_OUTPUT"


@pytest.mark.parametrize(
    ("tool", "options", "message"),
    [
        ("barriers", {"MAX_RADIUS": 1e9, "SCORE": TEMPORARY}, r"in steps of 60 are 16,666,667; at most 100"),
        ("barriers", {"STEP": 1e-7, "SCORE": TEMPORARY}, r"in steps of 1e-07 are 1,200,000,\d+; at most 100"),
        ("barriers", {"MIN_RADIUS": 1e9, "SCORE": TEMPORARY}, r"radius of 3e\+09 m reaches beyond the whole raster"),
        ("cutoffsweep", {"SURFACE": 1, "STEP": 1e-7, "CUTOFFS": "100 200", "TABLE": TEMPORARY}, "at most 100"),
        (
            "circuitbarriers",
            {"CUTOFF": 500.0, "RADIUS": 1e6, "GAIN": TEMPORARY, "OUTPUT_LINKS": TEMPORARY},
            r"radius of 1e\+06 reaches beyond the whole raster \(100 x 120 cells of 30\)",
        ),
        (
            "linkages",
            {"PROFILE_STEP": 1e-6, "LINKS": TEMPORARY, "PROFILE": TEMPORARY},
            "Sections of 1e-06 m are shorter",
        ),
        ("omniscape", {"RADIUS": 10**6, "CURRENT": TEMPORARY}, "radius of 1,000,000 cells reaches far beyond"),
        (
            "centrality",
            {"RUNS": 10**9, "ROBUSTNESS": TEMPORARY, "OUTPUT_SOURCES": TEMPORARY, "OUTPUT_LINKS": TEMPORARY},
            "RUNS|random runs",
        ),
    ],
)
def test_refused_with_the_number(run, net, tool, options, message):
    if tool == "linkages":
        net.pop("LINKS")
    start = time.process_time()
    with pytest.raises(Exception, match=message):
        run(tool, **net, **options)
    assert time.process_time() - start < 5.0


def test_a_gap_wider_than_the_raster_is_refused(run, raster):
    cover = raster("cover", (np.random.default_rng(0).random((100, 120)) < 0.5).astype(np.uint8))
    with pytest.raises(Exception, match="Gaps of up to 33,333,333 cells are wider than the whole raster"):
        run("sources", INPUT=cover, CORE_VALUES="1", GAP=1e9, OUTPUT=TEMPORARY)


def test_ten_thousand_million_cells_say_their_time_and_stop(run, raster, tmp_path):
    """A virtual raster of 100,000 x 100,000 cells over a small one."""
    from osgeo import gdal
    from qgis.core import QgsProcessingFeedback

    small = raster("small", np.ones((10, 10), np.float32))
    text = gdal.Translate(str(tmp_path / "huge.vrt"), small, format="VRT", width=100_000, height=100_000)
    del text

    class Impatient(QgsProcessingFeedback):
        """Cancels as soon as the time is told."""

        def __init__(self):
            super().__init__(False)
            self.told, self.stopped = "", None

        def pushInfo(self, text):
            if "the run takes about" in text:
                self.told, self.stopped = text, time.process_time()
                self.cancel()

    feedback = Impatient()
    with pytest.raises(Exception, match=r"(?i)cancel"):
        run(
            "scorefactor",
            feedback,
            INPUT=str(tmp_path / "huge.vrt"),
            SCORES=["0", "2", "3"],
            OUTPUT=str(tmp_path / "scores.tif"),
        )
    assert feedback.told
    assert time.process_time() - feedback.stopped < 2.0
    assert not (tmp_path / "scores.tif").exists()
