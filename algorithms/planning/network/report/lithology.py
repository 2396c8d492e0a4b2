"""The sources over the rocks."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsMapLayer

from ....support.io import rasterfiles
from ....support.reports.document import Block, Heading, Table
from ....support.run import styling
from ....support.run.palette import CLEAR, SOURCE
from ....support.sheets.description import Drawn
from ..lithology import WHOLE
from ..outputs import NetworkOutputs
from .maps import NetworkMaps

_NO_ROCK = 255


def sources_over_rocks(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    """Return map and table of the sources over the rocks; nothing without a lithology."""
    lithology = outputs.layers.lithology
    if lithology is None:
        return []
    _, rows = outputs.rocks_by_grade
    groups = list(dict.fromkeys(row[0] for row in rows))
    rocks = [row[1] for row in rows if row[0] == WHOLE]
    share = {(group, rock): percent for group, rock, _, percent in rows}
    hectares = [sum(row[2] for row in rows if row[0] == group) for group in groups]
    return [
        Heading("Sources and rocks", 2),
        maps.other("lithology", _layers(maps, outputs), "Sources, outlined by grade, over the lithology"),
        Table(
            ["Sources", "Area (ha)", *(f"{rock} (%)" for rock in rocks)],
            [
                [group, area, *(share.get((group, rock), 0.0) for rock in rocks)]
                for group, area in zip(groups, hectares)
            ],
            "Rocks under the sources of each grade; the last row is for comparison",
            total=True,
        ),
    ]


def _layers(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Drawn]:
    lithology = outputs.layers.lithology
    path = outputs.job.scratch("lithology.tif")
    cells = np.where(outputs.inside, lithology.cells, _NO_ROCK).astype(np.uint8)
    rasterfiles.write(path, cells, outputs.grid, nodata=_NO_ROCK, description="Lithology", classes=lithology.classes)
    grades = int(outputs.network.sources.grade.max())

    def symbol(grade: int, classes: int):
        return styling.mark_symbol(
            SOURCE._replace(fill=CLEAR, halo=SOURCE.edge, edge=styling.source_colour(grade, classes))
        )

    def outlined(layer: QgsMapLayer) -> None:
        styling.graded("grade", grades, symbol)(layer)

    return [
        *maps.own("sources", "Ecological sources", outlined),
        *maps.borders(),
        Drawn(path, "Lithology", styling.classes(lithology.classes)),
    ]
