"""How rasters correct a resistance surface: the parameters, and the choices read from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .... import core
from ....core import defaults
from ....core.choices import CorrectionMethod
from ....core.lists import parse_numbers
from . import parameters as p

if TYPE_CHECKING:
    from ..run.job import Job


def correction_choices(of: Sequence[CorrectionMethod], *, advanced: bool = False) -> list:
    """Return the parameters that `read_correction` reads; those of the method and its zones are `advanced` or not."""
    return [
        p.choice(
            "CORRECTION_METHOD",
            "How corrections act",
            "With R the surface and f the raster: R f / mean(f), R f, R + w f, or R (1 + w c), c being f from 0 to 1.",
            of,
            default=list(of).index(defaults.CORRECTION),
            advanced=advanced,
        ),
        p.raster(
            "CORRECTION_ZONES",
            "Zones for the means of the corrections",
            "Class map, such as land use: value / mean then uses the mean of the zone of each cell, as is usual for night "
            "light.",
            optional=True,
            classes=True,
            advanced=advanced,
        ),
        p.text(
            "CORRECTION_WEIGHTS",
            "Weights of the corrections",
            "One number for each correction raster, for the two methods with weights. Empty: 1.",
            optional=True,
            advanced=True,
        ),
        p.number(
            "CORRECTION_FLOOR",
            "Smallest multiplier of a correction",
            "No correction raster multiplies a cell by less.",
            0.1,
            low=0.0,
            advanced=True,
            decimals=3,
        ),
        p.number(
            "CORRECTION_CAP",
            "Largest multiplier of a correction",
            "No correction raster multiplies a cell by more.",
            10.0,
            low=0.0,
            advanced=True,
            decimals=3,
        ),
    ]


def check_correction(job: Job, of: Sequence[CorrectionMethod]) -> str | None:
    """Return what is wrong with the choices together."""
    if job.given("CORRECTION_ZONES") and job.choice("CORRECTION_METHOD", of) is not CorrectionMethod.MEAN_RATIO:
        return "Zones are for the correction by value / mean. Choose that one, or leave the zones out."
    weights, rasters = read_correction(job, of).weights, job.rasters("CORRECTIONS")
    if (weights or job.given("CORRECTION_ZONES")) and not rasters:
        idle = "weights" if weights else "zones"
        return f"There are {idle} of corrections but no rasters (CORRECTIONS). Give these, or leave the {idle} out."
    if weights and len(weights) != len(rasters):
        return (
            f"There are {len(weights)} correction weights for {len(rasters)} correction rasters "
            f"({', '.join(one.name for one in rasters)}). Give one number for each, or none."
        )
    return None


def read_correction(job: Job, of: Sequence[CorrectionMethod]) -> core.resistance.Correction:
    """Return how the correction rasters act."""
    return core.resistance.Correction(
        job.choice("CORRECTION_METHOD", of),
        tuple(parse_numbers(job.text("CORRECTION_WEIGHTS"), "Weights of the corrections")),
        job.number("CORRECTION_FLOOR"),
        job.number("CORRECTION_CAP"),
    )
