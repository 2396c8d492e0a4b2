"""Tool: tabulate areas by zone, so that the table equals the map."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
from qgis.core import QgsFeature, QgsGeometry, QgsProcessing, QgsProcessingParameterMapLayer, QgsRasterLayer

from ...core.errors import InputError
from ...core.grid import Grid
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support import html
from ..support import parameters as p
from ..support.cutting import Divider, repaired
from ..support.rasters import RasterSource, metres_per_unit
from ..support.tables import Column, columns, read_rows
from ..support.vectors import VectorSource, burn, is_null

_OUTSIDE = "outside"
_TOTAL = "total"
_NO_NAME = "(no name)"


class TabulateAlgorithm(EcoSecNetAlgorithm):
    """Counts and measures areas by zone."""

    NAME = "tabulate"
    LABEL = "Tabulate areas by zone"
    GROUP = base.KEYAREAS
    TAGS = ("township", "village", "zonal", "table", "land use", "overlap", "乡镇", "统计表", "行政区")
    SUMMARY = "Counts and measures key areas by township or village, in a table that adds up to the map."
    HELP = (
        "<p>An area that crosses a border is cut there: every zone gets the hectares that lie in it, but the area is "
        "<b>counted once</b>, in the zone that holds most of it (equal parts: the zone that comes first in its layer). "
        "<i>count_touching</i> is the number of areas of which any part lies in the zone; its sum is the number of "
        "pieces and can be larger than the number of areas.</p>"
        "<p>What lies in no zone has the row 'outside'. The last row holds the totals; count and hectares equal the "
        "layer of areas, or the run fails. Where zones overlap, the part belongs to the zone that comes first in its "
        "layer, and a warning names the two.</p>"
        "<p>Each feature of the zones is a row of its own, named by the chosen fields. Dissolve the layer first if a "
        "zone consists of several features.</p>"
        "<p><b>Land use</b> comes from a class raster (cells whose centre lies in the piece; for a smaller piece the "
        "cell at a point inside it) or from polygons, and is listed by falling share.</p>"
    )
    REQUIRES = ()

    def declare(self):
        landuse = QgsProcessingParameterMapLayer(
            "LANDUSE",
            "Land use",
            optional=True,
            types=[QgsProcessing.SourceType.TypeRaster, QgsProcessing.SourceType.TypeVectorPolygon],
        )
        landuse.setHelp("Class raster, or polygons with the land use in a field.")
        return [
            p.vector("AREAS", "Areas", "Polygons to tabulate, for instance key areas; one feature for each area."),
            p.vector("ZONES", "Zones", "Polygons of the townships, villages or other zones."),
            p.field(
                "NAME",
                "Fields with the names of the zones",
                "One field or several, for instance township and village. Empty: the id of the feature.",
                "ZONES",
                many=True,
                optional=True,
            ),
            landuse,
            p.text(
                "LANDUSE_FIELD",
                "Field with the land use",
                "Needed when the land use is a polygon layer.",
                optional=True,
            ),
            p.text(
                "NAMES",
                "Names of the land uses",
                "Code and name of each, for example: 1=Forest; 2=Grassland; 3=Cropland.",
                optional=True,
            ),
            p.table(
                "NAMES_TABLE",
                "Table with the names of the land uses",
                "Its first column holds the codes, its second the names.",
                optional=True,
            ),
            p.number(
                "SLIVER",
                "Largest sliver (ha)",
                "Smaller pieces do not count as touching a zone; their hectares are kept.",
                0.0001,
                low=0.0,
                advanced=True,
            ),
            p.table_output("TABLE", "Areas by zone", "One row for each zone with a part of an area, and the totals."),
            p.html_output("HTML", "Table as a page", "The same table for reading and printing."),
        ]

    def prepareAlgorithm(self, parameters, context, feedback) -> bool:
        ready = super().prepareAlgorithm(parameters, context, feedback)
        layer = self.parameterAsLayer(parameters, "LANDUSE", context)
        if isinstance(layer, QgsRasterLayer):
            self._rasters["LANDUSE"] = [RasterSource.of(layer)]
        return ready

    def execute(self, job: Job) -> None:
        from ...core.tabulation import OUTSIDE, Pieces, tabulate

        areas, zones = job.vector("AREAS"), job.vector("ZONES")
        shapes = [repaired(shape) for shape in areas.geometries()]
        if not shapes:
            raise InputError(f"'{areas.name}' has no area to tabulate.")
        crs = areas.crs
        features = [f for f in zones.features(crs) if f.hasGeometry() and not f.geometry().isEmpty()]
        if not features:
            raise InputError(f"'{zones.name}' has no zone.")
        fields = job.fields("NAME")
        names = _zone_names(features, fields, zones.name, job)
        hectare = metres_per_unit(crs) ** 2 / 10_000.0
        landuse = _land_use(job, crs)
        divider = Divider([feature.geometry() for feature in features])
        area, zone, hectares, uses, overlaps = [], [], [], [], Counter()
        for k, cut in enumerate(divider.divide_all(shapes, job.monitor.part(0.1, 0.9))):
            for position, part in cut.parts:
                area.append(k)
                zone.append(position)
                hectares.append(part.area() * hectare)
                uses.append({} if landuse is None else landuse.of(part, hectare))
            for first, second, size in cut.overlaps:
                overlaps[first, second] += size * hectare
        for (first, second), size in overlaps.items():
            job.monitor.warn(
                f"Zones {' / '.join(names[first])} and {' / '.join(names[second])} overlap on {size:.4g} ha of the "
                f"areas; that part was given to the first."
            )
        codes = sorted({code for use in uses for code in use}, key=_natural)
        shares = np.array([[use.get(code, 0.0) for code in codes] for use in uses]).reshape(len(uses), len(codes))
        table = tabulate(
            np.array([shape.area() * hectare for shape in shapes]),
            Pieces(np.array(area), np.array(zone), np.array(hectares), shares),
            sliver_ha=job.number("SLIVER"),
        )
        known = _use_names(job)
        texts = [known.get(code, code) for code in codes]

        def line(label, row):
            mix = "; ".join(f"{texts[use] if use >= 0 else 'not known'} {share:.1f} %" for use, share in row.uses)
            share = 100.0 * row.area_ha / table.total.area_ha
            return [*label, row.count, row.count_touching, row.area_ha, share] + ([mix] if landuse is not None else [])

        empty = [""] * (len(names[0]) - 1)
        inside = sorted((names[k], k) for k in table.rows if k != OUTSIDE)
        rows = [line(label, table.rows[k]) for label, k in inside]
        if OUTSIDE in table.rows:
            rows.append(line([_OUTSIDE, *empty], table.rows[OUTSIDE]))
            job.monitor.warn(f"{table.rows[OUTSIDE].area_ha:.4g} ha of the areas lie in no zone (row '{_OUTSIDE}').")
        rows.append(line([_TOTAL, *empty], table.total))
        headers = [Column(name, str) for name in fields or ["zone"]]
        headers += columns(count=int, count_touching=int, area_ha=float, share=float)
        if landuse is not None:
            headers += columns(land_uses=str)
        job.write_table("TABLE", headers, rows)
        job.write_html("HTML", _page(areas.name, zones.name, headers, rows))


def _zone_names(features: list[QgsFeature], fields: list[str], layer: str, job: Job) -> list[tuple[str, ...]]:
    """Return the name of each zone, in as many parts as there are fields."""
    if not fields:
        return [(str(feature.id()),) for feature in features]
    names = [tuple(_NO_NAME if is_null(f[one]) or f[one] == "" else str(f[one]) for one in fields) for f in features]
    double = [" / ".join(name) for name, count in Counter(names).items() if count > 1]
    if double:
        job.monitor.warn(
            f"'{layer}' has several features with the name {', '.join(double[:5])}; each is a row of its own. "
            "Dissolve the zones by their name if they belong together."
        )
    return names


def _land_use(job: Job, crs):
    raster = job.raster("LANDUSE")
    if raster is not None:
        if crs.isValid() and raster.crs.isValid() and crs != raster.crs:
            raise InputError(
                f"'{raster.name}' has another CRS ({raster.crs.authid()}) than the areas ({crs.authid()}). "
                "Reproject the areas to that of the raster, so that no cell has to be resampled."
            )
        return _RasterUse(raster, job)
    if not job.given("LANDUSE"):
        return None
    source = job.vector("LANDUSE")
    name = job.text("LANDUSE_FIELD")
    if name not in source.field_names:
        raise InputError(
            f"Name the field of '{source.name}' that holds the land use"
            + (f"; it has no field '{name}'. " if name else ". ")
            + f"It has: {', '.join(source.field_names)}."
        )
    return _PolygonUse(source, name, crs)


class _RasterUse:
    """Land use from the cells of a class raster."""

    def __init__(self, source: RasterSource, job: Job) -> None:
        self._values, self._valid = source.read(job.monitor.part(0.0, 0.1))
        self._grid: Grid = source.grid
        known = self._values[self._valid]
        if self._values.dtype.kind == "f" and not np.array_equal(known, np.rint(known)):
            raise InputError(f"'{source.name}' holds decimal numbers; land use must be whole-number classes.")

    def of(self, part: QgsGeometry, hectare: float) -> dict[str, float]:
        """Return the hectares of each land use in a polygon."""
        box, grid = part.boundingBox(), self._grid
        top, left = grid.index(box.xMinimum(), box.yMaximum())
        bottom, right = grid.index(box.xMaximum(), box.yMinimum())
        top, left = max(top, 0), max(left, 0)
        bottom, right = min(bottom, grid.rows - 1), min(right, grid.cols - 1)
        if bottom < top or right < left:
            return {}
        window = grid.window(top, left, bottom - top + 1, right - left + 1)
        inside = burn([part], window) > 0
        if not inside.any():
            point = part.pointOnSurface().asPoint()
            row, col = grid.index(point.x(), point.y())
            if not (top <= row <= bottom and left <= col <= right):
                return {}
            inside[row - top, col - left] = True
        place = slice(top, bottom + 1), slice(left, right + 1)
        cells = int(inside.sum())
        codes, count = np.unique(self._values[place][inside & self._valid[place]], return_counts=True)
        size = part.area() * hectare / cells
        return {str(int(code)): float(n * size) for code, n in zip(codes, count)}


class _PolygonUse:
    """Land use from polygons."""

    def __init__(self, source: VectorSource, name: str, crs) -> None:
        features = [f for f in source.features(crs) if f.hasGeometry() and not f.geometry().isEmpty()]
        self._uses = [None if is_null(f[name]) else _code(f[name]) for f in features]
        self._divider = Divider([feature.geometry() for feature in features])

    def of(self, part: QgsGeometry, hectare: float) -> dict[str, float]:
        """Return the hectares of each land use in a polygon."""
        found: Counter = Counter()
        for position, piece in self._divider.divide(repaired(part)).parts:
            if position >= 0 and self._uses[position] is not None:
                found[self._uses[position]] += piece.area() * hectare
        return dict(found)


def _use_names(job: Job) -> dict[str, str]:
    """Return the names of the land uses by code."""
    names = {}
    if job.given("NAMES_TABLE"):
        source = job.vector("NAMES_TABLE")
        if len(source.field_names) < 2:
            raise InputError(f"'{source.name}' needs two columns: the code and the name of each land use.")
        for row in read_rows(source):
            code, name = list(row.values())[-2:] if "fid" in row and len(row) == 3 else list(row.values())[:2]
            if code is not None and name is not None:
                names[_code(code)] = str(name)
    for entry in re.split(r"[;；,，\n]", job.text("NAMES")):
        if not entry.strip():
            continue
        code, found, name = re.sub("[＝:：]", "=", entry).partition("=")
        if not found or not code.strip() or not name.strip():
            raise InputError(f"'{entry.strip()}' is no code with a name. Write for example: 1=Forest; 2=Grassland.")
        names[code.strip()] = name.strip()
    return names


def _code(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _natural(code: str) -> tuple:
    return (0, float(code), code) if re.fullmatch(r"-?\d+(\.\d+)?", code) else (1, 0.0, code)


def _page(areas: str, zones: str, headers: list[Column], rows: list[list]) -> str:
    titles = {
        "count": "Areas",
        "count_touching": "Areas touching",
        "area_ha": "Area (ha)",
        "share": "Share (%)",
        "land_uses": "Land use",
    }
    return html.page(
        f"{areas} by {zones}",
        "Each area is counted once, in the zone that holds most of it. 'Areas touching' counts it in every zone that "
        "has a part of it, so its sum is the number of pieces.",
        [html.table([titles.get(column.name, column.name) for column in headers], rows, total=True)],
    )
