"""Every paper, both languages: pages, type area, headings, repeated heads, watermark."""

from __future__ import annotations

import io
import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import conftest
import pdf
import sample

TOWN = "419001001"
# Left, top, right, bottom margins in millimetres; the annex is the same sheet turned.
PORTRAIT = {"report": (28, 37, 26, 35), "internal": (16, 16, 16, 18), "town": (16, 16, 16, 18)}
LANDSCAPE = (35, 28, 37, 26)
LONG = {
    TOWN: "名字很长很长用来检验版面是否溢出的街道办事处（托管区、示范区、试验区）",
    sample.CROWDED: "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW镇",
}


def cut(kind, assessment, code=TOWN):
    return assessment.for_town(code) if kind == "town" else assessment


def outside(data, kind):
    """Upright characters that cross a side margin, or stand between the type area and the line at the foot."""
    found = []
    for number, (width, height) in enumerate(pdf.sizes(data)):
        left, top, right, bottom = LANDSCAPE if width > height else PORTRAIT[kind]
        for box in pdf.boxes(data, number):
            if not box.upright:
                continue
            at_foot = box.top > height - bottom + 2
            if (
                box.left < left - 0.6
                or box.right > width - right + 0.6
                or (not at_foot and (box.top < top - 1 or box.bottom > height - bottom + 1))
            ):
                found.append((number + 1, box))
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_no_text_crosses_a_margin(make, build, kind, lang):
    long = build(crowd=30, names=LONG, description="很长的问题描述，" * 30 + "W" * 120, previous=True)
    assert outside(make(kind, cut(kind, long), lang), kind) == []


@pytest.mark.parametrize(
    ("kind", "lang", "most"),
    [
        ("report", "zh", 6),
        ("report", "en", 8),
        ("internal", "zh", 7),
        ("internal", "en", 7),
        ("town", "zh", 3),
        ("town", "en", 3),
    ],
)
def test_a_usual_quarter_has_few_pages(make, example, kind, lang, most):
    assert 2 <= len(pdf.pages(make(kind, cut(kind, example), lang))) <= most


def test_the_notice_is_a4_with_a_landscape_annex_and_ends_on_an_even_page(make, example):
    data = make("report", example)
    sizes = pdf.sizes(data)
    assert sizes[0] == (210, 297)
    assert (297, 210) in sizes
    assert len(sizes) % 2 == 0
    assert "印发" in pdf.pages(data)[-1]


