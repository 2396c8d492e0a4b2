"""Circuits: nodes, the links between them, and the currents that potentials drive through the links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from scipy import ndimage, sparse

from ..choices import Average
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from . import compiled
from .conductances import DIRECTIONS, Conductances, Overlap

_STRIP = 16_384
"""Cells that are worked on at a time, so that they stay in the cache of the processor."""

_KEPT = 1_000_000
"""Cells up to which the conductances of a raster are kept; those of larger ones are made each time they are needed."""


AddFlow = Callable[[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray], float]
"""Is given conductances of links and the potentials of their ends; adds what flows, without its direction, to what passes
through either end, and returns the power."""


class Graph(Protocol):
    """What the solvers and modes need to know of a circuit."""

    size: int

    def apply(self, potential: FloatArray) -> FloatArray:
        """Return the net current that leaves every node through its links, in amperes."""
        ...

    def currents(self, potential: FloatArray, ground: FloatArray | None = None) -> FloatArray:
        """Return the current through every node, the larger of its inflow and outflow, in amperes."""
        ...

    def power(self, potential: FloatArray) -> float:
        """Return the power that the links turn into heat, in watts."""
        ...

    @property
    def laplacian(self) -> Any:
        """Laplacian, a CSR matrix of `size` x `size`."""
        ...

    @property
    def component(self) -> IntArray:
        """Number of the connected component of every node."""
        ...

    def elimination_rank(self) -> IntArray | None:
        """Return for every node its place in a fill-reducing elimination order, if one is known."""
        ...


class RasterGraph:
    """The circuit of a resistance raster.

    Parameters
    ----------
    couplings : sequence of float64 (rows or rows - 1, cols or cols - 1), or Conductances
        Conductance from every cell to its neighbour in each of `DIRECTIONS` (the first two, or all four); 0 = no link.
    node : int (rows, cols)
        Node of every cell, -1 = none. Cells of one node are shorted.
    size : int
        Number of nodes.
    monitor : Monitor
        Cancellation of what goes through all links.
    """

    def __init__(
        self,
        couplings: Sequence[FloatArray] | Conductances,
        node: IntArray,
        size: int,
        monitor: Monitor = SILENT,
    ) -> None:
        self._conductances, self._monitor = couplings, monitor
        self.directions = couplings.directions if isinstance(couplings, Conductances) else DIRECTIONS[: len(couplings)]
        self.node = node
        self.size = size
        self.shorted = bool(np.count_nonzero(node >= 0) > size)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.node.shape
        return rows, cols

    @property
    def made(self) -> Conductances | None:
        """What the couplings are made by where they are not kept."""
        return self._conductances if isinstance(self._conductances, Conductances) else None

    @property
    def couplings(self) -> tuple[FloatArray, ...]:
        """Conductance from every cell to its neighbour in each of `DIRECTIONS`, made now where they are not kept."""
        if isinstance(self._conductances, Conductances):
            return tuple(self.coupling_rows(number, 0, self.shape[0]) for number in range(len(self.directions)))
        return tuple(self._conductances)

    def coupling_rows(self, number: int, top: int, bottom: int) -> FloatArray:
        """Return the conductances from the cells of some rows in one of `DIRECTIONS`."""
        if isinstance(self._conductances, Conductances):
            return self._conductances.rows(number, top, bottom)
        return self._conductances[number][top:bottom]

    def strips(self) -> Iterator[tuple[int, FloatArray, Overlap, Overlap]]:
        """Yield number of the direction, conductances and where their two ends are, a strip of rows at a time."""
        rows, cols = self.shape
        height = _strip_height(cols)
        for top in range(0, rows, height):
            self._monitor.check()
            for number, (here, there, _) in enumerate(self.directions):
                down = int(here[0] != there[0])
                end = min(top + height, rows - down)
                if end > top:
                    coupling = self.coupling_rows(number, top, end)
                    yield number, coupling, (slice(top, end), here[1]), (slice(top + down, end + down), there[1])

    @cached_property
    def linked(self) -> BoolArray:
        """Cells that have a link, (rows, cols)."""
        linked = np.zeros(self.shape, dtype=bool)
        for _, coupling, here, there in self.strips():
            linked[here] |= coupling > 0
            linked[there] |= coupling > 0
        return linked

    @cached_property
    def conductance_range(self) -> tuple[float, float]:
        """Smallest and largest conductance; 1 and 1 where there is no link."""
        low, high = np.inf, 0.0
        for _, coupling, _, _ in self.strips():
            high = max(high, float(coupling.max(initial=0.0)))
            low = min(low, float(coupling.min(initial=np.inf, where=coupling > 0)))
        return (low, high) if high > 0.0 else (1.0, 1.0)

    @property
    def contrast(self) -> float:
        """Largest over smallest conductance."""
        low, high = self.conductance_range
        return high / low

    def on_cells(self, values: FloatArray, fill: float = 0.0) -> FloatArray:
        """Spread values of nodes over their cells."""
        cells = np.full(self.shape, fill)
        has_node = self.node >= 0
        cells[has_node] = values if self._by_rows else values[self.node[has_node]]
        return cells

    @cached_property
    def _by_rows(self) -> bool:
        """Whether the nodes are the cells that have one, row by row."""
        numbers = self.node[self.node >= 0]
        return numbers.size == self.size and bool((numbers[1:] > numbers[:-1]).all())

    def gather(self, cells: FloatArray) -> FloatArray:
        """Return the sums of values of cells over their nodes."""
        has_node = self.node >= 0
        if self._by_rows:
            gathered: FloatArray = cells[has_node]
            return gathered
        if not self.shorted:
            values = np.empty(self.size)
            values[self.node[has_node]] = cells[has_node]
            return values
        return _sum_at(self.node[has_node], cells[has_node], self.size)

    def nodes_of(self, cells: IntArray) -> IntArray:
        """Return the nodes that some cells (flat indices) belong to, ascending, without repeats."""
        nodes = np.unique(self.node.ravel()[cells])
        return nodes[nodes >= 0]

    def apply(self, potential: FloatArray) -> FloatArray:
        """Return the net current that leaves every node through its links, in amperes."""
        net = np.zeros(self.shape)
        for coupling, high, low, here, there in self._ends(potential):
            flow = high - low
            flow *= coupling
            net[here] += flow
            net[there] -= flow
        return self.gather(net)

    def around(self, nodes: IntArray) -> tuple[NetworkGraph, IntArray]:
        """Return the circuit of the links of some nodes, and the nodes (ascending) that it is between."""
        wanted = np.zeros(self.size + 1, dtype=bool)  # the last for cells without a node
        wanted[nodes] = True
        heads, tails, conductances = [], [], []
        for _, coupling, here, there in self.strips():
            head, tail = self.node[here], self.node[there]
            linked = wanted[head] | wanted[tail]
            linked &= (coupling > 0) & (head != tail)
            heads.append(head[linked])
            tails.append(tail[linked])
            conductances.append(coupling[linked])
        ends = np.concatenate([*heads, *tails, nodes])
        between, place = np.unique(ends, return_inverse=True)
        links = (ends.size - nodes.size) // 2
        conductance = np.concatenate([*conductances, np.empty(0)])
        return NetworkGraph(place[:links], place[links : 2 * links], conductance, between.size), between

    def currents(self, potential: FloatArray, ground: FloatArray | None = None) -> FloatArray:
        """Return the current through every node, the larger of its inflow and outflow, in amperes.

        Parameters
        ----------
        potential : float64 (size,)
            Potentials in volts.
        ground : float64 (size,), optional
            Conductance of the node's own resistor to ground; what it carries counts as a branch.
        """
        net = np.zeros(self.shape)
        total = np.zeros(self.shape)
        for coupling, high, low, here, there in self._ends(potential):
            flow = high - low
            flow *= coupling
            net[here] += flow
            net[there] -= flow
            np.abs(flow, out=flow)
            total[here] += flow
            total[there] += flow
        if self.shorted or ground is not None:
            return _larger_of_in_and_out(self.gather(net), self.gather(total), potential, ground)
        np.abs(net, out=net)
        total += net
        total /= 2.0
        return self.gather(total)

    def passing_and_power(self, volts: FloatArray, add_flow: AddFlow) -> tuple[FloatArray, float]:
        """Return the currents through cells that as much flows into as out of, and the power of the links, in watts.

        Parameters
        ----------
        volts : float64 (rows, cols)
            Potentials of the cells.
        add_flow : callable
            That of `passes` or `compiled`.
        """
        total = np.zeros(self.shape)
        power = 0.0
        for coupling, high, low, here, there in self._ends(volts):
            power += add_flow(coupling, high, low, total[here], total[there])
        total /= 2.0
        return total, power

    def power(self, potential: FloatArray) -> float:
        """Return the power that the links turn into heat, in watts."""
        power = 0.0
        for coupling, high, low, _, _ in self._ends(potential):
            drop = high - low
            drop *= drop
            drop *= coupling
            power += float(drop.sum())
        return power

    def _ends(self, potential: FloatArray) -> Iterator[tuple[FloatArray, FloatArray, FloatArray, Overlap, Overlap]]:
        """Yield couplings, potentials of their two ends, and where these are, a strip of rows at a time.

        Potentials are those of nodes, or of cells (rows, cols). Cells without a node have no links, so it does not matter
        that they are given the potential of the last node.
        """
        height = _strip_height(self.shape[1])
        top, cells = -1, potential
        for _, coupling, here, there in self.strips() if potential.size else ():
            if here[0].start != top:
                top = here[0].start
                rows = slice(top, top + height + 1)
                cells = potential[rows] if potential.ndim == 2 else potential[self.node[rows]]
            links, down = len(coupling), there[0].start - top
            yield coupling, cells[:links, here[1]], cells[down : down + links, there[1]], here, there

    def links(self) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the two nodes and the conductance of every link between different nodes."""
        heads, tails, conductances = [], [], []
        for coupling, (here, there, _) in zip(self.couplings, DIRECTIONS):
            head, tail = self.node[here], self.node[there]
            linked = (coupling > 0) & (head != tail)
            heads.append(head[linked])
            tails.append(tail[linked])
            conductances.append(coupling[linked])
        return np.concatenate(heads), np.concatenate(tails), np.concatenate(conductances)

    @cached_property
    def laplacian(self) -> Any:
        """Laplacian, a CSR matrix of `size` x `size`."""
        return _laplacian(*self.links(), self.size)

    @cached_property
    def component(self) -> IntArray:
        """Number of the connected component of every node."""
        structure = np.ones((3, 3)) if len(self.directions) > 2 else None
        labels, count = ndimage.label(self.linked, structure)
        patch = labels[self.linked]
        del labels
        patch -= 1
        nodes = self.node[self.linked]
        component = np.full(self.size, -1, dtype=self.node.dtype)
        component[nodes] = patch
        if self.shorted:
            joined = _components(patch, component[nodes], np.ones(nodes.size), count)
            component[nodes] = joined[patch]
        alone = component < 0
        component[alone] = count + np.arange(np.count_nonzero(alone))
        return component

    def elimination_rank(self) -> IntArray:
        """Return the place of every node in a nested dissection of the raster; shorted cells come last."""
        rank = np.zeros(self.size, dtype=np.int64)
        has_node = self.node >= 0
        nodes = self.node[has_node]
        rank[nodes] = nested_dissection(*self.shape)[has_node]
        if self.shorted:
            rank[np.bincount(nodes, minlength=self.size) > 1] += self.node.size
        return rank

    def short_circuit(self, groups: Sequence[IntArray]) -> tuple[RasterGraph, IntArray]:
        """Merge every group of cells into one node.

        A group takes along the cells of every shorted region that it touches, and groups that touch the same region
        become one node. Cells of a group without a node show its node but open no links.

        Parameters
        ----------
        groups : sequence of int (k,)
            Flat indices of the cells of each group.

        Returns
        -------
        graph : RasterGraph
            The merged circuit; the couplings are shared with this one.
        nodes : int64 (groups,)
            Node of each group in it, -1 if none of its cells has a node.
        """
        members = [self.nodes_of(cells) for cells in groups]
        first = np.array([nodes[0] if nodes.size else -1 for nodes in members], dtype=np.int64)
        heads = np.repeat(first, [nodes.size for nodes in members])
        tails = np.concatenate([*members, np.empty(0, dtype=np.int64)]).astype(np.int64)
        merged = _components(heads, tails, np.ones(heads.size), self.size)
        _, merged = np.unique(merged, return_inverse=True)
        node = np.full(self.shape, -1, dtype=self.node.dtype)
        has_node = self.node >= 0
        node[has_node] = merged[self.node[has_node]]
        nodes = np.where(first >= 0, merged[first], -1)
        flat = node.ravel()
        for cells, group_node in zip(groups, nodes):
            flat[cells] = np.where(flat[cells] < 0, group_node, flat[cells])
        size = int(merged.max()) + 1 if merged.size else 0
        return RasterGraph(self._conductances, node, size, self._monitor), nodes


