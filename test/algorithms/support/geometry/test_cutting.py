"""Polygons cut by others, against sums and plain intersections of all pairs."""

import itertools

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.mark.parametrize("seed", range(6))
def test_parts_fill_the_polygon_and_all_overlaps_are_found(qgis, seed):
    from ecosecnet.algorithms.support.geometry.cutting import SMALLEST, Divider
    from qgis.core import QgsGeometry, QgsPointXY

    rng = np.random.default_rng(seed)
    discs = [
        QgsGeometry.fromPointXY(QgsPointXY(*rng.random(2) * 100.0)).buffer(float(rng.uniform(5.0, 40.0)), 8)
        for _ in range(7)
    ]
    whole = QgsGeometry.fromWkt("Polygon((0 0, 100 0, 90 100, 10 90, 0 0))")
    cut = Divider(discs).divide(whole)
    taken = dict(cut.parts)
    assert sum(part.area() for part in taken.values()) == pytest.approx(whole.area(), rel=1e-9)
    for k, disc in enumerate(discs):
        before = QgsGeometry.unaryUnion(discs[:k]) if k else QgsGeometry.fromWkt("Polygon EMPTY")
        own = whole.intersection(disc).difference(before).area() if k else whole.intersection(disc).area()
        assert (taken[k].area() if k in taken else 0.0) == pytest.approx(own, abs=1e-6)
    # What each has in common with the parts of those before it.
    expected = {
        (i, j): whole.intersection(discs[j]).intersection(taken[i]).area()
        for i, j in itertools.combinations(range(7), 2)
        if i in taken
    }
    least = SMALLEST * whole.area()
    found = {(i, j): size for i, j, size in cut.overlaps}
    assert found == pytest.approx({pair: size for pair, size in expected.items() if size > least})
    assert found
