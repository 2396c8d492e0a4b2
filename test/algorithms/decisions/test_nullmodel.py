"""The null model in a real QGIS: maps, table, page, and key areas made of it."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0
SHAPE = (30, 50)


def square(row, col, high, wide):
    x, y = LEFT + CELL * col, TOP - CELL * row
    far, low = x + CELL * wide, y - CELL * high
    return f"POLYGON(({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y}))"


@pytest.fixture
def network(raster, polygons):
    """Two sources, a lane of resistance 1 with a gap between them in a plain of 20, and patches."""
    surface = np.full(SHAPE, 20.0, dtype=np.float32)
    surface[4:9, 20:30] = surface[22:26, 10:22] = 5
    surface[15] = 1
    surface[15, 25] = 20
    line = f"LINESTRING({LEFT + 3 * CELL} {TOP - 15.5 * CELL}, {LEFT + 47 * CELL} {TOP - 15.5 * CELL})"
    link = {"link_id": 1, "from_id": 1, "to_id": 2, "active": 1}
    return {
        "RESISTANCE": raster("resistance", surface),
        "SOURCES": polygons("sources", [(square(13, col, 5, 3), {"source_id": k}) for k, col in ((1, 0), (2, 47))]),
        "LINKS": polygons("links", [(line, link)], kind="LineString"),
        "CUTOFF": 600.0,
        "RUNS": 29,
    }


def outputs(folder):
    names = {"P": "p.tif", "PERCENTILE": "percentile.tif", "RATIO": "ratio.tif", "TABLE": "t.gpkg", "HTML": "n.html"}
    return {name: str(folder / file) for name, file in names.items()}


def test_maps_table_and_key_areas(run, network, tmp_path):
    out = run("nullmodel", **network, **outputs(tmp_path))
    p, nodata = read_raster(out["P"])
    share, _ = read_raster(out["PERCENTILE"])
    known = p != nodata
    assert out["CELLS"] == np.count_nonzero(share != nodata) < np.count_nonzero(known)
    assert (p[known & (share == nodata)] == 1.0).all()  # they count in the correction
    assert p[known].min() >= 1 / 30 - 1e-6
    assert p[known].max() <= 1
    assert not known[13:18, :3].any()  # in the sources there is no current
    assert p[15, 10:40].max() < 0.2
    assert "cells outside the sources have the smallest" in run.feedback.textLog()
    assert share[15, 10:40].min() > 80
    rows = {row["index"]: row for row in read_table(out["TABLE"])}
    assert set(rows) == {
        "Length of the paths (km)",
        "Mean least-cost distance (cost units)",
        "EC(PC) (ha)",
        "Inequality of centrality",
    }
    cost = rows["Mean least-cost distance (cost units)"]
    assert cost["observed"] == pytest.approx((43 + 21) * CELL)
    assert cost["null_mean"] > 1.5 * cost["observed"]
    assert cost["draws"] == 29
    page = (tmp_path / "n.html").read_text(encoding="utf-8")
    for words in ("In words", "What it does not say", "observed:", "Percentile among the draws"):
        assert words in page
    current = run("pinchpoints", **{k: v for k, v in network.items() if k != "RUNS"}, CURRENT=str(tmp_path / "c.tif"))
    areas = run("keyareas", INPUT=current["CURRENT"], METHOD=3, P_VALUES=out["P"], OUTPUT=str(tmp_path / "areas.gpkg"))
    assert areas["AREA_HA"] == pytest.approx(out["SIGNIFICANT"] * 0.09)


@pytest.mark.parametrize(("null", "stage"), [(0, 1), (1, 2), (3, 0), (4, 0)])
def test_each_null_model(run, network, tmp_path, null, stage):
    out = run("nullmodel", **{**network, "RUNS": 19}, NULL=null, STAGE=stage, **outputs(tmp_path))
    log = run.feedback.textLog()
    certain = null in (0, 4)
    assert ("has no chance in it" in log) == certain
    ratio, nodata = read_raster(out["RATIO"])
    assert (ratio != nodata).any()
    assert all(row["draws"] == (1 if certain else 19) for row in read_table(out["TABLE"]))
    if not certain:
        assert "p at most 0.05 after the correction" in log


def test_classes_whose_scores_are_shuffled(run, network, raster, tmp_path):
    """A surface of many values needs the classes behind them."""
    rng = np.random.default_rng(0)
    many = {
        **network,
        "RESISTANCE": raster("many", rng.uniform(1, 50, SHAPE).astype(np.float32)),
        "RUNS": 19,
        "NULL": 1,
    }
    with pytest.raises(Exception, match=r"1,500 different values.*LANDUSE"):
        run("nullmodel", **many, STAGE=0, **outputs(tmp_path))
    land = raster("land", rng.integers(1, 5, SHAPE).astype(np.uint8))
    assert run("nullmodel", **many, STAGE=0, LANDUSE=land, **outputs(tmp_path))["CELLS"] > 0


def test_straight_lines_have_no_current(run, network, tmp_path):
    with pytest.raises(Exception, match="Straight lines carry no current"):
        run("nullmodel", **network, NULL=4, STAGE=1, **outputs(tmp_path))
