"""Names and colours of classes that a raster file holds itself: attribute table, category names, colour table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from osgeo import gdal

from .rasters import RasterSource, measured_values

_VALUES = ("value", "code", "class value", "代码")
_NAMES = ("class", "class name", "class_name", "classname", "name", "label", "category", "land cover", "名称", "地类")
"""What columns are called that do not say what they are for."""


class Categories(NamedTuple):
    """The classes of a file.

    Attributes
    ----------
    names : dict of int to str
        Only names that are more than the code.
    colours : dict of int to (int, int, int)
        Of the colour table.
    """

    names: dict[int, str]
    colours: dict[int, tuple[int, int, int]]


def read_categories(source: RasterSource) -> Categories:
    """Return the classes that a raster names or colours."""
    dataset = source.open()
    band = dataset.GetRasterBand(source.band)
    dataset.GetMetadata()  # before which GDAL 3.6 has not read the names of a GeoTIFF that lie beside it
    names = dict(enumerate(band.GetCategoryNames() or ()))
    table = band.GetDefaultRAT()
    columns = range(table.GetColumnCount()) if table is not None else ()
    values = [k for k in columns if table.GetUsageOfCol(k) in (gdal.GFU_MinMax, gdal.GFU_Min)]
    titles = [k for k in columns if table.GetUsageOfCol(k) == gdal.GFU_Name]
    called = [table.GetNameOfCol(k).strip().lower() for k in columns]
    values = values or _called(called, _VALUES)
    titles = titles or _called(called, _NAMES)
    if values and titles:
        for row in range(table.GetRowCount()):
            names[table.GetValueAsInt(row, values[0])] = table.GetValueAsString(row, titles[0])
    held = band.GetColorTable()
    colours = {code: tuple(held.GetColorEntry(code)[:3]) for code in range(held.GetCount() if held is not None else 0)}
    return Categories({code: name for code, name in names.items() if name.strip() not in ("", str(code))}, colours)


def not_classes(source: RasterSource) -> str | None:
    """Return what shows that a raster holds measured values, in words; None where it may hold classes.

    Whole numbers may be as many as they like where the file itself names them, as a land register does.
    """
    values = source.glance()
    held = measured_values(values)
    return None if held and values.dtype.kind != "f" and read_categories(source).names else held


def _called(columns: Sequence[str], names: Sequence[str]) -> list[int]:
    return [columns.index(name) for name in names if name in columns]
