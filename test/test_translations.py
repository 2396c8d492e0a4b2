"""Every text a user may see is found in the sources and has a Chinese translation, which keeps its values, tags and names."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHINESE = re.compile("[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def made():
    """Return the script that finds the texts, as a module."""
    spec = importlib.util.spec_from_file_location("make_translations", ROOT / "scripts" / "make_translations.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def units(made):
    return made.all_texts()


@pytest.fixture(scope="module")
def translations(made):
    return made.read_translations()


def found(made, code):
    return [unit.source for unit in made.texts_of(code, "algorithms/some.py")]


def test_a_text_and_one_with_values_are_found(made):
    code = 'monitor.warn("No link is kept.")\nmonitor.info(f"{count:,} of {len(links)} links.")\n'
    assert found(made, code) == ["No link is kept.", "{1} of {2} links."]


def test_implicitly_joined_texts_are_one(made):
    assert found(made, 'x = InputError("The cells are "\n f"{a} wide. "\n "Use others.")') == [
        "The cells are {1} wide. Use others."
    ]


def test_each_reading_of_a_text_with_alternatives_is_a_text(made):
    code = """warn(f"{n} {'area is' if n == 1 else 'areas are'} cut{f' at {place}' if place else ''}.")"""
    assert sorted(found(made, code)) == [
        "{1} area is cut at {2}.",
        "{1} area is cut.",
        "{1} areas are cut at {2}.",
        "{1} areas are cut.",
    ]


def test_a_value_that_is_a_text_of_ours_is_marked(made):
    assert found(made, """raise InputError(f"'{rule.label}' needs '{name}'.")""") == ["'{=1}' needs '{2}'."]


def test_help_is_cut_into_its_paragraphs(made):
    code = 'HELP = "<p>Finds <b>links</b>.</p><ul><li>One kind.</li><li>Another kind.</li></ul>"'
    assert found(made, code) == ["Finds <b>links</b>.", "One kind.", "Another kind."]


@pytest.mark.parametrize(
    "code",
    [
        '"""Docstring of a module."""',
        'def f():\n    """Return what is there."""',
        'job.given("MIN_AREA")',
        'if kind == "pinch point": pass',
        'x = {"cost": 1}["least cost"]',
        'NAME = "pinchpoints"',
        'TAGS = ("pinch point", "bottleneck")',
        're.compile("[a-z]+ of the (.*)")',
        'open(path, encoding="utf-8")',
        'gdal.Open("some/file.tif")',
        'layer.setFilter("SELECT name FROM links")',
        'value: "Sequence of floats" = 1',
        'raise ValueError("a mistake of ours")',
    ],
)
def test_what_nobody_reads_is_not_found(made, code):
    assert found(made, code) == []


def test_faults_of_translations_are_seen(made):
    assert made.faults("{1} of {2} links.", "{2} 个连接中的 {1} 个。") == ""
    assert "placeholders" in made.faults("{1} of {2} links.", "{2} 个连接。")
    assert "placeholders" in made.faults("'{=1}' is chosen.", "已选择“{1}”。")
    assert "tags" in made.faults("A <b>bold</b> word.", "一个粗体词。")
    assert "MIN_AREA" in made.faults("Lower the area (MIN_AREA).", "请减小面积。")


def test_many_texts_are_found(units):
    by_file = {unit.file.split("/")[0] for unit in units}
    assert by_file >= {"core", "algorithms", "models"}
    assert len(units) > 4000
    assert len({unit.source for unit in units}) == len(units)


def test_the_list_of_templates_is_that_of_the_sources(units):
    """Else run scripts/translate."""
    held = json.loads((ROOT / "i18n" / "templates.json").read_text(encoding="utf-8"))
    assert set(held) == {unit.source for unit in units if unit.values}


def test_every_text_is_translated(units, translations):
    """Else run scripts/translate and translate what it marks as unfinished in i18n/ecosecnet_zh_CN.ts."""
    missing = [f"{unit.file}:{unit.line} {unit.source}" for unit in units if unit.source not in translations]
    assert not missing, "\n".join([f"{len(missing)} texts", *missing[:40]])


def test_translations_keep_values_tags_and_names(made, units, translations):
    wrong = {
        unit.source: made.faults(unit.source, translations[unit.source])
        for unit in units
        if unit.source in translations
    }
    assert {source: why for source, why in wrong.items() if why} == {}


def test_translations_are_chinese(units, translations):
    """But for citations, names and formulae."""
    left = []
    for unit in (
        one
        for one in units
        if not re.search(r"doi:|[A-Z]\w+ (et al\. )?\(?(19|20)\d\d|\+proj|Liuzhi Special Zone", one.source)
    ):
        translation = translations.get(unit.source)
        words = re.findall(r"(?<![\w.:/-])[a-z]{3,}(?![\w:/-])", re.sub(r"doi:\S+|'[^']*'|\(\*.*?\)", "", unit.source))
        if translation and len(words) >= 3 and not CHINESE.search(translation):
            left.append(unit.source)
    assert left == []


def test_chinese_has_full_width_punctuation(translations):
    wrong = [text for text in translations.values() if re.search("[\u3400-\u9fff][,;?!](?=[\u3400-\u9fff]|$)", text)]
    assert wrong == []


def test_what_a_text_names_is_called_as_where_it_stands(units, translations):
    """Tools, parameters and options that a text puts in quotation marks."""
    wrong = []
    for unit in (one for one in units if one.source in translations):
        for name in re.findall(r"'([A-Z][^'{}]{3,60})'", unit.source):
            if translations.get(name, "") not in translations[unit.source]:
                wrong.append(f"{translations[name]} ({name}): {translations[unit.source]}")
    assert not wrong, "\n".join(wrong)


def test_the_glossary_has_the_words_of_the_translations(translations):
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in page.splitlines() if line.startswith("| ")]
    known = {source[:1].lower() + source[1:]: translation for source, translation in translations.items()}
    held = [(known[english], chinese) for english, chinese in rows if english in known]
    assert len(held) > 15
    assert [
        (translation, chinese) for translation, chinese in held if re.split("[，（]", chinese)[0] not in translation
    ] == []


@pytest.mark.skipif(shutil.which("lrelease") is None, reason="needs lrelease of Qt")
def test_qt_compiles_every_translation(tmp_path, translations):
    source = ROOT / "i18n" / "ecosecnet_zh_CN.ts"
    command = ["lrelease", source, "-qm", tmp_path / "made.qm"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "warning" not in said.lower()
    assert int(re.search(r"(\d+) finished", said)[1]) == source.read_text(encoding="utf-8").count("<translation>")
