"""The command `match`: recipients against other lists, alerts to the towns and back, posted lists looked through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from scoring.calling import Call, call_of, day_of, machine_faults, open_here, reader_of, refusals, stop
from scoring.cli_app import Data, Lang, Out, SetAside, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_notices, print_problems, print_table

if TYPE_CHECKING:
    import polars as pl

    from scoring.intake import Intake
    from scoring.intake.problems import Problems
    from scoring.supervision.matching.policy import Policy
    from scoring.supervision.matching.secret import Secret
    from scoring.supervision.matching.sheets import Words

FOLDER: Final = "matching"
LISTS: Final = "lists"


@dataclass(frozen=True)
class _Desk:
    """What every form of the command works on: the towns, the policy, the bureau's own folder of matching."""

    call: Call
    folder: Path
    supervision: Path
    intake: Intake
    policy: Policy
    words: Words
    labels: Mapping[str, str]

    @property
    def lang(self) -> str:
        return self.call.lang

    @property
    def towns(self) -> pl.DataFrame:
        return self.intake.tables.towns


@app.command(cls=Command, help=say_here("cli-match-help"))
def match(
    what: Annotated[list[str] | None, argument("cli-argument-match")] = None,
    feedback: Annotated[bool, option("--feedback")] = False,
    posted: Annotated[bool, option("--posted")] = False,
    lists: Annotated[Path | None, option("--lists", "DIR")] = None,
    on: Annotated[str | None, option("--found-on", "DATE")] = None,
    data: Data = None,
    out: Out = None,
    set_aside: SetAside = False,
    lang: Lang = None,
) -> None:
    """Match recipients against lists, take in what came back, or look through posted lists."""
    call = call_of(data, None, out, None, lang)
    given = what or []
    if feedback and posted:
        stop(2, say("matching-both", call.lang))
    if not given:
        stop(2, say("matching-nothing" if feedback or posted else "matching-no-month", call.lang))
    files = _files(given, call.lang) if feedback or posted else []
    day = day_of(on, call.lang)
    with machine_faults(call.lang), refusals(call.lang):
        desk = _desk(call)
        if feedback:
            _feedback(desk, files)
        elif posted:
            _posted(desk, files, day)
        elif len(given) > 1:
            stop(2, say("matching-one-month", call.lang))
        else:
            _match(desk, given[0], lists, day, set_aside=set_aside)


def _files(given: Sequence[str], lang: str) -> list[Path]:
    files = [Path(name) for name in given]
    for file in files:
        if not file.is_file():
            stop(2, say("matching-no-file", lang, file=file))
    return files


def _desk(call: Call) -> _Desk:
    from scoring.config import ConfigError
    from scoring.intake import read_folder
    from scoring.scheme import vocabulary
    from scoring.supervision.matching.policy import POLICY, read_policy
    from scoring.supervision.matching.sheets import Words

    lang = call.lang
    workspace, _ = open_here(lang)
    known = vocabulary(reader_of(None, call).scheme.scheme)
    try:
        policy = read_policy(workspace.root, lang)
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))
    for kind, finding in policy.findings:
        wrong = [
            name
            for name, value, allowed in (
                ("indicator", finding.indicator, {*known.indicators, *known.indicator_aliases}),
                ("severity", finding.severity, known.severities),
            )
            if allowed and value is not None and value not in allowed
        ]
        for name in wrong:
            stop(
                2, say("matching-policy-unknown", lang, file=POLICY, kind=kind, name=name, value=getattr(finding, name))
            )
    # Only the towns are asked of the data folder: a bad row elsewhere is the run's own matter.
    intake = read_folder(call.desk.data, known, lang=lang)
    towns = intake.tables.towns
    if towns.is_empty():
        print_problems(intake.problems, lang)
        stop(1, say("matching-no-towns", lang, folder=call.desk.data))
    names = dict(zip(towns["town_code"], towns["name"], strict=True))
    words = Words(names, call.desk.settings.bureau, lang)
    # A label stands in the ledger only where every scheme that may score it calls the indicator so.
    every = [vocabulary(one.loaded.scheme).indicators for one in call.schemes.listed if one.loaded]
    labels = {key: label for key, label in known.indicators.items() if all(own.get(key) == label for own in every)}
    return _Desk(call, workspace.root / FOLDER, workspace.supervision, intake, policy, words, labels)


@contextmanager
def _held(desk: _Desk) -> Iterator[tuple[pl.DataFrame, Secret]]:
    """Give the register of alerts and the key, held for this command alone."""
    from scoring.outfolder import locked
    from scoring.runlog import who
    from scoring.supervision.matching.alerts import read_alerts
    from scoring.supervision.matching.secret import WrongKey, open_secret

    with locked(desk.folder, who()):
        try:
            secret = open_secret(desk.folder)
            alerts = read_alerts(desk.folder, secret)
        except WrongKey as wrong:
            stop(2, say(wrong.code, desk.lang, path=wrong.path))
        yield alerts, secret


