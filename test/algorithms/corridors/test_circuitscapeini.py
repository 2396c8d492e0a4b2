"""The tool for .ini files of Circuitscape: its files against those of Circuitscape, and closed forms."""

import gzip
import json

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.formats.circuitscapetext import parse_grid
from layerio import read_raster

pytestmark = pytest.mark.qgis

CASES = REFERENCE / "circuitscape" / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if not path.name.startswith("window")) if CASES.is_dir() else []
FILE_OPTIONS = {
    "habitat": ("habitat_file", None),
    "network": ("habitat_file", None),
    "focal_nodes": ("point_file", None),
    "short_circuit_regions": ("polygon_file", "use_polygons"),
    "mask": ("mask_file", "use_mask"),
    "pair_filter": ("included_pairs_file", "use_included_pairs"),
    "source_strengths": ("variable_source_file", "use_variable_source_strengths"),
    "sources": ("source_file", None),
    "grounds": ("ground_file", None),
    "reclass_table": ("reclass_file", "use_reclass_table"),
}
CONFLICTS = {
    "keep_both": "keepall",
    "remove_source": "rmvsrc",
    "remove_ground": "rmvgnd",
    "remove_both": "rmvall",
}


def write_ini(path, **options):
    lines = "".join(f"{name} = {value}\n" for name, value in options.items())
    path.write_text(f"[Options of the run]\n{lines}", encoding="utf-8")
    return str(path)


def read_grid(path):
    found = parse_grid(path.read_text(), path.name)
    return np.where(np.isnan(found.values), -9999.0, found.values)


def case_options(folder, case):
    given = case["options"]
    options = {"data_type": case["kind"], "scenario": case["mode"], "output_file": "result.out"}
    for role, file in case["inputs"].items():
        name, flag = FILE_OPTIONS[role]
        options[name] = folder / file
        if flag:
            options[flag] = True
    options["habitat_map_is_resistances"] = given["input_is"] == "resistance"
    options["connect_four_neighbors_only"] = given.get("neighbours") == 4
    options["connect_using_avg_resistances"] = given.get("average") == "resistance"
    options["ground_file_is_resistances"] = given.get("ground_values_are") != "conductance"
    options["remove_src_or_gnd"] = CONFLICTS[given.get("source_ground_conflict", "keep_both")]
    options["use_unit_currents"] = given.get("unit_sources", False)
    options["use_direct_grounds"] = given.get("direct_grounds", False)
    options["set_null_currents_to_nodata"] = given.get("null_currents_to_nodata", False)
    options["set_null_voltages_to_nodata"] = given.get("null_voltages_to_nodata", False)
    options["log_transform_maps"] = given.get("log_transform", False)
    options["set_focal_node_currents_to_zero"] = given.get("zero_focal_currents", False)
    options.update(write_cur_maps=True, write_volt_maps=True, write_max_cur_maps=True)
    return options


def expected_files(case):
    """Yield the name Circuitscape gives a result, and the expected file."""
    single = {
        "resistances": "resistances.out",
        "resistances_3col": "resistances_3columns.out",
        "cumulative_current": "cum_curmap.asc",
        "max_current": "max_curmap.asc",
        "cumulative_branch_current": "branch_currents_cum.txt",
        "cumulative_node_current": "node_currents_cum.txt",
    }
    several = {
        "current": "curmap{}.asc",
        "voltage": "voltmap{}.asc",
        "branch_current": "branch_currents{}.txt",
        "node_current": "node_currents{}.txt",
        "node_voltage": "voltages{}.txt",
    }
    for kind, entry in case["expected"].items():
        if kind in single:
            yield single[kind], entry
        else:
            for name, file in entry.items():
                yield several[kind].format("" if name == "all" else f"_{name}"), file


