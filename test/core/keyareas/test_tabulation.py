"""Tables that add up: invariants on random cuts, and small cases counted by hand."""

import numpy as np
import pytest
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.tabulation import OUTSIDE, UNKNOWN, Pieces, shown_shares, tabulate


def pieces(records, uses=0):
    """From (area, zone, hectares, hectares of each land use ...)."""
    area, zone, hectares = zip(*(record[:3] for record in records))
    shares = np.array([record[3:] for record in records], dtype=float).reshape(len(records), uses)
    return Pieces(np.array(area), np.array(zone), np.array(hectares, dtype=float), shares)


def random_cut(seed, areas=40, zones=7, uses=4):
    """Each area cut into one to four pieces in random zones, land uses covering all or most of a piece."""
    rng = np.random.default_rng(seed)
    records = []
    for area in range(areas):
        for zone in rng.choice(np.arange(-1, zones), size=rng.integers(1, 5), replace=False):
            size = rng.gamma(1.0, 5.0) + 0.01
            share = rng.dirichlet(np.full(uses, 0.4)) * rng.choice([1.0, 0.7])
            records.append((area, zone, size, *(share * size)))
    cut = pieces(records, uses)
    return np.bincount(cut.area, weights=cut.hectares), cut


@pytest.mark.parametrize("seed", range(8))
def test_the_table_equals_the_layer(seed):
    area_ha, cut = random_cut(seed)
    table = tabulate(area_ha, cut)
    assert table.total.count == area_ha.size == sum(row.count for row in table.rows.values())
    assert table.total.area_ha == pytest.approx(area_ha.sum(), rel=1e-12)
    assert sum(row.area_ha for row in table.rows.values()) == pytest.approx(area_ha.sum(), rel=1e-12)
    assert table.total.count_touching == cut.area.size
    for zone, row in table.rows.items():
        here = cut.zone == zone
        assert row.count_touching == here.sum()
        assert row.area_ha == pytest.approx(cut.hectares[here].sum())
        assert row.count == np.count_nonzero(table.zone_of_area == zone)
        assert sum(share for _, share in row.uses) == pytest.approx(100.0)
        for use, share in row.uses:
            known = cut.uses[here].sum(axis=0)
            expected = known[use] if use != UNKNOWN else cut.hectares[here].sum() - known.sum()
            assert share == pytest.approx(100 * expected / row.area_ha)
        shares = [share for use, share in row.uses if use != UNKNOWN]
        assert shares == sorted(shares, reverse=True)
    for area in range(area_ha.size):
        mine = cut.area == area
        assert cut.hectares[mine & (cut.zone == table.zone_of_area[area])].max() == cut.hectares[mine].max()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_records_does_not_matter(seed):
    area_ha, cut = random_cut(seed)
    order = np.random.default_rng(seed).permutation(cut.area.size)
    mixed = Pieces(cut.area[order], cut.zone[order], cut.hectares[order], cut.uses[order])
    first, second = tabulate(area_ha, cut), tabulate(area_ha, mixed)
    assert list(first.rows) == list(second.rows)
    assert np.array_equal(first.zone_of_area, second.zone_of_area)
    for zone, row in first.rows.items():
        assert row.area_ha == pytest.approx(second.rows[zone].area_ha, rel=1e-12)


def test_an_area_over_three_villages_is_one_area():
    # The mistake that makes 22 places 36: counting the pieces.
    cut = pieces([(0, 0, 5), (0, 1, 3), (0, 2, 2), (1, 1, 4), (2, OUTSIDE, 1)])
    table = tabulate(np.array([10.0, 4.0, 1.0]), cut)
    assert {z: (r.count, r.count_touching, r.area_ha) for z, r in table.rows.items()} == {
        0: (1, 1, 5.0),
        1: (1, 2, 7.0),
        2: (0, 1, 2.0),
        OUTSIDE: (1, 1, 1.0),
    }
    assert list(table.rows)[-1] == OUTSIDE
    assert (table.total.count, table.total.count_touching, table.total.area_ha) == (3, 5, 15.0)
    assert table.total.uses == ()


