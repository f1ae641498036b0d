"""The lines of faults.md that speak of layouts: titles, merged cells, headings, matrices, cells in percent."""

from __future__ import annotations

import polars as pl
import pytest
import xlsxwriter


def refused(intake, kit):
    return kit.codes(intake, "refused")


def layouts(kit):
    title = ["2025年第一季度问题台账"]
    second = kit.row(问题编号="A-2", 发现日期="2025-03-02")
    groups = ["基本情况", None, None, "问题", None, None, None, None]
    vertical = [*kit.HEAD[:3], "问题", *[None] * 4]
    under = [None, None, None, *kit.HEAD[3:]]
    swapped = list(reversed(kit.HEAD)), [list(reversed(line)) for line in (kit.ROW, second)]
    merged = [kit.HEAD, kit.ROW, [second[0], None, *second[2:]]]
    return {
        "plain": ([kit.HEAD, kit.ROW, second], []),
        "title": ([title, [], kit.HEAD, kit.ROW, second], [(0, 0, 0, 7, title[0])]),
        "two header rows": ([groups, kit.HEAD, kit.ROW, second], [(0, 0, 0, 2, "基本情况")]),
        "header merged down": ([vertical, under, kit.ROW, second], [(0, 3, 0, 7, "问题")]),
        "swapped": ([swapped[0], *swapped[1]], []),
        "merged town": (merged, [(1, 1, 2, 1, "沁园街道")]),
        "starred": (
            [[f"* {heading}（必填）" if heading == "镇街" else heading for heading in kit.HEAD], kit.ROW, second],
            [],
        ),
        "repeated heading": ([kit.HEAD, kit.ROW, kit.HEAD, second], []),
        "totals": (
            [kit.HEAD, kit.ROW, second, ["合 计", None, None, None, None, "4"], ["填报单位：民政局"], ["签字："]],
            [],
        ),
        "shifted right": ([[None, None, *line] for line in (kit.HEAD, kit.ROW, second)], []),
        "empty second column": ([[*kit.HEAD, "镇街"], kit.ROW, second], []),
        "equal second column": ([[*kit.HEAD, "镇街"], [*kit.ROW, "沁园街道"], [*second, "沁园街道"]], []),
    }


@pytest.mark.parametrize(
    "name",
    [
        "title",
        "two header rows",
        "header merged down",
        "swapped",
        "merged town",
        "starred",
        "repeated heading",
        "totals",
        "shifted right",
        "empty second column",
        "equal second column",
    ],
)
def test_fault_layout_equal_facts_give_equal_tables(folder, kit, name, tmp_path_factory):
    plain, other = layouts(kit)["plain"], layouts(kit)[name]
    kit.put(folder.path / "问题台账.xlsx", plain[0])
    first = folder.read()
    kit.put(folder.path / "问题台账.xlsx", other[0], merges=other[1])
    second = folder.read()
    assert refused(second, kit) == []
    assert first.tables.findings.height == 2
    assert kit.facts(first) == kit.facts(second)


def test_fault_duplicate_heading_with_different_cells_is_refused(folder, kit):
    intake = folder.findings([*kit.ROW, "克井镇"], head=[*kit.HEAD, "镇街"]).read()
    assert "heading-twice" in refused(intake, kit)
    assert intake.tables.findings.is_empty()


def test_fault_a_text_merged_over_different_findings_leaves_each_its_own(folder, kit):
    """Only rows that say nothing different of a finding are one finding with several reports."""
    place = kit.HEAD.index("问题描述")
    rows = [
        kit.row(镇街=town, 问题编号=f"A-{number}") for number, town in enumerate(["沁园街道", "克井镇", "济水街道"])
    ]
    rows[1][place] = rows[2][place] = None
    merged = folder.findings(*rows, merges=[(1, place, 3, place, rows[0][place])]).read()
    assert not merged.refused
    assert (
        merged.tables.findings["town"].to_list()
        == folder.findings(*(kit.row(镇街=row[kit.HEAD.index("镇街")], 问题编号=row[0]) for row in rows))
        .read()
        .tables.findings["town"]
        .to_list()
    )
    assert merged.tables.findings["description"].n_unique() == 1


