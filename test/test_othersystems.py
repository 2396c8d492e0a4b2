"""What other systems need and this one hides: encodings that are said, modules that not every system has inside functions."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted([*ROOT.glob("*.py"), *(ROOT / "core").rglob("*.py"), *(ROOT / "algorithms").rglob("*.py")])
ELSEWHERE = {"fcntl", "resource", "pwd", "grp", "termios", "msvcrt", "winreg"}


def _text_without_encoding(call):
    """Return whether a call opens a text in the encoding of the system, which is GBK or cp1252 on Windows."""
    named = {word.arg for word in call.keywords}
    if isinstance(call.func, ast.Name) and call.func.id == "open":
        modes = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "mode")]
        binary = any(isinstance(mode, ast.Constant) and "b" in mode.value for mode in modes)
        return not binary and "encoding" not in named
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name == "read_text":
        return not call.args and "encoding" not in named and not _is_job(call)
    if name == "write_text":
        return "encoding" not in named and not _is_job(call)
    return name in ("run", "Popen", "check_output") and "text" in named and "encoding" not in named


def _is_job(call):
    """Whether the method is that of a job, which says the encoding itself."""
    owner = call.func.value
    return isinstance(owner, ast.Name) and owner.id in ("job", "self")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_have_an_encoding_and_modules_are_everywhere(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if _text_without_encoding(call)] == []
    tops = {alias.name.split(".")[0] for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    tops |= {(node.module or "").split(".")[0] for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert not tops & ELSEWHERE


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("open(path)", True),
        ("open(path, 'w', newline='')", True),
        ("open(path, mode='rb')", False),
        ("open(path, encoding='utf-8')", False),
        ("path.read_text()", True),
        ("path.write_text(text, encoding='utf-8')", False),
        ("subprocess.run(command, text=True)", True),
        ("source.open()", False),
    ],
)
def test_the_check_sees(code, wrong):
    assert _text_without_encoding(ast.parse(code, mode="eval").body) is wrong


HANDLED = {"rasterfiles.py", "vectorfiles.py", "ramps.py"}
"""Where GDAL opens files of ours, or what it raises is caught beside it."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_that_gdal_cannot_open_is_none(path):
    """GDAL raises in QGIS 3.40 where it returned nothing before: files of others are opened by `tried(gdal.Open, path)`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    opened = [call.lineno for call in calls if ast.unparse(call.func) in ("gdal.Open", "gdal.OpenEx", "ogr.Open")]
    assert path.name in HANDLED or opened == []
