"""Exact numbers: rounding half away from zero, text, and Fractions in and out of frames."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import polars as pl

LARGEST: Final = 2**62
"""No sum of scaled points may reach this; half of what Int64 holds, so that a wrap cannot happen unseen."""


def round_half_away(value: Fraction, decimals: int) -> Fraction:
    """Round to `decimals` places; an exact half moves away from zero.

    Examples
    --------
    >>> round_half_away(Fraction(-5, 1000), 2)
    Fraction(-1, 100)
    """
    scale = 10**decimals
    if scale % value.denominator == 0:
        return value
    doubled = abs(value.numerator) * scale * 2
    magnitude = (doubled + value.denominator) // (2 * value.denominator)
    return Fraction(-magnitude if value < 0 else magnitude, scale)


def fixed(value: Fraction, decimals: int) -> str:
    """Write a value with exactly `decimals` places, rounded half away from zero.

    Examples
    --------
    >>> fixed(Fraction(175, 2), 2)
    '87.50'
    """
    scaled = round_half_away(value, decimals) * 10**decimals
    digits = f"{abs(scaled.numerator):0{decimals + 1}d}"
    sign = "-" if scaled < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def common_denominator(values: Iterable[Fraction]) -> int:
    """Return the least common multiple of the denominators; 1 for none."""
    return math.lcm(*(value.denominator for value in values))


def add_up(values: Iterable[Fraction]) -> Fraction:
    """Return the exact sum; many times faster than `sum`, which reduces every step of the way.

    Examples
    --------
    >>> add_up([Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)]), add_up([])
    (Fraction(1, 1), Fraction(0, 1))
    """
    by_denominator: dict[int, int] = {}
    for value in values:
        denominator = value.denominator
        by_denominator[denominator] = by_denominator.get(denominator, 0) + value.numerator
    common = math.lcm(*by_denominator)
    return Fraction(sum(sums * (common // denominator) for denominator, sums in by_denominator.items()), common)


def reduced(multiples: pl.Series, denominator: int, stem: str, *, words: bool = False) -> pl.DataFrame:
    """Return whole multiples of 1/`denominator` as reduced pairs of Int64 columns, each different one reduced once.

    Parameters
    ----------
    multiples
        Int64; null stays null.
    stem
        What the columns are called: `points` gives `points_num`, `points_den`.
    words
        Add a column of the stem's own name: each amount as people write it.
    """
    different = multiples.unique().drop_nulls().sort()
    values = [Fraction(multiple, denominator) for multiple in different]
    table = pl.DataFrame(
        {f"{stem}_num": [v.numerator for v in values], f"{stem}_den": [v.denominator for v in values]},
        schema={f"{stem}_num": pl.Int64, f"{stem}_den": pl.Int64},
    )
    if words:
        # With Pydantic, which who only rounds need not load.
        from schemas.amount import write_amount

        table = table.with_columns(pl.Series(stem, [write_amount(value) for value in values], dtype=pl.String))
    row = pl.select(pl.when(multiples.is_not_null()).then(different.search_sorted(multiples))).to_series()
    return table.select(pl.all().gather(row))
