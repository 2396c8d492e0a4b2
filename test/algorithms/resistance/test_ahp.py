import numpy as np
import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

HOUSE_ROWS = """
1,5,3,7,6,6,1/3,1/4
1/5,1,1/3,5,3,3,1/5,1/7
1/3,3,1,6,3,4,6,1/5
1/7,1/5,1/6,1,1/3,1/4,1/7,1/8
1/6,1/3,1/3,3,1,1/2,1/5,1/6
1/6,1/3,1/4,4,2,1,1/5,1/6
3,5,1/6,7,5,5,1,1/2
4,7,5,8,6,6,2,1
"""
HOUSE = ",".join(HOUSE_ROWS.split()).split(",")


@pytest.fixture
def csv(tmp_path):
    def write(name, text):
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def weights(out):
    return {row["factor"]: row["weight"] for row in read_table(out["WEIGHTS"])}


def test_the_default_matrix_gives_the_weights_of_the_study(run, tmp_path):
    out = run("ahp", WEIGHTS=str(tmp_path / "w.gpkg"))
    found = weights(out)
    assert list(found) == ["Land use", "Elevation", "Slope", "Distance from road", "Distance to mining area"]
    np.testing.assert_allclose(list(found.values()), np.array([0.35, 0.1, 0.1, 0.25, 0.25]) / 1.05, atol=0.012)
    assert sum(found.values()) == pytest.approx(1.0)
    assert 0 < out["CR"] < 0.1


def test_the_published_example_of_saaty(run, tmp_path):
    out = run(
        "ahp",
        MATRIX=HOUSE,
        NAMES="size,transport,neighbourhood,age,yard,facilities,condition,financing",
        WEIGHTS=str(tmp_path / "w.gpkg"),
        HTML=str(tmp_path / "r.html"),
    )
    assert round(out["LAMBDA_MAX"], 3) == 9.669
    assert round(out["CI"], 3) == 0.238
    assert round(out["CR"], 3) == 0.169
    expected = [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333]
    np.testing.assert_allclose(list(weights(out).values()), expected, atol=5e-4)
    rows = read_table(out["WEIGHTS"])
    assert [row["rank"] for row in rows] == [3, 5, 2, 8, 7, 6, 4, 1]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "CR = 0.169" in page
    assert "neighbourhood" in page
    assert "1/7" in page


def test_worst_judgement_is_warned_of(run, tmp_path):
    from qgis.core import QgsProcessingFeedback

    class Log(QgsProcessingFeedback):
        warnings = []

        def pushWarning(self, text):
            self.warnings.append(text)

    run(
        "ahp",
        feedback=Log(False),
        MATRIX=["1", "2", "1/8", "", "1", "2", "", "", "1"],
        NAMES="a,b,c",
        WEIGHTS=str(tmp_path / "w.gpkg"),
    )
    said = "\n".join(Log.warnings)
    assert "contradict each other" in said
    assert "'a' against 'c' is 1/8" in said
    assert "bring CR to" in said


@pytest.mark.parametrize("form", [[1.0, 3.0, 1 / 3, 1.0], ["1", "3", "0.33", "1"], ["", "3", "", ""]])
def test_matrix_as_the_command_line_gives_it(run, tmp_path, form):
    out = run("ahp", MATRIX=form, WEIGHTS=str(tmp_path / "w.gpkg"))
    assert weights(out) == {"Factor 1": pytest.approx(0.75), "Factor 2": pytest.approx(0.25)}


def test_a_wide_matrix_of_the_dialog_with_names(run, tmp_path):
    cells = ["1", "2", "4", *[""] * 7, "", "1", "2", *[""] * 7, "", "", "1", *[""] * 7]
    out = run("ahp", MATRIX=cells, NAMES="a, b, c", WEIGHTS=str(tmp_path / "w.gpkg"))
    assert weights(out) == {"a": pytest.approx(4 / 7), "b": pytest.approx(2 / 7), "c": pytest.approx(1 / 7)}


def test_names_of_the_example_stay_with_five_factors_only(run, tmp_path):
    """A dialog passes the names of the example along, whatever the matrix."""
    from ecosecnet.algorithms.resistance.ahp import _NAMES

    target = str(tmp_path / "w.gpkg")
    five, two = [1] * 25, [1, 3, 1 / 3, 1]
    assert next(iter(weights(run("ahp", MATRIX=five, NAMES=_NAMES, WEIGHTS=target)))) == "Land use"
    assert next(iter(weights(run("ahp", MATRIX=five, WEIGHTS=target)))) == "Factor 1"
    assert list(weights(run("ahp", MATRIX=two, NAMES=_NAMES, WEIGHTS=target))) == ["Factor 1", "Factor 2"]


