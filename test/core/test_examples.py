"""The examples in the docstrings are true, and every public function of a room has one."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from ecosecnet import core

MODULES = sorted(module.name for module in pkgutil.walk_packages(core.__path__, f"{core.__name__}."))

WITHOUT: set = {
    "circuit.advanced",
    "circuit.all_to_one",
    "circuit.allowed_pairs",
    "circuit.as_resistance",
    "circuit.count_pairs",
    "circuit.focal_cells",
    "circuit.grounded_flow",
    "circuit.most_solver_bytes",
    "circuit.network_pairwise",
    "circuit.omniscape",
    "circuit.one_to_all",
    "circuit.pairwise",
    "circuit.raster_graph",
    "circuit.shared_cells",
    "circuit.solve_pair",
    "circuit.solver_bytes",
    "circuit.stranded",
    "circuit.windows_bytes",
    "corridors.add_to_mosaic",
    "corridors.class_shares",
    "corridors.climate_fit",
    "corridors.corridors",
    "corridors.cutoff_for_area",
    "corridors.describe",
    "corridors.find_links",
    "corridors.find_pairs",
    "corridors.outside_ends",
    "corridors.priority_map",
    "corridors.rank",
    "corridors.scaled",
    "corridors.shape_of",
    "corridors.width_profile",
    "keyareas.agreement",
    "keyareas.barriers",
    "keyareas.barriers_by_cutoff",
    "keyareas.circuit_barriers",
    "keyareas.corridor_belt",
    "keyareas.key_areas",
    "keyareas.overlay",
    "keyareas.pinch_points_by_cutoff",
    "keyareas.pinchpoints",
    "keyareas.radii_between",
    "keyareas.read_cutoffs",
    "keyareas.restored_distances",
    "keyareas.sweep",
    "landscapes.fractal_noise",
    "planning.security_network",
    "planning.self_test",
    "resistance.build_resistance",
    "resistance.check_scores",
    "resistance.classes_from_breaks",
    "resistance.classes_from_rows",
    "resistance.cut_to_surface",
    "resistance.distance_to",
    "resistance.liuzhi_as_printed",
    "resistance.liuzhi_corrected",
    "resistance.read_score_table",
    "resistance.relief",
    "resistance.report",
    "resistance.resistance_surface",
    "resistance.score_values",
    "resistance.suitability_to_resistance",
}
"""Public functions that still lack an example; nothing is to be added here."""


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    if name.endswith(".compiled"):
        pytest.importorskip("numba")
    with np.printoptions(precision=6, suppress=True, linewidth=100):
        failed = doctest.testmod(importlib.import_module(name)).failed
    assert not failed, f"{failed} examples of {name} are wrong; what they gave is printed above."


def public_functions():
    for room in core.ROOMS:
        module = importlib.import_module(f"{core.__name__}.{room}")
        for name in module.__all__:
            if inspect.isfunction(getattr(module, name)):
                yield f"{room}.{name}", getattr(module, name)


def test_every_public_function_has_an_example():
    without = {
        name for name, function in public_functions() if "Examples\n--------\n>>> " not in inspect.getdoc(function)
    }
    assert without == WITHOUT
