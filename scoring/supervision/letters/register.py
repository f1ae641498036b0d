"""The register of the section's own serials: a number is written down before its letter is made.

One line of JSON a step, on the disk before the next: `taken` (the number is this letter's), `made` (its files lie in
their folder), `void` (it will never be used, and why). Numbers run from 1 within a kind and a year, without gaps or
repeats. A last line that a kill tore off is no line; whoever holds the register (`scoring.outfolder.locked`) drops it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

State = Literal["taken", "made", "void"]
NAME: Final = "register.jsonl"


class RegisterError(Exception):
    """The register cannot be read or the step is not possible; `code` and `parameters` say why."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True, order=True)
class Serial:
    """A number of the section's own series."""

    kind: str
    year: int
    number: int


@dataclass(frozen=True)
class Entry:
    """What the register knows of a serial.

    Attributes
    ----------
    members
        Numbers of the findings that the letter is about.
    files
        Name → SHA-256 of what was made of it.
    why
        Why it is void.
    """

    serial: Serial
    town: str
    sent_on: date
    due_on: date | None
    members: tuple[str, ...]
    state: State = "taken"
    files: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    @property
    def same(self) -> tuple[object, ...]:
        """What makes two letters one: kind, town, and what they are about."""
        return (self.serial.kind, self.town, frozenset(self.members))


class Register:
    """An append-only file; who writes holds its folder alone.

    Raises
    ------
    RegisterError
        A line before the last is none (`letters-register-bad`).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[Serial, Entry] = {}
        self._whole = 0
        content = path.read_bytes() if path.is_file() else b""
        *lines, _torn = content.split(b"\n")
        for number, line in enumerate(lines, 1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError):
                raise RegisterError("letters-register-bad", file=path, line=number) from None
            self._whole += len(line) + 1

    def _take(self, said: Mapping[str, Any]) -> None:
        serial = Serial(said["kind"], said["year"], said["number"])
        if said["step"] == "taken":
            due = date.fromisoformat(said["due_on"]) if said["due_on"] else None
            self.entries[serial] = Entry(
                serial, said["town"], date.fromisoformat(said["sent_on"]), due, tuple(said["members"])
            )
        elif said["step"] == "made":
            self.entries[serial] = replace(self.entries[serial], state="made", files=dict(said["files"]))
        else:
            self.entries[serial] = replace(self.entries[serial], state="void", why=str(said["why"]))

    def next(self, kind: str, year: int) -> Serial:
        """Return the first number of a kind and a year that nobody has taken."""
        taken = [one.number for one in self.entries if (one.kind, one.year) == (kind, year)]
        return Serial(kind, year, max(taken, default=0) + 1)

    def unfinished(self) -> list[Entry]:
        """Return what was taken and neither made nor declared void: a run was cut short."""
        return [one for one in self.entries.values() if one.state == "taken"]

    def take(self, entry: Entry) -> None:
        """Write down that a number is this letter's.

        Raises
        ------
        OSError
            It cannot be written: the letter must not be made.
        """
        known = self.entries.get(entry.serial)
        assert known is None or known.state == "taken", "a number is used once"
        said = {
            "town": entry.town,
            "sent_on": entry.sent_on.isoformat(),
            "due_on": entry.due_on.isoformat() if entry.due_on else None,
            "members": list(entry.members),
        }
        self._write("taken", entry.serial, **said)

    def made(self, serial: Serial, files: Mapping[str, str]) -> None:
        """Write down that a letter's files lie in their folder."""
        self._write("made", serial, files=dict(files))

    def void(self, serial: Serial, why: str) -> None:
        """Write down that a number will never be used.

        Raises
        ------
        RegisterError
            There is no such number (`letters-no-serial`), it is void already (`letters-void-already`), or nobody says
            why (`letters-void-why`).
        """
        entry = self.entries.get(serial)
        if entry is None:
            raise RegisterError("letters-no-serial", serial=f"{serial.kind} {serial.year}-{serial.number:03d}")
        if entry.state == "void":
            raise RegisterError("letters-void-already", serial=f"{serial.kind} {serial.year}-{serial.number:03d}")
        if not why.strip():
            raise RegisterError("letters-void-why")
        self._write("void", serial, why=why.strip())

    def _write(self, step: State, serial: Serial, **said: Any) -> None:
        line = {"step": step, **asdict(serial), **said}
        content = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            os.ftruncate(handle, self._whole)  # what a kill tore off
            os.lseek(handle, 0, os.SEEK_END)
            written = 0
            while written < len(content):
                written += os.write(handle, content[written:])
            os.fsync(handle)
        finally:
            os.close(handle)
        self._whole += len(content)
        self._take(line)
