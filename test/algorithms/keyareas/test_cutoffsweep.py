"""The cutoff sweep in a real QGIS."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def layers(raster, polygons):
    """Two sources of 30 m cells on rough ground."""
    rng = np.random.default_rng(3)
    ground = np.exp(rng.normal(size=(30, 40))).astype(np.float32) + 1
    boxes = [((0, 3), {"source_id": 4}), ((36, 20), {"source_id": 9})]
    sources = []
    for (col, row), attributes in boxes:
        x, y = 500_000 + 30 * col, 2_900_000 - 30 * row
        sources.append((f"POLYGON(({x} {y}, {x + 120} {y}, {x + 120} {y - 120}, {x} {y - 120}, {x} {y}))", attributes))
    line = ("LINESTRING(500060 2899850, 501140 2899340)", {"link_id": 1, "from_id": 4, "to_id": 9})
    return {
        "RESISTANCE": raster("ground", ground),
        "SOURCES": polygons("sources", sources),
        "LINKS": polygons("links", [line], kind="LineString"),
    }


def test_pinch_points_over_three_cutoffs(run, layers, tmp_path):
    out = run(
        "cutoffsweep",
        **layers,
        CUTOFFS="1200, 300, 600",
        TABLE=str(tmp_path / "t.csv"),
        STABILITY=str(tmp_path / "s.tif"),
        HTML=str(tmp_path / "r.html"),
    )
    rows = read_table(out["TABLE"])
    assert [(float(r["cutoff_a"]), float(r["cutoff_b"])) for r in rows] == [(300, 600), (300, 1200), (600, 1200)]
    assert min(float(r["jaccard"]) for r in rows) == pytest.approx(out["LEAST_JACCARD"])
    assert min(float(r["rank_correlation"]) for r in rows) == pytest.approx(out["LEAST_CORRELATION"])
    share, nodata = read_raster(out["STABILITY"])
    assert set(np.round(np.unique(share[share != nodata]) * 3)) <= {0, 1, 2, 3}
    assert (share == nodata).any()
    # The table and the map say the same of the first and the last cutoff.
    single = {
        cutoff: run("pinchpoints", **layers, CUTOFF=cutoff, CURRENT="TEMPORARY_OUTPUT")["MAXIMUM"]
        for cutoff in (300, 1200)
    }
    assert float(rows[1]["maximum_a"]) == pytest.approx(single[300])
    assert float(rows[1]["maximum_b"]) == pytest.approx(single[1200])
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "places agree to" in page


def test_barriers_where_land_can_be_restored(run, layers, raster, tmp_path):
    land = np.where(read_raster(layers["RESISTANCE"])[0] > 3.5, 6, 1).astype(np.uint8)
    given = {**layers, "LANDUSE": raster("land_use", land), "NOT_RESTORABLE": "6"}
    sweep = run("cutoffsweep", **given, CUTOFFS="300 9000", SURFACE=1, TABLE=str(tmp_path / "t.csv"))
    single = run("barriers", **given, BELT=9000.0, SCORE=str(tmp_path / "score.tif"))
    (row,) = read_table(sweep["TABLE"])
    assert float(row["maximum_b"]) == pytest.approx(single["MAXIMUM"])
    free = run("barriers", **layers, SCORE=str(tmp_path / "free.tif"))
    assert single["MAXIMUM"] < free["MAXIMUM"]


def test_barriers_keep_their_values(run, layers, tmp_path):
    out = run("cutoffsweep", **layers, CUTOFFS="300 900", SURFACE=1, TABLE=str(tmp_path / "t.csv"))
    (row,) = read_table(out["TABLE"])
    assert row["surface"] == "Barriers"
    assert float(row["rank_correlation"]) == pytest.approx(1.0)
    assert 0 <= float(row["jaccard"]) <= 1


@pytest.mark.parametrize(
    ("cutoffs", "message"), [("500", "at least two"), ("500, wide", "'wide' is not a number"), ("0, 5", "above 0")]
)
def test_cutoffs_that_cannot_be_used(run, layers, cutoffs, message):
    with pytest.raises(Exception, match=message):
        run("cutoffsweep", **layers, CUTOFFS=cutoffs, TABLE="TEMPORARY_OUTPUT")
