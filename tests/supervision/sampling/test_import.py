"""`townscore checks import`: filled sheets into ledgers that the score reads; twice the same; faults by their cells."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import date
from decimal import Decimal

import openpyxl
import polars as pl
import pytest

from scoring.intake import read_folder
from scoring.scheme import load_scheme, vocabulary
from scoring.supervision.sampling.record import read_record
from scoring.supervision.sampling.results import number_of, numbered

FILES = ("核查台账_抽查2025-09.xlsx", "问题台账_抽查2025-09.xlsx", "指标数据_抽查2025-09.xlsx")
PERSON = "999999199001011230"  # a reserved region, and its checksum fails


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Where the drawn month lies once it was made: drawing it for each test would take half of the time."""
    return tmp_path_factory.mktemp("drawn") / "month"


@pytest.fixture
def drawn(space, cases, call, template):
    """September is drawn: 3 of 10, 1 of 3, 1 of 1."""
    if not template.exists():
        cases()
        assert call("sample", "2025-09", "--seed", "20251010")[0] == 0
        shutil.copytree(space, template)
    shutil.copytree(template, space, dirs_exist_ok=True)
    return space


@pytest.fixture
def ledgers(space, root):
    def read():
        words = vocabulary(load_scheme(root / "weights" / "jiyuan-quarterly.yaml").scheme)
        intake = read_folder(space / "data", words)
        assert not intake.refused, intake.problems
        return intake.tables

    return read


def bytes_of(space):
    return {path.name: path.read_bytes() for path in sorted((space / "data").iterdir())}


def test_filled_sheets_become_checks_findings_and_measures(drawn, sheet, call, ledgers):
    one = sheet("沁园街道")
    first, second, third = one.rows
    one.check(
        first,
        身份证="不符合",
        差额定补="不符合",
        问题情况=f"示例：{one.value(first, '申请编号')}缺{PERSON}复印件",
        涉及金额=120.5,
    )
    one.check(second, date(2025, 10, 3), 入户调查="不符合", 录入及时="不适用", 入户="否")
    code, out, err = call("checks", "import", one.save())
    assert (code, err) == (0, "")
    assert "这一行没有填" in out
    tables = ledgers()
    checks = tables.checks.filter(pl.col("check_id").str.starts_with("CC2509"))
    assert checks["newly_confirmed"].sum() == 10
    counts = pl.col("sampled", "visited", "problem_cases").sum()
    assert checks.group_by("checked_on").agg(counts).sort("checked_on").rows() == [
        (date(2025, 9, 29), 1, 1, 1), (date(2025, 10, 3), 1, 0, 1),
    ]  # fmt: skip
    assert set(checks["month"]) == {"2025-09"}
    made = tables.findings.filter(pl.col("finding_id").str.starts_with("CC2509")).sort("indicator")
    assert made.select("town", "indicator", "severity", "channel", "cases", "persons", "amount", "found_on").rows() == [
        ("T01", "amount_by_gap", "较重", "月度抽查", 1, 2, Decimal("120.50"), date(2025, 9, 29)),
        ("T01", "file_complete", "一般", "月度抽查", 1, 2, None, date(2025, 9, 29)),
    ]  # fmt: skip
    key = one.value(first, "申请编号")
    assert set(made["case_ref"]) == {key}
    assert set(made["approved_on"]) == {date(2025, 9, 2 + int(key[-2:]))}
    assert not made["description"].str.contains(key).any()
    assert not made["description"].str.contains(PERSON).any()
    record = read_record(drawn / "samples" / "2025-09")
    assert made["finding_id"].to_list()[1] == number_of(record, "T01", key, "file_id_card")
    rates = (
        tables.measures.select("town", "period", "measure", "numerator", "denominator", "sample").sort("measure").rows()
    )
    assert rates == [
        ("T01", "2025-09", "entry_on_time_rate", Decimal(1), Decimal(1), 1),
        ("T01", "2025-09", "home_visit_rate", Decimal(1), Decimal(2), 2),
        ("T01", "2025-09", "means_check_rate", Decimal(2), Decimal(2), 2),
    ]
    assert "不另记问题" in out  # the visit is scored as a rate
    # Nobody's number stands in the data folder but in the one restricted column.
    for name in FILES:
        for row in openpyxl.load_workbook(drawn / "data" / name).worksheets[0].iter_rows():
            told = [
                str(cell.value) for cell in row if cell.value and row[0].parent.cell(1, cell.column).value != "救助证号"
            ]
            assert not any("示例-" in text or PERSON in text for text in told)
    assert third not in (first, second)


