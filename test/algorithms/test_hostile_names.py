"""Names and values that are markup, formulas, or tricks of writing stay texts in whatever a tool writes.

A whole run is made twice, with plain names and with such ones: pages must have the same elements, and nothing more.
"""

import csv
import re
import shutil
import zipfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ecosecnet.algorithms.support.io.formulas import unguard
from layerio import read_table

pytestmark = pytest.mark.qgis

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    SCRIPT,
    "<img src=x onerror=alert(2)>",
    "\"' onmouseover=alert(3) x='\"",
    "</td></table></style></title> ]]>&amp;&#60;b&#62; <!--",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1:A9)",
    "＝1+1",
    "\u202egnp.exe\u200b\ufeff",
    "line\nbreak\ttab %s {0} [% 1+1 %]",
    "长" * 10_000,
)
"""What a name begins with."""

HOSTILE_FILE = "<b>&'\"x=1 onload=alert(5) =cmd"
"""What the name of a file holds, where the system takes it."""

OURS = {
    *(
        "href",
        "src",
        "alt",
        "class",
        "style",
        "id",
        "lang",
        "charset",
        "colspan",
        "rowspan",
        "scope",
        "name",
        "content",
    ),
    *("role", "width", "height", "loading", "open", "title", "datetime", "for", "type", "media", "start", "value"),
}
"""Attributes that our pages have."""

DRAWN = {
    *("svg", "g", "text", "tspan", "rect", "line", "path", "polyline", "polygon", "circle", "ellipse", "stop", "defs"),
    *("lineargradient", "use", "desc", "clippath"),
}
"""Elements of drawings, which have many attributes."""


