"""What the window of QGIS has of the plugin beside its tools: a menu, a message, settings, a demonstration project."""
