"""What the notice prints, ready made: `report.pdf` and `report.docx` lay it out and compute nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from scoring.exact import round_half_away
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.rolled_view import is_rolled, rolled_columns, rolled_other
from scoring.reports.settings import Settings
from scoring.reports.standing import in_rank_order, trailing
from scoring.reports.text import ABOUT, brief, brief_signed, day, exact, fraction, known, listed
from scoring.reports.within import Within, within, within_cells, within_headings, within_notes

if TYPE_CHECKING:
    from scoring.assessment import Assessment


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `lead` is its run-in heading in kaiti, or empty."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and its paragraphs."""

    heading: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True)
class Column:
    """A column of the annex: heading, kind of content (``text``, ``name`` or ``number``), share of the width."""

    heading: str
    kind: str
    share: float


@dataclass(frozen=True)
class Annex:
    """The ranked table."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    dense: bool
    """Whether there are so many columns that the rows are set closer."""


@dataclass(frozen=True)
class ReportView:
    """The notice, every word and number of it as text."""

    lang: str
    mark: str
    number: str
    title: str
    title_lines: tuple[str, ...]
    addressees: str
    sections: tuple[Section, ...]
    attachment: str
    signer: str
    dated: str
    annex: Annex
    copies: str
    printer: str
    printed: str
    watermark: str
    trace: str
    example: str


def report_view(assessment: Assessment, settings: Settings) -> ReportView:
    """Prepare the notice.

    Parameters
    ----------
    assessment
        The whole assessment.
    settings
        The bureau's names and how much of the ranking is shown.
    """
    from scoring.reports.prose import sections  # the sentences use the types above

    labels = Labels(assessment.head, settings.lang)
    lines = tuple(labels("reports-notice-title", period=labels.period).split("|"))
    annex = annex_view(assessment, settings, labels)
    dated = day(settings.dated, settings.lang)
    return ReportView(
        lang=settings.lang,
        mark=printable(settings.mark or settings.bureau),
        number=printable(settings.number),
        title=labels("reports-line-join").join(lines),
        title_lines=lines,
        addressees=printable(settings.addressees) or labels("reports-addressees"),
        sections=sections(assessment, settings, labels),
        attachment=labels("reports-attachment", title=annex.title),
        signer=printable(settings.bureau),
        dated=dated,
        annex=annex,
        copies=labels("reports-copies", names=printable(settings.copies)) if settings.copies else "",
        printer=printable(settings.printer or settings.bureau),
        printed=labels("reports-printed", day=dated) if dated else "",
        watermark=labels.watermark,
        trace=labels.trace,
        example=example_note(labels),
    )


def example_note(labels: Labels) -> str:
    """Say that data or points are examples; nothing for real ones."""
    head = labels.head
    words = [labels("reports-example-note")] if head.get("example") else []
    notice = head["scheme"].get("example_notice")
    if notice:
        words.append(printable(str(notice)) if labels.lang == "zh" else labels("reports-example-scheme"))
    return "".join(words) if labels.lang == "zh" else " ".join(words)


def annex_rows(rows: list[dict[str, Any]], settings: Settings, *, up: bool) -> list[dict[str, Any]]:
    """Choose and order the towns of the annex; those without a rank stand last; `up` where lower scores are better."""
    if settings.names == "order":
        return sorted(rows, key=lambda row: row["order"])
    ranked = in_rank_order(rows)
    if settings.names == "leaders":
        return [row for row in ranked if row["rank"] <= settings.leaders]
    if settings.names == "last":
        return trailing(ranked, settings.last, up=up)
    return ranked + sorted((row for row in rows if row["rank"] is None), key=lambda row: row["order"])


def annex_view(assessment: Assessment, settings: Settings, labels: Labels) -> Annex:
    """Lay out the ranked table: a column a dimension, its full points in the heading."""
    with_rank = settings.names != "order"
    with_group_rank = with_rank and any(assessment.scores["group"])  # without groups it would be the place again
    rows = annex_rows(assessment.scores.to_dicts(), settings, up=labels.up)
    earned: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in assessment.dimensions.to_dicts():
        earned.setdefault((row["town_code"], row["dimension"]), []).append(row)
    decimals = int(labels.head["scheme"]["decimals"])
    rolled = rolled_columns(assessment, labels) if is_rolled(assessment) else []
    course = within(assessment, assessment.scores.to_dicts())
    others = (
        rolled_other(assessment, rows) if rolled else {row["town_code"]: _other(row, earned, labels) for row in rows}
    )
    # What no dimension holds: bonuses, demerits, limits. A mere rounding of the total needs no column.
    with_other = any(abs(value) >= Fraction(1, 2 * 10**decimals) for value in others.values() if value is not None)
    chinese = labels.lang == "zh"
    share = _shares(chinese=chinese, rolled=bool(rolled), moved=course is not None, with_other=with_other)
    # A year is told by its periods, any other by its dimensions.
    headings = [column.heading for column in rolled] or [
        labels("reports-column-dimension", label=labels.named(d), points=d["points"]).replace("|", "\n")
        for d in labels.dimensions.values()
    ]
    moves = within_headings(course, labels, ranked=with_rank) if course else ()
    group_place = labels("reports-column-group-place")
    wanted = [
        *([(labels("reports-column-place"), "text", share["place"])] if with_rank else []),
        (labels("reports-column-town"), "name", share["town"]),
        (labels("reports-column-group"), "text", share["group"]),
        *((heading, "number", share["wide"]) for heading in headings),
        *([(labels("reports-column-other"), "number", share["other"])] if with_other else []),
        (labels("reports-column-score"), "number", share["score"]),
        (labels("reports-column-grade"), "text", share["grade"]),
        *([(group_place.replace("|", "\n" if moves else ""), "text", share["in_group"])] if with_group_rank else []),
        *((heading, kind, share["moved"]) for heading, kind in zip(moves, ("number", "text"), strict=False)),
        # Its periods leave a year no room for counts, which stand in the text and in each sheet.
        *([] if rolled else [(labels("reports-column-findings"), "text", share["findings"])]),
        *([] if rolled else [(labels("reports-column-on-time"), "text", share["on_time"])]),
        (labels("reports-column-overdue"), "text", share["overdue"]),
    ]
    columns = [Column(*column) for column in wanted]
    body = tuple(
        (
            *([_place(row["rank"], labels)] if with_rank else []),
            _town(row, labels),
            labels.word(row["group"] or row["kind"]),
            *(
                [column.scores.get(row["town_code"], labels("reports-none")) for column in rolled]
                or [_earned(earned.get((row["town_code"], d), []), decimals) for d in labels.dimensions]
            ),
            *([_signed(others[row["town_code"]], decimals)] if with_other else []),
            _score(row, labels),
            labels.grade(row["grade"]),
            *([_place(row["group_rank"], labels)] if with_group_rank else []),
            *(within_cells(course, row, labels, ranked=with_rank) if course else ()),
            *([] if rolled else [str(row["findings"]), f"{row['closed_on_time']}/{row['due']}"]),
            str(row["overdue"]),
        )
        for row in rows
    )
    title = labels(f"reports-annex-title-{'ranked' if with_rank else 'plain'}", period=labels.period)
    partly = any(len(column.scores) < sum(row["score"] is not None for row in rows) for column in rolled)
    return Annex(title, tuple(columns), body, _notes(rows, settings, labels, course, partly=partly), course is not None)


def _shares(*, chinese: bool, rolled: bool, moved: bool, with_other: bool) -> dict[str, float]:
    """Return the columns' shares of the width: narrow enough that no number breaks, whatever stands beside it."""
    if moved:  # a year with its inner movement has most columns, and one share is about 1.6 mm
        names = ("place", "town", "group", "wide", "other", "score", "grade", "in_group", "moved", "overdue")
        zh = (5.5, 14, 6.8, 9.6, 11.2, 9, 8, 5.8, 9.8, 5.6)
        return dict(zip(names, zh if chinese else (4.8, 10.2, 12.6, 9.4, 8.9, 7.6, 10, 5.6, 8.4, 7.4), strict=True))
    return {
        "place": 5,
        "town": 13 if not with_other else 12 if chinese else 10,
        "group": 7 if chinese else 12.5,
        "wide": 10.2 if rolled else 9.5 if chinese and with_other else 11,
        "other": 10 if rolled else 8.5,
        "score": 8.5 if chinese else 10,
        "grade": 9 if chinese else 10,
        "in_group": 8,
        "findings": 7,
        "on_time": 9.5 if with_other else 10,
        "overdue": 7 if chinese else 7.5,
    }


