"""Holds a zip of the plugin to the rules of the plugin site (plugins.qgis.org), read from its validator and scanner.

usage: check_zip.py ZIP [--tools] [--upload]
    --tools   also bandit, detect-secrets, flake8 and qgis-plugin-analyzer; what they find is answered in docs/findings.md
    --upload  an address that is still empty counts as a fault, see PUBLISHING.md
"""

import argparse
import configparser
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 5_000_000
"""Bytes; the site takes five times as much."""

NEEDED = ("__init__.py", "metadata.txt", "LICENSE", "README.md", "CHANGELOG.md", "plugin.py", "core/__init__.py")
FIELDS = ("name", "description", "version", "qgisMinimumVersion", "author", "about")
ADDRESSES = ("email", "tracker", "repository", "homepage")
"""What the site asks for too, and opens, and the project does not have yet."""

KINDS = {
    ".py", ".txt", ".md", ".cff", ".svg", ".png", ".csv", ".json", ".xml", ".html", ".css", ".js", ".qml", ".model3", ".qpt",
    ".qm", ".webp",
}  # fmt: skip
"""Endings of files that a plugin is made of; the site refuses programs, and nobody can review other binaries."""

UNWANTED = {"__pycache__", "__MACOSX", ".git", "test", "scripts", "benchmarks", "docs"}


def faults_of_files(archive):
    """Yield what is wrong with the files of a zip."""
    names = archive.namelist()
    if archive.testzip():
        yield f"{archive.testzip()} is damaged"
    tops = {name.split("/")[0] for name in names}
    if len(tops) != 1 or not min(tops).isidentifier():
        yield f"not one folder that Python can import: {sorted(tops)}"
        return
    (top,) = tops
    yield from (f"{needed} is missing" for needed in NEEDED if f"{top}/{needed}" not in names)
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if path.is_absolute() or ".." in entry.filename or "\\" in entry.filename:
            yield f"{entry.filename} leads elsewhere"
        if UNWANTED.intersection(path.parts[1:2]) or {"__pycache__", ".git"}.intersection(path.parts):
            yield f"{entry.filename} does not belong to the plugin"
        if path.name.startswith("."):
            yield f"{entry.filename} is hidden"
        if not entry.is_dir() and path.suffix.lower() not in KINDS and path.name != "LICENSE":
            yield f"{entry.filename} is of a kind that does not belong there"
        if not entry.is_dir() and entry.external_attr >> 16 & 0o111:
            yield f"{entry.filename} may be run as a program"
        if path.suffix == ".py":
            try:
                compile(archive.read(entry), entry.filename, "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                yield f"{entry.filename} is not Python: {error}"


def faults_of_metadata(text, names, upload=False):
    """Yield what is wrong with metadata.txt, read as the site reads it: with interpolation, so no raw percent sign."""
    parser = configparser.ConfigParser()
    parser.optionxform = str
    try:
        parser.read_string(text)
        general = dict(parser.items("general"))
    except configparser.Error as error:
        yield f"metadata.txt cannot be read: {error}"
        return
    yield from (f"metadata.txt has no {field}" for field in FIELDS if not general.get(field, "").strip())
    for field in ADDRESSES:
        value = general.get(field, "")
        if field not in general:
            yield f"metadata.txt has no line {field}"
        elif not value and upload:
            yield f"{field} is empty; PUBLISHING.md says what goes there"
        elif value and field != "email" and not re.match(r"https?://[\w.-]+\.[a-z]+/", value):
            yield f"{field} is no address: {value}"
    if "/" in general.get("author", ""):
        yield "author has a slash"
    if "plugin" in general.get("name", "").lower():
        yield "name says plugin"
    if not re.fullmatch(r"\d+\.\d+\.\d+", general.get("version", "")):
        yield f"version is not three numbers: {general.get('version')}"
    if "supportsQt6" in general:
        yield "supportsQt6 is out of use; qgisMaximumVersion says it"
    if general.get("hasProcessingProvider") != "yes":
        yield "hasProcessingProvider is not yes, so qgis_process does not see the tools"
    if not any(name.endswith(f"/{general.get('icon')}") for name in names):
        yield f"the icon {general.get('icon')} is not in the zip"


def faults_of_zip(path, upload=False):
    """Yield what is wrong with a zip."""
    if path.stat().st_size > LARGEST:
        yield f"{path.stat().st_size:,} bytes, more than {LARGEST:,}"
    with zipfile.ZipFile(path) as archive:
        found = list(faults_of_files(archive))
        yield from found
        metadata = [name for name in archive.namelist() if re.fullmatch(r"\w+/metadata\.txt", name)]
        if metadata:
            yield from faults_of_metadata(archive.read(metadata[0]).decode("utf-8"), archive.namelist(), upload)


def _bandit(folder, printed):
    return [f"bandit {one['test_id']} {one['filename']}:{one['line_number']}" for one in json.loads(printed)["results"]]


def _secrets(folder, printed):
    found = json.loads(printed)["results"]
    return [f"secret {one['type']} {name}:{one['line_number']}" for name, all_ in found.items() for one in all_]


def _flake8(folder, printed):
    return [f"flake8 {line.split()[1]} {line.split()[0]}" for line in printed.splitlines()]


def _analyzer(folder, printed):
    """Return what is in the file that it leaves; lists of findings lie here and there in it."""

    def walk(thing):
        if isinstance(thing, dict) and {"type", "file", "line"} <= set(thing):
            yield f"analyzer {thing['type']} {thing['file']}:{thing['line']}"
        for inner in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
            yield from walk(inner)

    held = json.loads((folder / "analysis_results" / "project_context.json").read_text(encoding="utf-8"))
    return list(dict.fromkeys(walk(held)))


TOOLS = {
    "bandit": (["-m", "bandit", "-q", "-r", ".", "-f", "json"], _bandit),
    "detect-secrets": (["-m", "detect_secrets", "scan", "--all-files", "."], _secrets),
    "flake8": (["-m", "flake8", "--max-line-length=120", "."], _flake8),
    "qgis-plugin-analyzer": (["-m", "analyzer.main", "analyze", "."], _analyzer),
}
"""Tools with their options, those of the site where it runs them, and what reads what they print."""


def faults_of_tools(path):
    """Yield what the tools find and docs/findings.md does not answer, and print how much is answered there."""
    answered = set(
        re.findall(r"`((?:flake8|analyzer) \w+)`", (ROOT / "docs" / "findings.md").read_text(encoding="utf-8"))
    )
    for name, (command, read) in TOOLS.items():
        # Each in a folder of its own: what one leaves is not looked at by the next.
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
            (plugin,) = Path(folder).iterdir()
            done = subprocess.run([sys.executable, *command], cwd=plugin, capture_output=True, text=True, check=False)
            found = read(plugin, done.stdout)
        left = [one for one in found if " ".join(one.split()[:2]) not in answered]
        print(f"{name}: {len(found) - len(left)} findings answered, {len(left)} not")
        yield from left


def main():
    """Print the faults; return whether there are any."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--tools", action="store_true")
    parser.add_argument("--upload", action="store_true")
    given = parser.parse_args()
    faults = list(faults_of_zip(given.zip, given.upload))
    if given.tools:
        faults += faults_of_tools(given.zip)
    print("\n".join(faults))
    print(f"{given.zip.name}: {given.zip.stat().st_size:,} bytes, {len(faults)} faults")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
