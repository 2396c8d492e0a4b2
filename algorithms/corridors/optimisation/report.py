"""What is said of a network that was added to: sentences, table, and a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import Attack, NetworkObjective
from ....core.grid import Grid
from ...support.reports import html
from ...support.reports.charts import Line, line_chart
from ...support.reports.maps import Map
from ...support.run import palette

_PIXELS = 520


@dataclass(frozen=True)
class Said:
    """A network with additions, and what is said of it.

    Attributes
    ----------
    found : Optimised
        The numbers.
    objective : NetworkObjective
        What the additions were to raise.
    attack : Attack
        Which sources and links are lost first.
    unit : str
        Of what the sources hold; empty for a field.
    names : list of str
        Of the additions, in their order.
    what : str
        What was added, such as "links".
    asked : int
        How many were asked for.
    """

    found: core.network.Optimised
    objective: NetworkObjective
    attack: Attack
    unit: str
    names: list[str]
    what: str
    asked: int

    @property
    def gains(self) -> np.ndarray:
        """By how many percent of the value without any each addition raised the objective; NaN where that is 0."""
        values = self.found.values
        return 100.0 * np.diff(values) / values[0] if values[0] else np.full(len(values) - 1, math.nan)

    @property
    def gap(self) -> float | None:
        """By how many percent of its value the best set lies above the additions; None where it is not known."""
        found = self.found
        return None if found.gap is None else 100.0 * found.gap / found.best if found.best else 0.0

    def rows(self) -> list[list]:
        """Return the rows of the table: name, before, after, change."""
        before, after = self.found.before, self.found.after
        lost = f"lost by {self.attack.label.lower()}"
        of = [
            ("Sources" if self.what == "links" else "Sources and stepping stones", lambda one: one.structure.nodes),
            ("Links", lambda one: one.structure.links),
            ("Components", lambda one: one.structure.components),
            ("Alpha", lambda one: one.structure.alpha),
            ("Beta", lambda one: one.structure.beta),
            ("Gamma", lambda one: one.structure.gamma),
            ("Global efficiency (per 1,000 cost units)", lambda one: 1000.0 * one.efficiency),
            (f"EC(PC) ({self.unit})" if self.unit else "EC(PC)", lambda one: one.equivalent),
            (f"Robustness, sources {lost}", lambda one: one.sources.robustness),
            (f"Robustness, links {lost}", lambda one: one.links.robustness),
            ("Robustness, mean of both", lambda one: one.robustness),
        ]
        rows = []
        for name, value in of:
            first, last = float(value(before)), float(value(after))
            rows.append([name, first, last, 100.0 * (last - first) / first if first else None])
        return rows

    def sentences(self) -> Iterator[str]:
        """Yield what was found."""
        found, name = self.found, _name(self.objective)
        added = len(found.order)
        if added < self.asked:
            start = f"{added} of {self.asked} {self.what} were added" if added else "Nothing was added"
            yield f"{start}: no other one alone raises the {name}.{self._advice()}"
        for turn, (one, gain) in enumerate(zip(self.names, self.gains), start=1):
            yield (
                f"{turn}. {one}: {_number(found.values[turn])} ({gain:+.3g} %)." if gain == gain else f"{turn}. {one}."
            )
        yield f"{name[0].upper()}{name[1:]}: {_number(found.values[0])} before, {_number(found.values[-1])} after."
        if found.best is None:
            yield (
                f"There are {found.sets:,} sets of at most {self.asked} {self.what}, too many to try them all: how far these "
                "are from the best is not known."
            )
        elif self.gap > 1e-9:
            yield (
                f"All {found.sets:,} sets of at most {self.asked} {self.what} were tried: the best reaches "
                f"{_number(found.best)}, so that these are {self.gap:.3g} % below it."
            )
        else:
            yield f"All {found.sets:,} sets of at most {self.asked} {self.what} were tried: none is better than these."

    def _advice(self) -> str:
        if self.what != "links" or self.objective is NetworkObjective.ROBUSTNESS:
            return ""
        return (
            " The way through the sources between costs no more than the new path. Stepping stones (STONES), or the "
            "robustness (OBJECTIVE), ask for something else."
        )


def _name(objective: NetworkObjective) -> str:
    return {
        NetworkObjective.CONNECTIVITY: "equivalent connectivity EC(PC)",
        NetworkObjective.EFFICIENCY: "global efficiency",
        NetworkObjective.ROBUSTNESS: "robustness",
    }[objective]


def _number(value: float) -> str:
    return f"{value:,.6g}"


def _in_words(row: list) -> list[str]:
    name, before, after, change = row
    return [name, _number(before), _number(after), "" if change is None else f"{change:+.2f} %"]


def page(
    said: Said,
    grid: Grid,
    sources: Sequence[QgsGeometry],
    stones: Sequence[QgsGeometry],
    there: Sequence[QgsGeometry],
    added: Sequence[QgsGeometry],
) -> str:
    """Return the report: figures before and after, both maps, the curves of removal, and the gain of each addition."""
    found = said.found
    maps = [
        _map("Before", grid, sources, (), there, ()),
        _map("After: what was added in blue", grid, sources, stones, there, added),
    ]
    parts = [
        html.side_by_side(maps),
        html.heading("Before and after"),
        html.table(["Figure", "Before", "After", "Change"], map(_in_words, said.rows())),
        html.heading("In words"),
        *map(html.paragraph, said.sentences()),
        html.heading("When sources or links are lost"),
        html.paragraph(
            f"The most important are lost first ({said.attack.label.lower()}). Robustness is the area under the curve: 0.5 "
            "at best for sources."
        ),
        _curves(found.before.sources, found.after.sources, "sources"),
        _curves(found.before.links, found.after.links, "links"),
    ]
    if len(found.order):
        line = Line(_name(said.objective), [0.0, *np.cumsum(said.gains)])
        caption = "What each addition brings, given those before it, in percent of the value before any."
        turns = range(len(found.values))
        parts += [html.heading("Addition by addition"), line_chart(turns, [line], "Additions", "Gain (%)", caption)]
    parts += [html.heading("What it does not say"), html.paragraph(_LIMITS)]
    return html.page("Network optimisation", f"{said.objective.label}: {len(found.order)} {said.what} added.", parts)


_LIMITS = (
    "Each addition is the best one given those before it; together they need not be the best set, and no guarantee holds, as "
    "two links may bring only together what neither brings alone. A link is a least-cost path on the resistance surface: "
    "whether it can be built, what it costs, and whether animals take it are other questions."
)


def _map(
    title: str,
    grid: Grid,
    sources: Sequence[QgsGeometry],
    stones: Sequence[QgsGeometry],
    there: Sequence[QgsGeometry],
    added: Sequence[QgsGeometry],
) -> str:
    view = Map(grid, _PIXELS).polygons(sources, palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)
    keys = [html.Key("Ecological sources", palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)]
    if stones:
        view.polygons(stones, palette.STONE.fill, palette.STONE.edge)
        keys.append(html.Key("Stepping stones", palette.STONE.fill, palette.STONE.edge))
    view.lines(there, palette.CORRIDORS[3], 1.5)
    keys.append(html.Key("Links", palette.CORRIDORS[3], line=1.5))
    if added:
        view.lines(added, palette.ADDED, 3.0)
        keys.append(html.Key("Added links", palette.ADDED, line=3.0))
    caption = f"{title}. The bar is {view.scale_bar()}."
    return html.figure(view.png(), caption, keys, overlay=view.overlay())


def _curves(before: core.network.Fall, after: core.network.Fall, what: str) -> str:
    places = np.unique(np.concatenate([100.0 * one.removed / max(int(one.removed[-1]), 1) for one in (before, after)]))
    lines = []
    for name, one in (("before", before), ("after", after)):
        share = 100.0 * one.removed / max(int(one.removed[-1]), 1)
        lines.append(Line(f"{name}: {one.robustness:.3f}", 100.0 * np.interp(places, share, one.largest)))
    return line_chart(
        places,
        lines,
        f"{what.capitalize()} lost (%)",
        "Largest component (%)",
        f"Largest component while {what} are lost.",
    )


def grid_around(shapes: Sequence[QgsGeometry], unit: float) -> Grid:
    """Return a grid that holds shapes with a margin, for a map without a raster; `unit` is a map unit in metres."""
    box = shapes[0].boundingBox()
    for shape in shapes[1:]:
        box.combineExtentWith(shape.boundingBox())
    box.grow(0.03 * max(box.width(), box.height()) or 1.0)
    cell = max(box.width(), box.height()) / _PIXELS
    rows, cols = (max(1, math.ceil(size / cell)) for size in (box.height(), box.width()))
    return Grid(rows, cols, box.xMinimum(), box.yMaximum(), cell, cell, metres_per_unit=unit)
