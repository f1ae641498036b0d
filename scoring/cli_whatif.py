"""The command `whatif`: a page on which a period's weights and policies can be moved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from scoring.calling import call_of, refusals, stop, task_of
from scoring.cli_app import AsOf, Data, Lang, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines


@app.command(cls=Command, help=say_here("cli-whatif-help"))
def whatif(
    period: Annotated[str, argument("cli-argument-period")],
    to: Annotated[Path | None, option("--page", "FILE")] = None,
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Write the play page of a period."""
    from scoring.outfolder import write_whole
    from scoring.whatif import NothingToPlayError, play_page

    call = call_of(data, weights, None, as_of, lang)
    lang = call.lang
    with refusals(lang):
        job, span = task_of(period, call, trial=weights is not None)
        try:
            page = play_page((job, span)).encode("utf-8")
        except NothingToPlayError as nothing:
            stop(2, say(nothing.code, lang, period=span.id))
        path = to or Path(f"whatif-{span.id}.html")
        write_whole(path, page)
    print_lines([say("whatif-written", lang, path=path, size=-(-len(page) // 1000))])
