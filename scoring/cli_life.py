"""The commands of a score's later life: stages, publication, verification, history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from scoring.calling import call_of, day_of, machine_faults, open_here, refusals, stop, task_of
from scoring.cli_app import Data, Formats, Lang, Out, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table, progress_bars

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    print_lines([say(f"cli-staged-{name}", lang, period=period, folder=made.folder, until=until, by=by)])
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
    facts = {"edition": head["edition"], "code": head["run_code"], "store": call.desk.store, "folder": made.folder}
    print_lines([say("cli-published", lang, period=period, **facts)])
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
    note_event(Path.cwd(), [period.id, name, str(on or ""), by, str(made.assessment.head["run_code"])])
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
    what: Annotated[str | None, argument("cli-argument-verify")] = None, out: Out = None, lang: Lang = None
) -> None:
    """Tell whether published papers and runs are as they were left, and whether their scores come out again."""
    from scoring.store import read_store
    from scoring.store.verifying import Finding, check_chain, check_edition, check_store, check_view

    workspace, lang = open_here(lang)
    _needs_workspace(workspace, lang)
    out = out or workspace.out
    editions = read_store(workspace.store)
    if what is not None and Path(what).is_file():
        _verify_file(Path(what), editions, out, lang)
        return
    what = what and _period_of(what)
    wanted = [edition for edition in editions if what in (None, edition.period)]
    views = [
        folder
        for folder in sorted(out.glob("*/"))
        if (folder / "manifest.json").exists() and what in (None, folder.name)
    ]
    if not wanted and not views:
        stop(2, say("verify-nothing", lang, what=what or workspace.store))
    found: list[Finding] = [*check_store(workspace.store), *check_chain(editions)]
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
    if any(one.code != "verify-no-view" for one in found):
        stop(1, say("verify-bad", lang, count=sum(one.code != "verify-no-view" for one in found)))
    print_lines([say("verify-good", lang, editions=len(wanted), views=len(views))])


def _needs_workspace(workspace: Workspace, lang: str) -> None:
    if not workspace.exists and not workspace.store.is_dir() and not workspace.out.is_dir():
        stop(2, say("cli-no-workspace", lang))


def _period_of(text: str) -> str:
    """Return a period as it is named in folders: typed wide or small, or the folder itself."""
    from scoring.intake.fold import fold_id

    name = Path(text).name if Path(text).is_dir() else text
    return fold_id(name).upper() if fold_id(name).upper()[:4].isdigit() else fold_id(name)


def _score_again(edition: Edition, editions: Sequence[Edition], lang: str) -> list[Finding]:
    from scoring.config import read_holidays
    from scoring.store.verifying import check_scores, holidays_of
    from scoring.workdays import Workdays, Year

    path = holidays_of(edition)
    years = {year: Year(*days) for year, days in read_holidays(path, lang).items()} if path else {}
    return check_scores(edition, editions, Workdays(years))


def _verify_file(path: Path, editions: Sequence[Edition], out: Path, lang: str) -> None:
    """Look a paper up by its bytes among those of every edition and of the current runs."""
    from scoring.store.editions import file_hash
    from scoring.store.verifying import places_of

    digest = file_hash(path)
    places = places_of(digest, editions, out)
    if not places:
        stop(1, say("verify-file-unknown", lang, file=path))
    for place in places:
        print_lines([say("verify-file-known", lang, file=path, **place)])


def _tell(found: Sequence[Finding], lang: str) -> None:
    print_lines([say(one.code, lang, file=one.file, where=one.where) for one in found], sys.stderr)


@app.command(cls=Command, help=say_here("cli-history-help"))
def history(out: Out = None, lang: Lang = None) -> None:
    """List periods, editions, schemes and run codes, and the drafts in work."""
    from scoring.store import read_store
    from scoring.store.listing import COLUMNS, listing

    workspace, lang = open_here(lang)
    _needs_workspace(workspace, lang)
    rows = listing(read_store(workspace.store), out or workspace.out, lang)
    if not rows:
        print_lines([say("history-none", lang, store=workspace.store)])
        return
    headings = [say(f"cli-column-{name.replace('_', '-')}", lang) for name in COLUMNS]
    print_table(headings, [[row.get(name) or "" for name in COLUMNS] for row in rows])
    if any("seal" in row for row in rows):
        print_lines(["", say("history-seal", lang)])
