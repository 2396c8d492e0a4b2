"""What a run is said to need against what it adds, each in a process of its own."""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

pytestmark = [pytest.mark.qgis, pytest.mark.slow]

_RUN = textwrap.dedent(
    """
    import json, sys
    sys.path[:0] = [sys.argv[1], sys.argv[1] + "/algorithms"]
    import conftest  # noqa: F401, registers the checkout
    from qgis.core import QgsApplication, QgsProcessingFeedback
    from qgis.testing import start_app

    start_app()
    sys.path.append(QgsApplication.pkgDataPath() + "/python/plugins")
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    from ecosecnet.plugin import EcoSecNetPlugin

    plugin = EcoSecNetPlugin(None)
    plugin.initProcessing()


    def kilobytes(name):
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith(name))


    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before = kilobytes("VmRSS")
    feedback = QgsProcessingFeedback(False)
    if len(sys.argv) > 4:
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (kilobytes("VmSize") * 1024 + int(sys.argv[4]) * 2**20,) * 2)
    processing.run("ecosecnet:" + sys.argv[2], json.loads(sys.argv[3]), feedback=feedback)
    print(json.dumps(["MEMORY", (kilobytes("VmHWM") - before) * 1024, feedback.textLog()]), flush=True)
    """
)

_QUICK = {
    "studygrid": {
        "LANDCOVER": "classes",
        "RASTERS": ["surface"],
        "OUTPUT_FOLDER": "TEMPORARY_OUTPUT",
        "TABLE": "TEMPORARY_OUTPUT",
    },
    "foreground": {"INPUT": "classes", "FOREGROUND": "2"},
    "sources": {"INPUT": "classes", "CORE_VALUES": "2"},
    "rasterbreaks": {"INPUT": "surface"},
    "distancefactor": {"FEATURES": "sources", "GRID": "surface"},
    "terrainfactor": {"DEM": "surface"},
    "keyareas": {"INPUT": "surface"},
    "mspa": {"INPUT": "classes", "FOREGROUND": "2"},
    "resistance": {
        "FACTORS": ["surface", "surface"],
        "WEIGHTS": "0.5, 0.5",
        "LANDUSE": "habitat",
        "IMPASSABLE": "2",
        "SOURCES": "sources",
    },
    "costdistance": {"RESISTANCE": "surface", "SOURCES": "sources"},
    "actionsheet": {
        "AREAS": ["sources"],
        "TABLE": "TEMPORARY_OUTPUT",
        "LANDUSE": "classes",
        "GROUPS": "1=woodland; 2=water",
        "SLOPE": "slope",
    },
    "evidence": {"EVIDENCE": ["surface", "surface"], "NORMALISE": 1, "CLASSES": "TEMPORARY_OUTPUT"},
    "validate": {"SURFACES": ["surface", "surface"], "POINTS": "seen", "TABLE": "TEMPORARY_OUTPUT"},
}
_LINKED = {"RESISTANCE": "surface", "SOURCES": "sources", "ID_FIELD": "name", "LINKS": "links"}
_NETWORK = {
    "LANDUSE": "habitat",
    "LEGEND": 1,
    "MIN_AREA": 10,
    "FOREGROUND": "2",
    "DEM": "surface",
    **dict.fromkeys(("MSPA", "SOURCES", "RESISTANCE", "LINKS", "CORRIDORS"), "TEMPORARY_OUTPUT"),
    **dict.fromkeys(("CURRENT", "PINCHPOINTS", "SCORE", "BARRIERS"), "TEMPORARY_OUTPUT"),
}
# What a corridor of 'pinchpoints' takes depends on the cutoff, which no header tells.
_LONG = {
    "linkages": {
        "RESISTANCE": "surface",
        "SOURCES": "sources",
        "LINKS": "TEMPORARY_OUTPUT",
        "CORRIDORS": "TEMPORARY_OUTPUT",
    },
    "pinchpoints": {**_LINKED, "CUTOFF": 10_000, "CURRENT": "TEMPORARY_OUTPUT"},
    "nullmodel": {**_LINKED, "CUTOFF": 10_000, "STAGE": 0, "NULL": 2, "RUNS": 1}
    | dict.fromkeys(("P", "PERCENTILE", "TABLE"), "TEMPORARY_OUTPUT"),
    "restorationplan": {**_LINKED, "CANDIDATES": "candidates", "BUDGET": "1200"}
    | dict.fromkeys(("PLAN", "FRONTIER", "RESISTANCE_AFTER"), "TEMPORARY_OUTPUT"),
    "barriers": {**_LINKED, "SCORE": "TEMPORARY_OUTPUT", "LANDUSE": "classes", "NOT_RESTORABLE": "2"},
    "securitynetwork": _NETWORK,
}
# Each run is a whole network: one size is enough.
_MANY_TIMES = {
    "securitynetwork, plan": {
        **_NETWORK,
        "LANDUSE": "walled",
        "BUDGET": "10, 40",
        "PLAN": "TEMPORARY_OUTPUT",
        "ACTIONS": "TEMPORARY_OUTPUT",
    },
    "speciesmanifest": {"MANIFEST": "manifest", "RESISTANCE": "surface", "SOURCES": "sources", "STAGE": 3}
    | dict.fromkeys(("OUTPUT_FOLDER", "SHARE", "CURRENT", "KEY", "OVERLAP"), "TEMPORARY_OUTPUT")
    | dict.fromkeys(("COMPLEMENTARY", "TABLE", "HTML"), "TEMPORARY_OUTPUT"),
    "robustness": {
        "FACTORS": ["surface", "classes"],
        "WEIGHTS": "0.9, 0.1",
        "SOURCES": "sources",
        "RUNS": 1,
        **dict.fromkeys(("PATH_SHARE", "CORRIDOR_SHARE", "PINCH_SHARE", "BARRIER_SHARE"), "TEMPORARY_OUTPUT"),
        **dict.fromkeys(("OUTPUT_LINKS", "ROBUST", "TABLE", "TORNADO", "HTML"), "TEMPORARY_OUTPUT"),
    },
}
# Foretold when the corridors are known.
_BUILT_OVER = {
    "pinchpoints, areas built over": {**_LINKED, "CUTOFF": 10_000, "BLOCKING": "candidates"}
    | dict.fromkeys(("CURRENT", "BLOCKED"), "TEMPORARY_OUTPUT"),
}
_SOLVED = {
    "compareruns": {"MANIFEST": "manifest"}
    | dict.fromkeys(("TABLE", "SOURCES_CHANGE", "LINKS_CHANGE", "TRANSITIONS"), "TEMPORARY_OUTPUT")
    | dict.fromkeys(("DIFFERENCE", "PERSISTENCE", "HTML"), "TEMPORARY_OUTPUT"),
    "strategicpoints": {**_LINKED, "OUTPUT": "TEMPORARY_OUTPUT"},
    "corridorwidths": {"LINKS": "links", "LANDUSE": "classes", "SOURCES": "sources", "CURRENT": "surface"}
    | dict.fromkeys(("TABLE", "OUTPUT_LINKS"), "TEMPORARY_OUTPUT"),
    "linkpriority": {**_LINKED, "OUTPUT_SOURCES": "TEMPORARY_OUTPUT", "OUTPUT_LINKS": "TEMPORARY_OUTPUT"},
    "currentflow": {"RESISTANCE": "surface", "FOCAL": "focal", "CURRENT": "TEMPORARY_OUTPUT"},
    "omniscape": {"RESISTANCE": "surface", "BLOCK_SIZE": 99}
    | dict.fromkeys(("CURRENT", "NORMALISED"), "TEMPORARY_OUTPUT"),
    "networkoptimisation": {
        **_LINKED,
        "OBJECTIVE": 2,
        **dict.fromkeys(("OUTPUT_LINKS", "TABLE", "HTML"), "TEMPORARY_OUTPUT"),
    },
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("side", "tool"),
    [(side, tool) for side in (1000, 3000) for tool in (*_QUICK, *_SOLVED, *_LONG)]
    + [(1000, tool) for tool in _MANY_TIMES]
    + [(side, tool) for side in (700, 1000, 1700, 3000) for tool in _BUILT_OVER],
)
def test_within_30_percent(qgis, raster, polygons, tmp_path, side, tool):
    ndimage = pytest.importorskip("scipy.ndimage")
    smooth = ndimage.gaussian_filter(np.random.default_rng(0).random((side, side)), 6)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    focal = np.zeros((side, side), np.int32)
    focal[10, 10], focal[-20, -20], focal[20, -30] = 1, 2, 3
    width = 30.0 * side / 40

    def square(number, x, y):
        left, top = 500_000 + 30.0 * x * side, 2_900_000 - 30.0 * y * side
        right, bottom = left + width, top - width
        return f"POLYGON(({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))", {
            "name": f"s{str(number).lstrip('s')}"
        }

    places = [(x, y) for x in (0.1, 0.3, 0.5, 0.7, 0.88) for y in (0.1, 0.5, 0.88)]
    names = [f"s{number}" for number in range(len(places))]
    link = {"active": 1, "cw_dist": 1e5, "lcp_length": 1e4}
    line = "LINESTRING(500015 2899925, 500345 2899925)"
    habitat = np.ones((side, side), np.uint8)
    for x, y in places:
        top, left = int(y * side), int(x * side)
        habitat[top : top + side // 40, left : left + side // 40] = 2
    walled = habitat.copy()
    for x in (0.25, 0.45, 0.65, 0.8):
        walled[:, int(x * side) : int(x * side) + 4] = 8
    seen = [
        (f"POINT({500_000 + 30 * side * x} {2_900_000 - 30 * side * y})", {"name": "x"})
        for x, y in np.random.default_rng(1).random((200, 2))
    ]
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("species,weight\nbadger,1\nnewt,2\n")
    layers = {
        "manifest": str(manifest),
        "seen": polygons("seen", seen, kind="Point"),
        "habitat": raster("habitat", habitat),
        "walled": raster("walled", walled),
        "surface": raster("surface", (1 + 40 * smooth).astype(np.float32)),
        "classes": raster("classes", (1 + (smooth > 0.5)).astype(np.uint8)),
        "slope": raster("slope", (40 * smooth).astype(np.float32)),
        "focal": raster("focal", focal, nodata=0),
        "sources": polygons("sources", [square(number, *place) for number, place in enumerate(places)]),
        "candidates": polygons("candidates", [square(number, x + 0.05, 0.7) for number, (x, _) in enumerate(places)]),
        "links": polygons(
            "links",
            [
                (line, {"link_id": k, "from_id": a, "to_id": b, **link})
                for k, (a, b) in enumerate(zip(names, names[1:]))
            ],
            kind="LineString",
        ),
    }
    named = polygons("named", [(wkt, {"source_id": one["name"]}) for wkt, one in map(square, names, *zip(*places))])
    of_run = {
        "landuse": layers["classes"],
        "mspa": raster("mspa", np.where(smooth > 0.5, 17, 0).astype(np.uint8)),
        "resistance": layers["surface"],
        "current": layers["surface"],
        "sources": named,
        "links": layers["links"],
        "pinchpoints": layers["candidates"],
    }
    runs = [",".join(["name", *of_run]), *(",".join([name, *of_run.values()]) for name in ("now", "later"))]
    (tmp_path / "runs.csv").write_text("\n".join(runs), encoding="utf-8")
    layers["manifest"] = str(tmp_path / "runs.csv")
    options = {**_QUICK, **_LONG, **_MANY_TIMES, **_BUILT_OVER, **_SOLVED}[tool]
    given = {
        name: [layers[one] for one in value] if isinstance(value, list) else layers.get(value, value)
        for name, value in options.items()
    }
    if tool in _QUICK:
        given["OUTPUT"] = "TEMPORARY_OUTPUT"
    test = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", _RUN, test, tool.split(",")[0], json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=900,
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith('["MEMORY"')), None)
    assert line, done.stderr[-2000:]
    _, used, log = json.loads(line)
    told = [float(size) * {"MB": 2**20, "GB": 2**30}[unit] for size, unit in re.findall(r"about ([\d.]+) (MB|GB)", log)]
    # What libraries take when they are first used depends on what QGIS has loaded already.
    assert max(told) == pytest.approx(used, rel=0.3, abs=30 * 2**20), f"told {max(told):,.0f}, used {used:,}"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("tool", "left"),
    [(tool, left) for tool in ("currentflow", "resistance") for left in (60, 250, 360, 380, 400, 420, 440, 460, 480)]
    + [("foreground", 1)],
)
def test_ends_where_memory_is_limited(qgis, raster, tool, left):
    """A BLAS that finds no room for its buffer asks for it for ever; libraries fail to load halfway."""
    values = 1 + np.random.default_rng(0).random((1000, 1000), np.float32)
    nodes = np.zeros((1000, 1000), np.int32)
    nodes[10, 10], nodes[-20, -20] = 1, 2
    surface = raster("surface", values)
    given = {
        "currentflow": {
            "RESISTANCE": surface,
            "FOCAL": raster("nodes", nodes, nodata=0),
            "CURRENT": "TEMPORARY_OUTPUT",
        },
        "resistance": {
            "FACTORS": [surface, raster("second", values[::-1])],
            "WEIGHTS": "0.5, 0.5",
            "OUTPUT": "TEMPORARY_OUTPUT",
        },
        "foreground": {
            "INPUT": raster("classes", (values > 1.5).astype(np.uint8)),
            "FOREGROUND": "1",
            "OUTPUT": "TEMPORARY_OUTPUT",
        },
    }[tool]
    test = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", _RUN, test, tool, json.dumps(given), str(left)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode in (0, 1), done.stderr[-2000:]
    sentences = ("enough memory for this run", " available")
    refused = any(sentence in done.stdout + done.stderr for sentence in sentences)
    assert '["MEMORY"' in done.stdout or refused, done.stderr[-2000:]
