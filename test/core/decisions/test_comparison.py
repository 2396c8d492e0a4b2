"""Two runs side by side: a run and itself, swapped runs, margins, and values of shapely-like closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from ecosecnet.core.choices import PersistenceOf
from ecosecnet.core.decisions import (
    NO_CHANGE_DATA,
    NO_DATA,
    Comparison,
    Measures,
    Paths,
    RunMaps,
    belt,
    indices,
    path_overlap,
    percent_change,
    persistence,
)
from ecosecnet.core.errors import InputError

HELD = Measures(30.0, 0.09, 60.0, 0.001, 300.0)


def case(name="first"):
    """Three sources in a row and the two links between neighbours."""
    labels = np.zeros((30, 90), dtype=np.int32)
    for k in range(3):
        labels[8:22, 4 + 32 * k : 18 + 32 * k] = k + 1
    way = [np.ravel_multi_index((np.full(20, 15), np.arange(17 + 32 * k, 37 + 32 * k)), labels.shape) for k in range(2)]
    rng = np.random.default_rng(3)
    mspa = rng.integers(0, 8, labels.shape)
    mspa[0, :5] = NO_DATA
    pinch = np.zeros(labels.shape, dtype=np.int32)
    pinch[14:17, 24:28], pinch[14:17, 60:63] = 1, 2
    return RunMaps(
        name,
        labels,
        3,
        np.array([[0, 1], [1, 2]]),
        np.array([600.0, 900.0]),
        np.array([600.0, 600.0]),
        Paths(way, labels.shape),
        {"MSPA": mspa},
        {"resistance": rng.random(labels.shape).astype(np.float32)},
        {"pinch points": pinch},
        {"pinch points": 2},
    )


def without_the_third(name="second"):
    run = case(name)
    rng = np.random.default_rng(4)
    return replace(
        run,
        labels=np.where(run.labels == 3, 0, run.labels),
        count=2,
        pairs=run.pairs[:1],
        cost=run.cost[:1],
        length=run.length[:1],
        paths=Paths(run.paths.cells[:1], run.paths.shape),
        classes={"MSPA": rng.integers(0, 8, run.labels.shape)},
        surfaces={"resistance": run.surfaces["resistance"] + 1},
        areas={"pinch points": np.where(run.areas["pinch points"] == 2, 0, run.areas["pinch points"])},
        area_counts={"pinch points": 1},
    )


def test_a_run_against_itself_has_changed_nothing():
    found = Comparison(case(), case(), HELD)
    assert set(found.sources.fate) == {"persistent"}
    assert [(one.change, one.jaccard, one.distance) for one in found.links] == [("persistent", 1.0, 0.0)] * 2
    assert found.corridor_jaccard == 1.0
    assert not found.difference("resistance").any()
    moved = found.transition("MSPA").cells
    assert (moved == np.diag(np.diag(moved))).all()
    areas = found.areas("pinch points")
    assert (areas.kept, areas.lost, areas.new, areas.jaccard, areas.lost_ha, areas.new_ha) == (2, 0, 0, 1.0, 0, 0)
    first = indices(case(), HELD)
    assert percent_change(first.equivalent, indices(case(), HELD).equivalent) == 0.0
    assert set(np.unique(persistence([case(), case()], HELD))) == {0.0, 1.0}


def test_one_deleted_source_takes_its_links_and_leaves_the_others():
    found = Comparison(case(), without_the_third(), HELD)
    assert found.sources.fate == ("persistent", "persistent", "lost")
    assert [(one.change, one.why) for one in found.links] == [("persistent", ""), ("lost", "a source is lost")]
    areas = found.areas("pinch points")
    assert (areas.kept, areas.lost, areas.new) == (1, 1, 0)
    assert areas.lost_ha == pytest.approx(9 * 0.09)


def test_a_link_between_two_sources_that_stay_can_go():
    run = case()
    fewer = replace(run, pairs=run.pairs[:1], cost=run.cost[:1], length=run.length[:1], paths=without_the_third().paths)
    found = Comparison(run, fewer, HELD)
    assert [one.why for one in found.links] == ["", "the sources are no longer linked"]
    assert [one.why for one in Comparison(fewer, run, HELD).links] == ["", "the sources were not linked"]


def test_links_of_a_source_that_is_split_stay_with_the_part_that_is_most_alike():
    run = case()
    labels = run.labels.copy()
    labels[:, 41:43] = 0
    labels[8:22, 43:50] = 4
    after = replace(
        run,
        labels=labels,
        count=4,
        pairs=np.array([[0, 1], [1, 3], [2, 3]]),
        cost=np.array([600.0, 60.0, 900.0]),
        length=np.array([600.0, 60.0, 600.0]),
        paths=Paths([run.paths.cells[0], np.array([15 * 90 + 41]), run.paths.cells[1]], labels.shape),
    )
    found = Comparison(run, after, HELD)
    assert found.sources.fate == ("persistent", "split", "persistent")
    assert [(one.change, one.after, one.why) for one in found.links] == [
        ("persistent", 0, ""),
        ("persistent", 2, ""),
        ("new", 1, "both ends are in one source"),
    ]


def test_swapped_runs_turn_signs_and_transpose_the_matrix():
    there, back = (Comparison(*pair, HELD) for pair in ((case(), without_the_third()), (without_the_third(), case())))
    assert (there.difference("resistance") == -back.difference("resistance")).all()
    assert (there.transition("MSPA").cells == back.transition("MSPA").cells.T).all()
    assert back.sources.count("new") == there.sources.count("lost") == 1
    assert back.link_count("new") == there.link_count("lost") == 1
    assert there.corridor_jaccard == back.corridor_jaccard < 1
    assert there.areas("pinch points").lost_ha == back.areas("pinch points").new_ha > 0
    change, other = there.class_change("MSPA"), back.class_change("MSPA")
    known = change != NO_CHANGE_DATA
    assert (change[known] // 10 == other[known] % 10).all()


def test_margins_of_the_matrix_are_both_totals():
    found = Comparison(case(), without_the_third(), HELD).transition("MSPA")
    for run, sums in ((case(), found.cells.sum(axis=1)), (without_the_third(), found.cells.sum(axis=0))):
        totals = [np.count_nonzero(run.classes["MSPA"] == one) * HELD.cell_ha for one in found.classes]
        assert np.abs(sums * HELD.cell_ha - totals).max() <= 1e-9
    assert found.classes[-1] == NO_DATA


def test_indices_are_the_closed_forms_of_a_row_of_three():
    found, run = indices(case(), HELD), case()
    hectares = 14 * 14 * 0.09
    p = np.exp(-0.001 * np.array([600.0, 900.0, 1500.0]))
    total = hectares**2 * (3 + 2 * p.sum())
    assert found.equivalent == pytest.approx(np.sqrt(total))
    assert found.pc == pytest.approx(total / 300.0**2)
    assert found.efficiency == pytest.approx(2 * (1 / 600 + 1 / 900 + 1 / 1500) / 6)
    assert (found.components, found.alpha, found.gamma) == (1, 0.0, pytest.approx(2 / 3))
    assert found.mean_resistance == pytest.approx(float(run.surfaces["resistance"].astype(float).mean()))
    assert (found.pinch_count, found.pinch_ha) == (2, pytest.approx(21 * 0.09))
    assert np.isnan(found.barrier_count)


def test_equal_growth_of_all_sources_without_distance_is_no_change_of_connection():
    """Saura et al. 2011: dEC = dA where the connection has not changed."""
    run = replace(case(), cost=np.full(2, 1e-9))
    more = run.labels.copy()
    for k in range(3):
        more[22:25, 4 + 32 * k : 18 + 32 * k] = k + 1
    first, second = indices(run, HELD), indices(replace(run, labels=more), HELD)
    grown = percent_change(first.source_ha, second.source_ha)
    assert grown == pytest.approx(100 * 3 / 14)
    assert percent_change(first.equivalent, second.equivalent) == pytest.approx(grown)


def test_two_lines_side_by_side_overlap_as_far_as_their_belts_do():
    shape = (40, 50)
    first, second = (np.ravel_multi_index((np.full(50, row), np.arange(50)), shape) for row in (10, 14))
    jaccard, distance = path_overlap(first, second, shape, cell_size=30.0, width=90.0)
    assert distance == pytest.approx(120.0)
    assert jaccard == pytest.approx(3 / 11)  # rows 7 .. 13 and 11 .. 17
    assert path_overlap(first, second, shape, cell_size=30.0, width=30.0)[0] == 0.0


def test_belts_and_shares():
    inside = belt(Paths([np.array([22])], (5, 9)), cell_size=30.0, width=60.0)
    assert inside.sum() == 13
    runs = [case(), without_the_third()]
    share = persistence(runs, HELD, PersistenceOf.SOURCES)
    assert set(np.unique(share[case().labels == 3])) == {0.5}
    assert set(np.unique(share[case().labels == 1])) == {1.0}
    keys = persistence(runs, HELD, PersistenceOf.KEY_AREAS)
    assert (keys == 0.5).sum() == 9
    assert (keys == 1).sum() == 12
    network = persistence(runs, HELD)
    assert (network >= np.maximum(share, keys)).all()


def test_networks_without_links_have_indices_too():
    run = replace(
        case(), pairs=np.empty((0, 2), dtype=int), cost=np.empty(0), length=np.empty(0), paths=Paths([], (30, 90))
    )
    found = indices(run, HELD)
    assert (found.components, found.efficiency, str(found.mean_cost)) == (3, 0.0, "nan")
    assert Comparison(run, run, HELD).corridor_jaccard == 1.0
    assert [one.change for one in Comparison(run, case(), HELD).links] == ["new", "new"]


def test_other_grids_are_refused():
    other = replace(case("x"), labels=np.zeros((3, 3), dtype=np.int32))
    with pytest.raises(InputError, match="different grids"):
        Comparison(case(), other, HELD)


def test_links_that_are_not_known_are_neither_lost_nor_none():
    run = case()
    nothing = {"pairs": run.pairs[:0], "cost": run.cost[:0], "length": run.length[:0], "paths": Paths([], (30, 90))}
    dark = replace(run, linked=False, **nothing)
    for found in (Comparison(run, dark, HELD), Comparison(dark, run, HELD)):
        assert (found.linked, found.links, found.link_count("lost"), found.link_count("new")) == (False, [], None, None)
        assert np.isnan(found.corridor_jaccard)
        assert set(found.sources.fate) == {"persistent"}
    known, unknown = indices(run, HELD), indices(dark, HELD)
    assert (unknown.source_ha, unknown.mean_resistance) == (known.source_ha, known.mean_resistance)
    assert np.isnan([unknown.link_count, unknown.equivalent, unknown.components, unknown.robustness]).all()
    assert np.isnan(percent_change(known.equivalent, unknown.equivalent))


def test_areas_that_have_no_cell_are_lost_in_no_comparison():
    run = replace(case(), area_counts={"pinch points": 5})
    areas = Comparison(run, run, HELD).areas("pinch points")
    assert (areas.kept, areas.lost, areas.new) == (2, 0, 0)


def test_a_link_between_sources_that_are_regrouped_stays():
    labels = np.zeros((4, 12), dtype=np.int32)
    labels[:, 0:4], labels[:, 8:12] = 1, 2
    moved = np.zeros_like(labels)
    moved[0], moved[1:, 8:12] = labels[0] > 0, 2  # a row of both, and the rest of the second
    way = Paths([np.array([16, 17, 18, 19])], labels.shape)
    base = replace(
        case(),
        labels=labels,
        count=2,
        pairs=np.array([[0, 1]]),
        cost=np.array([5.0]),
        length=np.array([9.0]),
        paths=way,
        classes={},
        surfaces={},
        areas={},
        area_counts={},
    )
    after = replace(base, labels=moved)
    found = Comparison(base, after, HELD)
    assert found.sources.fate == ("regrouped",)
    assert [(one.change, one.jaccard) for one in found.links] == [("persistent", 1.0)]
    cut = replace(
        after, pairs=base.pairs[:0], cost=base.cost[:0], length=base.length[:0], paths=Paths([], labels.shape)
    )
    assert [(one.change, one.why) for one in Comparison(base, cut, HELD).links] == [
        ("lost", "the sources are no longer linked")
    ]
