"""Appeals in words, on the sheet and at the command line: what they are about, and why there is no score."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import conftest
import pdf
import pytest

from scoring.answers import appeal_answer
from scoring.reports.appeal_view import appeal_rows
from scoring.reports.labels import Labels
from scoring.reports.settings import Settings
from scoring.reports.town_view import town_view
from tests.published import Life, finding, scheme, towns

NAMED = scheme(measures=[{"id": "rate", "label": "入户率", "label_en": "home visits"}])
END = date(2025, 6, 30)


def made(asked=None, checked="AB", of=NAMED, **more):
    """B has an appeal on a measure and one on a finding."""
    rows = {
        "towns": towns("A", "B"),
        "findings": [finding("b", "B", date(2025, 5, 6))],
        "measures": [
            {"town": t, "period": "2025Q2", "measure": "rate", "numerator": 95, "denominator": 100} for t in "AB"
        ],
        "checks": [{"town": t, "checked_on": date(2025, 5, 9), "sampled": 9} for t in checked]
        + [{"town": "A", "checked_on": date(2025, 2, 9), "sampled": 9}],
        "appeals": [
            {"appeal_id": "1", "target": "measure", "target_id": "B/rate/2025Q2", "asked_value": asked,
             "filed_on": date(2025, 5, 20), "ground": "口径"},
            {"appeal_id": "2", "target": "finding", "target_id": "b", "filed_on": date(2025, 5, 21),
             "ground": "不属实"},
        ],
    }  # fmt: skip
    whole = Life(rows, of).run("2025Q2", END)
    return replace(whole, head={**whole.head, "run_code": "x", **more})


def shown(assessment, lang="zh"):
    return {row.number: row for row in appeal_rows(assessment, Labels(assessment.head, lang))}


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", "指标数据“入户率”（2025年第二季度）"), ("en", "measure “home visits” (the second quarter of 2025)")],
)
def test_a_measure_is_called_by_its_label_and_its_period(lang, words):
    row = shown(made("99/100"), lang)["1"]
    assert row.about.lower() == words
    assert row.asked == "99/100"


def test_a_measure_of_a_town_that_merged_says_so():
    whole = made("99/100")
    other = whole.appeals.with_columns(target_id=whole.appeals["target_id"].str.replace("B/", "A9/"))
    assert "原镇街代码A9" in shown(replace(whole, appeals=other))["1"].about


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("很高", "申请内容不是可用的数值或“分子/分母”，未测算"),
        ("97", "申请内容与原数据的形式（数值或“分子/分母”）不同，未测算"),
    ],
)
def test_what_does_not_fit_says_why_on_the_sheet_and_at_the_command_line(asked, words):
    whole = made(asked)
    assert shown(whole)["1"].upheld == words
    sheet = pdf.text(conftest.paper("town", whole.for_town("B")))
    assert words in sheet
    assert f"申请改为{asked}" in sheet
    assert "B/rate" not in sheet
    answer = appeal_answer(whole, "1", "zh")
    assert answer.rows[1][1] == words
    assert asked in answer.lines[1]
    assert answer.ending[0].startswith("有一种结果未测算")


@pytest.mark.parametrize("checked", ["A", ""])
def test_a_town_without_a_score_is_told_of_its_pending_appeals(checked):
    """Also where the period scores nobody: checks there were, but in another quarter."""
    whole = made("99/100", checked)
    view = town_view(whole.for_town("B"), Settings())
    assert not view.scored
    assert [(row.decision, row.upheld) for row in view.appeals] == [("复核中", "本期未计分")] * 2
    sheet = pdf.text(conftest.paper("town", whole.for_town("B")))
    assert "指标数据“入户率”（2025年第二季度）" in sheet
    assert "复核中" in sheet
    answer = appeal_answer(whole, "2", "zh")
    assert {cell for _, cell in answer.rows} == {"本期未计分"}
    assert answer.ending == ["复核中，等决定；town B2025年第二季度未计分，得分和名次不受影响。"]
