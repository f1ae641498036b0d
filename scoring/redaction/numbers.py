"""Finds the numbers that point at a person, in whatever width and spacing they are written.

A text is first brought into one form, character by character, so that a place in it is a place in the text. Then each
kind has a wide expression and a narrow judgement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

from stdnum import luhn
from stdnum.cn import ric

from scoring.redaction.words import any_of, shipped

# What is written between digits: blanks, dashes, dots, line ends; a few of them at once.
_GAP: Final = r"[ .\-]{0,4}"
_FREE: Final = r"(?<![0-9*])(?<![0-9]\.)"
_END: Final = r"(?![0-9*])"
_BLANK: Final = " \t\r\n\v\f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_DASH: Final = "-_~\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\uff0d\uff3f\uff5e\ufe63\ufe58\u301c\u30fc"
_DOT: Final = ".\u00b7\u2022\u2027\u30fb\uff0e"
_CROSS: Final = "xX\u00d7\u2715\u0425\u0445\uff38\uff58"
_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff]"
)
_ZEROS: Final = (0x660, 0x6F0, 0x966, 0xFF10, *range(0x1D7CE, 0x1D800, 10))
_ONE_FORM: Final = {
    **{ord(sign): " " for sign in _BLANK},
    **{ord(sign): "-" for sign in _DASH},
    **{ord(sign): "." for sign in _DOT},
    **{ord(sign): "X" for sign in _CROSS},
    **{zero + digit: str(digit) for zero in _ZEROS for digit in range(10)},
    0xFF08: "(",
    0xFF09: ")",
    0xFF0B: "+",
    0xFF0A: "*",
}
# A cheap and too wide sign that a text may hold a number of a person.
LEAST: Final = 7


class Number(NamedTuple):
    """A number that was found: its kind, and its first and past-the-last place in the text."""

    kind: str
    start: int
    end: int


class _Seen(NamedTuple):
    """A number as it stands in the one form."""

    digits: str
    groups: tuple[int, ...]
    gaps: frozenset[str]
    headed: bool
    office: bool
    amount: bool

    @property
    def whole(self) -> bool:
        return len(self.groups) == 1

    @property
    def single(self) -> bool:
        """Digit by digit."""
        return set(self.groups) == {1}

    @property
    def dotted(self) -> bool:
        return any("." in gap for gap in self.gaps)


def one_form(text: str) -> tuple[str, Callable[[int], int]]:
    """Return the text with plain digits, blanks, dashes and X, and the function from a place in it to one in `text`."""
    plain = _written().sub(lambda match: match[0].translate(_digits()), text).translate(_ONE_FORM)
    if not _UNSEEN.search(plain):
        return plain, int
    places = [place for place, sign in enumerate(plain) if not _UNSEEN.match(sign)]
    places.append(len(plain))
    return _UNSEEN.sub("", plain), places.__getitem__


def numbers(text: str) -> Iterator[Number]:
    """Yield every number of a person in the text; they may overlap, and stand in no order."""
    if sum(map(str.isdecimal, text)) < LEAST and not _written().search(text):
        return
    plain, place = one_form(text)
    for kind, expression, judge, heading in _rules():
        for match in _each(expression, plain):
            start, end = match.span("number")
            if judge(_seen(plain, start, end, heading)):
                # The last character of the number, not what unseen sign comes before the next one.
                yield Number(kind, place(start), place(end - 1) + 1)


def _each(expression: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield every match, also such as begin within another."""
    match = expression.search(text)
    while match:
        yield match
        match = expression.search(text, match.start("number") + 1)


def _seen(plain: str, start: int, end: int, heading: re.Pattern[str]) -> _Seen:
    written = plain[start:end]
    before = plain[max(0, start - 16) : start]
    groups = re.findall(r"[0-9X]+", written)
    return _Seen(
        "".join(groups),
        tuple(map(len, groups)),
        frozenset(re.findall(r"[^0-9X]+", written)),
        bool(heading.search(before)),
        bool(_office().search(before)) and not _no_office().search(before),
        bool(_unit().match(plain, end) or _currency().search(before)),
    )


