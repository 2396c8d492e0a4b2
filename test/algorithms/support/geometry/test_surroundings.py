"""What lies near lines, against what the eye counts."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

FEET = 0.3048


@pytest.mark.parametrize("unit", [1.0, FEET])
def test_a_straight_line(qgis, unit):
    from ecosecnet.algorithms.support.geometry.surroundings import around, within
    from ecosecnet.core.grid import Grid
    from qgis.core import QgsGeometry

    def shape(text, *numbers):
        return QgsGeometry.fromWkt(text.format(*(number / unit for number in numbers)))

    # 2 km x 1 km of cells of 10 m, the south of another class; a line of 1000 m along row 50.
    grid = Grid(100, 200, top=1000 / unit, dx=10 / unit, dy=10 / unit, metres_per_unit=unit)
    land_use = np.full(grid.shape, 3)
    land_use[50:] = 7
    inside = np.ones(grid.shape, dtype=bool)
    inside[:, :20] = False
    line = shape("LINESTRING({} {}, {} {})", 500, 500, 1500, 500)
    halves = [shape("LINESTRING({} {}, {} {})", *ends) for ends in ((500, 500, 1100, 500), (1000, 500, 1500, 500))]
    hazards = [shape("POINT({} {})", x, y) for x, y in ((1000, 598), (1000, 602), (1598, 500), (1602, 500))]
    hazards.append(shape("POLYGON(({0} {1}, {2} {1}, {2} {3}, {0} {1}))", 700, 590, 900, 900))
    roads = [shape("LINESTRING({} {}, {} {})", 800, 0, 800, 1000), shape("LINESTRING({} {}, {} {})", 0, 900, 2000, 900)]
    given = {"hazards": hazards}, {"roads": roads}
    for lines in ([line], halves):  # what lies near two corridors counts once
        found = around(lines, 100.0, land_use, inside, grid, *given)
        assert found.area_ha == pytest.approx((2 * 100 * 1000 + np.pi * 100**2) / 1e4, rel=0.01)
        assert found.uses == [(3, pytest.approx(50.0)), (7, pytest.approx(50.0))]
        assert found.counts == {"hazards": 3}
        assert found.km == {"roads": pytest.approx(0.2)}
    whole = within(
        shape("POLYGON(({0} 0, {1} 0, {1} {2}, {0} {2}, {0} 0))", 200, 2000, 1000), land_use, inside, grid, *given
    )
    assert whole.area_ha == pytest.approx(180.0)
    assert whole.counts == {"hazards": 5}
    assert whole.km == {"roads": pytest.approx(2.8)}
