"""Writes the layers and tables of a run, each with its style, group and place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsWkbTypes

from .... import core
from ....core.choices import AreaKind
from ... import base
from ...support.inputs.areatable import area_columns, area_rows, rule_classes
from ...support.inputs.linktable import link_columns, link_rows
from ...support.io.fields import Shown
from ...support.io.rasterfiles import NO_CLASS, NO_MEASURE
from ...support.io.spreadsheets import Sheet, workbook
from ...support.io.tables import columns
from ...support.reports import actionsheet, restoration
from ...support.run import palette, styling
from ...support.run.layertree import Place
from .outputs import NetworkOutputs, Table, mspa_classes

if TYPE_CHECKING:
    from ....core.keyareas.rules import RuleComparison

SHARE_OF_RUNS = (float, Shown("Share of the runs on other judgements", "%", 1))

_SOURCES, _RESISTANCE, _CORRIDORS, _KEY_AREAS = (
    group.label for group in (base.SOURCES, base.RESISTANCE, base.CORRIDORS, base.KEYAREAS)
)
_ORDER = (
    "PINCHPOINTS",
    "BARRIERS",
    "PINCH_RULES",
    "BARRIER_RULES",
    "CURRENT",
    "SCORE",
    "PINCH_TABLE",
    "BARRIER_TABLE",
)
"""The key areas, from the top."""
_RANKS = {name: -k for k, name in enumerate(_ORDER)}
"""See `Place`."""

_TABLES = {
    "TOWNSHIP_TABLE": (_CORRIDORS, -2, lambda outputs: outputs.by_township),
    "LITHOLOGY_TABLE": (_SOURCES, -1, lambda outputs: outputs.rocks_by_grade),
    "CORRIDOR_TABLE": (_CORRIDORS, -1, lambda outputs: outputs.corridors_by_grade),
    "KEY_TABLE": (_KEY_AREAS, -len(_ORDER), lambda outputs: outputs.key_areas_by_grade),
    "BREAKS": (_KEY_AREAS, -len(_ORDER), lambda outputs: outputs.breaks),
    "FRONTIER": (base.MEASURES, -2, lambda outputs: outputs.frontier_table),
    "ACTION_TABLE": (base.MEASURES, -1, lambda outputs: outputs.action_table),
    "PINCH_TABLE": (_KEY_AREAS, _RANKS["PINCH_TABLE"], lambda outputs: outputs.pinch_table),
    "BARRIER_TABLE": (_KEY_AREAS, _RANKS["BARRIER_TABLE"], lambda outputs: outputs.barrier_table),
}
"""Group and rank of each table, and what gives its columns and rows."""


def write_layers(outputs: NetworkOutputs) -> None:
    """Write rasters and vector layers, each with its style and group."""
    network = outputs.network
    sources, link_set, places = network.sources, network.corridors, network.places
    if sources.codes is not None:
        _raster(outputs, "MSPA", sources.codes, 129, "MSPA code of GuidosToolbox", _SOURCES, classes=mspa_classes())
    _write_sources(outputs)
    _surface(outputs, "RESISTANCE", network.surface.values, "Resistance", _RESISTANCE)
    _surface(outputs, "CORRIDORS", link_set.mosaic, "Cost above the least-cost path", _CORRIDORS)
    _write_links(outputs)
    _surface(outputs, "CURRENT", places.pinch.current, "Current, amperes at 1 A", _KEY_AREAS)
    _write_areas(outputs, "PINCHPOINTS", outputs.pinch_shapes, palette.PINCH)
    _write_rules(outputs, "PINCH_RULES", places.pinch_rules)
    _surface(outputs, "SCORE", places.barrier.score, "Cost saved per metre restored", _KEY_AREAS)
    _write_areas(outputs, "BARRIERS", outputs.barrier_shapes, palette.BARRIER)
    _write_rules(outputs, "BARRIER_RULES", places.barrier_rules)
    _write_plan(outputs)
    _write_actions(outputs)


def write_tables(outputs: NetworkOutputs) -> None:
    """Write the tables of townships, rocks, corridors by grade, key areas by township and village, and measures."""
    for name, (group, rank, made) in _TABLES.items():
        table = made(outputs) if outputs.job.given(name) else None
        if table is not None:
            outputs.job.write_features(name, *table, place=base.place_in(group, rank))


def table_book(outputs: NetworkOutputs) -> bytes:
    """Return sources, corridors, key areas and all tables of a run as a workbook, a sheet each."""
    job = outputs.job
    found = [("SOURCES", _source_table(outputs), False), ("LINKS", _link_table(outputs), False)]
    found += [(name, _area_table(outputs, name), False) for name in ("PINCHPOINTS", "BARRIERS")]
    found += [(name, table, name in _WITH_TOTALS) for name, (_, _, made) in _TABLES.items() if (table := made(outputs))]
    sheets = []
    for name, (head, rows), total in found:
        title = job.definition(name).description()
        sheets.append(Sheet(title, title, head, [[_bare(value) for value in row] for row in rows], total=total))
    return workbook(sheets)


_WITH_TOTALS = ("TOWNSHIP_TABLE", "PINCH_TABLE", "BARRIER_TABLE", "ACTION_TABLE")


def _bare(value: object) -> object:
    """Return what numpy holds as a value of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _raster(outputs: NetworkOutputs, name: str, values, nodata: float, description: str, group: str, **look) -> None:
    outputs.job.write_raster(
        name,
        values,
        outputs.grid,
        nodata=nodata,
        description=description,
        place=base.place_in(group, _RANKS.get(name, 0), group == _RESISTANCE),
        **look,
    )