class NetworkGraph:
    """The circuit of a list of links between nodes 0 to `size` - 1.

    Parameters
    ----------
    heads, tails : int (m,)
        The two nodes of every link; repeated links are parallel.
    conductance : float64 (m,)
        Conductance of every link, in siemens.
    size : int
        Number of nodes.
    """

    def __init__(self, heads: IntArray, tails: IntArray, conductance: FloatArray, size: int) -> None:
        self.heads = heads
        self.tails = tails
        self.conductance = conductance
        self.size = size

    def branch_currents(self, potential: FloatArray) -> FloatArray:
        """Return the current from the head to the tail of every link, in amperes."""
        return self.conductance * (potential[self.heads] - potential[self.tails])

    def apply(self, potential: FloatArray) -> FloatArray:
        """Return the net current that leaves every node through its links, in amperes."""
        flow = self.branch_currents(potential)
        leaving = _sum_at(self.heads, flow, self.size)
        return leaving - _sum_at(self.tails, flow, self.size)

    def currents(self, potential: FloatArray, ground: FloatArray | None = None) -> FloatArray:
        """Return the current through every node, the larger of its inflow and outflow, in amperes."""
        flow = np.abs(self.branch_currents(potential))
        total = _sum_at(self.heads, flow, self.size)
        total += _sum_at(self.tails, flow, self.size)
        return _larger_of_in_and_out(self.apply(potential), total, potential, ground)

    def power(self, potential: FloatArray) -> float:
        """Return the power that the links turn into heat, in watts."""
        return float(self.conductance @ (potential[self.heads] - potential[self.tails]) ** 2)

    @cached_property
    def laplacian(self) -> Any:
        """Laplacian, a CSR matrix of `size` x `size`."""
        return _laplacian(self.heads, self.tails, self.conductance, self.size)

    @cached_property
    def component(self) -> IntArray:
        """Number of the connected component of every node."""
        return _components(self.heads, self.tails, self.conductance, self.size)

    def elimination_rank(self) -> None:
        """Return None: no order is known before the matrix is looked at."""


