"""What a synthetic landscape consists of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

import numpy as np

from ..choices import Legend
from ..grid import Grid
from ..resistance.legends import schemes
from ..types import BoolArray, FloatArray, IntArray

Value = Union[int, float, str]

LANDUSE = schemes(Legend.LIUZHI)[0].names
LITHOLOGY = {1: "Carbonate rock", 2: "Clastic rock", 3: "Basalt", 4: "Coal-bearing strata"}
DESERTIFICATION = {0: "None", 1: "Potential", 2: "Light", 3: "Moderate", 4: "Severe"}
EROSION = {1: "Very slight", 2: "Slight", 3: "Moderate", 4: "Intense", 5: "Very intense", 6: "Severe"}


@dataclass(frozen=True)
class Feature:
    """A line or point with attributes.

    Attributes
    ----------
    coordinates : ndarray, float64, shape (points, 2)
        x and y in map units; one row for a point.
    attributes : dict
        Values by field name, the same names in the same order for all features of a layer.
    """

    coordinates: FloatArray
    attributes: dict[str, Value]


@dataclass(frozen=True)
class Zones:
    """Areas as a raster of labels.

    Attributes
    ----------
    labels : ndarray, int32, shape (rows, cols)
        0 where there is no area, else 1 .. n.
    attributes : tuple of dict
        Values by field name of areas 1 .. n.
    """

    labels: IntArray
    attributes: tuple[dict[str, Value], ...]

    def with_area(self, grid: Grid) -> Zones:
        """Return the same areas with one more field, `area_ha`."""
        count = np.bincount(self.labels.ravel(), minlength=len(self.attributes) + 1)[1:]
        rows = [{**row, "area_ha": round(int(n) * grid.cell_ha, 4)} for row, n in zip(self.attributes, count)]
        return Zones(self.labels, tuple(rows))


@dataclass(frozen=True)
class Landscape:
    """A synthetic county; every raster lies on `grid`.

    Attributes
    ----------
    grid : Grid
        Cells, place and CRS.
    county : ndarray, bool
        Cells inside the county boundary; all other rasters have no data outside.
    elevation : ndarray, float32
        Metres above sea level, NaN outside.
    landuse, lithology : ndarray, uint8
        Codes of `LANDUSE` and `LITHOLOGY`, 0 outside.
    desertification : ndarray, uint8
        Degree of rock desertification (`DESERTIFICATION`), 255 outside.
    erosion : ndarray, uint8
        Class of soil erosion intensity (`EROSION`), 0 outside.
    hazard_density : ndarray, float32
        Geological hazards per square kilometre, NaN outside.
    townships, villages : Zones
        Partitions of the county; every village lies in one township.
    redline, reserves : Zones
        Ecological protection red line and nature reserves.
    settlements : tuple of Feature
        Points: the county seat, the towns, then the villages, where roads meet or end.
    roads, rivers : tuple of Feature
        Lines; those that meet share a vertex.
    mines, hazards : tuple of Feature
        Points.
    """

    grid: Grid
    county: BoolArray
    elevation: FloatArray
    landuse: IntArray
    lithology: IntArray
    desertification: IntArray
    erosion: IntArray
    hazard_density: FloatArray
    townships: Zones
    villages: Zones
    redline: Zones
    reserves: Zones
    settlements: tuple[Feature, ...]
    roads: tuple[Feature, ...]
    rivers: tuple[Feature, ...]
    mines: tuple[Feature, ...]
    hazards: tuple[Feature, ...]
