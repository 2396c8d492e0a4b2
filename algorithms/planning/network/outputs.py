"""Turns an ecological security network into layers and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsWkbTypes

from .... import core
from ...support.geometry.zonal import RasterUse, ZoneTable, parse_names, tabulate_by_zone, zone_fields
from ...support.inputs.linktable import link_columns, link_lines, link_rows
from ...support.io.rasterfiles import NO_MEASURE
from ...support.io.rasters import RasterSource
from ...support.io.tables import columns
from ...support.io.vectors import numbered_polygons
from ...support.run import palette, ramps, styling
from ...support.run.layertree import Place
from ...support.run.palette import Colour

if TYPE_CHECKING:
    from ....core.keyareas.areas import KeyAreas
    from ....core.planning.results import SecurityNetwork
    from ...support.io.vectors import VectorSource
    from ...support.run.job import Job


def mspa_classes() -> list[tuple[int, str, Colour]]:
    """Return code, name and colour of the classes of MSPA."""
    return [(code.code, code.name, code.colour) for code in core.mspa.CODES]


def preset_land_use() -> list[tuple[int, str, Colour]]:
    """Return code, name and colour of the land uses of the preset."""
    return list(zip(range(1, 9), core.resistance.LAND_USE_NAMES, palette.LAND_USE))


_SOURCES, _RESISTANCE, _CORRIDORS, _KEY_AREAS = (
    "1 Ecological sources",
    "2 Resistance surface",
    "3 Corridors",
    "4 Key areas",
)
_RANKS = {"PINCHPOINTS": 3, "BARRIERS": 2, "CURRENT": 1, "SCORE": 0, "PINCH_TABLE": -1, "BARRIER_TABLE": -2}
"""Of the key areas, from the top; see `Place`."""
_FROM_THE_TOP = (_KEY_AREAS, _CORRIDORS, _SOURCES, _RESISTANCE)


class NetworkOutputs:
    """The layers and tables of a run, as shapes and rows that the report uses too.

    Attributes
    ----------
    source_shapes, link_shapes, pinch_shapes, barrier_shapes : list of QgsGeometry
        In the order of the sources, links and areas.
    pinch_table, barrier_table : ZoneTable or None
        By township; None without townships or without areas.
    ramps : dict of str to Ramp
        The colours of each surface, by the name of its output.
    """

    def __init__(self, job: Job, network: SecurityNetwork, land: RasterSource) -> None:
        self.job = job
        self.network = network
        self.land = land
        self.grid = land.grid
        self.names = parse_names(job.text("LANDUSE_NAMES")) or {str(k): name for k, name, _ in preset_land_use()}
        self.source_shapes = numbered_polygons(network.sources.labels, land.grid, job.monitor.part(0.9, 0.91))
        self.link_shapes = link_lines(network.corridors.links, self.source_shapes, land.grid)
        self.pinch_shapes = self._shapes(network.places.pinch_areas)
        self.barrier_shapes = self._shapes(network.places.barrier_areas)
        use = RasterUse(land, land.crs, job.context.transformContext())
        townships = job.vector("TOWNSHIPS")
        fields = [] if townships is None else zone_fields(townships, job.fields("TOWNSHIP_NAME"), job.monitor)
        self.pinch_table = self._by_township(townships, fields, self.pinch_shapes, use)
        self.barrier_table = self._by_township(townships, fields, self.barrier_shapes, use)
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

    def _by_township(
        self, townships: VectorSource | None, fields: Sequence[str], shapes: Sequence[QgsGeometry], use: RasterUse
    ) -> ZoneTable | None:
        if townships is None or not shapes:
            return None
        return tabulate_by_zone(
            shapes,
            townships,
            fields,
            self.land.crs,
            land_use=use,
            use_names=self.names,
            monitor=self.job.monitor.part(0.92, 0.94),
        )

    def write_layers(self) -> None:
        """Write rasters and vector layers, each with its style and group."""
        network = self.network
        sources, link_set, places = network.sources, network.corridors, network.places
        self._raster("MSPA", sources.codes, 129, "MSPA code of GuidosToolbox", _SOURCES, classes=mspa_classes())
        self._write_sources()
        self._surface("RESISTANCE", network.surface.values, "Resistance", _RESISTANCE)
        self._surface("CORRIDORS", link_set.mosaic, "Cost above the least-cost path", _CORRIDORS)
        self._write_links()
        self._surface("CURRENT", places.pinch.current, "Current, amperes at 1 A per link", _KEY_AREAS)
        self._write_areas("PINCHPOINTS", places.pinch_areas, self.pinch_shapes, palette.PINCH)
        self._surface("SCORE", places.barrier.score, "Cost saved per metre restored", _KEY_AREAS)
        self._write_areas("BARRIERS", places.barrier_areas, self.barrier_shapes, palette.BARRIER)

    def write_tables(self) -> None:
        """Write the tables by township."""
        for name, table in (("PINCH_TABLE", self.pinch_table), ("BARRIER_TABLE", self.barrier_table)):
            if table is not None:
                self.job.write_features(name, table.headers, table.rows, place=_place(_KEY_AREAS, _RANKS[name]))

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
            "PINCH_COUNT": areas[0][0],
            "PINCH_HA": areas[0][1],
            "BARRIER_COUNT": areas[1][0],
            "BARRIER_HA": areas[1][1],
        }
        self.job.results.update(numbers)
        self.job.monitor.info(
            "{SOURCE_COUNT} sources ({SOURCE_HA:,.0f} ha), {LINK_COUNT} corridors ({LINK_KM:,.1f} km), {PINCH_COUNT} "
            "pinch points ({PINCH_HA:,.1f} ha), {BARRIER_COUNT} barriers ({BARRIER_HA:,.1f} ha).".format(**numbers)
        )
        return numbers

    def _raster(self, name: str, values, nodata: float, description: str, group: str, **look) -> None:
        self.job.write_raster(
            name,
            values,
            self.grid,
            nodata=nodata,
            description=description,
            place=_place(group, _RANKS.get(name, 0), group == _RESISTANCE),
            **look,
        )

    def _surface(self, name: str, values: np.ndarray, description: str, group: str) -> None:
        self._raster(name, values, NO_MEASURE, description, group, style=styling.surface(self.ramps[name]))

    def _write_sources(self) -> None:
        found = self.network.sources
        flow = self.network.corridors.flow
        kinds = columns(
            source_id=int,
            area_ha=float,
            core_ha=float,
            protected_ha=float,
            dIIC=float,
            dPC=float,
            dPCintra=float,
            dPCflux=float,
            dPCconnector=float,
            grade=int,
            current_flow=float,
        )
        rows = zip(
            range(1, found.area_ha.size + 1),
            found.area_ha,
            found.core_ha,
            found.protected_ha,
            found.diic.total,
            found.dpc.total,
            found.dpc.intra,
            found.dpc.flux,
            found.dpc.connector,
            found.grade,
            flow.nodes,
        )
        self.job.write_features(
            "SOURCES",
            kinds,
            rows,
            self.source_shapes,
            QgsWkbTypes.Type.MultiPolygon,
            self.land.crs,
            style=styling.graded("grade", int(found.grade.max()), styling.source_symbol),
            place=_place(_SOURCES, 1),
        )

    def _write_links(self) -> None:
        found, pinch = self.network.corridors, self.network.places.pinch
        kinds = link_columns(int) + columns(current_flow=float, grade=int, eff_res=float, cwd_effres=float)
        rows = link_rows(found.links, range(1, self.network.sources.area_ha.size + 1))
        position = np.cumsum(found.links.active) - 1
        ratio = pinch.ratio
        for row, active, k in zip(rows, found.links.active, position):
            extra = [found.flow.links[k], found.grade[k], pinch.effective_resistance[k], ratio[k]]
            row.extend(extra if active else [None] * 4)
        grades = int(found.grade.max(initial=1))
        dropped = (None, "Dropped", styling.dropped_symbol())
        self.job.write_features(
            "LINKS",
            kinds,
            rows,
            self.link_shapes,
            QgsWkbTypes.Type.LineString,
            self.land.crs,
            style=styling.graded("grade", grades, styling.corridor_symbol, dropped),
            place=_place(_CORRIDORS, 1),
        )

    def _write_areas(self, name: str, areas: KeyAreas | None, shapes: list[QgsGeometry], mark: palette.Mark) -> None:
        rows = [] if areas is None else zip(range(1, len(shapes) + 1), areas.area_ha, areas.mean, areas.maximum)
        self.job.write_features(
            name,
            columns(area_id=int, area_ha=float, mean=float, max=float),
            rows,
            shapes,
            QgsWkbTypes.Type.MultiPolygon,
            self.land.crs,
            style=styling.marked(mark),
            place=_place(_KEY_AREAS, _RANKS[name]),
        )


def _place(group: str, rank: int, visible: bool = True) -> Place:
    return Place((group,), rank, _FROM_THE_TOP[: _FROM_THE_TOP.index(group)], visible, expanded=visible)
