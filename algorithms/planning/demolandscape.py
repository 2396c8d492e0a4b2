"""Tool: the demonstration landscape."""

from __future__ import annotations

import os
from typing import NamedTuple

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputVectorLayer,
    QgsWkbTypes,
)

from ... import core
from ...core.choices import Legend
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.io.crs import wkt
from ..support.io.outputfolder import OutputFolder
from ..support.io.tables import Column, columns
from ..support.io.vectors import polygonise
from ..support.language import CHINESE, language
from ..support.run import palette, ramps, styling
from ..support.run.layertree import Place
from ..support.run.outputchecks import refuse_layers_of_others

_CRS = "EPSG:4544"
_CENTRE = (540_000.0, 2_899_000.0)
"""CGCS2000, 3-degree Gauss-Kruger, central meridian 105 E; the middle of Liuzhi in it."""

_PACKAGE = "landscape.gpkg"
_BYTES_PER_CELL = 250

_SCORES = columns(
    **{
        "factor": str,
        "class": str,
        "value": int,
        "min": float,
        "max": float,
        "score": int,
        "weight": float,
        "direction": str,
    }
)

_COLOURS = {
    "lithology": palette.LITHOLOGY,
    "desertification": palette.DEGRADATION[:5],
    "erosion": palette.DEGRADATION,
}


class _Raster(NamedTuple):
    output: str
    label: str
    description: str
    nodata: float


class _Vector(NamedTuple):
    output: str
    name: str
    label: str
    kind: QgsWkbTypes.Type
    style: styling.Style


_GROUPS = {
    "Names and borders": ("BOUNDARY", "TOWNSHIPS", "VILLAGES", "SETTLEMENTS"),
    "Roads, rivers and mines": ("MINES", "GEOHAZARD_POINTS", "ROADS", "RIVERS"),
    "Protected land": ("RESERVES", "REDLINE"),
    "Relief and land use": ("DEM", "LANDUSE", "LITHOLOGY", "DESERTIFICATION", "EROSION", "GEOHAZARDS"),
}
"""From the top of the map."""
_UNSEEN = ("VILLAGES", "GEOHAZARD_POINTS", "LITHOLOGY", "DESERTIFICATION", "EROSION", "GEOHAZARDS")
"""What the map does not show at first."""

# From the bottom of the map to the top.
_RASTERS = [
    _Raster("GEOHAZARDS", "Geological hazard density", "Geological hazards per square kilometre", -9999),
    _Raster("EROSION", "Soil erosion", "Soil erosion intensity, class 1 to 6", 0),
    _Raster("DESERTIFICATION", "Rock desertification", "Degree of rock desertification, 0 to 4", 255),
    _Raster("LITHOLOGY", "Lithology", "Rock type", 0),
    _Raster("LANDUSE", "Land use", "Land-use class", 0),
    _Raster("DEM", "Elevation", "Elevation in metres", -9999),
]
_POLYGON, _LINE, _POINT = QgsWkbTypes.Type.MultiPolygon, QgsWkbTypes.Type.LineString, QgsWkbTypes.Type.Point


def _vectors() -> list[_Vector]:
    """Return the vector layers from the bottom of the map to the top (a function: symbols need a running QGIS)."""
    rivers = [(k, f"Order {k}", styling.line_symbol(palette.RIVER, 0.12 + 0.2 * k)) for k in range(1, 7)]
    roads = [
        ("Expressway", palette.ROADS[0], 0.9),
        ("County road", palette.ROADS[1], 0.5),
        ("Village road", palette.ROADS[2], 0.3),
    ]
    settled = [("County seat", palette.SEAT, 3.4), ("Town", palette.WHITE, 2.6), ("Village", palette.WHITE, 1.2)]
    county, township, village = palette.BORDERS
    name = "name_zh" if language() == CHINESE else "name"
    return [
        _Vector(
            "REDLINE",
            "redline",
            "Ecological protection red line",
            _POLYGON,
            styling.polygons(palette.CLEAR, palette.RED_LINE, 0.4),
        ),
        _Vector(
            "RESERVES",
            "reserves",
            "Nature reserves",
            _POLYGON,
            styling.polygons((*palette.RESERVE, 50), palette.RESERVE, 0.6),
        ),
        _Vector(
            "RIVERS",
            "rivers",
            "Rivers",
            _LINE,
            styling.labelled(
                styling.categories("strahler", rivers),
                f"CASE WHEN strahler > 2 THEN {name} END",
                7.5,
                palette.RIVER_INK,
                along=True,
            ),
        ),
        _Vector(
            "ROADS",
            "roads",
            "Roads",
            _LINE,
            styling.categories("kind", [(kind, kind, styling.line_symbol(rgb, width)) for kind, rgb, width in roads]),
        ),
        _Vector(
            "GEOHAZARD_POINTS",
            "geohazards",
            "Geological hazards",
            _POINT,
            styling.points(palette.HAZARD, 1.4, "diamond"),
        ),
        _Vector("MINES", "mines", "Mines", _POINT, styling.points(palette.MINE, 3.0, "triangle")),
        _Vector(
            "SETTLEMENTS",
            "settlements",
            "Settlements",
            _POINT,
            styling.labelled(
                styling.categories(
                    "kind",
                    [
                        (kind, kind, styling.marker_symbol(fill, size, outline=palette.INK))
                        for kind, fill, size in settled
                    ],
                ),
                f"CASE WHEN kind = 'Village' THEN {name} END",
                7.0,
                nearer_than=60_000,
            ),
        ),
        _Vector("VILLAGES", "villages", "Villages", _POLYGON, styling.polygons(palette.CLEAR, village, 0.1)),
        _Vector(
            "TOWNSHIPS",
            "townships",
            "Townships",
            _POLYGON,
            styling.labelled(styling.polygons(palette.CLEAR, township, 0.4), name),
        ),
        _Vector(
            "BOUNDARY",
            "boundary",
            "County boundary",
            _POLYGON,
            styling.polygons(palette.CLEAR, county, 0.9),
        ),
    ]


