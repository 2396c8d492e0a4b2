"""Strange rasters that hold the same cells as a plain one, and some that no tool can use."""

import os
import shutil
import zipfile
from dataclasses import dataclass
from typing import Callable

import numpy as np
import pytest
from oddities.world import CELL, CRS, LEFT, SHAPE, TOP, VALID, write_raster

PLACE = (LEFT, CELL, 0, TOP, 0, -CELL)


@dataclass(frozen=True)
class Odd:
    """A strange layer.

    Parameters
    ----------
    build : callable
        Writes it into a folder and returns its path or layer.
    kind : str
        What is strange about it.
    sentences : tuple of str
        What a tool may say instead of giving the result of the plain twin.
    only_cells : bool
        Whether only cells can be the same as those of the twin, because lengths and places are not.
    loose : float
        Largest relative difference from the twin.
    without_twin : tuple of str
        Tools that rightly give another result.
    """

    build: Callable
    kind: str
    sentences: tuple = ()
    only_cells: bool = False
    loose: float = 1e-5
    without_twin: tuple = ()


def create(path, kind="Int16", *, driver="GTiff", bands=1, options=(), place=PLACE, crs=CRS):
    from osgeo import gdal, osr

    code = gdal.GetDataTypeByName(kind)
    if code == gdal.GDT_Unknown:
        pytest.skip(f"this GDAL has no type {kind}")
    dataset = gdal.GetDriverByName(driver).Create(path, SHAPE[1], SHAPE[0], bands, code, list(options))
    if place:
        dataset.SetGeoTransform(place)
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
        dataset.SetProjection(reference.ExportToWkt())
    return dataset


def typed(kind, nodata=0, **how):
    """Return a builder of a raster of a type, with that NoData value."""

    def build(folder, cells):
        path = str(folder / f"{kind}.tif")
        dataset = create(path, kind, **how)
        dataset.GetRasterBand(1).SetNoDataValue(nodata)
        dataset.GetRasterBand(1).WriteArray(np.where(VALID, cells, nodata))
        return path

    return build


def nan_undeclared(folder, cells):
    path = str(folder / "nan.tif")
    dataset = create(path, "Float32")
    dataset.GetRasterBand(1).WriteArray(np.where(VALID, cells, np.nan))
    return path


def lowest_float_rounded(folder, cells):
    """Declare the lowest float32 as text of seven digits, as ArcGIS exports do."""
    from osgeo import gdal

    path = str(folder / "lowest.tif")
    dataset = create(path, "Float32")
    dataset.GetRasterBand(1).WriteArray(np.where(VALID, cells, np.finfo(np.float32).min))
    dataset = None
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetNoDataValue(-3.4028234663852886e38)
    return path


def nodata_of_user(folder, cells):
    from qgis.core import QgsRasterLayer, QgsRasterRange

    path = str(folder / "user.tif")
    dataset = create(path, "Byte")
    dataset.GetRasterBand(1).WriteArray(np.where(VALID, cells, 222))
    dataset = None
    layer = QgsRasterLayer(path, "user")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(200, 230)])
    return layer


def nodata_switched_off(folder, cells):
    """Declare a value that cells hold as NoData; the layer ignores it and has another."""
    from qgis.core import QgsRasterLayer, QgsRasterRange

    path = str(folder / "off.tif")
    dataset = create(path, "Byte")
    dataset.GetRasterBand(1).SetNoDataValue(1)
    dataset.GetRasterBand(1).WriteArray(np.where(VALID, cells, 222))
    dataset = None
    layer = QgsRasterLayer(path, "off")
    layer.dataProvider().setUseSourceNoDataValue(1, False)
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(222, 222)])
    return layer


def mask(internal):
    def build(folder, cells):
        from osgeo import gdal

        path = str(folder / "mask.tif")
        dataset = create(path, "Byte")
        dataset.GetRasterBand(1).WriteArray(cells)
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES" if internal else "NO")
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(np.where(VALID, 255, 0).astype(np.uint8))
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
        return path

    return build


def alpha(kind="Byte", nodata=None):
    def build(folder, cells):
        path = str(folder / "alpha.tif")
        dataset = create(path, kind, bands=2, options=["ALPHA=YES"])
        dataset.GetRasterBand(1).WriteArray(cells)
        dataset.GetRasterBand(2).WriteArray(np.where(VALID, 255, 0))
        if nodata is not None:
            dataset.GetRasterBand(1).SetNoDataValue(nodata)
        return path

    return build


