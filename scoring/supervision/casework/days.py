"""Counting days towards a limit: working or calendar days, without those that the rules leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from scoring.periods import Period
from scoring.problems import Refused
from scoring.workdays import Workdays

Span = tuple[date, date]
"""Days that do not count: those after the first and up to the second."""


class Days:
    """Counts one kind of days.

    Parameters
    ----------
    workdays
        The calendar of working days; None where calendar days are counted.
    """

    def __init__(self, workdays: Workdays | None) -> None:
        self._workdays = workdays

    def counted(self, start: date, end: date, left_out: Iterable[Span] = ()) -> int:
        """Return how many days d with start < d ≤ end count; those in several spans are left out once.

        Raises
        ------
        Refused
            No calendar covers a year (code `no-holiday-calendar`).
        """
        return self._between(start, end) - sum(
            self._between(first, last) for first, last in _joined(left_out, start, end)
        )

    def due(self, start: date, days: int, left_out: Iterable[Span] = ()) -> date | None:
        """Return the last day of a limit of so many days after `start`; None while a span without end stops it.

        Raises
        ------
        Refused
            No calendar covers a year (code `no-holiday-calendar`).
        """
        spans = sorted(left_out)
        due = self._after(start, days)
        while lacking := days - self.counted(start, due, spans):
            if any(last == date.max and first < due for first, last in spans):
                return None
            due = self._after(due, lacking)
        return due

    def decided(
        self, start: date, days: int, end: date | None, period: Period, left_out: Sequence[Span] = ()
    ) -> tuple[bool, date | None] | None:
        """Tell whether a limit was kept, and its last day, if that was decided in the period; else None.

        It is decided on the day that ended it in time, else on its last day. No day after the period is asked of the
        calendar, which may not know the next year yet: the last day of what was ended early is None then.

        Raises
        ------
        Refused
            No calendar covers a year up to the end of the period (code `no-holiday-calendar`).
        """
        if end is not None and end < period.start:
            return None
        if end is None or end > period.end:
            if self.counted(start, period.end, left_out) < days or start > period.end:
                return None
        elif self.counted(start, end, left_out) < days:
            try:
                return True, self.due(start, days, left_out)
            except Refused:
                return True, None
        due = self.due(start, days, left_out)
        met = end is not None and (due is None or end <= due)
        day = end if met else due
        return (met, due) if day is not None and period.holds(day) else None

    def _between(self, after: date, until: date) -> int:
        return self._workdays.between(after, until) if self._workdays else max((until - after).days, 0)

    def _after(self, start: date, count: int) -> date:
        return self._workdays.after(start, count) if self._workdays else start + timedelta(days=count)


def _joined(spans: Iterable[Span], start: date, end: date) -> list[Span]:
    """Return the union of spans within (start, end], in order."""
    found: list[Span] = []
    for first, last in sorted(spans):
        first, last = max(first, start), min(last, end)  # noqa: PLW2901 - clipped
        if first >= last:
            continue
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
