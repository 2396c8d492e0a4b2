"""Bars of a tornado: none where any outcome could be fitted."""

import numpy as np
import pytest
from ecosecnet.core.decisions import needed, tornado


@pytest.mark.parametrize("runs", [20, 42])
def test_fewer_runs_than_a_regression_takes_give_no_coefficients(runs):
    rng = np.random.default_rng(0)
    inputs = {f"x{k}": rng.random(runs) for k in range(21)}
    bars = tornado(inputs, {"y": inputs["x0"] + 0.1 * rng.random(runs)})
    assert len(bars) == 21
    assert all(np.isnan(bar.coefficient) for bar in bars)


def test_as_many_as_it_takes_find_what_moves_the_outcome():
    rng = np.random.default_rng(0)
    runs = needed(21)
    inputs = {f"x{k}": rng.random(runs) for k in range(21)}
    bars = tornado(inputs, {"y": inputs["x0"] + 0.1 * rng.random(runs)})
    assert bars[0].factor == "x0"
    assert 0.8 < bars[0].coefficient < 1.1
    assert max(abs(bar.coefficient) for bar in bars[1:]) < 0.3
