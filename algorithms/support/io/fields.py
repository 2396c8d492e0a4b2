"""What the fields of our layers and tables mean: the words, unit and decimals that people see.

Names of fields are for formulas and scripts; these are the headings of attribute tables and reports.
"""

from __future__ import annotations

from typing import NamedTuple


class Shown(NamedTuple):
    """How a field is shown.

    Attributes
    ----------
    label : str
        What it is.
    unit : str
        Of its values; empty for texts and plain numbers.
    decimals : int
        How many are shown of a decimal number.
    """

    label: str
    unit: str = ""
    decimals: int = 2

    @property
    def heading(self) -> str:
        """Label with unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


_COST = "cost units"
"""Resistance times metres."""

FIELDS = {
    # Which one
    "source_id": Shown("Source"),
    "link_id": Shown("Link"),
    "from_id": Shown("From source"),
    "to_id": Shown("To source"),
    "from": Shown("From"),
    "to": Shown("To"),
    "node": Shown("Node"),
    "number": Shown("Number"),
    "area_id": Shown("Area"),
    "patch_id": Shown("Place"),
    "best_link": Shown("Link that gains most"),
    "link_grade": Shown("Grade of the link"),
    # Areas
    "area_ha": Shown("Area", "ha"),
    "core_ha": Shown("Core area", "ha"),
    "protected_ha": Shown("Protected area", "ha"),
    "gain_ha": Shown("Area with a gain", "ha"),
    "edge_ha": Shown("Area near the edge of the data", "ha"),
    "overlap_ha": Shown("Area that is pinch point and barrier", "ha"),
    "cells": Shown("Cells"),
    "nodata_cells": Shown("Cells without data"),
    "area_before_ha": Shown("Area before, on the ground", "ha"),
    "area_after_ha": Shown("Area after", "ha"),
    # What was done to a raster
    "raster": Shown("Raster"),
    "file": Shown("File"),
    "holds": Shown("Holds"),
    "source_crs": Shown("CRS before"),
    "source_cell": Shown("Cell before"),
    "new_cell": Shown("Cell", "m"),
    "resampling": Shown("Resampled by"),
    "mean_before": Shown("Mean before", "", 4),
    "mean_after": Shown("Mean after", "", 4),
    "patches": Shown("Patches"),
    "foreground_pct": Shown("Share of the foreground", "%", 1),
    "landscape_pct": Shown("Share of the landscape", "%", 1),
    "core_pct": Shown("Core, share of the foreground", "%", 1),
    "edge_width": Shown("Edge width", "cells"),
    "edge_m": Shown("Edge width", "m", 1),
    **{
        f"{name}_ha": Shown(name.capitalize(), "ha")
        for name in ("islet", "perforation", "edge", "loop", "bridge", "branch")
    },
    # Connectivity
    "attribute": Shown("Attribute"),
    "dA": Shown("Share of the attribute, dA", "%", 3),
    **{
        f"d{index}{part}": Shown(f"d{index}{f', {part}' if part else ''}", "%", 3)
        for index in ("IIC", "PC")
        for part in ("", "intra", "flux", "connector")
    },
    "BC": Shown("Betweenness", "", 4),
    "BC_IIC": Shown("Betweenness weighted by IIC", "", 4),
    "BC_PC": Shown("Betweenness weighted by PC", "", 4),
    "IIC": Shown("IIC", "", 6),
    "PC": Shown("PC", "", 6),
    "EC_IIC": Shown("EC(IIC)"),
    "EC_PC": Shown("EC(PC)"),
    "NL": Shown("Links"),
    "NC": Shown("Components"),
    "component": Shown("Component"),
    "community": Shown("Community"),
    "cut_source": Shown("Its loss parts the network"),
    "bridge": Shown("Its loss parts the network"),
    "components": Shown("Components"),
    "p": Shown("Dispersal probability", "", 4),
    "linked": Shown("Linked"),
    "gain_PC": Shown("Gain of PC", "%", 3),
    "gain_EC": Shown("Gain of EC(PC)", "%", 3),
    "gain": Shown("Gain", "%", 3),
    "stepping": Shown("Gain as a stepping stone", "%", 3),
    "dispersal": Shown("Dispersal distance", "m", 1),
    "min_area": Shown("Smallest area", "ha"),
    "min_dpc": Shown("Smallest dPC", "%"),
    "sources": Shown("Sources"),
    "chosen": Shown("Chosen sources"),
    "overlap": Shown("Overlap with the setting before"),
    "rank_corr": Shown("Rank correlation with the setting before"),
    "best_rank": Shown("Best rank"),
    "worst_rank": Shown("Worst rank"),
    "median_rank": Shown("Median rank", "", 1),
    "lowest_dPC": Shown("Lowest dPC", "%", 3),
    "highest_dPC": Shown("Highest dPC", "%", 3),
    # Ranks
    "rank": Shown("Rank"),
    "rank_best": Shown("Best rank"),
    "rank_worst": Shown("Worst rank"),
    "grade": Shown("Grade"),
    "level": Shown("Grade"),
    "class": Shown("Class"),
    "lower": Shown("From", "", 4),
    "upper": Shown("To", "", 4),
    "features": Shown("Features"),
    # Links
    "euc_dist": Shown("Straight distance", "m", 1),
    "cw_dist": Shown("Least-cost distance", _COST, 1),
    "lcp_length": Shown("Length of the path", "m", 1),
    "cwd_euc": Shown("Least-cost distance over straight distance"),
    "cwd_path": Shown("Mean resistance along the path"),
    "distance": Shown("Distance", "", 1),
    "active": Shown("Active"),
    "reason": Shown("Why kept or dropped"),
    "added": Shown("Added as number"),
    "eff_res": Shown("Effective resistance", _COST),
    "cwd_effres": Shown("Least-cost distance over effective resistance"),
    "resistance": Shown("Resistance", "", 4),
    "connected": Shown("Connected"),
    "current_flow": Shown("Current-flow centrality", "A", 3),
    "betweenness": Shown("Betweenness", "", 4),
    "degree": Shown("Links"),
    "gravity": Shown("Interaction (gravity)", "", 4),
    "size_unit": Shown("Unit of the sizes"),
    "priority": Shown("Priority", "", 3),
    "p_close": Shown("Part of closeness", "", 3),
    "p_path": Shown("Part of the path", "", 3),
    "p_ends": Shown("Part of the two sources", "", 3),
    "p_expert": Shown("Part of the experts", "", 3),
    "p_climate": Shown("Part of the climate", "", 3),
    "p_permeable": Shown("Part of permeability", "", 3),
    "p_area": Shown("Part of area", "", 3),
    "p_shape": Shown("Part of shape", "", 3),
    "p_flow": Shown("Part of centrality", "", 3),
    "p_value": Shown("Part of the value raster", "", 3),
    # Strategic points
    "links": Shown("Links"),
    "barrier": Shown("What is crossed"),
    "centrality": Shown("Centrality of the link", "", 3),
    "crossed": Shown("Lines met there"),
    "near_m": Shown("Length of the path near the lines", "m", 1),
    # Corridors
    "code": Shown("Code"),
    "ring_ha": Shown("Area that the width adds", "ha"),
    "current": Shown("Mean current", "A", 4),
    "gathered": Shown("Accumulated current", "A", 3),
    "gained": Shown("Current by area of what the width adds, of the first width", "%", 1),
    "nodata_ha": Shown("Area without land use", "ha"),
    "off_ha": Shown("Area off the raster", "ha"),
    "lost_ha": Shown("Area without land use or off the raster", "ha"),
    "level_off": Shown("Width at which the current levels off", "m", 1),
    "mean_width": Shown("Mean width", "m", 1),
    "min_width": Shown("Smallest width", "m", 1),
    "mean_res": Shown("Mean resistance"),
    "cutoff": Shown("Cutoff", _COST, 1),
    "narrow_x": Shown("Narrowest place, x", "", 1),
    "narrow_y": Shown("Narrowest place, y", "", 1),
    "land_use": Shown("Land use"),
    "land_uses": Shown("Land use"),
    "start": Shown("From", "m", 1),
    "stop": Shown("To", "m", 1),
    "length": Shown("Length", "m", 1),
    "width": Shown("Width", "m", 1),
    # Key areas
    "mean": Shown("Mean", "", 4),
    "min": Shown("Minimum", "", 4),
    "max": Shown("Maximum", "", 4),
    "direction": Shown("Direction"),
    "percent": Shown("Share of the least-cost distance saved by metre", "%", 4),
    "radius": Shown("Radius", "m", 1),
    "x": Shown("x", "", 1),
    "y": Shown("y", "", 1),
    "restored_dist": Shown("Least-cost distance once restored", _COST, 1),
    "real_gain": Shown("Cost saved once restored", _COST, 1),
    "predicted": Shown("Predicted gain", _COST),
    "exact": Shown("Exact gain", _COST),
    "best_exact": Shown("Exact gain of that link", _COST),
    "gaining_links": Shown("Links that gain"),
    "surface": Shown("Surface"),
    "cutoff_a": Shown("Cutoff A", _COST, 1),
    "cutoff_b": Shown("Cutoff B", _COST, 1),
    "jaccard": Shown("Jaccard index of the key areas", "", 3),
    "rank_correlation": Shown("Rank correlation", "", 3),
    "common_cells": Shown("Common cells"),
    **{
        f"{name}_{side}": Shown(f"{label} {side.upper()}", unit, decimals)
        for name, label, unit, decimals in (
            ("areas", "Areas", "", 0),
            ("area_ha", "Area", "ha", 2),
            ("maximum", "Maximum", "", 4),
        )
        for side in "ab"
    },
    # Tables by zone
    "zone": Shown("Zone"),
    "township": Shown("Township"),
    "village": Shown("Village"),
    "lithology": Shown("Lithology"),
    "source_ha": Shown("Sources", "ha"),
    "source_pct": Shown("Sources", "% of the township", 1),
    "corridor_km": Shown("Corridors", "km"),
    "important_km": Shown("Corridors of grade 1 to 2", "km"),
    "corridors": Shown("Corridors"),
    "count_pct": Shown("Share of the number", "%", 1),
    "area_pct": Shown("Share of the area", "%", 1),
    "near_ha": Shown("Area near the corridors", "ha"),
    "roads_km": Shown("Roads near the corridors", "km"),
    "count": Shown("Areas"),
    "count_touching": Shown("Areas touching"),
    "share": Shown("Share", "%", 1),
    # Validation and null models
    "high_is_used": Shown("High values are used"),
    "points": Shown("Cells with points"),
    "point_id": Shown("Point"),
    "percentile": Shown("Percentile", "%", 1),
    "auc": Shown("AUC", "", 3),
    "top_enrichment": Shown("Enrichment of the highest tenth"),
    "boyce": Shown("Boyce index", "", 3),
    "mean_ratio": Shown("Mean at the points over mean"),
    "blocks": Shown("Blocks"),
    "block_auc": Shown("AUC within blocks, mean", "", 3),
    "block_min": Shown("AUC within blocks, smallest", "", 3),
    "block_max": Shown("AUC within blocks, largest", "", 3),
    "observed": Shown("Observed", "", 4),
    "null_mean": Shown("Mean of the draws", "", 4),
    "null_deviation": Shown("Standard deviation of the draws", "", 4),
    "draws": Shown("Draws"),
    "p_first": Shown("P-value that the first surface agrees better", "", 4),
    "steps": Shown("Steps"),
    "step_ratio": Shown("Mean log ratio of the steps", "", 3),
    "step_p": Shown("P-value of the steps", "", 4),
    # Measures
    "type": Shown("Type"),
    "area": Shown("Id of the area"),
    "slope": Shown("Slope", "degrees", 1),
    "cost": Shown("Cost", "unit of the cost table"),
    "note": Shown("Note"),
    "measure_class": Shown("Class of measures"),
    "class_zh": Shown("Class of measures, Chinese"),
    "measure": Shown("Measure"),
    "measure_zh": Shown("Measure, Chinese"),
    # Resistance
    "factor": Shown("Factor"),
    "weight": Shown("Weight", "", 4),
    "judged": Shown("Weight by judgement", "", 4),
    "data": Shown("Weight by the data", "", 4),
    "expert": Shown("Expert"),
    "lambda_max": Shown("Largest eigenvalue", "", 4),
    "ci": Shown("Consistency index", "", 4),
    "cr": Shown("Consistency ratio", "", 4),
    "compatibility": Shown("Compatibility with the group", "", 4),
    "deviation": Shown("Standard deviation", "", 4),
    "minimum": Shown("Minimum", "", 4),
    "maximum": Shown("Maximum", "", 4),
    "share_of_mean": Shown("Share of the mean", "%", 1),
    "share_of_variance": Shown("Share of the variance", "%", 1),
    "score": Shown("Score"),
    "severity": Shown("Severity"),
    "rule": Shown("Rule"),
    "row": Shown("Row"),
    "message": Shown("Finding"),
    # Runs on other judgements
    "run": Shown("Run"),
    "certainty": Shown("Certainty"),
    "outcome": Shown("Outcome"),
    "input": Shown("Input"),
    "coefficient": Shown("Standardised rank regression coefficient", "", 3),
    "first_order": Shown("Share of the variance by itself", "", 3),
    "enough": Shown("Enough runs to compare"),
    "cost_p5": Shown("Least-cost distance, 5 % of the runs below", _COST, 1),
    "cost_p50": Shown("Least-cost distance, median of the runs", _COST, 1),
    "cost_p95": Shown("Least-cost distance, 5 % of the runs above", _COST, 1),
    # Figures of a network
    "index": Shown("Index"),
    "value": Shown("Value", "", 4),
    "meaning": Shown("Meaning"),
    "order": Shown("Order of removal"),
    "lost": Shown("Sources lost"),
    "lost_share": Shown("Share of the sources lost", "", 3),
    **{
        f"{name}{end}": Shown(f"{label}{word}", "", 3)
        for name, label in (("largest", "Largest component"), ("efficiency", "Global efficiency"))
        for end, word in (("", ""), ("_min", ", smallest"), ("_max", ", largest"))
    },
    # The demonstration county
    "name": Shown("Name"),
    "name_zh": Shown("Name in Chinese"),
    "kind": Shown("Kind"),
    "scale": Shown("Scale"),
    "size": Shown("Size"),
    "status": Shown("Status"),
    "field": Shown("Coal field"),
    "town": Shown("Township"),
    "town_zh": Shown("Township in Chinese"),
    "strahler": Shown("Strahler order"),
    "width_m": Shown("Width", "m", 1),
    "length_km": Shown("Length", "km"),
    "catchment_km2": Shown("Catchment", "km\N{SUPERSCRIPT TWO}", 1),
    "output_kt": Shown("Output", "kt a year"),
    **{f"{name}_id": Shown(name.capitalize()) for name in ("town", "village", "road", "river", "mine", "redline")},
    "reserve_id": Shown("Reserve"),
    "hazard_id": Shown("Hazard"),
}
"""By name. A field that means something else in one tool is declared there with a `Shown` of its own."""

SAME_IN_EVERY_TOOL = frozenset(["cw_dist", "eff_res"])
"""Measures of a link that are the same whichever tool computes them: nobody needs to know when they are written anew."""

COMMON = frozenset(
    [
        "name",
        "kind",
        "size",
        "status",
        "field",
        "scale",
        "level",
        "class",
        "grade",
        "rank",
        "value",
        "mean",
        "min",
        "max",
        "direction",
        "length",
        "width",
        "distance",
        "start",
        "stop",
        "count",
        "share",
        "score",
        "order",
        "index",
        "row",
        "zone",
        "node",
        "number",
        "from",
        "to",
        "x",
        "y",
        "p",
        "data",
        "weight",
        "factor",
        "minimum",
        "maximum",
        "lower",
        "upper",
        "percent",
        "percentile",
        "points",
        "steps",
        "radius",
        "cells",
        "features",
        "sources",
        "resistance",
        "priority",
        "surface",
        "type",
        "area",
        "slope",
        "cost",
        "note",
        "rule",
        "message",
        "expert",
    ]
)
"""Names that fields of other people's layers may have too, with another meaning or unit."""
