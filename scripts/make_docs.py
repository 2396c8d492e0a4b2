"""Writes the pages of docs/ that say what the tools say: docs/tools/ID.md, docs/tools/index.md and docs/outputs.md.

Labels, helps, defaults and ranges come from the declarations of the tools, examples from the chain that the tests run,
fields, classes and memory from docs/tools/outputs.json, which scripts/record_outputs.py records from real runs.

Run with the Python that has QGIS: /usr/bin/python3 scripts/make_docs.py
"""

import html
import importlib.util
import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
IN_EVERY_TOOL = "CAPSULE"
"""Output that is described once."""
COUNTY_CELLS = 1_000_000
"""Of the county that scripts/record_outputs.py runs the tools on."""

TYPES = {
    "raster": "raster",
    "multilayer": "layers",
    "source": "layer",
    "layer": "raster or polygons",
    "crs": "CRS",
    "field": "field",
    "number": "number",
    "distance": "length",
    "enum": "choice",
    "boolean": "yes or no",
    "string": "text",
    "matrix": "table typed in",
    "file": "file",
    "extent": "extent",
    "rasterDestination": "raster",
    "sink": "layer",
    "vectorDestination": "layer",
    "fileDestination": "file",
    "folderDestination": "folder",
    "outputNumber": "number",
    "outputString": "text",
    "outputFolder": "folder",
    "outputVector": "layer",
    "outputRaster": "raster",
}
"""Words for the types of QGIS."""

EXAMPLES = {
    "circuitscapeini": {"INPUT": "pairwise.ini", "OUTPUT_FOLDER": "out"},
    "areamanifest": {"MANIFEST": "counties.csv", "OUTPUT_FOLDER": "counties"},
    "speciesmanifest": {"MANIFEST": "species.csv", "RESISTANCE": "resistance.tif", "OUTPUT_FOLDER": "species"},
    "selftest": {},
    "demolandscape": {"OUTPUT_FOLDER": "landscape"},
    "mapsheets": {"FOLDER": "network", "TITLE": "The county", "PDF": "maps.pdf"},
    "combineshards": {"CHECKPOINT": "chunks"},
}
"""Of the tools that the chain of the tests leaves out, or takes otherwise than a user would."""

FILES = {
    "LANDCOVER": "landuse.tif",
    "GRID": "landuse.tif",
    "FACTORS": ["roadscores.tif", "slopescores.tif"],
    "EVIDENCE": ["services.tif", "sensitivity.tif"],
    "PROTECTED": ["redline.gpkg", "reserves.gpkg"],
    "AREAS": ["pinchpoints.gpkg", "barriers.gpkg"],
    "SURFACES": ["current.tif"],
    "SCENARIOS": ["landuse2030.tif"],
    "BARRIER_LINES": ["roads.gpkg"],
    "POINTS": "points.gpkg",
    "FEATURES": "roads.gpkg",
    "FOCAL_LAYER": "sources.gpkg",
    "STONES": "stones.gpkg",
    "CANDIDATES": "barriers.gpkg",
    "NODES": "nodes.txt",
    "CONNECTIONS": "connections.txt",
    "CAPSULE": "run.capsule.zip",
    "RUN_CAPSULE": "run.capsule.zip",
    "SCORES": "scores.csv",
    "SCORES_TABLE": "scores.csv",
    "WEIGHTS_TABLE": "weights.csv",
    "foreground:INPUT": "landuse.tif",
    "mspa:INPUT": "foreground.tif",
    "sources:INPUT": "mspa.tif",
    "naturalbreaks:INPUT": "links.gpkg",
    "rasterbreaks:INPUT": "current.tif",
    "scorefactor:INPUT": "roaddistance.tif",
    "keyareas:INPUT": "current.tif",
    "tabulate:AREAS": "pinchpoints.gpkg",
    "connectivity:LINKS": "connections.gpkg",
    "GRADE_FIELD": "level",
}
"""Names of files in the examples; of other inputs their parameter in lower case."""


GEOMETRIES = {0: "points", 1: "lines", 2: "polygons", 3: "raster", 5: "table"}
"""Words for the types of layers of QGIS."""


