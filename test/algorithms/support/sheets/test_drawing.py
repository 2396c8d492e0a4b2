"""Maps as pictures and as pages of a PDF."""

import contextlib
import re

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def sheets(layers):
    from ecosecnet.algorithms.support.sheets.figures import figures

    return figures(layers)


def test_a_picture_has_its_pixels_and_the_colours_of_the_style(sheets, seen):
    from ecosecnet.algorithms.support.run.palette import SOURCES
    from ecosecnet.algorithms.support.sheets.drawing import picture

    made = seen(picture(sheets["sources"], size=(165.0, 115.0), dpi=100))
    assert made.shape[:2] == (453, 650)
    for fill in SOURCES[:2]:
        area = np.all(made == fill, axis=-1)
        assert area.sum() > 0.01 * area.size, fill
    corner = made[2:20, 60:400].reshape(-1, 3)
    assert (corner == 255).all(axis=-1).mean() > 0.5  # paper


def test_every_township_is_named_and_nothing_of_a_name_is_markup(sheets):
    from qgis.core import QgsExpressionContext, QgsExpressionContextUtils

    layer = next(drawn for drawn in sheets["resistance"].layers if drawn.name == "Township border").layer()
    settings = layer.labeling().settings()
    feature = next(layer.getFeatures())
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    assert settings.getLabelExpression().evaluate(context) == "青山 Township <b>&"
    assert not settings.format().allowHtmlFormatting()


def test_chinese_is_drawn(layers, seen):
    """A name in Chinese puts ink on the map, where none would be if the font had no such letters."""
    from ecosecnet.algorithms.support.sheets.description import Sheet
    from ecosecnet.algorithms.support.sheets.drawing import picture
    from ecosecnet.algorithms.support.sheets.layout import template_of

    def ink(title):
        made = seen(picture(Sheet("x", title, (layers["resistance"],)), size=None, dpi=72, template=template_of("A4")))
        return int((made[28:55, 30:600] < 128).all(axis=-1).sum())

    assert ink("生态安全格局") > ink("一") + 100 > 100


def test_a_pdf_has_a_page_a_sheet_with_the_size_of_the_paper(sheets, tmp_path):
    from ecosecnet.algorithms.support.sheets.drawing import write_pdf
    from ecosecnet.algorithms.support.sheets.layout import template_of

    path = tmp_path / "图集.pdf"
    write_pdf([sheets["sources"], sheets["resistance"]], str(path), template=template_of("A3"), title="图集 1", dpi=72)
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert set(re.findall(rb"/Count (\d+)", content)) == {b"2"}
    boxes = [[float(one) for one in box.split()] for box in re.findall(rb"/MediaBox ?\[ ?([\d. ]+)\]", content)]
    assert len(boxes) >= 2
    assert all(box == pytest.approx([0, 0, 420 / 25.4 * 72, 297 / 25.4 * 72], abs=1.0) for box in boxes)
    assert "图集 1".encode("utf-16-be") in content  # its title
    assert b"/Font" in content  # texts are texts
    assert len(content) < 2_000_000


def test_pages_of_a_pdf_lie_where_the_map_lies(sheets, tmp_path):
    from ecosecnet.algorithms.support.sheets.drawing import write_pdf
    from ecosecnet.algorithms.support.sheets.layout import Page, template_of
    from osgeo import gdal

    if gdal.GetDriverByName("PDF") is None:
        pytest.skip("this GDAL has no driver for PDF")
    path = str(tmp_path / "sheets.pdf")
    write_pdf([sheets["sources"], sheets["resistance"]], path, template=template_of("A4"), dpi=72)
    for page in (1, 2):
        dataset = gdal.OpenEx(f"PDF:{page}:{path}", gdal.OF_RASTER, open_options=["DPI=72"])
        assert dataset.GetProjection().find("UTM zone 48N") > 0
        left, dx, _, top, _, dy = dataset.GetGeoTransform()
        made = Page(sheets["sources"], template_of("A4"))
        centre = made.map.mapRectToScene(made.map.rect()).center()
        assert left + centre.x() / 25.4 * 72 * dx == pytest.approx(503_000, abs=30)
        assert top + centre.y() / 25.4 * 72 * dy == pytest.approx(2_897_000, abs=30)


def test_a_pdf_that_cannot_be_written_is_an_error(sheets, tmp_path):
    from ecosecnet.algorithms.support.sheets.drawing import write_pdf
    from ecosecnet.algorithms.support.sheets.layout import template_of

    with pytest.raises(OSError, match="no PDF could be written"):
        write_pdf([sheets["sources"]], str(tmp_path / "none" / "x.pdf"), template=template_of("A4"), dpi=72)


