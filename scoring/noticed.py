"""What looks odd in the facts under the scheme's eyes, though it may be right: it is scored, and said."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from schemas.scheme.rules import PassFail, Rate, Trend
from scoring.intake import Problems, Tables
from scoring.ledger.facts import assessed_towns
from scoring.messages import say
from scoring.periods import Period

WEIGHTY: Final = frozenset({
    "decision-undated", "file-name-near", "finding-town-not-assessed", "frozen-fact-changed", "frozen-row-missing",
    "judgement-undated", "letter-about-unknown", "measure-like-a-share", "row-carried", "sampled-above", "sheet-hidden",
    "subfolder", "table-below", "town-merged",
})  # fmt: skip
"""Notices behind which a slip may hide that changes a score: a run shows them, the others stand in problems.csv."""
_NAMED: Final = 5
"""So many rows are named one by one."""


def noticed(tables: Tables, scheme: Scheme, period: Period, as_of: date, lang: str) -> pl.DataFrame:
    """Return notices as intake's problems are: towns merged away, dates outside the period, shares for percent."""
    problems = Problems()
    _merged_towns(problems, tables.towns, period)
    _towns_not_assessed(problems, tables, scheme, period, as_of)
    _dated_outside(problems, tables.findings, scheme, period, as_of, lang)
    _shares_for_percent(problems, tables.measures, scheme)
    return problems.frame(lang)


def _merged_towns(problems: Problems, towns: pl.DataFrame, period: Period) -> None:
    """Say whose rows count for which other town."""
    merged = assessed_towns(towns, period)[1]
    names = dict(towns.select("town_code", "name").iter_rows())
    for row in towns.filter(pl.col("town_code").is_in(list(merged))).iter_rows(named=True):
        problems.add(
            "town-merged", "notice", file=row["source_file"], sheet=row["source_sheet"] or "", row=row["source_row"],
            table="towns", column="merged_into", town=row["name"], into=names[merged[row["town_code"]]],
        )  # fmt: skip


def _towns_not_assessed(problems: Problems, tables: Tables, scheme: Scheme, period: Period, as_of: date) -> None:
    """Name each finding of the period whose town, or the one that it became, does not count in it: it costs nobody."""
    assessed, merged = assessed_towns(tables.towns, period)
    names = dict(tables.towns.select("town_code", "name").iter_rows())
    belongs = _belongs(scheme)
    nobody = tables.findings.filter(
        belongs.is_between(period.start, period.end)
        & (belongs <= as_of)
        & ~pl.col("town").replace(merged).is_in(assessed["town_code"].implode())
    )
    for row in nobody.iter_rows(named=True):
        problems.add(
            "finding-town-not-assessed", "notice", file=row["source_file"], sheet=row["source_sheet"] or "",
            row=row["source_row"], table="findings", column="town",
            town=names[merged.get(row["town"], row["town"])], period=period.id,
        )  # fmt: skip


def _belongs(scheme: Scheme) -> pl.Expr:
    """Return the day that says which period a finding belongs to."""
    assigned = scheme.calendar.belongs_by == "assigned_on"
    return pl.coalesce("assigned_on", "found_on") if assigned else pl.col("found_on")


def _dated_outside(
    problems: Problems, findings: pl.DataFrame, scheme: Scheme, period: Period, as_of: date, lang: str
) -> None:
    """Name each sheet with findings dated after the as-of date, and each with earlier periods' ones.

    Once a sheet, as a slip of a year looks the same; a file all of whose findings lie on one side is named as a whole.
    """
    found = pl.col("found_on")
    belongs = _belongs(scheme)
    later = (found > as_of) | (belongs > as_of)
    for code, outside in (("dated-after", later), ("dated-before", ~later & (belongs < period.start))):
        sheets = (
            findings.group_by("source_file", "source_sheet")
            .agg(
                outside.sum().alias("count"),
                pl.col("source_row").filter(outside).bottom_k(_NAMED).sort().alias("rows"),
                outside.all().alias("all"),
            )
            .filter(pl.col("count") > 0)
            .with_columns(pl.col("all").all().over("source_file"), of_file=pl.col("count").sum().over("source_file"))
            .sort("source_file", "source_sheet")
        )
        told: dict[str, Any] = {"table": "findings", "column": "found_on", "period": period.id, "as_of": str(as_of)}
        for file, count in (
            sheets.filter("all").select("source_file", "of_file").unique(maintain_order=True).iter_rows()
        ):
            problems.add(f"{code}-all", "notice", file=file, count=count, **told)
        for file, sheet, count, rows, *_ in sheets.filter(~pl.col("all")).iter_rows():
            more = say("scheme-hint-more", lang) if count > len(rows) else ""
            named = say("list-comma", lang).join(map(str, rows)) + more
            problems.add(code, "notice", file=file, sheet=sheet or "", row=rows[0], count=count, rows=named, **told)


def _shares_for_percent(problems: Problems, measures: pl.DataFrame, scheme: Scheme) -> None:
    """Name plain values such as 0.95 of a measure of which the more percent the better: 95 may be meant."""
    counted_in_percent = {
        indicator.rule.measure
        for _, indicator in scheme.indicators()
        if (isinstance(indicator.rule, Rate) and indicator.rule.better == "higher" and _least(indicator.rule) > 1)
        or (isinstance(indicator.rule, PassFail) and (indicator.rule.at_least or 0) > 1)
        or (isinstance(indicator.rule, Trend) and indicator.rule.better == "higher" and _level(indicator.rule) > 1)
    }
    value = pl.col("value")
    odd = measures.filter(pl.col("measure").is_in(sorted(counted_in_percent)) & (value > 0) & (value < 1))
    problems.add_rows("measure-like-a-share", "notice", odd, table="measures", column="value")


def _least(rule: Rate) -> Fraction:
    """Return the lowest value that a rate's rule speaks of."""
    if rule.per_point is not None:
        return rule.per_point.target
    if rule.linear is not None:
        return rule.linear.full_at
    return min((band.at_least for band in rule.bands or () if band.at_least), default=Fraction(0))


def _level(rule: Trend) -> Fraction:
    """Return the lowest value that a trend's rule speaks of; 0 where it speaks of changes alone."""
    return min((value for value in (rule.baseline, rule.held_at) if value is not None), default=Fraction(0))
