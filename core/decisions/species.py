"""Networks of many species, each on its own surface, and what they have in common.

References
----------
Oehri, J. et al. (2024). Multispecies connectivity for conservation. *Biodiversity and Conservation* 33,
https://doi.org/10.1007/s10531-024-02938-2
Jaccard, P. (1912). The distribution of the flora in the alpine zone. *New Phytologist* 11, 37-50,
https://doi.org/10.1111/j.1469-8137.1912.tb05611.x
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .. import defaults
from ..choices import Stage
from ..connectivity.graph import dispersal_rate
from ..corridors.cutoff import Cutoff, mean_resistance
from ..corridors.normalised import corridors
from ..errors import ConvergenceError, DisconnectedError, InputError, MemoryLimitError
from ..grid import Grid
from ..keyareas.areas import KeyAreas
from ..leastcost.fields import CostFields
from ..leastcost.graph import CostGraph
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..planning.corridorstep import connect
from ..planning.keyareastep import find_barriers, find_currents, graded_barriers, highest_class, largest_barrier
from ..planning.obstacles import Obstacles
from ..planning.options import CorridorOptions, KeyAreaOptions
from ..planning.securitynetwork import FIELD_BYTES_PER_CELL
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..types import Array, BoolArray, FloatArray, IntArray
from .complement import Belt, Complement, Web, complementary_links
from .percentiles import percentiles
from .replicates import Known

_BLOCK_CELLS = 1 << 24
"""Cells of all species together that are counted at once."""

_FAILURES = (InputError, DisconnectedError, ConvergenceError, MemoryLimitError)
"""What ends the network of a species, and not the run."""


@dataclass(frozen=True)
class Species:
    """A species, and the land as it sees it.

    Attributes
    ----------
    name : str
        What it is called.
    resistance : float array, shape (rows, cols)
        Its resistance surface, NaN = NoData.
    labels : int array, shape (rows, cols)
        Its sources, 1 to n, on cells with a resistance; 0 outside.
    cutoff : Cutoff
        How far its corridors reach beyond the least-cost path.
    dispersal, probability : float
        Its dispersal kernel: `probability` to get as far as `dispersal` metres.
    weight : float
        How much it counts, above 0.
    """

    name: str
    resistance: FloatArray
    labels: IntArray
    cutoff: Cutoff = field(default_factory=Cutoff)
    dispersal: float = defaults.DISPERSAL
    probability: float = defaults.PROBABILITY
    weight: float = 1.0


@dataclass(frozen=True)
class SpeciesNetwork:
    """The network of a species.

    Attributes
    ----------
    links : Links
        Between the labels of its sources.
    flow, grade : arrays, shape (active links,)
        Current-flow centrality of its links, and the grade by it.
    mosaic : float32, shape (rows, cols)
        Excess cost over the least-cost path, smallest over all links; NaN outside the corridors.
    current : float array or None
        Amperes; None where pinch points were not looked for.
    pinch, barrier : KeyAreas or None
        None where they were not looked for, or none stands out.
    web : Web
        Its sources, active links and their corridors.
    """

    links: Links
    flow: FloatArray
    grade: IntArray
    mosaic: FloatArray
    current: FloatArray | None
    pinch: KeyAreas | None
    barrier: KeyAreas | None
    web: Web


@dataclass(frozen=True)
class Failed:
    """Why a species has no network."""

    why: str


@dataclass(frozen=True)
class Community:
    """Species and what their runs share.

    Attributes
    ----------
    species : tuple of Species
        With different names.
    grid : Grid
        The grid of all rasters.
    stage : Stage
        How far the chain is followed.
    corridors, keyareas
        Choices of the steps; the cutoff is that of each species.
    """

    species: tuple[Species, ...]
    grid: Grid
    stage: Stage = Stage.PINCH_POINTS
    corridors: CorridorOptions = field(default_factory=CorridorOptions)
    keyareas: KeyAreaOptions = field(default_factory=KeyAreaOptions)


@dataclass(frozen=True)
class Together:
    """What the networks of species have in common.

    Attributes
    ----------
    ran : int64, shape (k,)
        Positions of the species that have a network, in the order of their names.
    failed : dict of int to str
        Why others have none, by their position.
    share : float32, shape (rows, cols)
        Share of the species, by weight, for which a cell is in a corridor outside the sources; NaN where it is for none.
    percentile : float32, shape (rows, cols), or None
        Mean, by weight, of the percentiles of the current within each species that has current there; NaN elsewhere.
    key : uint16, shape (rows, cols)
        For how many species a cell is in a key area.
    corridor : int64, shape (k,)
        Cells of the corridors of each species, outside its sources.
    shared, jaccard : shape (k, k)
        Cells that the corridors of two species have in common, and these as a share of those that either has; NaN where
        neither has any.
    complement : Complement
        The fewest corridors that keep all of them connected.
    """

    ran: IntArray
    failed: dict[int, str]
    share: FloatArray
    percentile: FloatArray | None
    key: IntArray
    corridor: IntArray
    shared: IntArray
    jaccard: FloatArray
    complement: Complement


def many_species(
    community: Community,
    *,
    keep: float = 0.9,
    found: Callable[[int, SpeciesNetwork], object] | None = None,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Together:
    """Build the network of each species, and combine them.

    Parameters
    ----------
    community : Community
        The species.
    keep : float
        Share of its EC(PC) that each species keeps with the complementary corridors.
    found : callable, optional
        Called with the position of a species and its network, in the order of their names; the networks are not kept.
    where : Where
        Where the networks are worked out.
    monitor : Monitor
        Progress, messages and cancellation.

    Returns
    -------
    Together

    Raises
    ------
    InputError
        If names are given twice, a weight is not above 0, or no species has a network.

    Notes
    -----
    Species are taken in the order of their names, so that nothing depends on the order in which they are given. One that
    has no network (no way between its sources, for example) is named with the reason, and the others go on.

    Amperes of one species are not comparable with those of another: the percentile of a cell is that among the cells of the
    corridors of its species, outside the sources, equal currents counted half.

    Time is that of the networks, which are independent of one another, and O(k^2 cells) for the overlap. Memory is that of
    one network for each process, and an eighth of a byte for a cell and species.

    Examples
    --------
    >>> resistance, labels = np.ones((9, 20), dtype=np.float32), np.zeros((9, 20), dtype=np.int32)
    >>> labels[3:6, :3], labels[3:6, 17:] = 1, 2
    >>> from ecosecnet.core.choices import CutoffRule
    >>> one, other = (Species(name, resistance, labels, Cutoff(40.0, CutoffRule.COST)) for name in ("otter", "badger"))
    >>> both = many_species(Community((one, other), Grid(9, 20, dx=30.0, dy=30.0)))
    >>> np.unique(both.share[~np.isnan(both.share)]).tolist(), both.jaccard.tolist()
    ([1.0], [[1.0, 1.0], [1.0, 1.0]])
    >>> both.complement.cells - both.corridor[0].item(), both.complement.cells - both.corridor[1].item()
    (0, 0)
    """
    names = [one.name for one in community.species]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Species are named twice: {', '.join(twice)}. Give each a name of its own.")
    light = next((one for one in community.species if not one.weight > 0.0), None)
    if light is not None:
        raise InputError(f"'{light.name}' has the weight {light.weight:g}; weights must be above 0.")
    order = sorted(range(len(names)), key=names.__getitem__)
    sums = _Sums(community)

    def add(result: tuple[int, SpeciesNetwork | Failed]) -> None:
        number, network = result
        if isinstance(network, Failed):
            sums.failed[number] = network.why
            monitor.warn(f"'{names[number]}' has no network: {network.why}")
            return
        sums.add(number, network)
        if found is not None:
            found(number, network)

    spread(network_of, community, order, add, where=where, monitor=monitor.part(0.0, 0.85))
    if not sums.ran:
        raise InputError(f"No species has a network. {names[order[0]]}: {sums.failed[order[0]]}")
    corridor, shared, jaccard = overlaps(np.stack(sums.masks), monitor.part(0.85, 0.87))
    complement = complementary_links(sums.webs, community.grid.shape, share=keep, monitor=monitor.part(0.87, 1.0))
    percentile = None
    if sums.current is not None:
        held = sums.there > 0.0
        percentile = np.full(held.shape, np.nan, dtype=np.float32)
        percentile[held] = sums.current[held] / sums.there[held]
    weight = sum(community.species[k].weight for k in sums.ran)
    share = np.where(sums.share > 0.0, np.minimum(sums.share / weight, 1.0), np.nan).astype(np.float32)
    return Together(
        np.array(sums.ran, dtype=np.int64),
        sums.failed,
        share,
        percentile,
        sums.key,
        corridor,
        shared,
        jaccard,
        complement,
    )


class _Sums:
    """What is gathered from one network after another."""

    def __init__(self, community: Community) -> None:
        self._community, shape = community, community.grid.shape
        self.share = np.zeros(shape)
        with_current = community.stage in (Stage.PINCH_POINTS, Stage.BOTH)
        self.current = np.zeros(shape) if with_current else None
        self.there = np.zeros(shape) if with_current else np.empty(0)
        self.key = np.zeros(shape, dtype=np.uint16)
        self.masks: list[Array] = []
        self.webs: list[Web] = []
        self.ran: list[int] = []
        self.failed: dict[int, str] = {}

    def add(self, number: int, network: SpeciesNetwork) -> None:
        species = self._community.species[number]
        outside = species.labels == 0
        belt = ~np.isnan(network.mosaic) & outside
        self.share[belt] += species.weight
        self.masks.append(np.packbits(belt))
        self.webs.append(network.web)
        self.ran.append(number)
        key = np.zeros(belt.shape, dtype=bool)
        for areas in (network.pinch, network.barrier):
            if areas is not None:
                key |= areas.labels > 0
        self.key += key
        if self.current is not None and network.current is not None:
            held = ~np.isnan(network.current) & outside
            self.current[held] += species.weight * 100.0 * percentiles(network.current[held])
            self.there[held] += species.weight


def overlaps(masks: Array, monitor: Monitor = SILENT) -> tuple[IntArray, IntArray, FloatArray]:
    """Return how many cells sets of cells have, have in common, and the Jaccard index of every two.

    Parameters
    ----------
    masks : uint8, shape (k, bytes)
        The cells of each set, eight to a byte.

    Examples
    --------
    >>> masks = np.packbits(np.array([[1, 1, 0, 0], [0, 1, 1, 1]], dtype=bool), axis=1)
    >>> [one.tolist() for one in overlaps(masks)]
    [[2, 3], [[2, 1], [1, 3]], [[1.0, 0.25], [0.25, 1.0]]]
    """
    count, length = masks.shape
    shared = np.zeros((count, count), dtype=np.int64)
    step = max(1, _BLOCK_CELLS // (8 * count))  # sums of a block are whole numbers that float32 holds
    for start in range(0, length, step):
        monitor.step(start, length)
        block = np.unpackbits(masks[:, start : start + step], axis=1).astype(np.float32)
        shared += np.rint(block @ block.T).astype(np.int64)
    cells = np.diagonal(shared).copy()
    either = cells[:, None] + cells[None, :] - shared
    jaccard = np.divide(shared, either, out=np.full(shared.shape, np.nan), where=either > 0)
    return cells, shared, jaccard


def network_of(community: Community, number: int, monitor: Monitor) -> tuple[int, SpeciesNetwork | Failed]:
    """Return the network of one species, or why there is none."""
    monitor.info(f"Species '{community.species[number].name}'.")
    try:
        return number, _follow(community, community.species[number], monitor)
    except _FAILURES as error:
        return number, Failed(str(error))


def _follow(community: Community, species: Species, monitor: Monitor) -> SpeciesNetwork:
    grid, labels, options = community.grid, species.labels, community.keyareas
    graph = CostGraph(species.resistance, cell_size=grid.cell_size, monitor=monitor.part(0.0, 0.05))
    fields = CostFields(graph, labels, budget=FIELD_BYTES_PER_CELL * labels.size)
    asked = CorridorOptions(
        community.corridors.adjacency,
        community.corridors.drop_through_sources,
        species.cutoff,
        community.corridors.grades,
    )
    network = connect(fields, asked, distances=Known.none(), monitor=monitor.part(0.05, 0.35))
    links, active = network.links, network.links.active
    belts = []
    for one in corridors(fields, links, cutoff=network.cutoffs, monitor=monitor.part(0.35, 0.4)):
        belts.append(Belt.of(one.rows, one.cols, ~np.isnan(one.excess) & (labels[one.rows, one.cols] == 0)))
    rate = dispersal_rate(species.dispersal * mean_resistance(links), species.probability)
    area = np.bincount(labels.ravel())[1:] * grid.cell_ha
    web = Web(area, links.pairs[active] - 1, links.cost[active], rate, tuple(belts))
    current = pinch = barrier = None

    def areas(values: FloatArray, largest: float | None, part: Monitor) -> KeyAreas | None:
        land = species.resistance if options.overlay_resistance else None
        try:
            return highest_class(values, land, grid, options, largest, None, monitor=part)
        except InputError as error:  # no place stands out
            monitor.info(f"'{species.name}' has no key areas of a kind: {error}")
            return None

    if community.stage in (Stage.PINCH_POINTS, Stage.BOTH):
        found = find_currents(fields, links, options, cutoff=network.cutoffs, monitor=monitor.part(0.4, 0.65))
        current = found.current
        pinch = areas(current, options.max_area_ha, monitor.part(0.65, 0.7))
    if community.stage in (Stage.BARRIERS, Stage.BOTH):
        belt: BoolArray = ~np.isnan(network.mosaic)
        scored = find_barriers(
            fields, links, belt, grid, options, obstacles=Obstacles(), monitor=monitor.part(0.7, 0.95)
        )
        barrier = areas(graded_barriers(scored, options), largest_barrier(grid, options), monitor.part(0.95, 1.0))
    fields.release()
    return SpeciesNetwork(links, network.flow.links, network.grade, network.mosaic, current, pinch, barrier, web)


def in_groups(groups: Sequence[str], together: Together) -> list[tuple[str, int, float, float]]:
    """Return for each group of species its name, size, and the mean Jaccard index within it and with all others.

    `groups` are those of the species that have a network; NaN where there are no pairs.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> jaccard = np.array([[1.0, 0.5, 0.1], [0.5, 1.0, 0.3], [0.1, 0.3, 1.0]])
    >>> in_groups(["a", "a", "b"], SimpleNamespace(jaccard=jaccard))
    [('a', 2, 0.5, 0.2), ('b', 1, nan, 0.2)]
    """
    found, held = [], np.array(groups)
    for group in sorted(set(groups)):
        mine = held == group
        inside = together.jaccard[np.ix_(mine, mine)][np.triu_indices(int(mine.sum()), 1)]
        others = together.jaccard[np.ix_(mine, ~mine)]
        within, between = (
            float(np.nanmean(one)) if np.isfinite(one).any() else float("nan") for one in (inside, others)
        )
        found.append((group, int(mine.sum()), within, between))
    return found
