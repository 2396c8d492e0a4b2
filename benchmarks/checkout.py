"""Registers the checkout as the package ``ecosecnet``, whatever its folder is called, for the scripts beside it.

The environment variable CHECKOUT names another one.
"""

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(os.environ.get("CHECKOUT", Path(__file__).resolve().parents[1]))

spec = importlib.util.spec_from_file_location("ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
sys.modules["ecosecnet"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["ecosecnet"])
