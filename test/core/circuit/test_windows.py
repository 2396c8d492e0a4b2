"""The moving window against a dense solve of every window, straight from the definition, and Omniscape's own files."""

import json
import os
import re
import tracemalloc

import numpy as np
import pytest
from circuits import plain_links
from conftest import REFERENCE
from ecosecnet.core import circuit
from ecosecnet.core.circuit import scratch, windows
from ecosecnet.core.circuit.conductances import DIRECTIONS
from ecosecnet.core.circuit.direct import DirectSolver
from ecosecnet.core.circuit.windowflow import UniformWindow, block_correction, through
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.spread import Where
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse.linalg import splu

CASES = REFERENCE / "circuitscape" / "cases"


MENDED = {"clear_own_block": True, "move_targets": True}
"""What we do differently from Omniscape where asked to."""


class Ear(Monitor):
    def __init__(self):
        self.told, self.warned, self.parts = [], [], []

    def info(self, text):
        self.told.append(text)

    def warn(self, text):
        self.warned.append(text)

    def progress(self, fraction):
        self.parts.append(fraction)


def dense_current(resistance, put_in, target, neighbours, average):
    """Ground one cell and return the current through every cell, by a dense solve of its component."""
    size = resistance.size
    links = list(plain_links(resistance, neighbours, average))
    laplacian = np.zeros((size, size))
    reached = {target}
    for _ in range(size):
        more = {b for a, b, _ in links if a in reached} | {a for a, b, _ in links if b in reached}
        if more <= reached:
            break
        reached |= more
    for i, j, g in links:
        laplacian[i, i] += g
        laplacian[j, j] += g
        laplacian[i, j] -= g
        laplacian[j, i] -= g
    free = np.array(sorted(reached - {target}), dtype=int)
    volts = np.zeros(size)
    volts[free] = np.linalg.solve(laplacian[np.ix_(free, free)], put_in.ravel()[free])
    inflow, outflow = np.zeros(size), np.zeros(size)
    for i, j, g in links:
        flow = g * (volts[i] - volts[j])
        for tail, head, amount in ((i, j, max(flow, 0)), (j, i, max(-flow, 0))):
            outflow[tail] += amount
            inflow[head] += amount
    return np.maximum(inflow, outflow).reshape(resistance.shape)


def plain_windows(
    resistance,
    strength,
    radius,
    block_size,
    buffer=0,
    neighbours=8,
    average="conductance",
    keeps=None,
    correction=None,
    clear_own_block=True,
    move_targets=True,
):
    """Return current and potential by the definition: one dense solve for each target, on the whole raster."""
    rows, cols = resistance.shape
    down, right = np.mgrid[:rows, :cols]
    half = block_size // 2
    current, potential = np.zeros((rows, cols)), np.zeros((rows, cols))
    for row in range(half, rows - half, block_size):
        for col in range(half, cols - half, block_size):
            block = (abs(down - row) <= half) & (abs(right - col) <= half)
            distance = np.hypot(down - row, right - col)
            cleared = block
            if not clear_own_block:
                first = max(row - radius - buffer, 0) + radius + buffer, max(col - radius - buffer, 0) + radius + buffer
                cleared = (abs(down - first[0]) <= half) & (abs(right - first[1]) <= half)
            offered = np.where((distance <= radius) & ~cleared, strength, 0.0)
            if not strength[block].sum() or not offered.sum():
                continue
            offered *= strength[block].sum() / offered.sum()
            if keeps is not None:
                offered[~keeps(block)] = 0.0
            places = [place for place in zip(*np.nonzero(block)) if not np.isnan(resistance[place])]
            if not move_targets:
                places = [place for place in places if place == (row, col)]
            ground = min(places, key=lambda place: (distance[place], place), default=(row, col))
            target = ground[0] * cols + ground[1]
            offered[ground] = 0.0
            factor = np.ones((rows, cols))
            if correction is not None:
                reach = radius + buffer
                inside = (abs(down - row) <= reach) & (abs(right - col) <= reach)
                factor[inside] = correction[(down - row + reach)[inside], (right - col + reach)[inside]]
            circle = np.where(distance <= radius + buffer, resistance, np.nan)
            square = np.where(np.maximum(abs(down - row), abs(right - col)) <= radius + buffer, 1.0, np.nan)
            if places:
                current += factor * dense_current(circle, offered, target, neighbours, average)
            potential += factor * dense_current(square, offered, target, neighbours, average)
    valid = ~np.isnan(resistance)
    return np.where(valid, current, np.nan), np.where(valid, potential, np.nan)


