"""What docs/cluster.md says works as it stands there, and a run that was killed goes on."""

import os
import re
import shutil
import signal
import stat
import subprocess
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.S)

pytestmark = [
    pytest.mark.qgis,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("qgis_process.bin") or shutil.which("qgis_process")), reason="qgis_process is not installed"
    ),
    pytest.mark.skipif(os.name != "posix", reason="batch systems run on POSIX"),
]


@pytest.fixture
def surface(tmp_path):
    gdal, osr = pytest.importorskip("osgeo.gdal"), pytest.importorskip("osgeo.osr")
    values = np.exp(np.random.default_rng(2).normal(size=(100, 100))).astype(np.float32)
    dataset = gdal.GetDriverByName("GTiff").Create(str(tmp_path / "resistance.tif"), 100, 100, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((500_000.0, 30.0, 0, 2_900_000.0, 0, -30.0))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32648)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(values)
    return tmp_path / "resistance.tif"


def program(folder, name, text):
    path = folder / name
    path.write_text(textwrap.dedent(text))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def omniscape(surface, current, **more):
    given = {"RESISTANCE": surface, "RADIUS": 12, "BLOCK_SIZE": 1, "CURRENT": current, **more}
    return [str(ROOT / "scripts" / "qgis_process"), "run", "ecosecnet:omniscape"] + [
        f"--{name}={value}" for name, value in given.items()
    ]


def bits(path):
    from osgeo import gdal

    return gdal.Open(str(path)).ReadAsArray().tobytes()


def test_the_scripts_of_the_page(surface, tmp_path):
    """Both blocks as they are, but for a small raster and three jobs, in a Slurm of 15 lines."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program(programs, "qgis_process", f'#!/bin/sh\nexec {ROOT}/scripts/qgis_process "$@"\n')
    program(
        programs,
        "sbatch",
        """\
        #!/bin/bash
        set -e
        for word; do
            case $word in
                --wrap=*) bash -c "${word#--wrap=}" >> wrapped.log 2>&1 ;;
                *.sh)
                    last=$(sed -n 's/^#SBATCH --array=1-//p' "$word")
                    export SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=$last SLURM_ARRAY_TASK_COUNT=$last
                    for id in $(seq "$last"); do SLURM_ARRAY_TASK_ID=$id bash "$word" >> array.log 2>&1; done
                    echo 4711 ;;
            esac
        done
        """,
    )
    job, submit = (block.replace("/project/guizhou", str(tmp_path)) for block in BLOCKS[:2])
    for was, now in (("--array=1-40", "--array=1-3"), ("RADIUS=167", "RADIUS=12"), ("BLOCK_SIZE=17", "BLOCK_SIZE=1")):
        assert was in job
        job = job.replace(was, now)
    (tmp_path / "omniscape.sh").write_text(job)
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-e", "-c", submit], cwd=tmp_path, env=environment, check=True, timeout=400)
    assert len(list((tmp_path / "chunks").rglob("chunk_*.npz"))) >= 3
    for number in (1, 2, 3):
        assert f"Shard {number}/3 is done" in (tmp_path / "array.log").read_text()
    whole = omniscape(surface, tmp_path / "whole.tif", NORMALISED=tmp_path / "normal.tif")
    subprocess.run(whole, check=True, capture_output=True, timeout=200)
    assert bits(tmp_path / "current.tif") == bits(tmp_path / "whole.tif")
    assert bits(tmp_path / "normalised.tif") == bits(tmp_path / "normal.tif")


def test_a_killed_qgis_goes_on(surface, tmp_path):
    kept = omniscape(surface, tmp_path / "current.tif", CHECKPOINT=tmp_path / "kept", PROCESSES=2)
    process = subprocess.Popen(kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 120
    while not list(tmp_path.rglob("chunk_*.npz")) and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    found = len(list(tmp_path.rglob("chunk_*.npz")))
    assert not (tmp_path / "current.tif").exists()
    done = subprocess.run(kept, capture_output=True, text=True, check=True, timeout=200)
    (count, whole) = re.search(r"(\d+) of (\d+) chunks found in ", done.stdout + done.stderr).groups()
    assert int(count) == found < int(whole)
    subprocess.run(omniscape(surface, tmp_path / "whole.tif"), check=True, capture_output=True, timeout=200)
    assert bits(tmp_path / "current.tif") == bits(tmp_path / "whole.tif")
