"""Tool: the networks of many species, and what they have in common."""

from __future__ import annotations

import re

import numpy as np
from qgis.core import QgsProcessing, QgsProcessingOutputNumber

from ... import core
from ...core.choices import Stage
from .. import base
from ..base import EcoSecNetAlgorithm, Job
from ..support.inputs import parameters as p
from ..support.inputs import spreading
from ..support.inputs.declarations import (
    corridor_cutoff,
    cutoff_rule,
    dispersal_distance,
    dispersal_probability,
    key_area_classes,
    land_use,
    overlaid,
    read_cutoff,
    smallest_key_area,
)
from ..support.inputs.manifest import files_named, named_in_rows, place_of, read_manifest
from ..support.language import tr_html
from ..support.run import memory
from ..support.run.forecast import Forecast
from ..support.run.outputchecks import refuse_in_place_of
from .manyspecies.inputs import COLUMNS, DESCRIBED, FIRST, Reader, first_raster
from .manyspecies.layers import (
    OVERLAP,
    SPECIES,
    Folders,
    key_cells,
    overlap_rows,
    species_rows,
    write_complementary,
    write_maps,
)
from .manyspecies.report import sentences, species_page

_FILES = ("resistance", "landuse", "sources", "scores")
"""Columns that name files."""

_LINKED, _EACH = 20, 100
"""Bytes a cell of one network beside its least-cost graph, with corridors alone and with key areas."""

_KEPT = 80
"""Bytes a cell of the sums, and of one network that is written."""


