"""Every tool that takes a table reads it however it was saved, or says in words why not."""

import pytest
from oddities.tables import ENCODED, TABLES, run
from oddities.world import RefusedError, assert_same, assert_sentence, numbers

pytestmark = pytest.mark.qgis

FEW = {
    (tool, name) for name in ("bom", "gbk", "semicolons", "excel") for tool in ("scorefactor", "linkages", "tabulate")
}
"""One of each kind on three tools, for every run of the tests."""


@pytest.fixture(scope="module")
def plain(world, tmp_path_factory):
    """Return what each tool makes of the plain table."""
    found = {}
    for tool, (_, _, header, rows) in TABLES.items():
        path = ENCODED["plain"].build(tmp_path_factory.mktemp(tool), header, rows)
        found[tool] = numbers(run(world, tool, path)[0])
    return found


def cases():
    for tool in TABLES:
        for name in ENCODED:
            marks = () if (tool, name) in FEW else pytest.mark.slow
            yield pytest.param(tool, name, id=f"{tool}-{name}", marks=marks)


@pytest.mark.parametrize(("tool", "name"), cases())
def test_table(world, plain, tmp_path, tool, name):
    odd = ENCODED[name]
    _, _, header, rows = TABLES[tool]
    try:
        found, _ = run(world, tool, odd.build(tmp_path, header, rows))
    except RefusedError as refused:
        assert_sentence(str(refused), odd.sentences)
        return
    if tool not in odd.without_twin:
        assert_same(numbers(found), plain[tool])
