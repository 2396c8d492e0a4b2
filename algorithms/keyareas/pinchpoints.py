"""Tool: map where current is squeezed through the corridors."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import Combination, PinchPointMode
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    corridor_cutoff,
    cutoff_rule,
    cutoff_used,
    link_combination,
    pinch_point_mode,
    read_cutoff,
)
from ..support.inputs.linked import linked_inputs, read_linked, where_links_are
from ..support.io.tables import columns
from ..support.io.vectors import name_ids
from ..support.run import palette, styling
from ..support.run.forecast import FEWER_LINKS, Forecast


class PinchPointsAlgorithm(EcoSecNetAlgorithm):
    """Maps pinch points in the corridors between sources."""

    NAME = "pinchpoints"
    LABEL = "Pinch points"
    GROUP = base.KEYAREAS
    TAGS = ("pinch point", "current", "circuit", "Pinchpoint Mapper", "bottleneck", "夹点", "电流密度", "电路理论")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Maps where current between sources is squeezed through the narrow places of their corridors."
    HELP = (
        "<p>The corridor of a link is where <i>CWD<sub>A</sub> + CWD<sub>B</sub> - LCD</i> is at most the cutoff. It "
        "is made into a circuit of 8 neighbours whose links have the mean resistance of their two cells, each source "
        "becomes one node, and 1 A is sent from one to the other. Where there is only one way the current is 1 A.</p>"
        "<p><b>Adjacent pairs</b> treats each link on its own. <b>All-to-one</b> grounds each source in turn, on the "
        "union of all corridors, and puts 1 A into every other one; <b>all pairs</b> sends 1 A between every two "
        "sources, linked or not, on that union: the larger the current, the more important the place for the whole "
        "network. <b>One-to-all</b> is the reverse of all-to-one: 1 A into each source in turn, all others grounded. "
        "'Sum' is the usual choice for these three.</p>"
        "<p><b>Current</b> is NoData outside the corridors and in the two sources of a link (in all-to-one and "
        "one-to-all in all sources). <b>Links</b> carry the effective resistance in cost units (cell size times "
        "the resistance of the circuit) and how many times the least-cost distance holds it: 1 for a path one cell "
        "wide, the more the wider and richer in detours the corridor is. All-to-one and one-to-all "
        "send no current between two sources alone and leave both empty.</p>"
        "<p>Departures from Pinchpoint Mapper: the union of the corridors is not rounded to whole numbers, and sources "
        "are NoData instead of 0 or 1 A.</p>"
        "<p>McRae et al. 2008, Ecology 89:2712-2724, doi:10.1890/07-1861.1; McRae 2012, Pinchpoint Mapper.</p>"
    )

    def declare(self):
        return [
            *linked_inputs(),
            corridor_cutoff("Values and places depend on it; the tool 'cutoffsweep' shows how much."),
            cutoff_rule(),
            pinch_point_mode(),
            link_combination("Turns and pairs of sources count as links do."),
            *spreading.long_run(),
            p.raster_output("CURRENT", "Current density", "Amperes when 1 A flows; NoData outside the corridors."),
            p.raster_output(
                "RELATIVE",
                "Current relative to the largest of its link",
                "0 to 1, so that the pinch points of wide corridors show as well as those of narrow ones; of several "
                "links (turns, pairs) the largest.",
                optional=True,
                default=False,
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with effective resistance",
                "The links with cw_dist, eff_res (cost units) and cwd_effres, their ratio.",
                QgsProcessing.SourceType.TypeVectorLine,
                optional=True,
            ),
            QgsProcessingOutputNumber("MAXIMUM", "Largest current (A)"),
            cutoff_used(),
        ]

    def check(self, job: Job) -> str | None:
        read_cutoff(job)
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        # two maps in float64 and the labels; corridors are solved one at a time, in their own windows
        where = where_links_are(job, raster.grid, 20, circuits=True)
        given = read_linked(job, raster)
        links = given.links
        if job.choice("MODE", PinchPointMode) in (PinchPointMode.ALL_TO_ONE, PinchPointMode.ONE_TO_ALL):
            # potentials of every source on the union of the corridors
            job.need_memory(8 * len(given.sources.ids) * given.sources.labels.size)
        job.monitor.info(f"{len(links.ids)} links.")
        belts = given.corridors(read_cutoff(job), job.monitor.part(0.05, 0.07))
        found = core.keyareas.pinchpoints(
            belts.fields,
            belts.links,
            cutoff=belts.limits,
            mode=job.choice("MODE", PinchPointMode),
            combine=job.choice("COMBINE", Combination),
            where=where,
            monitor=Forecast(job.monitor.part(0.07, 0.95), FEWER_LINKS),
        )
        belts.report(job, ~np.isnan(found.current))
        cut_off = [one for one, least in zip(links.ids, found.least_cost) if not np.isfinite(least)]
        if cut_off:
            job.monitor.warn(
                f"The sources of {len(cut_off)} link(s) are not connected by valid cells; no current there: "
                f"{name_ids(cut_off)}."
            )
        job.write_surface("CURRENT", found.current, raster.grid, palette.CURRENT, "A", "Current, amperes at 1 A")
        job.write_surface(
            "RELATIVE",
            found.relative,
            raster.grid,
            palette.CURRENT,
            "",
            "Current as a share of the largest of its link",
        )
        names = columns(cw_dist=float, eff_res=float, cwd_effres=float)
        rows = zip(found.least_cost, found.effective_resistance, found.ratio)
        job.write_features(
            "OUTPUT_LINKS", *given.with_columns(names, rows, job.monitor), style=styling.lines(palette.CORRIDORS[1])
        )
        job.results["MAXIMUM"] = float(np.fmax.reduce(found.current, axis=None, initial=0.0))
