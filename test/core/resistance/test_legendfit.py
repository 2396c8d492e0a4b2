"""Which legends codes and names fit, and the sentences about those that do not."""

import pytest
from ecosecnet.core.choices import Legend
from ecosecnet.core.errors import InputError
from ecosecnet.core.resistance import (
    choose_scheme,
    describe_codes,
    fitting,
    habitat_of,
    require_same_names,
    schemes,
)
from ecosecnet.core.resistance.legendfit import contradictions


def test_what_fits_two_legends_is_said_to():
    shared = [10, 20, 30, 40, 50, 60, 80, 90]
    assert {one.legend for one in fitting(shared)} == {Legend.WORLDCOVER, Legend.GLOBELAND30}
    assert "fits GlobeLand30 and ESA WorldCover" in describe_codes(shared)
    assert describe_codes([30, 10, 95]) == "found: 10, 30, 95; this looks like ESA WorldCover"
    assert describe_codes([1, 2]).count("CORINE") == 1  # two codings, one choice
    assert "no legend" in describe_codes([4711])
    assert fitting([]) == []
    assert [one.name for one in fitting([0])] == ["Dynamic World"]  # no data alone fits nothing


def test_names_in_the_file_rule_legends_out():
    eight = range(1, 9)
    assert {Legend.LIUZHI, Legend.CLCD, Legend.DYNAMIC_WORLD, Legend.IGBP} <= {one.legend for one in fitting(eight)}
    named = fitting(eight, schemes(Legend.CLCD)[0].names)
    assert [one.legend for one in named] == [Legend.CLCD]


def test_foreign_codes_are_refused_with_the_legends_they_fit():
    with pytest.raises(InputError, match=r"'land' has codes .* CLCD .* 10, 20, 95 .*looks like ESA WorldCover"):
        choose_scheme(Legend.CLCD, [10, 20, 95], raster="land")
    with pytest.raises(InputError, match="If 255 means no data, make it NoData"):
        choose_scheme(Legend.CLCD, [1, 2, 255], raster="land")


def test_codes_of_no_data_belong_to_the_legend():
    assert choose_scheme(Legend.WORLDCOVER, [0, 10, 95], raster="land").missing == (0,)


def test_the_coding_is_found_in_the_codes():
    assert choose_scheme(Legend.CORINE, [111, 523], raster="land").coding == ""
    assert choose_scheme(Legend.CORINE, [1, 44], raster="land").names[44] == "Sea and ocean"
    assert choose_scheme(Legend.GBT_21010, [1, 12], raster="land").names[12] == "Other land"
    assert choose_scheme(Legend.ESRI, [1, 3, 6], raster="land").names[6] == "Scrub and shrub"


def test_names_that_contradict_the_legend_stop():
    liuzhi, codes = schemes(Legend.LIUZHI)[0], [1, 2, 5, 8]
    names = {1: "Cropland", 2: "Forest", 5: "Water", 8: "Impervious"}
    with pytest.raises(InputError, match=r"1 is 'Cropland' there and 'Woodland' here.*looks like CLCD"):
        require_same_names(liuzhi, names, "LANDUSE_NAMES", raster="land", codes=codes)
    with pytest.raises(InputError, match="categories of 'land'"):
        choose_scheme(Legend.LIUZHI, codes, raster="land", names=names)
    for same in ({1: "forest land", 5: "Farmland"}, {1: "有林地", 8: "城镇"}, {1: "Bosque", 5: "Ackerland"}):
        require_same_names(liuzhi, same, "LANDUSE_NAMES", raster="land", codes=codes)


def test_names_of_files_are_understood():
    """Names as publishers and planners write them do not contradict their own codes, but others do."""
    for legend, names in (
        (
            Legend.NLCD,
            {12: "Perennial Snow/Ice", 31: "Barren Land (Rock/Sand/Clay)", 81: "Hay/Pasture", 90: "Woody Wetlands"},
        ),
        (Legend.CORINE, {122: "Road and rail networks and associated land", 222: "Fruit trees and berry plantations"}),
        (Legend.IGBP, {13: "Urban and Built-up Lands", 14: "Cropland/Natural Vegetation Mosaics"}),
        (Legend.CNLUCD, {11: "水田", 43: "水库坑塘", 52: "农村居民点", 64: "沼泽地"}),
        (Legend.GBT_21010, {702: "农村宅基地", 1006: "农村道路", 1202: "设施农用地"}),
    ):
        assert not contradictions(schemes(legend)[0], names)
    assert contradictions(schemes(Legend.CNLUCD)[0], {52: "耕地", 11: "水域"}) == {52: "耕地", 11: "水域"}


def test_a_foreground_that_contradicts_the_legend_stops():
    clcd = schemes(Legend.CLCD)[0]
    assert habitat_of(clcd) == [(2, 2), (3, 3), (4, 4), (5, 5), (9, 9)]
    assert habitat_of(clcd, [(2, 2), (4, 5)]) == [(2, 2), (4, 5)]
    with pytest.raises(InputError, match=r"1 is Cropland.*Its habitat is 2 \(Forest\), 3 \(Shrub\)"):
        habitat_of(clcd, [(1, 2)])
    with pytest.raises(InputError, match="11 is not in it"):
        habitat_of(clcd, [(11, 11)])
    # What is near nature may be habitat where the user says so.
    assert habitat_of(schemes(Legend.LIUZHI)[0], [(4, 4)])
