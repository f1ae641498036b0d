"""Conditions of a scheme as Polars expressions. An empty cell meets none of them, not even `ne`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import reduce
from typing import Final

import polars as pl

from schemas.scheme.conditions import Conditions, Operator

_SCALE: Final = 10**6
"""Decimals of input tables have at most six places, so that a comparison can be made in whole millionths."""


def holds(conditions: Conditions, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return a Boolean expression, never null, that is true where every condition holds.

    Parameters
    ----------
    conditions
        Field → test. The scheme's loader has checked that the fields exist and fit their operators.
    schema
        The frame's dtypes by column.
    """
    tests = [
        _test(pl.col(field), schema[field], operator, value)
        for field, test in sorted(conditions.items())
        for operator, value in test.operators().items()
    ]
    return reduce(lambda a, b: a & b, tests, pl.lit(True))


def _test(column: pl.Expr, dtype: pl.DataType, operator: Operator, value: object) -> pl.Expr:
    return _compare(column, dtype, operator, value).fill_null(False)


def _compare(  # noqa: PLR0911 - one return an operator
    column: pl.Expr, dtype: pl.DataType, operator: Operator, value: object
) -> pl.Expr:
    match operator:
        case "eq":
            return _equals(column, dtype, str(value))
        case "ne":
            return ~_equals(column, dtype, str(value))
        case "in":
            return _any([_equals(column, dtype, word) for word in _words(value)])
        case "not_in":
            return ~_any([_equals(column, dtype, word) for word in _words(value)])
        case "lt" | "le" | "gt" | "ge":
            return _number(column, dtype, operator, value)
        case "has":
            return _any([column.list.contains(word) for word in _words(value)])
        case "has_all":
            return reduce(lambda a, b: a & b, [column.list.contains(word) for word in _words(value)])
        case "has_none":
            # A row without tags has an empty cell, which meets no condition.
            return (column.list.len() > 0) & ~_any([column.list.contains(word) for word in _words(value)])
        case "from":
            return column >= pl.lit(value, dtype=pl.Date)
        case "to":
            return column <= pl.lit(value, dtype=pl.Date)


def _words(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _any(tests: list[pl.Expr]) -> pl.Expr:
    return reduce(lambda a, b: a | b, tests, pl.lit(False))


def _equals(column: pl.Expr, dtype: pl.DataType, word: str) -> pl.Expr:
    if dtype == pl.Date:
        return column == pl.lit(date.fromisoformat(word), dtype=pl.Date)
    if dtype.is_numeric():
        return _number(column, dtype, "eq", Fraction(word))
    if isinstance(dtype, pl.List):
        return column.list.contains(word)
    return column == word


def _number(column: pl.Expr, dtype: pl.DataType, operator: str, value: object) -> pl.Expr:
    bound = Fraction(str(value))
    if dtype.is_decimal():
        units, bound = (column * _SCALE).cast(pl.Int64), bound * _SCALE
    else:
        units = column
    # Cross-multiplied, so that a bound of 1/3 is compared exactly.
    left, right = units * bound.denominator, bound.numerator
    match operator:
        case "eq":
            return left == right
        case "lt":
            return left < right
        case "le":
            return left <= right
        case "gt":
            return left > right
        case _:
            return left >= right


def number_meets(conditions: Conditions, facts: Mapping[str, Fraction | None]) -> bool:
    """Tell whether plain numbers meet every condition; a number that is missing meets none.

    Only `eq ne in not_in lt le gt ge` make sense on numbers; the scheme's loader refuses the others here.
    """
    return all(
        (value := facts.get(field)) is not None and _meets(value, operator, bound)
        for field, test in conditions.items()
        for operator, bound in test.operators().items()
    )


def _meets(value: Fraction, operator: Operator, bound: object) -> bool:
    if operator in ("in", "not_in"):
        return (value in [Fraction(word) for word in _words(bound)]) == (operator == "in")
    limit = Fraction(str(bound))
    return {
        "eq": value == limit,
        "ne": value != limit,
        "lt": value < limit,
        "le": value <= limit,
        "gt": value > limit,
        "ge": value >= limit,
    }.get(operator, False)
