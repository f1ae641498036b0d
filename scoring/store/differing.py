"""What a draft of a next edition says otherwise than the published one: town by town, entry by entry."""

from __future__ import annotations

from typing import Final

import polars as pl

from scoring.assessment import Assessment
from scoring.reports.masking import mask_column

FILE: Final = "differences.csv"
_SAME: Final = ("town_code", "part", "dimension", "indicator", "kind", "subject")


def differing_towns(before: Assessment, after: Assessment) -> pl.DataFrame:
    """Return the towns that differ: town_code, town, and score, rank, grade each as `_before` and `_after`."""
    said = ("score", "rank", "grade")
    old, new = (
        a.scores.select("town_code", "town", *(pl.col(name).cast(pl.String) for name in said)) for a in (before, after)
    )
    both = old.join(new, on="town_code", how="full", coalesce=True, suffix="_after")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_after")) for name in said)
    return (
        both.filter(differs)
        .select(
            "town_code",
            pl.coalesce("town_after", "town").alias("town"),
            *(pl.col(name).alias(f"{name}_before") for name in said),
            *(f"{name}_after" for name in said),
        )
        .sort("town_code")
    )


def differing_entries(before: Assessment, after: Assessment) -> pl.DataFrame:
    """Return the ledger entries whose points differ, added or gone ones with one side empty.

    Columns: town_code, town, part, dimension, indicator, kind, subject, points_before, points_after, reason.
    Identifiers in what people typed are masked.
    """
    names = pl.concat([a.scores.select("town_code", "town") for a in (after, before)]).unique("town_code", keep="first")
    old, new = (
        a.ledger.with_columns(pl.col(_SAME).fill_null("")).select(*_SAME, "line", "points", "reason")
        for a in (before, after)
    )
    both = old.join(new, on=[*_SAME, "line"], how="full", coalesce=True, suffix="_after")
    return (
        both.filter(pl.col("points").ne_missing(pl.col("points_after")))
        .select(
            *_SAME,
            pl.col("points").alias("points_before"),
            "points_after",
            pl.coalesce("reason_after", "reason").alias("reason"),
        )
        .sort(_SAME)
        .join(names, on="town_code", how="left", maintain_order="left")
        .select("town_code", "town", pl.exclude("town_code", "town"))
        .with_columns(mask_column("subject"))
    )
