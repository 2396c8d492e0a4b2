"""Cells of sources that have no resistance: how many, and which layer is to blame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..monitor import SILENT, Monitor
from ..types import Array, FloatArray, IntArray
from .scoretable import FactorScores
from .scoring import score_values


def cut_to_surface(
    labels: IntArray,
    resistance: FloatArray,
    grid: Grid,
    factors: Mapping[str, Array],
    scores: Sequence[FactorScores],
    *,
    ids: Sequence[object] = (),
    monitor: Monitor = SILENT,
) -> IntArray:
    """Leave out cells of sources that have no resistance.

    Parameters
    ----------
    labels : int array, shape (rows, cols)
        Number of the source of each cell, 1 to n; 0 for none.
    resistance : float array, same shape
        The surface, NaN = NoData.
    grid, factors, scores
        As in `security_network`: what the surface was made from, to name what is missing.
    ids : sequence, optional
        What the sources are called, the one with label 1 first; by default their labels.
    monitor : Monitor, optional
        Gets the share that each source loses.

    Returns
    -------
    int array, same shape
        In which every source still has a cell.

    Raises
    ------
    InputError
        If a source has no cell with a resistance.

    Examples
    --------
    >>> from ecosecnet.core.grid import Grid
    >>> labels, resistance = np.array([[1, 1, 0, 2]]), np.array([[1.0, np.nan, 1.0, 1.0]])
    >>> cut_to_surface(labels, resistance, Grid(1, 4), {}, []).tolist()
    [[1, 0, 0, 2]]
    """
    lost = np.flatnonzero((labels > 0) & np.isnan(resistance))
    if not lost.size:
        return labels
    number = labels.ravel()[lost]
    cells = np.bincount(labels.ravel())
    share = np.bincount(number, minlength=cells.size) / np.maximum(cells, 1)
    why: dict[int, list[str]] = {int(k): [] for k in np.unique(number)}
    for factor in scores:
        if factor.name not in factors:
            continue
        values = factors[factor.name].ravel()[lost]
        unknown = np.isnan(values)
        unscored = np.isnan(score_values(values, factor.classes).scores) & ~unknown
        for where, what in ((unknown, "NoData"), (unscored, "values in no class")):
            for k in np.unique(number[where]):
                why[int(k)].append(f"{what} of '{factor.name}'")
    for k, reasons in why.items():
        called = ids[k - 1] if ids else k
        reason = ", ".join(reasons) or "the surface has no value there"
        if share[k] == 1.0:
            row, col = np.unravel_index(int(lost[number == k][0]), labels.shape)
            x, y = grid.centre(int(row), int(col))
            raise InputError(
                f"Source {called} ({cells[k] * grid.cell_ha:,.7g} ha, at x {x:.10g}, y {y:.10g}) has no resistance anywhere: "
                f"{reason}. Fill that layer there, give its values a class, leave the factor out of the score table, or "
                "take that land use out of the foreground."
            )
        monitor.warn(
            f"Source {called}: {100 * share[k]:.3g} % of its cells have no resistance and were left out: {reason}."
        )
    kept: IntArray = np.where(np.isnan(resistance), 0, labels)
    return kept
