"""The whole method on a small county equals its steps done one by one, and says why when a step has nothing to do."""

from dataclasses import replace

import numpy as np
import pytest
from ecosecnet.core.choices import Adjacency, BarrierRank, CorrectionMethod, CutoffRule
from ecosecnet.core.connectivity import PatchGraph, dispersal_rate, node_importance
from ecosecnet.core.corridors import Cutoff
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.grid import Grid
from ecosecnet.core.keyareas.areas import key_areas
from ecosecnet.core.keyareas.barriers import barriers
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.landscapes import karst_county
from ecosecnet.core.landscapes.lines import burnt
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.mspa import mspa
from ecosecnet.core.network.centrality import current_flow
from ecosecnet.core.planning.corridorstep import connect
from ecosecnet.core.planning.obstacles import Obstacles
from ecosecnet.core.planning.options import CorridorOptions, KeyAreaOptions, Options, SourceOptions, SurfaceOptions
from ecosecnet.core.planning.securitynetwork import security_network
from ecosecnet.core.planning.sourcestep import find_sources
from ecosecnet.core.resistance.corrections import Correction
from ecosecnet.core.resistance.further import with_further
from ecosecnet.core.resistance.impassable import closed_at_corners, impassable_cells
from ecosecnet.core.resistance.presets import liuzhi_corrected
from ecosecnet.core.resistance.scoring import distance_to, score_values
from ecosecnet.core.stats.breaks import natural_breaks
from networks import on
from scipy import ndimage
from scipy.spatial import cKDTree

CELL = 30.0


class CornerDistances:
    """Distances between patches of cells by the corners of the cells, between which they are always attained."""

    def within(self, labels, limit, monitor):
        n = int(labels.max())
        i, j = np.triu_indices(n, 1)
        pairs = np.column_stack((i, j))
        apart = self.between(labels, pairs, monitor)
        return pairs[apart <= limit], apart[apart <= limit]

    def between(self, labels, pairs, monitor):
        corners = [self._corners(labels == k + 1) for k in range(int(labels.max()))]
        return np.array([CELL * cKDTree(corners[a]).query(corners[b])[0].min() for a, b in pairs])

    def _corners(self, mask):
        rows, cols = np.nonzero(mask)
        return np.unique(
            np.array([(r + dr, c + dc) for r, c in zip(rows, cols) for dr in (0, 1) for dc in (0, 1)]), axis=0
        )


class Listening(Monitor):
    def __init__(self):
        self.warnings = []
        self.done = []

    def warn(self, text):
        self.warnings.append(text)

    def progress(self, fraction):
        self.done.append(fraction)


OPTIONS = Options(
    SourceOptions([(1, 2), (6, 6)], min_area_ha=10.0, dispersal=600.0),
    corridors=CorridorOptions(cutoff=Cutoff(300.0, CutoffRule.COST)),
    keyareas=KeyAreaOptions(radii=(60.0, 120.0)),
)


def with_sources(**change):
    return replace(OPTIONS, sources=replace(OPTIONS.sources, **change))


@pytest.fixture(scope="module")
def county():
    return karst_county(200, seed=2)


@pytest.fixture(scope="module")
def factors(county):
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(county.elevation, CELL))))
    return {
        "Land use": np.where(county.county, county.landuse, np.nan).astype(np.float32),
        "Elevation (m)": county.elevation,
        "Slope (°)": np.where(np.isnan(slope), np.where(county.county, 0.0, np.nan), slope),
        "Distance from road (m)": distance_to(
            burnt((r.coordinates for r in county.roads), county.grid), cell_size=CELL
        ),
        "Distance to mining area (m)": distance_to(
            burnt((m.coordinates for m in county.mines), county.grid), cell_size=CELL
        ),
    }


def build(county, factors, options=OPTIONS, **other):
    return security_network(
        county.landuse,
        county.county,
        county.grid,
        factors,
        other.pop("scores", liuzhi_corrected()),
        options,
        distances=CornerDistances(),
        protected=(county.redline.labels > 0) | (county.reserves.labels > 0),
        **other,
    )


@pytest.fixture(scope="module")
def network(county, factors):
    return build(county, factors, corrections={"hazards": county.hazard_density})