# ------------------------------------------------------------------------------------------------- judgements


def _is_day(digits: str) -> bool:
    """Tell whether eight digits are a day that somebody alive, or a file, may have."""
    return "1850" <= digits[:4] <= "2099" and "01" <= digits[4:6] <= "12" and "01" <= digits[6:8] <= "31"


def _dated(digits: str) -> bool:
    """Tell whether a number begins like a day: no region's code begins with 19 or 20."""
    return digits[:2] in {"19", "20"} and _is_day(digits)


def _is_proved(digits: str) -> bool:
    """Tell whether the check digit is right, or stdnum finds the whole number valid."""
    try:
        return ric.is_valid(digits) or ric.calc_check_digit(digits) == digits[-1]
    except KeyError:
        # What stdnum 2.2 gives for a region whose name it knows and whose counties it does not.
        return bool(ric.calc_check_digit(digits) == digits[-1])


def _identity(seen: _Seen) -> bool:
    digits = seen.digits[:18]
    born = _is_day(digits[6:14])
    if born and _is_proved(digits):
        return True
    if seen.amount or (seen.office and not seen.headed):
        return False
    if seen.headed or seen.whole:
        return born or not _dated(digits)
    if digits[:2] in {"19", "20"}:
        return False
    usual = seen.groups[:2] == (6, 8) or seen.groups in {(6, 4, 4, 4), (6, 4, 4, 3, 1)}
    return (born and not seen.dotted) or usual


def _old_identity(seen: _Seen) -> bool:
    if seen.amount or (seen.office and not seen.headed):
        return False
    born = "01" <= seen.digits[8:10] <= "12" and "01" <= seen.digits[10:12] <= "31"
    if seen.whole:
        return not _dated(seen.digits)
    # Six, six and three, or digit by digit: other groups of fifteen are anything.
    return born and (seen.headed or seen.single or seen.groups in {(6, 6, 3), (6, 2, 2, 2, 3)})


def _mobile(seen: _Seen) -> bool:
    if seen.headed:
        return True
    if seen.amount:
        return False
    if seen.whole or seen.single:
        return True
    if seen.dotted:
        return seen.groups in {(3, 4, 4), (3, 8), (7, 4), (3, 3, 5)} and len(seen.gaps) == 1
    # Figures in a row rarely begin with three that begin like a telephone.
    return seen.groups[0] >= 3 and len(seen.groups) <= 6 and min(seen.groups[:-1]) > 1


def _landline(seen: _Seen) -> bool:
    # 0391-2025-0012 is somebody's finding number.
    area = seen.groups[0]
    numbered = len(seen.groups) == 3 and seen.groups[1] == 4 and seen.digits[area : area + 2] in {"19", "20"}
    return seen.headed or not numbered


def _free_call(seen: _Seen) -> bool:
    if seen.headed:
        return True
    return not seen.amount and not seen.office and (seen.whole or seen.groups in {(3, 3, 4), (3, 4, 3), (3, 7)})


def _headed_number(seen: _Seen) -> bool:
    # After a heading a year, a day or an amount may stand as well as the number that it promises.
    return not (seen.amount or _dated(seen.digits) or (seen.groups[0] == 4 and seen.digits[:2] in {"19", "20"}))


def _card(seen: _Seen) -> bool:
    if seen.headed:
        return True
    if seen.amount or seen.office or _dated(seen.digits):
        return False
    if seen.whole:
        return True
    fours = all(size == 4 for size in seen.groups[:-1]) and seen.groups[-1] <= 4
    # What begins like a year is none, whatever comes of adding it up.
    if seen.digits[0] in "12" or seen.dotted:
        return False
    if fours and seen.digits[0] in "3456":
        return True
    return bool(luhn.is_valid(seen.digits)) and (fours or seen.single or min(seen.groups) >= 4)


# ------------------------------------------------------------------------------------------------- expressions


