"""Every operator of a condition on every kind of column, at its bounds; empty cells meet nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest

from schemas.scheme.rules import PriceRow
from scoring.conditions import holds, number_meets

ROWS = pl.DataFrame(
    {
        "row": ["a", "b", "c", "none"],
        "word": ["甲", "乙", "丙", None],
        "count": [1, 2, 3, None],
        "amount": [Decimal("0.33"), Decimal("0.34"), Decimal("12.50"), None],
        "day": [date(2025, 1, 31), date(2025, 2, 1), date(2025, 2, 28), None],
        "tags": [["急"], ["急", "重"], ["复发"], None],
    },
    schema_overrides={"amount": pl.Decimal(20, 2), "tags": pl.List(pl.String)},
)


def conditions(when):
    return PriceRow.model_validate({"price": 1, "when": when}).when


@pytest.mark.parametrize(
    ("when", "met"),
    [
        ({}, "a b c none"),
        ({"word": "甲"}, "a"),
        ({"word": {"ne": "甲"}}, "b c"),
        ({"word": {"in": ["甲", "丙"]}}, "a c"),
        ({"word": {"not_in": ["甲", "丙"]}}, "b"),
        ({"count": 2}, "b"),
        ({"count": {"ne": 2}}, "a c"),
        ({"count": {"lt": 2}}, "a"),
        ({"count": {"le": 2}}, "a b"),
        ({"count": {"gt": 2}}, "c"),
        ({"count": {"ge": 2}}, "b c"),
        ({"count": {"in": [1, 3]}}, "a c"),
        ({"count": {"gt": 1, "lt": 3}}, "b"),
        ({"count": {"le": "5/2"}}, "a b"),
        ({"amount": {"lt": "1/3"}}, "a"),
        ({"amount": {"ge": "1/3"}}, "b c"),
        ({"amount": "12.5"}, "c"),
        ({"amount": {"ge": "0.34", "le": "0.34"}}, "b"),
        ({"day": {"from": "2025-02-01"}}, "b c"),
        ({"day": {"to": "2025-02-01"}}, "a b"),
        ({"day": {"from": "2025-02-01", "to": "2025-02-28"}}, "b c"),
        ({"day": "2025-02-28"}, "c"),
        ({"tags": {"has": "急"}}, "a b"),
        ({"tags": {"has": ["重", "复发"]}}, "b c"),
        ({"tags": {"has_all": ["急", "重"]}}, "b"),
        ({"tags": {"has_none": ["重", "复发"]}}, "a"),
        ({"word": {"in": ["甲", "乙"]}, "count": {"ge": 2}}, "b"),
    ],
)
def test_a_condition_is_met_by_what_it_says(when, met):
    found = ROWS.filter(holds(conditions(when), ROWS.schema))["row"].to_list()
    assert found == met.split()


@pytest.mark.parametrize(
    ("when", "met"),
    [
        ("2", [2]),
        ({"ne": 2}, [1, 3]),
        ({"lt": 2}, [1]),
        ({"le": 2}, [1, 2]),
        ({"gt": 2}, [3]),
        ({"ge": 2}, [2, 3]),
        ({"in": [1, 3]}, [1, 3]),
        ({"not_in": [1, 3]}, [2]),
        ({"ge": 1, "lt": 3}, [1, 2]),
    ],
)
def test_a_condition_on_sums_is_met_by_what_it_says(when, met):
    test = conditions({"visited": when})
    assert [n for n in (1, 2, 3) if number_meets(test, {"visited": Fraction(n)})] == met
    assert not number_meets(test, {"visited": None})
    assert not number_meets(test, {})
