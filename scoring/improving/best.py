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
from typing import Final

from schemas.scheme import Scheme
from scoring.improving.books import Book, Entries, Options, Past
from scoring.improving.cells import Option
from scoring.improving.matters import OWN, Cost, Matter, Place, name_of
from scoring.ledger import Scored, sign_of_loss
from scoring.ledger.ending import TownScore

MOST_TRIED: Final = 5_000
"""So many combinations are scored where the levels do not add up; what lies beyond is not known."""


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
    """A scored town and its open matters, to be scored with any of them fixed.

    `matters` are those of the period itself and of published ones that it carries over.
    """

    def __init__(self, scored: Scored, town: str, matters: Sequence[Matter]) -> None:
        self.scored, self.code, self.matters = scored, town, matters
        self._sign = sign_of_loss(scored.scheme)
        by_book: dict[str, list[Matter]] = {}
        for matter in matters:
            by_book.setdefault(matter.place[0], []).append(matter)
        self._own = Book(OWN, scored, town, by_book.pop(OWN, ()), Fraction(-self._sign))
        self._past = [
            Past.of(origin, then, by_book[name_of(origin.origin.period.id, then)], scored)
            for origin in scored.origins
            for then in origin.towns
            if name_of(origin.origin.period.id, then) in by_book
        ]
        self._books = {book.name: book for book in (self._own, *(past.book for past in self._past))}
        self.cells = [cell for book in self._books.values() for cell in book.cells]

    def score(self, options: Options) -> TownScore:
        """Score the town with these options carried out, as the engine does."""
        carried = None
        if self._past:
            carried = [
                pair for pair in self.scored.above[self.code].carried if not any(p.holds(pair[0]) for p in self._past)
            ]
            carried += [pair for past in self._past for pair in past.carried(options)]
        return self.scored.again(self.code, self._own.sums(options), carried)

    def step(self, cost: int, matters: Sequence[Matter]) -> Step:
        """Return the step of fixing just these matters."""
        options = {}
        for cell in self.cells:
            own = tuple(matter for matter in matters if matter.place == cell.place)
            lifted = not cell.stuck and all(m in own for m in cell.matters if m.lifts)
            fired = cell.fired and not lifted
            options[cell.place] = Option(len(own), sum(m.gain for m in own), fired, own)
        return self._scored(Step(cost, Fraction(0), options))

    def better(self, score: TownScore) -> Fraction:
        """Return a score so that the larger is the better."""
        return -self._sign * score.statement.value

    def best_of_all(self) -> Step:
        """Return the best score of all, whatever it costs."""
        options: dict[Place, Option] = {}
        for cell in self.cells:
            one_by_one = [(option, {cell.place: option}) for option in cell.whole()]
            values = [self._effect(only, cell.place) for _, only in one_by_one]
            options[cell.place] = max(zip(values, one_by_one, strict=True), key=lambda pair: pair[0])[1][0]
        return self._scored(Step(sum(len(option.chosen) for option in options.values()), Fraction(0), options))

    def bought(self, by: Cost, most: int) -> Bought:
        """Return the best score that each cost up to `most` buys."""
        scheme = self.scored.scheme
        complete = all(cell.complete for cell in self.cells) and all(past.whole for past in self._past)
        known = most if complete else 0
        leaves = {
            cell.place: [Step(o.cost, Fraction(0), {cell.place: o}) for o in cell.options(by, most)]
            for cell in self.cells
        }
        dimensions: dict[Place, list[list[Step]]] = {}
        for (book, part, indicator), steps in self._valued(leaves, _within).items():
            dimension = self._books[book].dimension[indicator]
            dimensions.setdefault((book, part, dimension), []).append(steps)
        whole = self._valued({key: combined(below, most) for key, below in dimensions.items()}, _of_dimension)
        past = [steps for key, steps in whole.items() if key[0] != OWN]
        own = {key: steps for key, steps in whole.items() if key[0] == OWN}
        if not adds_up(scheme):
            return self._tried([*own.values(), *past], most, known)
        if scheme.parts is not None:
            parts: dict[Place, list[list[Step]]] = {}
            for (book, part, _), steps in own.items():
                parts.setdefault((book, part, ""), []).append(steps)
            own = self._valued({part: combined(below, most) for part, below in parts.items()}, _of_part)
        ends = list(own.values())
        if past and own:
            # What is carried over comes after what is added to the whole; so the whole itself is read first.
            ends = list(self._valued({(OWN, "", ""): combined(ends, most)}, _of_all).values())
        return Bought(_rising(self._scored(step) for step in combined([*ends, *past], most)), known)

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

    def _valued(
        self, groups: Mapping[Place, Sequence[Step]], entries: Callable[[Place], Entries]
    ) -> dict[Place, list[Step]]:
        """Let the engine say what each step does to its own group; groups of one level do not touch each other."""
        valued: dict[Place, list[Step]] = {key: [] for key in groups}
        for number in range(max(map(len, groups.values()), default=0)):
            now = {key: steps[number] for key, steps in groups.items() if number < len(steps)}
            options = _merged(now.values())
            scores = {name: self._books[name].score(options) for name in {key[0] for key in now}}
            for key, step in now.items():
                value = self._books[key[0]].effect(scores[key[0]], options, entries(key))
                valued[key].append(Step(step.cost, value, step.options))
        return {key: _rising(steps) for key, steps in valued.items()}

    def _effect(self, options: Options, place: Place) -> Fraction:
        book = self._books[place[0]]
        return book.effect(book.score(options), options, _within(place))


def _within(place: Place) -> Entries:
    return lambda row: (row["part"], row["indicator"]) == place[1:]


def _of_dimension(key: Place) -> Entries:
    return lambda row: (row["part"], row["dimension"]) == key[1:]


def _of_part(key: Place) -> Entries:
    return lambda row: row["part"] == key[1]


def _of_all(key: Place) -> Entries:
    """Take all but what comes last: adjustments, what is carried over, range, vetoes, rounding."""
    del key
    return lambda row: bool(row["part"] or row["dimension"]) or row["kind"] == "surcharge"


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
