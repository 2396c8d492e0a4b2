"""Layers without a coordinate reference system: said once, and their results have none either."""

import sqlite3

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def codes(raster):
    values = np.ones((40, 60), dtype=np.uint8)
    values[5:15, 5:15] = values[20:35, 40:55] = 17
    return raster("land", values, crs=None)


def test_results_have_none_and_it_is_said_once(run, raster, codes, tmp_path):
    from ecosecnet.algorithms.support.io.crs import stated
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    made = run("sources", INPUT=codes, OUTPUT=str(tmp_path / "sources.gpkg"), RASTER=str(tmp_path / "sources.tif"))
    assert run.feedback.textLog().count("has a coordinate reference system (land)") == 1
    surface = raster("resistance", np.ones((40, 60), dtype=np.float32), crs=None)
    found = run(
        "linkages",
        RESISTANCE=surface,
        SOURCES=made["OUTPUT"],
        LINKS=str(tmp_path / "links.gpkg"),
        CORRIDORS=str(tmp_path / "belt.tif"),
    )
    log = run.feedback.textLog()
    assert log.count("coordinate reference system") == 1
    assert "No layer has a coordinate reference system (resistance, sources)" in log
    for path in (made["OUTPUT"], found["LINKS"]):
        with sqlite3.connect(path) as database:
            (srs,) = database.execute("SELECT srs_id FROM gpkg_geometry_columns").fetchone()
        assert srs != 0, "undefined geographic"
        layer = QgsVectorLayer(path, "layer", "ogr")
        assert not layer.crs().isGeographic()
        assert not stated(layer.crs()).isValid()
    for path in (made["RASTER"], found["CORRIDORS"]):
        assert not QgsRasterLayer(path, "layer").crs().isValid()


def test_in_the_project_they_have_none(qgis, codes, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
    )

    project = QgsProject.instance()
    project.clear()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(project)
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:sources")
    target = QgsProcessingOutputLayerDefinition(str(tmp_path / "sources.gpkg"), project)
    _, ok = tool.run({"INPUT": codes, "OUTPUT": target}, context, feedback)
    assert ok
    assert handleAlgorithmResults(tool, context, feedback=feedback)
    (layer,) = project.mapLayers().values()
    assert layer.featureCount() == 2
    assert not layer.crs().isValid()
    project.clear()
