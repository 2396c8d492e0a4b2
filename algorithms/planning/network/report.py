"""The report of an ecological security network: maps, tables, warnings and methods on one page."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import Qgis, QgsGeometry

from .... import core
from ...support.reports import html
from ...support.reports.html import Key
from ...support.reports.maps import Map
from ...support.run import styling
from ...support.run.palette import BARRIER, CORRIDOR_WIDTHS, CORRIDORS, PALE_SOURCE, PINCH, SOURCE, Mark
from .outputs import NetworkOutputs, mspa_classes, preset_land_use

if TYPE_CHECKING:
    from ....core.planning.results import Options
    from ....core.resistance.scoretable import FactorScores
    from ...support.geometry.zonal import ZoneTable

_PIXELS_PER_MM = 3.0
"""Of the lines; the pictures are shown at about that size."""

_SURFACES = {
    "RESISTANCE": "Resistance",
    "CORRIDORS": "Cost above the least-cost path",
    "CURRENT": "Current density at 1 A per link",
    "SCORE": "Barrier score, cost saved by restoration",
}


def network_report(
    outputs: NetworkOutputs,
    numbers: dict[str, float],
    scores: Sequence[FactorScores],
    corrected: Sequence[str],
    options: Options,
    land_use: np.ndarray,
    valid: np.ndarray,
) -> str:
    """Return the report as one self-contained HTML page.

    Parameters
    ----------
    outputs : NetworkOutputs
        Layers and tables of the run.
    numbers : dict
        Headline numbers, see `NetworkOutputs.report_numbers`.
    scores : sequence of FactorScores
        The score table that was used.
    corrected : sequence of str
        What was corrected in it, a sentence each.
    options : Options
        The choices of the run.
    land_use, valid : ndarray
        Land use and where there is any, for the first map.
    """
    report = _Report(outputs, numbers, scores, corrected, options)
    parts = [
        *report.summary(),
        *report.sources(land_use, valid),
        *report.resistance(),
        *report.corridors(),
        *report.key_areas(),
        *report.methods(),
    ]
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M")
    lead = f"{outputs.land.name}, {outputs.grid.describe()}. Made {now} with EcoSecNet in QGIS {Qgis.QGIS_VERSION}."
    return html.page("Ecological security network", lead, parts)


class _Report:
    def __init__(self, outputs: NetworkOutputs, numbers: dict, scores, corrected, options: Options) -> None:
        self._outputs = outputs
        self._network = outputs.network
        self._numbers = numbers
        self._scores = scores
        self._corrected = corrected
        self._options = options

    def summary(self) -> list[str]:
        n, network = self._numbers, self._network
        structure = network.corridors.structure
        parts = [
            html.cards(
                [
                    (f"{n['SOURCE_COUNT']}", f"ecological sources, {n['SOURCE_HA']:,.0f} ha"),
                    (f"{n['LINK_COUNT']}", f"corridors, {n['LINK_KM']:,.1f} km"),
                    (f"{n['PINCH_COUNT']}", f"pinch points, {n['PINCH_HA']:,.1f} ha"),
                    (f"{n['BARRIER_COUNT']}", f"barriers, {n['BARRIER_HA']:,.1f} ha"),
                ]
            )
        ]
        outputs = self._outputs
        map_ = self._marked(self._surface("RESISTANCE"), outputs.source_shapes, SOURCE)
        self._draw_corridors(map_)
        self._marked(map_, outputs.pinch_shapes, PINCH)
        self._marked(map_, outputs.barrier_shapes, BARRIER)
        keys = [_key("Source", SOURCE), *self._corridor_keys(), _key("Pinch point", PINCH), _key("Barrier", BARRIER)]
        parts.append(self._figure(map_, "The network", keys, "RESISTANCE"))
        parts.append(
            html.paragraph(
                f"The network has {structure.components} component(s); alpha {structure.alpha:.2f}, beta "
                f"{structure.beta:.2f}, gamma {structure.gamma:.2f}."
            )
        )
        warnings = self._outputs.job.monitor.warnings
        if warnings:
            parts.append(html.heading("Warnings", 3))
            parts += [html.warning(text) for text in warnings]
        return parts

    def sources(self, land_use: np.ndarray, valid: np.ndarray) -> list[str]:
        found, outputs, options = self._network.sources, self._outputs, self._options
        grid = outputs.grid
        parts = [html.heading("1 Ecological sources")]
        held = {str(int(v)) for v in np.unique(land_use[valid])}
        if held <= {str(value) for value, _, _ in preset_land_use()}:
            map_ = Map(grid).classes(np.where(valid, land_use, 255), preset_land_use())
            parts.append(self._figure(map_, "Land use", [Key(name, c) for _, name, c in preset_land_use()]))
        keys = [Key(name, colour) for _, name, colour in mspa_classes() if "(" not in name and " in " not in name]
        map_ = Map(grid).classes(found.codes, mspa_classes())
        parts.append(self._figure(map_, "Morphological spatial pattern (MSPA)", keys))
        count = np.bincount(found.classes.ravel(), minlength=256)
        foreground, data = int(count[1:8].sum()), int(count[:8].sum())
        parts.append(
            html.table(
                ["Class", "Area (ha)", "Share of foreground (%)", "Share of landscape (%)"],
                [
                    [
                        core.mspa.CLASS_NAMES[k],
                        count[k] * grid.cell_ha,
                        100.0 * count[k] / foreground,
                        100.0 * count[k] / data,
                    ]
                    for k in range(1, 8)
                ]
                + [["Foreground", foreground * grid.cell_ha, 100.0, 100.0 * foreground / data]],
                caption=f"MSPA, {options.connectivity} neighbours, edge width {options.edge_width} cell(s)",
                total=True,
            )
        )
        map_ = self._surface("RESISTANCE")
        grades = int(found.grade.max())
        colours = [styling.source_colour(grade, grades) for grade in range(1, grades + 1)]
        for grade, fill in enumerate(colours, start=1):
            shapes = [shape for shape, own in zip(outputs.source_shapes, found.grade) if own == grade]
            self._marked(map_, shapes, SOURCE._replace(fill=fill), 0.8)
        keys = [Key(styling.grade_name(g), c, SOURCE.edge) for g, c in enumerate(colours, start=1)]
        title = "Sources by their importance for connectivity (dPC)"
        parts.append(self._figure(map_, title, keys, "RESISTANCE"))
        parts.append(
            html.table(
                ["Source", "Area (ha)", "Core (ha)", "Protected (ha)", "dIIC (%)", "dPC (%)", "Grade"],
                [
                    [k + 1, *(float(x[k]) for x in (found.area_ha, found.core_ha, found.protected_ha)),
                     float(found.diic.total[k]), float(found.dpc.total[k]), int(found.grade[k])]
                    for k in range(found.area_ha.size)
                ]
                + [["All", *(float(x.sum()) for x in (found.area_ha, found.core_ha, found.protected_ha)),
                    None, None, None]],
                caption=f"{found.area_ha.size} sources of {found.candidates} patches; dPC of {options.min_dpc:g} % or more",
                total=True,
            )
        )  # fmt: skip
        rate = core.connectivity.dispersal_rate(options.dispersal, options.probability)
        parts.append(
            html.paragraph(
                f"Dispersal kernel: p = exp(-k d) with k = {rate:.4g} per metre, that is {options.probability:g} at "
                f"{options.dispersal:,.0f}, 0.05 at {core.connectivity.distance_at(rate, 0.05):,.0f} and 0.01 at "
                f"{core.connectivity.distance_at(rate, 0.01):,.0f} m; distances from edge to edge. Equivalent connected area "
                f"EC(PC) of all patches: {found.indices.equivalent:,.0f} ha; {found.indices.step:.1f} % of PC come from "
                "stepping stones."
            )
        )
        return parts

    def resistance(self) -> list[str]:
        facts = self._network.surface.summary
        parts = [
            html.heading("2 Resistance surface"),
            self._figure(self._surface("RESISTANCE"), "Resistance", [], "RESISTANCE"),
            html.paragraph(
                f"Resistance from {facts.minimum:.2f} to {facts.maximum:.2f}, mean {facts.mean:.2f}, contrast "
                f"{facts.contrast:.1f}; {facts.missing:,} cells without."
            ),
            html.table(
                ["Factor", "Weight", "Mean part", "Share of the mean (%)", "Share of the variance (%)"],
                [
                    [c.name, float(c.weight), float(c.mean), 100.0 * c.share_of_mean, 100.0 * c.share_of_variance]
                    for c in facts.contributions
                ],
                caption="What each factor contributes, before correction",
            ),
        ]
        used = {c.name for c in facts.contributions}
        rows = [
            [factor.name, item.describe(), float(item.score)]
            for factor in self._scores
            if factor.name in used
            for item in factor.classes
        ]
        parts.append(html.table(["Factor", "Class", "Score"], rows, caption="Scores"))
        if self._corrected:
            parts.append(html.paragraph("The score table of the study is used with these corrections:"))
            parts.append("<ul>" + "".join(f"<li>{sentence}</li>" for sentence in self._corrected) + "</ul>")
        return parts

    def corridors(self) -> list[str]:
        found, pinch = self._network.corridors, self._network.places.pinch
        map_ = self._marked(self._surface("CORRIDORS"), self._outputs.source_shapes, PALE_SOURCE, 0.7)
        self._draw_corridors(map_)
        keys = [_key("Source", PALE_SOURCE), *self._corridor_keys()]
        rows = []
        for k, index in enumerate(np.flatnonzero(found.links.active)):
            a, b = found.links.pairs[index]
            rows.append(
                [int(index) + 1, f"{a} - {b}", float(found.links.length[index]), float(found.links.cost[index]),
                 float(pinch.effective_resistance[k]), float(pinch.ratio[k]), float(found.flow.links[k]),
                 int(found.grade[k])]
            )  # fmt: skip
        rows.sort(key=lambda row: (row[-1], -row[-2]))
        dropped = int((~found.links.active).sum())
        return [
            html.heading("3 Corridors"),
            self._figure(map_, "Corridors and their grade, and the belt along them", keys, "CORRIDORS"),
            html.table(
                [
                    "Link",
                    "Sources",
                    "Length (m)",
                    "Cost distance (resistance x m)",
                    "Effective resistance (resistance x m)",
                    "Ratio",
                    "Centrality",
                    "Grade",
                ],
                rows,
                caption="Corridors by current-flow centrality. Ratio: cost distance over effective resistance; near 1 "
                "there is one narrow way, above it many",
            ),
            html.paragraph(
                f"{dropped} candidate link(s) were dropped; the layer of corridors names the reason of each."
            ),
        ]

    def key_areas(self) -> list[str]:
        outputs = self._outputs
        parts = [html.heading("4 Pinch points and barriers")]
        for title, name, shapes, line, halo, table in (
            ("Pinch points", "CURRENT", outputs.pinch_shapes, PINCH.edge, PINCH.halo, outputs.pinch_table),
            ("Barriers", "SCORE", outputs.barrier_shapes, BARRIER.fill, BARRIER.edge, outputs.barrier_table),
        ):
            map_ = self._marked(self._surface(name), outputs.source_shapes, PALE_SOURCE, 0.7)
            map_.polygons(shapes, None, line, 1.8, halo)
            keys = [_key("Source", PALE_SOURCE), Key(f"{title} (outlined)", halo, line)]
            parts.append(html.heading(title, 3))
            parts.append(self._figure(map_, title, keys, name))
            parts.append(_by_township(title, table) if table is not None else "")
        if self._network.places.outside:
            parts.append(
                html.paragraph(
                    f"{100 * self._network.places.outside:.0f} % of the area of the barriers lie outside the corridors: "
                    "restored, they would open a shorter way beside them."
                )
            )
        return parts

    def methods(self) -> list[str]:
        o = self._options
        overlaid = " after multiplication by the resistance" if o.overlay_resistance else ""
        return [
            html.heading("Method"),
            html.paragraph(
                f"Sources: MSPA (Soille and Vogt 2009) with {o.connectivity} neighbours and an edge of {o.edge_width} "
                f"cell(s); core areas and protected land by '{o.overlay.value}', at least {o.min_area_ha:g} ha; dPC "
                f"(Saura and Rubio 2010) of {o.min_dpc:g} % or more at {o.dispersal:g} m with probability {o.probability:g}. "
                f"Resistance: weighted overlay of scores, corrected by '{o.correction.method.value}'. Corridors: least-cost "
                f"paths over 8 neighbours (step cost = mean of the two cells times distance) between sources adjacent by "
                f"{o.adjacency.label.lower()}; current-flow centrality with conductance 1 / cost distance (McRae et al. "
                f"2008), {o.grades} grades by natural breaks. Pinch points: current at 1 A between the two sources of each "
                f"link within a corridor of {o.cutoff:g} cost units (resistance x m) above the least-cost path, maximum over "
                f"links. Barriers: cost saved per metre restored (McRae et al. 2012), "
                f"radii {', '.join(f'{r:g}' for r in o.radii)} m. Both in "
                f"{o.classes} natural-break classes{overlaid}; the highest is kept."
            ),
            html.heading("What this is not", 3),
            html.paragraph(
                "Grades and classes are relative to this run: a natural break moves when the data change. Expert scores "
                "and weights are judgements; the map shows their consequences, not measured movement. The dispersal "
                "distance and the corridor cutoff have no standard; run the tool with others before relying on a place."
            ),
            html.heading("Sources", 3),
            "<ul>"
            "<li>Soille and Vogt 2009, doi:10.1016/j.patrec.2008.10.015</li>"
            "<li>Saura and Pascual-Hortal 2007, doi:10.1016/j.landurbplan.2007.03.005; Saura and Rubio 2010, "
            "doi:10.1111/j.1600-0587.2009.05760.x</li>"
            "<li>McRae, Dickson, Keitt and Shah 2008, doi:10.1890/07-1861.1; McRae, Hall, Beier and Theobald 2012, "
            "doi:10.1371/journal.pone.0052604</li>"
            "<li>Yang, Zheng, Fang and Wan: Construction of Ecological Safety Network and Identification of Key Areas for "
            "Ecological Restoration in Resource-Based Cities (Liuzhi Special Zone)</li></ul>",
        ]

    def _surface(self, name: str) -> Map:
        network = self._network
        values = {
            "RESISTANCE": network.surface.values,
            "CORRIDORS": network.corridors.mosaic,
            "CURRENT": network.places.pinch.current,
            "SCORE": network.places.barrier.score,
        }[name]
        return Map(self._outputs.grid).surface(values, self._outputs.ramps[name])

    def _marked(self, map_: Map, shapes: Sequence[QgsGeometry], mark: Mark, width: float = 1.2) -> Map:
        return map_.polygons(shapes, mark.fill, mark.edge, width, mark.halo)

    def _draw_corridors(self, map_: Map) -> None:
        found = self._network.corridors
        active = np.flatnonzero(found.links.active)
        for grade in reversed(self._link_grades()):
            lines = [self._outputs.link_shapes[k] for k in active[found.grade == grade]]
            map_.lines(lines, CORRIDORS[grade - 1], _PIXELS_PER_MM * CORRIDOR_WIDTHS[grade - 1])

    def _corridor_keys(self) -> list[Key]:
        return [
            Key(
                f"Corridor, {styling.grade_name(g).lower()}",
                CORRIDORS[g - 1],
                line=_PIXELS_PER_MM * CORRIDOR_WIDTHS[g - 1],
            )
            for g in self._link_grades()
        ]

    def _link_grades(self) -> list[int]:
        return list(range(1, int(self._network.corridors.grade.max(initial=1)) + 1))

    def _figure(self, map_: Map, caption: str, keys: Sequence[Key], surface: str = "") -> str:
        length = map_.scale_bar()
        ramps = [(_SURFACES[surface], self._outputs.ramps[surface])] if surface else []
        return html.figure(map_.png(), f"{caption}. Bar: {length}.", keys, ramps)


def _key(name: str, mark: Mark) -> Key:
    return Key(name, mark.fill, mark.edge)


def _by_township(title: str, table: ZoneTable) -> str:
    return html.table(
        [column.shown.heading for column in table.headers],
        table.rows,
        caption=f"{title} by township. Each is counted once, where most of it lies; the totals equal the map",
        total=True,
    )
