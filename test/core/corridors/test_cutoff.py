"""The cutoff of corridors in every unit equals what paths and fields say; what is said of belts that are off mends them."""

import re
from dataclasses import replace

import numpy as np
import pytest
from ecosecnet.core.choices import CutoffRule
from ecosecnet.core.corridors.adjacency import find_pairs
from ecosecnet.core.corridors.belts import MOST, NARROW, belt_advice
from ecosecnet.core.corridors.cutoff import Cutoff, cutoffs, foresee, mean_resistance, stated
from ecosecnet.core.corridors.linkages import find_links, outside_length
from ecosecnet.core.corridors.normalised import corridors
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.cutoffs import corridor_belt
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph
from ecosecnet.core.leastcost.links import LinkKind, Links
from scipy import ndimage

CELL = 30.0


def county(low, high, seed=3, size=120, count=6):
    """Return a surface of patches of whole resistances, and sources on it."""
    rng = np.random.default_rng(seed)
    rough = ndimage.gaussian_filter(rng.normal(size=(size, size)), 3)
    ranks = np.argsort(np.argsort(rough, axis=None)).reshape(rough.shape) / rough.size
    resistance = np.ceil(low + ranks * (high - low))
    resistance[:4, 50:70] = np.nan
    labels = np.zeros((size, size), dtype=np.int32)
    for label, (row, col) in enumerate(rng.integers(5, size - 12, (count, 2)), start=1):
        labels[row : row + 6, col : col + 6] = label
    resistance[labels > 0] = low
    return resistance, labels


def network(resistance, labels, cutoff=None):
    fields = CostFields(CostGraph(resistance, cell_size=CELL), labels)
    pairs = find_pairs(fields).pairs
    apart = np.full(len(pairs), 1.0)
    if cutoff is not None:
        centres = np.array(ndimage.center_of_mass(labels > 0, labels, range(1, labels.max() + 1))) * CELL
        apart = np.hypot(*(centres[pairs[:, 0] - 1] - centres[pairs[:, 1] - 1]).T) - 6 * CELL
        foresee(fields, pairs, apart, cutoff)
    return fields, find_links(fields, pairs, apart)


def along(path, resistance):
    """Return cost and length of a path, step by step."""
    steps = np.hypot(*np.diff(path, axis=0).T) * CELL
    values = resistance[tuple(path.T)]
    return float((0.5 * (values[1:] + values[:-1]) * steps).sum()), float(steps.sum())


def belt_of(fields, links, cutoff):
    limits = cutoffs(fields, links, cutoff)
    return limits, corridor_belt(fields, links, cutoff=limits)


def cover(fields, belt):
    land = (fields.labels == 0) & ~np.isnan(fields.graph.resistance)
    return np.count_nonzero(belt & land) / np.count_nonzero(land)


def width(fields, links, limits):
    """Return the mean width of the corridors in cells."""
    cells = 0
    for corridor in corridors(fields, links, cutoff=limits):
        ends = fields.labels[corridor.rows, corridor.cols]
        cells += np.count_nonzero(~np.isnan(corridor.excess) & ~np.isin(ends, links.pairs[corridor.index]))
    return cells * CELL / sum(outside_length(links.paths[k], CELL) for k in np.flatnonzero(links.active))


def test_mean_resistance_is_that_of_the_cells_on_the_paths():
    resistance, labels = county(1, 9)
    _, links = network(resistance, labels)
    cost, length = np.sum([along(links.paths[k], resistance) for k in np.flatnonzero(links.active)], axis=0)
    assert mean_resistance(links) == pytest.approx(cost / length, rel=1e-9)
    # Dropped links do not count, nor those without a way.
    assert not links.active.all()
    kept = np.flatnonzero(links.active)
    apart = replace(links, cost=np.where(np.arange(len(links.cost)) == kept[0], np.inf, links.cost))
    cost, length = np.sum([along(links.paths[k], resistance) for k in kept[1:]], axis=0)
    assert mean_resistance(apart) == pytest.approx(cost / length, rel=1e-9)


def test_metres_make_the_same_belt_whatever_the_scale_of_the_resistance():
    resistance, labels = county(1, 9)
    belts = []
    for scale in (1.0, 44.0):
        fields, links = network(scale * resistance, labels)
        limits, belt = belt_of(fields, links, Cutoff(400.0))
        np.testing.assert_allclose(limits, 400.0 * mean_resistance(links))
        belts.append(belt)
    np.testing.assert_array_equal(*belts)


