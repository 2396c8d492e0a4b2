"""Derivatives of the effective resistance: by identities, by difference quotients, and by solving again."""

import numpy as np
import pytest
from circuits import dense_pair
from ecosecnet.core.circuit import solve_pair
from ecosecnet.core.errors import DisconnectedError, InputError
from ecosecnet.core.keyareas import corridorcircuit
from ecosecnet.core.keyareas.circuitbarriers import circuit_barriers
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links
from ecosecnet.core.monitor import Monitor
from networks import on
from scipy import ndimage

CELL = 30.0


def landscape(seed=1, shape=(22, 30)):
    rng = np.random.default_rng(seed)
    resistance = np.exp(ndimage.gaussian_filter(rng.normal(size=shape), 1.2) * 5.0) + 1.0
    resistance[rng.random(shape) < 0.04] = np.nan
    labels = np.zeros(shape, dtype=np.int32)
    labels[2:5, 2:6], labels[15:19, 22:27], labels[16:19, 3:6] = 1, 2, 3
    resistance[labels > 0] = 1.5
    return resistance, labels


def in_corridor(resistance, labels, a, b, cutoff):
    """The corridor by its definition."""
    graph = CostGraph(resistance, cell_size=CELL)
    through = graph.cost_from(labels == a) + graph.cost_from(labels == b)
    return np.where(through <= (through.min() + cutoff) * (1 + 1e-9), resistance, np.nan)


def test_a_chain_has_the_derivatives_known_from_theory():
    resistance = np.array([[2.0, 5.0, 40.0, 5.0, 3.0]])
    labels = np.array([[1, 0, 0, 0, 2]])
    found = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=0, radius=0)
    # In series every cell counts whole, the ends half.
    np.testing.assert_allclose(found.derivative, CELL * np.array([[0.5, 1, 1, 1, 0.5]]))
    np.testing.assert_allclose(found.gain, CELL * np.array([[0.5, 4, 39, 4, 1]]))
    assert found.links.effective_resistance[0] == pytest.approx(CELL * 52.5)
    assert (found.links.row[0], found.links.col[0]) == (0, 2)
    assert found.links.predicted[0] == pytest.approx(CELL * 39)
    assert found.links.exact[0] == pytest.approx(CELL * 39)


@pytest.mark.parametrize("cutoff", [300.0, 1e6])
def test_derivatives_times_resistances_are_the_effective_resistance(cutoff):
    for seed in range(3):
        resistance, labels = landscape(seed)
        found = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=cutoff, radius=60.0)
        effective = pinchpoints(*on(resistance, labels, [[1, 2]], CELL), cutoff=cutoff).effective_resistance
        assert found.links.effective_resistance[0] == pytest.approx(effective[0], rel=1e-10)
        assert np.nansum(found.derivative * resistance) == pytest.approx(effective[0], rel=1e-10)
        assert (found.derivative[~np.isnan(found.derivative)] >= 0).all()


def test_derivatives_are_the_limits_of_difference_quotients():
    resistance, labels = landscape(4)
    window = in_corridor(resistance, labels, 1, 2, 400.0)
    found = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=400.0, radius=0)
    assert np.array_equal(np.isnan(found.derivative), np.isnan(window))
    cells = np.argwhere(~np.isnan(window) & (labels == 0))
    for row, col in cells[:: len(cells) // 12]:
        step = 1e-4 * window[row, col]
        values = []
        for sign in (-1, 1):
            moved = window.copy()
            moved[row, col] += sign * step
            values.append(
                solve_pair(moved, (labels == 1) & ~np.isnan(window), (labels == 2) & ~np.isnan(window)).resistance
            )
        quotient = CELL * (values[1] - values[0]) / (2 * step)
        assert found.derivative[row, col] == pytest.approx(quotient, rel=1e-5, abs=1e-6)


def test_cells_at_the_rim_of_sources_by_hand():
    """Two ways in parallel, over the top and under the bottom; every cell is in a source or beside both."""
    s, t, top, bottom = 2.0, 6.0, 5.0, 9.0
    resistance = np.full((3, 3), np.nan)
    resistance[1, 0], resistance[1, 2], resistance[0, 1], resistance[2, 1] = s, t, top, bottom
    labels = np.array([[0, 0, 0], [1, 0, 2], [0, 0, 0]])
    found = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=1e3, radius=0)
    over, under = (2**0.5 * (middle + (s + t) / 2) for middle in (top, bottom))
    assert found.links.effective_resistance[0] == pytest.approx(CELL / (1 / over + 1 / under))
    share = under / (over + under)  # of the current that goes over the top
    by_way = 2**0.5 * np.array([share**2, (1 - share) ** 2])
    rim = by_way.sum() / 2
    expected = CELL * np.array([[np.nan, by_way[0], np.nan], [rim, np.nan, rim], [np.nan, by_way[1], np.nan]])
    np.testing.assert_allclose(found.derivative, expected)


