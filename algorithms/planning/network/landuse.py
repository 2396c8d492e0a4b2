"""The land use of a run: its cells, whose codes they hold, what is habitat, and how its classes are called and drawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core.errors import InputError
from ...support.inputs.legends import (
    check_names,
    class_names,
    codes_at_a_glance,
    describe_codes,
    drawn_classes,
    given_names,
    read_habitat,
    read_scheme,
    with_data,
)
from ...support.run.palette import Colour

if TYPE_CHECKING:
    from ....core.resistance.scoretable import FactorScores
    from ...support.run.job import Job

_NAMES = "LANDUSE_NAMES"


class LandUse:
    """The land use of a run.

    Attributes
    ----------
    values : ndarray
        Codes of the cells.
    valid : ndarray of bool
        Where there is land use; codes that are no data in the legend are left out.
    codes : list of float
        The different codes.
    scheme : Scheme or None
        The legend; None with own codes.
    foreground : list of (float, float)
        Values and ranges of the habitat; as given beside sources of the user's own, which need none.
    """

    def __init__(self, job: Job, values: np.ndarray, valid: np.ndarray) -> None:
        # Names and colours are those of the file that was given; the cells may be warped from it.
        self._file = job.raster("LANDUSE")
        self._given = given_names(job, _NAMES)
        self.values = values
        codes = core.sources.held_codes(values, valid)
        require_meaning(job, codes)
        wanted = core.sources.parse_values(job.text("FOREGROUND"))
        if job.given("SOURCES_IN"):
            self.scheme, self.foreground = read_scheme(job, self._file, codes), wanted
            self.valid = with_data(self.scheme, self.values, valid)
        else:
            self.foreground, self.valid, _, self.scheme = read_habitat(job, self._file, self.values, valid, wanted)
        blanks = () if self.scheme is None else self.scheme.missing
        self.codes = [code for code in codes if code not in blanks]
        if self.scheme is not None:
            name = self._file.name
            core.resistance.require_same_names(self.scheme, self._given, _NAMES, raster=name, codes=self.codes)
        check_names(self._file, self.codes, self._given, _NAMES, job.monitor)

    def classes(self, table: Sequence[FactorScores]) -> list[tuple[int, str, Colour]]:
        """Return code, name and colour of the classes that occur.

        Parameters
        ----------
        table : sequence of FactorScores
            The score table that was given, in which names may stand; empty when there is none.
        """
        kind = core.resistance.Factor.LAND_USE
        scored = [one for factor in table if core.resistance.factor_of(factor.name) is kind for one in factor.classes]
        names = class_names(self._file, self.scheme, scored, self.codes, self._given)
        return drawn_classes(self._file, self.scheme, self.codes, names)


def require_meaning(job: Job, codes: Collection[float] | None = None) -> None:
    """Refuse a land use of which nothing says what its codes mean.

    Parameters
    ----------
    job : Job
        The run.
    codes : collection of float, optional
        The codes of the land use; default those at a glance.

    Raises
    ------
    InputError
        Without a legend, if foreground or scores are needed and not given either.
    """
    needed = (("FOREGROUND", "SOURCES_IN", "FOREGROUND"), ("SCORES", "RESISTANCE_IN", "table of SCORES"))
    lacking = [what for name, instead, what in needed if not job.given(name) and not job.given(instead)]
    if job.chosen("LEGEND") or not lacking:
        return
    source = job.raster("LANDUSE")
    held = describe_codes(source, codes_at_a_glance(source) if codes is None else codes, given_names(job, _NAMES))
    raise InputError(
        f"What the codes of '{source.name}' mean is not said: there is no legend, and no {' or '.join(lacking)}. "
        f"{held[0].upper()}{held[1:]}. Choose the LEGEND of the map, or give FOREGROUND and SCORES."
    )
