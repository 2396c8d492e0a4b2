"""Which rule holds for a part of an area, and for which combinations none does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..choices import AreaKind
from ..monitor import SILENT, Monitor
from ..types import FloatArray, IntArray
from .actionrules import Rule

DECIMALS = 4
"""Of hectares: whole square metres."""

NO_RULE = -1
"""Rule of parts for which there is none."""

_SLOPE, _PROTECTED, _GRADE = "slope", "protection", "grade"
_ANY = (-np.inf, np.inf)
_STEP = 5
"""Degrees by which slopes are named together where there is no rule."""


@dataclass(frozen=True)
class LandUse:
    """A land use of a map.

    Attributes
    ----------
    code : str
        Its value in the map.
    name : str
        What it is called.
    group : str
        Of `core.resistance.LAND_GROUPS`; empty for none.
    also : tuple of str
        Further names.
    """

    code: str
    name: str
    group: str = ""
    also: tuple[str, ...] = ()

    @property
    def called(self) -> frozenset[str]:
        """What rules may call it, in lower case."""
        return frozenset(one.lower() for one in (self.group, self.code, self.name, *self.also) if one)


@dataclass(frozen=True)
class Areas:
    """The areas that are to get measures.

    Attributes
    ----------
    kind : sequence of AreaKind
        What each is.
    grade : float array, shape (areas,)
        From 1, the highest; NaN where it is not known.
    hectares : float array, shape (areas,)
        Their size.
    """

    kind: Sequence[AreaKind]
    grade: FloatArray
    hectares: FloatArray


@dataclass(frozen=True)
class LandParts:
    """The areas cut so that each part is one land use in one zone, protected or not.

    Attributes
    ----------
    area : int array, shape (parts,)
        Position of the area.
    zone : int array, shape (parts,)
        Position of the zone; `OUTSIDE` for none.
    use : int array, shape (parts,)
        Position of the land use; -1 where it is not known.
    protected : int array, shape (parts,)
        1 inside protected land, 0 outside, -1 where that is not known.
    slope : float array, shape (parts,)
        Mean in degrees; NaN where it is not known.
    hectares : float array, shape (parts,)
        Their size.
    """

    area: IntArray
    zone: IntArray
    use: IntArray
    protected: IntArray
    slope: FloatArray
    hectares: FloatArray


@dataclass(frozen=True)
class Gap:
    """A combination that no rule holds for.

    Attributes
    ----------
    combination : str
        In words.
    areas : int
        In how many areas it is.
    hectares : float
        How much of them.
    """

    combination: str
    areas: int
    hectares: float


@dataclass(frozen=True)
class Chosen:
    """The rules of parts.

    Attributes
    ----------
    rule : int array, shape (parts,)
        Position; `NO_RULE` for none.
    gaps : list of Gap
        Combinations without a rule, the largest first.
    passed_over : dict of str to float
        Hectares that another rule might hold for, had a condition been known.
    """

    rule: IntArray
    gaps: list[Gap]
    passed_over: dict[str, float]


def choose_rules(
    areas: Areas,
    parts: LandParts,
    hectares: FloatArray,
    uses: Sequence[LandUse],
    rules: Sequence[Rule],
    *,
    smallest_ha: float = 0.0,
    monitor: Monitor = SILENT,
) -> Chosen:
    """Return the first rule that holds for each part.

    Parameters
    ----------
    areas, parts, uses, rules, smallest_ha, monitor
        See `core.decisions.action_sheet`.
    hectares : float array, shape (parts,)
        Sizes of the parts as they are written.

    Notes
    -----
    O(combinations x rules).

    Examples
    --------
    >>> from ecosecnet.core.decisions import read_rules
    >>> rules = read_rules([{"type": "", "land_use": "water", "class": "natural recovery", "measure": "Wait"}])
    >>> one = np.array([0])
    >>> parts = LandParts(one, one, one, one, np.array([np.nan]), np.array([2.0]))
    >>> areas = Areas([AreaKind.BARRIER], np.array([np.nan]), np.array([2.0]))
    >>> choose_rules(areas, parts, parts.hectares, [LandUse("1", "Pond")], rules).gaps[0].combination
    'Barrier, Pond (no group), slope not known, not protected, grade not known'
    """
    which, of_part = _combinations(areas, parts)
    chosen: IntArray = np.empty(len(which), dtype=np.int64)
    passed: dict[str, float] = defaultdict(float)
    size = np.bincount(of_part, weights=hectares, minlength=len(which))
    for k, one in enumerate(which):
        monitor.step(k, len(which))
        chosen[k], unknown = _first_rule(one, uses, rules)
        for condition in unknown:
            passed[condition] += float(size[k])
    rule = _with_smallest(parts, hectares, chosen[of_part], smallest_ha)
    gaps = _gaps([which[k] for k in of_part.tolist()], parts, hectares, rule, uses)
    return Chosen(rule, gaps, {name: round(held, DECIMALS) for name, held in passed.items()})


@dataclass(frozen=True)
class _Combination:
    kind: AreaKind
    use: int
    protected: int
    slope: float
    grade: float


def _combinations(areas: Areas, parts: LandParts) -> tuple[list[_Combination], IntArray]:
    found: dict[tuple[object, ...], int] = {}
    which: list[_Combination] = []
    of_part: IntArray = np.empty(parts.area.size, dtype=np.int64)
    for k, area in enumerate(parts.area.tolist()):
        one = _Combination(
            areas.kind[area],
            int(parts.use[k]),
            int(parts.protected[k]),
            float(parts.slope[k]),
            float(areas.grade[area]),
        )
        key = (one.kind, one.use, one.protected, str(one.slope), str(one.grade))  # NaN equals itself as a text
        if key not in found:
            found[key] = len(which)
            which.append(one)
        of_part[k] = found[key]
    return which, of_part


def _first_rule(one: _Combination, uses: Sequence[LandUse], rules: Sequence[Rule]) -> tuple[int, list[str]]:
    """Return the first rule that holds, and what had to be known for an earlier one with another measure."""
    called = frozenset() if one.use < 0 else uses[one.use].called
    waiting: list[tuple[Rule, list[str]]] = []
    for k, rule in enumerate(rules):
        if (rule.kinds and one.kind not in rule.kinds) or (rule.land_uses and called.isdisjoint(rule.land_uses)):
            continue
        unknown, fails = [], False
        for name, value, asked, holds in (
            (_SLOPE, one.slope, rule.slope != _ANY, rule.slope[0] <= one.slope < rule.slope[1]),
            (_GRADE, one.grade, rule.grade != _ANY, rule.grade[0] <= one.grade <= rule.grade[1]),
            (
                _PROTECTED,
                np.nan if one.protected < 0 else one.protected,
                rule.protected is not None,
                one.protected == rule.protected,
            ),
        ):
            if asked and np.isnan(value):
                unknown.append(name)
            elif asked and not holds:
                fails = True
        if fails:
            continue
        if unknown:
            waiting.append((rule, unknown))
            continue
        return k, sorted({name for other, names in waiting for name in names if other.measure != rule.measure})
    return NO_RULE, sorted({name for _, names in waiting for name in names})


def _with_smallest(parts: LandParts, hectares: FloatArray, rule: IntArray, smallest_ha: float) -> IntArray:
    """Return the rules with those of small parts taken from the largest part of their area in their zone, if it has one."""
    zone = parts.zone - parts.zone.min(initial=-1)
    key = parts.area.astype(np.int64) * (int(zone.max(initial=0)) + 1) + zone
    order = np.lexsort((np.arange(key.size), -hectares, key))
    first = order[np.searchsorted(key[order], key)]
    return np.where((hectares < smallest_ha) & (rule[first] != NO_RULE), rule[first], rule)


def _gaps(
    of_part: Sequence[_Combination],
    parts: LandParts,
    hectares: FloatArray,
    rule: IntArray,
    uses: Sequence[LandUse],
) -> list[Gap]:
    words: dict[str, list[int]] = defaultdict(list)
    for part in np.flatnonzero(rule == NO_RULE).tolist():
        one = of_part[part]
        said = [one.kind.label, "land use not known" if one.use < 0 else _named(uses[one.use])]
        if np.isnan(one.slope):
            said.append("slope not known")
        else:
            low = int(one.slope // _STEP) * _STEP
            said.append(f"slope {low} to {low + _STEP} degrees")
        said.append({1: "protected", 0: "not protected", -1: "protection not known"}[one.protected])
        said.append("grade not known" if np.isnan(one.grade) else f"grade {one.grade:g}")
        words[", ".join(said)].append(part)
    found = [
        Gap(text, int(np.unique(parts.area[held]).size), round(float(hectares[held].sum()), DECIMALS))
        for text, held in words.items()
    ]
    return sorted(found, key=lambda gap: (-gap.hectares, gap.combination))


def _named(use: LandUse) -> str:
    return f"{use.name} ({use.group or 'no group'})"
