"""Layers of a run stay in the project when they are put into their group, and make a map."""

import datetime

import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def project(qgis):
    """The project with the bridge that drops layers which stand nowhere in the tree, as the window has it."""
    from qgis.core import QgsLayerTreeRegistryBridge, QgsProject

    project = QgsProject.instance()
    project.clear()
    assert isinstance(project.layerTreeRegistryBridge(), QgsLayerTreeRegistryBridge)
    yield project
    project.clear()


@pytest.fixture
def one_run():
    from ecosecnet.algorithms.support.run.layertree import Run

    return Run("A tool, cutoff 5", changed=True)


def settle():
    """Run what waits in the event loop, the bridge's removals among it."""
    from qgis.core import QgsApplication

    for _ in range(20):
        QgsApplication.processEvents()


def add(project, name, kind="Point"):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(kind if kind == "None" else f"{kind}?crs=EPSG:32648", name, "memory")
    project.addMapLayer(layer)
    return layer


def tree(node):
    """Names of layers, and (group, [...]) for groups, from the top."""
    from qgis.core import QgsLayerTree

    return [(child.name(), tree(child)) if QgsLayerTree.isGroup(child) else child.name() for child in node.children()]


def test_a_layer_put_into_a_group_stays_in_the_project(project, one_run):
    from ecosecnet.algorithms.support.run.layertree import Place, put

    layer = add(project, "Elevation")
    identifier = layer.id()
    put(layer, one_run, Place(("1 Step",), 1))
    settle()
    assert list(project.mapLayers()) == [identifier]
    assert tree(project.layerTreeRoot()) == [("A tool, cutoff 5", [("1 Step", ["Elevation"])])]


def test_it_is_moved_before_the_map_is_drawn(project, one_run):
    from ecosecnet.algorithms.support.run.layertree import Place, put

    layer = add(project, "Elevation")
    put(layer, one_run, Place(("1 Step",)))
    assert project.layerTreeRoot().findLayer(layer.id()).parent().name() == "1 Step"


def test_a_layer_that_is_added_later_is_moved_then(project, one_run):
    from ecosecnet.algorithms.support.run.layertree import Place, put
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer("Point?crs=EPSG:32648", "late", "memory")
    put(layer, one_run, Place(("1 Step",)))
    project.addMapLayer(layer)
    settle()
    assert project.layerTreeRoot().findLayer(layer.id()).parent().name() == "1 Step"
    assert len(project.mapLayers()) == 1


def test_a_layer_that_qgis_puts_into_the_group_itself_finds_its_place(project, one_run):
    """A window adds new layers where the current one stands, which may be inside the group."""
    from ecosecnet.algorithms.support.run.layertree import Place, put
    from qgis.core import QgsLayerTreeRegistryBridge

    root, bridge = project.layerTreeRoot(), project.layerTreeRegistryBridge()
    put(add(project, "polygons"), one_run, Place(("1 Step",), 2))
    group = root.findGroup("1 Step")
    bridge.setLayerInsertionPoint(QgsLayerTreeRegistryBridge.InsertionPoint(group, 0))
    put(add(project, "raster"), one_run, Place(("1 Step",), 1))
    put(add(project, "lines"), one_run, Place(("1 Step",), 3))
    bridge.setLayerInsertionPoint(QgsLayerTreeRegistryBridge.InsertionPoint(root, 0))
    settle()
    assert [node.name() for node in group.findLayers()] == ["lines", "polygons", "raster"]
    assert len(project.mapLayers()) == 3


def test_higher_ranks_are_drawn_above(project, one_run):
    from ecosecnet.algorithms.support.run.layertree import Place, put

    for name, rank in (("raster", 0), ("lines", 2), ("polygons", 1)):
        put(add(project, name), one_run, Place(rank=rank))
    settle()
    assert tree(project.layerTreeRoot()) == [("A tool, cutoff 5", ["lines", "polygons", "raster"])]


