"""Tool: write the files that Conefor reads."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessingOutputNumber

from ... import core
from .. import base
from ..base import EcoSecNetAlgorithm
from ..support.inputs import parameters as p
from ..support.inputs.nodes import check_distances, measure, measured_in, node_parameters, read_nodes
from ..support.io.tables import columns
from ..support.run.job import Job


class ConeforExportAlgorithm(EcoSecNetAlgorithm):
    """Writes Conefor files."""

    NAME = "coneforexport"
    LABEL = "Write Conefor files"
    GROUP = base.SOURCES
    TAGS = ("Conefor", "node file", "connection file", "dPC", "dIIC", "导出", "景观连通性")
    SUMMARY = "Writes sources and the distances between them as the node and connection files of Conefor."
    HELP = (
        "<p>The <b>node file</b> holds a number and the attribute of each source, the <b>connection file</b> the two "
        "numbers and the distance of each pair, separated by tabs, without header. With a largest distance the pairs "
        "beyond it are missing, so choose <i>notall</i> in Conefor.</p>"
        "<p>Conefor numbers its nodes. Where the ids of the sources are texts, they are numbered from 1 in their order; "
        "the optional table lists which is which.</p>"
        "<p>Saura &amp; Torn&eacute; 2009, doi:10.1016/j.envsoft.2008.05.005.</p>"
    )

    def declare(self):
        return [
            *node_parameters(),
            p.number(
                "MAX_DISTANCE",
                "Largest distance (metres or cost)",
                "Pairs farther apart are left out. Empty: all pairs are written.",
                low=0.0,
                optional=True,
                decimals=1,
            ),
            p.text_output("NODES", "Node file", "Number and attribute of each source."),
            p.text_output("CONNECTIONS", "Connection file", "Two numbers and the distance of each pair."),
            p.table_output(
                "IDS", "Node numbers and source ids", "Number and id of each source.", optional=True, default=False
            ),
            QgsProcessingOutputNumber("PAIRS", "Number of pairs"),
        ]

    def measured_in(self, job: Job) -> str:
        return measured_in(job.chosen("DISTANCE"))

    def check(self, job: Job) -> str | None:
        return check_distances(job.chosen("DISTANCE"), surface=job.given("RESISTANCE"), table=job.given("DISTANCES"))

    def execute(self, job: Job) -> None:
        kind, raster = job.chosen("DISTANCE"), job.raster("RESISTANCE")
        nodes = read_nodes(
            job.vector("SOURCES"),
            kind,
            raster,
            id_field=job.field("ID_FIELD"),
            attribute=job.field("ATTRIBUTE"),
            monitor=job.monitor,
        )
        limit = job.number("MAX_DISTANCE")
        pairs, distances = measure(
            nodes,
            kind,
            limit,
            raster=raster,
            table=job.vector("DISTANCES"),
            conversion=None,
            monitor=job.monitor,
        )[:2]
        if limit is not None:
            near = distances <= limit
            pairs, distances = pairs[near], distances[near]
        whole = nodes.id_type is int and min(nodes.ids) >= 0
        numbers = nodes.ids if whole else list(range(1, len(nodes.ids) + 1))
        if not whole:
            job.monitor.warn("Conefor numbers its nodes: the sources were numbered from 1 in their order.")
        job.write_text("NODES", core.formats.format_nodes(numbers, nodes.attributes))
        job.write_text("CONNECTIONS", core.formats.format_connections(numbers, pairs, distances))
        job.write_table("IDS", columns(number=int, source_id=nodes.id_type), zip(numbers, nodes.ids))
        count = len(nodes.ids)
        complete = "all" if len(distances) == count * (count - 1) // 2 else "notall"
        job.monitor.info(f"{count:,} nodes, {len(distances):,} pairs: use '-t dist {complete}' in Conefor.")
        if distances.size and not np.any(distances > 0.0):
            job.monitor.warn("All distances are 0; check that the sources do not overlap.")
        job.results["PAIRS"] = len(distances)
