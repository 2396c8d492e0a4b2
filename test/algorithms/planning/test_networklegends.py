"""What the codes of the land use mean in the whole network: never taken for granted, by the legend, or by tables."""

import csv
import re

import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

LIUZHI, CLCD, CORINE = 1, 4, 9
TO_CLCD = {1: 2, 2: 4, 3: 7, 4: 3, 5: 1, 6: 5, 7: 8, 8: 8}
TO_CORINE = {1: 312, 2: 321, 3: 333, 4: 222, 5: 211, 6: 512, 7: 122, 8: 112}
CLCD_SCORES = {1: 3, 2: 1, 3: 1, 4: 1, 5: 3, 7: 3, 8: 5}


@pytest.fixture
def recoded(parameters, raster):
    """Write the land use of the county in other codes; returns what a run of land use and roads takes."""

    def write(codes, kind=np.uint8):
        land, _ = read_raster(parameters["LANDUSE"])
        others = np.zeros(land.shape, dtype=kind)
        for old, new in codes.items():
            others[land == old] = new
        from osgeo import gdal

        left, cell, _, top, _, _ = gdal.Open(parameters["LANDUSE"]).GetGeoTransform()
        path = raster("recoded", others, nodata=0, cell=cell, left=left, top=top, crs="EPSG:4544")
        for unused in ("CORRECTIONS", "DEM", "MINES", "LEGEND"):
            parameters.pop(unused)
        return {**parameters, "LANDUSE": path}

    return write


def test_no_legend_is_taken_unasked(run, recoded, tmp_path):
    given = recoded(TO_CLCD)
    resistance = tmp_path / "r.tif"
    with pytest.raises(Exception, match=r"no legend, and no FOREGROUND or table of SCORES. Found: 1, 2, .*fits .*CLCD"):
        run("securitynetwork", **given, RESISTANCE=str(resistance))
    with pytest.raises(Exception, match=r"no legend, and no table of SCORES.*Choose the LEGEND"):
        run("securitynetwork", **given, FOREGROUND="2,3", RESISTANCE=str(resistance))
    with pytest.raises(Exception, match=r"no legend.*this looks like CLCD"):  # by the names
        run("securitynetwork", **given, LANDUSE_NAMES="1=Cropland; 2=Forest; 8=Impervious")
    assert not resistance.exists()


def test_names_and_foreground_that_contradict_the_legend_stop(run, recoded):
    given = recoded(TO_CLCD)
    with pytest.raises(Exception, match=r"contradicts LANDUSE_NAMES: 1 is 'Cropland' there and 'Woodland' here"):
        run("securitynetwork", **given, LEGEND=LIUZHI, LANDUSE_NAMES="1=Cropland; 2=Forest")
    with pytest.raises(Exception, match=r"contradicts FOREGROUND: 1 is Cropland"):
        run("securitynetwork", **given, LEGEND=CLCD, FOREGROUND="1,2,6")


def test_a_foreign_map_is_read_with_its_legend(run, recoded, tmp_path):
    given = recoded(TO_CLCD)
    report, table, resistance = tmp_path / "report.html", tmp_path / "t.csv", tmp_path / "r.tif"
    found = run(
        "securitynetwork",
        **{**given, "ROADS": None},
        LEGEND=CLCD,
        REPORT=str(report),
        BARRIER_TABLE=str(table),
        RESISTANCE=str(resistance),
    )
    assert found["SOURCE_COUNT"] >= 2
    land, _ = read_raster(given["LANDUSE"])
    values, nodata = read_raster(str(resistance))
    expected = np.vectorize(lambda code: CLCD_SCORES.get(code, np.nan))(land)
    np.testing.assert_allclose(np.where(values == nodata, np.nan, values), expected)
    page = report.read_text(encoding="utf-8")
    assert "Cropland" in page
    assert "Arable land" not in page
    assert "Woodland" not in page
    assert "There is no data for" not in page  # of factors that nobody has asked for
    assert "default resistance of the legend CLCD, our judgement" in page
    assert "rgb(250,227,156)" in page or "#fae39c" in page.lower()
    with open(table, encoding="utf-8") as file:
        uses = " ".join(row["land_uses"] for row in csv.DictReader(file))
    assert set(re.findall(r"([A-Z][a-z]+) \d", uses)) <= {
        *("Cropland", "Forest", "Shrub", "Grassland", "Water", "Barren", "Impervious")
    }


