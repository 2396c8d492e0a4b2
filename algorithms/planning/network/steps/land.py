"""The land use and the polygons by which results are tabulated."""

from __future__ import annotations

from ....support.inputs import legends
from ....support.inputs import parameters as p
from ....support.inputs.studyarea import study_area


def land_use():
    """Return the raster from which all is derived."""
    return p.raster(
        "LANDUSE",
        "Land use",
        "Class raster; NoData outside the area.",
        classes=True,
    )


def legend():
    """Return whose codes the land use holds."""
    return legends.legend("Fills in foreground, scores and names, and colours the map of the land use.")


def grid() -> list:
    """Return what the grid of the study is."""
    return [
        p.crs(
            "CRS",
            "CRS of the study",
            "In metres or feet. All layers are brought into it, and the report lists what was done. Empty: that of the land "
            "use; where that is in degrees a fitting one (the UTM zone, or an equal-area one for wider areas).",
            advanced=True,
        ),
        p.distance(
            "CELL",
            "Cell size of the study",
            "Classes become the most frequent one where cells become larger, else the nearest; measured values the average, "
            "else between the nearest. Empty: as the land use; rounded where that is brought onto a grid of its own.",
            optional=True,
            low=0.001,
            advanced=True,
        ),
    ]


def townships():
    """Return the polygons of the tables."""
    return p.vector("TOWNSHIPS", "Townships", "Polygons by which key areas are tabulated.", optional=True)


def area():
    """Return the study area, where the data reach beyond it."""
    return study_area(
        "Polygons, where the land use reaches beyond them: all is computed on the whole rasters, and reported are the "
        "sources that touch the area, the corridors through it with the sources at their ends, and key areas cut at its "
        "border. MSPA and resistance stay whole, grades are those of the whole. Empty: all of the land use.",
        advanced=True,
    )


def tables() -> list:
    """Return what else goes into tables and maps."""
    return [
        p.field(
            "TOWNSHIP_NAME",
            "Name fields of the townships",
            "One field or several, for instance township and village. Empty: the text field that is called name, "
            "township, village, 名称, 乡镇 or the like, if there is one only; else the number of the feature.",
            "TOWNSHIPS",
            many=True,
            optional=True,
            advanced=True,
        ),
        p.vector(
            "VILLAGES",
            "Villages",
            "Polygons for finer tables: key areas are tabulated by village within its township.",
            optional=True,
            advanced=True,
        ),
        p.field(
            "VILLAGE_NAME",
            "Name fields of the villages",
            "As those of the townships.",
            "VILLAGES",
            many=True,
            optional=True,
            advanced=True,
        ),
        p.raster_or_polygons(
            "LITHOLOGY",
            "Lithology",
            "Class raster of rocks, or polygons: the rocks under the sources of each grade are reported.",
            advanced=True,
        ),
        p.text(
            "LITHOLOGY_NAME",
            "Field of the rocks",
            "Needed where the lithology is a polygon layer. The names of a raster come from its own table of classes.",
            optional=True,
            advanced=True,
        ),
        p.text(
            "LANDUSE_NAMES",
            "Names of the land uses",
            "For tables and maps: 1=Forest; 2=Grassland. Empty: the names in the table of scores, else those of the legend, "
            "else those in the file.",
            optional=True,
            advanced=True,
        ),
    ]
