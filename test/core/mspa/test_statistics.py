"""Statistics and profile against the reference figures and by hand."""

import json

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.errors import InputError
from ecosecnet.core.mspa import edge_width_profile, mspa, statistics

STATS = REFERENCE / "mspa" / "stats.json"


def figures():
    return json.loads(STATS.read_text()) if STATS.exists() else {}


def read(path):
    try:
        from osgeo import gdal

        return gdal.Open(str(path)).ReadAsArray()
    except ImportError:
        return pytest.importorskip("rasterio").open(path).read(1)


@pytest.mark.skipif(not figures(), reason="the reference set is not beside the checkout")
@pytest.mark.parametrize("case", figures(), ids=str)
def test_equals_the_figures_of_guidostoolbox(case):
    expected = figures()[case]["stats"]
    path = REFERENCE / "mspa" / "expected" / case
    codes = np.loadtxt(path, delimiter=",", dtype=int) if path.suffix == ".csv" else read(path)
    found = statistics(codes, connectivity=figures()[case]["params"]["fg_conn"])
    for row in found.classes:
        figure = expected[row.name.lower().replace("-", "_")]
        assert (row.cells, row.patches) == (figure["pixels"], figure["count"])
        for share, name in ((row.of_foreground, "fg_pct"), (row.of_landscape, "data_pct")):
            if name in figure:
                assert share == pytest.approx(figure[name], abs=0.005001)
    assert found.foreground == expected["fg_area"]
    assert found.integral_foreground == expected["integral_fg_area"]
    assert found.porosity == pytest.approx(expected["porosity_pct"], abs=5.1e-5)


def test_square_with_a_hole_by_hand():
    forest = np.ones((12, 13), int)
    forest[1:10, 1:10] = 2
    forest[5, 5] = 1
    forest[11, 12] = 0
    found = statistics(mspa(forest))
    rows = {row.name: row[1:] for row in found.classes}
    assert rows["Core"] == (1, 40, 50.0, pytest.approx(100 * 40 / 155))
    assert rows["Edge"][:2] == (1, 32)
    assert rows["Perforation"][:2] == (1, 8)
    assert rows["Core-opening"][:2] == (1, 1)
    assert rows["Background"][:2] == (2, 75)
    assert rows["Missing"][:2] == (1, 1)
    assert np.isnan(rows["Missing"][3])
    assert (found.foreground, found.landscape, found.integral_foreground) == (80, 155, 81)
    assert found.porosity == pytest.approx(100 / 81)


def test_nothing_there_has_no_shares():
    found = statistics(np.full((3, 3), 129))
    assert all(row.cells == 0 for row in found.classes[:-1])
    assert all(np.isnan(row.of_foreground) and np.isnan(row.of_landscape) for row in found.classes)
    assert np.isnan(found.porosity)


def test_profile_is_that_of_single_runs():
    forest = np.where(np.random.default_rng(1).random((80, 90)) < 0.93, 2, 1)
    table = edge_width_profile(forest, [1, 2, 4], connectivity=4)
    for width, row in zip((1, 2, 4), table):
        single = statistics(mspa(forest, connectivity=4, edge_width=width), connectivity=4)
        assert list(row) == [one.cells for one in single.classes[:7]]
        assert row.sum() == (forest == 2).sum()
    assert table[0, 0] > table[1, 0] > table[2, 0]


def test_profile_needs_a_width():
    with pytest.raises(InputError, match="at least one edge width"):
        edge_width_profile(np.full((3, 3), 2), [])
