"""Corridor polygons with their measures, and the table of widths along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.grid import Grid
from ..inputs.sources import Sources
from ..io.tables import Column, columns
from ..io.vectors import polygonise

if TYPE_CHECKING:
    from ....core.corridors.normalised import Corridor
    from ....core.leastcost.graph import CostGraph
    from ....core.leastcost.links import Links


class CorridorZones:
    """Collects corridors as they are found.

    Parameters
    ----------
    graph : CostGraph
        The resistance surface.
    sources : Sources
        The sources on its grid.
    links : Links
        The link table.
    grid : Grid
        The grid.
    land_use : ndarray, optional
        Class raster on the same grid, NaN where there is no data.
    step : float, optional
        Length of the sections of the width profile in metres; no profile without it.
    """

    def __init__(
        self,
        graph: CostGraph,
        sources: Sources,
        links: Links,
        grid: Grid,
        *,
        land_use: np.ndarray | None = None,
        step: float | None = None,
    ) -> None:
        self._graph, self._sources, self._links, self._grid = graph, sources, links, grid
        self._land_use, self._step = land_use, step
        self._zones: list[tuple[list, QgsGeometry]] = []
        self._sections: list[list] = []

    def add(self, corridor: Corridor) -> None:
        """Measure a corridor; one whose path has no length outside its sources is left out."""
        labels, links, grid = self._sources.labels, self._links, self._grid
        shape = core.corridors.shape_of(corridor, self._graph, labels, links)
        if np.isnan(shape.mean_width):
            return
        width = None if np.isnan(shape.min_width) else shape.min_width
        narrow = (None, None) if shape.bottleneck is None else grid.centre(*shape.bottleneck)
        inside = core.corridors.outside_ends(corridor, labels, links)
        a, b = (links.pairs[corridor.index] - 1).tolist()
        link = [corridor.index + 1, self._sources.ids[a], self._sources.ids[b]]
        row = [
            *link,
            shape.cells * grid.cell_ha,
            shape.mean_width,
            width,
            links.length[corridor.index],
            shape.mean_resistance,
            corridor.cutoff,
            *narrow,
        ]
        if self._land_use is not None:
            held = core.corridors.class_shares(self._land_use[corridor.rows, corridor.cols][inside])
            row.append(", ".join(f"{code:g}: {100 * share:.1f} %" for code, share in held))
        window = grid.window(corridor.rows.start, corridor.cols.start, *inside.shape)
        self._zones.append((row, polygonise(inside, window)[1]))
        if self._step is not None:
            profile = core.corridors.width_profile(corridor, self._graph, labels, links, self._step)
            sections = zip(profile.limits[:-1], profile.limits[1:], profile.width, profile.resistance)
            self._sections += [[*link, *section] for section in sections]

    def layer(self) -> tuple[list[Column], list[list], list[QgsGeometry]]:
        """Return the columns, rows and shapes of the corridors, in the order of the links."""
        names = columns(
            **self._ends(),
            area_ha=float,
            mean_width=float,
            min_width=float,
            lcp_length=float,
            mean_res=float,
            cutoff=float,
            narrow_x=float,
            narrow_y=float,
        )
        if self._land_use is not None:
            names += columns(land_use=str)
        self._zones.sort(key=lambda zone: zone[0][0])
        return names, [row for row, _ in self._zones], [shape for _, shape in self._zones]

    def profile(self) -> tuple[list[Column], list[list]]:
        """Return the columns and rows of the widths along the corridors, in the order of the links."""
        names = columns(**self._ends(), start=float, stop=float, width=float, mean_res=float)
        return names, sorted(self._sections, key=lambda section: (section[0], section[3]))

    def _ends(self) -> dict[str, type]:
        ids = self._sources.id_type
        return {"link_id": int, "from_id": ids, "to_id": ids}
