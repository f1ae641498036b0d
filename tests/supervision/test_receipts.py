"""Receipts: what goes out is the town's own and locked, what comes back is merged once, or refused with its cell."""

from __future__ import annotations

import shutil
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from schemas.vocabulary import Vocabulary
from scoring.intake import read_folder
from scoring.supervision.receipts import LEDGER
from scoring.supervision.receipts.form import MARK, row_mark
from tests.supervision.office import FINDINGS, Office, office_at

HEADS = ["问题编号", "发现日期", "问题描述", "整改期限", "整改情况", "完成日期", "整改措施", "追回金额", "佐证材料"]
OUTCOME, DONE, TAKEN, MONEY, PROOF = 6, 7, 8, 9, 10


def moment(*day: int) -> datetime:
    """A day as a cell of a workbook has it."""
    return datetime.combine(date(*day), time())


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The workspace with the receipts of its first quarter, made once."""
    root = tmp_path_factory.mktemp("template")
    office = office_at(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        answer = office.call("receipts", "make", "2025Q1")
    assert answer.code == 0, answer
    return root


@pytest.fixture
def sent(template, tmp_path, monkeypatch):
    """That workspace, one's own: `office` and its workbooks by town."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Office(tmp_path), books_of(tmp_path)


def books_of(root: Path) -> dict[str, Path]:
    return {path.name[:3]: path for path in sorted((root / "receipts").glob("*.xlsx"))}


def make(office: Office, *words: object) -> dict[str, Path]:
    answer = office.call("receipts", "make", *words)
    assert answer.code == 0, answer
    return books_of(office.root)


def edit(path: Path, change, name: str = "") -> Path:
    """What a town, or a program that it uses, does to a workbook; saved by another library."""
    book = openpyxl.load_workbook(path)
    change(book.worksheets[0], book)
    target = path.parent.parent / "back" / (name or path.name)
    target.parent.mkdir(exist_ok=True)
    book.save(target)
    return target


def row_of(sheet, finding: str) -> int:
    return next(cell.row for cell in sheet["B"] if cell.value == finding)


def answer_all(sheet, book=None, *, measures="已补齐"):
    for row in range(5, sheet.max_row + 1):
        if sheet.cell(row, 2).value:
            sheet.cell(row, OUTCOME, "已完成")
            sheet.cell(row, DONE, moment(2025, 2, 20))
            sheet.cell(row, TAKEN, f"{measures}{sheet.cell(row, 2).value}")
            sheet.cell(row, MONEY, 120.5)


def reports(office: Office) -> pl.DataFrame:
    intake = read_folder(office.root / "data", Vocabulary())
    assert not intake.refused, intake.problems
    return intake.tables.rectifications.filter(pl.col("source_file") == LEDGER).sort("finding_id", "submitted_on")


def take(office: Office, *words: object):
    return office.call("receipts", "import", *words, "--received", "2025-03-01")


def test_a_workbook_holds_the_towns_own_open_findings_and_nothing_of_the_bureaus(office):
    books = make(office, "2025Q1")
    assert sorted(books) == ["T01", "T02"]  # what is mended needs no receipt
    rows = office.cells(books["T01"])
    assert rows[0][0] == "沁园街道整改回执（2025年第一季度）"
    assert rows[3] == ["序号", *HEADS, "回执标识"]
    due = moment(2025, 2, 19)  # five working days from 12 February, which the ledger leaves to the scheme
    assert [row[:5] for row in rows[4:7]] == [
        [1, "A-1", moment(2025, 1, 10), "入户记录缺少签字", moment(2025, 2, 10)],
        [2, "A-2", moment(2025, 1, 12), "公示照片缺失，电话139******11", moment(2025, 2, 12)],
        [3, "A-3", moment(2025, 2, 12), "入户调查", due],
    ]
    assert rows[4][-1] == row_mark("T01", "A-1")
    with_everything = [str(cell) for path in books.values() for row in office.cells(path) for cell in row]
    assert not [text for text in with_everything if "责任人" in text]
    assert not [text for row in rows for text in map(str, row) if "克井" in text or "B-1" in text]


