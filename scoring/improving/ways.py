"""Every town's ways to its next place and grade, each confirmed by scoring again, and the frame that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl

from schemas.scheme import Scheme
from scoring.exact import fixed
from scoring.improving.best import Town
from scoring.improving.goals import GOALS, Field, Goal, Way, search
from scoring.improving.matters import Cost, Fixes, Matter, entangled, fixes_of, matters_of
from scoring.intake import Tables
from scoring.ledger import Frozen, Published, Scored, score
from scoring.ledger.past import comes_to
from scoring.outcome.scores import candidates
from scoring.periods import Period
from scoring.problems import Refused
from scoring.shapes import IMPROVEMENTS, pair
from scoring.workdays import Workdays

MOST_COST: Final = 60
"""Papers look up to so many fixes."""
Again = Callable[[Tables], Scored]


def improvements(
    tables: Tables,
    scheme: Scheme,
    period: Period,
    as_of: date,
    *,
    by: Cost = "fixes",
    most: int = MOST_COST,
    only: Sequence[str] | None = None,
    past: Sequence[Frozen] = (),
    workdays: Workdays | None = None,
    published: Published | None = None,
) -> pl.DataFrame:
    """Return what it takes each scored town to gain its next place and its next grade, others unchanged.

    Parameters
    ----------
    by
        What is to be least: the fixes, or the cases that they take in.
    most
        The cost that is looked up to.
    only
        The towns that are asked about; all of them where left out.

    Raises
    ------
    Refused
        The facts cannot be scored.
    """

    def again(facts: Tables) -> Scored:
        return score(facts, scheme, period, as_of, past=past, workdays=workdays, published=published, with_origins=True)

    before = again(tables)
    codes = [code for code in before.scores if only is None or code in only]
    if before.rolled is not None and before.rolled.pure:
        return pl.DataFrame(schema=IMPROVEMENTS)
    ways, helped = _ways(before, tables, as_of, codes, by, most, again)
    rows = [_row(way, helped.get(way.town, 0), by, scheme) for way in ways]
    return pl.DataFrame(rows, schema=IMPROVEMENTS)


def _ways(
    before: Scored, tables: Tables, as_of: date, codes: Sequence[str], by: Cost, most: int, again: Again
) -> tuple[list[Way], dict[str, int]]:
    fixes, after, matters, shaky = _open(before, tables, as_of, again)
    field = Field(before, after, as_of)
    towns = [Town(before, code, matters.get(code, ())) for code in codes]
    ways: list[Way] = []
    for goal in GOALS:
        if goal == "grade" and before.scheme.grades is None:
            continue
        found = [search(town, field, goal, by, most) for town in towns]
        found = [
            _bounded(way, town, field, by) if way.town in shaky else way for way, town in zip(found, towns, strict=True)
        ]
        ways += _confirmed(found, field, fixes, as_of, again)
    return ways, {code: len(own) for code, own in matters.items()}


def _open(
    before: Scored, tables: Tables, as_of: date, again: Again
) -> tuple[Fixes, Scored, dict[str, list[Matter]], set[str]]:
    """Find the open matters by town, score with all of them fixed, and name the towns in which fixes are no sum."""
    # In a longer period one finding counts in its part and in the period that it takes in: no sum, and no book.
    books = before.origins if before.rolled is None else ()
    fixes = fixes_of([before, *(origin.today for origin in books)], tables, as_of)
    after, matters, shaky = before, dict[str, list[Matter]](), set[str]()
    if not fixes.reports.is_empty():
        after = again(fixes.done(fixes.reports["matter"].to_list()))
        matters, shaky = matters_of(before, after, fixes), set(entangled(before, after))
        for one, other in zip(before.origins, after.origins, strict=True):
            if before.rolled is not None:
                moved = [town for town in one.towns if comes_to(one.today, town) != comes_to(other.today, town)]
                shaky |= {before.merged.get(town, town) for town in moved}
                continue
            shaky |= {before.merged.get(town, town) for town in entangled(one.today, other.today)}
            of_then = matters_of(one.today, other.today, fixes, one.origin.period.id)
            for town in one.towns:
                known = matters.setdefault(before.merged.get(town, town), [])
                ids = {matter.id for matter in known}
                known += [matter for matter in of_then.get(town, ()) if matter.id not in ids]
    return fixes, after, matters, shaky


def _bounded(way: Way, town: Town, field: Field, by: Cost) -> Way:
    """Take back that nothing cheaper, or nothing at all, reaches it: not all that fixes do was in the sums."""
    if way.outcome in ("none", "out-of-reach") and field.all_fixed(way.goal, way.town):
        if not town.matters:
            return replace(way, outcome="far", at_least=1)
        cost = sum(matter.cost(by) for matter in town.matters)
        return Way(way.town, way.goal, "reached", at_least=1, cost=cost, matters=tuple(town.matters))
    return replace(way, at_least=1 if way.at_least else None)


def _confirmed(ways: Iterable[Way], field: Field, fixes: Fixes, as_of: date, again: Again) -> list[Way]:
    """Score once more with every town's fixes done, and keep what the engine says of each among the others unchanged.

    One run serves all towns: what one town mends changes no other's score.
    """
    ways = list(ways)
    chosen = [matter.id for way in ways for matter in way.matters]
    if not chosen:
        return ways
    try:
        scored = again(fixes.done(chosen))
    except Refused:
        return [replace(way, outcome="unconfirmed") if way.matters else way for way in ways]
    told = {candidate.town: candidate for candidate in candidates(scored, field.scored.scheme, as_of)}
    confirmed = []
    for way in ways:
        if not way.matters:
            confirmed.append(way)
            continue
        candidate = told[way.town]
        stand = field.place_of(candidate)
        reached = field.higher(way.goal, field.now[way.town], stand)
        same = candidate.score == way.score
        confirmed.append(
            replace(
                way,
                outcome="reached" if reached else "unconfirmed",
                at_least=way.at_least if same else 1,
                score=candidate.score,
                rank=stand.rank,
                grade=stand.grade,
            )
        )
    return confirmed


def _row(way: Way, helped: int, by: Cost, scheme: Scheme) -> dict[str, Any]:
    unsure = way.outcome == "unconfirmed"
    matters = sorted(() if unsure else way.matters, key=lambda m: (m.by is None, m.by or date.max, m.finding))
    value = None if unsure else way.score
    return {
        "town_code": way.town,
        "goal": way.goal,
        "by": by,
        "outcome": way.outcome,
        "open": helped,
        "at_least": way.at_least,
        "cost": None if unsure else way.cost,
        **pair("score", value),
        "score": None if value is None else fixed(value, scheme.decimals),
        "rank": None if unsure else way.rank,
        "grade": None if unsure else way.grade,
        "findings": [matter.finding for matter in matters],
        "how": [matter.how for matter in matters],
        "until": [matter.by for matter in matters],
        "origins": [matter.period or None for matter in matters],
    }


__all__ = ["GOALS", "MOST_COST", "Goal", "improvements"]
