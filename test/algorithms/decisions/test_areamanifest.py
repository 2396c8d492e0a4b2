"""The whole method for many areas in a real QGIS: folders, going on where a run ended, and what a table can get wrong."""

import contextlib
import json
import os
import zipfile

import numpy as np
import pytest
from layerio import read_raster, read_table
from qgis.core import QgsProcessingException

pytestmark = pytest.mark.qgis

HEAD = "name,LANDUSE,foreground,legend,dem,min_area,MIN_KEY_AREA,adjacency\n"


@pytest.fixture
def county(raster, tmp_path):
    """A small county: three woods in farmland, and heights."""
    random = np.random.default_rng(8)
    use = random.integers(3, 6, (60, 80)).astype(np.uint8)
    for row, col in ((5, 6), (40, 10), (20, 60)):
        use[row : row + 14, col : col + 14] = 1
    heights = (np.indices(use.shape).sum(axis=0) * 4.0 + 900).astype(np.float32)
    raster("use", use)
    raster("heights", heights)

    def table(rows, head=HEAD):
        (tmp_path / "counties.csv").write_text(head + rows, encoding="utf-8")
        return str(tmp_path / "counties.csv")

    return table


def rewritten(capsule, change, path, text):
    """Change run.json of a capsule, and put a text in the place of a file."""
    with zipfile.ZipFile(capsule) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    noted = json.loads(members["run.json"])
    change(noted)
    members.update({"run.json": json.dumps(noted).encode(), path: text.encode()})
    with zipfile.ZipFile(capsule, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def batch(run, manifest, folder, **more):
    """Run the batch; return its results and the areas that were run and not recognised."""
    out = run(
        "areamanifest",
        MANIFEST=manifest,
        OUTPUT_FOLDER=str(folder / "all"),
        TABLE=str(folder / "areas.gpkg"),
        HTML=str(folder / "areas.html"),
        **more,
    )
    log = run.feedback.textLog()
    names = [line.split("'")[1] for line in log.splitlines() if line.startswith("Area ")]
    return out, [name for name in names if f"'{name}' is finished" not in log and f"'{name}' has no" not in log]


PLAIN = "甲,use.tif,1,Liuzhi eight classes,heights.tif,1,0,0\nsecond,use.tif,1,1,,1,0,0\n"


@pytest.mark.slow
def test_areas_are_run_and_finished_ones_are_recognised_by_contents(run, county, raster, tmp_path):
    from osgeo import gdal

    manifest = county(PLAIN)
    out, made = batch(run, manifest, tmp_path)
    assert (out["FINISHED"], out["FAILED"], made) == (2, 0, ["second", "甲"])
    first = {row["name"]: row for row in read_table(out["TABLE"])}
    for name in ("second", "甲"):
        held = set(os.listdir(tmp_path / "all" / name))
        assert {f"{name}.capsule.zip", "report.html", "links.gpkg", "resistance.tif", "sources.gpkg"} <= held
        assert len(read_table(str(tmp_path / "all" / name / "sources.gpkg"))) == first[name]["source_count"] == 3
    single = run(
        "securitynetwork",
        LANDUSE=str(tmp_path / "use.tif"),
        FOREGROUND="1",
        LEGEND=1,
        MIN_AREA=1.0,
        MIN_KEY_AREA=0.0,
        RESISTANCE=str(tmp_path / "single.tif"),
    )
    assert first["second"]["link_km"] == pytest.approx(single["LINK_KM"])
    np.testing.assert_array_equal(
        read_raster(single["RESISTANCE"])[0], read_raster(str(tmp_path / "all" / "second" / "resistance.tif"))[0]
    )

    def table(results):
        return {row["name"]: {k: repr(v) for k, v in row.items()} for row in read_table(results["TABLE"])}

    before = table(out)
    # Nothing has changed: all are recognised, and the table is the same.
    out, made = batch(run, manifest, tmp_path)
    assert made == []
    assert table(out) == before
    # Saved again with another compression: the same content.
    values, _ = read_raster(str(tmp_path / "heights.tif"))
    gdal.Translate(str(tmp_path / "again.tif"), str(tmp_path / "heights.tif"), creationOptions=["COMPRESS=DEFLATE"])
    os.replace(tmp_path / "again.tif", tmp_path / "heights.tif")
    assert batch(run, manifest, tmp_path)[1] == []
    # A cell, a parameter, an output that is gone, and the tick.
    values[3, 3] += 500
    raster("heights", values)
    assert batch(run, manifest, tmp_path)[1] == ["甲"]
    changed = county(PLAIN.replace("second,use.tif,1,1,,1,0,0", "second,use.tif,1,1,,2,0,0"))
    assert batch(run, changed, tmp_path)[1] == ["second"]
    os.remove(tmp_path / "all" / "甲" / "links.gpkg")
    assert batch(run, changed, tmp_path)[1] == ["甲"]
    (tmp_path / "all" / "second" / "second.capsule.zip").write_bytes(b"no zip")
    assert batch(run, changed, tmp_path)[1] == ["second"]
    assert batch(run, changed, tmp_path, AGAIN=True)[1] == ["second", "甲"]


@pytest.mark.slow
def test_a_capsule_alone_comes_out_the_same(run, county, tmp_path):
    manifest = county("first,use.tif,1,1,heights.tif,1,0,0\nlost,nowhere.tif,1,1,,1,0,0\n")
    capsule = tmp_path / "run.capsule.zip"
    batch(run, manifest, tmp_path, CAPSULE=str(capsule))
    alone = tmp_path / "elsewhere" / capsule.name
    alone.parent.mkdir()
    capsule.rename(alone)
    for name in ("use.tif", "heights.tif", "counties.csv"):
        (tmp_path / name).rename(tmp_path / f"{name}.away")
    again = {"CAPSULE": str(alone), "TABLE": "TEMPORARY_OUTPUT", "OUTPUT_FOLDER": str(tmp_path / "again")}
    assert run("replay", **again)["VERDICT"] == "identical"


def test_an_area_that_fails_is_named_and_the_others_go_on(run, county, tmp_path):
    rows = (
        "gone,nowhere.tif,1,1,,1,0,0\n"
        "good,use.tif,1,1,,1,0,0\n"
        "bare,use.tif,9,1,,1,0,0\n"
        "strange,use.tif,1,my own,,1,0,0\n"
        "wordy,use.tif,1,1,,small,0,0\n"
    )
    out, _ = batch(run, county(rows), tmp_path)
    failures = {row["name"]: row["failure"] for row in read_table(out["TABLE"])}
    assert (out["FINISHED"], out["FAILED"]) == (1, 4)
    assert not failures["good"]
    assert "There is no file" in failures["gone"]
    assert "LEGEND is 'my own'. Choose one of 0 (Own codes), 1 (Liuzhi eight classes)" in failures["strange"]
    assert "MIN_AREA is 'small', which is no number" in failures["wordy"]
    assert failures["bare"]
    assert sorted(one for one in os.listdir(tmp_path / "all") if os.listdir(tmp_path / "all" / one)) == ["good"]
    page = (tmp_path / "areas.html").read_text(encoding="utf-8")
    assert "strange has no network" in page


@pytest.mark.parametrize(
    ("head", "rows", "words"),
    [
        ("name,LANDUSE,LANDUZE\n", "a,use.tif,b\n", "columns that are not known: LANDUZE"),
        ("name,LANDUSE,REPORT\n", "a,use.tif,b.html\n", "columns that are not known: REPORT"),
        ("county,LANDUSE\n", "a,use.tif\n", "columns that are not known: county"),
        ("name,LANDUSE\n", "a,use.tif\na,use.tif\n", "more than one name 'a'"),
    ],
)
def test_tables_that_make_no_sense_are_refused(run, county, tmp_path, head, rows, words):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=words):
        batch(run, county(rows, head), tmp_path)
    assert not os.path.exists(tmp_path / "all")


