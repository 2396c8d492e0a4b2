"""Adds built files to the zip of the plugin; the same files give the same bytes. usage: add_to_zip.py ZIP FOLDER"""

import sys
import zipfile
from pathlib import Path

from check_zip import KINDS


def main(path, folder):
    """Add the files of the folder that are of a kind the zip may have and not in it yet."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        there = set(archive.namelist())
        for file in sorted(Path(folder).rglob("*")):
            name = file.relative_to(folder).as_posix()
            if file.is_file() and file.suffix.lower() in KINDS and name not in there:
                entry = zipfile.ZipInfo(name)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main(*sys.argv[1:])
