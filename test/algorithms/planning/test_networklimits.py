"""The whole network with the limits of another run."""

import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


def test_two_dates_are_classed_alike(run, county, parameters, tmp_path):
    def go(name, **more):
        outputs = {one: str(tmp_path / f"{name}_{one}.gpkg") for one in ("PINCHPOINTS", "BARRIERS", "BREAKS")}
        return run("securitynetwork", **parameters, **outputs, REPORT=str(tmp_path / f"{name}.html"), **more), outputs

    first, written = go("first")
    table = read_table(written["BREAKS"])
    assert [row["kind"] for row in table] == ["pinch points"] * 4 + ["barriers"] * 4
    by_kind = {kind: [row for row in table if row["kind"] == kind] for kind in ("pinch points", "barriers")}
    for kind, count in (("pinch points", "PINCH_COUNT"), ("barriers", "BARRIER_COUNT")):
        rows = by_kind[kind]
        assert [row["lower"] for row in rows[1:]] == [row["upper"] for row in rows[:-1]]
        assert first[count] > 0
    page = (tmp_path / "first.html").read_text(encoding="utf-8")
    assert page.count("Upper limits of the classes, lowest first: ") == 2
    assert f"{by_kind['barriers'][0]['upper']:.4g}" in page

    same, _ = go("same", LIMITS_TABLE=written["BREAKS"])
    counts = ("PINCH_COUNT", "PINCH_HA", "BARRIER_COUNT", "BARRIER_HA")
    assert {name: same[name] for name in counts} == {name: first[name] for name in counts}
    page = (tmp_path / "same.html").read_text(encoding="utf-8")
    assert page.count("Upper limits of the classes, lowest first, held: ") == 2
    assert "Both in classes with held limits" in page

    # Only the pinch points are held, at twice the limits: fewer of them, the barriers as they were.
    twice = ", ".join(f"{2 * row['upper']:.12g}" for row in by_kind["pinch points"])
    fewer, written = go("fewer", LIMITS=f"Pinch points = {twice}")
    assert fewer["PINCH_HA"] < first["PINCH_HA"]
    assert fewer["BARRIER_HA"] == first["BARRIER_HA"]
    uppers = [row["upper"] for row in read_table(written["BREAKS"]) if row["kind"] == "pinch points"]
    assert uppers == pytest.approx([2 * row["upper"] for row in by_kind["pinch points"]])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"LIMITS": "corridors = 1, 2"},
            "There are limits of 'corridors'; they can be of pinch points and of barriers",
        ),
        ({"LIMITS": "1, 2, 3"}, "is not a name and what it is given"),
        ({"LIMITS": "barriers = 2, 1"}, "1 follows 2"),
    ],
)
def test_limits_that_are_none_are_refused(run, parameters, given, message):
    with pytest.raises(Exception, match=message):
        run("securitynetwork", **parameters, **given)


def test_the_table_of_another_tool_is_refused(run, county, parameters):
    with pytest.raises(Exception, match="has no column 'kind'"):
        run("securitynetwork", **parameters, LIMITS_TABLE=county["SCORES"])
