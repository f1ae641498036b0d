"""What `internal.pdf` prints: first what leaders ask for first, then the maps, charts and lists behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeVar

from scoring.reports.duties_view import DutiesView, duties_view
from scoring.reports.effort import Efforts, efforts
from scoring.reports.heat import Piece, ScoreChart, heat_map, score_charts
from scoring.reports.labels import Labels
from scoring.reports.method import Method, method
from scoring.reports.office_text import printable
from scoring.reports.printed import findings_of, is_overdue
from scoring.reports.rising import Rising, rising
from scoring.reports.settings import Settings
from scoring.reports.standing import in_rank_order, trailing
from scoring.reports.sureness import Sureness, sureness
from scoring.reports.text import brief, known, listed, short_day, signed
from scoring.reports.town_view import Figure
from scoring.reports.trend import Moved, Previous, previous
from scoring.reports.view import example_note
from scoring.reports.within import span, within

if TYPE_CHECKING:
    from scoring.assessment import Assessment

# A leader reads a page; the lists behind it stop where nobody reads on.
_MOST_TOWNS: Final = 51
_MOST_OVERDUE_TOWNS: Final = 8
_MOST_VILLAGES: Final = 10
_MOST_OVERDUE: Final = 200
_MOST_WARNINGS: Final = 30
_COUNTED: Final = frozenset({"priced", "not_checked"})
_Key = TypeVar("_Key", str, tuple[str, str])


@dataclass(frozen=True)
class Low:
    """A town low in the ranking."""

    town: str
    score: str
    rank: str
    change: str
    losses: str
    overdue: str
    villages: str


@dataclass(frozen=True)
class Move:
    """A town's way since the period before."""

    town: str
    places: str
    points: str
    up: bool


@dataclass(frozen=True)
class Tally:
    """A name and its counts; `share` in thousandths of the largest."""

    name: str
    detail: str
    count: str
    other: str
    share: int


@dataclass(frozen=True)
class Overdue:
    """A finding that should have been fixed."""

    town: str
    village: str
    number: str
    text: str
    state: str
    due: str
    days: str


@dataclass(frozen=True)
class InternalView:
    """The analysis, every word and number of it as text."""

    lang: str
    title: str
    figures: tuple[Figure, ...]
    low: tuple[Low, ...]
    compared: str
    within: str
    """Between which two periods of the year the towns moved, where no earlier one is there to compare with."""
    moves: tuple[Move, ...]
    pending: tuple[str, ...]
    gated: tuple[str, ...]
    unchecked: str
    overdue_towns: tuple[Tally, ...]
    villages: tuple[Tally, ...]
    charts: tuple[ScoreChart, ...]
    heat: tuple[Piece, ...]
    heat_note: str
    rising: Rising
    doubt: Sureness | None
    effort: Efforts | None
    duties: DutiesView | None
    indicators: tuple[Tally, ...]
    channels: tuple[Tally, ...]
    overdue: tuple[Overdue, ...]
    overdue_more: str
    method: Method
    watermark: str
    trace: str
    example: str


