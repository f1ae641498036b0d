"""One cell's text to a value: dates, counts, exact decimals, periods. What is certain is read, a guess refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import count
from typing import Any, Final

from schemas.tables import catalogue
from scoring.intake.fold import FOLDED, fold, name_key

_EPOCH: Final = date(1899, 12, 30)
_EPOCH_1904_SHIFT: Final = 1462
_FIRST_YEAR, _LAST_YEAR = 1950, 2100
FIRST_BIRTH: Final = 1850
_TIME: Final = re.compile(r"^(.*?\d.*?)(?:[T ]+)(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z?)$", re.ASCII)
_YMD: Final = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$", re.ASCII)
_SHORT_YEAR: Final = re.compile(r"^\d{1,2}\D\d{1,2}\D\d{1,2}\D?$", re.ASCII)
_NUMBER: Final = re.compile(r"^[+-]?\d+(\.\d+)?$", re.ASCII)
_GROUPED: Final = re.compile(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$", re.ASCII)
_WIDE_WORD: Final = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")
_NOISE: Final = Decimal("1e-9")
_LARGEST: Final = Decimal(10) ** 12
_MOST_COMPARISONS: Final = 50_000
_LONGEST: Final = 60
"""No date or number is longer; patterns that look for one would take hours over a page of text."""


@dataclass(frozen=True)
class Cell:
    """What one text means: a value (None: empty), the repairs it took, or the code of the refusal with a hint."""

    value: Any = None
    repairs: tuple[str, ...] = ()
    error: str | None = None
    hint: str = ""


def _opened(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the folded text and the repairs that folding was; an empty mark becomes the empty text."""
    plain = fold(text)
    repairs = tuple(code for pattern, code in FOLDED if pattern.search(text))
    if plain in catalogue().reading.empty:
        return "", (*repairs, "repair-empty")
    return plain, repairs


def read_date(text: str, first: int = _FIRST_YEAR) -> Cell:
    """Read a date in any usual form: 2025-3-1, 2025/3/1, 2025.3.1, 20250301, a serial, the Chinese forms.

    A time of day is dropped. A year of two digits, one before `first`, a day that does not exist and month-first forms
    are refused.
    """
    plain, repairs = _opened(text)
    if not plain:
        return Cell(None, repairs)
    timed = _TIME.match(plain) if len(plain) <= _LONGEST else None
    midnight = timed is not None and not timed.group(2).strip("0:.")
    # An hour of Greenwich may belong to the next day here: such a text stays whole and is refused.
    if timed and (midnight or not timed.group(3)):
        plain = timed.group(1).strip()
        repairs = repairs if midnight else (*repairs, "repair-time")
    compact = "".join(plain.split())
    if re.fullmatch(r"[0-9]{8}", compact):
        return _date(int(compact[:4]), int(compact[4:6]), int(compact[6:]), repairs, first)
    if re.fullmatch(r"[0-9]{4,6}(\.[0-9]+)?", compact):
        return _serial(compact, repairs, first)
    match = _YMD.match(compact)
    if match:
        return _date(int(match.group(1)), int(match.group(3)), int(match.group(4)), repairs, first)
    if _SHORT_YEAR.match(compact):
        return Cell(error="date-short-year")
    return _chinese_date(compact, repairs, first)


def _date(year: int, month: int, day: int, repairs: tuple[str, ...], first: int) -> Cell:
    if not first <= year <= _LAST_YEAR:
        return Cell(error="date-unreadable")
    try:
        return Cell(date(year, month, day), repairs)
    except ValueError:
        return Cell(error="date-does-not-exist")


def _serial(text: str, repairs: tuple[str, ...], first: int) -> Cell:
    whole, _, rest = text.partition(".")
    day = _EPOCH + timedelta(days=int(whole))
    if not first <= day.year <= _LAST_YEAR:
        return Cell(error="date-unreadable")
    dropped = ("repair-time",) if rest.strip("0") else ()
    return Cell(day, (*repairs, "repair-serial", *dropped))


@cache
def _chinese_pattern() -> re.Pattern[str]:
    reading = catalogue().reading
    day = "|".join(reading.day)
    numerals = "".join((*reading.digits, reading.ten))
    return re.compile(
        rf"^([0-9{numerals}]{{4}}){reading.year}([0-9{numerals}]{{1,3}}){reading.month}([0-9{numerals}]{{1,3}})(?:{day})?$"
    )


