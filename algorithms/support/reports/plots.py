"""Charts as SVG for documents: in the language of the document, and as pictures where SVG cannot be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, Qt
from qgis.PyQt.QtGui import QImage, QPainter

from ..plaintext import escape
from ..run.palette import CHART_AXIS, CHART_GRID, CHART_INK, CHART_LABEL, Colour
from .charts import ticks

if TYPE_CHECKING:
    from .document import Say

_WIDTH = 640
_DPI, _MM = 300, 25.4
_FONT = "'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', 'Segoe UI', sans-serif"
_LETTER = 6.4
"""Width of a letter of 12 pixels, about."""


def rasterised(svg: str, width: float) -> bytes:
    """Return SVG as a PNG file at 300 dpi, so many mm wide."""
    from qgis.PyQt.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(QByteArray(svg.encode("utf-8")))
    size = renderer.defaultSize()
    across = round(width / _MM * _DPI)
    image = QImage(across, max(1, round(across * size.height() / max(1, size.width()))), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.convertToFormat(QImage.Format.Format_Indexed8).save(buffer, "PNG", 0)
    return bytes(data)


def bars(
    rows: Sequence[tuple[str, Sequence[float]]],
    parts: Sequence[tuple[str, Colour]],
    axis: str,
    say: Say,
    *,
    colours: Sequence[Colour] = (),
    decimals: int = 1,
    names: bool = False,
) -> str:
    """Return horizontal bars, each cut into parts.

    Parameters
    ----------
    rows : sequence of (str, sequence of float)
        Name of each bar, and its parts.
    parts : sequence of (str, Colour)
        What the parts are; with one there is no legend.
    axis : str
        What is measured, with its unit.
    say : callable
        Translates.
    colours : sequence of Colour
        Of each bar, where there is one part only.
    decimals : int
        Of the sums behind the bars.
    names : bool
        Whether the names are the user's.
    """
    titles = [name if names else say(name) for name, _ in rows]
    left = 14 + _LETTER * max((_letters(title) for title in titles), default=1)
    left = min(left, 0.4 * _WIDTH)
    largest = max((sum(values) for _, values in rows), default=0.0) or 1.0
    across = ticks(0.0, largest)
    right = 14 + _LETTER * (len(f"{largest:,.{decimals}f}") + 1)
    scale = (_WIDTH - left - right) / across[-1]
    top = 8 if len(parts) < 2 else 28
    high, bottom = 22, top + 22 * len(rows)
    shapes = [
        f"<path d='M{left + tick * scale:.1f} {top}V{bottom}' stroke='{CHART_GRID}'/>"
        f"<text x='{left + tick * scale:.1f}' y='{bottom + 16}' text-anchor='middle' fill='{CHART_LABEL}'>{tick:,g}</text>"
        for tick in across
    ]
    for k, (title, (_, values)) in enumerate(zip(titles, rows)):
        y, x = top + high * k, left
        shapes.append(
            f"<text x='{left - 7:.1f}' y='{y + 15}' text-anchor='end'>{escape(_short(title, left - 10))}</text>"
        )
        for number, value in enumerate(values):
            width = max(value, 0.0) * scale
            fill = _rgb(colours[k] if colours else parts[number][1])
            shapes.append(
                f"<rect x='{x:.1f}' y='{y + 4}' width='{width:.1f}' height='{high - 7}' fill='{fill}' stroke='{CHART_AXIS}' "
                "stroke-width='0.4'/>"
            )
            x += width
        shapes.append(f"<text x='{x + 5:.1f}' y='{y + 15}' fill='{CHART_LABEL}'>{sum(values):,.{decimals}f}</text>")
    shapes.append(f"<path d='M{left:.1f} {top}V{bottom}' stroke='{CHART_AXIS}'/>")
    middle = left + (_WIDTH - left - right) / 2
    shapes.append(f"<text x='{middle:.1f}' y='{bottom + 33}' text-anchor='middle'>{escape(say(axis))}</text>")
    if len(parts) > 1:
        shapes.append(_legend(parts, say, 15))
    return _svg(shapes, bottom + 40)


def profile(
    distance: np.ndarray,
    values: np.ndarray,
    stretches: Sequence[tuple[str, Colour, np.ndarray]],
    across: str,
    up: str,
    say: Say,
) -> str:
    """Return values along a line, with marks below it.

    Parameters
    ----------
    distance, values : float, shape (n,)
        Where, from 0 up, and how much; between two places the value is that of the first.
    stretches : sequence of (str, Colour, bool array of shape (n,))
        What is marked below, and where it is.
    across, up : str
        What the axes show, with units.
    say : callable
        Translates.
    """
    left, right = 58, 16
    top, high = 28, 200
    y_ticks, x_ticks = ticks(0.0, float(np.nanmax(values)) or 1.0), ticks(0.0, float(distance[-1]) or 1.0)
    wide = _WIDTH - left - right

    def x(value: float) -> float:
        return left + wide * value / x_ticks[-1]

    def y(value: float) -> float:
        return top + high * (1.0 - value / y_ticks[-1])

    shapes = []
    for tick in y_ticks:
        shapes.append(f"<path d='M{left} {y(tick):.1f}H{_WIDTH - right}' stroke='{CHART_GRID}'/>")
        shapes.append(
            f"<text x='{left - 6}' y='{y(tick) + 4:.1f}' text-anchor='end' fill='{CHART_LABEL}'>{tick:,g}</text>"
        )
    path = f"M{x(distance[0]):.1f} {y(values[0]):.1f}"
    for place, value in zip(distance[1:], values[1:]):
        path += f"H{x(place):.1f}V{y(value):.1f}"
    shapes.append(f"<path d='{path}' fill='none' stroke='{CHART_INK}' stroke-width='1.4'/>")
    bottom = top + high
    for k, (_, colour, where) in enumerate(stretches):
        for first, last in _runs(where):
            start, end = x(distance[first]), x(distance[min(last + 1, distance.size - 1)])
            shapes.append(
                f"<rect x='{start:.1f}' y='{bottom + 3 + 9 * k}' width='{max(1.5, end - start):.1f}' height='7' "
                f"fill='{_rgb(colour)}'/>"
            )
    foot = bottom + 9 * len(stretches)
    for tick in x_ticks:
        shapes.append(
            f"<text x='{x(tick):.1f}' y='{foot + 18}' text-anchor='middle' fill='{CHART_LABEL}'>{tick:,g}</text>"
        )
    shapes.append(f"<text x='{left + wide / 2:.1f}' y='{foot + 36}' text-anchor='middle'>{escape(say(across))}</text>")
    shapes.append(
        f"<text transform='translate(14 {top + high / 2}) rotate(-90)' text-anchor='middle'>{escape(say(up))}</text>"
    )
    shapes.append(_legend([(name, colour) for name, colour, _ in stretches], say, 15))
    return _svg(shapes, foot + 44)


def _runs(where: np.ndarray) -> list[tuple[int, int]]:
    """Return first and last place of each run of true values."""
    steps = np.diff(np.concatenate([[0], where.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(steps > 0).tolist(), (np.flatnonzero(steps < 0) - 1).tolist()))


def _legend(parts: Sequence[tuple[str, Colour]], say: Say, y: int) -> str:
    x, shapes = 12.0, []
    for name, colour in parts:
        text = say(name)
        shapes.append(f"<rect x='{x:.1f}' y='{y - 10}' width='11' height='11' fill='{_rgb(colour)}'/>")
        shapes.append(f"<text x='{x + 16:.1f}' y='{y}'>{escape(text)}</text>")
        x += 34 + _LETTER * _letters(text)
    return "".join(shapes)


def _svg(shapes: Sequence[str], height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" width="{_WIDTH}" height="{height:.0f}" '
        f'font-size="12" font-family="{_FONT}" fill="{CHART_INK}">{"".join(shapes)}</svg>'
    )


def _letters(text: str) -> float:
    return sum(1.9 if ord(letter) > 0x2E7F else 1.0 for letter in text)


def _short(text: str, width: float) -> str:
    while text and _LETTER * _letters(text) > width:
        text = f"{text[:-2].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    return text


def _rgb(colour: Colour) -> str:
    return f"rgb({colour[0]},{colour[1]},{colour[2]})"
