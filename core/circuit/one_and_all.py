"""Current between one focal node and all others on a raster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable, cast

import numpy as np

from ..choices import Average
from ..errors import ConvergenceError, InputError
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..surface import check_resistance
from ..types import BoolArray, FloatArray, IntArray
from .graph import RasterGraph
from .pairwise import UNREACHABLE
from .potentials import Potentials, SharedPotentials
from .shares import Share
from .solvers import tell_solver
from .solves import RasterCircuit, solve_held
from .stencil import STRIP

_TURNS = 4
"""Turns of a piece."""

NodeListener = Callable[[int, FloatArray, FloatArray], None]
"""Is given the id of a focal node and the maps of current (A) and potential (V) of its turn."""


@dataclass(frozen=True)
class FocalFlow:
    """Currents of every focal node's turn.

    Attributes
    ----------
    ids : int64 (n,)
        Focal nodes, ascending.
    resistance : float64 (n,)
        One-to-all: resistance to the joint ground, in resistance units times cells. All-to-one: 0 = solved.
        -1 in both = not valid, or connected to no other node that it may exchange current with.
    cumulative : float64 (rows, cols)
        Sum of the currents of all turns, in amperes; 0 where there is no node.
    maximum : float64 (rows, cols), optional
        Largest current of any turn, if it was asked for.
    """

    ids: IntArray
    resistance: FloatArray
    cumulative: FloatArray
    maximum: FloatArray | None


def one_to_all(
    resistance: FloatArray,
    focal: Mapping[int, IntArray],
    *,
    neighbours: int = 8,
    average: Average | str = Average.RESISTANCE,
    regions: IntArray | None = None,
    allowed: BoolArray | None = None,
    strengths: Mapping[int, float] | None = None,
    maximum: bool = False,
    listener: NodeListener | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> FocalFlow:
    """Put current into each focal node in turn while all others are grounded.

    Parameters
    ----------
    resistance, focal, neighbours, average, regions
        As for `pairwise`, but the cells of every focal node are one node all the time.
    allowed : bool (n, n), optional
        Pairs that may exchange current, by rank of the ids, symmetric; other nodes are left floating.
    strengths : mapping of int to float, optional
        Amperes put into a node, by id; 1 if not listed.
    maximum : bool
        Also keep the largest current of every cell.
    listener : callable, optional
        Is given every turn's id and maps, all 0 where nothing can flow.
    where : Where
        Where the circuit is solved; the result is the same to the last bit.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    FocalFlow

    Raises
    ------
    InputError
        If a resistance is not positive or there are fewer than two focal nodes.

    Notes
    -----
    All focal nodes are held at fixed potentials, each at 1 V once: n solves on one factorisation give the small
    network that the raster is as seen from the focal nodes, and every turn is a combination of the n solutions.
    A node that shares the node of the source is not grounded.

    Examples
    --------
    >>> focal = {1: np.array([0]), 2: np.array([2]), 3: np.array([3])}
    >>> flow = one_to_all(np.ones((1, 4)), focal)
    >>> flow.cumulative.round(6).tolist()
    [[1.333333, 1.333333, 3.0, 1.666667]]
    """
    with where.kept() as where:
        electrodes = _Electrodes(resistance, focal, neighbours, average, regions, where, monitor)

        def turn(i: int) -> tuple[FloatArray, float] | None:
            partners = electrodes.partners(i, allowed)
            if not partners.size:
                return None
            place = electrodes.place[i]
            injected = np.zeros(electrodes.count)
            injected[place] = 1.0
            volts = electrodes.solve(injected, np.unique(electrodes.place[partners]))
            strength = 1.0 if strengths is None else strengths.get(int(electrodes.ids[i]), 1.0)
            return volts * strength, float(volts[place])

        return _take_turns(electrodes, turn, maximum, listener, where, monitor)


def all_to_one(
    resistance: FloatArray,
    focal: Mapping[int, IntArray],
    *,
    neighbours: int = 8,
    average: Average | str = Average.RESISTANCE,
    regions: IntArray | None = None,
    allowed: BoolArray | None = None,
    strengths: Mapping[int, float] | None = None,
    maximum: bool = False,
    listener: NodeListener | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> FocalFlow:
    """Ground each focal node in turn while current is put into all others.

    Parameters, errors and method are those of `one_to_all`. Every other node puts in its strength once, however many
    cells it has; one that shares the node of the ground puts in nothing, and so does one that may not exchange
    current with it.

    Returns
    -------
    FocalFlow

    Examples
    --------
    >>> focal = {1: np.array([0]), 2: np.array([2]), 3: np.array([3])}
    >>> flow = all_to_one(np.ones((1, 4)), focal)
    >>> flow.cumulative.round(6).tolist()
    [[4.0, 4.0, 6.0, 4.0]]
    """
    with where.kept() as where:
        electrodes = _Electrodes(resistance, focal, neighbours, average, regions, where, monitor)

        def turn(i: int) -> tuple[FloatArray, float] | None:
            partners = electrodes.partners(i, allowed)
            if not partners.size:
                return None
            injected = np.zeros(electrodes.count)
            for j in partners.tolist():
                strength = 1.0 if strengths is None else strengths.get(int(electrodes.ids[j]), 1.0)
                injected[electrodes.place[j]] += strength
            return electrodes.solve(injected, electrodes.place[[i]]), 0.0

        return _take_turns(electrodes, turn, maximum, listener, where, monitor)


class _Electrodes:
    """A raster as seen from its focal nodes: a small network, and the potentials for 1 V at each of them."""

    def __init__(
        self,
        resistance: FloatArray,
        focal: Mapping[int, IntArray],
        neighbours: int,
        average: Average | str,
        regions: IntArray | None,
        where: Where,
        monitor: Monitor,
    ) -> None:
        check_resistance(resistance)
        if len(focal) < 2:
            raise InputError(f"At least two focal nodes are needed; there are {len(focal)}.")
        self.ids = np.array(sorted(focal), dtype=np.int64)
        cells = [np.asarray(focal[number]) for number in self.ids.tolist()]
        self.circuit = RasterCircuit(resistance, neighbours, Average.of(average), regions, cells)
        self.graph = self.circuit.graph(monitor)
        own = [self.graph.nodes_of(members) for members in cells]
        nodes = np.array([members[0] if members.size else -1 for members in own], dtype=np.int64)
        valid = nodes >= 0
        held_nodes, places = np.unique(nodes[valid], return_inverse=True)
        self.place = np.full(nodes.size, -1, dtype=np.int64)
        self.place[valid] = places
        self.count = held_nodes.size
        self._component = self.graph.component[held_nodes]
        tell_solver(self.graph, monitor)
        self._unit = Potentials(self.count, self.graph.size, monitor)
        self._network = np.zeros((self.count, self.count))
        folder = where.folder()
        self.file = SharedPotentials.within(folder, self.graph.size) if folder else None
        self._written: set[int] = set()

        def take(place: int, potential: FloatArray | None, leaving: FloatArray) -> None:
            if potential is None:
                self._written.add(place)
            else:
                self._unit[place] = potential
            self._network[place] = leaving

        solve_held(self.circuit, held_nodes, take, file=self.file, where=where, monitor=monitor.part(0.0, 0.5))

    def unit(self) -> list[FloatArray | None]:
        """Return the potentials of all nodes for 1 V at each electrode, None for those that are in the file."""
        return [None if place in self._written else self._unit[place] for place in range(self.count)]

    def partners(self, i: int, allowed: BoolArray | None) -> IntArray:
        """Return the focal nodes that node i can exchange current with."""
        here = self.place[i]
        if here < 0:
            return np.empty(0, dtype=np.int64)
        reached = self.place >= 0
        reached &= self._component[self.place] == self._component[here]
        reached &= self.place != here
        if allowed is not None:
            reached &= allowed[i]
        return np.flatnonzero(reached)

    def solve(self, injected: FloatArray, grounded: IntArray) -> FloatArray:
        """Return the potentials of the electrodes when some are grounded, 0 in other components."""
        free = np.isin(self._component, self._component[grounded])
        free[grounded] = False
        volts = np.zeros(self.count)
        try:
            volts[free] = np.linalg.solve(self._network[np.ix_(free, free)], injected[free])
        except np.linalg.LinAlgError:
            raise ConvergenceError(
                "The circuit could not be solved: the resistances around a focal node are so small beside those farther "
                "away that no digit of its current is left. Narrow the range of the resistances."
            ) from None
        return volts


@dataclass(frozen=True)
class _Turns:
    """All turns of a circuit.

    Parameters
    ----------
    circuit : RasterCircuit
        The circuit, focal nodes joined.
    unit : list of float64 (size,) or None
        Potentials of all nodes for 1 V at each electrode; None = in the file, by its place.
    file : SharedPotentials, optional
        Holds potentials.
    volts : float64 (n, electrodes)
        Potentials of the electrodes in each turn.
    maximum, single_maps : bool
        Whether the largest currents and the maps of single turns are wanted.
    """

    circuit: RasterCircuit
    unit: list[FloatArray | None]
    file: SharedPotentials | None
    volts: FloatArray
    maximum: bool
    single_maps: bool

    def potentials(self, numbers: range, size: int, monitor: Monitor) -> FloatArray:
        """Return the potentials of all nodes in some turns, (turns, size), a strip of nodes at a time for all of them."""
        volts = self.volts[numbers.start : numbers.stop]
        used = [(self._unit(place), volts[:, place].tolist()) for place in np.flatnonzero(volts.any(axis=0)).tolist()]
        potentials, part = np.zeros((len(numbers), size)), np.empty(STRIP)
        for start in range(0, size, STRIP):
            monitor.check()
            for unit, factors in used:
                here = unit[start : start + STRIP]
                for potential, factor in zip(potentials, factors):
                    if factor:
                        potential[start : start + STRIP] += np.multiply(here, factor, out=part[: here.size])
        return potentials

    def _unit(self, place: int) -> FloatArray:
        own = self.unit[place]
        return cast("SharedPotentials", self.file)[place] if own is None else own


def _prepare(turns: _Turns, monitor: Monitor) -> tuple[_Turns, RasterGraph]:
    return turns, turns.circuit.graph(monitor)


def _some_turns(context: tuple[_Turns, RasterGraph], piece: tuple[int, int], monitor: Monitor) -> Share:
    """Return the sums over some turns."""
    turns, graph = context
    share = Share()
    for done, potential in enumerate(turns.potentials(range(*piece), graph.size, monitor)):
        monitor.step(done, piece[1] - piece[0])
        share.add(graph.on_cells(graph.currents(potential)), turns.maximum)
        if turns.single_maps:
            share.voltage = graph.on_cells(potential)
    return share


def _take_turns(
    electrodes: _Electrodes,
    turn: Callable[[int], tuple[FloatArray, float] | None],
    maximum: bool,
    listener: NodeListener | None,
    where: Where,
    monitor: Monitor,
) -> FocalFlow:
    ids, shape = electrodes.ids, electrodes.graph.shape
    effective, volts = np.full(ids.size, UNREACHABLE), np.zeros((ids.size, electrodes.count))
    for i in range(ids.size):
        solved = turn(i)
        if solved is not None:
            volts[i], effective[i] = solved
    total = np.zeros(shape)
    largest = np.zeros(shape) if maximum else None
    numbers = iter(ids.tolist())

    def merge(share: Share) -> None:
        share.into(total, largest)
        if listener and share.total is not None and share.voltage is not None:
            listener(next(numbers), share.total, share.voltage)

    each = 1 if listener else _TURNS
    pieces = [(start, min(start + each, ids.size)) for start in range(0, ids.size, each)]
    turns = _Turns(electrodes.circuit, electrodes.unit(), electrodes.file, volts, maximum, listener is not None)
    part = monitor.part(0.5, 1.0)
    spread(_some_turns, turns, pieces, merge, prepare=_prepare, where=where.here(), monitor=part)
    return FocalFlow(ids, effective, total, largest)