def _chinese_date(text: str, repairs: tuple[str, ...], first: int) -> Cell:
    match = _chinese_pattern().match(text)
    if not match:
        return Cell(error="date-unreadable")
    year, month, day = (_numeral(part) for part in match.groups())
    if year is None or month is None or day is None:
        return Cell(error="date-unreadable")
    if not text.isascii() and not re.match(r"^[0-9]{4}\D[0-9]", text):
        repairs = (*repairs, "repair-numeral")
    return _date(year, month, day, repairs, first)


def _numeral(text: str) -> int | None:
    """Read Chinese digits: with the mark for ten (up to 99), or written one by one."""
    reading = catalogue().reading
    digits = "".join(reading.digits.get(character, character) for character in text)
    if reading.ten in digits:
        tens, _, ones = digits.partition(reading.ten)
        if len(tens) > 1 or len(ones) > 1 or (not (tens + ones).isdigit() and tens + ones):
            return None
        return int(tens or 1) * 10 + int(ones or 0)
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _number(plain: str, repairs: tuple[str, ...]) -> tuple[Decimal | None, tuple[str, ...], str | None]:
    """Read a plain decimal number: thousands' commas and a unit behind it are repaired away."""
    compact = "".join(plain.split())
    if compact.endswith("%"):
        return None, repairs, "number-percent"
    for unit in catalogue().reading.units:
        if compact.endswith(unit) and compact[: -len(unit)][-1:].isdigit():
            compact = compact[: -len(unit)]
            repairs = (*repairs, "repair-unit")
            break
    if _GROUPED.match(compact):
        compact = compact.replace(",", "")
        repairs = (*repairs, "repair-comma")
    if not _NUMBER.match(compact) or len(compact) > _LONGEST:
        return None, repairs, "number-unreadable"
    value = Decimal(compact)
    if abs(value) > _LARGEST:
        return None, repairs, "number-too-large"
    return value, repairs, None


def _rounded(value: Decimal, places: int, repairs: tuple[str, ...]) -> tuple[Decimal | None, tuple[str, ...]]:
    near = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if near == value:
        return near, repairs
    if abs(near - value) < _NOISE:
        return near, (*repairs, "repair-noise")
    return None, repairs


def read_count(text: str) -> Cell:
    """Read a count: a whole number, not negative. An empty cell stays empty, it is not 0."""
    plain, repairs = _opened(text)
    if not plain:
        return Cell(None, repairs)
    value, repairs, error = _number(plain, repairs)
    if value is None:
        return Cell(error=error)
    near, repairs = _rounded(value, 0, repairs)
    if near is None:
        return Cell(error="count-fractional")
    return Cell(error="number-negative") if near < 0 or plain.startswith("-") else Cell(int(near), repairs)


def read_decimal(text: str, places: int, *, signed: bool = False, percent: Decimal | None = None) -> Cell:
    """Read an exact decimal with at most `places` decimals; noise below 1e-9 is repaired, anything else refused.

    `percent` is what one percent means here (1 for a rate, 0.01 for a share); None where it means nothing.
    """
    plain, repairs = _opened(text)
    if not plain:
        return Cell(None, repairs)
    if percent is not None and plain.endswith("%"):
        plain, repairs = plain.removesuffix("%"), (*repairs, "repair-percent")
    value, repairs, error = _number(plain, repairs)
    if value is None:
        return Cell(error=error)
    if "repair-percent" in repairs and percent is not None:
        value *= percent
    near, repairs = _rounded(value, places, repairs)
    if near is None:
        return Cell(error="too-many-decimals", hint=str(places))
    return Cell(error="number-negative") if near < 0 and not signed else Cell(near + 0, repairs)


_PERIOD: Final = re.compile(r"^(\d{4})(?:-?(Q[1-4]|H[12])|-(0[1-9]|1[0-2]))?$", re.ASCII)
_YEAR_MONTH: Final = re.compile(r"^(\d{4})[-/.](\d{1,2})(?:[-/.]0?1(?: 00:00:00)?)?$", re.ASCII)


@cache
def _chinese_month() -> re.Pattern[str]:
    reading = catalogue().reading
    numerals = "".join((*reading.digits, reading.ten))
    return re.compile(
        rf"^([0-9{numerals}]{{4}}){reading.year}([0-9{numerals}]{{1,3}}){reading.month}{reading.month_tail}?$"
    )


