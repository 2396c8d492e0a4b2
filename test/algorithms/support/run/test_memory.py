"""How much memory there is: the least of machine, container and process; asked before anything large is read."""

import gzip
import re

import numpy as np
import pytest

pytestmark = pytest.mark.qgis

GB = 2**30


@pytest.fixture
def memory(qgis, tmp_path, monkeypatch):
    """Stand-ins for /proc and the control groups, with 8 GB in the machine and no limit."""
    from ecosecnet.algorithms.support.run import memory

    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable:  {8 * GB // 1024} kB\n")
    (tmp_path / "proc" / "self" / "status").write_text(f"Name:\tqgis\nVmSize:\t  {GB // 1024} kB\n")
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/\n")
    monkeypatch.setattr(memory, "_PROC", str(tmp_path / "proc"))
    monkeypatch.setattr(memory, "_CGROUPS", str(tmp_path / "cgroup"))
    return memory


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_the_machine(memory):
    assert memory.available_bytes() == 8 * GB


def test_a_container_of_version_2(memory, tmp_path):
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/job/run\n")
    group(tmp_path / "cgroup" / "job" / "run", memory__max="max", memory__current=GB)
    assert memory.available_bytes() == 8 * GB
    # What the group above may take counts too; file pages that can be dropped are free.
    group(tmp_path / "cgroup" / "job", memory__max=4 * GB, memory__current=3 * GB)
    (tmp_path / "cgroup" / "job" / "memory.stat").write_text(f"anon 5\ninactive_file {GB // 2}\n")
    assert memory.available_bytes() == 4 * GB - 3 * GB + GB // 2


def test_a_container_of_version_1_that_sees_itself_as_the_top(memory, tmp_path):
    (tmp_path / "proc" / "self" / "cgroup").write_text("5:cpu:/docker/1\n4:memory:/docker/1\n0::/\n")
    group(tmp_path / "cgroup" / "memory", **{"memory__limit_in_bytes": 2 * GB, "memory__usage_in_bytes": GB // 2})
    assert memory.available_bytes() == 2 * GB - GB // 2
    group(tmp_path / "cgroup" / "memory", **{"memory__limit_in_bytes": 9223372036854771712})
    assert memory.available_bytes() == 8 * GB


def test_a_limit_of_the_process(memory, monkeypatch):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (3 * GB, 3 * GB))
    # The buffer that OpenBLAS will map is not free.
    assert memory.available_bytes() == 2 * GB - memory._BLAS


def test_what_is_hard_to_solve_is_told_too(memory):
    class Listener:
        def __init__(self):
            self.told, self.warned = [], []

        def info(self, text):
            self.told.append(text)

        def warn(self, text):
            self.warned.append(text)

    listener = Listener()
    memory.announce(GB, listener, at_most=3 * GB)
    assert listener.told == [
        "Needs about 1.0 GB of memory (up to 3.0 GB where the resistances jump sharply), 8.0 GB available."
    ]
    memory.announce(GB, listener, at_most=9 * GB)
    assert "If it does not suffice, the run stops" in listener.warned[0]
    with pytest.raises(Exception, match=r"about 9.0 GB of memory, 8.0 GB available. Use larger cells"):
        memory.announce(9 * GB, listener)


def sparse(path, cells, cell):
    """Write a raster of cells that take no room on the disk."""
    from osgeo import gdal, osr

    options = ["SPARSE_OK=TRUE", "TILED=YES", "COMPRESS=DEFLATE"]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), cells, cells, 1, gdal.GDT_Float32, options)
    dataset.SetGeoTransform((500_000.0, cell, 0.0, 2_900_000.0, 0.0, -cell))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    dataset.SetProjection(reference.ExportToWkt())
    return str(path)


@pytest.fixture
def little(monkeypatch):
    from ecosecnet.algorithms.support.run import memory

    monkeypatch.setattr(memory, "available_bytes", lambda: GB)


def test_a_large_raster_is_not_read_to_be_resampled(run, raster, tmp_path, little):
    """40,000 x 40,000 cells in a file of a few kB."""
    scores = raster("scores", np.ones((20, 20), np.float32))
    with pytest.raises(Exception, match=r"Bringing 'huge' \(40,000 x 40,000 cells\) onto.*about 13.4 GB, and 1.0 GB"):
        run(
            "resistance",
            FACTORS=[scores, sparse(tmp_path / "huge.tif", 40_000, 0.015)],
            WEIGHTS="1 1",
            GRID=scores,
            OUTPUT=str(tmp_path / "r.tif"),
        )


