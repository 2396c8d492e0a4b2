"""Writes docs/tools.md and the table of tools in README.md from the tools themselves.

Run with the Python that has QGIS: /usr/bin/python3 scripts/make_docs.py
"""

import html
import importlib.util
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).resolve().parents[1]
IN_EVERY_TOOL = "CAPSULE"
"""Output that is described once."""


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


def plain(text):
    """Return the HTML of a help text as Markdown."""
    text = re.sub(r"</p>\s*<p>", "\n\n", text)
    text = re.sub(r"</[ou]l>", "\n", text)
    text = re.sub(r"</?p>", "\n", text)
    text = re.sub(r"</?(b|strong)>", "**", text)
    text = re.sub(r"</?(i|em)>", "*", text)
    text = re.sub(r"<li>", "\n- ", text)
    text = re.sub(r"<br\s*/?>", "\n", text)
    text = re.sub(r"<[^>]+>", "", text)
    return html.unescape(text).strip()


def kind(parameter):
    """Return type, options and default of a parameter in a few words."""
    from qgis.core import QgsProcessingParameterDefinition, QgsProcessingParameterEnum

    words = [parameter.type()]
    if isinstance(parameter, QgsProcessingParameterEnum):
        words = ["; ".join(f"{k} {option}" for k, option in enumerate(parameter.options()))]
    if parameter.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
        words.append("optional")
    default = parameter.defaultValue()
    blank = default in (None, "") or (isinstance(default, list) and "".join(map(str, default)) == "")
    if not blank and not parameter.isDestination():
        words.append(f"default {default}")
    return ", ".join(words)


def page(tool):
    """Return the section of a tool."""
    title = f"### {tool.displayName()} (`{tool.name()}`)"
    lines = [f'<a id="{tool.name()}"></a>', title, "", plain(tool.shortHelpString()), ""]
    inputs = [p for p in tool.parameterDefinitions() if not p.isDestination()]
    outputs = [p for p in tool.parameterDefinitions() if p.isDestination() and p.name() != IN_EVERY_TOOL]
    named = {IN_EVERY_TOOL, *(p.name() for p in outputs)} - {p.name() for p in inputs}
    lines += ["| Parameter | What | Type |", "|---|---|---|"]
    lines += [f"| `{p.name()}` | {p.help()} | {kind(p)} |" for p in inputs]
    lines += ["", "| Output | What |", "|---|---|"]
    lines += [f"| `{p.name()}` | {p.description()}. {p.help()} |" for p in outputs]
    lines += [f"| `{o.name()}` | {o.description()} |" for o in tool.outputDefinitions() if o.name() not in named]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def reference():
    """Return docs/tools.md."""
    parts = [
        "# The tools",
        "",
        "Made by `scripts/make_docs.py` from the tools themselves. Choices are given by their number (0, 1, ...).",
        "Areas are in hectares, distances in metres whatever the unit of the CRS, costs in resistance times metres.",
    ]
    first = tools()[0]
    capsule = first.parameterDefinition(IN_EVERY_TOOL)
    parts += ["", f"Every tool has the optional output `{capsule.name()}` ({capsule.description()}). {capsule.help()}"]
    group = None
    for tool in tools():
        if tool.group() != group:
            group = tool.group()
            parts += ["", f"## {group}"]
        parts += ["", page(tool)]
    return "\n".join(parts) + "\n"


def readme():
    """Return README.md with the table of the tools as they are now."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [f"| {t.group()} | {t.displayName()} (`{t.name()}`) | {t.shortDescription()} |" for t in tools()]
    table = "\n".join(["| Group | Tool (id) | What it does |", "|---|---|---|", *rows])
    return re.sub(r"(<!-- tools -->\n).*(<!-- /tools -->)", lambda m: f"{m[1]}{table}\n{m[2]}", text, flags=re.S)


if __name__ == "__main__":
    from qgis.testing import start_app

    start_app()
    (ROOT / "docs" / "tools.md").write_text(reference(), encoding="utf-8")
    (ROOT / "README.md").write_text(readme(), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # QGIS without a window may crash while it is torn down
