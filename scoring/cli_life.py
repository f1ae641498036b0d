"""The commands of a score's later life: stages, publication, verification, history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scoring.calling import call_of, day_of, machine_faults, open_here, period_label, refusals, stop, task_of
from scoring.cli_app import Data, Formats, Lang, Out, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table, progress_bars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.calling import Call
    from scoring.publishing import Paper, Staged
    from scoring.store import Edition
    from scoring.store.verifying import Finding
    from scoring.workspace import Workspace

Period = Annotated[str, argument("cli-argument-period")]
Stage = Annotated[str, argument("cli-argument-stage")]
On = Annotated[str | None, option("--on", "DATE")]
By = Annotated[str, option("--by", "TEXT")]
Number = Annotated[str, option("--number", "TEXT")]
Scan = Annotated[Path | None, option("--scan", "FILE")]
Reason = Annotated[str, option("--reason", "TEXT")]
Seal = Annotated[str | None, option("--seal", "TEXT")]
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
    from scoring.runlog import note_event, who
    from scoring.store.stages import StageError
    from scoring.workers import prepare, printer

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
        _tell(altered.found, lang)
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


@app.command(cls=Command, help=say_here("cli-verify-help"))
def verify(
    what: Annotated[str | None, argument("cli-argument-verify")] = None,
    seal: Seal = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """Tell whether published papers and runs are as they were left, and whether their scores come out again."""
    from scoring.store import read_store
    from scoring.store.verifying import HINTS, Finding, check_edition, check_view

    workspace, lang = open_here(lang)
    _needs_workspace(workspace, lang)
    out = out or workspace.out
    editions = read_store(workspace.store)
    if what is not None and Path(what).is_file():
        _verify_file(Path(what), editions, out, workspace.root / "packages", lang)
        return
    if seal is not None:
        _verify_seal(seal, editions, workspace.store, lang)
        return
    what = what and _period_of(what, editions)
    wanted = [edition for edition in editions if what in (None, edition.period)]
    views = [
        folder
        for folder in sorted(out.glob("*/"))
        if (folder / "manifest.json").exists() and what in (None, folder.name)
    ]
    found: list[Finding] = _check_whole(workspace.store, out, editions)
    if not wanted and not views and not found:
        stop(2, say("verify-nothing", lang, what=what or workspace.store))
    known = {edition.period for edition in editions}
    # A folder of a published period without its manifest is no view of it, whatever lies in it.
    found += [
        Finding("verify-removed", "manifest.json", folder.name)
        for folder in sorted(out.glob("*/"))
        if folder.name in known and not (folder / "manifest.json").exists() and what in (None, folder.name)
    ]
    for folder in views:
        found += check_view(folder, editions)
    broken: set[tuple[str, int]] = set()
    for edition in editions:
        if own := check_edition(edition):
            broken.add((edition.period, edition.number))
            found += own if edition in wanted else []
    for edition in wanted:
        # What takes over from an edition that is no longer whole cannot be scored again.
        if not broken & {(edition.period, edition.number), *edition.said["past"].items()}:
            found += _score_again(edition, editions, lang)
    lost = {edition.period for edition in editions} - {folder.name for folder in views}
    found += [Finding("verify-no-view", period) for period in sorted(lost) if what in (None, period)]
    _tell(found, lang)
    if wrong := sum(one.code not in HINTS for one in found):
        stop(1, say("verify-bad", lang, count=wrong))
    print_lines([say("verify-good", lang, editions=len(wanted), views=len(views))])


def _check_whole(store: Path, out: Path, editions: Sequence[Edition]) -> list[Finding]:
    """Check what binds the editions of a store together, and the stages of all drafts."""
    from scoring.store.verifying import check_chain, check_issued, check_stages, check_store

    drafts = [path.parent for path in sorted(out.glob("*/assessment.json"))]
    return [
        *check_store(store),
        *check_chain(editions),
        *check_issued(store, editions),
        *check_stages(store, drafts, editions),
    ]


def _verify_seal(text: str, editions: Sequence[Edition], store: Path, lang: str) -> None:
    """Tell which edition a seal copied on paper belongs to, and whether all up to that one is as it was."""
    from scoring.intake.fold import fold_id
    from scoring.store.listing import SHOWN
    from scoring.store.verifying import check_chain, check_edition, check_issued

    wanted = fold_id(text).lower()
    if len(wanted) < SHOWN or set(wanted) - set("0123456789abcdef"):
        stop(2, say("verify-seal-unreadable", lang, seal=text, length=SHOWN))
    own = [edition for edition in editions if edition.seal.startswith(wanted)]
    if not own:
        _tell(check_issued(store, editions), lang)
        stop(1, say("verify-seal-unknown", lang, seal=wanted, editions=len(editions)))
    edition = own[0]
    before = [other for other in editions if other.sequence <= edition.sequence]
    found = [*check_chain(before), *(one for other in before for one in check_edition(other))]
    _tell(found, lang)
    said = {"number": edition.said["number"], "on": edition.said["on"], "count": len(before)}
    said |= {"seal": wanted, "period": edition.period, "edition": edition.number}
    if found:
        stop(1, say("verify-seal-broken", lang, **said))
    print_lines([say("verify-seal-known", lang, **said)])


def _needs_workspace(workspace: Workspace, lang: str) -> None:
    if not workspace.exists and not workspace.store.is_dir() and not workspace.out.is_dir():
        stop(2, say("cli-no-workspace", lang))


def _period_of(text: str, editions: Sequence[Edition]) -> str:
    """Return a period as it is named in folders: in any form that a ledger may have, or the folder itself."""
    known = {edition.period for edition in editions}
    return period_label(Path(text).name if Path(text).is_dir() else text, known)


def _score_again(edition: Edition, editions: Sequence[Edition], lang: str) -> list[Finding]:
    from scoring.config import read_holidays
    from scoring.store.verifying import check_scores, holidays_of
    from scoring.workdays import Workdays, Year

    path = holidays_of(edition)
    years = {year: Year(*days) for year, days in read_holidays(path, lang).items()} if path else {}
    return check_scores(edition, editions, Workdays(years))


def _verify_file(path: Path, editions: Sequence[Edition], out: Path, packages: Path, lang: str) -> None:
    """Look a paper up by its bytes among those of every edition, of the current runs and of what towns were handed."""
    from scoring.packing.known import known_file
    from scoring.store.editions import file_hash
    from scoring.store.verifying import places_of

    digest = file_hash(path)
    places = places_of(digest, editions, out)
    handed = known_file(path.name, digest, packages, editions)
    if not places and not any(one.genuine for one in handed):
        for one in handed:
            print_lines([say("verify-handed-altered", lang, file=path, **vars(one))], sys.stderr)
        stop(1, say("verify-file-unknown", lang, file=path))
    for one in handed:
        facts = {**vars(one), "stage": say(f"reports-stage-{one.stage}", lang)}
        print_lines([say("verify-handed", lang, file=path, **facts)])
        if one.newer is not None:
            print_lines([say("verify-handed-superseded", lang, **facts)])
    for place in places:
        print_lines([say("verify-file-known", lang, file=path, **place)])


def _tell(found: Sequence[Finding], lang: str) -> None:
    print_lines([say(one.code, lang, file=one.file, where=one.where) for one in found], sys.stderr)


@app.command(cls=Command, help=say_here("cli-history-help"))
def history(out: Out = None, lang: Lang = None) -> None:
    """List periods, editions, schemes and run codes, and the drafts in work."""
    from scoring.store import read_store
    from scoring.store.listing import COLUMNS, listing
    from scoring.store.verifying import HINTS, check_chain, check_issued

    workspace, lang = open_here(lang)
    _needs_workspace(workspace, lang)
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
    _tell(gone, lang)
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
    _needs_workspace(workspace, lang)
    name = _period_of(period, read_store(workspace.store))
    try:
        with machine_faults(lang):
            done = bring_back(out or workspace.out, workspace.store, name, who(), discard=discard)
    except StageError as error:
        stop(2, say(error.code, lang, **error.parameters))
    except Broken as broken:
        _tell(broken.found, lang)
        stop(1, say("restore-broken", lang, period=name))
    except WouldLose as lost:
        _tell(lost.found, lang)
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
        _tell(done.found, lang)
    note_event(Path.cwd(), [name, "restored", "", "", str(done.edition.said["run_code"])])


def _draft_words(draft: Mapping[str, Any] | None, lang: str) -> dict[str, object]:
    if draft is None:
        return {}
    stage = say(f"reports-stage-{draft['stage']}", lang)
    return {"draft": draft["edition"], "stage": stage, "draft_code": draft["run_code"]}
