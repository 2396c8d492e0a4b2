"""Cutoff sweeps against the single runs they are made of."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.barriers import barriers
from ecosecnet.core.keyareas.cutoffs import barriers_by_cutoff, pinch_points_by_cutoff, read_cutoffs, sweep
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.spread import Where
from networks import on
from scipy import ndimage

PAIRS = np.array([[1, 2], [2, 3]])


def landscape(seed=1, shape=(36, 48)):
    rng = np.random.default_rng(seed)
    resistance = np.exp(ndimage.gaussian_filter(rng.normal(size=shape), 1.5) * 5.0) + 1.0
    labels = np.zeros(shape, dtype=np.int32)
    labels[3:8, 2:7], labels[26:31, 8:13], labels[10:16, 40:46] = 1, 2, 3
    return resistance, labels


def test_each_surface_is_that_of_its_own_run():
    resistance, labels = landscape()
    cutoffs = [200.0, 500.0, 1000.0]
    surfaces = pinch_points_by_cutoff(*on(resistance, labels, PAIRS, 30.0), cutoffs=cutoffs)
    for cutoff, surface in zip(cutoffs, surfaces):
        alone = pinchpoints(*on(resistance, labels, PAIRS, 30.0), cutoff=cutoff).current
        np.testing.assert_array_equal(surface, alone)


def test_barriers_are_cut_to_the_corridors():
    resistance, labels = landscape()
    cutoffs = [500.0, 200.0]
    surfaces = barriers_by_cutoff(*on(resistance, labels, PAIRS, 30.0), cutoffs=cutoffs, radii=[60.0])
    score = barriers(*on(resistance, labels, PAIRS, 30.0), radii=[60.0]).score
    graph = CostGraph(resistance, cell_size=30.0)
    cost = {label: graph.cost_from(labels == label) for label in (1, 2, 3)}
    for cutoff, surface in zip(cutoffs, surfaces):
        inside = np.zeros(labels.shape, dtype=bool)
        for a, b in PAIRS:
            through = cost[a] + cost[b]
            inside |= through <= (through.min() + cutoff) * (1 + 1e-9)
        np.testing.assert_array_equal(surface, np.where(inside, score, np.nan))
        assert 0 < np.count_nonzero(inside) < inside.size


def test_barriers_of_a_sweep_are_those_of_land_that_can_be_restored():
    resistance, labels = landscape()
    can = resistance < 8.0
    (surface,) = barriers_by_cutoff(*on(resistance, labels, PAIRS, 30.0), cutoffs=[1e9], radii=[60.0], restorable=can)
    score = barriers(*on(resistance, labels, PAIRS, 30.0), radii=[60.0], restorable=can).score
    np.testing.assert_array_equal(surface, score)
    assert np.isfinite(score).any()


def test_the_sweep_tells_places_from_values():
    resistance, labels = landscape()
    cutoffs = [300.0, 600.0, 1200.0]
    surfaces = pinch_points_by_cutoff(*on(resistance, labels, PAIRS, 30.0), cutoffs=cutoffs)
    found = sweep(surfaces, cutoffs, cell_ha=0.09)
    # Wider corridors spread the current, so the largest falls or stays.
    assert (np.diff(found.maximum) <= 1e-12).all()
    assert all(0 < pair.jaccard <= 1 for pair in found.pairs)
    assert all(0.5 < pair.correlation <= 1 for pair in found.pairs)
    assert [pair.common for pair in found.pairs] == [np.count_nonzero(~np.isnan(surfaces[k])) for k in (0, 0, 1)]


def test_a_cutoff_without_a_place_that_stands_out_is_named():
    flat = np.ones((4, 4))
    with pytest.raises(InputError, match="cutoff of 10 no place stands out: the corridors hold the value 1 only"):
        sweep([np.eye(4), flat], [5.0, 10.0], cell_ha=1.0)
    with pytest.raises(InputError, match="hold no value"):
        sweep([np.eye(4), np.full((4, 4), np.nan)], [5.0, 10.0], cell_ha=1.0)


def test_reading_cutoffs():
    assert read_cutoffs("2000, 1000;5000，1000") == [1000, 2000, 5000]
    for text, message in (
        ("1000", "at least two"),
        ("1000, wide", "'wide'"),
        ("0, 5", "above 0"),
        ("inf 3", "finite"),
    ):
        with pytest.raises(InputError, match=message):
            read_cutoffs(text)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "more"), [(pinch_points_by_cutoff, {}), (barriers_by_cutoff, {"radii": [60.0]})])
def test_processes_give_the_same_bits(how, more):
    resistance, labels = landscape()
    one, two = (
        how(*on(resistance, labels, PAIRS, 30.0), cutoffs=[200.0, 500.0], where=where, **more)
        for where in (Where(), Where(2))
    )
    assert [surface.tobytes() for surface in one] == [surface.tobytes() for surface in two]
