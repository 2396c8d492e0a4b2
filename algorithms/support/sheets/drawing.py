"""Draws a map: as a picture, or as pages of a PDF."""

from __future__ import annotations

import os
from collections.abc import Sequence

from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsLayoutExporter,
    QgsLayoutItemMap,
    QgsLayoutRenderContext,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QMarginsF, QRectF, QSize, QSizeF
from qgis.PyQt.QtGui import QImage, QPageLayout, QPageSize, QPainter, QPdfWriter

from ....core.monitor import SILENT, Monitor
from ..io.crs import wkt
from ..io.rasterheaders import tried
from .description import Sheet
from .layout import FIGURE, Page
from .mainthread import in_main_thread, later_in_main_thread
from .pictures import encoded

DPI = 300
_MM = 25.4


def picture(
    sheet: Sheet,
    monitor: Monitor = SILENT,
    *,
    size: tuple[float, float] | None = (165.0, 115.0),
    dpi: int = DPI,
    language: str | None = None,
    template: str = FIGURE,
) -> bytes:
    """Return a map as a picture: the bytes of a PNG file with a palette.

    May be called from any thread; the map is drawn in the main thread, see `in_main_thread`.

    Parameters
    ----------
    sheet : Sheet
        What is drawn.
    monitor : Monitor, optional
        For cancellation.
    size : (float, float) or None
        Width and height in mm; None for those of the template.
    dpi : int
        Pixels an inch.
    language : str, optional
        Of the legend: 'en' or 'zh_CN'; None for that of QGIS.
    template : str
        The page, a .qpt file.

    Raises
    ------
    InputError
        If a layer cannot be opened, nothing is to be drawn, or the template cannot be used.
    OperationCancelled
        If the run is cancelled.
    """
    return encoded(in_main_thread(lambda: _image(sheet, size, dpi, language, template), monitor))


def write_pdf(
    sheets: Sequence[Sheet],
    path: str,
    monitor: Monitor = SILENT,
    *,
    template: str,
    title: str = "",
    dpi: int = DPI,
    language: str | None = None,
) -> list[int]:
    """Write maps into one PDF, a page each, with texts as texts and each page georeferenced where GDAL can.

    May be called from any thread; the window can answer between one map and the next.

    Returns
    -------
    list of int
        For each map how many entries of the legend there was no room for.

    Raises
    ------
    InputError
        If a layer cannot be opened, nothing is to be drawn, or the template cannot be used.
    OSError
        If the file cannot be written.
    OperationCancelled
        If the run is cancelled.
    """
    book = _Book(path, title, dpi, language)
    try:
        for k, sheet in enumerate(sheets):
            in_main_thread(lambda sheet=sheet: book.add(sheet, template), monitor)
            monitor.step(k + 1, len(sheets))
        in_main_thread(book.close, monitor)
    except BaseException:
        later_in_main_thread(book.close)
        raise
    if book.failed:
        raise OSError(None, "no PDF could be written there", path)
    _georeference(path, book.places, dpi)
    return book.left_out


def _image(sheet: Sheet, size: tuple[float, float] | None, dpi: int, language: str | None, template: str) -> QImage:
    page = Page(sheet, template, language, size)
    _prepare(page, dpi)
    paper = page.layout.pageCollection().page(0).rect()
    pixels = QSize(round(paper.width() / _MM * dpi), round(paper.height() / _MM * dpi))
    return QgsLayoutExporter(page.layout).renderPageToImage(0, pixels, dpi).convertToFormat(QImage.Format.Format_RGB32)


def _prepare(page: Page, dpi: int) -> None:
    context = page.layout.renderContext()
    context.setDpi(dpi)
    context.setFlag(QgsLayoutRenderContext.Flag.FlagAntialiasing, True)
    context.setFlag(QgsLayoutRenderContext.Flag.FlagDisableTiledRasterLayerRenders, True)
    # Colours of classes stay as they are; of shades none sees that they were compressed.
    classes = any(
        isinstance(layer, QgsRasterLayer) and isinstance(layer.renderer(), QgsPalettedRasterRenderer)
        for layer in page.map.layers()
    )
    context.setFlag(QgsLayoutRenderContext.Flag.FlagLosslessImageRendering, classes)
    context.setTextRenderFormat(Qgis.TextRenderFormat.AlwaysText)


