import numpy as np
import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture(scope="module")
def shapes(qgis):
    from qgis.core import QgsGeometry

    rng = np.random.default_rng(4)
    made = []
    for x, y, radius, corners in zip(*rng.random((2, 40)) * 1000, rng.random(40) * 40 + 5, rng.integers(3, 30, 40)):
        angles = np.sort(rng.random(corners)) * 2 * np.pi
        reach = radius * rng.uniform(0.4, 1.0, corners)
        ring = [f"{x + r * np.cos(t)} {y + r * np.sin(t)}" for t, r in zip(angles, reach)]
        shape = QgsGeometry.fromWkt(f"Polygon(({','.join([*ring, ring[0]])}))")
        if shape.isGeosValid():
            made.append(shape)
    # One inside the hole of another, and one inside another.
    made.append(
        QgsGeometry.fromWkt("Polygon((0 2000,90 2000,90 2090,0 2090,0 2000),(30 2030,60 2030,60 2060,30 2060,30 2030))")
    )
    made.append(QgsGeometry.fromWkt("MultiPolygon(((40 2040,50 2040,50 2050,40 2050,40 2040)))"))
    made.append(QgsGeometry.fromWkt("Polygon((5 2005,10 2005,10 2010,5 2010,5 2005))"))
    return made


def test_edge_distances_are_those_of_the_geometries(shapes):
    from ecosecnet.algorithms.support.geometry.distances import edge_distances

    i, j, d = edge_distances(shapes)
    n = len(shapes)
    assert list(zip(i, j)) == [(a, b) for a in range(n) for b in range(a + 1, n)]
    assert d == pytest.approx([shapes[a].distance(shapes[b]) for a, b in zip(i, j)], abs=1e-9)
    found = dict(zip(zip(i, j), d))
    assert found[n - 3, n - 2] == pytest.approx(10.0)
    assert found[n - 3, n - 1] == 0.0


def test_a_limit_leaves_out_exactly_what_is_beyond(shapes):
    from ecosecnet.algorithms.support.geometry.distances import edge_distances

    i, j, d = edge_distances(shapes)
    near = edge_distances(shapes, limit=150.0)
    assert list(zip(*near)) == [row for row in zip(i, j, d) if row[2] <= 150.0]
    assert 0 < len(near[0]) < len(i)


def test_the_nearest_pairs_are_found_without_measuring(shapes):
    from ecosecnet.algorithms.support.geometry.distances import edge_distances, near_limit

    n = len(shapes)
    assert near_limit(shapes, n * (n - 1) // 2) == float("inf")
    limit = near_limit(shapes, 200)
    assert 150 <= len(edge_distances(shapes, limit=limit)[0]) <= 250


def test_points_lie_inside(qgis):
    from ecosecnet.algorithms.support.geometry.distances import inner_points, point_distances
    from qgis.core import QgsGeometry, QgsPointXY

    square = QgsGeometry.fromWkt("Polygon((0 0,2 0,2 2,0 2,0 0))")
    horseshoe = QgsGeometry.fromWkt("Polygon((10 0,20 0,20 10,18 10,18 2,12 2,12 10,10 10,10 0))")
    points = inner_points([square, horseshoe])
    assert points[0].tolist() == [1.0, 1.0]
    assert horseshoe.contains(QgsPointXY(*points[1]))
    i, j, d = point_distances(np.array([(0.0, 0.0), (3.0, 4.0), (30.0, 40.0)]), limit=10.0)
    assert (i.tolist(), j.tolist(), d.tolist()) == ([0], [1], [5.0])


def test_can_be_cancelled(shapes):
    from ecosecnet.algorithms.support.geometry.distances import edge_distances
    from ecosecnet.core.errors import OperationCancelled
    from ecosecnet.core.monitor import Monitor

    class Stop(Monitor):
        def cancelled(self):
            return True

    with pytest.raises(OperationCancelled):
        edge_distances(shapes, monitor=Stop())


@pytest.fixture
def read(qgis, tmp_path):
    """Read the distances of a CSV file between the sources 1, 2 and 3."""
    from ecosecnet.algorithms.support.geometry.distances import table_distances
    from ecosecnet.algorithms.support.io.vectors import VectorSource
    from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer

    def distances(text):
        path = tmp_path / "pairs.csv"
        path.write_text(text)
        layer = QgsVectorLayer(str(path), "pairs", "ogr")
        i, j, d = table_distances(VectorSource(layer, "pairs", QgsCoordinateTransformContext()), [1, 2, 3])
        return list(zip(i.tolist(), j.tolist(), d.tolist()))

    return distances


@pytest.mark.parametrize(
    "text",
    [
        "from_id,to_id,distance\n1,2,700\n1,3,90\n",
        "link_id,from_id,to_id,euc_dist,distance\n1,1,2,5,700\n2,1,3,5,90\n",
        "Distance,TO_ID,From_ID\n700,2,1\n90,3,1\n",
        "from,to,resistance\n1,2,700\n1,3,90\n",
        "a,b,c,d\n1,2,700,1\n1,3,90,1\n",
        "fid,a,b,c\n1,1,2,700\n2,1,3,90\n",
    ],
)
def test_columns_of_a_table_of_distances_are_found_by_name(read, text):
    assert read(text) == [(0, 1, 700.0), (0, 2, 90.0)]


def test_a_table_of_links_is_not_taken_for_distances(read):
    links = "link_id,from_id,to_id,euc_dist,cw_dist\n1,1,2,1500,7774\n2,1,3,1050,4286\n3,2,3,1747,8721\n"
    with pytest.raises(
        Exception, match="'pairs' has no column 'distance', and each of link_id, euc_dist, cw_dist could"
    ):
        read(links)
