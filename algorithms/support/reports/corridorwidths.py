"""The report on belts of several widths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .... import core
from ..io.tables import Column, columns
from ..run.palette import Colour
from . import html
from .charts import Line, line_chart

TOTAL = "total"

TABLE = columns(
    width=float,
    code=int,
    land_use=str,
    area_ha=float,
    share=float,
    ring_ha=float,
    current=float,
    gathered=float,
    gained=float,
    nodata_ha=float,
    off_ha=float,
)


@dataclass(frozen=True)
class Widths:
    """Belts of several widths, and how their numbers are said.

    Parameters
    ----------
    widths : sequence of float
        From edge to edge in metres, ascending.
    classes : sequence of (int, str, Colour)
        Code, name and colour of each land use.
    belt : Belt
        Around all links.
    cell_ha : float
        Hectares of a cell.
    level_off : float
        Width beyond which little more current is gathered; NaN for none.
    share : float
        What is little, percent.
    flows : bool
        Whether there is a raster of current.
    cutoff_width : float
        Mean width of the corridors of the cost cutoff; NaN where it is not known.
    """

    widths: Sequence[float]
    classes: Sequence[tuple[int, str, Colour]]
    belt: core.corridors.Belt
    cell_ha: float
    level_off: float
    share: float
    flows: bool
    cutoff_width: float

    @property
    def _gained(self) -> np.ndarray:
        """Current by area of each ring, in percent of that of the first width; NaN where a ring has no cell."""
        with np.errstate(divide="ignore", invalid="ignore"):
            dense = np.diff(self.belt.current.sum(axis=1), prepend=0) / np.diff(self.belt.cells.sum(axis=1), prepend=0)
            gained: np.ndarray = 100.0 * dense / dense[0]
        return gained

    def rows(self) -> list[list]:
        """Return the rows of the table: for each width its land uses and their total."""
        belt, rows = self.belt, []
        area = belt.cells * self.cell_ha
        rings = np.diff(area, axis=0, prepend=0.0)
        gained, mean = self._gained, belt.mean_current
        for k, width in enumerate(self.widths):
            whole = float(area[k].sum())
            for n, (code, name, _) in enumerate(self.classes):
                if not area[-1, n]:
                    continue
                flowing = int(belt.flowing[k, n])
                rows.append(
                    [
                        width,
                        code,
                        name,
                        area[k, n],
                        100.0 * area[k, n] / whole if whole else math.nan,
                        rings[k, n],
                        belt.current[k, n] / flowing if flowing else math.nan,
                        *([belt.current[k, n]] if self.flows else [None]),
                        *([None] * 3),
                    ]
                )
            rows.append(
                [
                    width,
                    None,
                    TOTAL,
                    whole,
                    100.0 if whole else math.nan,
                    float(rings[k].sum()),
                    mean[k],
                    float(belt.current[k].sum()) if self.flows else None,
                    gained[k] if self.flows else None,
                    belt.no_class[k] * self.cell_ha,
                    belt.off_grid[k] * self.cell_ha,
                ]
            )
        return rows

    def sentences(self) -> list[str]:
        """Return what the numbers say."""
        said = []
        if self.flows and not math.isnan(self.level_off):
            said.append(
                f"The current levels off at {self.level_off:g} m: beyond that, up to the next width, a hectare gathers less "
                f"than {self.share:g} % of what one of the first width does."
            )
        elif self.flows and self.belt.current.any():
            said.append(
                f"The current does not level off within {self.widths[-1]:g} m: each ring gathers {self.share:g} % or more of "
                "what the first width does by area. Give wider widths (WIDTHS)."
            )
        elif self.flows:
            said.append("No current flows in the belts.")
        if not math.isnan(self.cutoff_width):
            said.append(f"The corridors of the cost cutoff are {self.cutoff_width:,.0f} m wide in the mean.")
        lost = (self.belt.no_class[-1], self.belt.off_grid[-1])
        if any(lost):
            said.append(
                f"Of the widest belts {lost[0] * self.cell_ha:,.1f} ha have no land use and {lost[1] * self.cell_ha:,.1f} ha "
                "lie off the raster; no share or mean counts them."
            )
        return said


def widths_page(said: Widths, links: Sequence[Column], rows: Sequence[Sequence[object]]) -> str:
    """Return the report as one self-contained page; `links` and `rows` are the table of the links, land uses left out."""
    belt, present = said.belt, [k for k in range(len(said.classes)) if said.belt.cells[-1, k]]
    total = belt.cells.sum(axis=1)
    with np.errstate(invalid="ignore"):
        share = belt.cells / total[:, None]
    parts = [html.cards(_cards(said, len(rows)))]
    parts += [html.paragraph(text) for text in said.sentences()]
    parts += [
        html.heading("Land use"),
        html.stacked_bars(
            [
                (f"{width:g} m", [float(share[k, n]) for n in present])
                for k, width in enumerate(said.widths)
                if total[k]
            ],
            [html.Key(said.classes[n][1], said.classes[n][2]) for n in present],
            "Share of the land uses in belts of each width.",
        ),
        # two tables, as one is wider than a page
        *(
            html.table(
                ["Land use", *(f"{width:g} m ({unit})" for width in said.widths)],
                [
                    *([said.classes[n][1], *(float(one) for one in held[:, n])] for n in present),
                    [TOTAL, *(float(one) for one in whole)],
                ],
                caption=caption,
                total=True,
            )
            for caption, unit, held, whole in (
                ("Area of each land use", "ha", belt.cells * said.cell_ha, total * said.cell_ha),
                ("Share of each land use", "%", 100.0 * share, np.full(total.size, 100.0)),
            )
        ),
    ]
    if said.flows:
        whole = belt.current.sum(axis=1)
        parts += [
            html.heading("Current"),
            line_chart(
                [0.0, *said.widths],
                [Line("accumulated", [0.0, *(100.0 * whole / (whole[-1] or 1.0))])],
                "Width (m)",
                "Percent of the widest",
                "Current accumulated in the belts, in percent of that in the widest.",
            ),
            line_chart(
                said.widths,
                [Line("of each ring", said._gained.tolist()), Line("limit", [said.share] * len(said.widths))],
                "Width (m)",
                "Percent of the first width",
                "Current by area of what each width adds, in percent of that of the first width.",
            ),
            html.table(
                ["Width (m)", "Mean current (A)", "Accumulated (A)", "Ring, % of the first by area"],
                [
                    [f"{width:g}", *(float(one) for one in numbers)]
                    for width, *numbers in zip(said.widths, belt.mean_current, whole, said._gained)
                ],
            ),
        ]
    shown = [k for k, column in enumerate(links) if not column.name.startswith("use_")]  # as wide as a page, and more
    parts += [
        html.heading("Links"),
        html.table([links[k].shown.heading for k in shown], [[row[k] for k in shown] for row in rows]),
    ]
    return html.page(
        "Corridor widths",
        "Widths are from edge to edge. Belts are nested: each holds the narrower ones. Cells near several links count once.",
        parts,
    )


def _cards(said: Widths, links: int) -> list[tuple[str, str]]:
    cards = [
        (f"{links:,}", "links"),
        (f"{said.belt.cells[-1].sum() * said.cell_ha:,.0f} ha", f"in belts of {said.widths[-1]:g} m"),
    ]
    if not math.isnan(said.level_off):
        cards.append((f"{said.level_off:g} m", "width at which the current levels off"))
    if not math.isnan(said.cutoff_width):
        cards.append((f"{said.cutoff_width:,.0f} m", "mean width of the cost cutoff"))
    return cards
