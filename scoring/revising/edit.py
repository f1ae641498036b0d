"""Edits of a weights file that leave every other byte as it was: comments, order, quotes, line ends.

A file is taken apart once, from the parser's marks; edits are collected as splices of its text and made together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

import yaml
from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

_BOM: Final = "\ufeff"
_OUTSIDE: Final = ("StreamStartEvent", "DocumentStartEvent")


class NoSuchPlaceError(Exception):
    """The file has no such place; `step` names the piece of the path, `known` what stands there."""

    def __init__(self, step: str, known: Sequence[str]) -> None:
        super().__init__(step)
        self.step = step
        self.known = tuple(known)


_Nested = dict[str, Any]
"""Keys that are added: each with its token, or with keys of its own."""


@dataclass
class Piece:
    """A node of the file and where it stands: text[start:end] is what it is written as."""

    start: int
    end: int
    flow: bool
    text: str | None = None
    entries: list[tuple[int, str, Piece]] = field(default_factory=list)
    """Of a mapping: where each key begins, the key, the value."""
    key_ends: list[int] = field(default_factory=list)
    items: list[Piece] = field(default_factory=list)
    kind: str = "scalar"
    quoted: bool = False

    def get(self, key: str) -> Piece | None:
        """Return the value of a key."""
        return next((value for _, known, value in self.entries if known == key), None)


class Editor:
    """The text of a weights file that is being changed.

    Paths are written as an officer would: keys, ids of list items, or their place counted from 1.
    """

    def __init__(self, text: str) -> None:
        self._bom = text[:1] == _BOM
        self._text = text.removeprefix(_BOM)
        self._end = "\r\n" if "\r\n" in self._text else "\n"
        self._splices: list[tuple[int, int, str]] = []
        self._added: dict[int, tuple[Piece, _Nested]] = {}
        events = yaml.parse(self._text, Loader=yaml.SafeLoader)
        first = next(event for event in events if type(event).__name__ not in _OUTSIDE)
        self.root = _piece(first, events)

    def untouched(self) -> Editor:
        """Return an editor of the same text, not parsed again, without the edits made here."""
        other = copy(self)
        other.forget()
        return other

    def forget(self) -> None:
        """Let go of every edit made so far."""
        self._splices, self._added = [], {}

    def text(self) -> str:
        """Return the changed text."""
        made, at = [], 0
        for start, end, new in self.splices():
            made += [self._text[at:start], new]
            at = max(at, end)
        made.append(self._text[at:])
        return (_BOM if self._bom else "") + "".join(made)

    def splices(self) -> list[tuple[int, int, str]]:
        """Return what is to be changed, in order: text[start:end] (without a BOM) gives way to the new text."""
        # Of several keys that are added at one place those of the inner mapping come first.
        inner_first = sorted(self._added.values(), key=lambda pair: -pair[0].start)
        added = [self._entry(piece, nested) for piece, nested in inner_first]
        return sorted([*self._splices, *added], key=lambda splice: splice[:2])

    def find(self, path: Sequence[str]) -> Piece:
        """Return the piece at a path.

        Raises
        ------
        NoSuchPlaceError
            A step leads nowhere.
        """
        piece, rest = self._reach(path)
        if rest:
            raise NoSuchPlaceError(rest[0], names_in(piece))
        return piece

    def put(self, path: Sequence[str], token: str) -> None:
        """Write a scalar at a path; keys that are not there yet are added to what is.

        Raises
        ------
        NoSuchPlaceError
            A list has no such item, or a step goes on below a scalar.
        """
        piece, rest = self._reach(path)
        if not rest and piece.kind == "scalar":
            end = piece.end
            # A block of text ends after its last line's end.
            while end > piece.start and self._text[end - 1] in "\r\n":
                end -= 1
            self._splices.append((piece.start, end, token))
            return
        if piece.kind != "mapping":
            raise NoSuchPlaceError(rest[0] if rest else path[-1], names_in(piece))
        _, nested = self._added.setdefault(id(piece), (piece, {}))
        for step in rest[:-1]:
            inner = nested.setdefault(step, {})
            if isinstance(inner, str):
                raise NoSuchPlaceError(rest[-1], ())
            nested = inner
        nested[rest[-1]] = token

    def replace(self, path: Sequence[str], token: str) -> None:
        """Write a value of any shape anew, on the line of its key; what is not there yet is added.

        Raises
        ------
        NoSuchPlaceError
            A list has no such item, or a step goes on below a scalar.
        """
        piece, rest = self._reach(path)
        if rest or piece.kind == "scalar" or piece.flow:
            if rest or piece.kind == "scalar":
                self.put(path, token)
            else:
                self._splices.append((piece.start, piece.end, token))
            return
        parent = _holder(self.root, piece)
        if parent is None or parent.kind != "mapping":
            self._splices.append((piece.start, _content_end(piece), token))
            return
        place = next(n for n, (_, _, value) in enumerate(parent.entries) if value is piece)
        colon = self._text.index(":", parent.key_ends[place]) + 1
        self._splices.append((colon, _content_end(piece), f" {token}"))

    def line_of(self, path: Sequence[str]) -> int:
        """Return the line, from 1, on which the piece at a path begins.

        Raises
        ------
        NoSuchPlaceError
            There is none.
        """
        return self._text.count("\n", 0, self.find(path).start) + 1

    def remove(self, path: Sequence[str]) -> None:
        """Take a key with its value, or an item of a list, out of the file.

        Raises
        ------
        NoSuchPlaceError
            There is none.
        """
        target = self.find(path)
        parent = _holder(self.root, target)
        if parent is None:
            raise NoSuchPlaceError(path[-1], ())
        if parent.kind == "mapping":
            place = next(n for n, (_, _, value) in enumerate(parent.entries) if value is target)
            starts = [start for start, _, _ in parent.entries]
        else:
            place = next(n for n, item in enumerate(parent.items) if item is target)
            starts = [item.start for item in parent.items]
        if parent.flow:
            children = [value for _, _, value in parent.entries] or parent.items
            if place + 1 < len(starts):
                self._splices.append((starts[place], starts[place + 1], ""))
            else:
                before = children[place - 1].end if place else starts[place]
                self._splices.append((before, target.end, ""))
            return
        first = self._line_start(starts[place])
        if self._text[first : starts[place]].strip() in {"", "-"} and (
            parent.kind == "sequence" or not self._text[first : starts[place]].strip()
        ):
            self._splices.append((first, self._line_end(_content_end(target)), ""))
        else:  # the first key after the dash of a list item
            after = starts[place + 1] if place + 1 < len(starts) else _content_end(target)
            self._splices.append((starts[place], after, ""))

    def insert(self, path: Sequence[str], after: int, lines: Sequence[str]) -> None:
        """Put an item into a block list after its `after`-th one (0: before the first); lines without indent or dash.

        Raises
        ------
        NoSuchPlaceError
            There is no list with items of its own lines.
        """
        found = self.find(path)
        if found.kind != "sequence" or found.flow or not found.items:
            raise NoSuchPlaceError(path[-1], names_in(found))
        neighbour = found.items[max(after - 1, 0)]
        first = self._line_start(neighbour.start)
        dash = self._text[first : neighbour.start].index("-")
        margin = self._text[first : first + dash]
        inner = margin + " " * (neighbour.start - first - dash)
        written = [margin + "-" + inner[len(margin) + 1 :] + lines[0], *(inner + line for line in lines[1:])]
        block = "".join(line + self._end for line in written)
        place = self._line_end(_content_end(neighbour)) if after else first
        if place and self._text[place - 1] not in "\r\n":
            block = self._end + block.removesuffix(self._end)
        self._splices.append((place, place, block))

    def _reach(self, path: Sequence[str]) -> tuple[Piece, list[str]]:
        piece, rest = self.root, list(path)
        if rest[:1] == ["indicators"] and len(rest) > 1:
            found = self._indicator(rest[1])
            piece, rest = found, rest[2:]
        while rest:
            following = child(piece, rest[0])
            if following is None:
                if piece.kind == "sequence":
                    raise NoSuchPlaceError(rest[0], names_in(piece))
                break
            piece, rest = following, rest[1:]
        return piece, rest

    def _indicator(self, name: str) -> Piece:
        dimensions = self.root.get("dimensions")
        every: list[Piece] = [
            item
            for dimension in (dimensions.items if dimensions else [])
            for item in getattr(dimension.get("indicators"), "items", [])
        ]
        for item in every:
            if id_of(item) == name:
                return item
        raise NoSuchPlaceError(name, [known for item in every if (known := id_of(item))])

    def _entry(self, mapping: Piece, nested: _Nested) -> tuple[int, int, str]:
        """Return the splice that adds keys to a mapping: behind its short values, before the blocks that follow."""
        if mapping.flow:
            place = mapping.end - 1
            while self._text[place - 1].isspace():
                place -= 1
            comma = ", " if mapping.entries else ""
            return place, place, comma + _flow_of(nested)[1:-1]
        start = mapping.entries[0][0]
        margin = " " * (start - self._line_start(start))
        values = [value for _, _, value in mapping.entries]
        short = len(list(takewhile(lambda value: value.kind == "scalar" or value.flow, values)))
        place = self._line_end(_content_end(values[short - 1] if short else mapping))
        lines = [
            f"{margin}{key}: {value if isinstance(value, str) else _flow_of(value)}" for key, value in nested.items()
        ]
        text = "".join(line + self._end for line in lines)
        if place and self._text[place - 1] not in "\r\n":
            text = self._end + text.removesuffix(self._end)
        return place, place, text

    def _line_start(self, place: int) -> int:
        return self._text.rfind("\n", 0, place) + 1

    def _line_end(self, place: int) -> int:
        """Return where the next line begins; the end of the text after the last one."""
        found = self._text.find("\n", place)
        return len(self._text) if found < 0 else found + 1


def _flow_of(nested: _Nested) -> str:
    inside = (f"{key}: {value if isinstance(value, str) else _flow_of(value)}" for key, value in nested.items())
    return "{" + ", ".join(inside) + "}"


def child(piece: Piece, step: str) -> Piece | None:
    """Return what a step leads to: a key's value, the item with that id, or the item in that place from 1."""
    if piece.kind == "mapping":
        return piece.get(step)
    for item in piece.items:
        if id_of(item) == step:
            return item
    if step.isascii() and step.isdigit() and 1 <= int(step) <= len(piece.items):
        return piece.items[int(step) - 1]
    return None