def _surface(outputs: NetworkOutputs, name: str, values: np.ndarray, description: str, group: str) -> None:
    _raster(outputs, name, values, NO_MEASURE, description, group, style=styling.surface(outputs.ramps[name]))


def _source_table(outputs: NetworkOutputs) -> Table:
    found = outputs.network.sources
    kinds = columns(
        source_id=outputs.id_type,
        area_ha=float,
        core_ha=float,
        protected_ha=float,
        dIIC=float,
        dPC=float,
        dPCintra=float,
        dPCflux=float,
        dPCconnector=float,
        grade=int,
        current_flow=float,
    )
    rows = zip(
        outputs.ids,
        found.area_ha,
        found.core_ha,
        found.protected_ha,
        found.diic.total,
        found.dpc.total,
        found.dpc.intra,
        found.dpc.flux,
        found.dpc.connector,
        found.grade,
        outputs.network.corridors.flow.nodes,
    )
    return kinds, [list(row) for row in rows]


def _write_sources(outputs: NetworkOutputs) -> None:
    outputs.job.write_features(
        "SOURCES",
        *_source_table(outputs),
        outputs.source_shapes,
        QgsWkbTypes.Type.MultiPolygon,
        outputs.land.crs,
        style=styling.graded("grade", int(outputs.network.sources.grade.max()), styling.source_symbol),
        place=base.place_in(_SOURCES, 1),
    )


def _link_table(outputs: NetworkOutputs) -> Table:
    found, pinch = outputs.network.corridors, outputs.network.places.pinch
    kinds = link_columns(outputs.id_type) + columns(current_flow=float, grade=int, eff_res=float, cwd_effres=float)
    rows = link_rows(found.links, outputs.ids)
    position = np.cumsum(found.links.active) - 1
    ratio = pinch.ratio
    for row, active, k in zip(rows, found.links.active, position):
        extra = [found.flow.links[k], found.grade[k], pinch.effective_resistance[k], ratio[k]]
        row.extend(extra if active else [None] * 4)
    if outputs.robust is not None:
        kinds += columns(share=SHARE_OF_RUNS)
        for row, share in zip(rows, _link_shares(outputs)):
            row.append(100.0 * share)
    return kinds, rows


def _write_links(outputs: NetworkOutputs) -> None:
    dropped = (None, "Dropped", styling.dropped_symbol())
    grades = int(outputs.network.corridors.grade.max(initial=1))
    outputs.job.write_features(
        "LINKS",
        *_link_table(outputs),
        outputs.link_shapes,
        QgsWkbTypes.Type.LineString,
        outputs.land.crs,
        style=styling.graded("grade", grades, styling.corridor_symbol, dropped),
        place=base.place_in(_CORRIDORS, 1),
    )


