"""Flows between classes: everything lies on the figure, however many classes and however long their names."""

import re

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.mark.parametrize("count", [2, 8, 73, 200])
def test_all_bars_lie_on_the_figure(qgis, count):
    from ecosecnet.algorithms.support.reports.sankey import sankey

    flows = np.random.default_rng(count).uniform(0.0, 9.0, (count, count))
    names = [f"class {k}" for k in range(count)]
    page = sankey(names, [(9, 9, 9)] * count, flows, ("before", "after"), "Flows")
    bottom = float(re.search(r"viewBox='0 0 \d+ (\d+)'", page).group(1))
    bars = [
        (float(y), float(high)) for y, high in re.findall(r"<rect x='\d+' y='(\S+)' width='\d+' height='(\S+)'", page)
    ]
    assert len(bars) == 2 * count
    assert all(high > 0.0 and y >= 0.0 and y + high <= bottom for y, high in bars)
    sums = np.concatenate([flows.sum(axis=1), flows.sum(axis=0)])
    heights = np.array([high for _, high in bars])
    assert heights == pytest.approx(sums * heights.sum() / sums.sum(), abs=0.11)


def test_long_names_end_before_the_figure_does(qgis):
    from ecosecnet.algorithms.support.reports.sankey import sankey

    name, run = "Urban, villages, industry and mining of all kinds", "生态保护优先情景下二〇三五年土地利用模拟结果"
    page = sankey([name, "林地"], [(9, 9, 9)] * 2, np.eye(2) * 5000.0, (run, "now"), "Flows")
    labels = re.findall(r"<text [^>]*>([^<]*)</text>", page)
    assert "now" in labels
    assert "林地 5,000" in labels
    assert f"<title>{name}: 5,000.00 ha</title>" in page  # in full where the mouse is
    cut = [one for one in labels if "…" in one]
    assert len(cut) == 3
    assert all(7 * sum(2 if ord(letter) > 0x2E80 else 1 for letter in one) <= 190 for one in cut)
