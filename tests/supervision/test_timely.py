"""Cases against their limits, by hand: each limit's border, what is left out, and in which period a case is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.scheme import Calendar
from schemas.tables import catalogue
from scoring.periods import parse_period
from scoring.problems import Refused
from scoring.supervision.casework.limits import TOTAL, default_limits
from scoring.supervision.casework.timely import Casework, mean_days
from scoring.workdays import Workdays, Year

LIMITS = default_limits()
EMPTY = dict.fromkeys(catalogue("supervision").tables["cases"].columns) | {"town": "T01", "case_id": "B-1"}
OCTOBER = parse_period("2025-10", Calendar())


def day(text):
    return date.fromisoformat(f"2025-{text}")


def case(**cells):
    known = EMPTY | {"programme": "农村低保"} | cells
    return {
        name: day(cell) if isinstance(cell, str) and name.endswith(("_on", "_from", "_to")) else cell
        for name, cell in known.items()
    }


def tell(*cases, period=OCTOBER, limits=LIMITS, kept=None, workdays=None):
    return Casework(limits, workdays or Workdays(), period, kept).tell(cases)


def told(measure, *cases, **more):
    return [one for one in tell(*cases, **more).told if one.measure == measure]


# --- limits in working days, over the National Day (off 1 to 8 October; 28 September and 11 October worked)


@pytest.mark.parametrize(("checked", "met"), [("10-09", True), ("10-11", True), ("10-13", False)])
def test_the_means_check_starts_within_three_working_days(checked, met):
    (one,) = told("means_check_on_time_rate", case(accepted_on="09-30", means_check_on=checked))
    assert (one.met, one.due) == (met, day("10-11"))
    assert one.used == {"10-09": 1, "10-11": 3, "10-13": 4}[checked]


def test_a_saturday_after_the_last_day_is_late():
    (one,) = told("means_check_on_time_rate", case(accepted_on="10-14", means_check_on="10-18"))
    assert (one.met, one.due, one.used) == (False, day("10-17"), 3)


def test_what_was_never_done_is_told_on_the_last_day_of_its_limit():
    (one,) = told("means_check_on_time_rate", case(accepted_on="09-30"))
    assert (one.met, one.end, one.due) == (False, None, day("10-11"))
    assert told("means_check_on_time_rate", case(accepted_on="09-30"), period=parse_period("2025-09", Calendar())) == []


@pytest.mark.parametrize(
    ("accepted", "done", "month"),
    [
        ("09-28", "09-30", "2025-09"),  # in time: on its own day
        ("09-30", "11-20", "2025-10"),  # missed: on the last day, however late it came
        ("10-30", None, "2025-11"),  # due on 4 November
    ],
)
def test_a_case_is_told_once_in_one_month(accepted, done, month):
    months = [f"2025-{n:02}" for n in range(8, 13)]
    row = case(accepted_on=accepted, means_check_on=done)
    found = [m for m in months if told("means_check_on_time_rate", row, period=parse_period(m, Calendar()))]
    assert found == [month]


REFUSED = {"confirmed_on": "10-09", "outcome": "refused"}
EXIT = {"confirmed_on": "03-03", "exit_on": "10-09"}


@pytest.mark.parametrize(
    ("measure", "cells", "last", "late"),
    [
        ("acceptance_on_time_rate", {"applied_on": "10-09"}, {"accepted_on": "10-13"}, {"accepted_on": "10-14"}),
        (
            "acceptance_on_time_rate",
            {"applied_on": "10-09"},
            {"papers_told_on": "10-13", "accepted_on": "10-30"},
            {"papers_told_on": "10-14"},
        ),
        ("decision_on_time_rate", {"posting_ended_on": "10-09"}, {"confirmed_on": "10-22"}, {"confirmed_on": "10-23"}),
        ("refusal_told_rate", REFUSED, {"refused_told_on": "10-13"}, {"refused_told_on": "10-14"}),
        ("entry_on_time_rate", {"confirmed_on": "10-09"}, {"entered_on": "10-13"}, {"entered_on": "10-14"}),
        ("exit_told_rate", EXIT, {"exit_told_on": "10-13"}, {"exit_told_on": "10-14"}),
        ("exit_told_rate", EXIT, {"exit_told_on": "10-01"}, {}),
    ],
)
def test_each_limit_holds_on_its_last_day_and_no_longer(measure, cells, last, late):
    assert [one.met for one in told(measure, case(**cells, **last))] == [True]
    assert [one.met for one in told(measure, case(**cells, **late))] == [False]


@pytest.mark.parametrize(
    ("measure", "cells"),
    [
        ("refusal_told_rate", {"confirmed_on": "10-09"}),  # was not refused
        ("entry_on_time_rate", {"confirmed_on": "10-09", "outcome": "refused"}),
        ("means_check_on_time_rate", {"accepted_on": "10-09", "outcome": "withdrawn"}),
        ("means_check_on_time_rate", {"accepted_on": "10-09", "programme": "临时救助急难型"}),
        ("exit_told_rate", {"confirmed_on": "03-03"}),
        ("acceptance_on_time_rate", {"accepted_on": "10-09"}),  # nobody wrote when it was asked for
    ],
)
def test_who_is_not_asked(measure, cells):
    assert told(measure, case(**cells)) == []


def test_a_decision_without_an_acceptance_kept_no_limit_that_runs_from_it():
    (one,) = told("means_check_on_time_rate", case(confirmed_on="10-20", means_check_on="10-10"))
    assert (one.met, one.lacks) == (False, "no-record")


def test_a_suspension_stops_every_limit():
    stopped = case(accepted_on="10-09", suspended_from="10-10", suspended_to="10-13", means_check_on="10-16")
    (one,) = told("means_check_on_time_rate", stopped)
    assert (one.met, one.due, one.used) == (True, day("10-16"), 3)
    assert told("means_check_on_time_rate", case(accepted_on="10-09", suspended_from="10-10")) == []


def test_a_year_without_a_calendar_stops_only_what_hangs_on_it():
    workdays = Workdays({2051: Year(), 2052: Year()})
    december = parse_period("2052-12", Calendar())
    early = case(confirmed_on=date(2052, 12, 30), entered_on=date(2052, 12, 31))
    waiting = case(confirmed_on=date(2052, 12, 30))
    later = case(confirmed_on=date(2053, 1, 6), entered_on=date(2053, 2, 1))
    found = told("entry_on_time_rate", early, waiting, later, period=december, workdays=workdays)
    assert [(one.met, one.due, one.used) for one in found] == [(True, None, 1)]
    with pytest.raises(Refused):
        told("entry_on_time_rate", later, period=parse_period("2053-01", Calendar()), workdays=workdays)


# --- the whole handling


def with_days(total="allowance", **changes):
    return replace(LIMITS, totals={**LIMITS.totals, total: replace(LIMITS.totals[total], **changes)})


def test_a_total_that_nobody_wrote_is_named_with_its_cases_and_no_default_stands_in():
    row = case(accepted_on="10-09", confirmed_on="10-20")
    assert tell(row).unlimited == {"allowance": 1}
    assert told(TOTAL, row) == []


@pytest.mark.parametrize(("confirmed", "met"), [("10-15", True), ("10-16", False)])
def test_the_whole_limit_counts_from_acceptance_to_confirmation(confirmed, met):
    # Working days after 9 October: 10, 11, 13, 14, 15.
    (one,) = told(TOTAL, case(accepted_on="10-09", confirmed_on=confirmed), limits=with_days(days=5))
    assert (one.met, one.due) == (met, day("10-15"))


def test_an_extended_case_has_the_longer_limit_or_is_named():
    row = case(accepted_on="10-09", confirmed_on="10-16", extended="yes")
    assert tell(row, limits=with_days(days=5)).unlimited == {"allowance": 1}
    assert [one.met for one in told(TOTAL, row, limits=with_days(days=5, extended=6))] == [True]


def test_temporary_aid_leaves_out_the_means_check_and_the_posting():
    steps = {
        "accepted_on": "10-09",
        "means_check_on": "10-10",
        "means_checked_on": "10-14",
        "posted_on": "10-15",
        "posting_ended_on": "10-17",
    }
    # After 9 October: 10 counts; 11, 13, 14 are the check's; 15, 16, 17 the posting's; then 20, 21, 22, 23.
    for confirmed, met in (("10-23", True), ("10-24", False)):
        row = case(programme="临时救助支出型", confirmed_on=confirmed, **steps)
        (one,) = told(TOTAL, row)
        assert (one.met, one.due) == (met, day("10-23"))
        assert one.used == 5 + (not met)


def test_a_posting_without_an_end_leaves_out_its_seven_days():
    row = case(programme="临时救助", accepted_on="10-09", posted_on="10-10", confirmed_on="10-22")
    # 10 to 16 October hang: 17, 20, 21, 22, 23 count.
    assert told(TOTAL, row)[0].due == day("10-23")


def test_overlapping_steps_are_left_out_once():
    check = {"means_check_on": "10-10", "means_checked_on": "10-15"}
    posting = {"posted_on": "10-13", "posting_ended_on": "10-16"}
    row = case(programme="临时救助", accepted_on="10-09", confirmed_on="10-23", **check, **posting)
    # 10 counts, 11 to 16 do not, then 17, 20, 21, 22.
    assert (told(TOTAL, row)[0].due, told(TOTAL, row)[0].used) == (day("10-22"), 6)


def test_destitute_cases_are_told_when_their_opinion_is_posted_or_they_are_refused():
    posted = case(programme="特困分散", accepted_on="09-28", posted_on="10-20", confirmed_on="10-28")
    refused = case(programme="特困集中", accepted_on="09-28", confirmed_on="10-10", outcome="refused")
    assert [(one.met, one.end) for one in told(TOTAL, posted, refused)] == [(True, day("10-20")), (True, day("10-10"))]


@pytest.mark.parametrize(("paid", "met"), [("10-02", True), ("10-03", False)])
def test_urgent_help_comes_by_the_next_day_holiday_or_not(paid, met):
    row = case(programme="临时救助急难型", accepted_on="10-01", paid_on=paid, confirmed_on="10-20")
    assert [one.met for one in told(TOTAL, row)] == [met]


def test_a_programme_that_no_total_names_is_counted_apart():
    assert tell(case(programme=None, accepted_on="10-09", confirmed_on="10-10")).unknown == 1


def test_mean_days_are_exact_and_leave_out_what_the_total_does():
    one = case(accepted_on="10-09", confirmed_on="10-10")
    two = case(
        programme="临时救助",
        accepted_on="10-09",
        means_check_on="10-09",
        means_checked_on="10-11",
        confirmed_on="10-14",
    )
    three = case(accepted_on="10-09", confirmed_on="10-14", outcome="refused")
    withdrawn = case(accepted_on="10-09", confirmed_on="10-14", outcome="withdrawn")
    timely = tell(one, two, three, withdrawn)
    assert timely.days == {"T01": (1, 2, 4)}
    assert mean_days(timely.days) == {"T01": Fraction(7, 3)}


# --- what every case must have


@pytest.mark.parametrize(
    ("cells", "met", "lacks"),
    [
        ({"means_checked_on": "10-20"}, True, ""),
        ({"means_checked_on": "10-21"}, False, "too-late"),
        ({"means_check_on": "10-10"}, False, "no-record"),
    ],
)
def test_every_entry_is_checked_before_its_decision(cells, met, lacks):
    for outcome in ("confirmed", "refused"):
        (one,) = told("means_check_rate", case(accepted_on="10-09", confirmed_on="10-20", outcome=outcome, **cells))
        assert (one.met, one.lacks) == (met, lacks)


def test_a_ledger_that_keeps_the_start_alone_is_asked_for_the_start():
    kept = frozenset({"means_check_on"})
    row = case(confirmed_on="10-20", means_check_on="10-10")
    assert [one.met for one in told("means_check_rate", row, kept=kept)] == [True]


@pytest.mark.parametrize(
    ("cells", "met", "lacks"),
    [
        ({"visited_on": "10-20", "visitors": 2}, True, ""),
        ({"visited_on": "10-20", "visitors": 1}, False, "too-few"),
        ({"visited_on": "10-20"}, False, "too-few"),
        ({"visited_on": "10-21", "visitors": 2}, False, "too-late"),
        ({"visitors": 2}, False, "no-record"),
    ],
)
def test_every_new_applicant_is_visited_by_two(cells, met, lacks):
    (one,) = told("home_visit_rate", case(confirmed_on="10-20", **cells))
    assert (one.met, one.lacks) == (met, lacks)


def test_a_ledger_without_visitors_is_asked_for_the_visit_alone():
    kept = frozenset({"visited_on"})
    assert [one.met for one in told("home_visit_rate", case(confirmed_on="10-20", visited_on="10-10"), kept=kept)] == [
        True
    ]
    assert told("home_visit_rate", case(confirmed_on="10-20"), kept=frozenset()) == []


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        ({"posted_on": "10-01", "posting_ended_on": "10-07"}, True),  # seven days, the first and the last counted
        ({"posted_on": "10-01", "posting_ended_on": "10-06"}, False),
        ({"posted_on": "10-13"}, True),  # without an end until the day before the decision: 13 to 19
        ({"posted_on": "10-14"}, False),
        ({"posted_on": "10-14", "posting_ended_on": "10-21"}, False),  # decided while it hung
        ({}, False),
    ],
)
def test_a_posting_hangs_seven_days_before_the_decision(cells, met):
    assert [one.met for one in told("posting_rate", case(confirmed_on="10-20", **cells))] == [met]


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        ({"paid_on": "10-31"}, True),
        ({"paid_on": "11-01"}, False),
        ({"paid_month": "2025-10"}, True),
        ({"paid_month": "2025-11"}, False),
        ({"paid_on": "09-30"}, None),  # told in September
        ({}, False),
    ],
)
def test_payment_comes_by_the_end_of_the_following_month(cells, met):
    found = told("payment_on_time_rate", case(confirmed_on="09-01", **cells))
    assert [one.met for one in found] == ([] if met is None else [met])


def test_who_left_before_the_first_payment_was_due_is_not_asked():
    assert told("payment_on_time_rate", case(confirmed_on="09-01", exit_on="10-20")) == []


@pytest.mark.parametrize(
    ("cells", "met"),
    [
        ({"review_class": "unstable", "confirmed_on": "04-30"}, False),  # due on 30 October
        ({"review_class": "unstable", "confirmed_on": "05-01"}, None),  # due on 1 November
        ({"review_class": "unstable", "confirmed_on": "03-03", "last_review_on": "10-31"}, True),
        ({"review_class": "unstable", "confirmed_on": "03-03", "last_review_on": "09-30"}, None),
        ({"review_class": "stable", "confirmed_on": "03-03"}, None),
        ({"review_class": "stable", "confirmed_on": date(2024, 10, 31)}, False),  # due on the last day
        ({"review_class": "stable", "confirmed_on": date(2024, 11, 1)}, None),
        ({"review_class": None, "confirmed_on": "03-03"}, None),
        ({"review_class": "unstable", "confirmed_on": "03-03", "exit_on": "10-31"}, None),
        ({"review_class": "unstable", "confirmed_on": "03-03", "programme": "临时救助"}, None),
    ],
)
def test_reviews_done_in_the_period_against_those_still_overdue_at_its_end(cells, met):
    assert [one.met for one in told("review_rate", case(**cells))] == ([] if met is None else [met])


def test_a_later_review_hides_how_the_case_stood():
    timely = tell(case(review_class="unstable", confirmed_on="03-03", last_review_on="11-01"))
    assert (timely.after, [one for one in timely.told if one.measure == "review_rate"]) == (1, [])


def test_columns_that_nobody_fills_are_named_where_a_measure_falls_out():
    kept = frozenset({"applied_on", "accepted_on", "confirmed_on", "means_check_on", "entered_on", "paid_month"})
    assert tell(kept=kept).unkept == {
        "posting_ended_on",
        "refused_told_on",
        "exit_on",
        "exit_told_on",
        "visited_on",
        "posted_on",
        "review_class",
    }


# --- laws


_DATES = (
    "applied_on",
    "accepted_on",
    "means_check_on",
    "means_checked_on",
    "visited_on",
    "posted_on",
    "posting_ended_on",
    "confirmed_on",
    "entered_on",
    "paid_on",
    "exit_on",
    "exit_told_on",
)
_DAYS = st.none() | st.integers(0, 200).map(lambda n: date(2025, 2, 1) + timedelta(days=n))
_CASES = st.fixed_dictionaries(dict.fromkeys(_DATES, _DAYS)).map(
    lambda cells: EMPTY | {"programme": "临时救助支出型"} | cells
)
_MONTHS = [parse_period(f"{year}-{n:02}", Calendar()) for year in (2025, 2026) for n in range(1, 13)]


@settings(max_examples=20)
@given(row=_CASES)
def test_every_month_of_a_case_together_tell_what_its_two_years_tell(row):
    years = [parse_period(year, Calendar()) for year in ("2025", "2026")]

    def all_told(periods):
        found = [
            (one.measure, one.met, one.due)
            for period in periods
            for one in tell(row, period=period).told
            if one.item != "reviews"
        ]
        return sorted(found, key=str)

    assert all_told(_MONTHS) == all_told(years)
    names = [name for name, *_ in all_told(years)]
    assert len(names) == len(set(names))