def landscape(rows=11, cols=13, seed=4, nodata=0.1):
    rng = np.random.default_rng(seed)
    resistance = np.exp(rng.normal(size=(rows, cols)) * 1.5)
    resistance[rng.random((rows, cols)) < nodata] = np.nan
    return resistance, rng.random((rows, cols)) + 0.1


@pytest.mark.parametrize(
    "options",
    [
        {"radius": 4, "block_size": 1},
        {"radius": 3, "block_size": 3},
        {"radius": 4, "block_size": 3, "buffer": 2},
        {"radius": 3, "block_size": 3, "neighbours": 4},
        {"radius": 4, "block_size": 3, "average": "resistance"},
        {"radius": 50, "block_size": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("mended", [{}, {"clear_own_block": True}, {"move_targets": True}, MENDED], ids=str)
def test_every_option_against_dense_solves(options, mended):
    resistance, strength = landscape()
    resistance[4, 4] = np.nan  # the centre of a block of 3
    options = {**options, "clear_own_block": False, "move_targets": False, **mended}
    expected = plain_windows(resistance, strength, **options)
    flow = circuit.omniscape(resistance, strength, **options, flow_potential=True, correct_blocks=False)
    for got, wanted in zip((flow.current, flow.potential), expected):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-7 * np.nanmax(wanted))
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(flow.normalised, expected[0] / expected[1], atol=1e-6)


def plain_correction(radius, reach, block_size, neighbours):
    side, half = 2 * reach + 1, block_size // 2
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    ground = np.where(np.hypot(down, right) <= reach, 1.0, np.nan)
    sources = np.hypot(down, right) <= radius
    centre = reach * side + reach
    single, block = sources.astype(float), (sources & (np.maximum(abs(down), abs(right)) > half)).astype(float)
    single[reach, reach] = 0.0
    one = dense_current(ground, single / single.sum(), centre, neighbours, "conductance")
    many = dense_current(ground, block / block.sum() * block_size**2, centre, neighbours, "conductance")
    total = np.zeros((side, side))
    for row in range(-half, half + 1):
        for col in range(-half, half + 1):
            to, of = [], []
            for step in (row, col):
                to.append(slice(max(step, 0), side + min(step, 0)))
                of.append(slice(max(-step, 0), side - max(step, 0)))
            total[tuple(to)] += one[tuple(of)]
    flows = many > 1e-9 * many.max()
    return np.where(flows, total / np.where(flows, many, 1.0), 1.0)


@pytest.mark.parametrize(("buffer", "neighbours"), [(0, 8), (2, 8), (0, 4), (2, 4)])
def test_block_correction(buffer, neighbours):
    expected = plain_correction(4, 4 + buffer, 3, neighbours)
    got = block_correction(4, 4 + buffer, 3, neighbours)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert got.max() < 20  # Omniscape divides rounding by rounding at the tips of the circle
    resistance, strength = landscape()
    resistance = np.where(np.isnan(resistance), 9.0, resistance)
    flow = circuit.omniscape(
        resistance,
        strength,
        radius=4,
        block_size=3,
        buffer=buffer,
        neighbours=neighbours,
        flow_potential=True,
        **MENDED,
    )
    wanted = plain_windows(resistance, strength, 4, 3, buffer=buffer, neighbours=neighbours, correction=expected)
    np.testing.assert_allclose(flow.current, wanted[0], atol=1e-6 * wanted[0].max())
    np.testing.assert_allclose(flow.potential, wanted[1], atol=1e-6 * wanted[1].max())


def test_block_correction_is_exact_where_hardly_any_current_flows():
    reach, half = 72, 35
    distance = np.hypot(*np.mgrid[-reach : reach + 1, -reach : reach + 1])
    inside, centre = distance <= reach, (reach, reach)
    node = np.cumsum(inside).reshape(inside.shape) - 1
    laplacian = circuit.raster_graph(np.where(inside, 1.0, np.nan)).laplacian.tocsc()
    free = np.delete(np.arange(node.max() + 1), node[centre])
    solve = splu(laplacian[free][:, free]).solve
    single, block = inside.astype(float), inside.astype(float)
    single[centre] = 0.0
    block[reach - half : reach + half + 1, reach - half : reach + half + 1] = 0.0
    currents = []
    for put_in in (single / single.sum(), block * ((2 * half + 1) ** 2 / block.sum())):
        volts = np.zeros(inside.shape)
        volts[inside] = np.insert(solve(put_in[inside][free]), node[centre], 0.0)
        currents.append(
            through([np.float64(1.0 / length) * (inside[a] & inside[b]) for a, b, length in DIRECTIONS], volts)
        )
    sums = sliding_window_view(np.pad(currents[0], half), (2 * half + 1, 2 * half + 1)).sum(axis=(2, 3))
    expected = np.divide(sums, currents[1], out=np.ones_like(sums), where=currents[1] > 1e-9 * currents[1].max())
    np.testing.assert_allclose(block_correction(reach, reach, 2 * half + 1, 8), expected, rtol=1e-8)


def test_conditions():
    resistance, strength = landscape()
    rng = np.random.default_rng(8)
    warm, later = rng.normal(size=resistance.shape), rng.normal(size=resistance.shape) + 0.5
    soil, soon = (rng.integers(1, 4, resistance.shape).astype(float) for _ in range(2))
    warm[2, 3] = later[5, 5] = soil[7, 8] = np.nan

    def keeps(block):
        with np.errstate(invalid="ignore"):
            difference = warm - np.nanmedian(later[block])
            climate = np.isnan(warm) | ((difference >= -0.6) & (difference <= 0.9))
        # the commonest value; of equally common ones the first to be complete, column by column
        counts, best, most = {}, None, 0
        for value in soon.T[block.T]:
            counts[value] = counts.get(value, 0) + 1
            if counts[value] > most:
                best, most = value, counts[value]
        return climate & (np.isnan(soil) | (soil == best))

    conditions = [
        circuit.Condition(warm, later, "within", -0.6, 0.9),
        circuit.Condition(soil, soon, "equal"),
    ]
    flow = circuit.omniscape(
        resistance,
        strength,
        radius=4,
        block_size=3,
        conditions=conditions,
        correct_blocks=False,
        flow_potential=True,
        **MENDED,
    )
    expected = plain_windows(resistance, strength, 4, 3, keeps=keeps)
    np.testing.assert_allclose(flow.current, expected[0], atol=1e-7 * np.nanmax(expected[0]))
    np.testing.assert_allclose(flow.potential, expected[1], atol=1e-7 * np.nanmax(expected[1]))
    free = circuit.omniscape(resistance, strength, radius=4, block_size=3, correct_blocks=False, **MENDED)
    assert np.nanmean(flow.current) < 0.5 * np.nanmean(free.current)


def test_a_block_without_a_value_excludes_nothing():
    resistance, strength = landscape()
    unknown = circuit.Condition(np.zeros(resistance.shape), np.full(resistance.shape, np.nan))
    one = circuit.omniscape(resistance, strength, radius=3, conditions=[unknown]).current
    np.testing.assert_array_equal(one, circuit.omniscape(resistance, strength, radius=3).current)


def test_strength_from_resistance_and_threshold():
    resistance, _ = landscape()
    strength = np.where(np.nan_to_num(resistance, nan=np.inf) <= 2.0, 1 / resistance, 0.0)
    got = circuit.omniscape(resistance, radius=4, cutoff=2.0).current
    np.testing.assert_array_equal(got, circuit.omniscape(resistance, strength, radius=4).current)
    strength[strength < 0.9] = 0.0
    got = circuit.omniscape(resistance, radius=4, cutoff=2.0, threshold=0.9).current
    np.testing.assert_array_equal(got, circuit.omniscape(resistance, strength, radius=4).current)


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a[:, ::-1], np.rot90, np.transpose])
def test_turned_landscapes_give_turned_currents(turn):
    resistance, strength = landscape(15, 15, nodata=0.0)
    resistance[6:8, 3:6] = np.nan  # off the centres of all blocks
    options = {"radius": 5, "block_size": 3, "buffer": 1, "flow_potential": True, **MENDED}
    straight = circuit.omniscape(resistance, strength, **options)
    turned = circuit.omniscape(turn(resistance), turn(strength), **options)
    np.testing.assert_allclose(turned.current, turn(straight.current), rtol=1e-6)
    np.testing.assert_allclose(turned.normalised, turn(straight.normalised), rtol=1e-6)


