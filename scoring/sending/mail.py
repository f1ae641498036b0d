"""By mail: each town's parcel to its own address, one after the other, each step written down before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from scoring.interrupts import obey
from scoring.sending.address import checked_addresses
from scoring.sending.dialogue import Dialogue, NotSent, Unclear
from scoring.sending.errors import Reason, SendingError
from scoring.sending.journal import Journal, Key, State
from scoring.sending.letter import Render
from scoring.sending.message import message_id, message_of
from scoring.sending.outcome import Item, Outcome
from scoring.sending.parcel import Parcel, check_together, key_of
from scoring.sending.server import Secret, Server

_IN_A_ROW: Final = 3
"""After so many connections that did not come about, no further one is tried in this run."""


def send(
    parcels: Sequence[Parcel],
    addresses: Mapping[str, str],
    server: Server,
    password: Secret | None,
    journal: Journal,
    render: Render,
    now: Callable[[], datetime],
    dry_run: bool = False,
    *,
    shared_addresses: bool = False,
    anew: bool = False,
) -> Outcome:
    """Send every parcel that has not gone out to its town's address.

    Parameters
    ----------
    addresses
        Town code → address, of the towns table as published.
    password
        None only where the server has no user, and of a dry run.
    render
        Words a town's mail; called before anything is sent, so that a mistake in a template stops all of it.
    now
        The clock, with its time zone: for the date of a mail and the journal.
    dry_run
        Check everything, connect to nothing, write nothing: what would go out is in `ready`.
    shared_addresses
        Two towns may have one address.
    anew
        A town that has other files of the same edition and stage gets these as well: somebody has said so.

    Raises
    ------
    SendingError
        Something is wrong with the list, an address, a file or a header before anything was sent; or the journal
        cannot be had, or no longer be written: the next run goes on where this one stood.
    """
    checked = checked_addresses(addresses, shared_addresses)
    check_together(parcels, addresses)
    if server.user and password is None and not dry_run:
        raise SendingError("sending-bad-server", name="password")
    post = _Post(checked, server, password, journal, render, now, anew)
    for parcel in parcels:
        if parcel.town_code in checked:
            post.message(parcel)
    if dry_run:
        journal.refresh()
        post.outcome.notices.extend(journal.notices)
        for parcel in parcels:
            if post.is_due(parcel):
                post.outcome.ready.append(post.item(parcel, Reason("sending-ready")))
        return post.outcome
    with journal.held(), post:
        post.outcome.notices.extend(journal.notices)
        for parcel in parcels:
            obey()
            if post.is_due(parcel):
                post.one(parcel)
    return post.outcome


@dataclass
class _Post:
    """One run: the connection it has, and what came of the parcels so far."""

    addresses: Mapping[str, str]
    server: Server
    password: Secret | None
    journal: Journal
    render: Render
    now: Callable[[], datetime]
    anew: bool
    outcome: Outcome = field(default_factory=Outcome)
    _dialogue: Dialogue | None = None
    _in_a_row: int = 0
    _stopped: Reason | None = None

    def __post_init__(self) -> None:
        self._context = self.server.context()

    def __enter__(self) -> None:
        """Nothing: a connection is made when one is needed."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # In the midst of a mail a QUIT would be part of it, and no answer would come.
        self._hang_up(polite=kind is None)

    def item(self, parcel: Parcel, why: Reason) -> Item:
        """Return what came of a parcel."""
        return Item(key_of("mail", parcel), parcel.town, self.addresses.get(parcel.town_code, ""), why)

    def message(self, parcel: Parcel) -> bytes:
        """Return a parcel's mail.

        Raises
        ------
        SendingError
            A file is not as it was packed, or the subject no header.
        """
        key = key_of("mail", parcel)
        to = self.addresses[parcel.town_code]
        return message_of(key, self.server.sender, to, self.render(parcel), parcel.read(), self.now())

    def is_due(self, parcel: Parcel) -> bool:
        """Tell whether a parcel is to go out, and put it on its list when not."""
        key = key_of("mail", parcel)
        state = self.journal.state(key)
        if state is State.DONE:
            self.outcome.already.append(self.item(parcel, Reason("sending-already")))
        elif state is State.BEGUN:
            self.outcome.unclear.append(self.item(parcel, self._why_unclear(key)))
        elif self.journal.others(key) and not self.anew:
            self.outcome.unclear.append(self.item(parcel, Reason("sending-other-files")))
        elif parcel.town_code not in self.addresses:
            self.outcome.failed.append(self.item(parcel, Reason("sending-no-address")))
        else:
            return True
        return False

    def _why_unclear(self, key: Key) -> Reason:
        line = self.journal.last(key)
        assert line is not None
        return Reason("sending-unclear-before", {"at": line.at})

    def one(self, parcel: Parcel) -> None:
        """Send a parcel; it ends on one of the lists."""
        if self._stopped is not None:
            self.outcome.failed.append(self.item(parcel, self._stopped))
            return
        key, to = key_of("mail", parcel), self.addresses[parcel.town_code]
        said = {"to": to, "id": message_id(key, self.server.sender), "sha256": parcel.printed_hash}
        self.journal.note("taken", key, self.now(), **said)
        try:
            data = self.message(parcel)
            dialogue = self._connected()
            reply = dialogue.deliver(to, data, lambda: self.journal.note("begun", key, self.now(), **said))
        except Unclear as unclear:
            self._hang_up()
            self.journal.note("unclear", key, self.now(), **_said(unclear.reason))
            self.outcome.unclear.append(self.item(parcel, unclear.reason))
        except NotSent as failed:
            self._hang_up()
            self._not_sent(parcel, key, failed.reason)
        except SendingError as error:
            # Of the journal it says that the next step must not be taken; of a file, that this town's waits.
            if error.code.startswith("sending-journal"):
                self._hang_up()
                raise
            self._not_sent(parcel, key, error.reason)
        else:
            self.journal.note("done", key, self.now(), reply=reply)
            self.outcome.sent.append(self.item(parcel, Reason("sending-sent", {"reply": reply})))

    def _not_sent(self, parcel: Parcel, key: Key, why: Reason) -> None:
        self.journal.note("refused", key, self.now(), **_said(why))
        self.outcome.failed.append(self.item(parcel, why))

    def _connected(self) -> Dialogue:
        """Return a connection that answers: the one at hand, or a fresh one."""
        if self._dialogue is not None and not self._dialogue.alive():
            self._hang_up()
        if self._dialogue is None:
            try:
                self._dialogue = Dialogue(self.server, self.password, self._context)
            except NotSent as failed:
                self._in_a_row += 1
                if failed.for_all or self._in_a_row >= _IN_A_ROW:
                    self._stopped = failed.reason
                raise
            self._in_a_row = 0
        return self._dialogue

    def _hang_up(self, polite: bool = False) -> None:
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            with suppress(OSError):
                dialogue.close(polite)


def _said(reason: Reason) -> dict[str, object]:
    return {"code": reason.code, "parameters": dict(reason.parameters)}
