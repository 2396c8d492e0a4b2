import math

import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.resistance.scoretable import (
    FALLS,
    RISES,
    ScoreClass,
    classes_from_rows,
    parse_direction,
    parse_range,
    read_score_table,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("581~1043", (581, 1043, "")),
        ("1043～1032", (1043, 1032, "")),
        ("10-18°", (10, 18, "°")),
        ("10 – 18 m", (10, 18, "m")),
        ("-5 to 10", (-5, 10, "")),
        ("0,5~1,5", (0.5, 1.5, "")),
        (">39", (39, math.inf, "")),
        ("≥ 4049 m", (4049, math.inf, "m")),
        ("<5", (-math.inf, 5, "")),
        ("Woodland", None),
        ("Class 3", None),
        ("", None),
    ],
)
def test_ranges_are_read_as_papers_print_them(text, expected):
    assert parse_range(text) == expected


def test_a_table_of_several_factors():
    table = read_score_table(
        [
            {"Factor": "Land use", "Class": "Woodland", "Value": "1", "Score": "1", "Weight": "0,6"},
            {"Factor": "", "Class": "Town", "Value": "8", "Score": "5", "Weight": ""},
            {"Factor": "Road", "Class": "0~500", "Score": 5, "Weight": 0.4, "Direction": "near is high"},
            {"Factor": "Road", "Class": ">500 m", "Score": 1, "Weight": 0.4, "Direction": None},
        ]
    )
    assert [factor.name for factor in table] == ["Land use", "Road"]
    assert [factor.weight for factor in table] == [0.6, 0.4]
    assert table[0].classes[1].is_code
    assert table[0].classes[1].name == "Town"
    assert table[1].direction == FALLS
    assert (table[1].classes[1].minimum, table[1].classes[1].maximum) == (500, math.inf)
    assert table[1].classes[1].unit == "m"
    assert table[1].classes[1].row == 4


def test_two_weights_of_one_factor_are_both_kept_for_the_linter():
    table = read_score_table(
        [{"factor": "a", "value": 1, "score": 1, "weight": 0.5}, {"factor": "a", "value": 2, "score": 2, "weight": 0.6}]
    )
    assert table[0].weights == (0.5, 0.6)


def test_rows_of_three_are_ranges_and_rows_of_two_are_codes():
    ranges = classes_from_rows([["", 10.0, 1], ["10", "", "2"]])
    assert (ranges[0].minimum, ranges[0].maximum, ranges[1].maximum) == (-math.inf, 10, math.inf)
    assert [c.score for c in ranges] == [1, 2]
    codes = classes_from_rows([[4, 2.5]])
    assert (codes[0].minimum, codes[0].maximum, codes[0].score) == (4, 4, 2.5)


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "no rows"),
        ([{"class": "a", "weight": 1}], "no column 'score'"),
        ([{"factor": "a", "score": 1}], "neither 'min' and 'max' nor 'value'"),
        ([{"min": 0, "max": 1, "score": ""}], "Row 1 of the score table has no score"),
        ([{"min": 0, "max": 1, "score": 1}, {"min": "x", "max": 1, "score": 1}], "Row 2, column 'min': 'x'"),
        ([{"class": "Forest", "score": 1}], "Row 1 of the score table has no limits"),
        ([{"value": 1, "score": 1, "direction": "up?"}], "'up\\?' is not a direction"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(records, words):
    with pytest.raises(InputError, match=words):
        read_score_table(records)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(InputError, match="Row 2 of the scores has 1 cells"):
        classes_from_rows([[1, 2], [3]])


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (3, 3, "3 (Woodland)"),
        (-math.inf, math.inf, "any value"),
        (4049, math.inf, "above 4049"),
        (-math.inf, 10, "up to 10"),
        (581.5, 1043, "581.5 to 1043"),
    ],
)
def test_classes_are_described(low, high, text):
    assert ScoreClass(low, high, 1, "Woodland").describe() == text


def test_directions():
    assert parse_direction("Rises", "") == RISES
    assert parse_direction("far is high", "") == RISES
    assert parse_direction(" near is high", "") == FALLS
    assert parse_direction(None, "") == ""
