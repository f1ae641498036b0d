"""Finds names of persons: after a word that heads one, before a title, and where the sentence shows that it is one.

No list holds every name and many a name is a word as well: what is found here is found likely, not surely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from scoring.redaction.words import any_of, shipped

Span = tuple[int, int]
_HAN: Final = r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"
# Where a clause begins or ends, in either width.
_STOP: Final = (
    r"[\s,.;:!?()\[\]/\"'\u2018-\u201d\u3001\u3002\u3008-\u3011\u3014\u3015"
    r"\uff01\uff08\uff09\uff0c\uff0f\uff1a\uff1b\uff1f]"
)
_COLONS: Final = re.compile(r"[:\uff1a=]\s*$")
_FOREIGN: Final = re.compile(rf"{_HAN}{{1,7}}[\u00b7\u2022\u30fb]{_HAN}{{1,7}}(?:[\u00b7\u2022\u30fb]{_HAN}{{1,7}})?")


def names(text: str, allowed: Sequence[Span]) -> Iterator[Span]:
    """Yield where names of persons stand, (start, end) each; they may overlap, and stand in no order.

    `allowed` are the places of words that are no names, such as a town's.
    """
    for find in (_headed, _titled, _in_sentence):
        yield from find(text, allowed)


def surname_length(name: str) -> int:
    """Return how many characters of a name are its surname."""
    return 2 if name[:2] in shipped("names")["compound"] and len(name) > 2 else 1


def _headed(text: str, allowed: Sequence[Span]) -> Iterator[Span]:
    for match in _rules().headed.finditer(text):
        start = match.end()
        if foreign := _FOREIGN.match(text, start):
            yield foreign.span()
            continue
        plainly = bool(_COLONS.search(match[0]))
        end = _name_at(text, start, allowed, plainly=plainly)
        if end is None:
            continue
        if _is_doubtful(text, start) and not plainly and not _ends_at(text, end):
            continue
        yield start, end
        # A list goes on: what follows is as likely a name, where it ends like one.
        while joint := _rules().joint.match(text, end):
            start = joint.end()
            end = _name_at(text, start, allowed, plainly=False) or -1
            if end < 0 or not (_ends_at(text, end) or _rules().joint.match(text, end)):
                break
            yield start, end


def _titled(text: str, allowed: Sequence[Span]) -> Iterator[Span]:
    for match in _rules().title.finditer(text):
        end = match.start()
        # Two given characters before one: in what reads as both, the longer name is the likelier.
        for length in (4, 3, 2):
            start = end - length
            if start < 0 or not _fits(text, start, end, allowed):
                continue
            if _is_doubtful(text, start) and not _begins_at(text, start):
                continue
            yield start, end
            break


def _in_sentence(text: str, allowed: Sequence[Span]) -> Iterator[Span]:
    for match in _rules().begin.finditer(text):
        start = match.end()
        # A doubtful surname counts at the head of a clause alone, with two given characters.
        doubtful = _is_doubtful(text, start)
        if doubtful and match[0] and not _rules().stop.fullmatch(match[0]):
            continue
        for length in (3,) if doubtful else (4, 3, 2):
            end = start + length
            if end < len(text) and _rules().after.match(text, end) and _fits(text, start, end, allowed):
                yield start, end
                break


def _fits(text: str, start: int, end: int, allowed: Sequence[Span]) -> bool:
    """Tell whether the characters from `start` to `end` are a surname and one or two given ones, and no known word."""
    name = text[start:end]
    surname = surname_length(name) if name[:2] in _rules().compound else int(name[0] in _rules().surnames)
    given = len(name) - surname
    return bool(
        surname
        and 1 <= given <= 2
        and _rules().given.fullmatch(name, surname)
        and not _rules().not_names.match(text, start)
        and not any(_rules().places.match(text, at) for at in range(start + 1, end + 1))
        and not any(first < end and start < last for first, last in allowed)
    )


def _name_at(text: str, start: int, allowed: Sequence[Span], *, plainly: bool) -> int | None:
    """Return where the name that begins at `start` ends, None where none does.

    `plainly`: a colon says that a name follows; then also a name that is a word counts, where it stands alone.
    """
    rules = _rules()
    if any(first <= start < last for first, last in allowed):
        return None
    surname = 2 if text[start : start + 2] in rules.compound else int(text[start : start + 1] in rules.surnames)
    first = start + surname
    if not surname or not (given := rules.given.match(text, first)):
        spaced = rules.spaced.match(text, first) if surname else None
        return spaced.end() if spaced else None
    end = _shortened(text, first, given.end())
    # A place or an office that begins within is not part of the name.
    end = min([end, *(begin for begin, _ in allowed if first < begin)])
    if plainly and (end == len(text) or rules.stop.match(text, end)):
        return end
    known = rules.not_names.match(text, start) or any(begin == first for begin, _ in allowed)
    placed = any(rules.places.match(text, at) for at in range(first, end + 1))
    return None if known or placed else end


def _shortened(text: str, first: int, end: int) -> int:
    """Return where a name with given characters from `first` to `end` really ends: before a word that follows names."""
    for at in range(first + 1, end):
        joined = _rules().joint.match(text, at)
        # A name may end in such a character: then what follows it shows an end.
        if joined and _ends_at(text, end):
            continue
        if joined or _rules().ends.match(text, at):
            return at
    return end


def _is_doubtful(text: str, start: int) -> bool:
    return start < len(text) and text[start] in _rules().doubtful and text[start : start + 2] not in _rules().compound


def _ends_at(text: str, at: int) -> bool:
    rules = _rules()
    return at == len(text) or bool(
        rules.stop.match(text, at) or rules.ends.match(text, at) or rules.after.match(text, at)
    )


def _begins_at(text: str, at: int) -> bool:
    return any(match.end() == at for match in _rules().begin.finditer(text, max(0, at - 4), at))


class _Rules:
    """The lists of names.yaml as expressions."""

    def __init__(self, lists: dict[str, Any]) -> None:
        fillers = any_of(shipped("words")["fillers"])
        headings = [word for group in lists["headings"] for word in group]
        not_given = "".join(lists["no_given"].split())
        self.compound = frozenset(lists["compound"])
        self.surnames = frozenset("".join(lists["surnames"].split()))
        self.doubtful = frozenset(lists["doubtful"])
        self.headed = re.compile(rf"(?:{any_of(headings)})(?:{fillers}){{0,3}}")
        self.title = re.compile(f"(?=(?:{any_of(lists['titles'])}))")
        self.begin = re.compile(rf"^|{_STOP}|(?:{any_of(lists['before'])})")
        self.after = re.compile(any_of(lists["after"]))
        self.ends = re.compile(any_of(lists["ends"]))
        self.places = re.compile(any_of(lists["places"]))
        self.joint = re.compile(f"(?:{any_of(lists['joints'])})")
        self.not_names = re.compile(any_of(lists["not_names"].split()))
        self.given = re.compile(rf"(?:(?![{not_given}]){_HAN}){{1,2}}")
        # A short name spread over the width of a longer one.
        self.spaced = re.compile(rf"[ \u3000]{{1,2}}(?![{not_given}]){_HAN}(?={_STOP}|$)")
        self.stop = re.compile(_STOP)


@cache
def _rules() -> _Rules:
    return _Rules(shipped("names"))
