"""Scale, graticule and scale bar of a map."""

import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def page(layers):
    from ecosecnet.algorithms.support.sheets.figures import figures
    from ecosecnet.algorithms.support.sheets.layout import Page, template_of

    return lambda paper="A4", **change: Page(figures({**layers, **change})["resistance"], template_of(paper))


def test_the_scale_is_round_and_the_map_holds_the_area_with_a_margin(page):
    made = page()
    # 6000 m and 3 % on each side in the height of the map, 164 mm: 1 : 38 659 at least
    height = made.map.rect().height() / 1000.0
    assert made.map.scale() == pytest.approx(40_000, rel=1e-6)
    assert 6000 * 1.06 / height <= 40_000
    shown = made.map.extent()
    assert shown.center().x() == pytest.approx(503_000)
    assert shown.center().y() == pytest.approx(2_897_000)
    assert shown.height() == pytest.approx(40_000 * height)
    assert made.layout.itemById("scale").text().replace("\N{NARROW NO-BREAK SPACE}", " ") == "1 : 40 000"


def test_larger_paper_has_a_larger_scale(page):
    assert page("A3").map.scale() < page("A4").map.scale()


def test_the_graticule_has_lines_of_whole_minutes(page):
    made = page()
    (grid,) = made.map.grids().asList()
    assert grid.crs().isGeographic()
    minutes = 60.0 * grid.intervalX()
    assert minutes == pytest.approx(1.0)  # 6.4 km are 3.5 minutes of latitude
    assert grid.intervalY() == grid.intervalX()


def test_the_bar_is_as_long_as_it_says(page):
    made = page()
    bar = made.layout.itemById("scalebar")
    length = bar.unitsPerSegment() * bar.numberOfSegments() * (1000.0 if bar.unitLabel() == "km" else 1.0)
    assert bar.unitLabel() == "km"
    assert length == 2000.0  # of at most 51 mm, 2040 m, in two equal parts of 1, 2, 3, 4 or 5
    drawn = bar.mapUnitsPerScaleBarUnit() * length / made.map.scale() * 1000.0
    assert drawn == pytest.approx(50.0)
    assert drawn <= bar.maximumBarWidth()
    # with labels and unit it stays on the paper
    assert bar.mapRectToScene(bar.rect()).right() <= made.layout.pageCollection().page(0).rect().width() - 7


def test_steps_are_rounded_up_and_lengths_down():
    from ecosecnet.algorithms.support.sheets.frame import _LENGTHS, _SCALES, _round_down, _round_up

    assert [_round_up(v, _SCALES) for v in (99_999, 100_000, 100_001, 310_000)] == [100_000, 100_000, 125_000, 350_000]
    assert [_round_down(v, _LENGTHS) for v in (999, 1000, 2999, 8000)] == [500, 1000, 2000, 5000]
