"""Tool: map what restoring each place would take off the effective resistance of the links."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsGeometry, QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core import defaults
from ...core.choices import Combination
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import (
    corridor_cutoff,
    cutoff_rule,
    cutoff_used,
    land_use,
    link_combination,
    not_restorable_classes,
    read_cutoff,
    restored_resistance,
)
from ..support.inputs.landclasses import read_restorable
from ..support.inputs.linked import Linked, linked_inputs, need_memory, read_linked
from ..support.io.fields import Shown
from ..support.io.tables import columns
from ..support.io.vectors import cells_inside
from ..support.run import palette, styling
from ..support.run.forecast import FEWER_LINKS, Forecast


class CircuitBarriersAlgorithm(EcoSecNetAlgorithm):
    """Maps barriers in circuit terms."""

    NAME = "circuitbarriers"
    LABEL = "Barriers in circuit terms"
    GROUP = base.KEYAREAS
    TAGS = ("barrier", "effective resistance", "sensitivity", "circuit", "restoration", "障碍点", "电路理论", "敏感性")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Maps what restoring each place would take off the effective resistance between sources."
    HELP = (
        "<p>Barrier scores ask what the best path gains. This tool asks what all ways through the corridor gain "
        "together: by how much the effective resistance between the two sources of a link falls if a disc around a "
        "cell is restored.</p>"
        "<p><b>Derivative</b>: the fall for each unit of resistance taken off a cell, for all cells from one solve of "
        "the circuit (the current through each connection, squared). <b>Gain</b>: the derivatives times what "
        "restoration takes off, added up over the disc, in cost units. It is a lower bound, close for small changes and "
        "far too low for cells that are hardly passable. Both hold for the corridor as it is drawn now: a run on changed "
        "resistances draws another one, which may be narrower, so its effective resistance can even be higher. A cell "
        "at the rim of a source counts too, for half of the way across the border; cells deeper inside a source have "
        "the derivative 0. <b>Links</b>: the most promising discs of each link are "
        "restored and the circuit solved again; the best one is reported with its predicted and its exact gain. "
        "<b>Places to try</b> get both gains as well. NoData: outside the corridors. Impassable "
        "cells, and land uses that cannot be restored, stay as they are in every disc and place, and have no gain.</p>"
        "<p>Only what lies inside the corridor of a link can gain here. 'Barriers' also finds places that would open a "
        "new way outside the present corridors; give a large cutoff to see these too.</p>"
        "<p>The circuit of a link is that of 'pinchpoints' with adjacent pairs: 8 neighbours, mean of the two "
        "resistances, inside the corridor, each source one node. Effective resistances are times the cell size.</p>"
        "<p>Doyle and Snell 1984, Random walks and electric networks, doi:10.5948/UPO9781614440222.</p>"
    )

    def declare(self):
        return [
            *linked_inputs(),
            corridor_cutoff(),
            cutoff_rule(),
            p.distance(
                "RADIUS",
                "Radius of the discs",
                f"Less than a cell restores single cells. Empty: {defaults.RADIUS_CELLS:g} cells, as in 'barriers'.",
                optional=True,
            ),
            link_combination(),
            restored_resistance(),
            land_use("the values that cannot be restored", advanced=True),
            not_restorable_classes(advanced=True),
            p.integer(
                "CANDIDATES",
                "Discs to restore for each link",
                "So many discs of the largest predicted gain, apart from each other, are restored to find the best.",
                5,
                low=1,
                advanced=True,
            ),
            p.vector(
                "PATCHES",
                "Polygons of places to try",
                "Polygons whose restoration is tried, each on its own, for instance key areas from 'barriers'.",
                optional=True,
            ),
            p.raster_output("GAIN", "Gain by restoration", "Predicted fall of the effective resistance, cost units."),
            p.raster_output(
                "DERIVATIVE",
                "Derivative of the effective resistance",
                "Fall of the effective resistance for each unit of resistance taken off the cell, in metres.",
                optional=True,
                default=False,
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with their best place",
                "The links with eff_res and, for the best disc, coordinates, predicted and exact gain.",
                QgsProcessing.SourceType.TypeVectorLine,
                optional=True,
            ),
            p.vector_output(
                "OUTPUT_PATCHES",
                "Places tried",
                "The polygons with the gain of all links together, the number of links that gain and the one that gains "
                "most.",
                optional=True,
                default=False,
            ),
            QgsProcessingOutputNumber("MAXIMUM", "Largest predicted gain"),
            cutoff_used(),
        ]

    def check(self, job: Job) -> str | None:
        read_cutoff(job)
        if job.given("OUTPUT_PATCHES") and not job.given("PATCHES"):
            return "Give the polygons of the places to try, or leave out the output of places tried."
        return None

    def execute(self, job: Job) -> None:
        radius = job.number("RADIUS")
        raster = job.raster("RESISTANCE")
        need_memory(raster.grid, 60, job.monitor, circuits=True)
        net = read_linked(job, raster)
        patches = job.vector("PATCHES")
        shapes = [] if patches is None else patches.geometries(net.raster.crs, job.monitor)
        belts = net.corridors(read_cutoff(job), job.monitor.part(0.05, 0.07))
        found = core.keyareas.circuit_barriers(
            belts.fields,
            belts.links,
            cutoff=belts.limits,
            radius=defaults.RADIUS_CELLS * net.cell_size if radius is None else radius,
            restored=job.number("RESTORED"),
            restorable=read_restorable(job.raster("LANDUSE"), job.text("NOT_RESTORABLE"), raster, job.monitor),
            combine=job.choice("COMBINE", Combination),
            candidates=job.integer("CANDIDATES"),
            patches=[cells_inside(shape, net.raster.grid) for shape in shapes],
            monitor=Forecast(job.monitor.part(0.07, 0.95), FEWER_LINKS),
        )
        belts.report(job, ~np.isnan(found.gain))
        for name, values, unit, description in (
            ("GAIN", found.gain, "cost units", "Predicted fall of the effective resistance, cost units"),
            ("DERIVATIVE", found.derivative, "m", "Fall of the effective resistance by unit of resistance, m"),
        ):
            job.write_surface(name, values, net.raster.grid, palette.SCORE, unit, description)
        best = found.links
        names = columns(
            eff_res=float, predicted=float, exact=float, percent=(float, Shown("Exact gain", "%")), x=float, y=float
        )
        table = [best.effective_resistance, best.predicted, best.exact, 100.0 * best.exact / best.effective_resistance]
        table += zip(*map(net.centre, best.row, best.col))
        job.write_features(
            "OUTPUT_LINKS",
            *net.with_columns(names, zip(*table), job.monitor),
            style=styling.lines(palette.CORRIDORS[1]),
        )
        if patches is not None:
            _write_patches(job, found, shapes, net)
        job.results["MAXIMUM"] = float(np.nanmax(found.gain))


def _write_patches(job: Job, found, shapes: list[QgsGeometry], net: Linked) -> None:
    names = columns(patch_id=int, area_ha=float, predicted=float, exact=float, gaining_links=int)
    names += columns(best_link=net.links.id_type, best_exact=float)
    exact, predicted = np.nan_to_num(found.patch_exact), np.nan_to_num(found.patch_predicted)
    hectare = net.raster.grid.metres_per_unit**2 / 10_000.0
    rows = []
    outside = int(np.count_nonzero(~np.any(predicted > 0, axis=0)))
    if outside:
        job.monitor.warn(
            f"{outside} of {len(shapes)} places bring nothing: they lie outside all corridors or are as good as restored. "
            "A larger cutoff widens the corridors."
        )
    for k, shape in enumerate(shapes):
        best = int(exact[:, k].argmax())
        some = exact[best, k] > 0
        row = [k + 1, shape.area() * hectare, predicted[:, k].sum(), exact[:, k].sum(), int((exact[:, k] > 0).sum())]
        rows.append([*row, net.links.ids[best] if some else None, exact[best, k]])
    job.write_features(
        "OUTPUT_PATCHES",
        names,
        rows,
        shapes,
        QgsWkbTypes.Type.MultiPolygon,
        net.raster.crs,
        style=styling.marked(palette.BARRIER),
    )
