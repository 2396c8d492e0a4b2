"""Tasks for the tests of `core.spread`: other processes import them by name."""

import os
import time
from pathlib import Path

import numpy as np
from ecosecnet.core.errors import DisconnectedError, MemoryLimitError


def row_sums(surface, rows, monitor):
    print("a print is no result")
    monitor.info(f"rows {rows[0]} to {rows[1]}")
    return surface[rows[0] : rows[1]].sum(axis=0)


def slow_row_sums(surface, rows, monitor):
    time.sleep(0.1)
    return surface[rows[0] : rows[1]].sum(axis=0)


def doubled(shared, monitor):
    monitor.warn("prepared")
    return shared["surface"] * shared["factor"]


def slow_first(shared, number, monitor):
    time.sleep(0.3 if number == 0 else 0.0)
    return np.full(3, number)


def writes(surface, rows, monitor):
    surface[rows] = -1.0
    return float(surface.sum())


def echo(shared, piece, monitor):
    return shared, piece


def who(shared, number, monitor):
    time.sleep(0.2)  # so that one process does not do all
    return os.getpid(), shared["factor"] * number


def sleeps(folder, number, monitor):
    """Note the process and the folder of its arrays, then work for ever."""
    path = Path(folder) / f"{number}.tmp"
    path.write_text(str(os.getpid()))
    path.rename(path.with_suffix(".pid"))
    time.sleep(60)


def waits(folder, number, monitor):
    """Note that it has begun, then work for a minute or until the work is not wanted."""
    (Path(folder) / str(number)).touch()
    for _ in range(600):
        monitor.check()
        time.sleep(0.1)


def sees_nothing(scratch):
    return ""


def dies(folder, number, monitor):
    """End the process the first time that piece 1 is worked out, and every time that piece 2 is."""
    mark = Path(folder) / "died"
    if number == 2 or (number == 1 and not mark.exists()):
        mark.touch()
        os.write(2, b"last words\n")
        os.kill(os.getpid(), 9)
    return number


def fails(shared, number, monitor):
    monitor.warn(f"before {number}")
    if number == 1:
        time.sleep(0.2)
        raise DisconnectedError("Source 4 is cut off. Look at the NoData around it.")
    if number == 2:
        raise MemoryLimitError("raised earlier, but of a later piece")
    if number == 3:
        raise np.linalg.LinAlgError("Singular matrix")
    if number == 4:
        return object()
    return number


def products(matrix, columns, monitor):
    return matrix @ matrix[:, :columns], np.linalg.cholesky(matrix @ matrix.T + np.eye(len(matrix)))
