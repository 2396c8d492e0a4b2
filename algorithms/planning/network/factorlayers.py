"""The scores of each factor of the resistance surface: as layers in a folder, or for the maps of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ...support.inputs.scores import SCORE_OF
from ...support.io import rasterfiles
from ...support.io.filenames import FileNames
from ...support.io.outputfolder import OutputFolder
from ...support.io.rasterfiles import NO_AMOUNT
from ...support.run import palette, ramps, styling
from ...support.sheets.description import Drawn
from .layers import factor_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....core.grid import Grid
    from ....core.resistance.scoretable import FactorScores
    from ...support.run.job import Job


class FactorLayers:
    """Takes the scores of one factor after another, so that no more than one is held.

    Attributes
    ----------
    ramp : Ramp
        From the lowest to the highest score of the table, one for all, so that pictures can be compared.
    drawn : dict of str to Drawn
        The layer of each factor, as a map draws it; none where neither the folder nor a map was asked for.
    """

    def __init__(
        self, job: Job, grid: Grid, inside: np.ndarray, table: Sequence[FactorScores], *, mapped: bool
    ) -> None:
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
        self._style = styling.surface(self.ramp)
        self._mapped = mapped
        self.drawn: dict[str, Drawn] = {}

    def take(self, name: str, scores: np.ndarray) -> None:
        """Write the scores of a factor in the study area, and keep what a picture needs."""
        scores = np.where(self._inside, scores, np.float32(np.nan))  # a distance goes on outside it
        look = {"nodata": NO_AMOUNT, "description": f"{SCORE_OF}{name}", "monitor": self._job.monitor.quiet()}
        if self._folder is not None:
            file = f"{self._names.of([name])}.tif"
            source = self._folder.raster(file, scores, self._grid, style=self._style, **look)
            self.drawn[name] = Drawn(self._folder.path(file), "Score", self._style)
            self._job.offer_raster(source, name, self._style, factor_place(-len(self.drawn)), "factor")
        elif self._mapped:
            path = self._job.scratch(f"factor{len(self.drawn)}.tif")
            rasterfiles.write(path, scores, self._grid, **look)
            self.drawn[name] = Drawn(path, "Score", self._style)
