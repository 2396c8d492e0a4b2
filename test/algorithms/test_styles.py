"""The styles of the folder styles/ are those that runs write."""

import importlib.util
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
STYLES = ROOT / "styles"


def colours(text):
    """Return colours, values and labels of a style in their order: what does not hang on the version of QGIS."""
    found = []
    for element in ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", text)).iter():
        held = element.attrib
        if element.tag == "Option" and held.get("name", "") in ("color", "line_color", "outline_color"):
            found.append(held.get("value"))
        elif element.tag in ("paletteEntry", "item", "category"):
            found.append((held.get("value"), held.get("color"), held.get("label")))
    return found


def test_the_folder_has_the_layers_of_a_network():
    held = {path.stem for path in STYLES.glob("*.qml")}
    assert held >= {
        "landuse", "dem", "roads", "rivers", "townships", "settlements", "mspa", "sources", "resistance", "links",
        "corridors", "current", "pinchpoints", "score", "barriers", "actions",
    }  # fmt: skip


def test_mspa_is_in_the_official_colours():
    from ecosecnet.core.mspa import CODES

    text = (STYLES / "mspa.qml").read_text(encoding="utf-8")
    shown = {
        int(re.search(r'value="(\d+)"', entry)[1]): re.search(r'color="(#\w{6})"', entry)[1]
        for entry in re.findall(r"<paletteEntry [^>]*>", text)
    }
    assert shown
    for code in CODES:
        if code.code in shown:
            assert shown[code.code] in ("#{:02x}{:02x}{:02x}".format(*one) for one in (code.colour, code.plain_colour))


@pytest.mark.parametrize("name", sorted(path.stem for path in STYLES.glob("*.qml")))
def test_a_style_can_be_loaded_and_says_nothing_of_the_machine_that_made_it(qgis, name):
    text = (STYLES / f"{name}.qml").read_text(encoding="utf-8")
    assert "<qgis " in text
    assert not re.search(r"/tmp|/home|/root|C:\\", text)


@pytest.mark.slow
def test_they_are_in_step_with_the_tools(qgis, tmp_path):
    spec = importlib.util.spec_from_file_location("make_styles", ROOT / "scripts" / "make_styles.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(qgis, tmp_path)
    fresh = {path.name: colours(path.read_text(encoding="utf-8")) for path in tmp_path.glob("*.qml")}
    held = {path.name: colours(path.read_text(encoding="utf-8")) for path in STYLES.glob("*.qml")}
    assert all(len(found) > 0 for name, found in held.items() if name != "dem.qml")
    assert fresh == held, "run scripts/make_styles.py"
