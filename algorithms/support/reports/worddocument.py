"""Writes documents for Word (DOCX, ECMA-376): A4, headings and captions as styles, tables with rows of headers."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Sequence

from ..plaintext import escape
from .document import (
    Block,
    Bullets,
    Cards,
    Code,
    Document,
    Figure,
    Heading,
    Paragraph,
    Picture,
    Say,
    Table,
    cell_text,
    figure_label,
    numbered,
    numeric,
    part_label,
    sayer,
    table_label,
)
from .plots import rasterised
from .wordparts import PARTS, content_types, core_properties, footer, relations, styles

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NUMBER = re.compile(r"\d+")
_TEXT_WIDTH, _MOST_HEIGHT = 165.0, 215.0
"""Of a page in mm, between the margins."""
_WIDEST, _BESIDE = 28, 3
"""Letters that a column of a table has room for at most, and what lies beside them."""
_EMU = 36_000
"""English metric units of a mm."""
_TWIPS = 56.7
TAGS = {"en": "en-US", "zh_CN": "zh-CN"}
"""How Word names the languages."""

_NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)


def word_document(document: Document, languages: Sequence[str]) -> bytes:
    """Return a document as a file of Word; in several languages, one after the other, each on new pages."""
    writer = _Writer(document)
    body = "".join(writer.edition(language, last=language == languages[-1]) for language in languages)
    say = sayer(languages[0])
    title = document.title_in(say)
    files = {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relations(PARTS),
        "docProps/core.xml": core_properties(_clean(title), _clean(document.author), document.made, TAGS[languages[0]]),
        "word/styles.xml": styles(TAGS[languages[0]]),
        "word/footer1.xml": footer(_clean(title)),
        "word/document.xml": f"<w:document {_NAMESPACES}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": relations(writer.links),
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}')
        for name, content in writer.pictures.items():
            archive.writestr(name, content, zipfile.ZIP_STORED)
    return held.getvalue()


def _clean(text: str) -> str:
    return escape(_NOT_XML.sub(" ", text), quote=False)


class _Writer:
    """Turns blocks into WordprocessingML, and keeps the pictures."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.pictures: dict[str, bytes] = {}
        self.links = [("styles", "styles.xml"), ("footer", "footer1.xml")]
        self._bookmarks = 0
        self._language, self._say = "en", sayer("en")

    def edition(self, language: str, *, last: bool) -> str:
        """Return the document in a language."""
        self._language, self._say = language, sayer(language)
        document, say = self._document, self._say
        marks = f"_{TAGS[language][:2]}"
        facts = "".join(
            self._paragraph("Fact", self._run(f"{say(label)}: ", bold=True) + self._run(value))
            for label, value in document.facts
        )
        parts = [self._paragraph("Title", self._run(document.title_in(say))), facts, self._contents(marks)]
        for block, number in numbered(document.blocks):
            parts.append(self._block(block, number, marks))
        section = (
            '<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:type w:val="nextPage"/>'
            '<w:pgSz w:w="11906" w:h="16838"/>'
            '<w:pgMar w:top="1247" w:right="1275" w:bottom="1247" w:left="1275" w:header="600" w:footer="600" w:gutter="0"/>'
            "</w:sectPr>"
        )
        parts.append(section if last else f"<w:p><w:pPr>{section}</w:pPr></w:p>")
        return "".join(parts)

    def _contents(self, marks: str) -> str:
        """Return the contents as a field, which Word brings up to date with the numbers of the pages."""
        entries = [(b, n) for b, n in numbered(self._document.blocks) if isinstance(b, Heading)]
        lines = []
        for k, (block, number) in enumerate(entries):
            begin = end = ""
            if not k:
                begin = _field("begin", dirty=True) + _instruction(r' TOC \o "1-2" \h \z \u ') + _field("separate")
            if k == len(entries) - 1:
                end = _field("end")
            page = (
                _field("begin")
                + _instruction(f" PAGEREF {marks}{number} \\h ")
                + _field("separate")
                + "<w:r><w:t> </w:t></w:r>"
                + _field("end")
            )
            link = (
                f'<w:hyperlink w:anchor="{marks}{number}" w:history="1">{self._run(self._say(block.text))}<w:r><w:tab/></w:r>'
                f"{page}</w:hyperlink>"
            )
            lines.append(self._paragraph(f"TOC{min(block.level, 2)}", begin + link + end))
        return self._paragraph("TOCHeading", self._run(self._say("Contents"))) + "".join(lines)

    def _block(self, block: Block, number: int, marks: str) -> str:
        say = self._say
        if isinstance(block, Heading):
            self._bookmarks += 1
            inner = (
                f'<w:bookmarkStart w:id="{self._bookmarks}" w:name="{marks}{number}"/>{self._run(say(block.text))}'
                f'<w:bookmarkEnd w:id="{self._bookmarks}"/>'
            )
            return self._paragraph(f"Heading{block.level}", inner)
        if isinstance(block, Paragraph):
            return self._paragraph("Warning" if block.look == "warning" else "", self._run(say(block.text)))
        if isinstance(block, Code):
            return self._paragraph("Code", self._run(block.text))
        if isinstance(block, Bullets):
            return "".join(
                self._paragraph("ListBullet", self._run("•") + "<w:r><w:tab/></w:r>" + self._run(say(text)))
                for text in block.texts
            )
        if isinstance(block, Cards):
            return "".join(
                self._paragraph("Card", self._run(value, bold=True) + self._run(f"  {say(name)}"))
                for value, name in block.numbers
            )
        return self._table(block, number) if isinstance(block, Table) else self._figure(block, number)

    def _run(self, text: str, *, bold: bool = False, colour: str = "") -> str:
        look = "<w:b/>" if bold else ""
        look += f'<w:color w:val="{colour}"/>' if colour else ""
        look += f'<w:lang w:val="{TAGS["en"]}" w:eastAsia="zh-CN"/>'
        lines = "<w:br/>".join(f'<w:t xml:space="preserve">{_clean(line)}</w:t>' for line in text.split("\n"))
        return f"<w:r><w:rPr>{look}</w:rPr>{lines}</w:r>"

    def _paragraph(self, style: str, inner: str, more: str = "") -> str:
        look = f'<w:pStyle w:val="{style}"/>' if style else ""
        return f"<w:p><w:pPr>{look}{more}</w:pPr>{inner}</w:p>"

    def _caption(self, label: str, kind: str, text: str, *, above: bool) -> str:
        """Return a caption whose number is counted by Word."""
        say = self._say
        called = say(label)
        number = _NUMBER.search(called)
        before, after = (called[: number.start()], called[number.end() :]) if number else (called, "")
        count = (
            f'<w:fldSimple w:instr=" SEQ {kind} \\* ARABIC ">{self._run(number[0], bold=True)}</w:fldSimple>'
            if number
            else ""
        )
        inner = self._run(before, bold=True) + count + self._run(f"{after}  ", bold=True) + self._run(say(text))
        return self._paragraph("Caption", inner, "<w:keepNext/>" if above else "")

    # tables --------------------------------------------------------------------------------------------------------

    def _table(self, block: Table, number: int) -> str:
        right = numeric(block)
        rows = [self._row([self._say(text) for text in block.headers], right, head=True)]
        for k in range(len(block.rows)):
            texts = [cell_text(block, k, column, self._say) for column in range(len(block.headers))]
            rows.append(self._row(texts, right, bold=block.total and k == len(block.rows) - 1))
        widths = _widths(block, self._say)
        grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
        above = self._caption(table_label(number), f"Table{self._language[:2]}", block.caption, above=True)
        return (
            f'{above}<w:tbl><w:tblPr><w:tblStyle w:val="Report"/><w:tblW w:w="5000" w:type="pct"/>'
            f'<w:tblLayout w:type="autofit"/><w:tblLook w:val="0420" w:firstRow="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
            f"{''.join(rows)}</w:tbl>{self._paragraph('After', '')}"
        )

    def _row(self, texts: Sequence[str], right: Sequence[bool], *, head: bool = False, bold: bool = False) -> str:
        cells = []
        for text, number in zip(texts, right):
            shade = '<w:tcPr><w:shd w:val="clear" w:color="auto" w:fill="EEF5F0"/></w:tcPr>' if head else ""
            place = '<w:jc w:val="right"/>' if number else ""
            cells.append(f"<w:tc>{shade}{self._paragraph('Cell', self._run(text, bold=head or bold), place)}</w:tc>")
        look = f"<w:trPr><w:cantSplit/>{'<w:tblHeader/>' if head else ''}</w:trPr>"
        return f"<w:tr>{look}{''.join(cells)}</w:tr>"

    # figures -------------------------------------------------------------------------------------------------------

    def _figure(self, block: Figure, number: int) -> str:
        say, language = self._say, self._language
        if block.parts:
            shown = self._side_by_side(block)
        else:
            picture = block.draw(language, say)
            drawn = self._drawing(picture, say(block.alternative or block.caption), _TEXT_WIDTH)
            shown = self._paragraph("Figure", drawn)
        keys = ""
        if block.keys:
            runs = "".join(
                self._run("■ ", colour="".join(f"{part:02X}" for part in colour[:3])) + self._run(f"{say(name)}   ")
                for name, colour in block.keys
            )
            keys = self._paragraph("Key", runs, "<w:keepNext/>")
        kind = f"Figure{language[:2]}"
        return shown + keys + self._caption(figure_label(number), kind, block.caption, above=False)

    def _side_by_side(self, block: Figure) -> str:
        width = _TEXT_WIDTH / 2 - 4.0
        cells = []
        for k, (text, draw) in enumerate(block.parts):
            said = f"{part_label(k)} {self._say(text)}"
            drawn = self._drawing(draw(self._language, self._say), f"{self._say(block.caption)}: {said}", width)
            cells.append(
                f"<w:tc>{self._paragraph('Figure', drawn)}{self._paragraph('Key', self._run(said), '<w:keepNext/>')}</w:tc>"
            )
        if len(cells) % 2:
            cells.append(f"<w:tc>{self._paragraph('Key', '')}</w:tc>")
        rows = "".join(
            f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{''.join(cells[k : k + 2])}</w:tr>" for k in range(0, len(cells), 2)
        )
        half = round(_TEXT_WIDTH / 2 * _TWIPS)
        return (
            f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>'
            f'<w:gridCol w:w="{half}"/><w:gridCol w:w="{half}"/></w:tblGrid>{rows}</w:tbl>'
        )

    def _drawing(self, picture: Picture, alternative: str, widest: float) -> str:
        """Return a picture in the line, not wider than so many mm."""
        content = picture.content if isinstance(picture.content, bytes) else rasterised(picture.content, picture.width)
        across, down = _pixels(content)
        width = min(picture.width, widest)
        height = width * down / across
        if height > _MOST_HEIGHT:
            width, height = width * _MOST_HEIGHT / height, _MOST_HEIGHT
        number = len(self.pictures) + 1
        ending = "jpeg" if content[:2] == b"\xff\xd8" else "png"
        file = f"media/picture{number}.{ending}"
        self.pictures[f"word/{file}"] = content
        self.links.append(("image", file))
        size = f'cx="{round(width * _EMU)}" cy="{round(height * _EMU)}"'
        name = f'id="{number}" name="Picture {number}" descr="{escape(_NOT_XML.sub(" ", alternative))}"'
        return (
            f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/><wp:docPr {name}/>'
            '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr><a:graphic>'
            '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr>'
            f'<pic:cNvPr {name}/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId{len(self.links)}"/>'
            f'<a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/>'
            '</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
            "</wp:inline></w:drawing></w:r>"
        )


def _field(kind: str, *, dirty: bool = False) -> str:
    changed = ' w:dirty="true"' if dirty else ""
    return f'<w:r><w:fldChar w:fldCharType="{kind}"{changed}/></w:r>'


def _instruction(text: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve">{escape(text, quote=False)}</w:instrText></w:r>'


def _widths(block: Table, say: Say) -> list[int]:
    """Return the widths of the columns in twips: by the letters in them, Chinese ones counted twice."""
    longest = []
    for k, header in enumerate(block.headers):
        texts = [max(say(header).split() or [""], key=_letters)]
        texts += [cell_text(block, row, k, say) for row in range(len(block.rows))]
        longest.append(min(_WIDEST, max(map(_letters, texts))) + _BESIDE)
    return [round(_TEXT_WIDTH * _TWIPS * one / sum(longest)) for one in longest]


def _letters(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _pixels(content: bytes) -> tuple[int, int]:
    """Return width and height of a PNG or JPEG file."""
    if content[:2] != b"\xff\xd8":
        return struct.unpack(">II", content[16:24])
    place = 2
    while True:
        marker, size = content[place + 1], struct.unpack(">H", content[place + 2 : place + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        place += 2 + size
