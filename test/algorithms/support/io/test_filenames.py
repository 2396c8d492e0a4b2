"""Names that every system takes."""

import pytest

pytestmark = pytest.mark.qgis


def test_ids_become_names_of_files_and_no_two_the_same():
    from ecosecnet.algorithms.support.io.filenames import FileNames, is_plain

    names = FileNames()
    ids = ["a/b", "a:b", "A-B", "con", "COM1.x", "_con", "土地", " x. ", "?"]
    found = [names.of([one]) for one in ids]
    assert found == ["a-b", "a-b (2)", "A-B (3)", "_con", "_COM1.x", "_con (2)", "土地", "x", "-"]
    assert names.of(["a/b"]) == "a-b"
    assert all(map(is_plain, found))


@pytest.mark.parametrize("name", ["", "/a", "a//b", "../a", "a/..", "a\\b", "c:a", "nul.tif", "a/Aux", "a.", "a /b"])
def test_names_that_lead_elsewhere_are_not_plain(name):
    from ecosecnet.algorithms.support.io.filenames import is_plain

    assert not is_plain(name)
    assert is_plain("inputs/0/土地 利用 (2).tif")
