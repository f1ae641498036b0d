"""Repeats (step 4): the same problem found again within the window. semantics.md, "Repeats".

Occasions are days, not rows: findings of one day are one occasion, and no id takes part, so renaming findings
changes nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import polars as pl

from schemas.scheme.policy import Repeats
from scoring.exact import LARGEST
from scoring.periods import months_back


def occasions_before(findings: pl.DataFrame, policy: Repeats | None) -> pl.DataFrame:
    """Count each matter's earlier occasions.

    Parameters
    ----------
    findings
        Every finding that can be an occasion, of this period and before it, keepers and partners: `place` (its number),
        `matter`, `keeps` (whether it is the one kept of its matter), `town`, `found_on`, the policy's key columns.

    Returns
    -------
    For each finding, in order: `occasions` (Int64), the distinct earlier days with a finding of the same town and key
    inside the window, both edges included; of a pair the larger of its two counts, in which the matter's own dates do
    not count for each other. `seen_on` (Date): the latest of these days, null where there is none and for a pair.
    """
    none = {"occasions": pl.lit(0, dtype=pl.Int64), "seen_on": pl.lit(None, dtype=pl.Date)}
    if policy is None:
        return findings.select("place", **none).drop("place")
    key = list(dict.fromkeys(["town", *policy.key]))
    complete = findings.select(pl.all_horizontal(pl.col(key).is_not_null())).to_series()
    known = findings.select("place", "matter", "keeps", "found_on", *key)
    known = known if complete.all() else known.filter(complete)
    places = _coded(known, key) * _SPAN + _ordinal(known["found_on"])
    # Distinct days of each key, in order: a count of days becomes a difference of places.
    order = places.arg_sort()
    ordered = places.gather(order)
    new = (ordered != ordered.shift()).fill_null(value=True)
    days = ordered.filter(new)
    row = pl.zeros(order.len(), dtype=pl.UInt32, eager=True).scatter(order, new.cum_sum() - 1)
    dates = known["found_on"].unique()
    opens = _ordinal(pl.Series([_opens(day, policy) for day in dates], dtype=pl.Date))
    back = (days % _SPAN).replace_strict(_ordinal(dates), _ordinal(dates) - opens, return_dtype=pl.Int64)
    before = pl.int_range(days.len(), dtype=pl.Int64, eager=True) - days.search_sorted(days - back)
    # Of one key the day before stands just before; where nothing is counted it may be another key's.
    latest = (days.shift(1) % _SPAN - _EPOCH).cast(pl.Int32).cast(pl.Date)
    counted = known.with_columns(
        occasions=before.gather(row), seen_on=latest.gather(row), row=row, back=back.gather(row)
    )
    if not complete.all():
        counted = findings.select(known.columns).join(
            counted.select("place", "occasions", "seen_on", "row", "back"),
            on="place",
            how="left",
            maintain_order="left",
        )
    counted = counted.with_columns(
        occasions=pl.col("occasions").fill_null(0), seen_on=pl.when(pl.col("occasions") > 0).then("seen_on")
    )
    pairs = counted.filter(~pl.col("keeps"))["matter"]
    if pairs.len():
        paired = _without_own_dates(counted.filter(pl.col("matter").is_in(pairs.implode())), key, row)
        paired = paired.group_by("matter").agg(together=pl.col("occasions").max())
        counted = counted.join(paired, on="matter", how="left", maintain_order="left").with_columns(
            occasions=pl.coalesce("together", "occasions"),
            seen_on=pl.when(pl.col("together").is_null()).then("seen_on"),
        )
    return counted.select("occasions", "seen_on")


_SPAN: Final = 10**6
"""More days than a calendar has, so that key and day make one whole number."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


def _ordinal(days: pl.Series) -> pl.Series:
    return days.to_physical().cast(pl.Int64) + _EPOCH


def _coded(frame: pl.DataFrame, key: list[str]) -> pl.Series:
    """Give each combination of the key's values a number, since numbers sort far faster than several texts."""
    code, codes = pl.zeros(frame.height, dtype=pl.Int64, eager=True), 1
    for column in key:
        words = frame[column]
        if not isinstance(words.dtype, (pl.Enum, pl.Categorical)):
            words = words.cast(pl.String)
            words = words.cast(pl.Enum(words.unique()))
        numbers = words.to_physical().cast(pl.Int64)
        count = int(numbers.max() or 0) + 1  # type: ignore[arg-type]
        # Before numbers grow too large, those in use are numbered anew.
        if codes * count > LARGEST:
            code, codes = code.rank("dense").cast(pl.Int64), frame.height + 1
        code, codes = code * count + numbers, codes * count
        if codes * _SPAN > LARGEST:
            code, codes = code.rank("dense").cast(pl.Int64), frame.height + 1
    return code


def _without_own_dates(paired: pl.DataFrame, key: list[str], rows: pl.Series) -> pl.DataFrame:
    """Take one off where an earlier day counts only because the other finding of the same pair stands on it."""
    alone = (
        rows.filter(rows.is_in(paired["row"].implode())).value_counts(name="findings").filter(pl.col("findings") == 1)
    )
    other = paired.select(
        "matter", *key, other="place", other_day="found_on", alone=pl.col("row").is_in(alone[:, 0].implode())
    )
    own = (
        paired.join(other, on=["matter", *key])
        .filter(
            (pl.col("place") != pl.col("other"))
            & pl.col("alone")
            & (pl.col("other_day") < pl.col("found_on"))
            & (pl.col("other_day") >= pl.col("found_on") - pl.duration(days="back"))
        )
        .select("place", own=pl.lit(1, dtype=pl.Int64))
    )
    return paired.join(own, on="place", how="left").select(
        "matter", occasions=pl.col("occasions") - pl.col("own").fill_null(0)
    )


def _opens(day: date, policy: Repeats) -> date:
    if policy.window_months is not None:
        return months_back(day, policy.window_months)
    return date.fromordinal(day.toordinal() - (policy.window_days or 0))
