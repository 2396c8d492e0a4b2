"""What is said of a validation: sentences, table, and a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsPointXY

from ....core.choices import Available
from ..io.rasters import RasterSource
from ..run import palette, ramps
from . import html
from .charts import Line, histogram, line_chart
from .maps import Map

if TYPE_CHECKING:
    from ....core.decisions import Agreement, Steps, Validation

_MOST_POINTS = 3000
"""Points on the map of the page; of more only some are drawn."""

_LEVEL = 0.05


@dataclass(frozen=True)
class Said:
    """A validation and what is said of it.

    Attributes
    ----------
    raster : RasterSource
        The first surface.
    names : sequence of str
        Of the surfaces.
    high : sequence of bool
        Whether high values of each are used.
    found : Validation
        The numbers.
    steps : sequence of Steps
        For tracks, one a surface.
    what : str
        'points' or what else was compared.
    available : Available
        With what.
    without_sources : bool
        Whether cells in sources were not compared.
    """

    raster: RasterSource
    names: Sequence[str]
    high: Sequence[bool]
    found: Validation
    steps: Sequence[Steps]
    what: str
    available: Available
    without_sources: bool

    def rows(self) -> list[list]:
        """Return the rows of the table."""
        rows = []
        for number, (name, high, one) in enumerate(zip(self.names, self.high, self.found.surfaces)):
            blocks = one.blocks.auc
            step = self.steps[number] if self.steps else None
            rows.append(
                [
                    name,
                    "yes" if high else "no",
                    int(self.found.used.size),
                    one.auc,
                    one.p,
                    one.classes.top,
                    _number(one.boyce),
                    _number(one.mean_ratio),
                    int(blocks.size),
                    *([float(blocks.mean()), float(blocks.min()), float(blocks.max())] if blocks.size else [None] * 3),
                    float(self.found.beats[0, number]) if number else None,
                    *([step.count, _number(step.mean_log_ratio), _number(step.p)] if step else [None] * 3),
                ]
            )
        return rows

    def sentences(self) -> Iterator[str]:
        """Yield what was found, surface by surface."""
        for number, (name, high, one) in enumerate(zip(self.names, self.high, self.found.surfaces)):
            yield (
                f"{name}: {self.verdict(one, 'high' if high else 'low')} (AUC {one.auc:.2f}, p = {one.p:.3g}; the "
                f"{'highest' if high else 'lowest'} tenth of the cells holds {one.classes.top:.1f} times the share of the "
                f"{self.what})."
            )
            if number:
                yield f"That '{self.names[0]}' agrees better has p = {self.found.beats[0, number]:.3g}."
        if self.found.areas is not None:
            yield (
                f"The key areas hold {self.found.areas.ratio[1]:.1f} times the share of the {self.what} that their area says "
                f"(p = {self.found.areas_p:.3g})."
            )

    def verdict(self, one: Agreement, side: str) -> str:
        """Return what the numbers of a surface mean."""
        against = (1 + np.count_nonzero(one.null <= one.auc + 1e-9)) / (1 + one.null.size)
        if one.p <= _LEVEL:
            return f"the {self.what} lie where it is {side} more often than chance explains"
        if against <= _LEVEL:
            return f"the {self.what} avoid where it is {side}: it is contradicted"
        return f"the {self.what} do not tell it from chance"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def validation_page(said: Said, surface: np.ndarray, warnings: Sequence[str]) -> str:
    """Return the report as one self-contained page; `surface` is the first one, high where use is expected."""
    found, first = said.found, said.found.surfaces[0]
    cards = [
        (f"{first.auc:.2f}", "AUC (0.5 is chance)"),
        (f"{first.p:.3g}", "p-value"),
        (f"{first.classes.top:.1f} x", "use of the highest tenth"),
        ("-" if np.isnan(first.boyce) else f"{first.boyce:.2f}", "Boyce index (-1 to 1)"),
        (f"{found.used.size:,}", f"cells with {said.what} compared"),
    ]
    parts = [html.cards(cards), _map(said, surface), *_curve(said)]
    parts += [
        html.heading("Is it more than chance?"),
        histogram(
            first.null,
            first.auc,
            "AUC",
            f"AUC of '{said.names[0]}' when the {said.what} lie elsewhere by chance ({first.null.size:,} draws), and as they "
            "do lie.",
        ),
    ]
    parts += _comparison(said) + _blocks(said)
    if said.steps:
        parts += [
            html.heading("Step by step"),
            html.table(
                ["Surface", "Steps", "Mean log ratio", "p-value"],
                [[name, one.count, one.mean_log_ratio, one.p] for name, one in zip(said.names, said.steps)],
                caption="Ends of steps against ten as far away in other directions; above 0 higher ground is preferred.",
            ),
        ]
    parts += [html.heading("In words"), *map(html.paragraph, [*_how(said), *said.sentences()])]
    parts += [html.warning(text) for text in warnings]
    parts += [html.heading("What it does not say"), html.paragraph(_LIMITS)]
    return html.page(
        "Validation with independent data",
        f"{', '.join(said.names)}: {found.used.size:,} cells with {said.what}.",
        parts,
    )


_LIMITS = (
    "That points agree with a map does not show that the animals move along its corridors: a point is a presence, not a "
    "movement, and a place can be used because it is good habitat. Nor does a large p-value show that the map is wrong: few "
    "or clustered points cannot tell. Where records depend on roads, villages or observers, the numbers hold only if that "
    "was taken into account in what counts as available. The numbers are for this species, these years and this extent. They "
    "say nothing about places where nobody looked."
)


def _how(said: Said) -> Iterator[str]:
    """Yield what was compared with what."""
    found = said.found
    outside = ", outside the sources" if said.without_sources else ""
    yield (
        f"{found.used.size:,} cells with {said.what} that were not used to make the map were compared with "
        f"{found.available:,} cells where they could have been recorded "
        f"({said.available.label[0].lower()}{said.available.label[1:]}{outside})."
    )
    if said.steps:
        yield f"Chance is {found.surfaces[0].null.size:,} copies of the tracks, turned about their first fix."
        return
    moves = found.surfaces[0].null.size
    if not found.moves.together:
        yield (
            f"For the p-values the {said.what} were moved one by one, {moves:,} times, which makes them far too small where "
            "points come in clusters."
        )
    elif found.moves.rigid:
        yield f"For the p-values the {said.what} were moved as a whole, {moves:,} times, so that their clusters stay."
    else:
        yield (
            f"For the p-values the {said.what} were moved along a curve through these cells, {moves:,} times, as the area is "
            "too ragged to move them as they lie: their clusters stay mostly, and p-values are a little too small."
        )


def _map(said: Said, surface: np.ndarray) -> str:
    grid = said.raster.grid
    shown = surface if said.high[0] else -surface
    ramp = ramps.over(palette.CURRENT if said.high[0] else palette.RESISTANCE, shown, "")
    view = Map(grid).surface(shown, ramp)
    used = said.found.used[:: max(1, said.found.used.size // _MOST_POINTS)]
    places = [QgsGeometry.fromPointXY(QgsPointXY(*grid.centre(*divmod(cell, grid.cols)))) for cell in used.tolist()]
    view.points(places, palette.PINCH.fill, "diamond")
    scale = view.scale_bar()
    return html.figure(
        view.png(),
        f"'{said.names[0]}' and the {said.what} it was compared with. The bar is {scale}.",
        [html.Key(said.what.capitalize(), palette.PINCH.fill)],
        [(said.names[0], ramp)],
        overlay=view.overlay(),
    )


def _curve(said: Said) -> list[str]:
    lines = [Line(name, one.classes.ratio.tolist()) for name, one in zip(said.names, said.found.surfaces)]
    places = [5.0 + 10.0 * k for k in range(10)]
    return [
        html.heading("Where the map is higher, are there more?"),
        line_chart(
            places,
            [*lines, Line("chance", [1.0] * 10)],
            "Percentile among the available cells, from least to most expected use",
            "Share of the points / share of the cells",
            f"Enrichment: how much more often than its area says each tenth of the cells holds {said.what}. A good map rises "
            "from left to right.",
        ),
    ]


def _comparison(said: Said) -> list[str]:
    found, parts = said.found, []
    if len(said.names) > 1:
        parts += [
            html.heading("Which map agrees better?"),
            html.table(
                ["Better than", *said.names],
                [
                    [name, *(None if np.isnan(p) else float(p) for p in row)]
                    for name, row in zip(said.names, found.beats)
                ],
                caption="p-value that the surface of the row agrees better than that of the column, on the same moves.",
            ),
        ]
    rows = [
        [name, one.auc, one.p, one.classes.top, one.boyce, one.mean_ratio]
        for name, one in zip(said.names, found.surfaces)
    ]
    parts.append(
        html.table(
            ["Surface", "AUC", "p-value", "Use of the highest tenth", "Boyce index", "Mean at points / mean"], rows
        )
    )
    if found.areas is not None:
        used, available = found.areas.used, found.areas.available
        parts += [
            html.heading("Key areas"),
            html.table(
                ["", f"Cells with {said.what}", "Available cells", "Enrichment"],
                [
                    [name, int(used[k]), int(available[k]), float(found.areas.ratio[k])]
                    for k, name in ((1, "In key areas"), (0, "Elsewhere"))
                ],
                caption=f"p = {found.areas_p:.3g}",
            ),
        ]
    return parts


def _blocks(said: Said) -> list[str]:
    rows = [
        [
            name,
            int(one.blocks.auc.size),
            float(one.blocks.auc.mean()),
            float(one.blocks.auc.min()),
            float(one.blocks.auc.max()),
        ]
        for name, one in zip(said.names, said.found.surfaces)
        if one.blocks.auc.size
    ]
    if not rows:
        return []
    caption = "AUC within blocks of the land, each compared with itself, so that no difference between regions counts."
    return [
        html.heading("Within blocks"),
        html.table(["Surface", "Blocks", "Mean AUC", "Smallest", "Largest"], rows, caption=caption),
    ]