def internal_view(assessment: Assessment, settings: Settings) -> InternalView:
    """Prepare the analysis for leaders."""
    labels = Labels(assessment.head, settings.lang)
    towns = assessment.scores.sort("order").to_dicts()
    names = {town["town_code"]: printable(town["town"]) for town in towns}
    findings = [row for row in findings_of(assessment) if row["disposition"] in _COUNTED]
    overdue = sorted(
        (row for row in findings if is_overdue(row)),
        key=lambda row: (row["due"] is None, row["due"], row["finding_id"]),
    )
    ranked = in_rank_order(towns)
    low = trailing(ranked, settings.last, up=labels.up)[::-1]
    earlier, course = previous(assessment, towns), within(assessment, towns)
    mapped = (ranked + [town for town in towns if town["rank"] is None])[-_MOST_TOWNS:]
    return InternalView(
        lang=settings.lang,
        title=labels("reports-internal-title", period=labels.period),
        figures=_figures(labels),
        low=tuple(_low(town, assessment, findings, earlier, labels) for town in low),
        compared=_compared(earlier, labels),
        within=labels("reports-within-moves", **span(course, labels)) if course else "",
        moves=_moves(towns, earlier or course),
        pending=tuple(_pending(labels, names)),
        gated=tuple(_gated(towns, labels)),
        unchecked=listed((names[t["town_code"]] for t in towns if not t["checked"]), labels.lang),
        overdue_towns=_overdue_towns(overdue, names, labels),
        villages=_villages(findings, names),
        charts=score_charts(towns, {town["town_code"] for town in low}, labels),
        heat=heat_map(assessment, mapped, labels),
        heat_note=labels("reports-heat-cut", shown=len(mapped), all=len(towns)) if len(mapped) < len(towns) else "",
        rising=rising(assessment, labels, _MOST_WARNINGS),
        doubt=sureness(assessment, labels, _MOST_TOWNS),
        effort=efforts(assessment, labels),
        duties=duties_view(assessment, labels),
        indicators=_by_indicator(findings, labels),
        channels=_tallies(Counter(labels.word(row["channel"]) or labels("reports-none") for row in findings)),
        overdue=tuple(_overdue_row(row, names, labels) for row in overdue[:_MOST_OVERDUE]),
        overdue_more=labels("reports-overdue-more", count=len(overdue) - _MOST_OVERDUE)
        if len(overdue) > _MOST_OVERDUE
        else "",
        method=method(labels),
        watermark=labels.watermark,
        trace=labels.trace,
        example=example_note(labels),
    )


def _figures(labels: Labels) -> tuple[Figure, ...]:
    summary = labels.head["summary"]
    wanted = ("mean", "max", "min", "findings", "on_time_rate", "overdue", "repeats")
    blank = labels("reports-none")
    return tuple(
        Figure(str(summary.get(name) or blank), labels(f"reports-figure-{name.replace('_', '-')}")) for name in wanted
    )


def _low(
    town: Mapping[str, Any],
    assessment: Assessment,
    findings: list[dict[str, Any]],
    earlier: Previous | None,
    labels: Labels,
) -> Low:
    code = town["town_code"]
    lost: dict[str, Fraction] = {}
    for row in assessment.indicators.filter(assessment.indicators["town_code"] == code).to_dicts():
        lost[row["indicator"]] = lost.get(row["indicator"], Fraction(0)) + labels.weight(row["part"]) * known(
            row, "lost"
        )
    losses = sorted(((loss, labels.indicator(i)) for i, loss in lost.items() if loss > 0), key=lambda item: -item[0])
    villages = Counter(printable(row["village"]) for row in findings if row["town"] == code and row["village"])
    change = ""
    if earlier is not None and code in earlier.changes:
        change = signed(earlier.changes[code], 2)
    return Low(
        town=printable(town["town"]),
        score=str(town["score"]),
        rank=str(town["rank"]),
        change=change,
        losses=listed(
            (labels("reports-low-loss", label=label, points=brief(loss, 0)) for loss, label in losses[:3]), labels.lang
        ),
        overdue=str(town["overdue"]),
        villages=listed(
            (labels("reports-low-village", village=v, count=n) for v, n in _most(villages, 2)), labels.lang
        ),
    )


def _compared(earlier: Previous | None, labels: Labels) -> str:
    """Name the period before, and that the rules were others."""
    if earlier is None:
        return ""
    before = labels.period_words(earlier.period)
    return labels("reports-compared-rules", before=before) if earlier.rule_change else before


def _moves(towns: list[dict[str, Any]], moved: Moved | None) -> tuple[Move, ...]:
    """Take the three that gained most places and the three that lost most."""
    if moved is None:
        return ()
    rows = [(moved.places[town["town_code"]], town) for town in towns if moved.places.get(town["town_code"])]
    rows.sort(key=lambda item: (-item[0], item[1]["order"]))
    chosen = [row for row in rows if row[0] > 0][:3] + [row for row in rows if row[0] < 0][-3:]
    return tuple(
        Move(
            town=printable(town["town"]),
            places=str(abs(places)),
            points=signed(moved.changes[town["town_code"]], 2) if town["town_code"] in moved.changes else "",
            up=places > 0,
        )
        for places, town in chosen
    )


