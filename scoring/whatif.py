"""What the play page is made from: a period scored as a run scores it, once more under each window of repeats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from scoring.jobs import Task
from scoring.ledger import Frozen, Scored, score
from scoring.periods import Period
from scoring.playing.facts import Window
from scoring.playing.knobs import windows_of
from scoring.playing.page import data_of, page_of
from scoring.reports.labels import Labels
from scoring.reports.templates import make_environment
from scoring.runs import read_and_assess, sound_store
from scoring.store import latest

if TYPE_CHECKING:
    from schemas.scheme import Scheme
    from scoring.assessment import Assessment
    from scoring.intake import Tables
    from scoring.scheme import LoadedScheme
    from scoring.workdays import Workdays


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
    labels = Labels(assessment.head, job.settings.lang)
    return page_from(job.scheme, intake.tables, period, assessment, labels, past, job.workdays, job.settings.templates)


def page_from(
    loaded: LoadedScheme,
    tables: Tables,
    period: Period,
    assessment: Assessment,
    labels: Labels,
    past: Sequence[Frozen] = (),
    workdays: Workdays | None = None,
    templates: Path | None = None,
) -> str:
    """Return the play page of a period that was assessed by this scheme, beside these published periods.

    Raises
    ------
    NothingToPlayError
        There is nothing that a setting could change.
    """
    scheme = loaded.scheme
    base = _scored(tables, scheme, period, assessment, past, workdays)
    if not base.scores:
        raise NothingToPlayError("whatif-nobody")
    if base.rolled is not None and base.rolled.pure:
        raise NothingToPlayError("whatif-no-own")
    unit, lengths = windows_of(scheme)
    windows = []
    for length in lengths:
        other = _with(scheme, unit, length)
        same = other == scheme
        windows.append(Window(length, base if same else _scored(tables, other, period, assessment, past, workdays)))
    data = data_of(loaded, base, windows, assessment, past, labels)
    return page_of(data, assessment, labels, make_environment(templates, labels.lang))


def _scored(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    assessment: Assessment,
    past: Sequence[Frozen],
    workdays: Workdays | None,
) -> Scored:
    as_of = date.fromisoformat(assessment.head["as_of"])
    return score(tables, scheme, period, as_of, past=past, workdays=workdays)


def _with(scheme: Scheme, unit: str, length: int) -> Scheme:
    """Return the scheme with another window of repeats."""
    assert scheme.repeats is not None
    return scheme.model_copy(update={"repeats": scheme.repeats.model_copy(update={unit: length})})
