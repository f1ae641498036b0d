"""The command `townscore`.

Imports late, never shows a traceback; exit codes: 0 done, 1 data refused, 2 command, scheme or settings wrong, 3 the
machine lacks something, or the program itself is at fault.
"""

from __future__ import annotations

import gc
import os
import sys
import traceback
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.main import get_command

from scoring.calling import (
    call_of,
    check_language,
    named_period,
    reader_of,
    refusals,
    stop,
    task_of,
    tasks_of,
    town_called,
)
from scoring.cli_app import (
    AsOf,
    Data,
    Lang,
    Weights,
    app,
    argument,
    say_here,
)
from scoring.interrupts import listen
from scoring.messages import say
from scoring.screen import (
    Command,
    UsageError,
    os_sentence,
    print_lines,
    print_notices,
    print_table,
    usage_sentence,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_INTERRUPTED: Final = 130
_COMMANDS: Final = tuple(
    f"scoring.cli_{name}"
    for name in (
        "run",
        "start",
        "life",
        "verify",
        "answers",
        "insight",
        "weights",
        "improve",
        "whatif",
        "pack",
        "send",
        "due",
        "casework",
        "sample",
        "receipts",
        "board",
        "match",
    )
)
"""Modules that register further commands."""
_TOLD: Final = {"notices": "notice", "repairs": "repaired"}


def main() -> None:
    """Run the command; what was not foreseen becomes a sentence and exit 3, never a traceback."""
    listen()
    gc.disable()  # nothing that the commands are made of will ever be garbage
    for name in _COMMANDS:
        import_module(name)

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character shows a mark
    try:
        command = _command()
        gc.enable()
        code = command(prog_name="townscore", standalone_mode=False) or 0
        sys.stdout.flush()
    except UsageError as error:
        if type(error).__name__ != "NoArgsIsHelpError":  # which has printed the help already
            print_lines([usage_sentence(error)], sys.stderr)
        code = 2
    except BrokenPipeError:
        code = _hush()
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BaseException as error:  # a panic of Polars is no Exception
        if os.environ.get("TOWNSCORE_DEBUG"):
            raise
        # Typer, too, knows the pipe that nobody reads.
        code = _hush() if isinstance(error.__context__, BrokenPipeError) else _fail(error)
    if code == _INTERRUPTED:
        print_lines([say_here("cli-interrupted")], sys.stderr)
    sys.exit(code)


@cache
def _command() -> Callable[..., Any]:
    """Return the commands, once a process: to put them together takes longer than most refusals."""
    return get_command(app)


def _hush() -> int:
    """Let what is still unsaid go nowhere: whoever read our lines has enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _fail(error: BaseException) -> int:
    if type(error).__name__ == "BrokenStore":  # named, not imported: help need not load the store
        print_lines([say_here("store-broken", file=error.args[0])], sys.stderr)
        return 1
    if isinstance(error, MemoryError):
        sentence = say_here("cli-memory")
    else:
        sentence = os_sentence(error) if isinstance(error, OSError) else _fault_sentence(error)
    print_lines([sentence], sys.stderr)
    return 3


def _fault_sentence(error: BaseException) -> str:
    """Name the kind of the fault and the line of ours where it showed; no value of the data stands in it."""
    own = [f for f in traceback.extract_tb(error.__traceback__) if "scoring" in f.filename or "schemas" in f.filename]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "-"
    return say_here("cli-unexpected", kind=type(error).__name__, where=where)


def _version(*, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print_lines([f"townscore {version('townscore')}"])
        raise typer.Exit


@app.callback()
def _whole(
    version: Annotated[  # noqa: ARG001 - the callback does it
        bool,
        typer.Option(
            "--version", help=say_here("cli-option-version"), is_eager=True, callback=lambda v: _version(wanted=v)
        ),
    ] = False,
    lang: Lang = None,
) -> None:
    """Stand before every command."""
    check_language(lang)


@app.command(cls=Command, help=say_here("cli-check-help"))
def check(
    periods: Annotated[list[str] | None, argument("cli-argument-check-periods")] = None,
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Read the data, score the periods named, and say what is wrong; write nothing."""
    from scoring.runs import read_and_assess, read_only

    call = call_of(data, weights, None, as_of, lang)
    with refusals(call.lang):
        tasks = tasks_of(periods or [], call)
        intake = read_and_assess(tasks)[0] if tasks else read_only(reader_of(None, call))
    print_notices(intake.problems, call.lang, kinds=("notice", "repaired"))
    counts = {name: (intake.problems["kind"] == kind).sum() for name, kind in _TOLD.items()}
    print_lines([say("cli-checked", call.lang, findings=intake.tables.findings.height, **counts)])


@app.command(cls=Command, help=say_here("cli-explain-help"))
def explain(
    town: Annotated[str, argument("cli-argument-town")],
    period: Annotated[str, argument("cli-argument-period")],
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Print the statement of a town's score: start, each entry with clause and reason, total."""
    from scoring import explain as statements
    from scoring.answers import at_hand, held_words, towns_of
    from scoring.runs import read_and_assess

    call = call_of(data, weights, None, as_of, lang)
    lang = call.lang
    # Without further words the question is about what the bureau has in hand, not about a new calculation.
    span = call.schemes.period(named_period(period, call))
    held = at_hand(call.desk, span) if span is not None and not (data or weights or as_of) else None
    if held is None:
        with refusals(lang):
            intake, (assessment,) = read_and_assess([task_of(period, call)])
        towns = intake.tables.towns
    else:
        assessment, towns = held, towns_of(reader_of(period, call), held)
    try:
        told = statements.explain(assessment, town_called(town, towns, lang), lang)
    except KeyError:
        into = statements.merged_into(town, towns)
        code = "cli-town-merged" if into else "cli-town-not-assessed"
        stop(2, say(code, lang, town=town, period=assessment.head["period"]["id"], into=into))
    print_lines([told.title, *([say("cli-explain-held", lang, **held_words(held, lang))] if held else []), ""])
    if told.rows:
        columns = ("points", "balance", "clause", "indicator", "subject", "reason")
        print_table([say(f"cli-column-{name}", lang) for name in columns], told.rows)
        print_lines([""])
    print_lines(told.ending)
