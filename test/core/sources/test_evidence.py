import numpy as np
import pytest
from ecosecnet.core.errors import GridMismatchError, InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.sources.evidence import NO_MASK, build_importance, importance
from ecosecnet.core.stats.breaks import natural_breaks
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import rankdata

NAN = np.nan


def plain(evidences, weights, good, method, classes=5):
    """Return the importance as plainly as it can be computed, float32, and the evidences on their scale."""
    evidences = [np.asarray(one, dtype=np.float64) for one in evidences]
    valid = ~np.isnan(evidences).any(axis=0)
    scaled = []
    for values, high in zip(evidences, good):
        held = values[valid]
        if method == "range":
            part = (held - held.min()) / (held.max() - held.min())
        elif method == "ranks":
            part = (rankdata(held) - 1) / (held.size - 1)
        elif method == "classes":
            breaks = natural_breaks(held, classes)
            part = breaks.classify(held) / (breaks.limits.size - 1)
        else:
            part = held
        scaled.append((part if high else 1.0 - part).astype(np.float32))
    total = np.full(evidences[0].shape, NAN, dtype=np.float32)
    weights = np.asarray(weights, dtype=float) / np.sum(weights)
    total[valid] = np.minimum(sum(w * part for w, part in zip(weights, scaled)), 1.0)
    return total, scaled, valid


@pytest.fixture
def evidences():
    """Carbon with negative values, a skewed service, whole numbers with ties, and a map of core area."""
    random = np.random.default_rng(11)
    shape = (60, 45)
    carbon = random.normal(0.0, 30.0, shape).astype(np.float32)
    water = random.lognormal(0.0, 3.0, shape)
    sensitivity = random.integers(1, 6, shape).astype(np.float32)
    core = (random.random(shape) < 0.1).astype(np.float32)
    carbon[:4, :] = NAN
    water[3:9, 5:] = NAN
    core[-1, -1] = NAN
    return [carbon, water, sensitivity, core]


WEIGHTS = [0.4, 0.3, 0.2, 0.1]
GOOD = [True, True, False, True]


@pytest.mark.parametrize("method", ["range", "ranks", "classes"])
def test_the_importance_is_that_of_a_plain_computation(evidences, method):
    found = importance(evidences, WEIGHTS, high_is_good=GOOD, normalise=method)
    expected, _, valid = plain(evidences, WEIGHTS, GOOD, method)
    np.testing.assert_allclose(found.maps.importance, expected, atol=3e-7)
    summary = found.summary
    assert found.maps.importance.dtype == np.float32
    assert (summary.cells, summary.missing) == (valid.sum(), (~valid).sum())
    absent = np.isnan(np.stack(evidences))
    some = absent.any(axis=0) & ~absent.all(axis=0)
    assert summary.partial == some.sum()
    assert summary.lacking == tuple((absent & some).sum(axis=(1, 2)))
    assert summary.mean == pytest.approx(np.nanmean(expected.astype(float)), rel=1e-6)
    assert summary.minimum == pytest.approx(np.nanmin(expected), rel=1e-6)
    assert summary.maximum == pytest.approx(np.nanmax(expected), rel=1e-6)
    assert summary.ranges[2] == (1.0, 5.0)
    assert summary.rank_error == 0.0


@settings(deadline=None, max_examples=80)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
        elements=st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from([NAN, 0.0, 1.0, 2.0])),
    ),
    st.sampled_from(["range", "ranks", "classes"]),
    st.floats(1.0, 99.0),
    st.data(),
)
def test_any_rasters(stack, method, share, data):
    evidences = list(stack)
    good = data.draw(st.lists(st.booleans(), min_size=len(stack), max_size=len(stack)))
    valid = ~np.isnan(stack).any(axis=0)
    if not valid.any() or any(one[valid].min() == one[valid].max() for one in evidences):
        with pytest.raises(InputError, match=r"one value only|no cell (with|in which)"):
            importance(evidences, high_is_good=good, normalise=method)
        return
    found = importance(evidences, high_is_good=good, normalise=method, value=share)
    expected, _, _ = plain(evidences, np.ones(len(stack)), good, method)
    np.testing.assert_allclose(found.maps.importance, expected, atol=3e-7)
    held = found.maps.importance[valid]
    wanted = max(1, round(held.size * share / 100))
    threshold = np.sort(held)[-wanted]
    assert found.summary.threshold == threshold
    np.testing.assert_array_equal(found.maps.mask[valid], held >= threshold)
    assert np.all(found.maps.mask[~valid] == NO_MASK)


