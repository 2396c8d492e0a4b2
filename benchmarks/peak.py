"""The memory of a command at its peak: what is its own, and with the files that it has mapped. Linux only.

usage: python benchmarks/peak.py COMMAND [ARGUMENT ...]

Every tenth of a second RssAnon (memory that must be there) and VmRSS (with pages of mapped files, which the system takes
back when it needs them) are summed over the command and all that it has started. CPU seconds are those of all.
"""

import os
import resource
import subprocess
import sys
import threading
import time


def tree(top):
    """Return a process and all that come from it."""
    found, parents = [top], {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as line:
                parents[int(name)] = int(line.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def kilobytes(process):
    """Return RssAnon and VmRSS."""
    try:
        with open(f"/proc/{process}/status") as lines:
            held = dict(line.split(":", 1) for line in lines)
    except OSError:
        return 0, 0
    return tuple(int(held.get(name, "0 kB").split()[0]) for name in ("RssAnon", "VmRSS"))


def main():
    start = time.perf_counter()
    command = subprocess.Popen(sys.argv[1:])
    done = threading.Thread(target=command.wait)
    done.start()
    peaks = [0, 0]
    while done.is_alive():
        sums = [sum(both) for both in zip(*map(kilobytes, tree(command.pid)))]
        peaks = [max(both) for both in zip(peaks, sums)]
        time.sleep(0.1)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"peak of its own {peaks[0] / 2**20:.2f} GiB, with mapped files {peaks[1] / 2**20:.2f} GiB; "
        f"{used.ru_utime:.0f} s CPU and {used.ru_stime:.0f} s in the system, {time.perf_counter() - start:.0f} s on the clock"
    )
    sys.exit(command.returncode)


if __name__ == "__main__":
    main()
