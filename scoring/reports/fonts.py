"""Which font file plays which part, and which characters it has.

The parts are those of GB/T 9704-2012: xiaobiaosong (headings), fangsong (text), heiti, kaiti, songti. The bureau's
own files come first, then the free ones beside the program, then those of the system.
"""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from scoring.reports.errors import MissingGlyph, MissingLibrary
from scoring.reports.subset import cut, drawn, few

ROLES: Final = ("xiaobiaosong", "fangsong", "heiti", "kaiti", "songti")
INSTALL: Final = (
    "sudo apt-get install -y fonts-noto-cjk libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fontconfig"
)
_HEIGHTS: Final = {
    "hhea": ("ascent", "descent", "lineGap"),
    "OS/2": ("sTypoAscender", "sTypoDescender", "sTypoLineGap", "usWinAscent", "usWinDescent"),
}
_COLLECTIONS: Final = frozenset({".ttc", ".otc"})
_SPACES: Final = (0x20, 0xA0, 0x3000)
_BESIDE: Final = Path(sys.prefix) / "share" / "fonts" / "townscore"

# In order of liking: a file name, and the fontconfig pattern that asks the system for a face.
_SERIF, _SANS = "Noto Serif CJK SC", "Noto Sans CJK SC"
_CHOICES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "xiaobiaosong": (("FandolSong-Bold.otf", "FandolSong:bold"), ("NotoSerifCJK-Bold.ttc", f"{_SERIF}:bold")),
    "fangsong": (("FandolFang-Regular.otf", "FandolFang R"), ("NotoSerifCJK-Regular.ttc", f"{_SERIF}:regular")),
    "heiti": (("NotoSansCJK-Regular.ttc", f"{_SANS}:regular"), ("FandolHei-Regular.otf", "FandolHei:regular")),
    "kaiti": (("FandolKai-Regular.otf", "FandolKai"), ("NotoSerifCJK-Regular.ttc", f"{_SERIF}:regular")),
    "songti": (("NotoSerifCJK-Regular.ttc", f"{_SERIF}:regular"), ("FandolSong-Regular.otf", "FandolSong:regular")),
}


@dataclass(frozen=True)
class Face:
    """One font of a file."""

    path: Path
    index: int = 0

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points that the font can draw."""
        return drawn(self.path, self.index)

    def common(self) -> bytes:
        """Return the font cut to the common characters."""
        return cut(self.path, self.index)

    def latin(self, beside: Face) -> bytes:
        """Return the font's letters and digits alone, as high as another font: lines that mix the two stay even."""
        return _latin(self, beside)

    def rare(self, points: Iterable[int]) -> bytes:
        """Return the font cut to a few characters that `common` lacks, and to the spaces that may stand beside them.

        Pango draws a space with the font of its neighbour.
        """
        return few(self.path, self.index, {*points, *_SPACES})


@cache
def _latin(face: Face, beside: Face) -> bytes:
    from fontTools.ttLib import TTFont

    with (
        TTFont(io.BytesIO(cut(face.path, face.index, range(0x20, 0x7F))), recalcTimestamp=False) as font,
        TTFont(beside.path, fontNumber=beside.index, lazy=True) as other,
    ):
        scale = font["head"].unitsPerEm / other["head"].unitsPerEm
        for table, names in _HEIGHTS.items():
            for name in names:
                setattr(font[table], name, round(getattr(other[table], name) * scale))
        font["OS/2"].fsSelection = other["OS/2"].fsSelection
        made = io.BytesIO()
        font.save(made)
    return made.getvalue()


