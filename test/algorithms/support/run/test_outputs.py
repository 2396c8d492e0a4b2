"""Outputs of a run are a set: all of them are complete and in their places, or everything is as before."""

import contextlib
import os
import platform
import resource
import signal
import subprocess
import sys
from pathlib import Path

import conftest
import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis


@pytest.fixture
def forest(raster):
    ground = np.ones((60, 60), dtype=np.uint8)
    ground[5:30, 5:30] = ground[35:55, 30:58] = 2
    ground[28:40, 20:50] = 2
    return raster("forest", ground)


@pytest.fixture
def landscape(raster, polygons):
    """Return resistance and four sources, whose links need a row each."""
    rng = np.random.default_rng(1)
    squares = [
        (f"MultiPolygon ((({x} {y}, {x + 90} {y}, {x + 90} {y - 90}, {x} {y - 90}, {x} {y})))", {"source_id": k})
        for k, (x, y) in enumerate([(500_060, 2_899_940), (501_500, 2_899_900), (500_100, 2_898_500)], start=1)
    ]
    return {
        "RESISTANCE": raster("resistance", rng.uniform(1.0, 9.0, (60, 60)).astype(np.float32)),
        "SOURCES": polygons("sources", squares),
    }


def contents(folder):
    """Return the files of a folder, without the statistics that QGIS itself keeps beside a raster it has opened."""
    return {
        path.name: path.is_file() and path.read_bytes()
        for path in folder.iterdir()
        if path.suffix not in (".xml", ".vrt")
    }


def cancels_at(folder, count):
    """Return a feedback that cancels as soon as so many files lie aside."""
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def isCanceled(self):
            return len(list(folder.glob(".unfinished-*/*/*"))) >= count

    return Impatient(False)


@contextlib.contextmanager
def small_disk(size):
    """Let no file grow beyond some bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def link_outputs(folder):
    files = {"LINKS": "links.gpkg", "CORRIDORS": "corridors.tif", "ZONES": "zones.shp", "PROFILE": "profile.csv"}
    return {name: str(folder / file) for name, file in files.items()}


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8])
def test_a_cancelled_run_leaves_the_results_of_the_one_before(run, landscape, tmp_path, count):
    out = tmp_path / "out"
    run("linkages", **landscape, **link_outputs(out), CUTOFF=500)
    before = contents(out)
    assert {"links.gpkg", "corridors.tif", "zones.shp", "zones.dbf", "profile.csv"} <= before.keys()
    with pytest.raises(Exception, match="Cancelled"):
        run("linkages", feedback=cancels_at(out, count), **landscape, **link_outputs(out), CUTOFF=300)
    assert contents(out) == before


def test_a_cancelled_run_leaves_no_folder_that_it_has_made(run, landscape, tmp_path):
    out = tmp_path / "a" / "b"
    with pytest.raises(Exception, match="Cancelled"):
        run("linkages", feedback=cancels_at(out, 2), **landscape, **link_outputs(out), CUTOFF=300)
    assert not (tmp_path / "a").exists()


def test_when_one_place_cannot_be_taken_the_others_are_given_back(run, landscape, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run("linkages", **landscape, **link_outputs(out), CUTOFF=500)
    before = contents(out)
    replace = os.replace

    def locked(source, target):
        if os.path.basename(target) == "zones.shp" and "/new/" in source:
            raise PermissionError(13, "is open")
        replace(source, target)

    monkeypatch.setattr(os, "replace", locked)
    with pytest.raises(Exception, match=r"zones.shp cannot be replaced \(is open\)"):
        run("linkages", **landscape, **link_outputs(out), CUTOFF=300)
    assert contents(out) == before


RUN = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import conftest
from ecosecnet.algorithms.support.run import outputs

run = outputs.Outputs(print)
rename, left = outputs._rename, {moves}

def dies(*arguments):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    rename(*arguments)

outputs._rename = dies
for file in ("a.tif", "b.tif", "b.tif.aux.xml"):
    with open(run.path(os.path.join({folder!r}, file)), "w") as out:
        out.write("new")
print("written", flush=True)
sys.stdin.readline()
run.move()
"""


