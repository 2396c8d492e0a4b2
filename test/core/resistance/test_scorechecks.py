import math

import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.resistance.presets import (
    LIUZHI_AS_PRINTED,
    LIUZHI_CORRECTIONS,
    liuzhi_as_printed,
    liuzhi_corrected,
)
from ecosecnet.core.resistance.scorechecks import check_scores, report, usual_direction
from ecosecnet.core.resistance.scoretable import FALLS, RISES, FactorScores, ScoreClass, read_score_table
from ecosecnet.core.resistance.scoring import score_values

ROADS, MINES, ELEVATION = "Distance from road (m)", "Distance to mining area (m)", "Elevation (m)"


def ranges(*triples):
    return tuple(ScoreClass(low, high, score, row=row) for row, (low, high, score) in enumerate(triples, start=1))


def one(classes, name="Factor", direction="", weight=None, **options):
    weights = () if weight is None else (weight,)
    return check_scores([FactorScores(name, classes, weight, direction, weights)], overlay=False, **options)


def kinds(findings):
    return [(finding.check, finding.factor) for finding in findings]


@pytest.fixture
def printed():
    return check_scores(liuzhi_as_printed())


def test_the_printed_table_of_the_seed_study_raises_every_mistake_and_no_other(printed):
    assert sorted(kinds(printed)) == sorted(
        [
            ("reversed", ELEVATION),
            ("gap", ELEVATION),
            ("overlap", ELEVATION),
            ("order", ROADS),
            ("overlap", ROADS),
            ("direction", ROADS),
            ("direction", MINES),
            ("weight sum", ""),
        ]
    )


@pytest.mark.parametrize(
    ("check", "factor", "words"),
    [
        ("weight sum", "", "sum to 1.05, not 1"),
        ("weight sum", "", "Land use 0.3333"),
        ("reversed", ELEVATION, "1043 to 1032"),
        ("gap", ELEVATION, "no value gets the score 2, and the scores jump from 1 to 3"),
        ("overlap", ELEVATION, "581 to 1043 (score 1) and 1032 to 1447 (score 3) overlap from 1032 to 1043"),
        ("order", ROADS, "starts at 30, but the one listed after it, 0 to 888 (score 2), starts at 0"),
        ("overlap", ROADS, "overlap from 30 to 500"),
        ("direction", ROADS, "rises along"),
        ("direction", MINES, "rises along"),
    ],
)
def test_the_messages_carry_the_values(printed, check, factor, words):
    assert any(words in f.message for f in printed if (f.check, f.factor) == (check, factor))


def test_the_printed_table_read_as_text_gives_the_same_findings(printed):
    """A user types the table as it stands in the paper, ranges and all."""

    def typed(record):
        low, high = record.get("min"), record.get("max")
        if "value" in record:
            return record
        text = f">{low}" if high is None else f"{low}~{high}"
        return {key: value for key, value in record.items() if key not in ("min", "max")} | {"class": text}

    assert check_scores(read_score_table([typed(dict(record)) for record in LIUZHI_AS_PRINTED])) == printed


def test_the_corrected_preset_has_no_findings_and_gives_every_value_a_score():
    table = liuzhi_corrected()
    extent = {f.name: (0.0, 9000.0) for f in table[1:]}
    assert check_scores(table, ranges=extent, codes={"Land use": range(1, 9)}) == ()
    assert math.isclose(sum(f.weight for f in table), 1.0, abs_tol=1e-12)
    assert {c.score for f in table for c in f.classes} == {1, 2, 3, 4, 5}
    assert len(table[0].classes) == 8
    assert [c.score for c in table[0].classes] == [1, 1, 2, 2, 3, 3, 4, 5]
    for factor in table:
        assert score_values(extent_values(factor), factor.classes).unmatched == 0


def extent_values(factor):
    import numpy as np

    return np.arange(1.0, 9.0) if factor.classes[0].is_code else np.linspace(0, 9000, 5001)


def test_the_corrected_preset_keeps_the_ratios_of_the_printed_weights():
    printed = {f.name: f.weight for f in liuzhi_as_printed()}
    for factor in liuzhi_corrected():
        assert math.isclose(factor.weight * 1.05, printed[factor.name])


