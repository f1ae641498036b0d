"""The program's own sheet of the letters table, written whole from the register: what the score and `due` read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from schemas.tables import catalogue
from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.reports.book import Book, Column, Kind
from scoring.supervision.letters.register import Entry, Register, Serial

_LANG: Final = "zh"
_COLUMNS: Final[tuple[tuple[str, float, Kind], ...]] = (
    ("letter_id", 20, "text"), ("town", 14, "text"), ("kind", 12, "text"), ("sent_on", 12, "date"),
    ("finding_ids", 40, "long"), ("due_on", 12, "date"), ("remark", 26, "long"),
)  # fmt: skip


def letter_id(serial: Serial) -> str:
    """Return the number of a letter in the letters table, the same for ever: the Chinese word, the year, the number."""
    word = say(f"due-kind-{serial.kind.replace('_', '-')}", _LANG)
    return f"{word}-{serial.year}-{serial.number:03d}"


def write_log(register: Register, data: Path) -> bool:
    """Let the sheet say what the register says; return whether it had to be written.

    It is Chinese in every language: one letter must not stand in two files.

    A letter that was taken and not made is not logged, nor one that is void; a confirmation asks for nothing.

    Raises
    ------
    OSError
        It cannot be written.
    """
    kinds = catalogue().tables["letters"].columns["kind"].choices
    entries = [one for one in register.entries.values() if one.state == "made" and one.serial.kind in kinds]
    path = data / say("letters-log-file", _LANG)
    if not entries and not path.exists():
        return False
    content = _book(sorted(entries, key=lambda one: (one.sent_on, one.serial)), kinds)
    if path.is_file() and path.read_bytes() == content:
        return False
    write_whole(path, content)
    return True


def _book(entries: list[Entry], kinds: Mapping[str, tuple[str, ...]]) -> bytes:
    table = catalogue().tables["letters"]
    columns = [Column(table.columns[name].zh, width, kind) for name, width, kind in _COLUMNS]
    rows = [
        [
            letter_id(one.serial),
            one.town,
            kinds[one.serial.kind][0],
            one.sent_on,
            ";".join(one.members),
            one.due_on,
            say("letters-log-remark", _LANG),
        ]
        for one in entries
    ]
    made = max((one.sent_on for one in entries), default=date(2000, 1, 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.xlsx"
        title = say("letters-log-title", _LANG)
        with Book(path, title=title, run_line=title, made=made, decimals=0, lang=_LANG) as book:
            book.table(table.zh, columns, rows)
        return path.read_bytes()
