"""Surveys, calls, petitions and village reports of a period, counted by town."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import polars as pl

from schemas.scheme import Calendar
from scoring.periods import Period, finer, parse_period
from scoring.supervision.casework.days import Days
from scoring.supervision.casework.limits import Limit, Limits
from scoring.supervision.casework.timely import Told
from scoring.supervision.tables import SupervisionTables
from scoring.workdays import Workdays

SURVEYS: Final = {"satisfaction": "satisfaction_rate", "awareness": "awareness_rate"}
_ANSWERS: Final = {"satisfaction": "satisfied", "awareness": "aware"}
REPORTS, REPORT_RATE = "change_reports", "village_report_rate"


@dataclass(frozen=True)
class Share:
    """So many of so many, in one town by one measure; a plain count has no `whole`."""

    measure: str
    town: str
    part: int
    whole: int | None


def surveys(tables: SupervisionTables, limits: Limits, period: Period, rules: Calendar) -> tuple[list[Share], set[str]]:
    """Return what the surveys of a period say, and the measures of which a town has results and single answers.

    Of such a town the results count: the answers may be the same survey's.
    """
    rule = limits.rules.get("surveys")
    if rule is None:
        return [], set()
    sums: dict[tuple[str, str], list[int]] = {}
    for row in tables.surveys.iter_rows(named=True):
        if _asked_in(row, period, rules):
            add(sums, (SURVEYS[row["question"]], row["town"]), row["positive"], row["asked"])
    answered: dict[tuple[str, str], list[int]] = {}
    for row in tables.answers.iter_rows(named=True):
        if period.holds(row["asked_on"]):
            for question, measure in SURVEYS.items():
                if row[question] is not None:
                    add(answered, (measure, row["town"]), row[question] in rule.lists[_ANSWERS[question]], 1)
    both = {measure for measure, _ in sums.keys() & answered.keys()}
    return shares(answered | sums), both


def _asked_in(row: Mapping[str, Any], period: Period, rules: Calendar) -> bool:
    """Tell whether a survey is of the period: its label says so, or lies in it; without one its day."""
    if row["period"] is None:
        return period.holds(row["asked_on"])
    span = parse_period(row["period"], rules)
    return span is not None and (span.id == period.id or span.inside(period))


def add(sums: dict[tuple[str, str], list[int]], key: tuple[str, str], part: int, whole: int) -> None:
    """Add to a sum by measure and town."""
    own = sums.setdefault(key, [0, 0])
    own[0] += part
    own[1] += whole


def shares(sums: Mapping[tuple[str, str], list[int]]) -> list[Share]:
    """Return the sums as shares; of nothing there is no share."""
    return [Share(measure, town, part, whole) for (measure, town), (part, whole) in sums.items() if whole]


def calls(tables: SupervisionTables, period: Period) -> list[Share]:
    """Return how many calls of a period were answered and of use, and how many petitions were handled by the rules."""
    sums: dict[tuple[str, str], list[int]] = {}
    asked = (
        (tables.hotline, "called_on", "connected", "hotline_open_rate"),
        (tables.hotline, "called_on", "resolved", "hotline_effective_rate"),
        (tables.petitions, "received_on", "proper", "petition_proper_rate"),
    )
    for frame, day, column, measure in asked:
        for town, when, said in frame.select("town", day, column).iter_rows():
            if said is not None and period.holds(when):
                add(sums, (measure, town), said == "yes", 1)
    return shares(sums)


def answered(tables: SupervisionTables, limits: Limits, period: Period, workdays: Workdays) -> list[Told]:
    """Tell of every call and petition whose answer came in time in the period, or fell due in it.

    A call that was not connected asks for no answer; a register of calls that keeps no answers asks for none.

    Raises
    ------
    Refused
        No calendar covers a year (code `no-holiday-calendar`).
    """
    told: list[Told] = []
    days = {"working": Days(workdays), "calendar": Days(None)}
    limit = limits.limits.get("hotline")
    if limit and tables.hotline["answered_on"].count():
        for row in tables.hotline.filter(pl.col("connected").ne_missing("no")).iter_rows(named=True):
            told += _told(row, limit, days[limit.count], row["due_days"] or limit.days or 0, period)
    if limit := limits.limits.get("petition"):
        for row in tables.petitions.iter_rows(named=True):
            count, most = days[limit.count], limit.days or 0
            if row["due_on"] is not None:  # a day that somebody set is a limit of so many calendar days
                count, most = days["calendar"], (row["due_on"] - row["received_on"]).days
            told += _told(row, limit, count, most, period)
    return told


def _told(row: Mapping[str, Any], limit: Limit, count: Days, most: int, period: Period) -> Iterable[Told]:
    start, end = row[limit.start], row[limit.ends[0]]
    if decided := count.decided(start, most, end, period):
        met, due = decided
        yield Told(limit.id, limit.measure, row["town"], row, met, start, end, due)


def reports(
    tables: SupervisionTables, towns: Sequence[str], period: Period, rules: Calendar
) -> tuple[list[Share], list[str]]:
    """Return in how many months of the period a town's villages reported, and how many of their reports came.

    The villages are those that reported for any month of the year that ends with the period. Of a town without any
    nobody can tell whether it kept silent or its file is missing: it is named (second of the two) where others
    reported, and gets no figure.
    """
    months = _months(period, rules)
    first = (period.end - timedelta(days=364)).strftime("%Y-%m")
    frame = tables.village_reports.select("town", "village", "month").unique()
    known = frame.filter(pl.col("month").is_between(pl.lit(first), pl.lit(months[-1])))
    found: list[Share] = []
    for (town,), own in known.group_by("town"):
        came = own.filter(pl.col("month").is_in(months))
        found += [
            Share(REPORTS, str(town), came["month"].n_unique(), None),
            Share(REPORT_RATE, str(town), came.height, own["village"].n_unique() * len(months)),
        ]
    heard = {share.town for share in found}
    return found, [town for town in towns if heard and town not in heard]


def _months(period: Period, rules: Calendar) -> list[str]:
    """Return the months of a period, of an interval those whose last day lies in it."""
    if period.kind == "month":
        return [period.id]
    if within := finer(period, "month", rules):
        return [label for label, _ in within]
    days = (period.start + timedelta(days=n) for n in range((period.end - period.start).days + 1))
    return [f"{day:%Y-%m}" for day in days if (day + timedelta(days=1)).day == 1] or [f"{period.end:%Y-%m}"]
