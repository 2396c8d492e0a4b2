"""Tool: current flow between focal nodes, as Circuitscape maps it."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import Average
from ...core.errors import DisconnectedError
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    circuit_average,
    circuit_mask,
    circuit_surface,
    neighbours,
    short_circuit_regions,
)
from ..support.inputs.focal import Focal, above_zero, read_focal, read_pairs, read_strengths, whole_numbers
from ..support.io import rasters
from ..support.io.filenames import FileNames
from ..support.io.rasterfiles import NO_MEASURE
from ..support.io.rasters import RasterSource
from ..support.io.tables import columns
from ..support.run import palette, ramps, styling
from ..support.run.forecast import FEWER_NODES, Forecast, announce_files
from ..support.run.memory import require

_PAIRWISE, _ONE_TO_ALL, _ALL_TO_ONE = range(3)


class CurrentFlowAlgorithm(EcoSecNetAlgorithm):
    """Maps the current between focal nodes and tabulates their effective resistances."""

    NAME = "currentflow"
    LABEL = "Current flow (Circuitscape)"
    GROUP = base.CORRIDORS
    TAGS = (
        "Circuitscape",
        "circuit theory",
        "current",
        "effective resistance",
        "isolation",
        "电路理论",
        "电流",
        "连通性",
    )
    SUMMARY = "Maps the current that flows between points or regions through the whole landscape, as Circuitscape does."
    HELP = (
        "<p>Every valid cell is a node, connected to its 4 or 8 neighbours. <b>Pairwise</b> sends 1 A between every two "
        "focal nodes; <b>one-to-all</b> puts current into each in turn while all others are grounded; "
        "<b>all-to-one</b> grounds each in turn while all others put in current.</p>"
        "<p>The current of a cell is the larger of what flows in and out. The cumulative map is the sum over all pairs "
        "or turns. Effective resistances are in resistance units times cells: the cell size does not enter.</p>"
        "<p>A focal node may have many cells; in pairwise mode they are one node while their own pair is solved and "
        "ordinary cells otherwise. Focal points of one cell are much faster than regions: n points take n - 1 solves, "
        "regions one for each pair, though on large rasters compact regions share one set-up.</p>"
        "<p>Semantics of Circuitscape 4.0.5, checked on its own test cases. Departures: a filter of pairs may also "
        "leave pairs out, strengths go by id, and currents below 1e-8 of the largest are not cut off.</p>"
        "<p>McRae et al. 2008, Ecology 89:2712-2724, doi:10.1890/07-1861.1; Anantharaman et al. 2020, "
        "doi:10.21105/jcon.00058.</p>"
    )
    METRIC = False

    def declare(self):
        kinds = (QgsProcessing.SourceType.TypeVectorPoint, QgsProcessing.SourceType.TypeVectorPolygon)
        return [
            *circuit_surface(),
            p.raster("FOCAL", "Focal nodes (raster)", "Positive ids; 0 and NoData are none.", optional=True),
            p.vector(
                "FOCAL_LAYER",
                "Focal nodes (layer)",
                "Points or polygons, instead of a raster. Features with the same id are one focal node.",
                kinds,
                optional=True,
            ),
            p.id_field("FOCAL_LAYER", "focal nodes"),
            p.choice(
                "MODE", "Circuitscape mode", "What the current flows between.", ("Pairwise", "One-to-all", "All-to-one")
            ),
            neighbours(),
            circuit_average("Circuitscape's own default is conductance."),
            short_circuit_regions(),
            p.table(
                "PAIRS",
                "Table of focal pairs",
                "Table with two focal ids in columns from and to, or from_id and to_id, else in the first two: the pairs to "
                "solve, or to leave out.",
                optional=True,
            ),
            p.choice(
                "PAIRS_ARE",
                "The pairs in the table are",
                "With 'the only ones to solve', focal nodes that no pair names take no part.",
                ("The only ones to solve", "Left out"),
                advanced=True,
            ),
            p.table(
                "STRENGTHS",
                "Table of source strengths",
                "Table with a focal id and its current in amperes in the first two columns; 1 A where not listed. "
                "One-to-all and all-to-one only.",
                optional=True,
            ),
            circuit_mask(),
            p.flag(
                "SNAP",
                "Move focal nodes on NoData to the nearest valid cell",
                "Otherwise they are named and left out, as Circuitscape does: nothing is connected to them.",
                advanced=True,
            ),
            p.flag(
                "ZERO_FOCAL",
                "Count currents in the pair's own focal nodes as 0",
                "So that the 1 A that goes in and out does not hide what passes through. Pairwise only.",
                advanced=True,
            ),
            *spreading.long_run(),
            p.raster_output("CURRENT", "Cumulative current", "Sum over all pairs or turns, in amperes."),
            p.raster_output(
                "MAXIMUM",
                "Maximum current",
                "Largest over all pairs or turns, in amperes.",
                optional=True,
                default=False,
            ),
            p.table_output(
                "RESISTANCES",
                "Effective resistances",
                "from, to, resistance, connected. One-to-all: from each node to all others; all-to-one: whether each "
                "ground was reached.",
                optional=True,
            ),
            p.folder_output(
                "VOLTAGE_FOLDER", "Folder for voltage maps", "One GeoTIFF for each pair or turn, in volts."
            ),
            p.folder_output(
                "CURRENT_FOLDER",
                "Folder for current maps",
                "One GeoTIFF for each pair or turn, in amperes. Its name and "
                "its description hold the ids; characters that file names cannot hold are hyphens in the name.",
            ),
            QgsProcessingOutputNumber("SOLVED", "Pairs or turns solved"),
        ]

    def check(self, job: Job) -> str | None:
        if job.given("FOCAL") == job.given("FOCAL_LAYER"):
            return "Give the focal nodes either as a raster (FOCAL) or as a layer (FOCAL_LAYER)."
        pairwise = job.chosen("MODE") == _PAIRWISE
        if pairwise and job.given("STRENGTHS"):
            return "Source strengths have no meaning in pairwise mode: 1 A flows in every pair. Leave STRENGTHS empty."
        if not pairwise and job.flag("ZERO_FOCAL"):
            return "Focal currents can be counted as 0 in pairwise mode only. Untick ZERO_FOCAL."
        return None

    def execute(self, job: Job) -> None:
        raster = job.raster("RESISTANCE")
        others = [job.raster(name) for name in ("FOCAL", "SHORT_CIRCUIT", "MASK")]
        rasters.require_aligned(raster, *others)
        cells = raster.grid.rows * raster.grid.cols
        # before anything is read; reported below, when the focal nodes are known too
        require(
            core.circuit.solver_bytes(cells, points=2), f"The circuit of '{raster.name}' ({raster.grid.describe()})"
        )
        mask = above_zero(others[2]) if others[2] else None
        resistance = core.circuit.as_resistance(
            raster.read_surface(), conductance=job.chosen("INPUT_IS") == 1, mask=mask
        )
        regions = whole_numbers(others[1]) if others[1] else None
        focal = read_focal(
            others[0] or job.vector("FOCAL_LAYER"),
            raster,
            resistance,
            regions,
            id_field=job.field("ID_FIELD"),
            snap=job.flag("SNAP"),
            monitor=job.monitor,
        )
        mode = job.chosen("MODE")
        single = all(len(members) == 1 for members in focal.cells.values())
        points = len(focal.ids) if single and mode == _PAIRWISE and regions is None else None
        kept = core.circuit.potential_bytes(len(focal.ids), cells) if points is None else 0
        where = spreading.where(
            job,
            each=core.circuit.solver_bytes(cells, points=points),
            kept=kept,
            at_most=core.circuit.most_solver_bytes(cells, points=points),
        )
        pairs = job.vector("PAIRS")
        allowed = None if pairs is None else read_pairs(pairs, focal, include=job.chosen("PAIRS_ARE") == 0)
        count = len(focal.ids) if mode != _PAIRWISE else core.circuit.count_pairs(len(focal.ids), allowed)
        for name in filter(job.given, ("CURRENT_FOLDER", "VOLTAGE_FOLDER")):
            announce_files(job.folder(name), count, 4.0 * cells, job.monitor)
        options = {
            "neighbours": job.choice("NEIGHBOURS", (8, 4)),
            "average": job.choice("AVERAGE", Average),
            "regions": regions,
            "allowed": allowed,
            "maximum": job.given("MAXIMUM"),
            "listener": _MapWriter(job, raster, focal, ~np.isnan(resistance)).listener(mode),
            "where": where,
            "monitor": Forecast(job.monitor.part(0.05, 0.95), FEWER_NODES),
        }
        if mode == _PAIRWISE:
            flow = core.circuit.pairwise(resistance, focal.cells, zero_focal=job.flag("ZERO_FOCAL"), **options)
            solved = int(np.count_nonzero(np.triu(flow.resistance >= 0, 1)))
        else:
            solve = core.circuit.one_to_all if mode == _ONE_TO_ALL else core.circuit.all_to_one
            table = job.vector("STRENGTHS")
            strengths = None if table is None else read_strengths(table, focal, job.monitor)
            flow = solve(resistance, focal.cells, strengths=strengths, **options)
            solved = int(np.count_nonzero(flow.resistance >= 0))
        if not solved:
            raise DisconnectedError(
                "No two of the focal nodes that may exchange current are connected by valid cells, so nothing flows. "
                "Look at the NoData of the raster between them."
            )
        outputs = (
            ("CURRENT", flow.cumulative, "Cumulative current, amperes"),
            ("MAXIMUM", flow.maximum, "Maximum current, amperes"),
        )
        for name, values, description in outputs:
            if values is None:
                continue
            shown = np.where(np.isnan(resistance), np.nan, values)
            style = styling.surface(ramps.over(palette.CURRENT, shown, "A"))
            job.write_raster(name, shown, raster.grid, nodata=NO_MEASURE, description=description, style=style)
        names = columns(**{"from": focal.id_type, "to": focal.id_type, "resistance": float, "connected": bool})
        job.write_table("RESISTANCES", names, _resistance_rows(focal, flow.resistance, mode, options["allowed"]))
        job.results["SOLVED"] = solved


class _MapWriter:
    """Writes the maps of single pairs or turns as they come."""

    def __init__(self, job: Job, raster: RasterSource, focal: Focal, valid: np.ndarray) -> None:
        self._job, self._grid, self._focal, self._valid = job, raster.grid, focal, valid
        self._names = FileNames()

    def listener(self, mode: int):
        """Return what the core calls, or None when no folder was asked for."""
        if not (self._job.given("CURRENT_FOLDER") or self._job.given("VOLTAGE_FOLDER")):
            return None
        if mode == _PAIRWISE:
            return lambda a, b, current, voltage: self._write((a, b), current, voltage)
        return lambda a, current, voltage: self._write((a,), current, voltage)

    def _write(self, nodes: tuple[int, ...], current: np.ndarray, voltage: np.ndarray) -> None:
        ids = [self._focal.ids[k - 1] for k in nodes]
        name = self._names.of(ids)
        for folder, kind, values in (("CURRENT_FOLDER", "current", current), ("VOLTAGE_FOLDER", "voltage", voltage)):
            shown = np.where(self._valid, values, np.nan)
            description = f"{kind} of {' and '.join(map(str, ids))}"
            self._job.write_map(
                folder, f"{kind}_{name}.tif", shown, self._grid, nodata=NO_MEASURE, description=description
            )


def _resistance_rows(focal: Focal, resistance: np.ndarray, mode: int, allowed: np.ndarray | None):
    if mode == _PAIRWISE:
        for i, j in zip(*np.triu_indices(len(focal.ids), 1)):
            if allowed is None or allowed[i, j]:
                value = float(resistance[i, j])
                yield focal.ids[i], focal.ids[j], value if value >= 0 else None, bool(value >= 0)
        return
    for one, value in zip(focal.ids, resistance.tolist()):
        if mode == _ONE_TO_ALL:
            yield one, None, value if value >= 0 else None, value >= 0
        else:
            yield None, one, None, value >= 0
