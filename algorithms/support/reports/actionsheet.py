"""The action sheet in tables: as layers, a workbook and a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from qgis.core import QgsGeometry

from .... import core
from ....core.choices import AreaKind, MeasureClass
from ....core.grid import Grid
from ..geometry.landparts import joined
from ..geometry.zones import OUTSIDE, Zones
from ..inputs.actionareas import NamedAreas
from ..io.fields import Shown
from ..io.spreadsheets import Sheet, workbook
from ..io.tables import Column, columns, free_name, in_chinese, listed_shares
from ..language import CHINESE, report_language
from ..run import palette, styling
from . import html
from .html import Key
from .maps import Map

TITLE = "Action sheet 生态保护修复措施表"
NO_RULE, NO_RULE_ZH = "No rule", "无规则"
_TOTAL = "total"
_UNKNOWN = "not known"
_HA = Shown("Area", "ha", 4)
_ORDER = Shown("Priority (grade, 1 is the highest)")
CONDITIONS = {"slope": "SLOPE", "protection": "PROTECTED", "grade": "a field 'grade' or 'link_grade' of the areas"}
"""What tells whether the conditions of rules hold."""

_SIZE = 900


@dataclass
class Said:
    """An action sheet and what is said of it.

    Attributes
    ----------
    sheet : core.decisions.ActionSheet
        The numbers.
    areas : NamedAreas
        What the areas are called.
    uses : list of core.decisions.LandUse
        Land uses by their position.
    parts : list of QgsGeometry
        Shapes of the parts.
    zones : Zones or None
        Townships or villages.
    metres : float
        Length of a map unit.
    needs : dict of str to str
        What to give where a condition of a rule is not known.
    """

    sheet: core.decisions.ActionSheet
    areas: NamedAreas
    uses: list[core.decisions.LandUse]
    parts: list[QgsGeometry]
    zones: Zones | None
    metres: float
    needs: dict[str, str] = field(default_factory=lambda: CONDITIONS)

    @cached_property
    def shapes(self) -> list[QgsGeometry]:
        """The shape of each row."""
        held: list[list[QgsGeometry]] = [[] for _ in range(self.sheet.rule.size)]
        for row, part in zip(self.sheet.row_of_part.tolist(), self.parts):
            held[row].append(part)
        return [joined(one) for one in held]

    @cached_property
    def _ground(self) -> float:
        """Hectares under all areas, each once."""
        return self.areas.counted_once(self.metres)

    @property
    def _costed(self) -> bool:
        return not np.isnan(self.sheet.cost).all()

    def _zone_columns(self, taken: set[str]) -> list[Column]:
        if self.zones is None:
            return []
        return [Column(free_name(name, taken), str) for name in self.zones.fields]

    def _zone(self, zone: int) -> list[str]:
        if self.zones is None:
            return []
        if zone < 0:
            return [OUTSIDE, *[""] * (len(self.zones.fields) - 1)]
        return list(self.zones.names[zone])

    def row_columns(self) -> list[Column]:
        """Return the columns of the rows."""
        cost = columns(cost=float) if self._costed else []
        first = columns(
            number=int,
            type=(str, Shown("Type")),
            area=(str, Shown("Id of the area")),
            priority=(int, _ORDER),
        )
        last = columns(
            measure_class=str,
            class_zh=str,
            measure=str,
            measure_zh=str,
            area_ha=(float, _HA),
            land_use=str,
            land_uses=(str, Shown("Land uses")),
            slope=float,
            protected_ha=(float, Shown("Protected area", "ha", 4)),
            rule=str,
        )
        taken = {column.name for column in (*first, *last, *cost)}
        return [*first, *self._zone_columns(taken), *last, *cost]

    def rows(self) -> list[list]:
        """Return the rows, one for each area, zone and measure."""
        sheet, found = self.sheet, []
        for k, (area, zone, rule) in enumerate(zip(sheet.area.tolist(), sheet.zone.tolist(), sheet.rule.tolist())):
            grade = self.areas.grade[area]
            held = None if rule < 0 else sheet.rules[rule]
            uses = self._uses(k)
            found.append(
                [
                    k + 1,
                    self.areas.kind[area].label,
                    self.areas.name[area],
                    None if np.isnan(grade) else int(grade),
                    *self._zone(zone),
                    *class_names(None if held is None else held.measure_class),
                    None if held is None else held.measure,
                    None if held is None else held.measure_zh,
                    float(sheet.hectares[k]),
                    uses[0][0],
                    listed_shares(uses),
                    float(sheet.slope[k]),
                    float(sheet.protected[k]),
                    None if held is None else held.name,
                    *([float(sheet.cost[k])] if self._costed else []),
                ]
            )
        return found

    def _uses(self, row: int) -> list[tuple[str, float]]:
        held = self.sheet.uses[row]
        shown = core.keyareas.shown_shares([share for _, share in held])
        return [(_UNKNOWN if use < 0 else self.uses[use].name, share) for (use, _), share in zip(held, shown)]

    def zone_columns(self, first: bool = False) -> list[Column]:
        """Return the columns of the table by zone and class; see `zone_rows`."""
        return [*self._zone_columns(set())[: 1 if first else None], *self._class_columns()]

    def _class_columns(self) -> list[Column]:
        cost = columns(cost=float) if self._costed else []
        return [
            *columns(measure_class=str, class_zh=str, count=int, count_touching=int, area_ha=(float, _HA), share=float),
            *cost,
        ]

    def zone_rows(self, first: bool = False) -> list[list]:
        """Return the rows by zone, as the names of the zones sort, and class; last the totals.

        Only by the `first` part of the names: by townships where the zones are villages in townships.
        """
        width = 0 if self.zones is None else 1 if first else len(self.zones.fields)
        larger = None
        if first and self.zones is not None:
            place = {name[0]: k for k, name in reversed(list(enumerate(self.zones.names)))}
            larger = np.array([place[name[0]] for name in self.zones.names])
        held = self.sheet.by_zone(larger)
        held.sort(key=lambda one: (one.zone < 0, self._zone(one.zone), core.decisions.CLASSES.index(one.measure_class)))
        total = [_TOTAL, *[""] * (width + 1)]
        rows = [[*self._zone(one.zone)[:width], *self._class_row(one)] for one in held]
        return [*rows, [*total, *self._total(held)]]

    def class_rows(self) -> list[list]:
        """Return the rows by class, and the totals."""
        held = self.sheet.by_class()
        return [self._class_row(one) for one in held] + [[_TOTAL, "", *self._total(held)]]

    def _class_row(self, one: core.decisions.ZoneRow) -> list:
        return [*class_names(one.measure_class), *self._numbers(one.count, one.count_touching, one.hectares, one.cost)]

    def _total(self, held: Sequence[core.decisions.ZoneRow]) -> list:
        touching = sum(one.count_touching for one in held)
        return self._numbers(len(self.areas.kind), touching, self.sheet.total_ha, self.sheet.total_cost)

    def _numbers(self, count: int, touching: int, hectares: float, cost: float) -> list:
        share = 100.0 * hectares / self.sheet.total_ha
        return [count, touching, hectares, share, *([cost] if self._costed else [])]

    def rules_used(self) -> list[core.decisions.Rule]:
        """Return the rules that hold somewhere, in the order of the table."""
        return [rule for k, rule in enumerate(self.sheet.rules) if (self.sheet.rule == k).any()]

    def sentences(self) -> list[str]:
        """Return what was found and what is open."""
        sheet = self.sheet
        rows = sheet.rule.size
        said = [
            f"{len(self.areas.kind):,} areas in {rows:,} rows, {sheet.total_ha:,.2f} ha"
            + (f", cost {sheet.total_cost:,.2f}." if self._costed else ".")
        ]
        twice = sheet.total_ha - self._ground
        if twice >= 0.005:
            said.append(
                f"{twice:,.2f} ha stand in more than one area, such as a pinch point that is a barrier too, and so twice on "
                f"the sheet: each layer keeps its sum. The ground under all areas is {self._ground:,.2f} ha."
            )
        return said + self.warnings()

    def warnings(self) -> list[str]:
        """Return what is open: combinations without a rule, unknown conditions, missing prices."""
        sheet, said = self.sheet, []
        for gap in sheet.gaps:
            said.append(f"There is no rule for {gap.combination}: {gap.areas:,} areas, {gap.hectares:,.4f} ha.")
        for condition, hectares in sheet.passed_over.items():
            said.append(
                f"A rule that asks for the {condition} might hold on {hectares:,.4f} ha where it is not known; the next "
                f"rule without it was taken, if there is one. Give {self.needs[condition]}."
            )
        free = float(sheet.hectares[np.isnan(sheet.cost)].sum()) if self._costed or sheet.unpriced else 0.0
        if sheet.unpriced:
            said.append(
                f"The cost table has no price for: {'; '.join(sheet.unpriced)}. {free:,.4f} ha are without a cost, and the "
                "total is that of the others."
            )
        return said


def class_names(held: MeasureClass | None) -> tuple[str, str]:
    """Return a class of measures in English and Chinese."""
    return (NO_RULE, NO_RULE_ZH) if held is None else (held.label, core.decisions.CHINESE[held])


def class_style() -> styling.Style:
    """Return the style of the rows by class."""
    entries = [
        (class_names(held)[0], class_names(held)[0], styling.mark_symbol(mark))
        for held, mark in zip((*MeasureClass, None), palette.MEASURES)
    ]
    return styling.categories("measure_class", entries)


def rule_columns() -> list[Column]:
    """Return the columns of a table of rules, as it is read."""
    numbers = ("slope_from", "slope_to", "grade_from", "grade_to")
    return [
        Column(name, float if name in numbers else str, _RULE_HEADINGS.get(name))
        for name in core.decisions.RULE_COLUMNS
    ]


_RULE_HEADINGS = {
    "type": Shown("Type"),
    "slope_from": Shown("Slope from", "degrees", 0),
    "slope_to": Shown("Slope below", "degrees", 0),
    "protected": Shown("Protected"),
    "grade_from": Shown("Grade from", "", 0),
    "grade_to": Shown("Grade to", "", 0),
    "class": Shown("Class of measures"),
    "source": Shown("Source of the rule"),
}


def rule_rows(rules: Sequence[core.decisions.Rule]) -> list[list]:
    """Return rules as rows of their table."""
    return [list(rule.record().values()) for rule in rules]


def action_workbook(said: Said, title: str) -> bytes:
    """Return the sheet, the tables by zone and class, and the rules as a workbook."""
    sheets = [Sheet("Action sheet", title, said.row_columns(), [*said.rows(), _total_row(said)], total=True)]
    if said.zones is not None:
        sheets.append(Sheet("By zone", f"{title}: by zone", said.zone_columns(), said.zone_rows(), total=True))
    sheets.append(Sheet("By class", f"{title}: by class", said._class_columns(), said.class_rows(), total=True))
    sheets.append(Sheet("Rules", f"{title}: rules", rule_columns(), rule_rows(said.sheet.rules), codes=True))
    notes = [[text] for text in said.sentences()]
    sheets.append(Sheet("Notes", f"{title}: notes", columns(note=str), notes))
    return workbook(sheets)


def _total_row(said: Said) -> list:
    values = {"type": _TOTAL, "area_ha": said.sheet.total_ha, "cost": said.sheet.total_cost}
    return [values.get(column.name) for column in said.row_columns()]


def action_parts(said: Said, map_: str, *, by_first: bool = False) -> list[str]:
    """Return what was found, the map and the tables of a sheet as pieces of a page; the map is one already.

    With `by_first` the table by zone is that of the first part of their names, see `Said.zone_rows`.
    """
    open_ = said.warnings()
    parts = [html.warning(text) if text in open_ else html.paragraph(text) for text in said.sentences()]
    count = "Each area is counted once, in the class (and zone) that holds most of it; the totals equal the map"
    parts += [map_, _table(said._class_columns(), said.class_rows(), f"Measures by class. {count}")]
    if said.zones is not None:
        # As printed tables do, the zone once for all its classes.
        rows = said.zone_rows(by_first)
        rows = [["" if k and rows[k - 1][0] == row[0] else row[0], *row[1:]] for k, row in enumerate(rows)]
        parts.append(_table(said.zone_columns(by_first), rows, f"Measures by zone and class. {count}"))
    return parts


def action_page(said: Said, grid: Grid, title: str, lead: str) -> str:
    """Return the sheet as one self-contained page."""
    sheet = said.sheet
    cards = [(f"{len(said.areas.kind):,}", "areas"), (f"{sheet.total_ha:,.2f} ha", "with measures, or open")]
    if said._costed:
        cards.append((f"{sheet.total_cost:,.2f}", "cost, unit of the cost table"))
    map_ = Map(grid, _SIZE)
    if said.zones is not None:
        map_.zones(said.zones.shapes, said.zones.titles)
    length = draw(map_, said).scale_bar()
    picture = html.figure(map_.png(), f"Measures. Bar: {length}.", keys(said), overlay=map_.overlay())
    parts = [html.cards(cards), *action_parts(said, picture), html.heading("Action sheet")]
    parts.append(
        _table(
            said.row_columns(), [*said.rows(), _total_row(said)], "One row for each area, zone and measure", total=True
        )
    )
    return html.page(title, lead, [*parts, *rule_parts(said)])


def rule_parts(said: Said) -> list[str]:
    """Return the rules that hold somewhere, with their sources."""
    shown = [column for column in rule_columns() if column.name != "measure_zh"]
    names = [column.name for column in shown]
    rows = []
    for rule in said.rules_used():
        record = rule.record()
        numbers = {name: f"{value:g}" for name, value in record.items() if isinstance(value, float)}
        rows.append([{**record, **numbers}[name] for name in names])
    return [
        html.heading("Rules that hold here"),
        html.paragraph(
            "The first rule of the table that holds is taken. The classes are those of the Chinese guide for restoration "
            "works (Ministry of Natural Resources and others, 2020); which land use gets which is a judgement to be "
            "checked on the ground, and the table can be replaced."
        ),
        _table(shown, rows, "", total=False),
    ]


def draw(map_: Map, said: Said) -> Map:
    """Draw the rows on a map by their class."""
    for held, mark in zip((*MeasureClass, None), palette.MEASURES):
        rows = [k for k in range(said.sheet.rule.size) if said.sheet.measure_class(k) is held]
        map_.polygons([said.shapes[k] for k in rows], mark.fill, mark.edge, 0.8, mark.halo)
    return map_


def keys(said: Said) -> list[Key]:
    """Return the legend of `draw`, of the classes that there are."""
    there = {said.sheet.measure_class(k) for k in range(said.sheet.rule.size)}
    return [
        Key(" ".join(class_names(held)), mark.fill, mark.edge)
        for held, mark in zip((*MeasureClass, None), palette.MEASURES)
        if held in there
    ]


def _table(shown: Sequence[Column], rows: Sequence[Sequence[object]], caption: str, *, total: bool = True) -> str:
    """Return a table whose numbers have the decimals of their columns."""
    if report_language() == CHINESE:
        shown, rows = in_chinese(shown, rows)
    return html.table(
        [column.shown.heading for column in shown],
        rows,
        caption=caption,
        total=total,
        decimals=[column.shown.decimals if column.kind is float else None for column in shown],
    )


def kinds_in_words(said: Said) -> str:
    """Return how many areas there are of each kind."""
    return ", ".join(
        f"{said.areas.kind.count(kind):,} {kind.value}{'' if said.areas.kind.count(kind) == 1 else 's'}"
        for kind in AreaKind
        if kind in said.areas.kind
    )
