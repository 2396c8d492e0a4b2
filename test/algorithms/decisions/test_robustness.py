"""The tool 'robustness': layers, tables, report, refusals."""

import re

import numpy as np
import pytest
from layerio import read_raster, read_table
from qgis.core import NULL, QgsProcessingException, QgsProcessingFeedback

JUDGEMENTS, WEIGHTS, EXPERTS, SCORES, SETTINGS = range(5)
CORRIDORS = 0
SOURCES = [(1, 1), (1, 23), (23, 2), (22, 22)]


def squares(cells, size=5, cell=30.0, left=500_000.0, top=2_900_000.0):
    rows = []
    for k, (row, col) in enumerate(cells, start=1):
        x, y = left + col * cell, top - row * cell
        side = size * cell
        rows.append(
            (
                f"POLYGON(({x} {y}, {x + side} {y}, {x + side} {y - side}, {x} {y - side}, {x} {y}))",
                {"source_id": 10 * k},
            )
        )
    return rows


@pytest.fixture
def county(raster, polygons):
    """Three factors and four sources."""
    rng = np.random.default_rng(1)
    names = ("slope", "cover", "roads")
    factors = [raster(name, rng.choice([1.0, 3.0, 6.0, 10.0], (30, 30)).astype("f4")) for name in names]
    sources = polygons("sources", squares(SOURCES))
    return {"FACTORS": factors, "SOURCES": sources, "CUTOFF": 60.0, "MIN_KEY_AREA": 0.0}


def destinations(folder):
    rasters = {
        name: str(folder / f"{name}.tif") for name in ("PATH_SHARE", "CORRIDOR_SHARE", "PINCH_SHARE", "BARRIER_SHARE")
    }
    layers = {name: str(folder / f"{name}.gpkg") for name in ("OUTPUT_LINKS", "ROBUST", "TABLE", "TORNADO")}
    return {**rasters, **layers, "HTML": str(folder / "report.html")}


def test_all_that_is_written_fits_together(run, county, tmp_path):
    out = run("robustness", **county, WEIGHTS="0.5, 0.3, 0.2", RUNS=6, TOLERANCE=0, **destinations(tmp_path))
    assert out["RUNS_DONE"] == 6
    shares = {name: read_raster(out[name]) for name in ("PATH_SHARE", "CORRIDOR_SHARE", "PINCH_SHARE", "BARRIER_SHARE")}
    for values, nodata in shares.values():
        known = values[values != nodata]
        assert known.size
        assert np.allclose(known * 6, np.round(known * 6), atol=1e-4)
    assert (shares["PATH_SHARE"][0] <= shares["CORRIDOR_SHARE"][0]).all()
    links = read_table(out["OUTPUT_LINKS"])
    assert {row["from_id"] for row in links} <= {10, 20, 30, 40}
    assert all(0 < row["share"] <= 100 and row["cost_p5"] <= row["cost_p50"] <= row["cost_p95"] for row in links)
    assert all((row["cw_dist"] is not None) == bool(row["active"]) for row in links)
    robust = read_table(out["ROBUST"])
    outside = np.ones((30, 30), dtype=bool)
    for row, col in SOURCES:
        outside[row : row + 5, col : col + 5] = False
    certain = sum(row["area_ha"] for row in robust if (row["kind"], row["certainty"]) == ("corridor", "certain"))
    assert certain == pytest.approx(0.09 * np.count_nonzero(outside & (shares["CORRIDOR_SHARE"][0] >= 0.9 - 1e-6)))
    assert all(row["_geometry"].area() == pytest.approx(row["area_ha"] * 1e4) for row in robust)
    table = read_table(out["TABLE"])
    assert [row["run"] for row in table] == list(range(1, 7))
    assert all(row["weight_slope"] + row["weight_cover"] + row["weight_roads"] == pytest.approx(1.0) for row in table)
    bars = read_table(out["TORNADO"])
    assert {row["outcome"] for row in bars} == {
        "corridors in common",
        "key areas in common",
        "length",
        "equivalent area",
    }
    assert not any(row["enough"] for row in bars)
    assert 0 <= out["CERTAIN_PINCH"] <= 100
    with open(out["HTML"], encoding="utf-8") as file:
        page = file.read()
    assert "What this does not say" in page
    assert "6 runs are too few to tell 15 inputs apart" in page
    assert {row["coefficient"] for row in bars} == {NULL}
    assert re.search(r"Of the \d+ pinch points \d+ stays? in nine runs of ten", page)


