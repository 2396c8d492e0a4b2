"""What is drawn: reproducible run by run, within the scale, consistent, in order."""

import numpy as np
import pytest
from ecosecnet.core.choices import Variation
from ecosecnet.core.decisions.sampling import (
    STRATA,
    Sampler,
    Setting,
    Uncertainty,
    concentration,
    grade,
    judgement,
    shifted,
)
from ecosecnet.core.errors import InputError
from ecosecnet.core.weights import analyse, consistency_ratios
from scipy import stats

CONSISTENT = np.array([[1, 2, 4, 4], [1 / 2, 1, 2, 2], [1 / 4, 1 / 2, 1, 1], [1 / 4, 1 / 2, 1, 1]])
NAMES = ["a", "b", "c", "d"]


def sampler(*varies, names=NAMES, **options):
    own = {k: options.pop(k) for k in ("weights", "matrices", "scores", "seed") if k in options}
    return Sampler(names, Uncertainty(varies, **options), **own)


def test_a_run_can_be_drawn_alone_and_in_any_order():
    given = {"weights": [0.4, 0.3, 0.2, 0.1], "scores": [np.array([1.0, 3.0, 5.0])] * 4, "seed": 3}
    one, other = (sampler(Variation.WEIGHTS, Variation.SCORES, **given) for _ in range(2))
    forward = [one.draw(k) for k in range(70)]
    for k in (69, 3, 50):
        again = other.draw(k)
        assert np.array_equal(again.weights, forward[k].weights)
        assert all(np.array_equal(a, b) for a, b in zip(again.scores, forward[k].scores))
    assert len({tuple(draw.weights) for draw in forward}) == 70


def test_each_input_is_drawn_once_from_each_interval_of_a_hypercube():
    setting = Setting((0.0, 1.0), between=True)
    found = sampler(Variation.SETTINGS, weights=[1.0] * 4, settings={"cutoff": setting, "area": setting})
    draws = [found.draw(k).settings for k in range(2 * STRATA)]
    for name in ("cutoff", "area"):
        for cube in (draws[:STRATA], draws[STRATA:]):
            assert sorted(int(one[name] * STRATA) for one in cube) == list(range(STRATA))
    assert [one["cutoff"] for one in draws] != [one["area"] for one in draws]


def test_weights_follow_the_dirichlet_distribution():
    weights = np.array([0.5, 0.3, 0.2, 0.0])
    found = sampler(Variation.WEIGHTS, weights=weights, spread=0.3)
    drawn = np.stack([found.draw(k).weights for k in range(2000)])
    kappa = concentration(0.3, 3)
    assert np.allclose(drawn.sum(axis=1), 1.0)
    assert not drawn[:, 3].any()
    for column, weight in zip(drawn.T[:3], weights):
        assert stats.kstest(column, stats.beta(kappa * weight, kappa * (1 - weight)).cdf).pvalue > 0.01


def test_the_spread_is_the_relative_deviation_of_a_weight_of_mean_size():
    assert concentration(0.25, 5) == 63.0
    found = sampler(Variation.WEIGHTS, weights=[0.25] * 4, spread=0.25)
    drawn = np.stack([found.draw(k).weights for k in range(2000)])
    assert drawn.std(axis=0) / 0.25 == pytest.approx(0.25, abs=0.02)


def test_judgements_stay_on_the_scale_reciprocal_and_consistent():
    found = sampler(Variation.JUDGEMENTS, matrices=[CONSISTENT], steps=2)
    draws = [found.draw(k) for k in range(500)]
    assert all(0.0 <= draw.cr < 0.1 for draw in draws)
    assert found.tried == sum(draw.tried for draw in draws) > 500  # some were left out
    assert max(np.abs(draw.weights - analyse(CONSISTENT).weights).max() for draw in draws) > 0.05


