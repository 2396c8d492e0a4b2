"""Linkage priority: the published formulas by hand, and invariants."""

import numpy as np
import pytest
from ecosecnet.core.corridors.priority import (
    climate_fit,
    link_parts,
    priority_map,
    rank,
    scaled,
    source_parts,
    source_values,
)
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
    PARTS = {"a": np.array([1.0, 0.0, 0.6]), "b": np.array([0.0, 1.0, 0.6])}
    EQUAL = {"a": 0.5, "b": 0.5}

    def test_value_and_order(self):
        ranking = rank(self.PARTS, self.EQUAL, change=0.0)
        np.testing.assert_allclose(ranking.value, [0.5 / 0.6, 0.5 / 0.6, 1.0])
        assert ranking.rank.tolist() == [2, 3, 1]
        assert ranking.best.tolist() == ranking.worst.tolist() == [2, 3, 1]

    def test_only_shares_of_the_weights_matter(self):
        first, second = (rank(self.PARTS, {"b": 0.6 * k, "a": 0.2 * k}) for k in (1, 50))
        np.testing.assert_allclose(first.value, [0.25 / 0.75, 1.0, 0.6 / 0.75])
        np.testing.assert_allclose(first.value, second.value)

    def test_ranks_spread_with_the_weights(self):
        ranking = rank(self.PARTS, self.EQUAL, change=1.0)
        assert ranking.best.tolist() == [1, 1, 1]
        assert ranking.worst.tolist() == [3, 3, 2]
        again = rank(self.PARTS, self.EQUAL, change=1.0)
        assert np.array_equal(ranking.worst, again.worst)

    @pytest.mark.parametrize(("weights", "change"), [([0.0, 0.0], 0.1), ([1.0, -1.0], 0.1), ([1.0, 1.0], 2.0)])
    def test_refuses(self, weights, change):
        with pytest.raises(InputError):
            rank(self.PARTS, dict(zip("ab", weights)), change=change)


class TestParts:
    """Three sources in a row: A (100 x 200 m), B (200 x 200 m), C (100 x 100 m), links A - B and B - C."""

    RESISTANCE = np.array([2.0, 4.0, 5.0])
    AREA = np.array([2e4, 4e4, 1e4])
    PERIMETER = np.array([600.0, 800.0, 400.0])
    FLOW = np.array([2.0, 3.0, 2.0])
    PAIRS = np.array([[0, 1], [1, 2]])

    def test_sources(self):
        parts = source_parts(self.RESISTANCE, self.AREA, self.PERIMETER, self.FLOW, expert=np.array([1.0, 5.0, 3.0]))
        # over the largest; only the resistance is turned over: (5 + 2 - r) / 5
        np.testing.assert_allclose(parts["permeable"], [1.0, 0.6, 0.4])
        np.testing.assert_allclose(parts["area"], [0.5, 1.0, 0.25])
        # 20000 / 600 = 33.3, 40000 / 800 = 50, 10000 / 400 = 25
        np.testing.assert_allclose(parts["shape"], [2 / 3, 1.0, 0.5])
        np.testing.assert_allclose(parts["flow"], [2 / 3, 1.0, 2 / 3])
        np.testing.assert_allclose(parts["expert"], [0.0, 1.0, 0.5])
        assert parts["value"].tolist() == [0.0, 0.0, 0.0]

    def test_value_of_sources_by_the_default_weights(self):
        values = source_values(source_parts(self.RESISTANCE, self.AREA, self.PERIMETER, self.FLOW))
        # 0.33 p + 0.33 a + 0.34 s: A 0.721667, B 0.868, C 0.3845
        np.testing.assert_allclose(values, [(0.495 + 0.34 * 2 / 3 - 0.3845) / (0.868 - 0.3845), 1.0, 0.0])

    def test_value_of_sources_by_other_weights(self):
        weights = {"permeable": 0, "area": 1, "shape": 0, "flow": 3, "expert": 0, "value": 0}
        values = source_values(source_parts(self.RESISTANCE, self.AREA, self.PERIMETER, self.FLOW), weights)
        # (area + 3 flow) / 4: 0.625, 1, 0.5625
        np.testing.assert_allclose(values, [1 / 7, 1.0, 0.0])

    def test_links(self):
        cost, length = np.array([3000.0, 2000.0]), np.array([1000.0, 500.0])
        values = np.array([0.6, 1.0, 0.0])
        parts = link_parts(self.PAIRS, cost, length, values, climate=np.array([0.9, 0.8]))
        # the second is shorter, the first has less cost for its length (3 against 4)
        assert parts["close"].tolist() == [0.0, 1.0]
        assert parts["path"].tolist() == [1.0, 0.0]
        np.testing.assert_allclose(parts["ends"], [0.8, 0.5])
        assert parts["expert"].tolist() == [0.0, 0.0]
        assert parts["climate"].tolist() == [0.9, 0.8]
        ranking = rank(parts)
        # 0.33 + 0.34 * 0.8 = 0.602 against 0.33 + 0.34 * 0.5 = 0.5
        np.testing.assert_allclose(ranking.value, [1.0, 0.5 / 0.602])
        assert ranking.rank.tolist() == [1, 2]


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
