"""Where things stand: the version and the addresses of the project, and the pages that ship with the plugin.

metadata.txt is the only place that names them, see PUBLISHING.md. What it leaves empty does not exist yet.
"""

from __future__ import annotations

import configparser
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PAGES = (("help", ".html"), ("docs", ".md"))
"""Folders of the documentation: built into the zip by scripts/package, else its sources in a checkout."""


@cache
def _metadata() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "metadata.txt", encoding="utf-8")
    return parser["general"]


def version() -> str:
    """Return the version of the plugin."""
    return _metadata()["version"]


def home() -> str:
    """Return the address of the project; empty where it has none."""
    return _metadata().get("homepage", "") or _metadata().get("repository", "")


def tracker() -> str:
    """Return where faults are reported; empty where there is no such place."""
    return _metadata().get("tracker", "")


def page(name: str) -> Path:
    """Return the file that holds a page of the documentation; the README where that page is not there.

    Parameters
    ----------
    name : str
        Path below `docs`, without the ending, such as 'cluster' or 'tools/barriers'.
    """
    for folder, ending in PAGES:
        path = ROOT / folder / f"{name}{ending}"
        if path.exists():
            return path
    return ROOT / "README.md"


def help_page(tool: str) -> str:
    """Return the address of the page of a tool, of its id, as the help button opens it."""
    own = page(f"tools/{tool}")
    if own.name != "README.md":
        return own.as_uri()
    together = page("tools")
    return f"{together.as_uri()}#{tool}" if together.name != "README.md" else together.as_uri()
