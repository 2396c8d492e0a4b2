"""The plugin: registers the Processing provider, nothing else."""

from __future__ import annotations

from qgis.core import QgsApplication


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
        """Register the provider in the desktop."""
        self.initProcessing()

    def unload(self) -> None:
        """Take the provider out again."""
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
