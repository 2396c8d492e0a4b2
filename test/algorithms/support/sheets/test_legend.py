"""What the legend of a map lists, and that it stays in its frame."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def page(qgis):
    from ecosecnet.algorithms.support.sheets.description import Sheet
    from ecosecnet.algorithms.support.sheets.layout import FIGURE, Page

    return lambda *layers, **more: Page(Sheet("x", "X", layers), FIGURE, **more)


def entries(made):
    """Return the headings of a legend, each with its entries."""
    model = made.layout.itemById("legend").model()
    return {
        node.name(): [entry.data(0) for entry in model.layerLegendNodes(node) if entry.data(0)]
        for node in model.rootGroup().findLayers()
    }


def classes(raster, count, held):
    from ecosecnet.algorithms.support.run import styling
    from ecosecnet.algorithms.support.sheets.description import Drawn

    path = raster("classes", np.resize(np.array(held, "u1"), (60, 60)))
    table = [(k, f"Class number {k}", (k % 256, 90, 120)) for k in range(1, count + 1)]
    return Drawn(path, "Classes", styling.classes(table))


def test_only_classes_that_occur_are_listed(page, raster):
    made = page(classes(raster, 23, [3, 7, 17]))
    assert entries(made) == {"Classes": ["Class number 3", "Class number 7", "Class number 17"]}
    assert made.left_out == 0


def test_a_long_legend_gets_columns_and_stays_in_its_frame(page, raster):
    from qgis.core import QgsLegendRenderer

    made = page(classes(raster, 40, range(1, 41)))
    legend = made.layout.itemById("legend")
    size = QgsLegendRenderer(legend.model(), legend.legendSettings()).minimumSize()
    assert len(entries(made)["Classes"]) + made.left_out == 40
    assert size.height() <= legend.rect().height()
    assert legend.columnCount() > 1 or made.left_out > 0


def test_a_legend_without_end_is_cut_and_says_so(page, raster):
    from ecosecnet.algorithms.support.sheets.description import Sheet
    from ecosecnet.algorithms.support.sheets.layout import Page, template_of
    from qgis.core import QgsLegendRenderer

    drawn = classes(raster, 250, range(1, 251))
    made = Page(Sheet("x", "X", (drawn,)), template_of("A4"))
    legend = made.layout.itemById("legend")
    size = QgsLegendRenderer(legend.model(), legend.legendSettings()).minimumSize()
    assert made.left_out > 50
    assert len(entries(made)["Classes"]) == 250 - made.left_out
    assert size.height() <= legend.rect().height()
    assert size.width() <= legend.rect().width() * 1.1
    assert f"{made.left_out} more classes" in made.layout.itemById("note").text()


def test_a_surface_has_its_stops_with_units_and_no_name_of_a_band(page, raster):
    from ecosecnet.algorithms.support.run import ramps, styling
    from ecosecnet.algorithms.support.run.palette import CURRENT
    from ecosecnet.algorithms.support.sheets.description import Drawn

    path = raster("current", np.linspace(0, 4, 3600, dtype="f4").reshape(60, 60))
    ramp = ramps.fixed(CURRENT, (0.0, 2.0, 4.0), "A")
    made = page(Drawn(path, "Current density", styling.surface(ramp)))
    assert entries(made) == {"Current density": ["0 A", "2 A", "4 A"]}


def test_grades_that_no_feature_has_are_not_listed(page, polygons):
    from ecosecnet.algorithms.support.run import styling
    from ecosecnet.algorithms.support.sheets.description import Drawn

    path = polygons("s", [("MultiPolygon(((0 0,0 9,9 9,0 0)))", {"grade": 2})])
    made = page(Drawn(path, "Sources", styling.graded("grade", 3, styling.source_symbol)))
    assert entries(made) == {"Sources": ["Grade 2"]}


def test_units_and_classes_are_put_into_the_language_of_the_map(monkeypatch):
    from ecosecnet.algorithms.support.sheets import legend

    monkeypatch.setattr(legend, "tr", {"cost units per m": "成本单位/米", "Grade 2": "2 级"}.get)
    assert legend._said("≥ 1,200.5 cost units per m") == "≥ 1,200.5 成本单位/米"
    assert legend._said("Grade 2") == "2 级"


def test_a_class_of_mspa_is_named_once_also_where_only_its_twin_inside_openings_occurs(page, raster):
    from ecosecnet.algorithms.support.sheets.description import Drawn
    from ecosecnet.algorithms.support.sheets.looks import own, seven, together

    # core, perforation inside an opening, core inside an opening, missing
    codes = np.resize(np.array([17, 105, 117, 129], "u1"), (40, 41))
    path = raster("mspa", codes, nodata=129)
    made = page(Drawn(path, "MSPA class", own("mspa"), together(seven)))
    assert entries(made) == {"MSPA class": ["Core", "Perforation"]}


def test_what_a_layout_would_compute_is_shown_as_it_is(page, raster):
    from ecosecnet.algorithms.support.run import styling
    from ecosecnet.algorithms.support.sheets.description import Drawn, Sheet
    from ecosecnet.algorithms.support.sheets.layout import Page, template_of

    path = raster("classes", np.ones((9, 9), "u1"))
    hostile = "[% 6 * 7 %] <b>'&\""
    drawn = Drawn(path, hostile, styling.classes([(1, hostile, (9, 90, 9))]))
    made = Page(Sheet("x", hostile, (drawn,), heading=hostile), template_of("A4"))
    for one in ("title", "heading"):
        assert made.layout.itemById(one).currentText().replace("\N{ZERO WIDTH SPACE}", "") == hostile
    ((heading, (entry,)),) = entries(made).items()
    assert "42" not in made.layout.itemById("title").currentText() + entry + heading
