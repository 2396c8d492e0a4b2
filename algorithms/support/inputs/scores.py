"""Score tables from the dialog, a layer or a file."""

from __future__ import annotations

from collections.abc import Sequence

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..io.rasters import RasterSource
from ..io.tables import read_rows
from ..io.vectors import VectorSource

COLUMNS = (
    "Columns, in any case: factor, class (name, or a range such as 10~18 or >39), min and max (empty = open) or value "
    "(a code), score, weight (once per factor), and where wanted unit and direction (rises or falls)."
)

SCORE_OF = "Resistance score of "
"""What score rasters say they hold begins with, the factor after it: in models every layer is called OUTPUT."""


def names_of(source: RasterSource) -> list[str]:
    """Return what the factor in a raster may be called: by the layer, and by what the file says it holds."""
    return [source.name, source.about[source.about.startswith(SCORE_OF) and len(SCORE_OF) :]]


def factor_name(source: RasterSource) -> str:
    """Return the factor that a raster holds the scores of, where it says so, else the name of the layer."""
    return names_of(source)[source.about.startswith(SCORE_OF)]


def match_names(names: Sequence[str], layers: Sequence[RasterSource], monitor: Monitor, what: str) -> list[int]:
    """Return the position in `names` of each layer: by name where all are found, else in their order, with a warning.

    Raises
    ------
    InputError
        If they differ in number and cannot be matched by name.
    """
    for own in zip(*map(names_of, layers)):
        places = [core.resistance.find_factor(name, names) for name in own]
        if None not in places and len(set(places)) == len(places):
            return places
    layers = [layer.name for layer in layers]
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


def factor_from_table(table: VectorSource, wanted: str, raster: RasterSource) -> core.resistance.FactorScores:
    """Return one factor of a score table.

    Parameters
    ----------
    table : VectorSource
        The table.
    wanted : str
        Name of the factor as the user gives it; empty: the only one, or the one the raster is of.
    raster : RasterSource
        The raster.
    """
    factors = core.resistance.read_score_table(read_rows(table), factor=raster.name)
    known = [factor.name for factor in factors]
    for name in [wanted] if wanted else names_of(raster):
        place = core.resistance.find_factor(name, known)
        if place is not None:
            return factors[place]
    if len(factors) == 1 and not wanted:
        return factors[0]
    raise InputError(
        f"'{table.name}' has no factor '{wanted or raster.name}'. Give the factor by its name; it has: {', '.join(known)}."
    )
