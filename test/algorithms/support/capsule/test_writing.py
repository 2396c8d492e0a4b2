"""The capsule of a run: what it says, what it holds, and that it comes with the other outputs or not at all."""

import json
import os
import zipfile

import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

CLASSES = np.random.default_rng(5).integers(1, 9, (50, 60)).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "结果 一").mkdir()
    return tmp_path / "结果 一"


def opened(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        return json.loads(archive.read("run.json")), json.loads(archive.read("ro-crate-metadata.json")), names


def test_capsule_says_what_the_run_was_made_of(run, raster, folder):
    land = raster("landuse", CLASSES, nodata=8)
    results = run(
        "foreground",
        INPUT=land,
        FOREGROUND="1,2",
        OUTPUT=str(folder / "前景.tif"),
        CAPSULE=str(folder / "一.capsule.zip"),
    )
    found, crate, names = opened(results["CAPSULE"])
    assert (found["schema"], found["algorithm"]) == (1, "ecosecnet:foreground")
    assert found["parameters"] == {"FOREGROUND": "1,2", "LEGEND": 0, "MISSING": ""}
    (given,) = found["inputs"]
    assert (given["role"], given["name"], given["rows"], given["cols"]) == ("INPUT", "landuse", 50, 60)
    assert given["path"] == land
    assert given["crs"] == "EPSG:32648"
    (made,) = found["outputs"]
    assert (made["role"], made["file"]) == ("OUTPUT", "前景.tif")
    assert made["in_capsule"] in names
    assert made["style"] in names
    assert found["numbers"] == {"FOREGROUND_HA": pytest.approx(results["FOREGROUND_HA"])}
    assert found["versions"]["numpy"] == np.__version__
    assert found["versions"]["QGIS"]
    assert found["run"]["start"] <= found["run"]["end"]
    assert found["run"]["peak_memory_bytes"] > 10_000_000
    assert found["not_in_capsule"] == []
    with zipfile.ZipFile(results["CAPSULE"]) as archive:
        with open(land, "rb") as file:
            assert archive.read(given["in_capsule"]) == file.read()
        english, chinese = (archive.read(name).decode() for name in ("methods.md", "methods.zh.md"))
    assert "'Foreground from land cover' (`ecosecnet:foreground`)" in english
    assert "(FOREGROUND): 1,2. All other settings are the defaults" in english
    assert "“landuse”（INPUT，50 × 60 像元，EPSG:32648）" in chinese
    assert "前景" in chinese
    # What the profile asks of a crate: https://w3id.org/ro/wfrun/process/0.5
    graph = {one["@id"]: one for one in crate["@graph"]}
    root, action = graph["./"], graph["#run"]
    assert root["conformsTo"]["@id"] in graph
    assert root["mentions"] == {"@id": "#run"}
    assert action["@type"] == "CreateAction"
    assert graph[action["instrument"]["@id"]]["@type"] == "SoftwareApplication"
    assert [graph[one["@id"]]["alternateName"] for one in (*action["object"], action["result"][0])] == [
        "landuse",
        "前景.tif",
    ]
    assert {one["@id"] for one in root["hasPart"]} <= set(graph)


def test_without_a_capsule_nothing_is_hashed(run, raster, folder, monkeypatch):
    from ecosecnet.algorithms.support.capsule import hashes

    monkeypatch.setattr(hashes, "raster_hash", None)
    monkeypatch.setattr(hashes, "file_hash", None)
    results = run("foreground", INPUT=raster("a", CLASSES), FOREGROUND="1", OUTPUT=str(folder / "a.tif"))
    assert "CAPSULE" not in results
    assert set(os.listdir(folder)) <= {"a.tif", "a.qml", "a.tif.aux.xml"}


def test_the_capsule_is_one_of_the_outputs(run, raster, folder, monkeypatch):
    """A run that fails at its end leaves neither the map nor the capsule; the ones before stay."""
    from ecosecnet.algorithms.support.capsule import writing

    given = {
        "INPUT": raster("a", CLASSES),
        "FOREGROUND": "1",
        "OUTPUT": str(folder / "a.tif"),
        "CAPSULE": str(folder / "a.capsule.zip"),
    }
    run("foreground", **given)
    before = read_raster(given["OUTPUT"])[0].tobytes(), (folder / "a.capsule.zip").read_bytes()

    def broken(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing.zipfile.ZipFile, "writestr", broken)
        with pytest.raises(Exception, match=r"a\.capsule\.zip cannot be written \(No space left on device\)"):
            run("foreground", **{**given, "FOREGROUND": "2"})
    assert (read_raster(given["OUTPUT"])[0].tobytes(), (folder / "a.capsule.zip").read_bytes()) == before
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_what_is_too_large_is_left_out_and_named(run, raster, folder, monkeypatch):
    from ecosecnet.algorithms.support.capsule import writing

    monkeypatch.setattr(writing, "LIMIT", 1_000)
    land = raster("landuse", CLASSES)
    results = run(
        "foreground",
        INPUT=land,
        FOREGROUND="1",
        OUTPUT=str(folder / "a.tif"),
        CAPSULE=str(folder / "a.capsule.zip"),
    )
    found, crate, names = opened(results["CAPSULE"])
    assert not [name for name in names if name.startswith("inputs/")]
    assert found["inputs"][0]["in_capsule"] is None
    assert len(found["inputs"][0]["content_sha256"]) == 64
    assert f"INPUT landuse ({os.path.getsize(land):,} bytes)" in found["not_in_capsule"]
    assert "the capsule has the hashes alone: INPUT landuse" in run.feedback.textLog()
    assert {"@id": "#input-0"} in next(one for one in crate["@graph"] if one["@id"] == "#run")["object"]


def test_what_a_dialog_leaves_temporary_is_told_in_words(run, polygons):
    """The log said 'Not in the capsule: OUTPUT None', and not that the capsule itself would be gone."""
    areas = polygons("areas", [("POLYGON((0 0,0 9,9 9,9 0,0 0))", {"value": 1.0})])
    temporary = {"OUTPUT": "TEMPORARY_OUTPUT", "CAPSULE": "TEMPORARY_OUTPUT"}
    results = run("naturalbreaks", INPUT=areas, FIELD="value", CLASSES=1, **temporary)
    found, _, _ = opened(results["CAPSULE"])
    assert found["not_in_capsule"] == ["OUTPUT"]
    said = run.feedback.textLog()
    assert "the capsule has the hashes alone: OUTPUT." in said
    assert f"temporary file, which goes with this QGIS: copy it to keep it. {results['CAPSULE']}" in said


def test_more_files_than_a_reader_takes_are_left_out(run, raster, folder, monkeypatch):
    from ecosecnet.algorithms.support.capsule import writing

    monkeypatch.setattr(writing, "FILES", 1)
    given = {"INPUT": raster("landuse", CLASSES), "FOREGROUND": "1", "CAPSULE": str(folder / "a.capsule.zip")}
    found, _, names = opened(run("foreground", **given, OUTPUT=str(folder / "a.tif"))["CAPSULE"])
    assert len([name for name in names if name.startswith(("inputs/", "outputs/"))]) == 1
    assert len(found["not_in_capsule"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["a:b.tif", 'wh"at?.tif', "con.tif"])
def test_files_that_other_systems_cannot_name_are_kept_under_another_name(run, raster, folder, tmp_path, name):
    from ecosecnet.algorithms.support.capsule.reading import Capsule

    land = tmp_path / name
    os.rename(raster("landuse", CLASSES), land)
    given = {"INPUT": str(land), "FOREGROUND": "1", "CAPSULE": str(folder / "a.capsule.zip")}
    capsule = Capsule(run("foreground", **given, OUTPUT=str(folder / name))["CAPSULE"])
    assert capsule.holds(capsule.run["inputs"][0])
    capsule.close()
    land.unlink()
    (folder / name).unlink()
    again = {"OUTPUT_FOLDER": str(folder / "again"), "TABLE": str(folder / "t.csv")}
    assert run("replay", CAPSULE=given["CAPSULE"], **again)["VERDICT"] == "identical"


def test_a_capsule_keeps_what_the_tool_saw(qgis, run, polygons, folder):
    """Of a layer with a subset and unsaved edits, and of one that is nowhere but in memory."""
    from qgis.core import QgsFeature, QgsProject, QgsVectorLayer

    rows = [(f"POLYGON(({x} 0,{x} 9,{x + 9} 9,{x + 9} 0,{x} 0))", {"value": float(x)}) for x in (0, 10, 20, 30, 40)]
    layer = QgsVectorLayer(polygons("areas", rows), "areas", "ogr")
    layer.setSubsetString("value < 35")
    QgsProject.instance().addMapLayer(layer)
    layer.startEditing()
    layer.changeAttributeValue(1, layer.fields().indexOf("value"), 33.0)
    memory = QgsVectorLayer("MultiPolygon?crs=EPSG:32648&field=value:double", "areas", "memory")
    for feature in layer.getFeatures():
        copy = QgsFeature(memory.fields())
        copy.setAttributes([feature["value"]])
        copy.setGeometry(feature.geometry())
        assert memory.dataProvider().addFeature(copy)
    try:
        contents = []
        for number, one in enumerate((layer, memory)):
            results = run(
                "naturalbreaks",
                INPUT=one,
                FIELD="value",
                CLASSES=2,
                OUTPUT="memory:",
                CAPSULE=str(folder / f"{number}.capsule.zip"),
            )
            found, _, names = opened(results["CAPSULE"])
            assert found["inputs"][0]["copied_as_seen"]
            assert found["inputs"][0]["features"] == 4
            assert found["inputs"][0]["in_capsule"] in names
            assert found["outputs"][0]["features"] == 4
            contents.append((found["inputs"][0]["in_capsule"], found["outputs"][0]["content_sha256"]))
            with zipfile.ZipFile(results["CAPSULE"]) as archive:
                archive.extract(contents[-1][0], folder)
            again = QgsVectorLayer(str(folder / contents[-1][0]), "again", "ogr")
            assert sorted(feature["value"] for feature in again.getFeatures()) == [10.0, 20.0, 30.0, 33.0]
            assert sorted(feature.id() for feature in again.getFeatures()) == sorted(f.id() for f in one.getFeatures())
    finally:
        layer.rollBack()
        QgsProject.instance().removeMapLayer(layer.id())
    assert contents[0][1] == contents[1][1]


def test_tables_many_layers_and_folders_are_inputs_too(run, raster, folder, tmp_path):
    (tmp_path / "weights.csv").write_text("factor,weight\na,0.6\nb,0.4\n", encoding="utf-8")
    results = run(
        "resistance",
        FACTORS=[raster("a", CLASSES.astype("f4")), raster("b", CLASSES[::-1].astype("f4"))],
        WEIGHTS_TABLE=str(tmp_path / "weights.csv"),
        OUTPUT=str(folder / "resistance.tif"),
        CAPSULE=str(folder / "r.capsule.zip"),
    )
    found, _, names = opened(results["CAPSULE"])
    assert [(one["role"], one["kind"], one["name"]) for one in found["inputs"]] == [
        ("FACTORS", "raster", "a"),
        ("FACTORS", "raster", "b"),
        ("WEIGHTS_TABLE", "table", "weights"),
    ]
    assert all(one["in_capsule"] in names for one in found["inputs"])


def test_layers_of_one_file_are_kept_once(run, folder, tmp_path):
    results = run(
        "demolandscape", SIZE=120, OUTPUT_FOLDER=str(folder / "county"), CAPSULE=str(folder / "d.capsule.zip")
    )
    found, _, names = opened(results["CAPSULE"])
    packages = [one for one in found["outputs"] if one["file"] == "landscape.gpkg"]
    assert len(packages) == 10
    assert len({one["in_capsule"] for one in packages}) == 1
    assert {one["layer"] for one in packages} >= {"roads", "mines", "townships"}
    assert len(names) == len(set(names))
    assert {one["role"] for one in found["outputs"]} == {"OUTPUT_FOLDER"}
    assert not [one for one in found["outputs"] if one["file"].endswith((".qml", ".xml", ".csvt"))]


def test_shards_have_the_capsule_of_the_run_when_they_are_combined(run, raster, folder, monkeypatch):
    from ecosecnet.core.circuit import windows

    monkeypatch.setattr(windows, "_PIECE_CELLS", 500)
    given = {"RESISTANCE": raster("r", CLASSES.astype("f4")), "RADIUS": 4, "CURRENT": str(folder / "c.tif")}
    for shard in ("1/2", "2/2"):
        assert run("omniscape", CHECKPOINT=str(folder / "kept"), SHARD=shard, **given) == {}
    results = run("combineshards", CHECKPOINT=str(folder / "kept"), CAPSULE=str(folder / "c.capsule.zip"))
    found, _, _ = opened(results["CAPSULE"])
    assert found["algorithm"] == "ecosecnet:omniscape"
    assert [one["role"] for one in found["inputs"]] == ["RESISTANCE"]
    assert not {"CHECKPOINT", "SHARD", "PROCESSES", "SCHEDULER"} & set(found["parameters"])


@pytest.mark.parametrize("ending", ["html", "docx", "pdf"])
def test_documents_for_readers_hold_the_time_and_are_not_compared(qgis, tmp_path, ending):
    from ecosecnet.algorithms.support.capsule.outputs import describe
    from ecosecnet.core.monitor import SILENT

    path = tmp_path / f"report.{ending}"
    path.write_bytes(b"made at noon")
    assert describe("REPORT", str(path), str(path), "", SILENT).entry["kind"] == "page"
