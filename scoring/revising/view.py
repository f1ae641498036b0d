"""The impact of a new scheme in words: what the comparison of two assessments says, every number as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING, Final

from scoring.exact import fixed
from scoring.reports.labels import Labels
from scoring.reports.office_text import printable
from scoring.reports.text import brief, brief_signed, day, exact

if TYPE_CHECKING:
    from scoring.revising.comparing import Comparison, Repriced, Swap, Town
    from scoring.revising.differing import Difference

_MOVES: Final = 3
_PAPER_MOVES: Final = {"zh": 3, "en": 2}
"""What moved a town, the largest first: as many as are named, on a paper so many as two lines hold."""
_DECIMALS: Final = 2


@dataclass(frozen=True)
class TownRow:
    """A town under both schemes."""

    town: str
    before: str
    after: str
    change: str
    rank: str
    group_rank: str
    grade: str
    moved: bool
    graded: bool
    """Its rank, its grade is another."""
    because: str


@dataclass(frozen=True)
class SwapRow:
    """Two neighbours of the new ranking and what would make them equal."""

    ahead: str
    behind: str
    gap: str
    change: str


@dataclass(frozen=True)
class PriceRow:
    """Findings whose price changed."""

    indicator: str
    before: str
    after: str
    findings: str
    towns: str


@dataclass(frozen=True)
class CompareView:
    """Two schemes on the same facts."""

    lang: str
    title: str
    schemes: tuple[str, str]
    facts: str
    summary: tuple[str, ...]
    towns: tuple[TownRow, ...]
    groups: bool
    grades: bool
    differences: tuple[str, ...]
    swaps: tuple[SwapRow, ...]
    prices: tuple[PriceRow, ...]
    notes: tuple[str, ...]
    example: str
    watermark: str
    trace: str


def compare_view(
    made: Comparison, found: Sequence[Difference], files: tuple[str, str], lang: str, most: int | None = None
) -> CompareView:
    """Put a comparison into words.

    Parameters
    ----------
    found
        What the two schemes say differently.
    files
        The names of their files.
    most
        How many differences, swaps and prices a paper has room for; None for all.
    """
    old, new = (Labels(one.head, lang) for one in (made.old, made.new))
    decimals = int(new.head["scheme"]["decimals"])
    moves = _MOVES if most is None else _PAPER_MOVES[lang]
    towns = tuple(_town(town, old, new, decimals, moves) for town in made.towns)
    groups = any(row.group_rank for row in towns) and made.new.scores["group"].drop_nulls().n_unique() > 1
    lines = tuple(one.sentence(lang) for one in found)
    swaps = tuple(_swap(one, made, new) for one in made.swaps)
    prices = tuple(_price(one, old, new) for one in made.repriced)
    head = new.head
    return CompareView(
        lang,
        new("reports-compare-title", period=new.period),
        (_scheme(old, files[0]), _scheme(new, files[1])),
        new("reports-compare-facts", period=new.period, as_of=day(head["as_of"], lang)),
        tuple(_summary(made, new, decimals)),
        towns,
        groups,
        any(row.grade for row in towns),
        _cut(lines, most, new),
        swaps[:most],
        prices[:most],
        tuple(_notes(made, new, most, len(swaps), len(prices))),
        new("reports-example-note") if head.get("example") else "",
        "",
        new("reports-compare-trace", old=files[0], new=files[1], codes=" / ".join(_codes(made))),
    )


def _scheme(labels: Labels, file: str) -> str:
    scheme = labels.head["scheme"]
    title = (labels.lang == "en" and scheme.get("title_en")) or scheme["title"]
    return labels("reports-compare-scheme", title=printable(title), file=printable(file), hash=scheme["hash"][:8])


def _codes(made: Comparison) -> list[str]:
    return [str(one.head["scheme"]["hash"])[:8] for one in (made.old, made.new)]


def _summary(made: Comparison, labels: Labels, decimals: int) -> list[str]:
    scored = [town for town in made.towns if town.change is not None]
    counts = {
        "towns": len(scored),
        "scores": sum(1 for town in scored if town.change),
        "ranks": sum(1 for town in scored if town.ranks[0] != town.ranks[1]),
        "grades": sum(1 for town in scored if town.grades[0] != town.grades[1]),
    }
    told = [labels("reports-compare-summary", **counts)]
    if scored:
        means = [sum((town.before or Fraction(0) for town in scored), Fraction(0)) / len(scored)]
        means.append(sum((town.after or Fraction(0) for town in scored), Fraction(0)) / len(scored))
        told.append(labels("reports-compare-means", before=fixed(means[0], decimals), after=fixed(means[1], decimals)))
        up = max(scored, key=lambda town: town.change or Fraction(0))
        down = min(scored, key=lambda town: town.change or Fraction(0))
        for code, town in (("up", up), ("down", down)):
            change = town.change or Fraction(0)
            if (change > 0) == (code == "up") and change:
                told.append(
                    labels(
                        f"reports-compare-most-{code}", town=printable(town.name), points=brief_signed(change, decimals)
                    )
                )
    return told


def _town(town: Town, old: Labels, new: Labels, decimals: int, most: int) -> TownRow:
    none = new("reports-none")

    def both(values: tuple[object, object]) -> str:
        one, two = (none if value is None else str(value) for value in values)
        return one if one == two else new("reports-compare-from-to", before=one, after=two)

    grades = tuple(
        labels.grade(grade) if grade else None for labels, grade in zip((old, new), town.grades, strict=True)
    )
    moves = [
        new("reports-compare-move", what=_place(move.place, old, new), points=brief_signed(move.points, decimals))
        for move in town.moves[:most]
    ]
    rest = len(town.moves) - most
    if rest > 0:
        moves.append(new("reports-compare-more", count=rest))
    return TownRow(
        printable(town.name),
        none if town.before is None else fixed(town.before, decimals),
        none if town.after is None else fixed(town.after, decimals),
        none if town.change is None else brief_signed(town.change, decimals),
        both(town.ranks),
        both(town.group_ranks),
        "" if grades == (None, None) else both((grades[0], grades[1])),
        town.ranks[0] != town.ranks[1],
        town.grades[0] != town.grades[1],
        new("reports-compare-join").join(moves),
    )


def _place(place: tuple[str, str], old: Labels, new: Labels) -> str:
    dimension, indicator = place
    labels = new if indicator in new.indicators or dimension in new.dimensions else old
    if indicator:
        return labels.indicator(indicator)
    return labels.dimension(dimension) if dimension else new("reports-compare-above")


def _swap(one: Swap, made: Comparison, labels: Labels) -> SwapRow:
    names = {town.code: town.name for town in made.towns}
    change = labels("reports-compare-swap-none")
    if one.weight is not None and one.change is not None:
        dimension, indicator = one.weight.place
        # So many decimals that the change is not rounded to nothing.
        places = next(digits for digits in count(_DECIMALS) if abs(one.change) * 2 * 10**digits >= 1)
        kind = "dimension" if not indicator else "scaled" if one.weight.scaled else "indicator"
        change = labels(
            f"reports-compare-swap-{kind}",
            what=labels.indicator(indicator) if indicator else labels.dimension(dimension),
            before=brief(one.weight.points, 0),
            after=brief(one.weight.points + one.change, places if places > _DECIMALS else 0),
            change=brief_signed(one.change, places),
        )
    return SwapRow(
        printable(names[one.ahead]),
        printable(names[one.behind]),
        exact(one.gap, int(labels.head["scheme"]["decimals"])),
        change,
    )


def _price(one: Repriced, old: Labels, new: Labels) -> PriceRow:
    labels = new if one.indicator in new.indicators else old
    none = new("reports-none")
    return PriceRow(
        labels.indicator(one.indicator),
        none if one.before is None else exact(one.before),
        none if one.after is None else exact(one.after),
        str(one.findings),
        str(one.towns),
    )


def _cut(lines: tuple[str, ...], most: int | None, labels: Labels) -> tuple[str, ...]:
    if most is None or len(lines) <= most:
        return lines
    return (*lines[:most], labels("reports-compare-cut", count=len(lines) - most))


def _notes(made: Comparison, labels: Labels, most: int | None, swaps: int, prices: int) -> list[str]:
    told = [labels("reports-compare-note-moves")]
    for head in (made.old.head, made.new.head):
        begins = head["scheme"]["effective_from"]
        if begins > head["period"]["end"]:
            title, since = Labels(head, labels.lang).scheme, day(begins, labels.lang)
            told.append(labels("reports-compare-note-draft", scheme=title, day=since))
    if made.swaps:
        told.append(labels("reports-compare-note-swaps"))
    if most is not None and max(swaps, prices) > most:
        told.append(labels("reports-compare-note-cut"))
    return told


__all__ = ["CompareView", "compare_view"]
