"""Tables of rules and costs: what is read, and which sentence refuses what."""

import csv
from pathlib import Path

import pytest
from ecosecnet.core.choices import AreaKind
from ecosecnet.core.decisions import RULE_COLUMNS, read_prices, read_rules
from ecosecnet.core.errors import InputError
from ecosecnet.core.resistance import LAND_GROUPS

GOOD = {"type": "barrier", "land_use": "cropland", "class": "natural recovery", "measure": "wait"}


def changed(**values):
    return [{**GOOD, **values}]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "has no rows"),
        (changed(slope_form=3), "unknown columns: slope_form"),
        ([{"type": "", "measure": "x"}], "missing columns: land_use, class"),
        (changed(type="bottleneck"), "Row 1 of .* there is no type 'bottleneck'.*barrier \\(生态障碍点\\)"),
        (changed(**{"class": "repair"}), "no class 'repair'.*辅助再生"),
        (changed(slope_from="steep"), "slope_from is 'steep', which is not a number"),
        (changed(slope_from=25, slope_to=6), "slope_from \\(25\\) is above slope_to \\(6\\)"),
        (changed(protected="perhaps"), "protected is 'perhaps'"),
        (changed(measure="  "), "has no measure"),
        ([{**GOOD, "rule": "a"}, {**GOOD, "rule": "A"}], "Row 2 .*another rule 'A'"),
    ],
)
def test_a_wrong_table_is_refused_with_the_row(rows, sentence):
    with pytest.raises(InputError, match=sentence):
        read_rules(rows)


def test_values_as_spreadsheets_write_them():
    (rule,) = read_rules(
        changed(
            type="生态夹点； barrier", slope_from="2,5", slope_to=25.0, protected="是", grade_to=2, fid=1, rule=None
        )
    )
    assert rule.kinds == (AreaKind.PINCH_POINT, AreaKind.BARRIER)
    assert (rule.slope, rule.protected, rule.grade[1], rule.name) == ((2.5, 25.0), True, 2.0, "1")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"measure": "a", "per_ha": -1}, "per_ha of 'a' is -1. A cost is 0 or more"),
        ({"measure": "a", "per_ha": None, "per_place": ""}, "has no price for 'a'"),
        ({"measure": "a", "per_ha": "cheap"}, "not a number"),
        ({"measure": "a", "per_ha": "inf"}, "A cost is 0 or more"),
        ({"measure": "a", "price": 3}, "unknown columns: price"),
    ],
)
def test_wrong_prices_are_refused(row, sentence):
    with pytest.raises(InputError, match=sentence):
        read_prices([row])


def test_a_measure_has_one_price():
    with pytest.raises(InputError, match="another price for 'a'"):
        read_prices([{"measure": "a", "per_ha": 1}, {"measure": "A ", "per_ha": 2}])


SHIPPED = Path(__file__).parents[3] / "algorithms" / "support" / "inputs" / "actionrules.csv"


def shipped():
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        return read_rules(csv.DictReader(file))


def test_the_shipped_rules_say_all_and_name_their_sources():
    rules = shipped()
    assert all(rule.source and rule.measure_zh for rule in rules)
    assert {use for rule in rules for use in rule.land_uses} <= set(LAND_GROUPS)


def test_the_shipped_rules_hold_for_every_type_and_group_whatever_is_known():
    for kind in AreaKind:
        for group in LAND_GROUPS:
            held = [
                r for r in shipped() if (not r.kinds or kind in r.kinds) and (not r.land_uses or group in r.land_uses)
            ]
            last = held[-1]
            assert not last.record()["protected"], (kind, group)
            assert all(last.record()[f"{name}_{end}"] is None for name in ("slope", "grade") for end in ("from", "to"))


def test_rules_can_be_written_and_read_again():
    rules = shipped()
    assert read_rules([rule.record() for rule in rules]) == rules
    assert tuple(rules[0].record()) == RULE_COLUMNS
