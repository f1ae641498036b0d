"""Making a month's draw: committed to, drawn, written as work sheets; a second time it is the same."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from scoring.messages import say
from scoring.outfolder import write_whole
from scoring.supervision.sampling.importing import Office
from scoring.supervision.sampling.policy import Policy
from scoring.supervision.sampling.population import Listed
from scoring.supervision.sampling.record import (
    Commitment,
    Kind,
    Record,
    commit,
    finish,
    folder_of,
    list_text,
    read_commitment,
)
from scoring.supervision.sampling.sheets import Town, Words, sheet_bytes

_DIGITS: Final = 12


class NoDraw(Exception):
    """The draw is refused; the code and parameters say why."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Request:
    """What is asked for: seed and share or number, None for the usual; why a draw that was made is replaced."""

    seed: str | None = None
    share: Fraction | None = None
    number: int | None = None
    why: str | None = None


@dataclass(frozen=True)
class Made:
    """A draw, whether it was made now, and the work sheets that were written; those that lay there were left alone."""

    record: Record
    state: Literal["new", "same", "replaced"]
    written: list[Path]


def make(
    kind: Kind,
    month: str,
    listed: Sequence[Listed],
    asked: Request,
    policy: Policy,
    office: Office,
    now: Callable[[], datetime],
) -> Made:
    """Draw what is asked for, or find it drawn already; write the work sheets that are not there.

    Raises
    ------
    NoDraw
        There is nothing to draw from, or the month was drawn from another list or under other rules and nobody said
        why it should be drawn again.
    BrokenDraw
        What is kept of the draw does not fit together.
    OSError
        A file cannot be written.
    """
    folder = folder_of(office.root, kind, month)
    items = [one.item for one in listed]
    held, secret = read_commitment(folder) or (None, secrets.token_hex(16))
    text = list_text(items, secret)
    wanted = _commitment(kind, month, text, len(items), asked, policy, held, now)
    state: Literal["new", "same", "replaced"] = "new"
    if held is not None:
        state = "same"
        if changed := _changed(held, wanted):
            if asked.why is None:
                words = say("list-comma", office.lang).join(
                    say(f"sampling-changed-{name}", office.lang) for name in changed
                )
                raise NoDraw("sampling-drawn-already", month=month, draw=held.code, changed=words)
            state, wanted = "replaced", replace(wanted, replaces=held.code, why=asked.why)
        elif asked.why is not None:
            raise NoDraw("sampling-nothing-new", month=month)
    if state != "same":
        if not items:
            raise NoDraw(f"sampling-nobody-{kind}", month=month)
        commit(folder, wanted, text)
    record = finish(folder, listed)
    return Made(record, state, _sheets(record, office))


def _commitment(
    kind: Kind, month: str, text: bytes, count: int, asked: Request, policy: Policy, held: Commitment | None,
    now: Callable[[], datetime],
) -> Commitment:  # fmt: skip
    """Return what would be committed to; a seed that nobody names is the one that was drawn with, else a fresh one."""
    usual = policy.share if kind == "sample" else policy.look_back.share
    seed = asked.seed or (held.seed if held else str(secrets.randbelow(9 * 10 ** (_DIGITS - 1)) + 10 ** (_DIGITS - 1)))
    share, number = asked.share, asked.number
    if share is None and number is None:
        share, number = (held.share, held.number) if held else (usual, None)
    risk = policy.risk if kind == "sample" else None
    return Commitment(
        kind, month, hashlib.sha256(text).hexdigest(), count, seed, share, number,
        tuple(risk.first) if risk else (), risk.most if risk else Fraction(0), policy.sha256,
        now().isoformat(timespec="seconds"),
    )  # fmt: skip


def _changed(held: Commitment, wanted: Commitment) -> list[str]:
    """Return in what two commitments differ."""
    found = {
        "list": held.list_sha256 != wanted.list_sha256,
        "seed": held.seed != wanted.seed,
        "share": (held.share, held.number) != (wanted.share, wanted.number),
        "policy": held.policy != wanted.policy,
    }
    return [name for name, differs in found.items() if differs]


def _sheets(record: Record, office: Office) -> list[Path]:
    """Write each town's work sheet that is not there: one that is being filled in is never written over."""
    kind, lang = record.commitment.kind, office.lang
    count = Counter(item.town for item in record.items)
    words = Words(office.points, office.vocabulary.severities, office.labels, lang)
    written = []
    for code in sorted({one.item.town for one, _ in record.drawn}):
        name = office.towns.get(code, code)
        path = record.folder / f"{say(f'sampling-file-{kind}', lang, code=code, town=name)}.xlsx"
        if not path.exists():
            write_whole(path, sheet_bytes(record, Town(code, name, count[code]), words))
            written.append(path)
    return written