def test_sources_are_the_important_patches_of_core_and_protected_land(county, network):
    sources = network.sources
    foreground = np.where(county.county, 1 + np.isin(county.landuse, (1, 2, 6)), 0).astype(np.uint8)
    np.testing.assert_array_equal(sources.codes, mspa(foreground))
    protected = ((county.redline.labels > 0) | (county.reserves.labels > 0)) & county.county
    land = np.isin(sources.codes, (17, 117)) | protected
    patches, _ = ndimage.label(land, np.ones((3, 3)))
    cells = np.bincount(patches.ravel())[1:]
    large = np.flatnonzero(cells * 0.09 >= 10.0)
    labels = np.searchsorted(large + 1, patches) + 1
    labels[~np.isin(patches, large + 1)] = 0
    pairs, apart = CornerDistances().within(labels, np.inf, None)
    area = cells[large] * 0.09
    dpc = node_importance(PatchGraph.dispersing(area, pairs, apart, dispersal_rate(600.0, 0.5))).total
    kept = np.sort(dpc[dpc > 1.0])[::-1]
    assert sources.candidates == len(large)
    np.testing.assert_allclose(sources.dpc.total, kept, rtol=1e-5)
    assert (np.diff(sources.dpc.total) <= 0).all()
    assert (np.diff(sources.grade) >= 0).all()
    assert sources.grade[0] == 1
    np.testing.assert_allclose(np.bincount(sources.labels.ravel())[1:] * 0.09, sources.area_ha)
    assert land[sources.labels > 0].all()


def test_resistance_is_the_weighted_sum_times_the_correction(county, factors, network):
    plain = build(county, factors).surface
    assert plain.summary.minimum >= 1.0
    assert plain.summary.maximum <= 5.0
    hazard = county.hazard_density
    change = 1.0 + (hazard - np.nanmin(hazard)) / (np.nanmax(hazard) - np.nanmin(hazard))
    np.testing.assert_allclose(network.surface.values, plain.values * np.where(np.isnan(change), 1, change), rtol=1e-5)
    assert np.isnan(network.surface.values[~county.county]).all()


def test_a_source_whose_importance_is_the_limit_stays(county, factors, network):
    least = float(network.sources.dpc.total.min())
    same = build(county, factors, with_sources(min_dpc=least)).sources
    assert same.area_ha.size == network.sources.area_ha.size
    fewer = build(county, factors, with_sources(min_dpc=float(np.nextafter(least, np.inf)))).sources
    assert fewer.area_ha.size == same.area_ha.size - 1


def test_corridors_and_key_areas_are_those_of_the_single_tools(network):
    links = network.corridors.links
    active = links.active
    assert active.sum() >= network.sources.area_ha.size - network.corridors.structure.components
    resistance = network.surface.values
    labels = np.where(np.isnan(resistance), 0, network.sources.labels)
    flow = current_flow(network.sources.area_ha.size, links.pairs[active] - 1, 1.0 / links.cost[active])
    np.testing.assert_allclose(network.corridors.flow.links, flow.links)
    pinch = pinchpoints(*on(resistance, labels, links.pairs[active], CELL), cutoff=300.0)
    np.testing.assert_array_equal(network.places.pinch.current, pinch.current)
    areas = key_areas(np.float32(pinch.current), cell_ha=0.09, resistance=resistance, min_area_ha=1.0)
    np.testing.assert_array_equal(network.places.pinch_areas.labels, areas.labels)
    score = barriers(*on(resistance, labels, links.pairs[active], CELL), radii=(60.0, 120.0), outside=False)
    np.testing.assert_array_equal(network.places.barrier.score, score.score)
    # A disc of 4 cells, the largest that was tried, has 49; see https://oeis.org/A000328.
    areas = key_areas(
        np.float32(score.score), cell_ha=0.09, resistance=resistance, min_area_ha=1.0, max_area_ha=49 * 0.09
    )
    np.testing.assert_array_equal(network.places.barrier_areas.labels, areas.labels)
    # The belt holds every path, at no excess cost.
    for path in np.array(links.paths, dtype=object)[active]:
        np.testing.assert_allclose(network.corridors.mosaic[path[:, 0], path[:, 1]], 0.0, atol=1e-2)


def test_factors_without_data_are_left_out_and_named(county, factors):
    monitor = Listening()
    some = {name: factors[name] for name in ("Land use", "Slope (°)")}
    surface = build(county, some, monitor=monitor).surface
    assert [round(c.weight, 6) for c in surface.summary.contributions] == [round(0.35 / 0.45, 6), round(0.1 / 0.45, 6)]
    assert any("no data for Elevation (m), Distance from road (m)" in text for text in monitor.warnings)
    assert monitor.done[-1] == pytest.approx(1.0)


