import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

LAND = np.array([[1, 2, 8, 0], [3, 1, 1, 8]], dtype=np.uint8)
CODES = [1, 1, 1, 2, 2, 1.5, 3, 3, 2, 8, 8, 5]
TABLE, NATURAL, QUANTILE, EQUAL = range(4)
NEAR, FAR = range(2)


class Log:
    """A feedback that remembers its warnings."""

    def __new__(cls):
        from qgis.core import QgsProcessingFeedback

        class Feedback(QgsProcessingFeedback):
            def __init__(self):
                super().__init__(False)
                self.warnings = []

            def pushWarning(self, text):
                self.warnings.append(text)

        return Feedback()


@pytest.fixture
def csv(tmp_path):
    def write(name, text):
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def distance(raster):
    values = np.random.default_rng(0).uniform(0, 6000, (30, 40)).astype(np.float32)
    values[0, 0] = -1
    return raster("Distance from road (m)", values, nodata=-1), np.where(values < 0, np.nan, values)


def test_codes_from_the_rows_of_the_dialog(run, raster, tmp_path):
    out = run(
        "scorefactor",
        INPUT=raster("land", LAND, nodata=0),
        SCORES=CODES,
        OUTPUT=str(tmp_path / "s.tif"),
        TABLE=str(tmp_path / "t.gpkg"),
    )
    cells, nodata = read_raster(out["OUTPUT"])
    assert cells.tolist() == [[1, 1.5, 5, nodata], [2, 1, 1, 5]]
    rows = read_table(out["TABLE"])
    assert [row["cells"] for row in rows] == [3, 1, 1, 2]
    assert sum(row["share"] for row in rows) == pytest.approx(100)
    assert rows[0]["area_ha"] == pytest.approx(3 * 0.09)


@pytest.mark.parametrize("scores", [[str(c) for c in CODES], ["1,0" if c == 1 else str(c) for c in CODES]])
def test_rows_given_as_texts(run, raster, tmp_path, scores):
    out = run("scorefactor", INPUT=raster("land", LAND, nodata=0), SCORES=scores, OUTPUT=str(tmp_path / "s.tif"))
    assert read_raster(out["OUTPUT"])[0][0, 2] == 5


def test_one_factor_of_a_table_with_decimal_commas_and_names(run, raster, csv, tmp_path):
    table = csv(
        "scores",
        "factor;class;value;min;max;score\nLand use;Woodland;1;;;1,5\n;Grass;2;;;2\n;Town;8;;;5\n;Other;3;;;2,5\n"
        "Slope;;;0;10;1\n;;;10;;5\n",
    )
    layer = f"file:///{table}?delimiter=;"
    from qgis.core import QgsVectorLayer

    source = QgsVectorLayer(layer, "scores", "delimitedtext")
    assert source.isValid()
    out = run(
        "scorefactor",
        INPUT=raster("land", LAND, nodata=0),
        SCORES_TABLE=source,
        FACTOR="land use",
        OUTPUT=str(tmp_path / "s.tif"),
    )
    assert read_raster(out["OUTPUT"])[0].tolist() == [[1.5, 2, 5, -1], [2.5, 1.5, 1.5, 5]]
    with pytest.raises(Exception, match=r"no factor 'Roads'.*Land use, Slope"):
        run(
            "scorefactor",
            INPUT=raster("land", LAND, nodata=0),
            SCORES_TABLE=source,
            FACTOR="Roads",
            OUTPUT=str(tmp_path / "t.tif"),
        )


def test_a_csv_with_open_ranges(run, distance, csv, tmp_path):
    path, values = distance
    table = csv("scores", "min,max,score\n,500,5\n500,2271,3\n2271,,1\n")
    out = run("scorefactor", INPUT=path, SCORES_TABLE=table, OUTPUT=str(tmp_path / "s.tif"))
    expected = np.select([np.isnan(values), values <= 500, values <= 2271], [-1, 5, 3], 1)
    np.testing.assert_array_equal(read_raster(out["OUTPUT"])[0], expected)


@pytest.mark.parametrize("method", [NATURAL, QUANTILE, EQUAL])
def test_classes_made_from_the_values(run, distance, tmp_path, method):
    path, values = distance
    results = []
    for direction in (NEAR, FAR):
        out = run(
            "scorefactor",
            INPUT=path,
            METHOD=method,
            CLASSES=4,
            DIRECTION=direction,
            OUTPUT=str(tmp_path / f"{direction}.tif"),
        )
        results.append(read_raster(out["OUTPUT"])[0])
    near, far = results
    valid = ~np.isnan(values)
    np.testing.assert_array_equal(near[valid] + far[valid], 5)
    order = np.argsort(values[valid])
    assert (np.diff(near[valid][order]) <= 0).all()
    assert np.unique(far[valid]).tolist() == [1, 2, 3, 4]
    if method == QUANTILE:
        assert np.ptp(np.unique(far[valid], return_counts=True)[1]) <= 1


