"""A small landscape, the tools that are run on it, and what is compared of their results."""

import os
import re

import numpy as np

LEFT, TOP, CELL, SHAPE = 500_000.0, 2_900_000.0, 30.0, (26, 34)
CRS = "EPSG:32648"
TEMPORARY = "TEMPORARY_OUTPUT"


def _blocks(rng, high):
    """Return classes in patches of 2 x 2 cells, so that MSPA and patches have something to find."""
    small = rng.integers(1, high + 1, (SHAPE[0] // 2, SHAPE[1] // 2))
    return np.kron(small, np.ones((2, 2), dtype=int))


def _values():
    rng = np.random.default_rng(20)
    land = _blocks(rng, 6)
    land[2:9, 3:11] = land[3:9, 24:31] = land[17:24, 14:23] = 1
    return {
        "resistance": rng.integers(1, 30, SHAPE),
        "land": land,
        "foreground": 1 + np.isin(land, (1, 2)).astype(int),
        "height": np.clip((np.indices(SHAPE).sum(axis=0) * 1.5 + rng.integers(0, 9, SHAPE)).astype(int), 1, 99),
        "current": rng.integers(1, 99, SHAPE),
    }


VALUES = _values()
"""The cells of each kind of raster: whole numbers from 1 to 99, so that every type can hold them."""

VALID = np.ones(SHAPE, dtype=bool)
VALID[11:15, 0:6] = False
VALID[0, 30:] = False


def box(col, row, wide, high):
    """Return the ring of a rectangle, its corners in cells."""
    x, y = LEFT + CELL * col, TOP - CELL * row
    far, low = x + CELL * wide, y - CELL * high
    return f"({x} {y}, {far} {y}, {far} {low}, {x} {low}, {x} {y})"


SOURCES = [f"({box(3, 2, 6, 6)})", f"({box(24, 3, 6, 5)}, {box(26, 5, 1, 1)})", f"({box(15, 17, 7, 6)})"]
"""Rings of three sources; the second has a hole."""

STONES = [box(14, 9, 2, 2), box(19, 12, 3, 2)]
"""Rings of two stepping stones."""


def write_raster(path, values, valid=VALID, kind="Int16", *, crs=CRS, nodata=-9999, place=None):
    """Write the plain twin: one band, a NoData value of its own."""
    from osgeo import gdal, osr

    dataset = gdal.GetDriverByName("GTiff").Create(
        path, values.shape[1], values.shape[0], 1, gdal.GetDataTypeByName(kind)
    )
    dataset.SetGeoTransform(place or (LEFT, CELL, 0, TOP, 0, -CELL))
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
        dataset.SetProjection(reference.ExportToWkt())
    band = dataset.GetRasterBand(1)
    band.SetNoDataValue(nodata)
    band.WriteArray(np.where(valid, values, nodata))
    return path


def write_vector(path, rows, kind="MultiPolygon", fields="field=source_id:integer", crs=CRS, driver="GPKG", options=()):
    """Write features (WKT, attributes) with a driver of GDAL."""
    from qgis.core import QgsFeature, QgsGeometry, QgsVectorFileWriter, QgsVectorLayer

    layer = QgsVectorLayer(f"{kind}?crs={crs}&{fields}", "shapes", "memory")
    assert layer.isValid()
    features = []
    for wkt, attributes in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes(list(attributes))
        if wkt is not None:
            geometry = wkt if isinstance(wkt, QgsGeometry) else QgsGeometry.fromWkt(wkt)
            feature.setGeometry(geometry)
        features.append(feature)
    assert layer.dataProvider().addFeatures(features)[0]
    if path is None:
        return layer
    how = QgsVectorFileWriter.SaveVectorOptions()
    how.driverName, how.layerName, how.layerOptions = driver, "shapes", list(options)
    error = QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, layer.transformContext(), how)
    assert error[0] == QgsVectorFileWriter.WriterError.NoError, error
    return path


RASTER_TOOLS = {
    "studygrid": ("LANDCOVER", "land", {"TABLE": TEMPORARY}),
    "foreground": ("INPUT", "land", {"FOREGROUND": "1,2"}),
    "mspa": ("INPUT", "foreground", {"STATISTICS": TEMPORARY}),
    "evidence": ("EVIDENCE", "height", {"NORMALISE": 1, "CLASSES": TEMPORARY, "AGREEMENT": TEMPORARY}),
    "sources": ("INPUT", "land", {"CORE_VALUES": "1", "MIN_AREA": 0.5}),
    "connectivity": ("RESISTANCE", "resistance", {"DISTANCE": 2, "DISPERSAL": 300.0}),
    "rasterbreaks": ("INPUT", "current", {"BREAKS": TEMPORARY}),
    "distancefactor": ("GRID", "land", {"FEATURES": "sources"}),
    "terrainfactor": ("DEM", "height", {}),
    "scorefactor": ("INPUT", "land", {"SCORES": "scores"}),
    "resistance": ("FACTORS", "land", {"WEIGHTS": "0.5;0.5"}),
    "costdistance": ("RESISTANCE", "resistance", {"ALLOCATION": TEMPORARY}),
    "linkages": ("RESISTANCE", "resistance", {"ZONES": TEMPORARY, "CWD": TEMPORARY}),
    "gravity": ("RESISTANCE", "resistance", {}),
    "linkpriority": ("RESISTANCE", "resistance", {"PRIORITY": TEMPORARY}),
    "strategicpoints": ("RESISTANCE", "resistance", {"BARRIER_LINES": ["roads"], "LEVEL": "kind", "MIN_LENGTH": 100.0}),
    "networkoptimisation": ("RESISTANCE", "resistance", {"STONES": "stones", "ADD": 2}),
    "corridorwidths": (
        "LANDUSE",
        "land",
        {"WIDTHS": "60, 200", "CURRENT": "current", "NAMES": "1=A; 2=B; 3=C; 4=D; 5=E; 6=F"},
    ),
    "currentflow": ("RESISTANCE", "resistance", {"FOCAL_LAYER": "sources", "RESISTANCES": TEMPORARY}),
    "currentflowadvanced": (
        "RESISTANCE",
        "resistance",
        {"CURRENT_SOURCE_POINTS": "inlets", "GROUND_POINTS": "outlets"},
    ),
    "omniscape": ("RESISTANCE", "resistance", {"RADIUS": 5}),
    "pinchpoints": ("RESISTANCE", "resistance", {"CUTOFF": 900.0, "BLOCKING": "stones", "BLOCKED": TEMPORARY}),
    "barriers": ("RESISTANCE", "resistance", {"MIN_RADIUS": 60.0, "MAX_RADIUS": 60.0}),
    "circuitbarriers": ("RESISTANCE", "resistance", {}),
    "keyareas": ("INPUT", "current", {"MIN_AREA": 0.0}),
    "cutoffsweep": ("RESISTANCE", "resistance", {"CUTOFFS": "300, 900"}),
    "tabulate": ("LANDUSE", "land", {"AREAS": "sources", "ZONES": "sources", "NAMES": "1=Woods; 2=Meadows"}),
    "actionsheet": ("LANDUSE", "land", {"AREAS": ["sources"], "TYPES": "barrier", "LEGEND": 1, "TABLE": TEMPORARY}),
    "nullmodel": ("RESISTANCE", "resistance", {"CUTOFF": 900.0, "RUNS": 19, "STAGE": 0}),
    "restorationplan": ("RESISTANCE", "resistance", {"CANDIDATES": "sources", "BUDGET": "2, 4"}),
    "speciesmanifest": ("RESISTANCE", "resistance", {"MANIFEST": "species", "CUTOFF": 600.0, "STAGE": 0}),
    "validate": ("SURFACES", "height", {"POINTS": "seen", "PERMUTATIONS": 19, "POINTS_OUT": TEMPORARY}),
    "securitynetwork": (
        "LANDUSE",
        "land",
        {
            "LEGEND": 1,
            "FOREGROUND": "1",
            "DEM": "height",
            "MIN_AREA": 0.5,
            "MIN_DPC": 0.0,
            "DISPERSAL": 300.0,
            "CUTOFF": 600.0,
        },
    ),
    "mapsheets": ("LANDUSE", "land", {"LAYERS": ["sources"], "SHEETS": [0, 2], "DPI": 72}),
    "robustness": ("FACTORS", "land", {"WEIGHTS": "0.5;0.5", "RUNS": 2, "CUTOFF": 600.0, "MIN_KEY_AREA": 0.0}),
}
"""Tools that take a raster: its parameter, which values it gets, and what else is given."""

VECTOR_TOOLS = {
    "sources": ("PROTECTED", {"INPUT": "land", "CORE_VALUES": "1", "MIN_AREA": 0.5}),
    "connectivity": ("SOURCES", {"DISPERSAL": 300.0}),
    "dispersalsweep": ("SOURCES", {"DISTANCES_LIST": "200; 300; 400"}),
    "coneforexport": ("SOURCES", {}),
    "distancefactor": ("FEATURES", {"GRID": "land"}),
    "resistance": (
        "SOURCES",
        {"FACTORS": ["height", "current"], "WEIGHTS": "0.5;0.5", "LANDUSE": "land", "IMPASSABLE": "1-4"},
    ),
    "costdistance": ("SOURCES", {}),
    "linkages": ("SOURCES", {"ZONES": TEMPORARY}),
    "centrality": ("SOURCES", {"INDICES": TEMPORARY}),
    "gravity": ("SOURCES", {}),
    "linkpriority": ("SOURCES", {}),
    "strategicpoints": ("SOURCES", {"BARRIER_LINES": ["roads"], "MIN_LENGTH": 100.0}),
    "networkoptimisation": ("SOURCES", {"STONES": "stones", "ADD": 2}),
    "corridorwidths": ("SOURCES", {"LANDUSE": "land", "WIDTHS": "60, 200", "CURRENT": "current"}),
    "currentflow": ("FOCAL_LAYER", {"RESISTANCES": TEMPORARY}),
    "pinchpoints": ("SOURCES", {"CUTOFF": 900.0}),
    "barriers": ("SOURCES", {"MIN_RADIUS": 60.0, "MAX_RADIUS": 60.0}),
    "circuitbarriers": ("SOURCES", {}),
    "keyareas": ("AREA", {"INPUT": "current", "MIN_AREA": 0.0}),
    "cutoffsweep": ("SOURCES", {"CUTOFFS": "300, 900"}),
    "tabulate": ("AREAS", {"ZONES": "sources", "LANDUSE": "land"}),
    "actionsheet": ("AREAS", {"LANDUSE": "land", "TYPES": "barrier", "LEGEND": 1, "TABLE": TEMPORARY}),
    "nullmodel": ("SOURCES", {"CUTOFF": 900.0, "RUNS": 19, "STAGE": 0}),
    "restorationplan": ("CANDIDATES", {"BUDGET": "2, 4"}),
    "speciesmanifest": ("SOURCES", {"MANIFEST": "species", "CUTOFF": 600.0}),
    "validate": ("AREAS", {"SURFACES": ["height"], "POINTS": "seen", "PERMUTATIONS": 19}),
    "mapsheets": ("TOWNSHIPS", {"LAYERS": ["sources"], "LANDUSE": "land", "SHEETS": [0, 2], "DPI": 72}),
    "robustness": ("SOURCES", {"FACTORS": ["height", "current"], "WEIGHTS": "0.5;0.5", "RUNS": 2, "CUTOFF": 600.0}),
}
"""Tools that take polygons: their parameter, and what else is given."""


class RefusedError(Exception):
    """A tool has refused its inputs."""


class World:
    """The plain layers, and runs of the tools with one of them replaced."""

    def __init__(self, processing, folder):
        self._processing = processing
        self.folder = folder
        self.rasters = {name: write_raster(str(folder / f"{name}.tif"), cells) for name, cells in VALUES.items()}
        rows = [(f"MULTIPOLYGON({rings})", (k,)) for k, rings in enumerate(SOURCES, start=1)]
        self.sources = write_vector(str(folder / "sources.gpkg"), rows)
        self._named = {
            **self.rasters,
            "sources": self.sources,
            "stones": write_vector(
                str(folder / "stones.gpkg"),
                [(f"MULTIPOLYGON((({ring[1:-1]})))", (k,)) for k, ring in enumerate(STONES, start=11)],
            ),
            "inlets": self._points("inlets", (5, 5)),
            "outlets": self._points("outlets", (18, 20)),
            "seen": self._points("seen", *((3 * k % 31 + 1, 7 * k % 23 + 1) for k in range(25))),
            "roads": self._roads(),
            "species": self._species(),
            "scores": [str(one) for code in range(1, 7) for one in (code, code, 10 * code)],
        }
        self._plain = {}
        self.links = self._links(self.sources)

    def _points(self, name, *places):
        rows = [
            (f"POINT({LEFT + CELL * (col + 0.5)} {TOP - CELL * (row + 0.5)})", (number,))
            for number, (col, row) in enumerate(places, start=1)
        ]
        return write_vector(str(self.folder / f"{name}.gpkg"), rows, "Point", "field=number:integer")

    def _species(self):
        path = self.folder / "species.csv"
        path.write_text("species,dispersal,weight\nnewt,500,1\nbadger,2000,2\n")
        return str(path)

    def _roads(self):
        rows = [
            (f"LINESTRING({LEFT + CELL * c} {TOP - CELL * r}, {LEFT + CELL * far} {TOP - CELL * low})", (f"class {k}",))
            for k, (c, r, far, low) in enumerate(((16, 0, 17, 26), (0, 11, 34, 13)), start=1)
        ]
        return write_vector(str(self.folder / "roads.gpkg"), rows, "LineString", "field=kind:string")

    def _links(self, sources):
        given = {
            "RESISTANCE": self.rasters["resistance"],
            "SOURCES": sources,
            "CORRIDORS": TEMPORARY,
            "LINKS": TEMPORARY,
        }
        return self._run("linkages", given)[0]["LINKS"]

    def plain(self, tool, table):
        """Return what a tool makes of the plain layers."""
        key = tool, "raster" if table is RASTER_TOOLS else "vector"
        if key not in self._plain:
            raster = table is RASTER_TOOLS
            self._plain[key] = (
                self.raster(tool, self.rasters[table[tool][1]]) if raster else self.vector(tool, self.sources)
            )
        return self._plain[key][0]

    def raster(self, tool, layer):
        """Run a tool with a raster of its kind; return its results and its log."""
        name, _, given = RASTER_TOOLS[tool]
        return self._finish(tool, name, layer, given, self.links)

    def vector(self, tool, layer):
        """Run a tool with a polygon layer; its links are those between these sources."""
        name, given = VECTOR_TOOLS[tool]
        links = self.links
        if layer is not self.sources and "LINKS" in self._inputs(tool) and name == "SOURCES":
            links = self._links(layer)
        return self._finish(tool, name, layer, given, links)

    def other(self, tool, given):
        """Run a tool with whatever is given, and plain layers for the rest."""
        return self._finish(tool, None, None, given, self.links)

    def _value(self, value):
        if isinstance(value, list):
            return [self._value(one) for one in value]
        return self._named.get(value, value) if isinstance(value, str) else value

    def _inputs(self, tool):
        return {d.name(): d for d in self._algorithm(tool).parameterDefinitions() if not d.isDestination()}

    def _algorithm(self, tool):
        from qgis.core import QgsApplication

        return QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{tool}")

    def _finish(self, tool, name, layer, given, links):
        """Fill in the plain layers and outputs that a run needs beside the layer in question."""
        from qgis.core import QgsProcessingParameterDefinition, QgsProcessingParameterMultipleLayers

        inputs = self._inputs(tool)
        parameters = {key: self._value(value) for key, value in given.items()}
        for usual, value in (("SOURCES", self.sources), ("LINKS", links), ("RESISTANCE", self.rasters["resistance"])):
            needed = usual in inputs and (usual != "RESISTANCE" or tool not in ("connectivity", "keyareas"))
            if needed and not (tool in ("dispersalsweep", "coneforexport") and usual == "RESISTANCE"):
                parameters.setdefault(usual, value)
        if name is not None:
            several = isinstance(inputs[name], QgsProcessingParameterMultipleLayers)
            parameters[name] = (
                [layer, self.rasters["height"]][: 1 + (tool in ("resistance", "robustness"))] if several else layer
            )
        optional = QgsProcessingParameterDefinition.Flag.FlagOptional
        for output in self._algorithm(tool).destinationParameterDefinitions():
            if not output.flags() & optional or tool == "securitynetwork":
                parameters.setdefault(output.name(), TEMPORARY)
        return self._run(tool, parameters)

    def _run(self, tool, parameters):
        from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback

        feedback = QgsProcessingFeedback(False)
        try:
            found = self._processing.run(
                f"ecosecnet:{tool}", parameters, context=QgsProcessingContext(), feedback=feedback
            )
        except QgsProcessingException as error:
            raise RefusedError(str(error)) from None
        return found, feedback.textLog()


def numbers(results, names=None):
    """Return what can be compared of the results of a tool, by output; `names` are ids that stand for those of the twin."""
    found = {}
    for key, value in results.items():
        if isinstance(value, (int, float)):
            found[key] = [(value,)]
        elif hasattr(value, "getFeatures"):
            found[key] = [_row(feature, names or {}) for feature in value.getFeatures()]
        elif value.endswith((".tif", ".TIF")):
            found[key] = _cells(value)
        elif value.endswith(".txt"):
            with open(value, encoding="utf-8") as file:
                found[key] = [_numbers(*line.split("\t"), names or {}) for line in file]
        else:
            assert os.path.exists(value), value
    return found


_IDS = ("source_id", "from_id", "to_id", "from", "to", "node1", "node2", "area")
_ASIDE = (
    *("reason", "name", "surface", "input", "fid", "ogc_fid", "id", "WKT"),
    *("note", "raster", "source_crs", "file", "candidate", "picks"),
)


def _numbers(*columns):
    *ids, value, names = columns
    return (*(float(names.get(one, one)) for one in ids), float(value))


def _row(feature, names):
    """Return the attributes but those that quote ids or that a format adds, and the size and place of the geometry."""
    row = [
        names.get(str(feature[field.name()]), feature[field.name()]) if field.name() in _IDS else feature[field.name()]
        for field in feature.fields()
        if field.name() not in _ASIDE
    ]
    geometry = feature.geometry()
    if geometry.isNull():
        return tuple(row)
    box = geometry.boundingBox()
    return (*row, geometry.area(), geometry.length(), box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())


def _cells(path):
    from osgeo import gdal

    dataset = gdal.Open(path)
    cells = dataset.ReadAsArray().astype(np.float64)
    nodata = dataset.GetRasterBand(1).GetNoDataValue()
    return cells if nodata is None else np.where(cells == nodata, np.nan, cells)


def assert_same(found, plain, *, only_cells=False, loose=1e-5):
    """Compare two results of `numbers`."""
    assert set(found) == set(plain)
    for key, value in plain.items():
        if isinstance(value, np.ndarray):
            scale = np.nanmax(np.abs(value)) if not np.isnan(value).all() else 1.0
            np.testing.assert_allclose(found[key], value, rtol=loose, atol=1e-7 * scale, err_msg=key)
        elif not only_cells:
            assert len(found[key]) == len(value), key
            for row, wanted in zip(found[key], value):
                _assert_row(row, wanted, key, loose)


def _assert_row(row, wanted, key, loose):
    assert len(row) == len(wanted), (key, row, wanted)
    for one, other in zip(row, wanted):
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            np.testing.assert_allclose(one, other, rtol=loose, atol=1e-9, err_msg=f"{key}: {row} for {wanted}")
        else:
            assert str(one) == str(other), (key, row, wanted)


def assert_sentence(message, allowed):
    """Check that what a tool said is a sentence that an oddity may get."""
    assert "Traceback" not in message, message
    assert any(re.search(one, message, re.DOTALL) for one in allowed), message
