"""The application `townscore`, and the options and arguments that its commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoring.messages import say
from scoring.screen import Group, language


def say_here(code: str, **parameters: object) -> str:
    """Say a sentence in the language of the words before the workspace is opened."""
    return say(code, language(), **parameters)


def option(name: str, metavar: str | None = None, code: str | None = None) -> typer.models.OptionInfo:
    """Return an option whose help stands in the catalogue as `cli-option-NAME`, or under a code of its own."""
    code = code or f"cli-option-{name.removeprefix('--')}"
    return typer.Option(name, metavar=metavar, help=say_here(code), show_default=False)  # type: ignore[no-any-return]


def argument(code: str) -> typer.models.ArgumentInfo:
    """Return an argument whose help is this code's sentence."""
    return typer.Argument(help=say_here(code), show_default=False)  # type: ignore[no-any-return]


app = typer.Typer(
    cls=Group, help=say_here("cli-help"), no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
weights = typer.Typer(cls=Group, help=say_here("cli-weights-help"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(weights, name="weights")

Folders = Annotated[list[Path] | None, option("--data", "DIR")]
Data = Annotated[Path | None, option("--data", "DIR")]
Weights = Annotated[Path | None, option("--weights", "FILE")]
Out = Annotated[Path | None, option("--out", "DIR")]
AsOf = Annotated[str | None, option("--as-of", "DATE")]
Lang = Annotated[str | None, option("--lang", "zh|en")]
Formats = Annotated[str | None, option("--formats", "LIST")]
Year = Annotated[bool, option("--year")]
SetAside = Annotated[bool, option("--set-aside")]
Cluster = Annotated[str | None, option("--cluster", "ADDRESS")]
NoCache = Annotated[bool, option("--no-cache")]
Periods = Annotated[list[str], argument("cli-argument-periods")]
Folder = Annotated[Path, argument("cli-argument-folder")]
Scheme = Annotated[Path | None, argument("cli-argument-scheme")]