def raster_graph(
    resistance: FloatArray,
    *,
    neighbours: int = 8,
    average: Average | str = Average.RESISTANCE,
    regions: IntArray | None = None,
    monitor: Monitor = SILENT,
) -> RasterGraph:
    """Make the circuit of a resistance raster.

    Parameters
    ----------
    resistance : float (rows, cols)
        Resistance of every cell, > 0; NaN = no node.
    neighbours : {8, 4}
        Cells that a cell is linked to.
    average : {"resistance", "conductance"}
        What a link takes the mean of. Straight links have the conductance 2 / (r1 + r2) or (1 / r1 + 1 / r2) / 2;
        diagonal links are sqrt(2) longer. The cell size does not enter: lengths are in cells.
    regions : int (rows, cols), optional
        Short-circuit regions: all cells of one positive number are one node, whether they touch or not. Cells
        without resistance then show the region's node but open no links; a region without any valid cell is ignored.
    monitor : Monitor
        Cancellation.

    Returns
    -------
    RasterGraph
        Nodes numbered in row-major order of their first valid cell.

    Raises
    ------
    InputError
        If `neighbours` or `average` is none of the choices.

    References
    ----------
    McRae BH, Dickson BG, Keitt TH, Shah VB (2008). Using circuit theory to model connectivity in ecology, evolution,
    and conservation. Ecology 89:2712-2724. doi:10.1890/07-1861.1

    Examples
    --------
    >>> graph = raster_graph(np.array([[1.0, np.nan], [2.0, 3.0]]))
    >>> graph.size
    3
    >>> graph.node.tolist()
    [[0, -1], [1, 2]]
    """
    if neighbours not in (4, 8):
        raise InputError(f"A cell has 4 or 8 neighbours, not {neighbours!r}.")
    if resistance.dtype not in (np.float32, np.float64):
        resistance = resistance.astype(np.float64)
    kept = keeps_couplings(resistance.size)
    links = compiled.links if not kept and compiled.available() else None
    conductances = Conductances(resistance, neighbours, Average.of(average), links)
    couplings = _kept(conductances, monitor) if kept else conductances
    monitor.check()
    valid = ~np.isnan(resistance)
    node = np.full(valid.shape, -1, dtype=np.int32 if valid.size < 2**31 else np.int64)
    if regions is None:
        size = 0
        for row, mask in zip(node, valid):
            count = int(np.count_nonzero(mask))
            row[mask] = np.arange(size, size + count, dtype=node.dtype)
            size += count
        return RasterGraph(couplings, node, size, monitor)
    first = np.arange(valid.size).reshape(valid.shape)
    inside = regions > 0
    ids, starts = np.unique(regions[inside & valid], return_index=True)
    place = np.searchsorted(ids, regions)
    shown = inside & (place < ids.size)
    shown[shown] = ids[place[shown]] == regions[shown]
    first[shown] = np.flatnonzero(inside & valid)[starts][place[shown]]
    has_node = valid | shown
    firsts, numbers = np.unique(first[has_node], return_inverse=True)
    node[has_node] = numbers.ravel()
    return RasterGraph(couplings, node, firsts.size, monitor)


