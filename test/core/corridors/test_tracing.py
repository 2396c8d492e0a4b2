"""Links past third sources where several ways cost the same: by hand, against networkx, and on mirrored maps."""

import numpy as np
import pytest
from ecosecnet.core.corridors import tracing
from ecosecnet.core.corridors.linkages import LinkKind, find_links
from ecosecnet.core.errors import OperationCancelled
from ecosecnet.core.leastcost import blocks
from ecosecnet.core.leastcost import graph as costgraph
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.monitor import Monitor

TURNS = {
    "as it is": lambda array: array,
    "mirrored": np.fliplr,
    "upside down": np.flipud,
    "transposed": np.transpose,
    "turned half": lambda array: array[::-1, ::-1],
}


def ring(third):
    """Return a map on which the ways from 1 to 2 above and below the wall cost the same; `third` holds cells of 3."""
    resistance = np.ones((5, 7))
    resistance[1:4, 1:6] = np.nan
    labels = np.zeros((5, 7), dtype=np.int32)
    labels[2, 0], labels[2, 6] = 1, 2
    for cell in third:
        labels[cell] = 3
    return resistance, labels


def tied(seed, shape=(11, 13), sources=5):
    """Return a map of few whole numbers, so that many ways cost the same, with sources of one or two cells."""
    rng = np.random.default_rng(seed)
    resistance = rng.choice([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, np.nan], shape)
    labels = np.zeros(shape, dtype=np.int32)
    passable = np.flatnonzero(~np.isnan(resistance))
    labels.flat[rng.permutation(passable)[: 2 * sources]] = 1 + np.arange(2 * sources) % sources
    return resistance, labels


def links_of(resistance, labels, *, neighbours=8, accelerate=None, drop=True):
    graph = CostGraph(np.ascontiguousarray(resistance), cell_size=10.0, neighbours=neighbours, accelerate=accelerate)
    pairs = np.column_stack(np.triu_indices(int(labels.max()), k=1)) + 1
    fields = CostFields(graph, np.ascontiguousarray(labels))
    return find_links(fields, pairs, np.zeros(len(pairs)), drop_through_sources=drop)


def cost_of(path, resistance):
    values = resistance[tuple(path.T)]
    return (np.sqrt((np.diff(path, axis=0) ** 2).sum(axis=1)) * (values[1:] + values[:-1]) / 2.0).sum() * 10.0


class TestTwoWays:
    @pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())
    @pytest.mark.parametrize("third", [(0, 3), (4, 3)])
    def test_one_past_a_third_source_is_the_link(self, third, turn):
        resistance, labels = ring([third])
        links = links_of(turn(resistance), turn(labels))
        assert links.active.all()
        assert links.through == ((), (), ())
        here = np.zeros(turn(labels).shape, dtype=bool)
        here[tuple(links.paths[0].T)] = True
        free = np.zeros((5, 7), dtype=bool)
        free[4 - third[0], 1:6] = True
        assert here[turn(free)].all()
        assert not here[turn(labels == 3)].any()

    @pytest.mark.parametrize("drop", [True, False])
    def test_both_through_third_sources_is_no_link(self, drop):
        links = links_of(*ring([(0, 3), (4, 2)]), drop=drop)
        assert links.kind[0] == (LinkKind.THROUGH_SOURCE if drop else LinkKind.ADJACENT)
        assert links.through[0] == (3,)

    def test_a_dearer_way_round_does_not_count(self):
        resistance, labels = ring([(0, 3)])
        resistance[4, 3] += 1e-6
        assert not links_of(resistance, labels).active[0]
        resistance[4, 3] = 1.0 + 1e-14
        assert links_of(resistance, labels).active[0]

    @pytest.mark.parametrize("kind", [np.float32, np.float64])
    def test_surfaces_of_either_precision(self, kind):
        resistance, labels = ring([(4, 3)])
        links = links_of((resistance * np.linspace(1.1, 2.3, 7)).astype(kind), labels)
        assert links.active[0]
        resistance, labels = ring([(0, 3)])
        links = links_of((resistance * np.linspace(1.1, 2.3, 7)).astype(kind), labels)
        assert links.active[0]

    def test_of_ways_round_it_is_one_of_fewest_cells(self):
        # Below the wall the way may leave in a straight line, or by corners that cost the same in more cells.
        resistance = np.ones((4, 5))
        resistance[1:3, 1:4] = np.nan
        labels = np.zeros((4, 5), dtype=np.int32)
        labels[1:3, 0], labels[1:3, 4], labels[0, 2] = 1, 2, 3
        assert links_of(resistance, labels).paths[0].tolist() == [[2, 0], [3, 1], [3, 2], [3, 3], [2, 4]]

    def test_the_search_can_be_cancelled(self, monkeypatch):
        monkeypatch.setattr(tracing, "_UNCHECKED", 3)

        class Cancelled(Monitor):
            def cancelled(self):
                return True

        resistance, labels = ring([(0, 3)])
        fields = CostFields(CostGraph(resistance), labels)
        field = fields.field(1, [2])
        with pytest.raises(OperationCancelled):
            tracing._around(fields, field, 1, 2, Cancelled())