def coloured(folder, cells):
    """Write a picture of four bands, as GDAL makes of any four bands of bytes."""
    path = str(folder / "picture.tif")
    dataset = create(path, "Byte", bands=4)
    for band in (1, 2, 3):
        dataset.GetRasterBand(band).WriteArray(cells * (band == 1) + 3)
    dataset.GetRasterBand(1).WriteArray(cells)
    dataset.GetRasterBand(4).WriteArray(np.where(VALID, 255, 0))
    return path


def stack(folder, cells):
    path = str(folder / "stack.tif")
    dataset = create(path, "Int16", bands=3)
    for band in (1, 2, 3):
        dataset.GetRasterBand(band).SetNoDataValue(-9)
        dataset.GetRasterBand(band).WriteArray(np.where(VALID, cells if band == 1 else 7, -9))
        dataset.GetRasterBand(band).SetDescription(f"year {2000 + band}")
    return path


def scaled(kind, scale, offset):
    """Store what becomes the plain cells by a scale and an offset that floats hold exactly."""

    def build(folder, cells):
        path = str(folder / "scaled.tif")
        dataset = create(path, kind)
        band = dataset.GetRasterBand(1)
        band.SetNoDataValue(127)
        band.SetScale(scale)
        band.SetOffset(offset)
        stored = (cells - offset) / scale
        assert (stored == np.rint(stored)).all()
        assert not (stored == 127).any()
        band.WriteArray(np.where(VALID, stored, 127))
        return path

    return build


def scaled_with_nodata_of_user(folder, cells):
    from qgis.core import QgsRasterLayer, QgsRasterRange

    path = str(folder / "scaleduser.tif")
    dataset = create(path, "UInt16")
    dataset.GetRasterBand(1).SetScale(0.5)
    dataset.GetRasterBand(1).WriteArray(np.where(VALID, 2 * cells, 999))
    dataset = None
    layer = QgsRasterLayer(path, "scaleduser")
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(499.5, 499.5)])
    return layer


def palette(folder, cells):
    from osgeo import gdal

    path = str(folder / "palette.tif")
    dataset = create(path, "Byte")
    table = gdal.ColorTable()
    for code in range(256):
        table.SetColorEntry(code, (code, 255 - code, 7, 0 if code in (3, 0) else 255))
    band = dataset.GetRasterBand(1)
    band.SetColorTable(table)
    band.SetNoDataValue(0)
    band.WriteArray(np.where(VALID, cells, 0))
    return path


def attribute_table(folder, cells):
    from osgeo import gdal

    path = str(folder / "rat.tif")
    dataset = create(path, "Byte")
    band = dataset.GetRasterBand(1)
    band.SetNoDataValue(0)
    band.WriteArray(np.where(VALID, cells, 0))
    table = gdal.RasterAttributeTable()
    table.CreateColumn("Value", gdal.GFT_Integer, gdal.GFU_MinMax)
    table.CreateColumn("名称", gdal.GFT_String, gdal.GFU_Name)
    table.SetRowCount(3)
    for row, name in enumerate(("无", "林地", "草地")):
        table.SetValueAsInt(row, 0, row)
        table.SetValueAsString(row, 1, name)
    band.SetDefaultRAT(table)
    return path


def wrong_statistics(folder, cells):
    path = typed("Int16", -9999)(folder, cells)
    with open(path + ".aux.xml", "w", encoding="utf-8") as file:
        file.write(
            '<PAMDataset><PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MINIMUM">-5</MDI>'
            '<MDI key="STATISTICS_MAXIMUM">5000</MDI></Metadata></PAMRasterBand></PAMDataset>'
        )
    return path


def overviews(folder, cells):
    from osgeo import gdal

    path = typed("Int16", -9999)(folder, cells)
    gdal.Open(path, gdal.GA_Update).BuildOverviews("AVERAGE", [2, 4])
    return path


def converted(driver, name, kind="Int16", nodata=-9999, options=()):
    """Return a builder of a file of another driver."""

    def build(folder, cells):
        from osgeo import gdal

        plain = gdal.Open(typed(kind, nodata)(folder, cells))
        path = str(folder / name)
        assert gdal.GetDriverByName(driver).CreateCopy(path, plain, 0, list(options)) is not None
        return path

    return build


