"""What a run says of scores that might be: what it takes each town to stand higher."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from scoring.improving import improvements
from scoring.improving.matters import Cost
from scoring.improving.ways import MOST_COST
from scoring.intake import Tables
from scoring.jobs import Job, usual_day
from scoring.periods import Period
from scoring.store import Edition, latest


def prospects(
    job: Job,
    tables: Tables,
    period: Period,
    editions: Sequence[Edition],
    *,
    only: Sequence[str] | None = None,
    by: Cost = "fixes",
    most: int = MOST_COST,
) -> pl.DataFrame:
    """Return what it takes towns to gain a place or a grade, beside the periods that are published.

    Raises
    ------
    Refused
        The facts cannot be scored.
    """
    return improvements(
        tables,
        job.scheme.scheme,
        period,
        job.as_of or usual_day(job, period),
        by=by,
        most=most,
        only=only,
        past=[edition.frozen for edition in latest(editions).values()],
        workdays=job.workdays,
    )
