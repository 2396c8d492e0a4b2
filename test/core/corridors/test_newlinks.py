"""Which links could be added, against plain loops."""

import itertools

import numpy as np
import pytest
from ecosecnet.core.corridors.linkages import find_links
from ecosecnet.core.corridors.newlinks import near_pairs, stone_links, usable
from networks import on


@pytest.mark.parametrize("seed", range(4))
def test_near_pairs_are_those_of_a_loop_over_the_sources(seed):
    rng = np.random.default_rng(seed)
    every = np.array(list(itertools.combinations(range(9), 2)))
    pairs = every[rng.permutation(36)[:25]]
    distance = rng.integers(1, 6, 25).astype(float)
    wanted = rng.integers(0, 4, 9)
    expected = np.zeros(25, dtype=bool)
    for source in range(9):
        own = [k for k in range(25) if source in pairs[k]]
        expected[sorted(own, key=lambda k: (distance[k], k))[: wanted[source]]] = True
    np.testing.assert_array_equal(near_pairs(9, pairs, distance, wanted), expected)
    assert near_pairs(9, pairs, distance, 25).all()


def test_stones_behind_a_wall_or_behind_a_source_have_no_link():
    """Source 1, stone 4, source 2, stone 5, a wall, stone 6, source 3."""
    row = np.array([[1, 0, 4, 0, 2, 0, 5, 0, 0, 6, 0, 3]], dtype=np.int32)
    resistance = np.ones(row.shape)
    resistance[0, 7] = np.nan
    pairs = [(a, b) for a in (1, 2, 3) for b in (4, 5, 6)] + [(4, 5), (4, 6), (5, 6)]
    fields, links = on(resistance, row, pairs)
    links = find_links(fields, links.pairs, np.zeros(len(pairs)), drop_through_sources=False)
    able = {tuple(pair) for pair in links.pairs[usable(links, 3)].tolist()}
    assert able == {(1, 4), (2, 4), (2, 5), (3, 6)}
    assert {tuple(pair) for pair in links.pairs[stone_links(links, 3, 2)].tolist()} == able
