"""Templates, and how they are filled."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis
ROOT = Path(__file__).resolve().parents[4]
IDS = {"map", "title", "heading", "legend", "scalebar", "scale", "north", "note"}


@pytest.fixture
def sheet(layers):
    from ecosecnet.algorithms.support.sheets.figures import figures

    return figures(layers)["sources"]


def page(sheet, template, **more):
    from ecosecnet.algorithms.support.sheets.layout import Page

    return Page(sheet, str(template), **more)


@pytest.mark.parametrize(("paper", "size"), [("a4", (297, 210)), ("a3", (420, 297))])
def test_the_templates_have_every_item_and_all_of_it_on_the_paper(sheet, paper, size):
    from qgis.core import QgsLayoutItem

    made = page(sheet, ROOT / "templates" / f"sheet_{paper}.qpt")
    paper = made.layout.pageCollection().page(0).rect()
    assert (paper.width(), paper.height()) == size
    items = [item for item in made.layout.items() if isinstance(item, QgsLayoutItem) and item.id()]
    assert {item.id() for item in items} >= IDS
    for item in items:
        assert paper.contains(item.mapRectToScene(item.rect())), item.id()
    boxes = {item.id(): item.mapRectToScene(item.rect()) for item in items if item.id() != "frame"}
    names = sorted(boxes)
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            assert not boxes[one].intersects(boxes[other]), (one, other)


def test_texts_are_written_and_made_smaller_where_they_are_long(sheet):
    from dataclasses import replace

    from ecosecnet.algorithms.support.sheets.letters import font_of

    long = replace(sheet, heading="六枝特区生态安全格局规划图集 " * 9, note=("Data: x.", "Made today."))
    made = page(long, ROOT / "templates" / "sheet_a4.qpt")
    title, heading, note = (made.layout.itemById(one) for one in ("title", "heading", "note"))
    assert title.text() == "Ecological sources by importance"
    assert note.text() == "Data: x.\nMade today."
    assert heading.text() == long.heading
    assert 8.5 * 0.55 < font_of(heading).pointSizeF() < 8.5


def test_a_figure_has_the_size_that_is_asked_for(sheet):
    from ecosecnet.algorithms.support.sheets.layout import FIGURE

    made = page(sheet, FIGURE, size=(100.0, 90.0))
    paper = made.layout.pageCollection().page(0).rect()
    assert (paper.width(), paper.height()) == (100.0, 90.0)
    box = made.map.mapRectToScene(made.map.rect())
    assert paper.contains(box)
    assert box.width() > 55


def test_a_template_without_the_map_is_refused_with_what_to_do(sheet, tmp_path):
    from ecosecnet.core.errors import InputError

    text = (ROOT / "templates" / "sheet_a4.qpt").read_text(encoding="utf-8")
    other = tmp_path / "mine.qpt"
    other.write_text(text.replace('id="map"', 'id="karte"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.qpt has no map with the id 'map'"):
        page(sheet, other)


@pytest.mark.parametrize("content", ["", "no xml", "<qgis/>", "<Layout/>"])
def test_what_is_no_template_is_refused(sheet, tmp_path, content):
    from ecosecnet.core.errors import InputError

    other = tmp_path / "mine.qpt"
    other.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.qpt (is not a template|has no)"):
        page(sheet, other)


def test_a_template_may_lack_the_rest(sheet, tmp_path):
    text = (ROOT / "templates" / "sheet_a4.qpt").read_text(encoding="utf-8")
    for one in IDS - {"map"}:
        text = text.replace(f'id="{one}"', 'id=""')
    other = tmp_path / "bare.qpt"
    other.write_text(text, encoding="utf-8")
    assert page(sheet, other).map.layers()


def test_layers_without_a_crs_are_drawn_on_a_plane(raster, polygons):
    import numpy as np
    from ecosecnet.algorithms.support.sheets.description import Drawn
    from ecosecnet.algorithms.support.sheets.figures import figures
    from ecosecnet.algorithms.support.sheets.looks import own

    bare = raster("bare", np.ones((50, 50), "f4"), crs=None, left=0.0, top=1500.0)
    sheets = figures({"resistance": Drawn(bare, style=own("resistance"))})
    made = page(sheets["resistance"], ROOT / "templates" / "figure.qpt")
    assert made.map.scale() == pytest.approx(15_000, rel=0.01)  # 1590 m in 109.5 mm
    (grid,) = made.map.grids().asList()
    assert grid.intervalX() == 500.0


def test_a_single_point_is_drawn_with_land_around_it(polygons):
    from ecosecnet.algorithms.support.sheets.description import Drawn, Sheet

    dot = polygons("dot", [("Point(500000 2900000)", {"name": "x"})], kind="Point")
    made = page(Sheet("dot", "Dot", (Drawn(dot, "Dots"),)), ROOT / "templates" / "figure.qpt")
    assert made.map.extent().height() > 1000


def test_layers_without_features_are_refused(polygons):
    from ecosecnet.algorithms.support.sheets.description import Drawn, Sheet
    from ecosecnet.core.errors import InputError

    empty = polygons("empty", [])
    with pytest.raises(InputError, match="nothing to draw"):
        page(Sheet("empty", "Empty", (Drawn(empty, "Nothing"),)), ROOT / "templates" / "figure.qpt")


def test_no_template_names_a_path_or_an_id_of_its_own_making():
    for file in (ROOT / "templates").glob("*.qpt"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"/(home|root|tmp|work)/", text)
        assert all(one.startswith("{00000000-") for one in re.findall(r"\{[0-9a-f-]{36}\}", text))
