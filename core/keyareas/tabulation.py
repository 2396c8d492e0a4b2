"""Tables of areas by zone that add up to the map they were made from.

An area that crosses a border lies in two zones. Its hectares are shared out, but it is counted once, in the zone that
holds most of it; how many areas touch a zone is a column of its own. What lies in no zone has its own row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray

OUTSIDE = -1
"""Zone of a piece that lies in no zone."""

UNKNOWN = -1
"""Land use of the part of a piece for which none is known."""

_TOLERANCE = 1e-6
"""Share of an area by which its pieces may miss it: cutting polygons rounds."""

_TOTAL_TOLERANCE = 1e-9

_EQUAL = 1e-9
"""Difference between shares, of 1, up to which they are equal: sums differ by rounding with the unit and the order."""


@dataclass(frozen=True)
class Pieces:
    """The areas cut along the borders of the zones: one record for each area in each zone.

    Attributes
    ----------
    area : int, shape (pieces,)
        Position of the area, from 0.
    zone : int, shape (pieces,)
        Position of the zone, from 0; `OUTSIDE` for what lies in none.
    hectares : float, shape (pieces,)
        Size of the piece.
    uses : float, shape (pieces, land uses)
        Hectares of each land use in the piece; no column if land use is not asked for.
    """

    area: IntArray
    zone: IntArray
    hectares: FloatArray
    uses: FloatArray


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    count : int
        Areas of which the largest part lies here.
    count_touching : int
        Areas of which any part lies here; in the totals row the sum over the zones, which is the number of pieces.
    area_ha : float
        Hectares that lie here.
    uses : tuple of (int, float)
        Land use (`UNKNOWN` for none) and its percentage of `area_ha`, largest first.
    """

    count: int
    count_touching: int
    area_ha: float
    uses: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Tabulation:
    """Areas by zone.

    Attributes
    ----------
    rows : dict of int to Row
        By the position of the zone, ascending; zones without any area are left out, `OUTSIDE` comes last.
    total : Row
        The totals; they equal the layer of the areas.
    zone_of_area : int, shape (areas,)
        Zone in which each area is counted.
    """

    rows: dict[int, Row]
    total: Row
    zone_of_area: IntArray


def tabulate(area_ha: FloatArray, pieces: Pieces, *, sliver_ha: float = 0.0, monitor: Monitor = SILENT) -> Tabulation:
    """Add up areas by zone.

    Parameters
    ----------
    area_ha : float array, shape (areas,)
        Size of each area in hectares.
    pieces : Pieces
        The same areas cut along the borders of the zones; nothing missing and nothing twice.
    sliver_ha : float
        Pieces smaller than this do not count as touching their zone, unless their area is counted there; their
        hectares stay.
    monitor : Monitor
        Progress and cancellation.

    Returns
    -------
    Tabulation

    Raises
    ------
    InputError
        If the pieces of an area do not add up to the area, more land use than area, a piece names an area that is not
        there, or the totals differ from the layer.

    Notes
    -----
    An area with equal parts in two zones is counted in the first of them; a tie with the outside goes to the zone. Of equal
    land uses the first is listed first.

    Examples
    --------
    >>> pieces = Pieces(np.array([0, 0]), np.array([0, 1]), np.array([3.0, 1.0]), np.empty((2, 0)))
    >>> {zone: (row.count, row.count_touching) for zone, row in tabulate(np.array([4.0]), pieces).rows.items()}
    {0: (1, 1), 1: (0, 1)}
    """
    area_ha = np.asarray(area_ha, dtype=np.float64)
    covered = _validate(area_ha, pieces)
    last = int(pieces.zone.max(initial=OUTSIDE)) + 1
    slot = np.where(pieces.zone == OUTSIDE, last, pieces.zone)
    # What cutting has rounded away is spread over the pieces, so that the sums are exact.
    exact = (area_ha / covered)[pieces.area]
    area, slot, hectares, uses = _merge(pieces, slot, last + 1, exact)
    # Sorted by area, then by size falling, then by zone: the first piece of each area is its home.
    order = np.lexsort((slot, _places(hectares / area_ha[area]), area))
    first = order[np.concatenate(([True], area[order][1:] != area[order][:-1]))] if order.size else order
    home = np.zeros(area.size, dtype=bool)
    home[first] = True
    touching = home | (hectares > 0) & (hectares >= sliver_ha)
    rows = {}
    for done, zone in enumerate(np.unique(slot[touching | (hectares > 0)]).tolist()):
        monitor.step(done, last + 1)
        here = slot == zone
        rows[OUTSIDE if zone == last else zone] = _row(
            int(home[here].sum()), int(touching[here].sum()), hectares[here], uses[here]
        )
    total = _row(
        sum(row.count for row in rows.values()), sum(row.count_touching for row in rows.values()), hectares, uses
    )
    _reconcile(area_ha, rows, total)
    zone_of_area = np.full(area_ha.size, OUTSIDE, dtype=np.int64)
    zone_of_area[area[first]] = np.where(slot[first] == last, OUTSIDE, slot[first])
    return Tabulation(rows, total, zone_of_area)


