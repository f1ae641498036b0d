"""How scores went over the last periods: a town's own line, the mean's, and a small one for each town.

Lengths are whole tenths of a millimetre, as pictures have them. Everything comes from the assessment's `history`; where
that has fewer than two periods, nothing is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from scoring.reports.change_view import Change, town_change
from scoring.reports.improved import improved_sentence
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.settings import Settings
from scoring.reports.standing import in_rank_order
from scoring.reports.text import brief_signed, fraction, listed
from scoring.reports.trend import Moment, moments, previous

if TYPE_CHECKING:
    from scoring.assessment import Assessment

# The large picture: how wide a sheet's text and the notice's are, the room for names of rows, the widest column, the
# heights between which the line runs.
_WIDTH, _NOTICE = 1780, 1560
_ASIDE, _WIDEST = 110, 300
_TOP, _LOW, _AXIS = 56, 176, 226
_ROW: Final = 40
# The small ones: four beside each other, so many in a picture; where the line runs in each.
_ACROSS: Final = 4
_CELL, _CELL_HEIGHT = 445, 170
_MOST_CELLS: Final = 48
_LEFT, _RIGHT, _CELL_TOP, _CELL_LOW = 14, 415, 56, 138
# A scale spans at least this share of full marks, so that a tenth of a point is no cliff …
_LEAST_SPAN: Final = Fraction(1, 20)
# … and of the small ones no score farther below the middle than this: a veto's 0 lies on the foot.
_FAR: Final = 40
# As many towns as the heat map has.
_MOST_TOWNS: Final = 51


@dataclass(frozen=True)
class Tick:
    """A period: its place, its names below, its number beside the point; `y` is None where nothing was scored."""

    x: int
    y: int | None
    number: str
    number_y: int
    name: str
    rank: str


@dataclass(frozen=True)
class Course:
    """A line of scores; `lines` are its unbroken pieces as SVG points, `marks` where the rules changed."""

    width: int
    height: int
    left: int
    column: int
    axis: int
    ticks: tuple[Tick, ...]
    lines: tuple[str, ...]
    marks: tuple[int, ...]
    rank_name: str


@dataclass(frozen=True)
class Tiny:
    """One town's small line; `dot` is its present point."""

    x: int
    y: int
    town: str
    score: str
    change: str
    lines: tuple[str, ...]
    mean: tuple[str, ...]
    marks: tuple[int, ...]
    dot: tuple[int, int] | None


@dataclass(frozen=True)
class Tinies:
    """As many small lines as one picture holds."""

    height: int
    cells: tuple[Tiny, ...]


@dataclass(frozen=True)
class TownTrend:
    """What the town's sheet says of the periods before."""

    change: Change | None
    course: Course | None
    ranked: bool


@dataclass(frozen=True)
class ReportTrend:
    """What the notice says of the periods before; `rows` are the same as text: period, mean, towns scored."""

    course: Course
    improved: str
    rows: tuple[tuple[str, str, str], ...]
    rules: str


@dataclass(frozen=True)
class InternalTrend:
    """What the analysis shows of the periods before."""

    pieces: tuple[Tinies, ...]
    note: str


def town_trend(assessment: Assessment, settings: Settings) -> TownTrend | None:
    """Return what the sheet of the one town that the assessment holds says of earlier periods."""
    labels, times = Labels(assessment.head, settings.lang), moments(assessment)
    town = assessment.scores.to_dicts()[0]
    own = [time.towns.get(town["town_code"]) or {} for time in times]
    scores = [fraction(row, "score") for row in own]
    ranks = [None if row.get("rank") is None else str(row["rank"]) for row in own]
    ranked = settings.names != "order" and any(ranks)
    course = None
    if any(score is not None for score in scores):
        numbers = [str(row.get("score") or "") for row in own]
        course = _course(times, scores, numbers, ranks if ranked else None, labels)
    change = town_change(assessment, town, times, labels)
    return TownTrend(change, course, ranked) if change or course else None


def report_trend(assessment: Assessment, settings: Settings) -> ReportTrend | None:
    """Return what the notice says of earlier periods."""
    labels, times = Labels(assessment.head, settings.lang), moments(assessment)
    means = [None if time.mean is None else Fraction(time.mean) for time in times]
    if not any(mean is not None for mean in means):
        return None
    blank = labels("reports-none")
    rows = tuple(
        (
            labels.period_words(time.period),
            time.mean or blank,
            str(sum(row["score_num"] is not None for row in time.towns.values())),
        )
        for time in times
    )
    changed = [labels.period_words(time.period) for time in times[1:] if time.rule_change]
    return ReportTrend(
        _course(times, means, [time.mean or "" for time in times], None, labels, width=_NOTICE),
        _improved(assessment, settings, labels),
        rows,
        labels("reports-trend-rules-since", periods=listed(changed, labels.lang)) if changed else "",
    )


