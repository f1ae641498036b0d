"""Days towards a limit, by hand over the National Day of 2025, and their laws."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.problems import Refused
from scoring.supervision.casework.days import Days
from scoring.workdays import Workdays

WORKING, CALENDAR = Days(Workdays()), Days(None)


def day(text):
    return date.fromisoformat(f"2025-{text}")


# Off from 1 to 8 October; Sunday 28 September and Saturday 11 October are worked.
@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("09-26", 1, "09-28"),  # Friday; the Sunday is worked
        ("09-26", 3, "09-30"),
        ("09-30", 1, "10-09"),
        ("09-30", 3, "10-11"),  # 9, 10 and the worked Saturday
        ("10-01", 1, "10-09"),
        ("10-11", 1, "10-13"),
        ("09-26", 0, "09-26"),
    ],
)
def test_a_limit_over_the_holiday_ends_on_its_working_day(start, days, due):
    assert WORKING.due(day(start), days) == day(due)


def test_calendar_days_know_no_holiday():
    assert CALENDAR.due(day("09-26"), 7) == day("10-03")
    assert CALENDAR.counted(day("09-26"), day("10-03")) == 7


def test_days_left_out_count_once_and_move_the_last_day():
    # 9, 10, 11, 13, 14, 15 October are worked; 10-11 and 11-13 are left out, together 10, 11, 13.
    spans = [(day("10-09"), day("10-11")), (day("10-10"), day("10-13"))]
    assert WORKING.counted(day("10-08"), day("10-15"), spans) == 3
    assert WORKING.due(day("10-08"), 3, spans) == day("10-15")
    assert WORKING.counted(day("10-08"), day("10-15"), [(day("09-01"), day("10-09"))]) == 5
    inside = [(day("10-09"), day("10-14")), (day("10-10"), day("10-11"))]
    assert WORKING.counted(day("10-08"), day("10-15"), inside) == 2


def test_a_span_without_end_stops_the_clock_where_the_limit_reaches_it():
    open_span = [(day("10-10"), date.max)]
    assert WORKING.due(day("10-08"), 2, open_span) == day("10-10")
    assert WORKING.due(day("10-08"), 3, open_span) is None


def test_a_year_without_a_calendar_is_refused():
    with pytest.raises(Refused):
        WORKING.due(date(2031, 1, 1), 3)


days_of_2025 = st.integers(0, 330).map(lambda n: date(2025, 1, 1) + timedelta(days=n))
spans = st.lists(
    st.tuples(days_of_2025, st.integers(0, 20)).map(lambda s: (s[0], s[0] + timedelta(days=s[1]))), max_size=3
)


@settings(max_examples=60)
@given(start=days_of_2025, days=st.integers(1, 12), left_out=spans, count=st.sampled_from([WORKING, CALENDAR]))
def test_the_last_day_is_the_first_on_which_enough_days_have_counted(start, days, left_out, count):
    due = count.due(start, days, left_out)
    assert count.counted(start, due, left_out) == days
    assert count.counted(start, due - timedelta(days=1), left_out) == days - 1


@settings(max_examples=60)
@given(start=days_of_2025, length=st.integers(0, 60), left_out=spans, more=spans)
def test_more_days_left_out_never_count_more_and_twice_the_same_is_once(start, length, left_out, more):
    end = start + timedelta(days=length)
    counted = WORKING.counted(start, end, left_out)
    assert 0 <= WORKING.counted(start, end, [*left_out, *more]) <= counted
    assert WORKING.counted(start, end, left_out * 2) == counted
    by_hand = {start + timedelta(days=n + 1) for n in range(length)}
    by_hand = {d for d in by_hand if not any(first < d <= last for first, last in left_out)}
    assert counted == sum(map(Workdays().is_workday, by_hand))
