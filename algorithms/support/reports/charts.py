"""Line charts and histograms for reports, as SVG that needs nothing but a browser."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np

from ..plaintext import escape
from ..run.palette import BAR, CHART, CHART_GRID, CHART_INK
from .document import Figure, drawn

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 320, 70, 36, 16, 46
_WIDE, _HIGH = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM


class Line(NamedTuple):
    """A line of a chart: its name and a value for each place; NaN leaves a gap."""

    name: str
    values: Sequence[float]


def brief(value: float) -> str:
    """Return a number with four digits, or all before its point; never with an exponent for being large."""
    return f"{value:,.0f}" if abs(value) >= 999.95 else f"{value:.4g}"


def line_chart(places: Sequence[float], lines: Sequence[Line], x_label: str, y_label: str, caption: str) -> Figure:
    """Return a figure with lines over common places; the vertical axis starts at 0."""
    x = np.asarray(places, dtype=np.float64)
    highest = max((float(np.nanmax(line.values)) for line in lines if np.isfinite(line.values).any()), default=1.0)
    y_ticks = ticks(0.0, highest or 1.0)
    x_ticks = ticks(float(x.min()), float(x.max())) if x.size > 1 else [float(x[0])]
    left, right = min(x.min(), x_ticks[0]), max(x.max(), x_ticks[-1])

    def across(value: float) -> float:
        return _LEFT + _WIDE * ((value - left) / (right - left) if right > left else 0.5)

    def up(value: float) -> float:
        return _TOP + _HIGH * (1.0 - value / y_ticks[-1])

    parts = _axes({tick: across(tick) for tick in x_ticks}, {tick: up(tick) for tick in y_ticks}, x_label, y_label)
    keys = []
    for line, colour in zip(lines, cycle(CHART)):
        points = [(across(a), up(b)) for a, b in zip(x, line.values) if np.isfinite(b)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{a:.1f}' cy='{b:.1f}' r='3' fill='{colour}'/>" for a, b in points]
        keys.append((colour, line.name))
    return _figure(parts, caption, keys)


def _axes(across: dict[float, float], up: dict[float, float], x_label: str, y_label: str) -> list[str]:
    """Return labels and lines at the ticks, whose places in the figure are given, and the names of the axes."""
    parts = []
    for tick, place in up.items():
        parts.append(f"<path d='M{_LEFT} {place:.1f}H{_WIDTH - _RIGHT}' stroke='{CHART_GRID}'/>")
        parts.append(f"<text x='{_LEFT - 6}' y='{place + 4:.1f}' text-anchor='end'>{tick:,g}</text>")
    for tick, place in across.items():
        parts.append(f"<text x='{place:.1f}' y='{_HEIGHT - 28}' text-anchor='middle'>{tick:,g}</text>")
    parts.append(f"<text x='{_LEFT + _WIDE / 2}' y='{_HEIGHT - 8}' text-anchor='middle'>{escape(x_label)}</text>")
    parts.append(
        f"<text transform='translate(14 {_TOP + _HIGH / 2}) rotate(-90)' text-anchor='middle'>{escape(y_label)}</text>"
    )
    return parts


def _figure(parts: Sequence[str], caption: str, keys: Sequence[tuple[str, str]]) -> Figure:
    """Return shapes as a figure; the keys are colours and what they stand for."""
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' width='{_WIDTH}' height='{_HEIGHT}' "
        f"font-size='12' font-family='sans-serif' fill='{CHART_INK}'>{''.join(parts)}</svg>"
    )
    return drawn(svg, caption, [(name, tuple(bytes.fromhex(colour[1:]))) for colour, name in keys])


def ticks(low: float, high: float) -> list[float]:
    """Return four to nine round numbers that span the range."""
    rough = (high - low) / 5 or abs(high) or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * k for k in (1.0, 2.0, 2.5, 5.0, 10.0) if power * k >= rough * (1.0 - 1e-9))
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    return [float(k * step) for k in np.arange(first, last + 1)]


def histogram(values: Sequence[float], observed: float, x_label: str, caption: str) -> Figure:
    """Return a figure with the distribution of draws, and a line where the observed value lies."""
    held = np.asarray(values, dtype=np.float64)
    low, high = min(float(held.min()), observed), max(float(held.max()), observed)
    x_ticks = ticks(low, high)
    left, right = x_ticks[0], x_ticks[-1] if x_ticks[-1] > x_ticks[0] else x_ticks[0] + 1.0
    count, edges = np.histogram(held, bins=int(np.clip(2.0 * held.size**0.5, 8, 40)), range=(left, right))
    y_ticks = ticks(0.0, float(count.max()))

    def across(value: float) -> float:
        return _LEFT + _WIDE * (value - left) / (right - left)

    def up(value: float) -> float:
        return _TOP + _HIGH * (1.0 - value / y_ticks[-1])

    parts = _axes({tick: across(tick) for tick in x_ticks}, {tick: up(tick) for tick in y_ticks}, x_label, "Draws")
    for start, stop, number in zip(edges, edges[1:], count):
        wide, high_ = across(stop) - across(start) - 1.0, up(0.0) - up(number)
        parts.append(
            f"<rect x='{across(start):.1f}' y='{up(number):.1f}' width='{wide:.1f}' height='{high_:.1f}' fill='{BAR}'/>"
        )
    parts.append(f"<path d='M{across(observed):.1f} {_TOP}V{up(0.0):.1f}' stroke='{CHART[1]}' stroke-width='3'/>")
    return _figure(parts, caption, [(BAR, "draws of chance"), (CHART[1], f"observed: {brief(observed)}")])
