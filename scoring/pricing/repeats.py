"""Repeats (step 4): the same problem found again within the window. semantics.md, "Repeats".

Occasions are days, not rows: findings of one day are one occasion, and no id takes part, so renaming findings
changes nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Final

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
    both edges included; the larger of the two counts of a pair, in which the matter's own dates do not count for each
    other. `seen_on` (Date): the latest of these days, null where there is none and for a pair.
    """
    if policy is None:
        return findings.select(pl.col("matter").unique()).with_columns(
            occasions=pl.lit(0, dtype=pl.Int64), seen_on=pl.lit(None, dtype=pl.Date)
        )
    key = list(dict.fromkeys(["town", *policy.key]))
    complete = pl.all_horizontal(pl.col(key).is_not_null())
    known = findings.filter(complete)
    places = _coded(known, key) * _SPAN + _ordinal(known["found_on"])
    # Distinct days of each key, in order: a count of days becomes a difference of places.
    days = places.unique().sort()
    dates = known["found_on"].unique()
    opens = _ordinal(pl.Series([_opens(day, policy) for day in dates], dtype=pl.Date))
    back = (days % _SPAN).replace_strict(_ordinal(dates), _ordinal(dates) - opens, return_dtype=pl.Int64)
    before = pl.int_range(days.len(), dtype=pl.Int64, eager=True) - days.search_sorted(days - back)
    row = days.search_sorted(places)
    # Of one key the day before stands just before; where nothing is counted it may be another key's.
    latest = (days.shift(1) % _SPAN - _EPOCH).cast(pl.Int32).cast(pl.Date)
    counted = pl.concat(
        [
            known.select("finding_id", "matter", *key, "found_on").with_columns(
                count=before.gather(row), back=back.gather(row), row=row, seen_on=latest.gather(row)
            ),
            findings.filter(~complete).select("finding_id", "matter", count=pl.lit(0, dtype=pl.Int64)),
        ],
        how="diagonal",
    )
    counted = counted.with_columns(seen_on=pl.when(pl.col("count") > 0).then("seen_on"))
    pairs = counted.filter(pl.col("finding_id") != pl.col("matter"))["matter"]
    if pairs.is_empty():
        return counted.select("matter", "seen_on", occasions="count").select(_RESULT)
    paired = pl.col("matter").is_in(pairs.implode())
    return pl.concat(
        [
            counted.filter(~paired).select("matter", "seen_on", occasions="count").select(_RESULT),
            _without_own_dates(counted.filter(paired), key, row)
            .group_by("matter")
            .agg(occasions=pl.col("count").max(), seen_on=pl.lit(None, dtype=pl.Date))
            .select(_RESULT),
        ]
    )


_SPAN: Final = 10**6
"""More days than a calendar has, so that key and day make one whole number."""
_EPOCH: Final = date(1970, 1, 1).toordinal()
_RESULT: Final = ["matter", "occasions", "seen_on"]


def _ordinal(days: pl.Series) -> pl.Series:
    return days.to_physical().cast(pl.Int64) + _EPOCH


def _coded(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    """Give each combination of the key's values a number, since numbers sort far faster than several texts."""
    code = pl.zeros(frame.height, dtype=pl.Int64, eager=True)
    for column in key:
        text = frame[column].cast(pl.String)
        words = text.unique()
        place = text.cast(pl.Enum(words)).to_physical().cast(pl.Int64)
        code = (code * words.len() + place).rank("dense").cast(pl.Int64)
    return code


def _without_own_dates(paired: pl.DataFrame, key: list[str], rows: pl.Series) -> pl.DataFrame:
    """Take one off where an earlier day counts only because the other finding of the same pair stands on it."""
    alone = (
        rows.filter(rows.is_in(paired["row"].implode())).value_counts(name="findings").filter(pl.col("findings") == 1)
    )
    other = paired.select(
        "matter", *key, other_id="finding_id", other_day="found_on", alone=pl.col("row").is_in(alone[:, 0].implode())
    )
    own = (
        paired.join(other, on=["matter", *key])
        .filter(
            (pl.col("finding_id") != pl.col("other_id"))
            & pl.col("alone")
            & (pl.col("other_day") < pl.col("found_on"))
            & (pl.col("other_day") >= pl.col("found_on") - pl.duration(days="back"))
        )
        .select("finding_id", own=pl.lit(1, dtype=pl.Int64))
    )
    return paired.join(own, on="finding_id", how="left").select(
        "matter", count=pl.col("count") - pl.col("own").fill_null(0)
    )


def _opens(day: date, policy: Repeats) -> date:
    if policy.window_months is not None:
        return months_back(day, policy.window_months)
    return date.fromordinal(day.toordinal() - (policy.window_days or 0))
