"""The command `casework`: measures from case dates, surveys and calls; reviews due; amounts computed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from scoring.calling import call_of, day_of, machine_faults, open_here, reader_of, refusals, stop, task_of
from scoring.cli_app import Data, Lang, Out, SetAside, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_problems, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from scoring.calling import Call
    from scoring.supervision.casework.books import Words
    from scoring.supervision.casework.feeding import Held
    from scoring.supervision.casework.figures import Figure
    from scoring.supervision.casework.reviews import Review
    from scoring.supervision.tables import Supervision


@dataclass(frozen=True)
class _Desk:
    """What both forms of the command work on."""

    call: Call
    data: pl.DataFrame
    read: Supervision
    words: Words
    folder: Path

    @property
    def lang(self) -> str:
        return self.call.lang


@app.command(cls=Command, help=say_here("cli-casework-help"))
def casework(
    period: Annotated[str | None, argument("cli-argument-casework-period")] = None,
    reviews: Annotated[bool, option("--reviews")] = False,
    on: Annotated[str | None, option("--on", "DATE")] = None,
    data: Data = None,
    weights: Weights = None,
    out: Out = None,
    set_aside: SetAside = False,
    lang: Lang = None,
) -> None:
    """Measure a period's casework, or list the reviews that fall due."""
    call = call_of(data, weights, out, None, lang)
    if period is None and not reviews:
        stop(2, say("casework-no-period", call.lang))
    if period is not None and reviews:
        stop(2, say("casework-both", call.lang))
    if on is not None and not reviews:
        stop(2, say("casework-on-alone", call.lang))
    day = day_of(on, call.lang)
    with machine_faults(call.lang), refusals(call.lang):
        desk = _desk(call, period, set_aside=set_aside)
        if period is None:
            _reviews(desk, day or datetime.now(UTC).astimezone().date())
        else:
            _period(desk, period)


def _desk(call: Call, period: str | None, *, set_aside: bool) -> _Desk:
    from scoring.config import ConfigError
    from scoring.intake import read_folder
    from scoring.scheme import vocabulary
    from scoring.supervision.casework.books import Words
    from scoring.supervision.casework.limits import read_limits
    from scoring.supervision.own_files import unread
    from scoring.supervision.tables import read_supervision

    lang = call.lang
    workspace, _ = open_here(lang)
    if not workspace.supervision.is_dir():
        stop(2, say("casework-no-folder", lang, folder=workspace.supervision))
    try:
        limits = read_limits(workspace.root, lang)
    except ConfigError as error:
        stop(2, say(error.code, lang, **error.parameters))
    job = task_of(period, call)[0] if period else reader_of(None, call)
    # Only the towns and the measures are asked of the data folder: a bad row elsewhere is the run's own matter.
    intake = read_folder(call.desk.data, vocabulary(job.scheme.scheme), lang=lang)
    towns = intake.tables.towns
    if towns.is_empty():
        print_problems(intake.problems, lang)
        stop(1, say("casework-no-towns", lang, folder=call.desk.data))
    if period and (hidden := unread(intake, "measures")).height:
        print_problems(hidden, lang)
        stop(1, say("casework-measures-refused", lang, folder=call.desk.data))
    read = read_supervision(workspace.supervision, towns, lang=lang)
    if read.refused:
        print_problems(read.problems, lang)
        if not set_aside:
            stop(1, say("casework-refused", lang, count=(read.problems["kind"] == "refused").sum()))
    names = dict(zip(towns["town_code"], towns["name"], strict=True))
    return _Desk(call, intake.tables.measures, read, Words(names, limits, lang), call.desk.out / "casework")


