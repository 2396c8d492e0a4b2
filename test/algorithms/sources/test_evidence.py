import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

RANGE, RANKS, CLASSES, AS_THEY_ARE = range(4)
SHARE, HIGHEST, AT_LEAST = range(3)


@pytest.fixture
def values():
    """Habitat quality, soil loss (whole numbers) and core area, with NoData in the first two."""
    random = np.random.default_rng(2)
    quality = random.random((40, 50)).astype(np.float32)
    loss = random.integers(0, 2000, (40, 50)).astype(np.int32)
    core = (random.random((40, 50)) < 0.3).astype(np.uint8)
    quality[0, :4] = -1
    loss[0, 2:9] = -9
    return quality, loss, core


@pytest.fixture
def evidences(raster, values):
    quality, loss, core = values
    return [raster("quality", quality, nodata=-1), raster("loss", loss, nodata=-9), raster("core", core)]


@pytest.fixture
def expected(values):
    quality, loss, core = (one.astype(float) for one in values)
    missing = (quality < 0) | (loss < 0)
    parts = [np.where(missing, np.nan, one) for one in (quality, loss, core)]
    quality, loss, core = ((one - np.nanmin(one)) / (np.nanmax(one) - np.nanmin(one)) for one in parts)
    return 0.5 * quality + 0.3 * (1 - loss) + 0.2 * core


def cells(path):
    found, nodata = read_raster(path)
    return np.where(found == nodata, np.nan, found)


def test_importance_classes_mask_and_agreement(run, evidences, expected, tmp_path):
    outputs = {name: str(tmp_path / f"{name}.tif") for name in ("OUTPUT", "CLASSES", "MASK", "AGREEMENT")}
    out = run("evidence", EVIDENCE=evidences, WEIGHTS="0.5 0.3 0.2", HIGH_IS_GOOD="yes, no, 1", VALUE=15, **outputs)
    importance, mask = cells(out["OUTPUT"]), cells(out["MASK"])
    np.testing.assert_allclose(importance, expected, atol=3e-7)
    count = int(np.isfinite(expected).sum())
    wanted = round(0.15 * count)
    threshold = np.sort(importance[np.isfinite(importance)])[-wanted]
    np.testing.assert_array_equal(mask, np.where(np.isnan(importance), np.nan, importance >= threshold))
    assert read_raster(out["MASK"])[0].dtype == np.uint8
    assert out["THRESHOLD"] == pytest.approx(threshold)
    assert out["SHARE"] == pytest.approx(100 * wanted / count)
    assert out["AREA_HA"] == pytest.approx(wanted * 0.09)
    assert out["MISSING"] == 9
    classes = cells(out["CLASSES"])
    assert np.nanmin(classes) == 1
    assert np.nanmax(classes) == 5
    assert np.isnan(classes).sum() == 9
    assert np.nanmax(importance[classes == 2]) < np.nanmin(importance[classes == 3])
    agreement = cells(out["AGREEMENT"])
    assert set(np.unique(agreement[mask == 1])) <= {0, 1, 2, 3}
    text = run.feedback.textLog()
    assert "9 cells have no data in some of the evidences (quality in 4, loss in 7)" in text
    assert "Evidences that agree, of 3, in the important cells: " in text


@pytest.mark.parametrize("normalise", [RANGE, RANKS, CLASSES])
def test_empty_weights_are_equal(run, evidences, tmp_path, normalise):
    given = {"EVIDENCE": evidences, "NORMALISE": normalise}
    empty = run("evidence", OUTPUT=str(tmp_path / "a.tif"), **given)
    equal = run("evidence", WEIGHTS="2;2;2", OUTPUT=str(tmp_path / "b.tif"), **given)
    np.testing.assert_array_equal(cells(empty["OUTPUT"]), cells(equal["OUTPUT"]))
    assert "MASK" not in empty
    assert 20 <= round(empty["SHARE"], 1) < 25


def test_weights_from_a_table_by_name(run, evidences, expected, tmp_path):
    table = tmp_path / "w.csv"
    table.write_text("factor,weight\ncore,0.2\nquality,0.5\nloss,0.3\n", encoding="utf-8")
    given = {"EVIDENCE": evidences, "WEIGHTS_TABLE": str(table), "HIGH_IS_GOOD": "1 0 1"}
    out = run("evidence", OUTPUT=str(tmp_path / "o.tif"), **given)
    np.testing.assert_allclose(cells(out["OUTPUT"]), expected, atol=3e-7)


@pytest.mark.parametrize(
    ("rule", "value"),
    [(SHARE, 10), (HIGHEST, 2), (AT_LEAST, 0.6)],
)
def test_the_mask_is_what_the_tool_sources_takes(run, evidences, tmp_path, rule, value):
    found = run(
        "evidence",
        EVIDENCE=evidences,
        NORMALISE=RANKS,
        RULE=rule,
        VALUE=value,
        OUTPUT=str(tmp_path / "o.tif"),
        MASK=str(tmp_path / "mask.tif"),
    )
    sources = run("sources", INPUT=found["MASK"], CORE_VALUES="1", OUTPUT="memory:")
    assert sources["AREA_HA"] == pytest.approx(found["AREA_HA"])
    assert sum(row["core_ha"] for row in read_table(sources["OUTPUT"])) == pytest.approx(found["AREA_HA"])
    assert 0 < found["SHARE"] < 100


