"""The output that every tool has."""

from __future__ import annotations

from qgis.core import QgsProcessingParameterDefinition, QgsProcessingParameterFileDestination

CAPSULE = "CAPSULE"
ENDING = "capsule.zip"
HELP = (
    "A zip file with what this run was made of: parameters, hashes of what inputs and outputs hold, versions, warnings, "
    "numbers, a paragraph of methods in English and Chinese, and the files themselves where they are small enough. 'replay' "
    "runs it again and compares."
)


def capsule(*, default: bool):
    """Return the capsule of a run; with `default` the dialog has it written unless that is skipped."""
    parameter = QgsProcessingParameterFileDestination(
        CAPSULE, "Capsule of the run", f"Capsules (*.{ENDING})", optional=True, createByDefault=default
    )
    parameter.setHelp(HELP)
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter
