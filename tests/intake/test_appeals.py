"""What a decided appeal sets is read by what it changes: a word of the list, a number, or nothing at all."""

from __future__ import annotations

import pytest

HEAD = ["申诉编号", "申诉对象", "对象编号", "申诉日期", "决定日期", "复核决定", "改定内容"]


def appeal(target, target_id, value, decision="变更"):
    return ["S-1", target, target_id, "2025-03-02", "2025-03-08", decision, value]


def put_all(folder, kit, *appeals):
    folder.findings(kit.row(严重程度="严重")).reports(kit.REPORT)
    folder.csv("指标数据.csv", [["镇街", "周期", "指标", "分子", "分母"], ["克井镇", "2025Q1", "入户率", "8", "10"]])
    adjustments = [
        ["编号", "镇街", "日期", "类型", "项目", "依据"],
        ["J-1", "克井镇", "2025-03-01", "加分", "表彰", "文一"],
    ]
    folder.csv("加减分.csv", adjustments)
    folder.csv("申诉复核.csv", [HEAD, *appeals])
    return folder.read()


@pytest.mark.parametrize(
    ("target", "target_id", "value", "read"),
    [
        ("问题", "A-1", "轻微", "一般"),
        ("问题", "A-1", " 较 重 ", "较重"),
        ("复核结论", "A-1", "退回重改", "sent_back"),
        ("加减分", "J-1", "0.5", "0.5"),
        ("指标数据", "克井镇/入户率/2025Q1", "９/10", "9/10"),
    ],
)
def test_new_values_become_the_words_of_their_table(folder, kit, target, target_id, value, read):
    intake = put_all(folder, kit, appeal(target, target_id, value))
    assert not intake.refused, intake.problems.to_dicts()
    (row,) = intake.tables.appeals.to_dicts()
    assert row["new_value"] == read
    assert row["target_id"] == target_id.replace("克井镇/入户率", "T02/visit_rate")


def test_an_appeal_against_a_verdict_that_nobody_gave_is_refused(folder, kit):
    folder.findings(kit.row(严重程度="严重"), kit.row(问题编号="A-2")).reports(kit.REPORT)
    folder.csv("申诉复核.csv", [HEAD, appeal("复核结论", "A-2", "通过销号")])
    assert kit.codes(folder.read(), "refused") == ["verdict-without-report"]


@pytest.mark.parametrize(
    ("target", "target_id", "value"),
    [
        ("问题", "A-1", "非常严重"),
        ("问题", "A-1", ""),
        ("复核结论", "A-1", "0.5"),
        ("加减分", "J-1", "半分"),
        ("加减分", "J-1", "-1"),
        ("指标数据", "克井镇/入户率/2025Q1", "九成"),
    ],
)
def test_new_values_that_fit_nothing_are_refused(folder, kit, target, target_id, value):
    intake = put_all(folder, kit, appeal(target, target_id, value))
    assert kit.codes(intake, "refused") == ["new-value-unreadable"]


@pytest.mark.parametrize(
    ("target", "target_id"), [("问题", "A-9"), ("加减分", "A-1"), ("指标数据", "克井镇/入户率/2025Q2")]
)
def test_an_appeal_about_nothing_is_refused(folder, kit, target, target_id):
    intake = put_all(folder, kit, appeal(target, target_id, "", "撤销"))
    assert kit.codes(intake, "refused") == ["orphan"]


def test_a_decision_without_its_day_is_noted(folder, kit):
    folder.findings(kit.ROW).reports(kit.REPORT)
    folder.csv(
        "加减分.csv",
        [
            ["编号", "镇街", "日期", "类型", "项目", "依据", "审定分值", "审定日期"],
            ["J-1", "克井镇", "2025-03-01", "加分", "表彰", "文一", "1", ""],
            ["J-2", "克井镇", "2025-03-01", "加分", "信息", "文二", "", ""],
        ],
    )
    folder.csv("申诉复核.csv", [HEAD, ["S-1", "问题", "A-1", "2025-03-02", "", "撤销", ""]])
    noted = folder.read().problems.filter(code="decision-undated")
    assert [(row["file"], row["row"], row["kind"]) for row in noted.to_dicts()] == [
        ("加减分.csv", 2, "notice"),
        ("申诉复核.csv", 2, "notice"),
    ]


@pytest.mark.parametrize(("asked", "read"), [("轻微", "一般"), ("很轻", "很轻")])
def test_what_a_town_asks_for_and_nobody_can_read_is_kept_as_it_stands(folder, kit, asked, read):
    """Its sheet says that it fits nothing."""
    folder.findings(kit.row(严重程度="严重")).reports(kit.REPORT)
    head = ["申诉编号", "申诉对象", "对象编号", "申诉日期", "申请内容"]
    folder.csv("申诉复核.csv", [head, ["S-1", "问题", "A-1", "2025-03-02", asked]])
    intake = folder.read()
    assert intake.tables.appeals["asked_value"].to_list() == [read]
    assert kit.codes(intake, "notice").count("asked-value-unreadable") == (asked == read)
