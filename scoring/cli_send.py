"""The commands `send` and `register`: packages on their way to the towns, and who got what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from scoring.calling import day_of, machine_faults, open_here, period_label, stop
from scoring.cli_app import Lang, Out, app, argument, option, say_here
from scoring.handing import handed
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.handing import Handed
    from scoring.sending import Item, Journal, Outcome, Parcel, SendingError
    from scoring.sending.register import Entry
    from scoring.workspace import Workspace


@app.command(cls=Command, help=say_here("cli-send-help"))
def send(
    period: Annotated[str, argument("cli-argument-period")],
    stage: Annotated[str | None, option("--stage", "comment")] = None,
    folder: Annotated[Path | None, option("--folder", "DIR")] = None,
    dry_run: Annotated[bool, option("--dry-run")] = False,
    one_address: Annotated[bool, option("--one-address")] = False,
    anew: Annotated[bool, option("--anew")] = False,
    packages: Annotated[Path | None, option("--packages", "DIR")] = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """Bring each town its package: by mail, or into a shared folder."""
    from scoring.config import ConfigError
    from scoring.reports.labels import Labels
    from scoring.sending import SendingError, Server, copy_out, letters, password_of
    from scoring.sending import send as mail_out

    workspace, lang = open_here(lang)
    with machine_faults(lang):
        what = handed(workspace, period, stage, out or workspace.out, lang)
        parcels = _parcels(packages or workspace.root / "packages", what, lang)
        try:
            journal = _journal(workspace)
            if folder is not None:
                if dry_run:
                    stop(2, say("send-dry-mail", lang))
                _tell(copy_out(parcels, folder, journal, now=_now, anew=anew), lang)
                return
            mail = workspace.mail
            if not mail.get("host"):
                stop(2, say("send-no-server", lang))
            server = Server(
                mail["host"], mail["port"], mail["security"], mail["user"], mail["sender"],
                ca_file=workspace.root / mail["ca_file"] if mail["ca_file"] else None,
            )  # fmt: skip
            # Addresses are those of the towns table as it was published, whatever stands in it today.
            if what.towns is None:
                stop(1, say("send-no-addresses", lang))
            towns = what.towns.select("town_code", "email").drop_nulls()
            render = letters(workspace.settings(lang), Labels(what.assessment.head, lang).period)
            password = password_of(server.user) if server.user and not dry_run else None
            done = mail_out(
                parcels, dict(towns.iter_rows()), server, password, journal, render, _now,
                dry_run=dry_run, shared_addresses=one_address, anew=anew,
            )  # fmt: skip
        except ConfigError as error:
            stop(2, say(error.code, lang, **error.parameters))
        except SendingError as error:
            _refuse(error, lang)
    _tell(done, lang)


@app.command(cls=Command, help=say_here("cli-register-help"))
def register(
    period: Annotated[str | None, argument("cli-argument-register")] = None,
    signed: Annotated[str | None, option("--signed", "TOWN")] = None,
    arrived: Annotated[str | None, option("--arrived", "TOWN")] = None,
    lost: Annotated[str | None, option("--lost", "TOWN")] = None,
    by: Annotated[str, option("--by-whom", "NAME")] = "",
    why: Annotated[str, option("--why", "TEXT")] = "",
    on: Annotated[str | None, option("--on", "DATE")] = None,
    stage: Annotated[str | None, option("--stage", "comment")] = None,
    sheet: Annotated[Path | None, option("--sheet", "FILE")] = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """List who got which edition, and note who signed or what became of an unclear mail."""
    from scoring.sending import SendingError

    workspace, lang = open_here(lang)
    asked = [name for name in (signed, arrived, lost) if name]
    if len(asked) > 1 or (asked and period is None):
        stop(2, say("register-one", lang))
    with machine_faults(lang):
        try:
            journal = _journal(workspace)
            if asked:
                what = handed(workspace, period or "", stage, out or workspace.out, lang)
                _note(
                    journal,
                    what,
                    asked[0],
                    signed=bool(signed),
                    sent=bool(arrived),
                    by=by,
                    why=why,
                    on=on,
                    lang=lang,
                )
            _list(workspace, journal, period, sheet, lang)
        except SendingError as error:
            _refuse(error, lang)


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


def _journal(workspace: Workspace) -> Journal:
    from scoring.sending import Journal

    (workspace.root / "sent").mkdir(exist_ok=True)
    return Journal(workspace.root / "sent" / "journal.jsonl")


def _parcels(packages: Path, what: Handed, lang: str) -> list[Parcel]:
    """Return each town's archive as it was packed."""
    import json

    from scoring.packing.known import folder_of
    from scoring.sending import Parcel, SendingError

    run_code = str(what.assessment.head["run_code"])
    folder = packages / folder_of(what.period, what.edition, what.stage)
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        told = manifest["towns"]
    except (OSError, ValueError, KeyError):
        stop(1, say("send-not-packed", lang, period=what.period, folder=folder))
    if manifest["run_code"] != run_code:
        stop(1, say("send-other-run", lang, period=what.period, folder=folder))
    try:
        return [
            Parcel(
                code, one["town"], what.period, what.edition, run_code,
                (folder / one["archive"],), {one["archive"]: one["sha256"]}, what.stage,
            )
            for code, one in told.items()
        ]  # fmt: skip
    except SendingError as error:
        _refuse(error, lang)


