"""Two runs side by side: what became of the sources, links and key areas, and of the indices of the network.

References
----------
Saura, S., Estreguil, C., Mouton, C. & Rodriguez-Freire, M. (2011). Network analysis to assess landscape connectivity
trends: application to European forests (1990-2000). *Ecological Indicators* 11, 407-416,
https://doi.org/10.1016/j.ecolind.2010.06.011
Pontius, R. G., Shusas, E. & McEachern, M. (2004). Detecting important categorical land changes while accounting for
persistence. *Agriculture, Ecosystems & Environment* 101, 251-268, https://doi.org/10.1016/j.agee.2003.09.008
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..choices import PersistenceOf
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..network.candidates import Network
from ..network.objectives import Rules
from ..network.optimisation import figures
from ..sources.matching import Matches, match_areas
from ..stats.crosstable import cross_table
from ..types import BoolArray, FloatArray, IntArray
from .linkmatching import LinkChange, Paths, belt, match_links, shares_of_runs

NO_DATA = 2**31 - 1
"""Class of cells of a class map that have none; sorts last."""

NO_CHANGE_DATA = 255
"""What a map of class changes holds where one of the two has no class."""


@dataclass(frozen=True, eq=False)
class RunMaps:
    """A network as a run found it, on the grid of the runs it is compared with.

    Attributes
    ----------
    name : str
        What the run is called.
    labels : ndarray, int32, shape (rows, cols)
        Sources from 1 to n, 0 outside.
    count : int
        Number of sources.
    pairs : ndarray, int64, shape (m, 2)
        Positions of the two sources of each active link, from 0.
    cost, length : ndarray, float64, shape (m,)
        Least-cost distance and length in metres of each; a length that is not known is NaN.
    paths : Paths
        Cells of the path of each.
    classes : dict of str to ndarray, int
        Class maps by name, with `NO_DATA` where there is no class: 'MSPA', 'land use'.
    surfaces : dict of str to ndarray, float
        Surfaces by name, NaN where there is no data: 'resistance', 'current'.
    areas : dict of str to ndarray, int32
        Key areas by kind, 0 outside: 'pinch points', 'barriers'.
    area_counts : dict of str to int
        Numbers of these.
    linked : bool
        False where the links are not known, which is another thing than none.
    """

    name: str
    labels: IntArray
    count: int
    pairs: IntArray
    cost: FloatArray
    length: FloatArray
    paths: Paths
    classes: dict[str, IntArray]
    surfaces: dict[str, FloatArray]
    areas: dict[str, IntArray]
    area_counts: dict[str, int]
    linked: bool = True


@dataclass(frozen=True)
class Measures:
    """What is held for all runs, so that their indices can be compared.

    Attributes
    ----------
    cell_size, cell_ha : float
        Of the grid.
    width : float
        Metres from a path up to which cells belong to its corridor.
    rate : float
        Of the dispersal kernel exp(-rate x cost).
    landscape_ha : float
        Area of the landscape, for PC.
    """

    cell_size: float
    cell_ha: float
    width: float
    rate: float
    landscape_ha: float


@dataclass(frozen=True)
class Indices:
    """A run in numbers; NaN for what its layers do not tell."""

    source_count: int
    source_ha: float
    mean_resistance: float
    link_count: float
    link_km: float
    mean_cost: float
    equivalent: float
    pc: float
    alpha: float
    beta: float
    gamma: float
    components: float
    efficiency: float
    robustness: float
    pinch_count: float
    pinch_ha: float
    barrier_count: float
    barrier_ha: float


@dataclass(frozen=True)
class AreaChange:
    """Key areas of a kind, before and after: hectares in both, only before and only after, and how many of each.

    Attributes
    ----------
    kept, lost, new : int
        Areas before with a cell of one after, those before without, those after without one before; of those that have a
        cell of their own.
    kept_ha, lost_ha, new_ha : float
        Hectares of the cells.
    """

    kept: int
    lost: int
    new: int
    kept_ha: float
    lost_ha: float
    new_ha: float

    @property
    def jaccard(self) -> float:
        """Hectares in both over those in either; 1 where there are none in either."""
        either = self.kept_ha + self.lost_ha + self.new_ha
        return self.kept_ha / either if either else 1.0


@dataclass(frozen=True)
class Transition:
    """Cells by their class before (rows) and after (columns).

    Attributes
    ----------
    classes : tuple of int
        Those that occur in either map, ascending; `NO_DATA` last, where a map has none.
    cells : ndarray, int64, shape (classes, classes)
        Row sums are the cells before, column sums those after.
    """

    classes: tuple[int, ...]
    cells: IntArray


class Comparison:
    """A run and one that it is compared with.

    Parameters
    ----------
    before, after : RunMaps
        The two.
    held : Measures
        What is the same for both.
    monitor : Monitor
        Progress and cancellation.

    Attributes
    ----------
    before, after : RunMaps
        The two.
    sources : Matches
        What became of the sources.
    linked : bool
        Whether the links of both are known.
    links : list of LinkChange
        What became of the links; empty unless both are known.

    Examples
    --------
    >>> from ecosecnet.core.decisions.comparison import example_run
    >>> held = Measures(30.0, 0.09, 30.0, 0.01, 1.0)
    >>> found = Comparison(example_run(), example_run(), held)
    >>> found.sources.fate, [one.change for one in found.links], found.corridor_jaccard
    (('persistent', 'persistent'), ['persistent'], 1.0)
    """

    def __init__(self, before: RunMaps, after: RunMaps, held: Measures, *, monitor: Monitor = SILENT) -> None:
        if before.labels.shape != after.labels.shape:
            raise InputError(
                f"'{before.name}' and '{after.name}' have different grids: {before.labels.shape} and {after.labels.shape}."
            )
        self.before, self.after, self._held = before, after, held
        self.sources: Matches = match_areas(before.labels, after.labels, counts=(before.count, after.count))
        self.linked = before.linked and after.linked
        self.links: list[LinkChange] = []
        if self.linked:
            self.links = match_links(
                self.sources,
                before.pairs,
                after.pairs,
                (before.paths, after.paths),
                cell_size=held.cell_size,
                width=held.width,
                monitor=monitor,
            )

    def link_count(self, change: str) -> int | None:
        """Return how many links were kept, lost or are new; None unless the links of both are known."""
        return sum(one.change == change for one in self.links) if self.linked else None

    @cached_property
    def corridor_jaccard(self) -> float:
        """Cells within the width of paths of both runs over those of either; 1 where there are none, NaN if not known."""
        if not self.linked:
            return math.nan
        first, second = (corridors_of(run, self._held) for run in (self.before, self.after))
        either = np.count_nonzero(first | second)
        return float(np.count_nonzero(first & second) / either) if either else 1.0

    def transition(self, name: str) -> Transition | None:
        """Return the change of a class map; None where one of the runs has none of that name."""
        if name not in self.before.classes or name not in self.after.classes:
            return None
        first, second = self.before.classes[name], self.after.classes[name]
        found = cross_table(first, second, np.ones(first.shape, dtype=bool))
        classes = np.union1d(found.rows, found.columns)
        cells = np.zeros((classes.size, classes.size), dtype=np.int64)
        cells[np.ix_(np.searchsorted(classes, found.rows), np.searchsorted(classes, found.columns))] = found.cells
        return Transition(tuple(classes.tolist()), cells)

    def areas(self, kind: str) -> AreaChange | None:
        """Return what became of the key areas of a kind; None where one of the runs has no layer of them."""
        if kind not in self.before.areas or kind not in self.after.areas:
            return None
        first, second = self.before.areas[kind], self.after.areas[kind]
        both = (first > 0) & (second > 0)
        stay, stayed = np.unique(first[both]).size, np.unique(second[both]).size
        # By cells, not by features: one that is too small for a cell, or below others, is lost in no comparison.
        counts = [np.unique(one[one > 0]).size for one in (first, second)]
        cells = [np.count_nonzero(one) for one in (both, (first > 0) & ~both, (second > 0) & ~both)]
        return AreaChange(stay, counts[0] - stay, counts[1] - stayed, *(one * self._held.cell_ha for one in cells))

    def difference(self, name: str) -> FloatArray | None:
        """Return a surface after minus before, float32; NaN where one has no data, None where one is not there."""
        if name not in self.before.surfaces or name not in self.after.surfaces:
            return None
        found: FloatArray = (self.after.surfaces[name] - self.before.surfaces[name]).astype(np.float32)
        return found

    def class_change(self, name: str) -> IntArray | None:
        """Return class before x 10 + class after, uint8; 255 where one has none. For classes from 0 to 9."""
        if name not in self.before.classes or name not in self.after.classes:
            return None
        first, second = (run.classes[name].astype(np.int64) for run in (self.before, self.after))
        none = (first == NO_DATA) | (second == NO_DATA)
        return np.where(none, NO_CHANGE_DATA, 10 * first + second).astype(np.uint8)


def corridors_of(run: RunMaps, held: Measures) -> BoolArray:
    """Return the cells within the width of the paths of a run.

    Examples
    --------
    >>> int(corridors_of(example_run(), Measures(30.0, 0.09, 30.0, 0.01, 1.0)).sum())
    6
    """
    return belt(run.paths, cell_size=held.cell_size, width=held.width)


def indices(run: RunMaps, held: Measures, *, monitor: Monitor = SILENT) -> Indices:
    """Return a run in numbers.

    EC(PC) and PC are those of the sources with their hectares, and of the links with exp(-rate x least-cost distance) as
    their probability; efficiency is per cost unit; robustness is the mean of the areas under the two curves of the largest
    component, while sources and while links are lost by degree.

    Examples
    --------
    >>> found = indices(example_run(), Measures(30.0, 0.09, 30.0, 0.01, 1.0))
    >>> found.source_count, found.link_count, round(found.source_ha, 2), round(found.beta, 2)
    (2, 1, 0.36, 0.5)
    """
    hectares = np.bincount(run.labels.ravel(), minlength=run.count + 1)[1:] * held.cell_ha
    surface = run.surfaces.get("resistance")
    known = surface is not None and bool(np.isfinite(surface).any())
    numbers = [
        value
        for kind in ("pinch points", "barriers")
        for value in (
            (run.area_counts[kind], float(np.count_nonzero(run.areas[kind]) * held.cell_ha))
            if kind in run.areas
            else (math.nan, math.nan)
        )
    ]
    return Indices(
        run.count,
        float(hectares.sum()),
        float(np.nanmean(surface, dtype=np.float64)) if surface is not None and known else math.nan,
        *(_of_links(run, hectares, held, monitor) if run.linked else [math.nan] * 11),
        *numbers,
    )


def _of_links(run: RunMaps, hectares: FloatArray, held: Measures, monitor: Monitor) -> list[float]:
    """Return the indices from the number of links to robustness."""
    found = figures(Network(hectares, run.pairs, run.cost), Rules(held.rate), monitor=monitor)
    shape = found.structure
    return [
        len(run.pairs),
        float(run.length.sum() / 1000.0),
        float(run.cost.mean()) if len(run.cost) else math.nan,
        found.equivalent,
        (found.equivalent / held.landscape_ha) ** 2,
        shape.alpha,
        shape.beta,
        shape.gamma,
        shape.components,
        found.efficiency,
        found.robustness,
    ]


def percent_change(before: float, after: float) -> float:
    """Return 100 (after - before) / before; NaN where there was nothing.

    Examples
    --------
    >>> percent_change(200.0, 150.0)
    -25.0
    """
    return 100.0 * (after - before) / before if before else math.nan


def persistence(
    runs: Sequence[RunMaps], held: Measures, of: PersistenceOf = PersistenceOf.NETWORK, *, monitor: Monitor = SILENT
) -> FloatArray:
    """Return in which share of the runs a cell is source, corridor or key area, float32 (rows, cols).

    Examples
    --------
    >>> share = persistence([example_run()], Measures(30.0, 0.09, 30.0, 0.01, 1.0), PersistenceOf.SOURCES)
    >>> int(share.sum())
    4
    """
    masks = []
    for run in runs:
        monitor.check()
        inside = np.zeros(run.labels.shape, dtype=bool)
        if of in (PersistenceOf.NETWORK, PersistenceOf.SOURCES):
            inside |= run.labels > 0
        if of in (PersistenceOf.NETWORK, PersistenceOf.CORRIDORS):
            inside |= corridors_of(run, held)
        if of in (PersistenceOf.NETWORK, PersistenceOf.KEY_AREAS):
            for areas in run.areas.values():
                inside |= areas > 0
        masks.append(inside)
    return shares_of_runs(masks)


def example_run() -> RunMaps:
    """Return two sources and the link between them, for examples.

    Examples
    --------
    >>> example_run().labels.tolist()
    [[1, 1, 0, 0, 2, 2]]
    """
    return RunMaps(
        "example",
        np.array([[1, 1, 0, 0, 2, 2]], dtype=np.int32),
        2,
        np.array([[0, 1]]),
        np.array([90.0]),
        np.array([90.0]),
        Paths([np.array([1, 2, 3, 4])], (1, 6)),
        {},
        {},
        {},
        {},
    )
