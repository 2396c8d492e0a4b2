"""Runs in Chinese: every line of the log, every error and every block of the reports is recognised and translated."""

import dataclasses
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.qgis


def beside(name):
    """Return a test module of this folder."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CITED = r"doi:|\b(19|20)\d\d\b"
ENGLISH = re.compile(r"(?<![\w/.-])[a-z]{3,}(?: [a-z]{2,}){2,}")


def english(texts):
    """Return the texts that hold three English words in a row which are neither quoted nor cited."""
    left = []
    for text in texts:
        said = re.sub(r"“[^”]*”|「[^」]*」|'[^']*'|\S*[/_=|]\S*|（[^（）]*(?:19|20)\d\d[^（）]*）", " ", text)
        if ENGLISH.search(said) and not (re.search(CITED, text) and not re.search("[\u3400-\u9fff]", text)):
            left.append(text.strip())
    return left


@pytest.fixture
def said(monkeypatch):
    """Speak Chinese; return what goes into the log."""
    from ecosecnet.algorithms.support import language
    from ecosecnet.algorithms.support.run import feedback

    lines = []

    def noted(text):
        lines.append(language.tr(text))
        return lines[-1]

    monkeypatch.setattr(feedback, "tr", noted)
    with language.speaking(language.CHINESE):
        yield lines


def blocks_of(page):
    """Return the texts of a page, its code and styles left out."""
    text = re.sub(r"(?s)<(style|pre|script)\b.*?</\1>", "", page.read_text(encoding="utf-8"))
    return [one for one in re.split(r"</?(?!b>|i>|sub>|/b>|/i>|/sub>)[^<>]*>", text) if one.strip()]


@pytest.mark.slow
def test_the_whole_chain_with_its_reports(qgis, said, tmp_path):
    from qgis.core import QgsApplication

    chain = beside("test_chain")
    found = {}
    for step in chain.CHAIN:
        tool = QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{step.tool}")
        reports = {
            one.name(): str(tmp_path / f"{step.name}.html")
            for one in tool.destinationParameterDefinitions()
            if one.type() == "fileDestination" and one.defaultFileExtension() == "html"
        }
        chain.run_step(qgis, dataclasses.replace(step, typed={**step.typed, **reports}), found, tmp_path / step.name)
    assert len(said) > 100
    assert english(said) == []
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 8
    left = {str(page.relative_to(tmp_path)): english(blocks_of(page)) for page in pages}
    assert not any(left.values()), "\n".join(f"{name}: {text}" for name, texts in left.items() for text in texts)


def wrong(raster, polygons):
    """Yield tools with parameters that each refuses in its own way."""
    ground = np.ones((40, 40), np.float32)
    bad = ground.copy()
    bad[7, 9] = -1.0
    far = "Polygon ((0 0, 100 0, 100 100, 0 100, 0 0))"
    here = "Polygon ((500090 2899700, 500300 2899700, 500300 2899500, 500090 2899500, 500090 2899700))"
    good = {
        "RESISTANCE": raster("resistance", ground),
        "SOURCES": polygons("sources", [(here, {"source_id": 1})], kind="Polygon"),
    }
    yield "linkages", good
    yield "linkages", {**good, "RESISTANCE": raster("bad", bad)}
    yield "linkages", {**good, "SOURCES": polygons("far", [(far, {"source_id": 1})], kind="Polygon")}
    yield (
        "costdistance",
        {**good, "RESISTANCE": raster("degrees", ground, cell=0.0003, left=105.0, top=26.5, crs="EPSG:4326")},
    )
    yield "foreground", {"INPUT": raster("codes", np.ones((9, 9), np.uint8)), "FOREGROUND": "7"}
    yield "foreground", {"INPUT": raster("measured", np.random.default_rng(0).random((9, 9)).astype(np.float32))}
    yield "mspa", {"INPUT": raster("plain", np.ones((9, 9), np.uint8)), "FOREGROUND": "a"}
    yield "mspa", {"INPUT": raster("coded", np.full((9, 9), 2, np.uint8)), "EDGE_WIDTH": 500}
    yield "ahp", {"NAMES": "a, b", "MATRIX": ["1", "0", "", "1"]}
    yield "naturalbreaks", {"INPUT": good["SOURCES"], "FIELD": "none"}
    yield "keyareas", {"INPUT": raster("nothing", np.full((9, 9), np.nan, np.float32))}
    yield "connectivity", {"SOURCES": good["SOURCES"], "DISPERSAL": -1.0}
    yield "validate", {"SURFACES": [good["RESISTANCE"]]}
    yield "securitynetwork", {"LANDUSE": raster("landuse", np.full((40, 40), 3, np.uint8))}
    yield "replay", {"CAPSULE": good["RESISTANCE"]}


def test_errors(qgis, said, raster, polygons):
    from qgis.core import QgsApplication, QgsProcessingContext, QgsProcessingFeedback

    errors = {}
    for number, (tool, parameters) in enumerate(wrong(raster, polygons)):
        declared = (
            QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{tool}").destinationParameterDefinitions()
        )
        outputs = {one.name(): "TEMPORARY_OUTPUT" for one in declared if one.createByDefault()}
        with pytest.raises(Exception, match=r".") as caught:  # noqa: PT012 (which one was not refused)
            qgis.run(
                f"ecosecnet:{tool}",
                {**outputs, **parameters},
                context=QgsProcessingContext(),
                feedback=QgsProcessingFeedback(False),
            )
            pytest.fail(f"{tool} {parameters}")
        errors[f"{number} {tool}"] = str(caught.value).replace("Unable to execute algorithm\n", "")
    plain = {name: text for name, text in errors.items() if not re.search("[\u3400-\u9fff]", text)}
    # what QGIS itself says is in the language of QGIS, which is English here
    assert {name: text for name, text in plain.items() if not text.startswith("Incorrect parameter value")} == {}
    assert english(text for name, text in errors.items() if name not in plain) == []
    assert len(errors) - len(plain) > 12
    assert english(said) == []
