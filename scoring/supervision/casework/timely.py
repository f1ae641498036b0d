"""Which cases kept which limit in a period, each of them told on one day that later entries do not move.

A limit that was kept is told on the day that ended it; one that was missed, on its last day, whether the step came
later or never. So every case is told once, and a period that was counted stays as it was. Reviews alone are told as
they stand at the end of the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from scoring.periods import Period, months_back
from scoring.supervision.casework.days import Days, Span
from scoring.supervision.casework.limits import Limit, Limits
from scoring.workdays import Workdays

Row = Mapping[str, Any]
_RESTS_ON: Final = {
    "check_all": ("means_checked_on", "means_check_on"),
    "visit": ("visited_on",),
    "posting": ("posted_on",),
    "payment": ("paid_on", "paid_month"),
    "reviews": ("review_class",),
}
DECIDED: Final = frozenset({"confirmed", "refused"})


@dataclass(frozen=True)
class Told:
    """What is told of one row by one measure.

    Attributes
    ----------
    item
        The name of the limit or rule.
    measure, town, row
        The measure that counts it, the town's code, the row itself.
    met
        Whether it was kept.
    start, end, due
        The days that it ran from, was ended on, and had to be ended by; None where there is none.
    used
        How many days counted, where it was ended.
    lacks
        Why it was missed where no day says so: `no-record`, `too-few`, `too-late`.
    """

    item: str
    measure: str
    town: str
    row: Row
    met: bool
    start: date | None = None
    end: date | None = None
    due: date | None = None
    used: int | None = None
    lacks: str = ""


@dataclass(frozen=True)
class Timely:
    """What a period's cases come to.

    Attributes
    ----------
    told
        One entry a case and measure.
    days
        Town → the working days that each decided case took, without those left out.
    unlimited
        The totals whose days the bureau has not written, and how many cases they would be asked of.
    unknown
        How many decided cases have no programme that a total names.
    unkept
        Columns that no row fills, and for want of which a measure is left out.
    after
        How many cases were reviewed after the period, so that nobody can tell how they stood in it.
    """

    told: tuple[Told, ...]
    days: Mapping[str, tuple[int, ...]]
    unlimited: Mapping[str, int]
    unknown: int
    unkept: frozenset[str]
    after: int


def outcome_of(case: Row) -> str:
    """Return how a case ended: confirmed, refused, withdrawn or open. A day of decision alone says confirmed."""
    if case["outcome"] is not None:
        return str(case["outcome"]) if case["confirmed_on"] or case["outcome"] == "withdrawn" else "open"
    return "confirmed" if case["confirmed_on"] else "open"


class Casework:
    """The cases of a period against the limits in force.

    Parameters
    ----------
    limits, workdays, period
        What they are held against.
    kept
        The columns that at least one case fills; None: all.
    """

    def __init__(self, limits: Limits, workdays: Workdays, period: Period, kept: frozenset[str] | None = None) -> None:
        self._limits, self._period, self._kept = limits, period, kept
        self._days = {"working": Days(workdays), "calendar": Days(None)}

    def tell(self, cases: Iterable[Row]) -> Timely:
        """Hold every case against every limit.

        Raises
        ------
        Refused
            No calendar covers a year (code `no-holiday-calendar`).
        """
        told: list[Told] = []
        days: dict[str, list[int]] = {}
        unlimited: dict[str, int] = {}
        unknown = after = 0
        for case in cases:
            if outcome_of(case) == "withdrawn":
                continue
            told += filter(None, (self._limit(case, limit) for limit in self._limits.limits.values()))
            told += filter(None, (self._check(case), self._visit(case), self._posting(case), self._payment(case)))
            review = self._review(case)
            after += review == "after"
            told += [review] if isinstance(review, Told) else []
            total = self._limits.total_of(case["programme"])
            decided = outcome_of(case) in DECIDED and self._period.holds(case["confirmed_on"])
            unknown += decided and total is None
            if total is not None:
                own = case["extended"] == "yes"
                if (total.extended if own else total.days) is None:
                    unlimited[total.id] = unlimited.get(total.id, 0) + decided
                else:
                    told += filter(None, [self._total(case, total)])
            if decided and case["accepted_on"]:
                left_out = self._left_out(case, total)
                took = self._days["working"].counted(case["accepted_on"], case["confirmed_on"], left_out)
                days.setdefault(case["town"], []).append(took)
        unlimited = {name: count for name, count in unlimited.items() if count}
        return Timely(
            tuple(told), {town: tuple(own) for town, own in days.items()}, unlimited, unknown, self._unkept(), after
        )

    def _keeps(self, column: str) -> bool:
        return self._kept is None or column in self._kept

    def _unkept(self) -> frozenset[str]:
        """Return the columns for want of which a limit or rule is asked of no case."""
        of_cases = [limit for limit in self._limits.limits.values() if limit.outcomes]
        wanted = [columns for limit in of_cases for columns in ((limit.start,), limit.ends)]
        wanted += [columns for name, columns in _RESTS_ON.items() if name in self._limits.rules]
        return frozenset(columns[0] for columns in wanted if not any(map(self._keeps, columns)))

    def _told(self, item: str, measure: str | None, case: Row, **more: Any) -> Told:
        assert measure is not None
        return Told(item, measure, case["town"], case, **more)

    def _limit(self, case: Row, limit: Limit) -> Told | None:
        if not any(map(self._keeps, limit.ends)) or not self._keeps(limit.start):
            return None
        if outcome_of(case) not in limit.outcomes or case["programme"] in limit.not_for or limit.days is None:
            return None
        return self._ran(case, limit, limit.days, self._suspended(case))

    def _total(self, case: Row, total: Limit) -> Told | None:
        days = total.extended if case["extended"] == "yes" else total.days
        assert days is not None
        return self._ran(case, total, days, self._left_out(case, total))

    def _ran(self, row: Row, limit: Limit, days: int, left_out: list[Span]) -> Told | None:
        """Tell of a limit that ran on a row, if it was decided in the period."""
        start = row[limit.start]
        end = min(filter(None, (row[column] for column in limit.ends)), default=None)
        if start is None:
            # What was decided without ever being accepted kept no limit that runs from the acceptance.
            if limit.start == "accepted_on" and row["confirmed_on"] and self._period.holds(row["confirmed_on"]):
                return self._told(limit.id, limit.measure, row, met=False, end=end, lacks="no-record")
            return None
        count = self._days[limit.count]
        decided = count.decided(start, days, end, self._period, left_out)
        if decided is None:
            return None
        met, due = decided
        used = None if end is None else count.counted(start, end, left_out)
        return self._told(limit.id, limit.measure, row, met=met, start=start, end=end, due=due, used=used)

    def _suspended(self, case: Row) -> list[Span]:
        first, last = case["suspended_from"], case["suspended_to"]
        return [(first - timedelta(days=1), last or date.max)] if first else []

    def _left_out(self, case: Row, total: Limit | None) -> list[Span]:
        """Return the days that do not count: a suspension, and the steps that the total leaves out."""
        spans, excluded = self._suspended(case), total.excluded if total else frozenset()
        if "means_check" in excluded and case["means_check_on"] and case["means_checked_on"]:
            spans.append((case["means_check_on"], case["means_checked_on"]))
        if "posting" in excluded and case["posted_on"]:
            days = self._limits.rules["posting"].whole("days") if "posting" in self._limits.rules else 0
            last = case["posting_ended_on"] or case["posted_on"] + timedelta(days=days - 1)
            spans.append((case["posted_on"] - timedelta(days=1), last))
        return spans

    def _asked(self, name: str, case: Row) -> bool:
        """Tell whether a rule is asked of a case that was decided in the period."""
        rule = self._limits.rules.get(name)
        if rule is None or not any(map(self._keeps, _RESTS_ON[name])) or case["programme"] in rule.not_for:
            return False
        return outcome_of(case) in DECIDED and self._period.holds(case["confirmed_on"])

    def _check(self, case: Row) -> Told | None:
        column = "means_checked_on" if self._keeps("means_checked_on") else "means_check_on"
        return self._before(case, "check_all", column) if self._asked("check_all", case) else None

    def _visit(self, case: Row) -> Told | None:
        if not self._asked("visit", case):
            return None
        told = self._before(case, "visit", "visited_on")
        few = self._keeps("visitors") and (case["visitors"] or 0) < self._limits.rules["visit"].whole("visitors")
        if told.met and few:
            return self._told("visit", told.measure, case, met=False, end=told.end, due=told.due, lacks="too-few")
        return told

    def _before(self, case: Row, name: str, column: str) -> Told:
        """Tell whether a step was taken before the decision, or on its day."""
        day, decided = case[column], case["confirmed_on"]
        lacks = "no-record" if day is None else "too-late" if day > decided else ""
        measure = self._limits.rules[name].measure
        return self._told(name, measure, case, met=not lacks, end=day, due=decided, lacks=lacks)

    def _posting(self, case: Row) -> Told | None:
        if not self._asked("posting", case) or outcome_of(case) != "confirmed":
            return None
        rule, first, decided = self._limits.rules["posting"], case["posted_on"], case["confirmed_on"]
        if first is None:
            return self._told("posting", rule.measure, case, met=False, due=decided, lacks="no-record")
        # Where nobody wrote the last day, it hung until the day before the decision at the most.
        last = min(case["posting_ended_on"] or decided, decided - timedelta(days=1))
        days = max((last - first).days + 1, 0)
        met = days >= rule.whole("days")
        due = first + timedelta(days=rule.whole("days") - 1)
        lacks = "" if met else "too-few"
        return self._told(
            "posting", rule.measure, case, met=met, start=first, end=last, due=due, used=days, lacks=lacks
        )

    def _payment(self, case: Row) -> Told | None:
        rule = self._limits.rules.get("payment")
        if rule is None or outcome_of(case) != "confirmed" or case["programme"] in rule.not_for:
            return None
        if not any(map(self._keeps, _RESTS_ON["payment"])):
            return None
        confirmed = case["confirmed_on"]
        due = _last_of_month(months_back(confirmed, -rule.whole("months")))
        paid = case["paid_on"]
        if paid is None and case["paid_month"]:
            paid = _last_of_month(date.fromisoformat(f"{case['paid_month']}-01"))
        met = paid is not None and paid <= due
        if not met and case["exit_on"] and case["exit_on"] <= due:
            return None
        if not self._period.holds(paid if met else due):
            return None
        return self._told("payment", rule.measure, case, met=met, start=confirmed, end=paid, due=due)

    def _review(self, case: Row) -> Told | str | None:
        """Tell of a review that was done in the period, or is still overdue at its end.

        The table keeps the last review alone: one after the period hides how the case stood in it, which `after` says.
        """
        rule = self._limits.rules.get("reviews")
        if rule is None or case["review_class"] is None or case["programme"] in rule.not_for:
            return None
        end, last = self._period.end, case["last_review_on"]
        left = case["exit_on"] is not None and case["exit_on"] <= end
        if outcome_of(case) != "confirmed" or case["confirmed_on"] > end or (left and not last):
            return None
        if last is not None and last > end:
            return "after"
        due = review_due(case, rule.whole(case["review_class"]))
        if last is not None and self._period.holds(last):
            return self._told("reviews", rule.measure, case, met=True, end=last)
        if due > end or left:
            return None
        return self._told("reviews", rule.measure, case, met=False, start=last or case["confirmed_on"], due=due)


def review_due(case: Row, months: int) -> date:
    """Return until when a case has to be reviewed: so many months after the last review, or the confirmation."""
    return months_back(case["last_review_on"] or case["confirmed_on"], -months)


def _last_of_month(day: date) -> date:
    return months_back(day.replace(day=1), -1) - timedelta(days=1)


def mean_days(days: Mapping[str, tuple[int, ...]]) -> dict[str, Fraction]:
    """Return the mean of each town's working days."""
    return {town: Fraction(sum(own), len(own)) for town, own in days.items()}
