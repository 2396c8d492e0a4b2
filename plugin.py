"""The plugin: registers the Processing provider and adds a menu to the window, nothing else."""

from __future__ import annotations

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QTimer


class EcoSecNetPlugin:
    """Loaded by QGIS; `qgis_process` calls only `initProcessing`."""

    def __init__(self, iface) -> None:
        self._iface = iface
        self._provider = None
        self._menu = None
        self._options = None
        self._later: QTimer | None = None

    def initProcessing(self) -> None:
        """Register the provider, if it is not there."""
        self._wait_no_longer()
        if self._provider is not None:
            return
        from .algorithms.provider import EcoSecNetProvider

        provider = EcoSecNetProvider()
        if QgsApplication.processingRegistry().addProvider(provider):
            self._provider = provider
            # The shipped models use tools of this provider, which exist only now.
            provider.refreshAlgorithms()

    def initGui(self) -> None:
        """Add the menu, and the tools as soon as the window has nothing else to do: QGIS starts no later for them."""
        if self._iface is None:
            self.initProcessing()
            return
        from .algorithms.support.desktop.menu import Menu
        from .algorithms.support.desktop.options import OptionsFactory

        self._menu = Menu(self._iface, self.initProcessing)
        self._options = OptionsFactory()
        self._iface.registerOptionsWidgetFactory(self._options)
        self._later = QTimer()
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._when_idle)
        self._later.start(0)

    def _when_idle(self) -> None:
        self.initProcessing()
        self._menu.welcome()

    def _wait_no_longer(self) -> None:
        if self._later is not None:
            self._later.stop()
            self._later = None

    def unload(self) -> None:
        """Take everything out again."""
        self._wait_no_longer()
        if self._menu is not None:
            self._menu.remove()
            self._iface.unregisterOptionsWidgetFactory(self._options)
            self._menu = self._options = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
