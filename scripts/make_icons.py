"""Draws the icons of the tools: a tile in the colour of the group with a white sign, 24 x 24.

usage: scripts/make_icons.py [FOLDER]      default: icons/ of the checkout. What a sign is made of stands in SIGNS.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

GROUPS = {
    "sources": "#2e7d46",
    "resistance": "#8a5a2b",
    "corridors": "#c2571a",
    "keyareas": "#2d62a3",
    "planning": "#16707c",
    "decisions": "#6f4a8e",
    "window": "#55675d",
}

PATCH, OTHER = "M5 9Q6 5 10 5.5Q13 6 12 9.5Q10 13 6.5 12Z", "M14 15Q16 12.5 19 14Q20 17 17.5 19Q14 18.5 14 15Z"
BOLT = "M13 4L7.5 13H11.5L10.5 20L16.5 10.5H12.5Z"


def line(path, width=1.8, pale=False):
    """Return a line."""
    look = ' stroke-opacity="0.6"' if pale else ""
    return f'<path d="{path}" fill="none" stroke="#fff" stroke-width="{width}"{look}/>'


def area(path, pale=False):
    """Return an area."""
    look = ' fill-opacity="0.55"' if pale else ""
    return f'<path d="{path}" fill="#fff"{look}/>'


def dot(x, y, radius=2.2):
    """Return a disc."""
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#fff"/>'


def ring(x, y, radius, width=1.8):
    """Return a circle."""
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="#fff" stroke-width="{width}"/>'


def cells(pattern, left=5, top=5, size=4.7):
    """Return a raster: # is a full cell, + a pale one, rows parted by blanks."""
    parts = []
    for row, signs in enumerate(pattern.split()):
        for col, sign in enumerate(signs):
            if sign in "#+":
                x, y = round(left + col * size, 2), round(top + row * size, 2)
                pale = ' fill-opacity="0.5"' if sign == "+" else ""
                edge = f"{size - 0.5:.2f}"
                parts.append(f'<rect x="{x}" y="{y}" width="{edge}" height="{edge}" fill="#fff"{pale}/>')
    return "".join(parts)


def bars(*heights):
    """Return a bar chart."""
    wide = 14 / len(heights)
    return "".join(
        f'<rect x="{5 + k * wide:.2f}" y="{19 - high}" width="{wide - 1:.2f}" height="{high}" fill="#fff"/>'
        for k, high in enumerate(heights)
    )


PAGE = line("M6.5 4.5H14L18 8.5V19.5H6.5Z")
LINKED = dot(6.5, 6.5, 2.6) + dot(17.5, 17.5, 2.6)

