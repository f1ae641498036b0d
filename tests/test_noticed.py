"""What a run says of facts that may be right, and the words that explain a factor or a repetition."""

from __future__ import annotations

import json
from datetime import date

import polars as pl
import pytest

from scoring.messages import say
from scoring.noticed import WEIGHTY, noticed
from scoring.periods import Period
from tests import engine
from tests.casebook import all_cases
from tests.frames import tables_of

CASES = all_cases()


def case_with(text):
    """The first case whose name says so."""
    return next(case for case in CASES if text in case.name)


def assessed(case):
    return engine.run(case.scheme, case.rows, case.period.label, case.period.start, case.period.end, case.as_of)


@pytest.mark.parametrize(("value", "told"), [("0.95", True), ("95", False), ("1", False), ("0", False)])
def test_a_share_where_percent_are_meant_is_noticed(value, told):
    case = case_with("几个现成的数值取末次，末次看统计截止日")
    rows = case.rows | {"measures": [{"town": "甲镇", "period": "2025Q1", "measure": "办结率", "value": value}]}
    period = Period("2025Q1", "quarter", case.period.start, case.period.end)
    found = noticed(tables_of(rows, case.scheme), case.scheme, period, case.as_of, "zh")
    assert (found["code"].to_list() == ["measure-like-a-share"]) is told
    assert "measure-like-a-share" in WEIGHTY


def test_a_town_that_merged_is_said_to_count_for_the_other():
    case = case_with("没有核查的镇，有否决也不定等次")
    towns = [row | {"merged_into": "乙镇"} if row["name"] == "甲镇" else row for row in case.rows["towns"]]
    period = Period("2025Q1", "quarter", case.period.start, case.period.end)
    found = noticed(tables_of(case.rows | {"towns": towns}, case.scheme), case.scheme, period, case.as_of, "zh")
    assert found.select("code", "message").rows() == [
        ("town-merged", "甲镇已并入乙镇，甲镇的问题、核查和数据记在乙镇名下。")
    ]
    assert "town-merged" in WEIGHTY


@pytest.mark.parametrize(
    ("first", "found", "told"),
    [
        (date(2025, 4, 1), date(2025, 3, 4), True),
        (date(2025, 3, 31), date(2025, 3, 4), False),  # begun by the last day, it is assessed
        (date(2025, 4, 1), date(2025, 4, 4), False),  # of a later period
    ],
)
def test_a_finding_that_costs_nobody_is_named(first, found, told):
    case = case_with("期末以前停用")
    towns = [
        {"town_code": "A", "name": "甲镇", "valid_from": first},
        {"town_code": "B", "name": "乙镇", "valid_to": date(2025, 3, 20), "merged_into": "A"},
        {"town_code": "C", "name": "丙镇"},
    ]
    findings = [case.rows["findings"][1] | {"town": "B", "found_on": found}, case.rows["findings"][0] | {"town": "C"}]
    rows = tables_of({"towns": towns, "findings": findings}, case.scheme)
    period = Period("2025Q1", "quarter", case.period.start, case.period.end)
    notices = noticed(rows, case.scheme, period, date(2025, 4, 10), "zh").filter(code="finding-town-not-assessed")
    assert ["甲镇" in message and "2025Q1" in message for message in notices["message"]] == [True] * told
    assert "finding-town-not-assessed" in WEIGHTY


def test_a_factor_is_explained_with_its_minimum():
    reasons = {
        reason: json.loads(parameters)
        for case in CASES
        if case.name.startswith("06") and not case.refused
        for reason, parameters in assessed(case)
        .ledger.filter(kind="exposure")
        .select("reason", "parameters")
        .iter_rows()
    }
    assert {"exposure-sampled", "exposure-sampled-few", "exposure-visited"} <= set(reasons)
    few = say("reason-exposure-sampled-few", "zh", **reasons["exposure-sampled-few"])
    assert f"不足{reasons['exposure-sampled-few']['minimum']}户" in few


def test_a_repetition_names_the_last_day_before():
    made = assessed(case_with("再次一倍半，第三次起都是两倍"))
    told = made.ledger.filter(pl.col("kind") == "repeat").select("subject", "reason", "parameters")
    days = {subject: json.loads(parameters)["seen_on"] for subject, _, parameters in told.iter_rows()}
    assert days == {"W2": "2025-01-10", "W3": "2025-02-10", "W4": "2025-03-10"}
    assert set(told["reason"]) == {"repeat-since"}


@pytest.mark.parametrize(("confirmed", "rate"), [(40, "50.0"), (10, None), (None, None)])
def test_a_share_of_cases_sampled_is_said_only_where_it_is_one(confirmed, rate):
    case = case_with("期末以前停用")
    checks = [{"town": "甲镇", "checked_on": case.period.start, "sampled": 20, "newly_confirmed": confirmed}]
    made = engine.run(
        case.scheme, case.rows | {"checks": checks}, "2025Q1", case.period.start, case.period.end, case.as_of
    )
    assert made.head["summary"]["sample_rate"] == rate
