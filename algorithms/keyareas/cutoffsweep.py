"""Tool: test whether key areas depend on the corridor cutoff."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core.choices import BY_VALUE, BarrierWindow, Combination, CutoffRule, PinchPointMode
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    barrier_radii,
    barrier_window,
    cutoff_rule,
    key_area_classes,
    land_use,
    link_combination,
    not_restorable_classes,
    pinch_point_mode,
    read_radii,
    smallest_key_area,
)
from ..support.inputs.landclasses import read_restorable
from ..support.inputs.linked import linked_inputs, read_linked, where_links_are
from ..support.io.rasterfiles import NO_AMOUNT
from ..support.io.tables import columns
from ..support.reports import html
from ..support.run import palette, ramps, styling
from ..support.run.forecast import FEWER_LINKS, Forecast

_CUTOFFS = "1000, 2000, 5000"
_RULES = (CutoffRule.COST, CutoffRule.METRES)
_SURFACES = ("Pinch points", "Barriers")
_COLUMNS = columns(
    surface=str,
    cutoff_a=float,
    cutoff_b=float,
    jaccard=float,
    rank_correlation=float,
    common_cells=int,
    areas_a=int,
    areas_b=int,
    area_ha_a=float,
    area_ha_b=float,
    maximum_a=float,
    maximum_b=float,
)


class CutoffSweepAlgorithm(EcoSecNetAlgorithm):
    """Compares key areas over several corridor cutoffs."""

    NAME = "cutoffsweep"
    LABEL = "Cutoff sweep"
    GROUP = base.KEYAREAS
    TAGS = ("sensitivity", "threshold", "corridor width", "Jaccard", "stability", "敏感性", "阈值", "廊道宽度")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Tests whether key areas move when the corridor cutoff changes, or only their values do."
    HELP = (
        "<p>It is often said that the corridor cutoff changes the values of pinch points and barriers but not where "
        "they are. This tool tests that on your own data: it makes the surface for each cutoff, grades it and keeps "
        "the highest class, as 'keyareas' does, and compares every two cutoffs.</p>"
        "<p><b>Places</b>: Jaccard index of the key cells, shared over all; 1 means the same places, 0 none in common. "
        "<b>Values</b>: Spearman's rank correlation over the cells that lie in the corridors of both.</p>"
        "<p><b>Pinch points</b> are solved anew for each cutoff. <b>Barrier</b> scores do not depend on the cutoff at "
        "all; it only decides which cells are graded, so here the places can move while the values cannot.</p>"
        "<p><b>Stability</b>: the share of cutoffs with which a cell is key. Cells near 1 can be relied on.</p>"
        "<p>Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x.</p>"
    )

    def declare(self):
        return [
            *linked_inputs(),
            p.text(
                "CUTOFFS",
                "Corridor cutoffs (cost units, or empty)",
                f"Two or more: how much longer than the least-cost path a way through the corridor may be. Empty: {_CUTOFFS} "
                "m times the mean resistance of the least-cost paths; the log states the numbers.",
                optional=True,
            ),
            cutoff_rule(_RULES),
            p.choice("SURFACE", "Surface that is compared", "The surface whose key areas are compared.", _SURFACES),
            p.choice("RULE", "Rule for the classes", "As in 'keyareas'.", BY_VALUE),
            key_area_classes(),
            smallest_key_area(),
            pinch_point_mode("For pinch points only.", advanced=True),
            link_combination(advanced=True),
            *barrier_radii(advanced=True),
            barrier_window("For barriers only.", advanced=True),
            land_use("the values that cannot be restored", advanced=True),
            not_restorable_classes("For barriers only.", advanced=True),
            spreading.processes(),
            p.table_output("TABLE", "Agreement of the cutoffs", "One row for every two cutoffs."),
            p.raster_output(
                "STABILITY",
                "Stability",
                "Share of the cutoffs with which a cell is key, 0 to 1.",
                optional=True,
            ),
            p.html_output("HTML", "Agreement as a page", "The same numbers for reading."),
            QgsProcessingOutputNumber("LEAST_JACCARD", "Least agreement of places"),
            QgsProcessingOutputNumber("LEAST_CORRELATION", "Least rank correlation of values"),
        ]

    def check(self, job: Job) -> str | None:
        _asked(job)
        if job.chosen("SURFACE") == 1:
            read_radii(job.number, job.raster("RESISTANCE").grid)
        return None

    def execute(self, job: Job) -> None:
        asked, rule = _asked(job)
        raster = job.raster("RESISTANCE")
        where = where_links_are(job, raster.grid, 60 + 9 * len(asked), circuits=job.chosen("SURFACE") == 0)
        net = read_linked(job, raster)
        links = net.links.table()
        belts = net.corridors(core.corridors.Cutoff(max(asked), rule), job.monitor.part(0.05, 0.07))
        fields = belts.fields
        cutoffs = [float(belts.limits[0]) * one / max(asked) for one in asked]
        surface = job.choice("SURFACE", _SURFACES)
        given = {"cutoffs": cutoffs, "combine": job.choice("COMBINE", Combination), "where": where}
        given["monitor"] = Forecast(job.monitor.part(0.07, 0.8), FEWER_LINKS)
        if job.chosen("SURFACE") == 0:
            mode = job.choice("MODE", PinchPointMode)
            surfaces = core.keyareas.pinch_points_by_cutoff(fields, links, mode=mode, **given)
        else:
            radii = read_radii(job.number, raster.grid)
            method = job.choice("METHOD", BarrierWindow)
            surfaces = core.keyareas.barriers_by_cutoff(
                fields,
                links,
                radii=radii,
                method=method,
                restorable=read_restorable(job.raster("LANDUSE"), job.text("NOT_RESTORABLE"), raster, job.monitor),
                **given,
            )
        found = core.keyareas.sweep(
            surfaces,
            cutoffs,
            cell_ha=raster.grid.cell_ha,
            method=job.choice("RULE", BY_VALUE),
            classes=job.integer("CLASSES"),
            min_area_ha=job.number("MIN_AREA"),
            monitor=job.monitor.part(0.8, 0.95),
        )
        rows = [
            [surface, cutoffs[i.first], cutoffs[i.second], i.jaccard, i.correlation, i.common]
            + [values[k] for values in (found.areas, found.area_ha, found.maximum) for k in (i.first, i.second)]
            for i in found.pairs
        ]
        job.write_table("TABLE", _COLUMNS, rows)
        job.write_raster(
            "STABILITY",
            found.share,
            raster.grid,
            nodata=NO_AMOUNT,
            description="Share of the cutoffs with which a cell is a key area",
            style=styling.surface(ramps.fixed(palette.SCORE, [0.0, 0.25, 0.5, 0.75, 1.0])),
        )
        verdict = _verdict(surface, found)
        job.monitor.info(verdict)
        job.write_html("HTML", _page(surface, verdict, cutoffs, found, rows))
        job.results["LEAST_JACCARD"] = min(pair.jaccard for pair in found.pairs)
        job.results["LEAST_CORRELATION"] = min(pair.correlation for pair in found.pairs)


def _asked(job: Job) -> tuple[list[float], CutoffRule]:
    """Return the cutoffs and what they count; without any those around that of the method."""
    text = job.text("CUTOFFS")
    rule = job.choice("CUTOFF_RULE", _RULES) if text else CutoffRule.METRES
    return core.keyareas.read_cutoffs(text or _CUTOFFS), rule


def _verdict(surface: str, found) -> str:
    jaccard = [pair.jaccard for pair in found.pairs]
    correlation = [pair.correlation for pair in found.pairs]
    return (
        f"{surface}: places agree to {min(jaccard):.2f} to {max(jaccard):.2f} (Jaccard), values to "
        f"{min(correlation):.2f} to {max(correlation):.2f} (rank correlation); "
        f"{100 * np.mean(found.share[found.share > 0] == 1):.0f} % of the cells that are key with any cutoff are key "
        "with every one."
    )


def _page(surface: str, verdict: str, cutoffs: list[float], found, rows: list[list]) -> str:
    single = [
        [cutoff, int(areas), hectares, maximum]
        for cutoff, areas, hectares, maximum in zip(cutoffs, found.areas, found.area_ha, found.maximum)
    ]
    return html.page(
        f"{surface} over corridor cutoffs",
        verdict,
        [
            html.heading("Each cutoff"),
            html.table(["Cutoff (cost units)", "Key areas", "Area (ha)", "Largest value"], single),
            html.heading("Every two cutoffs"),
            html.table(
                ["Cutoff", "Cutoff", "Places (Jaccard)", "Values (rank correlation)", "Cells in both"],
                [row[1:6] for row in rows],
            ),
        ],
    )
