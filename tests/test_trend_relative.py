"""Beside the worked cases: periods a year apart, what must be reached, what a sheet says, which rows count as used."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import pytest

from schemas.scheme import Calendar, Interval
from schemas.scheme.rules import Trend
from scoring.assessing import previous
from scoring.periods import Period, parse_period, period_before, period_last_year
from scoring.pricing.trend import target
from scoring.reports.labels import Labels
from scoring.reports.statement import reason_of
from tests import engine
from tests.casebook import all_cases
from tests.frames import tables_of

CASES = {case.name.partition(": ")[2]: case for case in all_cases() if case.name.startswith("21_")}


def run(case, **changes):
    kind = parse_period(case.period.label, case.scheme.calendar).kind
    days = (case.period.start, case.period.end, case.as_of)
    given = {"published": case.published} | changes
    return engine.run(case.scheme, case.rows, case.period.label, *days, kind=kind, **given)


@pytest.mark.parametrize(
    ("label", "earlier"),
    [("2025Q1", "2024Q1"), ("2025-03", "2024-03"), ("2025H2", "2024H2"), ("2025", "2024"), ("1990Q4", None)],
)
def test_the_same_period_a_year_earlier(label, earlier):
    rules = Calendar(closes_on=25)
    found = period_last_year(parse_period(label, rules), rules)
    assert found == (parse_period(earlier, rules) if earlier else None)


def test_last_year_goes_by_the_schemes_own_calendar():
    rules = Calendar(closes_on=25, year_closes_on="12-20")
    found = period_last_year(parse_period("2025Q4", rules), rules)
    assert (found.start, found.end) == (date(2024, 9, 26), date(2024, 12, 20))
    assert period_before(parse_period("2025Q1", rules), rules) == parse_period("2024Q4", rules)


def test_a_declared_interval_comes_once():
    days = {"from": date(2025, 2, 1), "to": date(2025, 2, 28)}
    rules = Calendar(intervals=(Interval.model_validate({"id": "专项", "label": "专项", **days}),))
    period = parse_period("专项", rules)
    assert period_last_year(period, rules) is None
    assert period_before(period, rules) is None


@pytest.mark.parametrize(
    ("rule", "earlier", "wanted"),
    [
        ({"per_point": {"price": 1}}, 90, 90),
        ({"per_point": {"price": 1, "target": 2}}, 90, 92),
        ({"per_point": {"price": 1, "target": 2}, "held_at": 91}, 90, 91),
        ({"linear": {"none_at": 0, "full_at": 5}, "better": "lower"}, 30, 25),
        ({"linear": {"none_at": 0, "full_at": 5}, "better": "lower", "held_at": 27}, 30, 27),
        ({"bands": [{"at_least": 10, "points": 5}], "change": "percent"}, 30, 33),
        ({"bands": [{"at_least": 10, "points": 5}], "change": "percent", "better": "lower"}, 30, 27),
        ({"per_point": {"price": 1, "target": 10}, "change": "percent"}, -30, -27),
        ({"per_point": {"price": 1}, "held_at": 91}, None, 91),
        ({"per_point": {"price": 1}}, None, None),
    ],
)
def test_from_which_value_a_trend_gives_full_marks(rule, earlier, wanted):
    rule = Trend.model_validate({"kind": "trend", "measure": "m", "against": "previous", **rule})
    found = target(rule, None if earlier is None else Fraction(earlier))
    assert found == (None if wanted is None else Fraction(wanted))


def seen(assessment, town):
    [row] = [r for r in assessment.indicators.to_dicts() if (r["town_code"], r["indicator"]) == (town, "办结")]
    return engine.fraction(row, "value"), engine.fraction(row, "target")


def test_the_frame_of_indicators_tells_value_and_target():
    assert seen(run(CASES["与上期比，进步不到目标，差的按比例扣"]), "甲镇") == (Fraction("90.5"), 92)
    done = run(CASES["与最好的比，最好的得满分，其余按比例"])
    assert seen(done, "丙镇") == (7, 24)
    assert seen(done, "戊镇") == (None, None)
    assert seen(run(CASES["按名次，每低一名扣三分，并列的同名次"]), "丁镇") == (-2, 95)


def test_a_first_period_tells_its_value_to_be_compared_with_later():
    assert seen(run(CASES["没有以前的数，细则说记满分"]), "甲镇") == (90, None)


def test_the_rows_of_the_earlier_period_are_used_and_others_set_aside():
    rows = run(CASES["与上期比，进步不到目标，差的按比例扣"]).head["rows"]["measures"]
    assert (rows["read"], rows["used"], rows["unpriced"]) == (3, 2, {"other_period": 1})


def test_without_what_was_published_there_is_nothing_to_compare_with():
    from scoring.problems import Refused

    case = CASES["台账没有以前的数，用以前公布的数；台账有的，以台账为准"]
    with pytest.raises(Refused) as refusal:
        run(case, published=None)
    assert [problem.code for problem in refusal.value.problems] == ["no-data"]


def test_the_period_before_is_scored_with_what_was_published_too():
    case = CASES["台账没有以前的数，用以前公布的数；台账有的，以台账为准"]
    period = Period("2025Q1", "quarter", case.period.start, case.period.end)
    rows = case.rows | {
        "findings": [{"finding_id": "W", "town": "甲镇", "found_on": date(2025, 1, 5), "indicator": "档案"}]
    }
    rows["findings"][0]["severity"] = "一般"
    head = previous(tables_of(rows, case.scheme), case.scheme, period, case.as_of, published=case.published)
    assert head["towns"]["甲镇"]["score"] == "95.00"


@pytest.mark.parametrize(
    ("name", "town", "zh", "en"),
    [
        (
            "与上期比，进步不到目标，差的按比例扣",
            "甲镇",
            "实测值90.5，2024年第四季度为90，改善幅度0.5（负数为退步），目标2",
            "measured 90.5, 90 in the fourth quarter of 2024: improvement 0.5 (below 0: worse), target 2",
        ),
        (
            "百分比的变化除不尽也准到分数",
            "甲镇",
            "实测值61，2024年第四季度为60，改善幅度（%）5/3（≈1.67）（负数为退步），目标（%）5",
            (
                "measured 61, 60 in the fourth quarter of 2024: improvement in percent 5/3 (≈1.67) (below 0: worse),"
                " target 5"
            ),
        ),
        (
            "与细则写明的基数比，两头之间按直线",
            "乙镇",
            "实测值74，基数为80，改善幅度-6（负数为退步），目标15",
            "measured 74, baseline 80: improvement -6 (below 0: worse), target 15",
        ),
        (
            "围绕基准加减的，得多少加多少",
            "乙镇",
            "实测值99.5，已达到99，按满分计",
            "measured 99.5, which reaches 99 and counts in full",
        ),
        (
            "与最好的比，最好的得满分，其余按比例",
            "丙镇",
            "实测值7，参加比较的4个镇（街道）中最好的是24",
            "measured 7, the best of the 4 towns compared 24",
        ),
        (
            "按名次，每低一名扣三分，并列的同名次",
            "丁镇",
            "实测值-2，在参加比较的4个镇（街道）中列第4名",
            "measured -2, place 4 of the 4 towns compared",
        ),
    ],
)
def test_a_sheet_says_what_was_compared_with_what(name, town, zh, en):
    own = run(CASES[name]).for_town(town)
    [row] = own.ledger.filter(own.ledger["kind"] == "measure").to_dicts()
    assert [reason_of(row, Labels(own.head, lang)) for lang in ("zh", "en")] == [zh, en]


@pytest.mark.parametrize("name", ["与最好的比，最好的得满分，其余按比例", "按名次，每低一名扣三分，并列的同名次"])
def test_a_towns_own_papers_do_not_say_who_the_best_is(name):
    own = run(CASES[name]).for_town("乙镇")
    frames = (own.scores, own.dimensions, own.indicators, own.ledger, own.findings)
    told = json.dumps([own.head, [frame.to_dicts() for frame in frames]], ensure_ascii=False, default=str)
    assert [town for town in ("甲镇", "丙镇", "丁镇", "戊镇") if town in told] == []
