"""Two schemes on the same facts: every town under both, what moved it, and how near the next swap is.

Exact: everything is worked out in Fractions from the two assessments; changing a weight means score(w) = Σ wᵢ·eᵢ with
eᵢ = earned/points of an indicator or of a dimension, all else as it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

import polars as pl

from scoring.assessment import Assessment

WHOLE: Final = ""
"""The place of what stands above all dimensions: bonuses, gates, ranges, rounding of the total."""
Place = tuple[str, str]
"""Dimension and indicator; an indicator is empty for its dimension as a whole, both for what is above them."""


@dataclass(frozen=True)
class Move:
    """What an indicator, a dimension as a whole, or what is above them changes of a town's score."""

    place: Place
    points: Fraction


@dataclass(frozen=True)
class Town:
    """A town under both schemes. Scores are None where it is not scored under one of them."""

    code: str
    name: str
    before: Fraction | None
    after: Fraction | None
    ranks: tuple[int | None, int | None]
    group_ranks: tuple[int | None, int | None]
    grades: tuple[str | None, str | None]
    moves: tuple[Move, ...]
    """Largest first; they sum to after − before exactly."""

    @property
    def change(self) -> Fraction | None:
        """What the new scheme gives more."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class Weight:
    """A weight of a scheme: what an indicator, or a dimension as a whole, is worth in the score.

    Attributes
    ----------
    place
        Of the indicator or the dimension.
    points
        Of the score. In a dimension that is scaled an indicator is worth its points × dimension ÷ all its indicators.
    scaled
        `points` are not those that the scheme writes down.
    """

    place: Place
    points: Fraction
    scaled: bool = False


@dataclass(frozen=True)
class Swap:
    """The smallest change of one weight that makes two neighbours of the new ranking equal.

    With the other weights as they are; beyond it they change places. `weight` and `change`, in points of the score,
    are None where no weight that stays at or above 0 does it.
    """

    ahead: str
    behind: str
    gap: Fraction
    weight: Weight | None
    change: Fraction | None


@dataclass(frozen=True)
class Repriced:
    """Findings of one indicator and row of prices whose price changed."""

    indicator: str
    before: Fraction | None
    after: Fraction | None
    findings: int
    towns: int


@dataclass(frozen=True)
class Comparison:
    """Two assessments of the same facts, side by side."""

    old: Assessment
    new: Assessment
    towns: tuple[Town, ...]
    swaps: tuple[Swap, ...]
    repriced: tuple[Repriced, ...]


def compare(old: Assessment, new: Assessment) -> Comparison:
    """Put two assessments of one period's facts, each by its scheme, side by side."""
    one, two = _towns(old), _towns(new)
    places = {code: (_moved(old, code), _moved(new, code)) for code in [*two, *one]}
    towns = []
    for code in dict.fromkeys([*two, *one]):
        before, after = one.get(code, {}), two.get(code, {})
        scores = _score(before), _score(after)
        moves: tuple[Move, ...] = ()
        if scores[0] is not None and scores[1] is not None:
            moves = _moves(*places[code])
            assert sum((move.points for move in moves), Fraction(0)) == scores[1] - scores[0], code
        towns.append(
            Town(
                code,
                str((after or before)["town"]),
                *scores,
                (before.get("rank"), after.get("rank")),
                (before.get("group_rank"), after.get("group_rank")),
                (before.get("grade"), after.get("grade")),
                moves,
            )
        )
    return Comparison(old, new, tuple(towns), tuple(swaps(new)), tuple(_repriced(old, new)))


def _towns(assessment: Assessment) -> dict[str, dict[str, Any]]:
    return {row["town_code"]: row for row in assessment.scores.iter_rows(named=True)}


def _score(row: Mapping[str, Any]) -> Fraction | None:
    return None if row.get("score_num") is None else Fraction(row["score_num"], row["score_den"])


def _moved(assessment: Assessment, code: str) -> dict[Place, Fraction]:
    """Return what each place brings to a town's score; together they are the score."""
    sums: dict[Place, Fraction] = defaultdict(Fraction)
    scores = assessment.scores.filter(town_code=code)
    for num, den in scores.select("start_num", "start_den").drop_nulls().iter_rows():
        sums[WHOLE, WHOLE] += Fraction(num, den)
    ledger = assessment.ledger.filter(town_code=code)
    for dimension, indicator, num, den in ledger.select(
        "dimension", "indicator", "points_num", "points_den"
    ).iter_rows():
        sums[dimension or WHOLE, indicator or WHOLE] += Fraction(num, den)
    if assessment.head["scheme"]["direction"] != "down" or assessment.head["scheme"].get("parts"):
        return sums
    # Counting down, an indicator brings what it earned: its points stand in the start.
    own = assessment.indicators.filter(town_code=code)
    for dimension, indicator, num, den in own.select("dimension", "indicator", "points_num", "points_den").iter_rows():
        sums[dimension, indicator] += Fraction(num, den)
        sums[WHOLE, WHOLE] -= Fraction(num, den)
    return sums