def test_own_scores_for_the_classes(run, distance, tmp_path):
    out = run(
        "scorefactor",
        INPUT=distance[0],
        METHOD=EQUAL,
        CLASSES=3,
        DIRECTION=FAR,
        CLASS_SCORES="1 50 100",
        OUTPUT=str(tmp_path / "s.tif"),
    )
    assert np.unique(read_raster(out["OUTPUT"])[0]).tolist() == [-1, 1, 50, 100]


@pytest.mark.parametrize("curve", [5, 6, 7])
def test_resistance_from_suitability(run, raster, tmp_path, curve):
    from ecosecnet.core.choices import SuitabilityCurve
    from ecosecnet.core.resistance.suitability import suitability_to_resistance

    values = np.linspace(0, 100, 600).reshape(20, 30).astype(np.float32)
    values[0, :2] = [-9999, 120]
    log = Log()
    out = run(
        "scorefactor",
        feedback=log,
        INPUT=raster("suitability", values, nodata=-9999),
        METHOD=curve,
        BEST=100,
        LARGEST=50,
        SHAPE=8,
        OUTPUT=str(tmp_path / "r.tif"),
    )
    cells, nodata = read_raster(out["OUTPUT"])
    known = values != -9999
    expected = suitability_to_resistance(values, curve=list(SuitabilityCurve)[curve - 5], shape=8, best=100, largest=50)
    np.testing.assert_allclose(cells[known], expected[known], rtol=1e-6)
    assert cells[0, 0] == nodata
    assert (cells[0, 1], cells[0, 2]) == (pytest.approx(1), pytest.approx(expected[0, 2]))
    assert any("1 cells (0.2 %) lie beyond" in text for text in log.warnings)


def test_the_linter_speaks_up(run, raster, distance, tmp_path):
    log = Log()
    run("scorefactor", feedback=log, INPUT=distance[0], METHOD=EQUAL, DIRECTION=FAR, OUTPUT=str(tmp_path / "a.tif"))
    assert any("usually falls" in text for text in log.warnings)
    log = Log()
    run(
        "scorefactor",
        feedback=log,
        INPUT=distance[0],
        SCORES=[0, 500, 5, 600, 3000, 3],
        OUTPUT=str(tmp_path / "b.tif"),
    )
    said = " ".join(log.warnings)
    assert "gap from 500 to 600" in said
    assert "the highest class ends at 3000" in said
    assert "are in no class and have no score" in said
    log = Log()
    run(
        "scorefactor",
        feedback=log,
        INPUT=raster("land", LAND, nodata=0),
        SCORES=CODES[:9],
        OUTPUT=str(tmp_path / "c.tif"),
    )
    assert any("values that have no score: 8" in text for text in log.warnings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "no scores"),
        ({"SCORES": [1043, 1032, 2, 0, 5, 1]}, "1043 to 1032 .* runs backwards"),
        ({"SCORES": [30, 500, 1, 0, 888, 2]}, "overlap from 30 to 500"),
        ({"SCORES": [0, 500, 0]}, "must be above 0"),
        ({"SCORES": [0, "abc", 1]}, "Row 1, column 'max': 'abc' is not a number"),
        ({"SCORES": [0, 500]}, "2 cells; give 3 in each row"),
        ({"SCORES": [90000, 99999, 1]}, "falls in a class"),
        ({"SCORES": [0, 500, 1], "METHOD": NATURAL}, "Choose one of the two"),
        ({"METHOD": 5, "LARGEST": 1}, "above 1, not 1"),
        ({"METHOD": 5, "TABLE": "TEMPORARY_OUTPUT"}, "has no classes"),
        ({"METHOD": EQUAL, "CLASS_SCORES": "1 2"}, "5 classes but 2 scores"),
    ],
)
def test_bad_input_gets_a_sentence_and_no_file(run, distance, tmp_path, options, words):
    target = tmp_path / "s.tif"
    with pytest.raises(Exception, match=words):
        run("scorefactor", INPUT=distance[0], OUTPUT=str(target), **options)
    assert list(tmp_path.glob("s.tif*")) == []
