import os
from pathlib import Path

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

RASTERS = ("LANDUSE", "DEM", "LITHOLOGY", "DESERTIFICATION", "EROSION", "GEOHAZARDS")
VECTORS = {
    "ROADS": "roads",
    "MINES": "mines",
    "RIVERS": "rivers",
    "REDLINE": "redline",
    "RESERVES": "reserves",
    "TOWNSHIPS": "townships",
    "VILLAGES": "villages",
    "SETTLEMENTS": "settlements",
    "BOUNDARY": "boundary",
    "GEOHAZARD_POINTS": "geohazards",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "示范 county"


@pytest.fixture(scope="module")
def made(qgis, folder):
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 150, "CELL": 30, "SEED": 3, "OUTPUT_FOLDER": str(folder)})


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_all_layers_are_there_on_one_grid_in_metres(made, folder):
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    assert made["OUTPUT_FOLDER"] == str(folder)
    extents = set()
    for name in RASTERS:
        layer = QgsRasterLayer(made[name], name)
        assert layer.isValid(), name
        assert layer.crs().authid() == "EPSG:4544"
        assert (layer.width(), layer.height()) == (150, 150)
        assert layer.rasterUnitsPerPixelX() == 30
        extents.add(layer.extent().toString())
    assert len(extents) == 1
    for name, table in VECTORS.items():
        assert made[name] == f"{folder / 'landscape.gpkg'}|layername={table}"
        layer = QgsVectorLayer(made[name], name, "ogr")
        assert layer.isValid(), name
        assert layer.crs().authid() == "EPSG:4544"
        assert layer.featureCount() > 0
    assert not [file for file in os.listdir(folder) if file.startswith(".") or file.endswith(("-wal", "-shm"))]


def test_files_hold_what_the_core_made(made):
    from ecosecnet.core.landscapes import karst_county

    county = karst_county(150, seed=3)
    landuse, nodata = read_raster(made["LANDUSE"])
    assert nodata == 0
    assert np.array_equal(landuse, county.landuse)
    elevation, nodata = read_raster(made["DEM"])
    assert np.array_equal(elevation != nodata, county.county)
    assert np.array_equal(elevation[county.county], county.elevation[county.county])
    assert len(read_table(made["ROADS"])) == len(county.roads)
    roads = read_table(made["ROADS"])
    assert [road["length_km"] for road in roads] == [road.attributes["length_km"] for road in county.roads]


def test_the_table_of_scores_is_that_of_the_study(made, folder):
    import csv

    from ecosecnet import core

    assert made["SCORES"] == str(folder / "scores.csv")
    with open(made["SCORES"], encoding="utf-8-sig", newline="") as file:
        found = core.resistance.read_score_table(list(csv.DictReader(file)))
    expected = core.resistance.liuzhi_corrected()
    assert [(one.name, one.classes, one.direction) for one in found] == [
        (one.name, one.classes, one.direction) for one in expected
    ]
    assert [one.weight for one in found] == pytest.approx([one.weight for one in expected], rel=1e-12)


def test_polygons_tell_their_own_area_and_nest(made):
    boundary = read_table(made["BOUNDARY"])[0]["_geometry"]
    for name in ("TOWNSHIPS", "VILLAGES", "REDLINE", "RESERVES"):
        for row in read_table(made[name]):
            assert row["_geometry"].area() / 10_000 == pytest.approx(row["area_ha"])
    towns = {row["town_id"]: row["_geometry"] for row in read_table(made["TOWNSHIPS"])}
    assert len(towns) == 11
    assert sum(town.area() for town in towns.values()) == pytest.approx(boundary.area())
    for village in read_table(made["VILLAGES"]):
        inside = village["_geometry"].intersection(towns[village["town_id"]])
        assert inside.area() == pytest.approx(village["_geometry"].area())
        assert village["name_zh"].endswith("村")


