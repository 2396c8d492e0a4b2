"""Barriers: where restoring a small area would shorten the least-cost paths between sources the most.

For a link between the sources A and B with least-cost distance LCD, and for a radius r around a cell,

    score = (LCD - min CWD_A - min CWD_B - 2 r q) / (2 r)

is the cost saved per metre restored, if a strip of length 2 r through the cell got the resistance q (1 in the
reference tool). CWD_A and CWD_B are the cost distances from the two sources, their minima taken in the window.

References
----------
.. [1] B. H. McRae, S. A. Hall, P. Beier, D. M. Theobald (2012), Where to restore ecological connectivity? Detecting
   barriers and quantifying restoration benefits, PLoS ONE 7(12), doi:10.1371/journal.pone.0052604.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .. import defaults
from ..choices import BarrierWindow, Combination
from ..errors import DisconnectedError, InputError
from ..leastcost.fields import CostFields
from ..leastcost.gathering import gather
from ..leastcost.links import Links
from ..monitor import SILENT, Monitor
from ..spread.spreading import spread
from ..spread.where import HERE, Where
from ..types import BoolArray, FloatArray, IntArray
from .barrierscan import Best, Ground, Scores, place_of, score_link
from .focal import cells_in, disc

_MOST_RADII = 100
"""Radii beyond which the search would not end; a handful shows what there is."""


@dataclass(frozen=True)
class LinkBarriers:
    """The best place to restore on each link.

    Attributes
    ----------
    distance : float64, shape (links,)
        Least-cost distance as it is; infinite if the sources are not connected.
    score : float64, shape (links,)
        Best score of the link, cost units saved per metre restored; NaN if no place has one.
    radius : float64, shape (links,)
        Radius of the best score, in metres; NaN if none.
    row, col : int, shape (links,)
        Cell in the centre of the best place; -1 if none. Of equal scores the smallest radius counts, then the first
        cell.
    cells : int64, shape (links,)
        Number of cells that lie in a disc with a gain for the link.
    """

    distance: FloatArray
    score: FloatArray
    radius: FloatArray
    row: IntArray
    col: IntArray
    cells: IntArray

    @property
    def gain(self) -> FloatArray:
        """Predicted fall of the least-cost distance, in cost units; NaN if none."""
        gain: FloatArray = self.score * 2.0 * self.radius
        return gain

    @property
    def percent(self) -> FloatArray:
        """Score as a share of the least-cost distance, percent per metre; NaN if none."""
        with np.errstate(invalid="ignore"):
            percent: FloatArray = 100.0 * self.score / self.distance
        return percent


@dataclass(frozen=True)
class Barriers:
    """Barrier scores of all links and radii.

    Attributes
    ----------
    score : float64, shape (rows, cols)
        Best score of all discs that hold the cell, cost units saved per metre restored; NaN where there is no gain.
    percent : float64, shape (rows, cols)
        The same for the score as a share of the least-cost distance of its link, percent per metre restored.
    radius : float64, shape (rows, cols)
        Radius of the best score, in metres.
    link : int32, shape (rows, cols)
        Position of the link that gains most from a disc that holds the cell (the first of equal ones); -1 where there
        is no gain.
    count : int32, shape (rows, cols)
        Number of links that gain from a disc that holds the cell.
    links : LinkBarriers
        The best place of each link.
    """

    score: FloatArray
    percent: FloatArray
    radius: FloatArray
    link: IntArray
    count: IntArray
    links: LinkBarriers

    def outside(self, belt: BoolArray) -> float:
        """Return which share of the cells with a score lies outside a belt, 0 to 1."""
        scored = ~np.isnan(self.score)
        return float(np.count_nonzero(scored & ~belt)) / max(int(np.count_nonzero(scored)), 1)

    def clipped(self, belt: BoolArray) -> Barriers:
        """Return the scores inside a belt, with no gain outside; the best places of the links stay as they are."""
        return replace(
            self,
            score=np.where(belt, self.score, np.nan),
            percent=np.where(belt, self.percent, np.nan),
            radius=np.where(belt, self.radius, np.nan),
            link=np.where(belt, self.link, -1),
            count=np.where(belt, self.count, 0),
        )


def radii_between(
    minimum: float | None, maximum: float | None, step: float | None, *, cell_size: float = 0.0
) -> tuple[float, ...]:
    """Return the radii from minimum to maximum by step; a step of 0 gives the minimum alone.

    What is None is chosen: two cells for the minimum (only this needs the cell size), three times the minimum for the
    maximum, the minimum for the step. So radii follow the resolution of the raster, as those of the Liuzhi study do.

    Raises
    ------
    InputError
        If the minimum is not positive, the maximum is below it or the step is negative.

    Examples
    --------
    >>> radii_between(90.0, 270.0, 90.0)
    (90.0, 180.0, 270.0)
    >>> radii_between(None, None, None, cell_size=30.0)
    (60.0, 120.0, 180.0)
    """
    minimum = defaults.RADIUS_CELLS * cell_size if minimum is None else minimum
    maximum = defaults.RADIUS_SPAN * minimum if maximum is None else maximum
    step = minimum if step is None else step
    if not minimum > 0:
        raise InputError(f"The smallest radius is {minimum:g}; it must be above 0.")
    if maximum < minimum:
        raise InputError(f"The largest radius ({maximum:g}) is below the smallest ({minimum:g}). Exchange them.")
    if step < 0:
        raise InputError(f"The step between the radii is {step:g}; it must not be negative.")
    if step == 0:
        return (minimum,)
    count = (maximum - minimum) / step * (1 + 1e-9) + 1
    if count > _MOST_RADII:
        raise InputError(
            f"Radii from {minimum:g} to {maximum:g} in steps of {step:g} are {count:,.0f}; at most {_MOST_RADII} are tried. "
            "Use a larger step or a smaller largest radius."
        )
    return tuple(minimum + step * k for k in range(int((maximum - minimum) / step * (1 + 1e-9)) + 1))


def disc_ha(radius: float, cell_size: float) -> float:
    """Return the area of the cells of a disc, in hectares: what the score of its centre is about.

    Examples
    --------
    >>> disc_ha(100.0, 100.0)
    5.0
    """
    return disc(cells_in(radius, cell_size)).cells * cell_size**2 / 10_000.0


def barriers(
    fields: CostFields,
    links: Links,
    *,
    radii: Sequence[float],
    method: BarrierWindow | str = BarrierWindow.DISC,
    combine: Combination | str = Combination.MAXIMUM,
    restored: float = 1.0,
    cap: bool = False,
    outside: bool = True,
    restorable: BoolArray | None = None,
    centres: bool = False,
    where: Where = HERE,
    monitor: Monitor = SILENT,
) -> Barriers:
    """Score every place by what its restoration would save on the least-cost paths.

    Parameters
    ----------
    fields : CostFields
        The sources on the resistance surface. Impassable cells can be barriers as well.
    links : Links
        The link table.
    radii : sequence of float
        Radii to try, in metres, each at least a cell. Windows reach as many whole cells as fit into the radius.
    method : {'disc', 'ring'}
        Where the smallest cost distances are looked for: anywhere within the radius, or in the outermost one-cell ring
        of the disc, as in the reference tool. They differ where the window reaches a source.
    combine : {'maximum', 'sum'}
        Over the links, each score below 0 counting as none.
    restored : float
        Resistance that restoration would bring, q above.
    cap : bool
        Let no cell gain more than its own resistance above `restored`; impassable cells are not capped.
    outside : bool
        Whether impassable cells are scored, and discs centred on them are tried, as in the reference tool. Where NaN is
        land outside a study area that nobody can restore, False scores the study area alone.
    restorable : bool array, shape (rows, cols), optional
        The cells that can be restored, whatever `outside` says. All others have no score, nor have discs centred on them,
        and of a disc only that part counts, in the minima and for who gets the score, which straight arms from the
        centre reach without crossing a cell that stays as it is: one that is not restorable, is above `restored` and
        belongs to no source. (A river between two discs is not bridged, whatever the banks would gain by it.)
    centres : bool
        Give the score of a disc to its centre alone, rather than to all of its cells as the reference tool does. What
        stands out are then the places themselves, not the discs around them.
    where : Where
        Where searches are made and links scored; the results are the same to the last bit.
    monitor : Monitor
        Progress, cancellation and warnings.

    Returns
    -------
    Barriers
        Scores are computed at the centres of discs and then given to every cell of the disc (largest of all discs that
        hold the cell, over all radii).

    Raises
    ------
    InputError
        A radius smaller than a cell or larger than the raster, a link without a source on the raster, no link, an
        unknown method, or `restorable` of another shape or without a cell.
    DisconnectedError
        If no link joins connected sources.

    Notes
    -----
    A place scores only if both minima are below LCD, so the search from a source stops at the largest upper bound of
    the distances of its links (the least cost of crossing the border of two allocation zones), and only the box it
    reaches is kept. Nothing is lost by it: all positive scores are exact. There is one search a source, and two window
    minima a link and radius. Memory: about 60 bytes a cell of the raster, and as much of the largest box of a link; fields
    and masks of links beyond that wait in a temporary file.

    The score is an estimate of the true gain, not a bound: the strip is straight while the steps of a path are not
    (at most 8 percent longer), and half of the steps into the disc get cheaper as well; `restoration` carries it out.
    So a disc in which next to nothing is to be restored still scores up to 0.08 q on links that run neither straight nor
    diagonally (0.073 q with a radius of 9 cells, 0.040 q with 6, nothing with 3).

    Departures from Linkage Mapper 3.1 [1]_: minima over the disc by default; its ring is empty for radii that are not
    close to a whole number of cells, ours is always the outermost ring of cells; a gain below 1e-9 of the distance
    is none, and so is that of a disc without any cell above `restored`, where nothing can be gained; and `restorable`.

    Examples
    --------
    >>> from ecosecnet.core.leastcost import CostGraph
    >>> labels = np.zeros((1, 7), dtype=np.int32)
    >>> labels[0, [0, 6]] = 1, 2
    >>> resistance = np.array([[1.0, 1.0, 1.0, 9.0, 1.0, 1.0, 1.0]])
    >>> fields = CostFields(CostGraph(resistance, cell_size=10.0), labels)
    >>> found = barriers(fields, Links.between([(1, 2)]), radii=[10.0])
    >>> found.score.round(4).tolist()
    [[nan, 2.0, 4.0, 4.0, 4.0, 2.0, nan]]
    """
    resistance, pairs = fields.graph.resistance, links.joined
    method, combine = BarrierWindow.of(method), Combination.of(combine)
    cells = _validate(fields, pairs, radii, restored)
    check_restorable(restorable, fields)
    gathered = gather(fields, pairs, everywhere=True, where=where, monitor=monitor.part(0.0, 0.5))
    distance = np.array([fields.least(a, b) for a, b in pairs.tolist()])
    fields.graph.release()
    connected = np.flatnonzero(np.isfinite(distance))
    if not connected.size:
        raise DisconnectedError(
            "No link joins sources that are connected: impassable (NoData) cells cut all of them off. "
            "Barriers can only be scored where there is a path to shorten."
        )
    if connected.size < len(pairs):
        a, b = pairs[np.flatnonzero(np.isinf(distance))[0]]
        monitor.warn(
            f"{len(pairs) - connected.size} of {len(pairs)} links join sources that are cut off from each other by "
            f"NoData (the first: {a} and {b}); they have no barrier score."
        )
    order = sorted(range(len(radii)), key=lambda k: radii[k])
    joined = pairs[connected]
    places = [
        place_of(gathered, pair, far, max(cells), resistance.shape)
        for pair, far in zip(joined.tolist(), distance[connected].tolist())
    ]
    ground = Ground(
        gathered,
        places,
        joined,
        distance[connected],
        resistance,
        fields.labels,
        restorable,
        restored,
        tuple(float(radii[k]) for k in order),
        tuple(cells[k] for k in order),
        method,
        outside,
        centres,
        combine is Combination.SUM,
    )
    scores = Scores(ground)
    pieces = [(k, link) for k in range(len(order)) for link in range(len(joined))]
    spread(score_link, ground, pieces, scores.add, where=where, monitor=monitor.part(0.5, 1.0))
    scores.add_up()
    (count, gaining), score, percent, link = scores.count(), scores.score, scores.percent, scores.link
    radius = np.array(ground.radii)[scores.radius]
    if cap:
        most = np.where(np.isnan(resistance), np.inf, resistance - restored)
        np.minimum(score, most, out=score)
    gains = score > 0
    for raster in (radius, percent, score):
        raster[~gains] = np.nan
    link = connected.astype(np.int32)[link]
    link[~gains] = -1
    count[~gains] = 0
    return Barriers(score, percent, radius, link, count, _links(scores.best, gaining, connected, distance))


def check_restorable(restorable: BoolArray | None, fields: CostFields) -> None:
    """Raise unless a mask of the cells that can be restored fits the raster and holds some."""
    if restorable is None:
        return
    if restorable.shape != fields.labels.shape:
        raise InputError(
            f"The restorable cells are a raster of {restorable.shape} cells, the resistance has {fields.labels.shape}. Use "
            "one grid."
        )
    if not restorable.any():
        raise InputError("No cell can be restored, so that there are no barriers to score. Leave out some classes.")


def _links(best: list[Best], gaining: IntArray, connected: IntArray, distance: FloatArray) -> LinkBarriers:
    """Return the best places, also for the links that were left out."""
    score, radius = np.full(distance.size, np.nan), np.full(distance.size, np.nan)
    row, col, cells = np.full(distance.size, -1), np.full(distance.size, -1), np.zeros(distance.size, dtype=np.int64)
    for position, link in enumerate(connected.tolist()):
        if best[position].score > 0:
            score[link], radius[link], row[link], col[link] = best[position]
    cells[connected] = gaining
    return LinkBarriers(distance, score, radius, row, col, cells)


def _validate(
    fields: CostFields,
    pairs: IntArray,
    radii: Sequence[float],
    restored: float,
) -> list[int]:
    """Return the radii in whole cells."""
    shape, cell_size = fields.graph.shape, fields.graph.cell_size
    if not len(pairs):
        raise InputError("There is no link: barriers are places on the way between two linked sources.")
    if not (restored > 0 and np.isfinite(restored)):
        raise InputError(f"The resistance after restoration is {restored:g}; it must be above 0.")
    fields.require(pairs)
    return check_radii(radii, shape, cell_size)


def check_radii(radii: Sequence[float], shape: tuple[int, int], cell_size: float) -> list[int]:
    """Return radii in whole cells.

    Raises
    ------
    InputError
        If there is none, or one is smaller than a cell or larger than a raster of the shape.

    Examples
    --------
    >>> check_radii([60.0, 100.0], (50, 40), 30.0)
    [2, 3]
    """
    if not len(radii):
        raise InputError("There is no radius to search with.")
    cells = [cells_in(radius, cell_size) for radius in radii]
    if min(cells) < 1:
        raise InputError(
            f"The barrier radius of {min(radii):g} m is smaller than a cell ({cell_size:g} m). Use at least one cell, better "
            "two, or leave the radii empty, which takes them from the size of the cells."
        )
    if max(cells) >= max(shape):
        raise InputError(
            f"The barrier radius of {max(radii):g} m reaches beyond the whole raster "
            f"({shape[0]} x {shape[1]} cells of {cell_size:g} m). Use a smaller one."
        )
    return cells
