"""The last section: how all was done, and what it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....support.reports.document import Block, Bullets, Heading, Paragraph

if TYPE_CHECKING:
    from .....core.planning.options import KeyAreaOptions, Options
    from .....core.planning.results import SecurityNetwork


def methods(network: SecurityNetwork, options: Options) -> list[Block]:
    """Return the section on methods."""
    s, c, k = options.sources, options.corridors, options.keyareas
    found = (
        "as they were given, graded by"
        if network.sources.codes is None
        else f"MSPA (Soille and Vogt 2009) with {s.connectivity} neighbours and an edge of {s.edge_width} cell(s); core "
        f"areas and protected land by '{s.overlay.value}', at least {s.min_area_ha:g} ha; {s.min_dpc:g} % or more of"
    )
    surface = (
        f"weighted overlay of scores, corrected by '{options.surface.correction.method.value}'"
        if network.surface.scores
        else "as it was given"
    )
    overlaid = " after multiplication by the resistance" if k.overlay_resistance else ""
    cut = f" Key areas larger than {k.max_area_ha:g} ha are cut at higher limits." if k.max_area_ha else ""
    if k.max_area_ha is None:
        cut = " Barriers larger than the largest disc are cut at higher limits: a score says what restoring one disc saves."
    return [
        Heading("Methods"),
        Paragraph(
            f"Sources: {found} dPC (Saura and Rubio 2010) at {s.dispersal:g} m with probability {s.probability:g}. "
            f"Resistance: {surface}. Corridors: "
            f"least-cost paths over 8 neighbours (step cost = mean of the two cells times distance) between sources adjacent "
            f"by {c.adjacency.label.lower()}; current-flow centrality with conductance 1 / cost distance (McRae et al. "
            f"2008), {c.grades} grades by natural breaks. Pinch points: current at 1 A, {k.mode.label.lower()}, "
            "within the corridors (their cutoff is stated in section 3), "
            f"{k.combine.value} over links. Barriers: cost saved per metre restored (McRae et al. 2012), {k.window.value}, "
            f"{k.combine.value} over links, "
            f"radii {', '.join(f'{r:g}' for r in k.radii)} m{', centres only' if k.centres else ''}, graded by "
            f"{k.rank.label.lower()}. {_classes(k)}{overlaid}; the highest is kept.{cut}"
        ),
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


def _classes(options: KeyAreaOptions) -> str:
    held = {"Pinch points": options.pinch_limits, "Barriers": options.barrier_limits}
    ways = {
        name: f"in {options.classes} natural-break classes"
        if limits is None
        else "in classes with held limits (section 4)"
        for name, limits in held.items()
    }
    if len(set(ways.values())) == 1:
        return f"Both {ways['Barriers']}"
    return ", ".join(f"{name if not k else name.lower()} {way}" for k, (name, way) in enumerate(ways.items()))