def test_each_rule_gives_its_own_cutoffs():
    fields, links = network(*county(1, 9))
    cost = links.cost[links.active]
    np.testing.assert_allclose(cutoffs(fields, links, Cutoff(0.07, CutoffRule.SHARE)), 0.07 * cost)
    np.testing.assert_array_equal(cutoffs(fields, links, Cutoff(700.0, CutoffRule.COST)), np.full(cost.size, 700.0))
    wanted = {c.index: c.cutoff for c in corridors(fields, links, width=150.0)}
    found = cutoffs(fields, links, Cutoff(150.0, CutoffRule.WIDTH))
    assert dict(zip(np.flatnonzero(links.active).tolist(), found.tolist())) == wanted
    assert "0.07" not in stated(Cutoff(0.07, CutoffRule.SHARE), 0.07 * cost, links)
    assert "7 % of the least-cost distance" in stated(Cutoff(0.07, CutoffRule.SHARE), 0.07 * cost, links)
    assert f"{mean_resistance(links):.4g}" in stated(Cutoff(), cutoffs(fields, links, Cutoff()), links)


def test_links_without_a_way_have_no_cutoff():
    resistance, labels = county(1, 9)
    resistance[ndimage.binary_dilation(labels == 6, np.ones((3, 3))) & (labels != 6)] = np.nan
    fields = CostFields(CostGraph(resistance, cell_size=CELL), np.where(np.isnan(resistance), 0, labels))
    every = np.column_stack(np.triu_indices(int(labels.max()), 1)) + 1
    links = find_links(fields, every, np.zeros(len(every)))
    cut = links.kind == LinkKind.CUT_OFF
    assert cut.any()
    links = replace(links, kind=np.where(cut, LinkKind.ADJACENT, links.kind))
    for rule in (CutoffRule.SHARE, CutoffRule.WIDTH):
        found = cutoffs(fields, links, Cutoff(100.0, rule))
        assert (found[cut[links.active]] == 0).all()
        assert (found[~cut[links.active]] > 0).all()


@pytest.mark.parametrize(
    "cutoff", [Cutoff(900.0), Cutoff(4000.0, CutoffRule.COST), Cutoff(0.2, CutoffRule.SHARE)], ids=lambda c: c.rule.name
)
def test_what_is_foreseen_searches_each_source_once(cutoff):
    fields, links = network(*county(1, 9), cutoff=cutoff)
    searched = fields.searches
    assert searched <= int(fields.labels.max())
    assert any(True for _ in corridors(fields, links, cutoff=cutoffs(fields, links, cutoff)))
    assert fields.searches <= int(fields.labels.max())
    # Without it they are searched again, so that this test can fail.
    fields, links = network(*county(1, 9))
    list(corridors(fields, links, cutoff=cutoffs(fields, links, cutoff)))
    assert fields.searches > int(fields.labels.max())


def test_the_number_of_the_method_ends_where_a_third_of_the_land_is_covered():
    fields, links = network(*county(1, 9))
    asked, limited = Cutoff(3000.0), Cutoff(3000.0, limited=True)
    limits, belt = belt_of(fields, links, limited)
    assert 0.9 * MOST < cover(fields, belt) <= MOST < cover(fields, belt_of(fields, links, asked)[1])
    assert belt_advice(fields, links, limited, limits, belt) == ""
    assert f"{limits[0]:,.6g} cost units" in stated(limited, limits, links)
    more = float(f"{3000 * mean_resistance(links):.4g}")
    assert f"would be {more:,.6g} and cover more" in stated(limited, limits, links)
    # The next number of three figures is too much.
    step = 10.0 ** (np.floor(np.log10(limits[0])) - 2)
    assert cover(fields, belt_of(fields, links, Cutoff(limits[0] + step, CutoffRule.COST))[1]) > MOST
    # Where there is room it is the whole number.
    narrow = Cutoff(100.0, limited=True)
    np.testing.assert_array_equal(cutoffs(fields, links, narrow), cutoffs(fields, links, Cutoff(100.0)))
    assert "make" in stated(narrow, cutoffs(fields, links, narrow), links)