def read_month(text: str) -> Cell:
    """Read a month into the form 2025-03; a date cell of a first day is the month that Excel made a date of."""
    plain, repairs = _opened(text)
    if not plain:
        return Cell(None, repairs)
    reading = catalogue().reading
    compact = plain.removesuffix("00:00:00").strip().rstrip(reading.month).replace(reading.year, "-")
    if re.fullmatch(r"[0-9]{6}", compact):
        compact = f"{compact[:4]}-{compact[4:]}"
    joined = "".join(plain.split())
    if written := _chinese_month().match(joined):
        year, month = (_numeral(part) for part in written.groups())
        compact = f"{year}-{month}"
        if not re.match(r"^[0-9]{4}\D[0-9]", joined):
            repairs = (*repairs, "repair-numeral")
    match = _YEAR_MONTH.match(compact)
    if not match or not 1 <= int(match.group(2)) <= 12 or not _FIRST_YEAR <= int(match.group(1)) <= _LAST_YEAR:
        return Cell(error="month-unreadable")
    return Cell(f"{match.group(1)}-{int(match.group(2)):02}", repairs)


def read_period(text: str, intervals: frozenset[str]) -> Cell:
    """Read a period's label (2025Q1, 2025-03, 2025H1, 2025, the Chinese forms) or the id of a declared interval."""
    plain, repairs = _opened(text)
    if not plain:
        return Cell(None, repairs)
    if plain in intervals:
        return Cell(plain, repairs)
    reading = catalogue().reading
    compact = "".join(plain.upper().split())
    for words, label in reading.quarters.items():
        if compact.endswith(words):
            compact = compact.removesuffix(words).rstrip(reading.year) + label
            break
    compact = compact.replace(reading.year, "", 1)
    if not compact[:4].isascii() and (year := _numeral(compact[:4])) is not None:
        compact, repairs = f"{year}{compact[4:]}", (*repairs, "repair-numeral")
    match = _PERIOD.match(compact)
    if match:
        return Cell(compact.replace("-", "") if match.group(2) else compact, repairs)
    month = read_month(plain)
    return month if month.error is None else Cell(error="period-unreadable")


@cache
def _period_in_text() -> re.Pattern[str]:
    reading = catalogue().reading
    words = "|".join(sorted(map(re.escape, reading.quarters), key=len, reverse=True))
    month = rf"[0-9]{{1,2}}{reading.month}(?![0-9])"
    return re.compile(
        rf"(?<![0-9])[0-9]{{4}}(?:{reading.year}?(?:{words})|{reading.year}{month}|-?[QqHh][1-4])", re.ASCII
    )


def is_period(text: str) -> bool:
    """Tell whether a text is a period and nothing else."""
    return _period_in_text().fullmatch("".join(fold(text).split())) is not None


def period_in(text: str) -> str | None:
    """Return the one period that a name or title speaks of; None when it speaks of none or of several."""
    found = {read_period(part, frozenset()).value for part in _period_in_text().findall("".join(fold(text).split()))}
    found.discard(None)
    return found.pop() if len(found) == 1 else None


def read_word(text: str, words: Mapping[str, str], *, error: str, hint: Callable[[str], str]) -> Cell:
    """Read a word of a closed list (key: the folded word, value: what it stands for), else refuse with a hint."""
    plain, repairs = _opened(text)
    if not plain:
        return Cell(None, repairs)
    found = words.get(name_key(plain))
    if "repair-width" in repairs and not _WIDE_WORD.search(text):
        repairs = tuple(
            code for code in repairs if code != "repair-width"
        )  # brackets of Chinese text are as they should be
    return Cell(found, repairs) if found is not None else Cell(error=error, hint=hint(plain))


def nearest_of(words: Mapping[str, str]) -> Callable[[str], str]:
    """Return what names the one word that holds a text, else the word most like it; the empty text when none is near.

    It looks for so many texts as take a few seconds; later ones get no hint, for thousands of towns and thousands of
    unknown ones would take hours.
    """
    from difflib import get_close_matches

    known, left = list(words), count(_MOST_COMPARISONS // max(len(words), 1), -1)

    def nearest(text: str) -> str:
        if next(left) <= 0:
            return ""
        part = name_key(text[:100])
        holding = [word for word in known if len(part) > 1 and part in word]
        return (
            holding[0] if len(holding) == 1 else next(iter(get_close_matches(text[:100], known, n=1, cutoff=0.5)), "")
        )

    return nearest