def test_uniform_landscape_is_diffuse():
    flow = circuit.omniscape(
        np.full((41, 41), 5.0), np.ones((41, 41)), radius=8, block_size=3, buffer=2, flow_potential=True
    )
    assert np.abs(flow.normalised - 1.0).max() < 0.05


def test_current_is_conserved():
    """With one target, and with targets that no other window passes through, its cell carries what it draws."""
    resistance, strength = landscape(9, 9, nodata=0.0)
    flow = circuit.omniscape(resistance, strength, radius=20, block_size=9, correct_blocks=False, **MENDED)
    assert np.all(flow.current == 0.0)  # the block leaves no source outside itself
    ear = Ear()
    flow = circuit.omniscape(resistance, strength, radius=20, block_size=5, correct_blocks=False, **MENDED, monitor=ear)
    assert flow.windows == 1
    assert flow.current[2, 2] == pytest.approx(strength[:5, :5].sum())
    assert not ear.warned


@pytest.mark.parametrize("move_targets", [False, True])
def test_targets_and_sources_on_nodata(move_targets):
    resistance = np.ones((3, 9))
    resistance[1, 4] = np.nan
    strength = np.zeros((3, 9))
    strength[1, 4], strength[1, 0] = 2.0, 0.5
    ear = Ear()
    flow = circuit.omniscape(
        resistance,
        strength,
        radius=5,
        block_size=3,
        correct_blocks=False,
        clear_own_block=True,
        move_targets=move_targets,
        monitor=ear,
    )
    assert np.isnan(flow.current[1, 4])
    assert flow.windows == 2
    if not move_targets:
        assert any("1 targets lie on NoData" in text for text in ear.warned)
        assert np.nanmax(flow.current) < 0.5  # what the other target draws, and none of the 2 A
    else:
        assert any("1 targets lay on NoData and were moved" in text for text in ear.told)
        assert np.nanmax(flow.current) == pytest.approx(2.0)
        assert flow.current[0, 4] == pytest.approx(2.0)  # nearest, in row-major order
    # the source on NoData sends nothing to the target at the left
    assert any("could not flow" in text for text in ear.warned)


