"""The study area: where it is and how the land is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....support.reports import plots
from ....support.reports.document import Block, Figure, Heading, Paragraph, Picture, Table
from ....support.reports.location import centre_of, location_map, place_in_words
from ....support.run.palette import BACKGROUND
from ..outputs import NetworkOutputs
from .maps import NetworkMaps

if TYPE_CHECKING:
    from ..studyland import StudyLand


def study_area(maps: NetworkMaps, outputs: NetworkOutputs, study: StudyLand) -> list[Block]:
    """Return the section on the study area, and on the rasters that were brought onto its grid."""
    grid, context = outputs.grid, outputs.job.context.transformContext()
    codes, cells = np.unique(outputs.land_use[outputs.inside].astype(int), return_counts=True)
    names = {code: name for code, name, _ in outputs.classes}
    colours = {code: colour for code, _, colour in outputs.classes}
    blocks: list[Block] = [Heading("Study area")]
    area = outputs.job.vector("AREA")
    if area is not None:
        blocks.append(
            Paragraph(
                f"The study area is '{area.name}'. All was computed on the whole of '{outputs.land.name}', which reaches "
                "beyond it; reported are the sources that touch it, the corridors through it with the sources at their "
                "ends, and the key areas inside it. Grades and importance are those of the whole."
            )
        )
    centre = centre_of(grid, outputs.land.crs, context)
    blocks.append(maps.figure("studyarea", "Study area and land use"))
    inset = b"" if centre is None else location_map(centre, grid.cols * grid.dx * grid.metres_per_unit, context)
    if inset:
        place = place_in_words(centre)
        blocks.append(Figure(lambda *_: Picture(inset, 60.0), f"Location of the study area: {place}"))
    total = float(cells.sum() * grid.cell_ha)
    ordered = sorted(zip(codes.tolist(), (cells * grid.cell_ha).tolist()), key=lambda one: -one[1])
    rows = [[names.get(code, str(code)), hectares, 100.0 * hectares / total] for code, hectares in ordered]
    blocks += [
        Table(
            ["Land use", "Area (ha)", "Share (%)"],
            [*rows, ["Study area", total, 100.0]],
            "Land use of the study area",
            total=True,
        ),
        Figure(
            lambda language, say: Picture(
                plots.bars(
                    [(row[0], [row[1] / 100.0]) for row in rows],
                    [("Area", BACKGROUND)],
                    "Area (km²)",
                    say,
                    colours=[colours.get(code, BACKGROUND) for code, _ in ordered],
                )
            ),
            "Area of each land use",
        ),
    ]
    if study.brought:
        said = outputs.land.crs.authid() or outputs.land.crs.description()
        blocks.append(
            Table(
                ["Raster", "CRS before", "Cell before (units of that CRS)", "Resampling", "Cells without data"],
                [list(one) for one in study.brought],
                f"Brought onto the grid of the study: {said}, cells of {grid.cell_size:g} m",
                names=[0, 1, 2],
            )
        )
    return blocks