def graph_of(networkx, resistance, labels, neighbours):
    """Return a map as a graph of networkx, with costs in whole numbers, so that ties are exact."""
    graph = networkx.DiGraph()
    far = {1: 10**15, 2: round(2**0.5 * 10**15)}
    for i, j in np.argwhere(~np.isnan(resistance)).tolist():
        for k, n in ((i + 1, j), (i, j + 1), (i + 1, j + 1), (i + 1, j - 1)):
            inside = k < resistance.shape[0] and 0 <= n < resistance.shape[1]
            apart = abs(k - i) + abs(n - j)
            if inside and not np.isnan(resistance[k, n]) and (neighbours == 8 or apart == 1):
                cost = int(resistance[i, j] + resistance[k, n]) * far[apart]
                graph.add_edge((i, j), (k, n), cost=cost)
                graph.add_edge((k, n), (i, j), cost=cost)
        graph.add_edge(("from", labels[i, j]), (i, j), cost=1)
        graph.add_edge((i, j), ("to", labels[i, j]), cost=1)
    return graph


@pytest.mark.parametrize("neighbours", [8, 4])
def test_a_link_is_dropped_if_all_shortest_paths_of_networkx_cross_a_third(neighbours):
    networkx = pytest.importorskip("networkx")
    outcomes = set()
    for seed in range(12):
        resistance, labels = tied(seed)
        graph = graph_of(networkx, resistance, labels, neighbours)
        links = links_of(resistance, labels, neighbours=neighbours)
        for (a, b), kind, path, cost in zip(links.pairs, links.kind, links.paths, links.cost):
            if kind == LinkKind.CUT_OFF:
                assert not networkx.has_path(graph, ("from", a), ("to", b))
                continue
            ways = networkx.all_shortest_paths(graph, ("from", a), ("to", b), weight="cost")
            free = [all(labels[cell] in (0, a, b) for cell in way[1:-1]) for way in ways]
            outcomes.add((any(free), all(free)))
            assert (kind > 0) == any(free)
            assert cost_of(path, resistance) == pytest.approx(cost, rel=1e-12)
            assert labels[tuple(path[0])] == a
            assert labels[tuple(path[-1])] == b
            if kind > 0:
                assert np.isin(labels[tuple(path.T)], [0, a, b]).all()
    assert outcomes == {(True, True), (True, False), (False, False)}


@pytest.mark.parametrize("search", ["scipy", "blocks", "numba"])
@pytest.mark.parametrize("seed", range(4))
def test_mirrored_maps_keep_the_same_links(seed, search, monkeypatch):
    if search == "numba":
        pytest.importorskip("numba")
    if search == "blocks":
        monkeypatch.setattr(costgraph, "_WHOLE_MOST", 0)
        monkeypatch.setattr(blocks, "_EDGE", 5)
    resistance, labels = tied(seed, (24, 31), 16)
    kept = [
        links_of(turn(resistance), turn(labels), accelerate=search == "numba").kind.tolist() for turn in TURNS.values()
    ]
    assert kept[1:] == kept[:-1]
    assert LinkKind.ADJACENT in kept[0]
    assert LinkKind.THROUGH_SOURCE in kept[0]
