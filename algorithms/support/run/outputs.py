"""The outputs of a run as a set: they lie aside until all are complete and then take their places together."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from io import FileIO
from typing import Callable

from ....core.errors import EcoSecNetError
from . import owners

_UNFINISHED = ".unfinished-"
_PARTS = ("former", "new", "scratch")

_COMPANIONS = (".aux.xml", ".ovr", ".msk", "-wal", "-shm", "-journal")
"""What GDAL and SQLite keep beside a file; it must not outlive the file it belongs to."""

_INDEXES = {".shp": (".qix", ".sbn", ".sbx", ".cpg"), ".csv": (".csvt",)}
"""What other programs keep beside a file, under its name with another ending."""


class OutputError(EcoSecNetError):
    """A result cannot be written."""


def identity(path: str) -> object:
    """Return what two paths of one file have in common: links, spellings, and letters where the disk does not tell case."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        folder, file = os.path.split(os.path.realpath(path))
        other = os.path.join(os.path.dirname(folder), os.path.basename(folder).swapcase())
        same = os.path.exists(folder) and os.path.exists(other) and os.path.samefile(folder, other)
        return identity(folder) if not file else (identity(folder), file.lower() if same else os.path.normcase(file))
    return found.st_dev, found.st_ino


class Outputs:
    """Keeps what a run writes aside, beside its places, and moves it there when everything is complete.

    Whatever a format writes beside a file moves with it. What stands in the way is put aside first and put back when
    anything fails, so that the results of an earlier run stay whole until the new ones are. What runs that were killed
    have left beside its places is cleared up.

    Parameters
    ----------
    warn : callable
        Is given what the user must know of files that a killed run had put aside.
    """

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self.inputs: set[object] = set()
        """Identities of files that must not be replaced."""
        self._aside: dict[str, str] = {}
        self._owned: list[FileIO] = []
        self._made: list[str] = []
        self._last: list[Callable[[], None]] = []
        self._gone: list[str] = []

    def path(self, target: str) -> str:
        """Return where to write a file until the run is complete."""
        folder, file = os.path.split(os.path.realpath(target))
        return os.path.join(self._beside(folder), "new", file)

    def folder(self, target: str) -> str:
        """Return where to write the files of a folder until the run is complete."""
        return os.path.join(self._beside(os.path.realpath(target)), "new")

    def scratch(self, target: str) -> str:
        """Return where to write a file that is no output itself, on the disk of the output it serves."""
        folder, file = os.path.split(os.path.realpath(target))
        return os.path.join(self._beside(folder), "scratch", file)

    def at_the_end(self, write: Callable[[], None]) -> None:
        """Have something written that cannot be moved, such as a table of a database, when all else is in place."""
        self._last.append(write)

    def remove(self, target: str) -> None:
        """Have a file that an earlier run has left removed when everything is complete."""
        folder, file = os.path.split(os.path.realpath(target))
        self._beside(folder)
        self._gone.append(os.path.join(folder, file))

    def written(self) -> list[tuple[str, str]]:
        """Return the files that lie aside, and where they will be."""
        return [(source, target) for source, target, _ in self._moves()]

    def move(self) -> None:
        """Move everything to its place.

        Raises
        ------
        OutputError
            If that cannot be; then everything is as it was before the run.
        """
        moved: list[tuple[str, str]] = []
        try:
            for source, target, former in self._moves():
                if os.path.exists(target) and identity(target) in self.inputs:
                    raise OutputError(
                        f"{target} is an input of this run and cannot be replaced. Choose another folder."
                    )
                for one in _set_of(target, os.path.dirname(source)):
                    _rename(one, os.path.join(former, os.path.basename(one)), moved, target)
                _rename(source, target, moved, target)
            for target in self._gone:
                aside = self._aside[os.path.dirname(target)]
                for one in _set_of(target, os.path.join(aside, "new")) if identity(target) not in self.inputs else ():
                    if os.path.exists(one):
                        _rename(one, os.path.join(aside, "former", os.path.basename(one)), moved, target)
            for write in self._last:
                write()
        except BaseException:
            kept = dict(self._aside)
            self._aside.clear()  # should putting back fail, nothing is deleted
            for source, target in reversed(moved):
                os.replace(target, source)
            self._aside.update(kept)
            raise
        self.discard()

    def discard(self) -> None:
        """Remove everything that lies aside, and folders that were made for it and hold nothing."""
        self._remove_aside()
        for folder in self._made:
            with contextlib.suppress(OSError):  # others may have put something there
                os.rmdir(folder)

    def _remove_aside(self) -> None:
        for folder in self._aside.values():
            for part in _PARTS:
                shutil.rmtree(os.path.join(folder, part), ignore_errors=True)
        while self._owned:  # Windows removes no open file
            self._owned.pop().close()
        for folder in self._aside.values():
            shutil.rmtree(folder, ignore_errors=True)
        self._aside.clear()

    def _beside(self, folder: str) -> str:
        if folder not in self._aside:
            try:
                self._make(folder)
                _clear_up(folder, self._warn)
                self._aside[folder] = tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder)
                self._owned.append(owners.own(self._aside[folder]))
                for part in _PARTS:
                    os.mkdir(os.path.join(self._aside[folder], part))
            except OSError as error:
                raise OutputError(
                    f"{folder} cannot be written ({error.strerror}). Choose a folder that you may write to."
                ) from None
        return self._aside[folder]

    def _make(self, folder: str) -> None:
        missing = []
        while not os.path.exists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for one in reversed(missing):
            os.mkdir(one)
            self._made.insert(0, one)

    def _moves(self) -> Iterator[tuple[str, str, str]]:
        for folder, aside in self._aside.items():
            new = os.path.join(aside, "new")
            # GeoPackages go first: they are what another program may hold open.
            for file in sorted(os.listdir(new), key=lambda name: (not name.endswith(".gpkg"), name)):
                yield os.path.join(new, file), os.path.join(folder, file), os.path.join(aside, "former")


