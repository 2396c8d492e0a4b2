"""Writes i18n/ecosecnet_zh_CN.ts and i18n/templates.json: every text of the sources that a user may see.

Run by scripts/translate, with any Python: python3 scripts/make_translations.py

The texts stay in the sources as they are, f-strings among them, in a core that knows no Qt. They are found in the syntax
tree. An f-string becomes a template with numbered placeholders, '{1} links.'; `algorithms/support/language.py` recognises a
finished text by it. `{=1}` stands for a value that is itself a text of ours, such as the label of a choice.
"""

from __future__ import annotations

import ast
import csv
import itertools
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TS = ROOT / "i18n" / "ecosecnet_zh_CN.ts"
TEMPLATES = ROOT / "i18n" / "templates.json"
CONTEXT = "EcoSecNet"

_SKIPPED_CALLS = {
    "AttributeError", "ExecuteSQL", "KeyError", "QIcon", "QgsExpression", "QgsFeatureRequest", "QgsSettings",
    "QgsVectorLayer", "RuntimeError", "TypeError", "TypeVar", "ValueError", "__setattr__", "addItems", "compile",
    "count", "customProperty", "decode", "encode", "endswith", "execute", "find", "find_spec", "findall",
    "finditer", "fromWkt", "fullmatch", "getattr", "given", "glob", "hasattr", "import_module", "index",
    "joinpath", "match", "open", "partition", "pushDebugInfo", "removeprefix", "removesuffix", "replace", "require_version",
    "rglob", "rpartition", "_once", "cast",
    "search", "setCustomProperty", "setFilterExpression", "setProperty", "setattr", "split",
    "startswith", "strftime", "sub", "writeEntryBool", "sysconf", "translate",
}  # fmt: skip
"""Functions whose texts nobody reads."""

_LOWER = {
    ("kept", 2), ("Verdict", 0), ("id_field", "*"), ("_curves", 2), ("_percent", 1), ("_percent", 2), ("_check_columns", 4),
    ("link_count", 0), ("_measures", 0), ("_areas", 1), ("link_grade_field", "*"), ("read_class_cells", 2), ("_data", 0),
    ("describe_edge", 0), ("numbers", 2), ("_size", 1), ("_size", 2), ("fixed", 2), ("Column", 1), ("over", 2), ("Ramp", "*"),
    ("write_surface", 4), ("Shown", "*"), ("describe", "*"),
}  # fmt: skip
"""Arguments that are words of ours even if they are one word in lower case."""

_SKIPPED_KEYWORDS = {
    "axis", "bitorder", "bound", "casting", "doi", "dtype", "encoding", "errors", "format", "indexing", "kind_of",
    "mode", "newline", "norm", "order", "output_type", "permc_spec", "prefix", "side", "suffix", "unit",
}  # fmt: skip
_SKIPPED_NAMES = re.compile(
    r"^(NAME|TAGS|REQUIRES|__all__|_?CSS|_?SQL|.*_SQL|.*_CSS|_STYLE|.*WKT.*|_?SCRIPT|DOI|.*PATTERN|_ALSO_CALLED|_FORMATS|"
    r"_FIELDS_OF_NAMES|_FIRST|_SMALL_TYPES|_FONT|_UNDEFINED|_UNLOADED|graph|look|identifier|axes|_VALUES)$"
)
_SKIPPED_FILES = re.compile(
    r"core/landscapes/names|support/language|core/resistance/(factornames|landgroups)|reports/word|capsule/(crate|methods)|io/categories"
)
"""Tables of names that are recognised, and what other programs read."""
_NOT_PROSE = re.compile(
    r"CASE WHEN|SELECT |IS NOT NULL|^Arial$|^Grid Engine$|\bAND |COMPRESS=|LOCAL_CS|POLYGON|PROJCS|xmlns|viewBox|"
    r"^[#./~\\-]\S*$|^\S*/\w+\.\w+$|^\s*(if|import|from) .*:|^(http|doi:)|text-anchor|stroke=|\bfont-|margin:|padding:|"
    r"font:|border:|color:|background:|class='|\|\||\+proj|<\?xml|\"grade\"|\\d|\(\?|^\W*$"
)
_BLOCK = (
    r"</?(?:p|ul|ol|li|table|thead|tbody|tr|td|th|h[1-6]|div|section|figure|figcaption|caption|br|hr|pre|body|html|head)"
    r"\b[^>]*>"
)
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_WORD = re.compile(r"[A-Za-z][a-z]{2,}")
_UNITS = {"ids", "per", "the", "and", "for", "nan", "inf", "rgb", "svg", "png", "tif", "csv", "span", "div"}
_MOST = 12
"""Ways a text with alternatives may read; above, the alternatives are texts of their own."""


