"""Everything of a run in one folder: what goes there, what is kept, and the project that finds it."""

import csv
import os
import shutil

import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def folder(tmp_path):
    return tmp_path / ("结果 & results" if os.name == "nt" else '结果 & <the "results">')


def files(folder):
    return {os.path.relpath(os.path.join(root, name), folder) for root, _, names in os.walk(folder) for name in names}


def listed(folder):
    with open(folder / "contents.csv", encoding="utf-8-sig", newline="") as file:
        return {row["file"].replace("/", os.sep): row["what"] for row in csv.DictReader(file)}


def test_all_goes_into_the_folder_but_what_has_a_place_of_its_own(run, parameters, folder, tmp_path):
    folder.mkdir()
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    own = str(tmp_path / "mine.gpkg")
    found = run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder), SOURCES=own, LINKS="TEMPORARY_OUTPUT")
    assert found["SOURCES"] == own
    assert os.path.exists(own)
    assert found["LINKS"] == str(folder / "links.gpkg")
    there = files(folder)
    assert {"links.gpkg", "resistance.tif", "report.html", "capsule.zip", "project.qgz", "key_table.csv"} <= there
    assert os.path.join("factors_folder", "Land use.tif") in there
    assert "sources.gpkg" not in there
    assert there - {"notes.txt"} == set(listed(folder))
    assert all(listed(folder).values()), "every file is said what it is"
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "--RESULTS_FOLDER=" in report
    assert "--RESISTANCE=" not in report, "the command is the one that was given"

    # Another run, without townships: what it does not make is gone, what is not ours is not.
    del parameters["TOWNSHIPS"], parameters["TOWNSHIP_NAME"]
    run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder), FACTORS_FOLDER=str(tmp_path / "factors"))
    again = files(folder)
    assert "township_table.csv" in there
    assert "township_table.csv" not in again
    assert "notes.txt" in again
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert not any("factors_folder" in name for name in again)
    assert again - {"notes.txt"} == set(listed(folder))


def test_the_project_finds_its_layers_wherever_the_folder_is_moved(run, parameters, folder, tmp_path):
    from qgis.core import QgsProject

    run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder))
    before = set(QgsProject.instance().mapLayers())
    moved = tmp_path / "elsewhere"
    shutil.move(str(folder), moved)
    project = QgsProject()
    assert project.read(str(moved / "project.qgz"))
    layers = project.mapLayers().values()
    assert len(layers) > 15
    assert all(layer.isValid() for layer in layers)
    sources = [layer.dataProvider().dataSourceUri().partition("|")[0] for layer in layers]
    assert all(os.path.realpath(source).startswith(os.path.realpath(moved)) for source in sources)
    groups = [child.name() for child in project.layerTreeRoot().children()[0].children()]
    assert groups == [
        "Borders",
        "5 Measures",
        "4 Key areas",
        "3 Corridors",
        "1 Ecological sources",
        "2 Resistance surface",
        "Inputs",
    ]
    links = next(layer for layer in layers if layer.name() == "Ecological corridors")
    assert links.renderer().type() == "categorizedSymbol"
    assert project.crs() == links.crs()
    townships = next(layer for layer in layers if layer.name() == "Township borders")
    assert townships.labelsEnabled(), "townships have their names on the map"
    roles = {layer.customProperty("ecosecnet/role") for layer in layers}
    assert {"landuse", "dem", "townships", "roads", "mspa", "links", "pinchpoints"} <= roles, "what mapsheets looks for"
    styles = {name for name in files(moved) if name.endswith(".qml")}
    assert {"resistance.qml", "sources.qml", os.path.join("inputs", "landuse.qml")} <= styles
    assert set(QgsProject.instance().mapLayers()) == before, "the open project is left alone"
    project.clear()


def test_layers_that_are_loaded_are_those_of_the_folder(qgis, parameters, folder):
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
    )

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    wanted = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", QgsProject.instance())
    given = {**parameters, "RESULTS_FOLDER": str(folder), "SOURCES": wanted}
    qgis.run("ecosecnet:securitynetwork", given, context=context, feedback=QgsProcessingFeedback(False))
    assert str(folder / "sources.gpkg") in context.layersToLoadOnCompletion()
    assert str(folder / "links.gpkg") not in context.layersToLoadOnCompletion()


@pytest.mark.parametrize("name", ["report.html", "project.qgz", "contents.csv"])
def test_files_of_others_are_not_replaced(run, parameters, folder, name):
    from qgis.core import QgsProcessingException

    folder.mkdir()
    (folder / name).write_text("mine", encoding="utf-8")
    with pytest.raises(QgsProcessingException, match=f"holds {name}, which is not of an earlier run"):
        run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder))
    assert files(folder) == {name}


def test_a_list_that_names_files_of_others_removes_none(run, parameters, folder, tmp_path):
    folder.mkdir()
    (tmp_path / "out.txt").write_text("mine", encoding="utf-8")
    (folder / "thesis.txt").write_text("mine", encoding="utf-8")
    (folder / "contents.csv").write_text("file,what\ncontents.csv,\nthesis.txt,\n../out.txt,\n", encoding="utf-8")
    run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder))
    assert (folder / "thesis.txt").exists()
    assert (tmp_path / "out.txt").exists()


def test_a_cancelled_run_leaves_the_results_before_it(qgis, run, parameters, folder, monkeypatch):
    from ecosecnet.algorithms.support.run import resultsproject
    from ecosecnet.core.errors import OperationCancelled
    from qgis.core import QgsProcessingException

    def cancel(*_):
        raise OperationCancelled

    with monkeypatch.context() as patched:
        patched.setattr(resultsproject, "write_contents", cancel)
        with pytest.raises(QgsProcessingException):
            run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder))
        assert not folder.exists()
    run("securitynetwork", **parameters, RESULTS_FOLDER=str(folder))
    before = {name: (folder / name).read_bytes() for name in files(folder)}
    with monkeypatch.context() as patched:
        patched.setattr(resultsproject, "write_contents", cancel)
        with pytest.raises(QgsProcessingException):
            run("securitynetwork", **{**parameters, "CUTOFF": 400.0}, RESULTS_FOLDER=str(folder))
    assert {name: (folder / name).read_bytes() for name in files(folder)} == before


def test_a_folder_that_cannot_be_written_is_refused_at_once(run, parameters, tmp_path):
    from qgis.core import QgsProcessingException

    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(QgsProcessingException, match="cannot be written"):
        run("securitynetwork", **parameters, RESULTS_FOLDER=str(tmp_path / "file" / "results"))
