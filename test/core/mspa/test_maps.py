"""The pattern analysis of whole real maps against the JRC's own program."""

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.mspa import mspa

peer = pytest.importorskip("pyguidos._mspa._mspa")

MAPS = {
    # What is no source has no data in this file, and is background here.
    "sources": ("china_esp/EcologicalSource.tif", 1, lambda values: values == 1),
    "low resistance, half of it missing": (
        "china_esp/ResistanceSurface.tif",
        0,
        lambda values: values <= np.median(values),
    ),
    "low resistance": ("linkage/lm_resistances.tif", 0, lambda values: values <= np.median(values)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("connectivity", [8, 4])
@pytest.mark.parametrize("edge_width", [1, 3, 10])
@pytest.mark.parametrize("accelerate", [False, True], ids=["numpy", "numba"])
def test_whole_map_cell_for_cell(name, connectivity, edge_width, accelerate):
    file, elsewhere, is_foreground = MAPS[name]
    path = REFERENCE / file
    if not path.exists():
        pytest.skip("the reference maps are not beside the checkout")
    if accelerate:
        pytest.importorskip("numba")
    band = pytest.importorskip("rasterio").open(path).read(1, masked=True)
    cells = np.full(band.shape, elsewhere, np.uint8)
    valid = ~np.ma.getmaskarray(band)
    cells[valid] = np.where(is_foreground(band.data[valid]), 2, 1)
    expected, _ = peer.mspa(cells, float(edge_width), connectivity, 1, 1)
    assert np.unique(expected).size >= 10
    found = mspa(cells, connectivity=connectivity, edge_width=edge_width, accelerate=accelerate)
    np.testing.assert_array_equal(found, expected)
