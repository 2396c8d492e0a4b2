import pytest

pytest.importorskip("qgis.core")

from ecosecnet.algorithms.support.reports.charts import brief


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17193.75, "17,194"),
        (1234567.0, "1,234,567"),
        (999.96, "1,000"),
        (126.26, "126.3"),
        (0.277784, "0.2778"),
        (-2e4, "-20,000"),
    ],
)
def test_large_numbers_have_no_exponent(value, text):
    assert brief(value) == text
