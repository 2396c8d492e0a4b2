"""The report of an ecological security network: maps, tables, warnings and methods on one page."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from qgis.core import Qgis

from ....support.reports import html
from ..outputs import NetworkOutputs
from .area import study_area
from .corridors import corridors
from .drawing import Drawing
from .keyareas import key_areas
from .lithology import sources_over_rocks
from .measures import measures
from .methods import methods
from .resistance import resistance
from .robust import robust
from .sources import sources
from .summary import summary

if TYPE_CHECKING:
    from .....core.planning.options import Options
    from ..factorlayers import FactorLayers
    from ..factors import NetworkFactors
    from ..studyland import StudyLand


def network_report(
    outputs: NetworkOutputs,
    numbers: dict[str, float],
    factors: NetworkFactors,
    options: Options,
    scored: FactorLayers,
    study: StudyLand,
) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    outputs : NetworkOutputs
        Layers and tables of the run.
    numbers : dict
        Headline numbers, see `NetworkOutputs.report_numbers`.
    factors : NetworkFactors
        Where the scores and weights come from.
    options : Options
        The choices of the run.
    scored : FactorLayers
        The scores of each factor.
    study : StudyLand
        What was brought onto the grid.
    """
    drawing = Drawing(outputs)
    sections = [
        *study_area(drawing, outputs, study),
        *sources(drawing, outputs, options.sources),
        *sources_over_rocks(drawing, outputs),
        *resistance(drawing, outputs, factors, scored),
        *corridors(drawing, outputs),
        *key_areas(drawing, outputs),
        *measures(drawing, outputs),
        *robust(drawing, outputs),
        *methods(outputs.network, options),
    ]
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    grid, crs = outputs.grid, outputs.land.crs
    lead = (
        f"{outputs.land.name}: {grid.rows:,} rows x {grid.cols:,} columns of {grid.cell_size:.6g} m, "
        f"{crs.authid() or crs.description()}. Made {now} with EcoSecNet in QGIS {Qgis.QGIS_VERSION}."
    )
    # The summary last: tables that are made for the report may have their warnings.
    return html.page("Ecological security network", lead, [*summary(drawing, outputs, numbers), *sections])
