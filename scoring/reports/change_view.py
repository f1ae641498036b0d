"""Why a town's score changed: the sentences, and a waterfall from the score before to the present one.

Lengths are whole tenths of a millimetre, as pictures have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.reports.labels import Labels
from scoring.reports.text import brief, brief_signed, known
from scoring.reports.trend import Moment

if TYPE_CHECKING:
    from scoring.assessment import Assessment

_WIDTH: Final = 1780
_WIDEST: Final = 240
# The bars stand between these heights; above is room for a number, below for two lines of names.
_TOP, _FOOT, _HEIGHT = 44, 270, 346
# The lowest level stands so much above the foot, in shares of what the bars span.
_BELOW: Final = Fraction(1, 4)


@dataclass(frozen=True)
class Step:
    """A column: its bar, its number above it and its name below; `kind` is end, better or worse.

    `level` is where the thin line to the next column runs.
    """

    x: int
    y: int
    width: int
    height: int
    middle: int
    number: str
    name: str
    kind: str
    level: int


@dataclass(frozen=True)
class Waterfall:
    """The columns from the score before to the score now."""

    width: int
    height: int
    column: int
    foot: int
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Change:
    """What is said and drawn of a change."""

    sentence: str
    waterfall: Waterfall | None
    note: str


def town_change(
    assessment: Assessment, town: Mapping[str, Any], times: tuple[Moment, ...], labels: Labels
) -> Change | None:
    """Return the change of the one town of an assessment (its row of `scores`); None where there is none to tell."""
    rows = assessment.changes.to_dicts()
    if not rows or not times or town["score_num"] is None:
        return None
    end = known(town, "score")
    parts = {row["part"]: known(row, "points") for row in rows}
    start = end - sum(parts.values(), Fraction(0))
    past = next((time.period for time in times if time.period["id"] == rows[0]["from_period"]), None)
    before = past or {"id": rows[0]["from_period"]}
    least = int(labels.head["scheme"]["decimals"])
    # What is less than half of the last digit, a mere rounding, has no column of its own.
    drawn = {name: points for name, points in parts.items() if brief_signed(points, least)}
    sentences = [_moved(start, end, before, least, labels), _most(drawn, least, labels)]
    sentences.append(_rules(rows, drawn, least, labels, changed=times[-1].rule_change))
    return Change(
        sentence=labels("reports-sentence-join").join(sentence for sentence in sentences if sentence),
        waterfall=_waterfall(start, end, drawn, before, least, labels) if drawn else None,
        note=labels("reports-change-note") if drawn else "",
    )


def _moved(start: Fraction, end: Fraction, before: Mapping[str, Any], least: int, labels: Labels) -> str:
    change = end - start
    return labels(
        f"reports-change-{'up' if change > 0 else 'down' if change else 'same'}",
        before=labels.period_words(before),
        start=brief(start, least),
        end=brief(end, least),
        change=brief(abs(change), least),
    )


def _most(parts: Mapping[str, Fraction], least: int, labels: Labels) -> str:
    if not parts:
        return labels("reports-change-none")
    most = max(parts, key=lambda name: abs(parts[name]))
    return labels("reports-change-most", part=_name(most, labels), points=brief_signed(parts[most], least))


def _rules(
    rows: list[dict[str, Any]], parts: Mapping[str, Fraction], least: int, labels: Labels, *, changed: bool
) -> str:
    """Say what a change of the rules did, where they changed."""
    if not all(row["rules_known"] for row in rows):
        return labels("reports-change-rules-unknown")
    if "rules" in parts:
        return labels("reports-change-rules", points=brief_signed(parts["rules"], least))
    return labels("reports-change-rules-none") if changed else ""


def _name(part: str, labels: Labels) -> str:
    return labels.known("reports-change-part", part)


def _waterfall(
    start: Fraction, end: Fraction, parts: Mapping[str, Fraction], before: Mapping[str, Any], least: int, labels: Labels
) -> Waterfall:
    levels = [start]
    for points in parts.values():
        levels.append(levels[-1] + points)
    low, high = min(*levels, end), max(*levels, end)
    first = low - (high - low) * _BELOW

    def height(value: Fraction) -> int:
        return _FOOT - int((value - first) / (high - first) * (_FOOT - _TOP))

    column = min(_WIDEST, _WIDTH // (len(parts) + 2))
    bar = column * 3 // 5

    def step(number: int, top: int, foot: int, level: int, kind: str, text: str, name: str) -> Step:
        left = number * column
        return Step(
            left + (column - bar) // 2, top, bar, max(3, foot - top), left + column // 2, text, name, kind, level
        )

    level = height(start)
    steps = [step(0, level, _FOOT, level, "end", brief(start, least), labels.short_period(before))]
    for number, (part, points) in enumerate(parts.items(), 1):
        old, level = level, height(levels[number])
        kind = "worse" if (points < 0) is not labels.up else "better"
        text, name = brief_signed(points, least), _name(part, labels)
        steps.append(step(number, min(old, level), max(old, level), level, kind, text, name))
    level = height(end)
    present = labels.short_period(labels.head["period"])
    steps.append(step(len(parts) + 1, level, _FOOT, level, "end", brief(end, least), present))
    return Waterfall(column * len(steps), _HEIGHT, column, _FOOT, tuple(steps))
