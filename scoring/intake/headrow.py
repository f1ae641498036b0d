"""The heading row of a sheet: below titles, perhaps two rows high."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from schemas.tables import catalogue
from scoring.intake.headings import Headings, heading_key
from scoring.intake.sandbox import RawSheet

_LOOK: Final = 40


@dataclass(frozen=True)
class Head:
    """Heading rows, by their places in the sheet's frame, and what they say for each column."""

    first: int
    last: int
    labels: tuple[str, ...]
    score: int


def find_head(sheet: RawSheet, headings: Headings, extra: Mapping[str, str] | None = None) -> Head | None:
    """Return the heading row, or the pair of heading rows, that names the most known columns; at least two.

    `extra` holds keys of further headings: the items of a judged matrix.
    """
    columns = cell_columns(sheet.frame)
    rows = [[cell or "" for cell in row] for row in sheet.frame.head(_LOOK).select(columns).iter_rows()]
    best: Head | None = None
    extra = extra or {}
    for place, row in enumerate(rows):
        single = _score(row, headings, extra)
        if single >= 2 and (best is None or single > best.score):
            best = Head(place, place, tuple(row), single)
        if place + 1 < len(rows):
            lower = rows[place + 1]
            if any(headings.find(cell) or item_of(cell, extra) for cell in lower if cell.strip()):
                labels = [_two_rows(a, b, headings) for a, b in zip(row, lower, strict=True)]
                pair = _score(labels, headings, extra)
                alone = max(single, _score(lower, headings, extra))
                if pair >= 2 and pair > alone and (best is None or pair > best.score):
                    best = Head(place, place + 1, tuple(labels), pair)
    if best is not None and best.first == best.last > 0:
        # A running number may be headed in the row above alone, merged down.
        above = rows[best.last - 1]
        filled = (
            up if not label.strip() and is_serial(up) else label for up, label in zip(above, best.labels, strict=True)
        )
        best = replace(best, labels=tuple(filled))
    return best


def is_serial(label: str) -> bool:
    """Tell whether a heading is that of a running number."""
    return heading_key(label) in {heading_key(word) for word in catalogue().reading.serial}


def _two_rows(upper: str, lower: str, headings: Headings) -> str:
    if not lower.strip():
        return upper
    joined = upper + lower
    return joined if not headings.find(lower) and headings.find(joined) else lower


def _score(labels: Sequence[str], headings: Headings, extra: Mapping[str, str]) -> int:
    return len(
        {found for label in labels if label.strip() and (found := headings.find(label) or item_of(label, extra))}
    )


def item_of(label: str, extra: Mapping[str, str]) -> str | None:
    """Return the item of a judged matrix that a heading names, its full points in brackets left out."""
    key = heading_key(label)
    return extra.get(key) or extra.get(re.sub(r"\([^()]*\)$", "", key))


def cell_columns(frame: pl.DataFrame) -> list[str]:
    """Return the columns of a sheet's frame that are cells."""
    return [name for name in frame.columns if name.startswith("c")]
