"""The moving window tool in a real QGIS."""

import numpy as np
import pytest
from ecosecnet.core import circuit
from layerio import read_raster

pytestmark = pytest.mark.qgis


@pytest.fixture
def values():
    rng = np.random.default_rng(3)
    resistance = np.exp(rng.normal(size=(16, 21))).astype(np.float32)
    resistance[5, 6:9] = -9
    return {
        "RESISTANCE": resistance,
        "STRENGTH": rng.random((16, 21)).astype(np.float32),
        "CONDITION1": rng.normal(size=(16, 21)).astype(np.float32),
        "CONDITION1_FUTURE": rng.normal(size=(16, 21)).astype(np.float32),
        "CONDITION2": rng.integers(1, 4, (16, 21)).astype(np.float32),
    }


@pytest.fixture
def layers(values, raster):
    return {name: raster(name, cells, nodata=-9) for name, cells in values.items()}


@pytest.fixture
def ready(layers):
    inputs = {name: layers[name] for name in ("RESISTANCE", "STRENGTH")}
    return {**inputs, "RADIUS": 4, "CURRENT": "TEMPORARY_OUTPUT"}


def as_read(values):
    resistance = values["RESISTANCE"].astype(float)
    resistance[resistance == -9] = np.nan
    return resistance


def close(path, expected):
    got, _ = read_raster(path)
    np.testing.assert_allclose(np.where(got == -9999, np.nan, got), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("flags", "mended"),
    [
        ({}, (False, False)),
        ({"CLEAR_OWN_BLOCK": True}, (True, False)),
        ({"MOVE_TARGETS": True}, (False, True)),
        ({"COMPATIBLE": False, "CORRECT_BLOCKS": False}, (True, True)),
    ],
    ids=str,
)
def test_all_parameters_reach_the_core(run, ready, layers, values, flags, mended):
    outputs = dict.fromkeys(("NORMALISED", "FLOW_POTENTIAL"), "TEMPORARY_OUTPUT")
    conditions = {name: layers[name] for name in layers if name.startswith("CONDITION")}
    out = run(
        "omniscape",
        **{**ready, **outputs, **conditions},
        BLOCK_SIZE=2,
        BUFFER=1,
        NEIGHBOURS=1,
        AVERAGE=1,
        THRESHOLD=0.1,
        CONDITION1_COMPARE=0,
        CONDITION1_LOWER=-1.0,
        CONDITION1_UPPER=1.5,
        CONDITION2_COMPARE=1,
        **flags,
    )
    flow = circuit.omniscape(
        as_read(values),
        values["STRENGTH"],
        radius=4,
        block_size=3,
        buffer=1,
        neighbours=4,
        average="resistance",
        threshold=0.1,
        conditions=[
            circuit.Condition(values["CONDITION1"], values["CONDITION1_FUTURE"], "within", -1.0, 1.5),
            circuit.Condition(values["CONDITION2"], compare="equal"),
        ],
        flow_potential=True,
        correct_blocks=flags.get("CORRECT_BLOCKS", True),
        clear_own_block=mended[0],
        move_targets=mended[1],
    )
    close(out["CURRENT"], flow.current)
    close(out["NORMALISED"], flow.normalised)
    close(out["FLOW_POTENTIAL"], flow.potential)
    assert out["WINDOWS"] == flow.windows == 35


def test_one_limit_is_enough(run, ready, layers, values):
    out = run("omniscape", **ready, CONDITION1=layers["CONDITION1"], CONDITION1_UPPER=0.5)
    condition = circuit.Condition(values["CONDITION1"], lower=-np.inf, upper=0.5)
    expected = circuit.omniscape(as_read(values), values["STRENGTH"], radius=4, conditions=[condition]).current
    close(out["CURRENT"], expected)


def test_strength_from_conductances(run, ready, values, raster):
    resistance = as_read(values)
    path = raster("conductance", np.where(np.isnan(resistance), -9, 1 / resistance).astype(np.float32), nodata=-9)
    del ready["STRENGTH"]
    out = run("omniscape", **{**ready, "RESISTANCE": path}, INPUT_IS=1, CUTOFF=1.5)
    close(out["CURRENT"], circuit.omniscape(resistance, radius=4, cutoff=1.5).current)
    assert "NORMALISED" not in out


