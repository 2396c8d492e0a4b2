"""Areas, shares and numbers of patches of the classes, and how they change with the edge width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..types import Array, BoolArray, IntArray
from .codes import (
    BACKGROUND,
    BORDER_OPENING,
    BRANCH,
    CLASS_NAMES,
    CORE,
    EDGE,
    INTERNAL,
    MISSING,
    PERFORATION,
    seven_classes,
)
from .segmentation import mspa

_EIGHT = ndimage.generate_binary_structure(2, 2)
_FOUR = ndimage.generate_binary_structure(2, 1)


class ClassShare(NamedTuple):
    """One row of the statistics.

    Attributes
    ----------
    name : str
        Class.
    patches : int
        Connected patches of the class.
    cells : int
        Its cells.
    of_foreground : float
        Percent of the foreground; NaN for what is not foreground, or if there is none.
    of_landscape : float
        Percent of all cells that are not missing; NaN for missing cells, or if there are no others.
    """

    name: str
    patches: int
    cells: int
    of_foreground: float
    of_landscape: float


class Statistics(NamedTuple):
    """The statistics of a code raster.

    Attributes
    ----------
    classes : tuple of ClassShare
        The seven classes, background (openings included), core-opening, border-opening and missing.
    foreground : int
        Cells of the seven classes.
    landscape : int
        All cells that are not missing.
    integral_foreground : int
        Foreground with its openings.
    porosity : float
        Percent of core-openings in core, edge, perforation and core-openings together; NaN without any of them.
    """

    classes: tuple[ClassShare, ...]
    foreground: int
    landscape: int
    integral_foreground: int
    porosity: float


def statistics(codes: IntArray, *, connectivity: int = 8, monitor: Monitor = SILENT) -> Statistics:
    """Count cells and patches of each class.

    A connector cell in an edge or perforation counts as edge or perforation, whatever the map shows.

    Parameters
    ----------
    codes : ndarray, uint8, shape (rows, cols)
        Codes as `mspa` returns them.
    connectivity : int
        The connectivity of the foreground that `mspa` was run with. Patches of background and openings have the
        other one, missing patches have 8.

    Raises
    ------
    InputError
        If a value is not an MSPA code.

    Examples
    --------
    >>> cells = np.ones((9, 9), dtype=np.uint8)
    >>> cells[1:8, 1:8] = 2
    >>> found = statistics(mspa(cells))
    >>> [(share.name, share.cells) for share in found.classes if share.cells]
    [('Core', 25), ('Edge', 24), ('Background', 32)]
    """
    classes = seven_classes(codes, transition=False)
    cells = np.bincount(classes.ravel(), minlength=256)
    foreground = int(cells[CORE : BRANCH + 1].sum())
    landscape = classes.size - int(cells[MISSING])
    front, back = (_EIGHT, _FOUR) if connectivity == 8 else (_FOUR, _EIGHT)

    def row(name: str, mask: BoolArray, structure: Array, of_foreground: bool, of_landscape: bool = True) -> ClassShare:
        monitor.check()
        count = int(mask.sum())
        patches = int(ndimage.label(mask, structure)[1]) if count else 0
        return ClassShare(
            name,
            patches,
            count,
            _percent(count, foreground) if of_foreground else np.nan,
            _percent(count, landscape) if of_landscape else np.nan,
        )

    rows = [row(CLASS_NAMES[k], classes == k, front, True) for k in range(CORE, BRANCH + 1)]
    rows.append(row(CLASS_NAMES[BACKGROUND], classes == BACKGROUND, back, False))
    core_opening = row("Core-opening", codes == INTERNAL, back, False)
    border_opening = row("Border-opening", codes == BORDER_OPENING, back, False)
    rows += [core_opening, border_opening]
    rows.append(row(CLASS_NAMES[MISSING], classes == MISSING, _EIGHT, False, of_landscape=False))
    closed = int(cells[[CORE, EDGE, PERFORATION]].sum())
    return Statistics(
        tuple(rows),
        foreground,
        landscape,
        foreground + core_opening.cells + border_opening.cells,
        _percent(core_opening.cells, closed + core_opening.cells),
    )


def edge_width_profile(
    cells: IntArray,
    widths: Sequence[int] = tuple(range(1, 11)),
    *,
    connectivity: int = 8,
    monitor: Monitor = SILENT,
) -> IntArray:
    """Count the cells of the seven classes for several edge widths.

    There is no standard edge width; this shows how much the classes depend on it. The foreground is the same for all
    widths, so each row has the same sum.

    Parameters
    ----------
    cells : ndarray, int, shape (rows, cols)
        0 missing, 1 background, 2 foreground.
    widths : sequence of int
        Edge widths in cells.
    connectivity : int
        Of the foreground, 8 or 4.

    Returns
    -------
    ndarray, int64, shape (len(widths), 7)
        Cells of core, islet, perforation, edge, loop, bridge and branch, as the statistics count them.

    Raises
    ------
    InputError
        As `mspa`; also if no width is given.

    Examples
    --------
    >>> cells = np.ones((9, 9), dtype=np.uint8)
    >>> cells[1:8, 1:8] = 2
    >>> edge_width_profile(cells, widths=(1, 2))[:, [0, 3]].tolist()
    [[25, 24], [9, 40]]
    """
    if not widths:
        raise InputError("Give at least one edge width for the profile.")
    table = np.empty((len(widths), BRANCH), np.int64)
    for k, width in enumerate(widths):
        part = monitor.part(k / len(widths), (k + 1) / len(widths))
        # The split into inside and outside does not change the classes.
        codes = mspa(cells, connectivity=connectivity, edge_width=width, intext=False, monitor=part)
        counts = np.bincount(seven_classes(codes, transition=False).ravel(), minlength=BRANCH + 1)
        table[k] = counts[CORE : BRANCH + 1]
    return table


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else float("nan")