def test_corridors_alone_make_no_shares_of_key_areas(run, county, tmp_path):
    given = destinations(tmp_path)
    out = run("robustness", **county, WEIGHTS="1, 1, 1", RUNS=3, STAGE=CORRIDORS, WHAT_VARIES=[WEIGHTS], **given)
    assert "PINCH_SHARE" not in out
    assert "All 3 runs were done; shares are known to" in run.feedback.textLog()
    assert "CERTAIN_PINCH" not in out
    assert {row["kind"] for row in read_table(out["ROBUST"])} == {"corridor"}


def test_a_matrix_and_scores_of_a_table_give_what_scores_and_weights_give(run, county, tmp_path):
    """Codes that a table scores, judged by a matrix, against the scores themselves with the weights of the matrix."""
    (tmp_path / "scores.csv").write_text(
        "factor,value,score\n"
        + "".join(f"{name},{k},{k}\n" for name in ("slope", "cover", "roads") for k in (1, 3, 6, 10))
    )
    given = {"RUNS": 5, "STAGE": CORRIDORS, "WHAT_VARIES": [SCORES], "SCORE_SHIFT": 0.4}
    outs = []
    for name, how in (
        ("one", {"WEIGHTS": "4, 2, 1"}),
        ("other", {"MATRIX": ["1", "2", "4", "", "1", "2", "", "", "1"], "SCORES": str(tmp_path / "scores.csv")}),
    ):
        folder = tmp_path / name
        folder.mkdir()
        outs.append(run("robustness", **county, **how, **given, **destinations(folder)))
    first, second = (read_raster(out["CORRIDOR_SHARE"])[0] for out in outs)
    assert np.array_equal(first, second)


def test_judgements_and_experts_vary(run, county, tmp_path):
    tables = []
    for k, value in enumerate((2, 3, 5)):
        path = tmp_path / f"expert{k}.csv"
        path.write_text(f"first,second,value\nslope,cover,{value}\nslope,roads,4\ncover,roads,2\n")
        tables.append(str(path))
    given = {"RUNS": 6, "STAGE": CORRIDORS, "WHAT_VARIES": [JUDGEMENTS, EXPERTS], "JUDGEMENTS": tables}
    feedback = QgsProcessingFeedback(False)
    out = run("robustness", feedback=feedback, **county, **given, **destinations(tmp_path))
    rows = read_table(out["TABLE"])
    assert all(0 <= row["cr"] < 0.1 for row in rows)
    assert len({row["weight_slope"] for row in rows}) > 1
    assert "There are 3 experts" in feedback.textLog()


