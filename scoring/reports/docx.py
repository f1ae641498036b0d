"""report.docx: the same notice as report.pdf, for the desks that still change its words in WPS or Word.

The sentences and the rows come from `scoring.reports.view`; here they are only laid out. No number is computed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docx.document import Document
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Pt

from scoring.messages import say
from scoring.reports.docx_layout import (
    RED,
    TEXT_HEIGHT,
    TEXT_WIDTH,
    WIDE_TEXT_WIDTH,
    blank,
    by_id,
    margins,
    page,
    put,
    table_size,
)
from scoring.reports.office_text import printable
from scoring.reports.ooxml import element, insert_table, repack, rules, table_cell, table_frame
from scoring.reports.trend_view import ReportTrend, report_trend
from scoring.reports.view import ReportView, report_view

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.reports.settings import Settings

_TWIPS: Final = 20  # in a point
_IMPRINT_LINE: Final = 28  # points


def write_docx(assessment: Assessment, settings: Settings, path: Path) -> None:
    """Write the notice as an editable document; equal assessments and settings give equal bytes.

    Parameters
    ----------
    assessment
        The whole assessment.
    settings
        The bureau's names, number and day of the paper; what is left out is blank, to be filled in.
    path
        Where the file is to lie; its folder exists.
    """
    made = date.fromisoformat(assessment.head["as_of"])
    lay_out(report_view(assessment, settings), made, path, report_trend(assessment, settings))


def lay_out(view: ReportView, made: date, path: Path, trend: ReportTrend | None = None) -> None:
    """Lay a notice out; `made` stands as the day on which the file was made."""
    document = blank(view.title, view.signer, view.lang, made)
    page(document.sections[0])
    margins(document, document.sections[0], view.watermark, view.trace)
    _front(document, view)
    for number, section in enumerate(view.sections, 1):
        if section.heading:
            put(document, "Heading1", section.heading)
        for paragraph in section.paragraphs:
            line = put(document, "BodyParagraph", "")
            if paragraph.lead:
                line.add_run(printable(paragraph.lead)).style = by_id(document, "RunInHeading", WD_STYLE_TYPE.CHARACTER)
            line.add_run(printable(paragraph.text))
        if trend is not None and number == 2:  # after the overall situation
            _trend(document, trend, view.lang)
    _close(document, view)
    page(document.add_section(WD_SECTION.NEW_PAGE), landscape=True)
    _annex(document, view)
    _imprint(document, view)
    packed = io.BytesIO()
    document.save(packed)
    repack(packed.getvalue(), path)


def _front(document: Document, view: ReportView) -> None:
    """Set the red head, the number, the red line, the title and whom it is for."""
    head = put(document, "IssuerHead", view.mark)
    # As large as one line of the type area allows.
    for run in head.runs:  # none while the name is still to be filled in
        run.font.size = Pt(min(48, max(22, int(TEXT_WIDTH.pt / max(1.0, _characters(view.mark))))))
    number = put(document, "DocumentNumber", view.number)
    # 4 mm are 11 pt, from the foot of the number to the line.
    rules(number, 11, bottom=(2, RED))
    for _ in range(2):
        put(document, "BodyParagraph", "")
    put(document, "Title", view.title)
    if view.example:
        put(document, "TableNote", view.example).paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    put(document, "Addressee", view.addressees)


def _trend(document: Document, trend: ReportTrend, lang: str) -> None:
    """Set what the PDF draws of earlier periods as a table, which can be edited."""
    put(document, "TableNote", say("reports-trend-mean", lang)).paragraph_format.keep_with_next = True
    width = round(TEXT_WIDTH.pt * _TWIPS)
    widths = [width // 2, width // 4, width - width // 2 - width // 4]
    table = table_frame(widths, {"top": 8, "bottom": 8, "insideH": 4})
    names = [say(f"reports-trend-column-{name}", lang) for name in ("period", "mean", "scored")]
    table.append(table_row(names, widths, ["center"] * 3, "TableHead", head=True))
    for row in trend.rows:
        table.append(table_row(row, widths, ["center"] * 3, "TableText"))
    insert_table(document, table)
    put(document, "TableNote", trend.rules)
    if trend.improved:
        put(document, "BodyParagraph", trend.improved)


def _close(document: Document, view: ReportView) -> None:
    """Say what is annexed, who signs and when."""
    if view.attachment:
        # The name never stands on a page without a line of text.
        document.paragraphs[-1].paragraph_format.keep_with_next = True
        put(document, "AttachmentNote", view.attachment)
    for _ in range(2):  # room for the seal
        put(document, "BodyParagraph", "").paragraph_format.keep_with_next = True
    # The date ends four characters from the right; the name stands over its middle.
    date_width, name_width = _characters(view.dated), _characters(view.signer)
    for text, indent in ((view.signer, max(0.0, 4 + (date_width - name_width) / 2)), (view.dated, 4.0)):
        if text:
            line = put(document, "Signature", text)
            line.paragraph_format.right_indent = Pt(16 * indent)


def _imprint(document: Document, view: ReportView) -> None:
    """Put the imprint at the foot of the last page, an even one: rules of 0.35 mm outside, 0.25 mm inside."""
    lines = [(left, right) for left, right in ((view.copies, ""), (view.printer, view.printed)) if left or right]
    if not lines:
        return
    page(document.add_section(WD_SECTION.EVEN_PAGE))
    # One tall empty line: Word, WPS and LibreOffice agree on that, not on what a table at the foot of a page is.
    above = put(document, "TableNote", "").paragraph_format
    above.space_before = Pt(0)
    above.line_spacing = Pt(TEXT_HEIGHT.pt - _IMPRINT_LINE * len(lines) - 20)
    width = round(TEXT_WIDTH.pt * _TWIPS)
    sides = {"top": 8, "bottom": 8, "insideH": 6}
    table = table_frame([width], sides)
    for left, right in lines:
        line = put(document, "Imprint", left + ("\t" + right if right else ""))
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
        line.paragraph_format.tab_stops.add_tab_stop(Pt(TEXT_WIDTH.pt - 14), WD_TAB_ALIGNMENT.RIGHT)
        high = element("w:trHeight", {"val": _IMPRINT_LINE * _TWIPS, "hRule": "exact"})
        # This moves the line into the table.
        table.append(element("w:tr", None, element("w:trPr", None, high), table_cell(width, line._p)))  # noqa: SLF001
    insert_table(document, table)
    put(document, "TableNote", "")  # the paragraph that Word wants after a table, and that holds this one's page


def _characters(text: str) -> float:
    """How many Chinese characters wide a text is: letters and digits count half."""
    return sum(0.5 if ord(character) < 0x2E80 else 1.0 for character in text)


def _annex(document: Document, view: ReportView) -> None:
    """Draw the landscape table: its head again on every page, no row cut by a page's end."""
    annex = view.annex
    put(document, "AnnexMark", say("reports-attachment-mark", view.lang))
    put(document, "AnnexTitle", annex.title)
    widths = _widths(view)
    edges = {"top": 8, "left": 4, "bottom": 8, "right": 4, "insideH": 4, "insideV": 4}
    table = table_frame(widths, edges)
    labels = [column.heading for column in annex.columns]
    table.append(table_row(labels, widths, ["center"] * len(widths), "TableHead", head=True))
    aligns = ["center"] * len(widths)
    for row in annex.rows:
        table.append(table_row(row, widths, aligns, "TableText"))
    insert_table(document, table)
    for note in annex.notes or ("",):  # Word wants a paragraph after a table
        put(document, "TableNote", note)


