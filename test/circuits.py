"""Circuits of rasters cell by cell, straight from the definition, and their dense solution."""

import numpy as np

SQRT2 = np.sqrt(2.0)


def plain_links(resistance, neighbours, average):
    """List the links of a raster cell by cell, straight from the definition."""
    rows, cols = resistance.shape
    steps = [(0, 1, 1.0), (1, 0, 1.0), (1, 1, SQRT2), (1, -1, SQRT2)][: neighbours // 2]
    for row in range(rows):
        for col in range(cols):
            for down, right, length in steps:
                other = row + down, col + right
                if not (other[0] < rows and 0 <= other[1] < cols):
                    continue
                r, s = resistance[row, col], resistance[other]
                if np.isnan(r) or np.isnan(s):
                    continue
                g = 2 / (r + s) if average == "resistance" else (1 / r + 1 / s) / 2
                yield row * cols + col, other[0] * cols + other[1], g / length


def dense_pair(resistance, a, b, neighbours=8, average="resistance"):
    """Solve a pair of merged regions with a dense pseudo-inverse."""
    node = np.arange(resistance.size)
    node[a.ravel()] = np.flatnonzero(a)[0]
    node[b.ravel()] = np.flatnonzero(b)[0]
    laplacian = np.zeros((resistance.size, resistance.size))
    links = [(node[i], node[j], g) for i, j, g in plain_links(resistance, neighbours, average)]
    for i, j, g in links:
        laplacian[i, i] += g
        laplacian[j, j] += g
        laplacian[i, j] -= g
        laplacian[j, i] -= g
    injected = np.zeros(resistance.size)
    start, end = node[np.flatnonzero(b)[0]], node[np.flatnonzero(a)[0]]
    injected[start], injected[end] = 1.0, -1.0
    volts = np.linalg.pinv(laplacian, rcond=1e-13, hermitian=True) @ injected
    inflow, outflow = np.zeros(resistance.size), np.zeros(resistance.size)
    for i, j, g in links:
        flow = g * (volts[i] - volts[j])
        for tail, head, amount in ((i, j, max(flow, 0)), (j, i, max(-flow, 0))):
            outflow[tail] += amount
            inflow[head] += amount
    current = np.where(np.isnan(resistance.ravel()), np.nan, np.maximum(inflow, outflow)[node])
    return current.reshape(resistance.shape), volts[start] - volts[end]
