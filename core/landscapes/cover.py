"""Land use of a county and what follows from it: protection, rock desertification, erosion, hazards."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..grid import Grid
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .model import Feature, Value, Zones
from .noise import blurred, drop_small, fractal_noise, ranked, unit
from .terrain import Terrain

_SQUARE = np.ones((3, 3))

_SHARES = {1: 0.315, 2: 0.135, 3: 0.04, 4: 0.085}
"""Share of the county under woodland, grassland, other and garden land; arable land takes the rest."""

_BARENESS = np.array([0.0, -1.0, 0.1, 1.4, -0.2, 0.5, 0.0, 0.0, 0.2])
"""How much each land use adds to rock desertification."""

_COVER_FACTOR = np.array([0.0, 0.018, 0.06, 0.35, 0.16, 0.28, 0.0, 0.06, 0.10])
"""Cover and management factor of each land use in the soil loss equation."""

_ERODIBILITY = np.array([0.0, 0.8, 1.25, 0.9, 1.4])
_WEAKNESS = np.array([0.0, 0.6, 1.3, 0.9, 1.8])
"""How readily each rock loses soil and slides."""


def distance_to(mask: BoolArray) -> FloatArray:
    """Return the distance to the nearest marked cell as a share of the side of the grid; 1 without any."""
    if not mask.any():
        return np.ones(mask.shape)
    distance: FloatArray = ndimage.distance_transform_edt(~mask) / max(mask.shape)
    return distance


def make_built_up(
    terrain: Terrain,
    rng: np.random.Generator,
    *,
    towns: BoolArray,
    villages: BoolArray,
    mines: BoolArray,
    water: BoolArray,
    near_road: FloatArray,
) -> BoolArray:
    """Return settled and mined cells: flats close to a town or village, along roads, and around mines."""
    rough = fractal_noise(terrain.county.shape, rng, exponent=2.0, longest=0.06)
    liking = 5.2 * np.exp(-distance_to(towns) / 0.018) + 2.2 * np.exp(-distance_to(villages) / 0.009)
    liking += 0.8 * np.exp(-near_road / 0.004) + 0.55 * rough - ndimage.gaussian_filter(terrain.slope, 1.5) / 9.0
    free = terrain.county & ~water
    settled = free & (ranked(liking, free) > 0.962)
    pits = free & (4.0 * np.exp(-distance_to(mines) / 0.006) + 0.5 * rough > 2.2)
    return drop_small(settled | pits, 4) | (mines & free)


def make_landuse(
    terrain: Terrain,
    rng: np.random.Generator,
    *,
    water: BoolArray,
    roads: BoolArray,
    built: BoolArray,
    near_road: FloatArray,
    near_village: FloatArray,
    monitor: Monitor,
) -> IntArray:
    """Return the land-use codes: what is built and wet first, then each cover where it is most at home."""
    county, shape = terrain.county, terrain.county.shape
    slope = ndimage.gaussian_filter(unit(terrain.slope, county), 2.0)
    height, limestone = unit(terrain.elevation, county), terrain.lithology == 1
    reach = np.exp(-near_road / 0.02) + np.exp(-near_village / 0.025)
    # At the scale of karst hills the hollows are tilled and the tops wooded.
    knoll = np.clip(unit(terrain.elevation - ndimage.gaussian_filter(terrain.elevation, 9.0), county), -2.5, 2.5)
    level = ndimage.gaussian_filter(terrain.slope, 1.0) < 9.0
    patches = [fractal_noise(shape, rng, exponent=1.8, longest=0.14) for _ in _SHARES]
    liking = {
        1: 0.7 * slope + 0.4 * height + 0.9 * patches[0] - 0.45 * limestone - 0.8 * reach + 0.8 * knoll,
        2: 0.2 * slope + 0.5 * height + 0.9 * patches[1] + 0.3 * limestone - 0.5 * reach + 0.45 * knoll - 0.5 * level,
        3: 0.6 * slope + 1.0 * limestone + 0.9 * patches[2],
        4: -0.2 * slope - 0.5 * limestone + 0.7 * reach + 0.9 * patches[3],
    }
    landuse: IntArray = np.where(county, 5, 0).astype(np.uint8)
    free = county & ~water & ~roads & ~built
    for code, share in _SHARES.items():
        monitor.step(code, 1 + len(_SHARES))
        score = ranked(ndimage.gaussian_filter(liking[code], 0.7), free)
        taken = free & (score > 1.0 - share * county.sum() / max(int(free.sum()), 1))
        landuse[taken] = code
        free &= ~taken
    landuse = _sieved(landuse, county)
    landuse[built & county] = 8
    landuse[water & county] = 6
    landuse[roads & county] = 7
    return landuse


def _sieved(landuse: IntArray, county: BoolArray) -> IntArray:
    """Return the land use with each cell set to the commonest class of its 3 x 3 cells, ties to the lowest code."""
    codes = np.arange(1, 6)
    votes = np.stack(
        [ndimage.convolve((landuse == code).astype(np.uint8), np.ones((3, 3), np.uint8)) for code in codes]
    )
    return np.where(county, codes[votes.argmax(axis=0)], 0).astype(np.uint8)


def make_protection(
    terrain: Terrain,
    grid: Grid,
    rng: np.random.Generator,
    *,
    landuse: IntArray,
    reservoir: BoolArray,
    rivers: BoolArray,
    monitor: Monitor,
) -> tuple[Zones, Zones]:
    """Return the ecological red line and two reserves: a wetland park and a forest reserve."""
    county, side = terrain.county, grid.rows
    open_land = county & (landuse != 7) & (landuse != 8)
    woods = (landuse == 1).astype(float)
    near_lake, near_river = distance_to(reservoir), distance_to(rivers)
    monitor.step(0.3, 1)
    redline = _redline(terrain, landuse, open_land, near_lake, near_river, rng)

    monitor.step(0.7, 1)
    park = county & (blurred((near_lake < 0.009).astype(float), side / 200) > 0.5)
    wooded_height = blurred(woods, side / 40) + 0.25 * unit(terrain.elevation, county)
    middle = ndimage.binary_erosion(county, iterations=side // 25)
    heart = int(np.where(middle, wooded_height, -np.inf).argmax())
    rows, cols = np.ogrid[: grid.rows, : grid.cols]
    radius = np.hypot(rows - heart // grid.cols, cols - heart % grid.cols) / side
    radius = radius + 0.018 * fractal_noise(grid.shape, rng, exponent=3.2, longest=0.15)
    parts, _ = ndimage.label((radius < radius.flat[heart] + 0.085) & open_land & ~park)
    forest = (parts == parts.flat[heart]) & (parts > 0)
    reserves: tuple[dict[str, Value], ...] = (
        {"reserve_id": 1, "name": "Reservoir Wetland Park", "name_zh": "水库湿地公园", "kind": "Wetland park"},
        {"reserve_id": 2, "name": "High Wood Reserve", "name_zh": "高林自然保护区", "kind": "Forest reserve"},
    )
    return redline, Zones((park + 2 * forest).astype(np.int32), reserves)


def _redline(
    terrain: Terrain,
    landuse: IntArray,
    open_land: BoolArray,
    near_lake: FloatArray,
    near_river: FloatArray,
    rng: np.random.Generator,
) -> Zones:
    """Return the red line: the wooded, steep and waterside part of the natural land, in pieces not too small."""
    county, side = terrain.county, max(landuse.shape)
    woods = (landuse == 1).astype(float)
    natural = ndimage.binary_opening(np.isin(landuse, (1, 2, 6)), structure=_SQUARE)
    score = 1.8 * blurred(woods, side / 90)
    score += 0.8 * blurred(natural.astype(float), side / 50)
    score += 0.15 * blurred(unit(terrain.slope, county), side / 90)
    score += 1.2 * np.exp(-near_lake / 0.012) + 0.3 * np.exp(-near_river / 0.008)
    score += 0.12 * fractal_noise(landuse.shape, rng, exponent=2.6, longest=0.15)
    chosen = county & natural & (ranked(score, county & natural) > 0.58)
    chosen = ndimage.binary_closing(chosen, structure=_SQUARE, iterations=2) & open_land
    chosen = drop_small(ndimage.binary_opening(chosen, structure=np.ones((2, 2))), max(12, int(county.sum()) // 3000))
    labels, count = ndimage.label(chosen, structure=_SQUARE)
    index = np.arange(1, count + 1)
    wet = ndimage.mean(np.minimum(near_lake, near_river) < 0.01, labels, index)
    limestone = ndimage.mean(terrain.lithology == 1, labels, index)
    wooded = ndimage.mean(woods, labels, index)
    rows: list[dict[str, Value]] = []
    for i in range(count):
        if wet[i] > 0.35:
            kind = "Water conservation"
        elif limestone[i] > 0.8:
            kind = "Rock desertification control"
        else:
            kind = "Biodiversity" if wooded[i] > 0.75 else "Soil conservation"
        rows.append({"redline_id": i + 1, "kind": kind})
    return Zones(labels.astype(np.int32), tuple(rows))


def make_desertification(terrain: Terrain, landuse: IntArray, rng: np.random.Generator) -> IntArray:
    """Return degrees of rock desertification: on limestone only, worse on steep ground with little cover."""
    bare = 0.5 * unit(terrain.slope, terrain.county) + _BARENESS[landuse]
    bare += 0.7 * fractal_noise(landuse.shape, rng, exponent=2.4, longest=0.15)
    karst = (terrain.lithology == 1) & (landuse != 6)
    rank = ranked(ndimage.gaussian_filter(bare, 1.0), karst)
    degree = np.where(karst, np.searchsorted([0.42, 0.66, 0.84, 0.95], rank), 0)
    return np.where(terrain.county, degree, 255).astype(np.uint8)


def make_erosion(terrain: Terrain, landuse: IntArray) -> IntArray:
    """Return soil erosion classes: loss grows with slope, weak rock and open ground.

    Loss in t per km2 and year is a constant for rain and soil times rock, slope and cover factors, classed at the
    limits of the Chinese standard SL 190-2007. Slope factor: McCool et al. (1987), doi:10.13031/2013.30576, and
    Liu et al. (1994), doi:10.13031/2013.28273, above 10 degrees.
    """
    sine = np.sin(np.radians(ndimage.gaussian_filter(terrain.slope, 1.0)))
    gentle, middling, steep = 10.8 * sine + 0.03, 16.8 * sine - 0.5, 21.91 * sine - 0.96
    factor = np.where(sine < np.sin(np.radians(5)), gentle, np.where(sine < np.sin(np.radians(10)), middling, steep))
    loss = 3600.0 * factor * _COVER_FACTOR[landuse] * _ERODIBILITY[terrain.lithology]
    classes = 1 + np.searchsorted([500.0, 2500.0, 5000.0, 8000.0, 15000.0], loss, side="right")
    return np.where(terrain.county, classes, 0).astype(np.uint8)


def make_hazards(
    terrain: Terrain, grid: Grid, rng: np.random.Generator, *, near_road: FloatArray, near_mine: FloatArray
) -> tuple[tuple[Feature, ...], FloatArray]:
    """Return hazard points, drawn where slopes, weak rocks, roads and mines meet, and their density per km2."""
    county = terrain.county
    chance = np.clip((terrain.slope - 12.0) / 20.0, 0.0, 1.0) * _WEAKNESS[terrain.lithology]
    chance *= 0.25 + np.exp(-near_road / 0.008) + 0.6 * np.exp(-near_mine / 0.03)
    running = np.cumsum(chance * county)
    count = int(np.clip(0.27 * county.sum() * grid.cell_ha / 100.0, 30, 2000))
    cells = np.searchsorted(running, np.sort(rng.random(count)) * running[-1], side="right")
    points = np.zeros(grid.shape)
    hazards: list[Feature] = []
    for cell in cells.tolist():
        row, col = divmod(cell, grid.cols)
        points[row, col] += 1
        undermined, debris = rng.random(2) < (0.5 * (near_mine[row, col] < 0.02), 0.2)
        if undermined:
            kind = "Ground collapse"
        elif terrain.slope[row, col] > 32:
            kind = "Rockfall"
        else:
            kind = "Debris flow" if debris else "Landslide"
        scale = ("Small", "Small", "Small", "Medium", "Medium", "Large")[int(rng.integers(0, 6))]
        attributes: dict[str, Value] = {"hazard_id": len(hazards) + 1, "kind": kind, "scale": scale}
        hazards.append(Feature(np.array([grid.centre(row, col)]), attributes))
    width = 0.04 * grid.rows
    spread = [blurred(field, width, mode="constant") for field in (points, county.astype(float))]
    density = spread[0] / np.maximum(spread[1], 1e-3) / (grid.cell_ha / 100.0)
    return tuple(hazards), np.where(county, density, np.nan).astype(np.float32)
