"""Text as an Office file may hold it: masked, and without characters that XML does not know."""

from __future__ import annotations

import re
from typing import Final

from scoring.redaction.masking import mask

# XML 1.0 has no way to write these; Word and Excel call a file that holds one damaged.
_UNKNOWN_TO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    r"""Mask identifiers and telephone numbers, and put a space for each character that no Office file can hold.

    Examples
    --------
    >>> printable("a\x07b")
    'a b'
    """
    return as_written(mask(text))


def as_written(text: str) -> str:
    """Return a text of the bureau's own, such as its telephone number, unmasked."""
    return _UNKNOWN_TO_XML.sub(" ", text).replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    r"""Return a printable text on one line: where line breaks are kept, only those of the template shall count.

    Examples
    --------
    >>> one_line("a\n b")
    'a b'
    """
    return " ".join(printable(text).split())
