"""What a town's sheet prints: place, dimensions against the group's median, statement, findings, forms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from scoring.reports.appeal_view import AppealRow, appeal_rows
from scoring.reports.authentic import Proof, proof_of
from scoring.reports.effort import Cheapest, cheapest
from scoring.reports.labels import Labels
from scoring.reports.office_text import as_written, one_line, printable
from scoring.reports.printed import findings_of, is_overdue
from scoring.reports.rolled_view import RolledRow, beside_note, rolled_rows, weight_notes
from scoring.reports.settings import Settings
from scoring.reports.statement import Statement, statement
from scoring.reports.text import brief, day, exact, fraction, known, short_day, signed
from scoring.reports.view import example_note
from scoring.reports.within import within_sheet

if TYPE_CHECKING:
    from scoring.assessment import Assessment

# A sheet of more findings prints the dearest so many; the score book has all.
MOST_FINDINGS: Final = 500
# From here on the rows are set smaller.
CROWDED: Final = 40
# The reply form has a row for each finding that awaits an answer, up to so many.
MOST_REPLIES: Final = 30
_SHOWN: Final = ("duplicate", "withdrawn", "exempt", "no_part", "not_checked")
_AWAITING: Final = frozenset(
    {"open", "open_in_time", "overdue", "sent_back", "false_report", "partly", "same_letter_twice"}
)


@dataclass(frozen=True)
class Figure:
    """A number with its name under it."""

    number: str
    name: str


@dataclass(frozen=True)
class Bar:
    """One dimension of the chart; `share` and `median_share` are whole thousandths of its full points."""

    label: str
    share: int
    median_share: int | None
    earned: str
    points: str
    median: str
    tint: str = "#c8102e"

    @property
    def mark(self) -> int:
        """Where in the chart the median is marked."""
        return 457 + (self.median_share or 0) * 9 // 10


@dataclass(frozen=True)
class FindingRow:
    """One finding, all text."""

    number: str
    found: str
    village: str
    text: str
    detail: str
    charge: str
    credit: str
    extra: str
    net: str
    state: str
    due: str
    gives_back: str
    about: str
    by: str
    urgent: bool


@dataclass(frozen=True)
class FindingGroup:
    """The findings of one indicator, and what its cap did."""

    heading: str
    clause: str
    note: str
    rows: tuple[FindingRow, ...]


@dataclass(frozen=True)
class Reply:
    """A row of the reply form."""

    number: str
    text: str
    due: str


@dataclass(frozen=True)
class TownView:
    """The sheet, every word and number of it as text."""

    lang: str
    title: str
    town: str
    period: str
    score: str
    scored: bool
    score_name: str
    places: tuple[Figure, ...]
    counts: tuple[Figure, ...]
    remarks: tuple[str, ...]
    bars: tuple[Bar, ...]
    rolled: tuple[RolledRow, ...]
    weights: tuple[str, ...]
    """Why the weights of a year's periods are not those of the scheme; empty where they are."""
    within: str
    """How the town went within the year; empty where an earlier year is there to compare with."""
    beside: str
    """What the other way of making a year comes to; empty where it is not shown."""
    appeals: tuple[AppealRow, ...]
    statement: Statement | None
    groups: tuple[FindingGroup, ...]
    crowded: bool
    left_out: str
    gives_back: bool
    """Whether fixing something would still give points back."""
    cheapest: tuple[Cheapest, ...]
    """Where the bureau shows it, the least effort to the next place and grade."""
    replies: tuple[Reply, ...]
    more_replies: str
    answer: str
    objection: tuple[str, ...]
    proof: Proof
    bureau: str
    watermark: str
    trace: str
    example: str


