"""Weights of several rasters, as a line of numbers or as a table."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.errors import InputError
from ....core.lists import parse_number, parse_numbers
from ....core.monitor import Monitor
from ..io.rasters import RasterSource
from ..io.tables import read_rows
from ..io.vectors import VectorSource
from . import scores


def read_weights(
    text: str, table: VectorSource | None, layers: Sequence[RasterSource], monitor: Monitor, what: str = "factors"
) -> list[float]:
    """Return the weights in a table or else in a line of text, in the order of the rasters.

    Parameters
    ----------
    text : str
        Numbers in the order of the rasters.
    table : VectorSource, optional
        Table with the columns factor and weight, as 'Weights by AHP' makes it; a table of scores has many rows of a
        factor, and its weight in one of them.
    layers : sequence of RasterSource
        The rasters.
    monitor : Monitor
        Gets a warning where names do not fit.
    what : str
        What they are, for messages.
    """
    if table is None:
        weights = parse_numbers(text, "Weights")
    else:
        found = weights_by_name(table)
        held = list(found.values())
        weights = [held[k] for k in scores.match_names(list(found), layers, monitor, f"'{table.name}'")]
    if len(weights) != len(layers) or None in weights:
        count = sum(weight is not None for weight in weights)
        raise InputError(f"There are {len(layers)} {what} but {count} weights. Give one number for each.")
    return weights


def weights_by_name(table: VectorSource) -> dict[str, float | None]:
    """Return the weights in a table by the names of the factors, see `read_weights`."""
    rows = [{str(key).lower(): value for key, value in row.items()} for row in read_rows(table)]
    if not rows or "factor" not in rows[0] or "weight" not in rows[0]:
        raise InputError(f"'{table.name}' must have the columns 'factor' and 'weight'.")
    found: dict[str, float | None] = {}
    name = ""
    for k, row in enumerate(rows, start=1):
        name = str(row["factor"] or name)
        weight = parse_number(row["weight"], f"Row {k}, column 'weight'")
        found[name] = weight if found.get(name) is None else found[name]
    return found