def _note(
    journal: Journal,
    what: Handed,
    town: str,
    *,
    signed: bool,
    sent: bool,
    by: str,
    why: str,
    on: str | None,
    lang: str,
) -> None:
    from scoring.calling import town_called
    from scoring.sending import resolve
    from scoring.sending.register import sign

    names = what.assessment.scores.select("town_code", name="town").with_columns(aliases=[])
    code = town_called(town, what.towns if what.towns is not None else names, lang)
    if signed:
        day = day_of(on, lang) or _now().date()
        sign(journal, what.period, what.edition, code, by, day.isoformat(), _now(), what.stage)
        return
    own = ("mail", what.period, what.edition, code, what.stage)
    keys = [key for key in dict.fromkeys(line.key for line in journal.lines) if key.of == own]
    if not keys:
        stop(1, say("sending-not-unclear", lang, town=code, period=what.period))
    # Of several, the one that nobody knows about; else what went out last.
    resolve(journal, next((key for key in keys if key in journal.unclear()), keys[-1]), sent, by, why, _now())


def _list(workspace: Workspace, journal: Journal, period: str | None, sheet: Path | None, lang: str) -> None:
    from scoring.packing.known import manifests
    from scoring.sending.register import entries

    called = {
        (told["period"], told["edition"], told["stage"], code): one["town"]
        for told in manifests(workspace.root / "packages")
        for code, one in told["towns"].items()
    }
    name = period_label(period, {line.key.period for line in journal.lines}) if period else None
    rows = entries(journal, [name] if name else [])
    if not rows:
        print_lines([say("register-none", lang)])
        return
    names = ("period", "edition", "town", "way", "state", "at", "to", "hash", "receipt", "signed-on")
    headings = [say(f"register-{one}", lang) for one in names]
    told = [
        [
            one.period,
            _which(one, lang),
            called.get((one.period, one.edition, one.stage, one.town_code), one.town_code),
            say(f"register-way-{one.way}", lang),
            say(f"register-state-{one.state}", lang),
            one.at[:16].replace("T", " "),
            one.to,
            one.hash[:16],
            one.receipt,
            one.signed_on,
        ]
        for one in rows
    ]
    print_table(headings, told)
    for notice in journal.notices:
        print_lines([notice.said(lang)])
    if sheet is not None:
        _write(workspace, headings, told, sheet, lang)


def _which(one: Entry, lang: str) -> str:
    if one.stage != "published":
        return say("register-draft", lang, edition=one.edition, stage=say(f"reports-stage-{one.stage}", lang))
    if one.replaces:
        return say("register-replaces", lang, edition=one.edition, old=one.replaces)
    return str(one.edition)


def _write(workspace: Workspace, headings: Sequence[str], rows: Sequence[Sequence[str]], path: Path, lang: str) -> None:
    from scoring.reports.book import Book, Column

    title = say("register-title", lang)
    widths = (10, 12, 12, 11, 9, 17, 40, 19, 12, 12)
    # The register grows from day to day: it is of the day on which it was written.
    with Book(path, title=title, run_line=str(workspace.root.name), made=_now().date(), decimals=0, lang=lang) as book:
        columns = [Column(heading, width) for heading, width in zip(headings, widths, strict=True)]
        book.table(title, columns, rows)
    print_lines([say("register-written", lang, path=path)])


def _tell(done: Outcome, lang: str) -> None:
    """Say what came of every town, the worst last; end with 1 where a person is needed."""
    groups: Mapping[str, list[Item]] = {
        name: getattr(done, name) for name in ("already", "ready", "sent", "failed", "unclear")
    }
    rows = [
        [item.town, say(f"send-{name}", lang), item.to, item.why.said(lang)]
        for name, items in groups.items()
        for item in items
    ]
    print_table([say(f"send-column-{name}", lang) for name in ("town", "state", "to", "why")], rows)
    for notice in done.notices:
        print_lines([notice.said(lang)])
    counts = {name: len(items) for name, items in groups.items()}
    print_lines(["", say("send-summary", lang, **counts)])
    if done.unclear:
        print_lines([say("send-unclear-advice", lang)])
    if done.failed or done.unclear:
        raise typer.Exit(1)


def _refuse(error: SendingError, lang: str) -> NoReturn:
    stop(1, error.reason.said(lang))
