"""The single tools, one after the other, give the surface of the whole network."""

import numpy as np
import pytest
from conftest import ROOT
from layerio import read_raster

pytestmark = pytest.mark.qgis

TABLE = ROOT / "docs" / "examples" / "scores_liuzhi_corrected.csv"
NORMALISED = 3


def test_the_chain_of_tools_is_the_surface_of_the_network(run, tmp_path):
    land = run("demolandscape", SIZE=300, SEED=3, OUTPUT_FOLDER=str(tmp_path))
    path = {name: str(tmp_path / f"{name}.tif") for name in ("chain", "whole")}
    measured = [str(tmp_path / f"{place}.tif") for place in range(3)]
    run("distancefactor", FEATURES=land["ROADS"], GRID=land["LANDUSE"], OUTPUT=measured[0])
    run("distancefactor", FEATURES=land["MINES"], GRID=land["LANDUSE"], OUTPUT=measured[1])
    run("terrainfactor", DEM=land["DEM"], FACTOR=0, OUTPUT=measured[2])
    # No factor is named and no weight typed: the rasters say what they hold, and the table has the rest.
    scores = []
    for place, source in enumerate([*measured, land["LANDUSE"], land["DEM"]]):
        scores.append(str(tmp_path / f"score{place}.tif"))
        run("scorefactor", INPUT=source, SCORES_TABLE=str(TABLE), OUTPUT=scores[-1])
    corrections = [land[name] for name in ("DESERTIFICATION", "EROSION", "GEOHAZARDS")]
    run(
        "resistance",
        FACTORS=scores,
        WEIGHTS_TABLE=str(TABLE),
        CORRECTIONS=corrections,
        CORRECTION_METHOD=NORMALISED,
        OUTPUT=path["chain"],
    )
    run(
        "securitynetwork",
        LANDUSE=land["LANDUSE"],
        LEGEND=1,
        DEM=land["DEM"],
        ROADS=land["ROADS"],
        MINES=land["MINES"],
        CORRECTIONS=corrections,
        MIN_AREA=2,
        RESISTANCE=path["whole"],
    )
    (chain, nodata), (whole, none) = read_raster(path["chain"]), read_raster(path["whole"])
    np.testing.assert_array_equal(chain == nodata, whole == none)
    known = chain != nodata
    assert known.sum() > 10_000
    np.testing.assert_allclose(chain[known], whole[known], rtol=1e-6)
