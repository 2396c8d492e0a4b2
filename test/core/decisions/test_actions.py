"""The action sheet against sums in exact decimals, rules tried one by one, and tables worked out by hand."""

from decimal import Decimal

import numpy as np
import pytest
from ecosecnet.core.choices import AreaKind, MeasureClass
from ecosecnet.core.decisions import (
    NO_RULE,
    Areas,
    LandParts,
    LandUse,
    Price,
    action_sheet,
    read_rules,
    strange_prices,
    weakest,
)
from ecosecnet.core.errors import InputError
from hypothesis import given, settings
from hypothesis import strategies as st

USES = [
    LandUse("1", "Woods", "woodland", ("林地",)),
    LandUse("5", "Fields", "cropland"),
    LandUse("8", "Town", "built-up"),
]
RULES = read_rules(
    [
        {
            "rule": "steep",
            "type": "barrier",
            "land_use": "cropland",
            "slope_from": 25,
            "class": "辅助再生",
            "measure": "a",
        },
        {"rule": "field", "type": "barrier", "land_use": "cropland", "class": "assisted regeneration", "measure": "b"},
        {
            "rule": "kept",
            "type": "pinch point; barrier",
            "land_use": "woodland",
            "protected": "yes",
            "class": "protection and conservation",
            "measure": "c",
        },
        {"rule": "wood", "type": "", "land_use": "林地", "class": "natural recovery", "measure": "d"},
        {"rule": "best", "type": "barrier", "land_use": "8", "grade_to": 1, "class": "生态重建", "measure": "e"},
    ]
)


def one_part(use, *, kind=AreaKind.BARRIER, slope=np.nan, protected=-1, grade=np.nan, hectares=1.0, **more):
    """The sheet of a single area of a single part."""
    parts = LandParts(
        np.array([0]),
        np.array([0]),
        np.array([use]),
        np.array([protected]),
        np.array([slope]),
        np.array([hectares]),
    )
    return action_sheet(Areas([kind], np.array([grade]), np.array([hectares])), parts, USES, RULES, **more)


def rule_of(*args, **kinds):
    sheet = one_part(*args, **kinds)
    held = sheet.rule[0]
    return (None if held == NO_RULE else RULES[held].name), set(sheet.passed_over)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((1, {"slope": 25.0}), ("steep", set())),
        ((1, {"slope": 24.99}), ("field", set())),
        ((1, {}), ("field", {"slope"})),
        ((0, {"protected": 1}), ("kept", set())),
        ((0, {"protected": 0}), ("wood", set())),
        ((0, {}), ("wood", {"protection"})),
        ((0, {"kind": AreaKind.WEAK_SOURCE}), ("wood", set())),
        ((2, {"grade": 1.0}), ("best", set())),
        ((2, {"grade": 2.0}), (None, set())),
        ((2, {}), (None, {"grade"})),
        ((-1, {"grade": 1.0}), (None, set())),
        ((1, {"kind": AreaKind.PINCH_POINT, "slope": 3.0}), (None, set())),
    ],
)
def test_the_first_rule_that_holds(given, expected):
    use, known = given
    assert rule_of(use, **known) == expected


def test_what_has_no_rule_is_named():
    sheet = one_part(2, slope=12.0, protected=0, grade=3.0, hectares=2.5)
    (gap,) = sheet.gaps
    assert gap.combination == "Barrier, Town (built-up), slope 10 to 15 degrees, not protected, grade 3"
    assert (gap.areas, gap.hectares) == (1, 2.5)
    assert sheet.measure_class(0) is None
    assert [(row.measure_class, row.count, row.hectares) for row in sheet.by_zone()] == [(None, 1, 2.5)]


SHEETS = st.integers(1, 6).flatmap(
    lambda areas: st.tuples(
        st.just(areas),
        st.lists(
            st.tuples(
                st.integers(0, areas - 1),
                st.integers(-1, 2),
                st.integers(-1, 2),
                st.integers(-1, 1),
                st.floats(0.001, 300.0),
            ),
            min_size=1,
            max_size=30,
        ),
        st.floats(0.0, 5.0),
    )
)