class SpeciesManifestAlgorithm(EcoSecNetAlgorithm):
    """Builds the networks of many species and combines them."""

    NAME = "speciesmanifest"
    LABEL = "Networks of many species"
    GROUP = base.DECISIONS
    TAGS = (
        "multispecies",
        "species",
        "umbrella species",
        "overlap",
        "complementarity",
        "Jaccard",
        "batch",
        "多物种",
        "物种",
        "伞护种",
        "重叠度",
    )
    REQUIRES = ("scipy", "networkx")
    SUMMARY = (
        "Builds the network of each species of a table, and shows which corridors they share and which few keep all of them "
        "connected."
    )
    HELP = (
        f"<p><b>Table</b>. {DESCRIBED} Columns of other names are refused.</p><p><b>Each species</b> gets a folder with its "
        "links, corridors, current and key areas, as 'linkages', 'pinchpoints', 'barriers' and 'keyareas' make them. One "
        "that cannot have a network (a file is missing, fewer than two sources, no way between them) is named with the "
        "reason in the log and the table, and the others go on. All rasters are on one grid, see 'Study grid'. The order "
        "of the rows changes nothing.</p><p><b>Share</b>: of the species, by weight, for which a cell is corridor outside "
        "the sources. <b>Current</b>: mean of the percentiles that a cell has within each species whose corridors hold it; "
        "amperes of one species are not comparable with those of another. <b>Key</b>: for how many species a cell is pinch "
        "point or barrier.</p><p><b>Overlap</b>: Jaccard index of the corridors of every two species, cells that both have "
        "as a share of those that either has.</p><p><b>Complementary set</b>: the fewest corridors, by the area they cover "
        "together, with which every species keeps the asked share of its EC(PC) (least-cost distances, a metre of "
        "dispersal costs what a metre of its paths does). Greedy cover (Chvatal 1979, doi:10.1287/moor.4.3.233): the "
        "corridor with the largest gain for its new area comes first; those that can be done without are given up at the "
        "end. Another set may be smaller, no bound holds. The log prints its area against the sum of what each species "
        "would need by itself.</p><p>Dilkina et al. 2017, doi:10.1111/cobi.12814; Oehri et al. 2024, "
        "doi:10.1007/s10531-024-02938-2.</p>"
    )

    def declare(self):
        return [
            p.table("MANIFEST", "Table of the species", re.sub("</?b>", "", tr_html(DESCRIBED))),
            p.raster(
                "RESISTANCE",
                "Resistance surface",
                "Of species that have none of their own; its grid is that of all. Resistance per metre, above 0; NoData is "
                "impassable.",
                optional=True,
            ),
            p.vector(
                "SOURCES",
                "Ecological sources",
                "Of species that have none of their own. Polygons, one feature (single or multi part) for each source.",
                optional=True,
            ),
            p.id_field(),
            land_use("species with values or scores of land uses that name no raster themselves"),
            p.choice(
                "STAGE", "What is followed", "How far the chain goes for each species.", Stage, Stage.PINCH_POINTS
            ),
            dispersal_distance(
                "Of species that have none of their own: distance at which dispersal has the probability below."
            ),
            dispersal_probability(advanced=True),
            corridor_cutoff("Of species that have none of their own."),
            cutoff_rule(),
            p.number(
                "KEEP",
                "EC(PC) that every species keeps (%)",
                "With the complementary set of corridors, of what it has with all its own.",
                90.0,
                low=0.1,
                high=100.0,
            ),
            p.integer(
                "KEY_SPECIES",
                "Species for which a key area counts",
                "The map of key areas shows cells that are key for so many species or more.",
                2,
                low=1,
            ),
            key_area_classes(advanced=True),
            smallest_key_area(advanced=True),
            overlaid(),
            *spreading.long_run(),
            p.folder_output(
                "OUTPUT_FOLDER", "Folder of the species", "A folder for each, with its name.", optional=False
            ),
            p.raster_output(
                "SHARE",
                "Share of the species",
                "Share, by weight, for which a cell is corridor; NoData where for none.",
            ),
            p.raster_output(
                "CURRENT",
                "Mean percentile of the current",
                "Of the species whose corridors hold a cell, by weight; made where the stage has pinch points.",
                optional=True,
            ),
            p.raster_output(
                "KEY",
                "Species for which a cell is key",
                "From the number above on; 255 stands for more. Made where the stage has pinch points or barriers.",
                optional=True,
            ),
            p.table_output("OVERLAP", "Overlap of the corridors", "A row for every two species."),
            p.vector_output(
                "COMPLEMENTARY",
                "Complementary links",
                "The links of the complementary set with their species; 'turn' is the order in which they were chosen, empty "
                "where the corridor lies in those chosen for others.",
                QgsProcessing.SourceType.TypeVectorLine,
            ),
            p.table_output("TABLE", "Species", "A row for each: its network, what it keeps, or why it has none."),
            p.html_output("HTML", "Species report", "Maps, species, overlap and complementary set.", default=True),
            QgsProcessingOutputNumber("RAN", "Species with a network"),
            QgsProcessingOutputNumber("FAILED", "Species without a network"),
            QgsProcessingOutputNumber("COMPLEMENTARY_HA", "Area of the complementary corridors (ha)"),
            QgsProcessingOutputNumber("SUM_HA", "Sum of what each species would need by itself (ha)"),
            QgsProcessingOutputNumber("KEY_HA", "Area that is key for the asked number of species (ha)"),
        ]

    def check(self, job: Job) -> str | None:
        read_cutoff(job)
        self._place = place_of(job, "MANIFEST")
        rows = read_manifest(job.vector("MANIFEST"), self._place, FIRST, COLUMNS)
        self._inputs |= refuse_in_place_of(job, files_named(rows, _FILES), "MANIFEST")
        self._first = first_raster(job, rows)
        return None

    def measured_in(self, job: Job) -> str:
        return "RESISTANCE" if job.given("RESISTANCE") else "LANDUSE" if job.given("LANDUSE") else "SOURCES"

    def named_in_tables(self, job: Job):
        rows = read_manifest(job.vector("MANIFEST"), self._place, FIRST, COLUMNS)
        return named_in_rows(job, "MANIFEST", rows, _FILES)

    def execute(self, job: Job) -> None:
        rows = read_manifest(job.vector("MANIFEST"), self._place, FIRST, COLUMNS)
        stage = job.choice("STAGE", Stage)
        grid = self._first.grid
        cells = grid.rows * grid.cols
        each = core.leastcost.graph_bytes(grid.shape) + (_LINKED if stage is Stage.CORRIDORS else _EACH) * cells
        with_current = stage in (Stage.PINCH_POINTS, Stage.BOTH)
        where = spreading.where(
            job,
            each=each,
            kept=(_KEPT + len(rows) / 4.0) * cells,
            at_most=each + core.circuit.most_solver_bytes(cells) * with_current,
            cause=memory.FULL,
        )
        job.monitor.info(f"{len(rows)} species, read one after another onto the disk of the outputs.")
        reader = Reader(job, self._first, job.monitor.part(0.0, 0.1))
        reader.take(rows)
        folders = Folders(job, reader)
        found = core.decisions.many_species(
            reader.community(
                stage=stage,
                keyareas=core.planning.KeyAreaOptions(
                    classes=job.integer("CLASSES"),
                    min_area_ha=job.number("MIN_AREA"),
                    overlay_resistance=job.flag("OVERLAY_RESISTANCE"),
                ),
            ),
            keep=job.number("KEEP") / 100.0,
            found=folders.write,
            where=where,
            monitor=Forecast(job.monitor.part(0.1, 0.95), "Fewer species, or a shorter STAGE."),
        )
        for sentence in sentences(job, reader, found):
            job.monitor.info(sentence)
        for name, made in (("CURRENT", with_current), ("KEY", stage is not Stage.CORRIDORS)):
            if job.given(name) and not made:
                job.monitor.info(f"{name} is not made: STAGE is '{stage.label}'.")
        write_maps(job, reader, found)
        job.write_table("OVERLAP", OVERLAP, overlap_rows(reader, found))
        write_complementary(job, reader, folders, found)
        job.write_table("TABLE", SPECIES, species_rows(reader, folders, found))
        if job.given("HTML"):
            job.write_html("HTML", species_page(job, reader, folders, found))
        hectares = grid.cell_ha
        job.results.update(
            OUTPUT_FOLDER=job.folder("OUTPUT_FOLDER"),
            RAN=len(found.ran),
            FAILED=len(found.failed) + len(reader.failed),
            COMPLEMENTARY_HA=found.complement.cells * hectares,
            SUM_HA=float(found.complement.alone.sum()) * hectares,
            KEY_HA=float(np.count_nonzero(key_cells(job, found)[0])) * hectares,
        )
