"""A map against maps of chance: uniform p-values where chance made the map, ratios, counts and figures."""

import io
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from ecosecnet.core.choices import NullKind, Stage
from ecosecnet.core.decisions.nullmodel import CHUNK, Asked, Question, draw, draws, gini, measure, nullmodel, straight
from ecosecnet.core.decisions.nulls import shuffled_land
from ecosecnet.core.errors import InputError
from ecosecnet.core.keyareas.areas import key_areas
from ecosecnet.core.monitor import SILENT
from ecosecnet.core.spread import codec
from ecosecnet.core.spread.where import Where
from ecosecnet.core.stats import benjamini_hochberg
from scipy import ndimage

stats = pytest.importorskip("scipy.stats")


def landscape(seed=0, shape=(36, 44)):
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2.0)
    surface = np.array([1.0, 4.0, 9.0, 30.0])[np.digitize(field, np.quantile(field, [0.4, 0.7, 0.9]))]
    labels = np.zeros(shape, dtype=np.int32)
    labels[2:8, 2:8], labels[4:10, -8:-3], labels[-8:-3, 20:26] = 1, 2, 3
    return surface, labels


def asked(surface, labels, **chosen):
    given = {"kind": NullKind.LAND, "stage": Stage.PINCH_POINTS, "dispersal": 200.0, "seed": 4, **chosen}
    pairs = np.array([[1, 2], [1, 3], [2, 3]])
    return Question(surface, labels, pairs, np.full(3, 30.0), 10.0, 0.01, **given)


def test_values_at_the_rounding_of_the_solver_are_none_and_ties():
    """Where no current flows there is 0 on one computer and 1e-16 A on another."""
    surface, labels = landscape()
    question = asked(np.full_like(surface, 2.0), labels, kind=NullKind.UNIFORM)
    values, _ = measure(question, question.resistance, question.labels)
    cells = np.flatnonzero(labels.ravel() == 0)
    held = values.ravel()[cells]
    noise = 1e-13 * np.random.default_rng(1).random(held.size)
    there, here = (draws(Asked(question, cells, one), (0, 1), SILENT) for one in (held + noise, held))
    for one in (there, here):
        assert (one.reached == 1).all()
        assert not one.exceeded.any()


def test_counts_are_those_of_the_draws():
    """P-values, percentiles and ratios from the maps of the draws one by one."""
    question = asked(*landscape())
    found = nullmodel(question, runs=12)
    observed, figures = measure(question, question.resistance, question.labels)
    maps = np.array([draw(question, k)[0] for k in range(12)])
    where = (observed > 0) & (question.labels == 0)
    assert found.cells == np.count_nonzero(where)
    np.testing.assert_array_equal(~np.isnan(found.percentile), where)
    land = question.labels == 0
    np.testing.assert_array_equal(~np.isnan(found.p), land)
    assert found.tested == np.count_nonzero(land) > found.cells
    p = (1 + np.sum(maps >= observed * (1 - 1e-9), axis=0)) / 13
    np.testing.assert_allclose(found.p[land], p[land], rtol=1e-6)
    assert (found.p[land & ~where] == 1.0).all()
    below = np.mean(maps < observed * (1 - 1e-9), axis=0)
    assert (found.percentile[where] >= 100 * below[where] - 1e-4).all()
    mean = maps.mean(axis=0)
    met = where & (mean > 0)
    np.testing.assert_allclose(found.ratio[met], observed[met] / mean[met], rtol=1e-5)
    assert np.isnan(found.ratio[where & (mean == 0)]).all()
    assert [one.observed for one in found.figures] == figures.tolist()


def test_what_processes_are_given_arrives_as_it_is():
    question = asked(*landscape(), kind=NullKind.SCORES, radii=(20.0,), classes=np.zeros((36, 44), dtype=np.int32))
    sent = Asked(question, np.arange(4), np.ones(4))
    stream = io.BytesIO()
    codec.write(stream, sent)
    stream.seek(0)
    found = draws(codec.read(stream), (2, 4), SILENT)
    np.testing.assert_array_equal(found.figures, draws(sent, (2, 4), SILENT).figures)


@pytest.mark.slow
def test_any_number_of_processes_gives_the_same_bits():
    question = asked(*landscape(), stage=Stage.CORRIDORS)
    one, two = (nullmodel(question, runs=CHUNK + 2, where=Where(processes)) for processes in (1, 2))
    for name in ("p", "percentile", "ratio"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.figures[0].null, two.figures[0].null)


@pytest.mark.parametrize("stage", [Stage.CORRIDORS, Stage.PINCH_POINTS, Stage.BARRIERS])
def test_a_uniform_surface_is_its_own_uniform_null(stage):
    surface, labels = landscape()
    question = asked(np.full_like(surface, 7.0), labels, kind=NullKind.UNIFORM, stage=stage, radii=(20.0,))
    found = nullmodel(question)
    assert found.draws == 1
    np.testing.assert_array_equal(found.ratio[~np.isnan(found.ratio)], 1.0)
    assert (found.p[~np.isnan(found.p)] == 1.0).all()
    assert all(one.percentile == 50.0 for one in found.figures)


