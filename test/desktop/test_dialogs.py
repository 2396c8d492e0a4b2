"""What the dialogs offer when they open."""

from window import settle


def _names(window, value):
    if isinstance(value, list):
        return [_names(window, one) for one in value]
    layer = window.project.mapLayer(str(value))
    if layer is None:  # an input of several layers holds their sources
        layer = next((one for one in window.project.mapLayers().values() if one.source() == value), None)
    return layer.name() if layer else value


def test_dialogs_pick_the_layers_that_fit_and_keep_what_is_given(window, tmp_path):
    made = window.open("demolandscape", SIZE=160, OUTPUT_FOLDER=str(tmp_path / "county"))
    assert made.run() is not None, made.text()
    made.dialog.close()
    dialog = window.open("securitynetwork")
    shown = {name: _names(window, dialog.value(name)) for name in ("LANDUSE", "DEM", "ROADS", "MINES", "TOWNSHIPS")}
    window.picture("securitynetwork_dialog")
    assert shown == {
        "LANDUSE": "Land use",
        "DEM": "Elevation",
        "ROADS": "Roads",
        "MINES": "Mines",
        "TOWNSHIPS": "Townships",
    }
    assert _names(window, dialog.value("PROTECTED")) == ["Ecological protection red line", "Nature reserves"]
    assert len(dialog.value("CORRECTIONS")) == 3
    assert dialog.value("TOWNSHIP_NAME") in (["name"], "name")
    assert _names(window, dialog.value("SCORES")) == "Table of scores"

    # Run, change a parameter, run again.
    dialog.set(LEGEND=1, MIN_AREA=5.0, MIN_DPC=0.5, DISPERSAL=1000.0)
    first = dialog.run()
    assert first is not None, dialog.text()
    dialog.set(ROADS=None)
    second = dialog.run()
    assert second is not None, dialog.text()
    assert dialog.value("ROADS") is None
    assert _names(window, dialog.value("MINES")) == "Mines"
    given = dialog.dialog.createProcessingParameters()
    dialog.dialog.close()

    # The links and sources of the last run stand in the next dialog.
    centrality = window.open("centrality")
    assert _names(window, centrality.value("SOURCES")) == "Ecological sources"
    assert _names(window, centrality.value("LINKS")) == "Ecological corridors"
    centrality.dialog.close()

    # An entry of the history is what it was, not what would be offered today.
    import processing

    given["PROTECTED"] = ""  # as the history notes that none were chosen
    again = processing.createAlgorithmDialog("ecosecnet:securitynetwork", given)
    again.show()
    settle()
    held = again.createProcessingParameters()
    again.close()
    assert held["ROADS"] is None
    assert not held["PROTECTED"]
    assert held["MINES"] == given["MINES"]
    assert held["MIN_AREA"] == 5.0
