"""escalation.yaml: which instrument answers which problem, how long a town has, when the next step follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from schemas.scheme.base import Part
from scoring.config import read_settings
from scoring.scheme import nodes
from scoring.scheme.problems import Collector

FILE: Final = "escalation.yaml"
FIRST: Final = ("work_note", "phone_reminder", "on_site_guidance", "advisory_letter")
"""Steps 1 to 3 of the notice: alternatives by the nature of the problem."""
FURTHER: Final = ("supervision_letter", "circular")
"""Step 4: for what was not corrected as advised."""

_Words = Annotated[tuple[str, ...], Field(min_length=1)]
_Days = Annotated[int, Field(ge=1, le=250)]


class When(Part):
    """Words of a finding; all that are named must fit."""

    severity: _Words | None = None
    rectify_type: _Words | None = None
    problem_type: _Words | None = None
    indicator: _Words | None = None
    programme: _Words | None = None
    channel: _Words | None = None
    source_level: _Words | None = None

    def fits(self, finding: Mapping[str, Any]) -> bool:
        """Tell whether a finding has one of the words in each column that is named."""
        return all(words is None or finding.get(name) in words for name, words in self)


class First(Part):
    """How a problem is answered at first."""

    when: When = When()
    send: Literal["work_note", "phone_reminder", "on_site_guidance", "advisory_letter"]
    answer_in: _Days


class Further(Part):
    """What follows, one after the other, where a problem was not corrected."""

    when: When = When()
    send: Annotated[tuple[Literal["supervision_letter", "circular"], ...], Field(min_length=1)]
    answer_in: _Days


class Failed(Part):
    """When step 4 follows: working days after the deadline; at once on a false report."""

    after: _Days
    false_report: bool = True
    steps: Annotated[tuple[Further, ...], Field(min_length=1)]


class Trend(Part):
    """From how many problems of one kind in so many days a hint goes out."""

    by: Literal["problem_type", "indicator"] = "problem_type"
    within_days: Annotated[int, Field(ge=1, le=366)]
    in_town: Annotated[int, Field(ge=2)]
    in_towns: Annotated[int, Field(ge=2)]
    answer_in: _Days


class _Written(Part):
    first: Annotated[tuple[First, ...], Field(min_length=1)] | None = None
    failed: Failed | None = None
    tendency: Trend | None = None
    soon: Annotated[int, Field(ge=0, le=60)] | None = None


@dataclass(frozen=True)
class Policy:
    """What escalation.yaml says; numbers of days are working days but for the window of a tendency."""

    first: tuple[First, ...]
    failed: Failed
    tendency: Trend
    soon: int

    def first_of(self, finding: Mapping[str, Any]) -> First:
        """Return how a finding is answered at first."""
        return next(row for row in self.first if row.when.fits(finding))

    def further_of(self, finding: Mapping[str, Any]) -> Further:
        """Return what follows where a finding was not corrected."""
        return next(row for row in self.failed.steps if row.when.fits(finding))


def read_policy(root: Path, lang: str) -> Policy:
    """Return the workspace's policy: its own escalation.yaml, key by key, over the shipped one.

    Raises
    ------
    ConfigError
        Every mistake of the workspace's file, with its line.
    """
    shipped = read_settings(Path(str(files(__package__).joinpath(FILE))), _Written, lang, _check)
    path = root / FILE
    own = read_settings(path, _Written, lang, _check) if path.is_file() else _Written()
    chosen = {name: getattr(shipped if value is None else own, name) for name, value in own}
    return Policy(**chosen)


def _check(root: nodes.Mapping, problems: Collector) -> None:
    """Refuse lists of rows in which not exactly the last one takes whatever is left."""
    failed = root.values.get("failed")
    lists = [root.values.get("first"), failed.values.get("steps") if isinstance(failed, nodes.Mapping) else None]
    for rows in lists:
        if not isinstance(rows, nodes.Sequence) or not all(isinstance(row, nodes.Mapping) for row in rows.items):
            continue  # of another shape: said by its type
        for place, row in enumerate(rows.items, 1):
            assert isinstance(row, nodes.Mapping)
            open_, last = not _conditions(row), place == len(rows.items)
            if open_ != last:
                problems.error(row.line, "escalation-rest" if last else "escalation-early")


def _conditions(row: nodes.Mapping) -> bool:
    when = row.values.get("when")
    return isinstance(when, nodes.Mapping) and bool(when.values)
