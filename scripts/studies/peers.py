"""The same network by other people's code, from the same land cover: pyguidos, scikit-image, shapely, SciPy, networkx.

Nothing of the plugin is imported here.
"""

import math
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pyguidos
import rasterio
import shapely
from chain import BUILT_WEIGHT, NEAR_BUILT, USE_WEIGHT
from rasterio.features import shapes
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix, diags
from scipy.sparse.linalg import spsolve
from skimage.graph import MCP_Geometric
from skimage.measure import label

TIE = 1e-9
"""Relative difference of costs below which two are equal."""


@dataclass(frozen=True)
class Network:
    """Sources are numbered by dPC from 1; `fields` are the costs from each source, `certain` and `possible` its pairs."""

    codes: np.ndarray
    sources: np.ndarray
    dpc: np.ndarray
    resistance: np.ndarray
    cell: float
    fields: list
    certain: set
    possible: set

    def cost(self, first, second):
        """Return the cost of the cheapest path between two sources."""
        return float(self.fields[first - 1][self.sources == second].min())

    def above_path(self, first, second):
        """Return by how much the cheapest way between two sources through each cell costs more than the cheapest path."""
        return self.fields[first - 1] + self.fields[second - 1] - self.cost(first, second)

    def effective_resistance(self, first, second, belt):
        """Return the effective resistance between what of two sources lies in a belt, in cost units."""
        node = np.cumsum(belt.ravel()).reshape(belt.shape) + 1
        node[self.sources == first], node[self.sources == second] = 0, 1
        links = []
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            here = np.s_[: self.sources.shape[0] - down, max(0, -right) : self.sources.shape[1] - max(0, right)]
            there = np.s_[down:, max(0, right) : self.sources.shape[1] + min(0, right)]
            joined = belt[here] & belt[there] & (node[here] != node[there])
            mean = (self.resistance[here] + self.resistance[there])[joined] / 2
            links.append((node[here][joined], node[there][joined], 1 / (mean * math.hypot(down, right))))
        a, b, conductance = (np.concatenate(part) for part in zip(*links))
        size = int(node.max()) + 1
        between = coo_matrix((conductance, (a, b)), shape=(size, size))
        laplacian = diags(np.bincount(a, conductance, size) + np.bincount(b, conductance, size)) - between - between.T
        used = np.flatnonzero(np.bincount(a, minlength=size) + np.bincount(b, minlength=size))
        used = used[used != 1]  # the second source is the ground
        current = np.zeros(used.size)
        current[0] = 1.0
        return spsolve(laplacian.tocsc()[used][:, used], current)[0] * self.cell

    def must_cross(self, first, second):
        """Return whether every cheapest path between two sources crosses a third."""
        around = _costs(
            np.where(self._others(first, second), np.nan, self.resistance), self.sources == first, self.cell
        )
        return float(around[self.sources == second].min()) > self.cost(first, second) * (1 + TIE)

    def _others(self, first, second):
        return (self.sources > 0) & (self.sources != first) & (self.sources != second)


def build(study):
    """Build the network of a study."""
    place = study.place
    codes = segment(study)
    patches = find_patches(codes, place.min_area * 1e4 / study.cell**2)
    dpc = importance(patches, study)
    order = [k for k in np.argsort(-dpc, kind="stable") if dpc[k] >= place.min_dpc]
    number = np.zeros(dpc.size + 1, dtype=int)
    number[np.array(order) + 1] = np.arange(1, len(order) + 1)
    sources, surface = number[patches], resistance(study)
    fields = [_costs(surface, sources == one, study.cell) for one in range(1, len(order) + 1)]
    certain, possible = neighbours(sources, fields)
    return Network(codes, sources, dpc[order], surface, study.cell, fields, certain, possible)


def wrong_cells(study):
    """Return the cells of the study grid whose class is neither the most frequent below them nor that of the nearest cell.

    Which of the two is asked for depends on the cells: most frequent where they grew by more than half.
    """
    with rasterio.open(study.delivered) as read:
        cover, valid, grid = read.read(1), read.read_masks(1) > 0, read.transform
    rows, cols = study.land_cover.shape
    if study.cell <= 1.5 * grid.a:
        col = np.floor(((study.transform.c + (np.arange(cols) + 0.5) * study.cell) - grid.c) / grid.a).astype(int)
        row = np.floor(((study.transform.f - (np.arange(rows) + 0.5) * study.cell) - grid.f) / grid.e).astype(int)
        inside = ((row >= 0) & (row < cover.shape[0]))[:, None] & (col >= 0) & (col < cover.shape[1])
        near = np.ix_(row.clip(0, cover.shape[0] - 1), col.clip(0, cover.shape[1] - 1))
        held = inside & valid[near]
        return (held != study.valid) | (held & (cover[near] != study.land_cover))
    col = np.floor((grid.c + (np.arange(cover.shape[1]) + 0.5) * grid.a - study.transform.c) / study.cell).astype(int)
    row = np.floor((study.transform.f - grid.f - (np.arange(cover.shape[0]) + 0.5) * grid.e) / study.cell).astype(int)
    cell = (row[:, None] * cols + col)[valid]
    most = np.zeros(rows * cols, dtype=int)
    own = np.zeros(rows * cols, dtype=int)
    for code in np.unique(cover[valid]):
        count = np.bincount(cell[cover[valid] == code], minlength=rows * cols)
        most = np.maximum(most, count)
        own = np.where(study.land_cover.ravel() == code, count, own)
    return ((own < most) & study.valid.ravel()).reshape(rows, cols)


