"""report.docx: the same notice as report.pdf, for the desks that still change its words in WPS or Word.

The sentences and the rows come from `scoring.reports.view`; here they are only laid out. No number is computed.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Pt

from scoring.reports.docx_layout import RED, TEXT_WIDTH, WIDE_TEXT_WIDTH, blank, margins, page, put
from scoring.reports.office_text import printable
from scoring.reports.ooxml import element, repack, rules, stand_at_bottom

if TYPE_CHECKING:
    from scoring.assessment import Assessment

_TWIPS: Final = 20  # in a point


@dataclass(frozen=True)
class Column:
    """A column of the annex: its heading, its share of the width, and where its text stands."""

    label: str
    share: float
    align: str = "center"


@dataclass(frozen=True)
class Notice:
    """What the document says, in the order of the page. Empty strings and tuples leave their place out."""

    lang: str
    as_of: date
    head: str
    issuer: str
    number: str
    title: str
    addressee: str
    sections: Sequence[tuple[str, Sequence[str]]]
    attachment: str
    signed: str
    dated: str
    annex_mark: str
    annex_title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    imprint: Sequence[tuple[str, str]]
    watermark: str
    run_line: str


def lay_out(notice: Notice, path: Path) -> None:
    """Write a notice as an editable document; equal notices give equal bytes."""
    document = blank(notice.title, notice.issuer, notice.lang, notice.as_of)
    page(document.sections[0])
    margins(document, document.sections[0], notice.watermark, notice.run_line)
    _front(document, notice)
    for heading, paragraphs in notice.sections:
        if heading:
            put(document, "Heading1", heading)
        for text in paragraphs:
            put(document, "BodyParagraph", text)
    _close(document, notice)
    if notice.rows:
        page(document.add_section(WD_SECTION.NEW_PAGE), landscape=True)
        _annex(document, notice)
    packed = io.BytesIO()
    document.save(packed)
    repack(packed.getvalue(), path)


def _front(document: Document, notice: Notice) -> None:
    """The red head, the number, the red line, the title and whom it is for."""
    put(document, "IssuerHead", notice.head)
    number = put(document, "DocumentNumber", notice.number)
    rules(number, bottom=(2, RED))
    # 4 mm between the number and the line: the border's own space, in points, ends at 31.
    number._p.pPr.find(qn("w:pBdr"))[0].set(qn("w:space"), "11")  # noqa: SLF001
    for _ in range(2):
        put(document, "BodyParagraph", "")
    put(document, "Title", notice.title)
    put(document, "Addressee", notice.addressee)


def _close(document: Document, notice: Notice) -> None:
    """What is annexed, who signs, when, and the imprint at the foot of the page."""
    if notice.attachment:
        put(document, "AttachmentNote", notice.attachment)
    for _ in range(2):  # room for the seal
        put(document, "BodyParagraph", "").paragraph_format.keep_with_next = True
    # The date ends four characters from the right; the name stands over its middle.
    date_width, name_width = _characters(notice.dated), _characters(notice.signed)
    for text, indent in ((notice.signed, max(0.0, 4 + (date_width - name_width) / 2)), (notice.dated, 4.0)):
        if text:
            line = put(document, "Signature", text)
            line.paragraph_format.right_indent = Pt(16 * indent)
    line_width = round(TEXT_WIDTH.pt * _TWIPS)
    for number, (left, right) in enumerate(notice.imprint):
        line = put(document, "Imprint", left + ("\t" + right if right else ""))
        form = line.paragraph_format
        form.left_indent = form.right_indent = Pt(14)
        form.tab_stops.add_tab_stop(Pt(TEXT_WIDTH.pt - 14), WD_TAB_ALIGNMENT.RIGHT)
        thick, thin = (1.0, "000000"), (0.75, "000000")  # 0.35 and 0.25 mm
        last = number == len(notice.imprint) - 1
        rules(line, top=thick if number == 0 else thin, **({"bottom": thick} if last else {}))
        stand_at_bottom(line, line_width)


def _characters(text: str) -> float:
    """How many Chinese characters wide a text is: letters and digits count half."""
    return sum(0.5 if ord(character) < 0x2E80 else 1.0 for character in text)


def _annex(document: Document, notice: Notice) -> None:
    """The landscape table: its head again on every page, no row cut by a page's end."""
    put(document, "AnnexMark", notice.annex_mark)
    put(document, "AnnexTitle", notice.annex_title)
    whole = sum(column.share for column in notice.columns)
    widths = [round(WIDE_TEXT_WIDTH.pt * _TWIPS * column.share / whole) for column in notice.columns]
    borders = [
        element("w:" + side, {"val": "single", "sz": size, "space": 0, "color": "000000"})
        for side, size in (("top", 8), ("left", 4), ("bottom", 8), ("right", 4), ("insideH", 4), ("insideV", 4))
    ]
    narrow = [element("w:" + side, {"w": 40, "type": "dxa"}) for side in ("left", "right")]
    table = element(
        "w:tbl",
        None,
        element(
            "w:tblPr",
            None,
            element("w:tblW", {"w": sum(widths), "type": "dxa"}),
            element("w:jc", {"val": "center"}),
            element("w:tblBorders", None, *borders),
            element("w:tblLayout", {"type": "fixed"}),
            element("w:tblCellMar", None, *narrow),
        ),
        element("w:tblGrid", None, *(element("w:gridCol", {"w": width}) for width in widths)),
    )
    labels = [column.label for column in notice.columns]
    table.append(_row(labels, widths, ["center"] * len(widths), "TableHead", head=True))
    aligns = [column.align for column in notice.columns]
    for row in notice.rows:
        table.append(_row(row, widths, aligns, "TableText"))
    body = document.element.body
    body.insert(len(body) - 1, table)  # before the last section's properties
    for note in notice.notes or ("",):  # Word wants a paragraph after a table
        put(document, "TableNote", note)


def _row(
    texts: Sequence[str], widths: Sequence[int], aligns: Sequence[str], style: str, *, head: bool = False
) -> BaseOxmlElement:
    """One row as XML: python-docx looks through the whole table for each cell, which 2,000 towns would feel."""
    properties = [element("w:cantSplit"), element("w:trHeight", {"val": 400, "hRule": "atLeast"})]
    if head:
        properties.append(element("w:tblHeader"))
    row = element("w:tr", None, element("w:trPr", None, *properties))
    for text, width, align in zip(texts, widths, aligns, strict=True):
        words = element("w:t")
        words.text = printable(text).replace("\n", " ")
        words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        shape = element("w:pPr", None, element("w:pStyle", {"val": style}), element("w:jc", {"val": align}))
        paragraph = element("w:p", None, shape, element("w:r", None, words))
        cell = element("w:tcPr", None, element("w:tcW", {"w": width, "type": "dxa"}), element("w:vAlign", {"val": "center"}))
        row.append(element("w:tc", None, cell, paragraph))
    return row
