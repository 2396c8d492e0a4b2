"""Barriers in circuit terms: what restoring a place would take off the effective resistance between two sources.

The effective resistance of a corridor is the power that 1 A turns into heat, the sum of r i^2 over its links. By
Thomson's principle the currents make that sum as small as possible, so its derivative with respect to a link's
resistance is i^2, and one solve gives the derivative with respect to the resistance of every cell at once.

References
----------
.. [1] P. G. Doyle, J. L. Snell (1984), Random walks and electric networks, Mathematical Association of America,
   chapter 3, https://doi.org/10.5948/UPO9781614440222.
.. [2] W. W. Hager (1989), Updating the inverse of a matrix, SIAM Review 31, doi:10.1137/1031049.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import Average, Combination
from ..errors import DisconnectedError, InputError
from ..leastcost.fields import CostFields
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..types import BoolArray, FloatArray, IntArray
from .barriers import check_restorable
from .barrierscan import NOTHING
from .corridorcircuit import CorridorCircuit, in_window
from .focal import cells_in, disc, focal_sum


@dataclass(frozen=True)
class CircuitLinks:
    """Effective resistance of each link, and the disc that lowers it most.

    Attributes
    ----------
    effective_resistance : float64, shape (links,)
        As it is, times the cell size, in cost units; infinite if the sources are not connected.
    row, col : int64, shape (links,)
        Cell in the centre of the disc with the largest exact gain of those tried; -1 if no disc has any.
    predicted : float64, shape (links,)
        Its gain by the derivatives, in cost units; NaN if none.
    exact : float64, shape (links,)
        Its gain when it is restored and the circuit solved again; never below the predicted one. NaN if none.
    """

    effective_resistance: FloatArray
    row: IntArray
    col: IntArray
    predicted: FloatArray
    exact: FloatArray


@dataclass(frozen=True)
class CircuitBarriers:
    """Barriers in circuit terms.

    Attributes
    ----------
    derivative : float64, shape (rows, cols)
        By how much the effective resistance (cost units) falls for each unit taken off the resistance of the cell, in
        metres, while the corridor stays as it is; NaN outside the corridors.
    gain : float64, shape (rows, cols)
        Predicted fall of the effective resistance, in cost units, if the disc around the cell is restored: the
        derivatives times what is taken off, a lower bound. NaN outside the corridors.
    links : CircuitLinks
        The best disc of each link.
    patch_predicted, patch_exact : float64, shape (links, patches)
        Gain of each link, in cost units, if a chosen patch is restored: by the derivatives, and when the circuit is
        solved again. 0 where the patch does not reach the corridor or brings nothing, NaN for links not connected.
    """

    derivative: FloatArray
    gain: FloatArray
    links: CircuitLinks
    patch_predicted: FloatArray
    patch_exact: FloatArray


def circuit_barriers(
    fields: CostFields,
    links: Links,
    *,
    cutoff: float | FloatArray,
    radius: float,
    restored: float = 1.0,
    restorable: BoolArray | None = None,
    combine: Combination | str = Combination.MAXIMUM,
    candidates: int = 5,
    patches: Sequence[IntArray] = (),
    monitor: Monitor = SILENT,
) -> CircuitBarriers:
    """Map what restoring each place would take off the effective resistance of the links.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface.
    links : Links
        The link table.
    cutoff : float or ndarray, float64, shape (active links,)
        How much longer than the least-cost path a way through the corridor may be, in cost units, in all corridors or in
        each; see `cutoffs`. Each link is solved inside its corridor.
    radius : float
        Radius of the discs, in metres; whole cells count.
    restored : float
        Resistance after restoration. Cells that are better already stay as they are.
    restorable : bool array, shape (rows, cols), optional
        The cells that can be restored. All others stay as they are in every disc and patch, and have no gain themselves.
    combine : {'maximum', 'sum'}
        What a cell shows of several links.
    candidates : int
        How many discs of each link, those of the largest predicted gain that do not overlap, are restored to find the
        best one.
    patches : sequence of int arrays
        Flat indices of the cells of places whose restoration is to be tried, each on its own.
    monitor : Monitor
        Progress, cancellation and warnings.

    Returns
    -------
    CircuitBarriers

    Raises
    ------
    InputError
        If the links, cutoff, radius, combination or restorable cells cannot be used.
    DisconnectedError
        If no link joins connected sources.

    Notes
    -----
    The effective resistance is a concave function of the resistances (a minimum of linear ones), so the gain
    predicted from the derivatives is never more than the exact one; it is close for small changes. It is also
    homogeneous: the derivatives times the resistances add up to the effective resistance. Impassable cells, and cells
    outside the corridor, have no derivative and are not restored. A source is one node, but the links that leave it have
    the mean resistance of a cell of the source and one beside it, so cells at its rim have a derivative, those deeper
    inside 0. All this holds for the corridor as drawn: on a changed surface another is drawn, whose effective
    resistance may even be higher where the least-cost distance has fallen and the corridor got narrower.

    The exact gain of a small disc is a low-rank update of the factorisation [2]_, a solve for each of its nodes; with
    a large disc, and where the corridor is so large that it is solved by iteration, the circuit is solved again. One
    solve a link otherwise.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((1, 7), dtype=np.int32)
    >>> labels[0, [0, 6]] = 1, 2
    >>> resistance = np.array([[1.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0]])
    >>> fields = CostFields(CostGraph(resistance, cell_size=10.0), labels)
    >>> found = circuit_barriers(fields, Links.between([(1, 2)]), cutoff=5.0, radius=10.0)
    >>> found.links.effective_resistance.round(4).tolist(), found.links.exact.round(4).tolist()
    ([140.0], [80.0])
    """
    resistance, labels, cell_size = fields.graph.resistance, fields.labels, fields.graph.cell_size
    pairs, limits = links.joined, links.limits(cutoff)
    fields.require(pairs)
    if fields.graph.average is Average.CONDUCTANCE:
        raise InputError(
            "Barriers in circuit terms need steps that have the mean resistance of their two cells: with the mean "
            "conductance the effective resistance is no sum that a cell has a part in. Use the average of resistances."
        )
    check_restorable(restorable, fields)
    reach = _validate(pairs, radius, cell_size, restored, candidates)
    if reach >= max(resistance.shape):
        raise InputError(
            f"The radius of {radius:g} reaches beyond the whole raster ({resistance.shape[0]} x {resistance.shape[1]} cells "
            f"of {cell_size:g}). Use a smaller one."
        )
    derivative, gain = np.full(labels.shape, np.nan), np.full(labels.shape, np.nan)
    effective, predicted, exact = (np.full(len(pairs), value) for value in (np.inf, np.nan, np.nan))
    row, col = np.full(len(pairs), -1), np.full(len(pairs), -1)
    patch_predicted, patch_exact = (np.full((len(pairs), len(patches)), np.nan) for _ in range(2))
    gather = np.fmax if Combination.of(combine) is Combination.MAXIMUM else _sum_of_known
    for link in fields.along(pairs, slack=limits, monitor=monitor):
        if not np.isfinite(link.least):
            continue
        corridor = link.inside(float(limits[link.index]))
        window = np.where(corridor, resistance[link.rows, link.cols], np.nan)
        ends = [(labels[link.rows, link.cols] == label) & corridor for label in pairs[link.index]]
        circuit = CorridorCircuit(window, ends[0], ends[1], fields.graph.neighbours, monitor)
        effective[link.index] = circuit.resistance * cell_size
        slope = circuit.derivative() * cell_size
        can = corridor if restorable is None else corridor & restorable[link.rows, link.cols]
        cell_gain = np.where(can, np.nan_to_num(slope * np.maximum(window - restored, 0.0)), 0.0)
        disc_gain = focal_sum(cell_gain, disc(reach))
        disc_gain[~can] = np.nan
        k, place = link.index, (link.rows, link.cols)
        derivative[place] = gather(derivative[place], slope)
        gain[place] = gather(gain[place], disc_gain)
        least = NOTHING * circuit.resistance * cell_size
        for centre in _most_promising(disc_gain, reach, candidates, least):
            monitor.check()
            patch = _disc_mask(window.shape, centre, reach) & can
            real = cell_size * (circuit.resistance - circuit.restored(patch, restored, monitor))
            if not real <= exact[k]:
                row[k], col[k] = link.rows.start + centre[0], link.cols.start + centre[1]
                predicted[k], exact[k] = disc_gain[centre], real
        for number, cells in enumerate(patches):
            patch = np.zeros(window.shape, dtype=bool)
            patch.ravel()[in_window(cells, labels.shape, place)] = True
            patch &= can
            patch_predicted[k, number] = patch_exact[k, number] = 0.0
            fall = cell_gain[patch].sum()
            if fall > least:
                patch_predicted[k, number] = fall
                fallen = circuit.resistance - circuit.restored(patch, restored, monitor)
                patch_exact[k, number] = cell_size * fallen
    cut_off = int(np.isinf(effective).sum())
    if cut_off == len(pairs):
        raise DisconnectedError(
            "No link joins sources that are connected: impassable (NoData) cells cut all of them off."
        )
    if cut_off:
        monitor.warn(
            f"{cut_off} of {len(pairs)} links join sources that are cut off from each other; they are left out."
        )
    best = CircuitLinks(effective, row, col, predicted, exact)
    return CircuitBarriers(derivative, gain, best, patch_predicted, patch_exact)


def _validate(pairs: IntArray, radius: float, cell_size: float, restored: float, candidates: int) -> int:
    """Return the radius in cells."""
    if not len(pairs):
        raise InputError("There is no link: barriers are places on the way between two linked sources.")
    if not (radius >= 0 and np.isfinite(radius)):
        raise InputError(f"The radius is {radius:g}; it must be a number of 0 or more.")
    if not (restored > 0 and np.isfinite(restored)):
        raise InputError(f"The resistance after restoration is {restored:g}; it must be above 0.")
    if candidates < 1:
        raise InputError(f"{candidates} discs cannot be tried; try at least 1.")
    return cells_in(radius, cell_size)


def _most_promising(gain: FloatArray, reach: int, count: int, least: float) -> list[tuple[int, int]]:
    """Return the centres of at most `count` discs of the largest gain above `least` that do not overlap, best first."""
    left = np.nan_to_num(gain)
    centres: list[tuple[int, int]] = []
    while len(centres) < count:
        row, col = divmod(int(left.argmax()), left.shape[1])
        if not left[row, col] > least:
            break
        centres.append((row, col))
        left[_disc_mask(left.shape, (row, col), 2 * reach)] = 0.0
    return centres


def _disc_mask(shape: tuple[int, ...], centre: tuple[int, int], reach: int) -> BoolArray:
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    mask: BoolArray = (rows - centre[0]) ** 2 + (cols - centre[1]) ** 2 <= reach**2
    return mask


def _sum_of_known(total: FloatArray, more: FloatArray) -> FloatArray:
    return np.where(np.isnan(total), more, np.where(np.isnan(more), total, total + more))