def _link_shares(outputs: NetworkOutputs) -> list[float]:
    """Return in which share of the runs each link was there."""
    runs, kept = outputs.robust.links, outputs.network.kept
    shares = {tuple(pair): share for pair, share in zip(runs.pairs.tolist(), runs.share.tolist())}
    pairs = kept[outputs.network.corridors.links.pairs - 1] + 1
    return [shares.get(tuple(pair), 0.0) for pair in pairs.tolist()]


def _area_table(outputs: NetworkOutputs, name: str) -> Table:
    places, found = outputs.network.places, outputs.network.corridors
    if name == "PINCHPOINTS":
        areas, measures = places.pinch_areas, places.pinch_measures
        shared = None if places.overlap is None else places.overlap.pinch_ha
    else:
        areas, measures = places.barrier_areas, places.barrier_measures
        shared = None if places.overlap is None else places.overlap.barrier_ha
    rows = []
    if areas is not None and measures is not None:
        link_id = np.flatnonzero(found.links.active) + 1
        both = np.zeros(areas.area_ha.size) if shared is None else shared
        of_link = [[values[k] if k >= 0 else None for k in measures.link] for values in (link_id, found.grade)]
        kind = AreaKind.PINCH_POINT if name == "PINCHPOINTS" else AreaKind.BARRIER
        rows = area_rows(areas, measures, kind, *of_link, both)
    kinds = area_columns() + columns(link_id=int, link_grade=int, overlap_ha=float)
    if outputs.robust is not None:
        kinds += columns(share=SHARE_OF_RUNS)
        kind = core.decisions.PINCH if name == "PINCHPOINTS" else core.decisions.BARRIER
        for row, share in zip(rows, outputs.robust.stayed[kind]):
            row.append(100.0 * share)
    return kinds, rows


def _write_areas(outputs: NetworkOutputs, name: str, shapes: list[QgsGeometry], mark: palette.Mark) -> None:
    outputs.job.write_features(
        name,
        *_area_table(outputs, name),
        shapes,
        QgsWkbTypes.Type.MultiPolygon,
        outputs.land.crs,
        style=styling.marked(mark),
        place=base.place_in(_KEY_AREAS, _RANKS[name]),
    )


def _write_rules(outputs: NetworkOutputs, name: str, rules: RuleComparison | None) -> None:
    found = np.full(outputs.grid.shape, NO_CLASS, np.uint8) if rules is None else rules.classes
    description = "Key areas with and without the overlay"
    _raster(outputs, name, found, NO_CLASS, description, _KEY_AREAS, classes=rule_classes())


def _write_plan(outputs: NetworkOutputs) -> None:
    planned = outputs.planned
    if planned is None:
        return
    outputs.job.write_features(
        "PLAN",
        restoration.plan_columns(planned.outcome),
        restoration.plan_rows(planned.outcome, planned.restored_ha),
        [outputs.barrier_shapes[k] for k in planned.barriers],
        QgsWkbTypes.Type.MultiPolygon,
        outputs.land.crs,
        style=restoration.plan_style(),
        place=base.place_in(base.MEASURES, 1),
    )


def _write_actions(outputs: NetworkOutputs) -> None:
    job, said = outputs.job, outputs.actions
    if said is None:
        return
    job.write_features(
        "ACTIONS",
        said.row_columns(),
        said.rows(),
        said.shapes,
        QgsWkbTypes.Type.MultiPolygon,
        outputs.land.crs,
        style=actionsheet.class_style(),
        place=base.place_in(base.MEASURES, 0, visible=False),  # on top of what it is about
    )
    if job.given("ACTION_BOOK"):
        job.write_bytes("ACTION_BOOK", actionsheet.action_workbook(said, actionsheet.TITLE))


def factor_place(rank: int) -> Place:
    """Return where the scores of a factor go: beside the surface, at first unseen."""
    return Place((_RESISTANCE, "Factors"), rank, tuple(base.FROM_THE_TOP[:-1]), visible=False)
