"""Coordinate reference systems that can still be written after the thread that made them has ended."""

from __future__ import annotations

from osgeo import gdal, osr
from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle
from qgis.PyQt.QtCore import QCoreApplication, QThread

from ....core.errors import InputError
from ....core.studygrid import fitting_projection

_UNDEFINED = ("Undefined geographic SRS", "Undefined Cartesian SRS", "Undefined SRS")


def wkt(crs: QgsCoordinateReferenceSystem) -> str:
    """Return the text of a CRS that GDAL takes; empty when there is no CRS."""
    return crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED_GDAL) if crs.isValid() else ""


def stated(crs: QgsCoordinateReferenceSystem) -> QgsCoordinateReferenceSystem:
    """Return a CRS, an invalid one for what a GeoPackage calls its layers that have none."""
    return QgsCoordinateReferenceSystem() if crs.description() in _UNDEFINED else crs


def undefined() -> QgsCoordinateReferenceSystem:
    """Return what a GeoPackage is given for layers without a CRS, so that none calls them geographic.

    GDAL knows 'Undefined SRS' since 3.9 and takes it by itself; before, it takes the geographic one of the two others.
    """
    if int(gdal.VersionInfo()) >= 3_090_000:
        return QgsCoordinateReferenceSystem()
    axes = 'AXIS["Easting",EAST],AXIS["Northing",NORTH]'
    return QgsCoordinateReferenceSystem.fromWkt(f'LOCAL_CS["Undefined Cartesian SRS",UNIT["Meter",1],{axes}]')


def fitting_crs(box: QgsRectangle) -> tuple[QgsCoordinateReferenceSystem, str, str]:
    """Return a CRS in metres for a box of longitudes and latitudes, what it is called, and why it is this one."""
    found = fitting_projection(box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
    if found.kind == "utm":
        code = f"EPSG:{(32600 if found.zone > 0 else 32700) + abs(found.zone)}"
        return QgsCoordinateReferenceSystem(code), f"{code} (UTM zone {abs(found.zone)})", found.reason
    made = osr.SpatialReference()
    lat, lon = round(found.latitude, 1), round(found.longitude, 1)
    if found.kind == "albers":
        first, second = (round(one, 1) for one in found.parallels)
        name = f"Albers equal-area with parallels {first:g} and {second:g}, centred on {lat:g}, {lon:g}"
        made.SetProjCS(name)
        made.SetACEA(first, second, lat, lon, 0.0, 0.0)
    elif found.kind == "cylinder":
        name = f"Cylindrical equal-area, centred on longitude {lon:g}"
        made.SetProjCS(name)
        made.SetCEA(0.0, lon, 0.0, 0.0)
    else:
        name = f"Lambert azimuthal equal-area, centred on {lat:g}, {lon:g}"
        made.SetProjCS(name)
        made.SetLAEA(lat, lon, 0.0, 0.0)
    made.SetWellKnownGeogCS("WGS84")
    return QgsCoordinateReferenceSystem.fromWkt(made.ExportToWkt(["FORMAT=WKT2_2019"])), name, found.reason


def whole(crs: QgsCoordinateReferenceSystem, name: str, file_text: str = "") -> QgsCoordinateReferenceSystem:
    """Return a CRS that can be written: the same one, made anew where PROJ has lost it.

    PROJ keeps what it knows of a CRS with the thread that used it first. QGIS shares one object among all layers of a
    CRS; once that thread has ended, the object still says that it is valid, and its text is empty.

    Parameters
    ----------
    crs : QgsCoordinateReferenceSystem
        CRS of a layer; for none, and for the undefined ones of GeoPackage, an invalid one is returned.
    name : str
        Name of the layer, for the message.
    file_text : str
        What the file itself says of its CRS, for one without a code.

    Raises
    ------
    InputError
        If it cannot be made anew.
    """
    crs = stated(crs)
    if not crs.isValid() or wkt(crs):
        return crs
    for remade in (QgsCoordinateReferenceSystem(crs.authid()), QgsCoordinateReferenceSystem.fromWkt(file_text)):
        if wkt(remade):
            return remade
    raise InputError(
        f"QGIS has lost the coordinate reference system of '{name}' ({crs.description() or 'unnamed'}). Remove the layer "
        "from the project and add it again."
    )


def forget_those_of_this_thread() -> None:
    """Have QGIS make each CRS anew when it is next asked for, unless this is the main thread.

    To be called at the end of work in a thread of a pool: layers loaded afterwards would share what ends with the thread.
    """
    application = QCoreApplication.instance()
    if application is not None and QThread.currentThread() != application.thread():
        QgsCoordinateReferenceSystem.invalidateCache()
