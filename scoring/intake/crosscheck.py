"""Rules across columns and tables: the order of dates, orphans, and rows that contradict each other."""

from __future__ import annotations

from typing import Final

import polars as pl

from scoring.intake.problems import Problems
from scoring.intake.rows import notice, refuse
from scoring.intake.sheet import BAD

_TEN_YEARS: Final = "10y"
Frames = dict[str, pl.DataFrame]


def check_findings(findings: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Note findings that were assigned before they were found, or that lie ten years behind the latest."""
    notice(
        findings,
        pl.col("assigned_on") < pl.col("found_on"),
        "assigned-before-found",
        "findings.assigned_on",
        problems,
    )
    # No clock: the folder's own latest finding is the present.
    old = pl.col("found_on") < pl.col("found_on").max().dt.offset_by(f"-{_TEN_YEARS}")
    notice(findings, old, "found-long-ago", "findings.found_on", problems)
    return findings


def check_lives(findings: pl.DataFrame, towns: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse findings of a town from before its first day or after its last.

    One of the two dates is wrong, or the finding is another town's; and in a period in which its town does not count
    yet, or no more, it would cost nobody anything. After its last day a town that merged is the one that it became.
    """
    rows = {row["town_code"]: row for row in towns.iter_rows(named=True)}
    found, dated = pl.col("found_on"), ("valid_from", "valid_to", "merged_into")
    for code in (code for code, row in rows.items() if any(row[name] is not None for name in dated)):
        own, town, seen = pl.col("town") == code, code, {code}
        while True:
            row = rows[town]
            told = {"town": row["name"], "cell": "findings.found_on", "problems": problems}
            if (first := row["valid_from"]) is not None:
                findings = refuse(findings, own & (found < first), "found-before-town", day=first.isoformat(), **told)
            into, last = row["merged_into"], row["valid_to"]
            if into not in rows or into in seen:
                if last is not None:
                    findings = refuse(findings, own & (found > last), "found-after-town", day=last.isoformat(), **told)
                break
            if last is not None:
                own &= found > last
            seen.add(into)
            town = into
    return findings


def check_rectifications(
    rectifications: pl.DataFrame, findings: pl.DataFrame, refused: set[str], problems: Problems
) -> pl.DataFrame:
    """Refuse reports without their finding, dated before it, or two of one day that differ."""
    table = "rectifications"
    frame = refer(rectifications, f"{table}.finding_id", findings["finding_id"], refused, problems)
    found = findings.select("finding_id", pl.col("found_on").alias("_found_on"))
    frame = frame.join(found, on="finding_id", how="left", maintain_order="left")
    for column in ("submitted_on", "completed_on", "verified_on"):
        frame = refuse(
            frame,
            pl.col(column) < pl.col("_found_on"),
            f"{column.removesuffix('_on')}-before-found",
            f"{table}.{column}",
            problems,
        )
    submitted = pl.col("submitted_on")
    notice(frame, pl.col("completed_on") > submitted, "completed-after-submitted", f"{table}.completed_on", problems)
    notice(frame, pl.col("verified_on") < submitted, "verified-before-submitted", f"{table}.verified_on", problems)
    twice = ~pl.col(BAD) & pl.struct("finding_id", "submitted_on", BAD).is_duplicated() & submitted.is_not_null()
    return refuse(frame, twice, "two-reports-of-one-day", f"{table}.submitted_on", problems).drop("_found_on")


def check_checks(checks: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Note checks of more cases than there were, or visits and problems in more cases than were checked."""
    for column, most in (("sampled", "newly_confirmed"), ("visited", "sampled"), ("problem_cases", "sampled")):
        above = pl.col(column) > pl.col(most)
        notice(checks, above, f"{column.replace('_', '-')}-above", f"checks.{column}", problems)
    return checks


def check_judgements(judgements: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse a judged row that gives points and a deduction at once, or a share above one; note one without a date."""
    undated = pl.col("period").is_null() & pl.col("judged_on").is_null()
    notice(judgements, undated, "judgement-undated", "judgements.period", problems)
    both = pl.sum_horizontal(pl.col("points", "deducted", "share").is_not_null()) > 1
    frame = refuse(judgements, both, "points-and-deducted", "judgements.deducted", problems)
    return refuse(frame, pl.col("share") > 1, "share-above-one", "judgements.share", problems)


def check_adjustments(adjustments: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Refuse points below zero but a decision's; note what was decided without its day: it counts for nothing yet."""
    below = (pl.col("kind") != "decision") & (pl.col("decided_points") < 0)
    adjustments = refuse(
        adjustments, below.fill_null(value=False), "number-negative", "adjustments.decided_points", problems
    )
    decided = pl.any_horizontal(pl.col("decided_points", "decided_by").is_not_null())
    undated = decided & pl.col("decided_on").is_null()
    notice(adjustments, undated, "decision-undated", "adjustments.decided_on", problems)
    return adjustments


def check_letters(letters: pl.DataFrame, findings: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Note letters about findings that the folder does not hold: they may be of an earlier year."""
    named = letters.select("finding_ids", *_PLACE).explode("finding_ids").drop_nulls("finding_ids")
    unknown = named.join(findings.select(pl.col("finding_id").alias("finding_ids")), on="finding_ids", how="anti")
    problems.add_rows("letter-about-unknown", "notice", unknown.unique(), table="letters", column="finding_ids")
    return letters


_PLACE: Final = ("source_file", "source_sheet", "source_row")


def refer(
    frame: pl.DataFrame,
    cell: str,
    known: pl.Series,
    refused: set[str],
    problems: Problems,
    *,
    where: pl.Expr | None = None,
) -> pl.DataFrame:
    """Refuse rows that name what no table holds; those that name a refused row are set aside with it."""
    if frame.is_empty():
        return frame
    column = cell.partition(".")[2]
    applies = ~pl.col(BAD) & pl.col(column).is_not_null() & (pl.lit(value=True) if where is None else where)
    frame = frame.with_columns(
        (applies & ~pl.col(column).is_in(known.implode())).fill_null(value=False).alias("_absent")
    )
    aside = pl.col(column).is_in(sorted(refused))
    frame = refuse(frame, pl.col("_absent") & aside, "refers-to-refused", cell, problems)
    return refuse(frame, pl.col("_absent") & ~aside, "orphan", cell, problems).drop("_absent")
