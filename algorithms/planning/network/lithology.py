"""The rocks under the sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core.errors import InputError
from ...support.io.categories import read_categories
from ...support.io.fields import Shown
from ...support.io.rasters import RasterSource
from ...support.io.tables import Column, columns
from ...support.io.vectors import VectorSource, burn, is_null
from ...support.run import palette, styling
from .corridorsides import WHOLE

if TYPE_CHECKING:
    from ...support.run.job import Job
    from ...support.run.palette import Colour
    from .outputs import NetworkOutputs
    from .studyland import StudyLand

UNKNOWN = 0
"""Where no rock is known."""

_MOST = 60
"""Rocks beyond which the layer is of measures, not of classes."""


@dataclass(frozen=True)
class Lithology:
    """The rock of each cell: `cells`, 0 where none is known, and value, name and colour of each rock."""

    cells: np.ndarray
    classes: list[tuple[int, str, Colour]]


def read_lithology(job: Job, study: StudyLand, land: RasterSource) -> Lithology | None:
    """Return the rocks on the grid of the land use; None where they were not given."""
    raster, polygons = job.raster("LITHOLOGY"), None
    if raster is None:
        polygons = job.vector("LITHOLOGY")
    if raster is not None:
        cells, names, colours = _of_raster(raster, study)
    elif polygons is not None:
        cells, names, colours = _of_polygons(polygons, job.text("LITHOLOGY_NAME"), land, job)
    else:
        return None
    held = np.unique(cells[cells != UNKNOWN]).tolist()
    if not held:
        raise InputError("The lithology does not lie on the land use. Check their coordinate reference systems.")
    if len(held) > _MOST:
        raise InputError(
            f"The lithology has {len(held)} classes, more than a map can show ({_MOST}). Group the rocks, or give the field "
            "with their groups as LITHOLOGY_NAME."
        )
    classes = [
        (k, names.get(value, str(value)), colours.get(value, palette.ZONES[(k - 1) % len(palette.ZONES)]))
        for k, value in enumerate(held, start=1)
    ]
    return Lithology(np.searchsorted([UNKNOWN, *held], cells).astype(np.uint8), classes)


def _of_raster(raster: RasterSource, study: StudyLand) -> tuple[np.ndarray, dict[int, str], dict]:
    values = study.surface(raster, classes=True)
    # A class 0 of the raster would be taken for no class.
    shift = 1 - min(int(np.nanmin(values)), 1) if np.isfinite(values).any() else 0
    cells = np.where(np.isnan(values), UNKNOWN, values + shift).astype(np.int64)
    names, colours = read_categories(raster)
    return cells, *({value + shift: one for value, one in held.items()} for held in (names, colours))


def _of_polygons(source: VectorSource, field: str, land: RasterSource, job: Job):
    if field not in source.field_names:
        raise InputError(
            f"Name the field of '{source.name}' with the names of the rocks as LITHOLOGY_NAME"
            + (f"; it has no field '{field}'. " if field else ". ")
            + f"It has: {', '.join(source.field_names)}."
        )
    features = source.shaped(land.crs, job.monitor)
    texts = ["(no name)" if is_null(one[field]) else str(one[field]) for one in features]
    number = {text: k for k, text in enumerate(sorted(set(texts)), start=1)}
    cells = burn([one.geometry() for one in features], land.grid, [number[text] for text in texts])
    return cells, {k: text for text, k in number.items()}, {}


def rocks_by_grade(outputs: NetworkOutputs, lithology: Lithology) -> tuple[list[Column], list[list]]:
    """Return a row for each grade of the sources, all of them and the study area, and each rock there, most first."""
    found = outputs.network.sources
    grade = np.concatenate([[0], found.grade])[found.labels]
    names = {UNKNOWN: "Not known", **{value: name for value, name, _ in lithology.classes}}
    inside = outputs.inside
    table = core.stats.cross_table(grade, lithology.cells, inside)
    groups = [(styling.grade_name(int(one)), table.rows == one) for one in table.rows if one]
    groups += [("All sources", table.rows > 0), (WHOLE, table.rows >= 0)]
    rows = []
    for title, chosen in groups:
        cells = table.cells[chosen].sum(axis=0)
        rows += [
            [
                title,
                names[int(table.columns[k])],
                float(cells[k] * outputs.grid.cell_ha),
                100.0 * cells[k] / cells.sum(),
            ]
            for k in np.argsort(-cells, kind="stable")
            if cells[k]
        ]
    head = [Column("sources", str, Shown("Sources")), *columns(lithology=str, area_ha=float, share=float)]
    return head, rows
