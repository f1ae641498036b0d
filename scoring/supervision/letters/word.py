"""A letter as a Word file, for the desks that still change its words in WPS or Word."""

from __future__ import annotations

import tempfile
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Final

from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from scoring.messages import say
from scoring.reports.docx import table_row
from scoring.reports.docx_layout import RED, TEXT_WIDTH, blank, by_id, margins, page, put
from scoring.reports.office_text import as_written, printable
from scoring.reports.ooxml import insert_table, repack, rules, table_frame, watermark
from scoring.supervision.letters.view import Form, LetterView

_EDGES: Final = {"top": 8, "left": 8, "bottom": 8, "right": 8, "insideH": 4, "insideV": 4}
_TWIPS: Final = 20
_HAND: Final = 800  # twips: 14 mm
_NAME: Final = 36
# The red lines are 170 mm wide in the middle of the page: beyond the text by 8 mm at its left, 6 mm at its right.
_OUT_LEFT, _OUT_RIGHT = Mm(-8), Mm(-6)


def letter_docx(view: LetterView, on: date) -> bytes:
    """Return the letter as an editable document; equal views give equal bytes."""
    document = blank(view.title, view.signer, view.lang, on)
    section = document.sections[0]
    page(section)
    margins(document, section, view.watermark, "")
    {"letter": _letter_head, "circular": _circular_head, "form": _form_head}[view.layout](document, view)
    put(document, "Addressee", view.addressee)
    for block in view.blocks:
        if block.heading:
            put(document, "Heading1", block.heading)
        put(document, "BodyParagraph", block.text)
    if view.layout != "form":
        _close(document, view)
    for form in view.forms:
        _form(document, form, fresh=view.layout != "form")
    packed = BytesIO()
    document.save(packed)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "letter.docx"
        repack(packed.getvalue(), path)
        return path.read_bytes()


def _letter_head(document: Document, view: LetterView) -> None:
    """Set the name and the red lines in the first page's head and foot, where no number stands."""
    section = document.sections[0]
    section.different_first_page_header_footer = True
    # The characters stand about 1 mm below the top of their exact line.
    section.header_distance = Mm(29)
    size = min(_NAME, max(22, int(470 / max(1.0, _characters(view.mark)))))
    head = section.first_page_header
    head.is_linked_to_previous = False
    name = head.paragraphs[0]
    name.style = by_id(document, "IssuerHead")
    name.paragraph_format.space_before = Pt(0)
    name.paragraph_format.line_spacing = Pt(size * 1.1)
    name.paragraph_format.left_indent, name.paragraph_format.right_indent = _OUT_LEFT, _OUT_RIGHT
    name.add_run(printable(view.mark)).font.size = Pt(size)
    rules(name, 11, style="thickThinSmallGap", bottom=(3, RED))
    if view.watermark:
        watermark(name, view.watermark, 3, font="SimHei", width=220, height=110)
    foot = section.first_page_footer
    foot.is_linked_to_previous = False
    line = foot.paragraphs[0]
    line.paragraph_format.left_indent, line.paragraph_format.right_indent = _OUT_LEFT, _OUT_RIGHT
    # The foot stands 18 mm from the page's edge, so that the lines on its two millimetres stand 20 mm from it.
    line.paragraph_format.line_spacing = Mm(2)
    rules(line, 0, style="thinThickSmallGap", top=(3, RED))
    numbers = put(document, "Normal", view.serial)
    numbers.runs[0].font.size = Pt(12)
    numbers.add_run(f"\t{view.number}")
    numbers.paragraph_format.tab_stops.add_tab_stop(TEXT_WIDTH, WD_TAB_ALIGNMENT.RIGHT)
    _title(document, view, before=2)


def _circular_head(document: Document, view: LetterView) -> None:
    head = put(document, "IssuerHead", view.mark)
    for run in head.runs:
        run.font.size = Pt(min(48, max(22, int(TEXT_WIDTH.pt / max(1.0, _characters(view.mark))))))
    rules(put(document, "DocumentNumber", view.number), 11, bottom=(2, RED))
    _title(document, view, before=2)


def _form_head(document: Document, view: LetterView) -> None:
    _title(document, view, before=0)
    put(document, "TableNote", view.serial).paragraph_format.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _title(document: Document, view: LetterView, before: int) -> None:
    for _ in range(before):
        put(document, "BodyParagraph", "")
    for line in view.title_lines:
        put(document, "Title", line)


def _close(document: Document, view: LetterView) -> None:
    """Say what is annexed, who signs and when, and whom to ask; two lines are room for the seal."""
    label = say("reports-letters-attachment", view.lang)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    for place, name in enumerate(view.attachments):
        line = put(document, "AttachmentNote", (label if place == 0 else "") + name)
        line.paragraph_format.left_indent = Pt(16 * (2 if place == 0 else 2 + _characters(label)))
        if place:
            line.paragraph_format.space_before = Pt(0)
    for _ in range(2):
        put(document, "BodyParagraph", "").paragraph_format.keep_with_next = True
    date_width, name_width = _characters(view.dated), _characters(view.signer)
    for text, indent in ((view.signer, max(0.0, 4 + (date_width - name_width) / 2)), (view.dated, 4.0)):
        if text:
            put(document, "Signature", text).paragraph_format.right_indent = Pt(16 * indent)
    # The bureau's own telephone number is meant to be read.
    document.add_paragraph(as_written(view.contact), style=by_id(document, "BodyParagraph"))


def _form(document: Document, form: Form, *, fresh: bool) -> None:
    first: Paragraph | None = None
    if form.mark:
        first = put(document, "AnnexMark", form.mark)
    title = put(document, "AnnexTitle", form.title)
    (first or title).paragraph_format.page_break_before = fresh
    if form.text:
        put(document, "TableNote", form.text)
    widths = [int(TEXT_WIDTH.pt * share * _TWIPS) for share in form.widths]
    table = table_frame(widths, _EDGES)
    sides = ["center"] * len(widths)
    table.append(table_row(form.headings, widths, sides, "TableHead", head=True))
    for texts in form.rows:
        row = table_row(texts, widths, sides, "TableText")
        for node in row.iter(qn("w:trHeight")) if form.by_hand else ():
            node.set(qn("w:val"), str(_HAND))
        table.append(row)
    insert_table(document, table)
    for note in form.notes or ("",):  # Word wants a paragraph after a table
        put(document, "TableNote", note)
    for sign in form.signs:
        line = put(document, "Normal", sign)
        line.paragraph_format.space_before = Pt(12)
        for run in line.runs:
            run.font.size = Pt(14)


def _characters(text: str) -> float:
    """How many Chinese characters wide a text is: letters and digits count half."""
    return sum(0.5 if ord(character) < 0x2E80 else 1.0 for character in text)