def test_the_share_lies_between_the_quantiles_of_numpy(evidences):
    found = importance(evidences, WEIGHTS, value=12.5)
    held = found.maps.importance[~np.isnan(found.maps.importance)]
    steps = 1.0 - found.summary.wanted / held.size
    below, above = (np.sort(held)[int(np.floor(steps * (held.size - 1))) + k] for k in (0, 1))
    assert below <= np.quantile(held, steps) <= above == found.summary.threshold
    assert found.summary.kept == found.summary.wanted == round(0.125 * held.size)


def test_ties_with_the_last_cell_are_kept():
    found = importance([np.array([[1.0, 2.0, 2.0, 2.0, 3.0]])], value=40.0)
    assert found.maps.mask.tolist() == [[0, 1, 1, 1, 1]]
    assert (found.summary.wanted, found.summary.kept) == (2, 4)


@pytest.mark.parametrize("keep", [1, 3])
def test_the_highest_classes(evidences, keep):
    found = importance(evidences, WEIGHTS, rule="classes", value=keep, with_classes=True)
    held = found.maps.importance
    valid = ~np.isnan(held)
    limits = natural_breaks(held, 5)
    np.testing.assert_array_equal(found.maps.classes[valid], limits.classify(held[valid]) + 1)
    assert np.all(found.maps.classes[~valid] == 0)
    np.testing.assert_array_equal(found.maps.mask[valid] == 1, found.maps.classes[valid] > 5 - keep)
    np.testing.assert_array_equal(found.summary.breaks.limits, limits.limits)


def test_at_least_a_value(evidences):
    found = importance(evidences, WEIGHTS, rule="at least", value=0.45)
    held = found.maps.importance
    np.testing.assert_array_equal(found.maps.mask == 1, held >= np.float32(0.45))
    assert found.summary.wanted == 0
    # 0.7 is no float32; a cell of that importance reaches it nevertheless.
    assert importance([np.array([[0.0, 0.7, 1.0]])], rule="at least", value=0.7).summary.kept == 2


@pytest.mark.parametrize(("rule", "value"), [("highest share", 20.0), ("classes", 2), ("at least", 0.6)])
def test_agreement_is_what_each_evidence_says_alone(evidences, rule, value):
    found = importance(evidences, WEIGHTS, high_is_good=GOOD, rule=rule, value=value, with_agreement=True)
    _, scaled, valid = plain(evidences, WEIGHTS, GOOD, "range")
    expected = np.zeros(valid.sum(), dtype=int)
    for part in scaled:
        if rule == "highest share":
            least = np.sort(part)[-round(part.size * value / 100)]
        elif rule == "classes":
            limits = natural_breaks(part, 5).limits
            least = np.nextafter(np.float32(limits[-1 - value]), np.float32(2)) if limits.size > value else 0.0
        else:
            least = np.float32(value)
        expected += (part >= least) & (part > part.min())
    np.testing.assert_array_equal(found.maps.agreement[valid], expected)
    assert np.all(found.maps.agreement[~valid] == NO_MASK)
    inside = found.maps.mask[valid] == 1
    assert found.summary.agreeing == tuple(np.bincount(expected[inside], minlength=5))


def test_what_most_cells_have_is_no_agreement():
    core = np.zeros((1, 100), dtype=np.float32)
    core[0, :7] = 1.0
    found = importance([core, np.arange(100.0)[None, ::-1]], value=20.0, with_agreement=True)
    assert found.maps.agreement[0, :7].tolist() == [2] * 7
    assert found.maps.agreement[0, 7:20].tolist() == [1] * 13
    assert not found.maps.agreement[0, 20:].any()


@pytest.mark.parametrize("kind", [np.uint8, np.int16, bool, np.float32])
@pytest.mark.parametrize("method", ["range", "ranks", "classes"])
def test_whole_numbers_of_any_kind(kind, method):
    values = np.random.default_rng(6).integers(0, 2 if kind is bool else 90, (30, 30)).astype(kind)
    found = importance([values], normalise=method)
    expected, _, _ = plain([values], [1.0], [True], method)
    np.testing.assert_allclose(found.maps.importance, expected, atol=1e-7)


