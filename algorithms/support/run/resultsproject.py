"""The project of a results folder: the layers of a run with their groups and styles, found wherever the folder is moved."""

from __future__ import annotations

import os
import zipfile
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from qgis.core import (
    Qgis,
    QgsMapLayer,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
    QgsVectorLayer,
)

from ..io.crs import stated
from ..io.vectorfiles import Target
from ..language import tr
from . import roles
from .layertree import put_into
from .outputs import OutputError
from .resultsfolder import CONTENTS, PROJECT, RESULTS, write_contents

if TYPE_CHECKING:
    from .job import Job
    from .layertree import Place
    from .styling import Style

_SCRATCH = "project.qgs"


class Shown(NamedTuple):
    """A layer that a run has written: the output it is, and how it looks in a project.

    Attributes
    ----------
    name : str
        The output parameter.
    source : str
        Where it will be; of features with the layer of the file.
    label : str
        Its name in the layer tree.
    style, place : optional
        See `Job.finish`.
    role : str
        What it is for, see `roles`.
    """

    name: str
    source: str
    label: str
    style: Style | None
    place: Place | None
    role: str


def complete_folder(job: Job, label: str) -> None:
    """Write the project of a results folder, and the list of its files, when all outputs have been written and none moved."""
    folder = os.path.realpath(job.folder(RESULTS))
    described = {os.path.realpath(Target.of(one.source.split("|")[0]).path): one.label for one in job.shown}
    for definition in job.definitions():
        name = definition.name()
        if definition.isDestination() and isinstance(job.results.get(name), str):
            described.setdefault(os.path.realpath(str(job.results[name])), definition.description())
    _write_project(job, os.path.join(folder, PROJECT), label)
    described[os.path.join(folder, PROJECT)] = tr("QGIS project of all layers")
    write_contents(job, described)
    job.results[RESULTS] = job.folder(RESULTS)
    job.monitor.info(f"Everything is in {folder}: open {PROJECT} in QGIS; {CONTENTS} says what each file is.")


def _write_project(job: Job, target: str, label: str) -> None:
    aside = {place: path for path, place in job.outputs.written()}
    project = QgsProject()  # of its own: that of the window belongs to the user, and to another thread
    project.setTitle(job.text("TITLE") or tr(label))
    folder = os.path.dirname(target)
    order = [definition.name() for definition in job.definitions()]
    moved: dict[str, str] = {}
    extent, crs = QgsRectangle(), None
    for one in job.shown:
        path, _, layer = one.source.partition("|layername=")
        place = os.path.realpath(path)
        if place not in aside:  # in memory or a database
            continue
        moved[aside[place]] = place
        opened = _open(aside[place], layer, one)
        if opened is None:
            continue
        if one.style is not None:
            one.style(opened)
        if opened.isSpatial():
            opened.setCrs(stated(opened.crs()))
            crs = opened.crs()
            extent.combineExtentWith(opened.extent())
        roles.mark(opened, one.role, job.tool)
        project.addMapLayer(opened)
        put_into(project.layerTreeRoot(), opened, job.run, one.place, order.index(one.name))
    if crs is not None:
        project.setCrs(crs)
        extent.scale(1.05)
        project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, crs))
    _absolute(project)
    text = job.outputs.scratch(os.path.join(os.path.dirname(target), _SCRATCH))
    if not project.write(text):
        raise OutputError(f"{target} cannot be written ({project.error()}).")
    project.clear()
    del project
    _pack(text, job.outputs.path(target), moved, folder)


def _open(path: str, layer: str, one: Shown) -> QgsMapLayer | None:
    if layer or one.source.lower().endswith((".gpkg", ".csv", ".shp", ".geojson", ".fgb", ".xlsx", ".ods")):
        opened = QgsVectorLayer(f"{path}|layername={layer}" if layer else path, one.label, "ogr")
    else:
        opened = QgsRasterLayer(path, one.label)
    return opened if opened.isValid() else None


def _absolute(project: QgsProject) -> None:
    """Have paths written as they are, to be made relative to where the files will be."""
    kinds = getattr(Qgis, "FilePathType", None)
    if kinds is None:  # before QGIS 3.22
        project.writeEntryBool("Paths", "/Absolute", True)
    else:
        project.setFilePathStorage(kinds.Absolute)


def _pack(text: str, target: str, moved: dict[str, str], folder: str) -> None:
    """Pack a project into a file, with the paths that its layers will have."""
    with open(text, encoding="utf-8") as file:
        held = file.read()
    for path, place in moved.items():
        final = f"./{os.path.relpath(place, folder)}" if _is_in(folder, place) else place
        for old, new in {(path, final), (path.replace(os.sep, "/"), final.replace(os.sep, "/"))}:
            for one in _in_xml(old):
                held = held.replace(one, escape(new.replace(os.sep, "/")))
    held = held.replace('<Absolute type="bool">true</Absolute>', '<Absolute type="bool">false</Absolute>')
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{os.path.splitext(PROJECT)[0]}.qgs", held)


def _in_xml(path: str) -> set[str]:
    """Return how a project may hold a path: Qt escapes quotation marks, but neither apostrophes nor all that need not be."""
    escaped = escape(path, quote=False)
    quoted = escaped.replace('"', "&quot;")
    return {escaped, quoted, escaped.replace("&gt;", ">"), quoted.replace("&gt;", ">")}


def _is_in(folder: str, path: str) -> bool:
    return path.startswith(os.path.join(folder, ""))