@contextlib.contextmanager
def another_run(folder, moves):
    """Start a run in another process that has written its outputs; it dies after so many moves when it is told to go on."""
    code = RUN.format(tests=str(Path(conftest.__file__).parent), folder=str(folder), moves=moves)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "written\n"
        yield process
        process.kill()


@pytest.mark.parametrize(
    ("moves", "back", "kept"),
    [
        (0, [], []),
        (1, ["a.tif"], []),  # a.tif aside
        (2, ["a.tif", "a.tif.ovr"], []),
        (3, [], ["a.tif", "a.tif.ovr"]),  # the new a.tif in its place
        (4, ["b.tif"], ["a.tif", "a.tif.ovr"]),
    ],
)
def test_what_a_killed_run_has_left_is_cleared_up(qgis, tmp_path, moves, back, kept):
    from ecosecnet.algorithms.support.run.outputs import Outputs

    for file in ("a.tif", "a.tif.ovr", "b.tif"):
        (tmp_path / file).write_text("before")
    with another_run(tmp_path, moves) as process:
        process.communicate("go on\n")
    assert process.returncode == -signal.SIGKILL
    (left,) = tmp_path.glob(".unfinished-*")
    said = []
    after = Outputs(said.append)
    after.path(str(tmp_path / "c.tif"))
    after.discard()
    assert (tmp_path / "a.tif").read_text() == ("new" if kept else "before")
    assert (tmp_path / "a.tif.ovr").exists() == (not kept)  # overviews of another raster
    assert (tmp_path / "b.tif").read_text() == "before"
    assert sorted(path.name for path in tmp_path.glob("**/former/*")) == kept
    assert [f"{left / 'former'} holds 2 file(s)" in one for one in said if "holds" in one] == [True] * bool(kept)
    assert [one.endswith(f"put back in {tmp_path}: {', '.join(back)}.") for one in said if "put back" in one] == (
        [True] * bool(back)
    )
    assert left.exists() == bool(kept)


def test_a_run_at_work_is_left_alone(qgis, tmp_path):
    from ecosecnet.algorithms.support.run.outputs import Outputs

    with another_run(tmp_path, 0) as process:
        here = Outputs(pytest.fail)
        here.path(str(tmp_path / "c.tif"))
        also_here = Outputs(pytest.fail)
        also_here.path(str(tmp_path / "d.tif"))
        assert len(list(tmp_path.glob(".unfinished-*/new"))) == 3
        process.kill()
        process.wait()
        later = Outputs(pytest.fail)
        later.path(str(tmp_path / "e.tif"))
        assert len(list(tmp_path.glob(".unfinished-*/new"))) == 3
        for one in (here, also_here, later):
            one.discard()
        assert not list(tmp_path.iterdir())


def test_folders_of_other_computers_are_left_alone(qgis, tmp_path, monkeypatch):
    from ecosecnet.algorithms.support.run.outputs import Outputs

    with another_run(tmp_path, 0) as process:
        process.kill()
    monkeypatch.setattr(platform, "node", lambda: "another")
    here = Outputs(pytest.fail)
    here.path(str(tmp_path / "c.tif"))
    assert len(list(tmp_path.glob(".unfinished-*"))) == 2
    here.discard()


def test_companions_of_an_earlier_file_go_with_it(run, forest, tmp_path):
    out = tmp_path / "mspa.tif"
    for stale in (".aux.xml", ".ovr", ".msk"):
        (tmp_path / f"mspa.tif{stale}").write_text("of another raster")
    run("mspa", INPUT=forest, OUTPUT=str(out))
    assert not (tmp_path / "mspa.tif.ovr").exists()
    assert not (tmp_path / "mspa.tif.msk").exists()
    aux = tmp_path / "mspa.tif.aux.xml"
    assert not aux.exists() or "of another raster" not in aux.read_text()


