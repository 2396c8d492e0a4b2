"""Least-cost (cost-weighted) distances on a resistance surface.

A step between neighbouring cells costs the mean of their two resistances times the distance between the cell centres.
Cells of a source start at 0, so the first step out of a source pays for half of the source's own cell.

References
----------
Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. *Numerische Mathematik* 1, 269-271,
https://doi.org/10.1007/BF01386390
Adriaensen, F. et al. (2003). The application of 'least-cost' modelling as a functional landscape model.
*Landscape and Urban Planning* 64, 233-247, https://doi.org/10.1016/S0169-2046(02)00242-6
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np

from ..choices import Average
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..surface import check_resistance
from ..types import Array, BoolArray, FloatArray, IntArray
from . import blocks, dial, dijkstra
from .dijkstra import Cost, shifted, with_margin

STEPS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""Row and column step of the direction codes 1 to 8: clockwise from east, as in ArcGIS back-link rasters."""

UNREACHED = 255
"""Direction code of a cell that no source reaches."""

_STRIP = 250_000
"""Cells handled at a time where whole-raster temporaries would cost memory."""

SPARE_BYTES = 64_000_000
"""Memory for cost fields that is taken whatever the size of the raster."""

_WORTH_STARTING_NUMBA = 300_000
"""Cells from which numba makes up for the second it takes to start."""

_WHOLE_MOST = 100_000
"""Cells up to which SciPy searches the raster as a whole; blocks end at targets, and are faster beyond."""

_FIELDS = 40
"""Bytes a cell of the fields that `CostFields` works with."""

_DOUBLE = np.dtype(np.float64)


def graph_bytes(
    shape: tuple[int, int], neighbours: int = 8, *, resistance: Array | None = None, corridors: bool = True
) -> int:
    """Return the most memory, in bytes, that a `CostGraph` and the searches of `CostFields` on it need.

    Without `corridors`, that of the graph and a single search.

    Without the resistance, its contrast is taken to be low enough for numba, where that is there.

    Examples
    --------
    >>> graph_bytes((200, 100)) > graph_bytes((100, 100))
    True
    """
    cells = shape[0] * shape[1]
    spare = SPARE_BYTES if corridors else SPARE_BYTES - _FIELDS * cells
    if _faster(cells) and (resistance is None or dial.fits(resistance)):
        return cells * dial.BYTES_PER_CELL + SPARE_BYTES
    if cells > _WHOLE_MOST:
        return cells * (blocks.BYTES_PER_CELL + _FIELDS) + spare
    return cells * (neighbours * dijkstra.BYTES_PER_EDGE + dijkstra.BYTES_PER_CELL) + spare


_Engine = Union[dial.DialSearch, dijkstra.DijkstraSearch, blocks.BlockSearch]


@dataclass(frozen=True)
class CostField:
    """Cost distance to the nearest source, and which one and which way.

    Attributes
    ----------
    cost : ndarray, float64, shape (rows, cols)
        Cost distance to the nearest source, in resistance times metres; infinite where none is reached.
    allocation : ndarray, int32, shape (rows, cols)
        Label of that source; 0 where none is reached.
    direction : ndarray, uint8, shape (rows, cols)
        Code of the neighbour that is next on the way to it: 0 in a source, 1 to 8 clockwise from east (1 east,
        3 south, 5 west, 7 north), 255 where none is reached.
    """

    cost: FloatArray
    allocation: IntArray
    direction: IntArray


