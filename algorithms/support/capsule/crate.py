"""The metadata of a capsule for others: a Process Run Crate, profile 0.5, of RO-Crate 1.1.

https://w3id.org/ro/wfrun/process/0.5; Leo et al. 2024, PLOS ONE 19:e0309210, doi:10.1371/journal.pone.0309210.
"""

from __future__ import annotations

from urllib.parse import quote

from qgis.core import QgsProcessingAlgorithm

from ..addresses import home

_CRATE = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_TERMS = "https://w3id.org/ro/terms/workflow-run/context"
_FORMATS = {
    "json": "application/json",
    "md": "text/markdown",
    "tif": "image/tiff; application=geotiff",
    "gpkg": "application/geopackage+sqlite3",
    "csv": "text/csv",
    "html": "text/html",
}


def metadata(algorithm: QgsProcessingAlgorithm, run: dict, texts: list[str]) -> dict:
    """Return ro-crate-metadata.json: the run as an action of a tool that took inputs and made outputs.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
        The tool.
    run : dict
        What run.json holds.
    texts : list of str
        Names of the other texts of the capsule.
    """
    about = {"run.json": "Parameters, hashes, versions and numbers of the run"}
    files = [_file(name, about.get(name, "Methods of the run")) for name in texts]
    inputs = [_data("input", k, one) for k, one in enumerate(run["inputs"])]
    outputs = [_data("output", k, one) for k, one in enumerate(run["outputs"])]
    numbers = [
        {"@id": f"#number-{name}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in run["numbers"].items()
    ]
    data = {one["@id"]: one for one in [*files, *inputs, *outputs]}
    tool, action = f"{home()}#{algorithm.name()}", "#run"
    parts = [{"@id": key} for key, one in data.items() if one["@type"] in ("File", "Dataset")]
    settings = "; ".join(f"{name}={value}" for name, value in run["parameters"].items())
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": _CRATE},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Run of '{algorithm.LABEL}' ({run['algorithm']})",
            "description": algorithm.SUMMARY,
            "datePublished": run["run"]["end"],
            "license": {"@id": "#license"},
            "conformsTo": {"@id": _PROFILE},
            "hasPart": parts,
            "mentions": {"@id": action},
        },
        {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {
            "@id": "#license",
            "@type": "CreativeWork",
            "name": "Licence of the data",
            "description": "That of the inputs, which their owners state; the tool adds none.",
        },
        {
            "@id": tool,
            "@type": "SoftwareApplication",
            "name": f"EcoSecNet: {algorithm.LABEL}",
            **({"url": home()} if home() else {}),
            "softwareVersion": run["versions"]["EcoSecNet"],
        },
        {"@id": "#agent", "@type": "Organization", "name": "Whoever ran the tool; not recorded"},
        {
            "@id": action,
            "@type": "CreateAction",
            "name": f"Run of {run['algorithm']}",
            "description": settings or "No settings",
            "startTime": run["run"]["start"],
            "endTime": run["run"]["end"],
            "actionStatus": "http://schema.org/CompletedActionStatus",
            "instrument": {"@id": tool},
            "agent": {"@id": "#agent"},
            "object": [{"@id": key} for key in dict.fromkeys(one["@id"] for one in inputs)],
            "result": [{"@id": key} for key in dict.fromkeys(one["@id"] for one in [*outputs, *numbers])],
        },
    ]
    return {"@context": [f"{_CRATE}/context", _TERMS], "@graph": [*graph, *data.values(), *numbers]}


def _file(name: str, description: str) -> dict:
    found = {"@id": quote(name), "@type": "File", "name": name.rpartition("/")[2], "description": description}
    return {**found, "encodingFormat": _FORMATS.get(name.rpartition(".")[2].lower(), "application/octet-stream")}


def _data(what: str, number: int, entry: dict) -> dict:
    """Return an input or output: a file of the crate, or a work that is elsewhere."""
    name = entry.get("file") or entry.get("name") or entry["role"]
    description = f"{entry['role']} ({what}), SHA-256 of what it holds: {entry['content_sha256']}"
    where = entry["in_capsule"]
    if where is None:
        return {"@id": f"#{what}-{number}", "@type": "CreativeWork", "name": name, "description": description}
    if entry["kind"] == "folder":
        return {"@id": f"{quote(where)}/", "@type": "Dataset", "name": name, "description": description}
    return {**_file(where, description), "alternateName": name}
