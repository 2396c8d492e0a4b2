"""What the widgets of a dialog show and hand over."""

import pytest

pytestmark = pytest.mark.qgis


@pytest.fixture
def widget(qgis):
    """Make the widget of a parameter as a dialog does; yields wrapper and widget."""
    from qgis.core import QgsProcessingContext
    from qgis.gui import QgsGui, QgsProcessingGui
    from qgis.PyQt.QtWidgets import QApplication, QVBoxLayout, QWidget

    held = []

    def make(parameter, batch=False):
        kind = QgsProcessingGui.WidgetType.Batch if batch else QgsProcessingGui.WidgetType.Standard
        wrapper = QgsGui.processingGuiRegistry().createParameterWidgetWrapper(parameter, kind)
        window = QWidget()
        layout = QVBoxLayout(window)
        inner = wrapper.createWrappedWidget(QgsProcessingContext())
        layout.addWidget(inner)
        wrapper.postInitialize([wrapper])
        window.show()
        QApplication.processEvents()
        held.append((window, parameter))
        return wrapper, inner

    return make


def _numbers(tools):
    from qgis.core import QgsProcessingParameterNumber

    for tool in tools:
        for parameter in tool.parameterDefinitions():
            if isinstance(parameter, QgsProcessingParameterNumber):
                yield tool, parameter


@pytest.fixture(scope="module")
def tools(qgis):
    from ecosecnet.algorithms.provider import ALGORITHMS

    return [algorithm().create() for algorithm in ALGORITHMS]


def test_numbers_show_and_keep_their_default(tools, widget):
    from qgis.PyQt.QtWidgets import QAbstractSpinBox

    for tool, parameter in _numbers(tools):
        wrapper, inner = widget(parameter)
        name = f"{tool.name()}: {parameter.name()}"
        spin = inner if isinstance(inner, QAbstractSpinBox) else inner.findChild(QAbstractSpinBox)
        assert len(spin.text().partition(".")[2]) <= 4 or parameter.defaultValue() is None, f"{name} {spin.text()}"
        assert wrapper.parameterValue() == parameter.defaultValueForGui(), name


def test_what_a_dialog_starts_with_is_accepted(tools):
    """A mandatory number without a default shows 0, which a tool may refuse after all has been filled in."""
    from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition

    for tool, parameter in _numbers(tools):
        name = f"{tool.name()}: {parameter.name()}"
        optional = parameter.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
        for default in (parameter.defaultValue(), parameter.defaultValueForGui()):
            assert optional or default is not None, name
            assert default is None or parameter.checkValueIsAcceptable(default, QgsProcessingContext()), name


def test_distance_is_in_metres_whatever_unit_is_chosen(widget):
    from ecosecnet.algorithms.support.inputs import parameters as p
    from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox

    parameter = p.distance("MAX", "Largest distance", "Some help.", 5000.0)
    wrapper, inner = widget(parameter)
    spin, units = inner.findChild(QDoubleSpinBox), inner.findChild(QComboBox)
    assert (spin.text(), units.currentText(), wrapper.parameterValue()) == ("5000.0", "meters", 5000.0)
    spin.setValue(8.0)
    units.setCurrentText("kilometers")
    assert wrapper.parameterValue() == pytest.approx(8000.0)
    units.setCurrentText("feet")
    assert wrapper.parameterValue() == pytest.approx(8.0 * 0.3048)
    assert widget(parameter, batch=True)[0].parameterValue() == 5000.0
    assert "metres" in parameter.help()


def test_layers_in_feet_do_not_change_what_a_length_means(tools, widget, raster):
    import numpy as np
    from qgis.core import QgsProcessingContext, QgsProject, QgsRasterLayer
    from qgis.PyQt.QtWidgets import QComboBox, QDoubleSpinBox

    (tool,) = (one for one in tools if one.name() == "distancefactor")
    grid, _ = widget(tool.parameterDefinition("GRID"))
    wrapper, inner = widget(tool.parameterDefinition("MAX"))
    wrapper.postInitialize([grid, wrapper])
    layer = QgsRasterLayer(raster("feet", np.ones((4, 4), dtype=np.uint8), crs="EPSG:2277"), "feet")
    QgsProject.instance().addMapLayer(layer)
    grid.setParameterValue(layer.id(), QgsProcessingContext())
    inner.findChild(QDoubleSpinBox).setValue(5000.0)
    assert inner.findChild(QComboBox).currentText() == "meters"
    assert wrapper.parameterValue() == 5000.0
    QgsProject.instance().clear()


def test_folded_away_lengths_offer_no_other_unit(widget):
    """QGIS takes the number of a hidden widget without its unit: 8 km would become 8 m."""
    from ecosecnet.algorithms.support.inputs import parameters as p
    from qgis.PyQt.QtWidgets import QComboBox

    parameter = p.distance("GAP", "Gap", "Some help.", 90.0, advanced=True)
    assert parameter.description() == "Gap (m)"
    _, inner = widget(parameter)
    assert inner.findChild(QComboBox) is None


def test_distances_are_metres_in_feet_too(run, raster, polygons, tmp_path):
    """The same place in metres and in US survey feet, with the same value."""
    import numpy as np
    from layerio import read_raster

    foot = 1200.0 / 3937.0
    found = {}
    for crs, unit in (
        ("EPSG:32104", 1.0),
        ("EPSG:32040", foot),
    ):  # NAD83 Nebraska in m, NAD27 Texas South Central in ft
        grid = raster(
            crs[5:], np.ones((20, 30), np.float32), cell=30.0 / unit, left=6e5 / unit, top=1e5 / unit, crs=crs
        )
        left, top = 6e5 / unit, 1e5 / unit
        point = f"Polygon (({left} {top}, {left + 30 / unit} {top}, {left} {top - 30 / unit}, {left} {top}))"
        features = polygons(f"features{crs[5:]}", [(point, {"kind": 1})], kind="Polygon", crs=crs)
        output = str(tmp_path / f"distance{crs[5:]}.tif")
        run("distancefactor", FEATURES=features, GRID=grid, MAX=300.0, OUTPUT=output)
        found[unit] = read_raster(output)[0]
    assert found[1.0].max() == pytest.approx(300.0)
    np.testing.assert_allclose(found[foot], found[1.0], rtol=1e-5)
