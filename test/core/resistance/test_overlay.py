import math

import numpy as np
import pytest
from ecosecnet.core.choices import CorrectionMethod
from ecosecnet.core.errors import GridMismatchError, InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.resistance.corrections import Correction
from ecosecnet.core.resistance.overlay import Block, build_resistance, resistance_surface, with_obstacles
from ecosecnet.core.stats.shares import normalise_weights

NAN = np.nan
WEIGHTS = [0.5, 0.3, 0.2]


class Recorder(Monitor):
    def __init__(self):
        self.warnings = []
        self.fractions = []

    def warn(self, text):
        self.warnings.append(text)

    def progress(self, fraction):
        self.fractions.append(fraction)


@pytest.fixture
def factors():
    random = np.random.default_rng(7)
    scores = random.integers(1, 6, (3, 40, 30)).astype(np.float32)
    scores[0, :3, :] = NAN
    scores[1, 2:5, 10:] = NAN
    scores[:, -1, -1] = NAN
    return list(scores)


def test_the_overlay_is_the_weighted_sum(factors):
    result = resistance_surface(factors, WEIGHTS)
    expected = 0.5 * factors[0] + 0.3 * factors[1] + 0.2 * factors[2]
    np.testing.assert_allclose(result.values, expected, rtol=1e-6)
    assert result.values.dtype == np.float32
    summary = result.summary
    assert summary.cells == np.isfinite(expected).sum()
    assert summary.missing == np.isnan(expected).sum()
    assert summary.partial == summary.missing - 1
    assert (summary.minimum, summary.maximum) == (np.nanmin(result.values), np.nanmax(result.values))
    assert summary.mean == pytest.approx(np.nanmean(expected))
    assert summary.contrast == pytest.approx(summary.maximum / summary.minimum)


def test_missing_factors_are_left_out_when_asked(factors):
    result = resistance_surface(factors, WEIGHTS, leave_out_missing=True)
    stack = np.stack(factors)
    weights = np.array(WEIGHTS)[:, None, None] * ~np.isnan(stack)
    with np.errstate(invalid="ignore"):
        expected = np.nansum(weights * stack, axis=0) / weights.sum(axis=0)
    np.testing.assert_allclose(result.values, expected, rtol=1e-6)
    assert result.summary.missing == 1
    assert result.summary.partial == np.isnan(stack).any(axis=0).sum() - 1


@pytest.mark.parametrize("leave_out", [False, True])
def test_contributions_add_up_and_are_the_share_of_the_covariance(factors, leave_out):
    parts = resistance_surface(factors, WEIGHTS, leave_out_missing=leave_out).summary.contributions
    assert sum(part.share_of_mean for part in parts) == pytest.approx(1.0)
    assert sum(part.share_of_variance for part in parts) == pytest.approx(1.0)
    if not leave_out:
        valid = ~np.isnan(np.stack(factors)).any(axis=0)
        weighted = np.array([w * f[valid].astype(float) for w, f in zip(WEIGHTS, factors)])
        total = weighted.sum(axis=0)
        for part, values in zip(parts, weighted):
            covariance = np.cov(values, total, bias=True)
            assert part.share_of_variance == pytest.approx(covariance[0, 1] / covariance[1, 1])
            assert part.share_of_mean == pytest.approx(values.mean() / total.mean())
            assert part.deviation == pytest.approx(values.std())
            assert (part.minimum, part.maximum) == pytest.approx((values.min(), values.max()))


def test_blocks_of_any_height_give_the_same(factors):
    whole = resistance_surface(factors, WEIGHTS, corrections=[factors[2]], rescale=(1, 100))
    for height in (1, 7, 40):
        values = np.full(factors[0].shape, -1, dtype=np.float32)
        gains = np.full(factors[0].shape, -1, dtype=np.float32)

        def read(monitor, height=height):
            for row in range(0, 40, height):
                part = slice(row, row + height)
                yield Block(row, [f[part] for f in factors], [factors[2][part]])

        summary = build_resistance(
            read,
            WEIGHTS,
            write=lambda row, block, out=values: out.__setitem__(slice(row, row + len(block)), block),
            write_correction=lambda row, block, out=gains: out.__setitem__(slice(row, row + len(block)), block),
            correction=Correction(),
            rescale=(1, 100),
        )
        np.testing.assert_allclose(values, whole.values, rtol=1e-6)
        assert summary.mean == pytest.approx(whole.summary.mean)
        expected = np.where(np.isnan(whole.values), NAN, factors[2] / summary.corrections[0].mean)
        np.testing.assert_allclose(gains, expected, rtol=1e-6)


