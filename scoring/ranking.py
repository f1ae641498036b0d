"""Places and grades from published scores: competition ranks, tie-breakers, quantiles, gates on places and grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from schemas.scheme import Scheme
from schemas.scheme.outcome import BandGrades, Gate, Grade, Grades
from scoring.exact import common_denominator


@dataclass(frozen=True)
class Candidate:
    """A scored town. `ties` are its tie-break values in the scheme's order, smaller is better."""

    town: str
    group: str
    score: Fraction
    gates: tuple[str, ...] = ()
    ties: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where a town stands."""

    rank: int
    group_rank: int
    grade: str | None


def place(candidates: Sequence[Candidate], scheme: Scheme) -> dict[str, Place]:
    """Rank and grade the scored towns.

    Competition ranks (1, 2, 2, 4) on the published score, then the tie-breakers; towns with a last-place gate come
    after all others, by score.
    """
    gates = {gate.id: gate for gate in scheme.gates}
    key = _key(scheme, gates, candidates)
    ranks = _ranks(candidates, key)
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.group, []).append(candidate)
    in_group = {town: rank for members in groups.values() for town, rank in _ranks(members, key).items()}
    policy = scheme.grades
    grades = _grades(candidates, groups, gates, scheme, policy) if policy else {}
    return {
        candidate.town: Place(
            ranks[candidate.town],
            in_group[candidate.town],
            _gated(grades[candidate.town], [gates[g] for g in candidate.gates], policy.grades) if policy else None,
        )
        for candidate in candidates
    }


Key = Callable[[Candidate], tuple[object, ...]]


def _key(scheme: Scheme, gates: Mapping[str, Gate], candidates: Sequence[Candidate]) -> Key:
    # Whole numbers are compared ten times faster than Fractions.
    units = (1 if scheme.direction == "up" else -1) * common_denominator(one.score for one in candidates)

    def key(candidate: Candidate) -> tuple[object, ...]:
        score = candidate.score.numerator * (units // candidate.score.denominator)
        return (_is_last(candidate, gates), score, *candidate.ties)

    return key


def _is_last(candidate: Candidate, gates: Mapping[str, Gate]) -> bool:
    return any(gates[gate].effect == "last_place" for gate in candidate.gates if gate in gates)


def _ranks(candidates: Sequence[Candidate], key: Key) -> dict[str, int]:
    keys = [key(candidate) for candidate in candidates]
    first: dict[object, int] = {}
    for number, value in enumerate(sorted(keys), 1):
        first.setdefault(value, number)
    return {candidate.town: first[value] for candidate, value in zip(candidates, keys, strict=True)}


def _grades(
    candidates: Sequence[Candidate],
    groups: Mapping[str, Sequence[Candidate]],
    gates: Mapping[str, Gate],
    scheme: Scheme,
    policy: Grades,
) -> dict[str, int]:
    """Return the number of each town's grade, 0 for the best, before gates."""
    if isinstance(policy, BandGrades):
        return {c.town: _band(c.score, policy.grades) for c in candidates}
    grades: dict[str, int] = {}
    for members in groups.values() if policy.within == "group" else [candidates]:
        if len(members) < policy.smallest_group:
            grades |= {member.town: _band(member.score, policy.grades) for member in members}
            continue
        # A gated town frees no place: to the others it stands where its score would put it.
        by_score, last = _ranks(members, _key(scheme, {}, members)), _ranks(members, _key(scheme, gates, members))
        for member in members:
            places = last if _is_last(member, gates) else by_score
            stand = places[member.town]
            if policy.on_tie == "exclude":
                stand += sum(place == stand for place in places.values()) - 1
            quotas = [(1 if g.top is None else g.top) * len(members) for g in policy.grades[:-1]]
            grades[member.town] = next((n for n, q in enumerate(quotas) if stand <= floor(q)), len(quotas))
    return grades


def _band(score: Fraction, grades: Sequence[Grade]) -> int:
    for number, grade in enumerate(grades):
        if grade.at_least is not None and score >= grade.at_least:
            return number
        if grade.at_most is not None and score <= grade.at_most:
            return number
    return len(grades) - 1


def _gated(number: int, gates: Sequence[Gate], grades: Sequence[Grade]) -> str:
    """Lower a grade by the gates that fell: several "one grade down" count once, then the ceiling; no honours last."""
    if any(gate.effect == "grade_down" for gate in gates):
        number = min(number + 1, len(grades) - 1)
    for gate in gates:
        if gate.effect == "grade_ceiling":
            number = max(number, next(n for n, grade in enumerate(grades) if grade.id == gate.grade))
    if any(gate.effect == "no_honours" for gate in gates):
        while grades[number].honour and number < len(grades) - 1:
            number += 1
    return grades[number].id
