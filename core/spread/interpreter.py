"""The Python that other processes are started with: inside QGIS, `sys.executable` is QGIS itself on some systems."""

from __future__ import annotations

import os
import subprocess  # nosec B404 - starts the Python of this very program, from a list, without a shell
import sys
from functools import cache
from pathlib import Path

import numpy as np
import scipy

_QUICK = 60.0
"""Seconds in which a Python has to be ready."""

_VERSIONS = "import numpy, scipy, sys; print(*sys.version_info[:2], numpy.__version__, scipy.__version__)"

_START = """
import importlib, os, sys, types
if sys.path[:1] == [""]:
    del sys.path[0]
package, folder, scratch = sys.argv[1:]
names = package.split(".")[:-1]
for count in range(1, len(names) + 1):
    module = types.ModuleType(".".join(names[:count]))
    module.__path__ = [os.path.dirname(folder)]
    sys.modules[module.__name__] = module
importlib.import_module(package + ".spread.worker").main(scratch)
"""
"""Starts a worker on the core in a folder, under the name that it has here, without the rest of the plugin."""

WITHOUT_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
"""Flag that keeps Windows from opening a console."""


def candidates(platform: str, executable: str, prefix: str) -> list[Path]:
    """Return where the Python of a program may be, likeliest first.

    Parameters
    ----------
    platform : str
        As `sys.platform`.
    executable : str
        Program that runs, as `sys.executable`; may be empty.
    prefix : str
        Folder of its Python, as `sys.exec_prefix`.

    Examples
    --------
    >>> [path.as_posix() for path in candidates("linux", "", "/usr")][-1]
    '/usr/bin/python3'
    """
    own, root = Path(executable), Path(prefix)
    found = [own] if own.name.lower().startswith("python") else []
    if platform == "win32":
        return [*found, root / "python.exe", root / "python3.exe"]
    if platform == "darwin":
        found += [own.parent / "bin" / "python3", own.parent / "python3"] if executable else []
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return [*found, root / "bin" / version, root / "bin" / "python3"]


@cache
def find_python() -> str | None:
    """Return a Python with the same NumPy and SciPy as this program; None if there is none.

    Examples
    --------
    >>> python = find_python()
    >>> python is None or Path(python).is_file()
    True
    """
    wanted = f"{sys.version_info[0]} {sys.version_info[1]} {np.__version__} {scipy.__version__}"
    for path in candidates(sys.platform, sys.executable or "", sys.exec_prefix):
        if path.is_file() and _answer(str(path)) == wanted:
            return str(path)
    return None


def _answer(python: str) -> str:
    try:
        return (
            subprocess.run(  # noqa: S603 # nosec B603 - a fixed text, given to a Python found beside this one
                [python, "-c", _VERSIONS],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                timeout=_QUICK,
                creationflags=WITHOUT_WINDOW,
                check=False,
            )
            .stdout.decode(errors="replace")
            .strip()
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""


def command(python: str, scratch: Path) -> list[str]:
    """Return the command that starts a worker with a folder for scratch files."""
    from .codec import CORE

    return [python, "-c", _START, CORE, str(Path(__file__).resolve().parents[1]), str(scratch)]


def environment() -> dict[str, str]:
    """Return the environment of a worker: packages from the same places, and one thread for each library."""
    threads = ("OPENBLAS", "OMP", "MKL", "BLIS", "NUMEXPR", "NUMBA")
    one = {f"{library}_NUM_THREADS": "1" for library in threads}
    one["VECLIB_MAXIMUM_THREADS"] = "1"
    return {**os.environ, **one, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
