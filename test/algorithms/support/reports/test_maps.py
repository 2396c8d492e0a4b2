"""Pictures of reports: small files that keep the colours that matter."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


def pixels(png):
    from qgis.PyQt.QtGui import QImage

    image = QImage.fromData(png)
    depth = image.depth()
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return depth, np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


@pytest.fixture
def noise():
    """A picture of more colours than a palette holds."""
    from ecosecnet.algorithms.support.reports.maps import Map
    from ecosecnet.core.grid import Grid

    map_ = Map(Grid(300, 300), 300)
    return map_._paint(np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8))


def test_a_mark_of_a_few_pixels_keeps_its_colour_among_many_others(qgis, noise):
    from qgis.core import QgsGeometry, QgsRectangle

    noise.polygons([QgsGeometry.fromRect(QgsRectangle(100, -103, 103, -100))], (255, 0, 0), (255, 0, 0))
    depth, shown = pixels(noise.png())
    assert depth == 8
    assert shown[101, 101].tolist() == [255, 0, 0]


def test_few_colours_are_exact(qgis):
    from ecosecnet.algorithms.support.reports.maps import Map
    from ecosecnet.core.grid import Grid

    codes = np.arange(35).reshape(5, 7)
    map_ = Map(Grid(5, 7), 7).classes(codes, [(k, "", (k, 200 - k, 7)) for k in range(35)])
    _, shown = pixels(map_.png())
    np.testing.assert_array_equal(shown, np.stack([codes, 200 - codes, np.full_like(codes, 7)], axis=-1))


def test_the_border_runs_along_the_cells_that_are_inside(qgis):
    from ecosecnet.algorithms.support.reports.maps import Map
    from ecosecnet.core.grid import Grid

    inside = np.zeros((7, 7), dtype=bool)
    inside[1:6, 1:6] = True
    _, shown = pixels(Map(Grid(7, 7), 7).border(inside).png())
    ring = inside.copy()
    ring[2:5, 2:5] = False
    np.testing.assert_array_equal((shown < 255).all(axis=-1), ring)


def test_names_go_where_there_is_room(qgis):
    from ecosecnet.algorithms.support.reports.maps import Map
    from ecosecnet.core.grid import Grid
    from qgis.core import QgsGeometry, QgsRectangle

    shapes = [QgsGeometry.fromRect(QgsRectangle(0, -60, 60, 0)), QgsGeometry.fromRect(QgsRectangle(60, -6, 66, 0))]
    overlay = Map(Grid(100, 100), 100).zones(shapes, ["郎岱 <镇>", "small"]).overlay()
    assert "<text x='30' y='30' text-anchor='middle'>郎岱 &lt;镇&gt;</text>" in overlay
    assert "small" not in overlay


@pytest.mark.parametrize("place", [(105.4, 26.2), (178.0, -17.8), (0.0, 89.0)])
def test_the_location_is_marked_in_the_middle(qgis, place):
    from ecosecnet.algorithms.support.reports.location import location_map
    from ecosecnet.algorithms.support.run.palette import PINCH
    from qgis.core import QgsCoordinateTransformContext, QgsPointXY

    png = location_map(QgsPointXY(*place), 30_000.0, QgsCoordinateTransformContext())
    if not png:
        pytest.skip("this QGIS comes without its world map")
    _, shown = pixels(png)
    rows, cols = np.nonzero((shown == PINCH.fill).all(axis=-1))
    assert abs(rows.mean() - shown.shape[0] / 2) < 1
    assert abs(cols.mean() - shown.shape[1] / 2) < 1
    assert rows.size < 100


def test_what_is_laid_over_is_as_if_it_were_painted(qgis):
    from ecosecnet.algorithms.support.reports.maps import Map
    from ecosecnet.algorithms.support.run.palette import CLEAR
    from ecosecnet.core.grid import Grid
    from qgis.core import QgsGeometry, QgsRectangle

    grid = Grid(90, 90)
    square = [QgsGeometry.fromRect(QgsRectangle(20, -60, 70, -20))]
    ground = np.full((90, 90), 3), [(3, "", (10, 120, 60))]
    painted = Map(grid, 90).classes(*ground).polygons(square, (255, 0, 0), (0, 0, 255), 2.0)
    laid = Map(grid, 90).classes(*ground).lay(Map(grid, 90, CLEAR).polygons(square, (255, 0, 0), (0, 0, 255), 2.0))
    first, second = (pixels(one.png())[1].astype(int) for one in (painted, laid))
    assert np.abs(first - second).max() <= 2  # blended once more
    assert (first == second).mean() > 0.95


def test_outlines_that_maps_share_are_drawn_as_without(qgis):
    from ecosecnet.algorithms.support.reports.maps import Map
    from ecosecnet.core.grid import Grid
    from qgis.core import QgsGeometry

    grid = Grid(80, 90, left=0.0, top=800.0, dx=10.0, dy=10.0)
    rings = "(({0} 20, {0}9 700, 700 780, {0} 20), (200 200, 300 500, 240 300, 200 200))"
    shapes = [QgsGeometry.fromWkt("Polygon" + rings.format(x)) for x in (3, 11)]
    outlines = {}
    for width in (90, 300, 90):
        alone = Map(grid, width).polygons(shapes, (10, 90, 200), halo=(255, 255, 255)).png()
        assert Map(grid, width, outlines=outlines).polygons(shapes, (10, 90, 200), halo=(255, 255, 255)).png() == alone
    assert len(outlines) == 4
