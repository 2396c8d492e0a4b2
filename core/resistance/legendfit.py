"""Whose codes a land-use map holds: which schemes its codes and names fit, and what contradicts the one that was chosen.

Codes alone do not say whose they are: 1 to 8 fit half a dozen schemes. So no scheme is ever taken unasked; what is found
is compared with all of them, and those it fits are named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ..choices import Legend
from ..errors import InputError
from .legends import Scheme, schemes


def fitting(codes: Collection[float], names: Mapping[int, str] | None = None) -> list[Scheme]:
    """Return the schemes that have all the codes, those of which most classes occur first.

    Parameters
    ----------
    codes : collection of float
        The values of a raster.
    names : mapping of int to str, optional
        What the raster calls them; schemes in which one means something else are left out.

    Examples
    --------
    >>> [scheme.name for scheme in fitting([10, 20, 30, 60, 80, 90])]
    ['GlobeLand30', 'ESA WorldCover']
    >>> [scheme.name for scheme in fitting([10, 20, 30, 60, 80, 90, 95])]
    ['ESA WorldCover']
    """
    if not codes:
        return []
    found = [one for legend in Legend for one in schemes(legend) if not one.outside(codes)]
    found = [one for one in found if any(code in one.by_code for code in codes)]
    found = [one for one in found if not contradictions(one, names or {})]
    return sorted(found, key=lambda one: len(one.classes))


def describe_codes(codes: Collection[float], names: Mapping[int, str] | None = None) -> str:
    """Return in words which codes there are, and whose they look like.

    Examples
    --------
    >>> describe_codes([10, 20, 95])
    'found: 10, 20, 95; this looks like ESA WorldCover'
    """
    return f"found: {_listed(codes)}; {_looks_like(fitting(codes, names))}"


def closest_scheme(legend: Legend, codes: Collection[float]) -> Scheme:
    """Return the coding of a legend, not own codes, that has most of the codes.

    Examples
    --------
    >>> closest_scheme(Legend.CORINE, [1, 44, 99]).coding
    'grid codes 1 to 44'
    """
    return min(schemes(legend), key=lambda one: len(one.outside(codes)))


def choose_scheme(
    legend: Legend, codes: Collection[float], *, raster: str, names: Mapping[int, str] | None = None
) -> Scheme:
    """Return the coding of a legend that a raster is in.

    Parameters
    ----------
    legend : Legend
        What was chosen, not own codes.
    codes : collection of float
        The values of the raster.
    raster : str
        Its name, for messages.
    names : mapping of int to str, optional
        What it calls its codes.

    Raises
    ------
    InputError
        If a code is not in the legend, or is called something else in the raster; the message says which legends fit.

    Examples
    --------
    >>> choose_scheme(Legend.CORINE, [112, 311], raster="map").names[311]
    'Broad-leaved forest'
    """
    scheme = closest_scheme(legend, codes)
    foreign = scheme.outside(codes)
    if not foreign:
        require_same_names(scheme, names or {}, f"the categories of '{raster}'", raster=raster, codes=codes)
        return scheme
    blank = [code for code in foreign if code in _BLANKS or code < 0]
    hint = f" If {_listed(blank)} means no data, make it NoData in the properties of the layer." if blank else ""
    raise InputError(
        f"'{raster}' has codes that the legend {legend.label} does not have: {_listed(foreign)} "
        f"({describe_codes(codes, names)}). Choose the legend of the map, or 'Own codes' with a foreground and scores of "
        f"your own.{hint}"
    )


def require_same_names(
    scheme: Scheme, names: Mapping[int, str], where: str, *, raster: str, codes: Collection[float]
) -> None:
    """Raise if names given for codes mean something else than the legend does.

    Raises
    ------
    InputError
        With the names, and the legends that the codes and these names fit.

    Examples
    --------
    >>> require_same_names(schemes(Legend.CLCD)[0], {1: "farmland"}, "the names", raster="map", codes=[1, 2])
    """
    wrong = contradictions(scheme, names)
    if wrong:
        pairs = "; ".join(f"{code} is '{name}' there and '{scheme.names[code]}' here" for code, name in wrong.items())
        raise InputError(
            f"The legend {scheme.name} contradicts {where}: {pairs}. '{raster}': {describe_codes(codes, names)}. Choose "
            "the legend of the map, or correct the names."
        )


def contradictions(scheme: Scheme, names: Mapping[int, str]) -> dict[int, str]:
    """Return the names that say something else than the class of their code.

    Names differ in wording, so that only those count in which both name a kind of land and no kind is the same.

    Examples
    --------
    >>> contradictions(schemes(Legend.CLCD)[0], {1: "farmland", 2: "water", 3: "my class"})
    {2: 'water'}
    """
    return opposed(names, {one.code: f"{one.name} {one.chinese}" for one in scheme.classes})


def opposed(names: Mapping[int, str], others: Mapping[int, str]) -> dict[int, str]:
    """Return those of the names that speak of another kind of land than the others do.

    Examples
    --------
    >>> opposed({1: "Woodland", 2: "Meadow", 3: "my class"}, {1: "Cropland", 2: "Grassland", 3: "Water"})
    {1: 'Woodland'}
    """
    wrong = {}
    for code in names.keys() & others.keys():
        kinds, known = name_kinds(names[code]), name_kinds(others[code])
        if kinds and known and not kinds & known:
            wrong[code] = names[code]
    return dict(sorted(wrong.items()))


def require_agreement(
    names: Mapping[int, str],
    others: Mapping[int, str],
    where: tuple[str, str],
    *,
    raster: str,
    codes: Collection[float],
) -> None:
    """Raise if two lists of names of the classes of a raster, without a legend, mean different land.

    Parameters
    ----------
    names, others : mapping of int to str
        The names by code.
    where : (str, str)
        Where the two stand, for the message.
    raster : str
        Its name, for the message.
    codes : collection of float
        Its values.

    Raises
    ------
    InputError
        With the names, and the legends that the codes and the others fit.

    Examples
    --------
    >>> require_agreement({1: "Meadow"}, {1: "Grassland"}, ("the table", "the file"), raster="map", codes=[1])
    """
    wrong = opposed(names, others)
    if wrong:
        pairs = "; ".join(
            f"{code} is '{name}' in the first and '{others[code]}' in the second" for code, name in wrong.items()
        )
        raise InputError(
            f"{where[0]} contradict {where[1]}: {pairs}. '{raster}': {describe_codes(codes, others)}. Give the scores and "
            "names of this map, or correct them."
        )


def habitat_of(
    scheme: Scheme, foreground: Collection[tuple[float, float]] = (), *, parameter: str = "FOREGROUND"
) -> list[tuple[float, float]]:
    """Return the foreground of a legend, or the one given where that does not contradict it.

    Parameters
    ----------
    scheme : Scheme
        The legend.
    foreground : collection of (float, float), optional
        Values and ranges that were given instead.
    parameter : str, optional
        What it was given as, for the message.

    Raises
    ------
    InputError
        If a class with a resistance of 3 or more that is not habitat is among them, or a value is not in the legend.

    Examples
    --------
    >>> habitat_of(schemes(Legend.CLCD)[0], [(2, 4)])
    [(2, 4)]
    """
    wrong = []
    for low, high in foreground:
        held = [one for one in scheme.classes if low <= one.code <= high]
        if not held:
            wrong.append(f"{low:g} is not in it" if low == high else f"{low:g} to {high:g} are not in it")
        wrong += [f"{one.code} is {one.name}" for one in held if not one.habitat and one.score >= _USED]
    if wrong:
        habitat = ", ".join(one.describe() for one in scheme.classes if one.habitat)
        raise InputError(
            f"The legend {scheme.name} contradicts {parameter}: {'; '.join(wrong)}. Its habitat is {habitat}. Leave "
            f"{parameter} empty to take these, name some of them, or choose the legend of the map."
        )
    return list(foreground) or scheme.habitat


def name_kinds(name: str) -> frozenset[str]:
    """Return the kinds of land that a name speaks of, in English or Chinese.

    Examples
    --------
    >>> sorted(name_kinds("Woody wetlands")), sorted(name_kinds("Broad bands"))
    (['wetland', 'wood'], [])
    """
    return frozenset(kind for kind, pattern in _KINDS.items() if pattern.search(name))


_USED = 3.0
"""Resistance from which on a class that is not habitat is used or sealed land."""

_BLANKS = (0, 127, 128, 250, 254, 255, 9999, 32767, 65535)
"""Codes that mostly stand for no data."""

_MOST_LISTED = 20

_KINDS = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "wood": r"forest|wood|\btree|mangrove|林",
        "shrub": r"shrub|scrub|heath|rangeland|灌",
        "grass": r"grass|meadow|savanna|pasture|herbaceous|rangeland|草|牧",
        "crop": r"crop|arable|cultivat|farm|paddy|\brice|agricult|dry land|irrigated|耕|水田|旱地|水浇地|农(?!村)",
        "garden": r"garden|orchard|vineyard|fruit|olive|plantation|园",
        "water": r"water|river|lake|reservoir|pond|\bsea\b|ocean|水(?!田|浇|稻)|湖|河|海",
        "wetland": r"wetland|marsh|\bbogs?\b|swamp|flooded|mangrove|\bflats?\b|沼|湿|滩",
        "built": r"built|urban|impervious|artificial|developed|settlement|\btowns?\b|village|industr|mining|transport|"
        r"\broads?\b|residential|建|城|居民|不透水|人造|宅|村|工矿|交通",
        "bare": r"\bbare|barren|rock|sand|desert|gobi|unused|裸|沙|荒|戈壁|未利用",
        "ice": r"snow|\bice\b|glacier|冰|雪",
    }.items()
}


def _looks_like(found: list[Scheme]) -> str:
    names = list(dict.fromkeys(scheme.legend.label for scheme in found))
    if not names:
        return "no legend has all of these codes"
    if len(names) == 1:
        return f"this looks like {names[0]}"
    return f"this fits {', '.join(names[:-1])} and {names[-1]}, and only the description of the map says which it is"


def _listed(codes: Collection[float]) -> str:
    ordered = sorted(codes)
    more = f" ... ({len(ordered)} codes up to {ordered[-1]:g})" if len(ordered) > _MOST_LISTED else ""
    return ", ".join(f"{code:g}" for code in ordered[:_MOST_LISTED]) + more
