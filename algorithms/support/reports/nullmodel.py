"""What is said of a null model: sentences, table, and a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import NullKind, Stage
from ..io.rasters import RasterSource
from ..run import palette, ramps
from . import html
from .charts import brief, histogram
from .maps import Map

if TYPE_CHECKING:
    from ....core.decisions import Figure, NullModel

P_RAMP = ramps.fixed(palette.SCORE[::-1], [0.01, 0.05, 0.1, 0.25, 0.5])
PERCENTILE_RAMP = ramps.fixed(palette.SCORE, [0.0, 50.0, 75.0, 90.0, 95.0, 99.0], "%")

_UNITS = {"length of the paths": ("km", 1e-3), "mean least-cost distance": ("cost units", 1.0), "EC(PC)": ("ha", 1.0)}
_MAPS = {Stage.CORRIDORS: "corridor value", Stage.PINCH_POINTS: "current", Stage.BARRIERS: "barrier score"}


@dataclass(frozen=True)
class Said:
    """A null model and what is said of it.

    Attributes
    ----------
    raster : RasterSource
        The resistance surface.
    kind : NullKind
        What chance changed.
    stage : Stage
        Which map was compared.
    found : NullModel
        The numbers.
    """

    raster: RasterSource
    kind: NullKind
    stage: Stage
    found: NullModel

    @property
    def name(self) -> str:
        """The null model in two words."""
        return self.kind.label.partition(":")[0].lower()

    def rows(self) -> list[list]:
        """Return the rows of the table."""
        rows = []
        for one in self.found.figures:
            held = one.null[~np.isnan(one.null)]
            unit, factor = _UNITS.get(one.name, ("", 1.0))
            name = f"{one.name} ({unit})" if unit else one.name
            measured = [float(held.mean()) * factor, float(held.std()) * factor] if held.size else [None, None]
            chance = (
                [None, None] if self.kind in core.decisions.WITHOUT_CHANCE or not held.size else [one.percentile, one.p]
            )
            rows.append([name[0].upper() + name[1:], one.observed * factor, *measured, *chance, int(held.size)])
        return rows

    def sentences(self) -> Iterator[str]:
        """Yield what was found."""
        found, what = self.found, _MAPS[self.stage]
        if self.kind in core.decisions.WITHOUT_CHANCE:
            known = found.ratio[np.isfinite(found.ratio)]
            if known.size:
                low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
                yield (
                    f"Against {self.name} the {what} of {known.size:,} cells is {middle:.3g} times what is expected in the "
                    f"median, {low:.3g} to {high:.3g} in nine cells of ten."
                )
        else:
            share = 100.0 * found.significant / found.cells
            yield (
                f"{found.significant:,} of {found.cells:,} cells ({share:.1f} %) have a higher {what} than {self.name} "
                f"explains ({found.draws:,} draws, p at most 0.05 after the correction for the {found.tested:,} "
                "cells outside the sources)."
            )
            least = float(np.nanmin(found.p))
            if not found.significant and least <= 1.5 / (1 + found.draws):
                reached = 100.0 * np.count_nonzero(found.p <= least) / found.tested
                needed = 100.0 * least / 0.05
                yield (
                    f"No cell passes the correction: {reached:.1f} % of the cells outside the sources have the smallest "
                    f"p-value there can be ({least:.3g}), and {needed:.0f} % would have to. More draws (RUNS) lower both."
                )
        for one in found.figures:
            yield self._of(one)

    def _of(self, one: Figure) -> str:
        unit, factor = _UNITS.get(one.name, ("", 1.0))
        held = one.null[~np.isnan(one.null)]
        name = one.name if one.name.startswith("EC") else one.name[0].upper() + one.name[1:]
        found = f"{brief(one.observed * factor)} {unit}".rstrip()
        if not held.size:
            return f"{name}: {found}; no draw has a network."
        mean = brief(held.mean() * factor)
        if self.kind in core.decisions.WITHOUT_CHANCE:
            return f"{name}: {found}, against {mean} with {self.name}."
        return (
            f"{name}: {found}, against {mean} with {self.name}; {100.0 - one.percentile:.0f} % of the draws have more "
            f"(p = {one.p:.3g})."
        )


def null_page(said: Said, sources: Sequence[QgsGeometry]) -> str:
    """Return the report as one self-contained page."""
    found = said.found
    cards = [(f"{found.draws:,}", f"draws: {said.name}"), (f"{found.cells:,}", "cells with a value")]
    if said.kind not in core.decisions.WITHOUT_CHANCE:
        cards += [
            (f"{100.0 * found.significant / found.cells:.1f} %", "of them stand out"),
            (f"{found.significant * said.raster.grid.cell_ha:,.1f} ha", "that chance does not explain"),
        ]
    parts = [html.cards(cards), *_maps(said, sources)]
    if said.kind not in core.decisions.WITHOUT_CHANCE:
        parts += [html.heading("The network against the draws"), *map(_chart, found.figures)]
    parts += [
        html.heading("Figures"),
        html.table(
            ["Figure", "Observed", "Mean of the draws", "Deviation", "Percentile", "p-value", "Draws"], said.rows()
        ),
        html.heading("In words"),
        *map(html.paragraph, said.sentences()),
        html.heading("What it does not say"),
        html.paragraph(_LIMITS),
    ]
    return html.page("Null model", f"{said.raster.name}: {said.stage.label.lower()} against {said.name}.", parts)


_LIMITS = (
    "A cell that stands out is rarer than this null model explains, and no more: other null models ask other questions, and "
    "what one explains another need not. It does not show that animals pass there; only points or tracks of them can "
    "('validate'). A cell that does not stand out can still be the only way: where geometry alone makes a bottleneck, such "
    "as between two sources close together, it is one all the same. The resistances themselves were taken as right."
)


def _maps(said: Said, sources: Sequence[QgsGeometry]) -> list[str]:
    found, grid = said.found, said.raster.grid
    certain = said.kind in core.decisions.WITHOUT_CHANCE
    values = found.ratio if certain else found.percentile
    ramp = ramps.over(palette.SCORE, values, "") if certain else PERCENTILE_RAMP
    title = "Observed over expected" if certain else "Percentile among the draws"
    view = Map(grid).surface(values, ramp)
    view.polygons(sources, palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)
    scale = view.scale_bar()
    keys = [html.Key("Ecological sources", palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)]
    parts = [html.figure(view.png(), f"{title}. The bar is {scale}.", keys, [(title, ramp)], overlay=view.overlay())]
    if not certain:
        corrected = core.stats.benjamini_hochberg(found.p)
        classes = np.where(np.isnan(found.values), 0, np.where(corrected <= core.keyareas.FALSE_SHARE, 2, 1))
        entries = [(1, "As with chance", palette.SCORE[1]), (2, "Stands out", palette.PINCH.fill)]
        view = Map(grid).classes(classes, entries)
        view.polygons(sources, palette.PALE_SOURCE.fill, palette.PALE_SOURCE.edge)
        scale = view.scale_bar()
        keys = [*(html.Key(name, colour) for _, name, colour in entries), *keys]
        caption = f"What stands out: p at most 0.05 corrected for all cells outside the sources. The bar is {scale}."
        parts.append(html.figure(view.png(), caption, keys, overlay=view.overlay()))
    return parts


def _chart(one: Figure) -> str:
    unit, factor = _UNITS.get(one.name, ("", 1.0))
    held = one.null[~np.isnan(one.null)]
    if not held.size:
        return html.paragraph(f"{one.name}: no draw has a network.")
    label = f"{one.name} ({unit})" if unit else one.name
    return histogram(
        held * factor, one.observed * factor, label[0].upper() + label[1:], f"{label}, in the draws and as observed."
    )