def test_locked_cells_are_locked_and_the_towns_own_are_open(sent):
    _, books = sent
    sheet = openpyxl.load_workbook(books["T01"]).worksheets[0]
    assert sheet.protection.sheet
    assert [sheet.cell(5, place).protection.locked for place in range(1, 11)] == [True] * 5 + [False] * 5
    assert sheet.column_dimensions["K"].hidden
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["F5:F7"].formula1.startswith('"未启动,整改中')
    assert rules["G5:G7"].type == "date"
    assert rules["I5:I7"].type == "decimal"


def test_open_findings_of_every_period_and_of_named_towns_alone(office):
    books = make(office, "--open", "--on", "2025-06-30")
    assert [row[1] for row in office.cells(books["T02"])[4:6]] == ["B-1", "B-2"]
    shutil.rmtree(office.root / "receipts")
    assert list(make(office, "--open", "克井", "--on", "2025-06-30")) == ["T02"]
    assert office.call("receipts", "make", "--open", "克井镇镇").code == 2
    assert office.call("receipts", "make").code == 2


def test_made_twice_are_the_same_bytes_and_a_filled_one_is_never_written_over(office):
    books = make(office, "2025Q1")
    before = {code: path.read_bytes() for code, path in books.items()}
    assert {code: path.read_bytes() for code, path in make(office, "2025Q1").items()} == before
    shutil.copy(edit(books["T02"], answer_all), books["T02"])
    filled = books["T02"].read_bytes()
    answer = office.call("receipts", "make", "2025Q1")
    assert answer.code == 2
    assert books["T02"].name in answer.out
    assert books["T02"].read_bytes() == filled


def test_answers_come_into_the_ledger_once(sent):
    office, books = sent
    back = [edit(path, answer_all) for path in books.values()]
    answer = take(office, *back)
    assert answer.code == 0, answer
    found = reports(office)
    assert found.select("finding_id", "submitted_on", "completed_on", "outcome", "measures_taken").rows() == [
        (name, date(2025, 3, 1), date(2025, 2, 20), "done", f"已补齐{name}") for name in ("A-1", "A-2", "A-3", "B-1")
    ]
    assert found["recovered"].cast(pl.String).to_list() == ["120.50"] * 4
    assert found["verdict"].null_count() == 4
    before = (office.root / "data" / LEDGER).read_bytes()
    assert office.call("receipts", "import", back[0].parent, "--received", "2025-04-01").code == 0
    assert (office.root / "data" / LEDGER).read_bytes() == before
    assert office.call("check", "2025Q1").code == 0
    # What waits for a verdict is asked of nobody again.
    later = office.call("receipts", "make", "--open", "--on", "2025-03-02", "--receipts", "later")
    assert (later.code, (office.root / "later").exists()) == (0, False), later


def test_a_later_return_is_a_further_report_beside_what_the_bureau_wrote(sent):
    office, books = sent
    book = books["T02"]
    take(office, edit(book, answer_all))
    ledger = openpyxl.load_workbook(office.root / "data" / LEDGER)
    heads = [cell.value for cell in ledger.worksheets[0][1]]
    ledger.worksheets[0].cell(2, heads.index("复核日期") + 1, "2025-03-05")
    ledger.worksheets[0].cell(2, heads.index("复核结论") + 1, "退回重改")
    ledger.worksheets[0].cell(2, heads.index("复核人") + 1, "示例复核人")
    ledger.save(office.root / "data" / LEDGER)
    second = edit(book, lambda sheet, book: answer_all(sheet, measures="再次补齐"), "第二次.xlsx")
    assert office.call("receipts", "import", second, "--received", "2025-03-20").code == 0
    rows = reports(office).select("submitted_on", "verdict", "verified_by", "measures_taken").rows()
    assert rows == [
        (date(2025, 3, 1), "sent_back", "示例复核人", "已补齐B-1"),
        (date(2025, 3, 20), None, None, "再次补齐B-1"),
    ]
    # Another answer of the same day would stop every run.
    third = edit(book, lambda sheet, book: answer_all(sheet, measures="三次补齐"), "第三次.xlsx")
    answer = office.call("receipts", "import", third, "--received", "2025-03-20")
    assert answer.code == 1
    assert "同一天已有另一份报送" in answer.out
    assert reports(office).height == 2