class Elements(HTMLParser):
    """Counts the elements of a page, and gathers its texts and what should not be there."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.found, self.wrong, self.texts = Counter(), [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found[tag] += 1
        for name, value in attributes:
            if tag not in DRAWN and not (name in OURS or name.startswith(("data-", "aria-"))):
                self.wrong.append((tag, name))
            if name.startswith("on") or (name in ("href", "src") and not re.match(r"data:image/|#", value or "")):
                self.wrong.append((tag, name, value))
        if tag in ("script", "iframe", "object", "embed", "base", "form"):
            self.wrong.append(tag)

    def handle_data(self, text):
        self.texts.append(text)


def spoilt(layer, names):
    """Put names before the texts of a layer, and before its own name."""
    from qgis.core import edit

    columns = [k for k, field in enumerate(layer.fields()) if field.name() in ("name", "class", "village", "lithology")]
    with edit(layer):
        for number, feature in enumerate(list(layer.getFeatures())):
            for k in columns:
                if feature.attribute(k):
                    text = f"{names[number % len(names)]}{feature.attribute(k)}"
                    layer.changeAttributeValue(feature.id(), k, text)
    return layer


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    return qgis.run(
        "ecosecnet:demolandscape",
        {"SIZE": 320, "LOAD": False, "OUTPUT_FOLDER": str(tmp_path_factory.mktemp("county"))},
    )


@pytest.fixture(scope="module")
def runs(qgis, county, tmp_path_factory):
    """Return the outputs of a run with plain names, and of one with the names above."""
    from qgis.core import QgsApplication, QgsRasterLayer, QgsVectorLayer

    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:securitynetwork")
    given = {definition.name() for definition in tool.parameterDefinitions()}

    def layer(output, kind, folder, number, names):
        source, bar, part = county[output].partition("|")
        file = folder / f"{number}{'' if names == ('',) else HOSTILE_FILE}{output}{Path(source).suffix}"
        shutil.copy(source, file)
        name = f"{names[number % len(names)]}{output}"[:200]
        made = (
            QgsRasterLayer(str(file), name) if kind == "raster" else QgsVectorLayer(f"{file}{bar}{part}", name, "ogr")
        )
        assert made.isValid(), file
        return made if kind == "raster" else spoilt(made, names)

    def made(names):
        folder = tmp_path_factory.mktemp("run")
        inputs = {
            "LANDUSE": layer("LANDUSE", "raster", folder, 0, names),
            "DEM": layer("DEM", "raster", folder, 1, names),
            "ROADS": layer("ROADS", "vector", folder, 2, names),
            "TOWNSHIPS": layer("TOWNSHIPS", "vector", folder, 3, names),
            "SCORES": layer("SCORES", "vector", folder, 4, names),
            "TOWNSHIP_NAME": "name",
            "LEGEND": 1,
            "TITLE": f"{names[0]}Title",
            "PLACE": f"{names[2 % len(names)]}Place",
            "AUTHOR": f"{names[3 % len(names)]}Author",
        }
        files = {
            "REPORT": "report.html",
            "REPORT_DOCX": "report.docx",
            "ACTION_BOOK": "actions.xlsx",
            "TABLE_BOOK": "tables.xlsx",
            "KEY_TABLE": "key.csv",
            "TOWNSHIP_TABLE": "townships.csv",
            "CORRIDOR_TABLE": "corridors.csv",
            "ACTION_TABLE": "actions.csv",
            "ACTIONS": "(actions).gpkg",
            "CAPSULE": "run.zip",
        }
        outputs = {key: str(folder / name) for key, name in files.items()}
        parameters = {key: value for key, value in {**inputs, **outputs}.items() if key in given}
        return qgis.run(tool.id(), parameters)

    return made(("",)), made(NAMES)


@pytest.mark.parametrize("tool", ["tabulate"])
def test_a_translated_page_keeps_names_as_texts(qgis, county, tmp_path, tool):
    """Translation takes a page apart and puts it together again."""
    from ecosecnet.algorithms.support import language
    from qgis.core import QgsFeatureRequest, QgsSettings, QgsVectorLayer

    zones = QgsVectorLayer(county["TOWNSHIPS"], NAMES[0], "ogr").materialize(QgsFeatureRequest())
    zones.setName(NAMES[1])
    spoilt(zones, NAMES)
    QgsSettings().setValue(language.REPORTS, "both")
    try:
        page = str(tmp_path / "a.html")
        qgis.run(
            f"ecosecnet:{tool}",
            {"AREAS": zones, "ZONES": zones, "NAME": "name", "TABLE": "TEMPORARY_OUTPUT", "HTML": page},
        )
    finally:
        QgsSettings().remove(language.REPORTS)
    found = page_of(page)
    assert found.wrong == []
    assert "".join(found.texts).count(SCRIPT) >= 2  # once a language
    assert found.found["img"] == 0


def test_nothing_turns_the_writing_round(runs):
    assert "\u202e" not in "".join(page_of(runs[1]["REPORT"]).texts)


def test_a_refusal_is_no_markup_where_a_box_shows_it(qgis, county):
    from qgis.core import QgsApplication, QgsProcessingContext, QgsRasterLayer

    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:foreground")
    heights = QgsRasterLayer(county["DEM"], f"{SCRIPT}<b>\u202eheights</b>")
    good, told = tool.checkParameterValues(
        {"INPUT": heights, "FOREGROUND": "1", "OUTPUT": "TEMPORARY_OUTPUT"}, QgsProcessingContext()
    )
    assert not good
    assert not re.search(r"<[a-zA-Z/]|\u202e", told)
    assert told.replace("\u2060", "").startswith(f"'{SCRIPT}<b>heights</b>' holds measured values")


def page_of(path):
    with open(path, encoding="utf-8") as file:
        return Elements(file.read())


def test_a_report_has_the_elements_of_its_plain_twin(runs):
    plain, hostile = (page_of(one["REPORT"]) for one in runs)
    assert hostile.wrong == []
    assert hostile.found == plain.found
    # The names are there, as texts.
    assert SCRIPT in "".join(hostile.texts)
    assert "=cmd|' /C calc'!A0" in "".join(hostile.texts)


def test_no_cell_of_a_table_is_a_formula(runs):
    _, hostile = runs
    seen = 0
    for path in (value for value in hostile.values() if str(value).endswith(".csv")):
        with open(path, encoding="utf-8-sig", newline="") as file:
            for cell in (cell for row in csv.reader(file) for cell in row):
                assert not re.match(r"[=+@\t\r\n＝＋－＠-](?![\d.]*$)", cell), (path, cell[:80])
                seen += cell.startswith("'")
    assert seen
    names = {unguard(row["township"]) for row in read_table(hostile["TOWNSHIP_TABLE"])}
    assert any(name.startswith("=cmd|' /C calc'!A0") for name in names)
    assert any(name.startswith("长" * 10_000) for name in names)


def kinds_of(root):
    """Return the names of the elements of a tree."""
    return {element.tag.rpartition("}")[2] for element in root.iter()}


@pytest.mark.parametrize("output", ["ACTION_BOOK", "TABLE_BOOK", "REPORT_DOCX"])
def test_documents_hold_names_as_texts(runs, output):
    plain, hostile = runs
    if output not in hostile:
        pytest.skip("not yet an output")
    texts = ""
    with zipfile.ZipFile(hostile[output]) as archive, zipfile.ZipFile(plain[output]) as twin:
        assert len(archive.namelist()) == len(twin.namelist())
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                root = ElementTree.fromstring(archive.read(name))
                kinds = kinds_of(root)
                assert kinds <= kinds_of(ElementTree.fromstring(twin.read(name))) | {"br", "tab"}
                assert "f" not in kinds
                texts += "".join(root.itertext())
    assert "=cmd|' /C calc'!A0" in texts


def test_the_capsule_keeps_the_names_and_can_be_read(runs):
    import json

    with zipfile.ZipFile(runs[1]["CAPSULE"]) as archive:
        assert archive.testzip() is None
        run = json.loads(archive.read("run.json"))
        assert not [name for name in archive.namelist() if re.search(r'[<>"|?*:\\]|\.\.', name)]
    assert any(SCRIPT in one["name"] for one in run["inputs"])


def test_a_layer_keeps_names_as_they_are(runs):
    names = {row["name"] for row in read_table(runs[1]["ACTIONS"])}
    assert names
    assert any(name.startswith(NAMES) for name in names)
    assert not any(name.startswith("'") for name in names)