def in_zip(folder, cells):
    from qgis.core import QgsRasterLayer

    path = write_raster(str(folder / "inner.tif"), cells)
    with zipfile.ZipFile(folder / "packed.zip", "w") as packed:
        packed.write(path, "inner.tif")
    return QgsRasterLayer(f"/vsizip/{folder / 'packed.zip'}/inner.tif", "zipped")


def virtual(folder, cells):
    from osgeo import gdal

    path = str(folder / "virtual.vrt")
    plain = write_raster(str(folder / "inner.tif"), cells)
    gdal.BuildVRT(path, [plain]).FlushCache()
    return path


def strange_name(folder, cells):
    place = folder / "示范 县 (1) 100% #a&b's"
    place.mkdir()
    return shutil.move(write_raster(str(folder / "plain.tif"), cells), str(place / "阻力 面;v=1.tif"))


def with_open_options(folder, cells):
    return write_raster(str(folder / "options.tif"), cells) + "|option:NUM_THREADS=1"


def capital_suffix(folder, cells):
    return os.rename(write_raster(str(folder / "plain.tif"), cells), str(folder / "PLAIN.TIF")) or str(
        folder / "PLAIN.TIF"
    )


def placed(place, crs=CRS):
    def build(folder, cells):
        return write_raster(str(folder / "placed.tif"), cells, crs=crs, place=place)

    return build


def south_up(folder, cells):
    bottom = TOP - CELL * SHAPE[0]
    path = str(folder / "southup.tif")
    dataset = create(path, place=(LEFT, CELL, 0, bottom, 0, CELL))
    dataset.GetRasterBand(1).SetNoDataValue(-9999)
    dataset.GetRasterBand(1).WriteArray(np.where(VALID, cells, -9999)[::-1])
    return path


def no_place(folder, cells):
    path = str(folder / "picture.png")
    from osgeo import gdal

    plain = gdal.Open(typed("Byte", 0, place=None, crs=None)(folder, cells))
    gdal.GetDriverByName("PNG").CreateCopy(path, plain)
    return path


def own_crs(folder, cells):
    crs = "+proj=tmerc +lat_0=0 +lon_0=105 +k=0.9996 +x_0=500000 +y_0=0 +ellps=WGS84 +units=m +no_defs"
    return write_raster(str(folder / "owncrs.tif"), cells, crs=crs)


def filled(kind, value):
    def build(folder, cells):
        path = str(folder / "filled.tif")
        dataset = create(path, kind)
        dataset.GetRasterBand(1).WriteArray(np.full(SHAPE, value))
        return path

    return build


def only_nodata(folder, cells):
    return write_raster(str(folder / "empty.tif"), cells, np.zeros(SHAPE, dtype=bool))


def truncated(folder, cells):
    path = typed("Int16", -9999)(folder, np.tile(cells, 1))
    with open(path, "r+b") as file:
        file.truncate(600)
    return path


ROTATED = (r"is rotated or not north-up\. The tool 'Study grid'",)
EMPTY = (
    "It holds only NoData",
    "holds only NoData",
    "no valid cell",
    "no cell with data",
    "every cell is NoData",
    "no cell of the raster is coded 2",
    "There is no core area",
    "No cell has data in every factor",
    "has no data in the study area",
)

