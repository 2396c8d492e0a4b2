"""Circuits of rasters straight from the definition, and their dense or sparse direct solution by numpy or scipy."""

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

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


def sparse_pair(resistance, a, b, neighbours=8, average="resistance"):
    """Solve a pair of merged regions with the direct solver of scipy; the regions must be connected.

    Rounding of the diagonal acts as a leak, which matters at contrasts of 1e8. So the solution is refined by residuals
    from differences of potential, which are exact.
    """
    rows, cols = resistance.shape
    node = np.arange(resistance.size).reshape(resistance.shape)
    node[a], node[b] = resistance.size, resistance.size + 1
    heads, tails, values = [], [], []
    for down, right, length in [(0, 1, 1.0), (1, 0, 1.0), (1, 1, SQRT2), (1, -1, SQRT2)][: neighbours // 2]:
        here = slice(0, rows - down), slice(max(0, -right), cols - max(0, right))
        there = slice(down, rows), slice(max(0, right), cols + min(0, right))
        r, s = resistance[here], resistance[there]
        g = (2 / (r + s) if average == "resistance" else (1 / r + 1 / s) / 2) / length
        linked = ~np.isnan(g) & (node[here] != node[there])
        heads.append(node[here][linked])
        tails.append(node[there][linked])
        values.append(g[linked])
    head, tail, g = (np.concatenate(part) for part in (heads, tails, values))
    size = resistance.size + 2
    links = sparse.coo_matrix((g, (head, tail)), shape=(size, size)).tocsr()
    links = links + links.T
    component = sparse.csgraph.connected_components(links, directed=False)[1]
    laplacian = (sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links).tocsr()
    free = np.flatnonzero((component == component[-1]) & (np.arange(size) != resistance.size))
    factor = splu(laplacian[free][:, free].tocsc(), permc_spec="MMD_AT_PLUS_A")
    volts, left = np.zeros(size), np.zeros(size)
    left[-1] = 1.0
    for _ in range(8):
        volts[free] += factor.solve(left[free])
        flow = g * (volts[head] - volts[tail])
        net = np.bincount(head, flow, size) - np.bincount(tail, flow, size)
        left = -net
        left[-1] += 1.0
    total = np.bincount(head, np.abs(flow), size) + np.bincount(tail, np.abs(flow), size)
    return np.where(np.isnan(resistance), np.nan, ((total + np.abs(net)) / 2)[node]), volts[-1]
