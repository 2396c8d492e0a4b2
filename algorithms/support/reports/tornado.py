"""Tornado diagrams: bars to both sides of a line, for each input the further the more an outcome follows it."""

from __future__ import annotations

from collections.abc import Sequence

from ..plaintext import escape
from ..run import palette
from .document import Figure, drawn

_NAME, _HALF = 280, 190
_ROW, _SIDE = 22, 120
_UP, _DOWN, _GREY = palette.CHART[1], palette.CHART[0], palette.CHART_PALE


def tornado_chart(bars: Sequence[tuple[str, float, float]], caption: str, *, grey: bool = False) -> Figure:
    """Return a figure with a bar for each input.

    Parameters
    ----------
    bars : sequence of (str, float, float)
        Name, standardised coefficient from -1 to 1, and share of the variance that the input explains by itself.
    caption : str
        What the outcome is.
    grey : bool
        Whether the numbers are too uncertain to be compared.
    """
    middle = _NAME + _HALF
    height = _ROW * len(bars) + 26
    shapes = [f"<path d='M{middle} 0V{_ROW * len(bars)}' stroke='{palette.CHART_AXIS}'/>"]
    for number, (name, coefficient, alone) in enumerate(bars):
        top = number * _ROW
        length = _HALF * min(abs(coefficient), 1.0)
        left = middle - length if coefficient < 0 else middle
        colour = _GREY if grey else (_DOWN if coefficient < 0 else _UP)
        explained = "" if alone != alone else f", alone {100 * alone:.0f} %"
        shapes.append(
            f"<text x='{_NAME - 8}' y='{top + 15}' text-anchor='end'>{escape(_short(name))}"
            f"<title>{escape(name)}</title></text>"
            f"<rect x='{left:.1f}' y='{top + 4}' width='{length:.1f}' height='{_ROW - 7}' fill='{colour}'/>"
            f"<text x='{_NAME + 2 * _HALF + 8}' y='{top + 15}'>{coefficient:+.2f}{explained}</text>"
        )
    base = _ROW * len(bars) + 16
    for share, text in ((-1, "-1"), (0, "0"), (1, "+1")):
        shapes.append(
            f"<text x='{middle + share * _HALF}' y='{base}' text-anchor='middle' fill='{palette.CHART_LABEL}'>{text}</text>"
        )
    width = _NAME + 2 * _HALF + _SIDE
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' height='{height}' "
        f"font-size='12' font-family='sans-serif' fill='{palette.CHART_INK}'>{''.join(shapes)}</svg>"
    )
    return drawn(svg, caption)


def _short(name: str) -> str:
    return name if len(name) <= 42 else f"{name[:41]}\N{HORIZONTAL ELLIPSIS}"
