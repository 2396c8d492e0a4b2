"""Step 1: the ecological sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..... import core
from .....core import defaults
from .....core.choices import Overlay
from ....support.inputs import parameters as p
from ....support.inputs.declarations import (
    dispersal_distance,
    dispersal_probability,
    overlay,
    smallest_dpc,
    smallest_source,
)

if TYPE_CHECKING:
    from ....support.run.job import Job


def foreground():
    """Return the land-use values that are habitat."""
    return p.text(
        "FOREGROUND",
        "Land-use values of the foreground",
        "Values and ranges that are habitat, for example 1,2,5-7. Empty: the habitat of the legend.",
        optional=True,
        advanced=True,
    )


def protected():
    """Return the protected land."""
    return p.vectors(
        "PROTECTED", "Red line and reserves", "Polygons that are sources beside the core areas.", optional=True
    )


def numbers() -> list:
    """Return the two numbers that decide most which sources there are."""
    return [smallest_source(defaults.MIN_AREA_HA), dispersal_distance()]


def choices() -> list:
    """Return the other parameters that `options` reads."""
    return [
        foreground(),
        p.choice(
            "CONNECTIVITY",
            "Connectivity of the foreground",
            "Whether foreground cells that touch only at a corner are connected (8) or not (4).",
            ["8", "4"],
            advanced=True,
        ),
        p.integer(
            "EDGE_WIDTH",
            "MSPA edge width (cells)",
            "Depth of the edge between core and background, in cells.",
            1,
            low=1,
            high=100,
            advanced=True,
        ),
        overlay(advanced=True),
        p.distance(
            "GAP",
            "Widest gap closed",
            "Gaps up to this width between core or protected cells become part of the source.",
            0.0,
            advanced=True,
        ),
        dispersal_probability(advanced=True),
        smallest_dpc("Patches of less importance do not become sources.", defaults.MIN_DPC, advanced=True),
        p.integer(
            "GRADES",
            "Number of grades of sources and corridors",
            "Number of classes by natural breaks.",
            defaults.GRADES,
            low=1,
            high=5,
            advanced=True,
        ),
        p.vector(
            "SOURCES_IN",
            "Sources of your own",
            "Polygons, one feature (single or multi part) for each source, that are taken as they are: MSPA, the smallest "
            "area, gaps and the smallest dPC do not apply. They keep their ids, and are graded by their dPC.",
            optional=True,
            advanced=True,
        ),
        p.id_field("SOURCES_IN", "sources of your own", advanced=True),
    ]


def options(job: Job, foreground: list[tuple[float, float]]):
    """Return the choices of the step."""
    return core.planning.SourceOptions(
        foreground=foreground,
        connectivity=job.choice("CONNECTIVITY", (8, 4)),
        edge_width=job.integer("EDGE_WIDTH"),
        overlay=job.choice("OVERLAY", Overlay),
        min_area_ha=job.number("MIN_AREA"),
        gap=job.number("GAP"),
        dispersal=job.number("DISPERSAL"),
        probability=job.number("PROBABILITY"),
        min_dpc=job.number("MIN_DPC"),
        grades=job.integer("GRADES"),
    )
