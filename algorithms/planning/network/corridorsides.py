"""The corridors by grade: how many, how long, and what lies within a distance of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...support.geometry.surroundings import around, within
from ...support.io.fields import Shown
from ...support.io.tables import Column, columns, listed_shares
from ...support.io.vectors import polygonise
from ...support.run import styling

if TYPE_CHECKING:
    from .outputs import NetworkOutputs

WHOLE = "Study area"


def corridors_by_grade(outputs: NetworkOutputs) -> tuple[list[Column], list[list]]:
    """Return the columns and rows of the table of corridors: a row a grade, all, and the study area to compare with."""
    found, layers = outputs.network.corridors, outputs.layers
    land = outputs.land_use, outputs.inside, outputs.grid
    others = layers.counted, layers.measured, outputs.job.monitor
    active = np.flatnonzero(found.links.active)
    length = found.links.length[active] / 1000.0
    names = {code: name for code, name, _ in outputs.classes}

    def line(title, count, km, held):
        uses = listed_shares((names.get(use, use), share) for use, share in held.uses)
        return [title, count, km, held.area_ha, *held.counts.values(), *held.km.values(), uses]

    rows = []
    grades = np.unique(found.grade).tolist()
    for title, chosen in [(styling.grade_name(one), found.grade == one) for one in grades] + [
        ("All corridors", np.ones(active.size, dtype=bool))
    ]:
        lines = [outputs.link_shapes[k] for k in active[chosen]]
        held = around(lines, layers.near, *land, *others)
        rows.append(line(title, int(chosen.sum()), float(length[chosen].sum()), held))
    outline = polygonise(outputs.inside, outputs.grid, outputs.job.monitor.part(0.96, 0.97))[1]
    rows.append(line(WHOLE, None, None, within(outline, *land, *others)))
    near = f"within {layers.near:g} m"
    head = [Column("corridors", str)]
    head += columns(count=(int, Shown("Number")), length_km=(float, Shown("Length", "km")))
    head += columns(near_ha=(float, Shown(f"Area {near}", "ha")))
    head += [Column(name.lower(), int, Shown(f"{name.capitalize()} there")) for name in layers.counted]
    head += [Column("roads_km", float, Shown("Roads there", "km")) for _ in layers.measured]
    return head + columns(land_uses=str), rows
