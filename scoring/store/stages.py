"""How far a draft has come: internal, for comment, decided; until it is published, kept in the store's stages.json.

Each stage bears a seal: the hash of what is said of it and of the seal before it, from the period and the edition on.
The figures that the towns heard are named by their run code, the draft by the hash of its manifest, which names those
of all its files. An edit shows in a seal, or in the form of the file, which is always the same; who works the seals out
again is found only where the draft says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.outfolder import write_whole
from scoring.store.editions import BrokenStore, read_json

if TYPE_CHECKING:
    from scoring.workdays import Workdays

NAME: Final = "stages.json"
ORDER: Final = ("internal", "comment", "decided", "published")


class StageError(Exception):
    """A stage cannot follow; the code and parameters say why."""

    def __init__(self, code: str, **parameters: object) -> None:
        super().__init__(code, parameters)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Stages:
    """What is recorded of the drafts of a store: by period, the edition in work and its stages."""

    path: Path
    said: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, store: Path) -> Stages:
        """Read the record; an empty one where there is none.

        Raises
        ------
        BrokenStore
            It is not as it was written.
        """
        path = store / NAME
        register = cls(path, read_json(path) if path.is_file() else {})
        if path.is_file() and not (register.said and register.is_sound()):
            raise BrokenStore(path)
        return register

    def is_sound(self) -> bool:
        """Tell whether every seal is that of what is said, and the file has the one form that it may have."""
        try:
            own = {
                period: _sealed(period, int(said["edition"]), said["stages"], str(said["draft"]))
                for period, said in self.said.items()
            }
            return self.path.read_text("utf-8") == _text(own)
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def of(self, period: str, edition: int) -> dict[str, Any]:
        """Return the stages that an edition in work has passed, by name."""
        said = self.said.get(period, {})
        return dict(said["stages"]) if said.get("edition") == edition else {}

    def draft_of(self, period: str, edition: int) -> str:
        """Return the hash of the manifest of the draft that was staged last; the empty text where none was."""
        said = self.said.get(period, {})
        return str(said["draft"]) if said.get("edition") == edition else ""

    def write(self, period: str, edition: int, stages: Mapping[str, Any] | None, draft: str = "") -> None:
        """Record the stages of an edition and the hash of its draft's manifest; None forgets them."""
        said = {name: value for name, value in self.said.items() if name != period}
        if stages:
            said[period] = _sealed(period, edition, stages, draft)
        if not said:
            self.path.unlink(missing_ok=True)
            return
        write_whole(self.path, _text(said).encode())


def _sealed(period: str, edition: int, stages: Mapping[str, Any], draft: str) -> dict[str, Any]:
    """Return what the record says of a draft: its edition, its stages and the seal of each, last that of the draft."""
    seals: dict[str, str] = {}
    last = f"{period}@{edition}"
    for name, said in [*((name, stages[name]) for name in sorted(stages, key=ORDER.index)), ("draft", draft)]:
        last = hashlib.sha256(_text({"before": last, "stage": name, "said": said}).encode()).hexdigest()
        seals[name] = last
    return {"edition": edition, "stages": dict(stages), "draft": draft, "seals": seals}


def _text(said: Mapping[str, Any]) -> str:
    return json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def for_comment(
    passed: Mapping[str, Any], on: date, days: int, workdays: Workdays, draft: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the stages once a draft (its head) is sent to the towns: they may object for so many working days.

    Raises
    ------
    StageError
        The day lies before the one as of which the draft was scored (`stage-before-as-of`).
    """
    if on < date.fromisoformat(draft["as_of"]):
        raise StageError("stage-before-as-of", as_of=draft["as_of"])
    until = workdays.after(on, days).isoformat()
    return {**without(passed, "decided"), "comment": _dated(on, until=until, code=draft["run_code"])}


def decided(passed: Mapping[str, Any], on: date, by: str, draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return the stages once a meeting or a leader has decided.

    Raises
    ------
    StageError
        The towns have not been heard (`stage-not-heard`), not on these figures (`stage-other-figures`), or may object
        still (`stage-still-open`).
    """
    comment = passed.get("comment")
    if comment is None:
        raise StageError("stage-not-heard")
    if comment.get("code") != draft["run_code"]:
        raise StageError("stage-other-figures", heard=comment.get("code", "-"), now=draft["run_code"])
    if on <= date.fromisoformat(comment["until"]):
        raise StageError("stage-still-open", until=comment["until"])
    return {**passed, "decided": _dated(on, by=by)}


def without(passed: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the stages before one."""
    return {stage: said for stage, said in passed.items() if ORDER.index(stage) < ORDER.index(name)}


def _dated(on: date, **more: str) -> dict[str, str]:
    return {"on": on.isoformat(), **more}
