import networkx
import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def star(polygons):
    """Four sources round a hub, one more on its own; links cost 10, 20, 30 and 40."""
    sources = [
        (f"MULTIPOLYGON((({x} 0,{x + 50} 0,{x + 50} 50,{x} 50,{x} 0)))", {"code": name, "area": 7.5 + x})
        for x, name in zip(range(0, 600, 100), ["hub", "a", "b", "c", "d", "alone"])
    ]
    links = [
        (
            f"LINESTRING(0 0, {1000 * k} 0)",
            {"link_id": k, "from_id": "hub", "to_id": name, "cw_dist": 10.0 * k, "eff_res": 1.0, "active": 1},
        )
        for k, name in enumerate("abcd", start=1)
    ]
    links.append((links[0][0], {**links[0][1], "link_id": 9, "to_id": "alone", "active": 0}))
    return {
        "SOURCES": polygons("sources", sources),
        "ID_FIELD": "code",
        "LINKS": polygons("links", links, kind="LineString"),
    }


def test_measures_of_a_star(run, star, tmp_path):
    out = run(
        "centrality",
        **star,
        OUTPUT_SOURCES=str(tmp_path / "s.gpkg"),
        OUTPUT_LINKS=str(tmp_path / "l.gpkg"),
        INDICES=str(tmp_path / "i.gpkg"),
        ROBUSTNESS=str(tmp_path / "r.gpkg"),
        GRAPHML=str(tmp_path / "n.graphml"),
    )
    sources = {row["code"]: row for row in read_table(out["OUTPUT_SOURCES"])}
    # The hub is an end of 4 pairs and passes on the current of the 6 others.
    assert sources["hub"]["current_flow"] == pytest.approx(10.0)
    assert sources["a"]["current_flow"] == pytest.approx(4.0)
    assert sources["alone"]["current_flow"] == 0.0
    assert [sources[name]["betweenness"] for name in ("hub", "a", "alone")] == [6.0, 0.0, 0.0]
    assert [sources[name]["degree"] for name in ("hub", "a", "alone")] == [4, 1, 0]
    assert [sources[name]["component"] for name in ("hub", "a", "alone")] == [1, 1, 2]
    assert [sources[name]["grade"] for name in ("hub", "a", "alone")] == [1, 2, 3]
    # Of a star every link is a bridge, and the hub parts the rest.
    assert [bool(sources[name]["cut_source"]) for name in ("hub", "a", "alone")] == [True, False, False]
    assert [sources[name]["community"] for name in ("hub", "a", "alone")] == [1, 1, 2]
    assert sources["b"]["area"] == 207.5
    assert sources["b"]["_geometry"].area() == pytest.approx(2500.0)
    links = read_table(out["OUTPUT_LINKS"])
    assert [row["link_id"] for row in links] == [1, 2, 3, 4]
    assert [row["current_flow"] for row in links] == pytest.approx([4.0] * 4)
    assert [row["cw_dist"] for row in links] == [10.0, 20.0, 30.0, 40.0]
    assert all(row["bridge"] for row in links)
    indices = {row["name"]: row["value"] for row in read_table(out["INDICES"])}
    assert indices["components"] == 2
    assert indices["length_km"] == pytest.approx(10.0)
    assert indices["cost_ratio"] == pytest.approx(0.6)
    assert [indices[name] for name in ("bridges", "cut_sources", "least_cut", "communities")] == [4, 1, 1, 2]
    assert indices["modularity"] == pytest.approx(0.0)
    graph = networkx.read_graphml(tmp_path / "n.graphml")
    flow = {values["source_id"]: values["current_flow"] for _, values in graph.nodes(data=True)}
    assert flow["hub"] == pytest.approx(10.0)
    place = {values["source_id"]: (values["x"], values["y"]) for _, values in graph.nodes(data=True)}
    assert place["b"] == pytest.approx((225.0, 25.0))
    assert sorted(values["length"] for *_, values in graph.edges(data=True)) == [10.0, 20.0, 30.0, 40.0]
    curve = {(row["order"], row["lost"]): row for row in read_table(out["ROBUSTNESS"])}
    assert curve["degree", 0]["largest"] == pytest.approx(5 / 6)
    assert curve["degree", 1]["largest"] == pytest.approx(1 / 6)
    assert curve["degree", 1]["efficiency"] == 0.0
    assert curve["random", 1]["largest_min"] == pytest.approx(1 / 6)
    assert curve["random", 1]["largest_max"] == pytest.approx(5 / 6)
    assert len(curve) == 4 * 7
    assert (out["COMPONENTS"], out["BETA"]) == (2, pytest.approx(4 / 6))
    assert out["ALPHA"] == 0.0
    assert out["GAMMA"] == pytest.approx(4 / 12)


def test_effective_resistance_as_weight_changes_the_flow_of_a_circuit(run, polygons, tmp_path):
    shapes = [
        (f"MULTIPOLYGON((({x} 0,{x + 50} 0,{x + 50} 50,{x} 50,{x} 0)))", {"source_id": k})
        for k, x in enumerate(range(0, 300, 100))
    ]
    ends = [(0, 1), (1, 2), (0, 2)]
    links = [
        ("LINESTRING(0 0, 1 1)", {"link_id": k, "from_id": a, "to_id": b, "cw_dist": 1.0, "eff_res": far})
        for k, ((a, b), far) in enumerate(zip(ends, [1.0, 1.0, 8.0]))
    ]
    given = {"SOURCES": polygons("s", shapes), "LINKS": polygons("l", links, kind="LineString")}
    for weight, third in ((0, 1.0), (1, 8.0)):
        out = run(
            "centrality",
            **given,
            WEIGHT=weight,
            OUTPUT_SOURCES="TEMPORARY_OUTPUT",
            OUTPUT_LINKS=str(tmp_path / "o.gpkg"),
        )
        flow = [row["current_flow"] for row in read_table(out["OUTPUT_LINKS"])]
        # Triangle of resistances 1, 1, r: each pair splits in inverse proportion to the two ways.
        own, over = (third + 1) / (third + 2), 1 / (third + 2)
        expected = [own + over + 1 - 2 / (third + 2), own + over + 1 - 2 / (third + 2), 2 / (third + 2) + 2 * over]
        np.testing.assert_allclose(flow, expected)


def test_missing_effective_resistance_says_which_tool(run, star, polygons):
    links = [("LINESTRING(0 0, 9 0)", {"link_id": 1, "from_id": "hub", "to_id": "a", "cw_dist": 3.0})]
    star["LINKS"] = polygons("bare", links, kind="LineString")
    with pytest.raises(Exception, match=r"no field 'eff_res'.*pinchpoints"):
        run("centrality", **star, WEIGHT=1, OUTPUT_SOURCES="TEMPORARY_OUTPUT", OUTPUT_LINKS="TEMPORARY_OUTPUT")


def test_links_of_other_sources_are_refused(run, star, polygons):
    links = [("LINESTRING(0 0, 9 0)", {"link_id": 1, "from_id": "hub", "to_id": "elsewhere", "cw_dist": 3.0})]
    star["LINKS"] = polygons("other", links, kind="LineString")
    with pytest.raises(Exception, match="hub - elsewhere"):
        run("centrality", **star, OUTPUT_SOURCES="TEMPORARY_OUTPUT", OUTPUT_LINKS="TEMPORARY_OUTPUT")
