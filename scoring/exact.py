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


def reduced(frame: pl.DataFrame, columns: dict[str, str], denominator: int) -> pl.DataFrame:
    """Replace columns of multiples of 1/`denominator` by reduced pairs of Int64 columns.

    Parameters
    ----------
    frame
        Any frame with the Int64 columns named in `columns`.
    columns
        Column of multiples → stem of the pair (`points` gives `points_num`, `points_den`).
    """
    for column, stem in columns.items():
        distinct = frame.get_column(column).unique().drop_nulls().to_list()
        values = [Fraction(multiple, denominator) for multiple in distinct]
        # Looked up column by column: a join would copy every other column of the frame as well.
        frame = frame.with_columns(
            _looked_up(column, distinct, [v.numerator for v in values]).alias(f"{stem}_num"),
            _looked_up(column, distinct, [v.denominator for v in values]).alias(f"{stem}_den"),
        ).drop(column)
    return frame


def _looked_up(column: str, multiples: list[int], values: list[int]) -> pl.Expr:
    old, new = pl.Series(multiples, dtype=pl.Int64), pl.Series(values, dtype=pl.Int64)
    return pl.col(column).replace_strict(old, new, default=None, return_dtype=pl.Int64)
