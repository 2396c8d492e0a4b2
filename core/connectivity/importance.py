"""How much of the connectivity each patch and each link carries."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ..monitor import SILENT, Monitor
from ..spread.where import HERE, Where
from ..stats.products import weighted_sum
from ..types import BoolArray, FloatArray, IntArray
from .dense import losses_by_halving
from .failures import link_losses, patch_losses, uses_numba
from .graph import MAX_DENSE, PatchGraph
from .pruning import pruned
from .trees import path_trees

PROPOSED = 10
"""Sources that a proposed smallest dPC leaves, where there are so many."""

CUT_DECIMALS = 4
"""Decimals of a smallest dPC."""

_GIANT = 50.0
"""dPC in percent from which on one patch holds most of the connectivity."""


@dataclass(frozen=True)
class Importance:
    """Share of the connectivity that is lost with each patch, in per cent, shape (n,).

    Attributes
    ----------
    numerator : float
        The index times the square of the landscape attribute, all patches present.
    total : float64
        dPC or dIIC, the sum of the three fractions.
    intra : float64
        What the patch holds itself.
    flux : float64
        What it exchanges with the others.
    connector : float64
        What the others lose because their best path led through it.
    """

    numerator: float
    total: FloatArray
    intra: FloatArray
    flux: FloatArray
    connector: FloatArray

    def at(self, positions: IntArray) -> Importance:
        """Return the importance of some of the patches, in the order given."""
        parts = ("total", "intra", "flux", "connector")
        return replace(self, **{name: getattr(self, name)[positions] for name in parts})


def important(dpc: FloatArray, least: float) -> BoolArray:
    """Return which sources are kept for their importance: those whose dPC is at least the limit; NaN is none.

    Examples
    --------
    >>> important(np.array([0.5, 1.0, np.nan]), 1.0)
    array([False,  True, False])
    """
    with np.errstate(invalid="ignore"):
        kept: BoolArray = np.asarray(dpc) >= least
    return kept


def cut_advice(dpc: FloatArray, least: float, *, name: str = "MIN_DPC") -> str:
    """Return what to say of a smallest dPC that leaves too few sources; empty where there is nothing to say.

    Fewer than two make no corridor. Where one patch holds most of the connectivity, nearly all others fall below any cut
    that suits a landscape of patches of a kind; that too is said while fewer than `PROPOSED` are left.

    Parameters
    ----------
    dpc : ndarray, float64, shape (n,)
        dPC of the patches in percent; NaN is none.
    least : float
        The smallest dPC.
    name : str
        What the user calls it.

    Examples
    --------
    >>> cut_advice(np.array([98.7, 1.3, 0.0456, 0.0123]), 1.5)
    'Of 4 patches 1 has a dPC of 1.5 % or more. One patch holds 98.7 % of the connectivity. MIN_DPC = 0.0123 leaves all 4.'
    >>> cut_advice(np.array([30.0, 20.0, 10.0]), 15.0)
    ''
    """
    if len(dpc) < 2:
        return "There is only one patch." if len(dpc) else ""
    count, kept = len(dpc), int(np.count_nonzero(important(dpc, least)))
    found = np.sort(dpc[~np.isnan(dpc)])[::-1]
    giant = found.size > 1 and found[0] >= _GIANT
    if kept >= min(count, PROPOSED) or (kept >= 2 and not giant):
        return ""
    some = f"Of {count:,} patches {kept} {'has' if kept == 1 else 'have'}" if kept else f"None of {count:,} patches has"
    said = f"{some} a dPC of {least:g} % or more."
    if giant:
        said += f" One patch holds {found[0]:.3g} % of the connectivity."
    if found.size < 2:
        return said
    cut = _rounded_down(float(found[min(found.size, PROPOSED) - 1]))
    left = int(np.count_nonzero(found >= cut))
    return f"{said} {name} = {cut:.10g} leaves {'all ' if left == count else ''}{left:,}."


def _rounded_down(value: float) -> float:
    """Return a positive number of three figures, and of the decimals that dialogs take, that is not larger."""
    decimals = min(CUT_DECIMALS, 2 - math.floor(math.log10(value))) if value > 0 else 0
    return math.floor(value * 10.0**decimals * (1.0 + 1e-12)) / 10.0**decimals


def node_importance(
    graph: PatchGraph,
    *,
    method: str = "auto",
    negligible: float = 0.0,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Importance:
    """Return dPC, or dIIC for a binary graph, of every patch with its intra, flux and connector fractions.

    Exactly what removing each patch in turn and computing the index again gives, without doing so.

    Parameters
    ----------
    graph : PatchGraph
    method : {"auto", "trees", "halving"}
        Two exact ways, see below; "auto" takes the one that will be faster.
    negligible : float
        Pairs whose best path connects less than this are taken as not connected, which makes large graphs much faster.
        The numerator misses at most this share of the square of all attributes. 0 leaves nothing out.
    where : Where
        Where the losses are worked out, in pieces of the sources.

    Notes
    -----
    Removing patch k changes the best path from i to j only if k is an inner patch of it. For a source i these j hang
    below k in its tree of best paths; their new path enters from a patch outside that part and stays within. With numba
    each k of a source is solved by a search from the links that lead into that part, by what these cost more than the
    best paths do; it goes from subtree to subtree, as all below an entry pay no more than the entry. With SciPy alone
    all k of a source are solved by one search over the pairs (k, j); there sources whose best paths to k arrive over
    the same link, which never lose each other since they can turn before k, are left out at the busiest side of each k.
    The work is below n^2 times the mean number of inner patches times the links per patch, instead of n^3 times the
    links per patch. Memory grows with the links, with SciPy alone with n^2 bits too.
    When there are so many links that it is cheaper, the paths around each patch come instead from a halving recursion
    of all-pairs updates, n^3 log2(n) / 2 steps with log2(n) matrices of n x n.

    References
    ----------
    .. [1] S. Saura and L. Rubio (2010), A common currency for the different ways in which patches and links can
       contribute to habitat availability, Ecography 33, doi:10.1111/j.1600-0587.2009.05760.x.

    Examples
    --------
    >>> graph = PatchGraph.probabilistic(np.ones(3), [(0, 1), (1, 2)], [0.5, 0.5])
    >>> found = node_importance(graph)
    >>> found.total.round(2).tolist()
    [45.45, 63.64, 45.45]
    >>> found.connector.round(2).tolist()
    [0.0, 9.09, 0.0]
    """
    a = graph.attributes
    if (not negligible and _prefers_halving(graph, monitor)) if method == "auto" else method == "halving":
        lost, received = losses_by_halving(graph, monitor, where)
    else:
        lost, received = patch_losses(graph, monitor, graph.cost_of(negligible), where)
    numerator = weighted_sum(a, received)
    share = 100.0 / numerator if numerator > 0.0 else 0.0
    intra = share * a * a
    flux = 2.0 * share * a * (received - a)
    connector = share * lost
    return Importance(numerator, intra + flux + connector, intra, flux, connector)


def link_importance(
    graph: PatchGraph, *, negligible: float = 0.0, where: Where = HERE, monitor: Monitor = SILENT
) -> FloatArray:
    """Return the share of PC, or IIC for a binary graph, that is lost with each link, in per cent.

    float64, shape (m,), in the order of `graph.pairs`. A link that no best path needs has exactly 0. Method,
    `negligible`, `where` and reference as in `node_importance`.

    Examples
    --------
    >>> graph = PatchGraph.probabilistic(np.ones(3), [(0, 1), (1, 2)], [0.5, 0.5])
    >>> link_importance(graph).round(2).tolist()
    [27.27, 27.27]
    """
    lost, received = link_losses(graph, monitor, graph.cost_of(negligible), where)
    numerator = weighted_sum(graph.attributes, received)
    return lost * (100.0 / numerator) if numerator > 0.0 else lost


def _prefers_halving(graph: PatchGraph, monitor: Monitor) -> bool:
    """Return which method is cheaper, from the trees of the first block of sources; nanoseconds measured."""
    n = graph.size
    graph = pruned(graph, monitor)
    trees = next(path_trees(graph, monitor))
    degree = np.bincount(graph.pairs.ravel(), minlength=n)
    below = np.concatenate(([0], np.cumsum(degree[trees.patch])))
    inner = np.flatnonzero(trees.parent != np.arange(trees.parent.size))
    cut_off = (trees.size[inner] - 1).sum() * n / trees.sources.size
    looks = (below[inner + trees.size[inner]] - below[inner + 1]).sum() * n / trees.sources.size
    entry, look = (25.0, 2.0) if uses_numba(n) else (150.0, 15.0)
    return bool(n <= MAX_DENSE and entry * cut_off + look * looks > n**3 * math.log2(n + 1))
