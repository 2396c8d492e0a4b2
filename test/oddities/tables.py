"""Tables as spreadsheets, editors and other programs save them."""

import csv
import io

from oddities.rasters import Odd

TABLES = {
    "scorefactor": (
        "SCORES_TABLE",
        {"INPUT": "land", "FACTOR": "土地利用"},
        ["factor", "value", "score"],
        [["土地利用", str(code), str(1.5 * code)] for code in range(1, 7)] + [["坡度 (°)", "1", "2.5"]],
    ),
    "checkscores": (
        "SCORES",
        {},
        ["factor", "min", "max", "score", "weight"],
        [
            ["高程", "0", "10.5", "1", "0.25"],
            ["高程", "10.5", "", "5", ""],
            ["坡度", "0", "3", "2", "0.75"],
            ["坡度", "5", "9", "4", ""],
        ],
    ),
    "connectivity": (
        "DISTANCES",
        {"DISTANCE": 3, "DISPERSAL": 300.0},
        ["from_id", "to_id", "distance"],
        [["1", "2", "450.5"], ["1", "3", "120.25"], ["2", "3", "700"]],
    ),
    "linkages": (
        "DISTANCES",
        {},
        ["from_id", "to_id", "distance"],
        [["1", "2", "450.5"], ["1", "3", "120.25"], ["2", "3", "700"]],
    ),
    "resistance": (
        "WEIGHTS_TABLE",
        {"FACTORS": ["land", "height"]},
        ["factor", "weight"],
        [["land", "0.75"], ["height", "0.25"]],
    ),
    "evidence": (
        "WEIGHTS_TABLE",
        {"EVIDENCE": ["land", "height"]},
        ["factor", "weight"],
        [["land", "0.75"], ["height", "0.25"]],
    ),
    "currentflow": (
        "STRENGTHS",
        {"FOCAL_LAYER": "sources", "MODE": 1},
        ["id", "strength"],
        [["1", "1.5"], ["2", "2.25"], ["3", "1"]],
    ),
    "actionsheet": (
        "RULES",
        {"AREAS": ["sources"], "TYPES": "barrier", "LANDUSE": "land", "LEGEND": 1},
        ["type", "land_use", "class", "measure"],
        [["barrier", "林地", "natural recovery", "封育"], ["", "", "assisted regeneration", "补植"]],
    ),
    "tabulate": (
        "NAMES_TABLE",
        {"AREAS": "sources", "ZONES": "sources", "LANDUSE": "land"},
        ["code", "name"],
        [["1", "林地"], ["2", "草地"]],
    ),
}
"""Tools that take a table: its parameter, what else is given, and the columns and rows of the plain twin."""


def text(header, rows, *, delimiter=",", end="\n", quote=csv.QUOTE_MINIMAL):
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end, quoting=quote).writerows([header, *rows])
    return stream.getvalue()


def saved(encoding="utf-8", name="table.csv", change=lambda header, rows: (header, rows), after="", **how):
    """Return a builder of a text file."""

    def build(folder, header, rows):
        path = folder / name
        path.write_bytes((text(*change(header, rows), **how) + after).encode(encoding))
        return str(path)

    return build


def decimal_commas(header, rows):
    return header, [[one.replace(".", ",") for one in row] for row in rows]


def capitals(header, rows):
    return [f" {one.upper()} " for one in header], rows


def padded(header, rows):
    return header, [[f" {one} " for one in row] for row in rows]


def shuffled(header, rows):
    order = list(range(len(header)))[::-1]
    return [header[k] for k in order], [[row[k] for k in order] for row in rows]


def with_more(header, rows):
    return ["remark", *header, "注"], [["x", *row, "好"] for row in rows]


def by_driver(driver, name):
    """Return a builder of a table that GDAL writes, every column with the type of its cells."""

    def build(folder, header, rows):
        from osgeo import ogr

        path = str(folder / name)
        store = ogr.GetDriverByName(driver).CreateDataSource(path)
        options = ["ENCODING=UTF-8"] if driver == "ESRI Shapefile" else []
        layer = store.CreateLayer("table", None, ogr.wkbNone, options)
        kinds = [_kind([row[k] for row in rows]) for k in range(len(header))]
        for column, kind in zip(header, kinds):
            layer.CreateField(
                ogr.FieldDefn(column, {int: ogr.OFTInteger, float: ogr.OFTReal, str: ogr.OFTString}[kind])
            )
        for row in rows:
            feature = ogr.Feature(layer.GetLayerDefn())
            for k, (cell, kind) in enumerate(zip(row, kinds)):
                if cell != "":
                    feature.SetField(k, kind(cell))
            layer.CreateFeature(feature)
        return path

    return build


def _kind(cells):
    for kind in (int, float):
        try:
            [kind(cell) for cell in cells if cell != ""]
        except ValueError:
            continue
        return kind
    return str


COLUMNS = r"column|no factor|must have|needs|no field|cannot be read|UTF-8"
ENCODED = {
    "plain": Odd(saved(), "text"),
    "bom": Odd(saved("utf-8-sig"), "encoding"),
    "utf-16": Odd(saved("utf-16"), "encoding", (COLUMNS, "Could not load", "no rows")),
    "utf-16 big endian": Odd(saved("utf-16-be"), "encoding", (COLUMNS, "Could not load", "no rows")),
    "gbk": Odd(saved("gbk"), "encoding", ("is not in UTF-8",)),
    "semicolons": Odd(saved(delimiter=";"), "text"),
    "tabs": Odd(saved(delimiter="\t"), "text"),
    "tabs in tsv": Odd(saved(delimiter="\t", name="table.tsv"), "text"),
    "decimal commas": Odd(saved(delimiter=";", change=decimal_commas), "text"),
    "windows": Odd(saved(end="\r\n"), "text"),
    "old mac": Odd(saved(end="\r"), "text", (COLUMNS, "no rows", "Could not load")),
    "quoted": Odd(saved(quote=csv.QUOTE_ALL), "text"),
    "capitals": Odd(saved(change=capitals), "header", (COLUMNS,)),
    "padded": Odd(saved(change=padded), "text"),
    "shuffled": Odd(saved(change=shuffled), "header", without_twin=("tabulate",)),
    "more columns": Odd(saved(change=with_more), "header", ("has unknown columns: ",), without_twin=("tabulate",)),
    "blank lines": Odd(saved(after="\n\n"), "text"),
    "empty cells": Odd(saved(after=",,\n"), "text", (r"[Rr]ow|value|id|score",)),
    "only the header": Odd(
        saved(change=lambda header, rows: (header, [])),
        "text",
        ("no rows", "must have", "has no", "weights", "no row"),
        without_twin=("connectivity", "linkages", "currentflow", "tabulate"),
    ),
    "nothing": Odd(
        saved(change=lambda header, rows: ([], [])),
        "text",
        (COLUMNS, "Could not load", "no rows"),
        without_twin=("tabulate",),
    ),
    "excel": Odd(by_driver("XLSX", "table.xlsx"), "format"),
    "calc": Odd(by_driver("ODS", "table.ods"), "format"),
    "dbase": Odd(by_driver("ESRI Shapefile", "table.dbf"), "format"),
    "geopackage": Odd(by_driver("GPKG", "table.gpkg"), "format"),
}


def run(world, tool, path):
    """Run a tool with a table."""
    name, given, _, _ = TABLES[tool]
    return world.other(tool, {**given, name: path})
