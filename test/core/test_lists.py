"""Lists in text parameters are read as people write them."""

import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.lists import parse_number, parse_numbers, split_list, split_pairs
from ecosecnet.core.sources.classmap import parse_values


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0.25", 0.25),
        ("0,25", 0.25),
        ("-3,5", -3.5),
        ("−3", -3.0),
        (" 12 ", 12.0),
        ("1e3", 1000.0),
        ("0,125", 0.125),
        (7, 7.0),
        ("", None),
        ("NULL", None),
        (None, None),
        (float("nan"), None),
    ],
)
def test_numbers_are_read_with_point_or_comma(cell, number):
    assert parse_number(cell, "here") == number


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("abc", "here: 'abc' is not a number"),
        ("10 m", "without the unit"),
        ("1,234", "1.234 or as 1234"),
        ("1,2,3", "not a number"),
        (object(), "not a number"),
    ],
)
def test_other_cells_are_refused_with_the_place(cell, words):
    with pytest.raises(InputError, match=words):
        parse_number(cell, "here")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0.5 0.3 0.2", [0.5, 0.3, 0.2]),
        ("0.5, 0.3, 0.2", [0.5, 0.3, 0.2]),
        ("0.5,0.3,0.2", [0.5, 0.3, 0.2]),
        ("0.35,0.65", [0.35, 0.65]),
        ("0,5 0,3 0,2", [0.5, 0.3, 0.2]),
        ("0,5; 0,3;0,2", [0.5, 0.3, 0.2]),
        ("1 10  30", [1, 10, 30]),
        ("7", [7]),
        ("", []),
        ("60,40", [60, 40]),
        ("60， 40", [60, 40]),
        ("60、40", [60, 40]),
        ("60；40；", [60, 40]),
        ("６０，４０", [60, 40]),
        ("60 40\n", [60, 40]),
        ("60\t40", [60, 40]),
        ("1,5; 2,5", [1.5, 2.5]),
        ("1,5；2", [1.5, 2]),
        ("0,35 0,65", [0.35, 0.65]),
        ("1, 2 3,4", [1, 2, 3, 4]),
        ("0.5,1 2", [0.5, 1, 2]),
        ("1000, 2000, 5000", [1000, 2000, 5000]),
    ],
)
def test_lists_of_numbers(text, numbers):
    assert parse_numbers(text, "Weights") == numbers


def test_a_list_with_something_else_says_where():
    with pytest.raises(InputError, match="Weights, number 2: 'a' is not a number"):
        parse_numbers("1 a 3", "Weights")
    with pytest.raises(InputError, match="Weights, number 2 is empty"):
        parse_numbers("1,,3", "Weights")
    with pytest.raises(InputError, match="number 2 is inf"):
        parse_numbers("1 inf", "Weights")
    with pytest.raises(InputError, match="number 2 is empty"):
        parse_numbers("1 nan", "Weights")


def test_a_comma_that_can_be_both_is_refused():
    with pytest.raises(InputError, match="'1,5 2,5' can be read with decimal commas or"):
        parse_numbers("1,5 2,5", "Weights")


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("1,2,5-7", [(1, 1), (2, 2), (5, 7)]),
        ("1，2、5～7；9", [(1, 1), (2, 2), (5, 7), (9, 9)]),
        ("1 2\n5 - 7", [(1, 1), (2, 2), (5, 7)]),
        ("5至7、１１", [(5, 7), (11, 11)]),
        ("5 to 7; 1.5", [(5, 7), (1.5, 1.5)]),
        ("-3, -2", [(-3, -3), (-2, -2)]),
        ("-5--2", [(-5, -2)]),
        ("60,40", [(60, 60), (40, 40)]),
        ("", []),
    ],
)
def test_values_and_ranges(text, ranges):
    assert parse_values(text) == ranges


def test_names_may_hold_blanks():
    assert split_list("Land use， Slope、Road; Mine\nNDVI,", blanks=False) == [
        "Land use",
        "Slope",
        "Road",
        "Mine",
        "NDVI",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1, forest", "'forest' is neither a value nor a range"),
        ("1, 5-", "'5-' is neither"),
        ("2-4-6", "'2-4-6' is neither"),
        ("1, 7-5", "range 7-5 runs backwards"),
        ("-2--5", "range -2--5 runs backwards"),
    ],
)
def test_what_is_no_value_or_range_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        parse_values(text)


def test_a_range_of_one_value_and_empty_entries():
    assert parse_values("5-5,,-2 - 3") == [(5, 5), (-2, 3)]


def test_pairs_take_full_width_signs_and_names_in_any_script():
    assert split_pairs("建设用地＝8，9； вода = 6\nbuilt-up=50-53;", "Classes") == {
        "建设用地": "8,9",
        "вода": "6",
        "built-up": "50-53",
    }
    assert split_pairs(" ", "Classes") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [("8", "Classes: '8' is not a name"), ("a=", "'a=' is not"), ("=3", "is not"), ("a=1; a=2", "'a' is given twice")],
)
def test_what_is_no_pair_is_named(text, message):
    with pytest.raises(InputError, match=message):
        split_pairs(text, "Classes")
