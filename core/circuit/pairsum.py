"""Sum of the currents of all pairs of nodes without going through the pairs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .graph import RasterGraph

_STRIP = 8_192
"""Links that are worked on at a time, so that their drops stay in the cache of the processor."""


def sum_of_pairs(
    graph: RasterGraph, potentials: Sequence[FloatArray], nodes: IntArray, monitor: Monitor = SILENT
) -> FloatArray:
    """Return the sum over all pairs of nodes of the current through every node, 1 A each.

    Parameters
    ----------
    graph : RasterGraph
        The circuit.
    potentials : sequence of m float64 (size,)
        Potentials when 1 A enters at each of the nodes and leaves at one that is common to all (for that one: 0).
    nodes : int (m,)
        The nodes; one that is there twice makes pairs with itself, which carry nothing.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    float64 (size,)
        Amperes.

    Notes
    -----
    The drop of a pair over a link is the difference of two of its m drops. The sum of the absolute differences of all
    pairs is a weighted sum of the sorted drops, so a link takes m log^2 m steps instead of m^2. The drops of a strip of
    links are sorted together, in float32, by a network of minima and maxima.

    References
    ----------
    Batcher KE (1968). Sorting networks and their applications. AFIPS Conf. Proc. 32:307-314.
    doi:10.1145/1468075.1468121
    """
    count = len(potentials)
    exchanges = sorting_network(count)
    weights = (2.0 * np.arange(count) - (count - 1)).astype(np.float32)
    rows, cols = graph.shape
    height = max(1, _STRIP // cols)
    total = np.zeros(graph.shape)
    for top in range(0, rows, height):
        monitor.step(top, rows)
        bottom = min(top + height + 1, rows)
        places = graph.node[top:bottom]
        volts = np.stack([values[places] for values in potentials])
        for number, (here, there, _) in enumerate(graph.directions):
            down = int(here[0] != there[0])
            links = min(height, rows - down - top)
            if links <= 0:
                continue
            drops = [(one[:links, here[1]] - one[down : down + links, there[1]]).astype(np.float32) for one in volts]
            scratch = np.empty_like(drops[0])
            for low, high in exchanges:
                np.minimum(drops[low], drops[high], out=scratch)
                np.maximum(drops[low], drops[high], out=drops[high])
                drops[low], scratch = scratch, drops[low]
            flow = weights[0] * drops[0].astype(np.float64)
            for weight, drop in zip(weights[1:], drops[1:]):
                flow += weight * drop
            flow *= graph.coupling_rows(number, top, top + links)
            total[top : top + links, here[1]] += flow
            total[top + down : top + down + links, there[1]] += flow
    through = graph.gather(total)
    through += len(nodes) * np.bincount(nodes, minlength=graph.size)
    through -= np.bincount(nodes, minlength=graph.size) ** 2
    through /= 2.0
    return through


def sorting_network(count: int) -> list[tuple[int, int]]:
    """Return the exchanges that sort `count` values: the lower of the two goes to the first place."""
    exchanges = []
    size = 1
    while size < count:
        step = size
        while step:
            for start in range(step % size, count - step, 2 * step):
                for low in range(start, min(start + step, count - step)):
                    if low // (2 * size) == (low + step) // (2 * size):
                        exchanges.append((low, low + step))
            step //= 2
        size *= 2
    return exchanges
