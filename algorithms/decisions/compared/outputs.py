"""Tables, layers and maps of a comparison."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from qgis.core import QgsGeometry, QgsWkbTypes

from .... import core
from ...support.io.rasters import RasterSource
from ...support.io.tables import Column, columns
from ...support.io.vectors import name_ids
from ...support.run import palette, styling
from ...support.run.job import Job
from .manifest import HELD, OWN
from .reading import ReadRun, feature_union

_INDICES = columns(
    source_count=int,
    source_ha=float,
    mean_resistance=float,
    link_count=int,
    link_km=float,
    mean_cost=float,
    equivalent_ha=float,
    PC=float,
    alpha_index=float,
    beta_index=float,
    gamma_index=float,
    components=int,
    efficiency_per_cost=float,
    fall_area=float,
    pinch_count=float,
    pinch_area_ha=float,
    barrier_count=float,
    barrier_area_ha=float,
)
"""In the order of `core.decisions.Indices`."""
_FATES = tuple(palette.CHANGES)
_LINK_FATES = ("persistent", "lost", "new")
_AREA_FATES = ("kept", "lost", "new")
_KINDS = {"pinch": "pinch points", "barrier": "barriers"}
_MAY_LACK = {"LINKS": "links", "PINCHPOINTS": "pinch points", "BARRIERS": "barriers"}
NOTHING = "No data"


def _whole(name: str) -> Column:
    return columns(**{name: int})[0]


def _real(name: str) -> Column:
    return columns(**{name: float})[0]


def change_columns() -> list[Column]:
    """Return the columns of what changed since the run that a run is compared with."""
    return [
        *columns(compared_with=str, area_change=float, ec_change=float),
        *(_whole(f"sources_{fate}") for fate in _FATES),
        *(_whole(f"links_{fate}") for fate in _LINK_FATES),
        *columns(corridors_same=float),
        *(_whole(f"{kind}_{fate}") for kind in _KINDS for fate in _AREA_FATES),
        *(_real(f"{kind}_{fate}_ha") for kind in _KINDS for fate in _AREA_FATES),
    ]


def index_columns() -> list[Column]:
    """Return the columns of the indices."""
    return _INDICES


@dataclass(frozen=True)
class Compared:
    """Runs and what came of comparing them.

    Attributes
    ----------
    onto : RasterSource
        Has the grid.
    runs : sequence of ReadRun
        The runs.
    indices : sequence of core.decisions.Indices
        Of each.
    pairs : sequence of (int, int, core.decisions.Comparison)
        Positions of the run before and after, and the two compared.
    held : core.decisions.Measures
        What is the same for all.
    """

    onto: RasterSource
    runs: Sequence[ReadRun]
    indices: Sequence[core.decisions.Indices]
    pairs: Sequence[tuple[int, int, core.decisions.Comparison]]
    held: core.decisions.Measures

    def shares(self, before: int, after: int) -> tuple[float, float]:
        """Return dA and dEC in percent."""
        first, second = self.indices[before], self.indices[after]
        change = core.decisions.percent_change
        return change(first.source_ha, second.source_ha), change(first.equivalent, second.equivalent)

    def rows(self) -> Iterator[list[object]]:
        """Yield the rows of the table of the runs."""
        blank = [None] * len(change_columns())
        changes = {after: self._changes(before, after, found) for before, after, found in self.pairs}
        for number, run in enumerate(self.runs):
            yield [run.name, run.files.year or None, *self._numbers(number), *changes.get(number, blank)]

    def _numbers(self, number: int) -> list[object]:
        return [None if math.isnan(value) else value for value in dataclasses.astuple(self.indices[number])]

    def _changes(self, before: int, after: int, found: core.decisions.Comparison) -> list[object]:
        areas = [found.areas(kind) for kind in _KINDS.values()]
        return [
            self.runs[before].name,
            *self.shares(before, after),
            *(found.sources.count(fate) for fate in _FATES),
            *(found.link_count(fate) for fate in _LINK_FATES),
            found.corridor_jaccard,
            *(None if one is None else getattr(one, fate) for one in areas for fate in _AREA_FATES),
            *(None if one is None else getattr(one, f"{fate}_ha") for one in areas for fate in _AREA_FATES),
        ]

    def sentences(self) -> Iterator[str]:
        """Yield what came of each comparison in words."""
        for before, after, found in self.pairs:
            area, connected = self.shares(before, after)
            counts = ", ".join(f"{found.sources.count(fate)} {fate}" for fate in _FATES if found.sources.count(fate))
            links = (
                ", ".join(f"{found.link_count(fate)} {fate}" for fate in _LINK_FATES) if found.linked else "not known"
            )
            yield (
                f"'{self.runs[before].name}' to '{self.runs[after].name}': sources {counts or 'none'}; links {links}; dA "
                f"{_percent(area)}, dEC {_percent(connected)}{_isolated(area, connected)}."
            )
        if self.has_areas and all(run.files.limits == HELD for run in self.runs[1:]):
            yield f"Key areas are classed by the limits of '{self.runs[0].name}', which were held for all runs."

    def warnings(self) -> Iterator[str]:
        """Yield what a reader must be warned of."""
        for role, what in _MAY_LACK.items():
            without = [run.name for run in self.runs if role not in run.files.files]
            if without and len(without) < len(self.runs):
                yield (
                    f"The {what} of {name_ids(without)} are not given. They are compared with those of no other run, and "
                    "persistence counts none there."
                )
        if not self.has_areas:
            return
        own = [run.name for run in self.runs[1:] if run.files.limits == OWN]
        unknown = [run.name for run in self.runs[1:] if run.files.limits not in (OWN, HELD)]
        if own:
            yield (
                f"The key areas of {name_ids(own)} were classed by limits of their own, which move with the values: their "
                "numbers and areas cannot be compared. Run 'securitynetwork' with LIMITS_TABLE = BREAKS of the first run."
            )
        if unknown:
            yield (
                f"Whether the key areas of {name_ids(unknown)} were classed by the limits of '{self.runs[0].name}' is not "
                "known (a capsule would say). Only then can their numbers and areas be compared."
            )

    @property
    def has_areas(self) -> bool:
        """Whether any key areas are compared."""
        return any(found.areas(kind) is not None for *_, found in self.pairs for kind in _KINDS.values())

    def numbers(self) -> dict[str, object]:
        """Return the numbers of the last comparison."""
        before, after, found = self.pairs[-1]
        area, connected = self.shares(before, after)
        numbers = {
            "RUN_COUNT": len(self.runs),
            "SOURCES_PERSISTENT": found.sources.count("persistent"),
            "SOURCES_LOST": found.sources.count("lost"),
            "SOURCES_NEW": found.sources.count("new"),
            "LINKS_LOST": found.link_count("lost"),
            "LINKS_NEW": found.link_count("new"),
            "AREA_CHANGE": area,
            "EC_CHANGE": connected,
        }
        return {name: value for name, value in numbers.items() if value is not None and not math.isnan(value)}

    def class_names(self, map_name: str) -> dict[int, str]:
        """Return the names of the classes of a class map."""
        if map_name == "MSPA":
            names = dict(core.mspa.CLASS_NAMES)
        else:
            names = {code: name for run in reversed(self.runs) for code, name in run.names.items()}
        return {**names, core.decisions.NO_DATA: NOTHING}

    def class_colours(self, map_name: str, classes: Sequence[int]) -> dict[int, palette.Colour]:
        """Return a colour for each class."""
        if map_name == "MSPA":
            found = {one: core.mspa.class_colour(one) for one in classes if one != core.decisions.NO_DATA}
        else:
            held = {code: colour for run in reversed(self.runs) for code, colour in run.colours.items()}
            found = {one: held.get(one, palette.ZONES[k % len(palette.ZONES)]) for k, one in enumerate(classes)}
        return {**found, core.decisions.NO_DATA: palette.BACKGROUND_OF_NOTHING}


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.2f} %"


def _isolated(area: float, connected: float) -> str:
    if math.isnan(area) or math.isnan(connected) or abs(area - connected) < 0.005:
        return ""
    return " (more isolated)" if connected < area else " (better connected)"


def write_tables(job: Job, compared: Compared) -> None:
    """Write the table of the runs and that of the transitions."""
    head = [*columns(run=str, year=str), *index_columns(), *change_columns()]
    job.write_table("TABLE", head, compared.rows())
    kinds = columns(
        before_run=str,
        after_run=str,
        class_map=str,
        from_class=int,
        from_name=str,
        to_class=int,
        to_name=str,
        cells=int,
        area_ha=float,
    )
    job.write_table("TRANSITIONS", kinds, _transitions(compared))


def _transitions(compared: Compared) -> Iterator[list[object]]:
    none = core.decisions.NO_DATA
    for before, after, found in compared.pairs:
        for name in ("MSPA", "land use"):
            moved = found.transition(name)
            if moved is None:
                continue
            names = compared.class_names(name)
            for row, one in enumerate(moved.classes):
                for col, other in enumerate(moved.classes):
                    count = int(moved.cells[row, col])
                    yield [
                        compared.runs[before].name,
                        compared.runs[after].name,
                        name,
                        None if one == none else one,
                        names.get(one, str(one)),
                        None if other == none else other,
                        names.get(other, str(other)),
                        count,
                        count * compared.held.cell_ha,
                    ]


def write_layers(job: Job, compared: Compared) -> None:
    """Write what became of the sources and of the links."""
    kinds = columns(
        before_run=str,
        after_run=str,
        fate=str,
        before_ids=str,
        after_ids=str,
        before_ha=float,
        after_ha=float,
        shared_ha=float,
    )
    rows, shapes = [], []
    for before, after, found in compared.pairs:
        for row, shape in source_changes(compared, before, after, found):
            rows.append([compared.runs[before].name, compared.runs[after].name, *row])
            shapes.append(shape)
    marks = [(fate, fate.capitalize(), styling.mark_symbol(palette.CHANGES[fate])) for fate in reversed(_FATES)]
    polygon, line = QgsWkbTypes.Type.MultiPolygon, QgsWkbTypes.Type.MultiLineString
    crs = compared.onto.crs
    style = styling.categories("fate", marks)
    job.write_features("SOURCES_CHANGE", kinds, rows, shapes, polygon, crs, style=style)
    kinds = columns(
        before_run=str,
        after_run=str,
        fate=str,
        why=str,
        before_link=str,
        after_link=str,
        before_ends=str,
        after_ends=str,
        before_cost=float,
        after_cost=float,
        cost_change=float,
        overlap_share=float,
        moved_m=float,
    )
    rows, shapes = [], []
    for before, after, found in compared.pairs:
        for one in found.links:
            rows.append(_link_row(compared.runs[before], compared.runs[after], one))
            held = compared.runs[after].lines[one.after] if one.after >= 0 else compared.runs[before].lines[one.before]
            shape = QgsGeometry(held)
            shape.convertToMultiType()
            shapes.append(shape)
    inks = [
        (fate, fate.capitalize(), styling.line_symbol(palette.CHANGES[fate].edge, 0.7, dash, halo=palette.WHITE))
        for fate, dash in (("new", "solid"), ("lost", "dash"), ("persistent", "solid"))
    ]
    job.write_features("LINKS_CHANGE", kinds, rows, shapes, line, crs, style=styling.categories("fate", inks))


def source_changes(
    compared: Compared, before: int, after: int, found: core.decisions.Comparison
) -> Iterator[tuple[list[object], QgsGeometry]]:
    """Yield what became of each group of sources: fate, ids, hectares, and its polygon."""
    cell_ha, matches = compared.held.cell_ha, found.sources
    first, second = compared.runs[before].sources, compared.runs[after].sources
    for group, fate in enumerate(matches.fate):
        old, new = matches.members(group)
        shared = matches.shared[np.isin(matches.before, old)].sum()
        row = [
            fate,
            ", ".join(str(first.ids[k]) for k in old),
            ", ".join(str(second.ids[k]) for k in new),
            float(matches.cells_before[old].sum() * cell_ha),
            float(matches.cells_after[new].sum() * cell_ha),
            float(shared * cell_ha),
        ]
        shapes = [second.geometries[k] for k in new] or [first.geometries[k] for k in old]
        shape = QgsGeometry(feature_union(shapes))
        shape.convertToMultiType()
        yield row, shape


def _link_row(before: ReadRun, after: ReadRun, one: core.decisions.LinkChange) -> list[object]:
    old, new = one.before, one.after
    costs = before.maps.cost[old] if old >= 0 else math.nan, after.maps.cost[new] if new >= 0 else math.nan
    return [
        before.name,
        after.name,
        one.change,
        one.why or None,
        str(before.link_ids[old]) if old >= 0 else None,
        str(after.link_ids[new]) if new >= 0 else None,
        before.link_ends[old] if old >= 0 else None,
        after.link_ends[new] if new >= 0 else None,
        *costs,
        core.decisions.percent_change(*costs),
        one.jaccard,
        one.distance,
    ]
