import json

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.errors import InputError
from ecosecnet.core.weights.ahp import RANDOM_INDEX, analyse, analyse_group, mending_steps, random_index, scale_text
from ecosecnet.core.weights.judgements import check_matrix

NAN = np.nan
HOUSE = np.array(
    [
        [1, 5, 3, 7, 6, 6, 1 / 3, 1 / 4],
        [1 / 5, 1, 1 / 3, 5, 3, 3, 1 / 5, 1 / 7],
        [1 / 3, 3, 1, 6, 3, 4, 6, 1 / 5],
        [1 / 7, 1 / 5, 1 / 6, 1, 1 / 3, 1 / 4, 1 / 7, 1 / 8],
        [1 / 6, 1 / 3, 1 / 3, 3, 1, 1 / 2, 1 / 5, 1 / 6],
        [1 / 6, 1 / 3, 1 / 4, 4, 2, 1, 1 / 5, 1 / 6],
        [3, 5, 1 / 6, 7, 5, 5, 1, 1 / 2],
        [4, 7, 5, 8, 6, 6, 2, 1],
    ]
)
"""Buying a house, Saaty (1990), doi:10.1016/0377-2217(90)90057-I, with the figures printed there in the test."""


def consistent(weights):
    weights = np.asarray(weights, dtype=float)
    return weights[:, None] / weights


def random_matrix(n, seed, spread=1.0):
    """A reciprocal matrix around random weights; the larger the spread, the less consistent."""
    random = np.random.default_rng(seed)
    logs = np.triu(random.normal(0, spread, (n, n)), 1)
    return np.exp(logs - logs.T) * consistent(random.uniform(1, 9, n))


def test_the_house_of_saaty_as_published():
    result = analyse(HOUSE)
    np.testing.assert_allclose(result.weights, [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333], atol=5e-4)
    assert round(result.lambda_max, 3) == 9.669
    assert round(result.ci, 3) == 0.238
    assert round(result.cr, 3) == 0.169
    assert not result.consistent


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference data are not beside this checkout")
@pytest.mark.parametrize("name", ["consistent_3x3", "saaty_house_8x8", "two_factors"])
def test_reference_matrices(name):
    case = json.loads((REFERENCE / "connectivity" / "ahp" / f"{name}.json").read_text())
    expected = case["expected"]
    matrix = np.array(case["matrix"])
    result = analyse(matrix)
    np.testing.assert_allclose(result.weights, expected["weights_eigenvector"], rtol=1e-10)
    np.testing.assert_allclose(result.lambda_max, expected["lambda_max"], rtol=1e-12)
    np.testing.assert_allclose([result.ci, result.cr], [expected["CI"], expected["CR_saaty1980"]], atol=1e-12)
    other = analyse(matrix, table="Alonso & Lamata 2006")
    np.testing.assert_allclose(other.cr, expected["CR_alonso_lamata"], atol=1e-12)
    means = analyse(matrix, method="geometric mean")
    np.testing.assert_allclose(means.weights, expected["weights_geometric_mean"], rtol=1e-10)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 15, 18])
def test_consistent_judgements_give_back_their_weights(n):
    weights = np.random.default_rng(n).uniform(1, 9, n)
    result = analyse(consistent(weights))
    np.testing.assert_allclose(result.weights, weights / weights.sum(), rtol=1e-9)
    assert abs(result.lambda_max - n) < 1e-9
    assert abs(result.cr) < 1e-9
    assert result.judgements == ()
    assert mending_steps(result) == ()


@pytest.mark.parametrize("seed", range(5))
def test_weights_are_the_principal_eigenvector(seed):
    matrix = random_matrix(6, seed, spread=0.5)
    result = analyse(matrix)
    np.testing.assert_allclose(matrix @ result.weights, result.lambda_max * result.weights, rtol=1e-9)
    assert result.weights.min() > 0
    assert abs(result.weights.sum() - 1) < 1e-12
    order = np.random.default_rng(seed).permutation(6)
    np.testing.assert_allclose(analyse(matrix[np.ix_(order, order)]).weights, result.weights[order], rtol=1e-9)
    np.testing.assert_allclose(analyse(matrix.T).lambda_max, result.lambda_max, rtol=1e-9)


