"""The page on the architecture names what is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_room_stands_on_the_page_in_its_order():
    check = ast.parse((ROOT / "scripts" / "check_house.py").read_text(encoding="utf-8"))
    (rooms,) = (
        ast.literal_eval(node.value)
        for node in check.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "ROOMS"
    )
    there = {path.parent.name for path in (ROOT / "core").glob("*/__init__.py")}
    assert set(rooms) == there
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.M)
    support = sorted(path.parent.name for path in (ROOT / "algorithms" / "support").glob("*/__init__.py"))
    assert rows[: len(rooms)] == list(rooms)
    assert sorted(rows[len(rooms) :]) == support


def test_the_ground_floor_is_listed():
    lines = re.findall(r"^\| \(ground floor\) \| (.*) \|$", PAGE, re.M)
    for line, folder in zip(lines, (ROOT / "core", ROOT / "algorithms" / "support")):
        named = set(re.findall(r"`(\w+)`", line))
        assert named == {path.stem for path in folder.glob("*.py")} - {"__init__"}


def test_files_and_functions_that_are_named_exist():
    for name in re.findall(r"`((?:core|support|algorithms|scripts)/[\w/]+\.py)`", PAGE):
        path = ROOT / ("algorithms/" + name if name.startswith("support/") else name)
        assert path.exists(), name
