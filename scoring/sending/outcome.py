"""What came of a list of parcels: every one of them stands in exactly one of the lists."""

from __future__ import annotations

from dataclasses import dataclass, field

from scoring.sending.errors import Reason
from scoring.sending.journal import Key


@dataclass(frozen=True)
class Item:
    """A town's parcel and what came of it; `to` is the address or the folder."""

    key: Key
    town: str
    to: str
    why: Reason


@dataclass
class Outcome:
    """What came of a list of parcels.

    Parameters
    ----------
    sent
        Went out now.
    already
        Had gone out before, or a person said so; nothing was done.
    failed
        Did not go out, for certain; the next run tries again.
    unclear
        May have gone out; nothing more is done with it before a person says which (`resolve`).
    ready
        Of a dry run: would be sent.
    notices
        What a person should hear beside it: a torn last line of the journal.
    """

    sent: list[Item] = field(default_factory=list)
    already: list[Item] = field(default_factory=list)
    failed: list[Item] = field(default_factory=list)
    unclear: list[Item] = field(default_factory=list)
    ready: list[Item] = field(default_factory=list)
    notices: list[Reason] = field(default_factory=list)
