"""Layers keep their looks where QGIS finds them: beside their files, in a process that knows nothing of the run."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

LOOK = """
import json, os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import QgsApplication, QgsRasterLayer, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
found = {}
for source in sys.argv[1:]:
    raster = source.endswith(".tif")
    layer = QgsRasterLayer(source, "x") if raster else QgsVectorLayer(source, "x", "ogr")
    renderer = layer.renderer()
    classes = renderer.classes() if renderer.type() == "paletted" else []
    entries = [(one.value, one.label, one.color.name()) for one in classes]
    aliases = [] if raster else [field.alias() for field in layer.fields() if field.alias()]
    found[source] = [layer.isValid(), renderer.type(), entries, aliases]
print(json.dumps(found))
os._exit(0)
"""


def looks(*sources):
    """Return validity, kind of renderer, classes and headings of layers that a fresh process opens."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *map(str, sources)], capture_output=True, text=True, check=True, timeout=120
    )
    return list(json.loads(done.stdout.splitlines()[-1]).values())


@pytest.fixture
def wood(raster):
    values = np.ones((40, 40), dtype=np.uint8)
    values[5:20, 5:20] = values[25:36, 25:36] = 2
    return raster("wood", values)


def test_a_raster_dragged_into_qgis_has_its_classes(run, wood, tmp_path):
    out = run("mspa", INPUT=wood, CLASSES=str(tmp_path / "形态.tif"), OUTPUT=str(tmp_path / "codes.tif"))
    for (valid, kind, entries, _), core in zip(looks(out["CLASSES"], out["OUTPUT"]), (1, 17)):
        assert valid
        assert kind == "paletted"
        # the official colour of core
        assert (core, "#00c800") in [(value, colour) for value, _, colour in entries]
    assert {"形态.qml", "codes.qml"} <= set(os.listdir(tmp_path))


def sources_of(run, wood, where):
    return run("sources", INPUT=wood, CORE_VALUES="2", MIN_AREA=1, OUTPUT=str(where))


def test_features_have_theirs_in_a_file_and_in_a_geopackage_of_several(run, wood, tmp_path):
    own = tmp_path / "own.gpkg"
    sources_of(run, wood, own)
    shared = tmp_path / "shared.gpkg"
    for name in ("one", "two"):
        sources_of(run, wood, f'ogr:dbname="{shared}" table="{name}" (geom)')
    assert own.with_suffix(".qml").exists()
    assert not shared.with_suffix(".qml").exists()
    plain = looks(own)[0]
    assert plain[1] != "nullSymbol"
    assert plain[3], "no headings"
    for name in ("one", "two"):
        assert looks(f"{shared}|layername={name}")[0][1:4] == plain[1:4]


def test_a_style_of_the_user_is_kept_and_one_of_ours_replaced(run, wood, tmp_path):
    target = tmp_path / "mspa.tif"
    style = tmp_path / "mspa.qml"
    run("mspa", INPUT=wood, OUTPUT=str(target))
    ours = style.read_bytes()
    style.write_bytes(ours.replace(b"Core", b"Kern"))
    run("mspa", INPUT=wood, OUTPUT=str(target))
    assert b"Kern" not in style.read_bytes(), "of ours, so it is written anew"
    own = b"<!DOCTYPE qgis><qgis/>"
    style.write_bytes(own)
    run("mspa", INPUT=wood, OUTPUT=str(target))
    assert style.read_bytes() == own


def test_tables_have_none(run, wood, tmp_path):
    out = run("mspa", INPUT=wood, OUTPUT="TEMPORARY_OUTPUT", STATISTICS=str(tmp_path / "t.csv"))
    assert out["STATISTICS"] == str(tmp_path / "t.csv")
    assert not (tmp_path / "t.qml").exists()


def test_two_outputs_of_one_name_do_not_share_a_style(run, wood, tmp_path):
    both = {"OUTPUT": str(tmp_path / "s.gpkg"), "RASTER": str(tmp_path / "s.tif")}
    run("sources", INPUT=wood, CORE_VALUES="2", MIN_AREA=1, **both)
    alone = sources_of(run, wood, tmp_path / "alone.gpkg")["OUTPUT"]
    features, numbers, expected = looks(both["OUTPUT"], both["RASTER"], alone)
    assert numbers[1] == "paletted"
    assert features[1:4] == expected[1:4]


def test_other_layers_of_a_geopackage_keep_their_style(run, wood, polygons, tmp_path):
    from qgis.core import QgsVectorLayer

    shared = polygons("mine", [("Polygon ((0 0, 1 0, 1 1, 0 0))", {"a": 1})])
    mine = QgsVectorLayer(shared, "mine", "ogr")
    mine.setFieldAlias(mine.fields().lookupField("a"), "My own")
    mine.saveStyleToDatabase("kept", "", True, "")
    sources_of(run, wood, f'ogr:dbname="{shared}" table="new" (geom)')
    old, new = looks(f"{shared}|layername=mine", f"{shared}|layername=new")
    assert old[3] == ["My own"]
    assert new[3]


def test_a_layer_of_a_geopackage_is_written_again_without_a_question_and_keeps_the_users_style(run, wood, tmp_path):
    """QGIS asks in a window whether a style of the same name is to be replaced, which holds up a run for ever."""
    from qgis.core import QgsVectorLayer

    shared = tmp_path / "shared.gpkg"
    for _ in range(2):
        for name in ("one", "two"):
            sources_of(run, wood, f'ogr:dbname="{shared}" table="{name}" (geom)')
    layer = QgsVectorLayer(f"{shared}|layername=two", "two", "ogr")
    assert layer.listStylesInDatabase()[0] == 1
    layer.setFieldAlias(1, "My own")
    layer.saveStyleToDatabase("mine", "", True, "")
    del layer
    sources_of(run, wood, f'ogr:dbname="{shared}" table="two" (geom)')
    one, two = looks(f"{shared}|layername=one", f"{shared}|layername=two")
    assert "My own" in two[3]
    assert "My own" not in one[3]
