"""Reads what the runs of 'robustness' share, and what varies in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .... import core
from ....core import defaults
from ....core.choices import Adjacency, CorrectionMethod, Stage, Variation
from ....core.errors import InputError
from ...support.geometry.distances import distances_of_pairs, edge_distances
from ...support.inputs import parameters as p
from ...support.inputs.corrections import correction_choices, read_correction
from ...support.inputs.declarations import (
    adjacency,
    corridor_cutoff,
    cutoff_rule,
    dispersal_distance,
    dispersal_probability,
    drop_through_sources,
    key_area_classes,
    overlaid,
    read_cutoff,
    smallest_dpc,
    smallest_key_area,
    source_layer,
)
from ...support.inputs.judgements import judge, read_judgements
from ...support.inputs.scores import COLUMNS, SCORE_OF, factor_name, match_names
from ...support.inputs.sources import Sources, read_sources
from ...support.inputs.weights import read_weights
from ...support.io.rasters import RasterSource, metres_per_unit, require_one_grid
from ...support.io.tables import read_rows

if TYPE_CHECKING:
    from ...support.run.job import Job

_WIDTH = 10
"""Columns of the matrix in the dialog."""

_PAIRS = tuple(one for one in Adjacency if one is not Adjacency.TREE)
_WAYS = ("WEIGHTS", "WEIGHTS_TABLE", "MATRIX", "JUDGEMENTS")
_SETTINGS = ("CUTOFFS", "DISPERSALS", "MIN_AREAS")


def declare_inputs() -> list:
    """Return the parameters of the surface, the sources and the corridors."""
    return [
        p.rasters(
            "FACTORS",
            "Factors",
            "Score rasters on one grid, as 'scorefactor' makes them; with a table of scores the rasters that it scores.",
        ),
        p.text("WEIGHTS", "Weights of the factors", "One number for each factor, in their order.", optional=True),
        p.table(
            "WEIGHTS_TABLE",
            "Weights (table)",
            "Instead: a table with the columns factor and weight, as 'Weights by AHP' makes it.",
            optional=True,
        ),
        p.matrix(
            "MATRIX",
            "Matrix of judgements",
            "Instead: row against column, such as 3 or 1/3, in the order of the factors. One half is enough; pairs nobody "
            "judged stay empty.",
            [str(number) for number in range(1, _WIDTH + 1)],
            [""] * (3 * _WIDTH),
        ),
        p.vectors(
            "JUDGEMENTS",
            "Tables of judgements",
            "Instead: one table for each expert, as 'Weights by AHP' takes them.",
            p.Type.TypeVector,
            optional=True,
        ),
        p.table(
            "SCORES", "Table of scores", f"Scores the factors, where they are not scores yet. {COLUMNS}", optional=True
        ),
        p.rasters(
            "CORRECTIONS",
            "Correction rasters",
            "They correct every resistance surface, as in 'resistance'.",
            optional=True,
            advanced=True,
        ),
        *correction_choices(tuple(CorrectionMethod), advanced=True),
        source_layer("At least two."),
        p.id_field(),
        adjacency(_PAIRS, advanced=True),
        drop_through_sources(advanced=True),
        corridor_cutoff(),
        cutoff_rule(),
        p.choice(
            "STAGE",
            "What is followed",
            "How far the chain goes in each run. Corridors alone are quicker.",
            Stage,
            Stage.BOTH,
        ),
    ]


def declare_variation() -> list:
    """Return the parameters of what varies."""
    return [
        p.choices(
            "WHAT_VARIES",
            "What varies",
            "Judgements: those of the matrix or of the mean of the experts, by whole steps of Saaty's scale, kept while the "
            "consistency ratio is below 0.1. Weights: around those given. Experts: as many as there are, drawn with "
            "replacement. Scores: of the classes of each factor, in their order. Settings: the lists below.",
            Variation,
            (Variation.WEIGHTS, Variation.SCORES),
        ),
        p.integer(
            "STEPS",
            "Steps of the judgements",
            "Largest change of a judgement that varies: 1 turns 3 into 2 or 4, and 1 into 2 or 1/2.",
            1,
            low=0,
            high=16,
        ),
        p.number(
            "SPREAD",
            "Spread of the weights",
            "Standard deviation of a weight of mean size as a share of it: 0.25 is a quarter. Weights of 0 stay 0.",
            0.25,
            low=0.0,
            high=5.0,
        ),
        p.number(
            "SCORE_SHIFT",
            "Shift of the scores",
            "Largest change of a score as a share of the gap to the next one, at most 0.5, so that their order stays.",
            0.25,
            low=0.0,
            high=0.5,
        ),
        _values("CUTOFFS", "Corridor cutoffs", 1000, "in the unit of the corridor cutoff"),
        _values(
            "DISPERSALS",
            "Dispersal distances",
            1000,
            "in metres; sources with less than the smallest dPC (MIN_DPC) are left out then",
        ),
        _values("MIN_AREAS", "Smallest sources", 50, "in hectares; smaller sources are left out"),
        p.integer(
            "RUNS",
            "Number of runs",
            "At most so many, each takes as long as one network. The tornado can be read from 200 on.",
            200,
            low=1,
            high=100_000,
        ),
        p.number(
            "TOLERANCE",
            "Tolerance",
            "Runs end early once the share of every cell is known to so much or better (half the width of the 95 % "
            "confidence interval), which is looked at after every ten. Where a cell is in half of the runs, 0.05 takes "
            "385 of them. 0: all runs are done.",
            0.05,
            low=0.0,
            high=0.5,
            decimals=3,
        ),
        p.integer("SEED", "Seed", "The same seed gives the same runs.", 0, low=0, high=2_147_483_647, advanced=True),
        dispersal_distance("For the equivalent connected area (EC) of each run."),
        dispersal_probability(advanced=True),
        smallest_dpc("Where the dispersal distance varies.", defaults.MIN_DPC, advanced=True),
        key_area_classes(advanced=True),
        smallest_key_area("MIN_KEY_AREA", defaults.MIN_KEY_AREA_HA, advanced=True),
        overlaid(),
    ]


def _values(name: str, label: str, low: int, unit: str):
    text = f"For settings that vary: a list such as {low}, {2 * low}, {4 * low} or a range such as {low}-{4 * low}, {unit}."
    return p.text(name, f"{label} that vary", text, optional=True, advanced=True)


def check_variation(job: Job) -> str | None:
    """Return what is wrong with the parameters together."""
    ways = [name for name in _WAYS if _given(job, name)]
    if len(ways) > 1:
        return f"The factors are weighed by {' and '.join(ways)}. Give one of them."
    if not ways and not job.given("SCORES"):
        return (
            "The factors have no weights. Give numbers (WEIGHTS), a table of weights, a matrix or tables of judgements."
        )
    varies = job.choices("WHAT_VARIES", Variation)
    if Variation.SETTINGS in varies and not any(job.given(name) for name in _SETTINGS):
        return f"The settings vary, but none has values. Give a list or range: {', '.join(_SETTINGS)}."
    if Variation.JUDGEMENTS in varies and ways not in (["MATRIX"], ["JUDGEMENTS"]):
        return "Judgements vary, but there are none. Give a matrix or tables of them, or let the weights vary."
    if Variation.EXPERTS in varies and len(job.vectors("JUDGEMENTS")) < 2:
        return "Experts vary: give the table of judgements of each, two at least (JUDGEMENTS)."
    _settings(job)
    read_cutoff(job)
    return None


def _given(job: Job, name: str) -> bool:
    return any(job.matrix(name)) if name == "MATRIX" else job.given(name)


@dataclass(frozen=True)
class Asked:
    """What 'robustness' was asked for.

    Attributes
    ----------
    study : Study
        What the runs share.
    sources : Sources
        The sources as polygons.
    onto : RasterSource
        The raster whose grid and CRS the results have.
    uncertainty : Uncertainty
        What varies.
    weights, matrices : list
        How the factors are weighed: one of the two is empty.
    """

    study: core.decisions.Study
    sources: Sources
    onto: RasterSource
    uncertainty: core.decisions.Uncertainty
    weights: list[float]
    matrices: list[np.ndarray]


def read_asked(job: Job) -> Asked:
    """Read the inputs; takes 5 percent of the progress."""
    layers, corrections = job.rasters("FACTORS"), job.rasters("CORRECTIONS")
    if len(layers) < 2:
        raise InputError(f"Weights vary against each other: give two factors or more, not {len(layers)}.")
    zones = job.raster("CORRECTION_ZONES") if corrections else None
    require_one_grid([*layers, *corrections, *([zones] if zones is not None else [])])
    onto = layers[0]
    names = [factor_name(layer) for layer in layers]
    if len(set(names)) < len(names):
        raise InputError(f"Two factors have the same name ({', '.join(names)}). Rename the layers.")
    table = _score_table(job, layers)
    factors, valid = [], np.ones(onto.grid.shape, dtype=bool)
    for k, layer in enumerate(layers):
        values = layer.read_surface(job.monitor.part(0.05 * k / len(layers), 0.05 * (k + 1) / len(layers)))
        if table:
            values = core.resistance.score_values(values, table[k].classes).scores
        valid &= ~np.isnan(values)
        factors.append(core.decisions.Factor.of(names[k], values))
    sources = read_sources(
        job.vector("SOURCES"),
        onto.grid,
        onto.crs,
        id_field=job.field("ID_FIELD"),
        valid=valid,
        minimum=2,
        monitor=job.monitor,
    )
    weights, matrices = _weighed(job, layers, names, table)
    study = core.decisions.Study(
        factors,
        onto.grid,
        sources.labels,
        corrections=[one.read_surface() for one in corrections],
        correction=read_correction(job, tuple(CorrectionMethod)),
        zones=None if zones is None else zones.read_surface(),
        corridors=core.planning.CorridorOptions(
            adjacency=job.choice("ADJACENCY", _PAIRS),
            drop_through_sources=job.flag("DROP_THROUGH_SOURCES"),
            cutoff=read_cutoff(job),
        ),
        keyareas=core.planning.KeyAreaOptions(
            classes=job.integer("CLASSES"),
            overlay_resistance=job.flag("OVERLAY_RESISTANCE"),
            min_area_ha=job.number("MIN_KEY_AREA"),
        ),
        stage=job.choice("STAGE", Stage),
        dispersal=job.number("DISPERSAL"),
        probability=job.number("PROBABILITY"),
        min_dpc=job.number("MIN_DPC"),
    )
    return Asked(study, sources, onto, _uncertainty(job, factors), weights, matrices)


def _score_table(job: Job, layers: list[RasterSource]) -> list:
    """Return the scores of each factor; none where the rasters are scores."""
    table = job.vector("SCORES")
    if table is None:
        return []
    scored = [one.name for one in layers if one.about.startswith(SCORE_OF)]
    if scored:
        raise InputError(
            f"{', '.join(scored)} hold scores already. Leave the table of scores out, or give what it scores."
        )
    found = core.resistance.read_score_table(read_rows(table))
    return [found[k] for k in match_names([one.name for one in found], layers, job.monitor, f"'{table.name}'")]


def _weighed(job: Job, layers: list[RasterSource], names: list[str], table: list) -> tuple[list, list]:
    """Return the weights of the factors, or the matrices of judgements."""
    if any(job.matrix("MATRIX")):
        matrices, experts = (
            [core.weights.matrix_from_cells(job.matrix("MATRIX"), width=_WIDTH, names=names)],
            ["Matrix"],
        )
    elif job.given("JUDGEMENTS"):
        tables = job.vectors("JUDGEMENTS")
        judged, found = read_judgements(tables, [])
        places = match_names(judged, layers, job.monitor, "the judgements")
        matrices, experts = [matrix[np.ix_(places, places)] for matrix in found], [one.name for one in tables]
    elif job.given("WEIGHTS") or job.given("WEIGHTS_TABLE"):
        return read_weights(job.text("WEIGHTS"), job.vector("WEIGHTS_TABLE"), layers, job.monitor), []
    else:
        weights = [one.weight for one in table]
        if None in weights:
            raise InputError("The table of scores has no weight for some factors. Give one for each, or WEIGHTS.")
        return weights, []
    judge(matrices, names, experts, job.monitor)
    return [], matrices


def _uncertainty(job: Job, factors: list) -> core.decisions.Uncertainty:
    varies = job.choices("WHAT_VARIES", Variation)
    without = [one.name for one in factors if one.scores.size < 2]
    if Variation.SCORES in varies and without:
        job.monitor.warn(
            f"The scores of {', '.join(without)} do not vary: the rasters have no classes, or a single one."
        )
        if len(without) == len(factors) and len(varies) > 1:
            varies.remove(Variation.SCORES)
    experts = len(job.vectors("JUDGEMENTS"))
    if Variation.EXPERTS in varies and experts < 5:
        job.monitor.warn(
            f"There are {experts} experts. What as few as that agree on is no measure of what others would have said; ask "
            "five or more, or vary the judgements as well."
        )
    return core.decisions.Uncertainty(
        tuple(varies),
        steps=job.integer("STEPS"),
        spread=job.number("SPREAD"),
        shift=job.number("SCORE_SHIFT"),
        settings=_settings(job) if Variation.SETTINGS in varies else {},
    )


def _settings(job: Job) -> dict:
    kinds = dict(zip(_SETTINGS, (core.decisions.CUTOFF, core.decisions.DISPERSAL, core.decisions.MIN_AREA)))
    return {kind: core.decisions.parse_setting(job.text(name), name) for name, kind in kinds.items() if job.given(name)}


class SourceDistances:
    """Exact distances between the polygons of the sources."""

    def __init__(self, sources: Sources, onto: RasterSource) -> None:
        self._shapes, self._unit = sources.geometries, metres_per_unit(onto.crs)

    def within(self, labels, limit, monitor):
        """Return the pairs of sources at most `limit` metres apart, and their distances."""
        first, second, apart = edge_distances(self._shapes, unit=self._unit, limit=limit, monitor=monitor)
        return np.column_stack((first, second)), apart

    def between(self, labels, pairs, monitor):
        """Return the distances of pairs of sources."""
        return distances_of_pairs(self._shapes, pairs, monitor, unit=self._unit)
