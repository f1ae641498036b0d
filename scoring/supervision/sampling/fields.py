"""The columns of a work sheet: what stands in them, what may be filled in, by which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from scoring.messages import LANGUAGES, say
from scoring.supervision.sampling.drawing import Drawn
from scoring.supervision.sampling.policy import Point
from scoring.supervision.sampling.record import Kind

Type = Literal["text", "date", "amount", "choice"]
ANSWERS: Final = ("met", "failed", "na")
YES_NO: Final = ("yes", "no")
RESULTS: Final = ("kept", "back", "false")
POINT: Final = "point:"
"""Begins the name of a column that is a point."""
_WIDE_POINT: Final = 5.0


@dataclass(frozen=True)
class Field:
    """A column.

    Attributes
    ----------
    open
        Whether it is filled in; the others are locked.
    words
        Of a choice, id → what the cell says; the first of several is offered, all are read.
    upright
        Headed from top to bottom, as narrow as an answer.
    """

    name: str
    heading: str
    width: float
    type: Type = "text"
    open: bool = False
    words: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    upright: bool = False


def fields_of(kind: Kind, points: Sequence[Point], severities: Sequence[str], lang: str) -> list[Field]:
    """Return the columns of a sheet from left to right."""

    def column(name: str, width: float, **more: Any) -> Field:
        return Field(name, say(f"sampling-column-{name}", lang), width, **more)

    def chosen(names: Sequence[str], group: str) -> dict[str, str]:
        return {name: say(f"sampling-{group}-{name}", lang) for name in names}

    finding = [
        column("text", 36, open=True),
        column("severity", 9, type="choice", open=True, words=dict(zip(severities, severities, strict=True))),
        column("amount", 11, type="amount", open=True),
    ]
    if kind == "look-back":
        return [
            column("number", 5), column("finding", 20), column("village", 12), column("indicator", 20),
            column("description", 30), column("found", 11, type="date"), column("fixed", 11, type="date"),
            column("rechecked", 12, type="date", open=True),
            column("result", 11, type="choice", open=True, words=chosen(RESULTS, "result")),
            *finding,
        ]  # fmt: skip
    return [
        column("number", 5), column("case", 17), column("programme", 11), column("village", 12),
        column("confirmed", 11, type="date"), column("drawn", 12),
        column("checked", 12, type="date", open=True),
        column("visited", 6, type="choice", open=True, words=chosen(YES_NO, "visited")),
        *(
            Field(
                f"{POINT}{point.id}", point.called(lang), _WIDE_POINT, "choice", True, chosen(ANSWERS, "answer"),
                say("sampling-point-note", lang, item=point.item, ask=point.asked(lang)), True,
            )
            for point in points
        ),
        *finding,
    ]  # fmt: skip


def cells_of(
    drawn: Drawn, facts: Mapping[str, Any], points: Sequence[Point], indicators: Mapping[str, str], lang: str
) -> dict[str, Any]:
    """Return what stands in a row before it is filled in, by column: its facts, and points that do not apply."""
    if "fixed_on" in facts:
        return {
            "finding": drawn.item.key, "village": facts["village"], "description": facts["description"],
            "indicator": indicators.get(facts["indicator"], facts["indicator"]),
            "found": facts["found_on"], "fixed": facts["fixed_on"],
        }  # fmt: skip
    na, programme = say("sampling-answer-na", lang), drawn.item.stratum or None
    unusual = [
        one for one in points if not one.open and not one.applies(programme, disputed=facts["disputed"] == "yes")
    ]
    return {
        "case": drawn.item.key, "programme": programme, "village": facts["village"],
        "confirmed": facts["confirmed_on"],
        "drawn": say(f"sampling-why-{drawn.why.replace('_', '-') or 'random'}", lang),
        **{f"{POINT}{point.id}": na for point in unusual},
    }  # fmt: skip


def both_languages(kind: Kind, points: Sequence[Point], severities: Sequence[str]) -> dict[str, Field]:
    """Return heading → column in either language: a sheet is read in whatever language it was written."""
    known: dict[str, Field] = {}
    for lang in LANGUAGES:
        for one in fields_of(kind, points, severities, lang):
            known.setdefault(one.heading, one)
    return known


def choices(kind: Kind, points: Sequence[Point]) -> dict[str, dict[str, str]]:
    """Return of each column of choices but the severities' the word of a cell → its id, in either language.

    The marks that people put are among the words.
    """
    found: dict[str, dict[str, str]] = {}
    for lang in LANGUAGES:
        for one in fields_of(kind, points, (), lang):
            if one.type == "choice" and one.name != "severity":
                found.setdefault(one.name, {}).update({word: key for key, word in one.words.items()})
    for name, words in found.items():
        group = "answer" if name.startswith(POINT) else name
        for key in dict.fromkeys(words.values()):
            words.update(dict.fromkeys(say(f"sampling-also-{group}-{key}", "zh").split(), key))
    return found
