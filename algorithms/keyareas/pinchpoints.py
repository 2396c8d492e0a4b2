"""Tool: map where current is squeezed through the corridors."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core.choices import Combination, PinchPointMode
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    corridor_cutoff,
    cutoff_rule,
    cutoff_used,
    dispersal_distance,
    dispersal_probability,
    link_combination,
    pinch_point_mode,
    read_cutoff,
)
from ..support.inputs.linked import Belts, Linked, linked_inputs, read_linked, where_links_are
from ..support.inputs.nodes import attribute_field, read_attributes
from ..support.io.rasters import metres_per_unit
from ..support.io.tables import columns, kept
from ..support.io.vectors import cells_inside, is_bare, name_ids
from ..support.run import palette, styling
from ..support.run.forecast import FEWER_LINKS, Forecast

_CUT, _RISES, _UNTOUCHED = "cut", "resistance rises", "no corridor"


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
        "<p><b>Areas built over</b> (BLOCKING): for each polygon, such as a key area of 'keyareas', what is lost when its "
        "cells become impassable, which tells what must be protected from what can be done without. <i>Effective "
        "resistance</i> of each link whose corridor it touches, in the corridor as it was drawn, without the area: exact, "
        "and <i>cut</i> where no way is left in the corridor. Of several links the worst is given. <i>EC(PC)</i> of the "
        "network (as in 'connectivity') with least-cost distances: those of links with a least-cost path through the area "
        "are searched again on the surface without it, exactly, also outside the corridor; a metre of dispersal costs what a "
        "metre of the paths does. Cells of sources stay. The log says how far updated values that were "
        "solved again as a check differ.</p>"
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
            p.vector(
                "BLOCKING",
                "Areas to build over",
                "Polygons that become impassable, each on its own, to see what is lost: key areas of 'keyareas' from an "
                "earlier run, or others. The result is the output of areas built over.",
                optional=True,
                advanced=True,
            ),
            attribute_field("For EC(PC) where areas are built over.", advanced=True),
            dispersal_distance(
                "For EC(PC) where areas are built over: distance at which dispersal has the probability below.",
                advanced=True,
            ),
            dispersal_probability(advanced=True),
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
            p.vector_output(
                "BLOCKED",
                "Areas built over",
                "The areas of BLOCKING with the links they touch and cut, the effective resistance of the worst link and "
                "EC(PC) before and after. Without BLOCKING there is none.",
                optional=True,
            ),
            QgsProcessingOutputNumber("MAXIMUM", "Largest current (A)"),
            QgsProcessingOutputNumber("CUTTING", "Areas that cut a link when built over"),
            cutoff_used(),
        ]

    def check(self, job: Job) -> str | None:
        read_cutoff(job)
        if job.given("BLOCKING") and not job.given("BLOCKED"):
            return (
                "Give the output that says what is lost with each area (BLOCKED), or no areas to build over (BLOCKING)."
            )
        if job.given("BLOCKING"):
            # raises for a kernel that there is not
            core.connectivity.dispersal_rate(job.number("DISPERSAL"), job.number("PROBABILITY"))
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        # two maps in float64 and the labels; corridors are solved one at a time, in their own windows
        blocking = job.given("BLOCKING")
        # and a surface without the area where some are built over
        where = where_links_are(job, raster.grid, 28 if blocking else 20, circuits=True)
        given = read_linked(job, raster)
        links = given.links
        if job.choice("MODE", PinchPointMode) in (PinchPointMode.ALL_TO_ONE, PinchPointMode.ONE_TO_ALL):
            # potentials of every source on the union of the corridors
            job.need_memory(8 * len(given.sources.ids) * given.sources.labels.size)
        job.monitor.info(f"{len(links.ids)} links.")
        belts = given.corridors(read_cutoff(job), job.monitor.part(0.05, 0.07))
        if blocking:
            _need_circuits(job, belts, where)
        found = core.keyareas.pinchpoints(
            belts.fields,
            belts.links,
            cutoff=belts.limits,
            mode=job.choice("MODE", PinchPointMode),
            combine=job.choice("COMBINE", Combination),
            where=where,
            monitor=Forecast(job.monitor.part(0.2 if blocking else 0.07, 0.5 if blocking else 0.95), FEWER_LINKS),
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
        if blocking:
            _write_blocked(job, given, belts, where)


def _need_circuits(job: Job, belts: Belts, where: core.spread.Where) -> None:
    """Announce the memory of the circuits when the corridors are known: that of one, and of what is left of it."""
    circuit = core.keyareas.corridor_bytes(
        belts.fields, belts.links, cutoff=belts.limits, where=where, monitor=job.monitor.part(0.07, 0.2)
    )
    held = core.leastcost.SPARE_BYTES + 12 * belts.fields.labels.size
    job.need_memory(held + 16 * belts.fields.labels.size + 2 * circuit * where.processes, held=held)


def _write_blocked(job: Job, given: Linked, belts: Belts, where: core.spread.Where) -> None:
    """Write what is lost with each area that is built over."""
    layer, raster, sources, ids = job.vector("BLOCKING"), given.raster, given.sources, given.links.ids
    features = [one for one in layer.features(raster.crs) if not is_bare(one.geometry())]
    if not features:
        raise InputError(f"'{layer.name}' has no polygon to build over (BLOCKING).")
    table = belts.links
    if np.isnan(table.cost + table.length).any():
        table = core.corridors.traced(belts.fields, table, monitor=job.monitor.part(0.5, 0.5))
    metre = core.corridors.mean_resistance(table)
    found = core.keyareas.blocking(
        belts.fields,
        belts.links,
        [cells_inside(one.geometry(), raster.grid) for one in features],
        cutoff=belts.limits,
        attributes=read_attributes(
            sources.ids, sources.features, job.field("ATTRIBUTE"), metres_per_unit(raster.crs) ** 2 / 1e4
        ),
        rate=core.connectivity.dispersal_rate(metre * job.number("DISPERSAL"), job.number("PROBABILITY")),
        where=where.here(),  # a checkpoint keeps the currents
        monitor=Forecast(job.monitor.part(0.5, 0.97), "Fewer areas to build over (BLOCKING) make it shorter."),
    )
    losses = found.losses()
    if found.checked:
        job.monitor.info(
            f"{found.checked} effective resistances that an update gave were solved again: the largest relative difference "
            f"is {found.difference:.1e}."
        )
    cutting = sum(loss.cut > 0 for loss in losses)
    off = sum(loss.worst is None for loss in losses)
    worst = max(range(len(losses)), key=lambda k: losses[k].equivalent)
    job.monitor.info(
        f"Built over, {cutting} of {len(losses)} areas cut the corridor of a link, {len(losses) - cutting - off} raise its "
        f"effective resistance, and {off} touch no corridor. EC(PC) falls by {losses[worst].equivalent:.3g} % at most "
        f"(area {worst + 1} of the layer)."
    )
    own = columns(effect=str, links=str, touched=int, cut_links=int, worst_link=given.links.id_type)
    own += columns(res_before=float, res_after=float, rise=float, ec_before=float, ec_after=float, ec_loss=float)
    old, held = kept(features, own, "areas", job.monitor)
    rows = []
    for before, loss, after in zip(held, losses, found.equivalent):
        effect = _CUT if loss.cut else _UNTOUCHED if loss.worst is None else _RISES
        rows.append(
            [
                *before,
                effect,
                ", ".join(str(ids[k]) for k in loss.links),
                len(loss.links),
                loss.cut,
                None if loss.worst is None else ids[loss.worst],
                None if loss.worst is None else loss.before,
                loss.after if effect == _RISES else None,
                loss.rise if effect == _RISES else None,
                found.equivalent_before,
                after,
                loss.equivalent,
            ]
        )
    style = styling.categories(
        "effect",
        [
            (_CUT, "Cuts a link: protect", styling.mark_symbol(palette.PINCH)),
            (_RISES, "Raises the resistance", styling.mark_symbol(palette.BARRIER)),
            (_UNTOUCHED, "Touches no corridor", styling.fill_symbol(palette.BACKGROUND)),
        ],
    )
    shapes = [one.geometry() for one in features]
    kind = QgsWkbTypes.Type.MultiPolygon
    job.write_features("BLOCKED", [*old, *own], rows, shapes, kind, raster.crs, style=style)
    job.results["CUTTING"] = cutting