def test_sources_cut_off_are_told():
    resistance = np.ones((5, 11))
    resistance[:, 5] = np.nan
    ear = Ear()
    flow = circuit.omniscape(resistance, np.ones((5, 11)), radius=4, clear_own_block=True, monitor=ear)
    text = next(text for text in ear.warned if "could not flow" in text)
    stuck, whole = (float(number) for number in re.match(r"([\d.]+) of ([\d.]+) amperes", text).groups())
    assert 0 < stuck < whole == pytest.approx(55, rel=1e-3)
    np.testing.assert_allclose(flow.current, flow.current[:, ::-1], rtol=1e-9)


def test_window_larger_than_the_raster_and_even_blocks():
    resistance, strength = landscape()
    options = {"strength": strength, "block_size": 3, "correct_blocks": False}
    large = circuit.omniscape(resistance, radius=17, **options).current
    np.testing.assert_allclose(circuit.omniscape(resistance, radius=40, **options).current, large, rtol=1e-9)
    np.testing.assert_array_equal(
        circuit.omniscape(resistance, radius=17, **{**options, "block_size": 2}).current, large
    )


@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("shape", [(1, 9), (7, 2), (30, 41)])
def test_uniform_windows(shape, neighbours):
    rng = np.random.default_rng(1)
    put_in = rng.random(shape)
    target = shape[0] // 2, shape[1] // 3
    put_in[target] = 0.0
    flow = circuit.advanced(
        np.ones(shape),
        put_in,
        np.where(np.arange(put_in.size).reshape(shape) == target[0] * shape[1] + target[1], np.inf, 0.0),
        neighbours=neighbours,
    )
    got = UniformWindow(*shape, neighbours).currents(put_in, target)
    np.testing.assert_allclose(got, flow.current, rtol=1e-7, atol=1e-7 * put_in.sum())


