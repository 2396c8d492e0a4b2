"""Pairs, least-cost links and corridors: closed forms, invariants, and the Washington link table."""

import csv
from pathlib import Path

import numpy as np
import pytest
from ecosecnet.core.choices import Adjacency
from ecosecnet.core.corridors import normalised as corridor_module
from ecosecnet.core.corridors import tracing
from ecosecnet.core.corridors.adjacency import euclidean_allocation, find_pairs, touching_zones
from ecosecnet.core.corridors.linkages import LinkKind, describe, find_links, outside_length, path_length
from ecosecnet.core.corridors.normalised import add_to_mosaic, corridors, cutoff_for_area
from ecosecnet.core.corridors.shapes import class_shares, shape_of, width_profile
from ecosecnet.core.errors import DisconnectedError, InputError, OperationCancelled
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links
from ecosecnet.core.monitor import Monitor

REFERENCE = Path(__file__).resolve().parents[3].parent / "shared" / "reference"


def landscape(seed, rows=40, cols=50, nodata=0.1, top=20):
    rng = np.random.default_rng(seed)
    resistance = rng.integers(1, top, (rows, cols)) + rng.random((rows, cols))
    resistance[rng.random((rows, cols)) < nodata] = np.nan
    return resistance


def blocks(seed, shape, count=6, size=4):
    rng = np.random.default_rng(seed + 500)
    labels = np.zeros(shape, dtype=np.int32)
    for label in range(1, count + 1):
        row, col = rng.integers(0, shape[0] - size), rng.integers(0, shape[1] - size)
        labels[row : row + size, col : col + size] = label
    return labels


def network(resistance, labels, *, adjacency=Adjacency.EITHER, cell_size=1.0, **options):
    graph = CostGraph(resistance, cell_size=cell_size)
    pairs = find_pairs(CostFields(graph, labels), adjacency=adjacency).pairs
    euclidean = options.pop("euclidean", np.zeros(len(pairs)))
    return graph, find_links(CostFields(graph, labels), pairs, euclidean, **options)


def test_tracing_a_long_path_can_be_cancelled(monkeypatch):
    monkeypatch.setattr(tracing, "_UNCHECKED", 50)
    labels = np.zeros((1, 2000), dtype=np.int32)
    labels[0, 0], labels[0, -1] = 1, 2
    graph = CostGraph(np.ones((1, 2000)))

    class Late(Monitor):
        """Is cancelled at the 20th look, which is after the searches."""

        looks = 0

        def cancelled(self):
            self.looks += 1
            return self.looks > 20

    find_links(CostFields(graph, labels), np.array([[1, 2]]), np.zeros(1))
    with pytest.raises(OperationCancelled):
        find_links(CostFields(graph, labels), np.array([[1, 2]]), np.zeros(1), monitor=Late())


