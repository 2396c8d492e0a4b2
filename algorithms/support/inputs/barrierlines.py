"""Reading roads, railways and rivers as lines with the class of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

from .... import core
from ....core.errors import InputError
from ....core.lists import split_list, value_text
from ....core.monitor import Monitor
from ..io.tables import require_readable
from ..io.vectors import VectorSource, is_null, vertices
from . import parameters as p
from .parameters import Type

if TYPE_CHECKING:
    from ..run.job import Job


@dataclass(frozen=True)
class BarrierLayer:
    """The lines of one layer that lie near the paths.

    Parameters
    ----------
    name : str
        Of the layer.
    lines : list of list of ndarray
        The parts of each line: x and y of their vertices.
    levels : list of str or None
        The class of each.
    """

    name: str
    lines: list[list[np.ndarray]]
    levels: list[str | None]


def barrier_lines() -> list:
    """Return the parameters that `read_barrier_lines` and `level_weights` read."""
    return [
        p.vectors(
            "BARRIER_LINES",
            "Roads, railways and rivers",
            "One layer of lines or several; each is looked at by itself. Leave out what runs in tunnels or on viaducts, "
            "where animals pass. Empty: no break points.",
            Type.TypeVectorLine,
            optional=True,
        ),
        p.text(
            "LEVEL",
            "Class field of the lines",
            "Field with the class of each line, such as motorway or trunk. Several names with commas where the layers call "
            "it differently: of each layer the first it has. Empty: no classes.",
            optional=True,
        ),
        p.text(
            "LEVEL_SCORES",
            "Weights of the classes",
            "How much more a class counts than another in the score of a break point: motorway=4; trunk=2; 1, where a number "
            "alone is that of all other lines. Empty: all count the same.",
            optional=True,
        ),
    ]


def check_levels(job: Job) -> str | None:
    """Return what is wrong with the parameters of `barrier_lines`."""
    named = [name for name in split_list(job.text("LEVEL"), blanks=False) if name]
    layers = job.vectors("BARRIER_LINES")
    if (named or job.given("LEVEL_SCORES")) and not layers:
        return "There is a class field or weights of classes, but no layer of lines. Give the layers (BARRIER_LINES)."
    if named and not any(name in layer.field_names for layer in layers for name in named):
        held = "; ".join(f"'{layer.name}': {', '.join(layer.field_names)}" for layer in layers)
        return f"No layer of lines has a field '{', '.join(named)}' (LEVEL). They have: {held}."
    if job.given("LEVEL_SCORES"):
        classes = [key for key in core.resistance.read_class_scores(job.text("LEVEL_SCORES"), "Weights") if key]
        if classes and not named:
            return f"The weights name classes ({', '.join(classes)}), but not the field with the class of each line (LEVEL)."
    return None


def read_barrier_lines(
    job: Job, extent: QgsRectangle, crs: QgsCoordinateReferenceSystem, monitor: Monitor
) -> list[BarrierLayer]:
    """Return the lines that reach into an extent, by layer; layers without any are named in a warning."""
    named = [name for name in split_list(job.text("LEVEL"), blanks=False) if name]
    found = []
    layers = job.vectors("BARRIER_LINES")
    for number, layer in enumerate(layers):
        part = monitor.part(number / len(layers), (number + 1) / len(layers))
        field = next((name for name in named if name in layer.field_names), "")
        features = layer.shaped(crs, part)
        near = [one for one in features if one.geometry().boundingBox().intersects(extent)]
        if not near:
            part.warn(
                f"'{layer.name}' has no line that could cross a path: {_where(layer, len(features))}; it was left out."
            )
            continue
        if named and not field:
            part.info(f"'{layer.name}' has no field '{', '.join(named)}'; its lines are of no class.")
        lines, levels = [], []
        for done, one in enumerate(near):
            if done % 1000 == 0:
                part.step(done, len(near))
            lines.append(vertices(one.geometry()))
            levels.append(None if not field or is_null(one[field]) else value_text(one[field]))
        for level in set(levels) - {None}:
            require_readable(layer.name, level)
        found.append(BarrierLayer(layer.name, lines, levels))
    return found


def _where(layer: VectorSource, count: int) -> str:
    return f"none of its {count:,} lines lies where the paths are, check its CRS" if count else "it is empty"


def level_weights(job: Job, layers: Sequence[BarrierLayer]) -> list[np.ndarray]:
    """Return the weight of each line of each layer, 1 where none is given; warn of classes that no line has.

    Raises
    ------
    InputError
        If no line is of a class that has a weight.
    """
    if not job.given("LEVEL_SCORES"):
        return [np.ones(len(layer.lines)) for layer in layers]
    scores = core.resistance.read_class_scores(job.text("LEVEL_SCORES"), "Weights")
    others = scores.get("", 1.0)
    keys = [[core.resistance.road_class(one) if one else "" for one in layer.levels] for layer in layers]
    held = {key for each in keys for key in each if key}
    absent = [key for key in scores if key and key not in held]
    if layers and len(absent) == len(scores):
        raise InputError(
            f"No line near the paths is of a class that has a weight ({', '.join(absent)}). There are: "
            f"{', '.join(sorted(held)) or 'no classes'}. Write the classes as the field has them."
        )
    if absent:
        job.monitor.warn(f"No line near the paths is of class {', '.join(absent)}.")
    return [np.array([scores.get(key, others) for key in each]) for each in keys]
