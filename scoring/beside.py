"""What a run says beside its own scores: what was published, how sure the ranking is, what it takes to stand higher.

None of it enters the run code: the same facts give the same code, whatever was published and however often was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scoring.assessment import Assessment
from scoring.intake import Tables
from scoring.jobs import Desk, Job
from scoring.lookback import Scored, before, changes_since, history
from scoring.prospects import prospects
from scoring.store import Edition, latest
from scoring.store.editions import period_of

SAID_BESIDE: Final = ("history", "changes", "improvements", "doubt", "duties")
"""The frames of what is said."""

if TYPE_CHECKING:
    from scoring.doubt import Asked, Doubt
    from scoring.printing import Printer
    from scoring.supervision.tables import Supervision


def say_beside(
    job: Job,
    tables: Tables,
    assessment: Assessment,
    editions: Sequence[Edition],
    kept: Supervision | None,
    printer: Printer,
    folder: Path,
) -> tuple[Assessment, pl.DataFrame | None, list[Future[None]]]:
    """Add what is said beside the scores, and begin each paper as soon as all that stands in it is known.

    Parameters
    ----------
    kept
        What the bureau keeps of its own work, where it does.
    folder
        Where the papers go.

    Returns
    -------
    The assessment with `history`, `changes`, `improvements`, `doubt` and `duties`; what could not be read of the
    bureau's own work; the papers that were begun.
    """
    papers: list[Future[None]] = []
    unread = None
    said = replace(assessment, **looking_back(job, tables, assessment, editions))
    prints = "pdf" in job.formats
    if prints:
        papers += printer.print_notice(said, job.settings, folder)
        said = replace(said, improvements=prospects(job, tables, period_of(said.head), editions))
        papers += printer.print_towns(said, job.settings, folder)
        found = doubted(job, tables, assessment, editions)
        said = replace(said, head={**said.head, "internal": with_doubt(said.head, found)}, doubt=found.frame)
    if kept is not None:
        duties, unread = audited(job, tables, assessment, kept)
        said = replace(said, duties=duties)
    if prints:
        papers += printer.print_internal(said, job.settings, folder)
    return said, unread, papers


def looking_back(job: Job, tables: Tables, assessment: Assessment, editions: Sequence[Edition]) -> dict[str, Any]:
    """Return the frames that tell of earlier published periods."""
    last = list(latest(editions).values())
    earlier = before(period_of(assessment.head), last)
    past = [edition.frozen for edition in last]
    one = Scored(assessment, lambda: tables, job.scheme.scheme, job.scheme.sha256, past)
    return {
        "history": history(assessment, earlier),
        "changes": changes_since(one, earlier, editions, job.workdays),
    }


def doubted(
    job: Job, tables: Tables, assessment: Assessment, editions: Sequence[Edition], asked: Asked | None = None
) -> Doubt:
    """Say how sure an assessment's ranking is; a run draws less often than the command does."""
    from scoring import doubt  # numpy is loaded by those alone who ask

    return doubt.doubt_of(
        tables,
        job.scheme.scheme,
        period_of(assessment.head),
        date.fromisoformat(assessment.head["as_of"]),
        past=[edition.frozen for edition in latest(editions).values()],
        workdays=job.workdays,
        asked=asked or doubt.Asked(draws=doubt.DRAWS_OF_A_RUN),
    )


def own_work(desk: Desk, towns: pl.DataFrame) -> Supervision | None:
    """Return what the bureau keeps of its own work, where a paper tells of it; None where it keeps nothing."""
    if desk.supervision is None or "pdf" not in desk.formats:
        return None
    from scoring.supervision.duties import read_own

    return read_own(desk.supervision, towns, desk.settings.lang)


def audited(job: Job, tables: Tables, assessment: Assessment, own: Supervision) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return what the bureau did of its own duties, and what could not be read of that: no more than a notice."""
    from scoring.supervision.duties import duties

    span, as_of = period_of(assessment.head), date.fromisoformat(assessment.head["as_of"])
    unread = own.problems.filter(pl.col("kind") == "refused").with_columns(kind=pl.lit("notice"))
    return duties(tables, own.tables, assessment, span, as_of, job.workdays), unread


def with_doubt(head: dict[str, Any], found: Doubt) -> dict[str, Any]:
    """Return what the head says inside the bureau, with how sure the ranking is."""
    return {**head["internal"], "doubt": found.said}
