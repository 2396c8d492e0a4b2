"""Runs the plugin as a planner would: `studygrid`, then `securitynetwork`, both with `qgis_process`."""

import csv
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from scipy.ndimage import distance_transform_edt

ROOT = Path(__file__).resolve().parents[2]

NEAR_BUILT = ((0, 200, 5), (200, 500, 4), (500, 1000, 3), (1000, 2000, 2), (2000, None, 1))
"""Metres from built-up land, and their score."""

_METRES = 1
"""Position of the rule that counts the corridor cutoff in metres."""

USE_WEIGHT, BUILT_WEIGHT = 0.7, 0.3
"""Of the land use, and of the distance from built-up land."""


class RunError(Exception):
    """A tool failed; the message is what it said."""


@dataclass(frozen=True)
class Study:
    """The inputs on the study grid, and where the results of the plugin lie."""

    place: object
    folder: Path
    delivered: Path
    land_cover: np.ndarray
    valid: np.ndarray
    disturbance: np.ndarray
    transform: object
    crs: object
    numbers: dict
    warnings: list

    @property
    def cell(self):
        """Cell size in metres."""
        return self.transform.a

    def layer(self, name):
        """Return the file of a result."""
        return self.folder / name


def run_tool(name, parameters, log):
    """Run a tool and return its results and warnings; raise `RunError` with its last words if it fails."""
    command = [str(ROOT / "scripts" / "qgis_process"), "--json", "run", f"ecosecnet:{name}"]
    for key, value in parameters.items():
        command += [f"--{key}={one}" for one in (value if isinstance(value, list) else [value])]
    done = subprocess.run(command, capture_output=True, text=True)
    log.write_text(done.stderr + done.stdout, encoding="utf-8")
    if done.returncode:
        raise RunError(f"{name} failed:\n{done.stderr[-3000:]}")
    told = json.loads(done.stdout)
    return told["results"], [text for kind, texts in told["log"].items() if "warn" in kind for text in texts]


def run_chain(place, folder):
    """Run the chain of a place in a folder of its own."""
    grid = folder / "landcover.tif"
    delivered = place.land_cover(folder)
    parameters = {"LANDCOVER": delivered, "OUTPUT": grid, "TABLE": folder / "studygrid.csv"}
    if place.cell:
        parameters["CELL"] = place.cell
    _, warnings = run_tool("studygrid", parameters, folder / "studygrid.log")
    with rasterio.open(grid) as read:
        land_cover, valid, transform, crs = read.read(1), read.read_masks(1) > 0, read.transform, read.crs
    built = np.isin(land_cover, place.codes("built")) & valid
    disturbance = distance_transform_edt(~built) * transform.a
    numbers, more = run_tool(
        "securitynetwork",
        {
            "LANDUSE": grid,
            "FOREGROUND": place.listed("habitat"),
            "IMPASSABLE": place.listed("impassable"),
            "NOT_RESTORABLE": place.listed("lasting"),
            **_scores(place, folder),
            "MIN_AREA": place.min_area,
            "DISPERSAL": place.dispersal,
            "MIN_DPC": place.min_dpc,
            "MIN_KEY_AREA": place.min_key_area,
            **({"CUTOFF": place.cutoff, "CUTOFF_RULE": _METRES} if place.cutoff else {}),
            **{
                key: folder / f"{key.lower()}.{'gpkg' if key in _VECTORS else 'tif'}"
                for key in (*_VECTORS, "MSPA", "RESISTANCE", "CORRIDORS", "CURRENT", "SCORE")
            },
            "REPORT": folder / "report.html",
        },
        folder / "securitynetwork.log",
    )
    return Study(place, folder, delivered, land_cover, valid, disturbance, transform, crs, numbers, warnings + more)


_VECTORS = ("SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS")


def _scores(place, folder):
    """Return the parameters that make the resistance."""
    if place.legend:
        return {"LEGEND": list(type(place.legend)).index(place.legend)}
    write_scores(place, folder / "scores.csv")
    return {"SCORES": folder / "scores.csv", "CLASS_DISTANCES": f"built-up = {place.listed('built')}"}


def write_scores(place, path):
    """Write the table of scores as `securitynetwork` reads it."""
    rows = [("Land use", one.name, one.code, "", "", one.score, USE_WEIGHT) for one in place.classes]
    rows += [
        ("Distance to built-up", "", "", low, "" if high is None else high, score, BUILT_WEIGHT)
        for low, high, score in NEAR_BUILT
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("factor", "class", "value", "min", "max", "score", "weight"))
        table.writerows(rows)
