"""The heat map of indicators × towns and the bars of scores, cut into pieces that fit a page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import brief, exact, known

if TYPE_CHECKING:
    from scoring.assessment import Assessment

# A page holds so many tenths of a millimetre of names and rows, each row between the two heights.
_PAGE: Final = 2410
_HIGHEST, _LOWEST = 50, 36
COLUMNS: Final = 17
BARS: Final = 34
# Points below the middle from which a score stands apart.
_FAR: Final = 40
# Steps of red, by the share of an indicator's points that is lost.
_STEPS: Final = (Fraction(0), Fraction(1, 10), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))


@dataclass(frozen=True)
class Cell:
    """One town's loss on one indicator: a step of red (0 to 5) and its number; `off` where nothing was scored."""

    step: int
    text: str
    off: bool = False


@dataclass(frozen=True)
class Row:
    """A line of the map; a dimension's heading has no cells."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Piece:
    """As much of the map as one picture holds; heights of its head and of a row in tenths of a millimetre."""

    towns: tuple[str, ...]
    rows: tuple[Row, ...]
    head: int
    height: int


@dataclass(frozen=True)
class ScoreBar:
    """One town's score; `share` in thousandths of the axis."""

    town: str
    score: str
    share: int
    grade: str
    rank: str
    low: bool


@dataclass(frozen=True)
class ScoreChart:
    """Bars over an axis that begins at a round number below the lowest score."""

    bars: tuple[ScoreBar, ...]
    first: str
    last: str
    mean_share: int | None
    """None where the mean lies below the axis."""
    mean: str
    below: bool
    """Whether a score lies below the axis and has no bar."""


def heat_map(assessment: Assessment, towns: list[dict[str, Any]], labels: Labels) -> tuple[Piece, ...]:
    """Return the map of the given towns (rows of `scores`), column by column in their order."""
    lost: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in assessment.indicators.to_dicts():
        lost.setdefault((row["town_code"], row["indicator"]), []).append(row)
    pieces = []
    for columns in _batches(towns, COLUMNS):
        rows: list[Row] = []
        for dimension in labels.dimensions.values():
            rows.append(Row(labels.named(dimension), ()))
            rows += [
                Row(
                    labels.named(i),
                    tuple(_cell(lost.get((town["town_code"], i["id"]), []), labels) for town in columns),
                )
                for i in dimension["indicators"]
            ]
        names = tuple(printable(town["town"]) for town in columns)
        # The names stand upright over their columns; long ones in two lines.
        head = min(300, 20 + 30 * max(len(name) for name in names))
        parts = _pages(rows, (_PAGE - head) // _LOWEST)
        height = min(_HIGHEST, max(_LOWEST, (_PAGE - head) // max(len(part) for part in parts)))
        pieces += [Piece(names, tuple(part), head, height) for part in parts]
    return tuple(pieces)


def _pages(rows: list[Row], most: int) -> list[list[Row]]:
    """Cut into as few pages as hold `most` rows each, of about equal length: never a lone row or two on a page.

    A cut stands before a dimension's heading where one is near, and never right after one.
    """
    pages, rest = [], rows
    for left in range(-(-len(rows) // most), 1, -1):
        even = -(-len(rest) // left)
        # What is left must fit the pages that are left.
        places = [place for place in range(max(1, len(rest) - most * (left - 1)), most + 1) if rest[place - 1].cells]
        headings = [place for place in places if not rest[place].cells and abs(place - even) * 4 <= even]
        cut = min(headings or places or [even], key=lambda place: abs(place - even))
        pages.append(rest[:cut])
        rest = rest[cut:]
    return [*pages, rest]


def _batches(towns: list[dict[str, Any]], size: int) -> list[tuple[dict[str, Any], ...]]:
    """Cut into columns of about equal number: 18 towns are 9 and 9, not 17 and 1."""
    pieces = max(1, -(-len(towns) // size))
    return _cut(towns, max(1, -(-len(towns) // pieces)))


def _cut(towns: list[dict[str, Any]], size: int) -> list[tuple[dict[str, Any], ...]]:
    return [tuple(towns[first : first + size]) for first in range(0, len(towns), size)]


def _cell(rows: list[dict[str, Any]], labels: Labels) -> Cell:
    """Add up what the parts of a run lost, each by its weight."""
    scored = [row for row in rows if row["outcome"] != "not_applicable"]
    if not scored:
        return Cell(0, "", off=True)
    points = sum((labels.weight(row["part"]) * known(row, "points") for row in scored), Fraction(0))
    loss = sum((labels.weight(row["part"]) * known(row, "lost") for row in scored), Fraction(0))
    if loss <= 0 or not points:
        return Cell(0, "")
    return Cell(sum(loss / points > edge for edge in _STEPS), brief(loss, 0))


def score_charts(towns: list[dict[str, Any]], low: set[str], labels: Labels) -> tuple[ScoreChart, ...]:
    """Return the bars of the scored towns, in order of rank."""
    scored = sorted(
        (town for town in towns if town["rank"] is not None), key=lambda town: (town["rank"], town["order"])
    )
    if not scored:
        return ()
    values = [known(town, "score") for town in scored]
    full = Fraction(labels.head["scheme"].get("full") or 0)
    last = max(full, *values) if full else max(values)
    first = _axis_start(values, last)
    mean = Fraction(labels.head["summary"]["mean"])
    return tuple(
        ScoreChart(
            tuple(_bar(town, first, last, low, labels) for town in part),
            exact(first),
            exact(last),
            _share(mean, first, last) if mean >= first else None,
            str(labels.head["summary"]["mean"]),
            any(known(town, "score") < first for town in part),
        )
        for part in _cut(scored, BARS)
    )


def _bar(town: Mapping[str, Any], first: Fraction, last: Fraction, low: set[str], labels: Labels) -> ScoreBar:
    return ScoreBar(
        town=printable(town["town"]),
        score=str(town["score"]),
        share=_share(known(town, "score"), first, last),
        grade=labels.grade(town["grade"]),
        rank=str(town["rank"]),
        low=town["town_code"] in low,
    )


def _axis_start(values: list[Fraction], last: Fraction) -> Fraction:
    """Begin at a multiple of ten below the scores, so that 85 and 98 can be told apart.

    A score far below the rest (a veto's 0) does not stretch the axis: it has no bar, only its number.
    """
    middle = sorted(values)[len(values) // 2]
    least = min(value for value in values if middle - value <= _FAR)
    start = Fraction(math.floor(least / 10) * 10)
    return start if start < last else start - 10


def _share(value: Fraction, first: Fraction, last: Fraction) -> int:
    return int(min(max((value - first) / (last - first), Fraction(0)), Fraction(1)) * 1000)
