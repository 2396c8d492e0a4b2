"""Networks of many species in a real QGIS: folders, maps, tables, and what a table of species can get wrong."""

import json
import os
import zipfile

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LEFT, TOP, CELL = 500_000.0, 2_900_000.0, 30.0


def square(row, col, side=5):
    x, y = LEFT + CELL * col, TOP - CELL * row
    far, low = x + CELL * side, y - CELL * side
    return f"MULTIPOLYGON((({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y})))"


PLACES = [(3, 4), (28, 6), (5, 46), (28, 44), (16, 26)]


@pytest.fixture
def land(raster, polygons):
    """Two surfaces, a land use with five patches of habitat, and sources on them."""
    random = np.random.default_rng(4)
    use = np.full((36, 56), 3, dtype=np.uint8)
    for row, col in PLACES:
        use[row : row + 5, col : col + 5] = 1
    use[0, 0] = 2
    walled = random.uniform(1, 20, (36, 56)).astype(np.float32)
    walled[:, 20:23] = walled[:, 36:39] = walled[12:15] = walled[22:25] = -9999
    return {
        "first": raster("first", random.uniform(1, 20, (36, 56)).astype(np.float32)),
        "second": raster("second", random.uniform(1, 20, (36, 56)).astype(np.float32)),
        "walled": raster("walled", walled, nodata=-9999),
        "use": raster("use", use),
        "sources": polygons("sources", [(square(*one), {"source_id": k}) for k, one in enumerate(PLACES, start=1)]),
    }


