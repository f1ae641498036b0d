"""The smallest cost that gains a town its next place or its next grade, all other towns as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final, Literal

import polars as pl

from scoring.improving.best import Step, Town
from scoring.improving.matters import Cost, Matter
from scoring.ledger import Scored, sign_of_loss
from scoring.ledger.ending import TownScore
from scoring.outcome.scores import candidates
from scoring.ranking import Candidate, Place, place

Goal = Literal["place", "grade"]
GOALS: Final[tuple[Goal, ...]] = ("place", "grade")
MOST_SUBSETS: Final = 3_000
"""So many sets of fixes are looked at one by one where tie-breakers decide."""
_FIRST_LIMIT: Final = 8
_BEST_TIE: Final = Fraction(-(10**12))


@dataclass(frozen=True)
class Way:
    """What it takes a town to reach a goal.

    Attributes
    ----------
    outcome
        `reached`; `top` (nothing higher); `none` (no open matter that a fix helps); `gated` (a veto makes the score 0);
        `out-of-reach` (all fixes together do not reach it); `far` (not for the cost that was looked up to);
        `unconfirmed` (the engine, scoring again, did not confirm it).
    at_least
        No set of fixes that costs less reaches it; where it is `cost`, nothing cheaper was missed.
    cost, matters
        Of the way that was found.
    score, rank, grade
        After it, as the engine has confirmed; without a way, with all fixes that help.
    """

    town: str
    goal: Goal
    outcome: str
    at_least: int | None = None
    cost: int | None = None
    matters: tuple[Matter, ...] = ()
    score: Fraction | None = None
    rank: int | None = None
    grade: str | None = None


class Field:
    """All scored towns as they stand, among which one takes another place."""

    def __init__(self, scored: Scored, after: Scored, as_of: date) -> None:
        self.scored, self._after, self._as_of = scored, after, as_of
        self.standing = candidates(scored, scored.scheme, as_of)
        self.now = place(self.standing, scored.scheme)
        self._sign = sign_of_loss(scored.scheme)
        grades = scored.scheme.grades
        self._grades = [grade.id for grade in grades.grades] if grades else []
        self.has_ties = bool(scored.scheme.tie_breakers)
        self._by_code = {candidate.town: candidate for candidate in self.standing}

    def place_of(self, candidate: Candidate) -> Place:
        """Return where a town stands if it comes to this, and nobody else to anything else."""
        others = [candidate if one.town == candidate.town else one for one in self.standing]
        return place(others, self.scored.scheme)[candidate.town]

    def at_best(self, town: Town, step: Step) -> Place:
        """Return where a step could bring a town at the very best, whatever tie-breakers say."""
        one = self._by_code[town.code]
        return self.place_of(replace(one, score=-self._sign * step.value, ties=tuple(_BEST_TIE for _ in one.ties)))

    def after(self, town: Town, step: Step) -> Candidate:
        """Return what a step makes of a town, tie-breakers included."""
        one = replace(self._by_code[town.code], score=-self._sign * step.value)
        return one if not self.has_ties else self.with_ties(town, town.score(step.options), step.matters)

    def with_ties(self, town: Town, score: TownScore, matters: Sequence[Matter]) -> Candidate:
        """Return a town with these matters fixed and this score as ranking takes it."""
        fixed = pl.col("finding_id").is_in([matter.finding for matter in matters])
        own = pl.col("town") == town.code
        charges = self.scored.charges
        findings = pl.concat(
            [charges.findings.filter(own & ~fixed), self._after.charges.findings.filter(own & fixed)],
            how="diagonal_relaxed",
        )
        only = replace(self.scored, charges=replace(charges, findings=findings), scores={town.code: score})
        return candidates(only, self.scored.scheme, self._as_of)[0]

    def all_fixed(self, goal: Goal, town: str) -> bool:
        """Tell whether a town reaches the goal with every open matter fixed, as the engine has scored that."""
        told = candidates(self._after, self.scored.scheme, self._as_of)
        then = next((one for one in told if one.town == town), None)
        return then is not None and self.higher(goal, self.now[town], self.place_of(then))

    def higher(self, goal: Goal, now: Place, then: Place) -> bool:
        """Tell whether the goal is reached."""
        if goal == "place":
            return then.rank < now.rank
        if now.grade is None or then.grade is None:
            return False
        return self._grades.index(then.grade) < self._grades.index(now.grade)

    def is_top(self, goal: Goal, now: Place) -> bool:
        """Tell whether there is nothing higher."""
        return now.rank == 1 if goal == "place" else now.grade is None or self._grades.index(now.grade) == 0


def search(town: Town, field: Field, goal: Goal, by: Cost, most: int) -> Way:
    """Find the cheapest fixes that reach a goal, looking up to a cost.

    The score alone decides from which cost on the goal can be reached at all; where it comes to a tie, tie-breakers
    are asked of the fixes that were found, and then of all sets of fixes in between, if they are few.
    """
    now = field.now[town.code]
    if field.is_top(goal, now):
        return Way(town.code, goal, "top")
    if not town.matters:
        return Way(town.code, goal, "none")
    best = town.best_of_all()
    if not field.higher(goal, now, field.at_best(town, best)):
        zeroing = {gate.id for gate in field.scored.scheme.gates if gate.effect == "score_zero"}
        gated = zeroing & set(field.scored.scores[town.code].gates)
        return _ending(town, field, goal, best, "gated" if gated else "out-of-reach", None)
    most = min(most, sum(matter.cost(by) for matter in town.matters))
    limit = min(_FIRST_LIMIT, most)
    while True:
        bought = town.bought(by, limit)
        steps = bought.steps
        low = _first(steps, lambda step: field.higher(goal, now, field.at_best(town, step)))
        high = _first(steps, lambda step: field.higher(goal, now, field.place_of(field.after(town, step))))
        if high is not None or limit == most:
            break
        limit = min(limit * 4, most)
    at_least = min(max(low.cost, 1) if low else limit + 1, bought.known + 1)
    if field.has_ties and (high is None or at_least < high.cost) and low is not None and bought.known == limit:
        sets = _sets(town, by, at_least, high.cost if high else limit + 1)
        if sets is not None:
            within = next((step for step in sets if _reaches(town, field, goal, now, step)), None)
            high = within or high
            at_least = high.cost if high else limit + 1
    if high is None:
        return _ending(town, field, goal, best, "far", at_least)
    return _ending(town, field, goal, high, "reached", at_least)


def _first(steps: Sequence[Step], test: Callable[[Step], bool]) -> Step | None:
    """Return the first step that passes; whatever a step reaches, all later ones do."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        if test(steps[middle]):
            high = middle
        else:
            low = middle + 1
    return steps[low] if low < len(steps) else None


