"""The commands `sample` and `checks import`: the monthly sample drawn, its work sheets brought back, its coverage."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from scoring.calling import call_of, machine_faults, open_here, period_label, refusals, stop, wrong_schemes
from scoring.cli_app import Data, Lang, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, Group, print_lines, print_notices, print_problems, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from scoring.calling import Call
    from scoring.scheme import LoadedScheme
    from scoring.supervision.sampling.coverage import Covered
    from scoring.supervision.sampling.importing import Office
    from scoring.supervision.sampling.making import Made, Request
    from scoring.supervision.sampling.policy import Policy
    from scoring.supervision.sampling.population import Listed
    from scoring.supervision.sampling.record import Kind
    from scoring.supervision.tables import Supervision

_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_SEED: Final = re.compile(r"\d{1,40}", re.ASCII)
_NUMBER: Final = re.compile(r"[1-9]\d{0,5}", re.ASCII)
_SHARE: Final = typer.Option("--share", metavar="SHARE", help=say_here("cli-option-sample-share"), show_default=False)

checks = typer.Typer(cls=Group, help=say_here("cli-checks-help"), no_args_is_help=True, rich_markup_mode=None)
app.add_typer(checks, name="checks")


@app.command(cls=Command, help=say_here("cli-sample-help"))
def sample(
    month: Annotated[str | None, argument("cli-argument-sample-month")] = None,
    seed: Annotated[str | None, option("--seed", "NUMBER")] = None,
    share: Annotated[str | None, _SHARE] = None,
    look_back: Annotated[str | None, option("--look-back", "NUMBER")] = None,
    again: Annotated[str | None, option("--again", "TEXT")] = None,
    verify: Annotated[bool, option("--verify")] = False,
    coverage: Annotated[str | None, option("--coverage", "PERIOD")] = None,
    sheet: Annotated[Path | None, option("--sheet", "FILE")] = None,
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Draw a month's checks and write the work sheets; verify a draw; list how much was covered."""
    call = call_of(data, weights, None, None, lang)
    lang = call.lang
    drawing = [seed, share, look_back, again, month, verify or None]
    if coverage is not None:
        if any(one is not None for one in drawing):
            stop(2, say("sampling-coverage-alone", lang))
        with _faults(lang), refusals(lang):
            _coverage(call, coverage, sheet)
        return
    label = period_label(month or "")
    if not _MONTH.fullmatch(label):
        stop(2, say("sampling-want-month", lang, text=month or "-"))
    if sheet is not None:
        stop(2, say("sampling-sheet-alone", lang))
    kind: Kind = "sample" if look_back is None else "look-back"
    with _faults(lang), refusals(lang):
        if verify:
            if any(one is not None for one in (seed, share, again)):
                stop(2, say("sampling-verify-alone", lang))
            _verify(call, kind, label)
            return
        _draw(call, kind, label, seed, share, look_back, again)


def _draw(
    call: Call, kind: Kind, month: str, seed: str | None, share: str | None, look_back: str | None, again: str | None
) -> None:
    from scoring.outfolder import locked
    from scoring.runlog import who
    from scoring.supervision.sampling.making import NoDraw, make

    asked, lang = _asked(seed, share, look_back, again, call.lang), call.lang
    scheme, office, policy = _office(call, month)
    if asked.share is not None and kind == "sample" and asked.share < policy.least:
        from scoring.supervision.sampling.policy import percent

        stop(2, say("sampling-share-low", lang, least=percent(policy.least)))
    listed = _listed(call, kind, month, scheme, office, policy)
    with locked(office.root / "samples", who()):
        try:
            made = make(kind, month, listed, asked, policy, office, _now)
        except NoDraw as none:
            if none.code.startswith("sampling-nobody"):
                print_lines([say(none.code, lang, **none.parameters)])
                return
            stop(1, say(none.code, lang, **none.parameters))
    _tell_points(office)
    _tell_draw(made, office)


