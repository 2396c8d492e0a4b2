"""Values as bytes: JSON for numbers, texts and structure, the npy format for arrays. Reading them runs no code."""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Protocol

import numpy as np

CORE = __name__.rsplit(".", 2)[0]
"""The package of the core, which has another name where the folder of the plugin has."""


class Reader(Protocol):
    """A stream of bytes to read."""

    def read(self, size: int, /) -> bytes:
        """Return so many bytes, fewer at the end."""
        ...


class Writer(Protocol):
    """A stream of bytes to write."""

    def write(self, data: bytes, /) -> Any:
        """Write all of them."""
        ...


def write(stream: Writer, value: object) -> None:
    """Write a value.

    Parameters
    ----------
    stream : Writer
        A file or a pipe.
    value : object
        Numbers, texts, None, lists, tuples, dictionaries, slices, arrays without objects, and members of the
        enumerations and data classes of the core, one within the other. Of a data class the fields that it is made from
        are written.

    Raises
    ------
    TypeError
        If there is something else in it.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> write(file, {"rows": (0, 2), "sum": np.array([1.5, np.nan])})
    >>> _ = file.seek(0)
    >>> read(file)
    {'rows': (0, 2), 'sum': array([1.5, nan])}
    """
    arrays: list[np.ndarray[Any, Any]] = []
    text = json.dumps([encode(value, arrays), len(arrays)]).encode()
    stream.write(len(text).to_bytes(8, "big"))
    stream.write(text)
    target: Any = _Stream(write=stream.write)
    for array in arrays:
        np.lib.format.write_array(target, array, allow_pickle=False)


def read(stream: Reader) -> Any:
    """Return the value that `write` has written.

    Raises
    ------
    EOFError, ValueError
        If the stream ends before, or holds something else.
    """
    size = int.from_bytes(_exactly(stream, 8), "big")
    tree, count = json.loads(_exactly(stream, size))
    source: Any = _Stream(read=stream.read)
    arrays = [np.lib.format.read_array(source, allow_pickle=False) for _ in range(count)]
    return decode(tree, arrays)


def pack(value: object) -> bytes:
    """Return what `write` would write."""
    stream = io.BytesIO()
    write(stream, value)
    return stream.getvalue()


def unpack(data: bytes) -> Any:
    """Return the value that was packed."""
    return read(io.BytesIO(data))


class _Stream:
    """Hides that a pipe is a file, as NumPy would move back and forth in it."""

    def __init__(self, **methods: Callable[..., Any]) -> None:
        self.__dict__.update(methods)


def _exactly(stream: Reader, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def encode(value: object, arrays: list[np.ndarray[Any, Any]]) -> Any:
    """Return what JSON can hold of a value; its arrays are put into a list."""
    if isinstance(value, (np.ndarray, np.generic)):
        if value.dtype.hasobject:
            raise TypeError("An array of objects cannot be passed to another process.")
        arrays.append(np.asarray(value))
        return {"scalar" if isinstance(value, np.generic) else "array": len(arrays) - 1}
    if isinstance(value, Enum):
        return {"enum": [name_of(type(value)), value.name]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [encode(one, arrays) for one in value]
    if isinstance(value, tuple):
        return {"tuple": [encode(one, arrays) for one in value]}
    if isinstance(value, slice):
        return {"slice": [encode(one, arrays) for one in (value.start, value.stop, value.step)]}
    if isinstance(value, dict):
        return {"dict": [[encode(key, arrays), encode(one, arrays)] for key, one in value.items()]}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: encode(getattr(value, one.name), arrays) for one in dataclasses.fields(value) if one.init}
        return {"dataclass": [name_of(type(value)), fields]}
    raise TypeError(f"A {type(value).__name__} cannot be passed to another process.")


def decode(tree: Any, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
    """Return the value that was encoded."""
    if isinstance(tree, list):
        return [decode(one, arrays) for one in tree]
    if not isinstance(tree, dict):
        return tree
    ((kind, held),) = tree.items()
    if kind == "array":
        return arrays[held]
    if kind == "scalar":
        return arrays[held][()]
    if kind == "enum":
        return _kind_of_the_core(held[0])[held[1]]
    if kind == "dict":
        return {decode(key, arrays): decode(one, arrays) for key, one in held}
    if kind == "dataclass":
        return _kind_of_the_core(held[0])(**{name: decode(one, arrays) for name, one in held[1].items()})
    if kind == "tuple":
        return tuple(decode(held, arrays))
    if kind == "slice":
        return slice(*decode(held, arrays))
    raise ValueError(f"{kind!r} is no kind of value.")


def name_of(thing: Any) -> str:
    """Return the module and the name of a class or function; those of the core whatever its package is called."""
    module = thing.__module__
    if module.startswith(CORE + "."):
        module = module[len(CORE) :]
    return f"{module}:{thing.__qualname__}"


def named(name: str) -> Any:
    """Return the class or function of such a name."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module, CORE), attribute)


def _kind_of_the_core(name: str) -> Any:
    kind = named(name) if name.startswith(".") else None
    if not isinstance(kind, type) or not (issubclass(kind, Enum) or dataclasses.is_dataclass(kind)):
        raise ValueError(f"{name!r} is no kind of value of the core.")
    return kind
