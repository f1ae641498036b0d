"""The supervision's own tables: read by the intake's machinery, blank workbooks, what cannot be."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import openpyxl
import polars as pl
import pytest

from schemas.tables import catalogue
from schemas.vocabulary import Vocabulary
from scoring.intake.blank import write_blank_workbooks
from scoring.supervision.tables import SupervisionTables, read_supervision
from scoring.workspace import make_workspace, open_workspace

TABLES = catalogue("supervision").tables
ID_NUMBER = "999999199001011230"  # a reserved region, and its checksum fails
CASE = {"case_id": "B-1", "town": "沁园", "programme": "农村低保", "accepted_on": date(2025, 3, 3)}


def problems(read, kind="refused"):
    told = read.problems.filter(read.problems["kind"] == kind)
    return [(row["code"], row["row"], row["column"]) for row in told.iter_rows(named=True)]


def test_every_table_has_its_frame_and_no_name_is_another_tables():
    assert {one.name for one in fields(SupervisionTables)} == {*TABLES, "present"}
    assert not set(TABLES) & set(catalogue().tables)
    called = [text for book in ("tables", "supervision") for t in catalogue(book).tables.values() for text in t.aliases]
    called += [table.zh for book in ("tables", "supervision") for table in catalogue(book).tables.values()]
    assert len(called) == len(set(called))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_headings_of_a_table_are_bilingual_and_one_columns_own(table):
    headings = [text for column in table.columns.values() for text in column.headings]
    assert len(headings) == len(set(headings))
    for column in table.columns.values():
        assert set(column.note) == {"zh", "en"}
        assert not column.example or set(column.example) == {"zh", "en"}
        # Two cells that repeat their headings are a repeated heading, not data.
        assert not {*column.headings} & {word for words in column.choices.values() for word in words}
        assert column.id not in column.choices


def test_a_case_is_typed_and_its_town_called_by_an_alias(desk):
    desk.put("cases", CASE | {"visitors": 2, "disputed": "否", "income": "310.50", "kin": "有", "姓名": "示例"})
    read = desk.read()
    (row,) = read.tables.cases.to_dicts()
    assert (row["town"], row["accepted_on"], row["visitors"]) == ("T01", date(2025, 3, 3), 2)
    assert (row["disputed"], row["kin"], str(row["income"])) == ("no", "yes", "310.50")
    assert problems(read) == []
    assert ("column-personal", 1, "姓名") in problems(read, "notice")
    assert read.tables.present == {"cases"}
    assert read.rows["cases"] == {"read": 1, "duplicate_rows": 0, "refused": 0}


def test_a_near_miss_of_a_town_is_never_taken(desk):
    read = desk.put("cases", CASE | {"town": "沁圆街道"}).read()
    assert problems(read) == [("unknown-town-near", 2, "镇街")]
    assert read.refused
    assert read.tables.cases.is_empty()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    towns = pl.DataFrame(schema={"town_code": pl.String(), "name": pl.String(), "aliases": pl.List(pl.String())})
    read = read_supervision(tmp_path / "none", towns)
    assert (read.rows, read.refused, read.tables.present) == ({}, False, frozenset())


def test_a_scored_ledger_in_the_folder_is_passed_over(desk):
    desk.put("cases", CASE)
    (desk.path / "supervision").mkdir()
    (desk.path / "问题台账.xlsx").write_bytes((desk.path / "办理台账.xlsx").read_bytes())
    read = desk.read()
    assert [code for code, *_ in problems(read, "notice")] == ["subfolder", "file-passed-over"]
    assert read.tables.cases.height == 1


def test_a_certificate_stands_for_the_number_and_neither_is_refused(desk):
    desk.put("cases", CASE | {"case_id": None, "case_ref": "D-7"}, CASE | {"case_id": None})
    read = desk.read()
    assert read.tables.cases["case_id"].to_list() == ["D-7"]
    assert problems(read) == [("supervision-case-without-id", 3, "申请编号")]


def test_two_cases_of_one_number_that_differ_are_refused_and_equal_ones_counted_once(desk):
    desk.put("cases", CASE, CASE, CASE | {"case_id": "B-2"}, CASE | {"case_id": "B-2", "village": "甲村"})
    read = desk.read()
    assert read.tables.cases["case_id"].to_list() == ["B-1"]
    assert [code for code, *_ in problems(read)] == ["supervision-case-twice", "supervision-case-twice"]
    assert read.rows["cases"] == {"read": 4, "duplicate_rows": 1, "refused": 2}


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"applied_on": date(2025, 3, 4)}, "受理日期"),
        ({"confirmed_on": date(2025, 3, 2)}, "审核确认日期"),
        ({"visited_on": date(2025, 3, 2)}, "入户日期"),
        ({"applied_on": date(2025, 3, 1), "visited_on": date(2025, 2, 28)}, "入户日期"),
        ({"means_check_on": date(2025, 3, 5), "means_checked_on": date(2025, 3, 4)}, "核对完成日期"),
        ({"posted_on": date(2025, 3, 9), "posting_ended_on": date(2025, 3, 8)}, "公示结束日期"),
        ({"confirmed_on": date(2025, 3, 9), "exit_on": date(2025, 3, 8)}, "退出日期"),
        ({"suspended_from": date(2025, 3, 9), "suspended_to": date(2025, 3, 8)}, "中止止"),
        ({"selfcare_failed": 7}, "未达标指标数"),
        ({"visitors": -1}, "入户人数"),
        ({"disputed": "或许"}, "有争议"),
        ({"posted_on": "2025-02-30"}, "公示日期"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cell(desk, changed, column):
    read = desk.put("cases", CASE, CASE | {"case_id": "B-2"} | changed).read()
    assert [(row, heading) for _, row, heading in problems(read)] == [(3, column)]
    assert read.tables.cases["case_id"].to_list() == ["B-1"]


def test_days_that_are_equal_may_be(desk):
    day = date(2025, 3, 3)
    steps = [name for name, column in TABLES["cases"].columns.items() if column.type == "date"]
    read = desk.put("cases", CASE | dict.fromkeys(steps, day)).read()
    assert problems(read) == []
    assert problems(read, "notice") == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"posting_ended_on": date(2025, 3, 21)}, "supervision-confirmed-before-posting-ended"),
        ({"means_checked_on": date(2025, 3, 21)}, "supervision-confirmed-before-means-checked"),
        ({"visited_on": date(2025, 3, 21)}, "supervision-confirmed-before-visited"),
        ({"paid_on": date(2025, 3, 19)}, "supervision-paid-before-confirmed"),
        ({"accepted_on": None}, "supervision-never-accepted"),
        ({"visitors": 2}, "supervision-visitors-without-visit"),
    ],
)
def test_what_breaks_the_procedure_is_said_and_stays(desk, changed, code):
    read = desk.put("cases", CASE | {"confirmed_on": date(2025, 3, 20)} | changed).read()
    assert [one for one, *_ in problems(read, "notice")] == [code]
    assert read.tables.cases.height == 1


def test_calls_that_are_alike_are_so_many_and_a_second_sheet_repeats_them(desk):
    call = {"town": "克井镇", "called_on": date(2025, 3, 5), "connected": "是"}
    desk.put("hotline", call, call, call)
    desk.put("hotline", call, call, name="热线记录_再")
    read = desk.read()
    assert read.tables.hotline.height == 3
    assert read.tables.hotline["call_id"].n_unique() == 3
    assert read.rows["hotline"]["duplicate_rows"] == 2


def test_a_call_of_one_number_is_one_however_often_it_is_written(desk):
    call = {"call_id": "R-1", "town": "克井镇", "called_on": date(2025, 3, 5)}
    read = desk.put("hotline", call, call).read()
    assert (read.tables.hotline.height, read.rows["hotline"]["duplicate_rows"], problems(read)) == (1, 1, [])


def test_towns_of_a_duty_are_named_or_all(desk):
    duty = {"done_on": date(2025, 3, 6), "kind": "集中培训"}
    desk.put(
        "duties", duty | {"towns": "沁园、克井镇；T03"}, duty | {"towns": "全部"}, duty | {"towns": "沁园、某镇"}, duty
    )
    read = desk.read()
    assert read.tables.duties["towns"].to_list() == [["T01", "T02", "T03"], ["T01", "T02", "T03"], None]
    assert problems(read) == [("unknown-town", 4, "涉及镇街")]


def test_a_persons_number_may_stand_where_it_is_restricted_and_nowhere_else(desk):
    person = {"town": "沁园街道", "handler": "示例", "name": "示例", "person_id": ID_NUMBER}
    desk.put("kin", person).put("hotline", {"call_id": ID_NUMBER, "town": "沁园", "called_on": date(2025, 3, 5)})
    read = desk.read()
    assert read.tables.kin["person_id"].to_list() == [ID_NUMBER]
    assert problems(read) == [("id-is-personal", 2, "热线编号")]
    assert TABLES["kin"].columns["person_id"].restricted


def test_the_whole_register_of_sanctions_is_restricted():
    assert all(column.restricted for column in TABLES["sanctions"].columns.values())


def test_surveys_need_a_day_and_no_more_than_were_asked(desk):
    survey = {"town": "沁园", "question": "满意", "asked": 30, "positive": 30}
    desk.put("surveys", survey | {"asked_on": date(2025, 3, 5)}, survey, survey | {"period": "2025Q1", "positive": 31})
    read = desk.read()
    assert problems(read) == [
        ("supervision-undated", 3, "调查日期"),
        ("supervision-more-than-asked", 4, "满意（知晓）人数"),
    ]
    assert read.tables.surveys["question"].to_list() == ["satisfaction"]


def test_a_file_named_by_its_period_dates_its_surveys(desk):
    survey = {"town": "沁园", "question": "满意", "asked": 30, "positive": 27}
    assert desk.put("surveys", survey, name="满意度调查_2025Q1").read().tables.surveys["period"].to_list() == ["2025Q1"]


def test_a_report_lies_not_before_its_month(desk):
    report = {"town": "沁园", "village": "甲村", "month": "2025-03"}
    desk.put("village_reports", report | {"reported_on": date(2025, 3, 1)}, report | {"reported_on": date(2025, 2, 28)})
    assert problems(desk.read()) == [("supervision-report-early", 3, "报告日期")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_blank_workbooks_read_back_as_nothing(tmp_path, lang, desk):
    paths = write_blank_workbooks(tmp_path, Vocabulary(), lang, ["沁园街道", "克井镇"], "supervision")
    assert [path.stem for path in paths] == [table.zh if lang == "zh" else table.id for table in TABLES.values()]
    read = desk.read(lang)
    assert [(code, row) for code, row, _ in problems(read, "notice")] == [("row-example", 2)] * len(TABLES)
    assert problems(read) == []
    assert read.tables.present == frozenset()
    book = openpyxl.load_workbook(tmp_path / f"{'办理台账' if lang == 'zh' else 'cases'}.xlsx")
    rules = {rule.formula1 for rule in book.worksheets[0].data_validations.dataValidation if rule.type == "list"}
    assert '"沁园街道,克井镇"' in rules
    assert ('"是,否"' if lang == "zh" else '"yes,no"') in rules


def test_init_makes_the_folder_and_the_setting_moves_it(tmp_path):
    make_workspace(tmp_path, "zh", example=False)
    assert {path.stem for path in (tmp_path / "supervision").iterdir()} == {table.zh for table in TABLES.values()}
    assert open_workspace(tmp_path, "zh").supervision == tmp_path / "supervision"
    config = tmp_path / "townscore.yaml"
    config.write_text(config.read_text("utf-8").replace("supervision: supervision", "supervision: 监管"), "utf-8")
    assert open_workspace(tmp_path, "zh").supervision == tmp_path / "监管"
