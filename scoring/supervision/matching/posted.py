"""Posted lists that disclose too much: which cell or line holds a number, an address or an illness.

Names, villages and amounts are what a posting is for. The words of scoring.redaction find the rest; a cell is read
together with its heading, as the word for an account makes any long number one of a bank.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from schemas.tables import BOOKS, catalogue
from scoring.intake.headings import heading_key
from scoring.redaction import Kind, Words, find
from scoring.redaction.masking import hide
from scoring.redaction.words import shipped

FOUND: Final[tuple[Kind, ...]] = ("identity", "telephone", "bank", "address", "illness")
"""What does not belong in a posting."""
_NUMBERS: Final = frozenset({"identity", "telephone", "bank"})
_SHORT: Final = 7
"""A number of fewer characters would be shown nearly whole."""
_JOIN: Final = "\uff1a"


@dataclass(frozen=True)
class Text:
    """One cell or line of a posting and its place: sheet (page, table), row or line, column's letter, and heading."""

    file: str
    sheet: str
    row: int
    column: str
    heading: str
    text: str


@dataclass(frozen=True)
class Hit:
    """What stands where it should not: its kind, how often, the first of it masked (empty where it is no number)."""

    file: str
    sheet: str
    row: int
    column: str
    kind: Kind
    count: int
    shown: str


def scan(texts: Iterable[Text], words: Words) -> list[Hit]:
    """Return what the texts disclose beyond names and amounts, in their order; nothing of them but masks is in it."""
    hits: list[Hit] = []
    seen: dict[tuple[str, str], dict[Kind, list[str]]] = {}
    for one in texts:
        key = (one.heading, one.text)
        if key not in seen:
            seen[key] = _look(*key, words)
        column = f"{one.column} {_known(one.heading)}".strip()
        hits += [
            Hit(one.file, one.sheet, one.row, column, kind, len(found), found[0])
            for kind in FOUND
            if (found := seen[key].get(kind))
        ]
    return hits


def _look(heading: str, text: str, words: Words) -> dict[Kind, list[str]]:
    """Return by kind what is found, masked: by the text alone, or where that finds more, under its heading."""
    alone = find(text, words)
    before = f"{heading}{_JOIN}" if heading else ""
    headed = [hit for hit in find(before + text, words) if hit.start >= len(before)]
    hits = [(hit.kind, (before + text)[hit.start : hit.end]) for hit in headed]
    if len(headed) < len(alone):
        hits = [(hit.kind, text[hit.start : hit.end]) for hit in alone]
    found: dict[Kind, list[str]] = {}
    for kind, given in hits:
        found.setdefault(kind, []).append(hide(given) if kind in _NUMBERS and len(given) > _SHORT else "")
    return found


@cache
def _headings() -> frozenset[str]:
    tables = [table for book in BOOKS for table in catalogue(book).tables.values()]
    known = [text for table in tables for column in table.columns.values() for text in column.headings]
    words = shipped("words")
    known += [*catalogue().reading.personal, *words["places"]["headings"]]
    known += [word for heads in words["headings"].values() for word in heads]
    return frozenset(map(heading_key, known))


def _known(heading: str) -> str:
    """Return a heading that is a usual one; in a sheet without headings a person's name may stand in its place."""
    return heading if heading_key(heading) in _headings() else ""
