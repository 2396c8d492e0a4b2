"""Every tool that takes a raster gives for each strange one what it gives for the plain twin, or says in words why not."""

import pytest
from oddities.rasters import RASTERS
from oddities.world import RASTER_TOOLS, VALUES, RefusedError, assert_same, assert_sentence, numbers

pytestmark = pytest.mark.qgis

FEW = {
    (tool, name)
    for name in (
        "uint16",
        "nodata of the user",
        "internal mask",
        "alpha",
        "stack",
        "quarter and offset",
        "palette",
        "truncated",
        "rotated",
        "no crs",
    )
    for tool in ("linkages", "scorefactor", "mspa")
}
"""One of each kind on three tools, for every run of the tests."""


def cases():
    for tool in RASTER_TOOLS:
        for name in RASTERS:
            marks = () if (tool, name) in FEW else pytest.mark.slow
            yield pytest.param(tool, name, id=f"{tool}-{name}", marks=marks)


@pytest.mark.parametrize(("tool", "name"), cases())
def test_raster(world, tmp_path, tool, name):
    odd = RASTERS[name]
    layer = odd.build(tmp_path, VALUES[RASTER_TOOLS[tool][1]])
    try:
        found, _ = world.raster(tool, layer)
    except RefusedError as refused:
        assert_sentence(str(refused), odd.sentences)
        return
    if tool in odd.without_twin:
        return
    plain = numbers(world.plain(tool, RASTER_TOOLS))
    assert_same(numbers(found), plain, only_cells=odd.only_cells, loose=odd.loose)
