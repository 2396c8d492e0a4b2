"""Pictures with a palette."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


def image(cells):
    from qgis.PyQt.QtGui import QImage

    rgb = np.asarray(cells, dtype=np.uint32)
    packed = (0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2]).astype(np.uint32)
    held = packed.tobytes()
    return QImage(held, packed.shape[1], packed.shape[0], 4 * packed.shape[1], QImage.Format.Format_RGB32).copy()


def test_few_colours_stay_as_they_are(qgis, seen):
    from ecosecnet.algorithms.support.sheets.pictures import encoded

    cells = np.random.default_rng(1).integers(0, 5, (37, 51, 1)) * np.array([50, 20, 7])
    assert np.array_equal(seen(encoded(image(cells))), cells)


def test_of_many_colours_the_frequent_ones_stay_and_the_rest_is_near(qgis, seen):
    from ecosecnet.algorithms.support.sheets.pictures import encoded

    rng = np.random.default_rng(2)
    cells = np.full((200, 300, 3), (255, 208, 52))
    cells[:100] = (40, 40, 40)
    grey = rng.integers(150, 250, (60, 300))
    cells[120:180] = grey[..., None] + rng.integers(0, 6, (60, 300, 3))
    found = seen(encoded(image(cells)))
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 160
    assert np.array_equal(found[:120], cells[:120])
    assert np.array_equal(found[180:], cells[180:])
    assert np.abs(found.astype(int) - cells).max() <= 24
    assert np.abs(found.astype(int) - cells).mean() < 2


def test_it_is_the_same_each_time(qgis):
    from ecosecnet.algorithms.support.sheets.pictures import encoded

    cells = np.random.default_rng(3).integers(0, 255, (90, 90, 3))
    assert encoded(image(cells)) == encoded(image(cells))
