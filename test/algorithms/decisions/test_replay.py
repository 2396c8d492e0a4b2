"""A run again from its capsule: identical, within the tolerance, or what differs, by name and number."""

import json
import os
import shutil
import stat
import zipfile

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

CLASSES = np.random.default_rng(5).integers(1, 9, (80, 90)).astype(np.uint8)
ROWS = [
    (f"POLYGON(({x} 0,{x} 9,{x + 9} 9,{x + 9} 0,{x} 0))", {"value": x * 1.1, "名": f"区{x}"}) for x in range(0, 90, 10)
]


@pytest.fixture
def case(run, raster, tmp_path):
    """A run of 'foreground' with a capsule, in folders with blanks and Chinese letters."""

    class Case:
        given = tmp_path / "数据 一"
        made = tmp_path / "结果 二"
        capsule = made / "前景 一.capsule.zip"
        land = given / "landuse.tif"

        def replay(self, **more):
            out = tmp_path / "再 来"
            self.out = out
            made = {"OUTPUT_FOLDER": str(out), "TABLE": str(tmp_path / "t.csv"), "HTML": str(tmp_path / "r.html")}
            for name in ("t.csv", "r.html"):
                (tmp_path / name).unlink(missing_ok=True)
            try:
                self.verdict = run("replay", **{"CAPSULE": str(self.capsule), **made, **more})["VERDICT"]
                self.failed = False
            except Exception as error:
                self.verdict, self.failed = str(error).partition("Verdict: ")[2].strip() or str(error), True
            self.rows = read_table(made["TABLE"]) if (tmp_path / "t.csv").exists() else []
            self.page = (tmp_path / "r.html").read_text(encoding="utf-8") if (tmp_path / "r.html").exists() else ""
            return self.verdict

        def row(self, name):
            return next(row for row in self.rows if row["name"] == name)

    Case.given.mkdir()
    Case.made.mkdir()
    shutil.move(raster("landuse", CLASSES, nodata=8), Case.land)
    run(
        "foreground",
        INPUT=str(Case.land),
        FOREGROUND="1,2",
        OUTPUT=str(Case.made / "前景.tif"),
        CAPSULE=str(Case.capsule),
    )
    return Case()


