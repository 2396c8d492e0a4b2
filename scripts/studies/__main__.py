"""Real studies: the plugin on the land cover of four places, beside an independent pipeline."""

import argparse
import shutil
import sys
import time
from pathlib import Path

from chain import ROOT, RunError, run_chain
from compare import compare, describe
from fetch import NotHereError
from places import PLACES


def study(place, pictures):
    """Run and compare one place; return whether nothing differs, None where it is skipped."""
    started = time.monotonic()
    print(f"\n== {place.title}", flush=True)
    folder = ROOT / "build" / "realdata" / place.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        found = run_chain(place, folder)
    except NotHereError as error:
        print(f"  skipped, its land cover is not to be had here: {error}.", flush=True)
        return None
    except RunError as error:
        print(f"  {error}", flush=True)
        return False
    for text in found.warnings:
        print(f"  WARNING {text}")
    table = compare(found)
    print(table.text())
    print("\n".join(f"  {line}" for line in describe(found)))
    if pictures:
        from picture import draw

        draw(found, pictures / f"{place.name}.png")
    print(f"  {time.monotonic() - started:.0f} s; results and report in {folder}", flush=True)
    return table.same


def main():
    """Read the command line, run the places; exit with 1 if one failed or differs."""
    parser = argparse.ArgumentParser(prog="scripts/realdata", description=__doc__)
    parser.add_argument("places", nargs="*", metavar="PLACE", help=", ".join(one.name for one in PLACES))
    parser.add_argument("--pictures", type=Path, help="folder for a map of each place")
    asked = parser.parse_args()
    unknown = set(asked.places) - {one.name for one in PLACES}
    if unknown:
        parser.error(f"unknown place: {', '.join(sorted(unknown))}")
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
    found = [study(one, asked.pictures) for one in PLACES if one.name in asked.places or not asked.places]
    run = [one for one in found if one is not None]
    print(f"\n{sum(run)} of {len(run)} places without a difference, {len(found) - len(run)} skipped")
    return 0 if all(run) else 1


sys.exit(main())