def _clear_up(folder: str, warn: Callable[[str], None]) -> None:
    """Remove what killed runs have left in a folder, and put back what they had put aside."""
    with os.scandir(folder) as entries:
        left = sorted(entry.path for entry in entries if entry.name.startswith(_UNFINISHED))
    for aside in left:
        owner = owners.inherit(aside)
        if owner is None:
            continue
        with owner:
            kept = _put_back(aside, folder, warn)
        if kept:
            warn(
                f"{os.path.join(aside, 'former')} holds {kept} file(s) that a run which was killed had replaced, the "
                "results before it. They are kept: move them elsewhere, or delete that folder."
            )
        else:
            shutil.rmtree(aside, ignore_errors=True)


def _put_back(aside: str, folder: str, warn: Callable[[str], None]) -> int:
    """Put back the files whose successors have not come to their places; return how many others there are."""
    former, new = os.path.join(aside, "former"), os.path.join(aside, "new")
    back = []
    try:
        for file in os.listdir(new):
            for name in (file, *_beside_name(file)):
                source, target = os.path.join(former, name), os.path.join(folder, name)
                if os.path.exists(source) and not os.path.exists(target):
                    os.rename(source, target)
                    back.append(name)
        kept = len(os.listdir(former))
    except FileNotFoundError:  # killed while the folder was made or removed
        return 0
    if back:
        warn(f"A run was killed while its outputs took their places; put back in {folder}: {', '.join(sorted(back))}.")
    return kept


def _beside_name(target: str) -> Iterator[str]:
    """Yield what other programs may keep beside a file."""
    stem, ending = os.path.splitext(target)
    yield from (target + companion for companion in _COMPANIONS)
    yield from (stem + index for index in _INDEXES.get(ending.lower(), ()))


def _set_of(target: str, new: str) -> Iterator[str]:
    """Yield what an earlier run has left under the name of a file, except companions that are themselves replaced."""
    if os.path.isdir(target):
        raise OutputError(f"{target} is a folder, so that no file of that name can be written. Choose another name.")
    if os.path.exists(target):
        yield target
    for one in _beside_name(target):
        if os.path.exists(one) and not os.path.exists(os.path.join(new, os.path.basename(one))):
            yield one


def _rename(source: str, target: str, moved: list[tuple[str, str]], wanted: str) -> None:
    try:
        os.replace(source, target)
    except OSError as error:
        raise OutputError(
            f"{wanted} cannot be replaced ({error.strerror}); is it open in QGIS or elsewhere? Remove its layers from "
            "the project, or choose another place."
        ) from None
    moved.append((source, target))
