"""Slips of the keyboard that leave a scheme unreadable: full-width marks where plain ones belong, tabs before a key."""

from __future__ import annotations

import re
from typing import Final

from scoring.scheme.problems import Collector

# The full-width colon, comma, braces, square brackets, dash and number sign, and what they stand for.
_PLAIN: Final = {
    "\uff1a": ": ", "\uff0c": ", ", "\uff5b": "{", "\uff5d": "}", "\uff3b": "[", "\uff3d": "]", "\uff0d": "- ",
    "\uff03": "# ", "\t": " ",
}  # fmt: skip
_SURE: Final = (
    re.compile(r"(?:^\s*(?:-\s+)*|[{\uff5b,\uff0c]\s*)[A-Za-z_][A-Za-z0-9_]*\s*(\uff1a)"),  # a key, then the wide colon
    re.compile(r"^\s*([\uff0d\uff03])"),
    re.compile(r"^ *(\t)"),
    re.compile(r"[{,][^{}\uff0c]*(\uff0c)\s*[A-Za-z_][A-Za-z0-9_]*\s*:"),  # the next key after a wide comma
)
_LIKELY: Final = re.compile("([\uff5b\uff5d\uff3b\uff3d])")


def name_slips(text: str, problems: Collector) -> None:
    """Say where a refused scheme holds such a slip, in place of what the slip was taken for."""
    wrong = {problem.line for problem in problems.found}
    slips: dict[int, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        plain = re.sub(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*", "", line)
        sure = next((match[1] for pattern in _SURE if (match := pattern.search(plain))), None)
        likely = _LIKELY.search(plain) if wrong & {number, number + 1} else None
        if mark := sure or (likely and likely[1]):
            slips[number] = mark
    if not slips:
        return
    taken = {line + below for line in slips for below in (0, 1)}
    problems.found = [one for one in problems.found if one.line not in taken]
    for number, mark in slips.items():
        code = "tab" if mark == "\t" else "wide-mark"
        problems.error(number, code, mark=mark, plain=_PLAIN[mark])
