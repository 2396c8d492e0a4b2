"""Which corridors and key areas survive another judgement: the chain again on weights, scores and settings that were drawn.

References
----------
Chen, Y., Yu, J. & Khan, S. (2013). The spatial framework for weight sensitivity analysis in AHP-based multi-criteria decision
making. *Environmental Modelling & Software* 48, 129-140: weights varied, and where the map changes.
Feizizadeh, B., Jankowski, P. & Blaschke, T. (2014). A GIS based spatially-explicit sensitivity and uncertainty analysis
approach for multi-criteria decision analysis. *Computers & Geosciences* 64, 81-95, https://doi.org/10.1016/j.cageo.2013.11.009
Jankowski, P. et al. (2023). *GIScience 2023*, https://doi.org/10.4230/LIPIcs.GIScience.2023.42: scores and weights together.
That the draws are followed into corridors, pinch points and barriers is ours.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..corridors.cutoff import mean_resistance
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..planning.results import Distances
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..stats.shares import normalise_weights
from ..types import FloatArray
from .chunks import CHUNK, EC, LENGTH, RESISTANCE, SAME_CORRIDOR, SAME_KEY, Base, Counted, Job, Piece, chunk, figures_of
from .replicates import BARRIER, CORRIDOR, DISPERSAL, PINCH, Chain, Factor, Known, Study, follow, kinds_of
from .sampling import Draw, Sampler, Uncertainty
from .tallies import LinkShares, SourceShares, Tally, certain_share
from .tornado import Bar, tornado

_FAR = 1e-6
"""Sources between which dispersal has a smaller probability have no direct link."""


@dataclass(frozen=True)
class Robustness:
    """What many runs have in common.

    Attributes
    ----------
    runs, asked : int
        Runs done, and those asked for.
    settled : bool
        Whether they ended because the shares were known well enough.
    half_width : float
        Largest half width of the 95 % interval of the share of a cell.
    without : int
        Runs that found no network.
    shares : mapping of str to float32 array, shape (rows, cols)
        Share of the runs in which each cell was of a kind: path, corridor, pinch point, barrier.
    stayed : mapping of str to float64 array
        Share of the runs in which at least half of each pinch point and barrier of the base run was one.
    certain : mapping of str to float
        Share of the area of the pinch points and barriers of the base run that is certain; NaN without any.
    uncertainty : Uncertainty
        What varied.
    chain : Chain
        The base run.
    figures : mapping of str to float
        Its figures.
    links, sources : LinkShares, SourceShares
        Links and sources.
    inputs, outcomes : mapping of str to float64 array, shape (runs,)
        What each run was computed with and what came of it.
    cr : float64, shape (runs,)
        Consistency ratio of the judgements of each; NaN without any.
    bars : list of Bar
        Which input moves which outcome.
    tried : int
        Matrices of judgements that were drawn; those that are not consistent were left out.
    """

    runs: int
    asked: int
    settled: bool
    half_width: float
    without: int
    shares: Mapping[str, FloatArray]
    stayed: Mapping[str, FloatArray]
    certain: Mapping[str, float]
    uncertainty: Uncertainty
    chain: Chain
    figures: Mapping[str, float]
    links: LinkShares
    sources: SourceShares
    inputs: Mapping[str, FloatArray]
    outcomes: Mapping[str, FloatArray]
    cr: FloatArray
    bars: Sequence[Bar]
    tried: int


def run_bytes(cells: int) -> int:
    """Return about how much memory, in bytes, one run on a raster of so many cells needs at its peak.

    Examples
    --------
    >>> run_bytes(1_000_000)
    210000000
    """
    return 210 * cells


class _Settled(Exception):  # noqa: N818 (not an error)
    """The shares are known well enough."""


def robustness(
    study: Study,
    uncertainty: Uncertainty,
    *,
    distances: Distances,
    weights: Sequence[float] = (),
    matrices: Sequence[FloatArray] = (),
    runs: int = 200,
    tolerance: float = 0.05,
    seed: int = 0,
    chain: Chain | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Robustness:
    """Run the chain again and again on what could as well have been judged, and count what comes out of it.

    Parameters
    ----------
    study : Study
        What all runs share.
    uncertainty : Uncertainty
        What varies, and how far.
    distances : Distances
        Measures edge-to-edge distances between sources.
    weights : sequence of float, optional
        Weights of the factors of the study.
    matrices : sequence of float array, shape (factors, factors), optional
        Pairwise judgements of each expert, instead of weights.
    runs : int
        Most runs.
    tolerance : float
        Half width of the 95 % interval of the share of a cell at which runs end before, looked at after every `CHUNK` runs;
        0 for never.
    seed : int
        The same seed gives the same result. What is drawn for a run depends on the seed and its number alone.
    chain : Chain, optional
        The base run, where it is known already.
    where : Where
        Where the chunks of runs are worked out; the result is the same to the last bit.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    Robustness

    Raises
    ------
    InputError
        If what varies is not there, no matrix of judgements is consistent, or the base run or every other finds no network.

    Notes
    -----
    The factors are taken in an order that follows from their cells, so that neither the order in which they are given nor
    their names change anything. Time is that of `runs` chains, memory that of one and two bytes a cell for each kind of cell
    that is counted, and one for a chunk.

    Examples
    --------
    >>> from ecosecnet.core.grid import Grid
    >>> from ecosecnet.core.choices import Stage
    >>> from ecosecnet.core.decisions import Factor
    >>> labels = np.zeros((3, 5), dtype=np.int32)
    >>> labels[:, 0], labels[:, 4] = 1, 2
    >>> north, south = np.full((3, 5), 9.0), np.full((3, 5), 9.0)
    >>> north[0], south[2] = 1.0, 1.0
    >>> factors = [Factor.of("North", north), Factor.of("South", south)]
    >>> study = Study(factors, Grid(3, 5, dx=10.0, dy=10.0), labels, stage=Stage.CORRIDORS)
    >>> found = robustness(study, Uncertainty(spread=0.2), distances=Known.none(), weights=[0.7, 0.3], runs=100)
    >>> found.shares["path"].round(1).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    if runs < 1:
        raise InputError(f"{runs} runs tell nothing; give 1 or more.")
    if not len(matrices):
        weights = normalise_weights(weights, monitor=monitor).tolist()
    sizes = {len(matrix) for matrix in matrices} or {len(weights)}
    if sizes != {len(study.factors)}:
        raise InputError(
            f"There are {len(study.factors)} factors, but {max(sizes)} of them are weighed. Weigh each of them."
        )
    given = [factor.name for factor in study.factors]
    there = np.logical_and.reduce([factor.known for factor in study.factors])
    factors = [Factor.of(one.name, np.where(there, one.layer(), np.float32(np.nan))) for one in study.factors]
    order = sorted(range(len(factors)), key=lambda k: (factors[k].mark, factors[k].name))
    study = replace(study, factors=[factors[k] for k in order])
    sampler = Sampler(
        [factor.name for factor in study.factors],
        uncertainty,
        weights=[weights[k] for k in order] if len(weights) else (),
        matrices=[np.asarray(matrix)[np.ix_(order, order)] for matrix in matrices],
        scores=[factor.scores for factor in study.factors],
        seed=seed,
    )
    draws = sampler.draws(runs, monitor=monitor.part(0.0, 0.01))
    if DISPERSAL in uncertainty.settings:
        study = _measured(study, uncertainty, distances, monitor.part(0.01, 0.02))
    once = 0.0 if chain else 0.98 / (runs + 1.0)
    if chain is None:
        started = time.monotonic()
        chain = follow(study, sampler.base, distances, monitor=monitor.part(0.02, 0.02 + once))
        one = time.monotonic() - started
        monitor.info(f"A run took {one:.1f} s: {runs:,} take about {_words(one * runs / where.processes)}.")
    job = Job(study, _base(study, chain))
    tally = Tally(kinds_of(study.stage), study.labels.shape, runs)
    settled = _count(job, draws, tally, tolerance, where, monitor.part(0.02 + once, 1.0))
    failed = [record.nothing for record in tally.records if record.nothing]
    if len(failed) == tally.runs:
        raise InputError(f"None of the {tally.runs:,} runs found a network. The first: {failed[0]}")
    if failed:
        monitor.warn(
            f"{len(failed):,} of the {tally.runs:,} runs found no network and count as runs without corridors. The first of "
            f"them: {failed[0]}"
        )
    shares = {kind: tally.share(kind) for kind in tally.counts}
    inputs = _inputs(study, draws[: tally.runs], given)
    if tally.runs > 1 and not any(np.ptp(values) for values in inputs.values()):
        monitor.warn(
            "Nothing varied: all runs were computed with the same weights, scores and settings, and that all places stay "
            "says nothing. Give a spread, steps or a shift above 0, and at least two factors a weight."
        )
    names = [SAME_CORRIDOR, *([SAME_KEY] if job.base.places else []), LENGTH, RESISTANCE, EC]
    outcomes = {name: tally.figure(name) for name in names}
    return Robustness(
        tally.runs,
        runs,
        settled,
        tally.half_width,
        len(failed),
        shares,
        {kind: stayed / tally.runs for kind, stayed in tally.stayed.items()},
        {kind: certain_share(labels > 0, shares[kind]) for kind, labels in job.base.places.items()},
        uncertainty,
        chain,
        figures_of(study, chain, job.base.unit),
        tally.links(),
        tally.sources(),
        inputs,
        outcomes,
        np.array([draw.cr for draw in draws[: tally.runs]]),
        tornado(inputs, {name: outcomes[name] for name in names if name != RESISTANCE}),
        sampler.tried,
    )


