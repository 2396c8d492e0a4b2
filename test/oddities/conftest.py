"""A QGIS with the provider, and the plain layers that every oddity is a twin of."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("qgis.core", reason="needs the Python bindings of QGIS")
pytest.importorskip("scipy")


@pytest.fixture(scope="session")
def processing():
    """Start QGIS with Processing and the provider, where no other test has done so."""
    import sys

    from qgis.core import QgsApplication
    from qgis.testing import start_app

    start_app()
    plugins = os.path.join(QgsApplication.pkgDataPath(), "python", "plugins")
    if plugins not in sys.path:
        sys.path.append(plugins)
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    plugin = None
    if QgsApplication.processingRegistry().providerById("ecosecnet") is None:
        from ecosecnet.plugin import EcoSecNetPlugin

        plugin = EcoSecNetPlugin(None)
        plugin.initProcessing()
    yield processing
    if plugin is not None:
        plugin.unload()


@pytest.fixture(scope="session")
def world(processing, tmp_path_factory):
    """Return the plain layers, and what every tool says of them."""
    from oddities.world import World

    return World(processing, tmp_path_factory.mktemp("plain"))
