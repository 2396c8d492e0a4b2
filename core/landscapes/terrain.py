"""Outline, rocks and relief of a karst county."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..grid import Grid
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .drainage import Drainage, drain, eroded_relief, height_above, strahler
from .noise import fractal_noise, ranked, resample, scattered_distance

_LOWEST, _HIGHEST = 581.0, 2081.0
"""Elevations of the Liuzhi Special Zone in metres; a county less than 30 km across has less relief."""

_ROCKS = np.array([1, 3, 4, 2, 1])
_ROCK_LIMITS = np.array([0.30, 0.42, 0.53, 0.71])
"""Rocks from old to young, and where in the ranked column they change: Permian limestone, Emeishan basalt, coal
measures, clastics, Triassic limestone."""

_HARDNESS = np.array([1.15, 1.3, 0.75, 0.8, 1.0])


@dataclass(frozen=True)
class Terrain:
    """The ground of a county.

    Attributes
    ----------
    county : ndarray, bool, shape (rows, cols)
        Cells inside the boundary; the other fields go on outside.
    elevation, floor, slope, above_river : ndarray, float64, shape (rows, cols)
        Elevation with and without karst hills (m), slope (degrees), height above the river that drains a cell (m).
    lithology : ndarray, uint8, shape (rows, cols)
        Rock codes, 0 outside the county.
    coarse_shape : tuple of int
        Shape of the raster over the same area on which water and roads find their way.
    drainage : Drainage
        Drainage tree of the coarse raster.
    river_order : ndarray, int64, shape (coarse cells,)
        Strahler order, 0 off the rivers.
    """

    county: BoolArray
    elevation: FloatArray
    floor: FloatArray
    slope: FloatArray
    above_river: FloatArray
    lithology: IntArray
    coarse_shape: tuple[int, int]
    drainage: Drainage
    river_order: IntArray


def make_terrain(grid: Grid, rng: np.random.Generator, monitor: Monitor) -> Terrain:
    """Return the terrain of a county that fills a square grid."""
    shape = grid.shape
    county = _outline(shape, rng)
    monitor.step(0.2, 1)
    coarse = (max(1, round(shape[0] / max(1, round(shape[0] / 330)))),) * 2
    structure = _folds(coarse, rng)
    bed = np.searchsorted(_ROCK_LIMITS, ranked(structure, np.ones(coarse, dtype=bool)))
    hardness = ndimage.gaussian_filter(_HARDNESS[bed], 1.5) * np.exp(0.35 * fractal_noise(coarse, rng))

    # The land falls to the south-east, and the rivers leave at the low parts of those two edges.
    down = np.linspace(0.0, 1.0, coarse[0])
    first = fractal_noise(coarse, rng, exponent=2.6, longest=0.5) - 3.1 * down[:, None] - 1.3 * down[None, :]
    edge = np.zeros(coarse, dtype=bool)
    edge[-1, :] = edge[:, -1] = True
    low_edge = edge & (first <= np.quantile(first[edge], 0.35))
    relief = eroded_relief(first, hardness, low_edge, monitor=monitor.part(0.2, 0.5))
    floor = resample(ndimage.gaussian_filter(relief, 1.1), shape, order=3)
    monitor.step(0.6, 1)
    side_m = grid.rows * grid.cell_size * grid.metres_per_unit
    height = (_HIGHEST - _LOWEST) * min(1.0, (side_m / 30_000.0) ** 0.6)
    low, high = floor[county].min(), floor[county].max()
    floor = _LOWEST + 0.94 * height * (floor - low) / (high - low)

    # Beds dip gently: high ground cuts them at an older level, which makes outcrops follow the relief.
    structure = resample(structure, shape) + 0.08 * fractal_noise(shape, rng, exponent=2.6, longest=0.1)
    rank = ranked(structure - 0.5 * (floor - _LOWEST) / height, county)
    lithology = np.where(county, _ROCKS[np.searchsorted(_ROCK_LIMITS, rank)], 0).astype(np.uint8)

    monitor.step(0.8, 1)
    coarse_floor = resample(floor, coarse)
    drainage = drain(coarse_floor, edge)
    order = strahler(drainage, drainage.area >= 0.0025 * coarse[0] * coarse[1])
    above = resample(height_above(coarse_floor, drainage, order > 0), shape)
    monitor.step(0.9, 1)
    elevation = floor + height * _karst(grid, lithology, above / height, rng)
    elevation = np.clip(elevation, _LOWEST, _LOWEST + height)
    slope = slope_degrees(elevation, grid)
    return Terrain(county, elevation, floor, slope, above, lithology, coarse, drainage, order)


def slope_degrees(elevation: FloatArray, grid: Grid) -> FloatArray:
    """Return the slope by central differences, in degrees."""
    down, right = np.gradient(elevation, grid.cell_size * grid.metres_per_unit)
    slope: FloatArray = np.degrees(np.arctan(np.hypot(down, right)))
    return slope


def _outline(shape: tuple[int, int], rng: np.random.Generator) -> BoolArray:
    """Return an irregular county in one piece, without holes, that nearly fills the grid and stays off its edge."""
    y, x = (np.linspace(-1.0, 1.0, n) for n in shape)
    radius = (np.abs(x[None, :]) ** 2.6 + np.abs(y[:, None]) ** 2.6) ** (1 / 2.6)
    rim = radius + 0.1 * fractal_noise(shape, rng, exponent=3.4, longest=0.8, shortest=0.01)
    inside = _middle_part(rim < rim[radius > 0.97].min())
    axes = []
    for axis, n in ((1, shape[0]), (0, shape[1])):
        first, last = np.flatnonzero(inside.any(axis=axis))[[0, -1]]
        margin = 0.02 * (last - first) + 1.0
        axes.append(np.linspace(first - margin, last + margin, n))
    places = np.meshgrid(*axes, indexing="ij")
    stretched = ndimage.map_coordinates(inside.astype(float), places, order=1)
    return np.asarray(ndimage.binary_fill_holes(_middle_part(stretched > 0.5)))


def _middle_part(mask: BoolArray) -> BoolArray:
    """Return the connected part of a mask that is nearest to the middle of the grid."""
    labels, _ = ndimage.label(mask)
    cells = np.argwhere(mask)
    row, col = cells[((cells - np.array(mask.shape) / 2) ** 2).sum(axis=1).argmin()]
    return np.asarray(labels == labels[row, col])


def _folds(shape: tuple[int, int], rng: np.random.Generator) -> FloatArray:
    """Return the stratigraphic level at the surface of a folded pile of beds that gets younger to the east."""
    y, x = (np.linspace(0.0, 1.0, n) for n in shape)
    across = x[None, :] * np.cos(0.7) + y[:, None] * np.sin(0.7)
    bend = 1.3 * fractal_noise(shape, rng, exponent=4.0)
    level: FloatArray = np.cos(2 * np.pi * 1.7 * across + bend) + 1.1 * x[None, :]
    return level + 0.7 * fractal_noise(shape, rng, exponent=4.0)


def _karst(grid: Grid, lithology: IntArray, above: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return cone hills with closed hollows between them on limestone off the valleys, as a share of the relief."""
    spacing = max(6.0, 420.0 / (grid.cell_size * grid.metres_per_unit))
    cones = 1.0 - scattered_distance(grid.shape, rng, spacing) / (0.6 * spacing)
    where = ndimage.gaussian_filter((lithology == 1).astype(float), spacing / 4) * np.clip(above / 0.06, 0.0, 1.0)
    where *= np.clip(0.9 + 0.5 * fractal_noise(grid.shape, rng, longest=0.3), 0.1, 2.0)
    hills: FloatArray = 0.036 * where * cones
    return hills + 0.005 * fractal_noise(grid.shape, rng, exponent=2.4, longest=0.04)
