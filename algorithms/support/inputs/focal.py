"""Focal nodes of a circuit and the tables that go with them, from layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qgis.core import QgsWkbTypes

from .... import core
from ....core.errors import InputError
from ....core.lists import parse_number, value_text
from ....core.monitor import Monitor
from ..io.rasters import RasterSource
from ..io.tables import pair_columns, read_rows
from ..io.vectors import VectorSource, burn, is_bare, is_null, name_ids, warn_of_bare
from .sources import SOURCE_FIELD


@dataclass
class Focal:
    """Focal nodes: cells by number 1, 2, ... and what the user calls them."""

    ids: list
    cells: dict[int, np.ndarray]

    @property
    def id_type(self) -> type:
        """`int` when every id is a whole number, else `str`."""
        return int if all(isinstance(one, int) for one in self.ids) else str

    def keep(self, kept: np.ndarray) -> None:
        """Leave out focal nodes and number the rest anew."""
        self.cells = dict(enumerate((self.cells[k + 1] for k in np.flatnonzero(kept)), start=1))
        self.ids = [one for one, keep in zip(self.ids, kept) if keep]


def read_focal(
    nodes: RasterSource | VectorSource,
    raster: RasterSource,
    resistance: np.ndarray,
    regions: np.ndarray | None = None,
    *,
    id_field: str,
    snap: bool,
    monitor: Monitor,
) -> Focal:
    """Return the focal nodes: the numbers of a raster, or the features of a layer with their ids.

    Those without a valid cell or a short-circuit region are moved to the nearest one if `snap`; else they stay and
    nothing reaches them, as in Circuitscape. Either way they are named.

    Raises
    ------
    InputError
        For nodes outside the raster, or when fewer than two have a valid cell.
    """
    if isinstance(nodes, RasterSource):
        by_id = core.circuit.focal_cells(whole_numbers(nodes))
    else:
        by_id = _cells_of_features(nodes, id_field, raster, monitor)
    focal = Focal(list(by_id), dict(enumerate(by_id.values(), start=1)))
    lost = core.circuit.stranded(focal.cells, resistance, regions)
    if lost:
        places = "; ".join(
            f"{focal.ids[k - 1]} (nearest valid cell: {raster.where(*divmod(cell, raster.grid.cols))})"
            for k, cell in list(lost.items())[:10]
        )
        if snap:
            monitor.warn(f"{len(lost)} focal node(s) on NoData were moved: {places}.")
            focal.cells.update({k: np.array([cell]) for k, cell in lost.items()})
        else:
            left = len(focal.ids) - len(lost)
            sentence = f"{len(lost)} focal node(s) have no cell with a resistance and are left out: {places}."
            advice = "Move them, or tick 'Move focal nodes on NoData to the nearest valid cell' (SNAP)."
            if left < 2:
                raise InputError(
                    f"{sentence} At least two must be left, but there {'is' if left else 'are'} {left}. {advice}"
                )
            monitor.warn(f"{sentence} {advice}")
    shared = core.circuit.shared_cells(focal.cells, resistance, regions)
    if shared:
        pairs = name_ids(f"{focal.ids[i - 1]} and {focal.ids[j - 1]} ({count:,})" for (i, j), count in shared.items())
        monitor.warn(
            f"Focal nodes share {sum(shared.values()):,} cell(s): {pairs}. These cells belong to both, so that the "
            "resistance between the two is 0 and nothing flows between them. Cut the cells from one, or give both one id."
        )
    return focal


def _cells_of_features(source: VectorSource, id_field: str, raster: RasterSource, monitor: Monitor) -> dict:
    """Return the cells under the features of each id; a polygon that holds no cell centre gets its nearest cell."""
    grid = raster.grid
    by_id: dict = {}
    outside, bare = [], []
    if id_field and id_field not in source.field_names:
        raise InputError(f"'{source.name}' has no field '{id_field}'. It has: {', '.join(source.field_names)}.")
    if not id_field and SOURCE_FIELD in source.field_names:
        id_field = SOURCE_FIELD
    for feature in source.features(raster.crs):
        geometry = feature.geometry()
        if is_bare(geometry):
            bare.append(feature[id_field] if id_field else feature.id())
            continue
        one = feature[id_field] if id_field else feature.id()
        if is_null(one) or one == "":
            raise InputError(f"'{source.name}' has features without a value in '{id_field}'. Give every one an id.")
        one = int(one) if isinstance(one, float) and one.is_integer() else one
        cells = np.empty(0, dtype=np.int64)
        points = [geometry.pointOnSurface().asPoint()]
        if geometry.type() == QgsWkbTypes.GeometryType.PointGeometry:
            points = list(geometry.asMultiPoint() if geometry.isMultipart() else [geometry.asPoint()])
        else:
            cells = np.flatnonzero(burn([geometry], grid))
        if not cells.size:
            places = [grid.index(point.x(), point.y()) for point in points]
            if any(not (0 <= row < grid.rows and 0 <= col < grid.cols) for row, col in places):
                outside.append(one)
                continue
            cells = np.array([row * grid.cols + col for row, col in places])
        by_id.setdefault(one, []).append(cells)
    warn_of_bare("Focal nodes", bare, source.name, monitor)
    if outside:
        raise InputError(
            f"Focal nodes {name_ids(outside)} of '{source.name}' lie outside the raster ({grid.describe()}). "
            "Use a larger raster, or remove them."
        )
    return {one: np.unique(np.concatenate(by_id[one])) for one in sorted(by_id, key=lambda v: (isinstance(v, str), v))}


def above_zero(source: RasterSource) -> np.ndarray:
    """Return where a raster is valid and above 0."""
    values, valid = source.read()
    return valid & (values > 0)


def whole_numbers(source: RasterSource) -> np.ndarray:
    """Return a raster of ids as int64, 0 where NoData."""
    values, valid = source.read()
    values = np.where(valid, values, 0)
    numbers = values.astype(np.int64)
    if (numbers != values).any():
        raise InputError(f"'{source.name}' must hold whole numbers as ids; it holds {values[numbers != values][0]:g}.")
    return numbers


def two_columns(source: VectorSource, first: str, second: str) -> list[tuple]:
    """Return the values of two columns: those with the names given, else the first two."""
    names = [name for name in source.field_names if name not in ("fid", "ogc_fid")]
    if {first, second} <= set(names):
        names = [first, second]
    if len(names) < 2:
        raise InputError(f"'{source.name}' needs two columns; it has: {', '.join(names)}.")
    return [(row[names[0]], row[names[1]]) for row in read_rows(source)]


def read_pairs(table: VectorSource, focal: Focal, *, include: bool) -> np.ndarray:
    """Return which pairs a table allows, those in it or all others; focal nodes that take no part are left out of `focal`."""
    one, other = pair_columns(table)
    listed = [(value_text(row[one]), value_text(row[other])) for row in read_rows(table)]
    allowed, kept = core.circuit.allowed_pairs([value_text(one) for one in focal.ids], listed, include=include)
    focal.keep(kept)
    return allowed[np.ix_(kept, kept)]


def read_strengths(source: VectorSource, focal: Focal, monitor: Monitor) -> dict[int, float]:
    """Return the strengths of a table by number of the focal node."""
    place = {value_text(one): k for k, one in enumerate(focal.ids, start=1)}
    strengths, unknown = {}, []
    for one, amperes in two_columns(source, "id", "strength"):
        if value_text(one) not in place:
            unknown.append(one)
            continue
        strength = parse_number(amperes, f"'{source.name}', strength of node {one}")
        if strength is None:
            raise InputError(f"'{source.name}' gives node {one} no strength. Fill it in, or leave the row out.")
        strengths[place[value_text(one)]] = strength
    if unknown:
        monitor.warn(f"'{source.name}' lists {name_ids(unknown)}, which are not focal nodes of this run.")
    return strengths
