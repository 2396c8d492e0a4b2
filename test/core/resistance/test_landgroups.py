"""Groups of land uses: every class of every legend has one, and what stands for itself has the right one."""

import re

import pytest
from ecosecnet.core.choices import Legend
from ecosecnet.core.resistance import LAND_GROUPS, land_groups, schemes

EVERY = [scheme for legend in Legend for scheme in schemes(legend)]
WORDS = {
    "woodland": "forest woodland shrub shrubland trees woody mangroves",
    "cropland": "cropland crops paddy arable irrigated cultivated",
    "water": "water river rivers lake lakes sea pond reservoir lagoons",
    "ice": "snow ice glacier glaciers",
    "grassland": "grassland grasslands grass lichens moss",
    "wetland": "wetland wetlands marsh marshes swamp bogs flat flats shoals",
    "built-up": "urban built developed impervious artificial settlements housing",
    "bare": "bare barren sand sands sandy rock rocks gobi",
}
"""Words of names that say a group plainly."""


@pytest.mark.parametrize("scheme", EVERY, ids=lambda one: one.name)
def test_every_class_has_one_group(scheme):
    groups = land_groups(scheme)
    left = [one.name for one in scheme.classes if one.code not in groups]
    assert left in ([], ["Clouds"])
    assert set(groups.values()) <= set(LAND_GROUPS)


@pytest.mark.parametrize("scheme", EVERY, ids=lambda one: one.name)
def test_the_group_is_one_that_the_name_says(scheme):
    groups = land_groups(scheme)
    for one in scheme.classes:
        held = set(re.findall("[a-z]+", one.name.lower()))
        said = {group for group, words in WORDS.items() if held & set(words.split())}
        exceptions = {"urban green", "mining", "transport", "garden"}
        if said and one.code in groups and groups[one.code] not in exceptions:
            assert groups[one.code] in said, (one.name, groups[one.code], said)


def test_the_grid_codes_of_corine_are_those_of_the_classes():
    published, grid = schemes(Legend.CORINE)
    assert list(land_groups(grid).values()) == list(land_groups(published).values())
    assert list(land_groups(grid)) == list(range(1, 45))
