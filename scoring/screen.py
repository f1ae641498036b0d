"""What the command shows: help and usage in the user's language, tables, refused rows, progress.

Coloured tables in a terminal; plain text that a program can read, and nothing that moves, in a pipe.
"""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import typer
from typer.core import TyperCommand, TyperGroup

from scoring.interrupts import obey
from scoring.messages import LANGUAGES, say

if TYPE_CHECKING:
    import polars as pl

_MOST_ROWS: Final = 20
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

UsageError: Any = typer.BadParameter.__mro__[1]
"""Whatever is wrong with how the command was called; typer names only its descendants."""


@cache
def given_language() -> str | None:
    """Return what --lang says, wherever it stands: help and complaints come before any command reads it."""
    words = sys.argv[1:]
    for word, following in pairwise([*words, ""]):
        if word == "--lang" or word.startswith("--lang="):
            given = following if word == "--lang" else word.removeprefix("--lang=")
            return given if given in LANGUAGES else None
    return None


@cache
def language() -> str:
    """Return the language of the words before the workspace is opened: --lang, the workspace's, Chinese."""
    if given := given_language():
        return given
    try:
        text = Path("townscore.yaml").read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return "zh"
    # Reading the settings in earnest takes longer than all of a help page; what is wrong in them is said later.
    said = re.search(r"^lang:[ \t]*[\"']?(zh|en)\b", text, re.MULTILINE)
    return said[1] if said else "zh"


def _help(command: Any, ctx: Any) -> None:
    lang = language()
    arguments = [p for p in command.get_params(ctx) if p.param_type_name == "argument"]
    options = [p for p in command.get_params(ctx) if p.param_type_name == "option"]
    own = getattr(command, "commands", {})
    pieces = [say("cli-word-command", lang)] if own else [p.name.upper() for p in arguments]
    print_lines([say("cli-usage", lang, line=" ".join([ctx.command_path, *pieces, say("cli-word-options", lang)]))])
    print_lines(["", command.help or "", ""])
    for heading, rows in (
        ("cli-heading-commands", [(name, one.help or "") for name, one in own.items()]),
        ("cli-heading-arguments", [(p.name.upper(), p.help or "") for p in arguments]),
        (
            "cli-heading-options",
            [(_option(p), say("cli-option-help", lang) if p.name == "help" else p.help) for p in options],
        ),
    ):
        if rows:
            print_table((say(heading, lang), ""), rows)
            print_lines([""])


def _option(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or ''}".rstrip()
    return ", ".join(option.opts) + value


