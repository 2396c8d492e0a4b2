"""Strategic points of drawn networks whose answers are known."""

import numpy as np
import pytest
from ecosecnet.core.choices import PointKind
from ecosecnet.core.corridors import BarrierLines, strategic_points
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.grid import Grid
from ecosecnet.core.monitor import Monitor

GRID = Grid(100, 200, left=500_000.0, top=2_900_000.0, dx=30.0, dy=30.0)
TOGETHER = 60.0


def line(*points):
    """Return a line through points in metres from the upper left corner, downwards."""
    return np.array([(GRID.left + x, GRID.top - y) for x, y in points], dtype=float)


def find(paths, roads=(), *, pairs=None, centrality=None, labels=None, surface=None, weight=None, **options):
    count = len(paths)
    pairs = np.arange(2 * count).reshape(-1, 2) + 1 if pairs is None else np.array(pairs)
    return strategic_points(
        [[path] for path in paths],
        pairs,
        np.ones(count) if centrality is None else np.array(centrality, dtype=float),
        [BarrierLines([[road] for road in roads], np.ones(len(roads)) if weight is None else np.array(weight))]
        if roads
        else [],
        np.zeros(GRID.shape, dtype=np.int32) if labels is None else labels,
        np.ones(GRID.shape) if surface is None else surface,
        grid=GRID,
        **{"together": TOGETHER, "min_length": 1e9, **options},
    )


def places(found, kind):
    return sorted((round(one.x - GRID.left, 6), round(GRID.top - one.y, 6)) for one in found.points if one.kind is kind)


def breaks(*roads, path=None, **options):
    return find([line((100, 1500), (5900, 1500)) if path is None else path], roads, **options)


def weave(start, stop, around, amplitude=20, step=50):
    xs = np.arange(start, stop, step)
    return [(x, around + amplitude * (-1) ** k) for k, x in enumerate(xs)]


STRAIGHT = line((3000, 0), (3000, 2900))


def test_a_road_is_crossed_where_it_is_crossed():
    found = breaks(STRAIGHT)
    assert places(found, PointKind.BREAK) == [(3000, 1500)]
    (one,) = found.points
    assert (one.links, one.line, one.layer, one.count) == ((0,), 0, 0, 1)
    assert one.near == pytest.approx(2 * TOGETHER, rel=0.3)


@pytest.mark.parametrize(
    "roads",
    [
        [STRAIGHT, line((3025, 0), (3025, 2900))],
        [STRAIGHT, STRAIGHT],
        [STRAIGHT, STRAIGHT[::-1], line((3000, 1000), (3000, 2000))],
        [line((3000, 0), (3000, 1500)), line((3000, 1500), (3000, 2900))],
        [line((3000, 0), (3000, 1480)), line((3000, 1480), (3000, 1520)), line((3000, 1520), (3000, 2900))],
        [line((2900, 0), (3000, 1500)), line((3000, 1500), (3080, 2900)), line((3000, 1500), (3000, 2900))],
        [line((3000, 0), (3000, 1500), (3000, 1500), (3001, 1500), (3001, 2900))],
        [line((3000, 0), (3000, 1500), (3030, 1500), (3030, 2900))],  # a stretch on the path
    ],
    ids=["carriageways", "twice", "overlapping", "joined", "bridge", "fork", "kinks", "along"],
)
def test_counts_once(roads):
    found = breaks(*roads)
    assert len(places(found, PointKind.BREAK)) == 1
    assert found.followed == 0


@pytest.mark.parametrize(
    "road",
    [
        line(*weave(500, 5500, 1500)),
        line(*weave(0, 6000, 1500)),
        line((2000, 0), (2000, 1400), *weave(2050, 4000, 1500), (4050, 1400), (4050, 0)),
        line((3000, 0), (3000, 1500)),
        line((3000, 0), (3000, 1510)),
        line((3000, 0), (2990, 1500), (3010, 0)),
    ],
    ids=["weaves", "from end to end", "comes and goes", "ends on it", "ends behind it", "touches it"],
)
def test_following_or_touching_is_no_break(road):
    found = breaks(road)
    assert places(found, PointKind.BREAK) == []
    assert found.followed == 1


@pytest.mark.parametrize("beyond", [0, 3], ids=["edge of the raster", "edge of the data"])
def test_there_is_no_way_around_a_road_where_the_map_ends(beyond):
    """Roads are cut where the map is; one that ends on the map can be walked around."""
    surface = np.ones(GRID.shape)
    surface[GRID.rows - beyond :] = np.nan
    end = 3000 - 30 * beyond
    path = line((105, end - 45), (2700, end - 45), (3000, end - 15), (3300, end - 45), (5895, end - 45))
    found = breaks(line((3000, 0), (3000, end)), path=path, surface=surface)
    assert (places(found, PointKind.BREAK), found.followed) == ([(3000, end - 15)], 0)
    inland = line((105, 1500), (5895, 1500))
    found = breaks(line((3000, 0), (3000, 1550)), path=inland, surface=surface)
    assert (places(found, PointKind.BREAK), found.followed) == ([], 1)