@pytest.mark.parametrize("ending", ["tif", "tiff", "asc", "img", "sdat", "bil", "nc"])
def test_every_raster_format_holds_cells_nodata_and_crs(run, landscape, forest, tmp_path, ending):
    from osgeo import gdal, osr

    reference = run("costdistance", **landscape, MAX=2000, OUTPUT=str(tmp_path / "as.tif"))["OUTPUT"]
    out = tmp_path / "out"
    for tool, parameters in (("costdistance", {**landscape, "MAX": 2000}), ("mspa", {"INPUT": forest})):
        path = run(tool, **parameters, OUTPUT=str(out / f"{tool}.{ending}"))["OUTPUT"]
        assert path == str(out / f"{tool}.{ending}")
        dataset = gdal.Open(path)
        assert dataset.GetGeoTransform() == pytest.approx((500_000.0, 30.0, 0.0, 2_900_000.0, 0.0, -30.0))
        wanted = osr.SpatialReference()
        wanted.ImportFromEPSG(32648)
        assert osr.SpatialReference(wkt=dataset.GetProjection()).IsSame(wanted)
    values, nodata = read_raster(str(out / f"costdistance.{ending}"))
    expected, expected_nodata = read_raster(reference)
    np.testing.assert_array_equal(values.astype(np.float32), expected)
    assert nodata == expected_nodata
    assert (values == nodata).any()
    assert not [path for path in out.iterdir() if path.name.startswith(".") or path.name.endswith(".tif.tif")]


