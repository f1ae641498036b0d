"""The commands that make a workspace: an empty one, and the example with its year."""

from __future__ import annotations

import os
from pathlib import Path

from scoring.calling import call_of, check_language, formats_of, stop
from scoring.cli_app import Folder, Formats, Lang, Year, app, say_here
from scoring.cli_run import prepare_papers, run_calls
from scoring.messages import say
from scoring.screen import Command, language, print_lines


@app.command(cls=Command, help=say_here("cli-init-help"))
def init(folder: Folder, lang: Lang = None) -> None:
    """Make a workspace with blank ledgers."""
    check_language(lang)
    _make(folder, lang or language(), example=False)
    print_lines([say_here("cli-init-done", folder=folder)])


@app.command(cls=Command, help=say_here("cli-demo-help"))
def demo(folder: Folder, lang: Lang = None, formats: Formats = None, year: Year = False) -> None:
    """Make an example workspace and score the four quarters of 2025; publish them, too, and make the year of them."""
    from scoring.config import CONFIG

    check_language(lang)
    prepare_papers(formats)
    formats_of(formats, language())
    # A second demonstration in the same folder runs again on what is there.
    if not (folder / CONFIG).exists():
        _make(folder, lang or language(), example=True)
    os.chdir(folder)
    call = call_of(None, lang=lang, formats=formats)
    if not call.desk.example:  # a bureau's own data are no demonstration
        stop(2, say("config-exists", call.lang, folder=folder))
    if not year:
        run_calls([call], ["2025Q1", "2025Q2", "2025Q3", "2025Q4"])
        return
    _publish_example(lang, formats)
    run_calls([call_of(None, lang=lang, formats=formats)], ["2025"])


def _publish_example(lang: str | None, formats: str | None) -> None:
    """Take each quarter of the example through its stages; one that is published stays as it is."""
    from scoring.cli_life import publish, stage
    from scoring.example.life import amend, publications
    from scoring.store import latest, read_store

    for quarter, one in enumerate(publications(), 1):
        amend(Path(), quarter)
        call = call_of(None, lang=lang)
        if one.period in latest(read_store(call.desk.store)):
            continue
        run_calls([call], [one.period])
        stage(one.period, "comment", on=str(one.comment), formats="csv", lang=lang)
        stage(one.period, "decided", on=str(one.decided), by=one.meeting, formats="csv", lang=lang)
        every = ",".join(formats_of(formats, call.lang))
        publish(one.period, number=one.number, on=str(one.on), formats=every, lang=lang)


def _make(folder: Path, lang: str, *, example: bool) -> None:
    from scoring.config import ConfigError
    from scoring.workspace import make_workspace

    try:
        make_workspace(folder, lang, example=example)
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))