# ------------------------------------------------------------------------------------------------- a match


def _match(desk: _Desk, label: str, lists: Path | None, on: date | None, *, set_aside: bool) -> None:
    from scoring.intake.problems import write_problems
    from scoring.intake.towns import town_names
    from scoring.intake.values import read_month
    from scoring.supervision.matching.alerts import raised, write_alerts
    from scoring.supervision.matching.facts import find
    from scoring.supervision.matching.notices import say_odd
    from scoring.supervision.matching.registers import number_of, read_registers

    lang = desk.lang
    month = read_month(label).value
    if not isinstance(month, str):
        stop(2, say("matching-bad-month", lang, text=label))
    folder = lists or desk.folder / LISTS
    if not folder.is_dir():
        stop(2, say("matching-no-lists", lang, folder=folder))
    # An open alert has the months up to the one matched: an earlier one would take away what towns hold already.
    if later := sorted(one.name for one in (desk.call.desk.out / FOLDER).glob("????-??") if one.name > month):
        stop(1, say("matching-earlier", lang, month=month, later=later[-1], folder=desk.call.desk.out / FOLDER))
    number = number_of(month)
    registers = read_registers(folder, town_names(desk.towns), number)
    filed = _filed(desk, set_aside=set_aside)
    if "relatives" in registers.lists and filed.is_empty():
        registers.problems.add("matching-no-filings", "notice", file="", table="relatives")
    problems = _masked(registers.problems, lang)
    refused = int((problems["kind"] == "refused").sum())
    if refused and not set_aside:
        print_problems(problems, lang)
        stop(1, say("matching-refused", lang, count=refused))
    if registers.recipients.is_empty():
        stop(1, say("matching-no-recipients", lang, folder=folder))
    facts = find(registers.recipients, registers.lists, filed, desk.policy, number)
    say_odd(facts, registers.problems)
    with _held(desk) as (before, secret):
        alerts, places = raised(facts, before, secret, number, on or _last_day(number))
        place = _write(desk, month, alerts, places, on or _last_day(number))
        write_problems(_masked(registers.problems, lang), place, lang)
        write_alerts(desk.folder, alerts)
    print_notices(_masked(registers.problems, lang), lang)
    _tell(desk, month, alerts, facts.records.height, place, refused)


def _masked(problems: Problems, lang: str) -> pl.DataFrame:
    """Return the problems in words; a sheet, file or heading that is somebody's number is masked."""
    from scoring.redaction.masking import mask_column

    return problems.frame(lang).with_columns(mask_column(name) for name in ("file", "sheet", "column", "message"))


def _last_day(month: int) -> date:
    from datetime import timedelta

    year, of_year = divmod(month + 1, 12)
    return date(year, of_year + 1, 1) - timedelta(days=1)


def _filed(desk: _Desk, *, set_aside: bool) -> pl.DataFrame:
    """Return the relatives on file, from the supervision's own tables."""
    from scoring.supervision.tables import read_supervision

    read = read_supervision(desk.supervision, desk.towns, lang=desk.lang)
    if read.refused and not set_aside:
        print_problems(read.problems, desk.lang)
        stop(1, say("matching-refused", desk.lang, count=(read.problems["kind"] == "refused").sum()))
    return read.tables.kin.select("person_id", "name", "born_on", "town")


def _write(desk: _Desk, month: str, alerts: pl.DataFrame, places: pl.DataFrame, made: date) -> Path:
    """Write the workbooks of a month as one folder that appears whole, and return where it lies."""
    import polars as pl

    from scoring.outfolder import fresh_folder, locked, put_in_place
    from scoring.packing.town import safe_name
    from scoring.runlog import who
    from scoring.supervision.matching.sheets import summary_book, town_book

    lang, out = desk.lang, desk.call.desk.out / FOLDER
    with locked(out, who()), fresh_folder(out, month) as fresh:
        for code, town in desk.words.towns.items():
            own = alerts.filter(pl.col("town") == code, pl.col("status") == "sent")
            if not own.is_empty():
                name = say("matching-file-town", lang, code=code, town=safe_name(town), month=month)
                (fresh / f"{name}.xlsx").write_bytes(town_book(own, code, desk.words, made))
        summary_book(
            fresh / f"{say('matching-file-summary', lang, month=month)}.xlsx", alerts, places, desk.words, made
        )
        # By this a later command knows that the folder is its own to replace.
        (fresh / "manifest.json").write_text('{"match": 1}\n', "utf-8")
        put_in_place(fresh, out / month)
    return out / month