def test_without_a_place_layers_of_a_run_are_ordered_by_kind_among_themselves(project):
    from ecosecnet.algorithms.support.run.layertree import Run, put

    first, second = Run("A tool"), Run("A tool")
    add(project, "mine")
    for run, mark in ((first, ""), (second, " again")):
        for order, (name, kind) in enumerate(
            [("table", "None"), ("zones", "Polygon"), ("areas", "Polygon"), ("places", "Point"), ("ways", "LineString")]
        ):
            put(add(project, name + mark, kind), run, order=order)
    settle()
    names = ["places", "ways", "zones", "areas", "table"]
    assert tree(project.layerTreeRoot()) == [*(f"{name} again" for name in names), *names, "mine"]
    assert len(project.mapLayers()) == 11


def test_two_runs_have_a_group_each_and_the_new_one_is_open(project):
    from ecosecnet.algorithms.support.run.layertree import Place, Run, put

    noon = datetime.datetime(2026, 1, 1, 12, 0, 7)
    runs = [Run("A tool", key=key, started=noon) for key in ("a", "b", "c")] + [Run("A tool, x 2", True, "d", noon)]
    runs.append(Run("A tool, x 2", True, "e", noon))
    for run in runs:
        put(add(project, "layer"), run, Place(("1 Step",)))
    settle()
    root = project.layerTreeRoot()
    assert [name for name, _ in tree(root)] == [
        "A tool, x 2, 12:00",
        "A tool, x 2",
        "A tool, 12:00:07, c",
        "A tool, 12:00:07",
        "A tool, 12:00",
    ]
    assert all(inner == [("1 Step", ["layer"])] for _, inner in tree(root))
    assert [child.isExpanded() for child in root.children()] == [True, False, False, False, False]


def test_a_layer_whose_file_a_new_run_has_replaced_shows_it_and_leaves_no_empty_groups(project, polygons):
    """QGIS takes the layer that is loaded already in place of loading the file again."""
    import os

    from ecosecnet.algorithms.support.run.layertree import Place, Run
    from ecosecnet.algorithms.support.run.styling import post_processor
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsVectorLayer

    def places(count):
        return [(f"POLYGON (({k} 0, {k} 1, {k + 1} 1, {k} 0))", {"number": k}) for k in range(count)]

    def loaded(layer, run):
        processor = post_processor(run, None, Place(("4 Key areas", "Inner")))
        processor.postProcessLayer(layer, QgsProcessingContext(), QgsProcessingFeedback())
        settle()

    layer = QgsVectorLayer(polygons("areas", places(5)), "Areas")
    project.addMapLayer(layer)
    loaded(layer, Run("A tool", key="a"))
    assert len(list(layer.getFeatures())) == layer.featureCount() == 5
    os.replace(polygons("others", places(2)), layer.source())
    loaded(layer, Run("A tool, x 2", changed=True, key="b"))
    assert len(list(layer.getFeatures())) == layer.featureCount() == 2
    assert layer.extent().xMaximum() == 2
    assert tree(project.layerTreeRoot()) == [("A tool, x 2", [("4 Key areas", [("Inner", ["Areas"])])])]


