"""What a bureau decides about matching: matching.yaml of its workspace, else the shipped example."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Final, Literal

from schemas.scheme.base import Part
from scoring.config import ConfigError, read_settings

POLICY: Final = "matching.yaml"

Kind = Literal[
    "after_death", "deregistered", "two_towns", "twice", "other_benefit", "property", "vehicles", "relatives"
]
KINDS: Final[tuple[Kind, ...]] = (
    "after_death", "deregistered", "two_towns", "twice", "other_benefit", "property", "vehicles", "relatives",
)  # fmt: skip
"""What can come out of a match, the gravest first."""
PAID: Final = frozenset({"after_death", "deregistered", "two_towns", "twice", "other_benefit"})
"""The kinds that say which months were paid wrongly."""


class Finding(Part):
    """What a confirmed alert of one kind is called in the findings."""

    indicator: str
    severity: str | None = None
    channel: str | None = None
    problem_type: str | None = None


class _Findings(Part):
    after_death: Finding
    deregistered: Finding
    two_towns: Finding
    twice: Finding
    other_benefit: Finding
    property: Finding
    vehicles: Finding
    relatives: Finding
    posted: Finding


class Policy(Part):
    """How is matched.

    Attributes
    ----------
    month_of_death
        Whether what is paid for the month of death itself is wrong.
    exclusive
        Groups of programmes of which a person may have one alone; a programme in no group goes with any.
    findings
        By kind, and `posted` for lists that disclose too much.
    """

    month_of_death: Literal["allowed", "wrong"] = "allowed"
    exclusive: tuple[tuple[str, ...], ...] = ()
    findings: _Findings

    def finding(self, kind: str) -> Finding:
        """Return what a finding of this kind is called."""
        found: Finding = getattr(self.findings, kind)
        return found

    def groups(self) -> dict[str, int]:
        """Return programme to the number of its group."""
        return {programme: number for number, group in enumerate(self.exclusive) for programme in group}


def read_policy(root: Path, lang: str) -> Policy:
    """Return the workspace's policy, the shipped one where it has none of its own.

    Raises
    ------
    ConfigError
        Every mistake of the file; a programme stands in two groups.
    """
    own = root / POLICY
    if own.is_file():
        return _checked(read_settings(own, Policy, lang))
    with as_file(files("scoring").joinpath("workspace_files", POLICY)) as shipped:
        return _checked(read_settings(shipped, Policy, lang))


def _checked(policy: Policy) -> Policy:
    named = [programme for group in policy.exclusive for programme in group]
    twice = sorted({programme for programme in named if named.count(programme) > 1})
    if twice:
        raise ConfigError("matching-policy-twice", file=POLICY, programme=twice[0])
    return policy
