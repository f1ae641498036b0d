"""Numbers, dates and lists as they are printed, in either language. Exact: what does not end is a fraction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from babel.dates import format_date

from scoring.exact import fixed
from scoring.messages import say

MINUS = "\u2212"
ABOUT = "\u2248"


def exact(value: Fraction, least: int = 0) -> str:
    """Write an exact number with at least `least` decimals: 7/2 as 3.5, 7/3 as 7/3; a true minus sign.

    Examples
    --------
    >>> exact(Fraction(7, 2)), exact(Fraction(7, 3)), exact(Fraction(5), 2)
    ('3.5', '7/3', '5.00')
    """
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    text = str(value) if rest > 1 else fixed(value, max(least, twos, fives))
    return text.replace("-", MINUS)


def signed(value: Fraction, least: int = 0) -> str:
    """Write an exact number with its sign; zero has none."""
    return ("+" if value > 0 else "") + exact(value, least)


def brief(value: Fraction, least: int) -> str:
    """Write an exact number; what does not end is rounded openly: 7/3 as \u22482.33.

    Examples
    --------
    >>> brief(Fraction(7, 2), 2), brief(Fraction(-7, 3), 2)
    ('3.50', '\u2248\u22122.33')
    """
    text = exact(value, least)
    return ABOUT + fixed(value, max(least, 2)).replace("-", MINUS) if "/" in text else text


def brief_signed(value: Fraction, least: int) -> str:
    """Write a difference with its sign; nothing where it is less than half of the last digit, a mere rounding.

    Examples
    --------
    >>> brief_signed(Fraction(7, 2), 2), brief_signed(Fraction(7, 3), 2), brief_signed(Fraction(-1, 300), 2)
    ('+3.50', '\u2248+2.33', '')
    """
    if abs(value) < Fraction(1, 2 * 10**least):
        return ""
    text, sign = brief(value, least), "+" if value > 0 else ""
    return text.replace(ABOUT, ABOUT + sign) if text.startswith(ABOUT) else sign + text


def fraction(row: Mapping[str, Any], name: str) -> Fraction | None:
    """Read the pair of columns `name`; None where the data say nothing."""
    numerator = row.get(f"{name}_num")
    return None if numerator is None else Fraction(numerator, row[f"{name}_den"])


def known(row: Mapping[str, Any], name: str) -> Fraction:
    """Read the pair of columns `name`, which the format promises to be there."""
    return Fraction(row[f"{name}_num"], row[f"{name}_den"])


def day(value: date | str | None, lang: str) -> str:
    """Write a day in full, as 15 April 2025. Nothing for none."""
    if value is None:
        return ""
    moment = date.fromisoformat(value) if isinstance(value, str) else value
    pattern = say("reports-day", lang)
    return format_date(moment, pattern, locale="zh_Hans_CN" if lang == "zh" else "en_GB")


def short_day(value: date | None) -> str:
    """Write a day for a narrow column: 2025-04-15."""
    return "" if value is None else value.isoformat()


def listed(items: Iterable[str], lang: str) -> str:
    """Join names with the language's comma."""
    return say("list-comma", lang).join(items)
