"""Parameters that mean the same in several tools, each with one text and one default.

Thresholds below which things are dropped are 0 where a single tool is called by a script, which then drops nothing that
nobody asked for; its dialog offers that of the method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from .... import core
from ....core import defaults
from ....core.choices import Adjacency, Average, BarrierWindow, Combination, CutoffRule, Overlay, PinchPointMode
from ....core.errors import InputError
from ....core.grid import Grid
from ....core.lists import parse_numbers
from . import parameters as p

if TYPE_CHECKING:
    from ..run.job import Job


def source_layer(more: str = ""):
    """Return the layer of the ecological sources."""
    text = f"Polygons, one feature (single or multi part) for each source. {more}"
    return p.vector("SOURCES", "Ecological sources", text.strip())


def resistance_surface():
    """Return the resistance surface of least-cost paths."""
    return p.raster("RESISTANCE", "Resistance surface", "Resistance per metre, above 0; NoData is impassable.")


def link_layer():
    """Return the layer of the links between the sources."""
    return p.vector(
        "LINKS",
        "Links",
        "The link layer that 'linkages' wrote for the same sources, or another tool from it. Inactive links are left out.",
        (QgsProcessing.SourceType.TypeVectorLine,),
    )


def link_combination(more: str = "", *, advanced: bool = False):
    """Return how the surfaces of the links become one."""
    text = (
        "What a cell shows of several links: with the maximum the largest value for a single link, with the sum that of "
        f"all links together. {more}"
    )
    return p.choice("COMBINE", "Links are combined by", text.strip(), Combination, advanced=advanced)


def circuit_surface() -> list:
    """Return the raster of a circuit and what it holds."""
    return [
        p.raster("RESISTANCE", "Resistance (or conductance) raster", "Above 0; NoData is not part of the circuit."),
        p.choice(
            "INPUT_IS",
            "The raster holds",
            "Conductance is 1 / resistance; cells with a conductance of 0 or less are not part of the circuit.",
            ("Resistance", "Conductance"),
        ),
    ]


def neighbours(*, advanced: bool = False):
    """Return how many neighbours a cell has."""
    text = "Cells that each cell is connected to: 8 with the diagonal ones, 4 without."
    return p.choice("NEIGHBOURS", "Neighbours of a cell", text, ("8", "4"), advanced=advanced)


def circuit_average(more: str = "", of: Iterable = Average, *, advanced: bool = False):
    """Return what two cells of a circuit are connected by."""
    text = f"Whether two cells are connected by their mean resistance or mean conductance. {more}"
    label = "Two cells are connected by the mean of their"
    return p.choice("AVERAGE", label, text.strip(), of, advanced=advanced)


def iic_threshold(more: str = ""):
    """Return the distance at which sources are linked for the IIC."""
    text = f"Sources at most this far apart are linked. Empty: the dispersal distance. {more}"
    return p.distance("THRESHOLD", "Threshold distance for IIC", text.strip(), optional=True)


def circuit_mask():
    """Return the raster that cuts a circuit out."""
    text = "Cells above 0 are kept, all others are not part of the circuit."
    return p.raster("MASK", "Mask raster", text, optional=True)


def short_circuit_regions():
    """Return the raster of regions that are one node each."""
    text = "Positive ids; all cells of one id are one node that resists nothing."
    return p.raster("SHORT_CIRCUIT", "Short-circuit regions (raster)", text, optional=True)


def overlay(*, advanced: bool = False):
    """Return how core area and protected land become candidates for sources."""
    label, text = "How core area and protected land are combined", "How they make the candidate patches."
    return p.choice("OVERLAY", label, text, Overlay, advanced=advanced)


def adjacency(of: Iterable = Adjacency, *, advanced: bool = False):
    """Return which pairs of sources are linked."""
    text = "Which pairs of sources are tried."
    return p.choice("ADJACENCY", "Pairs of sources that are linked", text, of, advanced=advanced)


def drop_through_sources(*, advanced: bool = False):
    """Return whether a link through a third source counts."""
    text = (
        "Links whose least-cost path runs through a third source become inactive. Where several paths cost the same, "
        "one that avoids other sources is drawn, and the link stays active."
    )
    return p.flag("DROP_THROUGH_SOURCES", "Drop links through other sources", text, True, advanced=advanced)


def pinch_point_mode(more: str = "", *, advanced: bool = False):
    """Return between which sources current flows."""
    text = (
        "Adjacent pairs: the two sources of each link. All-to-one: all sources and one at a time. "
        f"All pairs: every two sources. One-to-all: one at a time and all other sources. {more}"
    )
    return p.choice("MODE", "Current flows between", text.strip(), PinchPointMode, advanced=advanced)


def barrier_window(more: str = "", *, advanced: bool = False):
    """Return where in a disc the distances from the sources are taken."""
    text = f"The whole disc, or only its outermost ring of cells as Linkage Mapper does. {more}"
    return p.choice("METHOD", "Shape of the search window", text.strip(), BarrierWindow, advanced=advanced)


def land_use(purpose: str, *, advanced: bool = False):
    """Return the optional class raster that lists of classes are about."""
    text = f"Class raster on the same grid; needed for {purpose}."
    return p.raster("LANDUSE", "Land use", text, classes=True, optional=True, advanced=advanced)


def impassable_classes(more: str = "", *, advanced: bool = False):
    """Return the land uses that nothing crosses."""
    text = (
        "Land-use values that nothing crosses, such as lakes or open-cast mines: 6, 8 or 6-8. Their cells become NoData of "
        f"the resistance, but for sources and the edge of such land around them. {more}"
    )
    return p.text("IMPASSABLE", "Impassable land-use values", text.strip(), optional=True, advanced=advanced)


def not_restorable_classes(more: str = "", *, advanced: bool = False):
    """Return the land uses that cannot be restored."""
    text = (
        "Land-use values that stay as they are, such as water, rock or motorways: 6, 8 or 6-8. They have no score, and what "
        f"is restored does not reach across them. {more}"
    )
    label = "Land-use values that cannot be restored"
    return p.text("NOT_RESTORABLE", label, text.strip(), optional=True, advanced=advanced)


def road_scores(*, advanced: bool = False) -> list:
    """Return what makes cells of roads: the field of their class and the resistance of each class."""
    return [
        p.field(
            "ROAD_CLASS",
            "Class field of the roads",
            "Field with the class of each road, such as motorway or trunk.",
            "ROADS",
            optional=True,
            advanced=advanced,
        ),
        p.text(
            "ROAD_SCORES",
            "Resistance of the roads by class",
            "motorway=100; trunk=50; 20, where a number alone is that of all other roads. Every cell that a road runs "
            "through has at least this resistance, on the scale of the finished surface: crossing costs about the resistance "
            "times a cell, 100 x 30 m as much as 3 km over resistance 1. Leave roads in tunnels and on viaducts out of the "
            "layer. Empty: roads are no cells.",
            optional=True,
            advanced=advanced,
        ),
    ]


def restored_resistance():
    """Return the resistance that restored cells have."""
    text = "What a restored cell would have: 1 if ideal habitat has resistance 1."
    return p.number("RESTORED", "Resistance after restoration", text, 1.0, low=1e-9, advanced=True, decimals=3)


def link_grade_field(of: str, otherwise: str = ""):
    """Return the field with the grades of the links; `of` are what gets them."""
    text = (
        f"Copied to the {of} as 'link_grade'. Empty: the field 'level' (of 'naturalbreaks'), else 'grade' (of 'centrality'), "
        f"if there is one{otherwise}."
    )
    return p.field("GRADE_FIELD", "Grade field of the links", text, "LINKS", optional=True)


def number_of_grades(how: str):
    """Return the number of grades of links or sources."""
    text = f"{how}; grade 1 is the highest."
    return p.integer("CLASSES", "Number of grades", text, defaults.GRADES, low=1, high=10, advanced=True)


def landscape_area(needed: str):
    """Return the area of the whole landscape."""
    text = f"Or its attribute, in the unit of the attribute. {needed}"
    return p.number("LANDSCAPE_AREA", "Area of the landscape (ha)", text, low=0.0, optional=True)


def dispersal_distance(
    text: str = "Distance at which dispersal has the probability below.",
    label: str = "Dispersal distance",
    *,
    advanced: bool = False,
):
    """Return the dispersal distance."""
    return p.distance("DISPERSAL", label, text, defaults.DISPERSAL, advanced=advanced)


def dispersal_probability(label: str = "Dispersal probability at that distance", *, advanced: bool = False):
    """Return the probability that goes with the dispersal distance."""
    text = "Between 0 and 1: 0.5 makes it the median distance, 0.05 nearly the longest."
    return p.number("PROBABILITY", label, text, defaults.PROBABILITY, low=0.0, high=1.0, decimals=3, advanced=advanced)


def smallest_source(default: float = 0.0):
    """Return the area from which on a patch is a source; dialogs offer that of the method."""
    text = "Smaller patches are dropped; 0 keeps all. The method drops those below 100 ha, which dialogs offer."
    return p.number("MIN_AREA", "Smallest source (ha)", text, default, low=0.0, offered=defaults.MIN_AREA_HA)


def smallest_dpc(text: str, default: float = 0.0, *, advanced: bool = False):
    """Return the importance from which on a patch is a source; dialogs offer that of the method."""
    text = f"{text} The method asks for 1 % and more, which dialogs offer."
    label = "Smallest dPC of a source (%)"
    offered = defaults.MIN_DPC
    return p.number("MIN_DPC", label, text, default, low=0.0, decimals=4, offered=offered, advanced=advanced)


def corridor_cutoff(more: str = ""):
    """Return the cutoff of the corridors; `cutoff_rule` is its unit, `read_cutoff` reads both."""
    text = (
        "How much costlier than the least-cost path a way may be and still belong to the corridor. A number alone is in cost "
        f"units, resistance times metres: 2000 is 2 km over cells of resistance 1. Empty: {defaults.CUTOFF:g} m times the "
        "mean resistance of the least-cost paths (sum of costs over sum of lengths), or less where the corridors would cover "
        f"more than a third of the land outside the sources; the log states the number. {more}"
    )
    label = "Corridor cutoff (cost units, or empty)"
    return p.number("CUTOFF", label, text.strip(), low=0.0, decimals=4, optional=True)


def cutoff_rule(of: Iterable = CutoffRule):
    """Return what the number of a cutoff counts."""
    counts = {
        CutoffRule.COST: "cost units, resistance times metres",
        CutoffRule.METRES: "metres that are walked over ground of the mean resistance of the least-cost paths",
        CutoffRule.SHARE: "a share (0.1 is a tenth) of the least-cost distance of each link",
        CutoffRule.WIDTH: "the mean width in metres from which the cutoff of each corridor is solved",
    }
    text = f"What the number counts: {'; '.join(counts[rule] for rule in of)}."
    return p.choice("CUTOFF_RULE", "Unit of the corridor cutoff", text, of, advanced=True)


def cutoff_used():
    """Return the number output of the cutoff that corridors were made with."""
    return QgsProcessingOutputNumber("CUTOFF_USED", "Corridor cutoff (cost units; mean of the links)")


def read_cutoff(job: Job, name: str = "CUTOFF"):
    """Return the cutoff that was asked for; without a number that of the method.

    Raises
    ------
    InputError
        If a unit was chosen in which the method has no number.
    """
    value, rule = job.number(name), job.choice("CUTOFF_RULE", CutoffRule)
    if value is not None:
        return core.corridors.Cutoff(value, rule)
    if rule in (CutoffRule.SHARE, CutoffRule.WIDTH):
        raise InputError(
            f"The unit of the corridor cutoff (CUTOFF_RULE) is '{rule.label}', but {name} is empty. Give a number, or choose "
            f"'{CutoffRule.COST.label}'."
        )
    return core.corridors.Cutoff(limited=True)


def read_budgets(job: Job) -> list[float]:
    """Return the budgets of a restoration plan that were given.

    Raises
    ------
    InputError
        If there is none, or one is not above 0.
    """
    budgets = parse_numbers(job.text("BUDGET"), "The budgets (BUDGET)")
    wrong = [budget for budget in budgets if not budget > 0]
    if wrong or not budgets:
        said = f"{wrong[0]:g} is not" if wrong else "there is no number"
        raise InputError(f"Budgets (BUDGET) are numbers above 0, such as 10, 20, 50; {said}.")
    return budgets


def barrier_radii(*, advanced: bool = False) -> list:
    """Return the parameters that `read_radii` reads."""
    entries = (
        ("MIN_RADIUS", "Smallest barrier radius", f"At least a cell. Empty: {defaults.RADIUS_CELLS:g} cells."),
        ("MAX_RADIUS", "Largest barrier radius", f"Empty: {defaults.RADIUS_SPAN:g} times the smallest radius."),
        ("STEP", "Step between the radii", "0 tries the smallest radius only. Empty: as long as the smallest radius."),
    )
    return [p.distance(*entry, optional=True, advanced=advanced) for entry in entries]


def read_radii(number: Callable[[str], float | None], grid: Grid) -> tuple[float, ...]:
    """Return the radii of the barrier search in metres; `number` gives the value of a parameter.

    Raises
    ------
    InputError
        If they do not fit the grid.
    """
    given = map(number, ("MIN_RADIUS", "MAX_RADIUS", "STEP"))
    radii = core.keyareas.radii_between(*given, cell_size=grid.cell_size)
    core.keyareas.check_radii(radii, grid.shape, grid.cell_size)
    return radii


def key_area_classes(*, advanced: bool = False):
    """Return the number of classes of a surface."""
    text = "How many classes are made."
    return p.integer("CLASSES", "Number of classes", text, defaults.CLASSES, low=2, high=255, advanced=advanced)


def overlaid():
    """Return whether current and score are multiplied by the resistance before they are classified."""
    return p.flag(
        "OVERLAY_RESISTANCE",
        "Overlay current and score with the resistance",
        "Multiply current and score by the resistance before they are classified, as 'securitynetwork' does.",
        True,
        advanced=True,
    )


def barrier_centres(name: str = "CENTRES"):
    """Return whether only the centres of discs get their score."""
    return p.flag(
        name,
        "Score the centres of discs only",
        "Gives the score of a disc to its centre rather than to all its cells as Linkage Mapper does. Key areas are then "
        "about half as large: where to restore, not what to restore.",
        advanced=True,
    )


def largest_key_area():
    """Return the area above which a key area is cut."""
    return p.number(
        "MAX_AREA",
        "Largest key area (ha)",
        "Larger key areas are cut: within each the limit of the class rises until what comes off is small enough. Empty "
        "or 0: key areas of any size. For barriers the area of the largest disc fits, which 'barriers' gives (DISC_HA).",
        low=0.0,
        optional=True,
        advanced=True,
    )


def rules_output(name: str, label: str):
    """Return the map of key areas by two rules."""
    return p.raster_output(
        name,
        label,
        "1 found by both rules, 2 only with the overlay with the resistance, 3 only without it.",
        optional=True,
        default=False,
    )


def smallest_key_area(name: str = "MIN_AREA", default: float = 0.0, *, advanced: bool = False):
    """Return the area from which on a key area is kept; dialogs offer that of the method."""
    text = "Smaller key areas are dropped; 0 keeps all. The method drops those below 1 ha, which dialogs offer."
    offered = defaults.MIN_KEY_AREA_HA
    return p.number(name, "Smallest key area (ha)", text, default, low=0.0, offered=offered, advanced=advanced)
