"""The corpus of oddities runs every tool that takes a raster or polygons."""

import pytest
from oddities.world import RASTER_TOOLS, VECTOR_TOOLS

pytestmark = pytest.mark.qgis

MODELS = {"sourcesfromlandcover", "corridorsandkeyareas", "resistancefromlandcover", "networkstepbystep"}
"""Their tools are run one by one."""
NOT_RUN = {*MODELS, "naturalbreaks", "areamanifest"}
"""The last two look at fields alone, never at a shape; what a row of the last names is run over by 'securitynetwork'."""


def test_every_tool_with_a_layer_is_run_over_the_oddities(world):
    from qgis.core import QgsApplication, QgsProcessingParameterFeatureSource, QgsProcessingParameterRasterLayer

    tools = QgsApplication.processingRegistry().providerById("ecosecnet").algorithms()
    for kind, listed in (
        (QgsProcessingParameterRasterLayer, RASTER_TOOLS),
        (QgsProcessingParameterFeatureSource, VECTOR_TOOLS),
    ):
        takes = {
            tool.name()
            for tool in tools
            if any(
                isinstance(one, kind) and not one.flags() & one.Flag.FlagOptional for one in tool.parameterDefinitions()
            )
        }
        assert takes - set(listed) - NOT_RUN == set(), kind.__name__
