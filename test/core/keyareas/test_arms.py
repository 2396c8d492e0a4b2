"""Barriers where not all land can be restored: closed forms, and a plain computation cell by cell."""

import math

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.arms import arms
from ecosecnet.core.keyareas.barriers import barriers
from ecosecnet.core.keyareas.circuitbarriers import circuit_barriers
from ecosecnet.core.keyareas.restoration import restored_distances
from networks import on
from scipy import ndimage

BOTH = [[1, 2]]


def strip(*resistance):
    """One row of cells between two sources of a cell."""
    labels = np.zeros((1, len(resistance)), dtype=np.int32)
    labels[0, 0], labels[0, -1] = 1, 2
    return np.array([resistance], dtype=float), labels


def score(resistance, labels, restorable=None, **options):
    options = {"radii": [1.0], **options}
    return barriers(*on(resistance, labels, BOTH), restorable=restorable, **options)


def test_a_river_alone_is_no_barrier():
    """Both banks would gain by a bridge, which nobody can plant."""
    resistance, labels = np.ones((9, 21)), np.zeros((9, 21), dtype=int)
    resistance[:, 10] = 50.0
    labels[:, 0], labels[:, -1] = 1, 2
    free = score(resistance, labels, radii=[1.0, 3.0])
    assert np.isfinite(free.score[:, 8:13]).all()
    found = score(resistance, labels, resistance < 50, radii=[1.0, 3.0])
    assert np.isnan(found.score).all()
    assert found.links.row[0] == -1
    assert found.count.max() == 0


def test_scrub_beside_a_river_gains_what_it_gains_without_the_river():
    # The scrub: two steps of 5.5 become two of 1, over a strip of 2. The river costs the same before and after.
    resistance, labels = strip(1, 1, 1, 10, 1, 1, 40, 1, 1, 1)
    can = resistance < 40
    found = score(resistance, labels, can)
    assert found.links.score[0] == pytest.approx(9 / 2)
    np.testing.assert_allclose(found.score[0, 2:5], 9 / 2)
    dry, dry_labels = strip(1, 1, 1, 10, 1, 1, 1, 1, 1, 1)
    np.testing.assert_allclose(found.score[0, :5], score(dry, dry_labels).score[0, :5])
    assert np.isnan(found.score[0, 6:]).all()
    # With a disc that holds both: a centre at the scrub reaches the bank and no farther.
    wide = score(resistance, labels, can, radii=[3.0])
    assert wide.links.score[0] == pytest.approx((9 + 5 - 2 * 3) / 6)  # arms of 3 and 2, though a strip of 6 is paid for
    assert np.isnan(wide.score[0, 6])
    real = restored_distances(*on(resistance, labels, BOTH), found.links, restorable=can)
    assert real[0] == pytest.approx(found.links.distance[0] - 9)


def test_a_ford_is_a_barrier_and_the_river_beside_it_is_none():
    resistance, labels = np.ones((9, 21)), np.zeros((9, 21), dtype=int)
    resistance[:, 10] = 50.0
    labels[:, 0], labels[:, -1] = 1, 2
    can = resistance < 50
    can[4, 10] = True
    found = score(resistance, labels, can)
    assert found.links.score[0] == pytest.approx(49 / 2)
    assert (found.links.row[0], found.links.col[0]) == (4, 10)
    # The disc in the ford has arms to both banks; a disc on a bank reaches the ford, and no farther: one step of two.
    np.testing.assert_allclose(found.score[4, 9:12], 49 / 2)
    np.testing.assert_allclose(found.score[[3, 5], 9], 49 / 4)
    assert np.isnan(np.delete(found.score[:, 10], 4)).all()


def test_water_as_good_as_restored_and_sources_are_no_obstacle():
    resistance, labels = strip(1, 1, 10, 0.5, 1, 1)
    can = np.array([[True, True, True, False, True, True]])
    found, free = score(resistance, labels, can), score(resistance, labels)
    np.testing.assert_array_equal(found.links.score, free.links.score)
    assert np.isnan(found.score[0, 3])
    lake, lake_labels = strip(9, 1, 10, 1, 9)
    can = np.array([[False, True, True, True, False]])
    reached = score(lake, lake_labels, can, radii=[2.0])
    np.testing.assert_allclose(reached.links.score, score(lake, lake_labels, radii=[2.0]).links.score)
    assert np.isnan(reached.score[0, [0, -1]]).all()


def test_arms_are_cells_of_the_disc_from_the_centre_outwards():
    for radius in range(8):
        found = arms(radius)
        cells = {(arm.down, arm.across) for arm in found}
        inside = range(-radius, radius + 1)
        assert cells == {(r, c) for r in inside for c in inside if math.hypot(r, c) <= radius}
        for k, arm in enumerate(found[1:], start=1):
            before = found[arm.before]
            assert arm.before < k
            assert max(abs(arm.down - before.down), abs(arm.across - before.across)) == 1
            # nearer to the centre, and no neighbour that is so lies nearer to the straight line
            steps = max(abs(arm.down), abs(arm.across))
            off = abs(arm.down * before.across - arm.across * before.down) / math.hypot(arm.down, arm.across)
            others = [
                abs(arm.down * c - arm.across * r) / math.hypot(arm.down, arm.across)
                for r in range(arm.down - 1, arm.down + 2)
                for c in range(arm.across - 1, arm.across + 2)
                if max(abs(r), abs(c)) == steps - 1
            ]
            assert off <= min(others) + 1e-12
            assert arm.last == (math.hypot(arm.down, arm.across) > radius - 1)