def shown_shares(shares: Sequence[float], decimals: int = 1) -> list[float]:
    """Return percentages rounded so that they add up to their rounded sum: the largest remainders are rounded up.

    Examples
    --------
    >>> shown_shares([33.34, 33.33, 33.33])
    [33.4, 33.3, 33.3]
    """
    scaled = np.asarray(shares, dtype=np.float64) * 10**decimals
    whole = np.floor(scaled + 1e-9)
    short = round(float(scaled.sum() - whole.sum()))
    whole[np.argsort(_places(scaled - whole), kind="stable")[:short]] += 1
    return [float(value) / 10**decimals for value in whole]


def _validate(area_ha: FloatArray, pieces: Pieces) -> FloatArray:
    """Return the hectares that the pieces of each area add up to."""
    sizes = {len(pieces.area), len(pieces.zone), len(pieces.hectares), len(pieces.uses)}
    if len(sizes) != 1:
        raise InputError("The records of the pieces have different lengths.")
    if not (area_ha > 0).all():
        raise InputError(f"Area {int(np.argmin(area_ha > 0)) + 1} has no surface. Repair or remove it.")
    if pieces.area.size and (pieces.area.min() < 0 or pieces.area.max() >= area_ha.size):
        raise InputError("A piece belongs to an area that is not in the layer.")
    if (pieces.hectares < 0).any() or (pieces.zone < OUTSIDE).any():
        raise InputError("A piece has a negative size or zone.")
    covered = _sums(pieces.area, pieces.hectares, area_ha.size)
    wrong = np.abs(covered - area_ha) > _TOLERANCE * area_ha
    if wrong.any():
        k = int(np.argmax(wrong))
        raise InputError(
            f"Area {k + 1} measures {area_ha[k]:.6g} ha but its pieces {covered[k]:.6g} ha. "
            + ("Do zones overlap?" if covered[k] > area_ha[k] else "A part in no zone must be given as outside.")
        )
    if (pieces.uses.sum(axis=1) > pieces.hectares * (1.0 + _TOLERANCE)).any() or (pieces.uses < 0).any():
        raise InputError("The land uses of a piece take up more than the piece. Do land-use polygons overlap?")
    return covered


def _merge(
    pieces: Pieces, slot: IntArray, slots: int, factor: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Return one record for each area and zone, also if a zone cuts an area into several parts."""
    key, inverse = np.unique(pieces.area.astype(np.int64) * slots + slot, return_inverse=True)
    hectares = _sums(inverse, pieces.hectares * factor, key.size)
    uses: FloatArray = np.zeros((key.size, pieces.uses.shape[1]))
    np.add.at(uses, inverse, pieces.uses * factor[:, np.newaxis])
    area: IntArray = key // slots
    return area, key % slots, hectares, uses


def _sums(groups: IntArray, values: FloatArray, size: int) -> FloatArray:
    sums: FloatArray = np.zeros(size)
    np.add.at(sums, groups, values)
    return sums


def _row(count: int, count_touching: int, hectares: FloatArray, uses: FloatArray) -> Row:
    area = float(hectares.sum())
    if not uses.shape[1]:
        return Row(count, count_touching, area, ())
    share = 100.0 * uses.sum(axis=0) / area
    order = np.argsort(_places(share / 100.0), kind="stable")
    listed = [(int(use), float(share[use])) for use in order if share[use] > 0]
    unknown = 100.0 - float(share.sum())
    if unknown > 100.0 * _TOLERANCE:
        listed.append((UNKNOWN, unknown))
    return Row(count, count_touching, area, tuple(listed))


def _places(shares: FloatArray) -> IntArray:
    """Return the place of each share from the largest down; shares that differ by rounding only have the same."""
    order = np.argsort(-shares, kind="stable")
    places = np.empty(shares.size, dtype=np.int64)
    places[order] = np.cumsum(np.diff(-shares[order], prepend=-np.inf) > _EQUAL)
    return places


def _reconcile(area_ha: FloatArray, rows: dict[int, Row], total: Row) -> None:
    layer = float(area_ha.sum())
    table = sum(row.area_ha for row in rows.values())
    if total.count != area_ha.size or abs(table - layer) > _TOTAL_TOLERANCE * layer:
        raise InputError(
            f"The table does not add up to the map: {total.count} areas of {table:.9g} ha in the table, "
            f"{area_ha.size} of {layer:.9g} ha in the layer. Repair the geometries (Fix geometries) and run again."
        )
