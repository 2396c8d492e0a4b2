"""What each township has of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ...support.geometry.cutting import Divider
from ...support.geometry.zones import OUTSIDE, Zones
from ...support.io.tables import Column, columns
from ...support.io.vectors import burn

if TYPE_CHECKING:
    from .outputs import NetworkOutputs

IMPORTANT = 2
"""The last of the grades that are named together, as the first and second corridors of the study are."""


def network_by_township(outputs: NetworkOutputs, townships: Zones) -> tuple[list[Column], list[list]]:
    """Return a row for each township, by falling area of its sources, and one of totals.

    Cells belong to the township that holds their centre, lines are cut; where townships overlap, to the first.
    """
    network, grid, inside = outputs.network, outputs.grid, outputs.inside
    count = len(townships.shapes)
    zone = np.where(inside, burn(townships.shapes[::-1], grid, range(count, 0, -1)), 0)
    cells = _cells(zone[inside], count)
    sources = _cells(zone[inside & (network.sources.labels > 0)], count)
    # From 1 up, so that what lies in no township is a label too.
    resistance = core.stats.mean_by_label(np.where(inside, zone + 1, 0), network.surface.values, count + 1)
    whole = core.stats.mean_by_label(inside.astype(np.int32), network.surface.values, 1)[0]
    km, important = np.zeros(count + 1), np.zeros(count + 1)
    found = network.corridors
    active = np.flatnonzero(found.links.active)
    divider = Divider(townships.shapes)
    for k, grade in zip(active.tolist(), found.grade.tolist()):
        for place, part in divider.lengths(outputs.link_shapes[k]):
            km[place + 1] += part * grid.metres_per_unit / 1000.0
            if grade <= IMPORTANT:
                important[place + 1] += part * grid.metres_per_unit / 1000.0
    names = [OUTSIDE, *townships.titles]
    order = sorted(range(count + 1), key=lambda k: (k == 0, -sources[k], names[k]))
    amounts = np.column_stack([cells * grid.cell_ha, sources * grid.cell_ha])
    rows = [
        [names[k], *amounts[k].tolist(), 100.0 * sources[k] / cells[k], resistance[k], km[k], important[k]]
        for k in order
        if cells[k]
    ]
    total = amounts.sum(axis=0).tolist()
    rows.append(["total", *total, 100.0 * total[1] / total[0], whole, km.sum(), important.sum()])
    head = columns(
        township=str,
        area_ha=float,
        source_ha=float,
        source_pct=float,
        mean_res=float,
        corridor_km=float,
        important_km=float,
    )
    return head, rows


def _cells(zone: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(zone, minlength=count + 1)
