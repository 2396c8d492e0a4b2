"""Random fields that landscapes are made of."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage
from scipy.spatial import cKDTree

from ..types import Array, BoolArray, FloatArray


def fractal_noise(
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    exponent: float = 3.0,
    longest: float = 1.0,
    shortest: float = 0.0,
) -> FloatArray:
    """Return a Gaussian random field with a power-law spectrum, mean 0 and standard deviation 1.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    rng : numpy.random.Generator
        Where the white noise comes from.
    exponent : float
        Power falls with wave number to this power: about 2 is rough, 3 like terrain, 4 smooth.
    longest, shortest : float
        Wavelengths kept, as a share of the longer side of the field.

    Returns
    -------
    ndarray, float64, shape (rows, cols)
        The field; it is periodic.

    References
    ----------
    Turcotte, D. L. (1997), Fractals and Chaos in Geology and Geophysics, 2nd ed., section 7.4, Cambridge University
    Press: spectral synthesis. https://doi.org/10.1017/CBO9781139174695

    Examples
    --------
    >>> field = fractal_noise((32, 32), np.random.default_rng(1))
    >>> round(abs(float(field.mean())), 6), round(float(field.std()), 6)
    (0.0, 1.0)
    """
    side = max(shape)
    white = fft.rfft2(rng.standard_normal(shape))
    frequency = side * np.hypot(fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])[None, :])
    kept = frequency >= 1.0 / longest
    if shortest > 0:
        kept &= frequency <= 1.0 / shortest
    gain = np.zeros_like(frequency)
    gain[kept] = frequency[kept] ** (-exponent / 2.0)
    field: FloatArray = fft.irfft2(white * gain, s=shape)
    field -= field.mean()
    spread = field.std()
    return field / spread if spread > 0 else field


def scattered_distance(shape: tuple[int, int], rng: np.random.Generator, spacing: float) -> FloatArray:
    """Return the distance to the nearest of points scattered one to a square of the given edge, in cells."""
    rows = np.arange(-spacing, shape[0] + 2 * spacing, spacing)
    cols = np.arange(-spacing, shape[1] + 2 * spacing, spacing)
    points = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    points = points + spacing * rng.random(points.shape)
    cells = np.indices(shape).reshape(2, -1).T
    distance = cKDTree(points).query(cells)[0]
    return np.asarray(distance).reshape(shape)


def ranked(field: FloatArray, inside: BoolArray) -> FloatArray:
    """Return the rank of each cell among the inside cells, 0 (lowest) to 1; ties in cell order, 0 outside."""
    ranks = np.zeros(field.shape)
    values = field[inside]
    position = np.empty(values.size)
    position[np.argsort(values, kind="stable")] = np.arange(values.size)
    ranks[inside] = position / max(values.size - 1, 1)
    return ranks


def unit(field: FloatArray, inside: BoolArray) -> FloatArray:
    """Return the field shifted and scaled to mean 0 and standard deviation 1 over the inside cells."""
    values = field[inside]
    scaled: FloatArray = (field - values.mean()) / max(float(values.std()), 1e-12)
    return scaled


def resample(field: Array, shape: tuple[int, int], *, order: int = 1) -> Array:
    """Return a field on a finer or coarser grid over the same area (spline of the given order)."""
    rows, cols = ((np.arange(new) + 0.5) * old / new - 0.5 for new, old in zip(shape, field.shape))
    places = np.meshgrid(rows, cols, indexing="ij")
    return np.asarray(ndimage.map_coordinates(field, places, order=order, mode="nearest"))


def blurred(field: FloatArray, sigma: float, *, mode: str = "nearest") -> FloatArray:
    """Return a field under a nearly Gaussian window (three running means) whose width costs no time.

    References
    ----------
    Kovesi, P. (2010), Fast almost-Gaussian filtering, DICTA 2010, 121-125. https://doi.org/10.1109/DICTA.2010.30
    """
    width = max(1, 2 * round((np.sqrt(4.0 * sigma**2 + 1.0) - 1.0) / 2.0) + 1)
    for _ in range(3):
        field = ndimage.uniform_filter(field, width, mode=mode)
    return field


def drop_small(mask: BoolArray, cells: int) -> BoolArray:
    """Return the mask without its 8-connected parts smaller than a number of cells."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray(sizes[labels] >= cells) & mask
