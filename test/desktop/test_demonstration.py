"""The menu, the button and the message of the plugin, and the demonstration project from the first click to the last."""

import os

from qgis.core import QgsSettings
from qgis.PyQt.QtWidgets import QApplication, QPushButton, QToolButton
from qgis.utils import iface, plugins
from test_first_minutes import LANDSCAPE, assert_on_the_map
from window import colours, flat, settle, share_of_most_common, wait

ENTRIES = ["New network...", "Demonstration project", "Tutorial", "Check installation...", "Documentation"]


def submenu():
    """Return the menu of the plugin within that of the plugins."""
    found = [one for one in iface.pluginMenu().actions() if one.text().replace("&", "") == "EcoSecNet"]
    assert len(found) == 1, [one.text() for one in iface.pluginMenu().actions()]
    return found[0].menu()


def button():
    (found,) = [
        one
        for one in iface.mainWindow().findChildren(QToolButton)
        if one.menu() and one.toolTip().startswith("EcoSecNet")
    ]
    return found


def entry(name):
    (action,) = [one for one in submenu().actions() if one.text() == name]
    return action


def test_the_menu_and_the_button_are_there(window):
    assert [action.text() for action in submenu().actions()] == ENTRIES
    assert [action.text() for action in button().menu().actions()] == ENTRIES
    assert not button().icon().isNull()
    menu = button().menu()
    menu.popup(button().mapToGlobal(button().rect().bottomLeft()))
    settle(0.5)
    window.picture("0_menu")
    menu.close()


def test_the_message_of_the_start_can_be_put_away(window):
    QgsSettings().setValue("ecosecnet/welcomed", False)
    menu = plugins["ecosecnet"]._menu
    menu.close_message()
    menu.welcome()
    settle(0.5)
    window.picture("0_welcome")
    shown = {one.text(): one for one in iface.messageBar().findChildren(QPushButton)}
    shown["Do not show again"].click()
    settle(0.2)
    assert QgsSettings().value("ecosecnet/welcomed", type=bool)
    menu.welcome()
    settle(0.2)
    assert "Do not show again" not in [
        one.text() for one in iface.messageBar().findChildren(QPushButton) if one.isVisible()
    ]


def test_loading_the_plugin_again_leaves_one_of_everything(window):
    from qgis.utils import reloadPlugin

    for _ in range(2):
        reloadPlugin("ecosecnet")
        settle(1.0)
    assert [action.text() for action in submenu().actions()] == ENTRIES
    button()
    from qgis.core import QgsApplication

    assert len([one for one in QgsApplication.processingRegistry().providers() if one.id() == "ecosecnet"]) == 1


def test_two_clicks_make_a_network(window):
    from window import Dialog

    entry("Demonstration project").trigger()
    project = plugins["ecosecnet"]._menu._project
    settle(1.0)
    window.picture("8_demonstration_progress")
    assert project.running()
    wait(lambda: not project.running(), 300, "the county")
    wait(lambda: project.dialog is not None, 60, "the dialog")
    settle(2.0)
    window.picture("8_demonstration_dialog")
    assert_on_the_map(window, LANDSCAPE)
    ((_, inner),) = window.tree()
    groups = [one[0] for one in inner if isinstance(one, tuple)]
    assert groups == ["Names and borders", "Roads, rivers and mines", "Protected land", "Relief and land use"]
    assert flat(window.tree())[0] == "County boundary"
    assert "Woodland" in window.legend(window.layers()["Land use"])
    assert window.layers()["Elevation"].renderer().type() == "hillshade"
    assert window.layers()["Townships"].labelsEnabled()
    assert window.project.crs().authid() == "EPSG:4544"

    dialog = Dialog(window, project.dialog)
    offered = {name: dialog.layers(name) for name in ("LANDUSE", "DEM", "ROADS", "MINES", "PROTECTED", "TOWNSHIPS")}
    assert offered == {
        "LANDUSE": ["Land use"],
        "DEM": ["Elevation"],
        "ROADS": ["Roads"],
        "MINES": ["Mines"],
        "PROTECTED": ["Ecological protection red line", "Nature reserves"],
        "TOWNSHIPS": ["Townships"],
    }
    image = window.draw()
    assert share_of_most_common(image) < 0.8
    assert len(colours(image)) > 200
    results = dialog.run(600)
    assert results is not None, dialog.refusals or dialog.text()
    assert not dialog.red()
    dialog.close()
    # The numbers of the README.
    assert (results["SOURCE_COUNT"], results["LINK_COUNT"]) == (26, 61)
    assert (results["PINCH_COUNT"], results["BARRIER_COUNT"]) == (64, 112)
    assert os.path.exists(os.path.join(project.folder, "network", "project.qgz"))
    settle()
    window.draw()
    window.picture("9_demonstration_network")


def test_a_second_demonstration_goes_beside_the_first_and_can_be_cancelled(window):
    menu = plugins["ecosecnet"]._menu
    first = menu._project.folder if menu._project else ""
    entry("Demonstration project").trigger()
    project = menu._project
    assert project.folder != first
    assert not os.path.exists(os.path.join(project.folder, "landuse.tif"))
    settle(0.3)
    (cancel,) = [
        one for one in iface.messageBar().findChildren(QPushButton) if one.text() == "Cancel" and one.isVisible()
    ]
    cancel.click()
    wait(lambda: not project.running(), 60, "the end of the run")
    settle(0.5)
    assert not os.path.exists(project.folder)
    assert project.dialog is None
    assert not window.project.mapLayers()
    assert any("cancelled" in text for text in window.bar)
    QApplication.processEvents()
