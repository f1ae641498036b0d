"""Measured rates and counts: which rows speak for a town, period and part, and how several are pooled.

Semantics.md, "Rates".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.scheme import Calendar
from schemas.scheme.rules import Accrue, Measured
from scoring.exact import add_up
from scoring.periods import Period, parse_period
from scoring.problems import Refused, problem

Row = Mapping[str, Any]
Published = Mapping[tuple[str, str, str], Fraction]
"""Town, measure and period id → what an earlier edition published: a rate in percent, or a plain value."""
ORIGINAL: Final = "original_town"
"""The column with the town that a row was reported for, where the town has merged into the one of `town`."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What a town's rows of one measure say together; towns with one equal row each share a reading.

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


@dataclass(frozen=True)
class Known:
    """What a rule may go by: the value, None where the rows are no data, and the size of the sample."""

    value: Fraction | None
    sample: int | None


class Measures:
    """The measures table as one run sees it. `unpriced` counts the rows that speak for no period read, by reason.

    Parameters
    ----------
    compared
        Measure and earlier period whose rows are read beside those of `period`.
    published
        Values of earlier editions, for towns and periods that have no row.
    merged
        Town merged away → town that it became, for `published`; the rows of `frame` bear the latter already.
    """

    def __init__(
        self,
        frame: pl.DataFrame,
        calendar: Calendar,
        period: Period,
        as_of: date,
        parts: frozenset[str],
        *,
        compared: Iterable[tuple[str, Period]] = (),
        published: Published | None = None,
        merged: Mapping[str, str] | None = None,
    ) -> None:
        self.unpriced: Counter[str] = Counter()
        self._period = period
        self._rows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        self._of_part: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        self._cache: dict[tuple[str, str, str, str | None, str], Reading | None] = {}
        self._alone: dict[tuple[Any, ...], Reading] = {}
        self._published: dict[tuple[str, str, str], list[Fraction]] = defaultdict(list)
        for (town, measure, of), value in (published or {}).items():
            self._published[(merged or {}).get(town, town), measure, of].append(value)
        earlier: dict[str, list[Period]] = defaultdict(list)
        for measure, span in compared:
            earlier[measure].append(span)
        labels: dict[str | None, Period | None] = {None: None}
        labels |= {label: parse_period(label, calendar) for label in frame["period"].unique().drop_nulls()}
        late = (pl.col("dated_on") > as_of).fill_null(False)
        self.unpriced["after_as_of"] = frame.select(late.sum()).item()
        # Of a whole country's rows most speak for other periods: those are counted, not looked at.
        said = frame.filter(~late & pl.col("period").is_not_null()).select("measure", "period").unique()
        silent = pl.DataFrame(
            [
                (measure, label)
                for measure, label in said.iter_rows()
                if label not in parts
                and not any(_speaks(read, labels[label], {}) for read in (period, *earlier.get(measure, ())))
            ],
            schema=["measure", "period"],
            orient="row",
            schema_overrides={"measure": pl.String, "period": pl.String},
        )
        kept = frame.filter(~late).join(silent, on=["measure", "period"], how="anti", maintain_order="left")
        self.unpriced["other_period"] = frame.height - self.unpriced["after_as_of"] - kept.height
        for row in kept.iter_rows(named=True):
            label = row["period"]
            if label in parts:
                self._of_part[row["town"], row["measure"], label].append(row)
                continue
            for read in (period, *earlier.get(row["measure"], ())):
                if _speaks(read, labels[label], row):
                    self._rows[row["town"], row["measure"], read.id].append({**row, "span": labels[label]})
                    break
            else:
                self.unpriced["other_period"] += 1
        self.unpriced = +self.unpriced

    def reading(
        self, town: str, measure: str, part: str, several_values: str | None, period: Period | None = None
    ) -> Reading | None:
        """Return what the rows say; None when there are none.

        Parameters
        ----------
        period
            An earlier one, of those that are compared; the period that is scored when left out.

        Raises
        ------
        Refused
            Two rows of one label, a period's row beside finer ones, rates beside plain values, or several plain
            values without a rule to fold them.
        """
        of = (period or self._period).id
        key = (town, measure, part, several_values, of)
        if key not in self._cache:
            own = self._of_part.get((town, measure, part)) if period is None else None
            rows = own or self._rows.get((town, measure, of)) or []
            if len(rows) == 1:
                said = tuple(rows[0][name] for name in ("value", "numerator", "denominator", "sample"))
                if said not in self._alone:
                    self._alone[said] = self._fold(rows, town, measure, several_values, of)
                self._cache[key] = self._alone[said]
            else:
                self._cache[key] = self._fold(rows, town, measure, several_values, of) if rows else None
        return self._cache[key]

    def known(self, rule: Measured, town: str, part: str, period: Period | None = None) -> Known | None:
        """Return what a rule may go by; None where there is no row.

        Raises
        ------
        Refused
            What `reading` refuses, and a rate without a denominator (`measure-without-denominator`).
        """
        reading = self.reading(town, rule.measure, part, rule.several_values, period)
        if reading is None:
            return None
        if reading.lacks_denominator and not isinstance(rule, Accrue):
            raise Refused([problem("measure-without-denominator", None, town=town, measure=rule.measure)])
        sample = reading.sample if reading.sample is not None else _whole(reading.denominator)
        enough = reading.large_enough(rule.minimum_sample, rule.sample)
        return Known(reading.value if enough else None, sample)

    def published(self, rule: Measured, town: str, period: Period) -> Fraction | None:
        """Return what was published of a town, or of the towns that became it, folded as the rule says."""
        values = self._published.get((town, rule.measure, period.id), [])
        if len(values) > 1 and rule.several_values not in {"mean", "sum"}:
            return None
        return _over(values, rule.several_values) if values else None

    def _fold(self, rows: list[Row], town: str, measure: str, several_values: str | None, of: str) -> Reading:
        def refuse(code: str) -> Refused:
            return Refused([problem(code, dict(row), town=town, measure=measure) for row in rows])

        by_town: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_town[row.get(ORIGINAL) or row["town"]].append(row)
        if any(_overlap(own, of) for own in by_town.values()):
            raise refuse("measure-rows-overlap")
        samples = [row["sample"] for row in rows if row["sample"] is not None]
        sample = sum(samples) if samples else None
        with_value = [row for row in rows if row["value"] is not None]
        if with_value and len(with_value) < len(rows):
            raise refuse("measure-kinds-mixed")
        if with_value:
            foldable = several_values is not None and (len(by_town) == 1 or several_values != "last")
            if len(rows) > 1 and not foldable:
                raise refuse("measure-rows-overlap" if _overlap(rows, of) else "measure-values-several")
            # Each town's own values first: a town that reported each month weighs no more than one that did so once.
            values = [_several(own, several_values, refuse) for own in by_town.values()]
            return Reading(_over(values, several_values), None, None, sample)
        if all(row["numerator"] is None and row["denominator"] is None for row in rows):
            return Reading(None, None, None, sample)
        numerator = add_up(_exact(row["numerator"]) for row in rows if row["numerator"] is not None)
        if all(row["denominator"] is None for row in rows):
            return Reading(numerator, numerator, None, sample)
        if any(row["denominator"] is None or row["numerator"] is None for row in rows):
            raise refuse("measure-kinds-mixed")
        denominator = add_up(_exact(row["denominator"]) for row in rows)
        return Reading(100 * numerator / denominator if denominator else None, numerator, denominator, sample)


def _speaks(period: Period, span: Period | None, row: Row) -> bool:
    if span is None:
        # A row without a period speaks for the day it states.
        return bool(row) and row["period"] is None and row["dated_on"] is not None and period.holds(row["dated_on"])
    return span.id == period.id or span.inside(period)


def _overlap(rows: list[Row], period: str) -> bool:
    labels = [row["period"] for row in rows]
    return len(rows) > 1 and (len(set(labels)) < len(labels) or period in labels)


def _several(rows: list[Row], how: str | None, refuse: Any) -> Fraction:
    values = [_exact(row["value"]) for row in rows]
    if len(values) == 1 or how != "last":
        return _over(values, how)
    days = [row["dated_on"] or (row["span"].end if row.get("span") else date.min) for row in rows]
    if days.count(max(days)) > 1:
        raise refuse("measure-values-one-day")
    return values[days.index(max(days))]


def _over(values: list[Fraction], how: str | None) -> Fraction:
    """Return the mean or the sum of values; a lone one as it is."""
    total = add_up(values)
    return total / len(values) if how == "mean" else total


def _exact(value: Decimal) -> Fraction:
    return Fraction(value)


def _whole(value: Fraction | None) -> int | None:
    return int(value) if value is not None and value.denominator == 1 else None
