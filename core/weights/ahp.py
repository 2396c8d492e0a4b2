"""Weights from pairwise judgements: the analytic hierarchy process (AHP)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..choices import RandomIndex
from ..errors import InputError
from ..types import Array, FloatArray
from .judgements import check_matrix

RANDOM_INDEX = {
    RandomIndex.SAATY: (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59),
    RandomIndex.ALONSO: (
        *(0.0, 0.0, 0.5245, 0.8815, 1.1086, 1.2479, 1.3417, 1.4056, 1.4499),
        *(1.4854, 1.5141, 1.5365, 1.5551, 1.5713, 1.5838),
    ),
}
"""Mean consistency index of random matrices of 1, 2, ... 15 factors, by the table."""

ACCEPTABLE_CR = 0.1
_SAATY_SCALE = np.concatenate([1.0 / np.arange(9, 1, -1), np.arange(1.0, 10.0)])


@dataclass(frozen=True)
class Judgement:
    """One pairwise judgement and how well it fits the others.

    Parameters
    ----------
    first, second : str
        The factors; `value` says how many times as important the first is.
    row, col : int
        Its cell in the matrix, from 0.
    value : float
        The judgement.
    implied : float
        What the weights say instead: weight of the first / weight of the second.
    mended : float
        The value on Saaty's scale that makes the whole matrix most consistent when nothing else is changed.
    mended_cr : float
        The consistency ratio after that change.
    """

    first: str
    second: str
    row: int
    col: int
    value: float
    implied: float
    mended: float
    mended_cr: float

    @property
    def strain(self) -> float:
        """How far the judgement is from what the weights imply: ``|ln(value / implied)|``."""
        return abs(math.log(self.value / self.implied))

    def describe(self) -> str:
        """Return the judgement and its remedy in one sentence."""
        return (
            f"'{self.first}' against '{self.second}' is {scale_text(self.value)}, the other judgements suggest "
            f"{self.implied:.2f}; {scale_text(self.mended)} would bring the consistency ratio to {self.mended_cr:.3f}"
        )


@dataclass(frozen=True)
class AhpResult:
    """Weights of a pairwise matrix and its consistency.

    Parameters
    ----------
    names : tuple of str
        The factors.
    matrix : ndarray, float64, shape (n, n)
        The judgements used; NaN where none was given.
    weights : ndarray, float64, shape (n,)
        Weights that sum to 1.
    lambda_max : float
        Principal eigenvalue; n for a perfectly consistent matrix. For the geometric mean, and for an incomplete
        matrix, that of the same definition, see `analyse`.
    ci : float
        Consistency index, (lambda_max - n) / (n - 1).
    cr : float
        Consistency ratio, CI / random index; 0 for n < 3.
    random_index : float
        The random index used.
    table : str
        Its table.
    judgements : tuple of Judgement
        The judgements above the diagonal, the one that fits worst first; empty unless CR >= 0.1.
    """

    names: tuple[str, ...]
    matrix: FloatArray
    weights: FloatArray
    lambda_max: float
    ci: float
    cr: float
    random_index: float
    table: str
    judgements: tuple[Judgement, ...]

    @property
    def consistent(self) -> bool:
        """Return whether the consistency ratio is below 0.1."""
        return self.cr < ACCEPTABLE_CR


@dataclass(frozen=True)
class GroupResult:
    """Weights of a group of experts.

    Parameters
    ----------
    group : AhpResult
        Result of the geometric mean of the judgements.
    experts : tuple of AhpResult
        Result of each expert.
    compatibility : ndarray, float64, shape (experts,)
        Saaty's compatibility index of each expert's weights with those of the group: 1 when they agree, up to about 1.1
        acceptable.
    concordance : float
        Kendall's W of the ranks the experts give to the factors, corrected for ties: 1 when all rank alike, 0 when
        there is no agreement; NaN when every expert ranks all factors alike.
    """

    group: AhpResult
    experts: tuple[AhpResult, ...]
    compatibility: FloatArray
    concordance: float


def analyse(
    matrix: Array,
    *,
    names: Sequence[str] | None = None,
    table: RandomIndex | str = RandomIndex.SAATY,
    method: str = "eigenvector",
) -> AhpResult:
    """Return the weights and the consistency of a matrix of pairwise judgements.

    Parameters
    ----------
    matrix : ndarray, float, shape (n, n)
        How many times as important the factor of the row is as that of the column. A cell may be NaN when its mirror
        cell is given; where both are NaN the judgement is missing.
    names : sequence of str, optional
        Names of the factors.
    table : {"Saaty 1980", "Alonso & Lamata 2006"}, optional
        Table of the random index.
    method : {"eigenvector", "geometric mean"}, optional
        How to derive the weights. Lambda max is the principal eigenvalue in both cases.

    Returns
    -------
    AhpResult
        Weights, lambda max, CI, CR and, if CR >= 0.1, the judgements from the worst on.

    Raises
    ------
    InputError
        If the matrix is not square, positive and reciprocal (the cell is named), has more missing judgements than can
        be filled, or the option is unknown.

    Notes
    -----
    Missing judgements are filled as Harker proposed: 0 in their place and one more on the diagonal for each, so that
    lambda max is that of the matrix in which they equal the ratio of the weights. The random index is then reduced by
    the factor 1 - 2 m / ((n - 1)(n - 2)) for m missing judgements [4]_; simulated matrices give up to a tenth more when
    half of the judgements are missing, so that the ratio errs on the strict side. Beyond 15 factors the random
    index follows the fit of Alonso & Lamata, (1.7699 n - 4.3513) / (n - 1), in both tables.

    The judgements are ranked by ``|ln(a_ij w_j / w_i)|``. The value that mends one is found by trying all 17 of
    Saaty's scale.

    References
    ----------
    .. [1] Saaty (1980), The Analytic Hierarchy Process. Saaty (1990), doi:10.1016/0377-2217(90)90057-I.
    .. [2] Alonso & Lamata (2006), doi:10.1142/S0218488506004114.
    .. [3] Harker (1987), doi:10.1016/0270-0255(87)90503-3.
    .. [4] Ágoston & Csató (2022), doi:10.1016/j.omega.2021.102576.

    Examples
    --------
    >>> result = analyse(np.array([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]))
    >>> result.weights.round(4).tolist()
    [0.5714, 0.2857, 0.1429]
    >>> round(abs(result.cr), 6)
    0.0
    """
    if method not in ("eigenvector", "geometric mean"):
        raise InputError(f"The method must be 'eigenvector' or 'geometric mean', not '{method}'.")
    filled = check_matrix(matrix, names=names)
    n = len(filled)
    labels = tuple(names) if names else tuple(f"Factor {i + 1}" for i in range(n))
    missing = int(np.count_nonzero(np.isnan(filled))) // 2
    if method == "geometric mean" and missing:
        raise InputError(
            f"{missing} judgements are missing. The geometric mean needs a full matrix; use the eigenvector method."
        )
    eigenvalues, vectors = np.linalg.eig(_harker(filled))
    principal = int(np.argmax(eigenvalues.real))
    lambda_max = max(float(eigenvalues[principal].real), float(n))
    geometric = method == "geometric mean"
    weights = np.exp(np.log(filled).mean(axis=1)) if geometric else np.abs(vectors[:, principal].real)
    weights = weights / weights.sum()
    index = random_index(n, table=table, missing=missing)
    ci = (lambda_max - n) / (n - 1) if n > 1 else 0.0
    cr = ci / index if index > 0 else 0.0
    worst = _rank_judgements(filled, weights, labels, index) if cr >= ACCEPTABLE_CR else ()
    return AhpResult(labels, filled, weights, lambda_max, ci, cr, index, RandomIndex.of(table).label, worst)


def analyse_group(
    matrices: Sequence[Array],
    *,
    names: Sequence[str] | None = None,
    importance: Sequence[float] | None = None,
    table: RandomIndex | str = RandomIndex.SAATY,
) -> GroupResult:
    """Return the weights of several experts by the geometric mean of their judgements.

    Parameters
    ----------
    matrices : sequence of ndarray, shape (n, n)
        One matrix per expert, as in `analyse`. A judgement that some experts left out is the mean of the others.
    names : sequence of str, optional
        Names of the factors.
    importance : sequence of float, optional
        Weight of each expert; equal by default.
    table : str, optional
        Table of the random index.

    Returns
    -------
    GroupResult
        Result of the group and of each expert; nobody is dropped.

    Raises
    ------
    InputError
        As `analyse`, or if the matrices differ in size, or an importance is not above 0.

    References
    ----------
    Aczel & Saaty (1983), doi:10.1016/0022-2496(83)90028-7: the geometric mean is the only one that keeps the matrix
    reciprocal. Compatibility index: Saaty (2005), Theory and Applications of the Analytic Network Process.

    Examples
    --------
    >>> one, other = np.array([[1, 2], [1 / 2, 1]]), np.array([[1, 8], [1 / 8, 1]])
    >>> analyse_group([one, other]).group.weights.round(4).tolist()
    [0.8, 0.2]
    """
    if not matrices:
        raise InputError("There is no matrix of judgements. Give at least one.")
    experts = tuple(analyse(matrix, names=names, table=table) for matrix in matrices)
    sizes = {len(expert.weights) for expert in experts}
    if len(sizes) > 1:
        raise InputError(f"The experts judged different numbers of factors: {', '.join(map(str, sorted(sizes)))}.")
    share = np.ones(len(experts)) if importance is None else np.asarray(importance, dtype=np.float64)
    if share.shape != (len(experts),) or not (share > 0).all():
        raise InputError(f"Give one importance above 0 for each of the {len(experts)} experts.")
    stack = np.stack([expert.matrix for expert in experts])
    given = ~np.isnan(stack)
    weight = share[:, None, None] * given
    total = weight.sum(axis=0)
    logs = (weight * np.log(np.where(given, stack, 1.0))).sum(axis=0)
    mean = np.where(total > 0, np.exp(logs / np.where(total > 0, total, 1.0)), np.nan)
    group = analyse(mean, names=names, table=table)
    compatibility = np.array([_compatibility(group.weights, expert.weights) for expert in experts])
    return GroupResult(group, experts, compatibility, _kendall_w(np.stack([e.weights for e in experts])))


def random_index(n: int, *, table: RandomIndex | str = RandomIndex.SAATY, missing: int = 0) -> float:
    """Return the random index of n factors, with some judgements missing; see `analyse`."""
    values = RANDOM_INDEX[RandomIndex.of(table)]
    full = values[n - 1] if n <= len(values) else (1.7699 * n - 4.3513) / (n - 1)
    if not missing:
        return full
    share = 1.0 - 2.0 * missing / ((n - 1) * (n - 2))
    return full * share if share > 1e-12 else 0.0


def mending_steps(result: AhpResult) -> tuple[Judgement, ...]:
    """Return the fewest changes found that bring the consistency ratio below 0.1.

    Greedy: each step changes the one judgement that helps most, to a value of Saaty's scale, and none is changed twice.

    Returns
    -------
    tuple of Judgement
        In the order to make them; `mended_cr` is the ratio after each. Empty when the matrix is consistent already.

    Examples
    --------
    >>> result = analyse(np.array([[1, 2, 1 / 5], [1 / 2, 1, 2], [5, 1 / 2, 1]]))
    >>> [(step.first, step.second, round(step.value, 4), step.mended) for step in mending_steps(result)]
    [('Factor 1', 'Factor 3', 0.2, 4.0)]
    """
    steps: list[Judgement] = []
    matrix = result.matrix.copy()
    done: set[tuple[int, int]] = set()
    cr = result.cr
    while cr >= ACCEPTABLE_CR:
        weights = _principal(matrix)
        ranked = _rank_judgements(matrix, weights, result.names, result.random_index)
        open_ones = [j for j in ranked if (j.row, j.col) not in done]
        best = min(open_ones, key=lambda j: j.mended_cr, default=None)
        if best is None or best.mended_cr >= cr:
            break
        matrix[best.row, best.col], matrix[best.col, best.row] = best.mended, 1.0 / best.mended
        done.add((best.row, best.col))
        cr = best.mended_cr
        steps.append(best)
    return tuple(steps)


def scale_text(value: float) -> str:
    """Return a judgement as on Saaty's scale: 3, 1/3, or with decimals when it lies between.

    Examples
    --------
    >>> scale_text(3.0), scale_text(1 / 3), scale_text(2.45)
    ('3', '1/3', '2.45')
    """
    if value < 1.0 and abs(1.0 / value - round(1.0 / value)) < 1e-6:
        return f"1/{round(1.0 / value)}"
    return f"{value:.4g}"


def _harker(matrix: FloatArray) -> FloatArray:
    absent = np.isnan(matrix)
    return np.where(absent, 0.0, matrix) + np.diag(absent.sum(axis=1).astype(np.float64))


def _principal(matrix: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eig(_harker(matrix))
    weights = np.abs(vectors[:, np.argmax(values.real)].real)
    return np.asarray(weights / weights.sum())


def _rank_judgements(
    matrix: FloatArray, weights: FloatArray, names: Sequence[str], index: float
) -> tuple[Judgement, ...]:
    n = len(matrix)
    base = _harker(matrix)
    found = []
    for i, j in combinations(range(n), 2):
        if math.isnan(matrix[i, j]):
            continue
        trials = np.repeat(base[None], len(_SAATY_SCALE), axis=0)
        trials[:, i, j] = _SAATY_SCALE
        trials[:, j, i] = 1.0 / _SAATY_SCALE
        lambdas = np.linalg.eigvals(trials).real.max(axis=1)
        best = int(np.argmin(lambdas))
        cr = max(float(lambdas[best]) - n, 0.0) / (n - 1) / index
        implied = float(weights[i] / weights[j])
        value = float(matrix[i, j])
        found.append(Judgement(names[i], names[j], i, j, value, implied, float(_SAATY_SCALE[best]), cr))
    return tuple(sorted(found, key=lambda judgement: -judgement.strain))


def _compatibility(group: FloatArray, expert: FloatArray) -> float:
    """Mean of the Hadamard product of the two ratio matrices, Saaty's index."""
    ratio = group / expert
    return float(np.mean(np.outer(ratio, 1.0 / ratio)))


def _kendall_w(weights: FloatArray) -> float:
    experts, n = weights.shape
    # Weights that differ by rounding only are tied.
    rounded = np.round(weights, 9)
    ranks = np.array([[(row < x).sum() + ((row == x).sum() + 1) / 2.0 for x in row] for row in rounded])
    ties = sum(float(count) ** 3 - count for row in rounded for count in np.unique(row, return_counts=True)[1])
    spread = float(np.sum((ranks.sum(axis=0) - experts * (n + 1) / 2.0) ** 2))
    most = experts**2 * (n**3 - n) - experts * ties
    return 12.0 * spread / most if most else math.nan