def test_log_says_the_radius_in_metres_and_what_could_not_flow(run, ready):
    run("omniscape", **ready, BLOCK_SIZE=4, CLEAR_OWN_BLOCK=True)
    text = run.feedback.textLog()
    assert "4 cells is 120 m" in text
    assert "raised to 5 cells" in text
    assert "could not flow" in text
    assert "Needs about" in text


def test_degrees_are_let_pass_with_a_warning(run, ready, values, raster):
    where = {"cell": 0.001, "left": 105.0, "top": 26.5, "crs": "EPSG:4326", "nodata": -9}
    for name in ("RESISTANCE", "STRENGTH"):
        ready[name] = raster(f"{name} degrees", values[name], **where)
    run("omniscape", **ready, BLOCK_SIZE=5)
    assert "in degrees" in run.feedback.textLog()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RADIUS": 0}, r"'Radius \(cells\)' \(RADIUS\) is 0; it must be 1 or more"),
        ({"BLOCK_SIZE": 9}, "Blocks of 9 x 9 cells leave no source"),
        ({"BLOCK_SIZE": 17, "RADIUS": 30}, "There is no source"),
        ({"THRESHOLD": 2.0}, "There is no source"),
        ({"CUTOFF": 2.0}, "CUTOFF"),
        ({"CONDITION2_FUTURE": "RESISTANCE"}, "belongs to CONDITION2"),
        ({"CONDITION1": "CONDITION1", "CONDITION1_LOWER": 1.0, "CONDITION1_UPPER": 0.0}, "above the upper"),
        ({"CONDITION1": "CONDITION1"}, "CONDITION1 needs CONDITION1_LOWER"),
        ({"CONDITION1": "CONDITION1", "CONDITION1_LOWER": 1.0, "CONDITION1_COMPARE": 1}, "which is not asked for"),
        ({"CONDITION2_UPPER": 1.0}, "limit a difference of CONDITION2"),
        ({"CONDITION1": "CONDITION1", "CONDITION1_LOWER": 90.0, "CONDITION1_UPPER": 91.0}, "nothing flows"),
    ],
)
def test_bad_input(run, ready, layers, change, message, tmp_path):
    change = {name: layers.get(value, value) for name, value in change.items()}
    path = tmp_path / "结果 一" / "current.tif"
    with pytest.raises(Exception, match=message):
        run("omniscape", **{**ready, **change, "CURRENT": str(path)})
    assert not path.exists()


def test_negative_strengths_and_other_grids(run, ready, raster, values):
    with pytest.raises(Exception, match="must not be negative; the smallest is -2"):
        run("omniscape", **{**ready, "STRENGTH": raster("bad", values["STRENGTH"] * 0 - 2)})
    with pytest.raises(Exception, match="do not lie on the same grid"):
        run("omniscape", **{**ready, "STRENGTH": raster("small", values["STRENGTH"][:5])})


def test_cells_that_are_not_square(run, ready, values, tmp_path):
    from osgeo import gdal

    for name in ("RESISTANCE", "STRENGTH"):
        dataset = gdal.Open(ready[name], gdal.GA_Update)
        dataset.SetGeoTransform((500_000, 30, 0, 2_900_000, 0, -60))
        del dataset
    run("omniscape", **ready)
    assert "30 x 60 map units" in run.feedback.textLog()


def test_cancelling_leaves_nothing(run, ready, tmp_path):
    from qgis.core import QgsProcessingFeedback

    class Impatient(QgsProcessingFeedback):
        def pushInfo(self, text):
            if "windows of up to" in text:
                self.cancel()

    path = tmp_path / "current.tif"
    with pytest.raises(Exception, match="Cancelled"):
        run("omniscape", feedback=Impatient(False), **{**ready, "CURRENT": str(path)})
    assert not path.exists()
