"""Values that a setting could as well have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError
from ..lists import parse_number, parse_numbers, plain_text

_RANGE = re.compile(r"^\s*([\d.,]+)\s*(?:-|~|\u2013|to|\u5230)\s*([\d.,]+)\s*$")
"""Two numbers with a dash or a word between."""


@dataclass(frozen=True)
class Setting:
    """Values of a setting: one of a list, or anything between two.

    Attributes
    ----------
    values : tuple of float
        The list, or the two ends.
    between : bool
        Whether they are ends.
    """

    values: tuple[float, ...]
    between: bool = False

    def at(self, uniform: float) -> float:
        """Return the value of a uniform number between 0 and 1."""
        if self.between:
            return self.values[0] + uniform * (self.values[1] - self.values[0])
        return self.values[int(uniform * len(self.values))]


def parse_setting(text: str, what: str, *, low: float = 0.0) -> Setting:
    """Return the values in a line of text: a list such as "1000, 2000, 4000", or a range such as "1000-4000".

    Raises
    ------
    InputError
        If it is neither, or a value is below `low`; `what` names the setting in the message.

    Examples
    --------
    >>> parse_setting("1000, 2000", "Cutoffs"), parse_setting("1000-4000", "Cutoffs").between
    (Setting(values=(1000.0, 2000.0), between=False), True)
    """
    found = _RANGE.match(plain_text(text))
    if found is None:
        setting = Setting(tuple(parse_numbers(text, what)))
    else:
        ends = tuple(parse_number(end, what) or 0.0 for end in found.groups())
        if not ends[0] < ends[1]:
            raise InputError(f"{what}: {text.strip()} does not go up. Write the smaller number first.")
        setting = Setting(ends, between=True)
    if any(value < low for value in setting.values):
        raise InputError(f"{what}: {min(setting.values):g} is below {low:g}.")
    return setting
