import numpy as np
import pytest
from ecosecnet.core.choices import ObjectiveMethod
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.weights.objective import combine_weights, objective_weights


def blocks_of(factors, height=7):
    def read(monitor):
        for row in range(0, factors[0].shape[0], height):
            monitor.check()
            yield [factor[row : row + height] for factor in factors]

    return read


@pytest.fixture
def factors():
    random = np.random.default_rng(2)
    first = random.integers(1, 6, (40, 25)).astype(np.float32)
    second = (first + random.normal(0, 1, first.shape)).astype(np.float32)
    third = random.lognormal(size=first.shape).astype(np.float32)
    second -= second.min() - 0.5
    second[3, :5] = np.nan
    return [first, second, third]


def table(factors):
    cells = np.stack([factor.ravel() for factor in factors]).astype(float)
    return cells[:, ~np.isnan(cells).any(axis=0)]


def test_entropy_by_its_definition(factors):
    cells = table(factors)
    x = (cells - cells.min(axis=1, keepdims=True)) / np.ptp(cells, axis=1)[:, None]
    p = x / x.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        e = -np.nansum(p * np.log(p), axis=1) / np.log(cells.shape[1])
    result = objective_weights(blocks_of(factors), method=ObjectiveMethod.ENTROPY)
    np.testing.assert_allclose(result.information, 1 - e, rtol=1e-9)
    np.testing.assert_allclose(result.weights, (1 - e) / (1 - e).sum(), rtol=1e-9)
    assert result.cells == cells.shape[1] == 995


def test_critic_and_variation_by_their_definition(factors):
    cells = table(factors)
    x = (cells - cells.min(axis=1, keepdims=True)) / np.ptp(cells, axis=1)[:, None]
    c = x.std(axis=1) * (1 - np.corrcoef(x)).sum(axis=1)
    found = objective_weights(blocks_of(factors), method=ObjectiveMethod.CRITIC).weights
    np.testing.assert_allclose(found, c / c.sum(), rtol=1e-9)
    v = cells.std(axis=1) / cells.mean(axis=1)
    found = objective_weights(blocks_of(factors), method=ObjectiveMethod.VARIATION).weights
    np.testing.assert_allclose(found, v / v.sum(), rtol=1e-9)


def test_against_pymcdm(factors):
    peer = pytest.importorskip("pymcdm.weights", reason="the live peer pymcdm is not installed")
    cells = table(factors)
    x = (cells - cells.min(axis=1, keepdims=True)) / np.ptp(cells, axis=1)[:, None]
    critic = objective_weights(blocks_of(factors), method=ObjectiveMethod.CRITIC).weights
    np.testing.assert_allclose(critic, peer.critic_weights(cells.T), rtol=1e-9)
    entropy = objective_weights(blocks_of(factors), method=ObjectiveMethod.ENTROPY).weights
    # The peer takes no zeros; 0 ln 0 is the limit of a tiny value.
    np.testing.assert_allclose(entropy, peer.entropy_weights(x.T + 1e-13), rtol=1e-8)


@pytest.mark.parametrize("method", ObjectiveMethod)
def test_blocks_order_and_units_do_not_matter(factors, method):
    whole = objective_weights(blocks_of(factors, 40), method=method)
    small = objective_weights(blocks_of(factors, 1), method=method)
    np.testing.assert_allclose(small.weights, whole.weights, rtol=1e-9)
    turned = objective_weights(blocks_of(factors[::-1]), method=method)
    np.testing.assert_allclose(turned.weights[::-1], whole.weights, rtol=1e-9)
    scaled = objective_weights(blocks_of([factors[0] * 1000, *factors[1:]]), method=method)
    np.testing.assert_allclose(scaled.weights, whole.weights, rtol=1e-5)


def test_factors_that_vary_alike_weigh_alike():
    values = np.random.default_rng(0).permutation(np.arange(1000.0)).reshape(50, 20)
    for method in ObjectiveMethod:
        weights = objective_weights(blocks_of([values, values[::-1], values[:, ::-1]]), method=method).weights
        tolerance = 0.05 if method == ObjectiveMethod.CRITIC else 1e-9
        np.testing.assert_allclose(weights, 1 / 3, atol=tolerance)


@pytest.mark.parametrize(
    ("change", "method", "words"),
    [
        (lambda f: f[:1], ObjectiveMethod.ENTROPY, "two factors or more, not 1"),
        (lambda f: [f[0], f[0] * 0 + 3], ObjectiveMethod.ENTROPY, "Factor 2 is 3 in every cell"),
        (lambda f: [f[0], f[0] * np.nan], ObjectiveMethod.CRITIC, "Fewer than two cells"),
        (lambda f: [f[0], f[0] - 100], ObjectiveMethod.VARIATION, "mean of factor 2"),
        (lambda f: f, "magic", "no objective method 'magic'"),
    ],
)
def test_what_cannot_be_weighted(factors, change, method, words):
    with pytest.raises(InputError, match=words):
        objective_weights(blocks_of(change(factors)), method=method)


def test_cancelling(factors):
    class Cancelled(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        objective_weights(blocks_of(factors), monitor=Cancelled())


def test_combining():
    a, b = [0.6, 0.3, 0.1], [0.2, 0.3, 0.5]
    np.testing.assert_allclose(combine_weights(a, b), [0.4, 0.3, 0.3])
    np.testing.assert_allclose(combine_weights(a, b, share=1), a)
    np.testing.assert_allclose(combine_weights(a, b, share=0), b)
    root = np.sqrt(np.multiply(a, b))
    np.testing.assert_allclose(combine_weights(a, b, geometric=True), root / root.sum())
    np.testing.assert_allclose(combine_weights([2, 2], [1, 3]), [0.375, 0.625])
    with pytest.raises(InputError, match="3 weights by judgement but 2"):
        combine_weights(a, [0.5, 0.5])
    with pytest.raises(InputError, match=r"not 1\.5"):
        combine_weights(a, b, share=1.5)


def test_combining_at_another_share():
    # 0.25 x 0.8 + 0.75 x 0.4 = 0.2 + 0.3 and 0.25 x 0.2 + 0.75 x 0.6 = 0.05 + 0.45.
    np.testing.assert_allclose(combine_weights([0.8, 0.2], [0.4, 0.6], share=0.25), [0.5, 0.5])
    # 16^(1/4) x 1^(3/4) = 2 and 1^(1/4) x 16^(3/4) = 8, over their sum 10.
    np.testing.assert_allclose(combine_weights([16, 1], [1, 16], share=0.25, geometric=True), [0.2, 0.8])
