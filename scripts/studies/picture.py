"""A map of a study: land cover, sources, corridors, pinch points and barriers."""

import geopandas
import matplotlib
import numpy as np
from compare import read

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch


def draw(study, path):
    """Draw the map into a PNG."""
    rows, cols = study.land_cover.shape
    left, top, cell = study.transform.c, study.transform.f, study.cell
    extent = (left, left + cols * cell, top - rows * cell, top)
    figure, axes = pyplot.subplots(1, 2, figsize=(20, 20 * 0.5 * rows / cols + 1.5), sharex=True, sharey=True)
    classes = sorted(study.place.classes, key=lambda one: one.code)
    colours = ListedColormap([one.colour for one in classes])
    codes = [one.code for one in classes]
    position = np.searchsorted(codes, study.land_cover).clip(0, len(codes) - 1)
    cover = np.ma.masked_where(~study.valid, position)
    layers = {
        name: geopandas.read_file(study.layer(f"{name}.gpkg"))
        for name in ("sources", "links", "pinchpoints", "barriers")
    }
    links = layers["links"]
    for one in axes:
        one.imshow(cover, cmap=colours, norm=BoundaryNorm(np.arange(len(codes) + 1) - 0.5, len(codes)), extent=extent)
        layers["sources"].boundary.plot(ax=one, color="black", linewidth=0.6)
        one.set_axis_off()
    belt = np.ma.masked_invalid(read(study.layer("corridors.tif")))
    axes[0].imshow(belt, cmap="autumn", alpha=0.55, extent=extent)
    links[links["active"] == 1].plot(ax=axes[0], color="#0000c0", linewidth=1.2)
    if (links["active"] != 1).any():
        links[links["active"] != 1].plot(ax=axes[0], color="#0000c0", linewidth=0.6, linestyle=":")
    for _, source in layers["sources"].iterrows():
        place = source.geometry.representative_point()
        axes[0].annotate(str(source["source_id"]), (place.x, place.y), ha="center", va="center", fontsize=9)
    links[links["active"] == 1].plot(ax=axes[1], color="#404040", linewidth=0.5)
    for name, colour in (("barriers", "#ff00c0"), ("pinchpoints", "#000000")):
        if len(layers[name]):
            layers[name].plot(ax=axes[1], color=colour, edgecolor=colour, linewidth=0.3)
    present = set(np.unique(study.land_cover[study.valid]).tolist())
    handles = [Patch(color=one.colour, label=one.name) for one in classes if one.code in present]
    handles += [Patch(color="#000000", label="Pinch points"), Patch(color="#ff00c0", label="Barriers")]
    axes[1].legend(handles=handles, loc="lower right", fontsize=8)
    axes[0].set_title(f"{study.place.title}\nsources by dPC, corridor belt, least-cost paths (dotted: dropped)")
    axes[1].set_title("pinch points and barriers")
    figure.tight_layout()
    figure.savefig(path, dpi=75)
    pyplot.close(figure)
