"""What the pictures of the report say through their legends is what the data hold."""

import base64
import re

import numpy as np
import pytest
from layerio import read_raster

pytestmark = pytest.mark.qgis

SURFACES = {
    "Resistance": "RESISTANCE",
    "Cost above the least-cost path (cost units)": "CORRIDORS",
    "Current density at 1 A (A)": "CURRENT",
    "Barrier score, cost saved by restoration (cost units per m)": "SCORE",
}


@pytest.fixture(scope="module")
def made(qgis, tmp_path_factory):
    """A run on a small county: the report, its surfaces as files, and their styles."""
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
        QgsRasterLayer,
    )

    folder = tmp_path_factory.mktemp("report")
    county = qgis.run("ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": str(folder)})
    parameters = {
        "LANDUSE": county["LANDUSE"],
        "LEGEND": 1,
        "DEM": county["DEM"],
        "ROADS": county["ROADS"],
        "CORRECTIONS": [county["GEOHAZARDS"]],
        "MIN_AREA": 10.0,
        "DISPERSAL": 600.0,
        "CUTOFF": 300.0,
        "MIN_KEY_AREA": 0.0,
        "REPORT": str(folder / "report.html"),
        **{name: str(folder / f"{name}.tif") for name in SURFACES.values()},
    }
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    wanted = {n: QgsProcessingOutputLayerDefinition(parameters[n], QgsProject.instance()) for n in SURFACES.values()}
    qgis.run("ecosecnet:securitynetwork", {**parameters, **wanted}, context=context, feedback=feedback)
    layers = {}
    for name in SURFACES.values():
        layers[name] = QgsRasterLayer(parameters[name], name)
        processor = context.layerToLoadOnCompletionDetails(parameters[name]).postProcessor()
        processor.postProcessLayer(layers[name], context, feedback)
    return (folder / "report.html").read_text(encoding="utf-8"), layers


def figures(report):
    """Yield the picture (rows, cols, 3), and the name, colours and labels of its ramp, of every figure that has one."""
    from qgis.PyQt.QtGui import QImage

    for figure in re.findall(r"<figure><div class='map'><img.*?</figure>", report, re.S):
        name = re.search(r"<svg class='ramp'.*?aria-label='(.*?)'", figure)
        if name is None:
            continue
        image = QImage.fromData(base64.b64decode(re.search(r"base64,(.*?)'", figure).group(1)))
        image = image.convertToFormat(QImage.Format.Format_RGB32)
        bits = image.constBits()
        bits.setsize(image.height() * image.bytesPerLine())
        picture = np.frombuffer(bits, np.uint8).reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)
        colours = re.findall(r"<stop offset='.*?' stop-color='rgb\((\d+),(\d+),(\d+)\)'/>", figure)
        labels = re.findall(r"text-anchor='middle'>(.*?)</text>", figure)
        yield picture, name.group(1), np.array(colours, dtype=float), labels


def test_every_surface_has_a_legend_of_values(made):
    assert {name for _, name, _, _ in figures(made[0])} == set(SURFACES)


def test_pixels_read_through_the_legend_are_the_data(made):
    report, layers = made
    for picture, name, colours, labels in figures(report):
        values, nodata = read_raster(layers[SURFACES[name]].source())
        stops = np.array([float(re.sub("[^0-9.e-]", "", label)) for label in labels])
        height, width = picture.shape[:2]
        rows = ((np.arange(height) + 0.5) * values.shape[0] / height).astype(int)
        cols = ((np.arange(width) + 0.5) * values.shape[1] / width).astype(int)
        held = values[rows][:, cols]
        place = np.linspace(0, len(stops) - 1, 400 * (len(stops) - 1) + 1)
        path = np.stack([np.interp(place, np.arange(len(stops)), colours[:, k]) for k in range(3)], axis=-1)
        read = np.interp(place, np.arange(len(stops)), stops)
        shown, position = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
        apart = np.abs(shown[:, None, :] - path[None]).max(axis=-1)
        nearest = apart.argmin(axis=1)
        known = (held != nodata) & (apart.min(axis=1) <= 1.0)[position].reshape(held.shape)
        assert known.sum() > 2000, name
        told, there = read[nearest][position].reshape(held.shape)[known], held[known]
        # Two steps of a colour, in values, is as well as an eye with a ruler could read.
        finest = np.abs(np.diff(colours, axis=0)).max(axis=1)
        slack = 2.0 * np.max(np.diff(stops) / finest)
        wrong = np.abs(told - np.clip(there, stops[0], stops[-1])) > slack
        # Here and there the blended edge of a line has the colour of some other value.
        assert wrong.mean() < 0.03, name
        assert (labels[0][0] == "≤") == (values[values != nodata].min() < stops[0] * (1 - 1e-6)), name
        assert (labels[-1][0] == "≥") == (values[values != nodata].max() > stops[-1] * (1 + 1e-6)), name


def test_the_map_in_qgis_has_the_colours_of_the_report(made):
    from qgis.core import QgsColorRampShader

    report, layers = made
    for _, name, colours, labels in figures(report):
        shader = layers[SURFACES[name]].renderer().shader().rasterShaderFunction()
        assert isinstance(shader, QgsColorRampShader)
        items = shader.colorRampItemList()
        unit = (re.findall(r"\((.*?)\)$", name) or [""])[0]
        assert [item.label for item in items] == [f"{label} {unit}".strip() for label in labels]
        assert [item.color.getRgb()[:3] for item in items] == [tuple(map(int, colour)) for colour in colours]
        assert [item.value for item in items] == [float(re.sub("[^0-9.e-]", "", label)) for label in labels]


@pytest.mark.parametrize(("grades", "said"), [((1, 3), True), ((1, 2), False), ((3, 3), False)])
def test_grades_are_compared_where_there_are_both(qgis, grades, said):
    """A study area may be crossed by corridors of the lowest grade only, whose mean length is that of nothing."""
    from types import SimpleNamespace

    from ecosecnet.algorithms.planning.network.keyplaces import important_corridors

    links = SimpleNamespace(length=np.array([500.0, 2000.0]), active=np.array([True, True]))
    network = SimpleNamespace(corridors=SimpleNamespace(links=links, grade=np.array(grades)))
    table = (), [["Pinch points", "Grade 1 to 2", 1, 50.0]]
    sentences = important_corridors(SimpleNamespace(network=network, key_areas_by_grade=table))
    assert bool(sentences) == said
    assert "nan" not in " ".join(sentences)
