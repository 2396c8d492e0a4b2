"""Factors are recognised by their whole names, never by a piece of a word."""

import pytest
from ecosecnet.core.resistance.factornames import (
    Factor,
    factor_key,
    factor_of,
    find_factor,
    is_distance_to,
    name_key,
)
from ecosecnet.core.resistance.presets import LIUZHI_AS_PRINTED


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("Land use", Factor.LAND_USE),
        ("LAND_USE_TYPE", Factor.LAND_USE),
        ("landcover", Factor.LAND_USE),
        ("土地利用类型", Factor.LAND_USE),
        ("Elevation (m)", Factor.ELEVATION),
        ("DEM", Factor.ELEVATION),
        ("高程（米）", Factor.ELEVATION),
        ("Slope (°)", Factor.SLOPE),
        ("坡度", Factor.SLOPE),
        ("Roads", Factor.ROAD),
        ("Distance from road (m)", Factor.ROAD),
        ("distance_to_the_nearest_road [km]", Factor.ROAD),
        ("Road distance", Factor.ROAD),
        ("距道路距离", Factor.ROAD),
        ("与公路的距离", Factor.ROAD),
        ("道路距离", Factor.ROAD),
        ("Distance to mining area (m)", Factor.MINE),
        ("距矿区距离", Factor.MINE),
        ("NDVI", Factor.VEGETATION),
        ("Vegetation_coverage (%)", Factor.VEGETATION),
        ("植被覆盖度", Factor.VEGETATION),
        ("Distance from the river (m)", Factor.RIVER),
        ("距河流距离", Factor.RIVER),
        ("Distance to settlements", Factor.SETTLEMENT),
        ("居民点距离（米）", Factor.SETTLEMENT),
    ],
)
def test_names_that_are_known(name, factor):
    assert factor_of(name) is factor


@pytest.mark.parametrize(
    "name",
    [
        "Road density",
        "Demographic pressure",
        "Distance from broadleaf forest",
        "Slope aspect",
        "Distance to slope",
        "Determined by experts",
        "Mineral soil",
        "Off-road land use",
        "道路密度",
        "Distance to vegetation",
        "River density",
        "Settlement age",
        "植被类型",
        "土地利用强度",
        "坡度变率",
        "",
    ],
)
def test_a_piece_of_a_word_is_no_name(name):
    assert factor_of(name) is None


def test_every_factor_of_the_preset_is_known():
    names = dict.fromkeys(row["factor"] for row in LIUZHI_AS_PRINTED)
    assert [factor_of(name) for name in names] == list(Factor)[: len(names)]
    assert list(Factor)[len(names) :] == [Factor.VEGETATION, Factor.RIVER, Factor.SETTLEMENT]


@pytest.mark.parametrize(
    ("name", "target", "is_it"),
    [
        ("Distance to built-up land (m)", "Built-up land", True),
        ("distance_from_the_nearest_water", "water", True),
        ("距建设用地距离", "建设用地", True),
        ("Distance to water", "waterfall", False),
        ("Water", "Water", False),
        ("Расстояние", "Расстояние", False),
    ],
)
def test_what_a_distance_is_measured_to(name, target, is_it):
    assert is_distance_to(name, target) is is_it


def test_all_names_of_a_factor_have_one_key():
    assert len({factor_key(name) for name in ("Roads", "Distance from road (m)", "距公路距离", "ROAD_NETWORK")}) == 1
    assert factor_key("Ночной свет (нВт)") == factor_key("ночной_свет") != factor_key("Roads")


def test_names_are_compared_without_case_blanks_and_underscores():
    assert name_key("Vegetation cover") == name_key("vegetation_cover") == name_key(" VEGETATION  COVER")
    assert name_key("ＮＤＶＩ") == name_key("ndvi")
    assert name_key("cover 1") != name_key("cover 2")


@pytest.mark.parametrize(
    ("name", "names", "place"),
    [
        ("Slope (degrees)", ["Elevation (m)", "Slope (°)"], 1),
        ("Distance to roads (m)", ["Slope", "Distance from road (m)"], 1),
        ("dem", ["坡度", "高程（米）"], 1),
        ("Night light (nW)", ["night_light", "Slope"], 0),
        ("slope", ["Slope (percent)", "SLOPE"], 1),
        ("slope", ["Slope (percent)", "Slope (degrees)"], None),
        ("Distance to wells (m)", ["Distance to springs (m)", "Distance to roads (m)"], None),
        ("", ["", "Slope"], None),
    ],
)
def test_one_of_several_names_is_found_or_none(name, names, place):
    assert find_factor(name, names) == place
