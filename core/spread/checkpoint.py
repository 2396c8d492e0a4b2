"""A folder that keeps the results of pieces, so that a run that was ended goes on, and that several can share a run."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..errors import EcoSecNetError, InputError, ShardDone
from ..monitor import Monitor
from . import codec, software
from .job import Job
from .shard import Shard

_NOTE = "tool.json"

Partials = Callable[[Sequence[int], Monitor], Iterator[Any]]
"""Is given numbers of pieces and a monitor, and yields their results in this order."""

_SLICE = 2**26
"""Bytes that are hashed between two looks at whether the user has cancelled."""


class CheckpointError(EcoSecNetError):
    """A chunk cannot be written."""


class Checkpoint:
    """A folder that keeps the results of pieces.

    Each computation of a run that is spread has a folder of its own there, numbered in their order. A run of other inputs,
    with other parameters or by another version is refused, so that nothing in the folder is lost.

    Parameters
    ----------
    folder : str
        Made if it is not there, though not the folder it lies in.
    shard : Shard, optional
        The share of the pieces that is worked out; the run then ends with `ShardDone`.
    whole : bool
        The results of all pieces must be there; a missing one ends the run.

    Raises
    ------
    InputError
        If the folder cannot be used.
    """

    def __init__(self, folder: str, *, shard: Shard | None = None, whole: bool = False) -> None:
        self.folder = Path(folder).absolute()  # workers of a scheduler are elsewhere
        self._shard, self._whole = shard, whole
        self._begun = 0
        _check_place(self.folder, written=not whole)

    def noted(self, run: dict[str, Any]) -> dict[str, Any]:
        """Return what is noted of the run that the folder belongs to; without a note, note this."""
        path = self.folder / _NOTE
        begun_without_shards = _part(self.folder, 1).exists()  # which is refused as soon as the inputs are known
        if not path.exists() and not begun_without_shards:
            with _writing(path):
                _replace(path, lambda part: part.write_text(json.dumps(run, indent=1), encoding="utf-8"))
        return self.note() or run

    def note(self) -> dict[str, Any] | None:
        """Return what is noted of the run; None if nothing is.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        path = self.folder / _NOTE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            found = None
        if not isinstance(found, dict):
            raise InputError(f"{path} cannot be read. {_ANOTHER_FOLDER}")
        return found

    def partials(self, job: Job, work: Partials, monitor: Monitor) -> Iterator[Any]:
        """Yield the results of all pieces of a job in their order: those found, and those that `work` yields."""
        self._begun += 1
        chunks = _Chunks(_part(self.folder, self._begun), job, monitor)
        chunks.enter(self._shard, made=not (self._whole and self._begun == 1))
        wanted = self._shard.share(len(job.pieces)) if self._shard else range(len(job.pieces))
        found = {number for number in wanted if chunks.hold(number)}
        missing = [number for number in wanted if number not in found]
        if found or self._whole:
            monitor.info(f"{len(found)} of {len(wanted)} chunks found in {self.folder}.")
        if missing and self._whole and self._begun == 1:
            raise InputError(chunks.missing(missing))
        heard = _Heard(monitor.part(len(found) / max(1, len(wanted)), 1.0))
        with closing(cast("Any", work(missing, heard))) as results:
            for number in wanted:
                if number in found:
                    if self._shard is None:
                        yield chunks.read(number)
                    continue
                result = next(results)
                chunks.write(number, result, heard.taken())
                if self._shard is None:
                    yield result
        if self._shard is not None:
            raise ShardDone(
                f"Shard {self._shard} is done: {len(missing)} of {len(job.pieces)} chunks computed"
                + (f", {len(found)} found" if found else "")
                + f", in {self.folder}. No outputs are written; 'combineshards' makes them when all shards are done."
            )


def _part(folder: Path, number: int) -> Path:
    return folder / f"part_{number}"


