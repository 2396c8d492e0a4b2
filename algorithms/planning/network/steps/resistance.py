"""Step 2: the resistance surface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.core import QgsProcessing

from ..... import core
from .....core.choices import CorrectionMethod
from ....support.geometry.proximity import margin_parameter
from ....support.inputs import parameters as p

if TYPE_CHECKING:
    from ....support.run.job import Job

_CORRECTIONS = (
    CorrectionMethod.NORMALISED,
    CorrectionMethod.MEAN_RATIO,
    CorrectionMethod.MULTIPLY,
    CorrectionMethod.ADD,
)
"""In the order in which this tool lists them: the default first."""


def elevation():
    """Return the elevation, from which slope is made too."""
    return p.raster("DEM", "Elevation", "In metres; resampled onto the land use where needed.", optional=True)


def roads():
    """Return the roads."""
    return p.vector(
        "ROADS",
        "Roads",
        "Lines; the distance to them is a resistance factor.",
        [QgsProcessing.SourceType.TypeVectorLine],
        optional=True,
    )


def choices() -> list:
    """Return the other factors, the score table, and how the surface is corrected."""
    return [
        p.vector(
            "MINES",
            "Mines",
            "Points, lines or polygons; the distance to them is a resistance factor.",
            [QgsProcessing.SourceType.TypeVectorAnyGeometry],
            optional=True,
            advanced=True,
        ),
        p.table(
            "SCORES",
            "Table of scores",
            "Columns factor, min, max (or value), score, weight; factors are recognised by their whole name (land "
            "use, land cover, elevation, slope, distance to roads, distance to mines and the like) or are called as a "
            "layer in FACTORS. Empty: the corrected table of the "
            "Liuzhi study.",
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
        p.rasters(
            "CORRECTIONS",
            "Correction rasters",
            "Rock desertification, soil erosion, geohazards and the like: the higher, the more resistance.",
            optional=True,
            advanced=True,
        ),
        p.choice(
            "CORRECTION_METHOD",
            "How corrections act",
            "How a correction raster changes the resistance.",
            _CORRECTIONS,
            advanced=True,
        ),
    ]


def options(job: Job):
    """Return the choices of the step."""
    method = job.choice("CORRECTION_METHOD", _CORRECTIONS)
    return core.planning.SurfaceOptions(core.resistance.Correction(method))
