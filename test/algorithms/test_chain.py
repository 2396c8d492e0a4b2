"""All tools in the order of the groups, each on what others have made: nothing is typed again that a tool has written."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from layerio import read_table

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Step:
    """A run of a tool: what it takes from earlier steps ('step.OUTPUT'), and what a planner has to type."""

    name: str
    tool: str
    takes: dict = field(default_factory=dict)
    typed: dict = field(default_factory=dict)


NETWORK = {"RESISTANCE": "resistance.OUTPUT", "SOURCES": "central.OUTPUT_SOURCES"}

CHAIN = (
    Step("county", "demolandscape", typed={"SIZE": 320, "LOAD": False}),
    # 1 Ecological sources
    Step("grid", "studygrid", {"LANDCOVER": "county.LANDUSE", "AREA": "county.BOUNDARY"}),
    Step("habitat", "foreground", {"INPUT": "grid.OUTPUT"}, {"FOREGROUND": "1,2,6"}),
    Step("pattern", "mspa", {"INPUT": "habitat.OUTPUT"}),
    Step(
        "importance",
        "evidence",
        {"EVIDENCE": ["county.EROSION", "county.DESERTIFICATION"], "GRID": "grid.OUTPUT"},
        {"HIGH_IS_GOOD": "no no"},
    ),
    Step("patches", "sources", {"INPUT": "pattern.OUTPUT", "PROTECTED": ["county.REDLINE", "county.RESERVES"]}),
    Step("ofclasses", "sources", {"INPUT": "pattern.CLASSES", "PROTECTED": ["county.REDLINE", "county.RESERVES"]}),
    Step("ofevidence", "sources", {"INPUT": "importance.MASK"}, {"MIN_AREA": 0.0}),
    Step("sources", "connectivity", {"SOURCES": "patches.OUTPUT"}),
    Step("steady", "dispersalsweep", {"SOURCES": "sources.OUTPUT"}),
    Step("nodes", "coneforexport", {"SOURCES": "steady.OUTPUT"}),
    Step("conefor", "conefor", {"NODES": "nodes.NODES", "CONNECTIONS": "nodes.CONNECTIONS"}),
    Step("graded", "naturalbreaks", {"INPUT": "steady.OUTPUT"}, {"FIELD": "dPC"}),
    Step("classes", "rasterbreaks", {"INPUT": "importance.OUTPUT"}),
    # 2 Resistance surface
    Step("roads", "distancefactor", {"FEATURES": "county.ROADS", "GRID": "grid.OUTPUT"}),
    Step("slope", "terrainfactor", {"DEM": "county.DEM"}),
    Step("checked", "checkscores", {"SCORES": "county.SCORES", "FACTORS": ["roads.OUTPUT", "slope.OUTPUT"]}),
    Step("landscores", "scorefactor", {"INPUT": "grid.OUTPUT", "SCORES_TABLE": "county.SCORES"}),
    Step("roadscores", "scorefactor", {"INPUT": "roads.OUTPUT", "SCORES_TABLE": "county.SCORES"}),
    Step("slopescores", "scorefactor", {"INPUT": "slope.OUTPUT", "SCORES_TABLE": "county.SCORES"}),
    Step(
        "weights",
        "ahp",
        {"FACTORS": ["landscores.OUTPUT", "roadscores.OUTPUT", "slopescores.OUTPUT"]},
        {"OBJECTIVE": 2, "SHARE": 0.0},
    ),
    Step(
        "resistance",
        "resistance",
        {
            "FACTORS": ["roadscores.OUTPUT", "slopescores.OUTPUT", "landscores.OUTPUT"],
            "WEIGHTS_TABLE": "weights.WEIGHTS",
            "GRID": "grid.OUTPUT",
        },
    ),
    # 3 Corridors
    Step("costs", "costdistance", {"RESISTANCE": "resistance.OUTPUT", "SOURCES": "graded.OUTPUT"}),
    Step(
        "linked",
        "linkages",
        {"RESISTANCE": "resistance.OUTPUT", "SOURCES": "graded.OUTPUT", "LANDUSE": "classes.OUTPUT"},
    ),
    Step("central", "centrality", {"SOURCES": "graded.OUTPUT", "LINKS": "linked.LINKS"}),
    Step("pulled", "gravity", {**NETWORK, "LINKS": "central.OUTPUT_LINKS"}),
    Step("ranked", "linkpriority", {**NETWORK, "LINKS": "pulled.OUTPUT_LINKS"}),
    Step(
        "points",
        "strategicpoints",
        {**NETWORK, "LINKS": "ranked.OUTPUT_LINKS", "BARRIER_LINES": ["county.ROADS"]},
        {"LEVEL": "kind", "MIN_LENGTH": 500.0},
    ),
    Step("grown", "networkoptimisation", {**NETWORK, "LINKS": "ranked.OUTPUT_LINKS", "STONES": "ofevidence.OUTPUT"}),
    Step("flow", "currentflow", {"RESISTANCE": "resistance.OUTPUT", "FOCAL_LAYER": "central.OUTPUT_SOURCES"}),
    Step(
        "inlets",
        "currentflowadvanced",
        {"RESISTANCE": "resistance.OUTPUT", "CURRENT_SOURCES": "importance.OUTPUT", "GROUNDS": "patches.RASTER"},
    ),
    Step(
        "everywhere",
        "omniscape",
        {"RESISTANCE": "resistance.OUTPUT", "STRENGTH": "importance.OUTPUT"},
        {"RADIUS": 10, "BLOCK_SIZE": 5},
    ),
    # 4 Key areas
    Step("pinched", "pinchpoints", {**NETWORK, "LINKS": "ranked.OUTPUT_LINKS"}),
    Step(
        "wide",
        "corridorwidths",
        {
            "LINKS": "ranked.OUTPUT_LINKS",
            "LANDUSE": "grid.OUTPUT",
            "CURRENT": "pinched.CURRENT",
            "SOURCES": "central.OUTPUT_SOURCES",
            "ZONES": "linked.ZONES",
        },
    ),
    Step("barred", "barriers", {**NETWORK, "LINKS": "pinched.OUTPUT_LINKS"}),
    Step("opened", "circuitbarriers", {**NETWORK, "LINKS": "barred.OUTPUT_LINKS"}),
    Step("levels", "naturalbreaks", {"INPUT": "opened.OUTPUT_LINKS"}, {"FIELD": "current_flow"}),
    Step(
        "narrows",
        "keyareas",
        {
            "INPUT": "pinched.CURRENT",
            "RESISTANCE": "resistance.OUTPUT",
            "LINKS": "levels.OUTPUT",
            "GRADE_FIELD": "levels.LEVEL_FIELD",
        },
    ),
    Step(
        "later",
        "keyareas",
        {"INPUT": "pinched.CURRENT", "RESISTANCE": "resistance.OUTPUT", "LIMITS_TABLE": "narrows.BREAKS"},
    ),
    Step("bars", "keyareas", {"INPUT": "barred.SCORE", "LINKS": "opened.OUTPUT_LINKS", "MAX_AREA": "barred.DISC_HA"}),
    Step("gains", "keyareas", {"INPUT": "opened.GAIN", "LINKS": "opened.OUTPUT_LINKS"}),
    Step("priorities", "keyareas", {"INPUT": "ranked.PRIORITY"}),
    Step("currents", "keyareas", {"INPUT": "flow.CURRENT"}),
    Step("swept", "cutoffsweep", {**NETWORK, "LINKS": "opened.OUTPUT_LINKS"}),
    Step("restored", "circuitbarriers", {**NETWORK, "LINKS": "linked.LINKS", "PATCHES": "bars.OUTPUT"}),
    Step("counted", "tabulate", {"AREAS": "narrows.OUTPUT", "ZONES": "county.TOWNSHIPS", "LANDUSE": "grid.OUTPUT"}),
    # 5 Planning
    Step(
        "whole",
        "securitynetwork",
        {
            "LANDUSE": "grid.OUTPUT",
            "DEM": "county.DEM",
            "ROADS": "county.ROADS",
            "SCORES": "county.SCORES",
            "TOWNSHIPS": "county.TOWNSHIPS",
        },
        {"FOREGROUND": "1,2,6"},
    ),
    Step(
        "again",
        "pinchpoints",
        {
            "RESISTANCE": "whole.RESISTANCE",
            "SOURCES": "whole.SOURCES",
            "LINKS": "whole.LINKS",
            "BLOCKING": "whole.PINCHPOINTS",
        },
        {"BLOCKED": "TEMPORARY_OUTPUT"},
    ),
    # 6 Decisions
    Step(
        "stays",
        "robustness",
        {"FACTORS": ["roadscores.OUTPUT", "landscores.OUTPUT"], "SOURCES": "graded.OUTPUT"},
        {"WEIGHTS": "0.6, 0.4", "RUNS": 2},
    ),
    Step(
        "actions",
        "actionsheet",
        {
            "AREAS": ["narrows.OUTPUT", "bars.OUTPUT", "points.OUTPUT", "central.OUTPUT_SOURCES"],
            "LANDUSE": "grid.OUTPUT",
            "SLOPE": "slope.OUTPUT",
            "PROTECTED": ["county.REDLINE", "county.RESERVES"],
            "ZONES": "county.TOWNSHIPS",
        },
        {"LEGEND": 1},
    ),
    Step(
        "sheets",
        "mapsheets",
        {
            "LAYERS": ["whole.SOURCES", "whole.LINKS", "whole.RESISTANCE", "whole.CURRENT", "whole.PINCHPOINTS"],
            "LANDUSE": "grid.OUTPUT",
            "TOWNSHIPS": "county.TOWNSHIPS",
        },
        {"DPI": 72},
    ),
    Step("wholecounted", "tabulate", {"AREAS": "whole.PINCHPOINTS", "ZONES": "county.TOWNSHIPS"}),
    # 6 Decisions
    Step(
        "validated",
        "validate",
        {
            "SURFACES": ["flow.CURRENT", "resistance.OUTPUT"],
            "POINTS": "county.GEOHAZARD_POINTS",
            "SOURCES": "central.OUTPUT_SOURCES",
            "AREAS": "narrows.OUTPUT",
        },
        {"HIGH_IS_USED": "yes no", "PERMUTATIONS": 99},
    ),
    Step(
        "planned",
        "restorationplan",
        {**NETWORK, "LINKS": "linked.LINKS", "CANDIDATES": "bars.OUTPUT"},
        {"BUDGET": "20, 60"},
    ),
    Step("relinked", "linkages", {"RESISTANCE": "planned.RESISTANCE_AFTER", "SOURCES": "graded.OUTPUT"}),
    Step("chance", "nullmodel", {**NETWORK, "LINKS": "linked.LINKS"}, {"RUNS": 19}),
    Step(
        "unlikely",
        "keyareas",
        {"INPUT": "pinched.CURRENT", "P_VALUES": "chance.P", "RESISTANCE": "resistance.OUTPUT"},
        {"METHOD": 3},
    ),
    Step("replayed", "replay", {"CAPSULE": "narrows.CAPSULE"}),
    Step("scenarios", "compareruns", {"SCENARIOS": ["grid.OUTPUT"], "RUN_CAPSULE": "whole.CAPSULE"}),
)

LEFT_OUT = {
    "circuitscapeini": "takes an .ini with its rasters, which no tool writes",
    "areamanifest": "takes a table that a planner writes, with the names of files",
    "speciesmanifest": "takes a table that a planner writes, with the names of files",
    "selftest": "takes nothing, and makes no layer",
    "combineshards": "takes the chunks of another tool's run, no layer",
}


@pytest.fixture(scope="module")
def chain(qgis, tmp_path_factory):
    """Run the chain with what the dialogs offer; returns the results of each step."""
    found = {}
    for step in CHAIN:
        run_step(qgis, step, found, tmp_path_factory.mktemp(step.name))
    return found


def run_step(processing, step, found, folder):
    """Run a step on what those in `found` have made, and put its results there; files go to the folder."""
    from qgis.core import QgsApplication

    def given(value):
        if isinstance(value, list):
            return [given(one) for one in value]
        name, _, output = value.partition(".")
        return found[name][output]

    tool = QgsApplication.processingRegistry().createAlgorithmById(f"ecosecnet:{step.tool}")
    offered = {d.name(): d.defaultValueForGui() for d in tool.parameterDefinitions() if not d.isDestination()}
    offered = {key: value for key, value in offered.items() if value is not None}
    wanted = {d.name() for d in tool.destinationParameterDefinitions() if d.createByDefault()}
    wanted |= asked_for(step.name) | ({"CAPSULE"} & destinations(step.name))
    folder.mkdir(exist_ok=True)
    files = {name: str(folder / f"{name}.{ending(tool.parameterDefinition(name))}") for name in wanted}
    inputs = {name: given(value) for name, value in step.takes.items()}
    found[step.name] = processing.run(tool.id(), {**offered, **inputs, **step.typed, **files})


def asked_for(name):
    """Return the outputs of a step that later ones take, also those that nobody gets unasked."""
    wires = [
        one
        for step in CHAIN
        for value in step.takes.values()
        for one in (value if isinstance(value, list) else [value])
    ]
    return {wire.partition(".")[2] for wire in wires if wire.startswith(f"{name}.")} & destinations(name)


def destinations(name):
    from qgis.core import QgsApplication

    tool = next(step.tool for step in CHAIN if step.name == name)
    known = QgsApplication.processingRegistry().algorithmById(f"ecosecnet:{tool}")
    return {definition.name() for definition in known.destinationParameterDefinitions()}


def ending(definition):
    """Return the ending of a file for an output; a folder has none worth the name."""
    return {"rasterDestination": "tif", "sink": "gpkg", "vectorDestination": "gpkg", "folderDestination": "d"}.get(
        definition.type(), definition.defaultFileExtension()
    )


def test_every_tool_is_in_the_chain_or_left_out_for_a_reason(qgis):
    from ecosecnet.algorithms.provider import ALGORITHMS

    tools = {step.tool for step in CHAIN}
    assert not tools & set(LEFT_OUT)
    assert tools | set(LEFT_OUT) == {algorithm.NAME for algorithm in ALGORITHMS}


def test_the_chain_is_in_the_order_of_the_groups():
    from ecosecnet.algorithms.provider import ALGORITHMS

    groups = {algorithm.NAME: algorithm.GROUP.label for algorithm in ALGORITHMS}
    # Where the grades of a field are made depends on the field, and what planning has made can be looked at.
    order = [groups[step.tool] for step in CHAIN[1:] if step.tool != "naturalbreaks"]
    first = [group for k, group in enumerate(order) if group not in order[:k]]
    assert first == sorted(first)


@pytest.mark.slow
def test_every_step_but_the_first_works_on_what_others_have_made(chain):
    assert list(chain) == [step.name for step in CHAIN]
    assert all(step.takes for step in CHAIN[1:])


@pytest.mark.slow
def test_sources_are_the_same_from_codes_and_from_classes(chain):
    assert chain["ofclasses"]["COUNT"] == chain["patches"]["COUNT"] >= 2
    assert chain["ofclasses"]["AREA_HA"] == pytest.approx(chain["patches"]["AREA_HA"])
    assert chain["ofevidence"]["AREA_HA"] == pytest.approx(chain["importance"]["AREA_HA"])


def columns(path):
    from qgis.core import QgsVectorLayer

    return set(QgsVectorLayer(path, "", "ogr").fields().names())


@pytest.mark.slow
def test_ids_are_the_same_from_the_patches_to_the_key_areas(chain):
    sources = {row["source_id"] for row in read_table(chain["sources"]["OUTPUT"])}
    assert len(sources) >= 4
    assert {row["source_id"] for row in read_table(chain["central"]["OUTPUT_SOURCES"])} == sources
    links = {
        row["link_id"]: (row["from_id"], row["to_id"]) for row in read_table(chain["linked"]["LINKS"]) if row["active"]
    }
    assert {one for pair in links.values() for one in pair} <= sources
    for step in ("central", "pulled", "ranked", "pinched", "barred", "opened"):
        rows = read_table(chain[step]["OUTPUT_LINKS"])
        assert {row["link_id"]: (row["from_id"], row["to_id"]) for row in rows} == links, step
    for step in ("narrows", "bars", "gains"):
        assert {row["link_id"] for row in read_table(chain[step]["OUTPUT"])} <= set(links), step


@pytest.mark.slow
def test_links_keep_what_each_tool_has_added(chain):
    held = columns(chain["linked"]["LINKS"])
    for step in ("central", "pulled", "ranked", "pinched", "barred", "opened"):
        now = columns(chain[step]["OUTPUT_LINKS"])
        assert held <= now, step
        held = now
    assert {"cw_dist", "current_flow", "gravity", "priority", "eff_res"} <= held


@pytest.mark.slow
def test_key_areas_have_the_grade_of_their_link(chain):
    field = chain["levels"]["LEVEL_FIELD"]
    grade = {row["link_id"]: row[field] for row in read_table(chain["levels"]["OUTPUT"])}
    rows = read_table(chain["narrows"]["OUTPUT"])
    assert rows
    assert all(row["link_grade"] == grade[row["link_id"]] for row in rows)
    total = read_table(chain["counted"]["TABLE"])[-1]
    assert total["count"] == len(rows)
    assert "Arable land" in total["land_uses"]  # as the file of the land cover calls it


@pytest.mark.slow
def test_every_field_that_a_tool_writes_is_in_the_output_dictionary(chain):
    noted = json.loads((ROOT / "docs" / "tools" / "outputs.json").read_text(encoding="utf-8"))
    missing, seen = set(), 0
    for step in CHAIN:
        wires = [w for value in step.takes.values() for w in (value if isinstance(value, list) else [value])]
        given = set()
        for wire in wires:
            name, _, output = wire.partition(".")
            given |= columns(str(chain[name][output]))  # none of what is no layer
        for name in destinations(step.name) & set(chain[step.name]):
            path = str(chain[step.name][name])
            if not path.endswith(".gpkg"):
                continue
            known = set(noted[step.tool]["outputs"][name]["fields"]) | {"fid"}
            written = {re.sub(r"(_old|_\d)$", "", field) for field in columns(path) - given}
            missing |= {f"{step.tool} {name} {field}" for field in written - known - given}
            seen += len(written)
    assert missing == set(), "run scripts/record_outputs.py with these tools"
    assert seen > 300


@pytest.mark.slow
def test_every_step_comes_out_the_same_from_its_capsule(chain, qgis, tmp_path):
    for step in CHAIN:
        if "CAPSULE" in chain[step.name]:
            made = {"OUTPUT_FOLDER": str(tmp_path / step.name), "TABLE": str(tmp_path / f"{step.name}.csv")}
            found = qgis.run("ecosecnet:replay", {"CAPSULE": chain[step.name]["CAPSULE"], **made})
            assert found["VERDICT"] == "identical", step.name
