"""Rules across the columns of the supervision's tables: what cannot be is refused, what is odd is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake.problems import Problems
from scoring.intake.rows import notice, refuse

_Check = Callable[[pl.DataFrame, Problems], pl.DataFrame]

# What cannot lie before the application, or before the acceptance where nobody wrote when it was asked for.
_AFTER_ASKING: Final = (
    "papers_told_on",
    "means_check_on",
    "visited_on",
    "reviewed_on",
    "posted_on",
    "entered_on",
    "paid_on",
)
_AFTER: Final = {
    "cases": (
        ("accepted_on", "applied_on"),
        ("means_checked_on", "means_check_on"),
        ("posting_ended_on", "posted_on"),
        ("confirmed_on", "accepted_on"),
        ("refused_told_on", "confirmed_on"),
        ("suspended_from", "accepted_on"),
        ("suspended_to", "suspended_from"),
        ("last_review_on", "confirmed_on"),
        ("exit_on", "confirmed_on"),
    ),
    "hotline": (("answered_on", "called_on"),),
    "petitions": (("answered_on", "received_on"), ("due_on", "received_on")),
    "sanctions": (("closed_on", "decided_on"),),
}
# A town that did so broke the procedure, or a date is wrong: the row stays, and counts as it stands.
_ODD: Final = (
    ("confirmed_on", "posting_ended_on"),
    ("confirmed_on", "means_checked_on"),
    ("confirmed_on", "visited_on"),
    ("paid_on", "confirmed_on"),
)
_INDICATORS_OF_SELFCARE: Final = 6


def _in_order(table: str, frame: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    for later, earlier in _AFTER.get(table, ()):
        before = pl.col(later) < pl.col(earlier)
        frame = refuse(
            frame, before, "supervision-before", f"{table}.{later}", problems, earlier=_heading(table, earlier)
        )
    return frame


def _heading(table: str, column: str) -> dict[str, str]:
    return {"zh": catalogue("supervision").tables[table].columns[column].zh, "en": column}


def _cases(cases: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Give every case its number and hold its dates against each other."""
    cases = cases.with_columns(pl.coalesce("case_id", "case_ref").alias("case_id"))
    cases = refuse(cases, pl.col("case_id").is_null(), "supervision-case-without-id", "cases.case_id", problems)
    cases = _in_order("cases", cases, problems)
    for column in _AFTER_ASKING:
        for earlier, holds in (("applied_on", pl.lit(value=True)), ("accepted_on", pl.col("applied_on").is_null())):
            before = holds & (pl.col(column) < pl.col(earlier))
            told = _heading("cases", earlier)
            cases = refuse(cases, before, "supervision-before", f"cases.{column}", problems, earlier=told)
    cases = refuse(
        cases,
        pl.col("selfcare_failed") > _INDICATORS_OF_SELFCARE,
        "supervision-six-indicators",
        "cases.selfcare_failed",
        problems,
    )
    for later, earlier in _ODD:
        odd = pl.col(later) < pl.col(earlier)
        notice(cases, odd, f"supervision-{_dashed(later)}-before-{_dashed(earlier)}", f"cases.{later}", problems)
    decided = pl.col("confirmed_on").is_not_null()
    notice(
        cases, decided & pl.col("accepted_on").is_null(), "supervision-never-accepted", "cases.accepted_on", problems
    )
    unseen = pl.col("visitors").is_not_null() & pl.col("visited_on").is_null()
    notice(cases, unseen, "supervision-visitors-without-visit", "cases.visited_on", problems)
    return cases


def _dashed(column: str) -> str:
    return column.removesuffix("_on").replace("_", "-")


def _surveys(surveys: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    surveys = refuse(
        surveys, pl.col("positive") > pl.col("asked"), "supervision-more-than-asked", "surveys.positive", problems
    )
    undated = pl.col("period").is_null() & pl.col("asked_on").is_null()
    return refuse(surveys, undated, "supervision-undated", "surveys.asked_on", problems)


def _village_reports(reports: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    first = (pl.col("month") + "-01").str.to_date("%Y-%m-%d", strict=False)
    early = pl.col("reported_on") < first
    return refuse(reports, early, "supervision-report-early", "village_reports.reported_on", problems)


BY_TABLE: Final[Mapping[str, _Check]] = {
    "cases": _cases,
    "surveys": _surveys,
    "hotline": lambda frame, problems: _in_order("hotline", frame, problems),
    "petitions": lambda frame, problems: _in_order("petitions", frame, problems),
    "sanctions": lambda frame, problems: _in_order("sanctions", frame, problems),
    "village_reports": _village_reports,
}
"""What holds the rows of a table against each other's columns, by table; they still carry `_bad`."""
