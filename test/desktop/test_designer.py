"""The shipped models in the model designer of QGIS: no step is marked as faulty, and Run at once runs."""

from itertools import combinations
from pathlib import Path

from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.modeler.ModelerDialog import ModelerDialog
from qgis.core import QgsApplication, QgsProcessingModelGroupBox
from qgis.gui import QgsModelComponentGraphicItem
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QColor, QImage, QPainter
from qgis.PyQt.QtWidgets import QAction, QApplication, QGraphicsView
from window import Dialog, colours, settle, text_of, wait

SCORES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "scores_liuzhi_corrected.csv"


class Designer:
    """The designer with a model in it."""

    def __init__(self, window, path):
        self.window = window
        self.dialog = ModelerDialog.create()
        self.said = []
        self.dialog.messageBar().widgetAdded.connect(lambda item: self.said.append(text_of(item)))
        self.dialog.loadModel(str(path))
        self.dialog.showMaximized()
        settle()
        self.scene = self.dialog.findChild(QGraphicsView).scene()

    def draw(self):
        """Return the whole model as an image."""
        area = self.scene.itemsBoundingRect().adjusted(-20, -20, 20, 20)
        image = QImage(area.size().toSize(), QImage.Format.Format_ARGB32)
        image.fill(0xFFFFFFFF)
        painter = QPainter(image)
        self.scene.render(painter, source=area)
        painter.end()
        return image

    def press_validate(self):
        """Press Validate; returns what the designer says."""
        self.dialog.findChild(QAction, "mActionValidate").trigger()
        return wait(lambda: self.said, 5, "the designer to say whether the model is valid")[-1]

    def run(self, **values):
        """Press Run, give what is missing, and wait for the end; returns the results."""
        found = []

        def drive():
            dialogs = [
                one for one in QApplication.topLevelWidgets() if isinstance(one, AlgorithmDialog) and one.isVisible()
            ]
            if not dialogs:
                return
            timer.stop()
            dialog = Dialog(self.window, dialogs[0])
            dialog.set(**values)
            found.append((dialog.run(), dialog.text()))
            dialog.dialog.close()

        timer = QTimer()
        timer.timeout.connect(drive)
        timer.start(200)
        self.dialog.findChild(QAction, "mActionRun").trigger()
        wait(lambda: found or self.window.boxes, 180, "the model to run")
        timer.stop()
        results, text = found[0] if found else (None, self.window.boxes)
        assert results is not None, text
        return results

    def close(self):
        """Close it without a question."""
        self.dialog.setDirty(False)
        self.dialog.close()
        settle(0.2)


def shipped(name):
    """Return the file of a shipped model, as the plugin manager has unpacked it."""
    return QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{name}").sourceFilePath()


def reddish(image):
    """Return the colours of boxes of faulty steps; the icons have milder ones."""
    found = map(QColor, colours(image, 2))
    return [one.name() for one in found if one.red() > 190 and max(one.green(), one.blue()) < 60]


def overlaps(scene):
    """Return pairs of boxes that lie on one another; frames lie around them."""
    items = [one for one in scene.items() if isinstance(one, QgsModelComponentGraphicItem)]
    boxes = [one for one in items if not isinstance(one.component(), QgsProcessingModelGroupBox)]
    return [
        (one.component().description(), other.component().description())
        for one, other in combinations(boxes, 2)
        if one.sceneBoundingRect().intersects(other.sceneBoundingRect())
    ]


def opened(window, name):
    """Open a model in the designer; every step is as it should be."""
    designer = Designer(window, shipped(name))
    image = designer.draw()
    image.save(str(window.pictures / f"model_{name}.png"))
    window.picture(f"designer_{name}")
    assert "Model is valid" in designer.press_validate()
    assert not reddish(image)
    assert not overlaps(designer.scene)
    return designer


def test_models_are_valid_and_run_in_the_designer(window, county, tmp_path):
    designer = opened(window, "sourcesfromlandcover")
    # Land-use codes serve as resistances here: they are positive, and it is the model that is looked at.
    landuse = str(county / "landuse.tif")
    found = designer.run(
        landuse=landuse, foreground="1,2,6", min_area=100.0, **{"importance:sources": str(tmp_path / "sources.gpkg")}
    )
    designer.close()
    designer = opened(window, "corridorsandkeyareas")
    found = designer.run(resistance=landuse, sources=found["importance:sources"])
    assert set(found) >= {"linkages:corridors", "pinchareas:pinch_points", "barrierareas:barriers"}
    designer.close()


def test_the_whole_chain_is_seen_in_the_designer_and_runs_in_it(window, county):
    designer = opened(window, "resistancefromlandcover")
    designer.close()
    designer = opened(window, "networkstepbystep")
    package = f"{county / 'landscape.gpkg'}|layername="
    found = designer.run(
        landuse=str(county / "landuse.tif"),
        foreground="1,2,6",
        dem=str(county / "dem.tif"),
        roads=f"{package}roads",
        mines=f"{package}mines",
        scores=str(SCORES),
        townships=f"{package}townships",
    )
    assert set(found) >= {"importance:sources", "resistance:resistance", "pinchtable:pinch_table"}
    designer.close()


def test_a_faulty_step_is_seen(window, tmp_path):
    text = Path(shipped("corridorsandkeyareas")).read_text(encoding="utf-8")
    (tmp_path / "faulty.model3").write_text(text.replace('"LINKS"', '"NO_LINKS"'), encoding="utf-8")
    designer = Designer(window, tmp_path / "faulty.model3")
    assert reddish(designer.draw())
    assert "Model is valid" not in designer.press_validate()
    designer.close()
