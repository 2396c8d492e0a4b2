"""Curves are read as the same shapes without curves, whatever the tool does with them."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0
GROUND = np.random.default_rng(3).integers(1, 20, (60, 80)).astype(np.float32)


def circle(x, y, radius):
    return f"CIRCULARSTRING({x - radius} {y}, {x} {y + radius}, {x + radius} {y}, {x} {y - radius}, {x - radius} {y})"


def ring(x, y, radius):
    """Return the same circle with 720 corners."""
    angle = np.linspace(0, 2 * np.pi, 721)
    corners = ", ".join(f"{x + radius * np.cos(a):.9f} {y + radius * np.sin(a):.9f}" for a in angle[:-1])
    first = corners.split(",")[0]
    return f"({corners}, {first})"


def test_curved_sources_are_linked_as_straight_ones(run, raster, polygons):
    ground = raster("ground", GROUND)
    discs = [(LEFT + 400, TOP - 500, 200), (LEFT + 1900, TOP - 1300, 260)]
    costs, areas = [], []
    for name, kind, rows in (
        ("curved", "MultiSurface", [f"MULTISURFACE(CURVEPOLYGON({circle(*one)}))" for one in discs]),
        ("curve", "CurvePolygon", [f"CURVEPOLYGON({circle(*one)})" for one in discs]),
        ("flat", "MultiSurface", [f"MULTISURFACE(({ring(*one)}))" for one in discs]),
        ("plain", "MultiPolygon", [f"MULTIPOLYGON(({ring(*one)}))" for one in discs]),
    ):
        layer = polygons(name, [(row, {"source_id": k}) for k, row in enumerate(rows, 1)], kind=kind)
        found = run(
            "linkages", RESISTANCE=ground, SOURCES=layer, LINKS="TEMPORARY_OUTPUT", CORRIDORS="TEMPORARY_OUTPUT"
        )
        costs.append([row["cw_dist"] for row in read_table(found["LINKS"])])
        found = run("connectivity", SOURCES=layer, OUTPUT="TEMPORARY_OUTPUT")
        areas.append([row["_geometry"].area() for row in read_table(found["OUTPUT"])])
    assert len(costs[0]) == 1
    for cost, area in zip(costs[:-1], areas[:-1]):
        np.testing.assert_allclose(cost, costs[-1], rtol=1e-12)
        np.testing.assert_allclose(area, areas[-1], rtol=1e-4)


def test_a_road_with_an_arc_is_a_road(run, raster, polygons, tmp_path):
    from scipy.ndimage import distance_transform_edt

    y = TOP - 500
    arc = f"CIRCULARSTRING({LEFT + 1000} {y}, {LEFT + 1500} {y - 200}, {LEFT + 2000} {y})"
    rows = [(f"COMPOUNDCURVE(({LEFT} {y}, {LEFT + 1000} {y}), {arc})", {"id": 1})]
    road = polygons("road", rows, kind="CompoundCurve")
    out = run("distancefactor", FEATURES=road, GRID=raster("ground", GROUND), OUTPUT=str(tmp_path / "d.tif"))["OUTPUT"]
    distance, _ = read_raster(out)
    lowest = distance[:, 50].argmin()
    assert lowest == int((500 + 200) // CELL)
    np.testing.assert_allclose(distance, distance_transform_edt(distance > 0, sampling=CELL), rtol=1e-6)


def test_a_curved_reserve_is_protected_as_a_whole(run, raster, polygons):
    core = np.full(GROUND.shape, 17, dtype=np.uint8)
    core[30, 33] = 1
    disc = (LEFT + 1000, TOP - 900, 300)
    layer = polygons("reserve", [(f"CURVEPOLYGON({circle(*disc)})", {"name": "a"})], kind="CurvePolygon")
    found = run(
        "sources", INPUT=raster("core", core), CORE_VALUES="1", PROTECTED=[layer], MIN_AREA=0.0, OUTPUT="memory:"
    )
    y, x = np.mgrid[: core.shape[0], : core.shape[1]]
    inside = np.hypot(CELL * (x + 0.5) - 1000, CELL * (y + 0.5) - 900) <= 300
    assert found["AREA_HA"] == pytest.approx(inside.sum() * CELL**2 / 1e4)


def test_levels_are_written_beside_curves(run, polygons):
    rows = [
        (f"MULTISURFACE(CURVEPOLYGON({circle(LEFT, TOP - 900 * k, 300)}))", {"value": float(k)}) for k in range(1, 5)
    ]
    layer = polygons("curved", rows, kind="MultiSurface")
    found = run("naturalbreaks", INPUT=layer, FIELD="value", CLASSES=2, OUTPUT="TEMPORARY_OUTPUT")
    written = read_table(found["OUTPUT"])
    assert [row["level"] for row in written] == [2, 2, 1, 1]
    assert all(row["_geometry"].area() == pytest.approx(np.pi * 300**2, rel=1e-4) for row in written)


def rectangle(left, top, wide, high):
    x, y = LEFT + CELL * left, TOP - CELL * top
    far, low = x + CELL * wide, y - CELL * high
    return f"(({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y}))"


def features_of(layer):
    from ecosecnet.algorithms.support.io.vectors import VectorSource
    from qgis.core import QgsCoordinateTransformContext

    return [one.geometry() for one in VectorSource(layer, "shapes", QgsCoordinateTransformContext()).features()]


def test_land_in_two_parts_of_one_source_counts_once(run, polygons):
    wkt = f"MULTIPOLYGON({rectangle(2, 2, 6, 6)}, {rectangle(5, 4, 8, 3)})"
    layer = polygons("parts", [(wkt, {"source_id": 1}), (f"MULTIPOLYGON({rectangle(20, 2, 4, 4)})", {"source_id": 2})])
    rows = read_table(run("connectivity", SOURCES=layer, OUTPUT="TEMPORARY_OUTPUT")["OUTPUT"])
    assert rows[0]["_geometry"].area() == pytest.approx((36 + 24 - 9) * CELL**2)


def test_an_empty_part_does_not_stretch_the_box(qgis):
    from qgis.core import QgsFeature, QgsGeometry, QgsMultiPolygon, QgsPolygon, QgsVectorLayer

    part = QgsPolygon()
    part.fromWkt(f"POLYGON{rectangle(2, 2, 6, 6)}")
    shape = QgsMultiPolygon()
    shape.addGeometry(QgsPolygon())
    shape.addGeometry(part)
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:32648", "shapes", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry(shape))
    layer.dataProvider().addFeatures([feature])
    (found,) = features_of(layer)
    assert found.boundingBox().xMinimum() == LEFT + 2 * CELL
    assert found.area() == pytest.approx(36 * CELL**2)