def test_three_factors_agree_with_the_geometric_mean():
    """For n = 3 both methods give the same weights (a known identity)."""
    matrix = random_matrix(3, 1)
    np.testing.assert_allclose(analyse(matrix).weights, analyse(matrix, method="geometric mean").weights, rtol=1e-9)


def test_one_factor_and_two_factors_are_always_consistent():
    assert analyse([[1.0]]).weights == [1.0]
    result = analyse([[1, 7], [1 / 7, 1]])
    np.testing.assert_allclose(result.weights, [0.875, 0.125])
    assert result.cr == 0.0


@pytest.mark.parametrize("table", RANDOM_INDEX)
def test_the_random_index_goes_on_beyond_fifteen(table):
    assert random_index(16, table=table) == pytest.approx((1.7699 * 16 - 4.3513) / 15)
    assert random_index(16, table=table) > random_index(15, table=table) - 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("n", "missing"), [(4, 0), (7, 0), (10, 0), (5, 2), (7, 5), (9, 8)])
def test_the_random_index_is_that_of_random_matrices(n, missing):
    """Monte Carlo: mean CI of matrices filled at random from the scale, some judgements missing."""
    random = np.random.default_rng(n)
    scale = np.concatenate([1 / np.arange(2.0, 10.0), np.arange(1.0, 10.0)])
    pairs = np.stack(np.triu_indices(n, 1), axis=1)
    indices = []
    while len(indices) < 3000:
        matrix = np.eye(n)
        for i, j in pairs:
            matrix[i, j] = random.choice(scale)
            matrix[j, i] = 1 / matrix[i, j]
        for i, j in random.permutation(pairs)[:missing]:
            matrix[i, j] = matrix[j, i] = NAN
        try:
            filled = check_matrix(matrix)
        except InputError:
            continue  # the judgements left do not link all factors
        absent = np.isnan(filled)
        harker = np.where(absent, 0, filled) + np.diag(absent.sum(axis=1))
        indices.append((np.linalg.eigvals(harker).real.max() - n) / (n - 1))
    expected = random_index(n, table="Alonso & Lamata 2006", missing=missing)
    assert np.mean(indices) == pytest.approx(expected, rel=0.02 if not missing else 0.12)


@pytest.mark.parametrize("missing", [1, 3, 6])
def test_a_missing_judgement_costs_nothing_when_the_others_agree(missing):
    weights = np.array([5.0, 3.0, 2.0, 1.0, 0.5])
    matrix = consistent(weights)
    chosen = np.random.default_rng(missing).permutation(np.stack(np.triu_indices(5, 1), axis=1)[4:])[:missing]
    for i, j in chosen:
        matrix[i, j] = matrix[j, i] = NAN
    result = analyse(matrix)
    np.testing.assert_allclose(result.weights, weights / weights.sum(), rtol=1e-9)
    assert abs(result.cr) < 1e-9


def test_harker_equals_the_matrix_filled_with_the_ratio_of_its_weights():
    matrix = HOUSE.copy()
    for i, j in [(2, 6), (0, 3)]:
        matrix[i, j] = matrix[j, i] = NAN
    result = analyse(matrix)
    filled = matrix.copy()
    for i, j in [(2, 6), (0, 3), (6, 2), (3, 0)]:
        filled[i, j] = result.weights[i] / result.weights[j]
    full = analyse(filled)
    np.testing.assert_allclose(full.weights, result.weights, rtol=1e-9)
    np.testing.assert_allclose(full.lambda_max, result.lambda_max, rtol=1e-12)
    assert result.random_index == pytest.approx(1.41 * (1 - 2 * 2 / (7 * 6)))


def test_a_spanning_tree_of_judgements_is_consistent_by_definition():
    matrix = np.full((4, 4), NAN)
    matrix[0, 1], matrix[1, 2], matrix[2, 3] = 2, 3, 4
    result = analyse(matrix)
    assert result.cr == 0.0
    np.testing.assert_allclose(result.weights[:-1] / result.weights[1:], [2, 3, 4], rtol=1e-9)