def test_land_use_alone_is_enough_and_said_to_be_one_factor(county, factors):
    monitor = Listening()
    surface = build(county, {"Land use": factors["Land use"]}, monitor=monitor).surface
    scores = np.array([np.nan, 1, 1, 2, 2, 3, 3, 4, 5])
    np.testing.assert_array_equal(surface.values[county.county], scores[county.landuse[county.county]])
    assert any("made of one factor, 'Land use'" in text for text in monitor.warnings)
    with pytest.raises(InputError, match=r"has none that is there\. Its factors are: Land use, Elevation"):
        build(county, {})


def test_a_factor_without_classes_is_scored_by_natural_breaks(county, factors):
    rivers = distance_to(burnt((r.coordinates for r in county.rivers), county.grid), cell_size=CELL)
    scores = with_further(liuzhi_corrected(), ["Distance to rivers"])
    surface = build(county, {**factors, "Distance to rivers": rivers}, scores=scores).surface
    used = surface.scores[-1]
    limits = natural_breaks(rivers[county.county], 5).limits
    assert [item.maximum for item in used.classes] == [*limits[:-1], np.inf]
    layers = [
        score_values(values, one.classes).scores for values, one in zip([*factors.values(), rivers], surface.scores)
    ]
    weights = np.array([0.35 / 1.05, 0.1 / 1.05, 0.1 / 1.05, 0.25 / 1.05, 0.25 / 1.05, 0.1]) / 1.1
    np.testing.assert_allclose(surface.values, sum(w * layer for w, layer in zip(weights, layers)), rtol=1e-6)
    assert layers[-1][rivers == 0.0].max() == 1.0
    assert layers[-1][county.county & (rivers == rivers[county.county].max())].min() == 5.0


def test_corrections_by_zone_take_the_mean_of_the_zone(county, factors):
    light = np.random.default_rng(1).uniform(0.5, 1.5, county.landuse.shape).astype(np.float32) * (1 + county.landuse)
    options = replace(OPTIONS, surface=SurfaceOptions(Correction(CorrectionMethod.MEAN_RATIO)))
    zones = np.where(county.county, county.landuse, np.nan)
    plain = build(county, factors).surface.values
    surface = build(county, factors, options, corrections={"light": light}, zones=zones).surface.values
    known = ~np.isnan(plain)
    for use in np.unique(county.landuse[known]):
        held = known & (county.landuse == use)
        np.testing.assert_allclose(surface[held] / plain[held], light[held] / light[held].mean(), rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_dpc": 100.0}, "None of 14 patches has a dPC of 100 % or more.*MIN_DPC = 3.79 leaves 10"),
        ({"min_area_ha": 1e6}, "Lower the smallest area"),
        ({"foreground": []}, "No foreground values"),
    ],
)
def test_a_step_without_anything_says_what_to_do(county, factors, change, message):
    with pytest.raises(InputError, match=message):
        build(county, factors, with_sources(**change))


def sources_of(protected, grid, **options):
    """Find sources where all land is one islet of foreground, so that they are the protected patches."""
    land_use = np.full(protected.shape, 9)
    land_use[0, 0] = 1
    return find_sources(
        land_use,
        np.ones(protected.shape, dtype=bool),
        grid,
        SourceOptions([(1, 1)], min_dpc=0.0, **options),
        distances=CornerDistances(),
        protected=protected,
    )


def test_the_probability_is_that_of_the_dispersal_distance():
    # Patches of two cells and one, 3 x 30 m apart: as far as a quarter gets.
    protected = np.zeros((3, 8), dtype=bool)
    protected[1, 1:3] = protected[1, 6] = True
    grid = Grid(3, 8, dx=CELL, dy=CELL)
    found = sources_of(protected, grid, min_area_ha=0.0, dispersal=90.0, probability=0.25)
    # In cells PC is 2^2 + 1^2 + 2 x 2 x 1 x 0.25 = 6; without the larger 1 is left, without the smaller 4.
    np.testing.assert_allclose(found.area_ha, [0.18, 0.09])
    np.testing.assert_allclose(found.dpc.total, [100 * 5 / 6, 100 * 2 / 6])
    assert found.indices.numerator == pytest.approx(6.0 * 0.09**2)
    # Equation 1 divides by the square of the study area: 24 cells. IIC counts linked patches half: 4 + 1 + 2 x 2 x 1 / 2.
    assert found.indices.pc == pytest.approx(6.0 / 24**2)
    assert found.binary.iic == pytest.approx(7.0 / 24**2)


