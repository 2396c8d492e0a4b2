"""What the Liuzhi study (Yang et al.) states, in our own words, and where a run of `securitynetwork` has its counterpart.

Each statement names the places of its numbers precisely: a cell of a table of the report by its row and column, a figure by
its caption and key, a sentence, a number among the results, a column of a layer or table, a raster. A place that is not
there, or is empty, raises `NothingThereError`.
"""

from __future__ import annotations

import html
import math
import os
import re
from typing import NamedTuple

import numpy as np
from layerio import read_raster, read_table


class NothingThereError(LookupError):
    """An output has vanished, or says nothing."""


class Made:
    """The outputs of a run: its results, and the report as tables, figures and plain text."""

    def __init__(self, results, report):
        self.results = results
        self.tables = {
            re.sub(r"^Table \d* ?", "", _plain(caption)): _rows(body)
            for caption, body in re.findall(_TABLE, report, re.S)
        }
        # of small pictures beside one another the text of each is its name
        self.figures = {
            re.sub(r"^.*: (?=\()", "", _plain(text)): content for text, content in re.findall(_PICTURE, report, re.S)
        }
        self.text = _plain(
            re.sub(r"<figure>.*?</figure>|<table>.*?</table>|<style>.*?</style>", " ", report, flags=re.S)
        )

    def layer(self, name):
        """Return the rows of a layer or table that was written."""
        if not self.results.get(name) or not os.path.exists(self.results[name]):
            raise NothingThereError(f"{name} was not written")
        return read_table(self.results[name])

    def starting(self, held, start):
        """Return the one of tables or figures whose caption starts like this."""
        found = [one for caption, one in held.items() if caption.startswith(start)]
        if len(found) != 1:
            raise NothingThereError(f"{len(found)} captions start with '{start}': {', '.join(held)}")
        return found[0]


_TABLE = r"<table><caption>(.*?)</caption>(.*?)</table>"
_PICTURE = r"<img alt='(.*?)'[^>]*base\d*,(.*?)'"