def error(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_array_equal(got == -9999, expected == -9999)
    # two nodes in one short-circuit region: nothing flows, and nothing may
    return np.abs(got - expected).max() / (np.abs(expected[expected != -9999]).max() or 1e-9)


def as_matrix(path, size):
    matrix = np.zeros((size, size))
    for one, other, value in np.loadtxt(path, ndmin=2):
        matrix[int(min(one, other)), int(max(one, other))] += value
    return matrix


@pytest.mark.skipif(not NAMES, reason="the shared reference cases are not beside the checkout")
@pytest.mark.parametrize("name", NAMES)
def test_the_files_of_circuitscape(run, tmp_path, name):
    folder = CASES / name
    case = json.loads((folder / "case.json").read_text())
    out = run("circuitscapeini", INPUT=write_ini(tmp_path / "run.ini", **case_options(folder, case)))
    assert out["OUTPUT_FOLDER"] == str(tmp_path)
    compared = 0
    for file, reference in expected_files(case):
        got, expected = tmp_path / f"result_{file}", folder / reference
        if file.endswith(".asc"):
            values = read_grid(got), read_grid(expected)
        elif file.startswith("branch"):
            values = as_matrix(got, 1000), as_matrix(expected, 1000)
        else:
            values = np.loadtxt(got, ndmin=2), np.loadtxt(expected, ndmin=2)
        assert error(*values) <= case["tolerance"], file
        compared += 1
    assert compared


# A row of five cells of resistance 1: four links of 1 ohm.
ROW = "NCOLS 5\r\nNROWS 1\r\nXLLCORNER\t10\r\nYLLCORNER\t20\r\nCELLSIZE 2\r\nNODATA_VALUE -1\r\n{}\r\n"


@pytest.fixture
def row(tmp_path):
    """Write a row of cells, two points at its ends, and an .ini in a folder with blanks and Chinese characters."""
    folder = tmp_path / "电路 理论 run"
    folder.mkdir()
    (folder / "电阻 grid.asc").write_bytes(ROW.format("1\t1\t1 1 1").encode())
    (folder / "points.txt").write_text("7\t11\t21\r\n3\t19\t21\r\n")

    def write(**options):
        settings = {
            "scenario": "pairwise",
            "habitat_file": "电阻 grid.asc",
            "point_file": "points.txt",
            "output_file": "结果/my run.out",
            "WRITE_CUR_MAPS": "TRUE",
        }
        settings.update(options)
        return write_ini(folder / "运行 it.ini", **settings)

    write.folder = folder
    return write


def test_upper_case_tabs_and_chinese_folders(run, row):
    out = run("circuitscapeini", INPUT=row(write_volt_maps=True, write_max_cur_maps=1))
    results = row.folder / "结果"
    assert sorted(path.name for path in results.iterdir()) == [
        "my run_cum_curmap.asc",
        "my run_curmap_3_7.asc",
        "my run_max_curmap.asc",
        "my run_resistances.out",
        "my run_resistances_3columns.out",
        "my run_voltmap_3_7.asc",
    ]
    assert out["FILES"] == 6
    assert (results / "my run_resistances_3columns.out").read_text() == "3 7 4\n"
    assert (results / "my run_resistances.out").read_text() == "0 3 7\n3 0 4\n7 4 0\n"
    # the point with the smaller id is the right end
    np.testing.assert_allclose(read_grid(results / "my run_voltmap_3_7.asc"), [[4, 3, 2, 1, 0]], atol=1e-8)
    header = (results / "my run_curmap_3_7.asc").read_text().splitlines()[:6]
    assert [line.split() for line in header] == [
        ["ncols", "5"],
        ["nrows", "1"],
        ["xllcorner", "10"],
        ["yllcorner", "20"],
        ["cellsize", "2"],
        ["NODATA_value", "-1"],
    ]


def test_folder_given_and_only_cumulative(run, row, tmp_path):
    target = tmp_path / "elsewhere"
    run("circuitscapeini", INPUT=row(write_cum_cur_map_only=True, compress_grids=True), OUTPUT_FOLDER=str(target))
    names = ["my run_cum_curmap.asc.gz", "my run_resistances.out", "my run_resistances_3columns.out"]
    assert sorted(path.name for path in target.iterdir()) == names
    assert not (row.folder / "结果").exists()
    text = gzip.decompress((target / names[0]).read_bytes()).decode()
    np.testing.assert_allclose(parse_grid(text, "x").values, [[1, 1, 1, 1, 1]])


def test_zero_focal_log_and_nodata(run, row):
    (row.folder / "mask.asc").write_text(ROW.format("1 1 1 1 -1"))
    (row.folder / "points.txt").write_text("1 11 21\n2 17 21\n")
    options = {"set_focal_node_currents_to_zero": True, "use_mask": True, "mask_file": "mask.asc"}
    nodata = {"set_null_currents_to_nodata": True, "set_null_voltages_to_nodata": True, "write_volt_maps": True}
    run("circuitscapeini", INPUT=row(**options, **nodata))
    text = (row.folder / "结果" / "my run_cum_curmap.asc").read_text().splitlines()[-1]
    assert text == "0 1 1 0 -1"
    volts = [float(word) for word in (row.folder / "结果" / "my run_voltmap_1_2.asc").read_text().split()[-5:]]
    np.testing.assert_allclose(volts, [0, 1, 2, 3, -1], atol=1e-9)
    # the logarithm of 1 A is 0, that of nothing is no data
    run("circuitscapeini", INPUT=row(**options, log_transform_maps=True))
    text = (row.folder / "结果" / "my run_cum_curmap.asc").read_text().splitlines()[-1]
    assert text == "-1 0 0 -1 -1"


def test_negative_resistances_and_conductances_are_no_cells(run, row):
    (row.folder / "points.txt").write_text("1 11 21\n2 17 21\n")
    (row.folder / "电阻 grid.asc").write_text(ROW.format("2 2 2 2 -3"))
    results = row.folder / "结果"
    run("circuitscapeini", INPUT=row(set_null_currents_to_nodata=True))
    assert (results / "my run_resistances_3columns.out").read_text() == "1 2 6\n"
    assert (results / "my run_cum_curmap.asc").read_text().splitlines()[-1] == "1 1 1 1 -1"
    run("circuitscapeini", INPUT=row(habitat_map_is_resistances=False))
    assert (results / "my run_resistances_3columns.out").read_text() == "1 2 1.5\n"


BOTH = 1 + np.sqrt(0.5)
"""Siemens of a straight and a diagonal link together."""


@pytest.mark.parametrize(
    ("options", "resistance"),
    [
        ({}, 1 / BOTH),
        ({"connect_four_neighbors_only": True}, 1.0),
        ({"use_polygons": True, "polygon_file": "regions.asc"}, 1 / (BOTH + BOTH / (BOTH + 1))),
    ],
)
def test_neighbours_and_short_circuits(run, row, options, resistance):
    # two by two cells of 1 ohm, from the lower left to the upper right; the region is the left column
    square = "ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n{}\n"
    (row.folder / "电阻 grid.asc").write_text(square.format("1 1\n1 1"))
    (row.folder / "regions.asc").write_text(square.format("4 0\n4 0"))
    (row.folder / "points.txt").write_text("1 0.5 0.5\n2 1.5 1.5\n")
    run("circuitscapeini", INPUT=row(**options))
    table = np.loadtxt(row.folder / "结果" / "my run_resistances_3columns.out")
    assert table[2] == pytest.approx(resistance, rel=1e-9)


def test_geotiff_in_and_out(run, row, raster):
    habitat = raster("habitat", np.ones((1, 5), dtype=np.float32), cell=2.0, left=10.0, top=22.0, nodata=-9)
    run("circuitscapeini", INPUT=row(habitat_file=habitat, write_as_tif=True))
    values, _ = read_raster(str(row.folder / "结果" / "my run_curmap_3_7.tif"))
    np.testing.assert_allclose(values, [[1, 1, 1, 1, 1]], rtol=1e-6)


@pytest.fixture
def flow(row):
    """Put 3 A (2 + 1) into the middle of the row; the left end is grounded directly, the right one through 2 ohms."""
    (row.folder / "sources.txt").write_text("2 15 21\n1 15 21 # twice in one cell\n")
    (row.folder / "grounds.asc").write_text(ROW.format("0 -1 -1 -1 2"))

    def write(**options):
        files = {"source_file": "sources.txt", "ground_file": "grounds.asc", "write_volt_maps": True}
        return row(scenario="advanced", **{**files, **options})

    write.result = row.folder / "结果"
    write.folder = row.folder
    return write


def test_advanced(run, flow):
    run("circuitscapeini", INPUT=flow())
    assert sorted(path.name for path in flow.result.iterdir()) == ["my run_curmap.asc", "my run_voltmap.asc"]
    np.testing.assert_allclose(read_grid(flow.result / "my run_voltmap.asc"), [[0, 2, 4, 3, 2]], atol=1e-8)
    np.testing.assert_allclose(read_grid(flow.result / "my run_curmap.asc"), [[2, 2, 3, 1, 1]], atol=1e-8)


def test_unit_currents_and_direct_grounds(run, flow):
    run("circuitscapeini", INPUT=flow(use_unit_currents=True, use_direct_grounds=True))
    np.testing.assert_allclose(read_grid(flow.result / "my run_voltmap.asc"), [[0, 0.5, 1, 0.5, 0]], atol=1e-8)


def test_reclassified(run, flow):
    (flow.folder / "reclass.txt").write_text("1 2\n")
    run("circuitscapeini", INPUT=flow(use_reclass_table=True, reclass_file="reclass.txt", use_direct_grounds=True))
    np.testing.assert_allclose(read_grid(flow.result / "my run_voltmap.asc"), [[0, 3, 6, 3, 0]], atol=1e-8)


def test_network(run, tmp_path):
    # two ways of 2 ohms from 1 to 3, one of them two parallel links of 4 ohms; 9 and 10 lie apart
    (tmp_path / "links.txt").write_text("1 2 1\n3 2 1\n1,3,4\n1 3 4\n9 10 1\n")
    (tmp_path / "nodes.txt").write_text("3\n1\n9\n")
    options = {
        "data_type": "network",
        "scenario": "pairwise",
        "habitat_file": "links.txt",
        "point_file": "nodes.txt",
        "output_file": "net.out",
        "write_cur_maps": True,
        "write_volt_maps": True,
    }
    run("circuitscapeini", INPUT=write_ini(tmp_path / "net.ini", **options))
    assert (tmp_path / "net_resistances_3columns.out").read_text() == "1 3 1\n1 9 -1\n3 9 -1\n"
    # the files of a pair list the nodes of its part of the network only, the sums all
    np.testing.assert_allclose(
        np.loadtxt(tmp_path / "net_node_currents_1_3.txt"), [[1, 1], [2, 0.5], [3, 1]], rtol=1e-9
    )
    volts = np.loadtxt(tmp_path / "net_voltages_1_3.txt")
    np.testing.assert_allclose(volts, [[1, 0], [2, 0.5], [3, 1]], atol=1e-9)
    branches = np.loadtxt(tmp_path / "net_branch_currents_1_3.txt")
    np.testing.assert_allclose(branches, [[1, 2, 0.5], [1, 3, 0.5], [2, 3, 0.5]], rtol=1e-9)
    nodes = np.loadtxt(tmp_path / "net_node_currents_cum.txt")
    np.testing.assert_allclose(nodes, [[1, 1], [2, 0.5], [3, 1], [9, 0], [10, 0]], atol=1e-9)
    assert not list(tmp_path.glob("*_1_9*"))
    # without the pair
    (tmp_path / "pairs.txt").write_text("mode\texclude\n3 1\n")
    options.update(use_included_pairs=True, included_pairs_file="pairs.txt", output_file="less.out")
    run("circuitscapeini", INPUT=write_ini(tmp_path / "net.ini", **options))
    assert (tmp_path / "less_resistances_3columns.out").read_text() == "1 3 -1\n1 9 -1\n3 9 -1\n"
    # with the pair only: node 9 is not named, and so is out
    (tmp_path / "pairs.txt").write_text("mode\tinclude\n3 1\n")
    run("circuitscapeini", INPUT=write_ini(tmp_path / "net.ini", **options))
    assert (tmp_path / "less_resistances_3columns.out").read_text() == "1 3 1\n"


@pytest.mark.parametrize(
    ("options", "volts", "currents"),
    [
        ({}, [0, 2.25, 1.5], [2.25, 3, 0.75]),
        # 1 A, divided evenly between two ends at 0 V
        ({"use_unit_currents": True, "use_direct_grounds": True}, [0, 0.5, 0], [0.5, 1, 0.5]),
        # 0 siemens is no ground, 2 siemens are half an ohm
        ({"ground_file_is_resistances": False}, [4.5, 4.5, 1.5], [0, 3, 3]),
    ],
)
def test_network_advanced(run, tmp_path, options, volts, currents):
    # 3 A into the middle of 5 - 6 - 7; 5 is held at 0 V, 7 grounded through 2 ohms
    (tmp_path / "links.txt").write_text("5 6 1\n6 7 1\n")
    (tmp_path / "sources.txt").write_text("6 1\n6 2\n")
    (tmp_path / "grounds.txt").write_text("5 0\n7 2\n")
    files = {"habitat_file": "links.txt", "source_file": "sources.txt", "ground_file": "grounds.txt"}
    ini = {"data_type": "network", "scenario": "advanced", "output_file": "net.out", **files, **options}
    ini.update(write_cur_maps=True, write_volt_maps=True)
    run("circuitscapeini", INPUT=write_ini(tmp_path / "net.ini", **ini))
    names = [5, 6, 7]
    np.testing.assert_allclose(np.loadtxt(tmp_path / "net_voltages.txt"), np.c_[names, volts], atol=1e-9)
    np.testing.assert_allclose(np.loadtxt(tmp_path / "net_node_currents.txt"), np.c_[names, currents], atol=1e-9)


@pytest.mark.parametrize("value", ["-3", "0", "inf", "nan"])
def test_network_links_need_a_finite_value_above_0(run, tmp_path, value):
    from qgis.core import QgsProcessingException

    (tmp_path / "net.txt").write_text(f"1 2 {value}\n")
    (tmp_path / "focal.txt").write_text("1\n2\n")
    files = {"habitat_file": tmp_path / "net.txt", "point_file": tmp_path / "focal.txt", "output_file": "net.out"}
    ini = write_ini(tmp_path / "net.ini", data_type="network", scenario="pairwise", **files)
    with pytest.raises(QgsProcessingException, match=f"holds the value {value}; every link must have a finite one"):
        run("circuitscapeini", INPUT=ini, OUTPUT_FOLDER=str(tmp_path))


def test_network_nodes_that_are_not_there(run, tmp_path):
    from qgis.core import QgsProcessingException

    (tmp_path / "links.txt").write_text("1 2 1\n2 4 1\n")
    (tmp_path / "nodes.txt").write_text("1\n3\n5\n")
    files = {"habitat_file": "links.txt", "point_file": "nodes.txt", "output_file": "net.out"}
    ini = write_ini(tmp_path / "net.ini", data_type="network", scenario="pairwise", **files)
    with pytest.raises(QgsProcessingException, match=r"names 2 node\(s\) that no link of the network has, such as 3"):
        run("circuitscapeini", INPUT=ini)


def test_strengths(run, row):
    (row.folder / "points.txt").write_text("1 11 21\n2 15 21\n3 19 21\n")
    (row.folder / "strengths.txt").write_text("2\t2\n1\t5\n")
    options = {"use_variable_source_strengths": True, "variable_source_file": "strengths.txt", "write_volt_maps": True}
    feedback = listening()
    run("circuitscapeini", feedback, INPUT=row(scenario="one-to-all", **options))
    results = row.folder / "结果"
    assert (results / "my run_resistances.out").read_text() == "1 2\n2 1\n3 2\n"
    np.testing.assert_allclose(read_grid(results / "my run_curmap_2.asc"), [[1, 1, 2, 1, 1]], atol=1e-9)
    assert "no strength for 3; 1 A is taken" in "\n".join(feedback.warnings)
    run("circuitscapeini", INPUT=row(scenario="all-to-one", **options))
    assert (results / "my run_resistances.out").read_text() == "1 0\n2 0\n3 0\n"
    np.testing.assert_allclose(read_grid(results / "my run_voltmap_1.asc"), [[0, 3, 6, 7, 8]], atol=1e-9)
    np.testing.assert_allclose(read_grid(results / "my run_curmap_1.asc"), [[3, 3, 3, 1, 1]], atol=1e-9)


@pytest.mark.parametrize("scenario", ["one-to-all", "all-to-one"])
def test_nodes_without_partner(run, row, scenario):
    (row.folder / "points.txt").write_text("1 11 21\n2 13 21\n3 17 21\n4 19 21\n")
    (row.folder / "电阻 grid.asc").write_text(ROW.format("1 1 -1 1 1"))
    # 3 could exchange current with 1 but is cut off from it, 4 may not exchange current with any other
    (row.folder / "pairs.txt").write_text("mode exclude\n4 1\n4 2\n4 3\n")
    run("circuitscapeini", INPUT=row(scenario=scenario, use_included_pairs=True, included_pairs_file="pairs.txt"))
    solved = 1 if scenario == "one-to-all" else 0
    results = row.folder / "结果"
    assert (results / "my run_resistances.out").read_text() == f"1 {solved}\n2 {solved}\n3 -1\n4 -1\n"
    assert {path.name for path in results.iterdir() if "_curmap_" in path.name} == {
        f"my run_curmap_{number}.asc" for number in (1, 2, 3)
    }
    np.testing.assert_array_equal(read_grid(results / "my run_curmap_3.asc"), np.zeros((1, 5)))
    np.testing.assert_allclose(read_grid(results / "my run_cum_curmap.asc"), [[2, 2, 0, 0, 0]], atol=1e-9)


def listening(cancel_at=None):
    """Return a feedback that notes warnings, and cancels when a text is said."""
    from qgis.core import QgsProcessingFeedback

    class Feedback(QgsProcessingFeedback):
        def __init__(self):
            super().__init__(False)
            self.warnings = []

        def pushWarning(self, text):
            self.warnings.append(text)

        def pushInfo(self, text):
            if cancel_at and cancel_at in text:
                self.cancel()

    return Feedback()


def test_options_without_effect_are_named(run, row):
    feedback = listening()
    run("circuitscapeini", feedback, INPUT=row(write_curmaps=True, use_direct_grounds=True))
    said = "\n".join(feedback.warnings)
    assert "'write_curmaps'" in said
    assert "Is 'write_cur_maps' meant?" in said
    assert "'use_direct_grounds' has no effect" in said


def test_focal_nodes_on_nodata_are_named(run, row):
    (row.folder / "points.txt").write_text("1 11 21\n2 13 21\n3 19 21\n")
    (row.folder / "电阻 grid.asc").write_text(ROW.format("1 1 1 1 -1"))
    feedback = listening()
    run("circuitscapeini", feedback, INPUT=row())
    assert (row.folder / "结果" / "my run_resistances_3columns.out").read_text() == "1 2 1\n1 3 -1\n2 3 -1\n"
    assert "3 (nearest valid cell at 17, 21)" in "\n".join(feedback.warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"habitat_file": "gone.asc"}, "gone.asc cannot be read"),
        ({"scenario": "pairwize"}, "'scenario' must be one of"),
        ({"data_type": "network", "scenario": "one-to-all"}, "pairwise and advanced mode only"),
        ({"use_mask": True}, "'mask_file' is missing, though use_mask is true"),
        ({"habitat_map_is_resistances": "resistances"}, "must be True or False, not 'resistances'"),
        ({"write_cur_maps": "False"}, "'write_cur_maps' is given twice"),
        ({"use_polygons": True, "polygon_file": "other.asc"}, "do not lie on the same grid"),
        ({"point_file": "outside.txt"}, "1 points outside the raster"),
        ({"habitat_file": "short.asc"}, "holds 4 numbers, but its header says 1 x 5"),
        ({"habitat_file": "broken.tif"}, "cannot be read as a GeoTIFF"),
        ({"habitat_file": "array.npy"}, "is a NumPy array"),
        ({"habitat_file": "zero.asc"}, "Resistance must be greater than 0"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(run, row, options, message):
    from qgis.core import QgsProcessingException

    (row.folder / "other.asc").write_text(ROW.format("1 1 1 1 1").replace("10", "12"))
    (row.folder / "short.asc").write_text(ROW.format("1 1 1 1"))
    (row.folder / "broken.tif").write_bytes(b"II*\0 and no more")
    (row.folder / "array.npy").write_bytes(b"\x93NUMPY and no more")
    (row.folder / "zero.asc").write_text(ROW.format("1 1 0 1 1"))
    (row.folder / "outside.txt").write_text("1 11 21\n2 99 21\n")
    before = sorted(row.folder.iterdir())
    ini = row(**options)
    with pytest.raises(QgsProcessingException, match=message):
        run("circuitscapeini", INPUT=ini)
    assert sorted(row.folder.iterdir()) == sorted([*before, row.folder / "运行 it.ini"])


def test_missing_ini(run, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException):
        run("circuitscapeini", INPUT=str(tmp_path / "none.ini"))


@pytest.mark.parametrize("moment", ["before", "among the maps"])
def test_cancel_leaves_nothing(run, row, monkeypatch, moment):
    from ecosecnet.algorithms.corridors.circuitscape.files import Outputs
    from qgis.core import QgsProcessingException

    feedback = listening(cancel_at="Needs about" if moment == "before" else None)
    written = []
    write = Outputs.grid

    def write_and_cancel(self, name, values, like):
        write(self, name, values, like)
        written.append(name)
        feedback.cancel()

    monkeypatch.setattr(Outputs, "grid", write_and_cancel)
    ini = row(write_volt_maps=True)
    before = sorted(row.folder.iterdir())
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        run("circuitscapeini", feedback, INPUT=ini)
    assert len(written) == (0 if moment == "before" else 1)
    assert sorted(row.folder.iterdir()) == before


def test_files_of_an_earlier_run_stay_when_one_fails(run, row):
    from qgis.core import QgsProcessingException

    run("circuitscapeini", INPUT=row())
    results = {path.name: path.read_bytes() for path in (row.folder / "结果").iterdir()}
    (row.folder / "points.txt").write_text("1 11 21\n")
    with pytest.raises(QgsProcessingException, match="at least two focal nodes"):
        run("circuitscapeini", INPUT=row())
    assert {path.name: path.read_bytes() for path in (row.folder / "结果").iterdir()} == results


@pytest.mark.parametrize(("average", "resistance"), [(True, "2"), (False, "1.5")])
def test_averages(run, row, average, resistance):
    # two cells of 1 and 3 ohms: the mean of the resistances, or one over the mean of the conductances
    (row.folder / "points.txt").write_text("1 11 21\n2 13 21\n")
    (row.folder / "电阻 grid.asc").write_text(ROW.format("1 3 -1 -1 -1"))
    run("circuitscapeini", INPUT=row(connect_using_avg_resistances=average))
    assert (row.folder / "结果" / "my run_resistances_3columns.out").read_text() == f"1 2 {resistance}\n"