@pytest.mark.parametrize("matrix", [np.ones((4, 4)), CONSISTENT])
def test_a_consistent_matrix_stays_in_the_centre_of_the_draws(matrix):
    found = sampler(Variation.JUDGEMENTS, matrices=[matrix], steps=1)
    logs = np.log(np.stack([*(found.draw(k).weights for k in range(500)), analyse(matrix).weights]))
    logs -= logs.mean(axis=1, keepdims=True)  # weights sum to 1, their logarithms do not: only ratios have a centre
    logs, middle = logs[:-1], logs[-1]
    error = 2.0 * logs.std(axis=0) / np.sqrt(len(logs))
    # A step up from 2 is less than a step down, in logarithms: unequal judgements come out a little nearer to equal ones.
    allowed = error if matrix.min() == 1.0 else error + 0.05
    assert (np.abs(logs.mean(axis=0) - middle) <= allowed).all()


def test_missing_judgements_stay_missing():
    matrix = CONSISTENT.copy()
    matrix[0, 3] = matrix[3, 0] = np.nan
    found = sampler(Variation.JUDGEMENTS, matrices=[matrix], steps=1)
    draws = [found.draw(k) for k in range(50)]
    assert all(draw.cr < 0.1 and np.isfinite(draw.weights).all() for draw in draws)


def test_judgements_that_are_never_consistent_are_refused_with_the_share_of_those_accepted():
    contrary = np.array([[1, 9, 1 / 9], [1 / 9, 1, 9], [9, 1 / 9, 1]])
    found = sampler(Variation.JUDGEMENTS, names=["a", "b", "c"], matrices=[contrary], steps=1)
    with pytest.raises(
        InputError, match=r"Of 1,000 matrices at most 1 steps from .* fewer than 0\.1 % were accepted.*STEPS"
    ):
        found.draw(0)


def test_the_ratio_of_many_matrices_is_that_of_each():
    rng = np.random.default_rng(0)
    stack = np.stack([np.eye(5)] * 20)
    above = np.triu_indices(5, k=1)
    stack[:, above[0], above[1]] = judgement(rng.integers(-8, 9, (20, 10)))
    stack[:, above[1], above[0]] = 1.0 / stack[:, above[0], above[1]]
    stack[:, 1, 3] = stack[:, 3, 1] = np.nan
    assert np.allclose(consistency_ratios(stack), [analyse(matrix).cr for matrix in stack])


def test_experts_are_drawn_with_replacement():
    other = 1.0 / CONSISTENT
    found = sampler(Variation.EXPERTS, matrices=[CONSISTENT, other])
    drawn = {tuple(np.round(found.draw(k).weights, 6)) for k in range(60)}
    expected = {tuple(np.round(analyse(m).weights, 6)) for m in (CONSISTENT, other, np.ones((4, 4)))}
    assert drawn == expected


def test_scores_keep_their_order_and_stay_above_zero():
    scores = np.array([1.0, 5.0, 6.0, 30.0])
    found = sampler(
        Variation.SCORES, weights=[1.0] * 4, scores=[scores, np.array([2.0]), np.empty(0), scores], shift=0.5
    )
    for k in range(200):
        own, single, none, _ = found.draw(k).scores
        assert (np.diff(own) >= 0).all()
        assert own[0] > 0
        assert single.tolist() == [2.0]
        assert none.size == 0
    assert shifted(scores, np.zeros(4)).tolist() == scores.tolist()


def test_grades_and_judgements_are_inverse():
    steps = np.arange(-8, 9).astype(float)
    assert np.allclose(grade(judgement(steps)), steps)
    assert judgement(steps)[[0, -1]].tolist() == [1 / 9, 9.0]


@pytest.mark.parametrize(
    ("varies", "options", "said"),
    [
        ((), {}, "Nothing varies"),
        ((Variation.JUDGEMENTS,), {"weights": [1.0] * 4}, "there are none"),
        ((Variation.EXPERTS,), {"matrices": [CONSISTENT]}, "judgements of 1"),
        ((Variation.SETTINGS,), {"weights": [1.0] * 4}, "none has values"),
        ((Variation.SCORES,), {"weights": [1.0] * 4, "scores": [np.array([1.0])] * 4}, "no factor has classes"),
        ((Variation.WEIGHTS,), {"weights": [1.0] * 4, "spread": 2.0}, "take 1.22 at most"),
        ((Variation.SCORES,), {"weights": [1.0] * 4, "shift": 0.6}, "change their order"),
    ],
)
def test_what_cannot_vary_is_refused(varies, options, said):
    with pytest.raises(InputError, match=said):
        sampler(*varies, **options)