@pytest.mark.parametrize("ending", ["png", "rst", "jpg", "vrt", "gpkg", "xyz"])
def test_a_raster_format_that_loses_something_is_refused_first(run, forest, tmp_path, ending):
    with pytest.raises(Exception, match=rf"mspa.{ending}: rasters cannot be written as .{ending} .*\.tif, .*\.asc"):
        run("mspa", INPUT=forest, OUTPUT=str(tmp_path / "out" / f"mspa.{ending}"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "ending", ["gpkg", "shp", "geojson", "fgb", "gml", "kml", "sqlite", "tab", "csv", "xlsx", "ods"]
)
def test_every_layer_format_holds_every_row(run, landscape, tmp_path, ending):
    out = tmp_path / "out"
    found = run("linkages", **landscape, CUTOFF=500, LINKS=str(out / f"links.{ending}"), CORRIDORS=str(out / "c.tif"))
    assert found["LINKS"] == str(out / f"links.{ending}")
    assert len(read_table(found["LINKS"])) == 3
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("ending", ["gpkg", "csv", "xlsx", "ods", "geojson", "gml"])
def test_every_table_format_holds_every_row(run, forest, tmp_path, ending):
    found = run("mspa", INPUT=forest, OUTPUT=str(tmp_path / "m.tif"), STATISTICS=str(tmp_path / f"s.{ending}"))
    assert len(read_table(found["STATISTICS"])) == 11


@pytest.mark.parametrize(("name", "file"), [("LINKS", "l.dxf"), ("LINKS", "l.json"), ("PROFILE", "p.shp")])
def test_a_layer_format_that_loses_something_is_refused_first(run, landscape, tmp_path, name, file):
    outputs = {**link_outputs(tmp_path / "out"), name: str(tmp_path / "out" / file)}
    with pytest.raises(Exception, match=r"cannot be written as .* without loss"):
        run("linkages", **landscape, CUTOFF=500, **outputs)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("existing", [True, False])
def test_a_geopackage_keeps_its_other_layers(run, landscape, tmp_path, existing):
    from osgeo import gdal

    package = tmp_path / "project.gpkg"
    if existing:
        os.replace(landscape["SOURCES"], package)  # its only layer is 'sources'
        landscape["SOURCES"] = f"{package}|layername=sources"
    links, zones = (f"ogr:dbname='{package}' table=\"{name}\" (geom)" for name in ("links", "zones"))
    for cutoff in (500, 300):
        found = run(
            "linkages", **landscape, CUTOFF=cutoff, LINKS=links, ZONES=zones, CORRIDORS=str(tmp_path / f"{cutoff}.tif")
        )
        assert found["LINKS"] == f"{package}|layername=links"
        kept = gdal.OpenEx(str(package), gdal.OF_VECTOR)
        names = {kept.GetLayer(k).GetName(): kept.GetLayer(k).GetFeatureCount() for k in range(kept.GetLayerCount())}
        assert names.pop("layer_styles") == 2
        assert names == {"links": 3, "zones": 3, **({"sources": 3} if existing else {})}
        assert len(read_table(found["LINKS"])) == len(read_table(found["ZONES"])) == 3


def test_a_cancelled_run_leaves_a_geopackage_alone(run, landscape, tmp_path):
    package = tmp_path / "project.gpkg"
    os.replace(landscape["SOURCES"], package)
    landscape["SOURCES"] = f"{package}|layername=sources"
    before = package.read_bytes()
    links = f"ogr:dbname='{package}' table=\"links\" (geom)"
    with pytest.raises(Exception, match="Cancelled"):
        run(
            "linkages",
            feedback=cancels_at(tmp_path, 2),
            **landscape,
            CUTOFF=500,
            LINKS=links,
            CORRIDORS=str(tmp_path / "c.tif"),
        )
    assert package.read_bytes() == before


def test_layers_load_under_their_names_wherever_they_go(qgis, landscape, tmp_path):
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProcessingUtils,
        QgsProject,
        QgsProperty,
    )

    project = QgsProject()
    places = {
        "LINKS": "TEMPORARY_OUTPUT",
        "ZONES": f"ogr:dbname='{tmp_path}/zones.gpkg' table=\"belts\" (geom)",
        "CORRIDORS": "TEMPORARY_OUTPUT",
        "PROFILE": QgsProperty.fromExpression(f"'{tmp_path}/' || 'profile.csv'"),
    }
    wanted = {name: QgsProcessingOutputLayerDefinition(place, project) for name, place in places.items()}
    wanted["ZONES"].destinationName = "My zones"
    for fails in (True, False):
        context = QgsProcessingContext()
        context.setProject(project)
        feedback = cancels_at(tmp_path, 2) if fails else QgsProcessingFeedback(False)
        with pytest.raises(Exception, match="Cancelled") if fails else contextlib.nullcontext():
            found = qgis.run(
                "ecosecnet:linkages", {**landscape, **wanted, "CUTOFF": 500}, context=context, feedback=feedback
            )
        loaded = context.layersToLoadOnCompletion()
        if fails:
            assert loaded == {}
            continue
        found["LINKS"] = found["LINKS"].id()  # `processing.run` hands out layers in memory themselves
        assert {details.outputName: where for where, details in loaded.items()} == {n: found[n] for n in places}
        tool = QgsApplication.processingRegistry().algorithmById("ecosecnet:linkages")
        hints = QgsProcessingUtils.LayerHint
        kinds = {d.outputName: d.layerTypeHint for d in loaded.values()}
        assert kinds == {name: hints.Raster if name == "CORRIDORS" else hints.Vector for name in places}
        labels = {name: tool.parameterDefinition(name).description() for name in places}
        assert {d.outputName: d.name for d in loaded.values()} == {**labels, "ZONES": "My zones"}
        for where in loaded.keys() - {found["LINKS"]}:
            layer = QgsProcessingUtils.mapLayerFromString(where, context)
            assert layer is not None, where
            assert layer.isValid()


