"""The commands `receipts make` and `receipts import`: what towns are to answer, and their answers into the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scoring.calling import (
    call_of,
    day_of,
    machine_faults,
    masking_words,
    refusals,
    stop,
    task_of,
    town_called,
    wrong_schemes,
)
from scoring.cli_app import Data, Lang, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, Group, print_lines, print_notices, print_problems, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from scoring.calling import Call
    from scoring.intake.problems import Problems
    from scoring.supervision.receipts import Making, Merged, Returned

receipts = typer.Typer(cls=Group, help=say_here("cli-receipts-help"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(receipts, name="receipts")

_FOLDER = "receipts"
Days = Annotated[str | None, option("--on", "DATE")]


@receipts.command("make", cls=Command, help=say_here("cli-receipts-make-help"))
def make(
    names: Annotated[list[str] | None, argument("cli-argument-receipts")] = None,
    everything: Annotated[bool, option("--open")] = False,
    on: Days = None,
    words: Annotated[Path | None, option("--words", "FILE")] = None,
    to: Annotated[Path | None, option("--receipts", "DIR")] = None,
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Write a workbook for each town that has findings to mend."""
    from scoring.supervision.receipts import ExistsError, make_receipts

    call = call_of(data, weights, None, on, lang)
    lang = call.lang
    named = list(names or ())
    if not everything and not named:
        stop(2, say("receipts-which", lang))
    with machine_faults(lang), refusals(lang), wrong_schemes(lang):
        making = _all_open(call, named) if everything else _of_period(call, named[0], named[1:])
        villages = making.findings["village"].drop_nulls().unique()
        masks = masking_words(words, [*making.towns.values(), *villages, *making.indicators.values()], lang)
        folder = to or Path(_FOLDER)
        try:
            made = make_receipts(making, masks, folder, lang)
        except ExistsError as there:
            files = "\n".join(f"  {path.name}" for path in there.paths)
            stop(2, say("receipts-exist", lang, folder=folder, files=files))
    if made:
        headings = [say(f"receipts-told-{name}", lang) for name in ("town", "count", "masked", "file")]
        print_table(headings, [[one.town, str(one.findings), str(one.masked), one.path.name] for one in made])
    count = sum(one.findings for one in made)
    print_lines(
        [say("receipts-made" if made else "receipts-nothing", lang, towns=len(made), count=count, folder=folder)]
    )


def _all_open(call: Call, named: Sequence[str]) -> Making:
    from scoring.supervision.standing import standing, to_do

    on = call.desk.as_of or _today()
    found = standing(call.desk, call.schemes, on)
    if found.unscored:
        print_lines([say("receipts-unscored", call.lang, count=found.unscored)])
    label = say("receipts-label-open", call.lang, day=on)
    return _making(
        call, _chosen(found.tables.towns, named, call.lang), to_do(found.findings), label, f"{on:%Y%m%d}", on
    )


def _of_period(call: Call, label: str, named: Sequence[str]) -> Making:
    from scoring.jobs import usual_day
    from scoring.reports.labels import Labels
    from scoring.runs import read_and_assess
    from scoring.supervision.standing import by_verdicts, to_do

    job, span = task_of(label, call)
    intake, (assessment,) = read_and_assess([(by_verdicts(job), span)])
    on = job.as_of or usual_day(job, span)
    shown = Labels(assessment.head, call.lang).period
    return _making(
        call,
        _chosen(intake.tables.towns, named, call.lang),
        to_do(assessment.findings),
        shown,
        f"{span.id}_{on:%Y%m%d}",
        on,
    )


def _making(call: Call, towns: pl.DataFrame, findings: pl.DataFrame, label: str, stem: str, on: date) -> Making:
    from scoring.scheme import label_of
    from scoring.supervision.receipts import Making

    listed = [one.loaded for one in call.schemes.listed if one.loaded is not None]
    labels = {one.id: label_of(one, call.lang) for loaded in listed for _, one in loaded.scheme.indicators()}
    names = dict(towns.sort("order", "town_code", nulls_last=True).select("town_code", "name").iter_rows())
    return Making(findings, names, labels, label, stem, on)


