"""The colours stand out on every background, and are told apart by readers with every kind of colour vision.

Contrast and relative luminance as in WCAG 2.1; colour distance as Euclidean distance in CIE L*a*b* (CIE 1976, D65), where
about 2.3 is just noticeable; colour vision as in Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, for
the full deficiency.
"""

from itertools import combinations

import numpy as np
import pytest

pytest.importorskip("osgeo")

from ecosecnet.algorithms.support.run import palette
from ecosecnet.core.choices import Legend
from ecosecnet.core.mspa import CODES
from ecosecnet.core.resistance import schemes

CONTRAST = 3.0
DISTANCE = 15.0

VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour):
    part = np.asarray(colour[:3], dtype=float) / 255.0
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(colour, vision="normal"):
    x, y, z = XYZ @ np.clip(VISION[vision] @ linear(colour), 0.0, 1.0) / [0.95047, 1.0, 1.08883]
    fx, fy, fz = (np.cbrt(t) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def test_the_colour_maths_gives_published_values():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21.0)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)
    assert lab((255, 0, 0)) == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    assert lab((0, 0, 255)) == pytest.approx([32.30, 79.19, -107.86], abs=0.05)
    # A red and a green that a deuteranope confuses
    assert np.linalg.norm(lab((200, 100, 60), "deuteranopia") - lab((140, 130, 60), "deuteranopia")) < DISTANCE


def backgrounds():
    found = {
        "paper": [palette.WHITE],
        "land use": [one.colour for one in schemes(Legend.LIUZHI)[0].classes],
        "MSPA": [code.colour for code in CODES],
    }
    for name in ("RESISTANCE", "CURRENT", "SCORE", "BELT", "DISTANCE", "SOURCES"):
        found[name] = palette.spread(getattr(palette, name), 200)
    return found


FOREGROUNDS = {
    "pinch points": (palette.PINCH.edge, palette.PINCH.halo),
    "barriers": (palette.BARRIER.edge, palette.BARRIER.halo),
    "barriers, outlined": (palette.BARRIER.fill, palette.BARRIER.edge),
    "sources": (palette.SOURCE.edge, palette.SOURCE.halo),
    "pale sources": (palette.PALE_SOURCE.edge, palette.PALE_SOURCE.halo),
    "stepping stones": (palette.STONE.edge, palette.STONE.halo),
    "restored places": (palette.RESTORED.edge, palette.RESTORED.halo),
    "added links": (palette.ADDED, palette.WHITE),
    **{f"corridors, grade {k}": (colour, palette.WHITE) for k, colour in enumerate(palette.CORRIDORS, start=1)},
}


@pytest.mark.parametrize("name", FOREGROUNDS)
def test_one_of_the_two_tones_of_a_mark_stands_out_on_every_background(name):
    for background, colours in backgrounds().items():
        weakest = min(max(contrast(tone, colour) for tone in FOREGROUNDS[name]) for colour in colours)
        assert weakest >= CONTRAST, background


@pytest.mark.parametrize("vision", VISION)
def test_what_is_shown_together_is_told_apart(vision):
    grades = 3
    shown = {"pinch point": palette.PINCH.fill, "barrier": palette.BARRIER.fill, "added link": palette.ADDED}
    shown["restored"] = palette.RESTORED.fill
    shown.update({f"source {k + 1}": palette.SOURCES[k] for k in range(grades)})
    shown.update({f"corridor {k + 1}": palette.CORRIDORS[k] for k in range(grades)})
    for one, other in combinations(shown, 2):
        apart = np.linalg.norm(lab(shown[one], vision) - lab(shown[other], vision))
        assert apart >= DISTANCE, f"{one} and {other}"


def web(colour):
    return tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))


CLASSES = {
    "changes": [mark.fill for mark in palette.CHANGES.values()],
    "measures": [mark.fill for mark in palette.MEASURES],
    "lithology": palette.LITHOLOGY,
    "degradation": palette.DEGRADATION,
    "rules": palette.RULES,
    "roads": palette.ROADS,
    "foreground": (palette.FOREGROUND, palette.BACKGROUND),
    "belt": palette.BELT,
    "sources": palette.SOURCES[:3],
    "land use": [one.colour for one in schemes(Legend.LIUZHI)[0].classes],
    "charts": [web(colour) for colour in palette.CHART],
}
"""Classes that one map or chart shows side by side. Not here: directions, which go round the hues in one lightness, ZONES,
which only part neighbours, and MSPA, whose colours are those of GuidosToolbox."""


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("vision", VISION)
def test_classes_are_told_apart(vision, name):
    least = 11.0 if name == "land use" else 14.0
    for one, other in combinations(CLASSES[name], 2):
        assert np.linalg.norm(lab(one, vision) - lab(other, vision)) >= least, (one, other)


@pytest.mark.parametrize("vision", VISION)
def test_marks_are_told_apart_from_the_surface_they_are_chosen_by(vision):
    for mark, surface in ((palette.PINCH.edge, palette.CURRENT), (palette.BARRIER.fill, palette.SCORE)):
        assert np.linalg.norm(lab(mark, vision) - lab(surface[-1], vision)) >= 3 * DISTANCE


def test_wider_is_more_important():
    widths = np.array(palette.CORRIDOR_WIDTHS)
    assert len(widths) == len(palette.CORRIDORS)
    assert (widths[:-1] / widths[1:] >= 1.2).all()


@pytest.mark.parametrize("name", ["CURRENT", "SCORE", "BELT", "DISTANCE", "RESISTANCE"])
@pytest.mark.parametrize("vision", VISION)
def test_lightness_runs_one_way_along_a_ramp(name, vision):
    light = np.array([lab(colour, vision)[0] for colour in palette.spread(getattr(palette, name), 50)])
    # The two lowest classes of the resistance, of one lightness, differ in hue.
    steps = np.diff(light[13:] if name == "RESISTANCE" else light)
    assert (steps > 0).all() or (steps < 0).all()


def test_no_colour_is_made_elsewhere():
    """Tools and reports name colours of the palette; only the official ones of MSPA live in the core."""
    import ast
    from pathlib import Path

    root = Path(__file__).resolve().parents[4] / "algorithms"
    strays = []
    for path in root.rglob("*.py"):
        if path.name == "palette.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple) and len(node.elts) in (3, 4):
                parts = [e.value for e in node.elts if isinstance(e, ast.Constant) and type(e.value) is int]
                if len(parts) == len(node.elts) and 40 < max(parts) <= 255:
                    strays.append(f"{path.name}:{node.lineno}")
    assert not strays


def test_no_layer_is_left_in_the_colours_of_qgis():
    """Every raster and every layer with shapes that a tool writes comes with a style."""
    import ast
    from pathlib import Path

    root = Path(__file__).resolve().parents[4] / "algorithms"
    bare, looked_at = [], 0
    for path in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)) or path.stem == "job":
                continue
            words = {keyword.arg for keyword in node.keywords}
            if node.func.attr == "write_raster" or (node.func.attr == "write_features" and len(node.args) > 3):
                looked_at += 1
                if not words & {"style", "classes"} and None not in words:
                    bare.append(f"{path.stem}: {ast.unparse(node.args[0])}")
    assert looked_at > 30
    assert bare == []