def faces(own: Mapping[str, Path], lang: str = "zh") -> dict[str, Face]:
    """Return the face of every role.

    Raises
    ------
    MissingLibrary
        There is no Chinese font at all, or a file that the bureau named is not there.
    """
    found: dict[str, Face] = {}
    for role in ROLES:
        if role in own:
            if not own[role].is_file():
                raise MissingLibrary(str(own[role]), INSTALL, lang)
            found[role] = Face(own[role], _chinese_index(own[role]))
        else:
            face = _usual(role)
            if face is not None:
                found[role] = face
    if not found:
        raise MissingLibrary("fonts-noto-cjk", INSTALL, lang)
    # One font is enough to print; a role without its own takes the text's.
    spare = found.get("fangsong") or next(iter(found.values()))
    return {role: found.get(role, spare) for role in ROLES}


def is_font(path: Path) -> bool:
    """Tell whether a file is a font, or a collection of fonts, that has characters."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, fontNumber=_chinese_index(path), lazy=True) as font:
            return bool(font.getBestCmap())
    except (TTLibError, OSError, KeyError, ValueError, AssertionError, struct.error):
        return False


def letters_of(font: bytes, letters: str) -> dict[str, tuple[int, int]]:
    """Return the number and the width, in thousandths of the type size, of those letters that a font has."""
    from fontTools.ttLib import TTFont

    with TTFont(io.BytesIO(font), lazy=True) as opened:
        names, widths, unit = opened.getBestCmap(), opened["hmtx"], opened["head"].unitsPerEm
        found = {letter: names[ord(letter)] for letter in letters if ord(letter) in names}
        return {
            letter: (opened.getGlyphID(name), round(widths[name][0] * 1000 / unit)) for letter, name in found.items()
        }


def check(texts: Iterable[tuple[str, str]], available: Iterable[Face], lang: str = "zh") -> frozenset[str]:
    """Return the characters of all texts, after making sure that each can be drawn.

    Parameters
    ----------
    texts
        Pairs of where a text stands and the text.
    available
        The faces that the paper may use.

    Raises
    ------
    MissingGlyph
        A character is in none of them and in no font of the system.
    """
    known: set[int] = set()
    for face in available:
        known |= face.characters
    seen: set[str] = set()
    for where, text in texts:
        for character in set(text) - seen:
            if ord(character) not in known and not _blank(character) and not _system_has(character):
                raise MissingGlyph(character, where, lang)
            seen.add(character)
    return frozenset(seen)


def _blank(character: str) -> bool:
    """Tell whether a character draws nothing: controls, joiners, variation selectors."""
    point = ord(character)
    return (
        point < 0x20
        or 0x7F <= point < 0xA0
        or 0x200B <= point <= 0x200F
        or 0xFE00 <= point <= 0xFE0F
        or point == 0xFEFF
    )


@cache
def _usual(role: str) -> Face | None:
    for name, pattern in _CHOICES[role]:
        beside = _BESIDE / name
        face = Face(beside, _chinese_index(beside)) if beside.is_file() else _from_system(pattern)
        if face is not None:
            return face
    return None


def _from_system(pattern: str) -> Face | None:
    """Ask fontconfig for exactly this family; its nearest match may be a font without Chinese."""
    for line in _list_fonts(pattern):
        file, _, index = line.rpartition("|")
        if file:
            return Face(Path(file), int(index) & 0xFFFF)
    return None


@cache
def _system_has(character: str) -> bool:
    return bool(_list_fonts(f":charset={ord(character):x}"))


def _list_fonts(pattern: str) -> list[str]:
    program = shutil.which("fc-list")
    if program is None:
        return []
    command = [program, "--format", "%{file}|%{index}\n", pattern]
    answer = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - fixed program, no shell
    return sorted(answer.stdout.splitlines())


def _chinese_index(path: Path) -> int:
    """Return which font of a collection is the simplified Chinese cut; 0 for a single font."""
    if path.suffix.lower() not in _COLLECTIONS:
        return 0
    from fontTools.ttLib import TTCollection

    with TTCollection(path, lazy=True) as collection:
        names = [str(font["name"].getDebugName(1)) for font in collection.fonts]
    # The plain family before its monospaced sister.
    chinese = [index for index, name in enumerate(names) if name.endswith("CJK SC") and "Mono" not in name]
    return chinese[0] if chinese else 0
