"""What the classes of land-use schemes have in common: groups that rules on measures refer to, whatever the legend."""

from __future__ import annotations

from ..choices import Legend
from ..sources.classmap import parse_values
from .legends import Scheme, schemes
from .legendtables import CORINE_GRID

LAND_GROUPS = {
    "woodland": "林地",
    "grassland": "草地",
    "wetland": "湿地",
    "water": "水域",
    "cropland": "耕地",
    "garden": "园地",
    "urban green": "城镇绿地",
    "built-up": "建设用地",
    "mining": "采矿用地",
    "transport": "交通用地",
    "bare": "裸地",
    "ice": "冰雪",
}
"""Groups of land uses in English and Chinese. Shrubs are woodland, rock and sand are bare."""

_GROUPS: dict[tuple[Legend, str], dict[str, str]] = {
    (Legend.LIUZHI, ""): {
        "woodland": "1",
        "grassland": "2",
        "bare": "3",
        "garden": "4",
        "cropland": "5",
        "water": "6",
        "transport": "7",
        "built-up": "8",
    },
    (Legend.CNLUCD, ""): {
        "cropland": "11,12",
        "woodland": "21-24",
        "grassland": "31-33",
        "water": "41-43,99",
        "ice": "44",
        "wetland": "45,46,64",
        "built-up": "51-53",
        "bare": "61-63,65-67",
    },
    (Legend.CNLUCD, "first level"): {
        "cropland": "1",
        "woodland": "2",
        "grassland": "3",
        "water": "4",
        "built-up": "5",
        "bare": "6",
    },
    (Legend.GBT_21010, ""): {
        "cropland": "101-103,1203",
        "garden": "201-204",
        "woodland": "301-303,305,307",
        "wetland": "304,306,402,1105,1106,1108",
        "grassland": "401,403,404",
        "built-up": "501-601,603-809,901-906,1202",
        "mining": "602",
        "urban green": "810",
        "transport": "1001-1009",
        "water": "1101-1104,1107,1109",
        "ice": "1110",
        "bare": "1201,1204-1207",
    },
    (Legend.GBT_21010, "first level"): {
        "cropland": "1",
        "garden": "2",
        "woodland": "3",
        "grassland": "4",
        "built-up": "5-9",
        "transport": "10",
        "water": "11",
        "bare": "12",
    },
    (Legend.CLCD, ""): {
        "cropland": "1",
        "woodland": "2,3",
        "grassland": "4",
        "water": "5",
        "ice": "6",
        "bare": "7",
        "built-up": "8",
        "wetland": "9",
    },
    (Legend.GLOBELAND30, ""): {
        "cropland": "10",
        "woodland": "20,40",
        "grassland": "30,70",
        "wetland": "50",
        "water": "60,255",
        "built-up": "80",
        "bare": "90",
        "ice": "100",
    },
    (Legend.WORLDCOVER, ""): {
        "woodland": "10,20,95",
        "grassland": "30,100",
        "cropland": "40",
        "built-up": "50",
        "bare": "60",
        "ice": "70",
        "water": "80",
        "wetland": "90",
    },
    (Legend.ESRI, ""): {
        "water": "1",
        "woodland": "2",
        "wetland": "4",
        "cropland": "5",
        "built-up": "7",
        "bare": "8",
        "ice": "9",
        "grassland": "11",
    },
    (Legend.ESRI, "first map of 2020"): {
        "water": "1",
        "woodland": "2,6",
        "grassland": "3",
        "wetland": "4",
        "cropland": "5",
        "built-up": "7",
        "bare": "8",
        "ice": "9",
    },
    (Legend.DYNAMIC_WORLD, ""): {
        "water": "0",
        "woodland": "1,5",
        "grassland": "2",
        "wetland": "3",
        "cropland": "4",
        "built-up": "6",
        "bare": "7",
        "ice": "8",
    },
    (Legend.CORINE, ""): {
        "built-up": "111-121,132,133",
        "transport": "122-124",
        "mining": "131",
        "urban green": "141,142",
        "cropland": "211-213,241-243",
        "garden": "221-223,244",
        "grassland": "231,321",
        "woodland": "311-313,322-324",
        "bare": "331-334",
        "ice": "335",
        "wetland": "411-423",
        "water": "511-523",
    },
    (Legend.NLCD, ""): {
        "water": "11",
        "ice": "12",
        "urban green": "21",
        "built-up": "22-24",
        "bare": "31",
        "woodland": "41-43,51,52",
        "grassland": "71-74,81",
        "cropland": "82",
        "wetland": "90,95",
    },
    (Legend.IGBP, ""): {
        "woodland": "1-8",
        "grassland": "9,10",
        "wetland": "11",
        "cropland": "12,14",
        "built-up": "13",
        "ice": "15",
        "bare": "16",
        "water": "17",
    },
}
"""By legend and coding: the codes of each group. Clouds are in none."""


def land_groups(scheme: Scheme) -> dict[int, str]:
    """Return the group of each class of a scheme by its code; classes without one, such as clouds, are left out.

    Examples
    --------
    >>> clcd, = schemes(Legend.CLCD)
    >>> land_groups(clcd)[1], land_groups(clcd)[3]
    ('cropland', 'woodland')
    """
    if scheme.coding == CORINE_GRID:  # the same classes in the same order
        published = schemes(Legend.CORINE)[0]
        held = land_groups(published)
        return {one.code: held[first.code] for one, first in zip(scheme.classes, published.classes)}
    ranges = {group: parse_values(codes) for group, codes in _GROUPS[scheme.legend, scheme.coding].items()}
    return {
        one.code: group
        for one in scheme.classes
        for group, wanted in ranges.items()
        if any(low <= one.code <= high for low, high in wanted)
    }
