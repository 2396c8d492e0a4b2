"""A Circuitscape run on a raster, from its files to its files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from ...support.run.forecast import FEWER_NODES, Forecast
from .files import Inputs, Outputs


class RasterRun:
    """Reads the rasters of a run and writes its results.

    Parameters
    ----------
    options : CircuitscapeOptions
        What to do.
    inputs : Inputs
        Where to read.
    monitor : Monitor
        Progress, messages and cancellation.
    """

    def __init__(self, options: core.formats.CircuitscapeOptions, inputs: Inputs, monitor: Monitor) -> None:
        self._options, self._inputs, self._monitor = options, inputs, monitor
        self._habitat: core.formats.AsciiGrid = inputs.grid("habitat_file")
        values = self._habitat.values
        if options.use_reclass_table:
            table = core.formats.parse_table(inputs.text("reclass_file"), 2, inputs.name("reclass_file"))
            values = core.formats.reclassified(values, table)
        mask = None
        if options.use_mask:
            mask = self._like("mask_file") > 0
        if options.habitat_map_is_resistances:
            values = np.where(values < 0, np.nan, values)
        self._resistance = core.circuit.as_resistance(
            values, conductance=not options.habitat_map_is_resistances, mask=mask
        )
        regions = None
        if options.use_polygons:
            regions = core.formats.whole(self._like("polygon_file"), inputs.name("polygon_file"))
        self._settings = {
            "neighbours": 4 if options.connect_four_neighbors_only else 8,
            "average": "resistance" if options.connect_using_avg_resistances else "conductance",
            "regions": regions,
            "monitor": Forecast(monitor, FEWER_NODES),
        }
        self._focal, self._allowed = ({}, None) if options.scenario == "advanced" else self._read_focal()

    @property
    def memory(self) -> float:
        """Bytes that the run needs."""
        cells, pairwise = self._resistance.size, self._options.scenario == "pairwise"
        single = all(members.size == 1 for members in self._focal.values())
        points = len(self._focal) if single and pairwise and self._settings["regions"] is None else None
        kept = core.circuit.potential_bytes(len(self._focal), cells) if points is None else 0
        return core.circuit.solver_bytes(cells, points=points) + kept

    @property
    def maps(self) -> int:
        """Number of maps of single pairs or turns that the run writes."""
        turns = len(self._focal)
        if self._options.scenario == "pairwise":
            turns = core.circuit.count_pairs(turns, self._allowed)
        return turns * (self._options.write_volt_maps + self._current_maps)

    @property
    def map_bytes(self) -> float:
        """Bytes of one map; numbers in text take up to 17 characters."""
        return self._resistance.size * (4.0 if self._options.write_as_tif else 17.0)

    def _like(self, option: str) -> np.ndarray:
        return self._inputs.grid(option, self._habitat.grid).values

    def solve(self, out: Outputs) -> None:
        """Compute and write everything."""
        if self._options.scenario == "advanced":
            self._advanced(out)
        elif self._options.scenario == "pairwise":
            self._pairwise(out)
        else:
            self._in_turn(out)

    # modes ------------------------------------------------------------------------------------------------------

    def _pairwise(self, out: Outputs) -> None:
        flow = core.circuit.pairwise(
            self._resistance,
            self._focal,
            allowed=self._allowed,
            maximum=self._options.write_max_cur_maps,
            zero_focal=self._options.set_focal_node_currents_to_zero,
            listener=(lambda a, b, current, voltage: self._maps(out, (a, b), current, voltage))
            if self._single_maps
            else None,
            **self._settings,
        )
        ids = flow.ids.astype(np.float64)
        matrix = np.zeros((ids.size + 1, ids.size + 1))
        matrix[0, 1:] = matrix[1:, 0] = ids
        matrix[1:, 1:] = flow.resistance
        out.table("resistances.out", matrix)
        first, second = np.triu_indices(ids.size, 1)
        out.table(
            "resistances_3columns.out", np.column_stack([ids[first], ids[second], flow.resistance[first, second]])
        )
        self._sums(out, flow.cumulative, flow.maximum)

    def _in_turn(self, out: Outputs) -> None:
        # a node that may exchange current with no other has no turn, and so no map
        ids = sorted(self._focal)
        idle = set() if self._allowed is None else {ids[k] for k in np.flatnonzero(~self._allowed.any(axis=1))}

        def listener(number: int, current: np.ndarray, voltage: np.ndarray) -> None:
            if number not in idle:
                self._maps(out, (number,), current, voltage)

        flow = (core.circuit.one_to_all if self._options.scenario == "one-to-all" else core.circuit.all_to_one)(
            self._resistance,
            self._focal,
            allowed=self._allowed,
            strengths=self._strengths(),
            maximum=self._options.write_max_cur_maps,
            listener=listener if self._single_maps else None,
            **self._settings,
        )
        out.table("resistances.out", np.column_stack([flow.ids, flow.resistance]))
        self._sums(out, flow.cumulative, flow.maximum)

    def _advanced(self, out: Outputs) -> None:
        flow = core.circuit.advanced(
            self._resistance,
            *self._sources_and_grounds(),
            conflict=core.formats.CONFLICTS[self._options.remove_src_or_gnd],
            **self._settings,
        )
        self._maps(out, (), flow.current, flow.voltage)

    # inputs -----------------------------------------------------------------------------------------------------

    def _read_focal(self) -> tuple[dict[int, np.ndarray], np.ndarray | None]:
        values, cells = self._inputs.values("point_file", self._habitat.grid)
        ids = core.formats.whole(values, self._inputs.name("point_file"))
        focal = {}
        for number in np.unique(ids[ids > 0]).tolist():
            focal[number] = np.unique(cells[ids == number])
        lost = core.circuit.stranded(focal, self._resistance, self._settings["regions"])
        if lost:
            grid = self._habitat.grid
            places = [(number, *grid.centre(*divmod(cell, grid.cols))) for number, cell in list(lost.items())[:10]]
            text = "; ".join(f"{number} (nearest valid cell at {x:.10g}, {y:.10g})" for number, x, y in places)
            self._monitor.warn(f"{len(lost)} focal node(s) lie on no valid cell and get -1: {text}.")
        allowed = None
        if self._options.use_included_pairs:
            pairs = core.formats.parse_pairs(
                self._inputs.text("included_pairs_file"), self._inputs.name("included_pairs_file")
            )
            focal = {number: where for number, where in focal.items() if pairs.keeps(number)}
            allowed = pairs.allowed(sorted(focal))
            if not allowed.any():
                raise InputError(
                    f"{self._inputs.name('included_pairs_file')} leaves no pair of focal nodes to solve. Do its ids "
                    "match the focal nodes?"
                )
        return focal, allowed

    def _strengths(self) -> dict[int, float] | None:
        if not self._options.use_variable_source_strengths:
            return None
        name = self._inputs.name("variable_source_file")
        table = core.formats.parse_table(self._inputs.text("variable_source_file"), 2, name)
        strengths = dict(zip(core.formats.whole(table[:, 0], name).tolist(), table[:, 1].tolist()))
        missing = [number for number in self._focal if number not in strengths]
        if missing:
            self._monitor.warn(f"{name} has no strength for {_listed(missing)}; 1 A is taken.")
        return strengths

    def _sources_and_grounds(self) -> tuple[np.ndarray, np.ndarray]:
        options = self._options
        sources, grounds = np.zeros(self._resistance.shape), np.zeros(self._resistance.shape)
        values, cells = self._inputs.values("source_file", self._habitat.grid)
        np.add.at(sources.ravel(), cells, values)
        if options.use_unit_currents:
            sources[sources != 0] = 1.0
        values, cells = self._inputs.values("ground_file", self._habitat.grid)
        conductances = ground_conductances(values, options, self._inputs.name("ground_file"))
        np.add.at(grounds.ravel(), cells, conductances)
        return sources, grounds

    # outputs ----------------------------------------------------------------------------------------------------

    @property
    def _single_maps(self) -> bool:
        return self._options.write_volt_maps or self._current_maps

    @property
    def _current_maps(self) -> bool:
        return self._options.write_cur_maps and not self._options.write_cum_cur_map_only

    def _maps(self, out: Outputs, nodes: Sequence[int], current: np.ndarray, voltage: np.ndarray) -> None:
        name = "".join(f"_{number}" for number in nodes)
        if self._current_maps:
            self._current(out, f"curmap{name}", current)
        if self._options.write_volt_maps:
            shown = voltage
            if self._options.set_null_voltages_to_nodata:
                shown = np.where(np.isnan(self._resistance), np.nan, voltage)
            out.grid(f"voltmap{name}", shown, self._habitat)

    def _sums(self, out: Outputs, cumulative: np.ndarray, maximum: np.ndarray | None) -> None:
        if self._options.write_cur_maps or self._options.write_cum_cur_map_only:
            self._current(out, "cum_curmap", cumulative)
        if maximum is not None:
            self._current(out, "max_curmap", maximum)

    def _current(self, out: Outputs, name: str, current: np.ndarray) -> None:
        shown = current
        if self._options.log_transform_maps:
            shown = np.full(current.shape, np.nan)
            np.log10(current, out=shown, where=current > 0)
        if self._options.set_null_currents_to_nodata:
            shown = np.where(np.isnan(self._resistance), np.nan, shown)
        out.grid(name, shown, self._habitat)


def ground_conductances(values: np.ndarray, options: core.formats.CircuitscapeOptions, name: str) -> np.ndarray:
    """Return the conductances of grounds as the options say they are given, inf = direct."""
    if (values < 0).any():
        raise InputError(f"{name} holds the negative ground {float(values.min()):g}.")
    if options.ground_file_is_resistances:
        with np.errstate(divide="ignore"):
            values = 1.0 / values
    return np.where(values > 0, np.inf, 0.0) if options.use_direct_grounds else values


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (" ..." if len(numbers) > 10 else "")
