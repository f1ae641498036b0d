"""Letters made: each has its number before it is there, its files appear whole, and it is logged.

Whoever calls holds the folder (`scoring.outfolder.locked`): one command at a time takes numbers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.packing.town import safe_name
from scoring.supervision.escalation.ladder import Matter
from scoring.supervision.escalation.outgoing import SPOKEN, Outgoing
from scoring.supervision.escalation.picture import Picture
from scoring.supervision.letters.log import write_log
from scoring.supervision.letters.register import Entry, Register, RegisterError, Serial
from scoring.supervision.letters.view import confirmation

KINDS: Final = ("work_note", "advisory_letter", "supervision_letter", "circular", "confirmation")
"""Kinds of which papers are made."""
_SERIAL: Final = re.compile(r"(.+?)[-_ ]?(\d{4})-(\d{1,5})")

Papers = Callable[[Outgoing, Serial], Mapping[str, bytes]]
"""Makes a letter's files: ending → content."""


@dataclass(frozen=True)
class Made:
    """A letter that was made, or that would be."""

    out: Outgoing
    serial: Serial
    files: tuple[Path, ...] = ()


def to_write(
    picture: Picture, register: Register, towns: Sequence[str] | None = None, kinds: Sequence[str] | None = None
) -> list[Outgoing]:
    """Return the letters that are to be written at the day, by town; calls and visits are none.

    A problem that a letter of this register was about, and that is mended, is confirmed once.
    """
    found = [one for one in picture.outgoing if one.kind not in SPOKEN]
    found += _confirmations(picture, register)
    order = {code: place for place, code in enumerate(picture.towns)}
    found = [
        one for one in found if (towns is None or one.town in towns) and (kinds is None or one.kind in kinds)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (order.get(one.town, len(order)), KINDS.index(one.kind), one.due_on))


def _confirmations(picture: Picture, register: Register) -> list[Outgoing]:
    made = [one for one in register.entries.values() if one.state == "made"]
    # A hint asks for no single problem's correction.
    asking = [one for one in made if one.serial.kind in KINDS[1:4] and one.sent_on <= picture.on]
    asked = {finding for one in asking for finding in one.members}
    told = {finding for one in made if one.serial.kind == "confirmation" for finding in one.members}
    closed: dict[str, list[Matter]] = {}
    for matter in picture.matters:
        # The letter may name a partner of the finding that is kept now.
        members = set(matter.members)
        if matter.fixed and members & asked and not members & told:
            closed.setdefault(matter.town, []).append(matter)
    return [confirmation(town, matters, picture.on) for town, matters in closed.items()]


def make_letters(
    planned: Sequence[Outgoing],
    whole: Sequence[Outgoing],
    papers: Papers,
    register: Register,
    folder: Path,
    picture: Picture,
    data: Path,
) -> list[Made]:
    """Make and log the letters; return what was made.

    A number that an earlier run took and never used goes to the same letter; where that is not among the `whole` of
    what is to be written any more, the number is void. What was made before a fault stays made.

    Raises
    ------
    RegisterError
        There are letters of a later day (`letters-backdated`): numbers and days go the same way.
    OSError
        Something cannot be written.
    """
    on = picture.on
    papers_of = [one.sent_on for one in register.entries.values() if one.state == "made" and one.serial.kind in KINDS]
    if planned and max(papers_of, default=on) > on:
        raise RegisterError("letters-backdated", day=max(papers_of))
    left = register.unfinished()
    needed = {_entry(out, Serial(out.kind, on.year, 0), on).same for out in whole}
    waiting = {one.same: one.serial for one in left if one.serial.year == on.year}
    made: list[Made] = []
    try:
        for out in planned:
            serial = waiting.pop(_entry(out, Serial(out.kind, on.year, 0), on).same, None)
            serial = serial or register.next(out.kind, on.year)
            contents = papers(out, serial)  # a letter that cannot be printed takes no number
            _clear(register, serial, folder)
            register.take(_entry(out, serial, on))
            place = folder / on.isoformat()
            place.mkdir(exist_ok=True)
            files = {}
            for ending, content in contents.items():
                path = place / f"{file_stem(out, serial, picture)}.{ending}"
                write_whole(path, content)
                files[path] = hashlib.sha256(content).hexdigest()
            register.made(serial, {path.relative_to(folder).as_posix(): digest for path, digest in files.items()})
            made.append(Made(out, serial, tuple(files)))
        for one in left:
            if one.same not in needed or one.serial.year != on.year:
                _clear(register, one.serial, folder)
                register.void(one.serial, say("letters-interrupted", "zh"))
    finally:
        write_log(register, data)
    return made


def _entry(out: Outgoing, serial: Serial, on: date) -> Entry:
    return Entry(serial, out.town, on, out.due_on, out.members)


def _clear(register: Register, serial: Serial, folder: Path) -> None:
    """Take away what a run that was cut short wrote under a number on another day."""
    known = register.entries.get(serial)
    if known is not None:
        tail = f"_{_kind_file(serial.kind)}_{serial.year}-{serial.number:03d}"
        for path in (folder / known.sent_on.isoformat()).glob(f"{known.town}_*{tail}.*"):
            path.unlink()


def file_stem(out: Outgoing, serial: Serial, picture: Picture) -> str:
    """Return what the files of a letter are called: code, town, kind, number."""
    town = safe_name(picture.towns[out.town])
    return f"{out.town}_{town}_{_kind_file(out.kind)}_{serial.year}-{serial.number:03d}"


def _kind_file(kind: str) -> str:
    return safe_name(say(_word(kind), "zh"))


def log_calls(planned: Sequence[Outgoing], register: Register, on: date, data: Path) -> list[Serial]:
    """Log calls and visits as made on `on`; return their numbers."""
    made = []
    for out in planned:
        serial = register.next(out.kind, on.year)
        register.take(_entry(out, serial, on))
        register.made(serial, {})
        made.append(serial)
    write_log(register, data)
    return made


def void_letter(text: str, why: str, register: Register, folder: Path, data: Path) -> Serial:
    """Declare a number void, mark its files, and take it out of the log.

    Raises
    ------
    RegisterError
        `letters-serial-form`, or see `Register.void`.
    """
    serial = serial_of(text)
    entry = register.entries.get(serial)
    register.void(serial, why)
    for name in entry.files if entry else ():
        path = folder / name
        if path.is_file():
            path.replace(path.with_name(say("letters-void-mark", "zh") + path.name))
    write_log(register, data)
    return serial


def serial_of(text: str) -> Serial:
    """Return the serial that a text names: as printed, or as the log has it.

    Raises
    ------
    RegisterError
        It names none (`letters-serial-form`).

    Examples
    --------
    >>> serial_of("circular-2025-003")
    Serial(kind='circular', year=2025, number=3)
    """
    match = _SERIAL.fullmatch(text.strip())
    spoken = (*KINDS, *SPOKEN)
    names = {say(_word(kind), lang): kind for kind in spoken for lang in ("zh", "en")} | {kind: kind for kind in spoken}
    if match is None or match[1] not in names:
        raise RegisterError("letters-serial-form", text=text)
    return Serial(names[match[1]], int(match[2]), int(match[3]))


def _word(kind: str) -> str:
    return f"due-kind-{kind.replace('_', '-')}"