@pytest.fixture
def table(tmp_path):
    def write(text, name="species.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return write


def outputs(folder):
    folder.mkdir(exist_ok=True)
    files = {"OUTPUT_FOLDER": "each", "SHARE": "share.tif", "CURRENT": "current.tif", "KEY": "key.tif"}
    files |= {"OVERLAP": "overlap.gpkg", "COMPLEMENTARY": "set.gpkg", "TABLE": "table.gpkg", "HTML": "page.html"}
    return {name: str(folder / file) for name, file in files.items()}


def cells(path):
    values, nodata = read_raster(path)
    return np.where(values == nodata, np.nan, values)


def rows_of(path):
    """Return the rows of a table with their geometries as text, which can be compared."""
    return [{name: repr(value) for name, value in row.items()} for row in read_table(path)]


def test_two_equal_species_and_the_single_one(run, land, table, tmp_path):
    given = {"CUTOFF": 400.0, "CUTOFF_RULE": 1, "RESISTANCE": land["first"], "SOURCES": land["sources"]}
    twice = run(
        "speciesmanifest", **given, MANIFEST=table("species,weight\n獾,2\nbadger,1\n"), **outputs(tmp_path / "two")
    )
    once = run(
        "speciesmanifest", **given, MANIFEST=table("Species,weight\nbadger,\n", "one.csv"), **outputs(tmp_path / "one")
    )
    share = cells(twice["SHARE"])
    assert set(share[~np.isnan(share)].tolist()) == {1.0}
    np.testing.assert_array_equal(share, cells(once["SHARE"]))
    np.testing.assert_allclose(cells(twice["CURRENT"]), cells(once["CURRENT"]))
    (pair,) = read_table(twice["OVERLAP"])
    assert (pair["species"], pair["other"], pair["jaccard"]) == ("badger", "獾", 1.0)
    assert pair["shared_ha"] == pytest.approx(np.count_nonzero(share == 1.0) * 0.09)
    assert twice["COMPLEMENTARY_HA"] == pytest.approx(once["COMPLEMENTARY_HA"])
    assert twice["SUM_HA"] == pytest.approx(2 * once["SUM_HA"]) == pytest.approx(2 * once["COMPLEMENTARY_HA"])
    single = [row["link_id"] for row in read_table(once["COMPLEMENTARY"])]
    for name, chosen in (("badger", True), ("獾", False)):
        rows = [row for row in read_table(twice["COMPLEMENTARY"]) if row["species"] == name]
        assert [row["link_id"] for row in rows] == single
        assert all(bool(row["turn"]) == chosen for row in rows)
    assert (twice["RAN"], twice["FAILED"]) == (2, 0)
    assert read_table(once["OVERLAP"]) == []
    for name in ("badger", "獾"):
        folder = tmp_path / "two" / "each" / name
        assert {"corridors.tif", "current.tif", "network.gpkg"} <= set(os.listdir(folder))
        assert len(read_table(f"{folder}/network.gpkg|layername=sources")) == 5
    page = (tmp_path / "two" / "page.html").read_text(encoding="utf-8")
    assert all(words in page for words in ("獾", "complementary corridors", "Overlap of the corridors"))


def test_each_species_is_what_the_single_tools_make(run, land, table, tmp_path):
    text = "species,resistance,sources,cutoff\na,first.tif,sources.gpkg,300\nb,second.tif,sources.gpkg,500\n"
    out = run("speciesmanifest", MANIFEST=table(text), CUTOFF_RULE=1, **outputs(tmp_path / "out"))
    for name, surface, cutoff in (("a", "first", 300.0), ("b", "second", 500.0)):
        linked = run(
            "linkages",
            RESISTANCE=land[surface],
            SOURCES=land["sources"],
            CUTOFF=cutoff,
            CUTOFF_RULE=1,
            LINKS=str(tmp_path / f"{name}.gpkg"),
            CORRIDORS=str(tmp_path / f"{name}.tif"),
        )
        folder = tmp_path / "out" / "each" / name
        np.testing.assert_allclose(cells(f"{folder}/corridors.tif"), cells(linked["CORRIDORS"]), rtol=1e-5)
        held = {row["link_id"]: row for row in read_table(f"{folder}/network.gpkg|layername=links")}
        for row in read_table(linked["LINKS"]):
            assert held[row["link_id"]]["cw_dist"] == pytest.approx(row["cw_dist"])
            assert held[row["link_id"]]["active"] == row["active"]
        pinched = run(
            "pinchpoints",
            RESISTANCE=land[surface],
            SOURCES=land["sources"],
            LINKS=linked["LINKS"],
            CUTOFF=cutoff,
            CUTOFF_RULE=1,
            CURRENT=str(tmp_path / f"{name}_current.tif"),
        )
        np.testing.assert_allclose(cells(f"{folder}/current.tif"), cells(pinched["CURRENT"]), rtol=1e-5)
    assert out["RAN"] == 2


def test_species_that_fail_are_named_and_the_others_go_on(run, land, table, tmp_path):
    table("value,score\n1,1\n2,5\n3,10\n", "scores.csv")
    text = (
        "species,sources,values,resistance,scores,min_area,dispersal,weight\n"
        "good,sources.gpkg,,first.tif,,,,\n"
        'habitat,,"1",,scores.csv,1,,\n'
        "gone,nowhere.gpkg,,first.tif,,,,\n"
        "walled,sources.gpkg,,walled.tif,,,,\n"
        "few,,2,first.tif,,,,\n"
        "small,sources.gpkg,,first.tif,,1000,,\n"
        "both,sources.gpkg,1,first.tif,,,,\n"
        "wordy,sources.gpkg,,first.tif,,,far,\n"
        "light,sources.gpkg,,first.tif,,,,0\n"
        "none,,,first.tif,,,,\n"
        "empty,,7-9,first.tif,,,,\n"
        ",,,,,,,\n"
    )
    out = run(
        "speciesmanifest",
        MANIFEST=table(text),
        LANDUSE=land["use"],
        CUTOFF=400.0,
        CUTOFF_RULE=1,
        CAPSULE=str(tmp_path / "run.capsule.zip"),
        **outputs(tmp_path / "out"),
    )
    rows = {row["species"]: row for row in read_table(out["TABLE"])}
    assert (out["RAN"], out["FAILED"]) == (2, 9)
    assert list(rows) == sorted(rows)
    failures = {name: row["failure"] for name, row in rows.items() if row["failure"]}
    expected = {
        "gone": "There is no file",
        "walled": "cut off by impassable cells",
        "few": "1 source; corridors need two",
        "small": "0 sources of 1000 ha and more",
        "both": "Both sources and values are given",
        "wordy": "The dispersal is 'far', which is no number",
        "light": "The weight is 0",
        "none": "neither sources nor values",
        "empty": "is one of its values, 7-9",
    }
    assert set(failures) == set(expected)
    for name, words in expected.items():
        assert words in failures[name], (name, failures[name])
        assert name in run.feedback.textLog()
    assert rows["habitat"]["sources"] == 5
    resistance, _ = read_raster(str(tmp_path / "out" / "each" / "habitat" / "resistance.tif"))
    use, _ = read_raster(land["use"])
    np.testing.assert_array_equal(resistance, np.array([0, 1, 5, 10])[use])
    assert sorted(os.listdir(tmp_path / "out" / "each")) == ["good", "habitat"]
    with zipfile.ZipFile(out["CAPSULE"]) as capsule:
        noted = json.loads(capsule.read("run.json"))
    named = [os.path.basename(one["path"]) for one in noted["inputs"] if one["role"] == "MANIFEST"]
    assert sorted(named) == ["first.tif", "scores.csv", "sources.gpkg", "species.csv", "walled.tif"]
    assert named[0] == "species.csv"


def test_a_capsule_comes_out_the_same_and_sees_a_changed_file(run, land, table, raster, tmp_path):
    from qgis.core import QgsProcessingException

    given = {"MANIFEST": table("species,resistance\na,first.tif\nb,second.tif\n"), "SOURCES": land["sources"]}
    given |= {"CUTOFF": 400.0, "CUTOFF_RULE": 1, "CAPSULE": str(tmp_path / "out" / "run.capsule.zip")}
    run("speciesmanifest", **given, **outputs(tmp_path / "out"))
    again = {"CAPSULE": given["CAPSULE"], "FOLDER": str(tmp_path), "TABLE": "TEMPORARY_OUTPUT"}
    out = run("replay", **again, OUTPUT_FOLDER=str(tmp_path / "again"))
    assert out["VERDICT"] == "identical"
    values, _ = read_raster(land["second"])
    values[7, 7] += 1
    raster("second", values)
    with pytest.raises(QgsProcessingException, match="inputs changed: MANIFEST"):
        run("replay", **again, OUTPUT_FOLDER=str(tmp_path / "third"))


def test_maps_that_a_stage_has_nothing_for_are_not_made(run, land, table, tmp_path):
    given = {"MANIFEST": table("species,resistance\na,first.tif\n"), "SOURCES": land["sources"], "STAGE": 0}
    run("speciesmanifest", **given, CUTOFF=400.0, CUTOFF_RULE=1, **outputs(tmp_path / "out"))
    assert {"current.tif", "key.tif"}.isdisjoint(os.listdir(tmp_path / "out"))
    for name in ("CURRENT", "KEY"):
        assert f"{name} is not made: STAGE is 'Corridors'" in run.feedback.textLog()


def test_a_file_that_the_table_names_is_not_overwritten(run, land, table, tmp_path):
    from qgis.core import QgsProcessingException

    given = {"MANIFEST": table("species,resistance\na,first.tif\n"), "SOURCES": land["sources"], "CUTOFF": 400.0}
    before = (tmp_path / "first.tif").read_bytes()
    with pytest.raises(QgsProcessingException, match=r"SHARE.* would overwrite an input that MANIFEST names"):
        run("speciesmanifest", **given, **{**outputs(tmp_path / "out"), "SHARE": str(tmp_path / "first.tif")})
    assert (tmp_path / "first.tif").read_bytes() == before


def test_a_capsule_alone_comes_out_the_same(run, land, table, tmp_path):
    first = str(tmp_path / "first.tif")  # by its whole path, and by its name in the folder of the table
    text = f"species,resistance,sources\na,{first},sources.gpkg\nb,second.tif,\nc,gone.tif,\nd,./second.tif,\n,,\n"
    given = {"MANIFEST": table(text), "SOURCES": land["sources"], "CUTOFF": 400.0, "CUTOFF_RULE": 1}
    capsule = tmp_path / "run.capsule.zip"
    out = run("speciesmanifest", **given, CAPSULE=str(capsule), **outputs(tmp_path / "out"))
    assert (out["RAN"], out["FAILED"]) == (3, 1)
    alone = tmp_path / "elsewhere" / capsule.name
    alone.parent.mkdir()
    capsule.rename(alone)
    for name in ("first.tif", "second.tif", "species.csv", "sources.gpkg"):
        (tmp_path / name).rename(tmp_path / f"{name}.away")
    again = {"CAPSULE": str(alone), "TABLE": "TEMPORARY_OUTPUT", "OUTPUT_FOLDER": str(tmp_path / "again")}
    assert run("replay", **again)["VERDICT"] == "identical"


def test_the_order_of_the_rows_changes_nothing(run, land, table, tmp_path):
    rows = ["a,first.tif,0.3", "b,second.tif,0.5", "c,first.tif,0.7"]
    given = {"SOURCES": land["sources"], "CUTOFF": 400.0, "CUTOFF_RULE": 1, "STAGE": 3}
    made = []
    for name, order in (("up", rows), ("down", rows[::-1])):
        text = "\n".join(["species,resistance,weight", *order])
        made.append(run("speciesmanifest", **given, MANIFEST=table(text, f"{name}.csv"), **outputs(tmp_path / name)))
    up, down = made
    for name in ("SHARE", "CURRENT", "KEY"):
        np.testing.assert_array_equal(cells(up[name]), cells(down[name]))
    for name in ("TABLE", "OVERLAP", "COMPLEMENTARY"):
        assert rows_of(up[name]) == rows_of(down[name])
    assert {name: up[name] for name in ("COMPLEMENTARY_HA", "SUM_HA", "KEY_HA")} == {
        name: down[name] for name in ("COMPLEMENTARY_HA", "SUM_HA", "KEY_HA")
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("species,resistence\na,first.tif\n", "columns that are not known: resistence"),
        ("name,resistance\na,first.tif\n", "columns that are not known: name"),
        ("resistance,weight\nfirst.tif,1\n", "no column 'species'"),
        ("species,weight\na,1\na,2\n", "more than one species 'a'"),
        ("species,weight\n,1\n", "Row 1 of 'species' has nothing in the column 'species'"),
        ("species,weight\n", "has no rows"),
        ("species,resistance\na,nowhere.tif\n", "No species has a raster that can be opened"),
        ("species,resistance,values\na,first.tif,9\n", "No species can be read. a:"),
    ],
)
def test_tables_that_make_no_sense_are_refused(run, land, table, tmp_path, text, words):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=words):
        run("speciesmanifest", MANIFEST=table(text), **outputs(tmp_path / "out"))
    assert not os.path.exists(tmp_path / "out" / "each")


