"""The study area: where it is and how the land is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....support.reports import html
from ....support.reports.html import Key
from ....support.reports.location import centre_of, location_map, place_in_words
from ..outputs import NetworkOutputs
from .drawing import Drawing

if TYPE_CHECKING:
    from ..studyland import StudyLand


def study_area(drawing: Drawing, outputs: NetworkOutputs, study: StudyLand) -> list[str]:
    """Return the section on the study area, and on the rasters that were brought onto its grid."""
    grid, context = outputs.grid, outputs.job.context.transformContext()
    codes, cells = np.unique(outputs.land_use[outputs.inside].astype(int), return_counts=True)
    entries = [one for one in outputs.classes if one[0] in codes]
    names = {code: name for code, name, _ in entries}
    centre = centre_of(grid, outputs.land.crs, context)
    inset = b"" if centre is None else location_map(centre, grid.cols * grid.dx * grid.metres_per_unit, context)
    parts = [html.heading("Study area")]
    area = outputs.job.vector("AREA")
    if area is not None:
        parts.append(
            html.paragraph(
                f"The study area is '{area.name}'. All was computed on the whole of '{outputs.land.name}', which reaches "
                "beyond it; reported are the sources that touch it, the corridors through it with the sources at their "
                "ends, and the key areas inside it. Grades and importance are those of the whole."
            )
        )
    map_ = drawing.classes(outputs.land_use, entries)
    townships = outputs.layers.townships
    if townships:
        map_.zones(townships.shapes, townships.titles)
    caption = "Land use" + (f"; location {place_in_words(centre)}" if centre else "")
    parts.append(drawing.figure(map_, caption, [Key(name, colour) for _, name, colour in entries], inset=inset))
    total = float(cells.sum() * grid.cell_ha)
    rows = [
        [names.get(code, str(code)), float(count * grid.cell_ha), 100.0 * count * grid.cell_ha / total]
        for code, count in sorted(zip(codes.tolist(), cells.tolist()), key=lambda one: -one[1])
    ]
    parts.append(
        html.table(
            ["Land use", "Area (ha)", "Share (%)"],
            [*rows, ["Study area", total, 100.0]],
            caption="Land use of the study area",
            total=True,
        )
    )
    if study.brought:
        parts.append(
            html.table(
                ["Raster", "CRS before", "Cell before (units of that CRS)", "Resampling", "Cells without data"],
                study.brought,
                caption=f"Brought onto the grid of the study: {outputs.land.crs.authid() or outputs.land.crs.description()}, "
                f"cells of {grid.cell_size:g} m",
            )
        )
    return parts
