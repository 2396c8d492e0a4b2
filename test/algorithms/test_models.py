"""The shipped models resolve, and give what their tools give one by one."""

from pathlib import Path

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted((ROOT / "models").glob("*.model3"))


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county"))
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": folder})


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_every_step_of_a_model_exists(qgis, path):
    from qgis.core import QgsApplication, QgsProcessingModelAlgorithm

    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(path))
    assert QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{model.name()}") is not None
    for child in model.childAlgorithms().values():
        tool = child.algorithm()
        assert tool is not None, child.algorithmId()
        assert set(child.parameterSources()) <= {definition.name() for definition in tool.parameterDefinitions()}
    assert model.outputDefinitions()


def test_sources_model(run, county, tmp_path):
    given = {"foreground": "1,2,6", "min_area": 10, "min_dpc": 1, "dispersal": 600, "protected": [county["REDLINE"]]}
    found = run(
        "Sources from land cover (model)",
        landuse=county["LANDUSE"],
        **given,
        **{"mspa:mspa": str(tmp_path / "mspa.tif"), "importance:sources": str(tmp_path / "sources.gpkg")},
    )
    single = run("mspa", INPUT=county["LANDUSE"], FOREGROUND="1,2,6", OUTPUT=str(tmp_path / "single.tif"))
    codes = read_raster(found["mspa:mspa"])[0]
    np.testing.assert_array_equal(codes, read_raster(single["OUTPUT"])[0])
    candidates = run(
        "sources",
        INPUT=single["OUTPUT"],
        CORE_VALUES="17,117",
        PROTECTED=[county["REDLINE"]],
        MIN_AREA=10,
        OUTPUT=str(tmp_path / "candidates.gpkg"),
    )
    expected = run(
        "connectivity",
        SOURCES=candidates["OUTPUT"],
        DISPERSAL=600,
        MIN_DPC=1,
        OUTPUT=str(tmp_path / "expected.gpkg"),
    )
    rows, wanted = read_table(found["importance:sources"]), read_table(expected["OUTPUT"])
    assert [row["dPC"] for row in rows] == pytest.approx([row["dPC"] for row in wanted])
    assert len(rows) >= 2


def test_key_areas_model(run, raster, polygons, tmp_path):
    ground = 1 + 4 * np.random.default_rng(3).random((60, 60)).astype(np.float32)
    ground[28:32, 25:35] = 90.0
    left, top = 500_000.0, 2_900_000.0

    def square(col, row):
        x, y = left + 30 * col, top - 30 * row
        return f"MultiPolygon ((({x} {y}, {x + 240} {y}, {x + 240} {y - 240}, {x} {y - 240}, {x} {y})))"

    sources = polygons("sources", [(square(4, 26), {"source_id": 1}), (square(48, 26), {"source_id": 2})])
    outputs = {
        "linkages:corridors": "corridors.tif",
        "centrality:links": "links.gpkg",
        "pinch:current": "current.tif",
        "barriers:score": "score.tif",
        "pinchareas:areas": "pinch.gpkg",
        "barrierareas:areas": "barriers.gpkg",
    }
    found = run(
        "Corridors and key areas (model)",
        resistance=raster("resistance", ground),
        sources=sources,
        cutoff=1500,
        radius=90,
        min_area=0,
        **{name: str(tmp_path / file) for name, file in outputs.items()},
    )
    (link,) = read_table(found["centrality:links"])
    assert link["current_flow"] == pytest.approx(1.0)
    assert len(read_table(found["pinchareas:areas"])) >= 1
    assert len(read_table(found["barrierareas:areas"])) >= 1
    current, nodata = read_raster(found["pinch:current"])
    assert 0 < current[current != nodata].max() <= 1.0 + 1e-6