def _tell(desk: _Desk, month: str, alerts: pl.DataFrame, records: int, place: Path, refused: int) -> None:
    import polars as pl

    from scoring.supervision.matching.policy import KINDS, PAID

    lang = desk.lang
    live = alerts.filter(pl.col("status") == "sent")
    rows = []
    for kind in KINDS:
        own = live.filter(pl.col("kind") == kind)
        if own.height:
            sure = own.filter("sure")
            yuan = f"{int(sure['amount'].sum()) / 100:,.2f}" if kind in PAID else ""
            rows.append([desk.words.kind(kind), str(sure.height), str(own.height - sure.height), yuan])
    print_lines([say("matching-title", lang, month=month, records=records)])
    if rows:
        print_table([say(f"matching-screen-{name}", lang) for name in ("kind", "sure", "possible", "amount")], rows)
    lapsed = alerts.filter(pl.col("status") == "lapsed").height
    answered = alerts.filter(pl.col("status") == "answered").height
    print_lines([say("matching-done", lang, open=live.height, answered=answered, lapsed=lapsed, folder=place)])
    if refused:
        print_lines([say("matching-set-aside", lang, count=refused)])


# ------------------------------------------------------------------------------------------------- what came back


def _feedback(desk: _Desk, files: Sequence[Path]) -> None:
    import polars as pl

    from scoring.outfolder import write_whole
    from scoring.supervision.matching.alerts import CONFIRMED, write_alerts
    from scoring.supervision.matching.answers import answered, findings_book, read_answers

    lang = desk.lang
    with _held(desk) as (before, _):
        read = read_answers(files, before)
        if read.refused:
            problems = _masked(read.problems, lang)
            print_problems(problems, lang)
            stop(1, say("matching-answers-refused", lang, count=(problems["kind"] == "refused").sum()))
        alerts, counts = answered(before, read.rows)
        path = desk.call.desk.data / f"{say('matching-file-findings', 'zh')}.xlsx"
        held = _own_findings(desk, path.name, alerts)
        book = findings_book(alerts, desk.words.towns, desk.policy, desk.labels, lang, held)
        if book is not None:
            write_whole(path, book)
        elif path.is_file():
            path.unlink()
        write_alerts(desk.folder, alerts)
    confirmed = alerts.filter(alerts["verdict"].is_in(CONFIRMED))
    waiting = int((alerts["status"] == "sent").sum())
    print_notices(_masked(read.problems, lang).filter(pl.col("code") == "matching-no-verdict"), lang)
    print_lines([say("matching-answered", lang, **counts, waiting=waiting)])
    if book is not None:
        print_lines([say("matching-findings", lang, count=confirmed.height, file=path)])


def _own_findings(desk: _Desk, file: str, alerts: pl.DataFrame) -> pl.DataFrame:
    """Return what the workbook of findings holds; end where writing it anew would lose something."""
    import polars as pl

    from scoring.supervision.own_files import foreign

    intake = desk.intake
    held = intake.tables.findings.filter(pl.col("source_file") == file)
    problems = intake.problems
    bad = problems.filter((pl.col("file") == file) & (pl.col("kind") == "refused"))
    others = held.filter(~pl.col("finding_id").is_in(alerts["alert_id"].to_list()))
    place = bad.select("sheet", "row", "column").row(0, named=True) if bad.height else foreign(intake, file, "findings")
    if place is None and others.height:
        place = others.select("source_sheet", "source_row", "finding_id").row(0, named=True)
    if place is not None:
        where = "/".join(str(part) for part in place.values() if part)
        stop(1, say("matching-own-foreign", desk.lang, file=file, where=where))
    return held


# ------------------------------------------------------------------------------------------------- posted lists


def _posted(desk: _Desk, files: Sequence[Path], on: date | None) -> None:
    from scoring.redaction import Words
    from scoring.supervision.matching.opened import read_posted
    from scoring.supervision.matching.posted import scan
    from scoring.supervision.matching.suggested import posted_book

    lang = desk.lang
    names: Mapping[str, str] = desk.words.towns
    texts, unread = read_posted(files)
    hits = scan(texts, Words().allowing(names.values()))
    rows = [
        [
            hit.file,
            hit.sheet,
            str(hit.row),
            hit.column,
            say(f"redaction-kind-{hit.kind}", lang),
            str(hit.count),
            hit.shown,
        ]
        for hit in hits
    ]
    shown = ("file", "sheet", "row", "column", "kind", "count", "masked")
    if rows:
        print_table([say(f"matching-posted-{name}", lang) for name in shown], rows[:_MOST])
    if len(rows) > _MOST:
        print_lines([say("matching-posted-more", lang, count=len(rows) - _MOST)])
    for one in unread:
        print_lines([say("matching-posted-unread", lang, file=one.file, why=say(one.code, lang))])
    print_lines(
        [say("matching-posted-sum", lang, files=len(files), count=sum(hit.count for hit in hits), cells=len(hits))]
    )
    if hits:
        path = desk.call.desk.out / FOLDER / f"{say('matching-file-posted', lang)}.xlsx"
        posted_book(path, hits, desk.towns, desk.policy, on, lang)
        print_lines([say("matching-posted-written", lang, path=path)])


_MOST: Final = 30