@pytest.fixture
def tool(qgis):
    from ecosecnet.algorithms import base
    from ecosecnet.algorithms.support.inputs import parameters as p

    class Tool(base.EcoSecNetAlgorithm):
        NAME, LABEL, GROUP = "tool", "A tool", base.PLANNING

        def declare(self):
            return [
                p.raster("INPUT", "Land use", "Help."),
                p.number("DPC", "Smallest dPC of a source (%)", "Help.", 1.0),
                p.integer("EDGE", "MSPA edge width (cells)", "Help.", 1),
                p.number("LIMIT", "Limit", "Help.", optional=True),
                p.number("SMALLEST", "Smallest area (ha)", "Help.", 0.0, offered=100.0),
                p.choice("LEGEND", "Legend of the land use", "Help.", ["Own codes", "Theirs"]),
                p.choice("METHOD", "Method", "Help.", ["Sum", "Largest of all the values there are"]),
                p.flag("CLOSE", "Close gaps", "Help.", True),
                p.text("CLASSES", "Classes", "Help.", "1,2"),
                p.raster_output("OUTPUT", "Result", "Help."),
            ]

    tool = Tool()
    tool.initAlgorithm()
    return tool


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({}, "A tool"),
        ({"INPUT": "x.tif", "OUTPUT": "y.tif"}, "A tool"),
        ({"DPC": 1, "EDGE": 1, "METHOD": 0, "CLOSE": True, "CLASSES": "1,2", "LIMIT": None}, "A tool"),
        ({"DPC": 2.5}, "A tool, smallest dPC of a source 2.5 %"),
        ({"SMALLEST": 100.0, "LEGEND": 1}, "A tool"),  # what the dialog starts with, and what the data are
        ({"SMALLEST": 300.0}, "A tool, smallest area 300 ha"),
        ({"EDGE": 3, "LIMIT": 0}, "A tool, MSPA edge width 3 cells, limit 0"),
        (
            {"METHOD": 1, "CLOSE": False},
            "A tool, method 'Largest of all the valu\N{HORIZONTAL ELLIPSIS}', not close gaps",
        ),
        ({"CLASSES": "1", "EDGE": 2, "DPC": 0, "CLOSE": False, "METHOD": 1}, None),
    ],
)
def test_a_run_is_named_by_what_was_changed(tool, parameters, name):
    from ecosecnet.algorithms.support.run.runname import name_run
    from qgis.core import QgsProcessingContext

    run = name_run(tool, parameters, QgsProcessingContext())
    if name is None:
        assert run.name.startswith("A tool, smallest dPC of a source 0 %, MSPA edge width 2 cells, method")
        assert run.name.endswith(", and 2 more")
    else:
        assert run.name == name
        assert run.changed == ("," in name)


def test_the_whole_run_makes_a_map(project, qgis, tmp_path):
    """The layers of a run of the whole method, loaded as the window loads them."""
    import processing
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsRasterLayer

    county = qgis.run(
        "ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": str(tmp_path)}
    )
    parameters = {"LEGEND": 1, "MIN_AREA": 10.0, "DISPERSAL": 600.0, "CUTOFF": 300.0, "MIN_KEY_AREA": 0.0}
    parameters.update({name: county[name] for name in ("LANDUSE", "DEM", "ROADS", "TOWNSHIPS")}, TOWNSHIP_NAME=["name"])
    outputs = "MSPA SOURCES RESISTANCE LINKS CORRIDORS CURRENT PINCHPOINTS SCORE BARRIERS PINCH_TABLE BARRIER_TABLE"
    parameters.update(dict.fromkeys(outputs.split(), "TEMPORARY_OUTPUT"))
    context = QgsProcessingContext()
    context.setProject(project)
    processing.runAndLoadResults("ecosecnet:securitynetwork", parameters, QgsProcessingFeedback(False), context)
    settle()
    ((run, steps),) = tree(project.layerTreeRoot())
    assert run.startswith("Ecological security network, ")
    assert [name[:1] for name, _ in steps] == ["4", "3", "1", "2"]
    assert [len(layers) for _, layers in steps] == [6, 2, 2, 1]
    assert len(project.mapLayers()) == 11
    drawn = [node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()]
    assert [isinstance(layer, QgsRasterLayer) for layer in drawn if layer.isSpatial()] == [False] * 4 + [True]


def test_rasters_that_cover_each_other_need_no_group_to_be_unseen(project, one_run):
    from ecosecnet.algorithms.support.run.layertree import UNSEEN, put

    layers = [add(project, name) for name in ("Share of paths", "Share of corridors")]
    for order, (layer, place) in enumerate(zip(layers, (None, UNSEEN))):
        put(layer, one_run, place, order)
    root = project.layerTreeRoot()
    assert tree(root) == ["Share of paths", "Share of corridors"]
    assert [root.findLayer(layer.id()).itemVisibilityChecked() for layer in layers] == [True, False]