def test_as_they_are():
    values = np.array([[0.0, 0.25, 0.75]])
    found = importance([values, values], [3.0, 1.0], high_is_good=[True, False], normalise="as they are")
    np.testing.assert_allclose(found.maps.importance, 0.75 * values + 0.25 * (1.0 - values))
    with pytest.raises(InputError, match=r"'hq' goes from 0 to 100.*between 0 and 1"):
        importance([np.array([[0.0, 100.0]])], normalise="as they are", names=["hq"])


def test_blocks_of_any_height_give_the_same(evidences):
    whole = importance(evidences, WEIGHTS, normalise="ranks", with_classes=True, with_agreement=True)
    rows = {}

    def read(monitor):
        for row in range(0, 60, 7):
            yield row, [one[row : row + 7] for one in evidences]

    summary = build_importance(
        read, WEIGHTS, write=rows.__setitem__, normalise="ranks", with_classes=True, with_agreement=True
    )
    for name in ("importance", "mask", "classes", "agreement"):
        joined = np.concatenate([getattr(rows[row], name) for row in sorted(rows)])
        np.testing.assert_array_equal(joined, getattr(whole.maps, name))
    assert summary.threshold == whole.summary.threshold
    assert summary.agreeing == whole.summary.agreeing


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"evidences": []}, "no evidence"),
        ({"weights": [1.0]}, "1 weights for 2 evidences"),
        ({"weights": [1.0, -1.0]}, "Weight 2 is -1"),
        ({"high_is_good": [True]}, "1 answers .* for 2 evidences"),
        ({"value": 0.0}, "highest 0 %"),
        ({"value": 101.0}, "highest 101 %"),
        ({"rule": "classes", "value": 5}, "5 of 5 classes"),
        ({"rule": "classes", "value": 1.5}, "1.5 of 5 classes"),
        ({"rule": "at least", "value": 1.5}, "at least 1.5"),
        ({"rule": "at least", "value": 1.0}, "No cell has an importance of at least 1; the highest is 0.75"),
        ({"rule": "classes", "value": 3}, "not more than 3 classes"),
        ({"rule": "best"}, "no source rule 'best'"),
        ({"normalise": "z"}, "no normalisation 'z'"),
        ({"classes": 1}, "1 classes"),
        ({"evidences": [np.array([[1.0, np.inf, 2.0]]), np.zeros((1, 3))]}, "'a' holds infinite values"),
        (
            {"evidences": [np.array([[1.0, 2.0, 3.0]]), np.full((1, 3), 7.0)]},
            "'b' has one value only, 7, in the 3 cells",
        ),
        ({"evidences": [np.array([[1.0, 2.0]]), np.array([[NAN, NAN]])]}, "'b' has no cell with data"),
        ({"evidences": [np.array([[1.0, NAN]]), np.array([[NAN, 2.0]])]}, "no cell in which all evidences have data"),
    ],
)
def test_refusals(change, message):
    arguments = {"evidences": [np.array([[0.0, 1.0, 2.0]]), np.array([[1.0, 1.0, 0.0]])], "names": ["a", "b"], **change}
    with pytest.raises(InputError, match=message):
        importance(**arguments)


def test_rasters_of_different_size():
    with pytest.raises(GridMismatchError, match="differ in size"):
        importance([np.zeros((2, 3)), np.zeros((2, 2))])


@pytest.mark.parametrize("after", [0, 3, 10, 25])
def test_cancelling(evidences, after):
    class Impatient(Monitor):
        calls = 0

        def cancelled(self):
            self.calls += 1
            return self.calls > after

    with pytest.raises(OperationCancelled):
        importance(evidences, WEIGHTS, normalise="ranks", with_agreement=True, monitor=Impatient())


def test_progress_only_rises(evidences):
    class Recorder(Monitor):
        def __init__(self):
            self.told = []

        def progress(self, fraction):
            self.told.append(fraction)

    monitor = Recorder()
    importance(evidences, WEIGHTS, normalise="ranks", with_classes=True, monitor=monitor)
    assert monitor.told == sorted(monitor.told)
    assert 0.0 <= monitor.told[0] <= monitor.told[-1] <= 1.0
