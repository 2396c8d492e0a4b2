"""The legend of a land-use map: whose codes it holds, as the user says, and what its classes are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .... import core
from ....core.choices import Legend
from ....core.errors import InputError
from ....core.monitor import Monitor
from ..io.categories import read_categories
from ..io.rasters import RasterSource
from ..run import palette
from ..run.palette import Colour
from . import parameters as p

if TYPE_CHECKING:
    from ....core.resistance.scoretable import ScoreClass
    from ..run.job import Job


def legend(fills: str):
    """Return the choice of a legend; `fills` says what it fills in."""
    text = (
        f"Whose codes the map holds. {fills} With 'Own codes' nothing is filled in. Codes that the legend does not have, and "
        "names in the file that contradict it, stop the run."
    )
    return p.choice("LEGEND", "Legend of the land use", text, Legend)


def read_scheme(job: Job, source: RasterSource, codes: Collection[float]) -> core.resistance.Scheme | None:
    """Return the chosen legend in the coding that a raster with these codes is in; None with own codes.

    Raises
    ------
    InputError
        If the raster has codes or names of classes that contradict it.
    """
    chosen = job.choice("LEGEND", Legend)
    if chosen is Legend.OWN:
        return None
    names = read_categories(source).names
    scheme = core.resistance.choose_scheme(chosen, codes, raster=source.name, names=names)
    job.monitor.info(f"'{source.name}' is read with the legend {scheme.name}: {scheme.source}.")
    others = [one.name for one in core.resistance.fitting(codes, names) if one.name != scheme.name]
    if others:
        job.monitor.info(
            f"Its codes would fit {', '.join(others)} too; if it was made with another legend, choose that."
        )
    blank = sorted(set(scheme.missing) & set(codes))
    if blank:
        job.monitor.info(f"In this legend {', '.join(map(str, blank))} is no data, and so it was taken.")
    return scheme


def with_data(scheme: core.resistance.Scheme | None, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return where there is data, the codes of no data of a legend left out."""
    blanks = [] if scheme is None else scheme.blanks
    return valid & ~core.sources.members(values, blanks) if blanks else valid


class Habitat(NamedTuple):
    """The foreground of a class map.

    Attributes
    ----------
    ranges : list of (float, float)
        Its values and ranges.
    valid : ndarray of bool, shape (rows, cols)
        Where there is data, the legend's codes of no data left out.
    codes : list of float
        The codes of the map.
    scheme : Scheme or None
        The legend; None with own codes.
    """

    ranges: list[tuple[float, float]]
    valid: np.ndarray
    codes: list[float]
    scheme: core.resistance.Scheme | None


def read_habitat(
    job: Job,
    source: RasterSource,
    values: np.ndarray,
    valid: np.ndarray,
    wanted: list[tuple[float, float]],
    *,
    parameter: str = "FOREGROUND",
    what: str = "foreground",
) -> Habitat:
    """Return the foreground of a class map: the one `wanted`, else the habitat of the legend.

    Parameters
    ----------
    wanted : list of (float, float)
        Values and ranges as given in `parameter`; may be empty.
    what : str
        What they are called in messages.

    Raises
    ------
    InputError
        If there is neither, the legend contradicts the map or what is wanted, or no cell has one of the values; the
        message says which codes there are and which legends they fit.
    """
    codes = core.sources.held_codes(values, valid)
    scheme = read_scheme(job, source, codes)
    if scheme is not None:
        wanted = core.resistance.habitat_of(scheme, wanted, parameter=parameter)
        valid = with_data(scheme, values, valid)
    elif not wanted:
        raise InputError(no_values(source, codes, parameter, what))
    if codes and not core.sources.members(np.array(codes), wanted).any():
        listed = ", ".join(f"{low:g}" if low == high else f"{low:g}-{high:g}" for low, high in wanted)
        raise InputError(
            f"No cell of '{source.name}' has one of the {what} values {listed}; {describe_codes(source, codes)}."
        )
    if not codes:
        raise InputError(f"'{source.name}' holds only NoData.")
    return Habitat(wanted, valid, codes, scheme)


