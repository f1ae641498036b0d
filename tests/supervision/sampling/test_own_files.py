"""What others wrote into a file of the import's own is never lost when it is written anew."""

from __future__ import annotations

import openpyxl
import pytest

from scoring.intake import read_folder
from scoring.scheme import load_scheme, vocabulary

FINDINGS = "问题台账_抽查2025-09.xlsx"


@pytest.fixture
def brought(space, cases, sheet, call):
    """Kejing's sheet is in; the path of the findings that came of it."""
    cases()
    call("sample", "2025-09", "--seed", "20251010")
    one = sheet("克井镇")
    one.check(one.rows[0], 户口本="不符合").save()
    assert call("checks", "import", one.path)[0] == 0
    return space / "data" / FINDINGS


def report(book):
    """Write beside a finding what the town did, as a combined ledger has it."""
    sheet = book.worksheets[0]
    for heading, value in (("报送日期", "2025-10-09"), ("整改情况", "已完成")):
        sheet.cell(1, sheet.max_column + 1, heading)
        sheet.cell(2, sheet.max_column, value)


def note(book):
    """Write beside a finding what no table has a column for."""
    sheet = book.worksheets[0]
    sheet.cell(1, sheet.max_column + 1, "经办人意见")
    sheet.cell(2, sheet.max_column, "示例")


def another(book):
    """Put a sheet beside the findings."""
    book.create_sheet("核对").append(["示例"])


def second(book):
    """Put further findings on a sheet of their own."""
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    sheet = book.create_sheet("问题台账（补）")
    sheet.append(rows[0])
    sheet.append(["手工-1", *rows[1][1:]])


@pytest.mark.parametrize("change", [report, note, another, second])
def test_what_writing_anew_would_lose_is_refused(brought, sheet, call, change):
    book = openpyxl.load_workbook(brought)
    change(book)
    book.save(brought)
    held = {path.name: path.read_bytes() for path in brought.parent.iterdir()}
    other = sheet("沁园街道")
    other.check(other.rows[0], 户口本="不符合").save()
    code, _, err = call("checks", "import", other.path)
    assert (code, FINDINGS in err, "移到另一个文件" in err) == (1, True, True)
    assert {path.name: path.read_bytes() for path in brought.parent.iterdir()} == held


def test_a_blank_sheet_writes_over_no_file_that_cannot_be_read(brought, sheet, call):
    book = openpyxl.load_workbook(brought)
    book.worksheets[0].cell(2, 2).value = "克并镇"
    book.save(brought)
    held = brought.read_bytes()
    code, _, err = call("checks", "import", sheet("沁园街道").path)
    assert (code, "会丢" in err) == (1, True)
    assert brought.read_bytes() == held


def test_a_rate_that_cannot_be_read_elsewhere_is_not_counted_beside_it(brought, sheet, call, table):
    head = ["镇街", "周期", "指标", "分子", "分母"]
    table(brought.parent / "指标数据.xlsx", [head, ["沁园街道", "2025Q3", "逢进必核率", 9, "十户"]])
    other = sheet("沁园街道")
    other.check(other.rows[0]).save()
    code, _, err = call("checks", "import", other.path)
    assert (code, "指标数据.xlsx/Sheet1/2" in err, "重复计入" in err) == (1, True, True)


def test_a_rate_that_another_scheme_does_not_know_is_not_written(space, cases, sheet, call, root):
    text = (root / "weights" / "jiyuan-annual.yaml").read_text("utf-8")
    own = space / "annual.yaml"
    own.write_text(text.replace("home_visit_rate", "seen_at_home").replace("新申请入户率", "见面率"), "utf-8")
    (space / "townscore.yaml").write_text("weights: [weights/jiyuan-quarterly.yaml, annual.yaml]\n", "utf-8")
    cases()
    call("sample", "2025-09", "--seed", "20251010")
    one = sheet("克井镇")
    one.check(one.rows[0]).save()
    assert call("checks", "import", one.path)[0] == 0
    read = read_folder(space / "data", vocabulary(load_scheme(own).scheme))
    assert not read.refused, read.problems
    assert set(read.tables.measures["measure"]) == {"means_check_rate", "entry_on_time_rate"}
