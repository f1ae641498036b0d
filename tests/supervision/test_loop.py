"""The example's year through the whole loop, by commands alone: cases, sample, work sheets, findings, letter, receipt,
verdict, score.
"""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.supervision.office import Office

TOWN = "克井镇"
WHAT = "示例：入户调查记录缺少签字"


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """The example workspace, not scored yet; what casework is to measure is not in the ledger of measures."""
    root = tmp_path_factory.mktemp("loop") / "bureau"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root.parent)
        answer = Office(root.parent).call("demo", root, "--formats", "csv")
        assert answer.code == 0, answer
        patch.chdir(root)
        yield Office(root)


def say(office, *words):
    """Carry out a command that goes well."""
    answer = office.call(*words)
    assert answer.code == 0, answer
    return answer.out


def fill(path: Path, failed: str = "") -> None:
    """Answer a work sheet as a checker does: every point met, on the first row one that is not."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = next(row[0].row for row in sheet.iter_rows() if [cell for cell in row if cell.value == "申请编号"])
    columns = {cell.value: cell.column for cell in sheet[head] if cell.value}
    rows = [row for row in range(head + 1, sheet.max_row + 1) if sheet.cell(row, columns["申请编号"]).value]
    for row in rows:
        for heading in list(columns)[8:-3]:
            if sheet.cell(row, columns[heading]).value is None:
                sheet.cell(row, columns[heading], "符合")
        sheet.cell(row, columns["核查日期"], datetime.combine(date(2025, 9, 30), time()))
        sheet.cell(row, columns["入户"], "是")
    if failed:
        sheet.cell(rows[0], columns[failed], "不符合")
        sheet.cell(rows[0], columns["问题情况"], WHAT)
        sheet.cell(rows[0], columns["严重程度"], "较重")
    book.save(path)


def answer(path: Path, finding: str, on: date) -> Path:
    """Answer one finding of a receipt as a town does."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for row in sheet.iter_rows(max_row=6) for cell in row if cell.value}
    (row,) = {cell.row for line in sheet.iter_rows() for cell in line if cell.value == finding}
    sheet.cell(row, columns["整改情况"], "已完成")
    sheet.cell(row, columns["完成日期"], datetime.combine(on, time()))
    sheet.cell(row, columns["整改措施"], "示例：已补签")
    back = path.with_name(f"back-{path.name}")
    book.save(back)
    return back


def verify(path: Path, finding: str) -> None:
    """Note in the rectifications ledger that the bureau has looked, as an officer does in Excel."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    (head,) = {cell.row for line in sheet.iter_rows() for cell in line if cell.value == "复核结论"}
    columns = {cell.value: cell.column for cell in sheet[head] if cell.value}
    (row,) = {cell.row for line in sheet.iter_rows() for cell in line if cell.value == finding}
    sheet.cell(row, columns["复核日期"], datetime.combine(date(2025, 10, 15), time()))
    sheet.cell(row, columns["复核结论"], "通过销号")
    book.save(path)


def score_of(office) -> dict[str, str]:
    rows = csv.DictReader((office.root / "out" / "2025Q3" / "scores.csv").open(encoding="utf-8-sig"))
    return {row["town"]: row["score"] for row in rows}


def test_a_problem_found_in_a_sample_is_written_to_mended_and_given_back(year):
    data = year.root / "data"
    # Cases to measures; what the ledger of measures has already is not counted twice.
    assert "2025Q3" in say(year, "casework", "2025Q3")
    # The sample: drawn, provable, checked, imported; the second import changes nothing.
    say(year, "sample", "2025-09")
    say(year, "sample", "2025-09", "--verify")
    sheets = sorted((year.root / "samples" / "2025-09").glob("*.xlsx"))
    for path in sheets:
        fill(path, "入户调查记录" if TOWN in path.name else "")
    say(year, "checks", "import", *sheets)
    written = {path.name: path.read_bytes() for path in data.iterdir()}
    say(year, "checks", "import", *sheets)
    assert {path.name: path.read_bytes() for path in data.iterdir()} == written
    say(year, "run", "2025Q3", "--formats", "csv", "--as-of", "2025-10-20")
    found = score_of(year)
    told = say(year, "explain", TOWN, "2025Q3")
    (finding,) = (row["问题编号"] for row in rows_of(data / "问题台账_抽查2025-09.xlsx") if WHAT in row["问题描述"])
    assert finding in told
    # What is due names it; the letter is written once, and logged.
    say(year, "due", "--on", "2025-10-09", "--sheet", year.root / "due.xlsx")
    assert finding in cells_of(year.root / "due.xlsx")
    letter = ("letters", TOWN, "--on", "2025-10-09", "--kind", "提示函")
    say(year, *letter)
    log = data / "发函台账_系统登记.xlsx"
    logged = log.read_bytes()
    assert finding in cells_of(log)
    say(year, *letter)
    assert log.read_bytes() == logged
    # The town's receipt: made, answered, merged once; then the bureau looks.
    say(year, "receipts", "make", "--open", TOWN, "--on", "2025-10-10")
    (receipt,) = (year.root / "receipts").glob("*.xlsx")
    back = answer(receipt, finding, date(2025, 10, 13))
    say(year, "receipts", "import", back, "--received", "2025-10-14")
    ledger = data / "整改台账_回执.xlsx"
    merged = ledger.read_bytes()
    say(year, "receipts", "import", back, "--received", "2025-10-14")
    assert ledger.read_bytes() == merged
    verify(ledger, finding)
    say(year, "run", "2025Q3", "--formats", "csv", "--as-of", "2025-10-20")
    mended = score_of(year)
    # Nobody else's score has moved for it; this town lost points by the finding, and part of them came back.
    assert float(mended[TOWN]) > float(found[TOWN])
    others = set(found) - {TOWN}
    assert {town: mended[town] for town in others} == {town: found[town] for town in others}
    say(year, "board", "--on", "2025-10-20")
    page = (year.root / "board-2025-10-20.html").read_text("utf-8")
    assert finding in page


def cells_of(path: Path) -> str:
    book = openpyxl.load_workbook(path)
    return "\n".join(str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a ledger's first sheet by heading."""
    lines = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
    place = next(place for place, line in enumerate(lines) if "问题编号" in line)
    return [dict(zip(lines[place], line, strict=True)) for line in lines[place + 1 :] if any(line)]
