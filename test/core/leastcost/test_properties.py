"""Properties of least-cost distances and links on surfaces that hypothesis draws."""

import numpy as np
import pytest
from ecosecnet.core.leastcost import blocks, dial
from ecosecnet.core.leastcost import graph as costgraph
from ecosecnet.core.leastcost.fields import CostFields
from ecosecnet.core.leastcost.graph import CostGraph

hypothesis = pytest.importorskip("hypothesis")
npst = pytest.importorskip("hypothesis.extra.numpy")
st = hypothesis.strategies
quick = hypothesis.settings(max_examples=60, deadline=None, derandomize=True)

VALUES = st.sampled_from([np.nan, 0.25, 1.0, 1.0, 3.0, 7.5, 100.0, 5000.0])
SHAPES = st.tuples(st.integers(1, 9), st.integers(2, 9))


@st.composite
def surfaces(draw):
    """Draw a surface and two to four sources of one to three passable cells."""
    resistance = draw(npst.arrays(np.float64, draw(SHAPES), elements=VALUES))
    passable = np.flatnonzero(~np.isnan(resistance)).tolist()
    hypothesis.assume(len(passable) >= 4)
    cells = draw(st.permutations(passable))[: draw(st.integers(2, 8))]
    labels = np.zeros(resistance.size, dtype=np.int32)
    labels[cells] = 1 + np.arange(len(cells)) % draw(st.integers(2, min(4, len(cells))))
    return resistance, labels.reshape(resistance.shape)


def all_pairs(labels):
    count = int(labels.max())
    return np.column_stack(np.triu_indices(count, k=1)) + 1


@quick
@hypothesis.given(surfaces())
def test_there_costs_as_much_as_back(drawn):
    resistance, labels = drawn
    graph = CostGraph(resistance)
    there, back = (graph.cost_from(labels == here)[labels == end].min() for here, end in ((1, 2), (2, 1)))
    assert there == pytest.approx(back, rel=1e-12)


@quick
@hypothesis.given(surfaces(), st.data())
def test_more_resistance_never_costs_less(drawn, data):
    resistance, labels = drawn
    more = data.draw(npst.arrays(np.float64, resistance.shape, elements=st.sampled_from([0.0, 0.5, 40.0])))
    before, after = (CostGraph(r).cost_from(labels == 1) for r in (resistance, resistance + more))
    assert (after >= before).all()


@quick
@hypothesis.given(surfaces(), st.integers(0, 3), st.booleans())
def test_turned_and_flipped_maps_have_the_same_links(drawn, turns, flip):
    resistance, labels = drawn
    hypothesis.assume(turns or flip)
    pairs = all_pairs(labels)

    def costs(*maps):
        return [link.least for link in CostFields(CostGraph(maps[0]), maps[1]).along(pairs, slack=5.0)]

    def moved(array):
        array = np.rot90(array, turns)
        return np.ascontiguousarray(array[:, ::-1] if flip else array)

    np.testing.assert_allclose(costs(moved(resistance), moved(labels)), costs(resistance, labels), rtol=1e-12)


@pytest.mark.parametrize("search", ["scipy", "blocks", "numba"])
@quick
@hypothesis.given(surfaces(), st.sampled_from([0.0, 2.0, 300.0, np.inf]))
def test_links_and_corridors_are_those_of_full_searches(search, drawn, slack):
    if search == "numba" and not dial.available():
        pytest.skip("needs numba")
    resistance, labels = drawn
    with pytest.MonkeyPatch.context() as patch:
        if search == "blocks":
            patch.setattr(costgraph, "_WHOLE_MOST", 0)
            patch.setattr(blocks, "_EDGE", 3)
        graph = CostGraph(resistance, cell_size=3.0, accelerate=search == "numba")
        check_links(graph, resistance, labels, slack)


def check_links(graph, resistance, labels, slack):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costgraph, "_WHOLE_MOST", np.inf)
        whole = CostGraph(resistance, cell_size=3.0, accelerate=False)
    full = {label: whole.cost_from(labels == label) for label in (1, 2)}
    pairs = all_pairs(labels)
    least = full[1][labels == 2].min()
    store = CostFields(graph, labels)
    store.field(1, pairs[pairs[:, 0] == 1, 1].tolist())
    assert store.least(2, 1) == least
    link = next(CostFields(graph, labels).along(pairs, slack=slack))
    assert link.least == least
    total = full[1] + full[2]
    got = np.full(total.shape, np.inf)
    got[link.rows, link.cols] = link.cost_a + link.cost_b
    inside = (total <= least + slack) & np.isfinite(total)
    assert np.array_equal(got[inside], total[inside])
    assert (got[~inside] >= total[~inside]).all()