class TestPairs:
    def test_two_ways_of_being_neighbours(self):
        # The straight zones of 1 and 2 touch below the wall; on the surface every way between them meets the zone of 3.
        resistance = np.ones((9, 15))
        resistance[:, 7] = np.nan
        resistance[0, 7] = 1.0
        labels = np.zeros((9, 15), dtype=np.int32)
        labels[8, 2], labels[8, 12], labels[0, 7] = 1, 2, 3
        found = find_pairs(CostFields(CostGraph(resistance), labels))
        assert found.pairs.tolist() == [[1, 2], [1, 3], [2, 3]]
        assert found.by_cost.tolist() == [False, True, True]
        assert found.by_distance.tolist() == [True, True, True]
        assert find_pairs(CostFields(CostGraph(resistance), labels), adjacency=Adjacency.COST).pairs.tolist() == [
            [1, 3],
            [2, 3],
        ]

    def test_all_pairs(self):
        labels = np.zeros((1, 9), dtype=np.int32)
        labels[0, [0, 4, 8]] = [1, 2, 5]
        assert find_pairs(CostFields(CostGraph(np.ones((1, 9))), labels), adjacency=Adjacency.ALL).pairs.tolist() == [
            [1, 2],
            [1, 5],
            [2, 5],
        ]
        assert find_pairs(CostFields(CostGraph(np.ones((1, 9))), labels)).pairs.tolist() == [[1, 2], [2, 5]]

    def test_delaunay_joins_the_corners_of_triangles(self):
        labels = np.zeros((21, 21), dtype=np.int32)
        labels[0, 0], labels[0, 20], labels[20, 0], labels[20, 20], labels[9, 10] = 1, 2, 3, 4, 7
        found = find_pairs(CostFields(CostGraph(np.ones((21, 21))), labels), adjacency=Adjacency.DELAUNAY)
        assert found.pairs.tolist() == [[1, 2], [1, 3], [1, 7], [2, 4], [2, 7], [3, 4], [3, 7], [4, 7]]

    @pytest.mark.parametrize("labels", [[[3, 0, 1, 0, 2]], [[3], [0], [1], [0], [2]]])
    def test_delaunay_of_a_line_is_a_chain(self, labels):
        labels = np.array(labels)
        found = find_pairs(CostFields(CostGraph(np.ones(labels.shape)), labels), adjacency=Adjacency.DELAUNAY)
        assert found.pairs.tolist() == [[1, 2], [1, 3]]

    def test_euclidean_allocation_is_the_nearest_cell(self):
        labels = blocks(1, (30, 35))
        allocation = euclidean_allocation(labels)
        cells = np.argwhere(labels > 0)
        for row, col in np.random.default_rng(0).integers(0, 30, (60, 2)):
            distance = ((cells - [row, col]) ** 2).sum(axis=1)
            nearest = {labels[tuple(cell)] for cell in cells[distance == distance.min()]}
            assert allocation[row, col] in nearest

    def test_touching_at_a_corner_counts(self):
        assert touching_zones(np.array([[1, 3], [3, 2]])).tolist() == [[1, 2], [1, 3], [2, 3]]
        assert touching_zones(np.array([[1, 0, 2]])).tolist() == []

    @pytest.mark.parametrize(("labels", "message"), [([[1, 0, 1]], "there is one"), ([[0, 0, 0]], "there are none")])
    def test_needs_two_sources(self, labels, message):
        with pytest.raises(InputError, match=message):
            find_pairs(CostFields(CostGraph(np.ones((1, 3))), np.array(labels)))


