"""Step 2 of the whole method: the resistance surface."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..monitor import SILENT, Monitor
from ..resistance.further import with_classes
from ..resistance.overlay import resistance_surface, with_obstacles
from ..resistance.scorechecks import check_scores, report
from ..resistance.scoretable import FactorScores
from ..resistance.scoring import FactorValues, score_values
from ..resistance.summary import ResistanceSummary
from ..surface import check_resistance
from ..types import Array, BoolArray, FloatArray
from .options import SurfaceOptions
from .results import Surface


def build_surface(
    factors: Mapping[str, Array],
    scores: Sequence[FactorScores],
    options: SurfaceOptions,
    corrections: Mapping[str, FloatArray],
    *,
    valid: BoolArray,
    zones: Array | None = None,
    roads: FloatArray | None = None,
    impassable: BoolArray | None = None,
    scored: Callable[[str, FloatArray], None] | None = None,
    monitor: Monitor = SILENT,
) -> Surface:
    """Score the factors, overlay them by weight, and correct the result, by the means of `zones` where there are any.

    Then come what `roads` resist at least, and the `impassable` cells. Classes that are made from values are made from
    those of the study area, where `valid`. `scored` is as in `security_network`.
    """
    scores = [
        one if one.classes or one.name not in factors else with_classes(one, factors[one.name][valid], monitor=monitor)
        for one in scores
    ]
    used = [factor for factor in scores if factor.name in factors]
    missing = [factor.name for factor in scores if factor.name not in factors]
    if missing:
        monitor.warn(f"There is no data for {', '.join(missing)}; the weights of the other factors are scaled up to 1.")
    if not used:
        raise InputError(
            "A resistance surface needs a factor with data, and the score table has none that is there. Its factors are: "
            f"{', '.join(missing)}. Call one 'land use', or give the layer of another one."
        )
    if len(used) == 1:
        monitor.warn(
            f"The resistance surface is made of one factor, '{used[0].name}': paths follow it alone. Give elevation, roads "
            "and the like for more."
        )
    _lint(scores, factors, monitor)
    total = sum(factor.weight or 0.0 for factor in used)
    if not total > 0:
        raise InputError("The factors have no weight. Give each factor of the score table a weight.")
    used = [replace(factor, weight=(factor.weight or 0.0) / total) for factor in used]
    layers = []
    for done, factor in enumerate(used):
        monitor.step(0.5 * done, len(used))
        found = score_values(factors[factor.name], factor.classes)
        if found.unmatched:
            monitor.warn(f"{found.unmatched:,} cells of '{factor.name}' fall in no class and become NoData.")
        layers.append(found.scores)
        if scored is not None:
            scored(factor.name, found.scores)
    built = resistance_surface(
        layers,
        [factor.weight or 0.0 for factor in used],
        corrections=list(corrections.values()),
        zones=zones,
        names=[factor.name for factor in used],
        correction_names=list(corrections),
        correction=options.correction if corrections else None,
        monitor=monitor.part(0.5, 1.0),
    )
    return obstructed(Surface(built.values, built.summary, built.values, tuple(used)), roads, impassable)


def take_surface(
    values: FloatArray, *, roads: FloatArray | None = None, impassable: BoolArray | None = None
) -> Surface:
    """Return a surface that is given, with roads and impassable cells as `build_surface` puts them onto its own."""
    check_resistance(values)
    values = values.astype(np.float32)
    known = values[~np.isnan(values)]
    low, mean, high = float(known.min()), float(known.mean(dtype=np.float64)), float(known.max())
    summary = ResistanceSummary(known.size, values.size - known.size, 0, low, mean, high, ())
    return obstructed(Surface(values, summary, values), roads, impassable)


def obstructed(surface: Surface, roads: FloatArray | None, impassable: BoolArray | None) -> Surface:
    """Return a surface with roads and impassable cells, and the figures it has then."""
    if roads is None and impassable is None:
        return surface
    values = with_obstacles(surface.values, least=roads, impassable=impassable)
    known = values[~np.isnan(values)]
    if not known.size:
        raise InputError("Impassable cells cover the whole resistance surface. Take values out of IMPASSABLE.")
    summary = replace(
        surface.summary,
        cells=known.size,
        missing=values.size - known.size,
        minimum=float(known.min()),
        mean=float(known.mean(dtype=np.float64)),
        maximum=float(known.max()),
        raised=int((values > surface.land).sum()),
        impassable=int((np.isnan(values) & ~np.isnan(surface.land)).sum()),
    )
    return replace(surface, values=values, summary=summary)


def _lint(scores: Sequence[FactorScores], factors: Mapping[str, Array], monitor: Monitor) -> None:
    """Check the score table as it was given against the values of the factors that are there."""
    held = {}
    for factor in scores:
        if factor.name in factors:
            held[factor.name] = FactorValues()
            held[factor.name].add(factors[factor.name])
    ranges = {name: (values.minimum, values.maximum) for name, values in held.items()}
    codes = {name: values.codes for name, values in held.items() if values.codes is not None}
    # That there is one factor only is said of those in use.
    report([one for one in check_scores(scores, ranges=ranges, codes=codes) if one.check != "factors"], monitor)
