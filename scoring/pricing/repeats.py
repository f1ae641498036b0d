"""Repeats (step 4): the same problem found again within the window. semantics.md, "Repeats".

Occasions are days, not rows: findings of one day are one occasion, and no id takes part, so renaming findings
changes nothing.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from schemas.scheme.policy import Repeats
from scoring.periods import months_back


def occasions_before(findings: pl.DataFrame, policy: Repeats | None) -> pl.DataFrame:
    """Count each matter's earlier occasions.

    Parameters
    ----------
    findings
        Every finding that can be an occasion, of this period and before it, keepers and partners: `finding_id`,
        `matter`, `town`, `found_on`,
        the policy's key columns.

    Returns
    -------
    `matter`, `occasions` (Int64): distinct earlier days with a finding of the same town and key inside the window,
    both edges included; the
    larger of the two counts of a pair, in which the matter's own dates do not count for each other.
    """
    if policy is None:
        return findings.select(pl.col("matter").unique()).with_columns(occasions=pl.lit(0, dtype=pl.Int64))
    key = ["town", *[column for column in policy.key if column != "town"]]
    known = findings.filter(pl.all_horizontal(pl.col(key).is_not_null()))
    # One row a key and day, numbered within the key: a count of days becomes a difference of numbers.
    days = (
        known.group_by(*key, "found_on")
        .agg(findings=pl.len())
        .sort(*key, "found_on")
        .with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64).over(key))
    )
    opens = pl.DataFrame(
        {"found_on": days["found_on"].unique(), "opens": [_opens(d, policy) for d in days["found_on"].unique()]},
        schema={"found_on": pl.Date, "opens": pl.Date},
    )
    windows = days.join(opens, on="found_on").sort("opens")
    first = windows.join_asof(
        days.select(*key, opens_at="found_on", first="number").sort("opens_at"),
        left_on="opens",
        right_on="opens_at",
        by=key,
        strategy="forward",
        check_sortedness=False,
    ).select(*key, "found_on", "opens", "findings", count=pl.col("number") - pl.col("first"))
    counted = known.select("finding_id", "matter", *key, "found_on").join(first, on=[*key, "found_on"], how="left")
    return (
        findings.select("finding_id", "matter")
        .join(_without_own_dates(counted, key), on="finding_id", how="left")
        .group_by("matter")
        .agg(occasions=pl.col("count").fill_null(0).max())
    )


def _without_own_dates(counted: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Take one off where an earlier day counts only because the other finding of the same pair stands on it."""
    paired = counted.filter(pl.len().over("matter") == 2)
    if paired.is_empty():
        return counted.select("finding_id", "count")
    other = paired.select("matter", *key, other_id="finding_id", other_day="found_on", others="findings")
    own = (
        paired.join(other, on=["matter", *key])
        .filter(
            (pl.col("finding_id") != pl.col("other_id"))
            & (pl.col("others") == 1)
            & (pl.col("other_day") < pl.col("found_on"))
            & (pl.col("other_day") >= pl.col("opens"))
        )
        .select("finding_id", own=pl.lit(1, dtype=pl.Int64))
    )
    return counted.join(own, on="finding_id", how="left").select(
        "finding_id", count=pl.col("count") - pl.col("own").fill_null(0)
    )


def _opens(day: date, policy: Repeats) -> date:
    if policy.window_months is not None:
        return months_back(day, policy.window_months)
    return date.fromordinal(day.toordinal() - (policy.window_days or 0))
