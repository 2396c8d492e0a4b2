"""The folder of each species, and the layers and tables of what they have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qgis.core import QgsGeometry, QgsWkbTypes

from .... import core
from ....core.choices import AreaKind, Stage
from ...support.inputs.areatable import area_columns, area_rows
from ...support.inputs.linktable import link_columns, link_lines, link_rows
from ...support.io.fields import Shown
from ...support.io.filenames import FileNames
from ...support.io.outputfolder import OutputFolder
from ...support.io.rasterfiles import NO_AMOUNT, NO_CLASS, NO_MEASURE
from ...support.io.tables import columns
from ...support.io.vectors import numbered_polygons
from ...support.run import palette, ramps, styling
from ...support.run.layertree import UNSEEN
from .inputs import Read, Reader

if TYPE_CHECKING:
    from ....core.decisions.species import SpeciesNetwork, Together
    from ....core.keyareas.areas import KeyAreas
    from ...support.run.job import Job

SHARE_RAMP = ramps.fixed(palette.SCORE, [0.0, 0.25, 0.5, 0.75, 1.0])
PERCENTILE_RAMP = ramps.fixed(palette.CURRENT, [0.0, 25.0, 50.0, 75.0, 90.0, 100.0], "%")

SPECIES = columns(
    species=str,
    group=str,
    weight=float,
    folder=str,
    sources=int,
    links=int,
    length_km=float,
    corridor_ha=float,
    key_ha=float,
    ec=float,
    kept_links=int,
    kept_ec=float,
    alone_ha=float,
    failure=str,
)

OVERLAP = columns(
    species=str,
    other=str,
    shared_ha=float,
    jaccard=(float, Shown("Jaccard index of the corridors", "", 3)),
)


class Folders:
    """Writes the folder of each species, and keeps what the layers of all need of it."""

    def __init__(self, job: Job, reader: Reader) -> None:
        self._job, self._reader = job, reader
        self._names = FileNames()
        self.links: dict[int, tuple[list[list], list[QgsGeometry]]] = {}
        """Rows and lines of the active links."""
        self.folders: dict[int, str] = {}
        self.lengths: dict[int, float] = {}
        self.key_cells: dict[int, int] = {}

    def write(self, number: int, network: SpeciesNetwork) -> None:
        """Write the network of a species."""
        job, one, grid, crs = self._job, self._reader.read[number], self._reader.grid, self._reader.crs
        name = self._names.of([one.row.name])
        folder = OutputFolder(job.outputs, os.path.join(job.folder("OUTPUT_FOLDER"), name))
        self.folders[number] = name
        links, kind = network.links, str if any(isinstance(k, str) for k in one.ids) else int
        if one.scored:
            self._surface(
                folder, "resistance.tif", one.species.resistance, NO_MEASURE, "Resistance", palette.RESISTANCE
            )
        belt = "Excess cost over the least-cost path, resistance x m"
        self._surface(folder, "corridors.tif", network.mosaic, NO_MEASURE, belt, palette.BELT)
        if network.current is not None:
            current = network.current.astype(np.float32)
            self._surface(folder, "current.tif", current, NO_AMOUNT, "Current, amperes at 1 A", palette.CURRENT)
        area = network.web.area
        folder.layer(
            "network.gpkg",
            "sources",
            columns(source_id=kind, area_ha=float),
            zip(one.ids, area.tolist()),
            _multi(one.shapes),
            QgsWkbTypes.Type.MultiPolygon,
            crs,
            style=styling.polygons(palette.SOURCE.fill, palette.SOURCE.edge),
        )
        rows, lines = link_rows(links, one.ids), link_lines(links, one.shapes, grid)
        place = np.cumsum(links.active) - 1
        for row, active, k in zip(rows, links.active, place):
            row.extend([network.flow[k], int(network.grade[k])] if active else [None, None])
        folder.layer(
            "network.gpkg",
            "links",
            link_columns(kind) + columns(current_flow=float, grade=int),
            rows,
            lines,
            QgsWkbTypes.Type.LineString,
            crs,
            style=styling.graded(
                "grade",
                int(network.grade.max(initial=1)),
                styling.corridor_symbol,
                (None, "Dropped", styling.dropped_symbol()),
            ),
        )
        self._areas(folder, "pinch points", network.pinch, AreaKind.PINCH_POINT, palette.PINCH, one)
        self._areas(folder, "barriers", network.barrier, AreaKind.BARRIER, palette.BARRIER, one)
        active = np.flatnonzero(links.active).tolist()
        self.links[number] = [rows[k] for k in active], [lines[k] for k in active]
        self.lengths[number] = float(links.length[links.active].sum())
        key = np.zeros(grid.shape, dtype=bool)
        for areas in (network.pinch, network.barrier):
            if areas is not None:
                key |= areas.labels > 0
        self.key_cells[number] = int(np.count_nonzero(key))

    def _surface(self, folder: OutputFolder, file: str, values, nodata: float, description: str, colours) -> None:
        style = styling.surface(ramps.over(colours, values, ""))
        folder.raster(file, values, self._reader.grid, nodata=nodata, description=description, style=style)

    def _areas(self, folder, layer: str, areas: KeyAreas | None, kind: AreaKind, mark, one: Read) -> None:
        if areas is None:
            return
        grid = self._reader.grid
        measures = core.keyareas.measure_areas(
            areas.labels,
            [],
            valid=~np.isnan(one.species.resistance),
            cell=(grid.dy * grid.metres_per_unit, grid.dx * grid.metres_per_unit),
        )
        folder.layer(
            "network.gpkg",
            layer,
            area_columns(),
            area_rows(areas, measures, kind),
            numbered_polygons(areas.labels, grid),
            QgsWkbTypes.Type.MultiPolygon,
            self._reader.crs,
            style=styling.marked(mark),
        )


def _multi(shapes: Sequence[QgsGeometry]) -> list[QgsGeometry]:
    found = []
    for shape in shapes:
        copy = QgsGeometry(shape)
        copy.convertToMultiType()
        found.append(copy)
    return found


def write_maps(job: Job, reader: Reader, found: Together) -> None:
    """Write the maps of what the species have in common; the first is drawn, the others lie below it."""
    grid = reader.grid
    job.write_raster(
        "SHARE",
        found.share,
        grid,
        nodata=NO_AMOUNT,
        description="Share of the species for which a cell is corridor",
        style=styling.surface(SHARE_RAMP),
    )
    if found.percentile is not None:
        job.write_raster(
            "CURRENT",
            found.percentile,
            grid,
            nodata=NO_AMOUNT,
            description="Mean percentile of the current within each species",
            style=styling.surface(PERCENTILE_RAMP),
            place=UNSEEN,
        )
    if job.choice("STAGE", Stage) is Stage.CORRIDORS:
        return
    key, least = key_cells(job, found)
    shown = np.where(key, np.minimum(found.key, 255), NO_CLASS).astype(np.uint8)
    values = np.unique(shown[shown > 0]).tolist()
    colours = palette.spread(palette.SCORE[1:], max(len(values), 1))
    classes = [(k, f"{k} species", colour) for k, colour in zip(values, colours)]
    job.write_raster(
        "KEY",
        shown,
        grid,
        nodata=NO_CLASS,
        description=f"Species for which a cell is key area, {least} or more",
        classes=classes,
        style=styling.classes(classes or [(1, "None", palette.SCORE[1])]),
        place=UNSEEN,
    )


def key_cells(job: Job, found: Together) -> tuple[np.ndarray, int]:
    """Return the cells that are key for as many species as was asked for, and that number."""
    least = job.integer("KEY_SPECIES")
    return found.key >= least, least


def species_rows(reader: Reader, folders: Folders, found: Together) -> list[list]:
    """Return a row for each species, in the order of their names."""
    hectares, rows = reader.grid.cell_ha, []
    place = {int(k): i for i, k in enumerate(found.ran)}
    for number, one in enumerate(reader.read):
        head = [one.row.name, one.row.text("group") or None, one.species.weight]
        if number not in place:
            rows.append([*head, *[None] * 10, found.failed[number]])
            continue
        i, complement = place[number], found.complement
        rows.append(
            [
                *head,
                folders.folders[number],
                len(one.ids),
                len(folders.links[number][0]),
                folders.lengths[number] / 1000.0,
                found.corridor[i] * hectares,
                folders.key_cells[number] * hectares,
                complement.before[i],
                int(complement.kept[i].sum()),
                100.0 * complement.after[i] / complement.before[i],
                complement.alone[i] * hectares,
                None,
            ]
        )
    rows += [[name, *[None] * 12, why] for name, why in reader.failed.items()]
    return sorted(rows, key=lambda row: row[0])


def overlap_rows(reader: Reader, found: Together) -> list[list]:
    """Return a row for every two species."""
    names = [reader.read[k].row.name for k in found.ran]
    return [
        [names[i], names[j], found.shared[i, j] * reader.grid.cell_ha, found.jaccard[i, j]]
        for i in range(len(names))
        for j in range(i + 1, len(names))
    ]


def write_complementary(job: Job, reader: Reader, folders: Folders, found: Together) -> None:
    """Write the links of the complementary set."""
    rows, lines = [], []
    kind = str if any(isinstance(k, str) for one in reader.read for k in one.ids) else int
    for i, number in enumerate(found.ran.tolist()):
        name, group = reader.read[number].row.name, reader.read[number].row.text("group") or None
        held, shapes = folders.links[number]
        for k in np.flatnonzero(found.complement.kept[i]).tolist():
            row, turn = held[k], int(found.complement.turn[i][k])
            rows.append(
                [
                    name,
                    group,
                    row[0],
                    kind(row[1]),
                    kind(row[2]),
                    row[4],
                    row[5],
                    found.complement.areas[i][k] * reader.grid.cell_ha,
                    turn or None,
                ]
            )
            lines.append(shapes[k])
    names = columns(
        species=str,
        group=str,
        link_id=int,
        from_id=kind,
        to_id=kind,
        cw_dist=float,
        lcp_length=float,
        corridor_ha=float,
        turn=int,
    )
    style = styling.categories(
        'CASE WHEN "turn" IS NULL THEN 2 ELSE 1 END',
        [
            (1, "Chosen", styling.corridor_symbol(1, 3)),
            (2, "Lies in corridors chosen for others", styling.corridor_symbol(3, 3)),
        ],
    )
    kind_of_line = QgsWkbTypes.Type.LineString
    job.write_features("COMPLEMENTARY", names, rows, lines, kind_of_line, reader.crs, style=style)
