"""Hashes of contents survive saving a layer anew, and nothing else."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

VALUES = np.random.default_rng(3).integers(0, 200, (700, 300)).astype(np.uint8)


def raster_of(path):
    from ecosecnet.algorithms.support.capsule.hashes import raster_hash
    from ecosecnet.algorithms.support.io.rasters import RasterSource
    from qgis.core import QgsRasterLayer

    return raster_hash(RasterSource.of(QgsRasterLayer(str(path), "raster"), upright=False))


def features_of(path, provider="ogr", layer=None):
    from ecosecnet.algorithms.support.capsule.hashes import features_hash
    from ecosecnet.algorithms.support.io.vectors import VectorSource
    from qgis.core import QgsCoordinateTransformContext, QgsVectorLayer

    layer = layer or QgsVectorLayer(str(path), "layer", provider)
    assert layer.isValid()
    return features_hash(VectorSource(layer, "layer", QgsCoordinateTransformContext()))


def translated(source, target, **options):
    from osgeo import gdal

    assert gdal.Translate(str(target), source, **options) is not None
    return target


@pytest.mark.parametrize(
    "options",
    [
        {"creationOptions": ["TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=64", "COMPRESS=LZW"]},
        {"creationOptions": ["TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=DEFLATE", "PREDICTOR=2"]},
        {"creationOptions": ["BLOCKYSIZE=7", "INTERLEAVE=BAND"]},
        {"outputType": 5},
        {"format": "HFA"},
    ],
)
def test_a_raster_saved_anew_is_the_same(qgis, raster, tmp_path, options, monkeypatch):
    from ecosecnet.algorithms.support.io import rasters

    path = raster("classes", VALUES, nodata=0)
    found = raster_of(path)
    ending = "img" if options.get("format") else "tif"
    again = translated(path, tmp_path / f"again.{ending}", **options)
    assert raster_of(again) == found
    monkeypatch.setattr(rasters, "BLOCK_CELLS", 900)  # read in other bands of rows
    assert raster_of(again) == found


def test_what_makes_a_raster_another(qgis, raster):
    found = raster_of(raster("a", VALUES, nodata=0))
    other = VALUES.copy()
    other[699, 299] += 1
    assert raster_of(raster("b", other, nodata=0)) != found
    assert raster_of(raster("c", VALUES, nodata=1)) != found
    assert raster_of(raster("d", VALUES, nodata=0, left=500_000.001)) != found
    assert raster_of(raster("e", VALUES, nodata=0, left=500_000.0 + 1e-9)) == found
    assert raster_of(raster("f", VALUES, nodata=0, crs="EPSG:32649")) != found
    assert raster_of(raster("g", VALUES.reshape(300, 700), nodata=0)) != found
    assert raster_of(raster("h", VALUES.astype("f4"), nodata=0)) != found


def test_measures_keep_their_bits_but_not_the_sign_of_nothing_nor_what_lies_under_nodata(qgis, raster):
    values = np.random.default_rng(1).normal(size=(40, 30)).astype("f4")
    values[3, 4], values[5, 6] = 0.0, np.nan
    found = raster_of(raster("a", values))
    assert raster_of(raster("wide", values.astype("f8"))) == found
    minus, stored, bit = values.copy(), values.copy(), values.copy()
    minus[3, 4], stored[5, 6] = -0.0, -9999.0
    bit[0, 0] = np.nextafter(bit[0, 0], np.float32(9))
    assert raster_of(raster("minus", minus)) == found
    assert raster_of(raster("stored", stored, nodata=-9999.0)) == found
    assert raster_of(raster("bit", bit)) != found
    fine = values.astype("f8")
    fine[0, 0] += 1e-12
    assert raster_of(raster("fine", fine)) != found


def test_the_crs_counts_by_what_it_computes(qgis, raster, tmp_path):
    from osgeo import osr

    found = raster_of(raster("coded", VALUES))
    bare = osr.SpatialReference()
    bare.ImportFromEPSG(32648)
    bare.MorphToESRI()
    (tmp_path / "esri").mkdir()
    text = bare.ExportToWkt().replace("WGS_1984_UTM_Zone_48N", "My zone")
    assert raster_of(raster("esri/named", VALUES, crs=text)) == found
    assert raster_of(raster("none", VALUES, crs="")) != found


ROWS = [
    ("Polygon ((0 0, 0 30, 30 30, 30 0, 0 0),(10 10, 20 10, 20 20, 10 20, 10 10))", "林地", 1, 2.5),
    ("MultiPolygon (((100 0, 130 0, 130 30, 100 30, 100 0)),((60 0, 60 20, 80 20, 80 0, 60 0)))", "", 2, 0.1 + 0.2),
    ("Polygon ((200 0, 200 1.5, 201.1234567 1.5, 200 0))", "05", 3, None),
]


@pytest.fixture
def layer(qgis):
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorLayer

    def make(rows=ROWS, crs="EPSG:32648"):
        fields = "field=name:string(40)&field=number:integer&field=area_ha:double(0,0)"
        made = QgsVectorLayer(f"MultiPolygon?crs={crs}&{fields}", "layer", "memory")
        for wkt, *attributes in rows:
            feature = QgsFeature(made.fields())
            feature.setAttributes(list(attributes))
            feature.setGeometry(QgsGeometry.fromWkt(wkt))
            assert made.dataProvider().addFeature(feature)
        return made

    return make


def saved(layer, path):
    from qgis.core import QgsVectorFileWriter

    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = QgsVectorFileWriter.driverForExtension(path.suffix[1:])
    options.fileEncoding = "UTF-8"
    if path.suffix == ".csv":
        options.layerOptions = ["GEOMETRY=AS_WKT"]
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), layer.transformContext(), options)
    assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
    return path


@pytest.mark.parametrize("ending", ["gpkg", "shp", "fgb", "sqlite"])
def test_features_saved_in_another_format_are_the_same(layer, tmp_path, ending):
    found = features_of("", layer=layer())
    assert features_of(saved(layer(), tmp_path / f"森林 网络.{ending}")) == found
    assert features_of("", layer=layer(ROWS[::-1])) == found


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:2],
        lambda rows: [*rows, rows[0]],
        lambda rows: [(rows[0][0].replace("30 30", "30 30.00001"), *rows[0][1:]), *rows[1:]],
        lambda rows: [(*rows[0][:3], 2.5000001), *rows[1:]],
        lambda rows: [*rows[:2], (rows[2][0], "5", *rows[2][2:])],
    ],
)
def test_what_makes_features_others(layer, change):
    assert features_of("", layer=layer(change(ROWS))) != features_of("", layer=layer())


def test_a_subset_and_edits_count_as_the_tool_sees_them(layer, tmp_path):
    from qgis.core import QgsVectorLayer

    path = saved(layer(), tmp_path / "all.gpkg")
    some = QgsVectorLayer(str(path), "layer", "ogr")
    some.setSubsetString("number < 3")
    assert features_of("", layer=some) == features_of("", layer=layer(ROWS[:2]))
    edited = QgsVectorLayer(str(path), "layer", "ogr")
    edited.startEditing()
    edited.changeAttributeValue(next(edited.getFeatures()).id(), edited.fields().indexOf("number"), 9)
    assert features_of("", layer=edited) != features_of(path)
    edited.rollBack()
    assert features_of("", layer=edited) == features_of(path)


def test_tables_are_the_same_as_csv_and_geopackage(qgis, tmp_path):
    (tmp_path / "scores.csv").write_text("factor,class,score\nlanduse,01,1\nslope,,2.50\n", encoding="utf-8")
    (tmp_path / "typed.csv").write_text("factor,class,score\r\nslope,,2.5\r\nlanduse,01,1\r\n", encoding="utf-8")
    (tmp_path / "typed.csvt").write_text("String,String,Real", encoding="utf-8")
    found = features_of(tmp_path / "scores.csv")
    assert features_of(tmp_path / "typed.csv") == found
    from qgis.core import QgsVectorLayer

    typed = QgsVectorLayer(str(tmp_path / "typed.csv"), "typed", "ogr")
    assert features_of(saved(typed, tmp_path / "typed.gpkg")) == found
    (tmp_path / "typed.csv").write_text("factor,class,score\nslope,,2.5\nlanduse,1,1\n", encoding="utf-8")
    assert features_of(tmp_path / "typed.csv") != found


def test_text_files_are_the_same_with_either_end_of_line(tmp_path):
    from ecosecnet.algorithms.support.capsule.hashes import file_hash, text_hash

    (tmp_path / "a.txt").write_bytes(b"1 2\n3 4\n")
    (tmp_path / "b.txt").write_bytes(b"1 2\r\n3 4\r\n")
    assert text_hash(tmp_path / "a.txt") == text_hash(tmp_path / "b.txt")
    assert file_hash(tmp_path / "a.txt") != file_hash(tmp_path / "b.txt")


def test_codes_longer_than_a_measure_keep_all_their_digits():
    from ecosecnet.algorithms.support.capsule.hashes import plain
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    assert plain("1234567890123456789") != plain("1234567890123456788")
    assert plain("1234567890123456789") == plain(1234567890123456789)
    assert plain("-0") == plain("0") == plain(0.0)
    assert plain("05") != plain("5") == plain("5.0") == plain(5)
    assert plain(QDateTime(QDate(2020, 1, 2), QTime(0, 0))) == plain(QDate(2020, 1, 2)) == "2020-01-02"
