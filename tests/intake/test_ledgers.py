"""Ledgers as bureaus keep them: combined, a sheet or a file a town, a matrix of scores; no numbers, totals below."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from scoring.intake.numbered import FILE, write_numbered
from scoring.intake.values import nearest_of

COMBINED = ["序号", "镇街", "发现日期", "考核指标", "严重程度", "存在问题", "整改时限"]
COMBINED += ["整改情况", "整改完成时间", "报送日期", "复核结论"]


def refused(intake, kit):
    return kit.codes(intake, "refused")


def test_a_combined_ledger_with_serials_that_start_anew(folder, kit):
    first = ["2025.1.5", "入户调查", "一般", "无照片", "2025年2月1日"]
    rows = [
        ["2025年一季度社会救助问题整改台账"],
        ["填报单位：民政局"],
        COMBINED,
        [1, "沁园街道", *first, "已完成", "2025-01-20", "2025-01-25", "通过销号"],
        [2, None, *first, "整改中", None, None, "待复核"],
        [1, "克井镇", "2025-02-05", "入户调查", "较重", "日期不符", None, "已整改", None, "2025-02-25", "退回"],
        [2, None, "2025-02-06", "入户调查", "较重", "日期不符", None, None, None, None, None],
        ["合计", None, None, None, "4条"],
        ["审核人：", "", "", "填表人："],
    ]
    merges = [(0, 0, 0, 10, rows[0][0]), (3, 1, 4, 1, "沁园街道"), (5, 1, 6, 1, "克井镇")]
    kit.put(folder.path / "问题整改台账_2025Q1.xlsx", rows, sheet="一季度", merges=merges)
    intake = folder.read()
    assert refused(intake, kit) == []
    findings, reports = intake.tables.findings, intake.tables.rectifications
    assert findings.select("town", "found_on", "source_row").rows() == [
        ("T01", date(2025, 1, 5), 4),
        ("T01", date(2025, 1, 5), 5),
        ("T02", date(2025, 2, 5), 6),
        ("T02", date(2025, 2, 6), 7),
    ]
    assert findings["finding_id"].n_unique() == 4
    numbers = dict(findings.select("source_row", "finding_id").rows())
    assert reports.select("finding_id", "submitted_on", "completed_on", "verdict").rows() == [
        (numbers[4], date(2025, 1, 25), date(2025, 1, 20), "passed"),
        (numbers[6], date(2025, 2, 25), None, "sent_back"),
    ]
    skipped = intake.problems.filter(pl.col("code") == "row-total-or-signature")
    assert skipped["row"].to_list() == [8, 9]


def test_rows_that_merged_cells_bind_are_one_finding_with_several_reports(folder, kit):
    rows = [
        ["问题编号", "镇街", "发现日期", "考核指标", "问题描述", "涉及户数", "报送日期", "整改情况", "复核结论"],
        ["A-1", "沁园街道", "2025-03-01", "入户调查", "甲", 2, "2025-03-09", "已完成", "退回"],
        [None, None, None, None, None, None, "2025-03-20", "已完成", "通过销号"],
    ]
    kit.put(folder.path / "问题整改台账.xlsx", rows, merges=[(1, at, 2, at, rows[1][at]) for at in range(6)])
    intake = folder.read()
    assert refused(intake, kit) == []
    assert intake.tables.findings.select("finding_id", "cases").rows() == [("A-1", 2)]
    assert intake.tables.rectifications.select("finding_id", "verdict").rows() == [
        ("A-1", "sent_back"),
        ("A-1", "passed"),
    ]


def test_a_sheet_a_town_gives_its_town_to_its_rows(folder, kit):
    head = ["序号", "发现日期", "考核指标", "问题描述"]
    with xlsxwriter.Workbook(folder.path / "问题台账.xlsx") as book:
        for town in ("沁园街道", "克井", "济水 "):
            facts = ["2025-01-05", "入户调查", "缺照片"]
            kit.put_sheet(book, town, [[f"{town}问题台账"], head, [1, *facts], [2, *facts], ["小计", 2]])
        kit.put_sheet(book, "汇总说明", [["说明"], ["本表由民政局汇总"]])
    intake = folder.read()
    assert refused(intake, kit) == []
    assert sorted(intake.tables.findings["town"]) == ["T01", "T01", "T02", "T02", "T03", "T03"]
    assert intake.tables.findings["finding_id"].n_unique() == 6
    assert "sheet-passed-over" in kit.codes(intake, "notice")


def test_a_file_a_town_gives_its_town_to_its_rows(folder, kit):
    for town in ("沁园街道", "克井"):
        folder.findings(["2025-01-05", "入户调查"], head=["发现日期", "考核指标"], name=f"问题台账（{town}）")
    intake = folder.read()
    assert refused(intake, kit) == []
    assert sorted(intake.tables.findings["town"]) == ["T01", "T02"]


# --- a matrix of judged scores


def test_a_matrix_of_judged_scores_is_read_as_it_stands(folder, kit):
    rows = [
        ["2025年第一季度现场评分表"],
        ["序号", "镇（街道）", "评分日期", "工作效果", None, "得分"],
        [None, None, None, "群众满意\n（5分）", "入户调查（3分）", None],
        [1, "沁园街道", "2025年3月20日", 4.5, 3, 7.5],
        [2, "克井", None, 5, "/", 5],
        ["平均分", None, None, 4.75, 3, 6.25],
    ]
    merges = [(0, 0, 0, 5, rows[0][0]), (1, 1, 2, 1, rows[1][1]), (1, 3, 1, 4, "工作效果"), (3, 2, 4, 2, rows[3][2])]
    kit.put(folder.findings(kit.ROW).path / "评分表.xlsx", rows, merges=merges)
    intake = folder.read()
    assert refused(intake, kit) == []
    assert set(intake.tables.judgements.select("town", "indicator", "points", "judged_on").rows()) == {
        ("T01", "satisfaction", Decimal("4.5"), date(2025, 3, 20)),
        ("T01", "home_visit", Decimal(3), date(2025, 3, 20)),
        ("T02", "satisfaction", Decimal(5), date(2025, 3, 20)),
    }
    assert "matrix-total" in kit.codes(intake, "notice")
    assert intake.rows["judgements"] == {"read": 3, "duplicate_rows": 0, "refused": 0}


def test_a_matrix_that_speaks_of_deductions_holds_deductions(folder, kit):
    rows = [["镇街", "周期", "群众满意"], ["沁园街道", "2025年第一季度", 0.5], ["克井镇", "2025Q1", -1]]
    kit.put(folder.findings(kit.ROW).path / "评分表.xlsx", rows, sheet="评分表（扣分）")
    intake = folder.read()
    [judged] = intake.tables.judgements.to_dicts()
    assert (judged["town"], judged["period"], judged["deducted"], judged["points"]) == (
        "T01",
        "2025Q1",
        Decimal("0.5"),
        None,
    )
    assert refused(intake, kit) == ["number-negative"]


@pytest.mark.parametrize("further", [["得分"], []])
def test_a_matrix_beside_a_column_of_indicators_is_refused(folder, kit, further):
    rows = [["镇街", "考核指标", "群众满意", *further], ["沁园街道", "群众满意", 4, *[4 for _ in further]]]
    kit.put(folder.findings(kit.ROW).path / "评分表.xlsx", rows)
    intake = folder.read()
    assert refused(intake, kit) == ["matrix-and-list"]
    assert intake.tables.judgements.is_empty()
    assert intake.rows["judgements"] == {"read": 1, "duplicate_rows": 0, "refused": 1}


def test_measures_with_a_column_each_are_read_as_they_stand(folder, kit):
    rows = [
        ["2025年第一季度指标数据"],
        ["序号", "镇街", "入户率", "备注"],
        [1, "沁园街道", "97.5%", None],
        [2, "克井", "—", "无"],
    ]
    rows += [[3, "济水街道", 100, None], ["平均", None, 98.75, None]]
    kit.put(folder.findings(kit.ROW).path / "指标数据.xlsx", rows, merges=[(0, 0, 0, 3, rows[0][0])])
    intake = folder.read()
    assert refused(intake, kit) == []
    assert set(intake.tables.measures.select("town", "period", "measure", "value", "numerator").rows()) == {
        ("T01", "2025Q1", "visit_rate", Decimal("97.5"), None),
        ("T03", "2025Q1", "visit_rate", Decimal(100), None),
    }


@pytest.mark.parametrize("beside", ["指标", "数值", "分子"])
def test_measures_with_a_column_each_and_a_column_for_all_are_refused(folder, kit, beside):
    rows = [["镇街", "周期", "入户率", beside], ["沁园街道", "2025Q1", 97, "入户率" if beside == "指标" else 97]]
    kit.put(folder.findings(kit.ROW).path / "指标数据.xlsx", rows)
    intake = folder.read()
    assert "matrix-and-list" in refused(intake, kit)
    assert intake.tables.measures.is_empty()


@pytest.mark.parametrize("name", ["评分表_2025Q1", "评分表 2025年第一季度"])
def test_a_matrix_named_after_its_period_speaks_for_that_period(folder, kit, name):
    kit.put(folder.path / f"{name}.xlsx", [["镇街", "群众满意"], ["克井镇", "8.5"]])
    intake = folder.findings(kit.ROW).read()
    assert not intake.refused
    assert intake.tables.judgements["period"].to_list() == ["2025Q1"]


def test_a_judgement_without_period_and_date_is_named(folder, kit):
    kit.put(folder.path / "评分表.xlsx", [["镇街", "群众满意"], ["克井镇", "8.5"]])
    intake = folder.findings(kit.ROW).read()
    assert "judgement-undated" in kit.codes(intake, "notice")


def test_numbers_that_were_made_are_listed_by_file_sheet_and_row(folder, kit, tmp_path_factory):
    head = ["镇街", "发现日期", "考核指标", "严重程度", "问题描述", "责任人", "报送日期", "整改情况", "复核结论"]
    rows = [
        ["克井镇", "2025-03-01", "档案资料齐全", "一般", "=缺少签字", "内部", "2025-03-09", "已完成", "通过销号"],
        ["济水", "2025-03-02", "入户调查", "较重", "未入户", "内部", "", "", ""],
    ]
    kit.put(folder.path / "问题整改台账.xlsx", [head, *rows])
    first = folder.read()
    assert not first.refused
    again = tmp_path_factory.mktemp("again")
    assert write_numbered(first, again, "zh")
    listed = list(openpyxl.load_workbook(again / FILE).active.values)
    assert listed[0] == ("台账", "文件", "工作表", "行", "编号")
    ids = dict(first.tables.findings.select("source_row", "finding_id").iter_rows())
    assert [row[:4] for row in listed[1:]] == [("问题台账", "问题整改台账.xlsx", "Sheet1", row) for row in (2, 3)]
    assert [row[4] for row in listed[1:]] == [ids[2], ids[3]]
    assert not any(re.search(r"\d{11}", number) for number in ids.values())
    # Copied into the ledger, they give the same facts under the same numbers.
    kit.put(
        folder.path / "问题整改台账.xlsx",
        [["问题编号", *head], *([number, *row] for number, row in zip((ids[2], ids[3]), rows, strict=True))],
    )
    second = folder.read()
    assert not second.refused
    assert "id-made" not in kit.codes(second)
    for name in ("findings", "rectifications"):
        assert getattr(first.tables, name).equals(getattr(second.tables, name))


def test_a_column_that_a_sheet_lacks_is_named_once(folder, kit):
    cells = list(zip(kit.HEAD, kit.ROW, strict=True))
    heads = [head for head, _ in cells if head != "发现日期"]
    rows = [[f"A-{n}", *[cell for head, cell in cells[1:] if head != "发现日期"]] for n in range(3)]
    folder.csv("问题台账.csv", [heads, *rows])
    named = folder.read().problems.filter(kind="refused")
    assert named["code"].to_list().count("column-missing") == 1
    assert "value-missing" not in named["code"].to_list()


def test_causes_stand_before_what_follows_from_them(folder, kit):
    folder.findings(kit.row(严重程度="严重成度")).reports(kit.REPORT)
    named = folder.read().problems.filter(kind="refused")["code"].to_list()
    assert named[-1] == "refers-to-refused"
    assert len(named) > 1


def test_an_item_carried_into_the_next_quarters_ledger_is_one_finding(folder, kit):
    """No numbers; the second file repeats the first's two equal findings, one with the report that it has since."""
    head = [*kit.HEAD[1:], *kit.REPORT_HEAD[1:]]
    finding, none, passed = kit.ROW[1:], ["", "整改中", "", ""], kit.REPORT[1:]
    later = ["2025-04-20", "已完成", "2025-04-25", "通过销号"]
    kit.put(folder.path / "问题整改台账_2025Q1.xlsx", [head, [*finding, *passed], [*finding, *none]])
    alone = folder.read()
    assert (alone.tables.findings.height, alone.tables.rectifications.height) == (2, 1)
    kit.put(folder.path / "问题整改台账_2025Q2.xlsx", [head, [*finding, *passed], [*finding, *later]])
    both = folder.read()
    assert not both.refused
    assert both.tables.findings.height == 2
    reports = both.tables.rectifications
    assert sorted(map(str, reports["submitted_on"])) == ["2025-03-20", "2025-04-20"]
    assert reports["finding_id"].n_unique() == 2
    assert sorted(kit.codes(both, "notice")).count("row-carried") == 1
    assert both.rows["findings"] == {"read": 4, "duplicate_rows": 2, "refused": 0}
    assert both.rows["rectifications"] == {"read": 3, "duplicate_rows": 1, "refused": 0}


