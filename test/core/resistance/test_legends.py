"""Land-use legends against the code lists their publishers give.

The lists were typed from the publications named, independently of the tables of the core.
"""

import re

import numpy as np
import pytest
from ecosecnet.core.choices import Legend
from ecosecnet.core.resistance import schemes, score_values
from ecosecnet.core.resistance.legendfit import contradictions

PUBLISHED = {
    # Table 1 of the Liuzhi study: eight land uses in this order, scores 1, 1, 2, 2, 3, 3, 4, 5.
    (Legend.LIUZHI, ""): range(1, 9),
    # RESDC: 25 second-level classes (2 + 4 + 3 + 6 + 3 + 7) and the sea.
    (Legend.CNLUCD, ""): [
        *(11, 12),
        *range(21, 25),
        *range(31, 34),
        *range(41, 47),
        *range(51, 54),
        *range(61, 68),
        99,
    ],
    (Legend.CNLUCD, "first level"): range(1, 7),
    # GB/T 21010-2017: 12 first-level, 73 second-level classes.
    (Legend.GBT_21010, ""): [
        100 * first + second
        for first, count in enumerate((3, 4, 7, 4, 7, 4, 2, 10, 6, 9, 10, 7), start=1)
        for second in range(1, count + 1)
    ],
    (Legend.GBT_21010, "first level"): range(1, 13),
    # Yang & Huang (2021), table 2: nine classes.
    (Legend.CLCD, ""): range(1, 10),
    # Chen et al. (2015): ten classes; 255 is the sea in V2020.
    (Legend.GLOBELAND30, ""): [*range(10, 101, 10), 255],
    # Product user manual V2.0, table 3.
    (Legend.WORLDCOVER, ""): [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100],
    # Living Atlas item 'Sentinel-2 10m land use / land cover time series'; 3 and 6 were joined to 11.
    (Legend.ESRI, ""): [1, 2, 4, 5, 7, 8, 9, 10, 11],
    (Legend.ESRI, "first map of 2020"): range(1, 11),
    # Brown et al. (2022), table 1.
    (Legend.DYNAMIC_WORLD, ""): range(9),
    # CLC nomenclature: 44 classes of the third level.
    (Legend.CORINE, ""): [
        *(111, 112, 121, 122, 123, 124, 131, 132, 133, 141, 142),
        *(211, 212, 213, 221, 222, 223, 231, 241, 242, 243, 244),
        *(311, 312, 313, 321, 322, 323, 324, 331, 332, 333, 334, 335),
        *(411, 412, 421, 422, 423, 511, 512, 521, 522, 523),
    ],
    (Legend.CORINE, "grid codes 1 to 44"): range(1, 45),
    # MRLC: 16 classes of the lower 48 and the four of Alaska alone (51, 72, 73, 74).
    (Legend.NLCD, ""): [11, 12, 21, 22, 23, 24, 31, 41, 42, 43, 51, 52, 71, 72, 73, 74, 81, 82, 90, 95],
    # MCD12Q1 user guide, table 3.
    (Legend.IGBP, ""): range(1, 18),
}

WATER = {
    Legend.LIUZHI: 6,
    Legend.CNLUCD: 42,
    Legend.GBT_21010: 1102,
    Legend.CLCD: 5,
    Legend.GLOBELAND30: 60,
    Legend.WORLDCOVER: 80,
    Legend.ESRI: 1,
    Legend.DYNAMIC_WORLD: 0,
    Legend.CORINE: 512,
    Legend.NLCD: 11,
    Legend.IGBP: 17,
}

COLOURS = {
    # As the colour tables of the products and the data catalogues have them.
    (Legend.CLCD, 8): "e24290",
    (Legend.CLCD, 2): "446f33",
    (Legend.GLOBELAND30, 10): "f9a0ff",
    (Legend.WORLDCOVER, 10): "006400",
    (Legend.WORLDCOVER, 95): "00cf75",
    (Legend.ESRI, 11): "c6ad8d",
    (Legend.DYNAMIC_WORLD, 6): "c4281b",
    (Legend.CORINE, 132): "a64d00",
    (Legend.CORINE, 523): "e6f2ff",
    (Legend.NLCD, 24): "ab0000",
    (Legend.NLCD, 95): "6c9fb8",
    (Legend.IGBP, 17): "1c0dff",
}

