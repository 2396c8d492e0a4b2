"""Checks two rules no linter knows: imports point downwards only, and every Qt name exists in PyQt6 too.

The layers are plugin -> algorithms -> algorithms/support -> core; the core knows neither QGIS, GDAL nor Qt.
"""

import ast
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE_CORE = {"qgis", "osgeo", "PyQt5", "PyQt6"}


def layer_of(path):
    """Return 0 for the core up to 3 for the plugin."""
    parts = path.relative_to(ROOT).parts
    if parts[0] == "core":
        return 0
    if parts[:2] == ("algorithms", "support"):
        return 1
    return 2 if parts[0] == "algorithms" else 3


def imported(path, tree):
    """Yield (line, module) of every import; relative ones as a path below the root."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield node.lineno, node.module
                continue
            base = path.parent
            for _ in range(node.level - 1):
                base = base.parent
            base = base / (node.module or "").replace(".", "/")
            for alias in node.names:
                target = base / alias.name
                yield node.lineno, target if target.with_suffix(".py").exists() or target.is_dir() else base


def check_layers(path, tree):
    """Yield what breaks the order of the layers."""
    own = layer_of(path)
    for line, module in imported(path, tree):
        if isinstance(module, Path):
            if layer_of(module) > own:
                yield line, f"imports {module.relative_to(ROOT)} from a layer above"
        elif own == 0 and module.split(".")[0] in OUTSIDE_CORE:
            yield line, f"imports {module}; core/ is free of QGIS, GDAL and Qt"
        elif module.split(".")[0] in ("PyQt5", "PyQt6"):
            yield line, f"imports {module}; use qgis.PyQt"


def check_qt6(tree):
    """Yield names taken from qgis.PyQt that PyQt6 does not have, such as unscoped enums."""
    known = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qgis.PyQt."):
            module = importlib.import_module("PyQt6." + node.module.rsplit(".", 1)[1])
            for alias in node.names:
                if alias.name == "QVariant":  # qgis.PyQt keeps its old enums alive under Qt 6
                    continue
                if hasattr(module, alias.name):
                    known[alias.asname or alias.name] = getattr(module, alias.name)
                else:
                    yield node.lineno, f"{node.module}.{alias.name} is not in PyQt6"
    for node in ast.walk(tree):
        names = []
        while isinstance(node, ast.Attribute):
            names.insert(0, node.attr)
            node = node.value
        if not names or not isinstance(node, ast.Name) or node.id not in known:
            continue
        thing = known[node.id]
        for name in names:
            if not isinstance(thing, type):
                break
            if not hasattr(thing, name):
                yield node.lineno, f"{node.id}.{'.'.join(names)} does not resolve in PyQt6"
                break
            thing = getattr(thing, name)


def main():
    """Print the findings; return how many."""
    findings = 0
    files = [*ROOT.glob("*.py"), *ROOT.glob("core/**/*.py"), *ROOT.glob("algorithms/**/*.py")]
    for path in sorted(files):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, text in [*check_layers(path, tree), *check_qt6(tree)]:
            print(f"{path.relative_to(ROOT)}:{line}: {text}")
            findings += 1
    print(f"{len(files)} files, {findings} findings")
    return findings


if __name__ == "__main__":
    sys.exit(bool(main()))
