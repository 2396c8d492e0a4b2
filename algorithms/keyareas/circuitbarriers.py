"""Tool: map what restoring each place would take off the effective resistance of the links."""

from __future__ import annotations

import math

import numpy as np
from qgis.core import QgsGeometry, QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support import parameters as p
from ..support import styling
from ..support.links import Links, read_links
from ..support.tables import columns
from ..support.vectors import cells_inside, read_sources

_NODATA = -1.0
_COMBINE = ("maximum", "sum")


class CircuitBarriersAlgorithm(EcoSecNetAlgorithm):
    """Maps barriers in circuit terms."""

    NAME = "circuitbarriers"
    LABEL = "Barriers in circuit terms"
    GROUP = base.KEYAREAS
    TAGS = ("barrier", "effective resistance", "sensitivity", "circuit", "restoration", "障碍点", "电路理论", "敏感性")
    SUMMARY = "Maps what restoring each place would take off the effective resistance between sources."
    HELP = (
        "<p>Barrier scores ask what the best path gains. This tool asks what all ways through the corridor gain "
        "together: by how much the effective resistance between the two sources of a link falls if a disc around a "
        "cell is restored.</p>"
        "<p><b>Derivative</b>: the fall for each unit of resistance taken off a cell, for all cells from one solve of "
        "the circuit (the current through each connection, squared). <b>Gain</b>: the derivatives times what "
        "restoration takes off, added up over the disc, in cost units. It is a lower bound, close for small changes. "
        "<b>Links</b>: the best disc of each link, with the gain predicted and the exact one from solving the circuit "
        "with the disc restored. <b>Places to try</b> get both gains as well. NoData: outside the corridors. Impassable "
        "cells are not restored.</p>"
        "<p>Only what lies inside the corridor of a link can gain here. 'Barriers' also finds places that would open a "
        "new way outside the present corridors; give a large cutoff to see these too.</p>"
        "<p>The circuit of a link is that of 'pinchpoints' with adjacent pairs: 8 neighbours, mean of the two "
        "resistances, inside the corridor, each source one node. Effective resistances are times the cell size.</p>"
        "<p>Doyle and Snell 1984, Random walks and electric networks, doi:10.5948/UPO9781614440222.</p>"
    )

    def declare(self):
        return [
            p.raster("RESISTANCE", "Resistance surface", "Resistance per map unit, above 0; NoData is impassable."),
            p.vector("SOURCES", "Ecological sources", "Polygons, one feature for each source."),
            p.id_field(),
            p.vector(
                "LINKS",
                "Links",
                "The link layer that 'linkages' wrote for the same sources. Inactive links are left out.",
                (QgsProcessing.SourceType.TypeVectorLine,),
            ),
            p.number(
                "CUTOFF",
                "Corridor cutoff (cost units)",
                "How much longer than the least-cost path a way through the corridor may be.",
                2000.0,
                low=0.0,
            ),
            p.number(
                "RADIUS",
                "Radius of the discs",
                "In map units; less than a cell restores single cells. Empty: two cells.",
                low=0.0,
                optional=True,
            ),
            p.choice(
                "COMBINE",
                "Combine links by",
                "Maximum shows the best gain for a single link, sum the gain for all links together.",
                ("Maximum", "Sum"),
            ),
            p.number(
                "RESTORED",
                "Resistance after restoration",
                "What a restored cell would have: 1 if ideal habitat has resistance 1.",
                1.0,
                low=1e-9,
                advanced=True,
            ),
            p.vector(
                "PATCHES",
                "Places to try",
                "Polygons whose restoration is tried, each on its own, for instance key areas from 'barriers'.",
                optional=True,
            ),
            p.raster_output("GAIN", "Gain", "Predicted fall of the effective resistance, cost units."),
            p.raster_output(
                "DERIVATIVE",
                "Derivative",
                "Fall of the effective resistance for each unit of resistance taken off the cell, in map units.",
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
        ]

    def check(self, job: Job) -> str | None:
        if job.given("OUTPUT_PATCHES") and not job.given("PATCHES"):
            return "Give the polygons of the places to try, or leave out the output of places tried."
        return None

    def execute(self, job: Job) -> None:
        from ...core.circuitbarriers import circuit_barriers
        from ...core.costdistance import graph_bytes

        raster = job.raster("RESISTANCE")
        cell = raster.grid.cell_size
        radius = job.number("RADIUS")
        job.need_memory(graph_bytes(raster.grid.shape) + 60 * raster.grid.rows * raster.grid.cols)
        resistance = raster.read_surface(job.monitor.part(0.0, 0.05))
        sources = read_sources(
            job.vector("SOURCES"),
            raster.grid,
            raster.crs,
            id_field=job.field("ID_FIELD"),
            valid=~np.isnan(resistance),
            minimum=2,
            monitor=job.monitor,
        )
        links = read_links(job.vector("LINKS"), sources, raster.crs, monitor=job.monitor)
        patches = job.vector("PATCHES")
        shapes = [] if patches is None else patches.geometries(raster.crs)
        found = circuit_barriers(
            resistance,
            sources.labels,
            links.pairs,
            cutoff=job.number("CUTOFF"),
            radius=2.0 * cell if radius is None else radius,
            cell_size=cell,
            restored=job.number("RESTORED"),
            combine=_COMBINE[job.choice("COMBINE")],
            patches=[cells_inside(shape, raster.grid) for shape in shapes],
            monitor=job.monitor.part(0.05, 0.95),
        )
        for name, values, description in (
            ("GAIN", found.gain, "Predicted fall of the effective resistance, cost units"),
            ("DERIVATIVE", found.derivative, "Fall of the effective resistance by unit of resistance, map units"),
        ):
            stops = np.quantile(values[~np.isnan(values)], [0.0, 0.5, 0.8, 0.95, 1.0])
            style = styling.ramp(styling.SCORE, [float(stop) for stop in stops])
            job.write_raster(name, values, raster.grid, nodata=_NODATA, description=description, style=style)
        best = found.links
        names = columns(
            link_id=links.id_type,
            from_id=sources.id_type,
            to_id=sources.id_type,
            eff_res=float,
            predicted=float,
            exact=float,
            percent=float,
            x=float,
            y=float,
        )
        rows = []
        for k, (one, (a, b)) in enumerate(zip(links.ids, links.pairs)):
            x, y = raster.grid.centre(best.row[k], best.col[k]) if best.row[k] >= 0 else (math.nan, math.nan)
            percent = 100.0 * best.exact[k] / best.effective_resistance[k]
            row = [one, sources.ids[a - 1], sources.ids[b - 1], best.effective_resistance[k], best.predicted[k]]
            rows.append([*row, best.exact[k], percent, x, y])
        job.write_features(
            "OUTPUT_LINKS",
            names,
            rows,
            [feature.geometry() for feature in links.features],
            QgsWkbTypes.multiType(links.features[0].geometry().wkbType()),
            raster.crs,
            style=styling.lines(styling.SCORE[-2]),
        )
        if patches is not None:
            _write_patches(job, found, shapes, links, raster)
        job.results["MAXIMUM"] = float(np.nanmax(found.gain))


def _write_patches(job: Job, found, shapes: list[QgsGeometry], links: Links, raster) -> None:
    names = columns(patch_id=int, area_ha=float, predicted=float, exact=float, gaining_links=int)
    names += columns(best_link=links.id_type, best_exact=float)
    exact, predicted = np.nan_to_num(found.patch_exact), np.nan_to_num(found.patch_predicted)
    hectare = raster.grid.metres_per_unit**2 / 10_000.0
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
        rows.append([*row, links.ids[best] if some else None, exact[best, k]])
    job.write_features(
        "OUTPUT_PATCHES",
        names,
        rows,
        shapes,
        QgsWkbTypes.Type.MultiPolygon,
        raster.crs,
        style=styling.polygons((*styling.SCORE[2], 150)),
    )
