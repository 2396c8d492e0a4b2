"""Factors that a score table lacks, and weights of one's own."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.resistance import check_scores, liuzhi_corrected, score_values
from ecosecnet.core.resistance.further import with_classes, with_further, with_weights
from ecosecnet.core.resistance.scoretable import FactorScores


class Heard(Monitor):
    def __init__(self):
        self.texts = []

    def warn(self, text):
        self.texts.append(text)


def test_further_factors_keep_the_ratios_of_the_others_and_all_sum_to_one():
    names = ["NDVI", "Distance to rivers", "Distance to settlements"]
    table = with_further(liuzhi_corrected(), names)
    assert sum(factor.weight for factor in table) == pytest.approx(1.0)
    own = [factor.weight for factor in liuzhi_corrected()]
    assert [factor.weight for factor in table][:5] == pytest.approx([weight / 1.3 for weight in own])
    assert [factor.weight for factor in table][5:] == pytest.approx([0.1 / 1.3] * 3)
    assert [factor.direction for factor in table][5:] == ["falls", "rises", "falls"]


def test_a_name_without_a_direction_is_refused():
    with pytest.raises(InputError, match="'Distance to cropland' does not tell whether resistance rises"):
        with_further(liuzhi_corrected(), ["Distance to cropland"])


@pytest.mark.parametrize(("direction", "expected"), [("rises", [1, 2, 3, 4, 5]), ("falls", [5, 4, 3, 2, 1])])
def test_five_clusters_get_five_scores_in_the_direction(direction, expected):
    clusters = np.array([0.1, 0.3, 0.45, 0.6, 0.9])
    values = (clusters[:, None] + np.linspace(-0.01, 0.01, 7)).astype(np.float32)
    values[0, 0] = np.nan
    factor = with_classes(FactorScores("x", (), 0.1, direction), values)
    scored = score_values(values, factor.classes)
    assert scored.unmatched == 0
    for row, score in zip(scored.scores, expected):
        assert set(row[~np.isnan(row)]) == {score}
    assert not [one for one in check_scores([factor], overlay=False) if one.severity == "error"]


def test_few_values_span_all_scores_and_none_at_all_is_said():
    two = with_classes(FactorScores("x", (), 0.1, "falls"), np.array([0.0, 1.0]))
    assert [one.score for one in two.classes] == [5.0, 1.0]
    with pytest.raises(InputError, match="'x' has no data in the study area"):
        with_classes(FactorScores("x", (), 0.1, "falls"), np.full(3, np.nan))


def test_weights_find_their_factors_by_all_of_their_names():
    heard = Heard()
    table = (*liuzhi_corrected(), FactorScores("Ночной свет", ()))
    used = [factor.name for factor in table if factor.name != "Elevation (m)"]
    given = {"土地利用": 0.4, "SLOPE": 0.1, "距道路距离": 0.2, "Mines": 0.2, "ночной_свет": 0.1, "DEM": 0.3}
    weighed = with_weights(table, given, used, monitor=heard)
    assert [factor.name for factor in weighed] == used
    assert [factor.weight for factor in weighed] == [0.4, 0.1, 0.2, 0.2, 0.1]
    assert heard.texts == ["There is no layer for DEM; the weights of the other factors are scaled up to 1."]
    assert not [one for one in check_scores(weighed) if one.check in ("weight", "weight sum")]


def test_a_factor_without_a_weight_or_with_two_is_named():
    table = liuzhi_corrected()
    used = [factor.name for factor in table][:3]
    with pytest.raises(InputError, match=r"no weight for Slope \(°\)\. The weights given are for land use, elevation"):
        with_weights(table, {"land use": 0.5, "elevation": 0.5}, used)
    with pytest.raises(InputError, match="'slope' and 'Slope angle' are the same factor"):
        with_weights(table, {"slope": 0.5, "Slope angle": 0.5}, used)