_WORDS = (
    "weak sources", "break points", "urban green", "mining", "cost-weighted", "euclidean", "not found", "bilinear",
    "nearest", "average", "median", "mean", "true", "false", "first", "second", "third", "low", "high",
    "persistent", "split", "merged", "regrouped", "lost", "new", "kept", "found", "held", "alone", "chance",
    "limit", "accumulated", "outside", "inside", "woodland", "grassland", "wetland", "water", "bare", "cropland",
    "garden", "built-up", "transport", "ice", "internal", "yes", "no", "ha", "degrees", "cells", "hazards",
    "errors", "warnings", "error", "warning", "note", "reversed", "gap", "overlap", "duplicate", "order", "direction",
    "codes", "factors", "constant", "weight", "range", "ratio", "score", "unit", "rises", "falls",
    "Distance from road", "Distance to mining area",
)  # fmt: skip
"""Words that are put together with others, or stand in tables by themselves."""

_MORE = {
    "{1} and {2} more": "list; {1} = names, {2} = how many more",
    "{1} to {2}": "range",
    "up to {1}": "range without a lower end",
    "No.": "heading of numbers",
    "To": "heading",
    "As QGIS": "language of reports",
    "as it is": "cell",
    "the nearest neat number": "cell",
    "rounded to two digits": "cell",
    "All files (*.*)": "file dialog",
    "No such file or directory": "error of the system",
    "Permission denied": "error of the system",
    "No space left on device": "error of the system",
    "Is a directory": "error of the system",
    "Not a directory": "error of the system",
    "File exists": "error of the system",
    "Read-only file system": "error of the system",
    "Invalid argument": "error of the system",
}
"""Texts that no literal shows: what is put together of little ones, and what the system says."""


class Unit(NamedTuple):
    """A text to be translated.

    Attributes
    ----------
    source : str
        In English, with placeholders.
    file : str
        Where it stands.
    line : int
        Of the file.
    kind : str
        What it is used for, in a few words.
    values : tuple of str
        What the placeholders are in the code.
    """

    source: str
    file: str
    line: int
    kind: str
    values: tuple[str, ...]


class _Slot(NamedTuple):
    """A value in a text."""

    code: str
    known: bool


def texts_of(source: str, file: str) -> Iterator[Unit]:
    """Yield the texts of a module."""
    tree = ast.parse(source)
    parents: dict[ast.AST, ast.AST] = {}
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            parents[child] = node
    seen: set[ast.AST] = set()
    for node in ast.walk(tree):
        if node in seen or not _is_text(node):
            continue
        seen.update(_parts_taken(node))
        why = None if _is_key(node, parents, file) else _use(node, parents)
        if why is not None:
            yield from _units(node, file, why)


def _is_key(node: ast.AST, parents: dict[ast.AST, ast.AST], file: str) -> bool:
    """Return whether a text is the key of a choice."""
    parent = parents[node]
    return file == "core/choices.py" and isinstance(parent, ast.Tuple) and parent.elts[0] is node


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and any(_is_text(side) for side in (node.left, node.right))
    return isinstance(node, ast.JoinedStr)