def no_values(source: RasterSource, codes: Collection[float], parameter: str, what: str) -> str:
    """Return that nothing says which values of a map are meant, and what to do."""
    return (
        f"There are no {what} values, and no legend to take them from. '{source.name}', {describe_codes(source, codes)}. "
        f"Choose the LEGEND of the map, or give its {what} values as {parameter}."
    )


def codes_at_a_glance(source: RasterSource) -> list[float]:
    """Return the codes of a map, of a few of its rows where it is large: for what is said before anything runs."""
    rows, cols = source.grid.shape
    if rows * cols <= _SMALL:
        return core.sources.held_codes(*source.read())
    values = source.glance()
    return core.sources.held_codes(values, np.ones(values.shape, dtype=bool))


_SMALL = 4_000_000
"""Cells that are read in an instant."""


def class_names(
    source: RasterSource,
    scheme: core.resistance.Scheme | None,
    classes: Sequence[ScoreClass],
    codes: Collection[float],
    own: Mapping[int, str] | None = None,
) -> dict[int, str]:
    """Return what the classes of a map are called: by the user, else the score table, the legend, the file; never a mixture.

    Parameters
    ----------
    source : RasterSource
        The map.
    scheme : Scheme or None
        Its legend.
    classes : sequence of ScoreClass
        Of the score table, in which names may stand.
    codes : collection of float
        The codes of the map.
    own : mapping of int to str, optional
        What the user calls them (LANDUSE_NAMES).

    Raises
    ------
    InputError
        If the names of the score table contradict the legend, or without one those of the user or the file.
    """
    given = {}
    for code in codes:
        held = [one.name for one in classes if one.minimum <= code <= one.maximum and one.name]
        if held:
            given[int(code)] = held[0]
    where = "the names in the table of scores"
    if scheme is not None:
        core.resistance.require_same_names(scheme, given, where, raster=source.name, codes=codes)
        return dict(own or given or scheme.names)
    held = own or read_categories(source).names
    known = "LANDUSE_NAMES" if own else f"the categories of '{source.name}'"
    core.resistance.require_agreement(given, held, (where.capitalize(), known), raster=source.name, codes=codes)
    return dict(own or given or held)


def given_names(job: Job, parameter: str) -> dict[int, str]:
    """Return what the user calls the classes in a parameter, by their code.

    Raises
    ------
    InputError
        For entries without a name, and codes that are no whole numbers.
    """
    from ..geometry.zonal import parse_names

    named = parse_names(job.text(parameter))
    try:
        return {int(float(code)): name for code, name in named.items()}
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{parameter} names values of the land use, which are whole numbers: {error}. Write for example: 1=Forest; "
            "2=Grassland."
        ) from error


def check_names(
    source: RasterSource, codes: Collection[float], given: Mapping[int, str], parameter: str, monitor: Monitor
) -> None:
    """Refuse names of none of the classes, and warn of classes that the names leave out."""
    left = [int(code) for code in codes if code not in given]
    if given and len(left) == len(codes):
        raise InputError(
            f"{parameter} names {', '.join(map(str, given))}, of which '{source.name}' has none "
            f"({describe_codes(source, codes)}). Write the codes of the map, or leave the names out."
        )
    if given and left:
        monitor.warn(
            f"{parameter} has no name for {', '.join(map(str, left))}: tables and maps show the code, since names are "
            "never mixed with others. Give all classes a name, or none."
        )


def drawn_classes(
    source: RasterSource, scheme: core.resistance.Scheme | None, codes: Collection[float], names: Mapping[int, str]
) -> list[tuple[int, str, Colour]]:
    """Return code, name and colour of the classes of a map: those of its legend, else of its file."""
    colours = read_categories(source).colours
    if scheme is not None:
        colours = {code: colour for code, _, colour in scheme.drawn}
    others = palette.ZONES
    return [
        (code, names.get(code, str(code)), colours.get(code, others[code % len(others)])) for code in map(int, codes)
    ]


def describe_codes(source: RasterSource, codes: Collection[float], names: Mapping[int, str] | None = None) -> str:
    """Return in words which codes a raster has, and whose they look like by them and their names, else those in the file."""
    return core.resistance.describe_codes(codes, names or read_categories(source).names)
