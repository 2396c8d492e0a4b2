"""Odd sources get the same treatment and the same sentence from every tool, and every source keeps a cell."""

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0
GROUND = np.random.default_rng(3).integers(1, 20, (40, 50)).astype(np.float32)


def box(col, row, wide, high=None):
    """Return a rectangle whose upper left corner is at a place in cells."""
    x, y = LEFT + CELL * col, TOP - CELL * row
    far, low = x + CELL * wide, y - CELL * (wide if high is None else high)
    return f"(({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y}))"


def sources(*parts):
    return [(f"MultiPolygon ({part})" if part else "", {"source_id": 7 + k}) for k, part in enumerate(parts)]


BIG, FAR = box(3, 3, 6), box(40, 30, 6)
BOW_TIE = (
    f"(({LEFT + 600} {TOP - 600}, {LEFT + 900} {TOP - 900}, {LEFT + 900} {TOP - 600}, "
    f"{LEFT + 600} {TOP - 900}, {LEFT + 600} {TOP - 600}))"
)
COLLAPSED = f"(({LEFT + 600} {TOP - 600}, {LEFT + 900} {TOP - 600}, {LEFT + 600} {TOP - 600}))"
ODD = {
    "null": (sources(BIG, FAR, ""), "Sources 9 of 'null' have no geometry and were left out."),
    "crossed": (sources(BIG, FAR, BOW_TIE), "Sources 9 (4.5 ha) of 'crossed' cross themselves and were repaired"),
    "overlap": (
        sources(BIG, FAR, box(6, 3, 6)),
        "Sources of 'overlap' overlap on 1.62 ha: 7 and 9 (1.62 ha).",
    ),
    "flat": (sources(BIG, FAR, COLLAPSED), "Sources 9 of 'flat' have an area of 0 ha"),
}


@pytest.fixture
def links(run, raster, polygons):
    """Return links between the two plain sources."""
    found = run("linkages", RESISTANCE=raster("ground", GROUND), SOURCES=polygons("plain", sources(BIG, FAR)), **OUT)
    return found["LINKS"]


OUT = {"LINKS": "TEMPORARY_OUTPUT", "CORRIDORS": "TEMPORARY_OUTPUT"}
TOOLS = {
    "costdistance": {"OUTPUT": "TEMPORARY_OUTPUT"},
    "linkages": OUT,
    "connectivity": {"OUTPUT": "TEMPORARY_OUTPUT"},
    "dispersalsweep": {"DISTANCES_LIST": "500; 1000", "OUTPUT": "TEMPORARY_OUTPUT", "TABLE": "TEMPORARY_OUTPUT"},
    "coneforexport": {"NODES": "TEMPORARY_OUTPUT", "CONNECTIONS": "TEMPORARY_OUTPUT"},
    "centrality": {"OUTPUT_SOURCES": "TEMPORARY_OUTPUT", "OUTPUT_LINKS": "TEMPORARY_OUTPUT"},
    "gravity": {"OUTPUT_LINKS": "TEMPORARY_OUTPUT"},
    "pinchpoints": {"CUTOFF": 500.0, "CURRENT": "TEMPORARY_OUTPUT", "OUTPUT_LINKS": "TEMPORARY_OUTPUT"},
    "barriers": {"MIN_RADIUS": 60.0, "MAX_RADIUS": 60.0, "SCORE": "TEMPORARY_OUTPUT"},
}


@pytest.fixture
def given(raster, links):
    """Return the parameters of each tool beside the sources."""
    from qgis.core import QgsApplication

    found = {}
    for tool, parameters in TOOLS.items():
        algorithm = QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{tool}")
        found[tool] = dict(parameters)
        for name, value in (("RESISTANCE", raster("ground", GROUND)), ("LINKS", links)):
            definition = algorithm.parameterDefinition(name)
            plain = tool in ("connectivity", "gravity") and name == "RESISTANCE"
            if definition is not None and not definition.isDestination() and not plain:
                found[tool][name] = value
    return found


