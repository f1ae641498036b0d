"""Bringing the published view of a period back into the folder of results; nothing in the store is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring.manifest import NAME as MANIFEST
from scoring.outfolder import fresh_folder, locked, plain_disk_errors, put_in_place
from scoring.store import BrokenStore, Edition, latest, read_store
from scoring.store.editions import read_json, write_view
from scoring.store.stages import StageError
from scoring.store.verifying import HINTS, Finding, check_chain, check_edition, check_files, check_issued, check_view


class Broken(Exception):
    """The edition or the chain of the store is not as it was sealed; `found` names what."""

    def __init__(self, found: Sequence[Finding]) -> None:
        super().__init__(found)
        self.found = found


class WouldLose(Exception):
    """A draft that was staged, or work of hands, stands where the published view belongs; nothing was written."""

    def __init__(self, folder: Path, draft: Mapping[str, Any] | None, found: Sequence[Finding]) -> None:
        super().__init__(folder)
        self.folder = folder
        self.draft = draft
        self.found = found


@dataclass(frozen=True)
class Restored:
    """What `restore` did; `unchanged` where the published view stood there already."""

    edition: Edition
    folder: Path
    unchanged: bool
    draft: Mapping[str, Any] | None
    """The head of the draft that was replaced, if there was one."""
    found: Sequence[Finding]
    """What had been edited, added or removed in the folder that was replaced."""


def restore(out: Path, store: Path, period: str, who: Mapping[str, str], *, discard: bool) -> Restored:
    """Let the last published edition of a period stand in the folder of results again, whole or not at all.

    Parameters
    ----------
    who
        What a second command is told about this one while it holds the folder.
    discard
        Replace a draft that was staged, or files that hands changed, too.

    Raises
    ------
    StageError
        The period was never published.
    Broken
        The edition is not as it was sealed.
    WouldLose
        What stands there is more than a run makes again, and `discard` was not said.
    """
    with locked(out, who), plain_disk_errors():
        editions = read_store(store)
        edition = latest(editions).get(period)
        found = [one for one in (*check_chain(editions), *check_issued(store, editions)) if one.code not in HINTS]
        if edition is not None:
            found += check_edition(edition)
        if found:
            raise Broken(found)
        if edition is None:
            raise StageError("restore-none", period=period)
        view = out / period
        there = (view / MANIFEST).is_file()
        head = _head(view)
        is_view = head is not None and head["stage"] == "published"
        changed = (check_view(view, editions) if is_view else check_files(view)) if there else []
        is_last = head is not None and (head["edition"], head["run_code"]) == (edition.number, edition.said["run_code"])
        if there and is_view and is_last and not changed:
            return Restored(edition, view, unchanged=True, draft=None, found=())
        # A publication that was cut short leaves the decided draft of what is published now: nothing is lost with it.
        draft = None if is_view or is_last else head
        staged = draft is not None and bool(draft["stage"] != "internal" or draft["stages"])
        by_hand = there and (head is None or any(one.code != "verify-removed" for one in changed))
        if (staged or by_hand) and not discard:
            raise WouldLose(view, draft if staged else None, changed)
        with fresh_folder(out, period) as fresh:
            write_view(edition, fresh)
            put_in_place(fresh, view)
        return Restored(edition, view, unchanged=False, draft=draft, found=changed)


def _head(view: Path) -> dict[str, Any] | None:
    try:
        return read_json(view / "assessment.json", "stage", "edition", "stages", "run_code")
    except BrokenStore:
        return None
