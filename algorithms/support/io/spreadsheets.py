"""Workbooks of spreadsheets (XLSX, ECMA-376), laid out to be read and printed.

The driver of GDAL writes values only: neither widths nor headings that stay, and texts that begin with '=' as formulas.
Here texts are texts whatever they begin with, and stay so when someone edits the cell.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from ..language import BOTH, CHINESE, ENGLISH, report_language, tr
from .fields import Shown
from .formulas import guard
from .tables import LONGEST_CELL, Column, in_chinese, plain

_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_A_NAME = re.compile(r"[\[\]:*?/\\]")

_MOST_DECIMALS = 6
_WIDEST, _NARROWEST = 46, 8
_TEXT, _QUOTED, _NUMBERS = 0, 1, 2
"""Formats of cells: text, text that looks like a formula, numbers without and with decimals; then the same in bold."""
_PLAIN = _NUMBERS + _MOST_DECIMALS + 1
_HEADING, _TITLE = 2 * _PLAIN, 2 * _PLAIN + 1


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook.

    Attributes
    ----------
    name : str
        On its tab.
    title : str
        Above the table.
    columns : sequence of Column
        Their headings and decimals.
    rows : sequence of sequence
        Texts, numbers, or None.
    total : bool
        Whether the last row is one of totals.
    codes : bool
        Whether its texts are read by programs, so that they stay as they are in every language.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    total: bool = False
    codes: bool = False

    def said_in(self, language: str) -> Sheet:
        """Return the sheet in a language; of columns in both languages the Chinese says one of them only."""
        columns, rows = self.columns, self.rows
        if language == CHINESE and not self.codes:
            columns, rows = in_chinese(columns, rows)
        if not self.codes:
            rows = [[_said(value, language) for value in row] for row in rows]
        columns = [replace(one, own=Shown(tr(one.shown.heading, language), "", one.shown.decimals)) for one in columns]
        return Sheet(tr(self.name, language), tr(self.title, language), columns, rows, self.total, self.codes)


def _said(value: object, language: str) -> object:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return tr(value, language) if isinstance(value, str) else value


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """Return a workbook as a file, in the language of reports; the same sheets give the same bytes."""
    asked = report_language()
    sheets = [sheet.said_in(one) for one in ((ENGLISH, CHINESE) if asked == BOTH else (asked,)) for sheet in sheets]
    numbers = range(1, len(sheets) + 1)
    names = [_NOT_A_NAME.sub(" ", sheet.name)[:31] for sheet in sheets]
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{k}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for k in numbers
        )
        + "</Types>",
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/_rels/workbook.xml.rels": _relations(
            [*(("worksheet", f"worksheets/sheet{k}.xml") for k in numbers), ("styles", "styles.xml")]
        ),
        "xl/workbook.xml": f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_OFFICE}"><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{k}" r:id="rId{k}"/>' for k, name in zip(numbers, names))
        + "</sheets></workbook>",
        "xl/styles.xml": _styles(),
        **{f"xl/worksheets/sheet{k}.xml": _worksheet(sheet) for k, sheet in zip(numbers, sheets)},
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), (_HEAD + text).encode("utf-8"), zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _relations(parts: Sequence[tuple[str, str]]) -> str:
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{k}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
            for k, (kind, target) in enumerate(parts, start=1)
        )
        + "</Relationships>"
    )


def _styles() -> str:
    formats = ["#,##0" + ("." + "0" * k if k else "") for k in range(_MOST_DECIMALS + 1)]
    written = "".join(f'<numFmt numFmtId="{164 + k}" formatCode="{one}"/>' for k, one in enumerate(formats))
    wrapped = '<alignment vertical="top" wrapText="1"/>'
    cells = ""
    for font in (0, 1):
        look = f'fontId="{font}" fillId="0" borderId="0" xfId="0" applyFont="1"'
        cells += f'<xf numFmtId="49" {look} applyNumberFormat="1" applyAlignment="1">{wrapped}</xf>'
        cells += f'<xf numFmtId="49" {look} applyNumberFormat="1" quotePrefix="1" applyAlignment="1">{wrapped}</xf>'
        cells += "".join(
            f'<xf numFmtId="{164 + k}" {look} applyNumberFormat="1" applyAlignment="1"><alignment vertical="top"/></xf>'
            for k in range(_MOST_DECIMALS + 1)
        )
    cells += (
        '<xf numFmtId="49" fontId="1" fillId="2" borderId="1" xfId="0" applyFont="1" applyFill="1" applyBorder="1" '
        f'applyAlignment="1">{wrapped}</xf>'
    )
    cells += '<xf numFmtId="49" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    return (
        f'<styleSheet xmlns="{_NAMESPACE}"><numFmts count="{len(formats)}">{written}</numFmts><fonts count="3">'
        '<font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font>'
        '<font><b/><sz val="14"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill '
        'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill '
        'patternType="solid"><fgColor rgb="FFE3EFE7"/></patternFill></fill></fills><borders count="2"><border/><border>'
        '<left/><right/><top/><bottom style="thin"/><diagonal/></border></borders><cellStyleXfs count="1"><xf/>'
        f'</cellStyleXfs><cellXfs count="{2 * _PLAIN + 2}">{cells}</cellXfs></styleSheet>'
    )


def _worksheet(sheet: Sheet) -> str:
    rows = [[plain(value) for value in row] for row in sheet.rows]
    lines = [_row(1, [_cell(1, 0, sheet.title, _TITLE)])]
    head = 3
    lines.append(_row(head, [_cell(head, k, c.shown.heading, _HEADING) for k, c in enumerate(sheet.columns)]))
    for number, row in enumerate(rows, start=head + 1):
        bold = _PLAIN if sheet.total and number == head + len(rows) else 0
        cells = []
        for k, (value, column) in enumerate(zip(row, sheet.columns)):
            decimals = min(column.shown.decimals, _MOST_DECIMALS) if column.kind is float else 0
            cells.append(_cell(number, k, value, bold, decimals))
        lines.append(_row(number, cells))
    widths = "".join(
        f'<col min="{k + 1}" max="{k + 1}" width="{_width(column, [row[k] for row in rows])}" customWidth="1"/>'
        for k, column in enumerate(sheet.columns)
    )
    return (
        f'<worksheet xmlns="{_NAMESPACE}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView '
        f'workbookViewId="0"><pane ySplit="{head}" topLeftCell="A{head + 1}" activePane="bottomLeft" state="frozen"/>'
        f"</sheetView></sheetViews><cols>{widths}</cols><sheetData>{''.join(lines)}</sheetData><pageSetup "
        'paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    )


def _row(number: int, cells: Sequence[str]) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def _cell(row: int, column: int, value: object, look: int, decimals: int = 0) -> str:
    where = f"{_letters(column)}{row}"
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, (int, float)):
        return f'<c r="{where}" s="{look + _NUMBERS + decimals}"><v>{value!r}</v></c>'
    text = _NOT_XML.sub(" ", str(value))
    if len(text) > LONGEST_CELL:
        text = f"{text[: LONGEST_CELL - 1]}…"
    if look in (0, _PLAIN):
        look += _QUOTED if guard(text) != text else _TEXT
    return f'<c r="{where}" s="{look}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _letters(column: int) -> str:
    first, last = divmod(column, 26)
    return (_letters(first - 1) if first else "") + chr(ord("A") + last)


def _width(column: Column, values: Sequence[object]) -> int:
    longest = max((columns_of(str(value)) for value in values if isinstance(value, str)), default=10)
    return max(_NARROWEST, min(_WIDEST, max(longest, columns_of(column.shown.heading) // 2) + 2))


def columns_of(text: str) -> int:
    """Return how wide a text is in letters; Chinese ones take two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
