"""Which colour a value of a surface has: decided once, for the style in QGIS, the pictures of a report and their legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from osgeo import gdal

from .palette import Colour, spread

_SAMPLE = 1_000_000
_SKEWED = 10.0
"""How many times as far from the low end as the median the high end may be, before equal steps would show one colour."""

_CROWDED = (0.01, 0.3, 0.6, 0.8, 0.95, 0.99)


@dataclass(frozen=True)
class Ramp:
    """Colours at values, blended between them.

    Attributes
    ----------
    stops : tuple of float
        Ascending; round, so that a legend can state them as they are.
    colours : tuple of Colour
        One a stop.
    unit : str
        Of the values; empty for plain numbers.
    below, above : bool
        Whether the surface has values beyond the first and the last stop, which get the colour of that stop.
    """

    stops: tuple[float, ...]
    colours: tuple[Colour, ...]
    unit: str = ""
    below: bool = False
    above: bool = False

    def labels(self) -> list[str]:
        """Return what a legend writes at each stop, without the unit."""
        texts = [_number(stop) for stop in self.stops]
        if self.below:
            texts[0] = f"\N{LESS-THAN OR EQUAL TO} {texts[0]}"
        if self.above:
            texts[-1] = f"\N{GREATER-THAN OR EQUAL TO} {texts[-1]}"
        return texts

    def paint(self, values: np.ndarray) -> np.ndarray:
        """Return red, green and blue (uint8, last axis) of values; any colour where NaN."""
        parts = np.array([colour[:3] for colour in self.colours], dtype=float)
        known = np.nan_to_num(values, nan=self.stops[0])
        return np.stack([np.rint(np.interp(known, self.stops, part)) for part in parts.T], axis=-1).astype(np.uint8)


def fixed(colours: Sequence[Colour], stops: Sequence[float], unit: str = "") -> Ramp:
    """Return a ramp over stops that are known beforehand and reach as far as the values."""
    return Ramp(tuple(map(float, stops)), tuple(spread(colours, len(stops))), unit)


def over(
    colours: Sequence[Colour], values: np.ndarray, unit: str = "", extremes: tuple[float, float] | None = None
) -> Ramp:
    """Return a ramp that spreads colours over the values of a surface.

    The steps are equal and round, from about the 1 % to about the 99 % quantile; where most values crowd at the low end,
    the stops are the rounded 1, 30, 60, 80, 95 and 99 % quantiles instead.

    Parameters
    ----------
    colours : sequence of Colour
        From low to high.
    values : ndarray
        The surface or a sample of it (see `sample`), NaN where there is none.
    unit : str
        For the legend.
    extremes : (float, float), optional
        Smallest and largest value of the whole surface where `values` is a sample.
    """
    known = _thinned(values)
    known = known[np.isfinite(known)]
    if not known.size:
        return fixed(colours, (0.0, 1.0), unit)
    low, median, high = (float(value) for value in np.quantile(known, [0.01, 0.5, 0.99]))
    if high - low > _SKEWED * (median - low) > 0:
        stops = sorted({_round(float(value), high) for value in np.quantile(known, _CROWDED)})
    else:
        stops = _steps(low, high)
    lowest, highest = extremes or (float(np.nanmin(values)), float(np.nanmax(values)))
    slack = 1e-6 * (stops[-1] - stops[0])  # the values may be of single precision
    return Ramp(
        tuple(stops),
        tuple(spread(colours, len(stops))),
        unit,
        below=lowest < stops[0] - slack,
        above=highest > stops[-1] + slack,
    )


def sample(path: str) -> np.ndarray:
    """Return the cells of a raster file that `over` would look at, NaN where NoData."""
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    step = _stride(band.XSize * band.YSize)
    height = band.GetBlockSize()[1]
    rows = []
    for row in range(0, band.YSize, step):
        if row // height != (row - step) // height:
            band.FlushCache()  # no tile is read again; GDAL would keep up to a twentieth of the memory
        rows.append(band.ReadAsArray(0, row, band.XSize, 1)[0, ::step])
    cells = np.array(rows, dtype=float)
    cells[cells == band.GetNoDataValue()] = np.nan
    return cells


def _stride(size: int) -> int:
    return max(1, int(np.ceil((size / _SAMPLE) ** 0.5)))


def _thinned(values: np.ndarray) -> np.ndarray:
    step = _stride(values.size)
    return values[::step, ::step] if values.ndim == 2 else values[:: step**2]


def _steps(low: float, high: float) -> list[float]:
    """Return about five round numbers in equal steps, at most half a step off the two ends."""
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        return [float(f"{low:.6g}"), float(f"{low + (abs(low) or 1.0):.6g}")]
    rough = (high - low) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * k for k in (1.0, 2.0, 2.5, 5.0, 10.0) if power * k >= rough * (1.0 - 1e-9))
    return [float(f"{k * step:.12g}") for k in range(round(low / step), round(high / step) + 1)]


def _round(value: float, high: float) -> float:
    return float(f"{value:.2g}") if abs(value) > 1e-4 * abs(high) else 0.0


def _number(value: float) -> str:
    return f"{value:,.10g}"
