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

WEIGHTS = {"Land use": 0.7, "Disturbance": 0.3}


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
        profile = read.profile
    built = np.isin(land_cover, place.codes("built")) & valid
    disturbance = (distance_transform_edt(~built) * transform.a).astype(np.float32)
    profile.update(dtype="float32", nodata=-1)
    profile.pop("photometric", None)
    with rasterio.open(folder / "disturbance.tif", "w", **profile) as written:
        written.write(np.where(valid, disturbance, -1).astype(np.float32), 1)
    write_scores(place, folder / "scores.csv")
    numbers, more = run_tool(
        "securitynetwork",
        {
            "LANDUSE": grid,
            "FOREGROUND": place.listed("habitat"),
            "IMPASSABLE": place.listed("impassable"),
            "NOT_RESTORABLE": place.listed("lasting"),
            "LANDUSE_NAMES": ";".join(f"{one.code}={one.name}" for one in place.classes),
            "SCORES": folder / "scores.csv",
            "FACTORS": folder / "disturbance.tif",
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


def write_scores(place, path):
    """Write the table of scores as `securitynetwork` reads it."""
    rows = [("Land use", one.name, one.code, "", "", one.score, WEIGHTS["Land use"]) for one in place.classes]
    rows += [
        ("Disturbance", "", "", low, "" if high is None else high, score, WEIGHTS["Disturbance"])
        for low, high, score in NEAR_BUILT
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("factor", "class", "value", "min", "max", "score", "weight"))
        table.writerows(rows)
