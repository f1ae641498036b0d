"""The program's own sheet of the letters table, written whole from the register: what the score and `due` read."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from schemas.tables import catalogue, table_for
from schemas.vocabulary import Vocabulary
from scoring.intake.columns import names_of
from scoring.intake.headings import Headings
from scoring.intake.limits import Limits
from scoring.intake.problems import Problems
from scoring.intake.reader import Placed, Reader
from scoring.intake.sandbox import Unread, read_files
from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.reports.book import Book, Column, Kind
from scoring.scratch import scratch
from scoring.supervision.letters.register import Entry, Register, RegisterError, Serial

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
    RegisterError
        It holds a row that no letter of the register gives (`letters-log-foreign`): it would be lost.
    """
    kinds = catalogue().tables["letters"].columns["kind"].choices
    entries = [one for one in register.entries.values() if one.state == "made" and one.serial.kind in kinds]
    path = data / say("letters-log-file", _LANG)
    if not entries and not path.exists():
        return False
    content = _book(sorted(entries, key=lambda one: (one.sent_on, one.serial)), kinds)
    if path.is_file() and path.read_bytes() == content:
        return False
    if path.is_file() and (row := _foreign_row(path, {letter_id(serial) for serial in register.entries})):
        raise RegisterError("letters-log-foreign", file=path.name, row=row)
    write_whole(path, content)
    return True


def _foreign_row(path: Path, own: set[str]) -> int | None:
    """Return the first row of the sheet that bears none of these numbers; None where every row is one of ours."""
    table = table_for("letters", Vocabulary())
    reader = Reader({"letters": table}, names_of(Vocabulary(), {}), Problems())
    with scratch() as texts:
        for sheet in read_files([(path, "xlsx")], frozenset(Headings([table]).columns), texts, Limits()):
            if not isinstance(sheet, Unread):
                reader.lay_out(Placed(sheet, "letters", "", named=True, alone=True))
    rows = reader.values("letters")
    others = rows.filter(~pl.col("letter_id").is_in(list(own)).fill_null(value=False))
    return int(others["source_row"].min()) if others.height else None  # type: ignore[arg-type]


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
