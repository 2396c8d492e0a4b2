"""What to restore of the barriers of a whole network for a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..corridors.cutoff import mean_resistance
from ..grid import Grid
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..planning.obstacles import Obstacles
from ..planning.results import SecurityNetwork
from ..planning.securitynetwork import FIELD_BYTES_PER_CELL
from ..types import IntArray
from .plan import RestorationPlan, restoration_plan
from .planpatches import Candidates
from .planvalue import Habitat

_RESTORED = 1.0
"""Resistance after restoration: that of ideal habitat, as the barriers were scored with it."""


@dataclass(frozen=True)
class NetworkPlan:
    """A restoration plan and the barriers it chooses from.

    Attributes
    ----------
    barriers : int array, shape (candidates,)
        Positions of the barriers that can be restored.
    candidates : Candidates
        The same; each costs its hectares.
    plan : RestorationPlan
        What to restore, in which order.
    """

    barriers: IntArray
    candidates: Candidates
    plan: RestorationPlan


def plan_of_network(
    network: SecurityNetwork,
    grid: Grid,
    *,
    budgets: Sequence[float],
    dispersal: float,
    probability: float,
    obstacles: Obstacles | None = None,
    monitor: Monitor = SILENT,
) -> NetworkPlan | None:
    """Choose among the barriers of a network, as `restoration_plan` does with its layers and otherwise nothing said.

    Parameters
    ----------
    network : SecurityNetwork
        The network.
    grid : Grid
        Its grid.
    budgets : sequence of float
        In hectares.
    dispersal, probability : float
        The dispersal distance in metres and the probability there, for EC(PC) before and after.
    obstacles : Obstacles, optional
        With which the network was built: cells that cannot be restored stay as they are and cost nothing.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    NetworkPlan or None
        None where there are no barriers that can be restored.

    Raises
    ------
    InputError
        See `restoration_plan`.

    Notes
    -----
    Time and memory are those of `restoration_plan`, with the least-cost fields of the sources searched again.

    Examples
    --------
    >>> from types import SimpleNamespace as Part
    >>> from ecosecnet.core.corridors import traced
    >>> surface = np.array([[1.0, 9.0, 1.0, 5.0, 1.0]])
    >>> labels = np.array([[1, 0, 0, 0, 2]], dtype=np.int32)
    >>> links = traced(CostFields(CostGraph(surface), labels), Links.between([(1, 2)]))
    >>> areas = Part(labels=np.array([[0, 1, 0, 2, 0]]), area_ha=np.array([1e-4, 1e-4]))
    >>> network = Part(
    ...     surface=Part(values=surface), labels=labels, kept=np.arange(2), corridors=Part(links=links),
    ...     places=Part(barrier_areas=areas),
    ... )
    >>> found = plan_of_network(network, Grid(1, 5), budgets=[1e-4], dispersal=10.0, probability=0.5)
    >>> [(pick.candidate, pick.gain) for pick in found.plan.picks]
    [(0, 8.0)]
    """
    areas = network.places.barrier_areas
    if areas is None:
        return None
    can = None if obstacles is None else obstacles.restorable(network.surface.values)
    labels = (areas.labels if can is None else np.where(can, areas.labels, 0)).ravel()
    order = np.argsort(labels, kind="stable")
    ends = np.searchsorted(labels[order], np.arange(1, areas.area_ha.size + 2))
    cells = [order[first:last] for first, last in zip(ends, ends[1:])]
    barriers: IntArray = np.array([k for k, one in enumerate(cells) if one.size], dtype=np.int64)
    if not barriers.size:
        return None
    candidates = Candidates(
        tuple(cells[k] for k in barriers),
        np.array([cells[k].size * grid.cell_ha for k in barriers]),
        np.full(barriers.size, _RESTORED),
        np.zeros(barriers.size, dtype=bool),
    )
    graph = CostGraph(network.surface.values, cell_size=grid.cell_size, monitor=monitor.part(0.0, 0.03))
    fields = CostFields(graph, network.labels, budget=FIELD_BYTES_PER_CELL * network.labels.size)
    # The links that are reported, under the labels that all sources have.
    links = Links.between(network.kept[network.corridors.links.joined - 1] + 1)
    hectares = np.bincount(network.labels.ravel(), minlength=1)[1:] * grid.cell_ha
    habitat = Habitat(hectares, dispersal * mean_resistance(network.corridors.links), probability)
    plan = restoration_plan(
        fields, links, candidates, budgets=budgets, habitat=habitat, monitor=monitor.part(0.03, 1.0)
    )
    return NetworkPlan(barriers, candidates, plan)
