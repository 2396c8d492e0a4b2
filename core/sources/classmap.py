"""Lists of class values, and the foreground coding that MSPA starts from."""

from __future__ import annotations

import re

import numpy as np

from ..errors import InputError
from ..lists import plain_text, split_list
from ..types import Array, BoolArray

MISSING, BACKGROUND, FOREGROUND = 0, 1, 2
"""Codes of a foreground raster."""

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_ITEM = re.compile(rf"^({_NUMBER})(?:\s*-\s*({_NUMBER}))?$")


def parse_values(text: str) -> list[tuple[float, float]]:
    """Read a list of values and ranges such as ``1, 2, 5-7``.

    Parameters
    ----------
    text : str
        Values and ranges (both ends included), in a list as `split_list` reads it.

    Returns
    -------
    list of (float, float)
        Closed ranges; a single value has both ends alike.

    Raises
    ------
    InputError
        If an item is not a number or a range, or a range runs backwards.

    Examples
    --------
    >>> parse_values("1, 5-7")
    [(1.0, 1.0), (5.0, 7.0)]
    """
    ranges = []
    # A dash between two numbers belongs to the range, whatever blanks are around it; before the first it is a sign.
    tidy = re.sub(r"(?<=\d)\s*(?:[-~–—]|至|\bto\b)\s*(?=[+-]?\d)", "-", plain_text(text))
    for item in split_list(tidy):
        if not item:
            continue
        match = _ITEM.match(item)
        if match is None:
            raise InputError(f"'{item}' is neither a value nor a range. Write values and ranges like 1, 2, 5-7.")
        low = float(match.group(1))
        high = low if match.group(2) is None else float(match.group(2))
        if high < low:
            raise InputError(f"The range {item} runs backwards. Write the smaller value first.")
        ranges.append((low, high))
    return ranges


def members(values: Array, ranges: list[tuple[float, float]]) -> BoolArray:
    """Return where an array holds one of the listed values.

    Parameters
    ----------
    values : ndarray
        Any numeric array.
    ranges : list of (float, float)
        From `parse_values`.

    Examples
    --------
    >>> members(np.array([1, 2, 5, 6, 8]), parse_values("1, 5-7")).tolist()
    [True, False, True, True, False]
    """
    found = np.zeros(values.shape, dtype=bool)
    for low, high in ranges:
        found |= values == low if low == high else (values >= low) & (values <= high)
    return found


def code_foreground(
    values: Array,
    valid: BoolArray,
    foreground: list[tuple[float, float]],
    missing: list[tuple[float, float]] | None = None,
) -> Array:
    """Code a class map as missing, background and foreground.

    Parameters
    ----------
    values : ndarray, shape (rows, cols)
        Class values.
    valid : ndarray of bool, shape (rows, cols)
        False where NoData.
    foreground : list of (float, float)
        Values of the foreground, from `parse_values`.
    missing : list of (float, float), optional
        Values that count as missing beside NoData.

    Returns
    -------
    ndarray of uint8, shape (rows, cols)
        0 missing, 1 background, 2 foreground.

    Raises
    ------
    InputError
        If no foreground value is given.

    Examples
    --------
    >>> classes = np.array([[1, 2, 3], [3, 3, 1]], dtype=np.uint8)
    >>> code_foreground(classes, classes != 2, foreground=[(3, 3)]).tolist()
    [[1, 0, 2], [2, 2, 1]]
    """
    if not foreground:
        raise InputError("No foreground values are given. List the classes of the foreground, for example 1, 2, 6.")
    coded = np.full(values.shape, BACKGROUND, dtype=np.uint8)
    coded[members(values, foreground)] = FOREGROUND
    lost = ~valid
    if missing:
        lost = lost | members(values, missing)
    coded[lost] = MISSING
    return coded


def held_codes(values: Array, valid: BoolArray) -> list[float]:
    """Return the different values of a class map, ascending.

    Parameters
    ----------
    values : ndarray, any shape
        Class values.
    valid : ndarray of bool, same shape
        False where NoData.

    Examples
    --------
    >>> held_codes(np.array([[3, 1], [1, 9]], dtype=np.uint8), np.array([[True, True], [True, False]]))
    [1, 3]
    """
    found: set[float] = set()
    values, valid = values.reshape(-1), valid.reshape(-1)
    for start in range(0, values.size, _CELLS):
        known = values[start : start + _CELLS][valid[start : start + _CELLS]]
        # Counting bytes takes a tenth of the time of sorting them.
        held = np.flatnonzero(np.bincount(known)) if values.dtype == np.uint8 else np.unique(known)
        found.update(held.tolist())
    return sorted(found)


_CELLS = 1 << 20
"""Cells that are looked at at a time."""
