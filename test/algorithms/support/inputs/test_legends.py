"""A land-use map in the codes of a legend, through the tools that read it."""

import csv

import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

OWN, LIUZHI, CLCD, GLOBELAND30, WORLDCOVER, CORINE = 0, 1, 4, 5, 6, 9
LAND = np.array([[10, 20, 30, 0], [40, 50, 80, 95]], dtype=np.uint8)
"""ESA WorldCover; 0 is no data in it, whatever the file says."""


def named(path, names):
    """Give the file an attribute table that holds names of classes."""
    from osgeo import gdal

    dataset = gdal.Open(path, gdal.GA_Update)
    table = gdal.RasterAttributeTable()
    table.CreateColumn("Value", gdal.GFT_Integer, gdal.GFU_Generic)
    table.CreateColumn("Class_Name", gdal.GFT_String, gdal.GFU_Generic)
    for row, (code, name) in enumerate(names.items()):
        table.SetValueAsInt(row, 0, code)
        table.SetValueAsString(row, 1, name)
    dataset.GetRasterBand(1).SetDefaultRAT(table)
    return path


def test_a_legend_fills_in_the_foreground(run, raster, tmp_path):
    out = run("foreground", INPUT=raster("land", LAND), LEGEND=WORLDCOVER, OUTPUT=str(tmp_path / "f.tif"))
    assert read_raster(out["OUTPUT"])[0].tolist() == [[2, 2, 2, 0], [1, 1, 2, 2]]


def test_codes_of_two_legends_are_said_to_be(run, raster):
    both = np.array([[10, 20, 30], [60, 80, 90]], dtype=np.uint8)
    run("foreground", INPUT=raster("both", both), LEGEND=GLOBELAND30, OUTPUT="TEMPORARY_OUTPUT")
    assert "Its codes would fit ESA WorldCover too" in run.feedback.textLog()
    run("foreground", INPUT=raster("land", LAND), LEGEND=WORLDCOVER, OUTPUT="TEMPORARY_OUTPUT")
    assert "would fit" not in run.feedback.textLog()


def test_some_of_the_habitat_may_be_named(run, raster, tmp_path):
    target = str(tmp_path / "f.tif")
    out = run("foreground", INPUT=raster("land", LAND), LEGEND=WORLDCOVER, FOREGROUND="10,95", OUTPUT=target)
    assert read_raster(out["OUTPUT"])[0].tolist() == [[2, 1, 1, 0], [1, 1, 1, 2]]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {},
            "no foreground values, and no legend.* found: 0, 10, 20.*this looks like ESA WorldCover.*Choose the LEGEND",
        ),
        ({"FOREGROUND": "1,2,6"}, "No cell of 'land' has one.* 1, 2, 6; found: 0, 10, 20.*looks like ESA WorldCover"),
        ({"LEGEND": CLCD}, "has codes that the legend CLCD does not have: 10, 20.*looks like ESA WorldCover"),
        ({"LEGEND": WORLDCOVER, "FOREGROUND": "10,40"}, "contradicts FOREGROUND: 40 is Cropland.*habitat is 10"),
    ],
    ids=str,
)
def test_refusals_say_what_the_map_holds(run, raster, tmp_path, given, sentence):
    target = tmp_path / "f.tif"
    with pytest.raises(Exception, match=sentence):
        run("foreground", INPUT=raster("land", LAND), OUTPUT=str(target), **given)
    assert not target.exists()


def test_missing_values_are_no_codes_of_the_legend(run, raster, tmp_path):
    land = raster("land", np.array([[1, 2, 200]], dtype=np.uint8))
    out = run("foreground", INPUT=land, LEGEND=CLCD, MISSING="200", OUTPUT=str(tmp_path / "f.tif"))
    assert read_raster(out["OUTPUT"])[0].tolist() == [[1, 2, 0]]


def test_names_in_the_file_that_contradict_the_legend_stop(run, raster, tmp_path):
    eight = np.arange(1, 9, dtype=np.uint8).reshape(2, 4)
    land = named(raster("land", eight), {1: "Cropland", 2: "Forest", 8: "Impervious"})
    with pytest.raises(Exception, match=r"categories of 'land': 1 is 'Cropland' there.*this looks like CLCD"):
        run("foreground", INPUT=land, LEGEND=LIUZHI, OUTPUT=str(tmp_path / "f.tif"))
    run("foreground", INPUT=land, LEGEND=CLCD, OUTPUT=str(tmp_path / "f.tif"))