@pytest.mark.parametrize(
    ("file", "sheet", "title"),
    [
        ("评分表_2025Q2", "Sheet1", ""),
        ("2025年第二季度评分表", "Sheet1", ""),
        ("评分表", "2025年二季度", ""),
        ("评分表", "Sheet1", "2025年第二季度现场评分表"),
        ("评分表", "Sheet1", "评分表（2025Q2）"),
    ],
)
def test_a_score_sheet_is_of_the_period_that_its_name_or_title_says(folder, kit, file, sheet, title):
    rows = [[title], ["镇街", "群众满意"], ["克井镇", 8]]
    kit.put(folder.path / f"{file}.xlsx", rows if title else rows[1:], sheet=sheet)
    intake = folder.findings(kit.ROW).read()
    assert refused(intake, kit) == []
    assert intake.tables.judgements["period"].to_list() == ["2025Q2"]


def test_a_name_and_a_title_of_different_periods_date_nothing(folder, kit):
    kit.put(folder.path / "评分表_2025Q2.xlsx", [["2025年第一季度评分表"], ["镇街", "群众满意"], ["克井镇", 8]])
    intake = folder.findings(kit.ROW).read()
    assert intake.tables.judgements["period"].to_list() == [None]
    assert "judgement-undated" in kit.codes(intake, "notice")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("2025年第一季度问题台账", True),
        ("问题台账2025Q1", True),
        ("某市2025年第一季度问题台账", False),
        ("问题台账填写说明", False),
    ],
)
def test_a_files_name_that_holds_a_tables_name_is_read_or_named(folder, kit, name, read):
    folder.findings(kit.ROW)
    intake = folder.findings(kit.row(问题编号="A-2"), name=name).read()
    assert intake.tables.findings.height == 1 + read
    assert ("file-name-near" in kit.codes(intake, "notice")) is not read


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("问题台账 - 副本", ["file-copy"]),
        ("问题台账（备份）", ["file-copy"]),
        ("说明 - 副本", []),
        ("整改台账 - 副本", []),
    ],
)
def test_a_copy_beside_its_original_is_refused(folder, kit, name, codes):
    kit.put(folder.path / "说明.xlsx", [["说明"]], sheet="说明")
    head, row = (kit.HEAD, kit.ROW) if "问题" in name else (kit.REPORT_HEAD, kit.REPORT)
    kit.put(folder.path / f"{name}.xlsx", [["说明"]] if "说明" in name else [head, row], sheet="甲")
    assert refused(folder.findings(kit.ROW).read(), kit) == codes


def test_checks_of_more_cases_than_there_were_are_noted(folder, kit):
    head = ["镇街", "核查日期", "新审核确认数", "抽查数", "入户数", "问题户数"]
    kit.put(folder.path / "核查台账.xlsx", [head, ["克井镇", "2025-03-03", 10, 200, 201, 202]])
    notices = kit.codes(folder.findings(kit.ROW).read(), "notice")
    assert {"sampled-above", "visited-above", "problem-cases-above"} <= set(notices)


def test_a_hint_names_the_one_word_that_holds_what_was_typed():
    nearest = nearest_of({"错保(认定不精准)": "a", "漏保": "b"})
    assert (nearest("错保"), nearest("漏报")) == ("错保(认定不精准)", "漏保")


def test_a_matrix_names_a_bad_cell_by_its_heading_and_passes_over_full_marks(folder, kit):
    rows = [["镇街", "周期", "群众满意*"], ["满分", None, 10], ["克井镇", "2025Q1", "八分半"]]
    kit.put(folder.path / "评分表.xlsx", rows)
    problems = folder.findings(kit.ROW).read().problems.filter(pl.col("kind") == "refused")
    assert problems["column"].to_list() == ["群众满意*"]
