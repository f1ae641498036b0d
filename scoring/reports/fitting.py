"""Type sizes in which a label fits the room that a picture has for it."""

from __future__ import annotations

from typing import Final

# Widths in ems, a little above those of the Latin letters of our sans.
_NARROW: Final = frozenset(" iljtfrI.,:;'!|()[]/-")
_WIDE: Final = frozenset("MWmw@%")


def fit(text: str, largest: int, width: int) -> int:
    """Return the type size, at most `largest`, in which a text fills at most `width`, both in one unit.

    Examples
    --------
    >>> fit("AB", 30, 100), fit("A" * 20, 30, 100)
    (30, 7)
    """
    ems = sum(_em(character) for character in text)
    return max(1, min(largest, int(width / max(1.0, ems))))


def fold(text: str, largest: int, width: int) -> tuple[int, tuple[str, ...]]:
    """Return a type size and the lines of a label: one, or two where one would be much smaller than `largest`.

    Examples
    --------
    >>> fold("AB", 30, 100), fold("MMMM", 30, 60)
    ((30, ('AB',)), (30, ('MM', 'MM')))
    """
    size = fit(text, largest, width)
    if size * 4 >= largest * 3:
        return size, (text,)
    middle = len(text) // 2
    # A space near the middle is a better place than the middle of a word.
    space = min((at for at, letter in enumerate(text) if letter == " "), key=lambda at: abs(at - middle), default=0)
    cut = space if abs(space - middle) <= len(text) // 6 else middle
    lines = (text[:cut].strip(), text[cut:].strip())
    return min(fit(line, largest, width) for line in lines), lines


def _em(character: str) -> float:
    if ord(character) > 0x2E7F or character in _WIDE:
        return 1.0
    if character in _NARROW:
        return 0.36
    return 0.66 if character.isupper() else 0.55
