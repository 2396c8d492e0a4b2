"""How far a network can be relied on, and what to do where: robustness, validation, null models, measures by rules."""

from .actionmatch import NO_RULE, Areas, Gap, LandParts, LandUse
from .actionrules import CHINESE, PRICE_COLUMNS, RULE_COLUMNS, Price, Rule, price_of, read_prices, read_rules
from .actions import CLASSES, ActionSheet, ZoneRow, action_sheet, strange_prices, weakest
from .chunks import SAME_CORRIDOR, SAME_KEY
from .comparison import (
    NO_CHANGE_DATA,
    NO_DATA,
    AreaChange,
    Comparison,
    Indices,
    Measures,
    RunMaps,
    Transition,
    corridors_of,
    indices,
    percent_change,
    persistence,
)
from .complement import Belt, Complement, Web, complementary_links
from .linkmatching import LinkChange, Paths, belt, match_links, path_overlap
from .networkplan import NetworkPlan, plan_of_network
from .nullmodel import WITHOUT_CHANCE, Figure, NullModel, Question, nullmodel, question_of
from .nulls import classes_of
from .plan import Frontier, Pick, RestorationPlan, restoration_plan
from .planpatches import Candidates
from .planvalue import Habitat
from .replicates import BARRIER, CORRIDOR, CUTOFF, DISPERSAL, MIN_AREA, PATH, PINCH, Chain, Factor, Known, Study
from .robustness import Robustness, robustness, run_bytes
from .sameness import CellDifferences, Difference, differ
from .sampling import Uncertainty
from .settings import Setting, parse_setting
from .species import Community, Failed, Species, SpeciesNetwork, Together, in_groups, many_species, overlaps
from .tallies import half_width, robust_areas
from .tornado import ENOUGH, needed, tornado
from .tracks import Steps, validate_tracks
from .validation import BLOCK_POINTS, FEW_POINTS, Agreement, Validation, available_cells, validate

__all__ = [
    "BARRIER",
    "BLOCK_POINTS",
    "CHINESE",
    "CLASSES",
    "CORRIDOR",
    "CUTOFF",
    "DISPERSAL",
    "ENOUGH",
    "FEW_POINTS",
    "MIN_AREA",
    "NO_CHANGE_DATA",
    "NO_DATA",
    "NO_RULE",
    "PATH",
    "PINCH",
    "PRICE_COLUMNS",
    "RULE_COLUMNS",
    "SAME_CORRIDOR",
    "SAME_KEY",
    "WITHOUT_CHANCE",
    "ActionSheet",
    "Agreement",
    "AreaChange",
    "Areas",
    "Belt",
    "Candidates",
    "CellDifferences",
    "Chain",
    "Community",
    "Comparison",
    "Complement",
    "Difference",
    "Factor",
    "Failed",
    "Figure",
    "Frontier",
    "Gap",
    "Habitat",
    "Indices",
    "Known",
    "LandParts",
    "LandUse",
    "LinkChange",
    "Measures",
    "NetworkPlan",
    "NullModel",
    "Paths",
    "Pick",
    "Price",
    "Question",
    "RestorationPlan",
    "Robustness",
    "Rule",
    "RunMaps",
    "Setting",
    "Species",
    "SpeciesNetwork",
    "Steps",
    "Study",
    "Together",
    "Transition",
    "Uncertainty",
    "Validation",
    "Web",
    "ZoneRow",
    "action_sheet",
    "available_cells",
    "belt",
    "classes_of",
    "complementary_links",
    "corridors_of",
    "differ",
    "half_width",
    "in_groups",
    "indices",
    "many_species",
    "match_links",
    "needed",
    "nullmodel",
    "overlaps",
    "parse_setting",
    "path_overlap",
    "percent_change",
    "persistence",
    "plan_of_network",
    "price_of",
    "question_of",
    "read_prices",
    "read_rules",
    "restoration_plan",
    "robust_areas",
    "robustness",
    "run_bytes",
    "strange_prices",
    "tornado",
    "validate",
    "validate_tracks",
    "weakest",
]
