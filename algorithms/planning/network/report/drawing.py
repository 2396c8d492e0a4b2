"""Maps of a run, and their keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from qgis.core import QgsGeometry

from ....support.reports import html
from ....support.reports.html import Key
from ....support.reports.maps import ZONE_BORDER, Map, Outlines
from ....support.run import styling
from ....support.run.palette import BORDERS, CLEAR, CORRIDOR_WIDTHS, CORRIDORS, PALE_SOURCE, WHITE, Colour, Mark
from ....support.run.ramps import Ramp
from ..factorlayers import PICTURE
from ..outputs import NetworkOutputs

_PIXELS_PER_MM = 3.0
"""Of the lines; the pictures are shown at about that size."""

_SURFACES = {
    "RESISTANCE": "Resistance",
    "CORRIDORS": "Cost above the least-cost path",
    "CURRENT": "Current density at 1 A",
    "SCORE": "Barrier score, cost saved by restoration",
}


class Drawing:
    """Draws the layers of a run, each in the colours it has in the project.

    Every map has the borders of the study area and of the townships.
    """

    def __init__(self, outputs: NetworkOutputs) -> None:
        self._outputs = outputs
        self._network = outputs.network
        self._laid: dict[str, Map] = {}
        self._outlines: Outlines = {}

    def _map(self, width: int = 900, background: Colour = WHITE) -> Map:
        return Map(self._outputs.grid, width, background, self._outlines)

    def classes(self, cells: np.ndarray, entries: Sequence[tuple[int, str, Colour]]) -> Map:
        """Return a map of classes; cells outside stay white."""
        return self._bordered(self._map().classes(cells, entries, self._outputs.inside))

    def surface(self, name: str) -> Map:
        """Return a map of the surface that is the output of a name."""
        network = self._network
        values = {
            "RESISTANCE": network.surface.values,
            "CORRIDORS": network.corridors.mosaic,
            "CURRENT": network.places.pinch.current,
            "SCORE": network.places.barrier.score,
        }[name]
        return self._bordered(self._map().surface(values, self._outputs.ramps[name]))

    def other(self, values: np.ndarray, ramp: Ramp) -> Map:
        """Return a map of a surface that is no output."""
        return self._bordered(self._map().surface(values, ramp))

    def blank(self) -> Map:
        """Return a map with nothing on it but borders."""
        return self._bordered(self._map())

    def scores(self, sample: np.ndarray, ramp: Ramp) -> Map:
        """Return a small map of the scores of a factor."""
        return self._bordered(self._map(PICTURE).surface(sample, ramp))

    def _bordered(self, map_: Map) -> Map:
        map_.border(self._outputs.inside)
        townships = self._outputs.layers.townships
        if townships is None:
            return map_
        return map_.lay(self._once(f"townships {map_.width}", map_, lambda clear: clear.zones(townships.shapes)))

    def pale_sources(self, map_: Map) -> Map:
        """Draw the sources on a map of something else."""
        shapes = self._outputs.source_shapes
        return map_.lay(self._once("sources", map_, lambda clear: self.marked(clear, shapes, PALE_SOURCE, 0.7)))

    def _once(self, what: str, like: Map, draw: Callable[[Map], Map]) -> Map:
        """Return a clear picture that is drawn when it is first asked for."""
        if what not in self._laid:
            self._laid[what] = draw(self._map(max(like.width, like.height), CLEAR))
        return self._laid[what]

    def marked(self, map_: Map, shapes: Sequence[QgsGeometry], mark: Mark, width: float = 1.0) -> Map:
        return map_.polygons(shapes, mark.fill, mark.edge, width, mark.halo)

    def corridors(self, map_: Map) -> None:
        found = self._network.corridors
        active = np.flatnonzero(found.links.active)
        for grade in reversed(self._link_grades()):
            lines = [self._outputs.link_shapes[k] for k in active[found.grade == grade]]
            map_.lines(lines, CORRIDORS[grade - 1], _PIXELS_PER_MM * CORRIDOR_WIDTHS[grade - 1])

    def corridor_keys(self) -> list[Key]:
        return [
            Key(
                f"Corridor, {styling.grade_name(g).lower()}",
                CORRIDORS[g - 1],
                line=_PIXELS_PER_MM * CORRIDOR_WIDTHS[g - 1],
            )
            for g in self._link_grades()
        ]

    def _link_grades(self) -> list[int]:
        return list(range(1, int(self._network.corridors.grade.max(initial=1)) + 1))

    def figure(
        self,
        map_: Map,
        caption: str,
        keys: Sequence[Key],
        surface: str = "",
        inset: bytes = b"",
        ramp: tuple[str, Ramp] | None = None,
    ) -> str:
        """Return a map with its scale bar, north, caption and keys.

        `surface` names the output whose ramp is shown, or `ramp` is one with its name.
        """
        length = map_.scale_bar()
        if self._outputs.job.given("AREA"):
            keys = [*keys, Key("Border of the study area", BORDERS[0], line=1.5)]
        if self._outputs.layers.townships is not None:
            keys = [*keys, Key("Township border", tuple(255 - (255 - part) // 2 for part in ZONE_BORDER[:3]), line=1.5)]
        ramps = [(_SURFACES[surface], self._outputs.ramps[surface])] if surface else [ramp] if ramp else []
        return html.figure(map_.png(), f"{caption}. Bar: {length}.", keys, ramps, overlay=map_.overlay(), inset=inset)


def key(name: str, mark: Mark) -> Key:
    """Return the entry of a mark in the key of a map."""
    return Key(name, mark.fill, mark.edge)