def moved(sheet, book):
    """Columns in another order under other headings, rows upside down, blank rows, a total, sheets turned round."""
    answer_all(sheet)
    rows = [[cell.value for cell in row[:11]] for row in sheet.iter_rows(min_row=5, max_row=7)]
    new = book.create_sheet("回执", 0)
    order = [6, 10, 1, 5, 2, 3, 7, 8, 9, 4, 0]
    heads = {"整改情况": "整改状态", "完成日期": "整改完成时间", "问题编号": "编号", "整改期限": "整改时限"}
    old = [cell.value for cell in sheet[4][:11]]
    new.append(["沁园街道整改回执"])
    new.append([heads.get(old[place], old[place]) for place in order])
    for row in reversed(rows):
        new.append([row[place] for place in order])
        new.append([])
    new.append(["合计", "3个"])
    book.remove(sheet)
    book._sheets.reverse()


def test_columns_rows_and_sheets_may_be_moved(sent):
    office, books = sent
    answer = take(office, edit(books["T01"], moved))
    assert answer.code == 0, answer
    found = reports(office)
    assert found["finding_id"].to_list() == ["A-1", "A-2", "A-3"]
    assert found["measures_taken"].to_list() == ["已补齐A-1", "已补齐A-2", "已补齐A-3"]


def test_dates_as_text_and_a_blank_row_of_answers(sent):
    office, books = sent

    def change(sheet, book):
        for row, text in ((5, "2025年2月20日"), (6, "2025.2.20")):
            sheet.cell(row, OUTCOME, "已完成")
            sheet.cell(row, DONE, text)
        sheet.cell(5, 3, "2025/1/10")  # a locked day, written by another program as text

    answer = take(office, edit(books["T01"], change))
    assert answer.code == 0, answer
    assert reports(office).select("finding_id", "completed_on").rows() == [
        ("A-1", date(2025, 2, 20)),
        ("A-2", date(2025, 2, 20)),
    ]


def pasted(office):
    """A row of the other town, mark and all."""
    other = openpyxl.load_workbook(
        office.root / "receipts" / next(iter(path.name for path in (office.root / "receipts").glob("T02*")))
    ).worksheets[0]

    def change(sheet, book):
        for place in range(1, 12):
            sheet.cell(8, place, other.cell(5, place).value)
        sheet.cell(8, OUTCOME, "已完成")

    return change


def cell(row: int, column: int, value):
    return lambda sheet, book: (sheet.cell(5, OUTCOME, "已完成"), sheet.cell(row, column, value))


def extra(sheet, book):
    sheet.cell(8, OUTCOME, "已完成")
    sheet.cell(8, TAKEN, "自查自纠")


def typed(number: str):
    def change(sheet, book):
        sheet.cell(8, 2, number)
        sheet.cell(8, OUTCOME, "已完成")

    return change