@pytest.mark.parametrize(("unit", "side"), [(1.0, 30.0), (0.3048, 100.0)])
def test_gaps_are_in_metres(unit, side):
    # Gaps of two cells and of three: 60 and 90 m (60.96 and 91.44 m in feet), and 61 m are to be closed.
    protected = np.zeros((12, 13), dtype=bool)
    protected[:, [1, 2, 5, 6, 10, 11]] = True
    grid = Grid(12, 13, dx=side, dy=side, metres_per_unit=unit)
    found = sources_of(protected, grid, min_area_ha=0.0, gap=61.0)
    assert (found.labels[6] > 0).astype(int).tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0]


def test_the_smallest_area_is_in_hectares():
    # 100 ft squared are 0.09290304 ha: 5 cells have 0.4645152 ha, which is just enough, 4 cells 0.37161216 ha.
    protected = np.zeros((3, 19), dtype=bool)
    protected[1, 1:7] = protected[1, 8:13] = protected[1, 14:18] = True
    grid = Grid(3, 19, dx=100.0, dy=100.0, metres_per_unit=0.3048)
    found = sources_of(protected, grid, min_area_ha=0.4645152)
    np.testing.assert_allclose(found.area_ha, [0.55741824, 0.4645152])


def test_sources_that_touch_cost_a_step():
    labels = np.array([[1, 0, 3], [2, 0, 3]])
    resistance = np.array([[2.0, 4.0, 2.0], [2.0, 4.0, 2.0]])
    fields, _ = on(resistance, labels, [(1, 2)], 10.0, slack=100.0)
    options = CorridorOptions(cutoff=Cutoff(100.0, CutoffRule.COST), adjacency=Adjacency.EITHER)
    found = connect(fields, options, distances=CornerDistances())
    # 1 to 2: one step of 10 x 2. To 3: two steps of 10 x (2 + 4) / 2.
    assert found.links.pairs.tolist() == [[1, 2], [1, 3], [2, 3]]
    np.testing.assert_allclose(found.links.cost, [20.0, 60.0, 60.0])
    # As ohms in a triangle: between 1 and 2, 120 / 140 go straight and 20 / 140 round; between 1 and 3 (and 2 and 3)
    # 80 / 140 straight and 60 / 140 round. Link 1-2: 6/7 + 3/7 + 3/7; the others: 1/7 + 4/7 + 3/7.
    np.testing.assert_allclose(found.flow.links, [12 / 7, 8 / 7, 8 / 7])


def test_obstacles_change_the_surface_and_what_can_be_restored(county, factors):
    land = county.landuse
    impassable, stays = np.isin(land, (5, 6, 8)) & county.county, (land == 6) & county.county
    roads = np.where(factors["Distance from road (m)"] == 0, 50.0, 0.0).astype(np.float32)
    plain = build(county, factors)
    small = replace(OPTIONS, keyareas=replace(OPTIONS.keyareas, min_area_ha=0.0))
    found = build(county, factors, small, obstacles=Obstacles(impassable, roads, stays))
    np.testing.assert_array_equal(found.sources.labels, plain.sources.labels)
    labels = plain.sources.labels
    wanted = np.fmax(plain.surface.values, roads)
    closed = impassable_cells(impassable, labels)
    wanted[np.isnan(plain.surface.values) | closed] = np.nan
    np.testing.assert_array_equal(found.surface.values, wanted)
    assert np.count_nonzero(impassable & (labels > 0))
    np.testing.assert_array_equal(found.surface.land, plain.surface.values)
    assert found.surface.summary.raised == np.count_nonzero(wanted > plain.surface.values)
    assert found.surface.summary.maximum == np.nanmax(wanted)
    assert found.surface.summary.impassable == np.count_nonzero(np.isnan(wanted) & ~np.isnan(plain.surface.values))
    for path in np.array(found.corridors.links.paths, dtype=object)[found.corridors.links.active]:
        rows, cols = path[:, 0].astype(int), path[:, 1].astype(int)
        assert not closed[rows, cols].any()
    can = (~np.isnan(wanted) | impassable) & ~closed_at_corners(stays)
    labels = np.where(np.isnan(wanted), 0, labels)
    links = found.corridors.links
    score = barriers(*on(wanted, labels, links.pairs[links.active], CELL), radii=(60.0, 120.0), restorable=can)
    np.testing.assert_array_equal(found.places.barrier.score, score.score)
    assert np.isfinite(score.score[impassable & ~stays & (labels == 0)]).any()
    assert np.isnan(score.score[stays]).all()
    # Key areas are overlaid with the land, as if no road and no impassable cell were there.
    land = plain.surface.values
    areas = key_areas(np.float32(score.score), cell_ha=0.09, resistance=land, max_area_ha=49 * 0.09)
    np.testing.assert_array_equal(found.places.barrier_areas.labels, areas.labels)
    assert not (found.places.barrier_areas.labels[stays] > 0).any()
    current = np.float32(found.places.pinch.current)
    areas = key_areas(current, cell_ha=0.09, resistance=land)
    np.testing.assert_array_equal(found.places.pinch_areas.labels, areas.labels)
    with_roads = key_areas(current, cell_ha=0.09, resistance=wanted)
    assert (with_roads.labels != areas.labels).any()