def _asked(seed: str | None, share: str | None, look_back: str | None, again: str | None, lang: str) -> Request:
    """Check what the options say; `--look-back` holds a number of findings or a share of them."""
    from scoring.supervision.sampling.making import Request
    from scoring.supervision.sampling.policy import parse_share

    if seed is not None and not _SEED.fullmatch(seed):
        stop(2, say("sampling-bad-seed", lang, text=seed))
    if look_back is not None and share is not None:
        stop(2, say("sampling-share-twice", lang))
    if again is not None and not again.strip():
        stop(2, say("sampling-want-reason", lang))
    if look_back is not None and _NUMBER.fullmatch(look_back):
        return Request(seed, None, int(look_back), again)
    text = share if look_back is None else look_back
    try:
        return Request(seed, parse_share(text) if text else None, None, again)
    except ValueError:
        stop(2, say("sampling-bad-share", lang, text=text))


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


def _office(call: Call, month: str) -> tuple[LoadedScheme, Office, Policy]:
    """Read the data folder by the scheme that scores the month, and what a work sheet asks."""
    from scoring.intake import read_folder
    from scoring.scheme import vocabulary
    from scoring.supervision.sampling.importing import Office
    from scoring.supervision.sampling.policy import read_points, read_policy
    from scoring.supervision.sampling.population import days_of

    workspace, lang = open_here(call.lang)
    policy, points = read_policy(workspace.root, lang), read_points(workspace.root, lang)
    with wrong_schemes(lang):
        period = call.schemes.holding(days_of(month)[1])
        scheme = call.schemes.of(period.id) if period else call.schemes.usual()
    words = vocabulary(scheme.scheme)
    # A bad row elsewhere is the run's own matter; towns have to be there.
    intake = read_folder(call.desk.data, words, lang=lang)
    if intake.tables.towns.is_empty():
        print_problems(intake.problems, lang)
        stop(1, say("sampling-no-towns", lang, folder=call.desk.data))
    calendar = scheme.scheme.calendar
    others = tuple(vocabulary(one.loaded.scheme) for one in call.schemes.listed if one.loaded)
    return scheme, Office(workspace.root, call.desk.data, intake, words, calendar, points, lang, others), policy


def _supervision(call: Call, office: Office) -> Supervision:
    """Read the supervision's tables; a bad row among cases or relatives would make the list another one."""
    import polars as pl

    from scoring.supervision.tables import read_supervision

    workspace, lang = open_here(call.lang)
    read = read_supervision(workspace.supervision, office.intake.tables.towns, lang=lang)
    refused = read.problems.filter(pl.col("kind") == "refused")
    own = sum(read.rows.get(name, {}).get("refused", 0) for name in ("cases", "kin"))
    if own or refused["row"].null_count():
        print_problems(read.problems, lang)
        stop(1, say("sampling-cases-refused", lang, count=max(own, refused["row"].null_count())))
    return read


def _listed(call: Call, kind: Kind, month: str, scheme: LoadedScheme, office: Office, policy: Policy) -> list[Listed]:
    """Return what may be drawn."""
    import polars as pl

    from scoring.supervision.sampling.population import closed_findings, new_cases

    tables = office.intake.tables
    if kind == "sample":
        read = _supervision(call, office)
        if "cases" not in read.tables.present:
            stop(1, say("sampling-no-cases", call.lang, folder=open_here(call.lang)[0].supervision))
        return new_cases(read.tables, tables.findings, month, policy)
    bad = office.intake.problems.filter(pl.col("kind") == "refused")
    if bad.height:
        print_problems(bad, call.lang)
        stop(1, say("sampling-data-refused", call.lang, count=bad.height))
    return closed_findings(tables, scheme.scheme, call.desk.workdays, month, policy.look_back.months)


def _tell_points(office: Office) -> None:
    """Say which points the scheme in force has no place for: they are asked all the same, and not dropped silently."""
    comma, lang = say("list-comma", office.lang), office.lang
    lost = [one.called(lang) for one in office.points if _lost(one.indicator, one.measure, office)]
    if lost:
        print_lines([say("sampling-points-lost", lang, points=comma.join(lost))])
    known = office.vocabulary.severities
    odd = sorted({one.severity for one in office.points if known and one.severity not in known})
    if odd:
        print_lines([say("sampling-severities-lost", lang, words=comma.join(odd), mildest=known[0])])


