"""Two rules and two kinds of key areas, compared by hand."""

import numpy as np
import pytest
from ecosecnet.core.keyareas.areas import key_areas
from ecosecnet.core.keyareas.rules import compare_rules, overlap


def test_the_overlay_draws_the_area_to_hard_ground():
    """A gully of current 1 beside a cliff of current 0.6 and resistance 4: 0.6 x 4 beats 1 x 1."""
    current = np.array([[0.1, 0.6, 1.0, 0.1, 0.1]])
    resistance = np.array([[1.0, 4.0, 1.0, 1.0, 1.0]])
    overlaid = key_areas(current, cell_ha=2.0, resistance=resistance, classes=3)
    plain = key_areas(current, cell_ha=2.0, classes=3)
    found = compare_rules(overlaid.labels, plain.labels, cell_ha=2.0)
    assert found.classes.tolist() == [[0, 2, 3, 0, 0]]
    assert (found.both_ha, found.overlay_ha, found.plain_ha) == (0.0, 2.0, 2.0)
    assert found.describe("Pinch points") == (
        "Pinch points: 0.0 ha are found with and without the overlay with the resistance, 2.0 ha only with it, 2.0 ha only "
        "without it."
    )


def test_what_is_both():
    pinch = key_areas(np.array([[9.0, 9.0, 1.0, 9.0, 1.0]]), cell_ha=0.5, classes=2)
    barrier = key_areas(np.array([[1.0, 9.0, 9.0, 9.0, 9.0]]), cell_ha=0.5, classes=2)
    found = overlap(pinch, barrier, cell_ha=0.5)
    assert found.pinch_ha.tolist() == [0.5, 0.5]
    assert found.barrier_ha.tolist() == [1.0]
    assert (found.pinch_share, found.barrier_share) == (pytest.approx(2 / 3), 0.5)
    assert found.describe() == (
        "1.0 ha are pinch point and barrier at once: 67 % of the pinch points and 50 % of the barriers."
    )
