"""Where fixes of one town act: on the period itself, and on published periods whose differences are carried over.

Each is a book: what the engine scored, and the open matters in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scoring.exact import add_up
from scoring.improving.cells import Cell, Option
from scoring.improving.matters import MENDED, Matter, Place, lifted_by_fix, name_of
from scoring.ledger import Scored, sign_of_loss
from scoring.ledger.ending import TownScore
from scoring.ledger.indicators import Sums
from scoring.ledger.past import Carried, Repriced, comes_to, worth

Options = Mapping[Place, Option]
Entries = Callable[[Mapping[str, Any]], bool]
"""Tells which entries of a statement, or cells (part, dimension, indicator), belong to a group."""


class Book:
    """A town in one scored period, to be scored with any of its open matters fixed.

    `worth` says what a point of its score is worth in the score asked about, the larger the better.
    """

    def __init__(self, name: str, scored: Scored, town: str, matters: Sequence[Matter], worth: Fraction) -> None:
        self.name, self.scored, self.town, self.worth = name, scored, town, worth
        self._sums = scored.sums.get(town, {})
        scheme = scored.scheme
        self._weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": Fraction(1)}
        self.dimension = {indicator.id: dimension.id for dimension, indicator in scheme.indicators()}
        by_place: dict[Place, list[Matter]] = {}
        for matter in matters:
            by_place.setdefault(matter.place, []).append(matter)
        self.cells = [self._cell(place, own) for place, own in by_place.items()]

    def _cell(self, place: Place, matters: Sequence[Matter]) -> Cell:
        _, part, name = place
        indicator = next(i for _, i in self.scored.scheme.indicators() if i.id == name)
        bound = indicator.points if indicator.cap == "points" else indicator.cap
        sums = self._sums[part, name]
        lifting = sum(matter.lifts for matter in matters)
        return Cell(
            place,
            matters,
            sums.fired,
            sums.fired and lifting < self._firing(part, name),
            bound == "none" or Fraction(bound) > indicator.points,
        )

    def _firing(self, part: str, indicator: str) -> int:
        """Count the findings of a place that fire a zero-out now."""
        frame = self.scored.charges.findings
        own = frame.filter(
            (frame["town"] == self.town)
            & (frame["disposition"] == "priced")
            & (frame["part"] == part)
            & (frame["indicator"] == indicator)
            & frame["zero_out"]
        )
        if indicator in lifted_by_fix(self.scored.scheme):
            own = own.filter(~own["state"].is_in(list(MENDED)))
        return own.height

    def sums(self, options: Options) -> dict[tuple[str, str], Sums]:
        """Return the sums of findings with those of these options that are the book's carried out."""
        sums, units = dict(self._sums), self.scored.charges.units.points
        for (book, *place), option in options.items():
            if book == self.name:
                part, indicator = place
                old = sums[part, indicator]
                sums[part, indicator] = Sums(old.net - Fraction(option.gain, units), option.fired, old.findings)
        return sums

    def score(self, options: Options) -> TownScore:
        """Score the town with these options carried out, as the engine does."""
        return self.scored.again(self.town, self.sums(options))

    def effect(self, score: TownScore, options: Options, entries: Entries) -> Fraction:
        """Return what findings and entries of one group do to the score asked about, better the larger."""
        charged = add_up(
            self._weights[part] * sums.net
            for (part, indicator), sums in self.sums(options).items()
            if entries({"part": part, "dimension": self.dimension[indicator], "indicator": indicator, "kind": ""})
        )
        told = add_up(Fraction(row["points_num"], row["points_den"]) for row in score.statement.rows if entries(row))
        return self.worth * (sign_of_loss(self.scored.scheme) * charged + told)


@dataclass(frozen=True)
class Past:
    """A published period whose difference is carried over, of one town of then.

    `whole`: no difference is rounded when it is carried over, so that what its dimensions gain adds up.
    """

    book: Book
    repriced: Repriced
    weight: Fraction
    whole: bool

    @classmethod
    def of(cls, repriced: Repriced, town: str, matters: Sequence[Matter], into: Scored) -> Past:
        """Return the book of a published period."""
        weight = worth(repriced.origin.scheme, into.scheme)
        better = -sign_of_loss(into.scheme) * weight
        decimals = into.scheme.decimals
        said = [*repriced.published[town].values(), *repriced.posted[town].values()]
        finest = repriced.today.scorer.fine and repriced.origin.scheme.decimals <= decimals and abs(weight) == 1
        whole = not into.scorer.fine or (finest and all(10**decimals % points.denominator == 0 for points in said))
        name = name_of(repriced.origin.period.id, town)
        return cls(Book(name, repriced.today, town, matters, better), repriced, weight, whole)

    def carried(self, options: Options) -> list[tuple[Carried, Fraction]]:
        """Return what is carried over of it with these options carried out."""
        now = comes_to(self.book.scored, self.book.town, self.book.sums(options))
        return [(found, self.weight) for found in self.repriced.carried(self.book.town, now)]

    def holds(self, found: Carried) -> bool:
        """Tell whether a difference is this book's."""
        return (found.origin.id, found.of) == (self.repriced.origin.period.id, self.book.town)
