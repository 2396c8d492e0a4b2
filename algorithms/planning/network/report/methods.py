"""The last section: how all was done, and what it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....support.reports.document import Block, Bullets, Heading, Paragraph

if TYPE_CHECKING:
    from .....core.planning.options import KeyAreaOptions, Options
    from .....core.planning.results import SecurityNetwork


def methods(network: SecurityNetwork, options: Options) -> list[Block]:
    """Return the section on methods."""
    return [
        Heading("Methods"),
        *(Paragraph(sentence) for sentence in _steps(network, options)),
        Heading("What this is not", 2),
        Paragraph(
            "Grades and classes are relative to this run: a natural break moves when the data change, unless its limits are "
            "held (LIMITS). Expert scores and weights are judgements; the map shows their consequences, not measured "
            "movement. The dispersal distance and the corridor cutoff have no standard; run the tool with others before "
            "relying on a place. Which places do not hang on scores and weights, runs on other judgements say "
            "(ROBUSTNESS_RUNS, or 'robustness')."
        ),
        Heading("References", 2),
        Bullets(
            [
                "Soille and Vogt 2009, doi:10.1016/j.patrec.2008.10.015",
                "Saura and Pascual-Hortal 2007, doi:10.1016/j.landurbplan.2007.03.005; Saura and Rubio 2010, "
                "doi:10.1111/j.1600-0587.2009.05760.x",
                "McRae, Dickson, Keitt and Shah 2008, doi:10.1890/07-1861.1; McRae, Hall, Beier and Theobald 2012, "
                "doi:10.1371/journal.pone.0052604",
                "Yang, Zheng, Fang and Wan: Construction of Ecological Safety Network and Identification of Key Areas for "
                "Ecological Restoration in Resource-Based Cities (Liuzhi Special Zone)",
            ]
        ),
    ]


def _steps(network: SecurityNetwork, options: Options) -> Iterator[str]:
    """Yield what was done, a sentence or two a step."""
    s, c, k = options.sources, options.corridors, options.keyareas
    if network.sources.codes is None:
        yield "Sources: as they were given."
    else:
        yield (
            f"Sources: MSPA (Soille and Vogt 2009) with {s.connectivity} neighbours and an edge of {s.edge_width} cell(s); "
            f"core areas and protected land, at least {s.min_area_ha:g} ha; those with a dPC of {s.min_dpc:g} % or more."
        )
    yield (
        f"Importance of the sources: dPC (Saura and Rubio 2010) at {s.dispersal:g} m with probability {s.probability:g}, "
        "graded by natural breaks."
    )
    if network.surface.scores:
        yield f"Resistance: weighted overlay of scores. Correction: {options.surface.correction.method.label}."
    else:
        yield "Resistance: as it was given."
    yield (
        "Corridors: least-cost paths over 8 neighbours (step cost = mean of the two cells times distance) between "
        f"neighbouring sources. Neighbours by: {c.adjacency.label}."
    )
    yield (
        "Grades of the corridors: current-flow centrality with conductance 1 / cost distance (McRae et al. 2008), in "
        f"{c.grades} grades by natural breaks."
    )
    yield (
        "Pinch points: current at 1 A within the corridors, whose cutoff is stated in section 3. "
        f"Sources of the current: {k.mode.label}."
    )
    yield (
        "Barriers: cost saved per metre restored (McRae et al. 2012), searched with "
        f"radii {', '.join(f'{r:g}' for r in k.radii)} m. Graded by: {k.rank.label}."
    )
    if k.centres:
        yield "The score of a disc counts for the cell in its middle only."
    yield from _classes(k)
    if k.overlay_resistance:
        yield "Current and score are multiplied by the resistance before they are classified."
    if k.max_area_ha:
        yield f"Key areas larger than {k.max_area_ha:g} ha are cut at higher limits."
    if k.max_area_ha is None:
        yield "Barriers larger than the largest disc are cut at higher limits: a score says what restoring one disc saves."


def _classes(options: KeyAreaOptions) -> Iterator[str]:
    """Yield how current and score are classified."""
    held = options.pinch_limits is not None, options.barrier_limits is not None
    if not any(held):
        yield f"Both in {options.classes} natural-break classes; the highest class is kept."
    elif all(held):
        yield "Both in classes with held limits (section 4); the highest class is kept."
    elif held[0]:
        yield (
            f"Pinch points in classes with held limits (section 4), barriers in {options.classes} natural-break classes; the "
            "highest class is kept."
        )
    else:
        yield (
            f"Pinch points in {options.classes} natural-break classes, barriers in classes with held limits (section 4); the "
            "highest class is kept."
        )
