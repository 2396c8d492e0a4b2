"""The whole method in one run, its results, and the self-test."""

from .obstacles import Obstacles
from .options import CorridorOptions, KeyAreaOptions, Options, SourceOptions, SurfaceOptions
from .securitynetwork import security_network
from .selftest import self_test

__all__ = [
    "CorridorOptions",
    "KeyAreaOptions",
    "Obstacles",
    "Options",
    "SourceOptions",
    "SurfaceOptions",
    "security_network",
    "self_test",
]
