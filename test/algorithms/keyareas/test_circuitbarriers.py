"""Barriers in circuit terms in a real QGIS."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def chain(raster, polygons):
    """One row of cells: a source at either end and a hard cell in the middle; a second row is impassable."""
    ground = np.full((2, 7), -1, dtype=np.float32)
    ground[0] = [1, 2, 2, 20, 2, 2, 1]
    sources = []
    for k, col in enumerate((0, 6)):
        x = 500_000 + 30 * col
        sources.append(
            (f"POLYGON(({x} 2900000, {x + 30} 2900000, {x + 30} 2899970, {x} 2899970, {x} 2900000))", {"id": k})
        )
    line = ("LINESTRING(500015 2899985, 500195 2899985)", {"link_id": 3, "from_id": 0, "to_id": 1})
    return {
        "RESISTANCE": raster("ground", ground, nodata=-1),
        "SOURCES": polygons("sources", sources),
        "ID_FIELD": "id",
        "LINKS": polygons("links", [line], kind="LineString"),
        "RADIUS": 0,
    }


def test_a_chain(run, chain, tmp_path):
    out = run(
        "circuitbarriers",
        **chain,
        GAIN=str(tmp_path / "gain.tif"),
        DERIVATIVE=str(tmp_path / "derivative.tif"),
        OUTPUT_LINKS=str(tmp_path / "out_links.gpkg"),
    )
    gain, nodata = read_raster(out["GAIN"])
    np.testing.assert_allclose(gain[0], 30 * np.array([0, 1, 1, 19, 1, 1, 0]), rtol=1e-6)
    assert (gain[1] == nodata).all()
    np.testing.assert_allclose(read_raster(out["DERIVATIVE"])[0][0], [15, 30, 30, 30, 30, 30, 15], rtol=1e-6)
    (link,) = read_table(out["OUTPUT_LINKS"])
    assert link["eff_res"] == pytest.approx(30 * 29)
    assert link["predicted"] == pytest.approx(30 * 19)
    assert link["exact"] == pytest.approx(30 * 19)
    assert link["percent"] == pytest.approx(100 * 19 / 29)
    assert (link["x"], link["y"]) == (500_105, 2_899_985)
    assert out["MAXIMUM"] == pytest.approx(30 * 19)


def test_a_disc_of_two_cells_unless_said(run, chain):
    chain.pop("RADIUS")
    out = run("circuitbarriers", **chain, GAIN="TEMPORARY_OUTPUT")
    assert out["MAXIMUM"] == pytest.approx(30 * (19 + 4), rel=1e-6)


def test_places_to_try(run, chain, polygons, tmp_path):
    def box(col):
        x = 500_000 + 30 * col
        return f"POLYGON(({x} 2900000, {x + 60} 2900000, {x + 60} 2899970, {x} 2899970, {x} 2900000))"

    places = [(box(2), "hard"), (box(4), "soft"), ("", "nowhere"), (box(40), "off")]
    patches = polygons("patches", [(shape, {"name": name}) for shape, name in places])
    out = run(
        "circuitbarriers",
        **chain,
        PATCHES=patches,
        GAIN="TEMPORARY_OUTPUT",
        OUTPUT_PATCHES=str(tmp_path / "out_patches.gpkg"),
    )
    assert "Features 3 of 'patches' have no geometry and were left out." in run.feedback.textLog()
    rows = read_table(out["OUTPUT_PATCHES"])
    assert [row["exact"] for row in rows] == pytest.approx([30 * 20, 30 * 2, 0])
    assert [row["predicted"] for row in rows] == pytest.approx([30 * 20, 30 * 2, 0])
    assert [row["gaining_links"] for row in rows] == [1, 1, 0]
    assert [row["best_link"] for row in rows][:2] == [3, 3]
    assert rows[0]["area_ha"] == pytest.approx(0.18)
    with pytest.raises(Exception, match="Give the polygons of the places"):
        run("circuitbarriers", **chain, GAIN="TEMPORARY_OUTPUT", OUTPUT_PATCHES="TEMPORARY_OUTPUT")


def test_sources_that_are_cut_off(run, chain, raster):
    ground = np.full((2, 7), 1, dtype=np.float32)
    ground[:, 3] = -1
    chain["RESISTANCE"] = raster("cut", ground, nodata=-1)
    with pytest.raises(Exception, match="cut all of them off"):
        run("circuitbarriers", **chain, CUTOFF=100.0, GAIN="TEMPORARY_OUTPUT")
    with pytest.raises(Exception, match="cut off by impassable cells"):
        run("circuitbarriers", **chain, GAIN="TEMPORARY_OUTPUT")