def test_several_experts(run, csv, tmp_path):
    first = csv("zhang", "factor,slope,road\nslope,1,4\nroad,1/4,1\n")
    second = csv("li", "first,second,value\nroad,slope,1\n")
    out = run(
        "ahp",
        JUDGEMENTS=[first, second],
        WEIGHTS=str(tmp_path / "w.gpkg"),
        EXPERTS=str(tmp_path / "e.gpkg"),
        HTML=str(tmp_path / "r.html"),
    )
    assert weights(out) == {"slope": pytest.approx(2 / 3), "road": pytest.approx(1 / 3)}
    experts = read_table(out["EXPERTS"])
    assert [row["expert"] for row in experts] == ["zhang", "li"]
    assert [row["cr"] for row in experts] == [0, 0]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Kendall" in page
    from ecosecnet.algorithms.resistance.ahp import _NAMES, _cells

    # As a dialog does, which passes the example along.
    again = run("ahp", MATRIX=_cells(), NAMES=_NAMES, JUDGEMENTS=[first, second], WEIGHTS=str(tmp_path / "u.gpkg"))
    assert weights(again) == weights(out)
    out = run("ahp", JUDGEMENTS=[first, second], EXPERT_WEIGHTS="1 0.000001", WEIGHTS=str(tmp_path / "v.gpkg"))
    assert weights(out)["slope"] == pytest.approx(0.8, abs=1e-4)


def test_the_random_index_can_be_chosen(run, tmp_path):
    out = run("ahp", MATRIX=HOUSE, RANDOM_INDEX=1, WEIGHTS=str(tmp_path / "w.gpkg"))
    assert out["CR"] == pytest.approx(0.16961615955749998)


@pytest.fixture
def factors(raster):
    random = np.random.default_rng(4)
    names = ("slope", "road", "land")
    values = dict(zip(names, random.integers(1, 6, (3, 30, 20)).astype(np.float32)))
    values["road"] **= 2
    return values, [raster(name, values[name]) for name in names]


@pytest.mark.parametrize("objective", [1, 2, 3])
def test_weights_from_the_data_alone_and_mixed(run, factors, tmp_path, objective):
    from ecosecnet.core.choices import ObjectiveMethod
    from ecosecnet.core.weights.objective import combine_weights, objective_weights

    values, layers = factors
    method = list(ObjectiveMethod)[objective - 1]
    expected = objective_weights(lambda monitor: iter([list(values.values())]), method=method).weights
    out = run(
        "ahp",
        FACTORS=layers,
        OBJECTIVE=objective,
        SHARE=0,
        WEIGHTS=str(tmp_path / "w.gpkg"),
        HTML=str(tmp_path / "r.html"),
    )
    found = weights(out)
    assert list(found) == ["slope", "road", "land"]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-6)
    assert "CR" not in out
    assert "From the data only" in (tmp_path / "r.html").read_text(encoding="utf-8")
    for combination in (0, 1):
        out = run(
            "ahp",
            MATRIX=[1, 2, 4, 0.5, 1, 2, 0.25, 0.5, 1],
            NAMES="land,slope,road",
            FACTORS=layers,
            OBJECTIVE=objective,
            SHARE=0.7,
            COMBINATION=combination,
            WEIGHTS=str(tmp_path / f"{combination}.gpkg"),
            HTML=str(tmp_path / "m.html"),
        )
        data = [expected[2], expected[0], expected[1]]
        mixed = combine_weights([4 / 7, 2 / 7, 1 / 7], data, share=0.7, geometric=combination == 1)
        np.testing.assert_allclose(list(weights(out).values()), mixed, rtol=1e-6)
        rows = read_table(out["WEIGHTS"])
        np.testing.assert_allclose([row["data"] for row in rows], data, rtol=1e-6)
        np.testing.assert_allclose([row["judged"] for row in rows], [4 / 7, 2 / 7, 1 / 7], rtol=1e-6)
    assert "share of the judgements 0.7" in (tmp_path / "m.html").read_text(encoding="utf-8")


def test_data_need_rasters_and_as_many_as_factors(run, factors, tmp_path):
    _, layers = factors
    target = str(tmp_path / "w.gpkg")
    with pytest.raises(Exception, match="give both the factor rasters"):
        run("ahp", OBJECTIVE=1, WEIGHTS=target)
    with pytest.raises(Exception, match=r"3 factors .* but 5 in the judgements"):
        run("ahp", FACTORS=layers, OBJECTIVE=1, WEIGHTS=target)
    with pytest.raises(Exception, match="3 factors judged but 2 rasters"):
        run(
            "ahp",
            MATRIX=[1, 1, 1, 1, 1, 1, 1, 1, 1],
            NAMES="land,slope,road",
            FACTORS=layers[:2],
            OBJECTIVE=1,
            WEIGHTS=target,
        )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"MATRIX": [1, 3, 0.5, 1]}, "not reciprocal: row 1, column 2 .* is 3"),
        ({"MATRIX": [1, -3, 0.5, 1]}, "is -3. Judgements must be above 0"),
        ({"MATRIX": [1, "x", 0.5, 1]}, "'x' is not a number"),
        ({"MATRIX": [1, 2, 3]}, "has 3 cells"),
        ({"MATRIX": [1, 2, 0.5, 1], "JUDGEMENTS": True}, "Give one of the two"),
        ({"MATRIX": [1, 3, 1 / 3, 1], "NAMES": "a,b,c"}, "there are 3 names"),
        ({"MATRIX": [1, 3, 1 / 3, 1], "EXPERT_WEIGHTS": "1 2"}, "one importance above 0"),
    ],
)
def test_bad_judgements_get_a_sentence_and_no_file(run, csv, tmp_path, options, words):
    target = tmp_path / "w.gpkg"
    if options.get("JUDGEMENTS"):
        options = {**options, "JUDGEMENTS": [csv("zhang", "slope,road\n1,4\n1/4,1\n")]}
    with pytest.raises(Exception, match=words):
        run("ahp", WEIGHTS=str(target), **options)
    assert not target.exists()