def test_core_values_left_alone_are_the_habitat_of_the_legend(run, raster):
    land = np.full((6, 6), 40, dtype=np.uint8)
    land[1:3, 1:3], land[4:6, 4:6], land[0] = 10, 80, 0
    out = run("sources", INPUT=raster("land", land), LEGEND=WORLDCOVER, OUTPUT="memory:")
    assert (out["COUNT"], out["AREA_HA"]) == (2, pytest.approx(8 * 0.09))
    out = run("sources", INPUT=raster("land", land), LEGEND=WORLDCOVER, CORE_VALUES="80", OUTPUT="memory:")
    assert out["COUNT"] == 1
    with pytest.raises(Exception, match=r"core area values 17, 117; found: 0, 10, 40, 80"):
        run("sources", INPUT=raster("land", land), OUTPUT="memory:")
    with pytest.raises(Exception, match="contradicts CORE_VALUES: 40 is Cropland"):
        run("sources", INPUT=raster("land", land), LEGEND=WORLDCOVER, CORE_VALUES="40", OUTPUT="memory:")


def rows(path):
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_legend_scores_land_use(run, raster, tmp_path):
    table = str(tmp_path / "t.csv")
    target = str(tmp_path / "s.tif")
    out = run("scorefactor", INPUT=raster("land", LAND), LEGEND=WORLDCOVER, OUTPUT=target, TABLE=table)
    scores, nodata = read_raster(out["OUTPUT"])
    assert scores.tolist() == [[1, 1, 1, nodata], [3, 5, 3, 1]]
    assert [row["class"] for row in rows(table)] == [
        "Tree cover",
        "Shrubland",
        "Grassland",
        "Cropland",
        "Built-up",
        "Permanent water bodies",
        "Mangroves",
    ]


@pytest.mark.parametrize(
    ("legend", "file", "names"),
    [
        (OWN, {}, ["1", "2"]),
        (OWN, {1: "Fields", 2: "Woods"}, ["Fields", "Woods"]),
        (CLCD, {1: "Fields", 2: "Woods"}, ["Cropland", "Forest"]),
    ],
    ids=str,
)
def test_names_come_from_the_legend_then_from_the_file(run, raster, tmp_path, legend, file, names):
    land = raster("land", np.array([[1, 2]], dtype=np.uint8))
    if file:
        named(land, file)
    table, scores = str(tmp_path / "t.csv"), [1, 1, 7, 2, 2, 9]
    run("scorefactor", INPUT=land, LEGEND=legend, SCORES=scores, OUTPUT=str(tmp_path / "s.tif"), TABLE=table)
    assert [row["class"] for row in rows(table)] == names


def test_names_of_the_score_table_come_first_and_must_not_contradict(run, raster, tmp_path):
    land = named(raster("land", np.array([[1, 2]], dtype=np.uint8)), {1: "Fields", 2: "Woods"})
    given = tmp_path / "scores.csv"
    given.write_text("class,value,score\nFarmland,1,3\n,2,1\n", encoding="utf-8")
    table, target = str(tmp_path / "t.csv"), str(tmp_path / "s.tif")
    run("scorefactor", INPUT=land, LEGEND=CLCD, SCORES_TABLE=str(given), OUTPUT=target, TABLE=table)
    assert [row["class"] for row in rows(table)] == ["Farmland", "2"]  # never a mixture
    given.write_text("class,value,score\nForest,1,1\nWater,2,1\n", encoding="utf-8")
    with pytest.raises(Exception, match="CLCD contradicts the names in the table of scores: 1 is 'Forest' there"):
        run("scorefactor", INPUT=land, LEGEND=CLCD, SCORES_TABLE=str(given), OUTPUT=target)


def test_a_legend_and_classes_made_from_values_are_not_both_chosen(run, raster, tmp_path):
    with pytest.raises(Exception, match="A legend is chosen, but another way"):
        run("scorefactor", INPUT=raster("land", LAND), LEGEND=WORLDCOVER, METHOD=1, OUTPUT=str(tmp_path / "s.tif"))


def test_scores_of_a_legend_are_checked(run, tmp_path):
    report = tmp_path / "r.html"
    out = run("checkscores", LEGEND=CORINE, TABLE="memory:", HTML=str(report))
    assert (out["ERRORS"], out["WARNINGS"]) == (0, 0)
    text = report.read_text(encoding="utf-8")
    assert "Broad-leaved forest" in text
    assert "523 (Sea and ocean)" in text


def test_a_table_is_checked_against_a_legend(run, tmp_path):
    given = tmp_path / "scores.csv"
    given.write_text(
        "factor,class,value,score,weight\nLand use,Forest,1,1,0.5\nLand use,Water,5,3,\nLand use,Rock,77,3,\n"
        "Slope,>0,,1,0.5\n",
        encoding="utf-8",
    )
    out = run("checkscores", SCORES=str(given), LEGEND=CLCD, TABLE=str(tmp_path / "f.csv"))
    found = " ".join(row["message"] for row in rows(tmp_path / "f.csv"))
    assert "'Forest' is 1 (Cropland) in the legend CLCD" in found
    assert "has no code 77 (Rock)" in found
    assert "no score: 2 (Forest), 3 (Shrub)" in found
    assert out["ERRORS"] >= 2