def rewritten(capsule, change, *, extra=(), without=()):
    """Change run.json of a capsule, add members and leave out others."""
    with zipfile.ZipFile(capsule) as archive:
        members = {
            one.filename: archive.read(one)
            for one in archive.infolist()
            if not one.filename.startswith(without or "\0")
        }
    run = json.loads(members["run.json"])
    change(run)
    members["run.json"] = json.dumps(run).encode()
    with zipfile.ZipFile(capsule, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        for name, data in extra:
            archive.writestr(name, data)


def maps(folder):
    """Return the files of a folder without styles; what GDAL puts beside a raster hangs on its version."""
    return sorted(name for name in os.listdir(folder) if not name.endswith((".aux.xml", ".qml")))


def edit(path, row, col, value):
    from osgeo import gdal

    dataset = gdal.Open(str(path), gdal.GA_Update)
    dataset.GetRasterBand(1).WriteArray(np.array([[value]]), col, row)
    dataset.FlushCache()


def test_a_capsule_replays_identical(case):
    assert case.replay() == "identical"
    assert [(row["part"], row["name"], row["outcome"]) for row in case.rows] == [
        ("input", "INPUT", "found"),
        ("output", "OUTPUT", "identical"),
        ("number", "FOREGROUND_HA", "identical"),
    ]
    assert "identical" in case.page
    assert maps(case.out) == ["前景.tif"]
    assert read_raster(str(case.out / "前景.tif"))[0].tobytes() == read_raster(str(case.made / "前景.tif"))[0].tobytes()
    # Anywhere, with nothing but the file.
    elsewhere = case.given / "a.zip"
    shutil.copy(case.capsule, elsewhere)
    shutil.rmtree(case.made)
    case.land.unlink()
    assert case.replay(CAPSULE=str(elsewhere)) == "identical"
    assert case.row("OUTPUT")["against"] == "the copy in the capsule"


def test_one_cell_of_an_input_is_named(case):
    edit(case.land, 3, 4, 9)
    assert case.replay(FOLDER=str(case.given)) == "inputs changed: INPUT (1 of 7,200 cells)"
    assert case.failed
    assert not case.out.exists() or not os.listdir(case.out)
    assert (case.row("INPUT")["differing"], case.row("INPUT")["outcome"]) == (1, "changed")
    assert "1 of 7,200 cells" in case.page
    assert case.replay() == "identical"  # that in the capsule


def test_one_value_of_an_output_is_named(case):
    before = read_raster(str(case.made / "前景.tif"))[0]
    assert before[3, 4] > 0
    edit(case.made / "前景.tif", 3, 4, 7)
    off = 7 - int(before[3, 4])
    valid = np.count_nonzero(before)
    assert case.replay() == f"differs: OUTPUT 前景.tif (1 of {valid:,} cells, by {off} at most)"
    assert case.failed
    assert (case.row("OUTPUT")["differing"], case.row("OUTPUT")["least_jaccard"]) == (
        1,
        0.0,
    )  # a class that only one has
    assert (case.out / "前景.tif").exists()


def test_a_changed_result_in_the_capsule_is_named(case):
    def change(run):
        run["numbers"]["FOREGROUND_HA"] *= 1 + 1e-8
        run["outputs"][0]["content_sha256"] = "0" * 64

    rewritten(case.capsule, change, without="outputs/")
    (case.made / "前景.tif").unlink()
    assert case.replay().startswith("differs: OUTPUT 前景.tif (it holds something else; ")
    assert "FOREGROUND_HA (" in case.verdict


def test_numbers_are_held_to_the_tolerance(case):
    def change(run):
        run["numbers"]["FOREGROUND_HA"] *= 1 + 1e-8

    rewritten(case.capsule, change)
    assert case.replay().startswith("differs: FOREGROUND_HA (")
    assert case.replay(TOLERANCE=1e-7).startswith("same within tolerance: 1 of 2 differ, by 1e-08")
    assert not case.failed
    rewritten(case.capsule, lambda run: run["versions"].update(numpy="1.0"))
    assert case.replay().startswith("same within tolerance")
    assert "1.0" in case.page
    assert case.replay(TOLERANCE=0).startswith("differs")


def test_inputs_are_known_by_what_they_hold(case):
    from osgeo import gdal

    rewritten(case.capsule, lambda run: None, without="inputs/")
    case.land.rename(case.given / "old.tif")
    gdal.Translate(
        str(case.given / "又名.tif"), str(case.given / "old.tif"), creationOptions=["COMPRESS=LZW", "TILED=YES"]
    )
    (case.given / "old.tif").unlink()
    assert case.replay(FOLDER=str(case.given)) == "identical"
    assert "又名.tif, by what it holds" in case.row("INPUT")["against"]
    (case.given / "又名.tif").unlink()
    assert case.replay(FOLDER=str(case.given)).startswith(
        "cannot run: not found: INPUT (landuse.tif, 80 x 90 cells, content SHA-256 "
    )
    assert case.failed
    assert len(case.rows) == 1


def test_an_output_of_the_name_of_an_input_is_not_that_input(case, run):
    out = case.made / "landuse.tif"
    run("foreground", INPUT=str(case.land), FOREGROUND="1", OUTPUT=str(out), CAPSULE=str(case.capsule))
    assert case.replay() == "identical"
    assert case.replay(FOLDER=str(case.given.parent)) == "identical"
    edit(case.land, 3, 4, 9)
    assert case.replay(FOLDER=str(case.given.parent)) == "inputs changed: INPUT (1 of 7,200 cells)"


@pytest.mark.parametrize("ending", ["shp", "gpkg"])
def test_features_are_known_in_another_format(run, case, polygons, tmp_path, ending):
    from osgeo import gdal

    layer = polygons("areas", ROWS)
    first = str(case.given / f"first.{'gpkg' if ending == 'shp' else 'shp'}")
    kinds = {"gpkg": {}, "shp": {"layerCreationOptions": ["ENCODING=UTF-8"]}}
    gdal.VectorTranslate(first, layer, **kinds[first.rpartition(".")[2]])
    case.capsule = case.made / "b.capsule.zip"
    run("naturalbreaks", INPUT=first, FIELD="value", OUTPUT=str(case.made / "b.gpkg"), CAPSULE=str(case.capsule))
    rewritten(case.capsule, lambda run: None, without="inputs/")
    (case.given / "there").mkdir()
    gdal.VectorTranslate(str(case.given / "there" / f"second.{ending}"), first, **kinds[ending])
    assert case.replay(FOLDER=str(case.given / "there")) == "identical"
    assert f"second.{ending}, by what it holds" in case.row("INPUT")["against"]


def test_features_that_have_changed_are_counted(run, case, polygons):
    from qgis.core import QgsVectorLayer

    layer = shutil.copy(polygons("areas", ROWS), case.given / "areas.gpkg")
    case.capsule = case.made / "b.capsule.zip"
    made = str(case.made / "b.gpkg")
    run("naturalbreaks", INPUT=str(layer), FIELD="value", OUTPUT=made, CAPSULE=str(case.capsule))
    assert case.replay(FOLDER=str(case.given)) == "identical"

    def change(path, name, value):
        opened = QgsVectorLayer(str(path), "", "ogr")
        assert opened.dataProvider().changeAttributeValues({2: {opened.fields().indexOf(name): value}})

    change(made, "value", 12.0)
    assert case.replay() == "differs: OUTPUT b.gpkg (1 of 9 features, by 1 at most)"
    change(layer, "value", 5.0)
    assert case.replay(FOLDER=str(case.given)) == "inputs changed: INPUT (1 of 9 features)"


def test_what_came_of_a_selection_comes_out_again(qgis, run, case, polygons):
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeatureSourceDefinition,
        QgsProject,
        QgsVectorLayer,
    )

    layer = QgsVectorLayer(polygons("areas", ROWS), "选 区", "ogr")
    QgsProject.instance().addMapLayer(layer)
    layer.selectByIds([3, 4, 5, 6])
    case.capsule = case.made / "b.capsule.zip"
    source = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    given = {"INPUT": source, "FIELD": "value", "OUTPUT": "memory:", "CAPSULE": str(case.capsule)}
    try:
        qgis.run("ecosecnet:naturalbreaks", given, context=context)
    finally:
        QgsProject.instance().removeMapLayer(layer.id())
    assert case.replay() == "identical"
    assert case.row("OUTPUT")["compared"] == 4