def _period(desk: _Desk, label: str) -> None:
    from scoring.periods import period_before
    from scoring.supervision.casework.amounts import recompute
    from scoring.supervision.casework.books import measures_book, period_book
    from scoring.supervision.casework.feeding import held_back
    from scoring.supervision.casework.figures import measure
    from scoring.supervision.casework.hotspots import hotspots

    call, words, tables = desk.call, desk.words, desk.read.tables
    job, period = task_of(label, call)
    rules, limits = job.scheme.scheme.calendar, words.limits
    measured = measure(tables, list(words.towns), limits, job.workdays, period, rules)
    file = f"{say('casework-data-file', 'zh', period=period.id)}.xlsx"
    known = {one.name: frozenset(m.id for m in one.loaded.scheme.measures) for one in call.schemes.listed if one.loaded}
    held = held_back(measured.figures, known, desk.data, file, period, rules)
    going = [one for one in measured.figures if (one.town, one.measure) not in held]
    path = call.desk.data / file
    whole = not desk.read.refused
    differences = []
    if amounts := limits.rules.get("amounts"):
        differences = recompute(tables.cases.iter_rows(named=True), amounts, period.end)
    spots = []
    if rule := limits.rules.get("hotspots"):
        spots = hotspots(tables, period, period_before(period, rules), rule.whole("few"))
    report = desk.folder / f"{say('casework-title', desk.lang, period=period.id)}.xlsx"
    why = {key: _held(one, desk.lang) for key, one in held.items()}
    if not whole:
        why = {(one.town, one.measure): say("casework-set-aside", desk.lang) for one in measured.figures}
    period_book(report, period, measured, why, differences, spots, words)
    if whole and going:
        measures_book(path, going, period, words)
    elif whole:
        path.unlink(missing_ok=True)
    _tell_figures(desk, measured.figures, held)
    print_lines(["", *(words.left(one) for one in measured.left)] if measured.left else [])
    examples = sum(not rule.own for rule in (*limits.limits.values(), *limits.totals.values()))
    print_lines(["", say("casework-examples", desk.lang, count=examples)])
    print_lines([say("casework-amounts-found", desk.lang, count=len(differences))])
    if not whole:
        print_lines([say("casework-set-aside", desk.lang)])
    elif going:
        print_lines([say("casework-done-data", desk.lang, count=len(going), file=path)])
    else:
        print_lines([say("casework-done-nothing", desk.lang)])
    print_lines([say("casework-done", desk.lang, file=report)])


def _held(held: Held, lang: str) -> str:
    said = dict(held.parameters)
    if "schemes" in said:
        said["schemes"] = say("list-comma", lang).join(Path(str(one)).stem for one in said["schemes"])  # type: ignore[attr-defined]
    return say(held.code, lang, **said)


def _tell_figures(desk: _Desk, figures: Sequence[Figure], held: Mapping[tuple[str, str], Held]) -> None:
    """Show a line a measure: all towns together, the lowest, and whether it went to the data folder."""
    lang, words = desk.lang, desk.words
    by_measure: dict[str, list[Figure]] = {}
    for one in figures:
        by_measure.setdefault(one.measure, []).append(one)
    rows = []
    for name, own in by_measure.items():
        back = {held[key].code for one in own if (key := (one.town, one.measure)) in held}
        rates = [(one.percent, one) for one in own if one.percent is not None]
        whole = sum(one.denominator or 0 for one in own)
        part = sum(one.numerator or 0 for one in own)
        least = min(rates, key=lambda pair: pair[0])[1] if rates else None
        gone = "casework-gone-all"
        if back:
            every = all((one.town, one.measure) in held for one in own)
            gone = min(back).replace("casework-", "casework-gone-") if every else "casework-gone-some"
        rows.append(
            [
                words.measure(name),
                str(len(own)),
                f"{part}/{whole}" if rates else "",
                _percent(100 * part, whole) if rates else _mean(own),
                f"{words.towns[least.town]} {_percent(100 * (least.numerator or 0), least.denominator or 1)}"
                if least
                else "",
                say(gone, lang),
            ]
        )
    columns = ("measure", "towns", "share", "percent", "lowest", "written")
    print_table([say(f"casework-column-{name}", lang) for name in columns], rows)


def _mean(figures: Sequence[Figure]) -> str:
    """Return the mean of values that rest on a sample, over all of it; of plain counts there is none."""
    from fractions import Fraction

    whole = sum(one.sample or 0 for one in figures)
    total = sum((one.value * one.sample for one in figures if one.value is not None and one.sample), Fraction(0))
    return _percent(total.numerator, total.denominator * whole) if whole else ""


def _percent(part: int, whole: int) -> str:
    """Return a share with one decimal, half up."""
    tenths = (20 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def _reviews(desk: _Desk, on: date) -> None:
    from scoring.supervision.casework.books import reviews_book
    from scoring.supervision.casework.reviews import reviews_due

    rule = desk.words.limits.rules.get("reviews")
    if rule is None:
        stop(2, say("casework-reviews-off", desk.lang))
    found = reviews_due(desk.read.tables.cases.iter_rows(named=True), rule, on)
    report = desk.folder / f"{say('casework-reviews-title', desk.lang, on=on)}.xlsx"
    reviews_book(report, found, on, desk.words)
    by_town: dict[str, list[Review]] = {}
    for one in found:
        by_town.setdefault(one.row["town"], []).append(one)
    columns = ("town", "overdue", "soon", "unclassed", "earliest")
    rows = [
        [
            name,
            *(str(sum(one.status == status for one in own)) for status in ("overdue", "due", "unclassed")),
            str(min((one.due for one in own if one.due), default="")),
        ]
        for code, name in desk.words.towns.items()
        if (own := by_town.get(code))
    ]
    if rows:
        print_table([say(f"casework-column-{name}", desk.lang) for name in columns], rows)
    count = sum(one.status == "overdue" for one in found)
    print_lines([say("casework-reviews-done", desk.lang, on=on, overdue=count, count=len(found), file=report)])
