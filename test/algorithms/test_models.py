"""The shipped models are valid on every version of QGIS, say what their tools say, and give what their tools give."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
from layerio import read_raster, read_table

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted((ROOT / "models").glob("*.model3"))
every_model = pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)


def load(path):
    """Return a model as the designer loads it."""
    from qgis.core import QgsProcessingModelAlgorithm

    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(path))
    return model


def offered(path):
    """Return a model as the toolbox runs it."""
    from qgis.core import QgsApplication

    return QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{path.stem}")


def fed(model):
    """Return pairs of an input of a model and a parameter of a tool that takes it."""
    from qgis.core import QgsApplication

    for child in model.childAlgorithms().values():
        tool = QgsApplication.processingRegistry().algorithmById(child.algorithmId())
        for name, sources in child.parameterSources().items():
            for source in sources:
                if source.parameterName():
                    yield model.parameterDefinition(source.parameterName()), tool.parameterDefinition(name)


def parameter_of(text):
    """Return the parameter of a tool that is written 'tool:PARAMETER'."""
    from qgis.core import QgsApplication

    tool, _, name = text.partition(":")
    return QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{tool}").parameterDefinition(name)


def said(definition):
    """Return all that a definition says but its name; what is empty is NULL or not, as it was loaded."""
    return {key: plain(value) for key, value in definition.toVariantMap().items() if value and key != "name"}


def plain(value):
    return [str(cell or "") for cell in value] if isinstance(value, list) else value


def optional(definition):
    from qgis.core import QgsProcessingParameterDefinition

    return bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)


@pytest.fixture(scope="module")
def maker(qgis):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("make_models")


def test_files_are_current(maker, tmp_path):
    assert [path.stem for path in MODELS] == sorted(plan.id for plan in maker.PLANS)
    for plan in maker.PLANS:
        assert maker.build(plan).toFile(str(tmp_path / "model.model3"))
        shipped, built = load(ROOT / "models" / f"{plan.id}.model3"), load(tmp_path / "model.model3")
        assert shipped.toVariant() == built.toVariant(), "run scripts/make_models.py"


@every_model
def test_model_is_valid(qgis, path):
    model = load(path)
    assert model.validate() == (True, [])
    for child in model.childAlgorithms().values():
        tool = child.algorithm()
        assert tool is not None, child.algorithmId()
        assert set(child.parameterSources()) <= {definition.name() for definition in tool.parameterDefinitions()}


@every_model
def test_model_has_an_id_to_type_and_a_title_to_read(qgis, path):
    model = offered(path)
    assert model.id() == f"ecosecnet:{path.stem}"
    assert re.fullmatch("[a-z]+", path.stem)
    assert model.displayName() == load(path).name()
    assert " " in model.displayName()
    assert model.create().displayName() == model.displayName()
    assert model.create().id() == model.id()


@every_model
def test_outputs_have_names_of_their_own(qgis, path):
    model = offered(path)
    outputs = model.outputDefinitions()
    assert len({output.description() for output in outputs}) == len(outputs) >= 2
    # Newer versions of QGIS replace everything else in a name, which then is another one than in 3.22.
    assert all(re.fullmatch("[a-z]+:[a-z_]+", output.name()) for output in outputs)


@every_model
def test_inputs_are_the_parameters_of_the_tools(maker, path):
    model, plan = offered(path), next(plan for plan in maker.PLANS if plan.id == path.stem)
    inputs = {definition.name(): [] for definition in model.parameterDefinitions() if not definition.isDestination()}
    for definition, parameter in fed(model):
        inputs[definition.name()].append((definition, parameter))
    labels = {model.parameterDefinition(name).description() for name in inputs}
    assert len(labels) == len(inputs)
    for name, pairs in inputs.items():
        # Of an input with words of another tool, only these are that tool's.
        own = [{} if name not in plan.words else dict.fromkeys(("description", "help", "flags")) for _ in pairs]
        assert any(said(one) | words == said(parameter) | words for (one, parameter), words in zip(pairs, own))
        if name in plan.words:
            one, other = pairs[0][0], parameter_of(plan.words[name])
            assert (one.description(), one.help()) == (other.description(), other.help())
        for definition, parameter in pairs:
            assert optional(parameter) or not optional(definition)
            # qgis_process 3.22 hands a tool its own default when an input of the model is left out.
            assert plain(parameter.defaultValue()) == plain(definition.defaultValue())
            assert len(definition.help()) > 10


@every_model
def test_help_says_what_the_model_does_takes_and_makes(qgis, path):
    model = offered(path)
    assert model.shortDescription().endswith(".")
    text = model.shortHelpString()
    assert path.name in text
    for definition in model.parameterDefinitions():
        assert f"<h3>{definition.description()}</h3>\n<p>{definition.help()}</p>" in text


def test_the_page_on_models_tells_of_each(qgis):
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    models = {path.stem: offered(path) for path in MODELS}
    for name, model in models.items():
        assert f"| {model.displayName()} (`{name}`) |" in page
    (steps,) = re.findall(r"taken apart into (\d+) steps", page)
    assert len(models["networkstepbystep"].childAlgorithms()) == int(steps)
    commands = re.findall(r"run ecosecnet:(\w+) ((?:.*\\\n)*.*)", page)
    assert len(commands) == 2
    for name, options in commands:
        known = {definition.name() for definition in models[name].parameterDefinitions()}
        assert set(re.findall(r"--([\w:]+)=", options)) <= known


@pytest.fixture(scope="module")
def county(qgis, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("county"))
    return qgis.run("ecosecnet:demolandscape", {"SIZE": 200, "SEED": 2, "LOAD": False, "OUTPUT_FOLDER": folder})


@pytest.fixture
def single(run):
    """Run a tool with the outputs that its dialog makes when it is left alone; returns its results."""
    from qgis.core import QgsApplication

    def call(tool, **parameters):
        definitions = QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{tool}").parameterDefinitions()
        wanted = [one.name() for one in definitions if one.isDestination() and one.createByDefault()]
        return run(tool, **dict.fromkeys(wanted, "TEMPORARY_OUTPUT"), **parameters)

    return call


def columns(layer, *names):
    return [[row[name] for name in names] for row in read_table(layer)]


def test_sources_model_gives_what_its_tools_give_with_their_defaults(single, county):
    found = single("sourcesfromlandcover", landuse=county["LANDUSE"], foreground="1,2,6", protected=[county["REDLINE"]])
    habitat = single("foreground", INPUT=county["LANDUSE"], FOREGROUND="1,2,6")["OUTPUT"]
    mspa = single("mspa", INPUT=habitat)["OUTPUT"]
    candidates = single("sources", INPUT=mspa, PROTECTED=[county["REDLINE"]])["OUTPUT"]
    sources = single("connectivity", SOURCES=candidates)["OUTPUT"]
    np.testing.assert_array_equal(read_raster(found["mspa:mspa"])[0], read_raster(mspa)[0])
    rows = columns(found["importance:sources"], "source_id", "area_ha", "dPC", "dIIC")
    assert rows == columns(sources, "source_id", "area_ha", "dPC", "dIIC")
    assert len(rows) >= 2


def test_layers_are_called_as_the_outputs_are_labelled(qgis, county):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingOutputLayerDefinition, QgsProject

    project = QgsProject()
    given = {"landuse": county["LANDUSE"], "foreground": "1,2,6"}
    for name in ("mspa:mspa", "importance:sources"):
        given[name] = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)
    context = QgsProcessingContext()
    context.setProject(project)
    model = offered(ROOT / "models" / "sourcesfromlandcover.model3")
    assert model.run(given, context, QgsProcessingFeedback())[1]
    names = [details.name for details in context.layersToLoadOnCompletion().values()]
    assert sorted(names) == ["MSPA codes", "Sources with importance"]


def test_sources_model_hands_its_inputs_on(single, county):
    given = {"landuse": county["LANDUSE"], "foreground": "1,2,6", "dispersal": 600}
    every = {
        row["source_id"]: row["dPC"]
        for row in read_table(single("sourcesfromlandcover", **given)["importance:sources"])
    }
    large = read_table(single("sourcesfromlandcover", min_area=10, min_dpc=1, **given)["importance:sources"])
    assert 2 <= len(large) < len(every)
    assert min(row["area_ha"] for row in large) >= 10
    assert min(row["dPC"] for row in large) >= 1
    near = read_table(single("sourcesfromlandcover", **{**given, "dispersal": 60})["importance:sources"])
    assert {row["source_id"]: row["dPC"] for row in near} != every


def test_resistance_model_gives_what_its_tools_give(single, county):
    table = str(ROOT / "docs" / "examples" / "scores_liuzhi_corrected.csv")
    land = {name: county[name.upper()] for name in ("landuse", "dem", "roads", "mines")}
    corrections = [county["EROSION"]]
    found = single("resistancefromlandcover", **land, scores=table, corrections=corrections)
    weights = single("ahp")["WEIGHTS"]
    assert columns(found["weights:weights"], "factor", "weight") == columns(weights, "factor", "weight")
    measured = [
        county["LANDUSE"],
        county["DEM"],
        single("terrainfactor", DEM=county["DEM"])["OUTPUT"],
        single("distancefactor", FEATURES=county["ROADS"], GRID=county["LANDUSE"])["OUTPUT"],
        single("distancefactor", FEATURES=county["MINES"], GRID=county["LANDUSE"])["OUTPUT"],
    ]
    factors = ("Land use", "Elevation (m)", "Slope (°)", "Distance from road (m)", "Distance to mining area (m)")
    scored = [
        single("scorefactor", INPUT=path, SCORES_TABLE=table, FACTOR=name)["OUTPUT"]
        for path, name in zip(measured, factors)
    ]
    for name, path in zip(("landuse", "elevation", "slope", "road", "mine"), scored):
        np.testing.assert_array_equal(read_raster(found[f"{name}scores:{name}scores"])[0], read_raster(path)[0])
    held = [row["weight"] for row in read_table(weights)]
    assert len({round(weight, 12) for weight in held}) == 3
    typed = single("resistance", FACTORS=scored, WEIGHTS=" ".join(map(repr, held)), CORRECTIONS=corrections)["OUTPUT"]
    values, nodata = read_raster(typed)
    assert (values != nodata).sum() > 10_000
    np.testing.assert_array_equal(read_raster(found["resistance:resistance"])[0], values)


def test_layers_lie_in_groups_by_step_with_their_look(qgis, bottleneck):
    from processing.gui.Postprocessing import handleAlgorithmResults
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
    )

    project = QgsProject.instance()
    project.clear()
    model = offered(ROOT / "models" / "corridorsandkeyareas.model3")
    given = {"resistance": bottleneck["RESISTANCE"], "sources": bottleneck["SOURCES"]}
    for definition in model.destinationParameterDefinitions():
        given[definition.name()] = QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project)
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(project)
    assert model.run(given, context, feedback)[1]
    handleAlgorithmResults(model, context, feedback)
    for _ in range(20):
        QgsApplication.processEvents()
    (run,) = project.layerTreeRoot().children()
    assert run.name().startswith(model.displayName())
    groups = {group.name(): [node.name() for node in group.findLayers()] for group in run.children()}
    assert groups == {
        "4 Key areas": ["Pinch points", "Barriers", "Current density", "Barrier score"],
        "3 Corridors": ["Links with centrality", "Corridor belt"],
    }
    barriers, pinch_points = (project.mapLayersByName(name)[0] for name in ("Barriers", "Pinch points"))
    assert barriers.renderer().symbol().color() != pinch_points.renderer().symbol().color()
    shown = {node.name() for node in run.findLayers() if node.itemVisibilityChecked()}
    assert shown == {"Barriers", "Pinch points", "Links with centrality", "Corridor belt"}
    assert all(layer.crs().isValid() for layer in project.mapLayers().values())
    project.clear()


@pytest.fixture
def bottleneck(raster, polygons):
    """Two sources and, between them, dear land with a gap."""
    ground = 1 + 4 * np.random.default_rng(3).random((60, 60)).astype(np.float32)
    ground[28:32, 25:35] = 90.0
    left, top = 500_000.0, 2_900_000.0

    def square(col, row):
        x, y = left + 30 * col, top - 30 * row
        return f"MultiPolygon ((({x} {y}, {x + 240} {y}, {x + 240} {y - 240}, {x} {y - 240}, {x} {y})))"

    sources = polygons("sources", [(square(4, 26), {"source_id": 1}), (square(48, 26), {"source_id": 2})])
    return {"RESISTANCE": raster("resistance", ground), "SOURCES": sources}


def test_key_areas_model_gives_what_its_tools_give_with_their_defaults(single, bottleneck):
    found = single("corridorsandkeyareas", resistance=bottleneck["RESISTANCE"], sources=bottleneck["SOURCES"])
    linked = single("linkages", **bottleneck)
    ranked = single("centrality", SOURCES=bottleneck["SOURCES"], LINKS=linked["LINKS"])["OUTPUT_LINKS"]
    current = single("pinchpoints", **bottleneck, LINKS=linked["LINKS"])["CURRENT"]
    barriers = single("barriers", **bottleneck, LINKS=linked["LINKS"])
    score = barriers["SCORE"]
    surfaces = {"linkages:corridors": linked["CORRIDORS"], "pinch:current": current, "barriers:score": score}
    for name, expected in surfaces.items():
        np.testing.assert_array_equal(read_raster(found[name])[0], read_raster(expected)[0])
    assert columns(found["centrality:links"], "link_id", "current_flow") == columns(ranked, "link_id", "current_flow")
    largest = barriers["DISC_HA"]
    for name, surface, most in (
        ("pinchareas:pinch_points", current, {}),
        ("barrierareas:barriers", score, {"MAX_AREA": largest}),
    ):
        rows = columns(found[name], "area_id", "area_ha", "max")
        assert rows == columns(single("keyareas", INPUT=surface, **most)["OUTPUT"], "area_id", "area_ha", "max")
        assert rows


def test_key_areas_model_hands_its_inputs_on(single, bottleneck):
    given = {"cutoff": 1500, "min_radius": 90, "max_radius": 90, "min_area": 1.0}
    found = single("corridorsandkeyareas", resistance=bottleneck["RESISTANCE"], sources=bottleneck["SOURCES"], **given)
    corridors, nodata = read_raster(found["linkages:corridors"])
    assert 1400 < corridors[corridors != nodata].max() <= 1500
    links = found["centrality:links"]
    score = single("barriers", **bottleneck, LINKS=links, MIN_RADIUS=90, MAX_RADIUS=90)["SCORE"]
    np.testing.assert_array_equal(read_raster(found["barriers:score"])[0], read_raster(score)[0])
    current = single("pinchpoints", **bottleneck, LINKS=links, CUTOFF=1500)["CURRENT"]
    np.testing.assert_array_equal(read_raster(found["pinch:current"])[0], read_raster(current)[0])
    for name in ("pinchareas:pinch_points", "barrierareas:barriers"):
        assert all(row["area_ha"] >= 1.0 for row in read_table(found[name]))
