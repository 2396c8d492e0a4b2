"""A report as a document: blocks of plain texts, which are written as a page (`webpage`) or for Word (`worddocument`).

Texts are English sentences; the writers translate each and escape it, so that no name in a layer ever becomes markup.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Union

from .. import language as languages

Say = Callable[[str], str]
"""Gives an English text in the language of a document."""

TOTALS = ("total", "Total", "All")
"""What rows of totals are called, in columns of names too."""

_HECTARES = re.compile(r"(?<=[\d}] )ha\b|(?<=\()ha(?=\))")


@dataclass(frozen=True)
class Heading:
    """A heading: level 1 for chapters, 2 for what they are made of."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `look` is '' or 'warning'."""

    text: str
    look: str = ""


@dataclass(frozen=True)
class Code:
    """A line to be copied as it is."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Cards:
    """The headline numbers: value and what it is."""

    numbers: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """A table with a number and a caption.

    Attributes
    ----------
    headers : sequence of str
        Of the columns.
    rows : sequence of sequence
        Texts, numbers, truth values, or None.
    caption : str
        A sentence without its end.
    total : bool
        Whether the last row is one of totals.
    decimals : sequence of int or None
        Of the numbers of each column; None: as many as are needed to be read.
    names : sequence of int
        Columns that hold names of the user's, which are not translated.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str
    total: bool = False
    decimals: Sequence[int | None] = ()
    names: Sequence[int] = ()


@dataclass(frozen=True)
class Picture:
    """A picture: a PNG or JPEG file, or SVG as text, as wide as so many mm."""

    content: bytes | str
    width: float = 165.0


@dataclass(frozen=True)
class Figure:
    """A figure with a number and a caption.

    Attributes
    ----------
    draw : callable
        Given the language, 'en' or 'zh_CN', and what translates, returns the picture.
    caption : str
        What it shows; may be several sentences, without the end of the last.
    alternative : str
        What it shows, for those who do not see it; empty: as the caption.
    keys : sequence of (str, (int, int, int))
        A legend that is not in the picture: what, and its colour.
    parts : sequence of (str, callable)
        Pictures beside one another, in place of one: what each shows, and what draws it.
    """

    draw: Callable[[str, Say], Picture] | None
    caption: str
    alternative: str = ""
    keys: Sequence[tuple[str, tuple]] = ()
    parts: Sequence[tuple[str, Callable[[str, Say], Picture]]] = ()


def drawn(svg: str, caption: str, keys: Sequence[tuple[str, tuple]] = (), width: float = 165.0) -> Figure:
    """Return a figure of SVG in English, whose texts are translated where they are known."""
    return Figure(lambda language, say: Picture(languages.tr_html(svg, language), width), caption, keys=keys)


Block = Union[Heading, Paragraph, Code, Bullets, Cards, Table, Figure]


@dataclass
class Document:
    """A report.

    Attributes
    ----------
    title : str
        Of the page.
    facts : sequence of (str, str)
        What stands below the title: label and value. Values are kept as they are.
    blocks : list of Block
        The chapters.
    own_title : bool
        Whether the title is the user's, and not translated.
    author : str
        Of the user's own.
    """

    title: str
    facts: Sequence[tuple[str, str]] = ()
    blocks: list[Block] = field(default_factory=list)
    own_title: bool = False
    author: str = ""
    made: datetime.datetime = field(default_factory=datetime.datetime.now)

    def title_in(self, say: Say) -> str:
        """Return the title in a language."""
        return self.title if self.own_title else say(self.title)


def languages_of_reports() -> list[str]:
    """Return the languages that reports are written in, the one of QGIS first."""
    chosen = languages.report_language()
    if chosen != languages.BOTH:
        return [chosen]
    return sorted([languages.ENGLISH, languages.CHINESE], key=lambda one: one != languages.language())


def sayer(language: str) -> Say:
    """Return what translates a text of a document; areas are in hm2 there, as the field writes them."""

    def say(text: str) -> str:
        return _HECTARES.sub("hm²", languages.tr(text, language))

    return say


def shown(value: object, decimals: int | None = None) -> str:
    """Return a value of a table as a text."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if decimals is not None:
            return f"{value:,.{decimals}f}"
        return f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
    return str(value)


def numeric(table: Table) -> list[bool]:
    """Return which columns of a table hold numbers only."""
    return [
        bool(table.rows)
        and all(
            row[k] is None or (isinstance(row[k], (int, float)) and not isinstance(row[k], bool)) for row in table.rows
        )
        and any(row[k] is not None for row in table.rows)
        for k in range(len(table.headers))
    ]


def cell_text(table: Table, row: int, column: int, say: Say) -> str:
    """Return what stands in a cell, in a language."""
    value = table.rows[row][column]
    text = shown(value, table.decimals[column] if table.decimals else None)
    if not isinstance(value, (str, bool)) or (column in table.names and text not in TOTALS):
        return text
    return say(text)


def numbered(blocks: Iterable[Block]) -> list[tuple[Block, int]]:
    """Return each block with its number: headings are counted together, and tables, and figures, each from 1 up."""
    counts = {Heading: 0, Table: 0, Figure: 0}
    found = []
    for block in blocks:
        kind = type(block)
        if kind in counts:
            counts[kind] += 1
        found.append((block, counts.get(kind, 0)))
    return found


def part_label(number: int) -> str:
    """Return the letter of a picture beside others, from 0 up."""
    return f"({ascii_lowercase[number % 26]})"


def figure_label(number: int) -> str:
    """Return what a figure is called."""
    return f"Figure {number}"


def table_label(number: int) -> str:
    """Return what a table is called."""
    return f"Table {number}"
