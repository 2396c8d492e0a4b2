"""Landscapes as chance might have made them: other surfaces under the same sources, or the same sources elsewhere."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from ..errors import InputError
from ..stats.ranks import without_noise
from ..types import BoolArray, FloatArray, IntArray

_ROUNDS = 5
"""Rounds in which spectrum and histogram are brought together."""

_LAGS, _NEAR, _SMOOTHEST, _HALVINGS = range(1, 6), 0.02, 4.0, 8
"""Lags in cells at which the autocorrelation is compared, by how much it may be too low in the mean, and the widest filter,
in cells, and number of trials by which it is raised."""

MOST_CLASSES = 256
"""Different resistances that a surface may have to be one of classes."""

_FITS = 0.9
"""Share of the cells of a source that must come to lie on land that is free."""

_DIRECTIONS, _RINGS = 16, 60
"""Places around the first that are tried for a source, and how far out."""

_ATTEMPTS = 20


def uniform(resistance: FloatArray) -> FloatArray:
    """Return a surface with the mean resistance everywhere, NaN where it was.

    Examples
    --------
    >>> uniform(np.array([[1.0, 3.0, np.nan]])).tolist()
    [[2.0, 2.0, nan]]
    """
    mean = float(np.nanmean(resistance, dtype=np.float64))
    return np.where(np.isnan(resistance), np.nan, mean)


def classes_of(resistance: FloatArray) -> IntArray:
    """Return the class of each cell, one for every different resistance, -1 where NaN.

    Raises
    ------
    InputError
        If there are more than 256.

    Examples
    --------
    >>> classes_of(np.array([[5.0, 1.0, 5.0, np.nan]])).tolist()
    [[1, 0, 1, -1]]
    """
    known = ~np.isnan(resistance)
    different, number = np.unique(resistance[known], return_inverse=True)
    if different.size > MOST_CLASSES:
        raise InputError(
            f"The resistance has {different.size:,} different values, so that its classes cannot be told from it. Give the "
            "class raster whose scores are to be shuffled, such as the land use, or shuffle the land."
        )
    found = np.full(resistance.shape, -1, dtype=np.int32)
    found[known] = number
    return found


def shuffled_scores(resistance: FloatArray, classes: IntArray, random: np.random.Generator) -> FloatArray:
    """Return a surface on which the mean resistances of classes have changed places.

    Within a class resistances keep their proportions. Cells of no class (-1) keep theirs.

    Examples
    --------
    >>> resistance = np.array([[1.0, 1.0, 4.0, 4.0]])
    >>> shuffled_scores(resistance, np.array([[0, 0, 1, 1]]), np.random.default_rng(3)).tolist()
    [[4.0, 4.0, 1.0, 1.0]]
    """
    held = (classes >= 0) & ~np.isnan(resistance)
    number = classes[held]
    count = np.bincount(number)
    present = np.flatnonzero(count)
    mean = np.bincount(number, weights=resistance[held])[present] / count[present]
    factor = np.ones(count.size)
    factor[present] = mean[random.permutation(present.size)] / mean
    found = resistance.astype(np.float64)
    found[held] *= factor[number]
    return found


def shuffled_land(resistance: FloatArray, random: np.random.Generator) -> FloatArray:
    """Return a surface with the same resistances, as patchy as they are, in other places.

    Parameters
    ----------
    resistance : float array, shape (rows, cols)
        NaN where there is none, and there it stays.
    random : Generator
        What chance is.

    Returns
    -------
    float64, of the same shape
        Its histogram is that of the resistance exactly, its power spectrum nearly.

    Notes
    -----
    Ranks of a Gaussian field alone lose part of the autocorrelation of a surface whose values are not Gaussian. So the
    spectrum is imposed and the values are put back by their ranks, five times in turn (Schreiber & Schmitz). Where this
    leaves specks, as on surfaces of few classes in large patches, the field is smoothed before the last ranking, as little as
    brings the mean of Moran's I at lags 1 to 5 to that of the surface. O(n log n).

    References
    ----------
    Schreiber, T. & Schmitz, A. (1996). Improved surrogate data for nonlinearity tests. *Physical Review Letters* 77,
    635-638, https://doi.org/10.1103/PhysRevLett.77.635

    Examples
    --------
    >>> land = np.array([[1.0, 2.0], [3.0, np.nan]])
    >>> found = shuffled_land(land, np.random.default_rng(0))
    >>> np.sort(found[~np.isnan(found)]).tolist(), bool(np.isnan(found[1, 1]))
    ([1.0, 2.0, 3.0], True)
    """
    known = ~np.isnan(resistance)
    values = np.sort(resistance[known].astype(np.float64))
    mean = values.mean()
    field: FloatArray = np.zeros(resistance.shape)
    field[known] = resistance[known] - mean
    amplitude: FloatArray = np.abs(fft.rfft2(field))
    field[known] = random.permutation(values) - mean
    for _ in range(_ROUNDS):
        spectrum = fft.rfft2(field)
        size: FloatArray = np.abs(spectrum)
        spectrum *= np.divide(amplitude, size, out=np.zeros(size.shape), where=size > 0.0)
        field = _ranked(fft.irfft2(spectrum, resistance.shape), known, values, mean)
    field = _without_specks(field, known, values, mean, autocorrelation(resistance))
    found = np.full(resistance.shape, np.nan)
    found[known] = _in_order_of(field[known], values)
    return found


def _in_order_of(field: FloatArray, values: FloatArray) -> FloatArray:
    """Return ascending values in the order of others; those equal but for rounding, as on flats, are as the cells are."""
    placed = np.empty(values.size)
    placed[np.argsort(without_noise(field), kind="stable")] = values
    return placed


def _ranked(field: FloatArray, known: BoolArray, values: FloatArray, mean: float) -> FloatArray:
    """Return the values less their mean in the order of a field, 0 where there are none."""
    found = np.zeros(known.shape)
    found[known] = _in_order_of(field[known], values - mean)
    return found


def _without_specks(
    field: FloatArray, known: BoolArray, values: FloatArray, mean: float, wanted: FloatArray
) -> FloatArray:
    """Return a field that is smoothed until its autocorrelation is no longer below that of the surface, by bisection."""

    def lacking(one: FloatArray) -> float:
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.nanmean(1.0 - autocorrelation(np.where(known, one, np.nan)) / wanted))

    if np.isnan(wanted).all():
        return field
    best, error = field, lacking(field)
    low, high = 0.0, _SMOOTHEST
    for _ in range(_HALVINGS if error > _NEAR else 0):
        width = (low + high) / 2.0
        trial = _ranked(ndimage.gaussian_filter(field, width), known, values, mean)
        off = lacking(trial)
        if abs(off) < abs(error):
            best, error = trial, off
        low, high = (width, high) if off > 0.0 else (low, width)
    return best


def autocorrelation(surface: FloatArray) -> FloatArray:
    """Return Moran's I of cells 1 to 5 apart along rows and columns, of those that have a value; NaN without a pair.

    Examples
    --------
    >>> autocorrelation(np.tile([1.0, 3.0], (6, 3))).round(3).tolist()[:2]
    [0.0, 1.0]
    """
    known = ~np.isnan(surface)
    off = np.where(known, surface - np.nanmean(surface), 0.0)
    found = []
    for lag in _LAGS:
        pairs = ((slice(lag, None), slice(-lag)), (np.s_[:, lag:], np.s_[:, :-lag]))
        products = sum(float(np.sum(off[one] * off[other])) for one, other in pairs)
        count = sum(int(np.count_nonzero(known[one] & known[other])) for one, other in pairs)
        found.append(products / count if count else np.nan)
    variance = float(np.sum(off**2)) / max(int(np.count_nonzero(known)), 1)
    return np.array(found) / (variance or np.nan)


def moved_sources(labels: IntArray, land: BoolArray, rng: np.random.Generator) -> IntArray:
    """Return the sources shifted, turned and mirrored together.

    Parameters
    ----------
    labels : int array, shape (rows, cols)
        1 to n, 0 outside.
    land : bool array, shape (rows, cols)
        Where sources can lie.
    rng : Generator
        What chance is.

    Returns
    -------
    int32, of the same shape
        Every source keeps its shape. One that would come to lie on no land, or on another source, is slid to the nearest
        place where nine tenths of it fit; the rest of it is lost.

    Raises
    ------
    InputError
        If they do not fit in any of twenty arrangements.

    Examples
    --------
    >>> labels = np.zeros((9, 9), dtype=np.int32)
    >>> labels[1:3, 1:3], labels[6, 6] = 1, 2
    >>> np.bincount(moved_sources(labels, np.ones((9, 9), dtype=bool), np.random.default_rng(3)).ravel()).tolist()
    [76, 4, 1]
    """
    boxes = ndimage.find_objects(labels)
    shapes = [(number, box, labels[box] == number) for number, box in enumerate(boxes, start=1) if box is not None]
    middle = np.array([[(one.start + one.stop - 1) / 2.0 for one in box] for _, box, _ in shapes])
    centre = np.array(ndimage.center_of_mass(labels > 0))
    rows, cols = np.nonzero(land)
    # The largest first: the small ones find room between them.
    order = np.argsort([-shape.sum() for _, _, shape in shapes], kind="stable")
    for _ in range(_ATTEMPTS):
        angle, mirrored = rng.uniform(0.0, 360.0), bool(rng.integers(2))
        there = rng.integers(rows.size)
        # As much of the way to a random place of the land as the sources leave room for, in the mean.
        goal = np.array([rows.mean(), cols.mean()]) + (np.array([rows[there], cols[there]]) - centre) / 4.0
        turn = np.deg2rad(angle)
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        offset = middle - centre
        if mirrored:
            offset = offset * (1.0, -1.0)
        places = goal + offset @ matrix.T
        free = land.copy()
        found = np.zeros(labels.shape, dtype=np.int32)
        for number in order.tolist():
            label, _, shape = shapes[number]
            turned = _turned(shape[:, ::-1] if mirrored else shape, angle)
            window = _nearest_room(turned, places[number], free)
            if window is None:
                break
            put = turned & free[window]
            found[window][put] = label
            free[window] &= ~put
        else:
            return found
    raise InputError(
        f"The {len(shapes)} sources cover {100 * np.count_nonzero(labels) / max(rows.size, 1):.0f} % of the land and fit "
        "nowhere else on it. Choose another null model, such as the shuffled land."
    )


def _turned(shape: BoolArray, angle: float) -> BoolArray:
    """Return a shape turned by an angle in degrees, with as many cells as before."""
    share = ndimage.rotate(np.pad(shape, 1).astype(np.float64), -angle, order=1)
    found = np.zeros(share.size, dtype=bool)
    found[np.argsort(-share.ravel(), kind="stable")[: np.count_nonzero(shape)]] = True
    found = found.reshape(share.shape)
    rows, cols = (np.flatnonzero(found.any(axis=axis)) for axis in (1, 0))
    cut: BoolArray = found[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1]
    return cut


def _nearest_room(shape: BoolArray, place: FloatArray, free: BoolArray) -> tuple[slice, slice] | None:
    """Return the window nearest to a place in which a shape fits on free cells; None if there is none."""
    size = np.array(shape.shape)
    room = np.array(free.shape) - size
    if (room < 0).any():
        return None
    needed = _FITS * np.count_nonzero(shape)
    step = max(1.0, float(size.max()) / 4.0)
    corner = place - (size - 1) / 2.0
    tried = set()
    for ring in range(_RINGS):
        for turn in 2.0 * np.pi * np.arange(_DIRECTIONS if ring else 1) / _DIRECTIONS:
            at = np.rint(corner + step * ring * np.array([np.sin(turn), np.cos(turn)]))
            top, left = np.clip(at, 0, room).astype(int).tolist()
            if (top, left) in tried:
                continue
            tried.add((top, left))
            window = slice(top, top + shape.shape[0]), slice(left, left + shape.shape[1])
            if np.count_nonzero(shape & free[window]) >= needed:
                return window
    return None
