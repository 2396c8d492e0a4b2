"""The choices of the methods: what tools list, what functions take and what files hold come from the same place.

On the ground floor, so that tools can list them without loading the rooms.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TypeVar

from .errors import InputError

C = TypeVar("C", bound="Choice")


class Choice(Enum):
    """One way among several; the value is its key in code and files, `label` what people read.

    Examples
    --------
    >>> CorrectionMethod.of("multiply").label
    'Multiply by the value'
    """

    label: str

    def __new__(cls, key: str, label: str) -> Choice:
        """Make a member from its key and its label."""
        member = object.__new__(cls)
        member._value_ = key
        member.label = label
        return member

    @classmethod
    def of(cls: type[C], value: C | str) -> C:
        """Return the member of a key (or the member itself).

        Raises
        ------
        InputError
            If there is none; the message lists the keys.
        """
        for member in cls:
            if value in (member, member.value):
                return member
        what = re.sub(r"(?<!^)([A-Z])", r" \1", cls.__name__).lower()
        keys = ", ".join(str(member.value) for member in cls)
        raise InputError(f"There is no {what} {value!r}. Choose one of: {keys}.")


class CorrectionMethod(Choice):
    """How a correction raster changes the resistance."""

    MEAN_RATIO = "value / mean", "Multiply by value / mean"
    MULTIPLY = "multiply", "Multiply by the value"
    ADD = "add weighted", "Add weight x value"
    NORMALISED = "1 + weight x normalised value", "Multiply by 1 + weight x normalised value"