def test_factors_that_no_judgement_links_are_named():
    matrix = np.full((4, 4), NAN)
    matrix[0, 1], matrix[2, 3] = 2, 3
    with pytest.raises(InputError, match="links 'c' to 'a'"):
        analyse(matrix, names="abcd")


def test_the_mirror_cell_fills_an_empty_one_and_rounding_is_made_exact():
    np.testing.assert_allclose(check_matrix([[1, 3], [NAN, 1]]), [[1, 3], [1 / 3, 1]])
    np.testing.assert_allclose(check_matrix([[1, NAN], [3, 1]]), [[1, 1 / 3], [3, 1]])
    for low, high in [(0.33, 3), (0.14, 7), (0.13, 8), (0.12, 8), (0.17, 6)]:
        np.testing.assert_allclose(check_matrix([[1, low], [high, 1]]), [[1, 1 / high], [high, 1]])
        np.testing.assert_allclose(check_matrix([[1, high], [low, 1]]), [[1, high], [1 / high, 1]])


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[1, 2, 3], [0.5, 1, 2]], "square"),
        ([], "square"),
        ([[1, 3], [0.5, 1]], r"row 1, column 2 \('a' against 'b'\) is 3, so row 2, column 1 must be 0.3333, not 0.5"),
        ([[1, 0], [1, 1]], "Row 1, column 2 of the matrix is 0"),
        ([[1, -3], [-1 / 3, 1]], "Row 1, column 2 of the matrix is -3"),
        ([[1, np.inf], [0, 1]], "is inf"),
        ([[2, 3], [1 / 3, 1]], "the diagonal must be 1"),
    ],
)
def test_a_matrix_that_cannot_be_used_names_the_cell(matrix, words):
    with pytest.raises(InputError, match=words):
        analyse(np.array(matrix), names="ab")


def test_options_are_checked():
    with pytest.raises(InputError, match="3 names for 2 factors"):
        analyse(np.ones((2, 2)), names="abc")
    with pytest.raises(InputError, match="no random index 'Foo'"):
        analyse(np.ones((3, 3)), table="Foo")
    with pytest.raises(InputError, match="not 'magic'"):
        analyse(np.ones((3, 3)), method="magic")
    holed = np.ones((3, 3))
    holed[0, 2] = holed[2, 0] = NAN
    with pytest.raises(InputError, match="1 judgements are missing"):
        analyse(holed, method="geometric mean")


def test_the_culprit_is_found_and_its_true_value_mends_it():
    weights = np.array([8.0, 4.0, 2.0, 1.0])
    matrix = consistent(weights)
    matrix[0, 3], matrix[3, 0] = 1 / 8, 8.0  # 8 typed the wrong way round
    result = analyse(matrix, names=["land use", "slope", "road", "mine"])
    worst = result.judgements[0]
    assert (worst.first, worst.second) == ("land use", "mine")
    assert worst.mended == 8.0
    assert worst.mended_cr == pytest.approx(0.0, abs=1e-9)
    assert "'land use' against 'mine' is 1/8" in worst.describe()
    assert [(s.row, s.col, s.mended) for s in mending_steps(result)] == [(0, 3, 8.0)]


def test_judgements_are_ranked_by_strain_and_the_remedy_is_what_it_says():
    result = analyse(HOUSE)
    strains = [judgement.strain for judgement in result.judgements]
    assert strains == sorted(strains, reverse=True)
    assert len(strains) == 28
    worst = result.judgements[0]
    assert (worst.row, worst.col) == (2, 6)
    assert worst.implied == pytest.approx(result.weights[2] / result.weights[6])
    mended = HOUSE.copy()
    mended[2, 6], mended[6, 2] = worst.mended, 1 / worst.mended
    assert analyse(mended).cr == pytest.approx(worst.mended_cr)
    for value in [1 / 9, 1 / 2, 1, 2, 6, 9]:
        mended[2, 6], mended[6, 2] = value, 1 / value
        assert analyse(mended).cr >= worst.mended_cr - 1e-12