def tools():
    """Return the tools of this checkout, by group."""
    if "ecosecnet" not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            "ecosecnet", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
        )
        sys.modules["ecosecnet"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["ecosecnet"])
    from ecosecnet.algorithms.provider import ALGORITHMS

    # The order within a group is that of the work.
    return sorted((algorithm().create() for algorithm in ALGORITHMS), key=lambda tool: tool.group())


def chain():
    """Return the steps of the chain that the tests run, by tool; of several runs of a tool the first."""
    for folder in (ROOT / "test", ROOT / "test" / "algorithms"):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    from test_chain import CHAIN

    return {step.tool: step for step in reversed(CHAIN)}


def record():
    """Return what scripts/record_outputs.py has recorded, by tool."""
    return json.loads((DOCS / "tools" / "outputs.json").read_text(encoding="utf-8"))


def plain(text):
    """Return the HTML of a help text as Markdown."""
    text = re.sub(r"</p>\s*<p>", "\n\n", text)
    text = re.sub(r"</[ou]l>", "\n\n", text)
    text = re.sub(r"\s*<[ou]l>\s*<li>", "\n\n- ", text)
    text = re.sub(r"</?p>", "\n", text)
    text = re.sub(r"</?(b|strong)>", "**", text)
    text = re.sub(r"</?(i|em)>", "*", text)
    text = re.sub(r"\s*<li>", "\n- ", text)
    text = re.sub(r"<br\s*/?>", "\n", text)
    text = re.sub(r"<[^>]+>", "", text)
    return re.sub(r"\n{3,}", "\n\n", linked(html.unescape(text))).strip()


def linked(text):
    """Return a text whose DOIs are links."""

    def link(found):
        doi = found[1].rstrip(".")
        address = doi.replace("(", "%28").replace(")", "%29")
        return f"[doi:{doi}](https://doi.org/{address}){found[1][len(doi) :]}"

    return re.sub(r"\bdoi:(10\.\d{4,}/(?:\([^\s()]*\)|[^\s,;()])+)", link, text)


def cell(text):
    """Return a text for a cell of a table."""
    return linked(" ".join(str(text).split()).replace("|", "\\|"))


def table(*rows):
    """Return rows of cells as the lines of a table, the first one as its head; columns that are empty are left out."""
    used = [k for k in range(len(rows[0])) if any(row[k] for row in rows[1:])]
    lines = ["| " + " | ".join(cell(row[k]) for k in used) + " |" for row in rows]
    return [lines[0], "|" + "---|" * len(used), *lines[1:]] if len(rows) > 1 else []


def unit(parameter):
    """Return the unit of a parameter: metres of a length, else what the label has in brackets."""
    if parameter.type() == "distance":
        return "m"
    found = re.search(r"\(([^()]*)\)$", parameter.description())
    return found[1] if found and parameter.type() in ("number", "string", "enum") and len(found[1]) < 24 else ""


def number(value):
    """Return a number as people write it."""
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


def limits(parameter):
    """Return the range of a number."""
    if parameter.type() not in ("number", "distance"):
        return ""
    low, high = parameter.minimum(), parameter.maximum()
    low, high = (None if abs(one) > 1e300 or abs(one) in (2**31 - 1, 2**31) else one for one in (low, high))
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}"
    return f"from {number(low)}" if low is not None else f"up to {number(high)}" if high is not None else ""


def default(parameter):
    """Return the default of a parameter, and what the dialog offers where that is something else."""
    from qgis.core import QgsProcessingParameterDefinition

    value = parameter.defaultValue()
    blank = value in (None, "") or (isinstance(value, list) and "".join(map(str, value)) == "")
    words = [] if blank or parameter.isDestination() else [str(value)]
    if isinstance(value, bool):
        words = ["yes" if value else "no"]
    if not parameter.isDestination() and parameter.defaultValueForGui() != value:
        words.append(f"{parameter.defaultValueForGui()} in the dialog")
    if parameter.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional and not words:
        words.append("none")
    return ", ".join(words)