def test_circuitscape_files_are_read_with_the_ini_that_names_them(run, case):
    (case.given / "r.asc").write_text("ncols 3\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3\n")
    (case.given / "p.txt").write_text("1 0.5 0.5\n2 2.5 0.5\n")
    text = "scenario = pairwise\nhabitat_map_is_resistances = True\n"
    text += "habitat_file = r.asc\npoint_file = p.txt\noutput_file = out.out\n"
    (case.given / "run.ini").write_text(text)
    case.capsule = case.made / "c.capsule.zip"
    folder = str(case.made / "cs")
    run("circuitscapeini", INPUT=str(case.given / "run.ini"), OUTPUT_FOLDER=folder, CAPSULE=str(case.capsule))
    with zipfile.ZipFile(case.capsule) as archive:
        assert {"inputs/0/run.ini", "inputs/0/r.asc", "inputs/0/p.txt"} <= set(archive.namelist())
    assert case.replay() == "identical"
    (case.given / "p.txt").write_text("1 0.5 0.5\n2 1.5 0.5\n")
    assert case.replay(FOLDER=str(case.given)) == "inputs changed: INPUT (run.ini holds something else)"

    # One from elsewhere may not have files read that it does not bring along.
    def outside(name):
        with zipfile.ZipFile(case.capsule) as archive:
            return archive.read(name)

    inner = outside("inputs/0/run.ini").decode().replace("point_file = p.txt", f"point_file = {case.given / 'p.txt'}")
    rewritten(
        case.capsule,
        lambda run: run["inputs"][0].pop("file_sha256"),
        extra=[("inputs/0/run.ini", inner)],
        without="inputs/0/run.ini",
    )
    assert "which is not in the capsule" in case.replay()


