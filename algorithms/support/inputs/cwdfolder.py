"""The cost distances of all sources in a folder, as 'linkages' hands them to the tools that come after it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from osgeo import gdal

from .... import core
from ....core.errors import InputError
from ....core.grid import Grid
from ..io.filenames import FileNames
from ..io.rasterfiles import NO_MEASURE, RasterWriter
from ..io.rasterheaders import tried
from . import parameters as p

if TYPE_CHECKING:
    from ..run.job import Job
    from .sources import Sources

NAME = "CWD_FOLDER"
_TABLE = "cost_distances.json"
_STRIP = 2**22


def cwd_folder():
    """Return the folder that `take` reads."""
    return p.folder_input(
        NAME,
        "Folder of cost distances",
        "The folder that 'linkages' wrote for the same resistance and sources (its output CWD_FOLDER): the cost distances in "
        "it need not be computed again, which saves time. The results are the same without it.",
        optional=True,
        advanced=True,
    )


def write(
    job: Job,
    fields: core.leastcost.CostFields,
    links: core.leastcost.Links,
    slack: float | np.ndarray,
    sources: Sources,
    grid: Grid,
) -> None:
    """Write the cost distances of the sources of active links, as far as these and the slack of each need them."""
    folder = job.folder(NAME)
    aside = job.outputs.folder(folder)
    names, table = FileNames(), []
    for label, field in core.leastcost.cut_fields(fields, links.joined, slack=slack):
        job.monitor.check()
        one = sources.ids[label - 1]
        file = f"cwd_{names.of([one])}.tif"
        rows, cols = field.cost.shape
        window = grid.window(field.top, field.left, rows, cols)
        about = f"Cost distance from source {one}, resistance x m"
        height = max(1, _STRIP // cols)
        # float64, so that later tools find the very numbers they would search
        with RasterWriter(os.path.join(aside, file), window, "float64", NO_MEASURE, description=about) as writer:
            for row in range(0, rows, height):
                part = field.cost[row : row + height]
                writer.write(row, np.where(np.isfinite(part), part, np.nan))
        table.append(
            {
                "source": str(one),
                "file": file,
                "content": _digest(field.cost),
                "label": label,
                "row": field.top,
                "column": field.left,
                "exact_to": field.reach,
                "everywhere": field.everywhere,
            }
        )
    known = [[*pair, cost if math.isfinite(cost) else None] for pair, cost in sorted(fields.distances())]
    held = {"of": _of(fields, grid), "sources": table, "least_cost_distances": known}
    with open(os.path.join(aside, _TABLE), "w", encoding="utf-8") as file:
        json.dump(held, file, indent=1)
    job.results[NAME] = folder


def take(folder: str, fields: core.leastcost.CostFields, grid: Grid) -> None:
    """Have a store of cost fields take over what a folder holds; does nothing without a folder.

    Raises
    ------
    InputError
        If the folder is not one of 'linkages', or belongs to another grid, resistance or sources.
    """
    if not folder:
        return
    try:
        with open(os.path.join(folder, _TABLE), encoding="utf-8") as file:
            held = json.load(file)
        made = dict(held["of"])
        known = {(a, b): math.inf if cost is None else float(cost) for a, b, cost in held["least_cost_distances"]}
        table = [_Held.read(one) for one in held["sources"]]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(
            f"'{folder}' holds no cost distances of 'linkages' ({_TABLE} is not there or not complete). Choose the folder "
            "that 'linkages' has written, or leave it out."
        ) from None
    for what, value in _of(fields, grid).items():
        if made.get(what) != value:
            raise InputError(
                f"The cost distances in '{folder}' were made with another {what} than this run has. Run 'linkages' again, or "
                "leave the folder out: the tool searches itself then."
            )
    fields.know(known)
    for one in table:
        path = os.path.join(folder, one.file)
        dataset = tried(gdal.Open, path) if os.path.exists(path) else None
        cost = None if dataset is None else tried(dataset.ReadAsArray)
        if cost is None:
            raise InputError(f"'{path}' cannot be read. Run 'linkages' again, or leave the folder out.")
        cost[cost == NO_MEASURE] = np.inf
        if _digest(cost) != one.content:
            raise InputError(
                f"'{path}' is not as 'linkages' has written it. Run 'linkages' again, or leave the folder out."
            )
        field = core.leastcost.Field(one.row, one.column, cost, one.reach, grid.cols, one.everywhere)
        fields.take(one.label, field)


class _Held(NamedTuple):
    """The raster of a source as the table of a folder has it."""

    file: str
    content: str
    label: int
    row: int
    column: int
    reach: float
    everywhere: bool

    @classmethod
    def read(cls, noted: dict) -> _Held:
        """Read what `write` has noted."""
        label, row, column = (int(noted[name]) for name in ("label", "row", "column"))
        reach, everywhere = float(noted["exact_to"]), bool(noted["everywhere"])
        return cls(str(noted["file"]), noted["content"], label, row, column, reach, everywhere)


def _of(fields: core.leastcost.CostFields, grid: Grid) -> dict[str, object]:
    """Return what the cost distances depend on, by the word for it."""
    graph = fields.graph
    return {
        "grid": f"{grid.describe()}, {graph.cell_size!r} m",
        "resistance": _digest(graph.resistance),
        "raster of the sources": _digest(fields.labels),
        "mean of the two cells of a step": f"{graph.average.value}, {graph.neighbours} neighbours",
    }


def _digest(values: np.ndarray) -> str:
    """Return a hash of the content of a raster."""
    digest = hashlib.sha256(f"{values.dtype.str} {values.shape}".encode())
    rows = max(1, _STRIP // values.shape[1])
    for top in range(0, values.shape[0], rows):
        digest.update(np.ascontiguousarray(values[top : top + rows]).tobytes())
    return digest.hexdigest()
