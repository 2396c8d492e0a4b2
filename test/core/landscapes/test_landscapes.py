import heapq
from dataclasses import fields

import numpy as np
import pytest
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.grid import Grid
from ecosecnet.core.landscapes import (
    DESERTIFICATION,
    EROSION,
    LANDUSE,
    LITHOLOGY,
    Zones,
    fractal_noise,
    karst_county,
)
from ecosecnet.core.landscapes.drainage import Drainage, drain, eroded_relief, grid_graph, height_above, strahler
from ecosecnet.core.landscapes.lines import burnt, clipped, network_lines, smoothed
from ecosecnet.core.landscapes.noise import blurred, drop_small, ranked, resample, scattered_distance
from ecosecnet.core.landscapes.settlement import spread_out
from ecosecnet.core.monitor import Monitor
from scipy import ndimage
from scipy.sparse.csgraph import floyd_warshall

EIGHT = np.ones((3, 3))


@pytest.fixture(scope="module")
def county():
    return karst_county(200, seed=1, left=500_000.0, top=2_900_000.0, crs="EPSG:4544")


def rng(seed=0):
    return np.random.default_rng(seed)


# Random fields


@pytest.mark.parametrize("exponent", [2.0, 3.0, 4.0])
def test_fractal_noise_has_the_spectrum_asked_for(exponent):
    field = fractal_noise((256, 256), rng(), exponent=exponent)
    power = np.abs(np.fft.fft2(field)) ** 2
    wave = 256 * np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    band = (wave >= 4) & (wave <= 100)
    slope = np.polyfit(np.log(wave[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.05)
    assert field.mean() == pytest.approx(0, abs=1e-12)
    assert field.std() == pytest.approx(1)


def test_fractal_noise_keeps_to_its_band():
    field = fractal_noise((128, 128), rng(), longest=0.25, shortest=0.05)
    power = np.abs(np.fft.fft2(field))
    wave = 128 * np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    assert power[(wave < 4) | (wave > 20)].max() < 1e-9 * power.max()


def test_scattered_distance_is_within_reach_of_a_point_in_every_square():
    distance = scattered_distance((60, 90), rng(), 10.0)
    assert distance.shape == (60, 90)
    assert distance.max() < np.hypot(10, 10)
    assert distance.min() < 1


def test_ranks_go_from_0_to_1_inside():
    field = np.array([[3.0, 1.0, 9.0], [2.0, 1.0, 7.0]])
    inside = np.array([[True, True, False], [True, True, True]])
    assert ranked(field, inside).tolist() == [[0.75, 0.0, 0.0], [0.5, 0.25, 1.0]]


def test_resampling_keeps_a_plane_and_the_area():
    rows, cols = np.indices((30, 40), dtype=float)
    fine = resample(rows + 2 * cols, (60, 80))
    assert fine[20, 30] - fine[18, 30] == pytest.approx(1.0)
    assert fine[20, 30] == pytest.approx((20.5 / 2 - 0.5) + 2 * (30.5 / 2 - 0.5))


@pytest.mark.parametrize("sigma", [4.0, 12.0, 25.0])
def test_blurring_is_nearly_gaussian(sigma):
    spike = np.zeros((161, 161))
    spike[80, 80] = 1.0
    window = blurred(spike, sigma)
    assert window.sum() == pytest.approx(1)
    spread = np.sqrt((window.sum(axis=0) * (np.arange(161) - 80.0) ** 2).sum())
    assert spread == pytest.approx(sigma, abs=0.5)  # windows have an odd width
    exact = ndimage.gaussian_filter(spike, spread)
    assert np.abs(window - exact).max() < 0.15 * exact.max()


def test_small_parts_are_dropped_whole():
    mask = np.zeros((6, 6), dtype=bool)
    mask[0, 0] = mask[1, 1] = mask[5, 5] = True
    assert drop_small(mask, 2).sum() == 2


# Drainage


def priority_flood(elevation, outlets):
    """Fill depressions the textbook way (Barnes et al. 2014), for comparison."""
    filled = np.full(elevation.shape, np.inf)
    queue = []
    for cell in np.argwhere(outlets).tolist():
        filled[tuple(cell)] = elevation[tuple(cell)]
        heapq.heappush(queue, (elevation[tuple(cell)], *cell))
    while queue:
        level, row, col = heapq.heappop(queue)
        for i in range(max(row - 1, 0), min(row + 2, elevation.shape[0])):
            for j in range(max(col - 1, 0), min(col + 2, elevation.shape[1])):
                if filled[i, j] == np.inf:
                    filled[i, j] = max(level, elevation[i, j])
                    heapq.heappush(queue, (filled[i, j], i, j))
    return filled


def spill_heights(elevation, tree):
    z = elevation.ravel()
    spill = z.copy()
    for node in tree.order:
        if tree.parent[node] >= 0:
            spill[node] = max(z[node], spill[tree.parent[node]])
    return spill.reshape(elevation.shape)


def edge_of(shape):
    edge = np.ones(shape, dtype=bool)
    edge[1:-1, 1:-1] = False
    return edge


@pytest.mark.parametrize("seed", range(5))
def test_water_leaves_depressions_over_the_lowest_pass(seed):
    surface = fractal_noise((40, 53), rng(seed), exponent=1.5)
    outlets = edge_of(surface.shape) & (rng(seed).random(surface.shape) < 0.2)
    tree = drain(surface, outlets)
    # The tie rule moves weights by up to 1e-4 of the span, so passes of nearly the same height may swap.
    tolerance = 2e-4 * np.ptp(surface)
    assert np.abs(spill_heights(surface, tree) - priority_flood(surface, outlets)).max() <= tolerance
    assert np.array_equal(np.flatnonzero(tree.parent < 0), np.flatnonzero(outlets))


def test_spill_heights_are_those_of_scikit_image():
    morphology = pytest.importorskip("skimage.morphology")
    surface = fractal_noise((120, 120), rng(7), exponent=1.5)
    edge = edge_of(surface.shape)
    seed = np.where(edge, surface, surface.max())
    filled = morphology.reconstruction(seed, surface, method="erosion", footprint=EIGHT)
    assert np.abs(spill_heights(surface, drain(surface, edge)) - filled).max() <= 2e-4 * np.ptp(surface)


def test_every_cell_drains_and_is_counted_once():
    surface = fractal_noise((50, 50), rng(3))
    tree = drain(surface, edge_of(surface.shape))
    assert sorted(tree.order.tolist()) == list(range(2500))
    assert tree.area[tree.parent < 0].sum() == 2500
    seen = np.zeros(2500, dtype=bool)
    for node in tree.order:
        assert tree.parent[node] < 0 or seen[tree.parent[node]]
        seen[node] = True
    basin = tree.upstream(int(tree.area.argmax()))
    assert basin.sum() == tree.area.max()


def test_a_plane_drains_straight_down():
    surface = np.repeat(np.arange(20.0)[:, None], 15, axis=1)
    outlets = np.zeros(surface.shape, dtype=bool)
    outlets[0] = True
    tree = drain(surface, outlets)
    inner = np.arange(300).reshape(20, 15)[1:].ravel()
    assert np.array_equal(tree.parent[inner], inner - 15)
    assert np.array_equal(tree.area.reshape(20, 15)[0], np.full(15, 20.0))


def test_eroded_relief_of_one_stream_has_its_closed_form():
    surface = np.arange(12.0)[None, :]
    outlets = np.arange(12)[None, :] == 0
    relief = eroded_relief(surface, np.full((1, 12), 2.0), outlets, concavity=0.5)
    area = 12.0 - np.arange(1, 12)  # cells from each one up to the divide
    assert relief[0, 0] == 0
    assert relief[0, 1:] == pytest.approx(np.cumsum(2.0 / np.sqrt(area)))


def test_strahler_orders_of_a_small_tree():
    # 0 is the outlet; 1 and 3 flow into it, 2 and 6 into 1, 4 and 5 into 2; 7 flows into 6 but is no stream.
    parent = np.array([-1, 0, 1, 0, 2, 2, 1, 6])
    order = np.array([0, 1, 3, 2, 6, 4, 5, 7])
    tree = Drainage(parent, order, np.ones(8), np.ones(8))
    streams = np.arange(8) != 7
    assert strahler(tree, streams).tolist() == [2, 2, 2, 1, 1, 1, 1, 0]


def test_height_above_the_river():
    tree = Drainage(np.array([-1, 0, 1, 2]), np.arange(4), np.ones(4), np.array([4.0, 3.0, 2.0, 1.0]))
    above = height_above(np.array([[10.0, 12.0, 15.0, 14.0]]), tree, np.array([True, True, False, False]))
    assert above.tolist() == [[0, 0, 3, 2]]


def test_grid_graph_costs_are_mean_times_distance():
    graph = grid_graph(np.array([[1.0, 3.0], [5.0, 7.0]]))
    full = (graph + graph.T).toarray()
    assert full[0, 1] == 2
    assert full[0, 2] == 3
    assert full[0, 3] == pytest.approx(4 * np.sqrt(2))
    assert full[1, 2] == pytest.approx(4 * np.sqrt(2))


# Lines and places


def test_smoothing_keeps_ends_and_stays_in_the_hull():
    line = np.array([[0.0, 0.0], [1, 1], [2, 0], [3, 1], [4, 0], [5, 1]])
    smooth = smoothed(line)
    assert np.array_equal(smooth[[0, -1]], line[[0, -1]])
    assert smooth[:, 1].min() >= 0
    assert smooth[:, 1].max() <= 1
    middle = (smooth[:, 0] > 1) & (smooth[:, 0] < 4)
    assert np.ptp(smooth[middle, 1]) < 0.6


def test_lines_of_a_network_meet_in_their_vertices():
    places = np.column_stack([np.divmod(np.arange(25), 5)]).T[:, ::-1].astype(float)
    # Along the middle row; up to it from below; a ring; and a way that adds nothing.
    routes = [(1, [10, 11, 12, 13, 14]), (2, [22, 17, 12]), (2, [3, 4, 9, 8, 3]), (3, [13, 12, 17])]
    lines = network_lines(routes, places)
    ends = sorted((level, *line[0].tolist(), *line[-1].tolist()) for level, line in lines)
    assert ends == [
        (1, 0.0, 2.0, 2.0, 2.0),
        (1, 2.0, 2.0, 3.0, 2.0),
        (1, 3.0, 2.0, 4.0, 2.0),
        (2, 2.0, 2.0, 2.0, 3.0),
        (2, 2.0, 3.0, 2.0, 4.0),
        (2, 3.0, 0.0, 3.0, 0.0),
    ]


def test_clipping_leaves_the_runs_inside():
    grid = Grid(1, 10)
    line = np.column_stack([np.arange(0.5, 10), np.full(10, -0.5)])
    inside = np.ones((1, 10), dtype=bool)
    inside[0, [0, 4, 6]] = False
    parts = clipped(line, inside, grid)
    assert [part[:, 0].tolist() for part in parts] == [[1.5, 2.5, 3.5], [7.5, 8.5, 9.5]]


def test_a_burnt_line_is_connected():
    grid = Grid(30, 30, top=30.0)
    mask = burnt([np.array([[1.2, 2.3], [28.1, 17.7]])], grid)
    assert ndimage.label(mask, structure=EIGHT)[1] == 1
    assert mask[grid.index(1.2, 2.3)]
    assert mask[grid.index(28.1, 17.7)]


def test_places_keep_their_distance_and_take_the_best_first():
    quality = rng(1).random((50, 50))
    allowed = rng(2).random((50, 50)) < 0.8
    cells = spread_out(quality, allowed, 12, 9.0)
    assert cells[0] == np.where(allowed, quality, -1).argmax()
    assert allowed.flat[cells].all()
    points = np.stack(np.divmod(cells, 50), axis=1)
    gaps = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    assert gaps[~np.eye(12, dtype=bool)].min() >= 9
    assert len(spread_out(quality, allowed, 40, 30.0)) == 40
    assert len(spread_out(quality, np.zeros_like(allowed), 3, 5.0)) == 0


# The county


def arrays(landscape):
    for field in fields(landscape):
        value = getattr(landscape, field.name)
        if isinstance(value, np.ndarray):
            yield field.name, value
        elif isinstance(value, Zones):
            yield field.name, value.labels
            yield field.name, np.array([repr(row) for row in value.attributes])
        elif isinstance(value, tuple):
            yield field.name, np.concatenate([feature.coordinates for feature in value])
            yield field.name, np.array([repr(feature.attributes) for feature in value])


def test_the_same_seed_gives_the_same_county_and_another_seed_another():
    first, again, other = karst_county(120, seed=4), karst_county(120, seed=4), karst_county(120, seed=5)
    for (name, a), (_, b) in zip(arrays(first), arrays(again)):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), name
    assert not np.array_equal(first.county, other.county)
    assert first.villages.attributes[0]["name"] != other.villages.attributes[0]["name"]


def test_the_county_is_one_piece_off_the_edge(county):
    assert ndimage.label(county.county)[1] == 1
    assert ndimage.label(~county.county)[1] == 1
    assert not county.county[[0, -1]].any()
    assert not county.county[:, [0, -1]].any()
    assert 0.45 < county.county.mean() < 0.8


def test_rasters_have_data_inside_only(county):
    inside = county.county
    for raster in (county.elevation, county.hazard_density):
        assert raster.dtype == np.float32
        assert np.array_equal(np.isfinite(raster), inside)
    for raster, names, nodata in (
        (county.landuse, LANDUSE, 0),
        (county.lithology, LITHOLOGY, 0),
        (county.desertification, DESERTIFICATION, 255),
        (county.erosion, EROSION, 0),
    ):
        assert raster.dtype == np.uint8
        assert set(np.unique(raster[~inside])) == {nodata}
        assert set(np.unique(raster[inside])) <= set(names)
    assert set(np.unique(county.landuse[inside])) == set(LANDUSE)
    assert set(np.unique(county.lithology[inside])) == set(LITHOLOGY)
    assert set(np.unique(county.desertification[inside])) == set(DESERTIFICATION)


def test_elevations_are_those_of_a_smaller_liuzhi(county):
    z = county.elevation[county.county]
    assert z.min() >= 581
    assert 300 < np.ptp(z) < 1500


def test_villages_nest_in_townships_and_both_fill_the_county(county):
    village, township = county.villages, county.townships
    assert np.array_equal(village.labels > 0, county.county)
    assert np.array_equal(township.labels > 0, county.county)
    assert len(township.attributes) == 11
    assert len(np.unique(village.labels)) == len(village.attributes) + 1
    for number, row in enumerate(village.attributes, start=1):
        assert row["village_id"] == number
        assert np.unique(township.labels[village.labels == number]).tolist() == [row["town_id"]]
        assert row["town"] == township.attributes[row["town_id"] - 1]["name"]
    whole = [ndimage.label(village.labels == number, EIGHT)[1] == 1 for number in range(1, len(village.attributes) + 1)]
    assert np.mean(whole) > 0.95
    for zones in (village, township):
        total = sum(row["area_ha"] for row in zones.attributes)
        assert total == pytest.approx(county.county.sum() * 0.09)
    for rows in (village.attributes, township.attributes):
        assert len({row["name"] for row in rows}) == len({row["name_zh"] for row in rows}) == len(rows)


def test_what_people_do_follows_the_terrain(county):
    from ecosecnet.core.landscapes.terrain import slope_degrees

    slope = slope_degrees(np.where(county.county, county.elevation, 1000.0), county.grid)
    inner = ndimage.binary_erosion(county.county, iterations=2)
    mean = {code: slope[inner & (county.landuse == code)].mean() for code in LANDUSE}
    assert mean[1] > mean[5] + 3
    assert mean[8] < mean[5]
    height = {code: county.elevation[inner & (county.landuse == code)].mean() for code in LANDUSE}
    assert height[6] < height[5] < height[1]
    assert (county.desertification[county.county & (county.lithology != 1)] == 0).all()
    for mine in county.mines:
        assert county.lithology[county.grid.index(*mine.coordinates[0])] == 4
        assert county.landuse[county.grid.index(*mine.coordinates[0])] in (6, 7, 8)
    erosion = [county.erosion[inner & (county.landuse == code)].mean() for code in (1, 5)]
    assert erosion[0] < erosion[1]


def test_rivers_run_low_and_grow_downstream(county):
    around = ndimage.uniform_filter(np.where(county.county, county.elevation, 1500.0), 15)
    heights = np.concatenate(
        [
            (county.elevation - around)[burnt([river.coordinates], county.grid) & county.county]
            for river in county.rivers
        ]
    )
    assert np.nanmedian(heights) < -10
    catchment = [river.attributes["catchment_km2"] for river in county.rivers]
    order = [river.attributes["strahler"] for river in county.rivers]
    assert max(order) >= 3
    assert np.corrcoef(np.log(catchment), order)[0, 1] > 0.7


def test_roads_join_all_towns(county):
    # Clipping at the boundary and smoothing may leave gaps of a cell.
    main = [road.coordinates for road in county.roads if road.attributes["level"] < 3]
    network = ndimage.binary_dilation(burnt(main, county.grid), structure=EIGHT, iterations=2)
    labels, _ = ndimage.label(network, structure=EIGHT)
    sizes = np.bincount(labels[network])
    assert sizes.max() > 0.9 * sizes.sum()
    joined = labels == sizes.argmax()
    assert len(np.unique(county.townships.labels[joined & county.county])) == 11


def road_ends(county):
    """Yield the ends of roads and how many ends lie there."""
    ends = np.concatenate([road.coordinates[[0, -1]] for road in county.roads])
    return np.unique(ends, axis=0, return_counts=True)


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_roads_end_at_roads_and_settlements_or_leave_the_county(seed):
    county = karst_county(250, seed=seed)
    places = {tuple(place.coordinates[0]) for place in county.settlements}
    far_from_outside = ndimage.distance_transform_edt(county.county)
    for end, count in zip(*road_ends(county)):
        assert count > 1 or tuple(end) in places or far_from_outside[county.grid.index(*end)] < 4, end
    # Between towns they do not leave it on the way: the few ends at the boundary are those of through roads.
    lost = [end for end, count in zip(*road_ends(county)) if count == 1 and tuple(end) not in places]
    assert len(lost) <= 6


def test_settlements_lie_dry_where_roads_meet(county):
    ends, counts = road_ends(county)
    meeting = {tuple(end): count for end, count in zip(ends, counts)}
    assert [place.attributes["kind"] for place in county.settlements[:12]] == ["County seat"] + ["Town"] * 10 + [
        "Village"
    ]
    assert len(county.settlements) == len(county.villages.attributes)
    for place in county.settlements:
        spot = county.grid.index(*place.coordinates[0])
        assert tuple(place.coordinates[0]) in meeting
        township = county.townships.attributes[county.townships.labels[spot] - 1]["name"]
        if place.attributes["kind"] != "Village":
            assert township.startswith(place.attributes["name"] + " ")
    seat = county.settlements[0]
    assert np.mean([meeting[tuple(place.coordinates[0])] for place in county.settlements[:11]]) > 2
    assert seat.attributes["name_zh"] + "街道" == county.townships.attributes[0]["name_zh"]


@pytest.mark.parametrize("seed", [1, 3])
def test_nothing_is_built_in_the_reservoir(seed):
    county = karst_county(300, seed=seed)
    lake = ndimage.binary_erosion(county.reserves.labels == 1, iterations=3) & (county.landuse == 6)
    wet = burnt([place.coordinates for place in county.settlements], county.grid) & lake
    roads = burnt([road.coordinates for road in county.roads], county.grid)
    assert not wet.any()
    assert (roads & lake).sum() < 0.02 * roads.sum()


def test_no_river_is_called_river_twice(county):
    assert not any(river.attributes["name_zh"].endswith("河河") for river in county.rivers)


def test_lines_and_points_lie_in_the_county_with_one_set_of_fields_each(county):
    for layer in (county.settlements, county.roads, county.rivers, county.mines, county.hazards):
        assert len({tuple(feature.attributes) for feature in layer}) == 1
        ids = [next(iter(feature.attributes.values())) for feature in layer]
        assert ids == list(range(1, len(layer) + 1))
        for feature in layer:
            for x, y in feature.coordinates:
                assert county.county[county.grid.index(x, y)]
    assert all(len(line.coordinates) > 1 for line in county.roads + county.rivers)


def test_protected_areas_are_natural_and_labelled_in_order(county):
    for zones in (county.redline, county.reserves):
        assert np.unique(zones.labels).tolist() == list(range(len(zones.attributes) + 1))
        assert not (zones.labels > 0)[~county.county].any()
    red = county.redline.labels > 0
    assert not np.isin(county.landuse[red], (7, 8)).any()
    assert np.isin(county.landuse[red], (1, 2, 6)).mean() > 0.85
    assert (county.landuse[county.reserves.labels == 1] == 6).any()
    assert (county.landuse[county.reserves.labels == 2] == 1).mean() > 0.5


def test_hazard_density_counts_the_points(county):
    km2 = county.grid.cell_ha / 100
    counted = np.nansum(county.hazard_density) * km2
    assert counted == pytest.approx(len(county.hazards), rel=0.15)


def test_cell_size_scales_coordinates_but_not_the_pattern():
    fine, coarse = karst_county(120, cell=30, seed=2), karst_county(120, cell=60, seed=2)
    assert np.array_equal(fine.county, coarse.county)
    assert coarse.grid.right == 2 * fine.grid.right
    assert np.nanmax(coarse.elevation) > np.nanmax(fine.elevation)


# What the landscape is for


def sources(county, smallest_share):
    """Core of woodland, grassland and water joined with the protected areas, in parts of at least a share."""
    foreground = np.isin(county.landuse, (1, 2, 6))
    core = ndimage.binary_erosion(foreground, structure=EIGHT)
    protected = (county.redline.labels > 0) | (county.reserves.labels > 0)
    parts = drop_small(core | protected, int(smallest_share * county.county.sum()))
    return foreground.sum() / county.county.sum(), core.sum() / county.county.sum(), *ndimage.label(parts, EIGHT)


def relative_loss(labels, count, cell, half_distance):
    """Return dPC in percent from the definition of Saura and Pascual-Hortal (2007)."""
    area = np.bincount(labels.ravel())[1:].astype(float)
    gap = np.zeros((count, count))
    for i in range(count):
        gap[i] = ndimage.minimum(ndimage.distance_transform_edt(labels != i + 1), labels, np.arange(1, count + 1))
    probability = 0.5 ** (gap * cell / half_distance)

    def pc(kept):
        cost = -np.log(probability[np.ix_(kept, kept)])
        best = np.exp(-floyd_warshall(np.maximum(cost, 1e-12)))
        np.fill_diagonal(best, 1.0)
        return area[kept] @ best @ area[kept]

    whole = pc(np.arange(count))
    return np.array([100 * (1 - pc(np.delete(np.arange(count), i)) / whole) for i in range(count)])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_even_a_small_county_has_sources_to_join(seed):
    foreground, core, _, count = sources(karst_county(200, seed=seed), 0.002)
    assert 0.42 < foreground < 0.6
    assert 0.2 < core < 0.4
    assert 2 <= count <= 40


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_default_county_suits_the_method(seed):
    county = karst_county(seed=seed)
    foreground, core, labels, count = sources(county, 100 / (county.county.sum() * county.grid.cell_ha))
    assert 0.42 < foreground < 0.57
    assert 0.25 < core < 0.37
    assert 10 <= (relative_loss(labels, count, 30.0, 5000.0) > 1).sum() <= 40


# Wrong input


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"size": 50}, "50 x 50"),
        ({"size": 9000}, "120 to 4000"),
        ({"size": 200, "cell": 0.0}, "cell size of 0"),
        ({"size": 200, "cell": float("nan")}, "cell size of nan"),
        ({"size": 200, "seed": -1}, "seed is -1"),
    ],
)
def test_wrong_input_is_refused_with_its_value(arguments, said):
    with pytest.raises(InputError, match=said):
        karst_county(**arguments)


def test_progress_rises_and_cancelling_stops():
    class Watch(Monitor):
        def __init__(self, patience):
            self.seen = []
            self.patience = patience

        def cancelled(self):
            return len(self.seen) >= self.patience

        def progress(self, fraction):
            self.seen.append(fraction)

    watch = Watch(99)
    karst_county(120, monitor=watch)
    assert watch.seen == sorted(watch.seen)
    assert watch.seen[-1] == 1
    with pytest.raises(OperationCancelled):
        karst_county(120, monitor=Watch(2))