class _Chunks:
    """The results of the pieces of one computation, in files."""

    def __init__(self, folder: Path, job: Job, monitor: Monitor) -> None:
        self._folder, self._monitor = folder, monitor
        self._run = {
            "task": codec.name_of(job.task),
            "code": software.core_hash(),
            "inputs": _content_hash([job.shared, list(job.pieces)], monitor),
            "chunks": len(job.pieces),
        }
        self._key = _content_hash(self._run, monitor)
        self._shards: int | None = None

    def enter(self, shard: Shard | None, *, made: bool) -> None:
        """See that the folder is for this; if it is not there, have it `made` with a note what it is for."""
        shards = self._shards = shard.count if shard else None
        note = self._folder / "run.json"
        try:
            noted = json.loads(note.read_text(encoding="utf-8"))
            kept, packages, sharded = dict(noted["run"]), dict(noted["packages"]), noted["shards"]
        except FileNotFoundError:
            if not made:
                raise InputError(f"There are no chunks in {self._folder.parent}. Run the shards first.") from None
            if self._folder.exists() and any(self._folder.glob("chunk_*.npz")):
                raise InputError(f"{note} is missing, so that nobody knows what these chunks belong to.") from None
            text = json.dumps({"run": self._run, "shards": shards, "packages": software.packages()}, indent=1)
            with _writing(note):
                self._folder.mkdir(exist_ok=True)
                _replace(note, lambda path: path.write_text(text, encoding="utf-8"))
            return
        except (OSError, ValueError, KeyError, TypeError):
            raise InputError(f"{note} cannot be read. {_ANOTHER_FOLDER}") from None
        for part, what in _DIFFERENCES.items():
            if kept.get(part) != self._run[part]:
                raise InputError(
                    f"{self._folder.parent} holds chunks of a run {what}. None of them can be used, and none is touched. "
                    f"{_ANOTHER_FOLDER}"
                )
        if shard and sharded != shards:
            was = f"{sharded} shards" if sharded else "a run without shards"
            raise InputError(
                f"{self._folder.parent} was begun as {was}, and SHARD is {shard}. Give the same number"
                + (f" (SHARD=array/{sharded} where only some of an array are run again)." if sharded else ", or none.")
            )
        self._shards = sharded
        if packages != software.packages():
            self._monitor.warn(
                f"The chunks in {self._folder.parent} were begun with {software.in_words(packages)}; this is "
                f"{software.in_words(software.packages())}. Results can differ in the last digits."
            )

    def _path(self, number: int) -> Path:
        return self._folder / f"chunk_{number:05}.npz"

    def hold(self, number: int) -> bool:
        """Return whether the result of a piece is there, whole, and of this run."""
        self._monitor.check()
        path = self._path(number)
        try:
            with zipfile.ZipFile(path) as archive:
                damaged = archive.testzip()
            with np.load(path) as held:
                if damaged is None and str(held["run"]) == self._key:
                    return True
        except FileNotFoundError:
            return False
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError):
            pass
        self._monitor.warn(f"{path} is damaged or of another run; the chunk is computed again.")
        return False

    def read(self, number: int) -> Any:
        """Return the result of a piece, and say what was said when it was worked out."""
        with np.load(self._path(number)) as held:
            tree = json.loads(str(held["tree"]))
            arrays = [held[f"array_{k}"] for k in range(len(held.files) - 2)]
        said, result = codec.decode(tree, arrays)
        for warning, text in said:
            (self._monitor.warn if warning else self._monitor.info)(text)
        return result

    def write(self, number: int, result: Any, said: list[tuple[bool, str]]) -> None:
        """Keep the result of a piece and what was said over it."""
        arrays: list[np.ndarray[Any, Any]] = []
        tree = json.dumps(codec.encode([said, result], arrays))
        held = {"run": np.array(self._key), "tree": np.array(tree)}
        held.update({f"array_{k}": array for k, array in enumerate(arrays)})

        def write(path: Path) -> None:
            with path.open("wb") as file:
                np.savez(file, **cast("Any", held))

        path = self._path(number)
        with _writing(path):
            _replace(path, write)

    def missing(self, numbers: Sequence[int]) -> str:
        """Return what to say of pieces whose results are not there."""
        some = f"{len(numbers):,} of {self._run['chunks']:,} chunks are missing in {self._folder.parent}"
        if not self._shards:
            return f"{some}: it was not begun in shards. Run the tool itself again with this CHECKPOINT."
        shards = sorted({number % self._shards + 1 for number in numbers})
        listed = ",".join(map(str, shards))
        return (
            f"{some}: shard{'s' if len(shards) > 1 else ''} {listed.replace(',', ', ')} of {self._shards} not done. Run "
            f"{'them' if len(shards) > 1 else 'it'} again (sbatch --array={listed} with SHARD=array/{self._shards})."
        )