def keeps_couplings(cells: int) -> bool:
    """Return whether the graph of a raster of so many cells keeps the conductances of its links."""
    return cells <= _KEPT


def _kept(conductances: Conductances, monitor: Monitor) -> list[FloatArray]:
    couplings = []
    for number in range(len(conductances.directions)):
        monitor.check()
        couplings.append(conductances.rows(number, 0, len(conductances.resistance)))
    return couplings


def _strip_height(cols: int) -> int:
    return max(1, _STRIP // max(1, cols))


def anchored_nodes(graph: Graph, held: BoolArray, ground: FloatArray | None) -> BoolArray:
    """Return the nodes of the components in which some node is held or grounded."""
    anchors = held if ground is None else held | (ground > 0)
    component = graph.component
    anchored = np.zeros(int(component.max(initial=-1)) + 1, dtype=bool)
    anchored[component[anchors]] = True
    return anchored[component]


def nested_dissection(rows: int, cols: int, leaf: int = 8) -> IntArray:
    """Return an order of the cells of a raster in which elimination fills in little.

    The raster is cut along the middle line of its longer side, the line is numbered after both halves, and so on.

    Returns
    -------
    int64 (rows, cols)
        Place of every cell in the order.

    References
    ----------
    George A (1973). Nested dissection of a regular finite element mesh. SIAM J. Numer. Anal. 10:345-363.
    doi:10.1137/0710032
    """
    rank = np.empty((rows, cols), dtype=np.int64)
    last = rows * cols
    boxes = [(0, rows, 0, cols)]
    while boxes:
        top, bottom, left, right = boxes.pop()
        height, width = bottom - top, right - left
        if height <= leaf and width <= leaf:
            cut = (top, bottom, left, right)
        elif height >= width:
            middle = (top + bottom) // 2
            cut = (middle, middle + 1, left, right)
            boxes += [(top, middle, left, right), (middle + 1, bottom, left, right)]
        else:
            middle = (left + right) // 2
            cut = (top, bottom, middle, middle + 1)
            boxes += [(top, bottom, left, middle), (top, bottom, middle + 1, right)]
        block = rank[cut[0] : cut[1], cut[2] : cut[3]]
        last -= block.size
        block[...] = np.arange(last, last + block.size).reshape(block.shape)
    return rank


def _sum_at(nodes: IntArray, values: FloatArray, size: int) -> FloatArray:
    sums: FloatArray = np.bincount(nodes, weights=values, minlength=size).astype(np.float64)
    return sums


def _larger_of_in_and_out(
    net: FloatArray, total: FloatArray, potential: FloatArray, ground: FloatArray | None
) -> FloatArray:
    if ground is not None:
        drained = ground * potential
        net = net + drained
        total = total + np.abs(drained)
    return (total + np.abs(net)) / 2.0


def _laplacian(heads: IntArray, tails: IntArray, conductance: FloatArray, size: int) -> Any:
    adjacency = sparse.coo_matrix((conductance, (heads, tails)), shape=(size, size)).tocsr()
    adjacency = adjacency + adjacency.T
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    return (sparse.diags(degree) - adjacency).tocsr()


def _components(heads: IntArray, tails: IntArray, conductance: FloatArray, size: int) -> IntArray:
    adjacency = sparse.coo_matrix((conductance, (heads, tails)), shape=(size, size))
    numbers: IntArray = sparse.csgraph.connected_components(adjacency, directed=False)[1]
    return numbers
