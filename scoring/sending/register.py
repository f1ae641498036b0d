"""The register: who got which edition, when, by which way, with what hash, and who signed for it.

Nothing is kept but the journal; the register is what it says, beside the packages that are there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from scoring.sending.errors import SendingError
from scoring.sending.journal import Journal, Key, State

RECEIPT: Final = "receipt"
"""The way of a line that says who signed."""


@dataclass(frozen=True)
class Entry:
    """A town's package on one way; `receipt` and `signed_on` are empty until somebody has signed.

    `replaces` is the edition that this one takes the place of, 0 where it is the first.
    """

    period: str
    edition: int
    town_code: str
    way: str
    state: State
    at: str
    to: str
    hash: str
    receipt: str = ""
    signed_on: str = ""
    replaces: int = 0
    stage: str = "published"


def entries(journal: Journal, periods: Sequence[str] = ()) -> list[Entry]:
    """Return the register, by period, edition, stage, town and way; of all periods where none is named."""
    signed = {key.of[1:]: journal.last(key) for key in _keys(journal) if key.way == RECEIPT}
    found = []
    for key in _keys(journal):
        if key.way == RECEIPT or (periods and key.period not in periods):
            continue
        line = journal.last(key)
        assert line is not None
        to, sha256 = (_last_said(journal, key, name) for name in ("to", "sha256"))
        receipt = signed.get(key.of[1:])
        said: Mapping[str, object] = receipt.said if receipt else {}
        found.append(
            Entry(
                key.period, key.edition, key.town, key.way, journal.state(key), line.at, to, sha256 or key.files,
                str(said.get("by", "")), str(said.get("on", "")), key.edition - 1 if key.stage == "published" else 0,
                key.stage,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.period, one.edition, one.stage != "comment", one.town_code, one.way))


def _last_said(journal: Journal, key: Key, name: str) -> str:
    return next((str(one.said[name]) for one in reversed(journal.lines) if one.key == key and name in one.said), "")


def _keys(journal: Journal) -> list[Key]:
    return list(dict.fromkeys(line.key for line in journal.lines))


def sign(
    journal: Journal, period: str, edition: int, town: str, by: str, on: str, now: datetime, stage: str = "published"
) -> None:
    """Note that a town has signed for what it was handed.

    Raises
    ------
    SendingError
        It was handed nothing of that edition (`sending-nothing-handed`), or it is not said who (`sending-who-and-why`).
    """
    if not by.strip():
        raise SendingError("sending-who-and-why")
    with journal.held():
        handed = [
            key
            for key in _keys(journal)
            if key.of[1:] == (period, edition, town, stage)
            and key.way != RECEIPT
            and journal.state(key) in {State.DONE, State.BEGUN}
        ]
        if not handed:
            raise SendingError("sending-nothing-handed", town=town, period=period)
        key = Key(RECEIPT, period, edition, town, handed[-1].files, stage)
        journal.note("done", key, now, by=by.strip(), on=on)
