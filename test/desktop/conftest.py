"""Tests in the real window of QGIS; scripts/desktop starts it. Elsewhere they are left out."""

import os
import sys
from pathlib import Path

import pytest

INSIDE = "DESKTOP_ZIP" in os.environ
if not INSIDE:
    collect_ignore_glob = ["*.py"]
elif os.environ.get("DESKTOP_LANGUAGE"):
    collect_ignore_glob = ["test_[!c]*.py"]
else:
    collect_ignore_glob = ["test_chinese.py"]


@pytest.fixture(scope="session")
def installed():
    """Install the plugin from its zip, as the plugin manager does."""
    import pyplugin_installer
    from qgis import utils
    from qgis.core import QgsApplication

    # The package that test/conftest.py has made of the checkout would be taken in place of the zip.
    for name in [name for name in sys.modules if name.partition(".")[0] == "ecosecnet"]:
        del sys.modules[name]
    pyplugin_installer.instance().installFromZipFile(os.environ["DESKTOP_ZIP"])
    assert "ecosecnet" in utils.active_plugins
    # The tools come when the window is idle.
    from window import wait

    wait(lambda: QgsApplication.processingRegistry().providerById("ecosecnet"), 60, "the tools")
    profile = Path(QgsApplication.qgisSettingsDirPath()).resolve()
    assert profile in Path(sys.modules["ecosecnet"].__file__).resolve().parents


@pytest.fixture(scope="session")
def screen(installed):
    from window import PICTURES, Window

    return Window(PICTURES)


@pytest.fixture
def window(screen):
    """The window with an empty project; nothing may go wrong in it beside what a test expects and takes out."""
    screen.forget()
    yield screen
    assert not screen.trouble()


@pytest.fixture(scope="session")
def county(installed, tmp_path_factory):
    """Folder of a small demonstration county, made without the window."""
    import processing

    folder = tmp_path_factory.mktemp("county")
    processing.run("ecosecnet:demolandscape", {"SIZE": 300, "OUTPUT_FOLDER": str(folder), "LOAD": False})
    return folder