def test_derivatives_in_and_beside_sources_are_difference_quotients_of_the_same_corridor():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(3, 6, 2))
        resistance = rng.integers(1, 30, shape).astype(float)
        labels = np.zeros(shape, dtype=int)
        cells = rng.permutation(labels.size)
        labels.ravel()[cells[:2]], labels.ravel()[cells[2:5]] = 1, 2
        found = circuit_barriers(*on(resistance, labels, [[1, 2]], 1.0), cutoff=10.0, radius=0)
        window = np.where(np.isnan(found.derivative), np.nan, resistance)
        ends = [(labels == label) & ~np.isnan(window) for label in (1, 2)]
        for row, col in np.argwhere(~np.isnan(window)):
            step = np.zeros(shape)
            step[row, col] = 1e-4 * window[row, col]
            more, less = (dense_pair(moved, *ends)[1] for moved in (window + step, window - step))
            assert found.derivative[row, col] == pytest.approx((more - less) / (2 * step[row, col]), abs=1e-6)


def test_a_corridor_drawn_anew_may_turn_the_sign():
    resistance = np.array([[7.0, 3.0, 1.0], [3.0, 4.0, 7.0], [4.0, 1.0, 3.0]])
    labels = np.array([[0, 0, 0], [1, 0, 2], [0, 0, 0]])
    better = resistance.copy()
    better[2, 1] = 0.5
    found, again = (
        circuit_barriers(*on(surface, labels, [[1, 2]], 1.0), cutoff=2.0, radius=0) for surface in (resistance, better)
    )
    assert found.derivative[2, 1] > 0.1
    assert np.isnan(again.derivative).sum() > np.isnan(found.derivative).sum()
    assert again.links.effective_resistance[0] > found.links.effective_resistance[0]


def test_a_dead_end_brings_nothing():
    """No current flows into a pocket with one mouth, but rounding of the potentials looks like some."""
    resistance = np.random.default_rng(8).uniform(2.0, 9.0, (14, 30))
    resistance[6:, 10] = resistance[6:, 20] = resistance[6, 10:21] = np.nan
    resistance[6, 15] = 3.0
    resistance[7, 14] = resistance[7, 16] = np.nan
    labels = np.zeros(resistance.shape, dtype=int)
    labels[:3, 0], labels[:3, -1] = 1, 2
    pocket = np.zeros(resistance.shape, dtype=bool)
    pocket[8:, 11:20] = True
    found = circuit_barriers(
        *on(resistance, labels, [[1, 2]], CELL), cutoff=1e5, radius=0, patches=[np.flatnonzero(pocket)]
    )
    assert not np.isnan(found.derivative[pocket]).any()
    assert found.patch_predicted[0, 0] == found.patch_exact[0, 0] == 0.0


