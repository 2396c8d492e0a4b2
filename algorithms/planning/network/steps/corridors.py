"""Step 3: the corridors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsProcessing

from ..... import core
from .....core.choices import Adjacency
from ....support.inputs import parameters as p
from ....support.inputs.declarations import adjacency, cutoff_rule, drop_through_sources, read_cutoff

if TYPE_CHECKING:
    from ....support.run.job import Job


def choices() -> list:
    """Return the parameters that `options` reads beside the cutoff."""
    return [
        adjacency(list(Adjacency)[:4], advanced=True),
        drop_through_sources(advanced=True),
        cutoff_rule(),
        p.vector(
            "HAZARDS",
            "Geological hazards",
            "Landslides, rockfalls, debris flows and the like, points or polygons: those near sources, corridors and key "
            "areas are counted.",
            [QgsProcessing.SourceType.TypeVectorAnyGeometry],
            optional=True,
            advanced=True,
        ),
        p.distance(
            "NEAR",
            "Distance that counts as near",
            "Mines and hazards within this distance of sources, corridors and key areas are reported by grade, and the land "
            "uses and roads so near to corridors.",
            500.0,
            advanced=True,
        ),
    ]


def options(job: Job):
    """Return the choices of the step."""
    return core.planning.CorridorOptions(
        adjacency=job.choice("ADJACENCY", Adjacency),
        drop_through_sources=job.flag("DROP_THROUGH_SOURCES"),
        cutoff=read_cutoff(job),
        grades=job.integer("GRADES"),
    )
