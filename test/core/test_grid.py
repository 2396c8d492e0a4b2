"""Units of a grid: everything below the grid is in metres and hectares."""

import pytest
from ecosecnet.core.grid import Grid


def test_cells_in_feet():
    # 100 ft x 200 ft = 30.48 m x 60.96 m = 1858.0608 m2.
    grid = Grid(1, 1, dx=100.0, dy=200.0, metres_per_unit=0.3048)
    assert grid.cell_ha == pytest.approx(0.18580608, rel=1e-12)
    assert Grid(1, 1, dx=100.0, dy=100.0, metres_per_unit=0.3048).cell_size == pytest.approx(30.48, rel=1e-12)


def test_cells_in_kilometres():
    # 0.25 km squared = 62,500 m2.
    grid = Grid(1, 1, dx=0.25, dy=0.25, metres_per_unit=1000.0)
    assert (grid.cell_ha, grid.cell_size) == pytest.approx((6.25, 250.0))
