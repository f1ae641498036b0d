"""Findings of every kind that a scheme tells apart: for each row of each price list the plainest that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

from schemas.scheme import Dimension, Indicator, Scheme
from schemas.scheme.conditions import Conditions
from schemas.scheme.rules import Deduct
from scoring.incentives.bench import Bench, Row
from scoring.scheme.fields import known_fields
from scoring.scheme.regions import Facts, dated, first_match, meets, regions

FOUND_AFTER: Final = 4
DUE_AFTER: Final = 15
"""Days from the period's start to the day of a finding, and from there to its deadline."""


@dataclass(frozen=True)
class Kind:
    """A kind of finding: a row to be copied, the town in which it applies, whether it counts as found by the town."""

    row: Row
    town: Mapping[str, Any]
    own: bool
    price_line: int


def kinds(bench: Bench) -> list[Kind]:
    """Return the kinds in the order of the scheme, the town's own findings after those of the bureau.

    Of indicators that share a price list and everything else that could tell them apart here, the first stands for all.
    """
    scheme = bench.scheme
    fields = known_fields(scheme, "findings")
    own = scheme.rectification.self_reported_when
    found: list[Kind] = []
    seen: set[object] = set()
    for dimension, indicator in scheme.indicators():
        rows = scheme.prices_of(indicator)
        if (alike := _alike(scheme, dimension, indicator)) in seen:
            continue
        seen.add(alike)
        tests = [dated(row) for row in rows]
        cells = regions([*tests, own], fields) or regions(tests, fields) or [{}]
        town = _town(scheme, indicator)
        for number, row in enumerate(rows):
            taken = [facts for facts in cells if first_match(facts, tests) == number]
            for by_itself in (False, True):
                facts = next((f for f in taken if _is_own(f, own) == by_itself and _fits(f, bench)), None)
                if facts is not None:
                    found.append(Kind(_finding(bench, indicator, facts), town, by_itself, row.line))
    return found


def _alike(scheme: Scheme, dimension: Dimension, indicator: Indicator) -> object:
    """Return what tells an indicator apart: its rule, cap, room above its prices, and its dimension's rules."""
    rule = indicator.rule
    if not isinstance(rule, Deduct):
        return None
    asked = {name for row in scheme.prices_of(indicator) for name in row.when}
    named = isinstance(rule.prices, str) and "indicator" not in asked
    surcharged = tuple(s.id for s in scheme.surcharges if s.of in (None, indicator.id, dimension.id))
    dearest = max((row.price for row in scheme.prices_of(indicator)), default=Fraction(0))
    bound = indicator.cap if isinstance(indicator.cap, Fraction) else indicator.points
    usual = str(indicator.cap) in ("points", "none")
    return (
        rule.prices if named else indicator.id,
        (rule.per, repr(rule.exposure), rule.zero_out_lifted_by, usual, bound > 2 * dearest),
        (repr(indicator.applies_when), indicator.points_move_to, surcharged),
        (dimension.scale, str(dimension.cap)) if dimension.scale or dimension.cap != "none" else (),
    )


def _is_own(facts: Facts, own: Conditions) -> bool:
    return bool(own) and set(own) <= set(facts) and meets(facts, own)


def _fits(facts: Facts, bench: Bench) -> bool:
    day = facts.get("found_on")
    last = bench.period.end - timedelta(days=DUE_AFTER + 6)
    return not isinstance(day, date) or bench.period.start <= day <= max(last, bench.period.start)


def _finding(bench: Bench, indicator: Indicator, facts: Facts) -> dict[str, Any]:
    found_on = facts.get("found_on") or bench.period.start + timedelta(days=FOUND_AFTER)
    assert isinstance(found_on, date)
    severities = [severity.id for severity in bench.scheme.severities]
    row: dict[str, Any] = {
        "severity": severities[0] if severities else None,
        "cases": 1,
        "persons": 1,
        **{name: _cell(value) for name, value in facts.items()},
        "finding_id": "A",
        "indicator": indicator.id,
        "found_on": found_on,
        "assigned_on": found_on,
        "due_on": found_on + timedelta(days=DUE_AFTER),
    }
    return row


def _cell(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else f"{float(value):.2f}"
    return value


def _town(scheme: Scheme, indicator: Indicator) -> dict[str, Any]:
    """Return fields of a town to which the indicator applies."""
    when = indicator.applies_when.town if indicator.applies_when else {}
    if not when:
        return {}
    cells = regions([when], known_fields(scheme, "towns")) or []
    facts = next((facts for facts in cells if meets(facts, when)), {})
    return {name: _cell(value) for name, value in facts.items()}
