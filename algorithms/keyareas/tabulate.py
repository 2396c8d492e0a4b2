"""Tool: tabulate areas by zone, so that the table equals the map."""

from __future__ import annotations

from ...core.errors import InputError
from ...core.lists import value_text
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.cutting import repaired
from ..support.inputs import parameters as p
from ..support.io.categories import read_categories
from ..support.io.tables import Column, read_rows
from ..support.reports import html

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
        "<p>Each feature of the zones is a row of its own, named by the chosen fields, or else by the field that "
        "the log names. Dissolve the layer first if a "
        "zone consists of several features.</p>"
        "<p><b>Land use</b> comes from a class raster (each cell with the part of it that lies in the piece, so that the "
        "totals are those of the map however it is cut) or from polygons, and is listed by falling share. The percents of a "
        "row add up to 100: the largest remainders are rounded up.</p>"
    )

    def declare(self):
        return [
            p.vector(
                "AREAS", "Areas to tabulate", "Polygons to tabulate, for instance key areas; one feature for each area."
            ),
            p.vector("ZONES", "Zones (townships, villages ...)", "Polygons of the townships, villages or other zones."),
            p.field(
                "NAME",
                "Name fields of the zones",
                "One field or several, for instance township and village. Empty: the text field that is called name, "
                "township, village, 名称, 乡镇 or the like, if there is one only; else the number of the feature.",
                "ZONES",
                many=True,
                optional=True,
            ),
            p.raster_or_polygons("LANDUSE", "Land use", "Class raster, or polygons with the land use in a field."),
            p.text(
                "LANDUSE_FIELD",
                "Land-use field of the polygons",
                "Needed when the land use is a polygon layer.",
                optional=True,
            ),
            p.text(
                "NAMES",
                "Names of the land uses",
                "Code and name of each, for example: 1=Forest; 2=Grassland; 3=Cropland. Empty: the names that the file of "
                "the raster holds, if any.",
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
                decimals=4,
            ),
            p.table_output("TABLE", "Areas by zone", "One row for each zone with a part of an area, and the totals."),
            p.html_output("HTML", "Table as a page", "The same table for reading and printing."),
        ]

    def measured_in(self, job: Job) -> str:
        return "AREAS"

    def execute(self, job: Job) -> None:
        from ..support.geometry.zonal import tabulate_by_zone
        from ..support.geometry.zones import read_zones

        areas, zones = job.vector("AREAS"), job.vector("ZONES")
        shapes = [repaired(shape) for shape in areas.geometries(monitor=job.monitor)]
        if not shapes:
            raise InputError(f"'{areas.name}' has no area to tabulate.")
        result = tabulate_by_zone(
            shapes,
            read_zones(zones, job.fields("NAME"), areas.crs, job.monitor),
            areas.crs,
            land_use=_land_use(job, areas.crs),
            use_names=_use_names(job),
            sliver_ha=job.number("SLIVER"),
            monitor=job.monitor.part(0.1, 1.0),
        )
        job.write_table("TABLE", result.headers, result.rows)
        job.write_html("HTML", _page(areas.name, zones.name, result.headers, result.rows))


def _land_use(job: Job, crs):
    from ..support.geometry.zonal import PolygonUse, RasterUse

    raster = job.raster("LANDUSE")
    if raster is not None:
        return RasterUse(raster, crs, job.context.transformContext(), job.monitor.part(0.0, 0.1))
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
    return PolygonUse(source, name, crs, job.monitor)


def _use_names(job: Job) -> dict[str, str]:
    """Return the names of the land uses by code: those given, else those in the file of the raster; never a mixture."""
    from ..support.geometry.zonal import parse_names

    names = {}
    if job.given("NAMES_TABLE"):
        source = job.vector("NAMES_TABLE")
        if len(source.field_names) < 2:
            raise InputError(f"'{source.name}' needs two columns: the code and the name of each land use.")
        for row in read_rows(source):
            code, name = list(row.values())[-2:] if "fid" in row and len(row) == 3 else list(row.values())[:2]
            if code is not None and name is not None:
                names[value_text(code)] = str(name).strip()
    names.update(parse_names(job.text("NAMES")))
    raster = job.raster("LANDUSE")
    if names or raster is None:
        return names
    return {value_text(code): name for code, name in read_categories(raster).names.items()}


def _page(areas: str, zones: str, headers: list[Column], rows: list[list]) -> str:
    return html.page(
        f"{areas} by {zones}",
        "Each area is counted once, in the zone that holds most of it. 'Areas touching' counts it in every zone that "
        "has a part of it, so its sum is the number of pieces.",
        [html.table([column.shown.heading for column in headers], rows, total=True)],
    )