def test_every_difference_between_the_two_tables_has_its_sentence():
    words = " ".join(LIUZHI_CORRECTIONS)
    for figure in ("1.05", "1032", "1232", "0 to 500", "581", "roads", "mines", "vegetation"):
        assert figure in words
    before = {(f.name, i): c for f in liuzhi_as_printed() for i, c in enumerate(f.classes)}
    after = {(f.name, i): c for f in liuzhi_corrected() for i, c in enumerate(f.classes)}
    changed = {name for (name, i), c in after.items() if (c.minimum, c.maximum, c.score) != limits(before[name, i])}
    assert changed == {ELEVATION, ROADS, MINES}


def limits(item):
    return item.minimum, item.maximum, item.score


def test_gaps_overlaps_and_containment():
    assert kinds(one(ranges((0, 10, 1), (10, 20, 2), (20, math.inf, 3)))) == []
    gap = one(ranges((0, 10, 1), (12, 20, 2)))
    assert kinds(gap) == [("gap", "Factor")]
    assert "from 10 to 12" in gap[0].message
    inside = one(ranges((0, 100, 1), (10, 20, 2), (30, 40, 3)))
    assert [f.check for f in inside] == ["overlap", "overlap"]
    assert "from 30 to 40" in inside[1].message


def test_a_gap_between_a_code_and_a_range_counts():
    assert [f.check for f in one(ranges((0, 0, 9), (5, 10, 1)))] == ["gap"]
    assert one(ranges((0, 0, 9), (0, 10, 1))) == ()


def test_codes_need_no_neighbours_but_may_not_repeat():
    assert one(ranges((1, 1, 1), (5, 5, 2), (9, 9, 3))) == ()
    twice = one(ranges((1, 1, 1), (5, 5, 2), (5, 5, 3)))
    assert kinds(twice) == [("duplicate", "Factor")]
    assert "scores 2 and 3" in twice[0].message


def test_a_gap_in_which_no_value_lies_does_no_harm():
    table = ranges((1, 2, 1), (3, 4, 2), (6, 9, 3))
    assert [f.check for f in one(table)] == ["gap", "gap"]
    found = one(table, codes={"Factor": [1, 2, 3, 4, 5, 8]}, ranges={"Factor": (1, 8)})
    assert [(f.check, f.row) for f in found] == [("gap", 3)]


def test_descending_tables_are_in_order():
    assert one(ranges((20, 30, 1), (10, 20, 2), (0, 10, 3))) == ()


@pytest.mark.parametrize("score", [0, -1, math.inf])
def test_scores_must_be_positive(score):
    assert ("score", "Factor") in kinds(one(ranges((0, 1, 1), (1, 2, score))))


def test_ratio_above_ten_thousand():
    assert one(ranges((0, 1, 1), (1, 2, 10_000))) == ()
    found = one(ranges((0, 1, 1), (1, 2, 10_001)))
    assert [f.check for f in found] == ["ratio"]
    assert "10,001" in found[0].message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Distance from road (m)", FALLS),
        ("dist_rail", FALLS),
        ("距道路距离", FALLS),
        ("Distance to mining area", FALLS),
        ("Distance from the river", RISES),
        ("Slope (°)", RISES),
        ("relief", RISES),
        ("NDVI", FALLS),
        ("Elevation (m)", ""),
        ("Road density", ""),
        ("Land use", ""),
    ],
)
def test_usual_directions(name, expected):
    assert usual_direction(name) == expected


def test_a_stated_rule_wins_over_the_usual_direction():
    rising = ranges((0, 10, 1), (10, 20, 2))
    assert [f.severity for f in one(rising, ROADS)] == ["warning"]
    assert one(rising, ROADS, direction=RISES) == ()
    against = one(rising, "Anything", direction=FALLS)
    assert [(f.check, f.severity) for f in against] == [("direction", "error")]
    wave = one(ranges((0, 10, 1), (10, 20, 3), (20, 30, 2)), "Anything", direction=RISES)
    assert "goes up and down" in wave[0].message