FAULTS = {
    "a number changed": (cell(6, 2, "A-3"), "6", "问题编号", "与发出时不同"),
    "a day changed": (cell(5, 3, moment(2025, 1, 11)), "5", "发现日期", "与发出时不同"),
    "the text changed": (cell(5, 4, "入户记录齐全"), "5", "问题描述", "与发出时不同"),
    "the deadline changed": (cell(5, 5, moment(2025, 9, 1)), "5", "整改期限", "与发出时不同"),
    "a mark changed": (cell(5, 11, "A-1#00000000"), "5", "问题编号", "标识被改动"),
    "no outcome": (cell(6, TAKEN, "已补齐"), "6", "整改情况", "没有填整改情况"),
    "an unknown outcome": (cell(5, OUTCOME, "差不多"), "5", "整改情况", "不在"),
    "a bad day": (cell(5, DONE, "2025-02-30"), "5", "完成日期", "没有这一天"),
    "done before found": (cell(5, DONE, moment(2024, 12, 1)), "5", "完成日期", "早于发现日期"),
    "a bad amount": (cell(5, MONEY, "约100元"), "5", "追回金额", ""),
    "an extra row": (extra, "8", "问题编号", "必填项为空"),
    "another town's number": (typed("B-1"), "8", "问题编号", "克井镇"),
    "an unknown number": (typed("Z-9"), "8", "问题编号", "没有这个编号"),
    "the town's own, but not sent": (typed("A-4"), "8", "问题编号", "不在这份回执里"),
    "another town's row": (None, "8", "问题编号", "克井镇"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_wrong_is_named_with_its_cell_and_the_file_waits(sent, name):
    office, books = sent
    change, row, column, words = FAULTS[name]
    office.table("问题台账", [*FINDINGS, ["A-4", "沁园街道", "东村", "2025-02-20", "files", "一般", "后来发现的"]])
    back = edit(books["T01"], change or pasted(office), "沁园.xlsx")
    other = edit(books["T02"], answer_all)
    answer = take(office, back, other)
    assert answer.code == 1
    place = f"沁园.xlsx/整改回执/{row}/{column}: "
    line = next((line for line in answer.out.splitlines() if line.startswith(place)), "")
    assert words in line, answer.out
    assert line
    assert reports(office)["finding_id"].to_list() == ["B-1"]  # the sound file alone
    assert (office.root / "receipts" / "problems.xlsx").is_file()


def test_partial_takes_the_rest_and_lists_what_was_left_out(sent):
    office, books = sent
    back = edit(books["T01"], lambda sheet, book: (answer_all(sheet), sheet.cell(6, 4, "改过")))
    answer = take(office, back, "--partial")
    assert answer.code == 0
    assert "6/问题描述" in answer.out
    assert reports(office)["finding_id"].to_list() == ["A-1", "A-3"]


def test_two_files_of_one_town_that_differ_are_both_refused_and_equal_ones_are_one(sent):
    office, books = sent
    book = books["T02"]
    one, two = edit(book, answer_all, "一.xlsx"), edit(book, answer_all, "二.xlsx")
    assert take(office, one, two).code == 0
    assert reports(office).height == 1
    (office.root / "data" / LEDGER).unlink()
    two = edit(book, lambda sheet, book: answer_all(sheet, measures="另一种说法"), "二.xlsx")
    answer = take(office, one, two)
    assert answer.code == 1
    assert answer.out.count("同一个问题有两份不同的答复") >= 2
    assert not (office.root / "data" / LEDGER).exists()


def without_marks(sheet, book):
    answer_all(sheet)
    del book[MARK]


def forged(sheet, book):
    answer_all(sheet)
    book[MARK].cell(1, 2, "T02")


def foreign(sheet, book):
    answer_all(sheet)
    book[MARK].cell(1, 2, "T99")


def both(sheet, book):
    second = book.copy_worksheet(book[MARK])
    second.cell(1, 3, "2025Q2")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_marks, "不是本程序发出的整改回执"),
        (forged, "标识表被改动过"),
        (foreign, "不在本工作区的名单里"),
        (both, "两份回执的标识表"),
    ],
)
def test_a_workbook_that_is_no_receipt_is_refused_whole(sent, change, words):
    office, books = sent
    answer = take(office, edit(books["T01"], change), "--partial")
    assert answer.code == 1
    assert words in answer.out
    assert not (office.root / "data" / LEDGER).exists()


