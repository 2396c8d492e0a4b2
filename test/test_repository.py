"""The repository keeps the rules of the QGIS plugin site and its own."""

import configparser
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_metadata_is_complete():
    parser = configparser.ConfigParser()  # with interpolation, as the plugin site reads it: no raw percent sign
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    general = dict(parser["general"])
    for key in (
        "name",
        "description",
        "version",
        "qgisminimumversion",
        "author",
        "about",
    ):
        assert general[key]
    assert general["hasprocessingprovider"] == "yes"
    assert "plugin" not in general["name"].lower()
    assert re.fullmatch(r"\d+\.\d+\.\d+", general["version"])
    assert (ROOT / general["icon"]).exists()
    assert "supportsqt6" not in general


HOSTS = {
    # names of formats and standards, which nobody opens
    "schemas.openxmlformats.org", "schema.org", "w3id.org", "www.w3.org",
    # sources of methods and rules
    "doi.org", "waconnected.org", "oeis.org", "keepachangelog.com", "semver.org",
    # texts of tests
    "127.0.0.1", "example.org", "a.example", "b.example",
}  # fmt: skip
"""Every host that a file of the repository may name. The project has none of its own, see PUBLISHING.md."""


def tracked():
    """Return the text files of the repository, without the text of the licence."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout, or no git")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name not in ("", "LICENSE")]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()]


def test_no_address_that_does_not_exist():
    """A host is in the list above because it was looked at; no file names another, nor an address to write to."""
    found = {}
    for path in tracked():
        text = path.read_text(encoding="utf-8", errors="replace")
        for host in re.findall(r"https?://(?:[^/@\s]*@)?\[?([\w.-]+)|\b(\w+\.github\.io|github\.com)\b", text):
            found.setdefault((host[0] or host[1]).strip("."), []).append(path.name)
        for address in re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]*[a-z]", text):
            found.setdefault(address, []).append(path.name)
    assert {host: names for host, names in found.items() if host not in HOSTS} == {}


def test_core_loads_without_qgis_gdal_and_qt():
    code = f"""
import importlib, importlib.util, pathlib, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('qgis', 'osgeo', 'PyQt5', 'PyQt6'):
            raise ImportError('core imports ' + name)
sys.meta_path.insert(0, Refuse())
root = pathlib.Path({str(ROOT)!r})
spec = importlib.util.spec_from_file_location('ecosecnet', root / '__init__.py', submodule_search_locations=[str(root)])
module = importlib.util.module_from_spec(spec); sys.modules['ecosecnet'] = module; spec.loader.exec_module(module)
for file in sorted((root / 'core').rglob('*.py')):
    importlib.import_module('ecosecnet.' + '.'.join(file.relative_to(root).with_suffix('').parts))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_zip_is_what_the_plugin_site_takes(tmp_path):
    git = shutil.which("git")
    if (
        not git
        or subprocess.run([git, "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, check=False).returncode
    ):
        pytest.skip("not a git checkout, or no git")
    path = tmp_path / "plugin.zip"
    command = ["git", "-C", str(ROOT), "archive", "--format=zip", "--prefix=ecosecnet/", "-o", str(path), "HEAD"]
    subprocess.run(command, check=True)
    names = zipfile.ZipFile(path).namelist()
    assert path.stat().st_size < 25e6
    assert {name.split("/")[0] for name in names} == {"ecosecnet"}
    for needed in ("LICENSE", "metadata.txt", "__init__.py", "plugin.py", "core/__init__.py", "icons/ecosecnet.svg"):
        assert f"ecosecnet/{needed}" in names
    for name in names:
        assert not re.search(r"__pycache__|\.pyc$|/\.|\.(sh|bat|exe|dll|so|ps1)$|/test/|/scripts/", name), name
