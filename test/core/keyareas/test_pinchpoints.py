"""Pinch points against plain computations and the laws of circuits."""

import csv

import numpy as np
import pytest
from circuits import dense_pair
from conftest import REFERENCE
from ecosecnet.core.circuit import circuit_bytes
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.pinchpoints import corridor_bytes, pinchpoints
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import Links
from networks import on


def valley(seed=2, shape=(18, 24)):
    """Make a landscape with three sources in it."""
    rng = np.random.default_rng(seed)
    resistance = rng.uniform(1, 20, shape)
    resistance[rng.random(shape) < 0.05] = np.nan
    labels = np.zeros(shape, dtype=np.int32)
    labels[1:4, 1:4] = 1
    labels[12:16, 3:6] = 2
    labels[6:10, 19:23] = 3
    return resistance, labels


def corridor(resistance, labels, a, b, cutoff, cell_size):
    graph = CostGraph(resistance, cell_size=cell_size)
    total = graph.cost_from(labels == a) + graph.cost_from(labels == b)
    least = total.min()
    return total <= (least + cutoff) * (1 + 1e-9), least


def test_one_cell_wide_path_has_ratio_one():
    resistance = np.full((3, 9), np.nan)
    resistance[1] = np.arange(1.0, 10.0)
    labels = np.zeros((3, 9), dtype=np.int32)
    labels[1, :2], labels[1, -2:] = 1, 2
    result = pinchpoints(*on(resistance, labels, np.array([[1, 2]]), 30.0), cutoff=100.0)
    assert result.ratio[0] == pytest.approx(1.0, rel=1e-12)
    # links between the cells 1..7 of the row, cell size 30
    assert result.effective_resistance[0] == pytest.approx(30.0 * sum(k + 1.5 for k in range(1, 7)), rel=1e-12)
    np.testing.assert_allclose(result.current[1, 2:7], 1.0, rtol=1e-12)
    assert np.isnan(result.current[1, :2]).all()
    assert np.isnan(result.current[0]).all()


def test_wider_corridor_divides_the_current():
    resistance = np.ones((5, 12))
    labels = np.zeros((5, 12), dtype=np.int32)
    labels[:, 0], labels[:, -1] = 1, 2
    resistance[[0, 1, 3, 4], 6] = np.nan
    result = pinchpoints(*on(resistance, labels, np.array([[1, 2]]), 1.0), cutoff=50.0)
    assert np.unravel_index(np.nanargmax(result.current), resistance.shape) == (2, 6)
    assert result.current[2, 6] == pytest.approx(1.0, rel=1e-9)
    assert result.relative[2, 6] == 1.0
    # straight ways before the walls: the amperes of a column of cells add up to the ampere injected, or more where it
    # runs along the column
    assert np.nansum(result.current[:, 1]) >= 1.0 - 1e-9
    assert result.ratio[0] > 1


@pytest.mark.parametrize("combine", ["maximum", "sum"])
def test_links_equal_dense_solves_of_their_corridors(combine):
    resistance, labels = valley()
    pairs = np.array([[1, 2], [1, 3], [2, 3]])
    cell_size, cutoff = 30.0, 900.0
    result = pinchpoints(*on(resistance, labels, pairs, cell_size), cutoff=cutoff, combine=combine)
    maps = []
    for index, (a, b) in enumerate(pairs):
        inside, least = corridor(resistance, labels, a, b, cutoff, cell_size)
        masked = np.where(inside, resistance, np.nan)
        at_a, at_b = ((labels == label) & inside & ~np.isnan(resistance) for label in (a, b))
        current, effective = dense_pair(masked, at_a, at_b)
        assert result.least_cost[index] == pytest.approx(least, rel=1e-12)
        assert result.effective_resistance[index] == pytest.approx(cell_size * effective, rel=1e-8)
        maps.append(np.where(at_a | at_b, np.nan, current))
    assert (result.ratio >= 1).all()
    with np.errstate(invalid="ignore"):
        together = np.fmax.reduce(maps) if combine == "maximum" else np.nansum(maps, axis=0)
        together[np.isnan(maps).all(axis=0)] = np.nan
    np.testing.assert_allclose(result.current, together, atol=1e-7)
    share = np.fmax.reduce([current / np.nanmax(current) for current in maps])
    np.testing.assert_allclose(result.relative, share, atol=1e-6)


def test_all_pairs_equal_dense_solves_of_the_union():
    resistance, labels = valley(6)
    pairs = np.array([[1, 3], [2, 3]])
    result = pinchpoints(*on(resistance, labels, pairs, 10.0), cutoff=400.0, mode="all_pairs", combine="sum")
    inside = labels > 0
    for a, b in pairs:
        inside = inside | corridor(resistance, labels, a, b, 400.0, 10.0)[0]
    masked = np.where(inside, resistance, np.nan)
    total = np.zeros(resistance.shape)
    valid = ~np.isnan(masked)
    for a, b in ((1, 2), (1, 3), (2, 3)):
        at_a, at_b = ((labels == label) & valid for label in (a, b))
        current, effective = dense_pair(masked, at_a, at_b)
        total += np.where(at_a | at_b | ~valid, 0.0, current)
        if (a, b) == (1, 3):
            assert result.effective_resistance[0] == pytest.approx(10.0 * effective, rel=1e-8)
    np.testing.assert_allclose(result.current[valid], total[valid], atol=1e-7)
    assert np.isnan(result.current[~valid]).all()


