"""The circuit modes against the files of the established tools (their README defines error and tolerance)."""

import json
import math

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core import circuit

CASES = REFERENCE / "circuitscape" / "cases"
NODATA = -9999.0

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the shared reference cases are not beside the checkout")


def read_grid(path):
    lines = path.read_text().splitlines()
    header = {}
    while lines and lines[0].split()[0].lower() in {
        "ncols",
        "nrows",
        "xllcorner",
        "yllcorner",
        "cellsize",
        "nodata_value",
    }:
        name, value = lines.pop(0).split()
        header[name.lower()] = float(value)
    return np.array([[float(v) for v in line.split()] for line in lines if line.strip()]), header


def read_table(path):
    return np.array([[float(v) for v in line.split()] for line in path.read_text().splitlines() if line.strip()])


class Case:
    def __init__(self, name):
        self.folder = CASES / name
        text = json.loads((self.folder / "case.json").read_text())
        self.mode, self.kind, self.expected = text["mode"], text["kind"], text["expected"]
        self.options, self.inputs, self.tolerance = text["options"], text["inputs"], min(1e-6, text["tolerance"])
        if self.kind == "raster":
            habitat, self.header = self.grid("habitat")
            self.valid = (habitat != NODATA) & ((habitat > 0) | (self.options["input_is"] == "resistance"))
            if "mask" in self.inputs:
                self.valid &= self.grid("mask")[0] > 0
            self.resistance = np.full(habitat.shape, np.nan)
            kept = habitat[self.valid]
            self.resistance[self.valid] = 1 / kept if self.options["input_is"] == "conductance" else kept
            regions = (
                self.grid("short_circuit_regions")[0].astype(int) if "short_circuit_regions" in self.inputs else None
            )
            self.settings = {
                "neighbours": self.options["neighbours"],
                "average": self.options["average"],
                "regions": regions,
            }

    def path(self, role):
        return self.folder / self.inputs[role]

    def grid(self, role):
        return read_grid(self.path(role))

    def values(self, role):
        """Read a grid, or a list of `value x y`, as the list of value, flat cell in the order of the file."""
        if self.path(role).suffix == ".asc":
            grid = self.grid(role)[0]
            kept = np.flatnonzero(grid != NODATA)
            return [(grid.flat[cell], int(cell)) for cell in kept]
        rows, cols = self.resistance.shape
        size, left, bottom = (self.header[key] for key in ("cellsize", "xllcorner", "yllcorner"))
        found = []
        for value, x, y in read_table(self.path(role)):
            row = math.ceil(rows - (y - bottom) / size) - 1
            found.append((value, row * cols + math.ceil((x - left) / size) - 1))
        return found

    def focal(self):
        cells = {}
        for value, cell in self.values("focal_nodes"):
            if value > 0:
                cells.setdefault(int(value), []).append(cell)
        included, allowed = self.pair_filter(sorted(cells))
        return {i: np.array(cells[i]) for i in included}, allowed

    def pair_filter(self, ids):
        if "pair_filter" not in self.inputs:
            return ids, None
        lines = [line.split() for line in self.path("pair_filter").read_text().splitlines() if line.strip()]
        if lines[0][0] == "mode":
            named = {frozenset(map(int, pair)) for pair in lines[1:]}
            mentioned = {i for pair in named for i in pair}
            include = lines[0][1] == "include"
        else:
            low, high = float(lines[0][1]), float(lines[1][1])
            heads = [int(v) for v in lines[2][1:]]
            named = {
                frozenset((int(line[0]), head))
                for line in lines[3:]
                for head, value in zip(heads, line[1:])
                if low <= float(value) <= high
            }
            include, mentioned = True, set(heads)
        if include:
            ids = [i for i in ids if i in mentioned]
        return ids, np.array([[(frozenset((i, j)) in named) == include for j in ids] for i in ids])

    def compare(self, kind, got, name=None):
        if kind not in self.expected:
            return 0
        entry = self.expected[kind]
        path = self.folder / (entry if name is None else entry[name])
        expected = read_grid(path)[0] if path.suffix == ".asc" else read_table(path)
        if path.suffix == ".asc" and self.options.get("null_currents_to_nodata"):
            got = np.where(self.valid, got, NODATA)
        assert got.shape == expected.shape
        scale = np.abs(expected[expected != NODATA]).max()
        assert np.abs(got - expected).max() <= self.tolerance * scale, (kind, name)
        return 1


def table(ids, values):
    return np.block([[np.zeros((1, 1)), ids[None].astype(float)], [ids[:, None].astype(float), values]])


RASTER_PAIRS = [
    "pairwise_01",
    "pairwise_02",
    "pairwise_05",
    "pairwise_09",
    "pairwise_11",
    "pairwise_13",
    "pairwise_17",
    "extra_02",
]


@pytest.mark.parametrize("name", RASTER_PAIRS)
def test_pairwise(name):
    case = Case(name)
    focal, allowed = case.focal()
    compared = []

    def listener(i, j, current, voltage):
        compared.append(case.compare("current", current, f"{i}_{j}"))
        compared.append(case.compare("voltage", voltage, f"{i}_{j}"))

    flow = circuit.pairwise(case.resistance, focal, allowed=allowed, maximum=True, listener=listener, **case.settings)
    case.compare("resistances", table(flow.ids, flow.resistance))
    pairs = [(a, b) for a in range(flow.ids.size) for b in range(a + 1, flow.ids.size)]
    case.compare("resistances_3col", np.array([(flow.ids[a], flow.ids[b], flow.resistance[a, b]) for a, b in pairs]))
    case.compare("cumulative_current", flow.cumulative)
    case.compare("max_current", flow.maximum)
    assert sum(compared) == sum(len(case.expected.get(kind, ())) for kind in ("current", "voltage"))