def kind(parameter):
    """Return the type of a parameter in words, and the options of a choice."""
    if parameter.type() == "enum":
        return "; ".join(f"{k} {option}" for k, option in enumerate(parameter.options()))
    if parameter.type() == "number" and parameter.dataType() == 0:
        return "whole number"
    if parameter.type() == "source":
        return ", ".join(GEOMETRIES.get(int(one), "layer") for one in parameter.dataTypes()) or "layer"
    if parameter.type() == "multilayer":
        return "several: " + {3: "rasters", 2: "polygons", 1: "lines"}.get(int(parameter.layerType()), "layers")
    if parameter.type() in ("sink", "vectorDestination"):
        return GEOMETRIES.get(int(parameter.dataType()), "layer")
    if parameter.type() == "fileDestination":
        return f"file (.{parameter.defaultFileExtension()})"
    return TYPES.get(parameter.type(), parameter.type())


def example(tool):
    """Return the parameters of an example: what the tests give the tool, with plain names of files."""
    if tool.name() in EXAMPLES:
        return EXAMPLES[tool.name()]
    step = chain()[tool.name()]
    given = {}
    for name, value in {**step.takes, **step.typed}.items():
        if name in step.takes:
            named = FILES.get(f"{tool.name()}:{name}", FILES.get(name))
            if named is None:
                ending = "tif" if tool.parameterDefinition(name).type() == "raster" else "gpkg"
                named = f"{name.lower().replace('_', '')}.{ending}"
            several = tool.parameterDefinition(name).type() == "multilayer"
            given[name] = named[0] if isinstance(named, list) and not several else named
        elif value != "TEMPORARY_OUTPUT" and name != "LOAD":
            given[name] = value
    made = [
        one for one in tool.destinationParameterDefinitions() if one.createByDefault() and one.name() != IN_EVERY_TOOL
    ]
    endings = {"rasterDestination": ".tif", "sink": ".gpkg", "vectorDestination": ".gpkg", "folderDestination": ""}
    for one in made:
        ending = endings.get(one.type(), f".{one.defaultFileExtension()}")
        if one.type() == "sink" and GEOMETRIES.get(int(one.dataType())) == "table":
            ending = ".csv"
        name = one.name().lower().replace("_", "")
        given[one.name()] = f"{tool.name() if name in ('output', 'html') else name}{ending}"
    return given


