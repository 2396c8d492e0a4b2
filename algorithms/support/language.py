"""The second language: finished English texts, recognised by the texts and templates of the sources, in Chinese.

The sources hold English sentences, many of them f-strings, in a core that knows no Qt. They are translated at the few places
where texts leave: parameters, log, errors, names of layers, legends, reports. `scripts/translate` finds every text of the
sources and compiles their translations; a text with values in it is recognised by its template there.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from html import escape, unescape
from math import prod
from typing import NamedTuple

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QTranslator

ENGLISH, CHINESE = "en", "zh_CN"
REPORTS = "ecosecnet/report_language"
"""Setting with the language of reports: empty for that of QGIS, `en`, `zh_CN` or `both`."""
BOTH = "both"

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "i18n")
_CONTEXT = b"EcoSecNet"
_LONGEST = 4000
"""Letters of a text that templates are tried on."""
_BRIEF, _FEW = 80, 12
"""Templates of fewer letters than that are for brief texts."""
_MOST_SENTENCES, _MOST_PARTS, _MOST_NAMES = 8, 4, 4
"""In a text that is recognised as a whole; names one before the other, as in 'Roads: width: not a number.'"""
_MOST_STEPS = 1_000_000
"""Letters looked at for a template whose words stand in a text again and again; it is not tried on texts that need more."""

_WORD = re.compile(r"[A-Za-z]{2,}")
_SLOT = re.compile(r"\{(=?)\d+\}")
_SLOTS = (r"([-+]?\d[\d.,]*|[^\d]*?)", "(.*?)", "(.*)")
"""What a value may be: a number or a text without any; then as short, and as long, as can be."""
_TYPED = re.compile(r"(?:olumns?(?: are)?|nown are|[Hh]as|[Hh]ave|one of|this sheet): $")
"""What comes before names that are to be typed as they are."""
_PATH = re.compile(r"(?:/|[A-Za-z]:[\\/]|\\\\)(?:\S*|.*\.\w{1,5}(?:\|layer(?:name|id)=\S+)?)")
"""A file or folder, which is never translated, whatever words it holds; blanks are in it if it ends as files do."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s.a-z])")
_FULL_WIDTH = "，。；：？！）”、」"


_spoken = threading.local()


def language() -> str:
    """Return the language of QGIS: Chinese, or English for all others; within `speaking`, that one."""
    return getattr(_spoken, "language", None) or _of_qgis()


@cache
def _of_qgis() -> str:
    return CHINESE if QgsApplication.locale().lower().startswith("zh") else ENGLISH


def report_language() -> str:
    """Return the language of reports: `en`, `zh_CN`, or `both`."""
    chosen = QgsSettings().value(REPORTS, "", type=str)
    return chosen if chosen in (ENGLISH, CHINESE, BOTH) else language()


def tr(text: str, language: str | None = None) -> str:
    """Return a text in a language, by default that of QGIS, or the one of `speaking`; what is not known stays as it is."""
    if (language or _spoken_here()) == ENGLISH or not _WORD.search(text):
        return text
    return _translate(text)


