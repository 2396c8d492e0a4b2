"""The examples in the docstrings are true, and every public function of a room has one."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from ecosecnet import core

MODULES = sorted(module.name for module in pkgutil.walk_packages(core.__path__, f"{core.__name__}."))


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
    without = [
        name for name, function in public_functions() if "Examples\n--------\n>>> " not in inspect.getdoc(function)
    ]
    assert not without
