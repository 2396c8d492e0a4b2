"""Impassable land, roads as cells and land that cannot be restored, through the tool of the whole network."""

import numpy as np
import pytest
from ecosecnet.core.resistance import closed_at_corners
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def parameters(county, parameters):
    for unused in ("CORRECTIONS", "MINES", "TOWNSHIP_NAME"):
        parameters.pop(unused)
    return {**parameters, "LITHOLOGY": county["LITHOLOGY"], "MIN_RADIUS": 60.0, "MAX_RADIUS": 120.0}


def cells(path):
    values, nodata = read_raster(path)
    return np.where(values == nodata, np.nan, values)


def test_the_surface_the_paths_and_the_barriers(run, parameters, tmp_path):
    """Class 6 is water, 8 built-up land: neither is crossed, and only built-up land can be restored."""
    plain = run("securitynetwork", **parameters, RESISTANCE=str(tmp_path / "plain.tif"))
    rasters = {name: str(tmp_path / f"{name}.tif") for name in ("RESISTANCE", "SCORE")}
    layers = {name: str(tmp_path / f"{name}.gpkg") for name in ("SOURCES", "LINKS", "BARRIERS")}
    run(
        "securitynetwork",
        **parameters,
        **rasters,
        **layers,
        IMPASSABLE="6, 8",
        NOT_RESTORABLE="6",
        ROAD_CLASS="kind",
        ROAD_SCORES="expressway=30; 4",
        REPORT=str(tmp_path / "report.html"),
    )
    land, _ = read_raster(parameters["LANDUSE"])
    surface, before = cells(rasters["RESISTANCE"]), cells(plain["RESISTANCE"])
    closed = np.isnan(surface) & ~np.isnan(before)
    assert closed.any()
    assert closed_at_corners(np.isin(land, (6, 8)))[closed].all()
    assert "Impassable land: " in run.feedback.textLog()
    assert "the road resists more than the land" in run.feedback.textLog()
    assert set(np.unique(surface[surface > np.nanmax(before)]).tolist()) == {30.0}
    assert (surface[~np.isnan(surface)] >= before[~np.isnan(surface)] - 1e-6).all()
    open_water = np.isin(land, (6, 8)) & ~np.isnan(surface)
    from osgeo import gdal

    left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()

    def inside(path, mask, reach=0.0):
        from qgis.core import QgsGeometry, QgsPointXY

        shapes = [row["_geometry"].buffer(reach, 4) if reach else row["_geometry"] for row in read_table(path)]
        places = [QgsPointXY(left + (c + 0.5) * cell, top - (r + 0.5) * cell) for r, c in np.argwhere(mask)]
        return [any(shape.contains(QgsGeometry.fromPointXY(place)) for shape in shapes) for place in places]

    assert open_water.any()
    assert all(inside(layers["SOURCES"], open_water, 0.8 * cell))  # sources, and the edge of water around them
    score = cells(rasters["SCORE"])
    assert np.isnan(score[land == 6]).all()
    assert np.isfinite(score[(land == 8) & closed]).any()
    assert not any(inside(layers["BARRIERS"], land == 6))
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "of land uses that nothing crosses (6, 8)" in report
    assert "a road resists more than the land (expressway=30; 4)" in report


def test_roads_need_no_factor_when_they_are_cells(run, parameters, tmp_path):
    table = tmp_path / "scores.csv"
    table.write_text(
        "factor,value,score,weight\n" + "".join(f"land use,{k},{1 + k},1\n" for k in range(1, 9)), encoding="utf-8"
    )
    del parameters["DEM"]
    parameters["SCORES"] = str(table)
    with pytest.raises(Exception, match="No factor of the score table takes the layer given as ROADS"):
        run("securitynetwork", **parameters)
    found = run("securitynetwork", **parameters, ROAD_SCORES="50", RESISTANCE=str(tmp_path / "r.tif"))
    assert np.nanmax(cells(found["RESISTANCE"])) == 50


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"IMPASSABLE": "60"}, "No cell of .* has one of the impassable values 60. It holds the values"),
        ({"NOT_RESTORABLE": "water"}, "'water' is neither a value nor a range"),
        ({"NOT_RESTORABLE": "1-8"}, "No cell can be restored"),
        ({"ROAD_SCORES": "50", "ROADS": None}, "There are road scores but no roads"),
        ({"ROAD_SCORES": "motorway=50", "ROAD_CLASS": "kind"}, r"a score \(motorway\). The roads are: .*expressway"),
    ],
)
def test_what_cannot_work_is_said(run, parameters, tmp_path, options, words):
    with pytest.raises(Exception, match=words):
        run("securitynetwork", **{**parameters, **options}, RESISTANCE=str(tmp_path / "r.tif"))
    assert not (tmp_path / "r.tif").exists()


def test_no_key_area_that_is_large_enough_is_a_result(run, parameters, tmp_path):
    parameters["MIN_KEY_AREA"] = 1e6
    tables = {name: str(tmp_path / f"{name}.gpkg") for name in ("KEY_TABLE", "PINCHPOINTS", "BARRIERS", "PINCH_TABLE")}
    found = run("securitynetwork", **parameters, **tables, REPORT=str(tmp_path / "report.html"))
    assert (found["PINCH_COUNT"], found["BARRIER_COUNT"]) == (0, 0)
    assert read_table(tables["KEY_TABLE"]) == read_table(tables["PINCHPOINTS"]) == []
    assert (tmp_path / "report.html").exists()
