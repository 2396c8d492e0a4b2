"""Step 2: the resistance surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsProcessing

from ..... import core
from .....core.choices import CorrectionMethod
from ....support.geometry.proximity import margin_parameter
from ....support.inputs import parameters as p
from ....support.inputs.corrections import check_correction, correction_choices, read_correction
from ....support.inputs.declarations import impassable_classes, road_scores
from ....support.inputs.roads import check_roads

if TYPE_CHECKING:
    from ....support.run.job import Job

_CORRECTIONS = (
    CorrectionMethod.NORMALISED,
    CorrectionMethod.MEAN_RATIO,
    CorrectionMethod.MULTIPLY,
    CorrectionMethod.ADD,
)
"""In the order in which this tool lists them: the default first."""

_SCORED = (
    "Without SCORES it is scored from 1 to 5 in five classes by natural breaks and weighs 0.1 beside the 1 of the study's "
    "factors, all then scaled to 1: the study gives no table for it, so that this is our judgement."
)


def elevation():
    """Return the elevation, from which slope is made too."""
    return p.raster("DEM", "Elevation", "In metres; resampled onto the land use where needed.", optional=True)


def roads():
    """Return the roads."""
    return p.vector(
        "ROADS",
        "Roads",
        "Lines; the distance to them is a resistance factor, and with road scores their cells resist by themselves.",
        [QgsProcessing.SourceType.TypeVectorLine],
        optional=True,
    )


def _distance_factor(name: str, label: str):
    """Return features the distance to which is a factor."""
    text = "Points, lines or polygons; the distance to them in metres is a resistance factor."
    return p.vector(
        name,
        label,
        text if name == "MINES" else f"{text} {_SCORED}",
        [QgsProcessing.SourceType.TypeVectorAnyGeometry],
        optional=True,
        advanced=True,
    )


def choices() -> list:
    """Return the other factors, the score table, and how the surface is corrected."""
    return [
        *(_distance_factor(name, label) for name, label in (("MINES", "Mines"), ("RIVERS", "Rivers"))),
        _distance_factor("SETTLEMENTS", "Settlements"),
        p.raster(
            "VEGETATION",
            "Vegetation cover",
            f"NDVI or share of vegetation, in any unit: the higher, the less resistance. {_SCORED}",
            optional=True,
            advanced=True,
        ),
        p.text(
            "CLASS_DISTANCES",
            "Distances to classes of the land use",
            "Names, each with values of the land use, such as: built-up = 8; water = 6. The distance in metres to the "
            "nearest such cell is the factor 'distance to built-up' of the score table, without a layer. Without a table "
            f"resistance falls with the distance to what disturbs and rises with that to water and woodland. {_SCORED}",
            optional=True,
            advanced=True,
        ),
        p.table(
            "SCORES",
            "Table of scores",
            "Columns factor, min, max (or value), score, weight; factors are recognised by their whole name (land "
            "use, land cover, elevation, slope, vegetation cover, distance to roads, mines, rivers or settlements and the "
            "like) or are called as a layer in FACTORS. Empty: the land use by its legend, the other factors by the "
            "corrected table of the Liuzhi study.",
            optional=True,
            advanced=True,
        ),
        p.rasters(
            "FACTORS",
            "Rasters of further factors",
            "Rasters called as in the score table; case, blanks and underscores do not matter.",
            optional=True,
            advanced=True,
        ),
        margin_parameter(),
        p.text(
            "WEIGHTS",
            "Weights of the factors",
            "Instead of those of the score table: land use = 0.4; slope = 0.2; distance to roads = 0.4. Or numbers alone, in "
            "the order in which the log names the factors.",
            optional=True,
            advanced=True,
        ),
        p.table(
            "WEIGHTS_TABLE",
            "Table of weights",
            "Instead of those of the score table: columns factor and weight, as 'Weights by AHP' makes it.",
            optional=True,
            advanced=True,
        ),
        p.vectors(
            "JUDGEMENTS",
            "Tables of judgements (AHP)",
            "Instead of weights, one table for each expert as 'Weights by AHP' takes it: a column for each factor, with the "
            "rows in the same order; or the columns first, second and value. Weights, CI and CR are reported; a CR of 0.1 or "
            "more is warned of, with the judgements that fit worst.",
            QgsProcessing.SourceType.TypeVector,
            optional=True,
            advanced=True,
        ),
        p.rasters(
            "CORRECTIONS",
            "Correction rasters",
            "Rock desertification, soil erosion, geohazards and the like: the higher, the more resistance.",
            optional=True,
            advanced=True,
        ),
        *correction_choices(_CORRECTIONS, advanced=True),
        impassable_classes("They can still be barriers; see the values that cannot be restored.", advanced=True),
        *road_scores(advanced=True),
        p.raster(
            "RESISTANCE_IN",
            "Resistance surface of your own",
            "Resistance per metre, above 0, that is taken as it is: factors, scores, weights and corrections do not apply. "
            "Roads and land uses that are given a resistance of their own, or are impassable, are put onto it.",
            optional=True,
            advanced=True,
        ),
    ]


_OF_A_SURFACE = (
    *("DEM", "MINES", "RIVERS", "SETTLEMENTS", "VEGETATION", "CLASS_DISTANCES", "SCORES", "FACTORS"),
    *("WEIGHTS", "WEIGHTS_TABLE", "JUDGEMENTS", "CORRECTIONS", "CORRECTION_ZONES"),
)
"""What a surface is built from beside the land use and the roads."""


def unused(job: Job) -> list[str]:
    """Return what is given for a surface although there is one already."""
    if not job.given("RESISTANCE_IN"):
        return []
    roads = ["ROADS"] if job.given("ROADS") and not job.given("ROAD_SCORES") else []
    return roads + [name for name in _OF_A_SURFACE if job.given(name)]


def check(job: Job) -> str | None:
    """Return what is wrong with the choices together."""
    given = [name for name in ("WEIGHTS", "WEIGHTS_TABLE", "JUDGEMENTS") if job.given(name)]
    if len(given) > 1:
        return f"Weights come from one place, but {' and '.join(given)} are given. Leave all but one of them out."
    return check_roads(job) or check_correction(job, _CORRECTIONS)


def options(job: Job):
    """Return the choices of the step."""
    return core.planning.SurfaceOptions(read_correction(job, _CORRECTIONS))