# A capsule from elsewhere is data.


def test_a_later_version_is_refused(case):
    rewritten(case.capsule, lambda run: run.update(schema=2))
    assert (
        "was written by a later version of EcoSecNet (schema 2; this one reads 1). Update the plugin" in case.replay()
    )
    assert case.failed
    assert not case.page


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/tmp/evil.txt",
        "inputs/0/../../../evil.txt",
        "C:/evil.txt",
        "inputs\\..\\evil.txt",
        "inputs/0/nul.txt",
    ],
)
def test_files_that_lead_out_of_the_folder_are_refused(case, name):
    rewritten(case.capsule, lambda run: None, extra=[(name, b"x")])
    assert "is no plain name of a file in it" in case.replay()
    assert case.failed
    assert not case.out.exists()


@pytest.mark.parametrize("name", ["../evil.tif", "a/evil.tif", "evil.py", ".evil.tif", "", "con.tif", "evil"])
def test_names_of_outputs_are_used_only_where_they_are_plain(case, name):
    rewritten(case.capsule, lambda run: run["outputs"][0].update(file=name))
    assert case.replay() == "identical"
    assert maps(case.out) == ["output.tif"]


def test_what_the_run_gave_is_not_replaced(case):
    assert "may hold what the run gave, which would be replaced" in case.replay(OUTPUT_FOLDER=str(case.made))
    assert "may hold what" in case.replay(OUTPUT_FOLDER=str(case.given), FOLDER=str(case.given))


def test_links_and_files_that_are_there_twice_are_refused(case):
    link = zipfile.ZipInfo("inputs/0/link.tif")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    saved = case.capsule.read_bytes()
    rewritten(case.capsule, lambda run: None, extra=[(link, b"/etc/passwd")])
    assert "is no plain name of a file in it: a link" in case.replay()
    case.capsule.write_bytes(saved)
    with pytest.warns(UserWarning, match="Duplicate name"):
        rewritten(case.capsule, lambda run: None, extra=[("run.json", b"{}")])
    assert "there twice" in case.replay()


