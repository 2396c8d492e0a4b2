import numpy as np
import pytest
from ecosecnet.core.connectivity import PatchGraph, analyse, dispersal_rate, node_importance
from ecosecnet.core.errors import InputError
from ecosecnet.core.formats.conefor import (
    format_connections,
    format_importances,
    format_nodes,
    format_overall,
    parse_connections,
    parse_nodes,
)


def test_reads_what_conefor_reads():
    nodes = parse_nodes("7\t10.5\n3\t2\n12\t0\n\n")
    assert nodes.ids == [7, 3, 12]
    assert nodes.attributes.tolist() == [10.5, 2.0, 0.0]
    assert nodes.existing.all()
    pairs, values = parse_connections("7\t3\t500\r\n12\t3\t0\r\n", nodes.ids)
    assert pairs.tolist() == [[0, 1], [2, 1]]
    assert values.tolist() == [500.0, 0.0]
    assert parse_nodes("1 5 1\n2 6 0\n").existing.tolist() == [True, False]
    assert parse_connections("1 2\n", [1, 2])[1].tolist() == [1.0]


def test_a_round_trip_gives_the_same_indices():
    rng = np.random.default_rng(11)
    n = 30
    ids = rng.permutation(500)[:n].tolist()
    area = rng.lognormal(2.0, 1.0, n)
    xy = rng.random((n, 2)) * 20_000
    pairs = np.column_stack(np.triu_indices(n, 1))
    distances = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T)
    nodes = parse_nodes(format_nodes(ids, area))
    again, values = parse_connections(format_connections(ids, pairs, distances), nodes.ids)
    assert nodes.attributes.tolist() == area.tolist()
    assert values.tolist() == distances.tolist()
    first = analyse(area, pairs, distances, landscape=5000.0)
    second = analyse(nodes.attributes, again, values, landscape=5000.0)
    assert (first.probable, first.binary) == (second.probable, second.binary)
    assert first.pc.total.tolist() == second.pc.total.tolist()


def test_importances_look_like_those_of_conefor():
    graph = PatchGraph.dispersing(np.ones(3), [(0, 1), (1, 2)], [1.0, 1.0], dispersal_rate(1.0, 0.5))
    part = node_importance(graph)
    text = format_importances([1, 2, 3], {"dPC": part.total, "dPCconnector": part.connector})
    assert text.splitlines()[:3] == [
        "Node\tdPC\tdPCconnector\t",
        "1\t45.4545455\t0.0000000\t",
        "2\t63.6363636\t9.0909091\t",
    ]
    assert format_overall([("NL", 2), ("EC(PC)", 2.345207879)]) == "NL\t2\nEC(PC)\t2.345208\n"


def test_candidates_keep_their_mark():
    nodes = parse_nodes(format_nodes([1, 2], [5.0, 6.0], [True, False]))
    assert nodes.existing.tolist() == [True, False]


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: parse_nodes("\n\n"), "empty"),
        (lambda: parse_nodes("1\t2\n1\t3\n"), "line 2: node 1 is there already"),
        (lambda: parse_nodes("1\t-2\n"), "line 1: '-2' is not a number of 0 or more"),
        (lambda: parse_nodes("id\tarea\n"), "line 1: 'id' is not a valid id"),
        (lambda: parse_nodes("1\n"), "line 1: 1 columns"),
        (lambda: parse_nodes("1\t2\t7\n"), "'7' must be 1"),
        (lambda: parse_connections("1\t2\t3\n2\t1\t3\n", [1, 2]), "line 2: the pair 2, 1 is there already"),
        (lambda: parse_connections("1\t9\t3\n", [1, 2]), "line 1: 9 is not in the node file"),
        (lambda: parse_connections("1\t1\t3\n", [1, 2]), "connected with itself"),
        (lambda: parse_connections("1\t2\tnan\n", [1, 2]), "'nan' is not a number"),
        (lambda: parse_connections("1\t2\t3\t4\n", [1, 2]), "4 columns"),
    ],
)
def test_bad_files_are_named_by_line(call, part):
    with pytest.raises(InputError, match=part):
        call()