class DemoLandscapeAlgorithm(EcoSecNetAlgorithm):
    """Makes a synthetic karst county."""

    NAME = "demolandscape"
    LABEL = "Demonstration landscape"
    GROUP = base.PLANNING
    TAGS = ("demo", "example data", "synthetic", "sample", "county", "karst", "演示数据", "示例", "喀斯特")
    SUMMARY = "Makes a synthetic karst county with all the layers that the other tools need, to try them on."
    HELP = (
        "<p>The county is modelled on the Liuzhi Special Zone in Guizhou but is a place that does not exist: its names "
        "are invented. The same seed gives the same county.</p>"
        "<p>Relief is that of rivers on folded rocks, with cone hills on limestone. The rest follows from it: rivers, a "
        "reservoir, towns, roads along the easiest way, coal mines, land use, protected areas, hazards. Distances grow "
        "with the county, so a small one has everything too.</p>"
        "<p><b>Output</b>: a folder with the GeoTIFFs landuse (1 woodland, 2 grassland, 3 other, 4 garden, 5 arable, 6 "
        "water, 7 transport, 8 urban, villages, industry and mines), dem, lithology, desertification, erosion and "
        "geohazards, and landscape.gpkg with the layers boundary, townships, villages, settlements, roads, rivers, mines, "
        "redline, reserves and geohazards. scores.csv is the table of scores and weights of the Liuzhi study, corrected (see "
        "'Check scores'). Files of these names are replaced. CRS: CGCS2000 / 3-degree Gauss-Kruger CM 105E.</p>"
        "<p>Methods: relief in balance of uplift and erosion (Whipple &amp; Tucker 1999, doi:10.1029/1999JB900120); soil "
        "loss classes after SL 190-2007.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.integer(
                "SIZE", "Rows and columns", "About six cells in ten lie inside the county.", 1000, low=120, high=4000
            ),
            p.distance("CELL", "Cell size", "Edge of a cell.", 30.0, low=1.0, high=1000.0),
            p.integer("SEED", "Seed of the county", "A whole number; each gives another county.", 1, low=0),
            p.flag(
                "LOAD", "Add the layers to the project", "Only in QGIS itself, not in scripts.", True, advanced=True
            ),
            p.folder_output(
                "OUTPUT_FOLDER", "Folder of the layers", "Where the files go; made if it is not there.", optional=False
            ),
            *(QgsProcessingOutputRasterLayer(raster.output, raster.label) for raster in reversed(_RASTERS)),
            *(QgsProcessingOutputVectorLayer(vector.output, vector.label) for vector in reversed(_vectors())),
            QgsProcessingOutputVectorLayer("SCORES", "Table of scores", QgsProcessing.SourceType.TypeVector),
        ]

    def check(self, job: Job) -> str | None:
        package = os.path.join(job.folder("OUTPUT_FOLDER"), _PACKAGE)
        refuse_layers_of_others(package, [vector.name for vector in _vectors()])
        return None

    def execute(self, job: Job) -> None:
        size, cell = job.integer("SIZE"), job.number("CELL")
        job.need_memory(_BYTES_PER_CELL * size**2)
        crs = QgsCoordinateReferenceSystem(_CRS)
        county = core.landscapes.karst_county(
            size,
            cell=cell,
            seed=job.integer("SEED"),
            left=_CENTRE[0] - size * cell / 2,
            top=_CENTRE[1] + size * cell / 2,
            crs=wkt(crs),
            monitor=job.monitor.part(0.0, 0.6),
        )
        path = job.folder("OUTPUT_FOLDER")
        folder = OutputFolder(job.outputs, path)
        rows = [[row.get(column.name) for column in _SCORES] for row in core.resistance.LIUZHI_CORRECTED]
        scores = folder.table("scores.csv", _SCORES, rows, job.monitor)
        sources = {}
        for raster in _RASTERS:
            sources[raster.output] = self._write_raster(folder, raster, county, job)
            job.monitor.step(0.6 + 0.2 * len(sources) / len(_RASTERS), 1)
        vectors = _vectors()
        for vector in vectors:
            rows, geometries = _features(county, vector, job)
            held = [Column(name, type(value)) for name, value in rows[0].items()] if rows else []
            source = folder.layer(
                _PACKAGE,
                vector.name,
                held,
                [list(row.values()) for row in rows],
                geometries,
                vector.kind,
                crs,
                style=vector.style,
                monitor=job.monitor,
            )
            sources[vector.output] = (source, vector.label, vector.style)
            job.monitor.step(0.8 + 0.2 * (len(sources) - len(_RASTERS)) / len(vectors), 1)
        job.results["OUTPUT_FOLDER"] = path
        job.offer("SCORES", scores, "Table of scores", None, Place(rank=0), load=job.flag("LOAD"))
        for rank, (output, (source, label, style)) in enumerate(sources.items(), start=1):
            job.offer(output, source, label, style, _place(output, rank), load=job.flag("LOAD"))
        hectares = county.county.sum() * county.grid.cell_ha
        job.monitor.info(
            f"A county of {hectares / 100:,.0f} km2 with {len(county.townships.attributes)} townships and "
            f"{len(county.villages.attributes)} villages in {os.path.abspath(path)}."
        )

    def _write_raster(self, folder: OutputFolder, raster: _Raster, county, job: Job) -> tuple[str, str, styling.Style]:
        names = {
            "lithology": core.landscapes.LITHOLOGY,
            "desertification": core.landscapes.DESERTIFICATION,
            "erosion": core.landscapes.EROSION,
        }
        file = raster.output.lower()
        values = {"dem": county.elevation, "geohazards": county.hazard_density}.get(file)
        classes = []
        if file == "landuse":
            values = county.landuse
            classes = core.resistance.schemes(Legend.LIUZHI)[0].drawn
            style = styling.classes(classes)
        elif file in names:
            values = getattr(county, file)
            classes = [(code, name, rgb) for (code, name), rgb in zip(names[file].items(), _COLOURS[file])]
            style = styling.classes(classes)
        elif file == "dem":
            style = styling.relief()
        else:
            style = styling.surface(ramps.over(palette.SCORE, values, "per km\N{SUPERSCRIPT TWO}"))
        source = folder.raster(
            f"{file}.tif",
            values,
            county.grid,
            nodata=raster.nodata,
            description=raster.description,
            classes=classes,
            style=style,
            monitor=job.monitor,
        )
        return source, raster.label, style


