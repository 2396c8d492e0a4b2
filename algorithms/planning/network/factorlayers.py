"""The scores of each factor of the resistance surface: as layers in a folder, and kept for the pictures of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ...support.inputs.scores import SCORE_OF
from ...support.io.filenames import FileNames
from ...support.io.outputfolder import OutputFolder
from ...support.io.rasterfiles import NO_AMOUNT
from ...support.reports.maps import thinned
from ...support.run import palette, ramps, styling
from .layers import factor_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.grid import Grid
    from ....core.resistance.scoretable import FactorScores
    from ...support.run.job import Job

PICTURE = 480
"""Largest width or height of the pictures, in pixels."""


class FactorLayers:
    """Takes the scores of one factor after another, so that no more than one is held.

    Attributes
    ----------
    ramp : Ramp
        From the lowest to the highest score of the table, one for all, so that pictures can be compared.
    samples : dict of str to ndarray
        The scores of each factor, thinned to the size of a picture.
    """

    def __init__(self, job: Job, grid: Grid, inside: np.ndarray, table: Sequence[FactorScores]) -> None:
        further = core.resistance.further
        self._job = job
        self._grid = grid
        self._inside = inside
        self._names = FileNames()
        self._folder = None
        if job.given("FACTORS_FOLDER"):
            self._folder = OutputFolder(job.outputs, job.folder("FACTORS_FOLDER"))
            job.results["FACTORS_FOLDER"] = job.folder("FACTORS_FOLDER")
        scores = [one.score for factor in table for one in factor.classes]
        if not all(factor.classes for factor in table) or not scores:  # these are made from the values
            scores += [further.LOWEST, further.HIGHEST]
        low, high = min(scores), max(scores)
        self.ramp = ramps.fixed(palette.RESISTANCE, np.linspace(low, high if high > low else low + 1.0, 5))
        self.samples: dict[str, np.ndarray] = {}

    def take(self, name: str, scores: np.ndarray) -> None:
        """Write the scores of a factor in the study area, and keep what a picture needs."""
        scores = np.where(self._inside, scores, np.float32(np.nan))  # a distance goes on outside it
        self.samples[name] = thinned(scores, self._grid, PICTURE)
        if self._folder is None:
            return
        style = styling.surface(self.ramp)
        source = self._folder.raster(
            f"{self._names.of([name])}.tif",
            scores,
            self._grid,
            nodata=NO_AMOUNT,
            description=f"{SCORE_OF}{name}",
            style=style,
            monitor=self._job.monitor,
        )
        self._job.offer_raster(source, name, style, factor_place(-len(self.samples)), "factor")
