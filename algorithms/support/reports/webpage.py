"""Writes documents as one self-contained HTML file: no scripts, nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from ..plaintext import escape
from .document import (
    Block,
    Bullets,
    Cards,
    Code,
    Document,
    Figure,
    Heading,
    Paragraph,
    Picture,
    Say,
    Table,
    cell_text,
    figure_label,
    numbered,
    numeric,
    part_label,
    sayer,
    table_label,
)
from .style import CSS

TAGS = {"en": "en", "zh_CN": "zh-CN"}
"""How HTML names the languages."""
_OTHERS = {"en": "In English", "zh_CN": "中文版"}
_MM = 96.0 / 25.4
_MANY = 12
"""Columns of a table that is printed across."""
_SHORT = 22
"""Letters of a name that stays in one line."""


def page(document: Document, languages: Sequence[str]) -> str:
    """Return a document as a page; in several languages, one after the other."""
    first = sayer(languages[0])
    articles = []
    for language in languages:
        others = [
            f"<p class='edition'><a href='#{TAGS[one]}' lang='{TAGS[one]}'>{_OTHERS[one]}</a></p>"
            for one in languages
            if one != language
        ]
        articles.append(
            f"<article id='{TAGS[language]}' lang='{TAGS[language]}'>{''.join(others)}"
            f"{_article(document, language)}</article>"
        )
    return shell(document.title_in(first), TAGS[languages[0]], "\n".join(articles), author=document.author)


def shell(title: str, language: str, body: str, author: str = "") -> str:
    """Return a whole page around what is in it already."""
    by = f'<meta name="author" content="{escape(author)}">' if author else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{by}<title>{escape(title)}</title>'
        f"<style>{CSS}</style></head>\n<body>{body}\n</body></html>\n"
    )


def _article(document: Document, language: str) -> str:
    say, tag = sayer(language), TAGS[language]
    facts = "".join(f"<dt>{escape(say(label))}</dt><dd>{escape(value)}</dd>" for label, value in document.facts)
    entries = "".join(
        f"<li{' class=deep' if block.level > 1 else ''}><a href='#{tag}-{number}'>{escape(say(block.text))}</a></li>"
        for block, number in numbered(document.blocks)
        if isinstance(block, Heading)
    )
    return (
        f"<header><h1>{escape(document.title_in(say))}</h1>{f'<dl class=facts>{facts}</dl>' if facts else ''}</header>\n"
        f"<nav aria-label='{escape(say('Contents'))}'><h2>{escape(say('Contents'))}</h2><ol>{entries}</ol></nav>\n"
        f"{_body(document.blocks, language, say)}"
    )


def fragment(blocks: Iterable[Block]) -> str:
    """Return blocks as they are for a page that is made of HTML, and translated as that; nothing is numbered there."""
    return _body(list(blocks), "en", str, counted=False)


def _body(blocks: Sequence[Block], language: str, say: Say, counted: bool = True) -> str:
    return "\n".join(_block(block, number, language, say, counted) for block, number in numbered(blocks))


def _block(block: Block, number: int, language: str, say: Say, counted: bool) -> str:
    if isinstance(block, Heading):
        mark = f" id='{TAGS[language]}-{number}'" if counted else ""
        return f"<h{block.level + 1}{mark}>{escape(say(block.text))}</h{block.level + 1}>"
    if isinstance(block, Paragraph):
        return f"<p{' class=warn' if block.look == 'warning' else ''}>{escape(say(block.text))}</p>"
    if isinstance(block, Code):
        return f"<pre>{escape(block.text)}</pre>"
    if isinstance(block, Bullets):
        return f"<ul>{''.join(f'<li>{escape(say(text))}</li>' for text in block.texts)}</ul>"
    if isinstance(block, Cards):
        shown = "".join(f"<div class='card'><b>{escape(v)}</b>{escape(say(name))}</div>" for v, name in block.numbers)
        return f"<div class='cards'>{shown}</div>"
    if isinstance(block, Table):
        return table(block, say, table_label(number) if counted else "")
    return _figure(block, figure_label(number) if counted else "", language, say)


def table(block: Table, say: Say, label: str = "") -> str:
    """Return a table; one that is wider than the screen scrolls by itself."""
    marks = [" class='n'" if one else "" for one in numeric(block)]
    for column in block.names:  # names of places are not broken
        if max((len(str(row[column] or "")) for row in block.rows), default=99) <= _SHORT:
            marks[column] = " class='k'"
    head = "".join(f"<th scope='col'{mark}>{escape(say(text))}</th>" for text, mark in zip(block.headers, marks))
    body = []
    for row in range(len(block.rows)):
        last = " class='total'" if block.total and row == len(block.rows) - 1 else ""
        cells = "".join(f"<td{mark}>{escape(cell_text(block, row, k, say))}</td>" for k, mark in enumerate(marks))
        body.append(f"<tr{last}>{cells}</tr>")
    wide = " wide" if len(block.headers) >= _MANY else ""
    title = f"<caption>{caption(label, block.caption, say)}</caption>" if block.caption else ""
    rows = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    return f"<div class='table{wide}'><table>{title}{rows}</table></div>"


def caption(label: str, text: str, say: Say) -> str:
    """Return number and text of a figure or table."""
    return f"<b>{escape(say(label))}</b> {escape(say(text))}" if label else escape(say(text))


def _figure(block: Figure, label: str, language: str, say: Say) -> str:
    alternative = say(block.alternative or block.caption)
    if block.parts:
        called = [f"{part_label(k)} {say(text)}" for k, (text, _) in enumerate(block.parts)]
        shown = "".join(
            f"<div>{_picture(draw(language, say), f'{say(block.caption)}: {text}')}<div>{escape(text)}</div></div>"
            for text, (_, draw) in zip(called, block.parts)
        )
        shown = f"<div class='side'>{shown}</div>"
    else:
        shown = _picture(block.draw(language, say), alternative)
    keys = "".join(
        f"<span class='entry'><span class='key' style='background: rgb{tuple(colour[:3])}'></span>{escape(say(name))}</span> "
        for name, colour in block.keys
    )
    keys = f"<div class='keys'>{keys}</div>" if keys else ""
    return f"<figure>{shown}<figcaption>{caption(label, block.caption, say)}{keys}</figcaption></figure>"


def _picture(picture: Picture, alternative: str) -> str:
    if isinstance(picture.content, str):
        return picture.content.replace("<svg ", f"<svg role='img' aria-label='{escape(alternative)}' ", 1)
    kind = "jpeg" if picture.content[:2] == b"\xff\xd8" else "png"
    data = base64.b64encode(picture.content).decode("ascii")
    width = round(picture.width * _MM)
    return f"<img alt='{escape(alternative)}' width='{width}' src='data:image/{kind};base64,{data}'>"
