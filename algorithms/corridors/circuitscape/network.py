"""A Circuitscape run on a network, from its files to its files."""

from __future__ import annotations

import numpy as np

from .... import core
from ....core.errors import InputError
from ....core.monitor import Monitor
from .files import Inputs, Outputs
from .raster import ground_conductances

_NOISE = 1e-8
"""Currents below this share of the largest are not written."""


class NetworkRun:
    """Reads the lists of a run and writes its results; parameters as for `RasterRun`."""

    def __init__(self, options: core.formats.CircuitscapeOptions, inputs: Inputs, monitor: Monitor) -> None:
        self._options, self._inputs, self._monitor = options, inputs, monitor
        name = inputs.name("habitat_file")
        table = core.formats.parse_table(inputs.text("habitat_file"), 3, name)
        if not table.size:
            raise InputError(f"{name} has no link.")
        values = table[:, 2]
        if options.use_reclass_table:
            values = core.formats.reclassified(
                values, core.formats.parse_table(inputs.text("reclass_file"), 2, inputs.name("reclass_file"))
            )
        sound = (values > 0) & np.isfinite(values)
        if not sound.all():
            raise InputError(
                f"{name} holds the value {values[~sound][0]:g}; every link must have a finite one above 0."
            )
        if options.habitat_map_is_resistances:
            values = 1.0 / values
        self._names, places = np.unique(core.formats.whole(table[:, :2], name), return_inverse=True)
        ends = np.sort(places.reshape(-1, 2), axis=1)
        # parallel links are one in the files
        links, which = np.unique(ends, axis=0, return_inverse=True)
        conductance = np.bincount(which.ravel(), weights=values)
        self._graph = core.circuit.NetworkGraph(links[:, 0], links[:, 1], conductance, self._names.size)

    def solve(self, out: Outputs) -> None:
        """Compute and write everything."""
        if self._options.scenario == "advanced":
            self._advanced(out)
        else:
            self._pairwise(out)

    def _pairwise(self, out: Outputs) -> None:
        name = self._inputs.name("point_file")
        ids = np.unique(core.formats.whole(core.formats.parse_table(self._inputs.text("point_file"), 1, name), name))
        allowed = None
        if self._options.use_included_pairs:
            pairs = core.formats.parse_pairs(
                self._inputs.text("included_pairs_file"), self._inputs.name("included_pairs_file")
            )
            ids = np.array([number for number in ids.tolist() if pairs.keeps(number)], dtype=np.int64)
            allowed = pairs.allowed(ids.tolist())
        focal = self._places(ids, name)

        def listener(i: int, j: int, potential: np.ndarray) -> None:
            label = f"_{self._names[i]}_{self._names[j]}"
            part = self._graph.component == self._graph.component[i]
            if self._options.write_volt_maps:
                self._nodes(out, f"voltages{label}", potential, part)
            if self._options.write_cur_maps and not self._options.write_cum_cur_map_only:
                self._nodes(out, f"node_currents{label}", self._graph.currents(potential), part)
                self._branches(out, f"branch_currents{label}", self._graph.branch_currents(potential))

        flow = core.circuit.network_pairwise(
            self._graph, focal.tolist(), allowed=allowed, listener=listener, monitor=self._monitor
        )
        matrix = np.zeros((ids.size + 1, ids.size + 1))
        matrix[0, 1:] = matrix[1:, 0] = ids
        matrix[1:, 1:] = flow.resistance
        out.table("resistances.out", matrix)
        first, second = np.triu_indices(ids.size, 1)
        out.table(
            "resistances_3columns.out", np.column_stack([ids[first], ids[second], flow.resistance[first, second]])
        )
        if self._options.write_cur_maps or self._options.write_cum_cur_map_only:
            self._nodes(out, "node_currents_cum", flow.node_current)
            self._branches(out, "branch_currents_cum", flow.branch_current)

    def _advanced(self, out: Outputs) -> None:
        options = self._options
        sources, grounds = np.zeros(self._graph.size), np.zeros(self._graph.size)
        name = self._inputs.name("source_file")
        table = core.formats.parse_table(self._inputs.text("source_file"), 2, name)
        np.add.at(sources, self._places(core.formats.whole(table[:, 0], name), name), table[:, 1])
        if options.use_unit_currents:
            sources[sources != 0] = 1.0
        name = self._inputs.name("ground_file")
        table = core.formats.parse_table(self._inputs.text("ground_file"), 2, name)
        conductances = ground_conductances(table[:, 1], options, name)
        np.add.at(grounds, self._places(core.formats.whole(table[:, 0], name), name), conductances)
        flow = core.circuit.grounded_flow(
            self._graph,
            sources,
            grounds,
            conflict=core.formats.CONFLICTS[options.remove_src_or_gnd],
            monitor=self._monitor,
        )
        if options.write_volt_maps:
            self._nodes(out, "voltages", flow.voltage)
        if options.write_cur_maps:
            self._nodes(out, "node_currents", flow.current)
            self._branches(out, "branch_currents", self._graph.branch_currents(flow.voltage))

    def _places(self, ids: np.ndarray, name: str) -> np.ndarray:
        places = np.minimum(np.searchsorted(self._names, ids), self._names.size - 1)
        unknown = ids[self._names[places] != ids]
        if unknown.size:
            raise InputError(
                f"{name} names {unknown.size} node(s) that no link of the network has, such as {unknown[0]}."
            )
        return places

    def _nodes(self, out: Outputs, name: str, values: np.ndarray, part: np.ndarray | slice = slice(None)) -> None:
        """Write values of the nodes of a part of the network, as Circuitscape does for a pair, or of all."""
        out.table(f"{name}.txt", np.column_stack([self._names[part], values[part]]))

    def _branches(self, out: Outputs, name: str, values: np.ndarray) -> None:
        size = np.abs(values)
        flowing = size > _NOISE * size.max()
        ends = self._names[self._graph.heads[flowing]], self._names[self._graph.tails[flowing]]
        out.table(f"{name}.txt", np.column_stack([*ends, size[flowing]]))
