"""Tool: find the places whose restoration would shorten the least-cost paths most."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import BarrierWindow, Combination
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.areatable import BARRIER_SCORE
from ..support.inputs.declarations import (
    barrier_centres,
    barrier_radii,
    barrier_window,
    cutoff_rule,
    land_use,
    link_combination,
    not_restorable_classes,
    read_cutoff,
    read_radii,
    restored_resistance,
)
from ..support.inputs.landclasses import read_restorable
from ..support.inputs.linked import Belts, Linked, linked_inputs, read_linked, where_links_are
from ..support.io.fields import Shown
from ..support.io.rasterfiles import NO_AMOUNT, NO_NUMBER
from ..support.io.tables import columns
from ..support.run import palette, ramps, styling
from ..support.run.forecast import FEWER_LINKS, Forecast


class BarriersAlgorithm(EcoSecNetAlgorithm):
    """Scores barriers on the links between sources."""

    NAME = "barriers"
    LABEL = "Barriers"
    GROUP = base.KEYAREAS
    TAGS = ("barrier", "restoration", "Barrier Mapper", "Linkage Mapper", "obstacle", "障碍点", "生态修复")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Finds the places whose restoration would shorten the least-cost paths between sources most."
    HELP = (
        "<p>For every cell and radius r the tool asks what a restored strip of length 2 r through the cell would save "
        "on each link: <i>score = (LCD - min CWD<sub>A</sub> - min CWD<sub>B</sub> - 2 r q) / (2 r)</i>, with the "
        "least-cost distance LCD of the link, the smallest cost-weighted distances from its two sources within r, and "
        "the resistance q after restoration. The score is in cost units saved per metre restored.</p>"
        "<p><b>Scores</b> are computed for discs around every cell and given to all cells of the disc: a cell shows "
        "the best disc that holds it, over all radii, as in the default of Linkage Mapper. NoData: no gain. Impassable "
        "(NoData) cells of the resistance, also those outside the study area, can be barriers too, as in Linkage Mapper, "
        "unless 'Score places without resistance' is unticked. Places beside the corridors are barriers too where a "
        "restored disc would open a shorter way there; the report of 'securitynetwork' states their share. Give the cutoff "
        "of a belt to clip the scores to it.</p>"
        "<p><b>Land that cannot be restored</b> (NOT_RESTORABLE): its cells have no score, and no disc is centred on them. "
        "Of a disc that holds some, only what straight arms from its centre reach without crossing them counts, so that the "
        "banks of a river do not score for a bridge nobody can plant. Sources, and cells no worse than q, are no obstacle. "
        "Linkage Mapper has nothing like it; without these values its rule holds.</p>"
        "<p><b>Links</b> carry the best place of each link. The predicted gain is an estimate; tick 'check' to restore "
        "the best disc of each link and have the least-cost distance computed again.</p>"
        "<p>Departures from Linkage Mapper 3.1: the smallest distances are taken in the whole disc unless 'ring' is "
        "chosen (they differ where the disc reaches a source), a score of 0 counts as no gain, and so does a disc without "
        "any cell above q. Where little is above it, scores of up to 0.08 q come from the grid alone: paths go in 8 "
        "directions and the strip does not.</p>"
        "<p>McRae et al. 2012, PLoS ONE 7(12), doi:10.1371/journal.pone.0052604.</p>"
    )

    def declare(self):
        return [
            *linked_inputs(),
            *barrier_radii(),
            link_combination(),
            barrier_window(),
            barrier_centres(),
            restored_resistance(),
            p.flag(
                "CAP",
                "Cap scores by the cell's own resistance",
                "Let no cell gain more than its own resistance minus that after restoration.",
                advanced=True,
            ),
            p.flag(
                "CHECK",
                "Check the best place of each link by restoring it",
                "Computes each link again with its best disc restored and adds the real gain to the links. "
                "Takes about as long again as the search, for every few links.",
                advanced=True,
            ),
            p.flag(
                "OUTSIDE",
                "Score places without resistance",
                "NoData cells are impassable, but can be barriers, as in Linkage Mapper. Untick where they lie outside the "
                "study area or cannot be restored: then neither they nor discs centred on them have a score, as in "
                "'Ecological security network'.",
                True,
                advanced=True,
            ),
            land_use("the values that cannot be restored", advanced=True),
            not_restorable_classes(advanced=True),
            p.number(
                "BELT",
                "Cutoff of the corridor belt to clip to (cost units)",
                "Only cells within this cost above the least-cost path of a link keep a score; the log says how much lay "
                "outside. The links keep their best places, also those outside. Empty: scores everywhere, also where a disc "
                "would open a shorter way beside the corridors.",
                low=0.0,
                optional=True,
                advanced=True,
                decimals=4,
            ),
            cutoff_rule(),
            *spreading.long_run(),
            p.raster_output("SCORE", "Barrier score", "Cost units saved per metre restored; NoData: no gain."),
            p.raster_output(
                "PERCENT",
                "Barrier score in percent",
                "Percent of the link's least-cost distance saved per metre restored.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "RADIUS",
                "Barrier radius of the best score",
                "Radius of the disc, in metres.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "BEST_LINK",
                "Link that gains most",
                "The link_id where it is a whole number, else the position of the link in its layer, from 1.",
                optional=True,
                default=False,
            ),
            p.raster_output(
                "GAINING_LINKS",
                "Number of links that gain",
                "How many links a disc that holds the cell would shorten.",
                optional=True,
                default=False,
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with their best place",
                "The links with score, percent, radius, predicted gain and coordinates of the best place, and the area of "
                "all places with a gain.",
                QgsProcessing.SourceType.TypeVectorLine,
                optional=True,
            ),
            QgsProcessingOutputNumber("MAXIMUM", "Largest score"),
            QgsProcessingOutputNumber("LINK_COUNT", "Links that a restoration would shorten"),
            QgsProcessingOutputNumber("DISC_HA", "Area of the largest disc (ha), for the largest area of 'keyareas'"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("BELT"):
            read_cutoff(job, "BELT")
        read_radii(job.number, job.raster("RESISTANCE").grid)
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        radii = read_radii(job.number, raster.grid)
        restorable = read_restorable(job.raster("LANDUSE"), job.text("NOT_RESTORABLE"), raster, job.monitor)
        # labels, then the fields of the sources and the scores
        where = where_links_are(job, raster.grid, 4, afterwards=110)
        net = read_linked(job, raster)
        restored = job.number("RESTORED")
        if restorable is not None and not job.flag("OUTSIDE"):
            restorable &= ~np.isnan(net.resistance)
        check = job.flag("CHECK")
        job.monitor.info(f"{len(net.links.ids)} links, radii {', '.join(f'{radius:g}' for radius in radii)}.")
        belts = net.corridors(read_cutoff(job, "BELT"), job.monitor.part(0.05, 0.07)) if job.given("BELT") else None
        fields = belts.fields if belts else net.cost_fields(job.monitor.part(0.05, 0.07))
        job.results["DISC_HA"] = core.keyareas.disc_ha(max(radii), raster.grid.cell_size)
        found = core.keyareas.barriers(
            fields,
            net.links.table(),
            radii=radii,
            method=job.choice("METHOD", BarrierWindow),
            combine=job.choice("COMBINE", Combination),
            restored=restored,
            cap=job.flag("CAP"),
            outside=job.flag("OUTSIDE"),
            centres=job.flag("CENTRES"),
            restorable=restorable,
            where=where,
            monitor=Forecast(job.monitor.part(0.07, 0.5 if check else 0.9), FEWER_LINKS),
        )
        real = None
        if check:
            real = core.keyareas.restored_distances(
                fields,
                net.links.table(),
                found.links,
                restored=restored,
                restorable=restorable,
                monitor=job.monitor.part(0.5, 0.9),
            )
        if belts:
            found = _clipped(job, found, belts)
        gained = int(np.count_nonzero(found.links.score > 0))
        if not gained:
            job.monitor.warn(
                "No place would shorten any link: there is no barrier that a disc of these radii could open. "
                "Try larger radii, or look at the resistance surface."
            )
        for name, values, unit, description in (
            ("SCORE", found.score, "cost units per m", f"{BARRIER_SCORE}, cost units saved per metre restored"),
            (
                "PERCENT",
                found.percent,
                "% per m",
                f"{BARRIER_SCORE}, percent of the least-cost distance per metre restored",
            ),
            ("RADIUS", found.radius, "m", "Radius of the best barrier score, m"),
        ):
            job.write_surface(name, values, net.raster.grid, palette.SCORE, unit, description)
        _write_gaining_links(job, found, net)
        _write_links(job, found.links, real, net)
        job.results["MAXIMUM"] = float(np.fmax.reduce(found.score, axis=None, initial=0.0))
        job.results["LINK_COUNT"] = gained


def _clipped(job: Job, found, belts: Belts):
    """Return the scores within the corridor belt, and say how much lay outside."""
    belt = core.keyareas.corridor_belt(
        belts.fields, belts.links, cutoff=belts.limits, monitor=job.monitor.part(0.9, 0.95)
    )
    belts.report(job, belt)
    job.monitor.info(
        f"{100 * found.outside(belt):.1f} % of the cells with a score lay outside the corridor belt and were left out."
    )
    return found.clipped(belt)


def _write_gaining_links(job: Job, found, net: Linked) -> None:
    ids = net.links.ids
    numbers = np.array(ids if net.links.id_type is int else range(1, len(ids) + 1))
    best = np.where(found.link >= 0, numbers[found.link], NO_NUMBER)
    style = styling.numbered([(number, f"Link {number}") for number in np.unique(best[best != NO_NUMBER]).tolist()])
    description = "Link that gains most"
    job.write_raster("BEST_LINK", best, net.raster.grid, nodata=NO_NUMBER, description=description, style=style)
    count = np.where(found.count > 0, found.count, -1)
    style = styling.surface(ramps.over(palette.SCORE, np.where(count < 0, np.nan, count), "links"))
    description = "Number of links that gain"
    job.write_raster("GAINING_LINKS", count, net.raster.grid, nodata=NO_AMOUNT, description=description, style=style)


def _write_links(job: Job, best, real, net: Linked) -> None:
    names = columns(
        cw_dist=float,
        score=(float, Shown("Barrier score", "cost units per m")),
        percent=float,
        radius=float,
        gain=(float, Shown("Cost saved, predicted", "cost units", 1)),
        gain_ha=float,
        x=float,
        y=float,
    )
    hectares = best.cells * net.raster.grid.cell_ha
    table = [best.distance, best.score, best.percent, best.radius, best.gain, hectares]
    table += zip(*map(net.centre, best.row, best.col))
    if real is not None:
        names += columns(restored_dist=float, real_gain=float)
        table += [real, best.distance - real]
    job.write_features(
        "OUTPUT_LINKS", *net.with_columns(names, zip(*table), job.monitor), style=styling.lines(palette.CORRIDORS[1])
    )
