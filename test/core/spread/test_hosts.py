"""A scheduler and workers on two hosts, which are two network namespaces of this computer."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import spreadtasks

ROOT = Path(__file__).resolve().parents[3]
SURFACE = np.random.default_rng(4).lognormal(size=(60, 400))
FIRST, SECOND = "10.213.77.1", "10.213.77.2"

pytestmark = pytest.mark.slow


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def hosts():
    """Two namespaces joined by a cable; the names of both."""
    pytest.importorskip("distributed")
    names = [f"ecosecnet{os.getpid()}{side}" for side in "ab"]
    if shutil.which("ip") is None or ip("netns", "add", names[0]).returncode:
        pytest.skip("no network namespaces can be made here: needs 'ip netns' and its rights")
    cable = [f"eco{os.getpid() % 10**6}{side}" for side in "ab"]
    try:
        steps = [("netns", "add", names[1]), ("link", "add", cable[0], "type", "veth", "peer", "name", cable[1])]
        for name, end, address in zip(names, cable, (FIRST, SECOND)):
            steps += [
                ("link", "set", end, "netns", name),
                ("-n", name, "addr", "add", f"{address}/24", "dev", end),
                ("-n", name, "link", "set", end, "up"),
                ("-n", name, "link", "set", "lo", "up"),
            ]
        failed = [done.stderr for done in (ip(*step) for step in steps) if done.returncode]
        if failed:
            pytest.skip(f"no cable can be laid between network namespaces here: {failed[0]}")
        yield names
    finally:
        for name in names:
            ip("netns", "del", name)


@pytest.fixture
def start(hosts, tmp_path):
    """Start a program of Dask on a host, which finds the core where a wheel would have put it."""
    packages = tmp_path / "packages" / "ecosecnet"
    packages.mkdir(parents=True)
    (packages / "core").symlink_to(ROOT / "core")
    path = os.pathsep.join([str(packages.parent), str(ROOT / "test")])
    running = []

    def call(host, *words, before=""):
        inside = f"{before} exec {sys.executable} {' '.join(words)}"
        running.append(
            subprocess.Popen(
                ["ip", "netns", "exec", hosts[host], "unshare", "-m", "sh", "-c", inside],
                env={**os.environ, "PYTHONPATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return running[-1]

    yield call
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def worker(start, host, tmp_path, **more):
    place = tmp_path / f"worker{host}"
    words = ("--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--local-directory", str(place))
    address = ("--host", (FIRST, SECOND)[host])
    return start(host, "-m", "distributed.cli.dask_worker", f"tcp://{FIRST}:8786", *words, *address, **more)


CLIENT = textwrap.dedent(
    """
    import hashlib, sys
    import numpy as np
    import spreadtasks
    from ecosecnet.core.monitor import Monitor
    from ecosecnet.core.spread import Checkpoint, Where, spread

    class Loud(Monitor):
        def info(self, text):
            print(text, flush=True)
        warn = info

    surface = np.random.default_rng(4).lognormal(size=(60, 400))
    pieces, found = [(k, k + 5) for k in range(0, 60, 5)], []
    where = Where(checkpoint=Checkpoint(sys.argv[1]), scheduler=sys.argv[2])
    spread(spreadtasks.slow_row_sums, surface, pieces, found.append, where=where, monitor=Loud())
    print(hashlib.sha256(b"".join(one.tobytes() for one in found)).hexdigest())
    """
)


def test_two_hosts_give_the_bits_of_one_though_one_of_them_goes_down(start, tmp_path):
    (tmp_path / "client.py").write_text(CLIENT)
    start(0, "-m", "distributed.cli.dask_scheduler", "--host", FIRST, "--port", "8786", "--no-dashboard")
    worker(start, 0, tmp_path)
    other = worker(start, 1, tmp_path)
    kept = tmp_path / "kept"
    for _ in range(100):  # until both workers are there
        asked = start(
            0,
            "-c",
            f"\"from distributed import Client; print(len(Client('tcp://{FIRST}:8786').scheduler_info()['workers']))\"",
        )
        if asked.communicate(timeout=60)[0].strip().endswith("2"):
            break
        time.sleep(0.2)
    client = start(0, str(tmp_path / "client.py"), str(kept), f"tcp://{FIRST}:8786")
    assert client.stdout.readline() == f"2 workers of the scheduler at tcp://{FIRST}:8786.\n"
    while len(list(kept.rglob("chunk_*.npz"))) < 2:
        time.sleep(0.02)
    os.killpg(other.pid, signal.SIGKILL)
    said, _ = client.communicate(timeout=120)
    expected = b"".join(spreadtasks.slow_row_sums(SURFACE, (k, k + 5), None).tobytes() for k in range(0, 60, 5))
    assert said.strip() == hashlib.sha256(expected).hexdigest()
    assert sorted(path.name for path in kept.iterdir()) == ["part_1"]


def test_a_host_without_the_shared_folder_is_named(start, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    (tmp_path / "client.py").write_text(CLIENT)
    start(0, "-m", "distributed.cli.dask_scheduler", "--host", FIRST, "--port", "8786", "--no-dashboard")
    worker(start, 1, tmp_path, before=f"mount -t tmpfs none {kept} &&")
    client = start(0, str(tmp_path / "client.py"), str(kept), f"tcp://{FIRST}:8786")
    said, _ = client.communicate(timeout=60)
    assert f"1 of 1 workers do not see the folder {kept}, the first of them tcp://{SECOND}:" in said
    assert [path.name for path in kept.iterdir()] == ["part_1"]
