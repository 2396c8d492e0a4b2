"""Tool: classify a raster by natural breaks."""

from __future__ import annotations

import numpy as np

from ... import core
from ...core.choices import BreakMethod
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.limits import held_limits, read_limits, said
from ..support.io.rasterfiles import NO_CLASS
from ..support.io.rasters import require_aligned
from ..support.io.tables import columns
from ..support.run import palette


class RasterBreaksAlgorithm(EcoSecNetAlgorithm):
    """Classes a raster."""

    NAME = "rasterbreaks"
    LABEL = "Classify a raster by natural breaks"
    GROUP = base.SOURCES
    TAGS = ("Jenks", "Fisher", "classes", "quantile", "equal interval", "reclassify", "自然断点", "栅格分级")
    SUMMARY = "Classifies a raster by natural breaks, quantiles, equal or geometric intervals; class 1 is the lowest."
    HELP = (
        "<p><b>Natural breaks</b> (Fisher-Jenks) make the classes as uniform as possible. All cells are used, not a "
        "sample: up to 131,072 distinct values the limits are exactly the best ones, beyond that near values are "
        "grouped first, and the log states by how much the sum of squares within the classes can exceed the best "
        "one. <b>Quantile</b>: equal numbers of cells. <b>Equal intervals</b>, <b>geometric intervals</b>: equal steps "
        "or ratios between the limits.</p>"
        "<p>A class holds the values above the limit before it, up to and including its own limit. With fewer distinct "
        "values than classes there are fewer classes. Limits of another run can be <b>held</b> (LIMITS, or its table "
        "BREAKS): those that are found anew move with the values, so that a class is as large in a bad year as in a good "
        "one.</p> <p>W. D. Fisher (1958), J. Am. Stat. Assoc. 53, doi:10.1080/01621459.1958.10501479.</p>"
    )
    METRIC = False
    HECTARES = True

    def declare(self):
        return [
            p.raster("INPUT", "Raster to classify", "A continuous raster, for instance current or resistance."),
            p.integer("CLASSES", "Number of classes", "How many classes are made.", 4, low=1, high=254),
            p.choice(
                "METHOD",
                "Rule for the limits",
                "How the limits between the classes are found.",
                BreakMethod,
            ),
            *held_limits(),
            p.raster(
                "MASK",
                "Mask raster",
                "On the same grid. Cells that are 0 or NoData in it are left out of the limits and of the output.",
                optional=True,
            ),
            p.raster_output("OUTPUT", "Class raster", "Class of every cell, 1 is the lowest; 0 is NoData."),
            p.table_output(
                "BREAKS",
                "Limits of the classes",
                "Class, lower and upper limit, cells and area in hectares (none in degrees).",
                optional=True,
                default=False,
            ),
        ]

    def check(self, job: Job) -> str | None:
        read_limits(job)
        return None

    def execute(self, job: Job) -> None:
        source, mask = job.raster("INPUT"), job.raster("MASK")
        require_aligned(source, mask)
        grid = source.grid
        job.need_memory(45 * grid.rows * grid.cols)
        values = source.read_surface(job.monitor.part(0.0, 0.2))
        if mask is not None:
            inside = mask.read_surface(job.monitor.part(0.2, 0.3))
            values[~(np.nan_to_num(inside) != 0.0)] = np.nan
        if np.isnan(values).all():
            raise InputError(f"'{source.name}' has no cell with data" + (" inside the mask." if mask else "."))
        held = read_limits(job)
        if held is None:
            method = core.stats.BREAK_METHODS[job.choice("METHOD", BreakMethod)]
            found = method(values, job.integer("CLASSES"), monitor=job.monitor.part(0.3, 0.8))
        else:
            found = core.stats.held_breaks(values, held.upper, monitor=job.monitor.part(0.3, 0.8))
        count = found.limits.size
        if held is None and count < job.integer("CLASSES"):
            job.monitor.warn(f"'{source.name}' allows only {count} class(es): there are not enough different values.")
        job.monitor.info(f"{said(found.limits, held=held is not None)} Goodness of variance fit {found.goodness:.4f}.")
        if found.error:
            job.monitor.info(
                "There are too many distinct values to look at each; the sum of squares within the classes is at most "
                f"{100 * found.error:.2g} % above the smallest possible."
            )
        classes = (found.classify(values) + 1).astype(np.uint8)
        lower = [found.minimum, *found.limits[:-1]]
        colours = palette.spread(palette.SCORE, count)
        entries = [(k + 1, f"{lower[k]:.4g} to {found.limits[k]:.4g}", colours[k]) for k in range(count)]
        if held is not None:
            # values beyond them belong to the lowest and the highest class
            entries[0] = (1, f"up to {found.limits[0]:.4g}", colours[0])
            entries[-1] = (count, f"above {lower[-1]:.4g}", colours[-1])
        job.write_raster(
            "OUTPUT", classes, grid, nodata=NO_CLASS, description="Class, 1 is the lowest", classes=entries
        )
        cells = np.bincount(classes.ravel(), minlength=count + 1)[1:]
        cell_ha = np.nan if source.crs.isGeographic() else grid.cell_ha
        job.write_table(
            "BREAKS",
            columns(**{"class": int, "lower": float, "upper": float, "cells": int, "area_ha": float}),
            ((k + 1, lower[k], found.limits[k], cells[k], cells[k] * cell_ha) for k in range(count)),
        )
