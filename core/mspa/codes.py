"""The byte codes of MSPA, their classes, names and official colours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..errors import InputError
from ..types import Array, IntArray

BACKGROUND, CORE, ISLET, PERFORATION, EDGE, LOOP, BRIDGE, BRANCH, MISSING = 0, 1, 2, 3, 4, 5, 6, 7, 255
"""Background, the seven classes and missing, as `seven_classes` numbers them."""

CLASS_NAMES = {
    BACKGROUND: "Background",
    CORE: "Core",
    ISLET: "Islet",
    PERFORATION: "Perforation",
    EDGE: "Edge",
    LOOP: "Loop",
    BRIDGE: "Bridge",
    BRANCH: "Branch",
    MISSING: "Missing",
}

INTERNAL = 100
"""Added to the code of a cell that lies inside a core hole; by itself, the background there."""
BORDER_OPENING = 220
"""Background enclosed by foreground, but not by core."""
MISSING_CODE = 129

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""


class Code(NamedTuple):
    """A byte value of the code raster.

    Attributes
    ----------
    code : int
        The value.
    class_ : int
        Class as GuidosToolbox counts it: a connector cell in an edge or perforation belongs to that.
    name : str
        Name for a legend.
    colour : tuple of int
        Official colour with transition on: connectors are drawn through edges and perforations.
    plain_colour : tuple of int
        Official colour with transition off: edges and perforations are drawn closed.
    """

    code: int
    class_: int
    name: str
    colour: Colour
    plain_colour: Colour

    @property
    def drawn_class(self) -> int:
        """Class by colour with transition on: a connector cell in an edge or perforation is bridge or loop."""
        if self.class_ in (EDGE, PERFORATION) and self.colour != self.plain_colour:
            return BRIDGE if self.colour == _COLOURS[BRIDGE] else LOOP
        return self.class_


_COLOURS: dict[int, Colour] = {
    BACKGROUND: (220, 220, 220),
    MISSING: (255, 255, 255),
    CORE: (0, 200, 0),
    ISLET: (160, 60, 0),
    PERFORATION: (0, 0, 255),
    EDGE: (0, 0, 0),
    LOOP: (255, 255, 0),
    BRIDGE: (255, 0, 0),
    BRANCH: (255, 140, 0),
}

_FOREGROUND = (
    # external code, class, name, class whose colour it has with transition on
    (17, CORE, "Core", CORE),
    (9, ISLET, "Islet", ISLET),
    (5, PERFORATION, "Perforation", PERFORATION),
    (3, EDGE, "Edge", EDGE),
    (65, LOOP, "Loop", LOOP),
    (67, EDGE, "Loop in edge", LOOP),
    (69, PERFORATION, "Loop in perforation", LOOP),
    (33, BRIDGE, "Bridge", BRIDGE),
    (35, EDGE, "Bridge in edge", BRIDGE),
    (37, PERFORATION, "Bridge in perforation", BRIDGE),
    (1, BRANCH, "Branch", BRANCH),
)


def _table() -> tuple[Code, ...]:
    foreground = [
        Code(code + inside, class_, name + suffix, _COLOURS[drawn], _COLOURS[class_])
        for inside, suffix in ((0, ""), (INTERNAL, " (internal)"))
        for code, class_, name, drawn in _FOREGROUND
    ]
    rest = [
        Code(0, BACKGROUND, "Background", _COLOURS[BACKGROUND], _COLOURS[BACKGROUND]),
        Code(INTERNAL, BACKGROUND, "Core-opening", (136, 136, 136), (136, 136, 136)),
        Code(BORDER_OPENING, BACKGROUND, "Border-opening", (194, 194, 194), (194, 194, 194)),
        Code(MISSING_CODE, MISSING, "Missing", _COLOURS[MISSING], _COLOURS[MISSING]),
    ]
    return tuple(foreground + rest)


CODES = _table()
"""All byte values, in the order of a legend."""


def class_colour(class_: int) -> Colour:
    """Return the official colour of one of the classes that `seven_classes` numbers.

    Examples
    --------
    >>> class_colour(1)
    (0, 200, 0)
    """
    return _COLOURS[class_]


def seven_classes(codes: IntArray, *, transition: bool = True) -> Array:
    """Return the seven classes of a code raster.

    Parameters
    ----------
    codes : ndarray, int, any shape
        Codes as `mspa` returns them.
    transition : bool
        Where a bridge or loop runs through an edge or perforation: True gives the cells to the bridge or loop, as
        GuidosToolbox draws its map by default; False to the edge or perforation, as its statistics count them.

    Returns
    -------
    ndarray, uint8, same shape
        0 background, 1 core, 2 islet, 3 perforation, 4 edge, 5 loop, 6 bridge, 7 branch, 255 missing.

    Raises
    ------
    InputError
        If a value is not an MSPA code.

    Examples
    --------
    >>> seven_classes(np.array([17, 9, 3, 33, 0, 129])).tolist()
    [1, 2, 4, 6, 0, 255]
    """
    codes = np.asarray(codes)
    unknown = np.full(256, True)
    table = np.full(256, BACKGROUND, np.uint8)
    for code in CODES:
        unknown[code.code] = False
        table[code.code] = code.drawn_class if transition else code.class_
    if codes.size and (codes.min() < 0 or codes.max() > 255 or unknown[codes].any()):
        known = [code.code for code in CODES]
        strange = [int(value) for value in np.unique(codes) if value not in known]
        raise InputError(
            f"The raster holds {_listed(strange)}, which are not MSPA codes. Use the code raster that the MSPA tool "
            "or GuidosToolbox writes, without core size groups."
        )
    return table[codes]


def _listed(values: list[int], most: int = 6) -> str:
    text = ", ".join(str(value) for value in values[:most])
    return text + (f" and {len(values) - most} more values" if len(values) > most else "")
