"""The text files of Conefor: nodes, connections, and its results.

References
----------
.. [1] S. Saura and J. Torne (2009), Conefor Sensinode 2.2, Environ. Model. Softw. 24,
   doi:10.1016/j.envsoft.2008.05.005.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import Array, BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class NodeFile:
    """What a node file holds.

    Attributes
    ----------
    ids : list of int
        Numbers of the nodes, in the order of the file; they need not run from 1.
    attributes : float64, shape (n,)
        Their attributes.
    existing : bool, shape (n,)
        False for candidates (third column 0).
    """

    ids: list[int]
    attributes: FloatArray
    existing: BoolArray


def parse_nodes(text: str) -> NodeFile:
    r"""Read a node file: a number, an attribute and, optionally, 1 (exists) or 0 (candidate) on each line.

    Raises
    ------
    InputError
        With the line, for anything else, double ids or no node at all.

    Examples
    --------
    >>> found = parse_nodes("7 12.5 1\n9 3 0")
    >>> found.ids, found.attributes.tolist(), found.existing.tolist()
    ([7, 9], [12.5, 3.0], [True, False])
    """
    ids: list[int] = []
    attributes: list[float] = []
    existing: list[bool] = []
    seen: set[int] = set()
    for line, cells in _rows(text):
        if len(cells) not in (2, 3):
            raise InputError(
                f"Node file, line {line}: {len(cells)} columns instead of an id, an attribute and perhaps a 1 or 0."
            )
        one = _id(cells[0], "Node file", line)
        if one in seen:
            raise InputError(f"Node file, line {line}: node {one} is there already. Each node may be listed once.")
        seen.add(one)
        ids.append(one)
        attributes.append(_value(cells[1], "Node file", line))
        if len(cells) == 3 and cells[2] not in ("0", "1"):
            raise InputError(f"Node file, line {line}: '{cells[2]}' must be 1 (exists) or 0 (candidate).")
        existing.append(len(cells) == 2 or cells[2] == "1")
    if not ids:
        raise InputError("The node file is empty.")
    return NodeFile(ids, np.array(attributes), np.array(existing, dtype=bool))


def parse_connections(text: str, ids: Sequence[int]) -> tuple[IntArray, FloatArray]:
    """Read a connection file: two ids and a value (distance, probability or 0/1 link) on each line.

    Returns
    -------
    pairs : int64, shape (m, 2)
        Positions in `ids`.
    values : float64, shape (m,)
        The third column; 1 where there are two columns only.

    Raises
    ------
    InputError
        With the line, for ids that are no node, a node with itself, and pairs that are given twice.

    Examples
    --------
    >>> pairs, values = parse_connections("7 9 1250.5", ids=[7, 8, 9])
    >>> pairs.tolist(), values.tolist()
    ([[0, 2]], [1250.5])
    """
    position = {one: k for k, one in enumerate(ids)}
    pairs: list[tuple[int, int]] = []
    values: list[float] = []
    seen: set[tuple[int, int]] = set()
    for line, cells in _rows(text):
        if len(cells) not in (2, 3):
            raise InputError(f"Connection file, line {line}: {len(cells)} columns instead of two ids and a value.")
        ends = [_id(cell, "Connection file", line) for cell in cells[:2]]
        for one in ends:
            if one not in position:
                raise InputError(f"Connection file, line {line}: {one} is not in the node file.")
        pair = position[ends[0]], position[ends[1]]
        if pair[0] == pair[1]:
            raise InputError(f"Connection file, line {line}: node {ends[0]} is connected with itself.")
        key = min(pair), max(pair)
        if key in seen:
            raise InputError(
                f"Connection file, line {line}: the pair {ends[0]}, {ends[1]} is there already. Give each pair once."
            )
        seen.add(key)
        pairs.append(pair)
        values.append(_value(cells[2], "Connection file", line) if len(cells) == 3 else 1.0)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2), np.array(values, dtype=np.float64)


def format_nodes(ids: Iterable[int], attributes: Array, existing: Array | None = None) -> str:
    r"""Return a node file; with `existing`, its third column says which nodes exist.

    Examples
    --------
    >>> format_nodes([7, 9], np.array([12.5, 3.0]))
    '7\t12.5\n9\t3.0\n'
    """
    rows = [f"{one}\t{float(value)!r}" for one, value in zip(ids, attributes)]
    if existing is not None:
        rows = [f"{row}\t{int(there)}" for row, there in zip(rows, existing)]
    return "".join(row + "\n" for row in rows)


def format_connections(ids: Sequence[int], pairs: Array, values: Array) -> str:
    r"""Return a connection file; numbers are written so that reading gives them back exactly.

    Examples
    --------
    >>> format_connections([7, 9], np.array([[0, 1]]), np.array([1250.5]))
    '7\t9\t1250.5\n'
    """
    return "".join(f"{ids[i]}\t{ids[j]}\t{float(value)!r}\n" for (i, j), value in zip(np.asarray(pairs), values))


def format_importances(ids: Iterable[int], columns: dict[str, Array]) -> str:
    r"""Return a file of node importances: a header, then seven decimals, every line with a tab at its end.

    Examples
    --------
    >>> format_importances([7, 9], {"dPC": np.array([60.0, 40.0])})
    'Node\tdPC\t\n7\t60.0000000\t\n9\t40.0000000\t\n'
    """
    lines = ["\t".join(["Node", *columns]) + "\t\n"]
    for one, *values in zip(ids, *columns.values()):
        lines.append("\t".join([str(one), *(f"{value:.7f}" for value in values)]) + "\t\n")
    return "".join(lines)


def format_overall(indices: Iterable[tuple[str, float]]) -> str:
    r"""Return a file of overall indices: a name and a value on each line.

    Examples
    --------
    >>> format_overall([("NL", 3.0), ("PC", 0.25)])
    'NL\t3\nPC\t0.25\n'
    """
    return "".join(f"{name}\t{value:.7g}\n" for name, value in indices)


def _rows(text: str) -> Iterable[tuple[int, list[str]]]:
    for line, row in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        cells = row.split()
        if cells:
            yield line, cells


def _id(cell: str, what: str, line: int) -> int:
    try:
        return int(cell)
    except ValueError:
        raise InputError(f"{what}, line {line}: '{cell}' is not a valid id; Conefor numbers its nodes.") from None


def _value(cell: str, what: str, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = np.nan
    if not value >= 0.0:
        raise InputError(f"{what}, line {line}: '{cell}' is not a number of 0 or more.")
    return value
