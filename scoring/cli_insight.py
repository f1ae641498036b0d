"""The commands of insight: what rises, and how sure the ranking is."""

from __future__ import annotations

import sys
from dataclasses import replace
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


@app.command(cls=Command, help=say_here("cli-doubt-help"))
def doubt(
    period: Annotated[str, argument("cli-argument-period")],
    draws: Annotated[int | None, option("--draws", "N")] = None,
    seed: Annotated[int | None, option("--seed", "N")] = None,
    spread: Annotated[int | None, option("--spread", "N")] = None,
    dirichlet: Annotated[bool, option("--dirichlet")] = False,
    pairs: Annotated[bool, option("--pairs")] = False,
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Print how sure the ranking is."""
    from scoring.beside import doubted, with_doubt
    from scoring.doubt import DRAWS, SEED, SPREAD, Asked
    from scoring.reports.labels import Labels
    from scoring.reports.sureness import COLUMNS, sureness
    from scoring.runs import read_and_assess, sound_store

    call = call_of(data, weights, None, as_of, lang)
    lang = call.lang
    bounds = {"draws": (draws, DRAWS, 100, 1_000_000), "seed": (seed, SEED, 0, 2**63 - 1)}
    bounds["spread"] = (spread, SPREAD, 0, 99)
    numbers = {name: _whole(name, *given, lang) for name, given in bounds.items()}
    asked = Asked(**numbers, around="dirichlet" if dirichlet else "percent")
    with refusals(lang):
        job, span = task_of(period, call)
        intake, (assessment,) = read_and_assess([(job, span)])
        found = doubted(job, intake.tables, assessment, sound_store(job.store), asked)
    head = {**assessment.head, "internal": with_doubt(assessment.head, found)}
    labels = Labels(head, lang)
    told = sureness(replace(assessment, head=head, doubt=found.frame), labels)
    assert told is not None
    title = say("cli-doubt-title", lang, period=labels.period, as_of=head["as_of"], scheme=labels.scheme)
    print_lines([title, ""])
    if told.rows:
        print_table(
            [told.headings[name] for name in COLUMNS], [[getattr(r, name) for name in COLUMNS] for r in told.rows]
        )
        print_lines(["", told.groups])
        print_lines([*told.pairs, ""] if pairs else [])
    print_lines([told.note])


def _whole(name: str, value: int | None, usual: int, least: int, most: int, lang: str) -> int:
    """Return a number of the command line, or the usual one; one out of bounds is refused."""
    if value is None:
        return usual
    if not least <= value <= most:
        stop(2, say("cli-doubt-number", lang, name=f"--{name}", least=least, most=most))
    return value


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