def _ending(town: Town, field: Field, goal: Goal, step: Step, outcome: str, at_least: int | None) -> Way:
    candidate = field.after(town, step)
    stand = field.place_of(candidate)
    reached = outcome == "reached"
    return Way(
        town.code,
        goal,
        outcome,
        at_least,
        step.cost if reached else None,
        step.matters if reached else (),
        candidate.score,
        stand.rank,
        stand.grade,
    )


def _reaches(town: Town, field: Field, goal: Goal, now: Place, step: Step) -> bool:
    return field.higher(goal, now, field.place_of(field.after(town, step)))


def _sets(town: Town, by: Cost, least: int, below: int) -> list[Step] | None:
    """Return every set of fixes that costs from `least` to less than `below`, cheap ones first; None for too many."""
    found: list[tuple[int, tuple[Matter, ...]]] = []
    for cost, matters in _subsets(town.matters, by, below):
        if cost >= least:
            found.append((cost, matters))
            if len(found) > MOST_SUBSETS:
                return None
    found.sort(key=lambda pair: pair[0])
    return [town.step(cost, matters) for cost, matters in found]


def _subsets(matters: Sequence[Matter], by: Cost, below: int) -> Iterator[tuple[int, tuple[Matter, ...]]]:
    def more(start: int, cost: int, chosen: tuple[Matter, ...]) -> Iterator[tuple[int, tuple[Matter, ...]]]:
        yield cost, chosen
        for number in range(start, len(matters)):
            if cost + (own := matters[number].cost(by)) < below:
                yield from more(number + 1, cost + own, (*chosen, matters[number]))

    return more(0, 0, ())