def test_a_study_area_inside_the_data_is_computed_on_all_and_reported_alone(county, factors, network):
    hazards = {"hazards": county.hazard_density}
    area = np.zeros(county.grid.shape, dtype=bool)
    area[60:150, 40:120] = True
    found = build(county, factors, corrections=hazards, area=area)
    links, all_links = found.corridors.links, network.corridors.links
    through = [k for k, path in enumerate(all_links.paths) if all_links.active[k] and area[tuple(path.T)].any()]
    assert 0 < len(through) < all_links.active.sum()
    kept = {int(one) for k in through for one in all_links.pairs[k]}
    kept |= set(np.unique(network.sources.labels[area & (network.sources.labels > 0)]).tolist())
    order = sorted(kept)
    assert 2 <= len(order) < network.sources.area_ha.size
    np.testing.assert_array_equal(found.sources.area_ha, network.sources.area_ha[np.array(order) - 1])
    assert found.sources.rank.tolist() == order
    np.testing.assert_array_equal(found.sources.dpc.total, network.sources.dpc.total[np.array(order) - 1])
    for number, old in enumerate(order, start=1):
        np.testing.assert_array_equal(found.sources.labels == number, network.sources.labels == old)
    assert [[order[a - 1], order[b - 1]] for a, b in links.joined] == all_links.pairs[through].tolist()
    position = np.searchsorted(np.flatnonzero(all_links.active), through)
    for name in ("flow.links", "grade"):
        one, other = found.corridors, network.corridors
        for part in name.split("."):
            one, other = getattr(one, part), getattr(other, part)
        np.testing.assert_array_equal(one, other[position])
    np.testing.assert_array_equal(
        found.places.pinch.effective_resistance, network.places.pinch.effective_resistance[position]
    )
    np.testing.assert_array_equal(found.places.barrier.links.score, network.places.barrier.links.score[position])
    for one, other in (
        (found.corridors.mosaic, network.corridors.mosaic),
        (found.places.pinch.current, network.places.pinch.current),
        (found.places.barrier.score, network.places.barrier.score),
    ):
        np.testing.assert_array_equal(one, np.where(area, other, np.nan))
    gain = found.places.barrier.link
    old = np.where(area, network.places.barrier.link, -1)
    for k, where in enumerate(position):
        np.testing.assert_array_equal(gain == k, old == where)
    ground = network.surface.values
    np.testing.assert_array_equal(found.surface.values, ground)
    areas = key_areas(found.places.pinch.current, cell_ha=0.09, resistance=ground, min_area_ha=1.0)
    np.testing.assert_array_equal(found.places.pinch_areas.labels, areas.labels)
    assert not found.places.pinch_areas.labels[~area].any()
    assert not found.places.barrier_areas.labels[~area].any()


def test_all_of_the_data_as_study_area_is_none(county, factors, network):
    found = build(county, factors, corrections={"hazards": county.hazard_density}, area=county.county)
    np.testing.assert_array_equal(found.sources.labels, network.sources.labels)
    np.testing.assert_array_equal(found.corridors.links.pairs, network.corridors.links.pairs)
    np.testing.assert_array_equal(found.places.pinch_areas.labels, network.places.pinch_areas.labels)
    np.testing.assert_array_equal(found.places.barrier_areas.labels, network.places.barrier_areas.labels)
    assert found.corridors.structure == network.corridors.structure


def test_an_area_without_corridors_is_refused(county, factors):
    area = np.zeros(county.grid.shape, dtype=bool)
    area[0, 0] = True
    with pytest.raises(InputError, match="No corridor runs through the study area"):
        build(county, factors, area=area)


