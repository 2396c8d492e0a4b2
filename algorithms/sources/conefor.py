"""Tool: connectivity indices from the files of Conefor."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from ...core import defaults
from ...core.errors import InputError
from .. import base
from ..base import EcoSecNetAlgorithm
from ..support.inputs import parameters as p
from ..support.inputs.indices import importance_columns, index_rows
from ..support.io.tables import columns
from ..support.run.job import Job

DISTANCES, PROBABILITIES, LINKS = range(3)
VALUES = ("Distances", "Probabilities", "Links (1) and no links (0)")


class ConeforAlgorithm(EcoSecNetAlgorithm):
    """Does what Conefor does with its files."""

    NAME = "conefor"
    LABEL = "Connectivity from Conefor files"
    GROUP = base.SOURCES
    TAGS = ("Conefor", "node file", "connection file", "dPC", "dIIC", "PC", "IIC", "景观连通性")
    SUMMARY = "Computes the indices and importances of Conefor from its node and connection files."
    HELP = (
        "<p>Reads a <b>node file</b> (number, attribute and, optionally, 1 for nodes that exist and 0 for candidates) "
        "and a <b>connection file</b> (two numbers and a value), without headers. Pairs that are missing are not "
        "linked.</p>"
        "<p><b>Values</b>: with distances p = exp(-k d) as in 'connectivity', and pairs up to the threshold are linked "
        "in IIC. Probabilities are taken as they are, and pairs with at least the threshold are linked. Links give IIC "
        "only.</p>"
        "<p><b>Output</b>: a table, and text files in the form of Conefor: <i>node_importances.txt</i> and "
        "<i>overall_indices.txt</i>. Candidates are left out of both; their gain (per cent of PC, or of IIC for links, "
        "without them) stands in the table of additions.</p>"
        "<p>Saura &amp; Torn&eacute; 2009, doi:10.1016/j.envsoft.2008.05.005; definitions and references as in "
        "'connectivity'.</p>"
    )
    METRIC = False

    def declare(self):
        return [
            p.text_input("NODES", "Node file", "Number, attribute and perhaps 1 or 0 on each line."),
            p.text_input("CONNECTIONS", "Connection file", "Two numbers and a value on each line."),
            p.choice("VALUES", "Values of the connections", "What the third column holds.", VALUES),
            p.number(
                "DISPERSAL",
                "Dispersal distance (unit of the file)",
                "For distances: where the probability is the one below.",
                defaults.DISPERSAL,
                decimals=4,
            ),
            p.number(
                "PROBABILITY",
                "Dispersal probability at that distance",
                "For distances; between 0 and 1.",
                defaults.PROBABILITY,
                low=0.0,
                high=1.0,
                decimals=4,
            ),
            p.number(
                "THRESHOLD",
                "Threshold for IIC (unit of the file)",
                "Largest distance, or smallest probability, of a link. Empty: the dispersal distance, or all pairs.",
                low=0.0,
                optional=True,
                decimals=6,
            ),
            p.number(
                "LANDSCAPE_AREA",
                "Attribute of the landscape (unit of the file)",
                "Area of the landscape in the unit of the attributes; needed for PC, IIC and LCP only.",
                low=0.0,
                optional=True,
                decimals=4,
            ),
            p.table_output("IMPORTANCES", "Node importances", "A row for each node that exists."),
            p.table_output("INDICES", "Connectivity indices", "Name, value and meaning.", optional=True, default=False),
            p.table_output(
                "ADDITIONS",
                "Gain by each candidate node",
                "What each candidate would add, in per cent.",
                optional=True,
                default=False,
            ),
            p.text_output("IMPORTANCES_FILE", "Conefor's node_importances.txt", "As Conefor writes it.", optional=True),
            p.text_output("OVERALL_FILE", "Conefor's overall_indices.txt", "As Conefor writes it.", optional=True),
            QgsProcessingOutputNumber("EC_IIC", "EC(IIC)"),
            QgsProcessingOutputNumber("EC_PC", "EC(PC)"),
        ]

    def execute(self, job: Job) -> None:
        nodes = core.formats.parse_nodes(job.read_text("NODES"))
        pairs, values = core.formats.parse_connections(job.read_text("CONNECTIONS"), nodes.ids)
        distances, options = _distances(job, values)
        there = nodes.existing
        if not there.any():
            raise InputError("All nodes are candidates (0 in the third column); at least one must exist.")
        number = np.cumsum(there) - 1
        inside = there[pairs].all(axis=1)
        job.need_memory(core.connectivity.needed_bytes(int(there.sum()), int(inside.sum())))
        found = core.connectivity.analyse(
            nodes.attributes[there],
            number[pairs[inside]],
            distances[inside],
            landscape=job.number("LANDSCAPE_AREA") or None,
            monitor=job.monitor.part(0.0, 0.9),
            **options,
        )
        links_only = job.chosen("VALUES") == LINKS
        left_out = ("dPC", "BC_PC", "PC", "EC(PC)", "F", "AWF") if links_only else ()
        importances = {
            name: column for name, column in importance_columns(found).items() if not name.startswith(left_out)
        }
        rows = [row for row in index_rows(found) if not row[0].startswith(left_out)]
        ids = [one for one, exists in zip(nodes.ids, there) if exists]
        job.write_table(
            "IMPORTANCES",
            columns(node=int, **dict.fromkeys(importances, float)),
            zip(ids, *importances.values()),
        )
        job.write_table("INDICES", columns(index=str, value=float, meaning=str), rows)
        of_conefor = {name: column for name, column in importances.items() if name.startswith("d")}
        job.write_text("IMPORTANCES_FILE", core.formats.format_importances(ids, of_conefor))
        job.write_text("OVERALL_FILE", core.formats.format_overall((name, value) for name, value, _ in rows))
        if job.given("ADDITIONS"):
            arguments = nodes.attributes, pairs, distances
            graph = (
                core.connectivity.PatchGraph.within(*arguments, found.threshold)
                if links_only
                else core.connectivity.PatchGraph.dispersing(*arguments, found.rate)
            )
            gains = core.connectivity.addition_gains(graph, there, monitor=job.monitor.part(0.9, 1.0))
            job.write_table(
                "ADDITIONS",
                columns(node=int, gain=float, stepping=float, gain_EC=float),
                zip((nodes.ids[k] for k in gains.candidates), gains.gain, gains.stepping, gains.equivalent),
            )
        job.monitor.info(f"{len(ids):,} nodes, {found.binary.links:,} links, {found.binary.components:,} components.")
        job.results["EC_IIC"] = float(found.binary.equivalent)
        if not links_only:
            job.results["EC_PC"] = float(found.probable.equivalent)


def _distances(job: Job, values: np.ndarray) -> tuple[np.ndarray, dict[str, float | None]]:
    """Return the values as distances, and the kernel and threshold that give them back."""
    kind, threshold = job.chosen("VALUES"), job.number("THRESHOLD")
    if kind == DISTANCES:
        return values, {
            "dispersal": job.number("DISPERSAL"),
            "probability": job.number("PROBABILITY"),
            "threshold": threshold,
        }
    if kind == LINKS:
        if not np.isin(values, (0.0, 1.0)).all():
            raise InputError("Links must be 1 or 0. Choose distances or probabilities for other values.")
        return np.where(values > 0.0, 0.0, np.inf), {"dispersal": 1.0, "threshold": 0.0}
    lengths, dispersal, longest = core.connectivity.distances_of_probabilities(values, threshold)
    return lengths, {"dispersal": dispersal, "threshold": longest}