def test_ties_go_to_the_first_zone_and_never_to_the_outside():
    cut = pieces([(0, 1, 5), (0, 0, 5), (1, OUTSIDE, 2), (1, 3, 2)])
    assert tabulate(np.array([10.0, 4.0]), cut).zone_of_area.tolist() == [0, 3]


@pytest.mark.parametrize("unit", [0.09290304, 0.092903411613, 1 / 3, 1e4 / 7])
def test_what_is_equal_stays_in_order_in_every_unit(unit):
    """Cells of 0.09 ha or in feet: sums of the same cells differ by rounding."""
    generator = np.random.default_rng(1)
    areas, zones, uses = 60, 3, 4
    area, zone = (grid.ravel() for grid in np.mgrid[:areas, :zones])
    for _ in range(5):
        cells = generator.integers(1, 4, (area.size, uses)).astype(float)
        found = []
        for size in (1.0, unit):
            hectares = (cells * size).sum(axis=1)
            whole = np.bincount(area, weights=hectares)
            turn = generator.permutation(area.size) if size != 1.0 else np.arange(area.size)
            cut = Pieces(area[turn], zone[turn], hectares[turn], cells[turn] * size)
            found.append(tabulate(whole, cut))
        counts = np.array([cells[zone == k].sum(axis=0) for k in range(zones)])
        for k in range(zones):
            listed = [[use for use, _ in table.rows[k].uses] for table in found]
            assert listed[0] == listed[1] == sorted(range(uses), key=lambda use: (-counts[k, use], use))
            shares = [shown_shares([share for _, share in table.rows[k].uses]) for table in found]
            assert shares[0] == shares[1]
        largest = cells.sum(axis=1).reshape(areas, zones).argmax(axis=1)
        assert found[0].zone_of_area.tolist() == found[1].zone_of_area.tolist() == largest.tolist()


def test_parts_in_the_same_zone_are_one_piece():
    cut = pieces([(0, 0, 2, 2), (0, 1, 3, 3), (0, 0, 2, 0)], uses=1)
    table = tabulate(np.array([7.0]), cut)
    assert table.zone_of_area.tolist() == [0]
    assert table.total.count_touching == 2
    assert table.rows[0].uses == ((0, 50.0), (UNKNOWN, 50.0))


def test_slivers_do_not_touch_but_keep_their_hectares():
    cut = pieces([(0, 0, 9.9999), (0, 1, 0.0001), (1, 1, 0.0002)])
    table = tabulate(np.array([10.0, 0.0002]), cut, sliver_ha=0.001)
    assert (table.rows[0].count, table.rows[0].count_touching) == (1, 1)
    # A whole area is counted however small it is.
    assert (table.rows[1].count, table.rows[1].count_touching) == (1, 1)
    assert table.rows[1].area_ha == pytest.approx(0.0003)
    assert table.total.area_ha == pytest.approx(10.0002, rel=1e-12)


def test_rounding_of_the_cut_is_spread_over_the_pieces():
    cut = pieces([(0, 0, 6.000001), (0, 1, 3.999996)])
    table = tabulate(np.array([10.0]), cut)
    assert table.total.area_ha == pytest.approx(10.0, rel=1e-14)


@pytest.mark.parametrize(
    ("area_ha", "records", "message"),
    [
        ([10.0], [(0, 0, 10), (0, 1, 1)], "Do zones overlap"),
        ([10.0], [(0, 0, 9)], "outside"),
        ([10.0, 3.0], [(0, 0, 10)], "Area 2 measures 3 ha but its pieces 0"),
        ([10.0], [(1, 0, 10)], "not in the layer"),
        ([0.0], [(0, 0, 0)], "no surface"),
        ([10.0], [(0, -2, 10)], "negative"),
    ],
)
def test_what_does_not_add_up_is_refused(area_ha, records, message):
    with pytest.raises(InputError, match=message):
        tabulate(np.array(area_ha), pieces(records))


def test_more_land_use_than_land_is_refused():
    with pytest.raises(InputError, match="more than the piece"):
        tabulate(np.array([10.0]), pieces([(0, 0, 10, 6, 6)], uses=2))
