"""Surveys, calls, reports, reviews due, amounts computed again, hotspots, and what goes to the data folder."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from schemas.scheme import Calendar
from scoring.config import ConfigError
from scoring.periods import parse_period
from scoring.supervision.casework.amounts import recompute
from scoring.supervision.casework.feeding import held_back
from scoring.supervision.casework.figures import Figure, measure, rounded
from scoring.supervision.casework.hotspots import hotspots
from scoring.supervision.casework.limits import default_limits, read_limits
from scoring.supervision.casework.reviews import reviews_due
from scoring.workdays import Workdays

RULES = Calendar()
Q1 = parse_period("2025Q1", RULES)
LIMITS = default_limits()
CONFIRMED = {"case_id": "B-1", "town": "沁园", "programme": "农村低保", "confirmed_on": date(2025, 1, 6)}


def measured(desk, *, period=Q1, limits=LIMITS):
    return measure(desk.read().tables, ["T01", "T02", "T03"], limits, Workdays(), period, RULES)


def shares(found):
    return {(one.measure, one.town): (one.numerator, one.denominator, one.sample) for one in found.figures}


# --- surveys and calls


def test_surveys_pool_by_town_and_carry_their_sample(desk):
    survey = {"town": "沁园", "question": "满意", "asked": 30, "positive": 27, "asked_on": date(2025, 3, 31)}
    desk.put(
        "surveys",
        survey,
        survey | {"asked_on": None, "period": "2025-02", "asked": 20, "positive": 13},
        survey | {"asked_on": date(2025, 4, 1)},
        survey | {"asked_on": None, "period": "2025"},
        survey | {"town": "克井", "question": "知晓"},
    )
    assert shares(measured(desk)) == {
        ("satisfaction_rate", "T01"): (40, 50, 50),
        ("awareness_rate", "T02"): (27, 30, 30),
    }


def test_single_answers_count_as_the_limits_say_and_blank_ones_are_no_sample(desk):
    said = ["非常满意", "满意", "基本满意", "一般", "不满意", None]
    desk.put(
        "answers",
        *({"town": "沁园", "asked_on": date(2025, 3, 5), "satisfaction": one, "awareness": "部分知晓"} for one in said),
    )
    assert shares(measured(desk)) == {
        ("satisfaction_rate", "T01"): (3, 5, 5),
        ("awareness_rate", "T01"): (0, 6, 6),
    }


def test_results_and_answers_of_one_town_are_not_added_up(desk):
    desk.put("surveys", {"town": "沁园", "question": "满意", "asked": 30, "positive": 27, "period": "2025Q1"})
    desk.put(
        "answers", *({"town": town, "asked_on": date(2025, 3, 5), "satisfaction": "满意"} for town in ("沁园", "克井"))
    )
    found = measured(desk)
    assert shares(found) == {("satisfaction_rate", "T01"): (27, 30, 30), ("satisfaction_rate", "T02"): (1, 1, 1)}
    assert [one.code for one in found.left] == ["casework-survey-twice"]


def test_calls_by_hand(desk):
    call = {"town": "沁园", "called_on": date(2025, 3, 3), "connected": "是"}
    desk.put(
        "hotline",
        call | {"answered_on": date(2025, 3, 10), "resolved": "是"},  # the fifth working day
        call | {"answered_on": date(2025, 3, 11), "resolved": "否"},  # one late
        call | {"due_days": 6, "answered_on": date(2025, 3, 11)},
        call | {"called_on": date(2025, 3, 31)},  # falls due in April
        call | {"connected": "否"},  # asks for no answer
    )
    assert shares(measured(desk)) == {
        ("hotline_open_rate", "T01"): (4, 5, 5),
        ("hotline_effective_rate", "T01"): (1, 2, 2),
        ("reply_on_time_rate", "T01"): (2, 3, 3),
    }


def test_a_register_of_test_calls_asks_for_no_answers(desk):
    desk.put("hotline", {"town": "沁园", "called_on": date(2025, 3, 3), "connected": "是"})
    assert list(shares(measured(desk))) == [("hotline_open_rate", "T01")]


def test_petitions_by_hand(desk):
    petition = {"town": "沁园", "received_on": date(2025, 1, 10), "proper": "是"}
    desk.put(
        "petitions",
        petition | {"answered_on": date(2025, 3, 11)},  # the sixtieth day
        petition | {"answered_on": date(2025, 3, 12), "proper": "否"},
        petition | {"due_on": date(2025, 1, 31), "answered_on": date(2025, 2, 1), "proper": None},
    )
    assert shares(measured(desk)) == {
        ("petition_on_time_rate", "T01"): (1, 3, 3),
        ("petition_proper_rate", "T01"): (1, 2, 2),
    }


def test_village_reports_count_months_and_what_came(desk):
    report = {"town": "沁园", "village": "甲村", "month": "2025-01"}
    desk.put(
        "village_reports",
        report,
        report | {"changes": 2},  # the same village's month again
        report | {"village": "乙村"},
        report | {"month": "2025-03"},
        report | {"month": "2025-04"},
        report | {"town": "克井", "month": "2024-06"},  # known, and silent in the quarter
        report | {"town": "济水", "month": "2024-03"},  # too long ago to be known
    )
    found = measured(desk)
    months = {one.town: one.value for one in found.figures if one.measure == "change_reports"}
    assert months == {"T01": 2, "T02": 0}
    rates = {
        town: (part, whole) for (name, town), (part, whole, _) in shares(found).items() if name.startswith("village")
    }
    assert rates == {"T01": (3, 6), "T02": (0, 3)}
    assert [(one.code, one.parameters) for one in found.left] == [("casework-village-silent", {"towns": ["T03"]})]


def test_nothing_measures_nothing(desk):
    found = measured(desk)
    assert (found.figures, found.told, found.left) == ((), (), ())


def test_the_mean_is_rounded_half_up_for_the_table_alone(desk):
    days = [date(2025, 1, 6), date(2025, 1, 6), date(2025, 1, 7)]
    accepted = CONFIRMED | {"accepted_on": date(2025, 1, 3)}
    desk.put("cases", *(accepted | {"case_id": f"B-{n}", "confirmed_on": day} for n, day in enumerate(days)))
    (mean,) = [one for one in measured(desk).figures if one.measure == "handling_days"]
    assert (mean.value, mean.written, mean.sample) == (Fraction(4, 3), Decimal("1.333333"), 3)
    assert rounded(Fraction(1, 2_000_000)) == Decimal("0.000001")


def test_a_share_handled_in_time_that_leaves_out_some_cases_is_no_share(desk):
    row = CONFIRMED | {"accepted_on": date(2025, 1, 3), "programme": "临时救助"}
    assert ("handled_on_time_rate", "T01") in shares(measured(desk.put("cases", row)))
    found = measured(desk.put("cases", row, row | {"case_id": "B-2", "programme": "农村低保"}))
    assert ("handled_on_time_rate", "T01") not in shares(found)
    assert ("casework-no-limit", {"total": "allowance", "count": 1}) in [
        (one.code, one.parameters) for one in found.left
    ]


# --- reviews due


@pytest.mark.parametrize(
    ("cells", "on", "status", "late"),
    [
        ({"review_class": "稳定"}, date(2026, 1, 6), "due", 0),
        ({"review_class": "稳定"}, date(2026, 1, 7), "overdue", 1),
        ({"review_class": "不稳定"}, date(2025, 6, 6), "due", -30),
        ({"review_class": "不稳定"}, date(2025, 6, 5), None, None),
        (
            {"review_class": "不稳定", "last_review_on": date(2025, 8, 31)},
            date(2026, 3, 1),
            "overdue",
            1,
        ),  # due 28 February
        ({}, date(2025, 6, 5), "unclassed", None),
        ({"exit_on": date(2025, 6, 5)}, date(2025, 6, 5), None, None),
        ({"outcome": "不予确认"}, date(2025, 6, 5), None, None),
        ({"programme": "临时救助"}, date(2025, 6, 5), None, None),
        ({}, date(2025, 1, 5), None, None),  # not confirmed yet
    ],
)
def test_reviews_fall_due_by_class(desk, cells, on, status, late):
    desk.put("cases", CONFIRMED | cells)
    found = reviews_due(desk.read().tables.cases.iter_rows(named=True), LIMITS.rules["reviews"], on)
    assert [(one.status, one.late) for one in found] == ([] if status is None else [(status, late)])


def test_the_longest_overdue_stands_first_and_the_unclassed_last(desk):
    last = {"A": date(2025, 2, 1), "B": date(2025, 1, 7), "C": None}
    desk.put(
        "cases",
        *(
            CONFIRMED | {"case_id": n, "last_review_on": d, "review_class": "不稳定" if d else None}
            for n, d in last.items()
        ),
    )
    found = reviews_due(desk.read().tables.cases.iter_rows(named=True), LIMITS.rules["reviews"], date(2025, 12, 1))
    assert [one.row["case_id"] for one in found] == ["B", "A", "C"]


# --- amounts


def differences(desk, cells, limits=LIMITS):
    desk.put("cases", CONFIRMED | cells)
    cases = desk.read().tables.cases.iter_rows(named=True)
    return [
        (one.kind, one.stated, one.computed) for one in recompute(cases, limits.rules["amounts"], date(2025, 3, 31))
    ]


GAP = {"standard": 660, "income": "310.5", "persons": 2}
CARE = {"programme": "特困分散", "selfcare": "半护理", "care_fee": 300, "care_standard": 300}


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (GAP | {"amount": 699}, []),
        (GAP | {"amount": "699.99"}, []),  # less than a yuan
        (GAP | {"amount": 700}, [("gap", Decimal("700.00"), Decimal("699.00"))]),
        (GAP | {"income": 700, "amount": 10}, [("gap", Decimal("10.00"), Decimal("0.00"))]),
        (GAP | {"amount": 9, "programme": "临时救助"}, []),
        (GAP | {"amount": None}, []),
        (GAP | {"amount": 9, "exit_on": date(2025, 3, 31)}, []),
        (CARE, []),
        (CARE | {"care_fee": 100}, [("care_fee", Decimal("100.00"), Decimal("300.00"))]),
        (CARE | {"selfcare_failed": 1}, []),
        (CARE | {"selfcare_failed": 3}, []),
        (CARE | {"selfcare_failed": 0}, [("grade", "partial", "able")]),
        (CARE | {"selfcare_failed": 4}, [("grade", "partial", "lost")]),
        (CARE | {"care_standard": None, "care_fee": 100}, []),
    ],
)
def test_amounts_are_computed_again_where_the_figures_are_there(desk, cells, found):
    assert differences(desk, cells) == found


def test_the_bureaus_own_care_standard_goes_before_the_rows(desk):
    (desk.path / "limits.yaml").write_text("amounts: {partial: 350.5}\n", "utf-8")
    limits = read_limits(desk.path, "zh")
    assert differences(desk, CARE, limits) == [("care_fee", Decimal("300.00"), Decimal("350.5"))]


# --- hotspots


def test_complaints_gather_by_town_village_and_topic_beside_the_period_before(desk):
    call = {"town": "沁园", "called_on": date(2025, 3, 3), "topic": "态度", "complaint": "是"}
    desk.put(
        "hotline",
        call,
        call | {"village": "甲村"},
        call | {"complaint": "否"},
        call | {"called_on": date(2024, 12, 31)},
    )
    desk.put("petitions", {"town": "克井", "received_on": date(2025, 1, 1), "topic": "态度"})
    found = hotspots(desk.read().tables, Q1, parse_period("2024Q4", RULES), 3)
    assert [(one.dimension, one.town, one.name, one.now, one.past, one.few) for one in found] == [
        ("town", "T01", "", 2, 1, True),
        ("town", "T02", "", 1, 0, True),
        ("village", "T01", "甲村", 1, 0, True),
        ("topic", "", "态度", 3, 1, False),
    ]
    assert {one.past for one in hotspots(desk.read().tables, Q1, None, 3)} == {None}


# --- what goes to the data folder


def figure(measure_id, town="T01"):
    return Figure(measure_id, town, 1, 2, None, 2)


def table(*rows):
    schema = {
        "town": pl.String,
        "measure": pl.String,
        "period": pl.String,
        "source_file": pl.String,
        "source_row": pl.Int64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("label", "held"),
    [("2025Q1", True), ("2025-03", True), ("2025", True), ("2025Q2", False), ("2024", False), ("elsewhen", False)],
)
def test_a_period_that_the_ledgers_speak_of_is_theirs(label, held):
    measures = table(
        ("T01", "home_visit_rate", label, "指标数据.xlsx", 7), ("T02", "home_visit_rate", label, "own.xlsx", 2)
    )
    found = held_back(
        [figure("home_visit_rate"), figure("home_visit_rate", "T02")],
        {"s": frozenset()},
        measures,
        "own.xlsx",
        Q1,
        RULES,
    )
    assert {key: (one.code, one.parameters) for key, one in found.items()} == (
        {("T01", "home_visit_rate"): ("casework-already", {"file": "指标数据.xlsx", "row": 7})} if held else {}
    )


def test_a_measure_goes_only_where_every_scheme_knows_it():
    known = {"a.yaml": frozenset({"x", "y"}), "b.yaml": frozenset({"x"}), "c.yaml": frozenset()}
    found = held_back([figure("x"), figure("y")], known, table(), "own.xlsx", Q1, RULES)
    assert {key: one.parameters for key, one in found.items()} == {("T01", "y"): {"schemes": ["b.yaml"]}}


# --- limits


def test_every_measure_has_its_name_and_every_limit_its_source():
    ids = {one.measure for one in (*LIMITS.limits.values(), *LIMITS.totals.values())}
    ids |= {rule.measure for rule in LIMITS.rules.values() if rule.measure}
    assert ids < set(LIMITS.labels)
    every = [*LIMITS.limits.values(), *LIMITS.totals.values(), *LIMITS.rules.values()]
    assert all(set(one.source) == {"zh", "en"} and not one.own for one in every)
    assert LIMITS.totals["allowance"].days is None


def test_the_bureau_writes_over_single_numbers(tmp_path):
    text = """
