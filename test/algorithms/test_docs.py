"""The pages that are made from the tools are those of the tools as they are, and what others say of tools is there."""

import importlib.util
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.qgis

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in (*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"))


@pytest.fixture(scope="module")
def maker(qgis):
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "scripts" / "make_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def names(qgis):
    """Parameters and outputs of every tool and model."""
    from qgis.core import QgsApplication

    provider = QgsApplication.processingRegistry().providerById("ecosecnet")
    return {
        tool.name(): {one.name() for one in (*tool.parameterDefinitions(), *tool.outputDefinitions())}
        for tool in provider.algorithms()
    }


def test_made_pages_are_current(maker):
    made = maker.pages()
    stale = [
        name for name, text in made.items() if not (DOCS / name).exists() or (DOCS / name).read_text("utf-8") != text
    ]
    assert not stale, "run scripts/make_docs.py"
    assert {f"tools/{path.name}" for path in (DOCS / "tools").glob("*.md")} == {
        n for n in made if n.startswith("tools/")
    }


def test_the_example_of_every_tool_gives_what_it_needs(maker, names):
    from qgis.core import QgsProcessingParameterDefinition as Definition

    for tool in maker.tools():
        given = maker.example(tool)
        assert set(given) <= names[tool.name()], tool.name()
        for parameter in tool.parameterDefinitions():
            if parameter.isDestination() or parameter.flags() & Definition.Flag.FlagOptional:
                continue
            assert parameter.name() in given or parameter.defaultValue() is not None, (tool.name(), parameter.name())


def test_tools_and_parameters_that_pages_name_exist(names):
    """``linkages.CUTOFF`` in a table, --CUTOFF in a call, and a tool after ecosecnet: or in a link."""
    seen = 0
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for tool, parameter in re.findall(r"`([a-z]+)\.([A-Z][A-Z0-9_]*)`", text):
            assert parameter in names[tool], f"{path.name}: {tool}.{parameter}"
            seen += 1
        for tool in re.findall(r"ecosecnet:([a-z]+)", text) + re.findall(r"\(\.?\.?/?tools/([a-z]+)\.md\)", text):
            assert tool in names or tool == "index", f"{path.name}: {tool}"
        for call in re.findall(r"ecosecnet:[a-z]+(?:[^\n]*\\\n)*[^\n]*", text):
            tool = re.match(r"ecosecnet:([a-z]+)", call)[1]
            given = set(re.findall(r"--([A-Z][A-Z0-9_]*)=", call))
            assert given <= names[tool], f"{path.name}: {tool} {given - names[tool]}"
    assert seen > 100


@pytest.mark.parametrize("page", sorted(path.stem for path in (DOCS / "from").glob("*.md")))
def test_every_row_of_a_coming_from_page_says_what_ours_is(page, names):
    text = (DOCS / "from" / f"{page}.md").read_text(encoding="utf-8")
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        if section.startswith("Agreed"):
            continue
        rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
        for row in rows:
            if len(row) < 2 or row[1] in ("Ours", "Here"):
                continue
            ours = row[1].strip(" |")
            fields = re.fullmatch(r"[a-z_]+(, [a-z_]+)*", ours)
            assert re.search(r"`[a-z]+(\.[A-Z0-9_]+)?`", ours) or ours.startswith("none") or fields, row


def test_fields_that_coming_from_pages_name_are_written(maker):
    text = (DOCS / "from" / "linkagemapper.md").read_text(encoding="utf-8")
    table = text.split("Fields of the link table:")[1].split("\n\n")[1]
    ours = {name for row in table.splitlines()[2:] for name in row.strip("| ").split(" | ")[1].split(", ")}
    noted = maker.record()
    written = set()
    for tool, output in (("linkages", "LINKS"), ("pinchpoints", "OUTPUT_LINKS"), ("centrality", "OUTPUT_LINKS")):
        written |= set(noted[tool]["outputs"][output]["fields"])
    assert ours <= written


def test_the_dictionary_has_the_fields_that_are_declared(maker):
    from ecosecnet.algorithms.support.io.fields import FIELDS

    text = (DOCS / "outputs.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in text for name in FIELDS)


def test_readme_leads_to_every_part_of_the_documentation():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in re.findall(r"\((docs/[\w/]+\.md)", text):
        assert (ROOT / page).exists(), page
    assert "docs/tutorial.md" in text
    assert "docs/tools/index.md" in text


def test_messages_that_the_questions_quote_are_those_of_the_tools():
    """Headings in quotation marks; what stands for values ("...", numbers) is left out."""
    code = " ".join(
        path.read_text(encoding="utf-8") for top in ("core", "algorithms") for path in (ROOT / top).rglob("*.py")
    )
    said = re.sub(r"[\"']\s*\n?\s*f?[\"']|\s+", " ", code)
    quoted = re.findall(r"^### (\".*)$", (DOCS / "faq.md").read_text(encoding="utf-8"), re.M)
    assert len(quoted) >= 8
    for heading in quoted:
        for part in re.split(r"\.\.\.|\", \"|\d\S*(?: : 1)?|[\"()]", heading):
            words = part.strip(" ,:")
            assert " ".join(words.split()) in " ".join(said.split()), words


def test_the_tutorials_call_tools_as_the_toolbox_does(maker):
    labels = {(tool.LABEL, tool.group()[0]) for tool in maker.tools()}
    named = re.findall(r"\*\*([A-Z][^*]+)\*\* \(group (\d)\)", (DOCS / "tutorial.md").read_text(encoding="utf-8"))
    assert len(named) >= 10
    assert set(named) <= labels
    chinese = (DOCS / "zh_CN" / "tutorial.md").read_text(encoding="utf-8")
    translated = (ROOT / "i18n" / "ecosecnet_zh_CN.ts").read_text(encoding="utf-8")
    quoted = re.findall(r"「(.+?)」", chinese)
    assert len(quoted) >= 10
    assert [one for one in quoted if f"<translation>{one}</translation>" not in translated] == []


OF_THE_WINDOW = {
    "Run", "Identify", "Models", "Processing > Toolbox", "Plugins > EcoSecNet > Demonstration project",
    "处理工具箱", "识别要素", "插件 > EcoSecNet > 示范工程",
}  # fmt: skip


def test_the_tutorials_call_parameters_and_options_as_the_dialogs_do(maker):
    labels = set()
    for tool in [one.create() for one in maker.tools()]:
        for one in tool.parameterDefinitions():
            labels |= {one.description(), *(one.options() if hasattr(one, "options") else ())}
    english = " ".join((DOCS / "tutorial.md").read_text(encoding="utf-8").split())
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*]*[^*!])\*(?!\*)", english)) - OF_THE_WINDOW
    assert len(named) >= 6
    assert named <= labels
    chinese = (DOCS / "zh_CN" / "tutorial.md").read_text(encoding="utf-8")
    translated = (ROOT / "i18n" / "ecosecnet_zh_CN.ts").read_text(encoding="utf-8")
    quoted = set(re.findall(r"“([^”]+)”", chinese)) - OF_THE_WINDOW
    assert len(quoted) >= 6
    assert [one for one in quoted if f"<translation>{one}</translation>" not in translated] == []
