"""The command `improve`: the least effort by which a town gains its next place or grade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from scoring.calling import call_of, reader_of, refusals, stop, task_of, town_called
from scoring.cli_app import AsOf, Data, Lang, Weights, app, argument, option, say_here
from scoring.messages import say
from scoring.screen import Command, print_lines, print_table

if TYPE_CHECKING:
    from scoring.assessment import Assessment
    from scoring.calling import Call
    from scoring.reports.labels import Labels


@app.command(cls=Command, help=say_here("cli-improve-help"))
def improve(
    town: Annotated[str, argument("cli-argument-town")],
    period: Annotated[str | None, argument("cli-argument-improve-period")] = None,
    least: Annotated[str, option("--least", "fixes|cases")] = "fixes",
    data: Data = None,
    weights: Weights = None,
    as_of: AsOf = None,
    lang: Lang = None,
) -> None:
    """Print the fewest or cheapest fixes to the next place and the next grade."""
    from scoring.improving import COSTS
    from scoring.prospects import prospects
    from scoring.reports.effort import of_town
    from scoring.reports.labels import Labels
    from scoring.runs import read_and_assess, sound_store

    call = call_of(data, weights, None, as_of, lang)
    lang = call.lang
    if least not in COSTS:
        stop(2, say("cli-improve-least", lang, known=", ".join(COSTS), name=least))
    with refusals(lang):
        job, span = task_of(period or _latest(call), call)
        intake, (assessment,) = read_and_assess([(job, span)])
        code = town_called(town, intake.tables.towns, lang)
        labels = Labels(assessment.head, lang)
        rows = assessment.scores.filter(town_code=code).to_dicts()
        if not rows or rows[0]["score"] is None:
            stop(2, say("effort-not-scored", lang, town=town, period=labels.period))
        editions = sound_store(job.store)
        frame = prospects(job, intake.tables, span, editions, only=[code], by=least, most=_MOST)
    _show(assessment, rows[0], of_town(frame, code), labels)


_MOST = 400
"""The terminal looks further than papers do."""


def _latest(call: Call) -> str:
    """Return the period that holds the latest finding known by the day asked about."""
    from scoring.runs import read_only

    tables = read_only(reader_of(None, call)).tables
    days = tables.findings["found_on"].drop_nulls()
    as_of = call.desk.as_of
    last = (days.filter(days <= as_of) if as_of else days).max()
    span = call.schemes.holding(last) if last is not None else None  # type: ignore[arg-type]
    if span is None:
        stop(2, say("cli-improve-no-period", call.lang))
    return span.id


def _show(assessment: Assessment, town: dict[str, Any], ways: list[dict[str, Any]], labels: Labels) -> None:
    from scoring.reports.effort import sentence, until
    from scoring.reports.office_text import printable
    from scoring.reports.text import fraction, signed

    lang, head = labels.lang, assessment.head
    name = printable(town["town"])
    print_lines(
        [
            labels("effort-title", town=name, period=labels.period, as_of=head["as_of"], scheme=labels.scheme),
            labels(
                "effort-now",
                rank=town["rank"],
                score=town["score"],
                grade=labels.grade(town["grade"]) or labels("reports-none"),
                open=ways[0]["open"] if ways else 0,
            ),
        ]
    )
    known = {row["finding_id"]: row for row in assessment.findings.to_dicts()}
    for way in ways:
        print_lines(["", sentence(way, labels)])
        if not way["findings"]:
            continue
        table = []
        for place, finding in enumerate(way["findings"]):
            row = known[finding]
            back = fraction(row, "gives_back")
            back = -back if back and labels.up else back
            table.append(
                [
                    printable(finding),
                    labels.indicator(row["indicator"]),
                    labels.known("book-state", row["state"]) if row["state"] else "",
                    until(way, place, labels),
                    signed(back, int(head["scheme"]["decimals"])) if back else "",
                ]
            )
        columns = [say(f"effort-column-{name}", lang) for name in ("finding", "indicator")]
        columns += [labels("reports-overdue-state")]
        columns += [say(f"effort-column-{name}", lang) for name in ("until", "gives-back")]
        print_table(columns, table)
    note = "effort-note-cases" if ways and ways[0]["by"] == "cases" else "effort-note"
    print_lines(["", labels(note)])