def commands(tool):
    """Return the lines of an example for a shell and for Python."""
    given = example(tool)
    flat = [
        f"--{name}={shell(one)}"
        for name, value in given.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    call = " \\\n    ".join([f"qgis_process run ecosecnet:{tool.name()}", *flat])
    code = [f'processing.run("ecosecnet:{tool.name()}", {{}})']
    if given:
        head = ["processing.run(", f'    "ecosecnet:{tool.name()}",', "    {"]
        code = [*head, *(f"        {json.dumps(name)}: {value!r}," for name, value in given.items()), "    },", ")"]
    code = [line.replace("'", '"') for line in code]
    return ["```bash", call, "```", "", "```python", "import processing", "", *code, "```"]


def shell(value):
    """Return a value as a shell takes it."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if re.fullmatch(r"[\w./:,=-]*", text) else f'"{text}"'


def needs(tool, noted):
    """Return what limits a run, as a list."""
    from qgis.core import QgsProcessingParameterRasterLayer

    names = {one.name() for one in tool.parameterDefinitions()}
    rows = []
    if noted.get("memory", 0) >= 1:
        a_cell = f", {noted['memory'] * 1e6 / COUNTY_CELLS:,.0f} bytes a cell" if takes_rasters(tool) else ""
        rows.append(
            f"For the demonstration county (1,000 x 1,000 cells) a run foresees {noted['memory']:,} MB{a_cell}. The log says "
            "the number before anything is read, and a run that cannot fit is refused."
        )
    elif noted:
        rows.append("Memory: that of its tables; nothing is asked for beforehand.")
    if tool.METRIC:
        rows.append("The CRS must measure lengths: one in degrees is refused, with a suggestion.")
    elif tool.HECTARES:
        rows.append("Any CRS; areas are in hectares where it measures lengths.")
    if tool.UPRIGHT and any(isinstance(one, QgsProcessingParameterRasterLayer) for one in tool.parameterDefinitions()):
        rows.append("Rasters must be north-up; [Study grid](studygrid.md) turns one that is not.")
    if tool.REQUIRES:
        rows.append(
            f"Needs {' and '.join({'scipy': 'SciPy'}.get(one, one) for one in tool.REQUIRES)} in the Python of QGIS."
        )
    if "CHECKPOINT" in names and tool.name() != "combineshards":
        rows.append("Long runs: several processes, job arrays, over a power cut, see [On a cluster](../cluster.md).")
    elif "PROCESSES" in names:
        rows.append("Several processes can share the work, see [On a cluster](../cluster.md).")
    return [f"- {row}" for row in rows]


def takes_rasters(tool):
    """Return whether a tool takes rasters, whose cells decide how much memory it needs."""
    return any("raster" in kind(one) for one in tool.parameterDefinitions() if not one.isDestination())


def fields(noted):
    """Return the fields of an output as the lines of a table."""
    words = {"int": "whole number", "float": "number", "str": "text", "bool": "yes or no"}
    rows = [(f"`{name}`", words.get(k, k), label, per) for name, (k, label, per) in noted.get("fields", {}).items()]
    return table(("Field", "Type", "Meaning", "Unit"), *rows)


def codes(noted):
    """Return the classes of a raster as the lines of a table."""
    return table(("Value", "Class"), *((str(value), name) for value, name in noted.get("classes", ())))


def sample(noted):
    """Return the first rows of a table of a tool that makes no map."""
    for name, one in noted.get("outputs", {}).items():
        if "sample" in one:
            return [f"The first rows of `{name}` on the demonstration county:", "", *table(*one["sample"]), ""]
    return []


def stored(noted):
    """Return how a raster is stored, in words."""
    if "dtype" not in noted:
        return ""
    nodata = noted.get("nodata")
    words = noted["dtype"]
    if nodata not in (None, "None"):
        words += f", NoData {'NaN' if nodata == 'nan' else number(float(nodata))}"
    return f"{noted['holds']}; {words}" if noted.get("holds") else words


def page(tool, noted):
    """Return the page of a tool."""
    title = f"# {tool.displayName()}"
    lines = [title, "", f"`ecosecnet:{tool.name()}`, group {tool.group()}", "", plain(tool.shortDescription()), ""]
    if (DOCS / "tools" / "pictures" / f"{tool.name()}.webp").exists():
        lines += [f"![{tool.LABEL} on the demonstration county](pictures/{tool.name()}.webp)", ""]
    else:
        lines += sample(noted)
    lines += ["## What it does", "", plain(tool.HELP) or plain(tool.shortDescription()), ""]
    inputs = [p for p in tool.parameterDefinitions() if not p.isDestination()]
    outputs = [p for p in tool.parameterDefinitions() if p.isDestination() and p.name() != IN_EVERY_TOOL]
    named = {IN_EVERY_TOOL, *(p.name() for p in outputs)} - {p.name() for p in inputs}
    numbers = [o for o in tool.outputDefinitions() if o.name() not in named]
    if inputs:
        rows = [(f"`{p.name()}`", label_and_help(p), kind(p), unit(p), default(p), limits(p)) for p in inputs]
        lines += ["## Parameters", "", *table(("Parameter", "What", "Type", "Unit", "Default", "Range"), *rows), ""]
    if outputs or numbers:
        rows = [(f"`{p.name()}`", label_and_help(p), kind(p)) for p in outputs]
        rows += [(f"`{o.name()}`", o.description(), TYPES.get(o.type(), o.type())) for o in numbers]
        lines += ["## Outputs", "", *table(("Output", "What", "Type"), *rows), ""]
    for p in outputs:
        found = noted.get("outputs", {}).get(p.name(), {})
        rows = fields(found)
        if rows or codes(found) or stored(found):
            lines += [f"### {p.name()}", ""]
        if rows:
            lines += [*rows, ""]
            if found.get("keeps"):
                lines += ["And the fields of the input.", ""]
        if stored(found):
            lines += [f"{stored(found)}.", "", *(codes(found) or []), ""]
    if needs(tool, noted):
        lines += ["## Limits and memory", "", *needs(tool, noted), ""]
    lines += ["## Example", "", *commands(tool), ""]
    lines += [
        "Every tool also writes a capsule of its run where `CAPSULE` is given, see [Runs that can be checked](../capsule.md)."
    ]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def label_and_help(parameter):
    """Return label and help of a parameter."""
    return f"**{parameter.description()}.** {parameter.help()}"


def overview():
    """Return the list of the tools."""
    parts = [
        "# The tools",
        "",
        "In the order of the work. Choices are given by their number (0, 1, ...). Areas are in hectares, distances in metres "
        "whatever the unit of the CRS, costs in resistance times metres. What each layer and table holds: "
        "[Output dictionary](../outputs.md). Pictures show what came out on the demonstration county.",
    ]
    first = tools()[0]
    capsule = first.parameterDefinition(IN_EVERY_TOOL)
    parts += ["", f"Every tool has the optional output `{capsule.name()}` ({capsule.description()}). {capsule.help()}"]
    group = None
    for tool in tools():
        if tool.group() != group:
            group = tool.group()
            parts += ["", f"## {group}", "", "| Tool | Id | What it does |", "|---|---|---|"]
        parts.append(
            f"| [{tool.displayName()}]({tool.name()}.md) | `{tool.name()}` | {cell(tool.shortDescription())} |"
        )
    return "\n".join(parts) + "\n"


def dictionary():
    """Return the page of all layers, tables and rasters."""
    noted = record()
    parts = [
        "# Output dictionary",
        "",
        "What every layer, table and raster of the tools holds. Names of fields are for formulas and scripts; QGIS shows the "
        "meaning with its unit as the heading of the column. *And those of the input*: a tool that takes links, sources or "
        "areas keeps their fields. The columns of reports and books are those of the tables.",
        "",
        "**Units.** m: metres, whatever the unit of the CRS. ha: hectares (the hm² of Chinese tables). Cost units: "
        "resistance times metres. A: amperes, at 1 A between two sources. EC(PC) has the unit of the attribute, hectares "
        "unless another field was chosen.",
        "",
        "**Rasters** are GeoTIFFs, in tiles and compressed, with NoData set. A raster of classes has their names and colours "
        "in the file.",
    ]
    group = None
    for tool in tools():
        outputs = [p for p in tool.parameterDefinitions() if p.isDestination() and p.name() != IN_EVERY_TOOL]
        if not outputs:
            continue
        if tool.group() != group:
            group = tool.group()
            parts += ["", f"## {group}"]
        parts += ["", f"### {tool.LABEL}", "", f"[`{tool.name()}`](tools/{tool.name()}.md)"]
        for p in outputs:
            found = noted.get(tool.name(), {}).get("outputs", {}).get(p.name(), {})
            rows, classes = fields(found), codes(found)
            what = f"**`{p.name()}`** {p.description()} ({kind(p)})"
            what += f": {stored(found)}." if stored(found) else "."
            if rows and found.get("keeps"):
                what += " And those of the input."
            parts += ["", what]
            if rows or classes:
                parts += ["", *rows, *classes]
    meanings = known_fields()
    parts += [
        "",
        "## All fields",
        "",
        "By name; a field means the same in every tool unless its tool says otherwise above.",
        "",
    ]
    parts += table(
        ("Field", "Meaning", "Unit"), *((f"`{name}`", one.label, one.unit) for name, one in sorted(meanings.items()))
    )
    return "\n".join(parts) + "\n"


def known_fields():
    """Return every field that the declarations know."""
    tools()
    from ecosecnet.algorithms.support.io.fields import FIELDS

    return FIELDS


def pages():
    """Return all pages made here: text by path below docs/."""
    tools()
    from ecosecnet.algorithms.support.language import ENGLISH, speaking

    noted = record()
    with speaking(ENGLISH):
        made = {f"tools/{tool.name()}.md": page(tool, noted.get(tool.name(), {})) for tool in tools()}
        return {**made, "tools/index.md": overview(), "outputs.md": dictionary()}


if __name__ == "__main__":
    from qgis.testing import start_app

    start_app()
    made = pages()
    for old in (DOCS / "tools").glob("*.md"):
        if f"tools/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        (DOCS / name).write_text(text, encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # QGIS without a window may crash while it is torn down
