"""Section 3: corridors."""

from __future__ import annotations

import numpy as np

from ....support.reports import plots
from ....support.reports.document import Block, Figure, Heading, Paragraph, Picture, Table
from ....support.run.palette import BARRIER, PINCH, SOURCES
from ..outputs import NetworkOutputs
from .maps import NetworkMaps

_MOST_PROFILES, _SHORTEST = 2, 15
"""Corridors whose profile is drawn, and the steps that such a path has at least."""


def corridors(maps: NetworkMaps, outputs: NetworkOutputs) -> list[Block]:
    """Return the section on the corridors."""
    found, pinch = outputs.network.corridors, outputs.network.places.pinch
    headers, by_grade = outputs.corridors_by_grade
    rows = []
    for k, index in enumerate(np.flatnonzero(found.links.active)):
        a, b = (outputs.ids[label - 1] for label in found.links.pairs[index])
        rows.append(
            [int(index) + 1, f"{a} - {b}", float(found.links.length[index]), float(found.links.cost[index]),
             float(pinch.effective_resistance[k]), float(pinch.ratio[k]), float(found.flow.links[k]),
             int(found.grade[k])]
        )  # fmt: skip
    rows.sort(key=lambda row: (row[-1], -row[-2]))
    dropped = int((~found.links.active).sum())
    blocks: list[Block] = [
        Heading("3 Ecological corridors"),
        Paragraph(found.reach),
        maps.figure("links", "Ecological corridors by grade, with their numbers and those of the sources"),
        Table(
            [column.shown.heading for column in headers],
            by_grade,
            "Corridors by grade, and what lies near them; the last row is for comparison",
            total=True,
        ),
        *_profiles(outputs),
        Table(
            [
                "Corridor",
                "Sources",
                "Length (m)",
                "Cost distance (resistance x m)",
                "Effective resistance (resistance x m)",
                "Ratio",
                "Centrality",
                "Grade",
            ],
            [[str(row[0]), *row[1:]] for row in rows],
            "Corridors by current-flow centrality. Ratio: cost distance over effective resistance; near 1 there is one "
            "narrow way, above it many",
            names=[0, 1],
        ),
    ]
    if dropped:
        blocks.append(
            Paragraph(f"Candidate links that were dropped: {dropped}; the layer of corridors names the reason of each.")
        )
    return blocks


def _profiles(outputs: NetworkOutputs) -> list[Block]:
    """Return the resistance along the most important corridors that are long enough to have a profile."""
    found = outputs.network.corridors
    active = np.flatnonzero(found.links.active)
    order = sorted(range(active.size), key=lambda k: (found.grade[k], -found.flow.links[k]))
    chosen = [k for k in order if len(found.links.paths[active[k]]) >= _SHORTEST][:_MOST_PROFILES]
    return [_profile(outputs, int(active[k]), int(found.grade[k])) for k in chosen]


def _profile(outputs: NetworkOutputs, link: int, grade: int) -> Figure:
    network, links = outputs.network, outputs.network.corridors.links
    path = links.paths[link]
    row, col = path[:, 0], path[:, 1]
    steps = np.hypot(*np.diff(path, axis=0).T) * outputs.grid.cell_size / 1000.0
    distance = np.concatenate([[0.0], np.cumsum(steps)])
    values = network.surface.values[row, col].astype(np.float64)
    held = [("Source", SOURCES[0], network.sources.labels[row, col] > 0)]
    for name, mark, areas in (
        ("Pinch point", PINCH, network.places.pinch_areas),
        ("Barrier", BARRIER, network.places.barrier_areas),
    ):
        if areas is not None:
            held.append((name, mark.fill, areas.labels[row, col] > 0))
    a, b = (outputs.ids[label - 1] for label in links.pairs[link])
    labels = f"Distance from source {a} (km)", "Resistance"
    return Figure(
        lambda language, say: Picture(plots.profile(distance, values, held, *labels, say)),
        f"Profile of corridor {link + 1} of grade {grade}, from source {a} to source {b}: resistance along its path, and "
        "what the path crosses",
    )