def test_it_is_cancelled_between_maps(sheets, tmp_path):
    from ecosecnet.algorithms.support.sheets.drawing import write_pdf
    from ecosecnet.algorithms.support.sheets.layout import template_of
    from ecosecnet.core.errors import OperationCancelled
    from ecosecnet.core.monitor import Monitor

    class Stops(Monitor):
        asked = 0

        def cancelled(self):
            self.asked += 1
            return self.asked > 1

    stops = Stops()
    with pytest.raises(OperationCancelled):
        write_pdf([sheets["sources"]] * 5, str(tmp_path / "x.pdf"), stops, template=template_of("A4"), dpi=72)
    assert stops.asked == 2


def test_cells_smaller_than_dots_are_averaged_not_skipped(qgis, raster, seen):
    """Of a chessboard of single cells that is drawn smaller than itself, grey is left; skipped cells would leave stripes."""
    from ecosecnet.algorithms.support.run import ramps, styling
    from ecosecnet.algorithms.support.sheets.description import Drawn, Sheet
    from ecosecnet.algorithms.support.sheets.drawing import picture
    from ecosecnet.algorithms.support.sheets.looks import averaged

    board = np.indices((1200, 1200)).sum(axis=0) % 2
    path = raster("board", board.astype("f4"))
    style = styling.surface(ramps.fixed(((0, 0, 0), (255, 255, 255)), (0.0, 1.0)))
    made = seen(picture(Sheet("x", "X", (Drawn(path, "", style, averaged),)), dpi=50, size=(165.0, 115.0)))
    middle = made[80:140, 90:160].astype(int)  # away from the crosses of the graticule, mostly
    assert abs(np.median(middle) - 128) < 25
    assert np.quantile(np.abs(middle - 128), 0.9) < 60


def test_townships_have_their_chinese_names_on_a_chinese_map(polygons):
    from ecosecnet.algorithms.support.language import speaking
    from ecosecnet.algorithms.support.sheets.description import Drawn
    from ecosecnet.algorithms.support.sheets.figures import figures

    ring = "MultiPolygon(((0 0,0 900,900 900,0 0)))"
    path = polygons("townships", [(ring, {"name": "Green Hill", "name_zh": "青山镇"})])
    (drawn,) = figures({"townships": Drawn(path), "links": Drawn(path)})["links"].layers[-1:]
    for language, field in (("en", "name"), ("zh_CN", "name_zh")):
        with speaking(language):
            assert drawn.layer().labeling().settings().fieldName == f'"{field}"'


def test_it_works_where_another_plugin_has_gdal_raise_exceptions(sheets, tmp_path):
    from ecosecnet.algorithms.support.sheets.drawing import picture, write_pdf
    from ecosecnet.algorithms.support.sheets.layout import template_of
    from osgeo import gdal

    gdal.UseExceptions()
    try:
        assert len(picture(sheets["sources"], dpi=50)) > 1000
        write_pdf([sheets["sources"]], str(tmp_path / "x.pdf"), template=template_of("A4"), dpi=72)
    finally:
        gdal.DontUseExceptions()


def test_lines_of_a_map_on_relief_are_lines_in_the_pdf_and_not_a_picture(layers, tmp_path):
    """Elevations with a style of their own are blended with what lies above, for which QGIS makes one picture of all."""
    import zlib

    from ecosecnet.algorithms.support.run.styling import relief
    from ecosecnet.algorithms.support.sheets.drawing import write_pdf
    from ecosecnet.algorithms.support.sheets.figures import figures
    from ecosecnet.algorithms.support.sheets.layout import template_of
    from qgis.core import QgsRasterLayer

    def lines():
        path = tmp_path / "x.pdf"
        write_pdf([figures(layers)["sources"]], str(path), template=template_of("A4"), dpi=72)
        content, count = path.read_bytes(), 0
        for start in re.finditer(rb"/FlateDecode\s*>>\s*stream\r?\n", content):
            with contextlib.suppress(zlib.error):  # compressed in another way
                page = zlib.decompress(content[start.end() : content.index(b"endstream", start.end())])
                count += page.count(b" l\n") + page.count(b" m\n")
        return count

    plain = lines()
    layer = QgsRasterLayer(layers["dem"].source)
    relief()(layer)
    layer.saveNamedStyle(layers["dem"].source.replace(".tif", ".qml"))
    assert lines() == plain > 50
