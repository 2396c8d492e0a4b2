"""Checks rules no linter knows: imports point downwards only, never in a circle, and every Qt name exists in PyQt6 too.

The layers are plugin -> algorithms -> algorithms/support -> core; the core knows neither QGIS, GDAL nor Qt. Inside the
core a room imports the ground floor (the modules directly in core/) and the rooms before it in ROOMS, and imports
precisely: through the face of the core, or that of its own room, anything could come in unseen.
"""

import ast
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = (
    "spread",
    "stats",
    "formats",
    "sources",
    "resistance",
    "weights",
    "mspa",
    "leastcost",
    "connectivity",
    "corridors",
    "network",
    "circuit",
    "keyareas",
    "planning",
    "landscapes",
    "decisions",
)
"""The rooms of the core from the ground up."""

MOST_ON_THE_GROUND = 12
"""Modules directly in core/; more would be a drawer again."""

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
        elif module.split(".")[0] == "ecosecnet":
            yield line, f"imports {module} by its full name, which hides where it leads; use a relative import"
        elif own == 0 and module.split(".")[0] in OUTSIDE_CORE:
            yield line, f"imports {module}; core/ is free of QGIS, GDAL and Qt"
        elif module.split(".")[0] in ("PyQt5", "PyQt6"):
            yield line, f"imports {module}; use qgis.PyQt"


def room_of(path):
    """Return the floor of a module of the core: -1 for the ground floor, else the place of its room in ROOMS."""
    name = path.relative_to(ROOT / "core").parts[0]
    if not (ROOT / "core" / name).is_dir():
        return -1
    return ROOMS.index(name) if name in ROOMS else len(ROOMS)


def check_rooms(path, tree):
    """Yield imports that lead from a room of the core to one that is not below it."""
    if layer_of(path) > 0 or (path.parent == ROOT / "core" and path.name == "__init__.py"):
        return
    own = room_of(path)
    if own == len(ROOMS):
        yield 1, "lies in a room that ROOMS does not have"
    for line, module in imported(path, tree):
        if not isinstance(module, Path) or layer_of(module) > 0:
            continue
        if module in (ROOT / "core", path.parent):
            yield line, f"imports from the face of {module.relative_to(ROOT)}, which hides what; name the module"
        elif room_of(module) > own:
            yield line, f"imports {module.relative_to(ROOT)} from a room that is not below"


def circles(trees):
    """Yield (path, line, text) for modules of the core that import each other in a circle, annotations included."""
    graph = {}
    for path, tree in trees.items():
        if layer_of(path) == 0 and path.name != "__init__.py":
            targets = ((line, module) for line, module in imported(path, tree) if isinstance(module, Path))
            graph[path] = {module.with_suffix(".py"): line for line, module in targets if not module.is_dir()}
    done = set()

    def walk(path, way):
        if path in way:
            names = [one.stem for one in way[way.index(path) :]]
            yield way[-1], graph[way[-1]][path], f"imports in a circle: {' -> '.join([*names, path.stem])}"
        elif path not in done:
            for target in graph.get(path, ()):
                yield from walk(target, [*way, path])
            done.add(path)

    for path in graph:
        yield from walk(path, [])


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
    files = sorted([*ROOT.glob("*.py"), *ROOT.glob("core/**/*.py"), *ROOT.glob("algorithms/**/*.py")])
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    findings = []
    for path, tree in trees.items():
        found = [*check_layers(path, tree), *check_rooms(path, tree), *check_qt6(tree)]
        findings += [(path, line, text) for line, text in found]
    findings += circles(trees)
    ground = len(list((ROOT / "core").glob("*.py")))
    if ground > MOST_ON_THE_GROUND:
        findings.append((ROOT / "core", 0, f"{ground} modules lie outside the rooms, more than {MOST_ON_THE_GROUND}"))
    for path, line, text in findings:
        print(f"{path.relative_to(ROOT)}:{line}: {text}")
    print(f"{len(files)} files, {len(findings)} findings")
    return len(findings)


if __name__ == "__main__":
    sys.exit(bool(main()))
