"""Everything in one folder, from the dialog: what is loaded comes from there, and its project opens where it was moved to."""

import os
import shutil

from window import colours, flat, settle, share_of_most_common


def test_a_run_into_one_folder(window, county, tmp_path):
    folder = tmp_path / "结果"
    names = {"LANDUSE": "landuse.tif", "DEM": "dem.tif"}
    dialog = window.open(
        "securitynetwork",
        LEGEND=1,
        MIN_AREA=20.0,
        RESULTS_FOLDER=str(folder),
        TOWNSHIPS=f"{county}/landscape.gpkg|layername=townships",
        **{name: str(county / file) for name, file in names.items()},
    )
    window.picture("results_folder_dialog")
    results = dialog.run(600)
    window.picture("results_folder_log")
    assert results is not None, dialog.refusals or dialog.text()
    assert not dialog.red()
    dialog.close()
    settle(1.0)
    layers = window.layers()
    assert {"Ecological sources", "Ecological corridors", "Resistance surface", "Pinch points"} <= set(layers)
    inside = os.path.realpath(folder)
    for name in ("Ecological sources", "Resistance surface"):
        assert os.path.realpath(layers[name].source().partition("|")[0]).startswith(inside), name
    window.draw()
    window.picture("results_folder_map")
    window.forget()  # an empty project: the files are closed

    moved = tmp_path / "moved"
    shutil.copytree(folder, moved)
    shutil.rmtree(folder)
    assert window.project.read(str(moved / "project.qgz"))
    settle(1.0)
    assert all(layer.isValid() for layer in window.project.mapLayers().values())
    order = flat(window.tree())
    assert order.index("Pinch points") < order.index("Ecological corridors") < order.index("Resistance surface")
    image = window.draw()
    window.picture("results_folder_project")
    assert share_of_most_common(image) < 0.8
    assert len(colours(image)) > 100