def test_resistances_over_twelve_orders_of_magnitude():
    rng = np.random.default_rng(6)
    resistance = 10.0 ** rng.uniform(-6, 6, (21, 21))
    flow = circuit.omniscape(
        resistance, np.ones((21, 21)), radius=20, block_size=21 // 2, correct_blocks=False, **MENDED
    )
    # what a block draws passes through its middle, whatever the resistances
    assert flow.windows == 1
    assert flow.current[5, 5] == pytest.approx(121, rel=1e-6)


def test_large_windows_are_solved_by_multigrid_too():
    rng = np.random.default_rng(2)
    resistance = np.exp(rng.normal(size=(181, 181)))
    flow = circuit.omniscape(
        resistance, np.ones(resistance.shape), radius=90, block_size=121, correct_blocks=False, **MENDED
    )
    steps = np.arange(151) - 60
    distance = np.hypot(steps[:, None], steps)
    ground = np.where(distance <= 90, resistance[:151, :151], np.nan)
    graph = circuit.raster_graph(ground, average="conductance")
    put_in = (np.maximum(abs(steps[:, None]), abs(steps)) > 60) & (distance <= 90)
    held = graph.gather(distance == 0) > 0
    volts = DirectSolver(graph, held=held).solve(graph.gather(put_in * (121**2 / put_in.sum())))
    expected = graph.on_cells(graph.currents(volts))
    assert flow.windows == 1
    np.testing.assert_allclose(flow.current[:151, :151], expected, atol=2e-6 * expected.max())
    assert not flow.current[151:].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"radius": 0}, r"radius \(0\)"),
        ({"radius": 3, "block_size": 0}, r"block size \(0\)"),
        ({"radius": 3, "buffer": -1}, r"buffer \(-1\)"),
        ({"radius": 2, "block_size": 5}, "leave no source"),
        ({"radius": 3, "strength": np.zeros((11, 13))}, "There is no source"),
        ({"radius": 3, "threshold": 5.0}, "There is no source"),
        ({"radius": 30, "block_size": 21}, "There is no source"),
        ({"radius": 3, "strength": np.full((11, 13), -1.0)}, "negative; the smallest is -1"),
        ({"radius": 3, "strength": np.ones((3, 3))}, "have the shape"),
        ({"radius": 3, "conditions": [circuit.Condition(np.ones((11, 13)), compare="like")]}, "'like'"),
        ({"radius": 3, "conditions": [circuit.Condition(np.ones((11, 13)), lower=2)]}, "is above the upper"),
    ],
)
def test_refused(options, message):
    resistance, strength = landscape()
    with pytest.raises(InputError, match=message):
        circuit.omniscape(resistance, **{"strength": strength, **options})


def test_progress_counts_cells_of_windows():
    ear = Ear()
    circuit.omniscape(np.ones((5, 9)), radius=2, block_size=3, monitor=ear)
    # three windows round the cells 1, 4 and 7 of row 1: 4 rows of 4, 5 and 4 columns
    np.testing.assert_allclose(ear.parts, [0, 4 / 13, 9 / 13, 1])
    assert ear.told == ["3 windows of up to 5 x 5 cells."]


