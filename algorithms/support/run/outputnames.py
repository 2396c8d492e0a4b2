"""Names of the files of outputs that are run into a folder."""

from __future__ import annotations

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
)

from ..io import rasterfiles, vectorfiles


def file_of(definition: QgsProcessingParameterDefinition, ending: str = "") -> str:
    """Return the name of an output in lower case, with the ending that is asked for where its format can hold it."""
    name = definition.name().lower()
    if isinstance(definition, QgsProcessingParameterFolderDestination):
        return name
    if isinstance(definition, QgsProcessingParameterRasterDestination):
        return f"{name}.{ending if ending in rasterfiles.ENDINGS else 'tif'}"
    if isinstance(definition, QgsProcessingParameterFileDestination):
        return f"{name}.{definition.defaultFileExtension()}"
    if definition.dataType() == QgsProcessing.SourceType.TypeVector:
        return f"{name}.{ending if ending in vectorfiles.TABLE_ENDINGS else 'csv'}"
    return f"{name}.{ending if ending in vectorfiles.LAYER_ENDINGS else 'gpkg'}"