def _pending(labels: Labels, names: Mapping[str, str]) -> Iterable[str]:
    """Vetoes that no meeting has decided yet: they stand in this paper alone."""
    pending = (labels.head.get("internal") or {}).get("pending_gates") or {}
    for code, town in names.items():
        for gate in pending.get(code, ()):
            yield labels("reports-pending-gate", town=town, wording=labels.gate(gate))


def _gated(towns: list[dict[str, Any]], labels: Labels) -> Iterable[str]:
    for town in towns:
        for gate in town["gates"] or ():
            parameters = {"wording": labels.gate(gate), "effect": labels.gate_effect(gate)}
            yield labels("reports-decided-gate", town=printable(town["town"]), **parameters)


def _overdue_towns(rows: list[dict[str, Any]], names: Mapping[str, str], labels: Labels) -> tuple[Tally, ...]:
    villages: dict[str, Counter[str]] = {}
    for row in rows:
        villages.setdefault(row["town"], Counter())[
            printable(row["village"] or labels("reports-internal-no-village"))
        ] += 1
    counts = Counter({town: counter.total() for town, counter in villages.items()})
    most = max(counts.values(), default=1)
    first = _most(counts, len(counts) if len(counts) <= _MOST_OVERDUE_TOWNS + 1 else _MOST_OVERDUE_TOWNS)
    rest = len(counts) - len(first)
    more = labels("reports-internal-overdue-rest", towns=rest)
    others = counts.total() - sum(count for _, count in first)
    told = [
        Tally(
            name=names[town],
            detail=listed(
                (labels("reports-low-village", village=v, count=n) for v, n in _most(villages[town], 4)), labels.lang
            ),
            count=str(count),
            other="",
            share=1000 * count // most,
        )
        for town, count in first
    ]
    return (*told, Tally(more, "", str(others), "", 0)) if rest else tuple(told)


def _villages(rows: list[dict[str, Any]], names: Mapping[str, str]) -> tuple[Tally, ...]:
    counts = Counter((row["town"], row["village"]) for row in rows if row["village"])
    late = Counter((row["town"], row["village"]) for row in rows if is_overdue(row))
    most = max(counts.values(), default=1)
    return tuple(
        Tally(printable(village), names[town], str(count), str(late[town, village]), 1000 * count // most)
        for (town, village), count in _most(counts, _MOST_VILLAGES)
    )


def _by_indicator(rows: list[dict[str, Any]], labels: Labels) -> tuple[Tally, ...]:
    """Count findings and towns by indicator, most first."""
    counts = Counter(row["indicator"] for row in rows if row["indicator"] in labels.indicators)
    towns = {indicator: len({row["town"] for row in rows if row["indicator"] == indicator}) for indicator in counts}
    most = max(counts.values(), default=1)
    return tuple(
        Tally(
            labels.indicator(i),
            printable(labels.indicators[i]["clause"] or ""),
            str(n),
            str(towns[i]),
            1000 * n // most,
        )
        for i, n in sorted(counts.items(), key=lambda item: (-item[1], list(labels.indicators).index(item[0])))
    )


def _tallies(counts: Counter[str]) -> tuple[Tally, ...]:
    most = max(counts.values(), default=1)
    return tuple(Tally(name, "", str(count), "", 1000 * count // most) for name, count in _most(counts, len(counts)))


def _most(counts: Counter[_Key], number: int) -> list[tuple[_Key, int]]:
    """Return the largest counts; equal ones by name, as a counter's own order is that of the rows."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:number]


def _overdue_row(row: Mapping[str, Any], names: Mapping[str, str], labels: Labels) -> Overdue:
    late = (date.fromisoformat(labels.head["as_of"]) - row["due"]).days if row["due"] else None
    return Overdue(
        town=names[row["town"]],
        village=printable(row["village"] or ""),
        number=printable(row["finding_id"]),
        text=printable(row["description"] or row["problem_type"] or ""),
        state=labels.known("book-state", row["state"]),
        due=short_day(row["due"]),
        days="" if late is None else str(late),
    )
