"""The layout of GB/T 9704-2012 in Word's terms: styles, fonts, page, margins, headers and footers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.section import Section
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph

from scoring.messages import say
from scoring.reports.office_text import printable
from scoring.reports.ooxml import element, font_table, fonts, page_number, watermark

# Twenty-two lines in 225 mm: 29.0 pt would lose the last one by rounding.
_PITCH: Final = Pt(28.95)
# 28 characters of 16 pt are wider than 156 mm: each stands a quarter point closer. A character grid would say the same
# to Word, but LibreOffice, which many UOS desks have, then gives a character two cells.
_CLOSER: Final = -5  # twentieths of a point
RED: Final = "E60012"
_KEPT_STYLES: Final = frozenset(
    {
        "Normal",
        "Title",
        "Heading1",
        "Heading2",
        "Header",
        "Footer",
        "TableNormal",
        "TableGrid",
        "DefaultParagraphFont",
        "NoList",
    }
)


@dataclass(frozen=True)
class _Look:
    """A paragraph style: its id, which font of the catalogue, the size in points, and how it stands."""

    id: str
    font: str
    size: float
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY
    pitch: float | None = None  # exact line height in points; None: the page's
    indent: int = 0  # first line, in characters
    level: int | None = None  # of the outline
    color: str | None = None
    before: float = 0
    after: float = 0
    keep_next: bool = False


_CENTER: Final = WD_ALIGN_PARAGRAPH.CENTER
_LEFT: Final = WD_ALIGN_PARAGRAPH.LEFT
_LOOKS: Final = (
    _Look("Normal", "body", 16),
    _Look("Title", "title", 22, _CENTER, 32, keep_next=True),
    _Look("Heading1", "heading", 16, _LEFT, indent=2, level=0, keep_next=True),
    _Look("Heading2", "subheading", 16, _LEFT, indent=2, level=1, keep_next=True),
    # The characters stand about 11 pt below the top of their exact line: 35 mm from the type area to their upper edge.
    _Look("IssuerHead", "title", 40, _CENTER, 54, color=RED, before=90),
    _Look("DocumentNumber", "body", 16, _CENTER, before=57.9),
    _Look("Addressee", "body", 16, _LEFT, before=28.95),
    _Look("BodyParagraph", "body", 16, indent=2),
    _Look("AttachmentNote", "body", 16, _LEFT, before=28.95, keep_next=True),
    _Look("Signature", "body", 16, WD_ALIGN_PARAGRAPH.RIGHT, keep_next=True),
    _Look("Imprint", "body", 14, _LEFT, 28),
    _Look("AnnexMark", "heading", 16, _LEFT, 22),
    _Look("AnnexTitle", "title", 18, _CENTER, 26, after=6, keep_next=True),
    _Look("TableHead", "heading", 10.5, _CENTER, 14),
    _Look("TableText", "body", 10.5, _CENTER, 14),
    _Look("TableNote", "body", 10.5, _LEFT, 15, before=2),
    _Look("Header", "body", 9, _CENTER, 12),
    _Look("Footer", "page", 14, _LEFT, 18),
    _Look("RunLine", "page", 8, _CENTER, 11, color="595959"),
)
_USES: Final = ("title", "body", "heading", "subheading", "page")
TEXT_WIDTH: Final = Mm(156)
TEXT_HEIGHT: Final = Mm(225)
WIDE_TEXT_WIDTH: Final = Mm(225)
_BUILT_IN: Final = ("Normal", "Title", "Heading1", "Heading2", "Header", "Footer")


def blank(title: str, issuer: str, lang: str, as_of: date) -> Document:
    """Open an empty document with our styles, fonts and properties and nothing of the library's template.

    Parameters
    ----------
    as_of
        Stands as the day on which the document was made: equal results are equal bytes.
    """
    document = docx.Document()
    faces = {use: say(f"docx-font-{use}", lang) for use in _USES}
    _styles(document, faces, lang)
    _substitutes(document, faces, lang)
    package = document.part.package
    for key, relation in list(package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            del package.rels[key]
    moment = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001  the library writes it as UTC
    core = document.core_properties
    core.author = core.last_modified_by = printable(issuer)[:255]
    core.title = printable(title)[:255]
    core.comments = core.keywords = core.subject = core.category = ""
    core.created = core.modified = moment
    core.language = lang
    core.revision = 1
    document.settings.odd_and_even_pages_header_footer = True
    return document


def _styles(document: Document, faces: Mapping[str, str], lang: str) -> None:
    styles = document.styles
    for node in list(styles.element.findall(qn("w:style"))):
        if node.get(qn("w:styleId")) not in _KEPT_STYLES:
            styles.element.remove(node)
    defaults = styles.element.find(qn("w:docDefaults"))
    if defaults is not None:
        styles.element.remove(defaults)
    latin = say("docx-font-latin", lang)
    run = element(
        "w:rPr",
        None,
        fonts(faces["body"], latin),
        element("w:sz", {"val": 32}),
        element("w:szCs", {"val": 32}),
        element("w:lang", {"val": "en-US", "eastAsia": "zh-CN"}),
    )
    styles.element.insert(
        0, element("w:docDefaults", None, element("w:rPrDefault", None, run), element("w:pPrDefault"))
    )
    for look in _LOOKS:
        if look.id in _BUILT_IN:
            style = styles.get_by_id(look.id, WD_STYLE_TYPE.PARAGRAPH)
            for part in ("w:pPr", "w:rPr"):
                if (node := style.element.find(qn(part))) is not None:
                    style.element.remove(node)
        else:
            style = styles.add_style(say(f"docx-style-{look.id.lower()}", lang), WD_STYLE_TYPE.PARAGRAPH)
            style.element.set(qn("w:styleId"), look.id)
            style.base_style = styles["Normal"]
            style.quick_style = True
        _shape(style, look, faces[look.font], lang)
        if lang == "en" and look.align == WD_ALIGN_PARAGRAPH.JUSTIFY:
            style.paragraph_format.alignment = _LEFT  # words are not broken, so justified lines would gape
    lead = styles.add_style(say("docx-style-runinheading", lang), WD_STYLE_TYPE.CHARACTER)
    lead.element.set(qn("w:styleId"), "RunInHeading")
    lead.element.get_or_add_rPr().insert(0, fonts(faces["subheading"], latin))


def _shape(style: ParagraphStyle, look: _Look, face: str, lang: str) -> None:
    form = style.paragraph_format
    form.alignment = look.align
    form.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    form.line_spacing = Pt(look.pitch) if look.pitch else _PITCH
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.keep_with_next = look.keep_next
    form.widow_control = False  # the grid of 22 lines counts every line
    properties = style.element.get_or_add_pPr()
    if look.indent:
        chars = element(
            "w:ind", {"firstLineChars": look.indent * 100, "firstLine": round(look.indent * look.size * 20)}
        )
        properties.insert_element_before(chars, "w:jc", "w:outlineLvl")
    if look.pitch:  # only the text keeps to the page's 22 lines and 28 characters
        properties.insert_element_before(
            element("w:snapToGrid", {"val": 0}), "w:spacing", "w:ind", "w:jc", "w:outlineLvl"
        )
    if look.level is not None:
        properties.append(element("w:outlineLvl", {"val": look.level}))
    style.font.size = Pt(table_size(lang) if look.id in {"TableHead", "TableText"} else look.size)
    if look.color:
        style.font.color.rgb = RGBColor.from_string(look.color)
    run = style.element.get_or_add_rPr()
    run.insert(0, fonts(face, say("docx-font-latin", lang)))
    if look.pitch:
        run.insert_element_before(element("w:snapToGrid", {"val": 0}), "w:color", "w:sz", "w:szCs")
    if look.size == 16:
        run.insert_element_before(element("w:spacing", {"val": _CLOSER}), "w:sz", "w:szCs")


def _substitutes(document: Document, faces: Mapping[str, str], lang: str) -> None:
    """Say for each font which others may stand in where the official one is not installed."""
    table = {face: say(f"docx-font-{use}-instead", lang).split(",") for use, face in faces.items()}
    for part in document.part.package.iter_parts():
        if part.partname == "/word/fontTable.xml":
            part._blob = font_table(table)  # noqa: SLF001  the library keeps this part as plain bytes


def page(section: Section, *, landscape: bool = False) -> None:
    """A4 with the type area of 156 × 225 mm; landscape: the same page turned, its head at the binding edge."""
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
    top, right, bottom, left = (28, 37, 26, 35) if landscape else (37, 26, 35, 28)
    section.top_margin, section.right_margin = Mm(top), Mm(right)
    section.bottom_margin, section.left_margin = Mm(bottom), Mm(left)
    # The page number's dash stands 7 mm below the type area, the line with the run code under it.
    section.header_distance, section.footer_distance = Mm(15), Mm(bottom - 7 - 10)
    for grid in section._sectPr.findall(qn("w:docGrid")):  # noqa: SLF001
        section._sectPr.remove(grid)  # noqa: SLF001
    section._sectPr.append(element("w:docGrid", {"type": "lines", "linePitch": 300 if landscape else 579}))  # noqa: SLF001


def margins(document: Document, section: Section, stamp: str, run_line: str) -> None:
    """Set watermark, page number and run line for odd and even pages; later sections take them over."""
    sides = ((section.header, section.footer, True), (section.even_page_header, section.even_page_footer, False))
    for number, (header, footer, odd) in enumerate(sides, 1):
        header.is_linked_to_previous = footer.is_linked_to_previous = False
        head = header.paragraphs[0]
        if stamp:
            width = min(440, 110 * len(stamp))
            watermark(head, printable(stamp), number, font="SimHei", width=width, height=width // len(stamp))
        foot = footer.paragraphs[0]
        page_number(foot)
        foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT if odd else WD_ALIGN_PARAGRAPH.LEFT
        form = foot.paragraph_format
        form.right_indent, form.left_indent = (Pt(14), None) if odd else (None, Pt(14))
        line = footer.add_paragraph(printable(run_line))
        line.style = by_id(document, "RunLine")


def table_size(lang: str) -> float:
    """Return the annex's type size in points: English headings are longer."""
    return 10.0 if lang == "zh" else 9.0


def put(document: Document, style: str, text: str) -> Paragraph:
    """Add a paragraph in the style with this id; data are masked on their way."""
    return document.add_paragraph(printable(text), style=by_id(document, style))


def by_id(document: Document, style: str, kind: WD_STYLE_TYPE = WD_STYLE_TYPE.PARAGRAPH) -> str:
    """Return the name, which is the language's, of one of our styles."""
    return str(document.styles.get_by_id(style, kind).name)