def plain(resistance, labels, can, radii, only_ring, combine, restored=1.0):
    """The rule, centre by centre, with arms looked up cell by cell."""
    fields = on(resistance, labels, BOTH)[0]
    pairs = [(1, 2), (1, 3), (2, 3)]
    cost = {k: fields.graph.cost_from(labels == k) for k in (1, 2, 3)}
    blocked = ~can & ~(resistance <= restored) & (labels == 0)
    best = np.zeros((len(pairs) if combine == "maximum" else 1, *labels.shape))
    for radius in radii:
        tree = arms(radius)
        for centre in np.argwhere(can):
            cells = []
            for arm in tree:
                row, col = centre[0] + arm.down, centre[1] + arm.across
                inside = 0 <= row < labels.shape[0] and 0 <= col < labels.shape[1]
                clear = inside and not blocked[row, col] and (not cells or cells[arm.before] is not None)
                cells.append((row, col) if clear else None)
            reached = [cell for cell in cells if cell is not None]
            ends = [cell for cell, arm in zip(cells, tree) if cell is not None and (arm.last or not only_ring)]
            if not any(can[cell] and not resistance[cell] <= restored for cell in reached):
                continue
            gains = []
            for a, b in pairs:
                least = [min((cost[k][cell] for cell in ends), default=np.inf) for k in (a, b)]
                gain = (cost[a][labels == b].min() - sum(least)) / (2 * radius) - restored
                gains.append(gain if gain > 1e-9 else 0.0)
            for k, gain in enumerate(gains if combine == "maximum" else [sum(gains)]):
                for cell in reached:
                    best[k][cell] = max(best[k][cell], gain)
    total = np.where(can, best.max(axis=0), 0.0)
    return np.where(total > 0, total, np.nan)


def landscape(seed):
    """Rough ground with rivers that wind, some impassable cells, and three sources."""
    rng = np.random.default_rng(seed)
    shape = (22, 26)
    resistance = np.exp(ndimage.gaussian_filter(rng.normal(size=shape), 1.5) * 6.0) + 1.0
    resistance[rng.random(shape) < 0.04] = np.nan
    labels = np.zeros(shape, dtype=np.int32)
    labels[1:4, 1:4], labels[16:20, 2:6], labels[8:12, 20:24] = 1, 2, 3
    resistance[labels > 0] = 1.5
    can = np.abs(ndimage.gaussian_filter(rng.normal(size=shape), 2.0)) > 0.03
    return resistance, labels, can


@pytest.mark.parametrize("combine", ["maximum", "sum"])
@pytest.mark.parametrize("method", ["disc", "ring"])
def test_equals_the_plain_computation(method, combine):
    for seed in (1, 2):
        resistance, labels, can = landscape(seed)
        assert not can.all()
        links = [[1, 2], [1, 3], [2, 3]]
        found = barriers(
            *on(resistance, labels, links), radii=[2.0, 4.0], method=method, combine=combine, restorable=can
        )
        wanted = plain(resistance, labels, can, [2, 4], method == "ring", combine)
        assert np.isfinite(wanted).any()
        np.testing.assert_allclose(found.score, wanted, rtol=1e-9, atol=1e-9)
        free = barriers(*on(resistance, labels, links), radii=[2.0, 4.0], method=method, combine=combine)
        assert (np.nan_to_num(free.score) >= np.nan_to_num(found.score) - 1e-9).all()
        assert np.isnan(found.score[~can]).all()


def test_all_land_restorable_changes_nothing_and_parts_join(monkeypatch):
    from ecosecnet.core.keyareas import arms as module

    resistance, labels, can = landscape(3)
    free = score(resistance, labels, radii=[2.0, 5.0])
    everything = score(resistance, labels, np.ones_like(can), radii=[2.0, 5.0])
    np.testing.assert_array_equal(everything.score, free.score)
    some = score(resistance, labels, can, radii=[2.0, 5.0])
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    parts = score(resistance, labels, can, radii=[2.0, 5.0])
    np.testing.assert_array_equal(parts.score, some.score)
    np.testing.assert_array_equal(parts.link, some.link)


def test_circuits_gain_by_what_can_be_restored_only():
    """A chain of resistors: each cell gives to the sum of the steps what is taken off it, times the length of a cell."""
    resistance, labels = strip(1, 1, 10, 40, 1, 1)
    can = resistance < 40
    fields, links = on(resistance, labels, BOTH, 30.0)
    patches = [np.array([2, 3])]
    found = circuit_barriers(fields, links, cutoff=1e9, radius=60.0, restorable=can, patches=patches)
    assert found.links.effective_resistance[0] == pytest.approx(30 * (1 + 5.5 + 25 + 20.5 + 1))
    np.testing.assert_allclose(found.gain[0, [0, 1, 2, 4]], 30 * 9)
    assert found.gain[0, 5] == 0
    assert np.isnan(found.gain[0, 3])
    assert found.links.exact[0] == pytest.approx(30 * 9)
    assert found.patch_predicted[0, 0] == pytest.approx(30 * 9)
    assert found.patch_exact[0, 0] == pytest.approx(30 * 9)
    free = circuit_barriers(*on(resistance, labels, BOTH, 30.0), cutoff=1e9, radius=60.0, patches=patches)
    assert free.patch_exact[0, 0] == pytest.approx(30 * (9 + 39))


def test_masks_that_cannot_be_used():
    resistance, labels = strip(1, 1, 9, 1, 1)
    for mask, words in ((np.ones((2, 5), bool), "Use one grid"), (np.zeros((1, 5), bool), "No cell can be restored")):
        with pytest.raises(InputError, match=words):
            score(resistance, labels, mask)
        with pytest.raises(InputError, match=words):
            circuit_barriers(*on(resistance, labels, BOTH), cutoff=9.0, radius=1.0, restorable=mask)
