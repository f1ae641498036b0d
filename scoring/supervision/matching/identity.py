"""ID numbers and names as columns: whatever their writing, one form; what cannot be right never counts as right.

An ID number (GB 11643) has 17 digits (region, day of birth, sequence) and a check digit of ISO 7064, MOD 11-2, which
finds every single wrong digit and every swap of neighbours. The numbers of fifteen digits of before 1999 have no check
digit: 19 goes before the year, and the check digit is worked out.
"""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from scoring.intake.fold import fold

State = Literal["sound", "old", "tail", "floated", "wrong", "none"]
STATES: Final[tuple[State, ...]] = ("sound", "old", "tail", "floated", "wrong", "none")
"""How far a number is to be trusted.

sound: 18 characters, the check digit is right. old: fifteen digits, without a check digit. tail: right, but it ends in
000, as a number does that Excel has cut. floated: kept as a floating number, its end is lost. wrong: no number that
there can be. none: nothing is written. Of a floated number the first digits, and with them the day of birth, hold.
"""
KEYED: Final[tuple[State, ...]] = ("sound", "old", "tail")
"""The states in which a number has a key to be joined by."""

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_CLEAN: Final = r"^[1-9][0-9]{16}[0-9X]$"
_OLD: Final = r"^[1-9][0-9]{14}$"
_FLOATED: Final = r"^[0-9](\.[0-9]+)?E\+?[0-9]{2}$|^[0-9]{15,19}\.0+$"
# What people write for the last character, and what stands between the others or around them.
_CROSS: Final = "xX\u00d7\u2715\u2716\u2573\u0425\u0445\uff38\uff58"
_BETWEEN: Final = (
    " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
    + "-_\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63\uff3f"
    + "'\"`\u2018\u2019\u201c\u201d\uff07\uff02"
    + "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
)  # fmt: skip
_ONE_FORM: Final = {
    **dict.fromkeys(_BETWEEN, ""),
    **dict.fromkeys(_CROSS, "X"),
    **{chr(zero + digit): str(digit) for zero in (0xFF10, 0x660, 0x6F0) for digit in range(10)},
    "e": "E",
    "\uff0e": ".",
}
_DOTS: Final = ".\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff0e\uff65\u318d"
_NAME_FORM: Final = {
    **dict.fromkeys(_BETWEEN + _DOTS, ""),
    **{chr(code): fold(chr(code)) for code in range(0xFF01, 0xFF5F)},
}
_PLAIN_NAME: Final = r"^[\x{4e00}-\x{9fff}\x{3400}-\x{4dbf}]+$"


def with_identity(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with what its numbers and names are compared by.

    Parameters
    ----------
    frame
        `person_id`, `name` (String) and `born_on` (Date), as they were read.

    Returns
    -------
    DataFrame
        Further columns: `number` (Int64, the first 17 digits of a number that there can be, from which the 18th
        follows), `state` (Enum of STATES), `called` (String, the name in one form) and `born` (Date: the column's, or
        else the number's).
    """
    texts = _one_form(frame["person_id"])
    read = pl.DataFrame({"text": texts}).lazy()
    floated, clean, old = (pl.col("text").str.contains(form) for form in (_FLOATED, _CLEAN, _OLD))
    short = pl.col("text")
    # The digits that count: 17 of the new numbers; of the old ones with the century; what a floating number kept.
    digits = (
        pl.when(clean)
        .then(short.str.slice(0, 17))
        .when(old)
        .then(short.str.slice(0, 6) + "19" + short.str.slice(6, 9))
        .when(floated)
        .then(short.str.replace_all(r"\.0+$|\.", "").str.extract(r"^([0-9]{14,17})").str.pad_end(17, "0"))
    )
    read = read.with_columns(
        digits=digits.cast(pl.Int64, strict=False),
        clean=clean.fill_null(value=False),
        old=old.fill_null(value=False),
        floated=floated.fill_null(value=False),
    )
    read = read.with_columns(
        check=_check_digit("digits"),
        birth=digits_to_day("digits"),
        last=pl.when("clean").then(short.str.slice(17, 1).replace_strict(_AT, default=None, return_dtype=pl.Int64)),
    )
    right = pl.col("old") | (pl.col("clean") & (pl.col("check") == pl.col("last")))
    right &= pl.col("birth").is_not_null()
    cut = pl.col("clean") & short.str.ends_with("000") & pl.col("birth").is_not_null()
    state = (
        pl.when(short.is_null())
        .then(pl.lit("none"))
        .when(pl.col("floated") | (cut & ~right))
        .then(pl.lit("floated"))
        .when(~right)
        .then(pl.lit("wrong"))
        .when(cut)
        .then(pl.lit("tail"))
        .when("old")
        .then(pl.lit("old"))
        .otherwise(pl.lit("sound"))
    )
    read = read.with_columns(state=state.cast(pl.Enum(STATES)))
    keyed = pl.col("state").is_in(KEYED)
    done = read.select(
        number=pl.when(keyed).then("digits"),
        state="state",
        of_number=pl.when(keyed | (pl.col("state") == "floated")).then("birth"),
    ).collect()
    frame = frame.with_columns(done["number"], done["state"], called_as(frame["name"]).alias("called"))
    return frame.with_columns(born=pl.coalesce("born_on", done["of_number"]))


_AT: Final = {check: place for place, check in enumerate(_CHECKS)}


def _check_digit(column: str) -> pl.Expr:
    """Return the place of the check digit in `_CHECKS` for 17 digits held as a number."""
    number = pl.col(column)
    total = pl.sum_horizontal((number // 10 ** (16 - place)) % 10 * weight for place, weight in enumerate(_WEIGHTS))
    return total % 11


def digits_to_day(column: str) -> pl.Expr:
    """Return the day of birth in 17 digits held as a number; null where there is no such day."""
    day = pl.col(column) // 1000 % 10**8
    year, month, of_month = day // 10**4, day // 100 % 100, day % 100
    might_be = year.is_between(1850, 2100) & month.is_between(1, 12) & of_month.is_between(1, 31)
    return pl.when(might_be).then(day).cast(pl.String).str.to_date("%Y%m%d", strict=False)


def whole(number: int) -> str:
    """Return the 18 characters of which a number is the first 17."""
    digits = f"{number:017}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + _CHECKS[total % 11]


def _one_form(texts: pl.Series) -> pl.Series:
    """Return the numbers in plain digits with a capital X, without what stands between; an empty one is null."""
    return _mended(texts, _CLEAN, _ONE_FORM)


def called_as(names: pl.Series) -> pl.Series:
    """Return the names without blanks, middle dots and quotes, Latin letters as small ones; an empty one is null."""
    mended = _mended(names, _PLAIN_NAME, _NAME_FORM)
    return mended.str.to_lowercase() if mended.str.contains("[A-Z]").any() else mended


def _mended(texts: pl.Series, usual: str, form: dict[str, str]) -> pl.Series:
    """Return the texts with signs exchanged; only those that have not the usual form are touched."""
    odd = (~texts.str.contains(usual)).fill_null(value=False)
    if not odd.any():
        return texts
    mended = (
        texts.filter(odd)
        .to_frame("text")
        .select(pl.col("text").str.replace_many(list(form), list(form.values())))["text"]
    )
    mended = mended.replace("", None)
    return texts.scatter(odd.arg_true(), mended)