def town_view(assessment: Assessment, settings: Settings) -> TownView:
    """Prepare the sheet of the one town that the assessment holds (`Assessment.for_town`).

    Raises
    ------
    ValueError
        The assessment holds more than one town: a sheet must never see another town's data.
    """
    if assessment.scores.height != 1:
        raise ValueError("a town's sheet takes the assessment of one town")
    labels = Labels(assessment.head, settings.lang)
    town = assessment.scores.to_dicts()[0]
    scored = town["outcome"] != "not_checked"
    findings = findings_of(assessment)
    indicators = {(row["part"], row["indicator"]): row for row in assessment.indicators.to_dicts()}
    zeroed = set(assessment.ledger.filter(pl.col("kind") == "zero_out").select("part", "indicator").rows())
    shown = [row for row in findings if row["disposition"] == "priced" or row["disposition"] in _SHOWN]
    printed = sorted(shown, key=_dearest)[:MOST_FINDINGS]
    awaiting = sorted(
        (row for row in shown if _awaits(row)), key=lambda row: (row["due"] is None, row["due"], row["finding_id"])
    )
    name = printable(town["town"])
    least = int(labels.head["scheme"]["decimals"])
    return TownView(
        lang=settings.lang,
        title=labels("reports-sheet-title", period=labels.period, town=name),
        town=name,
        period=labels.period,
        score=str(town["score"] or ""),
        scored=scored,
        score_name=labels.directed("reports-sheet-score", full=labels.head["scheme"]["full"], base=exact(labels.base)),
        places=_places(town, settings, labels),
        counts=tuple(
            Figure(str(town[column] or 0), labels(f"reports-count-{column.replace('_', '-')}"))
            for column in ("findings", "due", "closed_on_time", "overdue", "returned", "repeats")
        ),
        remarks=_remarks(town, labels),
        bars=_bars(assessment.dimensions.to_dicts(), labels, least),
        rolled=rolled_rows(assessment, town, labels),
        weights=weight_notes(assessment, labels),
        within=within_sheet(assessment, labels, ranked=settings.names != "order"),
        beside=beside_note(assessment, labels),
        appeals=appeal_rows(assessment, labels),
        statement=statement(town, assessment.ledger.to_dicts(), labels) if scored else None,
        groups=_groups(shown, {row["finding_id"] for row in printed}, indicators, zeroed, labels, least),
        crowded=len(printed) > CROWDED,
        left_out=""
        if len(shown) <= MOST_FINDINGS
        else labels("reports-sheet-left-out", shown=MOST_FINDINGS, all=len(shown)),
        gives_back=any(fraction(row, "gives_back") for row in shown if row["disposition"] == "priced"),
        cheapest=cheapest(assessment, settings, labels) if settings.show_cheapest else (),
        replies=tuple(_reply(row) for row in awaiting[:MOST_REPLIES]),
        more_replies=""
        if len(awaiting) <= MOST_REPLIES
        else labels("reports-reply-more", count=len(awaiting) - MOST_REPLIES),
        answer=_answer(settings, labels),
        objection=_objection(settings, labels),
        proof=proof_of(assessment, labels),
        bureau=printable(settings.bureau),
        watermark=labels.watermark,
        trace=labels.trace,
        example=example_note(labels),
    )


def _places(town: Mapping[str, Any], settings: Settings, labels: Labels) -> tuple[Figure, ...]:
    if town["outcome"] == "not_checked":
        return ()
    blank = labels("reports-none")
    figures = [Figure(labels.grade(town["grade"]) or blank, labels("reports-place-grade"))]
    if settings.names != "order":
        group = labels.word(town["group"])
        figures.append(
            Figure(str(town["rank"] or blank), labels("reports-place-overall", scored=labels.head["summary"]["scored"]))
        )
        if group:
            figures.append(Figure(str(town["group_rank"] or blank), labels("reports-place-group", group=group)))
    return tuple(figures)


def _remarks(town: Mapping[str, Any], labels: Labels) -> tuple[str, ...]:
    remarks = [
        labels("reports-sheet-gated", wording=wording, effect=effect) for wording, effect in labels.decided_gates(town)
    ]
    if town["outcome"] == "not_checked":
        below = "reports-sheet-unchecked-below" if town["findings"] else "reports-full-stop"
        remarks.insert(0, labels("reports-sheet-unchecked", this_period=labels.this_period) + labels(below))
    elif not town["checked"]:
        remarks.insert(0, labels("reports-sheet-ranked-unchecked", this_period=labels.this_period))
    return tuple(remarks)


def _bars(rows: list[dict[str, Any]], labels: Labels, least: int) -> tuple[Bar, ...]:
    bars = []
    for row in rows:
        points, earned, median = known(row, "points"), known(row, "earned"), fraction(row, "group_median")
        words = [labels.part(row["part"]), labels.dimension(row["dimension"])]
        bars.append(
            Bar(
                label=labels("reports-heading-join").join(word for word in words if word),
                share=_thousandths(earned, points),
                median_share=None if median is None else _thousandths(median, points),
                earned=brief(earned, least),
                points=exact(points),
                median="" if median is None else brief(median, least),
            )
        )
    return tuple(bars)


def _thousandths(value: Fraction, full: Fraction) -> int:
    return 0 if not full else int(min(max(value / full, Fraction(0)), Fraction(1)) * 1000)


def _dearest(row: Mapping[str, Any]) -> tuple[bool, Fraction, str]:
    return (row["disposition"] != "priced", -(fraction(row, "net") or Fraction(0)), row["finding_id"])