class _Book:
    """A PDF while its pages are drawn; all of it in the main thread."""

    def __init__(self, path: str, title: str, dpi: int, language: str | None) -> None:
        self._path, self._title, self._dpi = path, title, dpi
        self._language = language
        self._writer: QPdfWriter | None = None
        self._painter: QPainter | None = None
        self.failed = False
        self.left_out: list[int] = []
        self.places: list[tuple[tuple[float, ...], str]] = []
        """Of each page: where the map is in mm (left, top, width, height) and the world (left, bottom, right, top); CRS."""

    def add(self, sheet: Sheet, template: str) -> None:
        page = Page(sheet, template, self._language)
        _prepare(page, self._dpi)
        paper = page.layout.pageCollection().page(0).rect().size()
        size = QPageSize(QSizeF(paper.width(), paper.height()), QPageSize.Unit.Millimeter)
        if self._writer is None:
            self._begin(size)
        else:
            self._writer.setPageSize(size)
            self._writer.newPage()
        if self.failed:
            return
        QgsLayoutExporter(page.layout).renderPage(self._painter, 0)
        self.left_out.append(page.left_out)
        self.places.append(_place(page.map))

    def _begin(self, size: QPageSize) -> None:
        self._writer = writer = QPdfWriter(self._path)
        writer.setTitle(self._title)
        writer.setCreator("EcoSecNet")
        writer.setResolution(self._dpi)
        none = QMarginsF(0.0, 0.0, 0.0, 0.0)
        writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Portrait, none))
        self._painter = QPainter()
        self.failed = not self._painter.begin(writer)

    def close(self) -> None:
        if self._painter is not None and self._painter.isActive():
            self.failed = not self._painter.end() or self.failed
        self._painter = self._writer = None


def _place(map_: QgsLayoutItemMap) -> tuple[tuple[float, ...], str]:
    box: QRectF = map_.mapRectToScene(map_.rect())
    world = map_.extent()
    corners = (world.xMinimum(), world.yMinimum(), world.xMaximum(), world.yMaximum())
    return (box.left(), box.top(), box.width(), box.height(), *corners), wkt(map_.crs())


def _georeference(path: str, places: Sequence[tuple[tuple[float, ...], str]], dpi: int) -> None:
    """Write into each page where it lies; PDF readers then give coordinates, and QGIS opens it as a map."""
    if gdal.GetDriverByName("PDF") is None:
        return
    before = gdal.GetConfigOption("GDAL_PDF_DPI")
    gdal.SetConfigOption("GDAL_PDF_DPI", str(dpi))
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        for k, (place, crs) in enumerate(places, start=1):
            dataset = tried(gdal.OpenEx, f"PDF:{k}:{path}", gdal.OF_RASTER | gdal.OF_UPDATE) if crs else None
            if dataset is not None:
                tried(_write_place, dataset, place, crs, dpi)
            del dataset  # which writes it
    finally:
        gdal.PopErrorHandler()
        gdal.SetConfigOption("GDAL_PDF_DPI", before)
        beside = f"{path}.aux.xml"
        if os.path.exists(beside):
            os.remove(beside)


def _write_place(dataset: gdal.Dataset, place: tuple[float, ...], crs: str, dpi: int) -> None:
    left, top, width, height, *world = place
    x, y = (world[2] - world[0]) / width * _MM / dpi, (world[3] - world[1]) / height * _MM / dpi
    across, down = left / _MM * dpi, top / _MM * dpi
    dataset.SetGeoTransform((world[0] - across * x, x, 0.0, world[3] + down * y, 0.0, -y))
    dataset.SetProjection(crs)
    ring = ((0, 1), (2, 1), (2, 3), (0, 3), (0, 1))
    corners = ", ".join(f"{world[i]!r} {world[j]!r}" for i, j in ring)
    dataset.SetMetadataItem("NEATLINE", f"POLYGON (({corners}))")