EVERY = [scheme for legend in Legend for scheme in schemes(legend)]


@pytest.mark.parametrize("key", PUBLISHED, ids=str)
def test_codes_are_those_published(key):
    legend, coding = key
    (scheme,) = (one for one in schemes(legend) if one.coding == coding)
    assert [one.code for one in scheme.classes] == list(PUBLISHED[key])


def test_every_legend_and_coding_is_held_against_a_list():
    assert {(one.legend, one.coding) for one in EVERY} == set(PUBLISHED)
    assert schemes(Legend.OWN) == ()
    assert [legend.label for legend in Legend] == [
        "Own codes",
        "Liuzhi eight classes",
        "CNLUCD (RESDC)",
        "GB/T 21010",
        "CLCD",
        "GlobeLand30",
        "ESA WorldCover",
        "Esri / Impact Observatory",
        "Dynamic World",
        "CORINE level 3",
        "NLCD",
        "MODIS IGBP",
    ]


@pytest.mark.parametrize("legend", WATER, ids=str)
def test_codes_mean_what_they_mean(legend):
    water = schemes(legend)[0].by_code[WATER[legend]]
    assert re.search("water|lake", water.name, re.IGNORECASE)
    assert water.habitat


@pytest.mark.parametrize(("legend", "code"), COLOURS, ids=str)
def test_colours_are_the_official_ones(legend, code):
    assert bytes(schemes(legend)[0].by_code[code].colour).hex() == COLOURS[legend, code]


@pytest.mark.parametrize("scheme", EVERY, ids=lambda scheme: scheme.name)
def test_legends_are_complete(scheme):
    assert all(1 <= one.score <= 5 for one in scheme.classes)
    assert all(re.search("[\u4e00-\u9fff]", one.chinese) for one in scheme.classes)
    assert 0 < len(scheme.habitat) < len(scheme.classes)
    assert not set(scheme.missing) & set(scheme.by_code)
    assert scheme.source
    assert scheme.colours
    assert len({one.name for one in scheme.classes}) == len(scheme.classes)
    # The two names of a class speak of the same kind of land, and so does the name of a file in either language.
    assert not contradictions(scheme, scheme.names)
    assert not contradictions(scheme, {one.code: one.chinese for one in scheme.classes})


def test_built_up_land_resists_more_than_cropland_and_that_more_than_forest():
    for legend, forest, crop, built in (
        (Legend.CLCD, 2, 1, 8),
        (Legend.WORLDCOVER, 10, 40, 50),
        (Legend.CORINE, 311, 211, 111),
        (Legend.NLCD, 41, 82, 24),
        (Legend.IGBP, 5, 12, 13),
        (Legend.CNLUCD, 21, 12, 51),
    ):
        classes = schemes(legend)[0].by_code
        assert classes[forest].score < classes[crop].score < classes[built].score


def test_the_scores_of_the_liuzhi_study_are_those_printed():
    assert [one.score for one in schemes(Legend.LIUZHI)[0].classes] == [1, 1, 2, 2, 3, 3, 4, 5]
    assert "printed" in schemes(Legend.LIUZHI)[0].scores
    assert all("our judgement" in one.scores for one in EVERY if one.legend is not Legend.LIUZHI)


def test_a_legend_scores_a_map():
    scheme = schemes(Legend.CLCD)[0]
    scored = score_values(np.array([[1, 2], [8, 5]]), scheme.factor().classes)
    assert scored.scores.tolist() == [[3, 1], [5, 3]]
    held = scheme.factor([1, 8], weight=0.4)
    assert [(c.name, c.row) for c in held.classes] == [("Cropland", 1), ("Impervious", 2)]
    assert held.weight == 0.4
