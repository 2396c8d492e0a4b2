"""The grid of a study: which reference system, cell and extent fit a place, and how rasters come onto it."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from .errors import InputError
from .grid import Grid
from .types import Array

ZONE_WIDTH = 6.0
"""Width of a UTM zone in degrees."""

_UTM_SOUTH, _UTM_NORTH = -80.0, 84.0
"""Latitudes between which there are UTM zones."""

_EQUATOR = 1.0
"""Sum of the standard parallels in degrees up to which a cone is nearly a cylinder."""

_NEAT = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0, 9.0, 10.0)
_NEAR = 0.05
"""Share by which a neat cell may differ from that of the land cover."""

_COARSER = 1.5
"""How many times larger than a cell of the raster a new one must be for values to be summarised instead of picked."""

_MOST_CELLS = 20_000_000_000


@dataclass(frozen=True)
class Projection:
    """A projection in which lengths and areas of a place are right, on WGS 84.

    Parameters
    ----------
    kind : str
        'utm', 'albers' (equal-area cone), 'cylinder' (equal-area, along the equator) or 'azimuthal' (equal-area, at a pole).
    longitude, latitude : float
        Its centre, in degrees.
    zone : int
        UTM zone, negative south of the equator; 0 for another kind.
    parallels : tuple of float
        Standard parallels of a cone.
    reason : str
        Why this kind, as the end of a sentence.
    """

    kind: str
    longitude: float
    latitude: float
    zone: int = 0
    parallels: tuple[float, float] = (0.0, 0.0)
    reason: str = ""


def utm_zone(longitude: float, latitude: float) -> int:
    """Return the UTM zone of a place, with the exceptions for Norway and Svalbard.

    Examples
    --------
    >>> utm_zone(105.4, 26.2), utm_zone(8.6, 42.1), utm_zone(180.0, 0.0), utm_zone(5.3, 60.4)
    (48, 32, 1, 32)
    """
    longitude = (longitude + 180.0) % 360.0 - 180.0
    if 56.0 <= latitude < 64.0 and 3.0 <= longitude < 12.0:
        return 32
    if 72.0 <= latitude < 84.0 and 0.0 <= longitude < 42.0:
        return 31 + 2 * int((longitude + 3.0) // 12.0)
    return int((longitude + 180.0) // ZONE_WIDTH) + 1


def fitting_projection(west: float, south: float, east: float, north: float) -> Projection:
    """Return the projection for a box of longitudes and latitudes; `west` is larger than `east` across the date line.

    Examples
    --------
    >>> fitting_projection(105.1, 26.0, 105.6, 26.4).zone
    48
    >>> fitting_projection(-70.2, -33.9, -69.8, -33.1).zone
    -19
    >>> wide = fitting_projection(100.0, 20.0, 112.0, 32.0)
    >>> wide.kind, wide.parallels, wide.reason
    ('albers', (22.0, 30.0), 'the study area is 12 degrees wide, more than the 6 of a UTM zone')
    """
    width = (east - west) % 360.0 if east < west else east - west
    longitude = (west + width / 2.0 + 180.0) % 360.0 - 180.0
    latitude = (south + north) / 2.0
    if width > ZONE_WIDTH:
        reason = f"the study area is {width:.3g} degrees wide, more than the {ZONE_WIDTH:g} of a UTM zone"
        sixth = (north - south) / 6.0
        if not _UTM_SOUTH <= latitude <= _UTM_NORTH:
            return Projection("azimuthal", longitude, math.copysign(90.0, latitude), reason=reason)
        if abs(south + north) <= _EQUATOR:
            return Projection("cylinder", longitude, 0.0, reason=f"{reason}, on both sides of the equator")
        return Projection("albers", longitude, latitude, parallels=(south + sixth, north - sixth), reason=reason)
    if not _UTM_SOUTH <= latitude <= _UTM_NORTH:
        reason = "there are no UTM zones so near to a pole as the study area"
        return Projection("azimuthal", longitude, math.copysign(90.0, latitude), reason=reason)
    zone = utm_zone(longitude, latitude)
    reason = "the centre of the study area lies there"
    return Projection("utm", longitude, latitude, zone if latitude >= 0.0 else -zone, reason=reason)


def neat_cell(metres: float) -> tuple[float, str]:
    """Return a cell size in few digits near to another one, and what was done, in words.

    Examples
    --------
    >>> neat_cell(30.0)
    (30.0, 'as it is')
    >>> neat_cell(28.5)
    (28.5, 'as it is')
    >>> neat_cell(30.922)
    (30.0, 'the nearest neat number')
    >>> neat_cell(27.836)
    (28.0, 'rounded to two digits')
    """
    if not (metres > 0.0 and math.isfinite(metres)):
        raise InputError(f"A cell of {metres:g} m has no area.")
    power = 10.0 ** math.floor(math.log10(metres))
    three = float(f"{metres:.3g}")
    if abs(three - metres) <= 1e-6 * metres:
        return three, "as it is"
    neat = float(f"{min(_NEAT, key=lambda one: abs(one * power - metres)) * power:.3g}")
    if abs(neat - metres) <= _NEAR * metres:
        return neat, "the nearest neat number"
    return float(f"{metres:.2g}"), "rounded to two digits"


def snapped(
    left: float,
    bottom: float,
    right: float,
    top: float,
    cell: float,
    *,
    corner: tuple[float, float] = (0.0, 0.0),
    crs: str = "",
    metres_per_unit: float = 1.0,
) -> Grid:
    """Return the grid of square cells that covers a box, its corners whole cells from another corner.

    Parameters
    ----------
    left, bottom, right, top : float
        The box, in map units.
    cell : float
        Edge of a cell, in metres.
    corner : (float, float)
        A place, in map units, at which cells meet.
    crs : str
        Text of the CRS.
    metres_per_unit : float
        Length of a map unit in metres.

    Raises
    ------
    InputError
        If a cell is larger than the box, or there would be too many.

    Examples
    --------
    >>> snapped(107.0, 190.0, 395.0, 401.0, 30.0).describe()
    '8 rows x 11 columns of 30 x 30, x 90 to 420, y 180 to 420'
    >>> snapped(107.0, 190.0, 395.0, 401.0, 30.0, corner=(107.0, 0.0)).describe()
    '8 rows x 10 columns of 30 x 30, x 107 to 407, y 180 to 420'
    """
    size = cell / metres_per_unit
    left, right, bottom, top = left - corner[0], right - corner[0], bottom - corner[1], top - corner[1]
    if size > right - left or size > top - bottom:
        wide, high = (right - left) * metres_per_unit, (top - bottom) * metres_per_unit
        raise InputError(
            f"A cell of {cell:g} m is larger than the study area, which is {wide:.6g} x {high:.6g} m. Give a smaller cell."
        )
    # What is a multiple but for rounding gets no further row or column.
    slack = 1e-6
    first_col, first_row = math.floor(left / size + slack), math.floor(bottom / size + slack)
    cols = math.ceil(right / size - slack) - first_col
    rows = math.ceil(top / size - slack) - first_row
    if rows * cols > _MOST_CELLS:
        raise InputError(
            f"The study grid would have {rows:,} x {cols:,} cells of {cell:g} m. Give larger cells or a smaller area."
        )
    west, north = corner[0] + first_col * size, corner[1] + (first_row + rows) * size
    return Grid(rows, cols, west, north, size, size, crs, metres_per_unit)


def is_coarser(old: float, new: float) -> bool:
    """Tell whether cells become so much larger that several old ones make a new one; both are areas in one unit."""
    return new > _COARSER * old


def degree_area(latitude: Array, semi_major: float, semi_minor: float) -> Array:
    """Return the area of a square degree of longitude and latitude on an ellipsoid, in the square of its unit.

    Examples
    --------
    >>> float(degree_area(np.array([0.0]), 1.0, 1.0)[0]) == (math.pi / 180.0) ** 2
    True
    """
    angle = np.radians(latitude)
    flat = 1.0 - (semi_minor / semi_major) ** 2
    curved = 1.0 - flat * np.sin(angle) ** 2
    return semi_major**2 * (1.0 - flat) * np.cos(angle) / curved**2 * (math.pi / 180.0) ** 2


@dataclass
class Tally:
    """What a raster holds in a study area, gathered part by part.

    Parameters
    ----------
    classes : bool
        Whether its values are classes, whose areas are kept, or measured ones, whose mean is.
    areas : Counter
        Area of each class, in hectares.
    area, total : float
        Area of all cells with data, and the sum of measured values times their area.

    Examples
    --------
    >>> tally = Tally(classes=True)
    >>> tally.add(np.array([1, 2, 2, 0]), 0.5, but=0), dict(tally.areas), tally.area
    (3, {1: 0.5, 2: 1.0}, 1.5)
    """

    classes: bool
    areas: Counter[int] = field(default_factory=Counter)
    area: float = 0.0
    total: float = 0.0

    def weigh(self, values: Array, hectares: Array) -> None:
        """Add cells with data, each with its area."""
        self.area += float(hectares.sum())
        if not self.classes:
            self.total += float((values * hectares).sum(dtype=float))
        elif values.size:
            codes, places = _coded(values)
            self._note(codes, np.bincount(places, weights=hectares))

    def add(self, values: Array, hectares: float, *, but: float) -> int:
        """Add cells of one area, but not those with NoData; returns how many have data."""
        if not self.classes:
            values = values[values != but]
            count = values.size
            self.total += hectares * float(values.sum(dtype=float))
        else:
            codes, places = _coded(values)
            counts = np.bincount(places, minlength=len(codes))
            counts[codes == but] = 0
            count = int(counts.sum())
            self._note(codes, hectares * counts)
        self.area += hectares * count
        return count

    def _note(self, codes: Array, areas: Array) -> None:
        held = np.flatnonzero(areas)
        self.areas.update(dict(zip(codes[held].tolist(), areas[held].tolist())))

    @property
    def mean(self) -> float | None:
        """Mean of measured values."""
        return self.total / self.area if not self.classes and self.area else None


def _coded(values: Array) -> tuple[Array, Array]:
    """Return the codes that may occur, ascending, and the place of each value among them."""
    if values.dtype == np.uint8:
        return np.arange(256), values
    low, high = int(values.min()), int(values.max())
    if high - low < 2**16:  # counting is much faster than sorting
        return np.arange(low, high + 1), values.astype(np.int64) - low
    codes, places = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), places
