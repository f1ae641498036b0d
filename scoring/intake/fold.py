"""Folding of widths, spaces and dashes: for one text, and as an expression for a column."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import polars as pl

# Full-width forms of ASCII. NFKC would do more than that: it turns a circled 1 into 1.
_WIDE: Final = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_INVISIBLE: Final = tuple("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
_SPACES: Final = tuple(
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_DASHES: Final = tuple("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63")

ODD: Final = "[" + "".join((*_INVISIBLE, *_SPACES, "\t")) + "]"
"""A pattern for a zero-width character or a space that is none of ASCII's."""

_FOLD: Final = str.maketrans({**_WIDE, **dict.fromkeys(_INVISIBLE, ""), **dict.fromkeys(_SPACES, " "), "\t": " "})
_ID_FOLD: Final = str.maketrans(
    {**_WIDE, **dict.fromkeys(_INVISIBLE, ""), **dict.fromkeys(_SPACES, ""), **dict.fromkeys(_DASHES, "-")}
)


# What folding a text repaired, for the log.
FOLDED: Final = (
    (re.compile("[\uff01-\uff5e]"), "repair-width"),
    (re.compile("[" + "".join((*_INVISIBLE, *_SPACES, "\t")) + "]"), "repair-space"),
)


def fold(text: str) -> str:
    r"""Return text with half-width forms, ordinary spaces, no zero-width characters, and no spaces around it.

    Examples
    --------
    >>> fold("\uff11\\uff12\\u3000")
    '12'
    """
    return text.translate(_FOLD).strip()


def fold_id(text: str) -> str:
    r"""Return an id without any space, in half-width forms, every dash a hyphen; its case is kept.

    Examples
    --------
    >>> fold_id(" A\u2014\uff10 1")
    'A-01'
    """
    return "".join(text.translate(_ID_FOLD).split())


def name_key(text: str) -> str:
    """Return the form under which names of towns, indicators and words are compared: folded, no spaces, NFC.

    Brackets and case stay as they are: a near miss is never a match.
    """
    return unicodedata.normalize("NFC", "".join(fold(text).split()))


def clean_text(column: str) -> pl.Expr:
    """Return a free text column without zero-width characters and without spaces around it."""
    invisible = "[" + "".join(_INVISIBLE) + "]"
    edge = "[\\s" + "".join(_SPACES) + "]+"
    return pl.col(column).str.replace_all(invisible, "").str.replace(f"^{edge}", "").str.replace(f"{edge}$", "")
