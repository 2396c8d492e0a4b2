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

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from .errors import InputError
from .monitor import SILENT, Monitor
from .types import Array, BoolArray, FloatArray, IntArray

STEPS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
"""Row and column step of the direction codes 1 to 8: clockwise from east, as in ArcGIS back-link rasters."""

UNREACHED = 255
"""Direction code of a cell that no source reaches."""

_STRIP = 250_000
"""Cells handled at a time where whole-raster temporaries would cost memory."""

_EDGE_BYTES = 12
"""Bytes of an entry of the graph: float64 cost and int32 neighbour."""

_NODE_BYTES = 112
"""Bytes a cell beside its edges: row pointer and node numbers, the queue of one search, the cost fields in use."""

_CACHED_FIELDS = 8
"""Cost fields, in rasters of the full size, that `corridor_costs` keeps at most."""


def check_resistance(resistance: Array) -> None:
    """Raise unless a raster can serve as a resistance surface.

    Parameters
    ----------
    resistance : ndarray, shape (rows, cols)
        Resistance, positive and finite; NaN is impassable.

    Raises
    ------
    InputError
        If it is not a two-dimensional array of numbers, has no valid cell, or has values <= 0 or infinite. The message
        gives their number and the first place.
    """
    if resistance.ndim != 2 or resistance.dtype.kind not in "fiu":
        raise InputError(
            f"A resistance surface is a two-dimensional array of numbers, not {resistance.ndim} dimensions of "
            f"{resistance.dtype}."
        )
    valid = ~np.isnan(resistance)
    if not valid.any():
        raise InputError("The resistance surface has no valid cell: every cell is NoData.")
    wrong = valid & ~((resistance > 0) & (resistance < np.inf))
    count = int(np.count_nonzero(wrong))
    if count:
        row, col = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        raise InputError(
            f"Resistance must be greater than 0 and finite, but {count} cell{'s are' if count > 1 else ' is'} not; "
            f"the first is {resistance[row, col]:g} in row {row + 1}, column {col + 1} (counted from the top left). "
            "Give free passage a small positive value, and barriers NoData or a large value."
        )


def graph_bytes(shape: tuple[int, int], neighbours: int = 8) -> int:
    """Return the most memory, in bytes, that a `CostGraph` and one search on it need."""
    return shape[0] * shape[1] * (neighbours * _EDGE_BYTES + _NODE_BYTES)


