"""The best score that each cost buys for one town, exactly.

Scores add up from below: an indicator's effect is a function of its own sum alone, a dimension's of the sum of its
indicators' effects, a part's of the sum of its dimensions', the score of the sum of its parts'; none of these functions
ever falls. So the best of a level at a cost is the best split of that cost among what lies beneath it. What the
functions are is never written down here: each is read from the entries that the engine makes of the sums in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, TypeVar

from schemas.scheme import Scheme
from scoring.exact import add_up
from scoring.improving.cells import Cell, Option
from scoring.improving.matters import MENDED, Cost, Matter, lifted_by_fix
from scoring.ledger import Scored, sign_of_loss
from scoring.ledger.ending import TownScore
from scoring.ledger.indicators import Sums

MOST_TRIED: Final = 5_000
"""So many combinations are scored where the levels do not add up; what lies beyond is not known."""
Place = tuple[str, str]
Key = TypeVar("Key", str, tuple[str, str])
Entries = Callable[[Mapping[str, Any]], bool]
"""Tells which entries of a statement, or cells (part, dimension, indicator), belong to a group."""


@dataclass(frozen=True)
class Step:
    """What a cost buys: `value`, better the larger, by these options, one a cell."""

    cost: int
    value: Fraction
    options: Mapping[Place, Option] = field(default_factory=dict)

    @property
    def matters(self) -> tuple[Matter, ...]:
        """The matters to be fixed."""
        return tuple(matter for option in self.options.values() for matter in option.chosen)


@dataclass(frozen=True)
class Bought:
    """Steps of the score itself, each dearer and better than the one before.

    `known`: up to this cost nothing better was missed.
    """

    steps: Sequence[Step]
    known: int


class Town:
    """A scored town and its open matters, to be scored with any of them fixed."""

    def __init__(self, scored: Scored, town: str, matters: Sequence[Matter]) -> None:
        self.scored, self.code, self.matters = scored, town, matters
        self._sums = scored.sums.get(town, {})
        self._units = scored.charges.units.points
        scheme = scored.scheme
        self._weights = {part.id: part.weight for part in scheme.parts.parts} if scheme.parts else {"": Fraction(1)}
        self._sign = sign_of_loss(scheme)
        self._dimension = {indicator.id: dimension.id for dimension, indicator in scheme.indicators()}
        by_place: dict[Place, list[Matter]] = {}
        for matter in matters:
            by_place.setdefault(matter.place, []).append(matter)
        self.cells = [self._cell(place, own) for place, own in by_place.items()]

    def _cell(self, place: Place, matters: Sequence[Matter]) -> Cell:
        indicator = next(i for _, i in self.scored.scheme.indicators() if i.id == place[1])
        bound = indicator.points if indicator.cap == "points" else indicator.cap
        sums = self._sums[place]
        lifting = sum(matter.lifts for matter in matters)
        return Cell(
            place,
            matters,
            sums.fired,
            sums.fired and lifting < self._firing(place),
            bound == "none" or Fraction(bound) > indicator.points,
        )

    def _firing(self, place: Place) -> int:
        """Count the findings of a place that fire a zero-out now."""
        frame = self.scored.charges.findings
        own = frame.filter(
            (frame["town"] == self.code)
            & (frame["disposition"] == "priced")
            & (frame["part"] == place[0])
            & (frame["indicator"] == place[1])
            & frame["zero_out"]
        )
        if place[1] in lifted_by_fix(self.scored.scheme):
            own = own.filter(~own["state"].is_in(list(MENDED)))
        return own.height

    def sums(self, options: Mapping[Place, Option]) -> dict[Place, Sums]:
        """Return the town's sums with these options carried out."""
        sums = dict(self._sums)
        for place, option in options.items():
            old = sums[place]
            sums[place] = Sums(old.net - Fraction(option.gain, self._units), option.fired, old.findings)
        return sums

    def score(self, options: Mapping[Place, Option]) -> TownScore:
        """Score the town with these options carried out, as the engine does."""
        return self.scored.again(self.code, self.sums(options))

    def step(self, cost: int, matters: Sequence[Matter]) -> Step:
        """Return the step of fixing just these matters."""
        options = {}
        for cell in self.cells:
            own = tuple(matter for matter in matters if matter.place == cell.place)
            lifted = not cell.stuck and all(m in own for m in cell.matters if m.lifts)
            fired = cell.fired and not lifted
            options[cell.place] = Option(len(own), sum(m.gain for m in own), fired, own)
        return Step(cost, self.better(self.score(options)), options)

    def better(self, score: TownScore) -> Fraction:
        """Return a score so that the larger is the better."""
        return -self._sign * score.statement.value

    def best_of_all(self) -> Step:
        """Return the best score of all, whatever it costs."""
        options: dict[Place, Option] = {}
        for cell in self.cells:
            one_by_one = [(option, {cell.place: option}) for option in cell.whole()]
            values = [self._effect(only, self._within(cell.place)) for _, only in one_by_one]
            options[cell.place] = max(zip(values, one_by_one, strict=True), key=lambda pair: pair[0])[1][0]
        score = self.score(options)
        cost = sum(len(option.chosen) for option in options.values())
        return Step(cost, self.better(score), options)

    def bought(self, by: Cost, most: int) -> Bought:
        """Return the best score that each cost up to `most` buys."""
        scheme = self.scored.scheme
        known = most if all(cell.complete for cell in self.cells) else 0
        leaves = {
            cell.place: [Step(o.cost, Fraction(0), {cell.place: o}) for o in cell.options(by, most)]
            for cell in self.cells
        }
        places = self._valued(leaves, self._within)
        dimensions: dict[tuple[str, str], list[list[Step]]] = {}
        for (part, indicator), steps in places.items():
            dimensions.setdefault((part, self._dimension[indicator]), []).append(steps)
        whole = self._valued({key: combined(below, most) for key, below in dimensions.items()}, self._of_dimension)
        if not adds_up(scheme):
            return self._tried(list(whole.values()), most, known)
        if scheme.parts is not None:
            parts: dict[str, list[list[Step]]] = {}
            for (part, _), steps in whole.items():
                parts.setdefault(part, []).append(steps)
            ends = list(self._valued({p: combined(b, most) for p, b in parts.items()}, self._of_part).values())
        else:
            ends = list(whole.values())
        return Bought(_rising(self._scored(step) for step in combined(ends, most)), known)

    def _scored(self, step: Step) -> Step:
        return Step(step.cost, self.better(self.score(step.options)), step.options)

    def _tried(self, ends: Sequence[Sequence[Step]], most: int, known: int) -> Bought:
        """Score every combination of the dimensions' steps, the cheap ones first."""
        tried: list[Step] = []
        for steps in by_cost(ends, most):
            cost = sum(step.cost for step in steps)
            if len(tried) == MOST_TRIED:
                known = min(known, cost - 1)
                break
            tried.append(self._scored(Step(cost, Fraction(0), _merged(steps))))
        return Bought(_rising(tried), known)

    def _valued(self, groups: Mapping[Key, Sequence[Step]], entries: Callable[[Key], Entries]) -> dict[Key, list[Step]]:
        """Let the engine say what each step does to its own group; groups of one level do not touch each other."""
        valued: dict[Key, list[Step]] = {key: [] for key in groups}
        for number in range(max(map(len, groups.values()), default=0)):
            now = {key: steps[number] for key, steps in groups.items() if number < len(steps)}
            options = _merged(now.values())
            score = self.score(options)
            sums = self.sums(options)
            for key, step in now.items():
                value = self._read(score, sums, entries(key))
                valued[key].append(Step(step.cost, value, step.options))
        return {key: _rising(steps) for key, steps in valued.items()}

    def _effect(self, options: Mapping[Place, Option], entries: Entries) -> Fraction:
        return self._read(self.score(options), self.sums(options), entries)

    def _read(self, score: TownScore, sums: Mapping[Place, Sums], entries: Entries) -> Fraction:
        """Return what findings and entries of one group do to the score, better the larger."""
        charged = add_up(
            self._weights[part] * s.net
            for (part, indicator), s in sums.items()
            if entries({"part": part, "dimension": self._dimension[indicator], "indicator": indicator})
        )
        told = add_up(
            Fraction(row["points_num"], row["points_den"])  # type: ignore[call-overload]
            for row in score.statement.rows
            if entries(row)
        )
        return -self._sign * (self._sign * charged + told)

    def _within(self, place: Place) -> Entries:
        return lambda row: (row["part"], row["indicator"]) == place

    def _of_dimension(self, key: tuple[str, str]) -> Entries:
        return lambda row: (row["part"], row["dimension"]) == key

    def _of_part(self, key: str) -> Entries:
        return lambda row: row["part"] == key