def test_cancelling_and_progress():
    class Impatient(Ear):
        def cancelled(self):
            return len(self.parts) > 4

    resistance, strength = landscape()
    ear = Impatient()
    with pytest.raises(OperationCancelled):
        circuit.omniscape(resistance, strength, radius=3, monitor=ear)
    assert ear.parts == sorted(ear.parts)
    assert len(ear.parts) == 5


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared reference cases are not beside the checkout")
@pytest.mark.parametrize("name", ["window_02", "window_06"])
def test_omniscape_files(name):
    folder = CASES / name
    case = json.loads((folder / "case.json").read_text())
    options = case["options"]

    def grid(path):
        values = np.loadtxt(folder / path, skiprows=6)
        return np.where(values == -9999, np.nan, values)

    layers = {role: grid(path) for role, path in case["inputs"].items()}
    resistance = layers["habitat"] if options["input_is"] == "resistance" else 1.0 / layers["habitat"]
    conditions = [
        circuit.Condition(layers[c["present"]], layers[c["future"]], c["compare"], c["lower"], c["upper"])
        for c in options.get("conditions", ())
    ]
    flow = circuit.omniscape(
        resistance,
        layers["source_strength"],
        **{key: options[key] for key in ("radius", "buffer", "block_size", "neighbours")},
        threshold=options["source_threshold"],
        correct_blocks=options["block_artefact_correction"],
        conditions=conditions,
    )
    expected = grid(case["expected"]["cumulative_current"])
    assert (np.isnan(flow.current) == np.isnan(expected)).all()
    assert np.nanmax(np.abs(flow.current - expected)) <= case["tolerance"] * np.nanmax(expected)


@pytest.fixture
def small_pieces(monkeypatch):
    """Some windows a piece, so that a small raster has several."""
    monkeypatch.setattr(windows, "_PIECE_CELLS", 3_000)
    monkeypatch.setattr(windows, "_UNIFORM", 3)


def test_the_bits_are_the_same_for_any_number_of_processes(small_pieces):
    resistance = np.exp(np.random.default_rng(8).normal(size=(50, 61)))
    resistance[8:12, :30] = resistance[30, 20:] = np.nan
    options = {
        "radius": 9,
        "block_size": 5,
        "flow_potential": True,
        "conditions": [windows.Condition(np.arange(50.0 * 61).reshape(50, 61), lower=-1500.0, upper=1500.0)],
    }
    ear, other = Ear(), Ear()
    here = circuit.omniscape(resistance, **options, monitor=ear)
    there = circuit.omniscape(resistance, **options, monitor=other, where=Where(2))
    for name in ("current", "potential", "normalised"):
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))
    assert (other.told, other.warned) == (ear.told, ear.warned)
    assert "could not flow" in ear.warned[-1]
    assert len(set(other.parts)) > 5


@pytest.mark.parametrize("flow_potential", [False, True])
def test_pieces_add_up_to_the_whole(small_pieces, monkeypatch, flow_potential):
    resistance = np.exp(np.random.default_rng(9).normal(size=(40, 70)))
    options = {"radius": 8, "block_size": 3, "flow_potential": flow_potential}
    in_pieces = circuit.omniscape(resistance, **options)
    monkeypatch.setattr(windows, "_PIECE_CELLS", 10**9)
    whole = circuit.omniscape(resistance, **options)
    np.testing.assert_allclose(in_pieces.current, whole.current, rtol=1e-12)
    if flow_potential:
        np.testing.assert_allclose(in_pieces.potential, whole.potential, rtol=1e-12)


def test_one_tile_and_four_give_the_same(monkeypatch):
    resistance = np.exp(np.random.default_rng(10).normal(size=(300, 300)))
    resistance[140:160, :200] = resistance[:120, 149] = np.nan
    options = {"radius": 15, "block_size": 15, "flow_potential": True, **MENDED}
    monkeypatch.setattr(windows, "_PIECE_CELLS", 10**9)
    whole = circuit.omniscape(resistance, **options)
    monkeypatch.setattr(windows, "_TILE_SIDE", 150)
    tiled = circuit.omniscape(resistance, **options)
    for name in ("current", "potential"):
        wanted = getattr(whole, name)
        np.testing.assert_allclose(getattr(tiled, name), wanted, rtol=0, atol=1e-12 * np.nanmax(wanted))


