"""Draws of what a planner has to judge: weights, scores and settings that could as well have been chosen.

The draw of a run depends on the seed and the number of the run alone, so that any run can be repeated by itself. Uniform
numbers come from Latin hypercubes of `STRATA` runs each: in every input each of so many equal intervals is drawn from once.
Which run has which interval follows from the seed and the number of the hypercube, the place within it from the seed and the
number of the run. (`scipy.stats.qmc` makes one hypercube of all runs: each run would depend on their number.)

References
----------
McKay, M. D., Beckman, R. J. & Conover, W. J. (1979). A comparison of three methods for selecting values of input variables in
the analysis of output from a computer code. *Technometrics* 21, 239-245, https://doi.org/10.2307/1268522
Saaty, T. L. (1980). *The Analytic Hierarchy Process*: judgements are kept while their consistency ratio is below 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaincinv

from ..choices import Variation
from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..stats.shares import normalise_weights
from ..types import FloatArray
from ..weights.ahp import ACCEPTABLE_CR, AhpResult, analyse, analyse_group
from ..weights.consistency import consistency_ratios
from .settings import Setting

STRATA = 50
"""Runs of a Latin hypercube."""

_HYPERCUBE = 1
"""Tells the random numbers of a hypercube from those of a run."""

_MOST_REJECTED = 1000
"""Draws in a row without a consistent matrix after which there is no use in going on."""

_TOP = 8.0
"""Highest grade of a judgement: 9 times as important."""


@dataclass(frozen=True)
class Uncertainty:
    """What varies, and how far.

    Attributes
    ----------
    varies : tuple of Variation
        What is varied; several go together.
    steps : int
        Largest change of a judgement, in steps of Saaty's scale; the smaller a change the likelier, in a triangle.
    spread : float
        Standard deviation of a weight of mean size, as a share of it.
    shift : float
        Largest change of a score as a share of the gap to the next one, at most a half, so that the order stays.
    settings : mapping of str to Setting
        Values of the settings, by their names.

    Raises
    ------
    InputError
        If a number is out of range, or a setting has no values.
    """

    varies: tuple[Variation, ...] = (Variation.WEIGHTS,)
    steps: int = 1
    spread: float = 0.25
    shift: float = 0.5
    settings: Mapping[str, Setting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.steps <= 2 * _TOP:
            raise InputError(f"Judgements vary by {self.steps} steps; it must be 0 to 16.")
        if not 0.0 <= self.spread < math.inf:
            raise InputError(f"The spread of the weights is {self.spread:g}; it must be 0 or more.")
        if not 0.0 <= self.shift <= 0.5:
            raise InputError(
                f"Scores are shifted by {self.shift:g} of the gap to the next; more than 0.5 would change their order."
            )


@dataclass(frozen=True)
class Draw:
    """What one run is computed with.

    Attributes
    ----------
    weights : float64, shape (factors,)
        They sum to 1.
    scores : tuple of float64 arrays
        The scores of each factor, ascending; empty where they do not vary.
    settings : mapping of str to float
        The settings that vary.
    cr : float
        Consistency ratio of the judgements; NaN without any.
    tried : int
        Matrices of judgements that were drawn until one was consistent; 0 where none was.
    """

    weights: FloatArray
    scores: tuple[FloatArray, ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    cr: float = math.nan
    tried: int = 0


def concentration(spread: float, count: int) -> float:
    """Return the concentration of the Dirichlet distribution in which a weight of mean size has a relative spread.

    Raises
    ------
    InputError
        If the spread is so large that weights would be all or nothing.

    Examples
    --------
    >>> round(concentration(0.25, 5), 6)
    63.0
    """
    most = math.sqrt((count - 1) / 2.0)
    if spread > most:
        raise InputError(
            f"A spread of {spread:g} makes the weights of {count} factors all or nothing; take "
            f"{math.floor(100 * most) / 100:g} at most."
        )
    return (count - 1) / spread**2 - 1.0


def grade(judgement: FloatArray) -> FloatArray:
    """Return judgements as steps from 1: 3 is 2, 1/3 is -2.

    Examples
    --------
    >>> grade(np.array([1.0, 3.0, 0.25])).tolist()
    [0.0, 2.0, -3.0]
    """
    steps: FloatArray = np.where(judgement >= 1.0, judgement - 1.0, 1.0 - 1.0 / judgement)
    return steps


def judgement(grade: FloatArray) -> FloatArray:
    """Return the judgement that is so many steps from 1; see `grade`.

    Examples
    --------
    >>> judgement(np.array([0.0, 2.0, -3.0])).tolist()
    [1.0, 3.0, 0.25]
    """
    value: FloatArray = np.where(grade >= 0.0, grade + 1.0, 1.0 / (1.0 - np.minimum(grade, 0.0)))
    return value


def shifted(scores: FloatArray, moves: FloatArray) -> FloatArray:
    """Return scores, each moved by a share of the gap to its neighbour on that side.

    Parameters
    ----------
    scores : float64, shape (n,)
        Ascending, above 0.
    moves : float64, same shape
        -0.5 to 0.5. The lowest score moves down by a share of itself or of the gap above it, whichever is less, the highest
        one up by a share of the gap below it.

    Examples
    --------
    >>> shifted(np.array([1.0, 3.0, 7.0]), np.array([-0.5, 0.5, 0.25])).tolist()
    [0.5, 5.0, 8.0]
    """
    if scores.size < 2:
        return scores
    gaps = np.diff(scores)
    below = np.concatenate(([min(max(scores[0], 0.0), gaps[0])], gaps))
    above = np.concatenate((gaps, [gaps[-1]]))
    found: FloatArray = scores + moves * np.where(moves < 0.0, below, above)
    return found


class Sampler:
    """Draws what runs are computed with.

    Parameters
    ----------
    names : sequence of str
        The factors.
    uncertainty : Uncertainty
        What varies.
    weights : sequence of float, optional
        Weights of the factors, summing to 1; where there are judgements, those of the judgements are taken.
    matrices : sequence of ndarray, float64, shape (n, n)
        Pairwise judgements of each expert; the mean of several is varied.
    scores : sequence of float64 arrays
        The different scores of each factor, ascending, for scores that vary.
    seed : int
        The same seed gives the same draws.

    Raises
    ------
    InputError
        If what varies is not there.

    Examples
    --------
    >>> sampler = Sampler(["Slope", "Roads"], Uncertainty(spread=0.2), weights=[0.6, 0.4])
    >>> sampler.base.weights.tolist(), round(float(sampler.draw(3).weights.sum()), 12)
    ([0.6, 0.4], 1.0)
    """

    def __init__(
        self,
        names: Sequence[str],
        uncertainty: Uncertainty,
        *,
        weights: Sequence[float] = (),
        matrices: Sequence[FloatArray] = (),
        scores: Sequence[FloatArray] = (),
        seed: int = 0,
    ) -> None:
        self._names, self._what, self._seed = list(names), uncertainty, seed
        self._matrices = list(matrices)
        varies = uncertainty.varies
        if not varies:
            raise InputError(
                "Nothing varies. Choose what is uncertain: judgements, weights, experts, scores or settings."
            )
        if not self._matrices and Variation.JUDGEMENTS in varies:
            raise InputError(
                "Judgements vary, but there are none. Give the matrix of pairwise judgements (MATRIX) or tables of them "
                "(JUDGEMENTS), or vary the weights."
            )
        if len(self._matrices) < 2 and Variation.EXPERTS in varies:
            raise InputError(
                f"The experts vary, but there are judgements of {len(self._matrices)}. Give a table of judgements for each "
                "expert (JUDGEMENTS)."
            )
        if Variation.SETTINGS in varies and not any(setting.values for setting in uncertainty.settings.values()):
            raise InputError(
                "The settings vary, but none has values. Give cutoffs, dispersal distances or smallest areas."
            )
        self._vary = {one: one in varies for one in Variation}
        self._scores = list(scores) if self._vary[Variation.SCORES] else []
        if self._vary[Variation.SCORES] and not any(own.size > 1 for own in self._scores):
            raise InputError("The scores vary, but no factor has classes of different scores.")
        if self._matrices:
            group = self._of_experts(range(len(self._matrices)))
            self.base = Draw(group.weights, cr=group.cr)
        else:
            self.base = Draw(normalise_weights(weights))
        used = int(np.count_nonzero(self.base.weights))
        self._concentration = math.inf
        if self._vary[Variation.WEIGHTS] and uncertainty.spread > 0 and used > 1:
            self._concentration = concentration(uncertainty.spread, used)
        self.tried, self.drawn = 0, 0

    def draw(self, run: int) -> Draw:
        """Return what a run is computed with; the first has the number 0.

        Raises
        ------
        InputError
            If no matrix of judgements is consistent.
        """
        place = self._places(run)
        rng = np.random.default_rng([self._seed, run])

        def uniform(count: int) -> FloatArray:
            nonlocal place
            own, place = place[:count], place[count:]
            numbers: FloatArray = (own + rng.random(count)) / STRATA
            return numbers

        weights, cr, tried = self.base.weights, self.base.cr, 0
        group: AhpResult | None = None
        if self._vary[Variation.EXPERTS]:
            group = self._resampled(uniform(len(self._matrices)), rng)
            weights, cr = group.weights, group.cr
        if self._vary[Variation.JUDGEMENTS]:
            matrix = (group or self._of_experts(range(len(self._matrices)))).matrix
            weights, cr, tried = self._judged(matrix, uniform(self._pairs), rng)
        if np.isfinite(self._concentration):
            weights = self._spread(weights, uniform(len(weights)))
        scores = tuple(
            shifted(own, self._what.shift * (2.0 * uniform(own.size) - 1.0)) if own.size else own
            for own in self._scores
        )
        settings = {}
        if self._vary[Variation.SETTINGS]:
            for (name, setting), number in zip(self._settings, uniform(len(self._settings)).tolist()):
                settings[name] = setting.at(number)
        self.drawn += 1
        self.tried += tried
        return Draw(weights, scores, settings, cr, tried)

    def draws(self, runs: int, *, monitor: Monitor = SILENT) -> list[Draw]:
        """Return the draws of the first runs."""
        found = []
        for run in range(runs):
            monitor.step(run, runs)
            found.append(self.draw(run))
        return found

    @property
    def _pairs(self) -> int:
        return len(self._names) * (len(self._names) - 1) // 2

    @property
    def _settings(self) -> list[tuple[str, Setting]]:
        return [(name, setting) for name, setting in self._what.settings.items() if setting.values]

    def _places(self, run: int) -> FloatArray:
        """Return which interval of its hypercube a run has in each input."""
        inputs = self._pairs + len(self._matrices) + len(self._names) + sum(own.size for own in self._scores)
        inputs += len(self._settings)
        cube, place = divmod(run, STRATA)
        rng = np.random.default_rng([self._seed, cube, _HYPERCUBE])
        order: FloatArray = rng.random((inputs, STRATA)).argsort(axis=1)[:, place].astype(np.float64)
        return order

    def _of_experts(self, chosen: Sequence[int]) -> AhpResult:
        matrices = [self._matrices[one] for one in chosen]
        if len(matrices) == 1:
            return analyse(matrices[0], names=self._names)
        return analyse_group(matrices, names=self._names).group

    def _resampled(self, uniform: FloatArray, rng: np.random.Generator) -> AhpResult:
        """Return the judgements of as many experts, drawn with replacement."""
        count = len(self._matrices)
        for _ in range(_MOST_REJECTED):
            try:
                return self._of_experts(sorted((uniform * count).astype(np.int64).tolist()))
            except InputError:  # what the experts who were drawn left out leaves a factor without a judgement
                uniform = rng.random(count)
        raise InputError(
            f"Of {_MOST_REJECTED:,} draws of experts none judged enough pairs to weigh all factors. Ask them for the "
            "judgements that are missing, or vary the judgements instead of the experts."
        )

    def _judged(
        self, matrix: FloatArray, uniform: FloatArray, rng: np.random.Generator
    ) -> tuple[FloatArray, float, int]:
        """Return weights and consistency ratio of a consistent matrix around one, and how many were tried."""
        above = np.triu_indices(len(matrix), k=1)
        at = grade(matrix[above])
        chance = np.cumsum(self._what.steps + 1 - np.abs(np.arange(-self._what.steps, self._what.steps + 1)))
        tried, batch = 0, uniform[None]
        while tried < _MOST_REJECTED:
            moves = np.searchsorted(chance / chance[-1], batch, side="right") - self._what.steps
            values = judgement(np.clip(at + moves, -_TOP, _TOP))
            stack = np.tile(np.eye(len(matrix)), (len(batch), 1, 1))
            stack[:, above[0], above[1]] = values
            stack[:, above[1], above[0]] = 1.0 / values
            good = np.flatnonzero(consistency_ratios(stack) < ACCEPTABLE_CR)
            if good.size:
                found = analyse(stack[good[0]])
                return found.weights, found.cr, tried + int(good[0]) + 1
            tried += len(batch)
            batch = rng.random((min(4 * len(batch), _MOST_REJECTED - tried), uniform.size))
        rate = self.drawn / (self.tried + tried)
        share = f"{100 * rate:.2g} % of all" if rate else f"fewer than {100 / _MOST_REJECTED:g} %"
        raise InputError(
            f"Of {_MOST_REJECTED:,} matrices at most {self._what.steps} steps from the judgements none is consistent (CR "
            f"below {ACCEPTABLE_CR:g}); {share} were accepted. The judgements themselves have a CR of "
            f"{analyse(matrix).cr:.3f}: mend them ('Weights by AHP' says which), or change STEPS."
        )

    def _spread(self, weights: FloatArray, uniform: FloatArray) -> FloatArray:
        """Return weights of a Dirichlet distribution around some; those of 0 stay 0."""
        shape = self._concentration * weights
        drawn = np.zeros(weights.size)
        drawn[shape > 0] = gammaincinv(shape[shape > 0], uniform[shape > 0])
        found: FloatArray = drawn / drawn.sum()
        return found
