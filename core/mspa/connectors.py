"""Which connectors join different cores (bridges) and which return to the same one (loops)."""

from __future__ import annotations

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, IntArray
from . import bits, regions

_EDGE_STEPS = ((-1, 0), (0, -1), (1, 0), (0, 1))
"""Row and column steps in the order of the flood: N, W, S, E ..."""
_CORNER_STEPS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
"""... then NW, NE, SW, SE."""


def bridges(
    connectors: Array,
    core: Array,
    room: Array,
    labels: IntArray,
    *,
    connectivity: int,
    rounds: int,
    monitor: Monitor = SILENT,
) -> Array:
    """Return the connectors in which the labels of two or more cores meet.

    The labels of the cores flood the cells round them, breadth first, each cell taking the label that comes first
    and keeping it. So a connector of one cell between two cores has one label only, and is no bridge.

    Parameters
    ----------
    connectors : packed raster
        The connectors.
    core : packed raster
        The core.
    room : packed raster
        Where the labels may spread: cells outside the core, none on the border rows and columns.
    labels : ndarray, int32, shape (rows, cols)
        The core regions, 0 elsewhere. Overwritten.
    connectivity : int
        Of the core and the connectors, 8 or 4.
    rounds : int
        Rounds of the flood after which no connector can receive a label it does not have yet.

    Notes
    -----
    Most connectors touch two cores and are decided at once. The flood is carried out only round the others, which
    changes nothing there, since a label travels one cell in a round.
    """
    cols = labels.shape[1]
    parts, count = regions.label(connectors, cols, connectivity)
    parts_flat = parts.ravel()
    flood = _Flood(labels, connectivity)
    near_core = bits.dilate(core, cols, flood.reach2, monitor)
    cells = bits.places(connectors & near_core, cols)
    meets = _meetings(parts_flat, count, cells, flood.start(cells)[0])
    monitor.check()
    undecided = ~meets
    undecided[0] = False
    if undecided.any():
        around = room & bits.dilate(regions.paint(parts, undecided), cols, 2 * rounds * rounds, monitor)
        cells = bits.places(around & near_core, cols)
        visited = flood.run(cells, around, rounds, monitor)
        meets |= _meetings(parts_flat, count, visited, flood.labels[visited])
    return regions.paint(parts, meets)


def _meetings(parts: IntArray, count: int, cells: IntArray, labels: IntArray) -> Array:
    """Return, for each part 0..count, whether cells in it have different labels."""
    part = parts[cells]
    any_label = np.zeros(count + 1, np.int32)
    any_label[part] = labels
    meets = np.zeros(count + 1, bool)
    meets[part[labels != any_label[part]]] = True
    meets[0] = False
    return meets


class _Flood:
    """Core labels spreading over a raster, in the order of a queue."""

    def __init__(self, labels: IntArray, connectivity: int) -> None:
        self.stride = labels.shape[1]
        self.labels = labels.ravel()
        sweeps = [_EDGE_STEPS] if connectivity == 4 else [_EDGE_STEPS, _CORNER_STEPS]
        self.sweeps = [np.array([row * self.stride + col for row, col in sweep]) for sweep in sweeps]
        self.reach2 = len(sweeps)

    def start(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """Return the labels that cells near a core receive from it (0 if none), and the cells in their order.

        All cores are visited in raster order for their edge neighbours, then again for their corner neighbours.
        """
        label = np.zeros(cells.size, np.int32)
        key = np.zeros(cells.size, np.int64)
        for number, steps in enumerate(self.sweeps):
            for step in sorted(steps, reverse=True):
                open_ = np.flatnonzero(label == 0)
                source = cells[open_] - step
                label[open_] = self.labels[source]
                visit = number * self.labels.size + source
                key[open_] = visit * len(steps) + np.flatnonzero(steps == step)[0]
        reached = np.flatnonzero(label)
        return label, cells[reached[np.argsort(key[reached])]]

    def run(self, near_core: IntArray, room: Array, rounds: int, monitor: Monitor) -> IntArray:
        """Flood the room, starting from its cells near a core; return the cells that received a label."""
        open_ = bits.unpack(room, self.stride).ravel()
        label, queue = self.start(near_core)
        self.labels[near_core] = label
        steps = np.concatenate(self.sweeps)
        visited = [queue]
        for _ in range(rounds - 1):
            monitor.check()
            open_[queue] = 0
            targets = queue[:, None] + steps
            valid = open_[targets] == 1
            targets, source = targets[valid], np.repeat(queue, valid.sum(axis=1))
            # First come, first served: places are written backwards, so the first of equal targets stays.
            places = -np.arange(1, targets.size + 1, dtype=np.int32)
            self.labels[targets[::-1]] = places[::-1]
            first = self.labels[targets] == places
            queue = targets[first]
            self.labels[queue] = self.labels[source[first]]
            visited.append(queue)
        return np.concatenate(visited)
