"""The repository keeps the rules of the QGIS plugin site and its own."""

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

import check_zip  # noqa: E402

HOSTS = {
    # names of formats and standards, which nobody opens
    "schemas.openxmlformats.org", "purl.org", "schema.org", "w3id.org", "www.w3.org",
    "mrcc.com",  # in the first line of a style of QGIS
    # sources of methods and rules
    "doi.org", "waconnected.org", "oeis.org", "keepachangelog.com", "semver.org",
    # texts of tests
    "127.0.0.1", "example.org", "a.example", "b.example",
}  # fmt: skip
"""Every host that a file of the repository may name. The project has none of its own, see PUBLISHING.md."""


def git(*arguments):
    """Run git here; it fails where this is no checkout, and where there is no git."""
    try:
        return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        return subprocess.CompletedProcess(arguments, 127)


def tracked():
    """Return the text files of the repository, without the text of the licence."""
    listed = git("ls-files", "-z")
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


def the_zip(folder):
    """Return the zip of what is committed, without what scripts/package builds into it."""
    if git("rev-parse", "HEAD").returncode:
        pytest.skip("not a git checkout, or no git")
    path = folder / "plugin.zip"
    assert not git("archive", "--format=zip", "--prefix=ecosecnet/", "-o", str(path), "HEAD").returncode
    return path


def test_zip_is_what_the_plugin_site_takes(tmp_path):
    path = the_zip(tmp_path)
    assert list(check_zip.faults_of_zip(path)) == []
    # Nobody has given the project a home, and none is made up.
    upload = list(check_zip.faults_of_zip(path, upload=True))
    assert all("PUBLISHING.md" in fault for fault in upload)
    assert len(upload) in (0, 4)


GOOD = (ROOT / "metadata.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("about=", "about=100% "), "metadata.txt cannot be read"),
        (("description=", "summary="), "no description"),
        (("tracker=", "tracker=bugs"), "tracker is no address"),
        (("email=", "mail="), "no line email"),
        (("author=", "author=a/"), "slash"),
        (("name=EcoSecNet", "name=EcoSecNet plugin"), "says plugin"),
        (("version=", "version=v"), "three numbers"),
        (("deprecated=False", "supportsQt6=True"), "out of use"),
        (("icons/ecosecnet.svg", "icons/none.svg"), "the icon"),
        (("hasProcessingProvider=yes", "hasProcessingProvider=True"), "qgis_process"),
    ],
)
def test_metadata_that_the_site_refuses(change, fault):
    names = ["ecosecnet/icons/ecosecnet.svg"]
    assert list(check_zip.faults_of_metadata(GOOD, names)) == []
    changed = re.sub(f"^{change[0]}" if "=" in change[0] else change[0], change[1], GOOD, flags=re.M)
    assert changed != GOOD
    assert any(fault in found for found in check_zip.faults_of_metadata(changed, names))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("ecosecnet/core/a.cpython-311.pyc", "of a kind"),
        ("ecosecnet/core/__pycache__/a.txt", "does not belong"),
        ("ecosecnet/test/a.py", "does not belong"),
        ("ecosecnet/.secrets.txt", "hidden"),
        ("ecosecnet/../a.py", "leads elsewhere"),
        ("ecosecnet/run.sh", "of a kind"),
        ("other/a.py", "not one folder"),
        ("ecosecnet/broken.py", "not Python"),
    ],
)
def test_files_that_the_site_refuses(tmp_path, name, fault):
    path = the_zip(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "def (")
    assert any(fault in found for found in check_zip.faults_of_zip(path))


def test_pb_tool_packs_what_the_zip_holds(tmp_path):
    config = configparser.ConfigParser()
    config.read(ROOT / "pb_tool.cfg", encoding="utf-8")
    listed = " ".join(config["files"][key] for key in ("python_files", "extras", "extra_dirs")).split()
    with zipfile.ZipFile(the_zip(tmp_path)) as archive:
        held = {name.split("/")[1] for name in archive.namelist()} - {""}
    # The translations are compiled when the zip is made, so their folder may hold nothing yet.
    assert held | {"i18n"} == set(listed) | {"i18n"}
    assert config["help"]["target"] == "help"
