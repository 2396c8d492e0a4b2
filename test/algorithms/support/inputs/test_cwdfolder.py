"""The cost distances that 'linkages' hands on give what the tools after it would search themselves, or are refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from ecosecnet.core.leastcost.fields import CostFields
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

CELL = 30.0


def square(row, col, side=6):
    left, top = 500_000 + CELL * col, 2_900_000 - CELL * row
    right, bottom = left + CELL * side, top - CELL * side
    return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"


@pytest.fixture
def county(raster, polygons):
    """Return a surface and four sources as parameters."""
    resistance = 1.0 + 20.0 * np.random.default_rng(2).random((60, 70)).astype(np.float32) ** 3
    resistance[20:40, 30] = -9999
    places = {"a/b": (4, 5), "西": (8, 55), "c": (45, 8), "d": (48, 52)}
    return {
        "RESISTANCE": raster("r", resistance, nodata=-9999),
        "SOURCES": polygons("s", [(square(*place), {"name": name}) for name, place in places.items()]),
        "ID_FIELD": "name",
    }


@pytest.fixture
def handed(run, county, tmp_path):
    """Return the folder that 'linkages' writes, and its links."""
    out = run("linkages", **county, LINKS=str(tmp_path / "links.gpkg"), CWD_FOLDER=str(tmp_path / "cwd"))
    return Path(out["CWD_FOLDER"]), out["LINKS"]


def test_each_source_has_a_raster_that_says_what_it_is(handed):
    folder, _ = handed
    about = json.loads((folder / "cost_distances.json").read_text(encoding="utf-8"))
    assert [one["source"] for one in about["sources"]] == ["a/b", "西", "c", "d"]
    for one in about["sources"]:
        cost, nodata = read_raster(str(folder / one["file"]))
        assert cost.dtype == np.float64
        assert cost[cost != nodata].min() == 0.0


def test_later_tools_search_nothing_and_give_the_same(run, county, handed, tmp_path, monkeypatch):
    folder, links = handed
    given = {**county, "LINKS": links}
    wanted = (
        ("pinchpoints", "CURRENT", {}),
        ("barriers", "SCORE", {"BELT": 30}),
    )

    def found(tool, output, options, **more):
        out = run(tool, **given, **{output: str(tmp_path / f"{tool}{len(more)}.tif")}, **options, **more)
        return read_raster(out[output])[0]

    alone = [found(*one) for one in wanted]

    def refuse(*_, **__):
        raise AssertionError("searched")

    monkeypatch.setattr(CostFields, "_search", refuse)
    for one, without in zip(wanted, alone):
        assert np.array_equal(found(*one, CWD_FOLDER=str(folder)), without)


def test_the_folder_has_the_same_bits_from_two_processes(run, county, polygons, tmp_path):
    places = [(row, col) for row in (2, 28, 52) for col in (3, 22, 40, 60)]
    county["SOURCES"] = polygons("many", [(square(*place, side=4), {"name": f"s{place}"}) for place in places])
    folders = []
    for count in (1, 2):
        out = run(
            "linkages", **county, PROCESSES=count, LINKS="TEMPORARY_OUTPUT", CWD_FOLDER=str(tmp_path / str(count))
        )
        folders.append(Path(out["CWD_FOLDER"]))
    about = [json.loads((folder / "cost_distances.json").read_text(encoding="utf-8")) for folder in folders]
    assert about[0] == about[1]
    assert len(about[0]["sources"]) == len(places)
    for one in about[0]["sources"]:
        (cost, nodata), (other, _) = (read_raster(str(folder / one["file"])) for folder in folders)
        assert np.array_equal(cost, other)
        assert cost[cost != nodata].max() <= one["exact_to"] * (1 + 1e-8)


def test_a_wider_cutoff_than_the_folder_holds_is_searched(run, county, handed, tmp_path):
    folder, links = handed
    maps = [
        read_raster(
            run("pinchpoints", **county, LINKS=links, CUTOFF=4000, CURRENT="TEMPORARY_OUTPUT", **more)["CURRENT"]
        )
        for more in ({}, {"CWD_FOLDER": str(folder)})
    ]
    assert np.array_equal(maps[0][0], maps[1][0])


def test_every_tool_that_declares_the_folder_reads_it(run, county, handed, tmp_path):
    from qgis.core import QgsApplication, QgsProcessingParameterDefinition

    _, links = handed
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    takers = {}
    for tool in QgsApplication.processingRegistry().providerById("ecosecnet").algorithms():
        folder = tool.parameterDefinition("CWD_FOLDER")
        if folder is not None and not folder.isDestination():
            needed = [one.name() for one in tool.destinationParameterDefinitions() if not one.flags() & optional]
            takers[tool.name()] = dict.fromkeys(needed, "TEMPORARY_OUTPUT")
    takers["linkpriority"]["PRIORITY"] = "TEMPORARY_OUTPUT"  # for which alone it searches
    assert "nullmodel" in takers
    for name, outputs in takers.items():
        with pytest.raises(Exception, match="holds no cost distances"):
            run(name, **county, LINKS=links, CWD_FOLDER=str(tmp_path), **outputs)


def test_what_does_not_fit_is_refused(run, county, handed, raster, polygons, tmp_path):
    folder, links = handed
    given = {**county, "LINKS": links, "CWD_FOLDER": str(folder), "CUTOFF": 300, "CURRENT": "TEMPORARY_OUTPUT"}
    other, _ = read_raster(county["RESISTANCE"])
    other[50, 60] += 1.0
    moved = [(square(5, 5), {"name": "a/b"}), (square(8, 55), {"name": "西"})]
    moved += [(square(45, 8), {"name": "c"}), (square(48, 52), {"name": "d"})]
    for change, message in (
        ({"RESISTANCE": raster("other", other, nodata=-9999)}, "another resistance"),
        ({"SOURCES": polygons("moved", moved)}, "another raster of the sources"),
        ({"CWD_FOLDER": str(tmp_path)}, "holds no cost distances"),
    ):
        with pytest.raises(Exception, match=message):
            run("pinchpoints", **{**given, **change})
    assert read_table(links)
    table = folder / "cost_distances.json"
    held = json.loads(table.read_text(encoding="utf-8"))
    for damage in ({"of": [1]}, {"sources": None}, {"sources": [{"label": 1}]}, {"least_cost_distances": [[1, 2]]}):
        table.write_text(json.dumps({**held, **damage}), encoding="utf-8")
        with pytest.raises(Exception, match="not there or not complete"):
            run("pinchpoints", **given)
    table.write_text(json.dumps(held), encoding="utf-8")
    first, second = (folder / one["file"] for one in held["sources"][:2])
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    with pytest.raises(Exception, match=r"cwd_a-b\.tif' is not as 'linkages' has written it"):
        run("pinchpoints", **given)
    first.write_bytes(kept)
    next(folder.glob("*.tif")).write_bytes(b"")
    with pytest.raises(Exception, match="cannot be read"):
        run("pinchpoints", **given)
