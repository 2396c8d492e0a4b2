import numpy as np
import pytest
from ecosecnet.core.connectivity import (
    PatchGraph,
    dispersal_rate,
    node_importance,
    order_agreement,
    overlap,
    settles,
    sweep,
)
from ecosecnet.core.connectivity.sweep import Landscape
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor


def scattered(n=25, seed=3):
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * 10_000
    pairs = np.column_stack(np.triu_indices(n, 1))
    return rng.lognormal(3.0, 1.0, n), pairs, np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)


def test_every_setting_is_the_analysis_of_its_own_landscape():
    area, pairs, distances = scattered()
    minimum = float(np.median(area))
    found = sweep(area, pairs, distances, [4000.0, 1000.0], minimum_areas=[0.0, minimum], cuts=[1.0, 5.0])
    assert [(one.minimum_area, one.dispersal) for one in found.landscapes] == [
        (0.0, 1000.0),
        (0.0, 4000.0),
        (minimum, 1000.0),
        (minimum, 4000.0),
    ]
    chosen = np.zeros(area.size)
    for one in found.landscapes:
        large = np.flatnonzero(area >= one.minimum_area)
        number = {k: position for position, k in enumerate(large)}
        inside = [k for k, pair in enumerate(pairs) if set(pair) <= set(large)]
        graph = PatchGraph.dispersing(
            area[large],
            [[number[k] for k in pair] for pair in pairs[inside]],
            distances[inside],
            dispersal_rate(one.dispersal, 0.5),
        )
        assert one.importance[large] == pytest.approx(node_importance(graph).total)
        assert np.isnan(one.importance[area < one.minimum_area]).all()
        for cut in (1.0, 5.0):
            chosen[large] += one.importance[large] >= cut
    assert found.share == pytest.approx(chosen / 8)
    assert found.best_rank.min() == 1.0
    assert (found.best_rank <= found.median_rank).all()
    assert (found.median_rank <= found.worst_rank).all()


def test_farther_dispersal_connects_more():
    area, pairs, distances = scattered()
    found = sweep(area, pairs, distances, np.arange(500.0, 20_001.0, 500.0), landscape=1e5)
    for name in ("numerator", "pc", "equivalent"):
        assert (np.diff([getattr(one.probable, name) for one in found.landscapes]) > 0).all()
    assert (np.diff([one.binary.components for one in found.landscapes]) <= 0).all()
    assert (np.diff([one.binary.iic for one in found.landscapes]) >= 0).all()
    # With nothing but the distance growing, one patch of all the area is the limit.
    assert found.landscapes[-1].probable.equivalent < area.sum()


def test_a_fixed_threshold_keeps_iic():
    area, pairs, distances = scattered()
    found = sweep(area, pairs, distances, [500.0, 5000.0], threshold=2000.0)
    assert len({one.binary.numerator for one in found.landscapes}) == 1


def test_a_source_that_is_never_large_enough_has_no_rank():
    found = sweep(np.array([1.0, 5.0, 6.0]), [(1, 2)], [100.0], [1000.0], minimum_areas=[2.0], cuts=[0.0])
    assert found.share.tolist() == [0.0, 1.0, 1.0]
    assert np.isnan(found.best_rank).tolist() == [True, False, False]


def landscape(dispersal, importance):
    importance = np.array(importance, dtype=float)
    return Landscape(dispersal, 0.0, ~np.isnan(importance), None, None, importance)


def test_where_the_choice_settles():
    steps = [
        landscape(1.0, [9.0, 1.5, 0.2, 0.1]),
        landscape(2.0, [9.0, 2.5, 1.2, 0.1]),
        landscape(3.0, [9.0, 3.5, 1.4, 0.2]),
        landscape(4.0, [8.0, 4.5, 1.6, 0.3]),
    ]
    assert settles(steps, 1.0) == 1
    assert settles(steps, 0.0) == 0
    assert settles([*steps, landscape(5.0, [0.3, 1.6, 4.5, 8.0])], 1.0) is None
    assert overlap(steps[0].chosen(1.0), steps[1].chosen(1.0)) == pytest.approx(2 / 3)
    assert order_agreement(steps[0], steps[3]) == pytest.approx(1.0)
    assert overlap(np.zeros(3, bool), np.zeros(3, bool)) == 1.0


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"dispersals": []}, "No dispersal distances"),
        ({"dispersals": [-1.0]}, "dispersal distances is -1"),
        ({"dispersals": [0.0]}, "must be above 0"),
        ({"cuts": []}, "No dPC cuts"),
        ({"minimum_areas": [9.0]}, "largest has 2"),
    ],
)
def test_bad_input_is_named(options, part):
    arguments = {"dispersals": [100.0], **options}
    with pytest.raises(InputError, match=part):
        sweep(np.array([1.0, 2.0]), [(0, 1)], [10.0], **arguments)


def test_can_be_cancelled():
    class Stop(Monitor):
        def cancelled(self):
            return True

    area, pairs, distances = scattered()
    with pytest.raises(OperationCancelled):
        sweep(area, pairs, distances, [100.0], monitor=Stop())