def test_other_kinds_of_files_damaged_ones_and_none_at_all(office):
    (office.root / "a.xls").write_bytes(b"old")
    (office.root / "b.xlsx").write_bytes(b"nothing")
    answer = take(office, office.root / "a.xls", office.root / "b.xlsx")
    assert answer.code == 1
    assert "另存为 .xlsx" in answer.out
    assert take(office, office.root / "c.xlsx").code == 2
    (office.root / "empty").mkdir()
    assert take(office, office.root / "empty").code == 2
    (office.root / "back").mkdir()
    shutil.copy(office.root / "b.xlsx", office.root / "back" / "b.xlsx")
    assert take(office, office.root / "b.xlsx", office.root / "back" / "b.xlsx").code == 2


def test_verdicts_and_what_was_not_begun_are_never_taken(sent):
    office, books = sent

    def change(sheet, book):
        answer_all(sheet)
        sheet.cell(4, 12, "复核结论")
        sheet.cell(5, 12, "通过销号")
        sheet.cell(6, OUTCOME, "未启动")
        sheet.cell(7, OUTCOME, "整改中")

    answer = take(office, edit(books["T01"], change))
    assert answer.code == 0
    assert "复核由民政局填写" in answer.out
    assert "未启动" in answer.out
    assert "复核之前不计逾期" in answer.out
    found = reports(office)
    assert found.select("finding_id", "outcome", "verdict").rows() == [
        ("A-1", "done", None),
        ("A-3", "in_progress", None),
    ]


def test_a_ledger_with_something_else_in_it_is_never_written_anew(sent):
    office, books = sent
    book = books["T02"]
    take(office, edit(book, answer_all))
    ledger = openpyxl.load_workbook(office.root / "data" / LEDGER)
    ledger.worksheets[0].cell(1, 30, "我的记号")
    ledger.worksheets[0].cell(2, 30, "要紧")
    ledger.save(office.root / "data" / LEDGER)
    before = (office.root / "data" / LEDGER).read_bytes()
    back = edit(book, lambda sheet, book: answer_all(sheet, measures="再次"), "二.xlsx")
    answer = take(office, back)
    assert answer.code == 1
    assert "我的记号" in answer.out
    assert (office.root / "data" / LEDGER).read_bytes() == before
    (office.root / "data" / LEDGER).rename(office.root / "data" / "整改台账_手工.xlsx")
    assert office.call("receipts", "import", back, "--received", "2025-03-09").code == 0
    assert reports(office).height == 1
    (office.root / "data" / f"~${LEDGER}").write_bytes(b"")
    assert take(office, back).code == 3


def test_text_that_a_spreadsheet_would_run_stays_text(sent):
    office, books = sent

    def change(sheet, book):
        answer_all(sheet)
        sheet.cell(5, TAKEN).value = "=1+1"
        sheet.cell(5, TAKEN).data_type = "s"

    assert take(office, edit(books["T02"], change)).code == 0
    assert reports(office)["measures_taken"].to_list() == ["=1+1"]
    cell = openpyxl.load_workbook(office.root / "data" / LEDGER).worksheets[0]["J2"]
    assert {one.data_type for one in openpyxl.load_workbook(office.root / "data" / LEDGER).worksheets[0][2]} <= {
        "s",
        "d",
        "n",
    }
    assert cell is not None


def test_a_town_that_merged_answers_by_what_it_became(office):
    rows = [["镇街代码", "名称", "排序", "停用日期", "并入"], ["T01", "沁园街道", 1, "2025-02-28", "济水街道"]]
    rows += [["T02", "克井镇", 2, "", ""], ["T03", "济水街道", 3, "", ""]]
    office.table("镇街名单", rows)
    books = make(office, "2025Q1")
    answer = take(office, edit(books["T03"], answer_all))
    assert answer.code == 0, answer
    assert "A-1" in reports(office)["finding_id"].to_list()


def test_in_english(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    office = office_at(tmp_path, "en")
    book = make(office, "2025Q1")["T02"]
    assert office.cells(book)[3][1:4] == ["finding_id", "found_on", "description"]

    def change(sheet, book):
        sheet.cell(5, OUTCOME, "done")

    assert take(office, edit(book, change)).code == 0
    assert reports(office)["outcome"].to_list() == ["done"]
