"""A small network of layers to draw, and what is seen in a picture."""

import numpy as np
import pytest

SIDE, CELL, LEFT, TOP = 200, 30.0, 500_000.0, 2_900_000.0


def square(x, y, size):
    left, top = LEFT + x, TOP - y
    return (
        f"MultiPolygon((({left} {top},{left + size} {top},{left + size} {top - size},"
        f"{left} {top - size},{left} {top})))"
    )


@pytest.fixture
def layers(qgis, raster, polygons):
    """Land use of three classes, resistance, sources and townships, by role, without styles beside them."""
    from ecosecnet.algorithms.support.sheets.description import Drawn
    from ecosecnet.algorithms.support.sheets.looks import own

    rng = np.random.default_rng(1)
    whole = SIDE * CELL
    paths = {
        "landuse": raster("landuse", (rng.random((SIDE, SIDE)) * 3 + 1).astype("u1"), nodata=0),
        "dem": raster("dem", np.add.outer(np.arange(SIDE), np.arange(SIDE)).astype("f4")),
        "resistance": raster("resistance", 1.0 + 9.0 * rng.random((SIDE, SIDE)).astype("f4")),
        "sources": polygons(
            "sources",
            [
                (square(600, 600, 1500), {"source_id": 1, "grade": 1}),
                (square(3600, 3600, 1200), {"source_id": 2, "grade": 2}),
            ],
        ),
        "townships": polygons("townships", [(square(0, 0, whole), {"name": "青山 Township <b>&"})]),
    }
    return {role: Drawn(path, style=own(role)) for role, path in paths.items()}


@pytest.fixture
def seen():
    """Read a picture: its red, green and blue as one array."""

    def read(content):
        from osgeo import gdal

        gdal.FileFromMemBuffer("/vsimem/picture.png", content)
        dataset = gdal.Open("/vsimem/picture.png")
        cells = dataset.ReadAsArray()
        table = dataset.GetRasterBand(1).GetColorTable()
        if table is not None:
            colours = np.array([table.GetColorEntry(k)[:3] for k in range(table.GetCount())])
            return colours[cells]
        return np.moveaxis(cells, 0, -1)

    return read
