"""One way to draw a map: a description of it, and a page layout of QGIS that is filled with it."""
