"""Hides citizen numbers, telephone numbers and card numbers in what is printed, by their shape alone.

Whether a checksum is right does not matter: a number typed wrong still points at a person. `scoring.redaction.find`
looks closer, at what stands around a number too; how a number is hidden is the same in both.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

MARK: Final = "*"

# A digit in either width. Half-width spaces and dashes inside a telephone number are how people type it.
_DIGIT: Final = r"[0-9\uff10-\uff19]"
_CROSS: Final = r"[Xx\uff38\uff58]"
# 17 digits and a check digit, alone or grouped 6-8-4 or 6-4-4-4; 16 to 19 digits of a bank card; 15 of the old numbers;
# 11 of a telephone, perhaps with a country's code. A shorter shape never cuts a longer one. A letter X ends a number
# anywhere.
_GAP: Final = r"[ \-]?"
_LAST: Final = rf"(?:{_CROSS}|{_DIGIT}(?!{_DIGIT}))"
# 20250301001 is the first finding of a day; no telephone number begins with 20.
_DAY: Final = (
    rf"[2\uff12][0\uff10]{_DIGIT}{{2}}(?:[0\uff10][1-9\uff11-\uff19]|[1\uff11][0-2\uff10-\uff12])"
    rf"[0-3\uff10-\uff13]{_DIGIT}"
)
_SHAPES: Final = (
    rf"{_DIGIT}{{6}}{_GAP}{_DIGIT}{{4}}{_GAP}{_DIGIT}{{4}}{_GAP}{_DIGIT}{{3}}{_LAST}",
    rf"{_DIGIT}{{15,19}}(?!{_DIGIT})",
    # A card's groups of four; what begins like a year is none.
    rf"[3-6\uff13-\uff16]{_DIGIT}{{3}}(?:{_GAP}{_DIGIT}{{4}}){{3}}(?:{_GAP}{_DIGIT}{{1,3}})?(?!{_DIGIT})",
    rf"(?:[0\uff10]{{2}})?[8\uff18][6\uff16]{_GAP}[1\uff11][3-9\uff13-\uff19]{_DIGIT}{{9}}(?!{_DIGIT})",
    rf"(?!{_DAY}){_DIGIT}{{11}}(?!{_DIGIT})",
    # Grouped, only what begins like a mobile telephone: 419-2025-0012 is somebody's finding number.
    rf"[1\uff11][3-9\uff13-\uff19]{_DIGIT}{_GAP}{_DIGIT}{{4}}{_GAP}{_DIGIT}{{4}}(?!{_DIGIT})",
)
_RUN: Final = re.compile(rf"(?<!{_DIGIT})(?:{'|'.join(_SHAPES)})")
# Cheap and too wide: only what holds it goes through the exact expression, as Polars' own has no look-around.
_CANDIDATE: Final = r"[0-9\x{ff10}-\x{ff19}](?:[ \-]?[0-9\x{ff10}-\x{ff19}]){10}"


def hide(number: str) -> str:
    """Return a number with all but its first three and last two characters as `*`, in its own length.

    Examples
    --------
    >>> hide("13900001111")
    '139******11'
    """
    return number[:3] + MARK * (len(number) - 5) + number[-2:]


def mask(text: str) -> str:
    """Replace the inner digits of every identifier and telephone number by `*`.

    Three leading and two trailing characters stay, so that the bureau can tell two masked numbers apart.

    Examples
    --------
    >>> mask("110000000000000000")
    '110*************00'
    >>> mask("2025-001"), mask("20250301001")
    ('2025-001', '20250301001')
    """
    return _RUN.sub(lambda match: hide(match[0]), text)


def mask_column(column: str) -> pl.Expr:
    """Return the expression that masks a String column; nulls stay null."""
    return pl.col(column).map_batches(_mask_series, return_dtype=pl.String)


def _mask_series(values: pl.Series) -> pl.Series:
    suspect = values.str.contains(_CANDIDATE).fill_null(value=False)
    if not suspect.any():
        return values
    masked = pl.Series([mask(text) for text in values.filter(suspect).to_list()], dtype=pl.String)
    return values.scatter(suspect.arg_true(), masked)
