"""The plugin: registers the Processing provider and says where its tools are, nothing else."""

from __future__ import annotations

from qgis.core import Qgis, QgsApplication, QgsSettings

_WELCOMED = "ecosecnet/welcomed"
"""Setting that says that the message after the first start was shown."""


class EcoSecNetPlugin:
    """Loaded by QGIS; `qgis_process` calls only `initProcessing`."""

    def __init__(self, iface) -> None:
        self._iface = iface
        self._provider = None

    def initProcessing(self) -> None:
        """Register the provider."""
        from .algorithms.provider import EcoSecNetProvider

        provider = EcoSecNetProvider()
        if QgsApplication.processingRegistry().addProvider(provider):
            self._provider = provider
            # The shipped models use tools of this provider, which exist only now.
            provider.refreshAlgorithms()

    def initGui(self) -> None:
        """Register the provider in the desktop, and say once where the tools are."""
        self.initProcessing()
        settings = QgsSettings()
        if self._iface is None or settings.value(_WELCOMED, False, type=bool):
            return
        settings.setValue(_WELCOMED, True)
        self._iface.messageBar().pushMessage(
            "EcoSecNet",
            "The tools are in Processing > Toolbox under EcoSecNet. First run '5a Demonstration landscape', then "
            "'5b Ecological security network'.",
            Qgis.MessageLevel.Info,
            0,
        )

    def unload(self) -> None:
        """Take the provider out again."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
