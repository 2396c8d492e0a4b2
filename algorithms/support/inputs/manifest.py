"""Tables that name what many runs are made of: one row each, files by their names."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from osgeo import gdal
from qgis.core import QgsCoordinateTransformContext, QgsProviderRegistry, QgsRasterLayer, QgsVectorLayer

from ....core.errors import InputError
from ..io.rasterheaders import tried
from ..io.rasters import RasterSource
from ..io.tables import read_rows
from ..io.vectors import VectorSource
from ..run.inputlayers import STATED

if TYPE_CHECKING:
    from ..capsule.inputs import Input
    from ..run.job import Job

_OF_FILES = ("fid", "ogc_fid")
"""Columns that formats add by themselves."""


@dataclass(frozen=True)
class Place:
    """Where the files are that a table names.

    Attributes
    ----------
    folder : str
        Where their names start; empty where the table is in no file.
    found : dict of str to str, optional
        The sources by what stands in the table, where a run is run again and they were found elsewhere: there are no others.
    """

    folder: str
    found: dict[str, str] | None = None


@dataclass(frozen=True)
class Row:
    """A row of a manifest.

    Attributes
    ----------
    name : str
        What it is of.
    values : dict of str to object
        The cells that are not empty, by the name of the column as it was asked for.
    place : Place
        Where the files are that it names.
    """

    name: str
    values: dict[str, object]
    place: Place

    def text(self, column: str) -> str:
        """Return a text; empty where there is none. Whole numbers have no point."""
        value = self.values.get(column, "")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return str(value).strip()

    def number(self, column: str, otherwise: float | None) -> float | None:
        """Return a number; `otherwise` where the cell is empty.

        Raises
        ------
        InputError
            If it is no finite number.
        """
        text = self.text(column)
        if not text:
            return otherwise
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise InputError(f"The {column} is '{text}', which is no number.")
        return value

    def path(self, column: str) -> str:
        """Return the source of a layer, with the whole path of its file; empty where the cell is.

        Raises
        ------
        InputError
            If there is no such file.
        """
        text = self.text(column)
        return self.located(text, column) if text else ""

    def located(self, text: str, column: str) -> str:
        """Return the source that a text in a column names, see `path`."""
        file, bar, layer = text.partition("|")
        file, found = file.strip(), self.place.found
        if found is None and not self.place.folder and not os.path.isabs(file):
            raise InputError(f"The {column} is '{text}'. The table is in no file: give the whole path.")
        path = os.path.normpath(os.path.join(self.place.folder, file))
        if text not in found if found is not None else not os.path.exists(path):
            # Without the folder: what a table of results says must not depend on where the run is.
            raise InputError(f"There is no file '{file}' ({column}). Names of files start in the folder of the table.")
        return found[text] if found is not None else path + bar + layer

    def stated(self, column: str) -> list[str]:
        """Return the texts of a cell that has several with semicolons between them."""
        return [one.strip() for one in self.text(column).split(";") if one.strip()]

    def paths(self, column: str) -> list[str]:
        """Return what a cell names, see `path`; several with semicolons between them."""
        return [self.located(one, column) for one in self.stated(column)]

    def raster(self, column: str) -> RasterSource:
        """Return the raster that a cell names."""
        return raster_at(self.path(column), column)

    def features(self, column: str, context: QgsCoordinateTransformContext) -> VectorSource:
        """Return the layer or table that a cell names."""
        return vector_at(self.path(column), column, context)


def named_in_rows(job: Job, role: str, rows: Sequence[Row], columns: Sequence[str]) -> Iterator[Input]:
    """Yield the layers that rows name in some columns, each once, with the hash of what it holds.

    Their entries say how the table names them, so that they can be found elsewhere. What cannot be opened is passed over: its
    row fails, and says why.
    """
    from ..capsule.inputs import named_input

    named: dict[str, tuple[str, list[str]]] = {}
    for row in rows:
        for column in columns:
            for text in row.stated(column):
                try:
                    texts = named.setdefault(row.located(text, column), (column, []))[1]
                except InputError:
                    continue
                texts += [text] * (text not in texts)
    for path, (column, texts) in named.items():
        file, _, layer = path.partition("|layername=")
        of_features = tried(gdal.OpenEx, file, gdal.OF_VECTOR) is not None
        context = job.context.transformContext()
        try:
            source = vector_at(path, column, context) if of_features else raster_at(path, column)
            found = named_input(role, source, file, layer, job.monitor)
        except InputError:
            continue
        found.entry["named_as"] = texts
        yield found


def files_named(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[str]:
    """Yield the files that rows name in some columns and that are there."""
    for row in rows:
        for column in columns:
            for text in row.stated(column):
                try:
                    yield row.located(text, column).partition("|")[0]
                except InputError:
                    continue


def raster_at(path: str, column: str) -> RasterSource:
    """Return the raster of a file that a column names."""
    layer = QgsRasterLayer(path, os.path.splitext(os.path.basename(path))[0])
    if not layer.isValid():
        raise InputError(f"'{os.path.basename(path)}' cannot be opened as a raster ({column}).")
    return RasterSource.of(layer)


def vector_at(path: str, column: str, context: QgsCoordinateTransformContext) -> VectorSource:
    """Return the layer or table of a file that a column names."""
    name = os.path.splitext(os.path.basename(path.partition("|")[0]))[0]
    layer = QgsVectorLayer(path, name, "ogr")
    if not layer.isValid():
        raise InputError(f"'{os.path.basename(path)}' cannot be opened as a layer or table ({column}).")
    return VectorSource(layer, name, context)


def place_of(job: Job, name: str) -> Place:
    """Return where the files are that a table names; to be called in the main thread."""
    for layer in job.map_layers(job.definition(name)):
        found = layer.customProperty(STATED)
        parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
        path = parts.get("path") or ""
        folder = os.path.dirname(os.path.abspath(path)) if os.path.isfile(path) else ""
        return Place(folder, json.loads(found) if found else None)
    return Place("")


def read_manifest(table: VectorSource, place: Place, first: str, known: Sequence[str]) -> list[Row]:
    """Return the rows of a manifest in the order of their names.

    Parameters
    ----------
    table : VectorSource
        The table.
    place : Place
        See `place_of`.
    first : str
        The column of the names, which must be there; in any case, as all are.
    known : sequence of str
        The other columns there can be.

    Raises
    ------
    InputError
        For columns that are not known, no rows, rows without a name, or names given twice.
    """
    called = {one.casefold(): one for one in (first, *known)}
    names = {one: called.get(one.strip().casefold()) for one in table.field_names}
    strange = [one for one, column in names.items() if column is None and one.casefold() not in _OF_FILES]
    if strange:
        raise InputError(
            f"'{table.name}' has columns that are not known: {', '.join(strange)}. Correct or remove them. Known are: "
            f"{listed(first, known)}."
        )
    if first not in names.values():
        raise InputError(f"'{table.name}' has no column '{first}'. Known are: {listed(first, known)}.")
    _refuse_twice(table.name, "column", [column for column in names.values() if column])
    rows = []
    for number, cells in enumerate(read_rows(table), start=1):
        held = {names[one]: value for one, value in cells.items() if names[one] and value is not None}
        held = {column: value for column, value in held.items() if str(value).strip()}
        if not held:
            continue
        name = Row("", held, place).text(first)
        if not name:
            raise InputError(f"Row {number} of '{table.name}' has nothing in the column '{first}'.")
        rows.append(Row(name, held, place))
    if not rows:
        raise InputError(f"'{table.name}' has no rows.")
    _refuse_twice(table.name, first, [row.name for row in rows])
    return sorted(rows, key=lambda row: row.name)


def listed(first: str, known: Iterable[str]) -> str:
    """Return the columns of a manifest in words."""
    return ", ".join([first, *known])


def _refuse_twice(table: str, what: str, names: Sequence[str]) -> None:
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise InputError(f"'{table}' has more than one {what} '{twice[0]}'. Each must be there once.")
