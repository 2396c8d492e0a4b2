"""Networks of many species: what they have in common."""

import dataclasses

import numpy as np
import pytest
from ecosecnet.core.choices import CutoffRule, Stage
from ecosecnet.core.corridors import Cutoff
from ecosecnet.core.decisions import Community, Species, many_species, overlaps
from ecosecnet.core.errors import InputError
from ecosecnet.core.grid import Grid
from ecosecnet.core.planning import KeyAreaOptions
from ecosecnet.core.spread import Where
from scipy.spatial.distance import jaccard
from scipy.stats import rankdata

ROWS, COLS = 40, 60
GRID = Grid(ROWS, COLS, dx=30.0, dy=30.0)


def species(name, seed=1, **more):
    random = np.random.default_rng(seed)
    resistance = random.uniform(1.0, 20.0, (ROWS, COLS)).astype(np.float32)
    labels = np.zeros((ROWS, COLS), dtype=np.int32)
    for k, (row, col) in enumerate([(3, 4), (30, 6), (5, 50), (30, 48), (18, 28)], start=1):
        labels[row : row + 5, col : col + 5] = k
    more = {"cutoff": Cutoff(400.0, CutoffRule.COST), "dispersal": 3000.0, **more}
    return Species(name, resistance, labels, **more)


def run(*every, **options):
    stage = options.pop("stage", Stage.PINCH_POINTS)
    areas = KeyAreaOptions(radii=[45.0], min_area_ha=0.0)
    return many_species(Community(every, GRID, stage, keyareas=areas), **options)


def test_two_equal_species_have_everything_in_common():
    one, both = run(species("a")), run(species("a"), species("b"))
    known = both.share[~np.isnan(both.share)]
    assert set(known.tolist()) == {1.0}
    assert both.jaccard.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert both.complement.cells == one.complement.cells
    assert both.complement.kept[0].tolist() == both.complement.kept[1].tolist() == one.complement.kept[0].tolist()
    np.testing.assert_allclose(both.percentile, one.percentile)
    assert np.array_equal(both.key, 2 * one.key)
    assert both.key.max() == 2


def test_shares_are_weighted_and_percentiles_those_within_the_species():
    networks = {}
    every = [species("a", 1, weight=1.0), species("b", 2, weight=3.0)]
    both = run(*every, found=lambda k, network: networks.update({k: network}))
    outside = every[0].labels == 0
    a, b = (~np.isnan(networks[k].mosaic) & outside for k in (0, 1))
    expected = np.where(a | b, 0.25 * a + 0.75 * b, np.nan).astype(np.float32)
    np.testing.assert_array_equal(both.share, expected)
    percentile, weight = np.zeros(a.shape), np.zeros(a.shape)
    for k in (0, 1):
        held = ~np.isnan(networks[k].current) & outside
        percentile[held] += every[k].weight * 100 * (rankdata(networks[k].current[held]) - 0.5) / held.sum()
        weight[held] += every[k].weight
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(both.percentile, percentile / weight, rtol=1e-6)
    assert both.jaccard[0, 1] == pytest.approx(1.0 - jaccard(a.ravel(), b.ravel()))
    assert both.corridor.tolist() == [a.sum(), b.sum()]


def test_the_order_of_the_species_changes_nothing():
    every = [species("b", 1, weight=0.1), species("c", 2, weight=0.7), species("a", 3, weight=0.3)]
    first, turned = run(*every, stage=Stage.BOTH), run(*every[::-1], stage=Stage.BOTH)
    for name in ("share", "percentile", "key", "jaccard", "shared", "corridor"):
        np.testing.assert_array_equal(getattr(first, name), getattr(turned, name))
    assert [every[k].name for k in first.ran] == [every[::-1][k].name for k in turned.ran] == ["a", "b", "c"]
    for one, other in zip(first.complement.turn, turned.complement.turn):
        assert one.tolist() == other.tolist()


def test_a_species_without_a_network_is_named_and_the_others_go_on():
    wall = species("walled")
    resistance = wall.resistance.copy()
    resistance[:, 12:15] = resistance[:, 40:43] = resistance[14:17] = resistance[25:28] = np.nan
    alone = run(species("a"))
    both = run(species("a"), dataclasses.replace(wall, resistance=resistance))
    assert both.ran.tolist() == [0]
    assert list(both.failed) == [1]
    assert "cut off by impassable cells" in both.failed[1]
    np.testing.assert_array_equal(both.share, alone.share)
    with pytest.raises(InputError, match="No species has a network"):
        run(dataclasses.replace(wall, resistance=resistance))


def test_two_processes_give_the_same_bits():
    every = [species(name, seed) for seed, name in enumerate("abc")]
    here, there = run(*every), run(*every, where=Where(2))
    for name in ("share", "percentile", "key", "jaccard"):
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))
    assert here.complement.cells == there.complement.cells


def test_corridors_alone_have_no_currents():
    found = run(species("a"), stage=Stage.CORRIDORS)
    assert found.percentile is None
    assert not found.key.any()


def test_names_given_twice_and_weights_of_nothing_are_refused():
    with pytest.raises(InputError, match="named twice: a"):
        run(species("a"), species("a", 2))
    with pytest.raises(InputError, match="'a' has the weight 0"):
        run(species("a", weight=0.0))


def test_two_hundred_sets_overlap_as_counted_one_by_one():
    random = np.random.default_rng(5)
    cells = random.random((200, 3000)) < 0.2
    cells[7] = False
    held, shared, jaccard = overlaps(np.packbits(cells, axis=1))
    assert held.tolist() == cells.sum(axis=1).tolist()
    for a, b in random.integers(0, 200, (50, 2)).tolist():
        both, either = (cells[a] & cells[b]).sum(), (cells[a] | cells[b]).sum()
        assert shared[a, b] == both
        assert jaccard[a, b] == pytest.approx(both / either) if either else np.isnan(jaccard[a, b])
    assert np.isnan(jaccard[7, 7])
