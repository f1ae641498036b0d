"""Places and grades from published scores: competition ranks, tie-breakers, quantiles, gates on places and grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from schemas.scheme import Scheme
from schemas.scheme.outcome import BandGrades, Gate, Grade


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
    key = _key(scheme, gates)
    ranks = _ranks(candidates, key)
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.group, []).append(candidate)
    in_group = {town: rank for members in groups.values() for town, rank in _ranks(members, key).items()}
    grades = _grades(candidates, groups, ranks, in_group, scheme)
    return {
        candidate.town: Place(
            ranks[candidate.town],
            in_group[candidate.town],
            _gated(grades.get(candidate.town), [gates[g] for g in candidate.gates], scheme),
        )
        for candidate in candidates
    }


Key = Callable[[Candidate], tuple[object, ...]]


def _key(scheme: Scheme, gates: Mapping[str, Gate]) -> Key:
    sign = 1 if scheme.direction == "up" else -1

    def key(candidate: Candidate) -> tuple[object, ...]:
        last = any(gates[gate].effect == "last_place" for gate in candidate.gates)
        return (last, sign * candidate.score, *candidate.ties)

    return key


def _ranks(candidates: Sequence[Candidate], key: Key) -> dict[str, int]:
    keys = sorted(key(candidate) for candidate in candidates)
    first: dict[object, int] = {}
    for number, value in enumerate(keys, 1):
        first.setdefault(value, number)
    return {candidate.town: first[key(candidate)] for candidate in candidates}


def _grades(
    candidates: Sequence[Candidate],
    groups: Mapping[str, Sequence[Candidate]],
    ranks: Mapping[str, int],
    in_group: Mapping[str, int],
    scheme: Scheme,
) -> dict[str, int]:
    """Return the number of each town's grade, 0 for the best, before gates."""
    policy = scheme.grades
    if policy is None:
        return {}
    if isinstance(policy, BandGrades):
        return {c.town: _band(c.score, policy.grades) for c in candidates}
    peers, places = (groups, in_group) if policy.within == "group" else ({"": candidates}, ranks)
    grades: dict[str, int] = {}
    for members in peers.values():
        size = len(members)
        for member in members:
            if size < policy.smallest_group:
                grades[member.town] = _band(member.score, policy.grades)
                continue
            stand = places[member.town]
            if policy.on_tie == "exclude":
                stand += sum(places[other.town] == stand for other in members) - 1
            for number, grade in enumerate(policy.grades):
                quota = grade.top if grade.top is not None else Fraction(1)
                if stand <= (quota * size).__floor__() or number == len(policy.grades) - 1:
                    grades[member.town] = number
                    break
    return grades


def _band(score: Fraction, grades: Sequence[Grade]) -> int:
    for number, grade in enumerate(grades):
        if grade.at_least is not None and score >= grade.at_least:
            return number
        if grade.at_most is not None and score <= grade.at_most:
            return number
    return len(grades) - 1


def _gated(number: int | None, gates: Sequence[Gate], scheme: Scheme) -> str | None:
    """Lower a grade by the gates that fell: several "one grade down" count once, then the ceiling; no honours last."""
    if number is None or scheme.grades is None:
        return None
    grades = scheme.grades.grades
    if any(gate.effect == "grade_down" for gate in gates):
        number = min(number + 1, len(grades) - 1)
    for gate in gates:
        if gate.effect == "grade_ceiling":
            number = max(number, next(n for n, grade in enumerate(grades) if grade.id == gate.grade))
    if any(gate.effect == "no_honours" for gate in gates):
        while grades[number].honour and number < len(grades) - 1:
            number += 1
    return grades[number].id
