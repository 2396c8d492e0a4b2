"""The map sheets of a run: the pages of a PDF that is one of its outputs."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from qgis.core import Qgis, QgsMapLayer

from ..addresses import version
from ..run.outputs import OutputError
from .drawing import DPI, write_pdf
from .layout import can_write

if TYPE_CHECKING:
    from ....core.monitor import Monitor
    from ..run.job import Job
    from .description import Sheet


def noted(sheets: Iterable[Sheet], heading: str) -> list[Sheet]:
    """Return sheets with a line below their titles, and the sentences that say what they were made of."""
    return [replace(sheet, heading=heading, note=_note(sheet)) for sheet in sheets]


def write_pages(
    job: Job,
    output: str,
    sheets: list[Sheet],
    monitor: Monitor,
    *,
    title: str,
    template: str,
    dpi: int = DPI,
    language: str | None = None,
) -> None:
    """Write sheets into the PDF that is an output of a tool.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    if not can_write(language):
        job.monitor.warn(
            "No font with Chinese letters is installed: boxes stand in their place. Install one, such as Noto Sans CJK."
        )
    path = job.destination(output)
    how = {"title": title, "template": template, "dpi": dpi, "language": language}
    try:
        left_out = write_pdf(sheets, job.outputs.path(path), monitor, **how)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}).") from None
    job.results[output] = path
    for sheet, count in zip(sheets, left_out):
        if count:
            job.monitor.warn(
                f"'{sheet.title}': the legend has no room for {count} of its classes. Larger paper, or a template with "
                "a larger legend, has more."
            )
    job.monitor.info(f"{len(sheets)} sheets in {path}.")


def _note(sheet: Sheet) -> tuple[str, ...]:
    """Return the sentences below the legend."""
    crs = sheet.crs
    known = crs is not None and crs.isValid()
    code = f" ({crs.authid()})" if known and crs.authid() else ""
    today = datetime.date.today().isoformat()
    return (
        f"Coordinate reference system: {crs.description()}{code}."
        if known
        else "Without a coordinate reference system.",
        f"Data shown on this sheet: {', '.join(dict.fromkeys(_data_of(drawn.source) for drawn in sheet.layers))}.",
        f"Made {today} with EcoSecNet {version()} in QGIS {Qgis.QGIS_VERSION}.",
    )


def _data_of(source: str | QgsMapLayer) -> str:
    """Return what a layer is called where it comes from."""
    if isinstance(source, QgsMapLayer):
        return source.name()
    path, _, layer = source.partition("|layername=")
    return layer or os.path.basename(path)
