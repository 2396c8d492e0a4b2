"""Checks the plugin against Qt 6, which QGIS 4 uses and Debian has no QGIS for: PyQt6 stands in for qgis.PyQt.

1. mypy looks at every use of Qt with the types of PyQt6: names, scoped enums, methods of objects and their arguments.
2. Every module is imported with PyQt6 in the place of PyQt5 and an empty QGIS.
"""

import importlib
import os
import re
import subprocess
import sys
import tempfile
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ("QtCore", "QtGui", "QtWidgets", "QtXml", "QtNetwork", "QtSvg", "QtPrintSupport")
EMPTY = ("qgis", "qgis.core", "qgis.gui", "qgis.utils", "qgis.analysis", "qgis.PyQt")
EMPTY += (
    "osgeo",
    "osgeo.gdal",
    "osgeo.ogr",
    "osgeo.osr",
    "processing",
    "processing.gui",
    "processing.gui.AlgorithmDialog",
)
MOVED = ("QAction", "QActionGroup", "QShortcut")
"""Went to QtGui in Qt 6; qgis.PyQt.QtWidgets has them still."""

ACCEPTED = (
    r'"translate" of "QTranslator" has incompatible type "bytes"',
    r'"loadFromData" of "QTranslator" has incompatible type "bytes"',
    r'"bytes" matches argument type "QByteArray"',
    r"incompatible with supertype",
    r'Item "None" of "',
    r'"type\[QVariant\]" has no attribute',  # asked for by QGIS before 3.38 only, see io/compat.py
)
"""What PyQt6 does, though its types do not say so, or what Qt 6 never meets."""


def faults_of_types():
    """Return what mypy finds in uses of Qt. Types of QGIS are unknown to it, those of numpy another matter."""
    with tempfile.TemporaryDirectory() as folder:
        stubs = Path(folder) / "qgis" / "PyQt"
        stubs.mkdir(parents=True)
        (stubs / "__init__.pyi").touch()
        (stubs.parent / "__init__.pyi").touch()
        for name in ("core", "gui", "utils", "analysis"):
            (stubs.parent / f"{name}.pyi").write_text(
                "from typing import Any\ndef __getattr__(name: str) -> Any: ...\n"
            )
        for name in MODULES:
            (stubs / f"{name}.pyi").write_text(f"from PyQt6.{name} import *\n")
        with open(stubs / "QtWidgets.pyi", "a") as file:
            file.writelines(f"from PyQt6.QtGui import {name} as {name}\n" for name in MOVED)
        with open(stubs / "QtCore.pyi", "a") as file:
            # qgis.PyQt keeps the old kinds of QVariant alive
            file.write(
                "from typing import Any\nQVariant: Any  # type: ignore\ndef qVersion() -> str: ...  # type: ignore\n"
            )
        (Path(folder) / "ecosecnet").symlink_to(ROOT)
        settings = Path(folder) / "mypy.ini"
        settings.write_text(
            "[mypy]\nignore_missing_imports = true\ncheck_untyped_defs = true\nfollow_imports = silent\n"
        )
        command = [sys.executable, "-m", "mypy", "--config-file", str(settings), "-p", "ecosecnet.algorithms"]
        command += ["-m", "ecosecnet.plugin", "--cache-dir", str(ROOT / ".mypy_cache" / "qt6")]
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, "MYPYPATH": folder}, capture_output=True, text=True, check=False
        )
    if not re.search(r"^(Found|Success)", done.stdout, re.M) or "errors prevented" in done.stdout:
        return [f"mypy did not run: {done.stdout[-500:]}{done.stderr[-500:]}"]
    lines = (line for line in done.stdout.splitlines() if line.startswith("ecosecnet/"))
    about_qt = (line for line in lines if re.search(r'"(type\[)?Q(t|[A-Z]\w+)\b|PyQt', line))
    return [line for line in about_qt if not any(re.search(known, line) for known in ACCEPTED)]


class _Anything(type):
    """A class whose attributes are such classes again, for what QGIS would give."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = _Anything(name, (), {"__init__": lambda self, *given, **named: None, "__getattr__": _member})
        setattr(cls, name, found)
        return found

    def __or__(cls, other):
        return cls

    def __int__(cls):
        return 0


def _member(self, name):
    if name.startswith("__"):
        raise AttributeError(name)
    return lambda *given, **named: None


class _Empty(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(_Anything("Namespace", (), {}), name)
        setattr(self, name, found)
        return found


def faults_of_imports():
    """Return what does not load."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    for name in EMPTY:
        sys.modules[name] = _Empty(name)
        sys.modules[name].__path__ = []
    for name in MODULES:
        sys.modules[f"qgis.PyQt.{name}"] = importlib.import_module(f"PyQt6.{name}")
    for name in MOVED:
        setattr(sys.modules["qgis.PyQt.QtWidgets"], name, getattr(sys.modules["PyQt6.QtGui"], name))
    sys.modules["qgis.PyQt.QtCore"].qVersion = sys.modules["PyQt6.QtCore"].qVersion
    version = sys.modules["qgis.core"].Qgis
    version.QGIS_VERSION_INT, version.QGIS_VERSION = 40000, "4.0.0"
    spec = importlib.util.spec_from_file_location(
        "ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
    )
    sys.modules["ecosecnet"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["ecosecnet"])
    faults, count = [], 0
    files = [ROOT / "plugin.py", *sorted((ROOT / "algorithms").rglob("*.py"))]
    for path in files:
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(("ecosecnet", *parts)).removesuffix(".__init__")
        try:
            importlib.import_module(name)
            count += 1
        except Exception as error:
            faults.append(f"{path.relative_to(ROOT)}: {type(error).__name__}: {error}")
    print(f"{count} of {len(files)} modules load with PyQt {sys.modules['PyQt6.QtCore'].PYQT_VERSION_STR}")
    return faults


def main():
    """Print the faults; return how many."""
    faults = faults_of_types() + faults_of_imports()
    print("\n".join(faults))
    print(f"Qt 6: {len(faults)} findings")
    return len(faults)


if __name__ == "__main__":
    sys.exit(bool(main()))
