"""The provider: which tools there are."""

from __future__ import annotations

import os
from string import ascii_lowercase

from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtGui import QIcon

from .base import ROOT
from .corridors.centrality import CentralityAlgorithm
from .corridors.circuitscapeini import CircuitscapeIniAlgorithm
from .corridors.corridorwidths import CorridorWidthsAlgorithm
from .corridors.costdistance import CostDistanceAlgorithm
from .corridors.currentflow import CurrentFlowAlgorithm
from .corridors.currentflowadvanced import CurrentFlowAdvancedAlgorithm
from .corridors.gravity import GravityAlgorithm
from .corridors.linkages import LinkagesAlgorithm
from .corridors.linkpriority import LinkPriorityAlgorithm
from .corridors.networkoptimisation import NetworkOptimisationAlgorithm
from .corridors.omniscape import OmniscapeAlgorithm
from .corridors.strategicpoints import StrategicPointsAlgorithm
from .decisions.actionsheet import ActionSheetAlgorithm
from .decisions.areamanifest import AreaManifestAlgorithm
from .decisions.combineshards import CombineShardsAlgorithm
from .decisions.compareruns import CompareRunsAlgorithm
from .decisions.nullmodel import NullModelAlgorithm
from .decisions.replay import ReplayAlgorithm
from .decisions.restorationplan import RestorationPlanAlgorithm
from .decisions.robustness import RobustnessAlgorithm
from .decisions.speciesmanifest import SpeciesManifestAlgorithm
from .decisions.validate import ValidateAlgorithm
from .keyareas.barriers import BarriersAlgorithm
from .keyareas.circuitbarriers import CircuitBarriersAlgorithm
from .keyareas.cutoffsweep import CutoffSweepAlgorithm
from .keyareas.keyareas import KeyAreasAlgorithm
from .keyareas.pinchpoints import PinchPointsAlgorithm
from .keyareas.tabulate import TabulateAlgorithm
from .planning.demolandscape import DemoLandscapeAlgorithm
from .planning.mapsheets import MapSheetsAlgorithm
from .planning.securitynetwork import SecurityNetworkAlgorithm
from .planning.selftest import SelfTestAlgorithm
from .resistance.ahp import AhpAlgorithm
from .resistance.checkscores import CheckScoresAlgorithm
from .resistance.distancefactor import DistanceFactorAlgorithm
from .resistance.resistance import ResistanceAlgorithm
from .resistance.scorefactor import ScoreFactorAlgorithm
from .resistance.terrainfactor import TerrainFactorAlgorithm
from .shippedmodel import ShippedModel
from .sources.conefor import ConeforAlgorithm
from .sources.coneforexport import ConeforExportAlgorithm
from .sources.connectivity import ConnectivityAlgorithm
from .sources.dispersalsweep import DispersalSweepAlgorithm
from .sources.evidence import EvidenceAlgorithm
from .sources.foreground import ForegroundAlgorithm
from .sources.mspa import MspaAlgorithm
from .sources.naturalbreaks import NaturalBreaksAlgorithm
from .sources.rasterbreaks import RasterBreaksAlgorithm
from .sources.sources import SourcesAlgorithm
from .sources.studygrid import StudyGridAlgorithm
from .support.io import rasterfiles, vectorfiles
from .support.language import tr

# One line for each tool, by group in the order of the work.
ALGORITHMS = [
    StudyGridAlgorithm,
    ForegroundAlgorithm,
    MspaAlgorithm,
    EvidenceAlgorithm,
    SourcesAlgorithm,
    ConnectivityAlgorithm,
    DispersalSweepAlgorithm,
    ConeforAlgorithm,
    ConeforExportAlgorithm,
    NaturalBreaksAlgorithm,
    RasterBreaksAlgorithm,
    DistanceFactorAlgorithm,
    TerrainFactorAlgorithm,
    CheckScoresAlgorithm,
    ScoreFactorAlgorithm,
    AhpAlgorithm,
    ResistanceAlgorithm,
    CostDistanceAlgorithm,
    LinkagesAlgorithm,
    CentralityAlgorithm,
    GravityAlgorithm,
    LinkPriorityAlgorithm,
    StrategicPointsAlgorithm,
    CorridorWidthsAlgorithm,
    NetworkOptimisationAlgorithm,
    CurrentFlowAlgorithm,
    CurrentFlowAdvancedAlgorithm,
    CircuitscapeIniAlgorithm,
    OmniscapeAlgorithm,
    PinchPointsAlgorithm,
    BarriersAlgorithm,
    CircuitBarriersAlgorithm,
    KeyAreasAlgorithm,
    CutoffSweepAlgorithm,
    TabulateAlgorithm,
    DemoLandscapeAlgorithm,
    SecurityNetworkAlgorithm,
    MapSheetsAlgorithm,
    SelfTestAlgorithm,
    RobustnessAlgorithm,
    ValidateAlgorithm,
    NullModelAlgorithm,
    RestorationPlanAlgorithm,
    ActionSheetAlgorithm,
    CompareRunsAlgorithm,
    SpeciesManifestAlgorithm,
    AreaManifestAlgorithm,
    ReplayAlgorithm,
    CombineShardsAlgorithm,
]


def _mark_steps() -> None:
    """Give every tool its step: QGIS sorts the tools of a group by title, and the order of the work is to show."""
    place: dict[str, int] = {}
    for algorithm in ALGORITHMS:
        group = algorithm.GROUP
        place[group.id] = place.get(group.id, -1) + 1
        algorithm.STEP = f"{group.label.split()[0]}{ascii_lowercase[place[group.id]]}"


_mark_steps()


class EcoSecNetProvider(QgsProcessingProvider):
    """Offers the tools and the shipped models to Processing."""

    def id(self) -> str:
        return "ecosecnet"

    def name(self) -> str:
        return "EcoSecNet"

    def longName(self) -> str:
        return tr("EcoSecNet: ecological security networks")

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        return os.path.join(ROOT, "icons", "ecosecnet.svg")

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        return list(rasterfiles.ENDINGS)

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        return list(vectorfiles.LAYER_ENDINGS)

    def supportedOutputTableExtensions(self) -> list[str]:
        return list(vectorfiles.TABLE_ENDINGS)

    def loadAlgorithms(self) -> None:
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        folder = os.path.join(ROOT, "models")
        for file in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            if file.endswith(".model3"):
                path = os.path.join(folder, file)
                model = ShippedModel()
                if model.fromFile(path):
                    model.setSourceFilePath(path)
                    self.addAlgorithm(model)
