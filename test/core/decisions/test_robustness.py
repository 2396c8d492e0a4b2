"""The chain on many draws: closed forms, the base run, chunks."""

import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from ecosecnet.core.choices import Stage, Variation
from ecosecnet.core.corridors import Cutoff
from ecosecnet.core.decisions import (
    CORRIDOR,
    CUTOFF,
    DISPERSAL,
    MIN_AREA,
    PATH,
    Factor,
    Known,
    Setting,
    Study,
    Uncertainty,
    robustness,
)
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.grid import Grid
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.planning import CorridorOptions, KeyAreaOptions
from ecosecnet.core.spread import Where
from scipy.special import betainc


def two_ways():
    """Two sources joined by a row in the north and one in the south; each is cheap for one factor and dear for the other."""
    labels = np.zeros((3, 7), dtype=np.int32)
    labels[:, 0], labels[:, 6] = 1, 2
    north, south = np.full((3, 7), 1.0), np.full((3, 7), 1.0)
    north[0, 1:6], north[2, 1:6] = 1.0, 5.0
    south[0, 1:6], south[2, 1:6] = 5.0, 1.0
    north[1, 1:6] = south[1, 1:6] = 99.0
    return labels, Factor.of("north", north), Factor.of("south", south)


def study_of(labels, factors, **options):
    rows, cols = labels.shape
    return Study(list(factors), Grid(rows, cols, dx=10.0, dy=10.0), labels, **options)


def landscape(stage=Stage.BOTH, seed=1, size=24):
    rng = np.random.default_rng(seed)
    labels = np.zeros((size, size), dtype=np.int32)
    for k, (row, col) in enumerate([(1, 1), (1, 18), (18, 2), (17, 17)], start=1):
        labels[row : row + 5, col : col + 5] = k
    factors = [Factor.of(name, rng.choice([1.0, 3.0, 6.0, 10.0], (size, size))) for name in ("slope", "cover", "roads")]
    keyareas = KeyAreaOptions(min_area_ha=0.0)
    return study_of(labels, factors, corridors=CorridorOptions(cutoff=Cutoff(10.0)), keyareas=keyareas, stage=stage)


WEIGHTS_AND_SCORES = Uncertainty((Variation.WEIGHTS, Variation.SCORES), spread=0.3)


@pytest.fixture(scope="module")
def ten():
    """Ten runs on other weights and scores."""
    given = {"distances": Known.none(), "weights": [0.5, 0.3, 0.2], "runs": 10, "tolerance": 0.0}
    return robustness(landscape(), WEIGHTS_AND_SCORES, **given)


@pytest.mark.parametrize(
    ("kappa", "expected", "runs"),
    [
        (20.0, 0.8204, 100),
        pytest.param(20.0, 0.8204, 2000, marks=pytest.mark.slow),
        pytest.param(100.0, 0.9781, 2000, marks=pytest.mark.slow),
    ],
)
def test_share_of_the_northern_way_is_the_closed_form(kappa, expected, runs):
    labels, north, south = two_ways()
    assert 1.0 - betainc(0.6 * kappa, 0.4 * kappa, 0.5) == pytest.approx(expected, abs=5e-5)
    found = robustness(
        study_of(labels, [north, south], stage=Stage.CORRIDORS),
        Uncertainty(spread=(kappa + 1.0) ** -0.5),
        distances=Known.none(),
        weights=[0.6, 0.4],
        runs=runs,
        tolerance=0.0,
    )
    assert found.runs == runs
    share = float(found.shares[PATH][0, 3])
    assert abs(share - expected) <= 3.0 * np.sqrt(expected * (1.0 - expected) / runs)
    assert found.shares[PATH][0, 3] + found.shares[PATH][2, 3] == 1.0


def test_without_spread_every_run_is_the_base_run():
    study = landscape()
    found = robustness(study, Uncertainty(spread=0.0), distances=Known.none(), weights=[0.5, 0.3, 0.2], runs=10)
    for kind, share in found.shares.items():
        assert np.array_equal(share, found.chain.cells(kind)), kind
    assert found.certain == {"pinch point": 1.0, "barrier": 1.0}
    assert all((stayed == 1.0).all() and stayed.size for stayed in found.stayed.values())
    assert found.links.share.tolist() == [1.0] * len(found.links.pairs)
    assert (found.links.cost == found.chain.network.links.cost[found.chain.network.links.active][:, None]).all()
    assert (found.outcomes["corridors in common"] == 1.0).all()
    assert found.bars == []


