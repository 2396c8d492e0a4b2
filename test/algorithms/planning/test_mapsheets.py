"""Map sheets of a run's folder and of single layers."""

import os
import re
import shutil

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def folder(raster, polygons, tmp_path):
    """A folder with some results, called as scripts call them, without styles; one in a folder within."""
    place = tmp_path / "结果 of a run"
    (place / "landscape").mkdir(parents=True)
    rng = np.random.default_rng(4)
    corner = "500300 2899700,501500 2899700,501500 2898500,500300 2898500,500300 2899700"
    made = {
        "resistance.tif": raster("a", rng.random((100, 100)).astype("f4") + 1),
        "barrier_score.tif": raster("b", rng.random((100, 100)).astype("f4")),
        "sources.gpkg": polygons("sources", [(f"MultiPolygon((({corner})))", {"source_id": 7, "grade": 1})]),
        "landscape/townships.gpkg": polygons(
            "townships",
            [("MultiPolygon(((500000 2900000,503000 2900000,503000 2897000,500000 2900000)))", {"name": "镇"})],
        ),
    }
    for name, path in made.items():
        shutil.move(path, place / name)
    return place


def log(feedback):
    return feedback.textLog() if hasattr(feedback, "textLog") else ""


def pages(path):
    with open(path, "rb") as file:
        return {int(one) for one in re.findall(rb"/Count (\d+)", file.read())}


def test_a_folder_gives_the_sheets_that_it_has_layers_for(run, folder, tmp_path):
    out, images = str(tmp_path / "图集.pdf"), str(tmp_path / "images")
    found = run("mapsheets", FOLDER=str(folder), PDF=out, IMAGES_FOLDER=images, DPI=72, TITLE="示范县")
    assert found["PDF"] == out
    assert found["COUNT"] == 3
    assert pages(out) == {3}
    assert sorted(os.listdir(images)) == ["resistance.png", "score.png", "sources.png"]
    assert "Left out, for there is no layer of it: Ecological corridors by grade." in log(run.feedback)
    from osgeo import gdal

    size = [
        (dataset.RasterXSize, dataset.RasterYSize)
        for dataset in (gdal.Open(os.path.join(images, name)) for name in os.listdir(images))
    ]
    assert set(size) == {(842, 595)}


def test_sheets_can_be_chosen(run, folder, tmp_path):
    out = str(tmp_path / "one.pdf")
    run("mapsheets", FOLDER=str(folder), SHEETS=[2], PAPER=1, PDF=out, DPI=72)
    assert pages(out) == {1}
    with open(out, "rb") as file:
        boxes = re.findall(rb"/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+)", file.read())
    assert [float(x) for x in boxes[0]] == pytest.approx([1191, 842], abs=1.0)


def test_layers_of_the_project_keep_their_styles_and_come_first(run, folder, tmp_path):
    from qgis.core import QgsFillSymbol, QgsProject, QgsSingleSymbolRenderer, QgsVectorLayer

    layer = QgsVectorLayer(str(folder / "sources.gpkg"), "生态源地", "ogr")
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple({"color": "#12ab34"})))
    QgsProject.instance().addMapLayer(layer)
    try:
        images = str(tmp_path / "images")
        run(
            "mapsheets",
            FOLDER=str(folder),
            LAYERS=[layer],
            SHEETS=[2],
            PDF=str(tmp_path / "x.pdf"),
            IMAGES_FOLDER=images,
            DPI=72,
        )
        from osgeo import gdal

        dataset = gdal.Open(os.path.join(images, "sources.png"))
        band = dataset.GetRasterBand(1)
        cells, table = band.ReadAsArray(), band.GetColorTable()
        green = [k for k in range(table.GetCount()) if table.GetColorEntry(k)[:3] == (0x12, 0xAB, 0x34)]
        assert green
        assert np.isin(cells, green).mean() > 0.02
    finally:
        QgsProject.instance().removeMapLayer(layer.id())


def test_the_folder_of_a_whole_run_is_drawn_in_full(run, parameters, tmp_path):
    results = tmp_path / "results"
    run("securitynetwork", **parameters, RESULTS_FOLDER=str(results))
    out = str(tmp_path / "sheets.pdf")
    given = {"LANDUSE": parameters["LANDUSE"], "TOWNSHIPS": parameters["TOWNSHIPS"]}
    run("mapsheets", FOLDER=str(results), **given, PDF=out, DPI=72, LANGUAGE=2)
    factors = len(list((results / "factors_folder").glob("*.tif")))
    assert factors >= 3
    assert "Left out" not in log(run.feedback)
    assert pages(out) == {10 + factors}


def test_what_cannot_be_done_is_said(run, folder, tmp_path, raster):
    out = str(tmp_path / "x.pdf")
    empty = tmp_path / "empty"
    empty.mkdir()
    for given, words in (
        ({}, "Give the folder of a run"),
        ({"FOLDER": str(tmp_path / "none")}, "is not a folder"),
        ({"FOLDER": str(empty)}, "None of the sheets can be drawn"),
        ({"FOLDER": str(folder), "SHEETS": [5]}, "None of the sheets can be drawn"),
        ({"LAYERS": [raster("nameless", np.ones((9, 9), "f4"))]}, "no layer of a network was recognised"),
        ({"FOLDER": str(folder), "TEMPLATE": str(folder / "resistance.tif")}, "cannot be read"),
        ({"FOLDER": str(folder), "DPI": 5}, "DPI"),
    ):
        with pytest.raises(Exception, match=words):
            run("mapsheets", **given, PDF=out)
        assert not os.path.exists(out)


def test_a_folder_that_cannot_be_written_is_said(run, folder, tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(Exception, match="cannot be written"):
        run("mapsheets", FOLDER=str(folder), PDF=str(tmp_path / "file" / "x.pdf"), DPI=72)


def test_a_cancelled_run_leaves_nothing(run, folder, tmp_path):
    from qgis.core import QgsProcessingFeedback

    class Stops(QgsProcessingFeedback):
        def setProgress(self, percent):
            if percent > 20:
                self.cancel()

    out = tmp_path / "out" / "x.pdf"
    with pytest.raises(Exception, match="Cancelled"):
        run("mapsheets", feedback=Stops(False), FOLDER=str(folder), PDF=str(out), DPI=72)
    assert not out.exists()
    assert not out.parent.exists() or not list(out.parent.iterdir())


def test_its_capsule_holds_layers_of_both_kinds_and_runs_again(run, folder, tmp_path):
    layers = [str(folder / "sources.gpkg"), str(folder / "resistance.tif")]
    capsule = str(tmp_path / "run.capsule.zip")
    run("mapsheets", LAYERS=layers, PDF=str(tmp_path / "x.pdf"), DPI=72, CAPSULE=capsule)
    again = {"OUTPUT_FOLDER": str(tmp_path / "again"), "TABLE": str(tmp_path / "again.csv")}
    assert run("replay", CAPSULE=capsule, **again)["VERDICT"] == "identical"
