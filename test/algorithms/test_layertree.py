"""Layers of a run stay in the project when they are put into their group, and make a map."""

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


def settle():
    """Run what waits in the event loop, the bridge's removals among it."""
    from qgis.core import QgsApplication

    for _ in range(20):
        QgsApplication.processEvents()


def add(project, name):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer("Point?crs=EPSG:32648", name, "memory")
    project.addMapLayer(layer)
    return layer


def test_a_layer_put_into_a_group_stays_in_the_project(project):
    from ecosecnet.algorithms.support.layertree import Place, put

    layer = add(project, "Elevation")
    identifier = layer.id()
    put(layer, Place("A group", 1))
    settle()
    assert list(project.mapLayers()) == [identifier]
    group = project.layerTreeRoot().findGroup("A group")
    assert [node.layerId() for node in group.findLayers()] == [identifier]
    assert len(project.layerTreeRoot().findLayers()) == 1


def test_it_is_moved_before_the_map_is_drawn(project):
    from ecosecnet.algorithms.support.layertree import Place, put

    layer = add(project, "Elevation")
    put(layer, Place("A group"))
    assert project.layerTreeRoot().findLayer(layer.id()).parent().name() == "A group"


def test_a_layer_that_is_added_later_is_moved_then(project):
    from ecosecnet.algorithms.support.layertree import Place, put
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer("Point?crs=EPSG:32648", "late", "memory")
    put(layer, Place("A group"))
    project.addMapLayer(layer)
    settle()
    assert project.layerTreeRoot().findLayer(layer.id()).parent().name() == "A group"
    assert len(project.mapLayers()) == 1


def test_a_layer_that_qgis_puts_into_the_group_itself_finds_its_place(project):
    """A window adds new layers where the current one stands, which may be inside the group."""
    from ecosecnet.algorithms.support.layertree import Place, put
    from qgis.core import QgsLayerTreeRegistryBridge

    root, bridge = project.layerTreeRoot(), project.layerTreeRegistryBridge()
    put(add(project, "polygons"), Place("A group", 2))
    group = root.findGroup("A group")
    bridge.setLayerInsertionPoint(QgsLayerTreeRegistryBridge.InsertionPoint(group, 0))
    put(add(project, "raster"), Place("A group", 1))
    put(add(project, "lines"), Place("A group", 3))
    bridge.setLayerInsertionPoint(QgsLayerTreeRegistryBridge.InsertionPoint(root, 0))
    settle()
    assert [node.name() for node in group.findLayers()] == ["lines", "polygons", "raster"]
    assert len(project.mapLayers()) == 3


def test_higher_ranks_are_drawn_above(project):
    from ecosecnet.algorithms.support.layertree import Place, put

    for name, rank in (("raster", 0), ("lines", 2), ("polygons", 1)):
        put(add(project, name), Place("A group", rank))
    settle()
    group = project.layerTreeRoot().findGroup("A group")
    assert [node.name() for node in group.findLayers()] == ["lines", "polygons", "raster"]