def _chosen(towns: pl.DataFrame, named: Sequence[str], lang: str) -> pl.DataFrame:
    codes = [town_called(one, towns, lang) for one in named]
    return towns.filter(towns["town_code"].is_in(codes)) if named else towns


@receipts.command("import", cls=Command, help=say_here("cli-receipts-import-help"))
def take_in(
    files: Annotated[list[Path], argument("cli-argument-returned")],
    partial: Annotated[bool, option("--partial")] = False,
    received: Annotated[str | None, option("--received", "DATE")] = None,
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Merge returned workbooks into the rectifications table."""
    from schemas.tables import table_for
    from scoring.intake.problems import Problems
    from scoring.outfolder import locked, write_whole
    from scoring.runlog import who
    from scoring.runs import read_only
    from scoring.scheme import vocabulary
    from scoring.supervision.receipts import LEDGER, NotOursError, is_open, merge, read_returned, write_ledger

    call = call_of(data, weights, None, None, lang)
    lang, desk = call.lang, call.desk
    day = day_of(received, lang) or _today()
    books = _books(files, lang)
    problems = Problems()
    with machine_faults(lang), refusals(lang), wrong_schemes(lang), locked(desk.out, who()):
        scheme = call.schemes.usual()
        if is_open(desk.data):
            stop(3, say("receipts-ledger-open", lang, file=LEDGER))
        intake = read_only(desk.job(scheme))
        returned = read_returned(books, intake.tables.towns, intake.tables.findings, problems)
        try:
            merged = merge(returned.answers, intake, day, problems, partial=partial)
        except NotOursError as other:
            stop(1, say("receipts-ledger-own", lang, file=LEDGER, where=other.where))
        if merged.added:
            table = table_for("rectifications", vocabulary(scheme.scheme))
            write_whole(desk.data / LEDGER, write_ledger(merged.rows, table))
        _tell(books, returned, merged, problems, lang)


def _books(files: Sequence[Path], lang: str) -> list[Path]:
    """Return the workbooks that were named, those of a folder that was named with them; each once."""
    found: dict[Path, Path] = {}
    for path in files:
        if path.is_dir():
            inside = [one for one in sorted(path.glob("*.xlsx")) if not one.name.startswith(("~$", "."))]
            if not inside:
                stop(2, say("receipts-empty-folder", lang, folder=path))
        elif path.is_file():
            inside = [path]
        else:
            stop(2, say("receipts-no-file", lang, file=path))
        found |= {one.resolve(): one for one in inside}
    books = list(found.values())
    names = [path.name for path in books]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        stop(2, say("receipts-same-name", lang, files=say("list-comma", lang).join(twice)))
    return books


def _tell(books: Sequence[Path], returned: Returned, merged: Merged, problems: Problems, lang: str) -> None:
    """Say what came of every file; end with 1 where something was left out and nobody asked for that."""
    from scoring.intake.problems import write_problems

    told = problems.frame(lang)
    refused = told.filter(told["kind"] == "refused")
    rows = []
    for path in books:
        sent, answered = returned.files.get(path.name, (0, 0))
        gone = path.name in returned.unread or path.name in merged.left_out
        numbers = (sent, answered, merged.known.get(path.name, 0), merged.added.get(path.name, 0))
        faults = refused.filter(refused["file"] == path.name).height
        state = say(f"receipts-state-{'left' if gone else 'partly' if faults else 'taken'}", lang)
        rows.append([path.name, *map(str, numbers), str(faults), state])
    columns = ("file", "sent", "answered", "known", "added", "refused", "state")
    print_table([say(f"receipts-told-{name}", lang) for name in columns], rows)
    print_notices(told, lang)
    if refused.height:
        print_problems(told, lang)
        write_problems(told, Path(_FOLDER), lang)
        print_lines([say("receipts-problems", lang, folder=_FOLDER)])
    left = len(returned.unread | merged.left_out)
    print_lines([say("receipts-imported", lang, added=sum(merged.added.values()), files=len(merged.added), left=left)])
    if left or (refused.height and not merged.partial):
        raise typer.Exit(1)


def _today() -> date:
    return datetime.now(UTC).astimezone().date()