class TestLinks:
    def test_straight_link(self):
        labels = np.array([[1, 1, 0, 0, 2]])
        _, links = network(np.array([[9.0, 2.0, 4.0, 6.0, 8.0]]), labels, cell_size=10.0)
        assert links.cost.tolist() == [150.0]
        assert links.length.tolist() == [30.0]
        assert links.paths[0].tolist() == [[0, 1], [0, 2], [0, 3], [0, 4]]

    @pytest.mark.parametrize("seed", range(6))
    def test_paths_cost_what_they_say_and_join_the_sources(self, seed):
        resistance, labels = landscape(seed), blocks(seed, (40, 50))
        graph, links = network(resistance, labels, adjacency=Adjacency.ALL, cell_size=30.0)
        for (a, b), path, cost, length in zip(links.pairs, links.paths, links.cost, links.length):
            assert labels[tuple(path[0])] == a
            assert labels[tuple(path[-1])] == b
            assert not np.isin(labels[tuple(path[1:-1].T)], [a, b]).any()
            step = np.abs(np.diff(path, axis=0))
            assert step.max(initial=1) == 1
            far = 30.0 * np.sqrt(step.sum(axis=1))
            value = resistance[tuple(path.T)]
            assert ((value[1:] + value[:-1]) / 2 * far).sum() == pytest.approx(cost, rel=1e-12)
            assert far.sum() == pytest.approx(length, rel=1e-12)
            assert path_length(path, 30.0) == pytest.approx(length)
            there, back = graph.cost_from(labels == a), graph.cost_from(labels == b)
            assert cost == there[labels == b].min()
            assert cost == pytest.approx(back[labels == a].min(), rel=1e-12)

    @pytest.mark.parametrize("turn", range(1, 8))
    def test_turning_the_map_changes_no_link(self, turn):
        def moved(array):
            array = np.rot90(array, turn % 4)
            return np.ascontiguousarray(np.flipud(array) if turn >= 4 else array)

        resistance, labels = landscape(8), blocks(8, (40, 50))
        _, here = network(resistance, labels, adjacency=Adjacency.COST)
        _, there = network(moved(resistance), moved(labels), adjacency=Adjacency.COST)
        assert np.array_equal(here.pairs, there.pairs)
        assert np.array_equal(here.kind, there.kind)
        np.testing.assert_allclose(here.cost, there.cost, rtol=1e-12)
        np.testing.assert_allclose(here.length, there.length, rtol=1e-12)

    def test_touching_sources_are_one_step_apart(self):
        _, links = network(np.full((1, 2), 3.0), np.array([[1, 2]]), cell_size=10.0)
        assert links.cost.tolist() == [30.0]
        assert links.length.tolist() == [10.0]

    def test_through_a_third_source(self):
        labels = np.array([[1, 0, 2, 0, 3]])
        names = ["north", "middle", "south"]
        _, links = network(np.ones((1, 5)), labels, adjacency=Adjacency.ALL)
        assert links.kind.tolist() == [LinkKind.ADJACENT, LinkKind.THROUGH_SOURCE, LinkKind.ADJACENT]
        assert links.through == ((), (2,), ())
        assert describe(links, 1, names).endswith("runs through source middle")
        _, kept = network(np.ones((1, 5)), labels, adjacency=Adjacency.ALL, drop_through_sources=False)
        assert kept.active.all()

    def test_cut_off_sources_are_told_and_the_rest_go_on(self):
        resistance = np.array([[1.0, 1.0, 1.0, np.nan, 1.0]])
        _, links = network(resistance, np.array([[1, 0, 2, 0, 3]]))
        assert links.pairs.tolist() == [[1, 2], [2, 3]]
        assert links.kind.tolist() == [LinkKind.ADJACENT, LinkKind.CUT_OFF]
        assert np.isinf(links.cost[1])
        assert np.isnan(links.length[1])
        assert "NoData" in describe(links, 1, [1, 2, 3])

    def test_limits(self):
        labels = np.array([[1, 0, 0, 2, 0, 3]])
        _, links = network(np.ones((1, 6)), labels, max_cost=2.5, euclidean=np.array([2.0, 1.0]))
        assert links.kind.tolist() == [LinkKind.TOO_COSTLY, LinkKind.ADJACENT]
        assert describe(links, 0, "abc", max_cost=2.5) == "dropped: the least-cost distance 3 is over the limit of 2.5"
        _, links = network(np.ones((1, 6)), labels, max_euclidean=1.5, euclidean=np.array([2.0, 1.0]))
        assert describe(links, 0, "abc", max_euclidean=1.5).endswith("distance 2 is over the limit of 1.5")
        assert links.kind.tolist() == [LinkKind.TOO_FAR, LinkKind.ADJACENT]
        assert np.isnan(links.cost[0])
        _, links = network(np.ones((1, 6)), labels, max_cost=3.0, max_euclidean=2.0, euclidean=np.array([2.0, 1.0]))
        assert links.active.all()

    def test_limits_that_leave_nothing_say_what_would(self):
        labels = np.array([[1, 0, 0, 2, 0, 3]])
        with pytest.raises(InputError, match=r"None of the 2 links.*cheapest is 2, so the limit.*at least 2"):
            network(np.ones((1, 6)), labels, max_cost=1.0)
        far = np.array([20.00001, 30.0])
        with pytest.raises(InputError, match=r"shortest is 20\.00001, so the limit would have to be at least 20\.0001"):
            network(np.ones((1, 6)), labels, max_euclidean=1.0, euclidean=far)
        _, links = network(np.ones((1, 6)), labels, max_euclidean=20.0001, euclidean=far)
        assert links.active.sum() == 1

    def test_all_cut_off(self):
        with pytest.raises(DisconnectedError, match="1 of them are cut off by impassable cells"):
            network(np.array([[1.0, np.nan, 1.0]]), np.array([[1, 0, 2]]))

    def test_nearest_and_joined_groups(self):
        # Two tight pairs far apart: with one nearest each, they stay apart unless joined, by the shortest link left.
        labels = np.zeros((1, 23), dtype=np.int32)
        labels[0, [0, 2, 20, 22]] = [1, 2, 3, 4]
        options = {"adjacency": Adjacency.ALL, "drop_through_sources": False, "nearest": 1}
        _, apart = network(np.ones((1, 23)), labels, **options)
        assert apart.pairs[apart.active].tolist() == [[1, 2], [3, 4]]
        _, joined = network(np.ones((1, 23)), labels, join_groups=True, **options)
        assert joined.pairs[joined.kind == LinkKind.JOINS_GROUPS].tolist() == [[2, 3]]
        assert set(joined.kind[~joined.active].tolist()) == {LinkKind.NOT_NEAREST}

    @pytest.mark.parametrize("seed", range(4))
    def test_spanning_tree_of_the_neighbours_is_that_of_all_pairs(self, seed):
        networkx = pytest.importorskip("networkx")
        resistance, labels = landscape(seed, nodata=0.0), blocks(seed, (40, 50), count=8, size=2)
        _, every = network(resistance, labels, adjacency=Adjacency.ALL, drop_through_sources=False)
        peer = networkx.Graph()
        peer.add_weighted_edges_from((a, b, cost) for (a, b), cost in zip(every.pairs.tolist(), every.cost))
        expected = sorted(map(sorted, networkx.minimum_spanning_edges(peer, data=False)))
        _, tree = network(resistance, labels, adjacency=Adjacency.TREE, drop_through_sources=False, tree=True)
        assert tree.pairs[tree.active].tolist() == expected
        assert set(tree.kind.tolist()) == {LinkKind.IN_TREE, LinkKind.NOT_IN_TREE}

    def test_of_equal_costs_the_first_pairs_are_in_the_tree(self):
        networkx = pytest.importorskip("networkx")
        labels = np.zeros((9, 9), dtype=np.int32)
        labels[::4, ::4] = np.arange(1, 10).reshape(3, 3)
        _, tree = network(np.ones((9, 9)), labels, adjacency=Adjacency.ALL, drop_through_sources=False, tree=True)
        peer = networkx.Graph()
        peer.add_weighted_edges_from((a, b, cost) for (a, b), cost in zip(tree.pairs.tolist(), tree.cost))
        expected = sorted(networkx.minimum_spanning_edges(peer, algorithm="kruskal", data=False))
        assert tree.pairs[tree.active].tolist() == [list(pair) for pair in expected]

    @pytest.mark.parametrize("seed", range(4))
    def test_joined_groups_are_those_of_all_links(self, seed):
        networkx = pytest.importorskip("networkx")
        labels = blocks(seed, (40, 50), count=9, size=2)
        options = {"adjacency": Adjacency.ALL, "drop_through_sources": False, "nearest": 1, "max_cost": 150.0}
        _, joined = network(landscape(seed, nodata=0.3), labels, join_groups=True, **options)
        kept = networkx.Graph(joined.pairs[joined.active].tolist())
        near = networkx.Graph(joined.pairs[joined.kind == LinkKind.NEAREST].tolist())
        every = networkx.Graph(joined.pairs[joined.active | (joined.kind == LinkKind.NOT_NEAREST)].tolist())
        parts = [networkx.number_connected_components(graph) for graph in (near, kept, every)]
        assert parts[1] == parts[2]
        # No link too many: each joins two groups.
        assert np.count_nonzero(joined.kind == LinkKind.JOINS_GROUPS) == parts[0] - parts[1]

    @pytest.mark.parametrize("nearest", [1, 2, 3])
    def test_nearest_is_the_nearest_of_either_end(self, nearest):
        _, every = network(landscape(3), blocks(3, (40, 50)), adjacency=Adjacency.ALL, drop_through_sources=False)
        _, links = network(
            landscape(3), blocks(3, (40, 50)), adjacency=Adjacency.ALL, drop_through_sources=False, nearest=nearest
        )
        wanted = set()
        for label in np.unique(every.pairs):
            mine = np.flatnonzero((every.pairs == label).any(axis=1))
            wanted |= set(mine[np.argsort(every.cost[mine])][:nearest].tolist())
        assert set(np.flatnonzero(links.active).tolist()) == wanted

    def test_refuses(self):
        graph = CostGraph(np.ones((1, 3)))
        with pytest.raises(InputError, match="straight distances"):
            find_links(CostFields(graph, np.array([[1, 0, 2]])), np.array([[1, 2]]), np.zeros(3))
        with pytest.raises(InputError, match="must be 1 or more, not 0"):
            find_links(CostFields(graph, np.array([[1, 0, 2]])), np.array([[1, 2]]), np.zeros(1), nearest=0)


