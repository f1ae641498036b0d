"""Amounts computed again from the figures that the table has: what differs is a suggestion to look, never a finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from scoring.supervision.casework.limits import Rule
from scoring.supervision.casework.timely import Row, outcome_of

Kind = Literal["gap", "care_fee", "grade"]
_GRADES: Final = ((0, "able"), (3, "partial"), (6, "lost"))


@dataclass(frozen=True)
class Difference:
    """What a row states and what comes out when it is computed again.

    Attributes
    ----------
    kind
        The benefit by the income gap, the care fee by its grade, or the grade by the indicators failed.
    stated, computed
        Yuan a month; of a grade its id.
    way
        The figures that it was computed from, in the order of the formula.
    """

    kind: Kind
    row: Row
    stated: Decimal | str
    computed: Decimal | str
    way: tuple[Decimal | int | str, ...]


def recompute(cases: Iterable[Row], rule: Rule, on: date) -> list[Difference]:
    """Return the differences among cases in force on a day; a row that lacks a figure is not asked.

    Amounts that differ by less than the tolerance are equal: amounts are paid in whole yuan in many places.
    """
    found: list[Difference] = []
    for case in cases:
        ended = case["exit_on"] is not None and case["exit_on"] <= on
        if outcome_of(case) != "confirmed" or case["confirmed_on"] > on or ended:
            continue
        if case["programme"] in rule.lists["gap"]:
            found += _gap(case, rule)
        if case["programme"] in rule.lists["care"]:
            found += _care(case, rule)
    return found


def _gap(case: Row, rule: Rule) -> Iterable[Difference]:
    standard, income, persons, stated = (case[name] for name in ("standard", "income", "persons", "amount"))
    if None in {standard, income, persons, stated}:
        return
    computed = max(standard - income, Decimal(0)) * persons
    if _differ(stated, computed, rule):
        yield Difference("gap", case, stated, computed, (standard, income, persons))


def _care(case: Row, rule: Rule) -> Iterable[Difference]:
    grade, failed, fee = case["selfcare"], case["selfcare_failed"], case["care_fee"]
    meant = next(name for most, name in _GRADES if failed <= most) if failed is not None else None
    if meant is not None and grade is not None and meant != grade:
        yield Difference("grade", case, grade, meant, (failed,))
    # The row's own standard goes with the grade that it states; the bureau's own goes with any.
    standard = rule.numbers.get(grade) if grade is not None else None
    standard = case["care_standard"] if standard is None else standard
    if standard is not None and fee is not None and _differ(fee, standard, rule):
        yield Difference("care_fee", case, fee, standard, (grade or "",))


def _differ(stated: Decimal, computed: Decimal, rule: Rule) -> bool:
    tolerance = rule.numbers["tolerance"] or Decimal(0)
    return stated != computed and abs(stated - computed) >= tolerance
