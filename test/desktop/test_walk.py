"""Every tool from its dialog, on the layers of the demonstration, with what a newcomer leaves untouched."""

import os

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsMapLayer,
    QgsProcessingAlgorithm,
    QgsProcessingDestinationParameter,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
)
from window import TOOLS, flat, settle, wait

pytestmark = pytest.mark.slow

MISSING = {
    "foreground": "There are no foreground values, and no legend",
    "mspa": "Give the foreground values",
    "evidence": "Evidence rasters",
    "conefor": "Node file",
    "rasterbreaks": "Raster to classify",
    "scorefactor": "Factor raster",
    "resistance": "Score rasters",
    "currentflowadvanced": "Give the current sources",
    "circuitscapeini": ".ini file",
    "validate": "Give either points (POINTS) or tracks (TRACKS)",
    "combineshards": "Checkpoint folder",
    "robustness": "Factors",
    "replay": "Capsule",
    "compareruns": "Give either a MANIFEST or SCENARIOS",
    "restorationplan": "Budget, or several",
    "areamanifest": "columns that are not known",
    "speciesmanifest": "columns that are not known",
}
"""What the first sentence names where Run is pressed at once and something is missing."""


def given(tool, window, files):
    """Return what a tool cannot know by itself, and what keeps the walk short."""
    layers = window.layers()
    return {
        "studygrid": {
            "RASTERS": [layers["Elevation"].id()],
            "CLASSED": [layers["Lithology"].id()],
            "AREA": layers["County boundary"].id(),
            "CELL": 60.0,
        },
        "foreground": {"LEGEND": 1},
        "mspa": {"INPUT": layers["Land use"], "FOREGROUND": "1,2,6"},
        "evidence": {"EVIDENCE": [layers["Soil erosion"].id(), layers["Elevation"].id()], "HIGH_IS_GOOD": "no, yes"},
        "conefor": {"NODES": str(files / "nodes.txt"), "CONNECTIONS": str(files / "connections.txt")},
        "rasterbreaks": {"INPUT": layers["Current density"]},
        "scorefactor": {"INPUT": layers["Elevation"], "METHOD": 1},
        "resistance": {"FACTORS": [layers["Soil erosion"].id(), layers["Lithology"].id()], "WEIGHTS": "0.6, 0.4"},
        "strategicpoints": {"LEVEL": "kind", "LEVEL_SCORES": "Expressway=4; 1", "MIN_LENGTH": 1500.0},
        "corridorwidths": {"LEGEND": 1},
        "currentflowadvanced": {
            "CURRENT_SOURCE_POINTS": layers["Mines"].id(),
            "GROUND_POINTS": layers["Geological hazards"].id(),
        },
        "circuitscapeini": {"INPUT": str(files / "job.ini")},
        "pinchpoints": {"BLOCKING": layers["Pinch points"]},
        "networkoptimisation": {"RESISTANCE": layers["Resistance surface"], "OBJECTIVE": 2},
        "omniscape": {"RADIUS": 10, "BLOCK_SIZE": 5, "PROCESSES": 2},
        "actionsheet": {"LEGEND": 1},
        "mapsheets": {
            "DPI": 96,
            "IMAGES_FOLDER": os.path.join(os.environ["DESKTOP_PICTURES"], "sheets"),
        },
        "nullmodel": {"RUNS": 19},
        "restorationplan": {"BUDGET": "10, 20"},
        "areamanifest": {"MANIFEST": counties(window, files), "OUTPUT_FOLDER": str(files / "县")},
        "speciesmanifest": {"MANIFEST": str(files / "species.csv"), "OUTPUT_FOLDER": str(files / "物种")},
        "validate": {"POINTS": layers["Geological hazards"].id()},
        "combineshards": {"CHECKPOINT": str(files / "shards"), "OUTPUT_FOLDER": str(files / "combined")},
        "compareruns": {"MANIFEST": str(files / "runs" / "runs.csv")},
        "replay": {"CAPSULE": str(files / "kept" / "run.capsule.zip"), "OUTPUT_FOLDER": str(files / "again")},
        "robustness": {
            "FACTORS": [layers["Soil erosion"].id(), layers["Lithology"].id()],
            "WEIGHTS": "0.6, 0.4",
            "RUNS": 5,
        },
    }.get(tool, {})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Text files as other programs write them."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "nodes.txt").write_text("1\t10\n2\t20\n3\t5\n")
    (folder / "connections.txt").write_text("1\t2\t500\n1\t3\t900\n2\t3\t700\n")
    (folder / "network.txt").write_text("1 2 1.0\n2 3 2.0\n1 3 4.0\n")
    (folder / "focal.txt").write_text("1\n3\n")
    (folder / "job.ini").write_text(
        "[Circuitscape mode]\ndata_type = network\nscenario = pairwise\n[Habitat raster or graph]\n"
        f"habitat_file = {folder}/network.txt\nhabitat_map_is_resistances = True\n"
        "[Options for pairwise and one-to-all and all-to-one modes]\n"
        f"point_file = {folder}/focal.txt\n[Output options]\noutput_file = {folder}/out.out\n"
    )
    (folder / "species.csv").write_text(
        "species,dispersal,group\n獾,4000,mammals\nnewt,1500,amphibians\n", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def project(screen, tmp_path_factory):
    """The demonstration landscape and its network in the project, made from their dialogs."""
    screen.forget()
    folder = tmp_path_factory.mktemp("walk") / "county"
    for tool, values in (
        ("demolandscape", {"SIZE": 300, "OUTPUT_FOLDER": str(folder)}),
        ("securitynetwork", {"LEGEND": 1, "MIN_AREA": 20.0}),
    ):
        dialog = screen.open(tool, **values)
        assert dialog.run() is not None, dialog.refusals or dialog.text()
        dialog.close()
    return set(screen.project.mapLayers())


def in_shards(window, folder):
    """Compute a run in two shards, as two jobs of a cluster would."""
    for shard in ("1/2", "2/2"):
        processing.run(
            "ecosecnet:omniscape",
            {
                "RESISTANCE": window.layers()["Resistance surface"].source(),
                "RADIUS": 10,
                "BLOCK_SIZE": 5,
                "CURRENT": "TEMPORARY_OUTPUT",
                "CHECKPOINT": str(folder),
                "SHARD": shard,
            },
        )


def with_capsule(window, folder):
    """Run a tool that keeps a capsule."""
    folder.mkdir()
    values = {"INPUT": window.layers()["Land use"].source(), "LEGEND": 1, "OUTPUT": str(folder / "foreground.tif")}
    processing.run("ecosecnet:foreground", {**values, "CAPSULE": str(folder / "run.capsule.zip")})


def with_manifest(window, folder):
    """Save the network as two runs; the second has lost a source and its links."""
    folder.mkdir()
    layers = window.layers()
    rasters = [layers[name].source() for name in ("MSPA codes", "Resistance surface", "Current density")]
    rows = ["name,year,mspa,resistance,current,sources,links,pinchpoints"]
    for name, year, kept in (("now", 2020, (0, 0)), ("later", 2035, (1, 1))):
        saved = []
        for label, without in (
            ("Ecological sources", "source_id <> {}"),
            ("Ecological corridors", "from_id <> {0} and to_id <> {1}"),
            ("Pinch points", "area_id <> {}"),
        ):
            saved.append(str(folder / f"{name} {label}.gpkg"))
            given = {"INPUT": layers[label], "EXPRESSION": without.format(*kept), "OUTPUT": saved[-1]}
            processing.run("native:extractbyexpression", given)
        rows.append(",".join([name, str(year), *rasters, *saved]))
    (folder / "runs.csv").write_text("\n".join(rows), encoding="utf-8")


def counties(window, folder):
    """Return a table of two areas, which are the county of the project."""
    use = window.layers()["Land use"].source()
    (folder / "counties.csv").write_text(
        f"name,LANDUSE,LEGEND,MIN_AREA\n六枝,{use},1,20\nnowhere,missing.tif,1,20\n", encoding="utf-8"
    )
    return str(folder / "counties.csv")


def loaded(dialog):
    """Return the labels of the layers that a run with these settings loads."""
    if dialog.algorithm.name() == "combineshards":
        return ["Cumulative current"]  # of the tool whose shards they are
    names = []
    for definition in dialog.algorithm.destinationParameterDefinitions():
        folder_or_file = isinstance(
            definition, (QgsProcessingParameterFileDestination, QgsProcessingParameterFolderDestination)
        )
        if isinstance(definition, QgsProcessingDestinationParameter) and not folder_or_file:
            wrapper = dialog.dialog.mainWidget().wrappers[definition.name()]
            if dialog.results.get(definition.name()) and wrapper.customProperties().get("OPEN_AFTER_RUNNING"):
                names.append(definition.description())
    return names


def assert_loaded(window, before, names):
    """The layers of a run are there by their plain names, valid, styled, with the CRS of the project."""
    new = [window.project.mapLayer(one) for one in set(window.project.mapLayers()) - before]
    assert sorted(layer.name() for layer in new) == sorted(names)
    for layer in new:
        assert layer.isValid()
        if layer.isSpatial():
            assert layer.crs().authid() == "EPSG:4544", layer.name()
            assert layer.crs().toWkt(), layer.name()
        if layer.type() == QgsMapLayer.LayerType.RasterLayer:
            assert layer.renderer().type() not in ("singlebandgray", "multibandcolor"), layer.name()
            assert window.legend(layer), layer.name()
    # On top of everything, else what an earlier run has made hides them.
    assert set(flat(window.tree())[: len(new)]) == set(names)
    return [layer.id() for layer in new]


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool not in ("demolandscape", "securitynetwork")])
def test_from_its_dialog(tool, screen, project, files):
    if tool == "combineshards":
        in_shards(screen, files / "shards")
    elif tool == "replay":
        with_capsule(screen, files / "kept")
    elif tool == "compareruns":
        with_manifest(screen, files / "runs")
    del screen.log[:], screen.bar[:], screen.boxes[:]
    dialog = screen.open(tool)
    if tool in MISSING:
        screen.picture(f"walk_{tool}_refused")
        assert dialog.run(60) is None
        assert any(MISSING[tool] in sentence for sentence in dialog.refusals + dialog.red())
        del screen.log[:], screen.boxes[:], dialog.bar[:]
    dialog.set(**given(tool, screen, files))
    screen.picture(f"walk_{tool}_dialog")
    for attempt in ("first", "with Change Parameters"):
        results = dialog.run(120)
        assert results is not None, (attempt, dialog.refusals or dialog.text())
        if attempt == "first":
            screen.picture(f"walk_{tool}_log")
            assert not dialog.red()
        new = assert_loaded(screen, project, loaded(dialog))
        if attempt == "first" and new:
            dialog.dialog.hide()
            screen.draw()
            screen.picture(f"walk_{tool}_map")
            dialog.dialog.show()
        screen.project.removeMapLayers(new)
    dialog.close()
    assert not screen.trouble()