def _lost(indicator: str, measure: str | None, office: Office) -> bool:
    return indicator not in office.means.priced and measure not in office.means.measures


def _tell_draw(made: Made, office: Office) -> None:
    from collections import Counter

    from scoring.supervision.sampling.drawing import required
    from scoring.supervision.sampling.policy import percent

    lang, record, commitment = office.lang, made.record, made.record.commitment
    share = percent(commitment.share) if commitment.share is not None else str(commitment.number)
    print_lines([
        say(f"sampling-{made.state}-{commitment.kind}", lang, month=commitment.month),
        say("sampling-committed", lang, code=commitment.code, list=commitment.list_sha256, count=commitment.count,
            seed=commitment.seed, share=share, at=commitment.at),
        "",
    ])  # fmt: skip
    listed = Counter(item.town for item in record.items)
    drawn = Counter(one.item.town for one, _ in record.drawn)
    risky = Counter(one.item.town for one, _ in record.drawn if one.why)
    rows = []
    for code, name in office.towns.items():
        asked = str(required(listed[code], commitment.share)) if commitment.share is not None else "-"
        cells = [str(listed[code]), asked, str(drawn[code]), str(risky[code]), str(drawn[code] - risky[code])]
        rows.append([name, *(cells if listed[code] else [say("sampling-none-new", lang), *["-"] * 4])])
    heads = ("town", f"listed-{commitment.kind}", "required", "drawn-count", "risky", "random")
    print_table([say(f"sampling-head-{name}", lang) for name in heads], rows)
    left = len(drawn) - len(made.written)
    print_lines(["", say("sampling-written", lang, count=len(made.written), folder=record.folder)])
    if left:
        print_lines([say("sampling-left-alone", lang, count=left)])
    print_lines([say("sampling-next", lang, folder=record.folder)])


def _verify(call: Call, kind: Kind, month: str) -> None:
    """Draw again from what was committed to, and hold the list against the cases as they are now."""
    from scoring.supervision.sampling.record import folder_of, read_record

    workspace, lang = open_here(call.lang)
    folder = folder_of(workspace.root, kind, month)
    record = read_record(folder)
    if record is None:
        stop(1, say("sampling-not-drawn-yet", lang, month=month))
    one = record.commitment
    print_lines([say("sampling-verified", lang, month=month, code=one.code, count=len(record.drawn), seed=one.seed)])
    if one.replaces is not None:
        print_lines([say("sampling-replaced", lang, former=one.replaces, why=one.why or "")])
    scheme, office, policy = _office(call, month)
    now = [each.item for each in _listed(call, kind, month, scheme, office, policy)]
    if set(now) == set(record.items):
        print_lines([say("sampling-list-same", lang)])
    else:
        old, new = {item.key for item in record.items}, {item.key for item in now}
        other = len(set(now) - set(record.items)) - len(new - old)
        told = {"added": len(new - old), "gone": len(old - new), "changed": other}
        print_lines([say("sampling-list-differs", lang, **told)])


