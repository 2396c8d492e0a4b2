"""Tool: bring rasters onto one grid of square cells in metres."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from osgeo import gdal
from qgis.core import QgsProcessingOutputNumber

from ...core.errors import InputError
from ...core.studygrid import Tally
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.geometry.groundarea import GroundArea
from ..support.geometry.studygrids import METHODS, StudyGrid, check_crs, choose_crs
from ..support.inputs import parameters as p
from ..support.io import warping
from ..support.io.categories import read_categories
from ..support.io.filenames import FileNames
from ..support.io.outputfolder import OutputFolder
from ..support.io.rasterfiles import RasterWriter
from ..support.io.rasters import RasterSource
from ..support.io.tables import columns
from ..support.run import palette, ramps, styling
from ..support.run.outputs import identity
from ..support.run.palette import Colour

_COPIES, _BESIDE = 3, 5
"""What a band is held in while it is warped, cut, counted and written: copies of its cells, and bytes for each."""
_COUNTED = 2**20
_BEFORE = 0.3
"""Share of the progress of a raster that its areas before take."""


class StudyGridAlgorithm(EcoSecNetAlgorithm):
    """Brings any rasters onto one grid of square cells in metres."""

    NAME = "studygrid"
    LABEL = "Study grid"
    GROUP = base.SOURCES
    TAGS = ("warp", "reproject", "resample", "clip", "align", "snap", "cell size", "重采样", "投影", "裁剪", "对齐")
    SUMMARY = (
        "Brings a land-cover map and other rasters, of any CRS and cells, onto one grid of square cells in metres."
    )
    HELP = (
        "<p>Rasters in degrees, rotated or south-up ones, cells that are not square, other reference systems: all go in, "
        "and come out with the same cells.</p>"
        "<p><b>CRS</b>: as asked for; else that of the land cover. Where that is in degrees, the UTM zone of the centre of "
        "the study area, and an equal-area one of its own where the area is wider than such a zone (6 degrees) or near a "
        "pole: Albers, around the equator a cylinder, around a pole Lambert's azimuthal one. "
        "<b>Cell</b>: as asked for; else that of the land cover in metres, as it is where it has three digits, else the "
        "nearest neat number within 5 % (30 for 30.9), else in two digits. The corner of the grid is a multiple of the cell; "
        "where the land cover already has such cells, they stay where they are. "
        "<b>Extent</b>: that of the area, in whole cells; cells whose centre lies outside it are NoData. With a margin the "
        "area is that much wider all around; where the rasters end before it, its cells are NoData and counted.</p>"
        "<p><b>Classes</b> take the most frequent class where a cell becomes more than 1.5 times larger, else the nearest "
        "cell; <b>measured values</b> the average, else bilinear interpolation. Scale, offset, masks and alpha are applied. "
        "NoData stays NoData.</p>"
        "<p><b>Table</b>: a row for each raster with what was done, and one for each class with its area before, measured on "
        "the ground, and after, as the cells of the grid count it. They differ by resampling and by the scale of the CRS "
        "(UTM: a tenth of a percent).</p>"
    )
    REQUIRES = ()
    METRIC = False
    UPRIGHT = False

    def declare(self):
        return [
            p.raster("LANDCOVER", "Land-cover map", "Class raster, in any CRS and of any cells.", classes=True),
            p.rasters(
                "RASTERS", "Measured rasters", "Elevation, density, an index and the like; averaged.", optional=True
            ),
            p.rasters("CLASSED", "Other class rasters", "Lithology, soil and the like.", classes=True, optional=True),
            p.vector("AREA", "Study area", "Polygons. Empty: where the land-cover map lies.", optional=True),
            p.distance(
                "MARGIN",
                "Margin around the study area",
                "How far beyond the study area the rasters are kept: paths and currents are computed there too, so that they "
                "do not crowd along the edge, and nothing is reported (AREA of the other tools).",
                0.0,
            ),
            p.crs("CRS", "CRS", "In metres or feet. Empty: that of the land-cover map, or a fitting one for degrees."),
            p.distance("CELL", "Cell size", "Empty: that of the land-cover map, rounded.", optional=True, low=0.001),
            p.raster_output("OUTPUT", "Land cover on the study grid", "Classes as in the land-cover map."),
            p.folder_output(
                "OUTPUT_FOLDER", "Folder of the other rasters", "A GeoTIFF each, under its own name.", default=True
            ),
            p.table_output(
                "TABLE",
                "What was done",
                "For each raster CRS and cell before, method, means and cells without data; for each class its areas.",
                optional=True,
            ),
            QgsProcessingOutputNumber("CELL_SIZE", "Cell size (m)"),
        ]

    def check(self, job: Job) -> str | None:
        cover, others = job.raster("LANDCOVER"), [*job.rasters("RASTERS"), *job.rasters("CLASSED")]
        problem = check_crs(job.crs("CRS"), job.text("CRS"), cover)
        if problem:
            return problem
        if job.number("MARGIN") and not job.given("AREA"):
            return "A margin is kept around a study area. Give its polygons (AREA), or set the margin to 0."
        if others and not job.given("OUTPUT_FOLDER"):
            return "Give a folder for the other rasters (OUTPUT_FOLDER)."
        folder = "" if job.texts("OUTPUT_FOLDER") == ["TEMPORARY_OUTPUT"] else job.folder("OUTPUT_FOLDER")
        if folder and others:
            for source in (cover, *others):
                if identity(os.path.dirname(os.path.abspath(source.path))) == identity(os.path.abspath(folder)):
                    return f"{folder} holds the input '{source.name}'. Choose another folder for the rasters that are made."
        return None

    def execute(self, job: Job) -> None:
        transforms = job.context.transformContext()
        cover = job.raster("LANDCOVER")
        area = job.vector("AREA")
        outline = warping.Outline.of_raster(cover, transforms)
        if area is not None:
            shapes = area.geometries(monitor=job.monitor)
            if not shapes:
                raise InputError(f"'{area.name}' has no polygon. Choose another layer for the study area, or none.")
            outline = warping.Outline(shapes, area.crs if area.crs.isValid() else cover.crs, transforms)
        crs = choose_crs(job.crs("CRS"), cover, outline, job.monitor)
        margin = job.number("MARGIN")
        if margin:
            outline = outline.widened(margin, crs)
            job.monitor.info(f"Margin: {margin:g} m around '{area.name}'.")
        # A CRS that was chosen here is as right as can be.
        study = StudyGrid.of(cover, outline, crs, job.number("CELL"), transforms, job.monitor, warn=job.given("CRS"))
        grid = study.grid
        given = [(cover, True), *((one, False) for one in job.rasters("RASTERS"))]
        given += [(one, True) for one in job.rasters("CLASSED")]
        moves = [study.plan(one, cover, classes=classes) for one, classes in given]
        cells = min(grid.rows * grid.cols, warping.BAND_CELLS)
        # GDAL keeps what it has read, up to a limit of its own.
        kept = min(gdal.GetCacheMax(), max(move.bytes_read for move in moves))
        widest = max(np.dtype(move.kind).itemsize for move in moves)
        job.need_memory((_COPIES * widest + _BESIDE) * cells + kept)
        folder = OutputFolder(job.outputs, job.folder("OUTPUT_FOLDER")) if len(moves) > 1 else None
        names, taken = FileNames(), Counter()
        cover_folder, cover_file = os.path.split(os.path.abspath(job.destination("OUTPUT")))
        if folder is not None and identity(cover_folder) == identity(os.path.abspath(job.folder("OUTPUT_FOLDER"))):
            taken[os.path.splitext(cover_file)[0].casefold()] += 1
        rows = []
        for k, move in enumerate(moves):
            work = _Work(job, move, study, job.monitor.part(k / len(moves), (k + 1) / len(moves)))
            if k == 0:
                style = work.write(job.outputs.path(job.destination("OUTPUT")))
                job.finish("OUTPUT", style)
                file = os.path.basename(job.destination("OUTPUT"))
            else:
                taken[move.source.name.casefold()] += 1
                same = taken[move.source.name.casefold()]
                file = names.of([move.source.name] if same == 1 else [move.source.name, same]) + ".tif"
                folder.styled(file, work.write(folder.path(file)))
            rows += work.rows(file)
        if folder is not None:
            job.results["OUTPUT_FOLDER"] = job.folder("OUTPUT_FOLDER")
        job.results["CELL_SIZE"] = grid.cell_size
        job.write_table("TABLE", _HEADERS, rows)


_HEADERS = columns(
    raster=str,
    file=str,
    holds=str,
    source_crs=str,
    source_cell=str,
    new_cell=float,
    resampling=str,
    **{"class": int},
    area_before_ha=float,
    area_after_ha=float,
    mean_before=float,
    mean_after=float,
    nodata_cells=int,
)


class _Work:
    """Brings one raster onto the grid."""

    def __init__(self, job: Job, move: warping.Move, study: StudyGrid, monitor) -> None:
        self._job, self._move, self._study, self._monitor = job, move, study, monitor
        self._grid = study.grid
        self._before, self._after = Tally(move.classes), Tally(move.classes)
        self._missing = 0

    def write(self, path: str) -> styling.Style:
        """Write it to a file and return its style."""
        move, grid = self._move, self._grid
        start = _BEFORE if self._job.given("TABLE") else 0.0
        if start:
            self._measure(self._monitor.part(0.0, start))
        scratch = self._job.outputs.scratch(self._job.destination("OUTPUT")) + ".read.tif"
        named = [(code, name, colour) for code, (name, colour) in _legend(move.source).items() if name]
        legend = named if move.kind == "uint8" else ()
        writing = RasterWriter(
            path, grid, move.kind, move.nodata, description=move.source.about or move.source.name, classes=legend
        )
        # One band is counted and compressed while GDAL warps the next.
        with writing as writer, ThreadPoolExecutor(1) as other:
            taken = None
            for row, values, inside in self._study.bring(move, scratch, self._monitor.part(start, 1.0)):
                if taken is not None:
                    taken.result()
                taken = other.submit(self._take, writer, row, values, inside)
            taken.result()
        if os.path.exists(scratch):
            os.remove(scratch)
        if not self._after.area:
            raise InputError(
                f"'{move.source.name}' has no data in the study area: all {self._missing:,} cells would be NoData. Check the "
                "CRS of both, or leave it out."
            )
        self._monitor.info(
            f"'{move.source.name}': {METHODS[move.method]}; no data in {self._missing:,} cells of the study area."
        )
        return self._style(path)

    def _take(self, writer: RasterWriter, row: int, values: np.ndarray, inside: np.ndarray) -> None:
        """Count and write some rows, without what lies outside the study area."""
        np.copyto(values, self._move.nodata, where=~inside, casting="unsafe")
        flat = values.ravel()
        for start in range(0, flat.size, _COUNTED):  # counting takes eight bytes for each
            self._missing -= self._after.add(flat[start : start + _COUNTED], self._grid.cell_ha, but=self._move.nodata)
        self._missing += int(np.count_nonzero(inside))
        writer.write(row, values)

    def _measure(self, monitor) -> None:
        """Measure what the raster holds in the study area before."""
        source, rows, cols = self._move.source, self._move.rows, self._move.cols
        ground = GroundArea(source.place, source.crs, rows, cols, self._job.context.transformContext())
        shapes = self._study.outline.on_cells(source)
        for row, values, valid in source.blocks(monitor, (rows, cols)):
            valid &= np.isfinite(values)
            valid &= warping.cells_of(shapes, row, cols.start, *values.shape)
            self._before.weigh(values[valid], ground.of(row, len(values))[valid])

    def _style(self, path: str) -> styling.Style:
        if not self._move.classes:
            return styling.surface(ramps.over(palette.DISTANCE, ramps.sample(path)))
        known = _legend(self._move.source)
        shown = [known.get(code, ("", _colour(code))) for code in sorted(self._after.areas)]
        return styling.classes(
            [(code, name or str(code), colour) for code, (name, colour) in zip(sorted(self._after.areas), shown)]
        )

    def rows(self, file: str) -> list[Sequence[object]]:
        """Return the rows of the table: the raster, then its classes."""
        move, before, after = self._move, self._before, self._after
        source, crs = move.source, move.source.crs
        unit = "degrees" if crs.isValid() and crs.isGeographic() else "map units"
        what = (
            source.name,
            file,
            "classes" if move.classes else "measured values",
            (crs.authid() or crs.description()) if crs.isValid() else "",
            f"{source.grid.dx:.8g} x {source.grid.dy:.8g} {unit}",
            self._grid.cell_size,
            METHODS[move.method],
        )
        rows: list[Sequence[object]] = [(*what, None, before.area, after.area, before.mean, after.mean, self._missing)]
        for code in sorted({*before.areas, *after.areas}):
            rows.append((*what, code, before.areas[code], after.areas[code], None, None, None))
        return rows


def _legend(source: RasterSource) -> dict[int, tuple[str, Colour]]:
    """Return the names, empty where there are none, and colours of the classes that a file holds itself."""
    names, colours = read_categories(source)
    return {code: (names.get(code, ""), colours.get(code, _colour(code))) for code in sorted({*names, *colours})}


def _colour(code: int) -> Colour:
    return palette.ZONES[code % len(palette.ZONES)]