def mosaic_of(graph, labels, links, **options):
    mosaic = np.full(graph.shape, np.nan)
    for corridor in corridors(CostFields(graph, labels), links, **options):
        add_to_mosaic(mosaic, corridor)
    return mosaic


class TestCorridors:
    @pytest.mark.parametrize("cutoff", [0.0, 25.0, np.inf])
    def test_mosaic_equals_full_fields_of_scikit_image(self, cutoff):
        skimage = pytest.importorskip("skimage.graph")
        resistance, labels = landscape(5), blocks(5, (40, 50))
        labels[np.isnan(resistance)] = 0
        graph, links = network(resistance, labels, cell_size=30.0)
        walls = np.where(np.isnan(resistance), -1, resistance)
        expected = np.full(resistance.shape, np.nan)
        for (a, b), active in zip(links.pairs, links.active):
            if active:
                from_a, from_b = (
                    skimage.MCP_Geometric(walls, fully_connected=True).find_costs(np.argwhere(labels == k))[0] * 30.0
                    for k in (a, b)
                )
                excess = from_a + from_b - from_a[labels == b].min()
                excess[np.isinf(excess)] = np.nan
                excess[excess > cutoff * 30.0 + 1e-6] = np.nan
                expected = np.fmin(expected, excess)
        got = mosaic_of(graph, labels, links, cutoff=cutoff * 30.0)
        assert np.array_equal(np.isnan(got), np.isnan(expected))
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)

    def test_paths_have_no_excess(self):
        graph, links = network(landscape(2), blocks(2, (40, 50)))
        mosaic = mosaic_of(graph, blocks(2, (40, 50)), links, cutoff=0.0)
        for path in (path for path, active in zip(links.paths, links.active) if active):
            assert (mosaic[tuple(path.T)] == 0).all()

    def test_each_link_can_have_a_cutoff_of_its_own(self):
        labels = blocks(4, (40, 50))
        graph, links = network(landscape(4), labels)
        limits = 0.1 * links.cost[links.active]
        for corridor, limit in zip(corridors(CostFields(graph, labels), links, cutoff=limits), limits):
            assert corridor.cutoff == limit
            assert np.nanmax(corridor.excess) <= limit
            (alone,) = corridors(
                CostFields(graph, labels), Links.between(links.pairs[[corridor.index]]), cutoff=float(limit)
            )
            np.testing.assert_array_equal(alone.excess, corridor.excess)

    @pytest.mark.parametrize("width", [1.0, 40.0, 150.0, 400.0])
    def test_width_is_met_to_a_cell(self, width):
        labels = blocks(6, (40, 50), count=5)
        graph, links = network(landscape(6, nodata=0.0), labels, cell_size=30.0)
        seen = []
        for corridor in corridors(CostFields(graph, labels), links, width=width):
            seen.append(corridor.index)
            length = outside_length(links.paths[corridor.index], 30.0)
            wanted = np.ceil(width * length / 900.0)
            shape = shape_of(corridor, graph, labels, links)
            # Cells with the same excess enter together, and the path itself is always in.
            assert shape.cells >= wanted
            ends = labels[corridor.rows, corridor.cols]
            own = (ends != links.pairs[corridor.index, 0]) & (ends != links.pairs[corridor.index, 1])
            assert np.count_nonzero(corridor.excess[own] < corridor.cutoff) < max(wanted, 1)
        assert sorted(seen) == np.flatnonzero(links.active).tolist()

    def test_width_that_no_area_can_give_takes_all_and_warns(self):
        heard = []

        class Listener(Monitor):
            def warn(self, text):
                heard.append(text)

        labels = np.array([[1, 0, 0, 0, 2]])
        graph, links = network(np.ones((1, 5)), labels)
        (corridor,) = corridors(CostFields(graph, labels), links, width=50.0, monitor=Listener())
        assert np.isfinite(corridor.excess).all()
        assert "cannot reach a mean width of 50" in heard[0]

    @pytest.mark.parametrize("cells", [1, 300, 1200])
    def test_cutoff_for_an_area(self, cells):
        labels = blocks(6, (40, 50), count=5)
        graph, links = network(landscape(6, nodata=0.0), labels, cell_size=30.0)
        cutoff = cutoff_for_area(CostFields(graph, labels), links, cells)
        excess = mosaic_of(graph, labels, links, cutoff=cutoff)[labels == 0]
        assert np.count_nonzero(excess <= cutoff) >= cells
        assert np.count_nonzero(excess < cutoff) < cells

    def test_area_that_is_not_there_takes_all(self):
        labels = np.array([[1, 0, 0, 0, 2]])
        graph, links = network(np.ones((1, 5)), labels)
        assert cutoff_for_area(CostFields(graph, labels), links, 99) == 0.0
        with pytest.raises(InputError, match="at least one cell"):
            cutoff_for_area(CostFields(graph, labels), links, 0)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"cutoff": -1.0}, "is -1; it must be a number of 0 or more"),
            ({"cutoff": np.ones(3)}, "cutoffs for 3 corridors"),
            ({"width": 0.0}, "must be positive"),
            ({"cutoff": 1.0, "width": 1.0}, "either a cutoff or a width"),
            ({}, "either a cutoff or a width"),
        ],
    )
    def test_refuses(self, options, message):
        labels = np.array([[1, 0, 2]])
        graph, links = network(np.ones((1, 3)), labels)
        with pytest.raises(InputError, match=message):
            corridors(CostFields(graph, labels), links, **options)


