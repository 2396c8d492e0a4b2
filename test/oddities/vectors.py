"""Strange polygon layers of the same three sources as the plain one, and some that cannot be used."""

import shutil
import zipfile

from oddities.rasters import Odd
from oddities.world import CRS, SOURCES, VECTOR_TOOLS, box, write_vector

ALL = tuple(VECTOR_TOOLS)
IDS = (1, 2, 3)


def multi(rings):
    return f"MULTIPOLYGON({rings})"


def rows(shape=multi, ids=IDS):
    return [(shape(rings), (one,)) for rings, one in zip(SOURCES, ids)]


def shaped(kind, shape=multi, extra=(), **how):
    """Return a builder of a GeoPackage whose geometries are made from the rings of the sources."""

    def build(folder):
        return write_vector(str(folder / "shapes.gpkg"), [*rows(shape), *extra], kind, **how)

    return build


def stored(name, driver, **how):
    """Return a builder of a file of another driver."""

    def build(folder):
        return write_vector(str(folder / name), rows(), driver=driver, **how)

    return build


def identified(kind, ids):
    """Return a builder with other ids."""

    def build(folder):
        return write_vector(str(folder / "ids.gpkg"), rows(ids=ids), fields=f"field=source_id:{kind}")

    return build


def without_ids(folder):
    return write_vector(str(folder / "noids.gpkg"), rows(), fields="field=note:integer")


def reprojected(crs, name="other.gpkg", driver="GPKG"):
    """Return a builder of the layer in another reference system."""

    def build(folder):
        from qgis.core import (
            QgsCoordinateReferenceSystem,
            QgsCoordinateTransform,
            QgsCoordinateTransformContext,
            QgsGeometry,
        )

        there = QgsCoordinateTransform(
            QgsCoordinateReferenceSystem(CRS), QgsCoordinateReferenceSystem(crs), QgsCoordinateTransformContext()
        )
        moved = []
        for wkt, attributes in rows():
            geometry = QgsGeometry.fromWkt(wkt)
            geometry.transform(there)
            moved.append((geometry, attributes))
        return write_vector(str(folder / name), moved, crs=crs, driver=driver)

    return build


def of_mixed_types(folder):
    """Write a layer of any geometry with a collection, a polygon and a surface in it."""
    from osgeo import ogr, osr

    path = str(folder / "mixed.gpkg")
    reference = osr.SpatialReference()
    reference.SetFromUserInput(CRS)
    store = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = store.CreateLayer("mixed", reference, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("source_id", ogr.OFTInteger))
    shapes = (f"GEOMETRYCOLLECTION(POLYGON{SOURCES[0]})", f"POLYGON{SOURCES[1]}", f"MULTISURFACE({SOURCES[2]})")
    for one, wkt in zip(IDS, shapes):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetField(0, one)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    return path


def in_memory(folder):
    return write_vector(None, rows())


def in_zip(folder):
    from qgis.core import QgsVectorLayer

    path = stored("inner.gpkg", "GPKG")(folder)
    with zipfile.ZipFile(folder / "packed.zip", "w") as packed:
        packed.write(path, "inner.gpkg")
    return QgsVectorLayer(f"/vsizip/{folder / 'packed.zip'}/inner.gpkg", "zipped", "ogr")


def strange_name(folder):
    place = folder / "示范 县 (1) 100% #a&b's"
    place.mkdir()
    return shutil.move(stored("plain.gpkg", "GPKG")(folder), str(place / "源 地;v=1.gpkg"))


def filtered(folder):
    """Hide features by the filter of the layer."""
    from qgis.core import QgsVectorLayer

    more = (multi(f"({box(1, 20, 3, 3)})"), (9,))
    layer = QgsVectorLayer(write_vector(str(folder / "more.gpkg"), [*rows(), more]), "filtered", "ogr")
    assert layer.setSubsetString('"source_id" < 9')
    return layer


def numbered(rings, extra):
    """Return rings with more numbers at every corner."""
    corners = rings.replace("((", "(").replace("))", ")").strip("()").split("), (")
    return ", ".join(
        "(" + ", ".join(f"{corner.strip()} {extra}" for corner in ring.split(",")) + ")" for ring in corners
    )


def backwards(rings):
    corners = rings.strip("()").split("), (")
    return "(" + ", ".join("(" + ", ".join(reversed(ring.split(","))) + ")" for ring in corners) + ")"


def repeated(rings):
    """Give every corner twice."""
    corners = rings.strip("()").split("), (")
    return "(" + ", ".join("(" + ", ".join(f"{c}, {c}" for c in ring.split(",")) + ")" for ring in corners) + ")"


