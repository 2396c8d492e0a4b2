"""The choice of a grid: zones by the published table, areas by the sphere and by integration, grids by their definition."""

import math

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.studygrid import (
    Tally,
    degree_area,
    fitting_projection,
    is_coarser,
    neat_cell,
    snapped,
    utm_zone,
)


@pytest.mark.parametrize(
    ("place", "zone"),
    [
        ((105.4, 26.2), 48),  # Liuzhi
        ((-112.9, 37.3), 12),  # Zion
        ((5.32, 60.39), 32),  # Bergen lies in 32V though its longitude is that of 31
        ((2.0, 60.0), 31),
        ((5.32, 55.9), 31),
        ((15.6, 78.2), 33),  # Longyearbyen
        ((20.9, 78.2), 33),
        ((21.1, 78.2), 35),
        ((33.1, 78.2), 37),
        ((-180.0, 0.0), 1),
        ((180.0, 0.0), 1),
        ((179.99, 0.0), 60),
        ((185.0, 0.0), 1),
        ((0.0, 0.0), 31),
        ((-0.01, 51.5), 30),
    ],
)
def test_zones(place, zone):
    assert utm_zone(*place) == zone


def test_the_date_line_is_crossed_both_ways():
    assert fitting_projection(177.0, -18.0, -179.5, -16.0).zone == -60
    assert fitting_projection(177.0, -18.0, 180.5, -16.0).zone == -60


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((100.0, 20.0, 106.0, 30.0), "utm"),
        ((100.0, 20.0, 106.1, 30.0), "albers"),
        ((-60.0, -20.0, -40.0, 20.0), "cylinder"),
        ((-60.0, -20.0, -40.0, 21.5), "albers"),
        ((0.0, 85.0, 3.0, 86.0), "azimuthal"),
        ((-60.0, -89.0, 60.0, -75.0), "azimuthal"),
    ],
)
def test_kinds(box, kind):
    found = fitting_projection(*box)
    assert found.kind == kind
    if kind == "albers":
        south, north = found.parallels
        assert box[1] < south < north < box[3]
        assert abs(south + north) > 0.1  # a cone, not a cylinder


@pytest.mark.parametrize(
    ("metres", "neat"),
    [
        (30.0, 30.0),
        (10.0, 10.0),
        (0.5, 0.5),
        (250.0, 250.0),
        (29.97, 30.0),
        (31.525, 30.0),
        (92.6, 92.6),
        (92.604, 90.0),
        (231.656, 230.0),
        (463.31, 460.0),
        (1.07e-2, 1.07e-2),
        (98.7654, 100.0),
    ],
)
def test_neat_cells(metres, neat):
    assert neat_cell(metres)[0] == neat


def test_a_neat_cell_has_few_digits_and_is_near():
    for metres in np.geomspace(0.01, 20_000.0, 4001):
        cell, how = neat_cell(float(metres))
        assert abs(cell - metres) <= 0.0501 * metres
        assert len(f"{cell:.10g}".replace(".", "").strip("0")) <= 3
        assert how


def test_no_cell():
    with pytest.raises(InputError, match="has no area"):
        neat_cell(0.0)
    with pytest.raises(InputError, match="has no area"):
        neat_cell(math.nan)


def test_a_snapped_grid_covers_the_box_with_less_than_a_cell_to_spare():
    rng = np.random.default_rng(5)
    for _ in range(500):
        left, bottom = rng.uniform(-1e6, 1e6, 2)
        cell, unit = rng.choice([0.3, 7.5, 30.0, 90.0]), rng.choice([1.0, 0.3048])
        wide, high = rng.uniform(cell / unit, 3000.0, 2)
        grid = snapped(left, bottom, left + wide, bottom + high, cell, metres_per_unit=unit)
        slack = 2e-6 * grid.dx
        assert grid.cell_size == pytest.approx(cell)
        assert grid.left <= left + slack
        assert grid.left > left - grid.dx
        assert grid.right >= left + wide - slack
        assert grid.right < left + wide + grid.dx
        assert grid.bottom <= bottom + slack
        assert grid.bottom > bottom - grid.dx - slack
        assert grid.top >= bottom + high - slack
        assert grid.top < bottom + high + grid.dx
        for edge in (grid.left, grid.top):
            assert edge / grid.dx == pytest.approx(round(edge / grid.dx), abs=1e-6)


def test_a_box_of_whole_cells_stays_as_it_is():
    grid = snapped(499_980.0, 2_895_180.0, 501_180.0, 2_896_380.0, 30.0)
    assert (grid.left, grid.top, grid.shape) == (499_980.0, 2_896_380.0, (40, 40))


def test_too_large_and_too_many_cells():
    with pytest.raises(InputError, match="larger than the study area, which is 300 x 400 m"):
        snapped(0.0, 0.0, 300.0, 400.0, 301.0)
    with pytest.raises(InputError, match="Give larger cells"):
        snapped(0.0, 0.0, 1e6, 1e6, 0.1)


def test_coarser():
    assert is_coarser(1.0, 1.6)
    assert not is_coarser(1.0, 1.5)
    assert not is_coarser(1.0, 0.5)


def test_square_degrees_cover_the_sphere_and_the_earth():
    latitude = np.arange(-89.995, 90.0, 0.01)
    ball = 360.0 * 0.01 * degree_area(latitude, 2.0, 2.0).sum()
    assert ball == pytest.approx(4.0 * math.pi * 2.0**2, rel=1e-6)
    earth = 360.0 * 0.01 * degree_area(latitude, 6_378_137.0, 6_356_752.314245).sum()
    assert earth == pytest.approx(510_065_621.724e6, rel=1e-7)  # the published area of WGS 84 in km2


@pytest.mark.parametrize(("kind", "most"), [(np.uint8, 200), (np.int16, 300), (np.int32, 1_000_000)])
def test_areas_of_classes_are_those_counted_one_by_one(kind, most):
    rng = np.random.default_rng(7)
    values, hectares = rng.choice(np.array([0, 3, 7, most], dtype=kind), 200), rng.uniform(0.1, 2.0, 200)
    even, uneven = Tally(classes=True), Tally(classes=True)
    assert even.add(values, 0.5, but=3) == np.count_nonzero(values != 3)
    uneven.weigh(values, hectares)
    assert even.areas == {code: 0.5 * np.count_nonzero(values == code) for code in (0, 7, most)}
    assert uneven.areas == pytest.approx({code: hectares[values == code].sum() for code in (0, 3, 7, most)})
    assert even.mean is None


def test_the_mean_of_measured_values_is_that_by_area():
    rng = np.random.default_rng(8)
    values, hectares = rng.normal(10.0, 3.0, 50), rng.uniform(0.1, 2.0, 50)
    tally = Tally(classes=False)
    assert tally.mean is None
    tally.weigh(values, hectares)
    assert tally.mean == pytest.approx(np.average(values, weights=hectares))
    assert tally.add(np.array([4.0, -99.0, 6.0]), 3.0, but=-99.0) == 2
    assert tally.mean == pytest.approx(np.average([*values, 4.0, 6.0], weights=[*hectares, 3.0, 3.0]))
    assert not tally.areas
