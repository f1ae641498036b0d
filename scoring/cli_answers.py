"""The commands that answer questions about a score: appeal, changes, convert."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from scoring.calling import call_of, published_task, reader_of, refusals, stop, town_called
from scoring.cli_app import AsOf, Data, Lang, Out, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table

if TYPE_CHECKING:
    from fractions import Fraction

    from scoring.answers import Answer
    from scoring.jobs import Job

Share = Annotated[str | None, option("--share", "NUMBER")]
LastShare = Annotated[str | None, option("--last-share", "NUMBER")]
To = Annotated[Path | None, option("--to", "FILE")]
_EVERY = ("all", "*")


@contextmanager
def _told(lang: str) -> Iterator[None]:
    """Let what cannot be answered, and data that were refused, become sentences and their exit codes."""
    from scoring.answers import NoAnswer

    try:
        with refusals(lang):
            yield
    except NoAnswer as none:
        stop(2, say(none.code, lang, **none.parameters))


@app.command(cls=Command, help=say_here("cli-appeal-help"))
def appeal(
    number: Annotated[str, argument("cli-argument-appeal")],
    period: Annotated[str | None, argument("cli-argument-appeal-period")] = None,
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Show score and rank if an appeal is upheld and if it is rejected, and whose ranks would move."""
    from scoring.answers import appeal_answer, period_of_appeal
    from scoring.intake.fold import fold_id
    from scoring.runs import read_and_assess, read_only
    from scoring.store import latest, read_store

    call = call_of(data, weights, None, as_of, lang)
    lang = call.lang
    with _told(lang):
        if period is None:
            tables = read_only(reader_of(None, call)).tables
            period = period_of_appeal(call.desk, call.schemes, tables, fold_id(number)).id
        job, span = published_task(period, call)
        held = latest(read_store(job.store)).get(span.id)
        assessment = held.assessment if held else read_and_assess([(job, span)])[1][0]
        _show(appeal_answer(assessment, fold_id(number), lang))


@app.command(cls=Command, help=say_here("cli-changes-help"))
def changes(
    town: Annotated[str, argument("cli-argument-town-or-all")],
    start: Annotated[str, argument("cli-argument-from")],
    end: Annotated[str, argument("cli-argument-to")],
    data: Data = None,
    weights: Weights = None,
    lang: Lang = None,
) -> None:
    """Split the difference between two periods' scores exactly into what caused it."""
    from scoring.answers import ALL, changes_answer, scored

    call = call_of(data, weights, lang=lang)
    lang = call.lang
    with _told(lang):
        one, other = (scored(*published_task(label, call)) for label in (start, end))
        every = town in (*_EVERY, say("answer-every", lang))
        code = ALL if every else town_called(town, other.read().towns, lang)
        _show(changes_answer(one, other, code, call.desk))


@app.command(cls=Command, help=say_here("cli-convert-help"))
def convert(
    period: Annotated[str, argument("cli-argument-period")],
    share: Share = None,
    last_share: LastShare = None,
    to: To = None,
    data: Data = None,
    weights: Weights = None,
    out: Out = None,
    lang: Lang = None,
) -> None:
    """Write the converted points for the city-wide assessment sheet."""
    from scoring.answers import at_hand, converted, scored, write_converted
    from scoring.lookback import published
    from scoring.periods import period_last_year
    from scoring.store import latest, read_store

    call = call_of(data, weights, out, lang=lang)
    lang = call.lang
    points = _amount("--share", share, lang)
    if points is None:
        stop(2, say("cli-convert-needs-share", lang))
    with _told(lang):
        job, span = published_task(period, call)
        one = scored(job, span)
        # A draft in hand is what the sheet goes by, with its run code; `scored` has refused one of another scheme.
        one = replace(one, assessment=at_hand(job, span) or one.assessment)
        editions = read_store(job.store)
        earlier = period_last_year(span, one.scheme.calendar)
        edition = latest(editions).get(earlier.id) if earlier else None
        last = published(edition, editions) if edition else None
        if last is None and last_share is not None:
            print_lines([say("convert-no-last", lang, period=earlier.id if earlier else "-")])
            last_share = None
        made = converted(one, last, points, _amount("--last-share", last_share, lang))
        path = to or job.out / say("convert-file", lang, period=span.id)
        _refuse_target(path, to, job)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_converted(made, one, last, path, lang)
    columns = ["town", "score", "converted", *(c for c in ("last_score", "last_converted") if c in made.frame.columns)]
    headings = [say(f"convert-{name.replace('_', '-')}", lang) for name in columns]
    print_table(headings, [["" if cell is None else cell for cell in row] for row in made.frame[columns].rows()])
    print_lines([say("cli-converted", lang, file=path)])


def _refuse_target(path: Path, asked: Path | None, job: Job) -> None:
    """Refuse a file that is no workbook, lies among data or sealed editions, or would be written over unasked."""
    lang, whole = job.settings.lang, path.resolve()
    if path.suffix.lower() != ".xlsx":
        stop(2, say("convert-not-xlsx", lang, file=path))
    if any(whole.is_relative_to(folder.resolve()) for folder in (job.data, job.store)):
        stop(2, say("convert-not-there", lang, file=path))
    if asked is not None and path.exists():
        stop(2, say("convert-exists", lang, file=path))


def _amount(name: str, text: str | None, lang: str) -> Fraction | None:
    from schemas.amount import parse_amount

    if text is None:
        return None
    try:
        value = parse_amount(text)
    except ValueError:
        value = None
    if value is None or value <= 0:
        stop(2, say("cli-not-an-amount", lang, name=name, text=text))
    return value


def _show(answer: Answer) -> None:
    print_lines([*answer.lines, ""])
    print_table(answer.headings, answer.rows)
    print_lines(["", *answer.ending])
