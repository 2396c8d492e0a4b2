"""The report of a whole run: what it holds is what the layers hold, on the page and in the document."""

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from html.parser import HTMLParser

import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

HOSTILE = """<script>alert(1)</script> & "Co" 'X'"""
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"


class Page(HTMLParser):
    """Reads a page into what is tested of it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.headings, self.entries, self.tables, self.figures = [], [], [], [], [], []
        self._text, self._row, self._in = None, None, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        self.tags.append((tag, held))
        self._in.append(tag)
        if "id" in held:
            self.ids.append(held["id"])
        if tag in ("h2", "h3", "a", "td", "th", "caption", "figcaption"):
            self._text = ""
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag == "figure":
            self.figures.append({"pictures": []})
        if tag == "img" or held.get("role") == "img":
            self.figures[-1]["pictures"].append(held.get("alt") or held.get("aria-label") or "")

    def handle_data(self, data):
        if self._text is not None:
            self._text += data

    def handle_endtag(self, tag):
        if tag in ("h2", "h3") and "nav" not in self._in:
            self.headings.append(self._text)
        if tag == "a" and "nav" in self._in:
            self.entries.append(self._text)
        if tag in ("td", "th"):
            self.tables[-1][-1].append(self._text)
        if tag == "caption":
            self.tables[-1].append(self._text)
        if tag == "figcaption":
            self.figures[-1]["caption"] = self._text
        while self._in and self._in.pop() != tag:
            pass


@pytest.fixture(scope="module")
def made(qgis, tmp_path_factory):
    """A run on a small county with names that would be markup, if anyone let them."""
    from osgeo import gdal

    folder = tmp_path_factory.mktemp("report")
    county = qgis.run("ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": str(folder)})
    file = gdal.OpenEx(str(folder / "landscape.gpkg"), gdal.OF_VECTOR | gdal.OF_UPDATE)
    layer = file.GetLayerByName("townships")
    for feature in layer:
        feature.SetField("name", f"{HOSTILE} {feature.GetFID()}")
        layer.SetFeature(feature)
    del layer, file
    parameters = {
        "LANDUSE": county["LANDUSE"],
        "LEGEND": 1,
        "DEM": county["DEM"],
        "ROADS": county["ROADS"],
        "LITHOLOGY": county["LITHOLOGY"],
        "CORRECTIONS": [county["GEOHAZARDS"]],
        "TOWNSHIPS": county["TOWNSHIPS"],
        "TOWNSHIP_NAME": ["name"],
        "MIN_AREA": 10.0,
        "DISPERSAL": 600.0,
        "CUTOFF": 300.0,
        "MIN_KEY_AREA": 0.0,
        "BUDGET": "20",
        "TITLE": f"Plan {HOSTILE}",
        "PLACE": HOSTILE,
        "AUTHOR": HOSTILE,
        "REPORT": str(folder / "report.html"),
        "REPORT_DOCX": str(folder / "report.docx"),
        "MAP_SHEETS": str(folder / "sheets.pdf"),
        **{name: str(folder / f"{name}.gpkg") for name in ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS")},
    }
    found = qgis.run("ecosecnet:securitynetwork", parameters)
    return folder, found


@pytest.fixture(scope="module")
def page(made):
    return Page((made[0] / "report.html").read_text(encoding="utf-8"))


def numbers(texts, word):
    return [int(re.match(rf"{word} (\d+) ", text)[1]) for text in texts]


def test_contents_headings_and_numbers_run(page):
    assert page.entries == page.headings
    assert len(page.headings) > 15
    assert len(set(page.ids)) == len(page.ids)
    targets = [held["href"][1:] for tag, held in page.tags if tag == "a"]
    assert set(targets) <= set(page.ids)
    assert numbers([table[0] for table in page.tables], "Table") == list(range(1, len(page.tables) + 1))
    assert numbers([one["caption"] for one in page.figures], "Figure") == list(range(1, len(page.figures) + 1))
    assert len(page.figures) > 15
    assert all(one["pictures"] and all(one["pictures"]) for one in page.figures), "each is said in words"


def test_the_page_needs_nothing_and_is_small(made, page):
    text = (made[0] / "report.html").read_text(encoding="utf-8")
    assert len(text) < 10e6
    assert (made[0] / "report.docx").stat().st_size < 10e6
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object"}
    assert not [held for _, held in page.tags if any(name.startswith("on") for name in held)]
    links = [held[name] for _, held in page.tags for name in ("src", "href") if name in held]
    assert all(link.startswith(("#", "data:image/")) for link in links)
    assert ("html", {"lang": "en"}) in page.tags
    assert all(held.get("scope") == "col" for tag, held in page.tags if tag == "th")


def test_hostile_names_are_text(made, page):
    text = (made[0] / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;" in text
    names = [row[0] for table in page.tables for row in table[1:]]
    assert any(name.startswith(HOSTILE) for name in names)


def test_tables_add_up_to_the_layers(made, page):
    folder, found = made
    for kind, layer in (("pinch points", "PINCHPOINTS"), ("barriers", "BARRIERS")):
        held = read_table(str(folder / f"{layer}.gpkg"))
        whole = sum(row["area_ha"] for row in held)
        table = next(one for one in page.tables if f"The single {kind}" in one[0])
        head, rows, total = table[1], table[2:-1], table[-1]
        place = head.index("Area (hm²)")
        assert len(rows) == len(held) == found["PINCH_COUNT" if layer == "PINCHPOINTS" else "BARRIER_COUNT"]
        assert [float(row[place].replace(",", "")) for row in rows] == pytest.approx(
            [row["area_ha"] for row in held], abs=0.006
        )
        assert float(total[place].replace(",", "")) == pytest.approx(whole, abs=0.006)
        assert [row[head.index("Corridor")] for row in rows] == [str(row["link_id"]) for row in held]
        by_place = next(one for one in page.tables if f"{kind.capitalize()} by township" in one[0])
        column = by_place[1].index("Area (hm²)")
        areas = [float(row[column].replace(",", "")) for row in by_place[2:]]
        assert sum(areas[:-1]) == pytest.approx(areas[-1], abs=0.01 * len(areas))
        assert areas[-1] == pytest.approx(whole, abs=0.01)


def test_findings_are_what_the_layers_say(made):
    folder, _ = made
    text = (folder / "report.html").read_text(encoding="utf-8")
    links = [row for row in read_table(str(folder / "LINKS.gpkg")) if row["active"]]
    length = {grade: sum(r["lcp_length"] for r in links if r["grade"] == grade) for grade in (1, 2, 3)}
    most = max(length, key=length.get)
    assert (
        f"{100 * length[most] / sum(length.values()):.0f} % of the length of the corridors is of grade {most};" in text
    )
    sources = read_table(str(folder / "SOURCES.gpkg"))
    first = max(sources, key=lambda row: row["dPC"])
    assert f"Source {first['source_id']} matters most for connectivity: without it {first['dPC']:.1f} %" in text


def test_the_document_holds_what_the_page_holds(made, page):
    folder, _ = made
    with zipfile.ZipFile(folder / "report.docx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    roots = {
        name: ET.parse(io.BytesIO(data)).getroot() for name, data in parts.items() if name.endswith((".xml", ".rels"))
    }
    body = roots["word/document.xml"]

    def text(element):
        return "".join(one.text or "" for one in element.iter(f"{W}t"))

    def styled(*styles):
        for paragraph in body.iter(f"{W}p"):
            style = paragraph.find(f"{W}pPr/{W}pStyle")
            if style is not None and style.get(f"{W}val") in styles:
                yield paragraph

    assert [text(one) for one in styled("Heading1", "Heading2")] == page.headings
    captions = [text(one) for one in styled("Caption")]
    assert numbers([one for one in captions if one.startswith("Table")], "Table") == list(
        range(1, len(page.tables) + 1)
    )
    figures = [one for one in captions if one.startswith("Figure")]
    assert numbers(figures, "Figure") == list(range(1, len(page.figures) + 1))
    pictures = list(body.iter(f"{DRAWING}docPr"))
    assert len(pictures) == sum(len(one["pictures"]) for one in page.figures)
    assert all(one.get("descr") for one in pictures)
    assert len({one.get("id") for one in pictures}) == len(pictures)
    headed = [table for table in body.iter(f"{W}tbl") if table.find(f"{W}tr/{W}trPr/{W}tblHeader") is not None]
    assert len(headed) == len(page.tables)
    for table in headed:
        columns = len(table.find(f"{W}tblGrid"))
        assert {len(row.findall(f"{W}tc")) for row in table.findall(f"{W}tr")} == {columns}
    links = {one.get("Id"): one.get("Target") for one in roots["word/_rels/document.xml.rels"]}
    held = [links[one.get(LINK)] for one in body.iter() if one.get(LINK)]
    assert {f"word/{file}" for file in held} == {name for name in parts if name.startswith("word/media/")}
    used = {style.get(f"{W}val") for style in body.iter(f"{W}pStyle")}
    assert used <= {style.get(f"{W}styleId") for style in roots["word/styles.xml"].iter(f"{W}style")}
    anchors = {one.get(f"{W}anchor") for one in body.iter(f"{W}hyperlink")}
    assert anchors <= {one.get(f"{W}name") for one in body.iter(f"{W}bookmarkStart")}
    assert next(text(one) for one in styled("Title")) == f"Plan {HOSTILE}"
    size = next(body.iter(f"{W}pgSz"))
    assert (size.get(f"{W}w"), size.get(f"{W}h")) == ("11906", "16838"), "A4"


@pytest.mark.parametrize(("grades", "said"), [((1, 3), True), ((1, 2), False), ((3, 3), False)])
def test_grades_are_compared_where_there_are_both(qgis, grades, said):
    """A study area may be crossed by corridors of the lowest grade only, whose mean length is that of nothing."""
    from types import SimpleNamespace

    from ecosecnet.algorithms.planning.network.keyplaces import important_corridors

    links = SimpleNamespace(length=np.array([500.0, 2000.0]), active=np.array([True, True]))
    network = SimpleNamespace(corridors=SimpleNamespace(links=links, grade=np.array(grades)))
    table = (), [["Pinch points", "Grade 1 to 2", 1, 50.0]]
    sentences = important_corridors(SimpleNamespace(network=network, key_areas_by_grade=table))
    assert bool(sentences) == said
    assert "nan" not in " ".join(sentences)


def test_the_map_sheets_are_pages_of_a_pdf(made):
    folder, found = made
    content = (folder / "sheets.pdf").read_bytes()
    assert found["MAP_SHEETS"] == str(folder / "sheets.pdf")
    (pages,) = {int(one) for one in re.findall(rb"/Count (\d+)", content)}
    assert pages > 10
