"""What is to be done: where a command reads and writes, the job of one scheme there, the period that it scores."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from scoring.periods import Period
from scoring.reports.settings import Settings
from scoring.scheme import LoadedScheme
from scoring.workdays import Workdays

FORMATS: Final = ("csv", "pdf", "docx", "xlsx")


@dataclass(frozen=True)
class Desk:
    """Where a command reads and writes, and how; by which scheme, the period decides."""

    data: Path
    out: Path
    settings: Settings
    workdays: Workdays
    formats: tuple[str, ...] = FORMATS
    as_of: date | None = None
    set_aside: bool = False
    example: bool = False
    holidays: str | None = None
    """SHA-256 of the bureau's own holidays.yaml, which moves deadlines."""
    holidays_file: Path | None = None
    store: Path = Path("store")
    """Where published editions lie."""
    supervision: Path | None = None
    """Where the bureau keeps what it did itself; of all that hangs on it only a page of the internal analysis."""

    def job(self, scheme: LoadedScheme) -> Job:
        """Return the work to be done here by a scheme."""
        return Job(**{each.name: getattr(self, each.name) for each in fields(Desk)}, scheme=scheme)


@dataclass(frozen=True, kw_only=True)
class Job(Desk):
    """What to run: one data folder, one scheme, any periods of that scheme's."""

    scheme: LoadedScheme


def usual_day(job: Job, period: Period) -> date:
    """Return the day as of which a period is scored unless another is asked for."""
    return period.end + timedelta(days=job.scheme.scheme.calendar.grace_days)


Task = tuple[Job, Period]
"""A period and the job that scores it. The jobs of one call differ in their schemes alone."""
