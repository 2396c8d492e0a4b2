import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

LAND = np.array([[1, 2, 3, 0], [5, 6, 7, 8]], dtype=np.uint8)


def test_codes_values_ranges_and_missing(run, raster, tmp_path):
    out = run(
        "foreground",
        INPUT=raster("land", LAND, nodata=0),
        FOREGROUND="1, 5-6",
        MISSING="8",
        OUTPUT=str(tmp_path / "f.tif"),
    )
    cells, nodata = read_raster(out["OUTPUT"])
    assert cells.tolist() == [[2, 1, 1, 0], [2, 2, 1, 0]]
    assert nodata == 0
    assert out["FOREGROUND_HA"] == pytest.approx(3 * 0.09)


def test_says_which_values_there_are(run, raster, tmp_path):
    target = tmp_path / "f.tif"
    with pytest.raises(Exception, match=r"foreground values 9; found: 1, 2, 3"):
        run("foreground", INPUT=raster("land", LAND, nodata=0), FOREGROUND="9", OUTPUT=str(target))
    assert not target.exists()
