"""The rule `judged`: what an assessor entered.

Points or a share (one row), or deductions (rows add up, floor 0), never both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from schemas.scheme import Calendar
from scoring.periods import Period, parse_period
from scoring.problems import Refused, problem


@dataclass(frozen=True)
class Judgement:
    """What one town earned of an indicator's points, and the reasons given."""

    earned: Fraction
    reasons: tuple[str, ...]


class Judgements:
    """The judgements table as one run sees it.

    A row speaks for its period, or for the day it was judged; one without either speaks for the run.
    """

    def __init__(self, frame: pl.DataFrame, calendar: Calendar, period: Period, as_of: date) -> None:
        self.unpriced: Counter[str] = Counter()
        self._rows: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in frame.iter_rows(named=True):
            if row["judged_on"] is not None and row["judged_on"] > as_of:
                self.unpriced["after_as_of"] += 1
            elif _speaks(row, calendar, period):
                self._rows[row["town"], row["indicator"]].append(row)
            else:
                self.unpriced["other_period"] += 1

    def earned(self, town: str, indicator: str, points: Fraction) -> Judgement | None:
        """Return what the rows say of one item; None when there are none.

        Raises
        ------
        Refused
            `judged-twice`, `judged-mixed`, `judged-above-points`.
        """
        rows = self._rows.get((town, indicator))
        if not rows:
            return None

        def refuse(code: str) -> Refused:
            return Refused([problem(code, dict(row), town=town, indicator=indicator) for row in rows])

        given = {
            name: [Fraction(r[name]) for r in rows if r[name] is not None] for name in ("points", "share", "deducted")
        }
        kinds = [name for name, values in given.items() if values]
        if len(kinds) != 1:
            raise refuse("judged-mixed")
        values = given[kinds[0]]
        # By day and word, so that the order of the rows changes no byte.
        told = sorted((row["judged_on"] or date.min, row["reason"]) for row in rows if row["reason"])
        reasons = tuple(reason for _, reason in told)
        if kinds[0] == "deducted":
            return Judgement(max(points - sum(values, Fraction(0)), Fraction(0)), reasons)
        if len(values) > 1:
            raise refuse("judged-twice")
        earned = values[0] if kinds[0] == "points" else points * values[0]
        if not 0 <= earned <= points:
            raise refuse("judged-above-points")
        return Judgement(earned, reasons)


def _speaks(row: Mapping[str, Any], calendar: Calendar, period: Period) -> bool:
    if row["period"] is not None:
        span = parse_period(row["period"], calendar)
        return span is not None and (span.id == period.id or span.inside(period))
    return row["judged_on"] is None or period.holds(row["judged_on"])
