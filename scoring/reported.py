"""What the towns' reports say of each matter by a date: facts only, as they were known by then."""

from __future__ import annotations

from datetime import date

import polars as pl

from scoring.columns import alike
from scoring.problems import Refused, problem

# Of two reports of one matter on one day, the less favourable counts last.
_UNFAVOURABLE = {"passed": 0, "ended": 1, "partly": 2, "waiting": 3, "sent_back": 4, "false": 5}


def known_reports(rectifications: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """Return the reports submitted by `as_of` with the verdict known by then.

    A verdict that was given after `as_of` is not known yet: the report is waiting.

    Raises
    ------
    Refused
        Two reports of one finding on one day differ (`reports-of-one-day-differ`).
    """
    of = of_finding(rectifications)
    facts = [*dict.fromkeys(["finding_id", of]), "submitted_on", "completed_on", "verified_on", "outcome", "verdict"]
    known = rectifications["submitted_on"] <= as_of
    reports = rectifications.select(facts).filter(known)
    same_day = alike(reports.select(of, "submitted_on"))
    if same_day.any():
        several = rectifications.filter(known).filter(same_day).unique(facts, keep="any")
        twice = several.filter(pl.struct("finding_id", "submitted_on").is_duplicated())
        if twice.height:
            rows = twice.sort("finding_id", "submitted_on", "source_file", "source_sheet", "source_row").to_dicts()
            raise Refused(
                [problem("reports-of-one-day-differ", r, finding=r["finding_id"], day=r["submitted_on"]) for r in rows]
            )
        reports = pl.concat([reports.filter(~same_day), several.select(facts)])
    unknown = pl.col("verdict").is_null() | (pl.col("verified_on") > as_of).fill_null(False)
    return reports.lazy().with_columns(verdict=pl.when(unknown).then(pl.lit("waiting")).otherwise(pl.col("verdict")))


def of_finding(reports: pl.DataFrame) -> str:
    """Return the column that says whose a report is: the number of the finding's row where that is known."""
    return "finding" if "finding" in reports.columns else "finding_id"


def fold_reports(reports: pl.DataFrame, timely_by: str) -> pl.LazyFrame:
    """Fold the reports of each matter into one row.

    Parameters
    ----------
    reports
        What `known_reports` returns, with `matter`.
    timely_by
        `submitted_on`, or `completed_on` (the town's own claim; the submission where it is empty).

    Returns
    -------
    One row a matter that has reports: `false_report`, `sent_back` (Boolean, ever), `last` (the last verdict),
    `closed_by` (passed or ended: the first acceptance that stands), the dates `closed_on` (its timely date),
    `closed_submitted_on`, `waiting_on` (of the first report still waiting), `waiting_since` (the earliest of theirs),
    `good_on` (first report that keeps the matter from being overdue), `outcome` (of the closing report, else of the
    first that waits).
    """
    timely = pl.coalesce("completed_on", "submitted_on") if timely_by == "completed_on" else pl.col("submitted_on")
    reports = reports.with_columns(timely=timely)
    several = reports["matter"].is_duplicated()
    # Most matters have one report, which needs neither order nor windows: the same sentences hold of it alone.
    return pl.concat([_folded(reports.filter(several), alone=False), _folded(reports.filter(~several), alone=True)])


def _folded(reports: pl.DataFrame, *, alone: bool) -> pl.LazyFrame:
    """Fold reports, `alone` where each is the only one of its matter."""
    verdict, timely, i = pl.col("verdict"), pl.col("timely"), pl.col("i")

    def last_where(test: pl.Expr) -> pl.Expr:
        index = pl.when(test).then(i).otherwise(-1)
        return index if alone else index.max().over("matter")

    def first_where(test: pl.Expr) -> pl.Expr:
        index = pl.when(test).then(i)
        return index if alone else index.min().over("matter")

    if not alone:
        reports = reports.with_columns(unfavourable=verdict.replace_strict(_UNFAVOURABLE, return_dtype=pl.Int8)).sort(
            # Full ties say the same thing, so their order cannot matter; the rest of the key makes it fixed.
            "matter", "submitted_on", "unfavourable", "timely", "outcome"
        )  # fmt: skip
    indexed = (
        reports.lazy()
        .with_columns(i=pl.int_range(pl.len(), dtype=pl.Int64))
        .with_columns(
            last_false=last_where(verdict == "false"),
            last_reset=last_where(verdict.is_in(["sent_back", "false"])),
            last_judged=last_where(verdict != "waiting"),
            last_i=last_where(pl.lit(value=True)),
        )
        .with_columns(
            closing=first_where(verdict.is_in(["passed", "ended"]) & (i > pl.col("last_reset"))),
            first_waiting=first_where((verdict == "waiting") & (i > pl.col("last_judged"))),
        )
    )
    good = (verdict.is_in(["passed", "ended"]) & (i > pl.col("last_false"))) | (
        (verdict == "waiting") & (i > pl.col("last_judged"))
    )
    closes, waits = i == pl.col("closing"), i == pl.col("first_waiting")
    ever = {"false_report": verdict == "false", "sent_back": verdict == "sent_back"}
    of_one = {
        "last": (i == pl.col("last_i"), verdict),
        "closed_by": (closes, verdict),
        "closed_on": (closes, timely),
        "closed_submitted_on": (closes, pl.col("submitted_on")),
        "waiting_on": (waits, timely),
        "outcome": (i == pl.coalesce("closing", "first_waiting"), pl.col("outcome")),
    }
    earliest = {"waiting_since": (i >= pl.col("first_waiting"), timely), "good_on": (good, timely)}
    if alone:
        told = {name: pl.when(test).then(value) for name, (test, value) in (of_one | earliest).items()}
        return indexed.select("matter", **ever, **told)
    return indexed.group_by("matter").agg(
        **{name: test.any() for name, test in ever.items()},
        **{name: value.filter(test).first() for name, (test, value) in of_one.items()},
        **{name: value.filter(test).min() for name, (test, value) in earliest.items()},
    )
