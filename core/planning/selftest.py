"""Small problems with known answers, so that a user can see that an installation computes correctly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..circuit import pairwise, solve_pair
from ..connectivity import analyse
from ..keyareas.barriers import barriers
from ..leastcost import dial
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..mspa import mspa
from ..network.centrality import current_flow
from ..stats.breaks import natural_breaks
from ..types import Array
from ..weights import ahp

_RELATIVE = 1e-9


@dataclass(frozen=True)
class Outcome:
    """What became of one problem.

    Attributes
    ----------
    name : str
        What was computed.
    failure : str
        What went wrong; empty when the answer was right.
    """

    name: str
    failure: str


def self_test(monitor: Monitor = SILENT) -> list[Outcome]:
    """Solve every problem and compare with its answer.

    Parameters
    ----------
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    list of Outcome
        One a problem. A problem that raises, for instance because packages do not fit together, has failed.

    Notes
    -----
    The answers are closed forms, or follow from the definitions by hand. All together take a second or two.

    Examples
    --------
    >>> [outcome.name for outcome in self_test() if outcome.failure]
    []
    """
    problems = _problems()
    outcomes = []
    for done, (name, problem) in enumerate(problems):
        monitor.step(done, len(problems))
        try:
            found, expected = problem()
        except Exception as error:  # whatever it is, it is what the user wants to see
            outcomes.append(Outcome(name, f"{type(error).__name__}: {error}"))
            continue
        right = np.allclose(found, expected, rtol=_RELATIVE, atol=1e-12, equal_nan=True)
        outcomes.append(Outcome(name, "" if right else f"found {np.ravel(found)}, expected {np.ravel(expected)}"))
    return outcomes


Answer = tuple[Array, Array]
"""What was found, and what is right."""


def _mspa(accelerate: bool = False) -> Answer:
    """Segment a block of 5 x 5 cells, which is core in an edge of one cell, and a lone cell, which is an islet."""
    cells = np.ones((9, 12), dtype=np.uint8)
    cells[2:7, 2:7] = cells[4, 9] = 2
    expected = np.zeros((9, 12))
    expected[2:7, 2:7] = 3
    expected[3:6, 3:6] = 17
    expected[4, 9] = 9
    return mspa(cells, accelerate=accelerate), expected


def _connectivity() -> Answer:
    """Link two sources of 10 and 20 ha with the probability 0.5: PC sums 10^2 + 20^2 + 2 x 0.5 x 10 x 20 = 700."""
    areas, distances = np.array([10.0, 20.0]), np.array([1000.0])
    found = analyse(areas, np.array([[0, 1]]), distances, dispersal=1000.0, probability=0.5)
    return found.pc.total, np.array([300.0, 600.0]) / 7.0


def _breaks() -> Answer:
    return natural_breaks(np.array([1.0, 2, 3, 10, 11, 12, 50, 51]), 3).limits, np.array([3.0, 12.0, 51.0])


def _ahp() -> Answer:
    """Judge by the ratios of weights, which gives the weights back and is consistent."""
    weights = np.array([0.5, 0.3, 0.2])
    found = ahp.analyse(weights[:, None] / weights)
    return np.append(found.weights, found.cr), np.append(weights, 0.0)


def _cost_distance(accelerate: bool = False) -> Answer:
    """Go from a corner over even ground: the shorter way in diagonal steps and the rest in straight ones."""
    row, col = np.ogrid[:40, :60]
    expected = 30.0 * (np.maximum(row, col) + (np.sqrt(2.0) - 1.0) * np.minimum(row, col))
    graph = CostGraph(np.ones((40, 60)), cell_size=30.0, accelerate=accelerate)
    return graph.cost_from(np.array([0])), expected


def _small_circuit() -> Answer:
    """Join four cells: one diagonal link of 1 / sqrt(2) beside two ways of two links of 1, so R = 1 / (1 + 1 / sqrt(2))."""
    flow = pairwise(np.ones((2, 2)), {1: np.array([0]), 2: np.array([3])})
    return flow.resistance[0, 1:], np.array([1.0 / (1.0 + np.sqrt(0.5))])


def _large_circuit() -> Answer:
    """Send current through a strip of 150 x 200 cells: 150 ways side by side, each of 199 links of 1."""
    shape = (150, 200)
    left, right = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    left[:, 0] = right[:, -1] = True
    flow = solve_pair(np.ones(shape), left, right, neighbours=4)
    return np.array([flow.resistance]), np.array([199.0 / 150.0])


def _centrality() -> Answer:
    """Join three sources in a triangle: the direct link takes 2/3 A and the others 1/3 A, so each gets 4/3 A in all."""
    found = current_flow(3, np.array([[0, 1], [0, 2], [1, 2]]), np.ones(3))
    return found.links, np.full(3, 4.0 / 3.0)


def _barrier() -> Answer:
    """Score a cell of 10 in a row of 1: a path of 15 becomes 6, so 9 are saved by restoring 2 map units."""
    resistance = np.array([[1.0, 1, 1, 10, 1, 1, 1]])
    labels = np.array([[1, 0, 0, 0, 0, 0, 2]])
    found = barriers(CostFields(CostGraph(resistance), labels), Links.between([[1, 2]]), radii=[1.0])
    return found.score[0, 3:4], np.array([4.5])


def _problems() -> list[tuple[str, Callable[[], Answer]]]:
    problems: list[tuple[str, Callable[[], Answer]]] = [
        ("MSPA", _mspa),
        ("Connectivity (dPC)", _connectivity),
        ("Natural breaks", _breaks),
        ("AHP", _ahp),
        ("Cost distance", _cost_distance),
        ("Circuit by factorisation", _small_circuit),
        ("Circuit by multigrid", _large_circuit),
        ("Current-flow centrality", _centrality),
        ("Barriers", _barrier),
    ]
    if accelerated():
        problems += [
            ("MSPA with numba", lambda: _mspa(accelerate=True)),
            ("Cost distance with numba", lambda: _cost_distance(accelerate=True)),
        ]
    return problems


def accelerated() -> bool:
    """Return whether numba is there and works, so that large rasters go faster."""
    return dial.available()