def _count(job: Job, draws: Sequence[Draw], tally: Tally, tolerance: float, where: Where, monitor: Monitor) -> bool:
    """Run the chunks and count them; return whether they ended before the last."""
    started = time.monotonic()
    pieces = [Piece(first, draws[first : first + CHUNK]) for first in range(0, len(draws), CHUNK)]

    def merge(counted: Counted) -> None:
        tally.add(counted)
        if tally.runs == CHUNK < len(draws):
            pace = (time.monotonic() - started) / (CHUNK * min(where.processes, len(pieces)))
            left = (len(draws) - CHUNK) * pace
            monitor.info(f"{CHUNK} runs are done; {len(draws) - CHUNK:,} more take about {_words(left)}.")
        if tally.runs < len(draws) and tally.half_width <= tolerance:
            raise _Settled

    try:
        spread(chunk, job, pieces, merge, where=where, monitor=monitor)
    except _Settled:
        return True
    return False


def _words(seconds: float) -> str:
    """Return a time in words."""
    for unit, length in (("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def _base(study: Study, chain: Chain) -> Base:
    """Return what runs are compared with."""
    areas = {PINCH: chain.pinch, BARRIER: chain.barrier}
    nowhere = np.zeros(study.labels.shape, dtype=np.int32)
    links = chain.network.links
    return Base(
        chain.cells(CORRIDOR),
        {
            kind: nowhere if found is None else found.labels
            for kind, found in areas.items()
            if kind in kinds_of(study.stage)
        },
        Known(links.pairs - 1, links.euclidean),
        mean_resistance(links),
    )


def _measured(study: Study, uncertainty: Uncertainty, distances: Distances, monitor: Monitor) -> Study:
    """Return a study with the distances between its sources as far as the widest dispersal goes."""
    widest = max(uncertainty.settings[DISPERSAL].values)
    far = max(widest * np.log(_FAR) / np.log(study.probability), widest)
    near, apart = distances.within(study.labels, float(far), monitor)
    return replace(study, near=near, apart=apart)


def _inputs(study: Study, draws: Sequence[Draw], names: Sequence[str]) -> dict[str, FloatArray]:
    """Return what each run was computed with, the factors in the order they were given."""
    place = {factor.name: k for k, factor in enumerate(study.factors)}
    found = {f"weight of {name}": np.array([draw.weights[place[name]] for draw in draws]) for name in names}
    for name in names if draws[0].scores else ():
        k = place[name]
        for at, score in enumerate(study.factors[k].scores.tolist()):
            found[f"score {score:.6g} of {name}"] = np.array([draw.scores[k][at] for draw in draws])
    for name in draws[0].settings:
        found[name] = np.array([draw.settings[name] for draw in draws])
    return found
