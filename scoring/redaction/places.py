"""Finds the part of an address below the village or community: what leads to a door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from scoring.redaction.words import any_of, shipped

Span = tuple[int, int]
_DIGITS: Final = r"0-9\uff10-\uff19"
_YEAR: Final = r"(?:19|20)[0-9]{2}-"
# What an address in a form runs to.
_STOP: Final = r",;\n\r\uff0c\uff1b\u3002\uff08("


def addresses(text: str) -> Iterator[Span]:
    """Yield the parts of addresses to hide, (start, end) each; they may overlap, and stand in no order."""
    rules = _rules()
    for expression in (rules.named, rules.bare):
        for match in expression.finditer(text):
            yield match.span("tail")
    for match in rules.headed.finditer(text):
        start, end = match.span("whole")
        while end > start and text[end - 1].isspace():
            end -= 1
        if kept := rules.kept.match(text, start, end):
            start = kept.end()
        if start < end and not rules.masked.fullmatch(text, start, end):
            yield start, end


class _Rules:
    """The list `places` of words.yaml as expressions."""

    def __init__(self, lists: dict[str, Any], mask: str) -> None:
        # A letter may stand before or after it; a year and a number are a finding's.
        number = (
            rf"(?:(?!{_YEAR})[A-H]?[{_DIGITS}]{{1,4}}[A-Ha-h]?(?:[-\uff0d][{_DIGITS}]{{1,4}})?"
            rf"|[A-Ha-h]|[{lists['numerals']}]{{1,4}})"
        )
        no_unit = any_of(lists["not_further"])
        alone = rf"(?!{no_unit})(?:{any_of(lists['alone'])})"
        either = rf"(?!{no_unit})(?:{any_of([*lists['alone'], *lists['further']])})"
        first = rf"[\u7b2c]?{number}\s?{alone}"
        more = rf"(?:\s?{number}\s?{either})*(?:[{_DIGITS}]{{2,4}}(?![{_DIGITS}.]))?"
        anchor = rf"(?<!{')(?<!'.join(lists['not_anchors'])})"
        self.named = re.compile(
            rf"(?:{any_of(lists['anchors'])})(?!{any_of(lists['not_after'])}){anchor}\s?(?P<tail>{first}{more})"
        )
        bare = rf"{number}(?:{any_of(lists['bare'])})"
        self.bare = re.compile(
            rf"(?<![{_DIGITS}A-Za-z\-])(?P<tail>{bare}\s?{number}\s?{either}{more}|{bare}[{_DIGITS}]{{3,4}})"
        )
        self.headed = re.compile(
            rf"(?:{any_of(lists['headings'])})[:\uff1a]\s?(?!{any_of(lists['not_addresses'])})(?P<whole>[^{_STOP}]{{2,}})"
        )
        self.kept = re.compile(rf".*(?:{any_of(lists['kept'])})")
        self.masked = re.compile(re.escape(mask))


@cache
def _rules() -> _Rules:
    words = shipped("words")
    return _Rules(words["places"], words["masks"]["address"])