class CostGraph:
    """The graph of a resistance surface: one node a valid cell, one edge a step between neighbours.

    Searches use numba where it is installed and the raster is large enough to make up for starting it, and SciPy
    otherwise, with the same costs to the last bit.

    Parameters
    ----------
    resistance : ndarray, shape (rows, cols)
        Resistance per metre, positive and finite; NaN is impassable.
    cell_size : float
        Edge of the square cells, in metres.
    neighbours : {8, 4}
        Steps allowed: with or without diagonals. A diagonal step between two impassable cells is allowed.
    average : {"resistance", "conductance"}
        Whether a step has the mean resistance of its two cells, or the mean of their conductances, which lets a step into a
        barrier cost less (the packages of R average conductances).
    accelerate : bool, optional
        Whether to use numba; by default where it makes sense. Contrasts above 1 : 100,000 always go to SciPy.
    monitor : Monitor
        Progress and cancellation.

    Raises
    ------
    InputError
        If the resistance is unusable (see `check_resistance`), the cell size is not positive, or `neighbours` or
        `average` is none of the choices.

    Notes
    -----
    Up to 100,000 cells SciPy gets one graph of about 100 bytes a valid cell; beyond it goes by blocks, which takes a
    third of the memory, lets a search end at its targets and be cancelled at any time. `graph_bytes` bounds the memory,
    searches included. A search takes O(n log n).

    Costs are the one solution of ``cost[v] = min(cost[u] + step(u, v))`` in float64, so they do not depend on the order
    in which cells are visited. Ties of direction go to the lowest direction code; allocation follows the directions.
    """

    def __init__(
        self,
        resistance: Array,
        *,
        cell_size: float = 1.0,
        neighbours: int = 8,
        average: Average | str = Average.RESISTANCE,
        accelerate: bool | None = None,
        monitor: Monitor = SILENT,
    ) -> None:
        check_resistance(resistance)
        if not (cell_size > 0 and np.isfinite(cell_size)):
            raise InputError(f"The cell size must be positive, not {cell_size}.")
        if neighbours not in (8, 4):
            raise InputError(f"A cell has 8 or 4 neighbours, not {neighbours}.")
        self.shape: tuple[int, int] = (resistance.shape[0], resistance.shape[1])
        self.cell_size = float(cell_size)
        self.neighbours = neighbours
        self.resistance = resistance
        self.average = Average.of(average)
        self._inverse = self.average is Average.CONDUCTANCE
        self._steps = tuple((code, step) for code, step in enumerate(STEPS, start=1) if neighbours == 8 or 0 in step)
        monitor.check()
        wanted = _faster(resistance.size) if accelerate is None else accelerate
        self._accelerate = wanted and dial.fits(resistance)
        if self._accelerate:
            monitor.info("Least-cost searches use numba.")
        self._built: _Engine | None = self._build(monitor)

    def _build(self, monitor: Monitor) -> _Engine:
        values = 1.0 / self.resistance.astype(np.float64) if self._inverse else self.resistance
        steps = self.half_steps
        if self._accelerate:
            return dial.DialSearch(values, steps, inverse=self._inverse)
        if self.resistance.size > _WHOLE_MOST:
            return blocks.BlockSearch(values, steps, inverse=self._inverse)
        return dijkstra.DijkstraSearch(values, steps, monitor, inverse=self._inverse)

    @property
    def inverse(self) -> bool:
        """Whether a step has the mean conductance of its two cells rather than their mean resistance."""
        return self._inverse

    @property
    def half_steps(self) -> list[tuple[tuple[int, int], float]]:
        """Row and column step to each neighbour, and half its length in metres."""
        return [(step, self._half_length(step)) for _, step in self._steps]

    @property
    def _engine(self) -> _Engine:
        if self._built is None:
            self._built = self._build(SILENT)
        return self._built

    def release(self) -> None:
        """Give back the memory that searches need; the next one takes it again."""
        self._built = None

    def _half_length(self, step: tuple[int, int]) -> float:
        return 0.5 * self.cell_size * (1.0 if 0 in step else float(np.sqrt(2.0)))

    def step_cost(self, a: Cost, b: Cost, step: tuple[int, int]) -> Cost:
        """Return the cost of a step between cells of resistance `a` and `b`; NaN if either is impassable."""
        if self._inverse:
            a, b = 1.0 / a, 1.0 / b
        return dijkstra.step_cost(a, b, self._half_length(step), inverse=self._inverse)

    @property
    def stops_at_targets(self) -> bool:
        """Whether a search ends once its targets are reached, rather than at its limit."""
        return not isinstance(self._engine, dijkstra.DijkstraSearch)

    def cost_from(
        self,
        cells: Array,
        *,
        limit: float = np.inf,
        targets: Sequence[IntArray] = (),
        beyond: float | FloatArray = 0.0,
        ahead: Array | None = None,
        monitor: Monitor = SILENT,
    ) -> FloatArray:
        """Return the cost distance of every cell to the nearest of some cells.

        Parameters
        ----------
        cells : ndarray, bool, shape (rows, cols), or int
            Mask or flat indices of the cells that start at 0. Impassable ones are left out.
        limit : float
            Largest cost wanted; what costs more stays infinite. A low limit makes the search fast.
        targets : sequence of ndarray, int
            Sets of cells, as flat indices, none empty. Once every set is reached by its cheapest cell nothing dearer is
            wanted. The search stops then; only SciPy on the whole raster goes on to the limit, and the result is cut.
        beyond : float or ndarray, float64, shape (len(targets),)
            How much more than the cost of reaching a target is wanted still; one number, or one for each.
        ahead : ndarray, optional
            Of `ahead`: cells are not wanted where the cost and what is ahead of them are more than all that is wanted.
            There the result is infinite, or more than the cost distance.
        monitor : Monitor
            Cancellation.

        Returns
        -------
        ndarray, float64, shape (rows, cols)
            Cost distance, infinite where not reached or not wanted. A relative 1e-9 more than wanted is given, so that
            sums along a path do not miss it by rounding.

        Raises
        ------
        InputError
            If none of the cells is passable.
        """
        flat = np.flatnonzero(cells) if cells.dtype == bool else cells
        flat = flat[~np.isnan(self.resistance.ravel()[flat])]
        if not flat.size:
            raise InputError("No start cell lies on a passable cell of the resistance surface.")
        extra = np.broadcast_to(np.asarray(beyond, dtype=np.float64), len(targets)) if targets else np.empty(0)
        if isinstance(self._engine, dijkstra.DijkstraSearch):
            cost = self._engine.search(flat, limit, monitor)
        else:
            cost = self._engine.search(flat, limit, monitor, targets, extra, ahead)
        if not targets:
            return cost
        least = [float(cost[np.divmod(target, self.shape[1])].min()) for target in targets]
        np.putmask(cost, cost > blocks.far_enough(least, extra), np.inf)
        return cost

    def ahead(self, cost: FloatArray) -> Array | None:
        """Return lower bounds of the cost that each cell has still to go, as `cost_from` takes them.

        Parameters
        ----------
        cost : ndarray, float64, shape (rows, cols)
            The bounds, such as the cost distance to the nearest of all cells that matter.

        Returns
        -------
        ndarray, float32, or None
            None where the search makes no use of them.
        """
        return None if isinstance(self._engine, dijkstra.DijkstraSearch) else self._engine.ahead(cost)

    def allocate(self, labels: IntArray, *, limit: float = np.inf, monitor: Monitor = SILENT) -> CostField:
        """Return the cost distance to the nearest source, which source that is, and the way to it.

        Parameters
        ----------
        labels : ndarray, int, shape (rows, cols)
            0 outside sources, 1 .. n in them.
        limit : float
            Largest cost wanted.
        monitor : Monitor
            Progress and cancellation.

        Returns
        -------
        CostField

        Raises
        ------
        InputError
            If the labels have another shape or no source has a passable cell.
        """
        self.check_labels(labels)
        sources = labels > 0
        cost = self.cost_from(sources, limit=limit, monitor=monitor.part(0.0, 0.7))
        direction = self.direction(cost, sources, monitor=monitor.part(0.7, 0.9))
        return CostField(cost, self._follow(direction, labels, monitor), direction)

    def direction(self, cost: FloatArray, sources: BoolArray, *, monitor: Monitor = SILENT) -> IntArray:
        """Return the direction codes (see `CostField`) that lead down a cost field to its sources.

        Parameters
        ----------
        cost : ndarray, float64, shape (rows, cols)
            A cost field of this graph.
        sources : ndarray, bool, shape (rows, cols)
            The cells it starts from.
        monitor : Monitor
            Progress and cancellation.

        Returns
        -------
        ndarray, uint8, shape (rows, cols)
            Of several neighbours that attain the cost, the one of the lowest code.

        Raises
        ------
        InputError
            If a step is so small beside the cost that it is lost in rounding.
        """
        rows, cols = self.shape
        direction = np.full(self.shape, UNREACHED, dtype=np.uint8)
        height = max(1, _STRIP // cols)
        for top in range(0, rows, height):
            bottom = min(rows, top + height)
            monitor.step(top, rows)
            resistance, costs = (with_margin(r, top, bottom, np.nan, _DOUBLE) for r in (self.resistance, cost))
            here, here_cost, part = resistance[1:-1, 1:-1], costs[1:-1, 1:-1], direction[top:bottom]
            for code, step in reversed(self._steps):
                there = shifted(resistance, step)
                before = shifted(costs, step)
                attains = before + self.step_cost(here, there, step) == here_cost
                part[attains & (before < here_cost)] = code
            lost = (part == UNREACHED) & (here_cost > 0) & (here_cost < np.inf)
            if lost.any():
                row, col = divmod(int(np.argmax(lost)), cols)
                raise lost_step(top + row, col, float(here_cost[row, col]))
        direction[sources & (cost == 0)] = 0
        return direction

    def contacts(self, field: CostField) -> tuple[IntArray, FloatArray]:
        """Return which allocation zones touch, and the least cost of crossing there.

        Parameters
        ----------
        field : CostField
            Of `allocate`.

        Returns
        -------
        pairs : ndarray, int64, shape (m, 2)
            Labels of touching zones, the lower first, sorted.
        cost : ndarray, float64, shape (m,)
            Least cost of a path that leaves one source, crosses the common boundary once and ends at the other. It is
            an upper bound of the least-cost distance of the two.
        """
        allocation, cost = field.allocation, field.cost
        found = []
        for _, step in self._steps[: self.neighbours // 2]:
            a, b = _overlap(self.shape, step)
            meet = (allocation[a] != allocation[b]) & (allocation[a] > 0) & (allocation[b] > 0)
            near, far = (self.resistance[part][meet].astype(_DOUBLE) for part in (a, b))
            edge = self.step_cost(near, far, step)
            first, second = allocation[a][meet], allocation[b][meet]
            total = cost[a][meet] + cost[b][meet] + edge
            found.append((np.minimum(first, second), np.maximum(first, second), total))
        low, high, total = (np.concatenate(part) for part in zip(*found))
        order = np.lexsort((total, high, low))
        low, high, total = low[order], high[order], total[order]
        new = np.ones(low.size, dtype=bool)
        new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        return np.column_stack((low[new], high[new])).astype(np.int64), total[new]

    def check_labels(self, labels: IntArray) -> None:
        """Raise `InputError` unless labels have the shape of the surface."""
        if labels.shape != self.shape:
            raise InputError(f"The sources are a raster of {labels.shape} cells, the resistance one of {self.shape}.")

    def _follow(self, direction: IntArray, labels: IntArray, monitor: Monitor) -> IntArray:
        """Return the label that every cell arrives at; doubling the stride takes log2(longest path) rounds."""
        offsets = np.zeros(256, dtype=np.int64)
        for code, (row, col) in enumerate(STEPS, start=1):
            offsets[code] = row * self.shape[1] + col
        flat = direction.ravel()
        parts = [slice(start, start + _STRIP) for start in range(0, flat.size, _STRIP)]
        target = np.arange(flat.size, dtype=np.int32 if flat.size <= np.iinfo(np.int32).max else np.int64)
        for part in parts:
            target[part] += offsets[flat[part]].astype(target.dtype)
        moved = True
        while moved:
            monitor.check()
            moved = False
            for part in parts:
                further = target[target[part]]
                moved = moved or not np.array_equal(further, target[part])
                target[part] = further
        label = np.empty(flat.size, dtype=np.int32)
        for part in parts:
            label[part] = labels.ravel()[target[part]]
        label[flat == UNREACHED] = 0
        return label.reshape(self.shape)


def lost_step(row: int, col: int, cost: float) -> InputError:
    """Return the error for a cell from which no step leads down a cost field: its cost has no digits for one.

    Examples
    --------
    >>> str(lost_step(2, 7, 1e9)).partition(" is lost")[0]
    'The way back from row 3, column 8 (counted from the top left)'
    """
    return InputError(
        f"The way back from row {row + 1}, column {col + 1} (counted from the top left) is lost: beside a cost of {cost:g} "
        "the next step vanishes in rounding. Make barriers NoData, or give them a smaller resistance."
    )


def _faster(cells: int) -> bool:
    """Return whether numba is there and pays."""
    return cells >= _WORTH_STARTING_NUMBA and dial.available()


def _overlap(shape: tuple[int, int], step: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of the cells that have a neighbour in one direction, and of those neighbours."""
    here, there = [], []
    for size, move in zip(shape, step):
        here.append(slice(max(0, -move), size - max(0, move)))
        there.append(slice(max(0, move), size - max(0, -move)))
    return (here[0], here[1]), (there[0], there[1])
