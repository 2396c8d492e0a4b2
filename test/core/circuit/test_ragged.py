"""Circuits of corridors cut from landscapes at many cutoffs, ragged as real ones are, against the direct solver of scipy."""

import csv

import numpy as np
import pytest
from circuits import sparse_pair
from conftest import REFERENCE
from ecosecnet.core import circuit
from ecosecnet.core.circuit import compiled, iterative, multigrid, regions, solvers
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, label


@pytest.fixture(scope="module", params=["numpy", "numba"])
def deep_multigrid(request):
    """Use multigrid, with a deep hierarchy, although the rasters are small, by each of the engines."""
    if request.param == "numba" and not compiled.available():
        pytest.skip("needs numba")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iterative, "_WORTH_COMPILED", 0 if request.param == "numba" else np.inf)
        patch.setattr(solvers, "_MULTIGRID_LEAST", 0)
        patch.setattr(solvers, "_MULTIGRID_CELL", 0.0)
        patch.setattr(iterative, "_COARSEST", (150, 900, 6000))
        patch.setattr(regions, "_COARSEST", 120)
        yield


def two_patches(seed):
    """Make a landscape of good and bad land, and two irregular patches of sources in it."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(200, 320))
    field = gaussian_filter(rng.normal(size=(size, size)), rng.uniform(1, 5))
    bad = field > np.quantile(field, rng.uniform(0.3, 0.7))
    resistance = np.where(bad, 1000.0 if seed % 2 else 10 ** rng.uniform(2, 5), 1.0)
    if seed % 3 == 0:
        resistance[rng.random((size, size)) < 0.05] = 10.0

    def patch():
        row, col = rng.integers(10, size - 10, 2)
        rough = 60 * gaussian_filter(rng.normal(size=(size, size)), 3)
        return np.hypot(np.arange(size)[:, None] - row, np.arange(size) - col) + rough < rng.uniform(8, 25)

    a = patch()
    return resistance, a, patch() & ~a


def corridor_windows(resistance, a, b, cutoffs):
    """Yield the window of every cutoff, given in shares of the least cost, and the two patches in it."""
    if not (a.any() and b.any()):
        return
    graph = CostGraph(resistance)
    total = graph.cost_from(a) + graph.cost_from(b)
    for cutoff in cutoffs:
        inside = total <= total.min() * (1.0 + cutoff)
        box = tuple(slice(where.min(), where.max() + 1) for where in np.nonzero(inside))
        yield np.where(inside, resistance, np.nan)[box], (a & inside)[box], (b & inside)[box]


def joined(window, a, b):
    parts = label(~np.isnan(window))[0]
    return np.isin(parts[a], parts[b]).any()


def check(window, a, b, **options):
    flow = circuit.solve_pair(window, a, b, **options)
    current, effective = sparse_pair(window, a, b, **options)
    assert flow.resistance == pytest.approx(effective, rel=1e-6)
    assert np.nanmax(np.abs(np.where(a | b, 0.0, flow.current - current))) <= 2e-6


@pytest.mark.parametrize(("seed", "cutoff"), [(22, 0.654), (22, 0.874), (31, 0.153), (39, 5.0)])
def test_coarse_cells_whose_degree_is_lost_in_rounding(deep_multigrid, seed, cutoff):
    for window, a, b in corridor_windows(*two_patches(seed), [cutoff]):
        check(window, a, b)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_corridors_at_twenty_cutoffs(deep_multigrid, seed):
    for window, a, b in corridor_windows(*two_patches(seed), np.geomspace(0.02, 5, 20)):
        check(window, a, b)


@given(
    seed=st.integers(0, 10_000),
    cutoff=st.floats(0.01, 3),
    neighbours=st.sampled_from([4, 8]),
    average=st.sampled_from(["resistance", "conductance"]),
)
@settings(max_examples=25, deadline=None)
def test_small_corridors_through_many_levels(deep_multigrid, seed, cutoff, neighbours, average):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(30, 90))
    kinds = np.geomspace(1, 10 ** rng.uniform(1, 5), int(rng.integers(2, 6)))
    rng.shuffle(kinds)
    field = gaussian_filter(rng.normal(size=(size, size)), rng.uniform(0.6, 6))
    resistance = kinds[np.digitize(field, np.quantile(field, np.linspace(0, 1, kinds.size + 1)[1:-1]))]
    resistance[rng.random((size, size)) < rng.uniform(0, 0.3)] = np.nan
    labels = np.zeros((size, size), dtype=int)
    for number in (1, 2):
        row, col = rng.integers(0, size - 8, 2)
        labels[row : row + rng.integers(1, 8), col : col + rng.integers(1, 8)] = number
    labels[np.isnan(resistance)] = 0
    a, b = labels == 1, labels == 2
    if not (a.any() and b.any() and np.isfinite(CostGraph(resistance).cost_from(a)[b].min())):
        return
    for window, one, other in corridor_windows(resistance, a, b, [cutoff]):
        if neighbours == 8 or joined(window, one, other):
            check(window, one, other, neighbours=neighbours, average=average)


def test_a_cell_of_lost_degree_goes_with_its_couplings():
    """Nothing may be coupled with a cell that is left out, in whatever direction and at the edge or not."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        stencil = multigrid.Stencil(6, 7)
        for number in range(4):
            stencil.couplings[number] = stencil.zeros()
            stencil.raster(stencil.couplings[number])[:5, 1:6] = rng.uniform(0.5, 2.0, (5, 5))
        row, col = rng.integers(1, 4, 2)
        cell = stencil.margin + row * stencil.width + col
        others = stencil.degree()[cell] - stencil.couplings[0][cell]
        stencil.couplings[0][cell] = -others * (1.0 + rng.uniform(-1e-9, 1e-9))
        bottom = multigrid._CoarsestSolver(stencil)
        assert cell not in bottom._cells
        right = stencil.zeros().astype(np.float32)
        right[bottom._cells[0]], right[bottom._cells[-1]] = 1.0, -1.0
        assert np.isfinite(bottom.solve(right)).all()


@pytest.mark.slow
@pytest.mark.skipif(
    not (REFERENCE / "linkage").is_dir(), reason="the shared reference data are not beside the checkout"
)
def test_washington_at_twenty_cutoffs():
    rasterio = pytest.importorskip("rasterio")
    pytest.importorskip("rasterio.features")
    geopandas = pytest.importorskip("geopandas")
    with rasterio.open(REFERENCE / "linkage" / "lm_resistances.tif") as source:
        resistance = source.read(1, masked=True).astype(np.float64).filled(np.nan)
        transform = source.transform
    cores = geopandas.read_file(REFERENCE / "linkage" / "lm_cores.gpkg")
    labels = rasterio.features.rasterize(
        zip(cores.geometry, cores.core_id), resistance.shape, transform=transform, dtype="int32"
    )
    with open(REFERENCE / "linkage" / "lm_links_expected.csv", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["linkType"] == "1"]
    pairs = np.array([[int(row["coreId1"]), int(row["coreId2"])] for row in rows])
    graph = CostGraph(resistance, cell_size=transform.a)
    for link in CostFields(graph, labels).along(pairs, slack=200_000.0):
        part = resistance[link.rows, link.cols]
        ends = [labels[link.rows, link.cols] == label for label in pairs[link.index]]
        for cutoff in np.geomspace(2_000.0, 200_000.0, 20):
            inside = link.cost_a + link.cost_b <= link.least + cutoff
            check(np.where(inside, part, np.nan), *(end & inside for end in ends))
