import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.weights.judgements import matrix_from_cells, matrix_from_records, parse_judgement

NAN = np.nan


@pytest.mark.parametrize(
    ("cell", "value"),
    [("3", 3), ("1/3", 1 / 3), (" 1 / 7 ", 1 / 7), ("0,25", 0.25), (5.0, 5), ("2/3", 2 / 3), ("", NAN), (None, NAN)],
)
def test_judgements_are_read_as_people_write_them(cell, value):
    np.testing.assert_equal(parse_judgement(cell, "here"), value)


@pytest.mark.parametrize("cell", ["a/3", "1/", "1/0", "three", "1/2/3"])
def test_other_cells_name_their_place(cell):
    with pytest.raises(InputError, match="here: "):
        parse_judgement(cell, "here")


def test_a_square_number_of_cells_is_a_matrix():
    np.testing.assert_array_equal(matrix_from_cells([1, "3", "1/3", 1], width=10), [[1, 3], [1 / 3, 1]])


def test_wide_rows_of_a_dialog_keep_the_filled_corner():
    cells = ["1", "3", "5", *[""] * 7, "", "1", "2", *[""] * 7, "", "", "1", *[""] * 7, *[""] * 10]
    expected = [[1, 3, 5], [NAN, 1, 2], [NAN, NAN, 1]]
    np.testing.assert_array_equal(matrix_from_cells(cells, width=10), expected)
    np.testing.assert_array_equal(matrix_from_cells(cells, width=10, names="abc"), expected)
    upper_only = ["", "3", *[""] * 8]
    assert matrix_from_cells([*upper_only, *[""] * 10], width=10).shape == (2, 2)


@pytest.mark.parametrize(
    ("cells", "names", "words"),
    [
        ([1, 2, 3], None, "has 3 cells"),
        ([], None, "has 0 cells"),
        ([1, 2, "x", 1], None, "Row 2, column 1 of the matrix: 'x'"),
        ([1, 2, 0.5, 1], "abc", "2 factors, but there are 3 names"),
        ([1, 2, *[""] * 8, 0.5, 1, *[""] * 8], "abcd", "2 factors, but there are 4 names"),
        ([1, 2, 0.5, 1], "a", "2 factors, but there are 1 names"),
    ],
)
def test_cells_that_make_no_matrix(cells, names, words):
    with pytest.raises(InputError, match=words):
        matrix_from_cells(cells, width=10, names=names)


def test_a_square_table_with_and_without_a_column_of_names():
    plain = [{"land use": 1, "road": "3"}, {"land use": "1/3", "road": 1}]
    named = [{"factor": "land use", **plain[0]}, {"factor": "road", **plain[1]}]
    for table in (plain, named):
        names, matrix = matrix_from_records(table)
        assert names == ["land use", "road"]
        np.testing.assert_array_equal(matrix, [[1, 3], [1 / 3, 1]])
    names, matrix = matrix_from_records(plain, ["road", "land use"])
    np.testing.assert_array_equal(matrix, [[1, 1 / 3], [3, 1]])


def test_a_list_of_pairs():
    rows = [
        {"First": "a", "Second": "b", "Value": "3"},
        {"First": "a", "Second": "c", "Value": "1/2"},
    ]
    names, matrix = matrix_from_records(rows)
    assert names == ["a", "b", "c"]
    np.testing.assert_array_equal(matrix, [[NAN, 3, 0.5], [NAN, NAN, NAN], [NAN, NAN, NAN]])
    assert matrix_from_records(rows, ["C", "B", "A"])[1][2, 0] == 0.5


@pytest.mark.parametrize(
    ("rows", "names", "words"),
    [
        ([], [], "no rows"),
        ([{"a": 1}, {"a": 2}], [], "2 rows but 1 columns"),
        ([{"a": 1, "b": "x"}, {"a": 1, "b": 1}], [], "Row 1, column 'b': 'x'"),
        ([{"a": 1, "b": 1}, {"a": 1, "b": 1}], ["a", "b", "c"], "judges 2 factors, but there are 3: a, b, c"),
        ([{"first": "a", "second": "z", "value": 1}], ["a", "b"], "'z', which is not one of: a, b"),
    ],
)
def test_tables_that_make_no_matrix(rows, names, words):
    with pytest.raises(InputError, match=words):
        matrix_from_records(rows, names)
