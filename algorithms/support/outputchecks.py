"""What is checked before anything is read: that the outputs can be written where and as they are asked for."""

from __future__ import annotations

import errno
import os
import tempfile

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
)

from . import rasterfiles, vectorfiles
from .job import Job
from .vectorfiles import Target

_LONGEST_COMPANION = ".aux.xml-journal"


def problem_with_output(job: Job, definition: QgsProcessingParameterDefinition) -> str:
    """Return why an output cannot be written; empty if it can, or is not asked for."""
    path = job.destination(definition.name())
    if isinstance(definition, QgsProcessingParameterFeatureSink):
        target = Target.of(path) if path else None
        path = "" if target is None else target.path
    if not path:
        return ""
    return _problem_with_format(path, definition) or _problem_with_place(path, definition)


def _problem_with_format(path: str, definition: QgsProcessingParameterDefinition) -> str:
    if isinstance(definition, QgsProcessingParameterRasterDestination):
        what, endings = "rasters", rasterfiles.ENDINGS
    elif not isinstance(definition, QgsProcessingParameterFeatureSink):
        return ""
    elif definition.dataType() == QgsProcessing.SourceType.TypeVector:
        what, endings = "tables", vectorfiles.TABLE_ENDINGS
    else:
        what, endings = "layers", vectorfiles.LAYER_ENDINGS
    ending = os.path.splitext(path)[1].lstrip(".").lower()
    if ending in endings or (not ending and what == "rasters"):
        return ""
    return (
        f"{path}: {what} cannot be written as .{ending} without loss. Choose a file that ends in "
        f".{', .'.join(endings[:-1])} or .{endings[-1]}."
    )


def _problem_with_place(path: str, definition: QgsProcessingParameterDefinition) -> str:
    path = os.path.abspath(path)
    wants_folder = isinstance(definition, QgsProcessingParameterFolderDestination)
    folder = path if wants_folder else os.path.dirname(path)
    if os.path.isdir(path) and not wants_folder:
        return f"{path} is a folder. Give the name of a file in it."
    try:
        os.lstat(path if wants_folder else path + _LONGEST_COMPANION)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return f"{path} cannot be written: the name is too long. Choose a shorter one."
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    try:
        # Trying is the only test that tells the truth on every system.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return f"{path} cannot be written ({error.strerror}). Choose a folder that you may write to."
    return ""
