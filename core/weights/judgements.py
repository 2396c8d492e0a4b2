"""Pairwise judgements: reading them and making a reciprocal matrix of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ..errors import InputError
from ..lists import parse_number
from ..types import Array, BoolArray, FloatArray

_ROUNDING = 0.0051
"""Largest error of a reciprocal that was rounded to two decimals."""


def check_matrix(matrix: Array, *, names: Sequence[str] | None = None) -> FloatArray:
    """Return a pairwise matrix with exact reciprocals, or say what is wrong with it.

    Of the two cells of a pair the larger counts; its reciprocal, which may be rounded (0.33 for 1/3), is made exact. A
    missing cell is taken from its mirror cell.

    Raises
    ------
    InputError
        If the matrix is not square, positive and reciprocal (to two decimals), or its judgements do not link all
        factors.
    """
    given = np.array(matrix, dtype=np.float64)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not len(given):
        raise InputError(f"The matrix of judgements must be square, with as many rows as columns, not {given.shape}.")
    n = len(given)
    if names is not None and len(names) != n:
        raise InputError(f"There are {len(names)} names for {n} factors. Give one name per row of the matrix.")
    labels = [f"'{name}'" for name in names] if names else [f"factor {i + 1}" for i in range(n)]
    for i, j in zip(*np.nonzero(~((given > 0) & np.isfinite(given)) & ~np.isnan(given))):
        raise InputError(
            f"Row {i + 1}, column {j + 1} of the matrix is {given[i, j]:g}. Judgements must be above 0 (1/9 to 9)."
        )
    for i in range(n):
        if not math.isnan(given[i, i]) and abs(given[i, i] - 1.0) > 1e-9:
            raise InputError(f"Row {i + 1}, column {i + 1} of the matrix is {given[i, i]:g}; the diagonal must be 1.")
        given[i, i] = 1.0
        for j in range(i + 1, n):
            above, below = given[i, j], given[j, i]
            if math.isnan(above):
                given[i, j] = 1.0 / below
                continue
            if math.isnan(below):
                given[j, i] = 1.0 / above
                continue
            larger, smaller = max(above, below), min(above, below)
            if abs(smaller - 1.0 / larger) > _ROUNDING:
                raise InputError(
                    f"The matrix is not reciprocal: row {i + 1}, column {j + 1} ({labels[i]} against {labels[j]}) is "
                    f"{above:g}, so row {j + 1}, column {i + 1} must be {1.0 / above:.4g}, not {below:g}."
                )
            if above >= below:
                given[j, i] = 1.0 / above
            else:
                given[i, j] = 1.0 / below
    _require_linked(~np.isnan(given), labels)
    return given


def parse_judgement(cell: object, place: str) -> float:
    """Return a judgement written as 3, 0.33, 0,33 or 1/3; NaN where the cell is empty.

    Raises
    ------
    InputError
        If the cell holds something else.
    """
    text = str(cell).strip() if isinstance(cell, str) else cell
    if isinstance(text, str) and text.count("/") == 1:
        above, below = (parse_number(part, place) for part in text.split("/"))
        if above is None or not below:
            raise InputError(f"{place}: '{cell}' is not a judgement. Write it as 3 or 1/3.")
        return above / below
    number = parse_number(text, place)
    return math.nan if number is None else number


def matrix_from_cells(cells: Sequence[object], *, width: int, names: Sequence[str] | None = None) -> FloatArray:
    """Return a pairwise matrix typed row by row.

    Parameters
    ----------
    cells : sequence
        Judgements as texts or numbers; empty ones are missing.
    width : int
        Cells in a row when the rows are wider than the matrix, as in a dialog; the cells beyond it must be empty.
    names : sequence of str, optional
        Names of the factors; without them the size is the number of rows.

    Returns
    -------
    ndarray, float64, shape (n, n)
        NaN where a cell is empty.

    Raises
    ------
    InputError
        If the cells make no square matrix or a cell is no judgement.

    Examples
    --------
    >>> matrix_from_cells(["1", "3", "1/3", "1"], width=2).round(4).tolist()
    [[1.0, 3.0], [0.3333, 1.0]]
    """
    count = len(cells)
    size = math.isqrt(count)
    if size * size == count:
        width = size
    if not count or count % width:
        raise InputError(
            f"The matrix has {count} cells. Give as many rows as columns, row by row: 9 cells for 3 factors, 16 for 4."
        )
    values = np.array(
        [
            parse_judgement(cell, f"Row {place // width + 1}, column {place % width + 1} of the matrix")
            for place, cell in enumerate(cells)
        ]
    ).reshape(-1, width)
    given = ~np.isnan(values)
    used = 1 + int(np.argwhere(given).max(initial=-1))
    n = len(names) if names else used
    if used > n or n > min(values.shape):
        raise InputError(f"The matrix has judgements for {used} factors, but there are {n} names.")
    return values[:n, :n]


def matrix_from_records(
    records: Iterable[Mapping[str, object]], names: Sequence[str] = ()
) -> tuple[list[str], FloatArray]:
    """Read the judgements of an expert from a table.

    Either a square table, with one column for each factor headed by its name and the rows in the same order (a column
    with the names may lead), or a list with the columns ``first``, ``second``, ``value``.

    Parameters
    ----------
    records : iterable of mappings
        The rows, from column name to cell.
    names : sequence of str, optional
        The factors; without them those of the table, in its order.

    Returns
    -------
    (list of str, ndarray, float64, shape (n, n))
        Names and judgements, NaN where none is given.

    Raises
    ------
    InputError
        If the table has neither form, or names a factor that is not known.

    Examples
    --------
    >>> rows = [{"first": "Slope", "second": "Roads", "value": "1/3"}]
    >>> names, judgements = matrix_from_records(rows)
    >>> names, judgements.round(4).tolist()
    (['Slope', 'Roads'], [[nan, 0.3333], [nan, nan]])
    """
    rows = [{str(key).strip(): cell for key, cell in record.items()} for record in records]
    if not rows:
        raise InputError("A table of judgements has no rows.")
    lower = {key.lower(): key for key in rows[0]}
    if all(column in lower for column in ("first", "second", "value")):
        pairs = [tuple(row[lower[column]] for column in ("first", "second", "value")) for row in rows]
        found = list(dict.fromkeys(str(name).strip() for pair in pairs for name in pair[:2]))
        order = list(names) or found
        matrix = np.full((len(order), len(order)), math.nan)
        for number, (first, second, value) in enumerate(pairs, start=1):
            i, j = (_place(str(name).strip(), order) for name in (first, second))
            matrix[i, j] = parse_judgement(value, f"Row {number}, column 'value'")
        return order, matrix
    columns = list(rows[0])[-len(rows) :]
    if len(columns) < len(rows):
        raise InputError(
            f"A table of judgements has {len(rows)} rows but {len(rows[0])} columns. Give one column for each factor, "
            "or the columns first, second and value."
        )
    matrix = np.array(
        [
            [parse_judgement(row[column], f"Row {number}, column '{column}'") for column in columns]
            for number, row in enumerate(rows, start=1)
        ]
    )
    order = list(names) or columns
    places = [_place(name, columns) for name in order] if set(order) == set(columns) else list(range(len(columns)))
    if len(order) != len(columns):
        raise InputError(f"A table judges {len(columns)} factors, but there are {len(order)}: {', '.join(order)}.")
    return order, matrix[np.ix_(places, places)]


def _place(name: str, names: Sequence[str]) -> int:
    for place, known in enumerate(names):
        if known.lower() == name.lower():
            return place
    raise InputError(f"The judgements name the factor '{name}', which is not one of: {', '.join(names)}.")


def _require_linked(known: BoolArray, labels: Sequence[str]) -> None:
    reached = np.zeros(len(known), dtype=bool)
    reached[0] = True
    while True:
        grown = reached | known[reached].any(axis=0)
        if (grown == reached).all():
            break
        reached = grown
    if not reached.all():
        lost = int(np.argmin(reached))
        raise InputError(f"No chain of judgements links {labels[lost]} to {labels[0]}. Judge at least one more pair.")