def adds_up(scheme: Scheme) -> bool:
    """Tell whether the score is a function of the sum of its dimensions that never falls.

    Where points go both ways a surcharge of a part reads the losses alone, and not what other dimensions gain.
    """
    return not (scheme.direction == "net" and any(surcharge.level == "part" for surcharge in scheme.surcharges))


def combined(below: Iterable[Sequence[Step]], most: int) -> list[Step]:
    """Return the best sum that each cost up to `most` buys, split among these."""
    whole = [Step(0, Fraction(0))]
    for steps in below:
        best: dict[int, tuple[Fraction, Step, Step]] = {}
        for one in whole:
            for other in steps:
                cost, value = one.cost + other.cost, one.value + other.value
                if cost <= most and (cost not in best or value > best[cost][0]):
                    best[cost] = (value, one, other)
        whole = _rising(
            Step(cost, value, {**one.options, **other.options}) for cost, (value, one, other) in best.items()
        )
    return whole


def by_cost(ends: Sequence[Sequence[Step]], most: int) -> Iterator[tuple[Step, ...]]:
    """Give every combination of one step each that costs up to `most`, the cheap ones first."""
    reachable: list[set[int]] = [{0}]
    for steps in reversed(ends):
        reachable.insert(0, {s.cost + rest for s in steps for rest in reachable[0] if s.cost + rest <= most})

    def split(number: int, cost: int) -> Iterator[tuple[Step, ...]]:
        if number == len(ends):
            yield ()
            return
        for step in ends[number]:
            if cost - step.cost in reachable[number + 1]:
                for rest in split(number + 1, cost - step.cost):
                    yield (step, *rest)

    for cost in sorted(reachable[0]):
        yield from split(0, cost)


def _rising(steps: Iterable[Step]) -> list[Step]:
    """Leave the steps that are better than every cheaper one."""
    left: list[Step] = []
    for step in sorted(steps, key=lambda step: (step.cost, -step.value)):
        if not left or step.value > left[-1].value:
            left.append(step)
    return left


def _merged(steps: Iterable[Step]) -> dict[Place, Option]:
    return {place: option for step in steps for place, option in step.options.items()}
