"""Exact numbers, by hand."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import polars as pl
import pytest

from schemas.scheme.rules import Deduct
from scoring.exact import LARGEST, add_up, common_denominator, fixed, reduced, round_half_away
from scoring.ledger.entries import Statement
from scoring.ledger.indicators import Result
from scoring.ledger.refusals import refuse_too_fine
from scoring.ledger.totals import TownScore
from scoring.pricing.deduct import Units
from scoring.problems import Refused
from tests import engine
from tests.casebook import all_cases


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        ("1/20", 2, "0.05"),
        ("-1/20", 2, "-0.05"),
        ("-1/200", 2, "-0.01"),
        ("1/201", 2, "0.00"),
        ("-1/201", 2, "0.00"),
        ("0", 2, "0.00"),
        ("9.995", 2, "10.00"),
        ("175/2", 2, "87.50"),
        ("175/2", 0, "88"),
        ("-1/2", 0, "-1"),
        ("1/3", 4, "0.3333"),
        ("1234.5", 1, "1234.5"),
    ],
)
def test_a_number_is_written_with_its_decimals(value, decimals, text):
    assert fixed(Fraction(value), decimals) == text


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("-0.005", 2, "-0.01"),
        ("0.0049999", 2, "0"),
        ("-0.0049999", 2, "0"),
        ("2/3", 2, "0.67"),
        ("99.995", 2, "100"),
        ("0.25", 1, "0.3"),
        ("12", 2, "12"),
        ("0.5", 0, "1"),
    ],
)
def test_an_exact_half_moves_away_from_zero(value, decimals, rounded):
    assert round_half_away(Fraction(value), decimals) == Fraction(rounded)


def test_sums_and_denominators():
    thirds = [Fraction(1, 3), Fraction(-1, 2), Fraction(1, 3), Fraction(5)]
    assert add_up(thirds) == Fraction(31, 6)
    assert common_denominator(thirds) == 6
    assert (add_up([]), common_denominator([])) == (0, 1)
    # A sum up to it, doubled, still fits 64 bits with its sign.
    assert 2 * LARGEST - 1 == 2**63 - 1


def case_of(words):
    return next(case for case in all_cases() if words in case.name)


def score(scheme, rows, case):
    return engine.run(scheme, rows, "2025Q1", case.period.start, case.period.end, case.as_of)


@pytest.mark.parametrize("finer", [1, 3])
def test_quantities_that_could_leave_64_bits_are_refused_from_the_first_on(finer):
    """price × dearest repetition × (1 + all extras), for every unit and one more a finding, below a quarter of 2⁶²."""
    case = case_of("逾期加扣按所扣分数计的，连加重的一起")
    rule = Deduct.model_validate({"kind": "deduct", "per": "case", "prices": [{"price": Fraction(5, finer)}]})
    dimensions = [
        one.model_copy(update={"indicators": tuple(i.model_copy(update={"rule": rule}) for i in one.indicators)})
        for one in case.scheme.dimensions
    ]
    scheme = case.scheme.model_copy(update={"dimensions": tuple(dimensions), "price_lists": {}})
    states = scheme.rectification.states
    extras = sum(getattr(states, name).extra for name in type(states).model_fields if getattr(states, name))
    assert extras > 0
    assert scheme.repeats.multipliers[-1] == 2
    per_unit = Fraction(5, finer) * 2 * (1 + extras) * Units.of(scheme).points
    first, second = case.rows["findings"]
    # One case and these, one more for each of the two findings, and one over.
    fewest = ceil(LARGEST // 4 / per_unit) - 4
    for cases, refused in ((fewest - 1, False), (fewest, True)):
        rows = case.rows | {"findings": [first | {"cases": 1}, second | {"cases": cases}]}
        try:
            score(scheme, rows, case)
        except Refused as error:
            (problem,) = error.problems
            assert refused
            assert (problem.code, dict(problem.parameters)["finding"]) == ("points-too-large", "W2")
        else:
            assert not refused


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("where", ["score", "entry", "earned", "factor", "value", "dimension"])
def test_a_number_that_no_column_of_64_bits_holds_is_refused(where, over):
    fine = Fraction(1, LARGEST + over)
    statement = Statement("T1", Fraction(0), fine if where == "score" else Fraction(1))
    if where == "entry":
        statement.add("cap", -fine)
    result = Result(
        "scored",
        fine if where == "earned" else Fraction(1),
        value=fine if where == "value" else None,
        factor=fine if where == "factor" else Fraction(1),
    )
    town = TownScore(statement, {("", "甲"): result}, {("", "乙"): fine if where == "dimension" else Fraction(1)})
    if over:
        with pytest.raises(Refused):
            refuse_too_fine("T1", town, set())
    else:
        refuse_too_fine("T1", town, set())


def test_multiples_are_reduced_each_in_its_own_row():
    made = reduced(pl.Series([6, None, -3, 0, 6], dtype=pl.Int64), 12, "points", words=True)
    assert made.rows() == [(1, 2, "0.5"), (None, None, None), (-1, 4, "-0.25"), (0, 1, "0"), (1, 2, "0.5")]
    assert made.schema == {"points_num": pl.Int64, "points_den": pl.Int64, "points": pl.String}
    assert reduced(pl.Series([None, None], dtype=pl.Int64), 12, "x").rows() == [(None, None)] * 2
