"""What the factors of a score table are called: which names are the same, and which say what is measured."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum


class Factor(Enum):
    """A factor that is recognised by its name; the value is what it is called in messages."""

    LAND_USE = "land use"
    ELEVATION = "elevation"
    SLOPE = "slope"
    ROAD = "distance to roads"
    MINE = "distance to mines"
    VEGETATION = "vegetation cover"
    RIVER = "distance to rivers"
    SETTLEMENT = "distance to settlements"


_NAMES = {
    Factor.LAND_USE: "land use, land use type, land use class, land cover, land cover type, land cover class, lulc, "
    "土地利用, 土地利用类型, 土地覆盖, 土地覆盖类型, 土地覆被, 地类",
    Factor.ELEVATION: "elevation, altitude, dem, 高程, 海拔, 海拔高度",
    Factor.SLOPE: "slope, slope angle, slope gradient, 坡度",
    Factor.ROAD: "road, roads, the road, the roads, road network, 道路, 公路",
    Factor.MINE: "mine, mines, the mine, the mines, mining, mining area, mining areas, mining site, mining sites, "
    "矿区, 矿山",
    Factor.VEGETATION: "vegetation, vegetation cover, vegetation coverage, fractional vegetation cover, fvc, ndvi, "
    "植被, 植被覆盖, 植被覆盖度, 植被指数",
    Factor.RIVER: "river, rivers, the river, the rivers, stream, streams, watercourse, watercourses, river network, "
    "河流, 水系, 河道",
    Factor.SETTLEMENT: "settlement, settlements, residential area, residential areas, residential land, rural settlements, "
    "居民点, 居民地, 农村居民点",
}
_DISTANCES = (Factor.ROAD, Factor.MINE, Factor.RIVER, Factor.SETTLEMENT)
_DISTANCE = re.compile(
    r"(?:euclidean)?(?:distance|dist|proximity)(?:to|from)(?:the)?(?:nearest)?(?P<to>.+)"
    r"|(?P<of>.+?)(?:distance|dist|proximity)"
    r"|(?:距离|与|距|到|离)(?:最近)?(?P<far>.+?)(?:的?距离)?|(?P<away>.+?)的?距离"
)
_UNIT = re.compile(r"[(\[][^()\[\]]*[)\]]\s*$")


def name_key(name: str) -> str:
    """Return what two names have in common that differ only in case, width, blanks, underscores and hyphens.

    Examples
    --------
    >>> name_key("Vegetation cover") == name_key("vegetation_cover")
    True
    """
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", name).casefold())


_KEYS = {name_key(name): factor for factor, names in _NAMES.items() for name in names.split(",")}


def factor_of(name: str) -> Factor | None:
    """Return what a factor measures by its whole name, a unit in brackets left out; None where that is not known.

    Parameters
    ----------
    name : str
        As in a score table. "Road density" is not the distance to roads, nor "Slope aspect" the slope.

    Examples
    --------
    >>> factor_of("Distance from road (m)")
    <Factor.ROAD: 'distance to roads'>
    >>> factor_of("Road density") is None
    True
    """
    key = _bare_key(name)
    if key in _KEYS:
        return _KEYS[key]
    factor = _KEYS.get(_target(name))
    return factor if factor in _DISTANCES else None


def is_distance_to(name: str, target: str) -> bool:
    """Return whether a factor is the distance to something, compared as `name_key` does.

    Examples
    --------
    >>> is_distance_to("Distance to the nearest built_up land (m)", "Built-up land"), is_distance_to("Slope (°)", "Slope")
    (True, False)
    """
    return _target(name) == name_key(target)


def factor_key(name: str) -> str:
    """Return what all names of one factor have in common.

    Examples
    --------
    >>> factor_key("Road distance") == factor_key("距道路距离 (米)"), factor_key("Night light (nW)")
    (True, 'nightlight')
    """
    factor = factor_of(name)
    return _bare_key(name) if factor is None else name_key(factor.value)


def _target(name: str) -> str:
    """Return the key of what a factor is the distance to; empty where it is none."""
    found = _DISTANCE.fullmatch(_bare_key(name))
    return next(filter(None, found.groups())) if found else ""


def _bare_key(name: str) -> str:
    return name_key(_UNIT.sub("", unicodedata.normalize("NFKC", name)))


def find_factor(name: str, names: Sequence[str]) -> int | None:
    """Return which of some names means the factor that `name` does; None where none does, or several may.

    Parameters
    ----------
    name : str
        What the factor is called in one place, such as the layer.
    names : sequence of str
        What factors are called in another, such as the score table. The same name comes first, then the same but for a unit
        in brackets, then one that measures the same by `factor_key`.

    Examples
    --------
    >>> find_factor("Slope (degrees)", ["Elevation (m)", "Slope (\N{DEGREE SIGN})"])
    1
    >>> find_factor("Distance to roads (m)", ["Slope", "Distance from road (m)"])
    1
    >>> find_factor("Night light", ["Slope", "Elevation"]) is None
    True
    """
    for same in (name_key, _bare_key, factor_key):
        wanted = same(name)
        found = [place for place, other in enumerate(names) if wanted and same(other) == wanted]
        if found:
            return found[0] if len(found) == 1 else None
    return None
