"""Step 4: pinch points and barriers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..... import core
from .....core import defaults
from .....core.choices import BarrierRank, BarrierWindow, Combination, PinchPointMode
from ....support.inputs import parameters as p
from ....support.inputs.declarations import (
    barrier_centres,
    barrier_radii,
    barrier_window,
    link_combination,
    not_restorable_classes,
    pinch_point_mode,
    read_radii,
    smallest_key_area,
)
from ....support.inputs.limits import held_limits_of, read_limits_of

if TYPE_CHECKING:
    from .....core.grid import Grid
    from ....support.run.job import Job

KINDS = ("pinch points", "barriers")
"""What the limits of classes are of."""


def choices() -> list:
    """Return the parameters that `options` reads."""
    return [
        pinch_point_mode(
            "In the last three all corridors make one circuit, and links have no effective resistance.", advanced=True
        ),
        link_combination("Of currents and of barrier scores.", advanced=True),
        *barrier_radii(advanced=True),
        barrier_window(advanced=True),
        not_restorable_classes(advanced=True),
        p.integer(
            "CLASSES",
            "Number of classes of current and score",
            "Number of classes by natural breaks.",
            defaults.CLASSES,
            low=2,
            high=20,
            advanced=True,
        ),
        p.flag(
            "BARRIERS_IN_BELT",
            "Barriers in the corridors only",
            "Leave out what lies beyond the corridor cutoff. A disc that would open a shorter way beside a corridor is a "
            "barrier too, so that without this a part of the barriers lies outside; the report says how much.",
            advanced=True,
        ),
        p.choice(
            "BARRIER_RANK",
            "Barriers graded by",
            "The cost saved per metre restored favours links across hard ground, its percentage of the least-cost distance "
            "short links: on five maps it left the barriers of a few links between near sources. Default: the study's.",
            BarrierRank,
            advanced=True,
        ),
        barrier_centres("BARRIER_CENTRES"),
        *held_limits_of(KINDS),
        p.flag(
            "OVERLAY_RESISTANCE",
            "Overlay current and score with the resistance",
            "Multiply current and score by the resistance before they are classified, as the study does. It draws pinch "
            "points to hard ground, which is then to be protected and restored at once; the report says how much, and what "
            "is found without it. Roads and impassable values count as the land they lie in.",
            True,
            advanced=True,
        ),
        smallest_key_area("MIN_KEY_AREA", defaults.MIN_KEY_AREA_HA, advanced=True),
        p.number(
            "MAX_KEY_AREA",
            "Largest key area (ha)",
            "Larger key areas are cut: within each the limit of the class rises until what comes off is small enough. 0: no "
            "cut. Empty: barriers larger than the largest disc of the search are cut, since their score says what restoring "
            "one disc saves; a larger area holds several places to choose from.",
            low=0.0,
            optional=True,
            advanced=True,
        ),
    ]


def options(job: Job, grid: Grid):
    """Return the choices of the step on a grid."""
    smallest, largest = job.number("MIN_KEY_AREA"), job.number("MAX_KEY_AREA")
    core.keyareas.check_sizes(smallest, largest or None, grid.cell_ha)
    held = read_limits_of(job, KINDS)
    return core.planning.KeyAreaOptions(
        mode=job.choice("MODE", PinchPointMode),
        combine=job.choice("COMBINE", Combination),
        window=job.choice("METHOD", BarrierWindow),
        radii=read_radii(job.number, grid),
        classes=job.integer("CLASSES"),
        barriers_in_belt=job.flag("BARRIERS_IN_BELT"),
        overlay_resistance=job.flag("OVERLAY_RESISTANCE"),
        min_area_ha=smallest,
        max_area_ha=largest,
        rank=job.choice("BARRIER_RANK", BarrierRank),
        centres=job.flag("BARRIER_CENTRES"),
        pinch_limits=held.get(KINDS[0]),
        barrier_limits=held.get(KINDS[1]),
    )