def in_compound_curves(rings):
    corners = rings.strip("()").split("), (")
    return "MULTISURFACE(CURVEPOLYGON(" + ", ".join(f"COMPOUNDCURVE(({ring}))" for ring in corners) + "))"


def in_arcs(rings):
    """Return the first ring as arcs through the middles of its straight edges."""
    ring, *holes = rings.strip("()").split("), (")
    corners = [tuple(map(float, corner.split())) for corner in ring.split(",")]
    points = [corners[0]]
    for a, b in zip(corners, corners[1:]):
        points += [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), b]
    arcs = "CIRCULARSTRING(" + ", ".join(f"{x} {y}" for x, y in points) + ")"
    return f"CURVEPOLYGON({', '.join([arcs, *(f'({hole})' for hole in holes)])})"


def with_empty_part(rings):
    from qgis.core import QgsGeometry, QgsMultiPolygon, QgsPolygon

    shape = QgsMultiPolygon()
    shape.addGeometry(QgsPolygon())
    part = QgsPolygon()
    assert part.fromWkt(f"POLYGON{rings}")
    shape.addGeometry(part)
    return QgsGeometry(shape)


def halves(overlap):
    """Return a shape of two parts that share `overlap` columns of cells of a rectangle."""

    def shape(rings):
        if rings != SOURCES[0]:
            return multi(rings)
        return f"MULTIPOLYGON(({box(3, 2, 3 + overlap, 6)}), ({box(6 - overlap, 2, 3 + overlap, 6)}))"

    return shape


NONE = ("0 usable source", "has no ", "at least two focal nodes", "There is no pair")
OWN_CRS = ("connectivity", "dispersalsweep", "coneforexport", "centrality", "gravity", "tabulate")
"""Tools that measure in the CRS of the layer."""
NO_POLYGONS = (r"holds (points|lines), but .* takes (points or )?polygons",)

