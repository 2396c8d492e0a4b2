"""A run in shards gives what one run gives, to the bit, whoever puts it together."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[3]
VALUES = np.exp(np.random.default_rng(2).normal(size=(24, 30))).astype(np.float32)


@pytest.fixture
def surface(raster, monkeypatch):
    from ecosecnet.core.circuit import windows

    monkeypatch.setattr(windows, "_PIECE_CELLS", 500)
    return raster("surface", VALUES)


@pytest.fixture
def current(run, surface, tmp_path):
    """Return a function that maps current, with RADIUS 4; it gives the outputs and the log."""

    def call(**more):
        given = {"RESISTANCE": surface, "RADIUS": 4, "BLOCK_SIZE": 3, "CURRENT": str(tmp_path / "out" / "current.tif")}
        return run("omniscape", **{**given, **more}), run.feedback.textLog()

    return call


def bits(path):
    return read_raster(path)[0].tobytes()


def test_shards_make_the_map_of_one_run(current, run, tmp_path):
    whole, _ = current(CURRENT=str(tmp_path / "whole.tif"), NORMALISED=str(tmp_path / "normal.tif"))
    kept, outputs = str(tmp_path / "kept"), {"NORMALISED": str(tmp_path / "out" / "normal.tif")}
    for number in (2, 3, 1):
        results, log = current(CHECKPOINT=kept, SHARD=f"{number}/3", **outputs)
        assert results == {}
        assert re.search(
            rf"Shard {number}/3 is done: \d+ of \d+ chunks computed, in .*kept. No outputs are written", log
        )
        assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []
    results = run("combineshards", CHECKPOINT=kept)
    assert bits(results["CURRENT"]) == bits(whole["CURRENT"])
    assert bits(results["NORMALISED"]) == bits(whole["NORMALISED"])
    assert results["WINDOWS"] == whole["WINDOWS"]
    assert results["CURRENT"] == str(tmp_path / "out" / "current.tif")
    assert re.search(r"(\d+) of \1 chunks found in ", run.feedback.textLog())
    # Elsewhere, under plain names, and loaded.
    before = {path.name for path in (tmp_path / "out").iterdir()}
    results = run("combineshards", CHECKPOINT=kept, OUTPUT_FOLDER=str(tmp_path / "there"))
    assert bits(results["CURRENT"]) == bits(whole["CURRENT"])
    there = sorted(path.name for path in (tmp_path / "there").iterdir())
    assert there == ["current.qml", "current.tif", "normalised.qml", "normalised.tif"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == before


def test_missing_shards_and_other_runs_are_refused(current, run, tmp_path, raster, monkeypatch):
    kept = str(tmp_path / "kept")
    current(CHECKPOINT=kept, SHARD="2/3", CURRENT="TEMPORARY_OUTPUT")
    for given, words in (
        ({}, "The shards were told to write CURRENT to a temporary file. Give an OUTPUT_FOLDER."),
        ({"OUTPUT_FOLDER": str(tmp_path / "out")}, r"shards 1, 3 of 3 not done.*--array=1,3 with SHARD=array/3"),
        ({"CHECKPOINT": str(tmp_path)}, "There are no shards in"),
        ({"CHECKPOINT": str(tmp_path / "none")}, "does not exist"),
    ):
        with pytest.raises(Exception, match=words):
            run("combineshards", **{"CHECKPOINT": kept, **given})
    assert not (tmp_path / "out").exists()
    for given, words in (
        ({"SHARD": "1/4"}, "was begun as 3 shards, and SHARD is 1/4"),
        ({"RADIUS": 5}, "a run whose RADIUS is 4; here it is 5"),
        ({"CUTOFF": 2.5}, r"a run whose CUTOFF is not given; here it is 2\.5"),
        ({"SHARD": "5/3"}, "SHARD is 5/3; shards are numbered from 1 to their number"),
        ({"SHARD": "array"}, "this is no job of an array"),
        ({"CHECKPOINT": ""}, "SHARD needs a CHECKPOINT"),
        ({"CHECKPOINT": "", "SHARD": "", "SCHEDULER": "tcp://127.0.0.1:8786"}, "SCHEDULER needs a CHECKPOINT"),
        ({"CHECKPOINT": str(tmp_path / "surface.tif")}, "surface.tif is a file. CHECKPOINT is a folder"),
        ({"CHECKPOINT": "/nowhere/kept"}, "there is no folder /nowhere on this computer"),
    ):
        with pytest.raises(Exception, match=words):
            current(**{"CHECKPOINT": kept, "SHARD": "1/3", **given})
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Exception, match="SCHEDULER needs the package 'distributed' of Dask"):
        current(CHECKPOINT=kept, SCHEDULER="tcp://127.0.0.1:8786")
    # A cell of the input changes after the shards were begun.
    changed = VALUES.copy()
    changed[3, 4] += 1.0
    raster("surface", changed)
    for shard in ("1/3", ""):
        with pytest.raises(Exception, match="holds chunks of a run with other inputs or parameters"):
            current(CHECKPOINT=kept, SHARD=shard)


def test_a_run_that_fails_is_no_success(current, run, surface, tmp_path):
    """A job of a cluster that has made nothing must not end with exit code 0."""
    kept, note = tmp_path / "kept", tmp_path / "kept" / "tool.json"
    current(CHECKPOINT=str(kept), SHARD="1/1")
    noted = json.loads(note.read_text())
    for changed, words in (
        ({"RESISTANCE": str(tmp_path / "gone.tif")}, r"'omniscape' cannot be run again as the shards were: .*gone"),
        ({"RADIUS": [1, 2]}, r"cannot be run again as the shards were: .*RADIUS"),
        ({"CURRENT": surface}, r"cannot be run again as the shards were: .*surface\.tif"),
        ({"CURRENT": {"a": 1}}, r"has \{'a': 1\} as CURRENT, which is no file"),
    ):
        note.write_text(json.dumps({**noted, "parameters": {**noted["parameters"], **changed}}))
        with pytest.raises(Exception, match=words):
            run("combineshards", CHECKPOINT=str(kept))
    assert not (tmp_path / "out").exists()


def test_only_tools_of_the_provider_are_run(run, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    for name in ("native:buffer", "foreground", "nothing"):
        (kept / "tool.json").write_text(json.dumps({"tool": name, "parameters": {"OUTPUT": str(tmp_path / "x.gpkg")}}))
        with pytest.raises(Exception, match=f"belongs to '{name}', which is no tool that is run in shards"):
            run("combineshards", CHECKPOINT=str(kept))
    for text, words in (("[]", "cannot be read"), ('{"tool": 3}', "does not say which tool"), ("{", "cannot be read")):
        (kept / "tool.json").write_text(text)
        with pytest.raises(Exception, match=words):
            run("combineshards", CHECKPOINT=str(kept))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("mode", [0, 1])
def test_focal_nodes_in_shards(run, surface, polygons, tmp_path, mode, monkeypatch):
    from ecosecnet.core.circuit import solves
    from qgis.core import QgsVectorLayer

    monkeypatch.setattr(solves, "_PIECE_CELLS", 800)
    spots = [(500_045, 2_899_900), (500_750, 2_899_400), (500_400, 2_899_600), (500_100, 2_899_350)]
    rows = [(f"POINT({x} {y})", {"site": k}) for k, (x, y) in enumerate(spots, start=4)]
    layer = polygons("sites", rows, kind="Point")
    given = {"RESISTANCE": surface, "FOCAL_LAYER": layer, "ID_FIELD": "site", "MODE": mode}
    tables = {"CURRENT": str(tmp_path / "a.tif"), "RESISTANCES": str(tmp_path / "a.csv")}
    whole = run("currentflow", **given, **tables)
    kept = {"CHECKPOINT": str(tmp_path / "kept"), "CURRENT": "TEMPORARY_OUTPUT", "RESISTANCES": "TEMPORARY_OUTPUT"}
    for shard in ("1/2", "2/2"):
        assert run("currentflow", **given, **kept, SHARD=shard) == {}
    results = run("combineshards", CHECKPOINT=str(tmp_path / "kept"), OUTPUT_FOLDER=str(tmp_path / "out"))
    assert bits(results["CURRENT"]) == bits(whole["CURRENT"])
    assert (tmp_path / "out" / "resistances.csv").read_text() == (tmp_path / "a.csv").read_text()
    assert "4 of 4 chunks" in run.feedback.textLog() or "3 of 3 chunks" in run.feedback.textLog()
    memory = QgsVectorLayer("Point?crs=EPSG:32648&field=site:integer", "sites", "memory")
    memory.dataProvider().addFeatures(list(QgsVectorLayer(layer, "sites").getFeatures()))
    with pytest.raises(Exception, match=r"\(FOCAL_LAYER\) is a temporary layer, which other jobs do not have. Save it"):
        run("currentflow", **{**given, "FOCAL_LAYER": memory}, **kept, SHARD="1/2")


def square(col, row):
    x, y = 500_000 + 30 * col, 2_900_000 - 30 * row
    return f"POLYGON(({x} {y}, {x + 120} {y}, {x + 120} {y - 120}, {x} {y - 120}, {x} {y}))"


@pytest.mark.parametrize(
    ("tool", "output", "more"),
    [
        ("pinchpoints", "CURRENT", {"CUTOFF": 600}),
        ("barriers", "SCORE", {"MIN_RADIUS": 60, "MAX_RADIUS": 60}),
    ],
)
def test_links_in_shards(run, surface, polygons, tmp_path, tool, output, more):
    sources = polygons("sources", [(square(*at), {"source_id": k}) for k, at in enumerate([(1, 1), (24, 2), (10, 18)])])
    given = {"RESISTANCE": surface, "SOURCES": sources, **more}
    given["LINKS"] = run("linkages", RESISTANCE=surface, SOURCES=sources, LINKS=str(tmp_path / "links.gpkg"))["LINKS"]
    whole = run(tool, **given, **{output: str(tmp_path / "whole.tif"), "OUTPUT_LINKS": str(tmp_path / "whole.gpkg")})
    given.update({output: str(tmp_path / "out.tif"), "OUTPUT_LINKS": str(tmp_path / "out.gpkg")})
    for shard in ("2/2", "1/2"):
        assert run(tool, **given, CHECKPOINT=str(tmp_path / "kept"), SHARD=shard) == {}
    found = run("combineshards", CHECKPOINT=str(tmp_path / "kept"))
    assert re.search(r"(\d+) of \1 chunks found in ", run.feedback.textLog())
    assert bits(found[output]) == bits(whole[output])
    rows = [
        [{**row, "_geometry": row["_geometry"].asWkt()} for row in read_table(one["OUTPUT_LINKS"])]
        for one in (found, whole)
    ]
    assert rows[0] == rows[1]
    assert not (tmp_path / "kept" / "part_2").exists()  # one computation each


def test_what_is_noted_of_a_run(current, surface, tmp_path):
    from qgis.core import QgsRasterLayer

    layer = QgsRasterLayer(surface, "surface")
    assert current(RESISTANCE=layer, CHECKPOINT=str(tmp_path / "kept"), SHARD="1/2")[0] == {}
    noted = json.loads((tmp_path / "kept" / "tool.json").read_text())
    assert noted["tool"] == "omniscape"
    assert noted["parameters"] == {
        "RESISTANCE": surface,
        "RADIUS": 4,
        "BLOCK_SIZE": 3,
        "CURRENT": str(tmp_path / "out" / "current.tif"),
    }


def test_a_run_goes_on_where_it_was_ended(current, tmp_path):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def isCanceled(self):
            return len(list(tmp_path.rglob("chunk_*.npz"))) > 2

    whole, _ = current(CURRENT=str(tmp_path / "whole.tif"))
    with pytest.raises(Exception, match="Cancelled"):
        current(CHECKPOINT=str(tmp_path / "kept"), feedback=Impatient(False))
    found = len(list(tmp_path.rglob("chunk_*.npz")))
    results, log = current(CHECKPOINT=str(tmp_path / "kept"))
    assert re.search(rf"\b{found} of \d+ chunks found in ", log)
    assert bits(results["CURRENT"]) == bits(whole["CURRENT"])


def test_the_page_on_clusters_names_the_tools_and_their_parameters(qgis):
    from qgis.core import QgsApplication

    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    tools = QgsApplication.processingRegistry().providerById("ecosecnet").algorithms()
    names = {tool.name(): {one.name() for one in tool.parameterDefinitions()} for tool in tools}
    more, shared = (set(re.findall(r"`(\w+)`", row)) for row in re.findall(r"^\| (?:more|go on).*$", page, re.M))
    assert shared == {name for name, parameters in names.items() if "SHARD" in parameters}
    assert more | shared == {name for name, has in names.items() if "PROCESSES" in has} - {"combineshards"}
    calls = re.findall(r"ecosecnet:(\w+)((?: +(?:\\\n *)?--\w+=\S+)+)", page)
    assert [tool for tool, _ in calls] == ["omniscape", "combineshards"]
    for tool, given in calls:
        assert set(re.findall(r"--(\w+)=", given)) <= names[tool]
