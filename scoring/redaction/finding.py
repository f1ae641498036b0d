"""Finds personal data in free text, and puts a mask in its place."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, Literal, NamedTuple, cast

from scoring.redaction.masking import hide
from scoring.redaction.names import names, surname_length
from scoring.redaction.numbers import numbers
from scoring.redaction.places import addresses
from scoring.redaction.words import Words, any_of, shipped

Kind = Literal["identity", "telephone", "bank", "name", "address", "illness", "word"]
# Of two findings of one length the earlier kind is the one.
KINDS: Final[tuple[Kind, ...]] = ("identity", "telephone", "bank", "name", "address", "illness", "word")
_NUMBERS: Final = frozenset({"identity", "telephone", "bank"})
# A mask may lay bare what the thing that it covers had hidden; nobody has seen more than two rounds.
_ROUNDS: Final = 20


class Hit(NamedTuple):
    """Personal data in a text: its kind, and its first and past-the-last place."""

    kind: Kind
    start: int
    end: int


class _Piece(NamedTuple):
    """A part of a text under way: where it begins in what is shown and in the text, where it ends, whether masked."""

    place: int
    start: int
    end: int
    masked: bool


def find(text: str, words: Words) -> list[Hit]:
    """Return the personal data in a text, in order, none overlapping another; of two that do, the longer.

    Examples
    --------
    >>> find("tel 13900001111, no. 419-2025-0012", Words())
    [Hit(kind='telephone', start=4, end=15)]
    """
    return redact(text, words)[1]


def redact(text: str, words: Words) -> tuple[str, list[Hit]]:
    """Return the text with masks in the place of personal data, and what was masked, as places in the text given.

    Redacting what comes out changes nothing more. A number keeps its length, its first three and last two characters;
    a name its surname; an address all down to the village. What is outside the hits stays as it was.

    Examples
    --------
    >>> redact("tel 13900001111", Words())[0]
    'tel 139******11'
    """
    hits: list[Hit] = []
    shown, pieces = _shown(text, hits)
    for _ in range(_ROUNDS):
        more = _chosen(_candidates(shown, words), words.allowed(shown))
        if not more:
            break
        hits = _merged(hits, [_in_text(hit, pieces) for hit in more])
        shown, pieces = _shown(text, hits)
    return shown, hits


def _candidates(text: str, words: Words) -> Iterator[Hit]:
    for number in numbers(text):
        yield Hit(cast("Kind", number.kind), number.start, number.end)
    for start, end in names(text, words.allowed(text)):
        yield Hit("name", start, end)
    for start, end in addresses(text):
        yield Hit("address", start, end)
    for match in _illness().finditer(text):
        yield Hit("illness", *match.span())
    for start, end in words.own_spans(text):
        yield Hit("word", start, end)


def _chosen(candidates: Iterator[Hit], allowed: Sequence[tuple[int, int]]) -> list[Hit]:
    """Return the longest of those that overlap, without what lies within an allowed word, in order."""
    chosen: list[Hit] = []
    taken: set[int] = set()
    for hit in sorted(candidates, key=lambda hit: (hit.start - hit.end, KINDS.index(hit.kind), hit.start)):
        places = range(hit.start, hit.end)
        if taken.isdisjoint(places) and not any(first <= hit.start and hit.end <= last for first, last in allowed):
            taken.update(places)
            chosen.append(hit)
    return sorted(chosen, key=lambda hit: hit.start)


def _shown(text: str, hits: Sequence[Hit]) -> tuple[str, list[_Piece]]:
    """Return the text with the hits masked, and the pieces that it is made of."""
    parts: list[str] = []
    pieces: list[_Piece] = []
    place, past = 0, 0
    for hit in (*hits, None):
        start = len(text) if hit is None else hit.start
        if past < start:
            parts.append(text[past:start])
            pieces.append(_Piece(place, past, start, masked=False))
            place += start - past
        if hit is not None:
            parts.append(_mask(hit.kind, text[hit.start : hit.end]))
            pieces.append(_Piece(place, hit.start, hit.end, masked=True))
            place += len(parts[-1])
            past = hit.end
    return "".join(parts), pieces


def _in_text(hit: Hit, pieces: Sequence[_Piece]) -> Hit:
    """Return a hit in what is shown as one in the text; a mask that it reaches into is covered whole."""
    first, last = (pieces[bisect(pieces, at, key=lambda piece: piece.place) - 1] for at in (hit.start, hit.end - 1))
    start = first.start if first.masked else first.start + hit.start - first.place
    end = last.end if last.masked else last.start + hit.end - last.place
    return Hit(hit.kind, start, end)


def _merged(before: Sequence[Hit], more: Sequence[Hit]) -> list[Hit]:
    """Return both, in order; of those that overlap one that covers them all, of the kind found last."""
    merged: list[Hit] = []
    # A later find covers the mask of an earlier one whole, and so begins no later.
    for hit in sorted([*more, *before], key=lambda hit: (hit.start, -hit.end)):
        if merged and hit.start < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(hit.end, merged[-1].end))
        else:
            merged.append(hit)
    return merged


def _mask(kind: Kind, given: str) -> str:
    masks = shipped("words")["masks"]
    if kind in _NUMBERS:
        return hide(given)
    if kind == "name":
        return f"{given[: surname_length(given)]}{masks['name']}"
    if kind == "illness":
        found = _illness().match(given)
        return _neutral()[int(found.lastgroup[1:]) if found and found.lastgroup else 0]
    return str(masks[kind])


@cache
def _neutral() -> tuple[str, ...]:
    return tuple(shipped("words")["illness"])


@cache
def _illness() -> re.Pattern[str]:
    """Return the expression of the terms, a group named n0, n1 … for each neutral word."""
    words = shipped("words")
    before, after = any_of(words["illness_before"]), any_of(words["illness_after"])
    groups = "|".join(
        f"(?P<n{place}>{any_of(term for row in rows for term in row)})"
        for place, rows in enumerate(words["illness"].values())
    )
    return re.compile(f"(?:{before})?(?:{groups})(?:{after})?")