def test_twice_changes_nothing_and_other_towns_join(drawn, sheet, call):
    paths = []
    for town in ("沁园街道", "克井镇", "济水街道"):
        one = sheet(town)
        for row in one.rows:
            one.check(row, 户口本="不符合")
        paths.append(one.save())
    call("checks", "import", *paths)
    whole = bytes_of(drawn)
    assert set(FILES) <= set(whole)
    for again in (paths, paths[::-1], paths[1:2]):
        assert call("checks", "import", *again)[0] == 0
        assert bytes_of(drawn) == whole
    for name in FILES:
        (drawn / "data" / name).unlink()
    (drawn / "samples" / "2025-09" / "returned.jsonl").unlink()
    for path in paths:
        call("checks", "import", path)
    assert bytes_of(drawn) == whole


def test_a_changed_sheet_replaces_its_own_rows_and_keeps_what_the_office_added(drawn, sheet, call, ledgers):
    one, other = sheet("沁园街道"), sheet("克井镇")
    row = one.rows[0]
    one.check(row, 身份证="不符合", 户口本="不符合").save()
    other.check(other.rows[0], 户口本="不符合").save()
    call("checks", "import", one.path, other.path)
    path = drawn / "data" / FILES[1]
    book = openpyxl.load_workbook(path)
    ledger = book.worksheets[0]
    heads = {cell.value: cell.column for cell in ledger[1]}
    ledger.cell(1, ledger.max_column + 1).value = "交办日期"
    for line in range(2, ledger.max_row + 1):
        ledger.cell(line, ledger.max_column).value = "2025-10-08"
        if ledger.cell(line, heads["镇街"]).value == "克井镇":
            ledger.cell(line, heads["严重程度"]).value = "严重"
    ledger.append(["手工-1", "克井镇", None, "2025-09-30", "档案建立及时"])
    book.save(path)
    one.put(row, {"户口本": "符合", "主要领导签批": "不符合"}).save()
    assert call("checks", "import", one.path)[0] == 0
    made = ledgers().findings.filter(pl.col("source_file") == FILES[1])
    told = made.select("town", "severity", "assigned_on", "description").rows()
    told = sorted(told, key=lambda row: (row[0], str(row[1]), row[2] is None))
    day = date(2025, 10, 8)
    assert told == [
        ("T01", "一般", day, "档案缺身份证复印件或不规范"),
        ("T01", "一般", None, "缺主要领导签批意见或不规范"),
        ("T02", None, None, None),
        ("T02", "严重", day, "档案缺户口本复印件或不一致"),
    ]
    # The other town's sheet says minor: brought in again it stands, and that is said.
    code, out, _ = call("checks", "import", other.path)
    assert (code, "有1行的内容在台账里被改过" in out) == (0, True)


def test_two_checkers_halves_come_together(drawn, sheet, call, ledgers):
    one = sheet("沁园街道")
    half = drawn / "另一半.xlsx"
    shutil.copy(one.path, half)
    one.check(one.rows[0], 户口本="不符合").save()
    second = type(one)(half)
    second.check(second.rows[1]).save()
    call("checks", "import", one.path)
    code, out, _ = call("checks", "import", half)
    assert (code, "以前的结果不变" in out) == (0, True)
    assert ledgers().checks["sampled"].sum() == 2
    second.check(second.rows[0]).save()
    code, _, err = call("checks", "import", one.path, half)
    assert (code, "两份表里填得不同" in err) == (1, True)


def test_sorted_rows_moved_columns_and_marks_are_read(drawn, sheet, call, ledgers):
    one = sheet("沁园街道")
    for row in one.rows:
        one.check(row, 身份证="×", 户口本="√", 核查日期="2025年9月30日", 入户="已入户")
    ws = one.sheet
    cells = [[ws.cell(row, place).value for place in range(1, ws.max_column + 1)] for row in one.rows]
    for row, values in zip(one.rows, cells[::-1], strict=True):
        for place, value in enumerate(values, 1):
            ws.cell(row, place).value = value
    for row in [one.head, *one.rows]:  # two columns change places
        a, b = one.columns["身份证"], one.columns["问题情况"]
        ws.cell(row, a).value, ws.cell(row, b).value = ws.cell(row, b).value, ws.cell(row, a).value
    assert call("checks", "import", one.save())[0] == 0
    tables = ledgers()
    assert tables.checks["visited"].sum() == 3
    assert tables.findings.filter(pl.col("channel") == "月度抽查").height == 3


def fill(one, **values):
    one.check(one.rows[0]).put(one.rows[0], values)


