"""The version of the core, from where that of the plugin stands; all else is in pyproject.toml."""

import re
from pathlib import Path

from setuptools import setup

_METADATA = Path(__file__).with_name("metadata.txt").read_text(encoding="utf-8")

setup(version=re.search(r"^version=(.+)$", _METADATA, re.M).group(1))
