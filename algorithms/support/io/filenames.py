"""Names of files that every system takes: of files called by ids, and of those in a capsule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]+')
"""What Windows takes in no name, which includes what other systems refuse."""

_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows gives to devices."""

_LONGEST = 180
"""Bytes of a name; file systems take 255, with what is put before and behind it."""


class FileNames:
    """Makes names of ids: each of them one that every system takes, and no two the same.

    Systems that do not tell upper from lower case, or that compose accents, are thought of.
    """

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, ...]] = {}

    def of(self, ids: Iterable[object]) -> str:
        """Return the ids joined by underscores; where other ids have taken that name, with a number after it."""
        parts = tuple(str(one) for one in ids)
        name = unicodedata.normalize("NFC", "_".join(_REFUSED.sub("-", part).strip(". ") or "-" for part in parts))
        name = "_" * bool(_DEVICES.fullmatch(name)) + name.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore")
        free, number = name, 1
        while self._taken.setdefault(free.casefold(), parts) != parts:
            number += 1
            free = f"{name} ({number})"
        return free


def is_plain(name: str) -> bool:
    """Return whether a name, with / between folders, stays below the folder it is put in, on every system."""
    return all(
        part and not _REFUSED.search(part) and not part.endswith((".", " ")) and not _DEVICES.fullmatch(part)
        for part in name.split("/")
    )
