"""The models that come with the plugin, as plans: which tools, and what goes into what. `make_models` builds them.

File name, child ids, inputs and output names stay as they are: users' scripts name them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """A tool in a model.

    Attributes
    ----------
    id : str
        Of the child; part of the names of its outputs.
    tool : str
        Id of the tool.
    wires : dict
        What a parameter of the tool takes: the name of an input of the model, (step, output), or a list of these. Every
        other parameter keeps the tool's default.
    outputs : dict
        Outputs of the model: name, parameter of the tool. In lower case without blanks, which newer QGIS replaces.
    what : str
        What the step makes, where the labels of the tool do not tell it from another step.
    fixed : dict
        Values of parameters that the model sets.
    group : str
        Id of the group of the toolbox whose frame it stands in, where that is not its own.
    """

    id: str
    tool: str
    wires: dict
    outputs: dict = field(default_factory=dict)
    what: str = ""
    fixed: dict = field(default_factory=dict)
    group: str = ""


@dataclass(frozen=True)
class Plan:
    """A model: its inputs are the names in the wires of the steps, in that order.

    Attributes
    ----------
    words : dict
        Where label and help of an input come from, as 'tool:PARAMETER', unless from the parameter that it feeds.
    needed : tuple of str
        Inputs that must be given, though no tool needs them always.
    """

    id: str
    title: str
    summary: str
    help: str
    steps: tuple
    words: dict = field(default_factory=dict)
    needed: tuple = ()


def sources_steps():
    """Return the steps from land cover to sources."""
    return (
        Step("foreground", "foreground", {"INPUT": "landuse", "LEGEND": "legend", "FOREGROUND": "foreground"}),
        Step("mspa", "mspa", {"INPUT": ("foreground", "OUTPUT")}, {"mspa": "OUTPUT"}),
        Step(
            "candidates",
            "sources",
            {"INPUT": ("mspa", "OUTPUT"), "PROTECTED": "protected", "MIN_AREA": "min_area"},
        ),
        Step(
            "importance",
            "connectivity",
            {"SOURCES": ("candidates", "OUTPUT"), "DISPERSAL": "dispersal", "MIN_DPC": "min_dpc"},
            {"sources": "OUTPUT"},
        ),
    )


SOURCES = Plan(
    "sourcesfromlandcover",
    "Sources from land cover",
    "Goes from a land-cover map to ecological sources with their importance for connectivity.",
    "Codes the habitat classes of the land cover as foreground, segments it by MSPA, joins the core areas with protected "
    "land and drops small patches, and computes the importance (dPC, dIIC) of every source from distances edge to edge.",
    sources_steps(),
)


def scored(name, source, what, outputs, factor=""):
    """Return the step that scores a factor by the table; rasters that our tools have made say which factor they are."""
    wires = {"INPUT": source, "SCORES_TABLE": "scores"}
    return Step(
        name, "scorefactor", wires, {name: "OUTPUT"} if outputs else {}, what, {"FACTOR": factor} if factor else {}
    )


def resistance_steps(weights, *, outputs):
    """Return the steps from land cover, elevation, roads and mines to resistance; `weights` is where weights come from."""
    factors = ("landusescores", "elevationscores", "slopescores", "roadscores", "minescores")
    return (
        scored("landusescores", "landuse", "Scores of the land use", outputs, "Land use"),
        Step("elevation", "terrainfactor", {"DEM": "dem", "GRID": "landuse"}, what="Elevation", fixed={"FACTOR": 2}),
        scored("elevationscores", ("elevation", "OUTPUT"), "Scores of the elevation", outputs),
        Step("slope", "terrainfactor", {"DEM": "dem", "GRID": "landuse"}, what="Slope"),
        scored("slopescores", ("slope", "OUTPUT"), "Scores of the slope", outputs),
        Step("roaddistance", "distancefactor", {"FEATURES": "roads", "GRID": "landuse"}, what="Roads"),
        scored("roadscores", ("roaddistance", "OUTPUT"), "Scores of the distance to roads", outputs),
        Step("minedistance", "distancefactor", {"FEATURES": "mines", "GRID": "landuse"}, what="Mines"),
        scored("minescores", ("minedistance", "OUTPUT"), "Scores of the distance to mines", outputs),
        Step(
            "resistance",
            "resistance",
            {
                "FACTORS": [(name, "OUTPUT") for name in factors],
                "WEIGHTS_TABLE": weights,
                "GRID": "landuse",
                "CORRECTIONS": "corrections",
            },
            {"resistance": "OUTPUT"},
        ),
    )


RESISTANCE_WORDS = {
    "landuse": "securitynetwork:LANDUSE",
    "scores": "checkscores:SCORES",
    "dem": "securitynetwork:DEM",
    "roads": "securitynetwork:ROADS",
    "mines": "securitynetwork:MINES",
    "corrections": "securitynetwork:CORRECTIONS",
}

RESISTANCE = Plan(
    "resistancefromlandcover",
    "Resistance from land cover",
    "Goes from land cover, elevation, roads and mines to a resistance surface, with weights by AHP.",
    "Scores land use, elevation, slope and the distances to roads and mines by the classes of one table of scores, derives "
    "the weights of the five factors from pairwise judgements (AHP), overlays them, and corrects the surface where rasters "
    "for that are given. Rows of the table are found by the names of the factors, in English or Chinese; its own weights are "
    "not used.",
    (
        Step("weights", "ahp", {"MATRIX": "judgements", "NAMES": "names"}, {"weights": "WEIGHTS"}),
        *resistance_steps(("weights", "WEIGHTS"), outputs=True),
    ),
    RESISTANCE_WORDS,
    ("scores",),
)

KEY_AREAS = Plan(
    "corridorsandkeyareas",
    "Corridors and key areas",
    "Goes from ecological sources and a resistance surface to corridors, pinch points and barriers.",
    "Links neighbouring sources by least-cost paths, ranks the links by current-flow centrality, maps the current within "
    "the corridors and the barriers on the way, and keeps the highest of four classes by natural breaks of both as areas.",
    (
        Step(
            "linkages",
            "linkages",
            {"RESISTANCE": "resistance", "SOURCES": "sources", "CUTOFF": "cutoff"},
            {"corridors": "CORRIDORS"},
        ),
        Step(
            "centrality",
            "centrality",
            {"SOURCES": "sources", "LINKS": ("linkages", "LINKS")},
            {"links": "OUTPUT_LINKS"},
        ),
        Step(
            "pinch",
            "pinchpoints",
            {"RESISTANCE": "resistance", "SOURCES": "sources", "LINKS": ("linkages", "LINKS"), "CUTOFF": "cutoff"},
            {"current": "CURRENT"},
        ),
        Step(
            "barriers",
            "barriers",
            {
                "RESISTANCE": "resistance",
                "SOURCES": "sources",
                "LINKS": ("linkages", "LINKS"),
                "MIN_RADIUS": "min_radius",
                "MAX_RADIUS": "max_radius",
            },
            {"score": "SCORE"},
        ),
        Step(
            "pinchareas",
            "keyareas",
            {"INPUT": ("pinch", "CURRENT"), "MIN_AREA": "min_area"},
            {"pinch_points": "OUTPUT"},
            "Pinch points",
        ),
        Step(
            "barrierareas",
            "keyareas",
            {"INPUT": ("barriers", "SCORE"), "MIN_AREA": "min_area", "MAX_AREA": ("barriers", "DISC_HA")},
            {"barriers": "OUTPUT"},
            "Barriers",
        ),
    ),
)


def on_links(links):
    """Return the wires of a tool that works on links of the whole chain."""
    return {"RESISTANCE": ("resistance", "OUTPUT"), "SOURCES": ("importance", "OUTPUT"), "LINKS": links}


def graded(surface, links):
    """Return the wires of the key areas of a surface: with the grade of the link each lies on."""
    return {
        "INPUT": surface,
        "RESISTANCE": ("resistance", "OUTPUT"),
        "MIN_AREA": "min_key_area",
        "LINKS": links,
        "GRADE_FIELD": ("grades", "LEVEL_FIELD"),
    }


def by_township(areas):
    """Return the wires of the table of key areas."""
    return {"AREAS": areas, "ZONES": "townships", "LANDUSE": "landuse"}


WHOLE = Plan(
    "networkstepbystep",
    "Whole network, step by step",
    "Builds by single tools what 'securitynetwork' builds in one run, so that each step can be seen and changed.",
    "Goes from land cover to ecological sources, from land use, elevation, slope and the distances to roads and mines to the "
    "resistance surface (scores and weights from one table), and from both to corridors, their grades, pinch points, "
    "barriers and the tables by township. With the same inputs it gives what the one tool gives.",
    (
        *sources_steps(),
        *resistance_steps("scores", outputs=False),
        Step(
            "linkages",
            "linkages",
            {"RESISTANCE": ("resistance", "OUTPUT"), "SOURCES": ("importance", "OUTPUT"), "CUTOFF": "cutoff"},
            {"corridors": "CORRIDORS"},
        ),
        Step("centrality", "centrality", {"SOURCES": ("importance", "OUTPUT"), "LINKS": ("linkages", "LINKS")}),
        Step(
            "grades",
            "naturalbreaks",
            {"INPUT": ("centrality", "OUTPUT_LINKS")},
            {"links": "OUTPUT"},
            "Ecological corridors",
            {"FIELD": "current_flow"},
            "corridors",
        ),
        Step("pinch", "pinchpoints", {**on_links(("grades", "OUTPUT")), "CUTOFF": "cutoff"}, {"current": "CURRENT"}),
        Step(
            "barriers",
            "barriers",
            {**on_links(("pinch", "OUTPUT_LINKS")), "MIN_RADIUS": "min_radius", "MAX_RADIUS": "max_radius"},
            {"score": "SCORE"},
            fixed={"OUTSIDE": False},
        ),
        Step(
            "pinchareas",
            "keyareas",
            graded(("pinch", "CURRENT"), ("pinch", "OUTPUT_LINKS")),
            {"pinch_points": "OUTPUT"},
            "Pinch points",
        ),
        Step(
            "barrierareas",
            "keyareas",
            {**graded(("barriers", "SCORE"), ("barriers", "OUTPUT_LINKS")), "MAX_AREA": ("barriers", "DISC_HA")},
            {"barriers": "OUTPUT"},
            "Barriers",
        ),
        Step(
            "pinchtable",
            "tabulate",
            by_township(("pinchareas", "OUTPUT")),
            {"pinch_table": "TABLE"},
            "Pinch points by township",
        ),
        Step(
            "barriertable",
            "tabulate",
            by_township(("barrierareas", "OUTPUT")),
            {"barrier_table": "TABLE"},
            "Barriers by township",
        ),
    ),
    {
        **RESISTANCE_WORDS,
        "min_key_area": "securitynetwork:MIN_KEY_AREA",
        "townships": "securitynetwork:TOWNSHIPS",
    },
    ("scores",),
)

PLANS = (SOURCES, RESISTANCE, KEY_AREAS, WHOLE)