def test_codes_of_three_digits_are_scored_and_drawn(run, recoded, tmp_path):
    given = recoded(TO_CORINE, np.int16)
    report = tmp_path / "report.html"
    found = run("securitynetwork", **given, LEGEND=CORINE, REPORT=str(report))
    assert found["SOURCE_COUNT"] >= 2
    page = report.read_text(encoding="utf-8")
    assert "Non-irrigated arable land" in page
    assert "Liuzhi study, a karst county" in page  # whence the scores of the distance to roads


def test_own_codes_take_names_from_the_score_table_else_from_the_file(run, recoded, tmp_path):
    from osgeo import gdal

    given = recoded(TO_CLCD)
    dataset = gdal.Open(given["LANDUSE"], gdal.GA_Update)
    names = ["", "Fields", "Woods", "Thicket", "Meadows", "Lakes", "Ice", "Rocks", "Towns"]
    dataset.GetRasterBand(1).SetCategoryNames(names)
    dataset = None
    scores, report = tmp_path / "scores.csv", tmp_path / "report.html"

    def page(name):
        rows = [f"Land use,{name if code == 1 else ''},{code},{score},1" for code, score in CLCD_SCORES.items()]
        scores.write_text("\n".join(["factor,class,value,score,weight", *rows]), encoding="utf-8")
        others = {**given, "ROADS": None, "SCORES": str(scores), "FOREGROUND": "2-5", "REPORT": str(report)}
        run("securitynetwork", **others)
        return report.read_text(encoding="utf-8")

    assert "Meadows" in page("")
    named = page("Acres")
    assert "Acres" in named
    assert "Meadows" not in named  # never a mixture


def test_scores_for_other_classes_than_the_file_names_stop(run, recoded, county, tmp_path):
    from osgeo import gdal

    given = {**recoded(TO_CLCD), "DEM": county["DEM"], "MINES": county["MINES"]}
    given.update(SCORES=county["SCORES"], FOREGROUND="2", REPORT=str(tmp_path / "report.html"))
    named = "1=Cropland; 2=Forest; 3=Shrub; 4=Grassland; 5=Water; 7=Barren; 8=Impervious"
    with pytest.raises(Exception, match=r"contradict LANDUSE_NAMES: 1 is 'Woodland' in the first and 'Cropland' in"):
        run("securitynetwork", **given, LANDUSE_NAMES=named)
    dataset = gdal.Open(given["LANDUSE"], gdal.GA_Update)
    names = ["", "Cropland", "Forest", "Shrub", "Grassland", "Water", "Ice", "Barren", "Impervious"]
    dataset.GetRasterBand(1).SetCategoryNames(names)
    dataset = None
    with pytest.raises(Exception, match=r"contradict the categories of 'recoded'.*this looks like CLCD"):
        run("securitynetwork", **given)
    assert not list(tmp_path.glob("report.html"))


def test_names_of_the_user_name_all_classes_or_say_which_not(run, recoded):
    given = {**recoded(TO_CLCD), "LEGEND": CLCD}
    with pytest.raises(Exception, match=r"LANDUSE_NAMES names 99, of which 'recoded' has none"):
        run("securitynetwork", **given, LANDUSE_NAMES="99=Cropland")
    run("securitynetwork", **given, LANDUSE_NAMES="1=Cornfield; 8=Town")
    assert "no name for 2, 3, 4, 5, 7: tables and maps show the code" in run.feedback.textLog()
