"""Exact amounts as people write them: `2`, `0.5`, `1/3`. A binary float is never accepted."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_PATTERN: Final = re.compile(r"-?(?:0|[1-9]\d{0,11})(?:\.\d{1,9}|/[1-9]\d{0,8})?")


def parse_amount(value: object) -> Fraction:
    """Return the exact value of a whole number, a decimal or a fraction.

    Raises
    ------
    ValueError
        The value is a float, has an exponent, or is written in another way.

    Examples
    --------
    >>> parse_amount("0.15"), parse_amount("1/3")
    (Fraction(3, 20), Fraction(1, 3))
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("not-exact")
    text = str(value).strip()
    if not _PATTERN.fullmatch(text):
        raise ValueError("not-exact")
    return Fraction(text)


def write_amount(value: Fraction) -> str:
    """Write an exact value as a decimal where it has one of at most nine digits, as `p/q` otherwise.

    Examples
    --------
    >>> write_amount(Fraction(3, 20)), write_amount(Fraction(7, 3))
    ('0.15', '7/3')
    """
    scaled, beyond = divmod(abs(value.numerator) * 10**9, value.denominator)
    if beyond:
        return f"{value.numerator}/{value.denominator}"
    sign = "-" if value < 0 else ""
    whole, rest = divmod(scaled, 10**9)
    decimals = f"{rest:09d}".rstrip("0")
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


Amount = Annotated[
    Fraction,
    BeforeValidator(parse_amount),
    PlainSerializer(write_amount, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+|/\d+)?$"}]}),
]
