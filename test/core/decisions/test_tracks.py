"""Tracks against turned copies of themselves and steps against others of the same length."""

import numpy as np
import pytest
from ecosecnet.core.decisions.tracks import along, validate_tracks
from ecosecnet.core.errors import InputError
from scipy import ndimage

stats = pytest.importorskip("scipy.stats")

EVERYWHERE = np.ones((120, 120), dtype=bool)


def walk(rng, fixes=25, step=2.0):
    """A correlated walk from near the middle."""
    heading = rng.random() * 2 * np.pi + np.cumsum(rng.normal(0, 0.5, fixes))
    moves = step * np.column_stack((np.cos(heading), np.sin(heading)))
    return rng.uniform(50, 70, 2) + np.cumsum(moves, axis=0)


def test_tracks_along_a_corridor():
    corridor = np.zeros((120, 120))
    corridor[60] = 1.0
    tracks = [np.column_stack((np.full(12, 60.5), start + 2.5 * np.arange(12))) for start in (20.5, 40.5, 60.5)]
    found, (steps,), fixed = validate_tracks([corridor], tracks, EVERYWHERE, permutations=199)
    assert not fixed
    assert found.surfaces[0].p == steps.p == 1 / 200
    assert steps.count == 33
    # All ends lie on the 120 cells of the corridor, alternatives where their turn takes them off it by half a cell at most.
    on, off = 1 - 60 / 14_400, (14_400 - 120) / 2 / 14_400
    hit = 4 * np.arcsin(0.5 / 2.5) / (2 * np.pi)
    assert steps.mean_log_ratio == pytest.approx(np.log(on / (hit * on + (1 - hit) * off)), rel=0.05)


@pytest.mark.parametrize("seeds", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_walks_without_preference_have_uniform_p_values(seeds):
    turned, stepped = [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        surface = ndimage.gaussian_filter(rng.normal(size=(120, 120)), 5.0)
        tracks = [walk(rng) for _ in range(3)]
        found, (steps,), _ = validate_tracks([surface], tracks, EVERYWHERE, permutations=99, seed=seed)
        turned.append(found.surfaces[0].p)
        stepped.append(steps.p)
    assert stats.kstest(turned, "uniform").pvalue > 0.01
    assert stats.kstest(stepped, "uniform").pvalue > 0.01


def test_places_lie_at_most_a_cell_apart():
    track = walk(np.random.default_rng(0), step=7.3)
    places = along(track)
    assert np.hypot(*np.diff(places, axis=0).T).max() <= 1.0 + 1e-12
    assert {tuple(one) for one in track.round(9)} <= {tuple(one) for one in places.round(9)}


def test_a_track_that_fits_nowhere_else_is_left_out():
    strip = np.zeros((120, 120), dtype=bool)
    strip[60] = strip[10:110, 10:50] = True
    line = np.column_stack((np.full(30, 60.5), np.arange(60.5, 119.5, 2.0)))
    free = np.array([[60.5, 30.5], [62.5, 33.5], [60.5, 36.5]])
    _, _, fixed = validate_tracks([np.ones((120, 120))], [line, free], strip, permutations=99)
    assert fixed == (0,)
    with pytest.raises(InputError, match="None of the 1 tracks can be compared"):
        validate_tracks([np.ones((120, 120))], [line], strip, permutations=99)
