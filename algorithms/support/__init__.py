"""Between QGIS layers and the arrays of the core."""