def tr_html(html: str, language: str | None = None) -> str:
    """Return HTML in a language, block by block; tags, styles and code stay as they are."""
    return html if (language or _spoken_here()) == ENGLISH else "".join(_blocks(html))


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speak another language than that of QGIS in this thread, such as where styles name the classes of a report."""
    before = getattr(_spoken, "language", None)
    _spoken.language = language
    try:
        yield
    finally:
        _spoken.language = before


_spoken_here = language
"""Where a parameter has that name."""


class _Found(NamedTuple):
    """A translation, and how many letters of the source it has understood."""

    text: str
    known: int


class _Template:
    """A text with values in it."""

    def __init__(self, source: str) -> None:
        pieces = _SLOT.split(source)
        self.source = source
        self.literals = pieces[::2]
        self.anchor = max(self.literals, key=len).strip()
        self.weight = len("".join(self.literals).strip())
        self._of_ours = [mark == "=" for mark in pieces[1::2]]
        self._patterns: list[re.Pattern[str]] = []

    def readings(self, text: str) -> list[tuple[str, ...]]:
        """Return the values a text may be made of, as where two values stand side by side there are several ways."""
        if len(text) * prod(text.count(one) for one in self.literals[1:-1]) > _MOST_STEPS:
            return []
        if not self._patterns:
            literals = [re.escape(one) for one in self.literals]
            # an empty value at an end leaves a blank that may have been taken off
            if not self.literals[0]:
                literals[1] = re.sub(r"^(\\ )+", r"(?:^|\\s+)", literals[1])
            if not self.literals[-1]:
                literals[-2] = re.sub(r"(\\ )+$", r"(?:\\s+|$)", literals[-2])
            # a value beside a letter is an ending such as ' (ha)', not the rest of a word
            for k, literal in enumerate(self.literals):
                if k < len(literals) - 1 and literal[-1:].isalpha():
                    literals[k] += r"(?![\w-])"
                if literal[-1:] == " ":
                    literals[k] += r"(?!\()"  # a unit in brackets belongs to a heading
                if k and literal[:1].isalpha():
                    literals[k] = r"(?<![\w-])" + literals[k]
            self._patterns = [re.compile(slot.join(literals), re.DOTALL) for slot in _SLOTS]
        return list(dict.fromkeys(match.groups() for one in self._patterns if (match := one.fullmatch(text))))

    def slots(self, values: tuple[str, ...]) -> Iterator[tuple[str, str, bool]]:
        """Yield placeholder, value and whether it may be a text of ours."""
        quoted = False
        for number, (value, known, before) in enumerate(zip(values, self._of_ours, self.literals), 1):
            # an apostrophe within a word is no quotation mark
            quoted ^= len(re.findall(r"(?<![a-z])'|'(?![a-z])", before)) % 2 == 1
            yield (
                f"{{{'=' if known else ''}{number}}}",
                value,
                known or not (quoted or _TYPED.search(before) or _PATH.fullmatch(value)),
            )


class _Chinese:
    """The translations, and the templates, which are read when a text is not one of the sources as it stands."""

    def __init__(self) -> None:
        self._translator = QTranslator()
        # Out of memory, as a file that Qt has mapped can be neither replaced on Windows nor changed safely elsewhere.
        self._compiled = _read(f"ecosecnet_{CHINESE}.qm")
        self._translator.loadFromData(self._compiled)
        self._templates: dict[str, list[_Template]] = {}

    def exact(self, text: str) -> str:
        # bytes: PyQt takes texts of ASCII only here
        return self._translator.translate(_CONTEXT, text.encode("utf-8")) or ""

    def fitting(self, text: str) -> Iterator[_Template]:
        """Yield the templates that may have made a text, those of the most literal text first."""
        if not self._templates:
            self._templates = {"": []}
            for source in json.loads(_read("templates.json") or "[]"):
                self._templates.setdefault(_key(source), []).append(_Template(source))
        brief = len(text) <= _BRIEF and not _SENTENCE.search(text)
        least = 0 if brief else _FEW
        found = [one for word in {"", *_WORD.findall(text)} for one in self._templates.get(word, ())]
        found = [one for one in found if one.anchor in text and least <= one.weight <= len(text)]
        return iter(sorted(found, key=lambda one: (-one.weight, one.source)))


def _key(source: str) -> str:
    """Return a word that every text of a template holds, by which it is found; none where all stand at a value."""
    words = re.findall(r"(?<![A-Za-z}])[A-Za-z]{2,}(?![A-Za-z{])", source)
    return max(words, key=len, default="")


def _read(name: str) -> bytes:
    """Return a file of the translations; nothing where a checkout has not been through scripts/translate."""
    try:
        with open(os.path.join(_FOLDER, name), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


@cache
def _chinese() -> _Chinese:
    return _Chinese()


@lru_cache(maxsize=4096)
def _translate(text: str) -> str:
    lines = text.split("\n")
    if len(lines) > 1:
        whole = _exact(text)
        return whole.text if whole else "\n".join(map(_translate, lines))
    # reports write the unit as the field does before they are translated
    mark, rest = re.fullmatch(r"(\s*- )?(.*)", text.replace("hm²", "ha")).groups(default="")
    return mark + re.sub(f"(?<=[{_FULL_WIDTH}]) +(?=[^\\s(])", "", _in_full_width(_understood(rest).text))


_HAN = "\u3400-\u9fff"
_QUOTED = re.compile("(“[^”]*”|「[^」]*」|'[^']*')")
_NARROW = (
    (re.compile(rf"(?<=[{_HAN}]) \((?!\*|\d+\))([^()]*)\)(?![\w/.-])"), r"（\1）"),
    (re.compile(rf"(?<=[{_HAN}）]), (?=[{_HAN}])"), "、"),
    (re.compile(rf"(?<=[{_HAN}）]), "), "，"),
    (re.compile(f" +(?=[{_FULL_WIDTH}])"), ""),
)
"""Brackets, commas and blanks behind Chinese; not the number of a copy, as of a layer, nor what a file is called."""


def _in_full_width(text: str) -> str:
    """Return a text with the marks between its values, which were written for English, as in Chinese."""
    parts = _QUOTED.split(text)
    for k in range(0, len(parts), 2):
        for narrow, wide in _NARROW:
            parts[k] = narrow.sub(wide, parts[k])
    return "".join(parts)


def _understood(text: str) -> _Found:
    try:
        return _best(text)
    except RecursionError:  # brackets in brackets, or the like, that no source has
        return _Found(text, 0)


def _exact(text: str) -> _Found | None:
    """Return the translation of a text of the sources as it stands; blanks around it stay."""
    bare = text.strip()
    if not bare:
        return _Found(text, 0)
    found = _chinese().exact(bare)
    if not found and bare[0].islower():  # such as a label in the middle of a sentence
        found = _chinese().exact(bare[0].upper() + bare[1:])
    if not found and bare[0].isupper():
        found = _chinese().exact(bare[0].lower() + bare[1:])
    return _Found(text.replace(bare, found, 1), len(bare)) if found else None


@lru_cache(maxsize=4096)
def _best(text: str) -> _Found:
    """Return the translation that understands most of a text."""
    exact = _exact(text)
    if exact or not _WORD.search(text) or len(text) > _LONGEST:
        return exact or _Found(text, 0)
    heading = _HEADING.fullmatch(text)
    if heading:
        said = _best(heading[1])
        if said.known >= 0.9 * len(_letters(heading[1])):
            return _Found(f"{said.text}（{heading[2].replace('ha', 'hm²')}）", len(text))
    enough = 0.9 * len(re.sub(r"[\d\s.,%]+", "", text))
    best = _by_template(text)
    if best.known < enough:
        best = max(best, _by_sentences(text), key=lambda one: one.known)
    if best.known < enough:
        best = max(best, _by_marks(text), _after_name(text), key=lambda one: one.known)
    return best


def _after_name(text: str) -> _Found:
    """Return the translation of what a name is said of, such as 'Slope: no cell has a value.'; the name may be anything."""
    name, _, rest = text.partition(": ")
    if not rest or len(name) > _BRIEF or rest.count(": ") >= _MOST_NAMES:
        return _Found(text, 0)
    head, said = _exact(name) or _by_template(name), _best(rest)
    return _Found(f"{head.text}：{said.text}", head.known + said.known)


_HEADING = re.compile(r"([A-Z][^.:;()]*) \((%|°|ha|m|m²|km|km²)\)")
"""What is measured, and in what unit."""

_MARKS = (("; ", "；"), (": ", "："), (", ", "、"), (" (", "（"), (" and ", "和"), (" or ", "或"))
"""What parts of a text are joined by, and what joins them in Chinese."""


def _by_template(text: str, holding: re.Pattern[str] = _WORD) -> _Found:
    """Return the translation by the template that understands most, of those that hold something."""
    bare = text.strip()
    best = _Found(text, 0)
    for other in (bare, bare[:1].swapcase() + bare[1:]):  # such as a label in the middle of a sentence
        for template in _chinese().fitting(other):
            # those that follow have less literal text
            if best.known >= template.weight and best.known > 0.6 * len(bare):
                break
            found = _filled(template, other) if holding.search(template.source) else None
            if found is not None and found.known > best.known:
                best = found._replace(text=text.replace(bare, found.text, 1))
        if best.known or not bare[:1].isalpha():
            break
    return best


def _filled(template: _Template, text: str) -> _Found | None:
    """Return the translation by a template; None if it has none, or is not that of the text."""
    readings = template.readings(text)
    translation = _chinese().exact(template.source) if readings else ""
    if not translation:
        return None
    return max((_with_values(template, translation, text, one) for one in readings), key=lambda one: one.known)


def _with_values(template: _Template, translation: str, text: str, values: tuple[str, ...]) -> _Found:
    known = template.weight
    for slot, value, ours in template.slots(values):
        if _SENTENCE.search(value):
            known -= len(value)  # several sentences that nobody knows are no value
        if ours and value != text:
            held = _best(value)
            # a name that happens to hold a word of ours stays a name
            if held.known >= 0.5 * len(_letters(value)):
                known += held.known + (len(value) - 20 if _SENTENCE.search(value) else 0)
                value = held.text
        value = re.sub(f"(?<=[{_FULL_WIDTH}]) +$", "", value)
        translation = translation.replace(slot, value.replace("{", "\0"), 1)
    return _Found(translation.replace("\0", "{"), known)


def _letters(text: str) -> str:
    return re.sub(r"[^A-Za-z]", "", text)


def _by_sentences(text: str) -> _Found:
    """Return the translation of a text of several sentences, cut where most of it is understood."""
    ends = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    count = len(ends) - 1
    if count == 1:
        return _Found(text, 0)
    best = [_Found("", 0)] * (count + 1)
    for start in range(count - 1, -1, -1):
        found = []
        for end in range(start + 1, min(count, start + _MOST_SENTENCES) + 1):
            run = text[ends[start] : ends[end]].strip()
            if end == start + 1:
                one = max(_exact(run) or _by_template(run), _by_marks(run), key=lambda one: one.known)
            elif end - start < count:
                one = _exact(run) or _by_template(run, _SENTENCE)
            else:
                continue
            after = best[end]
            gap = " " if after.text and one.text[-1:] not in _FULL_WIDTH else ""
            found.append(_Found(f"{one.text}{gap}{after.text}", one.known + after.known))
        best[start] = max(found, key=lambda one: one.known)
    return best[0]


def _by_marks(text: str) -> _Found:
    """Return the translation of a text cut at the marks with which most of it is understood, if that is half of it."""
    best = max(_part(text), *(_by_parts(text, *marks) for marks in _MARKS), key=lambda one: one.known)
    return best if best.known >= 0.5 * len(_letters(text)) else _Found(text, 0)


def _by_parts(text: str, mark: str, chinese: str) -> _Found:
    """Return the translation of a text whose parts are joined by a mark."""
    parts = text.split(mark)
    if len(parts) == 1:
        return _Found(text, 0)
    made, known, place = "", 0, 0
    while place < len(parts):
        # what holds the mark itself first, such as the name of a class
        ends = range(min(len(parts), place + _MOST_PARTS), place + 1, -1)
        whole = (_exact(mark.join(parts[place:end])) for end in ends)
        end, found = next(((end, one) for end, one in zip(ends, whole) if one), (place + 1, None))
        part = mark.join(parts[place:end])
        found = found or _part(part)
        first, place = not place, end
        if first:
            made, known = found.text, found.known
            continue
        if found.known < 0.7 * len(_letters(part)):
            half = f"({part}" if mark == " (" else f"{mark.strip()} {part}"
            glued = _exact(half) or _by_template(half)
            if glued.known > found.known:  # a half sentence that begins with its mark
                made, known = made + glued.text, known + glued.known
                continue
        if mark == " (" and found.text == f"{made})":
            pass  # said in both languages already
        elif mark == " (":
            made += (
                f"（{found.text[:-1]}）" if found.text.endswith(")") and (found.known or known) else f" ({found.text}"
            )
        else:
            made += chinese + found.text
        known += found.known
    return _Found(made, known)


_EDGES = re.compile(r"(\(\w\)\s+|[-+]?\d[\d.,]*(?:e[-+]\d+)?\s+|[^A-Za-z]*)(.*?)([^A-Za-z]*)", re.DOTALL)
"""A number or the like, what it is of, and what comes behind."""


def _part(text: str) -> _Found:
    if text.endswith(")") and "(" not in text:
        inner = _best(text[:-1])
        return _Found(f"{inner.text})", inner.known)
    exact = _exact(text)
    if exact:
        return exact
    # such as '(a) Land use', 'core 63.5 %', '12 ha'
    before, name, after = _EDGES.fullmatch(text).groups()
    within = re.search(r"[\w/\\]$", before) or re.match(r"[\w/\\]", after)  # a name or a path, such as 'core_1'
    exact = _exact(name) if (before or after) and not within else None
    if exact:
        return _Found(before + exact.text + after, exact.known)
    both = re.fullmatch(r"([A-Za-z][A-Za-z ,;:-]*?) ?([\u3400-\u9fff].*)", text)
    if both and _exact(both[1]):  # said in both languages already
        return _Found(both[2], len(both[1]))
    head, _, tail = text.rpartition(" ")
    found = [_exact(one) for one in (head, tail)] if head else [None]
    if all(found):
        return _Found("".join(one.text for one in found), sum(one.known for one in found))
    return _by_template(text)


# HTML ----------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"<!--.*?-->|<(style|script|pre|code)\b.*?</\1\s*>|<[a-zA-Z/!][^<>]*>", re.DOTALL)
_INLINE = re.compile(r"</?(?:b|i|em|strong|sub|sup|a|small|span|mark|u|q|cite)\b", re.IGNORECASE)
_READ = re.compile(r"""(\s(?:alt|title|aria-label)=)("[^"]*"|'[^']*')""")


