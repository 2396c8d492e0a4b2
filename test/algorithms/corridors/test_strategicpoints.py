"""The tool 'strategicpoints' on drawn networks and layers that are not as they should be."""

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

X, Y = 500_000.0, 2_900_000.0


def at(x, y):
    return f"{X + x} {Y - y}"


def wkt(*points):
    return f"LINESTRING({', '.join(at(*point) for point in points)})"


def square(x, y, size=300):
    ring = [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]
    return f"MULTIPOLYGON((({', '.join(at(*point) for point in ring)})))"


PATHS = {
    1: ((150, 900), (5850, 900)),
    2: ((150, 2100), (5850, 2100)),
    3: ((1500, 150), (1500, 2850)),
    4: ((4500, 150), (4500, 2850)),
}
ENDS = {1: (1, 2), 2: (3, 4), 3: (5, 6), 4: (7, 8)}
CORNERS = [
    (0, 750),
    (5700, 750),
    (0, 1950),
    (5700, 1950),
    (1350, 0),
    (1350, 2700),
    (4350, 0),
    (4350, 2700),
]
FLOW = {1: 10.0, 2: 5.0, 3: 4.0, 4: 2.0}


@pytest.fixture
def world(raster, polygons):
    """A hash of four paths between eight sources, and its layers by parameter."""
    surface = np.full((100, 200), 3.0, dtype=np.float32)
    surface[:, 97] = 1.0

    def links(active=lambda k: 1, name="links", **more):
        rows = [
            (
                wkt(*path),
                {
                    "link_id": k,
                    "from_id": ENDS[k][0],
                    "to_id": ENDS[k][1],
                    "active": active(k),
                    **{field: values[k] for field, values in more.items()},
                },
            )
            for k, path in PATHS.items()
        ]
        return polygons(name, rows, kind="LineString")

    def roads(*lines, name="roads", crs="EPSG:32648"):
        return polygons(name, [(wkt(*line), {"kind": kind}) for kind, line in lines], kind="LineString", crs=crs)

    def layers(**changed):
        given = {
            "LINKS": links(current_flow=FLOW) if "LINKS" not in changed else None,
            "SOURCES": polygons("sources", [(square(*place), {"source_id": k + 1}) for k, place in enumerate(CORNERS)]),
            "RESISTANCE": raster("resistance", surface),
            "MIN_LENGTH": 5000.0,
            "OUTPUT": "TEMPORARY_OUTPUT",
        }
        return {**given, **changed}

    layers.links, layers.roads = links, roads
    return layers


def rows_of(found, kind=None):
    rows = read_table(found["OUTPUT"])
    return [row for row in rows if kind in (None, row["kind"])]


def places(rows):
    return sorted((round(p.x() - X, 3), round(Y - p.y(), 3)) for p in (row["_geometry"].asPoint() for row in rows))


def test_a_hand_drawn_cross(run, world):
    found = run("strategicpoints", **world())
    rows = rows_of(found, "crossing of corridors")
    assert places(rows) == [(1500, 900), (1500, 2100), (4500, 900), (4500, 2100)]
    assert found["CROSSINGS"] == 4
    assert sorted(row["links"] for row in rows) == ["1, 3", "1, 4", "2, 3", "2, 4"]
    best = next(row for row in rows if row["links"] == "1, 3")
    assert (best["link_id"], best["centrality"], best["score"], best["grade"]) == (1, 10.0, pytest.approx(1.4), 1)
    # the middle third of each long path, at the column of least resistance
    assert places(rows_of(found, "midpoint")) == [(97.5 * 30, 915), (97.5 * 30, 2115)]
    assert {row["resistance"] for row in rows_of(found, "midpoint")} == {1.0}
    assert (found["BREAK_POINTS"], found["FOLLOWED"]) == (0, 0)


