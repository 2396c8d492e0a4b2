"""Tool: centrality of sources and links, and the structure of the network."""

from __future__ import annotations

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber, QgsWkbTypes

from ... import core
from ...core import defaults
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs.declarations import link_layer, number_of_grades, source_layer
from ..support.inputs.links import COST_FIELDS, RESISTANCE_FIELDS, numbers, read_links
from ..support.inputs.sources import Sources, read_polygons
from ..support.io.rasters import metres_per_unit
from ..support.io.tables import columns, kept
from ..support.io.vectors import name_ids
from ..support.run import styling
from ..support.run.forecast import Forecast


class CentralityAlgorithm(EcoSecNetAlgorithm):
    """Computes network measures of sources and links."""

    NAME = "centrality"
    LABEL = "Network centrality"
    GROUP = base.CORRIDORS
    TAGS = ("current flow", "betweenness", "Centrality Mapper", "graph", "alpha beta gamma", "网络中心性", "介数")
    REQUIRES = ("scipy", "networkx")
    SUMMARY = "Ranks ecological sources and links by how much they hold the network together."
    HELP = (
        "<p><b>Current-flow centrality.</b> Every link is a resistor; for every pair of sources one ampere enters at "
        "one and leaves at the other. A link collects the size of its currents, a source the larger of inflow and "
        "outflow, its own pairs counting one each. As the Centrality Mapper of Linkage Mapper. Unit: amperes, summed "
        "over all pairs.</p>"
        "<p><b>Betweenness</b>: how many shortest ways between two other sources run through a source, each pair once. "
        "<b>Degree</b>: its number of links. <b>Component</b>: its part of the network, from 1.</p>"
        "<p><b>Indices</b> of the whole network, with V sources, L links and p components: "
        "alpha = (L - V + p) / (2 V - 5), the share of possible circuits; beta = L / V; gamma = L / (3 (V - 2)), the "
        "share of possible links. Alpha and gamma need three sources and can pass 1 where links cross. "
        "Cost ratio = 1 - L / (length of all links in km).</p>"
        "<p><b>Weak places</b>: links (bridges) and sources whose loss alone cuts others off from each other, and the "
        "fewest links whose loss cuts the largest component in two. <b>Communities</b> are sources with many links "
        "among them and few to others (greedy modularity, every link counting alike; Clauset et al. 2004, "
        "doi:10.1103/PhysRevE.70.066111). They and the weak places are found by networkx.</p>"
        "<p><b>Robustness</b>: share of all sources in the largest component, and global efficiency (mean of 1 / "
        "shortest path, as a share of the intact network), when sources are lost at random, by degree, by betweenness "
        "or by current flow. Its area under the curve is in the log (Schneider et al. 2011, "
        "doi:10.1073/pnas.1009440108).</p>"
        "<p>McRae et al. 2008, doi:10.1890/07-1861.1; Brandes 2001, doi:10.1080/0022250X.2001.9990249.</p>"
    )

    def declare(self):
        return [
            source_layer(),
            p.id_field(),
            link_layer(),
            p.choice(
                "WEIGHT",
                "Conductance of a link",
                "1 over the least-cost distance, or 1 over the effective resistance that 'pinchpoints' adds to the "
                "links. Betweenness takes the same distance or resistance as length.",
                ("1 / least-cost distance", "1 / effective resistance"),
            ),
            number_of_grades("Sources and links are graded by natural breaks of their current flow"),
            p.vector_output(
                "OUTPUT_SOURCES", "Sources with centrality", "The sources with current flow and the other measures."
            ),
            p.vector_output(
                "OUTPUT_LINKS",
                "Links with centrality",
                "The active links with their current flow.",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.table_output(
                "INDICES", "Indices of the network", "Name and value of each index.", optional=True, default=False
            ),
            p.integer(
                "RUNS",
                "Random runs of the robustness curve",
                "Random orders in which sources are lost; their mean and range are given.",
                100,
                low=1,
                high=defaults.MOST_RUNS,
                advanced=True,
            ),
            p.integer(
                "SEED",
                "Seed of the random runs",
                "The same seed gives the same random orders.",
                0,
                low=0,
                advanced=True,
            ),
            p.flag(
                "RECALCULATE",
                "Rank the sources anew after each loss",
                "For the targeted curves: off ranks them once, for the whole network.",
                advanced=True,
            ),
            p.table_output(
                "ROBUSTNESS",
                "Robustness curve",
                "What is left when more and more sources are lost, at random and the highest ranks first.",
                optional=True,
                default=False,
            ),
            p.text_output(
                "GRAPHML",
                "Network as GraphML",
                "Sources, at their centroids x and y, and links with their measures, for Gephi, Cytoscape, R or networkx.",
                optional=True,
                kind="GraphML files (*.graphml)",
            ),
            QgsProcessingOutputNumber("COMPONENTS", "Components"),
            QgsProcessingOutputNumber("ALPHA", "Alpha index"),
            QgsProcessingOutputNumber("BETA", "Beta index"),
            QgsProcessingOutputNumber("GAMMA", "Gamma index"),
        ]

    def execute(self, job: Job) -> None:
        layer = job.vector("SOURCES")
        ids, features = read_polygons(layer, job.field("ID_FIELD"), monitor=job.monitor)
        shapes = [feature.geometry() for feature in features]
        sources = Sources(np.empty((0, 0)), ids, shapes, features)
        links = read_links(job.vector("LINKS"), sources, layer.crs, monitor=job.monitor)
        if job.chosen("WEIGHT") == 0:
            length = numbers(links, COST_FIELDS, "least-cost distance")
        else:
            length = numbers(links, RESISTANCE_FIELDS, "effective resistance; run 'pinchpoints' first")
        count, pairs = len(ids), links.pairs - 1
        flow = core.network.current_flow(count, pairs, 1.0 / length)
        between = core.network.betweenness(count, pairs, length, monitor=job.monitor.part(0.1, 0.8))
        group = core.network.components(count, pairs) + 1
        links_of = core.network.degree(count, pairs)
        weak = core.network.parts(count, pairs)
        lone = np.flatnonzero(links_of == 0)
        if lone.size:
            job.monitor.warn(f"Without an active link: sources {name_ids(ids[k] for k in lone)}.")
        classes = job.integer("CLASSES")
        of_sources = {
            "current_flow": flow.nodes,
            "grade": core.stats.grades(flow.nodes, classes),
            "betweenness": between,
            "degree": links_of,
            "component": group,
            "community": weak.community,
            "cut_source": weak.cut_source,
        }
        of_links = {"current_flow": flow.links, "grade": core.stats.grades(flow.links, classes), "bridge": weak.bridge}
        added = columns(
            current_flow=float, grade=int, betweenness=float, degree=int, component=int, community=int, cut_source=bool
        )
        old, rows = kept(features, added, "sources", job.monitor)
        job.write_features(
            "OUTPUT_SOURCES",
            [*old, *added],
            _joined(rows, *of_sources.values()),
            shapes,
            QgsWkbTypes.Type.MultiPolygon,
            layer.crs,
            style=styling.graded("grade", classes, styling.source_symbol),
        )
        added = columns(current_flow=float, grade=int, bridge=bool)
        old, rows = kept(links.features, added, "links", job.monitor)
        job.write_features(
            "OUTPUT_LINKS",
            [*old, *added],
            _joined(rows, *of_links.values()),
            [feature.geometry() for feature in links.features],
            QgsWkbTypes.Type.MultiLineString,
            layer.crs,
            style=styling.graded("grade", classes, styling.corridor_symbol),
        )
        figures = core.network.structure(count, pairs)
        kilometres = (
            sum(feature.geometry().length() for feature in links.features) * metres_per_unit(layer.crs) / 1000.0
        )
        values = {
            "sources": figures.nodes,
            "links": figures.links,
            "components": figures.components,
            "alpha": figures.alpha,
            "beta": figures.beta,
            "gamma": figures.gamma,
            "length_km": kilometres,
            "cost_ratio": 1.0 - figures.links / kilometres if kilometres else np.nan,
            "bridges": np.count_nonzero(weak.bridge),
            "cut_sources": np.count_nonzero(weak.cut_source),
            "least_cut": weak.least_cut,
            "communities": weak.community.max(),
            "modularity": weak.modularity,
        }
        job.write_table("INDICES", columns(name=str, value=float), list(values.items()))
        self._write_robustness(job, count, pairs, length)
        if job.given("GRAPHML"):
            of_links = {"link_id": [str(one) for one in links.ids], "length": length, **of_links}
            places = [shape.centroid().asPoint() for shape in shapes]
            where = {"x": [place.x() for place in places], "y": [place.y() for place in places]}
            of_sources = {"source_id": [str(one) for one in ids], **where, **of_sources}
            job.write_text("GRAPHML", core.network.graphml(count, pairs, of_sources, of_links))
        job.monitor.info(f"{figures.nodes} sources, {figures.links} links, {figures.components} components.")
        job.results["COMPONENTS"] = figures.components
        for name in ("alpha", "beta", "gamma"):
            job.results[name.upper()] = None if np.isnan(values[name]) else values[name]

    def _write_robustness(self, job: Job, count: int, pairs: np.ndarray, length: np.ndarray) -> None:
        if not job.given("ROBUSTNESS"):
            return

        curves = core.network.removal_curves(
            count,
            pairs,
            length,
            runs=job.integer("RUNS"),
            seed=job.integer("SEED"),
            recalculate=job.flag("RECALCULATE"),
            monitor=Forecast(job.monitor.part(0.8, 0.99), "Fewer random runs make it shorter."),
        )
        names = columns(
            order=str,
            lost=int,
            lost_share=float,
            largest=float,
            largest_min=float,
            largest_max=float,
            efficiency=float,
            efficiency_min=float,
            efficiency_max=float,
        )
        rows = []
        for name, curve in curves.items():
            job.monitor.info(f"Robustness, {name.replace('_', ' ')}: {curve.robustness:.3f} (0.5 at best).")
            left = (curve.largest, curve.efficiency)
            parts = [part for values in left for part in (values.mean(0), values.min(0), values.max(0))]
            rows += [[name, lost, lost / count, *values] for lost, *values in zip(curve.removed, *parts)]
        job.write_table("ROBUSTNESS", names, rows)


def _joined(rows: list[list], *new: np.ndarray) -> list[list]:
    return [[*row, *values] for row, *values in zip(rows, *new)]
