"""A CRS that a thread of a pool used first is lost when that thread ends; QGIS does not say so."""

import time

import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

CODE = "EPSG:4545"
"""A CRS that no other test uses, so that the thread is the first to use it."""


@pytest.fixture
def lost(qgis):
    """A CRS whose thread has ended: valid, with an empty text."""
    from qgis.core import QgsCoordinateReferenceSystem
    from qgis.PyQt.QtCore import QThread

    QgsCoordinateReferenceSystem.invalidateCache()
    kept = []

    class Thread(QThread):
        def run(self):
            crs = QgsCoordinateReferenceSystem(CODE)
            crs.toWkt()
            kept.append(crs)

    thread = Thread()
    thread.start()
    thread.wait()
    del thread
    time.sleep(0.5)  # what belongs to the thread goes a little after `wait`; a look too early would keep a copy
    assert kept[0].isValid()
    assert not kept[0].toWkt()
    return kept[0]


def test_rasters_keep_their_crs(lost, raster, run, tmp_path):
    from osgeo import gdal
    from qgis.core import QgsRasterLayer

    layer = QgsRasterLayer(raster("land", np.array([[1, 2], [3, 1]], "u1"), crs=CODE), "land")
    layer.setCrs(lost)
    result = run("foreground", INPUT=layer, FOREGROUND="1", OUTPUT=str(tmp_path / "out.tif"))
    assert read_raster(result["OUTPUT"])[0].tolist() == [[2, 1], [1, 2]]
    assert gdal.Open(result["OUTPUT"]).GetSpatialRef().GetAuthorityCode(None) == CODE.split(":")[1]


def test_vector_layers_are_still_reprojected(lost, qgis):
    """QGIS itself hands out the coordinates unchanged, without a word."""
    from ecosecnet.algorithms.support.io.vectors import VectorSource
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransformContext,
        QgsFeature,
        QgsGeometry,
        QgsVectorLayer,
    )

    layer = QgsVectorLayer("Point", "mines", "memory")
    layer.setCrs(lost)
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("Point (500000 2899000)"))
    layer.dataProvider().addFeatures([feature])
    source = VectorSource(layer, "mines", QgsCoordinateTransformContext())
    point = source.geometries(QgsCoordinateReferenceSystem("EPSG:4326"))[0].asPoint()
    assert point.x() == pytest.approx(108.0, abs=1e-6)  # the central meridian of this zone
    assert point.y() == pytest.approx(26.2, abs=0.01)


def test_what_cannot_be_made_anew_is_refused(lost):
    from ecosecnet.algorithms.support.io.crs import whole
    from ecosecnet.core.errors import InputError

    class Unnamed:
        def isValid(self):
            return True

        def toWkt(self, variant):
            return ""

        def authid(self):
            return ""

        def description(self):
            return "my own"

    with pytest.raises(InputError, match=r"has lost .* 'land' \(my own\)"):
        whole(Unnamed(), "land")
    assert whole(lost, "land").authid() == CODE


def test_layers_loaded_after_a_run_in_a_thread_have_a_crs_that_lasts(qgis, tmp_path):
    """As in the window: the tool runs in a thread of a pool, the layer is loaded in the main thread."""
    from qgis.core import (
        QgsApplication,
        QgsCoordinateReferenceSystem,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsRasterLayer,
    )
    from qgis.PyQt.QtCore import QThread

    QgsCoordinateReferenceSystem.invalidateCache()
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:demolandscape")
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    parameters = {"SIZE": 120, "OUTPUT_FOLDER": str(tmp_path / "county")}
    assert tool.prepare(parameters, context, feedback)
    runs = []

    class Thread(QThread):
        def run(self):
            runs.append(tool.runPrepared(parameters, context, feedback))

    thread = Thread()
    thread.start()
    thread.wait()
    layer = QgsRasterLayer(runs[0]["LANDUSE"], "land use")
    assert layer.crs().toWkt()
    del thread
    time.sleep(0.5)
    assert layer.crs().toWkt()


def test_a_file_that_cannot_hold_the_crs_is_refused(qgis, tmp_path, monkeypatch):
    from ecosecnet.algorithms.support.io import rasterfiles
    from ecosecnet.core.grid import Grid

    path = tmp_path / "out.tif"
    with pytest.raises(rasterfiles.OutputError, match="coordinate reference system"):
        rasterfiles.write(str(path), np.ones((2, 2), "u1"), Grid(2, 2, crs="no such CRS"), nodata=0)


@pytest.mark.parametrize(
    ("code", "metres"),
    [
        ("EPSG:2264", 1200 / 3937),  # US survey feet
        ("EPSG:2222", 0.3048),
        ("EPSG:2136", 6378300 / 20926201),  # Gold Coast feet: those of the War Office spheroid
        ("EPSG:3167", 20.116756),  # chains
        ("EPSG:32633", 1.0),
        ("EPSG:4326", 1.0),
        ("", 1.0),
    ],
)
def test_the_crs_says_how_long_its_unit_is(qgis, code, metres):
    from ecosecnet.algorithms.support.io.rasters import metres_per_unit
    from qgis.core import QgsCoordinateReferenceSystem

    assert metres_per_unit(QgsCoordinateReferenceSystem(code)) == pytest.approx(metres, rel=1e-12)
