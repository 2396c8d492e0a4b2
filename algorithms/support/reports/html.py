"""Reports as one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from ..run.palette import BAR, Colour
from ..run.ramps import Ramp

_CSS = """
body { font: 15px/1.5 "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: #22302a;
       max-width: 1080px; margin: 2em auto; padding: 0 1.5em; background: #fff; }
h1 { font-size: 1.9em; margin-bottom: .1em; } h2 { margin-top: 2em; border-bottom: 2px solid #cfe0d3; }
h3 { margin-top: 1.4em; } p.lead { color: #55675d; margin-top: 0; }
table { border-collapse: collapse; margin: .8em 0; font-size: 13.5px; line-height: 1.35; }
caption { text-align: left; color: #55675d; }
th, td { padding: .25em .65em; border-bottom: 1px solid #dfe8e2; text-align: left; vertical-align: top; }
pre { background: #eef5f0; padding: .6em 1em; white-space: pre-wrap; word-break: break-all; font-size: 13px; }
th { background: #eef5f0; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td:nth-child(-n+2):not(.n) { min-width: 7em; }
tr.total td { font-weight: 600; border-top: 2px solid #7a9484; }
figure { margin: 1em 0; } figure img, figure svg { max-width: 100%; height: auto; border: 1px solid #dfe8e2;
box-sizing: border-box; }
figcaption { color: #55675d; font-size: 14px; } .warn { background: #fff6df; border-left: 4px solid #e0a100;
padding: .4em 1em; margin: .6em 0; } .key { display: inline-block; width: 1em; height: 1em; vertical-align: -2px;
margin: 0 .35em 0 0; border: 1px solid #8886; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.keys { margin: .2em 0; } .entry { display: inline-block; margin-right: .9em; }
figure svg.ramp { display: block; border: 0; }
.map { position: relative; display: inline-block; max-width: 100%; } .map img { display: block; }
.map > svg { position: absolute; left: 0; top: 0; width: 100%; height: 100%; border: 0; }
img.inset { float: right; width: 190px; margin: .5em 0 .5em 1.5em; } figure { overflow: hidden; }
.side { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 0 1.2em; }
.side figure { margin: .5em 0; break-inside: avoid; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: .8em; }
.card { background: #eef5f0; border-radius: 6px; padding: .6em 1.1em; } .card b { display: block; font-size: 1.5em; }
"""


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


def page(title: str, lead: str, parts: Iterable[str]) -> str:
    """Return a whole page; `parts` are pieces of HTML."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_CSS}</style></head>\n<body><h1>{escape(title)}</h1><p class='lead'>{escape(lead)}</p>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def code(text: str) -> str:
    """Return a line to be copied as it is."""
    return f"<pre>{escape(text)}</pre>"


def with_section(page: str, section: str) -> str:
    """Return a whole page with one more section at its end."""
    head, end, tail = page.rpartition("\n</body>")
    return f"{head}\n{section}{end}{tail}"


def warning(text: str) -> str:
    """Return a box that stands out."""
    return f"<p class='warn'>{escape(text)}</p>"


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    total: bool = False,
    decimals: Sequence[int | None] = (),
) -> str:
    """Return a table; numbers are set right, and the last row stands out when it is the `total`.

    Numbers of a column have its `decimals`; without them as many as they need to be read.
    """
    rows = [list(row) for row in rows]
    decimals = decimals or [None] * len(headers)
    numeric = [
        bool(rows) and all(row[k] is None or isinstance(row[k], (int, float)) for row in rows)
        for k in range(len(headers))
    ]
    mark = ["" if not one else " class='n'" for one in numeric]
    head = "".join(f"<th{m}>{escape(h)}</th>" for h, m in zip(headers, mark))
    body = []
    for number, row in enumerate(rows):
        last = " class='total'" if total and number == len(rows) - 1 else ""
        body.append(
            f"<tr{last}>" + "".join(f"<td{m}>{_cell(v, d)}</td>" for v, m, d in zip(row, mark, decimals)) + "</tr>"
        )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _cell(value: object, decimals: int | None) -> str:
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
    return escape(str(value))


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


def cards(numbers: Sequence[tuple[str, str]]) -> str:
    """Return the headline numbers: value and what it is."""
    return (
        "<div class='cards'>"
        + "".join(f"<div class='card'><b>{escape(v)}</b>{escape(name)}</div>" for v, name in numbers)
        + "</div>"
    )


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


def stacked_bars(rows: Sequence[tuple[str, Sequence[float]]], legend: Sequence[Key], caption: str = "") -> str:
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
    return (
        f"<figure><svg viewBox='0 0 {label + length + 4} {height * len(rows)}' role='img'>{''.join(shapes)}</svg>"
        f"<figcaption>{escape(caption)}{_keys(legend)}</figcaption></figure>"
    )