def test_all_to_one_carries_every_ampere_to_the_ground():
    # three sources in a row: the ampere of an end source crosses the middle of both gaps
    resistance = np.ones((1, 13))
    labels = np.zeros((1, 13), dtype=np.int32)
    labels[0, :2], labels[0, 6], labels[0, 11:] = 1, 2, 3
    pairs = np.array([[1, 2], [2, 3]])
    total = pinchpoints(*on(resistance, labels, pairs, 1.0), cutoff=1.0, mode="all_to_one", combine="sum")
    # ground 1: 2 A in the first gap, 1 A in the second; ground 2: 1 and 1; ground 3: 1 and 2
    np.testing.assert_allclose(total.current[0, 2:6], 4.0, rtol=1e-9)
    np.testing.assert_allclose(total.current[0, 7:11], 4.0, rtol=1e-9)
    assert np.isnan(total.current[labels > 0]).all()
    assert np.isnan(total.effective_resistance).all()
    # the reverse: 1 A of the first, half of the second's, 1 A of the third
    reverse = pinchpoints(*on(resistance, labels, pairs, 1.0), cutoff=1.0, mode="one_to_all", combine="sum")
    np.testing.assert_allclose(reverse.current[0, 2:6], 1.5, rtol=1e-9)
    np.testing.assert_allclose(reverse.current[0, 7:11], 1.5, rtol=1e-9)
    assert np.isnan(reverse.current[labels > 0]).all()
    most = pinchpoints(*on(resistance, labels, pairs, 1.0), cutoff=1.0, mode="all_to_one")
    np.testing.assert_allclose(most.current[0, 2:6], 2.0, rtol=1e-9)


def test_current_through_any_cut_is_at_least_the_ampere_sent():
    resistance, labels = valley(9)
    result = pinchpoints(*on(resistance, labels, np.array([[1, 3]]), 10.0), cutoff=600.0)
    current = np.nan_to_num(result.current)
    # node currents count a flow along the cut too, so a column holds 1 A or more
    assert (current[:, 4:19].sum(axis=0) >= 1 - 1e-9).all()
    assert current.max() <= 1 + 1e-9


def test_sources_that_are_cut_off():
    resistance, labels = valley()
    resistance[:, 15] = np.nan
    result = pinchpoints(*on(resistance, labels, np.array([[1, 2], [1, 3]]), 10.0), cutoff=100.0)
    assert np.isfinite(result.effective_resistance[0])
    assert result.effective_resistance[1] == np.inf
    assert result.least_cost[1] == np.inf
    assert np.isnan(result.current[:, 15:]).all()
    apart = pinchpoints(*on(resistance, labels, np.array([[1, 2], [1, 3]]), 10.0), cutoff=100.0, mode="all_pairs")
    assert apart.effective_resistance[1] == np.inf


@pytest.mark.parametrize("mode", ["adjacent", "all_pairs"])
def test_a_link_to_a_source_that_is_not_on_the_raster_is_cut_off(mode):
    labels = np.array([[1, 0, 2]])
    found = pinchpoints(*on(np.ones((1, 3)), labels, np.array([[1, 2], [2, 3]]), 10.0), cutoff=5.0, mode=mode)
    assert found.effective_resistance.round(6).tolist() == [20.0, np.inf]


def test_bad_options_are_refused():
    resistance, labels = valley()
    pairs = np.array([[1, 2]])
    with pytest.raises(InputError, match="-5"):
        pinchpoints(*on(resistance, labels, pairs, 10.0), cutoff=-5.0)
    with pytest.raises(InputError, match="pairs"):
        pinchpoints(*on(resistance, labels, pairs, 10.0), cutoff=5.0, mode="pairs")
    with pytest.raises(InputError, match="mean"):
        pinchpoints(*on(resistance, labels, pairs, 10.0), cutoff=5.0, combine="mean")
    with pytest.raises(InputError):
        pinchpoints(*on(np.where(labels == 2, -1.0, resistance), labels, pairs, 10.0), cutoff=5.0)