def test_settings_that_vary_are_in_the_table(run, county, tmp_path):
    given = {"RUNS": 6, "STAGE": CORRIDORS, "WHAT_VARIES": [SETTINGS], "CUTOFFS": "20, 60", "MIN_AREAS": "0-1"}
    out = run(
        "robustness", **county, WEIGHTS="1, 1, 1", DISPERSALS="500, 2000", MIN_DPC=0, **given, **destinations(tmp_path)
    )
    rows = read_table(out["TABLE"])
    assert {row["cutoff"] for row in rows} == {20.0, 60.0}
    assert {row["dispersal_distance"] for row in rows} == {500.0, 2000.0}
    assert all(0 <= row["smallest_source"] <= 1 for row in rows)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "have no weights"),
        ({"WEIGHTS": "0, 0, 0"}, "all 0"),
        ({"WEIGHTS": "1, 2"}, "3 factors but 2 weights"),
        ({"WEIGHTS": "1, 1, 1", "MATRIX": ["1", "2", "4", "", "1", "2", "", "", "1"]}, "WEIGHTS and MATRIX"),
        ({"WEIGHTS": "1, 1, 1", "WHAT_VARIES": [JUDGEMENTS]}, "Judgements vary, but there are none"),
        ({"WEIGHTS": "1, 1, 1", "WHAT_VARIES": [EXPERTS]}, "Experts vary"),
        ({"WEIGHTS": "1, 1, 1", "WHAT_VARIES": [SETTINGS]}, "none has values"),
        ({"WEIGHTS": "1, 1, 1", "WHAT_VARIES": [SETTINGS], "CUTOFFS": "5-2"}, "does not go up"),
        ({"WEIGHTS": "1, 1, 1", "SPREAD": 3.0}, "take 1 at most"),
        (
            {"MATRIX": ["1", "9", "1/9", "", "1", "9", "", "", "1"], "WHAT_VARIES": [JUDGEMENTS]},
            "fewer than 0.1 % were accepted",
        ),
    ],
)
def test_what_makes_no_runs_is_refused_before_any(run, county, tmp_path, given, said):
    with pytest.raises(QgsProcessingException, match=said):
        run("robustness", **county, **given, RUNS=5, **destinations(tmp_path))
    assert not list(tmp_path.glob("*SHARE*"))


def test_factors_of_other_grids_and_one_source_are_refused(run, county, tmp_path, raster, polygons):
    other = raster("other", np.ones((30, 29), dtype="f4"))
    with pytest.raises(QgsProcessingException, match="other"):
        run(
            "robustness",
            **{**county, "FACTORS": [*county["FACTORS"][:2], other]},
            WEIGHTS="1,1,1",
            **destinations(tmp_path),
        )
    single = polygons("single", squares([(1, 1)]))
    with pytest.raises(QgsProcessingException, match="at least 2"):
        run("robustness", **{**county, "SOURCES": single}, WEIGHTS="1,1,1", **destinations(tmp_path))


def test_a_cancelled_run_leaves_no_file(run, county, tmp_path):
    feedback = QgsProcessingFeedback(False)
    feedback.progressChanged.connect(lambda percent: feedback.cancel() if percent > 30 else None)
    with pytest.raises(QgsProcessingException):
        run(
            "robustness",
            feedback=feedback,
            **county,
            WEIGHTS="1, 1, 1",
            RUNS=20,
            TOLERANCE=0,
            **destinations(tmp_path),
        )
    assert not [path for path in tmp_path.iterdir() if path.stem in destinations(tmp_path) or path.suffix == ".html"]


def test_shards_give_what_one_run_gives(run, county, tmp_path):
    """Early, at the tolerance, and with what varies noted for the tool that combines them."""
    given = {
        "WEIGHTS": "1, 1, 1",
        "RUNS": 30,
        "TOLERANCE": 0.3,
        "STAGE": CORRIDORS,
        "WHAT_VARIES": [WEIGHTS, SETTINGS],
        "CUTOFFS": "40, 60",
    }
    (tmp_path / "one").mkdir()
    whole = run("robustness", **county, **given, **destinations(tmp_path / "one"))
    assert whole["RUNS_DONE"] < 30
    kept = {**given, "CHECKPOINT": str(tmp_path / "kept"), **destinations(tmp_path / "two")}
    for shard in ("1/2", "2/2"):
        assert run("robustness", **county, **kept, SHARD=shard) == {}
    found = run("combineshards", CHECKPOINT=str(tmp_path / "kept"))
    for name in ("RUNS_DONE", "HALF_WIDTH"):
        assert found[name] == whole[name]
    assert np.array_equal(read_raster(found["PATH_SHARE"])[0], read_raster(whole["PATH_SHARE"])[0])
    one, other = (
        [{k: v for k, v in row.items() if k != "_geometry"} for row in read_table(out["TABLE"])]
        for out in (whole, found)
    )
    assert one == other
