"""The whole chain: the tool 'securitynetwork' on the demonstration county, beside the same tool of other checkouts.

usage: /usr/bin/python3 benchmarks/chain.py [SIZE] [--against CHECKOUT ...] [--runs N] [--report]
The Python of QGIS, SIZE x SIZE cells (1000); CPU seconds and peak memory, medians of N runs (3) taken in turns.
--report asks for tables, measures and the report too.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

RUN = textwrap.dedent(
    """
    import json, resource, sys, time
    sys.path[:0] = [sys.argv[4], "/usr/share/qgis/python/plugins"]
    import checkout
    from qgis.core import QgsApplication
    application = QgsApplication([], False)
    application.initQgis()
    import processing
    from processing.core.Processing import Processing
    Processing.initialize()
    from ecosecnet.plugin import EcoSecNetPlugin
    plugin = EcoSecNetPlugin(None)
    plugin.initProcessing()
    start = time.process_time()
    found = processing.run("ecosecnet:" + sys.argv[2], json.loads(sys.argv[3]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = [value for key, value in sorted(found.items()) if isinstance(value, (int, float))]
    print(json.dumps([time.process_time() - start, peak, figures]), flush=True)
    """
)


def run(checkout, tool, parameters):
    """Return CPU seconds, peak memory in MB and the numbers that a tool returns."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1", "CHECKOUT": str(checkout)}
    command = [sys.executable, "-c", RUN, str(checkout), tool, json.dumps(parameters), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def network(folder, report):
    """Return the parameters of the whole network on the demonstration county."""
    vectors = {name: f"{folder}/landscape.gpkg|layername={name}" for name in ("roads", "mines", "redline", "reserves")}
    out = dict.fromkeys(("MSPA", "SOURCES", "RESISTANCE", "LINKS", "CORRIDORS", "CURRENT"), "TEMPORARY_OUTPUT")
    out.update(dict.fromkeys(("PINCHPOINTS", "SCORE", "BARRIERS"), "TEMPORARY_OUTPUT"))
    if report:
        out.update(dict.fromkeys(("ACTIONS", "ACTION_TABLE", "CORRIDOR_TABLE", "KEY_TABLE"), "TEMPORARY_OUTPUT"))
        out.update(ACTION_BOOK=f"{folder}/book.xlsx", REPORT=f"{folder}/report.html")
    return {
        "LANDUSE": f"{folder}/landuse.tif",
        "LEGEND": 1,
        "DEM": f"{folder}/dem.tif",
        "ROADS": vectors["roads"],
        "MINES": vectors["mines"],
        "PROTECTED": [vectors["redline"], vectors["reserves"]],
        **out,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=1000)
    parser.add_argument("--against", nargs="*", default=[], metavar="CHECKOUT")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    checkouts = [ROOT, *map(Path, given.against)]
    with tempfile.TemporaryDirectory() as folder:
        run(ROOT, "demolandscape", {"OUTPUT_FOLDER": folder, "SIZE": given.size})
        rounds = [
            [run(checkout, "securitynetwork", network(folder, given.report)) for checkout in checkouts]
            for _ in range(given.runs)
        ]
    first = None
    for checkout, runs in zip(checkouts, zip(*rounds)):
        cpu, peak = (statistics.median(one[k] for one in runs) for k in (0, 1))
        first = first or (cpu, peak)
        same = "" if runs[0][2] == rounds[0][0][2] else "   OTHER NUMBERS"
        ratio = f"   this / that: CPU {first[0] / cpu:.2f}, memory {first[1] / peak:.2f}" if checkout != ROOT else ""
        print(f"{checkout.name:20} {cpu:8.1f} s CPU {peak:8.0f} MB{ratio}{same}")


if __name__ == "__main__":
    main()
