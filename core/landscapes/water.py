"""Rivers and a reservoir."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..grid import Grid
from ..types import BoolArray, IntArray
from .lines import burnt, cell_centres, clipped, line_length, smoothed
from .model import Feature
from .names import place_names
from .noise import resample
from .terrain import Terrain

_WIDTHS = (8.0, 15.0, 35.0, 60.0, 90.0)
"""Width of a river of Strahler order 1, 2, ... in metres."""


def make_rivers(terrain: Terrain, grid: Grid, rng: np.random.Generator) -> tuple[Feature, ...]:
    """Return the rivers from confluence to confluence; springs on limestone stay dry (the water runs below)."""
    tree, order = terrain.drainage, terrain.river_order
    cell_km2 = grid.cell_ha / 100.0 * grid.rows * grid.cols / order.size
    limestone = resample((terrain.lithology == 1).astype(float), terrain.coarse_shape).ravel()
    feeders = np.bincount(tree.parent[(order > 0) & (tree.parent >= 0)], minlength=order.size)
    heads = np.flatnonzero((order > 0) & (feeders != 1))
    fresh = iter(place_names(heads.size, rng))
    name_at: dict[int, tuple[str, str]] = {}
    rivers: list[Feature] = []
    # From large to small: the largest river that reaches a confluence is called like the one that leaves it.
    for head in heads[np.argsort(-tree.area[heads], kind="stable")].tolist():
        cells = [head]
        while tree.parent[cells[-1]] >= 0 and (len(cells) == 1 or feeders[cells[-1]] == 1):
            cells.append(int(tree.parent[cells[-1]]))
        name = name_at.pop(cells[-1], None) or next(fresh)
        name_at[head] = name
        if len(cells) < 3 or (order[head] == 1 and limestone[cells].mean() > 0.65):
            continue
        for part in clipped(smoothed(cell_centres(np.array(cells), terrain.coarse_shape, grid)), terrain.county, grid):
            rivers.append(
                Feature(
                    part,
                    {
                        "river_id": len(rivers) + 1,
                        "name": f"{name[0]} River",
                        "name_zh": name[1].removesuffix("河") + "河",
                        "strahler": int(order[head]),
                        "width_m": _WIDTHS[min(int(order[head]), len(_WIDTHS)) - 1],
                        "length_km": round(line_length(part) * grid.metres_per_unit / 1000.0, 3),
                        "catchment_km2": round(float(tree.area[head] * cell_km2), 3),
                    },
                )
            )
    return tuple(rivers)


def make_reservoir(terrain: Terrain, grid: Grid) -> BoolArray:
    """Return the cells of a reservoir: the valley above a dam on the largest river well inside the county."""
    coarse, side = terrain.coarse_shape, grid.rows
    inner = ndimage.binary_erosion(terrain.county, iterations=max(3, side // 9))
    dam = int(np.where(resample(inner.astype(float), coarse).ravel() > 0.5, terrain.drainage.area, 0.0).argmax())
    basin = resample(terrain.drainage.upstream(dam).reshape(coarse).astype(float), grid.shape, order=0) > 0.5
    row, col = grid.index(*cell_centres(np.array([dam]), coarse, grid)[0])
    rows, cols = np.ogrid[: grid.rows, : grid.cols]
    basin &= terrain.county & ((rows - row) ** 2 + (cols - col) ** 2 < (side / 9) ** 2)
    heights = np.sort(terrain.floor[basin])
    # The first share of the basin under water whose largest connected part is large enough.
    for share in np.linspace(0.005, 0.6, 120):
        lake = _largest_part(basin & (terrain.floor <= heights[int(share * (heights.size - 1))]))
        if lake.sum() >= 0.006 * terrain.county.sum():
            break
    return np.asarray(ndimage.binary_closing(lake, structure=np.ones((3, 3)))) & terrain.county


def _largest_part(mask: BoolArray) -> BoolArray:
    """Return the largest 8-connected part of a mask, the first of equals."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes: IntArray = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray(labels == max(int(sizes.argmax()), 1))


def water_cells(rivers: tuple[Feature, ...], reservoir: BoolArray, grid: Grid) -> BoolArray:
    """Return the cells of the reservoir and of rivers at least half a cell wide, one cell or their width across."""
    cell = grid.cell_size * grid.metres_per_unit
    water: BoolArray = reservoir.copy()
    for width in _WIDTHS:
        if width >= 0.5 * cell:
            bed = burnt((river.coordinates for river in rivers if river.attributes["width_m"] == width), grid)
            if width > 1.5 * cell and bed.any():
                bed = np.asarray(ndimage.distance_transform_edt(~bed)) * cell <= width / 2
            water |= bed
    return water
