"""The tools on links beyond a county: 'linkages', 'pinchpoints' and 'barriers' on 60 sources, each in a process of its own.

usage: /usr/bin/python3 benchmarks/links.py [SIZE] [--folder FOLDER]
The Python of QGIS, SIZE x SIZE cells (3000): the resistance of the demonstration county mirrored side by side, without
NoData. CPU seconds and peak memory, QGIS and the raster included.
"""

import argparse
import tempfile
from pathlib import Path

import chain
import numpy as np
from osgeo import gdal, ogr, osr

COUNTY = 2000
FILLED = 4.0
LEFT, TOP, CELL = 400_000, 3_200_000, 30


def surface(folder, size):
    """Write the resistance; return the CRS."""
    chain.run(chain.ROOT, "demolandscape", {"OUTPUT_FOLDER": folder, "SIZE": COUNTY})
    made = f"{folder}/county.tif"
    chain.run(chain.ROOT, "securitynetwork", {**chain.network(folder, False), "RESISTANCE": made})
    raster = gdal.Open(made)
    part = raster.ReadAsArray()
    part[part == raster.GetRasterBand(1).GetNoDataValue()] = FILLED
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32648)
    options = ["TILED=YES", "COMPRESS=DEFLATE", "PREDICTOR=3"]
    target = gdal.GetDriverByName("GTiff").Create(f"{folder}/r.tif", size, size, 1, gdal.GDT_Float32, options)
    target.SetProjection(crs.ExportToWkt())
    target.SetGeoTransform((LEFT, CELL, 0, TOP, 0, -CELL))
    across = np.concatenate([part, part[:, ::-1]] * (1 + size // (2 * COUNTY)), axis=1)[:, :size]
    for top in range(0, size, COUNTY):
        strip = across if top // COUNTY % 2 == 0 else across[::-1]
        target.GetRasterBand(1).WriteArray(np.ascontiguousarray(strip[: size - top]), 0, top)
    return crs


def sources(path, crs, size):
    """Write 60 squares, one in each of 8 x 8 fields but the last four."""
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = dataset.CreateLayer("sources", crs, ogr.wkbPolygon)
    random, side = np.random.default_rng(2), CELL * max(size // 60, 8)
    for field in range(60):
        row, col = (int((place + 0.2 + 0.5 * random.random()) * size / 8) for place in divmod(field, 8))
        left, top = LEFT + CELL * col, TOP - CELL * row
        feature = ogr.Feature(layer.GetLayerDefn())
        right, bottom = left + side, top - side
        corners = f"{left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}"
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON(({corners}))"))
        layer.CreateFeature(feature)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", nargs="?", type=int, default=3000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        sources(f"{folder}/s.gpkg", surface(folder, given.size), given.size)
        linked = {"RESISTANCE": f"{folder}/r.tif", "SOURCES": f"{folder}/s.gpkg"}
        links = f"{folder}/links.gpkg"
        for tool, outputs in (
            ("linkages", {"LINKS": links, "CORRIDORS": f"{folder}/corridors.tif"}),
            ("pinchpoints", {"LINKS": links, "CURRENT": f"{folder}/current.tif"}),
            ("barriers", {"LINKS": links, "SCORE": f"{folder}/score.tif"}),
        ):
            cpu, peak, figures = chain.run(chain.ROOT, tool, {**linked, **outputs})
            per_cell = peak * 2**20 / given.size**2
            print(
                f"{tool:12} {cpu:8.1f} s CPU {peak / 1024:6.2f} GiB, {per_cell:5.0f} bytes a cell   {figures}",
                flush=True,
            )


if __name__ == "__main__":
    main()