def test_weights_that_do_not_sum_to_one_are_divided_by_the_sum_and_said(factors):
    monitor = Recorder()
    printed = [0.35, 0.1, 0.1, 0.25, 0.25]
    weights = normalise_weights(printed, monitor=monitor)
    np.testing.assert_allclose(weights, np.array(printed) / 1.05)
    assert monitor.warnings == ["The weights sum to 1.05, not 1; each was divided by the sum."]
    quiet = Recorder()
    normalise_weights([0.2, 0.8], monitor=quiet)
    assert quiet.warnings == []
    np.testing.assert_allclose(
        resistance_surface(factors, [5, 3, 2]).values, resistance_surface(factors, WEIGHTS).values, rtol=1e-6
    )


def test_value_over_mean_keeps_the_mean_of_the_correction_neutral(factors):
    random = np.random.default_rng(3)
    light = random.uniform(0.5, 1.5, factors[0].shape)
    base = resistance_surface(factors, WEIGHTS)
    result = resistance_surface(factors, WEIGHTS, corrections=[light], correction_names=["night light"])
    valid = ~np.isnan(base.values)
    mean = light[valid].mean()
    np.testing.assert_allclose(result.values, base.values * light / mean, rtol=1e-6)
    effect = result.summary.corrections[0]
    assert (effect.name, effect.neutral, effect.raised, effect.lowered) == ("night light", 0, 0, 0)
    assert effect.mean == pytest.approx(mean)
    flat = resistance_surface(factors, WEIGHTS, corrections=[np.full_like(light, 7.0)])
    np.testing.assert_allclose(flat.values, base.values, rtol=1e-6)


def test_value_over_the_mean_of_the_zone(factors):
    random = np.random.default_rng(4)
    light = random.uniform(0.5, 1.5, factors[0].shape)
    zones = random.integers(1, 4, light.shape).astype(float)
    light[zones == 3] = 0.0
    zones[10, 10] = NAN
    base = resistance_surface(factors, WEIGHTS)
    result = resistance_surface(factors, WEIGHTS, corrections=[light], zones=zones)
    valid = ~np.isnan(base.values)
    gain = np.ones(light.shape)
    for zone in (1, 2):
        inside = zones == zone
        gain[inside] = light[inside] / light[inside & valid].mean()
    np.testing.assert_allclose(result.values, base.values * gain, rtol=1e-6)
    assert result.summary.corrections[0].neutral == (valid & ~np.isin(zones, (1, 2))).sum()


def test_the_floor_keeps_dark_cells_passable_and_the_cap_bright_ones(factors):
    light = np.zeros(factors[0].shape)
    light[20:, :] = 1.0
    light[30, 5] = 1e6
    monitor = Recorder()
    result = resistance_surface(
        factors, WEIGHTS, corrections=[light], correction=Correction(floor=0.2, cap=4), monitor=monitor
    )
    share = round(100 * result.summary.corrections[0].raised / result.summary.cells)
    said = f"In {share} % of the cells the correction by 'Correction 1' is held at the floor"
    assert any(said in text for text in monitor.warnings)
    base = resistance_surface(factors, WEIGHTS).values
    gain = result.values / base
    assert np.nanmin(gain) == pytest.approx(0.2)
    assert np.nanmax(gain) == pytest.approx(4)
    valid = ~np.isnan(base)
    effect = result.summary.corrections[0]
    assert effect.lowered == 1
    assert effect.raised == valid.sum() - 1


def test_floor_and_cap_may_be_equal(factors):
    light = np.linspace(0, 9, factors[0].size).reshape(factors[0].shape)
    base = resistance_surface(factors, WEIGHTS).values
    result = resistance_surface(factors, WEIGHTS, corrections=[light], correction=Correction(floor=2, cap=2))
    np.testing.assert_allclose(result.values, 2 * base, rtol=1e-6)


