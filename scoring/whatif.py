"""What the play page is made from: a period scored as a run scores it, once more under each window of repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.jobs import Task, usual_day
from scoring.ledger import Scored, score
from scoring.playing.facts import Window
from scoring.playing.knobs import windows_of
from scoring.playing.page import data_of, page_of
from scoring.reports.labels import Labels
from scoring.reports.templates import make_environment
from scoring.runs import read_and_assess, sound_store
from scoring.store import latest

if TYPE_CHECKING:
    from schemas.scheme import Scheme


class NothingToPlayError(Exception):
    """No town is scored, or the period has no points of its own; `code` says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def play_page(task: Task) -> str:
    """Return the play page of a period.

    Raises
    ------
    RunRefused, Refused, BrokenStore
        See `scoring.runs.read_and_assess`.
    NothingToPlayError
        There is nothing that a setting could change.
    """
    job, period = task
    intake, (assessment,) = read_and_assess([task])
    past = [edition.frozen for edition in latest(sound_store(job.store)).values()]
    as_of = job.as_of or usual_day(job, period)

    def scored(scheme: Scheme) -> Scored:
        return score(intake.tables, scheme, period, as_of, past=past, workdays=job.workdays)

    scheme = job.scheme.scheme
    base = scored(scheme)
    if not base.scores:
        raise NothingToPlayError("whatif-nobody")
    if base.rolled is not None and base.rolled.pure:
        raise NothingToPlayError("whatif-no-own")
    unit, lengths = windows_of(scheme)
    windows = [
        Window(length, base if _is(scheme, unit, length) else scored(_with(scheme, unit, length))) for length in lengths
    ]
    labels = Labels(assessment.head, job.settings.lang)
    data = data_of(job.scheme, base, windows, assessment, past, labels)
    return page_of(data, assessment, labels, make_environment(job.settings.templates, job.settings.lang))


def _is(scheme: Scheme, unit: str, length: int) -> bool:
    return bool(getattr(scheme.repeats, unit) == length)


def _with(scheme: Scheme, unit: str, length: int) -> Scheme:
    """Return the scheme with another window of repeats."""
    assert scheme.repeats is not None
    return scheme.model_copy(update={"repeats": scheme.repeats.model_copy(update={unit: length})})
