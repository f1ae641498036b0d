"""The command run: score and print periods, and say what came of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scoring.calling import calls_of, machine_faults, tasks_of
from scoring.cli_app import (
    AsOf,
    Cluster,
    Folders,
    Formats,
    Lang,
    NoCache,
    Out,
    Periods,
    SetAside,
    Weights,
    app,
    say_here,
)
from scoring.messages import say
from scoring.screen import Command, os_sentence, print_lines, print_notices, print_problems, progress_bars

if TYPE_CHECKING:
    from scoring.calling import Call
    from scoring.jobs import Desk, Task
    from scoring.printing import Printer
    from scoring.runs import Made


@app.command(cls=Command, help=say_here("cli-run-help"))
def run(
    periods: Periods,
    data: Folders = None,
    weights: Weights = None,
    out: Out = None,
    as_of: AsOf = None,
    lang: Lang = None,
    formats: Formats = None,
    set_aside: SetAside = False,
    cluster: Cluster = None,
    no_cache: NoCache = False,
) -> None:
    """Score and print periods."""
    if cluster is None:
        prepare_papers(formats)
    calls = calls_of(data or [], weights, out, as_of, lang, formats, set_aside=set_aside)
    run_calls(calls, periods, cluster=cluster, keep=not no_cache)


def prepare_papers(formats: str | None) -> None:
    """Let what prints PDFs load while this process loads what scores."""
    if formats is None or "pdf" in formats.lower():
        from scoring.workers import prepare

        prepare()


def run_calls(calls: Sequence[Call], labels: Sequence[str], *, cluster: str | None = None, keep: bool = True) -> None:
    """Run the periods in every folder with one set of workers; a refused folder does not keep the others from it.

    Parameters
    ----------
    cluster
        The address of a scheduler whose workers score and print.
    keep
        Keep papers for the next run, and take those that were kept.
    """
    from scoring.printing import printer
    from scoring.runs import RunRefused

    tasks = tasks_of(labels, calls[0])
    refused = False
    with machine_faults(calls[0].lang), printer(cluster, keep=keep) as workers:
        for call in calls:
            try:
                made = _one(call, [(call.desk.job(job.scheme), period) for job, period in tasks], workers)
            except RunRefused as error:
                refused = True
                count = (error.problems["kind"] == "refused").sum()
                print_problems(error.problems, call.lang)
                print_lines([say("cli-refused", call.lang, count=count, folder=call.desk.out)], sys.stderr)
            else:
                _tell(call.desk, made)
    if refused:
        raise typer.Exit(1)


def _one(call: Call, tasks: Sequence[Task], workers: Printer) -> list[Made]:
    from scoring import runs
    from scoring.runlog import who

    with machine_faults(call.lang), progress_bars(call.lang) as progress:
        return runs.run(call.desk, tasks, workers, progress, who())


def _tell(desk: Desk, made: Sequence[Made]) -> None:
    """Say where the results lie, and note outside of them when and by whom they were made."""
    import polars as pl

    from scoring.noticed import WEIGHTY
    from scoring.runlog import note

    lang = desk.settings.lang
    for one in made:
        print_lines(
            [say("cli-done", lang, period=one.period.id, towns=one.assessment.scores.height, folder=one.folder)]
        )
        if one.published is not None:
            print_lines([_differing(one, lang)])
    if made:
        notices = pl.concat([one.notices for one in made]).unique(maintain_order=True)
        print_notices(notices.filter(pl.col("code").is_in(sorted(WEIGHTY))), lang, sys.stderr)
    if desk.set_aside and any(one.assessment.head["incomplete"] for one in made):
        print_lines([say("cli-incomplete", lang)], sys.stderr)
    try:
        note(Path.cwd(), made)
    except OSError as error:
        print_lines([say("cli-no-log", lang, why=os_sentence(error))], sys.stderr)


def _differing(made: Made, lang: str) -> str:
    """Say how a draft differs from the edition that is published."""
    from scoring.store.differing import FILE, differing_entries, differing_towns

    assert made.published is not None
    before = made.published.assessment
    towns, entries = differing_towns(before, made.assessment), differing_entries(before, made.assessment)
    facts = {"edition": made.assessment.head["edition"], "published": made.published.number, "file": FILE}
    told = say("cli-next-edition", lang, towns=towns.height, entries=entries.height, **facts)
    if before.head["scheme"]["rules"] != made.assessment.head["scheme"]["rules"]:
        told += "\n" + say("cli-next-other-scheme", lang, title=before.head["scheme"]["title"])
    return told