def _notes(
    rows: list[dict[str, Any]], settings: Settings, labels: Labels, course: Within | None, *, partly: bool = False
) -> tuple[str, ...]:
    ranked = "reports-annex-note-ties" if labels.head["scheme"]["tie_breakers"] else "reports-annex-note"
    ties = ranked if settings.names != "order" else "reports-annex-note-order"
    notes = [labels(ties, as_of=day(labels.head["as_of"], labels.lang))]
    if settings.names in {"leaders", "last"}:
        notes.append(labels(f"reports-annex-note-{settings.names}"))
    if labels.head.get("rolled"):
        notes.append(labels("reports-annex-note-rolled"))
        missing = labels.head["rolled"]["missing"]
        if missing:
            periods = listed((labels.period_words({"id": label}) for label in missing), labels.lang)
            notes.append(labels("reports-annex-note-missing", periods=periods))
        if partly:
            notes.append(labels("reports-annex-note-own-weights"))
    if course:
        notes += within_notes(course, labels)
    if labels.base:
        notes.append(labels("reports-annex-note-net", base=exact(labels.base)))
    if any(not row["checked"] and row["outcome"] != "not_checked" for row in rows):
        notes.append(labels("reports-annex-note-ranked-unchecked"))
    if any(row["outcome"] == "not_checked" for row in rows):
        notes.append(labels("reports-annex-note-unchecked"))
    return tuple(notes)


