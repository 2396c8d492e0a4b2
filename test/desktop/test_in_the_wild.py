"""What a window meets outside a demonstration: names that are markup, layers being edited, a dark theme, an installed zip."""

import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from qgis.PyQt.QtGui import QPalette
from qgis.PyQt.QtWidgets import QTextBrowser
from window import colours, settle

NAME = "<script>alert(1)</script><b>land</b> & \"use\" \u202e=cmd|' /C calc'!A0"


@pytest.fixture
def land(window, county):
    from qgis.core import QgsRasterLayer

    layer = QgsRasterLayer(str(county / "landuse.tif"), NAME)
    window.project.addMapLayer(layer)
    return layer


def test_the_installed_zip_computes_correctly_and_has_its_pages(window):
    import processing
    from qgis.core import QgsApplication

    assert processing.run("ecosecnet:selftest", {})["PASSED"] >= 8
    plugin = Path(sys.modules["ecosecnet"].__file__).parent
    tools = QgsApplication.processingRegistry().providerById("ecosecnet").algorithms()
    for tool in tools:
        if tool.helpUrl():
            path = Path(unquote(urlparse(tool.helpUrl()).path))
            assert path.is_relative_to(plugin)
            assert path.is_file()
    if (plugin / "help").is_dir():  # built where the development tools are, as in CI
        assert Path(unquote(urlparse(tools[0].helpUrl()).path)).suffix == ".html"


def test_names_that_are_markup_are_texts_in_dialog_log_and_legend(window, county, tmp_path):
    from qgis.core import QgsRasterLayer, QgsVectorLayer
    from window import log_of

    zones = QgsVectorLayer(f"{county / 'landscape.gpkg'}|layername=townships", NAME, "ogr")
    heights = QgsRasterLayer(str(county / "dem.tif"), NAME)
    window.project.addMapLayers([zones, heights])
    zones.startEditing()
    zones.deleteFeature(next(zones.getFeatures()).id())
    dialog = window.open("tabulate", AREAS=zones.id(), ZONES=zones.id(), TABLE=str(tmp_path / "a.csv"))
    assert dialog.run() is not None, dialog.text()
    shown = NAME.replace("\u202e", "")  # which would turn the rest of the sentence round
    assert f"'{shown}' is being edited" in dialog.text()
    window.picture("wild_names_log")
    assert "<b>land" not in log_of(dialog.dialog).toHtml()
    dialog.close()
    zones.rollBack()
    refused = window.open("foreground", INPUT=heights.id(), FOREGROUND="1", OUTPUT=str(tmp_path / "a.tif"))
    assert refused.run() is None
    (told,) = refused.refusals
    assert "holds measured values" in told
    assert "<script" not in told  # a message box would take it for HTML
    refused.close()
    assert NAME in window.layers()
    window.picture("wild_names_legend")
    window.boxes.clear()


def test_changes_that_are_not_saved_are_used(window, county, tmp_path):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(f"{county / 'landscape.gpkg'}|layername=townships", "乡镇", "ogr")
    window.project.addMapLayer(layer)
    layer.startEditing()
    before = layer.featureCount()
    layer.deleteFeature(next(layer.getFeatures()).id())
    dialog = window.open("naturalbreaks", INPUT=layer.id(), FIELD="area_ha", OUTPUT="TEMPORARY_OUTPUT")
    found = dialog.run()
    assert found is not None, dialog.text()
    assert window.project.mapLayer(found["OUTPUT"]).featureCount() == before - 1
    assert "'乡镇' is being edited" in dialog.text()
    dialog.close()
    layer.rollBack()


def test_a_dark_theme_stays_readable(window, land, tmp_path):
    """No text of ours has a colour of its own in dialogs, so that it stays readable on a dark ground."""
    from qgis.core import QgsApplication

    QgsApplication.setUITheme("Night Mapping")
    try:
        settle(1.0)
        dialog = window.open("foreground", INPUT=land.id(), FOREGROUND="1,999", OUTPUT=str(tmp_path / "dark.tif"))
        assert dialog.run() is not None, dialog.text()
        window.picture("wild_dark_log")
        dark = colours(dialog.dialog.grab().toImage())
        light = sum(count for name, count in dark.items() if int(name[1:3], 16) > 0xC0 and int(name[3:5], 16) > 0xC0)
        assert light < 0.15 * sum(dark.values())
        dialog.close()
        network = window.open("securitynetwork")
        window.picture("wild_dark_dialog")
        browser = network.dialog.findChild(QTextBrowser, "textShortHelp")
        ground = browser.palette().color(QPalette.ColorRole.Base).lightness()
        assert ground < 100
        cursor = browser.textCursor()
        for place in range(1, browser.document().characterCount(), 7):
            cursor.setPosition(place)
            assert cursor.charFormat().foreground().color().lightness() > ground + 80, place
        network.close()
    finally:
        QgsApplication.setUITheme("default")
        settle(1.0)
