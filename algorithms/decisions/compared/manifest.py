"""The list of the runs that are compared, and where the layers of each are."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ....core.errors import InputError
from ...support.capsule.reading import Capsule

RASTERS = ("LANDUSE", "MSPA", "RESISTANCE", "CURRENT")
LAYERS = (*RASTERS, "SOURCES", "LINKS", "PINCHPOINTS", "BARRIERS")
"""What is read of a run, by the names of the parameters of 'securitynetwork'."""

_CALLED = {
    "landuse": "LANDUSE",
    "mspa": "MSPA",
    "resistance": "RESISTANCE",
    "current": "CURRENT",
    "sources": "SOURCES",
    "links": "LINKS",
    "corridors": "LINKS",
    "pinchpoints": "PINCHPOINTS",
    "barriers": "BARRIERS",
}
"""Files of a folder, by their names without blanks and underscores."""

_ENDINGS = {True: (".tif", ".tiff"), False: (".gpkg", ".shp", ".geojson", ".fgb")}
_COLUMNS = ("name", "year", "folder", "capsule", *(one.lower() for one in LAYERS))

HELD, OWN, UNKNOWN = "held", "its own", "not known"
"""Whose limits the classes of the key areas of a run have."""


@dataclass(frozen=True)
class File:
    """A layer of a run: its file, the layer in it, and, in a capsule, what run.json says of it."""

    path: str
    layer: str = ""
    capsule: Capsule | None = None
    entry: dict | None = None


@dataclass
class RunFiles:
    """A run and its layers.

    Attributes
    ----------
    name : str
        What it is called.
    year : str
        Its year; empty where none is given.
    files : dict of str to File
        By the names in `LAYERS`.
    limits : str
        `HELD` (those of the first run), `OWN` or `UNKNOWN`.
    given_limits, found_limits : str
        What says, in a capsule, which limits it was given and which ones it has written.
    """

    name: str
    year: str = ""
    files: dict[str, File] = field(default_factory=dict)
    limits: str = UNKNOWN
    given_limits: str = ""
    found_limits: str = ""


def read_manifest(path: str) -> list[RunFiles]:
    """Return the runs that a manifest lists, two at least.

    Raises
    ------
    InputError
        For columns that are not known, runs without a name or with one that another has, files that are missing, and less
        than two runs; names the row and the file.
    """
    folder = os.path.dirname(os.path.abspath(path))
    runs: list[RunFiles] = []
    for number, row in enumerate(_rows(path), start=1):
        place = f"{os.path.basename(path)}, row {number}"
        name = row.get("name", "") or row.get("year", "")
        if not name:
            raise InputError(f"{place}: the run has no name.")
        if any(one.name == name for one in runs):
            raise InputError(f"{place}: another run is called '{name}' too. Give each a name of its own.")
        run = RunFiles(name, row.get("year", ""))
        if row.get("capsule"):
            _take_capsule(run, _existing(folder, row["capsule"], place))
        of_capsule = dict(run.files)
        if row.get("folder"):
            _take_folder(run, _existing(folder, row["folder"], place))
        for role in LAYERS:
            if row.get(role.lower()):
                file, _, layer = row[role.lower()].partition("|layername=")
                run.files[role] = File(_existing(folder, file, f"{place}, {role}"), layer)
        if any(run.files.get(role) is not of_capsule.get(role) for role in ("PINCHPOINTS", "BARRIERS")):
            run.limits, run.given_limits, run.found_limits = UNKNOWN, "", ""  # those of the capsule made other areas
        if "SOURCES" not in run.files:
            raise InputError(
                f"{place}: '{name}' has no SOURCES. Name its layer, or a folder or capsule that holds them."
            )
        runs.append(run)
    for run in runs[1:]:
        if run.found_limits and run.found_limits == runs[0].found_limits:
            run.limits = HELD  # found anew, and the same
        elif run.given_limits:
            same = run.given_limits in (runs[0].found_limits, runs[0].given_limits)
            run.limits = HELD if same else UNKNOWN
    if len(runs) < 2:
        raise InputError(f"{os.path.basename(path)} lists {len(runs)} run(s); comparing needs two at least.")
    return runs


def named_in(path: str) -> list[str]:
    """Return the files that a manifest names; none where it cannot be read, which a run says."""
    try:
        runs = read_manifest(path)
    except InputError:
        return []
    found = dict.fromkeys(
        one.capsule.path if one.capsule is not None else one.path for run in runs for one in run.files.values()
    )
    close(runs)
    return list(found)


def close(runs: Sequence[RunFiles]) -> None:
    """Close the capsules of some runs."""
    for run in runs:
        for one in run.files.values():
            if one.capsule is not None:
                one.capsule.close()


def _rows(path: str) -> Iterator[dict[str, str]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} cannot be read as text (it is not in UTF-8). Save it as CSV UTF-8.") from None
    head = text.partition("\n")[0]
    reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=head.count))
    columns = [one.strip().lower() for one in next(reader, [])]
    strange = [one for one in columns if one and one not in _COLUMNS]
    if strange or not columns:
        said = f"has a column '{strange[0]}', which is not known" if strange else "is empty"
        raise InputError(f"{os.path.basename(path)} {said}. Columns are: {', '.join(_COLUMNS)}.")
    double = next((one for one in columns if one and columns.count(one) > 1), None)
    if double:
        raise InputError(f"{os.path.basename(path)} has two columns '{double}'. Leave one.")
    for cells in reader:
        if any(cells[len(columns) :]):
            raise InputError(
                f"{os.path.basename(path)}, line {reader.line_num}: there are {len(cells)} values for {len(columns)} "
                "columns. Put a value that holds a comma in double quotes."
            )
        row = {name: cell.strip() for name, cell in zip(columns, cells) if name}
        if any(row.values()):
            yield row


def _existing(folder: str, path: str, place: str) -> str:
    found = os.path.normpath(os.path.join(folder, path.replace("\\", os.sep) if os.sep == "/" else path))
    if not os.path.exists(found):
        raise InputError(f"{place}: there is no {found}.")
    return found


def _take_folder(run: RunFiles, folder: str) -> None:
    """Add the layers that lie in a folder under the names of the outputs; else those of the one capsule there."""
    if not os.path.isdir(folder):
        raise InputError(f"'{folder}' is no folder. A capsule goes to the column capsule.")
    names = sorted(os.listdir(folder))
    found: dict[str, list[str]] = {}
    for name in names:
        stem, ending = os.path.splitext(name)
        role = _CALLED.get("".join(one for one in stem.lower() if one.isalnum()))
        if role and ending.lower() in _ENDINGS[role in RASTERS]:
            found.setdefault(role, []).append(name)
    double = next((held for held in found.values() if len(held) > 1), None)
    if double:
        raise InputError(
            f"{folder} holds {' and '.join(double)}, and each could be meant. Name one in a column of its own."
        )
    for role, held in found.items():
        run.files[role] = File(os.path.join(folder, held[0]))
    capsules = [one for one in names if one.lower().endswith(".capsule.zip")]
    if not found and len(capsules) == 1:
        _take_capsule(run, os.path.join(folder, capsules[0]))
    elif not found:
        raise InputError(
            f"{folder} holds no layers of a run: neither one capsule nor files such as sources.gpkg, mspa.tif, "
            "resistance.tif, links.gpkg, current.tif, pinchpoints.gpkg, barriers.gpkg."
        )


def _take_capsule(run: RunFiles, path: str) -> None:
    """Add the layers of a capsule, or those of their names beside it where it does not hold them."""
    capsule = Capsule(path)
    made = capsule.run
    if made["algorithm"] != "ecosecnet:securitynetwork":
        capsule.close()
        raise InputError(f"{path} is of '{made['algorithm']}'; a run that can be compared is of 'securitynetwork'.")
    table = next((one["content_sha256"] for one in made["inputs"] if one["role"] == "LIMITS_TABLE"), "")
    run.given_limits = str(made["parameters"].get("LIMITS") or table)
    run.found_limits = next((one["content_sha256"] for one in made["outputs"] if one["role"] == "BREAKS"), "")
    run.limits = UNKNOWN if run.given_limits else OWN
    outputs = [one for one in made["outputs"] if one["role"] in LAYERS]
    for entry in (*(one for one in made["inputs"] if one["role"] == "LANDUSE"), *outputs):
        beside = os.path.join(os.path.dirname(path), entry.get("file") or os.path.basename(entry.get("path", "")))
        if capsule.holds(entry):
            run.files[entry["role"]] = File(path, entry.get("layer", ""), capsule, entry)
        elif os.path.isfile(beside):
            run.files[entry["role"]] = File(beside, entry.get("layer", ""))
        elif entry["role"] != "LANDUSE":
            raise InputError(f"{path} does not hold {entry['role']}, and there is no {beside}.")
    if not outputs:
        raise InputError(f"{path} holds no layers of a network: that run has written none of {', '.join(LAYERS)}.")