def test_runs_end_at_the_tolerance_and_say_so():
    given = {"distances": Known.none(), "weights": [0.5, 0.3, 0.2]}
    settled = robustness(landscape(Stage.CORRIDORS), Uncertainty(spread=0.0), runs=200, tolerance=0.05, **given)
    assert settled.settled
    assert settled.runs == 40  # Wilson: z^2 / (2 (n + z^2)) of shares of 0 and 1
    assert settled.half_width <= 0.05
    asked = robustness(landscape(Stage.CORRIDORS), Uncertainty(spread=0.3), runs=20, tolerance=0.05, **given)
    assert (asked.runs, asked.settled) == (20, False)
    assert asked.half_width > 0.05


def test_chunks_of_any_size_give_the_same_bits(ten, monkeypatch):
    given = {"distances": Known.none(), "weights": [0.5, 0.3, 0.2], "runs": 10, "tolerance": 0.0}
    monkeypatch.setattr(sys.modules["ecosecnet.core.decisions.robustness"], "CHUNK", 3)
    other = robustness(landscape(), WEIGHTS_AND_SCORES, **given)
    for kind in ten.shares:
        assert np.array_equal(ten.shares[kind], other.shares[kind])
    assert np.array_equal(ten.links.cost, other.links.cost)
    assert ten.bars == other.bars


@pytest.mark.slow
def test_processes_give_the_same_bits():
    given = {"distances": Known.none(), "weights": [0.5, 0.3, 0.2], "runs": 40, "tolerance": 0.0}
    one, two = (robustness(landscape(), WEIGHTS_AND_SCORES, where=Where(count), **given) for count in (1, 2))
    for kind in one.shares:
        assert np.array_equal(one.shares[kind], two.shares[kind])
    assert np.array_equal(one.links.cost, two.links.cost)
    assert one.bars == two.bars
    settled = [
        robustness(landscape(), Uncertainty(spread=0.0), where=Where(count), **{**given, "tolerance": 0.1}).runs
        for count in (1, 2)
    ]
    assert settled == [20, 20]


def test_a_run_can_be_repeated_alone():
    study, what = landscape(Stage.CORRIDORS), Uncertainty(spread=0.3)
    given = {"distances": Known.none(), "weights": [0.5, 0.3, 0.2], "tolerance": 0.0}
    ten, eleven = (robustness(study, what, runs=runs, **given) for runs in (10, 11))
    last = eleven.shares[PATH] * 11 - ten.shares[PATH] * 10
    assert set(np.round(last, 3).ravel().tolist()) <= {0.0, 1.0}
    for name in ten.inputs:
        assert np.array_equal(ten.inputs[name], eleven.inputs[name][:10])


def test_order_of_the_factors_permutes_the_tornado_and_nothing_else(ten):
    study = landscape()
    turned = replace(study, factors=study.factors[::-1])
    given = {"distances": Known.none(), "weights": [0.2, 0.3, 0.5], "runs": 10, "tolerance": 0.0}
    other = robustness(turned, WEIGHTS_AND_SCORES, **given)
    for kind in ten.shares:
        assert np.array_equal(ten.shares[kind], other.shares[kind])
    assert list(ten.inputs) != list(other.inputs)
    assert sorted(ten.inputs) == sorted(other.inputs)
    assert ten.bars == other.bars


def test_settings_leave_sources_out_and_change_the_corridors():
    study = landscape(Stage.CORRIDORS)
    study.labels[2, 2] = 0  # a source of 24 cells among those of 25
    settings = {MIN_AREA: Setting((0.0, 0.245)), CUTOFF: Setting((10.0, 200.0), between=True)}
    found = robustness(
        study,
        Uncertainty((Variation.SETTINGS,), settings=settings),
        distances=Known.none(),
        weights=[0.5, 0.3, 0.2],
        runs=20,
        tolerance=0.0,
    )
    left_out = np.mean(found.inputs[MIN_AREA] > 0)
    assert found.sources.share[0] == pytest.approx(1.0 - left_out)
    assert found.sources.share[1:].tolist() == [1.0] * 3
    first, least = found.bars[0], found.inputs[CUTOFF]
    assert np.ptp(least) > 100
    assert first.outcome == "corridors in common"