def test_multiply_add_and_normalised(factors):
    random = np.random.default_rng(5)
    erosion, hazard = random.uniform(1, 5, (2, *factors[0].shape))
    hazard[25, 3] = NAN
    base = resistance_surface(factors, WEIGHTS).values
    valid = ~np.isnan(base)
    held = np.where(np.isnan(hazard), 1.0, hazard)

    def corrected(method, weights=()):
        return resistance_surface(
            factors, WEIGHTS, corrections=[erosion, hazard], correction=Correction(method, weights)
        )

    np.testing.assert_allclose(corrected(CorrectionMethod.MULTIPLY).values, base * erosion * held, rtol=1e-6)
    added = corrected(CorrectionMethod.ADD, [0.2, 0.5])
    np.testing.assert_allclose(added.values, base + 0.2 * erosion + 0.5 * np.nan_to_num(hazard), rtol=1e-6)
    assert [effect.neutral for effect in added.summary.corrections] == [0, 1]
    expected = base.copy()
    for raster, weight in ((erosion, 0.2), (hazard, 0.5)):
        low, high = np.nanmin(raster[valid]), np.nanmax(raster[valid])
        share = (raster - low) / (high - low)
        expected = expected * np.where(np.isnan(raster), 1.0, 1 + weight * share)
    np.testing.assert_allclose(corrected(CorrectionMethod.NORMALISED, [0.2, 0.5]).values, expected, rtol=1e-6)


@pytest.mark.parametrize("method", CorrectionMethod)
def test_a_correction_without_data_changes_nothing(factors, method):
    empty = np.full(factors[0].shape, NAN)
    result = resistance_surface(factors, WEIGHTS, corrections=[empty], correction=Correction(method))
    np.testing.assert_array_equal(result.values, resistance_surface(factors, WEIGHTS).values)
    assert result.summary.corrections[0].neutral == result.summary.cells


def test_rescaling_is_linear_and_reaches_both_ends(factors):
    base = resistance_surface(factors, WEIGHTS).values
    result = resistance_surface(factors, WEIGHTS, rescale=(1, 100))
    low, high = np.nanmin(base), np.nanmax(base)
    np.testing.assert_allclose(result.values, 1 + (base - low) / (high - low) * 99, rtol=1e-5)
    assert result.summary.minimum == pytest.approx(1)
    assert result.summary.maximum == pytest.approx(100)


def test_a_flat_surface_is_said_and_left():
    flat = np.full((3, 3), 2.0)
    monitor = Recorder()
    result = resistance_surface([flat, flat], [0.5, 0.5], names=["a", "b"], rescale=(1, 9), monitor=monitor)
    np.testing.assert_array_equal(result.values, flat)
    assert math.isnan(result.summary.contributions[0].share_of_variance)
    assert "2 everywhere and cannot be stretched" in monitor.warnings[0]
    assert "'a' is 2 everywhere" in monitor.warnings[1]


def test_an_extreme_contrast_is_warned_of():
    monitor = Recorder()
    values = np.array([[1.0, 30_000.0]])
    resistance_surface([values, np.array([[1.0, 2.0]])], [0.9, 0.1], monitor=monitor)
    assert "ratio above 10,000" in monitor.warnings[0]
    assert "different scales: 'Factor 1' goes up to 30000, 'Factor 2' to 2" in monitor.warnings[1]


def test_contrast_is_the_ratio_and_the_limit_is_not_exceeded_at_it():
    for least, most, warned in ((3.0, 30_000.0, False), (3.0, 30_006.0, True)):
        monitor = Recorder()
        values = np.array([[least, most]])
        summary = resistance_surface([values, values], [0.5, 0.5], monitor=monitor).summary
        assert summary.contrast == pytest.approx(most / least)
        assert any("ratio above" in text for text in monitor.warnings) == warned


def test_progress_rises_to_the_end_over_all_passes(factors):
    monitor = Recorder()
    resistance_surface(factors, WEIGHTS, corrections=[factors[0]], rescale=(1, 2), monitor=monitor)
    assert monitor.fractions == sorted(monitor.fractions)
    assert monitor.fractions[-1] >= 2 / 3


