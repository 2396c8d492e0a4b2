"""English texts with values in them become Chinese ones, wherever they leave; ids, values and files stay as they are."""

import json
import re
import time
import zipfile

import pytest

pytestmark = pytest.mark.qgis

CHINESE = re.compile("[\u3400-\u9fff]")


@pytest.fixture(scope="module")
def lang(qgis):
    from ecosecnet.algorithms.support import language

    return language


@pytest.fixture
def chinese(lang):
    with lang.speaking(lang.CHINESE):
        yield lang


@pytest.fixture
def known(lang, monkeypatch):
    """Have texts of this test in the place of those of the sources; return the function that says which."""

    def use(texts):
        class Known(lang._Chinese):
            def __init__(self):
                self._templates = {"": [lang._Template(one) for one in texts if "{" in one]}

            def exact(self, text):
                return texts.get(text, "")

        held = Known()
        monkeypatch.setattr(lang, "_chinese", lambda: held)
        for cached in (lang._translate, lang._best):
            cached.cache_clear()
        return lambda text: lang.tr(text, lang.CHINESE)

    yield use
    for cached in (lang._translate, lang._best):
        cached.cache_clear()


def test_english_stays_and_loads_nothing(lang, monkeypatch):
    monkeypatch.setattr(lang, "_chinese", lambda: pytest.fail("loaded"))
    assert lang.tr("3 links.", lang.ENGLISH) == "3 links."
    assert lang.tr_html("<p>3 links.</p>", lang.ENGLISH) == "<p>3 links.</p>"
    assert lang.language() == lang.ENGLISH


def test_values_come_through_in_the_order_of_the_translation(known):
    tr = known({"{1} of {2} links are kept.": "{2} 个连接中保留 {1} 个。"})
    assert tr("1,234 of 5,678 links are kept.") == "5,678 个连接中保留 1,234 个。"


def test_what_is_not_known_stays(known):
    tr = known({"{1} links.": "{1} 个连接。"})
    assert tr("Nothing of that kind is here.") == "Nothing of that kind is here."


def test_the_template_with_the_most_literal_text_is_taken(known):
    tr = known({"{1} cells.": "{1} 个像元。", "{1} of them are NoData cells.": "其中 {1} 个为无数据像元。"})
    assert tr("7 of them are NoData cells.") == "其中 7 个为无数据像元。"


def test_a_value_of_ours_is_translated_and_one_in_quotes_is_not(known):
    tr = known({"Links": "连接", "{1}: '{2}' has no '{=3}'.": "{1}：“{2}”没有“{3}”。".replace("{3}", "{=3}")})
    assert tr("Links: 'Links' has no 'Links'.") == "连接：“Links”没有“连接”。"


def test_a_value_may_hold_what_looks_like_a_placeholder(known):
    tr = known({"'{1}' is not {2}.": "“{1}”不是 {2}。"})
    assert tr("'{2}' is not 5.") == "“{2}”不是 5。"


def test_sentences_are_known_one_by_one_and_together(known):
    tr = known({"No link. Use more.": "没有连接，请增加。", "{1} cells.": "{1} 个像元。", "Stop.": "停止。"})
    assert tr("Stop. No link. Use more. 12 cells.") == "停止。没有连接，请增加。12 个像元。"


def test_two_values_side_by_side(known):
    tr = known({"Of the {1} {2} {3} stay.": "{1} 处{2}中保持 {3} 处。", "pinch points": "夹点"})
    assert tr("Of the 7 pinch points 5 stay.") == "7 处夹点中保持 5 处。"


def test_lists_headings_with_units_and_rows_of_a_legend(known):
    tr = known({"Core": "核心区", "Edge": "边缘区", "Area": "面积", "ha": "hm²"})
    assert tr("core 63.5 %, edge 2.2 %") == "核心区 63.5 %、边缘区 2.2 %"
    assert tr("Area (ha)") == "面积（hm²）"
    assert tr("Core: 12 ha") == "核心区：12 hm²"


