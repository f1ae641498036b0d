"""The words that personal data are found by: the shipped lists, the bureau's own, and what is never masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from schemas.bundled import load

_TEXT_NOTE: Final = "#"


class BadWords(Exception):
    """The bureau's word list cannot be used: `code` is the message's, `parameters` what it says."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@cache
def shipped(name: str) -> dict[str, Any]:
    """Return one of the word files beside this module, `words` or `names`, read once."""
    read: dict[str, Any] = load(files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))
    return read


def any_of(words: Iterable[str]) -> str:
    """Return an expression that matches each of the words, the longest first; of no words, one that never matches."""
    ordered = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    return "|".join(map(re.escape, ordered)) or "(?!)"


@dataclass(frozen=True)
class Words:
    """What a bureau adds to the shipped lists.

    Attributes
    ----------
    own
        Words that are masked wherever they stand.
    allow
        Words that are never masked, nor any part of them: names of towns, villages and offices, labels of indicators.
        They win over everything else, also over `own`.

    Raises
    ------
    BadWords
        A word of `own` is blank, or stands within what takes the place of a masked word.

    Examples
    --------
    >>> Words(own=frozenset({"Alpha"})).own_spans("an Alpha, alpha")
    [(3, 8)]
    """

    own: frozenset[str] = frozenset()
    allow: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        # A mask that is masked again would never come to rest.
        masks = [*shipped("words")["masks"].values(), *shipped("words")["illness"], "*" * 20]
        for word in self.own:
            if not word.strip() or any(word in mask for mask in masks):
                raise BadWords("redaction-own-word", word=word)

    @cached_property
    def _own(self) -> re.Pattern[str]:
        return re.compile(any_of(self.own))

    @cached_property
    def _never(self) -> re.Pattern[str]:
        programmes = [word for group in shipped("words")["never"] for word in group]
        # Ahead of itself: one allowed word may begin within another.
        return re.compile(f"(?=({any_of([*self.allow, *programmes])}))")

    def own_spans(self, text: str) -> list[tuple[int, int]]:
        """Return where the bureau's own words stand, (start, end) each."""
        return [match.span() for match in self._own.finditer(text)]

    def allowed(self, text: str) -> list[tuple[int, int]]:
        """Return where words stand that are never masked, (start, end) each, in order; they may overlap."""
        return [match.span(1) for match in self._never.finditer(text)]

    def allowing(self, more: Iterable[str]) -> Words:
        """Return the same words with more that are never masked."""
        return Words(self.own, self.allow | {word for word in more if word})

    @classmethod
    def read(cls, path: Path, allow: Iterable[str] = ()) -> Words:
        """Return the words of a bureau's file; see `own_words`."""
        return own_words(path.read_text("utf-8-sig"), yaml=path.suffix.lower() in {".yaml", ".yml"}).allowing(allow)


def own_words(text: str, *, yaml: bool) -> Words:
    """Return the words that a bureau's list says.

    As plain text, a word a line; `#` begins a note. As YAML, a list of words, or `mask` and `allow` with a list each.

    Raises
    ------
    BadWords
        It is no such list.
    """
    if not yaml:
        lines = [line.partition(_TEXT_NOTE)[0].strip() for line in text.splitlines()]
        return Words(frozenset(line for line in lines if line))
    import yaml as library  # late: most calls bring no list

    try:
        read = load(text)
    except library.YAMLError as error:
        raise BadWords("redaction-own-yaml") from error
    match read:
        case None:
            return Words()
        case list():
            return Words(frozenset(_strings(read)))
        case dict() if read.keys() <= {"mask", "allow"}:
            lists = [read.get(name) or [] for name in ("mask", "allow")]
            if all(isinstance(one, list) for one in lists):
                return Words(*(frozenset(_strings(one)) for one in lists))
    raise BadWords("redaction-own-form")


def _strings(words: Sequence[object]) -> Iterator[str]:
    for word in words:
        # A number stands for its digits; a list within a list is a slip.
        if isinstance(word, bool) or not isinstance(word, str | int):
            raise BadWords("redaction-own-form")
        yield str(word).strip()
