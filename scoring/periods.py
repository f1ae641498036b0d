"""Period labels and their days: 2025, 2025H1, 2025Q1, 2025-03, or an interval that the scheme declares."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from schemas.scheme import Calendar

Kind = Literal["month", "quarter", "half", "year", "interval"]
LABEL: Final = re.compile(r"(\d{4})(?:(Q)([1-4])|(H)([12])|-(0[1-9]|1[0-2]))?", re.ASCII)
"""What names a period by itself: an interval must be called otherwise."""


@dataclass(frozen=True)
class Period:
    """A named span of days, both ends inclusive."""

    id: str
    kind: Kind
    start: date
    end: date

    def holds(self, day: date) -> bool:
        """Tell whether the day lies in the period."""
        return self.start <= day <= self.end

    def inside(self, other: Period) -> bool:
        """Tell whether this period is a finer one within `other`."""
        return other.start <= self.start and self.end <= other.end and self.id != other.id


def parse_period(label: str, rules: Calendar) -> Period | None:
    """Return the period that a label names under the scheme's calendar; None when it names none."""
    for interval in rules.intervals:
        if interval.id == label:
            return Period(label, "interval", interval.from_, interval.to)
    match = LABEL.fullmatch(label)
    if match is None or not 1990 <= int(match[1]) <= 2200:
        return None
    year = int(match[1])
    if match[2]:
        first, months, kind = 3 * int(match[3]) - 2, 3, "quarter"
    elif match[4]:
        first, months, kind = 6 * int(match[5]) - 5, 6, "half"
    elif match[6]:
        first, months, kind = int(match[6]), 1, "month"
    else:
        first, months, kind = 1, 12, "year"
    start = _close(year if first > 1 else year - 1, first - 1 or 12, rules) + timedelta(days=1)
    return Period(label, kind, start, _close(year, first + months - 1, rules))  # type: ignore[arg-type]


def _close(year: int, month: int, rules: Calendar) -> date:
    """Return the last day that the scheme counts to this month."""
    if month == 12 and rules.year_closes_on:
        return date(year, *map(int, rules.year_closes_on.split("-")))
    return date(year, month, rules.closes_on or calendar.monthrange(year, month)[1])


def period_before(period: Period, rules: Calendar) -> Period | None:
    """Return the period of the same kind just before; None before a declared interval, which has no order."""
    if period.kind == "interval":
        return None
    # The last day of the period before, whose label is found by trying those of its calendar year and the next.
    day = period.start - timedelta(days=1)
    tried = {
        "month": [f"{y}-{m:02d}" for y in (day.year, day.year + 1) for m in range(1, 13)],
        "quarter": [f"{y}Q{n}" for y in (day.year, day.year + 1) for n in range(1, 5)],
        "half": [f"{y}H{n}" for y in (day.year, day.year + 1) for n in (1, 2)],
        "year": [str(y) for y in (day.year, day.year + 1)],
    }[period.kind]
    spans = (parse_period(label, rules) for label in tried)
    return next((span for span in spans if span is not None and span.holds(day)), None)


def period_last_year(period: Period, rules: Calendar) -> Period | None:
    """Return the same period a year earlier; None for a declared interval, which comes once.

    Examples
    --------
    2025Q1 gives 2024Q1, 2025-03 gives 2024-03, 2025H2 gives 2024H2, 2025 gives 2024.
    """
    if period.kind == "interval":
        return None
    return parse_period(f"{int(period.id[:4]) - 1}{period.id[4:]}", rules)


def months_back(day: date, months: int) -> date:
    """Return the same day `months` earlier, clamped to that month's end.

    Examples
    --------
    >>> months_back(date(2025, 5, 31), 3)
    datetime.date(2025, 2, 28)
    """
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
