"""The files of a Circuitscape run: where they are, reading them, writing them."""

from __future__ import annotations

import gzip
import locale
import os
import re
from collections.abc import Iterable
from functools import partial

import numpy as np
from osgeo import gdal

from .... import core
from ....core.errors import InputError
from ....core.grid import USE_STUDY_GRID, Grid
from ....core.monitor import Monitor
from ...support.io import rasterfiles
from ...support.io.outputfolder import OutputFolder
from ...support.io.rasterheaders import tried
from ...support.run.memory import require
from ...support.run.outputs import OutputError

_GZIP = b"\x1f\x8b"
_PACKING = 6
"""What `gzip` itself takes; 9, which Python takes, needs twice the time for files that are hardly smaller."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NUMPY = b"\x93NUMPY"
_SIZES = re.compile(rb"(ncols|nrows)\s+(\d+)")

_HEADER_BYTES = 1000
"""Bytes at the start of a file that hold the header of a grid."""

_CELL_BYTES, _TEXT_COPIES = 16, 3
"""Memory of a grid while it is read: for each cell, and how many copies of the text."""


class Inputs:
    """Reads the files that an .ini names.

    Parameters
    ----------
    options : CircuitscapeOptions
        What the file says.
    folder : str
        Where relative paths start.
    """

    def __init__(self, options: core.formats.CircuitscapeOptions, folder: str) -> None:
        self._options = options
        self._folder = folder

    def path(self, option: str) -> str:
        """Return the path behind an option."""
        given = getattr(self._options, option)
        path = os.path.join(self._folder, given)
        if os.sep == "/" and "\\" in given and not os.path.exists(path):
            path = os.path.join(self._folder, given.replace("\\", "/"))
        return path

    def text(self, option: str) -> str:
        """Return the text of the file behind an option."""
        return read_text(self.path(option), option)

    def name(self, option: str) -> str:
        """Return what to call a file in messages."""
        return f"{os.path.basename(self.path(option))} ({option})"

    def is_grid(self, option: str) -> bool:
        """Return whether a file is a raster rather than a list."""
        start = _start(self.path(option), option)
        return start.startswith(_TIFF) or start.lstrip()[:5].lower() in (b"ncols", b"nrows")

    def grid(self, option: str, like: Grid | None = None) -> core.formats.AsciiGrid:
        """Return a raster; with `like`, one that must lie on that grid."""
        path = self.path(option)
        _require_memory(path, option, self.name(option))
        if _start(path, option).startswith(_TIFF):
            found = _read_tiff(path, self.name(option))
        else:
            found = core.formats.parse_grid(self.text(option), self.name(option))
        if like is not None:
            like.require_same(found.grid, self.name("habitat_file"), self.name(option))
        return found

    def values(self, option: str, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
        """Return the values of a raster or list of points that are not NODATA, and their cells (flat indices)."""
        if self.is_grid(option):
            flat = self.grid(option, grid).values.ravel()
            cells = np.flatnonzero(~np.isnan(flat))
            return flat[cells], cells
        values, cells = core.formats.parse_points(self.text(option), grid, self.name(option))
        return values[values != core.formats.NODATA], cells[values != core.formats.NODATA]


class Outputs:
    """Writes the files of a run into an output folder.

    Parameters
    ----------
    folder : OutputFolder
        Where they go.
    options : CircuitscapeOptions
        Says how grids are written, and what all names start with.
    monitor : Monitor
        Is asked whether to go on.
    """

    def __init__(self, folder: OutputFolder, options: core.formats.CircuitscapeOptions, monitor: Monitor) -> None:
        self._folder, self._options, self._monitor = folder, options, monitor
        base = os.path.basename(options.output_file.replace("\\", "/"))
        self._base = base[:-4] if base.lower().endswith(".out") else base
        self.names: list[str] = []

    def table(self, name: str, values: np.ndarray) -> None:
        """Write a table of numbers."""
        self._write(name, core.formats.format_table(values))

    def grid(self, name: str, values: np.ndarray, like: core.formats.AsciiGrid) -> None:
        """Write a grid, NaN as NODATA: `.asc`, `.asc.gz` or `.tif`, as the options say."""
        if self._options.write_as_tif:
            path = self._folder.path(self._note(f"{name}.tif"))
            rasterfiles.write(path, values, like.grid, nodata=like.nodata, monitor=self._monitor)
            return
        filled = np.where(np.isnan(values), like.nodata, values)
        compress = self._options.compress_grids
        self._write(f"{name}.asc" + (".gz" if compress else ""), (like.header, *core.formats.format_table(filled)))

    def _note(self, name: str) -> str:
        self.names.append(f"{self._base}_{name}")
        return self.names[-1]

    def _write(self, name: str, lines: Iterable[str]) -> None:
        file = self._note(name)
        path = self._folder.path(file)
        try:
            opener = partial(gzip.open, compresslevel=_PACKING) if name.endswith(".gz") else open
            with opener(path, "wt", encoding="ascii", newline="\n") as out:
                for line in lines:
                    self._monitor.check()
                    out.write(line)
        except OSError as error:
            raise OutputError(f"{file} cannot be written ({error.strerror}).") from None


def read_text(path: str, what: str) -> str:
    """Return the text of a file, unpacked if it is gzip."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (OSError, EOFError) as error:
        raise _unreadable(path, what, error) from None
    if content.startswith(_NUMPY):
        raise InputError(f"{path} ({what}) is a NumPy array. Save it as an ASCII grid or GeoTIFF.")
    for encoding in ("utf-8-sig", locale.getpreferredencoding(False)):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path} ({what}) is not text. Save it as UTF-8.")


