import numpy as np
import pytest
from conftest import ROOT
from layerio import read_table

pytestmark = pytest.mark.qgis

EXAMPLES = ROOT / "docs" / "examples"
PRINTED, CORRECTED = 1, 2


def found(out):
    return sorted((row["rule"], row["factor"] or "") for row in read_table(out["TABLE"]))


def test_the_printed_table_shipped_as_csv_raises_its_mistakes(run, tmp_path):
    out = run(
        "checkscores",
        SCORES=str(EXAMPLES / "scores_liuzhi_printed.csv"),
        TABLE=str(tmp_path / "t.gpkg"),
        HTML=str(tmp_path / "r.html"),
    )
    roads, mines, elevation = "Distance from road (m)", "Distance to mining area (m)", "Elevation (m)"
    assert found(out) == sorted(
        [
            ("reversed", elevation),
            ("gap", elevation),
            ("overlap", elevation),
            ("order", roads),
            ("overlap", roads),
            ("direction", roads),
            ("direction", mines),
            ("weight sum", ""),
        ]
    )
    assert (out["ERRORS"], out["WARNINGS"]) == (5, 3)
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for words in ("1.05", "1043 to 1032", "runs backwards", "starts at 30", "jump from 1 to 3"):
        assert words in page
    example = run("checkscores", EXAMPLE=PRINTED, TABLE=str(tmp_path / "e.gpkg"))
    assert found(example) == found(out)


def test_the_corrected_table_has_none(run, tmp_path):
    for options in ({"SCORES": str(EXAMPLES / "scores_liuzhi_corrected.csv")}, {"EXAMPLE": CORRECTED}):
        out = run("checkscores", TABLE=str(tmp_path / "t.gpkg"), HTML=str(tmp_path / "r.html"), **options)
        assert found(out) == []
        assert (out["ERRORS"], out["WARNINGS"]) == (0, 0)
    assert "1232" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_shipped_tables_are_the_presets(qgis):
    import csv

    from ecosecnet.core.resistance.presets import liuzhi_as_printed, liuzhi_corrected
    from ecosecnet.core.resistance.scoretable import read_score_table

    for name, preset in (("printed", liuzhi_as_printed()), ("corrected", liuzhi_corrected())):
        with open(EXAMPLES / f"scores_liuzhi_{name}.csv", encoding="utf-8", newline="") as file:
            assert read_score_table(csv.DictReader(file)) == preset


def test_rasters_named_like_factors_are_compared(run, raster, tmp_path):
    table = tmp_path / "scores.csv"
    table.write_text(
        "factor,value,min,max,score,weight\nland,1,,,1,0.5\nland,2,,,3,\nland,7,,,3,\nslope,,0,10,1,0.5\nslope,,10,20,2,\n"
    )
    land = raster("Land", np.array([[1, 2, 5]], dtype=np.uint8))
    slope = raster("slope", np.array([[3, 12, 45]], dtype=np.float32))
    other = raster("other", np.array([[3, 12, 45]], dtype=np.float32))
    out = run("checkscores", SCORES=str(table), FACTORS=[land, slope, other], TABLE=str(tmp_path / "t.gpkg"))
    rows = read_table(out["TABLE"])
    assert [(r["severity"], r["rule"], r["factor"]) for r in rows] == [
        ("error", "codes", "land"),
        ("note", "codes", "land"),
        ("error", "range", "slope"),
    ]
    assert "values that have no score: 5" in rows[0]["message"]
    assert "up to 45" in rows[2]["message"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "no column 'score'"),
        ("min,max,score\n0,ten,1\n", "Row 1, column 'max': 'ten' is not a number"),
        ("min,max,score\n", "no rows"),
    ],
)
def test_a_table_that_cannot_be_read(run, tmp_path, text, words):
    table = tmp_path / "scores.csv"
    table.write_text(text)
    with pytest.raises(Exception, match=words):
        run("checkscores", SCORES=str(table), TABLE=str(tmp_path / "t.gpkg"))
    assert not (tmp_path / "t.gpkg").exists()


def test_a_table_or_an_example_is_needed(run, tmp_path):
    with pytest.raises(Exception, match="a table of scores, or choose a legend or an example"):
        run("checkscores", TABLE=str(tmp_path / "t.gpkg"))
