"""What Conefor, Graphab and Makurhini print of networks of theirs."""

import json

import numpy as np
import pytest
from conftest import REFERENCE
from ecosecnet.core.connectivity import (
    PatchGraph,
    betweenness,
    binary_indices,
    dispersal_rate,
    link_importance,
    node_importance,
    probability_indices,
)
from patchgraphs import without_patch

CASES = REFERENCE / "connectivity"
needs_reference = pytest.mark.skipif(not CASES.exists(), reason="needs the reference cases beside the checkout")
TOYS = sorted(path.stem for path in (CASES / "toys").glob("*.json"))
METHODS = ["trees", "halving"]


def toy_graphs(case):
    names = {name: number for number, name in enumerate(case["nodes"])}
    a = np.array(list(case["nodes"].values()))
    key = next(key for key in ("distances", "probabilities", "links") if key in case)
    pairs = np.array([(names[i], names[j]) for i, j, *_ in case[key]]).reshape(-1, 2)
    value = np.array([rest[0] if rest else 0.0 for _, _, *rest in case[key]])
    probable = links = None
    if key == "distances":
        if "kernel" in case:
            probable = PatchGraph.dispersing(a, pairs, value, case["kernel"]["k"])
        if "threshold" in case:
            links = PatchGraph.within(a, pairs, value, case["threshold"])
    elif key == "probabilities":
        probable = PatchGraph.probabilistic(a, pairs, value)
    else:
        links = PatchGraph.linked(a, pairs)
    return names, probable, links


@needs_reference
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", TOYS)
def test_toys(name, method):
    case = json.loads((CASES / "toys" / f"{name}.json").read_text())
    names, probable, links = toy_graphs(case)
    expected = case["expected"]
    checked = 0
    if "probabilistic" in expected:
        found = probability_indices(probable, landscape=case["AL"])
        values = {
            "F": found.flux,
            "AWF": found.weighted_flux,
            "PCnum": found.numerator,
            "EC(PC)": found.equivalent,
            "PC": found.pc,
            "PCintra(%)": found.intra,
            "PCdirect(%)": found.direct,
            "PCstep(%)": found.step,
        }
        assert values == pytest.approx(expected["probabilistic"], rel=1e-11, abs=1e-11)
        check_nodes("PC", probable, names, expected["probabilistic_nodes"], method)
        check_links(probable, names, expected.get("PC_link_removal", []))
        checked += 1
    if "binary" in expected:
        found = binary_indices(links, landscape=case["AL"])
        values = {
            "NL": found.links,
            "NC": found.components,
            "H": found.harary,
            "CCP": found.coincidence,
            "LCP": found.landscape_coincidence,
            "IICnum": found.numerator,
            "EC(IIC)": found.equivalent,
            "IIC": found.iic,
        }
        assert values == pytest.approx({key: expected["binary"][key] for key in values}, rel=1e-11, abs=1e-11)
        check_nodes("IIC", links, names, expected["binary_nodes"], method)
        check_links(links, names, expected.get("IIC_link_removal", []))
        checked += 1
    assert checked


def check_nodes(which, graph, names, expected, method):
    part = node_importance(graph, method=method)
    weighted, plain = betweenness(graph), betweenness(graph, weighted=False)
    for name, values in expected.items():
        k = names[name]
        found = {
            f"d{which}": part.total[k],
            f"d{which}intra": part.intra[k],
            f"d{which}flux": part.flux[k],
            f"d{which}connector": part.connector[k],
            f"BC({which})": weighted[k],
        }
        if graph.binary:
            found["BC"] = plain[k]
            found.update(changes_without(graph, k))
        assert found == pytest.approx({key: values[key] for key in found}, rel=1e-9, abs=1e-9)


def changes_without(graph, k):
    """Change of the indices that have no fractions when a patch goes, per cent."""
    landscape = 1e6
    if graph.size == 1:
        return {}
    before = binary_indices(graph, landscape=landscape)
    after = binary_indices(without_patch(graph, k), landscape=landscape)

    def change(name):
        old, new = getattr(before, name), getattr(after, name)
        return 100 * (old - new) / old if old else 0.0

    return {
        "dNL": change("links"),
        "dNC": change("components"),
        "dH": change("harary"),
        "dCCP": change("coincidence"),
        "dLCP": change("landscape_coincidence"),
    }


def check_links(graph, names, expected):
    found = {tuple(pair): value for pair, value in zip(graph.pairs.tolist(), link_importance(graph))}
    for i, j, value in expected:
        assert found[tuple(sorted((names[i], names[j])))] == pytest.approx(value, rel=1e-9, abs=1e-9)