@pytest.mark.parametrize("ending", ["gpkg", "csv", "geojson", "xlsx", "shp", "fgb"])
def test_a_full_disk_is_a_failure_that_leaves_nothing(run, polygons, tmp_path, ending):
    rng = np.random.default_rng(2)
    rows = [
        (f"MultiPolygon ((({x} 0, {x + 1} 0, {x} 1, {x} 0)))", {"name": f"{rng.integers(1 << 60)} " * 9, "v": float(x)})
        for x in range(1024)
    ]
    layer = polygons("many", rows)
    out = tmp_path / "out"
    out.mkdir()
    with small_disk(20_000), pytest.raises(Exception, match=r"(?i)graded.*could not be written.*disk full"):
        run("naturalbreaks", INPUT=layer, FIELD="v", OUTPUT=str(out / f"graded.{ending}"))
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("ending", ["tif", "asc", "sdat"])
def test_a_full_disk_is_noticed_for_rasters_too(run, landscape, tmp_path, ending):
    out = tmp_path / "out"
    out.mkdir()
    with small_disk(3_000), pytest.raises(Exception, match=r"(?i)cost\..*disk full"):
        run("costdistance", **landscape, OUTPUT=str(out / f"cost.{ending}"))
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("ending", ["gpkg", "sqlite"])
def test_fields_whose_names_the_format_needs_are_written_under_others(run, tmp_path, ending):
    from qgis.core import QgsFeature, QgsGeometry, QgsProcessingFeedback, QgsVectorLayer

    class Ear(QgsProcessingFeedback):
        told = ""

        def pushWarning(self, text):
            self.told += text

    fields = "field=geom:string&field=GEOMETRY:integer&field=fid:string&field=v:double"
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32648&{fields}", "odd", "memory")
    for x in range(5):
        feature = QgsFeature(layer.fields())
        feature.setAttributes([f"g{x}", x, f"f{x}", float(x)])
        feature.setGeometry(QgsGeometry.fromWkt(f"MultiPolygon ((({x} 0, {x + 1} 0, {x} 1, {x} 0)))"))
        layer.dataProvider().addFeatures([feature])
    ear = Ear(False)
    path = str(tmp_path / f"graded.{ending}")
    run("naturalbreaks", feedback=ear, INPUT=layer, FIELD="v", CLASSES=2, OUTPUT=path)
    found = read_table(path)
    assert len(found) == 5
    renamed = {"gpkg": {"geom": "geom_1", "fid": "fid_1"}, "sqlite": {"GEOMETRY": "GEOMETRY_1"}}[ending]
    rows = [{name.lower(): value for name, value in row.items()} for row in found]
    for name, kept in {"geom": "g{}", "GEOMETRY": "{}", "fid": "f{}"}.items():
        free = renamed.get(name, name)
        assert [str(row[free.lower()]) for row in rows] == [kept.format(x) for x in range(5)]
        assert (f"'{name}' is written as '{free}'" in ear.told) == (name in renamed)


@pytest.mark.parametrize("ending", ["csv", "xlsx", "ods", "gpkg"])
def test_texts_that_a_spreadsheet_would_run_stay_texts(run, polygons, tmp_path, ending):
    names = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "-5", "+3.5e2", "-", "Alder - Birch"]
    rows = [
        (f"MultiPolygon ((({x} 0, {x + 1} 0, {x} 1, {x} 0)))", {"name": name, "v": -1.5 * x})
        for x, name in enumerate(names)
    ]
    path = str(tmp_path / f"graded.{ending}")
    run("naturalbreaks", INPUT=polygons("names", rows), FIELD="v", CLASSES=2, OUTPUT=path)
    found = read_table(path)
    guarded = "" if ending == "gpkg" else "'"
    assert [str(row["name"]) for row in found] == [*(guarded + name for name in names[:4]), *names[4:]]
    assert [float(row["v"]) for row in found] == [-1.5 * x for x in range(8)]


