"""report.docx, read back with python-docx: the notice's words, the layout of GB/T 9704, nothing that runs."""

from __future__ import annotations

import zipfile
from datetime import date

import docx
import pytest
from docx.enum.section import WD_SECTION
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from scoring.reports.docx import write_docx
from scoring.reports.settings import Settings
from scoring.reports.view import report_view
from tests.reports.sample import assessment

BUREAU = Settings(bureau="示例市民政局", mark="示例市民政局文件", copies="示例办公室", dated=date(2025, 4, 18))


@pytest.fixture(scope="module")
def whole():
    return assessment(crowd=25)


def made(whole, folder, settings=BUREAU):
    path = folder / "report.docx"
    write_docx(whole, settings, path)
    return path


def styled(document, style):
    return [p for p in document.paragraphs if p.style.style_id == style]


def every_text(path):
    with zipfile.ZipFile(path) as parts:
        return "".join(parts.read(name).decode("utf-8") for name in parts.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_words_are_the_views(whole, tmp_path, lang):
    settings = Settings(lang=lang, bureau="Bureau", dated=date(2025, 4, 18), copies="Office")
    view = report_view(whole, settings)
    document = docx.Document(made(whole, tmp_path, settings))
    assert [p.text for p in styled(document, "Title")] == [view.title]
    assert [p.text for p in styled(document, "Addressee")] == [view.addressees]
    assert [p.text for p in styled(document, "Heading1")] == [s.heading for s in view.sections if s.heading]
    body = [p.text for p in styled(document, "BodyParagraph") if p.text]
    assert body == [p.lead + p.text for s in view.sections for p in s.paragraphs]
    assert view.copies in [cell.text for row in document.tables[-1].rows for cell in row.cells]
    annex = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert annex == [[c.heading for c in view.annex.columns], *map(list, view.annex.rows)]


def test_the_imprint_stands_at_the_foot_of_the_last_even_page(whole, tmp_path):
    settings = Settings(
        bureau="示例市民政局", dated=date(2025, 4, 18), copies="市政府办公室", printer="示例市民政局办公室"
    )
    document = docx.Document(made(whole, tmp_path, settings))
    last = document.sections[-1]
    assert last.start_type == WD_SECTION.EVEN_PAGE
    assert last.page_width < last.page_height
    assert [table.cell(0, 0).text for table in document.tables][1:] == ["抄送：市政府办公室。"]
    without = docx.Document(made(whole, tmp_path, Settings()))
    assert len(without.tables) == 1
    assert len(without.sections) == 2


def test_every_score_stands_in_the_annex_as_published(whole, tmp_path):
    rows = docx.Document(made(whole, tmp_path)).tables[0].rows
    place = [cell.text for cell in rows[0].cells].index("得分")
    shown = {row.cells[1].text: row.cells[place].text for row in rows[1:]}
    assert shown == {r["town"]: r["score"] or "未抽查" for r in whole.scores.to_dicts()}


def test_the_page_is_that_of_gb_t_9704(whole, tmp_path):
    document = docx.Document(made(whole, tmp_path))
    page = document.sections[0]
    sizes = (
        page.page_width,
        page.page_height,
        page.top_margin,
        page.bottom_margin,
        page.left_margin,
        page.right_margin,
    )
    for size, millimetres in zip(sizes, (210, 297, 37, 35, 28, 26), strict=True):
        assert abs(size - Mm(millimetres)) < Pt(0.1)
    pitch = int(page._sectPr.find(qn("w:docGrid")).get(qn("w:linePitch"))) / 20
    assert 22 <= (297 - 37 - 35) / 25.4 * 72 / pitch < 23
    normal = document.styles["Normal"]
    assert normal.font.size == Pt(16)
    assert normal.paragraph_format.line_spacing == Pt(pitch)
    advance = 16 + int(normal.element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert 28 <= 156 / 25.4 * 72 / advance < 29
    fonts = {
        s: document.styles.get_by_id(s, 1).element.rPr.find(qn("w:rFonts")).get(qn("w:eastAsia"))
        for s in ("Normal", "Title", "Heading1", "Heading2")
    }
    assert fonts == {"Normal": "仿宋_GB2312", "Title": "方正小标宋简体", "Heading1": "黑体", "Heading2": "楷体_GB2312"}
    assert [str(s.font.color.rgb) for s in document.styles if s.style_id == "IssuerHead"] == ["E60012"]
    assert "仿宋,FangSong" in every_text(tmp_path / "report.docx")


def test_the_annex_lies_across_with_its_head_on_every_page_and_whole_rows(whole, tmp_path):
    document = docx.Document(made(whole, tmp_path))
    wide = document.sections[1]
    assert wide.page_width > wide.page_height
    rows = document.tables[0].rows
    assert rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in rows)
    widths = [int(node.get(qn("w:w"))) for node in document.tables[0]._tbl.tblGrid.findall(qn("w:gridCol"))]
    room = (wide.page_width - wide.left_margin - wide.right_margin) / 12700 * 20
    assert sum(widths) <= room


def test_page_numbers_stand_outside_and_the_run_line_on_every_page(whole, tmp_path):
    document = docx.Document(made(whole, tmp_path))
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, side in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        assert footer.paragraphs[0].alignment.name == side
        assert footer.paragraphs[0].text == "— 1 —"
        assert footer.paragraphs[0]._p.xpath(".//w:instrText")[0].text.strip() == "PAGE"
        assert "7f3a9c2e" in footer.paragraphs[1].text
    assert document.sections[-1].footer.is_linked_to_previous


@pytest.mark.parametrize(
    ("stage", "word"), [("internal", "内部测算"), ("comment", "初评反馈稿"), ("decided", "审定稿"), ("published", None)]
)
def test_the_watermark_says_the_stage(tmp_path, stage, word):
    document = docx.Document(made(assessment(crowd=3, stage=stage), tmp_path))
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        found = [
            n.get("string") for n in header._element.iter("{urn:schemas-microsoft-com:vml}textpath") if n.get("string")
        ]
        assert found == ([word] if word else [])


def test_equal_results_give_equal_bytes(whole, tmp_path):
    one = made(whole, tmp_path).read_bytes()
    assert made(whole, tmp_path).read_bytes() == one
    with zipfile.ZipFile(tmp_path / "report.docx") as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "docProps/thumbnail.jpeg" not in parts.namelist()
    core = docx.Document(tmp_path / "report.docx").core_properties
    assert core.created.date() == date(2025, 4, 15)
    assert core.author == "示例市民政局"


@pytest.mark.parametrize(
    "text", ["=1+1", "<w:p/>&amp;", "{{ 7*7 }}", "a\x00b\x0b\ufffe", '"><v:x/>', "https://example.invalid", "很长" * 60]
)
def test_faults_hostile_names_are_printed_as_text(tmp_path, text):
    whole = assessment(crowd=3, names={"419001100": text})
    settings = Settings(bureau=text, mark=text, number=text, addressees=text, copies=text, printer=text)
    document = docx.Document(made(whole, tmp_path, settings))
    shown = [row.cells[1].text for row in document.tables[0].rows]
    assert text.replace("\x00", " ").replace("\x0b", " ").replace("\ufffe", " ") in shown
    with zipfile.ZipFile(tmp_path / "report.docx") as parts:
        for name in parts.namelist():
            assert name.endswith((".xml", ".rels"))
            assert b'TargetMode="External"' not in parts.read(name)


def test_identifiers_are_masked(tmp_path):
    whole = assessment(crowd=3, names={"419001100": "镇991001199001011234"})
    path = made(whole, tmp_path, Settings(bureau="局13800000000"))
    assert "991001199001011234" not in every_text(path)
    assert "13800000000" not in every_text(path)


def test_a_first_period_without_finding_or_equal_towns_is_written(tmp_path):
    for variant in ({"nothing": True}, {"equal": True}):
        assert docx.Document(made(assessment(**variant), tmp_path, Settings())).tables
