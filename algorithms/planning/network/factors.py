"""The resistance factors of a run: the score table, and the layer that each factor is taken from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Callable

import numpy as np

from .... import core
from ....core.errors import InputError
from ....core.lists import parse_number, parse_numbers, plain_text, split_pairs
from ....core.monitor import Monitor
from ...support.geometry.proximity import class_proximity, proximity
from ...support.geometry.terrain import slope
from ...support.inputs.judgements import Judged, judge, read_judgements
from ...support.inputs.weights import weights_by_name
from ...support.io.rasters import RasterSource
from ...support.io.tables import read_rows

if TYPE_CHECKING:
    from ....core.resistance.scoretable import FactorScores
    from ...support.run.job import Job
    from .landuse import LandUse
    from .studyland import StudyLand

_GIVEN_AS = {
    "LAND_USE": ("LANDUSE", ""),
    "ELEVATION": ("DEM", ""),
    "SLOPE": ("DEM", " (its slope)"),
    "VEGETATION": ("VEGETATION", ""),
    "RIVER": ("RIVERS", " (the distance to it)"),
    "ROAD": ("ROADS", " (the distance to it)"),
    "MINE": ("MINES", " (the distance to it)"),
    "SETTLEMENT": ("SETTLEMENTS", " (the distance to it)"),
}
"""The parameter from which a factor (the name of a `Factor`) is taken, and what is made of it."""

_BEYOND_THE_STUDY = {
    "VEGETATION": "Vegetation cover",
    "RIVERS": "Distance to rivers (m)",
    "SETTLEMENTS": "Distance to settlements (m)",
}
"""What the factors are called that the table of the study lacks, by their parameter."""


@dataclass(frozen=True)
class _Layer:
    """What a factor may be taken from.

    Attributes
    ----------
    given : str
        Its parameter, and which of several layers it is there.
    name : str
        Of the layer, and what is made of it.
    fits : callable
        Tells of the name of a factor whether this is what it measures.
    make : callable
        Returns its values on the grid of the land use, NaN = NoData.
    refusal : str
        What is wrong if no factor of the table takes it, and what to do; empty where nothing is.
    """

    given: str
    name: str
    fits: Callable[[str], bool]
    make: Callable[[], np.ndarray]
    refusal: str


class NetworkFactors:
    """The factors that there is a layer for, on the grid of the land use; none beside a surface of the user's own.

    Attributes
    ----------
    scores : sequence of FactorScores
        The score table.
    table : sequence of FactorScores
        The score table that was given, empty when there is none.
    notes : sequence of str
        Where the scores come from that were not given, and what was corrected in them, a sentence each.
    judged : Judged or None
        The judgements its weights come from, once the factors are read.

    Without the `land_use`, before it is read, the factors can be told but not read.
    """

    def __init__(self, job: Job, study: StudyLand, land: RasterSource, land_use: LandUse | None = None) -> None:
        self._job, self._study, self._land = job, study, land
        self._land_use = land_use
        self.table: Sequence[FactorScores] = ()
        self.notes: Sequence[str] = ()
        self.judged: Judged | None = None
        self.scores: Sequence[FactorScores] = ()
        if job.given("RESISTANCE_IN"):
            return
        self._targets = split_pairs(job.text("CLASS_DISTANCES"), "Distances to classes of the land use")
        table = job.vector("SCORES")
        if table is not None:
            self.scores = self.table = core.resistance.read_score_table(read_rows(table))
        else:
            further = [name for parameter, name in _BEYOND_THE_STUDY.items() if job.given(parameter)]
            further += [f"Distance to {name} (m)" for name in self._targets]
            scores = core.resistance.liuzhi_corrected()
            if land_use is not None:
                scores, self.notes = core.resistance.default_scores(land_use.scheme, land_use.codes)
            self.scores = core.resistance.with_further(scores, further)

    def read(self) -> dict[str, np.ndarray]:
        """Return the values of each factor of the score table for which there is a layer, and say which it is.

        Raises
        ------
        InputError
            As `taken`.
        """
        return {name: layer.make() for name, layer in self.taken(self._job.monitor).items()}

    def taken(self, monitor: Monitor) -> dict[str, _Layer]:
        """Return the layer of each factor of the score table that has one, and weigh the factors; nothing is read yet.

        Raises
        ------
        InputError
            If something is given that no factor takes, or the weights do not fit.
        """
        if not self.scores:
            return {}
        taken: dict[str, _Layer] = {}
        layers = [*self._rasters(), *self._distances_to_classes(), *self._known()]
        for factor in self.scores:
            layer = next((one for one in layers if one.fits(factor.name)), None)
            if layer is not None:
                taken[factor.name] = layer
                monitor.info(f"{factor.name} is taken from {layer.name}.")
        used = {one.given for one in taken.values()}
        for one in layers:
            if one.refusal and one.given not in used:
                names = ", ".join(factor.name for factor in self.scores)
                raise InputError(f"{one.refusal} The factors of the score table are: {names}.")
        weights = self._weights(list(taken), monitor)
        if not weights and not self.table:
            weights = self._default_weights(taken, monitor)
        if weights:
            self.scores = core.resistance.with_weights(self.scores, weights, taken, monitor=monitor)
        if not self.table:
            # Nobody has asked for the factors of the study that there is no layer for.
            self.scores = [one for one in self.scores if one.name in taken]
            if len(self.scores) == 1:
                self.notes = self.notes[:1]  # the rest is about other factors and weights
        for note in self.notes:
            if note not in core.resistance.LIUZHI_CORRECTIONS:
                monitor.info(note)
        return taken

    def _default_weights(self, taken: Collection[str], monitor: Monitor) -> dict[str, float]:
        """Return the weights of the study of the factors that there is a layer for, scaled to 1."""
        weights = {factor.name: factor.weight for factor in self.scores if factor.name in taken}
        absent = [factor.name for factor in self.scores if factor.name not in taken]
        if absent:
            monitor.info(f"No layer is given for {', '.join(absent)}: left out, the other weights are scaled up to 1.")
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}

    def _weights(self, used: Sequence[str], monitor: Monitor) -> dict[str, float]:
        """Return the weights that were given beside the score table, by the names they were given with."""
        job = self._job
        tables, table, text = job.vectors("JUDGEMENTS"), job.vector("WEIGHTS_TABLE"), job.text("WEIGHTS")
        if tables:
            names, matrices = read_judgements(tables, [])
            self.judged = judge(matrices, names, [one.name for one in tables], monitor)
            return {name: float(weight) for name, weight in zip(names, self.judged.result.group.weights)}
        if table is not None:
            return {name: weight for name, weight in weights_by_name(table).items() if weight is not None}
        if "=" in plain_text(text):
            pairs = split_pairs(text, "Weights")
            found = {name: parse_number(weight, f"Weights, '{name}'") for name, weight in pairs.items()}
            return {name: weight for name, weight in found.items() if weight is not None}
        numbers = parse_numbers(text, "Weights") if text else []
        if text and len(numbers) != len(used):
            raise InputError(
                f"There are {len(numbers)} weights but {len(used)} factors with a layer, in this order: {', '.join(used)}. "
                "Give one number for each, or names with them: land use = 0.4; slope = 0.2."
            )
        return dict(zip(used, numbers))

    def _rasters(self) -> list[_Layer]:
        """Return the rasters of FACTORS, which are called as their factor."""
        found: dict[str, _Layer] = {}
        for one in self._job.rasters("FACTORS"):
            key = core.resistance.name_key(one.name)
            if key in found:
                raise InputError(f"Two layers of further factors are called '{one.name}'. Rename one, or leave it out.")
            found[key] = _Layer(
                f"FACTORS: {key}",
                f"layer '{one.name}'",
                lambda name, key=key: core.resistance.name_key(name) == key,
                lambda one=one: self._study.surface(one),
                f"No factor of the score table is called '{one.name}', so that this layer would not be used. Name the layer "
                "as its factor, or leave it out.",
            )
        return list(found.values())

    def _distances_to_classes(self) -> list[_Layer]:
        """Return the distances to classes of the land use."""
        return [
            _Layer(
                f"CLASS_DISTANCES: {target}",
                f"layer '{self._land.name}' (the distance to its classes {text})",
                lambda name, target=target: core.resistance.is_distance_to(name, target),
                lambda text=text: class_proximity(self._land, text, monitor=self._job.monitor),
                f"No factor of the score table is the distance to '{target}', which is given as CLASS_DISTANCES. Call one "
                f"'distance to {target}', or leave it out.",
            )
            for target, text in self._targets.items()
        ]

    def _known(self) -> list[_Layer]:
        """Return the layers that have a parameter of their own."""
        job, kinds = self._job, core.resistance.Factor
        found = []
        for kind in kinds:
            parameter, made = _GIVEN_AS[kind.name]
            layer = self._land if parameter == "LANDUSE" else job.raster(parameter) or job.vector(parameter)
            if layer is None:
                continue
            used_anyway = parameter == "LANDUSE" or (parameter == "ROADS" and job.given("ROAD_SCORES"))
            wanted = " or ".join(one.value for one in kinds if _GIVEN_AS[one.name][0] == parameter)
            found.append(
                _Layer(
                    parameter,
                    f"layer '{layer.name}'{made}",
                    lambda name, kind=kind: core.resistance.factor_of(name) is kind,
                    lambda kind=kind: self._values_of(kind.name),
                    ""
                    if used_anyway
                    else f"No factor of the score table takes the layer given as {parameter}. Call one {wanted}, with a unit "
                    "in brackets if you like, or leave the layer out.",
                )
            )
        return found

    def _values_of(self, kind: str) -> np.ndarray:
        parameter, _ = _GIVEN_AS[kind]
        if kind == "LAND_USE":
            return np.where(self._land_use.valid, self._land_use.values, np.nan).astype(np.float32)
        if parameter == "DEM":
            return self._elevation if kind == "ELEVATION" else slope(self._elevation, self._land, self._job.monitor)
        raster, monitor = self._job.raster(parameter), self._job.monitor
        if raster is not None:
            return self._study.surface(raster)
        features = self._job.vector(parameter)
        return proximity(features, self._land, margin=self._job.number("MARGIN"), monitor=monitor)

    def slope(self) -> np.ndarray | None:
        """Return the slope in degrees on the grid of the land use; None without an elevation that is used."""
        if not self._job.given("DEM") or self._job.given("RESISTANCE_IN"):
            return None
        return slope(self._elevation, self._land, self._job.monitor)

    @cached_property
    def _elevation(self) -> np.ndarray:
        return self._study.surface(self._job.raster("DEM"))
