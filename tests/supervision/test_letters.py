"""The letters: GB/T 9704 to the millimetre, words of one town alone, nothing that points at a person."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from itertools import pairwise

import docx
import pypdfium2 as pdfium
import pytest
from pypdfium2 import raw

from scoring.redaction import Words
from scoring.reports import WrongTemplate
from scoring.reports.render import Renderer
from scoring.reports.settings import Settings
from scoring.supervision.escalation.outgoing import Outgoing
from scoring.supervision.letters.making import to_write
from scoring.supervision.letters.paper import letter_pdf
from scoring.supervision.letters.register import Register, Serial
from scoring.supervision.letters.view import confirmation, letter_view
from scoring.supervision.letters.word import letter_docx
from tests.published import finding, report
from tests.reports.pdf import POINTS_A_MM, boxes, pages, text
from tests.supervision.desk import picture, sent

ON = date(2025, 10, 20)
BUREAU = Settings(bureau="示例市民政局", contact="示例科 0000-0000000")
CLOSE = 0.5
"""Millimetres."""
# By design no identifier: a reserved region and a wrong checksum.
SECRET = "示例隐语"
NUMBER = "990000190001010000"
ROWS = {
    "findings": [
        finding("F1", "T1", date(2025, 9, 22), severity="grave", village="示例一村", description="示例：缺少签字",
                due_on=date(2025, 9, 26)),
        finding("F2", "T1", date(2025, 9, 22), "signed", "grave", description=f"示例：证件号码{NUMBER}未遮盖{SECRET}",
                due_on=date(2025, 9, 26)),
        finding("F3", "T2", date(2025, 9, 22), severity="grave", description="示例乙街道自己的问题"),
        finding("F4", "T1", date(2025, 9, 22), severity="grave"),
    ],
    "letters": [
        sent("L1", "advisory_letter", date(2025, 9, 25), "F1", "F2", "F4", due=date(2025, 10, 9)),
        sent("L2", "referral", date(2025, 9, 26), "F1"),
    ],
    "rectifications": [report("F4", date(2025, 9, 30))],
}  # fmt: skip
KINDS = ("advisory_letter", "supervision_letter", "circular", "work_note", "confirmation")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return picture(tmp_path_factory.mktemp("desk"), ROWS, ON)


@pytest.fixture(scope="module")
def renderer():
    return Renderer(BUREAU)


def view_of(shown, kind, town="T1", settings=BUREAU, example=False):
    members = {"T1": ("F1", "F2"), "T2": ("F3",)}[town]
    out = Outgoing(town, kind, date(2025, 11, 3), members)
    if kind == "confirmation":
        out = confirmation(town, [one for one in shown.matters if one.id == "F4"], ON)
    words = Words(own=frozenset({SECRET})).allowing([*shown.towns.values(), *shown.indicators.values()])
    return letter_view(out, Serial(kind, 2025, 7), shown, settings, words, example=example)


@pytest.fixture(scope="module")
def papers(shown, renderer):
    return {kind: letter_pdf(view_of(shown, kind), ON, renderer) for kind in KINDS}


def lines(data, number=0):
    """The red lines and rules of a page that are longer than 100 mm: left, top, right, bottom in millimetres."""
    page = pdfium.PdfDocument(data)[number]
    height = page.get_height()
    found = set()
    for one in page.get_objects(max_depth=10):
        if one.type == raw.FPDF_PAGEOBJ_PATH:
            left, bottom, right, top = one.get_bounds()
            edges = (left, height - top, right, height - bottom)
            if right - left > 100 * POINTS_A_MM:
                found.add(tuple(round(edge / POINTS_A_MM, 2) for edge in edges))
    return sorted(found, key=lambda edges: edges[1])


def word(page, chars):
    """The boxes of a run of characters on a page."""
    found = list(page)
    place = "".join(box.character for box in found).index(chars)
    return found[place : place + len(chars)]


@pytest.mark.parametrize("kind", ["advisory_letter", "supervision_letter", "work_note"])
def test_a_letter_has_the_letter_format(papers, kind):
    page = list(boxes(papers[kind], 0))
    name = word(page, "示例市民政局")
    assert min(box.top for box in name) == pytest.approx(30, abs=CLOSE)
    assert (name[0].left + name[-1].right) / 2 == pytest.approx(105, abs=CLOSE)
    first, last = lines(papers[kind])
    for left, _, right, _ in (first, last):
        assert (left, right) == (pytest.approx(20, abs=0.05), pytest.approx(190, abs=0.05))
    assert first[1] - max(box.bottom for box in name) == pytest.approx(4, abs=0.2)
    assert 297 - last[3] == pytest.approx(20, abs=CLOSE)
    # The office's number: seven eighths of a character of 16 pt under the line, its last sign at the right edge.
    number = word(page, "〔2025〕号")
    assert min(box.top for box in number) - first[3] == pytest.approx(16 / POINTS_A_MM * 7 / 8, abs=CLOSE)
    assert number[-1].right == pytest.approx(184, abs=CLOSE)
    # The first page bears no number, the second does, on its outer side.
    assert "—1—" not in pages(papers[kind])[0]
    dash = word(boxes(papers[kind], 1), "—2—")
    assert dash[0].left == pytest.approx(28 + 14 / POINTS_A_MM, abs=1)
    assert dash[0].top - 262 == pytest.approx(7, abs=1)


def test_the_lines_are_double_thick_outside(papers):
    """Thick over thin at the top, thin over thick at the foot, seen in the pixels of the page."""
    image = pdfium.PdfDocument(papers["advisory_letter"])[0].render(scale=300 / 72).to_pil().convert("RGB")

    def runs(top, bottom):
        column = [image.getpixel((image.width // 3, y)) for y in range(int(top * 300 / 25.4), int(bottom * 300 / 25.4))]
        red = "".join("r" if pixel[0] > 180 and pixel[1] < 120 else "." for pixel in column)
        return [len(run) for run in re.findall("r+", red)]

    first, last = lines(papers["advisory_letter"])
    upper, lower = runs(first[1] - 1, first[3] + 1), runs(last[1] - 1, last[3] + 1)
    assert len(upper) == len(lower) == 2
    assert upper[0] > 2 * upper[1]
    assert lower[1] > 2 * lower[0]


@pytest.mark.parametrize("kind", ["advisory_letter", "circular"])
def test_lines_of_text_stand_29_points_apart_and_28_characters_fill_one(papers, kind):
    page = list(boxes(papers[kind], 0))
    body = [
        box for box in page if box.top > (130 if kind == "advisory_letter" else 170) and 4 < box.right - box.left < 6
    ]
    baselines = sorted({round(box.baseline, 1) for box in body})
    # Each line stands on the grid; headings are of another font, whose signs sit a little higher in their line.
    for baseline in baselines:
        off = (baseline - baselines[0]) / (29 / POINTS_A_MM)
        assert abs(off - round(off)) * 10.23 < CLOSE
    assert pytest.approx(225, abs=CLOSE) == 22 * 29 / POINTS_A_MM
    assert min(box.left for box in body) >= 28
    assert max(box.right for box in body) <= 184 + 0.1
    assert max(box.bottom for box in body) <= 262
    run = [box for box in body if abs(box.baseline - baselines[1]) < 0.2]
    steps = sorted(two.left - one.left for one, two in pairwise(run))
    assert 28 * steps[len(steps) // 2] == pytest.approx(156, abs=2)


def test_a_circular_has_the_document_format(papers):
    page = list(boxes(papers["circular"], 0))
    name = word(page, "示例市民政局")
    assert min(box.top for box in name) == pytest.approx(37 + 35, abs=1)
    ((left, top, right, _),) = lines(papers["circular"])
    assert (left, right) == (pytest.approx(28, abs=0.1), pytest.approx(184, abs=0.1))
    number = word(page, "〔2025〕号")
    assert top - max(box.bottom for box in number) == pytest.approx(4, abs=1)
    assert "—1—" in pages(papers["circular"])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_speaks_of_its_own_town_and_never_of_a_referral(papers, shown, kind):
    said = text(papers[kind])
    assert "示例甲镇人民政府：" in said
    assert "示例乙街道" not in said
    assert "示例丙镇" not in said
    assert "移交" not in said
    assert NUMBER not in said
    assert SECRET not in said
    word_file = letter_docx(view_of(shown, kind), ON)
    with zipfile.ZipFile(io.BytesIO(word_file)) as parts:
        xml = "".join(parts.read(name).decode("utf-8") for name in parts.namelist() if name.endswith(".xml"))
    assert NUMBER not in xml
    assert SECRET not in xml
    assert "示例乙街道" not in xml
    assert "移交" not in xml


def test_what_a_letter_must_say(papers):
    said = text(papers["supervision_letter"])
    for part in (
        "科室编号：专项督办函2025-007", "已通过提示函（2025年9月25日）要求整改", "2个问题", "一、整改时限",
        "二、整改措施",
        "三、整改责任", "2025年11月3日以前", "3个工作日内书面反馈", "附件：1.问题清单2.整改回执", "示例科0000-0000000",
        "2025年10月20日", "附件1", "附件2", "F1", "示例一村", "缺少签字", "盖章",
    ):  # fmt: skip
        assert part in said, part
    assert "街道" not in said.replace("镇（街道）", "")
    assert "予以销号" in text(papers["confirmation"])
    assert "按期整改，销号" in text(papers["confirmation"])


def test_a_subdistrict_is_addressed_as_one(shown):
    view = view_of(shown, "advisory_letter", "T2")
    assert view.addressee == "示例乙街道办事处："
    assert "你街道" in view.blocks[0].text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_word_file_says_what_the_pdf_says(shown, kind, lang):
    view = view_of(shown, kind, settings=replace(BUREAU, lang=lang))
    made = letter_docx(view, ON)
    assert made == letter_docx(view, ON)
    document = docx.Document(io.BytesIO(made))
    said = [paragraph.text for paragraph in document.paragraphs]
    assert all(block.text in said for block in view.blocks)
    assert [cell.text for cell in document.tables[0].rows[0].cells] == list(view.forms[0].headings)
    assert len(document.tables) == len(view.forms)
    section = document.sections[0]
    assert section.different_first_page_header_footer == (view.layout == "letter")
    if view.layout == "letter":
        assert section.first_page_header.paragraphs[0].text == view.mark
        borders = section.first_page_header._element.xml + section.first_page_footer._element.xml
        assert re.findall(r'w:val="(th\w+Gap)"', borders) == ["thickThinSmallGap", "thinThickSmallGap"]
        assert "PAGE" not in section.first_page_footer._element.xml


def test_an_example_is_marked(shown, renderer):
    view = view_of(shown, "advisory_letter", example=True)
    assert view.watermark == "示例"
    assert letter_pdf(view, ON, renderer) != letter_pdf(replace(view, watermark=""), ON, renderer)


def test_equal_views_are_equal_bytes(shown, papers):
    again = letter_pdf(view_of(shown, "advisory_letter"), ON, Renderer(BUREAU))
    assert again == papers["advisory_letter"]


def test_a_bureaus_own_template_wins_and_its_mistakes_are_named(shown, tmp_path):
    (tmp_path / "letters").mkdir()
    own = tmp_path / "letters" / "letter.html.j2"
    extends = '{% extends "shipped/letters/letter.html.j2" %}'
    own.write_text(extends + "{% block closing %}<p>示例结尾</p>{% endblock %}", "utf-8")
    settings = replace(BUREAU, templates=tmp_path)
    said = text(letter_pdf(view_of(shown, "advisory_letter"), ON, Renderer(settings)))
    assert "示例结尾" in said
    assert "附件：1." not in said
    own.write_text(extends + "{% block closng %}x{% endblock %}", "utf-8")
    with pytest.raises(WrongTemplate) as wrong:
        letter_pdf(view_of(shown, "advisory_letter"), ON, Renderer(settings))
    assert wrong.value.file == "letters/letter.html.j2"


def test_what_due_plans_is_what_is_written(shown, tmp_path):
    planned = to_write(shown, Register(tmp_path / "none"))
    assert [(out.town, out.kind, out.members) for out in planned] == [
        ("T1", "supervision_letter", ("F1",)),
        ("T1", "circular", ("F2",)),
        ("T2", "advisory_letter", ("F3",)),
    ]
    assert to_write(shown, Register(tmp_path / "none"), ["T2"], ["circular"]) == []
