"""Names of land uses as they are typed."""

import pytest
from ecosecnet.algorithms.support.geometry.zonal import parse_names

pytestmark = pytest.mark.qgis


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1=Forest, 2=Grassland", {"1": "Forest", "2": "Grassland"}),
        ("1=Forest, 2=Grassland;", {"1": "Forest", "2": "Grassland"}),
        ("1=Forest; 3=Farmland, marsh, water", {"1": "Forest", "3": "Farmland, marsh, water"}),
        ("331=Beaches, dunes, sands\n1＝林地；2：草地", {"331": "Beaches, dunes, sands", "1": "林地", "2": "草地"}),
        ("", {}),
    ],
)
def test_names_may_hold_commas_where_semicolons_part_them(text, names):
    assert parse_names(text) == names
