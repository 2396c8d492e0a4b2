"""Where paths of different links cross, meet or part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .polylines import Polylines, meetings


@dataclass(frozen=True)
class Junctions:
    """Places where two paths meet.

    Attributes
    ----------
    paths : int64, shape (n, 2)
        The two paths, the lower number first.
    xy : float64, shape (n, 2)
        The place.
    """

    paths: IntArray
    xy: FloatArray


def junctions(
    paths: Polylines,
    outside: FloatArray,
    ends: IntArray,
    *,
    together: float,
    monitor: Monitor = SILENT,
) -> Junctions:
    """Return where paths cross or, where they share a stretch, meet and part.

    Parameters
    ----------
    paths : Polylines
        The paths.
    outside : float64, shape (paths, 2)
        From where to where on each it is between its sources, in metres.
    ends : int64, shape (paths, 2)
        The source in which it begins and ends; 0 where that is not known.
    together : float
        Distance in metres within which meetings are one.
    monitor : Monitor
        Progress and cancellation.

    Notes
    -----
    Meetings of two paths that follow each other along the first one by no more than `together` are one stretch. A stretch no
    longer than that is one place, its middle; of a longer one both ends are places. Ends in a source of one of the two
    paths, and ends no farther than that from a source in which both paths end, are none.

    Examples
    --------
    >>> from ecosecnet.core.grid import Grid
    >>> from ecosecnet.core.corridors.polylines import polylines
    >>> ways = [[[0, 1], [9, 1]], [[0, 4], [9, 4]], [[2, 0], [2, 9]], [[5, 0], [5, 9]]]
    >>> lines = polylines([[np.array(way, dtype=float)] for way in ways], Grid(1, 1))
    >>> whole = np.stack((np.zeros(4), lines.total), axis=1)
    >>> junctions(lines, whole, np.zeros((4, 2), dtype=int), together=1.0).xy.tolist()
    [[2.0, 1.0], [5.0, 1.0], [2.0, 4.0], [5.0, 4.0]]
    """
    met = meetings(paths, paths, ordered=True, monitor=monitor)
    a, b = paths.line[met.first], paths.line[met.second]
    low, high = (paths.along[met.first] + one * paths.length[met.first] for one in (met.low, met.high))
    other = [paths.along[met.second] + one * paths.length[met.second] for one in (met.other_low, met.other_high)]
    count = paths.total.size
    order = np.lexsort((low, b, a))
    pair, low, high = (a * count + b)[order], low[order], high[order]
    other = [one[order] for one in other]
    if not pair.size:
        return Junctions(np.empty((0, 2), dtype=np.int64), np.empty((0, 2)))
    # Farther apart than any path is long, so that one running maximum serves all pairs.
    shift = np.unique(pair, return_inverse=True)[1] * (2.0 * paths.total.max() + 4.0 * together)
    reached = np.maximum.accumulate(high + shift)
    starts = np.flatnonzero(np.concatenate(([True], low[1:] + shift[1:] > reached[:-1] + together)))
    pair = np.stack(np.divmod(pair[starts], count), axis=1)
    on_first = low[starts], np.maximum.reduceat(high, starts)
    least, most = np.minimum.reduceat(other[0], starts), np.maximum.reduceat(other[1], starts)
    # The second path may run along the stretch the other way.
    stop = np.append(starts[1:], low.size) - 1
    turned = other[0][starts] > other[0][stop]
    on_other = np.where(turned, most, least), np.where(turned, least, most)
    good = [
        _between(outside, pair[:, 0], one)
        & _between(outside, pair[:, 1], two)
        & ~_at_a_common_end(outside, ends, pair, one, two, together)
        for one, two in zip(on_first, on_other)
    ]
    short = good[0] & good[1] & (on_first[1] - on_first[0] <= together)
    middle = (on_first[0] + on_first[1]) / 2.0
    chosen = [(short, middle), (good[0] & ~short, on_first[0]), (good[1] & ~short, on_first[1])]
    which = np.concatenate([np.flatnonzero(one) for one, _ in chosen])
    along = np.concatenate([where[one] for one, where in chosen])
    order = np.lexsort((along, which))
    which, along = which[order], along[order]
    return Junctions(pair[which], paths.at(pair[which, 0], along))


def _between(outside: FloatArray, path: IntArray, along: FloatArray) -> BoolArray:
    inside: BoolArray = (along >= outside[path, 0]) & (along <= outside[path, 1])
    return inside


def _at_a_common_end(
    outside: FloatArray, ends: IntArray, pair: IntArray, first: FloatArray, second: FloatArray, together: float
) -> BoolArray:
    """Return which places lie beside a source in which both paths end."""
    found = np.zeros(len(pair), dtype=bool)
    for mine in (0, 1):
        for other in (0, 1):
            near = np.abs(first - outside[pair[:, 0], mine]) <= together
            near &= np.abs(second - outside[pair[:, 1], other]) <= together
            a, b = ends[pair[:, 0], mine], ends[pair[:, 1], other]
            found |= near & (a == b)
    return found
