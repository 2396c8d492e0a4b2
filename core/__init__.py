"""The science of EcoSecNet: numpy, scipy and networkx only, no QGIS, GDAL, Qt or files."""
