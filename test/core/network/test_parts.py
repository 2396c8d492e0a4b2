"""Weak places and parts of networks, against trying every loss."""

import itertools

import networkx as nx
import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.network import components, graphml, parts

TWO_TRIANGLES = np.array([[0, 1], [0, 2], [1, 2], [2, 3], [3, 4], [3, 5], [4, 5]])


def random_pairs(seed, count=8, links=11):
    every = np.array(list(itertools.combinations(range(count), 2)))
    return np.random.default_rng(seed).permutation(every)[:links]


def number_of_parts(count, pairs):
    return int(components(count, pairs).max()) + 1


@pytest.mark.parametrize("seed", range(12))
def test_bridges_and_cut_sources_are_those_whose_loss_parts_the_network(seed):
    pairs = random_pairs(seed)
    found, whole = parts(8, pairs), number_of_parts(8, pairs)
    for link in range(len(pairs)):
        assert found.bridge[link] == (number_of_parts(8, np.delete(pairs, link, axis=0)) > whole)
    for source in range(8):
        # The source itself stays as a component of its own; one that had links leaves none more behind.
        left = number_of_parts(8, pairs[(pairs != source).all(axis=1)])
        assert found.cut_source[source] == (left - whole > int((pairs == source).any()))


@pytest.mark.parametrize("seed", range(6))
def test_the_least_cut_is_the_smallest_set_of_links_that_parts_the_largest_component(seed):
    pairs = random_pairs(seed, links=10)
    group = components(8, pairs)
    largest = group == np.bincount(group).argmax()
    inside = pairs[largest[pairs].all(axis=1)]
    whole = number_of_parts(8, inside)
    sizes = (
        size
        for size in range(1, len(inside) + 1)
        for lost in itertools.combinations(range(len(inside)), size)
        if number_of_parts(8, np.delete(inside, lost, axis=0)) > whole
    )
    assert parts(8, pairs).least_cut == next(sizes)


def test_two_triangles():
    found = parts(7, TWO_TRIANGLES)
    assert np.flatnonzero(found.bridge).tolist() == [3]
    assert np.flatnonzero(found.cut_source).tolist() == [2, 3]
    assert found.community.tolist() == [1, 1, 1, 2, 2, 2, 3]
    # Each triangle: 3 of 7 links inside, 7 of 14 ends. 2 (3/7 - (7/14)^2) = 5/14.
    assert found.modularity == pytest.approx(5 / 14)
    assert found.least_cut == 1


def test_a_ring_has_no_weak_place():
    found = parts(5, np.array([[0, 1], [1, 2], [2, 3], [3, 4], [0, 4]]))
    assert not found.bridge.any()
    assert not found.cut_source.any()
    assert found.least_cut == 2


def test_a_link_that_is_there_twice_is_no_bridge():
    found = parts(3, np.array([[0, 1], [1, 0], [1, 2]]))
    assert found.bridge.tolist() == [False, False, True]
    assert found.least_cut == 1


def test_a_bridge_of_a_smaller_component_is_not_the_least_cut():
    found = parts(6, np.array([[0, 1], [2, 3], [3, 4], [4, 5], [2, 5]]))
    assert found.bridge.tolist() == [True, False, False, False, False]
    assert found.least_cut == 2


def test_without_links_and_without_sources():
    lone = parts(3, np.empty((0, 2), dtype=int))
    assert lone.community.tolist() == [1, 2, 3]
    assert np.isnan(lone.modularity)
    assert lone.least_cut == 0
    assert parts(0, np.empty((0, 2), dtype=int)).community.size == 0


def test_graphml_can_be_read_back():
    text = graphml(
        3,
        np.array([[0, 1], [1, 2]]),
        {
            "source_id": ["北山", "b & c", "d"],
            "flow": np.array([1.5, 2.0, 0.25]),
            "cut": np.array([False, True, False]),
        },
        {"length": np.array([3.0, 4.0]), "note": [None, "narrow"]},
    )
    read = nx.parse_graphml(text)
    assert [read.nodes[str(k)]["source_id"] for k in range(3)] == ["北山", "b & c", "d"]
    assert [read.nodes[str(k)]["cut"] for k in range(3)] == [False, True, False]
    links = {tuple(sorted(ends)): values for *ends, values in read.edges(data=True)}
    assert links["0", "1"] == {"id": "0", "length": 3.0}
    assert links["1", "2"] == {"id": "1", "length": 4.0, "note": "narrow"}


def test_positions_that_are_not_there():
    with pytest.raises(InputError, match="there are only 2"):
        parts(2, np.array([[0, 2]]))
    with pytest.raises(InputError, match="there are only 2"):
        graphml(2, np.array([[0, 2]]), {}, {})