def test_a_dispersal_distance_that_varies_ranks_the_sources_again():
    study = landscape(Stage.CORRIDORS)
    pairs = np.column_stack(np.triu_indices(4, k=1))
    far = Known(pairs, np.array([250.0, 250.0, 300.0, 400.0, 250.0, 250.0]))
    settings = {DISPERSAL: Setting((50.0, 2000.0))}
    found = robustness(
        study,
        Uncertainty((Variation.SETTINGS,), settings=settings),
        distances=far,
        weights=[0.5, 0.3, 0.2],
        runs=10,
        tolerance=0.0,
    )
    assert np.isfinite(found.sources.dpc_rank).all()
    assert found.sources.share.tolist() == [1.0] * 4


def test_a_run_without_a_network_counts_as_one_without_links():
    labels, north, south = two_ways()
    settings = {MIN_AREA: Setting((0.0, 1.0))}
    found = robustness(
        study_of(labels, [north, south], stage=Stage.CORRIDORS),
        Uncertainty((Variation.SETTINGS,), settings=settings),
        distances=Known.none(),
        weights=[0.6, 0.4],
        runs=50,
        tolerance=0.0,
    )
    assert found.without == np.count_nonzero(found.inputs[MIN_AREA]) == 25
    assert found.links.share.tolist() == [0.5]
    assert found.shares[CORRIDOR].max() == 0.5


class Heard(Monitor):
    """Keeps what it is warned of."""

    def __init__(self):
        self.warned = []

    def warn(self, text):
        self.warned.append(text)


def test_runs_that_all_fail_are_refused_with_the_reason_and_some_are_told():
    labels, north, south = two_ways()
    study = study_of(labels, [north, south], stage=Stage.CORRIDORS)
    given = {"distances": Known.none(), "weights": [0.6, 0.4], "runs": 20, "tolerance": 0.0}
    with pytest.raises(InputError, match=r"None of the 20 runs found a network. The first: .* 0 of 2 are left"):
        robustness(study, Uncertainty((Variation.SETTINGS,), settings={MIN_AREA: Setting((5.0,))}), **given)
    heard, some = Heard(), {MIN_AREA: Setting((0.0, 5.0))}
    robustness(study, Uncertainty((Variation.SETTINGS,), settings=some), monitor=heard, **given)
    assert any(re.match(r"\d+ of the 20 runs found no network", line) for line in heard.warned)


@pytest.mark.parametrize(("weights", "spread"), [([1.0, 0.0], 0.25), ([0.6, 0.4], 0.0)])
def test_runs_that_are_all_the_same_are_no_evidence(weights, spread):
    labels, north, south = two_ways()
    study, heard = study_of(labels, [north, south], stage=Stage.CORRIDORS), Heard()
    robustness(study, Uncertainty(spread=spread), distances=Known.none(), weights=weights, runs=3, monitor=heard)
    assert any(line.startswith("Nothing varied") for line in heard.warned)


def test_the_time_is_foreseen_before_the_runs_and_after_ten():
    class Said(Monitor):
        def __init__(self):
            self.lines = []

        def info(self, text):
            self.lines.append(text)

    labels, north, south = two_ways()
    said = Said()
    study = study_of(labels, [north, south], stage=Stage.CORRIDORS)
    robustness(study, Uncertainty(), distances=Known.none(), weights=[0.6, 0.4], runs=20, tolerance=0.0, monitor=said)
    before = next(
        k for k, line in enumerate(said.lines) if re.fullmatch(r"A run took [\d.]+ s: 20 take about \d+ s\.", line)
    )
    after = said.lines.index(
        next(line for line in said.lines if line.startswith("10 runs are done; 10 more take about"))
    )
    assert before < after


def test_one_source_is_refused():
    labels, north, south = two_ways()
    labels[labels == 2] = 0
    with pytest.raises(InputError, match="two sources"):
        robustness(study_of(labels, [north, south]), Uncertainty(), distances=Known.none(), weights=[0.6, 0.4], runs=5)


def test_a_cancelled_run_stops():
    class Later(Monitor):
        seen = 0.0

        def progress(self, fraction):
            self.seen = max(self.seen, fraction)

        def cancelled(self):
            return self.seen > 0.3

    given = {"distances": Known.none(), "weights": [0.5, 0.3, 0.2], "runs": 50, "monitor": Later()}
    with pytest.raises(OperationCancelled):
        robustness(landscape(Stage.CORRIDORS), Uncertainty(), **given)