def _parts_taken(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that are a part of a text and not one of their own; texts deep in its values are."""
    yield node
    if isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if _is_text(side):
                yield from _parts_taken(side)
            elif _choices(side) is not None:
                yield from _alternatives_taken(side)
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield value
            if isinstance(value, ast.FormattedValue):
                if value.format_spec is not None:
                    yield from ast.walk(value.format_spec)
                if _choices(value.value) is not None:
                    yield from _alternatives_taken(value.value)


def _alternatives_taken(node: ast.AST) -> Iterator[ast.AST]:
    for one in _choices(node) or ():
        if _is_text(one):
            yield from _parts_taken(one)


def _choices(node: ast.AST) -> list[ast.AST] | None:
    """Return what a value may be, if one of it is a text."""
    if isinstance(node, ast.IfExp):
        found = [*(_choices(node.body) or [node.body]), *(_choices(node.orelse) or [node.orelse])]
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        found = list(node.values)
    else:
        return None
    return found if any(_is_text(one) for one in found) else None


def _use(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> str | None:
    """Return what a text is used for, or None if nobody reads it."""
    child, parent = node, parents[node]
    if isinstance(parent, ast.Expr):
        return None
    kind = ""
    while True:
        if isinstance(parent, (ast.Compare, ast.Subscript, ast.arg)):
            if isinstance(child, (ast.Tuple, ast.List, ast.Set)) or (
                child is node and not isinstance(node, ast.JoinedStr)
            ):
                return None
            return kind or "text"
        if isinstance(parent, ast.AnnAssign) and child is parent.annotation:
            return None
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return None if child is parent.returns else kind or "text"
        if isinstance(parent, ast.Dict) and child in parent.keys:
            return None if child is node and _single(node) else kind or "text"
        if isinstance(parent, ast.keyword):
            if parent.arg in _SKIPPED_KEYWORDS:
                return None
            kind = kind or f"{parent.arg}="
        if isinstance(parent, ast.Call):
            name = _name(parent.func)
            if name in _SKIPPED_CALLS or (name == "join" and _is_path(parent.func)):
                return None
            place = parent.args.index(child) if child in parent.args else -1
            kind = f"{name}({kind or place})"
            if (name, place) in _LOWER or (name, "*") in _LOWER:
                kind += "!"
        if isinstance(parent, (ast.Assign, ast.AnnAssign)):
            targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
            named = " ".join(_name(one) for one in targets)
            return None if _SKIPPED_NAMES.match(named) else kind or named or "text"
        if isinstance(parent, ast.stmt):
            return kind or {"Return": "returned", "Raise": "error"}.get(type(parent).__name__, "text")
        child, parent = parent, parents[parent]


def _is_path(function: ast.AST) -> bool:
    return isinstance(function, ast.Attribute) and "path" in ast.unparse(function.value)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _single(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and " " not in str(node.value)


def _units(node: ast.AST, file: str, kind: str) -> Iterator[Unit]:
    forms, alone = _forms(node)
    for form in forms:
        yield from _of_form(form, file, node.lineno, kind)
        if (
            file == "core/choices.py" and "(" not in kind and ": " in "".join(map(str, form))
        ):  # a choice is also called by its first words
            yield from _of_form([str(form[0]).partition(":")[0]], file, node.lineno, kind)
    for one in alone:
        yield from _units(one, file, kind + " part")


def _of_form(form: list[str | _Slot], file: str, line: int, kind: str) -> Iterator[Unit]:
    """Yield the texts of one reading of a text, cut into the blocks of its HTML."""
    slots = [part for part in form if isinstance(part, _Slot)]
    number = itertools.count()
    marked = "".join(part if isinstance(part, str) else f"\0{next(number)}\0" for part in form)
    if re.search(r"^(import|from) \w+|^\S+ +[0-9a-f]{6} ", marked, re.MULTILINE):
        return  # code, or a table of a legend
    pieces = re.split(_BLOCK, marked) if _TAG.search(marked) else marked.split("\n")
    for piece in pieces:
        text = _outer(piece.strip())
        if _NOT_PROSE.search(re.sub(r"\0\d+\0", "", _TAG.sub("", text))):
            continue
        if not _is_prose(re.sub(r"\0\d+\0", "\0", _TAG.sub(" ", text)), kind, bool(slots)):
            continue
        order = [int(one) for one in re.findall(r"\0(\d+)\0", text)]
        bits = re.split(r"\0\d+\0", text)
        made = bits[0]
        for place, (number_, bit) in enumerate(zip(order, bits[1:]), 1):
            made += ("{=%d}" if slots[number_].known else "{%d}") % place + bit
        yield Unit(made, file, line, kind.rstrip("!"), tuple(slots[k].code for k in order))


def _outer(text: str) -> str:
    """Return a text without tags around the whole of it."""
    while True:
        found = re.fullmatch(r"<(\w+)[^<>]*>((?:(?!</\1>).)*)</\1>", text, re.DOTALL)
        if not found:
            return text
        text = found.group(2).strip()


def _is_prose(text: str, kind: str, template: bool) -> bool:
    words = _WORD.findall(text)
    if not [one for one in words if one.lower() not in _UNITS]:
        return False
    if " " not in text and not re.search("[A-Z][a-z-]", text) and not kind.endswith(("!", " part")):
        return False
    stripped = text.strip("\0 .,;:()'")
    if len(re.findall(r"[\u3400-\u9fff]", text)) > len(re.findall("[A-Za-z]", text)) or "\\b" in text:
        return False
    if re.fullmatch(r"[A-Za-z0-9_.*/=-]+", stripped):
        # one word
        if re.search(r"[._/=*]|\d[a-z]|[a-z][A-Z]", stripped):
            return False
        if template and not stripped.isalpha():
            return False
        if template and stripped != text.replace("\0", "") and stripped.islower():
            return " " in text
        capital = re.match("[A-Z]-?[a-z]", stripped) is not None
        return capital or kind.endswith("!") or kind.endswith(" part") or (template and " " in text)
    return not re.fullmatch(r"[A-Z0-9_ ]+", stripped) and not re.match(r"^[\w-]+: [^ ]+;", stripped)


def _forms(node: ast.AST) -> tuple[list[list[str | _Slot]], list[ast.AST]]:
    """Return the ways a text may read, and the parts that are texts of their own."""
    ways: list[list[list[str | _Slot]]] = []
    alone: list[ast.AST] = []
    for part in _flat(node):
        if isinstance(part, str):
            ways.append([[part]])
            continue
        of = _choices(part)
        slot: list[str | _Slot] = [_Slot(ast.unparse(part), _known(part))]
        if of is None:
            ways.append([slot])
            continue
        these: list[list[str | _Slot]] = []
        for one in of:
            if _is_text(one):
                forms, more = _forms(one)
                these += forms
                alone += more
            else:
                these.append([_Slot(ast.unparse(one), _known(one))])
        ways.append(these)
    count = 1
    for k, these in enumerate(ways):
        if count * len(these) > _MOST:
            part = list(_flat(node))[k]
            alone += [one for one in _choices(part) or () if _is_text(one)]
            ways[k] = [[_Slot(ast.unparse(part), True)]]
        else:
            count *= len(these)
    return [_merged(itertools.chain(*one)) for one in itertools.product(*ways)], alone


def _merged(parts) -> list[str | _Slot]:
    made: list[str | _Slot] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        else:
            made.append(part)
    return made


def _known(node: ast.AST) -> bool:
    code = ast.unparse(node)
    return code.endswith((".label", ".label.lower()")) or _choices(node) is not None


def _flat(node: ast.AST) -> Iterator[str | ast.AST]:
    """Yield the literal parts of a text, and its values."""
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                plain = value.format_spec is None and value.conversion == -1
                if plain and isinstance(value.value, ast.Constant) and isinstance(value.value.value, str):
                    yield value.value.value
                else:
                    yield value.value
            else:
                yield value.value
    elif isinstance(node, ast.BinOp) and _is_text(node):
        yield from _flat(node.left)
        yield from _flat(node.right)
    else:
        yield node


def texts_of_model(path: Path) -> Iterator[Unit]:
    """Yield what a shipped model says: its name, group, labels and help."""
    wanted = {
        "component_description",
        "description",
        "model_name",
        "SHORT_DESCRIPTION",
        "ALG_DESC",
        "help",
        "model_group",
    }
    for option in ET.parse(path).iter("Option"):
        name, value = option.get("name"), option.get("value") or ""
        if name in wanted and _WORD.search(value):
            for piece in re.split(_BLOCK, value):
                if _WORD.search(piece):
                    yield Unit(piece.strip(), f"models/{path.name}", 0, f"model {name}", ())


def all_texts() -> list[Unit]:
    """Return every text once, in the order of the files."""
    found: dict[str, Unit] = {}
    files = [ROOT / "plugin.py", *sorted((ROOT / "algorithms").rglob("*.py")), *sorted((ROOT / "core").rglob("*.py"))]
    for path in files:
        file = path.relative_to(ROOT).as_posix()
        for unit in texts_of(path.read_text(encoding="utf-8"), file) if not _SKIPPED_FILES.search(file) else ():
            found.setdefault(unit.source, unit)
    for source in names_in_both():
        found.setdefault(source, Unit(source, "core/resistance/legendtables.py", 0, "class or measure", ()))
    for word in _WORDS:
        found.setdefault(word, Unit(word, "scripts/make_translations.py", 0, "word", ()))
    for source, kind in _MORE.items():
        values = tuple("value" for _ in re.findall(r"\{\d\}", source))
        found.setdefault(source, Unit(source, "scripts/make_translations.py", 0, kind, values))
    for path in sorted((ROOT / "models").glob("*.model3")):
        for unit in texts_of_model(path):
            found.setdefault(unit.source, unit)
    return list(found.values())


def names_in_both() -> dict[str, str]:
    """Return what tables of ours have in both languages: the classes of the legends, and the measures."""
    with open(ROOT / "algorithms" / "support" / "inputs" / "actionrules.csv", encoding="utf-8-sig", newline="") as file:
        measures = {row["measure"]: row["measure_zh"] for row in csv.DictReader(file)}
    tables = (ROOT / "core" / "resistance" / "legendtables.py").read_text(encoding="utf-8")
    return {**measures, **dict(re.findall(r"^\S+ +[0-9a-f]{6} +\S+ +(.+?) = (.+?)\s*$", tables, re.MULTILINE))}


def read_translations(path: Path = TS) -> dict[str, str]:
    """Return the finished translations of a .ts file, and those that the tables of legends hold."""
    made = names_in_both()
    if not path.exists():
        return made
    for message in ET.parse(path).iter("message"):
        translation = message.find("translation")
        if translation is not None and translation.text and translation.get("type") is None:
            made[message.findtext("source", "")] = translation.text
    return made


def faults(source: str, translation: str) -> str:
    """Return what is wrong with a translation, or nothing: placeholders, tags and names must be those of its source."""
    if not translation.strip():
        return "empty"
    for what, pattern in (("placeholders", r"\{=?\d+\}"), ("tags", r"</?[a-z]+\b[^<>]*>")):
        here, there = (sorted(re.findall(pattern, text)) for text in (source, translation))
        if here != there:
            return f"{what} differ: {here} and {there}"
    if source.strip() == source and translation.strip() != translation:
        return "spaces around"
    lost = [name for name in re.findall(r"\b[A-Z]{2,}_[A-Z_]+\b|doi:\S+[0-9a-z]", source) if name not in translation]
    return f"lost: {', '.join(lost)}" if lost else ""


def write_ts(units: list[Unit], translations: dict[str, str], path: Path = TS) -> None:
    """Write a .ts file; what has no translation is marked as unfinished."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        "<!DOCTYPE TS>",
        '<TS version="2.1" language="zh_CN" sourcelanguage="en">',
        "<context>",
        f"    <name>{CONTEXT}</name>",
    ]
    for unit in units:
        done = translations.get(unit.source)
        lines += ["    <message>", f'        <location filename="../{unit.file}"/>']
        lines.append(f"        <source>{_xml(unit.source)}</source>")
        note = "; ".join([unit.kind, *(f"{k} = {code}" for k, code in enumerate(unit.values, 1))])
        lines.append(f"        <extracomment>{_xml(note)}</extracomment>")
        mark = "" if done else ' type="unfinished"'
        lines.append(f"        <translation{mark}>{_xml(done or '')}</translation>")
        lines.append("    </message>")
    lines += ["</context>", "</TS>", ""]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def main() -> None:
    units = all_texts()
    translations = read_translations()
    write_ts(units, translations)
    templates = [unit.source for unit in units if unit.values]
    TEMPLATES.write_text(json.dumps(templates, ensure_ascii=False, indent=0) + "\n", encoding="utf-8", newline="\n")
    left = [unit for unit in units if unit.source not in translations]
    print(
        f"{len(units)} texts, {sum(len(unit.source) for unit in units):,} characters, {len(left)} without translation."
    )
    if "--list" in sys.argv:
        for unit in units:
            print(f"{unit.file}:{unit.line} [{unit.kind}] {unit.source!r}")


if __name__ == "__main__":
    main()
