"""The command `board`: one offline page of what is open, due, overdue, sampled and sent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from scoring.calling import call_of, machine_faults, masking_words, open_here, refusals, stop, wrong_schemes
from scoring.cli_app import Data, Lang, Weights, app, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines


@app.command(cls=Command, help=say_here("cli-board-help"))
def board(
    on: Annotated[str | None, option("--on", "DATE")] = None,
    file: Annotated[Path | None, option("--file", "FILE")] = None,
    words: Annotated[Path | None, option("--words", "FILE")] = None,
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Write the officer's board."""
    from scoring.outfolder import write_whole
    from scoring.reports.templates import make_environment
    from scoring.sending import SendingError
    from scoring.supervision.board import facts_of, gather, page_of

    call = call_of(data, weights, None, on, lang)
    desk, lang = call.desk, call.lang
    day = desk.as_of or datetime.now(UTC).astimezone().date()
    workspace, _ = open_here(lang)
    # What stays is known once the ledgers are read.
    masks = masking_words(words, (), lang)
    with machine_faults(lang), refusals(lang), wrong_schemes(lang):
        try:
            seen, labels = gather(desk, call.schemes, day, masks, workspace.root / "sent" / "journal.jsonl")
        except SendingError as error:
            stop(1, error.reason.said(lang))
        facts = facts_of(seen, labels, lang)
        environment = make_environment(desk.settings.templates, lang)
        page = page_of(facts, desk.settings.bureau, lang, environment, example=desk.example).encode("utf-8")
        path = file or Path(f"board-{day}.html")
        write_whole(path, page)
    groups = [one["group"] for one in facts["findings"]]
    counts = {name: groups.count(name) for name in ("overdue", "week", "later", "waiting")}
    open_ = counts["overdue"] + counts["week"] + counts.pop("later")
    if facts["unscored"]:
        print_lines([say("board-unscored", lang, count=facts["unscored"])])
    print_lines([say("board-written", lang, path=path, size=-(-len(page) // 1000), open=open_, **counts)])