def _plain(text):
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def _rows(body):
    return [
        [_plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in re.findall(r"<tr.*?</tr>", body)
    ]


def _number(text, where):
    try:
        value = float(str(text).replace(",", ""))
    except ValueError:
        raise NothingThereError(f"{where}: '{text}' is not a number") from None
    if not math.isfinite(value):
        raise NothingThereError(f"{where} is {value}")
    return value


class Cell(NamedTuple):
    """A number in a table of the report: start of the caption, first cell of the row, heading of the column."""

    caption: str
    row: str
    column: str

    def find(self, made):
        head, *rows = made.starting(made.tables, self.caption)
        held = [row for row in rows if row[0] == self.row]
        if self.column not in head or not held:
            raise NothingThereError(f"{self}: columns {head}, rows {[row[0] for row in rows]}")
        return _number(held[0][head.index(self.column)], self)


class Words(NamedTuple):
    """The same with a text that matches a pattern."""

    caption: str
    row: str
    column: str
    pattern: str

    def find(self, made):
        head, *rows = made.starting(made.tables, self.caption)
        held = [row[head.index(self.column)] for row in rows if row[0] == self.row and self.column in head]
        if not held or not re.search(self.pattern, held[0]):
            raise NothingThereError(f"{self}: {held}")
        return held[0]


class Figure(NamedTuple):
    """A picture of the report with several colours."""

    caption: str

    def find(self, made):
        from qgis.PyQt.QtCore import QByteArray
        from qgis.PyQt.QtGui import QImage

        content = made.starting(made.figures, self.caption)
        image = QImage.fromData(QByteArray.fromBase64(content.encode()))
        if image.width() < 200 or image.colorCount() < 4:
            raise NothingThereError(f"{self}: {image.width()} pixels, {image.colorCount()} colours")
        return image.colorCount()


class Sentence(NamedTuple):
    """A number in the text of the report; the pattern has one group, the number."""

    pattern: str

    def find(self, made):
        found = re.findall(self.pattern, made.text)
        if len(found) != 1:
            raise NothingThereError(f"{len(found)} times in the text: {self.pattern}")
        return _number(found[0], self)


class Number(NamedTuple):
    """A number among the results."""

    name: str

    def find(self, made):
        value = _number(made.results.get(self.name, "nothing"), self)
        if not value > 0:
            raise NothingThereError(f"{self.name} is {value:g}")
        return value


class Field(NamedTuple):
    """A column of a layer with a value above 0 in some row that fits."""

    output: str
    field: str
    where: tuple[tuple[str, object], ...] = ()

    def find(self, made):
        from qgis.core import NULL

        rows = made.layer(self.output)
        held = [row for row in rows if all(row.get(name) == value for name, value in self.where)]
        if not held or self.field not in held[0]:
            raise NothingThereError(f"{self}: {len(held)} of {len(rows)} rows, fields {list(rows[0]) if rows else []}")
        values = [_number(row[self.field], self) for row in held if row[self.field] not in (None, NULL)]
        if not any(value > 0 for value in values):
            raise NothingThereError(f"{self}: {values[:5]}")
        return max(values)


class Text(NamedTuple):
    """A text column of a table that matches a pattern in every row that fits."""

    output: str
    field: str
    pattern: str
    where: tuple[tuple[str, object], ...] = ()

    def find(self, made):
        rows = made.layer(self.output)
        held = [row for row in rows if all(row.get(name) == value for name, value in self.where)]
        wrong = [row.get(self.field) for row in held if not re.search(self.pattern, str(row.get(self.field)))]
        if not held or self.field not in held[0] or wrong:  # no column gives None, which a pattern may fit
            raise NothingThereError(f"{self}: {len(held)} rows, wrong {wrong[:3]}")
        return held[0][self.field]


class Raster(NamedTuple):
    """A raster with more than one value beside NoData; `file` is that of a folder of rasters."""

    output: str
    file: str = ""

    def find(self, made):
        path = (
            os.path.join(str(made.results.get(self.output)), self.file) if self.file else made.results.get(self.output)
        )
        if not path or not os.path.exists(path):
            raise NothingThereError(f"{self}: {path}")
        values, nodata = read_raster(path)
        held = np.unique(values[values != nodata])
        if held.size < 2:
            raise NothingThereError(f"{self}: values {held.tolist()}")
        return held.size


class Statement(NamedTuple):
    """Something the study states: its section, what it says in our words, and where a run says it of its own county."""

    section: str
    says: str
    places: tuple


FACTORS = ("Land use", "Elevation (m)", "Slope (°)", "Distance from road (m)", "Distance to mining area (m)")
FIRST, ALL, IMPORTANT = "Grade 1 (highest)", "All", "Grade 1 to 2"
FALLING = r"^\D+ \d+\.\d %(; \D+ \d+\.\d %)*$"
"""Land uses with their share, as in 'Arable land 61.2 %; Garden 9.2 %'."""


def key_area_statements(section, kind, figure, raster, layer, table, count, area):
    """Return what the study states of pinch points and, in the same words, of barriers."""
    by_grade, by_zone = f"{kind} by the grade of their corridor", f"{kind} by township and village"
    shown = {"Pinch points": "Current density in the corridors", "Barriers": "Barrier score"}[kind]
    total = (("township", "total"),)
    return (
        Statement(
            section,
            f"{figure}: map of the {kind.lower()} and the surface they come from",
            (Figure(shown), Raster(raster), Field(layer, "max")),
        ),
        Statement(
            section,
            f"number of {kind.lower()}, and their extent",
            (
                Number(count),
                Number(area),
                Field(layer, "area_ha"),
                Field("KEY_TABLE", "area_ha", (("kind", kind), ("corridors", ALL))),
            ),
        ),
        Statement(
            section,
            f"length of the {kind.lower()} in km",
            (Field("KEY_TABLE", "length_km", (("kind", kind), ("corridors", ALL))), Field(layer, "length")),
        ),
        Statement(
            section,
            f"the {kind.lower()} are narrow strips: their width",
            (Field("KEY_TABLE", "mean_width", (("kind", kind), ("corridors", ALL))), Field(layer, "width")),
        ),
        Statement(
            section,
            f"share of the {kind.lower()} that lies on corridors of grade 1 and 2",
            (
                Sentence(rf"([\d.]+) % of the {kind.lower()} lie on corridors of grade 1 and 2"),
                Cell(by_grade, IMPORTANT, "Share of the number (%)"),
                Field("KEY_TABLE", "count_pct", (("kind", kind), ("corridors", IMPORTANT))),
                Field(layer, "link_grade"),
            ),
        ),
        Statement(
            section,
            f"land uses of the {kind.lower()}, in falling order",
            (Text(table, "land_uses", FALLING, total), Words(by_zone, "total", "Land use", FALLING)),
        ),
        Statement(
            section,
            f"mines on both sides of the {kind.lower()}",
            (
                Cell(by_grade, ALL, "Mines near"),
                Field("KEY_TABLE", "mines", (("kind", kind), ("corridors", ALL))),
            ),
        ),
        Statement(
            section,
            f"table of {kind.lower()} by township and village: number, area, land uses",
            (
                Field(table, "count"),
                Field(table, "area_ha"),
                Text(table, "township", r"\w"),
                Text(table, "village", "^.*$"),
                Text(table, "land_uses", FALLING),
                Cell(by_zone, "total", "Areas"),
                Cell(by_zone, "total", "Area (hm²)"),
            ),
        ),
    )


STATEMENTS = (
    Statement("2.1", "area of the county", (Cell("Land use of the study area", "Study area", "Area (hm²)"),)),
    Statement(
        "2.1",
        "Fig. 1: where the county lies, its border, townships and land use",
        (
            Figure("Study area and land use"),
            Figure("Location of the study area"),
        ),
    ),
    Statement("2.1", "how the land is used", (Cell("Land use of the study area", "Arable land", "Share (%)"),)),
    Statement(
        "2.3.1",
        "pattern analysis with eight neighbours",
        (Sentence(r"MSPA \(Soille and Vogt 2009\) with (\d) neighbours"),),
    ),
    Statement("2.3.1", "smallest area of a source", (Sentence(r"at least ([\d.]+) hm²"),)),
    Statement(
        "2.3.1",
        "dispersal distance and its probability",
        (Sentence(r"that is ([\d.]+) at [\d,]+, 0.05 at"), Sentence(r"that is [\d.]+ at ([\d,]+), 0.05 at")),
    ),
    Statement(
        "2.3.1",
        "equation 1: PC, from 0 to 1",
        (Cell("Connectivity of all", "PC, probability of connectivity", "Value"),),
    ),
    Statement("2.3.1", "IIC beside PC", (Cell("Connectivity of all", "IIC, integral index of connectivity", "Value"),)),
    Statement("2.3.1", "equation 2: dPC of each patch", (Field("SOURCES", "dPC"),)),
    Statement(
        "2.3.2",
        "Table 1: weights of the factors",
        tuple(Cell("What each factor contributes", name, "Weight") for name in FACTORS),
    ),
    Statement(
        "2.3.2",
        "Table 1: resistance of 1 to 5 by class",
        tuple(Cell("Classes of the factors", name, "Score") for name in FACTORS),
    ),
    Statement("2.3.2", "the surface is corrected by rasters of degradation", (Raster("RESISTANCE"),)),
    Statement("2.3.3", "equation 3: effective resistance of a corridor", (Field("LINKS", "eff_res"),)),
    Statement("2.3.3", "flow centrality of a corridor", (Field("LINKS", "current_flow"),)),
    Statement("2.3.4", "search radius of the barriers, by the resolution", (Sentence(r"radii (\d+), "),)),
    Statement(
        "3.1",
        "Fig. 2: map of the landscape types",
        (Figure("Morphological spatial pattern"), Raster("MSPA")),
    ),
    Statement(
        "3.1",
        "area of the core and its share of the county",
        (Cell("MSPA,", "Core", "Area (hm²)"), Cell("MSPA,", "Core", "Share of landscape (%)")),
    ),
    Statement(
        "3.1",
        "number and area of the sources",
        (Number("SOURCE_COUNT"), Number("SOURCE_HA"), Field("SOURCES", "area_ha")),
    ),
    Statement(
        "3.1",
        "share of the sources in the county",
        (Sentence(r"hold ([\d.]+) % of the study area"),),
    ),
    Statement(
        "3.1",
        "Table 2: area, dIIC and dPC of each source",
        tuple(Field("SOURCES", name) for name in ("area_ha", "dIIC", "dPC")),
    ),
    Statement(
        "3.1",
        "sources divided by importance",
        (Field("SOURCES", "grade"), Figure("Ecological sources by their importance")),
    ),
    Statement(
        "3.1",
        "Fig. 3: sources over the rocks",
        (Figure("Sources, outlined by grade"),),
    ),
    Statement(
        "3.1",
        "which rocks lie under the sources of each grade",
        (
            Cell("Rocks under the sources", FIRST, "Carbonate rock (%)"),
            Cell("Rocks under the sources", "Study area", "Carbonate rock (%)"),
            Field("LITHOLOGY_TABLE", "share", (("sources", FIRST), ("lithology", "Carbonate rock"))),
        ),
    ),
    Statement(
        "3.1",
        "number of sources of each grade, and mines beside them",
        (
            Cell("Sources by grade", FIRST, "Number"),
            Cell("Sources by grade", FIRST, "Share of the study area (%)"),
            Cell("Sources by grade", "All sources", "Mines near"),
        ),
    ),
    Statement(
        "3.1",
        "in which parts of the county the sources are concentrated",
        (Cell("The network by township", "total", "Sources (hm²)"), Field("TOWNSHIP_TABLE", "source_pct")),
    ),
    Statement(
        "3.2",
        "Fig. 4 a to e: the resistance of each factor",
        tuple(Figure(f"({letter}) {name}") for letter, name in zip("abcde", FACTORS))
        + tuple(Raster("FACTORS_FOLDER", f"{name}.tif") for name in FACTORS),
    ),
    Statement("3.2", "Fig. 4 f: the resistance surface", (Figure("Resistance surface"), Raster("RESISTANCE"))),
    Statement(
        "3.2",
        "where resistance is high and low",
        (Cell("The network by township", "total", "Mean resistance"), Field("TOWNSHIP_TABLE", "mean_res")),
    ),
    Statement(
        "3.2",
        "number and length of the corridors",
        (Number("LINK_COUNT"), Number("LINK_KM"), Field("LINKS", "lcp_length")),
    ),
    Statement(
        "3.2",
        "Fig. 6: map of the corridors",
        (Figure("Ecological corridors by grade"), Raster("CORRIDORS")),
    ),
    Statement(
        "3.2",
        "number of corridors of each of three grades",
        (
            *tuple(Cell("Corridors by grade", name, "Number") for name in (FIRST, "Grade 2", "Grade 3")),
            Field("CORRIDOR_TABLE", "count", (("corridors", FIRST),)),
            Field("LINKS", "grade"),
        ),
    ),
    Statement(
        "3.2",
        "length of the corridors of each grade",
        tuple(
            Cell("Corridors by grade", name, "Length (km)") for name in (FIRST, "Grade 2", "Grade 3", "All corridors")
        ),
    ),
    Statement("3.2", "important corridors lie in one part of the county", (Field("TOWNSHIP_TABLE", "important_km"),)),
    Statement(
        "3.2",
        "land uses on both sides of the corridors",
        (Text("CORRIDOR_TABLE", "land_uses", FALLING), Words("Corridors by grade", FIRST, "Land use", FALLING)),
    ),
    Statement(
        "3.2",
        "hazards, mines and roads on both sides of the corridors",
        tuple(
            Field("CORRIDOR_TABLE", name, (("corridors", "All corridors"),))
            for name in ("hazards", "mines", "roads_km")
        )
        + tuple(
            Cell("Corridors by grade", "Study area", name)
            for name in ("Hazards there", "Mines there", "Roads there (km)")
        ),
    ),
    *key_area_statements(
        "3.3.1", "Pinch points", "Fig. 7", "CURRENT", "PINCHPOINTS", "PINCH_TABLE", "PINCH_COUNT", "PINCH_HA"
    ),
    Statement(
        "3.3.1", "four levels by natural breaks, the highest kept", (Sentence(r"Both in (\d+) natural-break classes"),)
    ),
    *key_area_statements(
        "3.3.2", "Barriers", "Fig. 8", "SCORE", "BARRIERS", "BARRIER_TABLE", "BARRIER_COUNT", "BARRIER_HA"
    ),
    Statement("4", "cutoff of the corridors", (Number("CUTOFF_USED"),)),
)
