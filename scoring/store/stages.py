"""How far a draft has come: internal, for comment, decided; until it is published, kept in the store's stages.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scoring.store.editions import read_json

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
        """Read the record; an empty one where there is none."""
        path = store / NAME
        return cls(path, read_json(path) if path.is_file() else {})

    def of(self, period: str, edition: int) -> dict[str, Any]:
        """Return the stages that an edition in work has passed, by name."""
        said = self.said.get(period, {})
        return dict(said["stages"]) if said.get("edition") == edition else {}

    def write(self, period: str, edition: int, stages: Mapping[str, Any] | None) -> None:
        """Record the stages of an edition; None forgets them."""
        said = {name: value for name, value in self.said.items() if name != period}
        if stages:
            said[period] = {"edition": edition, "stages": dict(stages)}
        if not said:
            self.path.unlink(missing_ok=True)
            return
        fresh = self.path.with_suffix(".json.new")
        fresh.write_text(json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
        fresh.replace(self.path)


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
