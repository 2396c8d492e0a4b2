"""Which sources of two maps are the same: known answers, and a count by sets that we did not write."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.sources import carried_ids, match_areas
from hypothesis import given
from hypothesis import strategies as st


def square():
    labels = np.zeros((40, 60), dtype=np.int32)
    labels[2:12, 2:22] = 1
    labels[20:30, 5:20] = 2
    labels[5:25, 35:55] = 3
    return labels


def test_a_map_matches_itself():
    found = match_areas(square(), square())
    assert found.fate == ("persistent",) * 3
    assert carried_ids(found, [7, 3, 5]) == [7, 3, 5]


def test_one_deleted_source_is_one_lost():
    after = np.where(square() == 2, 0, square())
    after[after == 3] = 2
    found = match_areas(square(), after)
    assert sorted(found.fate) == ["lost", "persistent", "persistent"]
    assert found.members(found.fate.index("lost")) == ([1], [])
    assert carried_ids(found, [1, 2, 3]) == [1, 3]
    back = match_areas(after, square())
    assert (back.count("new"), back.count("lost")) == (1, 0)
    assert carried_ids(back, [1, 3], kept=[9]) == [1, 10, 3]


def test_a_road_of_two_cells_through_a_source_is_one_split():
    after = square()
    after[:, 44:46] = 0
    after[5:25, 46:55] = 4
    found = match_areas(square(), after)
    assert found.fate == ("persistent", "persistent", "split")
    assert found.members(2) == ([2], [2, 3])
    assert match_areas(after, square()).fate == ("persistent", "persistent", "merged")
    assert carried_ids(found, [1, 2, 3]) == [1, 2, 3, 4]  # equal parts: the first keeps the id


def test_what_shares_less_than_half_of_the_smaller_is_not_the_same():
    before, after = np.zeros((1, 20), dtype=int), np.zeros((1, 20), dtype=int)
    before[0, :10], after[0, 5:15] = 1, 1
    assert match_areas(before, after).fate == ("persistent",)  # exactly half
    after[0, 5], after[0, 15] = 0, 1
    assert match_areas(before, after).fate == ("lost", "new")


def test_areas_that_two_and_two_share_are_regrouped():
    before, after = np.array([[1, 1, 1, 1, 2, 2, 2, 2]]), np.array([[1, 1, 2, 2, 2, 2, 0, 0]])
    assert match_areas(before, after).fate == ("regrouped",)


def test_maps_of_other_sizes_are_refused():
    with pytest.raises(InputError, match="different sizes"):
        match_areas(np.zeros((2, 3), dtype=int), np.zeros((3, 2), dtype=int))


def test_maps_without_areas():
    none = np.zeros((3, 3), dtype=int)
    assert match_areas(none, none).fate == ()
    assert match_areas(none, none + 1).fate == ("new",)
    assert carried_ids(match_areas(none, none + 1), []) == [1]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60))
def test_groups_are_the_components_of_networkx(cells):
    import networkx as nx

    before, after = np.array(cells).T
    counts = int(before.max()), int(after.max())
    found = match_areas(before[None], after[None])
    graph = nx.Graph()
    graph.add_nodes_from(("a", k) for k in range(counts[0]))
    graph.add_nodes_from(("b", k) for k in range(counts[1]))
    for i in range(1, counts[0] + 1):
        for j in range(1, counts[1] + 1):
            first, second = set(np.flatnonzero(before == i)), set(np.flatnonzero(after == j))
            if first and second and len(first & second) / min(len(first), len(second)) >= 0.5:
                graph.add_edge(("a", i - 1), ("b", j - 1))
    expected = {
        (tuple(sorted(k for side, k in part if side == "a")), tuple(sorted(k for side, k in part if side == "b")))
        for part in nx.connected_components(graph)
    }
    assert {tuple(map(tuple, found.members(group))) for group in range(len(found.fate))} == expected
    swapped = match_areas(after[None], before[None])
    turn = {"split": "merged", "merged": "split", "lost": "new", "new": "lost"}
    assert sorted(turn.get(one, one) for one in swapped.fate) == sorted(found.fate)
    ids = carried_ids(found, list(range(11, 11 + counts[0])))
    assert len(set(ids)) == counts[1]
