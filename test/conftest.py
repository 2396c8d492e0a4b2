"""Registers the checkout as the package ``ecosecnet``, whatever its folder is called."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if "ecosecnet" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["ecosecnet"] = module
    spec.loader.exec_module(module)

REFERENCE = ROOT.parent / "shared" / "reference"