RASTERS = {
    "byte": Odd(typed("Byte"), "type"),
    "uint16": Odd(typed("UInt16", 65535), "type"),
    "uint32": Odd(typed("UInt32", 4294967295), "type"),
    "int32": Odd(typed("Int32", -2147483648), "type"),
    "float32": Odd(typed("Float32", -1.0), "type"),
    "float64": Odd(typed("Float64", -1.7976931348623157e308), "type"),
    "int8": Odd(typed("Int8", -1), "type"),
    "int64": Odd(typed("Int64", -1), "type", ("Could not load source layer", "Incorrect parameter value")),
    "uint64": Odd(typed("UInt64", 2**40), "type", ("Could not load source layer", "Incorrect parameter value")),
    "big endian": Odd(typed("Int32", -1, options=["ENDIANNESS=BIG"]), "type"),
    "tiled": Odd(typed("Float32", -1, options=["TILED=YES", "COMPRESS=LZW", "PREDICTOR=3"]), "type"),
    "complex": Odd(filled("CFloat32", 3 + 1j), "type", ("holds complex numbers",)),
    "nodata zero": Odd(typed("Int16", 0), "nodata"),
    "nodata nan": Odd(typed("Float64", float("nan")), "nodata"),
    "nodata infinite": Odd(typed("Float32", float("inf")), "nodata"),
    "nodata minus infinite": Odd(typed("Float64", float("-inf")), "nodata"),
    "nan undeclared": Odd(nan_undeclared, "nodata"),
    "lowest float": Odd(lowest_float_rounded, "nodata"),
    "nodata of the user": Odd(nodata_of_user, "nodata"),
    "nodata switched off": Odd(nodata_switched_off, "nodata"),
    "internal mask": Odd(mask(True), "mask"),
    "mask file": Odd(mask(False), "mask"),
    "alpha": Odd(alpha(), "mask"),
    "alpha of 16 bits": Odd(alpha("UInt16"), "mask"),
    "alpha and nodata": Odd(alpha(nodata=200), "mask"),
    "picture": Odd(coloured, "bands"),
    "stack": Odd(stack, "bands"),
    "half": Odd(scaled("UInt16", 0.5, 0.0), "scale"),
    "quarter and offset": Odd(scaled("Int16", 0.25, -4.0), "scale"),
    "upside down": Odd(scaled("Int16", -1.0, 100.0), "scale"),
    "scaled float": Odd(scaled("Float32", 0.125, 2.0), "scale"),
    "scaled, nodata of the user": Odd(scaled_with_nodata_of_user, "scale"),
    "palette": Odd(palette, "storage"),
    "attribute table": Odd(attribute_table, "storage"),
    "wrong statistics": Odd(wrong_statistics, "storage"),
    "overviews": Odd(overviews, "storage"),
    "vrt": Odd(virtual, "storage"),
    "zip": Odd(in_zip, "storage"),
    "ascii grid": Odd(converted("AAIGrid", "grid.asc"), "storage"),
    "erdas": Odd(converted("HFA", "grid.img"), "storage"),
    "envi": Odd(converted("ENVI", "grid.bil", options=["INTERLEAVE=BIL"]), "storage"),
    "saga": Odd(converted("SAGA", "grid.sdat", "Float32", -99999), "storage"),
    "geopackage": Odd(converted("GPKG", "grid.gpkg", "Float32", -1.0), "storage"),
    "strange name": Odd(strange_name, "storage"),
    "capital suffix": Odd(capital_suffix, "storage"),
    "open options": Odd(with_open_options, "storage"),
    "truncated": Odd(
        truncated, "storage", ("cannot be read at row", "cannot be opened", "Could not load source layer")
    ),
    "skew of nothing": Odd(placed((LEFT, CELL, 1e-12, TOP, -1e-12, -CELL)), "axes"),
    "nearly square": Odd(
        placed((LEFT, 30.002, 0, TOP, 0, -29.998)),
        "axes",
        ("not lie on the same grid",),
        only_cells=True,
        loose=1e-3,
        without_twin=("distancefactor", "studygrid"),
    ),
    "rotated": Odd(
        placed((LEFT, 29.0, 7.0, TOP, 7.0, -29.0)), "axes", ROTATED, without_twin=("studygrid", "securitynetwork")
    ),
    "south up": Odd(south_up, "axes", ROTATED),
    "west up": Odd(
        placed((LEFT + CELL * SHAPE[1], -CELL, 0, TOP, 0, -CELL)),
        "axes",
        ROTATED,
        without_twin=("studygrid", "securitynetwork"),
    ),
    "no place": Odd(no_place, "axes", ("does not say where it lies",)),
    "no crs": Odd(placed(PLACE, None), "crs", ("has no coordinate reference system, so that nothing",)),
    "own crs": Odd(own_crs, "crs"),
    "degrees": Odd(
        placed((105.0, 0.0003, 0, 26.2, 0, -0.0003), "EPSG:4326"),
        "crs",
        (
            "is in degrees .*EPSG:32648",
            "lies? outside the raster",
            "The tool 'Study grid'",
            r"'height' \(DEM\) lies [\d,]{4,} m beyond 'placed'",  # which is far away on the grid of securitynetwork
        ),
        True,
        without_twin=("studygrid",),
    ),
    "only nodata": Odd(only_nodata, "values", EMPTY, without_twin=("tabulate",)),
}
