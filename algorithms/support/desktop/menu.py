"""The menu and the button of the plugin, and the message of its first start."""

from __future__ import annotations

import os
from collections.abc import Callable

from qgis.core import Qgis, QgsSettings
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices, QIcon
from qgis.PyQt.QtWidgets import QMenu, QPushButton, QToolButton

from ..addresses import ROOT, page
from ..language import CHINESE, language, tr

NAME = "EcoSecNet"
WELCOMED = "ecosecnet/welcomed"
"""Setting that says that the message of the first start was put away."""


class Menu:
    """What the plugin adds to the window.

    Parameters
    ----------
    iface : QgisInterface
        The window.
    have_tools : callable
        Sees to it that the tools are there.
    """

    def __init__(self, iface, have_tools: Callable[[], None]) -> None:
        self._iface = iface
        self._have_tools = have_tools
        self._project = None
        self._message = None
        # A menu of its own: that of the Plugins menu belongs to QGIS.
        self.menu = QMenu(iface.mainWindow())
        self.actions = [
            self._action("New network...", "securitynetwork", self.new_network),
            self._action("Demonstration project", "demolandscape", self.demonstration),
            self._action("Tutorial", "tutorial", self.tutorial),
            self._action("Check installation...", "selftest", self.check_installation),
            self._action("Documentation", "documentation", self.documentation),
        ]
        for action in self.actions:
            iface.addPluginToMenu(NAME, action)
        self.button = QToolButton()
        self.button.setIcon(_icon("ecosecnet"))
        self.button.setToolTip(tr("EcoSecNet: ecological security networks"))
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._in_toolbar = iface.addToolBarWidget(self.button)

    def _action(self, text: str, icon: str, does: Callable[[], None]):
        action = self.menu.addAction(_icon(icon), tr(text))
        action.triggered.connect(lambda *_: does())
        return action

    def remove(self) -> None:
        """Take everything out of the window again."""
        self.close_message()
        if self._project is not None:
            self._project.cancel()
        for action in self.actions:
            self._iface.removePluginMenu(NAME, action)
        self._iface.removeToolBarIcon(self._in_toolbar)
        for one in (self._in_toolbar, self.button, self.menu):
            one.deleteLater()
        self.actions = []

    # the entries -----------------------------------------------------------------------------------------------

    def new_network(self) -> None:
        """Open the dialog of the whole network."""
        self.open_tool("securitynetwork")

    def check_installation(self) -> None:
        """Open the dialog of the self-test."""
        self.open_tool("selftest")

    def demonstration(self) -> None:
        """Make the demonstration county in the background, load it and fill the dialog of the network with it."""
        from .demonstration import Demonstration

        self._welcomed()
        if self._project is not None and self._project.running():
            self._say(tr("The demonstration project is being made. It will be loaded when it is ready."))
            return
        self._have_tools()
        self._project = Demonstration(self._iface, self.open_tool)
        self._project.start()

    def tutorial(self) -> None:
        """Open the tutorial, in Chinese where QGIS speaks it."""
        self._welcomed()
        chinese = page("zh_CN/tutorial")
        open_page(chinese if language() == CHINESE and chinese.name != "README.md" else page("tutorial"))

    def documentation(self) -> None:
        """Open the documentation."""
        open_page(page("index"))

    def open_tool(self, tool: str, parameters: dict | None = None):
        """Open the dialog of a tool with these parameters; returns it, or None where Processing is switched off."""
        self._have_tools()
        try:
            import processing
        except ImportError:
            self._say(
                tr(
                    "The tools need the plugin Processing of QGIS. Switch it on in Plugins > Manage and Install Plugins."
                ),
                Qgis.MessageLevel.Warning,
            )
            return None
        dialog = processing.createAlgorithmDialog(f"ecosecnet:{tool}", parameters or {})
        dialog.show()
        return dialog

    # messages --------------------------------------------------------------------------------------------------

    def _say(self, text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info) -> None:
        self._iface.messageBar().pushMessage(NAME, text, level, 10)

    def welcome(self) -> None:
        """Say what there is, at every start until the user has used it or does not want to hear it again."""
        if QgsSettings().value(WELCOMED, False, type=bool):
            return
        bar = self._iface.messageBar()
        self._message = bar.createMessage(
            NAME, tr("Plugins > EcoSecNet builds ecological security networks. Try it on a county that is made for it.")
        )
        for text, does in (
            ("Demonstration project", self.demonstration),
            ("Tutorial", self.tutorial),
            ("Do not show again", self._welcomed),
        ):
            button = QPushButton(tr(text), self._message)
            button.clicked.connect(lambda *_, does=does: does())
            self._message.layout().addWidget(button)
        # The bar deletes messages that are closed.
        self._message.destroyed.connect(self._forget_message)
        bar.pushWidget(self._message, Qgis.MessageLevel.Info)

    def _welcomed(self) -> None:
        QgsSettings().setValue(WELCOMED, True)
        self.close_message()

    def _forget_message(self, *_) -> None:
        self._message = None

    def close_message(self) -> None:
        """Take the message of the first start away, if it is there."""
        if self._message is not None:
            message, self._message = self._message, None
            self._iface.messageBar().popWidget(message)


def open_page(path) -> None:
    """Open a page of the documentation in the browser or what else shows it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _icon(name: str) -> QIcon:
    return QIcon(os.path.join(ROOT, "icons", f"{name}.svg"))