def test_a_raster_on_another_grid(run, raster, evidences, tmp_path):
    coarse = raster("coarse", np.random.default_rng(3).random((20, 25)), cell=60.0)
    with pytest.raises(Exception, match="choose a raster for GRID"):
        run("evidence", EVIDENCE=[evidences[0], coarse], OUTPUT=str(tmp_path / "o.tif"))
    given = {"EVIDENCE": [evidences[0], coarse], "GRID": evidences[0]}
    out = run("evidence", OUTPUT=str(tmp_path / "o.tif"), **given)
    assert cells(out["OUTPUT"]).shape == (40, 50)
    assert "'coarse' was resampled onto the grid of 'quality'" in run.feedback.textLog()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"WEIGHTS": "1 2"}, "There are 3 evidences but 2 weights"),
        ({"WEIGHTS": "0 0 0"}, "weights are all 0"),
        ({"WEIGHTS": "1 2 3", "WEIGHTS_TABLE": "quality"}, "numbers and as a table"),
        ({"HIGH_IS_GOOD": "yes no"}, "3 evidences but 2 answers"),
        ({"HIGH_IS_GOOD": "yes, no, maybe"}, "number 3 is 'maybe'"),
        ({"VALUE": 0}, "highest 0 %"),
        ({"RULE": HIGHEST}, "20 of 5 classes"),
        ({"RULE": AT_LEAST}, "at least 20"),
        ({"RULE": AT_LEAST, "VALUE": 1}, "No cell has an importance of at least 1; the highest is 0"),
        ({"NORMALISE": AS_THEY_ARE}, "'loss' goes from .*between 0 and 1"),
        ({"EVIDENCE": "flat"}, "'flat' has one value only, 7,.*fill that with 0 first"),
        ({"EVIDENCE": "elsewhere"}, "no cell in which all evidences have data"),
    ],
)
def test_refusals(run, raster, evidences, tmp_path, change, message):
    flat = raster("flat", np.full((40, 50), 7, dtype=np.uint8))
    left = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    right = left.copy()
    left[:, 20:], right[:, :20] = -1, -1
    halves = [raster("left", left, nodata=-1), raster("right", right, nodata=-1)]
    others = {"flat": [evidences[0], flat], "elsewhere": halves}
    change = {**change, "EVIDENCE": others.get(change.get("EVIDENCE"), evidences)}
    if "WEIGHTS_TABLE" in change:
        table = tmp_path / "w.csv"
        table.write_text("factor,weight\ncore,1\n", encoding="utf-8")
        change["WEIGHTS_TABLE"] = str(table)
    output = tmp_path / "out.tif"
    with pytest.raises(Exception, match=message):
        run("evidence", OUTPUT=str(output), **change)
    assert not output.exists()


def test_ties_are_kept_and_counted(run, evidences, tmp_path):
    out = run("evidence", EVIDENCE=[evidences[2]], VALUE=10, OUTPUT=str(tmp_path / "o.tif"))
    core = read_raster(evidences[2])[0]
    assert out["SHARE"] == pytest.approx(100 * core.mean())
    assert f"200 cells were asked for and {core.sum()} are kept" in run.feedback.textLog()


def test_layers_have_names_and_styles(qgis, evidences, tmp_path):
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback, QgsProject
    from qgis.core import QgsProcessingOutputLayerDefinition as Output

    project = QgsProject.instance()
    project.clear()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(project)
    tool = QgsApplication.processingRegistry().createAlgorithmById("ecosecnet:evidence")
    names = ("OUTPUT", "CLASSES", "MASK", "AGREEMENT")
    outputs = {name: Output(str(tmp_path / f"{name}.tif"), project) for name in names}
    _, ok = tool.run({"EVIDENCE": evidences, **outputs}, context, feedback)
    assert ok
    assert handleAlgorithmResults(tool, context, feedback=feedback)
    layers = {layer.name(): layer for layer in project.mapLayers().values()}
    assert set(layers) == {"Ecological importance", "Classes of importance", "Important cells", "Agreeing evidences"}
    assert layers["Ecological importance"].renderer().type() == "singlebandpseudocolor"
    rest = {name: layer for name, layer in layers.items() if name != "Ecological importance"}
    legends = {name: [one.label for one in layer.renderer().classes()] for name, layer in rest.items()}
    assert legends["Important cells"] == ["Other land", "Important"]
    assert legends["Agreeing evidences"] == [f"{k} of 3 evidences" for k in range(4)]
    assert [one.partition(" (")[0] for one in legends["Classes of importance"]] == ["1", "2", "3", "4", "5"]
    project.clear()