class TestShape:
    def strip(self, rows, narrow):
        """Return the corridor between two blocks across a channel `rows` high, `narrow` high in the middle."""
        resistance = np.full((rows + 10, 31), np.nan)
        resistance[5 : 5 + rows] = 1.0
        resistance[5 : 5 + rows, 15] = np.nan
        first = 5 + (rows - narrow) // 2
        resistance[first : first + narrow, 15] = 1.0
        labels = np.zeros(resistance.shape, dtype=np.int32)
        labels[5 : 5 + rows, :6], labels[5 : 5 + rows, -6:] = 1, 2
        graph, links = network(resistance, labels, cell_size=10.0)
        (corridor,) = corridors(CostFields(graph, labels), links, cutoff=np.inf)
        return shape_of(corridor, graph, labels, links)

    def test_channel_of_even_width(self):
        shape = self.strip(rows=9, narrow=9)
        assert shape.cells == 9 * 19
        assert shape.mean_width == pytest.approx(90.0)
        assert shape.min_width == pytest.approx(90.0)
        assert shape.mean_resistance == 1.0

    @pytest.mark.parametrize("narrow", [1, 3, 5])
    def test_bottleneck_is_found(self, narrow):
        shape = self.strip(rows=9, narrow=narrow)
        assert shape.min_width == pytest.approx(10.0 * narrow)
        assert shape.bottleneck[1] == 15
        assert shape.mean_width == pytest.approx((9 * 18 + narrow) / 19 * 10.0)

    def test_one_cell_path_is_one_cell_wide(self):
        labels = np.array([[1, 0, 0, 0, 2]])
        graph, links = network(np.ones((1, 5)), labels, cell_size=30.0)
        (corridor,) = corridors(CostFields(graph, labels), links, cutoff=0.0)
        shape = shape_of(corridor, graph, labels, links)
        assert (shape.cells, shape.mean_width, shape.min_width) == (3, 30.0, 30.0)

    def test_touching_sources_have_no_width(self):
        labels = np.array([[1, 2]])
        graph, links = network(np.ones((1, 2)), labels)
        (corridor,) = corridors(CostFields(graph, labels), links, cutoff=5.0)
        shape = shape_of(corridor, graph, labels, links)
        assert shape.cells == 0
        assert np.isnan(shape.mean_width)
        assert shape.bottleneck is None

    @pytest.mark.parametrize("seed", range(60))
    def test_random_sources_that_touch(self, seed):
        """Side by side, or at a corner, with a way round that may be cheaper than the step across."""
        rng = np.random.default_rng(seed)
        resistance = rng.integers(1, 30, (12, 12)).astype(float) if seed % 2 else np.exp(rng.normal(size=(12, 12)))
        labels = np.zeros((12, 12), dtype=np.int32)
        row, col = rng.integers(3, 9, 2)
        up, left, down, right = rng.integers(1, 3, 4)
        labels[row - up : row, col - left : col] = 1
        shift = (0, 0), (0, 1), (1, 0)
        a, b = shift[rng.integers(3)]
        labels[row - a : row + down - a, col - b : col + right - b] = 2
        graph, links = network(resistance, labels, cell_size=30.0)
        for options in ({"cutoff": 0.0}, {"cutoff": 500.0}, {"width": 90.0}):
            (corridor,) = corridors(CostFields(graph, labels), links, **options)
            shape = shape_of(corridor, graph, labels, links)
            profile = width_profile(corridor, graph, labels, links, 60.0)
            length = outside_length(links.paths[0], 30.0)
            assert np.isnan(shape.min_width)
            assert shape.bottleneck is None
            assert np.isnan(shape.mean_width) == (length == 0.0)
            if length > 0.0:
                assert shape.mean_width * length == pytest.approx(shape.cells * 900.0)
                assert profile.width @ np.diff(profile.limits) == pytest.approx(shape.cells * 900.0)

    def test_profile_of_a_channel_with_a_neck(self):
        labels = np.zeros((9, 29), dtype=np.int32)
        labels[:, :2], labels[:, -2:] = 1, 2
        resistance = np.ones((9, 29))
        resistance[:3, 12:17] = resistance[6:, 12:17] = np.nan
        resistance[3:6, 12:17] = 7.0
        graph, links = network(resistance, labels, cell_size=10.0)
        (corridor,) = corridors(CostFields(graph, labels), links, cutoff=np.inf)
        profile = width_profile(corridor, graph, labels, links, 50.0)
        assert profile.limits.tolist() == [0.0, 50.0, 100.0, 150.0, 200.0, 250.0]
        np.testing.assert_allclose(profile.width, [90.0, 90.0, 30.0, 90.0, 90.0])
        assert profile.resistance.tolist() == [1.0, 1.0, 7.0, 1.0, 1.0]

    @pytest.mark.parametrize("step", [45.0, 200.0, 1e6])
    def test_profile_holds_the_whole_area(self, step):
        labels = blocks(6, (40, 50), count=5)
        graph, links = network(landscape(6), labels, cell_size=30.0)
        measured = 0
        for corridor in corridors(CostFields(graph, labels), links, width=200.0):
            profile = width_profile(corridor, graph, labels, links, step)
            shape = shape_of(corridor, graph, labels, links)
            if not shape.cells:
                assert profile.width.size == 0
                continue
            measured += 1
            assert (profile.width * np.diff(profile.limits)).sum() == pytest.approx(shape.cells * 900.0)
            assert profile.limits[-1] == outside_length(links.paths[corridor.index], 30.0)
            share = profile.width * np.diff(profile.limits)
            assert np.nansum(share * profile.resistance) / share.sum() == pytest.approx(shape.mean_resistance)
        assert measured > 1

    def test_profile_needs_a_length(self):
        labels = np.array([[1, 0, 2]])
        graph, links = network(np.ones((1, 3)), labels)
        (corridor,) = corridors(CostFields(graph, labels), links, cutoff=5.0)
        with pytest.raises(InputError, match="must have a length"):
            width_profile(corridor, graph, labels, links, 0.0)

    def test_class_shares(self):
        assert class_shares(np.array([4.0, 2.0, 4.0, np.nan, 1.0])) == [(4.0, 0.5), (1.0, 0.25), (2.0, 0.25)]

    def test_growth_of_the_search_changes_nothing(self, monkeypatch):
        labels = blocks(9, (40, 50), count=4)
        graph, links = network(landscape(9), labels)
        steps = {c.index: c.cutoff for c in corridors(CostFields(graph, labels), links, width=7.0)}
        monkeypatch.setattr(corridor_module, "_GROWTH", 1000.0)
        leap = {c.index: c.cutoff for c in corridors(CostFields(graph, labels), links, width=7.0)}
        assert steps == leap