def test_an_output_that_is_an_input_is_refused(run, landscape, tmp_path):
    from osgeo import gdal

    def refused(message, sources=landscape["SOURCES"], resistance=landscape["RESISTANCE"], **outputs):
        before = contents(tmp_path)
        places = {**link_outputs(tmp_path), **outputs}
        with pytest.raises(Exception, match=message):
            run("linkages", RESISTANCE=resistance, SOURCES=sources, CUTOFF=500, **places)
        assert contents(tmp_path) == before

    refused(r"\(CORRIDORS\) would overwrite the input 'resistance'", CORRIDORS=landscape["RESISTANCE"])
    refused(r"\(LINKS\) would overwrite the input 'sources'", LINKS=landscape["SOURCES"])
    same = f"{tmp_path}/../{tmp_path.name}/./sources.gpkg"
    refused(r"\(LINKS\) would overwrite the input 'sources'", LINKS=same)
    refused(r"\(LINKS\) would overwrite the input 'sources'", LINKS=f"ogr:dbname='{same}' table=\"Sources\" (geom)")
    os.symlink(landscape["RESISTANCE"], tmp_path / "link.tif")
    refused(
        r"\(CORRIDORS\) would overwrite the input 'link'",
        resistance=str(tmp_path / "link.tif"),
        CORRIDORS=landscape["RESISTANCE"],
    )
    (tmp_path / "link.tif").unlink()
    gdal.BuildVRT(str(tmp_path / "mosaic.vrt"), [landscape["RESISTANCE"]]).FlushCache()
    refused(
        r"would overwrite the input 'mosaic'",
        resistance=str(tmp_path / "mosaic.vrt"),
        CORRIDORS=landscape["RESISTANCE"],
    )
    gdal.Warp(str(tmp_path / "warped.vrt"), str(tmp_path / "mosaic.vrt"), format="VRT").FlushCache()
    refused(
        r"would overwrite the input 'warped'",
        resistance=str(tmp_path / "warped.vrt"),
        CORRIDORS=landscape["RESISTANCE"],
    )
    gdal.VectorTranslate(str(tmp_path / "shape.shp"), landscape["SOURCES"], options="-nln shape")
    shape = str(tmp_path / "shape.shp")
    refused(r"would overwrite the input 'shape'", sources=shape, ZONES=shape)
    refused(r"\(CORRIDORS\) would overwrite the input 'shape'", sources=shape, CORRIDORS=str(tmp_path / "shape.asc"))


def test_two_outputs_of_one_name_are_refused(run, landscape, tmp_path):
    def refused(message, **outputs):
        with pytest.raises(Exception, match=message):
            run("linkages", **landscape, CUTOFF=500, **{**link_outputs(tmp_path / "out"), **outputs})
        assert not (tmp_path / "out").exists()

    out = tmp_path / "out"
    refused(
        "LINKS and ZONES would both write .*a.gpkg", LINKS=str(out / "a.gpkg"), ZONES=str(out / "b" / ".." / "a.gpkg")
    )
    refused("CWD and ALLOCATION would both write", CWD=str(out / "a.tif"), ALLOCATION=str(out / "a.tif"))
    refused("would both write .*a.prj", CWD=str(out / "a.asc"), ZONES=str(out / "a.shp"))
    table = f"ogr:dbname='{out}/a.gpkg' table=\"{{}}\" (geom)"
    refused("LINKS and ZONES would both write", LINKS=table.format("one"), ZONES=table.format("ONE"))
    refused("LINKS and ZONES would both write", LINKS=table.format("one"), ZONES=str(out / "a.gpkg"))


