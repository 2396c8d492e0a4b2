"""Score tables from the dialog, a layer or a file."""

from __future__ import annotations

from collections.abc import Sequence

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..io.tables import read_rows
from ..io.vectors import VectorSource

COLUMNS = (
    "Columns, in any case: factor, class (name, or a range such as 10~18 or >39), min and max (empty = open) or value "
    "(a code), score, weight (once per factor), and where wanted unit and direction (rises or falls)."
)


def match_names(names: Sequence[str], layers: Sequence[str], monitor: Monitor, what: str) -> list[int]:
    """Return the position in `names` of each layer: by name where all are found, else in their order, with a warning.

    Raises
    ------
    InputError
        If they differ in number and cannot be matched by name.
    """
    places = {core.resistance.name_key(name): place for place, name in enumerate(names)}
    if all(core.resistance.name_key(layer) in places for layer in layers):
        return [places[core.resistance.name_key(layer)] for layer in layers]
    if len(names) != len(layers):
        raise InputError(
            f"There are {len(layers)} factors ({', '.join(layers)}) but {len(names)} in {what} ({', '.join(names)}). "
            "Give each layer the name of its factor, or as many as there are factors, in their order."
        )
    pairs = ", ".join(f"{layer}: {name}" for layer, name in zip(layers, names))
    monitor.warn(f"The names in {what} are not those of the layers; taken in their order: {pairs}.")
    return list(range(len(names)))


def rows_of(cells: Sequence[str], width: int) -> list[list[str]]:
    """Return the cells of a matrix in rows, without the rows that are empty."""
    if len(cells) % width:
        raise InputError(f"The table of scores has {len(cells)} cells; give {width} in each row.")
    rows = [list(cells[start : start + width]) for start in range(0, len(cells), width)]
    return [row for row in rows if any(cell and cell.upper() not in ("NULL", "NONE") for cell in row)]


def factor_from_matrix(cells: Sequence[str], name: str) -> core.resistance.FactorScores | None:
    """Return the scores typed in the dialog (minimum, maximum, score), or None when there are none."""
    rows = rows_of(cells, 3)
    return core.resistance.FactorScores(name, core.resistance.classes_from_rows(rows)) if rows else None


def factor_from_table(table: VectorSource, wanted: str, name: str) -> core.resistance.FactorScores:
    """Return one factor of a score table.

    Parameters
    ----------
    table : VectorSource
        The table.
    wanted : str
        Name of the factor as the user gives it; empty: the only one, or the one named like the raster.
    name : str
        Name of the raster.
    """
    factors = {factor.name: factor for factor in core.resistance.read_score_table(read_rows(table), factor=name)}
    for candidate in (wanted, name) if not wanted else (wanted,):
        for key, factor in factors.items():
            if candidate and core.resistance.name_key(candidate) == core.resistance.name_key(key):
                return factor
    if len(factors) == 1 and not wanted:
        return next(iter(factors.values()))
    raise InputError(
        f"'{table.name}' has no factor '{wanted or name}'. Give the factor by its name; it has: {', '.join(factors)}."
    )
