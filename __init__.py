"""EcoSecNet: ecological security networks inside QGIS."""


def classFactory(iface):
    """Return the plugin; QGIS calls this when it loads the package."""
    from .plugin import EcoSecNetPlugin

    return EcoSecNetPlugin(iface)