@pytest.mark.parametrize("odd", ODD)
def test_every_tool_says_the_same(run, polygons, given, odd):
    rows, sentence = ODD[odd]
    layer = polygons(odd, rows)
    for tool, parameters in given.items():
        if (tool, odd) == ("gravity", "flat"):
            continue  # refused: the logarithm of an area of 0
        run(tool, SOURCES=layer, **parameters)
        assert run.feedback.textLog().count(sentence) == 1, tool


@pytest.mark.parametrize("kind", ["Point", "LineString"])
def test_every_tool_refuses_points_and_lines_alike(run, polygons, given, kind):
    wkt = "Point ({0} {1})" if kind == "Point" else "LineString ({0} {1}, {2} {1})"
    rows = [(wkt.format(LEFT + 100 * k, TOP - 100 * k, LEFT + 100 * k + 50), {"source_id": k}) for k in range(1, 4)]
    layer = polygons("thin", rows, kind=kind)
    for tool, parameters in given.items():
        with pytest.raises(Exception, match=r"'thin' holds (points|lines), but .* \(SOURCES\) takes polygons"):
            run(tool, SOURCES=layer, **parameters)


def test_a_bow_tie_counts_with_its_area_when_made_valid(run, polygons):
    found = run("connectivity", SOURCES=polygons("crossed", ODD["crossed"][0]), OUTPUT="TEMPORARY_OUTPUT")
    assert found["OUTPUT"].featureCount() == 3
    shapes = {row["source_id"]: row["_geometry"] for row in read_table(found["OUTPUT"])}
    assert shapes[9].area() == pytest.approx(45_000.0)
    assert shapes[9].isGeosValid()


@pytest.fixture
def cells(qgis, raster, polygons):
    """Return the cells that sources get: labels, ids, warnings."""

    def read(rows, valid=None, name="shapes"):
        from ecosecnet.algorithms.support.inputs.sources import read_sources
        from ecosecnet.algorithms.support.io.rasters import RasterSource
        from ecosecnet.algorithms.support.io.vectors import VectorSource
        from ecosecnet.core.monitor import Monitor
        from qgis.core import QgsCoordinateTransformContext, QgsRasterLayer, QgsVectorLayer

        class Listening(Monitor):
            def __init__(self):
                self.said = []

            def warn(self, text):
                self.said.append(text)

        ground = RasterSource.of(QgsRasterLayer(raster("ground", GROUND), "ground"))
        layer = QgsVectorLayer(polygons(name, rows), name)
        monitor = Listening()
        found = read_sources(
            VectorSource(layer, name, QgsCoordinateTransformContext()),
            ground.grid,
            ground.crs,
            valid=valid,
            monitor=monitor,
        )
        held = np.bincount(found.labels.ravel(), minlength=len(found.ids) + 1)[1:]
        assert (held > 0).all()
        return found, held, monitor.said

    return read


def speck(col, row, size=0.02):
    return box(col, row, size)


def test_a_speck_does_not_take_the_last_cell_of_a_larger_source(cells):
    # A square of 0.9 cells that holds one centre, and a speck in the same cell.
    found, held, said = cells(sources(BIG, box(20.05, 20.05, 0.9), speck(20.96, 20.96)))
    assert found.labels[20, 20] == 2
    assert held.tolist() == [36, 1, 1]
    assert any("Sources 9 (with 8) of 'shapes' share a cell" in one for one in said)


def test_the_cell_size_said_parts_the_sources(cells, qgis, raster, polygons):
    import re

    from ecosecnet.core.grid import Grid

    rows = sources(BIG, speck(20.1, 20.1), speck(20.3, 20.12), speck(20.9, 20.5))
    _, _, said = cells(rows)
    text = next(one for one in said if "share a cell" in one)
    assert "9 (with 8)" in text
    assert "10 (with 8)" in text
    size = float(re.search(r"Cells of ([\d.]+) map units or less part them", text)[1])
    assert size == pytest.approx(0.2 * CELL, rel=0.01)
    for left in np.linspace(LEFT - size, LEFT, 23):
        fine = Grid(10_000, 10_000, left, TOP, size, size)
        places = [
            fine.index(LEFT + CELL * (x + 0.01), TOP - CELL * (y + 0.01)) for x, y in [(20.1, 20.1), (20.3, 20.12)]
        ]
        assert len(set(places)) == 2