def test_break_points_have_the_class_and_the_standing_of_their_link(run, world):
    roads = world.roads(
        ("motorway", ((3000, 0), (3000, 3000))),
        ("motorway", ((3025, 0), (3025, 3000))),
        ("track", ((3050, 0), (3050, 1500))),
    )
    rails = world.roads(("rail", ((3000, 0), (3000, 3000))), name="rails")
    found = run("strategicpoints", **world(BARRIER_LINES=[roads, rails], LEVEL="kind", LEVEL_SCORES="motorway=4; 1"))
    rows = rows_of(found, "break point")
    assert found["BREAK_POINTS"] == len(rows) == 4
    held = {(row["barrier"], row["link_id"]): row for row in rows}
    assert set(held) == {("roads", 1), ("roads", 2), ("rails", 1), ("rails", 2)}
    one = held["roads", 1]
    assert (one["level"], one["crossed"], one["centrality"], one["link_grade"]) == ("motorway", 3, 10.0, 1)
    assert one["score"] == 1.0
    assert held["rails", 2]["score"] == pytest.approx(0.5 * 0.25)
    assert one["grade"] == 1
    assert 60 < one["near_m"] < 250


def test_geos_finds_the_same_crossings(run, world):
    """Straight lines far apart: each crossing is one, where QGIS has it too."""
    from qgis.core import QgsGeometry

    rng = np.random.default_rng(2)
    lines = [((x, 0), (x + rng.uniform(-150, 150), 3000)) for x in range(700, 5400, 430)]
    found = run("strategicpoints", **world(BARRIER_LINES=[world.roads(*(("a", line) for line in lines))]))
    wanted = []
    for path in PATHS.values():
        for line in lines:
            crossing = QgsGeometry.fromWkt(wkt(*path)).intersection(QgsGeometry.fromWkt(wkt(*line)))
            if not crossing.isEmpty():
                wanted.append((crossing.asPoint().x() - X, Y - crossing.asPoint().y()))
    apart = [abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in zip(sorted(wanted), places(rows_of(found, "break point")))]
    assert len(apart) == len(wanted) > 20
    assert max(apart) < 0.01


def test_a_road_along_a_corridor_is_no_hundred_points(run, world):
    weave = [(x, 900 + 25 * (-1) ** k) for k, x in enumerate(range(400, 5600, 50))]
    found = run("strategicpoints", **world(BARRIER_LINES=[world.roads(("road", weave))]))
    assert found["FOLLOWED"] == 1
    # it crosses the two paths that cross the followed one
    assert sorted(row["link_id"] for row in rows_of(found, "break point")) == [3, 4]
    assert "stays on its side of them" in run.feedback.textLog()


def test_inactive_links_are_not_used(run, world):
    links = world.links(active=lambda k: int(k != 3), current_flow=FLOW)
    assert run("strategicpoints", **world(LINKS=links))["CROSSINGS"] == 2
    with pytest.raises(Exception, match="has no active link"):
        run("strategicpoints", **world(LINKS=world.links(active=lambda k: 0, name="none", current_flow=FLOW)))


def test_grades_of_the_links_come_from_their_field(run, world):
    links = world.links(grade={1: 7, 2: 8, 3: 9, 4: 9}, size={1: 1.0, 2: 9.0, 3: 1.0, 4: 1.0})
    rows = rows_of(run("strategicpoints", **world(LINKS=links)), "crossing of corridors")
    assert {row["link_grade"] for row in rows} == {7, 8}
    assert {row["score"] for row in rows} == {2.0}
    assert all(not row["centrality"] for row in rows)
    assert "all count the same" in run.feedback.textLog()
    rows = rows_of(run("strategicpoints", **world(LINKS=links, CENTRALITY="size", GRADE_FIELD="link_id")))
    assert {row["link_grade"] for row in rows} == {1, 2}
    assert max(row["score"] for row in rows if row["kind"] == "crossing of corridors") == pytest.approx(10 / 9)


def test_text_ids_and_chinese_classes(run, world, polygons):
    road = polygons("道路", [(wkt((3000, 0), (3000, 1500)), {"等级": "高速公路"})], kind="LineString")
    found = run("strategicpoints", **world(BARRIER_LINES=[road], LEVEL="等级", LEVEL_SCORES="高速公路=5; 1"))
    assert [(row["barrier"], row["level"]) for row in rows_of(found, "break point")] == [("道路", "高速公路")]