def test_cancelling_stops_the_work(factors):
    class Cancelled(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        resistance_surface(factors, WEIGHTS, monitor=Cancelled())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [0.5, 0.5]}, "2 weights for 3 factors"),
        ({"weights": [0.5, 0.7, -0.2]}, "Weight 3 is -0.2"),
        ({"weights": [0.5, NAN, 0.2]}, "Weight 2 is nan"),
        ({"weights": [0, 0, 0]}, "all 0"),
        ({"rescale": (0, 5)}, "from 0 to 5"),
        ({"rescale": (5, 2)}, "from 5 to 2"),
        ({"corrections": [np.ones((2, 2))]}, "differ in size"),
        (
            {"corrections": [np.ones((40, 30))], "correction": Correction(CorrectionMethod.ADD, [1, 2])},
            "2 correction weights for 1",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(factors, change, words):
    options = {"weights": WEIGHTS, **change}
    with pytest.raises(InputError, match=words):
        resistance_surface(factors, **options)


def test_one_factor_is_the_surface_and_none_is_refused(factors):
    np.testing.assert_array_equal(resistance_surface(factors[:1], [1]).values, factors[0].astype(np.float32))
    with pytest.raises(InputError, match="a factor at least"):
        resistance_surface([], [])


def test_factors_of_different_size():
    with pytest.raises(GridMismatchError, match=r"\(2, 2\) and \(2, 3\)"):
        resistance_surface([np.ones((2, 2)), np.ones((2, 3))], [0.5, 0.5])


def test_factors_that_never_meet():
    left, right = np.array([[1.0, NAN]]), np.array([[NAN, 1.0]])
    with pytest.raises(InputError, match="No cell has data in every factor"):
        resistance_surface([left, right], [0.5, 0.5])
    assert resistance_surface([left, right], [0.5, 0.5], leave_out_missing=True).summary.cells == 2


def test_resistance_must_be_positive_and_the_first_cell_is_named():
    zero = np.ones((4, 5))
    zero[2, 3] = zero[3, 0] = 0
    with pytest.raises(InputError, match=r"2 cells .* \(the first is 0 in row 3, column 4\)"):
        resistance_surface([zero, zero], [0.5, 0.5])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "magic"}, "no correction method 'magic'"),
        ({"floor": 0}, "floor"),
        ({"floor": 2, "cap": 1}, "not above the cap"),
        ({"method": CorrectionMethod.MEAN_RATIO, "weights": [1]}, "takes no weights"),
    ],
)
def test_a_correction_checks_its_options(options, words):
    with pytest.raises(InputError, match=words):
        Correction(**options)


def test_roads_and_impassable_cells_come_last(factors):
    plain = resistance_surface(factors, WEIGHTS, rescale=(1, 10))
    least, impassable = np.zeros((40, 30), np.float32), np.zeros((40, 30), bool)
    least[:, 4] = 0.5
    least[20] = 100.0
    impassable[18:25, 10:13] = True
    parts = [slice(row, row + 7) for row in range(0, 40, 7)]
    blocks = [
        Block(p.start, [f[p] for f in factors], least=least[p], impassable=impassable[p] if k else None)
        for k, p in enumerate(parts)
    ]
    done = {}
    summary = build_resistance(lambda _: blocks, WEIGHTS, write=done.__setitem__, rescale=(1, 10))
    values = np.concatenate([done[p.start] for p in parts])
    known = ~np.isnan(plain.values)
    wanted = np.where(impassable | ~known, np.nan, np.fmax(plain.values, least))
    np.testing.assert_array_equal(values, wanted)
    np.testing.assert_array_equal(with_obstacles(plain.values, least=least, impassable=impassable), wanted)
    assert values.dtype == np.float32
    assert summary.raised == np.count_nonzero((known & ~impassable)[20]) == 27
    assert summary.impassable == np.count_nonzero(known & impassable) == 21
    assert summary.missing == plain.summary.missing + 21
    assert summary.maximum == 100
    for one, other in zip(summary.contributions, plain.summary.contributions):
        assert one.share_of_variance == pytest.approx(other.share_of_variance)


def test_a_surface_that_is_all_impassable_is_refused(factors):
    block = Block(0, factors, impassable=np.ones((40, 30), bool))
    with pytest.raises(InputError, match=r"All [\d,]+ cells with a resistance are of impassable classes"):
        build_resistance(lambda _: [block], WEIGHTS, write=lambda *_: None)
    block = Block(0, factors, least=np.ones((40, 29), np.float32))
    with pytest.raises(GridMismatchError, match="differ in size"):
        build_resistance(lambda _: [block], WEIGHTS, write=lambda *_: None)


@pytest.mark.parametrize(
    ("method", "value"),
    [(CorrectionMethod.NORMALISED, 3.0), (CorrectionMethod.MEAN_RATIO, 0.0), (CorrectionMethod.MULTIPLY, 3.0)],
)
def test_a_correction_that_is_the_same_everywhere_is_warned_of(factors, method, value):
    flat, uneven = np.full_like(factors[0], value), factors[2]
    for raster, count in ((flat, 1), (uneven, 0)):
        monitor = Recorder()
        resistance_surface(factors, WEIGHTS, corrections=[raster], correction=Correction(method), monitor=monitor)
        assert sum("in all cells and tells no way from another" in text for text in monitor.warnings) == count
