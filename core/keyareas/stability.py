"""Stability: whether key areas stay where they are when a setting changes, or only their values change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import ClassRule
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.ranks import rank_correlation, without_noise
from ..types import BoolArray, FloatArray
from .areas import key_areas


@dataclass(frozen=True)
class Agreement:
    """How far two settings agree.

    Attributes
    ----------
    first, second : int
        Positions of the settings.
    jaccard : float
        Places: cells that are key in both over cells that are key in either, 0 to 1; NaN if there is none in either.
    correlation : float
        Values: Spearman's rank correlation over the cells that have a value in both, -1 to 1; NaN if undefined.
    common : int
        Number of those cells.
    """

    first: int
    second: int
    jaccard: float
    correlation: float
    common: int


@dataclass(frozen=True)
class Stability:
    """Key areas over several settings.

    Attributes
    ----------
    share : float64, shape (rows, cols)
        Share of the settings in which a cell is key, 0 to 1; NaN where no setting gives it a value.
    areas : int64, shape (settings,)
        Number of key areas.
    area_ha : float64, shape (settings,)
        Area of the key areas.
    maximum : float64, shape (settings,)
        Largest value of the surface.
    pairs : tuple of Agreement
        Every two settings, in the order of the settings.
    """

    share: FloatArray
    areas: FloatArray
    area_ha: FloatArray
    maximum: FloatArray
    pairs: tuple[Agreement, ...]


def stability(
    surfaces: Sequence[FloatArray],
    *,
    cell_ha: float,
    method: ClassRule | str = ClassRule.NATURAL,
    classes: int = 4,
    min_area_ha: float = 0.0,
    monitor: Monitor = SILENT,
) -> Stability:
    """Compare the places and the values of a surface over several settings.

    Parameters
    ----------
    surfaces : sequence of float arrays, shape (rows, cols)
        The surface under each setting, NaN where it has no value.
    cell_ha, method, classes, min_area_ha
        How key areas are made of each, see `keyareas.key_areas`; the highest class is kept.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Stability

    Raises
    ------
    InputError
        Fewer than two surfaces, different shapes, or a surface without a place that stands out.

    Notes
    -----
    For s settings and n cells O(s n + s^2 c log c), with c cells that have values.

    References
    ----------
    P. Jaccard (1912), The distribution of the flora in the alpine zone, New Phytologist 11,
    doi:10.1111/j.1469-8137.1912.tb05611.x.
    """
    if len(surfaces) < 2:
        raise InputError(f"{len(surfaces)} setting cannot be compared; give at least two.")
    if len({surface.shape for surface in surfaces}) > 1:
        raise InputError("The surfaces have different shapes. Use one grid.")
    keys: list[BoolArray] = []
    areas, hectares = [], []
    steps = len(surfaces) * (len(surfaces) + 1) / 2
    for done, surface in enumerate(surfaces):
        part = monitor.part(done / steps, (done + 1) / steps)
        found = key_areas(
            surface, cell_ha=cell_ha, method=method, classes=classes, min_area_ha=min_area_ha, monitor=part
        )
        keys.append(found.labels > 0)
        areas.append(found.area_ha.size)
        hectares.append(float(found.area_ha.sum()))
    pairs = []
    for i in range(len(surfaces)):
        for j in range(i + 1, len(surfaces)):
            pairs.append(_agreement(i, j, surfaces, keys))
            monitor.step(len(surfaces) + len(pairs), steps)
    share = np.mean(keys, axis=0)
    share[np.all([np.isnan(surface) for surface in surfaces], axis=0)] = np.nan
    maximum = np.array([np.nanmax(surface) for surface in surfaces])
    return Stability(share, np.array(areas), np.array(hectares), maximum, tuple(pairs))


def _agreement(i: int, j: int, surfaces: Sequence[FloatArray], keys: list[BoolArray]) -> Agreement:
    either = np.count_nonzero(keys[i] | keys[j])
    jaccard = np.count_nonzero(keys[i] & keys[j]) / either if either else np.nan
    both = ~np.isnan(surfaces[i]) & ~np.isnan(surfaces[j])
    correlation = rank_correlation(*(without_noise(one[both]) for one in (surfaces[i], surfaces[j])))
    return Agreement(i, j, float(jaccard), correlation, int(np.count_nonzero(both)))
