"""Whether a map of corridors, pinch points or barriers is more than geometry: the same map on what chance makes.

References
----------
North, B. V., Curtis, D. & Sham, P. C. (2002). A note on the calculation of empirical P values from Monte Carlo procedures.
*American Journal of Human Genetics* 71, 439-441, https://doi.org/10.1086/341527 (the p-value counts the observed map itself)
Gotelli, N. J. & Graves, G. R. (1996). *Null models in ecology*. Smithsonian Institution Press, Washington.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import defaults
from ..choices import NullKind, Stage
from ..connectivity.graph import PatchGraph, dispersal_rate
from ..connectivity.indices import probability_indices
from ..corridors.cutoff import mean_resistance
from ..corridors.linkages import find_links, path_length
from ..corridors.normalised import corridors
from ..errors import DisconnectedError, InputError
from ..keyareas.areas import FALSE_SHARE
from ..keyareas.barriers import barriers
from ..keyareas.pinchpoints import pinchpoints
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..network.centrality import current_flow
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..stats.discoveries import benjamini_hochberg
from ..stats.ranks import NOISE
from ..types import FloatArray, IntArray
from .nulls import moved_sources, shuffled_land, shuffled_scores, uniform

CHUNK = 5
"""Draws that are handed out together; fixed, so that results are the same for any number of processes."""

LENGTH, COST, EC, GINI = "length of the paths", "mean least-cost distance", "EC(PC)", "inequality of centrality"
FIGURES = (LENGTH, COST, EC, GINI)
"""Figures of the network: metres, cost units, hectares, and the Gini coefficient of the centrality of the sources."""

WITHOUT_CHANCE = (NullKind.UNIFORM, NullKind.LINE)
"""Null models without chance, of which there is a single draw."""


@dataclass(frozen=True)
class Question:
    """What all draws share.

    Attributes
    ----------
    resistance : float array, shape (rows, cols)
        The surface.
    labels : int array, shape (rows, cols)
        The sources.
    pairs : int64, shape (links, 2)
        Labels of the sources that are linked.
    limits : float64, shape (links,)
        Cutoff of the corridor of each, the same in all draws.
    cell_size, cell_ha : float
        In metres and hectares.
    kind : NullKind
        What chance changes.
    stage : Stage
        Corridors, pinch points or barriers.
    radii : sequence of float
        Radii of barriers, in metres.
    classes : int array, shape (rows, cols), optional
        For shuffled scores, -1 for none.
    dispersal, probability : float
        The dispersal kernel for EC; the distance in cost units.
    seed : int
        Of the draws.
    """

    resistance: FloatArray
    labels: IntArray
    pairs: IntArray
    limits: FloatArray
    cell_size: float
    cell_ha: float
    kind: NullKind
    stage: Stage
    radii: tuple[float, ...] = ()
    classes: IntArray | None = None
    dispersal: float = defaults.DISPERSAL
    probability: float = defaults.PROBABILITY
    seed: int = 0


@dataclass(frozen=True)
class Asked:
    """A question and the cells it is asked of: their flat indices and observed values."""

    question: Question
    cells: IntArray
    observed: FloatArray


@dataclass(frozen=True)
class Counted:
    """What a chunk of draws has found.

    Attributes
    ----------
    reached, exceeded : int32, shape (cells,)
        Draws whose value is at least, and above, the observed one.
    total : float64, shape (cells,)
        Sum of their values.
    figures : float64, shape (draws, figures)
        Of the network of each.
    """

    reached: IntArray
    exceeded: IntArray
    total: FloatArray
    figures: FloatArray


@dataclass(frozen=True)
class Figure:
    """A figure of the network, as observed and in the draws; NaN where a draw has no network."""

    name: str
    observed: float
    null: FloatArray

    @property
    def percentile(self) -> float:
        """Share of the draws below the observed figure, equal ones counted half, percent; NaN without draws."""
        held = self.null[~np.isnan(self.null)]
        if not held.size:
            return float("nan")
        tie = 1e-9 * abs(self.observed)
        below, at_most = (np.count_nonzero(held < self.observed + side * tie) for side in (-1, 1))
        return float(50.0 * (below + at_most) / held.size)

    @property
    def p(self) -> float:
        """Two-sided p-value: twice that of the rarer side, at most 1."""
        held = self.null[~np.isnan(self.null)]
        tie = 1e-9 * abs(self.observed)
        sides = np.count_nonzero(held >= self.observed - tie), np.count_nonzero(held <= self.observed + tie)
        return float(min(1.0, 2.0 * (1 + min(sides)) / (1 + held.size)))


@dataclass(frozen=True)
class NullModel:
    """A map beside those that chance makes.

    Attributes
    ----------
    values : float64, shape (rows, cols)
        The observed map: current, barrier score, or 1 on least-cost paths falling to 0 at the edge of the corridors; NaN
        where there is none.
    p : float32, same shape
        Share of the draws, the observed map among them, with at least the observed value: 1 where there is none, NaN in the
        sources and where there is no resistance.
    percentile : float32
        Share of the draws below the observed value, equal ones counted half, percent.
    ratio : float32
        Observed value over the mean of the draws; NaN where that is 0.
    draws : int
        Number of draws.
    cells, tested, significant : int
        Cells with a value, cells with a p-value, and those that stand out once corrected for the number of these.
    figures : tuple of Figure
        Of the network.
    """

    values: FloatArray
    p: FloatArray
    percentile: FloatArray
    ratio: FloatArray
    draws: int
    cells: int
    tested: int
    significant: int
    figures: tuple[Figure, ...]


def nullmodel(question: Question, *, runs: int = 99, where: Where = HERE, monitor: Monitor = SILENT) -> NullModel:
    """Compare a map with those of a null model.

    Parameters
    ----------
    question : Question
        The landscape, what chance changes in it, and which map.
    runs : int
        Draws; null models without chance have one.
    where : Where
        Where the draws are worked out.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    NullModel

    Raises
    ------
    InputError
        If the observed map has no cell with a value, or the null model does not fit the stage.

    Notes
    -----
    Draw k depends on the seed and k alone. Corridors keep the cutoffs they have in the observed network, and links the
    pairs of sources, so that nothing but the landscape differs.

    All cells outside the sources are tested, also those where the observed map has no value. Cells with a value are on the
    map by the same chance that is tested: where corridors are narrow, most draws have nothing there, and p is small on the
    corridors of any landscape. Corrected for these cells alone most of a corridor could stand out that chance has made.

    Examples
    --------
    >>> labels = np.zeros((9, 15), dtype=np.int32)
    >>> labels[3:6, :2], labels[3:6, 13:] = 1, 2
    >>> question = Question(np.full((9, 15), 2.0), labels, np.array([[1, 2]]), np.array([9.0]), 1.0, 1.0,
    ...     NullKind.UNIFORM, Stage.PINCH_POINTS, seed=1)
    >>> found = nullmodel(question)
    >>> np.unique(found.ratio[~np.isnan(found.ratio)]).tolist()
    [1.0]
    """
    if question.kind is NullKind.LINE and question.stage is not Stage.CORRIDORS:
        raise InputError("Straight lines carry no current and have no barriers: compare corridors with them.")
    if question.kind in WITHOUT_CHANCE:
        runs = 1
    values, observed = measure(question, question.resistance, question.labels, monitor.part(0.0, 1.0 / (runs + 1)))
    cells = np.flatnonzero(((question.labels == 0) & ~np.isnan(question.resistance)).ravel())
    held = values.ravel()[cells]
    there = held > NOISE * held.max(initial=0.0)
    if not there.any():
        raise InputError(
            "The map has no cell with a value outside the sources. Are the sources linked, and is the cutoff above 0?"
        )
    asked = Asked(question, cells, held)
    reached, exceeded = (np.zeros(cells.size, dtype=np.int32) for _ in range(2))
    total, figures = np.zeros(cells.size), []

    def add(part: Counted) -> None:
        np.add(reached, part.reached, out=reached)
        np.add(exceeded, part.exceeded, out=exceeded)
        np.add(total, part.total, out=total)
        figures.append(part.figures)

    pieces = [(first, min(first + CHUNK, runs)) for first in range(0, runs, CHUNK)]
    spread(draws, asked, pieces, add, where=where, monitor=monitor.part(1.0 / (runs + 1), 1.0))
    null = np.concatenate(figures)

    def grid(found: FloatArray) -> FloatArray:
        whole = np.full(values.size, np.nan, dtype=np.float32)
        whole[cells] = found
        return whole.reshape(values.shape)

    p = (1.0 + reached) / (1.0 + runs)
    mean = total / runs
    ratio = np.divide(asked.observed, mean, out=np.full(cells.size, np.nan), where=there & (mean > 0.0))
    shown = np.full(values.size, np.nan)
    shown[cells[there]] = asked.observed[there]
    return NullModel(
        shown.reshape(values.shape),
        grid(p),
        grid(np.where(there, 100.0 * (runs - (reached + exceeded) / 2.0) / runs, np.nan)),
        grid(ratio),
        runs,
        int(np.count_nonzero(there)),
        int(cells.size),
        int(np.count_nonzero(benjamini_hochberg(p) <= FALSE_SHARE)),
        tuple(Figure(name, float(one), null[:, k]) for k, (name, one) in enumerate(zip(FIGURES, observed))),
    )


def draws(asked: Asked, piece: tuple[int, int], monitor: Monitor) -> Counted:
    """Return what some draws have found."""
    first, last = piece
    reached, exceeded = (np.zeros(asked.cells.size, dtype=np.int32) for _ in range(2))
    total, figures = np.zeros(asked.cells.size), np.full((last - first, len(FIGURES)), np.nan)
    tie = NOISE * asked.observed.max()
    for number in range(first, last):
        monitor.step(number - first, last - first)
        try:
            values, figures[number - first] = draw(asked.question, number, monitor.quiet())
        except DisconnectedError:  # nothing is linked: no cell has a value
            values = np.zeros(asked.question.labels.shape)
        held = values.ravel()[asked.cells]
        reached += held >= asked.observed - tie
        exceeded += held > asked.observed + tie
        total += held
    return Counted(reached, exceeded, total, figures)


def draw(question: Question, number: int, monitor: Monitor = SILENT) -> tuple[FloatArray, FloatArray]:
    """Return the map and the figures of one draw."""
    random = np.random.default_rng([question.seed, number])
    resistance, labels = question.resistance, question.labels
    if question.kind is NullKind.LINE:
        return straight(question)
    if question.kind is NullKind.UNIFORM:
        resistance = uniform(resistance)
    elif question.kind is NullKind.LAND:
        resistance = shuffled_land(resistance, random)
    elif question.kind is NullKind.SCORES and question.classes is not None:
        resistance = shuffled_scores(resistance, question.classes, random)
    elif question.kind is NullKind.SOURCES:
        labels = moved_sources(labels, ~np.isnan(resistance), random)
    return measure(question, resistance, labels, monitor)


def measure(
    question: Question, resistance: FloatArray, labels: IntArray, monitor: Monitor = SILENT
) -> tuple[FloatArray, FloatArray]:
    """Return the map of a landscape, 0 where it has no value, and the figures of its network."""
    graph = CostGraph(resistance, cell_size=question.cell_size, monitor=monitor)
    fields = CostFields(graph, labels, slack=float(question.limits.max()))
    unknown = np.full(len(question.pairs), np.nan)
    links = find_links(fields, question.pairs, unknown, drop_through_sources=False, monitor=monitor)
    limits = question.limits[links.active]
    values = np.zeros(labels.shape)
    if question.stage is Stage.PINCH_POINTS:
        values = np.nan_to_num(pinchpoints(fields, links, cutoff=limits, monitor=monitor).current)
    elif question.stage is Stage.BARRIERS:
        values = np.nan_to_num(barriers(fields, links, radii=question.radii, outside=False, monitor=monitor).score)
    else:
        for one in corridors(fields, links, cutoff=limits, monitor=monitor):
            window = values[one.rows, one.cols]
            np.fmax(window, 1.0 - one.excess / one.cutoff if one.cutoff else 1.0 - one.excess, out=window)
    fields.release()
    return values, figures_of(question, links, labels)


def straight(question: Question) -> tuple[FloatArray, FloatArray]:
    """Return a map that is 1 on the straight lines between the ends of the least-cost paths, and figures along them."""
    fields = CostFields(CostGraph(question.resistance, cell_size=question.cell_size), question.labels)
    unknown = np.full(len(question.pairs), np.nan)
    links = find_links(fields, question.pairs, unknown, drop_through_sources=False)
    values = np.zeros(question.labels.shape)
    cost, length = links.cost.copy(), links.length.copy()
    for index in np.flatnonzero(links.active).tolist():
        ends = links.paths[index][[0, -1]]
        count = int(np.abs(ends[1] - ends[0]).max()) + 1
        line = np.rint(np.linspace(ends[0], ends[1], count)).astype(np.int64)
        along = question.resistance[line[:, 0], line[:, 1]].astype(np.float64)
        steps = np.hypot(*np.diff(line, axis=0).T) * question.cell_size
        # Where there is no resistance nothing passes.
        cost[index] = float(np.nan_to_num((along[1:] + along[:-1]) / 2.0 * steps, nan=np.inf).sum())
        length[index] = path_length(line, question.cell_size)
        values[line[:, 0], line[:, 1]] = 1.0
    return values, figures_of(question, replace(links, cost=cost, length=length), question.labels)


def figures_of(question: Question, links: Links, labels: IntArray) -> FloatArray:
    """Return the figures of a network, in the order of `FIGURES`."""
    active = links.active & np.isfinite(links.cost)
    pairs, cost = links.pairs[active] - 1, links.cost[active]
    area = np.bincount(labels.ravel())[1:] * question.cell_ha
    rate = dispersal_rate(question.dispersal, question.probability)
    equivalent = probability_indices(PatchGraph.dispersing(area, pairs, cost, rate)).equivalent
    central = current_flow(area.size, pairs, 1.0 / cost).nodes if cost.size else np.zeros(area.size)
    mean = float(cost.mean()) if cost.size else float("nan")
    return np.array([float(links.length[active].sum()), mean, equivalent, gini(central)])


def gini(values: FloatArray) -> float:
    """Return the Gini coefficient: 0 where all are equal, near 1 where one has everything.

    Examples
    --------
    >>> gini(np.array([1.0, 1.0, 1.0])), gini(np.array([0.0, 0.0, 0.0, 8.0]))
    (0.0, 0.75)
    """
    total = float(values.sum())
    if not total:
        return 0.0
    ranks = 2.0 * np.arange(1, values.size + 1) - values.size - 1.0
    return float(ranks @ np.sort(values) / (values.size * total))


def question_of(
    fields: CostFields, links: Links, limits: FloatArray, *, cell_ha: float, dispersal: float, **chosen: Any
) -> Question:
    """Return the question about a network; `dispersal` in metres, which cost what the paths do in the mean.

    Examples
    --------
    >>> labels = np.array([[1, 0, 0, 2]], dtype=np.int32)
    >>> fields = CostFields(CostGraph(np.full((1, 4), 3.0), cell_size=10.0), labels)
    >>> found = question_of(fields, Links.between([[1, 2]]), np.array([5.0]), cell_ha=0.01, dispersal=100.0,
    ...     kind=NullKind.LAND, stage=Stage.CORRIDORS)
    >>> found.dispersal
    300.0
    """
    joined = links.joined
    found = find_links(fields, joined, np.full(len(joined), np.nan), drop_through_sources=False)
    unit = mean_resistance(found)
    return Question(
        fields.graph.resistance,
        fields.labels,
        joined,
        limits,
        fields.graph.cell_size,
        cell_ha,
        dispersal=dispersal * unit,
        **chosen,
    )