def _blocks(html: str) -> Iterator[str]:
    """Yield pieces of HTML, translated: what lies between two tags of blocks is one text."""
    run: list[str] = []
    place = 0
    for match in _TAG.finditer(html):
        run.append(html[place : match.start()])
        place = match.end()
        tag = match.group()
        if _INLINE.match(tag):
            run.append(_attributes(tag))
            continue
        yield from _inline(run)
        run = []
        yield _attributes(tag) if not match.group(1) else tag
    run.append(html[place:])
    yield from _inline(run)


def _attributes(tag: str) -> str:
    tag = re.sub(r"""(<html[^>]*\slang=)("en"|'en')""", r'\1"zh-CN"', tag)
    return _READ.sub(lambda one: one.group(1) + one.group(2)[0] + _plain(one.group(2)[1:-1]) + one.group(2)[0], tag)


def _inline(run: list[str]) -> Iterator[str]:
    """Yield a text with tags inside it: as a whole where the sources have it so, else piece by piece."""
    text = "".join(run)
    if not _WORD.search(re.sub(r"<[^<>]*>", "", text)):
        yield text
    elif "<" not in text:
        yield _plain(text)
    else:
        bare = text.strip()
        found = _understood(bare)
        if found.known > 0.6 * len(bare):
            yield text.replace(bare, found.text, 1)
        else:
            yield from (one if one.startswith("<") else _plain(one) for one in run)


def _plain(text: str) -> str:
    """Return escaped text, translated."""
    plain = unescape(text)
    if plain != text and _understood(text.strip()).known > max(
        0.6 * len(text.strip()), _understood(plain.strip()).known
    ):
        return tr(text, CHINESE)  # in the sources with its entities
    made = tr(plain, CHINESE)
    return text if made == plain else escape(made)


def both(english: str) -> str:
    """Return a page in English with the same in Chinese behind it, and a link to that at its top."""
    head, body, rest = re.split(r"(?<=<body>)|(?=</body>)", english, maxsplit=2)
    chinese = re.search(r"<body>(.*)</body>", tr_html(english, CHINESE), re.DOTALL).group(1)
    # places of the second half have names of their own, so that its links stay in it
    chinese = re.sub(r"""(\s(?:id|href|xlink:href|for|aria-labelledby)=["']#?)(?=[\w-]+["'])""", r"\1zh-", chinese)
    chinese = chinese.replace("url(#", "url(#zh-")
    link = "<p class='edition'><a href='#zh' lang='zh-CN'>中文版</a></p>"
    return f"{head}<article lang='en'>{link}{body}</article>\n<article id='zh' lang='zh-CN'>{chinese}</article>{rest}"