VECTORS = {
    "polygon": Odd(shaped("Polygon", lambda rings: f"POLYGON{rings}"), "geometry"),
    "z": Odd(shaped("MultiPolygonZ", lambda rings: f"MULTIPOLYGON Z(({numbered(rings, '7')}))"), "z and m"),
    "m": Odd(shaped("PolygonM", lambda rings: f"POLYGON M({numbered(rings, '3')})"), "z and m"),
    "zm": Odd(shaped("MultiPolygonZM", lambda rings: f"MULTIPOLYGON ZM(({numbered(rings, '7 3')}))"), "z and m"),
    "surface": Odd(shaped("MultiSurface", lambda rings: f"MULTISURFACE({rings})"), "curves"),
    "curve polygon": Odd(shaped("CurvePolygon", lambda rings: f"CURVEPOLYGON{rings}"), "curves"),
    "compound curves": Odd(shaped("MultiSurface", in_compound_curves), "curves"),
    "arcs": Odd(shaped("CurvePolygon", in_arcs), "curves"),
    "mixed types": Odd(of_mixed_types, "geometry"),
    "backwards": Odd(shaped("MultiPolygon", lambda rings: multi(backwards(rings))), "geometry"),
    "repeated corners": Odd(shaped("MultiPolygon", lambda rings: multi(repeated(rings))), "geometry"),
    "empty part": Odd(shaped("MultiPolygon", with_empty_part), "empty"),
    "parts that touch": Odd(shaped("MultiPolygon", halves(0)), "geometry"),
    "parts that overlap": Odd(shaped("MultiPolygon", halves(1)), "geometry"),
    "null beside": Odd(shaped("MultiPolygon", extra=[(None, (8,))]), "empty"),
    "empty beside": Odd(shaped("MultiPolygon", extra=[("MULTIPOLYGON EMPTY", (8,))]), "empty"),
    "nan beside": Odd(shaped("MultiPolygon", extra=[("MULTIPOLYGON(((nan nan, 1 2, 3 4, nan nan)))", (8,))]), "empty"),
    "shapefile": Odd(stored("shapes.shp", "ESRI Shapefile"), "storage"),
    "flatgeobuf": Odd(stored("shapes.fgb", "FlatGeobuf", options=("SPATIAL_INDEX=NO",)), "storage"),
    "geojson": Odd(stored("shapes.geojson", "GeoJSON"), "storage", loose=1e-4),
    "spatialite": Odd(stored("shapes.sqlite", "SQLite", options=("FORMAT=SPATIALITE",)), "storage"),
    "mapinfo": Odd(stored("shapes.tab", "MapInfo File"), "storage", loose=1e-4),
    "wkt in csv": Odd(stored("shapes.csv", "CSV", options=("GEOMETRY=AS_WKT",)), "storage"),
    "memory": Odd(in_memory, "storage"),
    "zip": Odd(in_zip, "storage"),
    "strange name": Odd(strange_name, "storage"),
    "filter": Odd(filtered, "storage"),
    "other zone": Odd(reprojected("EPSG:32649"), "crs", loose=1e-2, without_twin=OWN_CRS),
    "degrees": Odd(reprojected("EPSG:4326"), "crs", ("is in degrees .*EPSG:32648",), loose=1e-4),
    "degrees in geojson": Odd(
        reprojected("EPSG:4326", "shapes.geojson", "GeoJSON"), "crs", ("is in degrees .*EPSG:32648",), loose=1e-4
    ),
    "web mercator": Odd(reprojected("EPSG:3857"), "crs", loose=1e-4, without_twin=OWN_CRS),
    "no crs": Odd(shaped("MultiPolygon", crs=""), "crs"),
    "text ids": Odd(identified("string", ("a", "b", "c")), "ids"),
    "digits as text": Odd(identified("string", ("101", "102", "103")), "ids"),
    "chinese ids": Odd(identified("string", ("东山'1\"", "南湖, 2", "西岭;3")), "ids"),
    "padded ids": Odd(identified("string", ("007", "008", "009")), "ids"),
    "negative ids": Odd(identified("integer", (-103, -102, -101)), "ids"),
    "zero": Odd(identified("integer", (0, 1001, 1002)), "ids"),
    "large ids": Odd(identified("int8", (2**40, 2**40 + 1, 2**40 + 2)), "ids"),
    "whole doubles": Odd(identified("double", (101.0, 102.0, 103.0)), "ids"),
    "fractions": Odd(identified("double", (101.25, 101.5, 101.75)), "ids"),
    "no ids": Odd(without_ids, "ids", without_twin=("centrality", "linkpriority", "restorationplan")),
    "id twice": Odd(
        identified("integer", (1, 2, 2)),
        "ids",
        ("more than one feature with the same 'source_id': 2", r"needs at least|no pair|two"),
        without_twin=("sources", "distancefactor", "tabulate", "currentflow", "actionsheet"),
    ),
    "id missing": Odd(
        identified("integer", (1, 2, None)),
        "ids",
        ("without a value in 'source_id'",),
        without_twin=("sources", "distancefactor", "tabulate", "actionsheet"),
    ),
    "id blank": Odd(
        identified("string", ("a", "b", "")),
        "ids",
        ("without a value in 'source_id'",),
        without_twin=("sources", "distancefactor", "tabulate", "actionsheet"),
    ),
    "points": Odd(
        shaped("Point", lambda rings: f"POINT({rings.strip('()').split(',')[0]})"),
        "other geometry",
        NO_POLYGONS,
        without_twin=ALL,
    ),
    "lines": Odd(
        shaped("LineString", lambda rings: f"LINESTRING({rings.strip('()').split('), (')[0]})"),
        "other geometry",
        NO_POLYGONS,
        without_twin=ALL,
    ),
    "nothing": Odd(
        lambda folder: write_vector(str(folder / "nothing.gpkg"), []),
        "empty",
        NONE,
        without_twin=("sources",),
    ),
    "only null": Odd(
        lambda folder: write_vector(str(folder / "null.gpkg"), [(None, (one,)) for one in IDS]),
        "empty",
        NONE,
        without_twin=("sources",),
    ),
    "elsewhere": Odd(
        lambda folder: write_vector(
            str(folder / "far.gpkg"), [(multi(f"({box(900 + 20 * k, 900, 5, 5)})"), (k,)) for k in IDS]
        ),
        "crs",
        ("outside the raster", "lies on the grid", "lies? outside"),
        without_twin=("sources", *OWN_CRS),
    ),
}


def names_of(layer):
    """Return which id of the twin each id of a layer stands for."""
    from qgis.core import QgsVectorLayer

    if isinstance(layer, str):
        layer = QgsVectorLayer(layer, "layer", "ogr")
    if "source_id" not in layer.fields().names():
        return {}
    ids = [feature["source_id"] for feature in layer.getFeatures()]
    whole = all(isinstance(one, (int, float)) and float(one).is_integer() for one in ids)
    known = {str(one): number for number, one in zip(IDS, ids)}
    return {**known, **{str(int(one)): number for number, one in zip(IDS, ids)}} if whole else known
