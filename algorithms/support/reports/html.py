"""Reports as one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Union

from ..plaintext import escape
from ..run.palette import BAR, Colour
from ..run.ramps import Ramp
from . import webpage
from .document import Block, Cards, Figure, Heading, Paragraph, Table, drawn


class Key(NamedTuple):
    """An entry of a legend.

    Attributes
    ----------
    name : str
        What it stands for.
    fill : Colour
        Of the area, or of the line.
    edge : Colour, optional
        Of the outline of the area.
    line : float
        Width of the line in pixels; 0 for an area.
    """

    name: str
    fill: Colour
    edge: Colour | None = None
    line: float = 0.0


Part = Union[str, Block]
"""A piece of a page: a block of a document, or HTML."""


def page(title: str, lead: str, parts: Iterable[Part]) -> str:
    """Return a whole page."""
    body = "\n".join(part if isinstance(part, str) else webpage.fragment([part]) for part in parts)
    return webpage.shell(title, "en", f"<h1>{escape(title)}</h1><p class='lead'>{escape(lead)}</p>\n{body}")


def heading(text: str, level: int = 2) -> Heading:
    """Return a heading; level 2 for chapters."""
    return Heading(text, level - 1)


def paragraph(text: str) -> Paragraph:
    """Return a paragraph of plain text."""
    return Paragraph(text)


def with_section(page: str, section: str) -> str:
    """Return a whole page with one more section at its end."""
    head, end, tail = page.rpartition("\n</body>")
    return f"{head}\n{section}{end}{tail}"


def warning(text: str) -> Paragraph:
    """Return a box that stands out."""
    return Paragraph(text, "warning")


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    total: bool = False,
    decimals: Sequence[int | None] = (),
) -> Table:
    """Return a table; numbers are set right, and the last row stands out when it is the `total`.

    Numbers of a column have its `decimals`; without them as many as they need to be read.
    """
    return Table(headers, [list(row) for row in rows], caption, total, decimals)


def figure(
    png: bytes,
    caption: str,
    keys: Sequence[Key] = (),
    ramps: Sequence[tuple[str, Ramp]] = (),
    *,
    overlay: str = "",
    inset: bytes = b"",
) -> str:
    """Return a picture held inside the page, with a legend; ramps come with the name of their surface.

    An overlay (SVG of the size of the picture) lies on it, an inset (PNG) stands beside its legend.
    """
    legend = "".join(_ramp(name, ramp) for name, ramp in ramps)
    if keys:
        legend += f"<div class='keys'>{_keys(keys)}</div>"
    return (
        f"<figure><div class='map'>{_picture(png, caption)}{overlay}</div>"
        f"<figcaption>{_picture(inset, 'Location', 'inset')}{escape(caption)}{legend}</figcaption></figure>"
    )


def _picture(png: bytes, caption: str, kind: str = "") -> str:
    if not png:
        return ""
    mark = f" class='{kind}'" if kind else ""
    return f"<img{mark} alt='{escape(caption)}' src='data:image/png;base64,{base64.b64encode(png).decode('ascii')}'>"


def side_by_side(figures: Iterable[str]) -> str:
    """Return small figures in as many columns as the page has room for."""
    return f"<div class='side'>{''.join(figures)}</div>"


def legend(name: str, ramp: Ramp) -> str:
    """Return the legend of a ramp that several figures share."""
    return f"<figure><figcaption>{_ramp(name, ramp)}</figcaption></figure>"


def key_line(keys: Iterable[Key]) -> str:
    """Return a legend that several figures share."""
    return f"<div class='keys'>{_keys(keys)}</div>"


def _keys(keys: Iterable[Key]) -> str:
    texts = []
    for key in keys:
        look = f"background: {_rgb(key.fill)}"
        if key.edge:
            look += f"; border: 2px solid {_rgb(key.edge)}"
        if key.line:
            look += f"; border: 0; height: {key.line:g}px; width: 1.8em; vertical-align: middle"
        texts.append(entry(look, key.name))
    return "".join(texts)


def entry(look: str, name: str) -> str:
    """Return a sign of a given look (CSS) and what it stands for, for a legend; no end of a line parts them."""
    return f" <span class='entry'><span class='key' style='{look}'></span>{escape(name)}</span>"


def _rgb(parts: Colour) -> str:
    return f"rgb({parts[0]},{parts[1]},{parts[2]})"


def _ramp(name: str, ramp: Ramp) -> str:
    """Return a bar of the colours, evenly spread, with the value of each."""
    length, margin = 440, 40
    name = f"{name} ({ramp.unit})" if ramp.unit else name
    places = [100.0 * k / (len(ramp.stops) - 1) for k in range(len(ramp.stops))]
    identifier = "ramp" + "".join(f"{part:02x}" for c in ramp.colours for part in c[:3])
    stops = "".join(f"<stop offset='{p:.4g}%' stop-color='{_rgb(c)}'/>" for p, c in zip(places, ramp.colours))
    texts = "".join(
        f"<text x='{margin + length * p / 100:.1f}' y='46' text-anchor='middle'>{escape(label)}</text>"
        f"<path d='M{margin + length * p / 100:.1f} 28v5' stroke='#55675d'/>"
        for p, label in zip(places, ramp.labels())
    )
    return (
        f"<svg class='ramp' viewBox='0 0 {length + 2 * margin} 52' width='{length + 2 * margin}' role='img' "
        f"aria-label='{escape(name)}' font-size='12' fill='#55675d'><defs><linearGradient id='{identifier}'>{stops}"
        f"</linearGradient></defs><text x='{margin}' y='12'>{escape(name)}</text><rect x='{margin}' y='17' "
        f"width='{length}' height='11' fill='url(#{identifier})'/>{texts}</svg>"
    )


def cards(numbers: Sequence[tuple[str, str]]) -> Cards:
    """Return the headline numbers: value and what it is."""
    return Cards(numbers)


def bars(rows: Sequence[tuple[str, float]], caption: str = "") -> str:
    """Return horizontal bars for shares between 0 and 1: name and value."""
    largest = max((value for _, value in rows), default=0.0) or 1.0
    body = "".join(
        f"<tr><td>{escape(name)}</td><td class='n'>{100 * value:.1f} %</td><td style='width: 26em'>"
        f"<div style='background: {BAR}; height: 1em; width: {100 * max(value, 0.0) / largest:.1f}%'></div></td></tr>"
        for name, value in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<tbody>{body}</tbody></table>"


def stacked_bars(rows: Sequence[tuple[str, Sequence[float]]], legend: Sequence[Key], caption: str = "") -> Figure:
    """Return horizontal bars cut into their parts; each bar is as long as the sum of its row is of the largest sum."""
    height, label, length = 22, 150, 700
    largest = max((sum(values) for _, values in rows), default=0.0) or 1.0
    shapes = []
    for number, (name, values) in enumerate(rows):
        top, left = number * height, float(label)
        shapes.append(f"<text x='{label - 8}' y='{top + 15}' text-anchor='end' font-size='13'>{escape(name)}</text>")
        for value, key in zip(values, legend):
            width = length * value / largest
            shapes.append(
                f"<rect x='{left:.1f}' y='{top + 3}' width='{width:.1f}' height='{height - 5}' "
                f"fill='{_rgb(key.fill)}'><title>{escape(key.name)}: {100 * value / largest:.1f} %</title></rect>"
            )
            left += width
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {label + length + 4} {height * len(rows)}' "
        f"width='{label + length + 4}' height='{height * len(rows)}'>{''.join(shapes)}</svg>"
    )
    return drawn(svg, caption, [(key.name, key.fill) for key in legend])
