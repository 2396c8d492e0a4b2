"""Sources lose no cell without a word, and none of them wholly."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.grid import Grid
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.resistance.lostcells import cut_to_surface
from ecosecnet.core.resistance.scoretable import FactorScores, ScoreClass


class Listening(Monitor):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


LAKES = np.zeros((40, 60), dtype=int)
LAKES[2:12, 2:12], LAKES[2:8, 40:52], LAKES[25:38, 20:40] = 1, 2, 3
CODES = [FactorScores("cover", (ScoreClass(0.0, 5.0, 1.0), ScoreClass(5.0, 9.0, 4.0)), 0.6)]
GREEN = [FactorScores("green", (ScoreClass(-1.0, 0.5, 5.0), ScoreClass(0.5, 1.0, 1.0)), 0.4)]


@pytest.mark.parametrize("source", [1, 2, 3])
def test_a_source_that_a_factor_leaves_without_resistance_is_refused_by_name(source):
    cover, green = np.full(LAKES.shape, 3.0), np.full(LAKES.shape, 0.7)
    green[source == LAKES] = np.nan
    factors = {"cover": cover, "green": green}
    grid = Grid(*LAKES.shape, dx=30.0, dy=30.0)
    with pytest.raises(InputError, match=rf"Source {source} \(.* ha, at x .*no resistance anywhere: NoData of 'green'"):
        cut_to_surface(LAKES, cover + green, grid, factors, CODES + GREEN)


def test_sources_that_lose_a_part_say_how_much_and_to_which_factor():
    cover, green = np.full(LAKES.shape, 3.0), np.full(LAKES.shape, 0.7)
    cover[2:4, 2:12] = 77.0
    green[2:7, 40:52] = np.nan
    resistance = np.where(cover == 77.0, np.nan, cover + green)
    monitor = Listening()
    grid = Grid(*LAKES.shape, dx=30.0, dy=30.0)
    kept = cut_to_surface(LAKES, resistance, grid, {"cover": cover, "green": green}, CODES + GREEN, monitor=monitor)
    np.testing.assert_array_equal(np.bincount(kept.ravel())[1:], [80, 12, 260])
    assert monitor.warnings == [
        "Source 1: 20 % of its cells have no resistance and were left out: values in no class of 'cover'.",
        "Source 2: 83.3 % of its cells have no resistance and were left out: NoData of 'green'.",
    ]
    monitor = Listening()
    cut_to_surface(LAKES, resistance, grid, {}, [], ids=["西", "S2", 9], monitor=monitor)
    assert [text.split(":")[0] for text in monitor.warnings] == ["Source 西", "Source S2"]
