"""The sources by grade: how many, how large, and what lies within a distance of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry

from ...support.geometry.surroundings import SEGMENTS
from ...support.io.fields import Shown
from ...support.io.tables import Column, columns
from ...support.io.vectors import burnt_cells
from ...support.run import styling

if TYPE_CHECKING:
    from .outputs import NetworkOutputs


def sources_by_grade(outputs: NetworkOutputs) -> tuple[list[Column], list[list]]:
    """Return a row for each grade of the sources, and one of all.

    Sources have as many corners as cells along their outline, so that cells are looked up around the few other features,
    rather than features around the sources.
    """
    found, layers = outputs.network.sources, outputs.layers
    near = {name: [_grades_near(outputs, shape) for shape in shapes] for name, shapes in layers.counted.items()}
    grades = np.unique(found.grade).tolist()
    rows = []
    for title, chosen in [*((styling.grade_name(one), {one}) for one in grades), ("All sources", set(grades))]:
        own = np.isin(found.grade, list(chosen))
        hectares = float(outputs.source_inside_ha[own].sum())
        counts = [sum(bool(chosen & held) for held in features) for features in near.values()]
        rows.append([title, int(own.sum()), hectares, 100.0 * hectares / outputs.inside_ha, *counts])
    head = [Column("sources", str), *columns(count=(int, Shown("Number")), area_ha=float)]
    head += columns(share=(float, Shown("Share of the study area", "%", 1)))
    return [*head, *(Column(name.lower(), int, Shown(f"{name.capitalize()} near")) for name in layers.counted)], rows


def _grades_near(outputs: NetworkOutputs, shape: QgsGeometry) -> set[int]:
    """Return the grades of the sources with a cell whose centre is near a feature."""
    outputs.job.monitor.check()
    grid, found = outputs.grid, outputs.network.sources
    cells = burnt_cells(shape.buffer(outputs.layers.near / grid.metres_per_unit, SEGMENTS), grid)
    labels = np.unique(found.labels.ravel()[cells])
    return set(found.grade[labels[labels > 0] - 1].tolist())
