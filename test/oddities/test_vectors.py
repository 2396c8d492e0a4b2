"""Every tool that takes polygons gives for strange layers what it gives for the plain twin, or says in words why not."""

import pytest
from oddities.vectors import VECTORS, names_of
from oddities.world import VECTOR_TOOLS, RefusedError, assert_same, assert_sentence, numbers

pytestmark = pytest.mark.qgis

FEW = {
    (tool, name)
    for name in (
        "zm",
        "arcs",
        "mixed types",
        "empty part",
        "null beside",
        "parts that overlap",
        "shapefile",
        "degrees",
        "text ids",
    )
    for tool in ("linkages", "connectivity", "tabulate")
}
"""One of each kind on three tools, for every run of the tests."""


def cases():
    for tool in VECTOR_TOOLS:
        for name in VECTORS:
            marks = () if (tool, name) in FEW else pytest.mark.slow
            yield pytest.param(tool, name, id=f"{tool}-{name}", marks=marks)


@pytest.mark.parametrize(("tool", "name"), cases())
def test_vector(world, tmp_path, tool, name):
    odd = VECTORS[name]
    layer = odd.build(tmp_path)
    try:
        found, _ = world.vector(tool, layer)
    except RefusedError as refused:
        assert_sentence(str(refused), odd.sentences)
        return
    if tool in odd.without_twin:
        return
    plain = numbers(world.plain(tool, VECTOR_TOOLS))
    assert_same(numbers(found, names_of(layer)), plain, loose=odd.loose)