def test_what_key_areas_carry(county, network):
    places, links = network.places, network.corridors.links
    paths = [path for path, active in zip(links.paths, links.active) if active]
    for areas, measures in (
        (places.pinch_areas, places.pinch_measures),
        (places.barrier_areas, places.barrier_measures),
    ):
        assert (measures.width <= measures.length).all()
        assert (measures.width * measures.length >= areas.area_ha * 10_000 * (1 - 1e-9)).all()
        edge = ndimage.binary_erosion(county.county, np.ones((3, 3)), iterations=5, border_value=0)
        near = [np.count_nonzero((areas.labels == k + 1) & ~edge) * 0.09 for k in range(areas.area_ha.size)]
        np.testing.assert_allclose(measures.edge_ha, near)
        # The cells of a path that an area holds, half a step to each side, but for steps from and to corners.
        for k, link in enumerate(measures.link):
            cells = [np.count_nonzero(areas.labels[path[:, 0], path[:, 1]] == k + 1) for path in paths]
            assert max(cells) == 0 or cells[link] >= max(cells) / np.sqrt(2.0) - 1
    for areas, measures, shares in (
        (places.pinch_areas, places.pinch_measures, network.pinch_by_grade),
        (places.barrier_areas, places.barrier_measures, network.barrier_by_grade),
    ):
        on_first = network.corridors.grade[measures.link] == 1
        assert shares.within(1, 1)[:2] == (on_first.sum(), pytest.approx(areas.area_ha[on_first].sum()))
        assert shares.within(1, 3)[2:] == (1.0, pytest.approx(1.0))
    both = (places.pinch_areas.labels > 0) & (places.barrier_areas.labels > 0)
    assert places.overlap.area_ha == pytest.approx(np.count_nonzero(both) * 0.09)
    resistance = network.surface.values
    for areas, rules, values, most in (
        (places.pinch_areas, places.pinch_rules, places.pinch.current, None),
        (places.barrier_areas, places.barrier_rules, places.barrier.score, 49 * 0.09),
    ):
        plain = key_areas(np.float32(values), cell_ha=0.09, min_area_ha=1.0, max_area_ha=most).labels > 0
        np.testing.assert_array_equal(rules.classes == 1, plain & (areas.labels > 0))
        np.testing.assert_array_equal(rules.classes == 2, ~plain & (areas.labels > 0))
        np.testing.assert_array_equal(rules.classes == 3, plain & (areas.labels == 0))
    assert np.isfinite(resistance[areas.labels > 0]).all()


def test_barriers_by_percent_of_centres_of_any_size(county, factors, network):
    options = replace(
        OPTIONS, keyareas=replace(OPTIONS.keyareas, rank=BarrierRank.PERCENT, centres=True, max_area_ha=0.0)
    )
    found = build(county, factors, options, corrections={"hazards": county.hazard_density})
    resistance, labels = found.surface.values, np.where(np.isnan(found.surface.values), 0, found.sources.labels)
    links = found.corridors.links
    score = barriers(
        *on(resistance, labels, links.pairs[links.active], CELL), radii=(60.0, 120.0), outside=False, centres=True
    )
    np.testing.assert_array_equal(found.places.barrier.percent, score.percent)
    areas = key_areas(np.float32(score.percent), cell_ha=0.09, resistance=resistance, min_area_ha=1.0)
    np.testing.assert_array_equal(found.places.barrier_areas.labels, areas.labels)
    whole = network.places.barrier.score
    assert np.count_nonzero(np.isfinite(found.places.barrier.score)) < np.count_nonzero(np.isfinite(whole))


def test_cancel_stops_at_once(county, factors):
    class Impatient(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        build(county, factors, monitor=Impatient())


def test_the_rules_are_compared_where_one_of_them_finds_nothing(county, factors, monkeypatch):
    """Current that is 1 A all along a path makes no classes, but its product with the resistance does."""
    from ecosecnet.core.planning import keyareastep

    def only_overlaid(*values, resistance, **options):
        if resistance is None:
            raise InputError("The values make no classes.")
        return key_areas(*values, resistance=resistance, **options)

    monkeypatch.setattr(keyareastep, "key_areas", only_overlaid)
    places = build(county, factors).places
    expected = np.where(places.pinch_areas.labels > 0, 2, 0)
    assert expected.any()
    np.testing.assert_array_equal(places.pinch_rules.classes, expected)
