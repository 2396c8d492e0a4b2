"""Turns an ecological security network into layers and tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ...support.geometry.zonal import RasterUse, tabulate_by_zone
from ...support.inputs.linktable import link_lines
from ...support.io.rasters import RasterSource
from ...support.io.vectors import numbered_polygons
from ...support.reports.restoration import frontier_columns
from ...support.run import palette, ramps
from ...support.run.palette import Colour
from .corridorsides import corridors_by_grade
from .keyplaces import class_breaks, key_areas_by_grade
from .lithology import rocks_by_grade
from .maplayers import MapLayers
from .townships import network_by_township

if TYPE_CHECKING:
    from ....core.decisions.robustness import Robustness
    from ....core.keyareas.areas import KeyAreas
    from ....core.keyareas.measures import AreaMeasures
    from ....core.planning.results import SecurityNetwork
    from ...support.inputs.sources import Sources
    from ...support.reports.actionsheet import Said
    from ...support.run.job import Job
    from .measures import Measures

Table = tuple  # (list of Column, list of list)
"""Columns and rows."""


def mspa_classes() -> list[tuple[int, str, Colour]]:
    """Return code, name and colour of the classes of MSPA."""
    return [(code.code, code.name, code.colour) for code in core.mspa.CODES]


class NetworkOutputs:
    """The layers and tables of a run, as shapes and rows that the report uses too.

    Attributes
    ----------
    land_use, inside : ndarray
        The classes of the land use, and the cells that have one: the study area.
    classes : list of (int, str, Colour)
        Code, name and colour of the land uses that occur.
    inside_ha : float
        Hectares of the study area.
    source_inside_ha : ndarray
        Hectares of each source in the study area, beyond which sources at its border reach.
    ids : sequence of int or str
        Ids of the sources, the most important first: their numbers, or those of the sources that were given.
    source_shapes, link_shapes, pinch_shapes, barrier_shapes : list of QgsGeometry
        In the order of the sources, links and areas.
    layers : MapLayers
        What results are tabulated by and drawn on.
    robust : Robustness or None
        The network on other judgements; None where nobody asked for it.
    pinch_table, barrier_table : Table or None
        By township and village; None without either, or without areas.
    rocks_by_grade : Table or None
        See `lithology`; None without one.
    by_township : Table or None
        See `townships`; None without any.
    corridors_by_grade, key_areas_by_grade : Table
        See `corridorsides` and `keyplaces`.
    breaks : Table
        Limits of the classes of currents and scores.
    planned : Planned or None
        The restoration plan, see `measures`; None without one.
    actions : Said or None
        The action sheet, see `measures`.
    action_table : Table or None
        Its measures by zone and class.
    frontier_table : Table or None
        What each budget buys; None without a plan.
    ramps : dict of str to Ramp
        The colours of each surface, by the name of its output.
    """

    def __init__(
        self,
        job: Job,
        network: SecurityNetwork,
        land: RasterSource,
        land_use: np.ndarray,
        inside: np.ndarray,
        classes: list[tuple[int, str, Colour]],
        own: Sources | None,
        layers: MapLayers,
        measures: Measures,
        robust: Robustness | None = None,
    ) -> None:
        self.job = job
        self.network = network
        sources = network.sources
        self.ids = sources.rank.tolist() if own is None else [own.ids[k - 1] for k in sources.origin]
        self.id_type = int if own is None else own.id_type
        self.land = land
        self.land_use = land_use
        self.inside = inside
        self.layers = layers
        self.robust = robust
        self._measures = measures
        self.planned = measures.planned
        self.grid = land.grid
        self.classes = classes
        self.source_shapes = numbered_polygons(network.sources.labels, land.grid, job.monitor.part(0.9, 0.91))
        self.link_shapes = link_lines(network.corridors.links, self.source_shapes, land.grid)
        self.pinch_shapes = self._shapes(network.places.pinch_areas)
        self.barrier_shapes = self._shapes(network.places.barrier_areas)
        places = network.places
        self.ramps = {
            "RESISTANCE": ramps.over(palette.RESISTANCE, network.surface.values),
            "CORRIDORS": ramps.over(palette.BELT, network.corridors.mosaic, "cost units"),
            "CURRENT": ramps.over(palette.CURRENT, places.pinch.current, "A"),
            "SCORE": ramps.over(palette.SCORE, places.barrier.score, "cost units per m"),
        }

    def _shapes(self, areas: KeyAreas | None) -> list[QgsGeometry]:
        if areas is None:
            return []
        return numbered_polygons(areas.labels, self.grid, self.job.monitor.part(0.91, 0.92))

    # Tables are made when the report or an output asks for them.

    @cached_property
    def pinch_table(self) -> Table | None:
        return self._by_zone(self.pinch_shapes)

    @cached_property
    def barrier_table(self) -> Table | None:
        return self._by_zone(self.barrier_shapes)

    @cached_property
    def rocks_by_grade(self) -> Table | None:
        return rocks_by_grade(self, self.layers.lithology) if self.layers.lithology else None

    @cached_property
    def by_township(self) -> Table | None:
        return network_by_township(self, self.layers.townships) if self.layers.townships else None

    @cached_property
    def corridors_by_grade(self) -> Table:
        return corridors_by_grade(self)

    @cached_property
    def key_areas_by_grade(self) -> Table:
        return key_areas_by_grade(self)

    @cached_property
    def breaks(self) -> Table:
        return class_breaks(self)

    @cached_property
    def actions(self) -> Said | None:
        return self._measures.action_sheet(self)

    @property
    def frontier_table(self) -> Table | None:
        if self.planned is None:
            return None
        return frontier_columns(self.planned.outcome), list(self.planned.outcome.frontier_rows())

    @property
    def action_table(self) -> Table | None:
        return None if self.actions is None else (self.actions.zone_columns(), self.actions.zone_rows())

    @cached_property
    def inside_ha(self) -> float:
        return float(np.count_nonzero(self.inside) * self.grid.cell_ha)

    @cached_property
    def source_inside_ha(self) -> np.ndarray:
        found = self.network.sources
        return np.bincount(found.labels[self.inside], minlength=found.area_ha.size + 1)[1:] * self.grid.cell_ha

    def use_of(self, shape: QgsGeometry) -> dict[str, float]:
        """Return the hectares of each land use, by its code, in a polygon."""
        return self._use.of(shape, self.grid.metres_per_unit**2 / 10_000.0)

    @cached_property
    def _use(self) -> RasterUse:
        return RasterUse(self.land, self.land.crs, self.job.context.transformContext())

    def _by_zone(self, shapes: Sequence[QgsGeometry]) -> Table | None:
        if self.layers.zones is None:
            return None
        found = tabulate_by_zone(
            shapes,
            self.layers.zones,
            self.land.crs,
            land_use=self._use,
            use_names={str(code): name for code, name, _ in self.classes},
            monitor=self.job.monitor.part(0.92, 0.94),
        )
        return found.headers, found.rows

    def report_numbers(self) -> dict[str, float]:
        """Put the headline numbers into the results, and return them."""
        sources, link_set, places = self.network.sources, self.network.corridors, self.network.places
        active = link_set.links.active
        areas = [
            (0, 0.0) if found is None else (int(found.area_ha.size), float(found.area_ha.sum()))
            for found in (places.pinch_areas, places.barrier_areas)
        ]
        numbers = {
            "SOURCE_COUNT": int(sources.area_ha.size),
            "SOURCE_HA": float(sources.area_ha.sum()),
            "LINK_COUNT": int(active.sum()),
            "LINK_KM": float(np.nansum(link_set.links.length[active]) / 1000.0),
            "CUTOFF_USED": float(link_set.cutoffs.mean()),
            "PINCH_COUNT": areas[0][0],
            "PINCH_HA": areas[0][1],
            "BARRIER_COUNT": areas[1][0],
            "BARRIER_HA": areas[1][1],
            "OVERLAP_HA": 0.0 if places.overlap is None else places.overlap.area_ha,
            "PINCH_EDGE_HA": _at_edge(places.pinch_measures),
            "BARRIER_EDGE_HA": _at_edge(places.barrier_measures),
        }
        if self.planned is not None:
            best = self.planned.outcome.best
            numbers.update(PLAN_SPENT=best.spent, PLAN_GAIN=best.gain)
        self.job.results.update(numbers)
        self.job.monitor.info(
            f"{numbers['SOURCE_COUNT']} sources ({numbers['SOURCE_HA']:,.0f} ha), {numbers['LINK_COUNT']} corridors "
            f"({numbers['LINK_KM']:,.1f} km), {numbers['PINCH_COUNT']} pinch points ({numbers['PINCH_HA']:,.1f} ha), "
            f"{numbers['BARRIER_COUNT']} barriers ({numbers['BARRIER_HA']:,.1f} ha)."
        )
        return numbers


def _at_edge(measures: AreaMeasures | None) -> float:
    return 0.0 if measures is None else float(measures.edge_ha.sum())