def test_a_heading_with_a_value_keeps_its_unit_behind_it(known):
    tr = known({"Area within {1} m": "{1} m 内的面积", "Area {1}": "{1}的面积", "within {1} m": "{1} m 以内"})
    assert tr("Area within 500 m (ha)") == "500 m 内的面积（hm²）"


def test_marks_between_values_are_chinese(known):
    tr = known({"Most of it lies in {1}.": "主要分布在{1}。", "'{1}' lies in {2}.": "“{1}”位于{2}。"})
    assert tr("Most of it lies in 铁关镇 (33 %), 大岭镇 (12 %).") == "主要分布在铁关镇（33 %）、大岭镇（12 %）。"
    assert tr("土地利用, 91.2 km²") == "土地利用，91.2 km²"
    assert tr("'土地 (a), 新' lies in 土地 (2).") == "“土地 (a), 新”位于土地 (2)。"
    assert tr("Most of it lies in /数据 (a)/b.tif.") == "主要分布在/数据 (a)/b.tif。"


def test_names_of_files_stay_in_a_list_of_data(known):
    tr = known({"Data shown on this sheet: {1}.": "本图所示数据：{1}。", "Slope": "坡度", "Distance": "距离"})
    assert tr("Data shown on this sheet: Slope.tif, Distance.tif.") == "本图所示数据：Slope.tif, Distance.tif。"


def test_hectares_are_known_by_both_names(known):
    tr = known({"{1} ha are core.": "核心区为 {1} hm²。"})
    assert tr("12.5 hm² are core.") == tr("12.5 ha are core.") == "核心区为 12.5 hm²。"


def test_lines_stay_lines(known):
    tr = known({"One grid.": "同一网格。", "{1} rows.": "{1} 行。"})
    assert tr("One grid.\n  40 rows.") == "同一网格。\n  40 行。"


def test_html_is_translated_block_by_block(known, lang):
    known(
        {
            "Two <b>links</b> & more.": "两个<b>连接</b>及其他。",
            "Links": "连接",
            "'{1}' is <i>here</i>.": "“{1}”在<i>此</i>。",
        }
    )
    html = (
        "<html lang='en'><head><style>p { Links: 1 }</style></head><body><h2>Links</h2><table><td>Links</td><td>my_field</td>"
        "</table><pre>Links</pre><img alt='Links' src='Links'></body></html>"
    )
    made = lang.tr_html(html, lang.CHINESE)
    assert made == html.replace("<h2>Links", "<h2>连接").replace("<td>Links", "<td>连接").replace(
        "alt='Links'", "alt='连接'"
    ).replace("lang='en'", 'lang="zh-CN"')


def test_escaped_values_stay_escaped(known, lang):
    known({"'{1}' has no links.": "“{1}”没有连接。"})
    made = lang.tr_html("<p>&#x27;&lt;script&gt; &amp; co&#x27; has no links.</p>", lang.CHINESE)
    assert made == "<p>“&lt;script&gt; &amp; co”没有连接。</p>"


def test_an_escaped_name_in_the_last_of_several_sentences_is_known(known, lang):
    known(
        {
            "The map holds {1} links, as was to be expected.": "图上有 {1} 个连接，符合预期。",
            "That '{1}' is best has p = {2}.": "“{1}”最好的 p = {2}。",
        }
    )
    html = "<p>The map holds 12 links, as was to be expected. That &#x27;CURRENT&#x27; is best has p = 0.07.</p>"
    assert lang.tr_html(html, lang.CHINESE) == "<p>图上有 12 个连接，符合预期。“CURRENT”最好的 p = 0.07。</p>"


