"""The command `townscore`.

Imports late, never shows a traceback; exit codes: 0 done, 1 data refused, 2 command, scheme or settings wrong, 3
machine.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from scoring.messages import LANGUAGES, say

if TYPE_CHECKING:
    import polars as pl

    from scoring.assessment import Assessment
    from scoring.runs import Job
    from scoring.scheme import LoadedScheme
    from scoring.workspace import Workspace

LANG = "en" if "--lang=en" in sys.argv or ("--lang" in sys.argv and "en" in sys.argv) else "zh"
app = typer.Typer(
    help=say("cli-help", LANG), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
weights = typer.Typer(help=say("cli-weights-help", LANG), no_args_is_help=True)
app.add_typer(weights, name="weights")

Data = Annotated[Path | None, typer.Option("--data")]
Weights = Annotated[Path | None, typer.Option("--weights")]
Out = Annotated[Path | None, typer.Option("--out")]
AsOf = Annotated[str | None, typer.Option("--as-of")]
Lang = Annotated[str | None, typer.Option("--lang")]
Formats = Annotated[str | None, typer.Option("--formats")]
SetAside = Annotated[bool, typer.Option("--set-aside")]


def main() -> None:
    """Run the command; what was not foreseen becomes a sentence and exit 1, never a traceback."""
    try:
        app()
    except (KeyboardInterrupt, BrokenPipeError):
        os._exit(130)
    except Exception as error:
        if os.environ.get("TOWNSCORE_DEBUG"):
            raise
        typer.echo(say("cli-unexpected", LANG, kind=type(error).__name__), err=True)
        sys.exit(3)


def _stop(code: int, message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(code)


def _open(lang: str | None) -> tuple[Workspace, str]:
    from scoring.workspace import ConfigError, open_workspace

    if lang is not None and lang not in LANGUAGES:
        _stop(2, say("cli-unknown-format", LANG, name=lang, known=", ".join(LANGUAGES)))
    try:
        workspace = open_workspace(Path.cwd())
    except ConfigError as error:
        _stop(2, say(error.code, lang or LANG, **error.parameters))
    return workspace, lang or workspace.lang


def _scheme(path: Path, lang: str) -> LoadedScheme:
    from scoring.scheme import SchemeError, load_scheme
    from scoring.workspace import ConfigError, find_weights

    try:
        return load_scheme(find_weights(path), lang)
    except ConfigError as error:
        _stop(2, say(error.code, lang, **error.parameters))
    except SchemeError as error:
        lines = "\n".join(f"  {problem}" for problem in error.problems)
        _stop(2, say("cli-scheme-wrong", lang, count=len(error.problems)) + "\n" + lines)


def _job(
    data: Path | None,
    weights: Path | None,
    out: Path | None,
    as_of: str | None,
    lang: str | None,
    formats: str | None,
    set_aside: bool,
) -> Job:
    from datetime import date

    from scoring.runs import FORMATS, Job
    from scoring.workspace import ConfigError

    workspace, lang = _open(lang)
    data, out = data or workspace.data, out or workspace.out
    if not data.is_dir():
        _stop(2, say("cli-no-data", lang, folder=data.name))
    if out.resolve().is_relative_to(data.resolve()):
        _stop(2, say("cli-out-inside-data", lang))
    chosen = tuple(part.strip() for part in formats.split(",")) if formats else FORMATS
    for name in chosen:
        if name not in FORMATS:
            _stop(2, say("cli-unknown-format", lang, name=name, known=", ".join(FORMATS)))
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError:
        _stop(2, say("cli-bad-date", lang, text=as_of))
    scheme = _scheme(weights or workspace.weights, lang)
    try:
        settings, workdays = workspace.settings(lang), workspace.workdays()
    except ConfigError as error:
        _stop(2, say(error.code, lang, **error.parameters))
    return Job(data, scheme, out, settings, workdays, chosen, day, set_aside, workspace.example)


@app.command(help=say("cli-run-help", LANG))
def run(
    periods: list[str],
    data: Data = None,
    weights: Weights = None,
    out: Out = None,
    as_of: AsOf = None,
    lang: Lang = None,
    formats: Formats = None,
    set_aside: SetAside = False,
) -> None:
    """Score and print periods."""
    _run(_job(data, weights, out, as_of, lang, formats, set_aside), periods)


def _run(job: Job, labels: list[str]) -> list[Assessment]:
    from scoring import runs
    from scoring.reports import ForbiddenAddress, MissingGlyph, MissingLibrary

    lang = job.settings.lang
    periods = []
    for label in labels:
        period = runs.find_period(label, job.scheme)
        if period is None:
            _stop(2, say("cli-unknown-period", lang, label=label))
        periods.append(period)
    try:
        with _progress(lang) as progress:
            made = runs.run(job, periods, progress)
    except runs.RunRefused as refused:
        _show_problems(refused.problems)
        count = (refused.problems["kind"] == "refused").sum()
        _stop(1, say("cli-refused", lang, count=count, folder=job.out.name))
    except runs.Busy as busy:
        _stop(3, say("cli-busy", lang, why=busy))
    except (MissingGlyph, MissingLibrary, ForbiddenAddress) as missing:
        _stop(3, str(missing))
    for period, assessment, folder in made:
        typer.echo(say("cli-done", lang, period=period.id, towns=assessment.scores.height, folder=folder))
    return [assessment for _, assessment, _ in made]


@contextmanager
def _progress(lang: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show bars for long work in a terminal, nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks or done == 1:
                tasks[what] = bars.add_task(say(f"cli-progress-{what}", lang), total=total)
            bars.update(tasks[what], completed=done)

        yield show


def _show_problems(problems: pl.DataFrame, most: int = 30) -> None:
    for row in problems.filter(problems["kind"] == "refused").head(most).to_dicts():
        place = "/".join(str(row[name]) for name in ("file", "sheet", "row", "column") if row[name])
        typer.echo(f"{place}: {row['message']} {row['advice']}", err=True)


@app.command(help=say("cli-check-help", LANG))
def check(data: Data = None, weights: Weights = None, lang: Lang = None) -> None:
    """Read the data and say what is wrong with it."""
    from scoring.intake import read_folder
    from scoring.scheme import vocabulary

    workspace, lang = _open(lang)
    folder = data or workspace.data
    if not folder.is_dir():
        _stop(2, say("cli-no-data", lang, folder=folder.name))
    scheme = _scheme(weights or workspace.weights, lang)
    intake = read_folder(folder, vocabulary(scheme.scheme), lang=lang)
    if intake.refused:
        _show_problems(intake.problems)
        raise typer.Exit(1)
    findings = intake.tables.findings.height
    typer.echo(say("cli-checked", lang, findings=findings, notices=intake.problems.height))


@app.command(help=say("cli-init-help", LANG))
def init(folder: Path, lang: Lang = None) -> None:
    """Make a workspace with blank ledgers."""
    _make(folder, lang or LANG, example=False)


@app.command(help=say("cli-demo-help", LANG))
def demo(folder: Path, lang: Lang = None, formats: Formats = None) -> None:
    """Make an example workspace and score the four quarters of 2025."""
    from scoring.workspace import CONFIG

    # A second demonstration in the same folder runs again on what is there.
    if not (folder / CONFIG).exists():
        _make(folder, lang or LANG, example=True)
    os.chdir(folder)
    _run(_job(None, None, None, None, lang, formats, False), ["2025Q1", "2025Q2", "2025Q3", "2025Q4"])


def _make(folder: Path, lang: str, *, example: bool) -> None:
    from scoring.workspace import ConfigError, make_workspace

    try:
        make_workspace(folder, lang, example=example)
    except ConfigError as error:
        _stop(2, say(error.code, lang, **error.parameters))


@app.command(help=say("cli-explain-help", LANG))
def explain(
    town: str,
    period: str,
    data: Data = None,
    weights: Weights = None,
    out: Out = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Print the statement of a town's score: start, each entry with clause and reason, total."""
    from scoring import runs
    from scoring.explain import statement_lines

    job = _job(data, weights, out, as_of, lang, "csv", False)
    span = runs.find_period(period, job.scheme)
    if span is None:
        _stop(2, say("cli-unknown-period", job.settings.lang, label=period))
    try:
        assessment = runs.assess_only(job, span)
    except runs.RunRefused as refused:
        _show_problems(refused.problems)
        raise typer.Exit(1) from refused
    try:
        for line in statement_lines(assessment, town, job.settings.lang):
            typer.echo(line)
    except KeyError as error:
        _stop(2, str(error.args[0]))


@weights.command("check", help=say("cli-weights-check-help", LANG))
def weights_check(file: Annotated[Path | None, typer.Argument()] = None, lang: Lang = None) -> None:
    """Check a scheme and list what the scheme alone can show."""
    from scoring.scheme import lint

    workspace, lang = _open(lang)
    loaded = _scheme(file or workspace.weights, lang)
    for found in lint(loaded, lang):
        typer.echo(str(found))
    typer.echo(say("cli-scheme-good", lang, title=loaded.scheme.title))


@weights.command("show", help=say("cli-weights-show-help", LANG))
def weights_show(file: Annotated[Path | None, typer.Argument()] = None, lang: Lang = None) -> None:
    """List a scheme's indicators, points and rules."""
    from scoring.scheme import show

    workspace, lang = _open(lang)
    for row in show(_scheme(file or workspace.weights, lang).scheme, lang):
        typer.echo("\t".join(str(part) for part in (row.label, row.points, row.clause, row.rule, row.line) if part))


@weights.command("schema", help=say("cli-weights-schema-help", LANG))
def weights_schema() -> None:
    """Print the JSON Schema of schemes."""
    from scoring.scheme import json_schema

    typer.echo(json.dumps(json_schema(), ensure_ascii=False, indent=1))