def test_memory_is_that_of_the_maps_and_a_tile(monkeypatch):
    """Windows all over the raster, few of them so that it is quick."""
    resistance = np.ones((1500, 1500))
    strength = np.zeros_like(resistance)
    strength[::300, ::300] = strength[2::300, ::300] = 1.0
    monkeypatch.setattr(windows, "_TILE_SIDE", 200)
    once, each = circuit.windows_bytes(resistance.shape, 10)
    tracemalloc.start()
    flow = circuit.omniscape(resistance, strength, radius=10, flow_potential=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert flow.windows == 50
    assert peak < once + each
    assert once + each < 80 * resistance.size


@pytest.mark.parametrize("processes", [1, 2])
def test_maps_in_files_have_the_same_bits(small_pieces, monkeypatch, processes):
    resistance = np.exp(np.random.default_rng(8).normal(size=(50, 61))).astype(np.float32)
    resistance[8:12, :30] = resistance[30, 20:] = np.nan
    options = {"radius": 9, "block_size": 5, "flow_potential": True}
    here = circuit.omniscape(resistance, **options)
    monkeypatch.setattr(scratch, "_IN_MEMORY", -1)
    store = circuit.windows_scratch(resistance.shape)
    filed = circuit.as_resistance(resistance, scratch=store)
    for one in (filed, store.zeros((3, 2))):
        assert isinstance(one.base, np.memmap)
    there = circuit.omniscape(filed, **options, scratch=store, where=Where(processes))
    for name in ("current", "potential", "normalised"):
        assert isinstance(getattr(there, name).base, np.memmap)
        np.testing.assert_array_equal(getattr(there, name), getattr(here, name))


def test_memory_is_that_of_a_tile_where_maps_are_in_files(monkeypatch):
    """Four times the cells take at most twice the memory beside what is mapped: uniform windows, row by row of tiles."""
    monkeypatch.setattr(scratch, "_IN_MEMORY", -1)
    monkeypatch.setattr(windows, "_TILE_SIDE", 100)
    monkeypatch.setattr(windows, "_PIECE_CELLS", 20_000)
    monkeypatch.setattr(windows, "_MOST_CELLS", 20_000)
    peaks = []
    for side in (500, 1000):
        store = circuit.windows_scratch((side, side))
        resistance = store.zeros((side, side), np.float32)
        resistance[...] = 1.0
        tracemalloc.start()
        circuit.omniscape(resistance, radius=10, block_size=19, flow_potential=True, scratch=store)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]
    assert peaks[1] < 8 * 1000**2  # less than a single map


@pytest.mark.parametrize(("shape", "block_size"), [((90, 130), 1), ((200, 131), 7), ((301, 140), 15), ((70, 400), 65)])
def test_blocks_are_summed_in_the_same_order_whatever_is_taken_at_a_time(shape, block_size):
    strengths = np.exp(np.random.default_rng(5).normal(size=shape) * 5)
    strengths[: shape[0] // 2, : shape[1] // 3] = 0.0
    rows, cols = (size // block_size for size in shape)
    blocks = strengths[: rows * block_size, : cols * block_size].reshape(rows, block_size, cols, block_size)
    amperes = blocks.sum(axis=(1, 3))
    centres, got = windows._targets(strengths, block_size)
    np.testing.assert_array_equal(got, amperes[amperes > 0.0])
    np.testing.assert_array_equal(centres, np.argwhere(amperes > 0.0) * block_size + block_size // 2)


def test_a_full_disk_leaves_the_maps_in_memory(monkeypatch):
    monkeypatch.setattr(scratch, "_IN_MEMORY", -1)
    store = circuit.windows_scratch((30, 30))

    def full(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scratch, "_mapped", full)
    assert store.on_disk
    assert store.zeros((30, 30)).base is None
    assert not store.on_disk
    monkeypatch.setattr(scratch, "_SHARE_OF_DISK", 0.0)
    assert not circuit.windows_scratch((30, 30)).on_disk


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a file system in memory")
def test_files_that_would_lie_in_memory_are_not_made(monkeypatch, tmp_path):
    monkeypatch.setattr(scratch, "_IN_MEMORY", -1)
    assert scratch._in_memory("/dev/shm")
    assert not scratch._in_memory(str(tmp_path))
    monkeypatch.setattr(scratch.tempfile, "gettempdir", lambda: "/dev/shm")
    assert scratch._on_disk() != "/dev/shm"
    monkeypatch.setattr(scratch, "_in_memory", lambda folder: True)
    assert not circuit.windows_scratch((30, 30)).on_disk
