"""The first ten minutes of the README: each click of them, and what stands on the screen after it."""

import pytest
from qgis.core import QgsMapLayer
from qgis.PyQt.QtWidgets import QDockWidget
from window import colours, flat, settle, share_of_most_common

LANDSCAPE = {
    "County boundary", "Townships", "Villages", "Mines", "Geological hazards", "Roads", "Rivers", "Nature reserves",
    "Ecological protection red line", "Elevation", "Land use", "Lithology", "Rock desertification", "Soil erosion",
    "Geological hazard density", "Table of scores",
    "Settlements",
}  # fmt: skip

TABLES = {"Pinch points by township", "Barriers by township"}


def assert_on_the_map(window, names):
    """The layers are there once each, valid, with a CRS that can be written."""
    held = sorted(layer.name() for layer in window.project.mapLayers().values())
    assert held == sorted(set(held))
    assert sorted(set(names) - set(held)) == []
    for name in names:
        layer = window.layers()[name]
        assert layer.isValid()
        if layer.isSpatial():
            assert layer.crs().authid() == "EPSG:4544", name
            assert layer.crs().toWkt(), name


def looks_default(layer):
    """Tell whether a layer looks as QGIS draws what nobody has styled."""
    if layer.type() == QgsMapLayer.LayerType.RasterLayer:
        return layer.renderer().type() in ("singlebandgray", "multibandcolor")
    return layer.isSpatial() and layer.displayExpression() == "" and layer.renderer() is None


@pytest.fixture
def landscape(window, tmp_path):
    """The demonstration landscape made from its dialog and loaded."""
    dialog = window.open("demolandscape", SIZE=400, OUTPUT_FOLDER=str(tmp_path / "county"))
    assert dialog.run() is not None, dialog.text()
    assert not dialog.red()
    dialog.close()
    settle(1.0)  # the thread of the run ends
    return tmp_path / "county"


def test_the_demonstration_landscape_is_on_the_map(window, landscape):
    assert len(window.project.mapLayers()) == len(LANDSCAPE)
    assert not [text for tag, text in window.log if tag in ("OGR", "GDAL")]
    assert_on_the_map(window, LANDSCAPE)
    ((group, _),) = window.tree()
    assert group.startswith("Demonstration landscape")
    order = flat(window.tree())
    assert order[0] == "County boundary"
    assert order.index("Roads") < order.index("Land use")
    assert "Woodland" in window.legend(window.layers()["Land use"])
    image = window.draw()
    window.picture("1_demolandscape")
    assert share_of_most_common(image) < 0.8
    assert len(colours(image)) > 200


def test_the_network_is_built_with_what_the_dialog_offers(window, landscape):
    dialog = window.open("securitynetwork")
    window.picture("2_securitynetwork_dialog")
    offered = {name: dialog.layers(name) for name in ("LANDUSE", "DEM", "ROADS", "MINES", "PROTECTED", "TOWNSHIPS")}
    assert offered == {
        "LANDUSE": ["Land use"],
        "DEM": ["Elevation"],
        "ROADS": ["Roads"],
        "MINES": ["Mines"],
        "PROTECTED": ["Ecological protection red line", "Nature reserves"],
        "TOWNSHIPS": ["Townships"],
    }
    # Codes alone do not say what they mean: the README has the legend chosen.
    assert dialog.run() is None
    assert "Choose the LEGEND of the map" in dialog.refusals[0]
    assert "looks like Liuzhi eight classes" in dialog.refusals[0]
    window.picture("2_securitynetwork_refused")
    del window.log[:], window.boxes[:], dialog.bar[:]
    dialog.set(LEGEND=1, MIN_AREA=40.0)  # the county of this test is small
    results = dialog.run()
    window.picture("3_securitynetwork_log")
    assert results is not None, dialog.refusals or dialog.text()
    assert not dialog.red()
    assert results["SOURCE_COUNT"] >= 2
    dialog.close()
    assert not [text for tag, text in window.log if tag in ("OGR", "GDAL")]
    made = {
        "MSPA codes", "Ecological sources", "Resistance surface", "Corridor belt", "Ecological corridors", "Current density",
        "Pinch points", "Barrier score", "Barriers",
    }  # fmt: skip
    assert_on_the_map(window, LANDSCAPE | made)
    layers = window.layers()
    assert not [name for name in made if looks_default(layers[name])]
    order = flat(window.tree())
    for above, below in (
        ("Pinch points", "Current density"),
        ("Barriers", "Barrier score"),
        ("Ecological corridors", "Ecological sources"),
        ("Ecological sources", "Resistance surface"),
        ("Resistance surface", "Land use"),
    ):
        assert order.index(above) < order.index(below)
    for name in ("Resistance surface", "Current density", "Barrier score", "Corridor belt"):
        assert any(any(sign.isdigit() for sign in text) for text in window.legend(layers[name])), name
    image = window.draw()
    window.picture("4_securitynetwork_map")
    assert share_of_most_common(image) < 0.8
    assert len(colours(image)) > 200
    # The report is in the Results Viewer.
    assert "Results Viewer" in [
        dock.windowTitle() for dock in window.main.findChildren(QDockWidget) if dock.isVisible()
    ]
    from processing.core.ProcessingResults import resultsList

    assert resultsList.getResults()[-1].filename == results["REPORT"]