def test_a_geopackage_of_several_layers_is_not_replaced(run, landscape, tmp_path):
    links, zones = (f"ogr:dbname='{tmp_path}/project.gpkg' table=\"{name}\" (geom)" for name in ("links", "zones"))
    run("linkages", **landscape, CUTOFF=500, CORRIDORS=str(tmp_path / "c.tif"), LINKS=links, ZONES=zones)
    before = contents(tmp_path)
    with pytest.raises(Exception, match=r"project.gpkg holds 2 layers \(links, zones\), which would all be lost"):
        run(
            "linkages", **landscape, CUTOFF=300, CORRIDORS=str(tmp_path / "c.tif"), LINKS=str(tmp_path / "project.gpkg")
        )
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("a folder", "a folder is a folder. Give the name of a file in it"),
        ("a\0b.tif", "holds a null character"),
        (f"{'x' * 251}.tif", "the name is too long"),
        ("a file/cost.tif", "cannot be written.*Choose a folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_first(run, landscape, tmp_path, path, message):
    (tmp_path / "a folder").mkdir()
    (tmp_path / "a file").write_text("x")
    before = contents(tmp_path)
    for tool, name in (("costdistance", "OUTPUT"), ("linkages", "CORRIDORS")):
        others = {"CUTOFF": 500, "LINKS": "TEMPORARY_OUTPUT"} if tool == "linkages" else {}
        with pytest.raises(Exception, match=message):
            run(tool, **landscape, **others, **{name: str(tmp_path / path)})
    assert contents(tmp_path) == before


def test_a_map_in_a_folder_does_not_replace_an_input(run, landscape, tmp_path):
    maps = tmp_path / "maps"
    maps.mkdir()
    resistance = str(maps / "current_1_2.tif")
    os.replace(landscape["RESISTANCE"], resistance)
    before = contents(maps)
    parameters = {"FOCAL_LAYER": landscape["SOURCES"], "CURRENT": "TEMPORARY_OUTPUT", "CURRENT_FOLDER": str(maps)}
    with pytest.raises(Exception, match=r"current_1_2.tif is an input of this run"):
        run("currentflow", RESISTANCE=resistance, **parameters)
    assert contents(maps) == before


def test_the_batch_dialog_of_old_versions_is_checked_too(qgis, landscape):
    """It runs a tool without asking whether the parameters are good."""
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    class Ear(QgsProcessingFeedback):
        told = ""

        def reportError(self, text, fatal=False):
            self.told += text

    tool, ear = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:costdistance"), Ear(False)
    parameters = {**landscape, "OUTPUT": landscape["RESISTANCE"]}
    _, good = tool.run(parameters, QgsProcessingContext(), ear)
    assert not good
    assert "would overwrite the input 'resistance'" in ear.told


def test_a_database_is_written_last_and_read_back(run, landscape, tmp_path):
    from osgeo import ogr

    database = tmp_path / "base.sqlite"
    ogr.GetDriverByName("SQLite").CreateDataSource(str(database), ["SPATIALITE=YES"]).FlushCache()
    before = database.read_bytes()
    parameters = {"INPUT": landscape["SOURCES"], "FIELD": "source_id", "CLASSES": 2}
    places = {
        "OUTPUT": f"spatialite:dbname='{database}' table=\"graded\" (geom)",
        "BREAKS": str(tmp_path / "breaks.csv"),
    }
    with pytest.raises(Exception, match="Cancelled"):
        run("naturalbreaks", feedback=cancels_at(tmp_path, 1), **parameters, **places)
    assert database.read_bytes() == before
    found = run("naturalbreaks", **parameters, **places)
    assert found["OUTPUT"] == places["OUTPUT"]
    store = ogr.Open(str(database))
    kept = store.GetLayerByName("graded")
    assert sorted(feature["source_id"] for feature in kept) == [1, 2, 3]


def test_when_a_database_fails_the_files_are_given_back(run, landscape, tmp_path):
    out = tmp_path / "out"
    places = {"LINKS": f"spatialite:dbname='{tmp_path}/nowhere/base.sqlite' table=\"links\" (geom)"}
    run("linkages", **landscape, **link_outputs(out), CUTOFF=500)
    before = contents(out)
    with pytest.raises(Exception, match=r"(?i)could not"):
        run("linkages", **landscape, **{**link_outputs(out), **places}, CUTOFF=300)
    assert contents(out) == before


def test_a_geopackage_that_cannot_grow_keeps_all_it_had(run, landscape, tmp_path):
    package, corridors = tmp_path / "project.gpkg", str(tmp_path / "c.tif")
    os.replace(landscape["SOURCES"], package)
    landscape["SOURCES"] = f"{package}|layername=sources"
    links = f"ogr:dbname='{package}' table=\"links\" (geom)"
    with small_disk(package.stat().st_size), pytest.raises(Exception, match=r"project.gpkg could not be changed"):
        run("linkages", **landscape, CUTOFF=500, LINKS=links, CORRIDORS=corridors)
    assert len(read_table(landscape["SOURCES"])) == 3
    assert not os.path.exists(corridors)
    run("linkages", **landscape, CUTOFF=500, LINKS=links, CORRIDORS=corridors)
    assert len(read_table(f"{package}|layername=links")) == 3
