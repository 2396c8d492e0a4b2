"""The maps of a report, drawn by QGIS from the layers of the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from qgis.core import QgsRectangle

from .....core.choices import Paper
from .....core.monitor import Monitor
from ....support.reports.document import Figure, Picture, Say, languages_of_reports
from ....support.run import palette, styling
from ....support.sheets.description import Drawn, Sheet
from ....support.sheets.drawing import picture
from ....support.sheets.figures import figures
from ....support.sheets.layout import template_of
from ....support.sheets.pages import noted, write_pages
from ..outputs import NetworkOutputs

TITLE = "Ecological security network"
"""Of a report, and of its map sheets, that has none of its own."""

DRAWN = (
    "MSPA",
    "SOURCES",
    "RESISTANCE",
    "LINKS",
    "CORRIDORS",
    "CURRENT",
    "SCORE",
    "PINCHPOINTS",
    "BARRIERS",
    "PINCH_RULES",
    "BARRIER_RULES",
    "ACTIONS",
    "PLAN",
)
"""Outputs that the maps show, whether they were asked for or not."""

_WHOLE, _HALF = (165.0, 104.0), (80.0, 60.0)
"""Width and height of maps in mm."""

_FINE, _COARSE = 300, 150
"""Pixels an inch."""
_MOST_BYTES = 7_000_000
"""Of all maps of a report, which make the page a third larger: it stays below 10 MB."""


class NetworkMaps:
    """Makes the figures of a report.

    Parameters
    ----------
    outputs : NetworkOutputs
        The run; its layers have been written.
    context : dict of str to Drawn
        What they are drawn on, see `contextlayers`.
    factors : dict of str to Drawn
        The scores of each factor.
    """

    def __init__(self, outputs: NetworkOutputs, context: dict[str, Drawn], factors: dict[str, Drawn]) -> None:
        self._job, self._crs = outputs.job, outputs.land.crs
        self.found = dict(context)
        for name in DRAWN:
            if name in self._job.styles:
                label = self._job.definition(name).description()
                self.found[name.lower()] = Drawn(self._job.drawn_from(name), label, self._job.styles[name])
        self.found.update({f"factor:{name}": one for name, one in factors.items()})
        self._extent = _extent(outputs)
        self._asked: list[tuple[Sheet, tuple[float, float]]] = []
        self._pictures: dict[tuple[int, str], bytes] = {}
        self._sheets = figures(self.found, self._crs, self._extent)

    def has(self, name: str) -> bool:
        """Return whether a map can be drawn."""
        return name in self._sheets

    def figure(self, name: str, caption: str, alternative: str = "") -> Figure:
        """Return a map of the network by its name, see `sheets.figures`."""
        return Figure(self._drawn(self._sheets[name], _WHOLE), caption, alternative)

    def plate(self, names: Sequence[tuple[str, str]], caption: str) -> Figure:
        """Return small maps beside one another: name and what each shows."""
        return Figure(None, caption, parts=[(text, self._drawn(self._sheets[name], _HALF)) for name, text in names])

    def other(self, name: str, layers: Sequence[Drawn], caption: str) -> Figure:
        """Return a map of other layers, the top one first."""
        return Figure(self._drawn(self._sheet(name, layers), _WHOLE), caption)

    def _sheet(self, name: str, layers: Sequence[Drawn]) -> Sheet:
        return Sheet(name, name, tuple(layers), self._crs, self._extent)

    def own(self, role: str, label: str = "", style: styling.Style | None = None) -> list[Drawn]:
        """Return a layer under another name or style; nothing where there is none."""
        held = self.found.get(role)
        return [] if held is None else [replace(held, name=label or held.name, style=style or held.style)]

    def borders(self) -> list[Drawn]:
        """Return the borders of townships and of the study area."""
        township = styling.polygons(palette.CLEAR, (*palette.BORDERS[1], 200), 0.2)
        return [
            *self.own("townships", "Township border", township),
            *self.own("boundary", "Border of the study area"),
        ]

    def pale_sources(self) -> list[Drawn]:
        """Return the sources as a background."""
        return self.own("sources", "Ecological source", styling.marked(palette.PALE_SOURCE))

    def _drawn(self, sheet: Sheet, size: tuple[float, float]) -> Callable[[str, Say], Picture]:
        number = len(self._asked)
        self._asked.append((sheet, size))

        def draw(language: str, say: Say) -> Picture:
            return Picture(self._pictures[number, language], size[0])

        return draw

    def draw(self, languages: Sequence[str], monitor: Monitor) -> None:
        """Draw all maps that figures were made of: at 300 dpi, unless the report would become too large to be sent."""
        wanted = [(number, language) for language in languages for number in range(len(self._asked))]
        for done, (number, language) in enumerate(wanted):
            monitor.step(done, len(wanted))
            self._pictures[number, language] = self._picture(number, language, _FINE)
        for key in sorted(wanted, key=lambda one: -len(self._pictures[one])):
            if sum(map(len, self._pictures.values())) <= _MOST_BYTES:
                break
            self._pictures[key] = self._picture(*key, _COARSE)

    def write_sheets(self, monitor: Monitor) -> None:
        """Write all maps that can be drawn as the pages of MAP_SHEETS."""
        heading = self._job.text("TITLE") or self._job.text("PLACE")
        how = {"template": template_of(Paper.A4.value), "language": languages_of_reports()[0]}
        sheets = noted(self._sheets.values(), heading)
        write_pages(self._job, "MAP_SHEETS", sheets, monitor, title=heading or TITLE, **how)

    def _picture(self, number: int, language: str, dpi: int) -> bytes:
        sheet, size = self._asked[number]
        return picture(sheet, self._job.monitor, size=size, dpi=dpi, language=language)


def _extent(outputs: NetworkOutputs) -> QgsRectangle:
    """Return the extent of the study area."""
    grid = outputs.grid
    rows, cols = np.flatnonzero(outputs.inside.any(axis=1)), np.flatnonzero(outputs.inside.any(axis=0))
    return QgsRectangle(
        grid.left + grid.dx * int(cols[0]),
        grid.top - grid.dy * (int(rows[-1]) + 1),
        grid.left + grid.dx * (int(cols[-1]) + 1),
        grid.top - grid.dy * int(rows[0]),
    )