def test_sizes_are_limited_also_where_the_header_lies(case, monkeypatch):
    from ecosecnet.algorithms.support.capsule import reading

    with monkeypatch.context() as patch:
        patch.setattr(reading, "MOST_BYTES", 1000)
        assert "at most. It was not opened." in case.replay()
    with monkeypatch.context() as patch:
        patch.setattr(reading, "MOST_FILES", 2)
        assert "a capsule has 2 at most" in case.replay()
    data = bytearray(case.capsule.read_bytes())
    with zipfile.ZipFile(case.capsule) as archive:
        info = archive.getinfo("run.json")
    where = data.find(b"run.json", archive.start_dir) - 46
    data[where + 24 : where + 28] = (10).to_bytes(4, "little")  # so many bytes, says the directory of the file
    assert info.file_size > 10
    case.capsule.write_bytes(bytes(data))
    case.replay()
    assert case.failed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda run: run.update(algorithm="native:buffer"), "'native:buffer' is no tool of EcoSecNet"),
        (lambda run: run.update(algorithm="ecosecnet:nothing"), "is no tool that can be run again"),
        (lambda run: run.update(algorithm="ecosecnet:replay"), "is no tool that can be run again"),
        (lambda run: run.update(parameters=[]), "'parameters' is missing or of another kind"),
        (lambda run: run["parameters"].update(FOREGROUND={"a": 1}), "'FOREGROUND' is neither number, text"),
        (lambda run: run["inputs"][0].update(kind="vrt"), "the entry of 'INPUT' is not complete"),
        (lambda run: run["inputs"][0].update(in_capsule="../x/y"), "the entry of 'INPUT' is not complete"),
        (lambda run: run["parameters"].update(NEW=1), "has no parameter NEW"),
        (lambda run: run["parameters"].update(LEGEND=77), "cannot run: "),
        (lambda run: run.pop("schema"), "it states no schema"),
        (lambda run: run.update(run=5), "'run' is missing or of another kind"),
        (lambda run: run["numbers"].update(N=10**400), "'N' of the numbers is neither number nor text"),
        (lambda run: run["parameters"].update(LEGEND=10**400), "'LEGEND' is neither number, text"),
        (
            lambda run: (run["outputs"][0].update(kind="page"), run["numbers"].clear()),
            "cannot run: the capsule has no output but reports",
        ),
    ],
)
def test_what_is_wrong_is_said(case, change, words):
    rewritten(case.capsule, change)
    assert words in case.replay() or words in case.verdict
    assert case.failed


def test_a_capsule_that_was_unpacked_and_packed_again_is_one(case):
    rewritten(case.capsule, lambda run: None, extra=[("inputs/", b""), ("inputs/0/", b""), ("styles/", b"")])
    assert case.replay() == "identical"
    rewritten(case.capsule, lambda run: None, extra=[("../", b"")])
    assert "is no plain name" in case.replay()


def test_a_file_that_is_not_in_the_capsule_is_named(case):
    rewritten(case.capsule, lambda run: run["inputs"][0].update(in_capsule="inputs/0/other.tif"))
    case.land.unlink()
    assert "cannot run: inputs/0/other.tif is not in " in case.replay()


def test_what_comes_out_again_and_the_report_are_not_one_file(run, case, tmp_path):
    given = {"NAMES": "a;b", "MATRIX": [1, 3, "1/3", 1], "WEIGHTS": str(case.made / "w.csv")}
    run("ahp", **given, HTML=str(case.made / "report.html"), CAPSULE=str(case.capsule))
    clash = tmp_path / "again" / "report.html"
    case.replay(OUTPUT_FOLDER=str(clash.parent), HTML=str(clash))
    assert case.failed
    assert f"cannot run: {clash} would be an output of the run and HTML of this replay. Give HTML another name" in (
        case.verdict
    )
    assert "cannot run" in clash.read_text(encoding="utf-8")


def test_where_nothing_is_run_no_folder_stays_behind(case):
    rewritten(case.capsule, lambda run: None, without="inputs/")
    case.land.unlink()
    assert case.replay().startswith("cannot run: not found: INPUT")
    assert not case.out.exists()
    assert case.page


def test_a_copy_in_the_capsule_that_is_not_the_file_is_named(case):
    with zipfile.ZipFile(case.capsule) as archive:
        data = bytearray(archive.read("inputs/0/landuse.tif"))
    data[-1] ^= 1
    rewritten(
        case.capsule, lambda run: None, extra=[("inputs/0/landuse.tif", bytes(data))], without="inputs/0/landuse.tif"
    )
    assert case.replay() == "inputs changed: INPUT (its copy in the capsule is not the file that was used)"


