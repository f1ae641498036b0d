"""`townscore due` and `townscore letters` on a small workspace, from the first step to the confirmation."""

from __future__ import annotations

import csv
import re
from importlib import import_module

import openpyxl
import pytest
from typer.testing import CliRunner

from scoring.cli_app import app
from tests.runs.conftest import SCHEME

FINDINGS = [
    ["问题编号", "镇街", "发现日期", "考核指标", "严重程度", "问题描述", "整改类型", "整改期限", "违纪线索", "责任人"],
    ["A-1", "沁园街道", "2025-09-22", "档案资料", "严重", "缺少表格", "限期", "2025-09-26", "", "示例责任人"],
    ["A-2", "克井镇", "2025-09-22", "入户调查", "一般", "未入户", "立行立改", "2025-09-26", "示例线索", "示例责任人"],
    ["A-3", "济水街道", "2025-09-22", "入户调查", "一般", "未入户", "立行立改", "2025-09-26", "否", ""],
]
REPORTS = [["问题编号", "报送日期", "整改情况", "复核日期", "复核结论"]]
LETTERS = [["发函编号", "镇街", "类型", "发函日期", "涉及问题编号", "整改期限"]]
LOG = "发函台账_系统登记.xlsx"


class Bureau:
    def __init__(self, root):
        self.root, self.data = root, root / "data"
        self.data.mkdir()
        (root / "small.yaml").write_text(SCHEME, "utf-8")
        (root / "townscore.yaml").write_text("weights: small.yaml\nreport:\n  bureau: 示例市民政局\n", "utf-8")
        self.table(
            "镇街名单",
            [
                ["镇街代码", "名称", "类型"],
                ["T01", "沁园街道", "街道"],
                ["T02", "克井镇", "镇"],
                ["T03", "济水街道", "街道"],
            ],
        )
        self.table("问题台账", FINDINGS)

    def table(self, name, rows):
        with (self.data / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    def call(self, *words, code=0):
        done = CliRunner().invoke(app, list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    def logged(self):
        sheet = openpyxl.load_workbook(self.data / LOG).active
        return [[cell.value for cell in row] for row in sheet.iter_rows()][1:]


@pytest.fixture
def bureau(tmp_path, monkeypatch):
    import_module("scoring.cli_due")
    monkeypatch.chdir(tmp_path)
    return Bureau(tmp_path)


def test_the_loop_from_the_first_step_to_the_confirmation(bureau):
    out = bureau.call("due", "--on", "2025-09-25")
    assert re.search(r"沁园街道 +提示函 +1 +2025-10-22 +A-1 +发现后还没有", out)  # 15 working days
    assert re.search(r"克井镇 +电话提醒 +1 +2025-10-09 +A-2", out)
    assert not (bureau.root / "letters").exists()  # who only looks leaves nothing behind
    assert "没有新的函件" not in bureau.call("letters", "--on", "2025-09-25", "--dry-run")
    assert not (bureau.data / LOG).exists()
    out = bureau.call("letters", "--on", "2025-09-25")
    assert re.search(r"沁园街道 +提示函 +2025-001 +1 +2025-10-22", out)
    folder = bureau.root / "letters" / "2025-09-25"
    made = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(made) == ["T01_沁园街道_提示函_2025-001.docx", "T01_沁园街道_提示函_2025-001.pdf"]
    assert "没有新的函件" in bureau.call("letters", "--on", "2025-09-25")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made
    bureau.call("due", "--called", "克井镇", "--on", "2025-09-25")
    bureau.call("due", "--called", "克井镇", "--on", "2025-09-25", code=1)
    assert [row[:4] for row in bureau.logged()] == [
        ["提示函-2025-001", "T01", "提示函", bureau.logged()[0][3]],
        ["电话提醒-2025-001", "T02", "电话提醒", bureau.logged()[1][3]],
    ]
    # The town that was called did nothing by 9 October: step 4 follows on the first working day after.
    assert "克井镇" not in bureau.call("letters", "--on", "2025-10-09", "--dry-run")
    out = bureau.call("letters", "克井镇", "--on", "2025-10-10", "--kind", "专项督办函")
    assert re.search(r"克井镇 +专项督办函 +2025-001", out)
    # The other town reports, the bureau verifies: it is confirmed, once.
    bureau.table("整改台账", [*REPORTS, ["A-1", "2025-10-10", "已完成", "2025-10-13", "通过销号"]])
    out = bureau.call("letters", "--on", "2025-10-13")
    assert re.search(r"沁园街道 +整改确认单 +2025-001 +1", out)
    assert "没有新的函件" in bureau.call("letters", "--on", "2025-10-13")
    # A confirmation asks for nothing and is no letter of the ladder.
    assert [row[2] for row in bureau.logged()] == ["提示函", "电话提醒", "专项督办函"]


def test_each_step_is_read_by_the_score(bureau):
    """A call and one letter are no second letter; a letter that follows another is one, and `due` says what it was."""
    bureau.table("发函台账", [*LETTERS, ["L1", "沁园街道", "提示函", "2025-09-23", "A-1", "2025-09-26"]])
    bureau.call("letters", "沁园街道", "--on", "2025-09-29")
    from datetime import date
    from pathlib import Path

    from scoring.calling import call_of
    from scoring.supervision.escalation import read_policy
    from scoring.supervision.escalation.picture import picture

    call = call_of(None)
    shown = picture(call.desk, call.schemes, read_policy(Path(), "zh"), date(2025, 9, 30))
    letters = {matter.id: [one.letter_id for one in matter.letters] for matter in shown.matters}
    assert letters["A-1"] == ["L1", "专项督办函-2025-001"]


def test_a_clue_is_for_the_screen_alone_and_gone_once_referred(bureau, tmp_path):
    out = bureau.call("due", "--on", "2025-09-25", "--sheet", str(tmp_path / "due.xlsx"))
    assert re.search("违纪线索.*\n  克井镇　A-2\n", out)
    assert "示例线索" not in out
    book = openpyxl.load_workbook(tmp_path / "due.xlsx")
    cells = " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert "线索" not in cells
    assert "移交" not in cells
    assert "示例责任人" not in cells
    assert [sheet.title for sheet in book] == ["要发", "逐个问题"]
    bureau.table("发函台账", [*LETTERS, ["L1", "克井镇", "移交", "2025-09-23", "A-2", ""]])
    out = bureau.call("due", "--on", "2025-09-25")
    assert "违纪线索" not in out
    assert re.search(r"克井镇 +电话提醒 +1 +2025-10-09 +A-2 +发现后还没有提醒", out)


def test_one_letter_logged_twice_is_noticed(bureau):
    twice = [
        ["L1", "沁园街道", "提示函", "2025-09-23", "A-1", ""],
        ["L2", "沁园街道", "提示函", "2025-09-23", "A-1", ""],
    ]
    bureau.table("发函台账", [*LETTERS, *twice])
    assert "注意：L1、L2" in bureau.call("due", "--on", "2025-09-25")


def test_a_log_that_a_kill_left_behind_is_brought_up_at_the_next_command(bureau):
    bureau.call("letters", "--on", "2025-09-25")
    before = (bureau.data / LOG).read_bytes()
    (bureau.data / LOG).unlink()
    assert "沁园街道    提示函" not in bureau.call("due", "--on", "2025-09-25")
    assert (bureau.data / LOG).read_bytes() == before


def test_void_takes_a_letter_out_of_the_log_and_it_is_due_again(bureau):
    bureau.call("letters", "--on", "2025-09-25")
    bureau.call("letters", "--void", "提示函2025-001", code=2)
    assert "已作废（未签发）" in bureau.call("letters", "--void", "提示函2025-001", "--why", "未签发")
    assert bureau.logged() == []
    assert re.search(r"沁园街道 +提示函 +2025-002", bureau.call("letters", "--on", "2025-09-26"))


def test_wrong_words_end_with_2_and_bad_data_with_1(bureau):
    bureau.call("letters", "--kind", "移交", "--on", "2025-09-25", code=2)
    bureau.call("letters", "无此镇", "--on", "2025-09-25", code=2)
    bureau.call("due", "--on", "昨天", code=2)
    (bureau.root / "escalation.yaml").write_text("soon: x\n", "utf-8")
    bureau.call("due", "--on", "2025-09-25", code=2)
    (bureau.root / "escalation.yaml").unlink()
    bureau.call("due", "--on", "2031-05-06", code=1)  # no calendar covers the year
    bureau.table("问题台账", [*FINDINGS, ["A-9", "无此镇", "2025-09-22", "档案资料", "严重", "", "", "", "", ""]])
    bureau.call("due", "--on", "2025-09-25", code=1)