def test_units():
    metres = tuple(ScoreClass(i, i + 1, i + 1, unit=unit) for i, unit in enumerate(["m", "km"]))
    assert [f.check for f in one(metres)] == ["unit"]
    assert [f.check for f in one((ScoreClass(0, 1, 1, unit="km"),), "Distance to road (m)")] == ["unit"]
    mixed = check_scores(
        [
            FactorScores("Distance to road (m)", ranges((0, 1, 2), (1, 2, 1)), 0.5, "", (0.5,)),
            FactorScores("Distance to mine (km)", ranges((0, 1, 2), (1, 2, 1)), 0.5, "", (0.5,)),
        ]
    )
    assert [f.check for f in mixed] == ["unit"]
    assert "road (m) in m, Distance to mine (km) in km" in mixed[0].message


def test_the_range_of_the_raster():
    classes = ranges((0, 10, 1), (10, 20, 2), (20, 30, 3))
    assert one(classes, ranges={"Factor": (2, 25)}) == ()
    beyond = one(classes, ranges={"Factor": (-5, 15)})
    assert [(f.check, f.severity) for f in beyond] == [("range", "warning"), ("range", "error")]
    assert "catches no cell" in beyond[0].message
    assert "down to -5" in beyond[1].message
    spare = one(ranges((-math.inf, 10, 1), (10, math.inf, 2)), ranges={"Factor": (2, 8)})
    assert [(f.check, f.severity) for f in spare] == [("range", "note")]
    assert "up to 31" in one(classes, ranges={"Factor": (25, 31)})[-1].message
    assert "constant" in [f.check for f in one(classes, ranges={"Factor": (5, 5)})]


def test_codes_of_the_raster():
    classes = ranges((1, 1, 1), (2, 2, 2), (7, 7, 3))
    found = one(classes, codes={"Factor": [1, 2, 3, 12]})
    assert [(f.check, f.severity) for f in found] == [("codes", "error"), ("codes", "note")]
    assert "3, 12" in found[0].message


@pytest.mark.parametrize(
    ("weights", "check"),
    [
        ([0.5, 0.5], None),
        ([None, None], None),
        ([0.5, 0.5000005], None),
        ([0.5, 0.49], "weight sum"),
        ([1.2, -0.2], "weight"),
        ([1.0, 0.0], "weight"),
        ([1.0, None], "weight"),
    ],
)
def test_weights(weights, check):
    classes = ranges((0, 1, 1), (1, 2, 2))
    table = [FactorScores(f"f{i}", classes, w, "", () if w is None else (w,)) for i, w in enumerate(weights)]
    assert [f.check for f in check_scores(table)] == ([check] if check else [])


def test_one_factor_with_two_weights():
    table = read_score_table(
        [{"factor": "a", "value": 1, "score": 1, "weight": 0.5}, {"factor": "a", "value": 2, "score": 2, "weight": 1}]
    )
    assert [f.check for f in check_scores(table)] == ["weight", "weight sum", "factors"]


def test_findings_are_reported_or_refused():
    class Recorder(Monitor):
        def __init__(self):
            self.said = []

        def warn(self, text):
            self.said.append(("warn", text))

        def info(self, text):
            self.said.append(("info", text))

    with pytest.raises(InputError, match=r"(?s)mistakes:.*- Elevation \(m\): The class 1043.*weights sum to 1.05"):
        report(check_scores(liuzhi_as_printed()))
    monitor = Recorder()
    classes = ranges((1, 1, 1), (2, 2, 2))
    report(one(classes, codes={"Factor": [1, 3]}), monitor)
    assert [kind for kind, _ in monitor.said] == ["warn", "info"]
    assert monitor.said[0][1].startswith("Factor: The raster holds values that have no score: 3.")


def test_a_factor_with_one_score_changes_nothing():
    assert [f.check for f in one(ranges((0, 1, 3), (1, 2, 3)))] == ["constant"]


def test_the_whole_network_refuses_the_printed_table_and_lists_its_mistakes():
    """The linter runs before anything is scored, on the table as it was given."""
    import numpy as np
    from ecosecnet.core.planning.options import SurfaceOptions
    from ecosecnet.core.planning.surfacestep import build_surface

    factors = {f.name: np.arange(1.0, 9.0).reshape(2, 4) for f in liuzhi_as_printed()}
    with pytest.raises(InputError, match=r"(?s)1043 to 1032.*overlap from 30 to 500.*weights sum to 1.05"):
        build_surface(factors, liuzhi_as_printed(), SurfaceOptions(), {}, valid=np.ones((2, 4), dtype=bool))
