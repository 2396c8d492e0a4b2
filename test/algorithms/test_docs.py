"""The written reference and the README's table are those of the tools as they are."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def maker(qgis):
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "scripts" / "make_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_is_current(maker):
    written = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    assert written == maker.reference(), "run scripts/make_docs.py"


def test_readme_lists_every_tool(maker):
    written = (ROOT / "README.md").read_text(encoding="utf-8")
    assert written == maker.readme(), "run scripts/make_docs.py"
    assert all(f"`{tool.name()}`" in written for tool in maker.tools())
