"""The MSPA tool in a real QGIS."""

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

FOREST = np.ones((20, 30), np.uint8)
FOREST[2:9, 2:9] = FOREST[2:9, 14:22] = 2
FOREST[5, 9:14] = 2
FOREST[16, 3:6] = 2
FOREST[18:, 28:] = 0


@pytest.fixture
def forest(raster):
    return raster("forest", FOREST, nodata=0)


def outputs(tmp_path, *names):
    ends = {"OUTPUT": "tif", "CLASSES": "tif", "STATISTICS": "gpkg", "PROFILE": "gpkg", "PROFILE_CHART": "html"}
    return {name: str(tmp_path / f"{name.lower()}.{ends[name]}") for name in names}


def test_codes_classes_statistics_and_numbers_agree(run, forest, tmp_path):
    from ecosecnet.core.mspa import mspa, seven_classes

    out = run("mspa", INPUT=forest, **outputs(tmp_path, "OUTPUT", "CLASSES", "STATISTICS"))
    codes, nodata = read_raster(out["OUTPUT"])
    np.testing.assert_array_equal(codes, mspa(FOREST))
    assert nodata == 129
    classes, nodata = read_raster(out["CLASSES"])
    np.testing.assert_array_equal(classes, seven_classes(codes, transition=False))
    assert nodata == 255
    rows = {row["class"]: row for row in read_table(out["STATISTICS"])}
    cells = {"Core": 25 + 30, "Islet": 3, "Edge": 24 + 26, "Bridge": 5, "Loop": 0, "Branch": 0, "Perforation": 0}
    assert {name: rows[name]["cells"] for name in cells} == cells
    assert (rows["Core"]["patches"], rows["Bridge"]["patches"], rows["Missing"]["cells"]) == (2, 1, 4)
    assert rows["Core"]["area_ha"] == pytest.approx(55 * 0.09)
    assert rows["Core"]["foreground_pct"] == pytest.approx(100 * 55 / 113)
    assert rows["Core"]["landscape_pct"] == pytest.approx(100 * 55 / 596)
    assert out["FOREGROUND_HA"] == pytest.approx(113 * 0.09)
    assert out["CORE_HA"] == pytest.approx(55 * 0.09)


def test_transition_changes_the_colours_and_nothing_else(run, forest, tmp_path):
    from osgeo import gdal

    def made(transition):
        folder = tmp_path / str(transition)
        folder.mkdir()
        out = run("mspa", INPUT=forest, TRANSITION=transition, **outputs(folder, "OUTPUT", "CLASSES"))
        dataset = gdal.Open(out["OUTPUT"])
        table = dataset.GetRasterBand(1).GetColorTable()
        colours = {code: table.GetColorEntry(code)[:3] for code in (17, 35)}
        return dataset.ReadAsArray(), colours, read_raster(out["CLASSES"])[0]

    codes, colours, classes = made(True)
    plain_codes, plain_colours, plain_classes = made(False)
    np.testing.assert_array_equal(codes, plain_codes)
    np.testing.assert_array_equal(classes, plain_classes)
    assert (codes == 35).any()
    assert colours == {17: (0, 200, 0), 35: (255, 0, 0)}
    assert plain_colours == {17: (0, 200, 0), 35: (0, 0, 0)}


def test_legend_has_the_names_of_the_codes_that_occur(run, forest, tmp_path, qgis):
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
        QgsRasterLayer,
    )

    context, project = QgsProcessingContext(), QgsProject()
    context.setProject(project)
    target = str(tmp_path / "codes.tif")
    parameters = {"INPUT": forest, "OUTPUT": QgsProcessingOutputLayerDefinition(target, project)}
    qgis.run("ecosecnet:mspa", parameters, context=context, feedback=QgsProcessingFeedback(False))
    layer = QgsRasterLayer(target, "codes")
    context.layerToLoadOnCompletionDetails(target).postProcessor().postProcessLayer(layer, context, None)
    names = {entry.value: entry.label for entry in layer.renderer().classes()}
    assert names == {17: "Core", 9: "Islet", 3: "Edge", 33: "Bridge", 35: "Bridge in edge", 0: "Background"}