def test_a_page_in_both_languages_keeps_its_places_apart(known, lang):
    known({"Links": "连接"})
    page = "<html lang='en'><head></head><body><a href='#one'>Links</a><h2 id='one'>Links</h2></body></html>"
    made = lang.both(page)
    assert made.index("<h2 id='one'>Links</h2>") < made.index("<h2 id='zh-one'>连接</h2>")
    assert "href='#zh-one'" in made
    assert "href='#zh'" in made
    assert made.count("<body>") == made.count("</body>") == 1
    assert re.findall("<article[^>]*>", made) == ["<article lang='en'>", "<article id='zh' lang='zh-CN'>"]


def test_a_block_of_a_page_is_left_to_the_translation_of_the_page(known, lang):
    from ecosecnet.algorithms.support.reports import html

    known({"Sources of at least {1} ha stay.": "至少 {1} hm² 的源地保留。", "in belts": "带内"})
    page = html.page("T", "l", [html.cards([("7 ha", "in belts")]), html.paragraph("Sources of at least 3 ha stay.")])
    assert "<p>Sources of at least 3 ha stay.</p>" in page
    assert "<b>7 ha</b>in belts" in page
    assert "<p>至少 3 hm² 的源地保留。</p>" in lang.tr_html(page, lang.CHINESE)


def test_a_report_is_in_the_language_of_the_settings(lang):
    from qgis.core import QgsSettings

    settings = QgsSettings()
    for chosen, expected in (("", "en"), ("zh_CN", "zh_CN"), ("both", "both"), ("en", "en"), ("fr", "en")):
        settings.setValue(lang.REPORTS, chosen)
        assert lang.report_language() == expected
    settings.remove(lang.REPORTS)


@pytest.mark.parametrize(
    "text",
    [
        "links: " * 550,
        "links" + ")" * 3000,
        "x" + ". Is the disk full?" * 200,
        "Resistance must not span more than 1e12 : 1, or sums lose the small values; here it runs from "
        + ", is in row 1" * 200,
    ],
    ids=["names before names", "brackets", "sentences in sentences", "words that come again"],
)
def test_no_text_takes_long_or_fails(chinese, text):
    start = time.process_time()
    chinese.tr(text)
    chinese.tr_html(f"<p>{text} <b>x</b></p>")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "value", ["core_1", "1_edge", "/a/Roads and cores/core.tif", "/a/core", r"C:\Cores (old)\edge.gpkg|layername=core"]
)
def test_names_and_paths_that_hold_words_of_ours_stay(known, value):
    tr = known(
        {"{1} is missing.": "缺少 {1}。", "core": "核心区", "edge": "边缘区", "cores": "核心区", "Roads": "道路"}
    )
    assert tr(f"{value} is missing.") == f"缺少 {value}。"


# the faces of the tools ------------------------------------------------------------------------------------------


def english_left(text):
    """Return the words of a Chinese text that are neither names, ids, units, formulae nor citations."""
    blocks = re.split("</?(?:p|li)>", text)
    text = "\n".join(block for block in blocks if CHINESE.search(block) or "doi:" not in block)
    text = re.sub(r"<[^>]*>|&\w+;|doi:\S+|“[^”]*”|「[^」]*」|\([^()]*(19|20)\d\d[^()]*\)|（[^（）]*）", " ", text)
    text = re.sub(r"\S*[_/=|.]\w\S*|\b[A-Z]\w*\b", " ", text)
    return re.findall(r"\b[a-z]{4,}(?: [a-z]{2,}){2,}", text)


@pytest.fixture
def faces(chinese):
    """Return the tools and models as someone sees them whose QGIS is Chinese."""
    from qgis.core import QgsApplication

    provider = QgsApplication.processingRegistry().providerById("ecosecnet")
    return [algorithm.create() for algorithm in provider.algorithms()]


def test_faces_are_chinese(faces):
    wrong = []
    for tool in faces:
        said = {"title": tool.displayName(), "group": tool.group(), "help": tool.shortHelpString()}
        for item in (*tool.parameterDefinitions(), *tool.outputDefinitions()):
            said[item.name()] = item.description()
            said[f"{item.name()} help"] = getattr(item, "help", str)()
            for option in getattr(item, "options", list)():
                said[f"{item.name()} option"] = option
        wrong += [(tool.name(), what, text[:200]) for what, text in said.items() if english_left(text)]
        wrong += [(tool.name(), what) for what in ("title", "group", "help") if not CHINESE.search(said[what])]
    assert not wrong, "\n".join(map(str, wrong))