def test_fault_a_merged_running_number_binds_the_reports_of_one_finding(folder, kit):
    """Below two heading rows, of which the upper one alone heads the running number."""
    head = [["序号", *[None] * 12], [None, *kit.HEAD, *kit.REPORT_HEAD[1:]]]
    finding, other = kit.row(问题编号=None), kit.row(问题编号=None, 发现日期="2025-03-02")
    sent_back, passed = ["2025-03-10", "已完成", "2025-03-12", "退回"], kit.REPORT[1:]
    rows = [[1, *finding, *sent_back], [None, *finding, *passed], [2, *other, *passed]]
    kit.put(folder.path / "问题整改台账.xlsx", [*head, *rows], merges=[(0, 0, 1, 0, "序号"), (2, 0, 3, 0, "1")])
    intake = folder.read()
    assert refused(intake, kit) == []
    ids = intake.tables.findings["finding_id"].to_list()
    assert len(ids) == 2
    assert sorted(intake.tables.rectifications["finding_id"]) == sorted([ids[0], ids[0], ids[1]])


def test_fault_a_running_number_merged_over_a_towns_findings_binds_nothing(folder, kit):
    rows = [[1, *kit.row(问题编号=None)], [None, *kit.row(问题编号=None, 发现日期="2025-03-02")]]
    kit.put(folder.path / "问题台账.xlsx", [["序号", *kit.HEAD], *rows], merges=[(1, 0, 2, 0, "1")])
    assert folder.read().tables.findings.height == 2


@pytest.mark.parametrize("style", ["0%", "0.00%", '0.0"分"%', "[红]0%"])
def test_fault_a_cell_that_shows_a_percentage_is_read_as_it_looks(folder, kit, style):
    """98 % of a measure is 98, of a share 0.98; where a percentage means nothing, it is refused."""
    folder.findings(kit.ROW)
    with xlsxwriter.Workbook(folder.path / "指标数据.xlsx") as book:
        sheet = kit.put_sheet(
            book, "指标数据", [[], ["镇街", "周期", "指标名称", "数值"], ["克井镇", "2025Q1", "入户率"]]
        )
        sheet.write_number(2, 3, 0.285, book.add_format({"num_format": style}))
        sheet.write_row(3, 0, ["沁园街道", "2025Q1", "入户率", 98.5])
        kit.put_sheet(book, "另表", [["镇街", "周期", "指标名称", "数值"], ["济水街道", "2025Q1", "入户率", "97％"]])
    with xlsxwriter.Workbook(folder.path / "评分表.xlsx") as book:
        sheet = kit.put_sheet(
            book, "评分表", [["镇街", "周期", "考核指标", "得分比例"], ["克井镇", "2025Q1", "群众满意"]]
        )
        sheet.write_number(1, 3, 0.9, book.add_format({"num_format": style}))
    intake = folder.read()
    assert refused(intake, kit) == []
    assert sorted(map(float, intake.tables.measures["value"])) == [28.5, 97, 98.5]
    assert [float(value) for value in intake.tables.judgements["share"]] == [0.9]
    assert kit.codes(intake, "repaired").count("repair-percent") == 3


@pytest.mark.parametrize(
    ("file", "sheet", "read"),
    [
        ("评分表", "Sheet1", "points"),
        ("评分表（扣分）", "Sheet1", "deducted"),
        ("评分表（扣分）", "得分", "points"),
        ("评分表", "扣分", "deducted"),
        ("评分表（扣分后得分）", "Sheet1", None),
        ("评分表", "得分（扣分后）", None),
    ],
)
def test_fault_a_matrix_whose_name_speaks_of_points_and_deductions_is_refused(folder, kit, file, sheet, read):
    """The sheet's own name goes before the file's; one that says both says nothing."""
    kit.put(folder.path / f"{file}.xlsx", [["镇街", "周期", "群众满意"], ["克井镇", "2025Q1", 8]], sheet=sheet)
    intake = folder.findings(kit.ROW).read()
    assert refused(intake, kit) == ([] if read else ["matrix-doubtful-name"])
    if read:
        assert intake.tables.judgements[read].to_list() == [8]