@pytest.mark.parametrize("rule", list(CutoffRule), ids=lambda rule: rule.name)
def test_the_proposal_for_wide_belts_covers_at_most_a_third(rule):
    fields, links = network(*county(1, 9))
    value = {CutoffRule.METRES: 3000.0, CutoffRule.COST: 9000.0, CutoffRule.SHARE: 2.0, CutoffRule.WIDTH: 3000.0}[rule]
    cutoff = Cutoff(value, rule)
    limits, belt = belt_of(fields, links, cutoff)
    assert cover(fields, belt) > MOST
    said = belt_advice(fields, links, cutoff, limits, belt)
    assert f"cover {100 * cover(fields, belt):.0f} % of the land" in said
    proposals = [(float(re.search(r"CUTOFF = (\S+)", said)[1]), CutoffRule.COST if rule is CutoffRule.METRES else rule)]
    if rule is CutoffRule.METRES:
        proposals.append((float(re.search(r"(\S+) m times", said)[1]), rule))
    for value, unit in proposals:
        better = Cutoff(value, unit)
        limits, belt = belt_of(fields, links, better)
        share = cover(fields, belt)
        assert 0.9 * MOST < share <= MOST
        assert belt_advice(fields, links, better, limits, belt) == ""
        assert f"makes it {100 * share:.0f} %" in said or unit is CutoffRule.WIDTH


@pytest.mark.parametrize("rule", list(CutoffRule), ids=lambda rule: rule.name)
def test_the_proposal_for_narrow_belts_is_two_cells_wide(rule):
    fields, links = network(*county(4, 396))
    value = {CutoffRule.METRES: 1.0, CutoffRule.COST: 150.0, CutoffRule.SHARE: 1e-4, CutoffRule.WIDTH: 20.0}[rule]
    cutoff = Cutoff(value, rule)
    limits, belt = belt_of(fields, links, cutoff)
    assert width(fields, links, limits) < NARROW
    said = belt_advice(fields, links, cutoff, limits, belt)
    assert float(re.search(r"are (\S+) cells wide", said)[1]) == pytest.approx(width(fields, links, limits), rel=0.03)
    proposals = [(float(re.search(r"CUTOFF = (\S+)", said)[1]), CutoffRule.COST if rule is CutoffRule.METRES else rule)]
    if rule is CutoffRule.METRES:
        proposals.append((float(re.search(r"(\S+) m times", said)[1]), rule))
    for value, unit in proposals:
        better = Cutoff(value, unit)
        limits, belt = belt_of(fields, links, better)
        assert width(fields, links, limits) >= 1.98
        assert belt_advice(fields, links, better, limits, belt) == ""


def test_nothing_is_said_of_belts_that_are_as_they_should_be_or_asked_for():
    fields, links = network(*county(1, 9))
    for cutoff in (Cutoff(100.0), Cutoff(0.0, CutoffRule.COST)):
        limits, belt = belt_of(fields, links, cutoff)
        assert belt_advice(fields, links, cutoff, limits, belt) == ""


def test_paths_that_cover_too_much_and_land_without_room_are_said():
    labels = np.array([[1, 0, 0, 2]], dtype=np.int32)
    fields = CostFields(CostGraph(np.ones((1, 4)), cell_size=CELL), labels)
    links = find_links(fields, np.array([[1, 2]]), np.array([60.0]))
    limits, belt = belt_of(fields, links, Cutoff())
    assert "use smaller cells or fewer links" in belt_advice(fields, links, Cutoff(), limits, belt)
    np.testing.assert_array_equal(cutoffs(fields, links, Cutoff(limited=True)), limits)
    # A strip one cell wide beside much land that is walled off.
    resistance = np.full((9, 12), np.nan)
    resistance[0], resistance[3:] = 1.0, 1.0
    labels = np.zeros((9, 12), dtype=np.int32)
    labels[0, [0, 11]] = 1, 2
    fields = CostFields(CostGraph(resistance, cell_size=CELL), labels)
    links = find_links(fields, np.array([[1, 2]]), np.array([300.0]))
    limits, belt = belt_of(fields, links, Cutoff())
    assert "no land for wider ones" in belt_advice(fields, links, Cutoff(), limits, belt)


def test_refuses():
    for value in (-1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="must be a number of 0 or more"):
            Cutoff(value)
    with pytest.raises(InputError, match="width of the corridors is 0"):
        Cutoff(0.0, CutoffRule.WIDTH)
    fields, _ = network(*county(1, 9))
    for rule in (CutoffRule.METRES, CutoffRule.SHARE, CutoffRule.WIDTH):
        with pytest.raises(InputError, match="carry no least-cost distances"):
            cutoffs(fields, Links.between([[1, 2]]), Cutoff(1.0, rule))