@settings(max_examples=150, deadline=None)
@given(SHEETS)
def test_all_sums_are_those_of_the_areas_to_the_digit(drawn):
    """In exact decimals, as whoever adds up the rows of a table does it."""
    count, cut, smallest = drawn
    cut = [*cut, *((area, 0, 0, 0, 1.0) for area in range(count))]  # every area has a part
    area, zone, use, protected, hectares = (np.array(one) for one in zip(*cut))
    size = np.bincount(area, weights=hectares, minlength=count)
    parts = LandParts(area, zone, use, protected, np.full(area.size, np.nan), hectares)
    kinds = [list(AreaKind)[k % 4] for k in range(count)]
    prices = (Price("b", 3.25, 100.0), Price("natural recovery", 0.335, 0.0))
    areas = Areas(kinds, np.arange(count, dtype=float), size)
    sheet = action_sheet(areas, parts, USES, RULES, prices=prices, smallest_ha=smallest)

    def exact(values):
        return sum((Decimal(repr(float(one))) for one in values), Decimal(0))

    for k in range(count):
        own = sheet.hectares[sheet.area == k]
        assert exact(own) == Decimal(repr(round(float(size[k]), 4)))
    for rows in (sheet.by_zone(), sheet.by_class()):
        assert exact(row.hectares for row in rows) == exact(sheet.hectares) == Decimal(repr(sheet.total_ha))
        assert sum(row.count for row in rows) == count
        assert (
            exact(row.cost for row in rows)
            == exact(sheet.cost[~np.isnan(sheet.cost)])
            == Decimal(repr(sheet.total_cost))
        )
    for zone_ in np.unique(zone):
        # within the half square metre of each part
        assert sheet.hectares[sheet.zone == zone_].sum() == pytest.approx(hectares[zone == zone_].sum(), abs=1e-4 * 40)
    keys = list(zip(sheet.area.tolist(), sheet.zone.tolist(), sheet.rule.tolist()))
    assert len(set(keys)) == len(keys)
    for row, shares in enumerate(sheet.uses):
        assert sum(share for _, share in shares) == pytest.approx(100.0) or sheet.hectares[row] == 0
    np.testing.assert_array_equal(sheet.area[sheet.row_of_part], area)
    np.testing.assert_array_equal(sheet.zone[sheet.row_of_part], zone)


def test_small_parts_take_the_measure_beside_them_and_keep_their_land_use():
    parts = LandParts(
        np.zeros(3, int),
        np.array([0, 0, 1]),
        np.array([1, 0, 0]),
        np.zeros(3, int),
        np.full(3, 2.0),
        np.array([5.0, 0.09, 0.09]),
    )
    sheet = action_sheet(
        Areas([AreaKind.BARRIER], np.array([1.0]), np.array([5.18])), parts, USES, RULES, smallest_ha=0.1
    )
    # In the other zone there is nothing larger beside the small part, and it keeps its own rule.
    assert [(z, RULES[r].name, h) for z, r, h in zip(sheet.zone, sheet.rule, sheet.hectares)] == [
        (0, "field", 5.09),
        (1, "wood", 0.09),
    ]
    assert [use for use, _ in sheet.uses[0]] == [1, 0]


def test_what_is_due_for_a_place_is_due_once():
    parts = LandParts(
        np.zeros(2, int), np.array([0, 1]), np.array([1, 1]), np.zeros(2, int), np.full(2, 2.0), np.array([3.0, 1.0])
    )
    areas = Areas([AreaKind.BARRIER], np.array([1.0]), np.array([4.0]))
    sheet = action_sheet(areas, parts, USES, RULES, prices=[Price("field", 2.0, 50.0)])
    assert sheet.cost.tolist() == [56.0, 2.0]
    assert sheet.total_cost == 58.0


def test_measures_without_a_price_are_named_and_prices_without_a_measure():
    sheet = one_part(0, protected=0, prices=[Price("b", 1.0, 0.0)])
    assert sheet.unpriced == ["d"]
    assert np.isnan(sheet.cost[0])
    assert strange_prices(RULES, [Price("b", 1.0, 0.0), Price("hedgs", 1.0, 0.0), Price("自然恢复", 1.0, 0.0)]) == [
        "hedgs"
    ]


def test_rows_come_by_priority_kind_and_size():
    parts = LandParts(
        np.array([0, 1, 2, 3]), np.zeros(4, int), np.zeros(4, int), np.zeros(4, int), np.zeros(4), np.arange(1.0, 5.0)
    )
    kinds = [AreaKind.BARRIER, AreaKind.PINCH_POINT, AreaKind.BARRIER, AreaKind.BARRIER]
    areas = Areas(kinds, np.array([2.0, 2.0, np.nan, 1.0]), np.arange(1.0, 5.0))
    assert action_sheet(areas, parts, USES, RULES).area.tolist() == [3, 1, 0, 2]


def test_slopes_in_percent_are_refused():
    with pytest.raises(InputError, match="in degrees"):
        one_part(1, slope=143.0)


def test_weakest():
    assert weakest(np.array([2.0, 2.0])).all()
    assert weakest(np.array([np.nan, 1.0, 2.0])).tolist() == [False, False, True]


def test_weak_sources_are_a_quarter_at_most():
    """One large source makes nearly all others the lowest grade; ties at the limit are all weak."""
    dpc = np.array([80.0, *range(23, 0, -1)])
    grade = np.array([1.0, *[3.0] * 23])
    assert np.flatnonzero(weakest(grade, dpc)).tolist() == list(range(18, 24))
    assert np.flatnonzero(weakest(np.array([1.0, 2.0, 2.0, 2.0]), np.array([9.0, 1.0, 1.0, 2.0]))).tolist() == [1, 2]
    # What is graded well is not weak, however low its number; an unknown importance leaves the grade.
    assert weakest(np.array([1.0, 2.0]), np.array([1.0, 5.0])).tolist() == [False, False]
    assert weakest(np.array([1.0, 2.0, 2.0]), np.array([9.0, np.nan, 1.0])).tolist() == [False, True, True]


def test_classes_are_those_of_the_issue():
    assert [one.label for one in MeasureClass] == [
        "Protection and conservation",
        "Natural recovery",
        "Assisted regeneration",
        "Ecological reconstruction",
    ]
