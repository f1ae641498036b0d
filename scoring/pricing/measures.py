"""Measured rates and counts: which rows speak for a town, period and part, and how several are pooled.

Semantics.md, "Rates".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from schemas.scheme import Calendar
from scoring.exact import add_up
from scoring.periods import Period, parse_period
from scoring.problems import Refused, problem

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a town's rows of one measure say together.

    `value` is the rate in percent when there is a denominator, else the plain value or the count; None when the
    denominator is 0.
    """

    value: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    sample: int | None

    @property
    def lacks_denominator(self) -> bool:
        """Whether there is a count but nothing to divide it by: a rate cannot be read from that."""
        return self.numerator is not None and self.denominator is None

    def large_enough(self, minimum: int | None, by: str) -> bool:
        """Tell whether the sample has at least `minimum`."""
        if minimum is None:
            return True
        size = self.sample if by == "sample" else self.denominator
        return size is not None and size >= minimum


class Measures:
    """The measures table as one run sees it. `unpriced` counts the rows that do not speak for the period, by reason."""

    def __init__(
        self, frame: pl.DataFrame, calendar: Calendar, period: Period, as_of: date, parts: frozenset[str]
    ) -> None:
        self.unpriced: Counter[str] = Counter()
        self._period = period
        self._rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self._of_part: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        self._cache: dict[tuple[str, str, str, str | None], Reading | None] = {}
        labels: dict[str | None, Period | None] = {}
        for row in frame.iter_rows(named=True):
            label = row["period"]
            if label not in labels:
                labels[label] = parse_period(label, calendar) if label is not None else None
            span = labels[label]
            if row["dated_on"] is not None and row["dated_on"] > as_of:
                self.unpriced["after_as_of"] += 1
            elif label in parts:
                self._of_part[row["town"], row["measure"], label].append(row)
            elif self._speaks(span, row):
                self._rows[row["town"], row["measure"]].append({**row, "span": span})
            else:
                self.unpriced["other_period"] += 1

    def _speaks(self, span: Period | None, row: Row) -> bool:
        if span is None:
            # A row without a period speaks for the day it states.
            return row["period"] is None and row["dated_on"] is not None and self._period.holds(row["dated_on"])
        return span.id == self._period.id or span.inside(self._period)

    def reading(self, town: str, measure: str, part: str, several_values: str | None) -> Reading | None:
        """Return what the rows say; None when there are none.

        Raises
        ------
        Refused
            Two rows of one label, a period's row beside finer ones, rates beside plain values, or several plain
            values without a rule to fold them.
        """
        key = (town, measure, part, several_values)
        if key not in self._cache:
            rows = self._of_part.get((town, measure, part)) or self._rows.get((town, measure)) or []
            self._cache[key] = self._fold(rows, town, measure, several_values) if rows else None
        return self._cache[key]

    def _fold(self, rows: list[Row], town: str, measure: str, several_values: str | None) -> Reading:
        def refuse(code: str) -> Refused:
            return Refused([problem(code, dict(row), town=town, measure=measure) for row in rows])

        labels = [row["period"] for row in rows]
        if len(rows) > 1 and (len(set(labels)) < len(labels) or self._period.id in labels):
            raise refuse("measure-rows-overlap")
        samples = [row["sample"] for row in rows if row["sample"] is not None]
        sample = sum(samples) if samples else None
        with_value = [row for row in rows if row["value"] is not None]
        if with_value and len(with_value) < len(rows):
            raise refuse("measure-kinds-mixed")
        if with_value:
            if len(rows) > 1 and several_values is None:
                raise refuse("measure-values-several")
            return Reading(self._several(rows, several_values, refuse), None, None, sample)
        if all(row["numerator"] is None and row["denominator"] is None for row in rows):
            return Reading(None, None, None, sample)
        numerator = add_up(_exact(row["numerator"]) for row in rows if row["numerator"] is not None)
        if all(row["denominator"] is None for row in rows):
            return Reading(numerator, numerator, None, sample)
        if any(row["denominator"] is None or row["numerator"] is None for row in rows):
            raise refuse("measure-kinds-mixed")
        denominator = add_up(_exact(row["denominator"]) for row in rows)
        return Reading(100 * numerator / denominator if denominator else None, numerator, denominator, sample)

    def _several(self, rows: list[Row], how: str | None, refuse: Any) -> Fraction:
        values = [_exact(row["value"]) for row in rows]
        if len(values) == 1:
            return values[0]
        if how == "sum":
            return add_up(values)
        if how == "mean":
            return add_up(values) / len(values)
        days = [row["dated_on"] or (row["span"].end if row.get("span") else date.min) for row in rows]
        if days.count(max(days)) > 1:
            raise refuse("measure-values-one-day")
        return values[days.index(max(days))]


def _exact(value: Decimal) -> Fraction:
    return Fraction(value)
