"""EcoSecNet: ecological security networks inside QGIS."""

import sys


def classFactory(iface):
    """Return the plugin; QGIS calls this when it loads the package."""
    # QGIS forgets those modules only that it saw being imported. One that stayed from an earlier load, as before an update,
    # would meet new ones, and its choices are not theirs.
    for name in [name for name in sys.modules if name.startswith(f"{__name__}.")]:
        del sys.modules[name]
    from .plugin import EcoSecNetPlugin

    return EcoSecNetPlugin(iface)
