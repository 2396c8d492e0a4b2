"""Writes styles/*.qml: how the layers of the demonstration county and of its network look, to be loaded by hand in QGIS.

Run with the Python that has QGIS: /usr/bin/python3 scripts/make_styles.py [FOLDER]      default: styles/ of the checkout.
They are the files that a run writes beside its layers; surfaces have the stops of this county.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
SIZE, SMALLEST_SOURCE = 400, 20.0


def make(processing, folder):
    """Write the styles into a folder; `processing` is the module, with QGIS started and the tools registered."""
    from qgis.core import QgsVectorLayer

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        county, network = os.path.join(scratch, "county"), os.path.join(scratch, "network")
        found = processing.run("ecosecnet:demolandscape", {"SIZE": SIZE, "LOAD": False, "OUTPUT_FOLDER": county})
        processing.run(
            "ecosecnet:securitynetwork",
            {
                **{name: found[name] for name in ("LANDUSE", "DEM", "ROADS", "MINES", "TOWNSHIPS")},
                "LEGEND": 1,
                "PROTECTED": [found["REDLINE"], found["RESERVES"]],
                "MIN_AREA": SMALLEST_SOURCE,
                "RESULTS_FOLDER": network,
            },
        )
        for place in (county, network):
            for path in sorted(Path(place).glob("*.qml")):
                shutil.copy(path, folder)
        for name, source in found.items():
            if isinstance(source, str) and "|layername=" in source:
                layer = QgsVectorLayer(source, name, "ogr")
                called = source.rpartition("=")[2]
                # A raster of the county has that name, too.
                layer.saveNamedStyle(str(folder / f"{'hazard_points' if called == 'geohazards' else called}.qml"))
    for path in folder.glob("*.qml"):
        path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n"))


def main():
    sys.path.insert(0, str(ROOT / "test"))
    import conftest  # noqa: F401, registers the checkout as the package
    from qgis.core import QgsApplication
    from qgis.testing import start_app

    start_app()
    sys.path.append(os.path.join(QgsApplication.pkgDataPath(), "python", "plugins"))
    import processing
    from ecosecnet.plugin import EcoSecNetPlugin
    from processing.core.Processing import Processing

    Processing.initialize()
    plugin = EcoSecNetPlugin(None)
    plugin.initProcessing()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "styles"
    for path in folder.glob("*.qml"):
        path.unlink()
    make(processing, folder)
    print(f"{len(list(folder.glob('*.qml')))} styles in {folder}")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    if os.environ.get("QT_HASH_SEED") != "0":  # attributes in the same order each time
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "QT_HASH_SEED": "0"})
    main()