def test_foreground_values_of_a_land_cover_map(run, raster, tmp_path):
    land = np.where(FOREST == 2, 7, np.where(FOREST == 0, 0, 3)).astype(np.uint8)
    out = run("mspa", INPUT=raster("land", land, nodata=0), FOREGROUND="5-8", **outputs(tmp_path, "OUTPUT"))
    from ecosecnet.core.mspa import mspa

    np.testing.assert_array_equal(read_raster(out["OUTPUT"])[0], mspa(FOREST))


def test_four_neighbours_and_no_intext(run, forest, tmp_path):
    from ecosecnet.core.mspa import mspa

    out = run("mspa", INPUT=forest, CONNECTIVITY=1, INTEXT=False, EDGE_WIDTH=2, **outputs(tmp_path, "OUTPUT"))
    np.testing.assert_array_equal(
        read_raster(out["OUTPUT"])[0], mspa(FOREST, connectivity=4, intext=False, edge_width=2)
    )


@pytest.mark.parametrize(("metres", "cells"), [(1, 1), (44, 1), (46, 2), (60, 2), (100, 3)])
def test_edge_width_in_metres_is_the_nearest_number_of_cells(run, forest, tmp_path, metres, cells):
    out = run("mspa", INPUT=forest, EDGE_WIDTH=7, EDGE_WIDTH_METRES=metres, **outputs(tmp_path, "OUTPUT"))
    assert out["EDGE_WIDTH_CELLS"] == cells
    assert f"is {cells} cell(s) of 30 m" in run.feedback.textLog()


def test_profile_table_and_chart(run, forest, tmp_path):
    out = run("mspa", INPUT=forest, PROFILE_WIDEST=4, **outputs(tmp_path, "OUTPUT", "PROFILE", "PROFILE_CHART"))
    rows = read_table(out["PROFILE"])
    assert [row["edge_width"] for row in rows] == [1, 2, 3, 4]
    assert [row["edge_m"] for row in rows] == [30, 60, 90, 120]
    core = [row["core_ha"] for row in rows]
    assert core == pytest.approx([55 * 0.09, (9 + 12) * 0.09, (1 + 2) * 0.09, 0])
    for row in rows:
        areas = [value for name, value in row.items() if name.endswith("_ha")]
        assert len(areas) == 7
        assert sum(areas) == pytest.approx(out["FOREGROUND_HA"])
    page = (tmp_path / "profile_chart.html").read_text(encoding="utf-8")
    assert page.count("<rect") == 4 * 7
    assert "4 cell(s), 120 m" in page


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.array([[1, 2], [4, 9]], np.uint8), {}, "not coded 0 missing.*found: 1, 2, 4, 9; this fits CLCD, "),
        (FOREST, {"FOREGROUND": "2,,-"}, "'-' is neither"),
        (FOREST, {"EDGE_WIDTH": 31}, "31 cells is larger than the raster .20 rows, 30 columns"),
        (np.array([[1.5, np.nan]], "f4"), {}, "measured values .fractions such as 1.5"),
        (np.full((3, 3), np.nan, "f4"), {}, "holds only NoData"),
        (FOREST, {"FOREGROUND": "a"}, "'a' is neither"),
    ],
    ids=["codes", "dash", "width", "fractions", "nan", "text"],
)
def test_bad_input_is_told_plainly_and_leaves_no_file(run, raster, tmp_path, values, options, message):
    target = tmp_path / "codes.tif"
    with pytest.raises(Exception, match=message):
        run("mspa", INPUT=raster("bad", values), OUTPUT=str(target), **options)
    assert not target.exists()