def test_the_notice_has_22_lines_of_28_characters(make, build):
    data = make("report", build(crowd=400))
    lines = {}
    for box in pdf.boxes(data, 1):
        if box.upright and 36 < box.top < 262:
            lines.setdefault(round((box.top - 37) // 10.22), []).append(box)
    assert max(lines) <= 21
    assert min(lines) == 0
    full = [boxes for boxes in lines.values() if all(ord(box.character) > 0x2E7F for box in boxes)]
    advance = (max(b.left for b in full[0]) - min(b.left for b in full[0])) / (len(full[0]) - 1)
    assert advance == pytest.approx(15.75 / pdf.POINTS_A_MM, abs=0.1)


def test_odd_page_numbers_stand_right_and_even_ones_left(make, build):
    data = make("report", build(crowd=400))
    for number, side in ((0, "right"), (1, "left")):
        digits = [b for b in pdf.boxes(data, number) if b.character == str(number + 1) and 266 < b.top < 280]
        assert len(digits) == 1
        assert (digits[0].left > 150) is (side == "right")


def test_the_document_number_is_blank_until_given(make, example):
    assert "号" not in pdf.pages(make("report", example))[0].split("关于")[0]
    numbered = make("report", example, number="示民〔2025〕7号")
    assert "示民〔2025〕7号" in pdf.pages(numbered)[0]


@pytest.mark.parametrize(
    ("stage", "words"), [("internal", "内部测算"), ("comment", "初评反馈稿"), ("decided", "审定稿")]
)
@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_each_page_bears_its_stage(make, build, kind, stage, words):
    sheets = pdf.pages(make(kind, cut(kind, build(crowd=3, stage=stage)), "zh"))
    # A blank page before the imprint bears nothing at all.
    assert all(words in sheet for sheet in sheets if sheet)


@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_a_published_paper_has_no_watermark(make, build, kind):
    words = pdf.text(make(kind, cut(kind, build(crowd=3, stage="published"))))
    assert not re.search("内部测算|初评反馈稿|审定稿|印发稿|数据不完整", words)


def test_incomplete_data_is_stamped(make, build):
    words = pdf.pages(make("town", build(crowd=3, incomplete=True).for_town(TOWN)))
    assert all("数据不完整" in page for page in words)


@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_run_code_scheme_and_date_stand_on_each_page(make, example, kind):
    for sheet in pdf.pages(make(kind, cut(kind, example))):
        assert not sheet or all(
            words in sheet
            for words in ("7f3a9c2e", "社会救助审核确认监管季度考核细则（示例）", "截至2025年4月15日", "示例数据")
        )


def test_the_head_of_a_table_is_repeated_on_each_page(make, build):
    sheets = pdf.pages(make("town", build(crowd=150).for_town(sample.CROWDED)))
    of_findings = [
        sheet
        for sheet in sheets
        if sheet.count("JY-2025Q1") > 8 and "整改回执" not in sheet and "完成日期" not in sheet
    ]
    assert len(of_findings) > 5
    assert all("状态、期限" in sheet for sheet in of_findings)


@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_no_heading_stands_at_the_foot_of_a_page(make, build, kind):
    headings = re.compile(
        "(一、总体情况|二、主要问题|三、下步要求|[一二三四五]、(各|得分|问题|异议|指标|逾期|考核)[^。]{2,12})$"
    )
    for crowd in (5, 20, 33):
        for sheet in pdf.pages(make(kind, cut(kind, build(seed=crowd, crowd=crowd), sample.CROWDED))):
            # What follows the text is the small line at the foot.
            body = re.split("示例数据运行码|—", sheet)[0]
            assert not headings.search(body), body[-40:]


def test_four_hundred_findings_all_stand_in_the_sheet(make, build):
    crowded = build(crowd=400)
    words = pdf.text(make("town", crowded.for_town(sample.CROWDED)))
    assert all(number in words for number in crowded.findings.filter(town=sample.CROWDED)["finding_id"])


def test_two_thousand_findings_are_cut_and_said_to_be(make, build):
    crowded = build(crowd=700).for_town(sample.CROWDED)
    assert "共700个问题，此处列出扣分最多的500个" in pdf.text(make("town", crowded))


@pytest.mark.parametrize("names", ["leaders", "last", "order"])
def test_the_annex_names_only_whom_the_settings_let_it(make, example, names):
    data = make("report", example, names=names)
    sheets = pdf.pages(data)
    annex = next(sheet for sheet, (width, height) in zip(sheets, pdf.sizes(data), strict=True) if width > height)
    listed = [name for _, name, _ in sample.TOWNS if name in annex]
    if names == "order":
        assert len(listed) == 16
        assert "名次" not in annex.replace("得分相同的名次并列", "")
        assert "居前" not in pdf.text(make("report", example, names=names))
    else:
        assert 3 <= len(listed) <= 4
        assert ("得分靠后" in "".join(sheets[:2])) is (names == "last") or names == "leaders"


def test_tagged_pdf_for_archives(make, example):
    data = make("town", example.for_town(TOWN), pdf_variant="pdf/a-3a")
    with pikepdf.open(io.BytesIO(data)) as opened, opened.open_metadata() as metadata:
        assert metadata.pdfa_status == "3A"
    assert "沁园街道" in pdf.text(data)


def test_lines_stand_evenly_whatever_digits_they_hold(make, build):
    """Digits are of another font than the text; a line that has some is no higher."""
    lines = sorted({round(box.baseline, 1) for box in pdf.boxes(make("report", build(crowd=400)), 1) if box.upright})
    text = [line for line in lines if 37 < line < 262]
    steps = [(second - first) / 10.22 for first, second in pairwise(text)]
    assert [step for step in steps if step > 0.1] == pytest.approx([round(s) for s in steps if s > 0.1], abs=0.05)


@pytest.mark.parametrize("kind", ["report", "internal", "town"])
def test_english_papers_have_no_chinese_but_the_datas_own(make, example, kind):
    own = cut(kind, example)
    words = json.dumps(untranslated(own.head), ensure_ascii=False) + "".join(
        str(value) for frame in (own.scores, own.findings, own.ledger) for row in frame.rows() for value in row
    )
    words += "".join(str(value) for value in vars(conftest.SETTINGS).values())
    for page in pdfium.PdfDocument(make(kind, own, "en")):
        for run in re.findall("[\u2e80-\u9fff]+", page.get_textpage().get_text_range()):
            assert run in words


def untranslated(value):
    """What a head says in Chinese alone."""
    if isinstance(value, dict):
        return {key: untranslated(held) for key, held in value.items() if not value.get(f"{key}_en")}
    return [untranslated(held) for held in value] if isinstance(value, list) else value


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_signature_of_the_reply_form_does_not_stand_alone(make, build, lang):
    pages = pdf.pages(make("town", build(crowd=30).for_town(sample.CROWDED), lang))
    signed = [page for page in pages if {"zh": "分管负责同志", "en": "Officialincharge"}[lang] in page]
    assert len(signed) == 1
    assert len(re.findall(r"JY-2025Q1-102-\d{3}", signed[0])) == 2


@pytest.mark.parametrize("crowd", [20, 38])
def test_what_may_be_objected_to_never_stands_alone_on_a_page(make, build, crowd):
    """With just so many findings the heading fell to the top of a page of its own."""
    sheet = make("town", build(crowd=crowd, previous=True).for_town(sample.CROWDED))
    (page,) = [page for page in pdf.pages(sheet) if "四、异议与整改" in page]
    assert page.index("净扣") < page.index("四、异议与整改")