def _moves(before: Mapping[Place, Fraction], after: Mapping[Place, Fraction]) -> tuple[Move, ...]:
    found = [
        Move(place, after.get(place, Fraction(0)) - before.get(place, Fraction(0)))
        for place in dict.fromkeys([*after, *before])
    ]
    return tuple(sorted((m for m in found if m.points), key=lambda move: (-abs(move.points), move.place)))


def swaps(assessment: Assessment) -> list[Swap]:
    """Return for each two neighbours of a ranking the smallest change of one weight that makes them equal.

    Neighbours under a gate, or already equal, are left out; so are all where points are not weights (counting up).
    """
    if assessment.head["scheme"]["direction"] != "down" or assessment.head["scheme"].get("parts"):
        return []
    weights, earned = weights_of(assessment), shares_of(assessment)
    standing = assessment.scores.filter(pl.col("rank").is_not_null() & (pl.col("gates").list.len() == 0)).sort(
        "rank", "town_code"
    )
    ranking = [(row["town_code"], _score(row) or Fraction(0)) for row in standing.iter_rows(named=True)]
    found = []
    for (ahead, high), (behind, low) in pairwise(ranking):
        gap = high - low
        if not gap:
            continue
        ways = []
        for weight in weights:
            one, two = earned[ahead].get(weight.place), earned[behind].get(weight.place)
            if one is None or two is None or one == two:
                continue
            change = -gap / (one - two)  # gap + change × (one − two) = 0
            if weight.points + change >= 0:
                ways.append((weight, change))
        found.append(Swap(ahead, behind, gap, *min(ways, key=lambda way: abs(way[1]), default=(None, None))))
    return found


def weights_of(assessment: Assessment) -> list[Weight]:
    """Return the weights of a scheme that counts down, all indicators first: of equal changes theirs is named.

    A dimension with one indicator is no weight of its own beside it.
    """
    indicators, dimensions = [], []
    for dimension in assessment.head["scheme"]["dimensions"]:
        own = {one["id"]: Fraction(str(one["points"])) for one in dimension["indicators"]}
        whole, total = Fraction(str(dimension["points"])), sum(own.values(), Fraction(0))
        for indicator, points in own.items():
            place = dimension["id"], indicator
            indicators.append(Weight(place, points * whole / total, scaled=whole != total))
        if len(own) > 1:
            dimensions.append(Weight((dimension["id"], WHOLE), whole))
    return [*indicators, *dimensions]


def shares_of(assessment: Assessment) -> dict[str, dict[Place, Fraction]]:
    """Return by town what it earned of each weight, earned ÷ points; nothing where it does not apply there.

    A dimension's is what it is left with after its caps and surcharges and with what moved in it from indicators that
    do not apply.
    """
    shares: dict[str, dict[Place, Fraction]] = defaultdict(dict)
    values = ("points_num", "points_den", "earned_num", "earned_den")
    rows = assessment.indicators.filter(pl.col("outcome") != "not_applicable")
    for town, dimension, indicator, *numbers in rows.select("town_code", "dimension", "indicator", *values).iter_rows():
        shares[town][dimension, indicator] = _share(*numbers)
    applies = {(town, dimension) for town, own in shares.items() for dimension, _ in own}
    for town, dimension, *numbers in assessment.dimensions.select("town_code", "dimension", *values).iter_rows():
        if (town, dimension) in applies:
            shares[town][dimension, WHOLE] = _share(*numbers)
    return shares


def _share(num: int, den: int, got: int, of: int) -> Fraction:
    return Fraction(got, of) / Fraction(num, den)


def _repriced(old: Assessment, new: Assessment) -> list[Repriced]:
    def prices(assessment: Assessment) -> dict[str, tuple[str, str, Fraction | None]]:
        rows = assessment.ledger.filter(kind="deduction").select(
            "subject", "town_code", "indicator", "price_num", "price_den", "quantity_num"
        )
        return {
            subject: (town, indicator, Fraction(num, den) * (quantity or 1))
            for subject, town, indicator, num, den, quantity in rows.iter_rows()
        }

    one, two = prices(old), prices(new)
    groups: dict[tuple[str, Fraction | None, Fraction | None], list[str]] = defaultdict(list)
    for finding in dict.fromkeys([*two, *one]):
        town, indicator, _ = two.get(finding) or one[finding]
        before = one[finding][2] if finding in one else None
        after = two[finding][2] if finding in two else None
        if before != after:
            groups[indicator, before, after].append(town)
    order = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0][0], str(item[0][1:])))
    return [Repriced(*key, len(found), len(set(found))) for key, found in order]
