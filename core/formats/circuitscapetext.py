"""The text formats of Circuitscape: ASCII grids, lists of values, filters of pairs."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..grid import Grid
from ..types import BoolArray, FloatArray, IntArray

NODATA = -9999.0
_HEADER = re.compile(r"\s*([A-Za-z_]+)[ \t]+(\S+)[ \t]*\r?(?:\n|$)")
_NUMBERS = ("nan", "inf", "infinity")


@dataclass(frozen=True)
class AsciiGrid:
    """An ASCII grid.

    Attributes
    ----------
    values : float64 (rows, cols)
        NaN where the file says NODATA, or -9999.
    grid : Grid
        Its cells.
    header : str
        The six lines that a grid of the same cells starts with.
    nodata : float
        The number that says NODATA.
    """

    values: FloatArray
    grid: Grid
    header: str
    nodata: float


@dataclass(frozen=True)
class PairFilter:
    """Which pairs of focal nodes to solve.

    Attributes
    ----------
    include : bool
        Whether the pairs are those to solve, or those to leave out.
    pairs : frozenset of frozenset of int
        The pairs; the two ids in any order.
    named : frozenset of int
        All ids in the file.
    """

    include: bool
    pairs: frozenset[frozenset[int]]
    named: frozenset[int]

    def keeps(self, number: int) -> bool:
        """Return whether a focal node takes part at all."""
        return not self.include or number in self.named

    def allowed(self, ids: list[int]) -> BoolArray:
        """Return which pairs of some focal nodes may exchange current, (n, n), symmetric."""
        found = [[(frozenset((a, b)) in self.pairs) == self.include and a != b for b in ids] for a in ids]
        return np.array(found, dtype=bool).reshape(len(ids), len(ids))


def parse_grid(text: str, name: str) -> AsciiGrid:
    r"""Read an ASCII grid.

    Parameters
    ----------
    text : str
        Header lines in any order and letter case, then the numbers row by row from the top.
    name : str
        What to call it in errors.

    Raises
    ------
    InputError
        If the header is incomplete, or the numbers are not as many as it says.

    Examples
    --------
    >>> text = "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -1\n5 -1"
    >>> found = parse_grid(text, "habitat.asc")
    >>> found.values.tolist(), found.grid.top
    ([[5.0, nan]], 10.0)
    """
    found: dict[str, str] = {}
    position = 0
    while True:
        line = _HEADER.match(text, position)
        if line is None or line.group(1).lower() in _NUMBERS:
            break
        found[line.group(1).lower()] = line.group(2)
        position = line.end()
    try:
        cols, rows, size = int(found["ncols"]), int(found["nrows"]), float(found["cellsize"])
        left, bottom = (
            float(found[f"{axis}llcorner"])
            if f"{axis}llcorner" in found
            else float(found[f"{axis}llcenter"]) - size / 2
            for axis in "xy"
        )
        nodata = float(found.get("nodata_value", NODATA))
    except KeyError as missing:
        raise InputError(f"'{name}' is not an ASCII grid: its header has no {missing.args[0]}.") from None
    except ValueError as error:
        raise InputError(
            f"'{name}' is not an ASCII grid: its header holds something that is not a number ({error})."
        ) from None
    numbers = _numbers(text[position:], name)
    if numbers.size != rows * cols:
        raise InputError(f"'{name}' holds {numbers.size} numbers, but its header says {rows} x {cols} = {rows * cols}.")
    numbers[(numbers == nodata) | (numbers == NODATA)] = np.nan
    grid = Grid(rows, cols, left, bottom + rows * size, size, size)
    return AsciiGrid(numbers.reshape(rows, cols), grid, grid_header(grid, nodata), nodata)


def grid_header(grid: Grid, nodata: float) -> str:
    """Return the header of an ASCII grid.

    Examples
    --------
    >>> print(grid_header(Grid(2, 3, left=100.0, top=220.0, dx=10.0, dy=10.0), nodata=-9999.0), end="")
    ncols         3
    nrows         2
    xllcorner     100
    yllcorner     200
    cellsize      10
    NODATA_value  -9999
    """
    lines = (
        ("ncols", str(grid.cols)),
        ("nrows", str(grid.rows)),
        ("xllcorner", f"{grid.left:.15g}"),
        ("yllcorner", f"{grid.bottom:.15g}"),
        ("cellsize", f"{grid.dx:.15g}"),
        ("NODATA_value", f"{nodata:.15g}"),
    )
    return "".join(f"{name:<14}{value}\n" for name, value in lines)


def format_table(values: FloatArray) -> Iterator[str]:
    r"""Yield the lines of a table of numbers: ten digits, blanks between them.

    Examples
    --------
    >>> list(format_table(np.array([[1.0, 2.5], [3.0, 1 / 3]])))
    ['1 2.5\n', '3 0.3333333333\n']
    """
    form = " ".join(["%.10g"] * values.shape[1]) + "\n"
    for row in values:
        yield form % tuple(row)


def parse_table(text: str, columns: int, name: str) -> FloatArray:
    r"""Read a table of numbers between blanks, tabs or commas; what follows a # is passed over.

    Raises
    ------
    InputError
        If a line has fewer columns, or something that is not a number.

    Examples
    --------
    >>> parse_table("1 10 # forest\n2 50", 2, "classes.txt").tolist()
    [[1.0, 10.0], [2.0, 50.0]]
    """
    rows = []
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        words = raw.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        if len(words) < columns:
            raise InputError(f"'{name}', line {number}, has {len(words)} columns; {columns} are needed.")
        try:
            rows.append([float(word) for word in words[:columns]])
        except ValueError:
            raise InputError(
                f"'{name}', line {number}, holds something that is not a number: {raw.strip()!r}."
            ) from None
    return np.array(rows, dtype=np.float64).reshape(-1, columns)


def parse_points(text: str, grid: Grid, name: str) -> tuple[FloatArray, IntArray]:
    r"""Read a list of `value x y`.

    Returns
    -------
    values : float64 (k,)
    cells : int64 (k,)
        Flat indices, in the order of the file. A point on an edge belongs to the cell above or to the left, as in
        Circuitscape.

    Raises
    ------
    InputError
        If a point lies outside the grid.

    Examples
    --------
    >>> grid = Grid(2, 3, left=0.0, top=20.0, dx=10.0, dy=10.0)
    >>> values, cells = parse_points("1 5 15\n2 25 5", grid, "points.txt")
    >>> values.tolist(), cells.tolist()
    ([1.0, 2.0], [0, 5])
    """
    table = parse_table(text, 3, name)
    rows = np.ceil(grid.rows - (table[:, 2] - grid.bottom) / grid.dy) - 1
    cols = np.ceil((table[:, 1] - grid.left) / grid.dx) - 1
    outside = ~((rows >= 0) & (rows < grid.rows) & (cols >= 0) & (cols < grid.cols))
    if outside.any():
        value, x, y = table[np.argmax(outside)]
        raise InputError(
            f"'{name}' has {np.count_nonzero(outside)} points outside the raster, the first with {value:g} at "
            f"{x:.10g}, {y:.10g} ({grid.describe()}). The columns are value, x, y."
        )
    return table[:, 0], (rows * grid.cols + cols).astype(np.int64)


def parse_pairs(text: str, name: str) -> PairFilter:
    r"""Read a filter of pairs: `mode include|exclude` and pairs, or `min`, `max` and a matrix with ids around it.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> found = parse_pairs("mode include\n1 2\n2 3", "pairs.txt")
    >>> found.allowed([1, 2, 3]).astype(int).tolist()
    [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    """
    lines = [line.replace(",", " ").split() for line in text.lstrip("\ufeff").splitlines()]
    lines = [words for words in lines if words]
    first = lines[0][0].lower() if lines else ""
    try:
        if first == "mode":
            mode = lines[0][1].lower()
            if mode not in ("include", "exclude"):
                raise InputError(f"'{name}' says mode {mode}; it must be include or exclude.")
            pairs = frozenset(frozenset((_id(words[0], name), _id(words[1], name))) for words in lines[1:])
            named = frozenset(number for pair in pairs for number in pair)
            return PairFilter(mode == "include", pairs, named)
        if first == "min" and lines[1][0].lower() == "max":
            low, high = float(lines[0][1]), float(lines[1][1])
            ids = [_id(word, name) for word in lines[2][1:]]
            listed: set[frozenset[int]] = set()
            for words in lines[3:]:
                if len(words) != len(ids) + 1:
                    raise InputError(f"'{name}', row of {words[0]}: {len(words) - 1} values for {len(ids)} ids.")
                one = _id(words[0], name)
                listed.update(
                    frozenset((one, other)) for other, word in zip(ids, words[1:]) if low <= float(word) <= high
                )
            return PairFilter(True, frozenset(listed), frozenset(ids))
    except (IndexError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"'{name}' cannot be read as a filter of pairs ({error}).") from None
    raise InputError(
        f"'{name}' is not a filter of pairs: it starts with {first!r}, not with 'mode' or 'min' and 'max'."
    )


def whole(values: FloatArray, name: str) -> IntArray:
    """Return ids as integers, NaN as 0.

    Raises
    ------
    InputError
        If one is not whole.

    Examples
    --------
    >>> whole(np.array([1.0, np.nan, 3.0]), "regions.asc").tolist()
    [1, 0, 3]
    """
    known = np.where(np.isnan(values), 0.0, values)
    rounded = np.rint(known)
    if not (np.abs(known) < 2**53).all() or (rounded != known).any():
        bad = known[(rounded != known) | ~(np.abs(known) < 2**53)]
        raise InputError(f"'{name}' must hold whole numbers, not {float(bad[0]):g}.")
    return rounded.astype(np.int64)


def reclassified(values: FloatArray, table: FloatArray) -> FloatArray:
    """Return values with every old value of a table (old, new) replaced, in the order of the old values.

    As in Circuitscape, a new value that is itself an old value further on is replaced again.

    Examples
    --------
    >>> reclassified(np.array([1.0, 2.0, 5.0]), np.array([[1.0, 10.0], [2.0, 50.0]])).tolist()
    [10.0, 50.0, 5.0]
    """
    result: FloatArray = values.copy()
    for old, new in table[np.argsort(table[:, 0], kind="stable")]:
        result[result == old] = np.nan if new == NODATA else new
    return result


def _id(word: str, name: str) -> int:
    return int(whole(np.array([float(word)]), name)[0])


def _numbers(text: str, name: str) -> FloatArray:
    with warnings.catch_warnings():
        # NumPy only warns when it stops in front of something that is not a number
        warnings.simplefilter("error", DeprecationWarning)
        try:
            numbers: FloatArray = np.fromstring(text, dtype=np.float64, sep=" ")
        except (DeprecationWarning, ValueError):
            raise InputError(f"'{name}' holds something that is not a number below its header.") from None
    return numbers
