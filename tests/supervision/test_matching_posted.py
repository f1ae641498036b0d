"""Posted lists: what should not be posted is found with its place, and what should be is left alone."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from importlib import import_module
from pathlib import Path

import docx
import openpyxl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from scoring.cli_app import app
from scoring.redaction import Words
from scoring.supervision.matching.opened import read_posted
from scoring.supervision.matching.posted import Text, scan
from tests.redaction.corpus import card
from tests.runs.conftest import SCHEME
from tests.supervision.people import number

ID = number(7, date(1951, 5, 6), 123)
PHONE = "13900001111"
CARD = card(random.Random(1))


def found(*texts: tuple[str, str]) -> list[tuple[str, int, str]]:
    rows = [Text("f", "", number, "A", heading, text) for number, (heading, text) in enumerate(texts, 1)]
    return [(hit.kind, hit.count, hit.shown) for hit in scan(rows, Words())]


@pytest.mark.parametrize(
    ("heading", "text", "hits"),
    [
        ("身份证号", ID, [("identity", 1, ID[:3] + "*" * 13 + ID[-2:])]),
        ("身份证号", ID[:3] + "*" * 12 + ID[-3:], []),
        ("联系电话", PHONE, [("telephone", 1, "139******11")]),
        ("联系电话", "139****1111", []),
        ("银行账号", CARD, [("bank", 1, CARD[:3] + "*" * (len(CARD) - 5) + CARD[-2:])]),
        ("银行账号", "6200001234", [("bank", 1, "620*****34")]),
        ("家庭住址", "示例村3组12号", [("address", 1, "")]),
        ("村（社区）", "示例村", []),
        ("致贫原因", "因病（肺癌晚期）", [("illness", 1, "")]),
        ("残疾类别", "肢体残疾二级", [("illness", 1, "")]),
        ("姓名", "王秀英", []),
        ("保障金额", "1260.00", []),
        ("救助证号", "41900120210012", []),
        ("公示时间", "2025年9月1日至9月7日", []),
        ("监督电话", "12345", []),
        ("", f"王秀英，{ID}，{PHONE}", [("identity", 1, ID[:3] + "*" * 13 + ID[-2:]), ("telephone", 1, "139******11")]),
        ("", f"{PHONE}、{PHONE}", [("telephone", 2, "139******11")]),
    ],
)
def test_what_a_cell_discloses(heading, text, hits):
    assert found((heading, text)) == hits


def test_a_heading_is_shown_only_where_it_is_a_usual_one():
    rows = [Text("f", "", 2, "B", "王秀英", PHONE), Text("f", "", 2, "C", "联系电话", PHONE)]
    assert [hit.column for hit in scan(rows, Words())] == ["B", "C 联系电话"]
    rows = [Text("f", "", 2, "B", "身份证号", ID)]
    assert [hit.column for hit in scan(rows, Words())] == ["B 身份证号"]


def pdf(path: Path, lines: list[str]) -> None:
    from weasyprint import HTML

    HTML(string="".join(f"<p style='margin:0'>{line}</p>" for line in lines)).write_pdf(path)


def posting(folder: Path) -> list[Path]:
    """One posting in each form, with the same number in a known place."""
    files = [folder / f"公示_沁园街道.{ending}" for ending in ("xlsx", "csv", "txt", "docx", "pdf")]
    with xlsxwriter.Workbook(files[0]) as book:
        sheet = book.add_worksheet("九月")
        sheet.merge_range(0, 0, 0, 2, "2025年9月救助对象公示")
        sheet.write_row(1, 0, ["姓名", "身份证号", "金额"])
        sheet.write_row(2, 0, ["示例甲", ID, 300])
        hidden = book.add_worksheet("底稿")
        hidden.write_row(0, 0, ["姓名", "联系电话"])
        hidden.write_row(1, 0, ["示例甲", PHONE])
        hidden.hide()
    files[1].write_bytes(f"姓名,身份证号\r\n示例甲,{ID}\r\n".encode("gb18030"))
    files[2].write_text(f"公示\n\n示例甲 {ID}\n", "utf-8")
    document = docx.Document()
    document.add_paragraph("公示")
    table = document.add_table(2, 2)
    for row, cells in enumerate([["姓名", "身份证号"], ["示例甲", ID]]):
        for column, cell in enumerate(cells):
            table.cell(row, column).text = cell
    document.save(str(files[3]))
    pdf(files[4], ["Posting", f"ID {ID}"])
    return files


def test_every_form_of_file_is_looked_through_hidden_sheets_too(tmp_path):
    texts, unread = read_posted(posting(tmp_path))
    assert unread == []
    places = [(hit.file.rpartition(".")[2], hit.sheet, hit.row, hit.column, hit.kind) for hit in scan(texts, Words())]
    assert sorted(places) == [
        ("csv", "", 2, "B 身份证号", "identity"),
        ("docx", "1", 2, "B 身份证号", "identity"),
        ("pdf", "1", 2, "", "identity"),
        ("txt", "", 3, "", "identity"),
        ("xlsx", "九月", 3, "B 身份证号", "identity"),
        ("xlsx", "底稿", 2, "B 联系电话", "telephone"),
    ]


def test_what_cannot_be_looked_through_is_said(tmp_path):
    files = [tmp_path / name for name in ("a.png", "b.docx", "c.pdf", "d.xlsx", "e.pdf")]
    for file in files[:4]:
        file.write_bytes(b"none of these")
    pdf(files[4], [])
    _, unread = read_posted(files)
    assert Counter(one.code for one in unread) == {
        "matching-posted-kind-unknown": 1,
        "matching-posted-damaged": 2,
        "workbook-damaged": 1,
        "matching-posted-no-text": 1,
    }


def test_the_command_shows_places_and_suggests_a_finding(tmp_path, monkeypatch):
    import_module("scoring.cli_match")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "townscore.yaml").write_text("weights: small.yaml\n", "utf-8")
    (tmp_path / "small.yaml").write_text(SCHEME.replace("id: files", "id: publication_overscope"), "utf-8")
    policy = "".join(
        f"  {kind}: {{indicator: publication_overscope, severity: 一般}}\n"
        for kind in (
            "after_death", "deregistered", "two_towns", "twice", "other_benefit", "property", "vehicles", "relatives",
            "posted",
        )
    )  # fmt: skip
    (tmp_path / "matching.yaml").write_text(f"findings:\n{policy}", "utf-8")
    (tmp_path / "data" / "镇街名单.csv").write_text("镇街代码,名称\nT01,沁园街道\nT02,克井镇\n", "utf-8")
    files = posting(tmp_path)[:2]
    done = CliRunner().invoke(app, ["match", "--posted", *map(str, files), "--found-on", "2025-09-05"])
    assert done.exit_code == 0, done.output
    assert "查了2个文件，发现超范围内容3处" in done.output
    assert ID not in done.output
    book = openpyxl.load_workbook(tmp_path / "out" / "matching" / "公示超范围.xlsx")
    rows = [[cell.value for cell in row] for row in book["建议问题"].iter_rows()]
    suggested = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [(one["镇街"], one["考核指标"], one["问题描述"]) for one in suggested] == [
        ("沁园街道", "publication_overscope", "公示材料“公示_沁园街道.xlsx”含有身份证号1处、电话1处，超出公示范围。"),
        ("沁园街道", "publication_overscope", "公示材料“公示_沁园街道.csv”含有身份证号1处，超出公示范围。"),
    ]