def test_lines_in_another_crs(run, world):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsGeometry, QgsProject

    plain = run("strategicpoints", **world(BARRIER_LINES=[world.roads(("a", ((3000, 0), (3000, 3000))))]))
    transform = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:32648"), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance()
    )
    ends = [
        transform.transform(QgsGeometry.fromWkt(f"POINT({at(*point)})").asPoint())
        for point in ((3000, 0), (3000, 3000))
    ]
    line = f"LINESTRING({', '.join(f'{p.x()} {p.y()}' for p in ends)})"
    world_roads = world(BARRIER_LINES=[_written(line)])
    again = run("strategicpoints", **world_roads)
    np.testing.assert_allclose(places(rows_of(again, "break point")), places(rows_of(plain, "break point")), atol=0.1)


def _written(line, crs="EPSG:4326"):
    from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

    layer = QgsVectorLayer(f"LineString?crs={crs}", "degrees", "memory")
    if line:
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromWkt(line))
        layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_layers_without_lines_near_the_paths_are_named(run, world):
    empty, far = _written(""), world.roads(("a", ((90_000, 0), (90_000, 3000))), name="far")
    found = run("strategicpoints", **world(BARRIER_LINES=[empty, far]))
    log = run.feedback.textLog()
    assert found["BREAK_POINTS"] == 0
    assert "'degrees' has no line that could cross a path: it is empty" in log
    assert (
        "'far' has no line that could cross a path: none of its 1 lines lies where the paths are, check its CRS" in log
    )


def test_classes_in_another_encoding(run, world, tmp_path):
    from qgis.core import QgsVectorFileWriter, QgsVectorLayer

    layer = QgsVectorLayer(world.roads(("高速公路", ((3000, 0), (3000, 1500)))), "roads", "ogr")
    how = QgsVectorFileWriter.SaveVectorOptions()
    how.driverName, how.fileEncoding = "ESRI Shapefile", "GBK"
    path = str(tmp_path / "gbk.shp")
    QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, layer.transformContext(), how)
    assert "高速公路".encode("gbk") in (tmp_path / "gbk.dbf").read_bytes()
    found = run("strategicpoints", **world(BARRIER_LINES=[path], LEVEL="kind"))
    assert [row["level"] for row in rows_of(found, "break point")] == ["高速公路"]
    (tmp_path / "gbk.cpg").write_text("UTF-8")  # a wrong one
    with pytest.raises(Exception, match=r"is not in UTF-8"):
        run("strategicpoints", **world(BARRIER_LINES=[path], LEVEL="kind"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"LEVEL": "class"}, r"No layer of lines has a field 'class' \(LEVEL\). They have: 'roads': fid, kind"),
        ({"LEVEL_SCORES": "motorway=4"}, "The weights name classes .motorway., but not the field"),
        (
            {"LEVEL": "kind", "LEVEL_SCORES": "trunk=4"},
            "No line near the paths is of a class that has a weight .trunk.",
        ),
        (
            {"LEVEL": "kind", "LEVEL_SCORES": "trunk=-4"},
            "Weights: class 'trunk' has '-4', which is not a number above 0",
        ),
        ({"BARRIER_LINES": [], "LEVEL": "kind"}, "but no layer of lines"),
        ({"TOGETHER": 5.0}, "give 15 m or more"),
        ({"CENTRALITY": "active_"}, "active_"),
    ],
)
def test_refuses_in_a_sentence(run, world, given, message):
    roads = world.roads(("motorway", ((3000, 0), (3000, 3000))))
    with pytest.raises(Exception, match=message):
        run("strategicpoints", **world(**{"BARRIER_LINES": [roads], **given}))


def test_links_without_a_line(run, world, polygons):
    rows = [
        (None, {"link_id": 1, "from_id": 1, "to_id": 2}),
        (wkt(*PATHS[2]), {"link_id": 2, "from_id": 3, "to_id": 4}),
    ]
    with pytest.raises(Exception, match="Links 1 have no line"):
        run("strategicpoints", **world(LINKS=polygons("bare", rows[::-1], kind="LineString")))


def test_says_how_long_the_longest_path_is(run, world):
    run("strategicpoints", **world(MIN_LENGTH=9000.0))
    assert "No path is 9000 m long outside its sources (MIN_LENGTH); the longest has 5," in run.feedback.textLog()