def test_styles_are_kept_beside_the_data(made, folder):
    from qgis.core import QgsHillshadeRenderer, QgsPalettedRasterRenderer, QgsRasterLayer, QgsVectorLayer

    assert isinstance(QgsRasterLayer(made["LANDUSE"], "").renderer(), QgsPalettedRasterRenderer)
    assert isinstance(QgsRasterLayer(made["DEM"], "").renderer(), QgsHillshadeRenderer)
    towns = QgsVectorLayer(made["TOWNSHIPS"], "", "ogr")
    assert towns.labelsEnabled()
    assert towns.labeling().settings().fieldName == "name"
    assert not towns.labeling().settings().isExpression
    rivers = QgsVectorLayer(made["RIVERS"], "", "ogr")
    assert rivers.labeling().settings().isExpression
    assert "strahler" in rivers.labeling().settings().fieldName
    assert QgsVectorLayer(made["ROADS"], "", "ogr").renderer().classAttribute() == "kind"


def test_outputs_feed_the_next_tool(made, run, tmp_path):
    out = run("foreground", INPUT=made["LANDUSE"], FOREGROUND="1,2,6", OUTPUT=str(tmp_path / "f.tif"))
    landuse, _ = read_raster(made["LANDUSE"])
    assert out["FOREGROUND_HA"] == pytest.approx(np.isin(landuse, (1, 2, 6)).sum() * 0.09)


def test_layers_are_offered_to_the_project_unless_told_not_to(qgis, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    for load, count in ((True, len(RASTERS) + len(VECTORS) + 1), (False, 0)):
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        parameters = {"SIZE": 120, "OUTPUT_FOLDER": str(tmp_path / "county"), "LOAD": load}
        qgis.run("ecosecnet:demolandscape", parameters, context=context, feedback=QgsProcessingFeedback(False))
        assert len(context.layersToLoadOnCompletion()) == count


def test_a_new_run_replaces_the_old_files_and_leaves_others(run, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    run("demolandscape", SIZE=120, SEED=1, OUTPUT_FOLDER=str(tmp_path))
    first = contents(tmp_path)
    run("demolandscape", SIZE=120, SEED=2, OUTPUT_FOLDER=str(tmp_path))
    second = contents(tmp_path)
    assert first.keys() == second.keys()
    assert first["landuse.tif"] != second["landuse.tif"]
    assert first["landscape.gpkg"] != second["landscape.gpkg"]
    assert second["notes.txt"] == b"mine"


def test_a_failed_run_leaves_the_folder_as_it_was(run, tmp_path, monkeypatch):
    from ecosecnet.algorithms.support.io import vectorfiles

    run("demolandscape", SIZE=120, SEED=1, OUTPUT_FOLDER=str(tmp_path))
    before = contents(tmp_path)

    monkeypatch.setattr(vectorfiles, "_what_is_missing", lambda *arguments: "disk full")
    with pytest.raises(Exception, match=r"could not be written: disk full"):
        run("demolandscape", SIZE=120, SEED=2, OUTPUT_FOLDER=str(tmp_path))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("percent", [0, 30, 65, 85])
def test_cancelling_leaves_nothing(run, tmp_path, percent):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def isCanceled(self):
            return self.progress() >= percent

    target = tmp_path / "county"
    with pytest.raises(Exception, match="Cancelled"):
        run("demolandscape", feedback=Impatient(False), SIZE=120, OUTPUT_FOLDER=str(target))
    assert not target.exists()


def test_a_folder_that_cannot_be_made_is_named(run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Exception, match=r"file.county cannot be written.*Choose a folder"):
        run("demolandscape", SIZE=120, OUTPUT_FOLDER=str(tmp_path / "file" / "county"))


@pytest.mark.parametrize("wrong", [{"SIZE": 20}, {"SIZE": 120, "CELL": -1}, {"SIZE": 120, "SEED": -1}])
def test_values_out_of_range_are_refused(run, tmp_path, wrong):
    target = tmp_path / "county"
    with pytest.raises(Exception, match=r"Incorrect parameter value|Unable to execute"):
        run("demolandscape", OUTPUT_FOLDER=str(target), **wrong)
    assert not target.exists()


def test_a_temporary_folder_is_made_when_none_is_named(run):
    out = run("demolandscape", SIZE=120, OUTPUT_FOLDER="TEMPORARY_OUTPUT")
    assert os.path.exists(out["LANDUSE"])
    assert "TEMPORARY_OUTPUT" not in out["OUTPUT_FOLDER"]
