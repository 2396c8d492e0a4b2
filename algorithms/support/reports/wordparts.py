"""The parts of a file of Word that are the same in every document: styles, footer, what belongs to what."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MAIN = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"

PARTS = [("officeDocument", "word/document.xml"), ("core", "docProps/core.xml")]

_KINDS = {"core": f"{_PACKAGE}/relationships/metadata/core-properties"}

_STYLES = (
    # id, name, based on, next, of the paragraph, of the letters
    ("Title", "Title", "Normal", "Normal", '<w:spacing w:after="120"/>', '<w:b/><w:sz w:val="40"/>'),
    ("Heading1", "heading 1", "Normal", "Normal", '<w:keepNext/><w:keepLines/><w:pBdr><w:bottom w:val="single" w:sz="8" '
     'w:space="1" w:color="CFE0D3"/></w:pBdr><w:spacing w:before="360" w:after="120"/><w:outlineLvl w:val="0"/>',
     '<w:b/><w:sz w:val="30"/>'),
    ("Heading2", "heading 2", "Normal", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="240" w:after="80"/>'
     '<w:outlineLvl w:val="1"/>', '<w:b/><w:sz w:val="24"/>'),
    ("Heading3", "heading 3", "Normal", "Normal", '<w:keepNext/><w:keepLines/><w:spacing w:before="200" w:after="60"/>'
     '<w:outlineLvl w:val="2"/>', '<w:b/><w:sz w:val="22"/>'),
    ("TOCHeading", "TOC Heading", "Normal", "Normal", '<w:keepNext/><w:spacing w:before="240" w:after="80"/>',
     '<w:b/><w:sz w:val="26"/>'),
    ("TOC1", "toc 1", "Normal", "Normal", '<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="9356"/></w:tabs>'
     '<w:spacing w:after="20"/>', ""),
    ("TOC2", "toc 2", "Normal", "Normal", '<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="9356"/></w:tabs>'
     '<w:spacing w:after="0"/><w:ind w:left="280"/>', '<w:sz w:val="19"/>'),
    ("Fact", "Fact", "Normal", "Fact", '<w:spacing w:after="20"/>', '<w:sz w:val="20"/>'),
    ("Card", "Headline number", "Normal", "Card", '<w:shd w:val="clear" w:color="auto" w:fill="EEF5F0"/>'
     '<w:spacing w:after="40"/>', '<w:sz w:val="24"/>'),
    ("Caption", "caption", "Normal", "Normal", '<w:spacing w:before="60" w:after="120"/>',
     '<w:color w:val="44534A"/><w:sz w:val="18"/>'),
    ("Figure", "Figure", "Normal", "Caption", '<w:keepNext/><w:spacing w:before="120" w:after="0"/>', ""),
    ("Key", "Legend", "Normal", "Normal", '<w:spacing w:after="20"/>', '<w:sz w:val="18"/>'),
    ("Cell", "Table text", "Normal", "Cell", '<w:spacing w:before="10" w:after="10" w:line="240" w:lineRule="auto"/>',
     '<w:sz w:val="16"/>'),
    ("After", "After a table", "Normal", "Normal", '<w:spacing w:after="60" w:line="120" w:lineRule="exact"/>', ""),
    ("ListBullet", "List Bullet", "Normal", "ListBullet", '<w:tabs><w:tab w:val="left" w:pos="284"/></w:tabs>'
     '<w:spacing w:after="60"/><w:ind w:left="284" w:hanging="284"/>', ""),
    ("Warning", "Warning", "Normal", "Normal", '<w:pBdr><w:left w:val="single" w:sz="24" w:space="6" w:color="C98B00"/>'
     '</w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="FFF6DF"/><w:spacing w:after="100"/><w:ind w:left="140"/>', ""),
    ("Code", "Code", "Normal", "Normal", '<w:shd w:val="clear" w:color="auto" w:fill="EEF5F0"/><w:spacing w:after="100"/>',
     '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/><w:sz w:val="16"/>'),
    ("Footer", "footer", "Normal", "Footer", '<w:tabs><w:tab w:val="right" w:pos="9356"/></w:tabs><w:spacing w:after="0"/>',
     '<w:color w:val="55675D"/><w:sz w:val="16"/>'),
)  # fmt: skip


def content_types() -> str:
    """Return what kind each file of the package is of."""
    return (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        '<Default Extension="jpeg" ContentType="image/jpeg"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/>'
        f'<Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
        f'<Override PartName="/word/footer1.xml" ContentType="{_TYPE}.footer+xml"/>'
        '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        "</Types>"
    )


def relations(parts: Sequence[tuple[str, str]]) -> str:
    """Return the parts that belong to one, numbered from 1."""
    return (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{k}" Type="{_KINDS.get(kind, f"{_OFFICE}/{kind}")}" Target="{target}"/>'
            for k, (kind, target) in enumerate(parts, start=1)
        )
        + "</Relationships>"
    )


def core_properties(title: str, author: str, made: datetime.datetime, language: str) -> str:
    """Return title, author, date and language; texts are escaped already."""
    moment = made.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    stamps = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{moment}</dcterms:{name}>' for name in ("created", "modified")
    )
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:language>{language}</dc:language>{stamps}"
        "</cp:coreProperties>"
    )


def footer(title: str) -> str:
    """Return the foot of each page: title, number of the page and of all."""
    pages = '<w:fldSimple w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    pages += '<w:r><w:t xml:space="preserve"> / </w:t></w:r>'
    pages += '<w:fldSimple w:instr=" NUMPAGES "><w:r><w:t>1</w:t></w:r></w:fldSimple>'
    return (
        f'<w:ftr {_MAIN}><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr><w:r><w:t xml:space="preserve">{title}</w:t></w:r>'
        f"<w:r><w:tab/></w:r>{pages}</w:p></w:ftr>"
    )


def styles(language: str) -> str:
    """Return the styles; those that Word knows have its names, so that its navigation and its lists find them."""
    fonts = '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:cs="Calibri" w:eastAsia="Microsoft YaHei"/>'
    made = "".join(
        f'<w:style w:type="paragraph" w:styleId="{one}"><w:name w:val="{name}"/><w:basedOn w:val="{based}"/>'
        f'<w:next w:val="{after}"/><w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{letters}</w:rPr></w:style>'
        for one, name, based, after, paragraph, letters in _STYLES
    )
    line = '<w:{} w:val="single" w:sz="4" w:space="0" w:color="C7D4CB"/>'
    borders = "".join(line.format(side) for side in ("top", "bottom", "insideH"))
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr>{fonts}<w:sz w:val="21"/><w:lang w:val="{language}" w:eastAsia="zh-CN"/>'
        '</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="100" w:line="264" w:lineRule="auto"/></w:pPr>'
        "</w:pPrDefault></w:docDefaults>"
    )
    tables = (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/><w:tblPr><w:tblCellMar>'
        '<w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
        '<w:style w:type="table" w:styleId="Report"><w:name w:val="Report table"/><w:basedOn w:val="TableNormal"/><w:tblPr>'
        f"<w:tblBorders>{borders}</w:tblBorders></w:tblPr></w:style>"
    )
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/></w:style>'
    )
    return f"<w:styles {_MAIN}>{defaults}{normal}{made}{tables}</w:styles>"
