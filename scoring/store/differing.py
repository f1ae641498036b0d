"""What a draft of a next edition says otherwise than the published one: town by town, entry by entry."""

from __future__ import annotations

from typing import Final

import polars as pl

from scoring.assessment import Assessment
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.statement import reason_of, subject_of

FILE: Final = "differences.csv"
_SAME: Final = ("town_code", "part", "dimension", "indicator", "kind", "subject")
_WORDS: Final = (
    "town_code", "town", "part", "dimension", "indicator", "kind", "subject", "points_before", "points_after", "reason",
    "clause",
)  # fmt: skip


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
    """Return the ledger entries whose points differ, added or gone ones with one side empty, as the ledger has them.

    Columns: town_code, town, part, dimension, indicator, kind, subject, points_before, points_after, and reason,
    parameters, clause of the later one, or, where that is gone, of the earlier one.
    """
    names = pl.concat([a.scores.select("town_code", "town") for a in (after, before)]).unique("town_code", keep="first")
    said = ("points", "reason", "parameters", "clause")
    # A rule's line tells apart what one matter costs by several; in another file the same rule may stand elsewhere.
    rule = pl.col("line")
    if before.head["scheme"]["hash"] != after.head["scheme"]["hash"]:
        rule = rule.rank("ordinal").over(_SAME)
    old, new = (
        a.ledger.with_columns(pl.col(_SAME).fill_null("")).select(*_SAME, *said, rule=rule) for a in (before, after)
    )
    both = old.join(new, on=[*_SAME, "rule"], how="full", coalesce=True, suffix="_after")
    return (
        both.filter(pl.col("points").ne_missing(pl.col("points_after")))
        .select(
            *_SAME,
            pl.col("points").alias("points_before"),
            "points_after",
            *(pl.coalesce(f"{name}_after", name).alias(name) for name in said[1:]),
        )
        .sort(_SAME)
        .join(names, on="town_code", how="left", maintain_order="left")
        .select("town_code", "town", pl.exclude("town_code", "town"))
    )


def differing_words(before: Assessment, after: Assessment, lang: str) -> pl.DataFrame:
    """Return the differing entries as an officer reads them: no id, no code, but words of a language.

    Columns: town_code, town, part, dimension, indicator, kind, subject, points_before, points_after, reason (the
    sentence of the town's statement), clause. Identifiers in what people typed are masked.
    """
    then, now = Labels(before.head, lang), Labels(after.head, lang)
    rows = []
    for row in differing_entries(before, after).iter_rows(named=True):
        labels = then if row["points_after"] is None else now
        rows.append(
            {
                **{name: row[name] for name in ("town_code", "town", "points_before", "points_after")},
                "part": labels.part(row["part"]),
                "dimension": labels.dimension(row["dimension"] or None),
                "indicator": labels.indicator(row["indicator"]),
                "kind": labels.known("book-kind", row["kind"]),
                "subject": subject_of(row),
                "reason": reason_of(row, labels),
                "clause": printable(row["clause"] or ""),
            }
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(_WORDS, pl.String))