@cache
def _rules() -> tuple[tuple[str, re.Pattern[str], Callable[[_Seen], bool], re.Pattern[str]], ...]:
    """Return kind, expression, judgement and heading of each rule."""
    heads = {kind: _heading(kind) for kind in ("identity", "telephone", "bank")}

    def run(least: int, most: int) -> str:
        return rf"[0-9](?:{_GAP}[0-9]){{{least - 1},{most - 1}}}"

    last = rf"(?:X|[0-9]{_END})"
    extension = rf"(?: ?(?:{_any('extensions')}|-) ?[0-9]{{1,6}}{_END})?"
    local = rf"[2-8][0-9]{{2,3}}{_GAP}[0-9]{{4}}"
    area = r"0(?:10|2[0-9]|[3-9][0-9]{2})"
    country = r"(?:(?:\+ ?|00)86[ \-]{0,3}|86-?)?"
    rules = [
        ("identity", rf"{_FREE}(?P<number>{run(17, 17)}{_GAP}{last})", _identity),
        # The number of a disabled person's card is the identity number, a kind and a grade.
        ("identity", rf"{_FREE}(?P<number>[0-9]{{17}}[0-9X][0-9]{{2}}){_END}", _identity),
        ("identity", rf"{_FREE}(?P<number>{run(15, 15)}){_END}", _old_identity),
        ("telephone", rf"{_FREE}(?P<number>{country}1{_GAP}[3-9](?:{_GAP}[0-9]){{9}}){_END}", _mobile_or_country),
        ("telephone", rf"{_FREE}(?P<number>\(?(?:\+?86-?)?{area}\)?{_GAP}{local}{_END}{extension})", _landline),
        ("telephone", rf"{_FREE}(?P<number>400{_GAP}[0-9]{{3,4}}{_GAP}[0-9]{{3,4}}){_END}{extension}", _ten_digits),
        ("telephone", rf"{_FREE}(?P<number>800-[0-9]{{3,4}}-?[0-9]{{3,4}}){_END}", _ten_digits),
        ("bank", rf"{_FREE}(?P<number>{run(16, 19)}){_END}", _card),
    ]
    found = [(kind, re.compile(text), judge, heads[kind]) for kind, text, judge in rules]
    for kind, text in (
        ("identity", rf"{run(8, 19)}X?{_END}"),
        ("telephone", rf"{local}{_END}{extension}"),
        ("bank", rf"{run(8, 26)}{_END}"),
    ):
        expression = re.compile(rf"{_headed(kind)}{_FREE}(?P<number>{text})")
        found.append((kind, expression, _headed_number, heads[kind]))
    return tuple(found)


def _mobile_or_country(seen: _Seen) -> bool:
    if len(seen.digits) == 11:
        return _mobile(seen)
    digits = seen.digits
    return digits[-11:].startswith("1") and (seen.headed or not seen.amount)


def _ten_digits(seen: _Seen) -> bool:
    return len(seen.digits) == 10 and _free_call(seen)


def _headed(kind: str) -> str:
    return rf"(?:{_any('headings', kind)})(?:{_any('fillers')}){{0,4}}"


def _any(name: str, part: str | None = None) -> str:
    """Return the expression of a word list, its words in the one form."""
    words = shipped("words")[name]
    return any_of(word.translate(_ONE_FORM) for word in (words if part is None else words[part]))


def _heading(kind: str) -> re.Pattern[str]:
    return re.compile(rf"{_headed(kind)}$")


@cache
def _office() -> re.Pattern[str]:
    return re.compile(rf"(?:{_any('office_headings')})(?:{_any('fillers')}){{0,4}}$")


@cache
def _no_office() -> re.Pattern[str]:
    return re.compile(_any("not_office_headings"))


@cache
def _unit() -> re.Pattern[str]:
    return re.compile(rf"(?:\.[0-9]+)? ?(?!{_any('not_units')})(?:{_any('units')})")


@cache
def _currency() -> re.Pattern[str]:
    return re.compile(rf"(?:{_any('currency')}) ?$")


@cache
def _written() -> re.Pattern[str]:
    return re.compile(rf"[{''.join(shipped('words')['digits'])}]{{{LEAST},}}")


@cache
def _digits() -> dict[int, str]:
    return {ord(word): str(digit) for word, digit in shipped("words")["digits"].items()}