@pytest.mark.parametrize(
    ("tool", "values"), [("omniscape", {"RADIUS": 30}), ("securitynetwork", {"LEGEND": 1, "MIN_AREA": 20.0})]
)
def test_cancel_from_the_dialog(tool, values, screen, project):
    dialog = screen.open(tool, **values)
    dialog.press_run()
    settle(0.4)
    screen.picture(f"cancel_{tool}")
    assert not dialog._done
    dialog.dialog.cancelButton().click()
    wait(lambda: dialog._done, 5, f"{tool} to be cancelled")
    settle(0.5)
    assert dialog._done[-1][0] is False
    assert set(screen.project.mapLayers()) == project
    assert not [entry for entry in screen.log if "ython" in entry[0]]
    dialog.close()


def test_an_entry_of_the_history_runs_again(screen, project):
    import processing  # noqa: F401

    dialog = screen.open("terrainfactor")
    assert dialog.run() is not None
    dialog.close()
    screen.project.removeMapLayers(list(set(screen.project.mapLayers()) - project))
    try:
        from processing.core.ProcessingLog import ProcessingLog

        command = ProcessingLog.getLogEntries()[-1].text
    except ImportError:  # QGIS 3.24 and newer
        from qgis.gui import QgsGui

        command = QgsGui.historyProviderRegistry().queryEntries()[-1].entry["python_command"]
    assert command.startswith('processing.run("ecosecnet:terrainfactor"')
    scope = {}
    exec(  # as the history dialog does
        "import processing\nfrom qgis.core import *\ndialog = "
        + command.replace("processing.run(", "processing.createAlgorithmDialog(", 1),
        scope,
    )
    from window import Dialog

    again = Dialog(screen, scope["dialog"])
    scope["dialog"].show()
    assert again.run() is not None, again.refusals or again.text()
    screen.project.removeMapLayers(list(set(screen.project.mapLayers()) - project))
    again.close()


def test_no_tool_edits_in_place(installed):
    provider = QgsApplication.processingRegistry().providerById("ecosecnet")
    flag = QgsProcessingAlgorithm.Flag.FlagSupportsInPlaceEdits
    assert not [tool.id() for tool in provider.algorithms() if tool.flags() & flag]


def test_a_shard_from_its_dialog_says_that_it_writes_nothing(screen, project, tmp_path):
    before = set(screen.project.mapLayers())
    dialog = screen.open("omniscape", RADIUS=10, BLOCK_SIZE=5, CHECKPOINT=str(tmp_path / "kept"), SHARD="1/2")
    assert dialog.run(120) == {}
    assert "Shard 1/2 is done" in dialog.text()
    assert "No outputs are written; 'combineshards' makes them" in dialog.text()
    screen.picture("walk_shard_log")
    assert not dialog.red()
    assert set(screen.project.mapLayers()) == before
    dialog.close()
    assert not screen.trouble()
