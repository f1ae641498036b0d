"""What a run knows of each town besides its findings.

Whether it was checked, what was measured and judged, what applies to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Final

import polars as pl

from schemas.scheme import Indicator, Scheme, Sums
from schemas.scheme.rules import Relative, Trend
from scoring.conditions import holds, number_meets
from scoring.intake import Tables
from scoring.periods import Period, period_before, period_last_year
from scoring.pricing.judged import Judgements
from scoring.pricing.measures import Measures, Published
from scoring.problems import Refused, problem

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
    earlier: dict[str, Period]
    """What a trend may be compared with: the period before and the same one a year earlier, where there is one."""
    unscored: frozenset[str]
    """Towns of a year that no published period scored: they are compared with nobody."""
    _groups: dict[str, str]
    _town_conditions: dict[str, frozenset[str]]
    _fields: dict[tuple[str, str], dict[str, list[Fraction]]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        tables: Tables,
        towns: pl.DataFrame,
        scheme: Scheme,
        period: Period,
        as_of: date,
        *,
        published: Published | None = None,
        frozen_on: date | None = None,
        unscored: frozenset[str] = frozenset(),
    ) -> Facts:
        """Gather the facts of one run, or of a published period priced again that was scored as of `frozen_on`.

        Parameters
        ----------
        published
            (Town, measure, period id) → the value that an earlier edition published: what a trend goes by where the
            measures table has no row of that earlier period.
        """
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
        spans = {
            "previous": period_before(period, scheme.calendar),
            "last_year": period_last_year(period, scheme.calendar),
        }
        earlier = {name: span for name, span in spans.items() if span is not None}
        trends = [indicator.rule for _, indicator in scheme.indicators() if isinstance(indicator.rule, Trend)]
        measures = Measures(
            tables.measures,
            scheme.calendar,
            period,
            as_of,
            parts,
            compared={(rule.measure, earlier[rule.against]) for rule in trends if rule.against in earlier},
            published=published,
            merged=assessed_towns(tables.towns, period)[1] if published else None,
        )
        groups = towns[scheme.groups_by].fill_null("") if scheme.groups_by != "none" else [""] * towns.height
        return cls(
            period,
            towns,
            checked,
            never_checked,
            never_checked if scheme.unchecked == "unranked" else [],
            measures,
            Judgements(tables.judgements, scheme.calendar, period, as_of),
            earlier,
            unscored,
            dict(zip(towns["town_code"], groups, strict=True)),
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

    def earlier_value(self, rule: Trend, town: str) -> Fraction | None:
        """Return what a trend compares with: a fixed figure, the earlier period's rows, else what was published."""
        if rule.against == "baseline":
            return rule.baseline
        if (period := self.earlier.get(rule.against)) is None:
            return None
        known = self.measures.known(rule, town, "", period)
        return self.measures.published(rule, town, period) if known is None else known.value

    def compared_with(self, rule: Relative, indicator: Indicator, town: str, part: str) -> Sequence[Fraction]:
        """Return the values of all towns that a town is compared with, its own among them, sorted upwards.

        Those are the scored towns to which the indicator applies and whose value is known, in the town's own group
        where the rule says so.

        Raises
        ------
        Refused
            A share of the best is asked, and some value is below 0 (`measure-negative`).
        """
        key = (indicator.id, part)
        if key not in self._fields:
            self._fields[key] = self._field(rule, indicator, part)
        return self._fields[key][self._groups[town] if rule.within == "group" else ""]

    def _field(self, rule: Relative, indicator: Indicator, part: str) -> dict[str, list[Fraction]]:
        values: dict[str, Fraction] = {}
        for town in self._groups:
            if town not in {*self.unchecked, *self.unscored} and self.applies(
                town, part, indicator.id, indicator.applies_when
            ):
                known = self.measures.known(rule, town, part)
                if known is not None and known.value is not None:
                    values[town] = known.value
        if rule.by == "best" and any(value < 0 for value in values.values()):
            negative = {town: value for town, value in values.items() if value < 0}
            raise Refused([problem("measure-negative", None, town=town, measure=rule.measure) for town in negative])
        fields: dict[str, list[Fraction]] = {}
        for town, value in values.items():
            fields.setdefault(self._groups[town] if rule.within == "group" else "", []).append(value)
        return {name: sorted(group) for name, group in fields.items()}


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