_ANOTHER_FOLDER = "Choose another folder, or delete this one if the run it belongs to is not wanted any more."

_DIFFERENCES = {
    "task": "of another tool or mode",
    "code": "by another version of EcoSecNet",
    "inputs": "with other inputs or parameters",
    "chunks": "with other inputs or parameters",
}


def _content_hash(value: object, monitor: Monitor) -> str:
    """Return a hash of a value that is the same for equal contents, whatever layers or files they came from.

    Examples
    --------
    >>> from ..monitor import SILENT
    >>> one, same, other = (_content_hash([np.array(values), "a"], SILENT) for values in ([1, 2], [1, 2], [1, 3]))
    >>> one == same, one == other
    (True, False)
    """
    arrays: list[np.ndarray[Any, Any]] = []
    tree = codec.encode(value, arrays)
    found = hashlib.sha256(json.dumps(tree).encode())
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        flat = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for first in range(0, flat.size, _SLICE):
            monitor.check()
            found.update(flat[first : first + _SLICE].data)
    return found.hexdigest()


class _Heard(Monitor):
    """Passes on what is said, and keeps it for the chunk it is said over."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._said: list[tuple[bool, str]] = []

    def taken(self) -> list[tuple[bool, str]]:
        """Return what has been said since the last time."""
        said, self._said = self._said, []
        return said

    def cancelled(self) -> bool:
        return self._monitor.cancelled()

    def progress(self, fraction: float) -> None:
        self._monitor.progress(fraction)

    def info(self, text: str) -> None:
        self._said.append((False, text))
        self._monitor.info(text)

    def warn(self, text: str) -> None:
        self._said.append((True, text))
        self._monitor.warn(text)


def _check_place(folder: Path, *, written: bool) -> None:
    """Raise `InputError` for a folder that cannot be used; make it if it is to be written to."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file. CHECKPOINT is a folder: give another name.")
    if not folder.exists():
        if not written:
            raise InputError(f"The folder {folder} does not exist. Give the CHECKPOINT that the shards were run with.")
        if not folder.parent.is_dir():
            raise InputError(
                f"{folder} cannot be made, as there is no folder {folder.parent} on this computer. Give a folder that is "
                "there, on every computer that takes part."
            )
    if written:
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise InputError(
                f"{folder} cannot be written ({error.strerror}). Choose a CHECKPOINT folder that you may write to."
            ) from None


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the system says of a file that cannot be written into a sentence."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written ({error.strerror}). The chunks that are there stay good: run this again with the same "
            "CHECKPOINT when it can."
        ) from None


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or not at all, also where several processes write it at a time."""
    part = path.with_name(f"{path.stem}.{secrets.token_hex(6)}.part")
    try:
        write(part)
        os.replace(part, path)
    except FileNotFoundError:  # another process has cleared it away, see below; the file it has written is as good
        if not path.exists():
            raise
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    for left in path.parent.glob(f"{path.stem}.*.part"):  # by a process that was killed
        with suppress(OSError):
            left.unlink()
