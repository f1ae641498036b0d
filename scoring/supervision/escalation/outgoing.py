"""What is to be sent at a day: one letter a town, instrument and deadline. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from scoring.supervision.escalation.ladder import STEPS, Standing
from scoring.supervision.escalation.policy import Policy
from scoring.supervision.escalation.tendency import Tendency
from scoring.workdays import Workdays

SPOKEN: Final = ("phone_reminder", "on_site_guidance")
"""Instruments of which no paper is made."""


@dataclass(frozen=True)
class Outgoing:
    """A letter to be written, or a call to be made.

    Attributes
    ----------
    members
        Numbers of the findings that it is about, in the order of the ledger.
    standings
        Why: of a hint at tendencies there are `tendencies` instead.
    """

    town: str
    kind: str
    due_on: date
    members: tuple[str, ...]
    standings: tuple[Standing, ...] = ()
    tendencies: tuple[Tendency, ...] = ()


def outgoing(
    standings: Sequence[Standing], tendencies: Sequence[Tendency], policy: Policy, on: date, workdays: Workdays
) -> list[Outgoing]:
    """Return what is to be sent on `on`, by town and step.

    Raises
    ------
    Refused
        No calendar covers the year of a deadline (`no-holiday-calendar`).
    """
    groups: dict[tuple[str, str, int], list[Standing]] = defaultdict(list)
    for one in standings:
        if one.step is not None:
            groups[one.matter.town, one.step.kind, one.step.answer_in].append(one)
    found = [
        Outgoing(town, kind, workdays.after(on, days), tuple(one.matter.id for one in own), tuple(own))
        for (town, kind, days), own in groups.items()
    ]
    hints: dict[str, list[Tendency]] = defaultdict(list)
    for tendency in tendencies:
        hints[tendency.town].append(tendency)
    due = workdays.after(on, policy.tendency.answer_in) if hints else on
    for town, kinds in hints.items():
        members = tuple(dict.fromkeys(finding for one in kinds for finding in one.members))
        found.append(Outgoing(town, "work_note", due, members, tendencies=tuple(kinds)))
    return sorted(found, key=lambda one: (one.town, STEPS[one.kind], one.kind, one.due_on, bool(one.tendencies)))