def test_degrees_give_the_same_codes_and_approximate_hectares(run, raster, tmp_path):
    plane = run("mspa", INPUT=raster("plane", FOREST), **outputs(tmp_path, "OUTPUT"))
    codes = read_raster(plane["OUTPUT"])[0]
    path = raster("degrees", FOREST, cell=0.001, left=105.0, top=26.0, crs="EPSG:4326")
    out = run("mspa", INPUT=path, **outputs(tmp_path, "OUTPUT", "STATISTICS", "PROFILE", "PROFILE_CHART"))
    np.testing.assert_array_equal(read_raster(out["OUTPUT"])[0], codes)
    assert "hectares are approximate" in run.feedback.textLog()
    # Series for the length of a degree on WGS84 at 25.99 degrees north.
    latitude = np.radians(25.99)
    north = 111132.954 - 559.822 * np.cos(2 * latitude) + 1.175 * np.cos(4 * latitude)
    east = 111412.84 * np.cos(latitude) - 93.5 * np.cos(3 * latitude)
    hectares = north * east * 1e-6 / 1e4
    foreground = int((FOREST == 2).sum())
    assert out["FOREGROUND_HA"] == pytest.approx(foreground * hectares, rel=1e-3)
    assert out["FOREGROUND_HA"] != pytest.approx(plane["FOREGROUND_HA"], rel=0.1)
    assert all(not row["edge_m"] for row in read_table(out["PROFILE"]))
    with pytest.raises(Exception, match="in degrees, where 60 m are not a number of cells"):
        run("mspa", INPUT=path, EDGE_WIDTH_METRES=60, OUTPUT=str(tmp_path / "never.tif"))


@pytest.mark.parametrize("options", [{}, {"FOREGROUND": "8"}])
def test_without_foreground_all_is_background(run, raster, tmp_path, options):
    values = np.ones((6, 7), np.uint8)
    values[2, 3] = 0
    out = run(
        "mspa",
        INPUT=raster("bare", values, nodata=0),
        **options,
        **outputs(tmp_path, "OUTPUT", "STATISTICS", "PROFILE", "PROFILE_CHART"),
    )
    codes = read_raster(out["OUTPUT"])[0]
    assert (codes[values == 1] == 0).all()
    assert codes[2, 3] == 129
    assert "so all of it is background" in run.feedback.textLog()
    assert out["FOREGROUND_HA"] == 0
    shares = {row["class"]: row for row in read_table(out["STATISTICS"])}
    assert shares["Background"]["cells"] == 41
    assert shares["Background"]["landscape_pct"] == 100


def test_all_foreground_and_no_core_are_warned_of(run, raster, tmp_path):
    run("mspa", INPUT=raster("full", np.full((9, 9), 2, np.uint8)), **outputs(tmp_path, "OUTPUT"))
    assert "all of it is core" in run.feedback.textLog()
    thin = np.ones((9, 9), np.uint8)
    thin[4, 2:7] = 2
    out = run("mspa", INPUT=raster("thin", thin), **outputs(tmp_path, "OUTPUT"))
    assert "There is no core" in run.feedback.textLog()
    assert out["CORE_HA"] == 0


def test_memory_is_told_before_the_run(run, forest, tmp_path, monkeypatch):
    from ecosecnet.algorithms.support.run import memory

    run("mspa", INPUT=forest, **outputs(tmp_path, "OUTPUT"))
    assert "Needs about" in run.feedback.textLog()
    monkeypatch.setattr(memory, "available_bytes", lambda: memory._LIBRARIES + 1)
    with pytest.raises(Exception, match="Needs about"):
        run("mspa", INPUT=forest, OUTPUT=str(tmp_path / "other.tif"))


@pytest.mark.parametrize("there", [False, True])
def test_numba_is_told_of_when_it_runs(run, forest, tmp_path, monkeypatch, there):
    from ecosecnet.core.mspa import compiled, regions, segmentation

    plain = regions.label
    monkeypatch.setattr(segmentation, "_WORTH_THINNING", 0)
    monkeypatch.setattr(compiled, "available", lambda: there)
    monkeypatch.setattr(segmentation, "thin", lambda body, *_, accelerate: body)
    monkeypatch.setattr(regions, "label", lambda *given, accelerate: plain(*given))
    run("mspa", INPUT=forest, **outputs(tmp_path, "OUTPUT"))
    assert ("with numba" in run.feedback.textLog()) == there


@pytest.mark.parametrize("questions", [0, 5, 15])
def test_cancelling_at_any_time_leaves_no_file(run, forest, tmp_path, questions):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        asked = 0

        def isCanceled(self):
            self.asked += 1
            return self.asked > questions

    with pytest.raises(Exception, match="Cancelled"):
        run("mspa", Impatient(False), INPUT=forest, OUTPUT=str(tmp_path / "codes.tif"))
    assert not list(tmp_path.glob("codes*"))
