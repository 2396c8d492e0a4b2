"""Flows between classes of two dates, as SVG that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width

import numpy as np

from ..plaintext import escape
from ..run.palette import CHART_INK, Colour

_WIDTH, _HEIGHT, _LABEL, _BAR, _GAP, _TOP = 760, 380, 190, 16, 6, 24
_LETTER = 7
"""Width of a letter; one of Chinese has twice that."""
_LEAST = 0.003
"""Share of all below which a flow is not drawn."""


def sankey(
    names: Sequence[str],
    colours: Sequence[Colour],
    flows: np.ndarray,
    titles: tuple[str, str],
    caption: str,
    unit: str = "ha",
) -> str:
    """Return a figure with the classes of both dates as bars, and bands between them as high as what has moved.

    Parameters
    ----------
    names, colours : sequence
        Of the classes.
    flows : ndarray, float64, shape (classes, classes)
        What goes from each class (rows) to each (columns).
    titles : (str, str)
        What the two dates are called.
    caption : str
        Below the figure; also says what is too small to be drawn.
    unit : str
        Of the flows.
    """
    total = float(flows.sum())
    if not total > 0.0:
        return ""
    count = len(names)
    gap = min(_GAP, (_HEIGHT - _TOP) / (3 * count))  # many classes leave no room for more
    scale = (_HEIGHT - _TOP - gap * (count - 1)) / total
    starts, parts = [], []
    for side, sums in enumerate((flows.sum(axis=1), flows.sum(axis=0))):
        left = _LABEL if side == 0 else _WIDTH - _LABEL - _BAR
        anchor, x = ("end", left - 6) if side == 0 else ("start", left + _BAR + 6)
        title = _cut(titles[side], _LABEL - 6)
        parts.append(f"<text x='{x}' y='14' text-anchor='{anchor}' font-weight='600'>{escape(title)}</text>")
        top, places = float(_TOP), []
        for name, colour, value in zip(names, colours, sums):
            places.append(top)
            high = value * scale
            if value > 0.0:
                parts.append(
                    f"<rect x='{left}' y='{top:.1f}' width='{_BAR}' height='{max(high, 0.5):.1f}' fill='{_rgb(colour)}' "
                    f"stroke='#8888'><title>{escape(name)}: {value:,.2f} {escape(unit)}</title></rect>"
                )
            if high > 9:
                amount = f" {value:,.0f}"
                label = escape(_cut(name, _LABEL - 6 - _LETTER * len(amount)) + amount)
                parts.append(f"<text x='{x}' y='{top + high / 2 + 4:.1f}' text-anchor='{anchor}'>{label}</text>")
            top += high + gap
        starts.append(places)
    parts += _bands(names, colours, flows, starts, scale, _LEAST * total, unit)
    left_out = float(flows[(flows < _LEAST * total)].sum())
    more = (
        f" Flows below {100 * _LEAST:g} % of all, together {left_out:,.1f} {unit}, are not drawn." if left_out else ""
    )
    return (
        f"<figure><svg viewBox='0 0 {_WIDTH} {_HEIGHT + 4}' width='{_WIDTH}' role='img' aria-label='{escape(caption)}' "
        f"font-size='12' font-family='sans-serif' fill='{CHART_INK}'>{''.join(parts)}</svg>"
        f"<figcaption>{escape(caption + more)}</figcaption></figure>"
    )


def _cut(text: str, room: float) -> str:
    """Return a text as far as it has room."""
    widths = np.cumsum([_LETTER * (2 if east_asian_width(one) in "WF" else 1) for one in text])
    if not widths.size or widths[-1] <= room:
        return text
    return text[: np.searchsorted(widths, room - _LETTER, side="right")].rstrip() + "…"


def _bands(
    names: Sequence[str],
    colours: Sequence[Colour],
    flows: np.ndarray,
    starts: Sequence[Sequence[float]],
    scale: float,
    least: float,
    unit: str,
) -> list[str]:
    """Return the bands, in the order of the classes on both sides."""
    left, right = _LABEL + _BAR, _WIDTH - _LABEL - _BAR
    middle = (left + right) / 2
    from_top, to_top = list(starts[0]), list(starts[1])
    parts = []
    for i in range(len(names)):
        for j in range(len(names)):
            value = float(flows[i, j])
            high = value * scale
            a, b = from_top[i], to_top[j]
            from_top[i] += high
            to_top[j] += high
            if value < least or value <= 0.0:
                continue
            path = (
                f"M{left} {a:.1f}C{middle} {a:.1f} {middle} {b:.1f} {right} {b:.1f}V{b + high:.1f}"
                f"C{middle} {b + high:.1f} {middle} {a + high:.1f} {left} {a + high:.1f}Z"
            )
            words = f"{names[i]} to {names[j]}: {value:,.2f} {unit}"
            opacity = 0.25 if i == j else 0.6
            parts.append(
                f"<path d='{path}' fill='{_rgb(colours[i])}' fill-opacity='{opacity}'><title>{escape(words)}</title></path>"
            )
    return parts


def _rgb(colour: Colour) -> str:
    return f"rgb({colour[0]},{colour[1]},{colour[2]})"
