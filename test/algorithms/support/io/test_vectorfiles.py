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


@pytest.mark.parametrize(("ending", "length"), [("csv", 40_000), ("xlsx", 32_767), ("ods", 32_767)])
def test_a_cell_of_a_workbook_is_no_longer_than_excel_takes(tmp_path, qgis, ending, length):
    from ecosecnet.algorithms.support.io import crs, vectorfiles
    from ecosecnet.algorithms.support.io.tables import Column
    from qgis.core import QgsWkbTypes

    path = str(tmp_path / f"a.{ending}")
    vectorfiles.write(
        path,
        [Column("a", str), Column("b", int)],
        [["x" * 40_000, 1]],
        None,
        QgsWkbTypes.Type.NoGeometry,
        crs.undefined(),
    )
    assert len(read_table(path)[0]["a"]) == length


def test_a_list_of_classes_stays_readable(qgis):
    from ecosecnet.algorithms.support.io.tables import listed_shares

    assert listed_shares([("Woodland", 60.0), ("Grassland", 40.0)]) == "Woodland 60.0 %; Grassland 40.0 %"
    many = listed_shares((f"class {k}", 0.5) for k in range(200))
    assert many.startswith("class 0 0.5 %; class 1 0.5 %; ")
    assert many.endswith("; class 39 0.5 %; 160 others 80.0 %")