def _coverage(call: Call, label: str, sheet: Path | None) -> None:
    from collections import Counter

    from scoring.periods import finer, parse_period
    from scoring.supervision.sampling.coverage import checked_counts, confirmed_counts, coverage, summed
    from scoring.supervision.sampling.coverage_book import write_coverage
    from scoring.supervision.sampling.record import folder_of, read_record

    lang, name = call.lang, period_label(label)
    with wrong_schemes(lang):
        rules = call.schemes.usual().scheme.calendar
    period = parse_period(name, rules)
    if period is None or period.kind == "interval":
        stop(2, say("sampling-want-period", lang, text=label))
    months = [one for one, _ in finer(period, "month", rules)] or [period.id]
    _, office, policy = _office(call, months[-1])
    tables = office.intake.tables
    drawn: Counter[tuple[str, str]] = Counter()
    for month in months:
        if record := read_record(folder_of(office.root, "sample", month)):
            drawn.update((one.item.town, month) for one, _ in record.drawn)
    confirmed = confirmed_counts(_supervision(call, office).tables.cases, tables.checks)
    rows = coverage(list(office.towns), months, confirmed, drawn, checked_counts(tables.checks), policy.least)
    heads = [
        say(f"sampling-head-{one}", lang)
        for one in ("town", "confirmed", "required", "drawn-count", "checked", "share", "shortfall")
    ]
    print_table(heads, [_covered(one, office, lang) for one in summed(rows)])
    short = [one for one in rows if one.shortfall]
    warned = [
        say("sampling-short", lang, month=one.month, town=office.towns[one.town], required=one.required,
            checked=one.checked, short=one.shortfall)
        for one in sorted(short, key=lambda one: one.month)
    ]  # fmt: skip
    print_lines(["", *warned, say("sampling-short-whose" if warned else "sampling-none-short", lang, period=period.id)])
    if sheet is not None:
        write_coverage(rows, office.towns, period, sheet, lang)
        print_lines([say("sampling-sheet-written", lang, file=sheet)])


def _covered(one: Covered, office: Office, lang: str) -> list[str]:
    from scoring.exact import fixed

    if not one.confirmed:
        return [office.towns[one.town], "0", "-", "-", str(one.checked), say("sampling-none-new", lang), "-"]
    assert one.share is not None
    counts = [str(n) for n in (one.confirmed, one.required, one.drawn, one.checked)]
    return [office.towns[one.town], *counts, f"{fixed(one.share * 100, 1)}%", str(one.shortfall)]


@checks.command("import", cls=Command, help=say_here("cli-checks-import-help"))
def checks_import(
    files: Annotated[list[Path], argument("cli-argument-work-sheets")],
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Turn filled work sheets into checks, findings, measures and verdicts."""
    from scoring.intake.problems import Problems
    from scoring.outfolder import locked
    from scoring.runlog import who
    from scoring.supervision.sampling.importing import bring_in
    from scoring.supervision.sampling.returned import read_returned

    call = call_of(data, weights, None, None, lang)
    lang = call.lang
    for path in files:
        if not path.is_file() or path.suffix.lower() != ".xlsx":
            stop(2, say("sampling-no-such-file", lang, file=path))
    with _faults(lang), refusals(lang):
        problems = Problems()
        sheets = read_returned(files, problems)
        if not sheets:
            _refuse(problems.frame(lang), lang)
        with locked(open_here(lang)[0].root / "samples", who()):
            # What is kept of the ledgers is read while nobody else writes them.
            _, office, _ = _office(call, max(one.month for one in sheets))
            brought = bring_in(sheets, problems, office)
    if (brought.problems["kind"] == "refused").any():
        _refuse(brought.problems, lang)
    print_notices(brought.problems, lang, kinds=("notice",))
    rows = [
        [month, say(f"sampling-word-{kind}", lang), office.towns[town], *map(str, counts)]
        for (kind, month, town), counts in brought.towns.items()
    ]
    heads = ("month", "kind", "town", "drawn-count", "checked", "bad")
    print_table([say(f"sampling-head-{name}", lang) for name in heads], rows)
    print_lines([""])
    for path, count in brought.files.items():
        print_lines([say("sampling-brought" if count else "sampling-brought-none", lang, file=path.name, count=count)])


def _refuse(problems: pl.DataFrame, lang: str) -> NoReturn:
    print_problems(problems, lang)
    stop(1, say("sampling-import-refused", lang, count=(problems["kind"] == "refused").sum()))


@contextmanager
def _faults(lang: str) -> Iterator[None]:
    """Let settings that are wrong and a draw that was changed become sentences and their exit codes."""
    from scoring.config import ConfigError
    from scoring.supervision.sampling.record import BrokenDraw

    try:
        with machine_faults(lang):
            yield
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))
    except BrokenDraw as broken:
        files = say("list-comma", lang).join(broken.files)
        print_lines([say("sampling-broken", lang, folder=broken.folder, files=files)], sys.stderr)
        raise typer.Exit(1) from None