@dataclass(frozen=True)
class CostField:
    """Cost distance to the nearest source, and which one and which way.

    Attributes
    ----------
    cost : ndarray, float64, shape (rows, cols)
        Cost distance to the nearest source, in resistance times map units; infinite where none is reached.
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

    Parameters
    ----------
    resistance : ndarray, shape (rows, cols)
        Resistance per map unit, positive and finite; NaN is impassable.
    cell_size : float
        Edge of the square cells, in map units.
    neighbours : {8, 4}
        Steps allowed: with or without diagonals. A diagonal step between two impassable cells is allowed.
    monitor : Monitor
        Progress and cancellation.

    Raises
    ------
    InputError
        If the resistance is unusable (see `check_resistance`), the cell size is not positive, or `neighbours` is
        neither 8 nor 4.

    Notes
    -----
    Memory is about 12 bytes an edge, so 100 bytes a valid cell with 8 neighbours; `graph_bytes` bounds it, one search
    included. A search takes O(n log n).

    Costs are the one solution of ``cost[v] = min(cost[u] + step(u, v))`` in float64, so they do not depend on the order
    in which cells are visited. Ties of direction go to the lowest direction code; allocation follows the directions.
    """

    def __init__(
        self, resistance: Array, *, cell_size: float = 1.0, neighbours: int = 8, monitor: Monitor = SILENT
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
        self._steps = tuple((code, step) for code, step in enumerate(STEPS, start=1) if neighbours == 8 or 0 in step)
        valid = ~np.isnan(resistance)
        self._cells = np.flatnonzero(valid)
        self._node = np.full(valid.size, -1, dtype=np.int32)
        self._node[self._cells] = np.arange(self._cells.size, dtype=np.int32)
        self._matrix = self._build(monitor)

    def step_cost(self, a: FloatArray, b: FloatArray, step: tuple[int, int]) -> FloatArray:
        """Return the cost of a step between cells of resistance `a` and `b`; NaN if either is impassable."""
        length = self.cell_size * (np.sqrt(2.0) if 0 not in step else 1.0)
        cost: FloatArray = (a + b) * (0.5 * length)
        return cost

    def cost_from(self, cells: Array, *, limit: float = np.inf) -> FloatArray:
        """Return the cost distance of every cell to the nearest of some cells.

        Parameters
        ----------
        cells : ndarray, bool, shape (rows, cols), or int
            Mask or flat indices of the cells that start at 0. Impassable ones are left out.
        limit : float
            Largest cost wanted; what costs more stays infinite. A low limit makes the search fast.

        Returns
        -------
        ndarray, float64, shape (rows, cols)
            Cost distance, infinite where not reached.

        Raises
        ------
        InputError
            If none of the cells is passable.
        """
        cost = np.full(self._node.size, np.inf)
        cost[self._cells] = self._search(self._start(cells), limit)
        return cost.reshape(self.shape)

    def allocate(self, labels: IntArray, *, limit: float = np.inf) -> CostField:
        """Return the cost distance to the nearest source, which source that is, and the way to it.

        Parameters
        ----------
        labels : ndarray, int, shape (rows, cols)
            0 outside sources, 1 .. n in them.
        limit : float
            Largest cost wanted.

        Returns
        -------
        CostField

        Raises
        ------
        InputError
            If the labels have another shape or no source has a passable cell.
        """
        self._check_labels(labels)
        sources = labels > 0
        cost = self.cost_from(sources, limit=limit)
        direction = self.direction(cost, sources)
        return CostField(cost, self._follow(direction, labels), direction)

    def direction(self, cost: FloatArray, sources: BoolArray) -> IntArray:
        """Return the direction codes (see `CostField`) that lead down a cost field to its sources.

        Parameters
        ----------
        cost : ndarray, float64, shape (rows, cols)
            A cost field of this graph.
        sources : ndarray, bool, shape (rows, cols)
            The cells it starts from.

        Returns
        -------
        ndarray, uint8, shape (rows, cols)
            Of several neighbours that attain the cost, the one of the lowest code.
        """
        rows, cols = self.shape
        direction = np.full(self.shape, UNREACHED, dtype=np.uint8)
        height = max(1, _STRIP // cols)
        for top in range(0, rows, height):
            bottom = min(rows, top + height)
            resistance, costs = self._padded(self.resistance, top, bottom), self._padded(cost, top, bottom)
            here, here_cost, part = resistance[1:-1, 1:-1], costs[1:-1, 1:-1], direction[top:bottom]
            for code, step in reversed(self._steps):
                there = _shifted(resistance, step)
                attains = _shifted(costs, step) + self.step_cost(here, there, step) == here_cost
                part[attains & (here_cost < np.inf)] = code
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
            edge = self.step_cost(_float(self.resistance[a][meet]), _float(self.resistance[b][meet]), step)
            first, second = allocation[a][meet], allocation[b][meet]
            total = cost[a][meet] + cost[b][meet] + edge
            found.append((np.minimum(first, second), np.maximum(first, second), total))
        low, high, total = (np.concatenate(part) for part in zip(*found))
        order = np.lexsort((total, high, low))
        low, high, total = low[order], high[order], total[order]
        new = np.ones(low.size, dtype=bool)
        new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        return np.column_stack((low[new], high[new])).astype(np.int64), total[new]

    def _check_labels(self, labels: IntArray) -> None:
        if labels.shape != self.shape:
            raise InputError(f"The sources are a raster of {labels.shape} cells, the resistance one of {self.shape}.")

    def _start(self, cells: Array) -> IntArray:
        flat = np.flatnonzero(cells) if cells.dtype == bool else cells
        nodes = self._node[flat]
        nodes = nodes[nodes >= 0]
        if not nodes.size:
            raise InputError("No start cell lies on a passable cell of the resistance surface.")
        return nodes

    def _search(self, nodes: IntArray, limit: float) -> FloatArray:
        cost: FloatArray = dijkstra(self._matrix, directed=True, indices=nodes, min_only=True, limit=limit)
        return cost

    def _build(self, monitor: Monitor) -> Any:
        rows, cols = self.shape
        height = max(1, _STRIP // cols)
        strips = [(top, min(rows, top + height)) for top in range(0, rows, height)]
        row_steps = sorted((step for _, step in self._steps), key=lambda step: (step[0], step[1]))
        degree = np.zeros(self._cells.size + 1, dtype=np.int64)
        for top, bottom in strips:
            passable = ~np.isnan(self._padded(self.resistance, top, bottom))
            here = passable[1:-1, 1:-1]
            count = np.zeros(here.shape, dtype=np.int64)
            for step in row_steps:
                count += _shifted(passable, step)
            first = int(np.searchsorted(self._cells, top * cols))
            inside = count[here]
            degree[first + 1 : first + 1 + inside.size] = inside
        pointer = np.cumsum(degree)
        if pointer[-1] > np.iinfo(np.int32).max:
            raise InputError(
                f"The resistance surface has {self._cells.size} valid cells; least-cost searches here can take about "
                f"{np.iinfo(np.int32).max // self.neighbours}. Use larger cells or a part of the area."
            )
        weight = np.empty(pointer[-1])
        neighbour = np.empty(pointer[-1], dtype=np.int32)
        node = self._node.reshape(self.shape)
        start = 0
        for done, (top, bottom) in enumerate(strips):
            monitor.step(done, len(strips))
            resistance = self._padded(self.resistance, top, bottom)
            nodes = self._padded(node, top, bottom, fill=-1)
            here = resistance[1:-1, 1:-1]
            costs = np.stack([self.step_cost(here, _shifted(resistance, step), step) for step in row_steps], axis=-1)
            ends = np.stack([_shifted(nodes, step) for step in row_steps], axis=-1)
            edges = ~np.isnan(costs)
            stop = start + int(np.count_nonzero(edges))
            weight[start:stop] = costs[edges]
            neighbour[start:stop] = ends[edges]
            start = stop
        size = self._cells.size
        return csr_matrix((weight, neighbour, pointer.astype(np.int32)), shape=(size, size))

    def _padded(self, raster: Array, top: int, bottom: int, fill: float = np.nan) -> Array:
        """Return rows `top` to `bottom` of a raster with a margin of one cell."""
        rows, cols = self.shape
        strip = np.full((bottom - top + 2, cols + 2), fill, dtype=np.float64 if np.isnan(fill) else raster.dtype)
        first, last = max(0, top - 1), min(rows, bottom + 1)
        strip[first - top + 1 : last - top + 1, 1:-1] = raster[first:last]
        return strip

    def _follow(self, direction: IntArray, labels: IntArray) -> IntArray:
        """Return the label that every cell arrives at; doubling the stride takes log2(longest path) rounds."""
        offsets = np.zeros(256, dtype=np.int64)
        for code, (row, col) in enumerate(STEPS, start=1):
            offsets[code] = row * self.shape[1] + col
        flat = direction.ravel()
        target = np.arange(flat.size, dtype=np.int64) + offsets[flat]
        while True:
            further = target[target]
            if np.array_equal(further, target):
                break
            target = further
        label: IntArray = labels.ravel()[target].astype(np.int32)
        label[flat == UNREACHED] = 0
        return label.reshape(self.shape)


@dataclass(frozen=True)
class LinkCosts:
    """The two cost-distance fields of a link, cropped to its corridor.

    Attributes
    ----------
    index : int
        Position of the link in the pairs given.
    rows, cols : slice
        The box of cells that holds every cell with ``cost_a + cost_b <= least + slack``; empty when disconnected.
    cost_a, cost_b : ndarray, float64
        Cost distance from either source inside the box, infinite where too large to matter.
    least : float
        Least-cost distance of the two sources; infinite when disconnected.
    """

    index: int
    rows: slice
    cols: slice
    cost_a: FloatArray
    cost_b: FloatArray
    least: float


def corridor_costs(
    graph: CostGraph,
    labels: IntArray,
    pairs: IntArray,
    *,
    slack: float | FloatArray = 0.0,
    least: FloatArray | None = None,
    field: CostField | None = None,
    monitor: Monitor = SILENT,
) -> Iterator[LinkCosts]:
    """Yield the cost fields and the least-cost distance of every link, in the order of the pairs.

    Parameters
    ----------
    graph : CostGraph
        The resistance surface.
    labels : ndarray, int, shape (rows, cols)
        0 outside sources, 1 .. n in them.
    pairs : ndarray, int, shape (m, 2)
        Labels of the two ends of each link.
    slack : float or ndarray, float64, shape (m,)
        How much more than the least-cost distance still matters, in cost units; one number, or one for each link.
    least : ndarray, float64, shape (m,), optional
        The least-cost distances, where an earlier run has found them: the searches are tighter then.
    field : CostField, optional
        `graph.allocate(labels)`, where it has been made already.
    monitor : Monitor
        Progress and cancellation.

    Yields
    ------
    LinkCosts

    Raises
    ------
    InputError
        If shapes or labels do not fit or the slack is negative.

    Notes
    -----
    One pass from all sources at once gives an upper bound of the least-cost distance of every two sources whose zones
    touch. One search per source then stops at the largest bound of its links plus the slack, which leaves every cell
    with ``cost_a + cost_b <= least + slack`` exact. Links between zones that do not touch have no bound; their search
    is repeated with four times the limit, twice, then without, until the other end is reached. Fields are kept while
    later links need them, up to eight rasters in all.
    """
    graph._check_labels(labels)
    pairs = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    slacks = np.broadcast_to(np.asarray(slack, dtype=np.float64), len(pairs))
    if not (slacks >= 0).all():
        raise InputError(f"The slack of a corridor must not be negative, but is {slacks[~(slacks >= 0)][0]}.")
    if pairs.size and (pairs.min() < 1 or (pairs[:, 0] == pairs[:, 1]).any()):
        raise InputError("Links must join two different sources with labels from 1 up.")
    corridors = _Corridors(graph, labels, pairs, slacks)
    if least is not None:
        corridors.least[:] = least
    elif len(pairs):
        corridors.find_bounds(field)
    return corridors.run(monitor)


@dataclass(frozen=True)
class _Window:
    """A cost field cropped to the cells it reaches."""

    top: int
    left: int
    cost: FloatArray


class _Corridors:
    """The state of one `corridor_costs` run."""

    def __init__(self, graph: CostGraph, labels: IntArray, pairs: IntArray, slack: FloatArray) -> None:
        self.graph, self.pairs, self.slack = graph, pairs, slack
        self.labels: IntArray = np.where(np.isnan(graph.resistance), 0, labels)
        self.bound = np.full(len(pairs), np.inf)
        self.least = np.full(len(pairs), np.nan)
        self.kept: dict[int, _Window] = {}
        ends = np.unique(pairs).tolist()
        self.cells = dict(zip(ends, cells_of(self.labels, ends)))
        self.links_of: dict[int, list[int]] = {label: [] for label in ends}
        for index, (a, b) in enumerate(pairs.tolist()):
            self.links_of[a].append(index)
            self.links_of[b].append(index)

    def find_bounds(self, field: CostField | None) -> None:
        """Fill in the upper bounds, and infinite least-cost distances where there is no way at all."""
        if not self.labels.any():
            self.least[:] = np.inf
            return
        touching, cost = self.graph.contacts(field or self.graph.allocate(self.labels))
        size = max(int(self.labels.max()), int(self.pairs.max())) + 1
        joined = csr_matrix((np.ones(len(touching)), (touching[:, 0], touching[:, 1])), shape=(size, size))
        _, group = connected_components(joined, directed=False)
        bounds = dict(zip(map(tuple, touching.tolist()), cost.tolist()))
        for index, (a, b) in enumerate(self.pairs.tolist()):
            if group[a] != group[b] or not self.cells[a].size or not self.cells[b].size:
                self.least[index] = np.inf
            self.bound[index] = bounds.get((min(a, b), max(a, b)), np.inf)

    def run(self, monitor: Monitor) -> Iterator[LinkCosts]:
        for index, (a, b) in enumerate(self.pairs.tolist()):
            monitor.step(index, len(self.pairs))
            first = None if np.isinf(self.least[index]) else self._field(a, index)
            monitor.check()
            if first is None or np.isinf(self.least[index]):
                yield LinkCosts(index, slice(0, 0), slice(0, 0), np.empty((0, 0)), np.empty((0, 0)), np.inf)
            else:
                yield self._crop(index, first, self._field(b, index))
            for label in (a, b):
                if self.links_of[label][-1] == index:
                    self.kept.pop(label, None)
        monitor.step(1, 1)

    def _crop(self, index: int, a: _Window, b: _Window) -> LinkCosts:
        top, left = max(a.top, b.top), max(a.left, b.left)
        bottom = min(a.top + a.cost.shape[0], b.top + b.cost.shape[0])
        right = min(a.left + a.cost.shape[1], b.left + b.cost.shape[1])
        cost_a = a.cost[top - a.top : bottom - a.top, left - a.left : right - a.left]
        cost_b = b.cost[top - b.top : bottom - b.top, left - b.left : right - b.left]
        least = float(self.least[index])
        total = cost_a + cost_b
        rows, cols = _box((total <= _a_little_more(least + self.slack[index])) & np.isfinite(total))
        return LinkCosts(
            index,
            slice(top + rows.start, top + rows.stop),
            slice(left + cols.start, left + cols.stop),
            cost_a[rows, cols],
            cost_b[rows, cols],
            least,
        )

    def _field(self, label: int, index: int) -> _Window:
        """Return the cost field of a source, searched far enough for all its links from `index` on."""
        if label not in self.kept:
            self.kept[label] = self._search(label, index)
            self._make_room(index)
        return self.kept[label]

    def _search(self, label: int, index: int) -> _Window:
        wanted = [link for link in self.links_of[label] if link >= index and not np.isinf(self.least[link])]
        reach = np.where(np.isnan(self.least[wanted]), self.bound[wanted], self.least[wanted])
        known = np.isfinite(reach)
        first = float(_a_little_more(reach[known].max())) if known.any() else np.inf
        limits = [first, 4.0 * first, 16.0 * first, np.inf] if np.isnan(self.least[wanted]).any() else [first]
        slack = self.slack[wanted]
        for limit in limits:
            far = max(float((np.minimum(reach, limit) + slack).max()), limit)
            cost = self.graph.cost_from(self.cells[label], limit=_a_little_more(far))
            for link in wanted:
                if np.isnan(self.least[link]):
                    nearest = cost.ravel()[self.cells[self._other_end(link, label)]].min()
                    if nearest <= limit:
                        self.least[link] = nearest
            if not np.isnan(self.least[wanted]).any():
                break
        rows, cols = _box(np.isfinite(cost))
        return _Window(rows.start, cols.start, cost[rows, cols].copy())

    def _other_end(self, link: int, label: int) -> int:
        a, b = self.pairs[link].tolist()
        return int(b if a == label else a)

    def _make_room(self, index: int) -> None:
        """Drop the fields that are needed last until the rest fit; the two of the current link always stay."""
        budget = _CACHED_FIELDS * self.graph.shape[0] * self.graph.shape[1]
        current = set(self.pairs[index].tolist())
        while sum(window.cost.size for window in self.kept.values()) > budget:
            others = [label for label in self.kept if label not in current]
            if not others:
                return
            del self.kept[max(others, key=lambda label: self._next_use(label, index))]

    def _next_use(self, label: int, index: int) -> int:
        return next((link for link in self.links_of[label] if link > index), len(self.pairs))


def cells_of(labels: IntArray, wanted: list[int]) -> list[IntArray]:
    """Return the flat indices of the cells of each wanted label, in one pass over the raster."""
    flat = labels.ravel()
    cells = np.flatnonzero(flat)
    cells = cells[np.argsort(flat[cells], kind="stable")]
    first = np.searchsorted(flat[cells], wanted, side="left")
    last = np.searchsorted(flat[cells], wanted, side="right")
    return [cells[start:stop] for start, stop in zip(first, last)]


def _a_little_more(cost: float) -> float:
    """Return a cost raised by what rounding may add to a sum along a path."""
    return cost * (1.0 + 1e-9)


def _box(mask: BoolArray) -> tuple[slice, slice]:
    """Return the smallest box that holds every true cell."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(cols[0]), int(cols[-1]) + 1)


def _shifted(padded: Array, step: tuple[int, int]) -> Array:
    """Return the neighbours in one direction of the cells inside a margin of one cell."""
    rows, cols = padded.shape
    return padded[1 + step[0] : rows - 1 + step[0], 1 + step[1] : cols - 1 + step[1]]


def _overlap(shape: tuple[int, int], step: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of the cells that have a neighbour in one direction, and of those neighbours."""
    here, there = [], []
    for size, move in zip(shape, step):
        here.append(slice(max(0, -move), size - max(0, move)))
        there.append(slice(max(0, move), size - max(0, -move)))
    return (here[0], here[1]), (there[0], there[1])


def _float(values: Array) -> FloatArray:
    return values.astype(np.float64)