@pytest.mark.parametrize("seeds", [10, pytest.param(80, marks=pytest.mark.slow)])
def test_p_is_uniform_where_the_map_is_a_draw_itself(seeds):
    """The land of each seed is one that the null model could have made of the same land."""
    surface, _ = landscape(1, (24, 30))
    labels = np.zeros((24, 30), dtype=np.int32)
    labels[10:13, :3], labels[10:13, -3:] = 1, 2
    figures, small = [], []
    for seed in range(seeds):
        own = shuffled_land(surface, np.random.default_rng([99, seed]))
        question = replace(
            asked(own, labels, stage=Stage.CORRIDORS, seed=seed), pairs=np.array([[1, 2]]), limits=np.array([30.0])
        )
        found = nullmodel(question, runs=19)
        figures.append(found.figures[1].percentile / 100.0)
        small.append(np.mean(found.p[~np.isnan(found.p)] <= 0.1))
    assert stats.kstest(figures, "uniform").pvalue > 0.01
    # Of the cells with a value alone it would be far more: the map has chosen them.
    assert np.mean(small) <= 0.1


def test_a_narrow_corridor_that_chance_has_made_does_not_stand_out():
    """Corrected for its own cells alone, most of the path of this land would: each draw has its path elsewhere."""
    surface, _ = landscape(1, (40, 30))
    labels = np.zeros((40, 30), dtype=np.int32)
    labels[5:35, :2], labels[5:35, -2:] = 1, 2
    question = asked(shuffled_land(surface, np.random.default_rng(8)), labels, stage=Stage.CORRIDORS)
    found = nullmodel(replace(question, pairs=np.array([[1, 2]]), limits=np.array([1.0])), runs=59)
    own = found.p[~np.isnan(found.values)]
    assert np.count_nonzero(benjamini_hochberg(own) <= 0.05) > own.size / 3
    assert found.significant == 0


def test_a_corridor_of_good_land_stands_out_and_becomes_a_key_area():
    """A lane of resistance 1 that winds through a plain of 200."""
    surface, cols = np.full((7, 40), 200.0), np.arange(40)
    rows = np.rint(3.0 + 2.5 * np.sin(cols / 3.0)).astype(int)
    surface[rows, cols] = 1.0
    labels = np.zeros((7, 40), dtype=np.int32)
    labels[:, :2], labels[:, -2:] = 1, 2
    question = replace(asked(surface, labels), pairs=np.array([[1, 2]]), limits=np.array([1e4]))
    found = nullmodel(question, runs=159)
    lane = found.p[rows, cols][2:-2]
    assert np.allclose(lane, 1 / 160)
    assert found.significant == 36
    areas = key_areas(found.values, cell_ha=0.01, method="null model", p=found.p)
    assert np.count_nonzero(areas.labels) == found.significant
    assert (areas.labels[rows, cols][2:-2] > 0).all()
    cost = found.figures[1]
    assert cost.observed < np.nanmin(cost.null) / 2


def test_straight_lines_cost_what_they_cross():
    labels = np.zeros((5, 12), dtype=np.int32)
    labels[2, 0], labels[2, 11] = 1, 2
    surface = np.full((5, 12), 2.0)
    surface[1:4, 5] = 50.0
    question = replace(
        asked(surface, labels, kind=NullKind.LINE, stage=Stage.CORRIDORS),
        pairs=np.array([[1, 2]]),
        limits=np.array([5.0]),
    )
    values, figures = straight(question)
    assert np.argwhere(values).tolist() == [[2, k] for k in range(12)]
    assert figures[:2].tolist() == [110.0, 10.0 * (9 * 2.0 + 2 * 26.0)]
    with pytest.raises(InputError, match="Straight lines carry no current"):
        nullmodel(replace(question, stage=Stage.PINCH_POINTS))


def test_figures_are_those_of_networkx():
    question = asked(*landscape())
    _, (length, cost, equivalent, unequal) = measure(question, question.resistance, question.labels)
    from ecosecnet.core.corridors import find_links
    from ecosecnet.core.leastcost import CostFields, CostGraph

    fields = CostFields(CostGraph(question.resistance, cell_size=10.0), question.labels)
    links = find_links(fields, question.pairs, np.full(3, np.nan), drop_through_sources=False)
    assert (length, cost) == (links.length.sum(), links.cost.mean())
    graph = nx.Graph()
    for (a, b), one in zip(links.pairs.tolist(), links.cost.tolist()):
        graph.add_edge(a, b, cost=one, conductance=1 / one)
    shortest = dict(nx.all_pairs_dijkstra_path_length(graph, weight="cost"))
    area = np.bincount(question.labels.ravel())[1:] * 0.01
    total = sum(
        area[i - 1] * area[j - 1] * 0.5 ** (shortest[i][j] / question.dispersal) for i in (1, 2, 3) for j in (1, 2, 3)
    )
    assert equivalent == pytest.approx(np.sqrt(total))
    # That of networkx leaves out the ends of the pairs, ours counts 1 A for each of two pairs.
    central = nx.current_flow_betweenness_centrality(graph, normalized=False, weight="conductance")
    assert unequal == pytest.approx(gini(np.array([central[k] + 2 for k in (1, 2, 3)])))


def test_sources_that_cannot_be_linked_in_a_draw_make_no_value():
    """Two islands: moved, the sources may lie on different ones."""
    surface, labels = np.ones((40, 60)), np.zeros((40, 60), dtype=np.int32)
    surface[:, 29:31] = np.nan
    labels[18:22, 5:9], labels[18:22, 20:24] = 1, 2
    question = replace(asked(surface, labels, kind=NullKind.SOURCES), pairs=np.array([[1, 2]]), limits=np.array([20.0]))
    found = nullmodel(question, runs=25)
    held = found.figures[0].null
    assert 0 < np.isnan(held).sum() < 25
    assert np.nanmin(found.p) >= 1 / 26
