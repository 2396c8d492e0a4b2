"""Towns, villages, roads and mines of a county."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from ..grid import Grid
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .drainage import grid_graph
from .lines import cell_centres, cells_at, clipped, line_length, network_lines
from .model import Feature, Value, Zones
from .names import place_names
from .noise import blurred, fractal_noise, resample
from .terrain import Terrain

_TOWNS = 11
_VILLAGES_PER_TOWN = 10
_CELLS_PER_VILLAGE = 150
_ROADS = {1: "Expressway", 2: "County road", 3: "Village road"}


@dataclass(frozen=True)
class Settlement:
    """Where people live; towns and villages as x, y, the towns being the first of the villages."""

    towns: FloatArray
    villages: FloatArray
    places: tuple[Feature, ...]
    township_zones: Zones
    village_zones: Zones
    roads: tuple[Feature, ...]


def spread_out(quality: FloatArray, allowed: BoolArray, count: int, spacing: float) -> IntArray:
    """Return up to `count` flat cell indices, best first, no two closer than `spacing` cells.

    The spacing shrinks until the places suffice or it is less than 1.5 cells; ties go to the first cell.
    """
    rows, cols = np.ogrid[: quality.shape[0], : quality.shape[1]]
    while True:
        score = np.where(allowed, quality, -np.inf)
        chosen: list[int] = []
        while len(chosen) < count:
            best = int(score.argmax())
            row, col = divmod(best, quality.shape[1])
            if score[row, col] == -np.inf:
                break
            chosen.append(best)
            score[(rows - row) ** 2 + (cols - col) ** 2 < spacing**2] = -np.inf
        if len(chosen) == count or spacing < 1.5:
            return np.array(chosen, dtype=np.int64)
        spacing *= 0.85


def settle(
    terrain: Terrain, grid: Grid, rng: np.random.Generator, reservoir: BoolArray, monitor: Monitor
) -> Settlement:
    """Return towns, villages, their territories and the roads between them, all beside the reservoir."""
    coarse = terrain.coarse_shape
    inside = resample(terrain.county.astype(float), coarse) > 0.5
    inside = ndimage.binary_erosion(inside, iterations=coarse[0] // 25)
    lake = resample(reservoir.astype(float), coarse) > 0.1
    inside &= ~ndimage.binary_dilation(lake, iterations=2)
    slope = ndimage.gaussian_filter(resample(terrain.slope, coarse), 1.5)
    above = ndimage.gaussian_filter(resample(terrain.above_river, coarse), 1.0)
    quality = -slope / 10.0 - above / 150.0 + 0.6 * fractal_noise(coarse, rng, exponent=2.0)
    area = int(inside.sum())
    towns = spread_out(quality, inside, _TOWNS, 0.85 * np.sqrt(area / _TOWNS))
    middle = np.argwhere(inside).mean(axis=0)
    seat = int(((np.stack(np.divmod(towns, coarse[1]), axis=1) - middle) ** 2).sum(axis=1).argmin())
    towns = np.concatenate([towns[[seat]], np.delete(towns, seat)])

    count = min(len(towns) * _VILLAGES_PER_TOWN, max(2 * len(towns), int(terrain.county.sum()) // _CELLS_PER_VILLAGE))
    spacing = 0.8 * np.sqrt(area / count)
    town_mask = np.zeros(coarse, dtype=bool)
    town_mask.flat[towns] = True
    free = inside & (ndimage.distance_transform_edt(~town_mask) >= spacing)
    sites = np.concatenate([towns, spread_out(quality, free, count - len(towns), spacing)])
    monitor.step(1, 3)
    places = cell_centres(sites, coarse, grid)
    townships, villages, settlements = _territories(places, len(towns), terrain.county, grid, rng)
    monitor.step(2, 3)
    cost = (1.0 + (slope / 6.0) ** 2) * np.exp(0.45 * fractal_noise(coarse, rng, exponent=2.2, longest=0.15))
    cost[terrain.river_order.reshape(coarse) > 0] += 6.0
    cost[lake] += 60.0
    cost[resample(terrain.county.astype(float), coarse) < 0.99] += 20.0  # roads of the county stay in it
    outside = resample(terrain.county.astype(float), coarse) < 0.5
    roads = _roads(cost, outside, sites, len(towns), terrain.county, grid)
    monitor.step(3, 3)
    return Settlement(places[: len(towns)], places, settlements, townships, villages, roads)


def _territories(
    places: FloatArray, towns: int, county: BoolArray, grid: Grid, rng: np.random.Generator
) -> tuple[Zones, Zones, tuple[Feature, ...]]:
    """Return townships, villages and the places they are named after.

    A village is the cells nearest to its place on a wobbly map, a township the villages nearest to its town.
    """
    wobble = np.stack([0.008 * grid.rows * fractal_noise(grid.shape, rng, exponent=4.0, longest=0.1) for _ in range(2)])
    at = np.stack(cells_at(places, grid))
    moved = (at + wobble[:, at[0], at[1]]).T
    cells = np.argwhere(county)
    village: IntArray = np.zeros(grid.shape, dtype=np.int32)
    village[county] = cKDTree(moved).query(cells + wobble[:, county].T)[1] + 1
    village = _whole(_whole(village))  # what goes to a neighbour may be detached from it as well
    town_of = cKDTree(moved[:towns]).query(moved)[1]
    township = np.where(county, town_of[village - 1] + 1, 0).astype(np.int32)

    names = place_names(towns + len(places), rng)
    town_rows: list[dict[str, Value]] = []
    for i, (latin, chinese) in enumerate(names[:towns]):
        kind, kind_zh = ("Subdistrict", "街道") if i == 0 else ("Town", "镇") if i < 7 else ("Township", "乡")
        town_rows.append({"town_id": i + 1, "name": f"{latin} {kind}", "name_zh": chinese + kind_zh})
    village_rows: list[dict[str, Value]] = []
    for i, (latin, chinese) in enumerate(names[towns:]):
        town = town_rows[town_of[i]]
        village_rows.append(
            {
                "village_id": i + 1,
                "name": f"{latin} Village",
                "name_zh": f"{chinese}村",
                "town_id": town["town_id"],
                "town": town["name"],
                "town_zh": town["name_zh"],
            }
        )
    kinds = ["County seat"] + ["Town"] * (towns - 1) + ["Village"] * (len(places) - towns)
    called = names[:towns] + names[2 * towns :]
    settlements = tuple(
        Feature(
            place[None, :],
            {"place_id": i + 1, "name": called[i][0], "name_zh": called[i][1], "kind": kinds[i]},
        )
        for i, place in enumerate(places)
    )
    return Zones(township, tuple(town_rows)), Zones(village, tuple(village_rows)), settlements


def _whole(labels: IntArray) -> IntArray:
    """Return areas without their detached parts, which go to the nearest area (parts join at edges, not corners)."""
    kept = np.zeros(labels.shape, dtype=bool)
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        parts, count = ndimage.label(labels[window] == label)
        sizes = np.bincount(parts.ravel(), minlength=count + 1)
        sizes[0] = 0
        kept[window] |= parts == sizes.argmax()
    nearest = ndimage.distance_transform_edt(~kept, return_distances=False, return_indices=True)
    return np.where(labels > 0, labels[tuple(nearest)], 0)


def _roads(
    cost: FloatArray, outside: BoolArray, sites: IntArray, towns: int, county: BoolArray, grid: Grid
) -> tuple[Feature, ...]:
    """Return an expressway, roads between neighbouring towns and the roads that tie the villages to them."""
    index = np.arange(cost.size).reshape(cost.shape)
    graph = grid_graph(cost)
    reach, before = dijkstra(graph, directed=False, indices=sites[:towns], return_predecessors=True)
    north, west, east = (edge[reach[0, edge].argmin()] for edge in (index[0], index[:, 0], index[:, -1]))
    west, east, north = (_as_far_as(outside, _path(before[0], edge)[::-1]) for edge in (west, east, north))
    routes = [(1, west[:0:-1] + east), (2, north)]
    between = reach[:, sites[:towns]] ** 2
    for a in range(towns):
        for b in range(a):
            detour = between[a] + between[b]
            detour[[a, b]] = np.inf
            if between[a, b] <= detour.min():  # the Gabriel graph: it holds the minimum spanning tree
                routes.append((2, _path(before[a], sites[b])))
    built = np.unique(np.concatenate([route for _, route in routes]))
    from_road = _predecessors(graph, built)
    routes += [(3, _path(from_road, village)) for village in sites[towns:]]

    roads: list[Feature] = []
    for level, line in network_lines(routes, cell_centres(index.ravel(), cost.shape, grid)):
        for part in clipped(line, county, grid):
            if not np.isin(line[[0, -1]], part[[0, -1]]).all(axis=1).any():
                continue  # comes back over the boundary for a few steps
            km = line_length(part) * grid.metres_per_unit / 1000.0
            attributes: dict[str, Value] = {"road_id": len(roads) + 1, "level": level, "kind": _ROADS[level]}
            roads.append(Feature(part, {**attributes, "length_km": round(km, 3)}))
    return tuple(roads)


def _path(before: IntArray, target: int) -> list[int]:
    """Return the cells from a target back to where the search started."""
    cells = [int(target)]
    while before[cells[-1]] >= 0:
        cells.append(int(before[cells[-1]]))
    return cells


def _as_far_as(border: BoolArray, route: list[int]) -> list[int]:
    """Return a route up to its first cell in an area."""
    beyond = np.flatnonzero(border.flat[route])
    return route[: int(beyond[0]) + 1] if beyond.size else route


def _predecessors(graph: csr_matrix, starts: IntArray) -> IntArray:
    """Return, per cell, the cell before it on the least-cost path from the nearest start; negative at the starts."""
    count = graph.shape[0]
    pairs = graph.tocoo()
    row, col = np.append(pairs.row, np.full(starts.size, count)), np.append(pairs.col, starts)
    weight = np.append(pairs.data, np.full(starts.size, 1e-9))  # scipy takes a zero for no edge
    whole = coo_matrix((weight, (row, col)), shape=(count + 1, count + 1)).tocsr()
    _, before = dijkstra(whole, directed=False, indices=count, return_predecessors=True)
    return np.where(before == count, -1, before)[:count]


def open_mines(terrain: Terrain, grid: Grid, rng: np.random.Generator, near_road: FloatArray) -> tuple[Feature, ...]:
    """Return coal mines: a few fields in the coal-bearing strata, each with several pits close together."""
    side = grid.rows
    inner = ndimage.binary_erosion(terrain.county, iterations=max(2, side // 60))
    coal = inner & (terrain.lithology == 4) & (terrain.slope < 40)
    if not coal.any():
        coal = inner
    richness = blurred(coal.astype(float), side / 40) + 0.02 * rng.random(grid.shape) - 0.1 * near_road
    rows, cols = np.ogrid[: grid.rows, : grid.cols]
    names = place_names(40, rng)
    mines: list[Feature] = []
    for field, heart in enumerate(spread_out(richness, coal, 5, side / 6).tolist(), start=1):
        row, col = divmod(heart, grid.cols)
        around = coal & ((rows - row) ** 2 + (cols - col) ** 2 < (side / 14) ** 2)
        for pit in spread_out(rng.random(grid.shape), around, 4 + int(rng.integers(0, 4)), side / 55).tolist():
            size = int(rng.integers(0, 3))
            latin, chinese = names[len(mines) % len(names)]
            attributes: dict[str, Value] = {
                "mine_id": len(mines) + 1,
                "name": f"{latin} Mine",
                "name_zh": f"{chinese}煤矿",
                "field": field,
                "size": ("Small", "Medium", "Large")[size],
                "output_kt": int(150 + 450 * size + rng.integers(0, 300)),
                "status": "Active" if rng.random() < 0.7 else "Closed",
            }
            mines.append(Feature(np.array([grid.centre(*divmod(pit, grid.cols))]), attributes))
    return tuple(mines)