def internal_trend(assessment: Assessment, settings: Settings) -> InternalTrend | None:
    """Return a small line a town, in order of rank; of very many towns those lowest in the ranking."""
    labels, times = Labels(assessment.head, settings.lang), moments(assessment)
    towns = assessment.scores.sort("order").to_dicts()
    shown = (in_rank_order(towns) + [town for town in towns if town["rank"] is None])[-_MOST_TOWNS:]
    scores = {
        town["town_code"]: [fraction(time.towns.get(town["town_code"]) or {}, "score") for time in times]
        for town in shown
    }
    values = sorted(score for line in scores.values() for score in line if score is not None)
    if not values:
        return None
    near = [value for value in values if values[len(values) // 2] - value <= _FAR]
    scale = _Scale.over(near, labels, _CELL_TOP, _CELL_LOW)
    xs = [_LEFT + (_RIGHT - _LEFT) * place // (len(times) - 1) for place in range(len(times))]
    mean = _lines(xs, [None if t.mean is None else scale.height(Fraction(t.mean)) for t in times])
    marks = tuple((xs[place - 1] + xs[place]) // 2 for place in _changes(times))
    note = [labels("reports-trend-small-note", first=labels.period_words(times[0].period), last=labels.period)]
    note += [labels("reports-trend-rules")] if marks else []
    note += [labels("reports-heat-cut", shown=len(shown), all=len(towns))] if len(shown) < len(towns) else []
    pieces = []
    for first in range(0, len(shown), _MOST_CELLS):
        part = shown[first : first + _MOST_CELLS]
        cells = tuple(
            _tiny(place, town, scores[town["town_code"]], xs, scale, mean, marks, labels)
            for place, town in enumerate(part)
        )
        pieces.append(Tinies(-(-len(part) // _ACROSS) * _CELL_HEIGHT, cells))
    return InternalTrend(tuple(pieces), labels("reports-sentence-join").join(note))


@dataclass(frozen=True)
class _Scale:
    """Where a value stands between two heights."""

    low: Fraction
    high: Fraction
    top: int
    foot: int

    @classmethod
    def over(cls, values: Sequence[Fraction], labels: Labels, top: int, foot: int) -> _Scale:
        """Span the values, and not less than a share of full marks around them."""
        low, high = min(values), max(values)
        least = max(Fraction(labels.head["scheme"].get("full") or 0) * _LEAST_SPAN, Fraction(1))
        spare = max(least - (high - low), Fraction(0)) / 2
        return cls(low - spare, high + spare, top, foot)

    def height(self, value: Fraction) -> int:
        """Return the height of a value; what lies below the scale stands on its foot."""
        share = (max(value, self.low) - self.low) / (self.high - self.low)
        return self.foot - int(share * (self.foot - self.top))


def _course(
    times: Sequence[Moment],
    scores: Sequence[Fraction | None],
    numbers: Sequence[str],
    ranks: Sequence[str | None] | None,
    labels: Labels,
    width: int = _WIDTH,
) -> Course:
    """Lay a line out; without ranks there is no row of them."""
    scale = _Scale.over([score for score in scores if score is not None], labels, _TOP, _LOW)
    left = _ASIDE if ranks is not None else 0
    column = min(_WIDEST, (width - left) // len(times))
    xs = [left + column * place + column // 2 for place in range(len(times))]
    ys = [None if score is None else scale.height(score) for score in scores]
    marks = tuple(left + column * place for place in _changes(times))
    blank = labels("reports-none")
    ticks = tuple(
        Tick(
            x=x,
            y=y,
            number=number or blank,
            number_y=_beside(ys, place),
            name=labels.short_period(time.period),
            rank=(ranks[place] or blank) if ranks is not None else "",
        )
        for place, (time, x, y, number) in enumerate(zip(times, xs, ys, numbers, strict=True))
    )
    return Course(
        width=left + column * len(times),
        height=_AXIS + _ROW * (1 + (ranks is not None) + bool(marks)) + 12,
        left=left,
        column=column,
        axis=_AXIS,
        ticks=ticks,
        lines=_lines(xs, ys),
        marks=marks,
        rank_name=labels("reports-trend-rank") if ranks is not None else "",
    )


def _beside(ys: Sequence[int | None], place: int) -> int:
    """Return the height of a point's number: above it, or below where a line from its neighbours would cut it."""
    y = ys[place]
    if y is None:
        return _LOW
    near = [other for other in (*ys[max(0, place - 1) : place], *ys[place + 1 : place + 2]) if other is not None]
    return y + 40 if near and sum(near) < y * len(near) else y - 18


def _lines(xs: Sequence[int], ys: Iterable[int | None]) -> tuple[str, ...]:
    """Return the unbroken pieces of a line; a period that was not scored leaves a gap."""
    pieces: list[list[str]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{x},{y}")
    return tuple(" ".join(piece) for piece in pieces if len(piece) > 1)


def _changes(times: Sequence[Moment]) -> list[int]:
    """Return the places of the periods before which the rules changed; before the first there is nothing to see."""
    return [place for place, time in enumerate(times) if time.rule_change and place]


def _tiny(
    place: int,
    town: dict[str, Any],
    scores: Sequence[Fraction | None],
    xs: Sequence[int],
    scale: _Scale,
    mean: tuple[str, ...],
    marks: tuple[int, ...],
    labels: Labels,
) -> Tiny:
    ys = [None if score is None else scale.height(score) for score in scores]
    now, before = scores[-1], scores[-2]
    unscored = labels("reports-not-checked") if town["outcome"] == "not_checked" else labels("reports-none")
    least = int(labels.head["scheme"]["decimals"])
    return Tiny(
        x=place % _ACROSS * _CELL,
        y=place // _ACROSS * _CELL_HEIGHT,
        town=printable(town["town"]),
        score=str(town["score"] or unscored),
        change="" if now is None or before is None else brief_signed(now - before, least),
        lines=_lines(xs, ys),
        mean=mean,
        marks=marks,
        dot=None if ys[-1] is None else (xs[-1], ys[-1]),
    )


def _improved(assessment: Assessment, settings: Settings, labels: Labels) -> str:
    """Say what the towns gained that made most progress.

    They are of those that the text names, and no others: only where all may be named.
    """
    towns = assessment.scores.sort("order").to_dicts()
    earlier = previous(assessment, towns)
    if settings.names != "all" or earlier is None:
        return ""
    return improved_sentence(towns, earlier, settings.leaders, labels, "reports-trend-improved")
