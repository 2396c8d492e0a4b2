"""The plugin names no address that does not exist: metadata.txt says which there are, pages come from its own files."""

import shutil
import subprocess
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlparse

import pytest
from ecosecnet.algorithms.support import addresses

pytestmark = pytest.mark.qgis


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Return the folder of a plugin that has no pages yet, in a path as they are."""
    root = tmp_path / "插件 folder#1"
    root.mkdir()
    (root / "README.md").write_text("read me", encoding="utf-8")
    monkeypatch.setattr(addresses, "ROOT", root)
    return root


def _write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("page", encoding="utf-8")
    return path


def test_help_is_the_page_that_ships_else_that_of_the_checkout(plugin):
    assert addresses.help_page("barriers") == (plugin / "README.md").as_uri()
    together = _write(plugin / "docs" / "tools.md")
    assert addresses.help_page("barriers") == f"{together.as_uri()}#barriers"
    source = _write(plugin / "docs" / "tools" / "barriers.md")
    assert addresses.help_page("barriers") == source.as_uri()
    built = _write(plugin / "help" / "tools" / "barriers.html")
    assert addresses.help_page("barriers") == built.as_uri()
    assert addresses.page("barriers") == plugin / "README.md"


def test_a_page_can_be_opened_whatever_the_folder_is_called(plugin):
    from qgis.PyQt.QtCore import QUrl

    page = _write(plugin / "help" / "tools" / "barriers.html")
    url = QUrl(addresses.help_page("barriers"))
    assert url.isLocalFile()
    assert Path(url.toLocalFile()) == page
    together = _write(plugin / "docs" / "tools.md")
    url = QUrl(addresses.help_page("mspa"))
    assert (Path(url.toLocalFile()), url.fragment()) == (together, "mspa")


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (r"C:\Users\张 三\QGIS#3\help\a.html", "/C:/Users/张 三/QGIS#3/help/a.html"),
        (r"\\server\share\help\a.html", "/share/help/a.html"),
    ],
)
def test_paths_of_windows_become_addresses(path, address):
    parsed = urlparse(PureWindowsPath(path).as_uri())
    assert (parsed.scheme, unquote(parsed.path), parsed.fragment) == ("file", address, "")


def test_every_tool_has_a_page(qgis):
    from ecosecnet.algorithms.provider import ALGORITHMS

    for algorithm in ALGORITHMS:
        parsed = urlparse(algorithm().helpUrl())
        path = Path(unquote(parsed.path))
        assert path.is_relative_to(addresses.ROOT)
        assert algorithm.NAME in path.read_text(encoding="utf-8")
    assert addresses.page("faults").exists()


@pytest.mark.parametrize(
    ("general", "expected"),
    [
        ({"version": "1.2.3"}, ("1.2.3", "", "")),
        ({"version": "1", "homepage": "", "repository": "https://a.example", "tracker": "https://b.example"},
         ("1", "https://a.example", "https://b.example")),
    ],
)  # fmt: skip
def test_addresses_are_those_of_the_metadata(monkeypatch, general, expected):
    monkeypatch.setattr(addresses, "_metadata", lambda: general)
    assert (addresses.version(), addresses.home(), addresses.tracker()) == expected


def test_a_fault_says_where_to_go(monkeypatch):
    from ecosecnet.algorithms import base
    from qgis.core import QgsProcessingFeedback

    error = KeyError("cw_dist")
    assert base._sentence(error, QgsProcessingFeedback(False)).endswith(f"stands in {addresses.page('faults')}.")
    monkeypatch.setattr(base, "tracker", lambda: "https://b.example")
    assert base._sentence(error, QgsProcessingFeedback(False)).endswith("with this log, at https://b.example.")


def test_version_stands_in_one_place():
    """No other file of the repository names the version of the plugin."""
    root = addresses.ROOT
    if not shutil.which("git"):
        pytest.skip("no git")
    listed = subprocess.run(["git", "-C", root, "grep", "-lFw", addresses.version()], capture_output=True, check=False)
    if listed.returncode > 1:
        pytest.skip("not a git checkout, or no git")
    assert set(listed.stdout.decode().split()) <= {"metadata.txt", "CHANGELOG.md"}
