"""Workbooks against the reader of GDAL, and against what a spreadsheet would do with a text."""

import zipfile
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

RISKY = ["=1+1", "+cmd|'/c calc'!A1", "-2+3", "@SUM(A1)", "\t=1", "plain", "村 <b>&\"'", "a\x07b", "-5", "  blanks  "]


def book(qgis):
    from ecosecnet.algorithms.support.io.fields import Shown
    from ecosecnet.algorithms.support.io.spreadsheets import Sheet, workbook
    from ecosecnet.algorithms.support.io.tables import columns

    shown = columns(name=str, area_ha=(float, Shown("Area", "ha", 4)), count=int)
    rows = [[text, np.float64(k) + 0.25, k] for k, text in enumerate(RISKY)]
    rows.append([None, float("nan"), None])
    return workbook(
        [Sheet("A/B: [x]?", "=Title", shown, rows), Sheet("村" * 40, "t", shown, [["total", 1.5, 2]], True)]
    )


def test_texts_and_numbers_come_back(qgis, tmp_path):
    from osgeo import gdal

    path = tmp_path / "book.xlsx"
    path.write_bytes(book(qgis))
    held = gdal.OpenEx(str(path), gdal.OF_VECTOR)
    layer = held.GetLayer(0)
    assert [held.GetLayer(k).GetName() for k in range(2)] == ["A B   x  ", "村" * 31]
    rows = [[feature.GetField(k) for k in range(3)] for feature in layer]
    rows = rows[next(k for k, row in enumerate(rows) if row[1] == "Area (ha)") + 1 :]
    assert [row[0] for row in rows[: len(RISKY)]] == [text.replace("\x07", " ") for text in RISKY]
    assert [(float(row[1]), int(row[2])) for row in rows[: len(RISKY)]] == [(k + 0.25, k) for k in range(len(RISKY))]


def test_nothing_is_a_formula_and_what_looks_like_one_stays_text_when_edited(qgis):
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(BytesIO(book(qgis))) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    assert not list(sheet.iter(f"{name}f"))
    quoted = {k for k, one in enumerate(styles.find(f"{name}cellXfs")) if one.get("quotePrefix") == "1"}
    looks = {
        cell.find(f"{name}is/{name}t").text: int(cell.get("s")) for cell in sheet.iter(f"{name}c") if cell.get("t")
    }
    assert {text for text, look in looks.items() if look in quoted} == set(RISKY[:5])


def test_the_same_sheets_give_the_same_bytes(qgis):
    assert book(qgis) == book(qgis)


def test_columns_in_both_languages_are_one_in_chinese(qgis):
    from ecosecnet.algorithms.support.io.spreadsheets import Sheet
    from ecosecnet.algorithms.support.io.tables import columns
    from ecosecnet.algorithms.support.language import CHINESE, ENGLISH

    shown = columns(measure_class=str, class_zh=str, measure=str, measure_zh=str, active=bool)
    rows = [["a", "甲", "b", "乙", True], ["total", "", "own measure", None, False]]
    sheet = Sheet("s", "t", shown, rows)
    chinese = sheet.said_in(CHINESE)
    assert [column.name for column in chinese.columns] == ["measure_class", "measure", "active"]
    assert chinese.rows == [["甲", "乙", "是"], ["合计", "own measure", "否"]]
    assert sheet.said_in(ENGLISH).rows == [[*rows[0][:4], "yes"], [*rows[1][:4], "no"]]