def test_rasters_of_another_grid_fail_by_themselves(run, land, raster, table, tmp_path):
    raster("other", np.ones((20, 20), dtype=np.float32), cell=60.0)
    text = "species,resistance\na,first.tif\nb,other.tif\n"
    out = run("speciesmanifest", MANIFEST=table(text), SOURCES=land["sources"], **outputs(tmp_path / "out"))
    failures = {row["species"]: row["failure"] for row in read_table(out["TABLE"])}
    assert not failures["a"]
    assert "other" in failures["b"]


def test_two_processes_make_the_same(run, land, table, tmp_path):
    given = {"SOURCES": land["sources"], "CUTOFF": 400.0, "CUTOFF_RULE": 1}
    text = table("species,resistance\na,first.tif\nb,second.tif\nc,first.tif\n")
    one = run("speciesmanifest", **given, MANIFEST=text, **outputs(tmp_path / "one"))
    kept = {"PROCESSES": 2, "CHECKPOINT": str(tmp_path / "kept")}
    two = run("speciesmanifest", **given, **kept, MANIFEST=text, **outputs(tmp_path / "two"))
    np.testing.assert_array_equal(cells(one["CURRENT"]), cells(two["CURRENT"]))
    assert rows_of(one["COMPLEMENTARY"]) == rows_of(two["COMPLEMENTARY"])