def _groups(
    rows: list[dict[str, Any]],
    printed: Collection[str],
    indicators: Mapping[tuple[str, str], Mapping[str, Any]],
    zeroed: Collection[tuple[str, str]],
    labels: Labels,
    least: int,
) -> tuple[FindingGroup, ...]:
    """Gather findings by indicator in the scheme's order, by day within; what is not priced stands last.

    Counts and sums are of all `rows`, also where only the `printed` ones are listed.
    """

    def listed(same: list[dict[str, Any]]) -> tuple[FindingRow, ...]:
        return tuple(_finding(row, labels, least) for row in same if row["finding_id"] in printed)

    order = list(labels.indicators)
    priced: dict[tuple[str, str], list[dict[str, Any]]] = {}
    others: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row["found_on"], row["finding_id"])):
        if row["disposition"] == "priced":
            priced.setdefault((row["part"], row["indicator"]), []).append(row)
        else:
            others.setdefault(row["disposition"], []).append(row)
    groups = []
    parts = [part["id"] for part in labels.head["scheme"].get("parts") or ()] or [""]
    places = {(part, indicator): (parts.index(part or ""), order.index(indicator)) for part, indicator in priced}
    for (part, indicator), same in sorted(priced.items(), key=lambda item: places[item[0]]):
        scheme = labels.indicators[indicator]
        words = [labels.weighted_part(part), labels.indicator(indicator)]
        heading = labels("reports-heading-join").join(word for word in words if word)
        net = sum((fraction(row, "net") or Fraction(0) for row in same), Fraction(0))
        groups.append(
            FindingGroup(
                labels("reports-group-heading", label=heading, points=scheme["points"], count=len(same)),
                printable(scheme["clause"] or ""),
                _cap_note(net, indicators.get((part, indicator)), least, labels, zeroed=(part, indicator) in zeroed),
                listed(same),
            )
        )
    for disposition in _SHOWN:
        if disposition in others:
            same = others[disposition]
            heading = labels(
                "reports-group-unpriced", disposition=labels.known("book-disposition", disposition), count=len(same)
            )
            groups.append(FindingGroup(heading, "", "", listed(same)))
    return tuple(groups)


def _cap_note(net: Fraction, indicator: Mapping[str, Any] | None, least: int, labels: Labels, *, zeroed: bool) -> str:
    """Say what the findings cost together and what was lost after zero-out, cap and rounding."""
    if indicator is None:
        return labels("reports-group-net", net=exact(net, least))
    lost = known(indicator, "lost")
    code = "reports-group-net" if lost == net else "reports-group-zeroed" if zeroed else "reports-group-capped"
    return labels(code, net=exact(net, least), lost=exact(lost, least))


def _finding(row: Mapping[str, Any], labels: Labels, least: int) -> FindingRow:
    charge, credit, extra, net, gives_back = (
        fraction(row, name) or Fraction(0) for name in ("charge", "credit", "extra", "net", "gives_back")
    )
    detail = [
        labels.word(row["severity"]),
        labels.word(row["channel"]),
        labels.word(row["programme"]),
    ]
    if row["found_severity"]:
        detail.append(labels("reports-finding-appealed", was=labels.word(row["found_severity"])))
    if row["repeat"]:
        detail.append(labels("reports-finding-repeat", count=row["repeat"]))
    if row["matter"] and row["matter"] != row["finding_id"]:
        detail.append(labels("reports-finding-matter", finding=printable(row["matter"])))
    # As the score goes: where lower is better, what comes back makes it smaller.
    gives_back = -gives_back if labels.up else gives_back
    priced = row["disposition"] == "priced"
    return FindingRow(
        number=printable(row["finding_id"]),
        found=short_day(row["found_on"]),
        village=one_line(row["village"] or ""),
        text=one_line(row["description"] or row["problem_type"] or ""),
        detail=labels("reports-detail-join").join(word for word in detail if word),
        charge=exact(charge, least) if priced else "",
        credit=exact(credit, least) if credit and priced else "",
        extra=exact(extra, least) if extra and priced else "",
        net=exact(net, least) if priced else "",
        state=_state(row, labels),
        due=short_day(row["due"]),
        gives_back=signed(gives_back, least) if gives_back and priced else "",
        about=brief(gives_back, least) if "/" in exact(gives_back) and priced else "",
        by=short_day(row["gives_back_by"]) if gives_back and priced else "",
        urgent=(row["state"] in {"sent_back", "false_report"} and row["fixed_on"] is None) or is_overdue(row),
    )


def _state(row: Mapping[str, Any], labels: Labels) -> str:
    if not row["state"]:
        return ""
    word = labels.known("book-state", row["state"])
    if row["state"] == "false_report" and row["fixed_on"] is not None:
        return labels("reports-finding-fixed-since", state=word)
    return labels("reports-finding-overdue", state=word) if is_overdue(row) and row["state"] != "overdue" else word


def _awaits(row: Mapping[str, Any]) -> bool:
    open_ = row["state"] in _AWAITING and row["fixed_on"] is None
    return open_ and row["disposition"] in {"priced", "not_checked"}


def _reply(row: Mapping[str, Any]) -> Reply:
    return Reply(
        printable(row["finding_id"]), printable(row["description"] or row["problem_type"] or ""), short_day(row["due"])
    )


def _answer(settings: Settings, labels: Labels) -> str:
    by = day(settings.answer_by, labels.lang)
    return labels("reports-sheet-answer", day=by) if by else labels("reports-sheet-answer-term")


def _objection(settings: Settings, labels: Labels) -> tuple[str, ...]:
    until = (labels.head.get("stages") or {}).get("comment", {}).get("until")
    if until and labels.head["stage"] == "comment":
        first = labels("reports-sheet-object-until", day=day(until, labels.lang), days=settings.objection_days)
    else:
        first = labels("reports-sheet-object", days=settings.objection_days)
    sentences = [first, labels("reports-sheet-grounds")]
    if settings.contact:
        sentences.append(labels("reports-sheet-contact", contact=as_written(settings.contact)))
    return tuple(sentences)
