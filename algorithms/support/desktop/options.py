"""The page of the plugin among the options of QGIS."""

from __future__ import annotations

import os

from qgis.core import QgsSettings
from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QWidget

from .. import preferences
from ..addresses import ROOT
from ..language import BOTH, CHINESE, ENGLISH, REPORTS, tr

_LANGUAGES = (("", "As QGIS"), (ENGLISH, "English"), (CHINESE, "Chinese"), (BOTH, "English and Chinese"))


class OptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page when the options are opened."""

    def __init__(self) -> None:
        super().__init__()
        self.setTitle("EcoSecNet")
        self.setIcon(self.icon())

    def icon(self) -> QIcon:
        return QIcon(os.path.join(ROOT, "icons", "ecosecnet.svg"))

    def createWidget(self, parent: QWidget | None = None) -> QgsOptionsPageWidget:
        return OptionsPage(parent)


class OptionsPage(QgsOptionsPageWidget):
    """Processes and scheduler that the tools offer, and the language of reports."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.language = QComboBox()
        for value, label in _LANGUAGES:
            self.language.addItem(tr(label), value)
        chosen = QgsSettings().value(REPORTS, "", type=str)
        self.language.setCurrentIndex(max(0, self.language.findData(chosen)))
        self.processes = QSpinBox()
        self.processes.setRange(0, 1024)
        self.processes.setSpecialValueText(tr("All cores but one"))
        self.processes.setValue(preferences.processes())
        self.scheduler = QLineEdit(preferences.scheduler())
        self.scheduler.setPlaceholderText("tcp://host:8786")
        note = QLabel(
            tr(
                "Tools that can share their work offer these processes and this scheduler as defaults. Results do not "
                "depend on them."
            )
        )
        note.setWordWrap(True)
        form = QFormLayout(self)
        form.addRow(tr("Language of reports"), self.language)
        form.addRow(tr("Processes"), self.processes)
        form.addRow(tr("Scheduler (Dask)"), self.scheduler)
        form.addRow(note)

    def apply(self) -> None:
        """Keep what was set; called when the options are closed with OK."""
        settings = QgsSettings()
        settings.setValue(REPORTS, self.language.currentData())
        settings.setValue(preferences.PROCESSES, self.processes.value())
        settings.setValue(preferences.SCHEDULER, self.scheduler.text().strip())