def test_ids_values_and_defaults_are_the_same_in_both_languages(faces, qgis):
    from ecosecnet.algorithms.support.language import ENGLISH, speaking
    from qgis.core import QgsApplication

    def kept(tool):
        return [
            (tool.id(), tool.groupId(), tool.flags()),
            *(
                (one.name(), one.type(), one.defaultValue(), int(one.flags()), len(getattr(one, "options", list)()))
                for one in tool.parameterDefinitions()
            ),
            *((one.name(), one.type()) for one in tool.outputDefinitions()),
        ]

    provider = QgsApplication.processingRegistry().providerById("ecosecnet")
    with speaking(ENGLISH):
        english = [kept(algorithm.create()) for algorithm in provider.algorithms()]
    assert [kept(tool) for tool in faces] == english


def test_labels_can_be_had_in_english(faces):
    from ecosecnet.algorithms.support.inputs.parameters import in_english

    tool = next(one for one in faces if one.name() == "pinchpoints")
    label, options = in_english(tool.parameterDefinition("MODE"))
    assert (label, options[0]) == ("Current flows between", "Adjacent pairs")
    assert CHINESE.search(tool.parameterDefinition("MODE").description())


# runs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written(lang, run, tmp_path):
    """Run a tool in a language; return what its capsule says, but for time and place."""

    def call(language, tool, **parameters):
        capsule = tmp_path / f"{tool}_{language}.zip"
        with lang.speaking(language):
            run(tool, CAPSULE=str(capsule), **parameters)
        with zipfile.ZipFile(capsule) as file:
            said = json.loads(file.read("run.json"))
        return {name: said[name] for name in ("algorithm", "parameters", "numbers")} | {
            "outputs": [(one["role"], one["content_sha256"]) for one in said["outputs"]]
        }

    return call


def test_a_run_gives_the_same_files_numbers_and_capsule_in_both_languages(written, raster, polygons, tmp_path):
    import numpy as np

    ground = np.ones((40, 60), np.float32)
    ground[:, 28:32] = 20.0
    squares = [
        f"Polygon (({x} 2899700, {x + 200} 2899700, {x + 200} 2899500, {x} 2899500, {x} 2899700))"
        for x in (500090, 501490)
    ]
    given = {
        "RESISTANCE": raster("resistance", ground),
        "SOURCES": polygons("sources", [(wkt, {"source_id": k}) for k, wkt in enumerate(squares, 1)], kind="Polygon"),
    }
    for language in ("en", "zh_CN"):
        given[language] = {"LINKS": str(tmp_path / f"{language}.gpkg"), "CORRIDORS": str(tmp_path / f"{language}.tif")}
    said = [
        written(language, "linkages", RESISTANCE=given["RESISTANCE"], SOURCES=given["SOURCES"], **given[language])
        for language in ("en", "zh_CN")
    ]
    assert said[0]["outputs"]
    assert said[0] == said[1]


def test_errors_are_chinese(chinese, run, raster, tmp_path):
    import numpy as np

    with pytest.raises(Exception, match=CHINESE.pattern) as caught:
        run("mspa", INPUT=raster("blank", np.zeros((5, 5), np.uint8), nodata=0), OUTPUT=str(tmp_path / "codes.tif"))
    assert not english_left(str(caught.value))


def test_chinese_is_fast_enough(lang, faces):
    started = time.process_time()
    for _ in range(200):
        lang._translate.cache_clear()
        lang._best.cache_clear()
        lang.tr("'landuse' was resampled onto the grid of 'dem' (bilinear); 12 links.", lang.CHINESE)
    assert time.process_time() - started < 4.0
