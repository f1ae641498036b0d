"""The shared folder: a folder a town, a folder an edition in it; files appear whole and replace nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from scoring.interrupts import obey
from scoring.outfolder import write_whole
from scoring.sending.errors import Reason, SendingError
from scoring.sending.journal import Journal, Key, State
from scoring.sending.outcome import Item, Outcome
from scoring.sending.parcel import Parcel, check_together, key_of


def _clock() -> datetime:
    return datetime.now().astimezone()


def copy_out(
    parcels: Sequence[Parcel],
    folder: Path,
    journal: Journal,
    now: Callable[[], datetime] = _clock,
    *,
    anew: bool = False,
) -> Outcome:
    """Put every parcel under `folder/<code>_<town>/<period>@<edition>/`, a draft under `…@<edition>-comment/`.

    What the journal says is done is not put there again, even where somebody has taken it away. A kill leaves a parcel
    begun; files that are there already are compared, the others written. `anew`: somebody has said that files of the
    same edition and stage are to be replaced.

    Raises
    ------
    SendingError
        The folder is not there: a share may not be connected (`sending-no-folder`); the list is wrong, see
        `check_together`; or the journal cannot be had.
    """
    check_together(parcels, ())
    if not folder.is_dir():
        raise SendingError("sending-no-folder", folder=str(folder))
    outcome = Outcome()
    with journal.held():
        outcome.notices.extend(journal.notices)
        for parcel in parcels:
            obey()
            _one(parcel, folder, journal, now, outcome, anew=anew)
    return outcome


def _one(
    parcel: Parcel, folder: Path, journal: Journal, now: Callable[[], datetime], outcome: Outcome, *, anew: bool
) -> None:
    key = key_of("folder", parcel)
    own = folder / f"{parcel.town_code}_{parcel.town}"
    target = own / parcel.folder

    def item(code: str, **parameters: str) -> Item:
        return Item(key, parcel.town, str(target), Reason(code, parameters))

    if journal.state(key) is State.DONE:
        outcome.already.append(item("sending-already"))
        return
    if not anew and any(journal.state(other) is State.DONE for other in journal.others(key)):
        outcome.unclear.append(item("sending-other-files"))
        return
    try:
        contents = parcel.read()
        _refuse_other(own, target, contents, anew=anew)
        journal.note("begun", key, now(), to=str(target), sha256=parcel.printed_hash)
        target.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            if anew or not (target / name).exists():
                write_whole(target / name, content)
        _check(target, parcel)
    except SendingError as error:
        if error.code.startswith("sending-journal"):
            raise
        why = item(error.code, **error.parameters)
    except OSError as error:
        why = item("sending-not-written", folder=str(target), what=error.strerror or type(error).__name__)
    else:
        journal.note("done", key, now(), to=str(target))
        outcome.sent.append(item("sending-copied"))
        return
    _note_refused(journal, key, now(), why.why)
    outcome.failed.append(why)


def _note_refused(journal: Journal, key: Key, at: datetime, why: Reason) -> None:
    journal.note("refused", key, at, code=why.code, parameters=dict(why.parameters))


def _refuse_other(own: Path, target: Path, contents: dict[str, bytes], *, anew: bool) -> None:
    """Refuse a folder that leads elsewhere, and files of the same name with another content."""
    for path in (own, target):
        if path.is_symlink():
            raise SendingError("sending-link", folder=str(path))
    for name, content in contents.items():
        path = target / name
        if path.is_symlink() or (not anew and path.exists() and path.read_bytes() != content):
            raise SendingError("sending-other-content", name=name, folder=str(target))


def _check(target: Path, parcel: Parcel) -> None:
    """Read back what was written: a share may take a file and keep another."""
    for name, sha256 in parcel.sha256.items():
        if hashlib.sha256((target / name).read_bytes()).hexdigest() != sha256:
            raise SendingError("sending-other-content", name=name, folder=str(target))
