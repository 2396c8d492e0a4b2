"""EcoSecNet: ecological security networks inside QGIS."""


def classFactory(iface):  # noqa: N802 (the name QGIS calls)
    """Return the plugin; QGIS calls this when it loads the package."""
    from .plugin import EcoSecNetPlugin

    return EcoSecNetPlugin(iface)