@pytest.mark.skipif(
    not (REFERENCE / "linkage").is_dir(), reason="the shared reference data are not beside the checkout"
)
def test_washington_equals_a_plain_computation():
    """Cost distances by scikit-image, circuits node by node, the default direct solver of scipy."""
    skimage = pytest.importorskip("skimage.graph")
    rasterio = pytest.importorskip("rasterio")
    pytest.importorskip("rasterio.features")
    geopandas = pytest.importorskip("geopandas")
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    folder, cutoff = REFERENCE / "linkage", 5000.0
    with rasterio.open(folder / "lm_resistances.tif") as source:
        resistance = source.read(1, masked=True).astype(np.float64).filled(np.nan)
        transform = source.transform
    cores = geopandas.read_file(folder / "lm_cores.gpkg")
    labels = rasterio.features.rasterize(
        zip(cores.geometry, cores.core_id), resistance.shape, transform=transform, dtype="int32"
    )
    with open(folder / "lm_links_expected.csv", newline="") as table:
        pairs = np.array(
            [[int(r["coreId1"]), int(r["coreId2"])] for r in csv.DictReader(table) if r["linkType"] == "1"]
        )
    result = pinchpoints(*on(resistance, labels, pairs, transform.a), cutoff=cutoff)

    walls = np.where(np.isnan(resistance), -1.0, resistance)
    distance = {
        k: skimage.MCP_Geometric(walls, fully_connected=True).find_costs(np.argwhere(labels == k))[0] * transform.a
        for k in np.unique(pairs)
    }
    expected = np.full(resistance.shape, np.nan)
    for index, (a, b) in enumerate(pairs.tolist()):
        total = distance[a] + distance[b]
        inside = total <= total.min() + cutoff + 1e-6
        node = np.full(resistance.shape, -1)
        node[inside & (labels == a)], node[inside & (labels == b)] = 0, 1
        rest = inside & (labels != a) & (labels != b)
        node[rest] = 2 + np.arange(rest.sum())
        ends, conductances = [], []
        for row, col in np.argwhere(inside).tolist():
            for down, right, length in ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 2**0.5), (1, -1, 2**0.5)):
                other = row + down, col + right
                if other[0] < inside.shape[0] and 0 <= other[1] < inside.shape[1] and inside[other]:
                    ends.append((node[row, col], node[other]))
                    conductances.append(2 / (resistance[row, col] + resistance[other]) / length)
        ends, conductances = np.array(ends), np.array(conductances)
        size = int(node.max()) + 1
        incidence = sparse.csr_matrix(
            (np.tile([1.0, -1.0], (len(ends), 1)).ravel(), (np.repeat(np.arange(len(ends)), 2), ends.ravel())),
            shape=(len(ends), size),
        )
        incidence.sum_duplicates()
        laplacian = (incidence.T @ sparse.diags(conductances) @ incidence).tocsc()
        volts = np.zeros(size)
        volts[1:] = spsolve(laplacian[1:, 1:], np.eye(size - 1, 1).ravel())
        flow = conductances * (incidence @ volts)
        current = np.zeros(size)
        np.add.at(current, ends.ravel(), np.repeat(np.abs(flow), 2) / 2)
        assert result.effective_resistance[index] == pytest.approx(transform.a * volts[1], rel=1e-9)
        assert result.least_cost[index] == pytest.approx(total.min(), rel=1e-9)
        expected = np.fmax(expected, np.where(rest, current[np.maximum(node, 0)], np.nan))
    np.testing.assert_allclose(result.current, expected, atol=1e-8)


@pytest.mark.parametrize("mode", ["adjacent", "all_to_one", "all_pairs"])
def test_currents_step_as_the_paths_do(mode):
    """A corridor one cell wide with a corner: with 4 neighbours it has a cell more, with conductances another mean."""
    resistance = np.array([[1.0, 4.0, np.nan], [np.nan, 2.0, 1.0]])
    labels = np.array([[1, 0, 0], [0, 0, 2]])
    for options, expected in (
        ({"neighbours": 4}, [2.5, 3.0, 1.5]),
        ({"neighbours": 4, "average": "conductance"}, [8 / 5, 8 / 3, 4 / 3]),
    ):
        graph = CostGraph(resistance, **options)
        found = pinchpoints(CostFields(graph, labels), Links.between([[1, 2]]), cutoff=1.0, mode=mode)
        assert found.least_cost[0] == pytest.approx(sum(expected))
        if mode != "all_to_one":
            assert found.effective_resistance[0] == pytest.approx(sum(expected))
        else:
            assert found.current[0, 1] == pytest.approx(1.0)


def test_memory_is_that_of_the_largest_corridor_which_is_searched_once():
    resistance, labels = valley()
    pairs = np.array([[1, 2], [2, 3], [1, 3]])
    fields, links = on(resistance, labels, pairs, 30.0)
    most = 0
    for a, b in pairs.tolist():
        inside, _ = corridor(resistance, labels, a, b, 300.0, 30.0)
        rows, cols = (np.ptp(place) + 1 for place in np.nonzero(inside))
        most = max(most, circuit_bytes(rows * cols, np.count_nonzero(inside)))
    assert corridor_bytes(fields, links, cutoff=300.0) == most
    searches = fields.searches
    pinchpoints(fields, links, cutoff=300.0)
    assert fields.searches == searches