def test_what_is_finished_stays_where_the_run_is_cancelled(run, county, tmp_path):
    from qgis.core import QgsProcessingException, QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def pushInfo(self, text):
            super().pushInfo(text)
            if text.startswith("Area 2"):
                self.cancel()

    feedback = Impatient(False)
    manifest = county(PLAIN)
    with pytest.raises(QgsProcessingException):
        batch(lambda *one, **more: run(*one, feedback=feedback, **more), manifest, tmp_path)
    assert "second.capsule.zip" in os.listdir(tmp_path / "all" / "second")
    assert not os.path.exists(tmp_path / "areas.gpkg")
    out, made = batch(run, manifest, tmp_path)
    assert (made, out["FINISHED"]) == (["甲"], 2)


def test_a_capsule_has_no_file_read_that_its_table_names_but_it_does_not_bring(run, county, tmp_path):
    manifest = county("first,use.tif,1,1,,1,0,0\n")
    capsule = tmp_path / "run.capsule.zip"
    batch(run, manifest, tmp_path, CAPSULE=str(capsule))
    for name in ("use.tif", "counties.csv"):
        (tmp_path / name).rename(tmp_path / f"{name}.away")
    private = tmp_path / "private.tif"
    (tmp_path / "use.tif.away").rename(private)
    table = f"{HEAD}first,{private},1,1,,1,0,0\n"

    def change(noted):
        noted["inputs"] = [one for one in noted["inputs"] if not one.get("named_as")]
        (entry,) = noted["inputs"]
        entry.pop("file_sha256")

    with zipfile.ZipFile(capsule) as archive:
        held = next(name for name in archive.namelist() if name.endswith("counties.csv"))
    rewritten(capsule, change, held, table)
    again = tmp_path / "elsewhere" / capsule.name
    again.parent.mkdir()
    capsule.rename(again)
    out = {"TABLE": "TEMPORARY_OUTPUT", "OUTPUT_FOLDER": str(tmp_path / "again")}
    with contextlib.suppress(QgsProcessingException):
        run("replay", CAPSULE=str(again), **out)
    assert "There is no file" in run.feedback.textLog()
    assert "Area 1 of 1" in run.feedback.textLog()


def test_outputs_of_an_area_are_not_written_in_place_of_inputs_of_another(run, county, tmp_path):
    manifest = county("first,use.tif,1,1,,1,0,0\n")
    batch(run, manifest, tmp_path)
    made = tmp_path / "all" / "first" / "resistance.tif"
    before = made.read_bytes()
    manifest = county(f"first,use.tif,1,1,,1,0,0\nsecond,use.tif,1,1,{made},1,0,0\n")
    words = r"first.resistance\.tif \(OUTPUT_FOLDER\) would overwrite an input that MANIFEST names"
    with pytest.raises(QgsProcessingException, match=words):
        batch(run, manifest, tmp_path)
    assert made.read_bytes() == before
