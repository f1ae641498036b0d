"""Where a matter stands on the ladder at a day: what is to be sent, what runs, what has failed. Pure.

Steps 1 to 3 of the notice are alternatives by the nature of the problem; step 4 follows what was not corrected. A
referral is never a step: a letter of that kind is not even seen here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from scoring.supervision.escalation.policy import FURTHER, Policy
from scoring.workdays import Workdays

Status = Literal["send", "overdue", "soon", "running", "verify", "appeal", "done"]
STATUSES: Final[tuple[Status, ...]] = ("send", "overdue", "soon", "running", "verify", "appeal")
STEPS: Final = {
    "work_note": 1,
    "phone_reminder": 2,
    "on_site_guidance": 2,
    "advisory_letter": 3,
    "supervision_letter": 4,
    "circular": 4,
}
"""Which step of the notice each instrument is."""

_Why = tuple[Status, str]
_DONE: Final[_Why] = ("done", "fixed")
_APPEAL: Final[_Why] = ("appeal", "appeal")
_VERIFY: Final[_Why] = ("verify", "verify")
_EXHAUSTED: Final[_Why] = ("overdue", "exhausted")


@dataclass(frozen=True)
class Letter:
    """A letter or a call that was sent about a matter.

    `due` is the day by which it asks for an answer, moved by the days on which the matter's clock stood still; None
    where it names none.
    """

    letter_id: str
    kind: str
    sent_on: date
    due: date | None = None


@dataclass(frozen=True)
class Matter:
    """A problem that counts, as the engine's timeline has it at the day.

    Attributes
    ----------
    finding
        The row of the finding that is kept.
    members
        The ids of it and of those that pair with it.
    state, fixed, due, fixed_on
        From `scoring.timeline`: the state's name, whether nothing is left to do, the deadline, the day it was mended.
    pending
        The ids of appeals on it that are not decided.
    letters
        By day, without referrals.
    """

    finding: Mapping[str, Any]
    members: tuple[str, ...]
    state: str
    fixed: bool
    due: date | None
    fixed_on: date | None = None
    pending: tuple[str, ...] = ()
    letters: tuple[Letter, ...] = ()

    @property
    def id(self) -> str:
        """The number of the finding."""
        return str(self.finding["finding_id"])

    @property
    def town(self) -> str:
        """The code of the town."""
        return str(self.finding["town"])


@dataclass(frozen=True)
class Step:
    """What is to be sent: its kind, working days to answer, and which step of the notice it is."""

    kind: str
    answer_in: int
    step: int


@dataclass(frozen=True)
class Standing:
    """Where a matter stands.

    Attributes
    ----------
    deadline
        The day by which the town has to act: the later one of the matter's own and of the last letter's.
    days
        Working days left until the deadline, below zero those since it; None without a deadline.
    reason, parameters
        Why, as a code of the catalogue.
    """

    matter: Matter
    status: Status
    deadline: date | None
    days: int | None
    reason: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    step: Step | None = None


def stand(matters: Sequence[Matter], policy: Policy, on: date, workdays: Workdays) -> list[Standing]:
    """Return where each matter stands on `on`; what is done is left out.

    Raises
    ------
    Refused
        No calendar covers a year (`no-holiday-calendar`).
    """
    found = [_stand(matter, policy, on, workdays) for matter in matters]
    return [one for one in found if one.status != "done"]


def _stand(matter: Matter, policy: Policy, on: date, workdays: Workdays) -> Standing:
    first = _first(matter, policy)
    sent = [letter for letter in matter.letters if _counts(letter, first)]
    deadline = _deadline(matter, sent, policy, workdays)
    days = None if deadline is None else _days(on, deadline, workdays)
    late = deadline is not None and deadline < on
    step: Step | None = None
    said: dict[str, object] = {"kind": sent[-1].kind, "sent_on": sent[-1].sent_on} if sent else {}
    if matter.fixed:
        status, reason = _DONE
    elif matter.pending:
        status, reason = _APPEAL
    elif matter.state == "waiting":
        status, reason = _VERIFY
    elif not sent:
        status, reason, step = "send", "first-late" if late else "first", first
    elif reason := _failed(matter, policy, sent, days if late else None):
        step = _next(matter, policy, sent)
        status, reason = ("send", reason) if step else _EXHAUSTED
    elif late:
        status, reason, said = "overdue", "just-late", {**said, "after": policy.failed.after}
    else:
        status, reason = "soon" if days is not None and days <= policy.soon else "running", "running"
    return Standing(matter, status, deadline, days, reason, said, step)


def _failed(matter: Matter, policy: Policy, sent: Sequence[Letter], over: int | None) -> str:
    """Say how a matter was not corrected as advised, so that step 4 follows; empty where it was not so yet."""
    again = bool({letter.kind for letter in sent} & set(FURTHER))
    if matter.state == "false_report" and policy.failed.false_report and not again:
        return "false-report"
    if over is None or -over < policy.failed.after:
        return ""
    return "failed-again" if again else "failed"


def _next(matter: Matter, policy: Policy, sent: Sequence[Letter]) -> Step | None:
    """Return the first instrument of step 4 that was not used yet."""
    further, used = policy.further_of(matter.finding), {letter.kind for letter in sent}
    left = [kind for kind in further.send if kind not in used]
    return Step(left[0], further.answer_in, 4) if left else None


def _first(matter: Matter, policy: Policy) -> Step:
    """Return how a matter is answered at first: as the ledger says already, else by the rules."""
    row = policy.first_of(matter.finding)
    chosen = matter.finding.get("instrument") or row.send
    return Step(chosen, row.answer_in, STEPS[chosen])


def _counts(letter: Letter, first: Step) -> bool:
    """Tell whether a letter asked for this correction: a hint at a tendency does not, unless a hint is its answer."""
    return letter.kind in STEPS and (letter.kind != "work_note" or first.kind == "work_note")


def _deadline(matter: Matter, sent: Sequence[Letter], policy: Policy, workdays: Workdays) -> date | None:
    if not sent:
        return matter.due
    last = sent[-1]
    asked = last.due
    if asked is None:
        row = policy.further_of(matter.finding) if last.kind in FURTHER else policy.first_of(matter.finding)
        asked = workdays.after(last.sent_on, row.answer_in)
    return max(asked, matter.due or asked)


def _days(on: date, deadline: date, workdays: Workdays) -> int:
    return workdays.between(on, deadline) if deadline >= on else -workdays.between(deadline, on)