@pytest.mark.parametrize("seed", range(4))
def test_the_steps_end_below_the_limit(seed):
    result = analyse(random_matrix(6, seed, spread=1.5))
    assert not result.consistent
    steps = mending_steps(result)
    matrix = result.matrix.copy()
    for step in steps:
        matrix[step.row, step.col], matrix[step.col, step.row] = step.mended, 1 / step.mended
        assert analyse(matrix).cr == pytest.approx(step.mended_cr)
    assert analyse(matrix).consistent


def test_experts_who_agree_are_the_group():
    matrix = random_matrix(4, 3, spread=0.2)
    result = analyse_group([matrix, matrix, matrix])
    np.testing.assert_allclose(result.group.weights, analyse(matrix).weights, rtol=1e-12)
    np.testing.assert_allclose(result.compatibility, 1.0, rtol=1e-12)
    assert result.concordance == pytest.approx(1.0)


def test_the_group_is_the_geometric_mean():
    first, second = consistent([6, 2, 1]), consistent([1, 1, 4])
    result = analyse_group([first, second])
    mean = np.sqrt(np.array([6.0, 2.0, 4.0]))
    np.testing.assert_allclose(result.group.weights, mean / mean.sum(), rtol=1e-9)
    thrice = analyse_group([first, second], importance=[3, 1])
    mean = np.array([6.0, 2.0, 1.0]) ** 0.75 * np.array([1.0, 1.0, 4.0]) ** 0.25
    np.testing.assert_allclose(thrice.group.weights, mean / mean.sum(), rtol=1e-9)
    assert [round(e.cr, 9) for e in result.experts] == [0, 0]


def test_opposite_experts_cancel_and_disagree():
    matrix = consistent([4, 2, 1])
    result = analyse_group([matrix, matrix.T])
    np.testing.assert_allclose(result.group.weights, 1 / 3)
    assert result.concordance == pytest.approx(0.0)
    assert result.compatibility.min() > 1.1


def test_the_group_of_consistent_experts_is_consistent():
    """Xu (2000), doi:10.1016/S0377-2217(99)00082-X: the CR of the mean is no worse than the worst expert's."""
    matrices = [random_matrix(5, seed, spread=0.25) for seed in range(6)]
    result = analyse_group(matrices)
    assert result.group.cr <= max(expert.cr for expert in result.experts)


def test_concordance_is_that_of_scipy():
    """Kendall's W is Friedman's chi-square over m (n - 1), ties included."""
    stats = pytest.importorskip("scipy.stats")
    matrices = [random_matrix(6, seed, spread=0.6) for seed in range(5)]
    matrices.append(consistent([3, 3, 2, 2, 2, 1]))
    result = analyse_group(matrices)
    weights = np.round([expert.weights for expert in result.experts], 9)
    chi_square = stats.friedmanchisquare(*weights.T).statistic
    assert result.concordance == pytest.approx(chi_square / (len(matrices) * 5))


def test_a_judgement_one_expert_left_out_is_that_of_the_others():
    full, holed = consistent([4, 2, 1]), consistent([1, 1, 1])
    holed[0, 2] = holed[2, 0] = NAN
    result = analyse_group([full, holed])
    assert result.group.matrix[0, 2] == pytest.approx(4.0)
    assert result.group.matrix[0, 1] == pytest.approx(np.sqrt(2.0))


def test_a_group_needs_equal_matrices():
    with pytest.raises(InputError, match="different numbers of factors: 2, 3"):
        analyse_group([np.ones((2, 2)), np.ones((3, 3))])
    with pytest.raises(InputError, match="no matrix"):
        analyse_group([])
    with pytest.raises(InputError, match="one importance above 0"):
        analyse_group([np.ones((2, 2))], importance=[0])


@pytest.mark.parametrize(("value", "text"), [(3.0, "3"), (1 / 3, "1/3"), (1 / 7, "1/7"), (2.5, "2.5"), (0.4, "0.4")])
def test_judgements_are_shown_as_on_the_scale(value, text):
    assert scale_text(value) == text
