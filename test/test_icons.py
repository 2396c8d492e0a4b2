"""The icons are what scripts/make_icons.py draws, one a tool."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SPEC = importlib.util.spec_from_file_location("make_icons", ROOT / "scripts" / "make_icons.py")
make_icons = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(make_icons)


def test_the_folder_holds_what_the_script_draws():
    drawn = make_icons.drawings()
    held = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "icons").glob("*.svg")}
    assert held.pop("ecosecnet.svg")
    assert held == drawn


def test_every_tool_has_a_sign_of_its_own_in_the_colour_of_its_group():
    for group in make_icons.GROUPS:
        for path in (ROOT / "algorithms" / group).glob("*.py"):
            if path.stem not in ("__init__",):
                assert path.stem in make_icons.SIGNS[group], f"add a sign for {path.stem} to scripts/make_icons.py"
    signs = [sign for held in make_icons.SIGNS.values() for sign in held.values()]
    assert len(set(signs)) == len(signs)


def test_white_signs_stand_out_on_the_tiles():
    def brightness(colour):
        parts = [int(part, 16) / 255 for part in re.findall("..", colour[1:])]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for colour in make_icons.GROUPS.values():
        assert 1.05 / (brightness(colour) + 0.05) >= 4.4, colour
