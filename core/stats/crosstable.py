"""How often classes of two rasters meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import BoolArray, IntArray


@dataclass(frozen=True)
class CrossTable:
    """Cells by the classes of two rasters.

    Attributes
    ----------
    rows, columns : int64
        The classes that occur, ascending.
    cells : int64, shape (rows, columns)
        Cells of each pair of classes.
    """

    rows: IntArray
    columns: IntArray
    cells: IntArray


def cross_table(first: IntArray, second: IntArray, where: BoolArray) -> CrossTable:
    """Count the cells of each pair of classes of two rasters of one shape, where asked for.

    Examples
    --------
    >>> grade, rock = np.array([[1, 1, 2, 0]]), np.array([[4, 6, 6, 6]])
    >>> found = cross_table(grade, rock, grade > 0)
    >>> found.rows.tolist(), found.columns.tolist(), found.cells.tolist()
    ([1, 2], [4, 6], [[1, 1], [0, 1]])
    """
    rows, row = np.unique(first[where], return_inverse=True)
    columns, column = np.unique(second[where], return_inverse=True)
    cells = np.bincount(row.ravel() * columns.size + column.ravel(), minlength=rows.size * columns.size)
    return CrossTable(rows.astype(np.int64), columns.astype(np.int64), cells.reshape(rows.size, columns.size))