class Command(TyperCommand):
    """A command whose help and complaints speak the user's language."""

    allow_extra_args = True

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's own shape
        """Print the help."""
        _help(self, ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line; one too many is refused."""
        try:
            rest = super().parse_args(ctx, args)
        except UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        if ctx.args:
            ctx.fail(say("cli-extra-word", language(), word=ctx.args[0]))
        return rest


class Group(TyperGroup):
    """A command of commands."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's own shape
        """Print the help."""
        _help(self, ctx)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is meant; an unknown one is refused with the nearest."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = get_close_matches(args[0], list(self.commands), 1) or list(self.commands)
            known = say("list-comma", language()).join(near)
            ctx.fail(say("cli-unknown-command", language(), name=args[0], near=known))
        return super().resolve_command(ctx, args)


def usage_sentence(error: Any) -> str:
    """Return what is wrong with the call, and how to see the right one."""
    lang, kind = language(), type(error).__name__
    path = error.ctx.command_path if error.ctx else "townscore"
    if kind == "NoSuchOption":
        own = [name for option in error.ctx.command.params for name in option.opts] if error.ctx else []
        near = get_close_matches(error.option_name, own, 1) or ["--help"]
        sentence = say("cli-unknown-option", lang, name=error.option_name, near=near[0])
    elif kind == "MissingParameter" and error.param is not None:
        sentence = say("cli-missing-argument", lang, name=error.param.name.upper(), what=error.param.help or "")
    elif kind == "BadOptionUsage":
        flag = any(error.option_name in p.opts and p.is_flag for p in error.ctx.command.params if hasattr(p, "is_flag"))
        sentence = say("cli-option-flag" if flag else "cli-option-value", lang, name=error.option_name)
    elif kind == "UsageError":
        sentence = str(error.message)  # our own, above, in words already
    else:
        sentence = say("cli-usage-wrong", lang, message=error.format_message())
    return sentence + "\n" + say("cli-usage-try", lang, command=f"{path} --help")


def _safe(text: str) -> str:
    """Return text without what would move the cursor or change the terminal: it may come from a file's name."""
    return _CONTROL.sub(" ", text)


def print_lines(lines: Sequence[str], stream: TextIO | None = None) -> None:
    """Print lines as they stand."""
    target = stream or sys.stdout
    target.write("".join(f"{line}\n" for line in lines))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO | None = None) -> None:
    """Print a table whose columns stand under each other, Chinese characters counted as two."""
    from rich.cells import cell_len

    target = stream or sys.stdout
    rows = [[_safe(cell) for cell in row] for row in rows]
    if target.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for heading in headings:
            # Only the last column holds sentences, which may be broken.
            table.add_column(heading, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console(file=target, highlight=False).print(table)
        return
    lines = [headings, *rows]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(headings))]
    print_lines(
        [
            "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ],
        target,
    )


def print_problems(problems: pl.DataFrame, lang: str) -> None:
    """Show the refused rows, the first of them with their places and ways out, and count the rest."""
    refused = problems.filter(problems["kind"] == "refused")
    shown = [
        [*(str(row[name] or "") for name in ("file", "sheet", "row", "column", "message")), row["advice"] or ""]
        for row in refused.head(_MOST_ROWS).to_dicts()
    ]
    if sys.stderr.isatty():
        headings = [say(f"cli-column-{name}", lang) for name in ("file", "sheet", "row", "column", "what", "advice")]
        print_table(headings, shown, sys.stderr)
    else:
        lines = ["/".join(filter(None, row[:4])) + ": " + " ".join(filter(None, row[4:])) for row in shown]
        print_lines([_safe(line.removeprefix(": ")) for line in lines], sys.stderr)
    if refused.height > _MOST_ROWS:
        print_lines([say("cli-more-problems", lang, count=refused.height - _MOST_ROWS)], sys.stderr)


def print_notices(
    problems: pl.DataFrame, lang: str, stream: TextIO | None = None, kinds: Sequence[str] = ("notice",)
) -> None:
    """Show the notices: of each code the first with its place, and how many there are."""
    import polars as pl

    codes = (
        problems.filter(pl.col("kind").is_in(kinds))
        .group_by("code", maintain_order=True)
        .agg(pl.len().alias("count"), pl.all().exclude("code").first())
    )
    for row in codes.to_dicts():
        place = "/".join(str(row[name]) for name in ("file", "sheet", "row", "column") if row[name])
        code = "cli-notice" if row["count"] == 1 else "cli-notice-and-more"
        print_lines([_safe(say(code, lang, place=place, message=row["message"], count=row["count"] - 1))], stream)


@contextmanager
def progress_bars(lang: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show bars for long work in a terminal, nothing in a pipe; Ctrl-C that a library kept to itself ends it here."""
    if not sys.stderr.isatty():
        yield lambda *_: obey()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            obey()
            if what not in tasks:
                tasks[what] = bars.add_task(say(f"cli-progress-{what}", lang), total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show


def holder_words(holder: Mapping[str, str], lang: str) -> str:
    """Say who holds a folder."""
    known = {name: holder.get(name, "-") for name in ("user", "host", "pid", "since")}
    return say("cli-holder", lang, **known) if holder else say("cli-holder-unknown", lang)


def os_sentence(error: OSError) -> str:
    """Say what the machine refused, in the language of the words before the workspace is opened."""
    lang = language()
    name = str(error.filename) if error.filename is not None else say("cli-some-file", lang)
    words = {
        errno.ENOSPC: "cli-disk-full",
        errno.EDQUOT: "cli-disk-full",
        errno.EROFS: "cli-read-only",
        errno.EACCES: "cli-read-only",
        errno.EPERM: "cli-read-only",
        errno.ENOTDIR: "cli-not-a-folder",
        errno.EEXIST: "cli-not-a-folder",
    }
    if error.errno in words:
        return say(words[error.errno], lang, name=name)
    return say("cli-io", lang, name=name, why=error.strerror or type(error).__name__)
