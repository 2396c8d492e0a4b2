"""An output left blank is not made, whatever the dialog, the batch dialog or a script calls blank."""

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


def blanks():
    from qgis.core import NULL, QgsProcessingOutputLayerDefinition, QgsProperty
    from qgis.PyQt.QtCore import QVariant

    return [
        None,
        "",
        NULL,
        QVariant(),
        QgsProperty.fromValue(""),
        QgsProcessingOutputLayerDefinition(),
        QgsProcessingOutputLayerDefinition(""),  # what the batch dialog makes of an empty cell
        QgsProcessingOutputLayerDefinition(QgsProperty.fromValue(None)),
    ]


def optional_outputs():
    from ecosecnet.algorithms.provider import ALGORITHMS
    from qgis.core import QgsProcessingParameterDefinition

    for tool in (algorithm().create() for algorithm in ALGORITHMS):
        for output in tool.destinationParameterDefinitions():
            if output.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
                yield tool, output.name()


def test_no_tool_takes_a_blank_optional_output_for_wanted(qgis):
    from ecosecnet.algorithms.base import Job
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    found = list(optional_outputs())
    assert len(found) > 30
    for tool, name in found:
        for value in blanks():
            job = Job(tool, {name: value}, QgsProcessingContext(), QgsProcessingFeedback())
            assert not job.given(name), f"{tool.name()}: {name} = {value!r}"
            job.write_table(name, [], [])
            job.write_text(name, "")
            assert job.results == {}


def test_a_wanted_output_is_wanted_however_it_is_wrapped(qgis):
    from ecosecnet.algorithms.base import Job
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingOutputLayerDefinition, QgsProperty

    tool, name = next(optional_outputs())
    for value in (
        "a.gpkg",
        "TEMPORARY_OUTPUT",
        QgsProcessingOutputLayerDefinition("a.gpkg"),
        QgsProcessingOutputLayerDefinition(QgsProperty.fromExpression("'a.gpkg'")),
    ):
        assert Job(tool, {name: value}, QgsProcessingContext(), QgsProcessingFeedback()).given(name)


@pytest.mark.parametrize("blank", range(8))
def test_a_run_skips_what_is_left_blank(run, raster, tmp_path, blank):
    values = np.ones((40, 40), dtype=np.uint8)
    values[8:30, 8:30] = 2
    left = {name: blanks()[blank] for name in ("CLASSES", "STATISTICS", "PROFILE", "PROFILE_CHART")}
    found = run("mspa", INPUT=raster("foreground", values), OUTPUT=str(tmp_path / "mspa.tif"), **left)
    assert (tmp_path / "mspa.tif").exists()
    assert not left.keys() & found.keys()