@pytest.mark.parametrize("radius", [0.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("always", ["update", "factor"])
def test_the_exact_gain_is_that_of_solving_again(radius, always, monkeypatch):
    monkeypatch.setattr(corridorcircuit, "_LOW_RANK", 10**6 if always == "update" else 0)
    for seed in (5, 6):
        resistance, labels = landscape(seed)
        pairs = [[1, 2], [1, 3]]
        found = circuit_barriers(*on(resistance, labels, pairs, CELL), cutoff=600.0, radius=radius)
        for k, (a, b) in enumerate(pairs):
            window = in_corridor(resistance, labels, a, b, 600.0)
            rows, cols = np.ogrid[: window.shape[0], : window.shape[1]]
            distance = (rows - found.links.row[k]) ** 2 + (cols - found.links.col[k]) ** 2
            better = np.where(distance <= (radius / CELL) ** 2, np.minimum(window, 1.0), window)
            ends = [(labels == label) & ~np.isnan(window) for label in (a, b)]
            before, after = (CELL * solve_pair(ground, *ends).resistance for ground in (window, better))
            assert found.links.exact[k] == pytest.approx(before - after, rel=1e-8)
            # Concave: the derivatives never promise more than restoring brings.
            assert 0 < found.links.predicted[k] <= found.links.exact[k] * (1 + 1e-9)


def test_chosen_patches_are_restored_one_by_one():
    resistance, labels = landscape(6)
    pairs = [[1, 2], [1, 3]]
    band = np.zeros(labels.shape, dtype=bool)
    band[8:12, 3:18] = True
    spot = np.zeros(labels.shape, dtype=bool)
    spot[10, 12] = True
    corner = np.zeros(labels.shape, dtype=bool)
    corner[0, -1] = True
    found = circuit_barriers(
        *on(resistance, labels, pairs, CELL),
        cutoff=600.0,
        radius=30.0,
        patches=[np.flatnonzero(patch) for patch in (band, spot, corner)],
    )
    assert found.patch_exact.shape == (2, 3)
    for k, (a, b) in enumerate(pairs):
        window = in_corridor(resistance, labels, a, b, 600.0)
        ends = [(labels == label) & ~np.isnan(window) for label in (a, b)]
        before = CELL * solve_pair(window, *ends).resistance
        for number, patch in enumerate((band, spot, corner)):
            better = np.where(patch, np.minimum(window, 1.0), window)
            after = CELL * solve_pair(better, *ends).resistance
            assert found.patch_exact[k, number] == pytest.approx(before - after, rel=1e-8, abs=1e-8 * before)
    assert (found.patch_predicted <= found.patch_exact * (1 + 1e-9)).all()
    assert (found.patch_exact[:, 0] > 0).all()
    assert (found.patch_exact[:, 2] == 0).all()


def test_small_changes_bring_what_the_derivatives_say():
    resistance, labels = landscape(7)
    resistance = np.where(np.isnan(resistance), np.nan, 10.0)
    resistance[11, 14] = 10.001
    found = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=1e6, radius=0, restored=10.0)
    assert (found.links.row[0], found.links.col[0]) == (11, 14)
    assert found.links.exact[0] == pytest.approx(found.links.predicted[0], rel=1e-3)


def test_the_gain_of_a_disc_is_the_sum_over_it_and_peaks_at_the_best_place():
    resistance, labels = landscape(8)
    single = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=1e6, radius=0)
    np.testing.assert_allclose(single.gain, single.derivative * np.maximum(resistance - 1.0, 0), rtol=1e-9, atol=1e-9)
    found = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=1e6, radius=75.0)
    y, x = np.mgrid[-2:3, -2:3]
    expected = ndimage.convolve(np.nan_to_num(single.gain), (x**2 + y**2 <= 4).astype(float), mode="constant")
    known = ~np.isnan(found.gain)
    assert np.array_equal(known, ~np.isnan(resistance))
    np.testing.assert_allclose(found.gain[known], expected[known], rtol=1e-9, atol=1e-7)
    first = circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=1e6, radius=75.0, candidates=1)
    assert np.nanmax(found.gain) == first.links.predicted[0]
    assert found.gain[found.links.row[0], found.links.col[0]] == found.links.predicted[0]


@pytest.mark.parametrize("radius", [0.0, 60.0])
def test_trying_more_discs_finds_better_ones(radius):
    resistance, labels = landscape(11)
    exact = []
    for candidates in (1, 4, 10**6):
        found = circuit_barriers(
            *on(resistance, labels, [[1, 2]], CELL), cutoff=400.0, radius=radius, candidates=candidates
        )
        exact.append(found.links.exact[0])
    assert exact == sorted(exact)
    if radius == 0:
        # All single cells have been tried: none is better.
        window = in_corridor(resistance, labels, 1, 2, 400.0)
        ends = [(labels == label) & ~np.isnan(window) for label in (1, 2)]
        before = solve_pair(window, *ends).resistance
        gains = []
        for row, col in np.argwhere(window > 1):
            better = window.copy()
            better[row, col] = 1.0
            gains.append(CELL * (before - solve_pair(better, *ends).resistance))
        assert exact[-1] == pytest.approx(max(gains), rel=1e-9)


