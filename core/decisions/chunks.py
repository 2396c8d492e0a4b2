"""Runs in chunks of a fixed size: a pure function of what all runs share and of what each is computed with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..connectivity.graph import PatchGraph, dispersal_rate
from ..connectivity.indices import probability_indices
from ..errors import DisconnectedError, InputError
from ..monitor import Monitor
from ..types import BoolArray, FloatArray, IntArray
from .replicates import CORRIDOR, Chain, Known, Study, follow, kinds_of
from .sampling import Draw

CHUNK = 10
"""Runs that are handed out together; fixed, so that results are the same for any number of processes."""


@dataclass(frozen=True)
class Base:
    """The run on what was judged, with which others are compared.

    Attributes
    ----------
    corridor : bool array, shape (rows, cols)
        Cells of the corridors.
    places : mapping of str to int array, same shape
        Labels of the pinch points and barriers, 0 outside.
    distances : Known
        Distances of the pairs of sources that were tried.
    unit : float
        Mean resistance of the least-cost paths, by which costs become metres for EC.
    """

    corridor: BoolArray
    places: Mapping[str, IntArray]
    distances: Known
    unit: float


@dataclass(frozen=True)
class Job:
    """What the processes of a robustness run share."""

    study: Study
    base: Base


@dataclass(frozen=True)
class Piece:
    """A chunk of runs: the number of the first, and what each is computed with."""

    first: int
    draws: Sequence[Draw]


@dataclass(frozen=True)
class Record:
    """What is kept of a run.

    Attributes
    ----------
    run : int
        Its number from 0.
    pairs, cost, flow : shape (links, ...)
        Labels, least-cost distance and centrality of its links.
    nodes, dpc : float64, shape (n,)
        Centrality and dPC of the sources; NaN where they were not taken or it does not vary.
    figures : mapping of str to float
        Numbers of the whole network.
    nothing : str
        Why there is no network; empty where there is one.
    """

    run: int
    pairs: IntArray
    cost: FloatArray
    flow: FloatArray
    nodes: FloatArray
    dpc: FloatArray
    figures: Mapping[str, float]
    nothing: str = ""


@dataclass(frozen=True)
class Counted:
    """What a chunk has found.

    Attributes
    ----------
    counts : mapping of str to uint8 array, shape (rows, cols)
        In how many of its runs each cell was of a kind.
    stayed : mapping of str to int64 array, shape (areas,)
        In how many of its runs at least half of a pinch point or barrier of the base run was one.
    records : list of Record
        Its runs.
    """

    counts: Mapping[str, IntArray]
    stayed: Mapping[str, IntArray]
    records: list[Record]


LENGTH, RESISTANCE, EC, SAME_CORRIDOR, SAME_KEY = (
    "length",
    "resistance",
    "equivalent area",
    "corridors in common",
    "key areas in common",
)
"""Names of the figures of a run."""


def chunk(job: Job, piece: Piece, monitor: Monitor) -> Counted:
    """Compute the runs of a chunk and count them."""
    kinds = kinds_of(job.study.stage)
    shape = job.study.labels.shape
    counts = {kind: np.zeros(shape, dtype=np.uint8) for kind in kinds}
    stayed = {kind: np.zeros(int(labels.max(initial=0)), dtype=np.int64) for kind, labels in job.base.places.items()}
    records = []
    for place, draw in enumerate(piece.draws):
        part = monitor.part(place / len(piece.draws), (place + 1) / len(piece.draws))
        try:
            chain = follow(job.study, draw, job.base.distances, monitor=_Hushed(part))
        except (InputError, DisconnectedError) as error:
            records.append(_nothing(piece.first + place, job.study, str(error)))
            continue
        cells = {kind: chain.cells(kind) for kind in kinds}
        for kind in kinds:
            counts[kind] += cells[kind]
        for kind, labels in job.base.places.items():
            stayed[kind] += _half_there(labels, cells[kind])
        records.append(_record(piece.first + place, job, chain, cells))
    return Counted(counts, stayed, records)


class _Hushed(Monitor):
    """Passes on progress and cancellation, and no messages: what the base run said is not said again for each run."""

    def __init__(self, whole: Monitor) -> None:
        self._whole = whole

    def cancelled(self) -> bool:
        return self._whole.cancelled()

    def progress(self, fraction: float) -> None:
        self._whole.progress(fraction)


def figures_of(study: Study, chain: Chain, unit: float) -> dict[str, float]:
    """Return the length of the links of a run, the mean of its surface, and EC(PC) by least-cost distances."""
    links = chain.network.links
    rate = dispersal_rate(study.dispersal, study.probability) / unit
    area = np.where(chain.sources, study.hectares, 0.0)
    graph = PatchGraph.dispersing(area, links.joined - 1, links.cost[links.active], rate)
    return {
        LENGTH: float(links.length[links.active].sum()),
        RESISTANCE: chain.resistance,
        EC: probability_indices(graph).equivalent,
    }


def _record(run: int, job: Job, chain: Chain, cells: Mapping[str, BoolArray]) -> Record:
    links, flow = chain.network.links, chain.network.flow
    figures = figures_of(job.study, chain, job.base.unit)
    figures[SAME_CORRIDOR] = _jaccard(job.base.corridor, cells[CORRIDOR])
    if job.base.places:
        before, now = np.zeros_like(job.base.corridor), np.zeros_like(job.base.corridor)
        for kind, labels in job.base.places.items():
            before |= labels > 0
            now |= cells[kind]
        figures[SAME_KEY] = _jaccard(before, now)
    nodes = np.full(chain.sources.size, np.nan)
    nodes[: flow.nodes.size] = flow.nodes
    nodes[~chain.sources] = np.nan
    # Only ranks are taken of these: what is equal but for rounding errors has one.
    central, nodes, dpc = (values.astype(np.float32).astype(np.float64) for values in (flow.links, nodes, chain.dpc))
    return Record(run, links.joined, links.cost[links.active], central, nodes, dpc, figures)


def _nothing(run: int, study: Study, why: str) -> Record:
    """Return the record of a run without a network."""
    unknown = np.full(study.hectares.size, np.nan)
    none = np.empty(0)
    return Record(run, np.empty((0, 2), dtype=np.int64), none, none, unknown, unknown, {}, why)


def _half_there(labels: IntArray, cells: BoolArray) -> IntArray:
    """Return 1 for each area at least half of which lies in some cells, else 0."""
    whole = np.bincount(labels.ravel())[1:]
    held = np.bincount(labels[cells], minlength=whole.size + 1)[1:]
    found: IntArray = (2 * held >= whole).astype(np.int64)
    return found


def _jaccard(first: BoolArray, second: BoolArray) -> float:
    either = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / either if either else math.nan
