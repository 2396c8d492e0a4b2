import math

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


def block(col, width, attributes):
    """Return a source of 30 m cells, `width` wide and 3 high."""
    left, top = 500_000 + 30 * col, 2_900_000
    right, bottom = left + 30 * width, top - 90
    wkt = f"MULTIPOLYGON((({left} {top},{right} {top},{right} {bottom},{left} {bottom},{left} {top})))"
    return wkt, attributes


@pytest.fixture
def three(polygons, raster):
    ends = [("x", "y", 300.0), ("y", "z", 600.0)]
    links = [
        ("LINESTRING(500000 2900000, 500100 2900000)", {"link_id": k, "from_id": a, "to_id": b, "cw_dist": far})
        for k, (a, b, far) in enumerate(ends, start=1)
    ]
    blocks = [
        block(0, 2, {"name": "x", "score": 3.0}),
        block(5, 3, {"name": "y", "score": 9.0}),
        block(10, 4, {"name": "z", "score": 27.0}),
    ]
    surface = np.ones((3, 14), dtype=np.float32)
    surface[:, 5:8], surface[0, 10:] = 2.0, 4.0
    return {
        "given": {
            "SOURCES": polygons("s", blocks),
            "ID_FIELD": "name",
            "LINKS": polygons("l", links, kind="LineString"),
        },
        "RESISTANCE": raster("r", surface),
    }


def test_areas_and_resistances(run, three, tmp_path):
    out = run(
        "gravity",
        **three["given"],
        RESISTANCE=three["RESISTANCE"],
        OUTPUT_LINKS=str(tmp_path / "out_links.gpkg"),
        MATRIX=str(tmp_path / "m.gpkg"),
    )
    first, second = read_table(out["OUTPUT_LINKS"])
    mass = [math.log(6 * 900), math.log(9 * 900) / 2, math.log(12 * 900) / 2]
    assert first["gravity"] == pytest.approx(4 * mass[0] * mass[1])
    assert second["gravity"] == pytest.approx(mass[1] * mass[2])
    assert [first["rank"], second["rank"]] == [1, 2]
    assert [first["grade"], second["grade"]] == [1, 2]
    rows = read_table(out["MATRIX"])
    assert rows[1]["to_x"] == pytest.approx(first["gravity"])
    assert rows[0]["to_y"] == pytest.approx(first["gravity"])
    assert rows[0]["to_z"] is None or not rows[0]["to_z"]


def test_attribute_instead_of_area(run, three, tmp_path):
    out = run("gravity", **three["given"], ATTRIBUTE="score", OUTPUT_LINKS=str(tmp_path / "out_links.gpkg"))
    ln3 = math.log(3)
    assert [row["gravity"] for row in read_table(out["OUTPUT_LINKS"])] == pytest.approx([4 * ln3 * 2 * ln3, 6 * ln3**2])


def test_the_unit_of_area_is_a_choice_that_can_turn_the_ranks(run, polygons, tmp_path):
    """By hand, with areas of 2, 2 and 1000 ha and costs of 100 and 140."""

    def square(left, hectares, name):
        side = math.sqrt(hectares * 1e4)
        right = left + side
        return f"MULTIPOLYGON((({left} {side},{right} {side},{right} 0,{left} 0,{left} {side})))", {"name": name}

    sources = polygons("s", [square(0, 2, "a"), square(1000, 2, "b"), square(3000, 1000, "c")])
    links = polygons(
        "l",
        [
            ("LINESTRING(100 1, 1000 1)", {"link_id": 1, "from_id": "a", "to_id": "b", "cw_dist": 100.0}),
            ("LINESTRING(1100 1, 3000 1)", {"link_id": 2, "from_id": "b", "to_id": "c", "cw_dist": 140.0}),
        ],
        kind="LineString",
    )
    ranks = []
    for choice, (unit, small, large) in enumerate((("m2", 2e4, 1e7), ("ha", 2.0, 1000.0))):
        out = run(
            "gravity",
            SOURCES=sources,
            ID_FIELD="name",
            LINKS=links,
            AREA_UNIT=choice,
            OUTPUT_LINKS=str(tmp_path / f"{unit}.gpkg"),
        )
        rows = read_table(out["OUTPUT_LINKS"])
        strength = [math.log(small) ** 2 * 1.96, math.log(small) * math.log(large)]
        assert [row["gravity"] for row in rows] == pytest.approx(strength)
        assert {row["size_unit"] for row in rows} == {unit}
        ranks.append([row["rank"] for row in rows])
    assert ranks == [[1, 2], [2, 1]]
    with pytest.raises(Exception, match="a, b are not larger than 1 km2"):
        run("gravity", SOURCES=sources, ID_FIELD="name", LINKS=links, AREA_UNIT=2, OUTPUT_LINKS="TEMPORARY_OUTPUT")