def test_links_combine():
    resistance, labels = landscape(9)
    alone = [
        circuit_barriers(*on(resistance, labels, [pair], CELL), cutoff=500.0, radius=30.0) for pair in ([1, 2], [2, 3])
    ]
    for combine, gather in (("maximum", np.fmax), ("sum", lambda a, b: np.nansum([a, b], axis=0))):
        both = circuit_barriers(
            *on(resistance, labels, [[1, 2], [2, 3]], CELL), cutoff=500.0, radius=30.0, combine=combine
        )
        for name in ("derivative", "gain"):
            first, second = (getattr(one, name) for one in alone)
            expected = np.where(np.isnan(first) & np.isnan(second), np.nan, gather(first, second))
            np.testing.assert_allclose(getattr(both, name), expected, rtol=1e-12)


def test_sources_that_are_cut_off():
    class Listener(Monitor):
        text = ""

        def warn(self, text):
            self.text += text

    resistance, labels = landscape(1)
    resistance[:, 15] = np.nan
    listener = Listener()
    found = circuit_barriers(
        *on(resistance, labels, [[1, 2], [1, 3]], CELL), cutoff=100.0, radius=30.0, monitor=listener
    )
    assert np.isinf(found.links.effective_resistance[0])
    assert np.isnan(found.links.exact[0])
    assert found.links.row[0] == -1
    assert found.links.exact[1] > 0
    assert "1 of 2 links" in listener.text
    with pytest.raises(DisconnectedError):
        circuit_barriers(*on(resistance, labels, [[1, 2]], CELL), cutoff=100.0, radius=30.0)


def test_ground_as_good_as_restored_has_no_best_place():
    resistance, labels = landscape(2)
    found = circuit_barriers(*on(np.minimum(resistance, 1.0), labels, [[1, 2]], CELL), cutoff=100.0, radius=30.0)
    assert np.isnan(found.links.predicted[0])
    assert found.links.row[0] == -1
    assert np.nanmax(found.gain) == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pairs": np.empty((0, 2))}, "no link"),
        ({"cutoff": -1.0}, "cutoff of the corridors is -1"),
        ({"radius": np.nan}, "radius is nan"),
        ({"restored": 0.0}, "above 0"),
        ({"combine": "mean"}, "mean"),
        ({"candidates": 0}, "0 discs"),
    ],
)
def test_bad_input_is_named(change, message):
    resistance, labels = landscape()
    given = {"pairs": [[1, 2]], "cutoff": 10.0, "radius": 30.0, **change}
    with pytest.raises(InputError, match=message):
        circuit_barriers(*on(resistance, labels, given.pop("pairs"), CELL), **given)


def test_four_neighbours_have_the_derivative_of_four_neighbours():
    resistance, labels = landscape(6)
    graph = CostGraph(resistance, cell_size=CELL, neighbours=4)
    found = circuit_barriers(CostFields(graph, labels), Links.between([[1, 2]]), cutoff=1e6, radius=0)
    # Resistances times derivatives add up to the effective resistance, which is that of `pinchpoints`.
    effective = pinchpoints(CostFields(graph, labels), Links.between([[1, 2]]), cutoff=1e6).effective_resistance
    assert found.links.effective_resistance == pytest.approx(effective)
    assert np.nansum(found.derivative * resistance) == pytest.approx(effective[0])


def test_mean_conductances_are_refused():
    graph = CostGraph(np.ones((1, 3)), average="conductance")
    fields = CostFields(graph, np.array([[1, 0, 2]]))
    with pytest.raises(InputError, match="mean resistance"):
        circuit_barriers(fields, Links.between([[1, 2]]), cutoff=1.0, radius=0)


def test_a_source_that_is_not_there_is_named():
    fields = CostFields(CostGraph(np.ones((1, 3))), np.array([[1, 0, 2]]))
    with pytest.raises(InputError, match="name source 7"):
        circuit_barriers(fields, Links.between([[1, 7]]), cutoff=1.0, radius=0)