def _town(row: Mapping[str, Any], labels: Labels) -> str:
    """Return a town's name, marked where it is ranked though nobody checked it."""
    marked = not row["checked"] and row["outcome"] != "not_checked"
    return labels("reports-ranked-unchecked", town=printable(row["town"])) if marked else printable(row["town"])


def _other(
    row: Mapping[str, Any], earned: Mapping[tuple[str, str], list[Mapping[str, Any]]], labels: Labels
) -> Fraction | None:
    """Return what of a town's score no dimension holds; nothing for a town without a score."""
    score = fraction(row, "score")
    if score is None:
        return None
    parts = {part["id"]: Fraction(part["weight"]) for part in labels.head["scheme"].get("parts") or ()}
    held = (
        known(one, "earned") * parts.get(one["part"], Fraction(1))
        for dimension in labels.dimensions
        for one in earned.get((row["town_code"], dimension), [])
    )
    return score - labels.base - sum(held, Fraction(0))


def _signed(value: Fraction | None, decimals: int) -> str:
    """Write a difference; in a narrow column what is finer than the scores is rounded openly."""
    if value is None:
        return ""
    told = brief_signed(value, decimals)
    if told and told[0] != ABOUT and (value * 10**decimals).denominator != 1:
        return ABOUT + brief_signed(round_half_away(value, decimals), decimals)
    return told


def _score(row: Mapping[str, Any], labels: Labels) -> str:
    return labels("reports-not-checked") if row["outcome"] == "not_checked" else str(row["score"] or "")


def _place(rank: int | None, labels: Labels) -> str:
    return labels("reports-none") if rank is None else str(rank)


def _earned(rows: list[Mapping[str, Any]], decimals: int) -> str:
    """Write a dimension's points; with several parts, one number a part."""
    return " / ".join(brief(known(row, "earned"), decimals) for row in rows)
