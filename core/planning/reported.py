"""What of a network is reported where the data reach beyond the study area."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from ..keyareas.barriers import Barriers
from ..keyareas.pinchpoints import PinchPoints
from ..leastcost.links import Links
from ..network import centrality as network
from ..types import BoolArray, IntArray
from .results import CorridorNetwork, SourceSet


@dataclass(frozen=True)
class Reported:
    """The part of a network that concerns the study area; all of it is computed on the whole rasters.

    Attributes
    ----------
    area : bool array, shape (rows, cols)
        The study area.
    links : bool array, shape (links,)
        Active links whose least-cost path runs through the area, and dropped ones between sources that are kept.
    sources : int array
        Positions of the sources that touch the area or that a kept active link joins, ascending.
    """

    area: BoolArray
    links: BoolArray
    sources: IntArray

    @classmethod
    def of(cls, area: BoolArray, labels: IntArray, links: Links) -> Reported:
        """Return what is reported of the sources (1 to n in `labels`) and their links.

        Raises
        ------
        InputError
            If no corridor runs through the area.
        """
        through = np.array([bool(area[tuple(path.T)].any()) for path in links.paths], dtype=bool) & links.active
        if not through.any():
            raise InputError(
                "No corridor runs through the study area (AREA). Check that it lies where the sources are, or give a larger "
                "one."
            )
        touching = np.unique(labels[area & (labels > 0)])
        kept = np.unique(np.concatenate((touching, links.pairs[through].ravel())))
        dropped = ~links.active & np.isin(links.pairs, kept).all(axis=1)
        return cls(area, through | dropped, kept - 1)

    def of_sources(self, found: SourceSet) -> SourceSet:
        """Return the sources that are kept, in their order and with their rank among all."""
        number = np.zeros(found.area_ha.size + 1, dtype=found.labels.dtype)
        number[self.sources + 1] = np.arange(1, self.sources.size + 1)
        return replace(
            found,
            labels=number[found.labels],
            origin=found.origin[self.sources],
            rank=found.rank[self.sources],
            area_ha=found.area_ha[self.sources],
            core_ha=found.core_ha[self.sources],
            protected_ha=found.protected_ha[self.sources],
            dpc=found.dpc.at(self.sources),
            diic=found.diic.at(self.sources),
            grade=found.grade[self.sources],
        )

    def of_links(self, links: Links) -> Links:
        """Return the links that are kept, between the new positions of their sources."""
        where = np.flatnonzero(self.links).tolist()
        number = np.zeros(int(links.pairs.max()) + 1, dtype=np.int64)
        number[self.sources + 1] = np.arange(1, self.sources.size + 1)
        return Links(
            number[links.pairs[self.links]],
            links.kind[self.links],
            links.euclidean[self.links],
            links.cost[self.links],
            links.length[self.links],
            tuple(links.paths[k] for k in where),
            tuple(tuple(int(number[one]) for one in links.through[k] if number[one]) for k in where),
        )

    def of_corridors(self, found: CorridorNetwork) -> CorridorNetwork:
        """Return the corridors that are kept, the belt inside the area, and the structure of this part of the network."""
        active = self.links[found.links.active]
        links = self.of_links(found.links)
        flow = replace(found.flow, nodes=found.flow.nodes[self.sources], links=found.flow.links[active])
        mosaic = np.where(self.area, found.mosaic, np.float32(np.nan))
        structure = network.structure(self.sources.size, links.joined - 1)
        return CorridorNetwork(links, mosaic, found.cutoffs[active], found.reach, flow, found.grade[active], structure)

    def of_pinch(self, found: PinchPoints, links: Links) -> PinchPoints:
        """Return the currents inside the area, and those of the active links that are kept."""
        active = self.links[links.active]
        return PinchPoints(
            np.where(self.area, found.current, np.nan),
            np.where(self.area, found.relative, np.nan),
            found.effective_resistance[active],
            found.least_cost[active],
        )

    def of_barriers(self, found: Barriers, links: Links) -> Barriers:
        """Return the scores inside the area, and the best places of the active links that are kept."""
        active = self.links[links.active]
        position = np.append(np.where(active, np.cumsum(active) - 1, -1), -1)
        inside = found.clipped(self.area)
        parts = ("distance", "score", "radius", "row", "col", "cells")
        best = replace(inside.links, **{name: getattr(inside.links, name)[active] for name in parts})
        return replace(inside, link=position[inside.link].astype(inside.link.dtype), links=best)
