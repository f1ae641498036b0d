"""Working days by the State Council's holiday arrangements (weekend days worked included), and the bureau's own years.

Source of the built-in years: the chinesecalendar package. A year that neither knows stops the run.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

import chinese_calendar

from scoring.problems import Refused, problem


@dataclass(frozen=True)
class Year:
    """A year that the bureau added: days off beyond weekends, and weekend days worked."""

    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()


@dataclass
class Workdays:
    """Counts working days.

    `extra` maps a year to what the bureau's holidays.yaml says of it, which wins over the package.
    """

    extra: Mapping[int, Year] = field(default_factory=dict)
    _covered: tuple[int, int, list[date]] | None = field(default=None, repr=False)
    """First and last year, every working day of them: set as one, since threads share it."""

    def is_workday(self, day: date) -> bool:
        """Tell whether `day` is a working day.

        Raises
        ------
        Refused
            No calendar covers the year (code `no-holiday-calendar`).
        """
        own = self.extra.get(day.year)
        if own is not None:
            return day in own.workdays or (day.weekday() < 5 and day not in own.holidays)
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            raise Refused([problem("no-holiday-calendar", year=day.year)]) from None

    def _cover(self, first: int, last: int) -> list[date]:
        """Hold every working day of the years from `first` to `last`, in order."""
        low, high, days = self._covered or (first, first - 1, [])
        if first < low or last > high:
            low, high = min(low, first), max(high, last)
            days = [day for year in range(low, high + 1) for day in self._year(year)]
            self._covered = low, high, days
        return days

    def _year(self, year: int) -> Sequence[date]:
        return _working(year, self.is_workday) if year in self.extra else _built_in(year)

    def between(self, after: date, until: date) -> int:
        """Count the working days d with after < d ≤ until; 0 when there are none."""
        if until <= after:
            return 0
        days = self._cover(after.year, until.year)
        return bisect_left(days, until + timedelta(days=1)) - bisect_left(days, after + timedelta(days=1))

    def after(self, start: date, count: int) -> date:
        """Return the `count`-th working day after `start`, which is not counted; `start` itself for 0."""
        if count == 0:
            return start
        days = self._cover(start.year, start.year)
        first = bisect_left(days, start + timedelta(days=1))
        # A year has at most 262 working days, so this reaches the day without asking for years it does not need.
        last = start.year
        while len(days) - first < count or days[first + count - 1].year > last:
            last += 1
            days = self._cover(start.year, last)
            first = bisect_left(days, start + timedelta(days=1))
        return days[first + count - 1]


def _working(year: int, is_workday: Callable[[date], bool]) -> Sequence[date]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return [day for day in map(date.fromordinal, range(first, last + 1)) if is_workday(day)]


@cache
def _built_in(year: int) -> Sequence[date]:
    """Return the working days of a year that no bureau added; the package takes long over each."""
    return _working(year, Workdays().is_workday)
