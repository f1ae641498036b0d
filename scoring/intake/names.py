"""Which table a file's stem or a sheet's name names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from schemas.tables import SetOfTables, catalogue
from scoring.intake.fold import fold
from scoring.intake.values import is_period

COMBINED: Final = "combined"
AMBIGUOUS: Final = "ambiguous"
_PARTED: Final = re.compile(r"[_\-\s()\[\]{}\u3010\u3011\u3014\u3015]+")


@cache
def _names(which: SetOfTables) -> dict[str, str]:
    book = catalogue(which)
    names = {
        fold(text).casefold(): table.id
        for table in book.tables.values()
        for text in (table.id, table.zh, *table.aliases)
    }
    return names | {fold(text).casefold(): COMBINED for text in book.combined}


def match_table(name: str, book: SetOfTables = "tables") -> tuple[str, str] | None:
    """Return the table of a set that a name names and the rest of the name, or None.

    The table's name stands alone, is parted from the rest by `_`, `-`, a space or a bracket, or the rest is a period.

    Examples
    --------
    >>> match_table("2025Q1 findings")
    ('findings', '2025Q1')
    """
    whole, known = fold(name), _names(book)
    if whole.casefold() in known:
        return known[whole.casefold()], ""
    parts = [part for part in _PARTED.split(whole) if part]
    found = [part for part in parts if part.casefold() in known]
    tables = {known[part.casefold()] for part in found}
    if not tables:
        return _beside_a_period(whole, known)
    rest = " ".join(part for part in parts if part not in found)
    return (tables.pop(), rest) if len(tables) == 1 else (AMBIGUOUS, rest)


def _beside_a_period(name: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    for known, table in names.items():
        for rest in (name.casefold().removesuffix(known), name.casefold().removeprefix(known)):
            if rest != name.casefold() and is_period(rest):
                return table, rest
    return None


def holds_table(name: str, book: SetOfTables = "tables") -> bool:
    """Tell whether a name that names no table holds a table's name all the same."""
    return any(known in fold(name).casefold() for known in _names(book) if not known.isascii())


def original_of(stem: str) -> str | None:
    """Return the stem of the file that this one's name says it is a copy of; None where it says nothing."""
    words = "|".join(map(re.escape, catalogue().reading.copies))
    match = re.fullmatch(rf"(.+?)[_\-\s(\uff08]*(?:{words})[^_\-]*", stem, re.IGNORECASE)
    return match[1] if match else None
