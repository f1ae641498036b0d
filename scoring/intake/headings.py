"""What a heading means: the column it names, a near miss, something personal, or nothing known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from schemas.tables import Table, catalogue
from scoring.intake.fold import fold

_UNIT: Final = re.compile(r"^(.+?)\(([^()]*)\)$")


@lru_cache(maxsize=10_000)
def heading_key(text: str) -> str:
    """Return the form under which headings are compared: folded, lower case, no spaces, `_`, `-`, no `*` around it."""
    plain = fold(text).strip("* ").casefold()
    return re.sub(r"[\s_\-]", "", plain)


@cache
def _letters(key: str) -> frozenset[str]:
    return frozenset(key)


@cache
def _split_unit(key: str) -> tuple[str, str]:
    match = _UNIT.match(key)
    return (match.group(1), match.group(2)) if match else (key, "")


class Headings:
    """The headings that one table answers to.

    Parameters
    ----------
    tables
        The table, or several whose columns stand in one row; the first to know a heading has it.

    Attributes
    ----------
    items
        Keys of the items that a judged matrix may have as columns.
    """

    def __init__(self, tables: Iterable[Table]) -> None:
        self.columns: dict[str, tuple[str, str]] = {}
        self.items: frozenset[str] = frozenset()
        self._written: dict[str, str] = {}
        for table in tables:
            for column in table.columns.values():
                for text in column.headings:
                    self.columns.setdefault(heading_key(text), (table.id, column.id))
                    self._written.setdefault(heading_key(text), text)

    def find(self, text: str) -> tuple[str, str] | None:
        """Return the table and column that a heading names, a unit in brackets at its end left out."""
        key = heading_key(text)
        return self.columns.get(key) or self.columns.get(_split_unit(key)[0])

    def written(self, key: str) -> str:
        """Return a known heading as the catalogue writes it."""
        return self._written.get(key, key)

    def scaled(self, text: str) -> bool:
        """Tell whether the heading's unit would change its numbers (ten thousand yuan).

        Ignoring it would be a guess.
        """
        return _split_unit(heading_key(text))[1] in catalogue().reading.scaled_units

    def near(self, text: str) -> str | None:
        """Return the known heading that this unknown one misses by one slip, if any."""
        key = _split_unit(heading_key(text))[0]
        slips = 1 if len(key) < 8 else 2
        if len(key) < (4 if not key.isascii() else 5):
            return None
        for known in (*self.columns, *sorted(self.items)):
            bound = slips if known.isascii() else 1
            if len(known) < 4 or abs(len(known) - len(key)) > bound or len(_letters(known).difference(key)) > bound:
                continue  # more letters are missing than slips are allowed
            if _distance(key, known, bound) <= bound:
                return known
        return None


def is_personal(text: str) -> bool:
    """Tell whether a heading names something personal: such a column is dropped unread."""
    key = heading_key(text)
    return any(heading_key(word) in key for word in catalogue().reading.personal)


def _distance(one: str, other: str, bound: int) -> int:
    """Return the number of slips (insert, drop, change, swap of neighbours) between two words; bound + 1 means more."""
    previous: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        older, previous, row = previous, row, [i]
        for j, b in enumerate(other, start=1):
            best = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > bound:
            return bound + 1
    return row[-1]