@pytest.mark.parametrize("packed", [True, False])
def test_a_large_grid_of_an_ini_file_is_not_read(run, tmp_path, little, packed):
    header = b"ncols 20000\nnrows 20000\nxllcorner 0\nyllcorner 0\ncellsize 1\n"
    name = "habitat.asc.gz" if packed else "habitat.asc"
    (tmp_path / name).write_bytes(gzip.compress(header + b"1 1") if packed else header + b"1 1")
    (tmp_path / "points.txt").write_text("1 1 1\n2 5 5\n")
    (tmp_path / "job.ini").write_text(
        f"[Circuitscape mode]\ndata_type = raster\nscenario = pairwise\n[Habitat raster]\nhabitat_file = {name}\n"
        "habitat_map_is_resistances = True\n[Options for pairwise and one-to-all and all-to-one modes]\n"
        "point_file = points.txt\n[Output options]\noutput_file = out.out\n"
    )
    with pytest.raises(Exception, match=r"habitat.*\(20,000 x 20,000 cells\) needs about 6.0 GB, and 1.0 GB"):
        run("circuitscapeini", INPUT=str(tmp_path / "job.ini"), OUTPUT_FOLDER=str(tmp_path / "out"))


def test_a_circuit_is_refused_before_its_raster_is_read(memory, run, polygons, tmp_path, monkeypatch):
    from ecosecnet.algorithms.support.io.rasters import RasterSource
    from qgis.core import QgsProcessingException

    monkeypatch.setattr(RasterSource, "blocks", lambda *_: pytest.fail("the raster is read"))
    nodes = [("POINT(500000.1 2899999.9)", {}), ("POINT(500000.2 2899999.8)", {})]
    with pytest.raises(QgsProcessingException, match=r"The circuit of 'huge' .* needs about .* GB"):
        run(
            "currentflow",
            RESISTANCE=sparse(tmp_path / "huge.tif", 40_000, 0.015),
            FOCAL_LAYER=polygons("nodes", nodes, kind="Point"),
            CURRENT=str(tmp_path / "current.tif"),
        )


@pytest.fixture
def huge(memory, polygons, tmp_path, monkeypatch):
    """Inputs on a raster of 6 GB, which fits, and which must not be read before all that the run needs is known to fit."""
    from ecosecnet.algorithms.support.io.rasters import RasterSource

    monkeypatch.setattr(RasterSource, "blocks", lambda *_: pytest.fail("the raster is read"))
    square = "POLYGON((500000 2899999, 500001 2899999, 500001 2900000, 500000 2900000, 500000 2899999))"
    line = "LINESTRING(500000 2900000, 500001 2900000)"
    return {
        "RESISTANCE": sparse(tmp_path / "huge.tif", 40_000, 0.015),
        "SOURCES": polygons("sources", [(square, {"source_id": 1})]),
        "LINKS": polygons("links", [(line, {"from_id": 1, "to_id": 2})], kind="LineString"),
    }


@pytest.mark.parametrize(
    ("tool", "outputs"),
    [
        ("connectivity", ("OUTPUT", "LINKS", "INDICES")),
        ("dispersalsweep", ("OUTPUT", "TABLE")),
        ("coneforexport", ("NODES", "CONNECTIONS")),
    ],
)
def test_least_cost_distances_are_refused_before_their_raster_is_read(run, huge, tool, outputs):
    given = {**huge, "LINKS": None, **dict.fromkeys(outputs, "TEMPORARY_OUTPUT")}
    with pytest.raises(Exception, match=r"Needs about [\d.]+ GB of memory, 8.0 GB available"):
        run(tool, **given, DISTANCE=2)


@pytest.mark.parametrize(
    ("tool", "options"),
    [
        ("pinchpoints", {"CURRENT": "TEMPORARY_OUTPUT", "CUTOFF": 1}),
        ("circuitbarriers", {"GAIN": "TEMPORARY_OUTPUT", "CUTOFF": 1}),
        ("cutoffsweep", {"TABLE": "TEMPORARY_OUTPUT", "CUTOFFS": "1 2", "SURFACE": 0}),
    ],
)
def test_corridors_may_fill_the_raster(run, huge, tool, options):
    with pytest.raises(Exception, match="Needs about ") as refused:
        run(tool, **huge, **options)
    sizes = re.findall(r"([\d.]+) GB (?:of memory|where the corridors fill)", str(refused.value))
    needed, most = (float(size) * GB for size in sizes)
    assert most > needed + 160 * 40_000**2


def test_barriers_need_no_circuit(run, huge):
    with pytest.raises(Exception, match=r"Needs about [\d.]+ GB of memory, 8"):
        run("cutoffsweep", **huge, TABLE="TEMPORARY_OUTPUT", CUTOFFS="1 2", SURFACE=1)


@pytest.mark.parametrize(
    ("words", "left", "sentence"),
    [
        ("_gdal_array.so: failed to map segment from shared object", 8 * GB, "not enough memory for this run"),
        ("Zuordnung eines Segments gescheitert", 1_000_000, "not enough memory for this run"),
        ("No module named 'other'", 8 * GB, "in an unexpected way"),
    ],
)
def test_a_library_that_finds_no_room(memory, run, raster, monkeypatch, words, left, sentence):
    from ecosecnet.algorithms.support.io.rasters import RasterSource

    def load(*_):
        raise ImportError(words)

    monkeypatch.setattr(RasterSource, "glance", load)
    monkeypatch.setattr(memory, "available_bytes", lambda: left)
    with pytest.raises(Exception, match=sentence):
        run("foreground", INPUT=raster("classes", np.ones((5, 5), np.uint8)), FOREGROUND="1", OUTPUT="TEMPORARY_OUTPUT")
