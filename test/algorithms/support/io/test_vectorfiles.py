"""Names of files that are no names of layers."""

import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis


@pytest.mark.parametrize("name", ["(draft) a", "=x", "-a", "gpkg_a", "SQLite_a", "<b>&'x", "a", "草案"])
def test_a_geopackage_may_be_called_anything(tmp_path, qgis, name):
    """A layer of it is called after the file; not every text can be the name of one."""
    from ecosecnet.algorithms.support.io import crs, vectorfiles
    from ecosecnet.algorithms.support.io.tables import Column
    from qgis.core import QgsWkbTypes

    path = str(tmp_path / f"{name}.gpkg")
    vectorfiles.write(path, [Column("a", int)], [[1], [2]], None, QgsWkbTypes.Type.NoGeometry, crs.undefined())
    assert [row["a"] for row in read_table(path)] == [1, 2]
    assert vectorfiles.layer_names(path)[0].lstrip("_") == name