def test_a_road_that_follows_and_then_leaves_on_the_other_side_is_crossed_once():
    road = line((1000, 0), (1000, 1480), *weave(1050, 4000, 1500), (4050, 1520), (4050, 2900))
    found = breaks(road)
    assert len(places(found, PointKind.BREAK)) == 1
    assert found.points[0].near > 2500


def test_a_side_road_of_a_followed_one_is_crossed_where_the_path_stays_on_its_side():
    main = line((500, 2900), (500, 1530), (5500, 1530), (5500, 2900))
    side = line((3000, 1530), (3000, 0))
    assert places(breaks(main), PointKind.BREAK) == []
    assert places(breaks(main, side), PointKind.BREAK) == [(3000, 1500)]


@pytest.mark.parametrize("seed", range(8))
def test_parallel_roads_are_as_many_as_there_are_groups(seed):
    """A path across roads at known places: those no farther apart than twice the distance are one run."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.uniform(200, 5800, 30))
    gaps = np.diff(at)
    at = at[np.concatenate(([True], np.abs(gaps - 2 * TOGETHER) > 3))]  # none that is on the limit
    at = at[np.concatenate(([True], np.abs(np.diff(at) - 2 * TOGETHER) > 3))]
    groups = 1 + np.count_nonzero(np.diff(at) > 2 * TOGETHER)
    roads = [line((x, rng.uniform(0, 900)), (x, rng.uniform(2000, 2900))) for x in at]
    found = breaks(*roads)
    assert len(places(found, PointKind.BREAK)) == groups
    assert sum(one.count for one in found.points) == at.size


def test_direction_and_cutting_of_the_lines_do_not_matter():
    rng = np.random.default_rng(3)
    path = np.cumsum(rng.choice([(30, 0), (30, 30), (30, -30)], 180), axis=0) + np.array((60, 1500))
    x = np.arange(0.0, 5900.0, 37.0)
    road = np.stack((x, 1500 + 700 * np.sin(x / 300)), axis=1)
    plain = breaks(line(*road), path=line(*path))
    wanted = places(plain, PointKind.BREAK)
    assert len(wanted) >= 5
    assert len(wanted) == len(places(breaks(line(*road), path=line(*path[::-1])), PointKind.BREAK))
    cuts = [line(*road[k : k + 8][:: rng.choice([1, -1])]) for k in range(0, len(road), 7)]
    again = breaks(*cuts, path=line(*path))
    assert len(places(again, PointKind.BREAK)) == len(wanted)
    np.testing.assert_allclose(places(again, PointKind.BREAK), wanted, atol=2 * TOGETHER)


def test_of_several_lines_the_heaviest_gives_the_place():
    roads = [line((x, 0), (x, 2900)) for x in (3000, 3040, 3080)]
    found = breaks(*roads, weight=[1.0, 5.0, 2.0])
    assert places(found, PointKind.BREAK) == [(3040, 1500)]
    assert (found.points[0].line, found.points[0].count, found.points[0].score) == (1, 3, 1.0)


def test_nothing_counts_in_sources():
    labels = np.zeros(GRID.shape, dtype=np.int32)
    labels[40:60, :30], labels[40:60, 170:], labels[40:60, 90:110] = 1, 2, 3
    roads = [line((x, 0), (x, 2900)) for x in (600, 1500, 3000, 5400)]
    found = breaks(*roads, labels=labels)
    assert places(found, PointKind.BREAK) == [(1500, 1500)]


def test_a_source_behind_a_road():
    """The path begins near the road, so that the run begins in the source."""
    labels = np.zeros(GRID.shape, dtype=np.int32)
    labels[:, :30] = 1
    assert places(breaks(line((910, 0), (910, 2900)), labels=labels), PointKind.BREAK) == [(910, 1500)]


# crossings of corridors ------------------------------------------------------------------------------------------------

HASH = [
    line((100, 900), (5900, 900)),
    line((100, 2100), (5900, 2100)),
    line((1500, 100), (1500, 2900)),
    line((4500, 100), (4500, 2900)),
]


def test_a_drawn_cross_has_four_crossings():
    found = find(HASH)
    assert places(found, PointKind.CROSSING) == [(1500, 900), (1500, 2100), (4500, 900), (4500, 2100)]
    assert sorted(one.links for one in found.points) == [(0, 2), (0, 3), (1, 2), (1, 3)]


def test_crossings_are_those_of_geos():
    shapely = pytest.importorskip("shapely", reason="a peer of the core")
    rng = np.random.default_rng(9)
    ends = rng.uniform((0, 0), (6000, 3000), (12, 2, 2))
    lines = [line(*pair) for pair in ends]
    shapes = shapely.linestrings(np.stack(lines))
    wanted = [
        shapely.get_coordinates(shapely.intersection(shapes[i], shapes[j]))[0]
        for i in range(12)
        for j in range(i)
        if shapely.crosses(shapes[i], shapes[j])
    ]
    found = find(lines, together=1e-3)
    np.testing.assert_allclose(sorted((one.x, one.y) for one in found.points), sorted(map(tuple, wanted)), atol=1e-6)


@pytest.mark.parametrize(("shared", "count"), [(300, 2), (40, 1), (0, 1)])
def test_a_shared_stretch_is_its_two_ends_or_its_middle(shared, count):
    first = line((100, 900), (2000, 1500), (2000 + shared, 1500), (4000, 900))
    second = line((100, 2100), (2000, 1500), (2000 + shared, 1500), (4000, 2100))
    for other in (second, second[::-1]):
        found = find([first, other])
        at = {1: [(2000 + shared / 2, 1500)], 2: [(2000, 1500), (2000 + shared, 1500)]}[count]
        assert places(found, PointKind.CROSSING) == at


def test_paths_from_a_common_source_meet_where_they_part():
    labels = np.zeros(GRID.shape, dtype=np.int32)
    labels[40:60, :20], labels[:20, 180:], labels[80:, 180:] = 1, 2, 3
    at_once = [line((300, 1500), (5700, 300)), line((300, 1500), (5700, 2700))]
    later = [line((300, 1500), (2000, 1500), (5700, y)) for y in (300, 2700)]
    soon = [line((300, 1500), (640, 1500), (5700, y)) for y in (300, 2700)]
    pairs = [(1, 2), (1, 3)]
    assert places(find(at_once, pairs=pairs, labels=labels), PointKind.CROSSING) == []
    assert places(find(soon, pairs=pairs, labels=labels), PointKind.CROSSING) == []
    assert places(find(later, pairs=pairs, labels=labels), PointKind.CROSSING) == [(2000, 1500)]


def test_three_paths_through_a_place_are_one_crossing():
    paths = [line((2000, 100), (2000, 2900)), line((100, 1500), (5900, 1500)), line((1000, 500), (3000, 2500))]
    found = find(paths, centrality=[1, 4, 2])
    assert [one.links for one in found.points] == [(1, 2, 0)]
    assert found.points[0].score == pytest.approx(7 / 4)


# midpoints -------------------------------------------------------------------------------------------------------------


def test_the_midpoint_is_the_least_resistance_in_the_middle_third():
    surface = np.full(GRID.shape, 5.0)
    surface[:, 10] = 1.0  # lower, but not in the middle
    surface[:, [80, 110]] = 2.0  # the second is nearer to the middle
    path = line((15, 1515), (5985, 1515))
    found = find([path], surface=surface, min_length=5000)
    assert places(found, PointKind.MIDPOINT) == [(110.5 * 30, 1515)]
    assert found.points[0].resistance == 2.0
    assert found.longest == pytest.approx(5970)


def test_no_midpoint_where_the_middle_resists_more_than_the_path():
    surface = np.ones(GRID.shape)
    surface[:, 60:140] = 9.0
    found = find([line((15, 1515), (5985, 1515))], surface=surface, min_length=5000)
    assert (found.count(PointKind.MIDPOINT), found.long) == (0, 1)


def test_only_the_length_outside_the_sources_counts():
    labels = np.zeros(GRID.shape, dtype=np.int32)
    labels[:, :50], labels[:, 150:] = 1, 2
    found = find([line((15, 1515), (5985, 1515))], labels=labels, min_length=3001)
    assert (found.long, found.longest) == (0, pytest.approx(3000, abs=16))
    assert find([line((15, 1515), (5985, 1515))], labels=labels, min_length=2980).count(PointKind.MIDPOINT) == 1


# scores ----------------------------------------------------------------------------------------------------------------


def test_scores_are_shares_of_the_largest_and_grades_their_breaks():
    found = find(HASH, [STRAIGHT, line((5200, 0), (5200, 1500))], centrality=[10, 5, 4, 2], weight=[1, 4])
    score = {(one.kind, one.links): one.score for one in found.points}
    assert score[PointKind.CROSSING, (0, 2)] == pytest.approx(1.4)
    assert score[PointKind.CROSSING, (1, 3)] == pytest.approx(0.7)
    assert score[PointKind.BREAK, (1,)] == pytest.approx(0.5 * 0.25)
    by_kind = [one for one in found.points if one.kind is PointKind.BREAK]
    assert [one.score for one in by_kind] == sorted((one.score for one in by_kind), reverse=True)
    assert [one.grade for one in by_kind] == [1, 2, 3]


def test_without_centrality_all_links_count_the_same():
    found = find(HASH, centrality=np.zeros(4))
    assert {one.score for one in found.points} == {2.0}


def test_refuses():
    with pytest.raises(InputError, match="distance above 0"):
        find(HASH, together=0.0)
    with pytest.raises(InputError, match="number of 0 or more"):
        find(HASH, centrality=[1, 2, np.nan, 1])
    with pytest.raises(InputError, match="Link number 2 has no path"):
        find([HASH[0], line((5, 5), (5, 5))])


def test_can_be_cancelled():
    class Stop(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        find(HASH, [STRAIGHT], monitor=Stop())
