"""Compares the results of the plugin with those of the peers, and describes the map in figures."""

import geopandas
import numpy as np
import peers
import rasterio
from rasterio.features import rasterize
from scipy.ndimage import distance_transform_edt

COST = 1e-6
"""Largest relative difference of costs."""

RANKED = 1e-4
"""Largest difference of dPC and current flow, of the largest value; values nearer to each other than this are one rank."""


def burn(layer, field, study):
    """Return the cells of polygons, numbered by a field or from 1."""
    numbers = layer[field] if field else range(1, len(layer) + 1)
    if not len(layer):
        return np.zeros(study.land_cover.shape, dtype=np.int32)
    shapes = zip(layer.geometry, map(int, numbers))
    return rasterize(shapes, study.land_cover.shape, transform=study.transform, dtype=np.int32)


def read(path):
    """Return the first band with NaN where it has no data."""
    with rasterio.open(path) as raster:
        return np.where(raster.read_masks(1) > 0, raster.read(1).astype(float), np.nan)


class Comparison:
    """Rows of a table, each with a verdict."""

    def __init__(self):
        self.rows = []

    def add(self, what, ours, theirs, difference, same):
        """Add a row."""
        self.rows.append((what, str(ours), str(theirs), difference, bool(same)))

    def ranks(self, what, ours, theirs):
        """Compare values and their order, highest first; nearly equal ones may come in any order."""
        apart = np.abs(ours - theirs).max(initial=0.0) / max(np.abs(theirs).max(initial=0.0), 1e-300)
        ordered = ours[np.argsort(-theirs, kind="stable")]
        slack = RANKED * np.abs(theirs).max(initial=0.0)
        same = apart <= RANKED and (np.diff(ordered) <= slack).all()
        self.add(what, f"{ours.size} ranks", f"{theirs.size} ranks", f"values within {apart:.0e}", same)

    @property
    def same(self):
        """Whether all rows agree."""
        return all(row[-1] for row in self.rows)

    def text(self):
        """Return the table."""
        lines = [f"  {'':<28}{'EcoSecNet':>14}{'peers':>14}   difference"]
        for what, ours, theirs, difference, same in self.rows:
            lines.append(f"  {what:<28}{ours:>14}{theirs:>14}   {difference}{'' if same else '   <-- DIFFERS'}")
        return "\n".join(lines)


def compare(study):
    """Compare one study with the peers; return the comparison."""
    table, network = Comparison(), peers.build(study)
    wrong = peers.wrong_cells(study)
    table.add("study grid", *[f"{study.valid.sum():,}"] * 2, *_cells(wrong))
    codes = read(study.layer("mspa.tif"))
    core = [np.isin(found, (17, 117)) for found in (codes, network.codes)]
    table.add("MSPA core cells", *(f"{one.sum():,}" for one in core), *_cells(core[0] != core[1]))
    layer = geopandas.read_file(study.layer("sources.gpkg")).sort_values("source_id")
    sources = burn(layer, "source_id", study)
    table.add("sources", len(layer), network.dpc.size, *_cells(sources != network.sources))
    if not table.same:
        return table  # nothing that follows has the same sources
    table.ranks("dPC of the sources", layer["dPC"].to_numpy(), network.dpc)
    surface = read(study.layer("resistance.tif"))
    apart = np.nanmax(np.abs(surface / network.resistance - 1))
    gaps = np.count_nonzero(np.isnan(surface) != np.isnan(network.resistance))
    table.add(
        "mean resistance",
        *(f"{np.nanmean(one):.4f}" for one in (surface, network.resistance)),
        f"at most {apart:.0e}, {gaps:,} other gaps",
        apart <= COST and not gaps,
    )
    _links(table, study, layer, network)
    return table


def _cells(differ):
    return f"{np.count_nonzero(differ):,} cells", not differ.any()