def test_paths_and_places_of_a_capsule_are_not_used(case, tmp_path):
    """Neither those of outputs, nor where a run was worked out; formats that refer to other files are not opened."""
    evil = tmp_path / "evil.tif"

    def change(run):
        run["parameters"].update(OUTPUT=str(evil), CAPSULE=str(evil))
        run["outputs"][0].update(path=str(evil))

    saved = case.capsule.read_bytes()
    rewritten(case.capsule, change)
    assert case.replay() == "identical"
    assert not evil.exists()
    case.capsule.write_bytes(saved)
    source = f"<SimpleSource><SourceFilename>{case.land}</SourceFilename></SimpleSource>"
    band = f"<VRTRasterBand dataType='Byte' band='1'>{source}</VRTRasterBand>"
    vrt = f"<VRTDataset rasterXSize='90' rasterYSize='80'>{band}</VRTDataset>"
    rewritten(
        case.capsule,
        lambda run: run["inputs"][0].pop("file_sha256"),
        extra=[("inputs/0/landuse.tif", vrt)],
        without="inputs/",
    )
    assert "cannot run: landuse.tif in the capsule is in the format 'VRT'" in case.replay()

    def as_text(run):
        run["inputs"][0].update(kind="text", in_capsule="inputs/0/land.txt", path="")

    rewritten(case.capsule, as_text, extra=[("inputs/0/land.txt", "1 2 3")])
    assert "cannot run: INPUT of 'foreground' takes no text." in case.replay()
    rewritten(case.capsule, as_text, extra=[("inputs/0/land.txt", vrt)], without="inputs/")
    assert "cannot run: inputs/0/land.txt is not in" in case.replay()


@pytest.mark.parametrize(
    ("crs", "good"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32648"}}, True),
        ({"type": "link", "properties": {"href": "http://127.0.0.1:9/x", "type": "ogcwkt"}}, False),
        ({"type": "URL", "properties": {"url": "http://127.0.0.1:9/x"}}, False),
    ],
)
def test_a_geojson_whose_crs_is_at_an_address_is_not_opened(run, case, polygons, tmp_path, crs, good):
    land = case.given / "areas.geojson"
    feature = {"type": "Feature", "properties": {"value": 1.5}, "geometry": {"type": "Point", "coordinates": [1, 2]}}
    held = {"type": "FeatureCollection", "crs": crs, "features": [feature]}
    land.write_text(json.dumps({**held, "crs": {"type": "name", "properties": {"name": "EPSG:32648"}}}))
    run(
        "naturalbreaks",
        INPUT=str(land),
        FIELD="value",
        CLASSES=1,
        OUTPUT=str(case.made / "o.gpkg"),
        CAPSULE=str(case.capsule),
    )
    rewritten(
        case.capsule,
        lambda run: run["inputs"][0].pop("file_sha256"),
        extra=[("inputs/0/areas.geojson", json.dumps(held))],
        without="inputs/",
    )
    land.unlink()
    assert ("identical" in case.replay()) == good
    assert ("coordinate reference system at an address" in case.verdict) != good


def test_what_is_no_capsule_is_refused(case, tmp_path):
    (tmp_path / "a.zip").write_text("nothing")
    assert "cannot be opened as a capsule" in case.replay(CAPSULE=str(tmp_path / "a.zip"))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    assert "has no run.json: it is no capsule" in case.replay(CAPSULE=str(tmp_path / "b.zip"))
    assert "There is no capsule" in case.replay(CAPSULE=str(tmp_path / "none.zip"))
    assert "does not exist. Leave it empty" in case.replay(FOLDER=str(tmp_path / "none"))


def test_in_a_window_a_bad_verdict_is_a_message_and_the_report_is_there(case, run, monkeypatch):
    import qgis.utils

    edit(case.made / "前景.tif", 3, 4, 7)
    monkeypatch.setattr(qgis.utils, "iface", object())
    assert case.replay().startswith("differs: OUTPUT")
    assert not case.failed
    assert "Verdict: differs: OUTPUT" in run.feedback.textLog()


def test_a_run_that_is_cancelled_leaves_nothing(case, run, monkeypatch):
    from ecosecnet.algorithms.decisions.replayed import run as replayed
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    monkeypatch.setattr(replayed, "describe", lambda *a, **b: (feedback.cancel(), a[4].check()))
    case.replay(feedback=feedback)
    assert case.failed
    assert not case.rows
    assert not case.out.exists()
