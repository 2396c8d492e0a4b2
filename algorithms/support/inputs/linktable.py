"""The link table as rows and lines, the same in every tool that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY

from .... import core
from ....core.grid import Grid
from ..io.tables import Column, columns

if TYPE_CHECKING:
    from ....core.leastcost.links import Links


def link_columns(id_type: type) -> list[Column]:
    """Return the columns of the link table; `id_type` is that of the sources' ids."""
    return columns(
        link_id=int,
        from_id=id_type,
        to_id=id_type,
        euc_dist=float,
        cw_dist=float,
        lcp_length=float,
        cwd_euc=float,
        cwd_path=float,
        active=bool,
        reason=str,
    )


def link_rows(links: Links, ids: Sequence, **limits: float | None) -> list[list]:
    """Return one row a link; `ids` are the ids of the sources, label 1 first, `limits` those that `describe` names."""
    with np.errstate(divide="ignore", invalid="ignore"):
        by_distance, by_length = links.cost / links.euclidean, links.cost / links.length
    return [
        [
            k + 1,
            ids[a],
            ids[b],
            links.euclidean[k],
            links.cost[k],
            links.length[k],
            by_distance[k],
            by_length[k],
            bool(links.active[k]),
            core.corridors.describe(links, k, ids, **limits),
        ]
        for k, (a, b) in enumerate((links.pairs - 1).tolist())
    ]


def link_lines(links: Links, geometries: Sequence[QgsGeometry], grid: Grid) -> list[QgsGeometry]:
    """Return the least-cost path of each link; where there is none, the shortest line between its two polygons."""
    lines = []
    for path, (a, b) in zip(links.paths, (links.pairs - 1).tolist()):
        if len(path) > 1:
            lines.append(QgsGeometry.fromPolylineXY([QgsPointXY(*grid.centre(row, col)) for row, col in path.tolist()]))
        else:
            lines.append(geometries[a].shortestLine(geometries[b]))
    return lines
