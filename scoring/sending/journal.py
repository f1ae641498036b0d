"""The journal of what went out: one line before and after each step, on the disk before the step is taken.

A line is a JSON object whose last value, `seal`, is the hash of the line before it and of its own bytes up to there. A
line that a kill tore off lacks its seal and is passed over: the step after it was never taken. Any other line that is
not as it was written is refused. What no chain of its own can show is that whole lines are missing at the end.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from scoring.sending.errors import Reason, SendingError

Step = Literal["taken", "begun", "unclear", "done", "refused", "resolved"]

_FIRST: Final = "townscore sending 1"
_LINE: Final = re.compile(rb'(\{.*),"seal":"([0-9a-f]{64})"\}', re.DOTALL)
_SEALED: Final = re.compile(rb'"seal":"[0-9a-f]{64}"\}')


class State(StrEnum):
    """Where a parcel stands on one way out."""

    UNTOUCHED = "untouched"
    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, order=True)
class Key:
    """What a parcel is known by: `files` is the hash over the names and hashes of its files."""

    way: str
    period: str
    edition: int
    town: str
    files: str
    stage: str = "published"

    @property
    def of(self) -> tuple[str, str, int, str, str]:
        """What stays the same when the files are made anew."""
        return (self.way, self.period, self.edition, self.town, self.stage)


@dataclass(frozen=True)
class Line:
    """One line: when, what of which parcel, and what more is said of it."""

    at: str
    step: str
    key: Key
    said: Mapping[str, Any]


class Journal:
    """An append-only file of sealed lines; who writes holds it alone (`held`).

    Parameters
    ----------
    path
        The file; it is made by the first line, its folder must be there.

    Raises
    ------
    SendingError
        A line was changed (`sending-journal-changed`), or the file cannot be read (`sending-journal-unreadable`).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notices: list[Reason] = []
        self.lines: list[Line] = []
        self._states: dict[Key, State] = {}
        self._last = _FIRST
        self._length = 0
        self._unended = False
        self._handle: int | None = None
        self.refresh()

    def state(self, key: Key) -> State:
        """Return where a parcel stands."""
        return self._states.get(key, State.UNTOUCHED)

    def others(self, key: Key) -> list[Key]:
        """Return the keys of the same town and edition, the same way, with other files, that are or may be out."""
        return [
            other
            for other, state in self._states.items()
            if other.of == key.of and other.files != key.files and state in {State.BEGUN, State.DONE}
        ]

    def unclear(self) -> list[Key]:
        """Return what was begun by mail and may be out, in the order of the journal: a person is to say which."""
        return [key for key, state in self._states.items() if state is State.BEGUN and key.way == "mail"]

    def last(self, key: Key) -> Line | None:
        """Return the last line on a parcel."""
        return next((line for line in reversed(self.lines) if line.key == key), None)

    def refresh(self) -> None:
        """Read the file again: another process may have written.

        Raises
        ------
        SendingError
            As for the class.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise SendingError("sending-journal-unreadable", file=str(self.path), what=_plain(error)) from None
        self.lines, self._states, self._last, self._length, self._unended = [], {}, _FIRST, 0, False
        *whole, tail = content.split(b"\n")
        for line in whole:
            self._take(line)
            self._length += len(line) + 1
        # After a loss of power, a file may be as long as it was to become and end in zeros.
        rest = tail.rstrip(b"\0")
        if _SEALED.search(rest):
            self._take(rest)
            self._length += len(rest)
            self._unended = True
        torn = len(content) - self._length
        self.notices = [Reason("sending-journal-torn", {"file": str(self.path), "bytes": str(torn)})] if torn else []

    def _take(self, text: bytes) -> None:
        match = _LINE.fullmatch(text)
        if match is None or _seal(self._last, match[1]) != match[2].decode():
            raise SendingError("sending-journal-changed", file=str(self.path), line=str(len(self.lines) + 1))
        said = json.loads(text)
        key = Key(**said["key"])
        self._last = match[2].decode()
        self._apply(Line(said["at"], said["step"], key, said["said"]))

    def _apply(self, line: Line) -> None:
        self.lines.append(line)
        if line.step == "resolved":
            self._states[line.key] = State.DONE if line.said["sent"] else State.REFUSED
        elif line.step in {"begun", "done", "refused"}:
            self._states[line.key] = State(line.step)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the journal alone for writing, read anew and cleared of a torn end; the notice of it stays.

        Raises
        ------
        SendingError
            Another process holds it (`sending-busy`), it was changed, or it cannot be written.
        """
        assert self._handle is None
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o660)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SendingError("sending-busy", file=str(self.path)) from None
            self.refresh()
            self._repair(handle)
            self._handle = handle
            yield
        finally:
            self._handle = None
            os.close(handle)

    def _repair(self, handle: int) -> None:
        try:
            os.ftruncate(handle, self._length)
            if self._unended:
                os.write(handle, b"\n")
                self._length += 1
            os.fsync(handle)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._unwritable(error) from None

    def note(self, step: Step, key: Key, at: datetime, **said: Any) -> None:
        """Write a line; when this returns it is on the disk.

        Raises
        ------
        SendingError
            It cannot be written (`sending-journal-unwritable`): what is to follow the line must not be done.
        """
        assert self._handle is not None, "held() first"
        if key.way == "mail" and step == "begun":
            # Whoever calls has asked already; that nothing is sent twice must not hang on one question.
            assert self.state(key) in {State.UNTOUCHED, State.REFUSED}
        line = Line(at.isoformat(), step, key, said)
        body = _body(line)
        seal = _seal(self._last, body)
        content = body + f',"seal":"{seal}"}}\n'.encode()
        try:
            written = 0
            while written < len(content):
                written += os.write(self._handle, content[written:])
            os.fsync(self._handle)
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(self._handle, self._length)
            self._handle = None  # what the disk holds now is not known: nothing more is written
            raise self._unwritable(error) from None
        self._last = seal
        self._length += len(content)
        self._apply(line)

    def _unwritable(self, error: OSError) -> SendingError:
        return SendingError("sending-journal-unwritable", file=str(self.path), what=_plain(error))


def resolve(journal: Journal, key: Key, sent: bool, by: str, why: str, now: datetime) -> None:
    """Let a person say what became of a parcel: that it arrived, or that it did not and may be sent again.

    A mail that the server took may also be said not to have arrived, as when it came back.

    Raises
    ------
    SendingError
        Nothing is unclear about it (`sending-not-unclear`), or it is not said who and why (`sending-who-and-why`).
    """
    if not by.strip() or not why.strip():
        raise SendingError("sending-who-and-why")
    with journal.held():
        state = journal.state(key)
        if not (state is State.BEGUN or (state is State.DONE and not sent)):
            raise SendingError("sending-not-unclear", town=key.town, period=key.period)
        journal.note("resolved", key, now, sent=sent, by=by.strip(), why=why.strip())


def _body(line: Line) -> bytes:
    """Return a line up to its seal, the closing brace left out."""
    said = {"at": line.at, "step": line.step, "key": asdict(line.key), "said": dict(line.said)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))[:-1].encode("utf-8", "replace")


def _seal(before: str, body: bytes) -> str:
    return hashlib.sha256(before.encode() + b"\n" + body).hexdigest()


def _plain(error: OSError) -> str:
    return error.strerror or type(error).__name__
