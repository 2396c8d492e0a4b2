"""A karst county of its own making."""

from __future__ import annotations

import math

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..monitor import SILENT, Monitor
from .cover import (
    distance_to,
    make_built_up,
    make_desertification,
    make_erosion,
    make_hazards,
    make_landuse,
    make_protection,
)
from .lines import burnt
from .model import Landscape
from .settlement import open_mines, settle
from .terrain import make_terrain
from .water import make_reservoir, make_rivers, water_cells

SMALLEST, LARGEST = 120, 4000
"""Fewest and most rows of a county."""


def karst_county(
    size: int = 1000,
    *,
    cell: float = 30.0,
    seed: int = 1,
    left: float = 0.0,
    top: float = 0.0,
    crs: str = "",
    monitor: Monitor = SILENT,
) -> Landscape:
    """Return a synthetic karst county with coal mines, in the manner of the Liuzhi Special Zone in Guizhou.

    Relief is that of rivers in balance with uplift on folded rocks, with cone hills on limestone; everything else
    follows from it: rivers and a reservoir, towns on flats by the water, least-cost roads between them, mines in the
    coal measures, land use by slope, height, rock and reach of people, protected areas on what is left, hazards where
    slopes, weak rock, roads and mines meet. Distances are shares of the county, so that a small one still has it all.

    Parameters
    ----------
    size : int
        Rows and columns, `SMALLEST` to `LARGEST`; about six cells in ten lie inside the county.
    cell : float
        Edge of a cell in metres.
    seed : int
        The same seed gives the same county on one installation; another numpy or scipy may round single cells apart.
    left, top : float
        Map coordinates of the upper left corner.
    crs : str
        CRS text, kept in the grid; coordinates are metres.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Landscape
        Rasters, areas, lines and points on one grid.

    Raises
    ------
    InputError
        If size, cell or seed is out of range.

    Notes
    -----
    O(n log n) in the number of cells; about 200 bytes per cell at the peak.

    Examples
    --------
    >>> county = karst_county(120, seed=3)
    >>> county.landuse.shape, len(county.townships.attributes)
    ((120, 120), 11)
    """
    if not SMALLEST <= size <= LARGEST:
        raise InputError(f"A landscape of {size} x {size} cells cannot be made; choose {SMALLEST} to {LARGEST}.")
    if not (math.isfinite(cell) and cell > 0):
        raise InputError(f"A cell size of {cell} is not a length; give metres above 0, such as 30.")
    if seed < 0:
        raise InputError(f"The seed is {seed}; give 0 or a positive whole number.")
    grid = Grid(size, size, left, top, cell, cell, crs)

    def dice(theme: int) -> np.random.Generator:
        # One stream per theme, so that a change to one leaves the others as they were.
        return np.random.Generator(np.random.PCG64([seed, theme]))

    terrain = make_terrain(grid, dice(1), monitor.part(0.0, 0.3))
    rivers = make_rivers(terrain, grid, dice(2))
    monitor.step(0.35, 1)
    reservoir = make_reservoir(terrain, grid)
    monitor.step(0.4, 1)
    water = water_cells(rivers, reservoir, grid) & terrain.county
    people = settle(terrain, grid, dice(3), reservoir, monitor.part(0.4, 0.55))
    near_road = distance_to(burnt((road.coordinates for road in people.roads), grid))
    monitor.step(0.6, 1)
    mines = open_mines(terrain, grid, dice(4), near_road)
    pits = burnt((mine.coordinates for mine in mines), grid)
    monitor.step(0.65, 1)
    villages = burnt([people.villages[[i]] for i in range(len(people.villages))], grid)
    towns = burnt([people.towns[[i]] for i in range(len(people.towns))], grid)
    built = make_built_up(
        terrain, dice(5), towns=towns, villages=villages, mines=pits, water=water, near_road=near_road
    )
    monitor.step(0.7, 1)
    landuse = make_landuse(
        terrain,
        dice(6),
        water=water,
        roads=burnt((road.coordinates for road in people.roads if road.attributes["kind"] != "Village road"), grid),
        built=built,
        near_road=near_road,
        near_village=distance_to(villages),
        monitor=monitor.part(0.7, 0.85),
    )
    redline, reserves = make_protection(
        terrain,
        grid,
        dice(7),
        landuse=landuse,
        reservoir=reservoir,
        rivers=water & ~reservoir,
        monitor=monitor.part(0.85, 0.95),
    )
    monitor.step(0.95, 1)
    hazards, density = make_hazards(terrain, grid, dice(8), near_road=near_road, near_mine=distance_to(pits))
    desertification = make_desertification(terrain, landuse, dice(9))
    monitor.step(1, 1)
    return Landscape(
        grid=grid,
        county=terrain.county,
        elevation=np.where(terrain.county, terrain.elevation, np.nan).astype(np.float32),
        landuse=landuse,
        lithology=terrain.lithology,
        desertification=desertification,
        erosion=make_erosion(terrain, landuse),
        hazard_density=density,
        townships=people.township_zones.with_area(grid),
        villages=people.village_zones.with_area(grid),
        redline=redline.with_area(grid),
        reserves=reserves.with_area(grid),
        settlements=people.places,
        roads=people.roads,
        rivers=rivers,
        mines=mines,
        hazards=hazards,
    )
