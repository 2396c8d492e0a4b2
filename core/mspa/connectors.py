"""Which connectors join different cores (bridges) and which return to the same one (loops)."""

from __future__ import annotations

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, IntArray
from . import bits, regions
from .regions import Regions

_EDGE_STEPS = ((-1, 0), (0, -1), (1, 0), (0, 1))
"""Row and column steps in the order of the flood: N, W, S, E ..."""
_CORNER_STEPS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
"""... then NW, NE, SW, SE."""
_SWEEP = 1 << 48
"""More cells than any raster has: those of the second sweep come after all of the first."""


def bridges(
    connectors: Array,
    core: Array,
    room: Array,
    cores: Regions,
    cols: int,
    *,
    connectivity: int,
    rounds: int,
    accelerate: bool = False,
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
    cores : Regions
        The core regions. Lost.
    cols : int
        Number of columns.
    connectivity : int
        Of the core and the connectors, 8 or 4.
    rounds : int
        Rounds of the flood after which no connector can receive a label it does not have yet.
    accelerate : bool
        Whether to use numba, with the same result.

    Notes
    -----
    Most connectors touch two cores and are decided at once. The flood is carried out only round the others, which
    changes nothing there, since a label travels one cell in a round.
    """
    parts = regions.label(connectors, cols, connectivity, accelerate=accelerate)
    flood = _Flood(cores, cols, connectivity)
    near_core = bits.dilate(core, cols, flood.reach2, monitor)
    cells = bits.places(connectors & near_core, cols)
    meets = _meetings(parts, cells, flood.start(cells)[0])
    monitor.check()
    undecided = ~meets
    undecided[0] = False
    if undecided.any():
        around = room & bits.dilate(parts.paint(undecided), cols, 2 * rounds * rounds, monitor)
        flooded = flood.run(bits.places(around & near_core, cols), around, rounds, monitor)
        cells = bits.places(connectors & around, cols)
        meets |= _meetings(parts, cells, flooded[cells])
    return parts.paint(meets)


def _meetings(parts: Regions, cells: IntArray, labels: IntArray) -> BoolArray:
    """Return, for each part 0 .. count, whether cells in it have different labels; 0 is none."""
    some = np.flatnonzero(labels)
    part, label = parts.at(cells.take(some)), labels.take(some)
    any_label = np.zeros(parts.count + 1, np.int32)
    any_label[part] = label
    meets = np.zeros(parts.count + 1, bool)
    meets[part[label != any_label[part]]] = True
    meets[0] = False
    return meets


class _Flood:
    """Core labels spreading over a raster, in the order of a queue."""

    def __init__(self, cores: Regions, cols: int, connectivity: int) -> None:
        self.cores, self.stride = cores, cols
        sweeps = [_EDGE_STEPS] if connectivity == 4 else [_EDGE_STEPS, _CORNER_STEPS]
        self.sweeps = [np.array([row * cols + col for row, col in sweep]) for sweep in sweeps]
        self.reach2 = len(sweeps)

    def start(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """Return the labels that cells near a core, in ascending order, receive from it, and when; 0 if none.

        All cores are visited in raster order for their edge neighbours, then again for their corner neighbours.
        """
        label = np.zeros(cells.size, np.int32)
        turn = np.zeros(cells.size, np.int64)
        open_: IntArray = np.arange(cells.size)
        for number, steps in enumerate(self.sweeps):
            for step in sorted(steps, reverse=True):
                source = cells.take(open_) - step
                found = self.cores.at(source)
                label[open_] = found
                visit = number * _SWEEP + source
                turn[open_] = visit * len(steps) + np.flatnonzero(steps == step)[0]
                open_ = open_.compress(found == 0)
        return label, turn

    def run(self, near_core: IntArray, room: Array, rounds: int, monitor: Monitor) -> IntArray:
        """Flood the room, starting from its cells near a core; return the labels of all cells as a flat raster."""
        open_ = bits.unpack(room, self.stride).ravel()
        label, turn = self.start(near_core)
        labels = self.cores.scratch()
        labels[near_core] = label
        reached = np.flatnonzero(label)
        queue = near_core[reached[np.argsort(turn[reached])]]
        steps = np.concatenate(self.sweeps)
        for _ in range(rounds - 1):
            monitor.check()
            open_[queue] = 0
            targets = queue[:, None] + steps
            valid = open_[targets] == 1
            targets, source = targets[valid], np.repeat(queue, valid.sum(axis=1))
            # First come, first served: places are written backwards, so the first of equal targets stays.
            places = -np.arange(1, targets.size + 1, dtype=np.int32)
            labels[targets[::-1]] = places[::-1]
            first = labels[targets] == places
            queue = targets[first]
            labels[queue] = labels[source[first]]
        return labels