def test_fault_a_percentage_where_points_stand_is_refused(folder, kit):
    with xlsxwriter.Workbook(folder.path / "评分表.xlsx") as book:
        sheet = kit.put_sheet(book, "评分表", [["镇街", "周期", "群众满意"], ["克井镇", "2025Q1"]])
        sheet.write_number(1, 2, 0.9, book.add_format({"num_format": "0%"}))
    assert refused(folder.findings(kit.ROW).read(), kit) == ["number-percent"]


@pytest.mark.parametrize(("second", "refusal"), [("=1/0", "cell-error"), (None, "merged-number")])
def test_fault_doubtful_cells_of_a_matrix_are_refused(folder, kit, second, refusal):
    with xlsxwriter.Workbook(folder.path / "评分表.xlsx") as book:
        sheet = kit.put_sheet(
            book, "评分表", [["镇街", "周期", "群众满意"], ["克井镇", "2025Q1", 8], ["沁园街道", "2025Q1"]]
        )
        if second:
            sheet.write_formula(2, 2, second, None, "#DIV/0!")
        else:
            sheet.merge_range(1, 2, 2, 2, 8)
    assert refused(folder.findings(kit.ROW).read(), kit) == [refusal]


def test_fault_a_second_heading_with_swapped_columns_is_refused(folder, kit):
    again = list(kit.HEAD)
    again[1], again[2] = again[2], again[1]
    assert "row-heading-other" in refused(folder.findings(kit.ROW, again, kit.row(问题编号="A-2")).read(), kit)


def test_fault_a_second_table_below_the_first_is_named_once(folder, kit):
    rows = [kit.HEAD, kit.ROW, [], ["整改台账"], kit.REPORT_HEAD, kit.REPORT, ["A-2", *kit.REPORT[1:]]]
    kit.put(folder.path / "问题台账.xlsx", rows)
    intake = folder.read()
    assert refused(intake, kit) == ["table-below"]
    assert intake.problems.filter(pl.col("code") == "table-below")["row"].to_list() == [5]


def test_a_title_above_a_repeated_heading_is_passed_over(folder, kit):
    rows = [kit.HEAD, kit.ROW, ["克井镇问题台账"], kit.HEAD, kit.row(问题编号="A-2", 镇街="克井镇")]
    kit.put(folder.path / "问题台账.xlsx", rows)
    intake = folder.read()
    assert refused(intake, kit) == []
    assert intake.tables.findings.height == 2


def test_a_row_with_a_number_of_its_own_is_no_signature(folder, kit):
    head = ["备注", *kit.HEAD]
    lacking = ["注：见附件", *kit.row(问题编号="A-2", 考核指标=None, 镇街=None)]
    intake = folder.findings(["", *kit.ROW], lacking, head=head).read()
    assert set(refused(intake, kit)) == {"value-missing"}


def test_fault_a_number_merged_over_rows_is_refused(folder, kit):
    rows = [kit.ROW, kit.row(问题编号="A-2", 涉及户数=None)]
    assert "merged-number" in refused(folder.findings(*rows, merges=[(1, 5, 2, 5, "2")]).read(), kit)


def test_totals_and_signatures_are_named(folder, kit):
    intake = folder.findings(kit.ROW, ["合计", None, None, None, None, "2"], ["审核人：", None, "填报日期："]).read()
    named = intake.problems.filter(pl.col("code") == "row-total-or-signature")
    assert named["row"].to_list() == [3, 4]
    assert intake.rows["findings"] == {"read": 1, "duplicate_rows": 0, "refused": 0}
