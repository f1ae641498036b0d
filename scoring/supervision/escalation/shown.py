"""`due` in words: tables for the screen and the workbook."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.reports.book import Book, Cell, Column, Kind
from scoring.reports.office_text import one_line
from scoring.reports.text import day, listed, short_day
from scoring.supervision.escalation.ladder import STATUSES, Standing
from scoring.supervision.escalation.outgoing import SPOKEN, Outgoing
from scoring.supervision.escalation.picture import Picture

Row = list[str]
_SHOWN: Final = ("overdue", "soon", "verify", "appeal")
"""What the screen lists beside what is to be sent; what merely runs stands in the workbook."""
_OUT: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("town", 16, "text"), ("do", 14, "text"), ("count", 9, "count"), ("finding", 34, "long"), ("answer", 13, "date"),
    ("why", 60, "long"),
)  # fmt: skip
_STANDING: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("town", 16, "text"), ("status", 11, "text"), ("finding", 16, "text"), ("indicator", 26, "long"),
    ("village", 14, "text"), ("severity", 10, "text"), ("found", 12, "date"), ("deadline", 12, "date"),
    ("days", 10, "number"), ("letters", 30, "long"), ("do", 14, "text"), ("why", 44, "long"),
)  # fmt: skip


def kind_word(kind: str, lang: str) -> str:
    """Return what an instrument is called."""
    return say(f"due-kind-{kind.replace('_', '-')}", lang)


def why(standing: Standing, lang: str) -> str:
    """Say why a matter stands where it does."""
    said = dict(standing.parameters)
    if "kind" in said:
        said["kind"] = kind_word(said["kind"], lang)
        said["sent_on"] = day(said["sent_on"], lang)
    elif standing.reason == "running":
        return ""
    appeals = listed(map(one_line, standing.matter.pending), lang)
    return say(f"due-why-{standing.reason}", lang, **{**said, "appeals": appeals})


def why_out(out: Outgoing, picture: Picture, lang: str) -> str:
    """Say why a letter is to be sent: each reason once."""
    reasons = [why(one, lang) for one in out.standings]
    for one in out.tendencies:
        trend = picture.policy.tendency
        kind = picture.indicators.get(one.kind, one.kind) if one.by_indicator else one.kind
        code = "wide" if one.towns >= trend.in_towns else "own"
        said = {"kind": one_line(kind), "count": len(one.members), "days": trend.within_days, "towns": one.towns}
        reasons.append(say(f"due-why-{code}-tendency", lang, **said))
    return say("due-why-join", lang).join(dict.fromkeys(reasons))


def sections(picture: Picture, lang: str) -> list[tuple[str, list[str], list[Row]]]:
    """Return what the screen shows: title, headings and rows of each section, by town; empty ones are left out."""
    made: list[tuple[str, list[str], list[Row]]] = []
    if picture.outgoing:
        names = ("town", "do", "count", "answer", "finding", "why")
        rows = [
            [
                _town(out.town, picture),
                kind_word(out.kind, lang),
                str(len(out.members)),
                short_day(out.due_on),
                _few(out.members, lang),
                why_out(out, picture, lang),
            ]
            for out in _by_town(picture.outgoing, picture)
        ]
        made.append((say("due-section-send", lang), _headings(names, lang), rows))
    names = ("town", "finding", "indicator", "deadline", "days", "why")
    for status in _SHOWN:
        rows = [
            [
                _town(one.matter.town, picture),
                one_line(one.matter.id),
                one_line(picture.indicators.get(one.matter.finding["indicator"], one.matter.finding["indicator"])),
                short_day(one.deadline),
                _days(one, picture, lang),
                why(one, lang),
            ]
            for one in _by_town([one for one in picture.standings if one.status == status], picture)
        ]
        if rows:
            made.append((say(f"due-section-{status}", lang, days=picture.policy.soon), _headings(names, lang), rows))
    return made


def counts(picture: Picture) -> dict[str, int]:
    """Count what is to be sent, and the problems in each state."""
    found: dict[str, int] = {status: sum(one.status == status for one in picture.standings) for status in STATUSES}
    calls = sum(one.kind in SPOKEN for one in picture.outgoing)
    sent = {"send": len(picture.outgoing), "calls": calls, "letters": len(picture.outgoing) - calls}
    return {**found, **sent, "days": picture.policy.soon}


def write_sheet(picture: Picture, path: Path, lang: str) -> None:
    """Write the workbook: what is to be sent, and every open problem with its state and its letters.

    Clues and referrals do not stand in it.

    Raises
    ------
    OSError
        It cannot be written.
    """
    title = say("due-sheet-title", lang, day=day(picture.on, lang))
    out: list[list[Cell]] = [
        [
            _town(one.town, picture),
            kind_word(one.kind, lang),
            len(one.members),
            listed(map(one_line, one.members), lang),
            one.due_on,
            why_out(one, picture, lang),
        ]
        for one in _by_town(picture.outgoing, picture)
    ]
    standing: list[list[Cell]] = [
        [
            _town(one.matter.town, picture),
            say(f"due-status-{one.status}", lang),
            one.matter.id,
            picture.indicators.get(one.matter.finding["indicator"], one.matter.finding["indicator"]),
            one.matter.finding.get("village"),
            one.matter.finding.get("severity"),
            one.matter.finding["found_on"],
            one.deadline,
            one.days,
            listed((f"{short_day(sent.sent_on)} {kind_word(sent.kind, lang)}" for sent in one.matter.letters), lang),
            kind_word(one.step.kind, lang) if one.step else "",
            why(one, lang),
        ]
        for one in _by_town(picture.standings, picture)
    ]
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "due.xlsx"
        with Book(fresh, title=title, run_line=title, made=picture.on, decimals=0, lang=lang) as book:
            for name, columns, rows in (("out", _OUT, out), ("standing", _STANDING, standing)):
                shown = [Column(say(f"due-column-{column}", lang), width, kind) for column, width, kind in columns]
                book.table(say(f"due-sheet-{name}", lang), shown, rows, fixed=1)
        write_whole(path, fresh.read_bytes())


def _headings(names: Sequence[str], lang: str) -> list[str]:
    return [say(f"due-column-{name}", lang) for name in names]


def _town(code: str, picture: Picture) -> str:
    return one_line(picture.towns.get(code, code))


def _by_town(items: Sequence, picture: Picture) -> list:  # type: ignore[type-arg]
    """Return standings or letters in the official order of the towns, within a town as they were."""
    order = {code: place for place, code in enumerate(picture.towns)}

    def place(item: Standing | Outgoing) -> int:
        return order.get(item.town if isinstance(item, Outgoing) else item.matter.town, len(order))

    return sorted(items, key=place)


def _few(members: Sequence[str], lang: str) -> str:
    shown = listed(map(one_line, members[:3]), lang)
    return shown if len(members) <= 3 else say("due-and-more", lang, shown=shown, count=len(members))


def _days(one: Standing, picture: Picture, lang: str) -> str:
    if one.days is None or one.deadline is None:
        return ""
    if one.deadline == picture.on:
        return say("due-days-today", lang)
    return say("due-days-left" if one.deadline > picture.on else "due-days-over", lang, days=abs(one.days))