FOCAL_CASES = [
    "one_to_all_01",
    "one_to_all_09",
    "one_to_all_11",
    "one_to_all_13",
    "all_to_one_01",
    "all_to_one_10",
    "extra_09",
]


@pytest.mark.parametrize("name", FOCAL_CASES)
def test_one_and_all(name):
    case = Case(name)
    focal, allowed = case.focal()
    strengths = None
    if "source_strengths" in case.inputs:
        strengths = {int(node): value for node, value in read_table(case.path("source_strengths"))}
    compared = []

    def listener(number, current, voltage):
        compared.append(case.compare("current", current, str(number)))
        compared.append(case.compare("voltage", voltage, str(number)))

    solve = circuit.one_to_all if case.mode == "one-to-all" else circuit.all_to_one
    flow = solve(
        case.resistance, focal, allowed=allowed, strengths=strengths, maximum=True, listener=listener, **case.settings
    )
    case.compare("resistances", np.column_stack([flow.ids, flow.resistance]))
    case.compare("cumulative_current", flow.cumulative)
    case.compare("max_current", flow.maximum)
    assert sum(compared) == sum(len(case.expected.get(kind, ())) for kind in ("current", "voltage"))


@pytest.mark.parametrize("name", ["advanced_01", "advanced_04", "advanced_06", "extra_05", "extra_07"])
def test_advanced(name):
    case = Case(name)
    amounts = {}
    for role in ("sources", "grounds"):
        amounts[role] = np.zeros(case.resistance.shape)
        for value, cell in case.values(role):
            if role == "grounds" and case.options["ground_values_are"] == "resistance":
                value = 1 / value if value else np.inf
            if role == "grounds" and case.options.get("direct_grounds"):
                value = np.inf
            amounts[role].flat[cell] += value
    flow = circuit.advanced(
        case.resistance,
        amounts["sources"],
        amounts["grounds"],
        conflict=case.options["source_ground_conflict"],
        **case.settings,
    )
    compared = case.compare("current", flow.current, "all")
    if "voltage" in case.expected:
        compared += case.compare("voltage", flow.voltage, "all")
    assert compared


def read_network(case):
    links = read_table(case.path("network"))
    conductance = links[:, 2] if case.options["input_is"] == "conductance" else 1 / links[:, 2]
    heads, tails = links[:, 0].astype(int), links[:, 1].astype(int)
    first = min(heads.min(), tails.min())
    graph = circuit.NetworkGraph(heads - first, tails - first, conductance, max(heads.max(), tails.max()) - first + 1)
    return graph, first


def branch_table(graph, first, current):
    found = {}
    for head, tail, value in zip(graph.heads + first, graph.tails + first, np.abs(current)):
        found[frozenset((head, tail))] = value
    return found


def compare_branches(case, kind, graph, first, current, name=None):
    entry = case.expected[kind]
    got = branch_table(graph, first, current)
    expected = {
        frozenset((int(a), int(b))): v for a, b, v in read_table(case.folder / (entry if name is None else entry[name]))
    }
    scale = max(expected.values())
    assert max(abs(got[link] - expected.get(link, 0.0)) for link in got) <= case.tolerance * scale
    assert set(expected) <= set(got)


def test_network_pairwise():
    case = Case("network_pairwise_02")
    graph, first = read_network(case)
    focal = [int(v[0]) for v in read_table(case.path("focal_nodes"))]
    names = np.arange(graph.size) + first
    compared = []

    def listener(i, j, potential):
        name = f"{i + first}_{j + first}"
        case.compare("node_voltage", np.column_stack([names, potential]), name)
        case.compare("node_current", np.column_stack([names, graph.currents(potential)]), name)
        compare_branches(case, "branch_current", graph, first, graph.branch_currents(potential), name)
        compared.append(name)

    flow = circuit.network_pairwise(graph, [node - first for node in focal], listener=listener)
    assert sorted(compared) == sorted(case.expected["branch_current"])
    case.compare("resistances", table(np.array(focal), flow.resistance))
    case.compare("cumulative_node_current", np.column_stack([names, flow.node_current]))
    compare_branches(case, "cumulative_branch_current", graph, first, flow.branch_current)


def test_network_advanced():
    case = Case("network_advanced_02")
    graph, first = read_network(case)
    sources, grounds = np.zeros(graph.size), np.zeros(graph.size)
    for node, value in read_table(case.path("sources")):
        sources[int(node) - first] += value
    for node, value in read_table(case.path("grounds")):
        grounds[int(node) - first] += 1 / value if value else np.inf
    flow = circuit.grounded_flow(graph, sources, grounds, conflict=case.options["source_ground_conflict"])
    names = np.arange(graph.size) + first
    case.compare("node_current", np.column_stack([names, flow.current]), "all")
    case.compare("node_voltage", np.column_stack([names, flow.voltage]), "all")
    compare_branches(case, "branch_current", graph, first, graph.branch_currents(flow.voltage), "all")