def id_of(piece: Piece) -> str | None:
    """Return the `id` of a mapping."""
    own = piece.get("id")
    return own.text if own is not None else None


def names_in(piece: Piece) -> list[str]:
    """Return the steps that a piece knows."""
    if piece.kind == "mapping":
        return [key for _, key, _ in piece.entries]
    return [id_of(item) or str(number) for number, item in enumerate(piece.items, 1)]


def token_of(text: str) -> str:
    """Write a text as a scalar that is read back as it stands: plain where that is safe, else in double quotes."""
    plain = bool(text) and text.lower() not in {"~", "null"} and all(_reads(shape, text) for shape in ("[{}]", "k: {}"))
    return text if plain else json.dumps(text, ensure_ascii=False)


def _reads(shape: str, text: str) -> bool:
    """Tell whether a plain text in a line of this shape is the one scalar that it looks like."""
    try:
        found = [e for e in yaml.parse(shape.format(text), Loader=yaml.SafeLoader) if isinstance(e, ScalarEvent)]
    except yaml.YAMLError:
        return False
    return len(found) == 1 + shape.count(":") and found[-1].value == text and found[-1].style is None


def _at(mark: Any) -> int:
    """Return a mark's place in the text; every event of a text has its marks."""
    return int(mark.index)


def _piece(event: yaml.Event, events: Iterator[yaml.Event]) -> Piece:
    start = _at(event.start_mark)
    if isinstance(event, ScalarEvent):
        return Piece(start, _at(event.end_mark), flow=False, text=str(event.value), quoted=bool(event.style))
    made = Piece(start, _at(event.end_mark), flow=bool(getattr(event, "flow_style", False)))
    if isinstance(event, SequenceStartEvent):
        made.kind = "sequence"
        for inner in events:
            if isinstance(inner, SequenceEndEvent):
                made.end = _at(inner.end_mark)
                break
            made.items.append(_piece(inner, events))
    elif isinstance(event, MappingStartEvent):
        made.kind = "mapping"
        for inner in events:
            if isinstance(inner, MappingEndEvent):
                made.end = _at(inner.end_mark)
                break
            key = _piece(inner, events)
            made.entries.append((key.start, key.text or "", _piece(next(events), events)))
            made.key_ends.append(key.end)
    return made


def _holder(piece: Piece, target: Piece) -> Piece | None:
    """Return the piece that holds another one."""
    inside = piece.items or [value for _, _, value in piece.entries]
    if any(value is target for value in inside):
        return piece
    return next((found for value in inside if (found := _holder(value, target)) is not None), None)


def _content_end(piece: Piece) -> int:
    """Return where the last text of a piece ends: of a block the marks stand before whatever comes next."""
    if piece.kind == "scalar" or piece.flow:
        return max(piece.start, piece.end)
    children = piece.items or [value for _, _, value in piece.entries]
    return _content_end(children[-1]) if children else piece.start
