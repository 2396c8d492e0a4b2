"""Turns a drawn picture into a small file."""

from __future__ import annotations

import heapq

import numpy as np
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice
from qgis.PyQt.QtGui import QImage

_COLOURS = 160
_EXACT = 64
"""Of those the most frequent ones, fills and letters, that are not blended with others."""

_COMPRESSION = 30
"""Of a PNG file, 0 the most."""


def encoded(image: QImage) -> bytes:
    """Return a picture without transparency as a PNG file with a palette of at most 160 colours.

    What covers most keeps its colour; of the rest, shades of relief and edges of letters, those that are alike become one.
    """
    width, height = image.width(), image.height()
    bits = image.convertToFormat(QImage.Format.Format_RGB32).constBits()
    bits.setsize(4 * width * height)
    pixels = np.frombuffer(bits, np.uint32) & 0xFFFFFF
    # Most pixels are like the one before, and few are left to be sorted.
    starts = np.flatnonzero(np.diff(pixels, prepend=~pixels[:1]))
    lengths = np.diff(starts, append=pixels.size)
    colours, index = np.unique(pixels[starts], return_inverse=True)
    if colours.size > _COLOURS:
        colours, place = _fewer(colours, np.bincount(index, weights=lengths))
        index = place[index]
    rows = np.zeros((height, -(-width // 4) * 4), dtype=np.uint8)  # lines of a QImage are of 4 bytes
    rows[:, :width] = np.repeat(index.astype(np.uint8), lengths).reshape(height, width)
    held = rows.tobytes()
    indexed = QImage(held, width, height, rows.shape[1], QImage.Format.Format_Indexed8)
    indexed.setColorTable([0xFF000000 | int(colour) for colour in colours])
    indexed.setDotsPerMeterX(image.dotsPerMeterX())
    indexed.setDotsPerMeterY(image.dotsPerMeterY())
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    indexed.save(buffer, "PNG", _COMPRESSION)
    return bytes(data)


def _fewer(colours: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a palette for packed colours of which there are so many pixels each, and the place of each colour in it.

    By the median cut of Heckbert (1982, doi:10.1145/800064.801294), after the most frequent colours are set aside.
    """
    order = np.argsort(-count, kind="stable")
    exact, rest = order[:_EXACT], order[_EXACT:]
    parts = np.stack([colours[rest] >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(np.float64)
    weight = count[rest]
    boxes = [_box(np.arange(rest.size), parts, weight)]
    while len(boxes) < _COLOURS - _EXACT and boxes[0][0] < 0.0:
        _, _, members, axis = heapq.heappop(boxes)
        members = members[np.argsort(parts[members, axis], kind="stable")]
        heavy = np.cumsum(weight[members])
        middle = int(np.clip(np.searchsorted(heavy, heavy[-1] / 2.0) + 1, 1, members.size - 1))
        for half in (members[:middle], members[middle:]):
            heapq.heappush(boxes, _box(half, parts, weight))
    place = np.empty(colours.size, dtype=np.intp)
    place[exact] = np.arange(exact.size)
    palette = colours[exact].astype(np.int64).tolist()
    for _, _, members, _ in boxes:
        place[rest[members]] = len(palette)
        mean = np.rint(np.average(parts[members], axis=0, weights=weight[members])).astype(int)
        palette.append(int(mean[0]) << 16 | int(mean[1]) << 8 | int(mean[2]))
    return np.array(palette), place


def _box(members: np.ndarray, parts: np.ndarray, weight: np.ndarray) -> tuple[float, int, np.ndarray, int]:
    """Return a box of colours: what a split is worth (negative, 0 for nothing), a rank for ties, members, widest axis."""
    held = parts[members]
    width = held.max(axis=0) - held.min(axis=0)
    axis = int(np.argmax(width))
    return -float(width[axis] * np.sqrt(weight[members].sum())), int(members[0]), members, axis
