"""The first ten minutes of the README, with the mouse where a planner has it."""

import os

from window import share_of_most_common


def test_the_demonstration_landscape_is_on_the_map(window, tmp_path):
    dialog = window.open("demolandscape", SIZE=300, OUTPUT_FOLDER=str(tmp_path / "county"))
    assert dialog.run() is not None, dialog.text()
    assert not dialog.red()
    dialog.close()
    layers = window.layers()
    assert len(window.project.mapLayers()) == 15
    for name in ("Elevation", "Land use", "Roads", "Mines", "Ecological protection red line", "Townships"):
        assert layers[name].isValid()
        assert layers[name].crs().authid() == "EPSG:4544"
        assert layers[name].crs().toWkt()
    window.picture("demolandscape")
    assert share_of_most_common(window.draw()) < 0.8
    assert os.path.exists(tmp_path / "county" / "landuse.tif")