def segment(study):
    """Return the MSPA codes of pyguidos."""
    coded = np.where(np.isin(study.land_cover, study.place.codes("habitat")), 2, 1).astype(np.uint8)
    coded[~study.valid] = 0
    path = study.folder / "peer_foreground.tif"
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "transform": study.transform, "crs": study.crs}
    with rasterio.open(path, "w", height=coded.shape[0], width=coded.shape[1], **profile) as written:
        written.write(coded, 1)
    pyguidos.mspa(path, outdir=study.folder, statists=False, stat_files=False)
    with rasterio.open(path.with_name(f"{path.stem}_8_1_1_1.tif")) as read:
        return read.read(1)


def find_patches(codes, least):
    """Return the core areas of at least so many cells, numbered from 1."""
    patches = label(np.isin(codes, (17, 117)), connectivity=2)
    small = np.bincount(patches.ravel()) < least - 1e-6
    small[0] = True
    number = np.cumsum(~small) * ~small
    return number[patches]


def importance(patches, study):
    """Return dPC in per cent: PC is computed anew without each patch in turn."""
    transform = study.transform
    parts = {}
    for shape, value in shapes(patches.astype(np.int32), mask=patches > 0, connectivity=8, transform=transform):
        parts.setdefault(int(value), []).append(shapely.geometry.shape(shape))
    polygons = [shapely.union_all(parts[one]) for one in sorted(parts)]
    area = np.bincount(patches.ravel())[1:] * study.cell**2 / 1e4
    graph = nx.Graph()
    graph.add_nodes_from(range(area.size))
    rate = math.log(2) / study.place.dispersal
    for one, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        for other in range(one):
            graph.add_edge(one, other, weight=rate * polygon.distance(polygons[other]))
    whole = _connectivity(graph, area)
    return np.array(
        [
            100 * (whole - _connectivity(graph.subgraph([one for one in graph if one != gone]), area)) / whole
            for gone in range(area.size)
        ]
    )


def _connectivity(graph, area):
    nodes = sorted(graph)
    best = np.exp(-np.asarray(nx.floyd_warshall_numpy(graph, nodelist=nodes)))
    return area[nodes] @ best @ area[nodes]


def resistance(study):
    """Return the weighted sum of the scores; NaN outside the study area and where nothing passes."""
    use = np.full(study.land_cover.shape, np.nan)
    for one in study.place.classes:
        use[study.land_cover == one.code] = one.score
    use[_walls(np.isin(study.land_cover, study.place.codes("impassable")))] = np.nan
    if study.place.legend:
        return np.where(study.valid, use, np.nan)
    near = np.full(use.shape, np.nan)
    for low, _, score in NEAR_BUILT:
        near[study.disturbance > low if low else study.disturbance >= 0] = score
    return np.where(study.valid, USE_WEIGHT * use + BUILT_WEIGHT * near, np.nan)


def _walls(impassable):
    """Return impassable cells; where two touch at a corner only, the lower of the two cells beside it closes the gap."""
    closed = impassable.copy()
    upper, lower = impassable[:-1], impassable[1:]
    for one, other, gap in (
        (upper[:, :-1] & ~upper[:, 1:], lower[:, 1:] & ~lower[:, :-1], closed[1:, :-1]),
        (upper[:, 1:] & ~upper[:, :-1], lower[:, :-1] & ~lower[:, 1:], closed[1:, 1:]),
    ):
        gap |= one & other
    return closed


def _costs(surface, start, cell):
    search = MCP_Geometric(np.where(np.isfinite(surface), surface, -1.0), fully_connected=True)
    return search.find_costs(np.argwhere(start))[0] * cell


def neighbours(sources, fields):
    """Return the pairs whose zones touch for certain, and those whose zones touch if ties are decided so.

    Zones are of the nearest source by cost, and of the nearest in a straight line.
    """
    straight = [distance_transform_edt(sources != one) for one in range(1, len(fields) + 1)]
    certain, possible = set(), set()
    for distances in (fields, straight):
        stack = np.stack(distances)
        nearest = stack.min(axis=0)
        close = stack <= nearest * (1 + TIE)
        close[:, ~np.isfinite(nearest)] = False
        alone = close.sum(axis=0) == 1
        certain |= _touching([zone & alone for zone in close])
        possible |= _touching(close)
    return certain, possible


def _touching(zones):
    found = set()
    for one, zone in enumerate(zones):
        rim = np.zeros_like(zone)
        padded = np.pad(zone, 1)
        rows, cols = zone.shape
        for down in range(3):
            for right in range(3):
                rim |= padded[down : down + rows, right : right + cols]
        found |= {(one + 1, other + 1) for other in range(one + 1, len(zones)) if (rim & zones[other]).any()}
    return found


def current_flow(count, pairs, cost):
    """Return the current of links and sources over all pairs of sources, one ampere each.

    networkx gives half of it for links, and leaves out for sources the ampere of each pair that ends there.
    """
    graph = nx.Graph()
    graph.add_nodes_from(range(1, count + 1))
    graph.add_edges_from((a, b, {"conductance": 1 / one}) for (a, b), one in zip(pairs, cost))
    links, nodes = {}, dict.fromkeys(graph, 0.0)
    for members in nx.connected_components(graph):
        if len(members) < 2:
            continue
        part = graph.subgraph(members)
        found = nx.edge_current_flow_betweenness_centrality(part, normalized=False, weight="conductance")
        links.update({tuple(sorted(pair)): 2 * value for pair, value in found.items()})
        through = nx.current_flow_betweenness_centrality(part, normalized=False, weight="conductance")
        nodes.update({one: value + len(members) - 1 for one, value in through.items()})
    return np.array([links[pair] for pair in pairs]), np.array([nodes[one] for one in range(1, count + 1)])