def _require_memory(path: str, what: str, name: str) -> None:
    """Refuse a raster that cannot fit, by what its header promises, before it is read."""
    start = _start(path, what)
    if start.startswith(_TIFF):
        dataset = tried(gdal.Open, path)
        size = (dataset.RasterXSize, dataset.RasterYSize) if dataset is not None else (0, 0)
        text = 0
    else:
        header = dict(_SIZES.findall(start.lower()))
        size = int(header.get(b"ncols", 0)), int(header.get(b"nrows", 0))
        text = _unpacked_bytes(path)
    needed = _CELL_BYTES * size[0] * size[1] + _TEXT_COPIES * text
    require(needed, f"Reading {name} ({size[1]:,} x {size[0]:,} cells)")


def _unpacked_bytes(path: str) -> int:
    """Return the size of a text file, of a packed one that of its content (less a multiple of 4 GB)."""
    with open(path, "rb") as file:
        if not file.read(2).startswith(_GZIP[:2]):
            return os.path.getsize(path)
        # A packed file ends with the size of its content.
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(4), "little")


def _start(path: str, what: str) -> bytes:
    try:
        with open(path, "rb") as file:
            start = file.read(_HEADER_BYTES)
        if start.startswith(_GZIP):
            with gzip.open(path) as packed:
                start = packed.read(_HEADER_BYTES)
    except (OSError, EOFError) as error:
        raise _unreadable(path, what, error) from None
    return start[3:] if start.startswith(b"\xef\xbb\xbf") else start


def _unreadable(path: str, what: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or error
    hint = "" if what == "INPUT" else f" Correct '{what}' in the .ini; relative paths start there."
    return InputError(f"{path} cannot be read ({reason}).{hint}")


def _read_tiff(path: str, name: str) -> core.formats.AsciiGrid:
    dataset = tried(gdal.Open, path)
    if dataset is None:
        raise InputError(f"{name} cannot be read as a GeoTIFF.")
    left, dx, turned, top, _, down = dataset.GetGeoTransform()
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray().astype(np.float64)
    nodata = band.GetNoDataValue()
    values[values == core.formats.NODATA] = np.nan
    if nodata is not None:
        values[values == nodata] = np.nan
    if turned or down >= 0:
        raise InputError(f"{name} is not north up. {USE_STUDY_GRID}")
    grid = Grid(*values.shape, left, top, dx, -down, crs=dataset.GetProjection())
    nodata = core.formats.NODATA if nodata is None or np.isnan(nodata) else nodata
    return core.formats.AsciiGrid(values, grid, core.formats.grid_header(grid, nodata), nodata)