@pytest.mark.skipif(not (REFERENCE / "linkage").exists(), reason="the reference data set is not there")
class TestWashington:
    @pytest.fixture
    def data(self):
        rasterio = pytest.importorskip("rasterio")
        pytest.importorskip("rasterio.features")
        geopandas = pytest.importorskip("geopandas")
        with rasterio.open(REFERENCE / "linkage" / "lm_resistances.tif") as source:
            resistance = source.read(1, masked=True).astype(np.float64).filled(np.nan)
            transform = source.transform
        cores = geopandas.read_file(REFERENCE / "linkage" / "lm_cores.gpkg").sort_values("core_id")
        shapes = zip(cores.geometry, cores.core_id)
        labels = rasterio.features.rasterize(shapes, resistance.shape, transform=transform, dtype="int32")
        with open(REFERENCE / "linkage" / "lm_links_expected.csv", newline="") as table:
            rows = list(csv.DictReader(table))
        graph = CostGraph(resistance, cell_size=transform.a)
        return graph, labels, cores.geometry.tolist(), rows

    def column(self, rows, name):
        return np.array([float(row[name]) for row in rows])

    def links(self, data, **options):
        graph, labels, shapes, _ = data
        found = find_pairs(CostFields(graph, labels))
        euclidean = np.array([shapes[a - 1].distance(shapes[b - 1]) for a, b in found.pairs])
        return found, find_links(CostFields(graph, labels), found.pairs, euclidean, **options)

    def test_link_table(self, data):
        rows = data[3]
        found, links = self.links(data)
        assert np.bincount(data[1].ravel())[1:].tolist() == [3698, 624, 2132, 1920, 2125, 3224]
        assert links.pairs.tolist() == [[int(row["coreId1"]), int(row["coreId2"])] for row in rows]
        assert found.by_cost.tolist() == [row["cwdAdj"] == "1" for row in rows]
        assert found.by_distance.tolist() == [row["eucAdj"] == "1" for row in rows]
        assert links.kind.tolist() == [int(row["linkType"]) for row in rows]
        assert [" ".join(map(str, met)) for met in links.through] == [row["intermediate"] for row in rows]
        np.testing.assert_allclose(links.euclidean, self.column(rows, "eucDist"), atol=1e-3)
        np.testing.assert_allclose(links.cost, self.column(rows, "lcDist"), rtol=1e-6)
        np.testing.assert_allclose(links.length, self.column(rows, "lcpLength"), atol=1e-2)
        np.testing.assert_allclose(links.cost / links.euclidean, self.column(rows, "cwdToEucRatio"), rtol=1e-5)
        np.testing.assert_allclose(links.cost / links.length, self.column(rows, "cwdToPathRatio"), rtol=1e-5)

    def test_limited_link_table(self, data):
        _, links = self.links(data, max_cost=100_000, max_euclidean=40_000, nearest=4, join_groups=True)
        assert links.kind.tolist() == [int(row["linkType_limited"]) for row in data[3]]

    def test_mosaic_equals_scikit_image(self, data):
        skimage = pytest.importorskip("skimage.graph")
        graph, labels, _, _ = data
        _, links = self.links(data)
        walls = np.where(np.isnan(graph.resistance), -1, graph.resistance)
        fields = {
            label: skimage.MCP_Geometric(walls, fully_connected=True).find_costs(np.argwhere(labels == label))[0]
            for label in range(1, 7)
        }
        expected = np.full(graph.shape, np.inf)
        for a, b in links.pairs[links.active].tolist():
            excess = fields[a] + fields[b] - fields[a][labels == b].min()
            expected = np.minimum(expected, excess * graph.cell_size)
        got = mosaic_of(graph, labels, links, cutoff=5000.0)
        inside = ~np.isnan(got)
        assert np.count_nonzero(inside) > 5000
        np.testing.assert_allclose(got[inside], expected[inside], rtol=1e-6, atol=1e-6)
        assert (expected[~inside] > 5000.0).all()


def test_links_without_distances_have_no_cutoff_of_their_own():
    fields = CostFields(CostGraph(np.ones((1, 5))), np.array([[1, 0, 0, 0, 2]]))
    links = Links.between([[1, 2]])
    with pytest.raises(InputError, match="no least-cost distances"):
        corridors(fields, links, width=1.0)
    with pytest.raises(InputError, match="no least-cost distances"):
        cutoff_for_area(fields, links, 2)
    assert [corridor.cutoff for corridor in corridors(fields, links, cutoff=1.0)] == [1.0]
