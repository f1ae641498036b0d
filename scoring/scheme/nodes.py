"""YAML text → a tree of exact text with line numbers. What a scheme must not hold is refused here.

The tree is built from the parser's events, so that nothing is ever resolved: no float, no alias, no tag, no object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    YAMLError,
)
from yaml.reader import ReaderError

from scoring.scheme.problems import Collector

MAX_BYTES: Final = 2_000_000
MAX_DEPTH: Final = 24
MAX_NODES: Final = 200_000
_INEXACT: Final = re.compile(
    r"[-+]?(\.inf|inf|\.?nan|\d[\d_]*(\.\d*)?[eE][-+]?\d+|0x[0-9a-f]+|0o[0-7]+|\d+(_\d+)+)", re.IGNORECASE
)
_BREAK: Final = re.compile("[\x85\u2028\u2029]")
_NAMED: Final = re.compile(r"while scanning an (anchor|alias)")
_WIDE_COMMA: Final = "\uff0c"
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass
class Scalar:
    """A leaf: its text as it stands, and whether it was quoted."""

    line: int
    text: str
    quoted: bool

    def plain(self) -> object:
        """Return the text; an unquoted true or false as a bool."""
        if not self.quoted and self.text.lower() in {"true", "false"}:
            return self.text.lower() == "true"
        return self.text


@dataclass
class Sequence:
    """A list."""

    line: int
    items: list[Node] = field(default_factory=list)

    def plain(self) -> object:
        """Return the list without its lines."""
        return [item.plain() for item in self.items]


@dataclass
class Mapping:
    """Keys and values in the order of the file, with the line of each key."""

    line: int
    values: dict[str, Node] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)

    def plain(self) -> object:
        """Return the mapping without its lines."""
        return {key: value.plain() for key, value in self.values.items()}


Node = Scalar | Sequence | Mapping


class UnreadableError(Exception):
    """The text is no YAML tree that could be looked at further; the collector holds the reason."""


def read_tree(text: str, problems: Collector) -> Mapping:
    """Return the mapping that the text holds.

    Raises
    ------
    UnreadableError
        It is not YAML, not one mapping, or too deep or large. What is forbidden but leaves a tree (anchors,
        duplicate keys …) is collected and left out.
    """
    # YAML 1.1 breaks lines at these; an editor shows none, and every line number after them would be wrong.
    if strange := _BREAK.search(text):
        problems.error(_line(text[: strange.start()]), "bad-character", character=f"U+{ord(strange[0]):04X}")
        raise UnreadableError
    events = yaml.parse(text, Loader=yaml.CLoader)
    builder = _Builder(problems)
    try:
        root = builder.document(events)
    except ReaderError as error:
        line = _line(text.encode()[: error.position].decode(errors="ignore"))  # the place is in bytes
        problems.error(line, "bad-character", character=f"U+{error.character:04X}")
        raise UnreadableError from None
    except MarkedYAMLError as error:
        if (named := _NAMED.match(error.context or "")) and error.problem_mark:
            # libyaml knows anchors of Latin letters only; with any name they are refused.
            problems.error(error.problem_mark.line + 1, named[1], name="…")
            raise UnreadableError from None
        # What was never closed is noticed further down, a key without its colon on the next line: it is to be mended
        # where it begins.
        unclosed = any(word in (error.context or "") for word in ("quoted", "flow", "simple key"))
        mark = (error.context_mark if unclosed else None) or error.problem_mark
        problems.error(mark.line + 1 if mark else 0, "not-yaml")
        raise UnreadableError from None
    except (YAMLError, ValueError):  # half a surrogate pair cannot be encoded
        problems.error(0, "not-yaml")
        raise UnreadableError from None
    if not isinstance(root, Mapping):
        problems.error(root.line if root else 0, "not-a-mapping")
        raise UnreadableError
    return root


def _place(event: Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _line(before: str) -> int:
    return before.count("\n") + 1


class _Builder:
    def __init__(self, problems: Collector) -> None:
        self.problems = problems
        self.count = 0

    def document(self, events: Iterator[Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            line = _place(event)
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if event.version or event.tags:
                    self.problems.error(line, "directive")
                if documents > 1:
                    self.problems.error(line, "second-document")
                    raise UnreadableError
            elif isinstance(event, StreamEndEvent):
                break
            elif isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent, AliasEvent)):
                root = self.node(event, events, 1)
        return root

    def node(self, event: Event, events: Iterator[Event], depth: int, key_line: int | None = None) -> Node:
        line = _place(event)
        if key_line is not None and isinstance(event, ScalarEvent) and not event.value:
            line = key_line  # the parser marks an empty value where the next one begins
        self.count += 1
        if depth > MAX_DEPTH:
            self.problems.error(line, "too-deep", limit=MAX_DEPTH)
            raise UnreadableError
        if self.count > MAX_NODES:
            self.problems.error(line, "too-many-nodes", limit=MAX_NODES)
            raise UnreadableError
        if isinstance(event, AliasEvent):
            self.problems.error(line, "alias", name=event.anchor)
            return Scalar(line, "", quoted=True)
        if not isinstance(event, (ScalarEvent, SequenceStartEvent, MappingStartEvent)):
            raise UnreadableError  # the parser never gives another event here
        if event.anchor:
            self.problems.error(line, "anchor", name=event.anchor)
        if event.tag:
            self.problems.error(line, "tag", name=event.tag)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(Sequence(line), events, depth, flow=bool(event.flow_style))
        if isinstance(event, MappingStartEvent):
            return self.mapping(Mapping(line), events, depth)
        return self.scalar(event, line)

    def scalar(self, event: ScalarEvent, line: int) -> Scalar:
        quoted = bool(event.style)
        text = str(event.value)
        if not quoted and text in _NOTHING:
            self.problems.error(line, "empty-value")
        elif not quoted and _INEXACT.fullmatch(text):
            self.problems.error(line, "inexact-number", text=text)
        return Scalar(line, text, quoted)

    def sequence(self, sequence: Sequence, events: Iterator[Event], depth: int, *, flow: bool) -> Sequence:
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            item = self.node(event, events, depth + 1)
            if flow and isinstance(item, Scalar) and not item.quoted and _WIDE_COMMA in item.text:
                self.problems.error(item.line, "wide-comma", text=item.text)
            sequence.items.append(item)
        return sequence

    def mapping(self, mapping: Mapping, events: Iterator[Event], depth: int) -> Mapping:
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            line = _place(event)
            key = self.node(event, events, depth + 1)
            value = self.node(next(events), events, depth + 1, key_line=line)
            if not isinstance(key, Scalar):
                self.problems.error(line, "key-not-text")
            elif key.text == "<<" and not key.quoted:
                self.problems.error(line, "merge-key")
            elif key.text in mapping.values:
                self.problems.error(line, "duplicate-key", key=key.text, first=mapping.key_lines[key.text])
            else:
                mapping.values[key.text] = value
                mapping.key_lines[key.text] = line
        return mapping


def line_at(root: Node, path: tuple[str | int, ...]) -> int:
    """Return the line of the deepest piece that the path reaches; steps that the tree does not have are passed over."""
    return locate(root, path)[1]


def locate(root: Node, path: tuple[str | int, ...]) -> tuple[Node, int, tuple[str | int, ...]]:
    """Return the deepest node that the path reaches, the line it is written on, and the steps that were taken."""
    node, line, taken = root, root.line, []
    for step in path:
        if isinstance(node, Mapping) and str(step) in node.values:
            line = node.key_lines[str(step)]
            node = node.values[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            line = node.line
        else:
            continue
        taken.append(step)
    return node, line, tuple(taken)
