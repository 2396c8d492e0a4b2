"""Compares what a run gives now with what it gave: rasters, features, tables, texts and numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from qgis.core import QgsFeature, QgsGeometry, QgsWkbTypes

from .... import core
from ....core.monitor import Monitor
from ..io.rasters import RasterSource
from ..io.vectors import VectorSource, is_null
from . import hashes
from .outputs import open_features, open_raster

IDENTICAL, WITHIN, DIFFERS, NOT_COMPARED = "identical", "within the tolerance", "differs", "not compared"
_IDS = ("source_id", "link_id", "area_id", "corridor_id", "from_id", "id", "name")
_SHAPE_DECIMALS = 6
UNITS = {"raster": "cells", "features": "features", "table": "rows", "text": "lines"}


@dataclass(frozen=True)
class Finding:
    """What came of comparing one thing.

    Attributes
    ----------
    part : str
        Input, output or number.
    name : str
        Its parameter.
    file : str
        Its file.
    outcome : str
        `IDENTICAL`, `WITHIN`, `DIFFERS`, `NOT_COMPARED`, or what `finding` says of inputs.
    against : str
        What it was compared with.
    compared, differing : int, optional
        Cells, features or rows.
    difference, relative : float, optional
        Largest difference of a number, and that as a share of the larger one.
    least_jaccard : float, optional
        See `core.decisions.Difference`.
    note : str
        What else there is to say.
    unit : str
        What is counted: cells, features, rows or lines.
    """

    part: str
    name: str
    file: str
    outcome: str
    against: str = ""
    compared: int | None = None
    differing: int | None = None
    difference: float | None = None
    relative: float | None = None
    least_jaccard: float | None = None
    note: str = ""
    unit: str = ""

    def sentence(self) -> str:
        """Return it in a few words."""
        said = f"{self.name} {self.file}".rstrip()
        parts = []
        if self.part == "output" and self.differing is not None and self.compared is not None:
            parts.append(f"{self.differing:,} of {self.compared:,} {self.unit}")
            if self.difference:
                parts.append(f"by {self.difference:.6g} at most")
        parts += [self.note] if self.note else []
        return f"{said} ({', '.join(parts)})" if parts else said


@dataclass(frozen=True)
class Parts:
    """What two things differ in."""

    compared: int
    differing: int
    largest: float = 0.0
    largest_share: float = 0.0
    jaccard: float = math.nan
    note: str = ""

    def state(self) -> str:
        return DIFFERS if self.differing or self.note else WITHIN


def compare_files(
    entry: dict[str, Any], now: tuple[str, str], before: tuple[str, str], tolerance: float, monitor: Monitor
) -> Parts:
    """Return what the files of an output differ in.

    Parameters
    ----------
    entry : dict
        What run.json says of the output.
    now, before : (str, str)
        Both files, and the layer in each.
    tolerance : float
        Share of the larger of two numbers by which they may differ.
    monitor : Monitor
        Progress and cancellation.
    """
    if entry["kind"] == "raster":
        return compare_rasters(open_raster(before[0]), open_raster(now[0]), tolerance, monitor)
    if entry["kind"] in ("features", "table"):
        return compare_features(open_features(*before), open_features(*now), tolerance, monitor)
    return _compare_texts(before[0], now[0])


def compare_rasters(before: RasterSource, now: RasterSource, tolerance: float, monitor: Monitor) -> Parts:
    """Return what two rasters differ in."""
    if before.grid.shape != now.grid.shape or hashes.place_text(before) != hashes.place_text(now):
        rows, cols = before.grid.shape
        return Parts(
            rows * cols,
            rows * cols,
            note=f"another grid: {rows:,} x {cols:,} and {now.grid.rows:,} x {now.grid.cols:,} cells",
        )
    found = core.decisions.CellDifferences(tolerance, scale=_mean(before))
    cols = slice(0, now.grid.cols)
    for row, values, valid in now.blocks(monitor):
        parts = list(before.blocks(window=(slice(row, row + len(values)), cols)))
        found.add(
            np.concatenate([one for _, one, _ in parts]), np.concatenate([one for _, _, one in parts]), values, valid
        )
    result = found.result()
    other = "" if hashes.crs_text(before.crs) == hashes.crs_text(now.crs) else "another coordinate reference system"
    return Parts(result.compared, result.differing, result.largest, result.largest_share, result.jaccard, other)


def _mean(source: RasterSource) -> float:
    """Return the mean size of the values of a raster."""
    total, count = 0.0, 0
    for _, values, valid in source.blocks():
        total += float(np.abs(values[valid].astype(np.float64)).sum())
        count += int(np.count_nonzero(valid))
    return total / max(count, 1)


def count_changed(before: VectorSource, now: VectorSource, monitor: Monitor) -> tuple[int, int]:
    """Return how many features are only in one of two layers, counting one that was changed once, and how many there are."""
    first, second = (Counter(hashes.record_hashes(one, monitor)) for one in (before, now))
    lost, new = sum((first - second).values()), sum((second - first).values())
    return max(lost, new), max(sum(first.values()), sum(second.values()))


def compare_features(before: VectorSource, now: VectorSource, tolerance: float, monitor: Monitor) -> Parts:
    """Return what two layers or tables differ in; features belong together by their ids, else by their order."""
    fields = [name for name in before.field_names if name.lower() not in hashes.KEYS]
    others = [name for name in now.field_names if name.lower() not in hashes.KEYS]
    first, second = list(before.features()), list(now.features())
    missing = sorted(set(fields) ^ set(others))
    note = f"fields of only one: {', '.join(missing)}" if missing else ""
    shared = [name for name in fields if name in others]
    pairs = list(_pairs(first, second, shared))
    scales = {name: _mean_of([one[name] for one in first]) for name in shared}
    differing, largest, share, area = 0, 0.0, 0.0, 0.0
    spatial = hashes.is_spatial(before) and hashes.is_spatial(now)
    for number, (old, new) in enumerate(pairs):
        if number % 1000 == 0:
            monitor.step(number, len(pairs))
        if old is None or new is None:
            differing += 1
            continue
        apart, most, most_share = _attributes_differ(old, new, scales, tolerance)
        largest, share = max(largest, most), max(share, most_share)
        moved = _shape_differs(old.geometry(), new.geometry()) if spatial else 0.0
        if moved is not None:
            area += moved
        if apart or moved is None or moved > 0.0:
            differing += 1
    if area:
        note = f"{note}; " * bool(note) + f"shapes differ by {area:.6g} m2 or m"
    return Parts(len(pairs), differing, largest, share, note=note)


def _pairs(
    first: Sequence[QgsFeature], second: Sequence[QgsFeature], fields: Sequence[str]
) -> Iterator[tuple[QgsFeature | None, QgsFeature | None]]:
    """Yield the features that belong together."""
    key = next((name for name in _IDS if name in fields and _tell(first, name) and _tell(second, name)), "")
    if key:
        old, new = ({hashes.plain(one[key]): one for one in features} for features in (first, second))
        yield from ((one, new.get(value)) for value, one in old.items())
        yield from ((None, one) for value, one in new.items() if value not in old)
        return
    for number in range(max(len(first), len(second))):
        yield first[number] if number < len(first) else None, second[number] if number < len(second) else None


def _tell(features: Sequence[QgsFeature], name: str) -> bool:
    """Return whether a field tells features apart."""
    values = [hashes.plain(one[name]) for one in features]
    return None not in values and len(set(values)) == len(values)


def _attributes_differ(
    old: QgsFeature, new: QgsFeature, scales: dict[str, float], tolerance: float
) -> tuple[bool, float, float]:
    """Return whether attributes differ by more than the tolerance, and the largest difference of numbers."""
    apart, largest, share = False, 0.0, 0.0
    for name, scale in scales.items():
        first, second = old[name], new[name]
        if _is_number(first) and _is_number(second):
            most = abs(float(first) - float(second))
            if most:
                largest = max(largest, most)
                share = max(share, most / max(abs(float(first)), abs(float(second)), scale))
                apart = apart or bool(core.decisions.differ(float(first), float(second), tolerance, scale=scale))
        elif hashes.plain(first) != hashes.plain(second):
            apart = True
    return apart, largest, share


def _mean_of(values: Sequence[object]) -> float:
    """Return the mean size of those of some attributes that are numbers."""
    sizes = [abs(float(one)) for one in values if _is_number(one)]
    return sum(sizes) / max(len(sizes), 1)


def _is_number(value: object) -> bool:
    return not is_null(value) and isinstance(value, (int, float)) and not isinstance(value, bool)


def _shape_differs(old: QgsGeometry, new: QgsGeometry) -> float | None:
    """Return the area, length or distance by which shapes differ; None where one has no shape."""
    if hashes.shape_text(old, _SHAPE_DECIMALS) == hashes.shape_text(new, _SHAPE_DECIMALS):
        return 0.0
    if old.isEmpty() or new.isEmpty():
        return None
    if old.type() == QgsWkbTypes.GeometryType.PolygonGeometry:
        return float(old.symDifference(new).area()) or None
    return float(old.hausdorffDistance(new)) or None


def _compare_texts(before: str, now: str) -> Parts:
    """Return in how many lines two texts differ."""
    lines = []
    for path in (before, now):
        with open(path, encoding="utf-8", errors="replace") as file:
            lines.append(file.read().splitlines())
    most = max(map(len, lines))
    apart = sum(1 for first, second in zip(*lines) if first != second) + most - min(map(len, lines))
    return Parts(most, apart)


def compare_numbers(before: dict[str, Any], now: dict[str, Any], tolerance: float) -> Iterator[Finding]:
    """Yield what came of the numbers of a run."""
    for name, value in before.items():
        other = now.get(name)
        if _is_number(value) and _is_number(other):
            apart = abs(value - other)
            state = DIFFERS if bool(core.decisions.differ(value, other, tolerance)) else WITHIN if apart else IDENTICAL
            share = apart / max(abs(value), abs(other)) if apart else 0.0
            note = f"{value:.10g} before, {other:.10g} now" if apart else ""
            yield Finding("number", name, "", state, "the capsule", 1, int(state == DIFFERS), apart, share, note=note)
        else:
            same = value == other
            note = "" if same else f"{value} before, {other} now"
            yield Finding(
                "number", name, "", IDENTICAL if same else DIFFERS, "the capsule", 1, int(not same), note=note
            )