def test_a_speck_on_a_large_source_takes_its_own_cell(cells):
    found, held, said = cells(sources(BIG, speck(5.2, 5.2)))
    assert found.labels[5, 5] == 2
    assert held.tolist() == [35, 1]
    assert not any("share a cell" in one for one in said)


def test_a_source_under_a_later_one_keeps_one_cell(cells):
    found, held, _ = cells(sources(box(4, 4, 2), box(3, 3, 6)))
    assert held.tolist() == [1, 35]
    assert found.labels[4:6, 4:6].min() == 1


def test_sources_without_room_are_refused_by_id(cells):
    from ecosecnet.core.errors import InputError

    valid = np.zeros(GROUND.shape, dtype=bool)
    valid[20, 20] = valid[3:9, 3:9] = True
    with pytest.raises(InputError, match=r"Sources 9 \(with 8\) of 'shapes' share a cell.*Cells of .* part them"):
        cells(sources(BIG, speck(20.1, 20.1), speck(20.5, 20.5)), valid)


def test_a_source_that_lies_wholly_on_nodata_is_refused_by_id(cells):
    from ecosecnet.core.errors import InputError

    valid = np.ones(GROUND.shape, dtype=bool)
    valid[30:36, 40:46] = False
    with pytest.raises(InputError, match="Sources 8 of 'shapes' have no cell with data"):
        cells(sources(BIG, FAR), valid)


def test_sources_that_lose_cells_say_how_much(cells):
    valid = np.ones(GROUND.shape, dtype=bool)
    valid[30:33, 40:46] = False
    _, held, said = cells(sources(BIG, FAR, box(47, 3, 6)), valid)
    assert held.tolist() == [36, 18, 18]
    assert "18 cells of the sources lie on NoData of the raster and were left out, of sources 8 (50.0%)." in said
    assert "Sources 9 (50.0%) of 'shapes' reach beyond the raster; that part is not seen." in said


def test_hundreds_of_specks_keep_a_cell_each(cells):
    rng = np.random.default_rng(11)
    places = rng.uniform([1, 1], [39, 29], (300, 2))
    found, _, said = cells(sources(*(speck(col, row) for col, row in places)))
    assert len(found.ids) == 300
    # Those that share no cell are where they belong.
    here = {k: (int(row), int(col)) for k, (col, row) in enumerate(places)}
    alone = [k for k, place in here.items() if list(here.values()).count(place) == 1]
    moved = sum(found.labels[here[k]] != k + 1 for k in alone)
    assert moved <= sum("share a cell" in one for one in said) * 20


@pytest.mark.parametrize("seed", range(5))
def test_shared_land_is_that_of_every_pair(qgis, seed):
    from ecosecnet.algorithms.support.inputs.sources import _overlaps
    from ecosecnet.core.monitor import SILENT
    from qgis.core import QgsGeometry, QgsPointXY

    rng = np.random.default_rng(seed)
    shapes = []
    for _ in range(25):
        x, y = rng.uniform(0, 100, 2)
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 40)))
        points = [
            QgsPointXY(x + r * np.cos(a), y + r * np.sin(a)) for a, r in zip(angles, rng.uniform(3, 25, angles.size))
        ]
        shapes.append(QgsGeometry.fromPolygonXY([points]).makeValid())
    found = {(i, j): area for i, j, area in _overlaps(shapes, SILENT)}
    every = {(i, j): shapes[i].intersection(shapes[j]).area() for i in range(25) for j in range(i + 1, 25)}
    assert found == pytest.approx({pair: area for pair, area in every.items() if area > 1e-6})


def test_a_point_among_polygons_is_refused_by_id(run, raster, tmp_path):
    from osgeo import ogr, osr

    path = str(tmp_path / "mixed.gpkg")
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    store = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = store.CreateLayer("mixed", reference, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("source_id", ogr.OFTInteger))
    for one, wkt in ((7, f"POLYGON{BIG}"), (8, f"POLYGON{FAR}"), (9, f"POINT({LEFT + 600} {TOP - 600})")):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField(0, one)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    feature = layer = store = None
    with pytest.raises(Exception, match=r"Sources 9 of '.*' are points or lines; sources are polygons"):
        run("linkages", RESISTANCE=raster("ground", GROUND), SOURCES=path, **OUT)
