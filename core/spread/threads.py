"""How many threads the linear algebra below NumPy and SciPy uses: with another number, sums have other last bits."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

_LIBRARIES = re.compile(r"openblas|mkl_rt|blis|blas\.so", re.IGNORECASE)
"""Names of the files of libraries that use threads."""

_CONTROLS = (
    *(
        (f"{maker}openblas_get_num_threads{build}", f"{maker}openblas_set_num_threads{build}")
        for maker in ("", "scipy_")
        for build in ("", "64_", "_64")
    ),
    ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
    ("bli_thread_get_num_threads", "bli_thread_set_num_threads"),
)
"""What the functions are called that get and set the number, by library and by how it was built."""


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Have linear algebra done by one thread, as in the processes of a crew."""
    before = [(put, get()) for get, put in _controls()]
    try:
        for put, _ in before:
            put(1)
        yield
    finally:
        for put, count in before:
            put(count)


def _controls() -> Iterator[tuple[Any, Any]]:
    """Yield what gets and what sets the number of threads of every library that is loaded and can be told."""
    paths: set[str] = set()
    with contextlib.suppress(OSError):
        paths = _loaded()
    for path in sorted(paths):
        if not _LIBRARIES.search(os.path.basename(path)):
            continue
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(path)
            for names in _CONTROLS:
                if all(hasattr(library, name) for name in names):
                    yield tuple(getattr(library, name) for name in names)
                    break


def _loaded() -> set[str]:
    """Return the paths of the libraries of this process; none where the system does not tell."""
    if sys.platform.startswith("linux"):
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as lines:
            return {line.rstrip("\n").split(maxsplit=5)[5] for line in lines if "/" in line}
    if sys.platform == "darwin":
        system = ctypes.CDLL(None)
        name = system["_dyld_get_image_name"]
        name.restype = ctypes.c_char_p
        return {os.fsdecode(name(number)) for number in range(system["_dyld_image_count"]())}
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        modules, text, size = (ctypes.c_void_p * 4096)(), ctypes.create_unicode_buffer(1024), ctypes.c_ulong()
        process = ctypes.c_void_p(-1)  # this one
        if kernel["K32EnumProcessModules"](process, modules, ctypes.sizeof(modules), ctypes.byref(size)):
            found = set()
            for module in modules[: min(size.value // ctypes.sizeof(ctypes.c_void_p), 4096)]:
                if kernel["GetModuleFileNameW"](ctypes.c_void_p(module), text, 1024):
                    found.add(text.value)
            return found
    return set()