def _links(table, study, sources, network):
    layer = geopandas.read_file(study.layer("links.gpkg"))
    pairs = [tuple(sorted(pair)) for pair in zip(layer["from_id"].astype(int), layer["to_id"].astype(int))]
    missing, more = network.certain - set(pairs), set(pairs) - network.possible
    table.add(
        "neighbouring pairs",
        len(pairs),
        f"{len(network.certain)} to {len(network.possible)}",
        f"{len(missing)} missing, {len(more)} too many",
        not missing and not more,
    )
    ours, theirs = layer["cw_dist"].to_numpy(), np.array([network.cost(*pair) for pair in pairs])
    apart = np.abs(ours / theirs - 1).max()
    table.add("cost of the links", f"{ours.sum():,.0f}", f"{theirs.sum():,.0f}", f"at most {apart:.0e}", apart <= COST)
    active = layer["active"].to_numpy() == 1
    must = np.array([network.must_cross(*pair) for pair in pairs])
    wrong = np.count_nonzero(active == must)
    table.add("links past third sources", active.sum(), np.count_nonzero(~must), f"{wrong} wrong", not wrong)
    kept = [pair for pair, keep in zip(pairs, active) if keep]
    links, nodes = peers.current_flow(len(sources), kept, theirs[active])
    table.ranks("current flow of the links", layer["current_flow"].to_numpy()[active], links)
    table.ranks("current flow of the sources", sources["current_flow"].to_numpy(), nodes)
    _belts(table, study, network, kept, layer["eff_res"].to_numpy()[active])


def _belts(table, study, network, pairs, effective):
    belt = read(study.layer("corridors.tif"))
    cutoff = study.numbers["CUTOFF_USED"]
    above = [network.above_path(*pair) for pair in pairs]
    theirs = np.min(above, axis=0)
    cells = [~np.isnan(belt), theirs <= cutoff]
    rounding = COST * max(network.cost(*pair) for pair in pairs)
    apart = np.nanmax(np.abs(belt - theirs)) / cutoff
    different = np.count_nonzero((cells[0] != cells[1]) & (np.abs(theirs - cutoff) > rounding))
    table.add(
        f"belt up to {cutoff:,.0f}",
        *(f"{one.sum():,}" for one in cells),
        f"{different:,} cells, cost within {apart:.0e}",
        not different and apart <= RANKED,
    )
    found = [network.effective_resistance(*pair, one <= cutoff) for pair, one in zip(pairs, above)]
    table.ranks("effective resistance", effective, np.array(found))


def _share(part, whole):
    return f"{100 * (part & whole).sum() / max(whole.sum(), 1):.0f} %"


def describe(study):
    """Return lines about the map: how much is corridor, where the key areas lie, of which classes they are."""
    hectares = study.cell**2 / 1e4
    sources = burn(geopandas.read_file(study.layer("sources.gpkg")), "source_id", study) > 0
    belt = ~np.isnan(read(study.layer("corridors.tif"))) & ~sources
    land = study.valid & ~sources
    padded = np.pad(study.valid, 1)
    near_edge = distance_transform_edt(padded)[1:-1, 1:-1] <= 5
    lines = [
        f"land {study.valid.sum() * hectares:,.0f} ha, sources {100 * sources.sum() / study.valid.sum():.0f} % of it; "
        f"corridors {100 * belt.sum() / land.sum():.0f} % of the land between sources"
    ]
    for what, file in (("pinch points", "pinchpoints.gpkg"), ("barriers", "barriers.gpkg")):
        cells = burn(geopandas.read_file(study.layer(file)), None, study)
        held = cells > 0
        size = np.bincount(cells.ravel())[1:] * hectares
        if not size.size:
            lines.append(f"no {what}")
            continue
        lines.append(
            f"{size.size} {what}, {size.sum():,.0f} ha ({100 * held.sum() / land.sum():.2f} % of that land), median "
            f"{np.median(size):,.1f} ha, largest {size.max():,.0f} ha, {_share(near_edge, held)} within 5 cells of the edge "
            f"(belt {_share(near_edge, belt)})"
        )
        shares = [
            (np.mean(study.land_cover[held] == one.code), np.mean(study.land_cover[belt] == one.code), one.name)
            for one in study.place.classes
        ]
        shares.sort(key=lambda share: -share[0])
        lines.append(
            "    on "
            + "; ".join(f"{name} {100 * here:.0f} % (belt {100 * there:.0f} %)" for here, there, name in shares[:4])
        )
    return lines
