"""Linkage priority: the published formulas by hand, and invariants."""

import numpy as np
import pytest
from ecosecnet.core.corridors.priority import climate_fit, priority_map, rank, scaled
from ecosecnet.core.errors import InputError
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links


class TestScaled:
    def test_the_four_ways(self):
        values = np.array([2.0, 4.0, 10.0])
        np.testing.assert_allclose(scaled(values), [0, 0.25, 1])
        np.testing.assert_allclose(scaled(values, invert=True), [1, 0.75, 0])
        np.testing.assert_allclose(scaled(values, by_maximum=True), [0.2, 0.4, 1])
        np.testing.assert_allclose(scaled(values, by_maximum=True, invert=True), [1, 0.8, 0.2])

    def test_equal_values_are_all_as_good(self):
        assert scaled(np.full(3, 7.0), invert=True).tolist() == [1.0, 1.0, 1.0]


class TestRank:
    PARTS = np.array([[1.0, 0.0, 0.6], [0.0, 1.0, 0.6]])

    def test_value_and_order(self):
        ranking = rank(self.PARTS, np.array([0.5, 0.5]), change=0.0)
        np.testing.assert_allclose(ranking.value, [0.5 / 0.6, 0.5 / 0.6, 1.0])
        assert ranking.rank.tolist() == [2, 3, 1]
        assert ranking.best.tolist() == ranking.worst.tolist() == [2, 3, 1]

    def test_only_shares_of_the_weights_matter(self):
        first, second = (rank(self.PARTS, np.array([0.2, 0.6]) * k) for k in (1, 50))
        np.testing.assert_allclose(first.value, second.value)

    def test_ranks_spread_with_the_weights(self):
        ranking = rank(self.PARTS, np.array([0.5, 0.5]), change=1.0)
        assert ranking.best.tolist() == [1, 1, 1]
        assert ranking.worst.tolist() == [3, 3, 2]
        again = rank(self.PARTS, np.array([0.5, 0.5]), change=1.0)
        assert np.array_equal(ranking.worst, again.worst)

    @pytest.mark.parametrize(("weights", "change"), [([0.0, 0.0], 0.1), ([1.0, -1.0], 0.1), ([1.0, 1.0], 2.0)])
    def test_refuses(self, weights, change):
        with pytest.raises(InputError):
            rank(self.PARTS, np.array(weights), change=change)


class TestClimate:
    NOW = np.array([300.0, 290.0, 280.0])

    def test_analogue_of_the_warmer_end_is_best(self):
        # From the warmer end: 0 -> 1 will be 300 (as warm as 0 is now), 0 -> 2 288, 1 -> 2 288.
        future = np.array([310.0, 300.0, 288.0])
        pairs = np.array([[0, 1], [0, 2], [2, 1]])
        fit = climate_fit(self.NOW, future, pairs)
        ratio = np.array([1.0, 288 / 300, 288 / 290])
        raw = 0.75 + 0.25 * (ratio - ratio[1]) / (1 - ratio[1])
        np.testing.assert_allclose(fit, (raw - raw.min()) / (raw.max() - raw.min()))

    def test_too_hot_falls_to_nothing_at_fifteen_percent_or_more(self):
        now, future = np.array([100.0, 90.0, 80.0]), np.array([100.0, 100.0, 110.0])
        fit = climate_fit(now, future, np.array([[0, 1], [0, 2]]))
        # Ratios 1 and 1.1: values 1 and 1 / 3, stretched.
        np.testing.assert_allclose(fit, [1.0, 0.0])
        now, future = np.array([100.0, 90.0, 80.0, 70.0]), np.array([100.0, 100.0, 110.0, 130.0])
        fit = climate_fit(now, future, np.array([[0, 1], [0, 2], [0, 3]]))
        np.testing.assert_allclose(fit, [1.0, 2 / 3, 0.0])

    def test_preference(self):
        now, future = np.array([100.0, 90.0, 80.0]), np.array([100.0, 100.0, 80.0])
        pairs = np.array([[0, 1], [0, 2]])
        fit = climate_fit(now, future, pairs, preferred=80.0, analogue_weight=0.6)
        np.testing.assert_allclose(fit, [0.6 * 1 + 0.4 * 0, 0.6 * 0 + 0.4 * 1])

    def test_the_analogue_counts_two_thirds_where_nothing_is_said(self):
        # Link 1 has the best analogue (1) and the worst preference (0), link 2 the other way round.
        now, future = np.array([100.0, 90.0, 80.0]), np.array([100.0, 100.0, 80.0])
        fit = climate_fit(now, future, np.array([[0, 1], [0, 2]]), preferred=80.0)
        np.testing.assert_allclose(fit, [0.67, 0.33])

    @pytest.mark.parametrize("wrong", [0.0, -3.0])
    def test_refuses_what_is_no_ratio_scale(self, wrong):
        with pytest.raises(InputError, match="kelvin"):
            climate_fit(np.array([1.0, wrong]), np.ones(2), np.array([[0, 1]]))


class TestMap:
    def test_one_corridor(self):
        labels = np.zeros((5, 9), dtype=np.int32)
        labels[2, 0], labels[2, 8] = 1, 2
        graph = CostGraph(np.ones((5, 9)))
        found = priority_map(
            CostFields(graph, labels), Links.between(np.array([[1, 2]])), np.array([0.8]), 1.0, corridor_weight=0.25
        )
        np.testing.assert_allclose(found[2], 0.25 * 1 + 0.75 * 0.8, rtol=1e-6)
        assert np.nanmin(found) == pytest.approx(0.75 * 0.8, rel=1e-6)
        assert np.isnan(found[0, 0])

    def test_the_better_of_two_corridors_counts(self):
        labels = np.zeros((3, 9), dtype=np.int32)
        labels[1, 0], labels[1, 4], labels[1, 8] = 1, 2, 3
        graph = CostGraph(np.ones((3, 9)))
        pairs = np.array([[1, 2], [1, 3]])
        found = priority_map(
            CostFields(graph, labels), Links.between(pairs), np.array([0.2, 1.0]), 0.0, corridor_weight=0.5
        )
        np.testing.assert_allclose(found[1], 1.0)
        found = priority_map(
            CostFields(graph, labels), Links.between(pairs), np.array([0.2, 0.1]), 0.0, corridor_weight=0.5
        )
        np.testing.assert_allclose(found[1], [*[0.6] * 5, *[0.55] * 4], rtol=1e-6)

    def test_refuses(self):
        with pytest.raises(InputError, match="between 0 and 1"):
            priority_map(
                CostFields(CostGraph(np.ones((1, 2))), np.array([[1, 2]])),
                Links.between(np.array([[1, 2]])),
                np.ones(1),
                1.0,
                corridor_weight=2.0,
            )
