"""The report of an ecological security network: findings, maps, tables, charts, warnings and methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....support.io.crs import stated
from ....support.reports.document import Document, languages_of_reports
from ..outputs import NetworkOutputs
from .area import study_area
from .corridors import corridors
from .keyareas import key_areas
from .lithology import sources_over_rocks
from .maps import TITLE, NetworkMaps
from .measures import measures
from .methods import methods
from .resistance import resistance
from .robust import robust
from .sources import sources
from .summary import summary

if TYPE_CHECKING:
    from .....core.planning.options import Options
    from ..factors import NetworkFactors
    from ..studyland import StudyLand


def network_report(
    maps: NetworkMaps,
    outputs: NetworkOutputs,
    numbers: dict[str, float],
    factors: NetworkFactors,
    options: Options,
    study: StudyLand,
) -> Document:
    """Return the report.

    Parameters
    ----------
    maps : NetworkMaps
        Its maps.
    outputs : NetworkOutputs
        Layers and tables of the run; the layers have been written.
    numbers : dict
        Headline numbers, see `NetworkOutputs.report_numbers`.
    factors : NetworkFactors
        Where the scores and weights come from.
    options : Options
        The choices of the run.
    study : StudyLand
        What was brought onto the grid.
    """
    sections = [
        *study_area(maps, outputs, study),
        *sources(maps, outputs, options.sources),
        *sources_over_rocks(maps, outputs),
        *resistance(maps, outputs, factors),
        *corridors(maps, outputs),
        *key_areas(maps, outputs),
        *measures(maps, outputs),
        *robust(maps, outputs),
        *methods(outputs.network, options),
    ]
    job = outputs.job
    title, author = job.text("TITLE"), job.text("AUTHOR")
    # The summary last: tables that are made for the report may have their warnings.
    blocks = [*summary(maps, outputs, numbers), *sections]
    document = Document(title or TITLE, (), blocks, own_title=bool(title), author=author)
    document.facts = _facts(outputs, document)
    maps.draw(languages_of_reports(), job.monitor.part(0.97, 0.985))
    return document


def _facts(outputs: NetworkOutputs, document: Document) -> list[tuple[str, str]]:
    """Return what stands below the title."""
    job, grid = outputs.job, outputs.grid
    crs = stated(outputs.land.crs)
    area = job.vector("AREA")
    named = outputs.land.name if area is None else area.name
    code = f" ({crs.authid()})" if crs.authid() else ""
    facts = [
        ("Place", job.text("PLACE")),
        ("Author", document.author),
        ("Date", f"{document.made:%Y-%m-%d}"),
        ("Study area", f"{named}, {outputs.inside_ha / 100.0:,.1f} km²"),
        ("Coordinate reference system", f"{crs.description()}{code}" if crs.isValid() else ""),
        ("Grid", f"{grid.rows:,} × {grid.cols:,}, {grid.cell_size:.6g} m"),
    ]
    return [(label, value) for label, value in facts if value]
