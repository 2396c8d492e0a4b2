"""Resistance surfaces that several of the scripts measure on."""

import numpy as np
from scipy.ndimage import gaussian_filter


def smooth(size, missing=0.02):
    """Five classes from 1 to 100 in patches of some 20 cells, of which a share is missing, cell by cell."""
    rng = np.random.default_rng(1)
    field = gaussian_filter(rng.normal(size=(size, size)), 6)
    classes = np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))
    resistance = np.array([1.0, 3.0, 10.0, 30.0, 100.0])[classes]
    if missing:
        resistance[rng.random(resistance.shape) < missing] = np.nan
    return resistance


def sharp(size):
    """Classes that jump from 1 to 1,000 at every scale, with roads and rivers, of which 2 % is missing."""
    rng = np.random.default_rng(1)
    waves = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    waves[0, 0] = 1.0
    field = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(size, size))) * waves**-1.2, s=(size, size))
    classes = np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))
    resistance = np.array([10.0, 1.0, 1000.0, 3.0, 100.0])[classes]
    for across in (resistance, resistance.T):
        lines = rng.permutation(size)[: 2 * (size // 200)]
        across[lines[::2]] = 1000.0
        across[lines[1::2]] = 1.0
    resistance[rng.random(resistance.shape) < 0.02] = np.nan
    return resistance
