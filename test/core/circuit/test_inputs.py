"""From rasters and tables to what the modes of a circuit take, worked out by hand."""

import numpy as np
import pytest
from ecosecnet.core.circuit import allowed_pairs, as_resistance, count_pairs, focal_cells, stranded
from ecosecnet.core.errors import InputError

NAN = np.nan


def test_conductances_become_resistances():
    values = np.array([[4.0, 0.5, 0.0], [-2.0, NAN, 1.0]])
    found = as_resistance(values, conductance=True)
    np.testing.assert_array_equal(found, [[0.25, 2.0, NAN], [NAN, NAN, 1.0]])
    # Resistances stay as they are: what is not positive is for the modes to refuse.
    np.testing.assert_array_equal(as_resistance(values), values)


def test_a_mask_takes_cells_out_and_the_input_stays():
    values = np.array([[1.0, 2.0, 3.0]])
    found = as_resistance(values, mask=np.array([[True, False, True]]))
    np.testing.assert_array_equal(found, [[1.0, NAN, 3.0]])
    assert values.tolist() == [[1, 2, 3]]


def test_cells_of_the_focal_nodes():
    labels = np.array([[7, 0, 2], [2, -1, 7]])
    found = focal_cells(labels)
    assert {number: cells.tolist() for number, cells in found.items()} == {2: [2, 3], 7: [0, 5]}
    assert focal_cells(np.zeros((2, 2), dtype=int)) == {}


class TestStranded:
    # Cells 0 to 9 in two rows of five; nodes are 3 and 8, both in the fourth column.
    RESISTANCE = np.array([[NAN, NAN, NAN, 1.0, NAN], [NAN, NAN, NAN, 2.0, NAN]])

    def test_the_nearest_valid_cell_is_named(self):
        focal = {1: np.array([0, 3]), 2: np.array([0, 7]), 5: np.array([9])}
        # 1 has a cell on a node; from cell 0, the first of 2, cell 3 is nearest, from cell 9 cell 8.
        assert stranded(focal, self.RESISTANCE) == {2: 3, 5: 8}

    def test_a_region_with_a_valid_cell_is_a_node_everywhere(self):
        regions = np.array([[4, 0, 6, 4, 0], [0, 0, 0, 0, 0]])
        focal = {1: np.array([0]), 2: np.array([2])}
        # Cell 0 is joined with the valid cell 3 by region 4; region 6 has no valid cell.
        assert stranded(focal, self.RESISTANCE, regions) == {2: 3}

    def test_all_on_nodes_or_nothing_valid(self):
        assert stranded({1: np.array([3])}, self.RESISTANCE) == {}
        with pytest.raises(InputError, match="no valid cell"):
            stranded({1: np.array([0])}, np.full((1, 2), NAN))


class TestAllowedPairs:
    IDS = (3, 5, 9)

    def test_included_pairs(self):
        allowed, kept = allowed_pairs(self.IDS, [(9, 3)], include=True)
        assert allowed.astype(int).tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
        assert kept.tolist() == [True, False, True]
        assert count_pairs(3, allowed) == 1

    def test_excluded_pairs(self):
        allowed, kept = allowed_pairs(self.IDS, [(9, 3), (3, 77)], include=False)
        assert allowed.astype(int).tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
        assert kept.tolist() == [True, True, True]
        assert count_pairs(3, allowed) == 2

    def test_a_node_named_with_an_unknown_one_takes_part(self):
        allowed, kept = allowed_pairs(self.IDS, [(3, 9), (5, 77)], include=True)
        assert count_pairs(3, allowed) == 1
        assert kept.tolist() == [True, True, True]

    @pytest.mark.parametrize(
        ("pairs", "include"), [([(3, 3), (77, 5)], True), ([(3, 5), (3, 9), (5, 9)], False), ([], True)]
    )
    def test_no_pair_left(self, pairs, include):
        with pytest.raises(InputError, match="leaves no pair"):
            allowed_pairs(self.IDS, pairs, include=include)

    def test_all_pairs(self):
        # Of five nodes: 4 + 3 + 2 + 1.
        assert count_pairs(5) == 10
