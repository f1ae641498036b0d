"""A town's packed files: each bears the town's code, and nothing leaves that names another town's."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.tables import TOWN_CODE
from scoring.packing.known import folder_of
from scoring.sending.errors import SendingError
from scoring.sending.journal import Key

# A period's id or an interval's, as the name of a folder and a part of a key.
_PERIOD: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
# What Windows keeps out of names, and with it the paths of a shared folder.
_FORBIDDEN: Final = frozenset('<>:"/\\|?*')
_LONGEST_NAME: Final = 240
"""In bytes: of the 255 that a file system has, some are for the hidden name a file is written under."""


@dataclass(frozen=True)
class Parcel:
    """What one town is to get of one edition.

    Parameters
    ----------
    files
        Paths of the packed files; each name begins with the town's code, alone or followed by no letter or digit.
    sha256
        File name → hash, as they were packed.

    Raises
    ------
    SendingError
        A file names another town (`sending-other-town`), names and hashes do not pair (`sending-no-hash`), or a name
        holds what no header or folder can (`sending-bad-name`).
    """

    town_code: str
    town: str
    period: str
    edition: int
    run_code: str
    files: tuple[Path, ...]
    sha256: Mapping[str, str]
    stage: str = "published"
    """Or `comment`: a draft that towns may object to."""

    def __post_init__(self) -> None:
        names = [path.name for path in self.files]
        for text in (self.town, *names):
            if not is_plain(text):
                raise SendingError("sending-bad-name", town=self.town_code, name=ascii(text))
        if not re.match(TOWN_CODE, self.town_code) or not _PERIOD.fullmatch(self.period) or self.edition < 1:
            raise SendingError("sending-bad-name", town=ascii(self.town_code), name=ascii(self.period))
        for name in names:
            if not begins_with(name, self.town_code):
                raise SendingError("sending-other-town", town=self.town_code, name=name)
        # Of names alike but for case, a folder on Windows keeps one.
        if not names or len({name.casefold() for name in names}) < len(names) or set(names) != set(self.sha256):
            raise SendingError("sending-no-hash", town=self.town_code)

    @property
    def printed_hash(self) -> str:
        """What registers and the sheet to sign on print: the archive's hash, or of several files that over them all."""
        return next(iter(self.sha256.values())) if len(self.sha256) == 1 else key_of("", self).files

    @property
    def folder(self) -> str:
        """What the folder of these packages is called, here and on a share."""
        return folder_of(self.period, self.edition, self.stage)

    def read(self) -> dict[str, bytes]:
        """Return the content of every file by its name, as it was packed.

        Raises
        ------
        SendingError
            A file cannot be read, or is not as it was packed (`sending-altered`).
        """
        return {path.name: self._read_one(path) for path in self.files}

    def _read_one(self, path: Path) -> bytes:
        try:
            content = path.read_bytes()
        except OSError:
            content = None
        if content is None or hashlib.sha256(content).hexdigest() != self.sha256[path.name]:
            raise SendingError("sending-altered", town=self.town_code, name=path.name)
        return content


def key_of(way: str, parcel: Parcel) -> Key:
    """Return what the journal knows a parcel by, on a way out (`mail`, `folder`)."""
    files = json.dumps(sorted(parcel.sha256.items()), ensure_ascii=False)
    digest = hashlib.sha256(files.encode()).hexdigest()
    return Key(way, parcel.period, parcel.edition, parcel.town_code, digest, parcel.stage)


def is_plain(text: str) -> bool:
    """Tell whether a text can be a name everywhere: one printable line without what Windows forbids in names."""
    return (
        bool(text)
        and text == text.strip()
        and not text.startswith(".")
        and not text.endswith(".")
        and len(text.encode("utf-8", "surrogatepass")) <= _LONGEST_NAME
        and not _FORBIDDEN & set(text)
        # Controls, marks that turn the direction of writing, surrogates, separators of lines and paragraphs.
        and all(unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in text)
    )


def begins_with(name: str, code: str) -> bool:
    """Tell whether a file name's first token is this code.

    Examples
    --------
    >>> begins_with("T01_report.pdf", "T01"), begins_with("T011.pdf", "T01")
    (True, False)
    """
    rest = name[len(code) :]
    return name.startswith(code) and bool(rest) and not (rest[0].isascii() and rest[0].isalnum())


def check_together(parcels: Sequence[Parcel], codes: Iterable[str]) -> None:
    """Refuse a list in which a town stands twice, or a file bears the longer code of another of these towns.

    Raises
    ------
    SendingError
        `sending-twice-listed`, `sending-other-town`.
    """
    seen: set[tuple[str, str, int, str]] = set()
    known = {*codes, *(parcel.town_code for parcel in parcels)}
    for parcel in parcels:
        one = (parcel.town_code, parcel.period, parcel.edition, parcel.stage)
        if one in seen:
            raise SendingError("sending-twice-listed", town=parcel.town_code, period=parcel.period)
        seen.add(one)
        for path in parcel.files:
            # Codes may hold the marks that end a token: of T01 and T01-2, the longer one is meant.
            named = max((code for code in known if begins_with(path.name, code)), key=len, default="")
            if named != parcel.town_code:
                raise SendingError("sending-other-town", town=parcel.town_code, name=path.name)
