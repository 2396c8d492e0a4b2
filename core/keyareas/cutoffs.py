"""Pinch points and barriers over a list of corridor cutoffs, to tell whether places move or only values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..choices import BarrierWindow, ClassRule, Combination, PinchPointMode
from ..errors import InputError
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..lists import parse_numbers
from ..monitor import SILENT, Monitor
from ..spread.where import HERE, Where
from ..types import BoolArray, FloatArray
from .barriers import barriers
from .pinchpoints import pinchpoints
from .stability import Stability, stability


def pinch_points_by_cutoff(
    fields: CostFields,
    links: Links,
    *,
    cutoffs: Sequence[float],
    mode: PinchPointMode | str = PinchPointMode.ADJACENT,
    combine: Combination | str = Combination.MAXIMUM,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> list[FloatArray]:
    """Return the current in the corridors for each cutoff; see `pinchpoints.pinchpoints`.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((2, 3)), cell_size=10.0), labels)
    >>> narrow, wide = pinch_points_by_cutoff(fields, Links.between([(1, 2)]), cutoffs=[0.0, 20.0])
    >>> narrow.round(4).tolist(), wide.round(4).tolist()
    ([[nan, 1.0, nan], [nan, nan, nan]], [[nan, 0.5395, nan], [0.2698, 0.4605, 0.2698]])
    """
    surfaces = []
    for done, cutoff in enumerate(cutoffs):
        part = monitor.part(done / len(cutoffs), (done + 1) / len(cutoffs))
        found = pinchpoints(fields, links, cutoff=cutoff, mode=mode, combine=combine, where=where, monitor=part)
        surfaces.append(found.current)
    return surfaces


def barriers_by_cutoff(
    fields: CostFields,
    links: Links,
    *,
    cutoffs: Sequence[float],
    radii: Sequence[float],
    method: BarrierWindow | str = BarrierWindow.DISC,
    combine: Combination | str = Combination.MAXIMUM,
    restorable: BoolArray | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> list[FloatArray]:
    """Return the barrier scores inside the corridors for each cutoff.

    The score of a cell does not depend on the cutoff; only which cells are graded does. See `barriers.barriers`.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int32)
    >>> resistance = np.array([[1.0, 9.0, 1.0], [1.0, 9.0, 1.0]])
    >>> fields = CostFields(CostGraph(resistance, cell_size=10.0), labels)
    >>> narrow, wide = barriers_by_cutoff(fields, Links.between([(1, 2)]), cutoffs=[0.0, 25.0], radii=[10.0])
    >>> narrow.round(4).tolist(), wide.round(4).tolist()
    ([[4.0, 4.0, 4.0], [nan, nan, nan]], [[4.0, 4.0, 4.0], [3.0, 4.0, 3.0]])
    """
    narrowest = _narrowest(fields, links, cutoffs, monitor.part(0.0, 0.5))
    found = barriers(
        fields,
        links,
        radii=radii,
        method=method,
        combine=combine,
        restorable=restorable,
        where=where,
        monitor=monitor.part(0.5, 1.0),
    )
    return [np.where(narrowest <= cutoff, found.score, np.nan) for cutoff in cutoffs]


def corridor_belt(
    fields: CostFields, links: Links, *, cutoff: float | FloatArray, monitor: Monitor = SILENT
) -> BoolArray:
    """Return the cells that belong to the corridor of any link; see `pinchpoints.pinchpoints` for the parameters.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.array([[1, 0, 2], [0, 0, 0]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.ones((2, 3)), cell_size=10.0), labels)
    >>> corridor_belt(fields, Links.between([(1, 2)]), cutoff=0.0).astype(int).tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    belt = np.zeros(fields.graph.shape, dtype=bool)
    limits = links.limits(cutoff, endless=True)
    for link in fields.along(links.joined, slack=limits, monitor=monitor):
        belt[link.rows, link.cols] |= link.inside(float(limits[link.index]))
    return belt


def _narrowest(fields: CostFields, links: Links, cutoffs: Sequence[float], monitor: Monitor) -> FloatArray:
    """Return the smallest of the cutoffs with which a cell belongs to a corridor; infinite where none does."""
    narrowest = np.full(fields.graph.shape, np.inf)
    for link in fields.along(links.joined, slack=max(cutoffs), monitor=monitor):
        place = narrowest[link.rows, link.cols]
        for cutoff in sorted(cutoffs, reverse=True):
            place[link.inside(cutoff) & (place > cutoff)] = cutoff
    return narrowest


def sweep(
    surfaces: Sequence[FloatArray],
    cutoffs: Sequence[float],
    *,
    cell_ha: float,
    method: ClassRule | str = ClassRule.NATURAL,
    classes: int = 4,
    min_area_ha: float = 0.0,
    monitor: Monitor = SILENT,
) -> Stability:
    """Compare the key areas of the surfaces of several cutoffs; see `stability.stability`.

    Raises
    ------
    InputError
        Naming the cutoff, if no place stands out with it.

    Examples
    --------
    >>> narrow, wide = np.array([[0.1, 0.9, 0.8]]), np.array([[0.7, 0.9, 0.1]])
    >>> found = sweep([narrow, wide], [1000.0, 2000.0], cell_ha=1.0, classes=2)
    >>> found.area_ha.tolist()
    [2.0, 2.0]
    >>> found.share.tolist()
    [[0.5, 1.0, 0.5]]
    """
    for cutoff, surface in zip(cutoffs, surfaces):
        lowest, highest = np.fmin.reduce(surface, axis=None), np.fmax.reduce(surface, axis=None)
        if not lowest < highest:
            raise InputError(
                f"With a cutoff of {cutoff:g} no place stands out: the corridors hold "
                + ("no value." if np.isnan(highest) else f"the value {highest:g} only.")
                + " Leave this cutoff out."
            )
    return stability(
        surfaces, cell_ha=cell_ha, method=method, classes=classes, min_area_ha=min_area_ha, monitor=monitor
    )


def read_cutoffs(text: str) -> list[float]:
    """Read cutoffs such as ``1000, 2000, 5000``, ascending and each once.

    Raises
    ------
    InputError
        If an entry is not a number above 0, or there are fewer than two.

    Examples
    --------
    >>> read_cutoffs("5000, 1000, 2000")
    [1000.0, 2000.0, 5000.0]
    """
    cutoffs = set(parse_numbers(text, "Corridor cutoffs"))
    for cutoff in cutoffs:
        if not cutoff > 0:
            raise InputError(f"A cutoff of {cutoff:g} makes no corridor; cutoffs are above 0.")
    if len(cutoffs) < 2:
        raise InputError("Give at least two different cutoffs, for example: 1000, 2000, 5000.")
    return sorted(cutoffs)
