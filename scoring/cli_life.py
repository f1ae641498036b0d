"""The commands of a score's later life: stages, publication, verification, history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scoring.calling import (
    call_of,
    day_of,
    machine_faults,
    needs_workspace,
    open_here,
    published_period,
    refusals,
    stop,
    task_of,
    tell,
)
from scoring.cli_app import Data, Formats, Lang, Out, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table, progress_bars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.calling import Call
    from scoring.publishing import Paper, Staged

Period = Annotated[str, argument("cli-argument-period")]
Stage = Annotated[str, argument("cli-argument-stage")]
On = Annotated[str | None, option("--on", "DATE")]
By = Annotated[str, option("--by", "TEXT")]
Number = Annotated[str, option("--number", "TEXT")]
Scan = Annotated[Path | None, option("--scan", "FILE")]
Reason = Annotated[str, option("--reason", "TEXT")]
Discard = Annotated[bool, option("--discard")]


@app.command(cls=Command, help=say_here("cli-stage-help"))
def stage(
    period: Period,
    name: Stage,
    on: On = None,
    by: By = "",
    data: Data = None,
    weights: Weights = None,
    out: Out = None,
    lang: Lang = None,
    formats: Formats = None,
) -> None:
    """Print a draft anew at its next stage."""
    from scoring.publishing import ORDER

    call = call_of(data, weights, out, None, lang, formats)
    lang = call.lang
    if name not in ORDER[:-1]:
        stop(2, say("cli-unknown-stage", lang, name=name, known=", ".join(ORDER[:-1])))
    if name != "internal" and on is None:
        stop(2, say("cli-stage-needs-day", lang))
    if name == "decided" and not by:
        stop(2, say("cli-stage-needs-name", lang))
    made = _carry_out(call, period, name, on, by, None, call.desk.formats if formats else ())
    until = made.stages.get("comment", {}).get("until", "")
    print_lines([say(f"cli-staged-{name}", lang, period=made.folder.name, folder=made.folder, until=until, by=by)])
    _tell_differences(made, lang)


@app.command(cls=Command, help=say_here("cli-publish-help"))
def publish(
    period: Period,
    number: Number = "",
    on: On = None,
    scan: Scan = None,
    reason: Reason = "",
    data: Data = None,
    weights: Weights = None,
    out: Out = None,
    lang: Lang = None,
    formats: Formats = None,
) -> None:
    """Seal a decided draft as an edition that nothing changes any more."""
    from scoring.publishing import Paper

    call = call_of(data, weights, out, None, lang, formats)
    lang = call.lang
    if on is None or not number.strip():
        stop(2, say("cli-publish-needs", lang))
    day = day_of(on, lang)
    assert day is not None
    made = _carry_out(
        call,
        period,
        "published",
        on,
        "",
        Paper(number.strip(), day, scan, reason.strip()),
        call.desk.formats if formats else (),
    )
    head = made.assessment.head
    facts = {"edition": head["edition"], "code": head["run_code"], "seal": made.seal}
    facts |= {"store": call.desk.store, "folder": made.folder}
    print_lines([say("cli-published", lang, period=made.folder.name, **facts)])
    _tell_differences(made, lang)


def _carry_out(
    call: Call, label: str, name: str, on: str | None, by: str, paper: Paper | None, formats: tuple[str, ...]
) -> Staged:
    from scoring import publishing
    from scoring.printing import printer
    from scoring.runlog import note_event, who
    from scoring.store.stages import StageError
    from scoring.workers import prepare

    lang = call.lang
    job, period = task_of(label, call)
    day = day_of(on, lang) or period.end
    prepare()
    try:
        with refusals(lang), machine_faults(lang), printer() as workers, progress_bars(lang) as progress:
            if paper is not None:
                made = publishing.publish(job, period, paper, workers, progress, who(), formats)
            else:
                made = publishing.stage(job, period, name, day, by, workers, progress, who(), formats)
    except StageError as error:
        stop(2, say(error.code, lang, **error.parameters))
    except publishing.Altered as altered:
        tell(altered.found, lang)
        stop(1, say("stage-altered", lang, period=period.id))
    note_event(Path.cwd(), [period.id, name, day.isoformat() if on else "", by, str(made.assessment.head["run_code"])])
    return made


def _tell_differences(made: Staged, lang: str) -> None:
    """Say which towns the last edition shows otherwise, each with both scores."""
    if made.differs is None:
        return
    if made.differs.is_empty():
        print_lines([say("cli-differs-nowhere", lang)])
        return
    print_lines([say("cli-differs", lang, count=made.differs.height)])
    columns = ("town", "score_before", "score_after", "rank_before", "rank_after")
    headings = [say(f"cli-column-{name.replace('_', '-')}", lang) for name in columns]
    print_table(headings, [[cell or "" for cell in row] for row in made.differs.select(columns).rows()])


@app.command(cls=Command, help=say_here("cli-history-help"))
def history(out: Out = None, lang: Lang = None) -> None:
    """List periods, editions, schemes and run codes, and the drafts in work."""
    from scoring.store import read_store
    from scoring.store.listing import COLUMNS, listing
    from scoring.store.verifying import HINTS, check_chain, check_issued

    workspace, lang = open_here(lang)
    needs_workspace(workspace, lang)
    editions = read_store(workspace.store)
    rows = listing(editions, out or workspace.out, lang)
    if not rows:
        print_lines([say("history-none", lang, store=workspace.store)])
    else:
        headings = [say(f"cli-column-{name.replace('_', '-')}", lang) for name in COLUMNS]
        print_table(headings, [[row.get(name) or "" for name in COLUMNS] for row in rows])
    if any("seal" in row for row in rows):
        print_lines(["", say("history-seal", lang)])
    gone = [*check_chain(editions), *check_issued(workspace.store, editions)]
    tell(gone, lang)
    if any(one.code not in HINTS for one in gone):
        raise typer.Exit(1)


@app.command(cls=Command, help=say_here("cli-restore-help"))
def restore(period: Period, discard: Discard = False, out: Out = None, lang: Lang = None) -> None:
    """Let the published view of a period stand in the folder of results again."""
    from scoring.restoring import Broken, WouldLose
    from scoring.restoring import restore as bring_back
    from scoring.runlog import note_event, who
    from scoring.store import read_store
    from scoring.store.stages import StageError

    workspace, lang = open_here(lang)
    needs_workspace(workspace, lang)
    name = published_period(period, read_store(workspace.store))
    try:
        with machine_faults(lang):
            done = bring_back(out or workspace.out, workspace.store, name, who(), discard=discard)
    except StageError as error:
        stop(2, say(error.code, lang, **error.parameters))
    except Broken as broken:
        tell(broken.found, lang)
        stop(1, say("restore-broken", lang, period=name))
    except WouldLose as lost:
        tell(lost.found, lang)
        code = "restore-staged" if lost.draft else "restore-edited"
        stop(2, say(code, lang, period=name, folder=lost.folder, **_draft_words(lost.draft, lang)))
    facts = {"period": name, "edition": done.edition.number, "folder": done.folder}
    facts |= {"code": done.edition.said["run_code"], "number": done.edition.said["number"]}
    if done.unchanged:
        print_lines([say("restore-unchanged", lang, **facts)])
        return
    print_lines([say("restore-done", lang, **facts)])
    if done.draft is not None:
        print_lines([say("restore-replaced", lang, period=name, **_draft_words(done.draft, lang))])
    if done.found:
        print_lines([say("restore-put-right", lang)])
        tell(done.found, lang)
    note_event(Path.cwd(), [name, "restored", "", "", str(done.edition.said["run_code"])])


def _draft_words(draft: Mapping[str, Any] | None, lang: str) -> dict[str, object]:
    if draft is None:
        return {}
    stage = say(f"reports-stage-{draft['stage']}", lang)
    return {"draft": draft["edition"], "stage": stage, "draft_code": draft["run_code"]}
