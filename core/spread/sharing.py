"""Arrays that several processes read, kept in files that each of them maps into its memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import codec
from .job import Job

_WORTH_A_FILE = 2**16
"""Bytes of an array from which on it is passed as a file."""


def store(shared: object, folder: Path) -> dict[str, Any]:
    """Write the large arrays of a value into a folder; return what `codec.write` can pass on of it."""
    arrays: list[np.ndarray[Any, Any]] = []
    tree = codec.encode(shared, arrays)
    held: list[Any] = []
    for number, array in enumerate(arrays):
        if array.nbytes < _WORTH_A_FILE:
            held.append(array)
        else:
            held.append(f"shared_{number}.npy")
            np.save(folder / held[-1], array, allow_pickle=False)
    return {"tree": [tree], "arrays": held}


def describe(job: Job, folder: Path) -> bytes:
    """Write the large arrays of a job into a folder; return what a `Worker` needs to know of it, packed."""
    prepare = job.prepare and codec.name_of(job.prepare)
    shared = store(job.shared, folder)
    return codec.pack({"task": codec.name_of(job.task), "prepare": prepare, "shared": shared, "folder": folder.name})


def load(stored: dict[str, Any], folder: Path) -> Any:
    """Return the value; its large arrays are mapped.

    They can be written to, though none of it gets into the file: compiled code takes arrays that are read-only for
    another type, and some of SciPy does not take them at all.
    """
    arrays = [
        np.asarray(np.load(folder / one, mmap_mode="c", allow_pickle=False)) if isinstance(one, str) else one
        for one in stored["arrays"]
    ]
    return codec.decode(stored["tree"][0], arrays)
