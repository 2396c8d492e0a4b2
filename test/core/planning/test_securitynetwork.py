"""The whole method on a small county equals its steps done one by one, and says why when a step has nothing to do."""

from dataclasses import replace

import numpy as np
import pytest
from ecosecnet.core.connectivity import PatchGraph, dispersal_rate, node_importance
from ecosecnet.core.errors import InputError, OperationCancelled
from ecosecnet.core.keyareas.areas import key_areas
from ecosecnet.core.keyareas.barriers import barriers
from ecosecnet.core.keyareas.pinchpoints import pinchpoints
from ecosecnet.core.landscapes import karst_county
from ecosecnet.core.landscapes.lines import burnt
from ecosecnet.core.monitor import Monitor
from ecosecnet.core.mspa import mspa
from ecosecnet.core.network.centrality import current_flow
from ecosecnet.core.planning.results import Options
from ecosecnet.core.planning.securitynetwork import security_network
from ecosecnet.core.resistance.presets import liuzhi_corrected
from ecosecnet.core.resistance.scoring import distance_to
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


OPTIONS = Options(foreground=[(1, 2), (6, 6)], min_area_ha=10.0, dispersal=600.0, cutoff=300.0, radii=(60.0, 120.0))


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
    same = build(county, factors, replace(OPTIONS, min_dpc=least)).sources
    assert same.area_ha.size == network.sources.area_ha.size
    fewer = build(county, factors, replace(OPTIONS, min_dpc=float(np.nextafter(least, np.inf)))).sources
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
    areas = key_areas(pinch.current, cell_ha=0.09, resistance=resistance, min_area_ha=1.0)
    np.testing.assert_array_equal(network.places.pinch_areas.labels, areas.labels)
    score = barriers(*on(resistance, labels, links.pairs[active], CELL), radii=(60.0, 120.0), outside=False)
    np.testing.assert_array_equal(network.places.barrier.score, score.score)
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
    with pytest.raises(InputError, match="at least two factors with data"):
        build(county, {"Land use": factors["Land use"]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"min_dpc": 100.0}, "has a dPC of 100 % or more"),
        ({"min_area_ha": 1e6}, "Lower the smallest area"),
        ({"foreground": []}, "No foreground values"),
    ],
)
def test_a_step_without_anything_says_what_to_do(county, factors, change, message):
    with pytest.raises(InputError, match=message):
        build(county, factors, replace(OPTIONS, **change))


def test_cancel_stops_at_once(county, factors):
    class Impatient(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        build(county, factors, monitor=Impatient())