SIGNS = {
    "sources": {
        "studygrid": line("M5 5H19V19H5ZM5 9.7H19M5 14.3H19M9.7 5V19M14.3 5V19", 1.3),
        "foreground": cells("##. #+# .##"),
        "mspa": area("M5 5H13V13H5Z") + area("M13 8H17V10.5H13Z", True) + line("M15.5 10.5V16.5H19", 1.6) + dot(8, 17, 1.8),
        "evidence": area("M12 4L20 8L12 12L4 8Z") + line("M4.5 12L12 15.8L19.5 12M4.5 16L12 19.8L19.5 16", 1.6),
        "sources": area(PATCH) + area(OTHER),
        "connectivity": area(PATCH) + area(OTHER) + line("M11.5 11.5L14.5 14.5", 1.6),
        "dispersalsweep": dot(12, 12, 2.2) + ring(12, 12, 5, 1.4) + ring(12, 12, 8, 1.1),
        "conefor": dot(7, 7) + dot(17, 7) + dot(12, 17.5) + line("M7 7H17L12 17.5Z", 1.3),
        "coneforexport": dot(7, 6.5) + dot(17, 6.5) + line("M7 6.5H17", 1.4) + line("M12 10V19M8.5 15.5L12 19L15.5 15.5"),
        "naturalbreaks": area("M5 19V15H9.3V19Z", True) + area("M9.8 19V10H14.2V19Z", True) + area("M14.7 19V5H19V19Z"),
        "rasterbreaks": cells("++# +## ###"),
    },
    "resistance": {
        "distancefactor": line("M4 8H20") + line("M12 10V18M9.5 12.5L12 10L14.5 12.5M9.5 15.5L12 18L14.5 15.5", 1.5),
        "terrainfactor": area("M3.5 19L9.5 8L13 13.5L15.5 10L20.5 19Z"),
        "checkscores": line("M5 6.5H12M5 11H11M5 15.5H9", 1.6) + line("M12 15L14.8 18L19.5 10.5", 2),
        "scorefactor": area("M5 5H10V10H5Z")
        + area("M5 14H10V19H5Z", True)
        + line("M14.5 6L16.5 5V10M18 14H14.8V16C18.5 15.4 19 19 15 19", 1.5),
        "ahp": line("M12 5V19M7.5 19H16.5M5 8H19", 1.5)
        + area("M2.8 14L5.5 8.5L8.2 14Z")
        + area("M15.8 14L18.5 8.5L21.2 14Z", True),
        "resistance": cells("#+. +#+ .+#"),
    },
    "corridors": {
        "costdistance": dot(6.5, 17.5, 2.6) + line("M5 11A7.5 7.5 0 0 1 13 19M5 6.5A12.5 12.5 0 0 1 17.5 19", 1.6),
        "linkages": LINKED + line("M7.5 8C11 11 8 14 12 14.5S15 16 16.5 16.5", 2),
        "centrality": dot(12, 12, 3.4) + "".join(dot(x, y, 1.7) for x, y in ((5.5, 6), (18.5, 6), (5.5, 18), (18.5, 18)))
        + line("M5.5 6L18.5 18M18.5 6L5.5 18", 1.2),
        "gravity": dot(7.5, 12, 3.6) + dot(18, 12, 2) + line("M12.5 8.5A5 5 0 0 1 12.5 15.5", 1.4),
        "linkpriority": LINKED + line("M7 8L16 17", 2.4) + line("M15.5 6L17.5 5V10", 1.6),
        "strategicpoints": line("M4 17L20 8", 2) + line("M8 5L15 20", 1.4, True) + ring(11.2, 12.6, 3.6, 1.5),
        "corridorwidths": line("M12 4V20", 1.8)
        + line("M8 4V20M16 4V20", 1.2, True)
        + line("M4 12H7M17 12H20M6 10.3L4 12L6 13.7M18 10.3L20 12L18 13.7", 1.3),
        "networkoptimisation": dot(6, 16) + dot(18, 16) + dot(12, 6) + line("M6 16H18", 1.4) + line("M7 14.5L11 7.5", 1.6)
        + line("M17 9V14M14.5 11.5H19.5", 1.5),
        "currentflow": area(BOLT),
        "currentflowadvanced": area("M10.5 4L6 12H9.2L8.4 18L13.5 10H10.2Z")
        + line("M14.5 16H20M15.5 18.2H19M16.5 20.2H18M17.2 12V16", 1.3),
        "circuitscapeini": PAGE + area("M13 8L9.5 13H12L11.3 17L15 11.8H12.6Z"),
        "omniscape": dot(12, 12, 2)
        + line("M12 4V8M12 16V20M4 12H8M16 12H20M6.3 6.3L9 9M15 15L17.7 17.7M17.7 6.3L15 9M9 15L6.3 17.7", 1.6),
    },
    "keyareas": {
        "pinchpoints": line("M4 5C10 10 10 10.3 12 10.6C14 10.3 14 10 20 5M4 19C10 14 10 13.7 12 13.4C14 13.7 14 14 20 19"),
        "barriers": line("M4 12H9M15 12H20") + area("M10.3 5H13.7V19H10.3Z"),
        "circuitbarriers": area("M9.5 4L5.5 12H8.6L7.8 18L12.5 10H9.5Z") + area("M15 5H18.4V19H15Z"),
        "keyareas": line("M4 17C8 9 15 15 20 6", 1.4, True) + ring(8.5, 13.2, 3) + ring(16, 10.5, 3),
        "cutoffsweep": line("M5 5V19H19", 1.5) + line("M6 17C10 16 9.5 8 18 7.5") + line("M12 6V19", 1.1, True),
        "tabulate": line("M4.5 5.5H19.5V18.5H4.5ZM4.5 10H19.5M4.5 14.2H19.5M10 5.5V18.5", 1.4),
    },
    "planning": {
        "mapsheets": line("M4.5 5.5H19.5V18.5H4.5Z", 1.6)
        + area("M6.5 16.5L9.5 10L12.5 14L14 12L16 16.5Z")
        + dot(16, 9.2, 1.5),
        "demolandscape": area("M3.5 15L8.5 7L12 12L15 9L20.5 15Z")
        + line("M4 18.5C8 16.5 10 20.5 14 18.5S18 18 20 18.5", 1.6),
        "securitynetwork": dot(6, 7, 2.6) + dot(18, 6, 2) + dot(16, 18, 2.8) + line("M6 7L18 6L16 18Z", 1.6),
        "selftest": ring(12, 12, 7.2) + line("M8.2 12.2L11 15L16 9", 2),
    },
    "decisions": {
        "robustness": line("M12 4L19 7V12C19 16 16 18.7 12 20C8 18.7 5 16 5 12V7Z", 1.6) + line("M8.5 12L11 14.5L15.5 9.5"),
        "validate": ring(12, 12, 6) + dot(12, 12, 1.8) + line("M12 3.5V7M12 17V20.5M3.5 12H7M17 12H20.5", 1.5),
        "nullmodel": ring(12, 12, 6.8) + line("M7 17L17 7"),
        "restorationplan": bars(4, 7, 10) + line("M4.5 10L10 6L18 4.5", 1.4),
        "actionsheet": PAGE + line("M9 9.5L10.2 10.8L12.2 8.4M9 14L10.2 15.3L12.2 12.9M13.8 10.5H16M13.8 15H16", 1.3),
        "compareruns": area("M4.5 6H11V18H4.5Z") + line("M13.9 6.7H19V17.3H13.9Z", 1.5),
        "speciesmanifest": "".join(dot(x, y, 1.9) for x, y in ((6.2, 10), (10, 6.4), (14.4, 6.4), (18, 10)))
        + area("M8 17C8 13.5 10 12 12 12S16 13.5 16 17C16 19 13.5 17.8 12 17.8S8 19 8 17Z"),
        "areamanifest": area("M4.5 4.5H11V11H4.5Z")
        + area("M13 4.5H19.5V11H13Z", True)
        + area("M4.5 13H11V19.5H4.5Z", True)
        + area("M13 13H19.5V19.5H13Z"),
        "replay": line("M18.5 9A7.3 7.3 0 1 0 19.2 13", 1.8)
        + area("M20.5 4.5V10.5H14.8Z")
        + area("M10.3 9L15.2 12.3L10.3 15.6Z"),
        "combineshards": area("M4.5 5H10L8.5 10H4.5Z")
        + area("M13 5H19.5V9.5H11.8Z", True)
        + area("M4.5 13H9.5L12 19H4.5Z", True)
        + area("M13 13L19.5 12V19H15.2Z"),
    },
    "window": {
        "tutorial": line("M4 6.5C7 5 10 5.5 12 7.5C14 5.5 17 5 20 6.5V17.5C17 16 14 16.5 12 18.5C10 16.5 7 16 4 17.5Z", 1.5)
        + line("M12 7.5V18.5", 1.5),
        "documentation": PAGE + line("M9.5 11H15M9.5 14H15M9.5 17H13", 1.3),
    },
}  # fmt: skip


def drawing(group, sign):
    """Return an icon as SVG."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" stroke-linecap="round" stroke-linejoin="round">'
        f'<rect x="0.5" y="0.5" width="23" height="23" rx="4.5" fill="{GROUPS[group]}"/>{sign}</svg>\n'
    )


def drawings():
    """Return file names and contents of all icons."""
    return {f"{name}.svg": drawing(group, sign) for group, signs in SIGNS.items() for name, sign in signs.items()}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "icons"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in drawings().items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
