"""The texts of Circuitscape: options, grids, lists and filters."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.formats.circuitscapeini import CircuitscapeOptions, idle_options, parse_options
from ecosecnet.core.formats.circuitscapetext import (
    format_table,
    grid_header,
    parse_grid,
    parse_pairs,
    parse_points,
    parse_table,
    reclassified,
    whole,
)
from ecosecnet.core.grid import Grid

INI = "scenario = pairwise\nhabitat_file = h.asc\npoint_file = p.txt\noutput_file = o.out\n"


def test_defaults_are_those_of_circuitscape():
    options, warnings = parse_options(INI)
    assert not warnings
    assert (options.data_type, options.remove_src_or_gnd) == ("raster", "keepall")
    true = {name for name in CircuitscapeOptions.__dataclass_fields__ if getattr(options, name) is True}
    assert true == {"habitat_map_is_resistances", "ground_file_is_resistances"}


def test_bom_crlf_comments_sections_colons_and_quotes():
    text = '\ufeff[Mode]\r\n; a remark\r\n# another\r\nSCENARIO: Advanced\r\nhabitat_file = "a = b.asc"\r\n'
    text += "source_file=s\r\nground_file=g\r\noutput_file=o\r\nUse_Unit_Currents = TRUE\r\nmask_file = None\r\n"
    text += "point_file = (Browse for file with locations of focal points or regions)\r\n"
    options, warnings = parse_options(text)
    assert not warnings
    assert (options.scenario, options.habitat_file, options.mask_file) == ("advanced", "a = b.asc", "")
    assert options.use_unit_currents is True


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ("use_polygon = True", "use_polygon"),
        ("use_variable_source_strengths = True", "use_variable_source_strengths"),
        ("use_direct_grounds = True", "use_direct_grounds"),
        ("data_type = network\nlog_transform_maps = True", "log_transform_maps"),
        ("write_as_tif = True\ncompress_grids = True", "compress_grids"),
    ],
)
def test_what_has_no_effect_is_named(lines, name):
    options, warnings = parse_options(INI + lines)
    assert len(warnings) == 1
    assert f"'{name}'" in warnings[0]
    assert not getattr(options, name, False)


def test_options_of_the_solver_are_listed():
    assert idle_options(INI + "solver = cholmod\nversion = 5\nparallelize = True") == ["solver", "parallelize"]
    assert not parse_options(INI + "solver = cholmod\nparallelize = True")[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (INI + "nonsense", "Line 5 is not of the form 'option = value'"),
        (INI + "use_mask = maybe", "'use_mask' must be True or False, not 'maybe'"),
        (INI + "scenario = advanced", "'scenario' is given twice"),
        (INI + "remove_src_or_gnd = both", "'remove_src_or_gnd' must be one of keepall"),
        (INI + "use_reclass_table = True", "'reclass_file' is missing, though use_reclass_table is true"),
        (INI.replace("point_file = p.txt", ""), "'point_file' is missing"),
        (INI.replace("o.out", "results/"), "'output_file' is a folder"),
        ("habitat_file = h", "'scenario' must be one of"),
        (INI.replace("pairwise", "all-to-one") + "data_type=network", "pairwise and advanced mode only"),
    ],
)
def test_impossible_options(text, message):
    with pytest.raises(InputError, match=message):
        parse_options(text)


def test_grid_goes_round():
    values = np.array([[1.5, 2.0, np.nan], [1e-7, 123456.75, 0.0]])
    grid = Grid(2, 3, 10.25, 50.0, 5.0, 5.0)
    text = grid_header(grid, -9.0) + "".join(format_table(np.where(np.isnan(values), -9.0, values)))
    found = parse_grid(text, "x")
    np.testing.assert_array_equal(found.values, values)
    assert found.grid == grid
    assert found.header == grid_header(grid, -9.0)


def test_grid_with_centres_and_without_nodata():
    found = parse_grid("nrows 1\nncols 2\nxllcenter 1\nyllcenter 1\ncellsize 2\nnan -9999\n", "x")
    assert found.grid == Grid(1, 2, 0.0, 2.0, 2.0, 2.0)
    assert np.isnan(found.values).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3", "header has no ncols"),
        ("ncols two\nnrows 1\ncellsize 1\nxllcorner 0\nyllcorner 0\n1 1", "something that is not a number"),
        ("ncols 2\nnrows 1\ncellsize 1\nxllcorner 0\nyllcorner 0\n1 x", "not a number below its header"),
        ("ncols 2\nnrows 1\ncellsize 1\nxllcorner 0\nyllcorner 0\n1 2 3", "holds 3 numbers"),
    ],
)
def test_broken_grids(text, message):
    with pytest.raises(InputError, match=message):
        parse_grid(text, "x")


def test_points_on_edges_belong_above_and_to_the_left():
    values, cells = parse_points("5 2 1\n6,1,1.5 # middle\n", Grid(2, 2, 0.0, 2.0), "x")
    np.testing.assert_array_equal(values, [5, 6])
    # y = 1 is the edge of the rows: ceil(2 - 1) - 1 = row 0; x = 1 the edge of the columns: column 0
    np.testing.assert_array_equal(cells, [1, 0])
    with pytest.raises(InputError, match="1 points outside the raster, the first with 7 at 3, 1"):
        parse_points("7 3 1", Grid(2, 2, 0.0, 2.0), "x")


def test_tables():
    assert parse_table("# only a remark\n", 2, "x").shape == (0, 2)
    with pytest.raises(InputError, match="line 2, has 1 columns; 2 are needed"):
        parse_table("1 2\n3", 2, "x")
    with pytest.raises(InputError, match="not a number"):
        parse_table("id strength", 2, "x")
    with pytest.raises(InputError, match=r"whole numbers, not 1\.5"):
        whole(np.array([1.0, 1.5]), "x")


def test_filters_of_pairs():
    included = parse_pairs("Mode\tInclude\n2 1\n3 2\n", "x")
    assert [number for number in (1, 2, 3, 4) if included.keeps(number)] == [1, 2, 3]
    np.testing.assert_array_equal(included.allowed([1, 2, 3]), [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    excluded = parse_pairs("mode exclude\n2 1\n", "x")
    assert excluded.keeps(4)
    np.testing.assert_array_equal(excluded.allowed([1, 2, 4]), [[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    # either triangle counts, the ends of the range belong to it, and a node without pair is named all the same
    matrix = parse_pairs("min 2\nmax 5\n0 1 2 3\n1 0 9 2\n2 5 0 9\n3 9 9 0\n", "x")
    np.testing.assert_array_equal(matrix.allowed([1, 2, 3]), [[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    assert parse_pairs("min 2\nmax 5\n0 1 2\n1 0 9\n2 9 0", "x").keeps(2)


@pytest.mark.parametrize(
    "text", ["", "1 2", "mode only\n1 2", "min 1\nmax", "min 1\nmax 2\n0 1 2\n1 0\n", "mode include\n1"]
)
def test_broken_filters_of_pairs(text):
    with pytest.raises(InputError, match="x"):
        parse_pairs(text, "x")


def test_reclassified_in_the_order_of_the_old_values():
    table = np.array([[2.0, 3.0], [1.0, 2.0], [7.0, -9999.0]])
    np.testing.assert_array_equal(reclassified(np.array([1.0, 2.0, 5.0, 7.0]), table), [3.0, 3.0, 5.0, np.nan])
