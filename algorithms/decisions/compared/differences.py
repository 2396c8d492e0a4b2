"""Maps of what two runs differ in."""

from __future__ import annotations

import numpy as np

from .... import core
from ...support.io.filenames import FileNames
from ...support.io.outputfolder import OutputFolder
from ...support.io.rasterfiles import NO_MEASURE
from ...support.run import palette, ramps, styling
from ...support.run.job import Job
from ...support.run.layertree import Place
from .outputs import Compared


def difference_ramp(values: np.ndarray, unit: str = "") -> ramps.Ramp:
    """Return a ramp with 0 in the middle that reaches as far on both sides."""
    size = np.abs(values[np.isfinite(values)])
    most = float(np.quantile(size, 0.99)) if size.size else 0.0
    most = most or float(size.max(initial=0.0)) or 1.0
    return ramps.fixed(palette.DIFFERENCE, [-most, -most / 2, 0.0, most / 2, most], unit)


def write_differences(job: Job, compared: Compared) -> None:
    """Write the maps of what changed into their folder, and have QGIS load them."""
    if not job.given("DIFFERENCE"):
        return
    path = job.folder("DIFFERENCE")
    folder, names = OutputFolder(job.outputs, path), FileNames()
    job.results["DIFFERENCE"] = path
    rank = 0
    for before, after, found in compared.pairs:
        title = f"{compared.runs[before].name} to {compared.runs[after].name}"
        change = found.class_change("MSPA")
        if change is not None:
            rank -= 1
            style = styling.classes(_change_classes(change))
            source = folder.raster(
                f"{names.of([title, 'mspa'])}.tif",
                change,
                compared.onto.grid,
                nodata=core.decisions.NO_CHANGE_DATA,
                description=f"MSPA class x 10 + class, {title}",
                classes=_change_classes(change),
                style=style,
                monitor=job.monitor,
            )
            job.offer_raster(source, f"MSPA, {title}", style, _place(rank), "mspachange")
        for name, unit in (("resistance", ""), ("current", "A")):
            values = found.difference(name)
            if values is None:
                continue
            rank -= 1
            style = styling.surface(difference_ramp(values, unit))
            source = folder.raster(
                f"{names.of([title, name])}.tif",
                values,
                compared.onto.grid,
                nodata=NO_MEASURE,
                description=f"{name.capitalize()}, after minus before, {title}",
                style=style,
                monitor=job.monitor,
            )
            job.offer_raster(source, f"{name.capitalize()}, {title}", style, _place(rank), "difference")


def _place(rank: int) -> Place:
    return Place(("Differences",), rank, (), visible=False)


def _change_classes(change: np.ndarray) -> list[tuple[int, str, palette.Colour]]:
    """Return code, name and colour of the changes that occur; what has stayed is pale."""
    names, found = core.mspa.CLASS_NAMES, []
    for code in np.unique(change[change != core.decisions.NO_CHANGE_DATA]).tolist():
        old, new = divmod(code, 10)
        colour = palette.BACKGROUND_OF_NOTHING if old == new else core.mspa.class_colour(new)
        found.append((code, names[old] if old == new else f"{names[old]} to {names[new].lower()}", colour))
    return found
