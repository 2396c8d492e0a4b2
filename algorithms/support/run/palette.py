"""The colours of the product: maps, legends, reports and charts take theirs from here.

Red, green, blue from 0 to 255, and where there is a fourth number, the opacity.

Backgrounds (ramps, class maps) and marks on top of them (sources, corridors, pinch points, barriers) are chosen together.
A mark is drawn with a dark tone beside a light one, so that one of the two stands out wherever it lies: from black to
white no background comes closer than 3 : 1 to both (WCAG 2.1, success criterion 1.4.11, asks that of graphical objects).
Marks differ in hue along blue to yellow and in lightness, not in red against green, for colour-blind readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Colour = tuple  # (red, green, blue) or (red, green, blue, alpha), 0 to 255


class Mark(NamedTuple):
    """How areas or lines of a kind look on a map.

    Attributes
    ----------
    fill : Colour
        Of the area; what the legend shows first.
    edge : Colour
        Of its outline, next to the fill.
    halo : Colour
        Around the outline, its counterpart in lightness.
    """

    fill: Colour
    edge: Colour
    halo: Colour


WHITE, INK = (255, 255, 255), (40, 40, 40)
NAME_INK = (74, 64, 84)
"""Of the names of zones, behind what is labelled on them."""
TEXT_HALO = (255, 255, 255, 210)
CLEAR = (0, 0, 0, 0)

# Ramps, from low to high. Lightness runs one way along each, so that they also read in grey.
RESISTANCE = ((226, 239, 218), (246, 240, 210), (240, 212, 158), (222, 166, 116), (176, 104, 78))
CURRENT = ((28, 22, 82), (52, 72, 146), (56, 132, 162), (126, 192, 146), (248, 236, 140))
SCORE = ((252, 245, 227), (250, 200, 130), (226, 116, 76), (148, 44, 88), (62, 12, 72))
DISTANCE = ((255, 250, 226), (189, 215, 186), (98, 160, 167), (45, 94, 132), (22, 36, 82))
DIFFERENCE = ((33, 84, 150), (140, 180, 214), (244, 244, 240), (240, 170, 124), (168, 40, 30))
"""Less on one side of the middle, more on the other."""
BELT = ((132, 96, 160), (172, 146, 194), (210, 194, 222), (240, 234, 245))
"""Corridors from the least-cost path outwards."""

# Marks.
SOURCES = ((8, 112, 104), (92, 174, 158), (172, 218, 204), (200, 230, 220), (222, 240, 233))
"""Fills of sources by grade, 1 (highest) first."""
SOURCE = Mark(SOURCES[1], (4, 56, 52), WHITE)
PALE_SOURCE = Mark(SOURCES[2], SOURCE.edge, WHITE)
"""Sources where something else is the subject."""
CORRIDORS = ((34, 4, 54), (110, 0, 138), (76, 64, 102), (84, 62, 62), (72, 72, 72))
"""Corridors by grade, 1 (highest) first: all dark, for the white beside them; width shows the grade as well."""
CORRIDOR_WIDTHS = (1.5, 1.0, 0.65, 0.5, 0.4)
"""In millimetres."""
DROPPED = (72, 72, 72)
"""Links that are not corridors."""
PINCH = Mark((238, 62, 40), (138, 0, 26), WHITE)
BARRIER = Mark((255, 208, 52), (52, 34, 0), (255, 236, 170))
RESTORED = Mark((250, 150, 226), (70, 0, 60), WHITE)
"""Places that a plan restores, beside barriers that stay."""

CHANGES = {
    "persistent": Mark((178, 190, 186), (70, 84, 80), WHITE),
    "split": Mark((246, 178, 64), (96, 56, 0), WHITE),
    "merged": Mark((126, 178, 226), (8, 44, 92), WHITE),
    "regrouped": Mark((206, 210, 240), (74, 24, 96), WHITE),
    "lost": Mark((190, 30, 60), (90, 0, 20), WHITE),
    "new": Mark((18, 128, 96), (4, 56, 40), WHITE),
}
"""What became of sources and links."""

STONE = Mark((120, 170, 226), (8, 44, 92), WHITE)
"""Stepping stones: places that would link sources."""
ADDED = (0, 40, 210)
"""Links that a network could get, beside those it has."""

MEASURES = (
    Mark((18, 96, 84), (4, 40, 36), WHITE),
    Mark((150, 208, 140), (40, 84, 36), WHITE),
    Mark((246, 178, 64), (96, 56, 0), WHITE),
    Mark((142, 30, 126), (60, 4, 52), WHITE),
    Mark((236, 236, 236), INK, WHITE),
)
"""Measures by class, from protection to reconstruction; last where there is no rule."""

# Class maps.
RULES = ((62, 12, 72), (226, 116, 76), (52, 132, 190))
"""Key areas by both rules, only with the overlay, only without it."""
BACKGROUND, FOREGROUND = (220, 220, 220), (46, 125, 70)
DIRECTIONS = (
    (230, 120, 150),
    (214, 150, 90),
    (170, 178, 84),
    (100, 186, 124),
    (60, 178, 182),
    (92, 158, 218),
    (150, 136, 216),
    (204, 122, 196),
)
"""Round the circle, from east clockwise; of one lightness, for none is more than another."""
ZONES = (
    (141, 211, 199),
    (255, 237, 160),
    (190, 186, 218),
    (251, 160, 148),
    (150, 190, 220),
    (253, 196, 122),
    (190, 222, 130),
    (246, 205, 224),
    (200, 200, 200),
    (204, 170, 210),
)
"""Pale colours in turn for areas that only have to differ from their neighbours."""

BACKGROUND_OF_NOTHING = (236, 236, 232)
"""Of cells without data, or where nothing has changed."""

LITHOLOGY = ((166, 189, 219), (222, 190, 120), (128, 90, 110), (52, 48, 50))
DEGRADATION = ((247, 244, 238), (253, 219, 160), (244, 165, 96), (214, 96, 77), (140, 29, 40), (80, 12, 30))
"""From none to the worst."""

# What the county of the demonstration has beside its network.
RIVER = (58, 124, 190)
RIVER_INK = (24, 78, 140)
SEAT = (190, 30, 45)
ROADS = ((190, 74, 38), (70, 70, 76), (118, 112, 104))
RED_LINE = (192, 32, 38)
RESERVE = (20, 90, 66)
HAZARD, MINE = (232, 120, 30), (24, 24, 28)
BORDERS = ((40, 34, 50), (70, 60, 80), (150, 150, 150, 160))
"""Of the county, the townships and the villages."""

LAND, SEA, GRATICULE = (206, 216, 190), (232, 240, 246), (178, 190, 196)
"""Of the small map that shows where a study area lies."""

CHART = ("#1b6ca8", "#c0390d", "#2e7d46", "#8e44da", "#e08e0b", "#16808a", "#5e3d41")
"""Lines of a chart."""
DPC_PARTS = (SOURCES[0], (224, 164, 62), (52, 108, 168))
"""What the importance of a source is the sum of: habitat within, exchange, and being a stepping stone."""
BAR = "#4f8a64"
CHART_INK, CHART_LABEL, CHART_AXIS, CHART_GRID, CHART_PALE = "#22302a", "#55675d", "#7a9484", "#dfe8e2", "#b9c4bd"
"""Words and numbers, scales, the line in the middle, lines across, and bars that are too uncertain to compare."""


def spread(colours: Sequence[Colour], count: int) -> list[Colour]:
    """Return `count` colours from the first to the last of a ramp."""
    found = []
    for k in range(count):
        place = k * (len(colours) - 1) / (count - 1) if count > 1 else len(colours) - 1
        low = min(int(place), len(colours) - 2)
        found.append(tuple(round(a + (place - low) * (b - a)) for a, b in zip(colours[low], colours[low + 1])))
    return found