@needs_reference
def test_graphab_figures():
    folder = CASES / "graphab_10patch"
    patches = np.genfromtxt(folder / "patches.csv", delimiter=",", skip_header=1)
    links = np.genfromtxt(folder / "links.csv", delimiter=",", skip_header=1)
    expected = json.loads((folder / "expected.json").read_text())
    number = {int(name): k for k, name in enumerate(patches[:, 0])}
    pairs = [(number[int(i)], number[int(j)]) for i, j in links[:, :2]]
    graph = PatchGraph.dispersing(patches[:, 1], pairs, links[:, 2], dispersal_rate(600.0, 0.5))
    found = probability_indices(graph, landscape=expected["AL_m2"])
    assert found.pc == pytest.approx(expected["published_by_Graphab"]["PC"], rel=1e-14)
    part = node_importance(graph)
    # The local flux F of Graphab is the flux fraction without the attribute of the patch itself.
    local = part.flux * part.numerator / 200.0 / patches[:, 1]
    assert local == pytest.approx(patches[:, 2], rel=1e-13)
    for name, values in expected["independent"]["nodes"].items():
        k = number[int(name)]
        assert part.total[k] == pytest.approx(values["dPC"], rel=1e-12)
        assert part.connector[k] == pytest.approx(0.0, abs=1e-12)


@pytest.fixture(scope="module")
def volcanoes():
    """404 patches of the Trans-Mexican Volcanic System: areas, pairs, distances and what is known."""
    folder = CASES / "makurhini_tmvs_centroid"
    nodes = np.genfromtxt(folder / "nodes.csv", delimiter=",", skip_header=1)
    pairs = np.column_stack(np.triu_indices(len(nodes), 1))
    distance = np.hypot(*(nodes[pairs[:, 0], 1:3] - nodes[pairs[:, 1], 1:3]).T)
    return nodes[:, 3], pairs, distance, json.loads((folder / "expected.json").read_text())


@needs_reference
def test_makurhini_figures(volcanoes):
    area, pairs, distance, expected = volcanoes
    rate = dispersal_rate(10_000.0, 0.5)
    strong = np.exp(-rate * distance) >= 0.01
    graph = PatchGraph.dispersing(area, pairs[strong], distance[strong], rate)
    found = probability_indices(graph)
    published, independent = (expected[key]["PC_with_pij_min_0.01"] for key in ("published", "independent"))
    assert found.numerator == pytest.approx(independent["PCnum"], rel=1e-12)
    assert found.numerator == pytest.approx(published["PCnum"], rel=5e-7)
    assert found.equivalent == pytest.approx(published["EC(PC)"], rel=1e-7)
    assert found.intra == pytest.approx(published["PCintra(%)"], abs=5e-6)
    assert found.direct == pytest.approx(published["PCdirect(%)"], abs=5e-6)
    assert found.step == pytest.approx(published["PCstep(%)"], abs=5e-6)
    part = node_importance(graph)
    assert part.total[:10] == pytest.approx(published["dPC_first10"], abs=6e-8)
    assert part.intra[:10] == pytest.approx(published["dPCintra_first10"], abs=6e-8)
    assert part.flux[:10] == pytest.approx(published["dPCflux_first10"], abs=6e-8)
    connector = [values[3] for values in independent["nodes_first10[dPC,intra,flux,connector]"]]
    assert part.connector[:10] == pytest.approx(connector, abs=6e-10)


@needs_reference
def test_points_need_no_stepping_stones(volcanoes):
    area, pairs, distance, expected = volcanoes
    graph = PatchGraph.dispersing(area, pairs, distance, dispersal_rate(10_000.0, 0.5))
    part = node_importance(graph)
    assert part.numerator == pytest.approx(expected["independent"]["PC_complete_graph"]["PCnum"], rel=1e-12)
    rows = np.array(expected["independent"]["PC_complete_graph"]["nodes_first10[dPC,intra,flux,connector]"])
    assert part.total[:10] == pytest.approx(rows[:, 0], abs=6e-10)
    assert part.connector.max() < 1e-11


@needs_reference
def test_makurhini_iic(volcanoes):
    area, pairs, distance, expected = volcanoes
    near = distance < 10_000.0
    graph = PatchGraph.linked(area, pairs[near])
    independent = expected["independent"]["IIC_strict_less_than"]
    part = node_importance(graph)
    assert part.numerator == pytest.approx(independent["IICnum"], rel=1e-12)
    rows = np.array(independent["nodes_first10[dIIC,intra,flux,connector]"])
    found = np.column_stack((part.total, part.intra, part.flux, part.connector))[:10]
    assert found == pytest.approx(rows, abs=6e-10)
    # Makurhini adds the same connector of 3.66e-5 % to every patch; what is left agrees with its tables.
    published = np.array(expected["published"]["IIC"]["dIIC_first10"])
    assert published - part.total[:10] == pytest.approx(3.66e-5, abs=2e-7)