def _place(output: str, rank: int) -> Place:
    """Return where a layer goes in the layer tree."""
    groups = list(_GROUPS)
    number = next(k for k, held in enumerate(_GROUPS.values()) if output in held)
    above = tuple(groups[:number])
    return Place((groups[number],), rank, above, visible=output not in _UNSEEN, expanded=output == "LANDUSE")


def _features(county, vector: _Vector, job: Job) -> tuple[list[dict], list[QgsGeometry]]:
    """Return the attributes and shapes of a vector layer."""
    if vector.name == "boundary":
        outline = polygonise(county.county, county.grid, job.monitor)[1]
        area = float(county.county.sum() * county.grid.cell_ha)
        return [{"name": "Demonstration County", "name_zh": "示范县", "area_ha": area}], [outline]
    if vector.kind == _POLYGON:
        zones = getattr(county, vector.name)
        shapes = polygonise(zones.labels, county.grid, job.monitor)
        return list(zones.attributes), [shapes[k + 1] for k in range(len(zones.attributes))]
    features = county.hazards if vector.name == "geohazards" else getattr(county, vector.name)
    shapes = []
    for feature in features:
        points = [QgsPointXY(float(x), float(y)) for x, y in feature.coordinates]
        shapes.append(
            QgsGeometry.fromPointXY(points[0]) if vector.kind == _POINT else QgsGeometry.fromPolylineXY(points)
        )
    return [feature.attributes for feature in features], shapes
