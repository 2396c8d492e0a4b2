"""The whole method in one run, its results, and the self-test."""

from .results import Options
from .securitynetwork import security_network
from .selftest import self_test

__all__ = [
    "Options",
    "security_network",
    "self_test",
]