FAULTS = {
    "day": (lambda one: fill(one, 核查日期=None), "核查日期 G5: 填了核查情况，没有填日期"),
    "early": (lambda one: fill(one, 核查日期=date(2025, 9, 1)), "核查日期 G5: 核查日期早于审核确认日期"),
    "long-before": (lambda one: fill(one, 核查日期=date(2025, 8, 1)), "核查日期 G5: 日期早于 2025-09 的第一天"),
    "no-day": (lambda one: fill(one, 核查日期="十月初"), "核查日期 G5: 日期不能识别"),
    "word": (lambda one: fill(one, 身份证="差不多"), "身份证 K5: 只能填：符合、不符合、不适用"),
    "severity": (lambda one: fill(one, 身份证="不符合", 严重程度="特重"), "严重程度 AT5: 只能填：一般、较重、严重"),
    "amount": (lambda one: fill(one, 身份证="不符合", 涉及金额="一百"), "涉及金额 AU5"),
    "fraction": (lambda one: fill(one, 身份证="不符合", 涉及金额=1.234), "小数位过多，最多2位"),
    "whose": (lambda one: fill(one, 身份证="不符合", 户口本="不符合", 涉及金额=9), "看不出金额是哪一项的"),
    "nothing-failed": (
        lambda one: fill(one, 问题情况="示例"),
        "问题情况 AS5: 写了问题、程度或金额，但没有一项是“不符合”",
    ),
    "no-answers": (lambda one: one.put(one.rows[0], {"核查日期": date(2025, 9, 30)}), "没有一项核查结果"),
    "by-hand": (lambda one: one.put(one.rows[-1] + 4, {"身份证": "符合"}), "有编号"),
    "not-drawn": (lambda one: one.put(one.rows[0], {"申请编号": "示例-新"}), "申请编号 B5: 这个编号没有抽中"),
    "twice": (
        lambda one: (fill(one), one.put(one.rows[1], {"申请编号": one.value(one.rows[0], "申请编号")})),
        "申请编号 B6: 这个编号有两行，内容不同（另一行是第5行）",
    ),
    "column": (lambda one: one.put(one.head, {"核查日期": "日子"}), "没有“核查日期”一列"),
    "columns": (lambda one: one.put(one.head, {"户口本": "身份证"}), "这一列有两个"),
    "mark": (lambda one: one.sheet.cell(3, 3, "抽查"), "没有找到抽查编码"),
    "other": (lambda one: one.sheet.cell(3, 3, "2025-09/T01/sample/0000-0000-0000"), "抽查编码不是 2025-09 留存的"),
    "never": (lambda one: one.sheet.cell(3, 3, "2025-08/T01/sample/0000-0000-0000"), "2025-08 没有留存的抽查"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_its_cell_and_nothing_is_written(drawn, sheet, call, name):
    spoil, said = FAULTS[name]
    one = sheet("沁园街道")
    spoil(one)
    code, _, err = call("checks", "import", one.save())
    assert code == 1
    assert said in err
    assert one.path.name in err
    assert not set(FILES) & {path.name for path in (drawn / "data").iterdir()}


def test_a_row_pasted_from_another_towns_sheet_is_refused(drawn, sheet, call):
    one, other = sheet("沁园街道"), sheet("克井镇")
    one.check(one.rows[0]).put(one.rows[0], {"申请编号": other.value(other.rows[0], "申请编号")})
    code, _, err = call("checks", "import", one.save())
    assert code == 1
    assert "申请编号 B5: 这一行是克井镇抽中的，贴到了沁园街道的表里" in err


def test_what_is_no_work_sheet_is_refused(drawn, call):
    code, _, err = call("checks", "import", drawn / "data" / "问题台账.xlsx")
    assert (code, "没有找到抽查编码" in err) == (1, True)
    assert call("checks", "import", drawn / "none.xlsx")[0] == 2


def test_a_file_of_ours_that_cannot_be_read_is_never_written_over(drawn, sheet, call):
    one = sheet("克井镇")
    one.check(one.rows[0], 户口本="不符合").save()
    call("checks", "import", one.path)
    path = drawn / "data" / FILES[1]
    book = openpyxl.load_workbook(path)
    book.worksheets[0].cell(2, 2).value = "克并镇"
    book.save(path)
    held = path.read_bytes()
    code, _, err = call("checks", "import", one.path)
    assert (code, "会丢" in err) == (1, True)
    assert path.read_bytes() == held


def test_a_rate_that_stands_elsewhere_is_left_to_it(drawn, sheet, call, ledgers, table):
    head = ["镇街", "周期", "指标", "分子", "分母"]
    table(
        drawn / "data" / "指标数据_办理.xlsx",
        [head, ["克井镇", "2025Q3", "逢进必核率", 9, 10], ["沁园街道", "2025Q3", "逢进必核率", 9, 10]],
    )
    one = sheet("克井镇")
    one.check(one.rows[0]).save()
    code, out, _ = call("checks", "import", one.path)
    assert (code, "有1个比率在其他指标数据文件里已有" in out) == (0, True)
    own = ledgers().measures.filter(pl.col("source_file") == FILES[2])
    assert set(own["measure"]) == {"home_visit_rate", "entry_on_time_rate"}


def test_checks_of_the_same_month_in_another_file_are_said(drawn, sheet, call, table):
    head = ["核查编号", "镇街", "核查日期", "审核确认月份", "新审核确认数", "抽查数"]
    table(drawn / "data" / "核查台账.xlsx", [head, ["H-1", "克井镇", date(2025, 9, 28), "2025-09", 3, 1]])
    one = sheet("克井镇")
    one.check(one.rows[0]).save()
    code, out, _ = call("checks", "import", one.path)
    assert (code, "核查台账.xlsx/Sheet1/2/审核确认月份：核查台账里另有 2025-09 的核查" in out) == (0, True)


def test_a_case_without_a_number_but_a_persons_leaves_no_trace_of_it(space, cases, desk, sheet, call, ledgers):
    cases()
    base = {"town": "克井", "accepted_on": date(2025, 9, 1), "confirmed_on": date(2025, 9, 9)}
    desk.put("cases", base | {"case_id": PERSON})
    call("sample", "2025-09")
    one = sheet("克井镇")
    one.check(one.rows[0], 户口本="不符合", 问题情况="示例：申请人张三丰，缺户口本").save()
    code, out, _ = call("checks", "import", one.path)
    assert (code, PERSON in out) == (0, False)
    book = openpyxl.load_workbook(space / "data" / FILES[1]).worksheets[0]
    told = {cell.value: book.cell(2, cell.column).value for cell in book[1]}
    assert told.pop("救助证号") == PERSON
    assert not any(PERSON in str(value) or "张三丰" in str(value) for value in told.values())
    assert ledgers().findings["case_ref"].to_list().count(PERSON) == 1


def test_after_a_new_draw_the_old_sheets_rows_count_while_their_cases_are_listed(drawn, cases, sheet, call, ledgers):
    one = sheet("沁园街道")
    for row in one.rows:
        one.check(row)
    old = one.save(drawn / "旧表.xlsx")
    call("checks", "import", old)
    cases(7, 3, 1)
    call("sample", "2025-09", "--again", "更正名单")
    kept = {json.loads(line)[2] for line in (drawn / "samples/2025-09/list.jsonl").read_text("utf-8").splitlines()[1:]}
    code, out, _ = call("checks", "import", old)
    stay = [row for row in one.rows if one.value(row, "申请编号") in kept]
    assert code == 0
    assert ("名单更正后没有这个编号" in out) == (len(stay) < 3)
    assert ledgers().checks["sampled"].sum() == len(stay)


def test_the_round_trip_is_priced(drawn, sheet, call):
    one, other = sheet("沁园街道"), sheet("克井镇")
    for row in one.rows:
        one.check(row)
    one.put(one.rows[0], {"未超范围要材料": "不符合", "户口本": "不符合"}).save()
    other.check(other.rows[0]).save()
    third = sheet("济水街道")
    third.check(third.rows[0]).save()
    call("checks", "import", one.path, other.path, third.path)
    assert call("run", "2025Q3", "--formats", "csv")[0] == 0
    with (drawn / "out" / "2025Q3" / "ledger.csv").open(encoding="utf-8-sig") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "deduction"]
    # A considerable fault of procedure costs 0.5, a minor one of a file 0.1; by the scheme, per town.
    assert sorted((row["town_code"], row["indicator"], row["points"]) for row in rows) == [
        ("T01", "excess_materials", "-0.5"), ("T01", "file_complete", "-0.1"),
    ]  # fmt: skip
    code, out, _ = call("sample", "--coverage", "2025Q3")
    assert (code, "都达到了比例" in out) == (0, True)


def test_numbers_are_written_down():
    # A later version must find its own rows again; without the secret nobody finds whose they are.
    assert numbered("sample", "2025-09", "secret", "T01", "B-1", "file_id_card") == "CC2509-eb9c-9fdc-d811"
    assert numbered("look-back", "2025-09", "secret", "T01", "A-1") == "HT2509-a503-ad82-e45a"
    assert numbered("look-back", "2025-09", "other", "T01", "A-1") != numbered(
        "look-back", "2025-09", "secret", "T01", "A-1"
    )