limits:
  entry: {days: 5, source: 某文件}
  hotline: {use: false}
  decision: {}
totals:
  allowance: {days: 20, extended: 30}
visit: {visitors: 3}
posting: {use: false}
reviews:
"""
    (tmp_path / "limits.yaml").write_text(text, "utf-8")
    limits = read_limits(tmp_path, "zh")
    assert (limits.limits["entry"].days, limits.limits["entry"].own, limits.limits["entry"].source["zh"]) == (
        5,
        True,
        "某文件",
    )
    assert "hotline" not in limits.limits
    assert limits.limits["decision"] == LIMITS.limits["decision"]
    assert (limits.totals["allowance"].days, limits.totals["allowance"].extended) == (20, 30)
    assert limits.totals["allowance"].source == {"zh": "", "en": ""}
    assert limits.rules["visit"].whole("visitors") == 3
    assert limits.rules["visit"].not_for == LIMITS.rules["visit"].not_for
    assert "posting" not in limits.rules
    assert limits.rules["reviews"] == LIMITS.rules["reviews"]


@pytest.mark.parametrize(
    "text",
    [
        "limits:\n  entri: {days: 5}\n",
        "totals:\n  allowance: {days: -1}\n",
        "visit: {visitors: two}\n",
        "posting: {day: 7}\n",
    ],
)
def test_a_mistake_in_the_limits_is_named_with_its_line(tmp_path, text):
    (tmp_path / "limits.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_limits(tmp_path, "zh")
    assert "limits.yaml:" in caught.value.parameters["lines"]
