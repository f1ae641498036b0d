"""What a run knows of each town besides its findings.

Whether it was checked, what was measured and judged, what applies to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

import polars as pl

from schemas.scheme import Scheme, Sums
from scoring.conditions import holds, number_meets
from scoring.intake import Tables
from scoring.periods import Period
from scoring.pricing.judged import Judgements
from scoring.pricing.measures import Measures

COUNTS: Final = ("newly_confirmed", "sampled", "visited", "problem_cases")


@dataclass(frozen=True)
class Facts:
    """Facts by town code."""

    period: Period
    towns: pl.DataFrame
    """The towns assessed in this period, in their order."""
    checked: dict[str, dict[str, int]]
    """Sums of the checks of the period by `as_of`, for the towns that had any."""
    never_checked: list[str]
    """Towns that were not checked at all although a checks table exists and the scheme deducts for findings."""
    unchecked: list[str]
    """Those of them that are not scored for it."""
    measures: Measures
    judgements: Judgements
    _town_conditions: dict[str, frozenset[str]]

    @classmethod
    def of(
        cls,
        tables: Tables,
        towns: pl.DataFrame,
        scheme: Scheme,
        period: Period,
        as_of: date,
        *,
        frozen_on: date | None = None,
    ) -> Facts:
        """Gather the facts of one run, or of a published period priced again that was scored as of `frozen_on`."""
        sums = (
            tables.checks.filter(pl.col("checked_on").is_between(period.start, min(period.end, as_of)))
            .group_by("town")
            .agg(pl.col(COUNTS).sum())
        )
        checked = {row["town"]: {name: row[name] for name in COUNTS} for row in sums.iter_rows(named=True)}
        deducts = any(indicator.rule.kind == "deduct" for _, indicator in scheme.indicators())
        never_checked = (
            [code for code in towns["town_code"] if code not in checked]
            # Checks after as_of are not known yet: a first check later in the year leaves an earlier period as it was.
            if deducts and (tables.checks["checked_on"] <= (frozen_on or as_of)).any()
            else []
        )
        parts = frozenset(part.id for part in scheme.parts.parts) if scheme.parts else frozenset[str]()
        conditions = {
            indicator.id: frozenset(towns.filter(holds(indicator.applies_when.town, towns.schema))["town_code"])
            for _, indicator in scheme.indicators()
            if indicator.applies_when and indicator.applies_when.town
        }
        return cls(
            period,
            towns,
            checked,
            never_checked,
            never_checked if scheme.unchecked == "unranked" else [],
            Measures(tables.measures, scheme.calendar, period, as_of, parts),
            Judgements(tables.judgements, scheme.calendar, period, as_of),
            conditions,
        )

    def applies(self, town: str, part: str, indicator: str, when: Sums | None) -> bool:
        """Tell whether an indicator applies to a town.

        By its own fields, its checks and a measure, all of those that are named.
        """
        if when is None:
            return True
        if when.town and town not in self._town_conditions[indicator]:
            return False
        if when.checks:
            sums = self.checked.get(town) or dict.fromkeys(COUNTS, 0)
            if not number_meets(when.checks, {name: Fraction(value) for name, value in sums.items()}):
                return False
        if when.measure is not None:
            reading = self.measures.reading(town, when.measure, part, "sum")
            if reading is None:
                return False
            sample = None if reading.sample is None else Fraction(reading.sample)
            facts = {
                "numerator": reading.numerator,
                "denominator": reading.denominator,
                "value": reading.value,
                "sample": sample,
            }
            return number_meets(when.measure_is, facts)
        return True


def assessed_towns(towns: pl.DataFrame, period: Period) -> tuple[pl.DataFrame, dict[str, str]]:
    """Return the towns in force in the period in their order, and town merged away → town that it became.

    A town counts when it began by the period's end and had not ended before its start (`valid_to` is its last day); one
    that merged into another before the period's last day does not count, and its rows are the other's.
    """
    rows = {row["town_code"]: row for row in towns.iter_rows(named=True)}
    merged: dict[str, str] = {}
    for code in rows:
        seen, target = {code}, code
        while (
            (into := rows[target]["merged_into"]) in rows
            and into not in seen
            and (rows[target]["valid_to"] is None or rows[target]["valid_to"] < period.end)
        ):
            seen.add(into)
            target = into
        if target != code:
            merged[code] = target
    in_force = towns.filter(
        (pl.col("valid_from").is_null() | (pl.col("valid_from") <= period.end))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= period.start))
        & ~pl.col("town_code").is_in(list(merged))
    )
    return in_force.sort("order", "town_code", nulls_last=True), merged