def _widths(view: ReportView) -> list[int]:
    """Share the width out, in twentieths of a point: what a column's longest word needs, then the rest by share."""
    annex, size = view.annex, table_size(view.lang)
    needs = []
    for place, column in enumerate(annex.columns):
        texts = [column.heading, *(row[place] for row in annex.rows)]
        # An English word does not break; of a Chinese one six characters stay together.
        words = [0.6 * len(word) for text in texts for word in re.findall("[!-~]+", text)]
        words += [min(6.0, len(word)) for text in texts for word in re.findall("[^ -~]+", text)]
        needs.append(max(words, default=0) * size + 6)
    rest = max(0.0, WIDE_TEXT_WIDTH.pt - sum(needs))
    shares = sum(column.share for column in annex.columns)
    widths = [need + rest * column.share / shares for need, column in zip(needs, annex.columns, strict=True)]
    scale = WIDE_TEXT_WIDTH.pt / sum(widths)
    return [int(width * scale * _TWIPS) for width in widths]


def table_row(
    texts: Sequence[str], widths: Sequence[int], aligns: Sequence[str], style: str, *, head: bool = False
) -> BaseOxmlElement:
    """One row as XML: python-docx looks through the whole table for each cell, which 2,000 towns would feel."""
    properties = [element("w:cantSplit"), element("w:trHeight", {"val": 340, "hRule": "atLeast"})]
    if head:
        properties.append(element("w:tblHeader"))
    row = element("w:tr", None, element("w:trPr", None, *properties))
    for text, width, align in zip(texts, widths, aligns, strict=True):
        shape = element("w:pPr", None, element("w:pStyle", {"val": style}), element("w:jc", {"val": align}))
        run = element("w:r")
        for number, line in enumerate(printable(text).split("\n") if head else [printable(text).replace("\n", " ")]):
            words = element("w:t")
            words.text = line
            words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            run.extend([element("w:br"), words] if number else [words])
        paragraph = element("w:p", None, shape, run)
        row.append(table_cell(width, paragraph))
    return row
