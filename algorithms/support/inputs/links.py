"""Links as the tool 'linkages' writes them: which sources each line joins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature

from .... import core
from ....core.errors import InputError
from ....core.lists import value_text
from ....core.monitor import SILENT, Monitor
from ..io.vectors import VectorSource, is_null, name_ids
from .sources import Sources

_ENDS = (("from_id", "to_id"), ("From_Core", "To_Core"), ("coreId1", "coreId2"))
"""Names of the fields with the two ends: ours, and those of Linkage Mapper's layers and tables."""

COST_FIELDS = ("cw_dist", "CW_Dist", "lcDist")
"""Names of the field with the least-cost distance."""

LENGTH_FIELDS = ("lcp_length", "LCP_Length", "lcpLength")
"""Names of the field with the length of the least-cost path."""

RESISTANCE_FIELDS = ("eff_res", "Effective_Resistance", "Eff_Resist")
"""Names of the field with the effective resistance."""

_IDS = ("link_id", "Link_ID")


@dataclass(frozen=True)
class Links:
    """The active links between the sources of a run.

    Parameters
    ----------
    ids : list
        Ids as the user knows them.
    pairs : ndarray of int64, shape (links, 2)
        Labels of the two sources (1 + position in the source layer), the lower first.
    features : list of QgsFeature
        The features, for attributes and geometry.
    """

    ids: list
    pairs: np.ndarray
    features: list[QgsFeature]

    def table(self, kept: np.ndarray | None = None) -> core.leastcost.Links:
        """Return the links (or some of them) as the core takes them; all of them with their costs and lengths, if known."""
        if kept is not None:
            return core.leastcost.Links.between(self.pairs[kept])
        joined = core.leastcost.Links.between(self.pairs)
        return replace(joined, cost=self.known(COST_FIELDS), length=self.known(LENGTH_FIELDS))

    def known(self, names: Sequence[str]) -> np.ndarray:
        """Return a positive number of each link from the first of some fields there is; NaN where there is none."""
        there = self.features[0].fields().names() if self.features else []
        name = next((name for name in names if name in there), None)
        values = [feature[name] if name and _is_positive(feature[name]) else math.nan for feature in self.features]
        return np.array(values, dtype=np.float64)

    @property
    def id_type(self) -> type:
        """`int` when every id is a whole number, else `str`."""
        return int if all(isinstance(one, int) for one in self.ids) else str


def read_links(
    source: VectorSource,
    sources: Sources,
    crs: QgsCoordinateReferenceSystem | None = None,
    *,
    active: bool = True,
    monitor: Monitor = SILENT,
) -> Links:
    """Return the links whose field 'active' does not say no, each pair of sources once.

    Parameters
    ----------
    source : VectorSource
        Link layer or table.
    sources : Sources
        The sources the links join.
    crs : QgsCoordinateReferenceSystem
        CRS to bring the lines to.
    active : bool
        False returns the others instead, of which there may be none.
    monitor : Monitor
        Gets the warnings.

    Raises
    ------
    InputError
        Without the fields of the two ends, with ends that are no source of the layer, or without any active link.
    """
    names = source.field_names
    ends = next((pair for pair in _ENDS if set(pair) <= set(names)), None)
    if ends is None:
        raise InputError(
            f"'{source.name}' does not look like a link layer: it has no fields 'from_id' and 'to_id'. "
            f"It has: {', '.join(names)}. Use the layer that 'linkages' writes."
        )
    id_name = next((name for name in _IDS if name in names), "")
    label = {str(one): k for k, one in enumerate(sources.ids, start=1)}
    ids, features, unknown, double = [], [], [], []
    pairs: dict[tuple[int, ...], None] = {}
    for feature in source.features(crs):
        if is_active(feature) is not active:
            continue
        one = feature[id_name] if id_name and not is_null(feature[id_name]) else feature.id()
        pair = tuple(value_text(feature[name]) for name in ends)
        if pair[0] == pair[1] or not set(pair) <= set(label):
            unknown.append(f"{one} ({pair[0]} - {pair[1]})")
            continue
        joined = tuple(sorted((label[pair[0]], label[pair[1]])))
        if joined in pairs:
            double.append(one)
            continue
        ids.append(one)
        pairs[joined] = None
        features.append(feature)
    if unknown:
        raise InputError(
            f"'{source.name}' does not match the sources: these links do not join two of them: {name_ids(unknown)}. "
            f"The sources are {name_ids(sources.ids)}. Use the sources and the id field the links were made with."
        )
    if active and not pairs:
        raise InputError(f"'{source.name}' has no active link.")
    if double:
        monitor.warn(f"Links {name_ids(double)} join sources that another link joins already; they were left out.")
    return Links(ids, np.array(list(pairs), dtype=np.int64).reshape(-1, 2), features)


def active_lines(
    source: VectorSource, crs: QgsCoordinateReferenceSystem | None = None, *, monitor: Monitor = SILENT
) -> tuple[list, list[QgsFeature]]:
    """Return the ids and features of the active links that have a line, whatever they join.

    The id is the field 'link_id', in any case, else the number of the feature.
    """
    features = [one for one in source.shaped(crs, monitor) if is_active(one)]
    names = {name.lower(): name for name in reversed(source.field_names)}
    name = names.get("link_id")
    return [one[name] if name and not is_null(one[name]) else one.id() for one in features], features


def is_active(feature: QgsFeature) -> bool:
    """Return whether a link is one, rather than a candidate that was dropped: its field 'active' does not say no."""
    if feature.fieldNameIndex("active") < 0:
        return True
    return is_null(feature["active"]) or bool(feature["active"])


def grade_field(names: Sequence[str]) -> str:
    """Return the field of links with their grades when none is named: 'level', else 'grade', in any case; else empty."""
    called = {name.lower(): name for name in reversed(names)}
    return called.get("level") or called.get("grade") or ""


def numbers(links: Links, names: Sequence[str], what: str) -> np.ndarray:
    """Return a positive number of each link, from the first of some fields that the layer has.

    Raises
    ------
    InputError
        If the layer has none of the fields, or a link no positive number in it.
    """
    there = links.features[0].fields().names()
    name = next((name for name in names if name in there), None)
    if name is None:
        raise InputError(f"The links have no field '{names[0]}' with the {what}. They have: {', '.join(there)}.")
    values = [feature[name] for feature in links.features]
    wrong = [one for one, value in zip(links.ids, values) if not _is_positive(value)]
    if wrong:
        raise InputError(f"Links {name_ids(wrong)} have no positive number in '{name}' ({what}).")
    return np.array(values, dtype=np.float64)


def _is_positive(value: object) -> bool:
    try:
        return not is_null(value) and float(value) > 0.0
    except (TypeError, ValueError):
        return False
