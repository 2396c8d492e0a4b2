"""Least-cost distances against other solvers, closed forms and invariants."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.leastcost import blocks, dial, dijkstra
from ecosecnet.core.leastcost import graph as costgraph
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import STEPS, UNREACHED, CostGraph, graph_bytes
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.surface import check_resistance


@pytest.fixture(params=["scipy", "blocks", "numba"], autouse=True)
def engine(request, monkeypatch):
    """Run everything with each of the searches."""
    if request.param == "numba":
        pytest.importorskip("numba")
    monkeypatch.setattr(costgraph, "_WORTH_STARTING_NUMBA", 0 if request.param == "numba" else np.inf)
    if request.param == "blocks":
        monkeypatch.setattr(costgraph, "_WHOLE_MOST", 0)
        monkeypatch.setattr(blocks, "_EDGE", 7)
    return request.param


def landscape(seed, rows=30, cols=40, nodata=0.2, top=100):
    rng = np.random.default_rng(seed)
    resistance = rng.integers(1, top, (rows, cols)) + rng.random((rows, cols))
    resistance[rng.random((rows, cols)) < nodata] = np.nan
    return resistance


def scattered(seed, shape, count=6):
    rng = np.random.default_rng(seed + 1000)
    labels = np.zeros(shape, dtype=np.int32)
    labels.ravel()[rng.permutation(labels.size)[:count]] = np.arange(1, count + 1)
    return labels


def bellman_ford(resistance, sources, cell_size, neighbours):
    """Relax every edge until nothing changes: slow, with nothing in common with the engine."""
    rows, cols = resistance.shape
    cost = np.where(sources & ~np.isnan(resistance), 0.0, np.inf)
    changed = True
    while changed:
        changed = False
        for row in range(rows):
            for col in range(cols):
                for down, right in STEPS:
                    if neighbours == 4 and down and right:
                        continue
                    i, j = row + down, col + right
                    if not (0 <= i < rows and 0 <= j < cols):
                        continue
                    length = cell_size * (2**0.5 if down and right else 1.0)
                    new = cost[i, j] + (resistance[i, j] + resistance[row, col]) / 2 * length
                    if new < cost[row, col] * (1 - 1e-13):
                        cost[row, col] = new
                        changed = True
    return cost


class TestCheckResistance:
    def test_accepts_nodata_and_values_below_one(self):
        check_resistance(np.array([[0.1, np.nan, 5.0]]))

    def test_says_how_many_and_where(self):
        resistance = np.ones((4, 5))
        resistance[2, 3] = 0.0
        resistance[3, 0] = -7.0
        with pytest.raises(InputError, match=r"2 cells are not; the first is 0 in row 3, column 4"):
            check_resistance(resistance)

    def test_refuses_infinite(self):
        with pytest.raises(InputError, match="1 cell is not; the first is inf in row 1, column 1"):
            check_resistance(np.array([[np.inf, 1.0]]))

    @pytest.mark.parametrize(
        ("odd", "message"),
        [
            (
                3.4e38,
                r"from 2 to 3.4e\+38. The largest, 3.4e\+38, is in 2 cells, the first in row 2, .*NoData that is not",
            ),
            (1e17, r"The largest, 1e\+17, is in 2 cells, .*Make barriers NoData"),
            (1e-12, r"from 1e-12 to 5. The smallest, 1e-12, is in 2 cells, .*Give free passage"),
        ],
    )
    def test_refuses_what_no_sum_can_hold(self, odd, message):
        resistance = np.full((4, 5), 2.0)
        resistance[0, 0] = 5.0
        resistance[1, 3] = resistance[3, 3] = odd
        with pytest.raises(InputError, match=message):
            check_resistance(resistance)
        with pytest.raises(InputError, match="1e12 : 1"):
            CostGraph(resistance.astype(np.float32))
        check_resistance(np.array([[1e12, 1.0], [1.0, 1.0]]))

    def test_refuses_all_nodata(self):
        with pytest.raises(InputError, match="no valid cell"):
            check_resistance(np.full((3, 3), np.nan))

    @pytest.mark.parametrize("wrong", [np.ones(5), np.ones((2, 2), dtype=bool)])
    def test_refuses_other_arrays(self, wrong):
        with pytest.raises(InputError, match="two-dimensional array of numbers"):
            check_resistance(wrong)


class TestCostFrom:
    def test_straight_line_pays_half_of_the_own_cell(self):
        graph = CostGraph(np.array([[8.0, 2.0, 4.0]]), cell_size=10.0)
        assert graph.cost_from(np.array([0])).tolist() == [[0.0, 50.0, 80.0]]

    def test_diagonal_is_longer_by_root_two(self):
        resistance = np.array([[1.0, np.nan], [np.nan, 3.0]])
        assert CostGraph(resistance).cost_from(np.array([0]))[1, 1] == pytest.approx(2 * 2**0.5, rel=1e-15)
        assert np.isinf(CostGraph(resistance, neighbours=4).cost_from(np.array([0]))[1, 1])

    def test_uniform_surface_is_octile_distance(self):
        cost = CostGraph(np.full((9, 12), 3.0), cell_size=2.0).cost_from(np.array([0]))
        rows, cols = np.indices((9, 12))
        octile = np.maximum(rows, cols) + (2**0.5 - 1) * np.minimum(rows, cols)
        np.testing.assert_allclose(cost, 6.0 * octile, rtol=1e-13)

    @pytest.mark.parametrize("neighbours", [8, 4])
    def test_equals_plain_relaxation(self, neighbours):
        resistance = landscape(1, 15, 18)
        sources = scattered(1, resistance.shape) > 0
        cost = CostGraph(resistance, cell_size=3.0, neighbours=neighbours).cost_from(sources)
        np.testing.assert_allclose(cost, bellman_ford(resistance, sources, 3.0, neighbours), rtol=1e-12)

    @pytest.mark.parametrize("seed", range(5))
    def test_equals_scikit_image(self, seed):
        graph = pytest.importorskip("skimage.graph")
        resistance = landscape(seed, 60, 50)
        sources = scattered(seed, resistance.shape) > 0
        walls = np.where(np.isnan(resistance), -1, resistance)
        starts = np.argwhere(sources & ~np.isnan(resistance))
        expected, _ = graph.MCP_Geometric(walls, fully_connected=True).find_costs(starts)
        np.testing.assert_allclose(CostGraph(resistance).cost_from(sources), expected, rtol=1e-12)

    @pytest.mark.parametrize("neighbours", [8, 4])
    @pytest.mark.parametrize("kind", [np.float64, np.float32])
    def test_mean_conductances_equal_another_dijkstra(self, neighbours, kind):
        networkx = pytest.importorskip("networkx")
        resistance = landscape(4, 24, 22).astype(kind)
        sources = scattered(4, resistance.shape) > 0
        sources &= ~np.isnan(resistance)
        peer = networkx.Graph()
        for row, col in np.argwhere(~np.isnan(resistance)).tolist():
            for down, right in STEPS:
                i, j = row + down, col + right
                if (
                    (neighbours == 4 and down and right)
                    or not (0 <= i < 24 and 0 <= j < 22)
                    or np.isnan(resistance[i, j])
                ):
                    continue
                mean = (1.0 / float(resistance[row, col]) + 1.0 / float(resistance[i, j])) / 2.0
                peer.add_edge((row, col), (i, j), weight=3.0 * np.hypot(down, right) / mean)
        found = networkx.multi_source_dijkstra_path_length(peer, {(i, j) for i, j in np.argwhere(sources).tolist()})
        expected = np.full(resistance.shape, np.inf)
        for place, cost in found.items():
            expected[place] = cost
        graph = CostGraph(resistance, cell_size=3.0, neighbours=neighbours, average="conductance")
        cost = graph.cost_from(sources)
        np.testing.assert_allclose(cost, expected, rtol=1e-12)
        field = graph.allocate(np.where(sources, 1, 0))
        assert (field.allocation > 0).sum() == np.isfinite(expected).sum()
        resistances = CostGraph(resistance, cell_size=3.0, neighbours=neighbours).cost_from(sources)
        assert (cost[np.isfinite(cost)] <= resistances[np.isfinite(cost)] * (1 + 1e-9)).all()

    def test_a_step_into_a_barrier_by_hand(self):
        # Cells of 1, 100, 1 in a row: 2 steps of 50.5 by mean resistance, of 2 / (1 + 0.01) by mean conductance.
        wall = np.array([[1.0, 100.0, 1.0]])
        start = np.array([[True, False, False]])
        assert CostGraph(wall).cost_from(start)[0, 2] == pytest.approx(101.0)
        assert CostGraph(wall, average="conductance").cost_from(start)[0, 2] == pytest.approx(4.0 / 1.01)

    def test_limit_only_cuts(self):
        graph = CostGraph(landscape(3))
        sources = scattered(3, graph.shape) > 0
        full = graph.cost_from(sources)
        limit = float(np.median(full[np.isfinite(full)]))
        assert np.array_equal(graph.cost_from(sources, limit=limit), np.where(full <= limit, full, np.inf))

    @pytest.mark.parametrize("beyond", [0.0, 70.0])
    @pytest.mark.parametrize("seed", range(4))
    def test_targets_only_cut(self, seed, beyond, monkeypatch):
        monkeypatch.setattr(dial, "_CHUNK_TO_TARGETS", 7)
        graph = CostGraph(landscape(seed, 60, 50, nodata=0.05), cell_size=3.0)
        passable = np.flatnonzero(~np.isnan(graph.resistance))
        start, *ends = np.random.default_rng(seed).choice(passable, (4, 3), replace=False)
        full = graph.cost_from(start)
        extra = beyond * np.arange(3)
        far = max(full.ravel()[end].min() + more for end, more in zip(ends, extra))
        assert np.isfinite(far)
        expected = np.where(full <= far * (1 + 1e-9), full, np.inf)
        assert np.isinf(expected).sum() > 100
        # Twice, since a search that stops early must leave nothing behind.
        for _ in range(2):
            assert np.array_equal(graph.cost_from(start, targets=ends, beyond=extra), expected)
        assert np.array_equal(graph.cost_from(start), full)

    def test_targets_out_of_reach_take_the_whole_search(self):
        resistance = np.ones((9, 9))
        resistance[:, 5] = np.nan
        graph = CostGraph(resistance)
        full = graph.cost_from(np.array([0]))
        assert np.array_equal(graph.cost_from(np.array([0]), targets=[np.array([1]), np.array([8])]), full)

    def test_targets_stop_the_compiled_search(self, engine, monkeypatch):
        if engine == "scipy":
            pytest.skip("SciPy cannot stop")
        looks = []

        class Counting(Monitor):
            def cancelled(self):
                looks.append(1)
                return False

        monkeypatch.setattr(dial, "_CHUNK_TO_TARGETS", 100)
        graph = CostGraph(np.ones((200, 200)))
        graph.cost_from(np.array([0]), targets=[np.array([5])], monitor=Counting())
        assert len(looks) < 5

    def test_an_old_scipy_gives_the_same(self, monkeypatch):
        graph = CostGraph(landscape(4), accelerate=False)
        sources = scattered(4, graph.shape) > 0
        expected = graph.cost_from(sources), graph.cost_from(sources, limit=60.0)
        monkeypatch.setattr(dijkstra, "_SEVERAL_STARTS", False)
        assert np.array_equal(graph.cost_from(sources), expected[0])
        assert np.array_equal(graph.cost_from(sources, limit=60.0), expected[1])

    def test_single_precision_and_integers_give_the_same_as_double(self):
        resistance = np.random.default_rng(0).integers(1, 50, (20, 20))
        start = np.array([7])
        expected = CostGraph(resistance.astype(np.float64)).cost_from(start)
        assert np.array_equal(CostGraph(resistance).cost_from(start), expected)
        assert np.array_equal(CostGraph(resistance.astype(np.float32)).cost_from(start), expected)

    def test_impassable_starts_are_left_out_but_not_all(self):
        graph = CostGraph(np.array([[np.nan, 1.0, 1.0]]))
        assert graph.cost_from(np.array([0, 1])).tolist() == [[np.inf, 0.0, 1.0]]
        with pytest.raises(InputError, match="No start cell"):
            graph.cost_from(np.array([0]))

    @pytest.mark.parametrize("turn", range(8))
    def test_turning_and_flipping_the_map_turns_the_costs(self, turn):
        def moved(array):
            array = np.rot90(array, turn % 4)
            return np.flipud(array) if turn >= 4 else array

        resistance = landscape(5, 20, 33)
        sources = scattered(5, resistance.shape) > 0
        here = CostGraph(resistance).cost_from(sources)
        there = CostGraph(np.ascontiguousarray(moved(resistance))).cost_from(moved(sources))
        np.testing.assert_allclose(there, moved(here), rtol=1e-13)

    def test_more_resistance_never_costs_less(self):
        resistance = landscape(6)
        dearer = resistance + np.random.default_rng(6).random(resistance.shape) * 20
        sources = scattered(6, resistance.shape) > 0
        assert (CostGraph(dearer).cost_from(sources) >= CostGraph(resistance).cost_from(sources)).all()

    def test_strips_do_not_show(self, monkeypatch):
        resistance = landscape(7)
        sources = scattered(7, resistance.shape)
        whole = CostGraph(resistance).allocate(sources)
        monkeypatch.setattr("ecosecnet.core.leastcost.graph._STRIP", 1)
        parts = CostGraph(resistance).allocate(sources)
        assert np.array_equal(parts.cost, whole.cost)
        assert np.array_equal(parts.direction, whole.direction)


class TestAllocate:
    @pytest.mark.parametrize("seed", range(4))
    def test_is_the_nearest_of_the_single_fields(self, seed):
        graph = CostGraph(landscape(seed))
        labels = scattered(seed, graph.shape)
        labels[np.isnan(graph.resistance)] = 0
        field = graph.allocate(labels)
        singles = np.stack([graph.cost_from(labels == label) for label in np.unique(labels[labels > 0])])
        reached = np.isfinite(field.cost)
        assert np.array_equal(field.cost, singles.min(axis=0))
        nearest = np.unique(labels[labels > 0])[singles.argmin(axis=0)]
        assert np.array_equal(field.allocation, np.where(reached, nearest, 0))

    def test_directions_lead_home_at_the_stated_cost(self):
        resistance = landscape(9)
        graph = CostGraph(resistance, cell_size=30.0)
        labels = scattered(9, graph.shape)
        field = graph.allocate(labels)
        assert np.array_equal(field.direction == UNREACHED, np.isinf(field.cost))
        for row, col in np.argwhere(np.isfinite(field.cost)):
            walked, i, j = 0.0, row, col
            while field.direction[i, j]:
                down, right = STEPS[field.direction[i, j] - 1]
                length = 30.0 * (2**0.5 if down and right else 1.0)
                walked += (resistance[i, j] + resistance[i + down, j + right]) / 2 * length
                i, j = i + down, j + right
            assert labels[i, j] == field.allocation[row, col]
            assert walked == pytest.approx(field.cost[row, col], rel=1e-12)

    def test_ties_go_to_the_lowest_direction_code(self):
        labels = np.array([[1, 0, 2]])
        field = CostGraph(np.ones((1, 3))).allocate(labels)
        assert field.direction.tolist() == [[0, 1, 0]]
        assert field.allocation.tolist() == [[1, 2, 2]]

    def test_a_step_that_vanishes_beside_the_cost_is_said(self):
        """Beyond 9,000 cells of the largest contrast allowed a step of 1 is lost: there is no way back."""
        resistance = np.concatenate([[1.0], np.full(20_000, 1e12), np.ones(3)])[None]
        labels = np.zeros(resistance.shape, dtype=np.int32)
        labels[0, 0] = 1
        with pytest.raises(InputError, match=r"from row 1, column 2000\d .*beside a cost of 2e\+16"):
            CostGraph(resistance).allocate(labels)

    def test_unreached_cells_say_so(self):
        field = CostGraph(np.array([[1.0, np.nan, 1.0]])).allocate(np.array([[1, 0, 0]]))
        assert field.allocation.tolist() == [[1, 0, 0]]
        assert field.direction.tolist() == [[0, UNREACHED, UNREACHED]]

    def test_contacts_are_all_touching_zones_with_upper_bounds(self):
        graph = CostGraph(landscape(11, nodata=0.05))
        labels = scattered(11, graph.shape)
        labels[np.isnan(graph.resistance)] = 0
        field = graph.allocate(labels)
        pairs, cost = graph.contacts(field)
        expected = set()
        zones = field.allocation
        for row, col in np.ndindex(graph.shape):
            for down, right in STEPS:
                i, j = row + down, col + right
                if 0 <= i < graph.shape[0] and 0 <= j < graph.shape[1] and 0 < zones[row, col] < zones[i, j]:
                    expected.add((zones[row, col], zones[i, j]))
        assert list(map(tuple, pairs)) == sorted(expected)
        for (a, b), bound in zip(pairs, cost):
            assert graph.cost_from(labels == a)[labels == b].min() <= bound * (1 + 1e-12)
        nearest = min(graph.cost_from(labels == a)[labels == b].min() for a, b in pairs)
        assert cost.min() == pytest.approx(nearest, rel=1e-12)


def all_pairs(labels):
    present = np.unique(labels[labels > 0])
    return np.array([(a, b) for a in present for b in present if a < b])


class TestCorridorCosts:
    @pytest.mark.parametrize("slack", [0.0, 40.0, np.inf])
    @pytest.mark.parametrize("seed", range(4))
    def test_exact_wherever_it_matters(self, seed, slack):
        graph = CostGraph(landscape(seed, nodata=0.3))
        labels = scattered(seed, graph.shape)
        labels[np.isnan(graph.resistance)] = 0
        fields = {label: graph.cost_from(labels == label) for label in np.unique(labels[labels > 0])}
        pairs = all_pairs(labels)
        seen = []
        for link in CostFields(graph, labels).along(pairs, slack=slack):
            seen.append(link.index)
            a, b = pairs[link.index]
            least = fields[a][labels == b].min()
            assert link.least == least
            total = fields[a] + fields[b]
            got = np.full(graph.shape, np.inf)
            got[link.rows, link.cols] = link.cost_a + link.cost_b
            inside = (total <= least + slack) & np.isfinite(total)
            assert np.array_equal(got[inside], total[inside])
            assert (np.isinf(got[~inside]) | (got[~inside] > least + slack)).all()
        assert seen == list(range(len(pairs)))

    def test_same_with_hardly_any_memory_for_fields(self):
        graph = CostGraph(landscape(2))
        labels = scattered(2, graph.shape)
        labels[np.isnan(graph.resistance)] = 0
        pairs = all_pairs(labels)[::-1]
        roomy = [(link.least, link.cost_a.tolist()) for link in CostFields(graph, labels).along(pairs, slack=9.0)]
        store = CostFields(graph, labels, budget=0)
        tight = [(link.least, link.cost_a.tolist()) for link in store.along(pairs, slack=9.0)]
        assert store.searches == len(np.unique(pairs))
        assert roomy == tight

    def test_cut_off_sources_have_no_corridor_and_the_rest_go_on(self):
        resistance = np.ones((5, 7))
        resistance[:, 4] = np.nan
        labels = np.zeros((5, 7), dtype=np.int32)
        labels[0, 0], labels[4, 3], labels[2, 6], labels[0, 4] = 1, 2, 3, 4
        links = list(CostFields(CostGraph(resistance), labels).along(np.array([[1, 3], [1, 2], [2, 4]])))
        assert np.isinf(links[0].least)
        assert links[0].cost_a.size == 0
        assert links[1].least == pytest.approx(3 * 2**0.5 + 1)
        assert np.isinf(links[2].least)

    def test_a_source_on_two_islands_does_not_join_them(self):
        resistance = np.array([[1.0, 1.0, 1.0, np.nan, 1.0, 1.0, 1.0]])
        labels = np.array([[2, 0, 1, 0, 1, 0, 3]])
        links = list(CostFields(CostGraph(resistance), labels).along(np.array([[1, 2], [1, 3], [2, 3]])))
        assert [link.least for link in links] == [2.0, 2.0, np.inf]

    def test_bounded_search_does_less(self):
        graph = CostGraph(np.ones((60, 400)))
        labels = np.zeros(graph.shape, dtype=np.int32)
        labels[30, 40::80] = np.arange(1, 6)
        reached = [link.cost_a.size for link in CostFields(graph, labels).along(np.array([[1, 2], [4, 5]]), slack=1.0)]
        assert max(reached) < graph.resistance.size / 10

    @pytest.mark.parametrize(
        ("pairs", "slack", "message"),
        [([[1, 1]], 0.0, "two different sources"), ([[0, 1]], 0.0, "from 1 up"), ([[1, 2]], -1.0, "not be negative")],
    )
    def test_refuses(self, pairs, slack, message):
        graph = CostGraph(np.ones((2, 2)))
        with pytest.raises(InputError, match=message):
            list(CostFields(graph, np.array([[1, 2], [0, 0]])).along(np.array(pairs), slack=slack))

    def test_no_links_no_work(self):
        assert list(CostFields(CostGraph(np.ones((2, 2))), np.zeros((2, 2), int)).along(np.empty((0, 2), int))) == []

    def test_can_be_cancelled(self):
        class Stop(Monitor):
            def cancelled(self):
                return True

        graph = CostGraph(np.ones((4, 4)))
        labels = np.diag([1, 0, 0, 2])
        with pytest.raises(OperationCancelled):
            list(CostFields(graph, labels).along(np.array([[1, 2]]), monitor=Stop()))
        with pytest.raises(OperationCancelled):
            CostGraph(np.ones((4, 4)), monitor=Stop())


def test_graph_refuses_bad_settings():
    with pytest.raises(InputError, match="8 or 4"):
        CostGraph(np.ones((2, 2)), neighbours=6)
    with pytest.raises(InputError, match="cell size must be positive"):
        CostGraph(np.ones((2, 2)), cell_size=0.0)
    with pytest.raises(InputError, match="sources are a raster"):
        CostGraph(np.ones((2, 2))).allocate(np.ones((3, 2), int))


class TestEngines:
    """The compiled search, and the one by blocks, give the costs of SciPy to the last bit."""

    @pytest.fixture(autouse=True)
    def both(self, engine):
        if engine == "scipy":
            pytest.skip("compares with itself")
        self.kind = {"blocks": blocks.BlockSearch, "numba": dial.DialSearch}[engine]

    def pair(self, resistance, **options):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(costgraph, "_WHOLE_MOST", np.inf)
            slow = CostGraph(resistance, accelerate=False, **options)
        return slow, CostGraph(resistance, **options)

    @pytest.mark.parametrize("neighbours", [8, 4])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
    def test_types_and_neighbours(self, dtype, neighbours):
        resistance = np.random.default_rng(2).integers(1, 90, (70, 60)).astype(dtype)
        slow, fast = self.pair(resistance, cell_size=399.887656228056, neighbours=neighbours)
        start = np.array([5, 1000, 1001, 4100])
        assert np.array_equal(slow.cost_from(start), fast.cost_from(start))
        assert np.array_equal(slow.cost_from(start, limit=9e4), fast.cost_from(start, limit=9e4))
        assert np.array_equal(slow.cost_from(start), fast.cost_from(start))

    def test_sharp_contrasts(self):
        resistance = 10.0 ** np.random.default_rng(3).uniform(-1, 3, (50, 50))
        slow, fast = self.pair(resistance)
        assert isinstance(fast._engine, self.kind)
        assert np.array_equal(slow.cost_from(np.array([77])), fast.cost_from(np.array([77])))

    def test_extreme_contrasts_are_left_to_scipy(self):
        resistance = np.array([[1e-3, 1e6, 1e-3]])
        assert not isinstance(CostGraph(resistance, accelerate=True)._engine, dial.DialSearch)

    def test_maze(self):
        resistance = np.ones((41, 41))
        resistance[1::2] = np.nan
        resistance[1::4, -1] = resistance[3::4, 0] = 50.0
        slow, fast = self.pair(resistance)
        cost = fast.cost_from(np.array([0]))
        assert np.array_equal(slow.cost_from(np.array([0])), cost)
        assert np.isfinite(cost[-1, -1])

    def test_stops_when_cancelled_and_can_start_again(self, monkeypatch):
        class After(Monitor):
            looks = 0

            def cancelled(self):
                self.looks += 1
                return self.looks > 3

        monkeypatch.setattr(dial, "_CHUNK", 50)
        slow, fast = self.pair(landscape(4))
        start = np.flatnonzero(~np.isnan(fast.resistance))[:1]
        with pytest.raises(OperationCancelled):
            fast.cost_from(start, monitor=After())
        assert np.array_equal(fast.cost_from(start), slow.cost_from(start))

    def test_a_numba_that_does_not_load_is_left_alone(self, monkeypatch):
        def broken():
            raise ImportError("Numba needs NumPy 1.21 or less")

        monkeypatch.setattr(dial, "_kernel", broken)
        assert not dial.available()


@pytest.mark.slow
def test_memory_stays_below_what_is_announced(engine):
    if not Path("/proc/self/status").exists():
        pytest.skip("reads the peak from /proc")
    code = f"""
