"""Ranks and grades on the published score."""

from __future__ import annotations

from fractions import Fraction

from tests.reference.facts import meets


def standings(scheme, results, as_of):
    """Set rank, group_rank and grade of every scored town."""
    ranked = [result for result in results if result.score is not None]
    everyone = places(scheme, ranked, as_of, gates=True)
    for result in ranked:
        result.rank = everyone[result.code]
        group = [other for other in ranked if other.group == result.group]
        result.group_rank = places(scheme, group, as_of, gates=True)[result.code]
    for result in ranked:
        result.grade = grade_of(scheme, ranked, result, as_of)


def better_key(scheme, result):
    """Smaller stands first."""
    first = result.score if scheme.direction == "up" else -result.score
    return (first, *(tie_value(scheme, breaker, result) for breaker in scheme.tie_breakers))


def tie_value(scheme, breaker, result):
    if breaker.by == "findings":
        return sum(1 for f in result.findings if f.disposition == "priced" and meets(breaker.when, f.row))
    if breaker.by == "on_time_rate":
        due = [f for f in result.findings if f.disposition == "priced" and f.due is not None and f.due < result.as_of]
        closed = [f for f in due if f.state in {"on_time", "extended", "self_reported"}]
        return -Fraction(len(closed), len(due)) if due else Fraction(-1)
    table = result.dimensions if breaker.by == "dimension" else result.earned
    total = sum((value for (_, name), value in table.items() if name == breaker.of and value is not None), Fraction(0))
    return total if scheme.direction == "up" else -total


def places(scheme, results, as_of, gates):
    """Competition ranks: one more than the number of towns that stand before."""

    def key(result):
        last = gates and any(gate.effect == "last_place" for gate in result.gates)
        return (last, *better_key(scheme, result))

    keys = {result.code: key(result) for result in results}
    return {code: 1 + sum(other < mine for other in keys.values()) for code, mine in keys.items()}


def band(scheme, score):
    for place, grade in enumerate(scheme.grades.grades):
        if grade.at_least is not None and score < grade.at_least:
            continue
        if grade.at_most is not None and score > grade.at_most:
            continue
        return place
    return None


def quantile(scheme, ranked, result, as_of):
    rule = scheme.grades
    peers = [other for other in ranked if rule.within == "all" or other.group == result.group]
    if len(peers) < rule.smallest_group:
        return band(scheme, result.score)
    # A gated town frees no place: for the others it stands where its score puts it.
    mine = places(scheme, peers, as_of, gates=any(g.effect == "last_place" for g in result.gates))
    place = mine[result.code]
    if rule.on_tie == "exclude":
        place += sum(value == place for value in mine.values()) - 1
    for index, grade in enumerate(rule.grades):
        if grade.top is None or place <= (grade.top * len(peers)).__floor__():
            return index
    return None


def grade_of(scheme, ranked, result, as_of):
    if scheme.grades is None:
        return None
    ids = [grade.id for grade in scheme.grades.grades]
    place = band(scheme, result.score) if scheme.grades.by == "bands" else quantile(scheme, ranked, result, as_of)
    if place is None:
        return None
    if any(gate.effect == "grade_down" for gate in result.gates):
        place = min(place + 1, len(ids) - 1)
    for gate in result.gates:
        if gate.effect == "grade_ceiling":
            place = max(place, ids.index(gate.grade))
    if any(gate.effect == "no_honours" for gate in result.gates):
        while scheme.grades.grades[place].honour and place < len(ids) - 1:
            place += 1
    return ids[place]
