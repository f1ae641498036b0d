"""The commands of insight: what rises."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from scoring.calling import call_of, refusals, stop, task_of
from scoring.cli_app import AsOf, Data, Lang, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.jobs import Job


@app.command("warnings", cls=Command, help=say_here("cli-warnings-help"))
def warn(
    period: Annotated[str, argument("cli-argument-period")],
    draft: Annotated[Path | None, option("--draft", "FILE")] = None,
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Print what rises, and draft a working hint to towns."""
    from scoring.reports.labels import Labels
    from scoring.reports.rising import COLUMNS, rising
    from scoring.runs import read_and_assess

    call = call_of(data, weights, None, as_of, lang)
    lang = call.lang
    if draft is not None:
        _check_draft(draft, lang)
    with refusals(lang):
        job, span = task_of(period, call)
        _, (assessment,) = read_and_assess([(job, span)])
    labels = Labels(assessment.head, lang)
    head = assessment.head
    told = rising(assessment, labels)
    print_lines([say("cli-warnings-title", lang, period=labels.period, as_of=head["as_of"], scheme=labels.scheme), ""])
    if told.rows:
        rows = [[getattr(row, name) for name in COLUMNS] for row in told.rows]
        print_table([say(f"reports-warnings-{name}", lang) for name in COLUMNS], rows)
        print_lines([""])
    print_lines([told.note])
    if draft is not None:
        _write_draft(assessment, job, draft)


def _check_draft(path: Path, lang: str) -> None:
    """Refuse a place where no draft can lie: what someone has edited is never written over."""
    if path.suffix.lower() != ".docx":
        stop(2, say("cli-draft-docx", lang, file=path))
    if path.exists():
        stop(2, say("cli-draft-exists", lang, file=path))
    if not path.parent.is_dir():
        stop(2, say("cli-draft-no-folder", lang, folder=path.parent))


def _write_draft(assessment: Assessment, job: Job, path: Path) -> None:
    from scoring.reports.hint import COMMON, hint_view, write_hint

    lang = job.settings.lang
    view = hint_view(assessment, job.settings)
    if view.named:
        print_lines([say("cli-draft-named", lang, count=view.named)], sys.stderr)
    if not view.kinds:
        print_lines([say("cli-draft-none", lang, towns=COMMON)])
        return
    write_hint(view, date.fromisoformat(assessment.head["as_of"]), path)
    print_lines([say("cli-draft-done", lang, file=path, count=view.kinds)])