def test_links_from_the_layers_of_the_run(window, county, tmp_path):
    """A single tool on what another has made."""
    import processing
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    made = processing.run(
        "ecosecnet:securitynetwork",
        {
            "LANDUSE": str(county / "landuse.tif"), "LEGEND": 1, "DEM": str(county / "dem.tif"),
            "MIN_AREA": 20.0,
            "SOURCES": str(tmp_path / "s.gpkg"), "RESISTANCE": str(tmp_path / "r.tif"),
        },
    )  # fmt: skip
    window.project.addMapLayer(QgsRasterLayer(str(county / "dem.tif"), "a raster that comes first by name"))
    window.project.addMapLayer(QgsVectorLayer(made["SOURCES"], "Ecological sources"))
    window.project.addMapLayer(QgsRasterLayer(made["RESISTANCE"], "Resistance surface"))
    dialog = window.open("linkages")
    assert dialog.layers("RESISTANCE") == ["Resistance surface"]
    results = dialog.run()
    assert results is not None, dialog.refusals or dialog.text()
    assert not dialog.red()
    dialog.close()
    assert {"Links", "Corridor belt"} <= set(window.layers())
    settle()
    window.picture("5_linkages")


def test_the_whole_network_is_built_step_by_step_with_what_the_dialog_of_the_model_offers(window, landscape):
    dialog = window.open("networkstepbystep", foreground="1,2,6", min_area=40.0)  # the county of this test is small
    window.picture("5_model_dialog")
    assert dialog.layers("scores") == ["Table of scores"]
    assert dialog.layers("corrections") == ["Rock desertification", "Soil erosion", "Geological hazard density"]
    results = dialog.run()
    window.picture("6_model_log")
    assert results is not None, dialog.refusals or dialog.text()
    assert not dialog.red()
    dialog.close()
    tree = dict(one for one in window.tree()[0][1] if isinstance(one, tuple))
    made = {
        "4 Key areas": {"Pinch points", "Barriers", "Current density", "Barrier score", *TABLES},
        "3 Corridors": {"Ecological corridors", "Corridor belt"},
        "1 Ecological sources": {"Sources with importance", "MSPA codes"},
        "2 Resistance surface": {"Resistance surface"},
    }
    assert list(tree) == list(made)
    assert flat(tree["4 Key areas"])[:2] == ["Pinch points", "Barriers"]
    assert {group: set(flat(layers)) for group, layers in tree.items()} == made
    assert_on_the_map(window, LANDSCAPE | set().union(*made.values()))
    layers = window.layers()
    assert not [name for group in made.values() for name in group if looks_default(layers[name])]
    window.draw()
    window.picture("7_model_map")