import re, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import conftest
import numpy as np
from ecosecnet.core.corridors.adjacency import find_pairs
from ecosecnet.core.corridors.linkages import find_links
from ecosecnet.core.corridors.normalised import add_to_mosaic, corridors
from ecosecnet.core.leastcost import blocks, fields, graph as costgraph
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph, graph_bytes
costgraph.SPARE_BYTES = fields.SPARE_BYTES = blocks._KEPT = 0
costgraph._WORTH_STARTING_NUMBA = 0 if {engine!r} == "numba" else np.inf
costgraph._WHOLE_MOST = 0 if {engine!r} == "blocks" else np.inf
CostGraph(np.ones((9, 9))).cost_from(np.array([0]))
resistance = np.random.default_rng(0).integers(1, 100, (1000, 1000)).astype("float32")
labels = np.zeros(resistance.shape, "int32")
for label, place in enumerate(np.random.default_rng(1).integers(0, 950, (8, 2)), start=1):
    labels[place[0] : place[0] + 40, place[1] : place[1] + 40] = label
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read()).group(1)) * 1024
before = peak()
graph = CostGraph(resistance)
store = CostFields(graph, labels)
pairs = find_pairs(store).pairs
links = find_links(store, pairs, np.zeros(len(pairs)))
mosaic = np.full(resistance.shape, np.nan, "float32")
for corridor in corridors(store, links, cutoff=0.1 * links.cost[links.active]):
    add_to_mosaic(mosaic, corridor)
used = peak() - before
print(used / resistance.size, graph_bytes(resistance.shape) / resistance.size)
"""
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    used, announced = map(float, run.stdout.split())
    assert announced / 2 < used <= announced


def test_fewer_neighbours_need_less(engine):
    if engine == "scipy":
        assert graph_bytes((10, 10), 4) < graph_bytes((10, 10), 8)


def test_contrasts_beyond_numba_need_what_scipy_needs(engine, monkeypatch):
    shape = (3, 4)
    mild, extreme = np.ones(shape), np.ones(shape)
    extreme[0, 0] = 1e9
    assert graph_bytes(shape, resistance=mild) == graph_bytes(shape)
    announced = graph_bytes(shape, resistance=extreme)
    monkeypatch.setattr(costgraph, "_WORTH_STARTING_NUMBA", np.inf)
    assert announced == graph_bytes(shape)
    if engine == "numba":
        monkeypatch.setattr(costgraph, "_WORTH_STARTING_NUMBA", 0)
        assert announced > graph_bytes(shape)
